"""Facts about recognitions: nothing is called recognised of which no date says so."""

from __future__ import annotations

import datetime as dt
import json
import re
import sqlite3
import zipfile
from contextlib import closing
from typing import TYPE_CHECKING

import hand
import pandas as pd
import pytest
from docx import Document

import stemgeo as sg
from stemgeo.errors import StudyError
from stemgeo.recognition import Standing, choose_recognised, note_lengths
from stemgeo.report.content import Source, gather_figures
from stemgeo.report.letter import write_letter
from stemgeo.study import PROVINCES, AcademyRules

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.study import Language

pytestmark = pytest.mark.usefixtures("read_once")


def register(*valid: tuple[str | None, str | None]) -> pd.DataFrame:
    """Make a register of academies with these first and last days."""
    names = [f"A{number}" for number in range(len(valid))]
    places = {name: hand.spot(0, 0) for name in names}
    return hand.academies(places, valid=dict(zip(names, valid, strict=True)))


DATED, UNDATED = ("2022-01-01", None), (None, None)


@pytest.mark.parametrize(
    ("valid", "dutch", "english"),
    [
        ([DATED] * 2, "erkend op DAG", "recognised on DAG"),
        ([UNDATED] * 2, "in het register, zonder datums", "in the register, without dates"),
        (
            [(None, "2023-01-01"), UNDATED, UNDATED],
            "erkend op DAG (van 2 van de 3 academies is geen datum bekend)",
            "recognised on DAG (of 2 of 3 academies no date is known)",
        ),
        ([], "erkend op DAG", "recognised on DAG"),
    ],
)
def test_academies_are_called_recognised_by_their_dates_alone(
    valid: list[tuple[str | None, str | None]], dutch: str, english: str
) -> None:
    """Without any the register says it; with some, of how many there is none."""
    table = register(*valid)
    assert Standing.from_academies(table, "nl").say_on("DAG") == dutch
    assert Standing.from_academies(table, "en").say_on("DAG") == english


def test_planned_places_have_no_date_to_know() -> None:
    """A plan beside a dated register takes nothing from it."""
    table = pd.concat([register(DATED), register(UNDATED).assign(planned=True)])
    said = Standing.from_academies(table, "nl").say_one("DAG", or_planned=True)
    assert said == "die op DAG erkend of gepland is"


LATER = AcademyRules(recognition="renewed", recognition_from=dt.date(2024, 1, 1))
FIRST = AcademyRules(recognition="first", recognition_from=dt.date(2024, 1, 1))


@pytest.mark.parametrize(
    ("rules", "start", "last"),
    [
        (AcademyRules(), "2024-01-01", "2025-12-31"),
        (AcademyRules(recognition_years=5), "2024-01-01", "2028-12-31"),
        (FIRST, "2024-01-01", "2024-12-31"),
        (FIRST, "2023-12-31", "2025-12-30"),
        (LATER, "2024-02-29", "2027-02-28"),
        (LATER, "2023-06-01", "2025-05-31"),
    ],
)
def test_a_recognition_lasts_as_its_first_day_says(
    rules: AcademyRules, start: str, last: str
) -> None:
    """Two years by the criteria of 2021; from the study's day on one year, or three if renewed."""
    table, end = register((start, None)), dt.date.fromisoformat(last)
    assert len(choose_recognised(table, end, rules)[0]) == 1
    assert len(choose_recognised(table, end + dt.timedelta(days=1), rules)[0]) == 0


def test_the_rule_that_was_applied_is_said_with_its_academies() -> None:
    """Of those of which only the first day is known, rule by rule, in both languages."""
    table = register(
        ("2021-01-01", None), ("2024-05-01", None), DATED, ("2022-01-01", "2023-01-01")
    )
    (note,) = note_lengths(table, FIRST)
    assert str(note) == (
        "academies: of 3 of 4 academies only the first day is known; a recognition then lasts "
        "2 years (criteria of 2021) for 2, 1 year (first recognition, provisional) for 1"
    )
    assert "2 jaar (criteria van 2021) voor 2, 1 jaar (eerste erkenning, vo" in note.to_text("nl")
    assert note_lengths(register(UNDATED, ("2022-01-01", "2023-01-01")), AcademyRules()) == []


@pytest.mark.parametrize(
    ("rules", "key"), [(FIRST, "recognition"), (AcademyRules(recognition_years=2), "years")]
)
def test_a_length_that_changes_nothing_is_refused(rules: AcademyRules, key: str) -> None:
    """No academy begins after that day, or none lacks its last day."""
    table = register(("2021-01-01", None) if key == "recognition" else (None, "2023-01-01"))
    with pytest.raises(StudyError, match=f"{key}' changes nothing: the register gives none a"):
        note_lengths(table, rules)


