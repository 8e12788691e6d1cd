"""From hand-drawn maps to the network: what joins, what is cut, and what takes how long."""

from __future__ import annotations

import bz2
import gzip
import json
import re
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import networkx as nx
import numba
import numpy as np
import pandas as pd
import pytest
import shapely
from network.maps import ORIGIN, RoadMap, metres, ms, times
from pyproj import Geod

from stemgeo.errors import InputError
from stemgeo.network import Network, cache, graph, snap_points
from stemgeo.network.osm import read_roads

if TYPE_CHECKING:
    from pathlib import Path

    from network.maps import Place

STREET = "highway=residential"
ONEWAY = f"{STREET} oneway=yes"
# A square a b c d of 1 km a side, numbered against the clock.
SQUARE = {"a": (0, 0), "b": (1000, 0), "c": (1000, 1000), "d": (0, 1000)}
CROSS = {"w": (-500, 0), "e": (500, 0), "n": (0, 400), "s": (0, -400)}


def row(names: str, step_m: float = 100.0) -> dict[str, Place]:
    """Lay nodes out in a row to the east."""
    return {name: (i * step_m, 0.0) for i, name in enumerate(names)}


def edge_facts(network: Network) -> Counter[tuple[Any, ...]]:
    """Everything that a route can meet, by OSM ids, whatever the order of the arrays."""
    times = network.travel_times(11.0)
    facts: Counter[tuple[Any, ...]] = Counter()
    for edge in range(network.edges):
        part = slice(network.first_segment[edge], network.first_segment[edge + 1])
        along = (
            int(network.osm_id[network.edge_start[edge]]),
            int(network.osm_id[network.edge_end[edge]]),
            tuple(network.length_mm[part].tolist()),
            int(times.forward_ms[edge]),
            int(times.backward_ms[edge]),
        )
        start, end, lengths, forward, backward = along
        facts[min(along, (end, start, lengths[::-1], backward, forward))] += 1
    return facts


# --- direction ----------------------------------------------------------------------------------


def test_one_way_ring_is_ridden_round(tmp_path: Path) -> None:
    """On a one-way ring one rides on round; going back is pushing, where that is the quickest."""
    drawn = RoadMap(SQUARE, [("a b c d a", ONEWAY)])
    network = drawn.network(tmp_path)
    assert ms(network, drawn.at("a"), drawn.at("b")) == drawn.ms("a b")
    # One side pushed at 4 km/h takes 15 minutes; three sides ridden at 15 km/h take 12.
    assert ms(network, drawn.at("b"), drawn.at("a")) == drawn.ms("b c d a")
    assert drawn.ms("b c d a") < drawn.ms("b a", 4)


def test_pushing_back_is_taken_when_quicker(tmp_path: Path) -> None:
    """Against a one-way street one pushes at 4 km/h when riding round takes longer."""
    drawn = RoadMap(SQUARE, [("a b c d a", ONEWAY)])
    network = drawn.network(tmp_path)
    near = drawn.between("a", "b", 0.1)
    pushed = ms(network, near, drawn.at("a"))
    assert pushed == pytest.approx(drawn.ms("a b", 4) * 0.1, abs=2)


def test_roundabout_is_never_pushed_against(tmp_path: Path) -> None:
    """On a roundabout one goes on round, even to a place just behind."""
    drawn = RoadMap(SQUARE, [("a b c d a", f"{STREET} junction=roundabout")])
    network = drawn.network(tmp_path)
    near = drawn.between("a", "b", 0.1)
    round_it = 0.9 * drawn.ms("a b") + drawn.ms("b c d a")
    assert ms(network, near, drawn.at("a")) == pytest.approx(round_it, abs=2)


def test_contraflow_street_is_ridden_both_ways(tmp_path: Path) -> None:
    """A one-way street with oneway:bicycle=no takes as long in either direction."""
    drawn = RoadMap(row("abc"), [("a b c", f"{ONEWAY} oneway:bicycle=no")])
    network = drawn.network(tmp_path)
    assert ms(network, drawn.at("c"), drawn.at("a")) == drawn.ms("c b a")
    assert ms(network, drawn.at("a"), drawn.at("c")) == drawn.ms("a b c")


def test_reversed_one_way(tmp_path: Path) -> None:
    """oneway=-1 is ridden against the drawn direction and pushed along it."""
    drawn = RoadMap(row("ab"), [("a b", f"{STREET} oneway=-1")])
    network = drawn.network(tmp_path)
    assert ms(network, drawn.at("b"), drawn.at("a")) == drawn.ms("a b")
    assert ms(network, drawn.at("a"), drawn.at("b")) == drawn.ms("a b", 4)


def test_one_way_without_pushing_leads_nowhere_back(tmp_path: Path) -> None:
    """Where feet are not allowed either, a one-way street has no way back."""
    drawn = RoadMap(row("abc"), [("a b", STREET), ("b c", f"{ONEWAY} foot=no"), ("c c", STREET)])
    network = drawn.network(tmp_path)
    street = network.edge_length_m[~network.island]
    assert street == pytest.approx([drawn.length_mm("a b")[0] / 1000])


# --- what joins and what does not ---------------------------------------------------------------


@pytest.mark.parametrize("barrier", ["barrier=fence", "barrier=gate locked=yes", "barrier=stile"])
def test_barrier_in_the_middle_of_a_way_stops(tmp_path: Path, barrier: str) -> None:
    """A blocking node in mid-way parts the road in two; the detour is taken."""
    nodes = {"a": (0, 0), "m": (500, 0), "b": (1000, 0), "c": (500, 400)}
    drawn = RoadMap(nodes, [("a m b", STREET), ("a c b", STREET)], {"m": barrier})
    network = drawn.network(tmp_path)
    assert ms(network, drawn.at("a"), drawn.at("b")) == drawn.ms("a c b")
    one_side, other = drawn.between("a", "m", 0.9), drawn.between("m", "b", 0.1)
    around = 0.9 * drawn.ms("a m") + drawn.ms("a c b") + 0.9 * drawn.ms("m b")
    assert ms(network, one_side, other) == pytest.approx(around, abs=3)
    assert network.counts["blocking_nodes"] == 1


