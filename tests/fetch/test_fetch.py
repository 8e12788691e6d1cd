"""Facts about bringing all that a study needs: complete and right, or the old state and a line."""

from __future__ import annotations

import html
import json
import re
import shutil
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING
from zipfile import ZipFile

import killed
import pytest
import pytest_socket
import shapely.affinity
from plays import mini, statbel
from plays.features import play_features
from plays.overpass import play_overpass
from served import CHALLENGE, Asked, Reply, Server
from terminal import Said, content_of, stemgeo

from stemgeo.errors import FetchError
from stemgeo.fetch import folder as placing
from stemgeo.fetch.checks import check_provinces
from stemgeo.fetch.flanders import FlandersAsked, fetch_flanders
from stemgeo.sources.lock import read_lock, write_lock
from stemgeo.study import load_study

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from stemgeo.sources.catalogue import Catalogue

SMALL = ("--only", "zone_population")
TOTALS = "OPENDATA_SECTOREN_2025_NEW.xlsx"


def fetch(*words: object) -> Said:
    """Fetch into `data` what the made file of sources says."""
    options = ("--year", 2025, "data", "--sources", "sources.toml")
    return stemgeo("fetch", "flanders", *options, *words)


@pytest.mark.usefixtures("played")
def test_from_an_empty_folder_to_an_answer(server: Server, tmp_path: Path) -> None:
    """A study that runs and is answered, each file with its source in the lock and the manifest."""
    said = fetch("--academies", "register.csv")
    assert said.status == 0, said.err
    assert "5 provincies zijn gelijk" in said.err
    lock = read_lock(tmp_path / "data")
    assert {one.source for one in lock.files} == {
        *("municipalities", "provinces", "population", "sectors", "zone_population"),
        *("weights", "crosswalk", "roads"),
    }
    assert all(one.pieces[0].address.startswith("http") for one in lock.files)
    assert sorted(content_of(tmp_path / "data")) == sorted(
        ["sources.lock", "study.toml", *(one.file for one in lock.files)]
    )
    hosts = {one.path.split("/")[1] for one in server.asked}
    assert hosts == {
        *("geo.api.vlaanderen.be", "statbel.fgov.be", "github.com", "download.geofabrik.de")
    }
    asked = len(server.asked)
    with without_network():
        run_and_answer(tmp_path)
    assert len(server.asked) == asked


@contextmanager
def without_network() -> Iterator[None]:
    """Let nothing be sent, not to this machine either."""
    pytest_socket.disable_socket(allow_unix_socket=True)
    try:
        yield
    finally:
        pytest_socket.enable_socket()


LINES = (
    "Digitaal Vlaanderen, Voorlopig referentiebestand gemeentegrenzen, toestand 2025",
    "Statbel, bevolking naar woonplaats, leeftijd en geslacht, 1 januari 2025 (CC BY 4.0)",
    "Statbel, statistische sectoren, 1 januari 2025 (CC BY 4.0)",
    "Statbel, bevolkingsrooster met cellen van variabele grootte, 1 januari 2025 (CC BY 4.0)",
    "© OpenStreetMap contributors (ODbL), via Geofabrik",
)
"""With which the sources ask to be named."""


def read_marked(text: str) -> str:
    """Give the words between marks."""
    return html.unescape(re.sub("<[^>]+>", "", text))


def run_and_answer(home: Path) -> None:
    """Run the study that was fetched and answer it: every kind of output names the sources."""
    study = home / "data" / "study.toml"
    study.write_text(study.read_text("utf-8") + '[output]\nformats = ["svg"]\n', "utf-8")
    assert stemgeo("check", "data").status == 0
    assert stemgeo("run", "data", "--out", "result").status == 0
    assert stemgeo("answer", "result", "--out", "answer").status == 0
    result, answer = home / "result", home / "answer"
    manifest = json.loads((result / "manifest.json").read_text("utf-8"))
    with ZipFile(next(answer.glob("*.docx"))) as word:
        letter = "".join(word.read(one).decode("utf-8", "ignore") for one in word.namelist())
    of_answer = json.loads((answer / "manifest.json").read_text("utf-8"))
    texts = {
        "manifest": manifest["attribution"],
        "summary": (result / "summary.md").read_text("utf-8"),
        "map": read_marked((result / "maps" / "vlaanderen.svg").read_text("utf-8")),
        "page": html.unescape((result / "map.html").read_text("utf-8")),
        "answer": of_answer["result"]["attribution"],
        "letter": read_marked(letter),
    }
    for package in result.rglob("*.gpkg"):
        texts[package.name] = package.read_bytes().decode("utf-8", "ignore")
    bare = {name: "".join(text.split()) for name, text in texts.items()}
    lacking = [
        (name, line)
        for name, text in bare.items()
        for line in LINES
        if "".join(line.split()) not in text
    ]
    assert not lacking
    population = next(one for one in manifest["inputs"] if one["role"] == "population")
    assert population["address"].endswith("/TF_SOC_POP_STRUCT_2025.zip")
    assert population["pieces"][0]["sha256"] == population["sha256"]
    roads = next(one for one in manifest["inputs"] if one["role"] == "network")
    assert len(roads["pieces"]) == 3
    assert "cut to Vlaanderen and 6" in roads["made_by"]
    told = stemgeo("sources", "result")
    assert told.status == 0
    assert manifest["attribution"] in told.out


