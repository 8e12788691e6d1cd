"""Travel times held against networkx and against a plain, slow computation of our own."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from functools import cache
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, NamedTuple

import networkx as nx
import numpy as np
import osmium
import pytest
from network.maps import RoadMap, ms, points, tags
from pyproj import Geod, Transformer

from stemgeo.access.search import UNREACHED, labels, nearest, reach, unpack
from stemgeo.access.travel_time import Rider, access
from stemgeo.network import Network
from stemgeo.network.bicycle import CLOSED, LIFT, NOT_AT_ALL, STEPS, Ride, blocks, classify
from stemgeo.network.osm import read_roads
from stemgeo.network.stress import stress

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from network.maps import Place

EXTRACTS = ("berlare.osm", "wechelderzande.osm.pbf", "porto.osm.pbf")
VILLAGES = EXTRACTS[:2]
FAR = 2**29
"""A horizon beyond every time, ms."""


PROFILES = ("all", "low_stress")
both_profiles = pytest.mark.parametrize("profile", PROFILES)

NetworkOf = Callable[[str, str], Network]


@pytest.fixture(scope="module")
def network_of(shared_data: Path) -> NetworkOf:
    """Read each extract once and restrict it to each profile once."""
    whole = cache(lambda name: Network.whole(read_roads([shared_data / "osm" / name])))
    return cache(lambda name, profile: whole(name).restricted(profile))


# --- oracle 1: networkx on the same graph -------------------------------------------------------


def reach_from(network: Network, sources: list[int], kmh: float) -> list[dict[int, int]]:
    """Times from every node to each source, by the kernel."""
    rider = Rider(network, network.times(kmh), FAR)
    count = len(sources)
    offsets, nodes, times = reach(
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


@both_profiles
def test_kernel_equals_networkx_on_porto(network_of: NetworkOf, profile: str) -> None:
    """From every node of Porto to 20 random ones: the same nodes, the same milliseconds.

    Of the low-stress roads the sources lie in the largest part that hangs together.
    """
    network = network_of("porto.osm.pbf", profile)
    turned = turned_round(network.to_networkx(12))
    among = sorted(max(nx.strongly_connected_components(turned), key=len))
    if profile == "all":
        among = list(range(network.nodes))
    sources = np.random.default_rng(20).choice(among, 20, replace=False).tolist()
    reached = reach_from(network, sources, 12)
    for source, ours in zip(sources, reached, strict=True):
        assert ours == by_networkx(turned, source)
    if profile == "all":
        assert max(map(len, reached)) > 0.9 * network.nodes
    else:
        assert 500 < min(map(len, reached)) < 0.5 * network.nodes


@both_profiles
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


@both_profiles
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
    rider = Rider(network, network.times(15), FAR)
    label = nearest(rider.arcs, nodes.astype(np.int32), labels(walk, rank), rider.horizon_ms)
    time, number = unpack(label)
    ours = {
        n: (int(time[n]), int(number[n])) for n in range(network.nodes) if label[n] != UNREACHED
    }
    assert ours == best
    assert len({number for _, number in best.values()}) > 5


def test_horizon_cuts_what_networkx_cuts(network_of: NetworkOf) -> None:
    """Within a horizon the kernel finds what networkx finds with it as cutoff, inclusive."""
    network = network_of("berlare.osm", "all")
    turned = turned_round(network.to_networkx(15))
    rider = Rider(network, network.times(15), FAR)
    for source in range(0, network.nodes, 60):
        for horizon in sorted(by_networkx(turned, source).values())[:: network.nodes // 4]:
            label = nearest(
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
at the two ends: we round the part of the segment that is ridden (half a millisecond) and take the
rest as the rounded whole less that part, the oracle shares out the rounded whole (half a
millisecond more): 1 ms at each end; and each walking leg is rounded once: half a millisecond.
"""

WALKING_MS = 1.3
ISLAND_BELOW_MM = {"all": 30_000_000, "low_stress": 1_000_000}
GEOD = Geod(ellps="WGS84")


class Segment(NamedTuple):
    """A straight piece of road: its ends, its length, and how it is ridden either way."""

    start: object
    end: object
    mm: int
    forward: Ride
    backward: Ride


class Spot(NamedTuple):
    """Where a point meets the roads: a segment, how far along it, and how far to walk there."""

    segment: int
    share: float
    walk_m: float


