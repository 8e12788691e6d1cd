"""The roads between villages and the long lines, drawn with their bridges and tunnels."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from itertools import pairwise

import shapely
from shapely.ops import substring

from schematic.corridors import Corridor, Corridors
from schematic.drawing import Drawing, Tags
from schematic.links import Link
from schematic.lots import stream
from schematic.streets import Plan

BRIDGE_HALF_M = 35.0
TOWPATH_M = 48.0
CARRIAGEWAY_M = 13.0
RAMP_M = 420.0


@dataclass(frozen=True)
class Interchange:
    """Where a motorway meets a main road: the motorway, how far along, and the road's points.

    `left` and `right` are the points of the road where the ramps on that side begin.
    """

    motorway: str
    along: float
    left: int
    right: int


@dataclass(frozen=True)
class _Crossing:
    """A stretch of a line that lies on a bridge or in a tunnel, metres along it."""

    start: float
    end: float
    tags: tuple[tuple[str, str], ...]


BRIDGE = (("bridge", "yes"), ("layer", "1"))
TUNNEL = (("tunnel", "yes"), ("layer", "-1"))


def draw_link(
    drawing: Drawing, link: Link, plans: list[Plan], corridors: Corridors
) -> list[Interchange]:
    """Draw a road between two villages; main roads that cross a motorway join it."""
    lot = stream("road", *link.key)
    ends = tuple(plans[i].points[gate] for i, gate in zip(link.key, link.gates, strict=True))
    tags = _road_tags(link, plans[link.b].village.name.split(" - ")[0], lot)
    crossings = _crossings(link.line, corridors, lot)
    if not crossings:
        _draw_level_road(drawing, link, (ends[0], ends[1]), tags, lot)
        return []
    pieces = _pieces(drawing, link.line, crossings, (ends[0], ends[1]))
    for points, extra in pieces:
        drawing.way(points, tags | extra)
    if link.kind not in {"primary", "secondary"}:
        return []
    return [
        found
        for points, extra in pieces
        if extra
        for found in _interchanges(drawing, points, corridors.motorways)
    ]


def _crossings(
    line: shapely.LineString, corridors: Corridors, lot: random.Random
) -> list[_Crossing]:
    """Bridges and tunnels of a line, in order; near ones become one."""
    over = TUNNEL if lot.random() < 0.25 else BRIDGE
    found = [_stretch(line, c.line, spot, BRIDGE) for c in corridors.canals
             for spot in _spots(line, c.line)]  # fmt: skip
    found += [_stretch(line, c.line, spot, over) for c in corridors.motorways
              for spot in _spots(line, c.line)]  # fmt: skip
    merged: list[_Crossing] = []
    for crossing in sorted(found, key=lambda crossing: crossing.start):
        if merged and crossing.start < merged[-1].end + 5:
            last = merged[-1]
            tags = BRIDGE if BRIDGE in (last.tags, crossing.tags) else TUNNEL
            merged[-1] = _Crossing(last.start, max(last.end, crossing.end), tags)
        else:
            merged.append(crossing)
    return merged


def _spots(line: shapely.LineString, other: shapely.LineString) -> list[shapely.Point]:
    if not line.intersects(other):
        return []
    return [part.centroid for part in shapely.get_parts(line.intersection(other))]


def _stretch(
    line: shapely.LineString,
    other: shapely.LineString,
    spot: shapely.Point,
    tags: tuple[tuple[str, str], ...],
) -> _Crossing:
    """Length of the bridge: longer where the crossing is at a slant."""
    along = line.project(spot)
    slant = abs(math.sin(_heading(line, along) - _heading(other, other.project(spot))))
    half = min(BRIDGE_HALF_M / max(slant, 0.2), 150.0)
    return _Crossing(max(along - half, 2.0), min(along + half, line.length - 2.0), tags)


def _heading(line: shapely.LineString, along: float) -> float:
    a = line.interpolate(max(along - 1, 0))
    b = line.interpolate(min(along + 1, line.length))
    return math.atan2(b.y - a.y, b.x - a.x)


def _pieces(
    drawing: Drawing,
    line: shapely.LineString,
    crossings: list[_Crossing],
    ends: tuple[int, int] | None = None,
) -> list[tuple[list[int], Tags]]:
    """Cut a line into open road and bridges; pieces share the point between them."""
    cuts = [
        0.0,
        *(d for crossing in crossings for d in (crossing.start, crossing.end)),
        line.length,
    ]
    joints = [_point_at(drawing, line, cut) for cut in cuts[1:-1]]
    first, last = ends or (_point_at(drawing, line, 0), _point_at(drawing, line, line.length))
    joints = [first, *joints, last]
    pieces = []
    for i, (start, end) in enumerate(pairwise(cuts)):
        inner = list(substring(line, start, end).coords)[1:-1]
        tags = dict(crossings[i // 2].tags) if i % 2 else {}
        pieces.append(([joints[i], *drawing.points(inner), joints[i + 1]], tags))
    return pieces


def _point_at(drawing: Drawing, line: shapely.LineString, along: float) -> int:
    spot = line.interpolate(along)
    return drawing.point(spot.x, spot.y)


def _road_tags(link: Link, town: str, lot: random.Random) -> Tags:
    """Tags of a road between villages, by its class."""
    tags = {"highway": link.kind, "surface": "asphalt"}
    if link.kind == "primary":
        tags |= {"name": f"Steenweg op {town}", "ref": f"N {lot.randint(100, 199)}"}
        tags |= {"maxspeed": "70", "lit": "yes"} | _cycleway(lot, (40, 35, 15, 10))
    elif link.kind == "secondary":
        tags |= {"name": f"Oude Baan naar {town}", "maxspeed": lot.choice(("50", "70"))}
        tags |= _cycleway(lot, (25, 35, 20, 20))
    elif link.kind == "tertiary":
        tags |= {"name": f"Baan naar {town}", "maxspeed": lot.choice(("50", "70"))}
        tags |= _cycleway(lot, (10, 15, 20, 55))
    else:
        tags["surface"] = lot.choices(("asphalt", "concrete", "concrete:plates", "sett"),
                                      (60, 30, 8, 2))[0]  # fmt: skip
    return tags


def _cycleway(lot: random.Random, weights: tuple[int, ...]) -> Tags:
    """Draw what a road offers cyclists, in the spellings that mappers use."""
    offers: tuple[Tags, ...] = (
        {"cycleway": "track"},
        {"cycleway:both": "track"},
        {"cycleway:both": "lane"},
        {},
    )
    return lot.choices(offers, weights)[0]


def _draw_level_road(
    drawing: Drawing, link: Link, ends: tuple[int, int], tags: Tags, lot: random.Random
) -> None:
    """Draw a road without bridges; along some main roads the cycleway is a way of its own."""
    points = [ends[0], *drawing.points(link.coords[1:-1]), ends[1]]
    apart = {"primary": 0.3, "secondary": 0.12}.get(link.kind, 0.0)
    if len(points) < 6 or lot.random() >= apart:
        drawing.way(points, tags)
        return
    plain = {key: value for key, value in tags.items() if not key.startswith("cycleway")}
    beside = {"cycleway:right": "separate", "cycleway:left": "no", "bicycle": "use_sidepath"}
    drawing.way(points[:2], plain)
    drawing.way(points[1:-1], plain | beside)
    drawing.way(points[-2:], plain)
    side = shapely.offset_curve(shapely.LineString(link.coords[1:-1]), -11.0)
    beside_road = drawing.points(side.coords)
    path = lot.choice((
        {"highway": "cycleway", "surface": "asphalt", "oneway": "no"},
        {"highway": "path", "bicycle": "designated", "foot": "designated", "segregated": "yes"},
        {"highway": "cycleway", "surface": "paving_stones", "foot": "yes"},
    ))  # fmt: skip
    drawing.way([points[1], *beside_road, points[-2]], path)


def _interchanges(
    drawing: Drawing, bridge: list[int], motorways: list[Corridor]
) -> list[Interchange]:
    """Find the motorways that a bridge or tunnel of a main road crosses, if one alone."""
    a, b = (drawing.coords[bridge[i]] for i in (0, -1))
    line = shapely.LineString([drawing.coords[i] for i in bridge])
    met = [m for m in motorways if line.intersects(m.line)]
    if len(met) != 1:
        return []
    along = met[0].line.project(line.intersection(met[0].line).centroid)
    if not 2 * RAMP_M < along < met[0].line.length - 2 * RAMP_M:
        return []
    heading = _heading(met[0].line, along)
    a_is_left = math.sin(math.atan2(a[1] - b[1], a[0] - b[0]) - heading) > 0
    left, right = (bridge[0], bridge[-1]) if a_is_left else (bridge[-1], bridge[0])
    return [Interchange(met[0].name, along, left, right)]


def draw_motorway(
    drawing: Drawing, motorway: Corridor, corridors: Corridors, interchanges: list[Interchange]
) -> None:
    """Draw both carriageways, each one-way, with ramps at its interchanges."""
    ref = {"highway": "motorway", "ref": motorway.name, "oneway": "yes", "maxspeed": "120"}
    over = Corridors(corridors.canals, [], [])
    spaced = _spaced_out(interchanges)
    for side in (-1, 1):
        line = shapely.offset_curve(motorway.line, side * CARRIAGEWAY_M)
        line = shapely.simplify(line, 2.0)
        line = line if side < 0 else shapely.reverse(line)
        crossings = _crossings(line, over, stream("motorway", motorway.name, side))
        ramps = []
        for met in spaced:
            along = line.project(motorway.line.interpolate(met.along))
            road = met.right if side < 0 else met.left
            ramps.append((along - RAMP_M, along + RAMP_M, road))
        clear = [r for r in ramps if all(c.end < r[0] or c.start > r[1] for c in crossings)]
        _draw_carriageway(drawing, line, crossings, clear, ref)


def _spaced_out(interchanges: list[Interchange]) -> list[Interchange]:
    """Leave out interchanges within 3 km of the one before."""
    kept: list[Interchange] = []
    for met in sorted(interchanges, key=lambda met: (met.along, met.left)):
        if not kept or met.along - kept[-1].along > 3000:
            kept.append(met)
    return kept


def _draw_carriageway(
    drawing: Drawing,
    line: shapely.LineString,
    crossings: list[_Crossing],
    ramps: list[tuple[float, float, int]],
    tags: Tags,
) -> None:
    """Draw one carriageway, with an exit before and an entry after each interchange."""
    marks = [_Crossing(start, end, ()) for start, end, _ in ramps]
    stretches = sorted([*crossings, *marks], key=lambda stretch: stretch.start)
    pieces = _pieces(drawing, line, stretches)
    for points, extra in pieces:
        drawing.way(points, tags | extra)
    link = {"highway": "motorway_link", "oneway": "yes"}
    for start, _, road in ramps:
        number = next(i for i, stretch in enumerate(stretches) if stretch.start == start)
        between = pieces[2 * number + 1][0]
        drawing.way([between[0], road], link)
        drawing.way([road, between[-1]], link)


def draw_canal(drawing: Drawing, canal: Corridor, corridors: Corridors) -> None:
    """Draw a canal and the towpath beside it, closed to cars and open to bicycles."""
    drawing.way(
        drawing.points(canal.line.coords),
        {"waterway": "canal", "name": canal.name, "boat": "yes"},
    )
    others = Corridors([c for c in corridors.canals if c is not canal], corridors.motorways, [])
    line = shapely.simplify(shapely.offset_curve(canal.line, TOWPATH_M), 2.0)
    tags = {"highway": "service", "service": "towpath", "name": "Jaagpad", "surface": "asphalt"}
    lot = stream("towpath", canal.name)
    for points, extra in _pieces(drawing, line, _crossings(line, others, lot)):
        closed = lot.choice(({"motor_vehicle": "no"}, {"vehicle": "no"}))
        drawing.way(points, tags | closed | {"bicycle": "yes"} | extra)


def draw_cycle_highway(drawing: Drawing, highway: Corridor, corridors: Corridors) -> None:
    """Draw a cycle highway, tagged in the three ways that are in use."""
    lot = stream("cycle highway", highway.name)
    name = {"name": highway.name, "surface": "asphalt", "lit": "yes"}
    for points, extra in _pieces(drawing, highway.line, _crossings(highway.line, corridors, lot)):
        for start in range(0, len(points) - 1, 12):
            kind = lot.choice((
                {"highway": "cycleway", "oneway": "no"},
                {"highway": "path", "motor_vehicle": "no", "bicycle": "yes"},
                {"highway": "service", "vehicle": "no", "bicycle": "designated"},
            ))  # fmt: skip
            drawing.way(points[start : start + 13], name | kind | extra)


def draw_ferry(drawing: Drawing, ferry: Link, plans: list[Plan], canals: list[Corridor]) -> None:
    """Draw the road that a canal cuts, and the ferry between its two ends."""
    line = ferry.line
    canal = next(c.line for c in canals if line.intersects(c.line))
    along = line.project(line.intersection(canal).centroid)
    ends = tuple(plans[i].points[gate] for i, gate in zip(ferry.key, ferry.gates, strict=True))
    water = _Crossing(along - 60, along + 60, ())
    before, over, after = _pieces(drawing, line, [water], (ends[0], ends[1]))
    road = {"highway": "unclassified", "name": "Veerweg", "surface": "asphalt"}
    drawing.way(before[0], road)
    drawing.way(after[0], road)
    drawing.way(
        [over[0][0], over[0][-1]],
        {"route": "ferry", "name": "Voorbeeldveer", "bicycle": "yes", "foot": "yes",
         "motor_vehicle": "no", "duration": "00:04"},
    )  # fmt: skip
