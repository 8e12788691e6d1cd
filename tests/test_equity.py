"""Equity: coverage by fifths of the children and its concentration; and the reported figures."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stemgeo import errors, facts
from stemgeo.equity import count_quintiles, measure_concentration
from stemgeo.tables import check_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stemgeo.study_run import Result

COUNTS = ["children", "covered", "uncovered", "unmeasured"]
NAN = float("nan")

Counts = tuple[int, int, int]
"""Covered, uncovered, unmeasured."""


def coverage_rows(
    level: str, code: str, profile: str, scenario: str, counts: Counts
) -> dict[str, Any]:
    """Make a row of the coverage table, for all bands."""
    covered, uncovered, unmeasured = counts
    keys = {"level": level, "code": code, "name": f"N{code}", "band": "all"}
    figures = {"children": sum(counts), "covered": covered, "uncovered": uncovered}
    measured = covered + uncovered
    share = covered / measured if measured else NAN
    rider = {"scenario": scenario, "profile": profile}
    return {**keys, **rider, **figures, "unmeasured": unmeasured, "share": share}


def coverage_of(
    places: Sequence[Counts], level: str = "zone", profiles: Sequence[str] = ("all",)
) -> pd.DataFrame:
    """Make a coverage table of places Z0, Z1, ... and the region, the same for every rider.

    In the low scenario nobody measured is covered, in the high one everybody is.
    """
    rows = []
    for profile in profiles:
        for scenario in ("low", "central", "high"):
            seen = [_in_scenario(counts, scenario) for counts in places]
            whole: Any = tuple(map(sum, zip(*seen, strict=True)))
            rows.append(coverage_rows("region", "VLG", profile, scenario, whole))
            for number, counts in enumerate(seen):
                rows.append(coverage_rows(level, f"Z{number}", profile, scenario, counts))
    table = pd.DataFrame(rows)
    band = table.assign(band="5-8", children=0, covered=0, uncovered=0, unmeasured=0)
    return pd.concat([table, band], ignore_index=True)


def _in_scenario(counts: Counts, scenario: str) -> Counts:
    covered, uncovered, unmeasured = counts
    measured = covered + uncovered
    seen = {"low": (0, measured), "central": (covered, uncovered), "high": (measured, 0)}
    return (*seen[scenario], unmeasured)


def known(values: Sequence[float], key: str = "zone_id") -> pd.DataFrame:
    """Make an attribute of the places Z0, Z1, ..."""
    return pd.DataFrame({key: [f"Z{i}" for i in range(len(values))], "value": values})


def fifths(places: Sequence[Counts], values: Sequence[float]) -> pd.DataFrame:
    table = count_quintiles(coverage_of(places), {"income": known(values)})
    return table.set_index("quintile")


def indices(places: Sequence[Counts], values: Sequence[float]) -> pd.Series[Any]:
    """Give the row of the central scenario."""
    table = measure_concentration(coverage_of(places), {"income": known(values)})
    return table.set_index("scenario").loc["central"]


# -- figures worked out by hand ----------------------------------------------------------------

EXAMPLE: list[Counts] = [(20, 20, 0), (10, 10, 5), (30, 10, 0)]
INCOME = [10.0, 20.0, 30.0]
"""The example of docs/method.md: 40, 20 and 40 measured children, 60 of 100 covered."""


def test_the_worked_example() -> None:
    """The example of the method, on a pocket calculator: C = 0.10, E = 0.24.

    Middles of the ranks: 20, 50 and 80 of 100 children, so r = 0.2, 0.5, 0.8; h = 0.5, 0.5,
    0.75; mu = 0.6. cov = (40 x 0.5 x 0.2 + 20 x 0.5 x 0.5 + 40 x 0.75 x 0.8) / 100 - 0.6 / 2
    = (4 + 5 + 24) / 100 - 0.3 = 0.03; C = 2 / 0.6 x 0.03 = 0.1; E = 4 x 0.6 x 0.1 = 0.24.
    """
    row = indices(EXAMPLE, INCOME)
    assert row["places"] == 3
    assert row["measured"] == 100
    assert row["share"] == 0.6
    assert row["concentration_index"] == pytest.approx(0.1, abs=1e-15)
    assert row["erreygers_index"] == pytest.approx(0.24, abs=1e-15)


def test_the_middle_of_its_children_places_a_place() -> None:
    """40, 25 and 40 children: middles at 20, 52.5 and 85 of 105, in the fifths 1, 3 and 5."""
    table = fifths(EXAMPLE, INCOME)
    assert table["places"].to_dict() == {1: 1, 2: 0, 3: 1, 4: 0, 5: 1, 0: 0}
    assert table["children"].to_dict() == {1: 40, 2: 0, 3: 25, 4: 0, 5: 40, 0: 0}
    assert table.loc[3, COUNTS].tolist() == [25, 10, 10, 5]
    assert table.loc[3, ["value_from", "value_to"]].tolist() == [20.0, 20.0]
    shares = table.loc[5, ["share", "share_low", "share_high"]].tolist()
    assert shares == [0.75, 0.0, 1.0]
    assert table.loc[[2, 4, 0], ["value_from", "value_to", "share"]].isna().all(axis=None)


def test_five_equal_places_are_five_fifths() -> None:
    """Whatever their order in the table and however many profiles there are."""
    values = [3.0, -1.0, 7.5, 0.0, 100.0]
    places: list[Counts] = [(i, 10 - i, 0) for i in range(5)]
    riders = coverage_of(places, "municipality", profiles=("all", "low_stress"))
    table = count_quintiles(riders, {"x": known(values, "nis_code")})
    assert table["profile"].tolist() == ["all"] * 6 + ["low_stress"] * 6
    first = table[table["profile"] == "all"].set_index("quintile")
    assert first["covered"].to_dict() == {1: 1, 2: 3, 3: 0, 4: 2, 5: 4, 0: 0}
    assert first["value_from"].dropna().tolist() == sorted(values)


def test_a_middle_on_a_border_belongs_to_the_lower_fifth() -> None:
    """Children 1, 2, 2: middles at 1/10, 2/5 and 4/5; the last two lie on a border."""
    table = fifths([(1, 0, 0), (2, 0, 0), (2, 0, 0)], [1.0, 2.0, 3.0])
    assert table["children"].to_dict() == {1: 1, 2: 2, 3: 0, 4: 2, 5: 0, 0: 0}


def test_a_place_without_children_has_its_fifth_too() -> None:
    """Nobody lives where the value is lowest: the place is in the first fifth, not unknown."""
    table = fifths([(0, 0, 0), (5, 0, 0), (0, 0, 0)], [1.0, 2.0, 3.0])
    assert table["places"].to_dict() == {1: 1, 2: 0, 3: 1, 4: 0, 5: 1, 0: 0}


def test_equal_values_are_not_torn_apart() -> None:
    """Ten places of one value stand in one fifth, the middle one, whatever their codes."""
    table = fifths([(1, 1, 0)] * 10, [5.0] * 10)
    assert table["places"].to_dict() == {1: 0, 2: 0, 3: 10, 4: 0, 5: 0, 0: 0}
    assert table.loc[3, ["value_from", "value_to"]].tolist() == [5.0, 5.0]


def test_unknown_values_stand_apart() -> None:
    """A NaN and a place that the attribute does not name are unknown; a strange code is nothing."""
    attribute = pd.DataFrame({"zone_id": ["Z0", "Z1", "ZZ"], "value": [1.0, NAN, 9.0]})
    places = coverage_of([(1, 2, 3), (4, 5, 6), (7, 8, 9)])
    table = count_quintiles(places, {"x": attribute}).set_index("quintile")
    assert table.loc[0, ["places", *COUNTS]].tolist() == [2, 39, 11, 13, 15]
    assert table.loc[3, ["places", *COUNTS]].tolist() == [1, 6, 1, 2, 3]
    assert measure_concentration(places, {"x": attribute})["measured"].tolist() == [3, 3, 3]


@pytest.mark.parametrize("unknown", [[NAN, NAN], [1.0, NAN]])
def test_without_children_or_values_nothing_breaks(unknown: list[float]) -> None:
    """All unknown, or a value for a place without children: the children are in the last row."""
    table = fifths([(0, 0, 0), (1, 1, 1)], unknown)
    assert table["children"].to_dict() == {1: 0, 2: 0, 3: 0, 4: 0, 5: 0, 0: 3}


@pytest.mark.parametrize("places", [[(0, 0, 5), (0, 0, 2)], [(0, 4, 0), (0, 1, 9)], [(0, 0, 0)]])
def test_no_index_of_nothing(places: list[Counts]) -> None:
    """When nobody is measured, or nobody covered, there is no index: NaN, and no warning."""
    row = indices(places, [float(i) for i in range(len(places))])
    assert np.isnan(row["concentration_index"])
    assert np.isnan(row["erreygers_index"])


def test_no_attributes_no_rows() -> None:
    """A study without attributes gets tables with their columns and no rows."""
    for table in (
        count_quintiles(coverage_of(EXAMPLE), {}),
        measure_concentration(coverage_of(EXAMPLE), {}),
    ):
        assert table.empty
        assert {"attribute", "profile", "share"} <= set(table.columns)


@pytest.mark.parametrize("values", [INCOME, [NAN, 1.0, 1.0], [NAN, NAN, NAN]])
def test_both_tables_fit_their_schema(values: list[float]) -> None:
    """Also when no value is known: then the index has its rows, of no place, and is empty."""
    coverage, attributes = coverage_of(EXAMPLE), {"income": known(values)}
    check_table("quintiles", count_quintiles(coverage, attributes))
    table = check_table("concentration", measure_concentration(coverage, attributes))
    assert len(table) == 3
    assert (table["places"] == np.isfinite(values).sum()).all()


def test_a_place_without_measured_children_has_no_say() -> None:
    """It is not among the places of the index, nor does it move it."""
    row = indices([*EXAMPLE, (0, 0, 9)], [*INCOME, 15.0])
    assert row.equals(indices(EXAMPLE, INCOME))
    assert indices([*EXAMPLE, (1, 0, 0)], [*INCOME, 15.0])["places"] == 4


def test_two_rows_for_a_place() -> None:
    """A place with two values is told, for every attribute at once."""
    twice = pd.DataFrame({"zone_id": ["Z0", "Z0"], "value": [1.0, 2.0]})
    with pytest.raises(errors.InputError) as caught:
        count_quintiles(coverage_of(EXAMPLE), {"a": twice, "b": twice})
    assert str(caught.value).splitlines() == [
        "attribute a: 'Z0' has two rows; keep one of them",
        "attribute b: 'Z0' has two rows; keep one of them",
    ]


def test_inputs_are_not_changed() -> None:
    """Neither table is written to."""
    coverage, attribute = coverage_of(EXAMPLE), known(INCOME)
    before = coverage.copy(), attribute.copy()
    count_quintiles(coverage, {"x": attribute})
    measure_concentration(coverage, {"x": attribute})
    assert coverage.equals(before[0])
    assert attribute.equals(before[1])


# -- properties, against children one by one ---------------------------------------------------

counts = st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 2))
value = st.sampled_from([-2.0, 0.0, 1.0, 1.5, 8.0])
lands = st.lists(st.tuples(counts, value), min_size=1, max_size=8)
Land = list[tuple[Counts, float]]


def apart(land: Land) -> tuple[list[Counts], list[float]]:
    return [place for place, _ in land], [worth for _, worth in land]


def rank_of_each(worths: Sequence[float]) -> list[Fraction]:
    """Rank children one by one: half a child for oneself and for each of one's equals."""
    return [
        (sum(other < one for other in worths) + Fraction(sum(other == one for other in worths), 2))
        / len(worths)
        for one in worths
    ]


