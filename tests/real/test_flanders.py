"""All of Flanders in a straight line: real boundaries, real children, real makerspaces."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import statbel
from bench.facilities import PAGE, list_page, write_study
from test_other_facilities import OF_STEM, read_text

import stemgeo as sg

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.study_run import Result

pytestmark = pytest.mark.usefixtures("statbel_once")

CHILDREN = {**statbel.CHILDREN_2015, "Vlaanderen": statbel.CHILDREN[2015]}

WITH_A_MAKERSPACE = {
    "Antwerpen": 1,
    "Limburg": 2,
    "Oost-Vlaanderen": 10,
    "Vlaams-Brabant": 1,
    "West-Vlaanderen": 6,
    "Vlaanderen": 20,
}
VOGELVLUCHT = "benadering in vogelvlucht"


@pytest.fixture(scope="module")
def result(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    """Makerspaces for the children of all of Flanders, weighted by the population raster."""
    folder = write_study("libraries", tmp_path_factory.mktemp("flanders"), shared_data)
    with (folder / "study.toml").open("a", encoding="utf-8") as file:
        file.write('[output]\nformats = ["svg"]\n')
    return sg.run(sg.load_study(folder))


@pytest.fixture(scope="module")
def written(result: Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The result, written."""
    return result.write(tmp_path_factory.mktemp("written") / "result")


def test_the_children_are_statbels_to_the_child(result: Result) -> None:
    """Codes of 2015 pass through the mergers to 2025: per province exactly, none lost."""
    table = result.summary().set_index("name")
    assert table["children"].to_dict() == CHILDREN
    assert len(result.municipalities) == 285
    parts = table["covered"] + table["uncovered"] + table["unmeasured"]
    assert parts.to_dict() == CHILDREN
    assert table.loc["Vlaanderen", "unmeasured"] == 0


def test_the_municipalities_with_a_makerspace_are_counted(result: Result) -> None:
    """By location, whatever the register says of itself."""
    assert result.summary().set_index("name")["with_academy"].to_dict() == WITH_A_MAKERSPACE


def test_the_makerspace_with_anothers_coordinates_is_named(result: Result) -> None:
    """Moerbeke stands exactly where another library stands: a note for the reader."""
    notes = [str(note) for note in result.notes if "the same coordinates" in str(note)]
    assert len(notes) == 1
    assert "Moerbeke" in notes[0]


def test_the_covered_children_are_those_of_plain_numpy(result: Result) -> None:
    """Every distance, straight from x and y: per province, band and scenario to the child."""
    points = result.demand
    x, y = points.geometry.x.to_numpy(), points.geometry.y.to_numpy()
    sites = result.inputs.academies.geometry
    nearest = np.full(len(points), np.inf)
    for site_x, site_y in zip(sites.x, sites.y, strict=True):
        nearest = np.minimum(nearest, np.sqrt((x - site_x) ** 2 + (y - site_y) ** 2))
    province = points["nis_code"].map(
        result.inputs.municipalities.set_index("nis_code")["province"]
    )
    speeds = {"5-8": (8, 10, 12), "9-11": (9.6, 12, 14.4), "12-17": (12, 15, 18)}
    coverage = result.coverage[result.coverage["profile"] == "all"]
    coverage = coverage.set_index(["level", "code", "band", "scenario"])["covered"]
    for band, kmh in speeds.items():
        for scenario, speed in zip(("low", "central", "high"), kmh, strict=True):
            seconds = np.round(nearest * 1.3 / (speed / 3.6), 3)
            late = np.abs(seconds - 900) < 0.002
            assert not late.any()
            children = points[f"children_{band}"].where(seconds <= 900, 0)
            for name, covered in children.groupby(province).sum().items():
                assert coverage["province", name, band, scenario] == covered
            assert coverage["region", "VLG", band, scenario] == children.sum()


def test_a_merged_municipality_has_the_children_of_its_parts(
    result: Result, shared_data: Path
) -> None:
    """Statbel's rows summed by hand per old code."""
    raw = pd.read_csv(
        shared_data / "population" / "TF_SOC_POP_STRUCT_2015.zip",
        sep="|",
        encoding="utf-8-sig",
        usecols=["CD_REFNIS", "CD_AGE", "MS_POPULATION"],
    )
    raw = raw[raw["CD_AGE"].between(5, 17)]
    of_2015 = raw.groupby("CD_REFNIS")["MS_POPULATION"].sum()
    now = result.municipalities.set_index("nis_code")["children"]
    # Beveren-Kruibeke-Zwijndrecht crossed a border of provinces in 2025.
    assert now["46030"] == of_2015[[46003, 46013, 11056]].sum()
    assert now["11002"] == of_2015[[11002, 11007]].sum()
    assert now["44021"] == of_2015[44021]


def test_no_word_of_stem_is_left_but_in_names(result: Result, written: Path) -> None:
    """The libraries of docs/other-facilities.md: the page says what they give."""
    names = re.compile("|".join(map(re.escape, sorted(result.academies["name"]))))
    tables = re.compile(r"academies\.\w+|academy_id")
    read = {path.name: read_text(path) for path in written.rglob("*") if path.is_file()}
    left = {name: OF_STEM.findall(names.sub("", tables.sub("", one))) for name, one in read.items()}
    assert {name: found for name, found in left.items() if found} == {}
    assert "\n".join(list_page("libraries", result)) in PAGE.read_text("utf-8")


def test_every_output_says_that_it_is_an_approximation(written: Path) -> None:
    """All that is read by people bears the words."""
    shown = [
        path for path in written.rglob("*") if path.suffix in {".svg", ".html", ".md", ".json"}
    ]
    assert len(shown) == 6 + 1 + 1 + 2
    for path in shown:
        text = html.unescape(path.read_text("utf-8"))
        said = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))
        assert VOGELVLUCHT in said.lower(), path.name
