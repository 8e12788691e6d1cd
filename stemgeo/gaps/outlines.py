"""The outlines of gaps, for looking at: no child is counted by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from stemgeo.gaps.join import Joined

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]
    Shapes = NDArray[np.object_]

LARGEST_M = 300.0
"""Areas are drawn as for this distance when points farther apart are joined."""

# As shares of the distance: a square, how far its sides are pushed out, and how far back. With
# the square's diagonal they stay below half of it, so that areas of points apart do not meet.
_SQUARE, _OUT, _BACK, _DETAIL = 1 / 6, 0.25, 0.15, 0.02


def around_points(x: Floats, y: Floats, joined: Joined, distance_m: float) -> Shapes:
    """Draw each group of points: squares around them, closed and rounded.

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
        Each holds its points; of groups that lie more than the distance apart none meet.
    """
    unit = min(distance_m, LARGEST_M)
    ground = _closed(_squares(x, y, joined.group, unit * _SQUARE), unit)
    parts, owner = shapely.get_parts(ground, return_index=True)
    several = np.bincount(owner, minlength=len(ground)) > 1
    linked = joined.links[several[joined.group[joined.links[:, 0]]]] if several.any() else []
    if len(linked):
        bridges, group = _between(x, y, linked, joined.group, parts, owner)
        wide = shapely.buffer(bridges, (_OUT - _BACK) * unit, quad_segs=4)
        pieces, of = np.concatenate([ground, wide]), np.append(np.arange(len(ground)), group)
        ground = _united(pieces, of, len(ground))
    return np.asarray(shapely.simplify(ground, unit * _DETAIL))


def _squares(x: Floats, y: Floats, group: Ints, side: float) -> Shapes:
    """Unite the squares of a grid in which points of a group lie."""
    cells = pd.DataFrame({"group": group, "column": np.floor(x / side), "row": np.floor(y / side)})
    cells = cells.drop_duplicates().sort_values(["group", "row", "column"])
    # A run of squares in a row is one box: far fewer to unite.
    new = (cells["group"].diff() != 0) | (cells["row"].diff() != 0) | (cells["column"].diff() != 1)
    runs = cells.groupby(new.cumsum()).agg({"group": "first", "row": "first", "column": ["min", "max"]})
    of, row, first, last = runs.to_numpy().T
    boxes = shapely.box(first * side, row * side, (last + 1) * side, (row + 1) * side)
    return _united(boxes, of.astype(np.intp), int(group.max(initial=-1)) + 1)


def _united(shapes: Shapes, group: Ints, groups: int) -> Shapes:
    order = np.argsort(group, kind="stable")
    bounds = np.searchsorted(group[order], np.arange(groups + 1))
    sorted_ = shapes[order]
    united = [
        shapely.union_all(sorted_[first:stop])
        for first, stop in zip(bounds[:-1], bounds[1:], strict=True)
    ]
    return np.array(united, dtype=object)


def _closed(ground: Shapes, unit: float) -> Shapes:
    out = shapely.buffer(ground, _OUT * unit, quad_segs=4)
    return np.asarray(shapely.buffer(out, -_BACK * unit, quad_segs=4))


def _between(
    x: Floats, y: Floats, links: Ints, group: Ints, parts: Shapes, owner: Ints
) -> tuple[Shapes, Ints]:
    """Give the links between different parts of a group, as lines, and their groups."""
    ends = shapely.points(x[links], y[links])
    place = np.full(ends.shape, -1, dtype=np.intp)
    tree = shapely.STRtree(parts)
    for side in (0, 1):
        point, part = tree.query(ends[:, side], predicate="intersects")
        mine = owner[part] == group[links[point, side]]
        place[point[mine], side] = part[mine]
    apart = place[:, 0] != place[:, 1]
    line = shapely.linestrings(np.stack([x[links[apart]], y[links[apart]]], axis=2))
    return line, group[links[apart, 0]]


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
    over = (one < other) & (shapely.area(shapely.intersection(shapes[one], shapes[other])) > 0)
    meeting = np.zeros(len(shapes), dtype=np.bool_)
    meeting[one[over]] = meeting[other[over]] = True
    if not meeting.any():
        return shapes
    points = pd.DataFrame({"x": x, "y": y, "group": group})[meeting[group]]
    points = points.sort_values(["x", "y", "group"]).drop_duplicates(["x", "y"])
    places = shapely.multipoints(points[["x", "y"]].to_numpy())
    cells = shapely.get_parts(shapely.voronoi_polygons(places, extend_to=shapely.union_all(
        shapely.envelope(shapes[meeting])), ordered=True))
    ground = _united(np.asarray(cells), points["group"].to_numpy(), len(shapes))
    out = shapes.copy()
    out[meeting] = shapely.intersection(shapes[meeting], ground[meeting])
    return out


def around_zones(zone: Ints, joined: Joined, zones: gpd.GeoDataFrame) -> Shapes:
    """Unite the zones of each group of points."""
    each = pd.DataFrame({"group": joined.group, "zone": zone}).drop_duplicates()
    outlines = zones.geometry.to_numpy()[each["zone"]]
    return _united(np.asarray(outlines), each["group"].to_numpy(), joined.groups)
