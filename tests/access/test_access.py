"""The access table on hand-drawn maps: where one leaves the road, which way, and what counts."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from network.maps import CRS, RoadMap, metres, ms, points, ride, times

from stemgeo.access.areas import catchments, isochrones
from stemgeo.access.doors import along_ms
from stemgeo.access.riding import access
from stemgeo.access.search import UNREACHED, unpack_labels
from stemgeo.access.travel_time import Rider, find_three_straight, minutes_to_ms
from stemgeo.network import Network, snap_points
from stemgeo.network.bicycle import SIGNAL
from stemgeo.network.osm import RoadSegments, read_roads

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from network.maps import Place

STREET = "highway=residential"
ONEWAY = f"{STREET} oneway=yes"
RING = {"a": (0, 0), "b": (1000, 0), "c": (1000, 400), "d": (0, 400)}
LINE = {"a": (0, 0), "b": (1000, 0)}
WALK_10_M = 7692
"""Ten metres at 1.3 m/s, ms."""


def beside(place: Place, *, east: float = 0.0, north: float = 0.0) -> Place:
    """Step off a place."""
    return place[0] + east, place[1] + north


def exact(drawn: RoadMap, folder: Path, lengths_mm: list[int]) -> Network:
    """Read a map and give its segments exact lengths, so that times can be worked out by head."""
    roads: RoadSegments = read_roads([drawn.write(folder)])
    assert len(roads.length_mm) == len(lengths_mm)
    return Network.from_roads(
        dataclasses.replace(roads, length_mm=np.array(lengths_mm, dtype=np.int32))
    )


# --- along an edge ------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 0.001, 0.25, 0.5, 0.999, 1.0])
def test_point_in_mid_edge_has_its_own_time(tmp_path: Path, share: float) -> None:
    """A point on a street is as far as its own place, not as the street's end."""
    drawn = RoadMap(LINE, [("a b", STREET)])
    network = exact(drawn, tmp_path, [1_000_000])
    # 1 km at 15 km/h: 240 s.
    to_b = ms(network, drawn.between("a", "b", share), drawn.at("b"))
    to_a = ms(network, drawn.between("a", "b", share), drawn.at("a"))
    assert to_b == pytest.approx(240_000 * (1 - share), abs=1)
    assert to_a == pytest.approx(240_000 * share, abs=1)


@pytest.mark.parametrize(
    ("child", "academy"), [(0.2, 0.7), (0.7, 0.2), (0.1, 0.11), (0, 1), (1, 0)]
)
def test_both_on_one_edge(tmp_path: Path, child: float, academy: float) -> None:
    """On a street of two directions one goes straight, whoever comes first along it."""
    drawn = RoadMap(LINE, [("a b", STREET)])
    network = exact(drawn, tmp_path, [1_000_000])
    time = ms(network, drawn.between("a", "b", child), drawn.between("a", "b", academy))
    assert time == pytest.approx(240_000 * abs(child - academy), abs=1)


def test_both_on_one_edge_of_many_segments(tmp_path: Path) -> None:
    """Along a bent street with slow parts the time is that of the parts between the two."""
    nodes = {"a": (0, 0), "b": (300, 0), "c": (300, 200), "d": (600, 200)}
    ways = [("a b", STREET), ("b c", f"{STREET} surface=sett"), ("c d", STREET)]
    drawn = RoadMap(nodes, ways)
    network = exact(drawn, tmp_path, [300_000, 200_000, 300_000])
    assert network.edges == 1
    child, academy = drawn.between("a", "b", 0.9), drawn.between("c", "d", 0.2)
    # 30 m and 60 m at 15 km/h, 200 m at 15 x 10/18.
    by_head = 30 * 240 + 200 * 432 + 60 * 240
    assert ms(network, child, academy) == pytest.approx(by_head, abs=2)
    assert ms(network, academy, child) == pytest.approx(by_head, abs=2)


