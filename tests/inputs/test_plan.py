"""Facts about a run with planned places: they count, are told apart, and are said everywhere."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from typing import TYPE_CHECKING

import geopandas as gpd
import hand
import pandas as pd
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from terminal import content_of, stemgeo

import stemgeo as sg
from stemgeo.errors import Findings, InputError
from stemgeo.inputs import load_inputs
from stemgeo.inputs.plan import (
    CLOSED,
    MOVED,
    NEW,
    PLACES,
    add_plan,
    load_places,
    write_plan,
    write_plan_text,
)
from stemgeo.notes import strip_control
from stemgeo.study import Input
from stemgeo.years import trend

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.study_run import Result

pytestmark = pytest.mark.usefixtures("read_once")

NO_GROUND = gpd.GeoDataFrame(
    {"nis_code": [], "name": [], "province": []}, geometry=[], crs=hand.CRS
)
PLAN = "academy_id;naam;x;y;valid_until\nP1;Bibliotheek Noord;156000;205000;31/12/2024\n"
"""In the middle of 71002, the municipality without an academy; with a day that is to come."""


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
    """Every figure is that of the same place in the register."""
    register = hand.SMALL_ACADEMIES + "P1;Bibliotheek Noord;;156000,0;205000,0;;;;31/12/2024\n"
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


@pytest.mark.parametrize(
    ("since", "until", "is_open"),
    [
        ("", "", True),
        ("2023-01-01", "", False),
        ("2022-12-31", "2022-12-31", True),
        ("", "2022-12-30", False),
        ("2018-01-01", "", False),  # two years, as one of the register
    ],
)
def test_a_planned_place_counts_on_its_days(
    place: Path, tmp_path: Path, since: str, until: str, *, is_open: bool
) -> None:
    """As an academy of the register with these would; who does not count is named."""
    plan = f"academy_id;naam;x;y;valid_from;valid_until\nP1;Noord;156000;205000;{since};{until}\n"
    found = sg.run(own_study(place, tmp_path / "s", plan))
    assert ("P1" in set(found.academies["academy_id"])) == is_open
    told = [str(note) for note in found.notes if "Noord" in str(note)]
    assert bool(told) != is_open
    assert all(note.startswith("plan.csv: not open on 31 December 2022: Noord") for note in told)


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
    clash = "plan.csv, row 2: the academy_id 'S1' is also one of the register; give the place"
    assert any(line.startswith(clash) for line in lines)


# -- what moves and closes --------------------------------------------------------------------

EDITED = """academy_id;naam;organisatie;x;y;min_age;max_age;valid_from;valid_until
N1;Bibliotheek Noord;;156000;205000;;;;
S1;Proefacademie Oost;Proef;154000;202000;8;12;01/01/2021;
S3;Proefacademie Vroeger;Proef;160500,0;203400,0;;;01/01/2018;31/12/2019
"""
"""The register of the small study, edited by hand in the same way."""
OF_PLACES = {
    *("academies", "municipalities", "subsidy"),
    *("changes", "subsidy_before", "plan_changes"),
}
"""Tables that tell planned places apart, or what the register says by itself."""


@pytest.fixture(scope="module")
def changed(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    """The run with a plan that opens, moves and closes."""
    return sg.run(own_study(place, tmp_path_factory.mktemp("changed") / "s", hand.SMALL_CHANGES))


def test_a_plan_does_what_an_edited_register_says(
    changed: Result, without: Result, place: Path, tmp_path: Path
) -> None:
    """Every figure is that of the register edited by hand; what is planned is told apart."""
    planned = changed
    edited = sg.run(own_study(place, tmp_path / "edited", PLAN, EDITED).with_plan(None))
    tables = [name for name in planned.FILES if name not in OF_PLACES]
    assert len(tables) > 10
    for name in tables:
        ours, theirs = getattr(planned, name), getattr(edited, name)
        if ours is None or theirs is None:
            assert ours is theirs, name
        else:
            pd.testing.assert_frame_equal(ours, theirs, obj=name)
    for name in ("academies", "municipalities", "subsidy"):
        tables = (getattr(one, name).assign(planned=0) for one in (planned, edited))
        pd.testing.assert_frame_equal(*tables, obj=name)
    pd.testing.assert_frame_equal(planned.changes, without.changes)
    pd.testing.assert_frame_equal(planned.subsidy_before, without.subsidy)
    assert planned.academies.set_index("academy_id")["planned"].to_dict() == {
        "N1": True,
        "S1": True,
    }
    towns = planned.municipalities.set_index("nis_code")
    assert towns["planned"].to_dict() == {"11001": 1, "11004": 0, "71002": 1}
    assert towns["has_academy"].to_dict() == {"11001": True, "11004": False, "71002": True}


def test_what_a_plan_does_is_told(changed: Result, tmp_path: Path) -> None:
    """From where to where, which count, in the summary, with the cost before; and read back."""
    folder = changed.write(tmp_path / "result")
    table = sg.read_result(folder).plan_changes.set_index("academy_id").fillna({"municipality": ""})
    assert table["change"].to_dict() == {"N1": "new", "S1": "moved", "S2": "closed"}
    assert table["municipality_before"].tolist()[1:] == ["Boechout", "Aartselaar"]
    assert table["municipality"].tolist() == ["As", "Aartselaar", ""]
    assert table["counts"].all()
    assert table.loc["S1", "moved_m"] == pytest.approx((6500**2 + 1500**2) ** 0.5)
    text = (folder / "summary.md").read_text("utf-8")
    assert "Met 1 geplande plaats erbij, geteld als open" in text
    assert "Het plan opent 1 plaats (Bibliotheek Noord), verplaatst 1 academie (Proef" in text
    assert "Met het plan wordt dat 2.000 euro" in text
    for name in ("summary.md", "map.html", "tables/LEESMIJ.txt", "maps/vlaanderen.svg"):
        said = "met geplande plaatsen, en zonder academies die het plan sluit"
        assert said in (folder / name).read_text("utf-8"), name
    assert "Proefacademie &lt;b&gt;West" not in (folder / "map.html").read_text("utf-8")
    assert sg.verify(folder, changed.study).same


def test_what_moves_under_another_postcode_costs_there(place: Path, tmp_path: Path) -> None:
    """Its row says it; the register's is kept, and named where it is of another municipality."""
    plan = "id;change;x;y;postcode\nS1;moved;154000;202000;{code}\n"
    head, *rows = hand.SMALL_ACADEMIES.splitlines()
    register = "\n".join([f"{head};postcode", *(f"{row};253{n}" for n, row in enumerate(rows)), ""])
    for code, kept in (("2630", "2630"), ("", "2531")):
        study = own_study(place, tmp_path / f"s{code}", plan.format(code=code), register)
        inputs = load_inputs(study)
        assert inputs.academies.set_index("academy_id").loc["S1", "postcode"] == kept
        told = any("under the postcode that the register has" in str(n) for n in inputs.warnings)
        assert told == (not code)


