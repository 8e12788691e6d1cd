"""Events of the UiT-databank into a folder: the list that `[inputs.events]` reads, and proposals.

Proposals are of who holds events with the label and is not in the register; nothing enters it.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import os
import re
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from stemgeo.errors import FetchError, Findings, Problem, ResultError, StudyError
from stemgeo.fetch.folder import Candidate, enter_file
from stemgeo.inputs.columns import fold_label
from stemgeo.inputs.files import quote_formula
from stemgeo.inputs.uitdatabank import (
    EventQuestion,
    UitEvent,
    ask_events,
    bears_label,
    count_events,
    find_year,
    list_events,
)
from stemgeo.notes import Said, clean_text, say, say_count, say_list
from stemgeo.sources.lock import FILE as LOCK
from stemgeo.sources.lock import Piece, read_lock, write_lock_into
from stemgeo.sources.store import now
from stemgeo.stages import FETCHING, Progress, count_off, report_nothing
from stemgeo.study import VINTAGE, YEARS
from stemgeo.texts.wording import find_wording
from stemgeo.writing.seal import hash_file
from stemgeo.writing.whole import full_path, lock_folder, whole_files

if TYPE_CHECKING:
    import pandas as pd

    from stemgeo.sources.catalogue import DataSource, EventSearch
    from stemgeo.sources.client import Client
    from stemgeo.study import Study

SOURCE = "events"
PROPOSALS = "voorstellen.csv"
SECRET_FILE = ".uitdatabank"  # noqa: S105 -- its name
"""Beside a study: the client id, where the environment does not have it."""
_SECRET = re.compile(r"[!-~]{8,200}")
PROPOSED = (
    *("name", "organisation", "municipality", "address"),
    *("first_day", "last_day", "ages", "events"),
)
"""Columns of the proposals."""


# -- the client id -------------------------------------------------------------------------------


def read_client_id(source: DataSource, folder: Path) -> tuple[str, tuple[Said, ...]]:
    """Read who asks: from the environment, else from `.uitdatabank` in a folder.

    Parameters
    ----------
    source
        Names the variable.
    folder
        Of the study.

    Returns
    -------
    (str, tuple of Said)
        It, and what must be known of how it is kept. No message holds it.

    Raises
    ------
    FetchError
        If there is none, or what is there can be none.
    """
    variable = source.needs[0] if source.needs else ""
    path, notes = folder / SECRET_FILE, []
    told, where = os.environ.get(variable, "").strip(), f"${variable}"
    if not told and path.is_file():
        where = str(path)
        with path.open("rb") as file:
            told = file.read(1000).decode("utf-8", "replace").strip()
        notes = [*_warn_of_file(path)]
    if not told:
        what = f"the {source.title} wants to know who asks, and no client id is given"
        mend = f"{source.how}; put it into ${variable}, or alone into {SECRET_FILE} in this folder"
        raise FetchError(Problem(str(folder), what, mend))
    if not _SECRET.fullmatch(told):
        what = "holds what can be no client id: 8 to 200 letters and digits, without spaces"
        raise FetchError(Problem(where, what, "put the client id there, alone"))
    return told, tuple(notes)


def _warn_of_file(path: Path) -> Iterable[Said]:
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        yield say(
            "{file} can be read by others on this machine: chmod 600 {file}",
            "{file} is leesbaar voor anderen op deze computer: chmod 600 {file}",
            "{file} est lisible par d’autres sur cet ordinateur : chmod 600 {file}",
            file=path.name,
        )
    folder = path.parent.resolve()
    above = (folder, *folder.parents)
    root = next((one for one in above if (one / ".git").exists()), None)
    if root is None:
        return
    ignored = (one / ".gitignore" for one in above if one.is_relative_to(root))
    lines = {line.strip().lstrip("/") for one in ignored if one.is_file() for line in _lines(one)}
    if not lines & {SECRET_FILE, f"**/{SECRET_FILE}", ".*", "*"}:
        yield say(
            "{file} stands in a git repository, and no .gitignore names it: it might be published",
            "{file} staat in een git-archief en geen .gitignore noemt het: het kan gepubliceerd "
            "worden",
            "{file} se trouve dans un dépôt git et aucun .gitignore ne le cite : il risque d’être "
            "publié",
            file=path.name,
        )


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace")[:100_000].splitlines()


# -- what is asked -------------------------------------------------------------------------------


@dataclass(frozen=True)
class EventPlan:
    """What is asked, and where it goes.

    Attributes
    ----------
    folder
        Where the files go.
    study
        That lies there, if one does.
    labels, others
        Of what is sought, and of the other events that are counted without that label.
    years
        Of the events.
    """

    folder: Path
    study: Study | None
    labels: tuple[str, ...]
    others: tuple[str, ...]
    years: range

    @property
    def questions(self) -> tuple[EventQuestion, ...]:
        """Each label twice: publiq gives what is for children alone only when asked for it."""
        return tuple(
            EventQuestion(label, alone, self.years[0], self.years[-1])
            for label in (*self.labels, *self.others)
            for alone in (False, True)
        )

    @property
    def language(self) -> str:
        """In which it is told."""
        return self.study.language if self.study else "nl"


def plan_events(
    source: DataSource,
    folder: Path,
    study: Study | None,
    *,
    years: tuple[int | None, int | None] = (None, None),
    labels: Sequence[str] = (),
    others: Sequence[str] = (),
) -> EventPlan:
    """Say what to ask for a study, or for a folder without one.

    Parameters
    ----------
    source
        Has the labels of a study of STEM academies.
    folder, study
        Where the files go, and the study there.
    years
        First and last; those that are not given are the study's.
    labels, others
        In the place of the usual ones.

    Raises
    ------
    StudyError
        If the years are none, or a label is given that changes nothing.
    FetchError
        If the source does not say how it is searched.
    """
    if source.search is None or not source.file:
        what = "does not say how it is searched, and into which file"
        mend = "copy data/sources.toml and change it"
        raise FetchError(Problem(f"sources.{SOURCE}", what, mend))
    own = study.about.date.year if study else None
    first = years[0] or years[1] or own
    last = years[1] or (max(own or first, first) if first else None)
    if first is None or last is None:
        what = "there is no study here to take a year from"
        raise StudyError(Problem(str(folder), what, "give --from 2019 --to 2022"))
    if first > last or first not in YEARS or last not in YEARS:
        what = f"from {first} to {last} are no years"
        raise StudyError(Problem("--from, --to", what, "give the first and the last"))
    usual, beside = _find_labels(source.search, study)
    plan = EventPlan(
        folder,
        study,
        tuple(clean_text(one, 200) for one in labels) or usual,
        tuple(clean_text(one, 200) for one in others) or (beside if not labels else ()),
        range(first, last + 1),
    )
    _refuse_idle_labels(plan)
    return plan


def _find_labels(search: EventSearch, study: Study | None) -> tuple[tuple[str, ...], ...]:
    """Give the labels of what a study seeks: of STEM academies those of the source."""
    if study is None or study.about.facility is None:
        return search.labels, search.others
    named = (find_wording(one).words.singular for one in study.languages)
    return tuple(dict.fromkeys(named)), ()


def _refuse_idle_labels(plan: EventPlan) -> None:
    every = [one.casefold() for one in (*plan.labels, *plan.others)]
    again = [one for at, one in enumerate(every) if one in every[:at]]
    what = ""
    if "" in every or any('"' in one for one in every):
        what = "a label has letters, and no double quotes"
    elif again:
        what = f"'{again[0]}' is given twice, and changes nothing the second time"
    if what:
        raise StudyError(Problem("--label, --also", what, "give each label once"))


# -- asking, and what is kept ----------------------------------------------------------------------


class EventAnswer(BaseModel):
    """What was answered to a question, as it is kept: nothing of who asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: str
    fetched: dt.datetime
    events: tuple[UitEvent, ...]