@pytest.mark.usefixtures("played")
def test_again_all_is_kept_and_nobody_asked(server: Server, tmp_path: Path) -> None:
    """Without a register the study says where it goes; the next fetch keeps all, to the byte."""
    said = fetch()
    assert said.status == 0, said.err
    assert "academies.csv" in said.err
    assert "academies" in (tmp_path / "data" / "study.toml").read_text("utf-8")
    before, asked = content_of(tmp_path / "data"), len(server.asked)
    again = fetch()
    assert again.status == 0
    assert content_of(tmp_path / "data") == before
    assert len(server.asked) == asked
    assert again.out.count("kept") == 8
    study = tmp_path / "data" / "study.toml"
    study.write_text(study.read_text("utf-8").replace("weights", "# weights"), "utf-8")
    lacking = fetch()
    assert 'weights = "POP_GRID_2025_3035_geojson.zip"' in lacking.out.splitlines()
    assert "# weights" in study.read_text("utf-8")
    study.write_text(study.read_text("utf-8") + "\n[travel]\ncutoff_min = 30\n", "utf-8")
    farther = fetch()
    assert farther.out.count("kept") == 7, "who may ride for longer needs roads farther on"
    roads = read_lock(tmp_path / "data").find(source="roads")
    assert roads is not None
    assert "cut to Vlaanderen and 11" in roads.made_by, "35 minutes at 18 km/h, and the rest"
    assert len(server.asked) == asked
    assert fetch().out.count("kept") == 8
    checked = stemgeo("check", "data")
    assert checked.status == 1
    assert [one for one in checked.err.splitlines() if one.startswith("error")] == [
        "error: academies.csv: does not exist; looked for data/academies.csv"
    ]


def without(key: str, column: str) -> Callable[[], bytes]:
    """Give what a source gives, with a column called otherwise."""
    frames = {"sectors": mini.sectors, "weights": mini.grid}
    return lambda: statbel.write_layer(frames[key]().rename(columns={column: "x"}), "a.geojson")


WRONG: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "rows": (
        "population",
        lambda: statbel.write_population(mini.people()[:-3]),
        "rows, and as published",
    ),
    "one child more": (
        "population",
        lambda: statbel.write_population(
            [(*mini.people()[0][:3], mini.A_AGE + 1), *mini.people()[1:]]
        ),
        f"counts {mini.CHILDREN + 1} Flemish children of 0 to 17 years, and as published",
    ),
    "another year": (
        "population",
        lambda: statbel.write_population(mini.people(), 2024),
        "is of 2024, and 2025 was asked for",
    ),
    "a column of people": (
        "population",
        lambda: statbel.write_population(
            mini.people(), header="CD_REFNIS|A|CD_SEX|B|C|D|LEEFTIJD|MS_POPULATION|CD_YEAR"
        ),
        "lacks the column CD_AGE; it has",
    ),
    "a column of sectors": ("sectors", without("sectors", "cd_munty_refnis"), "lacks the column"),
    "a column of cells": ("weights", without("weights", "ms_pop"), "lacks the column ms_pop"),
    "sectors of before": (
        "sectors",
        lambda: statbel.write_layer(
            mini.sectors().replace({"cd_munty_refnis": {"46030": "46003"}}), "a.geojson"
        ),
        "has municipalities that there are none of in 2025: 46003",
    ),
    "no zip": ("weights", lambda: b"PK\x03\x04 and no more", "is a zip that is cut off or damaged"),
    "nothing": ("weights", lambda: b"", "is empty"),
}


