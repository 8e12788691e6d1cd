"""The streets of one village: a crooked grid with gaps, larger where more children live."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

import networkx as nx
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from schematic.drawing import Drawing, Point, Tags
from schematic.ground import BRUSSELS, Village
from schematic.lots import stream

Cell = tuple[int, int]
_NAMES = (
    "Kerkstraat Dorpsstraat Molenstraat Schoolstraat Nieuwstraat Stationsstraat Veldstraat "
    "Kapelstraat Beekstraat Kasteelstraat Lindestraat Bosstraat Heidestraat Hoogstraat Broekstraat "
    "Berkenlaan Eikenlaan Beukenlaan Acacialaan Wilgenlaan Esdoornlaan Populierenlaan Kastanjelaan "
    "Rozenlaan Tulpenlaan Merelstraat Vinkenlaan Mezenlaan Zwaluwstraat Leeuweriklaan Zandstraat"
    " Korenbloemlaan Meersstraat Akkerstraat Weidestraat Smidsestraat Brouwerijstraat Vlasstraat "
    "Pastoriestraat Kloosterstraat Parkstraat Tuinwijk Ringlaan Zuidstraat Noordstraat Oostveld "
    "Westlaan Bergstraat Dreef Processieweg Groenstraat Hofstraat Vijverstraat Windmolenstraat "
    "Speelpleinstraat Sportlaan Bibliotheekstraat Gildestraat Wolstraat Dries"
)
NAMES = _NAMES.split()
Kind = Literal["residential", "living_street", "pedestrian"]


@dataclass
class Plan:
    """The street plan of a village: points by cell of its grid, and the streets between them.

    Attributes
    ----------
    points
        Point number in the drawing of each cell.
    graph
        Cells joined by streets; `through` on an edge is the class of a road that passes here.
    centre
        The cell in the middle.
    """

    village: Village
    points: dict[Cell, int]
    graph: nx.Graph
    centre: Cell
    gates: set[Cell] = field(default_factory=set)

    def carry(self, gate: Cell, kind: str) -> None:
        """Give the streets from a gate to the centre the class of the road that comes in there.

        A street keeps the class that it got first.
        """
        self.gates.add(gate)
        path = nx.shortest_path(self.graph, gate, self.centre, weight="length")
        for a, b in pairwise(path):
            self.graph[a][b]["through"] = self.graph[a][b]["through"] or kind


def plan_streets(
    drawing: Drawing, village: Village, zone: BaseGeometry, barriers: BaseGeometry
) -> Plan:
    """Lay the grid of a village inside its zone, away from canals and motorways."""
    lot = stream("streets", village.zone_id)
    near = shapely.intersection(barriers, zone.buffer(200))
    spots = _spots(village, zone, near, lot)
    graph = _streets(spots, near, lot)
    centre = min(spots, key=lambda cell: (math.dist(spots[cell], (village.x, village.y)), cell))
    kept = nx.node_connected_component(graph, centre)
    points = {cell: drawing.point(*spots[cell]) for cell in sorted(kept)}
    return Plan(village, points, graph.subgraph(kept).copy(), centre)


def _size(village: Village) -> int:
    """How many crossings a village gets."""
    if village.province == BRUSSELS:
        return 6
    return max(6, min(round(17.5 * (village.children / 400) ** 0.75), 190))


def _spots(
    village: Village, zone: BaseGeometry, barriers: BaseGeometry, lot: random.Random
) -> dict[Cell, Point]:
    """Find the crossings: a turned and shaken grid, its rim uneven, inside the zone."""
    size = _size(village)
    spacing = lot.uniform(140, 195) if size < 60 else lot.uniform(115, 150)
    turn, stretch = lot.uniform(0, math.pi / 2), lot.uniform(0.75, 1.3)
    reach = math.ceil(math.sqrt(size)) + 2
    ranked = []
    for cell in ((i, j) for i in range(-reach, reach + 1) for j in range(-reach, reach + 1)):
        u, v = (spacing * (k + lot.uniform(-0.2, 0.2)) for k in cell)
        x = village.x + u * math.cos(turn) - v * math.sin(turn)
        y = village.y + u * math.sin(turn) + v * math.cos(turn)
        rank = math.hypot(cell[0] * stretch, cell[1] / stretch) * lot.uniform(0.85, 1.2)
        ranked.append((rank, cell, (x, y)))
    coords = np.array([spot for _, _, spot in ranked])
    free = shapely.contains_xy(zone.buffer(-30), coords)
    if not barriers.is_empty:
        free &= shapely.distance(shapely.points(coords), barriers) > 110
    allowed = sorted(entry for entry, good in zip(ranked, free, strict=True) if good)
    spots = {cell: spot for _, cell, spot in allowed[:size]}
    return spots or {(0, 0): (village.x, village.y)}


def _streets(spots: dict[Cell, Point], barriers: BaseGeometry, lot: random.Random) -> nx.Graph:
    """Join neighbours on the grid, leave some out, but cut nothing off."""
    beside = [
        (cell, other)
        for cell in sorted(spots)
        for other in ((cell[0] + 1, cell[1]), (cell[0], cell[1] + 1))
        if other in spots
    ]
    ends = np.array([[spots[one] for one in pair] for pair in beside]).reshape(-1, 2, 2)
    cut = shapely.intersects(barriers, shapely.linestrings(ends))
    pairs = [pair for pair, gone in zip(beside, cut, strict=True) if not gone]
    lot.shuffle(pairs)
    graph = nx.Graph()
    graph.add_nodes_from(sorted(spots))
    joined = nx.utils.UnionFind(spots)
    for a, b in pairs:
        if joined[a] != joined[b] or lot.random() < 0.62:
            joined.union(a, b)
            graph.add_edge(a, b, through="", length=math.dist(spots[a], spots[b]))
    return graph


def draw_streets(drawing: Drawing, plan: Plan) -> None:
    """Draw a plan as ways: grid lines cut where a link is missing or the kind of road changes."""
    lot = stream("ways", plan.village.zone_id)
    names = lot.sample(NAMES, len(NAMES))
    for number, (line, cells) in enumerate(_grid_lines(plan)):
        name = f"{names[number % len(names)]}"
        for kind, run in _runs(plan, cells):
            points = _with_bends(drawing, [plan.points[cell] for cell in run], lot)
            drawing.way(points, _street_tags(kind, name, line, lot))
    _draw_shortcuts(drawing, plan, lot)
    _draw_dead_ends(drawing, plan, lot)


def _grid_lines(plan: Plan) -> list[tuple[str, list[Cell]]]:
    """Rows and columns of the grid, each a list of cells in order."""
    lines: dict[tuple[str, int], list[Cell]] = defaultdict(list)
    for cell in sorted(plan.points):
        lines["row", cell[1]].append(cell)
        lines["column", cell[0]].append(cell)
    return [(kind, cells) for (kind, _), cells in sorted(lines.items())]


def _runs(plan: Plan, cells: list[Cell]) -> list[tuple[str, list[Cell]]]:
    """Cut a grid line into stretches without a gap and of one kind."""
    runs: list[tuple[str, list[Cell]]] = []
    for a, b in pairwise(cells):
        if not plan.graph.has_edge(a, b):
            continue
        kind = plan.graph[a][b]["through"] or _quiet_kind(plan, a, b)
        if runs and runs[-1][0] == kind and runs[-1][1][-1] == a:
            runs[-1][1].append(b)
        else:
            runs.append((kind, [a, b]))
    return runs


def _quiet_kind(plan: Plan, a: Cell, b: Cell) -> Kind:
    """Choose the kind of a street without through traffic: the centre is for walking and play."""
    if plan.centre not in (a, b) or len(plan.points) < 14:
        return "residential"
    town = plan.village.is_centre and plan.village.children > 800
    return "pedestrian" if town and a == plan.centre else "living_street"


def _with_bends(drawing: Drawing, points: list[int], lot: random.Random) -> list[int]:
    """Put a bend in some of the stretches between two crossings."""
    bent = [points[0]]
    for a, b in pairwise(points):
        if lot.random() < 0.16:
            (ax, ay), (bx, by) = drawing.coords[a], drawing.coords[b]
            along, aside = lot.uniform(0.35, 0.65), lot.uniform(-0.1, 0.1)
            x = ax + along * (bx - ax) - aside * (by - ay)
            y = ay + along * (by - ay) + aside * (bx - ax)
            bent.append(drawing.point(x, y))
        bent.append(b)
    return bent


def _street_tags(kind: str, name: str, line: str, lot: random.Random) -> Tags:
    """Tags of a street in a village."""
    tags = {"highway": kind, "name": name}
    if kind == "living_street":
        return tags | {"maxspeed": "20", "surface": "paving_stones"}
    if kind == "pedestrian":
        return tags | {"bicycle": "yes", "surface": "sett"}
    if kind != "residential":
        return tags | {"maxspeed": "50", "surface": "asphalt", "lit": "yes"} | _lane(kind, lot)
    tags["surface"] = lot.choices(
        ("asphalt", "concrete", "paving_stones", "sett", "cobblestone"), (60, 18, 14, 5, 1)
    )[0]
    if lot.random() < 0.5:
        tags["maxspeed"] = "30"
    if lot.random() < 0.03:
        return tags | {"cyclestreet": "yes", "maxspeed": "30"}
    return tags | _one_way(line, lot)


def _lane(kind: str, lot: random.Random) -> Tags:
    """Say what a through road offers cyclists inside the village."""
    if kind == "unclassified" or lot.random() < 0.45:
        return {}
    return lot.choice(
        ({"cycleway:both": "lane"}, {"cycleway:both": "track"}, {"cycleway:both": "no"})
    )


def _one_way(line: str, lot: random.Random) -> Tags:
    """Make some streets one-way, most of them open to cyclists both ways, as in Belgium."""
    if lot.random() > (0.14 if line == "row" else 0.07):
        return {}
    exception = lot.choices(
        ({"oneway:bicycle": "no"}, {"cycleway": "opposite"}, {"cycleway": "opposite_lane"}, {}),
        (55, 8, 4, 33),
    )[0]
    return {"oneway": "yes"} | exception


def _draw_shortcuts(drawing: Drawing, plan: Plan, lot: random.Random) -> None:
    """Draw footpaths, cycle passages and steps through some blocks."""
    for cell in sorted(plan.points):
        far = (cell[0] + 1, cell[1] + 1)
        if far not in plan.points or lot.random() > 0.045:
            continue
        a, b = plan.points[cell], plan.points[far]
        (ax, ay), (bx, by) = drawing.coords[a], drawing.coords[b]
        kind = lot.choices(("footway", "path", "cycleway", "steps"), (45, 25, 22, 8))[0]
        barrier = {"cycleway": {"barrier": "bollard"}, "footway": {"barrier": "cycle_barrier"}}
        middle = drawing.point((ax + bx) / 2, (ay + by) / 2, barrier.get(kind))
        extra = {"cycleway": {"surface": "asphalt"}, "path": {"surface": "fine_gravel"}}
        drawing.way([a, middle, b], {"highway": kind} | extra.get(kind, {}))


def _draw_dead_ends(drawing: Drawing, plan: Plan, lot: random.Random) -> None:
    """Draw short streets and private drives that end among the houses at the rim."""
    heart = drawing.coords[plan.points[plan.centre]]
    for cell in sorted(plan.points):
        if plan.graph.degree(cell) > 2 or cell in plan.gates or lot.random() > 0.16:
            continue
        x, y = drawing.coords[plan.points[cell]]
        away = math.atan2(y - heart[1], x - heart[0]) + lot.uniform(-0.5, 0.5)
        reach = lot.uniform(40, 75)
        end = drawing.point(x + reach * math.cos(away), y + reach * math.sin(away))
        kinds: tuple[Tags, ...] = (
            {"highway": "residential", "surface": "concrete"},
            {"highway": "service", "access": "private"},
            {"highway": "service", "service": "driveway", "access": "private"},
            {"highway": "service"},
        )
        drawing.way([plan.points[cell], end], dict(lot.choices(kinds, (5, 2, 2, 2))[0]))
