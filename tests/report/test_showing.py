"""What is computed shows itself: on a screen, in a notebook, and on geopandas' own map."""

from __future__ import annotations

import json
import re
import shutil
from html import unescape
from typing import TYPE_CHECKING

import hand
import pytest

import stemgeo as sg

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from stemgeo.study import Study
    from stemgeo.years import Trend

pytestmark = pytest.mark.usefixtures("read_once")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The small study in a straight line, with a title that would be HTML."""
    folder = hand.write_study(tmp_path_factory.mktemp("showing") / "study", straight_line=True)
    path = folder / "study.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("Kleine |", "<b>A & B"), "utf-8")
    return sg.load_study(folder)


@pytest.fixture(scope="module")
def result(study: Study) -> sg.Result:
    return sg.run(study)


@pytest.fixture(scope="module")
def folder(result: sg.Result, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where it was written; not to be changed."""
    return result.write(tmp_path_factory.mktemp("showing") / "result")


@pytest.fixture(scope="module")
def plan(study: Study) -> sg.Plan:
    return sg.site(study.with_siting(places=2))


@pytest.fixture(scope="module")
def trend(study: Study) -> Trend:
    return sg.trend(study, [2021, 2022])


@pytest.mark.parametrize("which", ["result", "plan", "trend"])
def test_what_was_computed_fits_on_a_screen(which: str, request: pytest.FixtureRequest) -> None:
    """Title, notice, the main table and how many notes: no frames, paths or arrays."""
    found = request.getfixturevalue(which)
    said = repr(found)
    lines = said.splitlines()
    assert lines[0] == "<b>A & B proef"
    assert "Proef, niet voor publicatie" in lines
    assert lines[-1] == f"{len(found.notes)} opmerkingen: .notes"
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 100
    assert "GeoDataFrame" not in said


def test_a_result_shows_its_province_table(result: sg.Result, folder: Path) -> None:
    """The same computed and from its folder; columns that do not fit are named."""
    shown, said = result.shown(), repr(result)
    for name in ("Antwerpen", "Limburg", "Studiegebied"):
        row = shown[shown["Provincie"] == name].iloc[0]
        line = next(one for one in said.splitlines() if one.strip().startswith(name))
        assert line.split()[1] == row.iloc[1]
    left_out = next(line for line in said.splitlines() if line.startswith("+ "))
    assert set(left_out.removeprefix("+ ").split(", ")) < set(shown)
    assert repr(sg.read_result(folder)) == said
    assert repr(sg.read_result(folder, "en")).count("notes: .notes") == 1


def test_a_notebook_shows_the_province_table(result: sg.Result) -> None:
    """All its columns; what stands in names is text."""
    html = result._repr_html_()
    assert html.startswith("<p><b>&lt;b&gt;A &amp; B proef</b>")
    assert [f">{head}</th>" in html for head in result.shown()] == [True] * 9
    assert html.count("<li>") == len(result.notes)
    assert "<summary>" in html
    assert "<script" not in html


def test_what_was_read_shows_itself_in_a_notebook(study: Study) -> None:
    """What lies ahead, what each column was taken as, and the notes to open."""
    found = sg.check(study)
    html = found._repr_html_()
    assert [one.to_text("nl") in html for one in found.ahead] == [True] * len(found.ahead)
    assert ">gelezen als</th>" in html
    assert html.count("<li>") == len(found.ahead) + len(found.notes)


def test_tables_in_words_are_asked_for_by_name(result: sg.Result, plan: sg.Plan) -> None:
    """Of a result places, gaps and candidates, of a plan its places, provinces and comparison."""
    assert len(result.shown("municipality")) == len(result.municipalities)
    assert len(result.shown("gaps")) == (result.gaps["profile"] == "all").sum()
    assert len(result.shown("candidates")) == len(result.candidates)
    assert list(plan.shown("comparison").iloc[:2, 0]) == ["nu", "dit plan"]
    assert len(plan.shown("provinces")) == plan.provinces["province"].nunique()
    for one in (result, plan):
        with pytest.raises(sg.ResultError, match="no table 'hiaten' in words; there are: "):
            one.shown("hiaten")


def test_years_are_drawn_with_what_they_show(trend: Trend) -> None:
    """Chart and maps of a trend say in words what they show."""
    for figure in (trend.chart(), trend.map()):
        assert "2021" in figure.alt  # type: ignore[attr-defined]


def test_the_click_map_shows_itself_in_a_frame(result: sg.Result) -> None:
    """A notebook shows the page as it is, in a frame that reaches nothing of what is around it."""
    page = result.web_map()
    found = re.fullmatch(r"<iframe ([^<>]*) srcdoc=\"([^\"<>]*)\"></iframe>", page._repr_html_())  # type: ignore[attr-defined]
    assert found
    assert 'sandbox="allow-scripts allow-popups"' in found[1]
    assert unescape(found[2]) == page


def test_a_folder_that_is_not_whole_says_so(folder: Path, tmp_path: Path) -> None:
    """Nothing that shows a result fails on it."""
    broken = shutil.copytree(folder, tmp_path / "r")
    (broken / "tables" / "coverage.csv").unlink()
    found = sg.read_result(broken)
    assert repr(found).startswith("Result: ")
    assert "coverage.csv" in repr(found)
    assert found._repr_html_() == f"<p>{repr(found).replace(chr(39), '&#x27;')}</p>"


def on_a_map(table: gpd.GeoDataFrame, column: str | None) -> str:
    """Draw a table with geopandas and folium, classified by nothing."""
    pytest.importorskip("folium", reason="geopandas draws with folium")
    pytest.importorskip("mapclassify", reason="geopandas asks for it")
    drawn = table.explore(column) if column else table.explore()
    return str(drawn.get_root().render())


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("municipalities", "share"),
        ("academies", None),
        ("gaps", "uncovered"),
        ("candidate_places", "adds"),
        ("demand", None),
        ("zones", "share"),
    ],
)
def test_tables_with_places_can_be_explored(
    result: sg.Result, name: str, column: str | None
) -> None:
    """`.explore()` of geopandas takes each as it is: every column, and places in a CRS."""
    table = getattr(result, name)
    assert len(table) > 0
    assert table.crs == "EPSG:31370"
    page = on_a_map(table, column)
    for one in table.columns.drop("geometry"):
        assert json.dumps(one) in page


def test_what_steps_give_can_be_explored(plan: sg.Plan, result: sg.Result) -> None:
    """Chosen places too, and those of a plan."""
    assert on_a_map(plan.places, "newly")
    assert result.candidate_places["place_id"].ne("").all()