class Plain:
    """An extract as a directed graph of its own nodes, built with dicts and no shortcuts."""

    def __init__(self, path: Path, crs: str, kmh: float, profile: str = "all") -> None:
        self.kmh, self.profile = kmh, profile
        self.segments, lonlat = _read(path, profile)
        to_metres = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
        keys = list(lonlat)
        x, y = to_metres.transform([lonlat[k][0] for k in keys], [lonlat[k][1] for k in keys])
        place = dict(zip(keys, zip(x, y, strict=True), strict=True))
        self.graph: nx.DiGraph = nx.DiGraph()
        for segment in self.segments:
            self._join(segment.start, segment.end, self.whole_ms(segment.mm, segment.forward))
            self._join(segment.end, segment.start, self.whole_ms(segment.mm, segment.backward))
        self.usable = self._without_islands_and_steps()
        self.ends = np.array(
            [[*place[self.segments[i].start], *place[self.segments[i].end]] for i in self.usable]
        )

    def whole_ms(self, mm: int, ride: Ride) -> int | None:
        """Time over a whole segment, rounded; None when closed."""
        kmh = ride.speed_kmh(self.kmh, 4.0)
        return round(mm * (3.6 / kmh)) if kmh else None

    def _join(self, start: object, end: object, time: float | None) -> None:
        if time is None:
            return
        known = self.graph.get_edge_data(start, end)
        if known is None or time < known["ms"]:
            self.graph.add_edge(start, end, ms=time)

    def _without_islands_and_steps(self) -> np.ndarray:
        """Number the segments that take points."""
        component = {}
        for number, nodes in enumerate(nx.strongly_connected_components(self.graph)):
            component.update(dict.fromkeys(nodes, number))
        road_mm: defaultdict[int, int] = defaultdict(int)
        home = []
        for segment in self.segments:
            start, end = component[segment.start], component[segment.end]
            home.append(start if start == end else None)
            if start == end:
                road_mm[start] += segment.mm
        largest = max(road_mm, key=lambda number: road_mm[number])
        return np.array(
            [
                i
                for i, segment in enumerate(self.segments)
                if home[i] is not None
                and (home[i] == largest or road_mm[home[i]] >= ISLAND_BELOW_MM[self.profile])
                and not {STEPS, LIFT} & {segment.forward.mode, segment.backward.mode}
            ]
        )

    def spot(self, x: float, y: float) -> Spot | None:
        """Find the nearest place on a road; None when there is none, or two as near."""
        ax, ay, bx, by = self.ends.T
        dx, dy = bx - ax, by - ay
        squared = np.where(dx * dx + dy * dy > 0, dx * dx + dy * dy, 1)
        share = np.clip(((x - ax) * dx + (y - ay) * dy) / squared, 0, 1)
        away = np.hypot(ax + share * dx - x, ay + share * dy - y)
        near = np.flatnonzero(away < away.min() + 1e-6)
        spots = [Spot(int(self.usable[i]), float(share[i]), float(away[i])) for i in near]
        if spots[0].walk_m > 500 or len({self.key(spot) for spot in spots}) > 1:
            return None
        return spots[0]

    def key(self, spot: Spot) -> object:
        """Name a place: the node when it is at one, else the segment and how far along."""
        segment = self.segments[spot.segment]
        at_end = {0.0: segment.start, 1.0: segment.end}
        return at_end.get(round(spot.share, 9), ("spot", spot.segment, spot.share))

    def split_at(self, spots: Iterable[Spot]) -> None:
        """Add places to the graph, each on its segment between its neighbours."""
        by_segment = defaultdict(set)
        for spot in spots:
            by_segment[spot.segment].add(spot.share)
        for number, shares in by_segment.items():
            segment = self.segments[number]
            marks = sorted({0.0, 1.0} | shares)
            there = self.whole_ms(segment.mm, segment.forward)
            back = self.whole_ms(segment.mm, segment.backward)
            for low, high in pairwise(marks):
                one, two = (self.key(Spot(number, share, 0.0)) for share in (low, high))
                self._join(one, two, None if there is None else there * (high - low))
                self._join(two, one, None if back is None else back * (high - low))

    def ms(self, child: Spot, academies: list[Spot], cutoff_ms: float) -> list[float | None]:
        """Ride forward from a child to each academy; None when that takes longer."""
        found = nx.single_source_dijkstra_path_length(
            self.graph, self.key(child), cutoff=cutoff_ms, weight="ms"
        )
        walks = [(child.walk_m + spot.walk_m) / WALKING_MS * 1000 for spot in academies]
        rides = [found.get(self.key(spot)) for spot in academies]
        both = zip(rides, walks, strict=True)
        times = [None if ride is None else ride + walk for ride, walk in both]
        return [t if t is not None and t <= cutoff_ms else None for t in times]


