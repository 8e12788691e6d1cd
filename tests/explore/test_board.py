"""Facts about academies that are placed, moved and closed: as a whole measurement has it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import hand
import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import stemgeo as sg
from stemgeo.coverage import KEYS
from stemgeo.errors import StudyError
from stemgeo.explore.board import Board
from stemgeo.inputs.plan import add_plan
from stemgeo.measure import Prepared, measure_day, prepare_study, report_nothing

if TYPE_CHECKING:
    import geopandas as gpd

pytestmark = pytest.mark.usefixtures("read_once")

AGES = [(None, None), (5, 7), (9, 12), (12, 17), (6, 6)]


@dataclass(frozen=True)
class Opened:
    """A study on the board, and as it is measured anew."""

    board: Board
    prepared: Prepared


@pytest.fixture(scope="module", params=[False, True], ids=["over roads", "in a straight line"])
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Opened:
    """The small study, opened from the cache; it is not changed."""
    folder = tmp_path_factory.mktemp("board") / "study"
    study = sg.load_study(hand.write_study(folder, straight_line=request.param))
    prepared = prepare_study(study, report_nothing, [*range(5, 18)])
    return Opened(Board.open(study), prepared)


@pytest.fixture
def board(opened: Opened) -> Board:
    return opened.board


def draw(random: np.random.Generator, ids: list[str]) -> gpd.GeoDataFrame:
    """Draw places for some ids, of some ages."""
    spans = random.integers(len(AGES), size=len(ids))
    return hand.academies(
        {one: hand.spot(*random.uniform([-1, -1], [13, 7])) for one in ids},
        ages={one: AGES[span] for one, span in zip(ids, spans, strict=True)},
    )


def measure_anew(opened: Opened, placed: gpd.GeoDataFrame, closed: list[str]) -> pd.DataFrame:
    """Measure the study with another register, from the beginning: by the nearest of each child."""
    inputs = opened.prepared.inputs
    register = inputs.academies[~inputs.academies["academy_id"].isin(closed)]
    there = replace(opened.prepared, inputs=replace(inputs, academies=add_plan(register, placed)))
    return measure_day(there, opened.board.study.about.date).coverage


def test_an_opened_study_counts_as_a_run(board: Board) -> None:
    """That each age is by itself moves no child."""
    assert_frame_equal(board.coverage, sg.run(board.study).coverage)
    unchanged = board.change()
    assert_frame_equal(unchanged.coverage, board.coverage)
    assert unchanged.moved.empty


@pytest.mark.parametrize("seed", range(12))
def test_changes_equal_a_whole_measurement(opened: Opened, seed: int) -> None:
    """Some placed, moved and closed at random: every count at every level, to the child."""
    random, board = np.random.default_rng(seed), opened.board
    ours = board.academies["academy_id"].tolist()
    closed = [one for one in ours if random.random() < 0.5]
    moved = [one for one in closed if random.random() < 0.5]
    placed = draw(random, [*moved, *(f"N{n}" for n in range(random.integers(0, 12)))])
    found = board.change(placed, closed)
    assert_frame_equal(found.coverage, measure_anew(opened, placed, closed))
    before, after = board.coverage, found.coverage
    assert (after["children"] == before["children"]).all()
    by = found.moved.merge(before, on=[one for one in KEYS if one != "name"])
    assert (by["lost"] <= by["covered"]).all()
    assert (by["gained"] <= by["uncovered"]).all()


@pytest.mark.parametrize("seed", range(5))
def test_one_more_never_lowers(board: Board, seed: int) -> None:
    """Wherever it comes, nobody is lost; and it goes as it came."""
    placed = draw(np.random.default_rng(100 + seed), ["N"])
    found = board.change(placed)
    assert not found.moved["lost"].any()
    assert (found.coverage["covered"] >= board.coverage["covered"]).all()


def test_what_does_not_count_changes_nothing(board: Board) -> None:
    """One whose recognition is over on the day of the study is no academy then."""
    late = hand.academies({"N": hand.spot(9, 2)}, valid={"N": ("2019-01-01", "2019-12-31")})
    assert board.change(late).moved.empty


@pytest.mark.parametrize(
    ("ids", "closed", "message"),
    [
        (["N", "S1"], [], "S1: is there already"),
        ([], ["S3"], "S3: cannot be closed: it is not open on the day"),
        ([], ["no such"], "no such: cannot be closed"),
    ],
)
def test_what_cannot_be_is_refused(
    board: Board, ids: list[str], closed: list[str], message: str
) -> None:
    """In one line that names the academy."""
    with pytest.raises(StudyError, match=message):
        board.change(draw(np.random.default_rng(1), ids), closed)


def test_a_change_leaves_the_board_as_it_was(board: Board) -> None:
    """It is of its caller: the next one begins where this one began."""
    placed = draw(np.random.default_rng(7), ["N"])
    first = board.change(placed, ["S2"])
    board.change(draw(np.random.default_rng(8), ["M"]), ["S1"])
    assert_frame_equal(board.change(placed, ["S2"]).coverage, first.coverage)
