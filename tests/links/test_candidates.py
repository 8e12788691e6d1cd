"""Facts about candidates: each kind where it should be and nowhere else, worked out by hand."""

from __future__ import annotations

import datetime as dt
from itertools import combinations
from typing import TYPE_CHECKING, Any

import hand
import lattice
import numpy as np
import pytest
from drawn_towns import LOUD, STREET, Town, line_of, tell

from stemgeo.links.candidates import list_candidates
from stemgeo.links.drawn import _list_runs
from stemgeo.links.gains import Options, RoadGains
from stemgeo.links.quiet import Stretches, mark_stressful
from stemgeo.measure import Prepared, measure_day
from stemgeo.network.edits import RoadEdit, lay_edits

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.network.graph import Network

WALK = {"sidewalk": "both"}
"""A pavement: the bicycle can be pushed along."""


def street(*numbers: int) -> tuple[list[int], dict[str, str]]:
    """Draw a calm street."""
    return [*numbers], STREET


def loud(*numbers: int, **tags: str) -> tuple[list[int], dict[str, str]]:
    """Draw a road that is too busy."""
    return [*numbers], LOUD | tags


def row(*km: float) -> dict[int, tuple[float, float]]:
    """Place nodes 1, 2, ... along a straight line."""
    return {at: (one, 0.0) for at, one in enumerate(km, start=1)}


def test_a_stretch_runs_from_one_quiet_place_to_the_next(tmp_path: Path) -> None:
    """Through what is no more than a bend or a change of tags, past no place where a street meets.

    Home at 0 km, the academy at 2 km; busy from 0.5 to 1 km. Ridden it is 8 minutes; pushed half a
    kilometre takes 7.5 instead of 2, which is more than 10 in all.
    """
    nodes = row(0, 0.5, 0.7, 1.0, 2.0)
    ways = [street(1, 2), loud(2, 3, **WALK), loud(3, 4, lanes="4", **WALK), street(4, 5)]
    town = Town(tmp_path, nodes, ways, [(0.01, 0.01)], [(1.99, 0.01)], cutoff_min=10)
    found = town.list_candidates()
    assert tell(found) == [("stretch", 1, 500)]
    assert found.table["stress"].tolist() == [4]
    assert found.table["ways"].tolist() == ["3; 2"]
    assert found.table["nis_code"].tolist() == ["11001"]
    (edit,) = found.edits
    assert (edit.change, len(edit.segments)) == ("quiet", 2)
    assert [edit.edit_id] == found.table["link_id"].tolist()
    assert line_of(found, 0).bounds == pytest.approx((0.5, 0, 1.0, 0), abs=1e-3)
    assert town.count_gain(found.edits) == 13


def test_nothing_is_looked_at_where_nobody_is_left_to_gain(tmp_path: Path) -> None:
    """In four minutes more all are within reach by pushing; in fewer than eight nobody ever is."""
    nodes, ways = row(0, 0.5, 1.0, 2.0), [street(1, 2), loud(2, 3, **WALK), street(3, 4)]
    for cutoff_min in (14, 7):
        town = Town(tmp_path, nodes, ways, [(0.01, 0.01)], [(1.99, 0.01)], cutoff_min=cutoff_min)
        assert len(town.list_candidates()) == 0


def test_arms_of_busy_roads_end_where_they_meet(tmp_path: Path) -> None:
    """Three busy roads at one place are three stretches; a ride takes two of them, together."""
    nodes = row(0, 0.5, 1.0, 1.5, 2.0) | {6: (1.0, 0.4)}
    ways = [street(1, 2), loud(2, 3), loud(3, 4), street(4, 5), loud(3, 6)]
    town = Town(tmp_path, nodes, ways, [(0.01, 0.01)], [(1.99, 0.01)], cutoff_min=10)
    assert _measure_every(town.measured.riders[0].network) == [400, 500, 500]
    found = town.list_candidates()
    assert tell(found) == [("chain", 2, 1000)]
    assert town.count_gain(found.edits) == 13
    assert [town.count_gain([one]) for one in found.edits] == [0, 0]


