"""Our half of the comparison: the shortest and the fastest ways over a `Network`."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
from pyproj import Transformer

from stemgeo.access.search import UNREACHED, unpack_labels
from stemgeo.access.travel_time import Rider, minutes_to_ms
from stemgeo.network import Network, bicycle, snap_points
from stemgeo.network.crossings import NO_WAY
from stemgeo.network.osm import read_roads

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path as OsPath

    from numpy.typing import NDArray

    from stemgeo.network import TiedPoints
    from stemgeo.network.osm import RoadSegments

    Floats = NDArray[np.float64]

    Place = tuple[float, float]
    """Latitude and longitude, degrees."""
    Pair = tuple[Place, Place]

METRES_PER_MS = 36 / 3600
"""At 36 km/h on every road, so that the kernel's times are lengths."""

APART_M = (500.0, 5000.0)
"""As far as a child may ride in 15 minutes; shorter ones are all rounding."""

START, END = -1, -2


@dataclass(frozen=True)
class Path:
    """A way from one place to another: its length and the OSM ways it uses."""

    length_m: float
    ways: frozenset[int]


def draw_pairs(
    network: Network, count: int, rng: np.random.Generator, usable: Collection[int]
) -> list[Pair]:
    """Draw pairs of places on the roads, each metre of road as likely as any other.

    Parameters
    ----------
    network
        The network.
    count
        How many.
    rng
        Where chance comes from.
    usable
        OSM ways on which places may lie.
    """
    on = network.door & ~network.island[network.segment_edge]
    on &= np.isin(network.way, list(usable))
    weight = np.where(on, network.length_mm, 0).astype(float)
    first = np.arange(len(weight)) + network.segment_edge  # first vertex of each segment
    x, y = network.vertex_x[first], network.vertex_y[first]
    to_degrees = Transformer.from_crs(network.crs, "EPSG:4326", always_xy=True)

    def place(segment: int) -> Place:
        share, vertex = rng.uniform(0.1, 0.9), first[segment]
        east = network.vertex_x[vertex] * (1 - share) + network.vertex_x[vertex + 1] * share
        north = network.vertex_y[vertex] * (1 - share) + network.vertex_y[vertex + 1] * share
        lon, lat = to_degrees.transform(east, north)
        return lat, lon

    pairs: list[Pair] = []
    while len(pairs) < count:
        start = int(rng.choice(len(weight), p=weight / weight.sum()))
        apart = np.hypot(x - x[start], y - y[start])
        near = weight * ((apart >= APART_M[0]) & (apart <= APART_M[1]))
        if near.any():
            pairs.append((place(start), place(int(rng.choice(len(near), p=near / near.sum())))))
    return pairs


def shortest_m(network: Network, pairs: list[Pair]) -> Floats:
    """Length of the shortest way of each pair by the product's own kernel; inf when none."""
    flat = tuple(
        ride if ride.mode == bicycle.CLOSED else bicycle.Ride(bicycle.RIDE)
        for ride in network.rides
    )
    ms = fastest_ms(dataclasses.replace(network, rides=flat), pairs, 36.0)
    return ms * METRES_PER_MS


def fastest_ms(network: Network, pairs: list[Pair], speed_kmh: float) -> Floats:
    """Time of the fastest way of each pair by the product's own kernel; inf when none."""
    # The places were drawn once for all: what is an island here must not move them, nor a way on
    # foot that runs along the road.
    network = dataclasses.replace(
        network, door=network.way != NO_WAY, island=np.zeros_like(network.island)
    )
    rider = Rider(network, network.travel_times(speed_kmh), minutes_to_ms(1000))
    starts, ends = (_places(network, [pair[i] for pair in pairs]) for i in range(2))
    found = np.full(len(pairs), np.inf)
    for i in range(len(pairs)):
        one = np.array([i])
        label = rider.find_nearest(
            ends.take_points(one), starts.take_points(one), np.zeros(1, dtype=np.intp)
        )
        if label[0] != UNREACHED:
            found[i] = unpack_labels(label)[0][0]
    return found


def without_pushing(extract: OsPath) -> Network:
    """Read the network with all closed along which we would push."""
    roads = read_roads([extract])
    rides = tuple(bicycle.NOT_AT_ALL if ride.mode == bicycle.PUSH else ride for ride in roads.rides)
    return Network.from_roads(nothing_beside_main(dataclasses.replace(roads, rides=rides)))


