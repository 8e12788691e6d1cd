"""Profiles, ferries and waits on hand-drawn maps: what closes, what it costs, what is counted."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import pytest
import shapely
from network.maps import RoadMap, ms, on, ride, times
from pyproj import Transformer
from shapely.geometry import Point

from stemgeo.access.search import UNREACHED, unpack_labels
from stemgeo.access.travel_time import Rider
from stemgeo.errors import InputError
from stemgeo.network import Network, bicycle, snap_points
from stemgeo.network.bicycle import BARRIER, BOARDING, CROSSING, FERRY, NO_WAIT, RIDE, SIGNAL
from stemgeo.network.crossings import add_ways_on_foot
from stemgeo.network.osm import read_roads

if TYPE_CHECKING:
    from pathlib import Path

    from network.maps import Place

    from stemgeo.network.graph import EdgeTimes
    from stemgeo.network.osm import RoadSegments

STREET = "highway=residential"
BUSY = "highway=primary"
ONEWAY = f"{STREET} oneway=yes"
SQUARE = {"a": (0, 0), "b": (1000, 0), "c": (1000, 1000), "d": (0, 1000)}
HOUR = 3_600_000


def whole(folder: Path, drawn: RoadMap) -> Network:
    """Read a map with everything in it, ferries too."""
    return Network.whole_from_roads(read_roads([drawn.write(folder)]))


def snapped_m(network: Network, place: Place) -> float:
    """How far a place is from the road it is tied to; NaN when it is tied to none."""
    return float(snap_points(network, np.array([place[0]]), np.array([place[1]])).snap_m[0])


# --- low stress ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("direct", "kept"),
    [
        (BUSY, False),
        (f"{BUSY} cycleway=track", True),
        (f"{BUSY} cycleway=separate", True),
        (f"{BUSY} cycleway=lane", False),
        ("highway=tertiary maxspeed=30", True),
        ("highway=tertiary maxspeed=70", False),
        (f"{STREET} maxspeed=50", True),
        (f"{BUSY} cyclestreet=yes", True),
    ],
)
def test_low_stress_goes_round_a_busy_road(tmp_path: Path, direct: str, kept: bool) -> None:  # noqa: FBT001
    """The short road is taken by all; who wants a quiet ride takes it only when it is calm.

    Else the bicycle is pushed along it, which takes longer than the 3 km round.
    """
    drawn = RoadMap(SQUARE, [("a b", direct), ("a d c b", "highway=cycleway")])
    network = whole(tmp_path, drawn)
    every, quiet = network.restrict_to(), network.restrict_to("low_stress")
    assert ms(every, drawn.at("a"), drawn.at("b")) == drawn.ms("a b")
    path = "a b" if kept else "a d c b"
    assert ms(quiet, drawn.at("a"), drawn.at("b")) == drawn.ms(path)


@pytest.mark.parametrize(
    ("direct", "profile", "how"),
    [
        (BUSY, "low_stress", "push"),
        (BUSY, "quiet_1", "push"),
        ("highway=tertiary maxspeed=30", "low_stress", "ride"),
        ("highway=tertiary maxspeed=30", "quiet_1", "push"),
        (f"{STREET} maxspeed=30", "quiet_1", "ride"),
        (f"{BUSY} foot=no", "low_stress", "closed"),
        (f"{BUSY} foot=use_sidepath", "low_stress", "push"),
        (f"{BUSY} access=destination", "low_stress", "push"),
        (f"{BUSY} motorroad=yes bicycle=yes", "low_stress", "closed"),
        (f"{BUSY} foot=private access=yes", "low_stress", "closed"),
        (f"{BUSY} foot=permissive", "low_stress", "push"),
        (f"{BUSY} bicycle=dismount", "quiet_1", "push"),
        ("highway=steps bicycle=yes", "quiet_1", "steps"),
    ],
)
def test_a_road_too_busy_is_pushed_along_where_walking_is_allowed(
    tmp_path: Path, direct: str, profile: str, how: str
) -> None:
    """At 4 km/h, whatever its surface; by the foot tag, else by access; never on a motorroad."""
    nodes = SQUARE | {"m": (500, 5000)}
    drawn = RoadMap(nodes, [("a b", direct), ("a m b", "highway=cycleway")])
    kmh = {"ride": 15.0, "push": 4.0, "steps": 2.0}
    expected = drawn.ms("a b", kmh[how]) if how in kmh else drawn.ms("a m b")
    quiet = whole(tmp_path, drawn).restrict_to(profile)
    assert ms(quiet, drawn.at("a"), drawn.at("b")) == expected
    assert ms(quiet, drawn.at("b"), drawn.at("a")) == expected


def test_low_stress_is_said_per_direction(tmp_path: Path) -> None:
    """With a track on the right side alone, one rides there and comes back another way."""
    ways = [("a b", "highway=secondary cycleway:right=track"), ("a d c b", "highway=cycleway")]
    drawn = RoadMap(SQUARE, ways)
    quiet = whole(tmp_path, drawn).restrict_to("low_stress")
    assert ms(quiet, drawn.at("a"), drawn.at("b")) == drawn.ms("a b")
    assert ms(quiet, drawn.at("b"), drawn.at("a")) == drawn.ms("b c d a")


@pytest.mark.parametrize("first", ["a m", "m a"])
@pytest.mark.parametrize("second", ["m b", "b m"])
def test_sides_do_not_depend_on_how_the_road_was_drawn(
    tmp_path: Path, first: str, second: str
) -> None:
    """A track on the way from a to b, however its two pieces were drawn: one edge, one way."""
    along = {"a m": "right", "m b": "right", "m a": "left", "b m": "left"}
    nodes = SQUARE | {"m": (500, 0)}
    ways = [(one, f"highway=secondary cycleway:{along[one]}=track") for one in (first, second)]
    drawn = RoadMap(nodes, [*ways, ("a d c b", "highway=cycleway")])
    quiet = whole(tmp_path, drawn).restrict_to("low_stress")
    assert quiet.edges == 1
    assert ms(quiet, drawn.at("a"), drawn.at("b")) == drawn.ms("a m b")
    assert ms(quiet, drawn.at("b"), drawn.at("a")) == drawn.ms("b c d a")


def test_pushing_along_a_busy_road_bothers_nobody(tmp_path: Path) -> None:
    """`bicycle=dismount` on a primary road: pushed by all, on a quiet ride as well."""
    ways = [("a b", f"{BUSY} bicycle=dismount"), ("a d c b", "highway=track surface=sand")]
    drawn = RoadMap(SQUARE, ways)
    network = whole(tmp_path, drawn)
    for profile in ("all", "low_stress", "quiet_1"):
        over = ms(network.restrict_to(profile), drawn.at("a"), drawn.at("b"))
        assert over == drawn.ms("a b", 4)


def test_home_on_a_busy_road_pushes_to_the_quiet_one(tmp_path: Path) -> None:
    """Its tie is that of all roads; along its own road one pushes, and rides on from there."""
    nodes = SQUARE | {"p": (0, -300), "q": (1000, -300), "y": (-900, 0)}
    ways = [("a b", BUSY), ("y a", BUSY), ("p q", STREET), ("p a", STREET), ("q b", STREET)]
    drawn = RoadMap(nodes, ways)
    network = whole(tmp_path, drawn)
    every, quiet = network.restrict_to(), network.restrict_to("low_stress")
    for home, share in (("a", 0.75), ("y", 0.1)):
        to = {"a": "b", "y": "a"}[home]
        here = drawn.between(home, to, share)
        assert snapped_m(every, here) == snapped_m(quiet, here) == pytest.approx(0, abs=0.01)
    nearly_b, far_out = drawn.between("a", "b", 0.75), drawn.between("y", "a", 0.1)
    round_it = drawn.ms("b q p") + 0.25 * drawn.ms("a b", 4)
    assert ms(quiet, nearly_b, drawn.at("p")) == pytest.approx(round_it, abs=2)
    out = 0.9 * drawn.ms("y a", 4) + drawn.ms("a p")
    assert ms(quiet, far_out, drawn.at("p")) == pytest.approx(out, abs=2)
    table = times(quiet, [nearly_b, far_out], {"x": drawn.at("p")})
    assert table["status"].tolist() == ["reached", "reached"]


def test_low_stress_is_never_quicker_between_the_same_places(tmp_path: Path) -> None:
    """From node to node of a town with calm and busy roads: at best as quick."""
    drawn = RoadMap(
        SQUARE | {"m": (500, 500)},
        [("a b c d a", STREET), ("a m c", BUSY), ("b m", "highway=tertiary maxspeed=30")],
    )
    network = whole(tmp_path, drawn)
    quicker = 0
    for one in "abcd":
        for other in "abcd":
            over_all = ms(network.restrict_to(), drawn.at(one), drawn.at(other))
            calm = ms(network.restrict_to("low_stress"), drawn.at(one), drawn.at(other))
            assert over_all is not None
            assert calm is not None
            assert over_all <= calm
            quicker += over_all < calm
    assert quicker == 2  # a to c and back


def test_map_without_a_calm_road_is_pushed_through(tmp_path: Path) -> None:
    """And where nobody may walk there is no way, though every home is measured."""
    for tags, walked in ((BUSY, True), (f"{BUSY} foot=no", False)):
        drawn = RoadMap(SQUARE, [("a b c d a", tags)])
        network = whole(tmp_path, drawn)
        quiet = network.restrict_to("low_stress")
        np.testing.assert_array_equal(quiet.door, network.restrict_to().door)
        table = times(quiet, [drawn.at("a")], {"x": drawn.at("b")})
        assert table["status"].tolist() == ["reached" if walked else "beyond_horizon"]
        if walked:
            assert round(table["travel_time_s"][0] * 1000) == drawn.ms("a b", 4)


# --- one network for all profiles ---------------------------------------------------------------


@pytest.mark.parametrize("length", [20, 999, 1001])
def test_a_calm_neighbourhood_is_no_island_however_small(tmp_path: Path, length: float) -> None:
    """Between busy roads: its homes are tied to it, and push out of it."""
    nodes = {"a": (0, 0), "b": (3000, 0), "p": (100, 300), "q": (100, 300 + length), "r": (0, 300)}
    ways = [("a b", STREET), ("p q", STREET), ("a r p", BUSY)]
    drawn = RoadMap(nodes, ways)
    network = whole(tmp_path, drawn)
    quiet = network.restrict_to("low_stress")
    at = drawn.between("p", "q", 0.1)
    assert snapped_m(quiet, at) == pytest.approx(0, abs=0.01)
    assert quiet.counts["island_edges"] == 0
    out = 0.1 * drawn.ms("p q") + drawn.ms("p r a", 4)
    assert ms(quiet, at, drawn.at("a")) == pytest.approx(out, abs=2)


def test_between_two_calm_neighbourhoods_one_pushes(tmp_path: Path) -> None:
    """Along the busy road between them, the only way."""
    nodes = SQUARE | {"e": (3000, 0), "f": (3000, 1000)}
    drawn = RoadMap(nodes, [("a b c d a", STREET), ("e f", STREET), ("b e", BUSY)])
    network = whole(tmp_path, drawn)
    quiet = network.restrict_to("low_stress")
    assert ms(network.restrict_to(), drawn.at("a"), drawn.at("e")) == drawn.ms("a b e")
    by_hand = drawn.ms("a b") + drawn.ms("b e", 4)
    assert ms(quiet, drawn.at("a"), drawn.at("e")) == by_hand
    assert ms(quiet, drawn.at("e"), drawn.at("f")) == drawn.ms("e f")


@pytest.mark.parametrize("profile", ["low_stress", "quiet_1"])
def test_profiles_share_doors_islands_and_counts(tmp_path: Path, profile: str) -> None:
    """Whatever is busy: a profile differs from all roads in its rides alone."""
    network = whole(tmp_path, mixed_map())
    every, quiet = network.restrict_to(), network.restrict_to(profile)
    for name, array in every._list_arrays().items():
        if name not in ("forward", "backward"):
            np.testing.assert_array_equal(array, getattr(quiet, name), err_msg=name)
    assert every.counts | {"ridden_m": 0} == quiet.counts | {"ridden_m": 0}
    assert every.counts["ridden_m"] > quiet.counts["ridden_m"]
    assert (every.forward != quiet.forward).any()
    again = every.calm_to(profile)
    np.testing.assert_array_equal(again.forward, quiet.forward)
    np.testing.assert_array_equal(again.backward, quiet.backward)


# --- contraction --------------------------------------------------------------------------------

ROW = {name: (i * 100.0, 0.0) for i, name in enumerate("abcdef")}


@pytest.mark.parametrize(
    ("first", "second", "edges"),
    [
        (STREET, "highway=cycleway", 1),
        (STREET, "highway=tertiary maxspeed=30", 1),
        (BUSY, "highway=tertiary maxspeed=90", 1),
        (STREET, BUSY, 1),
        (f"{STREET} foot=no", f"{BUSY} foot=no", 2),
        ("highway=secondary cycleway=track", "highway=secondary", 1),
        ("highway=secondary cycleway=track foot=no", "highway=secondary foot=no", 2),
        (STREET, "highway=steps", 2),
        (STREET, "highway=footway", 1),
        (STREET, "route=ferry bicycle=yes", 2),
        (STREET, f"{ONEWAY} foot=no", 2),
    ],
)
def test_chain_is_cut_where_a_profile_opens_or_closes_it(
    tmp_path: Path, first: str, second: str, edges: int
) -> None:
    """Steps or ferry beside road, calm beside busy where nobody walks: two edges; else one."""
    drawn = RoadMap(ROW, [("a b c", first), ("c d e", second), ("a f", STREET), ("e f", STREET)])
    plain = RoadMap(ROW, [("a b c", first), ("c d e", second)])
    network = whole(tmp_path, plain)
    assert network.edges == edges
    # As part of a ring: the same cut at c, and the ones at a and e.
    assert whole(tmp_path, drawn).edges >= edges


@pytest.mark.parametrize("profile", ["all", "low_stress", "quiet_1"])
def test_an_edge_is_open_or_closed_as_a_whole(network_of_hand: Network, profile: str) -> None:
    """In every profile all segments of an edge agree, each way."""
    network = network_of_hand.restrict_to(profile, ferries=True)
    mode = np.array([one.mode for one in network.rides])
    for rides, open_ in (
        (network.forward, network.open_forward),
        (network.backward, network.open_backward),
    ):
        each = mode[rides] != bicycle.CLOSED
        assert (each == open_[network.segment_edge]).all()


@pytest.fixture
def network_of_hand(tmp_path: Path) -> Network:
    """Give a network with calm and busy roads, steps, one-way streets and a ferry."""
    return whole(tmp_path, mixed_map())


def mixed_map() -> RoadMap:
    """Draw a bit of everything."""
    nodes = {
        name: (i % 4 * 310.0 + i, i // 4 * 270.0 - 2 * i) for i, name in enumerate("abcdefghijkl")
    }
    ways = [
        ("a b c d", STREET),
        ("d h", BUSY),
        ("h g f e", "highway=secondary cycleway:right=track"),
        ("e a", ONEWAY),
        ("b f", "highway=tertiary maxspeed=30"),
        ("f j", "highway=steps"),
        ("e i j", "highway=track"),
        ("j k", "route=ferry bicycle=yes duration=3"),
        ("k l h", f"{STREET} oneway=yes foot=no"),
        ("c g k", "highway=unclassified maxspeed=70"),
    ]
    waiting = {
        "b": "highway=traffic_signals",
        "c": "highway=crossing",
        "g": "barrier=gate",
        "l": "highway=traffic_signals",
        "i": "barrier=cycle_barrier",
    }
    return RoadMap(nodes, ways, waiting)


def test_kept_whole_and_then_restricted_is_the_same(
    tmp_path: Path, network_of_hand: Network
) -> None:
    """A whole network from the cache gives each profile as the one just read does."""
    folder = tmp_path / "kept"
    folder.mkdir()
    network_of_hand.save(folder)
    loaded = Network.load(folder)
    for profile in ("all", "low_stress", "quiet_1"):
        for ferries in (False, True):
            fresh = network_of_hand.restrict_to(profile, ferries=ferries)
            kept = loaded.restrict_to(profile, ferries=ferries)
            assert (fresh.crs, fresh.rides, fresh.counts) == (kept.crs, kept.rides, kept.counts)
            for name, array in fresh._list_arrays().items():
                np.testing.assert_array_equal(array, getattr(kept, name), err_msg=name)
    direct = Network.from_osm(tmp_path / "map.osm")
    np.testing.assert_array_equal(direct.door, loaded.restrict_to().door)
    np.testing.assert_array_equal(direct.forward, loaded.restrict_to().forward)


def test_restricting_changes_nothing_of_the_whole(network_of_hand: Network) -> None:
    """Profiles are made beside one another from the same whole, in any order."""
    before = {name: array.copy() for name, array in network_of_hand._list_arrays().items()}
    network_of_hand.restrict_to("low_stress")
    again = network_of_hand.restrict_to().restrict_to("low_stress")
    straight = network_of_hand.restrict_to("low_stress")
    for name, array in before.items():
        np.testing.assert_array_equal(array, getattr(network_of_hand, name), err_msg=name)
        np.testing.assert_array_equal(getattr(again, name), getattr(straight, name), err_msg=name)


# --- ferries ------------------------------------------------------------------------------------

RIVER = {
    "a": (0, 0),
    "b": (300, 0),
    "m": (310, 120),
    "n": (290, 260),
    "c": (300, 400),
    "d": (0, 400),
    "x": (-4000, 200),
}
BANKS = [("a b", STREET), ("c d", STREET), ("a x d", STREET)]
CROSSING_BY_FERRY = "a b", "b m n c", "c d"


def river(ferry: str, path: str = "b m n c") -> RoadMap:
    """Draw two banks with a ferry between them and a long way round."""
    return RoadMap(RIVER, [*BANKS, (path, ferry)])


def sailed_ms(drawn: RoadMap, path: str, minutes: float) -> int:
    """Time on board by hand: the duration shared out by length, each segment rounded."""
    kmh = sum(drawn.length_mm(path)) / 1e6 / (minutes / 60)
    return drawn.ms(path, kmh)


def test_ferry_is_off_unless_asked_for(tmp_path: Path) -> None:
    """By default one rides round, in what is read for Python as well."""
    drawn = river("route=ferry bicycle=yes duration=00:06")
    network = whole(tmp_path, drawn)
    assert network.counts["ferries"] == 1
    for off in (network.restrict_to(), Network.from_osm(tmp_path / "map.osm")):
        assert ms(off, drawn.at("b"), drawn.at("c")) == drawn.ms("b a x d c")


@pytest.mark.parametrize("duration", ["00:06", "6", "0:06:00", "PT6M"])
@pytest.mark.parametrize("profile", ["all", "low_stress"])
def test_ferry_takes_its_duration_and_one_wait(tmp_path: Path, duration: str, profile: str) -> None:
    """Six minutes on board and five of waiting, however many nodes it has, either way."""
    drawn = river(f"route=ferry bicycle=yes duration={duration}")
    network = whole(tmp_path, drawn).restrict_to(profile, ferries=True)
    on_board = sailed_ms(drawn, "b m n c", 6)
    assert on_board == pytest.approx(360_000, abs=2)
    over = drawn.ms("a b") + on_board + drawn.ms("c d")
    there, back = (drawn.at("a"), drawn.at("d")), (drawn.at("d"), drawn.at("a"))
    for waiting in (0, 300):
        for pair in (there, back):
            assert ride(network, *pair, {BOARDING: waiting}) == over + waiting * 1000


def test_ferry_is_as_quick_for_everyone(tmp_path: Path) -> None:
    """A slow child and a quick one are as long on board."""
    drawn = river("route=ferry bicycle=yes duration=6")
    network = whole(tmp_path, drawn).restrict_to(ferries=True)
    for kmh in (6.0, 30.0):
        found = ride(network, drawn.at("b"), drawn.at("c"), kmh=kmh)
        assert found == sailed_ms(drawn, "b m n c", 6)


@pytest.mark.parametrize("duration", ["", "duration=soon", "duration=0", "duration=-5"])
def test_ferry_without_a_duration_goes_at_5_kmh(tmp_path: Path, duration: str) -> None:
    """Or with one that cannot be read."""
    drawn = river(f"route=ferry bicycle=yes {duration}")
    network = whole(tmp_path, drawn).restrict_to(ferries=True)
    assert ride(network, drawn.at("b"), drawn.at("c")) == drawn.ms("b m n c", 5)


def test_two_ferries_are_two_waits(tmp_path: Path) -> None:
    """Over an island in the river one boards twice."""
    ways = [*BANKS, ("b m", "route=ferry bicycle=yes duration=2"), ("m n", STREET)]
    drawn = RoadMap(RIVER, [*ways, ("n c", "route=ferry foot=yes duration=3")])
    network = whole(tmp_path, drawn).restrict_to(ferries=True)
    on_board = sailed_ms(drawn, "b m", 2) + sailed_ms(drawn, "n c", 3)
    by_hand = on_board + drawn.ms("m n") + 2 * 300_000
    assert ride(network, drawn.at("b"), drawn.at("c"), {BOARDING: 300}) == by_hand
    assert ride(network, drawn.at("c"), drawn.at("b"), {BOARDING: 300}) == by_hand


def test_ferry_drawn_the_other_way_is_the_same(tmp_path: Path) -> None:
    """The wait does not depend on the direction in which the ferry was drawn."""
    tags = "route=ferry bicycle=yes duration=6"
    found = []
    for path in ("b m n c", "c n m b"):
        drawn = river(tags, path)
        network = whole(tmp_path, drawn).restrict_to(ferries=True)
        found.append(ride(network, drawn.at("a"), drawn.at("d"), {BOARDING: 300}))
    assert found[0] == found[1]


def test_ferry_takes_no_points(tmp_path: Path) -> None:
    """A point in mid-river belongs to the nearest bank."""
    drawn = river("route=ferry bicycle=yes duration=6")
    network = whole(tmp_path, drawn).restrict_to(ferries=True)
    assert not network.door[network._mode[network.forward] == FERRY].any()
    middle, bank = drawn.at("m"), drawn.at("b")
    away = np.hypot(middle[0] - bank[0], middle[1] - bank[1])
    assert snapped_m(network, middle) == pytest.approx(away, abs=0.01)


def test_ferry_to_nowhere_makes_no_mainland(tmp_path: Path) -> None:
    """The length of a ferry is no road: it saves no island from being one."""
    nodes = {"a": (0, 0), "b": (2000, 0), "p": (0, 8_000), "q": (0, 8_500)}
    ways = [("a b", STREET), ("p q", STREET), ("b q", "route=ferry bicycle=yes duration=60")]
    drawn = RoadMap(nodes, ways)
    off = whole(tmp_path, drawn).restrict_to()
    on = whole(tmp_path, drawn).restrict_to(ferries=True)
    assert np.isnan(snapped_m(off, drawn.at("p")))
    # Joined by the ferry it is part of the largest component.
    assert snapped_m(on, drawn.at("p")) == pytest.approx(0, abs=0.01)
    assert on.counts["island_edges"] == 0


def test_ferry_is_no_road_of_an_island(tmp_path: Path) -> None:
    """Twenty kilometres of road and twenty of ferry are an island still: it has 20 km of road."""
    nodes = {name: (0, i * 8000.0) for i, name in enumerate("abcdef")}
    nodes |= {name: (2000, i * 5000.0) for i, name in enumerate("pqrst")}
    ways = [("a b c d e f", STREET), ("p q r s t", STREET)]
    ways += [("t s r q p", "route=ferry bicycle=yes")]
    network = whole(tmp_path, RoadMap(nodes, ways)).restrict_to(ferries=True)
    assert network.counts["island_road_m"] == pytest.approx(40_000, rel=0.01)
    land = network._mode[network.forward[network.first_segment[:-1]]] != FERRY
    assert (land & ~network.island).sum() == 1


@pytest.mark.parametrize("ferry", ["route=ferry bicycle=yes", "route=ferry"])
def test_map_of_ferries_alone_has_no_road(tmp_path: Path, ferry: str) -> None:
    """One cannot live on a ferry: the file is refused like any other without roads."""
    drawn = RoadMap(RIVER, [("b m n c", ferry)])
    with pytest.raises(InputError, match=r"^map\.osm: has no road that a bicycle can use"):
        drawn.network(tmp_path)


def test_ferry_does_not_widen_the_ground_of_a_network(tmp_path: Path) -> None:
    """Where only a ferry leads, nothing is known of roads: children there are unmeasured."""
    nodes = SQUARE | {"z": (50_000, 500)}
    drawn = RoadMap(nodes, [("a b c d a", STREET), ("b z", "route=ferry bicycle=yes")])
    network = whole(tmp_path, drawn)
    rim = shapely.convex_hull(shapely.multipoints([drawn.at(name) for name in "abcd"]))
    assert shapely.symmetric_difference(network.area, rim).area < 1
    assert not network.area.contains(Point(drawn.between("b", "z", 0.1)))


# --- waits --------------------------------------------------------------------------------------

SIGNALS = {SIGNAL: 20.0, CROSSING: 7.5, BARRIER: 4.25}
WAITING = [
    ("highway=traffic_signals", 20_000),
    ("highway=crossing crossing=traffic_signals", 20_000),
    ("crossing=traffic_signals", 20_000),
    ("highway=crossing", 7_500),
    ("highway=crossing crossing=zebra", 7_500),
    ("barrier=gate", 4_250),
    ("barrier=cycle_barrier", 4_250),
    ("barrier=bollard", 0),
    ("highway=stop", 0),
    ("highway=give_way", 0),
]


@pytest.mark.parametrize(("tags", "wait_ms"), WAITING)
def test_wait_in_the_middle_of_an_edge(tmp_path: Path, tags: str, wait_ms: int) -> None:
    """Paid once by who passes, either way, from a door in mid-edge too; by no one else."""
    drawn = RoadMap(ROW, [("a b c d", STREET)], {"c": tags})
    network = drawn.network(tmp_path)
    assert network.edges == 1
    a, d = drawn.at("a"), drawn.at("d")
    assert ride(network, a, d, SIGNALS) == drawn.ms("a b c d") + wait_ms
    assert ride(network, d, a, SIGNALS) == drawn.ms("d c b a") + wait_ms
    before, after = drawn.between("b", "c", 0.5), drawn.between("c", "d", 0.5)
    half = [round(mm * 0.5 * 0.24) for mm in (*drawn.length_mm("b c"), *drawn.length_mm("c d"))]
    assert ride(network, before, after, SIGNALS) == pytest.approx(sum(half) + wait_ms, abs=2)
    assert ride(network, after, before, SIGNALS) == pytest.approx(sum(half) + wait_ms, abs=2)
    assert ride(network, before, a, SIGNALS) == pytest.approx(drawn.ms("a b") + half[0], abs=2)
    assert ride(network, a, before, SIGNALS) == pytest.approx(drawn.ms("a b") + half[0], abs=2)
    assert ride(network, after, d, SIGNALS) == pytest.approx(half[1], abs=2)
    assert ride(network, d, after, SIGNALS) == pytest.approx(half[1], abs=2)


@pytest.mark.parametrize(("tags", "wait_ms"), WAITING)
def test_wait_at_a_crossing_of_roads(tmp_path: Path, tags: str, wait_ms: int) -> None:
    """Paid once by who crosses it, whichever way; not by who stays on his side."""
    nodes = {"w": (-500, 0), "e": (500, 0), "n": (0, 400), "s": (0, -400), "m": (0, 0)}
    drawn = RoadMap(nodes, [("w m e", STREET), ("n m s", STREET)], {"m": tags})
    network = drawn.network(tmp_path)
    assert network.nodes == 5
    for one, other in (("w", "e"), ("e", "w"), ("n", "e"), ("s", "n")):
        by_hand = drawn.ms(f"{one} m {other}") + wait_ms
        assert ride(network, drawn.at(one), drawn.at(other), SIGNALS) == by_hand
    near = drawn.between("w", "m", 0.5)
    beyond = drawn.between("m", "e", 0.25)
    (west,), (east,) = drawn.length_mm("w m"), drawn.length_mm("m e")
    assert ride(network, drawn.at("w"), near, SIGNALS) == pytest.approx(west * 0.12, abs=2)
    crossing = (west * 0.5 + east * 0.25) * 0.24 + wait_ms
    assert ride(network, near, beyond, SIGNALS) == pytest.approx(crossing, abs=2)
    assert ride(network, beyond, near, SIGNALS) == pytest.approx(crossing, abs=2)


def test_wait_where_two_ways_meet_counts_once(tmp_path: Path) -> None:
    """A signal in the joint of two ways, drawn towards or away from it, is one signal."""
    for ways in (["a b", "b c"], ["b a", "b c"], ["b a", "c b"], ["a b", "c b"]):
        drawn = RoadMap(ROW, [(path, STREET) for path in ways], {"b": "highway=traffic_signals"})
        network = drawn.network(tmp_path)
        assert network.edges == 1
        for one, other in (("a", "c"), ("c", "a")):
            by_hand = drawn.ms(f"{one} b {other}") + 20_000
            assert ride(network, drawn.at(one), drawn.at(other), SIGNALS) == by_hand


def test_waits_on_the_way_add_up(tmp_path: Path) -> None:
    """A signal, a crossing and a gate one after the other; a way without them is preferred."""
    nodes = ROW | {"p": (0, 60), "q": (500, 60)}
    signs = {"b": "highway=traffic_signals", "c": "highway=crossing", "e": "barrier=gate"}
    drawn = RoadMap(nodes, [("a b c d e f", STREET)], signs)
    network = drawn.network(tmp_path)
    total = drawn.ms("a b c d e f") + 31_750
    assert ride(network, drawn.at("a"), drawn.at("f"), SIGNALS) == total
    round_it = RoadMap(nodes, [*drawn.ways, ("a p q f", STREET)], signs)
    network = round_it.network(tmp_path)
    path = round_it.ms("a p q f")
    assert round_it.ms("a b c d e f") < path < total
    assert ride(network, drawn.at("a"), drawn.at("f"), SIGNALS) == path
    assert ride(network, drawn.at("a"), drawn.at("f")) == round_it.ms("a b c d e f")


def test_waits_are_nothing_unless_declared(tmp_path: Path) -> None:
    """With all of them at 0, or none given, every array of times is the plain one."""
    network = whole(tmp_path, mixed_map()).restrict_to(ferries=True)
    bare = RoadMap(mixed_map().nodes, mixed_map().ways)
    plain = whole(tmp_path, bare).restrict_to(ferries=True)
    zero = dict.fromkeys((SIGNAL, CROSSING, BARRIER, BOARDING), 0.0)
    for waits in (None, zero):
        for name in ("forward_ms", "backward_ms", "before_ms"):
            mine = getattr(network.travel_times(12, waits_s=waits), name)
            np.testing.assert_array_equal(mine, getattr(plain.travel_times(12), name), err_msg=name)
    assert set(network.wait) | set(network.node_wait) == set(range(5))
    assert set(plain.wait) | set(plain.node_wait) == {NO_WAIT, BOARDING}


def test_a_blocking_barrier_costs_no_wait(tmp_path: Path) -> None:
    """A locked gate stops; one goes round and waits for nothing."""
    drawn = RoadMap(
        SQUARE | {"m": (500, 0)}, [("a m b c d a", STREET)], {"m": "barrier=gate locked=yes"}
    )
    network = drawn.network(tmp_path)
    around = drawn.ms("a d c b")
    assert ride(network, drawn.at("a"), drawn.at("b"), SIGNALS) == around


# --- networkx, with waits -----------------------------------------------------------------------


@pytest.mark.parametrize("profile", ["all", "low_stress", "quiet_1"])
@pytest.mark.parametrize("waits", [None, SIGNALS | {BOARDING: 60.0}])
def test_contraction_keeps_every_wait(
    tmp_path: Path, shared_data: Path, profile: str, waits: dict[int, float] | None
) -> None:
    """Between the nodes that are left: networkx on every node of the roads gives the same.

    The roads are taken before contraction; the wait of a node is on each arc that leaves it.
    Berlare and the map of a bit of everything.
    """
    drawn = [mixed_map().write(tmp_path), shared_data / "osm" / "berlare.osm"]
    for path, most in zip(drawn, (100, 25), strict=True):
        roads = read_roads([path])
        network = Network.whole_from_roads(roads).restrict_to(profile, ferries=True)
        roads, parts = with_ways_on_foot(roads, network)
        plain = every_node(roads, parts, profile, waits or {})
        by_us = network.to_networkx(11, waits_s=waits)
        number = {
            int(osm): node for node, osm in enumerate(network.osm_id) if unique(roads, int(osm))
        }
        sources = list(number)[:: max(1, len(number) // most)]
        compared = 0
        for source in sources:
            expected = nx.single_source_dijkstra_path_length(plain, source, weight="ms")
            found = nx.single_source_dijkstra_path_length(
                by_us, number[source], weight="travel_time_ms"
            )
            for osm, node in number.items():
                assert expected.get(osm) == found.get(node)
                compared += osm in expected
        assert compared > len(sources)


def unique(roads: RoadSegments, osm_id: int) -> bool:
    """Whether a node was not cut apart by a barrier."""
    return int((roads.osm_id == osm_id).sum()) == 1


def with_ways_on_foot(roads: RoadSegments, network: Network) -> tuple[RoadSegments, np.ndarray]:
    """Add them; give as well which segments are parts of one that was cut."""
    to_metres = Transformer.from_crs("EPSG:4326", network.crs, always_xy=True)
    x, y = to_metres.transform(roads.lon, roads.lat)
    added, _, _, parts = add_ways_on_foot(roads, x, y, network.barriers)
    return added, parts


def every_node(
    roads: RoadSegments, parts: np.ndarray, profile: str, waits: dict[int, float]
) -> nx.DiGraph[object]:
    """Draw every segment both ways, with the wait of the node it leaves."""
    graph: nx.DiGraph[object] = nx.DiGraph()
    copies = np.unique(roads.osm_id, return_counts=True)
    single = dict(zip(copies[0].tolist(), (copies[1] == 1).tolist(), strict=True))

    def name(vertex: int) -> object:
        osm = int(roads.osm_id[vertex])
        return osm if single[osm] else ("part", vertex)

    graph.add_nodes_from(map(name, range(len(roads.osm_id))))
    ferry = np.array([one.mode == FERRY for one in roads.rides])
    way_before = None
    for i in range(len(roads.start)):
        boards = ferry[roads.forward[i]] and roads.way[i] != way_before
        way_before = roads.way[i]
        for one, two, which, level in (
            (roads.start[i], roads.end[i], roads.forward[i], roads.stress_forward[i]),
            (roads.end[i], roads.start[i], roads.backward[i], roads.stress_backward[i]),
        ):
            how = roads.rides[which]
            kmh = how.speed_kmh(11, 4.0)
            if how.mode == RIDE and level > {"all": 4, "low_stress": 2, "quiet_1": 1}[profile]:
                kmh = 4.0 if how.walkable else 0.0
            if not kmh:
                continue
            exact = int(roads.length_mm[i]) * (3.6 / kmh)
            ms_ = int(exact + 1e-6) if parts[i] else round(exact)
            ms_ += round(1000 * waits.get(int(roads.wait[one]), 0.0))
            ms_ += round(1000 * waits.get(BOARDING, 0.0)) if boards else 0
            known = graph.get_edge_data(name(one), name(two), {"ms": np.inf})["ms"]
            graph.add_edge(name(one), name(two), ms=min(known, ms_))
    return graph


@pytest.mark.parametrize("profile", ["all", "low_stress", "quiet_1"])
def test_doors_pay_the_waits_that_networkx_pays(network_of_hand: Network, profile: str) -> None:
    """From a door on each edge to an academy on each other: by the ends of the edges, as networkx.

    The door's own stretch, the waits at the nodes in between and the academy's stretch, no more.
    """
    waits = SIGNALS | {BOARDING: 60.0}
    network = network_of_hand.restrict_to(profile, ferries=True)
    graph = network.to_networkx(12, waits_s=waits)
    edge_times = network.travel_times(12, waits_s=waits)
    rider = Rider(network, edge_times, HOUR)
    segment = network.first_segment[:-1][network.door[network.first_segment[:-1]]]
    doors = on(segment, network.length_mm[segment] // 3)
    length = dict(nx.all_pairs_dijkstra_path_length(graph, weight="travel_time_ms"))
    compared = 0
    for site, academy in enumerate(segment.tolist()):
        label = rider.find_nearest(doors.take_points(np.array([site])), doors, np.arange(1))
        for door, home in enumerate(segment.tolist()):
            if home == academy:
                continue
            expected = np.inf
            for leave, out_ms in _exits(network, edge_times, home):
                for enter, in_ms in _entries(network, edge_times, academy):
                    between = length[leave].get(enter, np.inf)
                    last = edge_times.node_ms[enter]
                    expected = min(expected, out_ms + between + last + in_ms)
            found = (
                np.inf if label[door] == UNREACHED else unpack_labels(label[door : door + 1])[0][0]
            )
            assert found == expected
            compared += np.isfinite(expected)
    assert compared > 20


def _parts(network: Network, edge_times: EdgeTimes, segment: int) -> list[int]:
    """Time over the first third of a segment and over the rest: along both, against both."""
    third = int(network.length_mm[segment]) // 3
    return [
        int(mm * edge_times.pace[rides[segment]] + 1e-6)
        for rides in (network.forward, network.backward)
        for mm in (third, int(network.length_mm[segment]) - third)
    ]


def _beyond(network: Network, edge_times: EdgeTimes, segment: int) -> tuple[int, int]:
    """Time between the first segment of an edge and the edge's end, along and against."""
    stop = network.first_segment[network.segment_edge[segment] + 1]
    wait = int(edge_times.wait_ms[network.wait[segment]])
    before = edge_times.before_ms
    along, against = (int(one[stop] - one[segment + 1]) + wait for one in before)
    return along, against


