"""Tiles that lie in the store: `run --scheduler` gives the same bytes, and refuses what is idle."""

from __future__ import annotations

import errno
import os
import re
import shutil
from functools import partial
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import dask
import hand
import numpy as np
import pytest
from distributed import LocalCluster
from terminal import Said, content_of, stemgeo

from stemgeo.errors import ScaleError
from stemgeo.scale import cluster, on_workers
from stemgeo.scale.cluster import open_cluster
from stemgeo.scale.on_workers import HeldTile, KeptUnit, OnWorkers, _open_once
from stemgeo.scale.store import Store, name_key
from stemgeo.scale.tiles import find_step
from stemgeo.study import load_study

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.enable_socket


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the small study."""
    return hand.write_study(tmp_path_factory.mktemp("tiles") / "study")


@pytest.fixture(scope="module")
def on_all_roads(study: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Said, Path]:
    """Give the study on all roads alone, fewer units: its folder, what a run says and writes."""
    folder = shutil.copytree(study, tmp_path_factory.mktemp("all") / "study")
    with (folder / "study.toml").open("a", encoding="utf-8") as file:
        file.write('[travel]\nprofiles = ["all"]\n')
    out = folder.parent / "out"
    return folder, stemgeo("run", folder, "--out", out), out


@pytest.fixture(scope="module", autouse=True)
def in_this_process() -> Iterator[None]:
    """Let `local` have its workers in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster, "open_cluster", partial(open_cluster, processes=False))
        yield


