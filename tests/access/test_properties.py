"""What holds on every network, drawn at random by hypothesis."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from network.maps import RoadMap, on

from stemgeo.access.search import UNREACHED, search_each, unpack_labels
from stemgeo.access.travel_time import Rider
from stemgeo.network import Network, TiedPoints
from stemgeo.network.bicycle import CLOSED, NOT_AT_ALL, PUSH, RIDE, STEPS, Ride
from stemgeo.network.osm import RoadSegments

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Times = NDArray[np.int64]

FAR = 2**29
RIDES = (
    NOT_AT_ALL,
    Ride(RIDE),
    Ride(RIDE, 10 / 18),
    Ride(RIDE, 1.0, 6.0),
    Ride(PUSH),
    Ride(STEPS),
)
SPEEDS = st.sampled_from([3.0, 5.0, 8.0, 9.6, 12.0, 15.0, 18.0, 25.0])

a_lot = settings(max_examples=50)


@st.composite
def roads(draw: st.DrawFn) -> RoadSegments:
    """Draw up to 14 segments between up to 8 vertices, parallel ones among them."""
    vertices = draw(st.integers(2, 8))
    vertex = st.integers(0, vertices - 1)
    pair = st.tuples(vertex, vertex).filter(lambda ends: ends[0] != ends[1])
    ride = st.sampled_from([1, 1, 1, 2, 3, 4, 5, 0])
    both = st.tuples(ride, ride).filter(lambda two: two != (0, 0))
    segments = draw(st.lists(st.tuples(pair, both), min_size=1, max_size=14))
    # Multiples of 1 m make equal times likely, odd millimetres make rounding bite.
    length = st.one_of(st.integers(0, 3).map(lambda km: km * 250_000), st.integers(1, 999_999))
    lengths = draw(st.lists(length, min_size=len(segments), max_size=len(segments)))
    ends, rides = zip(*segments, strict=True)
    number = np.arange(vertices)
    return RoadSegments(
        lon=4.0 + 0.01 * (number % 3) + 0.001 * number,
        lat=51.0 + 0.01 * (number // 3),
        osm_id=1 + number,
        start=np.array([one for one, _ in ends], dtype=np.int32),
        end=np.array([two for _, two in ends], dtype=np.int32),
        length_mm=np.array(lengths, dtype=np.int32),
        forward=np.array([one for one, _ in rides], dtype=np.uint16),
        backward=np.array([two for _, two in rides], dtype=np.uint16),
        stress_forward=np.ones(len(segments), dtype=np.uint8),
        stress_backward=np.ones(len(segments), dtype=np.uint8),
        pavement=np.zeros(len(segments), dtype=np.uint16),
        way=np.arange(len(segments)),
        boarding=np.zeros(len(segments), dtype=np.uint8),
        on_ground=np.ones(len(segments), dtype=np.bool_),
        main=np.zeros(len(segments), dtype=np.bool_),
        by_main=np.zeros(vertices, dtype=np.bool_),
        busy=np.zeros(len(segments), dtype=np.bool_),
        busy_arms=np.zeros(vertices, dtype=np.uint8),
        wait=np.zeros(vertices, dtype=np.uint8),
        rides=RIDES,
        counts={},
        barriers=np.empty((0, 4)),
        barrier_kind=np.empty(0, dtype=np.uint8),
    )


Spots = list[tuple[int, float]]


@st.composite
def roads_with_spots(draw: st.DrawFn, most: int = 5) -> tuple[RoadSegments, Spots]:
    """Draw roads and places on them: a segment and how far along it."""
    drawn = draw(roads())
    segment = st.integers(0, len(drawn.start) - 1)
    share = st.sampled_from([0.0, 0.1, 0.25, 1 / 3, 0.5, 0.77, 1.0])
    return drawn, draw(st.lists(st.tuples(segment, share), min_size=2, max_size=most))


def places(network: Network, drawn: RoadSegments, spots: Spots) -> TiedPoints:
    """Tie spots on the drawn segments to the network's, which may run the other way."""
    segments, offsets = [], []
    for number, share in spots:
        (segment,) = np.flatnonzero(network.way == number)
        vertex = segment + network.segment_edge[segment]
        eastward = drawn.lon[drawn.start[number]] < drawn.lon[drawn.end[number]]
        turned = eastward != (network.vertex_x[vertex] < network.vertex_x[vertex + 1])
        segments.append(segment)
        offsets.append((1 - share if turned else share) * network.length_mm[segment])
    where = np.array(segments, dtype=np.int32)
    return on(where, np.array(offsets))