def ask_or_find(
    client: Client, source: DataSource, question: EventQuestion, client_id: str | None
) -> tuple[EventAnswer, Piece]:
    """Ask a question and keep the answer; without a client id give what was kept.

    Parameters
    ----------
    client
        Asks, and has the store.
    source, question
        Of whom, and what.
    client_id
        None: nothing is asked.

    Raises
    ------
    FetchError
        If it does not come, or was not kept.
    """
    named = hashlib.sha256(f"{source.address} {question}".encode()).hexdigest()[:32]
    folder = full_path(client.store) / SOURCE
    path = folder / f"{named}.json"
    if client_id is not None:
        asked = now()
        events = ask_events(client, source, client_id, question, asked)
        answer = EventAnswer(question=str(question), fetched=asked, events=events)
        with whole_files(folder, lambda _place, _new: None) as into:
            (into / path.name).write_text(answer.model_dump_json(), encoding="utf-8")
    else:
        answer = _read_answer(path, question)
    piece = Piece(
        address=source.address,
        name=str(question),
        fetched=answer.fetched,
        size_bytes=path.stat().st_size,
        sha256=hash_file(path),
    )
    return answer, piece


def _read_answer(path: Path, question: EventQuestion) -> EventAnswer:
    try:
        answer = EventAnswer.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        answer = None
    if answer is None or answer.question != str(question):
        what = f"was not asked before: labels={question.label}"
        raise FetchError(Problem("UiTdatabank", what, "run it once without --offline"))
    return answer