def _read(path: Path, profile: str) -> tuple[list[Segment], dict[object, Place]]:
    """Read segments and places of nodes from an extract, blocking nodes parted."""
    read: dict[object, tuple[list[int], dict[str, str]]] = {}
    rims = _rims(path)
    for way in osmium.FileProcessor(str(path), osmium.osm.WAY):
        own = {tag.k: tag.v for tag in way.tags}
        squares = [square for square in rims[way.id] if classify(square) != classify(own)]
        for number, found in enumerate([own, *squares]):
            if classify(found) != (NOT_AT_ALL, NOT_AT_ALL):
                read[way.id, number] = ([node.ref for node in way.nodes], found)
    read = _lifts_from_door_to_door(read)
    streets = {
        ref
        for refs, found in read.values()
        if found["highway"] in ("residential", "living_street")
        for ref in refs
    }
    roads, wanted = {}, set()
    for way_id, (refs, found) in read.items():
        rides = classify(found)
        if profile == "low_stress":
            levels = stress(found, built_up=not streets.isdisjoint(refs))
            rides = tuple(
                ride if level <= 2 else NOT_AT_ALL
                for ride, level in zip(rides, levels, strict=True)
            )
        if rides != (NOT_AT_ALL, NOT_AT_ALL):
            roads[way_id] = (refs, *rides)
            wanted.update(refs)
    lonlat: dict[object, Place] = {}
    blocked = set()
    nodes = osmium.FileProcessor(str(path), osmium.osm.NODE)
    for node in nodes.with_filter(osmium.filter.IdFilter(sorted(wanted))):
        if node.location.valid():
            lonlat[node.id] = (node.lon, node.lat)
            if len(node.tags) and blocks({tag.k: tag.v for tag in node.tags}):
                blocked.add(node.id)
    pairs = [
        (way, i, refs[i], refs[i + 1], forward, backward)
        for way, (refs, forward, backward) in roads.items()
        for i in range(len(refs) - 1)
        if refs[i] != refs[i + 1] and refs[i] in lonlat and refs[i + 1] in lonlat
    ]
    ends = np.array([[*lonlat[one], *lonlat[two]] for _, _, one, two, *_ in pairs])
    metres = GEOD.inv(*ends.T)[2]
    segments = []
    for (way, i, one, two, forward, backward), length in zip(pairs, metres, strict=True):
        keys = [(node, way, i) if node in blocked else node for node in (one, two)]
        lonlat |= {key: lonlat[node] for key, node in zip(keys, (one, two), strict=True)}
        segments.append(Segment(*keys, round(length * 1000), forward, backward))
    return segments, lonlat


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


@pytest.mark.parametrize(
    ("extract", "profile"),
    [*((extract, "all") for extract in EXTRACTS), *((one, "low_stress") for one in VILLAGES)],
)
def test_times_equal_a_plain_computation(
    network_of: NetworkOf, shared_data: Path, extract: str, profile: str
) -> None:
    """For 200 random pairs the access table has the time of riding from child to academy.

    Where the direction of the search were wrong, the pairs of Porto that take longer one way
    than the other would tell.
    """
    network = network_of(extract, profile)
    plain = Plain(shared_data / "osm" / extract, network.crs, kmh=12.0, profile=profile)
    rng = np.random.default_rng(11)
    x, y = draw(network, rng, 60)
    spots = {i: spot for i in range(60) if (spot := plain.spot(x[i], y[i])) is not None}
    children, academies = list(spots)[:20], list(spots)[20:30]
    plain.split_at(spots[i] for i in [*children, *academies])

    cutoff_ms = CUTOFF_MIN * 60_000
    expected = [plain.ms(spots[c], [spots[a] for a in academies], cutoff_ms) for c in children]
    ours = [times_to(network, (x, y), a, children) for a in academies]
    for i in range(len(children)):
        for j in range(len(academies)):
            assert_alike(expected[i][j], ours[j][i], cutoff_ms)
    found = sum(time is not None for times in expected for time in times)
    assert found > 150

    if extract == "porto.osm.pbf":
        swapped = [plain.ms(spots[a], [spots[c] for c in children], cutoff_ms) for a in academies]
        unlike = [
            abs(swapped[j][i] - expected[i][j]) > 10 * BOUND_MS
            for i in range(len(children))
            for j in range(len(academies))
            if swapped[j][i] is not None and expected[i][j] is not None
        ]
        assert np.mean(unlike) > 0.5


