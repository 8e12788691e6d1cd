"""Facts about plans: what they promise is what is counted, and what they say is in their tables."""

from __future__ import annotations

import dataclasses
import json
import math
from functools import cache
from itertools import combinations
from typing import TYPE_CHECKING, Any

import hand
import numpy as np
import pandas as pd
import pytest

import stemgeo as sg
from stemgeo import cli
from stemgeo.access.travellers import OverNetwork, Pace
from stemgeo.errors import InputError, StudyError
from stemgeo.inputs.plan import add_plan
from stemgeo.measure import Measured, Prepared, measure_day, prepare_study
from stemgeo.report.imprint import build_map_text
from stemgeo.report.plan import write_plan_markdown
from stemgeo.siting import plan as plans
from stemgeo.siting.places import find_candidates, zone_middles
from stemgeo.siting.service import Units, coverage_sets, list_uncovered, list_units
from stemgeo.stages import report_nothing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stemgeo.study import Study

    Cli = Callable[..., tuple[int, str, str]]

pytestmark = pytest.mark.usefixtures("read_once")

CANDIDATES = """academy_id,naam,x_lambert72,y_lambert72,kost_eur,min_age,max_age
K1,Bibliotheek,152400,203600,,,
K2,Sporthal,155100,201200,1500.50,,
K3,School,155200,205500,,5,8
K4,Elders,190000,205500,,,
K5,Zelfde plek,152400,203600,,,
K6,Weiland,160000,202000,,,
"""
"""K4 lies outside the study, K5 where K1 does, K6 far from every road."""

PROFILES = ("all", "low_stress")


def small(folder: Path, extra: str = "", minutes: int = 8, **how: Any) -> Path:
    """Write the small study with slow riders and candidate places; give its folder."""
    place = hand.write_study(folder / "studie", **how)
    (place / "plaatsen.csv").write_text(CANDIDATES, encoding="utf-8")
    toml = (place / "study.toml").read_text(encoding="utf-8")
    toml = toml.replace("network =", 'candidates = "plaatsen.csv"\n        network =')
    toml += f"[travel]\ncutoff_min = {minutes}\n{extra}"
    (place / "study.toml").write_text(toml, encoding="utf-8")
    return place


def ready(study: Study) -> tuple[Prepared, Measured]:
    """Prepare and measure a study."""
    prepared = prepare_study(study, report_nothing)
    return prepared, measure_day(prepared, study.about.date)


def with_places(prepared: Prepared, added: pd.DataFrame) -> Measured:
    """Measure with some candidates as academies, through the whole chain."""
    register = added[prepared.inputs.academies.columns].assign(planned=True)
    inputs = dataclasses.replace(
        prepared.inputs, academies=add_plan(prepared.inputs.academies, register)
    )
    return measure_day(dataclasses.replace(prepared, inputs=inputs), prepared.study.about.date)


def in_time(measured: Measured, profile: str) -> int:
    """Count the children within reach of the whole study by the coverage table."""
    table = measured.coverage.set_index(["level", "band", "scenario", "profile"]).sort_index()
    return int(table.loc[("region", "all", "central", profile), "covered"])


@pytest.mark.parametrize("profile", PROFILES)
def test_what_places_promise_is_what_the_whole_chain_counts(tmp_path: Path, profile: str) -> None:
    """Each place, each pair and all: as many come within reach as a run with them counts."""
    study = sg.load_study(small(tmp_path)).with_siting(places=1, profile=profile)
    prepared, measured = ready(study)
    asked = plans.build_question(prepared, measured)
    table, before = asked.candidates.table, in_time(measured, profile)
    assert before == asked.in_time
    for number in (1, 2, 3):
        for places in combinations(range(3), number):
            promised = plans.count_covered(asked, np.array(places)) - before
            assert (
                in_time(with_places(prepared, table.iloc[list(places)]), profile) - before
                == promised
            )
            assert promised > 0