@settings(max_examples=60)
@given(lands)
def test_the_index_is_that_of_children_one_by_one(land: Land) -> None:
    """Child by child, in or out of reach, with fractions: twice the covariance over the mean."""
    children = [
        (worth, in_time)
        for (covered, uncovered, _), worth in land
        for in_time in [1] * covered + [0] * uncovered
    ]
    row = indices(*apart(land))
    assert row["measured"] == len(children)
    if not any(in_time for _, in_time in children):
        assert np.isnan(row["concentration_index"])
        return
    ranks = rank_of_each([worth for worth, _ in children])
    mean = Fraction(sum(in_time for _, in_time in children), len(children))
    middle = sum(ranks) / len(ranks)
    pairs = zip(ranks, children, strict=True)
    products = [(in_time - mean) * (rank - middle) for rank, (_, in_time) in pairs]
    expected = 2 / mean * sum(products) / len(products)
    assert row["concentration_index"] == pytest.approx(float(expected), abs=1e-14)
    assert row["erreygers_index"] == pytest.approx(float(4 * mean * expected), abs=1e-14)


@settings(max_examples=60)
@given(lands)
def test_the_fifths_are_those_of_children_one_by_one(land: Land) -> None:
    """A child's fifth is that of its rank among all; those of one place stay together."""
    children = [worth for place, worth in land for _ in range(sum(place))]
    fifth_of = {
        worth: next(n for n in range(1, 6) if rank * 5 <= n)
        for worth, rank in zip(children, rank_of_each(children), strict=True)
    }
    expected = {
        quintile: sum(fifth_of[worth] == quintile for worth in children) for quintile in range(1, 6)
    }
    assert fifths(*apart(land))["children"].to_dict() == {**expected, 0: 0}


