"""Facts about academies that are placed, moved and closed: as a whole measurement has it."""

from __future__ import annotations

import errno
import importlib
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

import hand
import lattice
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import stemgeo as sg
from stemgeo.access.travellers import list_travellers
from stemgeo.coverage import KEYS, Reached, coverage_table
from stemgeo.errors import StudyError
from stemgeo.explore.board import Board, list_cells
from stemgeo.explore.ground import SearchGround
from stemgeo.inputs import cache
from stemgeo.inputs.plan import add_plan
from stemgeo.measure import (
    Prepared,
    is_in_time,
    measure_day,
    prepare_study,
    search_rides,
)
from stemgeo.stages import report_nothing
from stemgeo.study import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import geopandas as gpd

    from stemgeo.study import Study

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


def test_one_that_closes_is_searched_no_more(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whom each academy serves is kept when the board is made: a search finds the same."""
    for row, at in enumerate(board.academies.geometry):
        searched, known = board.search(at.x, at.y).points, board._take_served(row)
        assert known.keys() == searched.keys()
        for asked, points in searched.items():
            np.testing.assert_array_equal(np.sort(known[asked]), np.sort(points))
    monkeypatch.setattr(SearchGround, "near", None)
    board._reach.clear()
    assert board.change(closed=board.academies["academy_id"].tolist()).moved["lost"].sum() > 0


def test_a_change_leaves_the_board_as_it_was(board: Board) -> None:
    """It is of its caller: the next one begins where this one began."""
    placed = draw(np.random.default_rng(7), ["N"])
    first = board.change(placed, ["S2"])
    board.change(draw(np.random.default_rng(8), ["M"]), ["S1"])
    assert_frame_equal(board.change(placed, ["S2"]).coverage, first.coverage)


# -- at random, over a town ---------------------------------------------------------------------

CHANGES = 34


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    """A town with one-way streets, a ferry and pavements, its academies of some ages and dates."""
    roads = lattice.network(tmp_path_factory.mktemp("roads"))
    travel = {"cutoff_min": 6, "pavements_under_10": True, "ferries": True, "ferry_wait_min": 1}
    travel |= {"profiles": ["all", "low_stress"]}
    study = hand.study(
        "stad.osm", addresses="adressen.csv", demand={"method": "buildings"}, travel=travel
    )
    every = [cell.ages[0] for cell in list_cells(study)]
    prepared = Prepared.from_inputs(study, lattice.inputs(1000, 24), roads, every)
    board = Board.from_prepared(prepared, threads=1)
    assert 10 < len(board.academies) < 24
    return Opened(board, prepared)


def test_a_first_opening_tells_how_far_it_is(tmp_path: Path) -> None:
    """Never backwards, and before each search: the last of them take longest."""
    told: list[tuple[str, float]] = []
    study = sg.load_study(hand.write_study(tmp_path / "study"))
    Board.from_study(study, progress=lambda what, share: told.append((what.to_text("nl"), share)))
    steps, shares = zip(*told, strict=True)
    assert [*shares] == sorted(shares)
    assert shares[0] == 0
    assert 0.8 < shares[-1] < 0.9
    searches = [one for one in steps if one.startswith("Reistijden berekenen (")]
    assert len(searches) > 1 < steps.count("Elke plaats proberen")
    assert searches[-1].endswith(f"({len(searches)} van {len(searches)})")


def test_two_hundred_changes_over_a_town(town: Opened) -> None:
    """Placed, moved and closed, one or many at once: every row is as measured, to the child."""
    random, ours = np.random.default_rng(5), town.board.academies["academy_id"].tolist()
    done, moved = dict.fromkeys(("placed", "moved", "closed"), 0), set()
    again = Again(town)
    for number in range(CHANGES):
        goes = random.permutation(ours)[: random.integers(6)].tolist()
        moves = [one for one in goes if random.random() < 0.5]
        new = [f"N{one}" for one in range(random.integers(9))]
        placed = lattice.academies(random, [*moves, *new])
        for kind, ids in (("placed", new), ("moved", moves), ("closed", set(goes) - set(moves))):
            done[kind] += len(ids)
        found = town.board.change(placed, goes)
        expected = again.measure(found.academies)
        assert_frame_equal(found.coverage, expected, obj=f"of {number}")
        if number % 8 == 0:
            assert_frame_equal(expected, measure_anew(town, placed, goes), obj=f"of {number}")
        moved |= set(found.moved["profile"])
    assert sum(done.values()) >= 200, done
    assert min(done.values()) >= 25, done
    assert moved == set(town.board.ground.profiles)


class Again:
    """Measures a study over and over, all roads and all children, by the nearest of each child."""

    def __init__(self, opened: Opened) -> None:
        prepared = self.prepared = opened.prepared
        network, register = prepared.ground.network, prepared.inputs.academies
        riders = list_travellers(prepared.study, network, register, prepared.points)
        # Over these roads one rides as fast each time.
        self.riders = [replace(one, paces_kept=99) for one in riders]

    def measure(self, academies: gpd.GeoDataFrame) -> pd.DataFrame:
        """Give the coverage table of these academies."""
        prepared, measured = self.prepared, ~np.isnan(self.riders[0].snap_m)
        riders = [one.for_academies(academies) for one in self.riders]
        asked = list(product(riders, SCENARIOS, prepared.cells))
        reached = [
            Reached(
                one.profile, speed, cell, is_in_time(label, prepared.study) & measured, measured
            )
            for (one, speed, cell), label in zip(asked, search_rides(asked, 1), strict=True)
        ]
        return coverage_table(prepared.points, reached, prepared.levels)


@given(
    at=st.tuples(*[st.floats(-0.5, lattice.WIDE_KM + 0.5)] * 2),
    ages=st.sampled_from(lattice.AGES),
    others=st.lists(st.integers(0, 9), unique=True, max_size=3),
)
@settings(max_examples=20)
def test_one_more_never_lowers_whatever_else_changes(
    town: Opened, at: tuple[float, float], ages: hand.Span, others: list[int]
) -> None:
    """Wherever it comes, of whichever ages, and whoever closes: with it none is lost besides."""
    board = town.board
    closed = board.academies["academy_id"].iloc[others].tolist()
    placed = hand.academies({"N": hand.spot(*at)}, ages={"N": ages})
    without, with_it = board.change(None, closed), board.change(placed, closed)
    assert (with_it.coverage["covered"] >= without.coverage["covered"]).all()
    assert (with_it.coverage["uncovered"] >= 0).all()


# -- the cache ----------------------------------------------------------------------------------


@dataclass
class Kept:
    """A study of one small square, a cache of its own, and how often it was measured."""

    folder: Path
    cache: Path
    monkeypatch: pytest.MonkeyPatch
    made: int = 0
    wait: Callable[[], object] = int

    @property
    def study(self) -> Study:
        """As its files have it now."""
        return sg.load_study(self.folder)

    @property
    def entries(self) -> list[Path]:
        """What is kept."""
        return sorted((self.cache / "boards").glob("*"))

    def open(self) -> Board:
        """Open it; what is measured is counted."""
        return Board.open(self.study, threads=1)

    def edit(self, name: str, old: str, new: str) -> None:
        """Change a file."""
        text = (self.folder / name).read_text(encoding="utf-8")
        assert old in text
        (self.folder / name).write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kept:
    """A study of which nothing is kept yet; measured it is the same as it was the first time."""
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path / "cache"))
    one = Kept(
        hand.write_study(tmp_path / "study", straight_line=True), tmp_path / "cache", monkeypatch
    )
    measure = Board.from_study

    def count(study: Study, **how: Any) -> Board:
        one.made += 1
        one.wait()
        if not _measured:
            _measured.append(measure(study, **how))
        return replace(_measured[0], study=study)

    monkeypatch.setattr(Board, "from_study", count)
    return one


_measured: list[Board] = []


def equals(one: Board, other: Board) -> None:
    """Compare all that a change draws on."""
    assert_frame_equal(one.coverage, other.coverage)
    for mine, theirs in ((one.register, other.register), (one.academies, other.academies)):
        # Dates come back in a finer unit.
        assert_frame_equal(mine.astype(theirs.dtypes), theirs)
    np.testing.assert_array_equal(one.counts, other.counts)
    np.testing.assert_array_equal(one.ground.children, other.ground.children)
    assert (one.notes, one.text) == (other.notes, other.text)
    placed = draw(np.random.default_rng(3), ["N", "M"])
    assert_frame_equal(one.change(placed, ["S2"]).coverage, other.change(placed, ["S2"]).coverage)


def test_what_was_measured_is_opened_again(kept: Kept) -> None:
    """Once measured it is taken from the cache, the same."""
    first = kept.open()
    equals(first, _measured[0])
    equals(kept.open(), first)
    assert kept.made == 1
    assert len(kept.entries) == 1


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("academies.csv", "160500,0;203500,0", "160400,0;203500,0"),
        ("bevolking.txt", "11001|F|5|20|2022", "11001|F|5|21|2022"),
        ("study.toml", "date = 2022-12-31", "date = 2021-12-31"),
        ("study.toml", "[gaps]", "[travel]\ncutoff_min = 14\n[gaps]"),
        ("study.toml", "Kleine", "Kleinere"),
        ("study.toml", '["svg"]', '["svg"]\nlanguage = "fr"'),
    ],
)
def test_another_input_or_choice_is_another_board(
    kept: Kept, name: str, old: str, new: str
) -> None:
    """What was kept of files or choices that are no more is not taken."""
    kept.open()
    kept.edit(name, old, new)
    kept.open()
    assert kept.made == 2
    assert len(kept.entries) == 2


def test_other_code_is_another_board(kept: Kept, tmp_path: Path) -> None:
    """What other rules measured is not taken, be they code or facts; a folder is no input."""
    module = importlib.import_module("stemgeo.explore.board")
    for name in ("one.py", "nl.po", "stress/default.toml", "exonyms.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    kept.monkeypatch.setattr(module, "_CODE", tmp_path)
    kept.monkeypatch.setattr(module, "_FACTS", tmp_path)
    (kept.folder / "academies").mkdir()
    places = {module._find_place(kept.study)}
    for name in ("one.py", "nl.po", "stress/default.toml", "exonyms.csv"):
        (tmp_path / name).write_text("other", encoding="utf-8")
        places.add(module._find_place(kept.study))
    assert len(places) == 5


def test_a_damaged_entry_is_made_anew(kept: Kept) -> None:
    """Whichever of its files is cut short, changed or gone: measured again, kept again."""
    first = kept.open()
    (entry,) = kept.entries
    files = sorted(one for one in entry.rglob("*") if one.is_file())
    assert len(files) > 10
    for number, name in enumerate(one.relative_to(entry) for one in files):
        content = bytearray((entry / name).read_bytes())
        content[-1] ^= 1
        if number % 3 == 2:
            (entry / name).unlink()
        else:
            (entry / name).write_bytes(bytes(content if number % 3 else content[:-1]))
        again = kept.open()
        assert kept.made == number + 2, name
        assert_frame_equal(again.coverage, first.coverage)
        assert kept.entries == [entry]
    equals(kept.open(), first)
    assert kept.made == len(files) + 1


def test_a_full_disk_costs_no_result(kept: Kept) -> None:
    """It is measured, once, and of what could not be kept nothing is left."""
    save = Board.save

    def fill(board: Board, folder: Path) -> None:
        save(board, folder)
        raise OSError(errno.ENOSPC, "No space left on device")

    kept.monkeypatch.setattr(Board, "save", fill)
    equals(kept.open(), _measured[0])
    assert kept.made == 1
    assert not kept.entries


def test_two_open_at_once(kept: Kept) -> None:
    """One measures and keeps it, the other waits for it, and both have the same."""
    waiting = threading.Event()
    kept.wait = waiting.wait
    told = cache._say_waiting
    kept.monkeypatch.setattr(cache, "_say_waiting", lambda *who: (waiting.set(), told(*who))[1])
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda _: kept.open(), range(2))
    equals(one, other)
    assert kept.made == 1
    assert len(kept.entries) == 1
    equals(kept.open(), one)
    assert kept.made == 1