def test_the_sets_do_not_depend_on_threads_or_order(tmp_path: Path) -> None:
    """The same entries for one thread and three, and for the places the other way round."""
    prepared, measured = ready(sg.load_study(small(tmp_path)))
    table = find_candidates(prepared, measured).table
    of = list_units(prepared, measured, "all", threads=1)
    one = coverage_sets(prepared, measured, table, "all", of, threads=1).toarray()
    three = coverage_sets(prepared, measured, table, "all", of, threads=3).toarray()
    turned = coverage_sets(prepared, measured, table.iloc[::-1], "all", of).toarray()
    np.testing.assert_array_equal(one, three)
    np.testing.assert_array_equal(one, turned[::-1])


def test_who_is_uncovered_was_measured(tmp_path: Path) -> None:
    """Those out of reach as measured are those whom a search from each academy does not find."""
    prepared, measured = ready(sg.load_study(small(tmp_path)))
    every = list_units(prepared, measured, "all")
    none = list_uncovered(prepared, measured, "all")
    for name in ("point", "cell", "children", "served"):
        expected = getattr(every, name)[every.served == 0]
        np.testing.assert_array_equal(getattr(none, name), expected)
    assert 0 < len(none.point) < len(every.point)


def test_whom_places_bring_of_some_children_is_searched_from_those_alone(tmp_path: Path) -> None:
    """The same entries as of all children, for those who are asked about, in any order."""
    prepared, measured = ready(sg.load_study(small(tmp_path)))
    table = find_candidates(prepared, measured).table
    every = list_units(prepared, measured, "all")
    some = np.random.default_rng(1).permutation(len(every.point))[::3]
    few = Units(*(getattr(every, name)[some] for name in ("point", "cell", "children", "served")))
    assert len(set(few.point)) < len(set(every.point))
    of_all = coverage_sets(prepared, measured, table, "all", every).toarray()
    of_few = coverage_sets(prepared, measured, table, "all", few).toarray()
    np.testing.assert_array_equal(of_few, of_all[:, some])
    assert of_few.any()


def test_no_more_times_are_kept_for_more_profiles(tmp_path: Path) -> None:
    """Riders of all profiles share what is kept; each has its own times nevertheless."""
    _, measured = ready(sg.load_study(small(tmp_path)))
    one, other = measured.riders[:2]
    assert isinstance(one, OverNetwork)
    assert isinstance(other, OverNetwork)
    found = [rider.find_rider(Pace(13), 20) for rider in (one, other)]
    assert len(one._riders) <= one.paces_kept
    assert one.find_rider(Pace(13), 20) is found[0]
    assert other.find_rider(Pace(13), 20) is found[1]
    assert (found[0].times.forward_ms != found[1].times.forward_ms).any()


def test_places_are_tied_once_for_all_paces(tmp_path: Path) -> None:
    """The same table is tied once for every profile and choice of travel, another one anew."""
    prepared, measured = ready(sg.load_study(small(tmp_path)))
    table = find_candidates(prepared, measured).table
    rider = measured.riders[0]
    assert isinstance(rider, OverNetwork)
    tied = rider.tie_places(table)
    assert measured.riders[1].tie_places(table) is tied
    assert rider.with_travel(surface=False).tie_places(table) is tied
    other = rider.tie_places(table.iloc[1:])
    assert len(other.snap_m) == len(table) - 1


def test_who_is_served_is_counted_once_and_twice(tmp_path: Path) -> None:
    """A unit is served by all academies that have it within reach, two at most, told one by one."""
    study = sg.load_study(small(tmp_path, minutes=14))
    prepared, measured = ready(study)
    table = find_candidates(prepared, measured).table
    doubled = with_places(prepared, table.iloc[[0, 1]])
    inputs = dataclasses.replace(
        prepared.inputs,
        academies=add_plan(
            prepared.inputs.academies,
            table.iloc[[0, 1]][prepared.inputs.academies.columns].assign(planned=True),
        ),
    )
    of = list_units(dataclasses.replace(prepared, inputs=inputs), doubled, "all")
    alone = list_units(prepared, measured, "all")
    reach = coverage_sets(prepared, measured, table, "all", alone).toarray() > 0
    expected = np.minimum((alone.served > 0) + reach[0].astype(int) + reach[1], 2)
    np.testing.assert_array_equal(of.served, expected)
    assert set(of.served) == {0, 1, 2}


