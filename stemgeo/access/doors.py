"""Between doors and the nodes of the network: by every road that a point is tied to.

Whoever leaves a door walks to a road and rides on to a node at either end of its edge; whoever
arrives comes from a node to a place on an edge and walks to the door. Of several ways between a
point and a node the quickest is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from stemgeo.access.search import RANK_BITS, UNREACHED
from stemgeo.arrays import do_at_once, list_blocks, list_ranges
from stemgeo.network.graph import ROUNDING_MS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stemgeo.network.graph import EdgeTimes, Network
    from stemgeo.network.snap import TiedPoints

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]
    Longs = NDArray[np.int64]

NO_ARC = -1
HERE = -1
"""In the place of a time: nothing is ridden."""

_AT_ONCE = 1 << 13
"""Points, or ties, whose nodes a thread lists before it takes others."""


class Doors(NamedTuple):
    """The nodes of each point, with the times between: `first[p]:first[p + 1]` are those of p.

    Attributes
    ----------
    first
        Shape (points + 1,).
    node
        Each node of a point once.
    ms
        Least time between point and node, the walk included.
    arc
        The arc on which that ride begins or ends, 2 * edge + (0 along, 1 against); NO_ARC where
        the point is tied to the node itself.
    """

    first: Longs
    node: Ints
    ms: Ints
    arc: Ints


class Pairs(NamedTuple):
    """Sites and points tied to the same edge, with an open way between them; shapes (pairs,).

    Attributes
    ----------
    site, point
        A pair may be there more than once.
    ms
        Time from the point to the site, both walks included.
    arc
        That is ridden; NO_ARC when they are at the same place.
    """

    site: NDArray[np.intp]
    point: NDArray[np.intp]
    ms: Longs
    arc: Longs


class _Edges(NamedTuple):
    """What the kernels read of a network and its times; of pairs of rows the second is against."""

    of_segment: Ints
    first_segment: Ints
    start_and_end: Ints
    length_mm: Ints
    rides: NDArray[np.uint16]
    open_: Bools
    before_ms: Longs
    wait: NDArray[np.uint8]
    wait_ms: Longs
    pace: Floats
    node_ms: Ints
    end_ms: Ints


def _take_edges(network: Network, times: EdgeTimes) -> _Edges:
    return _Edges(
        network.segment_edge,
        network.first_segment,
        network.ends,
        network.length_mm,
        network.ridden,
        network.open_,
        times.before_ms,
        network.wait,
        times.wait_ms,
        times.pace,
        times.node_ms,
        times.end_ms,
    )


def walk_ms(walk_mm: Ints, walking_speed_ms: float) -> Longs:
    """Time of the legs between doors and roads, milliseconds, shape as `walk_mm`."""
    return np.rint(walk_mm / walking_speed_ms).astype(np.int64)


def along_ms(
    network: Network, times: EdgeTimes, segment: Ints, offset_mm: Ints
) -> tuple[Longs, Longs]:
    """Times to places on segments from the ends of their edges.

    Parameters
    ----------
    network, times
        Of a rider.
    segment, offset_mm
        Of each place, see `Places`.

    Returns
    -------
    tuple of arrays
        From the start of the edge riding along it, and from its end riding against it;
        milliseconds, shape as `segment`.
    """
    edges, edge = _take_edges(network, times), network.segment_edge[segment]
    along = np.zeros(len(segment), dtype=np.intp)
    rest_mm = network.length_mm[segment] - offset_mm
    from_start = _parts_ms(edges, segment, offset_mm, along)
    from_start += edges.before_ms[0, segment]
    from_start -= edges.before_ms[0, network.first_segment[edge]]
    from_end = _parts_ms(edges, segment, rest_mm, along + 1) + edges.wait_ms[edges.wait[segment]]
    from_end += edges.before_ms[1, network.first_segment[edge + 1]]
    from_end -= edges.before_ms[1, segment + 1]
    return from_start, from_end


def _parts_ms(edges: _Edges, segment: Ints, mm: Ints, against: NDArray[np.intp]) -> Longs:
    """Time over parts of segments, along them or against them.

    Rounded down, each part by itself: so no part takes longer than one of which it is a part, or
    on a better road than on a worse, and two parts no longer than the whole.
    """
    whole_ms = edges.before_ms[against, segment + 1] - edges.before_ms[against, segment]
    whole_ms -= edges.wait_ms[edges.wait[segment]]
    exact_ms = mm * edges.pace[edges.rides[against, segment]]
    part_ms = np.floor(exact_ms + ROUNDING_MS).astype(np.int64)
    return np.where(mm == edges.length_mm[segment], whole_ms, part_ms)


def list_exits(network: Network, times: EdgeTimes, points: TiedPoints, speed_ms: float) -> Doors:
    """List the nodes that each point comes to, by its roads.

    Parameters
    ----------
    network, times
        Of a rider.
    points
        On the network.
    speed_ms
        On the leg between a door and the road, metres per second.
    """
    return _list_doors(_take_edges(network, times), points, speed_ms, arriving=False)


def list_entries(network: Network, times: EdgeTimes, sites: TiedPoints, speed_ms: float) -> Doors:
    """List the nodes from which each site is reached by its roads; as for `list_exits`.

    One waits at a node to go on beyond it; a site at the node itself is reached before.

    Parameters
    ----------
    network, times, speed_ms
        As for `list_exits`.
    sites
        The academies on the network.
    """
    return _list_doors(_take_edges(network, times), sites, speed_ms, arriving=True)


def reach_ends(
    network: Network, times: EdgeTimes, places: TiedPoints, speed_ms: float, *, arriving: bool
) -> Longs:
    """Give the time between each tie and both ends of its edge, without what crossing there costs.

    Parameters
    ----------
    network, times, speed_ms
        As for `list_exits`.
    places
        On the network.
    arriving
        Whether one comes from the ends, as to a site, and waits there first.

    Returns
    -------
    int64 array, shape (ties, 2)
        Milliseconds with the walk, by the start of the edge and by its end; HERE where the way is
        closed, or nothing is ridden.
    """
    edges = _take_edges(network, times)
    ways = _reach_ends(edges, places, arriving=arriving)
    edge = network.segment_edge[places.segment]
    ms = ways[:, :, 1].astype(np.int64) - times.end_ms[edge]
    ms += walk_ms(places.walk_mm, speed_ms)[:, None]
    return np.where((ways[:, :, 0] < 0) | (ways[:, :, 2] == NO_ARC), HERE, ms)


def list_pairs(
    network: Network, times: EdgeTimes, points: TiedPoints, sites: TiedPoints, speed_ms: float
) -> Pairs:
    """List the sites and points on the same edge, with the time straight along it.

    Parameters
    ----------
    network, times, speed_ms
        As for `list_exits`.
    points, sites
        On the network.
    """
    mine, theirs = _on_one_edge(network, points, sites)
    (segment, offset_mm), (to_segment, to_mm) = (
        (places.segment[tie], places.offset_mm[tie])
        for places, tie in ((points, mine), (sites, theirs))
    )
    edge = network.segment_edge[segment]
    ahead_mm = network.before_mm[to_segment] - network.before_mm[segment] + to_mm - offset_mm
    # At the same place no direction binds, and nothing is ridden.
    here = ahead_mm == 0
    along = here | (network.open_forward[edge] & (ahead_mm > 0))
    against = network.open_backward[edge] & (ahead_mm < 0)
    back = ahead_mm < 0
    ride_ms = _between_ms(
        _take_edges(network, times),
        (np.where(back, to_segment, segment), np.where(back, to_mm, offset_mm)),
        (np.where(back, segment, to_segment), np.where(back, offset_mm, to_mm)),
        back.astype(np.intp),
    )
    ride_ms = np.where(here, 0, ride_ms)
    ms = ride_ms + walk_ms(points.walk_mm[mine], speed_ms)
    ms += walk_ms(sites.walk_mm[theirs], speed_ms)
    arc = np.where(here, NO_ARC, 2 * edge.astype(np.int64) + against)
    kept = along | against
    return Pairs(sites.owner[theirs][kept], points.owner[mine][kept], ms[kept], arc[kept])


def _between_ms(
    edges: _Edges, one: tuple[Ints, Ints], other: tuple[Ints, Ints], against: NDArray[np.intp]
) -> Longs:
    """Time between places on the same edge (segment, offset), the first nearer to its start."""
    (segment, offset_mm), (to_segment, to_mm) = one, other
    rest_ms = _parts_ms(edges, segment, edges.length_mm[segment] - offset_mm, against)
    rest_ms += edges.wait_ms[edges.wait[segment]]
    inside_ms = edges.before_ms[against, to_segment] - edges.before_ms[against, segment + 1]
    onto_ms = _parts_ms(edges, to_segment, to_mm, against)
    within_ms = _parts_ms(edges, segment, to_mm - offset_mm, against)
    return np.where(segment == to_segment, within_ms, rest_ms + inside_ms + onto_ms)


def list_ties_beside(network: Network, points: TiedPoints, sites: TiedPoints) -> NDArray[np.intp]:
    """List the ties of points that are on an edge of any site.

    Parameters
    ----------
    network, points, sites
        As for `list_pairs`.
    """
    edge, taken = network.segment_edge[sites.segment], np.zeros(len(network.length_mm), np.bool_)
    _, beside = list_ranges(network.first_segment[edge], network.first_segment[edge + 1])
    taken[beside] = True
    return np.flatnonzero(taken[points.segment])


def _on_one_edge(
    network: Network, points: TiedPoints, sites: TiedPoints
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """List the ties of points and of sites that are on the same edge, pair by pair."""
    edge, there = (
        network.segment_edge[sites.segment],
        list_ties_beside(network, points, sites),
    )
    of_point = network.segment_edge[points.segment[there]]
    order = np.argsort(edge, kind="stable")
    first, stop = (np.searchsorted(edge[order], of_point, side=side) for side in ("left", "right"))
    mine, at = list_ranges(first, stop)
    return there[mine], order[at]


def _list_doors(edges: _Edges, places: TiedPoints, speed_ms: float, *, arriving: bool) -> Doors:
    def list_some(some: slice) -> Doors:
        first = places.first[some.start : some.stop + 1]
        ties = slice(first[0], first[-1])
        ways = np.empty((first[-1] - first[0], 2, 3), dtype=np.int32)
        _fill_ends(edges, places.segment[ties], places.offset_mm[ties], ways, arriving)
        return Doors(*_keep_quickest(first - first[0], places.walk_mm[ties], speed_ms, ways))

    parts = do_at_once(list_some, list_blocks(len(places.first) - 1, _AT_ONCE))
    sizes = np.concatenate([np.diff(one.first) for one in parts])
    _, *rest = map(np.concatenate, zip(*parts, strict=True))
    return Doors(np.append(0, np.cumsum(sizes)), *rest)


def _reach_ends(edges: _Edges, places: TiedPoints, *, arriving: bool) -> Ints:
    """Go between each tie and both nodes of its edge: node (-1: closed), ms, arc."""
    out = np.empty((len(places.segment), 2, 3), dtype=np.int32)

    def fill(some: slice) -> None:
        _fill_ends(edges, places.segment[some], places.offset_mm[some], out[some], arriving)

    do_at_once(fill, list_blocks(len(out), _AT_ONCE))
    return out


@njit(cache=True, nogil=True)
def _fill_ends(
    edges: _Edges,
    segments: Ints,
    offsets_mm: Ints,
    out: Ints,
    arriving: bool,  # noqa: FBT001  (numba)
) -> None:
    """Do the work of `_reach_ends` for some ties."""
    # Taken apart: arrays that are asked of a tuple in a loop cost ten times the loop.
    of_segment, first_segment, nodes = edges.of_segment, edges.first_segment, edges.start_and_end
    length_mm, open_ = edges.length_mm, edges.open_
    wait, wait_ms = edges.wait, edges.wait_ms
    rides, before_ms, pace, node_ms = edges.rides, edges.before_ms, edges.pace, edges.node_ms
    end_ms = edges.end_ms
    for tie in range(len(segments)):
        segment, offset_mm = segments[tie], offsets_mm[tie]
        edge = of_segment[segment]
        first, stop = first_segment[edge], first_segment[edge + 1]
        for by_end in range(2):
            node, arc = nodes[by_end, edge], NO_ARC
            # Riding along the edge one leaves by its end and arrives from its start.
            against = 1 if (by_end == 1) == arriving else 0
            ms = _ride_to_end(
                by_end, against, segment, offset_mm, first, stop,
                length_mm, wait, wait_ms, rides, before_ms, pace,
            )  # fmt: skip
            if ms == HERE:
                ms = np.int64(0)
            else:
                ms += end_ms[edge, by_end] + (node_ms[node] if arriving else 0)
                arc = 2 * edge + against
                if not open_[against, edge]:
                    node = -1
            out[tie, by_end, 0], out[tie, by_end, 1], out[tie, by_end, 2] = node, ms, arc


@njit(cache=True, nogil=True, inline="always")
def _ride_to_end(
    by_end: int,
    against: int,
    segment: int,
    offset_mm: int,
    first: int,
    stop: int,
    length_mm: Ints,
    wait: NDArray[np.uint8],
    wait_ms: Longs,
    rides: NDArray[np.uint16],
    before_ms: Longs,
    pace: Floats,
) -> np.int64:
    """Time between a place on an edge and one of its ends; HERE where it is that end itself."""
    # The rest of the segment, see `_parts_ms`, and of the edge.
    mm = length_mm[segment] - offset_mm if by_end else offset_mm
    if mm == 0 and segment == (stop - 1 if by_end else first):
        return np.int64(HERE)
    if mm == length_mm[segment]:
        ms = before_ms[against, segment + 1] - before_ms[against, segment]
        ms -= wait_ms[wait[segment]]
    else:
        ms = np.int64(np.floor(mm * pace[rides[against, segment]] + ROUNDING_MS))
    if by_end:
        ms += before_ms[against, stop] - before_ms[against, segment + 1]
        ms += wait_ms[wait[segment]]
    else:
        ms += before_ms[against, segment] - before_ms[against, first]
    return np.int64(ms)


def label_points(
    network: Network,
    times: EdgeTimes,
    points: TiedPoints,
    speed_ms: float,
    node_label: Longs,
    *,
    enough_ms: int = -1,
) -> Longs:
    """Label points by the best of the nodes to which they come by any of their roads.

    Parameters
    ----------
    network, times, points, speed_ms
        As for `list_exits`.
    node_label
        See `search.pack_labels`, shape (nodes,).
    enough_ms
        Whoever is found to be there within so long is asked no further, and has any such label;
        when not given all have their best.

    Returns
    -------
    int64 array, shape (points,)
        UNREACHED where no road of a point leads to a labelled node.
    """
    edges, of = _take_edges(network, times), points
    ties = of.first, of.segment, of.offset_mm, of.walk_mm
    enough = ((enough_ms + 1) << RANK_BITS) - 1
    return np.asarray(_label_each(edges, *ties, speed_ms, node_label, enough))


@njit(cache=True, nogil=True)
def _label_each(
    edges: _Edges,
    first_tie: Longs,
    segments: Ints,
    offsets_mm: Ints,
    walk_mm: Ints,
    speed_ms: float,
    node_label: Longs,
    enough: int,
) -> Longs:
    """As the quickest ways of `_reach_ends` would, of ties with a labelled node alone."""
    of_segment, first_segment, nodes = edges.of_segment, edges.first_segment, edges.start_and_end
    length_mm, open_ = edges.length_mm, edges.open_
    wait, wait_ms = edges.wait, edges.wait_ms
    rides, before_ms, pace, end_ms = edges.rides, edges.before_ms, edges.pace, edges.end_ms
    label = np.full(len(first_tie) - 1, UNREACHED, dtype=np.int64)
    for point in range(len(label)):
        for tie in range(first_tie[point], first_tie[point + 1]):
            if label[point] <= enough:
                break
            segment = segments[tie]
            edge = of_segment[segment]
            for by_end in range(2):
                there = node_label[nodes[by_end, edge]]
                if there >= label[point]:  # or unreached
                    continue
                there += np.int64(np.rint(walk_mm[tie] / speed_ms)) << RANK_BITS
                if there >= label[point]:
                    continue
                against = 0 if by_end else 1
                ms = _ride_to_end(
                    by_end, against, segment, offsets_mm[tie],
                    first_segment[edge], first_segment[edge + 1],
                    length_mm, wait, wait_ms, rides, before_ms, pace,
                )  # fmt: skip
                if ms == HERE:
                    ms = np.int64(0)
                elif open_[against, edge]:
                    ms += end_ms[edge, by_end]
                else:
                    continue
                label[point] = min(label[point], there + (ms << RANK_BITS))
    return label


@njit(cache=True, nogil=True)
def _keep_quickest(
    first: Longs, walk_mm: Ints, speed_ms: float, ways: Ints
) -> tuple[Longs, Ints, Ints, Ints]:
    """Keep of each point the quickest way to each node; of as quick ones that of the first arc."""
    out_first = np.zeros(len(first), dtype=np.int64)
    nodes, times = np.empty(2 * len(ways), np.int32), np.empty(2 * len(ways), np.int32)
    arcs = np.empty(2 * len(ways), np.int32)
    filled = 0
    for point in range(len(first) - 1):
        begin = filled
        for tie in range(first[point], first[point + 1]):
            walk = np.int32(np.rint(walk_mm[tie] / speed_ms))
            for by_end in range(2):
                node, arc = ways[tie, by_end, 0], ways[tie, by_end, 2]
                ms = ways[tie, by_end, 1] + walk
                if node < 0:
                    continue
                at = begin
                while at < filled and nodes[at] != node:
                    at += 1
                new = at == filled
                if new or ms < times[at] or (ms == times[at] and arc < arcs[at]):
                    nodes[at], times[at], arcs[at] = node, ms, arc
                filled += new
        out_first[point + 1] = filled
    return out_first, nodes[:filled].copy(), times[:filled].copy(), arcs[:filled].copy()
