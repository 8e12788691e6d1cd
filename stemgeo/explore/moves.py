"""Who comes within reach and who falls out of it, point by point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Longs = NDArray[np.int64]
    Points = NDArray[np.intp]
    Ages = tuple[str, int]
    """Over the roads of which profile, and of which cell."""


@dataclass(frozen=True, eq=False, repr=False)
class Moved:
    """Whom a change brings within reach and out of it, of all rides that are searched alike.

    Attributes
    ----------
    count
        How many academies each of all points had within the cutoff, shape (all points,).
    gained, lost
        The points that come within reach and fall out of it.
    """

    count: NDArray[np.uint16]
    gained: Points
    lost: Points

    def find_both(self, points: Points) -> tuple[Bools, Bools]:
        """Say which of some points had an academy within reach, and which have one then.

        Parameters
        ----------
        points
            In order; all that come within reach or fall out of it are among them.
        """
        before = np.asarray(self.count[points] > 0)
        after = before.copy()
        after[np.searchsorted(points, self.gained)] = True
        after[np.searchsorted(points, self.lost)] = False
        return before, after


@dataclass(frozen=True, repr=False)
class Moves:
    """Whom a change moves at the central speeds.

    Attributes
    ----------
    children
        How many of each age live at all points, shape (cells, all points).
    by_ages
        Of each profile and cell, whom it brings within reach and out of it.
    """

    children: NDArray[np.int32]
    by_ages: Mapping[Ages, Moved]


@njit(cache=True, nogil=True)
def add_up_signs(point: Points, sign: Longs, place: Longs) -> tuple[Points, Longs]:
    """Add signs up by point: each point once, with its sum.

    Parameters
    ----------
    point, sign
        Side by side.
    place
        Room for one number of each of all points, all -1; it is left so.
    """
    points, sums = np.empty(len(point), dtype=np.intp), np.zeros(len(point), dtype=np.int64)
    found = 0
    for row in range(len(point)):
        at = place[point[row]]
        if at < 0:
            at = found
            points[found], place[point[row]] = point[row], found
            found += 1
        sums[at] += sign[row]
    for row in range(found):
        place[points[row]] = -1
    return points[:found].copy(), sums[:found].copy()
