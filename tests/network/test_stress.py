"""Every rule of the stress table, by combination of tags."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import osmium
import pytest
from network.maps import RoadMap, tags

from stemgeo.measure import note_assumed_stress
from stemgeo.network import bicycle
from stemgeo.network.osm import read_roads
from stemgeo.network.stress import (
    LEVELS,
    TAGS_READ,
    find_assumed,
    find_inside,
    rate_stress,
    read_built_up,
)
from stemgeo.study import Travel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Each line: tags -> LTS along the drawn direction, against it (one figure: the same both ways).
# All are in a built-up area, where nobody tagged a limit that is 50 km/h.
WITHOUT_CARS = """
highway=cycleway -> 1
highway=path -> 1
highway=track -> 1
highway=footway bicycle=yes -> 1
highway=pedestrian -> 1
highway=steps -> 1
highway=platform -> 1
highway=corridor -> 1
highway=bridleway foot=yes -> 1
highway=track maxspeed=90 lanes=4 -> 1
route=ferry bicycle=yes -> 1
"""

TOWPATHS_AND_FIETSSNELWEGEN = """
highway=unclassified motor_vehicle=no bicycle=yes -> 1
highway=unclassified vehicle=no bicycle=yes -> 1
highway=tertiary motor_vehicle=no maxspeed=90 -> 1
highway=service motor_vehicle=no bicycle=designated lanes=4 -> 1
highway=secondary vehicle=no bicycle=designated -> 1
highway=unclassified motor_vehicle=agricultural maxspeed=70 -> 1
highway=unclassified motor_vehicle=forestry maxspeed=70 -> 1
highway=unclassified motor_vehicle=agricultural;forestry maxspeed=70 -> 1
highway=unclassified access=no bicycle=yes maxspeed=70 -> 1
highway=tertiary access=no bicycle=yes vehicle=yes maxspeed=70 -> 3
highway=tertiary vehicle=no bicycle=yes motor_vehicle=yes maxspeed=70 -> 3
highway=tertiary motor_vehicle=destination maxspeed=70 -> 3
highway=tertiary motor_vehicle=private maxspeed=70 -> 3
highway=tertiary motor_vehicle=no bus=yes maxspeed=70 -> 3
highway=tertiary motor_vehicle=no psv=designated maxspeed=70 -> 3
highway=tertiary motor_vehicle=no bus=no maxspeed=70 -> 1
highway=busway bicycle=yes -> 4
"""

CYCLE_STREETS = """
highway=residential cyclestreet=yes -> 1
highway=tertiary cyclestreet=yes -> 1
highway=secondary cyclestreet=yes maxspeed=30 -> 1
highway=unclassified bicycle_road=yes -> 1
highway=residential cyclestreet=no -> 2
highway=tertiary cyclestreet=no bicycle_road=no -> 3
"""

QUIET_WITHOUT_A_FACILITY = """
highway=residential -> 2
highway=service -> 2
highway=living_street -> 1
highway=residential maxspeed=20 -> 1
highway=residential maxspeed=30 -> 1
highway=residential maxspeed=31 -> 2
highway=residential maxspeed=50 -> 2
highway=residential maxspeed=51 -> 3
highway=residential maxspeed=90 -> 3
highway=service maxspeed=30 -> 1
highway=living_street maxspeed=50 -> 2
"""

MIDDLE_WITHOUT_A_FACILITY = """
highway=tertiary -> 3
highway=tertiary_link -> 3
highway=unclassified -> 3
highway=road -> 3
highway=tertiary maxspeed=30 -> 2
highway=tertiary maxspeed=40 -> 2
highway=tertiary maxspeed=41 -> 3
highway=unclassified maxspeed=70 -> 3
highway=unclassified maxspeed=71 -> 4
highway=tertiary maxspeed=90 -> 4
"""

MAIN_WITHOUT_A_FACILITY = """
highway=secondary -> 4
highway=secondary_link -> 4
highway=primary -> 4
highway=primary_link -> 4
highway=trunk bicycle=yes -> 4
highway=trunk_link bicycle=yes -> 4
highway=secondary maxspeed=30 -> 3
highway=secondary maxspeed=31 -> 4
highway=primary maxspeed=20 -> 3
"""

LANES_FOR_BICYCLES = """
highway=residential cycleway=lane -> 1
highway=residential cycleway=lane maxspeed=50 -> 1
highway=residential cycleway=lane maxspeed=70 -> 3
highway=residential cycleway=lane maxspeed=90 -> 3
highway=tertiary cycleway=lane -> 2
highway=tertiary cycleway=lane maxspeed=70 -> 3
highway=tertiary cycleway=lane maxspeed=90 -> 4
highway=secondary cycleway=lane maxspeed=30 -> 2
highway=secondary cycleway=lane -> 3
highway=secondary cycleway=lane maxspeed=70 -> 4
highway=tertiary cycleway=shared_lane -> 3
highway=tertiary cycleway=share_busway -> 3
highway=tertiary cycleway=no -> 3
highway=tertiary cycleway=shoulder -> 3
highway=tertiary cycleway= -> 3
"""

BUFFERED_LANES = """
highway=residential cycleway=lane cycleway:buffer=yes maxspeed=70 -> 2
highway=residential cycleway=lane cycleway:buffer=1.5 maxspeed=50 -> 1
highway=tertiary cycleway=lane cycleway:buffer=yes -> 2
highway=tertiary cycleway=lane cycleway:buffer=yes maxspeed=90 -> 3
highway=secondary cycleway=lane cycleway:buffer=yes maxspeed=40 -> 2
highway=secondary cycleway=lane cycleway:buffer=yes -> 3
highway=secondary cycleway=lane cycleway:buffer=yes maxspeed=90 -> 4
highway=secondary cycleway=lane cycleway:buffer=no maxspeed=40 -> 3
highway=secondary cycleway=lane cycleway:buffer=none maxspeed=40 -> 3
highway=secondary cycleway:both=lane cycleway:both:buffer=yes maxspeed=40 -> 2
highway=secondary cycleway:right=lane cycleway:right:buffer=yes maxspeed=40 -> 2 4
highway=secondary cycleway:left=lane cycleway:left:buffer=1 maxspeed=40 -> 4 2
highway=secondary cycleway:buffer=yes maxspeed=40 -> 4
"""

TRACKS = """
highway=residential cycleway=track maxspeed=90 -> 1
highway=tertiary cycleway=track maxspeed=90 -> 1
highway=secondary cycleway=track maxspeed=90 -> 2
highway=primary cycleway=track -> 2
highway=primary cycleway=separate -> 2
highway=secondary cycleway:both=track -> 2
highway=secondary cycleway:both=separate -> 2
highway=trunk cycleway=track -> 2
highway=secondary cycleway=lane cycleway:right=track maxspeed=70 -> 2 4
highway=secondary cycleway=track cycleway:buffer=yes maxspeed=70 -> 2
"""

SIDES = """
highway=secondary cycleway:right=track -> 2 4
highway=secondary cycleway:left=track -> 4 2
highway=secondary cycleway:right=separate -> 2 4
highway=secondary cycleway:left=separate -> 4 2
highway=secondary cycleway:right=track cycleway:left=lane -> 2 3
highway=secondary cycleway:left=track cycleway:right=track -> 2
highway=tertiary cycleway:right=lane -> 2 3
highway=tertiary cycleway:left=lane -> 3 2
highway=secondary cycleway:right=track cycleway:right:oneway=no -> 2
highway=secondary cycleway:left=track cycleway:left:oneway=no -> 2
highway=secondary cycleway:left=track cycleway:left:oneway=-1 -> 4 2
highway=secondary cycleway:left=track cycleway:left:oneway=yes -> 4 2
highway=secondary cycleway:right=no cycleway:right:oneway=no -> 4
"""

CONTRAFLOW = """
highway=secondary oneway=yes cycleway=opposite_lane maxspeed=30 -> 3 2
highway=secondary oneway=yes cycleway=opposite_track maxspeed=50 -> 4 2
highway=tertiary oneway=yes cycleway=opposite_lane -> 3 2
highway=tertiary oneway=-1 cycleway=opposite_lane -> 2 3
highway=tertiary oneway=yes cycleway=opposite -> 3
highway=tertiary oneway=yes cycleway:left=opposite_lane -> 3 2
highway=tertiary oneway=yes cycleway:left=lane cycleway:left:oneway=-1 -> 3 2
highway=tertiary oneway=yes cycleway:left=opposite_lane cycleway:right=lane -> 2
"""

SPEED_IN_OTHER_WORDS = """
highway=residential maxspeed=BE:zone30 -> 1
highway=residential maxspeed=BE:living_street -> 1
highway=residential maxspeed=BE:urban -> 2
highway=residential maxspeed=BE:rural -> 3
highway=residential maxspeed=BE-VLG:rural -> 3
highway=residential maxspeed=walk -> 1
highway=tertiary maxspeed=BE:cyclestreet -> 2
highway=residential maxspeed=20mph -> 2
highway=residential maxspeed=18mph -> 1
highway=residential source:maxspeed=BE:zone30 -> 1
highway=residential zone:maxspeed=30 -> 1
highway=residential zone:maxspeed=BE:30 -> 1
highway=tertiary zone:maxspeed=BE:90 -> 4
highway=residential zone:traffic=BE:rural -> 3
highway=residential maxspeed:type=BE:rural -> 3
highway=residential maxspeed:type=sign -> 2
highway=residential maxspeed=30 source:maxspeed=BE:rural -> 1
highway=residential maxspeed=fast zone:maxspeed=30 -> 1
highway=residential maxspeed=30;90 -> 2
highway=residential maxspeed=none -> 2
highway=residential maxspeed=0 -> 2
highway=residential maxspeed=-30 -> 2
highway=residential maxspeed:forward=30 maxspeed:backward=70 -> 1 3
highway=residential maxspeed=30 maxspeed:backward=70 -> 1 3
"""

JAAGPADEN = """
highway=unclassified motor_vehicle=private bicycle=yes maxspeed=70 -> 1
highway=unclassified motor_vehicle=permit bicycle=designated maxspeed=70 -> 1
highway=unclassified vehicle=private bicycle=designated maxspeed=70 -> 1
highway=unclassified vehicle=permit bicycle=yes -> 1
highway=unclassified access=private bicycle=permissive -> 1
highway=unclassified access=permit bicycle=official -> 1
highway=service access=private bicycle=yes maxspeed=50 -> 1
highway=tertiary motor_vehicle=private bicycle=yes maxspeed=70 -> 1
highway=unclassified motor_vehicle=private;agricultural bicycle=yes maxspeed=70 -> 1
highway=unclassified motor_vehicle=employees bicycle=yes maxspeed=70 -> 1
highway=unclassified motor_vehicle=private bicycle:forward=yes maxspeed=70 -> 1
highway=unclassified motor_vehicle=private bicycle=no maxspeed=70 -> 2
highway=unclassified motor_vehicle=private bicycle=dismount maxspeed=70 -> 2
highway=unclassified motor_vehicle=private maxspeed=70 -> 2
highway=unclassified motor_vehicle=private;yes bicycle=yes maxspeed=70 -> 3
highway=unclassified motor_vehicle=private bicycle=yes bus=yes maxspeed=70 -> 3
highway=unclassified motor_vehicle=yes access=private bicycle=yes maxspeed=70 -> 3
"""

VALUE_LISTS = """
highway=unclassified motor_vehicle=forestry;agricultural maxspeed=70 -> 1
highway=unclassified vehicle=agricultural;forestry;no maxspeed=70 -> 1
highway=unclassified motor_vehicle=agricultural;destination maxspeed=70 -> 2
highway=unclassified motor_vehicle=destination;agricultural maxspeed=70 -> 2
highway=unclassified motor_vehicle=agricultural;yes maxspeed=70 -> 3
highway=unclassified motor_vehicle=agricultural;banana maxspeed=70 -> 1
highway=unclassified motor_vehicle=banana access=agricultural maxspeed=70 -> 1
highway=unclassified motor_vehicle=banana maxspeed=70 -> 3
highway=secondary cycleway=track;lane maxspeed=70 -> 2
highway=tertiary cycleway=lane;track maxspeed=90 -> 1
highway=tertiary cycleway=shared_lane;no -> 3
"""

SIGNS_C5_AND_C7 = """
highway=unclassified motorcar=no motorcycle=no maxspeed=70 -> 1
highway=tertiary motorcar=no motorcycle=no maxspeed=70 -> 1
highway=secondary motorcar=no motorcycle=no bicycle=yes -> 1
highway=unclassified motorcar=no motorcycle=no bus=yes maxspeed=70 -> 3
highway=unclassified motorcar=agricultural motorcycle=no maxspeed=70 -> 1
highway=unclassified motorcar=no maxspeed=70 -> 2
highway=unclassified motorcycle=no maxspeed=70 -> 3
highway=unclassified motorcar=destination motorcycle=no maxspeed=70 -> 2
highway=unclassified motor_vehicle=no motorcar=yes maxspeed=70 -> 3
highway=unclassified motor_vehicle=no motorcycle=yes maxspeed=70 -> 2
highway=unclassified motorcar=yes motorcycle=no maxspeed=70 -> 3
"""

LOCAL_TRAFFIC = """
highway=unclassified motor_vehicle=destination maxspeed=70 -> 2
highway=unclassified vehicle=destination maxspeed=90 -> 2
highway=unclassified access=destination -> 2
highway=unclassified access=destination maxspeed=30 -> 1
highway=unclassified motor_vehicle=residents maxspeed=70 -> 2
highway=unclassified motor_vehicle=delivery maxspeed=50 -> 2
highway=residential motor_vehicle=destination maxspeed=70 -> 2
highway=residential motor_vehicle=destination maxspeed=30 -> 1
highway=unclassified motor_vehicle=destination cycleway=lane maxspeed=50 -> 1
highway=unclassified motor_vehicle=destination cycleway=lane maxspeed=70 -> 2
highway=unclassified motor_vehicle=destination lanes=4 maxspeed=70 -> 3
highway=unclassified motor_vehicle=destination psv=yes maxspeed=70 -> 3
highway=tertiary motor_vehicle=destination -> 3
highway=secondary motor_vehicle=destination -> 4
highway=unclassified motor_vehicle=customers access=no maxspeed=70 -> 2
"""

NARROW = """
highway=unclassified lanes=1 maxspeed=70 -> 2
highway=unclassified lanes=1.5 maxspeed=70 -> 2
highway=unclassified width=3.5 maxspeed=70 -> 2
highway=unclassified width=3 maxspeed=70 -> 2
highway=unclassified width=3,2m maxspeed=70 -> 2
highway=unclassified width=11ft maxspeed=70 -> 2
highway=unclassified est_width=3 maxspeed=70 -> 2
highway=unclassified width=3.6 maxspeed=70 -> 3
highway=unclassified width=narrow maxspeed=70 -> 3
highway=unclassified width=0 maxspeed=70 -> 3
highway=unclassified lanes=0 maxspeed=70 -> 3
highway=unclassified lanes=2 maxspeed=70 -> 3
highway=unclassified lanes=1 maxspeed=90 -> 3
highway=unclassified lanes=1 maxspeed=30 -> 2
highway=unclassified lanes=1 cycleway=track -> 1
highway=unclassified lanes=1 cycleway=lane maxspeed=70 -> 2
highway=unclassified lanes=1 oneway=yes maxspeed=70 -> 3
highway=unclassified width=3 oneway=-1 maxspeed=70 -> 3
highway=unclassified lanes=1 motor_vehicle=destination maxspeed=90 -> 2
highway=residential lanes=1 maxspeed=70 -> 2
highway=residential lanes=1 maxspeed=30 -> 1
highway=tertiary lanes=1 maxspeed=70 -> 3
highway=secondary width=3 -> 4
"""

SUGGESTION_LANES = """
highway=tertiary cycleway=lane cycleway:lane=advisory -> 3
highway=residential cycleway=lane cycleway:lane=advisory -> 2
highway=secondary cycleway=lane cycleway:lane=advisory maxspeed=30 -> 3
highway=tertiary cycleway:both=lane cycleway:both:lane=advisory -> 3
highway=tertiary cycleway:right=lane cycleway:right:lane=advisory -> 3
highway=tertiary cycleway:both=lane cycleway:right:lane=advisory -> 3 2
highway=tertiary cycleway:both=lane cycleway:lane=advisory cycleway:left:lane=exclusive -> 3 2
highway=tertiary cycleway=lane cycleway:lane=exclusive -> 2
highway=tertiary cycleway=lane cycleway:lane=pictogram -> 3
highway=secondary cycleway=lane cycleway:lane=advisory cycleway:buffer=yes maxspeed=40 -> 4
highway=tertiary cycleway=shared_lane cycleway:lane=advisory -> 3
highway=secondary cycleway=track cycleway:lane=advisory -> 2
"""

PAVEMENTS_AND_OLDER_WORDS = """
highway=secondary sidewalk:both:bicycle=designated maxspeed=70 -> 2
highway=secondary sidewalk:both:bicycle=yes maxspeed=70 -> 2
highway=secondary sidewalk:bicycle=yes maxspeed=70 -> 2
highway=secondary sidewalk:right:bicycle=designated maxspeed=70 -> 2 4
highway=secondary sidewalk:left:bicycle=designated maxspeed=70 -> 4 2
highway=secondary sidewalk:both:bicycle=designated sidewalk:left:bicycle=no -> 2 4
highway=secondary sidewalk:both:bicycle=no maxspeed=70 -> 4
highway=secondary sidewalk:both:bicycle=dismount maxspeed=70 -> 4
highway=secondary sidewalk=both maxspeed=70 -> 4
highway=secondary sidewalk=right sidewalk:bicycle=yes maxspeed=70 -> 2 4
highway=secondary sidewalk=left sidewalk:both:bicycle=yes maxspeed=70 -> 4 2
highway=secondary sidewalk=both sidewalk:bicycle=yes maxspeed=70 -> 2
highway=secondary sidewalk=no sidewalk:bicycle=yes maxspeed=70 -> 4
highway=secondary sidewalk:left=no sidewalk:both:bicycle=yes maxspeed=70 -> 2 4
highway=secondary sidewalk:both=separate sidewalk:both:bicycle=yes maxspeed=70 -> 2
highway=secondary oneway=yes sidewalk:left:bicycle=yes maxspeed=70 -> 2 4
highway=secondary oneway=yes oneway:bicycle=no sidewalk:left:bicycle=yes maxspeed=70 -> 2
highway=tertiary sidewalk:both:bicycle=yes maxspeed=90 -> 1
highway=secondary cycleway=lane sidewalk:right:bicycle=yes maxspeed=70 -> 2 4
highway=secondary cycleway=sidepath maxspeed=70 -> 2
highway=secondary cycleway:right=sidepath maxspeed=70 -> 2 4
highway=tertiary cycleway=sidepath -> 1
"""

LANES_BY_DIRECTION = """
highway=residential oneway=yes lanes=2 -> 3
highway=residential oneway=-1 lanes=2 -> 3
highway=residential oneway=yes lanes=1 -> 2
highway=residential oneway=yes oneway:bicycle=no lanes=2 -> 3
highway=residential junction=roundabout lanes=2 -> 3
highway=residential lanes=2 -> 2
highway=residential lanes=3 lanes:forward=2 lanes:backward=1 -> 3 2
highway=residential lanes=3 lanes:forward=2 -> 3 2
highway=residential lanes=3 lanes:backward=2 -> 2 3
highway=residential lanes:forward=2 -> 3 2
highway=residential lanes=4 lanes:forward=3 -> 3 2
highway=residential lanes=4 lanes:forward=many -> 3
highway=tertiary oneway=yes lanes=2 cycleway=track -> 1 4
highway=tertiary oneway=yes lanes=2 cycleway:right=lane -> 3 4
"""

LEFT_OF_A_ONE_WAY_STREET = """
highway=tertiary oneway=yes cycleway:left=lane -> 2 3
highway=tertiary oneway=-1 cycleway:left=lane -> 3 2
highway=tertiary oneway=yes cycleway:left=track -> 1 3
highway=tertiary oneway=yes cycleway:left=lane cycleway:left:oneway=no -> 2
highway=tertiary oneway=yes cycleway:left=track cycleway:left:oneway=-1 -> 3 1
highway=tertiary oneway=yes cycleway:left=separate -> 1 3
highway=tertiary oneway=yes oneway:bicycle=no cycleway:left=lane -> 2
highway=tertiary oneway=yes oneway:bicycle=no cycleway:right=lane -> 2 3
highway=secondary cycleway:right=track cycleway:right:oneway=-1 -> 4 2
"""

LIMITS_BY_REGION = """
highway=residential maxspeed=BE-BRU:urban -> 1
highway=residential maxspeed:type=BE-BRU:urban -> 1
highway=residential zone:traffic=BE-BRU:urban -> 1
highway=residential source:maxspeed=BE-BRU:urban -> 1
highway=tertiary maxspeed:type=BE-BRU:urban -> 2
highway=tertiary maxspeed:type=BE-BRU:urban maxspeed=50 -> 3
highway=tertiary maxspeed:type=BE-WAL:rural -> 4
highway=tertiary maxspeed:type=BE-WAL:urban -> 3
highway=tertiary maxspeed=BE-WAL:rural cycleway=lane -> 4
highway=tertiary maxspeed:type=BE-VLG:rural -> 3
highway=residential maxspeed:type=BE:zone30 -> 1
highway=residential maxspeed=BE-VLG:zone30 -> 1
highway=residential zone:maxspeed=BE:zone:20 -> 1
highway=tertiary maxspeed:type=NL:rural -> 4
"""

MANY_LANES = """
highway=residential lanes=4 -> 3
highway=residential lanes=3 -> 2
highway=residential lanes=4 maxspeed=30 -> 2
highway=tertiary lanes=5 cycleway=lane -> 3
highway=secondary lanes=4 -> 4
highway=secondary lanes=4 cycleway=track -> 2
highway=secondary lanes=6 cycleway:right=track maxspeed=30 -> 2 4
highway=residential lanes=99 -> 3
highway=residential lanes=100 -> 2
highway=residential lanes=-4 -> 2
highway=residential lanes=4;2 -> 2
highway=residential lanes=many -> 2
"""

OUT_OF_TOWN = """
highway=residential -> 2
highway=service -> 2
highway=living_street -> 1
highway=tertiary -> 3
highway=unclassified -> 3
highway=tertiary cycleway=lane -> 3
highway=tertiary cycleway=lane cycleway:buffer=yes -> 3
highway=tertiary cycleway=track -> 1
highway=secondary -> 4
highway=secondary cycleway=track -> 2
highway=secondary cycleway=lane -> 4
highway=secondary cycleway=lane cycleway:buffer=yes -> 3
highway=tertiary maxspeed=30 -> 2
highway=tertiary source:maxspeed=BE:urban cycleway=lane -> 2
"""
"""The same table where nobody tagged a limit and it is 70 km/h; streets keep 50."""

TABLES = {
    name: text
    for name, text in list(globals().items())
    if name.isupper() and isinstance(text, str) and " -> " in text
}


def lines_of_all_tables() -> Iterator[tuple[str, str]]:
    """Give name and line of each rule."""
    for name, text in TABLES.items():
        for line in text.strip().splitlines():
            yield name, line


@pytest.mark.parametrize(
    ("name", "line"),
    [pytest.param(name, line, id=f"{name}: {line}") for name, line in lines_of_all_tables()],
)
def test_tags_give_the_stress(name: str, line: str) -> None:
    """The tags left of the arrow give the levels right of it, along the way and against it."""
    text, words = line.split(" -> ")
    expected = [int(word) for word in words.split()]
    found = rate_stress(tags(text), built_up=name != "OUT_OF_TOWN")
    assert list(found) == (expected * 2)[:2]


def test_no_rule_reads_a_tag_that_the_reader_leaves_out() -> None:
    """Every tag that a rule asks for is read from the extract."""
    asked = set()

    class Listening(dict[str, str]):
        def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override]
            asked.add(key)
            return super().get(key, default)

        def __getitem__(self, key: str) -> str:
            asked.add(key)
            return super().__getitem__(key)

    for _, line in lines_of_all_tables():
        rate_stress(Listening(tags(line.split(" -> ")[0])), built_up=True)
    assert {"cyclestreet", "cycleway:both", "cycleway:left:oneway", "lanes", "psv"} <= asked
    assert asked <= TAGS_READ | bicycle.TAGS_READ


# --- built-up areas, as the reader finds them ---------------------------------------------------


def levels(folder: Path, drawn: RoadMap) -> dict[int, set[tuple[int, int]]]:
    """Stress of each way of a map, as the reader finds it."""
    roads = read_roads([drawn.write(folder)])
    found: dict[int, set[tuple[int, int]]] = {}
    pairs = zip(roads.stress_forward.tolist(), roads.stress_backward.tolist(), strict=True)
    for way, pair in zip(roads.way.tolist(), pairs, strict=True):
        found.setdefault(way, set()).add(pair)
    return found


NODES = {name: (i * 100.0, 0.0) for i, name in enumerate("abcdef")} | {"x": (200.0, 100.0)}
LANED = "highway=tertiary cycleway=lane"
"""2 at 50 km/h, 3 at 70."""


@pytest.mark.parametrize("street", ["highway=residential", "highway=living_street"])
@pytest.mark.parametrize("joint", ["a", "c", "e"])
def test_a_way_that_meets_a_street_is_in_town(tmp_path: Path, street: str, joint: str) -> None:
    """At its end or in its middle: the whole way is then at 50 km/h."""
    drawn = RoadMap(NODES, [("a b c d e", LANED), (f"{joint} x", street)])
    assert levels(tmp_path, drawn)[1] == {(2, 2)}


def test_a_way_that_meets_no_street_is_out_of_town(tmp_path: Path) -> None:
    """Other roads, service roads and streets that pass over it without a node do not count."""
    nodes = NODES | {"y": (250.0, -100.0), "z": (250.0, 100.0)}
    ways = [("a b c d e", LANED), ("c x", "highway=service"), ("e f", "highway=tertiary")]
    drawn = RoadMap(nodes, [*ways, ("y z", "highway=residential")])
    assert levels(tmp_path, drawn)[1] == {(3, 3)}


def test_only_the_way_that_meets_the_street_is_in_town(tmp_path: Path) -> None:
    """The next way of the same road is not: built-up is said of a way, not of a road."""
    drawn = RoadMap(NODES, [("a b c", LANED), ("c d", LANED), ("b x", "highway=residential")])
    found = levels(tmp_path, drawn)
    assert (found[1], found[2]) == ({(2, 2)}, {(3, 3)})


def test_a_street_closed_to_bicycles_makes_no_town(tmp_path: Path) -> None:
    """A private street is not read, so it says nothing of the road it meets."""
    drawn = RoadMap(NODES, [("a b c", LANED), ("b x", "highway=residential access=private")])
    assert levels(tmp_path, drawn)[1] == {(3, 3)}


def test_a_street_that_lies_outside_makes_no_town(tmp_path: Path) -> None:
    """A residential street at 70 km/h, or in a rural zone, is no sign of a built-up area."""
    for street in ("maxspeed=70", "zone:traffic=BE-VLG:rural", "maxspeed:type=BE-WAL:rural"):
        drawn = RoadMap(NODES, [("a b c", LANED), ("b x", f"highway=residential {street}")])
        assert levels(tmp_path, drawn)[1] == {(3, 3)}


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("zone:traffic=BE-VLG:urban", True),
        ("zone:traffic=BE-VLG:rural", False),
        ("source:maxspeed=BE:urban", True),
        ("maxspeed:type=BE-BRU:urban maxspeed=50", True),
        ("traffic_sign=BE:F1", True),
        ("traffic_sign=BE:F3a", False),
        ("traffic_sign=BE:F1;BE:F3", None),
        ("traffic_sign=city_limit city_limit=begin", True),
        ("traffic_sign=city_limit", None),
        ("traffic_sign=BE:C43[30]", None),
        ("maxspeed=70", False),
        ("maxspeed:backward=70", False),
        ("maxspeed=50", None),
        ("maxspeed=30 maxspeed:type=sign", None),
        ("maxspeed=70 zone:traffic=BE-VLG:urban", True),
        ("", None),
    ],
)
def test_a_way_says_whether_it_is_in_town(text: str, inside: bool | None) -> None:  # noqa: FBT001
    """By its zone, its signs or its limit; else nothing is told."""
    assert read_built_up(tags(f"highway=tertiary {text}")) == inside


@pytest.mark.parametrize(
    ("text", "ahead"),
    [
        ("traffic_sign=BE:F1 direction=forward", 1),
        ("traffic_sign=BE:F1a direction=backward", -1),
        ("traffic_sign=BE-VLG:F3 direction=forward", -1),
        ("traffic_sign=F3b traffic_sign:direction=backward", 1),
        ("traffic_sign:forward=BE:F1", 1),
        ("traffic_sign:backward=BE:F3", 1),
        ("traffic_sign:forward=BE:F1 traffic_sign:backward=BE:F3", 1),
        ("traffic_sign:forward=BE:F1 traffic_sign:backward=BE:F1", 0),
        ("traffic_sign=city_limit city_limit=begin direction=forward", 1),
        ("traffic_sign=city_limit city_limit=end direction=forward", -1),
        ("traffic_sign=city_limit city_limit=both direction=forward", 0),
        ("traffic_sign=BE:F1", 0),
        ("traffic_sign=BE:B1 direction=forward", 0),
        ("highway=stop direction=forward", 0),
    ],
)
def test_a_sign_says_on_which_side_the_town_lies(text: str, ahead: int) -> None:
    """Whoever meets F1 has it ahead, whoever meets F3 behind; who meets it must be said."""
    assert find_inside(tags(text)) == ahead


F1, F3 = ("traffic_sign=BE:F1 direction=forward", "traffic_sign=BE:F3 direction=forward")


@pytest.mark.parametrize(
    ("ways", "signs", "expected"),
    [
        ([("a b c d", LANED)], {"b": F1}, [[3, 2, 2]]),
        ([("a b c d", LANED)], {"b": F3}, [[2, 3, 3]]),
        ([("a b c d", LANED)], {"b": F1, "c": F3}, [[3, 2, 3]]),
        ([("d c b a", LANED)], {"b": F1}, [[3, 3, 2]]),
        ([("a b", LANED), ("b c", LANED)], {"b": F1}, [[3], [2]]),
        ([("a b", LANED), ("c b", LANED)], {"b": F1}, [[3], [3]]),
        ([("a b", LANED), ("b c", LANED), ("b x", LANED)], {"b": F1}, [[3], [3], [3]]),
        ([("a b c d", LANED), ("x b f", LANED)], {"b": F1}, [[3, 3, 3], [3, 3]]),
        ([("a b c d", f"{LANED} zone:traffic=BE-VLG:urban")], {"b": F1}, [[2, 2, 2]]),
        ([("a b c d", LANED), ("d x", "highway=residential")], {"b": F3}, [[2, 3, 3], [2]]),
    ],
)
def test_signs_at_nodes_part_town_from_country(
    tmp_path: Path,
    ways: list[tuple[str, str]],
    signs: dict[str, str],
    expected: list[list[int]],
) -> None:
    """Along a way, or where two meet that are drawn alike; a way's own tags go first."""
    roads = read_roads([RoadMap(NODES, ways, signs).write(tmp_path)])
    found = [roads.stress_forward[roads.way == way].tolist() for way in range(1, len(ways) + 1)]
    assert found == expected


