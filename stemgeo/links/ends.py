"""From end to end of a change of roads: how long it takes now, and along it once it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from stemgeo.access.search import UNREACHED, label_nearest, pack_labels, unpack_labels
from stemgeo.arrays import starts_of_runs
from stemgeo.network.graph import CLOSED_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from stemgeo.access.travel_time import Rider
    from stemgeo.network.edits import LaidEdits, RoadEdit

    Floats = NDArray[np.float64]
    Indices = NDArray[np.intp]

MS_PER_MIN = 60_000


class EndToEnd(NamedTuple):
    """Minutes from end to end, the slower way of both; NaN where there are no two ends."""

    now: float
    then: float


def measure_ends(
    before: Rider,
    after: Rider,
    laid: LaidEdits,
    edits: Sequence[RoadEdit],
    members: Sequence[int],
) -> EndToEnd:
    """Measure how long one rides from end to end of some edits that are done together.

    Parameters
    ----------
    before, after
        Who rides, with no edit done and with all; within the horizon of the first.
    laid, edits
        The edits.
    members
        The numbers of those that are done.

    Returns
    -------
    EndToEnd
        Infinite where one does not come within the horizon.
    """
    edges = _list_roads(laid, edits, members)
    network = before.network
    node, count = np.unique(network.ends[:, edges], return_counts=True)
    ends = node[count % 2 == 1]
    if len(ends) < 2:
        return EndToEnd(np.nan, np.nan)
    now_ms = _ride_between(before, ends)
    done = _Arcs.along(before, after, edges, _list_free(laid, members))
    far = np.isfinite(now_ms) & ~np.eye(len(ends), dtype=np.bool_)
    row, column = np.nonzero(far)
    then_ms = done.join(ends[row], ends[column], now_ms[far]).find_shortest(ends)
    at = np.stack([network.node_x[ends], network.node_y[ends]], axis=1)
    apart = np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1))
    pair = np.unravel_index(int(apart.argmax()), apart.shape)
    now, then = (
        max(float(ms[pair]), float(ms[pair[::-1]])) / MS_PER_MIN for ms in (now_ms, then_ms)
    )
    return EndToEnd(now, then)


def _list_roads(laid: LaidEdits, edits: Sequence[RoadEdit], members: Sequence[int]) -> Indices:
    """List the edges of edits, each once; of a new road it alone, not what lies beside others."""
    found = [
        laid.edges_of(one)[: 1 if edits[one].change == "add" else None]
        for one in members
        if edits[one].change != "crossing"
    ]
    return np.unique(np.concatenate([np.zeros(0, np.intp), *found]))


def _list_free(laid: LaidEdits, members: Sequence[int]) -> Indices:
    """List the ends of edges at which crossing costs nothing more, as `LaidEdits.ends`."""
    return np.concatenate([np.zeros(0, np.intp), *(laid.ends_of(one) for one in members)])


def _ride_between(rider: Rider, nodes: Indices) -> Floats:
    """Ride from each node to each other, ms; infinite beyond the horizon."""
    nothing = np.zeros(1, dtype=np.int64)
    found = np.full((len(nodes), len(nodes)), np.inf)
    for column, to in enumerate(nodes):
        seed = np.array([to], dtype=np.int32)
        label = label_nearest(rider.arcs, seed, pack_labels(nothing, nothing), rider.horizon_ms)
        there = label[nodes] != UNREACHED
        found[there, column] = unpack_labels(label[nodes])[0][there]
    return found


class _Arcs(NamedTuple):
    """Rides from node to node, ms."""

    leaves: Indices
    comes: Indices
    ms: Floats

    @classmethod
    def along(cls, before: Rider, after: Rider, edges: Indices, free: Indices) -> _Arcs:
        """Give the rides along some edges that are done, with the crossings that are free."""
        tail, head = before.network.ends[:, edges]
        costs = before.times.end_ms.astype(np.int64).ravel()
        at_ends = costs[2 * edges[:, None] + [0, 1]]
        at_ends[np.isin(2 * edges[:, None] + [0, 1], free)] = 0
        leaves, comes = np.append(tail, head), np.append(head, tail)
        rides = after.times.forward_ms[edges], after.times.backward_ms[edges]
        ms = np.concatenate(rides).astype(np.int64)
        is_open = ms < CLOSED_MS
        ms += np.tile(at_ends.sum(axis=1), 2) + before.times.node_ms[leaves]
        return cls(leaves[is_open], comes[is_open], ms[is_open].astype(np.float64))

    def join(self, leaves: Indices, comes: Indices, ms: Floats) -> _Arcs:
        """Give these and others."""
        return _Arcs(*(np.append(a, b) for a, b in zip(self, (leaves, comes, ms), strict=True)))

    def find_shortest(self, nodes: Indices) -> Floats:
        """Ride from each of some nodes to each other, ms; infinite where one cannot."""
        known, number = np.unique(np.concatenate([self.leaves, self.comes]), return_inverse=True)
        if not np.isin(nodes, known).all():
            return np.full((len(nodes), len(nodes)), np.inf)
        leaves, comes = number.reshape(2, -1)
        # Of rides between the same nodes the quickest: a sparse array would add them up.
        order = np.lexsort((self.ms, comes, leaves))
        order = order[starts_of_runs(leaves[order], comes[order])]
        rides = np.maximum(self.ms[order], 1), (leaves[order], comes[order])
        at = np.searchsorted(known, nodes)
        graph = csr_array(rides, shape=(len(known), len(known)))
        return np.asarray(dijkstra(graph, indices=at)[:, at])
