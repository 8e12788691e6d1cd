from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import hand
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from stemgeo import facts
from stemgeo.errors import InputError, StudyError
from stemgeo.example import sample
from stemgeo.inputs import load_inputs, read_municipalities
from stemgeo.inputs.academies import read_academies
from stemgeo.report.subsidy import say_subsidy
from stemgeo.study import SubsidyChoice, load_study
from stemgeo.study_run import Result, run
from stemgeo.subsidy import (
    PlanCost,
    SubsidyRules,
    add_up_amounts,
    compute_amounts,
    compute_for_study,
    cost_of_places,
    load_every_rules,
    load_subsidy_rules,
    place_costs_cents,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("read_once")

OF_2021, OF_2023 = load_subsidy_rules(2021), load_subsidy_rules(2023)
Row = tuple[str, str, int, int]
"""Organisation, postcode, trajectories, online trajectories."""


def register(rows: Iterable[Row], **others: Any) -> pd.DataFrame:
    """Make a register; its ids are A1, A2, ... in the order of the rows."""
    columns = ["organisation", "postcode", "trajectories", "online_trajectories"]
    table = pd.DataFrame(list(rows), columns=columns)
    ids = pd.Series([f"A{number}" for number in range(1, len(table) + 1)], dtype=str)
    return table.assign(academy_id=ids, **others)


def euro_of(table: pd.DataFrame) -> dict[str, int]:
    """Give what each applicant gets."""
    return dict(zip(table["applicant"], table["amount_eur"], strict=True))


# -- the rules as data -----------------------------------------------------------------------


def test_the_rules_of_2021() -> None:
    """The amounts of the call, as the text of the agency has them."""
    assert (OF_2021.place_eur, OF_2021.extra_trajectory_eur) == (1000, 500)
    assert (OF_2021.online_trajectory_eur, OF_2021.extra_online_trajectory_eur) == (1000, 500)
    assert (OF_2021.cap_eur, OF_2021.envelope_eur, OF_2021.min_activities) == (50_000, 500_000, 3)
    assert OF_2021.seed == "003_77354a17bc9c4a6a.txt"


def test_the_rules_of_2023() -> None:
    """One amount, for a place; none is named for extra or online trajectories."""
    assert (OF_2023.place_eur, OF_2023.cap_eur, OF_2023.envelope_eur) == (1500, 30_000, 500_000)
    assert (OF_2023.extra_trajectory_eur, OF_2023.pays_trajectories) == (0, False)
    assert (OF_2023.online_trajectory_eur, OF_2023.extra_online_trajectory_eur) == (0, 0)
    with pytest.raises(StudyError, match=r"trajectories_per_place: changes nothing: the rules of"):
        hand.study(subsidy={"year": 2023, "trajectories_per_place": 2})


def test_an_unknown_year_names_those_there_are() -> None:
    """From Python as from a study."""
    with pytest.raises(StudyError, match=r"no rules of 2019 are known; there are: 2021, 2023"):
        load_subsidy_rules(2019)
    with pytest.raises(StudyError, match=r"'subsidy\.year': no rules of 2022 are known; there"):
        hand.study(subsidy={"year": 2022})
    assert list(load_every_rules()) == [2021, 2023]


@pytest.mark.parametrize(
    "change",
    [
        {"place_eur": 400},
        {"extra_online_trajectory_eur": 1001},
        {"bonus_eur": 3},
        {"cap_eur": 0},
    ],
)
def test_rules_that_contradict_themselves_are_refused(change: dict[str, Any]) -> None:
    """A second trajectory dearer than a place would break what the costs for a solver promise."""
    with pytest.raises(ValidationError):
        SubsidyRules.model_validate(facts.read_subsidy_rules()[0] | change)


def test_a_place_layer_must_be_one_of_the_study() -> None:
    """Else the places would silently be counted by municipality."""
    with pytest.raises(StudyError, match=r"subsidy\.place_layer: no layer 'deel'.* has: none"):
        hand.study(subsidy={"place_layer": "deel"})


# -- what applicants get, worked by hand ------------------------------------------------------


def test_two_postcodes_and_three_trajectories() -> None:
    """1,000 + 1,000 for the places and 500 for the third trajectory: 2,500 euro."""
    table = compute_amounts(register([("Maak", "9000", 2, 0), ("Maak", "9050", 1, 0)]), OF_2021)
    (row,) = table.to_dict("records")
    assert (row["places"], row["extra_trajectories"], row["amount_eur"]) == (2, 1, 2500)
    assert (row["academies"], row["places_by"], row["not_counted"]) == (2, "postcode", 0)


def test_the_same_postcode_counts_once_for_each_applicant() -> None:
    """Two academies of one applicant share the place; another applicant has its own there."""
    rows = [("Maak", "9000", 1, 0), ("maak ", "9000", 1, 0), ("Lab", "9000", 1, 0)]
    assert euro_of(compute_amounts(register(rows), OF_2021)) == {"Lab": 1000, "Maak": 1500}


def test_an_academy_without_an_organisation_stands_by_itself() -> None:
    """Two of them are two applicants, also under one name or that of an organisation."""
    rows = [("", "9000", 1, 0), ("", "9000", 1, 0), ("Lab", "9000", 1, 0)]
    table = compute_amounts(register(rows, name=["Lab", "Lab", "Lab"]), OF_2021)
    assert table[["applicant", "academy_id", "amount_eur"]].to_numpy().tolist() == [
        ["Lab", "A1", 1000],
        ["Lab", "A2", 1000],
        ["Lab", "", 1000],
    ]


def test_the_cap_for_an_applicant() -> None:
    """51 places are 51,000 euro, of which 1,000 is cut; 50 places lose nothing."""
    rows = [("Groot", f"{1000 + number}", 1, 0) for number in range(51)]
    table = compute_amounts(
        register([*rows, *[("Juist", post, 1, 0) for _, post, *_ in rows[:50]]]), OF_2021
    )
    assert table[["before_cap_eur", "cut_eur", "amount_eur"]].to_numpy().tolist() == [
        [51_000, 1000, 50_000],
        [50_000, 0, 50_000],
    ]
    sums = add_up_amounts(table, OF_2021)
    assert (sums.before_cap_eur, sums.cut_eur, sums.amount_eur) == (101_000, 1000, 100_000)
    assert sums.left_eur == 400_000


def test_a_passed_envelope_is_told_and_not_divided() -> None:
    """501 places cost 501,000 euro: 1,000 more than there is, and nobody gets less for it."""
    rows = [(f"Lab {number}", "9000", 1, 0) for number in range(501)]
    table = compute_amounts(register(rows), OF_2021)
    assert add_up_amounts(table, OF_2021).left_eur == -1000
    assert set(table["amount_eur"]) == {1000}


def test_online_trajectories() -> None:
    """The first of an applicant is 1,000 euro, each after it 500, in whichever academy."""
    rows = [("Maak", "9000", 0, 2), ("Maak", "9050", 0, 1), ("Lab", "9000", 1, 1)]
    assert euro_of(compute_amounts(register(rows), OF_2021)) == {"Lab": 2000, "Maak": 2000}


def test_an_academy_without_a_trajectory_reaches_no_place() -> None:
    """It is told as not counted; an empty cell takes the default of the study."""
    table = compute_amounts(register([("Maak", "9000", 0, 0)]), OF_2021)
    assert table[["places", "not_counted", "amount_eur"]].to_numpy().tolist() == [[0, 1, 0]]
    unknown = register([("Maak", "9000", 0, 0)]).assign(trajectories=pd.array([None], "Int64"))
    assert euro_of(compute_amounts(unknown, OF_2021, trajectories_per_place=3)) == {"Maak": 2000}


def test_in_2023_a_postcode_is_paid_once_whatever_is_held_there() -> None:
    """Three academies at two postcodes: twice 1,500 euro, online and extra trajectories nothing."""
    rows = [("Maak", "9000", 1, 2), ("Maak", "9000", 4, 0), ("Maak", "9050", 1, 0)]
    table = compute_amounts(register([*rows, ("Lab", "9000", 1, 0)]), OF_2023)
    assert euro_of(table) == {"Lab": 1500, "Maak": 3000}
    many = [("Maak", f"90{number:02}", 1, 0) for number in range(21)]
    (row,) = compute_amounts(register(many), OF_2023).to_dict("records")
    assert (row["before_cap_eur"], row["cut_eur"], row["amount_eur"]) == (31_500, 1500, 30_000)
    assert place_costs_cents(register(rows), OF_2023).tolist() == [150_000] * 3


def test_what_stands_for_a_postcode() -> None:
    """The postcode, else the polygon of the layer, else the municipality; else nothing is paid."""
    layer = gpd.GeoDataFrame(
        {"code": ["D2", "D1"]}, geometry=[hand.square(0, 0), hand.square(1, 0)], crs=hand.CRS
    )
    places = {
        "A1": ("9000", "44021", hand.spot(0.5, 0.5)),
        "A2": ("", "44021", hand.spot(0.5, 0.5)),
        "A3": ("", "44021", hand.spot(1, 0.5)),
        "A4": ("", "44021", hand.spot(5, 0.5)),
        "A5": ("", "", hand.spot(9, 0.5)),
    }
    table = pd.DataFrame(list(places.values()), columns=["postcode", "nis_code", "geometry"])
    table = table.assign(academy_id=list(places), organisation="Maak")
    (row,) = compute_amounts(table, OF_2021, layer=layer).to_dict("records")
    assert row["places_by"] == "layer, municipality, postcode"
    assert (row["places"], row["not_counted"], row["amount_eur"]) == (4, 1, 4000)
    (row,) = compute_amounts(table, OF_2021).to_dict("records")
    assert (row["places"], row["places_by"]) == (2, "municipality, postcode")


def test_bad_numbers_of_trajectories_are_told_together() -> None:
    """A line for each, in the caller's own rows."""
    table = register([("Maak", "9000", -1, 0), ("Maak", "9000", 1, 0)])
    table = table.assign(online_trajectories=["1.5", "veel"])
    with pytest.raises(InputError) as told:
        compute_amounts(table, OF_2021)
    assert str(told.value).splitlines() == [
        "row 0: 'trajectories' is '-1', not a whole number of 0 or more",
        "row 0: 'online_trajectories' is '1.5', not a whole number of 0 or more",
        "row 1: 'online_trajectories' is 'veel', not a whole number of 0 or more",
    ]


def test_nobody_costs_nothing() -> None:
    """An empty register has no applicants and leaves the whole envelope."""
    table = compute_amounts(hand.academies({}), OF_2021)
    assert len(table) == 0
    assert add_up_amounts(table, OF_2021).left_eur == 500_000


# -- an independent counter, and properties ---------------------------------------------------

ROWS = st.lists(
    st.tuples(
        st.sampled_from(["Maak", "Lab", "Zee"]),
        st.sampled_from(["1000", "2000", "3000"]),
        st.integers(0, 60),
        st.integers(0, 40),
    ),
    max_size=12,
)


def counted(rows: Iterable[Row]) -> dict[str, int]:
    """Count by the text of the call of 2021, a euro at a time."""
    held: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
    for organisation, postcode, trajectories, online in rows:
        held[organisation].append((postcode, trajectories, online))
    paid = {}
    for organisation, own in held.items():
        money, seen, any_online = 0, set(), False
        for postcode, trajectories, online in own:
            for _ in range(trajectories):
                money += 500 if postcode in seen else 1000
                seen.add(postcode)
            for _ in range(online):
                money += 500 if any_online else 1000
                any_online = True
        paid[organisation] = min(money, 50_000)
    return paid


@settings(max_examples=40)
@given(ROWS)
def test_the_amounts_equal_those_of_an_independent_counter(rows: list[Row]) -> None:
    """Trajectory by trajectory, with the cap at the end."""
    assert euro_of(compute_amounts(register(rows), OF_2021)) == counted(rows)


@settings(max_examples=40)
@given(ROWS, st.sampled_from([OF_2021, OF_2023]), st.randoms(use_true_random=False))
def test_the_order_of_the_register_does_not_matter(
    rows: list[Row], of: SubsidyRules, order: random.Random
) -> None:
    """The same table, to the last cell."""
    table = register(rows)
    mixed = table.iloc[order.sample(range(len(table)), len(table))]
    pd.testing.assert_frame_equal(compute_amounts(table, of), compute_amounts(mixed, of))


@settings(max_examples=40)
@given(ROWS, ROWS, st.sampled_from([OF_2021, OF_2023]))
def test_more_places_never_cost_less_and_no_applicant_passes_the_cap(
    rows: list[Row], more: list[Row], of: SubsidyRules
) -> None:
    """Neither in all nor for one applicant."""
    fewer, table = (
        compute_amounts(register(rows), of),
        compute_amounts(register([*rows, *more]), of),
    )
    assert (table["amount_eur"] <= 50_000).all()
    assert add_up_amounts(fewer, of).amount_eur <= add_up_amounts(table, of).amount_eur
    after = euro_of(table)
    assert all(amount <= after[who] for who, amount in euro_of(fewer).items())


# -- what the places of a plan cost -----------------------------------------------------------


def test_a_plan_beside_a_register() -> None:
    """A postcode that the applicant has is 500 more, a new one 1,000, a newcomer 1,000."""
    there = register([("Maak", "9000", 1, 0)])
    plan = register([("Maak", "9000", 1, 0), ("Maak", "9050", 2, 0), ("", "9000", 1, 0)])
    cost = cost_of_places(plan, OF_2021, register=there)
    assert cost.table["cost_cents"].tolist() == [50_000, 150_000, 100_000]
    assert (cost.subsidy_cents, cost.cut_cents, cost.own_cents) == (300_000, 0, 0)
    assert cost.left_cents == 49_900_000
    assert cost.suffices


def test_a_plan_of_who_is_at_the_cap_costs_nothing_more() -> None:
    """The cap takes all of it off."""
    there = register([("Groot", f"{1000 + number}", 1, 0) for number in range(50)])
    cost = cost_of_places(register([("Groot", "9000", 1, 0)]), OF_2021, register=there)
    assert (cost.subsidy_cents, cost.cut_cents, cost.total_cents) == (0, 100_000, 0)


def test_a_cost_of_its_own_takes_the_place_of_the_rules() -> None:
    """To the cent, outside cap and envelope; the postcode stays free for another place."""
    plan = register([("Maak", "9000", 1, 0), ("Maak", "9000", 1, 0)])
    plan = plan.assign(cost_eur=["885685.05", ""])
    cost = cost_of_places(plan, OF_2021)
    assert cost.table["cost_cents"].tolist() == [88_568_505, 100_000]
    assert cost.table["own"].tolist() == [True, False]
    assert (cost.own_cents, cost.subsidy_cents) == (88_568_505, 100_000)
    assert cost.total_cents == 88_668_505
    assert cost.suffices


def test_a_plan_of_bare_points_pays_for_each_place() -> None:
    """Who says neither applicant nor place has one of each for every row."""
    plan = pd.DataFrame({"x": [1, 2, 3]}, index=[7, 7, 7])
    assert cost_of_places(plan, OF_2021).table["cost_cents"].tolist() == [100_000] * 3
    assert place_costs_cents(plan, OF_2021).tolist() == [100_000] * 3
    assert place_costs_cents(plan, OF_2021).dtype == np.int64


def test_a_plan_in_a_layer() -> None:
    """Two places of one applicant in one polygon are one; a plan without coordinates has none."""
    layer = gpd.GeoDataFrame({"code": ["D1"]}, geometry=[hand.square(0, 0)], crs=hand.CRS)
    plan = pd.DataFrame({"organisation": ["Maak", "Maak"]})
    spots = gpd.GeoSeries([hand.spot(0.2, 0.5), hand.spot(0.7, 0.5)])
    in_layer = cost_of_places(plan.assign(geometry=spots), OF_2021, layer=layer)
    assert in_layer.table["cost_cents"].tolist() == [100_000, 50_000]
    bare = cost_of_places(plan, OF_2021, layer=layer)
    assert bare.table["cost_cents"].tolist() == [100_000, 100_000]


def test_an_envelope_that_does_not_suffice() -> None:
    """499 places leave 1,000 euro: for one place more, not for two."""
    there = register([(f"Lab {number}", "9000", 1, 0) for number in range(499)])
    plan = register([("", "9000", 1, 0), ("", "9050", 1, 0)])
    assert cost_of_places(plan.head(1), OF_2021, register=there).suffices
    assert not cost_of_places(plan, OF_2021, register=there).suffices


def test_bad_costs_are_told_together() -> None:
    """Words, parts of a cent, debts and boundless sums; a line each."""
    plan = pd.DataFrame({"cost_eur": ["duur", "0.001", "-5", "inf", "12.50", None]})
    for ask in (cost_of_places, place_costs_cents):
        with pytest.raises(InputError) as told:
            ask(plan, OF_2021)
        assert [str(line).partition(",")[0] for line in told.value.problems] == [
            "row 1: 'cost_eur' is 'duur'",
            "row 2: 'cost_eur' is '0.001'",
            "row 3: 'cost_eur' is '-5'",
            "row 4: 'cost_eur' is 'inf'",
        ]


@settings(max_examples=40)
@given(ROWS, ROWS, st.sampled_from([OF_2021, OF_2023]))
def test_costs_for_a_solver_are_never_below_the_true_ones(
    there: list[Row], new: list[Row], of: SubsidyRules
) -> None:
    """Beside any register; the true ones are the difference of two sums, and add up."""
    plan, known = register(new), register(there)
    plan = plan.assign(academy_id="P" + plan["academy_id"])
    cost: PlanCost = cost_of_places(plan, of, register=known)
    before = add_up_amounts(compute_amounts(known, of), of)
    after = add_up_amounts(compute_amounts(pd.concat([known, plan]), of), of)
    assert cost.subsidy_cents == (after.amount_eur - before.amount_eur) * 100
    assert cost.cut_cents == (after.cut_eur - before.cut_eur) * 100
    assert int(cost.table["cost_cents"].sum()) == cost.subsidy_cents + cost.cut_cents
    assert (place_costs_cents(plan, of) >= cost.table["cost_cents"]).all()


# -- in a run -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """The small study with postcodes and trajectories in its register."""
    folder = hand.write_study(tmp_path_factory.mktemp("subsidy") / "s", straight_line=True)
    lines = hand.SMALL_ACADEMIES.splitlines()
    more = ["postcode;trajecten", "2630;3", "2640;", "2640;1"]
    text = "\n".join(f"{line};{own}" for line, own in zip(lines, more, strict=True))
    (folder / "academies.csv").write_text(text, encoding="utf-8")
    return run(load_study(folder))


def test_a_run_counts_the_academies_of_its_date(small: Result) -> None:
    """3 trajectories in 2630 are 2,000 euro; the academy of 2018 is no longer recognised."""
    assert euro_of(small.subsidy) == {"Proef": 1000, "Proef & Co": 2000}


def test_the_summary_says_what_the_register_costs(small: Result) -> None:
    """In Dutch, with the amount, what a place is and that a part of Flanders has no envelope."""
    text = " ".join(say_subsidy(small))
    assert (
        "kosten de erkende academies van het register 3.000 euro (2 plaatsen, 2 extra traj" in text
    )
    assert "De enveloppe van 500.000 euro is voor heel Vlaanderen" in text
    assert "Een plaats is hier een postcode per aanvrager." in text
    assert "blijft" not in text


def asked(result: Result, language: str = "nl", **choice: Any) -> Result:
    """Give a result as if its study had asked for other rules."""
    output = result.study.output.model_copy(update={"language": language})
    study = result.study.model_copy(update={"subsidy": SubsidyChoice(**choice), "output": output})
    table = compute_for_study(study.subsidy, result.academies, result.inputs.layers)
    return replace(result, study=study, subsidy=table)


def test_the_summary_in_english_of_2023(small: Result) -> None:
    """It counts what is paid alone, and says so."""
    text = " ".join(say_subsidy(asked(small, "en", year=2023)))
    assert "academies of the register cost 3,000 euro (2 places, 2 applicants)." in text
    assert "The rules of 2023 name no amount for extra or online trajectories." in text
    assert "elsewhere" not in text


def test_the_summary_of_all_of_flanders_lays_the_envelope_beside(sample_result: Result) -> None:
    """What is left of it; or by how much it is passed, which nobody divides."""
    left = add_up_amounts(sample_result.subsidy, OF_2021).left_eur
    text = " ".join(say_subsidy(sample_result))
    assert f"van de enveloppe van 500.000 euro blijft {left // 1000}.{left % 1000:03d} euro" in text
    more = asked(sample_result, trajectories_per_place=3)
    over = -add_up_amounts(more.subsidy, OF_2021).left_eur
    assert over > 0
    text = " ".join(say_subsidy(more))
    assert f"dat is {over // 1000}.{over % 1000:03d} euro meer dan de enveloppe" in text
    assert "de regels zeggen niet hoe het tekort verdeeld wordt" in text
    assert "geteld: 3 per academie" in text


def test_the_summary_says_what_the_cap_takes(small: Result) -> None:
    """And which academies were not counted, since nothing says where they are."""
    busy = small.academies.assign(trajectories=pd.array([120, 1], dtype="Int64"))
    busy.loc[busy["academy_id"] == "S2", ["postcode", "nis_code"]] = ""
    text = " ".join(say_subsidy(asked(replace(small, academies=busy))))
    assert "Het maximum van 50.000 euro per aanvrager neemt er 10.500 euro af." in text
    assert "Niet meegeteld, want zonder plaats of traject: 1." in text


def test_the_sample_is_within_the_envelope() -> None:
    """Its cost is that of the independent counter, by municipality for want of postcodes."""
    study = sample()
    inputs = load_inputs(study)
    table = compute_for_study(study.subsidy, inputs.academies, inputs.layers)
    given_rows = [
        (one.organisation or one.academy_id, one.nis_code, 1, 0)
        for one in inputs.academies.itertuples()
    ]
    assert add_up_amounts(table, OF_2021).amount_eur == sum(counted(given_rows).values())
    assert set(table["places_by"]) == {"municipality"}


def test_postcodes_of_a_file_arrive(tmp_path: Path) -> None:
    """Text from a column of numbers, whatever the column is called."""
    path = tmp_path / "a.csv"
    path.write_text("id;naam;x;y;Postcode;Trajecten\n1;Een;151000;201000;9000;2\n", "utf-8")
    towns = hand.municipalities(hand.SMALL)
    frame = read_academies(path, towns)
    assert frame[["postcode", "trajectories"]].to_numpy().tolist() == [["9000", 2]]


def test_the_real_makerspaces(shared_data: Path) -> None:
    """Each an applicant of its own; the one in Brussels has no place and is not counted."""
    towns = read_municipalities(shared_data / "boundaries" / "gemeente2025.gpkg")
    path = shared_data / "academies" / "makerspaces_libraries.geojson"
    table = compute_amounts(read_academies(path, towns), OF_2021)
    assert (len(table), int(table["not_counted"].sum())) == (32, 1)
    assert add_up_amounts(table, OF_2021).left_eur == 500_000 - 31_000
