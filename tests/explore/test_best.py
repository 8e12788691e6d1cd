"""Facts about the best next place: as good as trying every candidate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hand
import numpy as np
import pandas as pd
import pytest
from explore.town import OpenTown, draw_change

from stemgeo.explore.best import ReachedFrom, search_from_places
from stemgeo.explore.meaning import Meaning
from stemgeo.inputs.plan import add_plan

if TYPE_CHECKING:
    import geopandas as gpd

pytestmark = pytest.mark.usefixtures("read_once")


@pytest.fixture(scope="module", params=[False, True], ids=["over roads", "in a straight line"])
def town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> OpenTown:
    """The town, opened; it is not changed."""
    folder = tmp_path_factory.mktemp("best") / "study"
    return OpenTown.write(folder, straight_line=request.param)


def count_covered(coverage: pd.DataFrame, profile: str) -> int:
    """Count the children of the region who are within reach at the central speeds."""
    keys = ["level", "band", "scenario", "profile"]
    rows = coverage.set_index(keys)["covered"]
    return int(rows.loc[[("region", "all", "central", profile)]].sum())


@pytest.mark.parametrize("seed", range(6))
def test_it_equals_trying_every_candidate(town: OpenTown, seed: int) -> None:
    """Each beside a change, counted by the board: the same children, and the same one first."""
    board = town.board
    placed, closed = draw_change(board, seed)
    change = board.change(placed, closed)
    candidates = board.beside.candidates
    for profile in board.ground.profiles:
        before, tried = count_covered(change.coverage, profile), range(len(candidates))
        more = [board.change(add_one(placed, candidates.iloc[[row]]), closed) for row in tried]
        adds = [count_covered(one.coverage, profile) - before for one in more]
        assert board.beside.best.add_up(change.moves, profile).tolist() == adds
        found = Meaning.of(board).find_best(change, profile).place
        first = candidates["academy_id"].iloc[int(np.argmax(adds))] if max(adds) else None
        assert (found and found["id"]) == first
        assert not found or found["children"] == max(adds)


def add_one(placed: gpd.GeoDataFrame, more: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return add_plan(placed, more[placed.columns])


def test_without_a_child_left_it_says_so(town: OpenTown) -> None:
    """Academies all over the ground leave nobody to win."""
    everywhere = hand.academies(
        {f"N{i}{j}": hand.spot(i, j * 1.5) for i in range(13) for j in range(5)}
    )
    meaning = Meaning.of(town.board)
    everyone = town.board.change(everywhere)
    while (found := meaning.find_best(everyone, "all")).place:
        here = town.board.beside.candidates.set_index("academy_id", drop=False)
        everywhere = add_one(everywhere, here.loc[[found.place["id"]]].reset_index(drop=True))
        everyone = town.board.change(everywhere)
    assert found.why is not None
    assert "no place brings a child more" in str(found.why)


def test_of_equal_ones_the_first_by_id_is_best(town: OpenTown) -> None:
    """The candidates stand by id, whatever the order of their file."""
    ids = town.board.beside.candidates["academy_id"].tolist()
    assert ids == sorted(ids)
    assert len(ids) >= 3


def test_places_are_kept_by_point(town: OpenTown) -> None:
    """What each place reaches is what each point is reached from, in the order of the places."""
    board, places = town.board, town.board.beside.candidates
    pace, minutes = board.beside.best.paces[0], board.study.travel.cutoff_min
    for rider in town.measure(None, []).riders:
        found = search_from_places(rider, places, pace, points=len(board.ground.x), threads=1)
        first, point, _ = rider.list_served(places, pace, minutes, threads=1)
        place = np.repeat(np.arange(len(places)), np.diff(first))
        pairs = sorted(zip(point.tolist(), place.tolist(), strict=True))
        kept = board.beside.best.reach[rider.profile, pace]
        assert pairs
        assert list_pairs(found) == list_pairs(kept) == pairs


def list_pairs(found: ReachedFrom) -> list[tuple[int, int]]:
    """List point and place, by point."""
    point = np.repeat(np.arange(len(found.first) - 1), np.diff(found.first))
    return list(zip(point.tolist(), found.place.tolist(), strict=True))