def test_what_moves_keeps_what_its_row_does_not_say(place: Path, tmp_path: Path) -> None:
    """Name, ages and days of the register; its cost not, which only a planned place has."""
    plan = "id;change;x;y;max_age\nS1;moved;154000;202000;9\n"
    head, *rows = hand.SMALL_ACADEMIES.splitlines()
    register = "\n".join([f"{head};kostprijs", *(f"{row};5000" for row in rows), ""])
    inputs = load_inputs(own_study(place, tmp_path / "s", plan, register))
    row = inputs.academies.set_index("academy_id").loc["S1"]
    assert (row["name"], row["organisation"]) == ("Proefacademie Oost", "Proef")
    assert (row["min_age"], row["max_age"], row["cost_eur"]) == (8, 9, "")
    assert (row["valid_from"], row["nis_code"]) == (pd.Timestamp(2021, 1, 1), "11001")
    assert row.geometry == hand.spot(4, 2)
    assert inputs.register["academy_id"].tolist() == ["S1", "S2", "S3"]
    assert inputs.register.geometry[0] == hand.spot(10.5, 3.5)


@pytest.mark.parametrize(
    ("word", "change"),
    [
        ("", "new"),
        ("Nieuw", "new"),
        ("nouveau", "new"),
        ("Verplaatst", "moved"),
        ("déplacé", "moved"),
        ("GESLOTEN", "closed"),
        ("fermée", "closed"),
    ],
)
def test_changes_in_three_languages(place: Path, tmp_path: Path, word: str, change: str) -> None:
    """Whatever their capitals and accents; nothing is new."""
    one = "N1" if change == "new" else "S2"
    inputs = load_inputs(
        own_study(place, tmp_path / "s", f"id;changement;x;y\n{one};{word};152000;202000\n")
    )
    assert inputs.plan is not None
    assert inputs.plan.set_index("academy_id")["change"].to_dict() == {one: change}


