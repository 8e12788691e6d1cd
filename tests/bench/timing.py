"""Clocks: the best of several times in one process, and a process of its own with its memory."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

THREADS = os.cpu_count() or 1
TESTS = Path(__file__).parent.parent
LIBRARIES = ("numpy", "numba", "scipy", "shapely", "geopandas", "pandas", "osmium", "matplotlib")
OPPONENTS = ("networkx", "osmnx")


def best(work: Callable[[], T], times: int = 3) -> tuple[float, T]:
    """Give the least seconds that the work took, and what it gave."""
    seconds, given = once(work)
    for _ in range(times - 1):
        again, given = once(work)
        seconds = min(seconds, again)
    return seconds, given


def once(work: Callable[[], T]) -> tuple[float, T]:
    """Give the seconds that the work took, and what it gave."""
    start = time.perf_counter()
    given = work()
    return time.perf_counter() - start, given


def alone(module: str, *words: str) -> dict[str, Any]:
    """Run a module as a process of its own; give the JSON that it says."""
    command = [sys.executable, "-m", module, *words]
    paths = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    process = subprocess.Popen(
        command, env=os.environ | {"PYTHONPATH": paths}, stdout=subprocess.PIPE, text=True
    )
    answer, _ = process.communicate()
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed with status {process.returncode}")
    found: dict[str, Any] = json.loads(answer.splitlines()[-1])
    return found


def say(found: dict[str, Any]) -> None:
    """Answer the process that runs this one, with this one's peak memory."""
    sys.stdout.write(json.dumps(found | {"peak_mib": peak_mib()}) + "\n")


def peak_mib() -> float:
    """Give the peak memory of this process, where the system tells (Linux), else NaN.

    Not `ru_maxrss`: there a process begins with the memory of the one that started it.
    """
    return _status_mib("VmHWM")


def now_mib() -> float:
    """Give the memory of this process now, where the system tells (Linux), else NaN."""
    return _status_mib("VmRSS")


def _status_mib(field: str) -> float:
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="utf-8").splitlines() if status.is_file() else []
    return next((int(line.split()[1]) / 1024 for line in lines if field in line), float("nan"))


def machine() -> str:
    """Name machine and versions."""
    libraries = ", ".join(f"{name} {version(name)}" for name in (*LIBRARIES, *OPPONENTS))
    python = platform.python_version()
    return f"{platform.system()}, {THREADS} cores ({processor()}), Python {python}; {libraries}."


def processor() -> str:
    """Name the processor, where the system tells."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