@dataclass(frozen=True)
class FetchedEvents:
    """What came, and what was made of it.

    Attributes
    ----------
    table, account
        The events by year (`uitdatabank.COLUMNS`), and their counts.
    proposals
        `PROPOSED`, a row each.
    asked
        How many events answered each question.
    notes
        What the reader must know.
    files
        That were written.
    """

    table: pd.DataFrame
    account: pd.DataFrame
    proposals: pd.DataFrame
    asked: tuple[tuple[EventQuestion, int, dt.datetime], ...]
    notes: tuple[Said, ...]
    files: tuple[Path, ...]


def fetch_events(
    client: Client,
    source: DataSource,
    plan: EventPlan,
    client_id: str | None,
    progress: Progress = report_nothing,
) -> FetchedEvents:
    """Ask all questions of a plan, and write the list of events, the proposals and the lock.

    Parameters
    ----------
    client, source, plan
        Who asks, whom, and what.
    client_id
        None: what was kept is used, and nothing is asked.
    progress
        Told what is asked, and how much of it was.

    Raises
    ------
    FetchError
        In one line: what did not come. Then nothing was written.
    ResultError
        If a file that someone worked on stands in the way.
    """
    names = (source.file, PROPOSALS)
    store = full_path(client.store) / SOURCE
    _refuse_edited(plan.folder, names, store)
    answers = []
    for number, question in enumerate(plan.questions):
        what = Said(*[f"UiT-databank: {question.label}"] * 3)
        counted = count_off(FETCHING, number + 1, len(plan.questions), what)
        progress(counted, number / len(plan.questions))
        answers.append(ask_or_find(client, source, question, client_id))
    every: dict[str, UitEvent] = {}
    for answer, _ in answers:
        every |= {one.id: one for one in answer.events}
    events = [*every.values()]
    table = list_events(events, plan.labels, plan.years)
    account = count_events(table, plan.years)
    register, unread = read_register(plan.study)
    proposals = propose_places(events, plan, register)
    # Where none without the label were asked for, nothing is known of how many there are.
    listed = table if plan.others else table.drop(columns="label")
    texts = {source.file: _to_csv(listed), PROPOSALS: _to_csv(proposals)}
    pieces = tuple(piece for _, piece in answers)
    files = _write_files(plan, source, texts, pieces, store)
    told = [(asked, answer) for asked, (answer, _) in zip(plan.questions, answers, strict=True)]
    asked = tuple((question, len(answer.events), answer.fetched) for question, answer in told)
    notes = [
        *_tell_events(events, table, plan),
        *_tell_unseen(told),
        *unread,
        *_tell_proposals(proposals, plan),
    ]
    return FetchedEvents(table, account, proposals, asked, tuple(notes), files)