def test_barrier_at_a_crossing_stops_every_way(tmp_path: Path) -> None:
    """A blocking node shared by four ways lets none of them through to another."""
    rim = [("w n e s w", STREET)]
    ways = [(f"{arm} m", STREET) for arm in "wens"]
    drawn = RoadMap(CROSS | {"m": (0, 0)}, rim + ways, {"m": "barrier=debris"})
    network = drawn.network(tmp_path)
    assert ms(network, drawn.at("w"), drawn.at("e")) == drawn.ms("w n e")


@pytest.mark.parametrize("gate", ["barrier=bollard", "barrier=fence bicycle=yes", "highway=stop"])
def test_node_that_lets_bicycles_through(tmp_path: Path, gate: str) -> None:
    """A bollard, an opened barrier or a node that is none changes nothing."""
    drawn = RoadMap(row("amb"), [("a m b", STREET)], {"m": gate})
    network = drawn.network(tmp_path)
    assert ms(network, drawn.at("a"), drawn.at("b")) == drawn.ms("a m b")
    assert network.counts["blocking_nodes"] == 0


def test_bridge_over_a_canal_is_not_joined_to_the_towpath(tmp_path: Path) -> None:
    """Ways that cross without a shared node do not meet; one goes by the ramp."""
    nodes = CROSS | {"r": (500, -400), "u": (-700, 0)}
    ways = [
        ("w e", f"{STREET} bridge=yes layer=1"),
        ("n s", "highway=cycleway"),
        ("e r", STREET),
        ("r s", STREET),
        ("u w", STREET),
    ]
    drawn = RoadMap(nodes, ways)
    network = drawn.network(tmp_path)
    assert ms(network, drawn.at("w"), drawn.at("n")) == drawn.ms("w e r s n")
    assert ms(network, drawn.at("u"), drawn.at("n")) == drawn.ms("u w e r s n")


def test_ways_that_cross_in_a_node_are_joined(tmp_path: Path) -> None:
    """The same crossing with a shared node is ridden straight through."""
    drawn = RoadMap(CROSS | {"m": (0, 0)}, [("w m e", STREET), ("n m s", "highway=cycleway")])
    network = drawn.network(tmp_path)
    assert ms(network, drawn.at("w"), drawn.at("n")) == drawn.ms("w m n")
    assert network.nodes == 5


def test_square_is_pushed_round_its_rim(tmp_path: Path) -> None:
    """A pedestrian area is its rim: pushed along, not crossed, by the shorter side."""
    nodes = SQUARE | {"x": (-500, 0), "y": (1500, 1000)}
    ways = [
        ("a b c d a", "highway=pedestrian area=yes"),
        ("x a", STREET),
        ("c y", STREET),
    ]
    drawn = RoadMap(nodes, ways)
    network = drawn.network(tmp_path)
    sides = drawn.ms("x a") + drawn.ms("c y")
    rim = min(drawn.ms("a b c", 4), drawn.ms("a d c", 4))
    assert ms(network, drawn.at("x"), drawn.at("y")) == sides + rim


def test_parallel_edges_are_both_kept_and_the_quicker_is_taken(tmp_path: Path) -> None:
    """Of two edges between the same nodes neither adds to, nor hides, the other."""
    nodes = SQUARE | {"m": (500, 100), "x": (-100, 0), "y": (1100, 0)}
    ways = [("a m b", STREET), ("a b", STREET), ("x a", STREET), ("b y", STREET)]
    drawn = RoadMap(nodes, ways)
    network = drawn.network(tmp_path)
    assert ms(network, drawn.at("a"), drawn.at("b")) == drawn.ms("a b")
    ends = np.sort(np.stack([network.edge_start, network.edge_end], axis=1), axis=1)
    _, times_there = np.unique(ends, axis=0, return_counts=True)
    assert sorted(times_there) == [1, 1, 2]


def test_loop_survives_and_is_ridden_either_way(tmp_path: Path) -> None:
    """A street that comes back to its own beginning is one edge, open at both its ends."""
    nodes = {"x": (-300, 0), "a": (0, 0), "b": (200, 100), "c": (200, -100)}
    drawn = RoadMap(nodes, [("x a", STREET), ("a b c a", STREET)])
    network = drawn.network(tmp_path)
    assert sorted(network.edge_start == network.edge_end) == [False, True]
    assert ms(network, drawn.at("b"), drawn.at("a")) == drawn.ms("b a")
    assert ms(network, drawn.at("c"), drawn.at("a")) == drawn.ms("c a")
    assert ms(network, drawn.at("x"), drawn.at("c")) == drawn.ms("x a c")


def test_one_way_loop_is_ridden_the_long_way(tmp_path: Path) -> None:
    """On a one-way loop without pushing one comes out at the end, however near the beginning."""
    nodes = {"x": (-300, 0), "a": (0, 0), "b": (200, 100), "c": (200, -100)}
    drawn = RoadMap(nodes, [("x a", STREET), ("a b c a", f"{ONEWAY} foot=no")])
    network = drawn.network(tmp_path)
    assert ms(network, drawn.at("b"), drawn.at("a")) == drawn.ms("b c a")
    assert ms(network, drawn.at("a"), drawn.at("c")) == drawn.ms("a b c")


def test_closed_ring_alone_is_a_network(tmp_path: Path) -> None:
    """A ring that meets nothing has one node to begin at; no part of it is lost."""
    drawn = RoadMap(SQUARE, [("a b c d a", STREET)])
    network = drawn.network(tmp_path)
    assert (network.nodes, network.edges) == (1, 1)
    assert network.length_mm.sum() == sum(drawn.length_mm("a b c d a"))
    assert ms(network, drawn.at("a"), drawn.at("c")) == min(drawn.ms("a b c"), drawn.ms("a d c"))


# --- contraction --------------------------------------------------------------------------------

BENT = {name: (i * 137.3, (i % 3) * 41.7) for i, name in enumerate("abcdefghij")}


@pytest.mark.parametrize("kmh", [7.0, 10.0, 12.0, 14.4, 15.0, 18.0])
def test_contraction_keeps_every_millisecond(tmp_path: Path, kmh: float) -> None:
    """The time of a contracted chain is the sum of its segments' own rounded times."""
    ways = [
        ("a b c d", STREET),
        ("d e f", "highway=track"),
        ("f g", "highway=footway"),
        ("j i h g", f"{STREET} surface=sett maxspeed=walk"),
    ]
    drawn = RoadMap(BENT, ways)
    network = drawn.network(tmp_path)
    assert (network.nodes, network.edges) == (2, 1)
    by_hand = drawn.ms("a b c d", kmh)
    by_hand += drawn.ms("d e f", max(kmh * 12 / 18, 4)) + drawn.ms("f g", 4)
    by_hand += drawn.ms("g h i j", max(min(kmh * 10 / 18, 5), 4))
    assert ms(network, drawn.at("a"), drawn.at("j"), speed_kmh=kmh) == by_hand
    assert ms(network, drawn.at("j"), drawn.at("a"), speed_kmh=kmh) == by_hand