@settings(max_examples=40)
@given(st.lists(st.tuples(counts, value | st.just(NAN)), min_size=1, max_size=8))
def test_the_fifths_add_up_to_the_region(land: Land) -> None:
    """Five fifths and the unknown are all places and all children, in every count."""
    table = fifths(*apart(land))
    region = coverage_of(apart(land)[0]).query("level == 'region' and band == 'all'")
    central = region[region["scenario"] == "central"].iloc[0]
    assert table[COUNTS].sum().tolist() == central[COUNTS].tolist()
    assert table["places"].sum() == len(land)
    rising = table.loc[1:5, ["value_from", "value_to"]].dropna().to_numpy().ravel()
    assert (np.diff(rising) >= 0).all()


@settings(max_examples=40)
@given(lands)
def test_values_turned_round_turn_the_sign(land: Land) -> None:
    """Low becomes high: the same index with the other sign, exactly."""
    places, worths = apart(land)
    one, other = indices(places, worths), indices(places, [-worth for worth in worths])
    for name in ("concentration_index", "erreygers_index"):
        assert one[name] == -other[name] or (np.isnan(one[name]) and np.isnan(other[name]))


@settings(max_examples=40)
@given(lands, st.sampled_from([0.25, 3.0, 1024.0]), st.sampled_from([-7.0, 0.0, 40.0]))
def test_the_scale_of_the_values_does_not_matter(land: Land, times: float, plus: float) -> None:
    """Euros or thousands of euros: ranks alone count, in the fifths and in the index."""
    places, worths = apart(land)
    scaled = [worth * times + plus for worth in worths]
    assert fifths(places, worths)[COUNTS].equals(fifths(places, scaled)[COUNTS])
    assert indices(places, worths).equals(indices(places, scaled))


