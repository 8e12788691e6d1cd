"""Area and a place inside of plain footprints, millions of them, without an object for each.

Both are worked out as GEOS does (`Area::ofRing`, `InteriorPointArea`), step by step in its order,
and are the same to the last bit. What is not certainly a plain ring is left to GEOS itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Longs = NDArray[np.int64]

_MOST_CORNERS = 24
"""A ring of more is left to GEOS: each side is held against every other."""

_UNSURE = 1e-9
"""Share of its two terms below which the sign of a cross product is not taken to be certain."""


@njit(cache=True, nogil=True)
def measure_rings(at: Floats, first: Longs) -> tuple[Bools, Floats, Floats, Floats]:
    """Measure rings that certainly do not touch themselves.

    Parameters
    ----------
    at
        Coordinates of all corners, shape (corners, 2); the last of a ring is its first again.
    first
        Corners first[i]:first[i + 1] are those of ring i, shape (rings + 1,).

    Returns
    -------
    tuple of arrays
        Of which rings it is certain, shape (rings,), and their area, x and y of a place inside.
    """
    rings = len(first) - 1
    sure = np.zeros(rings, dtype=np.bool_)
    area, x, y = np.zeros(rings), np.full(rings, np.nan), np.full(rings, np.nan)
    for ring in range(rings):
        corners = at[first[ring] : first[ring + 1]]
        if len(corners) <= _MOST_CORNERS and _is_surely_plain(corners):
            sure[ring] = True
            area[ring] = _find_area(corners)
            x[ring], y[ring] = _find_inside(corners)
    return sure, area, x, y


@njit(cache=True, nogil=True)
def _turn(p: Floats, q: Floats, r: Floats) -> int:
    """Say on which side of the line through two points a third lies: 1, -1; 0: not certain."""
    left, right = (q[0] - p[0]) * (r[1] - p[1]), (q[1] - p[1]) * (r[0] - p[0])
    if abs(left - right) > _UNSURE * (abs(left) + abs(right)):
        return 1 if left > right else -1
    return 0


@njit(cache=True, nogil=True)
def _is_surely_plain(at: Floats) -> bool:
    """Whether no side of a ring touches another, but its neighbours where they meet."""
    sides = len(at) - 1
    if sides < 3 or not np.isfinite(at).all():
        return False
    for one in range(sides):
        if _turn(at[one], at[one + 1], at[(one + 1) % sides + 1]) == 0:
            return False
        for other in range(one + 2, sides):
            if one == 0 and other == sides - 1:
                continue
            apart = _turn(at[one], at[one + 1], at[other]) * _turn(
                at[one], at[one + 1], at[other + 1]
            )
            if apart <= 0:
                apart = _turn(at[other], at[other + 1], at[one]) * _turn(
                    at[other], at[other + 1], at[one + 1]
                )
            if apart <= 0:
                return False
    return True


@njit(cache=True, nogil=True)
def _find_area(at: Floats) -> float:
    total = 0.0
    for i in range(1, len(at) - 1):
        total += (at[i, 0] - at[0, 0]) * (at[i - 1, 1] - at[i + 1, 1])
    return abs(total / 2.0)


@njit(cache=True, nogil=True)
def _find_inside(at: Floats) -> tuple[float, float]:
    """Find the middle of the widest stretch of a line across, at a height where no corner lies."""
    low, high = at[:, 1].min(), at[:, 1].max()
    middle = (low + high) / 2.0
    for i in range(len(at)):
        height = at[i, 1]
        if height <= middle:
            low = max(low, height)
        else:
            high = min(high, height)
    level = (high + low) / 2.0
    crossed = np.empty(len(at))
    count = 0
    for i in range(1, len(at)):
        (x0, y0), (x1, y1) = at[i - 1], at[i]
        outside = (y0 > level and y1 > level) or (y0 < level and y1 < level) or y0 == y1
        if outside or (y0 == level and y1 < level) or (y1 == level and y0 < level):
            continue
        crossed[count] = x0 if x0 == x1 else x0 + (level - y0) / ((y1 - y0) / (x1 - x0))
        count += 1
    crossed = np.sort(crossed[:count])
    widest, inside = 0.0, at[0, 0]
    for i in range(0, count - 1, 2):
        if crossed[i + 1] - crossed[i] > widest:
            widest = crossed[i + 1] - crossed[i]
            inside = (crossed[i] + crossed[i + 1]) / 2.0
    return inside, level
