"""Facts about minutes: to the nearest academy and to three, how many are near, minute by minute."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import hand
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stemgeo.measure import Measured, Prepared, measure_day
from stemgeo.network.graph import Network
from stemgeo.network.osm import read_roads
from stemgeo.report.summary import say_times
from stemgeo.study import FLAT
from stemgeo.tables import MINUTES, STUDY, WITHIN, share_column
from stemgeo.times import HALF, MOST, find_least_rows, measure_times

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from stemgeo.study import Study

    Ages = Mapping[int, int]

AT_12_KMH = {"speed_kmh": {"low": 10, "central": 12, "high": 14}, "detour_factor": 1}
"""In a straight line 200 m a minute: a kilometre is five."""

SHARES = [share_column(minute) for minute in MINUTES]
MINUTES_TO = [f"{what}_{of}_min" for what in ("nearest", "three") for of in ("median", "p90")]


def studied(network: str = "straight-line", **travel: Any) -> Study:
    """Make a study of children at the points of a grid."""
    return hand.study(network, weights="g", travel=travel, demand={"method": "grid"})


class Home(NamedTuple):
    """Kilometres along the row of towns, and how many children of which age."""

    km: float
    children: Ages
    row: float = 0.5


def measured_at(
    homes: Sequence[Home],
    academies: Mapping[str, float],
    study: Study,
    roads: Path | None = None,
    **of_academies: Any,
) -> tuple[Prepared, Measured]:
    """Measure children who live at one point of a town each, on a line with the academies."""
    codes = [f"{11001 + number}" for number in range(len(homes))]
    towns = hand.municipalities(
        {
            code: ("Antwerpen" if number % 2 else "Limburg", hand.square(int(home.km), 0))
            for number, (code, home) in enumerate(zip(codes, homes, strict=True))
        }
    )
    given_ = hand.inputs(
        towns,
        hand.children(
            [
                (code, age, "F", count)
                for code, home in zip(codes, homes, strict=True)
                for age, count in home.children.items()
            ]
        ),
        academies=hand.academies(
            {one: hand.spot(km, 0.5) for one, km in academies.items()}, **of_academies
        ),
        weights=hand.weights([(hand.spot(home.km, home.row), 1) for home in homes]),
    )
    network = None if roads is None else Network.whole_from_roads(read_roads([roads]))
    prepared = Prepared.from_inputs(study, given_, network)
    return prepared, measure_day(prepared, study.about.date, threads=1)


def row_of(table: pd.DataFrame, convention: str = STUDY, **where: str) -> pd.Series:
    """Give the row of the region, all bands and all roads, unless told otherwise."""
    wanted = {"level": "region", "band": "all", "profile": "all", "convention": convention} | where
    kept = np.logical_and.reduce([table[name] == value for name, value in wanted.items()])
    assert kept.sum() == 1
    return table[kept].iloc[0]


HOMES = [
    Home(0.5, {6: 6}),
    Home(1.5, {6: 4, 11: 1}),
    Home(5.5, {6: 3}),
    Home(20.5, {6: 2}),
]
PLACES = {"A": 0.5, "B": 2.5, "C": 3.5, "D": 12.5}
"""B serves 10 to 12 alone."""


@pytest.fixture(scope="module")
def by_hand() -> pd.DataFrame:
    """The table of these homes and places."""
    prepared, measured = measured_at(HOMES, PLACES, studied(**AT_12_KMH), ages={"B": (10, 12)})
    return measure_times(prepared, measured, threads=2)


def test_minutes_worked_out_by_hand(by_hand: pd.DataFrame) -> None:
    """The 15 children of 6 years have 0, 5, 10 or 40 minutes; the 8th of them 5, the 14th 40.

    From the first home the three are at 0, 15 and 60 minutes, from the second at 5, 10 and 55, from
    the third at 10, 25 and 35; from the last one is at 40 and the others are beyond the hour.
    """
    row = row_of(by_hand, band="5-8")
    assert (row["children"], row["measured"], row["unmeasured"]) == (15, 15, 0)
    assert (row["nearest_median_min"], row["nearest_p90_min"]) == (5, 40)
    assert row["nearest_mean_min"] == (4 * 5 + 3 * 10 + 2 * 40) / 15
    assert row["nearest_beyond"] == 0
    assert row["three_median_min"] == 25  # of 7 x 70/3, 6 x 75/3, and 2 without three
    assert np.isnan(row["three_p90_min"])
    assert row["three_mean_min"] == pytest.approx((7 * 70 + 6 * 75 + 2 * (40 + 60 + 60)) / 3 / 15)
    assert row["three_beyond"] == 2
    assert row[[*WITHIN]].tolist() == [2, 3, 10, 0]
    by_minute = [6 / 15] * 4 + [10 / 15] * 5 + [13 / 15] * 21
    assert row[SHARES].tolist() == by_minute


def test_only_academies_that_serve_the_age_count(by_hand: pd.DataFrame) -> None:
    """The child of 11 has B too, as near as A: three within ten minutes, all bands make 16."""
    row = row_of(by_hand, band="9-11")
    assert (row["measured"], row["within_3_or_more"]) == (1, 1)
    assert row["nearest_median_min"] == row["nearest_p90_min"] == row["nearest_mean_min"] == 5
    assert row["three_median_min"] == pytest.approx(20 / 3)
    whole = row_of(by_hand)
    assert whole["measured"] == 16
    assert whole[[*WITHIN]].tolist() == [2, 3, 10, 1]
    none = row_of(by_hand, band="12-17")
    assert none["children"] == 0
    assert none[[*MINUTES_TO, "nearest_mean_min", "three_mean_min", *SHARES]].isna().all()


def test_the_fixed_convention_worked_out_by_hand(by_hand: pd.DataFrame) -> None:
    """At 15 km/h the children of 6 have 0, 4, 8 or 32 minutes; within 3.75 km 2, 2, 1 or none."""
    row = row_of(by_hand, FLAT.name, band="5-8")
    assert (row["nearest_median_min"], row["nearest_p90_min"]) == (4, 32)
    assert row["nearest_mean_min"] == (4 * 4 + 3 * 8 + 2 * 32) / 15
    assert row[[*WITHIN]].tolist() == [2, 3, 10, 0]
    assert row[SHARES].tolist() == [6 / 15] * 3 + [10 / 15] * 4 + [13 / 15] * 23


def test_every_place_has_a_row_for_each_band_and_way(by_hand: pd.DataFrame) -> None:
    """At each level; what is counted adds up to the region's."""
    assert list(by_hand["level"].unique()) == ["region", "province", "municipality", "zone"]
    counts = ["children", "measured", "unmeasured", "nearest_beyond", "three_beyond", *WITHIN]
    keys = ["band", "profile", "convention"]
    sums = by_hand.groupby(["level", *keys])[counts].sum()
    for level in ("province", "municipality", "zone"):
        pd.testing.assert_frame_equal(sums.loc[level], sums.loc["region"])
    assert len(by_hand) == (1 + 2 + 4 + 4) * 4 * 2
    town = row_of(by_hand, level="municipality", code="11002", band="all")
    assert (town["name"], town["measured"], town["nearest_median_min"]) == ("M11002", 5, 5)


