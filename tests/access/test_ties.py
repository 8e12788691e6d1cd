"""Where a ride begins and ends, on maps drawn by hand: levels, water, lanes, and main roads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from network.maps import RoadMap, metres, ms, times

if TYPE_CHECKING:
    from pathlib import Path

STREET = "highway=residential"
CYCLEWAY = "highway=cycleway"


def walk(length_m: float) -> float:
    """Time of a leg between a door and the road, ms."""
    return length_m / 1.3 * 1000


def push(length_m: float) -> float:
    """Time with the bicycle in the hand, ms."""
    return length_m * 900


# --- levels -------------------------------------------------------------------------------------

OVER = {"u": (-2500, 0), "v": (-2000, 0), "m": (0, 0), "w": (2000, 0), "x": (2500, 0)}
OVER |= {"p": (-2000, 100), "q": (2000, 100)}


@pytest.mark.parametrize(
    ("level", "other"),
    [
        ("tunnel=yes layer=-2", True),
        ("bridge=yes layer=3", True),
        ("tunnel=yes", True),
        ("layer=1", True),
        ("tunnel=building_passage", False),
        ("bridge=boardwalk", False),
    ],
)
def test_a_house_over_a_tunnel_or_under_a_bridge_goes_by_its_own_street(
    tmp_path: Path,
    level: str,
    other: bool,  # noqa: FBT001
) -> None:
    """Though that lies 60 m off and goes 5 km round; a passage is at the door."""
    ways = [("u v", CYCLEWAY), ("v m w", f"{CYCLEWAY} {level}"), ("w x", CYCLEWAY)]
    drawn = RoadMap(OVER, [*ways, ("u p q", STREET)])
    network = drawn.network(tmp_path)
    round_it = walk(60) + drawn.ms("u p") + 0.5 * drawn.ms("p q") + drawn.ms("u v m w")
    straight = walk(40) + drawn.ms("m w")
    by_hand = (round_it if other else straight) + 0.2 * drawn.ms("w x")
    assert ms(network, metres(0, 40), metres(2100, 0)) == pytest.approx(by_hand, abs=60)


# --- what nobody crosses ------------------------------------------------------------------------

BANKS = {"a": (-6000, 45), "b": (-3000, 0), "c": (3000, 0), "p": (-3000, 90), "q": (3000, 90)}
BANKS |= {"k": (-3500, 20), "l": (3500, 20), "n": (3500, 24), "o": (-3500, 24)}


@pytest.mark.parametrize(
    ("barrier", "bars"),
    [
        ("k l: waterway=river", True),
        ("k l: waterway=canal", True),
        ("k l: railway=rail", True),
        ("k l: highway=motorway", True),
        ("k l: highway=motorway bicycle=yes", True),
        ("k l n o k: natural=water name=Donkmeer", True),
        ("b c: waterway=river", True),
        ("k l: railway=rail tunnel=yes", False),
        ("k l: waterway=canal tunnel=culvert", False),
        ("k l: waterway=ditch", False),
        ("k l: railway=tram", False),
        ("k l n o k: natural=water", False),
    ],
)
def test_a_house_across_water_rails_or_a_motorway(tmp_path: Path, barrier: str, bars: bool) -> None:  # noqa: FBT001
    """It goes round, by its own bank, or is out of reach; a tunnel, ditch or pond bars nobody."""
    path, _, tags = barrier.partition(": ")
    drawn = RoadMap(BANKS, [("a b c", STREET), ("a p q", STREET), (path, tags)])
    network = drawn.network(tmp_path)
    house, academy = metres(2000, 35), drawn.between("b", "c", 5900 / 6000)
    straight = walk(35) + 0.15 * drawn.ms("b c")
    found = ms(network, house, academy)
    assert found == (None if bars else pytest.approx(straight, abs=60))
    # Within two hours it is there, the long way round from the street behind it.
    (seconds,) = times(network, [house], {"x": academy}, cutoff_min=120)["travel_time_s"]
    round_it = walk(55) + 5 / 6 * drawn.ms("p q") + drawn.ms("p a b")
    round_it += (5900 / 6000) * drawn.ms("b c")
    expected = round_it if bars else straight
    assert seconds == pytest.approx(expected / 1000, abs=0.2)


def test_a_house_between_a_canal_and_a_railway_is_unmeasured(tmp_path: Path) -> None:
    """With no road on its strip there is no way to it."""
    nodes = BANKS | {"r": (-3500, 50), "s": (3500, 50)}
    ways = [
        ("a b c", STREET),
        ("a p q", STREET),
        ("k l", "waterway=canal"),
        ("r s", "railway=rail"),
    ]
    network = RoadMap(nodes, ways).network(tmp_path)
    table = times(network, [metres(2000, 35), metres(2000, 10)], {"x": metres(2900, 0)})
    assert table["status"].tolist() == ["unmeasured", "reached"]


# --- lanes in and out ---------------------------------------------------------------------------

LANES = {"w": (-2000, 0), "o": (0, 0), "n": (0, 40), "i": (300, 25), "e": (300, 15)}
IN_AND_OUT = [
    ("w o", STREET),
    ("o n", STREET),
    ("n i", "highway=service oneway=yes"),
    ("e o", "highway=service oneway=yes"),
]


def test_an_academy_between_two_lanes_is_entered_by_the_one_that_leads_in(tmp_path: Path) -> None:
    """Though the one that leads out is nearer."""
    drawn = RoadMap(LANES, IN_AND_OUT)
    by_hand = 0.5 * drawn.ms("w o") + drawn.ms("o n i") + walk(11)
    found = ms(drawn.network(tmp_path), metres(-1000, 0), metres(300, 14))
    assert found == pytest.approx(by_hand, abs=60)


def test_a_child_between_two_lanes_leaves_by_the_one_that_leads_out(tmp_path: Path) -> None:
    """Though the one that leads in is nearer."""
    drawn = RoadMap(LANES, IN_AND_OUT)
    by_hand = walk(11) + drawn.ms("e o") + 0.5 * drawn.ms("w o")
    found = ms(drawn.network(tmp_path), metres(300, 26), metres(-1000, 0))
    assert found == pytest.approx(by_hand, abs=60)


# --- main roads crossed on foot -----------------------------------------------------------------

MAIN = {"w": (-2000, 0), "o": (0, 0), "e": (2000, 0), "s": (0, -1500), "p": (-2000, 6)}
MAIN |= {"q": (2000, 6), "x": (3000, 3)}
SHUT = [
    "highway=secondary bicycle=use_sidepath",
    "highway=trunk",
    "highway=primary access=private",
    "highway=tertiary bicycle=no",
    "highway=primary_link motorroad=yes",
]


@pytest.mark.parametrize("main", SHUT)
def test_a_stub_at_a_main_road_reaches_the_cycleway_beside_it(tmp_path: Path, main: str) -> None:
    """On foot over the six metres that the map leaves open, there and back."""
    ways = [("w o e", main), ("p q", CYCLEWAY), ("w p", STREET), ("e q", STREET), ("s o", STREET)]
    drawn = RoadMap(MAIN, [*ways, ("e x", STREET)])
    network = drawn.network(tmp_path)
    assert network.counts["ways_on_foot"] == 1
    here, there = metres(0, -1200), metres(2500, 1.5)
    by_hand = 0.8 * drawn.ms("s o") + push(6) + 0.5 * drawn.ms("p q") + drawn.ms("q e")
    by_hand += 0.5 * drawn.ms("e x")
    assert ms(network, here, there) == pytest.approx(by_hand, abs=100)
    assert ms(network, there, here) == pytest.approx(by_hand, abs=100)


def test_a_main_road_that_is_opened_takes_no_way_across_it(tmp_path: Path) -> None:
    """Where all may ride on it the stub is no farther from the cycleway."""
    found = []
    for main in ("highway=trunk", "highway=trunk bicycle=yes"):
        ways = [("w o e", main), ("p q", CYCLEWAY), ("w p", STREET), ("s o", STREET)]
        network = RoadMap(MAIN, ways).network(tmp_path)
        assert network.counts["ways_on_foot"] == 1
        found.append(ms(network, metres(0, -1200), metres(500, 12)))
    assert found[1] <= found[0]


@pytest.mark.parametrize("apart", [0, 15, 19, 25])
def test_streets_that_meet_a_main_road_across_from_each_other(tmp_path: Path, apart: int) -> None:
    """At a staggered junction one walks along it for up to 20 m; farther is another place."""
    nodes = {"s": (0, -900), "o": (0, 0), "t": (apart, 0), "n": (apart, 900), "w": (-500, 0)}
    nodes |= {"e": (500, 0), "f": (-6000, 0)}
    if not apart:
        ways = [("s o", STREET), ("o n", STREET), ("w o e", "highway=trunk")]
    else:
        ways = [("s o", STREET), ("t n", STREET), ("w o t e", "highway=trunk")]
    drawn = RoadMap(nodes, [*ways, ("s f n", STREET)])
    network = drawn.network(tmp_path)
    found = ms(network, metres(0, -600), metres(apart, 600), cutoff_min=200)
    over = 1200 * 240 + push(apart)
    if apart <= 20:
        assert found == pytest.approx(over, abs=100)
    else:
        assert found > 2 * over


def test_a_stub_reaches_what_lies_on_either_side(tmp_path: Path) -> None:
    """The cycleway on this side of the main road, which the map joins to it no more, and beyond."""
    nodes = MAIN | {"k": (-2000, -8), "l": (2000, -8), "m": (2000, 500)}
    ways = [("w o e", "highway=trunk"), ("p q", CYCLEWAY), ("k l", CYCLEWAY), ("s o", STREET)]
    drawn = RoadMap(nodes, [*ways, ("q m", STREET), ("k s", STREET)])
    network = drawn.network(tmp_path)
    # The stub runs through the near cycleway: its end is 8 m from it.
    assert network.counts["ways_on_foot"] == 2
    for north, off in ((6, 6), (-8, 8)):
        by_hand = 0.8 * drawn.ms("s o") + push(off) + 0.25 * drawn.ms("p q")
        found = ms(network, metres(0, -1200), metres(1000, north))
        # On this side one may also cross over 14 m on foot at the academy's own door.
        assert found == pytest.approx(by_hand, abs=walk(14))
        assert found <= by_hand + 100


@pytest.mark.parametrize(
    ("change", "crossed"),
    [
        ({}, True),
        # Farther than 20 m off.
        ({"p": (-2000, 21), "q": (2000, 21)}, False),
        # No main road: whoever may not go there goes nowhere else.
        ({"main": "highway=service access=private foot=no"}, False),
        # A canal, a railway between.
        ({"wall": "waterway=canal"}, False),
        ({"wall": "railway=rail"}, False),
        ({"wall": "railway=rail tunnel=yes"}, True),
        # Of another level.
        ({"beside": f"{CYCLEWAY} bridge=yes layer=1"}, False),
        ({"stub": f"{STREET} tunnel=yes layer=-1"}, False),
        # What is neither ridden nor pushed along.
        ({"beside": "highway=steps bicycle=yes"}, False),
        # Main roads are not crossed to each other.
        ({"beside": "highway=tertiary"}, False),
        ({"beside": "highway=footway"}, True),
    ],
)
def test_what_is_crossed_on_foot(tmp_path: Path, change: dict[str, object], crossed: bool) -> None:  # noqa: FBT001
    """From a street on the ground at a main road to a street or path on the ground, in the open."""
    said = {"main": "highway=trunk", "stub": STREET, "beside": CYCLEWAY, "wall": ""} | change
    nodes = MAIN | {"k": (-2500, 3), "l": (2500, 3)}
    nodes |= {name: at for name, at in said.items() if name in "pq"}
    ways = [("w o e", str(said["main"])), ("p q", str(said["beside"])), ("s o", str(said["stub"]))]
    ways += [("k l", str(said["wall"]))] if said["wall"] else []
    network = RoadMap(nodes, ways).network(tmp_path)
    assert network.counts["ways_on_foot"] == int(crossed)


@pytest.mark.parametrize(
    ("joining", "needed"),
    [
        (STREET, False),
        ("highway=footway", False),
        # What does not serve both ways, in every profile, or as fast as on foot, takes no place.
        (f"{STREET} oneway=yes foot=no", True),
        ("highway=primary maxspeed=90 foot=no", True),
        ("highway=steps", True),
    ],
)
def test_what_the_map_joins_needs_no_way_on_foot(
    tmp_path: Path,
    joining: str,
    needed: bool,  # noqa: FBT001
) -> None:
    """A segment between the two that is as good."""
    nodes = MAIN | {"c": (0, 6), "p": (-2000, 90), "q": (2000, 90)}
    ways = [("w o e", "highway=trunk"), ("p c q", CYCLEWAY), ("s o", STREET), ("o c", joining)]
    network = RoadMap(nodes, ways).network(tmp_path)
    assert network.counts["ways_on_foot"] == int(needed)


def test_no_door_opens_onto_a_way_on_foot(tmp_path: Path) -> None:
    """Nobody lives on what leads across a main road."""
    ways = [("w o e", "highway=trunk"), ("p q", CYCLEWAY), ("s o", STREET)]
    network = RoadMap(MAIN, ways).network(tmp_path)
    on_foot = network.way == 0
    assert on_foot.sum() == 1
    assert not network.door[on_foot].any()
    assert network.cut.sum() == 2
