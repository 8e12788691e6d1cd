"""The whole run at the size of Flanders; run as a process of its own, so that its memory is told.

The network lies in a folder as the cache keeps it. Registers and borders are made, not read.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import shapely
from bench import synthetic
from bench.profiles import costs, gathers_ns
from bench.timing import THREADS, alone, best, now_mib, once, peak_mib, say

from stemgeo.access.travel_time import Rider, minutes_to_ms
from stemgeo.access.travellers import OverNetwork, draw_study_isochrones
from stemgeo.gaps import Gaps, find_gaps
from stemgeo.measure import (
    Measured,
    Prepared,
    measure_day,
    measure_effects,
    measure_sensitivity,
)
from stemgeo.network.graph import Network
from stemgeo.network.snap import snap_points
from stemgeo.siting.municipalities import candidate_municipalities
from stemgeo.siting.places import find_candidates
from stemgeo.siting.service import coverage_sets, list_uncovered
from stemgeo.times import measure_times
from stemgeo.uncertainty import measure_uncertainty

T = TypeVar("T")

PLACES, POINTS = 5000, 1_000_000
"""Candidate places and demand points whose coverage sets are timed."""

CENTRAL_S, FOUND_S, MOST_MIB = 35, 20, 4608
"""Aims: of the central measurement, of gaps and candidates together, and of memory."""


def keep(folder: Path) -> dict[str, Any]:
    """Make the network, keep it in a folder, and compile what is not compiled yet."""
    network = synthetic.network(synthetic.FLANDERS_NODES)
    network.save(folder)
    small = synthetic.inputs(network, academies=20, points=1000)
    _take_stages(lambda: Prepared.from_inputs(synthetic.study(), small, network))
    return {"nodes": network.nodes}


def stages(folder: Path) -> dict[str, Any]:
    """Time the whole run, part by part."""
    made = synthetic.inputs(
        Network.load(folder), synthetic.FLANDERS_ACADEMIES, synthetic.FLANDERS_POINTS
    )
    load_s, network = once(lambda: Network.load(folder))
    place_s, prepared = once(lambda: Prepared.from_inputs(synthetic.study(), made, network))
    measure_s, measured = once(lambda: measure_day(prepared, synthetic.DAY))
    times_s, table = once(lambda: measure_times(prepared, measured))
    roads = network.restrict_to()
    return {
        "nodes": network.nodes,
        "arcs": len(roads.arcs[1]),
        "edge_m": float(network.edge_length_m.mean()),
        "profiles": len(measured.riders),
        "load_s": load_s,
        "place_s": place_s,
        "measure_s": measure_s,
        "times_s": times_s,
        "times_rows": len(table),
        "points": len(prepared.points),
        "academies": len(measured.academies),
        "rows": len(measured.coverage),
    }


class _Stages:
    """What each stage took, and the memory of the process after it and at most up to then."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.cpu_s: dict[str, float] = {}
        self.mib: dict[str, tuple[float, float]] = {}

    def take(self, name: str, work: Callable[[], T]) -> T:
        """Do the work of a stage, and note what it took."""
        before_s = time.process_time()
        self.seconds[name], given = once(work)
        self.cpu_s[name] = time.process_time() - before_s
        self.mib[name] = now_mib(), peak_mib()
        return given


def rest(folder: Path) -> dict[str, Any]:
    """Time what a run finds, stage by stage: its measurement, and all else."""
    made = synthetic.inputs(
        Network.load(folder), synthetic.FLANDERS_ACADEMIES, synthetic.FLANDERS_POINTS
    )
    return _take_stages(lambda: Prepared.from_inputs(synthetic.study(), made, Network.load(folder)))


