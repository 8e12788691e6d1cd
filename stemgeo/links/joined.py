"""New roads: over or under what nobody crosses, and between near places that are far by road."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from stemgeo.arrays import list_ranges, starts_of_runs
from stemgeo.links.reach import FAR_MS
from stemgeo.network.bicycle import PUSH, RIDE
from stemgeo.network.legs import (
    PieceGrid,
    build_grid,
    find_nearest_along,
    find_squares,
    list_kinds_across,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stemgeo.links.reach import Reach
    from stemgeo.network.graph import Network
    from stemgeo.network.legs import Lines
    from stemgeo.study import LinkRules

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]
    Longs = NDArray[np.int64]
    Positions = NDArray[np.intp]

NEAR_M = 1.0
"""Places nearer to each other are joined already."""


class NewLinks(NamedTuple):
    """Straight lines between two places on roads; all of shape (links,) or (links, 2).

    Attributes
    ----------
    segment, share
        Of both ends: on which segment, and how far along it, 0 to 1.
    x, y
        Of both ends.
    across
        The sum of 2**kind of what lies across.
    score_ms
        How far beyond its worse end a better time comes, at most.
    """

    segment: Ints
    share: Floats
    x: Floats
    y: Floats
    across: Ints
    score_ms: Longs

    @property
    def length_m(self) -> Floats:
        """How long each is."""
        return np.asarray(np.hypot(*(np.diff(one, axis=1)[:, 0] for one in (self.x, self.y))))

    def take(self, which: Positions) -> NewLinks:
        """Give the chosen ones."""
        return NewLinks._make(one[which] for one in self)


class LinkGround(NamedTuple):
    """Where new roads may begin, and what they may not cross or have to.

    Attributes
    ----------
    segment
        Those of all open roads, in order.
    roads, road_grid
        The same as lines, and by their squares.
    place, grid
        On which of these one may begin, in order, and by their squares.
    walls, wall_grid, kind
        The barriers.
    """

    segment: Ints
    roads: Lines
    road_grid: PieceGrid
    place: Ints
    grid: PieceGrid
    walls: Lines
    wall_grid: PieceGrid
    kind: NDArray[np.uint8]

    @classmethod
    def from_network(cls, network: Network) -> LinkGround:
        """Sort the roads of a profile and the barriers into squares.

        Parameters
        ----------
        network
            As `Network.calm_to` gives it.
        """
        mode = np.array([ride.mode for ride in network.rides])
        along, against = (np.isin(mode[one], (RIDE, PUSH)) for one in network.ridden)
        ridden = np.logical_or(*(mode[one] == RIDE for one in network.ridden))
        usable = network.door & ~network.island[network.segment_edge]
        segment = np.flatnonzero(network.door & (along | against)).astype(np.int32)
        place = np.flatnonzero((usable & ridden & (network.way > 0))[segment]).astype(np.int32)
        roads = _take(network.pieces, segment)
        grid = _sort(_take(roads, place))
        walls = _take(tuple(network.barriers.T), np.arange(len(network.barriers)))
        kind = np.require(network.barrier_kind, requirements="W")
        grid = grid._replace(piece=place[grid.piece])
        return cls(segment, roads, _sort(roads), place, grid, walls, _sort(walls), kind)


def _take(lines: tuple[Floats, ...], which: Positions | Ints) -> Lines:
    x, y, to_x, to_y = (np.ascontiguousarray(one[which]) for one in lines)
    return x, y, to_x, to_y


def _sort(lines: Lines) -> PieceGrid:
    if len(lines[0]):
        return build_grid(lines)
    return PieceGrid(0.0, 0.0, 1.0, 1, 1, np.zeros(2, np.int32), np.zeros(0, np.int32))


class _Times(NamedTuple):
    """Times on each road of the ground, from which those anywhere on its segment follow.

    A time that is FAR_MS so many times, and some more, is kept as so many times `_FAR`, and the
    same more: half as much memory, and still exact.

    Attributes
    ----------
    from_start, from_end
        From the nearest child to the first and to the last vertex of the segment, by way of the
        start of its edge and of the end.
    to_start, to_end
        From these vertices to an academy, by way of that start and end.
    forth, back
        Along the whole segment, and against it; FAR_MS where that is closed.
    """

    from_start: Ints
    from_end: Ints
    to_start: Ints
    to_end: Ints
    forth: Ints
    back: Ints


_FAR_BITS = 29
_FAR = 1 << _FAR_BITS


@njit(cache=True, nogil=True, inline="always")
def _read_ms(kept: np.int32) -> np.int64:
    return (kept >> _FAR_BITS) * FAR_MS + (kept & (_FAR - 1))


def _take_times(reach: Reach, ground: LinkGround) -> _Times:
    network, times, segment = reach.calm.network, reach.calm.times, ground.segment
    edge = network.segment_edge[segment]
    start, end = network.ends[:, edge]
    first, stop = network.first_segment[edge], network.first_segment[edge + 1]
    ahead, behind = times.before_ms
    wait, shut = times.node_ms, np.where(network.open_[:, edge], 0, _FAR).astype(np.int32)
    from_ms, to_ms = (
        np.where(one == FAR_MS, _FAR, one).astype(np.int32)
        for one in (reach.new.from_ms, reach.new.to_ms)
    )

    def between(before: Longs, low: Ints, high: Ints) -> Ints:
        return (before[high] - before[low]).astype(np.int32)

    return _Times(
        from_start=from_ms[start] + wait[start] + between(ahead, first, segment) + shut[0],
        from_end=from_ms[end] + wait[end] + between(behind, segment + 1, stop) + shut[1],
        to_start=to_ms[start] + between(behind, first, segment) + shut[1],
        to_end=to_ms[end] + between(ahead, segment + 1, stop) + shut[0],
        forth=between(ahead, segment, segment + 1) + shut[0],
        back=between(behind, segment, segment + 1) + shut[1],
    )


@njit(cache=True, nogil=True, inline="always")
def _find_times(times: _Times, i: int, share: float) -> tuple[float, float]:
    """Give the time from a child to a place on a segment, and from there to an academy."""
    forth, back = _read_ms(times.forth[i]), _read_ms(times.back[i])
    coming = min(
        _read_ms(times.from_start[i]) + share * forth,
        _read_ms(times.from_end[i]) + (1 - share) * back,
    )
    going = min(
        _read_ms(times.to_start[i]) + share * back,
        _read_ms(times.to_end[i]) + (1 - share) * forth,
    )
    return coming, going


@njit(cache=True, nogil=True, inline="always")
def _rate(
    coming: float, going: float, beyond: float, link_ms: float, cutoff_ms: int, detour: float
) -> float:
    """Say how far a better time comes, over a link from where one is `going` to where `beyond`.

    Not above 0 where no child comes over it before the cutoff, or where it saves too little.
    """
    if coming + link_ms + beyond > cutoff_ms:
        return 0.0
    saved = min(going, float(cutoff_ms)) - beyond
    if saved < detour * link_ms:
        return 0.0
    return min(saved - link_ms, cutoff_ms - link_ms - beyond)


def list_over_barriers(
    network: Network, ground: LinkGround, reach: Reach, rules: LinkRules
) -> NewLinks:
    """List bridges and tunnels: straight lines over a barrier that would bring a better time.

    Parameters
    ----------
    network, ground
        Of a profile, and its places in squares.
    reach
        Who rides.
    rules
        How long, and how far apart, they may be.
    """
    if not len(network.barriers) or not len(ground.place):
        return _no_links()
    step_m = rules.spacing_m / _PLACES_PER_SPOT
    at, kind = _sample(network, step_m)
    found, rated = _list_over(
        at,
        kind,
        ground.roads,
        ground.grid,
        ground.walls,
        ground.wall_grid,
        ground.kind,
        _take_times(reach, ground),
        reach.ms_per_m,
        float(rules.max_barrier_m),
        float(rules.least_detour),
        reach.cutoff_ms,
    )
    return thin_out(_build_links(ground, found, rated), rules)


_PLACES_PER_SPOT = 4
"""At so many places of each spot along a barrier one looks across: as often as side streets."""


def _sample(network: Network, step_m: float) -> tuple[Floats, NDArray[np.uint8]]:
    """Give places along the barriers, x, y and the direction of the piece, and what they are of."""
    x, y, to_x, to_y = network.barriers.T
    far = np.hypot(to_x - x, to_y - y)
    long = np.flatnonzero(far > 0)
    count = np.maximum(np.rint(far[long] / step_m), 1).astype(np.intp)
    row, number = list_ranges(np.zeros(len(long), dtype=np.intp), count)
    piece = long[row]
    share = (number + 0.5) / count[row]
    dx, dy = (to_x - x)[piece] / far[piece], (to_y - y)[piece] / far[piece]
    at = np.stack(
        [x[piece] + share * (to_x - x)[piece], y[piece] + share * (to_y - y)[piece], dx, dy]
    )
    kind = network.barrier_kind[piece]
    # Of a winding brook, and of what lies beside each other, one piece in each square is enough.
    square = np.floor(at[:2] / step_m).astype(np.int64)
    order = np.lexsort((np.arange(len(piece)), square[1], square[0], kind))
    kept = order[starts_of_runs(kind[order], *square[:, order])]
    return np.ascontiguousarray(at[:, np.sort(kept)]), kind[np.sort(kept)]


@njit(cache=True, nogil=True)
def _list_over(
    at: Floats,
    kind: NDArray[np.uint8],
    lines: Lines,
    grid: PieceGrid,
    walls: Lines,
    wall_grid: PieceGrid,
    wall_kind: NDArray[np.uint8],
    times: _Times,
    ms_per_m: float,
    within_m: float,
    detour: float,
    cutoff_ms: int,
) -> tuple[Ints, Floats]:
    """Find the best link at each place along a barrier: both its places and what lies across.

    Of each side the places that count are the nearest, that from which one comes to an academy
    soonest, and that to which a child comes soonest.
    """
    count = 0
    found = np.empty((len(kind), 3), dtype=np.int32)
    rated = np.empty((len(kind), 3))
    piece = np.empty((2, 3), dtype=np.int32)
    side = np.empty((2, 3, 6))  # by what it is best, share, x, y, coming, going
    for one in range(len(kind)):
        _look_aside(at[:, one], lines, grid, times, ms_per_m, within_m, piece, side)
        best = 0.0
        for pair in range(9):
            a, b = side[0, pair // 3], side[1, pair % 3]
            metres = np.hypot(a[2] - b[2], a[3] - b[3])
            if not NEAR_M <= metres <= within_m:
                continue
            score = max(
                _rate(a[4], a[5], b[5], metres * ms_per_m, cutoff_ms, detour),
                _rate(b[4], b[5], a[5], metres * ms_per_m, cutoff_ms, detour),
            )
            if score <= best:
                continue
            across = list_kinds_across(a[2], a[3], b[2], b[3], wall_grid, walls, wall_kind)
            if across >> kind[one] & 1:
                best = score
                found[count, 0], found[count, 1] = piece[0, pair // 3], piece[1, pair % 3]
                found[count, 2] = across
                rated[count, 0], rated[count, 1], rated[count, 2] = a[1], b[1], score
        if best > 0:
            count += 1
    return found[:count].copy(), rated[:count].copy()


@njit(cache=True, nogil=True)
def _look_aside(
    at: Floats,
    lines: Lines,
    grid: PieceGrid,
    times: _Times,
    ms_per_m: float,
    within_m: float,
    piece: Ints,
    side: Floats,
) -> None:
    """Write the best places on the right and on the left of a place on a barrier; else infinite."""
    x, y, dx, dy = at[0], at[1], at[2], at[3]
    side[:] = np.inf
    left, right = find_squares(grid.x0, grid.square_m, grid.columns, x, within_m)
    low, high = find_squares(grid.y0, grid.square_m, grid.rows, y, within_m)
    for row in range(low, high + 1):
        square = row * grid.columns
        for entry in range(grid.first[square + left], grid.first[square + right + 1]):
            i = grid.piece[entry]
            share, off_m = find_nearest_along(x, y, lines, i)
            place_x = lines[0][i] + share * (lines[2][i] - lines[0][i])
            place_y = lines[1][i] + share * (lines[3][i] - lines[1][i])
            turned = dx * (place_y - y) - dy * (place_x - x)
            if off_m > within_m or abs(turned) < NEAR_M:
                continue
            coming, going = _find_times(times, i, share)
            which = 1 if turned > 0 else 0
            for by in range(3):
                rate = off_m * ms_per_m + (going if by == 1 else coming if by else 0.0)
                if rate < side[which, by, 0]:
                    piece[which, by] = i
                    side[which, by, 0], side[which, by, 1] = rate, share
                    side[which, by, 2], side[which, by, 3] = place_x, place_y
                    side[which, by, 4], side[which, by, 5] = coming, going


def list_over_gaps(
    network: Network, ground: LinkGround, reach: Reach, rules: LinkRules
) -> NewLinks:
    """List short links on the ground between near places that are far by road.

    From a node, a dead end or another, straight to the nearest place on another road; across no
    barrier and no road.

    Parameters
    ----------
    network, ground, reach, rules
        As for `list_over_barriers`.
    """
    segment = ground.segment[ground.place]
    edge = network.segment_edge[segment]
    ends = [
        (network.edge_start[edge], segment == network.first_segment[edge], 0.0),
        (network.edge_end[edge], segment + 1 == network.first_segment[edge + 1], 1.0),
    ]
    node, place, share = (
        np.concatenate(parts)
        for parts in zip(
            *((at[here], ground.place[here], np.full(here.sum(), one)) for at, here, one in ends),
            strict=True,
        )
    )
    _, once = np.unique(node, return_index=True)
    node, place, share = node[once], place[once], share[once]
    either = np.minimum(reach.new.from_ms, reach.new.to_ms)[node] <= reach.cutoff_ms
    node, place, share = node[either], place[either], share[either]
    at = np.stack([network.node_x[node], network.node_y[node]])
    known = reach.new.from_ms[node], reach.new.to_ms[node]
    found, rated = _list_gaps(
        *(at, known, place, share, ground.roads, ground.grid, ground.road_grid),
        *(ground.walls, ground.wall_grid, ground.kind, _take_times(reach, ground), reach.ms_per_m),
        *(float(rules.max_gap_m), float(rules.least_detour), reach.cutoff_ms),
    )
    return thin_out(_build_links(ground, found, rated), rules)


@njit(cache=True, nogil=True)
def _list_gaps(
    at: Floats,
    known: tuple[Longs, Longs],
    place: Ints,
    place_share: Floats,
    roads: Lines,
    grid: PieceGrid,
    road_grid: PieceGrid,
    walls: Lines,
    wall_grid: PieceGrid,
    wall_kind: NDArray[np.uint8],
    times: _Times,
    ms_per_m: float,
    within_m: float,
    detour: float,
    cutoff_ms: int,
) -> tuple[Ints, Floats]:
    """Find the best link from each node: its place, the other one, and that nothing is across."""
    count = 0
    found = np.empty((len(place), 3), dtype=np.int32)
    rated = np.empty((len(place), 3))
    no_kind = np.zeros(len(roads[0]), dtype=np.uint8)
    # Taken apart: arrays that are asked of a tuple in a loop cost ten times the loop.
    first, piece = grid.first, grid.piece
    from_x, from_y, to_x, to_y = roads
    least_coming = np.minimum(times.from_start, times.from_end)
    least_going = np.minimum(times.to_start, times.to_end)
    for one in range(len(place)):
        x, y = at[0, one], at[1, one]
        from_here, to_here = float(known[0][one]), float(known[1][one])
        now = min(to_here, float(cutoff_ms))
        left, right = find_squares(grid.x0, grid.square_m, grid.columns, x, within_m)
        low, high = find_squares(grid.y0, grid.square_m, grid.rows, y, within_m)
        best = 0.0
        for row in range(low, high + 1):
            square = row * grid.columns
            for entry in range(first[square + left], first[square + right + 1]):
                i = piece[entry]
                # At best, wherever on the segment: most are left at once.
                there = from_here + least_going[i] <= cutoff_ms and now - least_going[i] > best
                back = least_coming[i] + to_here <= cutoff_ms and cutoff_ms - to_here > best
                if not there and not back:
                    continue
                share, metres = find_nearest_along(x, y, roads, i)
                if metres > within_m or metres < NEAR_M:
                    continue
                coming, going = _find_times(times, i, share)
                score = max(
                    _rate(from_here, to_here, going, metres * ms_per_m, cutoff_ms, detour),
                    _rate(coming, going, to_here, metres * ms_per_m, cutoff_ms, detour),
                )
                if score <= best:
                    continue
                end_x = from_x[i] + share * (to_x[i] - from_x[i])
                end_y = from_y[i] + share * (to_y[i] - from_y[i])
                if list_kinds_across(x, y, end_x, end_y, wall_grid, walls, wall_kind):
                    continue
                if list_kinds_across(x, y, end_x, end_y, road_grid, roads, no_kind):
                    continue
                best = score
                found[count, 0], found[count, 1], found[count, 2] = place[one], i, 0
                rated[count, 0], rated[count, 1] = place_share[one], share
                rated[count, 2] = score
        if best > 0:
            count += 1
    return found[:count].copy(), rated[:count].copy()


def _build_links(ground: LinkGround, found: Ints, rated: Floats) -> NewLinks:
    place, share = found[:, :2], rated[:, :2]
    x, y, to_x, to_y = (one[place] for one in ground.roads)
    return NewLinks(
        ground.segment[place],
        share,
        x + share * (to_x - x),
        y + share * (to_y - y),
        found[:, 2],
        rated[:, 2].astype(np.int64),
    )


def _no_links() -> NewLinks:
    pair = np.zeros((0, 2))
    none = np.zeros(0, dtype=np.int32)
    return NewLinks(pair.astype(np.int32), pair, pair, pair, none, none.astype(np.int64))


def join_links(parts: list[NewLinks]) -> NewLinks:
    """Put links together; of those between the same places that with the highest score.

    Parameters
    ----------
    parts
        Links, of the same network.
    """
    found = NewLinks._make(map(np.concatenate, zip(_no_links(), *parts, strict=True)))
    east = found.x[:, 0] > found.x[:, 1]
    ends = [np.where(east[:, None], one[:, ::-1], one) for one in found[:4]]
    found = NewLinks._make([*ends, *found[4:]])
    # Where roads meet a place is on each of them.
    keys = [np.rint(one * 10) for one in (*found.x.T, *found.y.T)]
    order = np.lexsort((*found.segment.T, -found.score_ms, *keys))
    return found.take(order[starts_of_runs(*(one[order] for one in keys))])


def thin_out(links: NewLinks, rules: LinkRules) -> NewLinks:
    """Keep of the links in each spot those with the highest score.

    Parameters
    ----------
    links
        Over whatever lies across; what differs in that is told apart.
    rules
        How large a spot is, and how many there may be.
    """
    spot = np.floor(np.stack([links.x.mean(axis=1), links.y.mean(axis=1)]) / rules.spacing_m)
    keys = links.across, *spot.astype(np.int64)
    order = np.lexsort((*links.share.T, *links.segment.T, links.length_m, -links.score_ms, *keys))
    starts = np.flatnonzero(starts_of_runs(*(one[order] for one in keys)))
    sizes = np.diff(np.append(starts, len(order)))
    _, place = list_ranges(np.zeros(len(sizes), dtype=np.intp), sizes)
    return links.take(np.sort(order[place < rules.per_spot]))
