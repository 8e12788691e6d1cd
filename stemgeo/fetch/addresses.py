"""Adresmatch, of the Flemish address register: asked for addresses that no file of a study places.

Only addresses are sent, without names and boxes; what was answered is kept with its day beside the
study, and not asked again.
"""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stemgeo.errors import FetchError, Findings, Problem
from stemgeo.fetch.folder import Candidate, enter_file, find_kept, piece_of_answer
from stemgeo.inputs import find_unmatched
from stemgeo.inputs.address_match import (
    Match,
    MatchedAddress,
    fold_question,
    list_parameters,
    load_answers,
    make_question,
    read_answer,
    write_answers,
)
from stemgeo.notes import clean_text
from stemgeo.sources.content import without_secrets
from stemgeo.sources.lock import FILE, LockedFile, Piece, read_lock, write_lock
from stemgeo.study import Input
from stemgeo.writing.guarded import make_own_folder
from stemgeo.writing.seal import hash_file
from stemgeo.writing.whole import full_path, lock_folder, whole_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from stemgeo.sources.catalogue import DataSource
    from stemgeo.sources.client import Client
    from stemgeo.study import Study

KEY = "address_match"
_HEADER = "x-api-key"
_PLAIN = re.compile("[!-~]{1,500}")

Question = tuple[str, ...]


@dataclass(frozen=True)
class AddressPlan:
    """What is to be asked of a study.

    Attributes
    ----------
    place
        The file in which the answers are kept.
    questions
        To ask, each once.
    kept
        What was answered before, by question.
    untold
        Addresses that say too little to be asked: without a street, a number or a town.
    before
        What the lock says of the file; None when there is none.
    """

    place: Path
    questions: tuple[Question, ...]
    kept: dict[Question, MatchedAddress]
    untold: tuple[str, ...]
    before: LockedFile | None

    @property
    def known(self) -> int:
        """How many addresses have been asked before and are not asked again."""
        return len(self.kept)


@dataclass(frozen=True)
class AddressesFetched:
    """What came.

    Attributes
    ----------
    answers
        Of this time.
    failed
        Why it ended before all was asked; None when all was.
    """

    answers: tuple[MatchedAddress, ...]
    failed: FetchError | None = None

    @property
    def met(self) -> int:
        """How many addresses the register knows, with a place."""
        return len(self.answers) - len(self.unmet)

    @property
    def unmet(self) -> tuple[str, ...]:
        """The addresses of which it knows no place, as they were asked."""
        return tuple(
            _write_address(*map(clean_text, one.question))
            for one in self.answers
            if not any(math.isfinite(match.x) for match in one.matches)
        )


def _write_address(municipality: str, postcode: str, street: str, house_number: str) -> str:
    """Write an address as on a letter."""
    return f"{street} {house_number}, {' '.join(filter(None, (postcode, municipality)))}"


def plan_addresses(
    study: Study, folder: Path, source: DataSource, store: Path, *, renew: bool
) -> AddressPlan:
    """Find what is to be asked: what no file of the study places at its number, and once.

    Parameters
    ----------
    study, folder
        The study, and the folder in which it lies.
    source, store
        Of the answers, and the folder of downloads.
    renew
        Whether what was asked before is asked again.

    Raises
    ------
    FetchError
        If the file of answers was changed by hand.
    InputError
        If the study cannot be read.
    """
    place = folder / source.file
    before, kept = _read_kept(place, store)
    questions: dict[Question, Question] = {}
    untold = []
    for one, _ in find_unmatched(study):
        question = make_question(one)
        if question is None:
            untold.append(clean_text(str(one), 120))
        else:
            questions.setdefault(fold_question(question), question)
    asked = [one for folded, one in questions.items() if renew or folded not in kept]
    return AddressPlan(place, tuple(sorted(asked)), kept, tuple(untold), before)


def _read_kept(
    place: Path, store: Path
) -> tuple[LockedFile | None, dict[Question, MatchedAddress]]:
    """Read the answers of before, if the file is as it was written."""
    if not place.exists() and not place.is_symlink():
        return None, {}
    lock = read_lock(place.parent)
    before = find_kept(place.parent, lock, place.name) or _find_unentered(place, store)
    if before is None:
        raise _changed(place)
    findings = Findings()
    answers, _ = load_answers(Input(path=place), findings)
    findings.raise_errors()
    return before, answers or {}


