"""Sets of roads and academies: the best is found, and proved, and never below the greedy."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import lattice
import numpy as np
import pytest
from drawn_edits import draw_edits
from hypothesis import given, settings
from hypothesis import strategies as st
from made_town import MadeTown, draw_places

from stemgeo.links.gains import Options, RoadGains
from stemgeo.links.sets import NOT_KNOWN, choose_together
from stemgeo.network.edits import RoadEdit, lay_edits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stemgeo.network import Network

EDITS, PLACES = 9, 2
BLOCKS = 6
"""Of these edits so many make all of a part of the town quiet: several lie on the same rides."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> MadeTown:
    """The made town, where crossing a busy road costs as much as to push."""
    roads = lattice.network(tmp_path_factory.mktemp("town"))
    return MadeTown(roads, busy_crossings="push", pavements_under_10=False)


def _make_quiet(network: Network, random: np.random.Generator) -> list[RoadEdit]:
    """Draw edits that make the loud streets of some squares of the town quiet."""
    loud = np.flatnonzero(np.maximum(network.stress_forward, network.stress_backward) > 2)
    x, y, *_ = (one[loud] for one in network.pieces)
    square = (x // 400).astype(int) * 1000 + (y // 400).astype(int)
    part = random.integers(BLOCKS, size=square.max() + 1)[square]
    return [RoadEdit(f"b{one}", "quiet", segments=loud[part == one]) for one in range(BLOCKS)]


class Case:
    """Some edits, academies, pairs of them, and what they cost."""

    def __init__(self, town: MadeTown, seed: int) -> None:
        self.random = random = np.random.default_rng(seed)
        network = town.rider.network
        edits = _make_quiet(network, random) + draw_edits(network, seed, EDITS - BLOCKS)[1:]
        edits.append(RoadEdit("more", "quiet", segments=edits[0].segments[::2]))
        places = draw_places(random, PLACES)
        laid = lay_edits(network, edits)
        self.gains = RoadGains.from_measured(town.prepared, town.measured, laid, places, threads=1)
        lists = [[one] for one in range(EDITS)] + [[]] * PLACES
        sites = [[]] * EDITS + [[one] for one in range(PLACES)]
        pairs = [sorted(random.choice(EDITS, 2, replace=False).tolist()) for _ in range(2)]
        self.options = Options.of_lists([*lists, *pairs], [*sites, [], []])
        self.cents = random.integers(100, 1000, EDITS), random.integers(500, 3000, PLACES)

    def join(self, chosen: Sequence[int]) -> Options:
        """Give one option that does some."""
        return self.options.take(list(chosen)).join()

    def cost(self, chosen: Sequence[int]) -> int:
        """Add up what is done, each thing once."""
        joined = self.join(chosen)
        parts = (self.cents[0][np.unique(joined.edit)], self.cents[1][np.unique(joined.site)])
        return int(sum(part.sum() for part in parts))

    def count(self, sets: Sequence[Sequence[int]], profile: str) -> np.ndarray:
        """Count what each set brings over the roads of a profile."""
        joined = [self.join(one) for one in sets]
        options = Options.of_lists(
            [one.edit.tolist() for one in joined], [one.site.tolist() for one in joined]
        )
        found = self.gains.count(options, profiles=[profile], scenarios=["central"])
        return found.sum_up(profile)

    def enumerate_all(self, most: int) -> list[tuple[int, ...]]:
        """List every choice of so many options at most."""
        every = range(len(self.options))
        return [one for size in range(most + 1) for one in combinations(every, size)]


@settings(max_examples=6)
@given(
    seed=st.integers(0, 10_000), most=st.integers(1, 3), budget=st.sampled_from([None, 800, 1500])
)
def test_the_best_is_that_of_all_choices(
    town: MadeTown, seed: int, most: int, budget: int | None
) -> None:
    """So many options, with and without a budget: the most that any choice brings, and proved."""
    case = Case(town, seed)
    sets = case.enumerate_all(most)
    counts = case.count(sets, "low_stress")
    kept = [budget is None or case.cost(one) <= budget for one in sets]
    edit_cents, site_cents = case.cents
    found = choose_together(
        case.gains,
        case.options,
        profile="low_stress",
        most=most,
        edit_cents=edit_cents,
        site_cents=site_cents,
        budget_cents=budget,
    )
    assert found.optimal
    assert sum(found.adds) == found.bound == counts[kept].max()
    assert len(found.chosen) <= most
    assert budget is None or case.cost(found.chosen) <= budget
    prefixes = [found.chosen[: size + 1] for size in range(len(found.chosen))]
    totals = case.count(prefixes, "low_stress").tolist()
    assert totals == np.cumsum(found.adds).tolist()


def test_without_time_for_a_proof_the_choice_stands(town: MadeTown) -> None:
    """The greedy choice is within the limits, and no better than what is proved."""
    case = Case(town, 11)
    quick = choose_together(case.gains, case.options, profile="low_stress", most=3, seconds=0.0)
    proved = choose_together(case.gains, case.options, profile="low_stress", most=3)
    assert 0 < sum(quick.adds) <= sum(proved.adds) == proved.bound <= quick.bound
    assert proved.optimal


def test_what_has_no_price_is_not_bought(town: MadeTown) -> None:
    """Under a budget nothing is chosen of which nobody knows what it costs; without one it is."""
    case = Case(town, 11)
    edit_cents, site_cents = (np.full(len(one), NOT_KNOWN) for one in case.cents)
    given_ = {"profile": "low_stress", "most": 3, "edit_cents": edit_cents}
    found = choose_together(
        case.gains, case.options, **given_, site_cents=site_cents, budget_cents=10**9
    )
    assert (found.chosen, found.bound, found.optimal) == ((), 0, True)
    assert choose_together(case.gains, case.options, **given_, site_cents=site_cents).chosen
