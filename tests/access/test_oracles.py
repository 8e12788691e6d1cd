"""Travel times held against networkx and against a plain, slow computation of our own."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable
from copy import copy
from functools import cache
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import hand
import networkx as nx
import numpy as np
import osmium
import pytest
import shapely
from network import on_foot
from network.maps import RoadMap, ms, points, ride, tags
from pyproj import Geod, Transformer

from stemgeo.access.riding import access
from stemgeo.access.search import UNREACHED, label_nearest, pack_labels, search_each, unpack_labels
from stemgeo.access.travel_time import Rider
from stemgeo.measure import Measured, Prepared, measure_day
from stemgeo.network import Network
from stemgeo.network.bicycle import (
    CLOSED,
    LIFT,
    NOT_AT_ALL,
    PUSH,
    RIDE,
    STEPS,
    Ride,
    classify_way,
    is_blocking,
)
from stemgeo.network.osm import read_roads
from stemgeo.network.stress import rate_stress, read_built_up
from stemgeo.times import measure_times

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from network.maps import Place

    from stemgeo.study import Band, Mode

EXTRACTS = ("berlare.osm", "wechelderzande.osm.pbf", "porto.osm.pbf")
VILLAGES = EXTRACTS[:2]
FAR = 2**29
"""A horizon beyond every time, ms."""


PROFILES = ("all", "low_stress", "quiet_1")
every_profile = pytest.mark.parametrize("profile", PROFILES)

NetworkOf = Callable[[str, str], Network]


@pytest.fixture(scope="module")
def network_of(extract_of: Callable[[str], Path]) -> NetworkOf:
    """Read each extract once and restrict it to each profile once."""
    whole = cache(lambda name: Network.whole_from_roads(read_roads([extract_of(name)])))
    return cache(lambda name, profile: whole(name).restrict_to(profile))


# --- oracle 1: networkx on the same graph -------------------------------------------------------


def reach_from(network: Network, sources: list[int], kmh: float) -> list[dict[int, int]]:
    """Times from every node to each source, by the kernel."""
    rider = Rider(network, network.travel_times(kmh), FAR)
    count = len(sources)
    offsets, nodes, times = search_each(
        rider.arcs,
        np.array(sources, dtype=np.int32),
        np.zeros(count, dtype=np.int64),
        np.arange(count + 1, dtype=np.int32),
        FAR,
    )
    parts = [slice(offsets[i], offsets[i + 1]) for i in range(count)]
    return [dict(zip(nodes[p].tolist(), times[p].tolist(), strict=True)) for p in parts]


def turned_round(graph: nx.MultiDiGraph) -> nx.DiGraph:
    """Turn every edge round; of parallel ones the quickest stays."""
    turned: nx.DiGraph = nx.DiGraph()
    turned.add_nodes_from(graph)
    for start, end, time in graph.edges(data="travel_time_ms"):
        if time < turned.get_edge_data(end, start, {"ms": np.inf})["ms"]:
            turned.add_edge(end, start, ms=time)
    return turned


def by_networkx(turned: nx.DiGraph, source: int, horizon: int | None = None) -> dict[int, int]:
    """Times from every node to the source, by networkx."""
    return dict(nx.single_source_dijkstra_path_length(turned, source, horizon, weight="ms"))


@every_profile
def test_kernel_equals_networkx_on_porto(network_of: NetworkOf, profile: str) -> None:
    """From every node in the middle of Porto to random ones: the same nodes and milliseconds."""
    network = network_of("porto.osm.pbf", profile)
    turned = turned_round(network.to_networkx(12))
    count = 20 if profile == "all" else 8
    sources = np.random.default_rng(20).choice(network.nodes, count, replace=False).tolist()
    reached = reach_from(network, sources, 12)
    for source, ours in zip(sources, reached, strict=True):
        assert ours == by_networkx(turned, source)
    # Pushed or ridden, one gets about everywhere but to islands, which a cut leaves at its rim.
    own = ~network.island
    there = np.union1d(network.edge_start[own], network.edge_end[own])
    assert max(map(len, reached)) > 0.98 * len(there)


@every_profile
@pytest.mark.parametrize("extract", VILLAGES)
def test_kernel_equals_networkx_between_all_nodes(
    network_of: NetworkOf, extract: str, profile: str
) -> None:
    """Between all pairs of nodes of a village: the same milliseconds, the same unreached."""
    network = network_of(extract, profile)
    turned = turned_round(network.to_networkx(9.6))
    sources = list(range(network.nodes))
    for source, ours in zip(sources, reach_from(network, sources, 9.6), strict=True):
        assert ours == by_networkx(turned, source)


@every_profile
@pytest.mark.parametrize("extract", VILLAGES)
def test_nearest_of_many_equals_networkx(network_of: NetworkOf, extract: str, profile: str) -> None:
    """Of 30 sources, two on each node, every node gets the quickest; of equals the first rank.

    The seeds carry a walking time in whole minutes, so that some sources are better reached than
    others and some are never the nearest.
    """
    network = network_of(extract, profile)
    turned = turned_round(network.to_networkx(15))
    rng = np.random.default_rng(3)
    nodes = np.repeat(rng.choice(network.nodes, 15, replace=False), 2)
    walk = np.repeat(rng.integers(0, 4, 15) * 60_000, 2)
    rank = rng.permutation(30)
    best: dict[int, tuple[int, int]] = {}
    for node, walk_ms, number in zip(nodes.tolist(), walk.tolist(), rank.tolist(), strict=True):
        for start, time in by_networkx(turned, node).items():
            best[start] = min(best.get(start, (FAR, 0)), (time + walk_ms, number))
    rider = Rider(network, network.travel_times(15), FAR)
    label = label_nearest(
        rider.arcs, nodes.astype(np.int32), pack_labels(walk, rank), rider.horizon_ms
    )
    time, number = unpack_labels(label)
    ours = {
        n: (int(time[n]), int(number[n])) for n in range(network.nodes) if label[n] != UNREACHED
    }
    assert ours == best
    assert len({number for _, number in best.values()}) > 5


def test_horizon_cuts_what_networkx_cuts(network_of: NetworkOf) -> None:
    """Within a horizon the kernel finds what networkx finds with it as cutoff, inclusive."""
    network = network_of("berlare.osm", "all")
    turned = turned_round(network.to_networkx(15))
    rider = Rider(network, network.travel_times(15), FAR)
    for source in range(0, network.nodes, 60):
        for horizon in sorted(by_networkx(turned, source).values())[:: network.nodes // 4]:
            label = label_nearest(
                rider.arcs,
                np.array([source], dtype=np.int32),
                np.zeros(1, dtype=np.int64),
                horizon,
            )
            within = by_networkx(turned, source, horizon)
            assert set(np.flatnonzero(label != UNREACHED)) == set(within)


# --- oracle 2: the extract read again, point to point, forward ----------------------------------

BOUND_MS = 3.0
"""How far the plain computation may be from ours.