def test_chain_is_cut_where_it_opens_or_closes_in_a_direction(tmp_path: Path) -> None:
    """A street that is closed to all in one direction from some node on is an edge of its own."""
    drawn = RoadMap(row("abcd"), [("a b", STREET), ("b c", f"{ONEWAY} foot=no"), ("c d", STREET)])
    network = drawn.network(tmp_path)
    assert network.edges == 3
    assert Counter(zip(network.open_forward, network.open_backward, strict=True)) in (
        Counter({(True, True): 2, (True, False): 1}),
        Counter({(True, True): 2, (False, True): 1}),
    )


def test_opposed_one_ways_do_not_join(tmp_path: Path) -> None:
    """Two one-way streets that run into each other make no way through."""
    nodes = row("abc") | {"d": (100, 300)}
    ways = [("a b", f"{ONEWAY} foot=no"), ("c b", f"{ONEWAY} foot=no")]
    drawn = RoadMap(nodes, [*ways, ("a d c", STREET), ("b d", STREET)])
    network = drawn.network(tmp_path)
    assert ms(network, drawn.at("a"), drawn.at("c")) == drawn.ms("a d c")
    two = RoadMap(row("abc"), ways).network(tmp_path)
    assert (two.nodes, two.edges) == (3, 2)


def test_way_split_at_a_node_gives_the_same_network(tmp_path: Path) -> None:
    """One way or several end to end, drawn one way or the other: the same edges and times."""
    whole = RoadMap(BENT, [("a b c d e f g", STREET), ("d i j", STREET)])
    split = RoadMap(
        BENT, [("a b c", STREET), ("e d c", STREET), ("e f g", STREET), ("d i j", STREET)]
    )
    assert edge_facts(whole.network(tmp_path)) == edge_facts(split.network(tmp_path))


def test_order_of_ways_and_of_elements_changes_nothing(tmp_path: Path) -> None:
    """A file with its ways and nodes in another order gives the same network, array by array."""
    ways = [
        ("a b c", ONEWAY),
        ("c d e", "highway=path"),
        ("c h i", "highway=footway"),
        ("e f g", STREET),
        ("g a", f"{STREET} surface=sett"),
    ]
    lines = RoadMap(BENT, ways).xml()
    head, first, *parts = lines.removesuffix("</osm>").split("<way")
    shuffled = f"<way{first}" + "".join(f"<way{part}" for part in parts)
    shuffled = "".join(f"<way{part}" for part in reversed([first, *parts]))
    top, *nodes = head.split("<node")
    backwards = top + shuffled + "".join(f"<node{part}" for part in reversed(nodes)) + "</osm>"
    (tmp_path / "one.osm").write_text(lines)
    (tmp_path / "two.osm").write_text(backwards)
    one, two = Network.from_osm(tmp_path / "one.osm"), Network.from_osm(tmp_path / "two.osm")
    assert edge_facts(one) == edge_facts(two)
    assert_same(one, two)


def test_extract_given_twice_counts_once(tmp_path: Path) -> None:
    """Ways that are in two extracts are taken once; two halves of a map make the whole."""
    whole = RoadMap(BENT, [("a b c", STREET), ("c d e", STREET)])
    path = whole.write(tmp_path)
    halves = [
        RoadMap(BENT, whole.ways[:1]).write(tmp_path, "left.osm"),
        RoadMap(BENT, whole.ways[1:], first_way_id=2).write(tmp_path, "right.osm"),
    ]
    once = edge_facts(Network.from_osm(path))
    assert edge_facts(Network.from_osm(path, path)) == once
    assert edge_facts(Network.from_osm(*halves)) == once


def assert_same(one: Network, two: Network) -> None:
    """Hold two networks against each other, ride by ride and array by array."""
    assert (one.crs, one.counts) == (two.crs, two.counts)
    for name, array in one._list_arrays().items():
        other = getattr(two, name)
        if name in ("forward", "backward", "pavement"):
            rides = [one.rides[i] for i in array], [two.rides[i] for i in other]
            assert rides[0] == rides[1], name
            bounds = one.ratio_bounds[array], two.ratio_bounds[other]
            np.testing.assert_array_equal(*bounds, err_msg=name)
        elif name != "ratio_bounds":  # by ride, in the order in which these were met
            np.testing.assert_array_equal(array, other, err_msg=name)


# --- what is wrong in the data ------------------------------------------------------------------


def test_repeated_nodes_are_skipped(tmp_path: Path) -> None:
    """A node named twice running adds no length and no edge, and is counted."""
    drawn = RoadMap(row("abc"), [("a a b b b c", STREET)])
    network = drawn.network(tmp_path)
    assert network.counts["repeated_nodes"] == 3
    assert network.edges == 1
    assert ms(network, drawn.at("a"), drawn.at("c")) == drawn.ms("a b c")


def test_node_given_twice_is_one_node(tmp_path: Path) -> None:
    """A node that stands again in a file is read once; the first place holds; it is counted."""
    drawn = RoadMap(row("abc"), [("a b c", STREET)])
    expected = drawn.network(tmp_path)
    path = drawn.write(tmp_path)
    lon, lat = drawn.lonlat("b")
    again = f"<node id='2' lat='{lat}' lon='{lon}'/><node id='2' lat='{lat + 0.01}' lon='{lon}'/>"
    path.write_text(path.read_text().replace("<way", f"{again}<way", 1))
    found = Network.from_osm(path)
    counts = expected.counts | {"nodes_given_twice": 2}
    assert_same(found, replace(expected, counts=counts))


