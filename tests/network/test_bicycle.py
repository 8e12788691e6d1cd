"""Every rule of the bicycle profile, by combination of tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

import osmium
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from network.maps import tags

from stemgeo.network import bicycle
from stemgeo.network.bicycle import (
    BARRIER,
    CLOSED,
    CROSSING,
    LIFT,
    LIFTING,
    NO_WAIT,
    PUSH,
    RIDE,
    SIGNAL,
    STEPS,
    classify_way,
    find_wait,
    has_unknown_access,
    has_unknown_barrier,
    has_unreadable_tag,
    is_blocking,
    is_ferry,
    read_ferry_minutes,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MODES = {"ride": RIDE, "push": PUSH, "steps": STEPS, "lift": LIFT, "closed": CLOSED}

# Each line: tags -> along the drawn direction, against it (one word: the same both ways).
BY_KIND_OF_WAY = """
highway=primary -> ride
highway=primary_link -> ride
highway=secondary -> ride
highway=secondary_link -> ride
highway=tertiary -> ride
highway=tertiary_link -> ride
highway=unclassified -> ride
highway=residential -> ride
highway=living_street -> ride
highway=service -> ride
highway=road -> ride
highway=track -> ride
highway=path -> ride
highway=cycleway -> ride
highway=footway -> push
highway=pedestrian -> push
highway=platform -> push
highway=corridor -> push
highway=steps -> steps
highway=bridleway -> closed
highway=busway -> closed
highway=motorway -> closed
highway=motorway_link -> closed
highway=motorway bicycle=yes -> closed
highway=construction -> closed
highway=construction construction=residential bicycle=yes -> closed
highway=proposed -> closed
highway=razed -> closed
highway=raceway -> closed
highway=bus_stop -> closed
highway=Residential -> closed
waterway=river -> closed
bicycle=yes -> closed
"""

ACCESS = """
highway=residential access=yes -> ride
highway=residential access=destination -> ride
highway=residential access=permissive -> ride
highway=residential access=customers -> ride
highway=residential vehicle=destination -> ride
highway=residential motor_vehicle=no -> ride
highway=residential motor_vehicle=private -> ride
highway=residential access=private -> closed
highway=residential vehicle=private -> push
highway=residential bicycle=private -> push
highway=residential bicycle=private foot=no -> closed
highway=residential bicycle=private access=private -> closed
highway=residential bicycle=use_sidepath -> closed
highway=secondary bicycle=use_sidepath -> closed
highway=cycleway bicycle=use_sidepath -> closed
highway=service access=agricultural -> closed
highway=service access=forestry -> closed
highway=service access=delivery -> closed
highway=service vehicle=delivery -> push
highway=residential access=no -> closed
highway=footway access=no -> closed
highway=footway access=private -> closed
highway=steps access=private -> closed
highway=residential access=private foot=yes -> push
highway=path access=private foot=permissive -> push
highway=path access=private foot=designated -> push
highway=path access=private foot=private -> closed
highway=secondary access=private foot=yes -> closed
highway=secondary vehicle=private -> closed
highway=tertiary vehicle=delivery foot=yes -> closed
highway=residential junction=roundabout vehicle=private -> closed
highway=residential bicycle=use_sidepath foot=yes -> closed
highway=pedestrian vehicle=delivery -> push
highway=pedestrian vehicle=private -> push
highway=pedestrian access=delivery -> closed
highway=track vehicle=forestry foot=yes -> push
highway=track vehicle=agricultural -> push
highway=track vehicle=agricultural foot=no -> closed
highway=track access=agricultural bicycle=no -> closed
highway=track access=agricultural bicycle=no foot=yes -> push
highway=steps access=private foot=yes -> steps
highway=bridleway vehicle=private -> closed
highway=bridleway vehicle=private foot=yes -> push
"""

OTHERS = (
    "military emergency police government employees staff workers service members restricted "
    "authorized bus psv taxi hov tourist_bus coach minibus hgv goods motorcar motor_vehicle"
)
NOT_FOR_A_CHILD = "\n".join(
    f"highway=service {tags} -> {ride}"
    for word in OTHERS.split()
    for tags, ride in (
        (f"access={word}", "closed"),
        (f"access={word} bicycle=yes", "ride"),
        (f"access={word} foot=yes", "push"),
        (f"vehicle={word}", "push"),
        (f"access={word} vehicle=yes", "ride"),
        (f"access={word};destination", "ride"),
    )
)

WORDS_THAT_SAY_NOTHING = """
highway=residential access=banana -> ride
highway=residential access=unknown -> ride
highway=residential vehicle=banana access=private -> closed
highway=residential bicycle=banana vehicle=no -> push
highway=residential bicycle=banana;no -> push
highway=residential access=private foot=banana -> closed
highway=residential access=residents -> ride
highway=residential access=permit -> ride
highway=residential access=discouraged -> ride
"""

LIFTS = """
highway=elevator -> lift
highway=elevator bicycle=yes -> lift
highway=elevator bicycle=no -> lift
highway=elevator access=private -> closed
highway=elevator access=private foot=yes -> lift
highway=elevator foot=no -> closed
highway=elevator oneway=yes -> lift
"""

BICYCLE_WINS = """
highway=residential access=no bicycle=yes -> ride
highway=residential access=private bicycle=yes -> ride
highway=residential access=private bicycle=designated -> ride
highway=residential access=no bicycle=destination -> ride
highway=residential vehicle=no bicycle=yes -> ride
highway=residential vehicle=no bicycle=permissive -> ride
highway=residential vehicle=private access=private bicycle=yes -> ride
highway=residential access=no vehicle=yes -> ride
highway=residential access=yes vehicle=private -> push
highway=residential access=yes bicycle=private -> push
highway=residential access=yes vehicle=yes bicycle=use_sidepath -> closed
"""

TOWPATHS_AND_FIETSSNELWEGEN = """
highway=unclassified vehicle=no bicycle=yes -> ride
highway=unclassified motor_vehicle=no bicycle=yes -> ride
highway=service motor_vehicle=no bicycle=designated -> ride
highway=track vehicle=no bicycle=designated -> ride
highway=path bicycle=designated foot=designated -> ride
highway=cycleway vehicle=no bicycle=designated foot=yes -> ride
highway=residential cyclestreet=yes -> ride
"""

PUSHING = """
highway=residential bicycle=no -> push
highway=residential vehicle=no -> push
highway=living_street vehicle=no -> push
highway=unclassified bicycle=no -> push
highway=service bicycle=no -> push
highway=track vehicle=no -> push
highway=path bicycle=no -> push
highway=cycleway bicycle=no -> push
highway=footway bicycle=no -> push
highway=pedestrian vehicle=no -> push
highway=residential bicycle=no foot=yes -> push
highway=residential bicycle=no foot=no -> closed
highway=residential bicycle=no foot=private -> closed
highway=residential vehicle=no foot=no -> closed
highway=path bicycle=no foot=no -> closed
highway=footway foot=no -> closed
highway=footway foot=private -> closed
highway=pedestrian foot=no -> closed
highway=residential bicycle=no access=private -> closed
highway=residential bicycle=no access=private foot=yes -> push
highway=residential bicycle=no access=no -> closed
highway=residential access=no foot=yes -> push
highway=primary bicycle=no -> closed
highway=primary_link bicycle=no -> closed
highway=secondary bicycle=no -> closed
highway=secondary_link vehicle=no -> closed
highway=tertiary bicycle=no foot=yes -> closed
highway=tertiary_link bicycle=no -> closed
highway=tertiary vehicle=no -> closed
highway=trunk bicycle=no -> closed
highway=trunk vehicle=no cycleway=track -> closed
highway=residential junction=roundabout bicycle=no -> closed
highway=unclassified junction=circular vehicle=no -> closed
highway=bridleway bicycle=no -> closed
highway=bridleway vehicle=no -> closed
highway=busway bicycle=no -> closed
highway=bridleway foot=designated -> push
highway=bridleway foot=yes bicycle=no -> push
highway=bridleway bicycle=yes -> ride
highway=busway bicycle=designated -> ride
highway=busway bicycle=yes oneway=yes -> ride closed
"""

DISMOUNTING = """
highway=residential bicycle=dismount -> push
highway=footway bicycle=dismount -> push
highway=primary bicycle=dismount -> push
highway=trunk bicycle=dismount -> push
highway=bridleway bicycle=dismount -> push
highway=residential junction=roundabout bicycle=dismount -> push
highway=residential access=private bicycle=dismount -> push
highway=residential oneway=yes bicycle=dismount -> push
highway=residential bicycle=dismount foot=no -> closed
highway=residential bicycle=dismount foot=private -> closed
highway=motorway bicycle=dismount -> closed
"""

FOOTWAYS = """
highway=footway bicycle=yes -> ride
highway=footway bicycle=designated -> ride
highway=footway bicycle=permissive -> ride
highway=footway bicycle=yes foot=no -> ride
highway=pedestrian bicycle=yes -> ride
highway=pedestrian bicycle=destination -> ride
highway=corridor bicycle=yes -> ride
highway=platform bicycle=yes -> ride
highway=footway access=yes -> push
highway=footway vehicle=yes -> push
highway=pedestrian access=permissive -> push
highway=footway bicycle=maybe -> push
"""

STAIRS = """
highway=steps bicycle=yes -> steps
highway=steps bicycle=designated ramp:bicycle=yes -> steps
highway=steps bicycle=no -> steps
highway=steps bicycle=dismount -> steps
highway=steps oneway=yes -> steps
highway=steps foot=no -> closed
highway=steps foot=no bicycle=yes -> steps
"""

TRUNK_AND_MOTORROAD = """
highway=trunk -> closed
highway=trunk_link -> closed
highway=trunk access=yes -> closed
highway=trunk vehicle=yes -> closed
highway=trunk foot=yes -> closed
highway=trunk cycleway=no -> closed
highway=trunk cycleway=none -> closed
highway=trunk cycleway=separate -> closed
highway=trunk bicycle=yes -> ride
highway=trunk bicycle=designated -> ride
highway=trunk_link bicycle=yes -> ride
highway=trunk cycleway=track -> ride
highway=trunk cycleway=lane -> ride
highway=trunk cycleway:right=track -> ride closed
highway=trunk cycleway:left=lane -> closed ride
highway=trunk cycleway:both=track -> ride
highway=trunk cycleway=track bicycle=use_sidepath -> ride
highway=trunk cycleway=lane bicycle=use_sidepath -> closed
highway=trunk cycleway:right=track bicycle:backward=yes -> ride
highway=trunk cycleway:right=track foot=yes -> ride closed
highway=trunk oneway=yes cycleway=track foot=yes -> ride closed
highway=trunk oneway=yes cycleway=track oneway:bicycle=no -> ride
highway=trunk oneway=yes cycleway:left=track oneway:bicycle=yes cycleway:left:oneway=-1 -> closed
highway=trunk cycleway=track access=private -> closed
highway=trunk motorroad=yes -> closed
highway=trunk motorroad=yes cycleway=track -> closed
highway=trunk motorroad=yes bicycle=yes -> ride
highway=primary motorroad=yes -> closed
highway=primary motorroad=yes bicycle=yes -> ride
highway=primary motorroad=yes bicycle=no -> closed
highway=primary motorroad=yes access=yes -> closed
highway=primary motorroad=no -> ride
"""

ONE_WAY = """
highway=residential oneway=yes -> ride push
highway=residential oneway=true -> ride push
highway=residential oneway=1 -> ride push
highway=residential oneway=-1 -> push ride
highway=residential oneway=reverse -> push ride
highway=residential oneway=no -> ride
highway=residential oneway=false -> ride
highway=residential oneway=0 -> ride
highway=primary oneway=yes -> ride push
highway=cycleway oneway=yes -> ride push
highway=residential oneway=yes foot=no -> ride closed
highway=residential oneway=yes foot=private -> ride closed
highway=residential oneway=yes access=private bicycle=yes -> ride closed
highway=residential oneway=yes access=private bicycle=yes foot=yes -> ride push
highway=trunk oneway=yes -> closed
highway=trunk oneway=yes bicycle=yes -> ride push
highway=footway oneway=yes -> push
highway=footway oneway=yes bicycle=yes -> ride push
highway=residential oneway=yes bicycle=no -> push
highway=residential oneway=yes bicycle=use_sidepath -> closed
"""

CONTRAFLOW = """
highway=residential oneway=yes oneway:bicycle=no -> ride
highway=residential oneway=-1 oneway:bicycle=no -> ride
highway=residential oneway=yes oneway:bicycle=yes -> ride push
highway=residential oneway:bicycle=yes -> ride push
highway=residential oneway:bicycle=-1 -> push ride
highway=residential oneway=yes oneway:bicycle=-1 -> push ride
highway=residential oneway=yes cycleway=opposite -> ride
highway=residential oneway=yes cycleway=opposite_lane -> ride
highway=residential oneway=yes cycleway=opposite_track -> ride
highway=residential oneway=-1 cycleway=opposite -> ride
highway=residential oneway=yes cycleway:left=opposite_lane -> ride
highway=residential oneway=yes cycleway:right=opposite_track -> ride
highway=residential oneway=yes cycleway:both=opposite -> ride
highway=residential oneway=yes cycleway:left=lane cycleway:left:oneway=-1 -> ride
highway=residential oneway=yes cycleway:left=track cycleway:left:oneway=no -> ride
highway=residential oneway=yes cycleway:right=lane -> ride push
highway=residential oneway=yes cycleway=track -> ride push
highway=residential oneway=yes cycleway:left=separate cycleway:left:oneway=no -> ride push
highway=residential oneway=yes cycleway:left=no cycleway:left:oneway=-1 -> ride push
highway=residential oneway=yes cycleway:left:oneway=-1 -> ride push
highway=residential oneway=yes oneway:bicycle=yes cycleway=opposite -> ride push
highway=residential oneway=yes cycleway=opposite cycleway:right=lane -> ride
highway=residential oneway=yes cycleway=opposite_lane cycleway:left=no cycleway:right=no -> ride
highway=residential oneway=-1 cycleway:left=opposite_lane -> ride
highway=residential oneway=-1 cycleway=lane cycleway:oneway=-1 -> push ride
highway=residential oneway=yes cycleway=no;track cycleway:left:oneway=-1 -> ride
highway=residential oneway=yes cycleway=track cycleway:left=no cycleway:left:oneway=-1 -> ride push
highway=path oneway=yes oneway:bicycle=yes cycleway=track cycleway:left:oneway=no -> ride push
highway=residential oneway=yes bicycle:backward=yes -> ride
highway=residential oneway=yes bicycle:backward=designated -> ride
highway=residential oneway=yes bicycle:backward=maybe -> ride push
highway=residential oneway=yes bicycle:backward=no -> ride push
highway=residential oneway=yes bicycle:forward=yes -> ride push
highway=residential oneway=-1 bicycle:forward=yes -> ride
highway=tertiary oneway=yes foot=no bicycle:backward=yes -> ride
highway=residential junction=roundabout bicycle:backward=yes -> ride
highway=residential bicycle:backward=use_sidepath -> ride closed
highway=residential bicycle:forward=no -> push ride
highway=residential bicycle=no bicycle:forward=yes -> ride push
"""

PER_DIRECTION = """
highway=residential vehicle:forward=no -> push ride
highway=residential vehicle:backward=no -> ride push
highway=residential vehicle:backward=private -> ride push
highway=residential vehicle:backward=no foot=no -> ride closed
highway=tertiary vehicle:backward=no -> ride closed
highway=residential vehicle:backward=no bicycle=yes -> ride
highway=residential vehicle:backward=no bicycle:backward=yes -> ride
highway=residential vehicle=no vehicle:forward=yes -> ride push
highway=residential vehicle:backward=destination access=private -> closed ride
highway=residential access:forward=private -> closed ride
highway=residential access:backward=no foot=yes -> ride push
highway=residential access=private access:backward=yes -> closed ride
highway=residential access=no access:forward=private foot=yes -> push
highway=residential vehicle=yes access:backward=private -> ride
highway=residential bicycle=yes access:backward=private -> ride
highway=residential oneway=yes vehicle:backward=yes -> ride push
highway=residential bicycle:backward=dismount -> ride push
highway=footway bicycle:forward=yes -> ride push
highway=steps bicycle:backward=private -> steps
highway=steps access:backward=private -> steps closed
highway=residential access:backward=no -> ride closed
"""

ROUNDABOUTS = """
highway=tertiary junction=roundabout -> ride closed
highway=residential junction=circular -> ride closed
highway=residential junction=roundabout oneway=yes -> ride closed
highway=residential junction=roundabout oneway=-1 -> closed ride
highway=residential junction=roundabout oneway=no -> ride
highway=residential junction=roundabout oneway:bicycle=no -> ride
highway=residential junction=roundabout cycleway=opposite -> ride closed
highway=cycleway junction=roundabout -> ride closed
highway=footway junction=roundabout -> push
highway=footway junction=roundabout bicycle=yes -> ride push
highway=residential junction=yes -> ride
highway=residential junction=jughandle oneway=yes -> ride push
"""

VALUE_LISTS = """
highway=track access=agricultural;forestry -> closed
highway=track vehicle=forestry;agricultural -> push
highway=track access=agricultural;yes -> ride
highway=track access=no;destination -> ride
highway=track vehicle=private;permissive -> ride
highway=footway bicycle=no;yes -> ride
highway=footway bicycle=designated;yes -> ride
highway=footway bicycle=maybe;yes -> ride
highway=residential bicycle=no;dismount -> push
highway=residential bicycle=dismount;yes -> ride
highway=residential bicycle=no foot=no;yes -> push
highway=residential bicycle=no foot=no;private -> closed
highway=residential bicycle=dismount foot=no;private -> closed
"""

ABSURD = """
highway=residential oneway=maybe -> ride
highway=residential oneway=yes;no -> ride
highway=residential oneway=reversible -> ride
highway=residential junction=roundabout oneway=maybe -> ride closed
highway=residential oneway=yes oneway:bicycle=maybe -> ride push
highway=residential oneway=yes oneway:bicycle=maybe cycleway=opposite -> ride
highway=residential access= -> ride
highway=residential bicycle= access=private -> closed
highway=residential bicycle=; -> ride
highway=residential access:conditional=no@(Mo-Fr) -> ride
highway=residential bicycle:conditional=yes@(20:00-08:00) bicycle=no -> push
highway=residential motorroad=maybe -> ride
highway=residential junction=;; foot=; -> ride
highway= -> closed
"""

TABLES = {
    name: text
    for name, text in list(globals().items())
    if name.isupper() and isinstance(text, str) and " -> " in text
}


def lines_of_all_tables() -> Iterator[tuple[str, str]]:
    """Give name and line of each rule."""
    for name, text in TABLES.items():
        for line in text.strip().splitlines():
            yield name.lower(), line


@pytest.mark.parametrize(
    "line", [pytest.param(line, id=f"{name}: {line}") for name, line in lines_of_all_tables()]
)
def test_tags_give_the_rides(line: str) -> None:
    """The tags left of the arrow give the modes right of it, along the way and against it."""
    text, words = line.split(" -> ")
    expected = [MODES[word] for word in words.split()]
    rides = classify_way(tags(text))
    assert [ride.mode for ride in rides] == (expected * 2)[:2]


class Listening(dict[str, str]):
    """Tags that note which keys a rule asks for."""

    def __init__(self, text: str, asked: set[object]) -> None:
        super().__init__(tags(text))
        self.asked = asked

    def __getitem__(self, key: str) -> str:
        self.asked.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.asked.add(key)
        return super().__contains__(key)

    def get(self, key: str, default: str | None = None) -> str | None:  # type: ignore[override]
        """Note the key, and give its value."""
        self.asked.add(key)
        return super().get(key, default)


def test_no_rule_reads_a_tag_that_the_reader_leaves_out() -> None:
    """Every tag that a rule asks for is in TAGS_READ, so reading only those changes nothing."""
    asked: set[object] = set()
    for _, line in lines_of_all_tables():
        classify_way(Listening(line.split(" -> ")[0], asked))
    assert {"highway", "bicycle", "surface", "cycleway:both:oneway"} <= asked
    assert asked <= bicycle.TAGS_READ


def test_no_rule_of_nodes_reads_a_tag_that_the_reader_leaves_out() -> None:
    """The tags that make a node block or wait are those of NODE_TAGS_READ, all of them."""
    asked: set[object] = set()
    for text in ("", "barrier=gate", "barrier=bollard access=private", "highway=crossing"):
        bicycle.is_blocking(Listening(text, asked))
        bicycle.find_wait(Listening(text, asked))
    assert asked == bicycle.NODE_TAGS_READ


# How a track on a side is ridden: > along the drawn direction, < against it, x both ways, . not.
# By what `:oneway` says: nothing; of this side yes, -1, no; of both sides yes, -1, no.
SIDES = """
two-way     right  > > < x > < x
two-way     left   < < < x < < x
oneway=yes  right  > > < x > < x
oneway=yes  left   > > < x > < x
oneway=-1   right  < > < x < < x
oneway=-1   left   < > < x < < x
oneway=no   right  > > < x > < x
oneway=no   left   < < < x < < x
roundabout  right  > > . > > . >
roundabout  left   > > . > > . >
"""
ROADS = {"two-way": "", "roundabout": "junction=roundabout"}
TRACKS = {"cycleway": "left right", "cycleway:both": "left right"} | {
    f"cycleway:{side}": side for side in ("left", "right")
}
SAYS = [""] + [f"{key}:oneway={word}" for key in TRACKS for word in ("yes", "-1", "no")]


def ridden(road: str, key: str, says: str) -> list[bool]:
    """Look up whether a track tagged so is ridden along the drawn direction, and against it."""
    marks = ""
    for line in SIDES.strip().splitlines():
        name, side, *table = line.split()
        if name == road and side in TRACKS[key]:
            of, _, word = says.rpartition("=")
            column = 0
            if says and side in TRACKS[of.removesuffix(":oneway")]:
                column = ["yes", "-1", "no"].index(word) + (1 if of.split(":")[1] == side else 4)
            marks += table[column]
    return [bool(set(marks) & set(some)) for some in (">x", "<x")]


@pytest.mark.parametrize("says", SAYS)
@pytest.mark.parametrize("key", TRACKS)
@pytest.mark.parametrize("road", ["two-way", "oneway=yes", "oneway=-1", "oneway=no", "roundabout"])
def test_a_track_is_ridden_in_its_own_direction(road: str, key: str, says: str) -> None:
    """By side, `:oneway` and the traffic; whatever a track opens, it opens that way alone.

    A trunk road, and one with `use_sidepath`, is closed elsewhere, without pushing. In a street the
    track runs against one-way traffic, and its own surface is what is ridden in its direction.
    """
    track = f"{ROADS.get(road, road)} {key}=track {says} "
    served = ridden(road, key, says)
    opened = [RIDE if one else CLOSED for one in served]
    assert [ride.mode for ride in classify_way(tags(track + "highway=trunk foot=yes"))] == opened
    only = classify_way(tags(track + "highway=tertiary bicycle=use_sidepath"))
    assert [ride.mode for ride in only] == opened

    flow = {"oneway=yes": "10", "oneway=-1": "01", "roundabout": "10"}.get(road, "11")
    against = CLOSED if road == "roundabout" else PUSH
    street = classify_way(tags(f"{track} highway=residential surface=sett {key}:surface=asphalt"))
    for i in range(2):
        goes = flow[i] == "1" or served[i]
        assert street[i].mode == (RIDE if goes else against)
        assert street[i].ratio == pytest.approx(1 if served[i] or not goes else 10 / 18)


@pytest.mark.parametrize(
    ("text", "over_18"),
    [
        ("highway=secondary surface=sett cycleway=track cycleway:surface=asphalt", "18"),
        ("highway=secondary surface=sett cycleway:right=track cycleway:surface=asphalt", "18 10"),
        ("highway=secondary surface=sett cycleway:left=track cycleway:left:surface=sand", "10 4"),
        ("highway=secondary surface=sett cycleway:both=track cycleway:left:surface=sand", "10 4"),
        ("highway=secondary cycleway:both=track cycleway:both:surface=sett", "10"),
        ("highway=secondary cycleway=lane cycleway:surface=gravel", "12"),
        ("highway=secondary cycleway=shared_lane cycleway:surface=gravel", "18"),
        ("highway=secondary cycleway=separate cycleway:surface=gravel", "18"),
        ("highway=secondary surface=sett cycleway:surface=asphalt", "10"),
        ("highway=secondary surface=sett smoothness=bad cycleway=track", "7"),
        ("highway=secondary smoothness=bad cycleway=track cycleway:surface=sett", "10"),
        ("highway=secondary cycleway=track cycleway:smoothness=bad", "12.6"),
        ("highway=tertiary cycleway=track cycleway:surface=sett cycleway:smoothness=bad", "7"),
        (
            "highway=tertiary surface=sett smoothness=bad cycleway=track cycleway:smoothness=good",
            "10",
        ),
        ("highway=path bicycle=designated surface=gravel cycleway:surface=asphalt", "18"),
        ("highway=footway bicycle=yes surface=asphalt cycleway:surface=sett", "10"),
    ],
)
def test_the_surface_of_a_cycleway_is_what_is_ridden(text: str, over_18: str) -> None:
    """Of a track or lane by side, and of the part for bicycles of a path; else the road's own."""
    ratios = [18 * ride.ratio for ride in classify_way(tags(text))]
    assert ratios == pytest.approx([float(one) for one in (over_18.split() * 2)[:2]])


