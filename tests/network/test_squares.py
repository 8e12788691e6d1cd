"""Squares drawn as multipolygons, and lifts drawn as ways: both are roads of a kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hand
import numpy as np
import pytest
import shapely
from network.maps import RoadMap, ms, points, ride

from stemgeo.access.search import unpack_labels
from stemgeo.access.travellers import OverNetwork, Pace
from stemgeo.measure import note_odd_roads
from stemgeo.network import Network
from stemgeo.network.bicycle import LIFTING
from stemgeo.network.legs import find_squares
from stemgeo.network.osm import read_roads
from stemgeo.study import Travel

if TYPE_CHECKING:
    from pathlib import Path

STREET = "highway=residential"
NODES = {"a": (0, 0), "b": (400, 0), "n": (500, 100), "e": (600, 0), "s": (500, -90), "z": (900, 0)}
FOUNTAIN = {"p": (490, 0), "q": (510, 0), "r": (500, 10)}
LONG_WAY = {"u": (0, -6000), "v": (900, -6000)}
AROUND = ["a b", "e z", "a u v z"]


def square(*rims: str, inner: str = "", missing: int = 0, **tags: str) -> RoadMap:
    """Draw two streets that a square joins, and a long way round; its rims have no tags."""
    ways = [(path, STREET) for path in AROUND] + [(path, "") for path in (*rims, inner) if path]
    roles = ["outer"] * len(rims) + ["inner"] * bool(inner)
    drawn = RoadMap(NODES | FOUNTAIN | LONG_WAY, ways)
    members = [*((4 + i, role) for i, role in enumerate(roles)), *[(99, "outer")] * missing]
    lines = ["<relation id='1'>"]
    lines += [f"<member type='way' ref='{way}' role='{role}'/>" for way, role in members]
    tags["type"] = "multipolygon"
    lines += [f"<tag k='{key}' v='{value}'/>" for key, value in tags.items()]
    xml = drawn.xml().replace("</osm>", "".join([*lines, "</relation></osm>"]))
    object.__setattr__(drawn, "xml", lambda: xml)
    return drawn


def over(network: Network, drawn: RoadMap) -> int | None:
    """Time from one street to the other."""
    return ms(network, drawn.at("a"), drawn.at("z"))


def on_foot(drawn: RoadMap, rim: str) -> int:
    """Time by hand: ridden on the streets, pushed along the rim."""
    return drawn.ms("a b") + drawn.ms(rim, 4) + drawn.ms("e z")


@pytest.mark.parametrize("tags", [{}, {"bicycle": "yes"}, {"access": "private", "foot": "yes"}])
def test_a_square_is_the_same_as_relation_and_as_way(tmp_path: Path, tags: dict[str, str]) -> None:
    """Along its rim at walking pace, the shorter side, whoever may ride there."""
    drawn = square("b n e s b", highway="pedestrian", **tags)
    text = " ".join(f"{key}={value}" for key, value in tags.items())
    pedestrian = ("b n e s b", f"highway=pedestrian area=yes {text}")
    as_way = RoadMap(drawn.nodes, [*((path, STREET) for path in AROUND), pedestrian])
    by_hand = on_foot(drawn, "b s e")
    assert over(drawn.network(tmp_path), drawn) == by_hand
    assert over(as_way.network(tmp_path), as_way) == by_hand


def test_a_square_of_several_ways(tmp_path: Path) -> None:
    """In any order and direction; what it leaves out in its middle is no way across."""
    drawn = square("e n b", "b s e", inner="p q r p", highway="pedestrian")
    network = drawn.network(tmp_path)
    assert over(network, drawn) == on_foot(drawn, "b s e")
    assert network.counts["squares"] == 1
    assert network.counts["squares_not_drawn_all_around"] == 0
    assert not {drawn.id_of(name) for name in "pqr"} & set(network.osm_id.tolist())


@pytest.mark.parametrize(("rims", "missing"), [(["b n e"], 1), (["b n e"], 0)])
def test_a_square_that_is_not_drawn_all_around_is_counted(
    tmp_path: Path, rims: list[str], missing: int
) -> None:
    """What there is of it is used, as of a way with missing nodes."""
    drawn = square(*rims, missing=missing, highway="pedestrian")
    network = drawn.network(tmp_path)
    assert over(network, drawn) == on_foot(drawn, "b n e")
    assert network.counts["squares_not_drawn_all_around"] == 1


def test_a_closed_square_is_counted(tmp_path: Path) -> None:
    """It is used by nobody, and its rims are no roads."""
    drawn = square("b n e s b", highway="pedestrian", access="private")
    network = drawn.network(tmp_path)
    assert over(network, drawn) == drawn.ms("a u v z")
    assert network.counts["squares"] == 0
    assert network.counts["squares_closed_to_bicycles"] == 1
    assert network.counts["ways_closed_to_bicycles"] == 0


@pytest.mark.parametrize(
    "tags", [{"place": "square"}, {"highway": "construction"}, {"area": "yes"}]
)
def test_other_multipolygons_are_no_squares(tmp_path: Path, tags: dict[str, str]) -> None:
    """Nor is a way with those tags a road."""
    drawn = square("b n e s b", **tags)
    network = drawn.network(tmp_path)
    assert over(network, drawn) == drawn.ms("a u v z")
    assert network.counts["squares"] == 0


def test_a_rim_that_is_a_road_itself_stays_one(tmp_path: Path) -> None:
    """The quicker of both counts: a cycleway around the square is ridden."""
    drawn = square("b n e", highway="pedestrian")
    paved = drawn.xml().replace("<way id='4'>", "<way id='4'><tag k='highway' v='cycleway'/>", 1)
    path = tmp_path / "map.osm"
    path.write_text(paved, encoding="utf-8")
    assert over(Network.from_osm(path), drawn) == drawn.ms("a b n e z")


# --- lifts --------------------------------------------------------------------------------------

TOWER = {"a": (0, 0), "b": (400, 0), "c": (460, 0), "d": (460, 60), "e": (400, 60)}
"""So large that nobody walks past the lift: each door is beyond the reach of the others."""

FLOORS = {"y": (900, 0), "x": (460, 500), "w": (0, 60), "u": (0, -6000), "v": (900, -6000)}
TO_DOORS = ["a b", "c y", "d x", "e w"]


def tower(lift: str, tags: str = "") -> RoadMap:
    """Draw four streets that only a lift joins, but for a long way between two of them."""
    ways = [(path, STREET) for path in TO_DOORS]
    return RoadMap(TOWER | FLOORS, [*ways, ("a u v y", STREET), (lift, f"highway=elevator {tags}")])


@pytest.mark.parametrize("lift", ["b c d e", "b c d e b", "e d c b"])
@pytest.mark.parametrize(("start", "end"), ["bc", "bd", "be", "cd", "db"])
def test_a_lift_is_one_wait_between_any_two_doors(
    tmp_path: Path, lift: str, start: str, end: str
) -> None:
    """Drawn as a line or as an area: on foot straight to the other door, and the wait."""
    drawn = tower(lift)
    network = drawn.network(tmp_path)
    assert network.counts["lifts"] == 1
    street = {path[-1 if path[0] in "aw" else 0]: path for path in TO_DOORS}
    street |= {"b": "a b", "e": "e w"}
    far = {door: path.replace(door, "").strip() for door, path in street.items()}
    for seconds in (0, 90):
        found = ride(network, drawn.at(far[start]), drawn.at(far[end]), {LIFTING: seconds})
        inside = drawn.ms(f"{start} {end}", 4) + 1000 * seconds
        assert found == drawn.ms(street[start]) + inside + drawn.ms(street[end])


@pytest.mark.parametrize("way", ["forward", "backward"])
def test_a_lift_for_bicycles_alone_may_go_one_way(tmp_path: Path, way: str) -> None:
    """Closed on foot, open to bicycles in a direction: a lift, with its wait, whichever that is."""
    network = tower("b c", f"foot=no bicycle:{way}=yes").network(tmp_path)
    assert network.counts["lifts"] == 1


def test_a_lift_that_one_may_not_use(tmp_path: Path) -> None:
    """Closed, or with one door alone, it is no way; the long way round is."""
    for drawn in (tower("b c", "access=private"), tower("b d", "foot=no")):
        network = drawn.network(tmp_path)
        assert ms(network, drawn.at("a"), drawn.at("y")) == drawn.ms("a u v y")
        assert network.counts["lifts"] == 0


def test_nobody_lives_in_a_lift(tmp_path: Path) -> None:
    """A point beside it is tied to the street."""
    drawn = tower("b c d e b")
    network = drawn.network(tmp_path)
    tied = network.way[network.door]
    assert len(tied)
    assert 6 not in tied.tolist()


def test_a_study_says_how_long_one_waits_for_a_lift(tmp_path: Path) -> None:
    """By `travel.lift_wait_s`, also where the lift was read from a file of the cache."""
    drawn = tower("b c d e")
    network = Network.whole_from_roads(read_roads([drawn.write(tmp_path)]))
    network.save(tmp_path)
    doors = points([drawn.at("a")], outside_network=[False])
    register = hand.academies({"A": shapely.Point(drawn.at("y"))})
    for seconds in (0, 40):
        study = hand.study("wegen", travel={"lift_wait_s": seconds})
        read = Network.load(tmp_path)
        traveller = OverNetwork.from_study(study, read, register, doors)
        (label,) = traveller.find_rider(Pace(15), 60).find_nearest(
            traveller.sites, traveller.places, np.arange(1)
        )
        by_hand = drawn.ms("a b") + drawn.ms("b c", 4) + drawn.ms("c y") + 1000 * seconds
        assert unpack_labels(np.array([label]))[0] == by_hand


def test_what_was_not_understood_is_told() -> None:
    """A line for each thing that was met, with its number, in both languages; else none."""
    names = "ways_with_unknown_access barriers_of_unknown_kind squares_not_drawn_all_around lifts"
    counts = dict(zip(names.split(), (1, 2, 3, 1200), strict=True))
    assert note_odd_roads(dict.fromkeys(counts, 0), Travel()) == []
    assert note_odd_roads({"ways": 3}, Travel()) == []
    told = note_odd_roads(counts, Travel())
    assert [note.to_text("en") for note in told] == [
        "network: 1 road with a word of access that is not known; it counts as no tag",
        "network: 2 barriers not known, by kind or by who may pass; taken to be open",
        "network: 3 squares not drawn all around; what there is is used",
        "network: 1,200 lifts used, each with 90 seconds of waiting; as the study has it",
    ]
    assert [note.to_text("nl") for note in told] == [
        "wegen: 1 weg met een toegangswoord dat niet bekend is; dat telt niet mee",
        "wegen: 2 afsluitingen niet bekend, naar soort of naar wie erdoor mag; telt als open",
        "wegen: 3 pleinen niet helemaal rond getekend; wat er is telt mee",
        "wegen: 1.200 liften in gebruik, met telkens 90 seconden wachten; zoals de studie het zegt",
    ]


def test_what_is_odd_is_counted(tmp_path: Path) -> None:
    """Roads and barriers with unknown words, and roads whose cycleway is drawn apart."""
    ways = [
        ("a b", f"{STREET} access=banana"),
        ("b n", f"{STREET} cycleway:right=separate"),
        ("n e", f"{STREET} foot=perhaps cycleway=separate"),
    ]
    posts = {"a": "barrier=moat", "b": "barrier=gate access=banana", "n": "access=banana"}
    counts = RoadMap(NODES, ways, posts).network(tmp_path).counts
    assert counts["ways_with_unknown_access"] == 2
    assert counts["ways_with_separate_cycleway"] == 2
    assert counts["barriers_of_unknown_kind"] == 2
    assert counts["blocking_nodes"] == 0


def test_a_lift_drawn_as_a_node_is_a_wait(tmp_path: Path) -> None:
    """One waits there as for any other lift; a study waits 90 seconds (OpenTripPlanner)."""
    drawn = RoadMap(TOWER, [("a b c", "highway=footway")], {"b": "highway=elevator"})
    network = Network.whole_from_roads(read_roads([drawn.write(tmp_path)])).restrict_to()
    assert (
        ride(network, drawn.at("a"), drawn.at("c"), {LIFTING: 90}) == drawn.ms("a b c", 4) + 90_000
    )
    assert Travel().lift_wait_s == 90


@pytest.mark.parametrize(
    ("at", "first", "last"), [(25.0, 1, 3), (-1000.0, 0, -1), (1000.0, 5, 4), (58.0, 4, 4)]
)
def test_squares_of_a_place_beyond_all_are_none(at: float, first: int, last: int) -> None:
    """Five squares of 10 m: a river that goes on past the roads is near none of them."""
    assert find_squares(0.0, 10.0, 5, at, 12.0 if at == 25 else 9.5) == (first, last)