# --- what nobody tagged -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "limit", "lanes", "no_track"),
    [
        ("highway=tertiary", 1, 1, 1),
        ("highway=tertiary maxspeed=50 lanes=2 cycleway=no", 0, 0, 0),
        ("highway=tertiary maxspeed=fast lanes=many", 1, 1, 1),
        ("highway=tertiary maxspeed:forward=50", 1, 1, 1),
        ("highway=tertiary maxspeed:forward=50 maxspeed:backward=70", 0, 1, 1),
        ("highway=tertiary zone:traffic=BE-VLG:rural lanes:forward=1 cycleway:right=lane", 0, 0, 1),
        ("highway=tertiary maxspeed=50 lanes=2 cycleway:right=track cycleway:left=no", 0, 0, 0),
        ("highway=tertiary maxspeed=50 lanes=2 cycleway:right=track cycleway=no", 0, 0, 0),
        ("highway=tertiary maxspeed=50 lanes=2 cycleway:left=track", 0, 0, 1),
        ("highway=tertiary maxspeed=50 lanes=2 cycleway:right=track oneway=yes", 0, 0, 0),
        ("highway=tertiary maxspeed=50 lanes=2 cycleway:right=track cycleway:oneway=no", 0, 0, 0),
        ("highway=tertiary maxspeed=50 lanes=2 sidewalk:left:bicycle=no", 0, 0, 1),
        ("highway=tertiary sidewalk:both:bicycle=no", 1, 1, 0),
        ("highway=living_street", 0, 1, 1),
        ("highway=tertiary cyclestreet=yes", 0, 0, 0),
        ("highway=cycleway", 0, 0, 0),
        ("highway=unclassified motor_vehicle=no", 0, 0, 0),
    ],
)
def test_what_nobody_tagged_is_known(text: str, limit: int, lanes: int, no_track: int) -> None:
    """A limit, lanes and the absence of a track, where the level of a road rests on them."""
    assert find_assumed(tags(text)) == (limit, lanes, no_track)