OPENING = (
    "bicycle=yes bicycle=designated foot=yes oneway:bicycle=no bicycle:forward=yes "
    "cycleway=track cycleway:both=track cycleway:left=track cycleway:right=track"
)
ANY_TAGS = {
    "bicycle": "no private dismount use_sidepath permissive banana",
    "vehicle": "no private destination delivery",
    "access": "no private yes military agricultural;forestry",
    "foot": "no yes private",
    "oneway": "yes -1 no",
    "oneway:bicycle": "yes -1",
    "junction": "roundabout",
    "motorroad": "yes",
    "cycleway": "track lane opposite separate no",
    "cycleway:both": "track opposite_lane no",
    "cycleway:left": "track opposite_lane no",
    "cycleway:right": "lane separate no",
    "cycleway:left:oneway": "yes -1 no",
    "cycleway:both:oneway": "yes -1 no",
    "surface": "sett sand",
}


@given(
    highway=st.sampled_from(sorted(bicycle.HIGHWAYS)),
    some=st.fixed_dictionaries(
        {}, optional={key: st.sampled_from(words.split()) for key, words in ANY_TAGS.items()}
    ),
    opening=st.sampled_from(OPENING.split()),
)
def test_what_opens_never_slows(highway: str, some: dict[str, str], opening: str) -> None:
    """A tag that only opens, or a track beside, makes no direction slower or closed."""
    key, value = opening.split("=")
    # A track in place of what opens the road is another road, not a better one.
    assume(key not in some or (value == "track" and some[key] in ("no", "separate")))
    before, after = (
        [ride.speed_kmh(15, 4) for ride in classify_way({"highway": highway, **some, **more})]
        for more in ({}, {key: value})
    )
    assert after[0] >= before[0]
    assert after[1] >= before[1]