@settings(max_examples=40)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=8), st.lists(value, min_size=8, max_size=8))
def test_the_same_share_everywhere_is_no_concentration(sizes: list[int], worths: list[Any]) -> None:
    """A third of the children of each place: exactly 0; so is it when all values are equal."""
    places: list[Counts] = [(size, 2 * size, 0) for size in sizes]
    assert indices(places, worths[: len(places)])["concentration_index"] == 0
    uneven: list[Counts] = [(size, 9 - size, 0) for size in sizes]
    assert indices(uneven, [4.0] * len(sizes))["concentration_index"] == 0


@settings(max_examples=40)
@given(lands)
def test_erreygers_index_of_the_uncovered_is_its_mirror(land: Land) -> None:
    """What is concentrated among the rich is lacking among the poor, by the same number."""
    places, worths = apart(land)
    one = indices(places, worths)["erreygers_index"]
    swapped = [(uncovered, covered, unmeasured) for covered, uncovered, unmeasured in places]
    other = indices(swapped, worths)["erreygers_index"]
    assert one == -other or np.isnan(one) or np.isnan(other)


@settings(max_examples=40)
@given(lands, st.permutations(range(8)))
def test_codes_and_order_do_not_matter(land: Land, order: list[int]) -> None:
    """Other codes and another order of rows give the same fifths and the same index."""
    shuffled = [land[i] for i in order if i < len(land)]
    assert fifths(*apart(land)).equals(fifths(*apart(shuffled)))
    assert indices(*apart(land)).equals(indices(*apart(shuffled)))


