"""Tiles give what the whole gives: each label to the millisecond, and of ties the same academy."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import hand
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lying import label_nearest, shrink_halo
from network.maps import RoadMap, on

from stemgeo.access.search import UNREACHED, unpack_labels
from stemgeo.access.travellers import Pace, build_rider
from stemgeo.network import Network, TiedPoints
from stemgeo.network.bicycle import NOT_AT_ALL, PUSH, RIDE, STEPS, Ride
from stemgeo.network.osm import RoadSegments, read_roads
from stemgeo.scale import tiles as work
from stemgeo.scale.over_tiles import InPlace, TiledRoads, Tiling
from stemgeo.scale.tiles import FarthestRide, WayOfTravel, cut_tiles, divide_nodes

if TYPE_CHECKING:
    from pathlib import Path

TRAVEL = hand.study("wegen.osm").travel
MINUTE_MS = 60_000
RIDES = (NOT_AT_ALL, Ride(RIDE), Ride(RIDE, 10 / 18), Ride(PUSH), Ride(STEPS))


def way_at(kmh: float, **travel: Any) -> WayOfTravel:
    """Say how one rides over all roads."""
    return WayOfTravel(TRAVEL.model_copy(update=travel), (), "all", Pace(kmh))


def lay(network: Network, places: TiedPoints, tiles: int, halo_m: float) -> TiledRoads:
    """TileCut, and do each unit here."""
    return TiledRoads.lay(Tiling(InPlace(), tiles), network, places, halo_m)


def check_equal(laid: TiledRoads, sites: TiedPoints, way: WayOfTravel, horizon_ms: int) -> None:
    """Compare the nearest, the three nearest and whom each serves with those of the whole."""
    whole = build_rider(laid.network, way.travel, way.profile, way.pace, 0)
    rider, rank = replace(whole, horizon_ms=horizon_ms), np.arange(len(sites.snap_m))
    near = laid.take_near(sites)
    nearest = laid.label(work.label_tile, way, near, horizon_ms, None)
    np.testing.assert_array_equal(nearest, rider.find_nearest(sites, laid.places, rank))
    three = laid.label(work.label_tile_three, way, near, horizon_ms, None)
    np.testing.assert_array_equal(three, rider.find_three_nearest(sites, laid.places, rank))
    left, parts = laid.list_served(way, sites, horizon_ms, None)
    first, point, ms = rider.list_served(sites, laid.places)
    for here, offsets, found, found_ms in parts:
        assert not left[here].any()
        for number, site in enumerate(here):
            mine = slice(offsets[number], offsets[number + 1])
            expected = slice(first[site], first[site + 1])
            np.testing.assert_array_equal(found[mine], point[expected])
            np.testing.assert_array_equal(found_ms[mine], ms[expected])


# -- drawn at random ----------------------------------------------------------------------------


def draw_roads(random: np.random.Generator, side: int) -> RoadSegments:
    """Draw roads on a lattice of 300 m whose times are anything: of nought, of odd millimetres."""
    at = np.arange(side * side).reshape(side, side)
    pairs = np.array([*zip(at[:, :-1].flat, at[:, 1:].flat), *zip(at[:-1].flat, at[1:].flat)])  # noqa: B905
    pairs = pairs[random.random(len(pairs)) < 0.8]
    # Some lead far away, as ferries do.
    pairs = np.concatenate([pairs, random.integers(side * side, size=(random.integers(2), 2))])
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    count = len(pairs)
    length_mm = random.choice(
        [300_000, 400_000, 200_000, 1, 0], count, p=[0.6, 0.2, 0.16, 0.02, 0.02]
    )
    length_mm += np.where(random.random(count) < 0.3, random.integers(100_000, size=count), 0)
    rides = random.choice([1, 1, 1, 2, 3, 4, 0], (count, 2)).astype(np.uint16)
    rides[(rides == 0).all(axis=1)] = 1
    row, column = np.divmod(np.arange(side * side), side)
    nothing = np.zeros(count, dtype=np.uint8)
    return RoadSegments(
        lon=4.0 + 0.0043 * column + random.normal(0, 0.0005, side * side),
        lat=51.0 + 0.0027 * row + random.normal(0, 0.0003, side * side),
        osm_id=1 + np.arange(side * side),
        start=pairs[:, 0].astype(np.int32),
        end=pairs[:, 1].astype(np.int32),
        length_mm=length_mm.astype(np.int32),
        forward=rides[:, 0].copy(),
        backward=rides[:, 1].copy(),
        stress_forward=nothing + np.uint8(1),
        stress_backward=nothing + np.uint8(1),
        pavement=nothing.astype(np.uint16),
        way=np.arange(count),
        boarding=nothing,
        on_ground=np.ones(count, dtype=np.bool_),
        main=nothing.astype(np.bool_),
        by_main=np.zeros(side * side, dtype=np.bool_),
        busy=nothing.astype(np.bool_),
        busy_arms=np.zeros(side * side, dtype=np.uint8),
        wait=random.choice([0, 0, 0, 1], side * side).astype(np.uint8),
        rides=RIDES,
        counts={},
        barriers=np.empty((0, 4)),
        barrier_kind=np.empty(0, dtype=np.uint8),
    )


def draw_places(random: np.random.Generator, network: Network, count: int) -> TiedPoints:
    """Tie points to up to three places each: at ends of segments, in their middle, anywhere."""
    sizes = random.integers(0, 4, count)
    segment = random.integers(len(network.length_mm), size=sizes.sum())
    share = random.choice([0.0, 0.25, 0.5, 1.0], len(segment))
    tied = on(np.sort(segment), 0)
    snap_m = np.where(sizes > 0, 0.0, np.nan)
    return replace(
        tied,
        first=np.append(0, np.cumsum(sizes)),
        offset_mm=np.rint(share * network.length_mm[tied.segment]).astype(np.int32),
        walk_mm=random.integers(0, 3, len(segment)).astype(np.int32) * 500,
        snap_m=snap_m,
        by_island=np.zeros(count, dtype=np.bool_),
    )


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32 - 1),
    tiles=st.integers(1, 9),
    halo_m=st.sampled_from([400.0, 800.0, 1200.0, 2500.0]),
    kmh=st.sampled_from([4.0, 9.6, 15.0, 18.0]),
)
def test_any_roads_any_tiles_and_any_halo_give_the_same(
    seed: int, tiles: int, halo_m: float, kmh: float
) -> None:
    """Points at doors or nodes, edges of nought milliseconds, far leaps, waits, ties: all as whole.

    Wherever the halo has any room: an edge of nought milliseconds may lead across it.
    """
    random = np.random.default_rng(seed)
    network = Network.from_roads(draw_roads(random, int(random.integers(2, 7))))
    places, sites = (draw_places(random, network, count) for count in (30, 6))
    laid = lay(network, places, tiles, halo_m)
    way = way_at(kmh, signal_s=float(random.choice([0.0, 7.0])))
    horizon_ms = int(random.choice([1, 3, 12])) * MINUTE_MS
    if laid.find_step(way) * 50 >= horizon_ms:  # else it takes rounds without end
        check_equal(laid, sites, way, horizon_ms)


# -- worked out by hand -------------------------------------------------------------------------

STREET = "highway=residential"
NODES = {name: (1000.0 * number, 0.0) for number, name in enumerate("abcdefgh")} | {
    name.upper(): (1000.0 * number, -300.0) for number, name in enumerate("abcdefgh")
}
ROAD = RoadMap(
    NODES, [("a b c d e f g h", STREET), *((f"{n} {n.upper()}", STREET) for n in "bcdefg")]
)
"""A road of 7 km with a side street at each kilometre: at 15 km/h a kilometre takes 4 minutes."""


def at_nodes(network: Network, *names: str) -> TiedPoints:
    """Tie points to the nodes of these names, each by the first road that it is on."""
    found = []
    for name in names:
        x, y = ROAD.at(name)
        ends = np.stack([network.vertex_x, network.vertex_y])
        vertex = np.flatnonzero(np.hypot(ends[0] - x, ends[1] - y) < 0.1)[0]
        found.append(vertex)
    vertex = np.array(found)
    edge = (
        np.searchsorted(network.first_segment + np.arange(network.edges + 1), vertex, "right") - 1
    )
    segment = vertex - edge
    last = segment == network.first_segment[edge + 1]
    offset = np.where(last, network.length_mm[segment - last], 0)
    return on(segment - last, offset)


def test_a_ride_gets_as_far_as_the_fastest_edges_lead_end_to_end(tmp_path: Path) -> None:
    """7 km of road and 6 side streets of 300 m, all as fast: 16 minutes are 4 km; bends slow."""
    network = ROAD.network(tmp_path)
    reach = FarthestRide.from_rider(build_rider(network, *way_at(15)[::2], Pace(15), 0))
    assert reach.find_metres(16 * MINUTE_MS) == pytest.approx(4000, abs=3)
    assert reach.find_ms(np.array([0.0, 3000.0, 8799.0])) / MINUTE_MS == pytest.approx(
        [0, 12, 35.2], abs=0.02
    )
    assert reach.find_ms(np.array([9000.0])) == work.NEVER
    slow = RoadMap({"a": (0, 0), "b": (500, 500), "c": (1000, 0)}, [("a b c", STREET)])
    bent = FarthestRide.from_rider(
        build_rider(slow.network(tmp_path), *way_at(15)[::2], Pace(15), 0)
    )
    assert bent.metres[-1] == pytest.approx(1000, abs=1)
    assert bent.ms[-1] / MINUTE_MS == pytest.approx(4 * 2**0.5, abs=0.01)


def test_a_halo_of_75_percent_makes_nodes_wrong(tmp_path: Path) -> None:
    """Who lives at d rides 3.3 km to G, 13.2 minutes: a halo of 3.4 km has G, 2.55 km has not."""
    network = ROAD.network(tmp_path)
    homes, site, way = at_nodes(network, *"abcd", *"efgh"), at_nodes(network, "G"), way_at(15)
    laid = lay(network, homes, 2, 3400)
    assert [len(one.own) for one in laid.held] == [7, 7]
    assert laid.find_step(way) / MINUTE_MS == pytest.approx(13.6, abs=0.02)
    by_hand = [
        ROAD.ms(path)
        for path in ["a b c d e f g G", "b c d e f g G", "c d e f g G", "d e f g G"]
        + ["e f g G", "f g G", "g G", "h g G"]
    ]
    found, _ = unpack_labels(label_nearest(laid, site, way, 60 * MINUTE_MS))
    assert found.tolist() == by_hand
    wrong = label_nearest(shrink_halo(laid, 0.75), site, way, 60 * MINUTE_MS)
    assert (wrong[:4] == UNREACHED).all()
    assert unpack_labels(wrong[4:])[0].tolist() == by_hand[4:]


def test_a_ferry_faster_than_any_road_is_reckoned_with(tmp_path: Path) -> None:
    """Over 5 km of water in a minute: the halo is worth few minutes more, and nothing is wrong."""
    nodes = NODES | {"z": (8000.0, -300.0)}
    ways = [*ROAD.ways, ("B G", "route=ferry bicycle=yes duration=00:01")]
    drawn = RoadMap(nodes, ways)
    whole = Network.whole_from_roads(read_roads([drawn.write(tmp_path)]))
    network = whole.restrict_to(ferries=True)
    homes, sites = at_nodes(network, *"abcdefgh"), at_nodes(network, *"Fb")
    laid, way = lay(network, homes, 3, 5700), way_at(15, ferry_wait_min=0.5)
    # 5 km by water, 1.5 minutes, and what is left of the halo by road.
    assert laid.find_step(way) / MINUTE_MS == pytest.approx(1.5 + 0.7 * 4, abs=0.05)
    check_equal(laid, sites, way, 30 * MINUTE_MS)


def test_who_is_as_near_to_two_has_the_first_in_every_tile(tmp_path: Path) -> None:
    """From the middle of an edge on a cut, and from a node: ties go to the smaller number."""
    network = ROAD.network(tmp_path)
    sites = at_nodes(network, *"FDCE")
    homes = at_nodes(network, *"abcdefgh")
    # Halfway between two nodes, on the edges between them.
    middle = [s for s in range(len(network.length_mm)) if network.length_mm[s] > 900_000]
    halfway = on(middle, network.length_mm[middle] // 2)
    for places in (homes, halfway):
        for tiles in (2, 3, 7, 14):
            check_equal(lay(network, places, tiles, 700), sites, way_at(15), 60 * MINUTE_MS)


def test_every_node_and_point_has_one_owner(tmp_path: Path) -> None:
    """Also where all lie on a line, or at one place: cells are half-open, none is empty."""
    network = ROAD.network(tmp_path)
    owner = divide_nodes(network, 5)
    assert sorted(np.bincount(owner).tolist()) == [2, 3, 3, 3, 3]
    heap = replace(network, node_x=np.zeros(network.nodes), node_y=np.zeros(network.nodes))
    assert set(divide_nodes(heap, 4).tolist()) == {0}
    random = np.random.default_rng(3)
    places = draw_places(random, network, 40)
    cut, tiles = cut_tiles(network, places, 5, 1500)
    assert sum(len(one.own) for one in tiles) == network.nodes
    owned = np.concatenate([one.own_points for one in cut.parts])
    assert sorted(owned.tolist()) == np.flatnonzero(np.diff(places.first)).tolist()
    # More tiles than nodes: one for each.
    assert len(cut_tiles(network, places, 64, 1500)[1]) == network.nodes


def test_a_tile_travels_without_the_times_that_it_keeps(tmp_path: Path) -> None:
    """What is sent to another machine is what was cut, and not what it worked out of it."""
    network = ROAD.network(tmp_path)
    (tile,) = cut_tiles(network, at_nodes(network, *"abc"), 1, 1500)[1]
    tile.ride(way_at(15))
    assert tile._riders
    assert "own_places" not in tile.__getstate__()
    assert not tile.__getstate__()["_riders"]