@pytest.mark.parametrize(("metres", "within"), [(3750.0, 1), (3750.1, 0)])
def test_what_is_within_reach_ends_at_375_km_included(metres: float, within: int) -> None:
    """By the fixed convention, whatever the study's speed and cutoff; by minute 15 in the share."""
    study = studied(speed_kmh={"low": 5, "central": 5, "high": 5}, detour_factor=1, cutoff_min=45)
    made = measured_at([Home(0.5, {6: 1})], {"A": 0.5 + metres / 1000}, study)
    table = measure_times(*made, threads=1)
    row = row_of(table, FLAT.name)
    assert (row["within_1"], row["share_15_min"], row["share_16_min"]) == (within, within, 1)
    # At 5 km/h 3.75 km are 45 minutes, and the cutoff of the study is inclusive too.
    assert row_of(table)["within_1"] == within
    assert row_of(table)["share_30_min"] == 0


def test_beyond_the_horizon_nothing_is_said() -> None:
    """With a horizon of 12 minutes no share from minute 13 on, and the mean is at least so much."""
    study = studied(**AT_12_KMH, cutoff_min=10, horizon_min=12)
    homes = [Home(0.5, {6: 1}), Home(2.5, {6: 1}), Home(4.5, {6: 2})]
    row = row_of(measure_times(*measured_at(homes, {"A": 0.5}, study), threads=1))
    assert row["nearest_beyond"] == 2
    assert row["three_beyond"] == 4
    assert row["nearest_median_min"] == 10
    assert np.isnan(row["nearest_p90_min"])
    assert row["nearest_mean_min"] == (0 + 10 + 2 * 12) / 4
    assert row["three_mean_min"] == ((0 + 24) + (10 + 24) + 2 * 36) / 3 / 4
    assert row[SHARES[:12]].tolist() == [0.25] * 9 + [0.5] * 3
    assert row[SHARES[12:]].isna().all()