@pytest.mark.parametrize(
    ("child", "academy", "seconds"),
    [(0.2, 0.7, 120), (0.7, 0.2, 700), (0.2, 0.2, 0), (0.0, 0.5, 120), (0.5, 0.0, 700)],
)
def test_both_on_a_one_way_edge(tmp_path: Path, child: float, academy: float, seconds: int) -> None:
    """With the traffic one goes straight; against it one goes all the way round."""
    drawn = RoadMap(RING, [("a b", f"{ONEWAY} foot=no"), ("b c d a", STREET)])
    # The way round: 240 s for a b; the rest is made 580 s.
    network = exact(drawn, tmp_path, [1_000_000, 500_000, 1_000_000, 916_667])
    time = ms(network, drawn.between("a", "b", child), drawn.between("a", "b", academy))
    assert time == pytest.approx(seconds * 1000, abs=2)


def test_both_on_one_edge_where_round_is_quicker(tmp_path: Path) -> None:
    """Straight along a slow edge is not taken when leaving it and coming back is quicker."""
    drawn = RoadMap(RING, [("a b", "highway=footway"), ("b c d a", STREET)])
    network = exact(drawn, tmp_path, [1_000_000, 100_000, 100_000, 100_000])
    # 900 m pushed: 810 s; 50 m pushed, 300 m ridden, 50 m pushed: 45 + 72 + 45 s.
    time = ms(network, drawn.between("a", "b", 0.05), drawn.between("a", "b", 0.95))
    assert time == pytest.approx(162_000, abs=3)


def test_same_place_on_a_one_way_edge_takes_only_the_walk(tmp_path: Path) -> None:
    """Doors opposite each other on a one-way street are not a ride round the block apart.

    On a slanting street the two places differ by rounding alone, some one way, some the other.
    """
    drawn = RoadMap(
        {"a": (0, 0), "b": (937, 411), "c": (0, 900)}, [("a b c a", f"{ONEWAY} foot=no")]
    )
    network = drawn.network(tmp_path)
    (ax, ay), (bx, by) = drawn.at("a"), drawn.at("b")
    unit = np.hypot(bx - ax, by - ay)
    across = (-(by - ay) / unit, (bx - ax) / unit)
    for share in np.linspace(0.05, 0.95, 50):
        x, y = drawn.between("a", "b", share)
        one = x + 10 * across[0], y + 10 * across[1]
        other = x - 10 * across[0], y - 10 * across[1]
        assert ms(network, one, other) == pytest.approx(2 * WALK_10_M, abs=2)


def test_end_node_of_a_one_way_edge_binds_no_one(tmp_path: Path) -> None:
    """At a crossing a point may leave by every street, whichever of them it is tied to."""
    nodes = RING | {"x": (-300, 0), "y": (1300, 0)}
    ways = [
        ("a b", f"{ONEWAY} foot=no"),
        ("b c d a", f"{ONEWAY} foot=no"),
        ("x a", STREET),
        ("b y", STREET),
    ]
    drawn = RoadMap(nodes, ways)
    network = drawn.network(tmp_path)
    assert ms(network, drawn.at("a"), drawn.at("x")) == drawn.ms("a x")
    assert ms(network, drawn.at("x"), drawn.at("a")) == drawn.ms("x a")
    assert ms(network, drawn.at("b"), drawn.at("y")) == drawn.ms("b y")
    assert ms(network, drawn.at("y"), drawn.at("b")) == drawn.ms("y b")
    # Too far past the crossing to walk back to it the street does bind: one goes round.
    past = drawn.between("a", "b", 0.06)
    round_it = 0.94 * drawn.ms("a b") + drawn.ms("b c d a x")
    assert ms(network, past, drawn.at("x")) == pytest.approx(round_it, abs=2)