Both round each whole segment to the millisecond, so long ways add no difference. What is left is
at the two ends: we round the part of the segment that is ridden down (a millisecond), the oracle
shares out the rounded whole (half a millisecond): 1.5 ms at each end.
"""

WALKING_MS = 1.3
WITHIN_M, LIMIT_M, ON_FOOT_M, MM = 50.0, 500.0, 20.0, 0.001
ISLAND_BELOW_MM = 30_000_000
MOST_STRESS = {"all": 4, "low_stress": 2, "quiet_1": 1}
MAIN = {
    f"{one}{link}"
    for one in ("trunk", "primary", "secondary", "tertiary")
    for link in ("", "_link")
}
GEOD = Geod(ellps="WGS84")


class Segment(NamedTuple):
    """A straight piece of road: its ends, its length, and how it is ridden either way."""

    start: object
    end: object
    mm: int
    rides: tuple[Ride, Ride]
    stress: tuple[int, int] = (1, 1)
    ground: bool = False
    main: bool = False
    part: bool = False


Tags = dict[str, str]


class Rules(NamedTuple):
    """Who goes along a way, forward and backward, and which nodes stop one."""

    classify: Callable[[Tags], tuple[Ride, Ride]] = classify_way
    stops: Callable[[Tags], bool] = is_blocking


RIDING = Rules()


def _walk(tags: Tags) -> tuple[Ride, Ride]:
    """Say who walks along a way, by the rules that the tests have of it."""
    kind = {"steps": Ride(STEPS), "elevator": Ride(LIFT)}.get(tags.get("highway", ""), Ride(RIDE))
    along, against = (
        kind if on_foot.walks(tags, way) else NOT_AT_ALL for way in ("forward", "backward")
    )
    return along, against


WALKING = Rules(_walk, on_foot.stops)


class Tie(NamedTuple):
    """Where a point meets the roads: a segment, how far along it, and how long one walks there."""

    segment: int
    offset_mm: int
    walk_ms: int


class Plain:
    """An extract as a directed graph of its own nodes, built with dicts and no shortcuts."""

    def __init__(
        self,
        path: Path,
        crs: str,
        kmh: float,
        box: tuple[float, ...] = (-np.inf,) * 2 + (np.inf,) * 2,
        rules: Rules = RIDING,
    ) -> None:
        self.kmh = kmh
        to_metres = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
        read, lonlat, by_main, walls = _read(path, to_metres, box, rules)
        x, y = to_metres.transform(*np.array(list(lonlat.values())).T)
        self.place = dict(zip(lonlat, zip(x.tolist(), y.tolist(), strict=True), strict=True))
        flat = [to_metres.transform(*np.array(wall).T) for wall in walls]
        self.walls = [
            shapely.LineString(piece)
            for wall in flat
            for piece in pairwise(zip(*wall, strict=True))
            if piece[0] != piece[1]
        ]
        self.wall_tree = shapely.STRtree(self.walls)
        self.segments = self._with_ways_on_foot(read, by_main)
        self.home = self._components()
        self.doors = [
            number
            for number, one in enumerate(self.segments)
            if one.ground
            and not {STEPS, LIFT} & {ride.mode for ride in one.rides}
            and any(ride.mode != CLOSED for ride in one.rides)
        ]
        self.tree = shapely.STRtree(self._lines(self.segments[number] for number in self.doors))

    def _lines(self, segments: Iterable[Segment]) -> np.ndarray:
        ends = [(self.place[one.start], self.place[one.end]) for one in segments]
        return shapely.linestrings(np.array(ends).reshape(-1, 2, 2))

    def _line(self, segment: Segment) -> shapely.LineString:
        return shapely.LineString([self.place[segment.start], self.place[segment.end]])

    def _with_ways_on_foot(self, read: list[Segment], by_main: set[object]) -> list[Segment]:
        """Push from where a street meets a main road to every other street near by."""
        street = [
            number
            for number, one in enumerate(read)
            if one.ground and not one.main and {RIDE, PUSH} & {ride.mode for ride in one.rides}
        ]
        tree = shapely.STRtree(self._lines(read[number] for number in street))
        ends = {end for number in street for end in read[number][:2]}
        cuts, links = defaultdict(set), {}
        for junction in ends & by_main:
            at = shapely.Point(self.place[junction])
            for found in tree.query(at, predicate="dwithin", distance=ON_FOOT_M):
                segment = read[street[found]]
                along_mm, metres = self._nearest(at, segment)
                where = {0: segment.start, segment.mm: segment.end}.get(along_mm)
                if where == junction or metres <= MM or self._barred(at, segment):
                    continue
                if where is None:
                    where = ("cut", street[found], along_mm)
                    cuts[street[found]].add(along_mm)
                links[frozenset((junction, where))] = round(metres * 1000)
        pieces = []
        for number, one in enumerate(read):
            marks = [0, *sorted(cuts[number]), one.mm]
            keys = [one.start, *(("cut", number, mark) for mark in marks[1:-1]), one.end]
            for (low, first), (high, last) in pairwise(zip(marks, keys, strict=True)):
                part = len(marks) > 2
                pieces.append(one._replace(start=first, end=last, mm=high - low, part=part))
            (ax, ay), (bx, by) = self.place[one.start], self.place[one.end]
            for mark, key in zip(marks[1:-1], keys[1:-1], strict=True):
                share = mark / one.mm
                self.place[key] = ax + share * (bx - ax), ay + share * (by - ay)
        pushed = (Ride(PUSH), Ride(PUSH))
        return pieces + [Segment(*two, mm, pushed) for two, mm in links.items()]

    def _nearest(self, at: shapely.Point, segment: Segment) -> tuple[int, float]:
        """Say how far along a segment its nearest place is, millimetres, and how far away."""
        line = self._line(segment)
        share = shapely.line_locate_point(line, at, normalized=True) if line.length else 0.0
        return round(float(share) * segment.mm), float(shapely.distance(line, at))

    def _barred(self, at: shapely.Point, segment: Segment) -> bool:
        """Whether a barrier lies across the leg to the nearest place."""
        leg = shapely.shortest_line(at, self._line(segment))
        if leg.length < MM:
            return False
        end = shapely.get_point(leg, 1)
        for number in self.wall_tree.query(leg, predicate="dwithin", distance=MM):
            wall = self.walls[number]
            meets = shapely.get_point(shapely.shortest_line(leg, wall), 0)
            at_vertex = min(end.distance(shapely.get_point(wall, i)) for i in (0, 1)) <= MM
            if at.distance(meets) > MM and not at_vertex:
                return True
        return False

    def _components(self) -> list[bool]:
        """Say which segments are part of a whole that one can ride about in, and no island."""
        graph = self._graph("all")
        graph.add_nodes_from(end for one in self.segments for end in one[:2])
        component = {}
        for number, nodes in enumerate(nx.strongly_connected_components(graph)):
            component.update(dict.fromkeys(nodes, number))
        road_mm: Counter[int] = Counter()
        for one in self.segments:
            if component[one.start] == component[one.end]:
                road_mm[component[one.start]] += one.mm
        ((largest, _),) = road_mm.most_common(1)
        large = {number for number, mm in road_mm.items() if mm >= ISLAND_BELOW_MM} | {largest}
        return [
            component[one.start] == component[one.end] and component[one.start] in large
            for one in self.segments
        ]

    def ties(self, x: float, y: float) -> list[Tie]:
        """Find the places on every road near a point; none when it is off the roads."""
        at = shapely.Point(x, y)
        near = [self.doors[i] for i in self.tree.query(at, predicate="dwithin", distance=WITHIN_M)]
        near = [number for number in near if not self._barred(at, self.segments[number])]
        if not any(self.home[number] for number in near):
            far = [self.doors[i] for i in self.tree.query(at, "dwithin", distance=LIMIT_M)]
            far = [number for number in far if self.home[number]]
            away = {number: self._nearest(at, self.segments[number])[1] for number in far}
            found = (
                number
                for number in sorted(far, key=lambda number: (away[number], number))
                if not self._barred(at, self.segments[number])
            )
            nearest = next(found, None)
            near = [] if nearest is None else [*near, nearest]
        ties = []
        for number in near:
            along_mm, metres = self._nearest(at, self.segments[number])
            ties.append(Tie(number, along_mm, round(round(metres * 1000) / WALKING_MS)))
        return ties

    def whole_ms(self, segment: Segment, against: int, profile: str) -> int | None:
        """Time over a whole segment, rounded; None when closed."""
        ride = segment.rides[against]
        kmh = ride.speed_kmh(self.kmh, 4.0)
        if ride.mode == RIDE and segment.stress[against] > MOST_STRESS[profile]:
            kmh = 4.0 if ride.walkable else 0.0
        exact = segment.mm * (3.6 / kmh) if kmh else 0.0
        return (int(exact + 1e-6) if segment.part else round(exact)) if kmh else None

    def _graph(self, profile: str, ties: Iterable[Tie] = ()) -> nx.DiGraph:
        """Draw every segment, cut where points are tied to it."""
        graph: nx.DiGraph = nx.DiGraph()
        marks: defaultdict[int, set[int]] = defaultdict(set)
        for tie in ties:
            marks[tie.segment].add(tie.offset_mm)
        for number, one in enumerate(self.segments):
            both = [self.whole_ms(one, against, profile) for against in (0, 1)]
            for low, high in pairwise(sorted({0, one.mm} | marks[number]) if one.mm else (0, 0)):
                share = (high - low) / one.mm if one.mm else 1.0
                ends = one[:2] if not one.mm else [self._key(number, m) for m in (low, high)]
                for whole, (tail, head) in zip(both, (ends, ends[::-1]), strict=True):
                    if whole is not None:
                        known = graph.get_edge_data(tail, head)
                        if known is None or whole * share < known["ms"]:
                            graph.add_edge(tail, head, ms=whole * share)
        return graph

    def _key(self, number: int, along_mm: int) -> object:
        """Name a place: the node when it is at one, else the segment and how far along."""
        one = self.segments[number]
        return {0: one.start, one.mm: one.end}.get(along_mm, ("place", number, along_mm))

    def times(
        self,
        children: list[list[Tie]],
        academies: list[list[Tie]],
        cutoff_ms: float,
        profile: str = "all",
    ) -> list[list[float | None]]:
        """Ride forward from each child to each academy; None when that takes longer."""
        graph = self._graph(profile, (tie for ties in (*children, *academies) for tie in ties))
        for name, which in (("child", children), ("academy", academies)):
            for i, ties in enumerate(which):
                for tie in ties:
                    ends = (name, i), self._key(tie.segment, tie.offset_mm)
                    graph.add_edge(*(ends if name == "child" else ends[::-1]), ms=math.inf)
                    data = graph.edges[ends if name == "child" else ends[::-1]]
                    data["ms"] = min(data["ms"], tie.walk_ms)
        rows = []
        for i, ties in enumerate(children):
            found = {}
            if ties:
                found = nx.single_source_dijkstra_path_length(
                    graph, ("child", i), cutoff=cutoff_ms, weight="ms"
                )
            rows.append([found.get(("academy", j)) for j in range(len(academies))])
        return rows

    def kmh_of(self, band: Band) -> float:
        """Say how fast a band goes."""
        return band.speed_kmh["central"]

    def ms(self, child: Place, academy: Place, profile: str = "all") -> float | None:
        """Ride from one place to another."""
        ((time,),) = self.times([self.ties(*child)], [self.ties(*academy)], FAR, profile)
        return time


def _on_ground(tags: dict[str, str]) -> bool:
    """Whether a way runs where doors can open onto it."""
    if tags.get("bridge", "no") not in ("no", "boardwalk", "low_water_crossing"):
        return False
    if tags.get("tunnel", "no") not in ("no", "building_passage"):
        return False
    return tags.get("layer", "0") in ("0", "-0", "+0")


def _wall(tags: dict[str, str]) -> bool:
    """Whether nobody gets across."""
    known = (
        tags.get("highway") in ("motorway", "motorway_link")
        or tags.get("railway") == "rail"
        or tags.get("waterway") in ("river", "canal")
        or (tags.get("natural") == "water" and bool(tags.get("name") or tags.get("ref")))
    )
    return known and tags.get("tunnel", "no") == "no"


@cache
def _classified(rules: Rules, tags: frozenset[tuple[str, str]]) -> tuple[Ride, Ride]:
    return rules.classify(dict(tags))


def _read(
    path: Path, to_metres: Transformer, box: tuple[float, ...], rules: Rules
) -> tuple[list[Segment], dict[object, Place], set[object], list[list[Place]]]:
    """Read segments and places of nodes from an extract, blocking nodes parted.

    And which of them main roads pass, and what nobody crosses. Only what meets a box, in metres.
    """
    read: dict[object, tuple[list[int], dict[str, str]]] = {}
    main: set[int] = set()
    across: list[list[int]] = []
    rims = _rims(path)
    for way in osmium.FileProcessor(str(path), osmium.osm.WAY):
        own = {tag.k: tag.v for tag in way.tags}
        refs = [node.ref for node in way.nodes]
        squares = [
            square for square in rims[way.id] if rules.classify(square) != rules.classify(own)
        ]
        for number, found in enumerate([own, *squares]):
            if _classified(rules, frozenset(found.items())) != (NOT_AT_ALL, NOT_AT_ALL):
                read[way.id, number] = (refs, found)
        if own.get("highway") in MAIN:
            main.update(refs)
        if _wall(own):
            across.append(refs)
    read = _lifts_from_door_to_door(read)
    streets = {
        ref
        for refs, found in read.values()
        if found["highway"] in ("residential", "living_street")
        and read_built_up(found) is not False
        for ref in refs
    }
    wanted = {ref for refs, _ in read.values() for ref in refs}
    wanted.update(ref for refs in across for ref in refs)
    lonlat: dict[object, Place] = {}
    blocked = set()
    nodes = osmium.FileProcessor(str(path), osmium.osm.NODE)
    for node in nodes.with_filter(osmium.filter.IdFilter(sorted(wanted))):
        if node.location.valid():
            lonlat[node.id] = (node.lon, node.lat)
            if len(node.tags) and rules.stops({tag.k: tag.v for tag in node.tags}):
                blocked.add(node.id)
    x, y = to_metres.transform(*np.array([*lonlat.values()]).T)
    inside = (box[0] <= x) & (x <= box[2]) & (box[1] <= y) & (y <= box[3])
    there = {node for node, one in zip(lonlat, inside.tolist(), strict=True) if one}
    read = {way: one for way, one in read.items() if not there.isdisjoint(one[0])}
    across = [refs for refs in across if not there.isdisjoint(refs)]
    used = {ref for refs in (*across, *(refs for refs, _ in read.values())) for ref in refs}
    lonlat = {node: at for node, at in lonlat.items() if node in used}
    pairs = [
        (way, i, refs[i], refs[i + 1])
        for way, (refs, _) in read.items()
        for i in range(len(refs) - 1)
        if refs[i] != refs[i + 1] and refs[i] in lonlat and refs[i + 1] in lonlat
    ]
    ends = np.array([[*lonlat[one], *lonlat[two]] for _, _, one, two in pairs])
    metres = GEOD.inv(*ends.T)[2]
    said = {}
    for way, (refs, found) in read.items():
        levels = rate_stress(found, built_up=not streets.isdisjoint(refs))
        said[way] = (
            _classified(rules, frozenset(found.items())),
            levels,
            _on_ground(found),
            found["highway"] in MAIN,
        )
    by_main: set[object] = set(main)
    segments = []
    for (way, i, one, two), length in zip(pairs, metres, strict=True):
        keys = [(node, way, i) if node in blocked else node for node in (one, two)]
        lonlat |= {key: lonlat[node] for key, node in zip(keys, (one, two), strict=True)}
        by_main.update(key for key, node in zip(keys, (one, two), strict=True) if node in main)
        segments.append(Segment(*keys, round(length * 1000), *said[way]))
    walls = [[lonlat[ref] for ref in refs if ref in lonlat] for refs in across]
    return segments, lonlat, by_main, [wall for wall in walls if len(wall) > 1]


def _rims(path: Path) -> defaultdict[int, list[dict[str, str]]]:
    """Give the squares of which each way is an outer edge, by their tags."""
    rims: defaultdict[int, list[dict[str, str]]] = defaultdict(list)
    for square in osmium.FileProcessor(str(path), osmium.osm.RELATION):
        found = {tag.k: tag.v for tag in square.tags} | {"area": "yes"}
        if found.get("type") == "multipolygon":
            for member in square.members:
                if member.type == "w" and member.role != "inner":
                    rims[member.ref].append(found)
    return rims


def _lifts_from_door_to_door(
    read: dict[object, tuple[list[int], dict[str, str]]],
) -> dict[object, tuple[list[int], dict[str, str]]]:
    """Replace each lift by a way between each two of its nodes that another way has too."""
    ways_at = Counter(ref for refs, _ in read.values() for ref in set(refs))
    drawn = {}
    for key, (refs, found) in read.items():
        if found["highway"] != "elevator":
            drawn[key] = (refs, found)
            continue
        for two in combinations(sorted({ref for ref in refs if ways_at[ref] > 1}), 2):
            drawn[key, two] = (list(two), found)
    return drawn


HALF_M = 1_500.0
"""Half the side of the square in which points are drawn: within 20 minutes of one another."""

CUTOFF_MIN = 20.0


@pytest.fixture(scope="module")
def plain_of(network_of: NetworkOf, extract_of: Callable[[str], Path]) -> Callable[[str], Plain]:
    """Read each extract once by the plain computation, as far as the points can ride.

    Whoever comes from one to another of them within reach is always within 2 km of either.
    """

    def read(name: str) -> Plain:
        network = network_of(name, "all")
        middle = np.median(network.node_x), np.median(network.node_y)
        far_m = HALF_M + 12_000 * CUTOFF_MIN / 60 / 2 + 500
        box = (*(one - far_m for one in middle), *(one + far_m for one in middle))
        return Plain(extract_of(name), network.crs, 12.0, box)

    return cache(read)


@pytest.mark.parametrize(
    ("extract", "profile"),
    [*((one, profile) for one in VILLAGES for profile in PROFILES), (EXTRACTS[2], "all")],
)
def test_times_equal_a_plain_computation(
    network_of: NetworkOf, plain_of: Callable[[str], Plain], extract: str, profile: str
) -> None:
    """For 200 random pairs the access table has the time of riding from child to academy.

    Where the direction of the search were wrong, the pairs of Porto that take longer one way
    than the other would tell.
    """
    network, plain = network_of(extract, profile), plain_of(extract)
    rng = np.random.default_rng(11)
    x, y = draw(network, rng, 40)
    every = [plain.ties(*place) for place in zip(x, y, strict=True)]
    tied = [i for i, ties in enumerate(every) if ties]
    measured = times_to(network, (x, y), 0, range(40))[1]
    assert tied == np.flatnonzero(measured).tolist()
    assert sum(len(ties) > 1 for ties in every) > 10
    children, academies = tied[:20], tied[20:30]
    ties = [[every[i] for i in which] for which in (children, academies)]

    cutoff_ms = CUTOFF_MIN * 60_000
    expected = plain.times(*ties, cutoff_ms, profile)
    ours = [times_to(network, (x, y), a, children)[0] for a in academies]
    for i in range(len(children)):
        for j in range(len(academies)):
            assert_alike(expected[i][j], ours[j][i], cutoff_ms)
    found = sum(time is not None for times in expected for time in times)
    assert found > (100 if profile == "quiet_1" else 150)

    if extract == "porto.osm.pbf":
        swapped = plain.times(ties[1], ties[0], cutoff_ms)
        unlike = [
            abs(swapped[j][i] - expected[i][j]) > 10 * BOUND_MS
            for i in range(len(children))
            for j in range(len(academies))
            if swapped[j][i] is not None and expected[i][j] is not None
        ]
        assert np.mean(unlike) > 0.5


@pytest.mark.parametrize("extract", [EXTRACTS[0], EXTRACTS[2]])
def test_walks_equal_a_plain_computation(extract_of: Callable[[str], Path], extract: str) -> None:
    """For 200 random pairs of each extract, by rules of walking that are written a second time.

    In Porto with its steps and squares; there and back take as long where nothing moves.
    """
    path, half_m, kmh = extract_of(extract), 300.0, 4.5
    network = Network.from_osm(path, mode="foot")
    middle = np.median(network.node_x), np.median(network.node_y)
    box = (*(one - 1600 for one in middle), *(one + 1600 for one in middle))
    plain = Walked(path, network.crs, kmh, box, WALKING)
    x, y = draw(network, np.random.default_rng(11), 30, half_m)
    every = [plain.ties(*place) for place in zip(x, y, strict=True)]
    assert all(every)
    cutoff_ms = CUTOFF_MIN * 60_000
    expected = plain.times(every[:20], every[20:], cutoff_ms)
    for number in range(10):
        ours = times_to(network, (x, y), 20 + number, range(20), kmh)[0]
        for child in range(20):
            assert_alike(expected[child][number], ours[child], cutoff_ms)
    assert sum(time is not None for times in expected for time in times) > 150


def draw(
    network: Network, rng: np.random.Generator, count: int, half_m: float = HALF_M
) -> tuple[np.ndarray, np.ndarray]:
    """Draw points near the roads around the middle of a network."""
    middle_x, middle_y = np.median(network.node_x), np.median(network.node_y)
    inside = np.flatnonzero(
        (abs(network.node_x - middle_x) < half_m) & (abs(network.node_y - middle_y) < half_m)
    )
    near = rng.choice(inside, count)
    return (
        network.node_x[near] + rng.normal(0, 80, count),
        network.node_y[near] + rng.normal(0, 80, count),
    )


def times_to(
    network: Network,
    at: tuple[np.ndarray, np.ndarray],
    academy: int,
    children: Iterable[int],
    kmh: float = 12.0,
) -> tuple[list[float | None], np.ndarray]:
    """Take the times to one academy from the access table, in milliseconds, and who is measured."""
    x, y = at
    site = points([(x[academy], y[academy])], academy_id=["a"]).set_crs(
        network.crs, allow_override=True
    )
    doors = points([(x[i], y[i]) for i in children]).set_crs(network.crs, allow_override=True)
    table = access(network, site, doors, speed_kmh=kmh, cutoff_min=CUTOFF_MIN)
    times = [None if np.isinf(s) else s * 1000 for s in table["travel_time_s"]]
    return times, (table["status"] != "unmeasured").to_numpy()


def assert_alike(expected: float | None, ours: float | None, cutoff_ms: float) -> None:
    """Hold two times against each other; at the cutoff itself one may be within and one not."""
    if expected is None or ours is None:
        only = expected if ours is None else ours
        assert only is None or only > cutoff_ms - BOUND_MS
    else:
        assert abs(expected - ours) <= BOUND_MS


HOUR_MS = 3_600_000
"""The horizon of the study, and of the convention."""


class Flat(Plain):
    """The same, at one speed on every road and to every door: time is distance."""

    def kmh_of(self, _band: Band) -> float:
        """Go as fast whoever one is."""
        return 15.0

    def whole_ms(self, segment: Segment, against: int, profile: str) -> int | None:
        """Time over a whole segment at that speed; steps keep theirs."""
        if segment.rides[against].mode in (CLOSED, STEPS):
            return super().whole_ms(segment, against, profile)
        return round(segment.mm * 3.6 / self.kmh)

    def ties(self, x: float, y: float) -> list[Tie]:
        """Find the ties, ridden to the door."""
        faster = self.kmh / 3.6 / WALKING_MS
        return [one._replace(walk_ms=round(one.walk_ms / faster)) for one in super().ties(x, y)]


class Walked(Plain):
    """The same on foot: at one's own pace to the door and over every road, but on steps."""

    def whole_ms(self, segment: Segment, against: int, profile: str) -> int | None:  # noqa: ARG002
        """Time over a whole segment, rounded; None when closed."""
        mode = segment.rides[against].mode
        exact = segment.mm * 3.6 / (self.kmh * (0.6 if mode == STEPS else 1.0))
        rounded = int(exact + 1e-6) if segment.part else round(exact)
        return None if mode == CLOSED else rounded

    def ties(self, x: float, y: float) -> list[Tie]:
        """Find the ties, with the leg to the door at one's own pace."""
        faster = self.kmh / 3.6 / WALKING_MS
        return [one._replace(walk_ms=round(one.walk_ms / faster)) for one in super().ties(x, y)]