def test_in_a_straight_line_the_sets_are_distances(tmp_path: Path) -> None:
    """Each point within cutoff x speed / detour factor of a place is within reach, and no other."""
    prepared, measured = ready(sg.load_study(small(tmp_path, straight_line=True)))
    table = find_candidates(prepared, measured).table
    of = list_units(prepared, measured, "all")
    reach = coverage_sets(prepared, measured, table, "all", of).toarray() > 0
    points = prepared.points.geometry
    for row, spot in zip(reach, table.geometry, strict=True):
        away_m = points.distance(spot).to_numpy()[of.point]
        speed = [prepared.cells[cell].band.speed_kmh["central"] for cell in of.cell]
        ages = [prepared.cells[cell].ages for cell in of.cell]
        near = np.rint(away_m * 1.3 * 3600 / np.array(speed)) <= 8 * 60_000
        if spot.equals(table.geometry.iloc[2]):  # K3 serves 5 to 8
            near &= np.array([last <= 8 for _, last in ages])
        np.testing.assert_array_equal(row, near)


def test_unusable_candidates_are_named_and_left_out(tmp_path: Path) -> None:
    """Outside the study, on another's spot, off the roads: a line each, and the others stay."""
    prepared, measured = ready(sg.load_study(small(tmp_path)))
    found = find_candidates(prepared, measured)
    assert list(found.table["academy_id"]) == ["K1", "K2", "K3"]
    lines = [str(note) for note in found.notes]
    assert any("K4 Elders" in line and "outside the municipalities" in line for line in lines)
    assert any("K5 Zelfde plek" in line and "where another does" in line for line in lines)
    assert any("K6 Weiland" in line and "no usable road" in line for line in lines)
    assert len(lines) == 3


def test_without_a_usable_candidate_one_line_says_why(tmp_path: Path) -> None:
    """All outside: an error that names them."""
    place = small(tmp_path)
    (place / "plaatsen.csv").write_text("naam,x_lambert72,y_lambert72\nVer,190000,205500\n")
    with pytest.raises(InputError, match="none can be used: 1 lies outside"):
        sg.site(sg.load_study(place).with_siting(places=1))


def test_a_zone_stands_for_its_middle_demand_point(tmp_path: Path) -> None:
    """Without a list each zone has one place: the point nearest to the mean of its children."""
    prepared = prepare_study(sg.load_study(hand.write_study(tmp_path / "s")), report_nothing)
    middles = zone_middles(prepared)
    columns = [name for name in prepared.points if name.startswith("children_")]
    for row in middles.itertuples():
        mine = prepared.points[
            (prepared.points["zone_id"] == row.academy_id.removeprefix("PLAN-"))
            & ~prepared.points["outside_network"]
        ]
        weight = mine[columns].sum(axis=1)
        x = np.average(mine.geometry.x, weights=weight)
        y = np.average(mine.geometry.y, weights=weight)
        off = np.hypot(mine.geometry.x - x, mine.geometry.y - y)
        assert math.dist((row.geometry.x, row.geometry.y), (x, y)) == pytest.approx(off.min())
    assert list(middles["academy_id"]) == sorted(middles["academy_id"])
    assert len(middles) == 3


@cache
def best_by_hand(folder: Path, number: int, weights: tuple[tuple[str, float], ...]) -> float:
    """Try every plan of so many places, through the whole chain; give the best one's worth."""
    prepared, measured = ready(sg.load_study(folder))
    table = find_candidates(prepared, measured).table
    found = []
    for places in combinations(range(len(table)), number):
        rows = with_places(prepared, table.iloc[list(places)]).coverage
        rows = rows[
            (rows["level"] == "region")
            & (rows["scenario"] == "central")
            & (rows["profile"] == "all")
            & (rows["band"] != "all")
        ].set_index("band")["covered"]
        found.append(sum(dict(weights).get(str(band), 1) * n for band, n in rows.items()))
    return max(found)


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("weights", [(), (("5-8", 10.0), ("12-17", 0.29))])
def test_no_plan_is_better_by_the_whole_chain(
    tmp_path: Path, number: int, weights: tuple[tuple[str, float], ...]
) -> None:
    """Every choice is measured; the plan's worth is the greatest, with weights of bands too."""
    folder = small(tmp_path)
    study = sg.load_study(folder).with_siting(places=number, weights=dict(weights), curve_to=3)
    plan = sg.site(study)
    assert plan.solution.optimal
    bands = plan.places.filter(like="newly_").sum()
    before = best_by_hand(folder, 0, weights)
    worth = before + sum(
        dict(weights).get(name.removeprefix("newly_"), 1) * count for name, count in bands.items()
    )
    assert worth == best_by_hand(folder, number, weights)