@pytest.mark.parametrize("fault", WRONG)
def test_a_wrong_file_is_refused(
    played: Catalogue, server: Server, tmp_path: Path, fault: str
) -> None:
    """What is not as its source should give it leaves no file and no entry, but one line."""
    key, write, message = WRONG[fault]
    server.play(statbel.path_of(played.find(key), 2025), write())
    said = fetch("--only", key)
    assert said.status == 1
    errors = [one for one in said.err.splitlines() if one.startswith("error")]
    assert len(errors) == 1
    assert message in errors[0]
    assert content_of(tmp_path / "data") == {} if (tmp_path / "data").exists() else True


def test_a_challenge_page_holds_up_no_other(
    played: Catalogue, server: Server, tmp_path: Path
) -> None:
    """The others come; the address and the command are said, and by hand it goes on from there."""
    source = played.find("zone_population")
    statbel.play_challenge(server, source)
    words = (*SMALL, "--only", "crosswalk")
    said = fetch(*words)
    assert said.status == 1
    assert [one.source for one in read_lock(tmp_path / "data").files] == ["crosswalk"]
    (error,) = (one for one in said.err.splitlines() if one.startswith("error"))
    assert source.locate(2025) in error
    assert "give the folder in which the file comes: --from FOLDER" in error
    (typed,) = (one for one in said.err.splitlines() if one.startswith("What came is kept"))
    options = " ".join((*words, "--sources sources.toml --from FOLDER"))
    assert f": stemgeo fetch flanders --year 2025 data {options}" in typed
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    (downloads / "OPENDATA (1).xlsx").write_bytes(mini.files()["zone_population"])
    asked = len(server.asked)
    on = fetch(*words, "--from", "downloads")
    assert on.status == 0, on.err
    assert len(server.asked) == asked
    (downloads / "OPENDATA (1).xlsx").rename(downloads / "other.txt.part")
    (downloads / f"{TOTALS}.html").write_bytes(CHALLENGE)
    again = fetch(*words, "--from", "downloads")
    assert again.status == 0, "a page is no hindrance once its file is here"
    entry = read_lock(tmp_path / "data").find(source="zone_population")
    assert entry is not None
    assert (entry.file, entry.pieces[0].name, entry.pieces[0].address) == (
        TOTALS,
        "OPENDATA (1).xlsx",
        "",
    )


def test_a_study_is_written_without_what_it_does_without(
    played: Catalogue, server: Server, tmp_path: Path
) -> None:
    """Codes of before that do not come are an error, and keep no study from being written."""
    server.play(statbel.path_of(played.find("crosswalk"), 2025), Reply(b"gone", 404))
    keys = ("municipalities", "population", "crosswalk")
    said = fetch(*(part for key in keys for part in ("--only", key)))
    assert said.status == 1
    (error,) = (one for one in said.err.splitlines() if one.startswith("error"))
    assert "its server answers 404" in error
    assert "Studie geschreven in" in said.err
    assert load_study(tmp_path / "data").inputs.population.path.name.endswith("_2025.zip")


@pytest.mark.usefixtures("played")
def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    """A file of that name that no lock knows is refused by name; --replace keeps it beside."""
    place = tmp_path / "data" / TOTALS
    place.parent.mkdir()
    place.write_bytes(b"mine")
    said = fetch(*SMALL)
    assert said.status == 1
    assert f"{TOTALS}: is there already" in said.err
    assert content_of(place.parent) == {TOTALS: b"mine"}
    assert fetch(*SMALL, "--replace").status == 0
    (old,) = place.parent.glob("*.old-*")
    assert old.read_bytes() == b"mine"
    assert read_lock(place.parent).find(file=TOTALS) is not None


def test_who_waits_sees_how_much_has_come(played: Catalogue, tmp_path: Path) -> None:
    """Which file, and its bytes; the share of all only grows."""
    seen: list[tuple[str, float]] = []
    asked = FlandersAsked(tmp_path / "data", 2025, played, only=("weights", "zone_population"))
    fetch_flanders(asked, tmp_path / "store", lambda what, share: seen.append((what.nl, share)))
    assert "weights: 0 / 0 MB (2 van 2)" in [what for what, _ in seen]
    assert [share for _, share in seen] == sorted(share for _, share in seen)