def test_without_academies_nobody_reaches_one() -> None:
    """All are beyond the horizon, and the share is none, not unknown."""
    made = measured_at([Home(0.5, {6: 3})], {}, studied(**AT_12_KMH))
    row = row_of(measure_times(*made, threads=1))
    assert (row["nearest_beyond"], row["within_0"], row["share_30_min"]) == (3, 3, 0)
    assert row["nearest_mean_min"] == 60
    assert row[MINUTES_TO].isna().all()


# -- over roads ---------------------------------------------------------------------------------

ROAD = {number: (number / 2, 0.5) for number in range(9)}
FRAME = {10: (4.5, -1), 11: (0, -1), 12: (4.5, 2), 13: (0, 2)}
"""Nodes half a kilometre apart, and those of dead ends around, so that there is ground."""


def on_roads(folder: Path, tags: Sequence[Mapping[str, str]], **travel: Any) -> pd.DataFrame:
    """Measure four children along a road of eight pieces, one of them off the map."""
    ways = [([number, number + 1], dict(one)) for number, one in enumerate(tags)]
    ways += [([8, 10, 11], {"highway": "track"}), ([8, 12, 13], {"highway": "track"})]
    path = folder / "wegen.osm"
    path.write_text(hand.osm_xml(ROAD | FRAME, ways), encoding="utf-8")
    homes = [Home(0.25, {6: 1}, 0.53), Home(1.25, {11: 1}), Home(2.25, {16: 1}), Home(9.5, {6: 1})]
    study = studied("wegen.osm", **travel)
    return measure_times(*measured_at(homes, {"A": 3.9, "B": 3.95}, study, path), threads=1)


def test_no_choice_of_a_study_moves_the_fixed_convention(tmp_path: Path) -> None:
    """Surfaces, pushing, limits, signals, the walk to the door and the speeds of a study do not."""
    asphalt = {"highway": "residential", "surface": "asphalt"}
    plain = on_roads(tmp_path, [asphalt] * 8)
    slow = [asphalt | {"surface": "cobblestone"}, {"highway": "footway"}] * 3
    slow += [asphalt | {"maxspeed": "5"}, {"highway": "living_street"}]
    hard = on_roads(
        tmp_path,
        slow,
        walking_speed_ms=0.5,
        pushing_speed_kmh=2,
        surface=True,
        speed_kmh={"low": 6, "central": 7, "high": 8},
        cutoff_min=5,
        profiles=["all"],
    )
    one, other = (
        table[table["convention"] == FLAT.name].reset_index(drop=True) for table in (plain, hard)
    )
    pd.testing.assert_frame_equal(one, other)
    assert row_of(plain)["nearest_median_min"] < row_of(hard)["nearest_median_min"] / 2
    # 3.65 km along the road and 30 m to it, at 250 m a minute; scale of the projection aside.
    town = row_of(plain, FLAT.name, level="municipality", code="11001")
    assert town["nearest_median_min"] == pytest.approx((3650 + 30) / 250, abs=0.01)
    assert town["within_2"] == 1


