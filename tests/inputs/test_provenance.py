"""Facts about sources: files that are recognised fill them in, others are asked for."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import hand
import pytest

import stemgeo as sg
from stemgeo.errors import Findings
from stemgeo.inputs import load_inputs
from stemgeo.inputs.files import open_input
from stemgeo.inputs.provenance import Provenance, fill_origin, name_source
from stemgeo.report.content import Source, gather_figures
from stemgeo.report.imprint import build_map_text
from stemgeo.report.letter import write_letter
from stemgeo.sources.lock import Lock, LockedFile, Piece, write_lock
from stemgeo.study import PROVINCES, Input
from stemgeo.writing.seal import hash_file

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("read_once")


def told(name: str, columns: str, source: str = "", licence: str = "") -> tuple[str, str, object]:
    """Give what is known of a file with these columns."""
    given = Provenance("population", name, 1, "", source, licence, None)
    found = fill_origin(given, columns.split(), of_roads=False)
    return found.source, found.licence, found.date


STATBEL_ROWS = "CD_REFNIS TX_DESCR_NL CD_SEX CD_AGE MS_POPULATION"
DAY = dt.date(2024, 1, 1)


@pytest.mark.parametrize(
    ("name", "columns", "source", "licence", "day"),
    [
        ("b.txt", STATBEL_ROWS, "Statbel", "CC BY 4.0", None),
        ("TF_SOC_POP_STRUCT_2024.zip", STATBEL_ROWS, "Statbel", "CC BY 4.0", DAY),
        ("b.txt", "CD_MUNTY_REFNIS CD_AGE MS_POPULATION", "Statbel", "CC BY 4.0", None),
        ("OPENDATA_SECTOREN_2024.zip", "CD_REFNIS CD_SECTOR TOTAL", "Statbel", "CC BY 4.0", DAY),
        (
            "sh_statbel_statistical_sectors_31370_20240101.geojson.zip",
            "cd_sector tx_sector_descr_nl cd_munty_refnis ms_area_ha",
            "Statbel",
            "CC BY 4.0",
            DAY,
        ),
        ("r.gpkg", "ms_pop ms_len ms_km2 x_3035", "Statbel", "CC BY 4.0", None),
        (
            "Refgem.shp",
            "UIDN OIDN TERRID NISCODE NAAM",
            "Digitaal Vlaanderen",
            "Modellicentie Gratis Hergebruik",
            None,
        ),
        ("TF_SOC_POP_STRUCT_2024.csv", "nis_code age sex children", "", "", None),
    ],
)
def test_official_files_are_known_by_their_columns(
    name: str, columns: str, source: str, licence: str, day: dt.date | None
) -> None:
    """Whatever their name; their name alone is no proof."""
    assert told(name, columns) == (source, licence, day)


def test_what_a_study_says_of_a_file_stands() -> None:
    """A licence is filled in beside Statbel's own name, not beside another's."""
    assert told("b.txt", STATBEL_ROWS, "Eigen telling")[:2] == ("Eigen telling", "")
    assert told("b.txt", STATBEL_ROWS, "Statbel, 2022")[:2] == ("Statbel, 2022", "CC BY 4.0")
    assert told("b.txt", STATBEL_ROWS, "", "eigen")[:2] == ("Statbel", "eigen")


def test_roads_in_a_form_of_openstreetmap_are_its(tmp_path: Path) -> None:
    """With their licence."""
    folder = hand.write_study(tmp_path)
    with open_input(Input(path=folder / "wegen.osm"), "network", Findings()) as file:
        assert file is not None
        assert file.provenance.source == "© OpenStreetMap contributors"
        assert file.provenance.licence == "ODbL"


def bare_study(folder: Path, year: int) -> Path:
    """Write the small study without any source or date, its population of a year."""
    study = hand.write_study(folder, straight_line=True)
    text = (study / "study.toml").read_text("utf-8")
    for one in ("Proefgrenzen", "Proefbevolking", "Proefregister"):
        text = text.replace(f'source = "{one}"', 'source = ""')
    text = text.replace(', licence = "CC0"', "").replace(", date = 2022-01-01", "")
    (study / "study.toml").write_text(text, encoding="utf-8")
    rows = (study / "bevolking.txt").read_text("utf-8")
    (study / "bevolking.txt").write_text(rows.replace("|2022\n", f"|{year}\n"), "utf-8")
    return study


def test_a_source_that_is_missing_is_asked_for_and_no_file_name_stands_for_it(
    tmp_path: Path,
) -> None:
    """In one line with what to write; Statbel's file has filled in its own."""
    study = sg.load_study(bare_study(tmp_path / "study", 2022))
    inputs = load_inputs(study)
    (asked,) = [one for one in inputs.warnings if "no source" in str(one)]
    assert str(asked) == (
        "sources: no source is given for gemeenten.gpkg, academies.csv, and every output says so; "
        'write under [inputs], with the path that is there: municipalities = { path = "...", '
        'source = "...", licence = "..." }'
    )
    assert asked.to_text("nl").startswith(
        "bronnen: voor gemeenten.gpkg, academies.csv is geen bron"
    )
    nobody = "Bron niet opgegeven: Gemeentegrenzen, STEM-academies"
    assert build_map_text(study, inputs).source == f"Statbel (CC BY 4.0); {nobody}"
    english = build_map_text(study.with_language("en"), inputs).source
    assert english.endswith("Source not given: Municipal borders, STEM academies")