def _take_stages(prepare: Callable[[], Prepared]) -> dict[str, Any]:
    at = _Stages()
    prepared = at.take("placing", prepare)
    measured = at.take("measuring", lambda: measure_day(prepared, synthetic.DAY))
    at.take("minutes", lambda: measure_times(prepared, measured))
    rider = measured.riders[0]
    assert isinstance(rider, OverNetwork)
    areas = at.take(
        "isochrones",
        lambda: draw_study_isochrones(rider, prepared.points, prepared.cells, threads=THREADS),
    )
    gaps = at.take("gaps", lambda: find_gaps(prepared, measured))
    late = gaps.children[gaps.children["profile"] == "all"]
    ranked = at.take(
        "candidates",
        lambda: candidate_municipalities(
            prepared, measured, find_candidates(prepared, measured).table, late
        ),
    )
    at.take("effects", lambda: measure_effects(prepared, measured))
    of_methods = at.take("sensitivity", lambda: measure_sensitivity(prepared, measured))
    access = at.take("access", lambda: measured.access)
    known = at.take(
        "known", lambda: measure_uncertainty(prepared, measured, of_methods, searched=False)
    )
    sure = at.take(
        "bars", lambda: measure_uncertainty(prepared, measured, of_methods, searched=True)
    )
    return {
        "seconds": at.seconds,
        "cpu_s": at.cpu_s,
        "mib": at.mib,
        "areas": len(areas),
        "gaps": len(gaps.table),
        "ranked": len(ranked),
        "rows": len(access),
        "bars": sorted(set(sure.bars["part"]) - set(known.bars["part"])),
        "floors": _find_floors(prepared, measured, gaps),
    }


def _find_floors(prepared: Prepared, measured: Measured, gaps: Gaps) -> dict[str, float]:
    """Measure what a pass over the data alone costs, seconds; and hold what a run cannot but, MiB.

    A search looks at each arc once and reads one label; gaps are found by who lives beside whom,
    so children out of reach are sorted by place once; whom a place brings is a read for each pair.
    """
    ordered_ns, _ = gathers_ns()
    rider = measured.riders[0]
    assert isinstance(rider, OverNetwork)
    arcs = len(rider.network.arcs[1])
    central = len(measured.riders) * len(prepared.study.travel.bands)
    x = prepared.points.geometry.x.to_numpy()[gaps.children["point"]]
    sorted_s, _ = best(lambda: np.argsort(x, kind="stable"))
    uncovered = list_uncovered(prepared, measured, "all")
    places = find_candidates(prepared, measured).table
    pairs = coverage_sets(prepared, measured, places, "all", uncovered).nnz
    search_s = arcs * ordered_ns / 1e9
    held = sum(one.nbytes for one in rider.network._list_arrays().values())
    held += int(prepared.points.memory_usage().sum())
    held += sum(one.nbytes for one in measured.rides)
    held += sum(one.covered.nbytes for one in measured.reached)
    return {
        "measuring": 3 * central * search_s,
        "gaps": sorted_s,
        "candidates": pairs * ordered_ns / 1e9,
        "bar": 2 * central * search_s,
        "mib": held / 2**20,
    }


_TOLD = {
    "placing": "the network opened, children put at points",
    "measuring": "measuring, all counts included",
    "minutes": "minutes to the nearest three",
    "isochrones": "isochrones, {areas:,} areas",
    "gaps": "gaps: joined, drawn, reasons and evidence ({gaps:,} gaps)",
    "candidates": "candidates ({ranked:,} municipalities)",
    "effects": "surfaces with and without",
    "sensitivity": "other ways of placing",
    "access": "the access table, {rows:,} rows",
    "known": "bars of uncertainty that are known already",
    "bars": "{searched} bars that are searched anew ({which})",
}


def write_rest(found: dict[str, Any]) -> str:
    """Write what else a run finds as a section of the page."""
    took, cpu_s, mib = found["seconds"], found["cpu_s"], found["mib"]
    bars, floors = found["bars"], found["floors"]
    floors = floors | {"bars": len(bars) * floors["bar"]}
    each_s, bare = took["bars"] / max(len(bars), 1), took["measuring"]
    words = found | {"searched": len(bars), "which": ", ".join(bars)}
    lines = [
        f"| {told.format_map(words)} | {took[name]:.1f} | {cpu_s[name]:.1f} "
        f"| {_floor(floors.get(name))} | {_gib(mib[name][0])} | {_gib(mib[name][1])} |"
        for name, told in _TOLD.items()
    ]
    central_s = took["placing"] + took["measuring"] + took["minutes"]
    both_s = took["gaps"] + took["candidates"]
    aims = [
        ("the central measurement, s", central_s, CENTRAL_S),
        ("its memory, GiB", mib["minutes"][1] / 1024, MOST_MIB / 1024),
        ("gaps and candidates, s", both_s, FOUND_S),
        ("memory up to there, GiB", mib["candidates"][1] / 1024, MOST_MIB / 1024),
        ("a bar of two ends, in measurements", each_s / bare, 1),
    ]
    told = [
        f"| {name} | {value:.2f} | {aim:g} | {'yes' if value <= aim else '**no**'} |"
        for name, value, aim in aims
    ]
    return f"""## What else a run finds, at the size of Flanders

The same made land and study, stage after stage in one process ("cpu": seconds of both cores).
Memory is that of the process after a stage, and the most it had up to then. The floor of a stage
is what a pass over its data costs here: of a search a read of a label for each arc, of gaps a sort
by place of the children out of reach, of candidates a read for each pair of a place and children.
A run cannot but hold {_gib(floors["mib"])} GiB: roads, demand points and what each reaches.

| stage | s | cpu, s | floor, s | GiB after | GiB at most |
|---|---|---|---|---|---|
{chr(10).join(lines)}

| aim | here | at most | met |
|---|---|---|---|
{chr(10).join(told)}
"""


