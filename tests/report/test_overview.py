"""Facts about what an answer takes in: years, targets, and files of one's own."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import docx
import hand
import pandas as pd
import pytest
from books import lines_of, rows_of
from terminal import content_of, stemgeo

import stemgeo as sg
from stemgeo.errors import MissingFileError, ResultError, StudyError
from stemgeo.report.answers import build_answer
from stemgeo.report.content import Source, gather_figures
from stemgeo.report.own_annexes import copy_own_annexes
from stemgeo.study import OwnAnnex, parse_study

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("read_once")

MORE = """
[targets]
share = { 2022 = 0.05, 2025 = 0.999 }
municipalities = { 2021 = 3, 2018 = 1 }
academies = { 2022 = 2 }
[[annex]]
title = "Decreet & besluit"
file = "Decreet (déf) 2021.PDF"
[[annex]]
title = "Foto's"
file = "foto"
"""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small study with targets and two files of its own, its result, and its years."""
    base = tmp_path_factory.mktemp("overview")
    folder = hand.write_study(base / "study", straight_line=True)
    with (folder / "study.toml").open("a", encoding="utf-8") as file:
        file.write(MORE)
    (folder / "Decreet (déf) 2021.PDF").write_bytes(b"%PDF-1.4 \x00\xff geen echte")
    (folder / "foto").write_bytes(bytes(range(256)))
    study = sg.load_study(folder)
    sg.run(study).write(base / "result")
    sg.trend(study, [2020, 2021, 2022]).write(base / "trend")
    return base


@pytest.fixture(scope="module")
def told(base: Path) -> Path:
    """Its answer."""
    return sg.answer(base / "result", base / "antwoord", trend=base / "trend")


def tables(path: Path) -> list[list[list[str]]]:
    """Give the tables of a document."""
    return [
        [[cell.text for cell in row.cells] for row in one.rows]
        for one in docx.Document(str(path)).tables
    ]


# -- the years -------------------------------------------------------------------------------


def test_the_overview_by_year_says_what_the_trend_counted(base: Path, told: Path) -> None:
    """In the letter and the workbook: municipalities, academies, children, share, year by year."""
    known = [one for one in lines_of(base / "trend/tables/trend.csv") if one["level"] == "region"]
    (shown,) = [one for one in tables(told / "antwoord.docx") if one[0][0] == "Jaar"]
    sheet = rows_of(told / "bijlage-11-evolutie.xlsx", "Overzicht")
    everywhere = [row for row in sheet if row["Gebied"] == sheet[0]["Gebied"]]
    for trend, row, cells in zip(known, everywhere, shown[1:], strict=True):
        share = f"{100 * float(trend['share']):.1f}".replace(".", ",") + "\xa0%"
        counts = ("with_academy", "newly_with", "no_longer_with", "academies", "covered")
        assert cells == [trend["year"], *(trend[one] for one in counts), share]
        assert (row["Jaar"], row["STEM-academies"]) == (trend["year"], int(trend["academies"]))
        assert row["Gemeenten met een STEM-academie"] == int(trend["with_academy"])
    assert {row["Jaar"] for row in sheet} == {"2020", "2021", "2022"}


def test_every_municipality_stands_in_the_workbook_year_by_year(base: Path, told: Path) -> None:
    """With, without, new or no longer, as in the table of the trend; and its figures of each."""
    words = {"with": "met", "without": "zonder", "new": "nieuw", "lost": "niet langer"}
    known = lines_of(base / "trend/tables/trend-municipalities.csv")
    path = told / "bijlage-11-evolutie.xlsx"
    by_town = {row["NIS-code"]: row for row in rows_of(path, "Gemeenten per jaar")}
    figures = {(row["NIS-code"], row["Jaar"]): row for row in rows_of(path, "Cijfers per jaar")}
    assert len(by_town) * 3 == len(figures) == len(known)
    assert {"nieuw", "zonder"} <= {row["2022"] for row in by_town.values()} | {
        row["2021"] for row in by_town.values()
    }
    for one in known:
        assert by_town[one["nis_code"]][one["year"]] == words[one["status"]]
        row = figures[one["nis_code"], one["year"]]
        assert row["STEM-academies"] == int(one["academies"])


def test_the_tables_and_pictures_of_the_years_go_along(base: Path, told: Path) -> None:
    """Byte for byte; as annex 11, behind those of the ministry."""
    for name in ("trend", "trend-municipalities"):
        own = (base / "trend/tables" / f"{name}.csv").read_bytes()
        assert (told / "gegevens" / f"{name}.csv").read_bytes() == own
    for name in ("bijlage-11-evolutie.svg", "bijlage-11-evolutie-kaarten.pdf"):
        assert (told / name).is_file()
    (listed,) = [one for one in tables(told / "antwoord.docx") if one[0][0] == "Nr."]
    numbers = {row[2]: row[0] for row in listed[1:]}
    assert numbers["bijlage-11-evolutie.xlsx"] == "11c"