def test_where_children_count_for_more_the_choice_turns(tmp_path: Path) -> None:
    """71002 has the lowest value: the place that reaches most of its children is first then."""
    folder = small(tmp_path)
    (folder / "inkomen.csv").write_text("nis_code,inkomen\n71002,1\n11001,5\n11004,5\n")
    toml = (folder / "study.toml").read_text(encoding="utf-8")
    toml = toml.replace("[output]", '[inputs.attributes]\ninkomen = "inkomen.csv"\n[output]')
    (folder / "study.toml").write_text(toml, encoding="utf-8")
    study = sg.load_study(folder)
    equity = {"attribute": "inkomen", "by_quintile": [100, 1, 1, 1, 1.25]}
    alike = sg.site(study.with_siting(places=1, curve_to=2))
    turned = sg.site(study.with_siting(places=1, equity=equity, curve_to=2))
    assert list(alike.places["academy_id"]) == ["K2"]
    prepared, measured = ready(study)
    table = find_candidates(prepared, measured).table
    reached = [
        with_places(prepared, table.iloc[[at]]).municipalities.set_index("nis_code")["covered"]
        for at in range(3)
    ]
    most = int(np.argmax([one["71002"] for one in reached]))
    assert list(turned.places["academy_id"]) == [table["academy_id"].iloc[most]] != ["K2"]


def test_the_plan_keeps_its_promise(tmp_path: Path) -> None:
    """Each row's children, by band and in all, are those that a run with the rows so far counts."""
    folder = small(tmp_path)
    plan = sg.site(sg.load_study(folder).with_siting(places=3, curve_to=3))
    assert plan.counted == plan.places["newly"].sum() > 0
    prepared, measured = ready(sg.load_study(folder))
    table = find_candidates(prepared, measured).table.set_index("academy_id", drop=False)
    for rank in range(1, len(plan.places) + 1):
        so_far = plan.places["academy_id"].iloc[:rank]
        after = with_places(prepared, table.loc[so_far])
        assert in_time(after, "all") == plan.places["covered"].iloc[rank - 1]
        provinces = after.coverage[
            (after.coverage["level"] == "province")
            & (after.coverage["band"] == "all")
            & (after.coverage["scenario"] == "central")
            & (after.coverage["profile"] == "all")
        ].set_index("code")
        told = plan.provinces[plan.provinces["rank"] == rank].set_index("province")
        for name, row in told.iterrows():
            assert row["covered"] == provinces.loc[name, "covered"]
            assert row["share"] == pytest.approx(provinces.loc[name, "share"])
    bands = plan.places.filter(like="newly_").sum(axis=1)
    assert (bands == plan.places["newly"]).all()
    assert (plan.places["newly"].diff().dropna() <= 0).all()


def test_a_budget_is_kept_to_the_cent(tmp_path: Path) -> None:
    """K2 costs 1,500.50: with a cent less it cannot be had, and what fits is chosen."""
    study = sg.load_study(small(tmp_path))
    enough = sg.site(study.with_siting(budget_eur="1500.50", curve_to=1))
    short = sg.site(study.with_siting(budget_eur="1500.49", curve_to=1))
    assert list(enough.places["academy_id"]) == ["K2"]
    assert "K2" not in list(short.places["academy_id"])
    assert short.places["cost_eur"].sum() <= 1500.49
    assert enough.cost.total_cents == 150_050
    with pytest.raises(InputError, match="below the cheapest place"):
        sg.site(study.with_siting(budget_eur="999.99"))