def test_an_unmeasured_child_stands_beside(tmp_path: Path) -> None:
    """Off the map: in no mean, no number within reach and no share; over quiet roads the same."""
    table = on_roads(tmp_path, [{"highway": "residential"}] * 8)
    assert list(table["profile"].unique()) == ["all", "low_stress", "quiet_1"]
    for profile in ("all", "low_stress"):
        row = row_of(table, profile=profile)
        assert (row["children"], row["measured"], row["unmeasured"]) == (4, 3, 1)
        assert row[[*WITHIN]].sum() == 3
        assert row["share_30_min"] == 1
    off = row_of(table, level="municipality", code="11004")
    assert (off["measured"], off["unmeasured"]) == (0, 1)
    assert np.isnan(off["nearest_mean_min"])


# -- what always holds --------------------------------------------------------------------------

SPOTS = st.integers(0, 120).map(lambda tenths: tenths / 10)
SPREAD = [Home(0.5, {6: 3, 8: 2, 16: 1}), Home(4.5, {7: 4, 10: 1}), Home(9.5, {6: 1, 11: 5})]
OF_SOME_AGES = {"S0": (7, 10)}


@pytest.fixture(scope="module")
def spread() -> Prepared:
    """Children of three towns, their ages cut where S0 begins and stops to serve them."""
    study = studied(**AT_12_KMH, horizon_min=40)
    return measured_at(SPREAD, {"S0": 0}, study, ages=OF_SOME_AGES)[0]


@settings(max_examples=12)
@given(places=st.lists(SPOTS, min_size=1, max_size=5))
def test_one_academy_more_lengthens_nothing(spread: Prepared, places: list[float]) -> None:
    """No time rises, no number within reach falls; and each table holds by itself."""
    fewer, more = (
        table_of(spread, {f"S{number}": places[number] for number in range(count)})
        for count in (len(places) - 1, len(places))
    )
    for name in (*MINUTES_TO, "nearest_mean_min", "three_mean_min"):
        assert (more[name].fillna(999) <= fewer[name].fillna(999) + 1e-9).all(), name
    for name in ("nearest_beyond", "three_beyond"):
        assert (more[name] <= fewer[name]).all()
    for number in range(1, len(WITHIN) + 1):
        at_most = [table[[*WITHIN[:number]]].sum(axis=1) for table in (more, fewer)]
        assert (at_most[0] <= at_most[1]).all()
    assert (more[SHARES].fillna(0) >= fewer[SHARES].fillna(0)).all(axis=None)


def table_of(prepared: Prepared, places: Mapping[str, float]) -> pd.DataFrame:
    """Time the children to other academies, and hold the table against coverage."""
    spots = {one: hand.spot(km, 0.5) for one, km in places.items()}
    academies = hand.academies(spots, ages=OF_SOME_AGES)
    asked = replace(prepared, inputs=replace(prepared.inputs, academies=academies))
    measured = measure_day(asked, asked.study.about.date, threads=1)
    table = measure_times(asked, measured, threads=1)
    holds_of_each(table, measured.coverage)
    return table


