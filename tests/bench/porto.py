"""From an extract to coverage, by stemgeo or by OSMnx and networkx; each a process of its own.

Both get the same academies and points, tie them to the roads, search from every academy by
itself and count the covered points of each square kilometre. What they call near differs: OSMnx
ties to the nearest node and knows no surfaces.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from bench.timing import THREADS, now_mib, once, say

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ACADEMIES, POINTS = 100, 100_000
KMH, MINUTES = 15.0, 15.0
UTM = "EPSG:32629"


def scatter(extract: Path, place: Path) -> None:
    """Write the academies, the points beside streets, and their squares."""
    from stemgeo.network.graph import Network

    network = Network.from_osm(extract)
    random = np.random.default_rng(4)
    segments = np.flatnonzero((network.stress_forward <= 2) & network.door)
    chosen = random.choice(segments, ACADEMIES + POINTS)
    vertex = chosen + network.segment_edge[chosen]
    x, y = (values[vertex] + random.uniform(-20, 20, len(vertex)) for values in _vertices(network))
    _, square = np.unique(x // 1000 * 10_000 + y // 1000, return_inverse=True)
    np.savez(place, x=x, y=y, square=square[ACADEMIES:])


def _vertices(network: Any) -> tuple[Floats, Floats]:
    return network.vertex_x, network.vertex_y


def roads_only(extract: Path, place: Path) -> None:
    """Write the roads of an extract as the XML that OSMnx reads."""
    import osmium

    from stemgeo.network import bicycle

    with osmium.BackReferenceWriter(str(place), ref_src=str(extract), overwrite=True) as writer:
        for way in osmium.FileProcessor(str(extract), osmium.osm.WAY):
            if way.tags.get("highway") in bicycle.HIGHWAYS:
                writer.add(way)


def shares(covered: NDArray[np.bool_], square: NDArray[np.intp]) -> Floats:
    """Give the share of covered points of each square."""
    return np.asarray(np.bincount(square, weights=covered) / np.bincount(square))


def by_stemgeo(extract: Path, place: Path) -> dict[str, Any]:
    """Read, tie, search and count by stemgeo."""
    from stemgeo.access.search import UNREACHED
    from stemgeo.access.travel_time import Rider, minutes_to_ms
    from stemgeo.network.graph import Network
    from stemgeo.network.snap import snap_points

    made, imported = np.load(place), now_mib()
    x, y, square = made["x"], made["y"], made["square"]

    def work() -> tuple[Floats, float]:
        network = Network.from_osm(extract)
        rider = Rider(network, network.travel_times(KMH), minutes_to_ms(MINUTES))
        sites = snap_points(network, x[:ACADEMIES], y[:ACADEMIES])
        points = snap_points(network, x[ACADEMIES:], y[ACADEMIES:])
        rider.search_each_site(sites, threads=THREADS)
        covered = rider.find_nearest(sites, points, np.arange(ACADEMIES)) != UNREACHED
        return shares(covered, square), covered.mean()

    seconds, (_, share) = once(work)
    return {"seconds": seconds, "share": share, "imported_mib": imported}


def by_osmnx(extract: Path, place: Path) -> dict[str, Any]:
    """Read, tie, search and count by OSMnx and networkx, as its examples do."""
    import networkx as nx
    import osmnx as ox

    made, imported = np.load(place), now_mib()
    x, y, square = made["x"], made["y"], made["square"]

    def work() -> tuple[Floats, float]:
        graph = ox.project_graph(ox.graph_from_xml(extract), to_crs=UTM)
        for _, _, data in graph.edges(data=True):
            data["time"] = data["length"] / (KMH / 3.6)
        nodes = np.asarray(ox.nearest_nodes(graph, x, y))
        towards = graph.reverse(copy=False)
        reached: set[int] = set()
        for academy in nodes[:ACADEMIES]:
            reached |= set(nx.ego_graph(towards, academy, MINUTES * 60, distance="time"))
        covered = np.isin(nodes[ACADEMIES:], list(reached))
        return shares(covered, square), covered.mean()

    seconds, (_, share) = once(work)
    return {"seconds": seconds, "share": share, "imported_mib": imported}


if __name__ == "__main__":
    by = {"stemgeo": by_stemgeo, "osmnx": by_osmnx}
    say(by[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3])))
