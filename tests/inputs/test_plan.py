"""Facts about a run with planned places: they count, are told apart, and are said everywhere."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import hand
import pandas as pd
import pytest
from terminal import content_of, stemgeo

import stemgeo as sg
from stemgeo.errors import InputError
from stemgeo.inputs import load_inputs
from stemgeo.years import trend

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.study_run import Result

pytestmark = pytest.mark.usefixtures("read_once")

PLAN = "academy_id;naam;x;y;valid_until\nP1;Bibliotheek Noord;156000;205000;31/12/2020\n"
"""In the middle of 71002, the municipality without an academy; with a day that has passed."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small study in a straight line, with a plan beside it."""
    folder = hand.write_study(tmp_path_factory.mktemp("plan") / "study", straight_line=True)
    (folder / "plan.csv").write_text(PLAN, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def without(place: Path) -> Result:
    """The run of the register alone."""
    return sg.run(sg.load_study(place))


@pytest.fixture(scope="module")
def planned(place: Path) -> Result:
    """The run with the plan."""
    return sg.run(sg.load_study(place).with_plan(place / "plan.csv"))


@pytest.fixture(scope="module")
def written(planned: Result, place: Path) -> Path:
    """Where that run was written."""
    return planned.write(place.parent / "planned")


def own_study(place: Path, folder: Path, plan: str, register: str = "") -> sg.Study:
    """Copy the study, with another plan and register."""
    shutil.copytree(place, folder)
    (folder / "plan.csv").write_text(plan, encoding="utf-8")
    if register:
        (folder / "academies.csv").write_text(register, encoding="utf-8")
    return sg.load_study(folder).with_plan(folder / "plan.csv")


def told(study: sg.Study) -> list[str]:
    """Give the lines with which reading the inputs fails."""
    with pytest.raises(InputError) as failed:
        load_inputs(study)
    return [str(problem) for problem in failed.value.problems]


def test_a_planned_place_counts_as_an_academy_of_the_register_would(
    place: Path, planned: Result, tmp_path: Path
) -> None:
    """Every figure is that of the same place in the register, without dates."""
    register = hand.SMALL_ACADEMIES + "P1;Bibliotheek Noord;;156000,0;205000,0;;;;\n"
    known = own_study(place, tmp_path / "s", PLAN, register).with_plan(None)
    as_known = sg.run(known)
    pd.testing.assert_frame_equal(planned.coverage, as_known.coverage)
    pd.testing.assert_frame_equal(planned.access, as_known.access)
    assert planned.municipalities["has_academy"].all()
    assert as_known.municipalities["planned"].sum() == 0


def test_planned_places_are_told_apart(written: Path, planned: Result) -> None:
    """In the academies, by municipality, among the applicants for a subsidy."""
    told_apart = sg.read_result(written).table("academies").set_index("academy_id")
    assert told_apart["planned"].to_dict() == {"P1": True, "S1": False, "S2": False}
    towns = planned.municipalities.set_index("nis_code")
    assert towns[["academies", "planned"]].T.to_dict("list") == {
        "11001": [1, 0],
        "11004": [1, 0],
        "71002": [1, 1],
    }
    assert planned.subsidy.set_index("applicant")["planned"].to_dict() == {
        "Bibliotheek Noord": 1,
        "Proef": 0,
        "Proef & Co": 0,
    }


def test_the_days_of_a_plan_are_not_used(planned: Result) -> None:
    """It counts as open although its day has passed, and a note says so."""
    assert "P1" in set(planned.academies["academy_id"])
    assert planned.academies.set_index("academy_id").loc["P1", "valid_until"] is pd.NaT
    assert any("the dates of Bibliotheek Noord are not used" in str(n) for n in planned.notes)


def test_the_manifest_names_the_plan(written: Path) -> None:
    """Among the inputs, with its role and hash; and the method note says it."""
    content = json.loads((written / "manifest.json").read_text("utf-8"))
    (plan,) = [item for item in content["inputs"] if item["role"] == "plan"]
    assert (plan["name"], plan["size_bytes"]) == ("plan.csv", len(PLAN.encode()))
    assert content["method_note"].endswith("met geplande plaatsen")


@pytest.mark.parametrize(
    "name", ["summary.md", "map.html", "tables/LEESMIJ.txt", "maps/vlaanderen.svg"]
)
def test_every_output_says_that_places_are_planned(written: Path, name: str) -> None:
    """In the line above the figures."""
    text = (written / name).read_text("utf-8")
    assert "geplande plaatsen" in text


def test_the_summary_counts_the_planned_places(
    written: Path, without: Result, tmp_path: Path
) -> None:
    """How many, how many municipalities have nothing else, what they cost; else not a word."""
    text = (written / "summary.md").read_text("utf-8")
    assert "31 december 2022 erkend of gepland is." in text
    assert "Met 1 geplande plaats erbij, geteld als open; 1 gemeente heeft alleen een" in text
    assert "Met de geplande plaatsen erbij wordt dat 3.000 euro (3 plaatsen" in text
    bare = without.write(tmp_path / "without")
    assert not any(b"gepland" in content for content in content_of(bare).values())


def test_maps_give_planned_places_a_mark_of_their_own(written: Path) -> None:
    """A key in the legend of the sheet, a layer and a key on the page."""
    folder = written
    assert "STEM-academie (gepland)" in (folder / "maps" / "vlaanderen.svg").read_text("utf-8")
    page = (folder / "map.html").read_text("utf-8")
    assert "STEM-academies (gepland)" in page
    assert 'data-layer="planned"' in page


def test_coordinates_are_enough(place: Path, tmp_path: Path) -> None:
    """Ids are made, and served are the ages of the study."""
    inputs = load_inputs(own_study(place, tmp_path / "s", "x;y\n156000;205000\n156001;205000\n"))
    rows = inputs.academies[inputs.academies["planned"]]
    assert rows["academy_id"].tolist() == ["PLAN-001", "PLAN-002"]
    assert rows["name"].tolist() == ["PLAN-001", "PLAN-002"]
    assert rows[["min_age", "max_age"]].isna().all(axis=None)
    assert inputs.academies["academy_id"].is_monotonic_increasing


def test_an_id_of_the_register_is_refused(place: Path, tmp_path: Path) -> None:
    """Also one that was made, with every other problem of the plan and the register."""
    plan = "academy_id;x;y;min_age\nS1;156000;205000;\nP2;156000;205000;oud\n"
    register = hand.SMALL_ACADEMIES.replace("S3", "S2")
    lines = told(own_study(place, tmp_path / "s", plan, register))
    assert len(lines) == 3
    assert any(line.startswith("academies.csv, row 2, 4: the academy_id 'S2'") for line in lines)
    assert any(line.startswith("plan.csv, row 3: 'min_age' is 'oud'") for line in lines)
    clash = "plan.csv: the academy_id 'S1' is also one of the register; give the place"
    assert any(line.startswith(clash) for line in lines)


def test_a_plan_without_a_place_is_refused(place: Path, tmp_path: Path) -> None:
    """An output that says "with planned places" would have none."""
    assert told(own_study(place, tmp_path / "s", "x;y\n")) != []


def test_a_place_where_an_academy_is_gets_a_note(place: Path, tmp_path: Path) -> None:
    """It may be that academy, planned once more."""
    inputs = load_inputs(own_study(place, tmp_path / "s", "naam;x;y\nNieuw;151000;201000\n"))
    assert any("Nieuw stands exactly where Proefacademie" in str(n) for n in inputs.warnings)


def test_a_trend_leaves_a_plan_out_and_says_so(place: Path) -> None:
    """The same figures as without it, and a note that names the file."""
    study = sg.load_study(place)
    bare, beside = (
        trend(one, [2021, 2022]) for one in (study, study.with_plan(place / "plan.csv"))
    )
    pd.testing.assert_frame_equal(bare.table, beside.table)
    assert set(map(str, beside.notes)) - set(map(str, bare.notes)) == {
        "plan.csv: its places stood open in no year, and are left out of the trend"
    }
    assert beside.study.inputs.plan is None


# -- the command line -------------------------------------------------------------------------


def test_a_plan_given_with_the_command_is_that_of_the_study(place: Path, tmp_path: Path) -> None:
    """`--plan` and `plan` under [inputs] give the same files; the study's own is another."""
    folder = shutil.copytree(place, tmp_path / "s")
    text = (folder / "study.toml").read_text("utf-8")
    (folder / "study.toml").write_text(
        text.replace("[inputs]", '[inputs]\nplan = "plan.csv"'), encoding="utf-8"
    )
    assert stemgeo("run", folder, "--out", tmp_path / "own").status == 0
    said = stemgeo("run", place, "--plan", place / "plan.csv", "--out", tmp_path / "given")
    assert said.status == 0
    assert "met geplande plaatsen" in said.out
    own, given = content_of(tmp_path / "own"), content_of(tmp_path / "given")
    manifests = [json.loads(one.pop("manifest.json")) for one in (own, given)]
    assert own == given
    hashes = [one.pop("study_file")["sha256"] for one in manifests]
    assert len({one.pop("seal") for one in manifests}) == 2  # of all that a manifest says
    assert hashes[0] != hashes[1]
    assert manifests[0] == manifests[1]


def test_check_reads_a_plan(place: Path, tmp_path: Path) -> None:
    """Its line stands among the inputs; its problems are told."""
    said = stemgeo("check", place, "--plan", place / "plan.csv")
    assert said.status == 0
    (line,) = [line for line in said.out.splitlines() if line.startswith("plan ")]
    assert "1 geplande plaats" in line
    (tmp_path / "bad.csv").write_text("x;y\n1;2;3\n", encoding="utf-8")
    assert stemgeo("check", place, "--plan", tmp_path / "bad.csv").status == 1
    assert stemgeo("check", place, "--plan", tmp_path / "none.csv").status == 1