def holds_of_each(table: pd.DataFrame, coverage: pd.DataFrame) -> None:
    """Shares never fall, three are never nearer than one, the share at the cutoff is coverage's."""
    assert (table[SHARES].diff(axis=1).iloc[:, 1:].fillna(0) >= 0).all(axis=None)
    for of in ("median", "p90", "mean"):
        one, three = (table[f"{what}_{of}_min"].fillna(999) for what in ("nearest", "three"))
        assert (one <= three + 1e-9).all()
    keys = ["level", "code", "name", "band", "profile"]
    own = table[table["convention"] == STUDY].set_index(keys)
    covered = coverage[coverage["scenario"] == "central"].set_index(keys).loc[own.index]
    pd.testing.assert_series_equal(own["share_15_min"], covered["share"], check_names=False)
    assert (own["measured"] - own["within_0"] == covered["covered"]).all()
    assert (own["unmeasured"] == covered["unmeasured"]).all()


ROWS = st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4)), max_size=9)


@given(ROWS, st.sampled_from([HALF, MOST]))
def test_so_many_tenths_are_those_of_the_children_one_by_one(
    rows: list[tuple[int, int]], tenths: int
) -> None:
    """Written out child by child: the first with whom so many tenths are there; of none no row."""
    key, children = (np.array([row[i] for row in rows], dtype=np.int64) for i in (0, 1))
    found = find_least_rows(key, children, 4, tenths)
    for one in range(4):
        each = [row for row, (k, count) in enumerate(rows) if k == one for _ in range(count)]
        due = -(-len(each) * tenths // 10)
        assert found[one] == (each[due - 1] if each else -1)


# -- in words -----------------------------------------------------------------------------------

SAID = {
    "nl": "De helft van de gemeten kinderen heeft hoogstens 5,0 minuten nodig tot de "
    "dichtstbijzijnde STEM-academie, negen op de tien hoogstens 40,0; binnen 15 minuten heeft "
    "18,8 % er precies één, 62,5 % twee en 6,3 % drie of meer.\n"
    "Gerekend met 3,75 km aan 15 km/u voor alle leeftijden, zoals de Vlaamse indicator voor "
    "basisvoorzieningen, kan 87,5 % een academie bereiken; waar die indicator de inwoners "
    "plaatst, is niet bekend.",
    "en": "Half of the measured children need at most 5.0 minutes to the nearest STEM academy, "
    "nine in ten at most 40.0; within 15 minutes 18.8% have exactly one, 62.5% two and 6.3% three "
    "or more.\n"
    "Counted by 3.75 km at 15 km/h for all ages, as the Flemish indicator of access to basic "
    "provisions is, 87.5% can reach an academy; where that indicator places residents is not "
    "known.",
}


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_summary_says_minutes_and_numbers(by_hand: pd.DataFrame, language: str) -> None:
    """A sentence on the study's own measures, one on the fixed convention; none of nobody."""
    study = studied(**AT_12_KMH).with_language(language)
    assert say_times(by_hand, study) == SAID[language].split("\n")
    assert say_times(by_hand.assign(measured=0), study) == []


BEYOND = {
    ("nl", "p90"): "De helft van de gemeten kinderen heeft hoogstens 5,0 minuten nodig tot de "
    "dichtstbijzijnde STEM-academie, en minder dan negen op de tien hebben er een binnen 60 "
    "minuten; binnen",
    ("nl", "median"): "Minder dan de helft van de gemeten kinderen heeft een STEM-academie binnen "
    "60 minuten; binnen",
    ("en", "p90"): "Half of the measured children need at most 5.0 minutes to the nearest STEM "
    "academy, and fewer than nine in ten have one within 60 minutes; within",
    ("en", "median"): "Fewer than half of the measured children have a STEM academy within 60 "
    "minutes; within",
}


@pytest.mark.parametrize(("language", "unknown"), BEYOND)
def test_the_summary_says_what_lies_beyond_the_horizon(
    by_hand: pd.DataFrame, language: str, unknown: str
) -> None:
    """No minutes are made up for it; where the median is unknown so is the 90th percentile."""
    study = studied(**AT_12_KMH).with_language(language)
    names = dict.fromkeys(("nearest_p90_min", f"nearest_{unknown}_min"), np.nan)
    said, _ = say_times(by_hand.assign(**names), study)
    assert said.startswith(BEYOND[language, unknown])