def test_the_fewest_places_reach_the_share(tmp_path: Path) -> None:
    """As many as asked for are within reach with them; with one fewer no choice does it."""
    folder = small(tmp_path)
    study = sg.load_study(folder)
    reachable = sg.site(study.with_siting(places=3, curve_to=3))
    share = float(reachable.places["share"].iloc[1])
    plan = sg.site(study.with_siting(problem="lscp", share=share - 1e-9, curve_to=3))
    assert len(plan.places) == 2
    assert plan.places["share"].iloc[-1] >= share - 1e-9
    best = best_by_hand(folder, 1, ()) / plan.measured_children
    assert best < share - 1e-9


def test_children_without_any_candidate_are_named(tmp_path: Path) -> None:
    """Everyone is asked for: the rest is solved, and who cannot be reached is counted by place."""
    plan = sg.site(sg.load_study(small(tmp_path)).with_siting(problem="lscp", curve_to=2))
    prepared, measured = ready(sg.load_study(small(tmp_path)))
    everything = with_places(prepared, find_candidates(prepared, measured).table)
    missing = everything.municipalities.set_index("name")["uncovered"]
    assert plan.unreachable.to_dict() == missing[missing > 0].to_dict()
    assert plan.places["covered"].iloc[-1] == in_time(everything, "all")


def test_the_least_mean_time_by_trying_all(tmp_path: Path) -> None:
    """The two places with the least total time from the middles of the zones, child by child."""
    study = sg.load_study(small(tmp_path)).with_siting(problem="p_median", places=2, curve_to=2)
    prepared, measured = ready(study)
    asked = plans.build_question(prepared, measured)
    found = plans.measure_zone_travel(asked, threads=2)
    ms = found.ms.tocoo()
    full = np.repeat(found.now_ms[:, None], 3, axis=1)
    full[ms.coords] = ms.data
    totals = {
        pair: int((full[:, list(pair)].min(axis=1) * found.choices.weight).sum())
        for pair in combinations(range(3), 2)
    }
    plan = sg.site(study)
    assert plan.solution.objective == min(totals.values())
    measured_children = asked.units.children
    zone = prepared.points["outside_network"].to_numpy()[asked.units.point]
    assert found.choices.weight.sum() == measured_children[~zone].sum()
    assert (ms.data < found.now_ms[ms.coords[0]]).all()


def test_what_is_drawn_by_chance_is_the_same_each_time(tmp_path: Path) -> None:
    """Plans never lose children as they grow, and with every candidate all reach the same."""
    study = sg.load_study(small(tmp_path)).with_siting(places=1)
    asked = plans.build_question(*ready(study))
    drawn = plans.count_by_chance(asked, 4)
    np.testing.assert_array_equal(drawn, plans.count_by_chance(asked, 4))
    assert (np.diff(drawn, axis=1) >= 0).all()
    assert len(set(drawn[:, 3])) == 1
    assert drawn[0, 3] == drawn[0, 4] == plans.count_covered(asked, np.arange(3))
    assert len(set(drawn[:, 1])) == 3


def test_one_in_each_municipality_without(tmp_path: Path) -> None:
    """The academies stand in 11001 and 11004, so 71002 gets its only candidate, K3."""
    asked = plans.build_question(*ready(sg.load_study(small(tmp_path)).with_siting(places=1)))
    with_one = asked.measured.municipalities.set_index("nis_code")["has_academy"]
    assert with_one.to_dict() == {"11001": True, "11004": True, "71002": False}
    chosen = plans.choose_one_for_each(asked)
    assert list(asked.candidates.table["academy_id"].iloc[chosen]) == ["K3"]
    assert plans.count_municipalities_with(asked, chosen) == 3


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ({}, "needs a number of places or a budget"),
        ({"places": 4}, "4 places asked for, 3 to choose from"),
        ({"places": -1}, "places"),
        ({"places": 1, "weights": {"jong": 2}}, "'jong' must be ages"),
        ({"places": 1, "weights": {"5-9": 2, "9-12": 2}}, "age 9 is named twice"),
        ({"places": 1, "weights": {"5-9": 2.345}}, "two decimals at most"),
        ({"places": 1, "weights": {"5-17": 0}}, "every child counts for nothing"),
        ({"places": 1, "floor_places": {"Limbrug": 1}}, "'Limbrug' is not one of"),
        ({"places": 2, "floor_places": {"Limburg": 2}}, "Limburg: at least 2 new places"),
        ({"places": 1, "floor_share": {"Limburg": 1.0}}, "Limburg"),
        ({"places": 1, "equity": {"attribute": "x", "by_quintile": [1] * 5}}, "no attribute 'x'"),
        ({"budget_eur": "12.345"}, "budget_eur"),
        ({"problem": "lscp", "share": 1.2}, "share"),
    ],
)
def test_what_cannot_be_asked_is_told_in_a_line(
    tmp_path: Path, asked: dict[str, Any], line: str
) -> None:
    """Each with what is wrong, before or instead of an answer."""
    study = sg.load_study(small(tmp_path))
    with pytest.raises((StudyError, InputError), match=line):
        sg.site(study.with_siting(**asked))


