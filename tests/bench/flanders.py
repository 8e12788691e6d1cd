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
from bench.timing import THREADS, once, peak_mib, say

from stemgeo.access.travel_time import Rider, minutes_to_ms
from stemgeo.measure import Measured, Prepared, measure_day
from stemgeo.network.graph import Network
from stemgeo.network.snap import snap_points
from stemgeo.times import measure_times

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
    parts = {"keep": keep, "stages": stages, "sets": sets, "profile": profile}
    say(parts[sys.argv[1]](Path(sys.argv[2])))