def test_all_that_is_wrong_with_changes_is_told_at_once(place: Path, tmp_path: Path) -> None:
    """An id that is not known, one without, one twice, a word, a place that lacks."""
    plan = (
        "academy_id;change;x;y\nS11;closed;;\n;moved;154000;202000\nS1;closed;;\n"
        "S1;moved;154000;202000\nN1;geen idee;154000;202000\nS2;moved;;\nN2;;;\n"
        "S3;new;154000;202000\n"
    )
    lines = told(own_study(place, tmp_path / "s", plan))
    begins = [
        "plan.csv, row 6: 'change' is 'geen idee', not new, moved or closed; write one of these",
        "plan.csv, row 3: is moved, and no academy_id says which it is; give the academy_id that",
        "plan.csv, row 4, 5: the academy_id 'S1' is given 2 times (closed, moved); keep one of",
        "plan.csv, row 9: the academy_id 'S3' is also one of the register; give the place another",
        "plan.csv, row 2: 'S11' is closed, and the register has no such academy_id (is 'S1' meant",
        "plan.csv, row 7: no coordinates ('S2 moved'); fill them in, or leave the row out",
        "plan.csv, row 8: no coordinates ('N2'); fill them in, or leave the row out",
    ]
    assert len(lines) == len(begins)
    assert all(map(str.startswith, lines, begins)), lines


def test_without_ids_nothing_can_be_closed(place: Path, tmp_path: Path) -> None:
    """An id that was made of the order of rows is of no academy."""
    (line,) = told(own_study(place, tmp_path / "s", "naam;change\nProefacademie Oost;closed\n"))
    assert line.startswith("plan.csv, row 2: is closed, and no academy_id says which it is")


def test_what_changes_nothing_is_told(place: Path, tmp_path: Path) -> None:
    """A move to where it is, a closing of what is not open, a place that is not used."""
    plan = (
        "id;change;x;y\nS1;moved;160500;203500\nS3;closed;;\nS2;closed;154000;202000\n"
        "N1;new;151000;201000\n"
    )
    found = sg.run(own_study(place, tmp_path / "s", plan))
    notes = [str(note) for note in found.notes]
    assert any("Proefacademie Oost is moved to where it is already" in note for note in notes)
    assert any("closed: the place that stands here is not used" in note for note in notes)
    idle = "plan.csv: not open on 31 December 2022 anyway: Proefacademie Vroeger; closing changes"
    assert any(note.startswith(idle) for note in notes)
    assert not any("stands exactly where" in note for note in notes)  # S2 is closed


def test_a_plan_can_only_close(place: Path, tmp_path: Path) -> None:
    """It needs no coordinates then, and outputs do not speak of planned places."""
    study = own_study(place, tmp_path / "s", "id;change\nS2;closed\n")
    inputs = load_inputs(study)
    assert inputs.academies["academy_id"].tolist() == ["S1", "S3"]
    said = stemgeo("check", tmp_path / "s", "--plan", tmp_path / "s" / "plan.csv")
    assert said.status == 0
    (line,) = [line for line in said.out.splitlines() if line.startswith("plan ")]
    assert "1 academie gesloten" in line
    assert "geplande plaats" not in said.out


CLEAN = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).map(
    lambda text: strip_control(text.strip()).strip()
)
MILLIMETRES = st.integers(0, 5_999_000)


@st.composite
def plans(draw: st.DrawFn) -> gpd.GeoDataFrame:
    """Draw a plan for the register S1, S2, S3, as it is read."""
    days = st.none() | st.dates(dt.date(2000, 1, 1), dt.date(2040, 1, 1)).map(str)
    ids = draw(st.lists(st.sampled_from(["N1", "N 2", "0003", "=4"]), unique=True, max_size=4))
    moved = draw(st.lists(st.sampled_from(["S1", "S3"]), unique=True, max_size=2))
    every = [*ids, *moved]
    valid = {one: sorted(draw(st.tuples(days, days)), key=str) for one in every}
    valid = {
        one: (a, b) if a and b else (None, a if b is None else b) for one, (a, b) in valid.items()
    }
    at = {
        one: shapely.Point(150_000 + draw(MILLIMETRES) / 1000, 200_000 + draw(MILLIMETRES) / 1000)
        for one in every
    }
    ages = {
        one: tuple(sorted(draw(st.tuples(st.integers(5, 17), st.integers(5, 17))))) for one in every
    }
    table = hand.academies(at, ages, valid=valid)
    named = [draw(CLEAN.filter(bool)) for _ in table.index]
    return table.assign(
        name=pd.Series(named, dtype=str),
        organisation=pd.Series([draw(CLEAN) for _ in named], dtype=str),
        postcode=pd.Series([draw(st.sampled_from(["", "9000"])) for _ in named], dtype=str),
        cost_eur=pd.Series(
            [draw(st.sampled_from(["", "1500.50", "12"])) for _ in named], dtype=str
        ),
        trajectories=pd.array([draw(st.none() | st.integers(0, 9)) for _ in named], dtype="Int64"),
        planned=True,
        change=pd.Series(
            [MOVED if one in moved else NEW for one in table["academy_id"]], dtype=str
        ),
    )


