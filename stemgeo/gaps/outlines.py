"""The outlines of gaps, for looking at: no child is counted by them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from numba import njit
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from stemgeo.gaps.join import Joined

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]
    Shapes = NDArray[np.object_]

LARGEST_M = 300.0
"""Areas are drawn as for this distance when points farther apart are joined."""

SQUARES = 7
"""Squares to the distance: the corner of two in a row, and the detail, stay below half of it."""

_DETAIL = 0.65
"""Of a square: what is left out turns steps into slopes, and stays off the points."""


def around_points(x: Floats, y: Floats, joined: Joined, distance_m: float) -> Shapes:
    """Draw each group of points: the squares of a grid around them, smoothed.

    Parameters
    ----------
    x, y
        Metres, shape (points,).
    joined
        Their groups.
    distance_m
        By which they were joined.

    Returns
    -------
    array of polygons, shape (groups,)
        Each holds its points, and none overlap.
    """
    side = min(distance_m, LARGEST_M) / SQUARES
    squares = _Squares.around(x, y, joined.group, side)
    ground = squares.outlines(side)
    # Links between parts of a group make it one piece.
    part = squares.part[squares.of_point]
    linked = joined.links[part[joined.links[:, 0]] != part[joined.links[:, 1]]]
    if len(linked):
        lines = shapely.linestrings(np.stack([x[linked], y[linked]], axis=2))
        pieces = np.concatenate([ground, shapely.buffer(lines, side, quad_segs=2)])
        of = np.append(np.arange(len(ground)), joined.group[linked[:, 0]])
        ground = _united(pieces, of, len(ground))
    return apart(shapely.simplify(ground, side * _DETAIL), x, y, joined.group)


@dataclass(frozen=True)
class _Squares:
    """The squares of a grid in which points of a group lie, and the eight around each.

    Attributes
    ----------
    group, row, column
        Of each square, sorted by group, row and column. Where two groups are near, a place may
        have a square of each.
    beside
        The squares of the same group to the east, north, west and south, or -1, shape (4, n).
    part
        Which squares of a group hang together by their sides, shape (n,).
    of_point
        The square in which each point lies.
    """

    group: Ints
    row: Ints
    column: Ints
    beside: Ints
    part: Ints
    of_point: Ints

    @classmethod
    def around(cls, x: Floats, y: Floats, group: Ints, side: float) -> _Squares:
        """Find the squares around points."""
        column, row = (np.floor(one / side).astype(np.int64) for one in (x, y))
        left, low = column.min(initial=0) - 2, row.min(initial=0) - 2
        # Two columns and rows more on either side, so that no square is beside one far off.
        wide, high = column.max(initial=0) - left + 3, row.max(initial=0) - low + 3
        key = (group * high + row - low) * wide + column - left
        each = _sorted_once(key)
        for step in (1, wide):
            each = _sorted_once(np.concatenate([each - step, each, each + step]))
        beside = np.stack([_places(each, each + step) for step in (1, wide, -1, -wide)])
        one, other = np.flatnonzero(beside[0] >= 0), np.flatnonzero(beside[1] >= 0)
        ends = np.concatenate([one, other]), np.concatenate([beside[0, one], beside[1, other]])
        graph = coo_array((np.ones(len(ends[0])), ends), shape=(len(each), len(each)))
        part = connected_components(graph, directed=False)[1].astype(np.intp)
        return cls(
            each // wide // high,
            each // wide % high + low,
            each % wide + left,
            beside,
            part,
            np.searchsorted(each, key),
        )

    def outlines(self, side: float) -> Shapes:
        """Draw the squares of each group as one shape, with a polygon for each part."""
        column, row, first, square = _rings(self.beside, self.column, self.row)
        bounds = np.append(first, len(column))
        area = np.array([_turn(column[a:b], row[a:b]) for a, b in pairwise(bounds)])
        # Of each part the ring around it first, then its holes. A hole smaller than the square of
        # the distance is too small for another group: it is filled.
        order = np.lexsort((area < 0, self.part[square], self.group[square]))
        order = order[(area > 0)[order] | (area < -2 * SQUARES**2)[order]]
        rings = len(order)
        sizes = np.diff(bounds)[order]
        at = np.repeat(bounds[:-1][order] - np.cumsum(sizes) + sizes, sizes) + np.arange(
            sizes.sum()
        )
        part, group = self.part[square][order], self.group[square][order]
        parts = np.flatnonzero(np.append(True, np.diff(part) != 0)[:rings])
        groups = np.searchsorted(group[parts], np.arange(self.group.max(initial=-1) + 2))
        offsets = np.append(0, np.cumsum(sizes)), np.append(parts, rings), groups
        corners = np.stack([column[at], row[at]], axis=1) * side
        shapes = shapely.from_ragged_array(shapely.GeometryType.MULTIPOLYGON, corners, offsets)
        # A ring that touches itself at a corner is parted there.
        crooked = ~shapely.is_valid(shapes)
        shapes[crooked] = shapely.make_valid(shapes[crooked], method="structure")
        return np.asarray(shapes)


def _sorted_once(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    keys = np.sort(keys)
    return np.asarray(keys[np.append(True, np.diff(keys) != 0)[: len(keys)]])


def _places(keys: NDArray[np.int64], wanted: NDArray[np.int64]) -> Ints:
    """Give the place of each wanted key among the sorted ones, or -1."""
    place = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
    return np.asarray(np.where(keys[place] == wanted, place, -1), dtype=np.intp)


def _turn(x: Ints, y: Ints) -> float:
    """Give twice the area inside a closed ring; below 0 when it runs clockwise."""
    return float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))


@njit(cache=True, nogil=True)
def _rings(beside: Ints, column: Ints, row: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Walk around the squares with the inside on the left: corners, where rings begin, a square.

    Going east one has the south side of a square on the right hand, going north its east side.
    At each corner one turns left if there is no square ahead, right if one is on the right.
    """
    n = beside.shape[1]
    seen = np.zeros((4, n), dtype=np.bool_)
    x, y = np.empty(8 * n + 1, dtype=np.int64), np.empty(8 * n + 1, dtype=np.int64)
    first, square = np.empty(4 * n + 1, dtype=np.int64), np.empty(4 * n + 1, dtype=np.int64)
    filled, rings = 0, 0
    for begin in range(n):
        for start in range(4):
            if seen[start, begin] or beside[start - 1, begin] >= 0:
                continue
            first[rings], square[rings] = filled, begin
            at, heading, before = begin, start, -1
            while not seen[heading, at]:
                seen[heading, at] = True
                if heading != before:
                    x[filled] = column[at] + (heading in {1, 2})
                    y[filled] = row[at] + (heading >= 2)
                    filled += 1
                before, ahead = heading, beside[heading, at]
                if ahead < 0:
                    heading = (heading + 1) % 4
                elif beside[heading - 1, ahead] < 0:
                    at = ahead
                else:
                    heading, at = (heading + 3) % 4, beside[heading - 1, ahead]
            x[filled], y[filled] = x[first[rings]], y[first[rings]]
            filled += 1
            rings += 1
    return x[:filled].copy(), y[:filled].copy(), first[:rings].copy(), square[:rings].copy()


