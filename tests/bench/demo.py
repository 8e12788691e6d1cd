"""Time the commands of the demo, each as a process of its own.

Run by itself, from a process that is small: the memory that the system tells of a process begins
with that of the one that started it.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.timing import alone, say

RUNS = 3


def timed(command: list[str], cache: Path) -> tuple[float, float]:
    """Run a command; give its seconds on the clock and its peak memory in MiB."""
    environment = os.environ | {"STEMGEO_CACHE": str(cache)}
    start = time.perf_counter()
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        sys.exit(f"{' '.join(command)} failed with status {os.waitstatus_to_exitcode(status)}")
    return seconds, usage.ru_maxrss / 1024


def row(what: str, runs: list[tuple[float, float]]) -> str:
    """Write a row: the median and the range of the time, the largest memory."""
    seconds = sorted(run[0] for run in runs)
    middle, low, high = statistics.median(seconds), seconds[0], seconds[-1]
    return f"| {what} | {middle:.2f} | {low:.2f} to {high:.2f} | {max(m for _, m in runs):.0f} |"


def parts(worked: dict[str, Any]) -> str:
    """Write what the run from the cache works on, the largest first."""
    total = worked["total"]
    lines = [
        f"| {part} | {all_of_it:.1f} | {geos:.1f} |" if geos else f"| {part} | {all_of_it:.1f} | |"
        for part, (all_of_it, geos) in sorted(worked["parts"].items(), key=lambda one: -one[1][0])
    ]
    return f"""What the run from the cache works on: {total:.1f} s of processor time, so at least
{total / 2:.1f} s by the clock on two cores, however divided. What GEOS takes of a part is its
floor, for the same polygons.

| part | seconds of processor time | of which in GEOS |
|---|---|---|
{chr(10).join(lines)}"""


def section() -> str:
    """Time each command and write its part of the page."""
    stemgeo = [sys.executable, "-m", "stemgeo.cli"]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        cache, study, out = place / "cache", place / "study", place / "out"
        run = [*stemgeo, "run", str(study), "--out", str(out)]
        subprocess.run([*stemgeo, "sample", str(study)], check=True, stdout=subprocess.DEVNULL)
        timed(run, cache)  # compiles the kernel, once for each installation
        cold = []
        for _ in range(RUNS):
            shutil.rmtree(cache)
            cold.append(timed(run, cache))
        warm = [timed(run, cache) for _ in range(RUNS)]
        os.environ["STEMGEO_CACHE"] = str(cache)
        worked = alone("bench.demo_parts", str(study), str(place / "parts"))
        site = [*stemgeo, "publish", str(out), "--out", str(place / "site")]
        published = [timed(site, cache) for _ in range(RUNS)]
        files = [one for one in (place / "site").rglob("*") if one.is_file()]
        pages = sum(one.suffix == ".html" for one in files)
        size = sum(one.stat().st_size for one in files) / 1_000_000
        lines = [timed([*stemgeo, "--help"], cache) for _ in range(2 * RUNS)]
    rows = [
        row("`stemgeo --help`", lines[RUNS:]),
        row("`stemgeo run` on the sample, roads read from the extract", cold),
        row("the same, network in the cache", warm),
        row("`stemgeo publish` of that result", published),
    ]
    return f"""## The demo

Whole processes, {RUNS} runs each after one to warm up.

| command | median, s | range, s | peak memory, MiB |
|---|---|---|---|
{chr(10).join(rows)}

The sample: 300 municipalities, 2,188 zones, 902,071 children, 314 academies; 6 maps in three
formats, the web map, isochrones of each academy, two profiles, three speeds. Its site
has {pages:,} pages in three languages and {size:.1f} MB.

{parts(worked)}
"""


if __name__ == "__main__":
    say({"section": section()})
