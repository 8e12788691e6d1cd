"""Children that die by SIGKILL at a chosen moment: before the n-th change to files, or when told.

A warm process forks a child for each moment, so that none costs its imports.
"""

from __future__ import annotations

import mmap
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stemgeo.writing import whole

EVENTS = ("os.rename", "os.mkdir", "os.rmdir", "os.remove", "os.truncate", "os.link", "os.chmod")


@dataclass(frozen=True)
class Ended:
    """How a child ended: its status (-9: killed), what it did to files, and what it said."""

    status: int
    events: int
    said: str


def child(work: Callable[[], object], log: Path, at: int = 0) -> tuple[int, mmap.mmap]:
    """Fork a child that does some work and kills itself before the event `at`."""
    counted = mmap.mmap(-1, 8)
    log.touch()
    with warnings.catch_warnings():
        # A server that plays in another thread holds no lock that the child needs.
        warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
        pid = os.fork()
    if pid:
        return pid, counted
    status = 1
    try:
        said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(said, 1)
        os.dup2(said, 2)
        _count(counted, at)
        work()
        status = 0
    except SystemExit as ended:
        status = int(ended.code or 0)
    except BaseException:  # noqa: BLE001  (told to the parent, which calls it a failure)
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _count(counted: mmap.mmap, at: int) -> None:
    """Count what changes files; kill before the event `at`."""

    def event(*_: object) -> None:
        number = int.from_bytes(counted[:8], "little") + 1
        counted[:8] = number.to_bytes(8, "little")
        if number == at:
            os.kill(os.getpid(), signal.SIGKILL)

    def hook(name: str, args: tuple[Any, ...]) -> None:
        writes = name == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR)
        if name in EVENTS or writes:
            event()

    sync, rename = os.fsync, whole._rename_at_once
    # These tell no audit hook.
    os.fsync = lambda handle: (event(), sync(handle))[1]  # type: ignore[assignment]
    whole._rename_at_once = lambda *args: (event(), rename(*args), event())[1]  # type: ignore[assignment]
    sys.addaudithook(hook)


def ended(pid: int, counted: mmap.mmap, log: Path) -> Ended:
    """Wait for a child."""
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return Ended(status, int.from_bytes(counted[:8], "little"), log.read_text("utf-8"))


def moments(events: int, number: int) -> list[int]:
    """Spread a number of moments over the events: each when there are fewer."""
    return sorted({1 + round(one * (events - 1) / max(1, number - 1)) for one in range(number)})