@pytest.mark.parametrize("mode", ["bicycle", "foot"])
def test_minutes_and_numbers_in_reach_equal_networkx_on_berlare(
    shared_data: Path, mode: Mode
) -> None:
    """Median, 90th percentile, mean and academies in reach of 92 children, band by band.

    At the study's speeds and by the fixed convention, which is of bicycles alone; one academy
    serves up to 9 years alone. On foot the tags are read by rules written a second time.
    """
    path = shared_data / "osm" / "berlare.osm"
    network = Network.whole_from_roads(read_roads([path], mode=mode))
    spread = np.inf if mode == "bicycle" else 900.0
    x, y = draw(network, np.random.default_rng(4), 28, half_m=spread)
    ages = {6: 24, 9: 20, 10: 24, 16: 24}
    prepared, measured = _children_of(ages, network, (x[:24], y[:24]), (x[24:], y[24:]), mode)
    table = measure_times(prepared, measured, threads=1)
    assert len(prepared.cells) == 4
    if mode == "foot":
        ways = {"study": Walked(path, network.crs, 4, rules=WALKING)}
    else:
        plain = Plain(path, network.crs, 15)
        flat = copy(plain)
        flat.__class__ = Flat
        ways = {"study": plain, "flat_15_kmh": flat}
    assert set(table["convention"]) == {*ways}
    for convention, computed in ways.items():
        each = _three_of_each_child(computed, prepared, measured)
        for band in ("5-8", "9-11", "12-17", "all"):
            rides = [ride for of, rides in each for ride in rides if band in (of, "all")]
            rows = table[(table["level"] == "region") & (table["profile"] == "all")]
            rows = rows[(rows["convention"] == convention) & (rows["band"] == band)]
            (row,) = rows.to_dict("records")
            assert row["measured"] == len(rides) > 20
            _assert_alike_measures(row, rides, 15 * 60_000)