@pytest.mark.parametrize("year", [2015, 2022])
def test_an_answer_is_cautious_about_an_older_population_by_its_own_date(
    tmp_path: Path, year: int
) -> None:
    """The study names no day; the file's rows are of a year."""
    result = sg.run(sg.load_study(bare_study(tmp_path / "study", year))).write(tmp_path / "result")
    source = Source.from_folder(result, "nl")
    one = {"number": "1", "title": "t", "file": "f"}
    keys = ["municipalities", "region", "gaps", "last_map", "sureness", *PROVINCES]
    annexes = {"all": [], "pictures": []} | dict.fromkeys(keys, one)
    told = gather_figures(source)
    said = repr(write_letter(told | {"annexes": annexes}, "nl", None).blocks)
    assert ("Wat er sinds 1 januari 2015 veranderde" in said) == (year == 2015)
    assert "dat is niet opgegeven" not in said
    unknown = told["method"] | {"population_date": None, "population_of_other_year": False}
    said = repr(write_letter(told | {"annexes": annexes, "method": unknown}, "nl", None).blocks)
    assert "Van welke dag de aantallen kinderen zijn: dat is niet opgegeven." in said


def lock_population(folder: Path) -> LockedFile:
    """Enter the population of a study into the lock beside it."""
    path = folder / "bevolking.txt"
    piece = Piece(
        address="https://example.org/b.txt",
        fetched=dt.datetime(2026, 11, 30, 3, 0, tzinfo=dt.UTC),
        size_bytes=path.stat().st_size,
        sha256=hash_file(path),
    )
    entry = LockedFile(
        file=path.name,
        source="population",
        publisher="Bureau\x1b[31m",
        licence="CC0",
        attribution="Bureau, bevolking, 1 januari 2022",
        date=dt.date(2022, 1, 1),
        size_bytes=piece.size_bytes,
        sha256=piece.sha256,
        pieces=(piece,),
    )
    write_lock(folder, Lock(files=(entry,)))
    return entry


def open_population(folder: Path, **said: str) -> tuple[Provenance | None, Findings]:
    """Open the population of a study, of which the study says something."""
    findings = Findings()
    given = Input(path=folder / "bevolking.txt", **said)
    with open_input(given, "population", findings) as file:
        return (None if file is None else file.provenance), findings


def test_the_lock_beside_a_file_says_where_it_came_from(tmp_path: Path) -> None:
    """Source, licence, day, address and hour, clean; what the study says stands above it."""
    folder = hand.write_study(tmp_path)
    entry = lock_population(folder)
    found, findings = open_population(folder)
    assert found is not None
    assert (found.source, found.licence, found.date) == ("Bureau[31m", "CC0", entry.date)
    assert (found.address, found.fetched) == (entry.pieces[0].address, entry.pieces[0].fetched)
    assert not findings.errors
    assert not findings.warnings
    told = json.loads(json.dumps(found.to_entry(), default=str))
    assert told["attribution"] == entry.attribution
    assert told["fetched"] == "2026-11-30T03:00:00+00:00"
    assert told["pieces"][0]["sha256"] == entry.sha256
    own, _ = open_population(folder, source="Mine")
    assert own is not None
    assert (own.source, own.licence, own.attribution) == ("Mine", "", "")
    assert own.address == found.address


def test_a_file_that_changed_since_is_told(tmp_path: Path) -> None:
    """It is of its source no more; a lock that is not ours is an error of the file."""
    folder = hand.write_study(tmp_path)
    lock_population(folder)
    with (folder / "bevolking.txt").open("a") as file:
        file.write("\n")
    found, findings = open_population(folder)
    assert found is not None
    assert not found.address
    (warning,) = findings.warnings
    assert "changed since it was fetched on 2026-11-30 from Bureau" in str(warning)
    (folder / "sources.lock").write_text("{}x")
    _, findings = open_population(folder)
    (error,) = findings.errors
    assert "is not as stemgeo writes it" in str(error)


def test_a_licence_that_is_not_stated_is_said_in_each_language() -> None:
    """Names of licences stay as they are, and none stands twice."""
    unknown = "not stated: ask publiq"
    assert name_source("publiq", unknown, "nl") == (
        "publiq (licentie niet vermeld: na te vragen bij publiq)"
    )
    assert name_source("publiq", unknown, "en") == "publiq (licence not stated: ask publiq)"
    assert name_source("Statbel", "CC BY 4.0", "nl") == "Statbel (CC BY 4.0)"
    assert name_source("Statbel (CC BY 4.0)", "CC BY 4.0", "nl") == "Statbel (CC BY 4.0)"