@pytest.mark.parametrize(
    ("text", "odd"),
    [
        ("access=banana", True),
        ("access=unknown", True),
        ("bicycle=yes;maybe", True),
        ("foot=perhaps", True),
        ("vehicle:backward=seldom", True),
        ("access=private;yes bicycle=use_sidepath foot=designated vehicle:forward=no", False),
        ("access=permit", False),
        ("access= ", False),
        ("", False),
    ],
)
def test_words_of_access_that_are_not_known(text: str, odd: bool) -> None:  # noqa: FBT001
    """One word that is none of ours is enough to count the way."""
    assert has_unknown_access(tags(text)) is odd


def test_barriers_that_are_not_known() -> None:
    """Every kind is one of three; any other, in a list too, is counted as unknown."""
    assert has_unknown_barrier({"barrier": "moat"})
    assert has_unknown_barrier({"barrier": "gate;moat"})
    assert not has_unknown_barrier({"highway": "crossing"})
    for kinds in (bicycle.BLOCKING_BARRIERS, bicycle.SLOW_BARRIERS, bicycle.OPEN_BARRIERS):
        assert not has_unknown_barrier({"barrier": ";".join(kinds)})


SURFACES = [
    ("paving_stones concrete:lanes concrete:plates", 16),
    ("compacted fine_gravel pebblestone", 14),
    ("gravel unpaved wood metal", 12),
    ("sett cobblestone:flattened ground dirt earth mud", 10),
    ("cobblestone unhewn_cobblestone grass grass_paver", 8),
    ("sand", 4),
    ("asphalt concrete paved chipseal rubber banana asphalt;sand", 18),
]