def test_end_node_binds_no_one_whatever_the_street_it_is_tied_to(tmp_path: Path) -> None:
    """Off the corner of a crossing, where streets are equally near, all ways out are open."""
    nodes = {"m": (0, 0), "e": (400, 0), "n": (0, 400), "w": (-300, 400), "s": (400, -200)}
    for one_way in ("m e", "e m", "m n", "n m"):
        other = "m n" if "e" in one_way else "m e"
        ways = [(one_way, f"{ONEWAY} foot=no"), (other, STREET), ("m w", STREET), ("m s", STREET)]
        drawn = RoadMap(nodes, [*ways, ("w n e s w", STREET)])
        network = drawn.network(tmp_path)
        off = beside(drawn.at("m"), east=-3, north=-4)
        walk = round(5 / 1.3 * 1000)
        for there in "ws":
            assert ms(network, off, drawn.at(there)) == pytest.approx(
                walk + drawn.ms(f"m {there}"), abs=2
            )
            assert ms(network, drawn.at(there), off) == pytest.approx(
                walk + drawn.ms(f"{there} m"), abs=2
            )


def test_a_little_more_speed_never_lengthens_a_ride(tmp_path: Path) -> None:
    """From anywhere along a street to its ends, and between: not by a millisecond of rounding."""
    nodes = LINE | {"c": (2000, 0), "n": (1000, 500)}
    drawn = RoadMap(nodes, [("a b", STREET), ("b c", STREET), ("b n", STREET)])
    network = exact(drawn, tmp_path, [87_651, 12_345, 50_000])
    doors = [drawn.between("a", "b", share) for share in np.linspace(0.01, 0.99, 60)]
    sites = {"x": drawn.at("c"), "y": drawn.between("a", "b", 0.41)}
    for name, site in sites.items():
        found = [
            times(network, doors, {name: site}, speed_kmh=12 + step / 8000)["travel_time_s"]
            for step in range(12)
        ]
        assert (np.diff(np.array(found), axis=0) <= 0).all()


@pytest.mark.parametrize("outward", [False, True])
def test_an_academy_at_a_signal_is_reached_before_it_is_green(
    tmp_path: Path, *, outward: bool
) -> None:
    """Whichever way the streets are drawn that meet there; who goes on beyond it waits."""
    ways = [(f"c {end}" if outward else f"{end} c", STREET) for end in "abd"]
    nodes = {"a": (0, 0), "b": (600, 0), "c": (300, 0), "d": (300, 400)}
    drawn = RoadMap(nodes, ways, {"c": "highway=traffic_signals"})
    network = drawn.network(tmp_path)
    wait = {SIGNAL: 50}
    assert ride(network, drawn.at("a"), drawn.at("c"), wait) == drawn.ms("a c")
    assert ride(network, drawn.at("a"), drawn.at("d"), wait) == drawn.ms("a c d") + 50_000
    assert ride(network, drawn.at("c"), drawn.at("d"), wait) == drawn.ms("c d")


def test_times_along_an_edge_count_the_waits_between(tmp_path: Path) -> None:
    """Of 500 m, a signal of 50 s and 1 km: half of the first is 60 s ahead, 350 s from behind."""
    drawn = RoadMap(
        {"a": (0, 0), "b": (500, 0), "c": (1500, 0)},
        [("a b c", STREET)],
        {"b": "highway=traffic_signals"},
    )
    network = exact(drawn, tmp_path, [500_000, 1_000_000])
    assert network.edges == 1
    times_ = network.travel_times(15, waits_s={SIGNAL: 50})
    both = along_ms(network, times_, np.array([0], np.int32), np.array([250_000], np.int32))
    assert [ms.tolist() for ms in both] == [[60_000], [350_000]]


# --- the cutoff ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("length_mm", "counts"), [(3_750_000, True), (3_749_999, True), (3_750_004, False)]
)
def test_cutoff_is_inclusive_to_the_millisecond(
    tmp_path: Path, length_mm: int, *, counts: bool
) -> None:
    """900.000 s at 15 km/h is within reach; one millisecond more is not."""
    drawn = RoadMap(LINE, [("a b", STREET)])
    network = exact(drawn, tmp_path, [length_mm])
    table = times(network, [drawn.at("a")], {"x": drawn.at("b")}, cutoff_min=15)
    assert table["status"].tolist() == ["reached" if counts else "beyond_horizon"]
    if counts:
        assert table["travel_time_s"].tolist() == [900.0]
    at_length = times(network, [drawn.at("a")], {"x": drawn.at("b")}, cutoff_min=16)
    assert at_length["travel_time_s"].tolist() == [900.0 if counts else 900.001]