def test_a_lock_holds_the_same_bytes(played: Catalogue, server: Server, tmp_path: Path) -> None:
    """Of a file that is gone the same bytes come again, or none; another one must be asked for."""
    assert fetch(*SMALL).status == 0
    place = tmp_path / "data" / TOTALS
    first = place.read_bytes()
    place.unlink()
    assert fetch(*SMALL).status == 0
    assert place.read_bytes() == first
    place.unlink()
    other = statbel.write_totals([("11001", "11001A00-", 9), ("11001", "11001B00-", 8)])
    server.play(statbel.path_of(played.find("zone_population"), 2025), other)
    shutil.rmtree(tmp_path / "cache")
    lock = (tmp_path / "data" / "sources.lock").read_bytes()
    said = fetch(*SMALL)
    assert said.status == 1
    assert "sources.lock holds another file of" in said.err
    assert content_of(place.parent) == {"sources.lock": lock}
    assert fetch(*SMALL, "--replace").status == 0
    assert place.read_bytes() == other


@pytest.mark.usefixtures("played")
def test_a_lock_holds_what_came_by_hand(tmp_path: Path) -> None:
    """A file by hand that changed or went is told, and no other takes its place unasked."""
    down, data = tmp_path / "down", tmp_path / "data"
    down.mkdir()
    house = "straat;huisnummer;postcode;x;y\nKerkstraat;{};2000;151000;201000\n"
    (down / "huizen.csv").write_text(house.format(1), encoding="utf-8")
    only = ("--only", "addresses")
    assert fetch(*only, "--from", "down").status == 0
    (data / "huizen.csv").write_text(house.format(2), encoding="utf-8")
    changed = fetch(*only)
    assert changed.status == 1
    assert "huizen.csv: changed since, and sources.lock holds it as addresses" in changed.err
    (data / "huizen.csv").unlink()
    (down / "huizen.csv").rename(down / "andere.csv")
    before = content_of(data)
    for options in ((), ("--from", "down")):
        gone = fetch(*only, *options)
        assert gone.status == 1
        assert "huizen.csv: is not there, and sources.lock holds it as addresses" in gone.err
        assert content_of(data) == before
    assert fetch(*only, "--from", "down", "--replace").status == 0
    assert "kept" in fetch(*only).out
    (down / "andere.csv").rename(down / "huizen.csv")
    assert fetch(*only, "--from", "down", "--replace").status == 0


