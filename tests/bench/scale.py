"""A network in tiles, at the size of Flanders: what cutting costs, and what workers bring."""

from __future__ import annotations

import hashlib
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from bench import synthetic
from bench.timing import THREADS, alone, once, say

from stemgeo.access.search import RANK_BITS
from stemgeo.demand import cut_age_cells
from stemgeo.measure import search_rides
from stemgeo.network.graph import Network
from stemgeo.scale import tiles as work
from stemgeo.scale.cluster import open_cluster
from stemgeo.scale.on_workers import open_units
from stemgeo.scale.over_tiles import InPlace, OverTiles, Tiling
from stemgeo.scale.store import Store
from stemgeo.study import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

TILES = (1, 16, 64)
WORKERS = (1, 2, 4)
AIM = 1.5
"""Work of 16 tiles over that of one."""
IN_FLIGHT = 4
"""Searches that are waited for at once."""


@dataclass
class Counting(InPlace):
    """Does units here, and keeps what each kind of them took, and how many arcs were searched."""

    seconds: Counter[str] = field(default_factory=Counter)
    arcs: int = 0

    def submit(self, work: Callable[..., Any], *given: Any) -> Any:
        """Do it, by the processor's clock."""
        begin = time.process_time()
        found = work(*given)
        self.seconds[work.__name__] += time.process_time() - begin
        if work.__name__ == "label_tile":
            self.arcs += count_arcs(*given)
        return found


def count_arcs(tile: work.Tile, *given: Any) -> int:
    """Count the arcs that a round looks at: of each node that it labels, those that arrive."""
    way, sites, mine, borrowed, known_ms, until_ms = given
    rider, _, away_ms, longest_ms = tile.ride(way)
    label = tile.lay_labels(mine, borrowed)
    tile.bound_others(label, away_ms, known_ms, until_ms)
    seeds = rider.label_seeds(sites, np.arange(len(sites.snap_m)))
    after = work.label_nearest_on(rider.arcs, *seeds, longest_ms, label, known_ms, until_ms)
    # Labelled in this round, or known and gone on from.
    known_end = (known_ms + 1) << RANK_BITS
    beyond = (label < known_end) & (label + (longest_ms << RANK_BITS) >= known_end)
    passed = (after != label) | beyond
    return int(np.diff(rider.arcs[0])[passed].sum())


def search_all(over: OverTiles) -> list[NDArray[np.int64]]:
    """Search as a run does: 3 bands, 3 scenarios, all roads and quiet ones."""
    study = over.study
    cells = cut_age_cells(study.travel.bands, over.academies, study.academies)
    found = []
    for profile in ("all", "low_stress"):
        rider = over.in_profile(profile)
        asked = [(rider, scenario, cell) for scenario in SCENARIOS for cell in cells]
        found += search_rides(asked, 1 if isinstance(_units_of(over), InPlace) else IN_FLIGHT)
    return found


def _units_of(over: OverTiles) -> Any:
    return over.laid and over.laid.tiling.units


def cut_land(folder: Path, units: Any, tiles: int, points: int) -> OverTiles:
    """Cut the made land, with its academies and children at doors."""
    made, study = Network.load(folder), synthetic.study()
    inputs = synthetic.inputs(made, max(made.nodes // 5000, 3), points)
    homes = inputs.addresses.assign(outside_network=False)
    return Tiling(units, tiles)(study, made, inputs.academies, homes)


def measure_work(folder: Path, tiles: int, points: int) -> dict[str, Any]:
    """Search in this process, and say what that took; twice, the first compiles."""
    units = Counting()
    over = cut_land(folder, units, tiles, points)
    search_all(over)
    units.seconds.clear()
    units.arcs = 0
    for one in over.laid.held if over.laid else []:
        one._riders.clear()
    labels = search_all(over)
    return {
        "tiles": tiles,
        "nodes": sum(one.network.nodes for one in over.laid.held) if over.laid else 0,
        "cpu_s": units.seconds.total(),
        "arcs": units.arcs,
        "labels": _hash_labels(labels),
    }


def measure_workers(folder: Path, workers: int, points: int) -> dict[str, Any]:
    """Search on local workers, each a process; the second time, when tiles are open there."""
    with tempfile.TemporaryDirectory() as place:
        store = Store(place)
        with open_cluster("local", store, workers=workers) as cluster, open_units(cluster) as units:
            over = cut_land(folder, units, 16, points)
            search_all(over)
            wall_s, labels = once(lambda: search_all(over))
    return {"workers": workers, "wall_s": wall_s, "labels": _hash_labels(labels)}


def _hash_labels(labels: list[NDArray[np.int64]]) -> str:
    return hashlib.sha256(np.concatenate(labels).tobytes()).hexdigest()


# -- the page -----------------------------------------------------------------------------------


def section(network: Path) -> str:
    """Time it and write its part of the page.

    Parameters
    ----------
    network
        The folder with the made network of the size of Flanders.
    """
    points = str(synthetic.FLANDERS_POINTS)
    work_done = [alone("bench.scale", "work", str(network), str(n), points) for n in TILES]
    workers = [alone("bench.scale", "workers", str(network), str(n), points) for n in WORKERS]
    return write_section(work_done, workers)


def write_section(tiled: list[dict[str, Any]], workers: list[dict[str, Any]]) -> str:
    """Write what was found, once all have the same labels.

    Parameters
    ----------
    tiled, workers
        As from `measure_work` and `measure_workers`, one tile and one worker first.
    """
    assert len({one["labels"] for one in [*tiled, *workers]}) == 1
    whole, first = tiled[0], workers[0]
    rows = [
        f"| {one['tiles']} | {one['nodes'] / whole['nodes']:.2f} | {one['arcs'] / 1e6:,.0f} "
        f"| {one['arcs'] / whole['arcs']:.2f} | {one['cpu_s']:.1f} "
        f"| {one['cpu_s'] / whole['cpu_s']:.2f} |"
        for one in tiled
    ]
    sped = [
        f"| {one['workers']} | {one['wall_s']:.1f} "
        f"| {first['wall_s'] / one['wall_s'] / one['workers']:.0%} |"
        for one in workers
    ]
    return f"""## A network in tiles, at the size of Flanders

The searches of a run (3 bands x 3 scenarios x 2 profiles, up to 60 minutes) over the made land
cut in tiles ([scale.md](scale.md)): every label of every demand point is asserted to be the same,
whatever the number of tiles and of workers. Work is what all units took together in one process,
by the processor's clock, and the arcs at which their searches looked. Tiles have each other's
nodes in their halos; small ones fit the processor's cache better.

| tiles | nodes over those of one | arcs looked at, M | over one tile (aim: {AIM}) \
| processor time, s | over one tile (aim: {AIM}) |
|---|---|---|---|---|---|
{chr(10).join(rows)}

The same on local workers, each a process with one thread, 16 tiles, on {THREADS} cores; by the
wall clock, with what goes between processes.

| workers | s | of what so many would do at best |
|---|---|---|
{chr(10).join(sped)}
"""


if __name__ == "__main__":
    part, place, number, doors = sys.argv[1:]
    done = {"work": measure_work, "workers": measure_workers}[part]
    say(done(Path(place), int(number), int(doors)))