def test_a_trend_of_another_study_is_refused(base: Path, tmp_path: Path) -> None:
    """In a line that says what differs; nothing is written."""
    other = shutil.copytree(base / "study", tmp_path / "study")
    toml = other / "study.toml"
    text = toml.read_text("utf-8").replace("[gaps]", "[travel]\ncutoff_min = 10\n[gaps]")
    toml.write_text(text, encoding="utf-8")
    years = sg.trend(sg.load_study(other), [2021, 2022]).write(tmp_path / "trend")
    with pytest.raises(ResultError, match=r"trend of another study .*: travel.cutoff_min differ"):
        sg.answer(base / "result", tmp_path / "new", trend=years)
    with pytest.raises(ResultError, match="is the result of `stemgeo run`, not of a trend"):
        sg.answer(base / "result", tmp_path / "new", trend=base / "result")
    assert not (tmp_path / "new").exists()


def test_an_answer_with_years_can_be_verified(base: Path, told: Path) -> None:
    """All is made again, the years too; the same bytes wherever they are written."""
    assert sg.verify(told).same
    again = stemgeo("answer", base / "result", "--out", base / "again", "--trend", base / "trend")
    assert again.status == 0
    assert content_of(base / "again") == content_of(told)


def test_an_answer_in_french_tells_the_years_in_french(base: Path, tmp_path: Path) -> None:
    """Text, chart and workbook; the trend was written in Dutch."""
    place = sg.answer(base / "result", tmp_path / "r", language="fr", trend=base / "trend")
    said = "".join(par.text for par in docx.Document(str(place / "reponse.docx")).paragraphs)
    assert "Aperçu par année" in said
    chart = (place / "annexe-11-evolution.svg").read_text("utf-8")
    assert "gemeenten" not in chart.lower()


# -- targets ---------------------------------------------------------------------------------


def test_targets_are_held_against_the_years(base: Path, told: Path) -> None:
    """Reached, missed, open or not measured, and how far, to the last child."""
    found = {(one["year"], one["target"]): one for one in lines_of(told / "gegevens/targets.csv")}
    (now,) = [
        one
        for one in lines_of(base / "trend/tables/trend.csv")
        if (one["level"], one["year"]) == ("region", "2022")
    ]
    measured = int(now["covered"]) + int(now["uncovered"])
    assert found["2022", "share"]["status"] == "reached"
    assert found["2022", "academies"]["status"] == "reached"
    late = found["2025", "share"]
    assert (late["status"], late["measured_year"]) == ("open", "2022")
    needed = next(n for n in range(measured + 1) if 1000 * n >= 999 * measured)
    assert int(late["missing"]) == needed - int(now["covered"])
    assert found["2021", "municipalities"]["status"] == "missed"
    assert found["2018", "municipalities"]["status"] == "unmeasured"
    (shown,) = [one for one in tables(told / "antwoord.docx") if one[0][1] == "Streefdoel"]
    stand = {(row[0], row[1]): row[5] for row in shown[1:]}
    assert stand["2021", "gemeenten met een STEM-academie"] == "niet gehaald"
    assert len(rows_of(told / "bijlage-11-evolutie.xlsx", "Streefdoelen")) == len(found) == 5


def test_targets_stand_in_an_answer_without_years_too(base: Path) -> None:
    """Beside the study's own day alone."""
    found = gather_figures(Source.from_folder(base / "result"))["targets"]
    assert [one["measured_year"] for one in found] == [None, None, "2022", "2022", "2022"]


@pytest.mark.parametrize(
    ("targets", "told"),
    [
        ({}, "holds none; give share, children, municipalities, academies"),
        ({"share": {}}, "share: names no year"),
        ({"share": {"2025": 60}}, "must be shares between 0 and 1: 0.6 for 60 %"),
        ({"share": {"2025": 0}}, "must be greater than 0"),
        ({"share": {"2025": True}}, "must be numbers, not true or false"),
        ({"municipalities": {"25": 300}}, "must be a year from 1900"),
        ({"gemeenten": {"2025": 300}}, "known keys: share, children, municipalities, academies"),
    ],
)
def test_a_target_that_says_nothing_is_refused(targets: dict[str, Any], told: str) -> None:
    """In a line that says what may be given."""
    content = hand.study().model_dump(by_alias=True, exclude_unset=True) | {"targets": targets}
    with pytest.raises(StudyError, match=told):
        parse_study(content, name="study.toml")


# -- files of one's own ------------------------------------------------------------------------


