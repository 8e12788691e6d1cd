"""Roads between villages: which there are, where they run, and how important they are."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

import networkx as nx
import numpy as np
import shapely
from scipy.spatial import Delaunay, cKDTree

from schematic.corridors import Corridor
from schematic.drawing import Drawing, Point
from schematic.ground import BRUSSELS, Ground, Village
from schematic.lots import stream
from schematic.streets import Cell, Plan

CLASSES = ("primary", "secondary", "tertiary", "unclassified")
"""From the most to the least important."""

LONGEST_M = 9000
BRIDGE_EVERY_M = 5500


@dataclass(frozen=True)
class Link:
    """A road from the rim of one village to the rim of another.

    `a` and `b` are village numbers, `gates` the cells of their plans where the road begins and
    ends, `needed` says that the land would fall apart without it.
    """

    a: int
    b: int
    gates: tuple[Cell, Cell]
    coords: list[Point]
    needed: bool
    kind: str = ""

    @property
    def line(self) -> shapely.LineString:
        """The road as a geometry."""
        return shapely.LineString(self.coords)

    @property
    def key(self) -> tuple[int, int]:
        """The two villages."""
        return self.a, self.b


def make_links(
    ground: Ground, plans: list[Plan], drawing: Drawing, canals: list[Corridor]
) -> tuple[list[Link], Link]:
    """Find the roads between villages.

    Returns
    -------
    links, ferry
        The roads, with their classes, and the road whose crossing is made by ferry.
    """
    links = [_link(plans, drawing, a, b, needed=needed) for a, b, needed in _neighbours(ground)]
    links = _clear_of_villages(links, plans, drawing)
    links, ferry = _few_bridges(links, canals)
    return _classify(links, ground.villages), ferry


def gabriel(points: np.ndarray) -> list[tuple[int, int]]:
    """Pairs of points with no third inside the circle between them, in order."""
    triangles = Delaunay(points).simplices
    pairs = np.unique(np.sort(np.vstack([triangles[:, [0, 1]], triangles[:, [1, 2]],
                                         triangles[:, [0, 2]]]), axis=1), axis=0)  # fmt: skip
    ends = points[pairs]
    half = np.hypot(*(ends[:, 0] - ends[:, 1]).T) / 2
    nearest, _ = cKDTree(points).query(ends.mean(axis=1))
    return [(int(a), int(b)) for a, b in pairs[nearest > half - 0.01]]


def _neighbours(ground: Ground) -> Iterable[tuple[int, int, bool]]:
    """Pairs of villages to be joined, and whether all depends on it."""
    points = np.array([(village.x, village.y) for village in ground.villages])
    graph: nx.Graph[int] = nx.Graph()
    for a, b in gabriel(points):
        graph.add_edge(a, b, length=math.dist(points[a], points[b]))
    tree = nx.minimum_spanning_tree(graph, weight="length")
    land = ground.outline.buffer(600)
    shapely.prepare(land)
    for a, b, length in sorted(graph.edges(data="length")):
        needed = tree.has_edge(a, b)
        if needed or (length < LONGEST_M and land.covers(shapely.LineString(points[[a, b]]))):
            yield min(a, b), max(a, b), needed


def _link(plans: list[Plan], drawing: Drawing, a: int, b: int, *, needed: bool) -> Link:
    gates = (_gate(plans[a], drawing, plans[b].village), _gate(plans[b], drawing, plans[a].village))
    start = drawing.coords[plans[a].points[gates[0]]]
    end = drawing.coords[plans[b].points[gates[1]]]
    return Link(a, b, gates, curve(start, end, stream("link", a, b)), needed)


def _gate(plan: Plan, drawing: Drawing, towards: Village) -> Cell:
    """Crossing of a village that is nearest to another village."""
    return min(
        plan.points,
        key=lambda cell: (
            math.dist(drawing.coords[plan.points[cell]], (towards.x, towards.y)),
            cell,
        ),
    )


def curve(start: Point, end: Point, lot: random.Random) -> list[Point]:
    """Wind mildly from start to end, with a point every 330 m or so."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = math.hypot(dx, dy)
    bow, swing = lot.uniform(-0.07, 0.07), lot.uniform(-0.03, 0.03)
    steps = max(1, round(length / 330))
    points = [start]
    for k in range(1, steps):
        t = (k + lot.uniform(-0.2, 0.2)) / steps
        aside = bow * math.sin(math.pi * t) + swing * math.sin(2 * math.pi * t)
        aside += lot.uniform(-7, 7) / length
        points.append((start[0] + t * dx - aside * dy, start[1] + t * dy + aside * dx))
    return [*points, end]