def test_on_the_sample(sample_result: Result) -> None:
    """On the example study, by municipality and by zone: six rows are the region's row."""
    coverage = sample_result.coverage
    places = sample_result.municipalities
    zones = coverage[coverage["level"] == "zone"]["code"].unique()
    attributes = {
        "area": pd.DataFrame({"nis_code": places["nis_code"], "value": places.area}),
        "number": pd.DataFrame({"zone_id": zones, "value": np.arange(len(zones)) % 50.0}),
    }
    table = count_quintiles(coverage, attributes)
    region = coverage.query("level == 'region' and band == 'all' and scenario == 'central'")
    due = region.set_index("profile")[COUNTS]
    for name in attributes:
        found = table[table["attribute"] == name].groupby("profile")[COUNTS].sum()
        assert found.equals(due.loc[found.index].rename_axis("profile"))
    fifth = table.query("attribute == 'number' and profile == 'all' and quintile > 0")["children"]
    # With 50 values a group is 2 % of the zones: no fifth is off by more than a few of them.
    assert (abs(fifth / fifth.sum() - 0.2) < 0.03).all()
    index = measure_concentration(coverage, attributes)
    assert len(index) == 2 * len(due) * 3
    assert index["erreygers_index"].between(-1, 1).all()


# -- the reported figures ----------------------------------------------------------------------


def test_reported_figures_are_whole() -> None:
    """Each has a year, a Dutch label, a source in words; one figure per year and indicator."""
    table = facts.read_reported()
    assert not table.duplicated(["year", "indicator", "region"]).any()
    assert (table[["indicator", "region", "unit", "label", "source"]] != "").all(axis=None)
    assert not table["source"].str.contains(r"\.txt|_").any()
    assert set(table["qualifier"]) == {"", "minstens", "meer dan", "gemiddeld"}
    provinces = set(facts.list_municipalities()["province2018"])
    assert set(table["region"]) <= {"Vlaanderen", *provinces}


def test_reported_provinces_add_up() -> None:
    """The five provinces of 2022 have the 221 municipalities of Flanders."""
    rows = facts.read_reported().query(
        "indicator == 'municipalities_with_academy' and year == 2022"
    )
    by_region = rows.set_index("region")["value"]
    assert by_region.pop("Vlaanderen") == 221 == by_region.sum()
    assert len(by_region) == 5


def test_reported_figures_are_those_of_the_documents(shared_data: Path) -> None:
    """Year for year and figure for figure what was copied from the documents."""
    source = pd.read_csv(shared_data.parent / "reference" / "seed-facts.csv")
    keys = ["year", "indicator", "region", "value", "unit"]
    expected = source.assign(region=source["region"].replace("Flanders", "Vlaanderen"))[keys]
    assert facts.read_reported()[keys].equals(expected)


def test_rows_of_several_attributes_are_numbered_through() -> None:
    """A row of the table is one row, whichever attribute it is of."""
    table = count_quintiles(coverage_of(EXAMPLE), {"a": known(INCOME), "b": known(INCOME)})
    assert table.index.tolist() == list(range(len(table)))
    assert table["attribute"].nunique() == 2