def _exits(network: Network, edge_times: EdgeTimes, segment: int) -> list[tuple[int, int]]:
    """Nodes at which one can leave an edge from its first segment, and the time to them."""
    edge = network.segment_edge[segment]
    _, ahead, back, _ = _parts(network, edge_times, segment)
    beyond, _ = _beyond(network, edge_times, segment)
    found = []
    if network.open_forward[edge]:
        found.append((int(network.edge_end[edge]), ahead + beyond))
    if network.open_backward[edge]:
        found.append((int(network.edge_start[edge]), back))
    return found


def _entries(network: Network, edge_times: EdgeTimes, segment: int) -> list[tuple[int, int]]:
    """Nodes from which one can ride up to a place on an edge's first segment, and the time."""
    edge = network.segment_edge[segment]
    along, _, _, against = _parts(network, edge_times, segment)
    _, beyond = _beyond(network, edge_times, segment)
    found = []
    if network.open_forward[edge]:
        found.append((int(network.edge_start[edge]), along))
    if network.open_backward[edge]:
        found.append((int(network.edge_end[edge]), against + beyond))
    return found


# --- bad input ----------------------------------------------------------------------------------


def test_tags_that_say_nothing_are_counted(tmp_path: Path) -> None:
    """`oneway=maybe` and a speed that is none are read on and counted; `maxspeed=walk` is known."""
    ways = [
        ("a b", f"{STREET} maxspeed=walk"),
        ("b c", f"{STREET} oneway=maybe"),
        ("c d", f"{STREET} maxspeed=fast"),
        ("d e", f"{STREET} oneway:bicycle=perhaps"),
        ("e f", STREET),
        ("f a", f"{BUSY} oneway=maybe access=private"),
    ]
    drawn = RoadMap(ROW, ways)
    network = drawn.network(tmp_path)
    assert network.counts["ways_with_unreadable_tags"] == 3
    assert network.counts["ways_closed_to_bicycles"] == 1
    by_hand = drawn.ms("a b", 5) + drawn.ms("b c d e f")
    for pair in (("a", "f"), ("f", "a")):
        assert ms(network, *(drawn.at(name) for name in pair)) == by_hand