def test_two_halves_of_a_route_are_one_candidate(tmp_path: Path) -> None:
    """Two busy pieces of two streets, quiet between them: neither is of use alone."""
    nodes = row(0, 0.3, 0.6, 1.4, 1.7, 2.0)
    ways = [
        street(1, 2),
        loud(2, 3, name="Noordlaan", **WALK),
        street(3, 4),
        loud(4, 5, name="Zuidlaan", **WALK),
        street(5, 6),
    ]
    # Ridden 8 minutes; each piece that is pushed takes 3.3 more.
    town = Town(tmp_path, nodes, ways, [(0.01, 0.01)], [(1.99, 0.01)], cutoff_min=10)
    found = town.list_candidates()
    assert tell(found) == [("chain", 2, 600)]
    assert found.members.member.tolist() == [0, 1]
    # Where one of them is enough each is a candidate too.
    wide = Town(tmp_path, nodes, ways, [(0.01, 0.01)], [(1.99, 0.01)], cutoff_min=12)
    assert tell(wide.list_candidates())[-2:] == [("stretch", 1, 300), ("stretch", 1, 300)]


def test_pieces_of_one_street_are_chained_up_to_the_limit(tmp_path: Path) -> None:
    """Three pieces between side streets: all of them together, within `max_chain_m`."""
    nodes = row(0, 0.3, 0.6, 0.9, 1.2, 1.5) | {7: (0.6, 0.1), 8: (0.9, 0.1)}
    ways = [street(1, 2), loud(2, 3, 4, 5), street(5, 6), street(3, 7), street(4, 8)]
    home, site = [(0.01, 0.01)], [(1.49, 0.01)]
    town = Town(tmp_path, nodes, ways, home, site, cutoff_min=8)
    assert tell(town.list_candidates()) == [("chain", 3, 900)]
    short = Town(tmp_path, nodes, ways, home, site, cutoff_min=8, links={"max_chain_m": 899})
    assert tell(short.list_candidates()) == []


def test_a_busy_crossing_is_a_candidate_where_the_study_lets_it_cost(tmp_path: Path) -> None:
    """A street goes on beyond a main road: one gets across only where that is made safe."""
    nodes = row(0, 0.5, 1.0) | {4: (0.5, 0.5), 5: (0.5, -0.5)}
    ways = [street(1, 2), street(2, 3), loud(4, 2, 5)]
    home, site = [(0.01, 0.01)], [(0.99, 0.01)]
    town = Town(tmp_path, nodes, ways, home, site, cutoff_min=10, busy_crossings="end")
    found = town.list_candidates()
    assert tell(found) == [("junction", 1, 0)]
    assert line_of(found, 0).coords[0] == pytest.approx((0.5, 0), abs=1e-3)
    assert town.count_gain(found.edits) == 13
    free = Town(tmp_path, nodes, ways, home, site, cutoff_min=10)
    assert len(free.list_candidates()) == 0


def test_both_halves_of_a_wide_road_are_crossed_together(tmp_path: Path) -> None:
    """Two carriageways 15 m apart: each crossing is of no use without the other."""
    nodes = row(0, 0.5, 0.515, 1.0) | {
        5: (0.5, 0.5),
        6: (0.5, -0.5),
        7: (0.515, 0.5),
        8: (0.515, -0.5),
    }
    ways = [
        street(1, 2),
        street(2, 3),
        street(3, 4),
        loud(5, 2, 6, oneway="yes"),
        loud(8, 3, 7, oneway="yes"),
    ]
    town = Town(
        tmp_path, nodes, ways, [(0.01, 0.01)], [(0.99, 0.01)], cutoff_min=10, busy_crossings="end"
    )
    found = town.list_candidates()
    assert tell(found) == [("junction", 2, 0)]
    assert town.count_gain(found.edits) == 13


CANAL = ([11, 12], {"waterway": "canal", "name": "Dender"})
BANKS = row(0, 1.0) | {3: (0, 0.1), 4: (1.0, 0.1), 5: (-3, 0), 6: (-3, 0.1)}
BANKS |= {11: (-2.9, 0.05), 12: (2, 0.05)}
ROUND = [street(1, 2), street(3, 4), street(1, 5), street(5, 6), street(6, 3), CANAL]
"""Streets on both banks of a canal, 100 m apart; the only way round it is 3 km to the west."""


def test_a_bridge_joins_two_banks(tmp_path: Path) -> None:
    """Home on the one side, the academy across: links of 100 m and little more, over water."""
    town = Town(tmp_path, BANKS, ROUND, [(0.5, -0.01)], [(0.5, 0.11)], cutoff_min=10)
    found = town.list_candidates()
    assert set(found.table["kind"]) == {"barrier"}
    assert set(found.table["across"]) == {"water"}
    assert found.table["length_m"].between(99, 150).all()
    assert found.table["length_m"].min() == pytest.approx(100, abs=0.2)
    assert {town.count_gain([one]) for one in found.edits} == {13}
    where = tmp_path, BANKS, ROUND, [(0.5, -0.01)], [(0.5, 0.11)]
    short = Town(*where, cutoff_min=10, links={"max_barrier_m": 99})
    assert len(short.list_candidates()) == 0