@pytest.mark.usefixtures("played")
def test_an_end_between_file_and_lock_is_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that ended after the file and before its entry is completed by the next."""
    with monkeypatch.context() as patch:
        patch.setattr(placing, "write_lock", lambda *_: sys.exit(9))
        assert fetch(*SMALL).status == 9
    assert sorted(content_of(tmp_path / "data")) == [TOTALS]
    assert fetch(*SMALL).status == 0
    assert read_lock(tmp_path / "data").find(file=TOTALS) is not None


def test_a_dry_run_brings_nothing(played: Catalogue, server: Server, tmp_path: Path) -> None:
    """It says of each file how large it is, from where and under which licence; why not, if not."""
    page = Reply(CHALLENGE, kind="text/html")
    server.play(statbel.path_of(played.find("sectors"), 2025), page)
    said = fetch("--dry-run")
    assert said.status == 0
    assert not (tmp_path / "data").exists()
    assert all(one.headers["range"].startswith("bytes=0-") for one in server.asked)
    lines = said.out.splitlines()
    sizes = {"weights": r"\d[\d.]* [kM]B", "roads_netherlands": r"\d[\d.]* [kM]B"}
    for key, size in (sizes | {"sectors": "<= 500 MB"}).items():
        one = played.find(key)
        (row,) = (number for number, line in enumerate(lines) if line.split()[:1] == [key])
        assert re.search(rf"{size} +(2025)? +{one.licence}$", lines[row]), lines[row]
        assert lines[row + 1].strip().endswith(one.locate(2025))
    assert all(len(line) <= 80 for line in lines if not line.startswith(" "))
    line, total = said.err.splitlines()
    assert line.startswith("note: sectors: how large is not known: its server answers with a web")
    assert "Just a moment" in line
    assert total.startswith("To be asked of servers: 10 files")
    server.asked.clear()
    assert fetch("--dry-run", "--offline").status == 0
    assert not server.asked


def test_a_dry_run_asks_once(played: Catalogue, server: Server) -> None:
    """A server that does not answer is not waited for: how large its file is stays unknown."""
    address = statbel.path_of(played.find("sectors"), 2025)
    server.play(address, Reply(b"", status=503))
    said = fetch("--dry-run")
    assert said.status == 0
    assert "note: sectors: how large is not known" in said.err
    assert server.count(address) == 1


@pytest.mark.usefixtures("played")
def test_offline_is_from_what_is_here(server: Server, tmp_path: Path) -> None:
    """Without the store a line for each file; with it, all that was downloaded before."""
    none = fetch("--offline", *SMALL)
    assert none.status == 1
    assert "--offline asks no server" in none.err
    assert not server.asked
    assert fetch(*SMALL).status == 0
    asked = len(server.asked)
    shutil.rmtree(tmp_path / "data")
    assert fetch("--offline", *SMALL).status == 0
    assert len(server.asked) == asked


@pytest.mark.usefixtures("played")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--only", "weather"), "'weather' is none of: municipalities"),
        (("--year", "2019"), "of 2019 no address is known; there are: 2024, 2025, 2026"),
        (("--from", "nowhere"), "nowhere: is not there; give --from as it is called"),
        (("--academies", "mis.csv"), "mis.csv: is not there; give --academies as it is called"),
        (("--area", "Berlaren"), "did you mean Berlare or Berlaar?"),
        (("--area", "Berlaren", "--dry-run"), "did you mean Berlare or Berlaar?"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    """In a line, and nothing is written."""
    said = fetch(*words)
    assert said.status == 1
    assert message in said.err
    assert not (tmp_path / "data").exists()


@pytest.mark.usefixtures("played")
def test_options_of_a_study_that_is_there_are_refused(tmp_path: Path) -> None:
    """They would change nothing."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "study.toml").write_text("# mine", "utf-8")
    for words in (("--area", "Berlare"), ("--academies", "register.csv"), ("--lang", "fr")):
        said = fetch(*words)
        assert said.status == 2
        assert f"{words[0]} changes nothing" in " ".join(said.err.split())


def test_a_moved_file_is_told(played: Catalogue, server: Server) -> None:
    """That its publisher has it no more there, and how to go on."""
    path = statbel.path_of(played.find("zone_population"), 2025)
    server.play(path, Reply(b"gone", 404))
    said = fetch(*SMALL)
    assert said.status == 1
    assert "look for it there, and give it by hand: --from FOLDER" in said.err


KILLS = 40
"""Moments; with those at which a download is killed (`sources`) they are a hundred."""


