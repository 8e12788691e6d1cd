"""A road map while it is drawn: points and ways with OSM tags, in EPSG:31370."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Point = tuple[float, float]
Tags = dict[str, str]

NO_JUNCTION = {"motorway", "motorway_link"}
"""Ways that pass over or under every other way."""


@dataclass
class Way:
    """A way: point numbers in order, and tags."""

    points: list[int]
    tags: Tags

    @property
    def level(self) -> bool:
        """Whether the way lies on the ground and meets what it crosses."""
        kind = self.tags.get("highway")
        return kind is not None and kind not in NO_JUNCTION and "layer" not in self.tags

    @property
    def one_way(self) -> bool:
        """Whether cyclists may follow the way in its own direction alone."""
        if self.tags.get("oneway:bicycle") == "no" or "cycleway" in self.tags:
            return False
        return self.tags.get("oneway") == "yes" or "junction" in self.tags

    @property
    def for_cyclists(self) -> bool:
        """Whether a cyclist can ride here, seen roughly: what the generator must keep whole."""
        return (
            self.tags.get("highway", "motorway") not in {*NO_JUNCTION, "steps", "footway"}
            and self.tags.get("bicycle") != "use_sidepath"
            and self.tags.get("access") != "private"
        )


@dataclass
class Drawing:
    """All points and ways so far; grows by its methods."""

    coords: list[Point] = field(default_factory=list)
    point_tags: dict[int, Tags] = field(default_factory=dict)
    ways: list[Way] = field(default_factory=list)

    def point(self, x: float, y: float, tags: Tags | None = None) -> int:
        """Add a point, rounded to the centimetre, and return its number."""
        self.coords.append((round(x, 2), round(y, 2)))
        number = len(self.coords) - 1
        if tags:
            self.point_tags[number] = tags
        return number

    def points(self, coords: Iterable[Sequence[float]]) -> list[int]:
        """Add points and return their numbers."""
        return [self.point(place[0], place[1]) for place in coords]

    def way(self, points: list[int], tags: Tags) -> Way:
        """Add a way over points that are there."""
        self.ways.append(Way(points, tags))
        return self.ways[-1]

    def line(self, way: Way) -> list[Point]:
        """Coordinates of a way."""
        return [self.coords[i] for i in way.points]

    def length(self, way: Way) -> float:
        """Length of a way in metres."""
        return sum(math.dist(a, b) for a, b in pairwise(self.line(way)))

    def add_junctions(self) -> int:
        """Give ways on the ground a common point wherever they cross; return how many."""
        segments = [
            (number, place, a, b)
            for number, way in enumerate(self.ways)
            if way.level
            for place, (a, b) in enumerate(pairwise(way.points))
        ]
        coords = np.array(self.coords)
        ends = np.array([segment[2:] for segment in segments])
        lines = shapely.linestrings(coords[ends])
        pairs = shapely.STRtree(lines).query(lines, predicate="crosses").T
        inserts: dict[tuple[int, int], list[int]] = defaultdict(list)
        crossings = sorted((int(i), int(j)) for i, j in pairs if i < j)
        for i, j in crossings:
            meeting = shapely.intersection(lines[i], lines[j])
            new = self.point(meeting.x, meeting.y)
            for number, place, _, _ in (segments[i], segments[j]):
                inserts[number, place].append(new)
        self._insert(inserts)
        return len(crossings)

    def _insert(self, inserts: dict[tuple[int, int], list[int]]) -> None:
        by_way: dict[int, list[int]] = defaultdict(list)
        for number, place in inserts:
            by_way[number].append(place)
        for number, places in by_way.items():
            points = self.ways[number].points
            for place in sorted(places, reverse=True):
                start = self.coords[points[place]]
                new = inserts[number, place]
                points[place + 1 : place + 1] = sorted(
                    new, key=lambda i: math.dist(start, self.coords[i])
                )

    def open_one_ways(self) -> int:
        """Open every one-way way that would cut a piece off for cyclists; return how many."""
        opened = 0
        while cut := self._cutting_ways():
            for way in cut:
                del way.tags["oneway"]
            opened += len(cut)
        return opened

    def _cutting_ways(self) -> list[Way]:
        parts = self.strong_parts()
        return [
            way
            for way in self.ways
            if way.for_cyclists
            and way.one_way
            and "oneway" in way.tags
            and len({int(parts[i]) for i in way.points}) > 1
        ]

    def strong_parts(self) -> np.ndarray:
        """Find the pieces in which a cyclist can come and go: the number of each point's piece."""
        edges = []
        for way in self.ways:
            if way.for_cyclists:
                forward = list(pairwise(way.points))
                edges += forward
                if not way.one_way:
                    edges += [(b, a) for a, b in forward]
        start, end = np.array(edges).T
        size = len(self.coords)
        graph = coo_array((np.ones(len(edges)), (start, end)), shape=(size, size))
        return connected_components(graph.tocsr(), directed=True, connection="strong")[1]

    def uses(self) -> Counter[int]:
        """How often each point stands in a way that meets others."""
        return Counter(i for way in self.ways if way.level for i in way.points)

    def ways_at(self) -> dict[int, list[int]]:
        """Numbers of the ways on the ground that each point stands in."""
        found: dict[int, list[int]] = defaultdict(list)
        for number, way in enumerate(self.ways):
            if way.level:
                for point in dict.fromkeys(way.points):
                    found[point].append(number)
        return found

    def make_roundabout(self, point: int, among: list[int], radius: float = 16.0) -> bool:
        """Put a ring in the place of a crossing, unless it is too close to the next point.

        All ways that hold the point are `among` these numbers, which ascend.
        """
        met = [way for way in (self.ways[number] for number in among) if point in way.points]
        centre = self.coords[point]
        beside = [
            way.points[i]
            for way in met
            for place in [way.points.index(point)]
            for i in (place - 1, place + 1)
            if 0 <= i < len(way.points)
        ]
        if min(math.dist(self.coords[i], centre) for i in beside) < 2 * radius:
            return False
        if not all(way.level for way in met) or any(way.points.count(point) > 1 for way in met):
            return False
        ring = [
            self.point(centre[0] + radius * math.cos(a), centre[1] + radius * math.sin(a))
            for a in (k * math.pi / 4 for k in range(8))
        ]
        for way in met:
            self._cut_at_ring(way, point, ring)
        main = next(way for way in met if way.tags["highway"] in {"primary", "secondary"})
        tags = {"highway": main.tags["highway"], "junction": "roundabout", "surface": "asphalt"}
        self.way([*ring, ring[0]], tags)
        return True

    def _cut_at_ring(self, way: Way, point: int, ring: list[int]) -> None:
        """End a way on the ring; what goes on beyond it becomes a way of its own."""
        place = way.points.index(point)
        before, after = way.points[:place], way.points[place + 1 :]
        if before and after:
            self.way([self._nearest(ring, after[0]), *after], dict(way.tags))
        if before:
            way.points = [*before, self._nearest(ring, before[-1])]
        else:
            way.points = [self._nearest(ring, after[0]), *after]

    def _nearest(self, candidates: list[int], point: int) -> int:
        return min(candidates, key=lambda i: math.dist(self.coords[i], self.coords[point]))
