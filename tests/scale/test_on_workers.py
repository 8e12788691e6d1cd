"""Tiles that lie in the store: `run --scheduler` gives the same bytes, and refuses what is idle."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import SimpleNamespace

import hand
import pytest
from terminal import content_of, stemgeo

from stemgeo.errors import ScaleError
from stemgeo.scale import cluster, on_workers
from stemgeo.scale.cluster import open_cluster
from stemgeo.scale.on_workers import HeldTile, OnWorkers, _open_once
from stemgeo.scale.store import Store
from stemgeo.scale.tiles import find_step

pytestmark = pytest.mark.enable_socket


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the small study."""
    return hand.write_study(tmp_path_factory.mktemp("tiles") / "study")


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `local` have its workers in this process, with nothing open yet."""
    monkeypatch.setattr(cluster, "open_cluster", partial(open_cluster, processes=False))
    on_workers._open.cache_clear()


def test_a_run_on_workers_gives_the_same_bytes(study: Path, tmp_path: Path) -> None:
    """Every file, whoever did the searches; what was put in the store is gone again."""
    alone = stemgeo("run", study, "--out", tmp_path / "alone")
    words = ("--scheduler", "local", "--workers", 2, "--tiles", 3, "--store", tmp_path / "store")
    together = stemgeo("run", study, "--out", tmp_path / "together", *words)
    assert (together.status, together.out) == (0, alone.out)
    assert on_workers._open.cache_info().misses >= 3
    assert content_of(tmp_path / "together") == content_of(tmp_path / "alone")
    assert [one for one in (tmp_path / "store").rglob("*") if one.is_file()] == []


def test_who_works_is_asked_once_for_many_units(tmp_path: Path) -> None:
    """Each time costs more than a unit; once units came back others may be there."""
    asked = []

    class Unpeopled:
        client = SimpleNamespace(nthreads=lambda: asked.append(1) or {"b": 1, "a": 1})

        def submit(self, *_: object, **how: object) -> object:
            return how.get("workers")

        def gather(self, futures: list[object]) -> list[object]:
            return futures

    units = OnWorkers(Unpeopled())  # type: ignore[arg-type]
    tiles = [HeldTile(Store(str(tmp_path)), "0" * 64, number) for number in range(3)]
    homes = [units.submit(find_step, one) for one in tiles]
    assert (homes, asked) == ([["a"], ["b"], ["a"]], [1])
    units.gather(homes)
    units.submit(find_step, tiles[0])
    assert asked == [1, 1]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--tiles", 4), "--tiles changes nothing without --scheduler"),
        (("--workers", 2), "--workers changes nothing without --scheduler"),
        (("--store", "s3://x/y"), "--store changes nothing without --scheduler"),
        (("--dashboard",), "--dashboard changes nothing without --scheduler"),
        (("--scheduler", "tcp://a:1", "--workers", 2), "--workers is of local"),
        (("--scheduler", "ergens"), "'ergens' is no address"),
    ],
)
def test_what_changes_nothing_is_refused(
    study: Path, tmp_path: Path, words: tuple[object, ...], told: str
) -> None:
    """Before anything is read, and nothing is written."""
    said = stemgeo("run", study, "--out", tmp_path / "out", *words)
    assert said.status in (1, 2)
    assert told in " ".join(said.err.replace("│", "").split())
    assert not (tmp_path / "out").exists()


def test_in_a_straight_line_workers_change_nothing(tmp_path: Path) -> None:
    """There are no roads to cut in tiles."""
    folder = hand.write_study(tmp_path / "s", straight_line=True)
    said = stemgeo("run", folder, "--out", tmp_path / "out", "--scheduler", "local")
    assert said.status == 2
    assert "--scheduler changes nothing in a straight line" in said.err


def test_a_tile_that_the_store_lost_is_one_line(tmp_path: Path) -> None:
    """It says where, and what to do."""
    lost = HeldTile(Store(str(tmp_path)), "0" * 64, 0)
    with pytest.raises(ScaleError, match="has lost a tile of the roads; type the command again"):
        _open_once(lost)


def test_the_extra_is_named_where_it_lacks(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line with the command that installs it."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    said = stemgeo("run", study, "--out", tmp_path / "out", "--scheduler", "local")
    assert said.err.endswith(
        '--scheduler: needs what is not installed; pip install "stemgeo[scale]"\n'
    )
