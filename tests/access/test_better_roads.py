"""A better road, or one more, never makes a home slower: exactly, in every profile."""

from __future__ import annotations

import dataclasses
import itertools
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from access.better_roads import PROFILES, Place, opened, slower
from hypothesis import given, settings
from hypothesis import strategies as st
from network.maps import RoadMap, metres
from network.maps import tags as tags_of

from stemgeo.access.search import UNREACHED, unpack_labels
from stemgeo.access.travel_time import Rider
from stemgeo.network import Network, bicycle, snap_points
from stemgeo.network.bicycle import BARRIER, CROSSING, PUSH, RIDE, SIGNAL, Ride
from stemgeo.network.osm import RULES, RoadSegments, read_roads

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from stemgeo.study import Mode

    Times = NDArray[np.int64]

FAR = 2**29
WAITS = {SIGNAL: 25.0, CROSSING: 7.0, BARRIER: 11.0}

a_few = settings(max_examples=30)


# --- small maps ---------------------------------------------------------------------------------

NAMES = "abcdefghijkl"
NODES = {
    name: (93.7 * (i % 4) + 11.3 * (i // 4), 71.9 * (i // 4) + 8.1 * (i % 4) ** 2)
    for i, name in enumerate(NAMES)
}
NODES |= {"s": (101.0, 9.0), "t": (203.0, 83.0), "u": (12.0, 66.0)}
"""A few beside others, as where streets meet a main road across from each other."""
RING = {"A": (-150, -150), "B": (8_500, -150), "C": (8_500, 8_000), "D": (-150, 8_000)}
"""A whole so large that no road more makes an island of it."""
FRAME = [("a A B C D A", "highway=residential maxspeed=30")]

WAYS = [
    "highway=residential maxspeed=30",
    "highway=residential maxspeed=50 foot=no",
    "highway=residential maxspeed=50 oneway=yes",
    "highway=residential maxspeed=50 surface=sett",
    "highway=residential maxspeed=50 access=private",
    "highway=residential maxspeed=30 bridge=yes layer=1",
    "highway=tertiary maxspeed=50",
    "highway=tertiary maxspeed=70 oneway=yes foot=no",
    "highway=primary maxspeed=70",
    "highway=primary maxspeed=70 foot=no",
    "highway=secondary maxspeed=70 bicycle=use_sidepath",
    "highway=trunk maxspeed=70",
    "highway=trunk maxspeed=90 bicycle=yes motorroad=yes",
    "highway=service bicycle=no",
    "highway=cycleway",
    "highway=footway",
    "highway=path surface=sand",
    "highway=steps",
    "highway=steps conveying=forward",
    "highway=bridleway",
    "waterway=canal",
]
BETTER = [
    "cycleway=track",
    "maxspeed=30",
    "bicycle=yes",
    "surface=asphalt",
    "oneway=no",
    "foot=yes",
    "sidewalk=both",
    "cycleway=track maxspeed=30 bicycle=designated foot=yes",
]
STOPS = ["highway=traffic_signals", "highway=crossing", "barrier=gate", "barrier=fence"]

Ways = list[tuple[str, str]]


@st.composite
def ways(draw: st.DrawFn, least: int = 3, most: int = 9) -> Ways:
    """Draw ways over the nodes."""
    node = st.sampled_from([*NODES])
    path = st.lists(node, min_size=2, max_size=5).map(" ".join)
    return draw(st.lists(st.tuples(path, st.sampled_from(WAYS)), min_size=least, max_size=most))


@st.composite
def towns(draw: st.DrawFn) -> tuple[Ways, dict[str, str], list[tuple[float, float]]]:
    """Draw ways, what stands on some nodes, and places where people live or learn."""
    some = draw(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(STOPS), max_size=3))
    spot = st.tuples(
        st.integers(-40, 340).map(lambda x: x + 0.3), st.integers(-40, 200).map(lambda y: y + 0.7)
    )
    homes = draw(st.lists(spot, min_size=4, max_size=4, unique=True))
    beside = draw(st.lists(st.sampled_from([*NODES]), min_size=3, max_size=3))
    homes += [(NODES[name][0] + 7.0, NODES[name][1] - 4.0) for name in beside]
    return draw(ways()), some, homes


def roads(
    folder: Path, drawn: Ways, stops: dict[str, str], more: Any = None, mode: Mode = "bicycle"
) -> RoadSegments:
    """Read a map of these ways."""
    nodes = NODES | RING | (more or {})
    return read_roads([RoadMap(nodes, [*FRAME, *drawn], stops).write(folder)], mode=mode)


def times(
    read: RoadSegments | Network,
    homes: list[tuple[float, float]],
    kmh: float = 13.0,
    **rider: Any,
) -> tuple[Times, NDArray[np.bool_]]:
    """Give the time from each home to each other in each profile, and who has a road by the door.

    Shape (profiles, homes, homes), milliseconds, FAR where there is no way.
    """
    network = read if isinstance(read, Network) else Network.from_roads(read)
    at = snap_points(network, *np.array([metres(*home) for home in homes]).T)
    found = []
    for profile in PROFILES[:1] if network.on_foot else PROFILES:
        calm = network.calm_to(profile)
        one = Rider(calm, calm.travel_times(kmh, **({"waits_s": WAITS} | rider)), FAR)
        labels = [
            one.find_nearest(at.take_points(np.array([i])), at, np.array([0]))
            for i in range(len(homes))
        ]
        found.append([np.where(row == UNREACHED, FAR, unpack_labels(row)[0]) for row in labels])
    return np.array(found).transpose(0, 2, 1), at.snap_m <= 50


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a place for maps, each written over the one before."""
    return tmp_path_factory.mktemp("better")


Town = tuple[Ways, dict[str, str], list[tuple[float, float]]]


modes = st.sampled_from(["bicycle", "bicycle", "foot"])


@settings(a_few, max_examples=70)
@given(
    towns(),
    st.integers(0, 8),
    st.sampled_from(BETTER),
    st.sampled_from([0.0, 0.0, 18.0, np.inf]),
    modes,
)
def test_a_way_made_faster_or_quieter_makes_no_home_slower(
    folder: Path, town: Town, which: int, better: str, busy_crossing_s: float, mode: Mode
) -> None:
    """A track, a lower limit, asphalt, both ways or opened: each ride takes as long or less.

    Whatever crossing a busy road costs; and so does each walk.
    """
    drawn, stops, homes = town
    which %= len(drawn)
    path, tags = drawn[which]
    improved = [*drawn]
    improved[which] = path, f"{tags} {better}"
    cost = {"busy_crossing_s": busy_crossing_s}
    before, by_the_door = times(roads(folder, drawn, stops, mode=mode), homes, **cost)
    after, _ = times(roads(folder, improved, stops, mode=mode), homes, **cost)
    # What was closed is a road more: to whoever had none by the door it may be a worse one.
    rides = RULES[mode].classify_way(tags_of(tags))
    was_open = bicycle.CLOSED not in {ride.mode for ride in rides}
    held = was_open | (by_the_door[:, None] & by_the_door[None, :])
    assert (after <= before)[:, held].all()


@settings(a_few, max_examples=70)
@given(towns(), ways(least=1, most=2), st.booleans(), st.integers(0, 6), modes)
def test_one_road_more_makes_no_home_slower(
    folder: Path,
    town: Town,
    extra: Ways,
    driveway: bool,  # noqa: FBT001
    home: int,
    mode: Mode,
) -> None:
    """A road, a driveway to the door or a path: who had a road within 50 m is as quick or more."""
    drawn, stops, homes = town
    extra = [(path, tags) for path, tags in extra if "waterway" not in tags]
    more = {"v": (homes[home][0] + 2.0, homes[home][1] + 1.0)} if driveway else {}
    if driveway:
        extra.append((f"v {drawn[0][0]}", "highway=service access=private bicycle=yes foot=yes"))
    before, by_the_door = times(roads(folder, drawn, stops, mode=mode), homes)
    after, _ = times(roads(folder, [*drawn, *extra], stops, more, mode), homes)
    held = by_the_door[:, None] & by_the_door[None, :]
    assert (after <= before)[:, held].all()


@a_few
@given(towns(), st.sampled_from([0.0, 18.0]), st.data())
def test_cutting_and_joining_ways_changes_no_time(
    folder: Path, town: Town, busy_crossing_s: float, data: st.DataObject
) -> None:
    """Ways cut at any of their nodes, the pieces in any order: the same, to the millisecond."""
    drawn, stops, homes = town
    pieces: Ways = []
    for path, tags in drawn:
        refs = path.split()
        inner = range(1, len(refs) - 1)
        cuts = data.draw(st.sets(st.sampled_from(inner))) if inner else set()
        marks = [0, *sorted(cuts), len(refs) - 1]
        pieces += [(" ".join(refs[low : high + 1]), tags) for low, high in pairwise(marks)]
    pieces = data.draw(st.permutations(pieces))
    cost = {"busy_crossing_s": busy_crossing_s}
    whole, cut = (times(roads(folder, one, stops), homes, **cost) for one in (drawn, pieces))
    np.testing.assert_array_equal(whole[0], cut[0])
    np.testing.assert_array_equal(whole[1], cut[1])


@a_few
@given(towns())
def test_a_quiet_ride_is_never_quicker(folder: Path, town: Town) -> None:
    """Than one over all roads; and for children never quicker than for most adults."""
    drawn, stops, homes = town
    every, low_stress, quiet_1 = times(roads(folder, drawn, stops), homes)[0]
    assert (every <= low_stress).all()
    assert (low_stress <= quiet_1).all()


@a_few
@given(towns())
def test_where_all_roads_are_quiet_profiles_are_alike(folder: Path, town: Town) -> None:
    """To the millisecond, without a rule that says so."""
    drawn, stops, homes = town
    read = roads(folder, drawn, stops)
    calm = np.ones_like(read.stress_forward)
    quiet = dataclasses.replace(read, stress_forward=calm, stress_backward=calm)
    every, low_stress, quiet_1 = times(quiet, homes)[0]
    np.testing.assert_array_equal(every, low_stress)
    np.testing.assert_array_equal(every, quiet_1)
    # Those of all roads are those of the map as it is.
    np.testing.assert_array_equal(every, times(read, homes)[0][0])


def test_a_way_on_foot_slows_nobody_on_the_road_that_it_cuts(folder: Path) -> None:
    """A street more at a main road cuts the cycleway beside it: not a millisecond is lost there."""
    at = {f"o{i}": (137.3 * i + 3.1 * i * i, 0.0) for i in range(9)}
    more = at | {f"s{i}": (x, -170.0) for i, (x, _) in enumerate(at.values())}
    more |= {"p": (-400, 9), "q": (1711, 9), "r": (-400, 300)}
    base = [(" ".join(at), "highway=trunk"), ("p q", "highway=cycleway"), ("p r a", WAYS[0])]
    stubs = [(f"s{i} o{i}", WAYS[0]) for i in range(9)]
    homes = [(-390.0, 12.0), (333.0, 20.0), (1300.0, 30.0), (1705.0, 9.0)]
    for kmh in (9.7, 13.0, 14.3, 17.1, 19.9):
        before, _ = times(roads(folder, base, {}, more), homes, kmh)
        for i in range(0, 9, 2):
            read = roads(folder, [*base, *stubs[i : i + 2]], {}, more)
            network = Network.from_roads(read)
            assert network.counts["ways_on_foot"] == len(stubs[i : i + 2])
            after, _ = times(network, homes, kmh)
            assert (after <= before).all()


NUMBERS = st.sampled_from([2.0, 4.0, 5.0, 8.0, 13.0])


@a_few
@given(towns(), NUMBERS, NUMBERS)
def test_riding_is_never_slower_than_pushing(
    folder: Path, town: Town, kmh: float, pushing: float
) -> None:
    """Whatever a study says: 8 km/h on foot and 5 on the bicycle, over sand and cobbles."""
    drawn, stops, homes = town
    read = roads(folder, drawn, stops)
    on_foot = tuple(Ride(PUSH) if one.mode == RIDE and one.walkable else one for one in read.rides)
    walked = dataclasses.replace(read, rides=on_foot)
    rides, _ = times(read, homes, kmh, pushing_kmh=pushing)
    pushes, _ = times(walked, homes, kmh, pushing_kmh=pushing)
    assert (rides <= pushes).all()


@pytest.mark.parametrize("surface", [True, False])
def test_no_ride_is_slower_than_pushing(surface: bool) -> None:  # noqa: FBT001
    """Each ride that tags can give, for any speeds."""
    every = [
        {"highway": "path", "surface": "sand", "smoothness": "impassable"},
        {"highway": "residential", "maxspeed": "walk"},
        {"highway": "residential", "maxspeed": "1"},
        {"highway": "track", "tracktype": "grade5"},
    ]
    for tags, kmh, pushing in itertools.product(every, (1.0, 5.0, 15.0), (1.0, 4.0, 8.0)):
        ride = bicycle.classify_way(tags)[0]
        assert ride.speed_kmh(kmh, pushing, surface=surface) >= pushing


# --- real places --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def place_of(extract_of: Callable[[str], Path]) -> Any:
    """Read each extract once."""
    return cache(lambda name: Place(extract_of(name)))


AFFORDED = [("berlare.osm", 30, 200), ("wechelderzande.osm.pbf", 30, 200), ("porto.osm.pbf", 4, 8)]
"""Of the middle of Porto few: `python -m access.better_roads 200` does all of the city."""


@pytest.mark.parametrize(("extract", "tracks", "_"), AFFORDED)
def test_a_track_along_a_busy_road_makes_no_home_slower(
    place_of: Any, extract: str, tracks: int, _: int
) -> None:
    """Way by way, each alone, in each profile: homes beside it and all over the place."""
    place = place_of(extract)
    compared, better, lost = slower(place, place.busy_ways(tracks), 500)
    assert compared > 1000
    assert (
        better or extract == "porto.osm.pbf"
    )  # some of them help: of so few of a city perhaps none
    assert lost == []


@pytest.mark.parametrize(("extract", "_", "ways"), AFFORDED)
def test_a_way_that_is_opened_makes_no_home_slower(
    place_of: Any, extract: str, _: int, ways: int
) -> None:
    """Way by way, each alone: nobody who had a road within 50 m takes longer."""
    place = place_of(extract)
    compared, better, lost = slower(place, place.closed_ways(ways), 50)
    assert compared > 1000
    assert (
        better or extract == "porto.osm.pbf"
    )  # some of them help: of so few of a city perhaps none
    assert lost == []


@pytest.mark.parametrize(
    "tags",
    [
        {"highway": "service", "access": "private"},
        {"highway": "trunk"},
        {"highway": "construction", "construction": "primary"},
        {"highway": "residential", "access": "no", "oneway": "yes", "bicycle:backward": "no"},
        {"highway": "secondary", "bicycle": "use_sidepath"},
    ],
)
def test_opened_ways_are_open(tags: dict[str, str]) -> None:
    """With the tags that are laid on them one rides there, either way."""
    assert {ride.mode for ride in bicycle.classify_way(opened(tags))} == {RIDE}
