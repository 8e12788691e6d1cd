"""Facts about walking: who may go where on foot, which way, at which pace, and what stops one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from network import on_foot
from network.maps import RoadMap, points, tags

from stemgeo.access.areas import isochrones
from stemgeo.access.riding import access
from stemgeo.errors import InputError
from stemgeo.network import Network, cache
from stemgeo.network.bicycle import BARRIER, CLOSED, CROSSING, LIFT, LIFTING, NO_WAIT, RIDE, SIGNAL
from stemgeo.network.bicycle import STEPS as STAIRS
from stemgeo.network.foot import classify_way, find_wait, has_unknown_access, is_blocking, is_ferry

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.study import Mode

MODES = {"walk": RIDE, "steps": STAIRS, "lift": LIFT, "closed": CLOSED}

WAYS = """
highway=primary                                    walk    walk
highway=secondary bicycle=use_sidepath             walk    walk
highway=secondary foot=use_sidepath                walk    walk
highway=residential sidewalk=separate              walk    walk
highway=residential foot=no                        closed  closed
highway=residential oneway=yes                     walk    walk
highway=residential oneway=-1 oneway:bicycle=no    walk    walk
highway=residential junction=roundabout            walk    walk
highway=residential oneway:foot=yes                walk    closed
highway=residential oneway:foot=-1                 closed  walk
highway=footway foot:backward=no                   walk    closed
highway=footway foot=no foot:forward=yes           walk    closed
highway=residential access=private                 closed  closed
highway=service access=private foot=yes            walk    walk
highway=service access=private bicycle=yes         closed  closed
highway=service access=customers                   walk    walk
highway=residential access=destination             walk    walk
highway=track access=agricultural                  closed  closed
highway=track access=agricultural;yes              walk    walk
highway=track vehicle=no                           walk    walk
highway=unclassified motor_vehicle=private         walk    walk
highway=path access=banana                         walk    walk
highway=path access:backward=no                    walk    closed
highway=path bicycle=no                            walk    walk
highway=path bicycle=designated surface=sand       walk    walk
highway=cycleway                                   walk    walk
highway=cycleway oneway=yes                        walk    walk
highway=cycleway foot=no                           closed  closed
highway=footway                                    walk    walk
highway=footway footway=sidewalk                   walk    walk
highway=footway access=no                          closed  closed
highway=footway access=no foot=designated          walk    walk
highway=pedestrian area=yes                        walk    walk
highway=platform                                   walk    walk
highway=corridor                                   walk    walk
highway=steps                                      steps   steps
highway=steps oneway=yes                           steps   steps
highway=steps conveying=forward                    steps   closed
highway=steps conveying=backward                   closed  steps
highway=steps conveying=yes oneway=yes             steps   closed
highway=steps conveying=yes                        steps   steps
highway=footway conveying=reversible               walk    walk
highway=steps foot=private                         closed  closed
highway=elevator                                   lift    lift
highway=elevator access=private                    closed  closed
highway=bridleway                                  closed  closed
highway=bridleway foot=yes                         walk    walk
highway=busway                                     closed  closed
highway=busway sidewalk=both                       walk    walk
highway=trunk                                      closed  closed
highway=trunk bicycle=yes                          closed  closed
highway=trunk foot=yes                             walk    walk
highway=trunk sidewalk:right=yes                   walk    walk
highway=trunk sidewalk=separate                    closed  closed
highway=trunk_link sidewalk=left access=private    closed  closed
highway=primary motorroad=yes sidewalk=both        closed  closed
highway=primary motorroad=yes foot=yes             walk    walk
highway=motorway foot=yes                          closed  closed
highway=construction foot=yes                      closed  closed
highway=proposed                                   closed  closed
route=ferry                                        closed  closed
"""


@pytest.mark.parametrize("row", WAYS.strip().splitlines())
def test_who_may_walk_where(row: str) -> None:
    """The table: tags, then along the drawn direction and against it."""
    *words, along, against = row.split()
    found = classify_way(tags(" ".join(words)))
    assert [ride.mode for ride in found] == [MODES[along], MODES[against]]
    # At one's own pace, whatever lies there, but on steps.
    paces = {"walk": 5.0, "steps": 3.0, "lift": 5.0, "closed": 0.0}
    assert [ride.speed_kmh(5.0, 5.0) for ride in found] == [paces[along], paces[against]]


ANY = st.lists(
    st.sampled_from(
        [*on_foot.INVITED, *on_foot.LEFT_OPEN, *on_foot.SHUT, "use_sidepath", *on_foot.NO_WORDS]
    ),
    min_size=1,
    max_size=2,
).map(";".join)
TURN = st.sampled_from(["yes", "-1", "no", "maybe"])
SIDE = st.sampled_from(["yes", "both", "left", "right", "no", "separate"])
SOME = dict.fromkeys(("foot", "access", "bicycle", "vehicle", "foot:backward"), ANY)
SOME |= {"access:forward": ANY, "oneway": TURN, "oneway:foot": TURN, "motorroad": st.just("yes")}
SOME |= {"conveying": st.sampled_from(["yes", "forward", "backward", "reversible", "no"])}
SOME |= {f"sidewalk{side}": SIDE for side in ("", ":both", ":left", ":right")}


@settings(max_examples=300)
@given(
    st.sampled_from(sorted(on_foot.KNOWN | {*on_foot.NEVER.split()})),
    st.fixed_dictionaries({}, optional=SOME),
)
def test_ways_are_as_the_rules_say(highway: str, some: dict[str, str]) -> None:
    """Along and against, for any tags at once, by rules that were written a second time."""
    way = {"highway": highway, **some}
    kind = {"steps": STAIRS, "elevator": LIFT}.get(highway, RIDE)
    expected = [kind if on_foot.walks(way, to) else CLOSED for to in ("forward", "backward")]
    assert [ride.mode for ride in classify_way(way)] == expected


NODES = """
barrier=gate                         passed  barrier
barrier=stile                        passed  barrier
barrier=kissing_gate                 passed  barrier
barrier=turnstile                    passed  barrier
barrier=full-height_turnstile        passed  barrier
barrier=cycle_barrier                passed  nothing
barrier=bollard                      passed  nothing
barrier=stile;fence                  stops   barrier
barrier=fence                        stops   nothing
barrier=wall foot=yes                passed  nothing
barrier=gate locked=yes              stops   barrier
barrier=gate locked=yes foot=yes     passed  barrier
barrier=gate access=private          stops   barrier
barrier=gate access=private foot=yes passed  barrier
barrier=bollard foot=no              stops   nothing
barrier=gate bicycle=no vehicle=no   passed  barrier
barrier=moat                         passed  nothing
highway=traffic_signals              passed  signal
highway=crossing                     passed  crossing
highway=elevator                     passed  lift
foot=no                              passed  nothing
"""
WAITS = {"barrier": BARRIER, "nothing": NO_WAIT, "signal": SIGNAL, "crossing": CROSSING}
WAITS |= {"lift": LIFTING}


@pytest.mark.parametrize("row", NODES.strip().splitlines())
def test_what_stops_who_walks(row: str) -> None:
    """The table: tags of a node, whether it stops one, and what one may wait for."""
    *words, passed, wait = row.split()
    node = tags(" ".join(words))
    assert is_blocking(node) is (passed == "stops")
    assert find_wait(node) == WAITS[wait]


@settings(max_examples=200)
@given(
    st.lists(
        st.sampled_from([*on_foot.SHUTTING, "stile", "turnstile", "gate", "bollard", "moat"]),
        min_size=1,
        max_size=2,
    ).map(";".join),
    st.fixed_dictionaries({}, optional=dict.fromkeys(("foot", "access", "bicycle"), ANY)),
    st.sampled_from([{}, {"locked": "yes"}, {"locked": "no"}]),
)
def test_barriers_are_as_the_rules_say(
    barrier: str, some: dict[str, str], locked: dict[str, str]
) -> None:
    """Whatever it is and whoever may pass."""
    node = {"barrier": barrier, **some, **locked}
    assert is_blocking(node) is on_foot.stops(node)


def test_ferries_take_who_walks_but_where_a_tag_says_no() -> None:
    """A bicycle tag says nothing of them, and a word that is not known is counted."""
    for text, takes in (("", True), ("bicycle=no", True), ("foot=no", False), ("access=no", False),
                        ("access=no foot=yes", True), ("highway=path", False)):  # fmt: skip
        assert is_ferry(tags(f"route=ferry {text}")) is takes
    assert has_unknown_access(tags("highway=path foot:forward=banana"))
    assert not has_unknown_access(tags("highway=path bicycle=banana"))


TOWN = RoadMap(
    {"a": (0, 0), "b": (500, 0), "c": (500, 400), "d": (500, 500), "e": (900, 500)},
    [
        ("b a", "highway=residential oneway=yes maxspeed=3"),
        ("b c", "highway=path bicycle=no surface=sand"),
        ("c d", "highway=steps"),
        ("d e", "highway=footway"),
    ],
    {"d": "highway=crossing"},
)


def test_one_walks_at_ones_own_pace_from_door_to_door(tmp_path: Path) -> None:
    """Against a one-way street, over sand, on steps at 3/5, and to the door: by hand."""
    network = TOWN.network(tmp_path, "foot")
    assert network.on_foot
    assert "walked: all 1 km\n" in repr(network)
    school = points([(TOWN.at("e")[0], TOWN.at("e")[1] + 12.0)], academy_id=["s"])
    for kmh in (2.0, 4.3, 5.2):
        (time,) = access(network, school, points([TOWN.at("a")]), speed_kmh=kmh, cutoff_min=60)[
            "travel_time_s"
        ]
        by_hand = TOWN.ms("a b c", kmh) + TOWN.ms("c d", 0.6 * kmh) + TOWN.ms("d e", kmh)
        assert time == pytest.approx((by_hand + 12_000 * 3.6 / kmh) / 1000, abs=0.002)
    # Whoever rides takes other ways: pushed against the street, and 2 km/h on the steps.
    ridden = access(TOWN.network(tmp_path), school, points([TOWN.at("a")]), speed_kmh=4.3)
    assert ridden["travel_time_s"].iloc[0] > 900


def test_what_changes_nothing_on_foot_is_refused(tmp_path: Path) -> None:
    """Surfaces, the pace to the door, quiet roads, and a mode that there is not: a line each."""
    network, place = TOWN.network(tmp_path, "foot"), points([TOWN.at("a")], academy_id=["s"])
    with pytest.raises(InputError) as caught:
        access(network, place, place, speed_kmh=4, walking_speed_ms=1.0, surface=False)
    assert str(caught.value).splitlines() == [
        "walking_speed_ms: changes nothing over a network on foot; leave it out",
        "surface: changes nothing over a network on foot; leave it out",
    ]
    with pytest.raises(InputError, match='has no profile "low_stress": it is walked'):
        network.restrict_to("low_stress")
    with pytest.raises(InputError, match="mode: is 'voet'; give one of \"bicycle\""):
        Network.from_osm(TOWN.write(tmp_path), mode="voet")  # type: ignore[arg-type]
    only = RoadMap({"a": (0, 0), "b": (99, 0)}, [("a b", "highway=cycleway foot=no")])
    with pytest.raises(InputError, match="has no road that one can walk along"):
        only.network(tmp_path, "foot")
    assert isochrones(network, place, speed_kmh=4, minutes=[5])["area_km2"].iloc[0] > 0


@pytest.mark.parametrize("first", ["bicycle", "foot"])
def test_networks_of_two_modes_are_never_mixed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: Mode
) -> None:
    """In the cache each has an entry of its own; that of an e-bike is that of a bicycle."""
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path / "cache"))
    extract, hashes = TOWN.write(tmp_path), ["0" * 64]
    other: Mode = "foot" if first == "bicycle" else "bicycle"
    for _ in range(2):  # the second time from the disk
        for mode in (first, other, "e-bike"):
            network = cache.load_network([extract], hashes, mode=mode)
            assert network.on_foot is (mode == "foot")
            assert (0.6 in {ride.ratio for ride in network.rides}) is network.on_foot
    assert len(list((tmp_path / "cache" / "networks").iterdir())) == 2


def test_a_graph_of_osmnx_can_be_walked() -> None:
    """Its own directions, our rules of who may go: a cycleway with foot=no is left out."""
    import networkx as nx

    graph = nx.MultiDiGraph(crs="EPSG:4326")
    for node, lon in enumerate((4.0, 4.01, 4.02)):
        graph.add_node(node, x=lon, y=51.0)
    for u, v, more in ((0, 1, {"highway": "steps"}), (1, 2, {"highway": "cycleway", "foot": "no"})):
        graph.add_edge(u, v, length=700.0, **more)
        graph.add_edge(v, u, length=700.0, **more)
    network = Network.from_osmnx(graph, mode="foot")
    assert network.on_foot
    assert network.counts["ways_closed_on_foot"] == 2
    np.testing.assert_array_equal(
        network.travel_times(5.0).forward_ms, [round(700_000 * 3.6 / 3.0)]
    )
