"""Facts about what a plan and an earlier result change in the annexes of an answer."""

from __future__ import annotations

import csv
import shutil
from typing import TYPE_CHECKING

import hand
import openpyxl
import pytest
from books import rows_of

import stemgeo as sg

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("read_once")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small study with a plan, an earlier result and a run with the plan, all in folders."""
    base = tmp_path_factory.mktemp("beside")
    study = sg.load_study(hand.write_study(base / "study", straight_line=True))
    sg.run(study).write(base / "result")
    plan = sg.site(study.with_siting(places=2)).write(base / "plan")
    sg.run(study.with_plan(plan / "plan.csv")).write(base / "planned")
    toml = shutil.copytree(base / "study", base / "earlier") / "study.toml"
    toml.write_text(toml.read_text("utf-8").replace("2022-12-31", "2021-12-31"), encoding="utf-8")
    sg.run(sg.load_study(toml), anyway=True).write(base / "before")
    return base


@pytest.fixture(scope="module")
def told(base: Path) -> Path:
    """Its answer with both."""
    return sg.answer(base / "result", base / "antwoord", plan=base / "plan", before=base / "before")


def shares(folder: Path) -> dict[tuple[str, str], float]:
    """Give the share of each place from coverage.csv, with nothing but the csv module."""
    with (folder / "tables/coverage.csv").open(encoding="utf-8", newline="") as file:
        return {
            (row["level"], row["code"]): float(row["share"])
            for row in csv.DictReader(file)
            if (row["band"], row["scenario"], row["profile"]) == ("all", "central", "all")
        }


def test_each_place_has_its_share_before_and_with_the_plan(base: Path, told: Path) -> None:
    """Of municipalities, provinces and all: as in the earlier run, and in a run with the plan."""
    path = told / "bijlage-1-gemeenten.xlsx"
    now, before, planned = (shares(base / one) for one in ("result", "before", "planned"))
    seen = []
    for province in ("Limburg", "Antwerpen"):
        *towns, total = rows_of(path, province)
        seen += [(("municipality", row["NIS-code"]), row) for row in towns]
        seen += [(("province", province), total)]
    seen += [(("region", "VLG"), rows_of(path, "Totalen")[-1])]
    for key, row in seen:
        assert row["Aandeel binnen bereik, vorige meting"] == pytest.approx(before[key], abs=1e-6)
        assert row["Aandeel binnen bereik met het plan"] == pytest.approx(planned[key], abs=1e-6)
        change = 100 * (now[key] - before[key])
        assert row["Verschil (procentpunt)"] == pytest.approx(change, abs=1e-3)
    assert planned["region", "VLG"] > now["region", "VLG"] > before["region", "VLG"]
    with (told / "gegevens/bijlage-1-gemeenten.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            key = "municipality", row["nis_code"]
            assert float(row["share_planned"]) == pytest.approx(planned[key], abs=1e-6)


def test_a_plan_has_the_municipalities_that_a_run_with_it_counts(base: Path) -> None:
    """Child by child, with academies and places."""
    with (base / "plan/tables/plan-municipalities.csv").open(encoding="utf-8") as file:
        found = {row["nis_code"]: row for row in csv.DictReader(file)}
    with (base / "planned/tables/annex-1-municipalities.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            mine = found[row["nis_code"]]
            names = ("children", "covered", "uncovered", "unmeasured", "academies", "planned")
            assert [mine[one] for one in names] == [row[one] for one in names]


def test_gaps_and_candidates_know_the_plan(base: Path, told: Path) -> None:
    """Its places on a sheet in their order, in the gaps they lie in, and the shares they bring."""
    path = told / "bijlage-8-hiaten.xlsx"
    with (base / "plan/tables/plan.csv").open(encoding="utf-8") as file:
        known = list(csv.DictReader(file))
    places = rows_of(path, "Plaatsen van het plan")
    assert [row["Plaats"] for row in places] == [row["name"] for row in known]
    newly = [row["Extra kinderen binnen bereik"] for row in places]
    assert newly == [int(row["newly"]) for row in known]
    inside = [row["Plaatsen van het plan in dit hiaat"] for row in rows_of(path, "Hiaten")]
    assert any(inside)
    assert {part for one in inside if one for part in one.split(", ")} <= {
        row["name"] for row in known
    }
    planned = shares(base / "planned")
    for row in rows_of(path, "Kandidaat-gemeenten"):
        share = row["Aandeel binnen bereik met het plan"]
        assert share == pytest.approx(planned["municipality", row["NIS-code"]], abs=1e-6)


def test_plan_and_change_are_drawn_for_all_and_each_province(base: Path, told: Path) -> None:
    """A map each of the change; of the plan where it has places; each with its letter and rows."""
    there = {path.name for path in told.glob("*.pdf")}
    assert {"bijlage-2-vlaanderen-verandering.pdf", "bijlage-2-vlaanderen-plan.pdf"} <= there
    assert {"bijlage-3-limburg-verandering.pdf", "bijlage-4-antwerpen-verandering.pdf"} <= there
    with (base / "plan/tables/plan.csv").open(encoding="utf-8") as file:
        provinces = {row["province"].lower() for row in csv.DictReader(file)}
    drawn = {one.split("-")[2] for one in there if one.endswith("-plan.pdf")} - {"vlaanderen"}
    assert drawn == provinces
    now, planned = shares(base / "result"), shares(base / "planned")
    with (told / "gegevens/bijlage-2-vlaanderen-plan.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            key = "municipality", row["nis_code"]
            assert float(row["share_before"]) == pytest.approx(now[key], abs=1e-6)
            assert float(row["share_after"]) == pytest.approx(planned[key], abs=1e-6)


def test_the_gaps_of_each_province_are_drawn(told: Path) -> None:
    """Where it has any; they are maps of annex 8, before its workbook."""
    there = {path.name for path in told.glob("bijlage-8-hiaten*.pdf")}
    assert there == {
        "bijlage-8-hiaten.pdf",
        "bijlage-8-hiaten-antwerpen.pdf",
        "bijlage-8-hiaten-limburg.pdf",
    }


def test_an_answer_with_both_can_be_verified(told: Path) -> None:
    """Plan and earlier result are made again."""
    assert sg.verify(told).lines()[-1].startswith("Alles is gelijk")


def test_without_plan_or_earlier_result_there_is_no_trace_of_them(base: Path) -> None:
    """No column, no sheet, no map."""
    place = sg.answer(base / "result", base / "zonder")
    heads = rows_of(place / "bijlage-1-gemeenten.xlsx", "Limburg")[0]
    assert not [one for one in heads if "plan" in one or "vorige" in one or "Verschil" in one]
    names = openpyxl.load_workbook(place / "bijlage-8-hiaten.xlsx").sheetnames
    assert "Plaatsen van het plan" not in names
    assert not list(place.glob("*-plan.*"))


# -- the register, ages and sexes ---------------------------------------------------------------


def test_the_register_lists_the_academies_that_count(told: Path) -> None:
    """Name, organisation, place, ages, and from when until when; what rules add is said."""
    rows = rows_of(told / "bijlage-1-gemeenten.xlsx", "Register")
    west, east = sorted(rows, key=lambda row: row["STEM-academie"])
    assert east["STEM-academie"] == "Proefacademie Oost"
    assert (east["Vanaf (jaar)"], east["Tot en met (jaar)"]) == (8, 12)
    assert f"{east['Erkend vanaf']:%Y-%m-%d}" == "2021-01-01"
    assert f"{east['Erkend tot en met']:%Y-%m-%d}" == "2022-12-31"
    assert east["Opmerking"] == "laatste dag volgens de regels: het register noemt er geen"
    assert west["STEM-academie"] == "Proefacademie <b>West</b> `${x}`"
    assert west["Organisatie"] == "Proef & Co"
    assert (west["Vanaf (jaar)"], west["Tot en met (jaar)"]) == (5, 17)
    assert f"{west['Erkend tot en met']:%Y-%m-%d}" == "2023-12-31"


def test_ages_and_sexes_of_each_municipality_are_those_of_groups(base: Path, told: Path) -> None:
    """Children and children within reach, by band, of girls and of boys."""
    with (base / "result/tables/groups.csv").open(encoding="utf-8") as file:
        known = {
            (row["code"], row["sex"], row["band"]): row
            for row in csv.DictReader(file)
            if (row["level"], row["scenario"], row["profile"]) == ("municipality", "central", "all")
        }
    rows = rows_of(told / "bijlage-1-gemeenten.xlsx", "Leeftijd per gemeente")
    assert len(rows) == len(hand.SMALL)
    for row in rows:
        code = row["NIS-code"]
        for head, key in (
            ("5 tot en met 8 jaar", ("all", "5-8")),
            ("12 tot en met 17 jaar", ("all", "12-17")),
            ("meisjes", ("F", "all")),
            ("jongens", ("M", "all")),
        ):
            figure = known[(code, *key)]
            assert row[f"{head}: kinderen"] == int(figure["children"])
            assert row[f"{head}: binnen bereik"] == int(figure["covered"])


def test_a_plan_of_no_places_has_no_map_and_no_sheet(base: Path, tmp_path: Path) -> None:
    """It is told, and nothing empty is drawn."""
    study = sg.load_study(base / "study")
    none = sg.site(study.with_siting(places=0)).write(tmp_path / "plan")
    place = sg.answer(base / "result", tmp_path / "antwoord", plan=none)
    assert not list(place.glob("*-plan.*"))
    names = openpyxl.load_workbook(place / "bijlage-8-hiaten.xlsx").sheetnames
    assert "Plaatsen van het plan" not in names
