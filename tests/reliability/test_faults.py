"""Facts about one machine that fails: runs at once on one cache, no room, no memory."""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import resource
import signal
import sys
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZipFile

import hand
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from killed import Ended, child, ended
from terminal import stemgeo

from stemgeo.errors import InputError, Problem, find_lack_of_memory
from stemgeo.inputs import cache
from stemgeo.network import cache as networks
from stemgeo.network.cache import load_network
from stemgeo.writing import whole

if TYPE_CHECKING:
    from collections.abc import Callable

# -- at once on one cache -----------------------------------------------------------------------


class Together:
    """Processes that want one network at once: what each does until it has it."""

    def __init__(self, folder: Path, number: int) -> None:
        self.extract = folder / "wegen.osm"
        self.extract.write_text(hand._small_roads(), encoding="utf-8")
        self.cache, self.logs = folder / "cache", [folder / f"log{one}" for one in range(number)]
        self.number, self.met, self.made = number, mmap.mmap(-1, number), folder / "made"
        self.made.touch()

    def start(self, *, dies: bool = False) -> list[int]:
        """Let them begin; the first that makes it waits for all, and dies if asked; statuses."""
        runs = [child(partial(self._want, one, dies), log) for one, log in enumerate(self.logs)]
        ends = [ended(*run, log) for run, log in zip(runs, self.logs, strict=True)]
        said = {end.said for end in ends if end.status == 0}
        assert len(said) == 1, said  # all have the same network
        return [end.status for end in ends]

    def _want(self, one: int, dies: bool) -> None:  # noqa: FBT001
        os.environ["STEMGEO_CACHE"] = str(self.cache)
        read, told = networks.read_roads, cache._say_waiting

        def make(*how: object) -> object:
            self.met[one] = 1
            with self.made.open("ab", buffering=0) as made:
                made.write(b".")
            while sum(self.met[:]) < self.number:  # each waits, or makes it too
                os.sched_yield()
            if dies and self.made.stat().st_size == 1:
                os.kill(os.getpid(), signal.SIGKILL)
            return read(*how)  # type: ignore[arg-type]

        def wait(kind: str, name: str, who: str) -> object:
            self.met[one] = 1
            return told(kind, name, who)

        networks.read_roads = make  # type: ignore[assignment]
        cache._say_waiting = wait  # type: ignore[assignment]
        cache._LOG.disabled = True
        network = load_network([self.extract], ["0" * 64])
        sys.stdout.write(f"{network.length_mm.tolist()} {network.forward.tolist()}")


@pytest.mark.parametrize("number", [2, 4, 8])
def test_of_runs_at_once_one_makes_what_all_want(tmp_path: Path, number: int) -> None:
    """Each waits while it is made, has the same network, and nothing is left but the entry."""
    together = Together(tmp_path, number)
    assert together.start() == [0] * number
    assert together.made.stat().st_size == 1
    assert [one.name for one in together.cache.iterdir()] == ["networks"]


@pytest.mark.parametrize("number", [2, 4, 8])
def test_of_runs_at_once_another_takes_over_from_one_that_is_killed(
    tmp_path: Path, number: int
) -> None:
    """SIGKILL in the middle of making it: one of those that wait makes it, once."""
    together = Together(tmp_path, number)
    assert sorted(together.start(dies=True)) == [-signal.SIGKILL, *[0] * (number - 1)]
    assert together.made.stat().st_size == 2
    assert [one.name for one in together.cache.iterdir()] == ["networks"]


def test_what_a_dead_run_left_half_in_its_turn_is_not_taken(tmp_path: Path) -> None:
    """Whoever has the turn next begins with an empty folder, and no one else has it meanwhile."""
    work = tmp_path / ".stemgeo-turn"
    (work / "entry" / "half").mkdir(parents=True)
    (work / "file").touch()
    (work / "lock").touch()
    told: list[str] = []
    with whole.take_turn(tmp_path, "turn", told.append) as mine:
        assert mine == work
        assert [one.name for one in work.iterdir()] == ["lock"]
        whole.clear_leftovers(tmp_path)
        assert work.exists()
    assert not told
    assert not list(tmp_path.iterdir())


def test_without_locks_nobody_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On such a file system each has a folder of its own."""

    def none(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(whole.fcntl, "flock", none)
    with (
        whole.take_turn(tmp_path, "turn", pytest.fail) as one,
        whole.take_turn(tmp_path, "turn", pytest.fail) as other,
    ):
        assert one != other


# -- no room --------------------------------------------------------------------------------------

NEW_USERS, NEW_MOUNTS, PRIVATE_BELOW = 0x10000000, 0x20000, 0x44000
"""Of Linux's unshare and mount."""
NO_MOUNT = 77


