"""The table: how many times faster than what one would use instead, in the same run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import osmium
import shapely
from bench import opponents, porto
from bench.timing import THREADS, alone, best, once

from stemgeo.access.areas import draw_catchments, reached_stretches
from stemgeo.access.search import (
    UNREACHED,
    UNREACHED_MS,
    label_nearest,
    pack_labels,
    search_each,
    unpack_labels,
)
from stemgeo.access.travel_time import Rider, minutes_to_ms
from stemgeo.network.osm import read_roads
from stemgeo.network.snap import TiedPoints

if TYPE_CHECKING:
    import networkx as nx
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from stemgeo.network.graph import Network

    Ints = NDArray[np.int32]
    Answers = list[tuple[NDArray[np.int64], NDArray[np.int64]]]

REACH_MS = minutes_to_ms(15)
HORIZON_MS = minutes_to_ms(60)
KMH = 15.0
EGO_SAMPLE, SCIPY_SAMPLE, DRAWN = 10, 20, 5
CELL_M = 50.0
"""Cells of the isochrones compared: as coarse as LEAST_IOU allows; the default is finer."""
LEAST_IOU = 0.98


@dataclass(frozen=True)
class Row:
    """One line of the table; `aim` is what the ratio should be."""

    what: str
    where: str
    against: str
    ours_s: float
    theirs_s: float
    aim: str
    note: str = ""

    def __str__(self) -> str:
        ratio = self.theirs_s / self.ours_s
        cells = [self.what, self.where, self.against, f"{self.ours_s:.3g}", f"{self.theirs_s:.3g}"]
        return "| " + " | ".join([*cells, f"**{ratio:.3g}**", self.aim, self.note]) + " |"


def rider_of(network: Network, horizon: int = REACH_MS) -> Rider:
    """Give someone of 15 km/h."""
    return Rider(network, network.travel_times(KMH), horizon)


def some_nodes(network: Network, count: int, seed: int = 6) -> Ints:
    """Choose nodes of streets that are no island, each once."""
    linked = np.unique(network.edge_start[network.segment_edge[network.door]])
    return np.random.default_rng(seed).choice(linked, count, replace=False)


def our_reach(rider: Rider, sources: Ints, horizon: int) -> tuple[NDArray[np.int64], Ints, Ints]:
    """Search from each source by itself, on all cores."""
    none = np.zeros(len(sources), dtype=np.int64)
    first = np.arange(len(sources) + 1, dtype=np.int32)
    return search_each(rider.arcs, sources, none, first, horizon, threads=THREADS)


def answers(packed: tuple[NDArray[np.int64], Ints, Ints], count: int) -> Answers:
    """Take the first searches apart: the nodes of each, rising, and their times."""
    offsets, nodes, times = packed
    parts = [slice(offsets[one], offsets[one + 1]) for one in range(count)]
    orders = [np.argsort(nodes[part]) for part in parts]
    return [(nodes[p][o], times[p][o]) for p, o in zip(parts, orders, strict=True)]


def reach_rows(where: str, network: Network, academies: int, *, threads: str) -> list[Row]:
    """Search from each academy by itself, against networkx and scipy; the sets are the same."""
    rider, sources = rider_of(network), some_nodes(network, academies)
    our_reach(rider, sources[:1], REACH_MS)
    ours_s, packed = best(lambda: our_reach(rider, sources, REACH_MS))
    found = answers(packed, SCIPY_SAMPLE)
    matrix = opponents.as_scipy(rider)
    few = sources[:SCIPY_SAMPLE]
    scipy_s, by_scipy = best(lambda: list(opponents.reach_by_scipy(matrix, few, REACH_MS)), 2)
    for (nodes, times), (their_nodes, their_times) in zip(found, by_scipy, strict=True):
        assert np.array_equal(nodes, their_nodes)
        assert np.array_equal(times, their_times)
    graph = opponents.as_networkx(rider)
    fewer = sources[:EGO_SAMPLE]
    ego_s, by_ego = once(lambda: opponents.reach_by_ego_graph(graph, fewer, REACH_MS))
    for (nodes, _), their_nodes in zip(found[:EGO_SAMPLE], by_ego, strict=True):
        assert np.array_equal(nodes, their_nodes)
    what = f"reach of {academies} academies within 15 min"
    return [
        Row(what, where, "`networkx.ego_graph`", ours_s, ego_s * academies / EGO_SAMPLE,
            "150", f"{EGO_SAMPLE} searched, scaled; {threads}"),
        Row(what, where, "scipy `dijkstra(limit=)`", ours_s, scipy_s * academies / SCIPY_SAMPLE,
            "3, 10 at 2 M", f"{SCIPY_SAMPLE} searched, scaled; {threads}"),
        *_nearest_rows(where, rider, matrix, graph, sources),
    ]  # fmt: skip


def _nearest_rows(
    where: str, rider: Rider, matrix: csr_array, graph: nx.DiGraph[int], sources: Ints
) -> list[Row]:
    """Find the nearest academy of every node; the times are the same."""
    label = pack_labels(np.zeros(len(sources), dtype=np.int64), np.arange(len(sources)))
    arcs = rider.arcs
    ours_s, found = best(lambda: label_nearest(arcs, sources, label, HORIZON_MS))
    times = np.where(found == UNREACHED, np.inf, unpack_labels(found)[0])
    scipy_s, by_scipy = best(lambda: opponents.nearest_by_scipy(matrix, sources, HORIZON_MS), 2)
    assert np.array_equal(times, by_scipy)
    networkx_s, by_networkx = once(
        lambda: opponents.nearest_by_networkx(graph, sources, HORIZON_MS)
    )
    assert np.array_equal(times, by_networkx)
    what = f"nearest of {len(sources)} academies, all nodes, 60 min"
    return [
        Row(what, where, "scipy `min_only=True`", ours_s, scipy_s, "4", "one core"),
        Row(what, where, "networkx multi-source", ours_s, networkx_s, "100",
            "with the paths, which say the academy; one core"),
    ]  # fmt: skip


def isochrone_row(where: str, network: Network) -> Row:
    """Draw the isochrones of a few academies, against the union of buffers around the roads."""
    rider = rider_of(network)
    chosen = np.random.default_rng(7).choice(np.unique(network.segment_edge[network.door]), DRAWN)
    first = network.first_segment[chosen]
    nothing = np.zeros(DRAWN, dtype=np.int32)
    at_start = TiedPoints(
        np.arange(DRAWN + 1), first, nothing, nothing, np.zeros(DRAWN), nothing.astype(np.bool_)
    )
    ids = np.array([str(one) for one in range(DRAWN)], dtype=object)
    draw_catchments(rider, at_start, ids, (15.0,), CELL_M)
    ours_s, drawn = best(lambda: draw_catchments(rider, at_start, ids, (15.0,), CELL_M))
    offsets, nodes, times = rider.search_each_site(at_start)

    def buffered() -> list[shapely.Geometry]:
        found = []
        for one in range(DRAWN):
            part = slice(offsets[one], offsets[one + 1])
            of_node = np.full(network.nodes, UNREACHED_MS, dtype=np.int64)
            of_node[nodes[part]] = times[part]
            alone_ = at_start.take_points(np.array([one]))
            stretches = reached_stretches(rider, alone_, of_node, REACH_MS)
            found.append(opponents.buffered(stretches))
        return found

    theirs_s, unions = once(buffered)
    least = min(map(opponents.shared_part, drawn.geometry, unions))
    assert least >= LEAST_IOU
    note = f"IoU {least:.4f} or more, cells of {CELL_M:.0f} m"
    what = f"isochrone polygons of {DRAWN} academies, 15 min"
    return Row(what, where, "union of buffered edges", ours_s, theirs_s, "40", note)


def whole_rows(extract: Path, folder: Path) -> list[Row]:
    """Go from an extract to coverage, against OSMnx and networkx doing the same."""
    points, roads = folder / "points.npz", folder / "roads.osm"
    porto.scatter(extract, points)
    porto.roads_only(extract, roads)
    runs = [alone("bench.porto", "stemgeo", str(extract), str(points)) for _ in range(3)]
    ours = min(runs, key=lambda run: run["seconds"])
    theirs = alone("bench.porto", "osmnx", str(roads), str(points))
    what = f"extract to coverage, {porto.ACADEMIES} academies, {porto.POINTS:,} points"
    against, note = "OSMnx and networkx", f"covered {ours['share']:.3f} and {theirs['share']:.3f}"
    imports = f"imports: {ours['imported_mib']:.0f} and {theirs['imported_mib']:.0f}"
    memory, beyond = "peak memory of the same, MiB", "the same beyond what imports take, MiB"
    return [
        Row(what, "Porto", against, ours["seconds"], theirs["seconds"], "30", note),
        Row(memory, "Porto", against, ours["peak_mib"], theirs["peak_mib"], "8"),
        Row(beyond, "Porto", against, *map(_beyond, (ours, theirs)), "", imports),
    ]


def _beyond(run: dict[str, float]) -> float:
    return run["peak_mib"] - run["imported_mib"]


def reading_row(extract: Path) -> Row:
    """Read the roads of an extract, against osmium's own filtered pass."""

    def passed() -> int:
        files = osmium.FileProcessor(str(extract)).with_locations()
        return sum(1 for _ in files.with_filter(osmium.filter.KeyFilter("highway")))

    ours_s, _ = best(lambda: read_roads([extract]), 5)
    theirs_s, _ = best(passed, 5)
    note = f"{ours_s / theirs_s:.2f} times as long"
    return Row("first read of the roads", "Porto", "osmium, filtered pass with locations",
               ours_s, theirs_s, "0.67 (1.5 times as long)", note)  # fmt: skip
