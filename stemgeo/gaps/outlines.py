"""The outlines of gaps, for looking at: no child is counted by them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from numba import njit
from scipy.ndimage import maximum_filter, minimum_filter
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from stemgeo.arrays import list_ranges, starts_of_runs
from stemgeo.study import GAP_DISTANCE_M

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd
    from numpy.typing import NDArray

    from stemgeo.gaps.join import PointGroups

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]
    Shapes = NDArray[np.object_]

ROOM = 8
"""Columns and rows around the squares of points, more than are ever added to them."""

_TO_A_SQUARE = 5
"""Points to a square in the mean where squares are sought that nobody leaves empty."""

SQUARES = 7
"""Squares to the distance: the corner of two in a row stays below half of it."""


def draw_around_points(
    x: Floats, y: Floats, joined: PointGroups, distance_m: float, *, side_m: float | None = None
) -> Shapes:
    """Draw each group of points: the squares of a grid around them, corners cut.

    Parameters
    ----------
    x, y
        Metres, shape (points,).
    joined
        Their groups.
    distance_m
        By which they were joined.
    side_m
        Of the squares; a seventh of the distance when not given.

    Returns
    -------
    array of polygons, shape (groups,)
        Each holds its points, and none overlap.
    """
    # Points that are joined from farther off are drawn as for the usual distance.
    side = side_m or min(distance_m, GAP_DISTANCE_M) / SQUARES
    grid = _SquareGrid.over_points(x, y, side)
    key = grid.number_squares(x, y, joined.group)
    keys = _sort_once(key)
    for step in (1, grid.wide):
        keys = _sort_once(np.concatenate([keys - step, keys, keys + step]))
    # Links between parts of a group make it one piece.
    part = _number_parts(grid.find_neighbours(keys))[np.searchsorted(keys, key)]
    linked = joined.links[part[joined.links[:, 0]] != part[joined.links[:, 1]]]
    pieces = 2 * SQUARES * math.ceil(distance_m / (SQUARES * side) - 1e-9)
    owner = np.repeat(joined.group[linked[:, 0]], pieces + 1)
    bridges = grid.number_squares(*_place_along(x, y, linked, pieces), owner)
    keys = grid.fill_saddles(_sort_once(np.concatenate([keys, bridges])))
    return part_overlaps(grid.draw_outlines(keys, joined.groups), x, y, joined.group)


def _place_along(x: Floats, y: Floats, linked: Ints, pieces: int) -> tuple[Floats, Floats]:
    """Give places on each link, so near each other that no square between is passed over."""
    share = np.linspace(0, 1, pieces + 1)
    (x0, x1), (y0, y1) = x[linked].T[:, :, None], y[linked].T[:, :, None]
    return (x0 + share * (x1 - x0)).ravel(), (y0 + share * (y1 - y0)).ravel()


def _number_parts(beside: Ints) -> Ints:
    """Number the squares of a group that hang together by their sides."""
    one, other = np.flatnonzero(beside[0] >= 0), np.flatnonzero(beside[1] >= 0)
    ends = np.concatenate([one, other]), np.concatenate([beside[0, one], beside[1, other]])
    graph = coo_array((np.ones(len(ends[0])), ends), shape=(beside.shape[1],) * 2)
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.intp)


@dataclass(frozen=True)
class _SquareGrid:
    """A grid of squares; a square of a group is known by one number, its key.

    Attributes
    ----------
    left, low
        The first column and row.
    wide, high
        How many there are, with room on either side: no square is beside one far off.
    side
        Of a square, metres.
    """

    left: int
    low: int
    wide: int
    high: int
    side: float

    @classmethod
    def over_points(cls, x: Floats, y: Floats, side: float) -> _SquareGrid:
        """Lay a grid over points."""
        if not len(x):
            return cls(0, 0, 1, 1, side)
        west, east, south, north = (
            math.floor(one / side) for one in (x.min(), x.max(), y.min(), y.max())
        )
        return cls(
            west - ROOM, south - ROOM, east - west + 2 * ROOM, north - south + 2 * ROOM, side
        )

    def number_squares(self, x: Floats, y: Floats, group: Ints) -> NDArray[np.int64]:
        """Give the square in which each point of a group lies."""
        column, row = (np.floor(one / self.side).astype(np.int64) for one in (x, y))
        return np.asarray((group * self.high + row - self.low) * self.wide + column - self.left)

    def find_neighbours(self, keys: NDArray[np.int64]) -> Ints:
        """Give the place of the squares to the east, north, west and south, or -1, shape (4, n)."""
        places = np.arange(len(keys))
        beside = np.full((4, len(keys)), -1, dtype=np.intp)
        # In order of keys the square to the east comes next.
        beside[0, :-1] = np.where(np.diff(keys) == 1, places[1:], -1)
        beside[1] = _find_positions(keys, keys + self.wide)
        for heading in (0, 1):
            there = beside[heading] >= 0
            beside[heading + 2, beside[heading, there]] = places[there]
        return beside

    def fill_saddles(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """Add a square where two touch in a corner only: outlines then never touch themselves."""
        while True:
            beside, added = self.find_neighbours(keys), []
            for across in (0, 2):  # to the north-east and the north-west
                step = 1 - across
                alone = keys[(beside[across] < 0) & (beside[1] < 0)]
                corner = _find_positions(keys, alone + self.wide + step) >= 0
                added.append(alone[corner] + step)
            more = np.concatenate(added)
            if not len(more):
                return keys
            keys = _sort_once(np.concatenate([keys, more]))

    def draw_outlines(self, keys: NDArray[np.int64], groups: int) -> Shapes:
        """Draw the squares of each group, their corners cut; holes of no matter are filled."""
        beside = self.find_neighbours(keys)
        column, row = keys % self.wide + self.left, keys // self.wide % self.high + self.low
        x, y, bounds, square, area = _walk_rings(beside, column, row)
        part, group = _number_parts(beside)[square], (keys // self.wide // self.high)[square]
        # Of each part the ring around it first, then its holes. One smaller than the square of
        # the distance is too small for another group.
        order = np.lexsort((area < 0, part, group))
        order = order[(area > 0)[order] | (area < -(SQUARES**2))[order]]
        sizes = np.diff(bounds)[order]
        _, at = list_ranges(bounds[order], bounds[order + 1])
        first = np.flatnonzero(starts_of_runs(part[order]))
        of_group = np.searchsorted(group[order][first], np.arange(groups + 1))
        offsets = np.append(0, np.cumsum(sizes)), np.append(first, len(order)), of_group
        corners = np.stack([x[at], y[at]], axis=1) * self.side
        kind = shapely.GeometryType.MULTIPOLYGON
        shapes = np.asarray(shapely.from_ragged_array(kind, corners, offsets))
        whole = shapely.get_num_geometries(shapes) == 1
        shapes[whole] = shapely.get_geometry(shapes[whole], 0)
        return shapes


def _sort_once(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    keys = np.sort(keys)
    return np.asarray(keys[starts_of_runs(keys)])


def _find_positions(keys: NDArray[np.int64], wanted: NDArray[np.int64]) -> Ints:
    """Give the place of each wanted key among the sorted ones, or -1."""
    place = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
    return np.asarray(np.where(keys[place] == wanted, place, -1), dtype=np.intp)


@njit(cache=True, nogil=True)
def _walk_rings(beside: Ints, column: Ints, row: Ints) -> tuple[Floats, Floats, Ints, Ints, Floats]:
    """Walk around the squares with the inside on the left, from the middle of side to side.

    Going east one has the south side of a square on the right hand, going north its east side.
    At its end one turns left if there is no square ahead, right if one is on the right. A middle
    is a corner of the outline unless one goes on as one came: steps become a slope.

    Returns
    -------
    tuple of arrays
        x and y of the corners, where rings begin and the last ends, a square of each ring, and
        its area, below 0 for a hole.
    """
    n = beside.shape[1]
    seen = np.zeros((4, n), dtype=np.bool_)
    x, y = np.empty(8 * n + 1), np.empty(8 * n + 1)
    bounds, square = np.zeros(4 * n + 1, dtype=np.int64), np.empty(4 * n, dtype=np.int64)
    area = np.zeros(4 * n)
    across, up = np.array([0.5, 1.0, 0.5, 0.0]), np.array([0.0, 0.5, 1.0, 0.5])
    filled, rings = 0, 0
    for begin in range(n):
        for start in range(4):
            if seen[start, begin] or beside[start - 1, begin] >= 0:
                continue
            # Once to the side before the first, to know how one comes to the first.
            first, at, heading, before = filled, begin, start, -1
            first_before = -1
            while True:
                ahead = beside[heading, at]
                if ahead < 0:
                    on, to = (heading + 1) % 4, at
                elif beside[heading - 1, ahead] < 0:
                    on, to = heading, ahead
                else:
                    on, to = (heading + 3) % 4, beside[heading - 1, ahead]
                if seen[heading, at] and before >= 0 and at == begin and heading == start:
                    first_before = before
                seen[heading, at] = True
                middle_x, middle_y = column[at] + across[heading], row[at] + up[heading]
                if first_before >= 0 or (before >= 0 and before != on):
                    if first_before >= 0 and first_before == on:
                        break
                    x[filled], y[filled] = middle_x, middle_y
                    filled += 1
                    if first_before >= 0:
                        break
                before, at, heading = heading, to, on
            x[filled], y[filled] = x[first], y[first]
            filled += 1
            for i in range(first, filled - 1):
                area[rings] += (x[i] * y[i + 1] - x[i + 1] * y[i]) / 2
            square[rings] = begin
            rings += 1
            bounds[rings] = filled
    return x[:filled], y[:filled], bounds[: rings + 1], square[:rings], area[:rings]


def _unite_shapes(
    shapes: Shapes, group: Ints, groups: int, unite: Callable[[Shapes], shapely.Geometry]
) -> Shapes:
    """Unite the shapes of each group; one without any is empty."""
    order = np.argsort(group, kind="stable")
    bounds = np.searchsorted(group[order], np.arange(groups + 1))
    sorted_, count = shapes[order], np.diff(bounds)
    out = np.full(groups, shapely.Polygon(), dtype=object)
    out[count == 1] = sorted_[bounds[:-1][count == 1]]
    for number in np.flatnonzero(count > 1):
        out[number] = unite(sorted_[bounds[number] : bounds[number + 1]])
    return out


def part_overlaps(shapes: Shapes, x: Floats, y: Floats, group: Ints) -> Shapes:
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
    points = points[_may_border(*(points[name].to_numpy() for name in ("x", "y", "group")))]
    places = shapely.multipoints(points[["x", "y"]].to_numpy())
    cells = shapely.get_parts(
        shapely.voronoi_polygons(
            places, extend_to=shapely.union_all(shapely.envelope(shapes[meeting])), ordered=True
        )
    )
    # Cells fit together: their union is what is left without the sides that two of them share.
    of_cell, unite = points["group"].to_numpy(), shapely.coverage_union_all
    ground = _unite_shapes(np.asarray(cells), of_cell, len(shapes), unite)
    out = shapes.copy()
    out[meeting] = shapely.intersection(shapes[meeting], ground[meeting])
    return out


def _may_border(x: Floats, y: Floats, group: Ints) -> NDArray[np.bool_]:
    """Say whose ground may border on that of another group; that of the others surely does not.

    Without these the ground of each group is the same, and its borders are between the same points.
    On a grid, who has someone in each square a knight's move away is nearest to no place farther
    than 2.5 squares off; so whoever's ground borders on theirs is within 5.
    """
    left, low = x.min(), y.min()
    wide, high = x.max() - left, y.max() - low
    side = max(math.sqrt(_TO_A_SQUARE * wide * high / len(x)), 1.0)
    row, column = ((one // side).astype(np.intp) for one in (y - low, x - left))
    # Room around them, so that what lies beside the grid is nobody's.
    at = row + 2, column + 2
    shape = int(at[0].max()) + 3, int(at[1].max()) + 3
    first, last = np.full(shape, group.max() + 1), np.full(shape, -1)
    np.minimum.at(first, at, group)
    np.maximum.at(last, at, group)
    moves = [(2 * i, j) for i in (-1, 1) for j in (-1, 1)]
    moves += [(j, i) for i, j in moves]
    inside = np.ones(len(x), dtype=np.bool_)
    for down, across in moves:
        inside &= last[at[0] + down, at[1] + across] >= 0
    lowest = minimum_filter(first, size=13, mode="constant", cval=group.max() + 1)
    highest = maximum_filter(last, size=13, mode="constant", cval=-1)
    return np.asarray(~inside | (lowest != highest)[at])


def draw_around_zones(zone: Ints, joined: PointGroups, zones: gpd.GeoDataFrame) -> Shapes:
    """Unite the zones of each group of points.

    Parameters
    ----------
    zone
        Position of the zone of each point, shape (points,).
    joined
        The groups of the points.
    zones
        With their outlines.
    """
    each = pd.DataFrame({"group": joined.group, "zone": zone}).drop_duplicates()
    outlines = zones.geometry.to_numpy()[each["zone"]]
    return _unite_shapes(
        np.asarray(outlines), each["group"].to_numpy(), joined.groups, shapely.union_all
    )