def test_cutoff_inclusive_along_one_edge_and_through_nodes(tmp_path: Path) -> None:
    """The cutoff holds for the whole way: through a crossing, along an edge, with both walks."""
    drawn = RoadMap(
        LINE | {"c": (2000, 0), "n": (1000, 500)},
        [("a b", STREET), ("b c", STREET), ("b n", STREET)],
    )
    # Two segments of 240 s; academy 10 m off c, child 10 m off a: 480 s and two walks.
    network = exact(drawn, tmp_path, [1_000_000, 1_000_000, 500_000])
    child = beside(drawn.at("a"), north=10)
    academy = beside(drawn.at("c"), north=10)
    whole = 480_000 + 2 * WALK_10_M
    assert ms(network, child, academy) == pytest.approx(whole, abs=2)
    exactly = ms(network, child, academy)
    assert exactly is not None
    assert ms(network, child, academy, cutoff_min=exactly / 60_000) == exactly
    assert ms(network, child, academy, cutoff_min=(exactly - 1) / 60_000) is None


@pytest.mark.parametrize(("horizon", "reached"), [(480_000, True), (479_999, False)])
@pytest.mark.parametrize("path", ["a b c", "a c"])
def test_who_is_served_at_the_horizon_is_served(
    tmp_path: Path, path: str, horizon: int, *, reached: bool
) -> None:
    """As in the access table: through a crossing, along one edge and at a node, to the ms."""
    ways = [(path, STREET), *([("b n", STREET)] if "b" in path else [])]
    drawn = RoadMap(LINE | {"c": (2000, 0), "n": (1000, 500)}, ways)
    network = exact(
        drawn, tmp_path, [1_000_000, 1_000_000, 500_000] if "b" in path else [2_000_000]
    )
    rider = Rider(network, network.travel_times(15.0), horizon)
    ends = {"a": drawn.at("a"), "c": drawn.at("c")}
    tied = {
        name: snap_points(network, *map(np.atleast_1d, at)).keep_nearest()
        for name, at in ends.items()
    }
    first, point, ms = rider.list_served(tied["c"], tied["a"])
    assert first.tolist() == [0, int(reached)]
    assert (point.tolist(), ms.tolist()) == (([0], [480_000]) if reached else ([], []))


def test_minutes_become_whole_milliseconds() -> None:
    """Minutes that are no whole milliseconds are rounded, never cut."""
    assert minutes_to_ms(15) == 900_000
    assert minutes_to_ms(0.1 + 0.2) == 18_000
    assert minutes_to_ms(899_999.9999 / 60_000) == 900_000


# --- ties ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["klm", "mlk", "lkm", "kml", "mkl", "lmk"])
def test_equal_times_go_to_the_smallest_id(tmp_path: Path, order: str) -> None:
    """Of academies equally near the smallest id wins, in whatever order they are given."""
    drawn = RoadMap({"a": (0, 0), "b": (1000, 0), "c": (-1000, 0)}, [("c a b", STREET)])
    network = exact(drawn, tmp_path, [1_000_000, 1_000_000])
    at = {"k": drawn.at("b"), "l": drawn.at("c"), "m": drawn.at("b")}
    table = times(network, [drawn.at("a")], {name: at[name] for name in order})
    assert table["academy_id"].tolist() == ["k"]
    assert table["travel_time_s"].tolist() == [240.0]