@pytest.mark.parametrize(
    ("surface", "over_18"), [(word, n) for words, n in SURFACES for word in words.split()]
)
@pytest.mark.parametrize("highway", ["residential", "track", "path", "cycleway"])
def test_surface_gives_the_ratio(surface: str, over_18: int, highway: str) -> None:
    """A tagged surface sets the ratio whatever the kind of way and its tracktype."""
    way = {"highway": highway, "surface": surface, "tracktype": "grade5"}
    assert [ride.ratio for ride in classify_way(way)] == pytest.approx([over_18 / 18] * 2)


@pytest.mark.parametrize(
    ("text", "over_18"),
    [
        ("highway=track tracktype=grade1", 18),
        ("highway=track tracktype=grade2", 14),
        ("highway=track tracktype=grade3", 12),
        ("highway=track tracktype=grade4", 10),
        ("highway=track tracktype=grade5", 8),
        ("highway=track", 12),
        ("highway=track tracktype=grade9", 12),
        ("highway=path", 12),
        ("highway=path tracktype=grade1", 12),
        ("highway=path bicycle=designated", 12),
        ("highway=residential", 18),
        ("highway=residential tracktype=grade5", 18),
        ("highway=service", 18),
        ("highway=cycleway", 18),
        ("highway=footway bicycle=yes", 18),
    ],
)
def test_ratio_without_a_surface_tag(text: str, over_18: int) -> None:
    """Without a surface a track goes by its tracktype, a path is unpaved, the rest is paved."""
    assert classify_way(tags(text))[0].ratio == pytest.approx(over_18 / 18)


