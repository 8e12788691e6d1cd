"""Every rule of the stress table, by combination of tags."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import osmium
import pytest
from network.maps import RoadMap, tags

from stemgeo.network import bicycle
from stemgeo.network.osm import read_roads
from stemgeo.network.stress import LOW_STRESS, TAGS_READ, stress

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
highway=residential cycleway=lane maxspeed=70 -> 2
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
    found = stress(tags(text), built_up=name != "OUT_OF_TOWN")
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
        stress(Listening(tags(line.split(" -> ")[0])), built_up=True)
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
            if sides & {"track", "separate"} and by_r5(found) > LOW_STRESS:
                trapped[extract, found["highway"]] += 1
                assert max(stress(found, built_up=False)) <= LOW_STRESS
    assert trapped == {("berlare.osm", "secondary"): 7, ("berlare.osm", "tertiary"): 1} | {
        ("porto.osm.pbf", "unclassified"): 1
    }