def _gib(mib: float) -> str:
    return f"{mib / 1024:.2f}"


def _floor(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.2f}"


def whole_section(folder: Path) -> str:
    """Time the whole run twice, and write the quicker as a section of the page."""
    runs = [alone("bench.flanders", "stages", str(folder)) for _ in range(2)]
    return write_whole(min(runs, key=_whole_s), alone("bench.flanders", "sets", str(folder)))


def section(folder: Path) -> str:
    """Measure what else a run finds, and write it as a section of the page."""
    return write_rest(alone("bench.flanders", "rest", str(folder)))


def _whole_s(run: dict[str, Any]) -> float:
    return float(run["load_s"] + run["place_s"] + run["measure_s"] + run["times_s"])


def write_whole(run: dict[str, Any], sets: dict[str, Any]) -> str:
    """Write the whole run as a section of the page."""
    return f"""## The whole run at the size of Flanders

A made land (`tests/bench/synthetic.py`): {run["nodes"]:,} nodes, {run["arcs"]:,} directed edges
of {run["edge_m"]:.0f} m in the mean, 300 municipalities, 9,000 zones,
{run["academies"]} academies, {run["points"]:,} demand points; 3 bands x 3 scenarios x
{run["profiles"]} profiles, counted at every level ({run["rows"]:,} rows). The network comes
from the cache, its hashes checked; the rest is made before the clock starts.

| part | s |
|---|---|
| opening the network | {run["load_s"]:.2f} |
| putting the children at points | {run["place_s"]:.2f} |
| measuring | {run["measure_s"]:.2f} |
| minutes to the nearest three ({run["times_rows"]:,} rows) | {run["times_s"]:.2f} |
| **all** (aim: under {CENTRAL_S}) | **{_whole_s(run):.1f}** |

Peak memory of the process: **{_gib(run["peak_mib"])} GiB** (aim: under {_gib(MOST_MIB)}).

Whom each of {sets["places"]:,} candidate places would have within reach among {sets["points"]:,}
points, at the speeds of three bands: **{sets["sets_s"]:.1f} s** (aim: under 5) for
{sets["pairs"]:,} pairs.
"""


def sets(folder: Path) -> dict[str, Any]:
    """Time whom each of many places would serve, at the speed of each band."""
    network = Network.load(folder).restrict_to()
    spots = [synthetic.doors(network, count, seed) for count, seed in ((PLACES, 8), (POINTS, 9))]
    places, points = (snap_points(network, shapely.get_x(at), shapely.get_y(at)) for at in spots)
    speeds = [band.speed_kmh["central"] for band in synthetic.study().travel.bands]

    def served(speed_kmh: float) -> int:
        rider = Rider(network, network.travel_times(speed_kmh), minutes_to_ms(15))
        return len(rider.list_served(places, points, threads=THREADS)[1])

    served(speeds[0])  # compiles, and makes what is made once for a study
    seconds, pairs = once(lambda: sum(map(served, speeds)))
    return {"sets_s": seconds, "places": PLACES, "points": POINTS, "pairs": pairs}


def profile(folder: Path) -> dict[str, Any]:
    """Say where the time of the whole run goes."""
    network = Network.load(folder)
    made = synthetic.inputs(network, synthetic.FLANDERS_ACADEMIES, synthetic.FLANDERS_POINTS)

    def work() -> Measured:
        network = Network.load(folder)
        return measure_day(Prepared.from_inputs(synthetic.study(), made, network), synthetic.DAY)

    return {"costs": costs(work)[:6]}


if __name__ == "__main__":
    parts = {"keep": keep, "stages": stages, "rest": rest, "sets": sets, "profile": profile}
    say(parts[sys.argv[1]](Path(sys.argv[2])))