def _united(shapes: Shapes, group: Ints, groups: int) -> Shapes:
    """Unite the shapes of each group."""
    order = np.argsort(group, kind="stable")
    bounds = np.searchsorted(group[order], np.arange(groups + 1))
    sorted_ = shapes[order]
    out = sorted_[bounds[:-1]]
    for number in np.flatnonzero(np.diff(bounds) != 1):
        out[number] = shapely.union_all(sorted_[bounds[number] : bounds[number + 1]])
    return out


def apart(shapes: Shapes, x: Floats, y: Floats, group: Ints) -> Shapes:
    """Part the ground of outlines that overlap: each place to the group of its nearest point.

    Points that are far by road may lie near each other in a straight line.

    Parameters
    ----------
    shapes
        Of each group, shape (groups,).
    x, y, group
        Of the points.
    """
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    one, other = one[one < other], other[one < other]
    over = shapely.area(shapely.intersection(shapes[one], shapes[other])) > 0
    meeting = np.zeros(len(shapes), dtype=np.bool_)
    meeting[one[over]] = meeting[other[over]] = True
    if not meeting.any():
        return shapes
    points = pd.DataFrame({"x": x, "y": y, "group": group})[meeting[group]]
    points = points.sort_values(["x", "y", "group"]).drop_duplicates(["x", "y"])
    places = shapely.multipoints(points[["x", "y"]].to_numpy())
    cells = shapely.get_parts(
        shapely.voronoi_polygons(
            places, extend_to=shapely.union_all(shapely.envelope(shapes[meeting])), ordered=True
        )
    )
    ground = _united(np.asarray(cells), points["group"].to_numpy(), len(shapes))
    out = shapes.copy()
    out[meeting] = shapely.intersection(shapes[meeting], ground[meeting])
    return out


def around_zones(zone: Ints, joined: Joined, zones: gpd.GeoDataFrame) -> Shapes:
    """Unite the zones of each group of points."""
    each = pd.DataFrame({"group": joined.group, "zone": zone}).drop_duplicates()
    outlines = zones.geometry.to_numpy()[each["zone"]]
    return _united(np.asarray(outlines), each["group"].to_numpy(), joined.groups)