@pytest.fixture(scope="module")
def register(place: Path) -> gpd.GeoDataFrame:
    """The register, without days or ages that a row of a plan could fall back on."""
    plain = load_inputs(sg.load_study(place)).academies
    return hand.academies(dict(zip(plain["academy_id"], plain.geometry, strict=True)))


@settings(max_examples=30)  # each reads a whole register and plan: a sixth of a second
@given(plan=plans(), closed=st.booleans())
def test_a_plan_that_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    register: gpd.GeoDataFrame,
    plan: gpd.GeoDataFrame,
    *,
    closed: bool,
) -> None:
    """Every value, and every place to the millimetre; twice written is the same."""
    gone = register[register["academy_id"] == "S2"].assign(change=CLOSED)
    whole = add_plan(plan, gone) if closed else plan
    assume(len(whole))
    path = tmp_path_factory.mktemp("written") / "variant.csv"
    write_plan(whole, path)
    findings = Findings()
    read, _ = load_places(Input(path=path), PLACES, register, NO_GROUND, findings)
    findings.raise_errors()
    columns = [name for name in whole.columns if name != "nis_code"]
    whole = whole.sort_values("academy_id", ignore_index=True)
    pd.testing.assert_frame_equal(read[columns], whole[columns])
    assert write_plan_text(read) == path.read_text("utf-8")


def test_a_place_near_an_axis_is_read_back(tmp_path: Path, register: gpd.GeoDataFrame) -> None:
    """Metres to the millimetre, whose mark none can take for one between thousands."""
    plan = hand.academies({"N": shapely.Point(-465.828, 21000.5)}).assign(planned=True, change=NEW)
    write_plan(plan, tmp_path / "a.csv")
    findings = Findings()
    read, _ = load_places(Input(path=tmp_path / "a.csv"), PLACES, register, NO_GROUND, findings)
    findings.raise_errors()
    assert read.geometry.iloc[0] == plan.geometry.iloc[0]


def test_what_would_not_be_read_back_is_not_written(tmp_path: Path) -> None:
    """An id that lacks or is there twice, a place that lacks; nor over what stands there."""
    plan = hand.academies({"N1": hand.spot(1, 1), "N2": hand.spot(2, 2)})
    wrong = plan.assign(academy_id=["", ""]), plan.assign(academy_id="N1"), plan.assign(change="x")
    bare = plan.assign(geometry=gpd.GeoSeries([None, hand.spot(1, 1)], crs=hand.CRS))
    for one in (*wrong, bare):
        with pytest.raises(InputError):
            write_plan(one, tmp_path / "plan.csv")
    assert list(tmp_path.iterdir()) == []
    write_plan(plan, tmp_path / "plan.csv")
    with pytest.raises(InputError, match="is there already"):
        write_plan(plan.assign(name="anders"), tmp_path / "plan.csv")
    assert "anders" not in (tmp_path / "plan.csv").read_text("utf-8")


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
        "plan.csv: what it opens, moves or closes was so in no year, and is left out of the trend"
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


def test_a_plan_may_bear_its_name(place: Path, tmp_path: Path) -> None:
    """A column `variant` is taken as it is meant: nothing is told of it, and no figure moves."""
    text = (place / "plan.csv").read_text("utf-8")
    head, *rows = text.splitlines()
    named = "\n".join([f"{head};variant", *(f"{row};gesloten" for row in rows)])
    inputs = load_inputs(own_study(place, tmp_path / "s", named + "\n"))
    assert not [note for note in inputs.warnings if "variant" in str(note)]
    plain = load_inputs(own_study(place, tmp_path / "t", text))
    pd.testing.assert_frame_equal(inputs.academies, plain.academies)