def test_way_with_missing_nodes_in_either_profile(tmp_path: Path) -> None:
    """Ridden up to the hole from both sides, calm road or busy; the hole is counted."""
    nodes = {
        "a": (0, 0),
        "b": (1200, 0),
        "d": (1600, 0),
        "e": (2800, 0),
        "p": (0, 80),
        "q": (2800, 80),
    }
    drawn = RoadMap(nodes, [("a b X d e", STREET), ("a p", STREET), ("p q", BUSY), ("q e", STREET)])
    network = whole(tmp_path, drawn)
    every, quiet = network.restrict_to(), network.restrict_to("low_stress")
    assert every.counts["segments_without_location"] == 2
    assert ms(every, drawn.at("b"), drawn.at("d")) == drawn.ms("b a p q e d")
    assert ms(quiet, drawn.at("b"), drawn.at("a")) == drawn.ms("b a")
    round_it = drawn.ms("b a p") + drawn.ms("p q", 4) + drawn.ms("q e d")
    assert ms(quiet, drawn.at("b"), drawn.at("d")) == round_it


def test_ferry_with_a_missing_node_leads_nowhere(tmp_path: Path) -> None:
    """Cut by the extract's edge it is kept up to the hole, counted, and crossed by nobody."""
    drawn = river("route=ferry bicycle=yes duration=6", "b m X c")
    network = whole(tmp_path, drawn).restrict_to(ferries=True)
    assert network.counts["segments_without_location"] == 2
    assert ride(network, drawn.at("b"), drawn.at("c")) == drawn.ms("b a x d c")