@pytest.mark.parametrize(
    ("smoothness", "factor"),
    [
        ("excellent", 1),
        ("good", 1),
        ("intermediate", 0.9),
        ("bad", 0.7),
        ("very_bad", 0.4),
        ("horrible", 0.3),
        ("very_horrible", 0.3),
        ("impassable", 0.3),
        ("banana", 1),
    ],
)
def test_smoothness_multiplies_the_surface_ratio(smoothness: str, factor: float) -> None:
    """The ratio is that of the surface times that of the smoothness."""
    way = {"highway": "residential", "surface": "sett", "smoothness": smoothness}
    assert classify_way(way)[0].ratio == pytest.approx(10 / 18 * factor)


@pytest.mark.parametrize(
    ("maxspeed", "cap_kmh"),
    [
        ("10", 10),
        ("30", 30),
        ("7.5", 7.5),
        ("30 km/h", 30),
        ("30km/h", 30),
        ("5 mph", 5 * 1.609344),
        ("10mph", 10 * 1.609344),
        ("walk", 5),
        ("BE:living_street", 20),
        ("BE:zone30", 30),
        ("BE:cyclestreet", 30),
        ("BE-VLG:zone30", 30),
        ("BE-BRU:urban", 30),
    ],
)
def test_maxspeed_caps(maxspeed: str, cap_kmh: float) -> None:
    """A speed limit in any of the usual forms caps the rider both ways."""
    way = {"highway": "residential", "maxspeed": maxspeed}
    assert [ride.cap_kmh for ride in classify_way(way)] == pytest.approx([cap_kmh] * 2)
    assert classify_way(way)[0].speed_kmh(45, 4) == pytest.approx(min(45, cap_kmh))