def _find_unentered(place: Path, store: Path) -> LockedFile | None:
    """Give the entry of a file that was written by a run that ended before it could enter it."""
    about = _about(store, hash_file(place)) if place.is_file() else None
    try:
        entry = about and LockedFile.model_validate_json(about.read_bytes())
    except (OSError, ValueError):
        return None
    return entry if entry and entry.file == place.name else None


def _about(store: Path, sha256: str) -> Path:
    return store / "addresses" / f"{sha256}.json"


def _changed(place: Path) -> FetchError:
    what = f"is not the file that {FILE} knows: it stays as it is"
    return FetchError(Problem(str(place), what, "move it away, and fetch again"))


def fetch_addresses(
    plan: AddressPlan,
    source: DataSource,
    client: Client,
    watch: Callable[[int, int], None] = lambda _so_far, _of: None,
) -> AddressesFetched:
    """Ask, and keep each answer with its day; what came before it went wrong is kept too.

    Parameters
    ----------
    plan
        What is to be asked.
    source, client
        Who is asked, and through what.
    watch
        Told how many answers there are, and of how many.

    Raises
    ------
    FetchError
        If the file of answers changed meanwhile.
    """
    headers, folder = read_key(source), plan.place.parent
    lock = read_lock(folder)
    if plan.before is not None and lock.find(file=plan.place.name) != plan.before:
        write_lock(folder, lock.with_entry(plan.before))
    answers: list[MatchedAddress] = []
    pieces: list[Piece] = []
    failed = None
    for question in plan.questions:
        try:
            came = client.ask(
                source, source.address, params=list_parameters(question), headers=headers
            )
            piece = piece_of_answer(came)
            answer = read_answer(came.json(), question, piece.fetched.date(), came.address)
            answers.append(_without_key(answer, headers.values()))
        except FetchError as error:
            failed = error
            break
        pieces.append(piece)
        watch(len(answers), len(plan.questions))
    if answers:
        _keep(plan, source, client.store, answers, pieces)
    return AddressesFetched(tuple(answers), failed)


def read_key(source: DataSource) -> dict[str, str]:
    """Give the header that lets one in, where the environment has a key; it is shown nowhere.

    Raises
    ------
    FetchError
        If it cannot be a key.
    """
    for name in source.needs:
        key = os.environ.get(name, "").strip()
        if key and not _PLAIN.fullmatch(key):
            raise FetchError(Problem(name, "is no key: it has spaces or other letters"))
        if key:
            return {_HEADER: key}
    return {}


def _without_key(answer: MatchedAddress, secrets: Iterable[str]) -> MatchedAddress:
    """Give an answer without the key: a server may say again what it was told."""
    told = [*secrets]

    def clean(row: Match) -> Match:
        texts: dict[str, Any] = {
            name: without_secrets(one, told)
            for name, one in row._asdict().items()
            if isinstance(one, str)
        }
        return row._replace(**texts)

    matches = tuple(map(clean, answer.matches))
    return answer._replace(matches=matches, warnings=without_secrets(answer.warnings, told))


def _keep(
    plan: AddressPlan,
    source: DataSource,
    store: Path,
    answers: list[MatchedAddress],
    pieces: list[Piece],
) -> None:
    """Write the answers of before and of now, with what the lock says of them."""
    folder, name = plan.place.parent, plan.place.name
    make_own_folder(store)
    with lock_folder(full_path(store)):
        # Another run may have kept others meanwhile.
        before, kept = _read_kept(plan.place, store)
        if plan.before is not None and before is None:
            raise _changed(plan.place)
        both = kept | {fold_question(one.question): one for one in answers}
        earlier = before.pieces if before and len(both) > len(answers) else ()
        with whole_files(folder, lambda _place, _new: None) as into:
            write_answers(both.values(), into / name)
            of = Candidate(into / name, (*earlier, *pieces)[-10_000:], "stemgeo fetch addresses")
            entry = enter_file(name, KEY, source, None, of)
            # So that a run that is killed before the lock has it leaves a file that is known.
            about = _about(store, entry.sha256)
            about.parent.mkdir(exist_ok=True)
            about.write_text(entry.model_dump_json(), encoding="utf-8")
        write_lock(folder, read_lock(folder).with_entry(entry))
        about.unlink()