def files(folder: Path) -> dict[str, bytes]:
    """Read every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_command_line_writes_a_plan_that_a_run_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table, the folder, twice the same bytes; a run with plan.csv counts the promise.

    K3 is among the places: its ages and K2's own cost must survive the file.
    """
    folder = small(tmp_path, "[siting]\ncurve_to = 3\n")

    def stemgeo(*words: str) -> str:
        monkeypatch.setattr("sys.argv", ["stemgeo", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        told = capsys.readouterr()
        assert ended.value.code == 0, told.err
        return told.out

    said = stemgeo("site", str(folder), "-n", "3", "--out", str(tmp_path / "a"))
    assert "Rekenkundig bewezen" in said
    stemgeo("site", str(folder), "-n", "3", "--threads", "3", "--out", str(tmp_path / "b"))
    assert files(tmp_path / "a") == files(tmp_path / "b")
    content = json.loads((tmp_path / "a" / "manifest.json").read_text(encoding="utf-8"))
    promised = content["sums"]["promised"]
    assert content["sums"]["counted"] == promised > 0
    summary = (tmp_path / "a" / "summary.md").read_text(encoding="utf-8")
    assert "kosten deze plaatsen 3.500,50 euro, waarvan 1.500,50 euro" in summary
    now = stemgeo("run", str(folder), "--out", str(tmp_path / "now"))
    plan_csv = str(tmp_path / "a" / "plan.csv")
    then = stemgeo("run", str(folder), "--plan", plan_csv, "--out", str(tmp_path / "then"))
    assert now != then
    counted = [
        pd.read_csv(tmp_path / name / "tables" / "provinces.csv")["covered"].iloc[-1]
        for name in ("now", "then")
    ]
    assert counted[1] - counted[0] == promised
    measured = (tmp_path / "then" / "summary.md").read_text(encoding="utf-8")
    assert "1 geplande plaats heeft een eigen kost, 1.500,50 euro, buiten deze regels" in measured
    printed = stemgeo("site", str(folder), "-n", "3", "--format", "csv")
    assert printed == (tmp_path / "a" / "tables" / "plan.csv").read_text(encoding="utf-8")


def test_the_summary_says_what_the_tables_say(tmp_path: Path) -> None:
    """Every figure of its sentences stands in a table, in Dutch and in English."""
    study = sg.load_study(small(tmp_path)).with_siting(places=2, curve_to=3)
    plan = sg.site(study)
    plan.write(tmp_path / "plan")
    text = (tmp_path / "plan" / "summary.md").read_text(encoding="utf-8")
    share = f"{plan.places['share'].iloc[-1] * 100:.1f} %".replace(".", ",")
    assert f"Met 2 academies erbij kan {share} van de kinderen binnen 8 minuten" in text
    assert f"{plan.places['newly'].sum()} kinderen meer" in text
    assert "De enige gemeente zonder academie krijgt er geen." in text
    rows = plan.comparison.set_index("choice")
    each = f"{rows.loc['each_municipality', 'share'] * 100:.1f} %".replace(".", ",")
    assert f"Een academie in elke gemeente zonder (1) brengt het aandeel op {each}" in text
    assert "Gevraagd: hoogstens 2 academies." in text
    assert "Proef, niet voor publicatie" in text
    for row in plan.places.itertuples():
        assert f"| {row.rank} | {row.name} |" in text
    assert "enveloppe" not in text  # of a part of Flanders it says nothing


def test_a_candidate_municipality_adds_what_a_run_counts(tmp_path: Path) -> None:
    """Its best place is measured through the whole chain: here, beyond, and no other adds more."""
    study = sg.load_study(small(tmp_path))
    result = sg.run(study)
    prepared, measured = ready(study)
    table = find_candidates(prepared, measured).table
    before = measured.municipalities.set_index("nis_code")["covered"]
    assert "K6" not in set(result.candidates["place_id"])
    for row in result.candidates.itertuples():
        adds = {}
        if row.place_id == "":
            assert row.adds == 0
            assert row.nis_code not in set(table["nis_code"])
            continue
        for at in np.flatnonzero(table["nis_code"] == row.nis_code):
            after = with_places(prepared, table.iloc[[at]]).municipalities.set_index("nis_code")
            adds[table["academy_id"].iloc[at]] = after["covered"] - before
        more = adds[row.place_id]
        assert row.adds == more.sum() == max(one.sum() for one in adds.values()) > 0
        assert row.adds_here == more[row.nis_code]
        assert row.adds_beyond == more.drop(row.nis_code).sum()
    assert list(result.candidates["adds"]) == sorted(result.candidates["adds"], reverse=True)
    assert result.candidates["uncovered"].sum() == result.municipalities["uncovered"].sum()
    assert list(result.candidates["rank"]) == [1, 2, 3]


@pytest.mark.parametrize(("rule", "first"), [("uncovered", "11001"), ("share", "11004")])
def test_the_ranking_rule_can_be_changed(tmp_path: Path, rule: str, first: str) -> None:
    """By its own children out of reach 11001 is first; by the lowest share 11004."""
    study = sg.load_study(small(tmp_path))
    gaps = study.gaps.model_copy(update={"rank_by": rule})
    result = sg.run(study.model_copy(update={"gaps": gaps}))
    assert result.candidates["nis_code"].iloc[0] == first
    by = result.candidates[rule]
    assert by.is_monotonic_increasing if rule == "share" else by.is_monotonic_decreasing


def test_a_plan_of_nothing_says_that_nothing_was_asked(tmp_path: Path) -> None:
    """With 0 places it says so, not that none would add anything."""
    plan = sg.site(sg.load_study(small(tmp_path)).with_siting(places=0, curve_to=2))
    text = write_plan_markdown(plan, build_map_text(plan.study, plan.inputs))
    assert "Er is geen plaats gevraagd" in text
    assert "Geen enkele plaats voegt iets toe" not in text


def test_the_curve_holds_the_plan(tmp_path: Path) -> None:
    """At its number of places the best is no less and the bound no more than what is proven."""
    study = sg.load_study(small(tmp_path))
    for number in (1, 2, 3):
        plan = sg.site(study.with_siting(places=number, curve_to=3))
        row = plan.curve.iloc[number]
        assert row["covered"] == row["covered_bound"] == plan.places["covered"].iloc[-1]
        assert plan.curve["covered"].is_monotonic_increasing
        rows = plan.comparison.set_index("choice")
        assert rows.loc["plan", "covered_bound"] == rows.loc["plan", "covered"]


def test_a_weight_may_begin_inside_a_band(tmp_path: Path) -> None:
    """Children of 14 and older count for two: what is chosen and counted goes by single ages."""
    study = sg.load_study(small(tmp_path)).with_siting(places=1, weights={"14-17": 2}, curve_to=2)
    prepared, measured = ready(study)
    assert "14-17" in [cell.name for cell in prepared.cells]
    asked = plans.build_question(prepared, measured)
    old = np.array([cell.ages[0] >= 14 for cell in prepared.cells])[asked.units.cell]
    np.testing.assert_array_equal(asked.choices.weight, asked.units.children * np.where(old, 2, 1))


def test_a_place_given_twice_costs_the_least(tmp_path: Path) -> None:
    """A row that is there again is left out; of two on one metre the cheaper stays."""
    place = small(tmp_path)
    rows = CANDIDATES.splitlines()
    rows += [rows[2], "K9,Sporthal goedkoop,155100.2,201200.1,1200,,"]
    (place / "plaatsen.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    study = sg.load_study(place)
    prepared, measured = ready(study)
    found = find_candidates(prepared, measured)
    assert list(found.table["academy_id"]) == ["K1", "K3", "K9"]
    told = [str(note) for note in (*prepared.notes, *found.notes)]
    assert any("the same as another row" in line for line in told)
    assert any("K2 Sporthal" in line and "no cheaper" in line for line in told)


def test_what_is_planned_already_is_no_candidate(tmp_path: Path) -> None:
    """By its spot: a plan of K2's place leaves K1 and K3 to choose from."""
    place = small(tmp_path)
    (place / "al.csv").write_text("naam,x_lambert72,y_lambert72\nAl gepland,155100,201200\n")
    prepared, measured = ready(sg.load_study(place).with_plan(place / "al.csv"))
    found = find_candidates(prepared, measured)
    assert list(found.table["academy_id"]) == ["K1", "K3"]
    assert any("in the study's plan already" in str(note) for note in found.notes)


def test_everyone_in_time_leaves_no_candidate_municipality(tmp_path: Path) -> None:
    """With an hour to ride nobody is late: an empty table, and the run is whole."""
    result = sg.run(sg.load_study(small(tmp_path, minutes=59)))
    assert result.municipalities["uncovered"].sum() == 0
    assert result.candidates.empty
    result.write(tmp_path / "out")


def test_a_floor_by_province_turns_the_choice(tmp_path: Path) -> None:
    """K2 is the best place; with one asked for in Limburg it is K3, the only one there."""
    study = sg.load_study(small(tmp_path))
    plan = sg.site(study.with_siting(places=1, floor_places={"Limburg": 1}, curve_to=2))
    assert list(plan.places["academy_id"]) == ["K3"]
    text = write_plan_markdown(plan, build_map_text(plan.study, plan.inputs))
    assert "Limburg ten minste 1 academie" in text
    assert "zonder de gevraagde gewichten en grenzen" in text
    now = plan.provinces.set_index(["rank", "province"])["share"]
    least = (now[0, "Limburg"] + now[1, "Limburg"]) / 2
    kept = sg.site(study.with_siting(places=2, floor_share={"Limburg": least}, curve_to=2))
    assert kept.provinces.set_index(["rank", "province"])["share"][2, "Limburg"] >= least
    assert not any(str(note).startswith("siting: ") for note in kept.notes)


def test_places_stand_beside_what_a_plan_moves_and_closes(tmp_path: Path) -> None:
    """The file for a run does what the study's plan does too, and keeps what was promised."""
    folder = small(tmp_path, straight_line=True)
    (folder / "own.csv").write_text(hand.SMALL_CHANGES, encoding="utf-8")
    study = sg.load_study(folder).with_plan(folder / "own.csv")
    before = sg.run(study)
    found = sg.site(study.with_siting(places=2, curve_to=2))
    path = found.write(tmp_path / "plan") / "plan.csv"
    then = sg.run(study.with_plan(path))
    assert then.plan_changes is not None
    changes = then.plan_changes.set_index("academy_id")["change"].to_dict()
    assert changes == {"N1": "new", "S1": "moved", "S2": "closed"} | dict.fromkeys(
        found.places["academy_id"], "new"
    )
    covered = [int(one.summary("region")["covered"].iloc[0]) for one in (before, then)]
    assert covered[1] - covered[0] == found.places["newly"].sum() == found.counted > 0
    assert not set(found.places["academy_id"]) & {"N1", "S1", "S2"}


def test_without_a_child_there_is_nothing_to_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No zone has a child: that is said, not "raise a weight" or "give other candidates"."""
    monkeypatch.setattr(hand, "SMALL_CHILDREN", dict.fromkeys(hand.SMALL_CHILDREN, 0))
    study = sg.load_study(small(tmp_path, straight_line=True))
    with pytest.raises(InputError) as error:
        sg.site(study.with_siting(places=2))
    assert str(error.value) == (
        "siting: no zone has a child of the ages studied, so no place brings anyone within reach; "
        "give a population with children, or other bands"
    )