def _children_of(
    ages: dict[int, int],
    network: Network,
    homes: tuple[np.ndarray, np.ndarray],
    academies: tuple[np.ndarray, np.ndarray],
    mode: Mode,
) -> tuple[Prepared, Measured]:
    """Measure children at points of a grid; the first academy serves up to 9 years alone."""
    spots = shapely.points(*homes)
    ground = shapely.MultiPoint(list(spots)).buffer(5000).envelope
    given = hand.inputs(
        hand.municipalities({"42003": ("Oost-Vlaanderen", ground)}),
        hand.children(("42003", age, "F", count) for age, count in ages.items()),
        academies=hand.academies(
            {f"S{number}": one for number, one in enumerate(shapely.points(*academies))},
            ages={"S0": (None, 9)},
        ),
        weights=hand.weights([(one, 1) for one in spots]),
    )
    by = {"demand": {"method": "grid"}, "travel": {"mode": mode}}
    study = hand.study("wegen.osm", weights="g", **by)
    prepared = Prepared.from_inputs(study, given, network)
    return prepared, measure_day(prepared, study.about.date, threads=1)


def _three_of_each_child(
    plain: Plain, prepared: Prepared, measured: Measured
) -> list[tuple[str, list[list[float]]]]:
    """Ride from every child to the academies of its age: the three least times, by band."""
    by_speed: dict[float, tuple[list[list[Tie]], list[list[float | None]]]] = {}
    found = []
    for cell in prepared.cells:
        plain.kmh = plain.kmh_of(cell.band)
        if plain.kmh not in by_speed:
            homes, academies = (
                [plain.ties(x, y) for x, y in shapely.get_coordinates(table.geometry.to_numpy())]
                for table in (prepared.points, measured.academies)
            )
            by_speed[plain.kmh] = homes, plain.times(homes, academies, HOUR_MS)
        homes, times = by_speed[plain.kmh]
        first = 0 if cell.ages[1] <= 9 else 1
        rides = []
        for ties, to, count in zip(homes, times, prepared.points[cell.column], strict=True):
            least = sorted(math.inf if ms is None else ms for ms in to[first:])[:3]
            rides += [least] * (count if ties else 0)
        found.append((cell.band.name, rides))
    return found


