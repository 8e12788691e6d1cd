"""Facts about proofs: a run from the files shows the same, and what differs is named."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import hand
import pytest

import stemgeo as sg
from stemgeo.errors import StemgeoError
from stemgeo.explore import proof
from stemgeo.explore.board import Board
from stemgeo.explore.messages import MovedAcademy, PlacedAcademy, ProofReply, Variant, WrongMessage
from stemgeo.explore.proof import Asking, Prover, compare_counts, measure, run_aside, stamp_files
from stemgeo.explore.shelf import VariantShelf
from stemgeo.explore.variants import Placer, write_variant
from stemgeo.stages import TRAVEL_TIMES, report_nothing

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd


pytestmark = pytest.mark.usefixtures("read_once")

VARIANT = Variant(
    name="Proef",
    placed=(PlacedAcademy(id="N1", name="<b>", lon=4.455, lat=51.115, max_age=11),),
    moved=(MovedAcademy(id="S1", lon=4.4, lat=51.12),),
    closed=("S2",),
)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small study; it is not changed."""
    return hand.write_study(tmp_path_factory.mktemp("proof") / "study")


@pytest.fixture(scope="module")
def board(study: Path) -> Board:
    """It, opened."""
    return Board.from_study(sg.load_study(study))


@pytest.fixture(scope="module")
def ours(board: Board) -> pd.DataFrame:
    """The coverage table that the explorer gives for the variant."""
    laid = Placer(board.register, board.municipalities).lay_out(VARIANT)
    return board.change(laid.placed, laid.going).coverage


@pytest.fixture(scope="module")
def text(board: Board) -> str:
    """Its plan file."""
    laid = Placer(board.register, board.municipalities).lay_out(VARIANT)
    return write_variant(VARIANT, laid, board.register)


def run_here(asking: Asking, tell: proof.Tell, _: Prover) -> pd.DataFrame:
    """Measure in this process."""
    plan = asking.saved
    assert plan is not None
    return measure(Asking(asking.study, asking.text), plan, tell)


def prove(prover: Prover, asking: Asking, ours: pd.DataFrame) -> ProofReply:
    """Prove, and wait until it has ended."""
    job = prover.begin(asking, ours)
    assert job is not None
    return wait_for(prover, job)


def wait_for(prover: Prover, job: str) -> ProofReply:
    """Wait until a proof has ended."""
    for thread in threading.enumerate():
        if thread.name == f"proof {job}":
            thread.join()
    told = prover.tell(job)
    assert told is not None
    return told


def test_a_run_shows_the_same(study: Path, ours: pd.DataFrame, text: str, tmp_path: Path) -> None:
    """Every row of every level, over all roads and quiet ones, at each speed and age."""
    (tmp_path / "a.csv").write_text(text, "utf-8")
    asking = Asking(study / "study.toml", text, tmp_path / "a.csv")
    told = prove(Prover("nl", run_here), asking, ours)
    assert (told.state, told.differing) == ("equal", ())
    assert told.rows == len(ours)
    assert str(len(ours)) in told.what


def test_what_differs_is_named(study: Path, board: Board, text: str, tmp_path: Path) -> None:
    """The explorer without the variant beside a run with it: the rows, and both counts."""
    (tmp_path / "a.csv").write_text(text, "utf-8")
    asking = Asking(study / "study.toml", text, tmp_path / "a.csv")
    told = prove(Prover("nl", run_here), asking, board.coverage)
    assert told.state == "different"
    assert 0 < len(told.differing) <= proof.MOST_SHOWN
    assert all(one.explorer != one.run for one in told.differing)
    assert "gewijzigd" in told.what


def test_files_that_changed_since_are_named(
    study: Path, ours: pd.DataFrame, text: str, tmp_path: Path
) -> None:
    """Whether the counts are the same or not: what is equal beside other files says so."""
    one, other, gone = (tmp_path / f"{name}.csv" for name in ("een", "twee", "weg"))
    for path in (one, other, gone):
        path.write_text("a", "utf-8")
    asking = Asking(study / "study.toml", text, opened=stamp_files([one, other, gone]))
    prover = Prover("nl", lambda *_: ours)
    assert "gewijzigd" not in prove(prover, asking, ours).what
    other.write_text("ab", "utf-8")
    gone.unlink()
    told = prove(prover, asking, ours)
    assert told.state == "equal"
    assert "hier geopend is: twee.csv, weg.csv" in told.what


