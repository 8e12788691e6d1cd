"""What one would use instead: networkx as OSMnx's examples do, scipy, unions of buffers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from stemgeo.study import ROAD_BUFFER_M

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from stemgeo.access.travel_time import Rider

    Ints = NDArray[np.int32]
    Floats = NDArray[np.float64]

AT_ONCE = 20
"""Sources that scipy gets in one call: its answer is a dense row of nodes for each."""


def arcs_backward(rider: Rider) -> tuple[Ints, Ints, Ints]:
    """List the arcs turned round, each pair of nodes once: from, to and milliseconds."""
    first, tail, _ = rider.network.arcs
    head = np.repeat(np.arange(rider.network.nodes, dtype=np.int32), np.diff(first))
    order = np.lexsort((rider.arc_ms, tail, head))
    head, tail, ms = head[order], tail[order], rider.arc_ms[order]
    quickest = np.append(True, (np.diff(head) != 0) | (np.diff(tail) != 0))[: len(head)]
    return head[quickest], tail[quickest], ms[quickest]


def as_scipy(rider: Rider) -> csr_array:
    """Give the graph turned round as a sparse matrix of milliseconds."""
    head, tail, ms = arcs_backward(rider)
    nodes = rider.network.nodes
    first = np.searchsorted(head, np.arange(nodes + 1))
    return csr_array((ms.astype(np.float64), tail, first), shape=(nodes, nodes))


def as_networkx(rider: Rider) -> nx.DiGraph[int]:
    """Give the graph turned round as networkx has it."""
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(rider.network.nodes))
    graph.add_weighted_edges_from(
        zip(*(column.tolist() for column in arcs_backward(rider)), strict=True), weight="ms"
    )
    return graph


def reach_by_ego_graph(
    graph: nx.DiGraph[int], sources: Ints, horizon_ms: int
) -> list[NDArray[np.int64]]:
    """Find the nodes that each source reaches: the recipe of OSMnx's isochrone example."""
    found = (nx.ego_graph(graph, int(one), horizon_ms, distance="ms") for one in sources)
    return [np.sort(np.fromiter(nodes, dtype=np.int64)) for nodes in found]


def reach_by_scipy(
    matrix: csr_array, sources: Ints, horizon_ms: int
) -> Iterator[tuple[NDArray[np.int64], Floats]]:
    """Find the nodes that each source reaches, and the times."""
    for begin in range(0, len(sources), AT_ONCE):
        for row in dijkstra(matrix, indices=sources[begin : begin + AT_ONCE], limit=horizon_ms):
            nodes = np.flatnonzero(np.isfinite(row))
            yield nodes, row[nodes]


def nearest_by_scipy(matrix: csr_array, sources: Ints, horizon_ms: int) -> Floats:
    """Give the time of every node to the nearest source, and with it which source that is."""
    times, _, _ = dijkstra(
        matrix, indices=sources, limit=horizon_ms, min_only=True, return_predecessors=True
    )
    return np.asarray(times)


def nearest_by_networkx(graph: nx.DiGraph[int], sources: Ints, horizon_ms: int) -> Floats:
    """Give the time of every node to the nearest source, and the paths that say which that is."""
    found, _ = nx.multi_source_dijkstra(
        graph, set(sources.tolist()), cutoff=horizon_ms, weight="ms"
    )
    times = np.full(len(graph), np.inf)
    times[np.fromiter(found, dtype=np.int64)] = np.fromiter(found.values(), dtype=np.float64)
    return times


def buffered(stretches: Floats) -> shapely.Geometry:
    """Draw the ground beside reached stretches of road as the union of a buffer around each."""
    lines = shapely.linestrings(stretches.reshape(-1, 2, 2))
    return shapely.union_all(shapely.buffer(lines, ROAD_BUFFER_M))


def shared_part(one: shapely.Geometry, other: shapely.Geometry) -> float:
    """Give the area of the intersection over that of the union."""
    both = shapely.intersection(one, other).area
    return float(both / (one.area + other.area - both))