def _assert_alike_measures(row: dict[str, Any], rides: list[list[float]], cutoff_ms: int) -> None:
    """Hold the measures of a row against the children, sorted one by one."""
    flat = [ms for three in rides for ms in three]
    assert all(ms < HOUR_MS and abs(ms - cutoff_ms) > BOUND_MS for ms in flat)
    for name, each in (
        ("nearest", sorted(three[0] for three in rides)),
        ("three", sorted(sum(three) / 3 for three in rides)),
    ):
        due = {"median": (len(each) + 1) // 2, "p90": -(-9 * len(each) // 10)}
        wanted = {of: each[count - 1] for of, count in due.items()}
        for of, expected in (wanted | {"mean": sum(each) / len(each)}).items():
            assert abs(row[f"{name}_{of}_min"] * 60_000 - expected) <= BOUND_MS
        assert row[f"{name}_beyond"] == 0
    within = Counter(sum(ms <= cutoff_ms for ms in three) for three in rides)
    names = ("within_0", "within_1", "within_2", "within_3_or_more")
    assert [row[name] for name in names] == [within[number] for number in range(4)]
    assert row["band"] != "all" or len(within) >= 2
    in_time = sum(three[0] <= cutoff_ms for three in rides)
    assert row["share_15_min"] == in_time / len(rides)


def test_the_plain_computation_tells_directions_apart(tmp_path: Path) -> None:
    """On a one-way ring child to academy and academy to child differ, and ours is the first."""
    nodes = {"a": (0, 0), "b": (1000, 0), "c": (1000, 300), "d": (0, 300)}
    drawn = RoadMap(nodes, [("a b c d a", "highway=residential oneway=yes foot=no")])
    network = drawn.network(tmp_path)
    plain = Plain(drawn.write(tmp_path), network.crs, kmh=15.0)
    one, two = drawn.between("a", "b", 0.2), drawn.between("a", "b", 0.7)
    there, back = plain.ms(one, two), plain.ms(two, one)
    assert there == pytest.approx(0.5 * drawn.ms("a b"), abs=BOUND_MS)
    assert back == pytest.approx(drawn.ms("a b c d a") - there, abs=BOUND_MS)
    assert back > there + 60_000
    assert ms(network, one, two) == pytest.approx(there, abs=BOUND_MS)
    assert ms(network, two, one) == pytest.approx(back, abs=BOUND_MS)


@pytest.mark.parametrize("mode", ["bicycle", "foot"])
def test_the_plain_computation_reads_squares_and_lifts(tmp_path: Path, mode: Mode) -> None:
    """A square of untagged ways and a lift with three doors: its times are ours, and by hand.

    On foot both are walked at one's own pace, and a square that is closed to feet is none.
    """
    nodes = {"a": (0, 0), "b": (300, 0), "n": (350, 60), "s": (350, -40), "e": (400, 0)}
    nodes |= {"l": (700, 0), "m": (760, 0), "u": (820, 50), "z": (820, 400), "k": (760, 300)}
    ways = [(path, "highway=residential") for path in ("a b", "e l", "u z", "m k")]
    ways = [*ways, ("b n e", ""), ("e s b", ""), ("l m u", "highway=elevator")]
    drawn = RoadMap(nodes, ways)
    square = (
        "<relation id='1'><member type='way' ref='5' role='outer'/>"
        "<member type='way' ref='6' role='outer'/><tag k='type' v='multipolygon'/>"
        "<tag k='highway' v='pedestrian'/></relation></osm>"
    )
    path = tmp_path / "map.osm"
    path.write_text(drawn.xml().replace("</osm>", square), encoding="utf-8")
    network = Network.from_osm(path, mode=mode)
    kmh, on_foot_kmh = (15.0, 4.0) if mode == "bicycle" else (5.0, 5.0)
    kind, rules = (Plain, RIDING) if mode == "bicycle" else (Walked, WALKING)
    plain = kind(path, network.crs, kmh, rules=rules)
    by_hand = sum(drawn.ms(path, kmh) for path in ("a b", "e l", "u z"))
    by_hand += sum(drawn.ms(path, on_foot_kmh) for path in ("b s e", "l u"))
    here, there = drawn.at("a"), drawn.at("z")
    assert plain.ms(here, there) == pytest.approx(by_hand, abs=BOUND_MS)
    assert ride(network, here, there, kmh=kmh) == by_hand
    closed = path.read_text(encoding="utf-8").replace("'pedestrian'/>", "'pedestrian'/>{}", 1)
    path.write_text(closed.format("<tag k='foot' v='no'/><tag k='bicycle' v='no'/>"), "utf-8")
    without = Network.from_osm(path, mode=mode)
    where = {"bicycle": "to_bicycles", "foot": "on_foot"}[mode]
    assert without.counts[f"squares_closed_{where}"] == network.counts["squares"] == 1


def test_the_plain_computation_is_right_by_hand(tmp_path: Path) -> None:
    """On a map worked out by hand the oracle itself gives the right time."""
    drawn = RoadMap(
        {"a": (0, 0), "b": (500, 0), "c": (500, 500), "d": (500, 700), "e": (300, 60)},
        [
            ("a b", "highway=primary"),
            ("b c", "highway=footway"),
            ("c d", "highway=service"),
            ("a e", "highway=residential bridge=yes"),
        ],
        {"c": "barrier=fence"},
    )
    plain = Plain(drawn.write(tmp_path), "EPSG:31370", kmh=15.0)
    x, y = drawn.between("a", "b", 0.5)
    child, academy = (x, y + 13), drawn.between("b", "c", 0.25)
    for profile, kmh in (("all", 15), ("low_stress", 4)):
        by_hand = 10_000 + 0.5 * drawn.ms("a b", kmh) + 0.25 * drawn.ms("b c", 4)
        assert plain.ms(child, academy, profile) == pytest.approx(by_hand, abs=20)
    assert [plain.home[number] for number in plain.doors] == [True, True, False]
    assert len(plain.segments) == 4
    # 190 m off the street and on an island: walked to the road, tied to both.
    assert len(plain.ties(*drawn.at("d"))) == 2
    assert classify_way(tags("highway=motorway"))[0].mode == CLOSED


def test_the_plain_computation_walks_along_a_main_road(tmp_path: Path) -> None:
    """From a stub at a closed trunk road to the cycleway beside it; not across a river."""
    nodes = {"s": (0, -300), "t": (0, 0), "w": (-900, 0), "e": (900, 0)}
    nodes |= {"p": (-900, 8), "q": (900, 8), "k": (-900, 4), "l": (900, 4)}
    ways = [("s t", "highway=residential"), ("w t e", "highway=trunk"), ("p q", "highway=cycleway")]
    for river in ([], [("k l", "waterway=river")]):
        drawn = RoadMap(nodes, [*ways, *river])
        path = drawn.write(tmp_path)
        network = Network.from_osm(path)
        plain = Plain(path, network.crs, kmh=15.0)
        by_hand = drawn.ms("s t") + 8 * 900 + 0.5 * drawn.ms("p q")
        expected = None if river else pytest.approx(by_hand, abs=20)
        assert plain.ms(drawn.at("s"), drawn.at("q")) == expected
        ours = ms(network, drawn.at("s"), drawn.at("q"))
        assert ours == (
            None if river else pytest.approx(plain.ms(drawn.at("s"), drawn.at("q")), abs=3)
        )
