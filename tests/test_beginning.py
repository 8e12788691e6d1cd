"""The smallest study of one's own files is written, works at once, and is never written over."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import hand
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