def test_zero_length_edges_cost_nothing(tmp_path: Path) -> None:
    """Two nodes on one spot, joined by a way, are as one: points there are tied and pass."""
    nodes = {"a": (0, 0), "b": (100, 0), "c": (100, 0), "d": (200, 0), "e": (100, 90)}
    ways = [("a b", STREET), ("b c", STREET), ("c d", STREET), ("b e", STREET), ("c e", STREET)]
    drawn = RoadMap(nodes, ways)
    network = drawn.network(tmp_path)
    assert 0 in network.length_mm
    assert ms(network, drawn.at("a"), drawn.at("d")) == drawn.ms("a b") + drawn.ms("c d")
    assert ms(network, drawn.at("b"), drawn.at("c")) == 0
    assert ms(network, drawn.at("a"), drawn.at("c")) == drawn.ms("a b")


def test_network_of_no_length_takes_points(tmp_path: Path) -> None:
    """A way of no length at all is still a place to be."""
    drawn = RoadMap({"a": (0, 0), "b": (0, 0)}, [("a b", STREET)])
    network = drawn.network(tmp_path)
    assert ms(network, drawn.at("a"), drawn.at("b")) == 0


def test_way_with_a_missing_node_is_ridden_up_to_the_hole(tmp_path: Path) -> None:
    """Both sides of a hole are roads; nothing leads across it."""
    nodes = row("abcde") | {"p": (0, 200), "q": (400, 200)}
    ways = [("a b X d e", STREET), ("a p q e", STREET)]
    drawn = RoadMap(nodes, ways)
    network = drawn.network(tmp_path)
    assert network.counts["segments_without_location"] == 2
    assert ms(network, drawn.at("b"), drawn.at("d")) == drawn.ms("b a p q e d")


def test_way_cut_off_by_the_edge_of_the_extract(tmp_path: Path) -> None:
    """Of a way whose first and last nodes are missing the middle stays."""
    drawn = RoadMap(row("abc"), [("X a b c Y Z", STREET), ("Q a", STREET)])
    network = drawn.network(tmp_path)
    assert network.edges == 1
    assert network.counts["segments_without_location"] == 4


def test_self_crossing_way_meets_itself_only_in_nodes(tmp_path: Path) -> None:
    """A way that crosses its own line without a node is ridden to its end."""
    nodes = {"a": (0, 0), "b": (400, 0), "c": (400, 300), "d": (200, -200)}
    drawn = RoadMap(nodes, [("a b c d", STREET)])
    network = drawn.network(tmp_path)
    assert network.edges == 1
    assert ms(network, drawn.at("a"), drawn.at("d")) == drawn.ms("a b c d")


def test_figure_of_eight_is_joined_in_its_node(tmp_path: Path) -> None:
    """A way that passes a node twice can be left and entered there."""
    nodes = {"a": (-300, 0), "m": (0, 0), "b": (300, 100), "c": (300, -100), "d": (0, -300)}
    drawn = RoadMap(nodes, [("a m b c m d", STREET)])
    network = drawn.network(tmp_path)
    assert ms(network, drawn.at("a"), drawn.at("d")) == drawn.ms("a m d")


def test_absurd_tags_are_read_on(tmp_path: Path) -> None:
    """Tags that mean nothing leave a plain street, ridden both ways at full speed."""
    absurd = "oneway=maybe maxspeed=fast surface=marzipan smoothness=? lanes=-3 junction=;"
    drawn = RoadMap(row("ab"), [("a b", f"{STREET} {absurd} name={'é' * 250}")])
    network = drawn.network(tmp_path)
    assert ms(network, drawn.at("a"), drawn.at("b")) == drawn.ms("a b")
    assert ms(network, drawn.at("b"), drawn.at("a")) == drawn.ms("a b")


def test_motorway_is_not_read(tmp_path: Path) -> None:
    """A motorway shortens nothing and takes no points, nor do roads not yet or no longer there."""
    nodes = SQUARE | {"m": (500, 0)}
    for kind in ("motorway", "motorway_link", "construction", "proposed", "razed"):
        drawn = RoadMap(nodes, [("a b", f"highway={kind} bicycle=yes"), ("a d c b", STREET)])
        network = drawn.network(tmp_path)
        assert network.edges == 1
        assert network.counts["ways_closed_to_bicycles"] == 1
        assert ms(network, drawn.at("a"), drawn.at("b")) == drawn.ms("a d c b")


# --- islands and steps --------------------------------------------------------------------------


def test_an_island_is_not_enough(tmp_path: Path) -> None:
    """A point on a small street that meets no other is tied to the network beyond as well."""
    nodes = SQUARE | {"p": (400, 300), "q": (600, 300)}
    drawn = RoadMap(nodes, [("a b c d a", STREET), ("p q", STREET)])
    network = drawn.network(tmp_path)
    (x, y) = drawn.at("p")
    places = snap_points(network, np.array([x]), np.array([y]))
    assert places.snap_m == pytest.approx([300], abs=0.1)
    assert sorted(network.way[places.segment]) == [1, 2]
    assert network.counts["island_edges"] == 1
    assert network.counts["island_road_m"] == round(drawn.length_mm("p q")[0] / 1000)


def test_cul_de_sac_that_cannot_be_left_is_an_island(tmp_path: Path) -> None:
    """What can be entered and not left, or left and not entered, takes no points."""
    nodes = SQUARE | {"p": (500, 500), "q": (500, -500)}
    closed = f"{ONEWAY} foot=no"
    drawn = RoadMap(nodes, [("a b c d a", STREET), ("a p", closed), ("q b", closed)])
    network = drawn.network(tmp_path)
    assert network.counts["island_edges"] == 2
    assert network.counts["island_road_m"] == round(
        (drawn.length_mm("a p")[0] + drawn.length_mm("q b")[0]) / 1000
    )
    (x, y) = drawn.at("q")
    assert snap_points(network, np.array([x]), np.array([y])).snap_m == pytest.approx(
        [500], abs=0.1
    )


def test_thirty_kilometres_of_road_are_no_island(tmp_path: Path) -> None:
    """A second component takes points from 30 km of road on, and not below."""
    for length, island in ((29_900, True), (30_100, False)):
        nodes = {name: (0, i * 7000.0) for i, name in enumerate("abcdef")}
        nodes |= {name: (1000, i * length / 4) for i, name in enumerate("pqrst")}
        ways = [("a b c d e f", STREET), ("p q r s t", STREET)]
        network = RoadMap(nodes, ways).network(tmp_path)
        assert network.island.any() == island