def rider_on(drawn: RoadSegments, kmh: float) -> Rider:
    """Give a rider who goes as far as there is road."""
    network = Network.from_roads(drawn)
    return Rider(network, network.travel_times(kmh), FAR)


def matrix(drawn: RoadSegments, spots: Spots, kmh: float = 12.0) -> Times:
    """Time from each spot (row) to each spot (column), ms; FAR when there is no way."""
    rider = rider_on(drawn, kmh)
    at = places(rider.network, drawn, spots)
    labels = [
        rider.find_nearest(at.take_points(np.array([i])), at, np.array([0]))
        for i in range(len(spots))
    ]
    return np.stack(
        [np.where(one == UNREACHED, FAR, unpack_labels(one)[0]) for one in labels], axis=1
    )


@a_lot
@given(roads_with_spots(), SPEEDS)
def test_times_equal_those_on_split_segments(drawn: tuple[RoadSegments, Spots], kmh: float) -> None:
    """Spots as nodes of an uncontracted graph, ridden forward by networkx, within 1 ms at each end.

    Segments are a metre or longer here: what lies within half a millimetre is one place to us.
    """
    short_roads, spots = drawn
    given_roads = dataclasses.replace(
        short_roads, length_mm=np.maximum(short_roads.length_mm, 1000).astype(np.int32)
    )
    split = nx.DiGraph()
    for number in range(len(given_roads.start)):
        marks = sorted({0.0, 1.0} | {share for segment, share in spots if segment == number})
        for direction, ride_of in enumerate((given_roads.forward, given_roads.backward)):
            kmh_here = RIDES[ride_of[number]].speed_kmh(kmh, 4.0)
            if kmh_here:
                whole = round(int(given_roads.length_mm[number]) * (3.6 / kmh_here))
                for low, high in pairwise(marks):
                    ends = [key(given_roads, (number, mark)) for mark in (low, high)]
                    one, two = ends[::-1] if direction else ends
                    time = min(
                        whole * (high - low), split.get_edge_data(one, two, {}).get("ms", FAR)
                    )
                    split.add_edge(one, two, ms=time)
    expected = np.full((len(spots), len(spots)), float(FAR))
    for i, child in enumerate(spots):
        start = key(given_roads, child)
        found = nx.single_source_dijkstra_path_length(split, start, weight="ms")
        for j, academy in enumerate(spots):
            expected[i, j] = found.get(key(given_roads, academy), FAR)
    assert abs(matrix(given_roads, spots, kmh) - expected).max() <= 2


def key(drawn: RoadSegments, spot: tuple[int, float]) -> object:
    """Name a spot: the vertex when it is at one, else the segment and how far along."""
    segment, share = spot
    vertex_at = {0.0: int(drawn.start[segment]), 1.0: int(drawn.end[segment])}
    return vertex_at.get(share, spot)


@a_lot
@given(roads_with_spots(), SPEEDS, SPEEDS)
def test_more_speed_never_lengthens(
    drawn: tuple[RoadSegments, Spots], one: float, two: float
) -> None:
    """A faster rider is nowhere later, not by a millisecond, and gets wherever the slower gets."""
    slow, fast = sorted((one, two))
    slower, faster = matrix(*drawn, slow), matrix(*drawn, fast)
    assert (faster <= slower).all()
    assert ((faster == FAR) == (slower == FAR)).all()
    network = Network.from_roads(drawn[0])
    assert (network.travel_times(fast).forward_ms <= network.travel_times(slow).forward_ms).all()
    assert (network.travel_times(fast).backward_ms <= network.travel_times(slow).backward_ms).all()


