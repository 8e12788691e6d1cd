"""Long lines through the land: canals, motorways and cycle highways.

Each follows the borders between villages from town to town, straightened, so that it keeps away
from their hearts.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

import networkx as nx
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from schematic.ground import Ground

CANALS = {
    "Voorbeeldkanaal Antwerpen-Maas": ("Antwerpen", "Grobbendonk", "Geel", "Beringen", "Genk",
                                       "Maasmechelen"),
    "Voorbeeldkanaal Gent-Kust": ("Gent", "Aalter", "Beernem", "Oudenburg", "Oostende"),
    "Voorbeeldkanaal Brussel-Schelde": ("Vilvoorde", "Kapelle-op-den-Bos", "Willebroek"),
}  # fmt: skip
MOTORWAYS = {
    "E 1": ("Oostende", "Jabbeke", "Aalter", "Gent", "Aalst", "Dilbeek"),
    "E 2": ("Kortrijk", "Waregem", "Deinze", "Lokeren", "Beveren", "Wommelgem"),
    "E 3": ("Wommelgem", "Herentals", "Ham", "Hasselt", "Genk", "Lanaken"),
    "E 4": ("Zaventem", "Leuven", "Tienen", "Sint-Truiden", "Tongeren"),
    "E 5": ("Machelen", "Mechelen", "Kontich", "Brecht", "Hoogstraten"),
}
CYCLE_HIGHWAYS = {
    "Fietssnelweg V1": ("Antwerpen", "Lier", "Heist-op-den-Berg", "Aarschot", "Leuven"),
    "Fietssnelweg V2": ("Gent", "Wetteren", "Dendermonde", "Mechelen"),
    "Fietssnelweg V3": ("Brugge", "Torhout", "Roeselare", "Kortrijk"),
    "Fietssnelweg V4": ("Mol", "Balen", "Lommel", "Pelt", "Bree"),
    "Fietssnelweg V5": ("Vilvoorde", "Kortenberg", "Leuven"),
}


@dataclass(frozen=True)
class Corridor:
    """A named line through the land."""

    name: str
    line: shapely.LineString


@dataclass(frozen=True)
class Corridors:
    """The three kinds of lines."""

    canals: list[Corridor]
    motorways: list[Corridor]
    cycle_highways: list[Corridor]

    @property
    def barriers(self) -> BaseGeometry:
        """What a road crosses by a bridge or a tunnel or not at all."""
        return shapely.union_all([c.line for c in (*self.canals, *self.motorways)])


def make_corridors(ground: Ground) -> Corridors:
    """Lay the lines, one after the other; a later one keeps off the borders of an earlier."""
    graph = _border_graph(ground)
    made: dict[str, list[Corridor]] = defaultdict(list)
    plans = {"canals": CANALS, "motorways": MOTORWAYS, "cycle_highways": CYCLE_HIGHWAYS}
    for kind, plan in plans.items():
        for name, towns in plan.items():
            nodes = _route(graph, ground, towns)
            made[kind].append(Corridor(name, _smooth(ground.borders.vertices[nodes])))
            for a, b in pairwise(nodes):
                graph[a][b]["cost"] *= 8
    return Corridors(**made)


def _border_graph(ground: Ground) -> nx.Graph:
    """Borders between villages as a graph; a border in a dense place costs more."""
    borders = ground.borders
    inside = shapely.contains_xy(ground.outline.buffer(-800), borders.vertices)
    graph = nx.Graph()
    for (p, q), (a, b) in zip(borders.ridge_points, borders.ridge_vertices, strict=True):
        if min(a, b) < 0 or not (inside[a] and inside[b]):
            continue
        gap = math.dist(borders.points[p], borders.points[q])
        length = math.dist(borders.vertices[a], borders.vertices[b])
        graph.add_edge(a, b, cost=(length + 20) * (1 + (1500 / gap) ** 2))
    largest = max(nx.connected_components(graph), key=lambda part: (len(part), min(part)))
    return graph.subgraph(largest).copy()


def _route(graph: nx.Graph, ground: Ground, towns: tuple[str, ...]) -> list[int]:
    """Cheapest way along borders past the towns."""
    nodes = np.array(sorted(graph))
    spots = ground.borders.vertices[nodes]
    centres = {v.municipality: (v.x, v.y) for v in reversed(ground.villages) if v.is_centre}
    stops = [int(nodes[np.hypot(*(spots - centres[town]).T).argmin()]) for town in towns]
    route = [stops[0]]
    for a, b in pairwise(stops):
        route += nx.shortest_path(graph, a, b, weight="cost")[1:]
    return _without_returns(route)


def _without_returns(route: list[int]) -> list[int]:
    """Cut out every detour that comes back to a node."""
    kept: list[int] = []
    for node in route:
        if node in kept:
            del kept[kept.index(node) :]
        kept.append(node)
    return kept


def _smooth(coords: np.ndarray) -> shapely.LineString:
    """Straighten a line: points every 250 m, each the mean of its surroundings."""
    line = shapely.LineString(coords)
    along = np.linspace(0, line.length, max(int(line.length / 250), 8) + 1)
    points = shapely.get_coordinates(shapely.line_interpolate_point(line, along))
    for reach in (6, 4, 3):
        points = _mean_of_neighbours(points, reach)
    return shapely.LineString(points).simplify(6.0)


def _mean_of_neighbours(points: np.ndarray, reach: int) -> np.ndarray:
    """Average over `reach` points either side, over fewer near the ends, which stay."""
    smooth = points.copy()
    for i in range(1, len(points) - 1):
        near = min(reach, i, len(points) - 1 - i)
        smooth[i] = points[i - near : i + near + 1].mean(axis=0)
    return smooth