def test_tie_is_broken_in_the_order_of_text(tmp_path: Path) -> None:
    """Ids are text: "10" comes before "9", be it on one edge, through nodes, or the same door."""
    drawn = RoadMap({"a": (0, 0), "b": (1000, 0), "c": (-1000, 0)}, [("c a b", STREET)])
    network = exact(drawn, tmp_path, [1_000_000, 1_000_000])
    spots = {"9": drawn.at("b"), "10": drawn.at("c")}
    assert times(network, [drawn.at("a")], spots)["academy_id"].tolist() == ["10"]
    both = {"9": drawn.at("b"), "10": drawn.at("b")}
    assert times(network, [drawn.at("b")], both)["academy_id"].tolist() == ["10"]


def test_nearest_is_by_time_not_by_distance(tmp_path: Path) -> None:
    """An academy that is farther but sooner reached is the nearest, whatever its id."""
    drawn = RoadMap(
        {"a": (0, 0), "b": (500, 0), "c": (-1000, 0)},
        [("a b", "highway=footway"), ("a c", STREET)],
    )
    network = drawn.network(tmp_path)
    table = times(network, [drawn.at("a")], {"1": drawn.at("b"), "2": drawn.at("c")})
    assert table["academy_id"].tolist() == ["2"]


# --- the leg off the road -----------------------------------------------------------------------


def test_walking_counts_at_both_ends(tmp_path: Path) -> None:
    """The legs between the doors and the road are walked at 1.3 m/s, each on its own."""
    drawn = RoadMap(LINE, [("a b", STREET)])
    network = exact(drawn, tmp_path, [1_000_000])
    child = beside(drawn.between("a", "b", 0.25), north=10)
    academy = beside(drawn.between("a", "b", 0.75), north=-10)
    assert ms(network, child, academy) == pytest.approx(120_000 + 2 * WALK_10_M, abs=4)
    assert ms(network, child, academy, walking_speed_ms=2.6) == pytest.approx(
        120_000 + WALK_10_M, abs=4
    )
    table = times(network, [child], {"x": academy})
    assert table["snap_m"].tolist() == pytest.approx([10], abs=0.01)


def test_walking_decides_between_academies(tmp_path: Path) -> None:
    """An academy by the road beats one that is nearer along it but far off it."""
    drawn = RoadMap(LINE, [("a b", STREET)])
    network = drawn.network(tmp_path)
    near = beside(drawn.between("a", "b", 0.1), north=300)
    far = drawn.between("a", "b", 0.9)
    table = times(network, [drawn.at("a")], {"1": near, "2": far})
    assert table["academy_id"].tolist() == ["2"]


def test_point_beyond_the_snap_limit_is_unmeasured(tmp_path: Path) -> None:
    """Farther from every road than the limit: unmeasured, never beyond the horizon."""
    drawn = RoadMap(LINE, [("a b", STREET)])
    network = drawn.network(tmp_path)
    on = drawn.between("a", "b", 0.5)
    children = [beside(on, north=d) for d in (0, 99.9, 100.1, 5000)]
    table = times(network, children, {"x": on}, snap_limit_m=100)
    assert table["status"].tolist() == ["reached", "reached", "unmeasured", "unmeasured"]
    assert table["snap_m"].isna().tolist() == [False, False, True, True]
    assert table["travel_time_s"].tolist()[2:] == [np.inf, np.inf]
    assert table["academy_id"].tolist() == ["x", "x", "", ""]


@pytest.mark.parametrize("call", [access, isochrones, catchments])
def test_a_snap_limit_that_changes_nothing_is_refused(
    tmp_path: Path, call: Callable[..., object]
) -> None:
    """Below the distance within which points are tied to every road it would count for nothing."""
    drawn = RoadMap(LINE, [("a b", STREET)])
    spots = points([drawn.at("a")])
    given = [drawn.network(tmp_path), spots, *([spots] if call is access else [])]
    with pytest.raises(ValueError, match=r"snap_limit_m \(60 m\) changes nothing below"):
        call(*given, speed_kmh=15, snap_within_m=80, snap_limit_m=60)