def test_files_of_ones_own_go_along(base: Path, told: Path) -> None:
    """Copied byte for byte under clean names, numbered behind all others, listed and hashed."""
    names = {
        "bijlage-12-decreet-def-2021.pdf": "Decreet (déf) 2021.PDF",
        "bijlage-13-foto": "foto",
    }
    content = sg.read_result(told).manifest
    (listed,) = [one for one in tables(told / "antwoord.docx") if one[0][0] == "Nr."]
    assert [row[0] for row in listed[-2:]] == ["12", "13"]
    assert [row[2] for row in listed[-2:]] == list(names)
    readme = (told / "LEESMIJ.txt").read_text("utf-8")
    for name, own in names.items():
        assert (told / name).read_bytes() == (base / "study" / own).read_bytes()
        assert name in content["outputs"]
        assert name in readme
    assert "Decreet & besluit" in readme


@pytest.mark.parametrize(
    "file", ["/etc/hosts", "../geheim.txt", "a/../../geheim.txt", "link", "map/a"]
)
def test_a_study_carries_off_no_file_from_elsewhere(tmp_path: Path, file: str) -> None:
    """A stranger's study could name any file of whoever runs it: those beside it alone."""
    (tmp_path / "geheim.txt").write_text("geheim", encoding="utf-8")
    place = tmp_path / "study"
    place.mkdir()
    (place / "link").symlink_to(tmp_path / "geheim.txt")
    (place / "map").symlink_to(tmp_path)
    content = hand.study().model_dump(by_alias=True, exclude_unset=True)
    content |= {"annex": [{"title": "A", "file": file}]}
    with pytest.raises(StudyError, match=r"must lie in the folder of study\.toml|is a link"):
        parse_study(content, folder=place, name="study.toml")


def test_a_file_of_ones_own_that_changed_is_told(base: Path, told: Path, tmp_path: Path) -> None:
    """By `verify`: in the study, and in the answer."""
    copy = shutil.copytree(told, tmp_path / "antwoord")
    (copy / "bijlage-13-foto").write_bytes(b"anders")
    study = shutil.copytree(base / "study", tmp_path / "study")
    (study / "foto").write_bytes(b"ook anders")
    found = sg.verify(copy, study)
    assert {one.where for one in found.differences} == {
        "bijlage-13-foto",
        "annexes/2-foto (of the run)",
    }


def test_a_file_of_ones_own_that_is_missing_is_one_clear_line(base: Path, tmp_path: Path) -> None:
    """`check` and `run` refuse it by its title."""
    study = shutil.copytree(base / "study", tmp_path / "study")
    (study / "foto").unlink()
    with pytest.raises(MissingFileError, match=r"annex 'Foto's': does not exist") as error:
        sg.check(sg.load_study(study))
    assert len(error.value.problems) == 1


def test_a_file_of_ones_own_that_cannot_be_copied_is_one_clear_line(tmp_path: Path) -> None:
    """A folder in its place, since it was checked, is no traceback."""
    content = sg.load_study(hand.write_study(tmp_path, straight_line=True))
    (tmp_path / "map").mkdir()
    (tmp_path / "new").mkdir()
    one = OwnAnnex(title="Map", file=tmp_path / "map")
    changed = content.model_copy(update={"annexes": (one,)})
    with pytest.raises(ResultError, match=r"annex 'Map': .* cannot be copied"):
        copy_own_annexes(changed, tmp_path / "new")


def test_a_file_of_ones_own_is_never_taken_for_an_annex_of_ours(base: Path, tmp_path: Path) -> None:
    """One that is called "years" is none of the years: without a trend a template finds none."""
    study = shutil.copytree(base / "study", tmp_path / "study")
    toml = (study / "study.toml").read_text(encoding="utf-8")
    (study / "study.toml").write_text(toml.replace('"Foto\'s"', '"years"'), encoding="utf-8")
    place = sg.run(sg.load_study(study), anyway=True).write(tmp_path / "run")
    text = "# T\n\n{{ annexes.own[1].title }}\n\n{{ annexes.years.number }}\n"
    (tmp_path / "antwoord.nl.md").write_text(text, encoding="utf-8")
    with pytest.raises(ResultError, match="line 5: cannot be filled in: there is no 'years'"):
        build_answer(place, templates=tmp_path)


def test_a_template_names_files_of_ones_own(base: Path, tmp_path: Path) -> None:
    """By their place in the list, or by their title."""
    text = '# T\n\n{{ annexes.own[0].file }} {{ annexes["Foto\'s"].number }}\n'
    (tmp_path / "antwoord.nl.md").write_text(text, encoding="utf-8")
    place = sg.answer(base / "result", tmp_path / "new", templates=tmp_path)
    said = [par.text for par in docx.Document(str(place / "antwoord.docx")).paragraphs]
    assert "bijlage-11-decreet-def-2021.pdf 12" in said
    known = pd.read_csv(place / "gegevens/targets.csv")
    assert len(known) == 5
