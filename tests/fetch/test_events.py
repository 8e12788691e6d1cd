"""Facts about `stemgeo fetch events`: asked whole or not at all, in secret, and used to the end."""

from __future__ import annotations

import csv
import json
import signal
import sys
from pathlib import Path
from typing import Any

import hand
import killed
import pytest
from books import rows_of
from plays.uitdatabank import CLIENT_ID, PATH, Databank, make_event, make_place, play_uitdatabank
from served import CHALLENGE, Reply, Server
from terminal import Said, stemgeo

from stemgeo.report.annex import write_municipalities
from stemgeo.report.answers import build_answer
from stemgeo.report.content import Source, gather_figures
from stemgeo.sources.lock import read_lock
from stemgeo.study import load_study
from stemgeo.study_run import run

VARIABLE = "STEMGEO_UITDATABANK_CLIENT_ID"
ALONE = {"childrenOnly": True, "creator": "een ander"}
BOTH_DAYS = [
    {"startDate": "2021-12-31T10:00:00+01:00", "endDate": "2021-12-31T12:00:00+01:00"},
    {"startDate": "2022-01-07T10:00:00+01:00", "endDate": "2022-01-07T12:00:00+01:00"},
]
EVENTS = [
    make_event(1, location=make_place("As", "3665", "Bib As"), typicalAgeRange="6-12"),
    make_event(2, location=make_place("As", "3665", "Bib As"), typicalAgeRange="13-"),
    make_event(
        3, location=make_place("Aartselaar", "2630"), labels=["STEM"], name={"nl": "=1+1\nbouwen"}
    ),
    make_event(4, location=make_place("Aartselaar", "2630"), status={"type": "Unavailable"}),
    make_event(5, day="2022-07-04", attendanceMode="online", location=make_place("Online")),
    make_event(6, location=make_place("As", "3665", "Bib As"), **ALONE),
    make_event(
        7, calendarType="multiple", subEvent=BOTH_DAYS, location=make_place("As", "3665", "School")
    ),
    make_event(8, location=make_place("Nergenshuizen"), audience={"audienceType": "education"}),
    make_event(9, calendarType="permanent", subEvent=[]),
    make_event(10, labels=["muziek"]),
]
COUNTED = {
    "2021": {"events": 1, "with_label": 1, "without_label": 0},
    "2022": {"events": 7, "with_label": 6, "without_label": 1, "cancelled": 1, "online": 1,
             "children_only": 1, "no_place": 0},
}  # fmt: skip
"""By hand: of 2022 are 1, 2, 3, 5, 6, 7 and 8; of 2021 the series 7."""