@pytest.mark.parametrize(
    "maxspeed",
    ["", "none", "signals", "variable", "fast", "-30", "0", "1e9", "30;50", "BE:urban", "9" * 5000],
)
def test_unreadable_maxspeed_sets_no_limit(maxspeed: str) -> None:
    """What is no speed limit, or none that could bind a cyclist, limits nothing."""
    way = {"highway": "residential", "maxspeed": maxspeed}
    assert classify_way(way)[0].speed_kmh(45, 4) == 45


@pytest.mark.parametrize(
    ("text", "rider_kmh", "kmh"),
    [
        ("highway=residential", 12, 12),
        ("highway=residential surface=sett", 18, 10),
        ("highway=residential surface=sett maxspeed=5", 18, 5),
        ("highway=residential surface=sett maxspeed=12", 18, 10),
        ("highway=residential surface=sand", 15, 4),
        ("highway=track tracktype=grade5 smoothness=horrible", 15, 4),
        ("highway=residential maxspeed=3", 15, 4),
        ("highway=residential maxspeed=walk", 15, 5),
        ("highway=footway surface=sand", 15, 4),
        ("highway=footway maxspeed=2", 15, 4),
        ("highway=steps bicycle=yes", 15, 2),
        ("highway=steps surface=sand", 45, 2),
        ("highway=motorway", 15, 0),
    ],
)
def test_speed_in_kmh(text: str, rider_kmh: float, kmh: float) -> None:
    """Rider's speed x ratio, capped by maxspeed, never below 4; pushing 4, steps 2, closed 0."""
    assert classify_way(tags(text))[0].speed_kmh(rider_kmh, 4) == pytest.approx(kmh)


