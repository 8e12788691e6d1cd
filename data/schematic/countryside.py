"""What else a map holds: tracks, farm drives, signals, roundabouts, an island of roads."""

from __future__ import annotations

import math
import random
from collections import defaultdict

import numpy as np
import shapely
from scipy.spatial import cKDTree
from shapely.geometry.base import BaseGeometry

from schematic.corridors import Corridors
from schematic.drawing import Drawing, Point, Tags
from schematic.ground import Ground
from schematic.links import curve
from schematic.lots import stream
from schematic.streets import Plan

TRACKS = 3000
SIDE_ROADS: tuple[tuple[int, Tags], ...] = (
    (10, {"highway": "track"}),
    (5, {"highway": "track", "tracktype": "grade1", "surface": "concrete:lanes"}),
    (9, {"highway": "track", "tracktype": "grade2"}),
    (8, {"highway": "track", "tracktype": "grade3"}),
    (5, {"highway": "track", "tracktype": "grade4"}),
    (3, {"highway": "track", "tracktype": "grade5", "surface": "grass"}),
    (3, {"highway": "track", "tracktype": "grade2", "vehicle": "agricultural;forestry"}),
    (8, {"highway": "path"}),
    (4, {"highway": "path", "surface": "ground"}),
    (4, {"highway": "footway"}),
    (3, {"highway": "path", "bicycle": "no"}),
    (2, {"highway": "bridleway"}),
    (6, {"highway": "cycleway", "surface": "asphalt"}),
    (3, {"highway": "cycleway", "surface": "fine_gravel"}),
    (18, {"highway": "unclassified", "surface": "concrete"}),
    (10, {"highway": "service"}),
    (5, {"highway": "service", "access": "private"}),
)


def draw_border_roads(
    drawing: Drawing, ground: Ground, plans: list[Plan], corridors: Corridors
) -> None:
    """Draw roads that run on across the border: an extract must reach beyond what it serves."""
    barriers = corridors.barriers
    hearts = cKDTree([(village.x, village.y) for village in ground.villages])
    for number, spot in enumerate(_beyond(ground)):
        reach, nearest = hearts.query(spot)
        starts = list(plans[int(nearest)].points.values())
        start = min(starts, key=lambda i: (math.dist(drawing.coords[i], spot), i))
        coords = curve(drawing.coords[start], spot, stream("border road", number))
        if reach < 7000 and not barriers.intersects(shapely.LineString(coords)):
            tags = {"highway": "unclassified", "name": "Grensweg", "surface": "asphalt"}
            drawing.way([start, *drawing.points(coords[1:])], tags)


def _beyond(ground: Ground) -> list[Point]:
    """Lay points around the land, 4 km apart and 1.8 km outside it."""
    rings = [part.exterior for part in shapely.get_parts(ground.outline.buffer(1800.0))]
    return [
        (spot.x, spot.y)
        for ring in rings
        for along in np.arange(0.0, ring.length, 4000.0)
        for spot in [ring.interpolate(along)]
    ]


def draw_tracks(drawing: Drawing, corridors: Corridors) -> None:
    """Join quiet roads across the fields, where nothing lies between."""
    lot = stream("tracks")
    ends = _field_points(drawing)
    coords = np.array([drawing.coords[i] for i, _ in ends])
    pairs = sorted(cKDTree(coords).query_pairs(1100))
    lot.shuffle(pairs)
    obstacles = shapely.STRtree(_open_lines(drawing, corridors))
    taken: set[int] = set()
    drawn = 0
    for a, b in pairs:
        apart = math.dist(coords[a], coords[b])
        if drawn == TRACKS or {a, b} & taken or apart < 350 or ends[a][1] == ends[b][1]:
            continue
        line = shapely.LineString(_shortened(coords[a], coords[b]))
        if len(obstacles.query(line, predicate="intersects")):
            continue
        taken |= {a, b}
        drawn += 1
        _draw_track(drawing, ends[a][0], ends[b][0], lot)


def _field_points(drawing: Drawing) -> list[tuple[int, int]]:
    """Points in the middle of quiet roads, each with the number of its way."""
    uses = drawing.uses()
    return [
        (point, number)
        for number, way in enumerate(drawing.ways)
        if way.level and way.tags["highway"] in {"tertiary", "unclassified"} and len(way.points) > 4
        for point in way.points[1:-1]
        if uses[point] == 1
    ]


def _open_lines(drawing: Drawing, corridors: Corridors) -> list[BaseGeometry]:
    drawn = [drawing.line(way) for way in drawing.ways]
    number = np.repeat(np.arange(len(drawn)), [len(line) for line in drawn])
    lines = shapely.linestrings(np.concatenate(drawn), indices=number)
    return [*lines, *(c.line.buffer(60) for c in (*corridors.canals, *corridors.motorways))]


def _shortened(a: np.ndarray, b: np.ndarray) -> list[np.ndarray]:
    """Leave a metre at both ends, where the roads lie that are being joined."""
    step = (b - a) / math.dist(a, b)
    return [a + step, b - step]