# -- files ---------------------------------------------------------------------------------------


def _to_csv(table: pd.DataFrame) -> str:
    """Write a table as Belgian spreadsheets open it; what they would compute is kept text."""
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=";", lineterminator="\r\n")
    writer.writerow(table.columns)
    for row in table.itertuples(index=False):
        writer.writerow([quote_formula(str(one)) for one in row])
    return f"\N{ZERO WIDTH NO-BREAK SPACE}{stream.getvalue()}"


def _refuse_edited(folder: Path, names: Iterable[str], store: Path) -> None:
    """Refuse to write over what is not as it was written: by the lock, or by what is remembered."""
    lock = read_lock(folder)
    for name in names:
        place, known = folder / name, lock.find(file=name)
        if not os.path.lexists(place):
            continue
        found = hash_file(place) if place.is_file() and not place.is_symlink() else ""
        ours = bool(found) and (
            (known is not None and found == known.sha256) or _memory_path(store, found).exists()
        )
        if not ours:
            what = "is there already, and is not as it was fetched: someone worked on it"
            mend = "move it away, or fetch into another folder"
            raise ResultError(Problem(str(place), what, mend))


def _memory_path(store: Path, sha256: str) -> Path:
    return store / "written" / sha256


def _write_files(
    plan: EventPlan,
    source: DataSource,
    texts: Mapping[str, str],
    pieces: tuple[Piece, ...],
    store: Path,
) -> tuple[Path, ...]:
    """Write files and lock at once, over nobody's work."""

    def refuse(place: Path, _: Path) -> None:
        if place.name != LOCK:
            _refuse_edited(plan.folder, [place.name], store)

    # As `folder.place_file` does: who enters a file into a lock waits for who is doing so.
    with lock_folder(store.parent):
        lock, day = read_lock(plan.folder), max(one.fetched for one in pieces).date()
        with whole_files(plan.folder, refuse) as into:
            for name, text in texts.items():
                (into / name).write_bytes(text.encode())
                of = Candidate(into / name, pieces, "stemgeo fetch events")
                entry = enter_file(name, SOURCE, source, None, of)
                # Ours, also where this ends between a file and its entry.
                _memory_path(store, entry.sha256).mkdir(parents=True, exist_ok=True)
                lock = lock.with_entry(entry.model_copy(update={"date": day}))
            write_lock_into(into, lock)
    return tuple(plan.folder / name for name in texts)


# -- proposals -----------------------------------------------------------------------------------


class KnownPlace(NamedTuple):
    """An academy of the register: its names, folded, and its municipality."""

    names: tuple[str, ...]
    nis_code: str


def read_register(study: Study | None) -> tuple[tuple[KnownPlace, ...], tuple[Said, ...]]:
    """Read the register of a study, to propose nobody who is in it.

    Returns
    -------
    (tuple of KnownPlace, tuple of Said)
        Its academies; and that there is none, or that it cannot be read.
    """
    if study is None:
        return (), (_say_no_register("there is no study here"),)
    from stemgeo.inputs.academies import load_academies
    from stemgeo.inputs.boundaries import load_municipalities

    findings = Findings()
    towns, _ = load_municipalities(
        study.inputs.municipalities, study.about.vintage, findings, part=True
    )
    register, _ = load_academies(study.inputs.academies, towns, findings)
    if findings.errors:
        return (), (_say_no_register(str(findings.errors[0])),)
    rows = register[["name", "organisation", "nis_code"]].fillna("").itertuples(index=False)
    known = (
        KnownPlace(tuple(filter(None, (fold_label(one.name), fold_label(one.organisation)))), code)
        for one in rows
        for code in [str(one.nis_code)]
    )
    return tuple(known), ()


