"""Run every benchmark and write docs/benchmarks.md: `make bench`.

It records and judges nothing: machines differ, and so do days. What is asserted is that the
others find the same as stemgeo.
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import (
    engines,
    explain,
    explorer,
    flanders,
    links,
    paper,
    profiles,
    ratios,
    reading,
    scale,
    scaling,
    synthetic,
)
from bench.profiles import Costs
from bench.timing import THREADS, alone, machine

from stemgeo.network.graph import Network

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
PLOT = ROOT / "docs" / "benchmarks-scaling.svg"
SEARCHES, ARCS = 27, 4_900_000
"""Of the whole run at the size of Flanders: 3 bands x 3 scenarios x 3 profiles, over its arcs."""
EXTRACT = ROOT.parent / "shared" / "data" / "osm" / "porto.osm.pbf"


def main() -> None:
    """Measure part by part; the page is written at the end, in one go."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        kept = place / "network"
        kept.mkdir()
        _told("made land", alone("bench.flanders", "keep", str(kept)))
        whole = _told("whole run", flanders.whole_section(kept))
        rest = _told("what else a run finds", flanders.section(kept))
        explored = _told("explorer", explorer.section(kept))
        roads = _told("which road", links.section(kept))
        bridge = _told("why it changed", explain.section(kept))
        tiles = _told("tiles and workers", scale.section(kept))
        country = _told("a country read", reading.section(place))
        costs = _told("costs", _costs(kept))
        against = _told("ratios", _ratios(kept))
        curves = scaling.measured(_load_made(kept))
    scaling.draw(curves, PLOT)
    page = "\n".join(
        [_front(), against, _engines(ROOT), whole, rest]
        + [explored, roads, bridge, country, tiles]
        + [_growth(curves)]
        + [alone("bench.siting")["section"]]
        + [costs, alone("bench.demo")["section"]]
        + [alone("bench.answer")["section"]]
    )
    PAGE.write_text(page, encoding="utf-8")
    sys.stdout.write(page)


def renew(*parts: Callable[[Path], str], land: bool = True) -> None:
    """Measure some parts alone, and write their sections of the page anew; with the made land."""
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "network"
        kept.mkdir()
        if land:
            alone("bench.flanders", "keep", str(kept))
        written = [write(kept) for write in parts]
    page = PAGE.read_text(encoding="utf-8")
    for part in written:
        page = put_section(page, part)
    PAGE.write_text(page, encoding="utf-8")
    sys.stdout.write("\n".join(written))


def put_section(page: str, part: str) -> str:
    """Put a section in the place of that of the same heading, or before how time grows."""
    heading = part.splitlines()[0]
    before, _, rest = page.partition(f"{heading}\n")
    if rest:
        _, mark, rest = rest.partition("\n## ")
    else:
        before, mark, rest = page.partition("\n## How time grows")
        before, rest = f"{before}\n", f"How time grows{rest}"
    return f"{before}{part}\n## {rest}" if mark else f"{before}{part}"


def _told(what: str, found: Any) -> Any:
    """Say on the way what was found: all of it takes half an hour."""
    sys.stderr.write(f"{what}: {found}\n")
    return found


def _load_made(kept: Path) -> Network:
    return Network.load(kept).restrict_to()


def _ratios(kept: Path) -> str:
    """Compare on real roads, where they are, and on the made land."""
    made = _load_made(kept)
    where = f"made, {made.nodes / 1e6:.1f} M nodes"
    on_made = ratios.reach_rows(where, made, synthetic.FLANDERS_ACADEMIES, threads=_cores())
    return _table([*_compare_on_porto(), *on_made])


def _compare_on_porto() -> list[ratios.Row]:
    if not EXTRACT.is_file():
        return []
    porto = Network.from_osm(EXTRACT)
    with tempfile.TemporaryDirectory() as folder:
        whole = list(ratios.whole_rows(EXTRACT, Path(folder)))
    return [
        ratios.reading_row(EXTRACT),
        *whole,
        ratios.isochrone_row("Porto", porto),
        *ratios.reach_rows("Porto", porto, 100, threads=_cores()),
    ]


