"""Adresmatch: what is asked, what comes of its answers, and what is never sent."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import hand
import pytest
from plays.address_match import PATH, Known, play_address_match, write_match
from served import CHALLENGE, Reply, Server
from terminal import content_of, stemgeo

import stemgeo as sg
from stemgeo.errors import FetchError, Findings, InputError
from stemgeo.fetch import addresses
from stemgeo.inputs import load_inputs
from stemgeo.inputs.address_match import (
    MatchedAddress,
    list_parameters,
    load_answers,
    make_question,
    read_answer,
    write_answers,
)
from stemgeo.inputs.addresses import Address, parse_address
from stemgeo.inputs.vectors import make_transformer
from stemgeo.sources.catalogue import read_catalogue
from stemgeo.sources.client import Client
from stemgeo.sources.lock import read_lock
from stemgeo.study import Input, load_study

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.inputs import Inputs

DAY = dt.date(2026, 11, 30)
REGISTER = """academy_id;naam;x;y;Straat + nr;Postcode;Gemeente
S1;Oost;160500;203500;;;
S2;Dorp;;;Kerkstraat 12;;Aartselaar
S3;Veld;;;Veldstraat 7 bus 3;;Aartselaar
S4;Recht;;;Elders 5;;Boechout
S5;Zonder;;;Plein z/n;;Boechout
S6;Nergens;;;Nergens 1;;Boechout
"""
DOORS = "straat;huisnummer;gemeente;x;y\nKerkstraat;12;Aartselaar;151000;201000\n"
KNOWN = [Known("Veldstraat", "7", "Aartselaar", 152_100.5, 201_200.25)]


def write(folder: Path, register: str = REGISTER, more: str = "") -> Path:
    """Write the small study with a register of addresses."""
    hand.write_study(folder, straight_line=True)
    (folder / "academies.csv").write_text(register, encoding="utf-8")
    (folder / "deuren.csv").write_text(DOORS, encoding="utf-8")
    (folder / "recht.csv").write_text("id;x;y\nS4;157000;201000\n", encoding="utf-8")
    files = f'addresses = "deuren.csv"\ncorrections = "recht.csv"\n{more}\n'
    toml = (folder / "study.toml").read_text(encoding="utf-8")
    (folder / "study.toml").write_text(toml.replace("[gaps]", f"{files}[gaps]"), encoding="utf-8")
    return folder


@pytest.fixture
def sources(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of sources with the server that plays, and a cache of its own."""
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("STEMGEO_ADRESMATCH_KEY", raising=False)
    server.write_sources(tmp_path / "sources.toml")
    play_address_match(server, KNOWN)
    return tmp_path / "sources.toml"


def test_what_no_file_places_is_asked_and_placed(
    server: Server, sources: Path, tmp_path: Path
) -> None:
    """One with coordinates, a correction or a door is not asked; a name and a box are not sent."""
    study = write(tmp_path / "s")
    toml = (study / "study.toml").read_bytes()
    came = stemgeo("fetch", "addresses", study, "--sources", sources)
    assert came.status == 0, came.err
    assert [one.query for one in server.asked] == [
        {"gemeentenaam": ["Aartselaar"], "straatnaam": ["Veldstraat"], "huisnummer": ["7"]},
        {"gemeentenaam": ["Boechout"], "straatnaam": ["Nergens"], "huisnummer": ["1"]},
    ]
    assert "2 of 2 addresses asked: the register has a place of 1" in came.err
    assert "let op: niet gevraagd, zonder straat, nummer of gemeente: Plein" in came.err
    assert "let op: niet in het adressenregister: Nergens 1, Boechout; verbeter het" in came.err
    assert came.out == 'matched_addresses = "adresmatch.csv"\n'
    assert (study / "study.toml").read_bytes() == toml
    entry = read_lock(study).find(source="address_match")
    assert entry is not None
    assert (entry.file, len(entry.pieces)) == ("adresmatch.csv", 2)
    study = write(tmp_path / "s", more=came.out)
    inputs = load_inputs(sg.load_study(study))
    by = inputs.academies.set_index("academy_id")
    assert by["placed_by"].to_dict() == {
        "S1": "coordinates", "S2": "address_point", "S3": "adresmatch", "S4": "correction",
        "S5": "municipality", "S6": "municipality",
    }  # fmt: skip
    matched = by.loc["S3"]
    assert (matched.geometry.x, matched.geometry.y) == (152_100.5, 201_200.25)
    assert (matched["precision_m"], matched["score"]) == (30, 100)
    assert matched["placed_at"] == "Veldstraat 7, 9290 Aartselaar"
    assert "matched_addresses" in [one.role for one in inputs.provenance]
    assert "2 placed at the address" in "\n".join(map(str, inputs.warnings))


