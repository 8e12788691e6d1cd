"""Which roads and children are near a place along the roads, of a whole land in a few steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from stemgeo.access.search import pack_arcs, search_each
from stemgeo.arrays import list_once, list_ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stemgeo.access.search import Arcs
    from stemgeo.network.graph import Network
    from stemgeo.network.snap import TiedPoints

    Ints = NDArray[np.int32]
    Indices = NDArray[np.intp]


@dataclass(frozen=True, repr=False)
class AlongRoads:
    """The edges at each node of a network, and the ties of points on each segment.

    Every edge is passed both ways, whoever may ride it: what is near is so for all profiles.

    Attributes
    ----------
    network, points
        That were sorted.
    arcs, edge
        From node to node in millimetres, and the edge of each arc.
    first_tie, tie
        Segment s has the ties `tie[first_tie[s]:first_tie[s + 1]]`.
    """

    network: Network
    points: TiedPoints
    arcs: Arcs
    edge: Ints
    first_tie: Ints
    tie: Ints

    @classmethod
    def from_network(cls, network: Network, points: TiedPoints) -> AlongRoads:
        """Sort the edges of a network by node, and the ties of points by segment."""
        start, end = network.edge_start, network.edge_end
        first, arc = _group(np.concatenate([start, end]), network.nodes)
        edge = arc % np.int32(max(network.edges, 1))
        length_mm = np.add.reduceat(network.length_mm, network.first_segment[:-1])
        arcs = first, pack_arcs(np.concatenate([end, start])[arc], length_mm[edge])
        return cls(network, points, arcs, edge, *_group(points.segment, len(network.length_mm)))

    def list_edges(self, edges: Indices, far_m: float) -> Indices:
        """List some edges, and those with an end within a distance of them along the roads."""
        node = list_once(np.array([self.network.edge_start[edges], self.network.edge_end[edges]]))
        at_once, nothing = np.array([0, len(node)], np.int32), np.zeros(len(node), np.int64)
        _, near, _ = search_each(self.arcs, node, nothing, at_once, int(far_m * 1000), threads=1)
        first, _ = self.arcs
        _, arc = list_ranges(first[near], first[near + 1])
        return list_once(np.concatenate([edges, self.edge[arc]]))

    def list_edges_at(self, node: int) -> Ints:
        """List the edges at a node."""
        first, _ = self.arcs
        return self.edge[first[node] : first[node + 1]]

    def list_points(self, edges: Indices) -> Indices:
        """List the points that are tied to any of some edges."""
        segment = self.network.first_segment
        _, at = list_ranges(self.first_tie[segment[edges]], self.first_tie[segment[edges + 1]])
        return list_once(self.points.owner[self.tie[at]])


def _group(owner: Ints, owners: int) -> tuple[Ints, Ints]:
    """Sort what belongs to owners by these: where those of each begin, and which these are."""
    from scipy.sparse import coo_array

    number: NDArray[Any] = np.arange(len(owner), dtype=np.int32)
    shape = owners, len(owner)
    by_owner = coo_array((np.ones(len(owner), np.bool_), (owner, number)), shape=shape).tocsr()
    return by_owner.indptr, by_owner.indices
