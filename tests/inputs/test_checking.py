"""`stemgeo check`: what each column was taken as, and the lines that fix how a register is read."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from hand import write_study
from pandas.testing import assert_frame_equal
from terminal import stemgeo

from stemgeo.errors import InputError
from stemgeo.inputs import load_inputs
from stemgeo.readiness import check
from stemgeo.study import load_study, parse_study

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.study import Study

HEADER = [
    "Nr.",
    'Naam "academie" *',
    "Straat",
    "X-coördinaat",
    "Y-coördinaat",
    "Startdatum",
    "Tot leeftijd",
]
ROWS = [
    [1, "Noord", "Kerkstraat 1", "150.500", 210_500, "1/9/2021", "12 jaar"],
    [2, "Zuid", "Dorp 2", "151500,5", 210_500, "1/9/2022", 18],
]


def study_with(folder: Path, *rows: list[Any]) -> Study:
    """A small study whose register has a cover sheet, a title and columns of its own."""
    write_study(folder, straight_line=True)
    made = openpyxl.Workbook()
    made.active.append(["Toelichting"])
    sheet = made.create_sheet("Lijst \u201c22\u201d")
    for row in (["Overzicht"], [], HEADER, *rows):
        sheet.append(row)
    made.save(folder / "register.xlsx")
    content = tomllib.loads((folder / "study.toml").read_text("utf-8"))
    content["inputs"]["academies"] = {"path": "register.xlsx", "source": "Proef"}
    return parse_study(content, folder=folder, name="study.toml")


def test_the_lines_that_are_printed_give_the_same_reading(tmp_path: Path) -> None:
    """Pasted into the study they are TOML, and nothing is left to be recognised or printed."""
    study = study_with(tmp_path, *ROWS)
    found = check(study)
    pasted = tomllib.loads("\n".join(found.study_lines()))["inputs"]["academies"]
    assert pasted["path"] == "register.xlsx"
    assert (pasted["header_row"], pasted["crs"], pasted["source"]) == (3, "EPSG:31370", "Proef")
    assert pasted["columns"]["name"] == 'Naam "academie" *'
    content = tomllib.loads((tmp_path / "study.toml").read_text("utf-8"))
    content["inputs"]["academies"] = pasted
    again = parse_study(content, folder=tmp_path, name="study.toml")
    assert_frame_equal(load_inputs(study).academies, load_inputs(again).academies)
    told = check(again)
    assert told.study_lines() == []
    assert not any("CRS" in note.to_text("en") for note in told.notes)


def test_the_table_says_what_each_column_is(tmp_path: Path) -> None:
    """With its first values; no value of a file is in what a manifest takes."""
    found = check(study_with(tmp_path, *ROWS))
    table = found.table().query("role == 'academies'").set_index("column")
    assert list(table.columns) == ["role", "file", "used_as", "examples", "not_understood"]
    assert table.loc["Startdatum", ["used_as", "examples"]].tolist() == [
        "valid_from",
        "1/9/2021, 1/9/2022",
    ]
    assert table.loc["X-coördinaat", "used_as"] == "x"
    assert not any("Kerkstraat" in str(file.to_entry()) for file in found.files)


def test_what_is_not_understood_stands_in_the_table(tmp_path: Path) -> None:
    """Beside the errors, by column; of many values how many."""
    rows = [[n, f"a{n}", "", 150_500, 210_500, f"eens {n}", "veel"] for n in range(5)]
    with pytest.raises(InputError) as refused:
        check(study_with(tmp_path, *rows))
    (file,) = (one for one in refused.value.files if one.role == "academies")
    seen = {one.label: one for one in file.seen}
    assert seen["Startdatum"].misread == tuple(f"eens {n}" for n in range(5))
    (tmp_path / "study.toml").write_text(
        (tmp_path / "study.toml").read_text("utf-8").replace("academies.csv", "register.xlsx"),
        "utf-8",
    )
    assert load_study(tmp_path).inputs.academies.written_path == "register.xlsx"
    said = stemgeo("check", tmp_path)
    assert said.status != 0
    assert "niet begrepen" in said.out
    assert "eens 0, eens 1, eens 2 (+2)" in said.out
    assert "[inputs.academies]" in said.out
    assert "row 4: 'Startdatum' is 'eens 0', not a day as 2022-12-31" in said.err
