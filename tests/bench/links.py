"""Which road, at the size of Flanders: candidates looked for, counted, and chosen together."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from bench import synthetic
from bench.timing import alone, once, peak_mib, say

from stemgeo.links.candidates import list_candidates
from stemgeo.links.gains import Options, RoadGains
from stemgeo.links.sets import choose_together
from stemgeo.measure import Prepared, measure_day
from stemgeo.network.edits import RoadEdit, lay_edits
from stemgeo.network.graph import Network

STRETCHES = 100_000
"""Of the made land's loud streets so many are made quiet, each by itself."""

TOGETHER = 5
SEED = 21


def find(folder: Path) -> dict[str, Any]:
    """Look for candidates, count whom each brings, and choose some."""
    prepared, measured, before = _measure(folder)
    find_s, found = once(lambda: list_candidates(prepared, measured))
    found_mib = peak_mib()
    lay_s, laid = once(lambda: lay_edits(measured.riders[0].network, found.edits))
    gains = RoadGains.from_measured(prepared, measured, laid)
    options = Options.of_edits(found.members.first, found.members.member)
    _warm(gains, options)
    count_s, counted = once(lambda: gains.count(options))
    profile = prepared.study.links_profile
    newly = counted.sum_up(profile)
    choose_s, chosen = once(lambda: choose_together(gains, options, profile=profile, most=TOGETHER))
    return {
        **before,
        "find_s": find_s,
        "found_mib": found_mib,
        "lay_s": lay_s,
        "candidates": len(found),
        "edits": len(found.edits),
        "kinds": found.table["kind"].value_counts().to_dict(),
        "count_s": count_s,
        "kinds_counted": len(counted.kinds),
        "gaining": int((newly > 0).sum()),
        "most": int(newly.max(initial=0)),
        "choose_s": choose_s,
        "chosen": [len(chosen.chosen), sum(chosen.adds)],
    }


def count(folder: Path) -> dict[str, Any]:
    """Count whom each of very many stretches brings, over all roads, speeds and ages."""
    prepared, measured, before = _measure(folder)
    edits = draw_stretches(measured.riders[0].network, STRETCHES)
    lay_s, laid = once(lambda: lay_edits(measured.riders[0].network, edits))
    gains = RoadGains.from_measured(prepared, measured, laid)
    options = Options.of_edits(np.arange(len(edits) + 1), np.arange(len(edits)))
    _warm(gains, options)
    count_s, counted = once(lambda: gains.count(options))
    return {
        **before,
        "lay_s": lay_s,
        "count_s": count_s,
        "stretches": len(edits),
        "gaining": int((counted.children > 0).any(axis=1).sum()),
    }


def _measure(folder: Path) -> tuple[Prepared, Any, dict[str, Any]]:
    made = Network.load(folder)
    inputs = synthetic.inputs(made, synthetic.FLANDERS_ACADEMIES, synthetic.FLANDERS_POINTS)
    prepared = Prepared.from_inputs(synthetic.study(), inputs, made)
    measured = measure_day(prepared, synthetic.DAY, with_access=False).keep_all_roads()
    told = {"nodes": made.nodes, "points": len(prepared.points)}
    return prepared, measured, told | {"measured_mib": peak_mib()}


def _warm(gains: RoadGains, options: Options) -> None:
    """Compile what is not compiled yet: of one search, of which one option is tried."""
    search = next(gains.list_searches(["low_stress"], ["central"]))
    search.try_options(options.take([0]))


def draw_stretches(network: Network, most: int) -> list[RoadEdit]:
    """Draw loud streets, each an edge from crossroads to crossroads."""
    loud = np.maximum(network.stress_forward, network.stress_backward) > 2
    edges = np.unique(network.segment_edge[loud])
    random = np.random.default_rng(SEED)
    edges = np.sort(random.choice(edges, min(most, len(edges)), replace=False))
    first, stop = network.first_segment[edges], network.first_segment[edges + 1]
    return [
        RoadEdit(str(edge), "quiet", segments=np.arange(*ends))
        for edge, ends in zip(edges, zip(first, stop, strict=True), strict=True)
    ]


# -- the page -----------------------------------------------------------------------------------


def section(network: Path) -> str:
    """Time all of it and write its part of the page.

    Parameters
    ----------
    network
        The folder with the made network of the size of Flanders.
    """
    return write_section(*(alone("bench.links", part, str(network)) for part in PARTS))


def write_section(found: dict[str, Any], counted: dict[str, Any]) -> str:
    """Write what was found.

    Parameters
    ----------
    found, counted
        As from `find` and `count`.
    """
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in found["kinds"].items())
    chosen, children = found["chosen"]
    work = found["find_s"] + found["lay_s"] + found["count_s"] + found["choose_s"]
    of = f"{found['candidates']:,} candidates of {found['edits']:,} edits"
    return f"""## Which road, at the size of Flanders

The same made land: {found["nodes"]:,} nodes, {found["points"]:,} demand points. Candidates are
those of `stemgeo links` as a study has it that says nothing ({kinds}); each is counted over all
profiles, speeds and ages ({found["kinds_counted"]} counts of each), and {TOGETHER} are chosen
together. Then {counted["stretches"]:,} of its loud streets are made quiet, each by itself.

| what | s | peak memory, MiB |
|---|---|---|
| the study measured, without candidates | | {found["measured_mib"]:,.0f} |
| looking for {of} | {found["find_s"]:.1f} | {found["found_mib"]:,.0f} |
| laying their edits into the roads | {found["lay_s"]:.1f} | |
| counting whom each brings ({found["gaining"]:,} bring anyone) | {found["count_s"]:.1f} | |
| choosing {chosen} that bring {children:,} together | {found["choose_s"]:.1f} | \
{found["peak_mib"]:,.0f} |
| all of it (aim 300 s and 4,096 MiB) | {work:.0f} | |
| laying {counted["stretches"]:,} stretches | {counted["lay_s"]:.1f} | |
| counting whom each brings (aim 120 s) | {counted["count_s"]:.1f} | {counted["peak_mib"]:,.0f} |
"""


PARTS = {"find": find, "count": count}

if __name__ == "__main__":
    say(PARTS[sys.argv[1]](Path(sys.argv[2])))