def nothing_beside_main(roads: RoadSegments) -> RoadSegments:
    """Give the roads without the ways on foot from where streets meet main roads."""
    return dataclasses.replace(roads, by_main=np.zeros_like(roads.by_main))


def _places(network: Network, places: list[Place]) -> TiedPoints:
    to_metres = Transformer.from_crs("EPSG:4326", network.crs, always_xy=True)
    lat, lon = np.array(places).T
    # One tie and no walk: the peer is given the place on the road.
    tied = snap_points(
        network, *to_metres.transform(lon, lat), within_m=5.0, limit_m=5.0
    ).keep_nearest()
    return dataclasses.replace(tied, walk_mm=np.zeros_like(tied.walk_mm))


class Paths:
    """Ways over a network, found by networkx: slow, but they say where they run."""

    def __init__(self, network: Network, speed_kmh: float) -> None:
        self.network = network
        self.graph = network.to_networkx(speed_kmh)

    def find(self, pairs: list[Pair], weight: str) -> list[Path | None]:
        """Find the way of least `weight` ("length" or "travel_time_ms") of each pair."""
        starts, ends = (_places(self.network, [pair[i] for pair in pairs]) for i in range(2))
        return [
            self._find(starts.take_points(np.array([i])), ends.take_points(np.array([i])), weight)
            for i in range(len(pairs))
        ]

    def _find(self, start: TiedPoints, end: TiedPoints, weight: str) -> Path | None:
        self._tie(start, START)
        self._tie(end, END)
        try:
            _, nodes = nx.bidirectional_dijkstra(self.graph, START, END, weight=weight)
        except nx.NetworkXNoPath:
            return None
        finally:
            self.graph.remove_nodes_from([START, END])
        return self._path(start, end, nodes, weight)

    def _tie(self, place: TiedPoints, name: int) -> None:
        """Join a place to both ends of its edge, as far as its directions allow."""
        self.graph.add_node(name)
        for node, leaving, parts in self._stubs(place):
            if leaving == (name == START):
                ends = (name, node) if leaving else (node, name)
                self.graph.add_edge(*ends, **parts)

    def _stubs(self, place: TiedPoints) -> list[tuple[int, bool, dict[str, Any]]]:
        """Give the pieces of edge between a place and its neighbours: (node, leaving, weights)."""
        network, edge = self.network, self._edge(place)
        whole_m = float(network.edge_length_m[edge])
        first = network.first_segment[edge]
        before_mm = network.length_mm[first : place.segment[0]].sum() + place.offset_mm[0]
        share = float(before_mm) / 1000 / whole_m
        ends = int(network.edge_start[edge]), int(network.edge_end[edge])
        stubs = []
        for key, part_in, tail, head in (
            (2 * edge, share, ends[0], ends[1]),
            (2 * edge + 1, 1 - share, ends[1], ends[0]),
        ):
            data = self.graph.get_edge_data(tail, head, key)
            if data is not None:
                for node, leaving, part in ((head, True, 1 - part_in), (tail, False, part_in)):
                    weights = {w: data[w] * part for w in ("length", "travel_time_ms")}
                    stubs.append((node, leaving, weights))
        return stubs

    def _path(self, start: TiedPoints, end: TiedPoints, nodes: list[int], weight: str) -> Path:
        """Measure a path; its ways are those of its whole edges and of the edges at its ends."""
        length_m, edges = 0.0, [self._edge(start), self._edge(end)]
        # Both stubs are gone from the graph: their lengths are found anew.
        for place, leaving, node in ((start, True, nodes[1]), (end, False, nodes[-2])):
            stubs = [p for n, out, p in self._stubs(place) if n == node and out == leaving]
            length_m += min(stubs, key=lambda parts: parts[weight])["length"]
        for tail, head in pairwise(nodes[1:-1]):
            key, data = min(self.graph[tail][head].items(), key=lambda item: item[1][weight])
            edges.append(key // 2)
            length_m += data["length"]
        return Path(length_m, frozenset(int(way) for edge in edges for way in self._ways(edge)))

    def _edge(self, place: TiedPoints) -> int:
        return int(self.network.segment_edge[place.segment[0]])

    def _ways(self, edge: int) -> NDArray[np.int64]:
        first, last = self.network.first_segment[edge : edge + 2]
        return np.unique(self.network.way[first:last])
