"""Where the time of a run goes, and the floor under it: how fast this machine can do such work."""

from __future__ import annotations

import cProfile
import pstats
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from bench.timing import best

Costs = list[tuple[str, float]]
PACKAGE = "/stemgeo/"
GATHERED = 10_000_000


def costs(work: Callable[[], Any]) -> Costs:
    """Give the seconds of each function of the package, what it has libraries do included."""
    profile = cProfile.Profile()
    profile.runcall(work)
    stats: dict[Any, Any] = vars(pstats.Stats(profile))["stats"]
    # A comprehension belongs to the function around it.
    ours = {key: value for key, value in stats.items() if PACKAGE in key[0] and "<" not in key[2]}
    seconds = {key: cumulative for key, (_, _, _, cumulative, _) in ours.items()}
    for _, _, _, _, callers in ours.values():
        for caller, (_, _, _, cumulative) in callers.items():
            if caller in seconds:
                seconds[caller] -= cumulative
    named = [
        (f"`{Path(file).stem}.{name}`", seconds[file, line, name]) for file, line, name in ours
    ]
    return sorted(named, key=lambda cost: -cost[1])


def inflate_mib_per_s(extract: Path) -> float:
    """Measure how fast zlib unpacks the blocks of an extract, counted in packed MiB."""
    packed = extract.read_bytes()

    def inflated() -> int:
        at, blocks = packed.find(b"\x78\x9c"), 0
        while at >= 0:
            stream = zlib.decompressobj()
            stream.decompress(packed[at:])
            blocks += 1
            at = packed.find(b"\x78\x9c", len(packed) - len(stream.unused_data))
        return blocks

    seconds, blocks = best(inflated)
    assert blocks > 1
    return len(packed) / 2**20 / seconds


def gathers_ns() -> tuple[float, float]:
    """Measure one gather of a 64-bit label among those of Flanders, in order and at random."""
    random = np.random.default_rng(3)
    labels = np.arange(2_000_000)
    at_random = random.integers(0, len(labels), GATHERED, dtype=np.int32)
    in_order = np.sort(at_random)
    out = np.empty(GATHERED, dtype=np.int64)
    ordered, _ = best(lambda: np.take(labels, in_order, out=out, mode="clip"))
    scattered, _ = best(lambda: np.take(labels, at_random, out=out, mode="clip"))
    return ordered / GATHERED * 1e9, scattered / GATHERED * 1e9