def test_points_are_not_tied_to_steps(tmp_path: Path) -> None:
    """A point on steps is tied to the street beside; steps still lead through, at 2 km/h."""
    nodes = row("abc") | {"d": (100, 50)}
    ways = [("a b", STREET), ("b d", "highway=steps bicycle=yes"), ("d c", STREET)]
    drawn = RoadMap(nodes, ways)
    network = drawn.network(tmp_path)
    x, y = drawn.between("b", "d", 0.4)
    places = snap_points(network, np.array([x]), np.array([y]))
    assert places.snap_m == pytest.approx([20], abs=0.1)
    assert 2 not in network.way[places.segment]
    through = drawn.ms("a b") + drawn.ms("b d", 2) + drawn.ms("d c")
    assert ms(network, drawn.at("a"), drawn.at("c")) == through


def test_steps_that_go_one_way_take_no_points_either(tmp_path: Path) -> None:
    """Steps are no snap target in whichever direction they may be taken."""
    for key in ("bicycle:forward", "bicycle:backward"):
        nodes = row("abc") | {"d": (100, 50)}
        steps = f"highway=steps {key}=private"
        drawn = RoadMap(nodes, [("a b d a", STREET), ("b c", steps), ("a c", STREET)])
        network = drawn.network(tmp_path)
        steps_edge = np.flatnonzero(network.way[network.first_segment[:-1]] == 2)
        assert len(steps_edge) == 1
        assert not network.door[network.segment_edge == steps_edge].any()


def test_of_ways_on_one_another_the_better_one_counts(tmp_path: Path) -> None:
    """Where two ways share their line, points are tied to both: a street beside a footway."""
    kinds = (STREET, "highway=footway")
    for first, second in (kinds, kinds[::-1]):
        nodes = SQUARE | {"x": (-200, 0), "y": (1200, 0)}
        ways = [("a b", first), ("b a", second), ("x a", STREET), ("b y", STREET)]
        drawn = RoadMap(nodes, ways)
        network = drawn.network(tmp_path)
        x, y = drawn.between("a", "b", 0.3)
        place = snap_points(network, np.array([x]), np.array([y + 20]))
        assert sorted(network.way[place.segment]) == [1, 2]
        home = ms(network, drawn.at("y"), (x, y + 20))
        walk = round(20 / 1.3 * 1000)
        assert home == pytest.approx(drawn.ms("b y") + 0.7 * drawn.ms("a b") + walk, abs=20)


# --- files that cannot be used ------------------------------------------------------------------


def wide_map() -> RoadMap:
    """Give a map of some size."""
    names = [chr(code) for code in range(0x4E00, 0x4E00 + 400)]
    nodes = {name: (i % 20 * 100.0, i // 20 * 100.0) for i, name in enumerate(names)}
    return RoadMap(nodes, [(" ".join(names[i : i + 20]), STREET) for i in range(0, 400, 20)])


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("ending", [".osm", ".osm.gz", ".osm.bz2"])
def test_truncated_extract_is_refused(tmp_path: Path, ending: str, kept: float) -> None:
    """A file that ends too soon is never read as a smaller network."""
    pack = {".osm": bytes, ".osm.gz": gzip.compress, ".osm.bz2": bz2.compress}[ending]
    content = pack(wide_map().xml().encode())
    path = tmp_path / f"cut{ending}"
    path.write_bytes(content)
    assert Network.from_osm(path).counts["segments"] == 380
    path.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(InputError, match=rf"^cut{ending}: cannot be read to its end \(.*again$"):
        Network.from_osm(path)


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.999])
def test_truncated_pbf_is_refused(tmp_path: Path, shared_data: Path, kept: float) -> None:
    """A PBF that ends in mid-block is never read as a smaller network."""
    content = (shared_data / "osm" / "wechelderzande.osm.pbf").read_bytes()
    path = tmp_path / "cut.osm.pbf"
    path.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(InputError, match=r"^cut\.osm\.pbf: cannot be read to its end"):
        Network.from_osm(path)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("", "cannot be read to its end"),
        ("not a map", "cannot be read to its end"),
        ("<gpx></gpx>", "is XML of an unknown kind"),
        ("<osm version='0.6'></osm>", "has no road that a bicycle can use"),
        ("<osm version='0.6'><node id='1' lat='51' lon='4'/></osm>", "has no road"),
        ("<osm version='0.6'><node id='1' lat='north' lon='4'/></osm>", "cannot be read to its"),
    ],
)
def test_file_that_is_no_map_is_refused_in_one_line(
    tmp_path: Path, content: str, line: str
) -> None:
    """What is no OSM, or has no roads, is told in one line with the file's name."""
    path = tmp_path / "strange.osm"
    path.write_text(content)
    with pytest.raises(InputError) as caught:
        Network.from_osm(path)
    assert str(caught.value).startswith(f"strange.osm: {line}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("ways", "nodes"),
    [
        ([("a b", "highway=motorway")], row("ab")),
        ([("a b", f"{STREET} access=private")], row("ab")),
        ([("a b", "building=yes")], row("ab")),
        ([("a a", STREET)], row("ab")),
        ([("a", STREET)], row("ab")),
    ],
)
def test_map_without_a_usable_road_is_refused(
    tmp_path: Path, ways: list[tuple[str, str]], nodes: dict[str, Place]
) -> None:
    """Motorways, private roads, buildings and roads of one node make no network."""
    with pytest.raises(InputError, match=r"^map\.osm: has no road that a bicycle can use; give"):
        RoadMap(nodes, ways).network(tmp_path)


def test_coordinates_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    """A node of a road with a latitude that is no number is told, with the word in question."""
    path = RoadMap(row("ab"), [("a b", STREET)]).write(tmp_path)
    path.write_text(path.read_text().replace("lat='5", "lat='north", 1))
    with pytest.raises(InputError, match=r"^map\.osm: .*north"):
        Network.from_osm(path)


def test_node_outside_the_world_is_a_missing_node(tmp_path: Path) -> None:
    """A latitude above 90 places nothing; the rest of the way stays."""
    path = RoadMap(row("abc"), [("a b c", STREET)]).write(tmp_path)
    path.write_text(path.read_text().replace("lat='51", "lat='91", 1))
    network = Network.from_osm(path)
    assert network.counts["segments_without_location"] == 1
    assert network.counts["segments"] == 1


