"""What each key of `[travel]` costs on one hand-drawn road: a value of its own for every key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import hand
import pytest
import shapely
from network.maps import RoadMap, points

from stemgeo.access.search import unpack_labels
from stemgeo.access.travellers import OverNetwork, Pace, StraightLine
from stemgeo.demand import cut_age_cells
from stemgeo.network import Network
from stemgeo.network.osm import read_roads

if TYPE_CHECKING:
    from pathlib import Path

    from network.maps import Place

STREET = "highway=residential"
NODES: dict[str, Place] = {
    "a": (0, 0),
    "b": (500, 0),
    "c": (1000, 0),
    "d": (1500, 0),
    "e": (2000, 0),
    "f": (2200, 0),
    "g": (2700, 0),
    "h": (3000, 0),
}
AT_NODES = {
    "b": "highway=traffic_signals",
    "c": "highway=crossing",
    "d": "barrier=gate",
    "e": "highway=elevator",
}
WAYS = [
    ("a b c d e", STREET),
    ("e f", "highway=footway"),
    ("f g", "route=ferry bicycle=yes duration=4"),
    ("g h", STREET),
]
SIDE_STREETS = {name: (NODES[name][0], -300.0) for name in "bcde"}
"""With these each wait is at a node where one can choose, without them within an edge."""

KEYS = {
    "signal_s": 11,
    "crossing_s": 17,
    "barrier_s": 23,
    "lift_wait_s": 31,
    "ferry_wait_min": 7,
    "walking_speed_ms": 0.8,
    "pushing_speed_kmh": 3.2,
}


def road(*, branching: bool) -> RoadMap:
    """Draw a street with a signal, a crossing, a gate and a lift, a footway, a ferry, a street."""
    if not branching:
        return RoadMap(NODES, WAYS, AT_NODES)
    nodes = NODES | {name.upper(): place for name, place in SIDE_STREETS.items()}
    ways = WAYS + [(f"{name} {name.upper()}", STREET) for name in SIDE_STREETS]
    return RoadMap(nodes, ways, AT_NODES)


def ride_ms(folder: Path, drawn: RoadMap, child: Place, **travel: Any) -> int:
    """Time of a child of ten (12 km/h) to the academy at the end of the road."""
    study = hand.study("wegen.osm", travel={"ferries": True} | travel)
    network = Network.whole_from_roads(read_roads([drawn.write(folder)]))
    register = hand.academies({"A": shapely.Point(drawn.at("h"))})
    door = points([child], outside_network=[False])
    traveller = OverNetwork.from_study(study, network, register, door)
    (cell,) = (
        c for c in cut_age_cells(study.travel.bands, register, study.academies) if c.ages[0] == 9
    )
    return int(unpack_labels(traveller.find_nearest(cell, "central"))[0][0])


@pytest.mark.parametrize("branching", [False, True])
def test_every_key_of_travel_costs_what_it_says(tmp_path: Path, *, branching: bool) -> None:
    """Each wait once at its own node, minutes as minutes, doorstep walked, footway pushed."""
    drawn = road(branching=branching)
    child = drawn.between("a", "b", 0.5)
    child = (child[0], child[1] + 16)

    def by_hand(keys: dict[str, float]) -> float:
        ridden = drawn.ms("b c d e", 12) + drawn.ms("g h", 12) + drawn.length_mm("a b")[0] / 2 * 0.3
        pushed = drawn.ms("e f", keys["pushing_speed_kmh"])
        waited = sum(keys[one] for one in ("signal_s", "crossing_s", "barrier_s", "lift_wait_s"))
        waited += (keys["ferry_wait_min"] + 4) * 60
        return ridden + pushed + (waited + 16 / keys["walking_speed_ms"]) * 1000

    plain = {"signal_s": 0, "crossing_s": 0, "barrier_s": 0, "lift_wait_s": 90}
    plain |= {"ferry_wait_min": 5, "walking_speed_ms": 1.3, "pushing_speed_kmh": 4}
    assert ride_ms(tmp_path, drawn, child) == pytest.approx(by_hand(plain), abs=15)
    assert ride_ms(tmp_path, drawn, child, **KEYS) == pytest.approx(by_hand(KEYS), abs=15)
    for key, value in KEYS.items():
        found = ride_ms(tmp_path, drawn, child, **{key: value})
        assert found == pytest.approx(by_hand(plain | {key: value}), abs=15), key


@pytest.mark.parametrize("key", ["signal_s", "crossing_s", "barrier_s"])
@pytest.mark.parametrize("branching", [False, True])
def test_a_wait_is_at_its_own_node(tmp_path: Path, key: str, *, branching: bool) -> None:
    """Whoever begins just beyond it waits no second, just before it all of them."""
    drawn = road(branching=branching)
    before, at = {"signal_s": "ab", "crossing_s": "bc", "barrier_s": "cd"}[key]
    behind = chr(ord(at) + 1)
    for child, seconds in (
        (drawn.between(before, at, 0.9), 40),
        (drawn.between(at, behind, 0.1), 0),
    ):
        more = ride_ms(tmp_path, drawn, child, **{key: 40}) - ride_ms(tmp_path, drawn, child)
        assert more == seconds * 1000


def test_in_a_straight_line_a_place_serves_whom_it_has_within_the_minutes() -> None:
    """3 km at 12 km/h times 1.2 are 18 minutes, inclusive; a place of nobody comes after it."""
    study = hand.study(travel={"detour_factor": 1.2})
    doors = points([(0, 0), (3000, 0), (3001, 0), (0, 5)])
    traveller = StraightLine(study, hand.academies({}), doors)
    first, point, ms = traveller.list_served(
        points([(0, 0), (0, 99_999)]), Pace(12.0), 18.0, threads=1
    )
    assert (first.tolist(), point.tolist()) == ([0, 3, 3], [0, 1, 3])
    assert ms.tolist() == [0, 1_080_000, 1800]