def test_surface_can_be_switched_off() -> None:
    """Without surfaces neither surface nor smoothness slows, but a limit still caps."""
    slow = classify_way(tags("highway=track surface=sand smoothness=bad maxspeed=14"))[0]
    assert slow.speed_kmh(12, 4, surface=False) == 12
    assert slow.speed_kmh(20, 4, surface=False) == 14


def test_pushing_speed_is_the_given_one() -> None:
    """Pushing goes at the study's pushing speed, steps at 2 km/h whatever it is."""
    assert classify_way(tags("highway=footway"))[0].speed_kmh(15, 3) == 3
    assert classify_way(tags("highway=steps"))[0].speed_kmh(15, 3) == 2


@pytest.mark.parametrize(
    ("text", "stops"),
    [
        *((f"barrier={kind}", True) for kind in ("yes", "wall", "fence", "stile")),
        *((f"barrier={kind}", True) for kind in ("kissing_gate", "turnstile", "debris")),
        *((f"barrier={kind}", True) for kind in ("jersey_barrier", "guard_rail", "cable_barrier")),
        *((f"barrier={kind}", True) for kind in ("city_wall", "retaining_wall", "hedge", "ditch")),
        ("barrier=full-height_turnstile", True),
        ("barrier=full-height_turnstile bicycle=yes", False),
        ("barrier=turnstile foot=yes", True),
        ("barrier=stile;gate", True),
        ("barrier=gate;stile", True),
        ("barrier=bollard;fence", True),
        ("barrier=gate;bollard", False),
        ("barrier=moat", False),
        ("barrier=moat;wall", True),
        *((f"barrier={kind}", False) for kind in ("log", "chain", "rope", "sliding_beam")),
        *((f"barrier={kind}", False) for kind in ("horse_stile", "planter", "entrance", "no")),
        ("barrier=gate locked=yes", True),
        ("barrier=bollard locked=yes", True),
        ("barrier=gate", False),
        ("barrier=gate locked=no", False),
        ("barrier=bollard", False),
        ("barrier=bollard bicycle=no", False),
        ("barrier=cycle_barrier", False),
        ("barrier=block", False),
        ("barrier=lift_gate motor_vehicle=no", False),
        ("barrier=kerb", False),
        ("barrier=fence bicycle=yes", False),
        ("barrier=gate locked=yes bicycle=designated", False),
        ("barrier=gate access=private bicycle=permissive", False),
        ("barrier=stile bicycle=no;yes", False),
        ("barrier=stile bicycle=dismount", False),
        ("barrier=stile bicycle=no", True),
        ("barrier=stile foot=yes", True),
        ("barrier=gate access=private", True),
        ("barrier=gate access=no", True),
        ("barrier=gate access=no foot=yes", False),
        ("barrier=gate access=private foot=designated", False),
        ("barrier=gate access=no foot=no", True),
        ("barrier=gate access=yes foot=no", False),
        ("barrier=gate bicycle=no foot=no", True),
        ("barrier=bollard bicycle=no foot=private", True),
        ("barrier=lift_gate vehicle=no foot=no", True),
        ("barrier=lift_gate vehicle=private", False),
        ("barrier=lift_gate vehicle=private foot=no", True),
        ("barrier=lift_gate access=private", True),
        ("barrier=lift_gate access=private foot=yes", False),
        ("barrier=lift_gate access=private vehicle=yes", False),
        ("barrier=lift_gate access=private;yes", False),
        ("barrier=gate access=no;private", True),
        ("barrier=gate bicycle=no;private foot=no;private", True),
        *((f"barrier=gate access={word}", True) for word in ("military", "staff", "bus")),
        *((f"barrier=gate access={word}", True) for word in ("delivery", "forestry", "emergency")),
        *((f"barrier=gate vehicle={word}", False) for word in ("delivery", "forestry", "private")),
        *((f"barrier=gate access={word}", False) for word in ("destination", "permit", "banana")),
        ("barrier=gate access=forestry foot=yes", False),
        ("barrier=gate access=forestry bicycle=yes", False),
        ("barrier=gate bicycle=dismount foot=no", True),
        ("barrier=gate foot=no", False),
        ("barrier=fence access=no foot=yes", True),
        ("barrier=gate access=no foot=yes locked=yes", True),
        ("barrier=gate access=no foot=yes bicycle=private", False),
        ("barrier=gate bicycle=private", False),
        ("highway=traffic_signals bicycle=no", False),
        ("highway=crossing bicycle=no access=private", False),
        ("access=no", False),
        ("locked=yes", False),
        ("", False),
    ],
)
def test_nodes_that_block(text: str, stops: bool) -> None:  # noqa: FBT001
    """Only a node with a barrier blocks, by its kind or when shut, unless a bicycle may pass."""
    assert is_blocking(tags(text)) is stops


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("highway=traffic_signals", SIGNAL),
        ("highway=traffic_signals bicycle=no", SIGNAL),
        ("highway=crossing crossing=traffic_signals", SIGNAL),
        ("crossing=traffic_signals", SIGNAL),
        ("highway=traffic_signals barrier=gate", SIGNAL),
        ("highway=crossing", CROSSING),
        ("highway=crossing crossing=uncontrolled", CROSSING),
        ("highway=crossing barrier=cycle_barrier", CROSSING),
        ("crossing=zebra", NO_WAIT),
        *((f"barrier={kind}", BARRIER) for kind in ("gate", "swing_gate", "sliding_gate")),
        *((f"barrier={kind}", BARRIER) for kind in ("lift_gate", "cycle_barrier", "chain")),
        *((f"barrier={kind}", BARRIER) for kind in ("hampshire_gate", "motorcycle_barrier")),
        ("barrier=cattle_grid", BARRIER),
        *((f"barrier={kind}", BARRIER) for kind in ("log", "rope", "sliding_beam", "bollard;gate")),
        ("highway=elevator", LIFTING),
        ("barrier=bollard", NO_WAIT),
        ("barrier=kerb", NO_WAIT),
        ("highway=stop", NO_WAIT),
        ("", NO_WAIT),
    ],
)
def test_nodes_at_which_one_waits(text: str, kind: int) -> None:
    """Signals before crossings before barriers; a node is one kind of wait."""
    assert find_wait(tags(text)) == kind


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("route=ferry", True),
        ("route=ferry bicycle=yes", True),
        ("route=ferry bicycle=designated foot=no", True),
        ("route=ferry foot=yes", True),
        ("route=ferry access=yes", True),
        ("route=ferry bicycle=no", False),
        ("route=ferry bicycle=no foot=yes", False),
        ("route=ferry bicycle=dismount", False),
        ("route=ferry foot=no", False),
        ("route=ferry access=private", False),
        ("route=ferry access=private foot=yes", True),
        ("route=ferry access=no bicycle=yes", True),
        ("route=ferry bicycle=no;yes", True),
        ("route=ferry highway=residential", False),
        ("route=bicycle", False),
        ("highway=residential", False),
        ("", False),
    ],
)
def test_ferries_that_take_bicycles(text: str, taken: bool) -> None:  # noqa: FBT001
    """By the bicycle tag, else the foot tag, else access; without any of them it does."""
    assert is_ferry(tags(text)) is taken