def test_what_is_crossed_is_told_whatever_else_is_beside_it(tmp_path: Path) -> None:
    """A motorway along the canal: one bridge over both; a river that is far off is not named."""
    nodes = BANKS | {13: (-2.9, 0.06), 14: (2, 0.06), 15: (-2, 3), 16: (2, 3)}
    ways = [*ROUND, ([13, 14], {"highway": "motorway"}), ([15, 16], {"waterway": "river"})]
    town = Town(tmp_path, nodes, ways, [(0.5, -0.01)], [(0.5, 0.11)], cutoff_min=10)
    assert set(town.list_candidates().table["across"]) == {"water; motorway"}


def test_a_gap_joins_near_ends_that_are_far_by_road(tmp_path: Path) -> None:
    """The same banks without a canal: a link on the ground, from the one dead end to the other."""
    ways = [one for one in ROUND if one is not CANAL]
    town = Town(tmp_path, BANKS, ways, [(0.5, -0.01)], [(0.5, 0.11)], cutoff_min=10)
    found = town.list_candidates()
    assert tell(found) == [("gap", 1, 100)]
    assert {town.count_gain([one]) for one in found.edits} == {13}
    assert found.table["across"].tolist() == [""]
    assert line_of(found, 0).bounds == pytest.approx((1, 0, 1, 0.1), abs=1e-3)


def test_a_gap_crosses_no_road(tmp_path: Path) -> None:
    """A street runs in between: links end there, not beyond it."""
    nodes = BANKS | {7: (-1, 0.05), 8: (2, 0.05)}
    ways = [*(one for one in ROUND if one is not CANAL), street(7, 8)]
    town = Town(tmp_path, nodes, ways, [(0.5, -0.01)], [(0.5, 0.11)], cutoff_min=10)
    assert len(town.list_candidates()) == 0


def test_a_gap_is_worth_a_detour(tmp_path: Path) -> None:
    """Over the link one saves at least 8 minutes, or the cutoff less 4: 20 times its own 24 s."""
    ways = [one for one in ROUND if one is not CANAL]
    where = tmp_path, BANKS, ways, [(0.5, -0.01)], [(0.5, 0.11)]
    assert len(Town(*where, cutoff_min=10, links={"least_detour": 15}).list_candidates()) == 1
    assert len(Town(*where, cutoff_min=6, links={"least_detour": 20}).list_candidates()) == 0


def test_projects_of_the_user_are_candidates_as_they_are(tmp_path: Path) -> None:
    """Whatever they bring; under their own names."""
    nodes, ways = row(0, 0.5, 1.0, 2.0), [street(1, 2), loud(2, 3, **WALK), street(3, 4)]
    town = Town(tmp_path, nodes, ways, [(0.01, 0.01)], [(1.99, 0.01)], cutoff_min=30)
    mine = RoadEdit("P1", "quiet", segments=np.array([0, 1]))
    length_m = round(town.measured.riders[0].network.length_mm[:2].sum() / 1000)
    new = RoadEdit("P2", "add", line=np.array([[hand.X0, hand.Y0], [hand.X0, hand.Y0 + 300]]))
    found = town.list_candidates([mine, new])
    assert found.table["link_id"].tolist() == ["P1", "P2"]
    assert found.table["length_m"].round().tolist() == [length_m, 300]
    assert found.edits == [mine, new]


def test_no_more_of_a_kind_than_asked_and_what_is_left_out_is_told(tmp_path: Path) -> None:
    """Those over which most children ride come first; a stretch that is too long is counted."""
    nodes = row(0, 0.5, 1.0, 2.0) | {5: (0, 1), 6: (0.5, 1), 7: (1.0, 1), 8: (2, 1)}
    ways = [street(1, 2), loud(2, 3), street(3, 4), street(5, 6), loud(6, 7), street(7, 8, 4)]
    homes, sites = [(0.01, 0.01), (0.03, 1.01), (0.05, 1.01)], [(1.99, 0.01), (1.99, 1.01)]
    where = tmp_path, nodes, ways, homes, sites
    every = Town(*where, cutoff_min=10).list_candidates()
    assert (tell(every), every.left_out) == ([("stretch", 1, 500)] * 2, {})
    most = Town(*where, cutoff_min=10, links={"most": 1}).list_candidates()
    assert line_of(most, 0).bounds[1] == pytest.approx(1, abs=1e-3)
    assert most.left_out == {"stretch": 1}
    short = Town(*where, cutoff_min=10, links={"max_stretch_m": 400}).list_candidates()
    assert (len(short), short.left_out) == (0, {"too_long": 2})