def test_snap_limit_is_inclusive(tmp_path: Path) -> None:
    """A point at the limit itself is measured."""
    network = RoadMap(LINE, [("a b", STREET)]).network(tmp_path)
    x, y = float(network.node_x[0]), float(network.node_y[0])
    west = -1 if x < float(network.node_x[1]) else 1
    table = times(network, [(x + west * 128.0, y)], {"x": (x, y)}, snap_limit_m=128.0)
    assert table["snap_m"].tolist() == [128.0]


def test_academy_beyond_the_snap_limit_reaches_no_one(tmp_path: Path) -> None:
    """An academy far from every road is nobody's nearest; children on the road stay measured."""
    drawn = RoadMap(LINE, [("a b", STREET)])
    network = drawn.network(tmp_path)
    lost = beside(drawn.at("a"), north=501)
    table = times(network, [drawn.at("a")], {"1": lost})
    assert table["status"].tolist() == ["beyond_horizon"]
    assert times(network, [drawn.at("a")], {"1": lost, "2": drawn.at("b")})[
        "academy_id"
    ].tolist() == ["2"]


def test_point_without_a_place_is_unmeasured(tmp_path: Path) -> None:
    """A row without geometry, or with an empty one, keeps its row and is unmeasured."""
    drawn = RoadMap(LINE, [("a b", STREET)])
    network = drawn.network(tmp_path)
    geometry = [None, shapely.Point(), shapely.Point(*drawn.at("a"))]
    children = gpd.GeoDataFrame(geometry=geometry, crs=CRS)
    table = access(network, points([drawn.at("b")], academy_id=["x"]), children, speed_kmh=15)
    assert table["status"].tolist() == ["unmeasured", "unmeasured", "reached"]


# --- the table ----------------------------------------------------------------------------------


def test_index_and_order_are_kept(tmp_path: Path) -> None:
    """One row for each child, in their order and under their index, even a repeated one."""
    drawn = RoadMap(LINE, [("a b", STREET)])
    network = exact(drawn, tmp_path, [1_000_000])
    shares = [0.5, 0.1, 0.9, 0.1]
    children = points([drawn.between("a", "b", share) for share in shares])
    children.index = pd.Index(["q", "b", "q", "a"], name="point_id")
    sites = points([drawn.at("a")], academy_id=["x"])
    table = access(network, sites, children, speed_kmh=15)
    assert table.index.equals(children.index)
    assert table.index.name == "point_id"
    assert table["travel_time_s"].tolist() == pytest.approx([240 * s for s in shares], abs=0.001)
    assert list(table.columns) == ["academy_id", "travel_time_s", "snap_m", "status"]


def test_arguments_are_left_as_they_are(tmp_path: Path) -> None:
    """Neither table is changed by the call."""
    drawn = RoadMap(LINE, [("a b", STREET)])
    network = drawn.network(tmp_path)
    children, sites = points([drawn.at("b")]), points([drawn.at("a")] * 2, academy_id=["y", "x"])
    before = children.copy(), sites.copy()
    access(network, sites, children, speed_kmh=15)
    pd.testing.assert_frame_equal(children, before[0])
    pd.testing.assert_frame_equal(sites, before[1])


def test_any_crs_gives_the_same_times(tmp_path: Path) -> None:
    """Points may come in degrees or metres, the two tables each in their own."""
    drawn = RoadMap(LINE, [("a b", STREET)])
    network = drawn.network(tmp_path)
    children = points([beside(drawn.between("a", "b", s), north=20) for s in (0.1, 0.6)])
    sites = points([drawn.at("b")], academy_id=["x"])
    first = access(network, sites, children, speed_kmh=15)
    other = access(network, sites.to_crs(4326), children.to_crs(3812), speed_kmh=15)
    pd.testing.assert_frame_equal(first, other, atol=1e-2, rtol=0)


