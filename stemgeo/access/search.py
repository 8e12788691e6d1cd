"""The kernel: bounded shortest-path searches over the transposed network.

Children travel *to* an academy, so the search starts at the academy and follows arcs against
their direction. Times are integer milliseconds. A label is (time, rank): of equal times the
smaller rank, so the academy that comes first by its id, wins whatever the order of input.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from stemgeo import arrays

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Ints = NDArray[np.int32]
    Longs = NDArray[np.int64]
    Floats = NDArray[np.float64]

UNREACHED = np.int64(2**62)
"""Label of a node that no academy reaches within the horizon."""

_NOTHING = (np.empty(0, dtype=np.int32),) * 3
RANK_BITS = 24
_RANK_MASK = (1 << RANK_BITS) - 1

UNREACHED_MS = UNREACHED >> RANK_BITS
"""The time in the label UNREACHED, beyond any horizon."""

THREE = 3
"""So many academies of each place are told where more than the nearest is asked for."""

TAIL_BITS = 32
TAIL_MASK = (1 << TAIL_BITS) - 1

Arcs = tuple["Ints", "Longs"]
"""Where the arcs that arrive at each node begin, shape (nodes + 1,), and the arcs as "
"`pack_arcs` does."""

Exits = tuple["Ints", "Ints", "Longs"]
"""Points by the node, or the site, that they pass: where each one's begin, the points, the ms."""

_BUCKET_BITS = 15
"""A bucket of the search is 2**15 ms wide, about the time along an edge: see `_search_seeds`."""

_NODES_PER_PLACE = 8
"""Room for one node in eight to wait at first: far fewer than that are on a frontier."""


@njit(cache=True, nogil=True)
def _double_room(array: NDArray[Any]) -> NDArray[Any]:
    more = np.empty(2 * len(array), dtype=array.dtype)
    # Number by number: to put one array in another takes two seconds to compile.
    for at in range(len(array)):
        more[at] = array[at]
    return more


@njit(cache=True, nogil=True)
def _search_seeds(
    first: Ints,
    arcs: Longs,
    seed_node: Ints,
    seed_label: Longs,
    horizon_ms: int,
    label: Longs,
    touched: Ints,
    entries: Ints,
    three: Longs,
) -> int:
    """Search from the seeds; fills `label`, lists the nodes it set, gives their number.

    Dial's buckets, made wide: a node waits in the bucket of its time, and buckets are emptied in
    order. Within a bucket the order is free, so a node may be improved after it was passed on; it
    then waits again and is passed on again. That ends with the least label of every node, as
    Dijkstra's order does, and costs one node in ten twice but no heap; a 4-ary heap of packed
    keys, which was tried, is slower.

    `label` must hold UNREACHED everywhere; whoever called puts it back by the list. `entries`,
    shape (2, n), is room for n nodes that wait; when it does not suffice the answer is -1. No node
    is passed that has three better labels in `three`, unless that is empty.
    """
    end = ((horizon_ms + 1) << RANK_BITS) - 1
    wide = RANK_BITS + _BUCKET_BITS
    # The waiting nodes of each bucket are a chain of entries; those taken off are used again.
    waiting = np.full((horizon_ms >> _BUCKET_BITS) + 1, -1, dtype=np.int32)
    node, following = entries[0], entries[1]
    made, free, count = 0, -1, 0
    for i in range(len(seed_node)):
        at, key = seed_node[i], seed_label[i]
        if key <= end and key < label[at]:
            if label[at] == UNREACHED:
                touched[count] = at
                count += 1
            label[at] = key
            node[made], following[made] = at, waiting[key >> wide]
            waiting[key >> wide] = made
            made += 1
    for bucket in range(len(waiting)):
        while waiting[bucket] >= 0:
            entry = waiting[bucket]
            waiting[bucket] = following[entry]
            following[entry], free = free, entry
            at = node[entry]
            key = label[at]
            if key >> wide != bucket:  # it was improved and passed on in an earlier bucket
                continue
            for arc in range(first[at], first[at + 1]):
                # Adding to the time leaves the rank in the low bits as it is.
                reached = key + ((arcs[arc] >> TAIL_BITS) << RANK_BITS)
                before = arcs[arc] & TAIL_MASK
                enough = len(three) > 0 and reached >= three[THREE * before + 2]
                if reached > end or reached >= label[before] or enough:
                    continue
                if label[before] == UNREACHED:
                    touched[count] = before
                    count += 1
                label[before] = reached
                if free >= 0:
                    entry = free
                    free = following[entry]
                elif made < len(node):
                    entry = made
                    made += 1
                else:
                    return -1
                node[entry], following[entry] = before, waiting[reached >> wide]
                waiting[reached >> wide] = entry
    return count


