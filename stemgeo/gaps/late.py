"""The children who are out of reach, one row for each point and age cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from stemgeo.access.search import UNREACHED, unpack_labels
from stemgeo.reasons import NOWHERE
from stemgeo.times import HALF, find_least_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stemgeo.measure import Measured, Prepared

    Ints = NDArray[np.intp]

PROFILES = ("all", "low_stress")
"""Those whom no road brings within reach, and those whom all roads do and quiet ones do not."""


def late_children(prepared: Prepared, measured: Measured) -> pd.DataFrame:
    """List the measured children who are out of reach in the central scenario.

    Returns
    -------
    DataFrame
        `profile` ("all": over no road; "low_stress": over all roads, but not over quiet ones),
        `cell` (its position among the cells), `point` (position in the demand table), `children`
        (above 0), `time_s` (to the nearest academy over the roads of the profile; inf: none
        within the horizon), `academy` (position of that one among the academies, or NOWHERE);
        sorted by profile, cell and point.
    """
    parts = [_late_over_all(prepared, measured, number) for number in range(len(prepared.cells))]
    if PROFILES[1] in {rider.profile for rider in measured.riders}:
        parts += [
            _late_over_quiet(prepared, measured, number) for number in range(len(prepared.cells))
        ]
    return pd.concat(parts, ignore_index=True)


def _late_over_all(prepared: Prepared, measured: Measured, number: int) -> pd.DataFrame:
    reached, _ = measured.take_central(PROFILES[0], prepared.cells[number])
    return _rows_of_cell(
        prepared, measured, number, PROFILES[0], reached.measured & ~reached.covered
    )


def _late_over_quiet(prepared: Prepared, measured: Measured, number: int) -> pd.DataFrame:
    reached, _ = measured.take_central(PROFILES[0], prepared.cells[number])
    quiet, _ = measured.take_central(PROFILES[1], prepared.cells[number])
    late = quiet.measured & ~quiet.covered & reached.covered
    return _rows_of_cell(prepared, measured, number, PROFILES[1], late)


def _rows_of_cell(
    prepared: Prepared, measured: Measured, number: int, profile: str, late: NDArray[np.bool_]
) -> pd.DataFrame:
    cell = prepared.cells[number]
    children = prepared.points[cell.column].to_numpy()
    point = np.flatnonzero(late & (children > 0))
    label = measured.take_central(profile, cell)[1][point]
    (time_ms, academy), reached = unpack_labels(label), label != UNREACHED
    return pd.DataFrame(
        {
            "profile": np.full(len(point), PROFILES.index(profile), dtype=np.int8),
            "cell": np.full(len(point), number, dtype=np.int16),
            "point": point,
            "children": children[point],
            "time_s": np.where(reached, time_ms / 1000, np.inf),
            "academy": np.where(reached, academy, NOWHERE),
        }
    )


def find_distinct(point: Ints) -> tuple[Ints, Ints]:
    """Give every point once, and which of these each one is."""
    there = np.bincount(point) > 0
    return np.flatnonzero(there), (np.cumsum(there) - 1)[point]


def find_value_of_most(keys: pd.Series, values: pd.Series, children: pd.Series) -> pd.Series:
    """Give the value of most children by key; of equal counts the smallest value.

    Parameters
    ----------
    keys, values
        Of each row.
    children
        How many each row stands for.
    """
    sums = children.groupby([keys, values]).sum().rename("children").reset_index()
    key, value = sums.columns[:2]
    ranked = sums.sort_values([key, "children", value], ascending=[True, False, True])
    return pd.Series(ranked.drop_duplicates(key).set_index(key)[value])


def lower_median(keys: pd.Series, values: pd.Series, children: pd.Series) -> pd.Series:
    """Give the least value that half of the children do not exceed, by key.

    Parameters
    ----------
    keys, values, children
        As for `find_value_of_most`; the values are numbers.
    """
    rows = values.to_numpy().argsort()  # alike ones in any order: their value is sought
    key, keyed = pd.factorize(keys, sort=True)
    at = find_least_rows(key[rows], children.to_numpy(np.int64)[rows], len(keyed), HALF)
    return pd.Series(values.to_numpy()[rows][at], index=keyed)