@a_lot
@given(roads_with_spots(), SPEEDS)
def test_reversing_all_one_ways_transposes_the_times(
    drawn: tuple[RoadSegments, Spots], kmh: float
) -> None:
    """When every street is turned round, the way there takes what the way back took."""
    given_roads, spots = drawn
    turned = dataclasses.replace(
        given_roads, forward=given_roads.backward, backward=given_roads.forward
    )
    np.testing.assert_array_equal(matrix(turned, spots, kmh), matrix(given_roads, spots, kmh).T)


@a_lot
@given(roads_with_spots(), SPEEDS)
def test_drawing_segments_the_other_way_changes_nothing(
    drawn: tuple[RoadSegments, Spots], kmh: float
) -> None:
    """A street drawn from its other end, with its rides swapped, is the same street.

    But for rounding: where a place lies is then counted from the other end of its edge.
    """
    given_roads, spots = drawn
    turned = dataclasses.replace(
        given_roads,
        start=given_roads.end,
        end=given_roads.start,
        forward=given_roads.backward,
        backward=given_roads.forward,
    )
    from_there = [(segment, 1 - share) for segment, share in spots]
    apart = matrix(turned, from_there, kmh) - matrix(given_roads, spots, kmh)
    assert abs(apart).max() <= 2


@a_lot
@given(roads_with_spots(most=7), st.integers(1, 6))
def test_a_further_academy_never_lengthens(drawn: tuple[RoadSegments, Spots], count: int) -> None:
    """Each academy more brings every child as near or nearer, to one of those that are there."""
    given_roads, spots = drawn
    rider = rider_on(given_roads, 12.0)
    at = places(rider.network, given_roads, spots)
    count = min(count, len(spots) - 1)
    fewer = rider.find_nearest(at.take_points(np.arange(count)), at, np.arange(count))
    more = rider.find_nearest(at.take_points(np.arange(count + 1)), at, np.arange(count + 1))
    assert (more <= fewer).all()
    changed = more != fewer
    assert (unpack_labels(more[changed])[1] == count).all()


@a_lot
@given(roads_with_spots(most=7), st.randoms(use_true_random=False))
def test_nearest_is_the_best_of_each_by_itself(drawn: tuple[RoadSegments, Spots], rng: Any) -> None:
    """The nearest of all is the smallest of the single times; of equals the smallest rank."""
    given_roads, spots = drawn
    rider = rider_on(given_roads, 15.0)
    at = places(rider.network, given_roads, spots)
    rank = list(range(len(spots)))
    rng.shuffle(rank)
    alone = [
        rider.find_nearest(at.take_points(np.array([i])), at, np.array([rank[i]]))
        for i in range(len(spots))
    ]
    np.testing.assert_array_equal(rider.find_nearest(at, at, np.array(rank)), np.min(alone, axis=0))


@a_lot
@given(roads_with_spots(most=7), st.integers(1, 7), st.sampled_from([FAR, 70_000, 20_000]))
def test_who_is_reached_is_who_has_a_nearest(
    drawn: tuple[RoadSegments, Spots], count: int, horizon: int
) -> None:
    """Whoever is known to be near enough and is asked no further is whom the search labels."""
    given_roads, spots = drawn
    rider = dataclasses.replace(rider_on(given_roads, 15.0), horizon_ms=horizon)
    at = places(rider.network, given_roads, spots)
    sites = at.take_points(np.arange(min(count, len(spots))))
    label = rider.find_nearest(sites, at, np.arange(len(sites.snap_m)))
    np.testing.assert_array_equal(rider.find_reached(sites, at), label != UNREACHED)


@a_lot
@given(roads_with_spots(most=7), st.randoms(use_true_random=False), st.sampled_from([FAR, 70_000]))
def test_the_three_nearest_are_the_best_of_each_by_itself(
    drawn: tuple[RoadSegments, Spots], rng: Any, horizon: int
) -> None:
    """Sorted, three of them within the horizon; of equals the smaller rank first."""
    given_roads, spots = drawn
    rider = dataclasses.replace(rider_on(given_roads, 15.0), horizon_ms=horizon)
    at = places(rider.network, given_roads, spots)
    rank = list(range(len(spots)))
    rng.shuffle(rank)
    alone = [
        rider.find_nearest(at.take_points(np.array([i])), at, np.array([rank[i]]))
        for i in range(len(spots))
    ]
    none = np.full((3, len(spots)), UNREACHED)
    expected = np.sort(np.concatenate([alone, none]), axis=0)[:3].T
    np.testing.assert_array_equal(rider.find_three_nearest(at, at, np.array(rank)), expected)


