"""Tying points to roads: to every one near the door, held against GEOS and against the rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from network.maps import RoadMap, metres

from stemgeo.access import search
from stemgeo.network import Network
from stemgeo.network.legs import _find_near_each, find_near
from stemgeo.network.snap import TiedPoints, snap_points

if TYPE_CHECKING:
    from pathlib import Path

    from network.maps import Place

STREET = "highway=residential"
MM = 0.001

Line = tuple[float, float, float, float]


# --- the rule once more, point by point, with GEOS ----------------------------------------------


def is_crossed(leg: shapely.LineString, wall: shapely.LineString) -> bool:
    """Whether a leg meets a barrier past its start, but for a vertex at its very end."""
    if leg.length < MM or leg.distance(wall) > MM:
        return False
    (ax, ay), (bx, by) = leg.coords
    (cx, cy), (dx, dy) = wall.coords
    if (bx - ax) * (dy - cy) == (by - ay) * (dx - cx):
        return False  # it runs beside the leg
    return all(metres > MM for metres in from_ends(leg, wall))


def from_ends(leg: shapely.LineString, wall: shapely.LineString) -> tuple[float, float]:
    """Measure from the start of a leg to where it meets a barrier, and from its end to a vertex."""
    meets = shapely.get_point(shapely.shortest_line(leg, wall), 0)
    start, end = (shapely.get_point(leg, i) for i in (0, 1))
    vertex_m = min(end.distance(shapely.get_point(wall, i)) for i in (0, 1))
    return start.distance(meets), vertex_m


def brute(
    lines: list[Line],
    island: list[bool],
    at: Place,
    walls: list[Line],
    within_m: float,
    limit_m: float,
) -> tuple[dict[int, float], float, bool]:
    """Give the pieces that a point is tied to with their distances, the nearest, and by what."""
    point = shapely.Point(at)
    free: dict[int, float] = {}
    for number, (ax, ay, bx, by) in enumerate(lines):
        line = shapely.LineString([(ax, ay), (bx, by)])
        leg = shapely.shortest_line(point, line)
        away = float(point.distance(line))
        assume(min(abs(away - within_m), abs(away - limit_m)) > 1e-7)
        drawn = [shapely.LineString([wall[:2], wall[2:]]) for wall in walls]
        for wall in drawn:
            close = leg.distance(wall), *from_ends(leg, wall)
            assume(not any(0.5 * MM < metres < 2 * MM for metres in close))
        barred = any(is_crossed(leg, wall) for wall in drawn)
        if away <= limit_m and not barred:
            free[number] = away
    land = {number: away for number, away in free.items() if not island[number]}
    isles = {number: away for number, away in free.items() if island[number]}
    if not land:
        return {}, np.nan, bool(isles)
    best = min(land.values())
    tied = {number: away for number, away in free.items() if away <= within_m}
    if not set(tied) & set(land):
        level = [number for number, away in land.items() if away < best + 1e-9]
        tied[level[0]] = best
    return tied, best, min(isles.values(), default=np.inf) < best - 1e-9


COORDINATE = st.integers(0, 40).map(lambda tens: 12.5 * tens)
LINE = st.tuples(*[COORDINATE] * 4).filter(lambda line: line[:2] != line[2:])


@settings(max_examples=150)
@given(
    st.lists(st.tuples(LINE, st.booleans()), min_size=1, max_size=8),
    st.lists(LINE, max_size=4),
    st.lists(st.tuples(COORDINATE, COORDINATE), min_size=1, max_size=4),
    st.sampled_from([30.0, 60.0, 150.0]),
    st.sampled_from([150.0, 333.0, 1000.0]),
)
def test_ties_are_those_of_the_rule(
    roads: list[tuple[Line, bool]],
    walls: list[Line],
    at: list[Place],
    within_m: float,
    limit_m: float,
) -> None:
    """On random maps with islands and barriers: the same pieces, places and distances."""
    lines, island = [line for line, _ in roads], [one for _, one in roads]
    expected = [brute(lines, island, one, walls, within_m, limit_m) for one in at]
    for of_point, land in ((one[0], one[1]) for one in expected):
        assume(sum(abs(away - land) < 1e-9 for away in of_point.values()) <= 1)
    found = find_near(
        tuple(np.array(lines).T.copy()),
        np.array(island),
        (np.array([x for x, _ in at]), np.array([y for _, y in at])),
        np.array(walls, dtype=float).reshape(-1, 4),
        within_m,
        limit_m,
    )
    for number, (tied, best, by_island) in enumerate(expected):
        mine = slice(found.first[number], found.first[number + 1])
        assert found.piece[mine].tolist() == sorted(tied)
        assert found.metres[mine] == pytest.approx([tied[i] for i in sorted(tied)], abs=1e-9)
        assert found.nearest_m[number] == pytest.approx(best, abs=1e-9, nan_ok=True)
        assert bool(found.by_island[number]) is by_island
        for piece, share in zip(found.piece[mine], found.share[mine], strict=True):
            ax, ay, bx, by = lines[piece]
            line = shapely.LineString([(ax, ay), (bx, by)])
            there = shapely.line_locate_point(line, shapely.Point(at[number]), normalized=True)
            assert share == pytest.approx(there, abs=1e-9)


@pytest.fixture(scope="module")
def network(shared_data: Path) -> Network:
    """The roads of a village."""
    return Network.from_osm(shared_data / "osm" / "berlare.osm")


def around(network: Network, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Scatter points over the ground and up to 700 m beyond it, some on vertices."""
    random = np.random.default_rng(5)
    x, y = (
        random.uniform(values.min() - 700, values.max() + 700, count)
        for values in (network.vertex_x, network.vertex_y)
    )
    where = random.integers(0, len(network.vertex_x), count // 4)
    x[: len(where)], y[: len(where)] = network.vertex_x[where], network.vertex_y[where]
    x[: len(where) // 2] += random.normal(0, 40, len(where) // 2)
    return x, y


@pytest.mark.parametrize(("within_m", "limit_m"), [(50.0, 500.0), (20.0, 20.0), (120.0, 700.0)])
def test_ties_in_a_village_are_those_of_geos(
    network: Network, within_m: float, limit_m: float
) -> None:
    """Segment by segment, place by place to the millimetre; barriers and islands as they lie."""
    x, y = around(network, 300)
    usable = np.flatnonzero(network.door)
    ends = np.stack(network.pieces, axis=1)[usable]
    lines = shapely.linestrings(ends.reshape(-1, 2, 2))
    walls = shapely.linestrings(network.barriers.reshape(-1, 2, 2))
    island = network.island[network.segment_edge[usable]]
    tree, wall_tree = shapely.STRtree(lines), shapely.STRtree(walls)
    places = snap_points(network, x, y, within_m=within_m, limit_m=limit_m)
    fallen_back = 0
    for number, point in enumerate(shapely.points(x, y)):
        reach = np.sort(tree.query(point, predicate="dwithin", distance=limit_m))
        away = shapely.distance(point, lines[reach])
        for step in (within_m, limit_m):  # few are needed: those that are as near as any free one
            some = reach[away <= step]
            legs = shapely.shortest_line(point, lines[some])
            barred = [
                any(is_crossed(leg, walls[w]) for w in wall_tree.query(leg, "dwithin", MM))
                for leg in legs
            ]
            free = some[~np.array(barred, dtype=bool)]
            if (~island[free]).any():
                break
        metres = dict(zip(free.tolist(), shapely.distance(point, lines[free]), strict=True))
        land = [one for one in free.tolist() if not island[one]]
        tied = {one for one in metres if metres[one] <= within_m} if land else set()
        if land and not tied & set(land):
            tied.add(min(land, key=lambda one: (metres[one], one)))
            fallen_back += 1
        mine = slice(places.first[number], places.first[number + 1])
        assert places.segment[mine].tolist() == usable[sorted(tied)].tolist()
        along = shapely.line_locate_point(lines[sorted(tied)], point, normalized=True)
        offset_mm = along * network.length_mm[usable[sorted(tied)]]
        assert abs(places.offset_mm[mine] - offset_mm).max(initial=0) <= 0.51
        walk_mm = np.array([1000 * metres[one] for one in sorted(tied)])
        assert abs(places.walk_mm[mine] - walk_mm).max(initial=0) <= 0.51
        best = min((metres[one] for one in land), default=np.nan)
        assert places.snap_m[number] == pytest.approx(best, abs=1e-9, nan_ok=True)
    assert within_m == limit_m or fallen_back > 10
    assert places.found.any()
    assert not places.found.all()


# --- which roads take doors ---------------------------------------------------------------------

HOUSE = (500.0, 20.0)
FRAME = {"a": (0, 0), "b": (1000, 0), "p": (0, -200), "q": (1000, -200)}
RING = [("p q", STREET), ("a p", STREET), ("b q", STREET)]


def ways_of(network: Network, place: Place, **limits: float) -> list[int]:
    """Give the ways that a place is tied to."""
    places = snap_points(network, *(np.array([value]) for value in place), **limits)
    return sorted(set(network.way[places.segment].tolist()))


@pytest.mark.parametrize(
    ("tags", "takes"),
    [
        (STREET, True),
        ("highway=primary", True),
        ("highway=footway", True),
        ("highway=path", True),
        (f"{STREET} oneway=yes", True),
        ("highway=steps", False),
        ("highway=elevator", False),
        ("route=ferry bicycle=yes", False),
        ("highway=residential access=private foot=no", False),
        (f"{STREET} bridge=yes", False),
        (f"{STREET} bridge=viaduct", False),
        (f"{STREET} bridge=no", True),
        (f"{STREET} bridge=boardwalk", True),
        (f"{STREET} bridge=low_water_crossing", True),
        (f"{STREET} tunnel=yes", False),
        (f"{STREET} tunnel=culvert", False),
        (f"{STREET} tunnel=no", True),
        (f"{STREET} tunnel=building_passage", True),
        (f"{STREET} layer=1", False),
        (f"{STREET} layer=-1", False),
        (f"{STREET} layer=0", True),
        (f"{STREET} tunnel=building_passage layer=-1", False),
    ],
)
def test_doors_open_onto_roads_on_the_ground(tmp_path: Path, tags: str, takes: bool) -> None:  # noqa: FBT001
    """Open in a direction, no steps, lift or ferry, at the level of the ground; else the next."""
    network = RoadMap(FRAME, [("a b", tags), *RING]).network(tmp_path)
    assert ways_of(network, metres(*HOUSE)) == ([1] if takes else [2])


@pytest.mark.parametrize("profile", ["low_stress", "quiet_1"])
def test_doors_are_the_same_in_each_profile(tmp_path: Path, profile: str) -> None:
    """A busy road takes them too, and one that nobody may push along."""
    for tags in ("highway=primary maxspeed=90", "highway=primary maxspeed=90 foot=no"):
        network = RoadMap(FRAME, [("a b", tags), *RING]).network(tmp_path)
        assert ways_of(network.calm_to(profile), metres(*HOUSE)) == [1]


def test_every_road_within_the_distance_counts(tmp_path: Path) -> None:
    """All of them, inclusive, each once for each straight piece; past it none."""
    nodes = {"a": (0, 0), "b": (500, 0), "c": (1000, 0)}
    ways = [("a b c", STREET)]
    for i, (dy, name) in enumerate(((49, "49"), (60, "60"), (-30, "30"))):
        nodes |= {f"l{i}": (0, dy), f"r{i}": (1000, dy)}
        ways += [(f"l{i} r{i}", f"highway=cycleway name={name}"), (f"a l{i}", STREET)]
    network = RoadMap(nodes, ways).network(tmp_path)
    x, y = np.array([metres(*one) for one in ((500.0, 0.0), (250.0, 0.0))]).T
    places = snap_points(network, x, y)
    assert [sorted(network.way[places.segment[places.owner == p]]) for p in (0, 1)] == [
        [1, 1, 2, 6],
        [1, 2, 6],
    ]
    at = dict(zip(network.way[places.segment], places.walk_mm, strict=True))
    assert [at[way] for way in (1, 2, 6)] == pytest.approx([0, 49_000, 30_000], abs=20)
    exact = network.vertex_y[0]
    assert len(ways_of(network, (x[0], exact + 1e4))) == 0


def test_without_a_road_so_near_the_nearest_alone_counts(tmp_path: Path) -> None:
    """One tie, within 500 m; beyond that none, and the point is unmeasured."""
    nodes = {"a": (0, 0), "b": (1000, 0), "c": (0, 150), "d": (1000, 150)}
    network = RoadMap(nodes, [("a b", STREET), ("c d", STREET), ("a c", STREET)]).network(tmp_path)
    for north, ways, away in ((75.0 + 5, [2], 70.0), (-60.0, [1], 60.0), (-499.0, [1], 499.0)):
        place = metres(500, north)
        assert ways_of(network, place) == ways
        tied = snap_points(network, *(np.array([value]) for value in place))
        assert len(tied.segment) == 1
        assert tied.snap_m == pytest.approx([away], abs=0.1)
    far = snap_points(network, *(np.array([value]) for value in metres(500, -501)))
    assert (far.found.tolist(), far.first.tolist()) == ([False], [0, 0])
    assert np.isnan(far.snap_m).all()


def test_an_island_stays_tied_and_is_not_enough(tmp_path: Path) -> None:
    """Beside a road of an island one is tied to the nearest other too, or to nothing at all."""
    nodes = FRAME | {"k": (400, 0), "l": (600, 0)}
    ways = [("k l", STREET), *RING]
    network = RoadMap(nodes, ways).network(tmp_path)
    here = metres(*HOUSE)
    assert ways_of(network, here) == [1, 2]
    assert ways_of(network, here, limit_m=100) == []
    # Within the distance of both: both, and no island is nearest where another road is nearer.
    for place, by_island in ((here, True), (metres(500, -190), False)):
        tied = snap_points(network, *(np.array([value]) for value in place))
        assert tied.by_island.tolist() == [by_island]
        assert tied.snap_m == pytest.approx([220 if by_island else 10], abs=0.1)
    alone = snap_points(network, *(np.array([value]) for value in here), limit_m=100)
    assert alone.by_island.tolist() == [True]


# --- barriers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tags", "bars"),
    [
        ("waterway=river", True),
        ("waterway=canal", True),
        ("natural=water name=Donkmeer", True),
        ("railway=rail", True),
        ("highway=motorway", True),
        ("highway=motorway_link", True),
        ("waterway=river tunnel=culvert", False),
        ("waterway=canal tunnel=yes", False),
        ("railway=rail tunnel=yes", False),
        ("highway=motorway tunnel=yes", False),
        ("waterway=stream name=Beek", False),
        ("waterway=ditch", False),
        ("waterway=drain", False),
        ("natural=water", False),
        ("railway=tram", False),
        ("railway=abandoned", False),
        ("highway=trunk", False),
        ("highway=primary", False),
        ("highway=trunk bicycle=yes", False),
    ],
)
def test_no_leg_crosses_a_barrier(tmp_path: Path, tags: str, bars: bool) -> None:  # noqa: FBT001
    """Rivers, canals, named waters, railways, motorways; no ditch, brook, tram or tunnel."""
    nodes = FRAME | {"v": (-100, 10), "w": (1100, 10), "s": (0, 220), "t": (1000, 220)}
    ways = [("a b", STREET), *RING, ("v w", tags), ("s t", STREET), ("s a", STREET)]
    network = RoadMap(nodes, ways).network(tmp_path)
    near_by = ways_of(network, metres(*HOUSE))
    assert (1 in near_by) is not bars
    if bars:
        assert near_by == [6]  # 200 m the other way, on its own side


@pytest.mark.parametrize(
    ("water", "house", "bars"),
    [
        # The road goes over the water in a vertex of both.
        ("v m w", (500, 20), False),
        # The water passes between.
        ("v w", (500, 20), True),
        # It runs along the road.
        ("a m b", (300, 20), True),
        # The house stands on the water itself: who leaves it is on no other side.
        ("g h", (500, 20), False),
        # The water ends before the leg, or touches it with its end.
        ("g i", (500, 20), False),
        ("j k", (500, 20), True),
    ],
)
def test_where_a_leg_meets_a_barrier(
    tmp_path: Path,
    water: str,
    house: Place,
    bars: bool,  # noqa: FBT001
) -> None:
    """Between its start, left out, and its end, counted; not at a vertex of it at the end."""
    nodes = FRAME | {"m": (500, 0), "v": (450, -15), "w": (550, 25)}
    nodes |= {"g": (490, 20), "h": (510, 20), "i": (499, 10), "j": (500, 10), "k": (600, 10)}
    ways = [("a m b", STREET), *RING, (water, "waterway=river")]
    drawn = RoadMap(nodes, ways)
    network = drawn.network(tmp_path)
    (x, y), (east, north) = drawn.at("m"), house
    place = x + east - 500, y + north
    if water == "g h":
        place = drawn.between("g", "h", 0.5)
    tied = snap_points(network, *(np.array([value]) for value in place))
    assert bool((tied.walk_mm <= 50_000).any()) is not bars


def test_a_door_on_the_road_crosses_nothing(tmp_path: Path) -> None:
    """A leg of less than a millimetre, though a river runs along the road."""
    drawn = RoadMap(FRAME, [("a b", STREET), *RING, ("a b", "waterway=river")])
    network = drawn.network(tmp_path)
    assert ways_of(network, drawn.between("a", "b", 0.4)) == [1]


# --- the table of ties --------------------------------------------------------------------------


def test_a_point_without_a_place_is_tied_to_nothing(network: Network) -> None:
    """Not a number, or far beyond the roads: no tie and no distance, whatever stands beside it."""
    x, y = np.array([np.nan, np.inf, 1e9, network.node_x[0]]), np.full(4, network.node_y[0])
    places = snap_points(network, x, y)
    assert places.found.tolist() == [False] * 3 + [True]
    assert places.first.tolist()[:4] == [0, 0, 0, 0]
    assert np.isnan(places.snap_m[:3]).all()
    assert places.by_island.tolist()[:3] == [False] * 3


def test_a_network_without_doors_ties_nothing(tmp_path: Path) -> None:
    """A bridge alone: one cannot live there."""
    network = RoadMap(FRAME, [("a b", f"{STREET} bridge=yes")]).network(tmp_path)
    places = snap_points(network, *(np.array([value, value]) for value in metres(*HOUSE)))
    assert places.first.tolist() == [0, 0, 0]
    assert not places.found.any()


def rows(places: TiedPoints, point: int) -> list[tuple[int, int, int]]:
    """List the ties of a point."""
    mine = slice(places.first[point], places.first[point + 1])
    columns = places.segment[mine], places.offset_mm[mine], places.walk_mm[mine]
    return list(zip(*(one.tolist() for one in columns), strict=True))


def test_points_are_taken_left_out_and_thinned(network: Network) -> None:
    """In any order and twice, each with its own ties; or none; or the nearest of them alone."""
    places = snap_points(network, *around(network, 200))
    chosen = np.array([7, 3, 3, 199, 0])
    some = places.take_points(chosen)
    for i, point in enumerate(chosen.tolist()):
        assert rows(some, i) == rows(places, point)
    np.testing.assert_array_equal(some.snap_m, places.snap_m[chosen])
    out = np.arange(200) % 3 == 0
    rest = places.untie_points(out)
    thinned = places.keep_nearest()
    for point in range(200):
        assert rows(rest, point) == ([] if out[point] else rows(places, point))
        best = sorted(rows(places, point), key=lambda row: row[2])[:1]
        assert [row[2] for row in rows(thinned, point)] == [row[2] for row in best]
        assert set(rows(thinned, point)) <= set(rows(places, point))
    assert np.isnan(rest.snap_m[out]).all()
    np.testing.assert_array_equal(places.take_points(~out).snap_m, places.snap_m[~out])


@pytest.mark.parametrize("count", [60, 4099])  # so many are tied by two threads
def test_ties_do_not_depend_on_the_company(network: Network, count: int) -> None:
    """A point alone is tied as it is among others."""
    x, y = around(network, count)
    together = snap_points(network, x, y)
    for point in [*range(0, 60, 7), *range(count - 5, count)]:
        alone = snap_points(network, x[point : point + 1], y[point : point + 1])
        assert rows(alone, 0) == rows(together, point)


def test_kernels_are_compiled_once() -> None:
    """Whatever memory the points and barriers lie in: compiling takes as long as Flanders does."""
    lines = tuple(np.array([one]) for one in (0.0, 0.0, 10.0, 0.0))
    plain = np.array([[1.0, 2.0], [4.0, 2.0]])
    fixed = plain.copy()
    fixed.flags.writeable = False
    for points in (plain, fixed, np.repeat(plain, 2, axis=1)[:, ::2]):
        for walls in (np.zeros((0, 4)), np.zeros((1, 4)), np.broadcast_to(np.zeros(4), (2, 4))):
            found = find_near(lines, np.zeros(1, np.bool_), tuple(points), walls, 15.0, 100.0)
            assert found.metres.tolist() == [4.0, 2.0]
        search.label_straight(*points, *points, 1)
    assert [len(one.signatures) for one in (_find_near_each, search._label_points_straight)] == [
        1,
        1,
    ]


@pytest.mark.parametrize("turned", [False, True])
def test_no_square_around_a_point_is_passed_by(turned: bool) -> None:  # noqa: FBT001
    """The nearest piece lies just beyond the square of the point, in the middle of its ring."""
    lines = np.array([[0.0, 0, 5, 0], [140.0, 250, 160, 250], [390.0, 390, 395, 390]]).T
    lines = np.ascontiguousarray(lines[[1, 0, 3, 2]] if turned else lines)
    island = np.array([True, False, False])
    at = np.array([150.0])
    found = find_near(tuple(lines), island, (at, at), np.zeros((0, 4)), 10.0, 500.0)
    assert (found.piece.tolist(), found.nearest_m.tolist()) == ([1], [100.0])
