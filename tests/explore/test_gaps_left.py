"""Facts about the gaps of a variant: those of a run, and their children counted one by one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import hand
import numpy as np
import pytest
from explore.town import OpenTown, draw_change

from stemgeo.explore.gaps_left import KeptGaps, add_up_late
from stemgeo.gaps import find_gaps
from stemgeo.gaps.areas import GapGround
from stemgeo.gaps.late import PROFILES

if TYPE_CHECKING:
    from stemgeo.measure import Measured

pytestmark = pytest.mark.usefixtures("read_once")


@pytest.fixture(scope="module", params=[False, True], ids=["over roads", "in a straight line"])
def town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> OpenTown:
    """The town, opened; it is not changed."""
    folder = tmp_path_factory.mktemp("gaps") / "study"
    return OpenTown.write(folder, straight_line=request.param)


def test_gaps_are_those_of_a_run(town: OpenTown) -> None:
    """Ids, names, profiles and children: there are gaps of each profile that the study has."""
    table = find_gaps(town.prepared, town.measure(None, [])).table
    kept = town.board.beside.gaps
    assert kept.ids.tolist() == table["gap_id"].tolist()
    assert kept.names.tolist() == table["name"].tolist()
    assert [PROFILES[one] for one in kept.profile] == table["profile"].tolist()
    assert kept.before.tolist() == table["uncovered"].tolist()
    ridden = set(PROFILES) & set(town.board.ground.profiles)
    assert set(table["profile"]) == ridden


@pytest.mark.parametrize("method", ["roads", "zones"])
def test_gaps_are_those_of_a_run_however_joined(town: OpenTown, method: str) -> None:
    """Children joined along the roads, or by the zones they live in."""
    rules = town.prepared.study.gaps.model_copy(update={"method": method})
    study = town.prepared.study.model_copy(update={"gaps": rules})
    prepared = replace(town.prepared, study=study)
    measured = town.measure(None, [])
    table = find_gaps(prepared, measured).table
    board = town.board
    rows = add_up_late(board.ground, lambda profile, cell: within(measured, profile, cell))
    kept = KeptGaps.from_late(rows, GapGround.from_prepared(prepared, measured.riders[0]), 1)
    assert kept.ids.tolist() == table["gap_id"].tolist()
    assert kept.before.tolist() == table["uncovered"].tolist()


def within(measured: Measured, profile: str, cell: int) -> np.ndarray:
    """Say which points have the ages within reach, as it was measured."""
    central = [
        one.covered
        for one in measured.reached
        if (one.profile, one.scenario) == (profile, "central")
    ]
    return central[cell]


@pytest.mark.parametrize("seed", range(8))
def test_what_is_left_equals_a_recount(town: OpenTown, seed: int) -> None:
    """Point by point and age by age, of what was measured before and is measured after."""
    placed, closed = draw_change(town.board, seed)
    found = town.board.beside.gaps.count_left(town.board.change(placed, closed).moves)
    left = {one.gap_id: one for one in found}
    before, after = town.measure(None, []), town.measure(placed, closed)
    kept, least = town.board.beside.gaps, town.prepared.study.gaps.min_children
    for number, gap_id in enumerate(kept.ids.tolist()):
        profile = kept.profile[number]
        count = 0
        for cell, children in enumerate(town.board.ground.children):
            at = (kept.gap[profile] == number) & town.board.ground.measured
            now = within(after, PROFILES[profile], cell)
            if profile == 1:
                # Whoever came over all roads and comes over none then is no nearer.
                came = within(before, "all", cell) | within(after, "all", cell)
                at &= came
            count += int(children[at & ~now].sum())
        if gap_id in left:
            assert left[gap_id].after == count
            assert left[gap_id].closes == (count < least)
        else:
            assert count == kept.before[number]


def test_a_gap_closes_when_few_are_left(town: OpenTown) -> None:
    """Academies all over the ground leave none open; nothing that closes alone does."""
    board = town.board
    everywhere = hand.academies(
        {f"N{i}{j}": hand.spot(i * 1.5, j * 1.5) for i in range(5) for j in range(5)}
    )
    left = board.beside.gaps.count_left(board.change(everywhere).moves)
    assert left
    assert all(one.after < one.before for one in left)
    assert any(one.closes for one in left)
    gone = board.change(None, board.academies["academy_id"].tolist())
    assert not any(one.closes for one in board.beside.gaps.count_left(gone.moves))