def _draw_track(drawing: Drawing, a: int, b: int, lot: random.Random) -> None:
    (ax, ay), (bx, by) = drawing.coords[a], drawing.coords[b]
    weights = [weight for weight, _ in SIDE_ROADS]
    tags = lot.choices([tags for _, tags in SIDE_ROADS], weights)[0]
    steps = lot.choice((2, 2, 3))
    inner = []
    for k in range(1, steps):
        aside = lot.uniform(-0.05, 0.05)
        t = k / steps
        inner.append(
            (ax + t * (bx - ax) - aside * (by - ay), ay + t * (by - ay) + aside * (bx - ax))
        )
    points = [a, *drawing.points(inner), b]
    if lot.random() < 0.12:
        drawing.point_tags[points[1]] = lot.choice((
            {"barrier": "bollard"},
            {"barrier": "gate"},
            {"barrier": "gate", "locked": "yes"},
            {"barrier": "kissing_gate"},
            {"barrier": "cycle_barrier"},
            {"barrier": "stile"},
        ))  # fmt: skip
    drawing.way(points, dict(tags))


def draw_farms(drawing: Drawing, corridors: Corridors) -> None:
    """Draw drives from quiet roads to farms, some private, some behind a gate."""
    lot = stream("farms")
    roads = shapely.STRtree(_open_lines(drawing, corridors))
    for point, number in _field_points(drawing):
        if lot.random() > 0.13:
            continue
        points = drawing.ways[number].points
        place = points.index(point)
        (ax, ay), (bx, by) = (drawing.coords[points[place + k]] for k in (-1, 1))
        x, y = drawing.coords[point]
        side = lot.choice((-1, 1)) * lot.uniform(60, 130) / math.dist((ax, ay), (bx, by))
        end = (x - side * (by - ay), y + side * (bx - ax))
        near = (0.97 * x + 0.03 * end[0], 0.97 * y + 0.03 * end[1])
        if len(roads.query(shapely.LineString([near, end]), predicate="intersects")):
            continue
        gate = {"barrier": "gate"} if lot.random() < 0.2 else None
        far = drawing.point(*end, gate)
        private = {"access": "private"} if lot.random() < 0.5 else {}
        drawing.way([point, far], {"highway": "service", "service": "driveway"} | private)


def put_signals(drawing: Drawing) -> None:
    """Put traffic signals on some crossings of main roads."""
    lot = stream("signals")
    ways_at = drawing.ways_at()
    ends = {
        end
        for way in drawing.ways
        if way.tags.get("highway") in {"primary", "secondary"}
        for end in (way.points[0], way.points[-1])
    }
    main = sorted(end for end in ends if len(ways_at[end]) > 2)
    for point in main:
        if lot.random() < 0.3:
            drawing.point_tags.setdefault(point, {"highway": "traffic_signals"})


def make_roundabouts(drawing: Drawing) -> int:
    """Turn some crossings of main roads into roundabouts; return how many."""
    lot = stream("roundabouts")
    ways_at, holding = drawing.ways_at(), defaultdict(list)
    for number, way in enumerate(drawing.ways):
        for point in dict.fromkeys(way.points):
            holding[point].append(number)
    known, made = len(drawing.ways), 0
    for point in sorted(ways_at):
        numbers = ways_at[point]
        kinds = {drawing.ways[i].tags["highway"] for i in numbers}
        if not kinds & {"primary", "secondary"} or len(numbers) < 3 or point in drawing.point_tags:
            continue
        if lot.random() < 0.08:
            # A way that a ring cut in two goes on as one drawn after those that were known.
            among = [*holding[point], *range(known, len(drawing.ways))]
            made += drawing.make_roundabout(point, among)
    return made


def draw_island(drawing: Drawing, ground: Ground) -> None:
    """Draw a few streets in a field that no road leads to, as extracts hold them."""
    lines = [shapely.LineString(drawing.line(way)) for way in drawing.ways]
    tree = shapely.STRtree(lines)
    spot = next(
        point
        for zone in sorted(ground.zones, key=lambda zone: -zone.area)
        for point in _grid_in(zone)
        if len(tree.query(shapely.Point(point).buffer(260), predicate="intersects")) == 0
    )
    rows = [
        drawing.points([(spot[0] + 90 * i, spot[1] + 90 * j) for i in (-1, 0, 1)])
        for j in (-1, 0, 1)
    ]
    tags = {"highway": "residential", "name": "Eilandstraat", "surface": "asphalt"}
    for line in (*rows, *(list(column) for column in zip(*rows, strict=True))):
        drawing.way(line, tags)


def _grid_in(zone: BaseGeometry) -> list[tuple[float, float]]:
    left, bottom, right, top = zone.buffer(-300).bounds
    return [(float(x), float(y)) for x in np.arange(left, right, 100)
            for y in np.arange(bottom, top, 100)
            if zone.contains(shapely.Point(x, y))]  # fmt: skip


def put_places(drawing: Drawing, plans: list[Plan]) -> None:
    """Put the name of each village on the map, as a point that is no part of a road."""
    for plan in plans:
        village = plan.village
        kind = "village" if village.is_centre else "hamlet"
        if village.is_centre and village.children > 1500:
            kind = "town"
        tags = {"place": kind, "name": village.name.replace(" - Centrum", "")}
        drawing.point(village.x + 3, village.y + 3, tags)
