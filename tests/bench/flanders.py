"""The whole run at the size of Flanders; run as a process of its own, so that its memory is told.

The network lies in a folder as the cache keeps it. Registers and borders are made, not read.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import shapely
from bench import synthetic
from bench.profiles import costs
from bench.timing import THREADS, alone, once, peak_mib, say

from stemgeo.access.travel_time import Rider, minutes_to_ms
from stemgeo.access.travellers import draw_study_isochrones
from stemgeo.gaps import find_gaps
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
from stemgeo.times import measure_times
from stemgeo.uncertainty import measure_uncertainty

PLACES, POINTS = 5000, 1_000_000
"""Candidate places and demand points whose coverage sets are timed."""


def keep(folder: Path) -> dict[str, Any]:
    """Make the network, keep it in a folder and say how large it is."""
    network = synthetic.network(synthetic.FLANDERS_NODES)
    network.save(folder)
    arcs = network.restrict_to().arcs[1]
    metres = float(network.edge_length_m.mean())
    small = synthetic.inputs(network, academies=20, points=1000)
    prepared = Prepared.from_inputs(synthetic.study(), small, network)
    measure_times(
        prepared, measure_day(prepared, synthetic.DAY)
    )  # compiles what is not compiled yet
    return {"nodes": network.nodes, "arcs": len(arcs), "edge_m": metres}


def stages(folder: Path) -> dict[str, Any]:
    """Time the whole run, part by part."""
    made = synthetic.inputs(
        Network.load(folder), synthetic.FLANDERS_ACADEMIES, synthetic.FLANDERS_POINTS
    )
    load_s, network = once(lambda: Network.load(folder))
    place_s, prepared = once(lambda: Prepared.from_inputs(synthetic.study(), made, network))
    measure_s, measured = once(lambda: measure_day(prepared, synthetic.DAY))
    measured_mib = peak_mib()
    times_s, table = once(lambda: measure_times(prepared, measured))
    return {
        "load_s": load_s,
        "place_s": place_s,
        "measure_s": measure_s,
        "measured_mib": measured_mib,
        "times_s": times_s,
        "times_rows": len(table),
        "points": len(prepared.points),
        "academies": len(measured.academies),
        "rows": len(measured.coverage),
    }


def rest(folder: Path) -> dict[str, Any]:
    """Time what else a run finds beside its central measurement, stage by stage."""
    made = synthetic.inputs(
        Network.load(folder), synthetic.FLANDERS_ACADEMIES, synthetic.FLANDERS_POINTS
    )
    prepared = Prepared.from_inputs(synthetic.study(), made, Network.load(folder))
    measure_s, measured = once(lambda: measure_day(prepared, synthetic.DAY))
    iso_s, areas = once(
        lambda: draw_study_isochrones(
            measured.riders[0],  # type: ignore[arg-type]
            prepared.points,
            prepared.cells,
            threads=THREADS,
        )
    )
    areas_mib = peak_mib()
    gaps_s, gaps = once(lambda: find_gaps(prepared, measured))
    late = gaps.children[gaps.children["profile"] == "all"]
    candidates_s, ranked = once(
        lambda: candidate_municipalities(
            prepared, measured, find_candidates(prepared, measured).table, late
        )
    )
    effects_s, _ = once(lambda: measure_effects(prepared, measured))
    ways_s, of_methods = once(lambda: measure_sensitivity(prepared, measured))
    found_mib = peak_mib()
    known_s, known = once(
        lambda: measure_uncertainty(prepared, measured, of_methods, searched=False)
    )
    bars_s, sure = once(lambda: measure_uncertainty(prepared, measured, of_methods, searched=True))
    return {
        "seconds": {
            "measuring": measure_s,
            "isochrones": iso_s,
            "gaps": gaps_s,
            "candidates": candidates_s,
            "effects": effects_s,
            "sensitivity": ways_s,
            "bars": bars_s - known_s,
        },
        "areas": len(areas),
        "gaps": len(gaps.table),
        "ranked": len(ranked),
        "areas_mib": areas_mib,
        "found_mib": found_mib,
        "bars": sorted(set(sure.bars["part"]) - set(known.bars["part"])),
    }


def write_rest(found: dict[str, Any]) -> str:
    """Write what else a run finds as a section of the page."""
    took, bars = found["seconds"], found["bars"]
    both_s, each_s = took["gaps"] + took["candidates"], took["bars"] / max(len(bars), 1)
    share = each_s / took["measuring"]
    return f"""## What else a run finds, at the size of Flanders

The same made land and study, each stage after the central measurement ({took["measuring"]:.1f} s
in this process, access table and all counts included).

| stage | s |
|---|---|
| isochrones, {found["areas"]:,} areas | {took["isochrones"]:.1f} |
| gaps: joined, drawn, reasons and evidence ({found["gaps"]:,} gaps) | {took["gaps"]:.1f} |
| candidates ({found["ranked"]:,} municipalities) | {took["candidates"]:.1f} |
| **gaps and candidates** (aim: under 20) | **{both_s:.1f}** |
| surfaces with and without | {took["effects"]:.1f} |
| other ways of placing | {took["sensitivity"]:.1f} |
| {len(bars)} bars of uncertainty that are searched anew ({", ".join(bars)}) | {took["bars"]:.1f} |
| **a bar**, of two ends (aim: one measurement; {share:.2f} of it) | **{each_s:.1f}** |

Peak memory: {found["areas_mib"] / 1024:.2f} GiB with the isochrones,
{found["found_mib"] / 1024:.2f} with all but the bars, {found["peak_mib"] / 1024:.2f} with them.
"""


def section(folder: Path) -> str:
    """Measure what else a run finds, and write it as a section of the page."""
    return write_rest(alone("bench.flanders", "rest", str(folder)))


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