def _say_no_register(why: str) -> Said:
    return say(
        "no register to compare with ({why}): every holder of events with the label is proposed",
        "geen register om mee te vergelijken ({why}): iedereen die evenementen met het label houdt "
        "is een voorstel",
        "pas de registre de comparaison ({why}) : quiconque organise des événements avec le label "
        "est proposé",
        why=clean_text(why, 200),
    )


def propose_places(
    events: Sequence[UitEvent], plan: EventPlan, register: Sequence[KnownPlace]
) -> pd.DataFrame:
    """List who holds events with the label, where, and is not in the register there.

    Parameters
    ----------
    events
        Each once.
    plan
        Has the labels and years; events that do not take place in these are left out, and so is
        what is online.
    register
        A place of the same name or organisation in the same municipality is known; one whose
        municipality is not known, by its name.

    Returns
    -------
    DataFrame
        `PROPOSED`, by municipality and name.
    """
    import pandas as pd

    held: dict[tuple[str, ...], list[UitEvent]] = {}
    for event in events:
        takes_place = any((found := find_year(event, one)) and not found[1] for one in plan.years)
        if takes_place and bears_label(event, plan.labels) and not event.takes_place_online:
            key = (event.organiser, event.venue, event.street, event.postcode, event.place)
            held.setdefault(tuple(map(fold_label, key)), []).append(event)
    codes = _find_codes({one.place for part in held.values() for one in part}, plan)
    rows = [
        _describe_place(part, plan.years)
        for part in held.values()
        if not _is_known(part[0], codes.get(part[0].place, ""), register)
    ]
    table = pd.DataFrame(rows, columns=[*PROPOSED])
    return table.sort_values(["municipality", "name", "address"], ignore_index=True)


def _find_codes(places: Iterable[str], plan: EventPlan) -> dict[str, str]:
    """Find the municipality of each name of a place; without one it is empty."""
    from stemgeo.inputs.territory import find_municipality

    vintage = plan.study.about.vintage if plan.study else VINTAGE
    return {one: find_municipality(one, vintage, {})[0] for one in places if one}


def _is_known(event: UitEvent, code: str, register: Sequence[KnownPlace]) -> bool:
    ours = [*filter(None, (fold_label(event.organiser), fold_label(event.venue)))]
    return any(
        (not one.nis_code or one.nis_code == code)
        and any(_is_within(name, other) for name in ours for other in one.names)
        for one in register
    )


def _is_within(one: str, other: str) -> bool:
    """Say whether two folded names are alike: one stands whole in the other."""
    shorter, longer = sorted((one, other), key=len)
    return one == other or (len(shorter) > 3 and f"_{shorter}_" in f"_{longer}_")


def _describe_place(events: Sequence[UitEvent], years: range) -> dict[str, str | int]:
    first = events[0]
    days = [
        one
        for event in events
        for one in event.days
        if not one.status and one.last.year >= years[0] and one.first.year <= years[-1]
    ]
    town = " ".join(filter(None, (first.postcode, first.place)))
    ages = sorted({one.ages for one in events if one.ages})
    return {
        "name": first.organiser or first.venue,
        "organisation": first.organiser,
        "municipality": first.place,
        "address": ", ".join(filter(None, (first.venue, first.street, town))),
        "first_day": min(one.first for one in days).isoformat(),
        "last_day": max(one.last for one in days).isoformat(),
        "ages": ", ".join(ages),
        "events": len(events),
    }


# -- what is told --------------------------------------------------------------------------------


