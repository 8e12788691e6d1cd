"""Reading an extract of a country's size, beside what osmium takes to filter it with locations.

Each part is a process of its own, so that its memory is told; the passes of osmium come in between,
so that both meet the machine in the same state.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import osmium
from bench.country import write_country
from bench.timing import alone, once, say

from stemgeo.arrays import list_once
from stemgeo.facts import LAMBERT_72
from stemgeo.inputs import extracts, pbf
from stemgeo.inputs.buildings import read_buildings
from stemgeo.inputs.streets import read_streets
from stemgeo.inputs.uninhabited import read_uninhabited
from stemgeo.inputs.vectors import move_points
from stemgeo.network import barriers
from stemgeo.network.graph import Network
from stemgeo.network.osm import NODE_TAGS_READ, TAGS_READ

DWELLINGS = ("house",)
EXTRACT = "country.osm.pbf"

READ: dict[str, tuple[str, str, Callable[[Path], Any]]] = {
    "roads": ("`Network.from_osm`", "highway", lambda path: Network.from_osm(path).edges),
    "buildings": (
        "buildings",
        "building",
        lambda path: len(read_buildings([path], DWELLINGS).points),
    ),
    "streets": ("streets", "highway", lambda path: len(read_streets([path]).kind)),
    "ground": (
        "ground where nobody lives",
        "landuse",
        lambda path: len(read_uninhabited([path]).areas),
    ),
}
"""What is read: in words, by which key osmium filters beside it, and how; each gives a count."""


def pass_filtered(path: Path, key: str) -> int:
    """Count what has a key by osmium's own filtered pass, with locations."""
    files = osmium.FileProcessor(str(path)).with_locations()
    return sum(1 for _ in files.with_filter(osmium.filter.KeyFilter(key)))


def pass_empty(path: Path) -> int:
    """Let osmium unpack everything, and nothing pass."""
    with osmium.io.Reader(str(path), osmium.osm.ALL) as reader:
        osmium.apply(reader, osmium.filter.KeyFilter("-"))
    return 0


def measure_floor(path: Path) -> dict[str, float]:
    """Time what nobody reads the roads without: the kernels alone, and PROJ of the nodes kept."""
    asked = [extracts.WaysAsked(("highway", "route"), TAGS_READ), barriers.ASKED]
    ways_s, read = once(lambda: extracts.read_ways_at_once([path], asked))
    ids = list_once(read[0].refs)
    nodes_s, nodes = once(lambda: extracts.read_nodes([path], ids, NODE_TAGS_READ))
    projection_s, _ = once(lambda: move_points("EPSG:4326", LAMBERT_72, nodes.lon, nodes.lat))
    return {"ways_s": ways_s, "nodes_s": nodes_s, "projection_s": projection_s}


def section(folder: Path) -> str:
    """Make the extract, read it in each way, and write the section of the page."""
    path = folder / EXTRACT
    size = write_country(path)
    os.sync()  # it is written while nobody reads
    found = {name: measure_beside(path, name) for name in READ}
    floor = alone("bench.reading", "unpack", str(path))
    floor |= {"own": alone("bench.reading", "floor", str(path))["count"]}
    path.unlink()
    return write_section(size, found, floor)


def measure_beside(path: Path, name: str) -> dict[str, Any]:
    """Pass by osmium, and read in one way."""
    theirs = alone("bench.reading", "pass", str(path), READ[name][1])
    return {"theirs": theirs, "ours": alone("bench.reading", name, str(path))}


def write_section(size: dict[str, int], found: dict[str, Any], floor: dict[str, Any]) -> str:
    """Write the section of the page."""
    own = floor["own"]
    lines = [_row(READ[name][0], one["ours"], one["theirs"]) for name, one in found.items()]
    return f"""## Reading an extract of a country's size

Made (`tests/bench/country.py`): {size["nodes"]:,} nodes and {size["ways"]:,} ways,
{size["bytes"] / 1e6:.0f} MB as PBF; roads on a grid that is not quite one, and buildings of four
corners. Beside each what osmium takes, driven from Python, to filter the same file by the key in
question with locations on its ways; in turn, each a process of its own. "cpu": seconds of both
cores.

| what | s | osmium, s | times as long | cpu, s | osmium, cpu s | times | peak memory, MiB |
|---|---|---|---|---|---|---|---|
{chr(10).join(lines)}

Aim: less than twice as long, and under 4,096 MiB. The floor: {floor["s"]:.1f} s
({floor["cpu_s"]:.1f} s of cpu) for osmium to unpack all of the file once and let nothing pass. Here
the blobs of ways are unpacked once, then those of nodes, each on both cores: the kernels alone take
{own["ways_s"]:.1f} s and {own["nodes_s"]:.1f} s, and PROJ of the nodes of roads
{own["projection_s"]:.1f} s.
"""


def _row(what: str, ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    cells = [what]
    for unit in ("s", "cpu_s"):
        mine, other = ours[unit], theirs[unit]
        cells += [f"{mine:.1f}", f"{other:.1f}", f"**{mine / other:.2f}**"]
    return "| " + " | ".join([*cells, f"{ours['peak_mib']:,.0f}"]) + " |"


def run_part(part: str, path: Path, words: list[str]) -> dict[str, Any]:
    """Do one part, and give its count, its seconds and those of the processor."""
    reads = {name: one[2] for name, one in READ.items()} | {"floor": measure_floor}
    works: dict[str, Callable[[], Any]] = {
        "pass": lambda: pass_filtered(path, *words),
        "unpack": lambda: pass_empty(path),
        **{name: lambda read=read: read(path) for name, read in reads.items()},
    }
    if part in reads:
        with tempfile.TemporaryDirectory() as folder:  # compiles
            write_country(small := Path(folder) / EXTRACT, 50, 50)
            with patch.object(pbf, "WHOLE_BELOW", 0), patch.object(extracts, "_SMALL", 0):
                reads[part](small)
    before = time.process_time()
    seconds, count = once(works[part])
    return {"s": seconds, "cpu_s": time.process_time() - before, "count": count}


if __name__ == "__main__":
    say(run_part(sys.argv[1], Path(sys.argv[2]), sys.argv[3:]))