@dataclass(frozen=True)
class Disk:
    """A disk that is soon full: a tiny one of its own, or a limit to what a file may be."""

    told: str
    bytes: int

    def fill(self, place: Path) -> None:
        """Let a folder lie on such a disk, for this process alone; it ends where that cannot be."""
        if self.told == "File too large":
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.bytes, self.bytes))
            return
        system = ctypes.CDLL(None, use_errno=True)
        ids = {"uid_map": f"0 {os.getuid()} 1", "gid_map": f"0 {os.getgid()} 1"}
        if system.unshare(NEW_MOUNTS | (NEW_USERS if os.getuid() else 0)):
            os._exit(NO_MOUNT)
        if os.getuid():
            Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
            for name, line in ids.items():
                Path("/proc/self", name).write_text(line, encoding="ascii")
        system.mount(None, b"/", None, PRIVATE_BELOW, None)
        room = f"size={self.bytes},mode=700".encode()
        if system.mount(b"tmpfs", bytes(place), b"tmpfs", 0, room):
            os._exit(NO_MOUNT)


SMALL_DISK = Disk("No space left on device", 16_384)
SMALL_FILES = Disk("File too large", 4_000)
DISKS = pytest.mark.parametrize("disk", [SMALL_DISK, SMALL_FILES], ids=["disk", "files"])


