"""Facts about coverage: every child is covered, uncovered or unmeasured, at every level."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import hand
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stemgeo import measure
from stemgeo.coverage import (
    COUNTS,
    KEYS,
    Reached,
    changes_table,
    coverage_table,
    groups_table,
    lay_side_by_side,
    levels_of,
    municipality_table,
    summary_table,
)
from stemgeo.demand import AgeCell
from stemgeo.errors import ResultError
from stemgeo.measure import Measured, Prepared, measure_day
from stemgeo.study import LEVELS, Band, Speed, Study
from stemgeo.tables import check_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import shapely

FLAT = Speed(low=10, central=10, high=10)
YOUNG = AgeCell((5, 8), Band(ages=(5, 8), speed_kmh=FLAT))
OLD = AgeCell((9, 17), Band(ages=(9, 17), speed_kmh=FLAT))

MUNICIPALITIES = hand.municipalities(
    {
        "11001": ("Antwerpen", hand.square(0, 0)),
        "11002": ("Antwerpen", hand.square(1, 0)),
        "71001": ("Limburg", hand.square(2, 0)),
        "71002": ("Limburg", hand.square(3, 0)),
    }
)
ZONES = hand.zones(
    {
        f"{code}{part}": (code, hand.square(column + i / 3, 0, 1 / 3, 1))
        for column, code in enumerate(MUNICIPALITIES["nis_code"])
        for i, part in enumerate("ABC")
    }
)
IN, OUT, UNKNOWN = "within reach", "too far", "unmeasured"

POINTS = [
    # zone, children 5-8, children 9-17, what 5-8 reach, what 9-17 reach
    ("11001A", 10, 3, IN, IN),
    ("11001A", 5, 0, OUT, IN),
    ("11001B", 7, 7, OUT, IN),
    ("11001C", 0, 4, UNKNOWN, UNKNOWN),
    ("11002A", 1, 1, OUT, OUT),
    ("11002B", 2, 2, OUT, OUT),
    ("71001A", 100, 50, UNKNOWN, UNKNOWN),
    ("71001B", 6, 0, IN, IN),
    ("71001C", 0, 9, OUT, OUT),
]
"""Worked out by hand; no child lives in 11002C nor anywhere in 71002."""


def points() -> gpd.GeoDataFrame:
    zone = [row[0] for row in POINTS]
    return gpd.GeoDataFrame(
        {
            "point_id": [f"P{i:02}" for i in range(len(POINTS))],
            "zone_id": zone,
            "nis_code": [one[:5] for one in zone],
            "children_5-8": [row[1] for row in POINTS],
            "children_9-17": [row[2] for row in POINTS],
        },
        geometry=[hand.spot(0.5, 0.5)] * len(POINTS),
        crs=hand.CRS,
    )


def reached(scenario: str = "central", *, nobody: bool = False) -> list[Reached]:
    parts = []
    for cell, column in ((YOUNG, 3), (OLD, 4)):
        state = np.array([row[column] for row in POINTS])
        covered = (state == IN) & (not nobody)
        parts.append(Reached("all", scenario, cell, covered, state != UNKNOWN))
    return parts


def counted(
    demand: gpd.GeoDataFrame,
    reached: Sequence[Reached],
    zones: gpd.GeoDataFrame = ZONES,
    municipalities: gpd.GeoDataFrame = MUNICIPALITIES,
) -> pd.DataFrame:
    return coverage_table(demand, reached, levels_of(demand, zones, municipalities, {}))


@pytest.fixture
def table() -> pd.DataFrame:
    return check_table("coverage", counted(points(), reached()))


def row(table: pd.DataFrame, level: str, code: str, band: str = "all") -> tuple[int, ...]:
    """Children, covered, uncovered, unmeasured of one place and band, central scenario."""
    found = table[
        (table["level"] == level)
        & (table["code"] == code)
        & (table["band"] == band)
        & (table["scenario"] == "central")
    ]
    assert len(found) == 1
    return tuple(int(found[name].iloc[0]) for name in COUNTS)


@pytest.mark.parametrize(
    ("level", "code", "band", "counts"),
    [
        ("zone", "11001A", "5-8", (15, 10, 5, 0)),
        ("zone", "11001A", "9-17", (3, 3, 0, 0)),
        ("zone", "11001A", "all", (18, 13, 5, 0)),
        ("zone", "11001C", "all", (4, 0, 0, 4)),
        ("zone", "11002C", "all", (0, 0, 0, 0)),
        ("municipality", "11001", "5-8", (22, 10, 12, 0)),
        ("municipality", "11001", "all", (36, 20, 12, 4)),
        ("municipality", "11002", "all", (6, 0, 6, 0)),
        ("municipality", "71001", "all", (165, 6, 9, 150)),
        ("municipality", "71002", "all", (0, 0, 0, 0)),
        ("province", "Antwerpen", "all", (42, 20, 18, 4)),
        ("province", "Limburg", "all", (165, 6, 9, 150)),
        ("region", "VLG", "5-8", (131, 16, 15, 100)),
        ("region", "VLG", "9-17", (76, 10, 12, 54)),
        ("region", "VLG", "all", (207, 26, 27, 154)),
    ],
)
def test_the_counts_are_those_worked_out_by_hand(
    table: pd.DataFrame, level: str, code: str, band: str, counts: tuple[int, ...]
) -> None:
    """Two provinces, four municipalities, twelve zones, two bands."""
    assert row(table, level, code, band) == counts


def test_every_place_of_every_level_has_a_row_for_each_band(table: pd.DataFrame) -> None:
    """1 + 2 + 4 + 12 places, with or without children, times two bands and all."""
    places = table.groupby("level")["code"].nunique().to_dict()
    assert places == {"region": 1, "province": 2, "municipality": 4, "zone": 12}
    assert len(table) == 19 * 3
    assert list(dict.fromkeys(table["level"])) == list(LEVELS)


def test_covered_uncovered_and_unmeasured_are_the_children(table: pd.DataFrame) -> None:
    """In every row."""
    parts = table["covered"] + table["uncovered"] + table["unmeasured"]
    assert (parts == table["children"]).all()


def test_levels_and_bands_add_up(table: pd.DataFrame) -> None:
    """The sums of each level are those of the region, of the bands those of "all"."""
    whole = row(table, "region", "VLG")
    for level in LEVELS:
        rows = table[table["level"] == level]
        assert tuple(rows.loc[rows["band"] == "all", COUNTS].sum()) == whole
        assert tuple(rows.loc[rows["band"] != "all", COUNTS].sum()) == whole


def share(table: pd.DataFrame, level: str, code: str, band: str = "all") -> float:
    which = (table["level"] == level) & (table["code"] == code) & (table["band"] == band)
    return float(table.loc[which, "share"].iloc[0])


def test_the_unmeasured_stand_beside_the_share(table: pd.DataFrame) -> None:
    """71001: 6 of 15 measured children, whatever the 150 that were not measured."""
    assert share(table, "municipality", "71001") == 6 / 15
    assert share(table, "region", "VLG") == 26 / 53


def test_a_share_of_nothing_is_none(table: pd.DataFrame) -> None:
    """No children, or none measured: NaN, not 0 and not 1."""
    assert np.isnan(share(table, "municipality", "71002"))
    assert np.isnan(share(table, "zone", "11001C"))
    assert share(table, "municipality", "11002") == 0


def test_a_point_that_is_not_measured_is_never_covered() -> None:
    """Even if a time was found for it."""
    everywhere = np.ones(len(POINTS), dtype=bool)
    nowhere = ~everywhere
    parts = [Reached("all", "central", cell, everywhere, nowhere) for cell in (YOUNG, OLD)]
    table = counted(points(), parts)
    assert row(table, "region", "VLG") == (207, 0, 0, 207)


def test_two_cells_of_a_band_are_counted_together() -> None:
    """A band cut at 8 by an academy is still one row, "5-8"."""
    band = Band(ages=(5, 8), speed_kmh=FLAT)
    low, high = AgeCell((5, 7), band), AgeCell((8, 8), band)
    given = points().rename(
        columns={"children_5-8": "children_5-7", "children_9-17": "children_8-8"}
    )
    yes, no = np.ones(len(POINTS), dtype=bool), np.zeros(len(POINTS), dtype=bool)
    parts = [Reached("all", "central", low, no, yes), Reached("all", "central", high, yes, yes)]
    table = counted(given, parts)
    assert set(table["band"]) == {"5-8", "all"}
    assert row(table, "region", "VLG", "5-8") == (207, 76, 131, 0)


def test_a_place_without_a_name_keeps_its_children() -> None:
    """An empty name is no reason to leave a zone out."""
    nameless = ZONES.assign(name="")
    table = counted(points(), reached(), nameless)
    assert (
        int(table.loc[(table["level"] == "zone") & (table["band"] == "all"), "children"].sum())
        == 207
    )


def test_the_order_of_rows_does_not_change_the_table(table: pd.DataFrame) -> None:
    """Zones, municipalities and cells turned upside down: the same table."""
    other = counted(points(), reached()[::-1], ZONES[::-1], MUNICIPALITIES[::-1])
    pd.testing.assert_frame_equal(table, other)


# -- both measures side by side --------------------------------------------------------------


@pytest.fixture
def three_scenarios() -> pd.DataFrame:
    parts = [*reached("low", nobody=True), *reached("central"), *reached("high")]
    return check_table("coverage", counted(points(), parts))


REGISTER = hand.academies(
    {"A": hand.spot(0.5, 0.5), "B": hand.spot(0.6, 0.5), "C": hand.spot(3.5, 0.5)},
    nis_code={"A": "11001", "B": "11001", "C": "71002"},
)


def test_both_measures_stand_side_by_side(three_scenarios: pd.DataFrame) -> None:
    """71002 has an academy and no child; 71001 has children within reach and no academy."""
    table = municipality_table(three_scenarios, MUNICIPALITIES, REGISTER)
    check_table("annex-1-municipalities", table)
    shown = table.set_index("nis_code")
    assert shown["academies"].to_dict() == {"11001": 2, "11002": 0, "71001": 0, "71002": 1}
    assert shown["has_academy"].to_dict() == {
        "11001": True,
        "11002": False,
        "71001": False,
        "71002": True,
    }
    assert tuple(shown.loc["11001", COUNTS]) == (36, 20, 12, 4)
    assert tuple(shown.loc["11001", ["share_low", "share", "share_high"]]) == (0, 20 / 32, 20 / 32)
    assert shown.loc["71002", ["share_low", "share", "share_high"]].isna().all()


def test_an_academy_outside_the_study_area_counts_for_no_municipality(
    three_scenarios: pd.DataFrame,
) -> None:
    """Its code is empty: no row appears for it and no count moves."""
    register = hand.academies({"A": hand.spot(9, 9)})
    table = municipality_table(three_scenarios, MUNICIPALITIES, register)
    assert len(table) == 4
    assert table["academies"].sum() == 0


def test_the_summary_answers_per_province_with_the_region_last(
    three_scenarios: pd.DataFrame,
) -> None:
    """Counts, municipalities with an academy, and the three shares."""
    municipalities = municipality_table(three_scenarios, MUNICIPALITIES, REGISTER)
    table = summary_table(three_scenarios, municipalities)
    assert table["name"].tolist() == ["Antwerpen", "Limburg", "Studiegebied"]
    assert table["municipalities"].tolist() == [2, 2, 4]
    assert table["with_academy"].tolist() == [1, 1, 2]
    assert table["children"].tolist() == [42, 165, 207]
    assert table["covered"].tolist() == [20, 6, 26]
    assert table["share"].tolist() == [20 / 38, 6 / 15, 26 / 53]
    assert table["share_low"].tolist() == [0, 0, 0]
    assert table["share_high"].tolist() == table["share"].tolist()


def test_the_quiet_share_of_the_summary_is_that_of_the_central_speed() -> None:
    """Slow, nobody is within reach over quiet roads; at central speed the young, fast all 26."""
    parts = [*reached("low", nobody=True), *reached("central"), *reached("high")]
    parts += [replace(one, profile="low_stress") for one in reached("low", nobody=True)]
    young, old = (replace(one, profile="low_stress") for one in reached("central"))
    parts += [young, replace(old, covered=np.zeros(len(POINTS), dtype=bool))]
    parts += [replace(one, profile="low_stress") for one in reached("high")]
    table = counted(points(), parts)
    municipalities = municipality_table(table, MUNICIPALITIES, REGISTER)
    found = summary_table(table, municipalities)
    assert found["share_low_stress"].tolist() == [10 / 38, 6 / 15, 16 / 53]
    assert found["share"].tolist() == [20 / 38, 6 / 15, 26 / 53]
    assert found["share_high"].tolist() == found["share"].tolist()


def test_speeds_and_roads_lie_side_by_side_as_a_table_has_them() -> None:
    """Each column from its own rows; quiet roads that nobody measured have no column."""
    parts = [*reached("low", nobody=True), *reached("central"), *reached("high")]
    young, old = (replace(one, profile="low_stress") for one in reached("central"))
    parts += [young, replace(old, covered=np.zeros(len(POINTS), dtype=bool))]
    table = lay_side_by_side(counted(points(), parts), "answer-municipalities")
    flanders = table.loc[("region", "VLG")]
    assert list(table)[:5] == ["name", "children", "covered", "covered_low", "covered_high"]
    assert tuple(flanders[["covered", "covered_low", "covered_high"]]) == (26, 0, 26)
    assert flanders["share_low_stress"] == 16 / 53
    assert "share_quiet_1" not in table
    quiet = lay_side_by_side(counted(points(), parts), "zone-shares", profile="low_stress")
    assert quiet.loc[("region", "VLG"), "covered"] == 16
    with pytest.raises(ResultError, match="has no rows of roads 'quiet_1'"):
        lay_side_by_side(counted(points(), parts), "zone-shares", profile="quiet_1")


@pytest.mark.parametrize(("by", "rows"), [("region", 1), ("municipality", 4), ("zone", 12)])
def test_a_summary_has_a_row_for_each_place_of_its_level(
    three_scenarios: pd.DataFrame, by: str, rows: int
) -> None:
    """And its children are all children."""
    municipalities = municipality_table(three_scenarios, MUNICIPALITIES, REGISTER)
    table = summary_table(three_scenarios, municipalities, by)
    assert len(table) == rows
    assert table["children"].sum() == 207
    assert ("with_academy" in table) == (by != "zone")


# -- properties, from children on a grid to the table ----------------------------------------

GROUND = hand.municipalities({"11001": ("Antwerpen", hand.square(0, 0, 10, 10))})
RESIDENTS = hand.weights([(hand.spot(x + 0.5, y + 0.5), 1) for x in range(10) for y in range(10)])
CHILDREN = hand.children([("11001", age, sex, 25 + age) for age in range(5, 18) for sex in "FM"])
Place = tuple[float, float]
places = st.tuples(st.floats(0, 10), st.floats(0, 10))


def measured(
    where: Sequence[Place], travel: Mapping[str, object], ages: Sequence[hand.Span] = ()
) -> pd.DataFrame:
    """Measure a small straight-line study from its inputs to the coverage table."""
    study = hand.study(weights="w", travel=dict(travel))
    register = hand.academies(
        {f"A{i:02}": hand.spot(x, y) for i, (x, y) in enumerate(where)},
        ages={f"A{i:02}": span for i, span in enumerate(ages)},
    )
    return table_of(study, hand.inputs(GROUND, CHILDREN, weights=RESIDENTS, academies=register))


def table_of(study: Study, given: hand.Inputs) -> pd.DataFrame:
    """Measure a study on its date and give the coverage table."""
    return measure_day(Prepared.from_inputs(study, given), study.about.date).coverage


def covered(table: pd.DataFrame, scenario: str = "central") -> dict[str, int]:
    """Covered children of the region by band."""
    rows = table[(table["level"] == "region") & (table["scenario"] == scenario)]
    return {str(band): int(n) for band, n in zip(rows["band"], rows["covered"], strict=True)}


def never_lower(more: dict[str, int], less: dict[str, int]) -> bool:
    return more.keys() == less.keys() and all(more[band] >= less[band] for band in less)


few = settings(max_examples=15)


@few
@given(st.lists(places, max_size=4), st.integers(1, 59))
def test_a_longer_cutoff_never_lowers_coverage(where: list[Place], minutes: int) -> None:
    """A minute more, and who was within reach still is."""
    less = covered(measured(where, {"cutoff_min": minutes}))
    more = covered(measured(where, {"cutoff_min": minutes + 1}))
    assert never_lower(more, less)


@few
@given(st.lists(places, max_size=4), places)
def test_a_further_academy_never_lowers_coverage(where: list[Place], another: Place) -> None:
    """Wherever it is put."""
    assert never_lower(covered(measured([*where, another], {})), covered(measured(where, {})))


@few
@given(
    st.lists(places, min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(5, 17), st.integers(5, 17)), min_size=3, max_size=3),
)
def test_wider_ages_never_lower_coverage(where: list[Place], spans: list[tuple[int, int]]) -> None:
    """An academy that serves a year more on either side loses nobody."""
    narrow = [(min(span), max(span)) for span in spans]
    wide = [(low - 1, high + 1) for low, high in narrow]
    more = covered(measured(where, {}, wide))
    assert never_lower(more, covered(measured(where, {}, narrow)))


@few
@given(st.lists(places, max_size=4), st.floats(4, 20), st.floats(0.1, 5))
def test_more_speed_never_lowers_coverage(where: list[Place], speed: float, faster: float) -> None:
    """With one flat speed for all."""
    less = covered(measured(where, {"speed_kmh": speed}))
    more = covered(measured(where, {"speed_kmh": speed + faster}))
    assert never_lower(more, less)


@few
@given(st.lists(places, max_size=4))
def test_low_is_at_most_central_is_at_most_high(where: list[Place]) -> None:
    """The range around a figure holds the figure, in every band."""
    table = measured(where, {})
    low, central, high = (covered(table, scenario) for scenario in ("low", "central", "high"))
    assert never_lower(central, low)
    assert never_lower(high, central)


def test_an_academy_for_8_to_12_covers_of_5_to_8_the_age_of_8_alone() -> None:
    """It stands among all children; of each band only the ages it serves are within reach."""
    ground = hand.municipalities({"11001": ("Antwerpen", hand.square(0, 0))})
    counts = hand.children([("11001", age, "F", 100 + age) for age in range(5, 18)])
    register = hand.academies({"A": hand.spot(0.5, 0.5)}, ages={"A": (8, 12)})
    given = hand.inputs(ground, counts, academies=register)
    table = table_of(hand.study(), given)
    assert covered(table) == {
        "5-8": 108,
        "9-11": 109 + 110 + 111,
        "12-17": 112,
        "all": sum(100 + age for age in range(8, 13)),
    }
    assert row(table, "region", "VLG", "5-8") == (105 + 106 + 107 + 108, 108, 105 + 106 + 107, 0)


def test_a_child_goes_past_an_academy_that_does_not_serve_it() -> None:
    """The nearest academy is the nearest that serves the child: 14+ rides on to the other."""
    ground = hand.municipalities({"11001": ("Antwerpen", hand.square(0, 0))})
    counts = hand.children([("11001", 13, "F", 5), ("11001", 14, "F", 7)])
    register = hand.academies(
        {"A": hand.spot(0.5, 0.5), "B": hand.spot(1.5, 0.5)}, ages={"A": (None, 13)}
    )
    study = hand.study()
    given = hand.inputs(ground, counts, academies=register)
    measured = measure_day(Prepared.from_inputs(study, given), study.about.date)
    assert "access" not in vars(measured)  # takes a gigabyte of Flanders: made when asked for
    access = measured.access
    nearest = access.set_index("ages")["academy_id"].to_dict()
    assert nearest == {"5-8": "A", "9-11": "A", "12-13": "A", "14-17": "B"}
    assert covered(table_of(study, given))["12-17"] == 12
    without = measure_day(Prepared.from_inputs(study, given), study.about.date, with_access=False)
    assert without.access.empty
    pd.testing.assert_frame_equal(without.coverage, table_of(study, given))


def test_who_travels_is_met_before_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """So isochrones are drawn beside it; who meets them changes no figure."""
    ground = hand.municipalities({"11001": ("Antwerpen", hand.square(0, 0))})
    counts = hand.children([("11001", 13, "F", 5)])
    study = hand.study()
    given = hand.inputs(ground, counts, academies=hand.academies({"A": hand.spot(0.5, 0.5)}))
    happened: list[object] = []
    search = measure._measure_travel
    monkeypatch.setattr(
        measure, "_measure_travel", lambda *a, **b: happened.append("search") or search(*a, **b)
    )
    prepared = Prepared.from_inputs(study, given)
    measured = measure_day(prepared, study.about.date, meet=happened.append)
    assert happened == [measured.riders, "search"]
    pd.testing.assert_frame_equal(measured.coverage, table_of(study, given))


def test_the_cutoff_is_inclusive_to_the_millisecond() -> None:
    """15 km/h and 1.3: exactly 900 s is within reach; a tenth of a metre further is not."""
    ground = hand.municipalities({"11001": ("Antwerpen", hand.square(0, 0, 10, 10))})
    counts = hand.children([("11001", 12, "F", 1)])
    metres = 900 * 15 / 3.6 / 1.25
    for extra, expected in ((0.0, 1), (0.1, 0)):
        given = hand.inputs(
            ground,
            counts,
            weights=hand.weights([(hand.spot(1, 1), 1)]),
            academies=hand.academies({"A": hand.spot(1 + (metres + extra) / 1000, 1)}),
        )
        study = hand.study(weights="w", travel={"detour_factor": 1.25})
        assert covered(table_of(study, given))["all"] == expected


# -- layers and groups -----------------------------------------------------------------------


def layer(places: Mapping[str, shapely.Geometry]) -> gpd.GeoDataFrame:
    """Make a layer from code -> outline; the name is "L" and the code."""
    codes = list(places)
    return gpd.GeoDataFrame(
        {"code": codes, "name": [f"L{code}" for code in codes]},
        geometry=list(places.values()),
        crs=hand.CRS,
    )


def prepared_and_measured(
    given: hand.Inputs, layers: Mapping[str, gpd.GeoDataFrame] | None = None
) -> tuple[Prepared, Measured]:
    prepared = Prepared.from_inputs(
        hand.study(weights="w"), replace(given, layers=dict(layers or {}))
    )
    return prepared, measure_day(prepared, prepared.study.about.date)


ROW = hand.inputs(
    hand.municipalities(
        {"11001": ("Antwerpen", hand.square(0, 0)), "71001": ("Limburg", hand.square(1, 0))}
    ),
    hand.children([("11001", 6, "F", 4), ("11001", 6, "M", 4), ("71001", 13, "F", 4)]),
    weights=hand.weights([(hand.spot(0.25 + i / 2, 0.5), 1) for i in range(4)]),
    academies=hand.academies({"A": hand.spot(0.25, 0.5)}),
)
"""Four points in a row: two in each of two municipalities, with 4, 4, 2 and 2 children."""


def test_a_layer_counts_children_by_where_they_live() -> None:
    """Its polygons cross municipalities; a child in none stands under the empty code."""
    regions = {"N": hand.square(0, 0, 0.5, 1), "Z": hand.square(0.5, 0, 1, 1)}
    _, found = prepared_and_measured(ROW, {"vervoerregio": layer(regions)})
    rows = found.coverage
    rows = rows[
        (rows["level"] == "vervoerregio")
        & (rows["band"] == "all")
        & (rows["scenario"] == "central")
    ]
    assert rows[["code", "name", "children"]].values.tolist() == [
        ["", "", 2],
        ["N", "LN", 4],
        ["Z", "LZ", 6],
    ]
    check_table("coverage", found.coverage)


def test_a_layer_that_holds_every_child_has_no_empty_code() -> None:
    """Polygons without children are rows of zeros; where two overlap the first by code counts."""
    regions = {
        "B": hand.square(0, 0, 2, 1),
        "A": hand.square(1, 0, 1, 1),
        "C": hand.square(5, 5),
    }
    _, found = prepared_and_measured(ROW, {"streek": layer(regions)})
    rows = found.coverage
    rows = rows[(rows["level"] == "streek") & (rows["band"] == "all")]
    counts = rows.groupby("code")["children"].max().to_dict()
    assert counts == {"A": 4, "B": 8, "C": 0}


def test_every_level_and_sex_adds_up_to_the_region() -> None:
    """Layers, provinces, municipalities and zones hold each child once; girls and boys are all."""
    prepared, found = prepared_and_measured(
        ROW, {"streek": layer({"A": hand.square(0, 0, 0.5, 1)})}
    )
    table = groups_table(prepared.points, found.reached, prepared.levels, found.coverage)
    keys = ["band", "scenario", "profile"]
    for sex in ("all", "F", "M"):
        mine = table[table["sex"] == sex]
        sums = mine.groupby(["level", *keys])[COUNTS].sum().groupby(keys)
        assert (sums.nunique() == 1).to_numpy().all()
    both = table[table["sex"] != "all"].groupby([*KEYS[:2], *keys])[COUNTS].sum()
    assert both.equals(
        table[table["sex"] == "all"].set_index([*KEYS[:2], *keys])[COUNTS].loc[both.index]
    )
    everyone = table[table["sex"] == "all"][[*KEYS, *COUNTS, "share"]].reset_index(drop=True)
    pd.testing.assert_frame_equal(
        everyone.sort_values(KEYS, ignore_index=True),
        found.coverage.sort_values(KEYS, ignore_index=True),
    )


def test_the_gap_between_girls_and_boys_is_worked_out_by_hand() -> None:
    """Girls of 6 live at the academy and boys far off: 100 % and 0 %; all: 1 of 3."""
    cell = AgeCell((5, 8), Band(ages=(5, 8), speed_kmh=FLAT))
    table = gpd.GeoDataFrame(
        {
            "point_id": ["P1", "P2"],
            "zone_id": ["11001A", "11001B"],
            "nis_code": ["11001", "11001"],
            cell.column: [10, 20],
            cell.girls: [10, 0],
        },
        geometry=[hand.spot(0.1, 0.5), hand.spot(0.5, 0.5)],
        crs=hand.CRS,
    )
    all_of = np.ones(2, dtype=bool)
    reach = [Reached("all", "central", cell, np.array([True, False]), all_of)]
    places = levels_of(table, ZONES, MUNICIPALITIES, {})
    found = check_table(
        "groups", groups_table(table, reach, places, coverage_table(table, reach, places))
    )
    region = found[(found["level"] == "region") & (found["band"] == "all")].set_index("sex")
    assert region["share"].tolist() == pytest.approx([1 / 3, 1.0, 0.0])
    assert region["gap_to_all"].tolist() == pytest.approx([0, 2 / 3, -1 / 3])
    assert region["girls_minus_boys"].tolist() == [1, 1, 1]


def test_without_sexes_the_bands_stand_alone() -> None:
    """No girls are made up: one group, and no gap between sexes."""
    places = levels_of(points(), ZONES, MUNICIPALITIES, {})
    table = groups_table(points(), reached(), places, coverage_table(points(), reached(), places))
    assert set(table["sex"]) == {"all"}
    assert table["girls_minus_boys"].isna().all()
    region = table[table["level"] == "region"].set_index("band")
    assert region.loc["9-17", "gap_to_all"] == pytest.approx(10 / 22 - 26 / 53)


def test_recognised_academies_are_laid_beside_those_of_the_year_before() -> None:
    """A municipality keeps, wins, loses or lacks an academy; each is counted on both days."""
    now = pd.DataFrame({"nis_code": ["11001", "11001", "11002"]})
    before = pd.DataFrame({"nis_code": ["11001", "71001", "71001"]})
    table = check_table("changes", changes_table(MUNICIPALITIES, now, before)).set_index("nis_code")
    assert table["academies"].to_dict() == {"11001": 2, "11002": 1, "71001": 0, "71002": 0}
    assert table["academies_before"].to_dict() == {"11001": 1, "11002": 0, "71001": 2, "71002": 0}
    known = {"11001": "with", "11002": "new", "71001": "lost", "71002": "without"}
    assert table["status"].to_dict() == known
