"""The piece of a network around a place: the same roads with the same times, and few of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from stemgeo.arrays import list_ranges
from stemgeo.network.legs import PieceGrid, build_grid, list_in_box

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stemgeo.network.graph import Network
    from stemgeo.network.legs import Box

    Indices = NDArray[np.intp]

SQUARE_M = 1000.0
"""Side of the squares by which edges and barriers are found."""


@dataclass(frozen=True)
class NetworkSquares:
    """The edges and barriers of a network by square, for all networks of the same edges.

    Attributes
    ----------
    edges, barriers
        Which squares each one's box meets; None where there are no barriers.
    """

    edges: PieceGrid
    barriers: PieceGrid | None

    @classmethod
    def from_network(cls, network: Network) -> NetworkSquares:
        """Sort the edges and barriers of a network."""
        first = network.first_segment[:-1] + np.arange(network.edges)
        ends = [
            find.reduceat(one, first)
            for find in (np.minimum, np.maximum)
            for one in (network.vertex_x, network.vertex_y)
        ]
        west, south, east, north = ends
        walls = None
        if len(network.barriers):
            from_x, from_y, to_x, to_y = (one.copy() for one in network.barriers.T)
            walls = build_grid((from_x, from_y, to_x, to_y), SQUARE_M)
        return cls(build_grid((west, south, east, north), SQUARE_M), walls)

    def list_edges(self, box: Box) -> Indices:
        """List the edges whose squares meet a box: all that pass it, and a few more."""
        return list_in_box(self.edges, box)

    def cut_out(self, network: Network, edges: Indices, box: Box) -> Network:
        """Give some edges of a network, with their own nodes and the barriers in a box.

        Parameters
        ----------
        network
            That was sorted, or another of the same edges.
        edges
            Which of them, in their order; islands stay what they are in the whole.
        box
            Around all legs between doors and these edges.
        """
        found = network.take_edges(edges).drop_idle_nodes()
        if self.barriers is None:
            return found
        near = list_in_box(self.barriers, box)
        return replace(
            found, barriers=network.barriers[near], barrier_kind=network.barrier_kind[near]
        )


def list_segments(network: Network, edges: Indices) -> Indices:
    """List the segments of some edges."""
    _, segment = list_ranges(network.first_segment[edges], network.first_segment[edges + 1])
    return segment
