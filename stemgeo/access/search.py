"""The kernel: bounded shortest-path searches over the transposed network.

Children travel *to* an academy, so the search starts at the academy and follows arcs against
their direction. Times are integer milliseconds. A label is (time, rank): of equal times the
smaller rank, so the academy that comes first by its id, wins whatever the order of input.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int32]
    Longs = NDArray[np.int64]
    Floats = NDArray[np.float64]

UNREACHED = np.int64(2**62)
"""Label of a node that no academy reaches within the horizon."""

_NOTHING = (np.empty(0, dtype=np.int32),) * 3
_RANK_BITS = 24
_RANK_MASK = (1 << _RANK_BITS) - 1

UNREACHED_MS = UNREACHED >> _RANK_BITS
"""The time in the label UNREACHED, beyond any horizon."""


@njit(cache=True, nogil=True)
def _push(keys: Longs, nodes: Ints, size: int, key: int, node: int) -> int:
    """Add to the binary heap; give its new size."""
    at = size
    while at > 0:
        parent = (at - 1) >> 1
        if keys[parent] <= key:
            break
        keys[at], nodes[at] = keys[parent], nodes[parent]
        at = parent
    keys[at], nodes[at] = key, node
    return size + 1


@njit(cache=True, nogil=True)
def _pop(keys: Longs, nodes: Ints, size: int) -> int:
    """Remove the smallest, which the caller has read at 0; give the new size."""
    size -= 1
    key, node = keys[size], nodes[size]
    at = 0
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and keys[child + 1] < keys[child]:
            child += 1
        if keys[child] >= key:
            break
        keys[at], nodes[at] = keys[child], nodes[child]
        at = child
    keys[at], nodes[at] = key, node
    return size


@njit(cache=True, nogil=True)
def _search(
    first: Ints,
    tail: Ints,
    arc_ms: Ints,
    seed_node: Ints,
    seed_label: Longs,
    horizon_ms: int,
    label: Longs,
    touched: Ints,
) -> int:
    """Dijkstra from the seeds; fills `label`, lists the nodes it set, gives their number.

    `label` must hold UNREACHED everywhere; whoever called puts it back by the list.
    """
    end = ((horizon_ms + 1) << _RANK_BITS) - 1
    keys = np.empty(64, dtype=np.int64)
    nodes = np.empty(64, dtype=np.int32)
    size, count = 0, 0
    for i in range(len(seed_node)):
        node, key = seed_node[i], seed_label[i]
        if key <= end and key < label[node]:
            if label[node] == UNREACHED:
                touched[count] = node
                count += 1
            label[node] = key
            if size == len(keys):
                keys, nodes = _grown(keys, nodes)
            size = _push(keys, nodes, size, key, node)
    while size > 0:
        key, node = keys[0], nodes[0]
        size = _pop(keys, nodes, size)
        if key > label[node]:
            continue
        for arc in range(first[node], first[node + 1]):
            # Adding to the time leaves the rank in the low bits as it is.
            reached = key + (np.int64(arc_ms[arc]) << _RANK_BITS)
            before = tail[arc]
            if reached <= end and reached < label[before]:
                if label[before] == UNREACHED:
                    touched[count] = before
                    count += 1
                label[before] = reached
                if size == len(keys):
                    keys, nodes = _grown(keys, nodes)
                size = _push(keys, nodes, size, reached, before)
    return count


@njit(cache=True, nogil=True)
def _grown(keys: Longs, nodes: Ints) -> tuple[Longs, Ints]:
    more_keys = np.empty(2 * len(keys), dtype=np.int64)
    more_nodes = np.empty(2 * len(nodes), dtype=np.int32)
    more_keys[: len(keys)] = keys
    more_nodes[: len(nodes)] = nodes
    return more_keys, more_nodes


@njit(cache=True, nogil=True)
def _nearest(
    first: Ints, tail: Ints, arc_ms: Ints, seed_node: Ints, seed_label: Longs, horizon_ms: int
) -> Longs:
    nodes = len(first) - 1
    label = np.full(nodes, UNREACHED, dtype=np.int64)
    touched = np.empty(nodes, dtype=np.int32)
    _search(first, tail, arc_ms, seed_node, seed_label, horizon_ms, label, touched)
    return label


@njit(cache=True, nogil=True)
def _reach(
    first: Ints,
    tail: Ints,
    arc_ms: Ints,
    seed_node: Ints,
    seed_label: Longs,
    seed_first: Ints,
    horizon_ms: int,
) -> tuple[Ints, Ints, Ints]:
    """Search from each source by itself: how many nodes each reaches, the nodes, the times."""
    nodes, sources = len(first) - 1, len(seed_first) - 1
    label = np.full(nodes, UNREACHED, dtype=np.int64)
    touched = np.empty(nodes, dtype=np.int32)
    counts = np.empty(sources, dtype=np.int32)
    found = np.empty(1024, dtype=np.int32)
    times = np.empty(1024, dtype=np.int32)
    filled = 0
    for source in range(sources):
        begin, stop = seed_first[source], seed_first[source + 1]
        count = _search(
            first,
            tail,
            arc_ms,
            seed_node[begin:stop],
            seed_label[begin:stop],
            horizon_ms,
            label,
            touched,
        )
        while filled + count > len(found):
            found, times = _doubled(found), _doubled(times)
        for node in np.sort(touched[:count]):
            found[filled] = node
            times[filled] = label[node] >> _RANK_BITS
            label[node] = UNREACHED
            filled += 1
        counts[source] = count
    return counts, found[:filled].copy(), times[:filled].copy()


@njit(cache=True, nogil=True)
def _doubled(array: Ints) -> Ints:
    more = np.empty(2 * len(array), dtype=array.dtype)
    more[: len(array)] = array
    return more


def labels(time_ms: Longs, rank: Longs) -> Longs:
    """Pack times and ranks so that comparing labels compares times first, then ranks."""
    return (time_ms.astype(np.int64) << _RANK_BITS) | rank.astype(np.int64)


def unpack(label: Longs) -> tuple[Longs, Longs]:
    """Take labels apart into times (ms) and ranks; both mean nothing where UNREACHED."""
    return label >> _RANK_BITS, label & _RANK_MASK


def nearest(
    arcs: tuple[Ints, Ints, Ints],
    arc_ms: Ints,
    seed_node: Ints,
    seed_label: Longs,
    horizon_ms: int,
) -> Longs:
    """Label every node with the academy that is reached first from it.

    Parameters
    ----------
    arcs
        `Network.arcs`: offsets (nodes + 1,), tails and arc numbers (arcs,).
    arc_ms
        Time of each arc, integer milliseconds, shape (arcs,).
    seed_node, seed_label
        Nodes from which an academy is reached and the packed (time, rank), shape (seeds,).
    horizon_ms
        Nothing beyond is labelled; inclusive.

    Returns
    -------
    int64 array, shape (nodes,)
        The smallest (time, rank) over all academies, or UNREACHED.
    """
    return np.asarray(_nearest(arcs[0], arcs[1], arc_ms, seed_node, seed_label, horizon_ms))


def reach(
    arcs: tuple[Ints, Ints, Ints],
    arc_ms: Ints,
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
    arcs, arc_ms, horizon_ms
        As in `nearest`.
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
        nodes[offsets[a]:offsets[a + 1]], in the order of the nodes.
    """
    label = labels(seed_ms, np.zeros(len(seed_ms), dtype=np.int64))

    def share(part: NDArray[np.intp]) -> tuple[Ints, Ints, Ints]:
        mine = seed_first[part[0] : part[-1] + 2]
        return _reach(arcs[0], arcs[1], arc_ms, seed_node, label, mine, horizon_ms)

    sources = np.arange(len(seed_first) - 1)
    parts = [part for part in np.array_split(sources, max(1, threads)) if len(part)]
    with ThreadPoolExecutor(max(1, len(parts))) as pool:
        shares = list(pool.map(share, parts)) or [_NOTHING]
    counts, nodes, times = (np.concatenate(part) for part in zip(*shares, strict=True))
    offsets = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
    return offsets, nodes, times


@njit(cache=True, nogil=True)
def nearest_straight(
    x: Floats, y: Floats, site_x: Floats, site_y: Floats, ms_per_m: float
) -> Longs:
    """Label points with the site nearest in a straight line; ties go to the first site.

    Parameters
    ----------
    x, y, site_x, site_y
        Metres, shapes (points,) and (sites,); sites in the order of their ids.
    ms_per_m
        Milliseconds per metre of straight line.

    Returns
    -------
    int64 array, shape (points,)
        Packed (time in ms, index of the site), or UNREACHED when there are no sites.
    """
    label = np.full(len(x), UNREACHED, dtype=np.int64)
    for point in range(len(x)):
        best = UNREACHED
        for site in range(len(site_x)):
            metres = np.sqrt((x[point] - site_x[site]) ** 2 + (y[point] - site_y[site]) ** 2)
            found = (np.int64(np.rint(metres * ms_per_m)) << _RANK_BITS) | site
            best = min(best, found)
        label[point] = best
    return label