@pytest.mark.parametrize("which", ["academies", "demand"])
def test_table_without_a_crs_is_refused(tmp_path: Path, which: str) -> None:
    """Coordinates of unknown meaning are never guessed at."""
    drawn = RoadMap(LINE, [("a b", STREET)])
    network = drawn.network(tmp_path)
    tables = {"academies": points([drawn.at("b")]), "demand": points([drawn.at("a")])}
    tables[which] = tables[which].set_crs(None, allow_override=True)
    with pytest.raises(ValueError, match="no CRS"):
        access(network, **tables, speed_kmh=15)


def test_without_academies_no_one_is_reached(tmp_path: Path) -> None:
    """With no academy at all every child on the road is beyond the horizon, none is lost."""
    drawn = RoadMap(LINE, [("a b", STREET)])
    network = drawn.network(tmp_path)
    children = [drawn.at("a"), beside(drawn.at("a"), north=5000)]
    table = times(network, children, {})
    assert table["status"].tolist() == ["beyond_horizon", "unmeasured"]
    assert table["academy_id"].tolist() == ["", ""]
    assert np.isinf(table["travel_time_s"]).all()


def test_without_children_the_table_is_empty(tmp_path: Path) -> None:
    """No rows in, no rows out, with the columns in place."""
    drawn = RoadMap(LINE, [("a b", STREET)])
    table = times(drawn.network(tmp_path), [], {"x": drawn.at("a")})
    assert table.empty
    assert list(table.columns) == ["academy_id", "travel_time_s", "snap_m", "status"]


def test_duplicate_ids_are_refused(tmp_path: Path) -> None:
    """An academy_id that is there twice is an error that names it."""
    drawn = RoadMap(LINE, [("a b", STREET)])
    network = drawn.network(tmp_path)
    sites = points([drawn.at("a"), drawn.at("b")], academy_id=["x7", "x7"])
    with pytest.raises(ValueError, match="'x7' is there twice"):
        access(network, sites, points([drawn.at("a")]), speed_kmh=15)
    alike = points([drawn.at("a"), drawn.at("b")], academy_id=[7, "7"])
    with pytest.raises(ValueError, match="'7' is there twice"):
        access(network, alike, points([drawn.at("a")]), speed_kmh=15)


def test_academies_without_the_column_go_by_their_index(tmp_path: Path) -> None:
    """Where there is no academy_id the index names the academy, as text."""
    drawn = RoadMap(LINE, [("a b", STREET)])
    sites = points([drawn.at("a"), drawn.at("b")])
    sites.index = pd.Index([12, 7])
    table = access(drawn.network(tmp_path), sites, points([drawn.at("b")]), speed_kmh=15)
    assert table["academy_id"].tolist() == ["7"]


# --- the straight line --------------------------------------------------------------------------


def test_straight_line_is_distance_times_detour_over_speed() -> None:
    """1 km with detour 1.3 at 15 km/h takes 312 s, inclusive; ties go to the first."""
    x, y = np.array([0.0, 0.0, 9_999.0]), np.array([0.0, 1.0, 0.0])
    sites = np.array([1000.0, -1000.0]), np.array([0.0, 0.0])
    how = {"speed_kmh": 15.0, "detour_factor": 1.3}
    label = find_three_straight((x, y), sites, np.array([0, 1]), **how, horizon=312_000)[:, 0]
    time, site = unpack_labels(label)
    assert (time[0], site[0]) == (312_000, 0)
    assert label[2] == UNREACHED
    below = find_three_straight((x, y), sites, np.array([0, 1]), **how, horizon=311_999)[:, 0]
    assert below[0] == UNREACHED


def test_straight_line_without_sites_reaches_no_one() -> None:
    """With no academy every point is unreached."""
    none = np.empty(0), np.empty(0)
    label = find_three_straight(
        (np.zeros(2), np.zeros(2)),
        none,
        np.empty(0, dtype=np.intp),
        speed_kmh=15,
        detour_factor=1.3,
        horizon=10**6,
    )
    assert (label == UNREACHED).all()


def test_offsets_are_lambert_metres() -> None:
    """The helper that steps off a place moves by metres."""
    assert beside(metres(0, 0), east=3, north=4) == metres(3, 4)