@a_lot
@given(roads_with_spots(most=7), st.randoms(use_true_random=False))
def test_order_of_input_changes_nothing(drawn: tuple[RoadSegments, Spots], rng: Any) -> None:
    """Academies, children and segments in another order: each child has the same answer."""
    given_roads, spots = drawn
    rank = np.arange(len(spots))
    expected = nearest_of_all(given_roads, spots, rank)
    order = rank.tolist()
    rng.shuffle(order)
    shuffled = nearest_of_all(given_roads, [spots[i] for i in order], rank[order])
    np.testing.assert_array_equal(shuffled, expected[order])

    segments = list(range(len(given_roads.start)))
    rng.shuffle(segments)
    columns = ("start", "end", "length_mm", "forward", "backward", "pavement")
    mixed = dataclasses.replace(
        given_roads, **{name: getattr(given_roads, name)[segments] for name in columns}
    )
    moved = [(segments.index(segment), share) for segment, share in spots]
    time, _ = unpack_labels(nearest_of_all(mixed, moved, rank))
    assert abs(time - unpack_labels(expected)[0]).max() <= 2


def nearest_of_all(drawn: RoadSegments, spots: Spots, rank: NDArray[np.intp]) -> NDArray[np.int64]:
    """Label each spot with the nearest of those of even rank."""
    rider = rider_on(drawn, 12.0)
    at = places(rider.network, drawn, spots)
    some = rank % 2 == 0
    return rider.find_nearest(at.take_points(some), at, rank[some])


@a_lot
@given(roads(), SPEEDS, st.integers(0, 3_000_000))
def test_reach_equals_networkx(drawn: RoadSegments, kmh: float, horizon: int) -> None:
    """From every node by itself, within any horizon: networkx's nodes and times."""
    network = Network.from_roads(drawn)
    graph = network.to_networkx(kmh).reverse(copy=False)
    offsets, nodes, times = reach_all(network, kmh, horizon, threads=2)
    for source in range(network.nodes):
        part = slice(offsets[source], offsets[source + 1])
        assert len(np.unique(nodes[part])) == len(nodes[part])
        ours = dict(zip(nodes[part].tolist(), times[part].tolist(), strict=True))
        assert ours == nx.single_source_dijkstra_path_length(
            graph, source, cutoff=horizon, weight="travel_time_ms"
        )


def reach_all(network: Network, kmh: float, horizon: int, *, threads: int) -> tuple[Any, Any, Any]:
    """Search from every node by itself."""
    rider = Rider(network, network.travel_times(kmh), horizon)
    return search_each(
        rider.arcs,
        np.arange(network.nodes, dtype=np.int32),
        np.zeros(network.nodes, dtype=np.int64),
        np.arange(network.nodes + 1, dtype=np.int32),
        horizon,
        threads=threads,
    )


@settings(a_lot, max_examples=30)
@given(roads(), st.integers(1, 12))
def test_any_number_of_threads_gives_the_same(drawn: RoadSegments, threads: int) -> None:
    """The arrays of `reach` do not depend on how many searches run side by side."""
    network = Network.from_roads(drawn)
    for one, two in zip(
        reach_all(network, 12.0, FAR, threads=1),
        reach_all(network, 12.0, FAR, threads=threads),
        strict=True,
    ):
        np.testing.assert_array_equal(one, two)
        assert one.dtype == two.dtype


@a_lot
@given(roads_with_spots(most=7), SPEEDS)
def test_reach_agrees_with_nearest(drawn: tuple[RoadSegments, Spots], kmh: float) -> None:
    """The searches of each site by itself, the best taken, are the search from all together."""
    given_roads, spots = drawn
    rider = rider_on(given_roads, kmh)
    at = places(rider.network, given_roads, spots)
    offsets, nodes, times = rider.search_each_site(at, threads=3)
    best = np.full(rider.network.nodes, FAR)
    np.minimum.at(best, nodes, times)
    assert len(offsets) == len(spots) + 1
    ends = rider.network.node_x, rider.network.node_y
    assert len(ends[0]) == len(best)
    seed_node, seed_ms, *_ = rider.find_seeds(at)
    assert (best[seed_node] <= seed_ms).all()
    together = search_each(
        rider.arcs,
        seed_node,
        seed_ms,
        np.array([0, len(seed_node)], dtype=np.int32),
        FAR,
    )
    order = np.argsort(together[1])
    np.testing.assert_array_equal(together[1][order], np.flatnonzero(best < FAR))
    np.testing.assert_array_equal(together[2][order], best[best < FAR])


