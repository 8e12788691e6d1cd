"""The smallest study of one's own files is written, works at once, and is never written over."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import hand
import openpyxl
import pytest
from terminal import stemgeo

import stemgeo as sg
from stemgeo.beginning import begin_study

if TYPE_CHECKING:
    from pathlib import Path


def files_in(folder: Path) -> dict[str, Path]:
    """Write the small study's files, without its study.toml."""
    hand.write_study(folder)
    (folder / "study.toml").unlink()
    rows = ["academy_id,name,x,y,valid_from", "S1,Oost,151000,201000,2022-03-01"]
    (folder / "academies.csv").write_text("\n".join(rows), encoding="utf-8")
    names = ("gemeenten.gpkg", "bevolking.txt", "academies.csv")
    roles = ("municipalities", "population", "academies")
    return {role: folder / name for role, name in zip(roles, names, strict=True)}


def test_the_smallest_study_works_when_run_next(tmp_path: Path) -> None:
    """Six lines beside their heads, with a day that is proposed; check and load take it."""
    files = files_in(tmp_path / "data")
    options = [part for role, path in files.items() for part in (f"--{role}", path)]
    said = stemgeo("new", tmp_path / "mijn", *options)
    assert said.status == 0
    text = (tmp_path / "mijn" / "study.toml").read_text(encoding="utf-8")
    assert said.out == text
    content = tomllib.loads(text)
    assert str(content["study"]["date"]) == "2022-12-31"
    assert content["inputs"]["municipalities"] == "../data/gemeenten.gpkg"
    assert content["inputs"]["network"] == "straight-line"
    assert list(content) == ["study", "inputs"]
    assert [*content["study"], *sorted(content["inputs"])] == [
        *("title", "date", "academies", "municipalities", "network", "population")
    ]
    assert stemgeo("check", tmp_path / "mijn").status == 0


def test_a_study_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    """Nothing is written over, whatever stands in it."""
    files = files_in(tmp_path / "data")
    place = tmp_path / "mijn" / "study.toml"
    place.parent.mkdir()
    place.write_text("# van mij\n", encoding="utf-8")
    with pytest.raises(sg.StudyError, match=r"is there already, and stays as it is; edit it"):
        begin_study(place.parent, files)
    assert place.read_text(encoding="utf-8") == "# van mij\n"


def test_roads_area_and_language_are_taken_along(tmp_path: Path) -> None:
    """An area is checked at once; what is unknown is told, and nothing is written."""
    files = files_in(tmp_path / "data")
    how = {"roads": [tmp_path / "data" / "wegen.osm"], "title": "Proef", "language": "fr"}
    begun = begin_study(tmp_path / "a", files, area=["Aartselaar"], **how)
    assert begun.study.about.area == ("Aartselaar",)
    assert begun.study.output.language == "fr"
    assert not begun.study.straight_line
    with pytest.raises(sg.InputError, match="did you mean Aartselaar"):
        begin_study(tmp_path / "b", files, area=["Aartselar"], **how)
    assert not (tmp_path / "b").exists()


def test_a_register_that_asks_is_asked_in_the_study(tmp_path: Path) -> None:
    """Two sheets hold academies: the study is written with the line to fill in, and status 1."""
    files = files_in(tmp_path / "data")
    book = openpyxl.Workbook()
    for sheet in (book.active, book.create_sheet("oud")):
        sheet.append(["academy_id", "name", "x", "y"])
        sheet.append(["S1", "Oost", 151000, 201000])
    book.active.title = "nieuw"
    files["academies"] = tmp_path / "data" / "register.xlsx"
    book.save(files["academies"])
    options = [part for role, path in files.items() for part in (f"--{role}", path)]
    place = tmp_path / "mijn" / "study.toml"
    said = stemgeo("new", place.parent, *options)
    text = place.read_text("utf-8")
    assert (said.status, said.out) == (1, text)
    assert "in 2 sheets" in said.err
    assert f"geschreven in {place}" in said.err
    assert '# sheet = "nieuw"' in text.splitlines()
    place.write_text(text.replace('# sheet = "nieuw"', 'sheet = "nieuw"'), "utf-8")
    assert stemgeo("check", place.parent).status == 0
    assert stemgeo("new", place.parent, *options).status == 1
    assert '\nsheet = "nieuw"' in place.read_text("utf-8")
    chosen = stemgeo("new", tmp_path / "b", *options, "--sheet", "oud")
    assert chosen.status == 0
    assert tomllib.loads(chosen.out)["inputs"]["academies"]["sheet"] == "oud"


def test_a_bad_row_of_the_register_is_told_in_the_study(tmp_path: Path) -> None:
    """It is to be mended in the register: the study that check will read is there."""
    files = files_in(tmp_path / "data")
    files["academies"].write_text("academy_id,name,x,y,valid_from\nS1,A,151000,201000,soon\n")
    begun = begin_study(tmp_path / "a", files)
    assert begun.asks
    assert f"# - {begun.asks[0]}" in begun.path.read_text("utf-8")