class Place:
    """A study with a databank beside it, and the command."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.server, self.study = server, hand.write_study(folder / "studie", straight_line=True)
        self.sources = folder / "sources.toml"
        server.write_sources(self.sources)

    def fetch(self, *words: object) -> Said:
        """Ask for the events of 2021 and 2022."""
        years = () if "--from" in words else ("--from", 2021, "--to", 2022)
        return stemgeo("fetch", "events", self.study, *years, "--sources", self.sources, *words)

    def read(self, name: str = "evenementen.csv") -> list[dict[str, str]]:
        """Read a file that was made."""
        with (self.study / name).open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file, delimiter=";"))

    def page_of(self, size: int) -> None:
        """Ask for pages of so many events."""
        text = self.sources.read_text("utf-8").replace("page = 500 ", f"page = {size} ")
        self.sources.write_text(text, encoding="utf-8")


@pytest.fixture
def place(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv(VARIABLE, CLIENT_ID)
    return Place(tmp_path, server)


def table_of(said: Said) -> dict[str, dict[str, Any]]:
    return {row["year"]: row for row in json.loads(said.out)}


def test_events_are_counted_and_told_apart(place: Place) -> None:
    """By year, with and without the label, cancelled, online, children only; all of it is said."""
    play_uitdatabank(place.server, EVENTS)
    said = place.fetch("--format", "json")
    assert said.status == 0, said.err
    found = table_of(said)
    for year, counts in COUNTED.items():
        assert {name: found[year][name] for name in counts} == counts
    assert place.server.count(PATH) == 4
    for line in (
        "labels=STEM-academie childrenOnly=true: 1",
        "enkel voor kinderen: 1 evenement;",
        "altijd open, en in geen jaar geteld: 1 evenement",
        "in geen Vlaamse gemeente volgens de naam van hun plaats: 1 evenement (Nergenshuizen)",
        "als evenement zonder het label telt: wat STEM draagt",
        'schrijf vlak onder [inputs]: events = "evenementen.csv"',
    ):
        assert line in said.err, line
    rows = place.read()
    assert {row["title"] for row in rows if row["label"] == "no"} == {"'=1+1 bouwen"}
    assert [row["date"] for row in rows if row["id"].endswith("event/00000007-0000-4000-8000-"
            "000000000000")] == ["2021-12-31", "2022-01-07"]  # fmt: skip
    assert "persoon@example.org" not in (place.study / "evenementen.csv").read_text("utf-8")


def test_the_client_id_is_in_no_byte(place: Place, tmp_path: Path) -> None:
    """Sent as a header alone, it is in no file, store, lock or line, whatever a server echoes."""
    echo = make_event(11, name={"nl": f"Voor {CLIENT_ID}"}, labels=["STEM", CLIENT_ID])
    play_uitdatabank(place.server, [*EVENTS, echo])
    told = [place.fetch()]
    place.server.fail(PATH, Reply(CLIENT_ID.encode(), 403), *[Reply(b"", 500)] * 3)
    told += [place.fetch(), place.fetch(), place.fetch("--dry-run"), place.fetch("--offline")]
    assert [one.status for one in told] == [0, 1, 1, 0, 0]
    for path in (one for one in tmp_path.rglob("*") if one.is_file()):
        assert CLIENT_ID.encode() not in path.read_bytes(), path
    assert not [one for said in told for one in said if CLIENT_ID in str(one)]
    assert all(one.headers["x-client-id"] == CLIENT_ID for one in place.server.asked)
    assert all(CLIENT_ID not in str(one.query) for one in place.server.asked)


def test_a_client_id_may_lie_in_a_file(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the study, alone; that others can read it, or might publish it, is said."""
    play_uitdatabank(place.server, EVENTS)
    monkeypatch.delenv(VARIABLE)
    said = place.fetch()
    assert (said.status, place.server.asked) == (1, [])
    assert f"put it into ${VARIABLE}, or alone into .uitdatabank" in said.err
    secret = place.study / ".uitdatabank"
    secret.write_text(f"{CLIENT_ID}\n", encoding="utf-8")
    secret.chmod(0o644)
    (place.study / ".git").mkdir()
    said = place.fetch()
    assert said.status == 0
    assert "leesbaar voor anderen" in said.err
    assert "geen .gitignore noemt het" in said.err
    secret.chmod(0o600)
    (place.study / ".gitignore").write_text(".uitdatabank\n", encoding="utf-8")
    assert ".uitdatabank" not in place.fetch().err
    secret.write_text("twee woorden", encoding="utf-8")
    said = place.fetch()
    assert "can be no client id" in said.err
    assert "twee" not in said.err


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Reply(b"", 500), ""),
        (Reply(b"", 429, {"Retry-After": "0"}), ""),
        (Reply(b'{"totalItems": 3, "mem', cut_after=9), ""),
        (Reply(b"", 429, {"Retry-After": "9999"}), "asks for 9999 s of rest"),
        (Reply(CHALLENGE, 403, kind="text/html"), "browser in; run the same command later"),
        (Reply(b"<html>", kind="text/html"), "web page"),
        (Reply(b'{"hydra:member": []}'), "another form than publiq describes"),
        (Reply(b""), "is empty"),
    ],
)
def test_a_fault_in_the_middle_leaves_all_as_it_was(place: Place, fault: Reply, told: str) -> None:
    """Either all comes after all, or nothing is written and one line says why."""
    play_uitdatabank(place.server, EVENTS)
    place.page_of(2)
    calm: list[Reply] = []
    databank = Databank(EVENTS)

    def answer(asked: Any) -> Reply:
        if len(place.server.asked) == 3 and not calm:
            calm.append(fault)
            return fault
        return databank.answer(asked)

    place.server.play(PATH, answer)
    said = place.fetch()
    assert calm
    if told:
        assert (said.status, said.err.count("\n"), told in said.err) == (1, 1, True)
        assert not (place.study / "evenementen.csv").exists()
        assert not (place.study / "sources.lock").exists()
    else:
        assert said.status == 0, said.err
        assert len(place.read()) == 9


def test_who_is_not_known_is_told(place: Place) -> None:
    """A client id that publiq does not know is refused in one line, without it."""
    play_uitdatabank(place.server, EVENTS, client_id="een ander")
    said = place.fetch()
    assert (said.status, said.err.count("\n")) == (1, 1)
    assert "401" in said.err


def test_what_others_hold_for_children_alone_may_stay_hidden(place: Place) -> None:
    """An account that publiq did not admit sees fewer, and is told that it may."""
    play_uitdatabank(place.server, EVENTS, admitted=False)
    said = place.fetch("--format", "json")
    assert table_of(said)["2022"]["children_only"] == 0
    assert "enkel voor kinderen: 0 evenementen; die van anderen toont publiq enkel aan" in said.err