def _clear_of_villages(links: list[Link], plans: list[Plan], drawing: Drawing) -> list[Link]:
    """Leave out roads that would cut through the streets of a third village."""
    hulls = [
        shapely.MultiPoint([drawing.coords[i] for i in plan.points.values()]).convex_hull
        for plan in plans
    ]
    lines = [link.line for link in links]
    touched = shapely.STRtree(hulls).query(lines, predicate="intersects").T
    spoiled = {int(i) for i, hull in touched if int(hull) not in links[i].key}
    return [link for i, link in enumerate(links) if link.needed or i not in spoiled]


def _few_bridges(links: list[Link], canals: list[Corridor]) -> tuple[list[Link], Link]:
    """Keep a road over a canal every few kilometres, and what would be cut off without."""
    over: dict[tuple[int, int], list[tuple[int, float]]] = {}
    for link in links:
        spots = _crossings(link, canals)
        if spots:
            over[link.key] = spots
    kept = {link.key for link in links if link.key not in over}
    kept |= _spaced(over)
    joined = nx.utils.UnionFind(i for link in links for i in link.key)
    for key in sorted(kept):
        joined.union(*key)
    for key in sorted(set(over) - kept):
        if joined[key[0]] != joined[key[1]]:
            joined.union(*key)
            kept.add(key)
    ferry = _ferry([link for link in links if link.key not in kept], over)
    return [link for link in links if link.key in kept], ferry


def _crossings(link: Link, canals: list[Corridor]) -> list[tuple[int, float]]:
    """Canals that a road crosses, each with the distance along it."""
    return [
        (number, canal.line.project(spot.centroid))
        for number, canal in enumerate(canals)
        if link.line.intersects(canal.line)
        for spot in shapely.get_parts(link.line.intersection(canal.line))
    ]


def _spaced(over: dict[tuple[int, int], list[tuple[int, float]]]) -> set[tuple[int, int]]:
    """Roads that cross one canal once, far enough from the bridge before."""
    kept: set[tuple[int, int]] = set()
    last: dict[int, float] = defaultdict(lambda: -2000.0)
    for key, spots in sorted(over.items(), key=lambda item: (item[1], item[0])):
        number, along = spots[0]
        if len(spots) == 1 and along - last[number] >= BRIDGE_EVERY_M:
            kept.add(key)
            last[number] = along
    return kept


def _ferry(dropped: list[Link], over: dict[tuple[int, int], list[tuple[int, float]]]) -> Link:
    """Choose the crossing of the first canal nearest to its 40th kilometre."""
    simple = [link for link in dropped if len(over[link.key]) == 1 and over[link.key][0][0] == 0]
    return min(simple, key=lambda link: (abs(over[link.key][0][1] - 40_000), link.key))


def _classify(links: list[Link], villages: list[Village]) -> list[Link]:
    """Name the roads: between large towns primary, between towns secondary, and so on."""
    graph: nx.Graph[int] = nx.Graph()
    for link in links:
        graph.add_edge(link.a, link.b, length=link.line.length)
    kinds: dict[tuple[int, int], str] = {}
    centres = sorted(
        (v for v in villages if v.is_centre and v.province != BRUSSELS),
        key=lambda v: (-v.children, v.index),
    )
    for kind, count in (("primary", 42), ("secondary", 130), ("tertiary", len(centres))):
        for a, b in _routes(graph, centres[:count]):
            kinds.setdefault((min(a, b), max(a, b)), kind)
    return [replace(link, kind=kinds.get(link.key) or _quiet_kind(link)) for link in links]


def _quiet_kind(link: Link) -> str:
    """Choose the class of a road that no way between towns uses."""
    return "tertiary" if stream("class", *link.key).random() < 0.3 else "unclassified"


def _routes(graph: nx.Graph[int], towns: list[Village]) -> Iterable[tuple[int, int]]:
    """Roads on the shortest ways between neighbouring towns."""
    for a, b in gabriel(np.array([(town.x, town.y) for town in towns])):
        path = nx.shortest_path(graph, towns[a].index, towns[b].index, weight="length")
        yield from pairwise(path)


def lead_through(links: list[Link], plans: list[Plan]) -> None:
    """Carry each road on from the rim of a village to its centre, the most important first."""
    for link in sorted(links, key=lambda link: CLASSES.index(link.kind)):
        for number, gate in zip(link.key, link.gates, strict=True):
            plans[number].carry(gate, link.kind)
