"""Gains of better roads and new academies: each equals what a whole measurement counts."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import hand
import lattice
import numpy as np
import pytest
from drawn_edits import draw_edits
from hypothesis import given, settings
from hypothesis import strategies as st
from made_town import MadeTown, draw_places

from stemgeo.errors import InputError
from stemgeo.links.gains import Done, Options, RoadGains, RoadSearch
from stemgeo.measure import Measured, Prepared, measure_day
from stemgeo.network.edits import RoadEdit, lay_edits

if TYPE_CHECKING:
    from stemgeo.network import Network


@pytest.fixture(scope="module")
def roads(tmp_path_factory: pytest.TempPathFactory) -> Network:
    """The roads of the made town."""
    return lattice.network(tmp_path_factory.mktemp("town"))


@pytest.fixture(scope="module")
def towns(roads: Network) -> list[MadeTown]:
    """The town by several rules: what crossing costs, and who rides on pavements."""
    rules = (("push", True), ("end", False), ("ignore", True))
    return [
        MadeTown(roads, busy_crossings=crossings, pavements_under_10=young)
        for crossings, young in rules
    ]


@settings(max_examples=12)
@given(seed=st.integers(0, 10_000), rules=st.integers(0, 2))
def test_each_set_gains_what_a_whole_measurement_counts(
    towns: list[MadeTown], seed: int, rules: int
) -> None:
    """Edits and academies in any set: over all roads, speeds and ages, to the child."""
    town, random = towns[rules], np.random.default_rng(seed)
    network = town.rider.network
    edits, places = draw_edits(network, seed), draw_places(random, 3)
    sets = [([number], []) for number in random.choice(len(edits), 2, replace=False)]
    sets += [(_draw_set(random, len(edits)), _draw_set(random, 3)) for _ in range(2)]
    laid = lay_edits(network, edits)
    gains = RoadGains.from_measured(town.prepared, town.measured, laid, places, threads=2)
    found = gains.count(Options.of_lists(*zip(*sets, strict=True)))
    before = town.count(network, places.iloc[:0])
    for at, (chosen, opened) in enumerate(sets):
        alone = lay_edits(network, [edits[one] for one in chosen]).after
        after = town.count(alone, places.iloc[opened])
        expected = [after[kind] - before[kind] for kind in found.kinds]
        assert found.children[at].tolist() == expected
        assert min(expected) >= 0, "a better road took someone out of reach"


def _draw_set(random: np.random.Generator, count: int) -> list[int]:
    size = random.integers(count + 1)
    return random.choice(count, size, replace=False).tolist()


def test_one_after_another_gains_what_all_gain_together(towns: list[MadeTown]) -> None:
    """What is done stays done: what is tried on top of it is as of a network with both."""
    town, random = towns[0], np.random.default_rng(4)
    network = town.rider.network
    edits, places = draw_edits(network, 4, 20), draw_places(random, 3)
    laid = lay_edits(network, edits)
    gains = RoadGains.from_measured(town.prepared, town.measured, laid, places, threads=1)
    order = random.permutation(23).tolist()
    steps = [Options.of_lists([[one]] if one < 20 else [[]], [[]] if one < 20 else [[one - 20]])
             for one in order]  # fmt: skip
    every = Options.of_lists([range(20)], [range(3)])
    gained = 0
    for search in gains.list_searches(["low_stress"]):
        done, found = search.begin(), []
        for step in steps:
            first, tried = search.try_options(step, done)
            again, repeated = search.try_options(step, done)
            assert (first.tolist(), set(tried)) == (again.tolist(), set(repeated))
            gains_of_step = search.do(step, done)
            assert set(gains_of_step) == set(tried)
            found += gains_of_step.tolist()
        _, together = search.try_options(every)
        assert sorted(found) == sorted(together.tolist())
        gained += len(found)
    assert gained > 0


def test_any_number_of_threads_gains_the_same(towns: list[MadeTown]) -> None:
    """Whoever tries which option, and in whichever company, the children are the same."""
    town = towns[1]
    network = town.rider.network
    edits = draw_edits(network, 7, 30)
    laid = lay_edits(network, edits)
    options = Options.of_lists([[number % 30] for number in range(600)])
    both = [
        RoadGains.from_measured(town.prepared, town.measured, laid, threads=threads)
        for threads in (1, 2)
    ]
    one, two = (gains.count(options, scenarios=["central"]) for gains in both)
    np.testing.assert_array_equal(one.children, two.children)
    np.testing.assert_array_equal(one.children[:30], one.children[570:])
    assert one.children.any()
    searches = (gains.list_searches(["low_stress"], ["central"]) for gains in both)
    for alone, shared in zip(*searches, strict=True):
        tried = []
        for search in (alone, shared):
            done = search.begin()
            search.do(options.take([3]), done)
            tried.append([part.tolist() for part in search.try_options(options, done)])
        assert tried[0] == tried[1]


def test_what_is_done_is_copied_before_any_thread_begins(
    towns: list[MadeTown], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread that copied it while another tries on it took a state that is not whole."""
    town = towns[1]
    laid = lay_edits(town.rider.network, draw_edits(town.rider.network, 7, 30))
    gains = RoadGains.from_measured(town.prepared, town.measured, laid, threads=3)
    options = Options.of_lists([[number % 30] for number in range(600)])
    (search, *_) = gains.list_searches(["low_stress"], ["central"])
    begin, by = RoadSearch.begin, []

    def tell(self: RoadSearch, done: Done | None = None) -> Done:
        by.append(threading.current_thread())
        return begin(self, done)

    monkeypatch.setattr(RoadSearch, "begin", tell)
    for done in (None, begin(search)):
        search.try_options(options, done)
    assert by == [threading.main_thread()] * 5


def test_what_closes_a_road_is_refused(towns: list[MadeTown]) -> None:
    """Gains are of better roads: an edit that closes one is named."""
    town = towns[0]
    network = town.rider.network
    open_ = np.flatnonzero(network.open_forward)[:3]
    edits = [RoadEdit("a", "quiet", segments=np.array([0]))]
    edits += [RoadEdit("b", "close", segments=network.first_segment[open_].astype(np.intp))]
    gains = RoadGains.from_measured(town.prepared, town.measured, lay_edits(network, edits))
    with pytest.raises(InputError, match="edit 1 closes a road"):
        gains.count(Options.of_lists([[0]]))


def test_in_a_straight_line_no_road_is_better() -> None:
    """Without roads there is nothing to open, and that is said."""
    study = hand.study(addresses="a.csv", demand={"method": "buildings"})
    prepared = Prepared.from_inputs(study, lattice.inputs(10, 2))
    measured: Measured = measure_day(prepared, study.about.date)
    laid: Any = None
    with pytest.raises(InputError, match="straight line"):
        RoadGains.from_measured(prepared, measured, laid)