def test_what_someone_worked_on_is_not_replaced(place: Place) -> None:
    """A list as it was fetched gives way; one that was edited stands, before anything is asked."""
    databank = play_uitdatabank(place.server, EVENTS)
    assert place.fetch().status == 0
    lock = read_lock(place.study)
    databank.events = EVENTS[:2]
    assert place.fetch().status == 0
    assert len(place.read()) == 2
    assert read_lock(place.study) != lock
    edited = place.study / "voorstellen.csv"
    edited.write_text("mijn werk", encoding="utf-8")
    asked = place.server.count(PATH)
    said = place.fetch()
    assert (said.status, place.server.count(PATH)) == (1, asked)
    assert "someone worked on it" in said.err
    assert edited.read_text("utf-8") == "mijn werk"


@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
def test_killed_at_any_moment_the_next_call_completes_it(place: Place, tmp_path: Path) -> None:
    """SIGKILL while it writes: what stands there is never taken for someone's work."""
    databank, log = play_uitdatabank(place.server, EVENTS), tmp_path / "log"
    assert place.fetch().status == 0
    whole_run = killed.ended(*killed.child(place.fetch, log), log)
    assert whole_run.status == 0, whole_run.said
    for turn, at in enumerate(killed.moments(whole_run.events, 12)):
        databank.events = EVENTS[turn % 2 :]
        end = killed.ended(*killed.child(place.fetch, log, at), log)
        assert end.status == -signal.SIGKILL, end.said
        databank.events = EVENTS[2:]
        said = place.fetch()
        assert said.status == 0, said.err
        assert len(place.read()) == 7
        names = {path.name for path in place.study.iterdir() if path.name.startswith(".")}
        assert not names


def test_offline_takes_what_was_asked_before(place: Place) -> None:
    """The same bytes from what was kept, and nothing is asked; what was not asked is told."""
    play_uitdatabank(place.server, EVENTS)
    first = place.fetch()
    (place.study / "evenementen.csv").unlink()
    asked = place.server.count(PATH)
    again = place.fetch("--offline")
    listed = stemgeo("sources", place.study, "--sources", place.sources)
    assert "evenementen.csv" in listed.out, listed.err
    assert "publiq, UiTdatabank" in listed.out + listed.err
    assert (again.status, again.out, place.server.count(PATH)) == (0, first.out, asked)
    (entry,) = (one for one in read_lock(place.study).files if one.file == "evenementen.csv")
    assert entry.source == "events"
    assert [piece.name.split()[:2] for piece in entry.pieces][:2] == [
        ["labels=STEM-academie", "childrenOnly=false"],
        ["labels=STEM-academie", "childrenOnly=true"],
    ]
    said = place.fetch("--offline", "--from", 2019)
    assert "was not asked before" in said.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--label", "STEM", "--also", "stem"], "'stem' is given twice"),
        (["--label", "STEM", "--label", "STEM"], "'stem' is given twice"),
        (["--also", "STEM-academie"], "'stem-academie' is given twice"),
        (["--label", ""], "a label has letters"),
        (["--offline", "--dry-run"], "asks nobody either way"),
        (["--from", "2022", "--to", "2021"], "from 2022 to 2021 are no years"),
    ],
)
def test_what_changes_nothing_is_refused(place: Place, words: list[str], told: str) -> None:
    """An option that would do nothing is told, and nobody is asked."""
    said = place.fetch(*words)
    assert (said.status, place.server.asked) == (1, [])
    assert told in said.err


def test_a_folder_without_a_study_needs_years(place: Place, tmp_path: Path) -> None:
    """Without a study there is no year to take, and no register: both are said."""
    play_uitdatabank(place.server, EVENTS)
    words = ("fetch", "events", tmp_path / "leeg", "--sources", place.sources)
    assert "give --from 2019 --to 2022" in stemgeo(*words).err
    said = stemgeo(*words, "--to", 2022, "--label", "STEM")
    assert said.status == 0, said.err
    assert "geen register om mee te vergelijken" in said.err
    with (tmp_path / "leeg/evenementen.csv").open(encoding="utf-8-sig", newline="") as file:
        assert "label" not in csv.DictReader(file, delimiter=";").fieldnames  # type: ignore[operator]
    assert "hoeveel er zonder zijn is niet bekend" in said.err