def _tell_events(
    events: Sequence[UitEvent], table: pd.DataFrame, plan: EventPlan
) -> Iterable[Said]:
    alone = sum(one.children_only for one in events)
    yield say(
        "for children alone: {events}; those of others publiq shows only to accounts that it "
        "admitted, so there may be more",
        "enkel voor kinderen: {events}; die van anderen toont publiq enkel aan accounts die het "
        "toeliet, dus er kunnen er meer zijn",
        "pour les enfants seulement : {events} ; publiq ne montre ceux d’autres qu’aux comptes "
        "qu’il a admis, il peut donc y en avoir davantage",
        events=say_count(alone, "event"),
    )
    if plan.others:
        yield say(
            "without the label are counted: those with {labels}; publiq’s own dashboard may count "
            "by another search",
            "als evenement zonder het label telt: wat {labels} draagt; het dashboard van publiq "
            "zelf telt misschien met een andere vraag",
            "comptent comme sans le label : ceux avec {labels} ; le tableau de bord de publiq "
            "compte peut-être autrement",
            labels=say_list(plan.others),
        )
    else:
        yield say(
            "only events with {labels} were asked for: of none without it the number is known",
            "enkel evenementen met {labels} zijn gevraagd: hoeveel er zonder zijn is niet bekend",
            "seuls les événements avec {labels} ont été demandés : le nombre des autres est "
            "inconnu",
            labels=say_list(plan.labels),
        )
    always = sum(one.always for one in events)
    dayless = sum(not one.always and not one.days for one in events)
    for count, what in (
        (always, ("always open, and counted in no year: {events}",
                  "altijd open, en in geen jaar geteld: {events}",
                  "toujours ouvert, et compté dans aucune année : {events}")),
        (dayless, ("without a day that can be read, and not counted: {events}",
                   "zonder leesbare dag, en niet geteld: {events}",
                   "sans jour lisible, et non compté : {events}")),
    ):  # fmt: skip
        if count:
            yield say(*what, events=say_count(count, "event"))
    yield from _tell_places(table, plan)
    counted = table[table["capacity"] != ""]
    if len(counted):
        yield say(
            "the number of places is given for {some} of {all}",
            "het aantal plaatsen staat bij {some} van {all}",
            "le nombre de places est donné pour {some} sur {all}",
            some=str(len(counted)),
            all=say_count(len(table), "event"),
        )


def _tell_unseen(answers: Iterable[tuple[EventQuestion, EventAnswer]]) -> Iterable[Said]:
    """Say which events answered to a label that they do not show."""
    for question, answer in answers:
        count = sum(not bears_label(one, [question.label]) for one in answer.events)
        if count:
            yield say(
                "given for {label}, and counted as without it as they do not show it: {events}",
                "gekregen voor {label}, en geteld als zonder omdat ze het niet tonen: {events}",
                "obtenus pour {label}, et comptés comme sans ce label car ils ne le montrent pas : "
                "{events}",
                label=question.label,
                events=say_count(count, "event"),
            )


def _tell_places(table: pd.DataFrame, plan: EventPlan) -> Iterable[Said]:
    codes = _find_codes(set(table["place"]), plan)
    unknown = sorted(name for name, code in codes.items() if not code)
    if unknown:
        rows = int(table["place"].isin(unknown).sum())
        yield say(
            "in no Flemish municipality by the name of their place: {events} ({names})",
            "in geen Vlaamse gemeente volgens de naam van hun plaats: {events} ({names})",
            "dans aucune commune flamande d’après le nom de leur lieu : {events} ({names})",
            events=say_count(rows, "event"),
            names=say_list(unknown, 5),
        )


def _tell_proposals(proposals: pd.DataFrame, plan: EventPlan) -> Iterable[Said]:
    yield say(
        "{file}: {places} with such events, not in the register; nobody enters it by itself",
        "{file}: {places} met zulke evenementen, niet in het register; niemand komt er vanzelf in",
        "{file} : {places} avec de tels événements, hors du registre ; nul n’y entre de lui-même",
        file=PROPOSALS,
        places=say_count(len(proposals), "place"),
    )
    if plan.study is not None and plan.study.inputs.events is None:
        yield say(
            'to count them in the answer, write right below [inputs]: events = "evenementen.csv"',
            "om ze in het antwoord te tellen, schrijf vlak onder [inputs]: events = "
            '"evenementen.csv"',
            "pour les compter dans la réponse, écrivez juste sous [inputs] : events = "
            '"evenementen.csv"',
        )