def draw(network: Network, rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw points near the roads around the middle of a network."""
    middle_x, middle_y = np.median(network.node_x), np.median(network.node_y)
    inside = np.flatnonzero(
        (abs(network.node_x - middle_x) < HALF_M) & (abs(network.node_y - middle_y) < HALF_M)
    )
    near = rng.choice(inside, count)
    return (
        network.node_x[near] + rng.normal(0, 80, count),
        network.node_y[near] + rng.normal(0, 80, count),
    )


def times_to(
    network: Network, at: tuple[np.ndarray, np.ndarray], academy: int, children: list[int]
) -> list[float | None]:
    """Take the times to one academy from the access table, in milliseconds."""
    x, y = at
    site = points([(x[academy], y[academy])], academy_id=["a"]).set_crs(
        network.crs, allow_override=True
    )
    doors = points([(x[i], y[i]) for i in children]).set_crs(network.crs, allow_override=True)
    table = access(network, site, doors, speed_kmh=12.0, cutoff_min=CUTOFF_MIN)
    assert (table["status"] != "unmeasured").all()
    return [None if np.isinf(s) else s * 1000 for s in table["travel_time_s"]]


def assert_alike(expected: float | None, ours: float | None, cutoff_ms: float) -> None:
    """Hold two times against each other; at the cutoff itself one may be within and one not."""
    if expected is None or ours is None:
        only = expected if ours is None else ours
        assert only is None or only > cutoff_ms - BOUND_MS
    else:
        assert abs(expected - ours) <= BOUND_MS


def test_the_plain_computation_tells_directions_apart(tmp_path: Path) -> None:
    """On a one-way ring child to academy and academy to child differ, and ours is the first."""
    nodes = {"a": (0, 0), "b": (1000, 0), "c": (1000, 300), "d": (0, 300)}
    drawn = RoadMap(nodes, [("a b c d a", "highway=residential oneway=yes foot=no")])
    network = drawn.network(tmp_path)
    plain = Plain(drawn.write(tmp_path), network.crs, kmh=15.0)
    one, two = drawn.between("a", "b", 0.2), drawn.between("a", "b", 0.7)
    child, academy = plain.spot(*one), plain.spot(*two)
    assert child is not None
    assert academy is not None
    plain.split_at([child, academy])
    (there,), (back,) = plain.ms(child, [academy], FAR), plain.ms(academy, [child], FAR)
    assert there == pytest.approx(0.5 * drawn.ms("a b"), abs=BOUND_MS)
    assert back == pytest.approx(drawn.ms("a b c d a") - there, abs=BOUND_MS)
    assert back > there + 60_000
    assert ms(network, one, two) == pytest.approx(there, abs=BOUND_MS)
    assert ms(network, two, one) == pytest.approx(back, abs=BOUND_MS)


def test_the_plain_computation_reads_squares_and_lifts(tmp_path: Path) -> None:
    """A square of untagged ways and a lift with three doors: its times are ours, and by hand."""
    nodes = {"a": (0, 0), "b": (300, 0), "n": (350, 60), "s": (350, -40), "e": (400, 0)}
    nodes |= {"l": (700, 0), "m": (705, 0), "u": (710, 5), "z": (710, 400), "k": (705, 300)}
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
    network = Network.from_osm(path)
    plain = Plain(path, network.crs, kmh=15.0)
    child, academy = plain.spot(*drawn.at("a")), plain.spot(*drawn.at("z"))
    assert child is not None
    assert academy is not None
    by_hand = drawn.ms("a b") + drawn.ms("b s e", 4) + drawn.ms("e l")
    by_hand += drawn.ms("l u", 4) + drawn.ms("u z")
    assert plain.ms(child, [academy], FAR) == pytest.approx([by_hand], abs=BOUND_MS)
    assert ms(network, drawn.at("a"), drawn.at("z")) == by_hand


def test_the_plain_computation_is_right_by_hand(tmp_path: Path) -> None:
    """On a map worked out by hand the oracle itself gives the right time."""
    drawn = RoadMap(
        {"a": (0, 0), "b": (500, 0), "c": (500, 500), "d": (500, 700)},
        [("a b", "highway=residential"), ("b c", "highway=footway"), ("c d", "highway=service")],
        {"c": "barrier=fence"},
    )
    plain = Plain(drawn.write(tmp_path), "EPSG:31370", kmh=15.0)
    x, y = drawn.between("a", "b", 0.5)
    child, academy = plain.spot(x, y + 13), plain.spot(*drawn.between("b", "c", 0.25))
    assert child is not None
    assert academy is not None
    plain.split_at([child, academy])
    by_hand = 10_000 + 0.5 * drawn.ms("a b") + 0.25 * drawn.ms("b c", 4)
    assert plain.ms(child, [academy], FAR) == pytest.approx([by_hand], abs=20)
    assert all(plain.segments[i].end != "d" for i in plain.usable)
    assert len(plain.usable) == 2
    assert classify(tags("highway=motorway"))[0].mode == CLOSED