@pytest.fixture(scope="module")
def alone(study: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Run it without workers; give the folder and what was said."""
    out = tmp_path_factory.mktemp("alone") / "out"
    return out, stemgeo("run", study, "--out", out).out


def list_files(folder: Path) -> list[Path]:
    """List the files below a folder."""
    return [one for one in folder.rglob("*") if one.is_file()]


def test_a_run_on_workers_gives_the_same_bytes(
    study: Path, alone: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every file, whoever did the searches; nothing is kept, and what was in the cache is gone."""
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("STEMGEO_PROGRESS", "lines")
    on_workers._open.cache_clear()
    words = ("--scheduler", "local", "--workers", 2, "--tiles", 3)
    said = stemgeo("run", study, "--out", tmp_path / "out", *words)
    told = r"\d+:\d\d 1 van 15: Wachten op rekenprocessen\n\d+:\d\d 2 van 15: Bestanden lezen\n"
    assert re.match(told, said.err)
    assert (said.status, said.out) == (0, alone[1])
    assert on_workers._open.cache_info().misses >= 3
    assert content_of(tmp_path / "out") == content_of(alone[0])
    assert list_files(tmp_path / "cache" / "scale") == []


DO, KEEP = on_workers._do, KeptUnit.keep


class Lost:
    """A scheduler elsewhere that is lost in the middle of so many units."""

    def __init__(self, after: int) -> None:
        how = {"n_workers": 2, "threads_per_worker": 1, "processes": False, "scheduler_port": 0}
        how |= {"host": "127.0.0.1", "protocol": "tcp", "dashboard_address": "127.0.0.1:0"}
        self.there = LocalCluster(**how, worker_dashboard_address="127.0.0.1:0", silence_logs=50)
        self.after = after
        self.kept: list[str] = []
        self.is_time, self.let_go = Event(), Event()
        self.killer = Thread(target=self.kill)
        self.killer.start()

    def kill(self) -> None:
        """End the scheduler when it is time."""
        self.is_time.wait()
        self.there.sync(self.there.scheduler.close)

    def do(self, work: Callable[..., Any], *given: Any) -> Any:
        """Do a unit; who comes after the last waits, and is heard by nobody."""
        if len(self.kept) < self.after:
            return DO(work, *given)
        self.is_time.set()
        self.let_go.wait()
        raise KilledInTheMiddleError

    def keep(self, place: KeptUnit, gave: Any) -> None:
        """Keep what a unit gave, and note which it was."""
        KEEP(place, gave)
        self.kept.append(place.name)

    def end(self) -> None:
        """Let go of what waits; nobody looks long for a scheduler that is gone."""
        self.is_time.set()
        self.let_go.set()
        self.killer.join()
        with dask.config.set({"distributed.comm.timeouts.connect": 0.1}):
            self.there.close()


class KilledInTheMiddleError(Exception):
    """Nobody hears of this unit any more."""


def run_on(
    lost: Lost, study: Path, out: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> Said:
    """Run by a scheduler elsewhere."""
    with monkeypatch.context() as patch:
        patch.setattr(on_workers, "_do", lost.do)
        patch.setattr(KeptUnit, "keep", lambda place, gave: lost.keep(place, gave))  # noqa: PLW0108  (else not bound)
        words = ("--scheduler", lost.there.scheduler_address, "--store", store, "--tiles", 3)
        said = stemgeo("run", study, "--out", out, *words)
    lost.end()
    return said


def test_a_lost_scheduler_costs_only_what_was_not_done(
    on_all_roads: tuple[Path, Said, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is one line; the same command then searches the rest, and writes the same bytes.

    One of what was kept is damaged in between: it is told, and this one alone is searched again.
    """
    monkeypatch.setattr(cluster, "_ANSWER_S", 1)
    study, alone, written = on_all_roads
    store, out = tmp_path / "store", tmp_path / "out"
    first = Lost(after=60)
    said = run_on(first, study, out, store, monkeypatch)
    assert said.status == 1
    assert said.err.endswith(
        "the scheduler is lost; type the command again; a batch, or a run with --store, goes on "
        "where it was\n"
    )
    assert not out.exists()
    kept = [one for one in list_files(store) if one.name == "gave.npz"]
    assert len(kept) == len(set(first.kept)) >= 60
    assert {one.name for one in list_files(store)} == {"gave.npz", "entry.json"}, "no tiles"
    kept[0].write_bytes(b"other")

    second = Lost(after=10_000)
    said = run_on(second, study, out, store, monkeypatch)
    assert (said.status, said.out) == (0, alone.out)
    assert content_of(out) == content_of(written)
    assert "was beschadigd (gave.npz), en wordt opnieuw gemaakt" in said.err
    assert "komt uit de opslag" in said.err
    assert len(second.kept) > len(first.kept)
    assert set(second.kept) & set(first.kept) == {kept[0].parent.name}
    assert list_files(store) == []


def test_a_store_that_takes_no_more_ends_a_run_in_one_line(
    on_all_roads: tuple[Path, Said, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is full while units are kept: nothing half is left.

    What was kept stays, and the same command goes on from there once there is room.
    """
    study, alone, written = on_all_roads
    store, out, kept = tmp_path / "store", tmp_path / "out", []

    def save(place: Path, *arrays: Any) -> None:
        if len(kept) == 10:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(place))
        kept.append(place)
        SAVE(place, *arrays)

    words = ("--scheduler", "local", "--workers", 2, "--tiles", 3, "--store", store)
    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", save)
        said = stemgeo("run", study, "--out", out, *words)
    (line,) = said.err.splitlines()
    assert (said.status, said.out) == (1, "")
    assert line.startswith(f"error: {store}/runs/")
    assert ": cannot be written: No space left on device; make room on this disk" in line
    assert not out.exists()
    assert {one.name for one in list_files(store)} == {"gave.npz", "entry.json"}
    said = stemgeo("run", study, "--out", out, *words)
    assert (said.status, said.out) == (0, alone.out)
    assert "komt uit de opslag" in said.err
    assert content_of(out) == content_of(written)
    assert list_files(store) == []


def test_what_was_kept_is_of_the_same_files(study: Path, tmp_path: Path) -> None:
    """Wherever they lie; with one other child, place or road it is another study."""
    copy = shutil.copytree(study, tmp_path / "copy")
    name = on_workers._name_study(load_study(study))
    assert on_workers._name_study(load_study(copy)) == name
    for file in ("bevolking.txt", "academies.csv", "wegen.osm", "gemeenten.gpkg"):
        content = (copy / file).read_bytes()
        (copy / file).write_bytes(content + b" ")
        assert on_workers._name_study(load_study(copy)) != name, file
        (copy / file).write_bytes(content)


def test_two_runs_at_once_keep_what_they_found(tmp_path: Path) -> None:
    """The one that is done takes all away, while the other writes: what that found comes anew."""
    store = Store(str(tmp_path / "runs" / "one"))
    gave = [np.arange(3), (np.arange(2), np.zeros(0, dtype=np.int32)), 7, 2.5]
    units = [KeptUnit(store, name_key(number)) for number in range(len(gave))]
    with pytest.MonkeyPatch.context() as patch:
        for one, found in zip(units, gave, strict=True):
            patch.setattr(np, "savez", lambda *_: (store.remove(), patch.undo(), SAVE(*_)))
            one.keep(found)
            np.testing.assert_equal(one.find(), found)
    store.remove()
    store.remove()
    assert list_files(tmp_path) == []


SAVE = np.savez


def write_object(folder: Path) -> None:
    """Write an array that is a program."""
    np.savez(folder / "gave.npz", np.array([Unpickled()], dtype=object))


class Unpickled:
    """Says so when it is read as a pickle."""

    def __reduce__(self) -> Any:
        return pytest.fail, ("a stranger's program ran",)


@pytest.mark.parametrize(
    "fill",
    [
        lambda folder: (folder / "gave.npz").write_bytes(b"no archive"),
        lambda folder: (folder / "other").write_bytes(b""),
        lambda folder: np.savez(folder / "gave.npz"),
        write_object,
    ],
    ids=["no archive", "no file", "no array", "a program"],
)
def test_what_was_not_kept_here_is_found_anew(tmp_path: Path, fill: Any) -> None:
    """An entry as it was put, of what no unit gives: it goes, and no program of it runs."""
    store = Store(str(tmp_path))
    one = KeptUnit(store, "0" * 64)
    store.put(on_workers.UNITS, one.name, fill)
    assert one.find() is None
    assert not store.has(on_workers.UNITS, one.name)


def test_who_works_is_asked_once_for_many_units(tmp_path: Path) -> None:
    """Each time costs more than a unit; once units came back others may be there."""
    asked = []

    class Unpeopled:
        def count_units(self) -> dict[str, int]:
            asked.append(1)
            return {"b": 1, "a": 1}

        def submit(self, *_: object, **how: object) -> object:
            return SimpleNamespace(key="", workers=how.get("workers"))

        def gather(self, futures: list[object]) -> list[object]:
            return futures

    units = OnWorkers(Unpeopled(), Store(str(tmp_path)))  # type: ignore[arg-type]
    tiles = [HeldTile(Store(str(tmp_path)), "0" * 64, number) for number in range(3)]
    homes = [units.submit(find_step, one).workers for one in tiles]
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