def test_ids_below_zero_are_refused(tmp_path: Path) -> None:
    """A map drawn in an editor and never uploaded is refused with what to do about it."""
    path = RoadMap(row("ab"), [("a b", STREET)]).write(tmp_path)
    path.write_text(path.read_text().replace("id='", "id='-").replace("ref='", "ref='-"))
    with pytest.raises(InputError, match=r"^map\.osm: has nodes with ids below 0.*; give each"):
        Network.from_osm(path)


def test_every_missing_file_is_named(tmp_path: Path) -> None:
    """All files that are not there are told at once, before any is read."""
    with pytest.raises(InputError) as caught:
        Network.from_osm(tmp_path / "one.osm", tmp_path / "two.osm")
    assert [str(p).split(": ")[1] for p in caught.value.problems] == ["is not an existing file"] * 2


# --- kept and taken over ------------------------------------------------------------------------


@pytest.fixture
def some_network(tmp_path: Path) -> Network:
    """Give a network with one-way streets, parallel edges and a loop."""
    nodes = SQUARE | {"m": (500, 100), "p": (-200, 50), "q": (-200, -50), "r": (900, 900)}
    ways = [
        ("a m b", STREET),
        ("a b", ONEWAY),
        ("b c d a", "highway=track"),
        ("a p q a", f"{ONEWAY} foot=no"),
        ("c r", "highway=footway"),
    ]
    return RoadMap(nodes, ways).network(tmp_path)


def test_saved_network_comes_back_the_same(tmp_path: Path, some_network: Network) -> None:
    """Saving and loading gives every array, ride and count as it was; kernels need no other."""
    folder = tmp_path / "kept"
    folder.mkdir()
    some_network.save(folder)
    loaded = Network.load(folder)
    assert_same(some_network, loaded)
    assert loaded.rides == some_network.rides
    for name, array in some_network._list_arrays().items():
        assert getattr(loaded, name).dtype == array.dtype, name
        assert numba.typeof(getattr(loaded, name)) == numba.typeof(array), name
    children = list(zip(loaded.node_x, loaded.node_y, strict=True))
    before, after = (times(n, children, {"x": children[0]}) for n in (some_network, loaded))
    pd.testing.assert_frame_equal(before, after)


@pytest.mark.parametrize("name", ["length_mm.npy", "network.json", "door.npy"])
@pytest.mark.parametrize("harm", ["flip", "digit", "cut", "remove", "empty"])
def test_harmed_network_is_not_loaded(
    tmp_path: Path, some_network: Network, name: str, harm: str
) -> None:
    """A saved network of which a file is changed, cut or gone raises a line that names it."""
    folder = tmp_path / "kept"
    folder.mkdir()
    some_network.save(folder)
    damage(folder / name, harm)
    with pytest.raises(InputError, match="is not a saved network"):
        Network.load(folder)


def damage(path: Path, harm: str) -> None:
    """Spoil a file."""
    content = path.read_bytes()
    if harm == "flip":
        path.write_bytes(bytes([content[0] ^ 1]) + content[1:-1] + bytes([content[-1] ^ 1]))
    elif harm == "digit":
        path.write_bytes(
            re.sub(rb"[0-9]", lambda m: b"7" if m[0] != b"7" else b"8", content, count=1)
        )
    elif harm == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif harm == "empty":
        path.write_bytes(b"")
    else:
        path.unlink()


@pytest.fixture
def cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Network, Path]:
    """Give an extract, its network, and the place of its entry in a cache of this test's own."""
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path / "cache"))
    extract = RoadMap(BENT, [("a b c", STREET), ("b d e", ONEWAY)]).write(tmp_path)
    network = cache.load_network([extract], ["0" * 64])
    (entry,) = (tmp_path / "cache" / "networks").iterdir()
    return extract, network, entry


def test_second_time_the_extract_is_not_read(cached: tuple[Path, Network, Path]) -> None:
    """A network in the cache is taken from there; the extract may be gone."""
    extract, network, entry = cached
    extract.unlink()
    assert_same(cache.load_network([extract], ["0" * 64]), network)
    assert [path.name for path in entry.parent.iterdir()] == [entry.name]


@pytest.mark.parametrize("harm", ["flip", "digit", "cut", "remove", "empty"])
@pytest.mark.parametrize("name", ["forward.npy", "network.json"])
def test_harmed_cache_entry_is_built_again(
    cached: tuple[Path, Network, Path], name: str, harm: str
) -> None:
    """A spoilt entry is made anew from the extract and is whole afterwards."""
    extract, network, entry = cached
    damage(entry / name, harm)
    assert_same(cache.load_network([extract], ["0" * 64]), network)
    assert_same(Network.load(entry), network)


def test_another_extract_has_another_entry(cached: tuple[Path, Network, Path]) -> None:
    """What is kept for one content is never given for another."""
    extract, network, entry = cached
    other = RoadMap(BENT, [("a b c d", STREET)]).write(extract.parent, "other.osm")
    assert cache.load_network([other], ["1" * 64]).edges != network.edges
    assert len(list(entry.parent.iterdir())) == 2


def test_another_rule_has_another_entry(
    cached: tuple[Path, Network, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the code that reads extracts changes, entries of before are not used."""
    extract, _, entry = cached
    monkeypatch.setattr(cache.extracts, "CODE", ())
    cache.load_network([extract], ["0" * 64])
    assert len(list(entry.parent.iterdir())) == 2


def test_cache_that_cannot_be_written_costs_no_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the cache's place is a plain file, the network is given all the same."""
    (tmp_path / "cache").write_text("in the way")
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path / "cache"))
    extract = RoadMap(row("ab"), [("a b", STREET)]).write(tmp_path)
    assert cache.load_network([extract], ["0" * 64]).edges == 1


def test_saved_network_names_hashes_of_all_its_files(tmp_path: Path, some_network: Network) -> None:
    """Every array file stands in network.json with its hash; no array is left unchecked."""
    some_network.save(tmp_path)
    content = json.loads((tmp_path / "network.json").read_text())
    assert {f"{name}.npy" for name in content["network"]["sha256"]} == {
        path.name for path in tmp_path.glob("*.npy")
    }


# --- networkx and OSMnx -------------------------------------------------------------------------