@njit(cache=True, nogil=True)
def _search_with_room(
    first: Ints,
    arcs: Longs,
    seed_node: Ints,
    seed_label: Longs,
    horizon_ms: int,
    label: Longs,
    touched: Ints,
    entries: Ints,
    three: Longs,
) -> tuple[int, Ints]:
    """Search, with more room when it does not suffice; give the count and the room."""
    while True:
        count = _search_seeds(
            first, arcs, seed_node, seed_label, horizon_ms, label, touched, entries, three
        )
        if count >= 0:
            return count, entries
        label[:] = UNREACHED
        entries = np.empty((2, 2 * entries.shape[1]), dtype=np.int32)


@njit(cache=True, nogil=True)
def _label_nodes(
    first: Ints, arcs: Longs, seed_node: Ints, seed_label: Longs, horizon_ms: int
) -> Longs:
    nodes = len(first) - 1
    label = np.full(nodes, UNREACHED, dtype=np.int64)
    touched = np.empty(nodes, dtype=np.int32)
    room = np.empty((2, len(seed_node) + nodes // _NODES_PER_PLACE + 1), dtype=np.int32)
    unbound = np.empty(0, dtype=np.int64)
    _search_with_room(first, arcs, seed_node, seed_label, horizon_ms, label, touched, room, unbound)
    return label


@njit(cache=True, nogil=True)
def _search_sources(
    first: Ints,
    arcs: Longs,
    seed_node: Ints,
    seed_label: Longs,
    seed_first: Ints,
    horizon_ms: int,
) -> tuple[Ints, Ints, Ints]:
    """Search from each source by itself: how many nodes each reaches, the nodes, the times."""
    nodes, sources = len(first) - 1, len(seed_first) - 1
    label = np.full(nodes, UNREACHED, dtype=np.int64)
    touched = np.empty(nodes, dtype=np.int32)
    room = np.empty((2, len(seed_node) + nodes // _NODES_PER_PLACE + 1), dtype=np.int32)
    counts = np.empty(sources, dtype=np.int32)
    found = np.empty(1024, dtype=np.int32)
    times = np.empty(1024, dtype=np.int32)
    unbound = np.empty(0, dtype=np.int64)
    filled = 0
    for source in range(sources):
        begin, stop = seed_first[source], seed_first[source + 1]
        count, room = _search_with_room(
            first,
            arcs,
            seed_node[begin:stop],
            seed_label[begin:stop],
            horizon_ms,
            label,
            touched,
            room,
            unbound,
        )
        while filled + count > len(found):
            found, times = _double_room(found), _double_room(times)
        for node in touched[:count]:
            found[filled] = node
            times[filled] = label[node] >> RANK_BITS
            label[node] = UNREACHED
            filled += 1
        counts[source] = count
    return counts, found[:filled].copy(), times[:filled].copy()


@njit(cache=True, nogil=True)
def _search_sources_to_points(
    first: Ints,
    arcs: Longs,
    seed_node: Ints,
    seed_label: Longs,
    seed_first: Ints,
    horizon_ms: int,
    exits: Exits,
    beside: Exits,
    points: int,
) -> tuple[Ints, Ints, Ints]:
    """Search from each source by itself: how many points each serves, the points, the times.

    As `_search_sources`, again in full: a kernel that is handed another is slower.
    """
    nodes, sources = len(first) - 1, len(seed_first) - 1
    label = np.full(nodes, UNREACHED, dtype=np.int64)
    touched = np.empty(nodes, dtype=np.int32)
    room = np.empty((2, len(seed_node) + nodes // _NODES_PER_PLACE + 1), dtype=np.int32)
    counts = np.empty(sources, dtype=np.int32)
    found = np.empty(1024, dtype=np.int32)
    times = np.empty(1024, dtype=np.int32)
    best = np.full(points, -1, dtype=np.int32)
    unbound = np.empty(0, dtype=np.int64)
    filled = 0
    for source in range(sources):
        begin, stop = seed_first[source], seed_first[source + 1]
        count, room = _search_with_room(
            first,
            arcs,
            seed_node[begin:stop],
            seed_label[begin:stop],
            horizon_ms,
            label,
            touched,
            room,
            unbound,
        )
        start = filled
        while filled + points > len(found):
            found, times = _double_room(found), _double_room(times)
        for node in touched[:count]:
            ms = label[node] >> RANK_BITS
            label[node] = UNREACHED
            filled = _note_exits(exits, node, ms, horizon_ms, best, found, filled)
        filled = _note_exits(beside, source, 0, horizon_ms, best, found, filled)
        for at in range(start, filled):
            times[at] = best[found[at]]
            best[found[at]] = -1
        counts[source] = filled - start
    return counts, found[:filled].copy(), times[:filled].copy()


@njit(cache=True, nogil=True, inline="always")
def _note_exits(
    exits: Exits, at: int, ms: int, horizon_ms: int, best: Ints, found: Ints, filled: int
) -> int:
    """Note the points that pass here soon enough, with the least time; give how many are found."""
    first, point, exit_ms = exits
    for one in range(first[at], first[at + 1]):
        late = ms + exit_ms[one]
        if late <= horizon_ms:
            if best[point[one]] < 0:
                found[filled] = point[one]
                filled += 1
                best[point[one]] = late
            elif late < best[point[one]]:
                best[point[one]] = late
    return filled


@njit(cache=True, nogil=True, inline="always")
def put_among(three: Longs, at: int | np.int64, key: int | np.int64) -> bool:
    """Put a label among `three[at:at + 3]`, smallest first and each rank once; False: it is not.

    An empty one is UNREACHED, larger than any: whatever rank that seems to have.

    Parameters
    ----------
    three
        Labels, three of each place.
    at
        Where those of the place begin.
    key
        The label.
    """
    if key >= three[at + 2]:
        return False
    rank, first, second = key & _RANK_MASK, three[at], three[at + 1]
    if first & _RANK_MASK == rank:
        if first <= key:
            return False
        three[at] = key
    elif key < first:
        three[at], three[at + 1] = key, first
        if second & _RANK_MASK != rank:
            three[at + 2] = second
    elif second & _RANK_MASK == rank:
        if second <= key:
            return False
        three[at + 1] = key
    elif key < second:
        three[at + 1], three[at + 2] = key, second
    else:
        three[at + 2] = key
    return True


@njit(cache=True, nogil=True)
def _label_nodes_three(
    first: Ints,
    arcs: Longs,
    seed_node: Ints,
    seed_label: Longs,
    seed_first: Ints,
    order: Longs,
    horizon_ms: int,
) -> Longs:
    """Search from each source by itself, no farther than it is one of the three nearest so far.

    Where three others are before it, they are so wherever it would come from there. One search
    from all at once meets each node three times, but far apart, when it has left the
    processor's cache: on the roads of Flanders that takes more than twice as long.
    """
    nodes = len(first) - 1
    three = np.full(THREE * nodes, UNREACHED, dtype=np.int64)
    label = np.full(nodes, UNREACHED, dtype=np.int64)
    touched = np.empty(nodes, dtype=np.int32)
    room = np.empty((2, len(seed_node) + nodes // _NODES_PER_PLACE + 1), dtype=np.int32)
    for source in order:
        begin, stop = seed_first[source], seed_first[source + 1]
        count, room = _search_with_room(
            first,
            arcs,
            seed_node[begin:stop],
            seed_label[begin:stop],
            horizon_ms,
            label,
            touched,
            room,
            three,
        )
        for node in touched[:count]:
            put_among(three, THREE * node, label[node])
            label[node] = UNREACHED
    return three


@njit(cache=True, nogil=True)
def _seeds_beyond(
    first: Ints,
    arcs: Longs,
    longest_ms: Longs,
    known: Longs,
    label: Longs,
    known_end: int,
    end: int,
    seed_node: Ints,
    seed_label: Longs,
) -> tuple[Ints, Longs]:
    """List the seeds, and the nodes an arc beyond known ones that are labelled later than these."""
    filled = len(seed_node)
    node = np.empty(filled + 1024, dtype=np.int32)
    key = np.empty(filled + 1024, dtype=np.int64)
    for seed in range(filled):
        node[seed], key[seed] = seed_node[seed], seed_label[seed]
    for at in known:
        if label[at] + (longest_ms[at] << RANK_BITS) < known_end:
            continue
        for arc in range(first[at], first[at + 1]):
            reached = label[at] + ((arcs[arc] >> TAIL_BITS) << RANK_BITS)
            before = arcs[arc] & TAIL_MASK
            if reached < known_end or reached > end or reached >= label[before]:
                continue
            if filled == len(node):
                node, key = _double_room(node), _double_room(key)
            node[filled], key[filled] = before, reached
            filled += 1
    return node[:filled], key[:filled]


@njit(cache=True, nogil=True)
def _label_nodes_on(
    first: Ints,
    arcs: Longs,
    seed_node: Ints,
    seed_label: Longs,
    longest_ms: Longs,
    known: Longs,
    known_ms: int,
    horizon_ms: int,
) -> Longs:
    known_end, end = (known_ms + 1) << RANK_BITS, ((horizon_ms + 1) << RANK_BITS) - 1
    at = np.flatnonzero(known < known_end)
    node, key = _seeds_beyond(
        first, arcs, longest_ms, at, known, known_end, end, seed_node, seed_label
    )
    touched = np.empty(len(known), dtype=np.int32)
    room = np.empty((2, len(node) + len(known) // _NODES_PER_PLACE + 1), dtype=np.int32)
    unbound = np.empty(0, dtype=np.int64)
    label = known.copy()
    while _search_seeds(first, arcs, node, key, horizon_ms, label, touched, room, unbound) < 0:
        for place in range(len(known)):
            label[place] = known[place]
        room = np.empty((2, 2 * room.shape[1]), dtype=np.int32)
    return label


@njit(cache=True, nogil=True)
def _list_by_rank(known: Longs, known_end: int, ranks: int) -> tuple[Longs, Longs]:
    """List the places of known labels by their rank: where those of each begin, and the places."""
    first = np.zeros(ranks + 2, dtype=np.int64)
    for key in known:
        if key < known_end:
            first[(key & _RANK_MASK) + 2] += 1
    first = np.cumsum(first)
    place = np.empty(first[-1], dtype=np.int64)
    for i in range(len(known)):
        if known[i] < known_end:
            rank = known[i] & _RANK_MASK
            place[first[rank + 1]] = i
            first[rank + 1] += 1
    return first[:-1], place


@njit(cache=True, nogil=True)
def _label_nodes_three_on(
    first: Ints,
    arcs: Longs,
    seed_node: Ints,
    seed_label: Longs,
    seed_first: Ints,
    order: Longs,
    longest_ms: Longs,
    known: Longs,
    known_ms: int,
    horizon_ms: int,
) -> Longs:
    """As `_label_nodes_three`: of each source go on from where it is known to be one of three."""
    nodes = len(first) - 1
    known_end, end = (known_ms + 1) << RANK_BITS, ((horizon_ms + 1) << RANK_BITS) - 1
    known_first, place = _list_by_rank(known, known_end, len(seed_first) - 1)
    three = known.copy()
    label = np.full(nodes, UNREACHED, dtype=np.int64)
    touched = np.empty(nodes, dtype=np.int32)
    room = np.empty((2, len(seed_node) + nodes // _NODES_PER_PLACE + 1), dtype=np.int32)
    for source in order:
        laid = place[known_first[source] : known_first[source + 1]]
        label[laid // THREE] = known[laid]
        begin, stop = seed_first[source], seed_first[source + 1]
        node, key = _seeds_beyond(
            first,
            arcs,
            longest_ms,
            laid // THREE,
            label,
            known_end,
            end,
            seed_node[begin:stop],
            seed_label[begin:stop],
        )
        if len(node) > room.shape[1]:
            room = np.empty((2, 2 * len(node)), dtype=np.int32)
        count, room = _search_with_room(
            first, arcs, node, key, horizon_ms, label, touched, room, three
        )
        for at in touched[:count]:
            put_among(three, THREE * at, label[at])
            label[at] = UNREACHED
        label[laid // THREE] = UNREACHED
    return three


def pack_arcs(tail: Ints, arc_ms: Ints) -> Longs:
    """Pack where arcs come from and how long they take: a search reads both at once."""
    return (arc_ms.astype(np.int64) << TAIL_BITS) | tail


def pack_labels(time_ms: Longs, rank: Longs) -> Longs:
    """Pack times and ranks so that comparing labels compares times first, then ranks."""
    return (time_ms.astype(np.int64) << RANK_BITS) | rank.astype(np.int64)


def unpack_labels(label: Longs) -> tuple[Longs, Longs]:
    """Take labels apart into times (ms) and ranks; both mean nothing where UNREACHED."""
    return label >> RANK_BITS, label & _RANK_MASK


def label_nearest(
    arcs: Arcs,
    seed_node: Ints,
    seed_label: Longs,
    horizon_ms: int,
) -> Longs:
    """Label every node with the academy that is reached first from it.

    Parameters
    ----------
    arcs
        As from `Rider.arcs`.
    seed_node, seed_label
        Nodes from which an academy is reached and the packed (time, rank), shape (seeds,).
    horizon_ms
        Nothing beyond is labelled; inclusive.

    Returns
    -------
    int64 array, shape (nodes,)
        The smallest (time, rank) over all academies, or UNREACHED.
    """
    return np.asarray(_label_nodes(*arcs, seed_node, seed_label, horizon_ms))


def label_nearest_three(
    arcs: Arcs, seed_node: Ints, seed_label: Longs, seed_first: Ints, horizon_ms: int
) -> Longs:
    """Label every node with the three academies that are reached first from it.

    Parameters
    ----------
    arcs, seed_node, seed_label, horizon_ms
        As in `label_nearest`; the rank tells academies apart.
    seed_first
        As in `search_each`.

    Returns
    -------
    int64 array, shape (nodes, 3)
        The smallest (time, rank) of three academies, smallest first; UNREACHED where there are
        fewer within the horizon.
    """
    # Whatever the order the labels are the same; by chance, few nodes are labelled in vain.
    order = np.random.default_rng(0).permutation(len(seed_first) - 1)
    three = _label_nodes_three(*arcs, seed_node, seed_label, seed_first, order, horizon_ms)
    return np.asarray(three).reshape(-1, THREE)


def find_longest_ms(arcs: Arcs) -> Longs:
    """Give the longest of the arcs that arrive at each node, shape (nodes,); 0 where none does."""
    first, packed = arcs
    longest_ms, some = np.zeros(len(first) - 1, dtype=np.int64), np.diff(first) > 0
    if len(packed):
        longest_ms[some] = np.maximum.reduceat(packed >> TAIL_BITS, first[:-1][some])
    return longest_ms


def label_nearest_on(
    arcs: Arcs,
    seed_node: Ints,
    seed_label: Longs,
    longest_ms: Longs,
    known: Longs,
    known_ms: int,
    horizon_ms: int,
) -> Longs:
    """Go on with `label_nearest` from where it stopped, or where others say that it would be.

    Parameters
    ----------
    arcs, seed_node, seed_label, horizon_ms
        As in `label_nearest`.
    longest_ms
        Of the arcs that arrive at each node the longest, shape (nodes,); see `find_longest_ms`.
    known
        Labels of all nodes, shape (nodes,). Those up to `known_ms` are taken as they are; a node
        with a later one is labelled only by what is less, and not passed by what is not.
    known_ms
        How far is known, inclusive; -1: nowhere.

    Returns
    -------
    int64 array, shape (nodes,)
        Of the nodes that were not `known` later than `known_ms`: as from `label_nearest`.
    """
    seeds = seed_node, seed_label
    return np.asarray(_label_nodes_on(*arcs, *seeds, longest_ms, known, known_ms, horizon_ms))


def label_nearest_three_on(
    arcs: Arcs,
    seed_node: Ints,
    seed_label: Longs,
    seed_first: Ints,
    longest_ms: Longs,
    known: Longs,
    known_ms: int,
    horizon_ms: int,
) -> Longs:
    """Go on with `label_nearest_three`, as `label_nearest_on` does with `label_nearest`.

    Parameters
    ----------
    arcs, seed_node, seed_label, seed_first, horizon_ms
        As in `label_nearest_three`; an academy's rank is its number.
    longest_ms
        As in `label_nearest_on`.
    known
        Labels of all nodes, shape (nodes, 3), smallest first. The last of a node may be later than
        `known_ms`: it is not passed by what is not less.
    known_ms
        As in `label_nearest_on`.
    """
    order = np.random.default_rng(0).permutation(len(seed_first) - 1)
    flat = np.ascontiguousarray(known).reshape(-1)
    three = _label_nodes_three_on(
        *arcs, seed_node, seed_label, seed_first, order, longest_ms, flat, known_ms, horizon_ms
    )
    return np.asarray(three).reshape(-1, THREE)


def search_each(
    arcs: Arcs,
    seed_node: Ints,
    seed_ms: Longs,
    seed_first: Ints,
    horizon_ms: int,
    *,
    threads: int = 2,
) -> tuple[Longs, Ints, Ints]:
    """Search from every academy by itself.

    Parameters
    ----------
    arcs, horizon_ms
        As in `label_nearest`.
    seed_node, seed_ms
        Nodes from which an academy is reached and how long that takes, shape (seeds,).
    seed_first
        Academy a has the seeds seed_first[a]:seed_first[a + 1], shape (academies + 1,).
    threads
        Searches that run side by side; the result does not depend on it.

    Returns
    -------
    tuple of arrays
        Offsets (academies + 1,); nodes and times in ms, packed: academy a reaches
        nodes[offsets[a]:offsets[a + 1]], in the order in which they were found.
    """
    label = pack_labels(seed_ms, np.zeros(len(seed_ms), dtype=np.int64))

    def share(part: NDArray[np.intp]) -> tuple[Ints, Ints, Ints]:
        mine = seed_first[part[0] : part[-1] + 2]
        return _search_sources(*arcs, seed_node, label, mine, horizon_ms)

    return _search_side_by_side(share, len(seed_first) - 1, threads)


def search_each_to_points(
    arcs: Arcs,
    seed_node: Ints,
    seed_ms: Longs,
    seed_first: Ints,
    horizon_ms: int,
    exits: Exits,
    beside: Exits,
    points: int,
    *,
    threads: int = 2,
) -> tuple[Longs, Ints, Ints]:
    """Search from every academy by itself, on to the points behind the nodes.

    Parameters
    ----------
    arcs, seed_node, seed_ms, seed_first, horizon_ms, threads
        As in `search_each`.
    exits
        By node: the points that can come by it, and the time from the point to the node.
    beside
        By academy: the points on its own edge, and the time from the point to it.
    points
        How many points there are.

    Returns
    -------
    tuple of arrays
        Offsets (academies + 1,); points and least times in ms, packed: academy a serves
        points[offsets[a]:offsets[a + 1]], in the order in which they were found.
    """
    label = pack_labels(seed_ms, np.zeros(len(seed_ms), dtype=np.int64))

    def share(part: NDArray[np.intp]) -> tuple[Ints, Ints, Ints]:
        mine = slice(part[0], part[-1] + 2)
        near = (beside[0][mine], *beside[1:])
        return _search_sources_to_points(
            *arcs, seed_node, label, seed_first[mine], horizon_ms, exits, near, points
        )

    return _search_side_by_side(share, len(seed_first) - 1, threads)


def _search_side_by_side(
    share: Callable[[NDArray[np.intp]], tuple[Ints, Ints, Ints]], sources: int, threads: int
) -> tuple[Longs, Ints, Ints]:
    """Search for a share of the sources in each thread and lay what they found end to end."""
    parts = [part for part in np.array_split(np.arange(sources), max(1, threads)) if len(part)]
    if len(parts) > 1:
        with ThreadPoolExecutor(len(parts)) as pool:
            shares = list(pool.map(share, parts))
    else:  # a thread costs more than a small search
        shares = [share(part) for part in parts] or [_NOTHING]
    counts, found, times = (np.concatenate(part) for part in zip(*shares, strict=True))
    return np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]), found, times


def label_straight(x: Floats, y: Floats, site_x: Floats, site_y: Floats, ms_per_m: float) -> Longs:
    """Label points with the three sites nearest in a straight line; of ties the first is first.

    Parameters
    ----------
    x, y, site_x, site_y
        Metres, shapes (points,) and (sites,); sites in the order of their ids.
    ms_per_m
        Milliseconds per metre of straight line.

    Returns
    -------
    int64 array, shape (points, 3)
        Packed (time in ms, index of the site), smallest first; UNREACHED where there are no more.
    """
    # For arrays with gaps, or that cannot be written to, the kernel is compiled again.
    given = (x, y, site_x, site_y)
    x, y, site_x, site_y = (np.require(one, requirements=("C", "W")) for one in given)
    three = _label_points_straight(x, y, site_x, site_y, float(ms_per_m))
    return np.asarray(three).reshape(-1, THREE)


@njit(cache=True, nogil=True)
def _label_points_straight(
    x: Floats, y: Floats, site_x: Floats, site_y: Floats, ms_per_m: float
) -> Longs:
    three = np.full(THREE * len(x), UNREACHED, dtype=np.int64)
    for point in range(len(x)):
        for site in range(len(site_x)):
            metres = np.sqrt((x[point] - site_x[site]) ** 2 + (y[point] - site_y[site]) ** 2)
            key = (np.int64(np.rint(metres * ms_per_m)) << RANK_BITS) | site
            put_among(three, THREE * point, key)
    return three


def is_compiled() -> bool:
    """Whether the search was compiled on this machine before, for this very code."""
    return arrays.is_compiled(_search_sources_to_points)