def test_an_answer_is_kept_and_not_asked_again(
    server: Server, sources: Path, tmp_path: Path
) -> None:
    """A second time asks nothing; --renew does; --dry-run lists, asks and writes nothing."""
    study = write(tmp_path / "s")
    dry = stemgeo("fetch", "addresses", study, "--sources", sources, "--dry-run")
    assert "Would be sent to" in dry.err
    assert "Veldstraat" in dry.out
    assert "Veld " not in dry.out
    assert (server.asked, (study / "adresmatch.csv").exists()) == ([], False)
    stemgeo("fetch", "addresses", study, "--sources", sources)
    before = content_of(study)
    again = stemgeo("fetch", "addresses", study, "--sources", sources)
    assert "Nothing to ask; answered before: 2" in again.err
    assert (len(server.asked), content_of(study)) == (2, before)
    stemgeo("fetch", "addresses", study, "--sources", sources, "--renew")
    assert len(server.asked) == 4
    entry = read_lock(study).find(source="address_match")
    assert entry is not None
    assert len(entry.pieces) == 2


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (Reply(CHALLENGE, kind="text/html"), "web page"),
        (Reply(b'{"adresmatches": []}', kind="application/json"), "no answer of Adresmatch"),
        (Reply(b'{"adresMatches": [', kind="application/json"), "is not JSON"),
        (Reply(b"", 403), "answers 403"),
        (Reply(b"", 429, {"Retry-After": "9999"}), "asks for 9999 s of rest"),
    ],
)
def test_what_came_before_a_fault_is_kept(
    server: Server, sources: Path, tmp_path: Path, fault: Reply, says: str
) -> None:
    """One line tells it; the next time only the rest is asked."""
    study = write(tmp_path / "s")
    good = Reply(b'{"adresMatches": [], "warnings": []}', kind="application/json")
    server.fail(PATH, good, fault)
    came = stemgeo("fetch", "addresses", study, "--sources", sources)
    assert came.status != 0
    assert says in came.err.splitlines()[-1]
    assert "1 of 2 addresses asked" in came.err
    assert stemgeo("fetch", "addresses", study, "--sources", sources).status == 0
    assert [one.one("straatnaam") for one in server.asked] == ["Veldstraat", "Nergens", "Nergens"]


def test_a_busy_server_is_asked_again(server: Server, sources: Path, tmp_path: Path) -> None:
    """After 429, and after an answer that was cut off."""
    study = write(tmp_path / "s")
    server.fail(PATH, Reply(b"", 429, {"Retry-After": "0"}), Reply(b"{}" * 50, cut_after=9))
    assert stemgeo("fetch", "addresses", study, "--sources", sources).status == 0
    assert len(server.asked) == 4