@pytest.mark.parametrize("busy_crossings", ["ignore", "push", "end"])
def test_no_stretch_or_crossing_that_brings_someone_is_missed(
    tmp_path: Path, busy_crossings: str
) -> None:
    """On a made town: each stretch and each crossing by itself, by its exact gain, and no other.

    What is listed brings someone but for a few: whom a stretch brings to a door on itself is known
    at its ends alone.
    """
    prepared = _prepare_town(tmp_path, busy_crossings)
    measured = measure_day(prepared, dt.date(2022, 12, 31), threads=1)
    found = list_candidates(prepared, measured)
    alone = found.members.member[found.members.first[:-1]][np.diff(found.members.first) == 1]
    listed = {_place(found.edits[at]) for at in alone if found.edits[at].change != "add"}
    edits = _list_every(measured.riders[0].network)
    laid = lay_edits(measured.riders[0].network, edits)
    each = Options.of_lists([[at] for at in range(len(edits))])
    gains = RoadGains.from_measured(prepared, measured, laid, threads=1).count(each)
    gain = dict(zip(map(_place, edits), gains.sum_up("low_stress").tolist(), strict=True))
    assert {place for place, children in gain.items() if children} <= listed
    assert len(listed) > 8
    assert sum(not gain[place] for place in listed) <= len(listed) / 5


def test_whom_two_halves_bring_comes_by_a_candidate(tmp_path: Path) -> None:
    """Of all pairs of stretches of a made town neither of which brings anyone by itself.

    Every child whom such a pair brings is brought by a candidate of two or three stretches too.
    """
    prepared = _prepare_town(tmp_path, "ignore", seed=3, cutoff_min=9)
    measured = measure_day(prepared, dt.date(2022, 12, 31), threads=1)
    found, network = list_candidates(prepared, measured), measured.riders[0].network
    few = np.isin(np.diff(found.members.first), (2, 3)) & (found.table["kind"] == "chain")
    chains = found.members.take(np.flatnonzero(few))
    edits = _list_every(network)
    edits = edits[: sum(one.change == "quiet" for one in edits)]
    pairs = np.array(list(combinations(range(len(edits)), 2)))
    brought = 0
    every = RoadGains.from_measured(prepared, measured, lay_edits(network, edits), threads=1)
    own = RoadGains.from_measured(prepared, measured, lay_edits(network, found.edits), threads=1)
    asked = (["low_stress"], ["central"])
    for search, mine in zip(every.list_searches(*asked), own.list_searches(*asked), strict=True):
        first, _ = search.try_options(Options.of_lists([[at] for at in range(len(edits))]))
        idle = np.diff(first) == 0
        halves = pairs[idle[pairs].all(axis=1)]
        _, by_pairs = search.try_options(Options.of_lists(halves.tolist()))
        _, by_chains = mine.try_options(Options.of_edits(chains.first, chains.member))
        assert set(search.points[by_pairs]) <= set(mine.points[by_chains])
        brought += len(set(by_pairs.tolist()))
    assert brought > 3


def _place(edit: RoadEdit) -> tuple[int, ...]:
    return (edit.node, *edit.segments.tolist())


def _prepare_town(
    folder: Path, busy_crossings: str, seed: int = 1, cutoff_min: float = 6
) -> Prepared:
    travel: dict[str, Any] = {"cutoff_min": cutoff_min, "busy_crossings": busy_crossings}
    study = hand.study(
        "stad.osm", addresses="adressen.csv", demand={"method": "buildings"}, travel=travel
    )
    return Prepared.from_inputs(study, lattice.inputs(600, 6), lattice.network(folder, seed=seed))


def _find_every(network: Network) -> tuple[Network, Stretches]:
    loud_ones = mark_stressful(network, "low_stress")
    cut = lay_edits(network, [RoadEdit("", "quiet", segments=np.flatnonzero(loud_ones))]).before
    return cut, Stretches.from_network(cut, loud_ones)


def _measure_every(network: Network) -> list[int]:
    cut, stretches = _find_every(network)
    return sorted(stretches.measure_m(cut).round().astype(int).tolist())


def _list_every(network: Network) -> list[RoadEdit]:
    """List every stretch and every busy crossing of a network."""
    cut, stretches = _find_every(network)
    first, segment = _list_runs(cut, stretches, np.arange(len(stretches)))
    edge, end = np.nonzero(network.busy_ends)
    return [
        *(RoadEdit("s", "quiet", segments=one) for one in np.split(segment, first[1:-1])),
        *(RoadEdit("x", "crossing", node=int(at)) for at in np.unique(network.ends[end, edge])),
    ]