@pytest.mark.parametrize(
    ("duration", "minutes"),
    [
        ("7", 7),
        ("00:07", 7),
        ("1:30", 90),
        ("01:30:30", 90.5),
        ("0:07:30", 7.5),
        ("90", 90),
        ("PT7M", 7),
        ("PT1H", 60),
        ("PT1H5M", 65),
        ("PT90S", 1.5),
        ("", None),
        ("0", None),
        ("00:00", None),
        ("PT", None),
        ("P1D", None),
        ("7 min", None),
        ("-7", None),
        ("1:2:3", None),
        ("9" * 5000, None),
        ("soon", None),
    ],
)
def test_duration_of_a_ferry(duration: str, minutes: float | None) -> None:
    """Minutes, hours:minutes, hours:minutes:seconds or ISO 8601; anything else is none."""
    assert read_ferry_minutes({"route": "ferry", "duration": duration}) == minutes


@pytest.mark.parametrize(
    ("text", "odd"),
    [
        ("oneway=maybe", True),
        ("oneway=yes;no", True),
        ("oneway:bicycle=perhaps", True),
        ("maxspeed=fast", True),
        ("maxspeed=30;50", True),
        ("maxspeed=0", True),
        ("oneway=reversible", False),
        ("oneway=alternating", False),
        ("oneway=-1 oneway:bicycle=no", False),
        ("maxspeed=walk", False),
        ("maxspeed=none", False),
        ("maxspeed=BE:urban", False),
        ("maxspeed=BE:zone30", False),
        ("maxspeed=BE-WAL:rural", False),
        ("maxspeed=BE-BRU:urban", False),
        ("maxspeed=30 oneway=maybe", True),
        ("surface=marzipan lanes=-3", False),
        ("", False),
    ],
)
def test_tags_that_say_nothing(text: str, odd: bool) -> None:  # noqa: FBT001
    """A direction or a speed of which no word is known; surfaces and lanes are not counted."""
    assert has_unreadable_tag(tags(f"highway=residential {text}")) is odd


@pytest.mark.parametrize("extract", ["berlare.osm", "wechelderzande.osm.pbf", "porto.osm.pbf"])
def test_a_ride_is_always_whole(extract_of: Callable[[str], Path], extract: str) -> None:
    """On every highway of the real extracts ratio, cap and speed stay within their bounds."""
    file = osmium.FileProcessor(str(extract_of(extract)), osmium.osm.WAY)
    seen = 0
    for way in file.with_filter(osmium.filter.KeyFilter("highway")):
        for ride in classify_way({tag.k: tag.v for tag in way.tags}):
            seen += 1
            assert 0 < ride.ratio <= 1
            assert 0 < ride.cap_kmh <= 999
            speed = ride.speed_kmh(15, 4)
            assert speed == {CLOSED: 0, STEPS: 2, PUSH: 4}.get(ride.mode, speed)
            assert ride.mode != RIDE or 4 <= speed <= 15
    assert seen > 500