@pytest.mark.parametrize(
    "choice",
    [
        {"recognition": "first"},
        {"recognition_from": "2024-01-01"},
        {"recognition": "first", "recognition_from": "2024-01-01", "recognition_years": 2},
        {"recognition": "second", "recognition_from": "2024-01-01"},
    ],
)
def test_a_length_is_chosen_whole_and_once(choice: dict[str, object]) -> None:
    """The rule with its day; a length of one's own in their place."""
    with pytest.raises(StudyError, match="recognition"):
        hand.study(academies=choice)


def write_register(study: Path, undated: range) -> Path:
    """Take the dates of these rows of the small register away."""
    header, *rows = hand.SMALL_ACADEMIES.splitlines()
    lines = [
        ";".join(row.split(";")[:-2]) + ";;" if number in undated else row
        for number, row in enumerate(rows)
    ]
    (study / "academies.csv").write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return study


def texts(folder: Path) -> dict[str, str]:
    """Give the text in every file of a folder, that of documents and workbooks too."""
    found = {}
    for path in folder.rglob("*.*"):
        if path.suffix in (".docx", ".xlsx"):
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    found[f"{path.name}/{name}"] = archive.read(name).decode("utf-8", "replace")
        elif path.suffix not in (".png", ".pdf", ".parquet"):
            found[path.name] = path.read_bytes().decode("utf-8", "replace")
    return found


def letter(result: Path, language: Language) -> str:
    """Give the text of an answer, whose annexes are made up."""
    source = Source.from_folder(result, language)
    one = {"number": "1", "title": "t", "file": "f"}
    keys = ["municipalities", "region", "gaps", "last_map", "sureness", *PROVINCES]
    keys += [one["name"] for one in gather_figures(source)["provinces"]]
    annexes = {"all": [], "pictures": []} | dict.fromkeys(keys, one)
    return repr(write_letter(gather_figures(source) | {"annexes": annexes}, language, None).blocks)


def test_without_dates_no_output_says_recognised(tmp_path: Path) -> None:
    """Not one file of a run and its answer, in either language; each says what is known."""
    folder = hand.write_study(tmp_path / "study", straight_line=True, qgis=True)
    study = write_register(folder, range(3))
    result = sg.run(sg.load_study(study)).write(tmp_path / "result")
    answer = sg.answer(result, tmp_path / "answer")
    said = texts(result) | texts(answer)
    # These two define columns and reasons as the data dictionary does, for every study.
    package = json.loads(said.pop("datapackage.json"))
    said.pop("result.gpkg")
    with closing(sqlite3.connect(result / "result.gpkg")) as layers:
        told = layers.execute("SELECT metadata FROM gpkg_metadata").fetchall()
        aliases = layers.execute("SELECT title FROM gpkg_data_columns").fetchall()
    said |= {"description": package["description"], "layers": repr(told), "names": repr(aliases)}
    for name, text in said.items():
        assert not re.search("erkend|recognised", text, re.IGNORECASE), name
    english = letter(result, "en")
    assert "recogni" not in english
    assert "at least one STEM academy by the register, which gives no dates" in english
    said = "\n".join(one.text for one in Document(str(answer / "antwoord.docx")).paragraphs)
    assert "erken" not in said
    assert "minstens één STEM-academie volgens het register, dat geen datums geeft" in said
    for name in ("summary.md", "map.html", "tables/LEESMIJ.txt", "maps/limburg.svg"):
        assert "in het register, zonder datums" in (result / name).read_text("utf-8"), name


def test_with_some_dates_every_output_says_how_many_lack(tmp_path: Path) -> None:
    """One of two that count has none, in summary, maps, tables, web map and answer."""
    study = write_register(hand.write_study(tmp_path / "study", straight_line=True), range(1))
    result = sg.run(sg.load_study(study)).write(tmp_path / "result")
    unknown = "erkend op 31 december 2022 (van 1 van de 2 academies is geen datum bekend)"
    for name in ("summary.md", "map.html", "tables/LEESMIJ.txt", "maps/limburg.svg"):
        assert unknown in (result / name).read_text("utf-8"), name
    summary = (result / "summary.md").read_text("utf-8")
    assert "erkend is (van 1 van de 2 academies is geen datum bekend)" in summary
    assert "For 1 of the 2 academies no date is known" in letter(result, "en")
