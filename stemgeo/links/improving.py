"""The kernel: what a few better roads, or a new academy, change in a search that is done already.

Every node has its time to the nearest academy. Better roads make some of these times shorter, and
none longer: the search goes on from the roads that changed, against the direction of travel as any
other, and touches only nodes that improve. Of these it leaves out those from which no child can
gain: each node has a second time, from the nearest child who is still out of reach when all is
done that can be, and both together must be within the cutoff.

A road is changed in three parts, each done or not: its ride, and what crossing costs at either of
its ends. Its time is the sum of these, so any set of changes is tried without laying roads anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from stemgeo.access.search import TAIL_BITS, TAIL_MASK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Ints = NDArray[np.int32]
    Longs = NDArray[np.int64]
    Number = int | np.signedinteger

NEVER_MS = np.int32(2**30)
"""Time of what nobody comes to; that of a closed road, see `graph.CLOSED_MS`."""

RIDE, START, END = 1, 2, 4
"""Parts of a road that are done, as bits."""

_BUCKET_BITS = 15
"""As wide as in `access.search`: about the time along an edge."""


class Field(NamedTuple):
    """A search that is done, and all that can change in it.

    Roads that can change are numbered 0 to n - 1; points are those that may be gained. It has few
    arrays, of several columns: numba is slow to compile what takes many.

    Attributes
    ----------
    first, arcs
        As from `Rider.arcs`, with nothing done.
    left_ms
        Least time to each node from a point, with everything done; shape (nodes,).
    exit_first, exits
        By node, the points that come to it with nothing done, and their time; shape (exits, 2).
    roads
        Of each road: start and end; the ride as it is along and against, and done along and
        against (NEVER_MS where it is closed); what crossing costs at the start as it is and done,
        and at the end; the waits at the start and the end of who goes on there. Shape (roads, 12).
    by_road
        Where the ties, the sites and the pairs of each road begin, shape (roads + 1, 3).
    ties
        Points tied to roads: point, the end to which one rides (0 or 1), the time with the ride as
        it is and done; shape (ties, 4).
    sites
        The same of academies, who are reached from that end.
    pairs
        Academies and points on the same road: academy, point, the time with the ride done.
    by_coming
        Where the seeds, the points beside and the roads of each academy that may come begin; shape
        (academies that may come + 1, 3).
    seeds
        Nodes from which it is reached and their time, with nothing done; shape (seeds, 2).
    beside
        Points on its own roads and their time, with nothing done; shape (beside, 2).
    on_road
        Roads that can change to which it is tied.
    """

    first: Ints
    arcs: Longs
    left_ms: Ints
    exit_first: Ints
    exits: Ints
    roads: Ints
    by_road: Ints
    ties: Ints
    sites: Ints
    pairs: Ints
    by_coming: Ints
    seeds: Ints
    beside: Ints
    on_road: Ints


class State(NamedTuple):
    """What is done so far, and what follows from it.

    Attributes
    ----------
    time_ms
        From each node to the nearest academy, NEVER_MS beyond the cutoff; shape (nodes,). It may be
        too long where no child gains by it.
    gained
        Which points have come within reach, shape (points,).
    done
        Parts of each road, shape (roads,).
    open_
        Which academies are there, shape (academies,): those of today, then those that may come.
    into, next_
        The roads that changed, by the node to which one rides along them: the last of each node,
        and before each one the one before; 2 * road + (0 along, 1 against), -1: none.
    seen
        Which nodes improved in this turn, all 0 between turns; shape (nodes,).
    """

    time_ms: Ints
    gained: Bytes
    done: Bytes
    open_: Bytes
    into: Ints
    next_: Ints
    seen: Bytes


class Changes(NamedTuple):
    """Changes to try, one by one.

    Attributes
    ----------
    first, road, parts
        Change c does parts[first[c]:first[c + 1]] of the roads; shape (changes + 1,).
    first_site, site
        Change c opens site[first_site[c]:first_site[c + 1]], of the academies that may come.
    """

    first: Longs
    road: Ints
    parts: Bytes
    first_site: Longs
    site: Ints


class Room(NamedTuple):
    """What a turn needs to work, and to be taken back; of no meaning between turns.

    Attributes
    ----------
    touched
        The nodes that improved, and their times before; shape (nodes, 2).
    gained
        The points that were gained, shape (points,).
    waiting
        The first node that waits in each bucket, all -1 between turns.
    beside
        Of each node that waits the ones before and after it in its bucket, shape (nodes, 2).
    counts
        How many nodes are touched, wait, and points gained, and the first bucket that may hold any.
    """

    touched: Ints
    gained: Ints
    waiting: Ints
    beside: Ints
    counts: Longs


_TOUCHED, _WAITING, _GAINED, _BUCKET = range(4)
_IMPROVED, _WAITS = 1, 2
"""What `State.seen` says of a node."""

_RIDES, _CROSSINGS, _WAITS_AT = 2, 6, 10
"""Columns of `Field.roads`."""


def make_room(nodes: int, points: int, cutoff_ms: int) -> Room:
    """Make room for turns.

    Parameters
    ----------
    nodes, points
        How many there are, at most.
    cutoff_ms
        Of the search.
    """
    return Room(
        np.empty((nodes, 2), dtype=np.int32),
        np.empty(points, dtype=np.int32),
        np.full((cutoff_ms >> _BUCKET_BITS) + 1, -1, dtype=np.int32),
        np.empty((nodes, 2), dtype=np.int32),
        np.zeros(4, dtype=np.int64),
    )


@njit(cache=True, nogil=True)
def _find_arc_ms(roads: Ints, road: Number, against: Number, parts: Number) -> np.int64:
    """Time along a road that is done in part, with the wait before it."""
    ms = np.int64(roads[road, _RIDES + 2 * (parts & RIDE) + against])
    if ms >= NEVER_MS:
        return np.int64(NEVER_MS)
    ms += _find_crossing_ms(roads, road, 0, parts) + _find_crossing_ms(roads, road, 1, parts)
    return np.int64(ms + roads[road, _WAITS_AT + against])


@njit(cache=True, nogil=True)
def _find_crossing_ms(roads: Ints, road: Number, end: Number, parts: Number) -> np.int64:
    return np.int64(roads[road, _CROSSINGS + 2 * end + ((parts >> (1 + end)) & 1)])


@njit(cache=True, nogil=True)
def _offer(
    node: Number, ms: Number, cutoff_ms: int, left_ms: Ints, state: State, room: Room
) -> None:
    """Give a node a shorter time, if a child may gain by it; it waits to pass it on.

    Dial's buckets, made wide, as in `access.search`; a node stands in one of them at most.
    """
    time_ms, seen, count = state.time_ms, state.seen, room.counts
    if ms >= time_ms[node] or ms + left_ms[node] > cutoff_ms:
        return
    waiting, beside = room.waiting, room.beside
    if seen[node] == 0:
        room.touched[count[_TOUCHED], 0] = node
        room.touched[count[_TOUCHED], 1] = time_ms[node]
        count[_TOUCHED] += 1
    elif seen[node] & _WAITS:
        before, after = beside[node, 0], beside[node, 1]
        if before >= 0:
            beside[before, 1] = after
        else:
            waiting[time_ms[node] >> _BUCKET_BITS] = after
        if after >= 0:
            beside[after, 0] = before
        count[_WAITING] -= 1
    bucket = ms >> _BUCKET_BITS
    time_ms[node] = ms
    seen[node] = _IMPROVED | _WAITS
    after = waiting[bucket]
    beside[node, 0], beside[node, 1] = -1, after
    if after >= 0:
        beside[after, 0] = node
    waiting[bucket] = node
    count[_WAITING] += 1
    count[_BUCKET] = min(count[_BUCKET], bucket)


@njit(cache=True, nogil=True)
def _gain(point: int, gained: Bytes, list_: Ints, count: Longs) -> None:
    """Note a point that comes within reach, once."""
    if gained[point] == 0:
        gained[point] = 1
        list_[count[_GAINED]] = point
        count[_GAINED] += 1


@njit(cache=True, nogil=True)
def _link_roads(roads: Ints, state: State, road: Ints, parts: Bytes, was: Bytes) -> None:
    """Do parts of roads; `was` keeps what was done of each."""
    done, into, next_ = state.done, state.into, state.next_
    for at, one in enumerate(road):
        was[at] = done[one]
        if done[one] == 0:
            for against in range(2):
                head = roads[one, 1 - against]
                next_[2 * one + against] = into[head]
                into[head] = 2 * one + against
        done[one] |= parts[at]


@njit(cache=True, nogil=True)
def _unlink_roads(roads: Ints, state: State, road: Ints, was: Bytes) -> None:
    """Take them back, the last first: so each road is the last of its nodes."""
    done, into, next_ = state.done, state.into, state.next_
    for at in range(len(road) - 1, -1, -1):
        one = road[at]
        done[one] = was[at]
        if done[one] == 0:
            for against in range(1, -1, -1):
                into[roads[one, 1 - against]] = next_[2 * one + against]


@njit(cache=True, nogil=True)
def _begin_on_road(field: Field, state: State, road: int, cutoff_ms: int, room: Room) -> None:
    """Begin at a road that changed: ride along it, and from the academies on it."""
    parts, roads, first, left_ms = state.done[road], field.roads, field.by_road, field.left_ms
    for way in range(2 + first[road + 1, 1] - first[road, 1]):
        if way < 2:
            at, ms = way, np.int64(state.time_ms[roads[road, 1 - way]])
            ms += _find_arc_ms(roads, road, way, parts)
        else:
            site = first[road, 1] + way - 2
            if not state.open_[field.sites[site, 0]]:
                continue
            at, ms = field.sites[site, 1], np.int64(field.sites[site, 2 + (parts & RIDE)])
            ms += _find_crossing_ms(roads, road, at, parts)
        _offer(roads[road, at], ms, cutoff_ms, left_ms, state, room)
    if parts & RIDE:
        for at in range(first[road, 2], first[road + 1, 2]):
            if state.open_[field.pairs[at, 0]] and field.pairs[at, 2] <= cutoff_ms:
                _gain(field.pairs[at, 1], state.gained, room.gained, room.counts)


@njit(cache=True, nogil=True)
def _begin_at_site(field: Field, state: State, coming: int, cutoff_ms: int, room: Room) -> None:
    """Begin at an academy that comes."""
    first, seeds, beside = field.by_coming, field.seeds, field.beside
    for at in range(first[coming, 0], first[coming + 1, 0]):
        _offer(seeds[at, 0], np.int64(seeds[at, 1]), cutoff_ms, field.left_ms, state, room)
    for at in range(first[coming, 1], first[coming + 1, 1]):
        if beside[at, 1] <= cutoff_ms:
            _gain(beside[at, 0], state.gained, room.gained, room.counts)


@njit(cache=True, nogil=True)
def _pass_on(field: Field, state: State, cutoff_ms: int, room: Room) -> None:
    """Pass improvements on, until no node waits."""
    first, arcs, left_ms, roads = field.first, field.arcs, field.left_ms, field.roads
    time_ms, into, next_, done = state.time_ms, state.into, state.next_, state.done
    count, waiting, beside = room.counts, room.waiting, room.beside
    while count[_WAITING]:
        node = waiting[count[_BUCKET]]
        if node < 0:
            count[_BUCKET] += 1
            continue
        after = beside[node, 1]
        waiting[count[_BUCKET]] = after
        if after >= 0:
            beside[after, 0] = -1
        count[_WAITING] -= 1
        state.seen[node] = _IMPROVED
        here, arc, entry = np.int64(time_ms[node]), first[node], into[node]
        while arc < first[node + 1] or entry >= 0:
            if arc < first[node + 1]:
                tail, ms = arcs[arc] & TAIL_MASK, here + (arcs[arc] >> TAIL_BITS)
                arc += 1
            else:
                road, against = entry >> 1, entry & 1
                tail = np.int64(roads[road, against])
                ms = here + _find_arc_ms(roads, road, against, done[road])
                entry = next_[entry]
            _offer(tail, ms, cutoff_ms, left_ms, state, room)


@njit(cache=True, nogil=True)
def _gain_on_road(
    field: Field, state: State, road: Number, end: Number, cutoff_ms: int, room: Room
) -> None:
    """Gain the points on a road that changed who reach one of its ends soon enough."""
    parts, ties = state.done[road], field.ties
    there = np.int64(state.time_ms[field.roads[road, end]])
    there += _find_crossing_ms(field.roads, road, end, parts)
    if there > cutoff_ms:
        return
    for at in range(field.by_road[road, 0], field.by_road[road + 1, 0]):
        if ties[at, 1] == end and there + ties[at, 2 + (parts & RIDE)] <= cutoff_ms:
            _gain(ties[at, 0], state.gained, room.gained, room.counts)


@njit(cache=True, nogil=True)
def _gain_points(field: Field, state: State, road: Ints, cutoff_ms: int, room: Room) -> None:
    """Gain the points that come to nodes that improved, and those on the roads of a change."""
    exit_first, exits = field.exit_first, field.exits
    touched = room.counts[_TOUCHED]
    for at in range(touched + 2 * len(road)):
        # The roads of the change stand behind the nodes, first by one end and then by the other.
        entry = np.int32(-1)
        if at < touched:
            node = room.touched[at, 0]
            state.seen[node] = 0
            in_time = cutoff_ms - state.time_ms[node]
            for one in range(exit_first[node], exit_first[node + 1]):
                if exits[one, 1] <= in_time:
                    _gain(exits[one, 0], state.gained, room.gained, room.counts)
            entry = state.into[node]
        else:
            entry = np.int32(2 * road[(at - touched) >> 1] + ((at - touched) & 1))
        while entry >= 0:
            _gain_on_road(field, state, entry >> 1, 1 - (entry & 1), cutoff_ms, room)
            entry = state.next_[entry] if at < touched else np.int32(-1)


@njit(cache=True, nogil=True)
def _list_roads(field: Field, road: Ints, site: Ints) -> Ints:
    """List the roads of a change, and those to which its academies are tied."""
    count = len(road)
    for one in site:
        count += field.by_coming[one + 1, 2] - field.by_coming[one, 2]
    out = np.empty(count, dtype=np.int32)
    for at, one in enumerate(road):
        out[at] = one
    count = len(road)
    for one in site:
        for at in range(field.by_coming[one, 2], field.by_coming[one + 1, 2]):
            out[count] = field.on_road[at]
            count += 1
    return out


@njit(cache=True, nogil=True)
def _do(
    field: Field, state: State, road: Ints, parts: Bytes, site: Ints, cutoff_ms: int, room: Room
) -> Bytes:
    """Do a change; `room` has what it touched, and gained. Give what was done before."""
    today = len(state.open_) - (len(field.by_coming) - 1)
    was = np.empty(len(road) + len(site), dtype=np.uint8)
    room.counts[_TOUCHED] = room.counts[_WAITING] = room.counts[_GAINED] = 0
    room.counts[_BUCKET] = len(room.waiting) - 1
    _link_roads(field.roads, state, road, parts, was)
    for at, coming in enumerate(site):
        was[len(road) + at] = state.open_[today + coming]
        state.open_[today + coming] = 1
        _begin_at_site(field, state, coming, cutoff_ms, room)
    every = _list_roads(field, road, site)
    for one in every:
        _begin_on_road(field, state, one, cutoff_ms, room)
    _pass_on(field, state, cutoff_ms, room)
    _gain_points(field, state, road, cutoff_ms, room)
    return was


@njit(cache=True, nogil=True)
def _take_back(field: Field, state: State, road: Ints, site: Ints, room: Room, was: Bytes) -> None:
    """Undo what `_do` did, the last first."""
    today = len(state.open_) - (len(field.by_coming) - 1)
    _unlink_roads(field.roads, state, road, was)
    for at in range(len(site) - 1, -1, -1):
        state.open_[today + site[at]] = was[len(road) + at]
    for at in range(room.counts[_TOUCHED]):
        state.time_ms[room.touched[at, 0]] = room.touched[at, 1]
    for at in range(room.counts[_GAINED]):
        state.gained[room.gained[at]] = 0


@njit(cache=True, nogil=True)
def _double_room(array: Ints) -> Ints:
    more = np.empty(2 * len(array), dtype=np.int32)
    for at, one in enumerate(array):
        more[at] = one
    return more


@njit(cache=True, nogil=True)
def try_changes(
    field: Field,
    state: State,
    changes: Changes,
    begin: int,
    stop: int,
    cutoff_ms: int,
    room: Room,
) -> tuple[Longs, Ints]:
    """Try changes, each by itself; the state is as before when all are tried.

    Parameters
    ----------
    field, state
        Of a search.
    changes
        Of which begin:stop are tried.
    begin, stop
        Which.
    cutoff_ms
        Within which time an academy is within reach, inclusive.
    room
        As from `make_room`.

    Returns
    -------
    tuple of arrays
        Change begin + i gains the points gained[first[i]:first[i + 1]], in the order in which they
        were found.
    """
    first = np.zeros(stop - begin + 1, dtype=np.int64)
    gained = np.empty(256, dtype=np.int32)
    filled = 0
    for change in range(begin, stop):
        here = slice(changes.first[change], changes.first[change + 1])
        road, parts = changes.road[here], changes.parts[here]
        site = changes.site[changes.first_site[change] : changes.first_site[change + 1]]
        was = _do(field, state, road, parts, site, cutoff_ms, room)
        for at in range(room.counts[_GAINED]):
            if filled == len(gained):
                gained = _double_room(gained)
            gained[filled] = room.gained[at]
            filled += 1
        first[change - begin + 1] = filled
        _take_back(field, state, road, site, room, was)
    return first, gained[:filled]


@njit(cache=True, nogil=True)
def do_change(
    field: Field, state: State, changes: Changes, change: int, cutoff_ms: int, room: Room
) -> Ints:
    """Do a change for good; give the points that it gains.

    Parameters
    ----------
    field, state, changes, cutoff_ms, room
        As for `try_changes`.
    change
        Which.
    """
    here = slice(changes.first[change], changes.first[change + 1])
    site = changes.site[changes.first_site[change] : changes.first_site[change + 1]]
    _do(field, state, changes.road[here], changes.parts[here], site, cutoff_ms, room)
    return room.gained[: room.counts[_GAINED]]
