"""Facts about gaps: where the uncovered children are, in which order, and why."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import geopandas as gpd
import hand
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stemgeo.gaps import gaps
from stemgeo.tables import checked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stemgeo.study import Study

CODES = ("11001", "11002", "71001")
FAR = math.inf

Trip = tuple[str, int, str, float]
"""A demand point of the ages 5-8: municipality, children, nearest academy, seconds to it."""


def found(trips: Sequence[Trip], study: Study | None = None) -> gpd.GeoDataFrame:
    """Run `gaps` on points of one age cell; NaN seconds are unmeasured."""
    study = study or hand.study()
    cutoff_s = round(study.travel.cutoff_min * 60_000) / 1000
    frame = pd.DataFrame(trips, columns=["nis_code", "children_5-8", "academy_id", "time"])
    frame["point_id"] = [f"P{i:03}" for i in range(len(frame))]
    access = pd.DataFrame(
        {
            "point_id": frame["point_id"],
            "profile": "all",
            "band": "5-8",
            "ages": "5-8",
            "academy_id": frame["academy_id"],
            "travel_time_s": frame["time"].fillna(FAR),
            "status": np.where(
                frame["time"].isna(),
                "unmeasured",
                np.where(np.isinf(frame["time"]), "beyond_horizon", "reached"),
            ),
        }
    )
    late = frame["time"] > cutoff_s
    sums = (
        pd.DataFrame(
            {
                "uncovered": frame["children_5-8"].where(late, 0),
                "covered": frame["children_5-8"].where(frame["time"] <= cutoff_s, 0),
            }
        )
        .groupby(frame["nis_code"])
        .sum()
        .reindex(CODES, fill_value=0)
    )
    table = hand.municipalities(
        {code: ("Antwerpen", hand.square(i, 0)) for i, code in enumerate(CODES)}
    )
    uncovered = sums["uncovered"].to_numpy(np.int64)
    covered = sums["covered"].to_numpy(np.int64)
    measured = covered + uncovered
    share = np.divide(covered, measured, out=np.full(len(CODES), np.nan), where=measured > 0)
    table = table.assign(uncovered=uncovered, share=share)
    points = gpd.GeoDataFrame(
        frame[["point_id", "nis_code", "children_5-8"]],
        geometry=[hand.spot(0, 0)] * len(frame),
        crs=hand.CRS,
    )
    out = gaps(table, points, access, study)
    checked("gaps", out)
    return out


def one(trips: Sequence[Trip], study: Study | None = None) -> pd.Series:
    """Give the only gap that these trips leave."""
    table = found(trips, study)
    assert len(table) == 1
    return table.iloc[0]


@pytest.mark.parametrize(
    ("trips", "median_s"),
    [
        ([("11001", 1, "A", 1000.0)], 1000.0),
        ([("11001", 1, "A", 1000.0), ("11001", 1, "A", 1100.0)], 1000.0),
        ([("11001", 1, "A", 1000.0), ("11001", 2, "A", 1100.0)], 1100.0),
        ([("11001", 2, "A", 1500.0), ("11001", 3, "A", 950.0), ("11001", 1, "A", 2000.0)], 950.0),
        ([("11001", 2, "A", 1500.0), ("11001", 1, "A", 950.0), ("11001", 2, "A", 2000.0)], 1500.0),
        ([("11001", 5, "A", 1000.0), ("11001", 5, "", FAR)], 1000.0),
        ([("11001", 5, "A", 1000.0), ("11001", 6, "", FAR)], FAR),
        ([("11001", 1, "A", 1000.0), ("11001", 9, "A", 900.0)], 1000.0),
        ([("11001", 1, "A", 1000.0), ("11001", 9, "", math.nan)], 1000.0),
    ],
)
def test_the_median_is_the_time_that_half_of_the_uncovered_need(
    trips: list[Trip], median_s: float
) -> None:
    """Weighted by children, the lower of two middles; who is in time or unmeasured stays out."""
    assert one(trips)["median_time_s"] == median_s


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from([950.0, 1000.0, 1500.0, 3000.0, FAR])),
        min_size=1,
        max_size=12,
    )
)
def test_the_median_is_that_of_the_children_one_by_one(rows: list[tuple[int, float]]) -> None:
    """Written out child by child and sorted, the child in the middle."""
    each = sorted(time for count, time in rows for _ in range(count))
    table = found([("11001", count, "A" if time < FAR else "", time) for count, time in rows])
    if each:
        assert table["median_time_s"].tolist() == [each[(len(each) - 1) // 2]]
    else:
        assert len(table) == 0


@pytest.mark.parametrize(
    ("trips", "nearest"),
    [
        ([("11001", 5, "A", 950.0), ("11001", 4, "B", 1000.0)], "A"),
        ([("11001", 5, "B", 950.0), ("11001", 5, "A", 1000.0)], "A"),
        ([("11001", 3, "B", 950.0), ("11001", 4, "A", 1000.0), ("11001", 2, "B", 2000.0)], "B"),
        ([("11001", 1, "B", 1950.0), ("11001", 40, "", FAR)], "B"),
        ([("11001", 1, "B", 1950.0), ("11001", 40, "A", 100.0)], "B"),
        ([("11001", 40, "", FAR)], ""),
    ],
)
def test_the_nearest_academy_is_that_of_most_uncovered_children(
    trips: list[Trip], nearest: str
) -> None:
    """Counted in children, not in points; equal counts go to the smallest id; none is empty."""
    assert one(trips)["nearest_academy_id"] == nearest


def test_the_largest_gap_comes_first_and_ties_go_to_the_smaller_code() -> None:
    """Ranked by uncovered children, numbered in that order."""
    trips = [("71001", 4, "A", 950.0), ("11002", 9, "A", 950.0), ("11001", 4, "A", 950.0)]
    table = found(trips)
    assert table["nis_code"].tolist() == ["11002", "11001", "71001"]
    assert table["gap_id"].tolist() == ["G001", "G002", "G003"]
    assert table["uncovered"].tolist() == [9, 4, 4]


@pytest.mark.parametrize(
    ("time", "reason"),
    [
        (900.001, "just_too_far"),
        (1200.0, "just_too_far"),
        (1200.001, "too_far"),
        (3600.0, "too_far"),
        (FAR, "no_academy_within_horizon"),
    ],
)
def test_the_reason_follows_from_the_median(time: float, reason: str) -> None:
    """Within five minutes beyond the cutoff, beyond them, or none in reach."""
    assert one([("11001", 3, "A" if time < FAR else "", time)])["reason"] == reason


def test_a_municipality_without_uncovered_children_is_no_gap() -> None:
    """In time to the second, or not measured at all: not listed."""
    trips = [("11001", 5, "A", 900.0), ("11002", 7, "", math.nan), ("71001", 1, "A", 901.0)]
    assert found(trips)["nis_code"].tolist() == ["71001"]


def test_a_gap_has_at_least_the_children_that_the_study_asks() -> None:
    """`gaps.min_children = 5`: 5 is a gap, 4 is none."""
    trips = [("11001", 5, "A", 950.0), ("11002", 4, "A", 950.0)]
    study = hand.study(gaps={"min_children": 5})
    assert found(trips, study)["nis_code"].tolist() == ["11001"]


def test_no_gap_at_all_is_an_empty_table() -> None:
    """All in time: no rows, the same columns."""
    table = found([("11001", 5, "A", 100.0)])
    assert len(table) == 0
    assert table.columns[0] == "gap_id"
    assert table.crs == hand.CRS


@pytest.mark.parametrize("minutes", [0.57, 1.1, 4.35, 15, 16.01])
def test_who_is_in_time_by_the_millisecond_is_no_part_of_a_gap(minutes: float) -> None:
    """Coverage counts whole milliseconds; the gaps draw the line at the same place."""
    last_ms = round(minutes * 60_000)
    trips = [("11001", 5, "A", last_ms / 1000), ("11001", 1, "B", (last_ms + 1) / 1000)]
    study = hand.study(travel={"cutoff_min": minutes})
    table = found(trips, study)
    assert table["nearest_academy_id"].tolist() == ["B"]


def test_the_order_of_points_does_not_matter() -> None:
    """The same gaps from the same trips, first to last or last to first."""
    trips = [
        (code, 1 + (i * 7) % 5, "AB"[i % 2], 901.0 + (i * 37) % 400)
        for i, code in enumerate(CODES * 6)
    ]
    pd.testing.assert_frame_equal(found(trips), found(trips[::-1]))