def test_segments_of_no_length_are_counted(tmp_path: Path) -> None:
    """Two nodes on one spot."""
    nodes = {"a": (0, 0), "b": (100, 0), "c": (100, 0), "d": (200, 0)}
    drawn = RoadMap(nodes, [("a b c d", STREET)])
    network = drawn.network(tmp_path)
    assert network.counts["segments_of_no_length"] == 1
    assert network.counts["segments_too_long"] == 0


# -- a name of 10 kB


def varint(number: int) -> bytes:
    """Encode a whole number as protobuf does."""
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(number: int, value: int | bytes) -> bytes:
    """Encode a field of a message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def zigzag(*numbers: int) -> bytes:
    """Encode signed numbers, packed."""
    return b"".join(varint(2 * n if n >= 0 else -2 * n - 1) for n in numbers)


def blob(kind: bytes, content: bytes) -> bytes:
    """Wrap a block as it stands in a PBF file, not compressed."""
    body = field(1, content)
    head = field(1, kind) + field(3, len(body))
    return len(head).to_bytes(4, "big") + head + body


def pbf(drawn: RoadMap, names: list[str]) -> bytes:
    """Write a map of streets as PBF; osmium itself writes no text that is too long."""
    texts = [b"", b"highway", b"residential", b"name", *(name.encode() for name in names)]
    group = b""
    for number, name in enumerate(drawn.nodes, 1):
        lon, lat = (round(degrees * 1e7) for degrees in drawn.lonlat(name))
        group += field(
            1,
            varint(1 << 3)
            + zigzag(number)
            + varint(8 << 3)
            + zigzag(lat)
            + varint(9 << 3)
            + zigzag(lon),
        )
    for number, (path, _) in enumerate(drawn.ways, 1):
        refs = [0, *(drawn.id_of(name) for name in path.split())]
        deltas = zigzag(*(two - one for one, two in pairwise(refs)))
        way = field(1, number) + field(2, bytes([1, 3])) + field(3, bytes([2, 3 + number]))
        group += field(3, way + field(8, deltas))
    table = b"".join(field(1, text) for text in texts)
    header = field(4, b"OsmSchema-V0.6")
    return blob(b"OSMHeader", header) + blob(b"OSMData", field(1, table) + field(2, group))


def write_named(folder: Path, ending: str, names: list[str]) -> Path:
    """Write a row of streets with these names as XML or PBF."""
    paths = ["a b", "b c", "c d"]
    ways = [(path, f"{STREET} name={name}") for path, name in zip(paths, names, strict=True)]
    drawn = RoadMap(ROW, ways)
    if ending == ".osm":
        return drawn.write(folder, "named.osm")
    place = folder / "named.osm.pbf"
    place.write_bytes(pbf(drawn, names))
    return place


@pytest.mark.parametrize("ending", [".osm", ".osm.pbf"])
@pytest.mark.parametrize("name", ["x" * 1024, "é" * 512, "x" * 255])
def test_a_long_name_is_read_on(tmp_path: Path, ending: str, name: str) -> None:
    """Up to 1,024 bytes, four times what OpenStreetMap takes, a name is just a name."""
    network = Network.from_osm(write_named(tmp_path, ending, ["Dorp", name, "Kerk"]))
    drawn = RoadMap(ROW, [("a b c d", STREET)])
    assert ms(network, drawn.at("a"), drawn.at("d")) == drawn.ms("a b c d")


@pytest.mark.parametrize("ending", [".osm", ".osm.pbf"])
@pytest.mark.parametrize("name", ["x" * 1025, "é" * 513, "x" * 10_240])
def test_a_name_of_10_kb_is_refused_in_one_line(tmp_path: Path, ending: str, name: str) -> None:
    """Above 1,024 bytes osmium reads no text and cannot skip it: the line says so, and no more."""
    path = write_named(tmp_path, ending, ["Dorp", name, "Kerk"])
    with pytest.raises(InputError) as caught:
        Network.from_osm(path)
    line = str(caught.value)
    assert line.startswith(f"named{ending}: has a text of more than 1,024 bytes")
    assert line.endswith("; shorten it, or download the extract again")
    assert "\n" not in line


def test_the_builder_of_pbf_writes_what_the_builder_of_xml_writes(tmp_path: Path) -> None:
    """The same map either way, so that the refusal is of the name and not of the file."""
    names = ["Dorp", "Molen", "Kerk"]
    one = Network.from_osm(write_named(tmp_path, ".osm", names))
    two = Network.from_osm(write_named(tmp_path, ".osm.pbf", names))
    assert one.counts == two.counts
    for name, array in one._list_arrays().items():
        np.testing.assert_array_equal(array, getattr(two, name), err_msg=name)