def test_what_is_placed_too_coarsely_can_be_moved(tmp_path: Path) -> None:
    """It does not count, and is of the register still: moved it counts as in a run."""
    study = hand.write_study(tmp_path / "study", straight_line=True)
    rows = "academy_id;naam;x;y;gemeente\nS1;Oost;160500;203500;\nS2;Ruw;;;Aartselaar\n"
    (study / "academies.csv").write_text(rows, "utf-8")
    toml = (study / "study.toml").read_text("utf-8")
    left_out = '[academies]\ncoarse = "leave-out"\n[gaps]'
    (study / "study.toml").write_text(toml.replace("[gaps]", left_out), "utf-8")
    board = Board.from_study(sg.load_study(study))
    assert board.academies["academy_id"].tolist() == ["S1"]
    placer = Placer(board.register, board.municipalities)
    taken = Variant(placed=(PlacedAcademy(id="S2", lon=4.40, lat=51.12),))
    with pytest.raises(WrongMessage, match="S2"):
        placer.lay_out(taken)
    variant = Variant(moved=(MovedAcademy(id="S2", lon=4.40, lat=51.12),))
    laid = placer.lay_out(variant)
    (tmp_path / "a.csv").write_text(write_variant(variant, laid, board.register), "utf-8")
    ours = board.change(laid.placed).coverage
    assert compare_counts(board.coverage, ours)
    run = measure(Asking(study / "study.toml", ""), tmp_path / "a.csv", report_nothing)
    assert compare_counts(ours, run) == []


def test_rows_that_only_one_has_differ(ours: pd.DataFrame) -> None:
    """None is passed over, and neither are children who are unmeasured in one alone."""
    assert compare_counts(ours, ours) == []
    (lacking,) = compare_counts(ours, ours.iloc[1:])
    assert (lacking.explorer, lacking.run) == (ours["covered"].iloc[0], -1)
    (more,) = compare_counts(ours.iloc[1:], ours)
    assert more.explorer == -1
    other = ours.copy()
    other.loc[3, "unmeasured"] += 1
    (one,) = compare_counts(ours, other)
    assert one.code == ours["code"][3]


def test_a_run_that_fails_is_told(study: Path, ours: pd.DataFrame) -> None:
    """In one line; and the next proof can begin."""

    def fail(*_: object) -> pd.DataFrame:
        raise StemgeoError("one", "two")

    def break_down(*_: object) -> pd.DataFrame:
        raise ValueError("\x1b[2J")

    prover = Prover("nl", fail)
    asking = Asking(study / "study.toml", "")
    told = prove(prover, asking, ours)
    assert (told.state, told.what) == ("failed", "one; two")
    prover.run = break_down
    told = prove(prover, asking, ours)
    assert (told.state, told.what) == ("failed", "ValueError: [2J")


def test_one_proof_at_a_time(study: Path, ours: pd.DataFrame) -> None:
    """While it runs another is refused, and it can be asked how far it is."""
    go, there = threading.Event(), threading.Event()

    def wait(_: Asking, tell: proof.Tell, __: Prover) -> pd.DataFrame:
        tell(TRAVEL_TIMES, 0.5)
        there.set()
        go.wait()
        return ours

    prover = Prover("nl", wait)
    asking = Asking(study / "study.toml", "")
    job = prover.begin(asking, ours)
    assert job is not None
    assert there.wait(60), "the work did not begin"
    told = prover.tell(job)
    assert told is not None
    assert (told.state, told.share, told.what) == ("running", 0.5, "Reistijden berekenen")
    assert prover.begin(asking, ours) is None
    go.set()
    assert wait_for(prover, job).state == "equal"
    assert prove(prover, asking, ours).state == "equal"
    assert prover.tell("99") is None


def test_another_process_runs_from_the_files(
    board: Board, study: Path, ours: pd.DataFrame, tmp_path: Path
) -> None:
    """What it finds is the same, its result is kept beside the plan, and can be verified."""
    shelf = VariantShelf(tmp_path / "variants", board, Placer(board.register, board.municipalities))
    shelf.save("proef", VARIANT, "")
    place = shelf.folder / "proef.csv"
    told: list[tuple[str, float]] = []
    asking = Asking(study / "study.toml", place.read_text("utf-8"), place, 1)
    found = run_aside(
        asking, lambda what, share: told.append((str(what), share)), Prover("nl", run_aside)
    )
    assert compare_counts(ours, found) == []
    assert ("Reading files", 0.0) in told
    result = sg.read_result(shelf.folder / "proef")
    assert compare_counts(ours, result.coverage) == []


def test_a_run_ends_with_the_server(study: Path, tmp_path: Path) -> None:
    """When its hand is let go of it ends, whatever it was doing, and leaves no table."""
    told = {"study": str(study / "study.toml"), "saved": None, "plan": str(tmp_path / "p.csv")}
    words = json.dumps(told | {"table": str(tmp_path / "table"), "threads": 1})
    process = subprocess.Popen(
        [sys.executable, "-m", "stemgeo.explore.proof", words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin
    process.stdin.close()
    assert process.wait() == 1
    assert process.stdout
    process.stdout.close()
    assert not (tmp_path / "table").exists()