def test_the_reader_counts_road_of_which_the_stress_is_assumed(tmp_path: Path) -> None:
    """In metres, of the road open to cars; where a sign stands the built-up area is not assumed."""
    ways = [
        ("a b", "highway=tertiary"),
        ("b c", "highway=residential"),
        ("c d", "highway=tertiary maxspeed=50 lanes=2 cycleway=no"),
        ("d e", "highway=tertiary"),
        ("e f", "highway=cycleway"),
    ]
    counts = read_roads([RoadMap(NODES, ways, {"e": F1}).write(tmp_path)]).counts
    told = {name: counts[name] for name in counts if name.endswith("_m")}
    names = ("for_cars", "assumed_limit", "assumed_built_up", "assumed_lanes", "assumed_no_track")
    assert told == {
        f"{name}_m": m for name, m in zip(names, (400, 300, 100, 300, 300), strict=True)
    }


def test_of_berlare_half_the_limits_are_assumed(shared_data: Path) -> None:
    """Of its 85 km open to cars 47 % has no limit, 41 % no lanes, 38 % no word of a cycleway."""
    counts = read_roads([shared_data / "osm" / "berlare.osm"]).counts
    share = [
        round(100 * counts[f"assumed_{name}_m"] / counts["for_cars_m"])
        for name in ("limit", "lanes", "no_track")
    ]
    assert (counts["for_cars_m"] // 1000, share) == (84, [47, 41, 38])


def test_a_note_tells_how_much_is_assumed_in_kilometres() -> None:
    """In both languages; not of a study of all roads alone, nor where all is tagged."""
    counts = {"for_cars_m": 1_200_400, "assumed_limit_m": 499_700, "assumed_built_up_m": 100}
    counts |= {"assumed_lanes_m": 3000, "assumed_no_track_m": 0}
    (note,) = note_assumed_stress(counts, Travel())
    assert note.to_text("en") == (
        "network: of 1,200 km of road open to cars, the stress of 500 km rests on an assumed speed "
        "limit (of 0 km on an assumed built-up area too), of 3 km on an assumed number of lanes, "
        "of 0 km on no cycle track being there; where the map does not say, what is usual holds"
    )
    assert (
        "van 1.200 km weg waar auto’s komen, steunt de verkeersstress van 500 km"
        in note.to_text("nl")
    )
    assert note_assumed_stress(counts, Travel(profiles=("all",))) == []
    assert note_assumed_stress({"for_cars_m": 1000}, Travel()) == []


# --- on real data -------------------------------------------------------------------------------


def by_r5(way: dict[str, str]) -> int:
    """Rate a road as R5 does, which reads only lanes and opposite among the facilities."""
    words = {way.get(f"cycleway{side}", "") for side in ("", ":both", ":left", ":right")}
    lane = any(word == "lane" or word.startswith("opposite") for word in words)
    if way["highway"] in ("residential", "living_street", "service"):
        return 1
    if way["highway"] in ("tertiary", "unclassified"):
        limit = way.get("maxspeed", "")
        return 2 if lane or (limit.isdigit() and int(limit) <= 40) else 3
    return 2 if lane else 4


def test_cycle_tracks_of_real_roads_are_low_stress(shared_data: Path) -> None:
    """The trap for Flanders: the secondary roads with a track that R5 rates 4 are 2 here.

    Counted on the three extracts: all such roads lie in Berlare.
    """
    trapped: Counter[tuple[str, str]] = Counter()
    for extract in ("berlare.osm", "wechelderzande.osm.pbf", "porto.osm.pbf"):
        file = osmium.FileProcessor(str(shared_data / "osm" / extract), osmium.osm.WAY)
        for way in file.with_filter(osmium.filter.KeyFilter("highway")):
            found = {tag.k: tag.v for tag in way.tags}
            sides = {found.get(f"cycleway{side}") for side in ("", ":both", ":left", ":right")}
            if sides & {"track", "separate"} and by_r5(found) > LEVELS["low_stress"]:
                trapped[extract, found["highway"]] += 1
                assert max(rate_stress(found, built_up=False)) <= LEVELS["low_stress"]
    assert trapped == {("berlare.osm", "secondary"): 7, ("berlare.osm", "tertiary"): 1} | {
        ("porto.osm.pbf", "unclassified"): 1
    }