def test_killed_at_any_moment_the_next_call_completes_it(
    played: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL before each change to files: no half file, no entry without its file, all next."""
    # What others leave in the system's folder and is cleared is no event of ours.
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    keys = ("crosswalk",)
    content = {
        played.find(key).fill(played.find(key).file, 2025): mini.files()[key] for key in keys
    }
    asked = FlandersAsked(tmp_path / "data", 2025, played, only=keys)

    def bring() -> None:
        assert not fetch_flanders(asked, tmp_path / "store").problems

    def forget() -> None:
        for folder in ("data", "store"):
            shutil.rmtree(tmp_path / folder, ignore_errors=True)

    bring()
    forget()
    log = tmp_path / "log"
    whole_run = killed.ended(*killed.child(bring, log), log)
    assert whole_run.status == 0, whole_run.said
    seen = set()
    for at in killed.moments(whole_run.events, KILLS):
        forget()
        end = killed.ended(*killed.child(bring, log, at), log)
        assert end.status == -signal.SIGKILL, end.said
        there = {one.name for one in (tmp_path / "data").glob("[!.]*")} - {"sources.lock"}
        locked = {one.file for one in read_lock(tmp_path / "data").files}
        assert all((tmp_path / "data" / one).read_bytes() == content[one] for one in there)
        assert locked <= there
        seen.add((len(there), len(locked)))
        bring()
        found = content_of(tmp_path / "data")
        assert {name: text for name, text in found.items() if name != "sources.lock"} == content
        assert {one.file for one in read_lock(tmp_path / "data").files} == set(content)
    assert seen == {(0, 0), (1, 0), (1, 1)}


def test_an_error_in_mid_paging_leaves_the_old_state(
    played: Catalogue, server: Server, tmp_path: Path
) -> None:
    """Of boundaries all pages or nothing: neither a file nor an entry."""
    source = played.find("municipalities")
    path = play_features(server, source, 2025, mini.municipalities())
    good, asked = server._plays[path], []

    def answer(one: Asked) -> Reply:
        asked.append(one)
        return good(one) if len(asked) == 1 else Reply(b"broken", 500)

    server.play(path, answer)
    said = fetch("--only", "municipalities")
    assert said.status == 1
    assert len(asked) > 1
    assert "its server answers 500" in said.err
    assert not (tmp_path / "data").exists()


@pytest.mark.usefixtures("played")
def test_made_by_another_version_is_said_and_the_lock_renewed(tmp_path: Path) -> None:
    """Of the same pieces other bytes, by other versions: told; by the same version: refused."""
    words = ("--only", "roads")
    assert fetch("--only", "municipalities", *words).status == 0
    lock, place = read_lock(tmp_path / "data"), tmp_path / "data" / "belgium.osm.pbf"
    made = lock.find(source="roads")
    assert made is not None
    assert [one.address.rpartition("/")[2] for one in made.pieces] == [
        *("belgium-latest.osm.pbf", "netherlands-latest.osm.pbf"),
        "nord-pas-de-calais-latest.osm.pbf",
    ]
    for made_by, status in (("pyosmium 3.0", 0), (made.made_by, 1)):
        then = made.model_copy(update={"sha256": "0" * 64, "made_by": made_by})
        write_lock(tmp_path / "data", lock.with_entry(then))
        place.unlink(missing_ok=True)
        said = fetch(*words)
        assert said.status == status, said.err
        if not status:
            assert "opnieuw gemaakt uit dezelfde stukken" in said.err
            assert read_lock(tmp_path / "data").find(source="roads") == made
    assert not place.exists()
    assert "sources.lock holds another file" in said.err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda one: shapely.affinity.translate(one, 60, 0), "draws Antwerpen otherwise than its"),
        (
            lambda one: one.difference(mini.squares()["11002"].buffer(1)),
            "does not have all municipalities of Antwerpen in one province (as Antwerpen)",
        ),
    ],
)
def test_provinces_are_compared_with_the_municipalities(
    tmp_path: Path, change: Callable[[shapely.Geometry], shapely.Geometry], message: str
) -> None:
    """The same outline, to a few metres, and each municipality in one province."""
    towns = mini.as_layer(mini.municipalities())
    provinces = mini.as_layer(mini.provinces())
    near = provinces.assign(geometry=[shapely.affinity.translate(provinces.geometry[0], 4, 0),
                                      *provinces.geometry[1:]])  # fmt: skip
    wrong = provinces.assign(geometry=[change(provinces.geometry[0]), *provinces.geometry[1:]])
    for name, frame in (("towns", towns), ("near", near), ("wrong", wrong)):
        frame.to_file(tmp_path / f"{name}.geojson", driver="GeoJSON")
    places = (tmp_path / "towns.geojson", 2025)
    assert check_provinces(tmp_path / "near.geojson", *places) == 5
    with pytest.raises(FetchError, match=re.escape(message)):
        check_provinces(tmp_path / "wrong.geojson", *places)


def test_a_small_area_asks_overpass_for_its_roads(
    played: Catalogue, server: Server, tmp_path: Path
) -> None:
    """The study is of the area; the extracts of countries are not asked for; files stay whole."""
    extract = tmp_path / "all.osm.pbf"
    extract.write_bytes(mini.roads())
    path = play_overpass(server, played.find("overpass"), extract, tmp_path)
    only = [part for key in ("municipalities", "population", "roads") for part in ("--only", key)]
    said = fetch(*only, "--area", "Aartselaar", "--academies", "register.csv")
    assert said.status == 0, said.err
    assert server.count(path) == 1
    assert not [one for one in server.asked if "geofabrik" in one.path]
    study = load_study(tmp_path / "data")
    assert study.about.area == ("Aartselaar",)
    assert [one.path.name for one in study.inputs.network] == ["wegen.osm"]
    entry = read_lock(tmp_path / "data").find(source="overpass")
    assert entry is not None
    assert re.search(r"cut to Aartselaar and \d+ m around$", entry.made_by)
    assert "de bestanden blijven heel" in said.err
    again = fetch(*only)
    assert again.status == 0
    assert again.out.count("kept") == 3, "the area is that of the study"
    assert not (tmp_path / "data" / "belgium.osm.pbf").exists()