def test_a_key_is_sent_and_shown_nowhere(
    server: Server, sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes from the environment; no file, no line has it; one that is none is refused."""
    study = write(tmp_path / "s")
    monkeypatch.setenv("STEMGEO_ADRESMATCH_KEY", "geheim-123")
    echo = Known("Veldstraat", "7", "Aartselaar geheim-123", 152_100.5, 201_200.25, of="geheim-123")
    again = [{"message": f"{'x' * 190}geheim-123 is"}]
    said = json.dumps({"adresMatches": [write_match(echo)], "warnings": again}).encode()
    there = f"{PATH}/geheim-123"
    server.fail(PATH, Reply(b"", 401), Reply(said), Reply(b"", 307, {"Location": there}))
    server.play(there, Reply(said))
    failed = stemgeo("fetch", "addresses", study, "--sources", sources)
    came = stemgeo("fetch", "addresses", study, "--sources", sources)
    assert {one.headers["x-api-key"] for one in server.asked} == {"geheim-123"}
    assert "geheim" not in failed.err + failed.out + came.err + came.out
    assert not any(b"geheim" in one for one in content_of(tmp_path).values())
    monkeypatch.setenv("STEMGEO_ADRESMATCH_KEY", "geheim\n123")
    refused = stemgeo("fetch", "addresses", study, "--sources", sources, "--renew")
    assert "STEMGEO_ADRESMATCH_KEY: is no key" in refused.err
    assert "geheim" not in refused.err


def test_answers_that_a_person_changed_stay(server: Server, sources: Path, tmp_path: Path) -> None:
    """They are no longer the file that the lock knows: nothing is asked."""
    study = write(tmp_path / "s")
    stemgeo("fetch", "addresses", study, "--sources", sources)
    path = study / "adresmatch.csv"
    path.write_text(path.read_text("utf-8").replace("152100.5", "152100.6"), "utf-8")
    before = content_of(study)
    came = stemgeo("fetch", "addresses", study, "--sources", sources, "--renew")
    assert "is not the file that sources.lock knows: it stays as it is; move it away" in came.err
    assert (len(server.asked), content_of(study)) == (2, before)


def test_a_run_that_ended_before_the_lock_is_completed(
    server: Server, sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its file is known by its hash: the next run enters it and asks nothing."""
    study = write(tmp_path / "s")

    class Killed(BaseException):
        """The process ends here."""

    def end(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(addresses, "write_lock", end)
        with pytest.raises(Killed):
            stemgeo("fetch", "addresses", study, "--sources", sources)
    assert read_lock(study).files == ()
    came = stemgeo("fetch", "addresses", study, "--sources", sources)
    assert came.status == 0, came.err
    assert len(server.asked) == 2
    assert read_lock(study).find(source="address_match") is not None


def test_two_at_once_keep_what_both_were_answered(sources: Path, tmp_path: Path) -> None:
    """Whoever was slower adds to what the other kept; what a person put there stays."""
    study = write(tmp_path / "s")
    catalogue = read_catalogue(sources)
    source, store = catalogue.find(addresses.KEY), tmp_path / "cache" / "downloads"
    plan = addresses.plan_addresses(load_study(study), study, source, store, renew=False)
    assert len(plan.questions) > 1
    with Client(catalogue.manners, store) as client:
        for one in plan.questions:
            slower = replace(plan, questions=(one,))
            assert addresses.fetch_addresses(slower, source, client).failed is None
        kept, _ = load_answers(Input(path=plan.place), Findings())
        assert len(kept or {}) == len(plan.questions)
        entry = read_lock(study).find(file=plan.place.name)
        assert entry is not None
        assert len(entry.pieces) == len(plan.questions)
        plan.place.write_text("mine", "utf-8")
        with pytest.raises(FetchError, match=r"is not the file that sources.lock knows"):
            addresses.fetch_addresses(plan, source, client)
    assert plan.place.read_text("utf-8") == "mine"


# --- What an answer is worth -------------------------------------------------------------------


def answer_of(*known: Known, **more: Any) -> MatchedAddress:
    """Read the answer that holds these addresses."""
    content = {"adresMatches": [write_match(one) | more for one in known], "warnings": []}
    return read_answer(content, ("Aartselaar", "", "Veldstraat", "7"), DAY, "here")


def placed(folder: Path, *known: Known, register: str = "") -> tuple[Inputs | None, str]:
    """Read the study with these answers; give what is told or refused."""
    rows = register or f"{REGISTER.splitlines()[0]}\nS3;Veld;;;Veldstraat 7;;Aartselaar\n"
    study = write(folder, rows, 'matched_addresses = "adresmatch.csv"')
    toml = (study / "study.toml").read_text("utf-8").replace('corrections = "recht.csv"\n', "")
    (study / "study.toml").write_text(toml, "utf-8")
    write_answers([answer_of(*known)], study / "adresmatch.csv")
    try:
        inputs = load_inputs(sg.load_study(study))
    except InputError as error:
        return None, str(error)
    return inputs, "\n".join(map(str, inputs.warnings))


HERE = KNOWN[0]


@pytest.mark.parametrize(
    ("change", "precision"),
    [
        ({}, 30),
        ({"of": "ingang"}, 30),
        ({"of": "perceel"}, 50),
        ({"of": "wegsegment"}, 150),
        ({"method": "geinterpoleerd"}, 150),
        ({"number": "7A"}, 50),
        ({"number": "9"}, 180),
    ],
)
def test_how_a_place_is_known_says_how_exact_it_is(
    tmp_path: Path, change: dict[str, Any], precision: int
) -> None:
    """A door, a parcel, a stretch of road, between two others; another number of the street."""
    inputs, _ = placed(tmp_path, HERE._replace(**change))
    assert inputs is not None
    (one,) = inputs.academies.to_dict("records")
    assert (one["placed_by"], one["precision_m"]) == ("adresmatch", precision)


@pytest.mark.parametrize("change", [{"of": "gemeente"}, {"number": "99"}, {"x": -5e5}])
def test_a_match_that_says_nothing_of_the_house_is_not_used(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    """The middle of a municipality, a number far off, a place nowhere: the other ways stand."""
    inputs, told = placed(tmp_path, HERE._replace(**change))
    assert inputs is not None
    assert inputs.academies["placed_by"].tolist() == ["municipality"]
    assert "adresmatch.csv: not used: no academy is placed by it" in told


def test_matches_that_cannot_be_told_apart_are_refused(tmp_path: Path) -> None:
    """Two as good, far apart; one with a lower score does no harm, nor one at the same door."""
    far = HERE._replace(x=HERE.x + 900)
    _, refused = placed(tmp_path / "a", HERE, far)
    assert "Adresmatch has 2 addresses that fit as well, 900 m apart" in refused
    inputs, _ = placed(tmp_path / "b", HERE, far._replace(score=99), HERE._replace(x=HERE.x + 10))
    assert inputs is not None
    assert inputs.academies["precision_m"].tolist() == [40]


def test_a_match_elsewhere_is_refused(tmp_path: Path) -> None:
    """Outside the municipality that the address names, or of another postcode."""
    _, refused = placed(tmp_path / "a", HERE._replace(x=160_000))
    assert "Adresmatch places it at 'Veldstraat 7, 9290 Aartselaar', outside Aartselaar" in refused
    rows = f"{REGISTER.splitlines()[0]}\nS3;Veld;;;Veldstraat 7;2630;Aartselaar\n"
    study = write(tmp_path / "b", rows, 'matched_addresses = "adresmatch.csv"')
    question = ("Aartselaar", "2630", "Veldstraat", "7")
    write_answers([answer_of(HERE)._replace(question=question)], study / "adresmatch.csv")
    (study / "recht.csv").write_text("id;x;y\nS3x;157000;201000\n", encoding="utf-8")
    with pytest.raises(InputError, match="which has postcode 9290, not 2630"):
        load_inputs(sg.load_study(study))


@pytest.mark.parametrize("change", [{"score": 71.5}, {"status": "gehistoreerd"}])
def test_a_doubtful_match_is_told(tmp_path: Path, change: dict[str, Any]) -> None:
    """Of a low score, or of an address that is no longer in use: with both, to be checked."""
    _, told = placed(tmp_path, HERE._replace(**change))
    assert "Veldstraat 7, Aartselaar → Veldstraat 7, 9290 Aartselaar; check them" in told


def test_what_comes_is_cleaned_and_read_in_its_system() -> None:
    """Lambert 2008 is brought over; what is no text, number or place is none."""
    x, y = make_transformer("EPSG:31370", "EPSG:3812").transform(HERE.x, HERE.y)
    (one,) = answer_of(HERE._replace(x=x, y=y, crs=3812)).matches
    assert (one.x, one.y) == pytest.approx((HERE.x, HERE.y), abs=0.02)
    (one,) = answer_of(HERE._replace(crs=4326)).matches
    assert math.isnan(one.x)
    (one,) = answer_of(HERE, adresPositie=None, score="veel", huisnummer=["7"]).matches
    assert (math.isnan(one.x), one.score, one.matched_number) == (True, 0.0, "")
    (one,) = answer_of(HERE._replace(street="=\u202e\x1bVeld")).matches
    assert not re.search("[\u202e\x1b]", one.address)
    (one,) = answer_of(HERE, adresPositie={"point": {"coordinates": [152_000, 201_000]}}).matches
    assert (one.x, one.y) == (152_000, 201_000)
    huge = {"point": {"coordinates": [10**400, "1e999"]}}
    (one,) = answer_of(HERE, adresPositie=huge, score=10**400).matches
    assert (math.isnan(one.x), one.score) == (True, 0.0)
    for wrong in ([], {"adresMatches": {}}, {"adresMatches": ["x"]}, None):
        with pytest.raises(FetchError, match="no answer of Adresmatch"):
            read_answer(wrong, ("", "", "", ""), DAY, "here")


def test_answers_come_back_as_they_were_kept(tmp_path: Path) -> None:
    """Formulas, warnings and a question without a match; the last of two times counts."""
    first = answer_of(HERE._replace(town="=1+2"))._replace(warnings="Onbekende 'Postcode'.")
    none = MatchedAddress(DAY, ("=cmd", "2630", "Plein", "1"), (), "")
    older = answer_of()._replace(asked_on=DAY - dt.timedelta(1))
    path, findings = tmp_path / "a.csv", Findings()
    write_answers([first, none, older], path)
    read, _ = load_answers(Input(path=path), findings)
    assert findings.errors == []
    assert read is not None
    assert {*read.values()} == {first, none}
    path.write_text(path.read_text("utf-8").replace("100.0", "1000"), "utf-8")
    load_answers(Input(path=path), findings)
    assert "'score' is '1000', not 0 to 100" in str(findings.errors[0])


@pytest.mark.parametrize(("x", "y"), [("", "201200"), ("4.4", "50.8"), ("152100", "1e308")])
def test_a_place_that_is_none_is_refused(tmp_path: Path, x: str, y: str) -> None:
    """Half a place, degrees and a place beyond Flanders in a file of answers are told."""
    path, findings = tmp_path / "a.csv", Findings()
    write_answers([answer_of(*KNOWN)], path)
    match = answer_of(*KNOWN).matches[0]
    text = path.read_text("utf-8")
    assert f";{match.x};{match.y};" in text
    path.write_text(text.replace(f";{match.x};{match.y};", f";{x};{y};"), "utf-8")
    assert load_answers(Input(path=path), findings)[0] is None
    assert "not a coordinate in Flanders" in str(findings.errors[0])


def test_the_best_match_is_the_first_in_whatever_order(tmp_path: Path) -> None:
    """A file that someone sorted says the same."""
    path, findings = tmp_path / "a.csv", Findings()
    best = answer_of(*KNOWN).matches[0]
    both = best, best._replace(score=50.0, object_id="7")
    write_answers([answer_of()._replace(matches=both[::-1])], path)
    read, _ = load_answers(Input(path=path), findings)
    assert [one.matches for one in (read or {}).values()] == [both]


def test_what_says_too_little_is_no_question() -> None:
    """Without a number, a street or a town nothing is asked; a mark goes along, a box does not."""
    for text in ("Kerkstraat, Berlare", "9290 Berlare", "Kerkstraat 1"):
        assert make_question(parse_address(text)) is None
    asked = make_question(parse_address("Kerkstraat 12a bus 3, 9290 Berlare"))
    assert asked == ("Berlare", "9290", "Kerkstraat", "12A")
    assert list_parameters(("", "9290", "K", "1")) == {
        "postcode": "9290", "straatnaam": "K", "huisnummer": "1"
    }  # fmt: skip
    assert make_question(Address(street="K", number=1, postcode="9290", wrong="twice")) is None