def _engines(_: Path) -> str:
    """Compare with Valhalla, whose environment stays where `make peers` has it."""
    if not EXTRACT.is_file():
        return ""
    return engines.section(EXTRACT, ROOT / "out" / "peers")


def _cores() -> str:
    return f"{THREADS} cores"


def _front() -> str:
    return f"""# Benchmarks

Written by `make bench` on {dt.datetime.now(dt.UTC).date()}; it records and gates nothing.

{machine()}
"""


def _table(rows: list[ratios.Row]) -> str:
    return f"""## Against what one would use instead

Each row is of one run on one machine: the best of several times, kernels compiled. Reached sets
and times are asserted to be the same, node by node, polygons to have an intersection over union
of {ratios.LEAST_IOU} or more. The ratio is theirs over ours; "aim" is what was asked for.

| what | where | against | ours, s | theirs, s | ratio | aim | note |
|---|---|---|---|---|---|---|---|
{chr(10).join(map(str, rows))}
"""


def _growth(curves: list[scaling.Curve]) -> str:
    lines = [f"| {c.panel} | {c.name} | {c.exponent:.2f} | {c.last_step:.2f} |" for c in curves]
    return f"""## How time grows

![Time against nodes, academies and demand points]({PLOT.name})

Exponents fitted by least squares on the logarithms, all sizes alike; few academies or points cost
what is done once for the network (memory set aside, roads sorted into squares), so the slope
between the two largest sizes stands beside. What each academy reaches in 15 minutes costs nearly
the same in a small and a large network: cost grows with the nodes that are searched (the first
panel: one network, farther and farther), not with the graph. The nearest academy of every node
searches each node once, a little slower where the labels no longer fit the processor's cache. Over
nodes there is an academy for each
{scaling.PER_ACADEMY:,} where the nearest is sought; over academies and points the network is the
largest.

| over | what | exponent | between the two largest |
|---|---|---|---|
{chr(10).join(lines)}
"""


def _costs(kept: Path) -> str:
    of_flanders: Costs = alone("bench.flanders", "profile", str(kept))["costs"]
    of_sample: Costs = alone("bench.sample")["costs"]
    ordered_ns, scattered_ns = profiles.gathers_ns()
    gather = "one gather among 2 million 64-bit labels"
    looks = SEARCHES * ARCS
    least_s, most_s = (looks * one_ns / 1e9 for one_ns in (ordered_ns, scattered_ns))
    searches = (
        f"the {SEARCHES} searches of the first look at {looks / 1e6:.0f} M arcs, {least_s:.2f} s "
        f"to {most_s:.2f} s if nothing but the label of each were read"
    )
    told = f"{gather}: {ordered_ns:.1f} ns in order, {scattered_ns:.1f} ns at random"
    floors = [told, searches]
    if EXTRACT.is_file():
        speed = profiles.inflate_mib_per_s(EXTRACT)
        mib = EXTRACT.stat().st_size / 2**20
        floors.append(
            f"inflating an extract, one core: {speed:.0f} MiB of packed file a second, "
            f"{mib / speed:.2f} s for that of Porto"
        )
    return f"""## The largest costs left

Under cProfile, network in the cache; of each function its own time and that of the libraries it
calls, without what the package does below it.

| whole run, size of Flanders | s |
|---|---|
{_lines(of_flanders)}

| run of the sample, written out | s |
|---|---|
{_lines(of_sample)}

The floor under them, measured here: {"; ".join(floors)}.
"""


def _lines(found: Costs) -> str:
    return "\n".join(f"| {name} | {seconds:.2f} |" for name, seconds in found[:3])


if __name__ == "__main__":
    asked = "".join(sys.argv[1:])
    if asked == "reading":
        renew(reading.section, land=False)
    elif asked == "paper":
        paper.write(PAGE.with_name("scale.md"))
    elif asked == "engines":
        renew(_engines, land=False)
    elif asked in ("demo", "siting", "answer"):
        renew(lambda _: str(alone(f"bench.{asked}")["section"]), land=False)
    elif asked:
        both = [links.section, explain.section]
        parts = {"explorer": [explorer.section], "links": both, "scale": [scale.section]}
        parts["ratios"] = [_ratios]
        parts["run"] = [flanders.whole_section, flanders.section, _costs]
        renew(*parts[asked])
    else:
        main()