def test_to_networkx_keeps_parallel_edges_loops_and_directions(some_network: Network) -> None:
    """Each open direction of each edge is one edge of the MultiDiGraph, with time and shape."""
    given = some_network.to_networkx(12)
    times = some_network.travel_times(12)
    count = int(some_network.open_forward.sum() + some_network.open_backward.sum())
    assert given.number_of_edges() == count
    assert nx.number_of_selfloops(given) == 1
    assert max(Counter((u, v) for u, v, _ in given.edges(keys=True)).values()) == 2
    for u, v, key, data in given.edges(keys=True, data=True):
        edge, against = divmod(key, 2)
        ends = [some_network.edge_start[edge], some_network.edge_end[edge]]
        assert [u, v] == (ends[::-1] if against else ends)
        ms_array = times.backward_ms if against else times.forward_ms
        assert data["travel_time_ms"] == ms_array[edge]
        assert data["length"] == some_network.edge_length_m[edge]
        line = shapely.get_coordinates(data["geometry"])
        assert tuple(line[0]) == (given.nodes[u]["x"], given.nodes[u]["y"])
        assert tuple(line[-1]) == (given.nodes[v]["x"], given.nodes[v]["y"])


@pytest.fixture(scope="module", params=[True, False], ids=["simplified", "every_node"])
def osmnx_berlare(shared_data: Path, request: pytest.FixtureRequest) -> nx.MultiDiGraph:
    """Berlare as OSMnx reads it."""
    import osmnx

    return osmnx.graph_from_xml(
        shared_data / "osm" / "berlare.osm", simplify=request.param, retain_all=True
    )


def test_osmnx_graph_has_the_roads_of_the_extract(
    osmnx_berlare: nx.MultiDiGraph, shared_data: Path
) -> None:
    """The taken-over graph has the length that we read, but for the shape of the earth.

    OSMnx also reads rivers and fields as edges, which are no roads; its lengths are on a sphere,
    up to 0.3 % off in Flanders.
    """
    ours = Network.from_osm(shared_data / "osm" / "berlare.osm")
    theirs = Network.from_osmnx(osmnx_berlare)
    assert theirs.counts["road_m"] == pytest.approx(ours.counts["road_m"], rel=0.003)
    assert theirs.crs == ours.crs
    no_roads = sum("highway" not in data for *_, data in osmnx_berlare.edges(data=True))
    assert theirs.counts["ways_closed_to_bicycles"] == no_roads > 3000


def test_both_directions_of_an_osmnx_street_are_one_edge(osmnx_berlare: nx.MultiDiGraph) -> None:
    """Only one-way streets of OSMnx come out one-way; the others can be left at either end."""
    theirs = Network.from_osmnx(osmnx_berlare)
    one_way_m = sum(
        data["length"]
        for *_, data in osmnx_berlare.edges(data=True)
        if data["oneway"] is True and "highway" in data
    )
    assert one_way_m > 100
    single = theirs.open_forward != theirs.open_backward
    assert theirs.edge_length_m[single].sum() == pytest.approx(one_way_m, abs=1)