def typed(
    *words: object,
    log: Path,
    before: Callable[[], object] = int,
    after: Callable[[], object] = int,
) -> Ended:
    """Type a command in a child that does something before and after; drawings are coarse."""

    def work() -> None:
        before()
        said = stemgeo(*words)
        after()
        os.write(2, said.err.encode())
        sys.exit(said.status)

    end = ended(*child(work, log), log)
    if end.status == NO_MOUNT:
        pytest.skip("this system lets nobody mount a disk of one's own")
    return end


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a study, and folders for the cache, what is on the way and results."""
    for name in ("cache", "tmp", "out"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    hand.write_study(tmp_path / "study")
    return tmp_path


def files_of(folder: Path) -> dict[str, bytes]:
    """Give what the tables of a result hold."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("tables/*.csv"))}


def test_a_full_disk_under_the_cache_costs_no_result(place: Path) -> None:
    """It is whole and the same as with room; what was not kept is told, and nothing of it left."""
    full = partial(SMALL_DISK.fill, place / "cache")
    asked = ("run", place / "study", "--out")
    end = typed(*asked, place / "out" / "full", log=place / "log", before=full)
    assert end.status == 0, end.said
    cache = place / "cache"
    told = f"networks kon niet bewaard worden in de cache {cache} ({SMALL_DISK.told})"
    assert told in end.said
    assert "Traceback" not in end.said
    assert typed(*asked, place / "out" / "room", log=place / "log").status == 0
    tables = files_of(place / "out" / "full")
    assert len(tables) > 10
    assert tables == files_of(place / "out" / "room")


@pytest.mark.parametrize(
    "disk", [SMALL_DISK, Disk("File too large", 40_000)], ids=["disk", "files"]
)
def test_a_full_disk_under_the_result_is_one_line(place: Path, disk: Disk) -> None:
    """Which file, why and what to do; what stood there stands, and nothing half is left."""
    (place / "out" / "mine").write_text("mine", encoding="utf-8")
    result = place / "out" / "disk" / "result"
    result.parent.mkdir()
    left, fill = place / "left", partial(disk.fill, result.parent)

    def look() -> None:
        left.write_text(str(list(result.parent.iterdir())), encoding="utf-8")

    end = typed("run", place / "study", "--out", result, log=place / "log", before=fill, after=look)
    assert end.status == 1
    (told,) = [line for line in end.said.splitlines() if line.startswith("error: ")]
    assert told.startswith(f"error: {result}/")
    assert f": cannot be written: {disk.told}; " in told
    assert "Traceback" not in end.said
    assert left.read_text("utf-8") == "[]"
    assert not list((place / "tmp").iterdir())


@DISKS
def test_a_full_disk_under_the_temporary_folder_is_one_line(place: Path, disk: Disk) -> None:
    """Where a zipped input is unpacked: TMPDIR is named, and how to choose another."""
    study = place / "study"
    with ZipFile(study / "grenzen.zip", "w", ZIP_DEFLATED) as zipped:
        zipped.write(study / "gemeenten.gpkg", "gemeenten.gpkg")
    toml = (study / "study.toml").read_text("utf-8").replace("gemeenten.gpkg", "grenzen.zip")
    (study / "study.toml").write_text(toml, encoding="utf-8")
    full = partial(disk.fill, place / "tmp")
    end = typed("run", study, "--out", place / "out" / "r", log=place / "log", before=full)
    assert end.status == 1
    (told,) = [line for line in end.said.splitlines() if line.startswith("error: ")]
    assert str(place / "tmp") in told
    assert disk.told in told
    assert told.endswith("make room there, or name another folder in TMPDIR")
    assert not list((place / "out").iterdir())


# -- no memory ------------------------------------------------------------------------------------

LIMIT = "ran out, or reached the limit set for this process"


LACKS: dict[str, Exception] = {
    "Python": MemoryError(),
    "pyarrow": pa.lib.ArrowMemoryError("malloc of size 64 failed"),
    "GEOS": shapely.errors.GEOSException("std::bad_alloc"),
    "GDAL": RuntimeError("Out of memory allocating 99 bytes"),
    "a thread": RuntimeError("can't start new thread"),
    "a mapped file": OSError(errno.ENOMEM, os.strerror(errno.ENOMEM), "a.npy"),
    "a library": ImportError("libx.so: failed to map segment from shared object"),
    "a worker": BrokenProcessPool("A process in the process pool was terminated abruptly"),
}
"""As numpy, pandas, numba and osmium raise the first, and each of the others its own."""


@pytest.mark.parametrize("who", LACKS)
def test_memory_that_runs_out_is_one_line(
    place: Path, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    """Whichever library says it, also where it is behind another error; nothing is written."""

    def fail(*_: object, **__: object) -> None:
        raise LACKS[who]

    monkeypatch.setattr("stemgeo.study_run.run", fail)
    said = stemgeo("run", place / "study", "--out", place / "out" / "r")
    assert said.status == 1
    (line,) = said.err.splitlines()
    what = "a process that worked along was killed" if who == "a worker" else LIMIT
    assert line.startswith(f"error: memory: {what}")
    assert line.endswith("--threads 1, a smaller extract, fewer profiles")
    assert not list((place / "out").iterdir())


def test_an_error_that_hides_the_lack_is_told_as_the_lack() -> None:
    """A reader that calls a file damaged because there was no memory to read it."""
    damaged = InputError(Problem("a.gpkg", "is damaged: out of memory"))
    assert find_lack_of_memory(damaged) is None
    damaged.__context__ = LACKS["GEOS"]
    assert find_lack_of_memory(damaged)


GROWS: dict[str, Callable[[], object]] = {
    "numpy": lambda: np.ones(2**28),
    "pandas": lambda: pd.concat([pd.DataFrame({"a": np.zeros(2**20)})] * 64),
    "pyarrow": lambda: pa.allocate_buffer(2**30),
    "GEOS": lambda: shapely.segmentize(shapely.LineString([(0, 0), (1e9, 0)]), 5.0),
    "a mapped file": lambda: mmap.mmap(-1, 2**30),
}
"""Each asks for more than is left."""


@pytest.mark.parametrize("who", GROWS)
def test_a_limit_of_memory_is_one_line(
    place: Path, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    """A real one, of the address space, reached in the middle of a run; the next run is well."""

    def limit(*_: object, **__: object) -> None:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        most = pages * resource.getpagesize() + 2**27
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        GROWS[who]()

    monkeypatch.setattr("stemgeo.study_run.measure_day", limit)
    asked = ("run", place / "study", "--threads", 1, "--out", place / "out" / "r")
    end = typed(*asked, log=place / "log")
    assert end.status == 1, end.said
    (line,) = [line for line in end.said.splitlines() if not line.startswith("let op: ")]
    assert line.startswith(f"error: memory: {LIMIT}; ")
    assert not list((place / "out").iterdir())
    assert not list((place / "tmp").iterdir())
    assert not list(place.rglob(".stemgeo-*"))


def test_a_limit_below_what_libraries_take_is_told_before_they_load(place: Path) -> None:
    """In a line with the command that raises it: some of them end the process, or wait for ever."""
    limit = partial(resource.setrlimit, resource.RLIMIT_AS, (2**30, 2**30))
    said = typed("check", place / "study", log=place / "log", before=limit)
    assert said.status == 1
    (line,) = said.said.splitlines()
    assert line.startswith("error: memory: this process may take 1024 MiB of addresses; allow ")
    assert "(ulimit -v " in line
