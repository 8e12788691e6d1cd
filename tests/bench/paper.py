"""What larger lands would take, on paper: unit costs measured here, times counts of others.

`make bench ARGS=paper` measures and writes the part of docs/scale.md between its marks. Nothing of
that size was run.
"""

from __future__ import annotations

import math
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from bench import synthetic
from bench.timing import alone, now_mib, peak_mib, say

from stemgeo.measure import Prepared, measure_day
from stemgeo.network.graph import Network
from stemgeo.network.osm import read_roads
from stemgeo.scale.over_tiles import InPlace, OverTiles, Tiling
from stemgeo.writing.pages import update_page

if TYPE_CHECKING:
    from collections.abc import Iterator

NODES, POINTS, ACADEMIES, TILES = 500_000, 250_000, 100, 4
VARIANTS = 18
"""Of one study: 3 bands x 3 scenarios x 2 profiles."""

MANY = 1000
NODES_PER_TILE = 2_000_000

EURO_PER_CORE_HOUR, EURO_PER_GB_MONTH = 0.05, 0.02
EUROPE_EDGES, EDGES_PER_NODE = 327_103_900, 2.5


@dataclass(frozen=True)
class Land:
    """A land: the size of its extract, and the nodes of its contracted roads; both assumed."""

    name: str
    extract_mb: int
    nodes: int


_EUROPE = Land("Europe", 31_000, round(EUROPE_EDGES / EDGES_PER_NODE))


def _by_size(name: str, extract_mb: int) -> Land:
    return Land(name, extract_mb, round(_EUROPE.nodes * extract_mb / _EUROPE.extract_mb))


LANDS = (_by_size("Belgium", 650), _by_size("Benelux", 2_050), _EUROPE)


@dataclass(frozen=True)
class UnitCosts:
    """Measured, of processor time and bytes.

    Attributes
    ----------
    read_s_per_mb
        Of a packed extract, into contracted roads.
    node_variant_s
        Of measuring: each node, each variant, points and counting included.
    network_bytes, driver_bytes
        Of each node: on disk, and in the memory of who prepares and counts, points included.
    halo_share
        Nodes that tiles have beside their own, as a share, at `tile_nodes` each.
    tile_nodes
        At which that was.
    """

    read_s_per_mb: float
    node_variant_s: float
    network_bytes: float
    driver_bytes: float
    halo_share: float
    tile_nodes: int

    def find_work(self, nodes: int, tiles: int) -> float:
        """Say how many times the work of the whole the tiles are: a halo grows as its rim does."""
        rim = math.sqrt(self.tile_nodes / (nodes / tiles))
        return 1.0 if tiles == 1 else 1 + self.halo_share * rim


def measure() -> UnitCosts:
    """Measure on a made land of a quarter of Flanders, and on the real extract of Porto."""
    from bench.page import EXTRACT

    begun = now_mib()  # what imports take does not grow
    network = synthetic.network(NODES)
    with tempfile.TemporaryDirectory() as folder:
        network.save(Path(folder))
        saved = sum(path.stat().st_size for path in Path(folder).iterdir())
        network = Network.load(Path(folder))
        made = synthetic.inputs(network, academies=ACADEMIES, points=POINTS)
        prepared = Prepared.from_inputs(synthetic.study(), made, network)
        measure_day(prepared, synthetic.DAY)  # compiles what is not compiled yet
        began = time.process_time()
        measured = measure_day(prepared, synthetic.DAY)
        spent = time.process_time() - began
        taken = (peak_mib() - begun) * 2**20
        tiled = Tiling(InPlace(), TILES)(
            prepared.study, network, measured.academies, prepared.points
        )
    began = time.process_time()
    Network.whole_from_roads(read_roads([EXTRACT]))
    read_s = time.process_time() - began
    return UnitCosts(
        read_s_per_mb=read_s / (EXTRACT.stat().st_size / 1e6),
        node_variant_s=spent / (network.nodes * VARIANTS),
        network_bytes=saved / network.nodes,
        driver_bytes=taken / network.nodes,
        halo_share=_count_halo(tiled, network.nodes),
        tile_nodes=network.nodes // TILES,
    )


def _count_halo(tiled: OverTiles, nodes: int) -> float:
    assert tiled.laid is not None
    return float(np.sum([tile.network.nodes for tile in tiled.laid.held]) / nodes - 1)


def lines(unit: UnitCosts) -> Iterator[str]:
    """Write the measured units, the table, and who says what is assumed."""
    yield "| unit cost, measured on one core | |"
    yield "|---|---|"
    yield f"| reading an extract into roads | {unit.read_s_per_mb:.2f} s a MB |"
    yield f"| measuring, a node and a variant | {unit.node_variant_s * 1e6:.2f} µs |"
    yield f"| a network on disk | {unit.network_bytes:.0f} bytes a node |"
    yield f"| memory of who prepares and counts | {unit.driver_bytes:,.0f} bytes a node |"
    yield (
        f"| nodes of the halo, at {unit.tile_nodes:,} own nodes a tile "
        f"| {100 * unit.halo_share:.0f} % more |"
    )
    yield ""
    yield (
        "| land | extract, GB | nodes, M | tiles | reading, core-h | one study, core-h "
        f"| {MANY:,} variants, core-h | store, GB | memory of the driver, GB "
        f"| {MANY:,} variants, € |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|"
    yield from (_row(land, unit) for land in LANDS)


def _row(land: Land, unit: UnitCosts) -> str:
    tiles = math.ceil(land.nodes / NODES_PER_TILE)
    work = unit.find_work(land.nodes, tiles)
    read_h = land.extract_mb * unit.read_s_per_mb / 3600
    variant_h = land.nodes * unit.node_variant_s * work / 3600
    store_gb = land.nodes * unit.network_bytes * work / 1e9
    euro = (read_h + MANY * variant_h) * EURO_PER_CORE_HOUR + store_gb * EURO_PER_GB_MONTH
    cells = (
        land.name,
        f"{land.extract_mb / 1000:.2f}",
        f"{land.nodes / 1e6:.1f}",
        str(tiles),
        f"{read_h:.2f}",
        f"{VARIANTS * variant_h:.3f}",
        f"{MANY * variant_h:.1f}",
        f"{store_gb:.1f}",
        f"{land.nodes * unit.driver_bytes / 1e9:.0f}",
        f"{euro:.2f}",
    )
    return f"| {' | '.join(cells)} |"


def write(page: Path) -> None:
    """Measure in a process of its own, so that its memory is told, and write the page."""
    told = alone("bench.paper")
    told.pop("peak_mib")
    update_page(str(page), "on paper", lines(UnitCosts(**told)))


if __name__ == "__main__":
    say(vars(measure()))