def test_times_on_an_osmnx_graph_are_those_of_networkx(osmnx_berlare: nx.MultiDiGraph) -> None:
    """From 10 nodes to every node: the time is networkx's on the graph that was taken over.

    Where OSMnx left every node, each of its edges is one of our segments and the times agree to
    the millisecond. Where it joined segments, ours are rounded one by one: half a millisecond
    for each segment of each edge on the way.
    """
    network = Network.from_osmnx(osmnx_berlare)
    given = osmnx_berlare.copy()
    for _, _, data in list(given.edges(data=True)):
        data["ms"] = np.rint(round(data["length"] * 1000) * (3.6 / speed_of(data)))
    edges = list(given.edges(keys=True))
    given.remove_edges_from([edge for edge in edges if "highway" not in given.edges[edge]])
    ours = network.to_networkx(15)
    node = {data["osmid"]: n for n, data in ours.nodes(data=True)}
    bends = max(len(data["geometry"].coords) for *_, data in ours.edges(data=True))
    compared = 0
    for source in sorted(node)[:: len(node) // 10]:
        by_osmnx = nx.single_source_dijkstra_path_length(given, source, weight="ms")
        by_us = nx.single_source_dijkstra_path_length(ours, node[source], weight="travel_time_ms")
        hops = nx.single_source_shortest_path_length(given, source)
        for osm_id, n in node.items():
            assert (osm_id in by_osmnx) == (n in by_us)
            if osm_id in by_osmnx:
                slack = 0.5 * bends * (1 + hops[osm_id]) if given.graph.get("simplified") else 0
                assert abs(by_osmnx[osm_id] - by_us[n]) <= slack
                compared += 1
    assert compared > 3000


def speed_of(data: dict[str, Any]) -> float:
    """Speed on an OSMnx edge of Berlare: 15 km/h, less on tracks, paths, footways and steps."""
    kinds = data.get("highway", "")
    kind = min(kinds) if isinstance(kinds, list) else kinds
    return {"footway": 4.0, "steps": 2.0, "track": 10.0, "path": 10.0}.get(kind, 15.0)


def test_projected_osmnx_graph_is_refused() -> None:
    """A graph in metres is told what to give instead."""
    given = nx.MultiDiGraph(crs="EPSG:31370")
    with pytest.raises(InputError, match=r"has crs 'EPSG:31370'; give it in EPSG:4326"):
        Network.from_osmnx(given)


def test_osmnx_graph_without_roads_is_refused() -> None:
    """A graph whose edges are no roads, or closed, makes no network."""
    given = nx.MultiDiGraph(crs="epsg:4326")
    given.add_node(1, x=4.0, y=51.0)
    given.add_node(2, x=4.1, y=51.0)
    given.add_edge(1, 2, length=7000.0, osmid=5, highway="motorway")
    given.add_edge(2, 1, length=7000.0, osmid=6)
    with pytest.raises(InputError, match="has no edge that a bicycle can use"):
        Network.from_osmnx(given)


def test_streets_side_by_side_are_not_two_directions_of_one() -> None:
    """Two one-way streets of 70 m between the same nodes: by their ways they stay two."""
    given = nx.MultiDiGraph(crs="epsg:4326")
    given.add_node(1, x=4.0, y=51.0)
    given.add_node(2, x=4.001, y=51.0)
    tags = {"highway": "residential", "length": 70.0}
    given.add_edge(1, 2, osmid=7, **tags)
    given.add_edge(2, 1, osmid=8, **tags)
    network = Network.from_osmnx(given)
    assert network.counts["road_m"] == 140  # as one street there and back: 70


def test_the_bends_of_an_osmnx_street_stay() -> None:
    """A street drawn around a corner is three pieces, and a door at the corner is tied to it."""
    given = nx.MultiDiGraph(crs="epsg:4326")
    bends = [(4.0, 51.0), (4.0, 51.001), (4.001, 51.001), (4.001, 51.0)]
    for node, (lon, lat) in ((1, bends[0]), (2, bends[-1])):
        given.add_node(node, x=lon, y=lat)
    tags = {"highway": "residential", "length": 293.0, "osmid": 7}
    given.add_edge(1, 2, geometry=shapely.LineString(bends), **tags)
    given.add_edge(2, 1, geometry=shapely.LineString(bends[::-1]), **tags)
    network = Network.from_osmnx(given)
    assert len(network.length_mm) == 3
    assert shapely.get_num_coordinates(network.lines[0]) == 4
    x, y = shapely.get_coordinates(network.lines[0])[1]
    assert snap_points(network, np.array([x]), np.array([y])).snap_m[0] < 0.01


def test_joined_values_of_osmnx_are_taken_in_a_fixed_order() -> None:
    """Where OSMnx lists several surfaces, their order (which is random) does not matter."""
    speeds = []
    for surface in (["sett", "asphalt"], ["asphalt", "sett"]):
        given = nx.MultiDiGraph(crs="epsg:4326")
        given.add_node(1, x=4.0, y=51.0)
        given.add_node(2, x=4.001, y=51.0)
        tags = {"highway": "residential", "surface": surface, "length": 70.0}
        given.add_edge(1, 2, osmid=[7, 5], **tags)
        given.add_edge(2, 1, osmid=[5, 7], **tags)
        network = Network.from_osmnx(given)
        assert network.edges == 1
        speeds.append(network.travel_times(15).forward_ms.tolist())
    assert speeds[0] == speeds[1]


# --- sizes and units ----------------------------------------------------------------------------


def test_lengths_are_geodesic_to_the_millimetre(tmp_path: Path) -> None:
    """Each segment has its length on the WGS 84 ellipsoid, not that of the flat map."""
    drawn = RoadMap(BENT, [("a b c d e f", STREET)])
    roads = read_roads([drawn.write(tmp_path)])
    geod = Geod(ellps="WGS84")
    expected = [
        round(geod.inv(*drawn.lonlat(one), *drawn.lonlat(other))[2] * 1000)
        for one, other in pairwise("abcdef")
    ]
    assert roads.length_mm.tolist() == expected


@pytest.mark.parametrize(
    ("lon", "lat", "crs"),
    [
        (4.35, 50.85, "EPSG:31370"),
        (2.31, 51.59, "EPSG:31370"),
        (6.49, 49.41, "EPSG:31370"),
        (2.29, 51.0, "EPSG:32631"),
        (6.51, 50.5, "EPSG:32632"),
        (4.35, 49.39, "EPSG:32631"),
        (4.35, 51.61, "EPSG:32631"),
        (-8.61, 41.15, "EPSG:32629"),
        (7.5, 51.5, "EPSG:32632"),
        (18.4, -33.9, "EPSG:32734"),
        (-179.9, 51.0, "EPSG:32601"),
        (179.9, 51.0, "EPSG:32660"),
    ],
)
def test_crs_follows_the_place(tmp_path: Path, lon: float, lat: float, crs: str) -> None:
    """Belgium is in Lambert 72, to its corners, every other place in its own UTM zone."""
    path = RoadMap(row("ab"), [("a b", STREET)]).write(tmp_path)
    text = path.read_text()
    for name, dlon in (("a", 0.0), ("b", 0.001)):
        old = RoadMap(row("ab"), []).lonlat(name)
        text = text.replace(
            f"lat='{old[1]:.7f}' lon='{old[0]:.7f}'", f"lat='{lat}' lon='{lon + dlon:.7f}'"
        )
    path.write_text(text)
    network = Network.from_osm(path)
    assert network.crs == crs
    flat = np.hypot(*(np.diff(v) for v in (network.node_x, network.node_y)))
    assert flat == pytest.approx(network.edge_length_m, rel=0.002)


def test_stray_node_makes_no_road_across_the_world(tmp_path: Path) -> None:
    """A way with a node at 0, 0 is ridden up to it; the network stays in Lambert 72."""
    drawn = RoadMap(row("abcdef"), [("a b c d e", STREET), ("e f", STREET)])
    path = drawn.write(tmp_path)
    lon, lat = drawn.lonlat("f")
    text = path.read_text()
    path.write_text(text.replace(f"lat='{lat:.7f}' lon='{lon:.7f}'", "lat='0' lon='0'"))
    assert path.read_text() != text
    network = Network.from_osm(path)
    assert network.crs == "EPSG:31370"
    assert network.counts["segments_too_long"] == 1
    assert network.length_mm.tolist() == drawn.length_mm("a b c d e")


def test_maps_of_these_tests_lie_where_they_should(tmp_path: Path) -> None:
    """The builder's metres are Lambert 72 metres, within the centimetre of OSM's degrees."""
    drawn = RoadMap(SQUARE, [("a b c d a", STREET)])
    for name, (x, y) in SQUARE.items():
        assert drawn.at(name) == pytest.approx(metres(x, y), abs=0.02)
    assert metres(0, 0) == ORIGIN
    assert sum(drawn.length_mm("a b c d a")) == pytest.approx(4_000_000, rel=2e-4)
    assert drawn.network(tmp_path).node_x == pytest.approx([drawn.at("a")[0]], abs=1e-6)


def test_island_rule_says_what_it_says() -> None:
    """The bound of islands is 30 km of road, in every profile."""
    assert graph.ISLAND_BELOW_M == 30_000


def test_a_network_says_what_it_is_on_three_lines(tmp_path: Path) -> None:
    """Its size, what each profile rides and where it lies; no arrays."""
    drawn = RoadMap(
        {"a": (0, 0), "b": (1000, 0), "c": (1000, 2000), "d": (2000, 0)},
        [("a b d", "highway=residential maxspeed=30"), ("b c", "highway=primary maxspeed=90")],
    )
    said = repr(drawn.network(tmp_path))
    assert said.splitlines() == [
        "Network of 4 nodes, 3 edges, 4 km of road",
        "  ridden: all 4 km, low_stress 2 km, quiet_1 2 km",
        "  longitude, latitude: 3.941, 51.064 to 3.969, 51.082 (EPSG:31370)",
    ]