def test_a_source_that_cannot_be_searched_is_told(place: Place) -> None:
    """A file of sources of one's own that does not say how is refused in one line."""
    text = place.sources.read_text("utf-8")
    start = text.index("[sources.events.search]")
    end = text.index("[sources.", start + 1)
    place.sources.write_text(text[:start] + text[end:], encoding="utf-8")
    said = place.fetch()
    assert (said.status, said.err.count("\n"), place.server.asked) == (1, 1, [])
    assert "sources.events: does not say how it is searched" in said.err


def test_a_study_of_something_else_has_its_own_label(place: Place) -> None:
    """The label of another facility is what it is called; no STEM events are asked for."""
    said = place.fetch("--dry-run")
    assert said.out.count("labels=STEM-academie ") == said.out.count("labels=STEM ") == 2
    assert CLIENT_ID not in said.out
    toml = place.study / "study.toml"
    words = 'nl = { singular = "bibliotheek", plural = "bibliotheken", article = "de" }'
    text = toml.read_text("utf-8").replace("[study]", f"[study.facility]\n{words}\n[study]")
    toml.write_text(text, encoding="utf-8")
    said = place.fetch("--dry-run")
    address, alike, *questions = said.out.splitlines()
    assert address.endswith("/events")
    assert "dateFrom=" in alike
    assert "availableFrom=*" in alike
    assert [one.strip() for one in questions] == [
        f"labels=bibliotheek childrenOnly={alone}" for alone in ("false", "true")
    ]
    assert place.server.asked == []


def test_proposals_are_of_who_is_not_in_the_register(place: Place) -> None:
    """Who holds events with the label elsewhere than the register has them; online is nowhere."""
    register = place.study / "academies.csv"
    head, *rows = register.read_text("utf-8").splitlines()
    assert rows
    play_uitdatabank(place.server, EVENTS)
    assert place.fetch().status == 0
    proposed = {(one["municipality"], one["address"]): one for one in place.read("voorstellen.csv")}
    assert proposed.keys() == {
        ("As", "Bib As, 3665 As"),
        ("As", "School, 3665 As"),
        ("Nergenshuizen", "Zaal, Nergenshuizen"),
    }
    found = proposed["As", "Bib As, 3665 As"]
    assert (found["name"], found["events"], found["ages"]) == ("Techniekclub", "3", "13+, 6-12")
    assert (found["first_day"], found["last_day"]) == ("2022-03-05", "2022-03-05")
    assert register.read_text("utf-8").splitlines()[0] == head


def test_the_answer_counts_what_was_fetched(place: Place, tmp_path: Path) -> None:
    """From the databank to the letter: year, month, province, municipality, age and label."""
    play_uitdatabank(place.server, EVENTS)
    assert place.fetch().status == 0
    toml = place.study / "study.toml"
    text = toml.read_text("utf-8")
    toml.write_text(text.replace("[gaps]", 'events = "evenementen.csv"\n[gaps]'), encoding="utf-8")
    result = run(load_study(place.study))
    result.write(tmp_path / "uit")
    told = gather_figures(Source.from_folder(tmp_path / "uit", "nl"))["events"]
    assert [told[name] for name in ("count", "labelled", "unlabelled")] == [7, 6, 1]
    assert [told[name] for name in ("cancelled", "online", "children_only")] == [1, 1, 1]
    months = {one["month"]: one["count"] for one in told["months"]}
    assert {name: count for name, count in months.items() if count} == {
        "januari": 1, "maart": 5, "juli": 1,
    }  # fmt: skip
    towns = {one["name"]: (one["count"], one["labelled"]) for one in told["municipalities"]}
    assert towns == {"As": (4, 4), "Aartselaar": (1, 0)}
    assert {one["year"]: one["count"] for one in told["years"]} == {"2021": 1, "2022": 7}
    assert told["unplaced"] == 1
    # Nobody said it: the lock beside the file does.
    assert told["source"] == "publiq"
    book, *_ = write_municipalities(Source.from_folder(tmp_path / "uit", "nl"), tmp_path)
    rows = rows_of(book, "Evenementen")
    assert {row["Gemeente"]: (row["Evenementen"], row["Zonder het label"]) for row in rows} == {
        "Aartselaar": (1, 1),
        "As": (4, 0),
    }
    letter = build_answer(tmp_path / "uit").letter
    assert "Niet geteld zijn wat geannuleerd (1)" in str(letter)
    for path in (one for one in tmp_path.rglob("*") if one.is_file()):
        assert CLIENT_ID.encode() not in path.read_bytes(), path
    of_file = [one for one in map(str, result.notes) if "evenementen" in one]
    assert len(of_file) == 2, of_file
    assert not [one for one in of_file if "not used" in one]
