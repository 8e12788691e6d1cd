"""Main roads that are followed or crossed on foot, where a street meets one.

A street may meet the rest of the network only on a road that must not be ridden, beside a cycleway
that the map does not join to it. Whoever comes out of it walks the few metres. So from each place
where a street meets a main road one pushes the bicycle to every other street and path near by.
Which main roads these are does not depend on who may ride there: that a road is opened takes no
way across it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.spatial import cKDTree

from stemgeo.arrays import do_at_once
from stemgeo.network import bicycle
from stemgeo.network.legs import NOTHING_M, find_near

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stemgeo.network.osm import RoadSegments

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]

ON_FOOT_M = 20.0
"""About as wide as a main road with its verges and cycleways."""

SIGNALS_M = 30.0
"""How far before a junction the lines stand at which signals stop the traffic."""

ARMS_TO_CROSS = 2
"""A road that goes on beyond a junction has as many arms there."""

NO_WAY = 0
"""Number of the way of what no way of the map is."""


def add_ways_on_foot(
    roads: RoadSegments, x: Floats, y: Floats, barriers: Floats
) -> tuple[RoadSegments, Floats, Floats, Bools]:
    """Add the ways on foot from where streets meet main roads.

    Parameters
    ----------
    roads
        As read.
    x, y
        Of its vertices, metres.
    barriers
        What nobody crosses, see `Network.barriers`.

    Returns
    -------
    tuple
        Roads: segments near such a place are cut at their nearest point, and joined to it by a
        segment that is pushed; segments that were there keep their order. x and y of all their
        vertices: those of a cut lie on the straight line. And which segments are parts of one that
        was cut.
    """
    street = np.flatnonzero(roads.on_ground & ~roads.main & _is_ridden_or_pushed(roads))
    a, b = roads.start[street], roads.end[street]
    of_street = np.zeros(len(roads.lon), dtype=np.bool_)
    of_street[a] = of_street[b] = True
    junction = np.flatnonzero(of_street & roads.by_main).astype(np.int32)
    if not len(junction):
        uncut = np.zeros(len(roads.start), dtype=np.bool_)
        return replace(roads, counts=roads.counts | {"ways_on_foot": 0}), x, y, uncut
    # By their ids: the order of ways in a file must not matter.
    junction = junction[np.lexsort((y[junction], x[junction], roads.osm_id[junction]))]
    found = find_near(
        (x[a], y[a], x[b], y[b]),
        np.zeros(len(street), dtype=np.bool_),
        (x[junction], y[junction]),
        barriers,
        ON_FOOT_M,
        ON_FOOT_M,
    )
    owner = junction[np.repeat(np.arange(len(junction)), np.diff(found.first))]
    segment = street[found.piece]
    at_mm = np.rint(found.share * roads.length_mm[segment]).astype(np.int64)
    mm = np.rint(found.metres * 1000).astype(np.int32)
    vertex = np.where(at_mm == 0, roads.start[segment], -1)
    vertex = np.where(at_mm == roads.length_mm[segment], roads.end[segment], vertex)
    new = ~_is_joined(roads, owner, vertex, mm) & (found.metres > NOTHING_M)
    return _cut_and_join(roads, x, y, owner[new], segment[new], at_mm[new], vertex[new], mm[new])


def find_busy_crossings(roads: RoadSegments, x: Floats, y: Floats) -> Bools:
    """Say at which ends of segments one crosses half of a busy road without signals.

    Parameters
    ----------
    roads
        As read from extracts.
    x, y
        Metres of each vertex, shape (vertices,).

    Returns
    -------
    array, shape (segments, 2)
        At its start and at its end: two arms of busy roads meet there beside the segment itself,
        so that one goes past. So a road that becomes less busy costs nobody more.

    Signals within SIGNALS_M stop its traffic: they stand at the lines before a junction, not on it.
    """
    arms = roads.busy_arms.copy()
    signals = roads.wait == bicycle.SIGNAL
    crossed = np.flatnonzero(arms >= ARMS_TO_CROSS)
    if signals.any() and len(crossed):
        lights = cKDTree(np.stack([x[signals], y[signals]], axis=1))
        away, _ = lights.query(np.stack([x[crossed], y[crossed]], axis=1))
        arms[crossed[away <= SIGNALS_M]] = 0
    others = [arms[vertex].astype(np.int64) - roads.busy for vertex in (roads.start, roads.end)]
    return np.stack(others, axis=1) >= ARMS_TO_CROSS


def _is_ridden_or_pushed(roads: RoadSegments) -> Bools:
    mode = np.array([ride.mode for ride in roads.rides])
    usable = np.isin(mode, (bicycle.RIDE, bicycle.PUSH))
    return np.asarray(usable[roads.forward] | usable[roads.backward])


def _is_joined(
    roads: RoadSegments, owner: NDArray[np.int32], vertex: NDArray[np.int32], mm: NDArray[np.int32]
) -> Bools:
    """Whether each owner is the vertex, or joined to it by a segment that serves as well.

    One that is pushed along, either way, in every profile, and is no longer.
    """
    serves = np.array(
        [one.walkable and one.mode in (bicycle.RIDE, bicycle.PUSH) for one in roads.rides]
    )
    near = np.zeros(len(roads.lon), dtype=np.bool_)
    near[owner] = True  # of any other segment nobody asks
    both = serves[roads.forward] & serves[roads.backward]
    both = np.flatnonzero(both & (near[roads.start] | near[roads.end]))
    low = np.minimum(roads.start[both], roads.end[both]).astype(np.int64)
    high = np.maximum(roads.start[both], roads.end[both]).astype(np.int64)
    size = np.int64(len(roads.lon))
    pair, length_mm = low * size + high, roads.length_mm[both]
    order = np.lexsort((length_mm, pair))
    pair, first = np.unique(pair[order], return_index=True)
    shortest_mm = np.append(length_mm[order][first], np.iinfo(np.int32).max)
    wanted = np.minimum(owner, vertex).astype(np.int64) * size + np.maximum(owner, vertex)
    at = np.searchsorted(pair, wanted)
    at = np.where(np.append(pair, -1)[at] == wanted, at, len(pair))
    return np.asarray((vertex >= 0) & ((owner == vertex) | (shortest_mm[at] <= mm)))


def _cut_and_join(
    roads: RoadSegments,
    x: Floats,
    y: Floats,
    owner: NDArray[np.int32],
    segment: NDArray[np.intp],
    at_mm: NDArray[np.int64],
    vertex: NDArray[np.int32],
    mm: NDArray[np.int32],
) -> tuple[RoadSegments, Floats, Floats, Bools]:
    """Cut segments at places, unless these are vertices, and join each owner to its place."""
    inner = np.flatnonzero(vertex < 0)
    places, number = np.unique(
        np.stack([segment[inner], at_mm[inner]], axis=1), axis=0, return_inverse=True
    )
    cut, cut_mm = places.T
    vertex = vertex.copy()
    vertex[inner] = len(roads.lon) + number.ravel()
    share = cut_mm / roads.length_mm[cut]
    lon, lat, cut_x, cut_y = (
        one[roads.start[cut]] + share * (one[roads.end[cut]] - one[roads.start[cut]])
        for one in (roads.lon, roads.lat, x, y)
    )
    # Each segment becomes as many pieces as it has places, and one.
    pieces = np.bincount(cut, minlength=len(roads.start)) + 1
    row = np.repeat(np.arange(len(roads.start)), pieces)
    last = np.cumsum(pieces) - 1
    middle = np.ones(len(row), dtype=np.bool_)
    middle[last] = False
    start, end = roads.start[row], roads.end[row]
    to_mm = roads.length_mm[row]
    end[middle], to_mm[middle] = len(roads.lon) + np.arange(len(cut)), cut_mm
    behind = np.flatnonzero(middle) + 1
    start[behind] = end[middle]
    from_mm = np.zeros_like(to_mm)
    from_mm[behind] = to_mm[middle]
    # Each way on foot once, from the lower vertex.
    low, high = np.minimum(owner, vertex), np.maximum(owner, vertex)
    _, once = np.unique(np.stack([low, high], axis=1), axis=0, return_index=True)
    low, high, mm = low[once], high[once], mm[once]
    rides = list(roads.rides)
    if bicycle.PUSHED not in rides:
        rides.append(bicycle.PUSHED)
    pushed = rides.index(bicycle.PUSHED)
    added = len(once)

    def grown(of: tuple[str, object]) -> NDArray[Any]:
        old, new = getattr(roads, of[0]), of[1]
        whole = np.full((len(row) + added, *old.shape[1:]), new, dtype=old.dtype)
        old.take(row, axis=0, out=whole[: len(row)], mode="clip")  # any other mode makes a copy
        return whole

    def at_vertices(both: tuple[NDArray[Any], object]) -> NDArray[Any]:
        old, new = both
        return np.append(old, np.broadcast_to(np.asarray(new, dtype=old.dtype), len(cut)))

    of_segments: dict[str, Any] = {
        "forward": pushed,
        "backward": pushed,
        "stress_forward": 1,
        "stress_backward": 1,
        "pavement": 0,
        "way": NO_WAY,
        "boarding": bicycle.NO_WAIT,
        "on_ground": False,
        "main": False,
        "busy": False,
    }
    if roads.stress_bounds is not None:
        of_segments["stress_bounds"] = 1
    of_vertices: dict[str, Any] = {
        "lon": lon,
        "lat": lat,
        "osm_id": -1 - np.arange(len(cut)),
        "wait": bicycle.NO_WAIT,
        "by_main": False,
        "busy_arms": 0,
    }
    if roads.extract is not None:
        of_vertices["extract"] = roads.extract[roads.start[cut]]
    all_vertices = [(getattr(roads, name), new) for name, new in of_vertices.items()]
    x, y, *vertices = do_at_once(at_vertices, [(x, cut_x), (y, cut_y), *all_vertices])
    cut_up = np.append((pieces > 1)[row], np.zeros(added, dtype=np.bool_))
    grown_arrays: dict[str, Any] = dict(zip(of_vertices, vertices, strict=True))
    grown_arrays |= zip(of_segments, do_at_once(grown, of_segments.items()), strict=True)
    grown_roads = replace(
        roads,
        start=np.append(start, low).astype(np.int32, copy=False),
        end=np.append(end, high).astype(np.int32, copy=False),
        length_mm=np.append(to_mm - from_mm, mm),
        rides=tuple(rides),
        counts=roads.counts | {"ways_on_foot": added},
        **grown_arrays,
    )
    return grown_roads, x, y, cut_up