@a_lot
@given(roads())
def test_no_road_is_lost_in_contraction(drawn: RoadSegments) -> None:
    """Every segment is in one edge, once, with its length and its rides."""
    network = Network.from_roads(drawn)
    assert sorted(network.way) == list(range(len(drawn.start)))
    np.testing.assert_array_equal(network.length_mm, drawn.length_mm[network.way])
    rides = np.sort(np.stack([network.forward, network.backward]), axis=0)
    np.testing.assert_array_equal(
        rides, np.sort(np.stack([drawn.forward, drawn.backward])[:, network.way], axis=0)
    )
    modes = np.array([ride.mode for ride in network.rides]) != CLOSED
    for edge in range(network.edges):
        part = slice(network.first_segment[edge], network.first_segment[edge + 1])
        assert len(set(modes[network.forward[part]])) == 1
        assert len(set(modes[network.backward[part]])) == 1


WAY_TAGS = st.sampled_from(
    ["highway=residential", "highway=path", "highway=footway", "highway=tertiary oneway=yes"]
)


@st.composite
def way_maps(draw: st.DrawFn) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Draw ways over nine nodes, and the same ways cut in pieces at nodes of theirs."""
    node = st.sampled_from("abcdefghi")
    ways = draw(
        st.lists(
            st.tuples(st.lists(node, min_size=2, max_size=6), WAY_TAGS), min_size=1, max_size=6
        )
    )
    whole = [(" ".join(refs), tags) for refs, tags in ways]
    pieces = []
    for refs, tags in ways:
        cuts = sorted(draw(st.sets(st.integers(1, len(refs) - 1)))) if len(refs) > 2 else []
        marks = [0, *[cut for cut in cuts if cut < len(refs) - 1], len(refs) - 1]
        for low, high in pairwise(marks):
            piece = refs[low : high + 1]
            turn = "oneway" not in tags and draw(st.booleans())
            pieces.append((" ".join(piece[::-1] if turn else piece), tags))
    return whole, draw(st.permutations(pieces))


@a_lot
@given(way_maps())
def test_splitting_ways_at_nodes_changes_no_time(
    tmp_path_factory: pytest.TempPathFactory,
    maps: tuple[list[tuple[str, str]], list[tuple[str, str]]],
) -> None:
    """Ways cut at any of their nodes, drawn either way, in any order: the same times."""
    nodes = {
        name: (97.3 * (i % 3), 61.7 * (i // 3) + 13 * (i % 2)) for i, name in enumerate("abcdefghi")
    }
    # Two lanes off each node keep it a node, however few ways meet there.
    nodes |= {name + lane: (x, y + 9) for name, (x, y) in nodes.items() for lane in "12"}
    lanes = [(f"{name[0]} {name}", "highway=service") for name in nodes if len(name) > 1]
    folder = tmp_path_factory.mktemp("split")
    one, two = (RoadMap(nodes, [*lanes, *ways]).network(folder) for ways in maps)
    assert one.counts["road_m"] == two.counts["road_m"]
    assert between_nodes(one) == between_nodes(two)


def between_nodes(network: Network) -> dict[int, dict[int, int]]:
    """Times between the nodes of ways, by their OSM ids."""
    graph = network.to_networkx(11.0)
    ids = {n: data["osmid"] for n, data in graph.nodes(data=True) if data["osmid"] <= 9}
    return {
        ids[n]: {ids[m]: time for m, time in times_from(graph, n).items() if m in ids} for n in ids
    }


def times_from(graph: nx.MultiDiGraph, node: int) -> dict[int, int]:
    """Times by networkx."""
    return dict(nx.single_source_dijkstra_path_length(graph, node, weight="travel_time_ms"))
