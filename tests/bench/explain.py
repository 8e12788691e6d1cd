"""Why a figure changed, at the size of Flanders: the bridge between two made studies."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from bench import synthetic
from bench.timing import THREADS, alone, once, peak_mib, say

from stemgeo.explain.bridging import build_bridge, count_hybrids
from stemgeo.explain.ends import BridgeEnd, LoadedEnd
from stemgeo.explain.hybrids import Hybrids
from stemgeo.network.graph import Network

if TYPE_CHECKING:
    from stemgeo.study import Study

CALMED = 0.1
"""This share of the loud streets of A is quiet in B."""

SEED = 22


@dataclass
class MadeHybrids(Hybrids):
    """Of two made lands, of which the roads are given: another extract for each."""

    folder: Path = Path()

    def load_roads(self, roads: LoadedEnd, rules: Study) -> Network:  # noqa: ARG002
        """Give the roads of an end, mapped from the folder for each of both."""
        key = "network", roads is self.a
        if key not in self._kept:
            made = Network.load(self.folder)
            self._kept[key] = made if roads is self.a else calm_some(made)
        network: Network = self._kept[key]
        return network

    def _name_roads(self, end: LoadedEnd) -> list[str]:
        return ["a" if end is self.a else "b"]

    def _load_living(self, placing: LoadedEnd) -> dict[str, Any]:  # noqa: ARG002
        return {}


def calm_some(network: Network) -> Network:
    """Make some of the loud streets quiet, as a new map may have them."""
    random = np.random.default_rng(SEED)
    calmed = (random.random(network.edges) < CALMED)[network.segment_edge]
    levels = (network.stress_forward, network.stress_backward)
    forward, backward = (np.where(calmed, np.uint8(1), one) for one in levels)
    return replace(network, stress_forward=forward, stress_backward=backward)


def bridge(folder: Path) -> dict[str, Any]:
    """Bridge two studies that differ in academies and in their extract: roads and placing."""
    made, study = Network.load(folder), synthetic.study()
    first = synthetic.inputs(made, synthetic.FLANDERS_ACADEMIES, synthetic.FLANDERS_POINTS)
    some = first.academies.iloc[: -len(first.academies) // 10]
    ends = LoadedEnd(study, replace(first, academies=some)), LoadedEnd(study, first)
    del made
    made_mib = peak_mib()
    hybrids = MadeHybrids(*ends, THREADS, folder=folder)
    count_s, counted = once(lambda: count_hybrids(hybrids))
    counted_mib = peak_mib()
    both = BridgeEnd(study), BridgeEnd(study)
    table_s, table = once(lambda: build_bridge(hybrids, counted, both))
    region = table[(table["level"] == "region") & (table["band"] == "all")]
    moved = region[region["profile"] == "low_stress"].set_index("part")["covered"]
    return {
        "made_mib": made_mib,
        "count_s": count_s,
        "counted_mib": counted_mib,
        "table_s": table_s,
        "rows": len(table),
        "parts": list(hybrids.differing),
        "measurements": len(hybrids.searched),
        "studies": len(counted),
        "moved": {part: int(moved[part]) for part in hybrids.differing},
        "points": len(hybrids.list_places()),
    }


# -- the page -----------------------------------------------------------------------------------


def section(network: Path) -> str:
    """Time it and write its part of the page.

    Parameters
    ----------
    network
        The folder with the made network of the size of Flanders.
    """
    return write_section(alone("bench.explain", str(network)))


def write_section(found: dict[str, Any]) -> str:
    """Write what was found.

    Parameters
    ----------
    found
        As from `bridge`.
    """
    moved = ", ".join(f"{part} {count:+,}" for part, count in found["moved"].items())
    whole = found["count_s"] + found["table_s"]
    return f"""## Why a figure changed, at the size of Flanders

Two studies of the same made land, {found["points"]:,} places: B has a tenth more academies, and
another extract, of which a tenth of the loud streets is quiet. So they differ in
{len(found["parts"])} parts; over quiet roads: {moved}. As `stemgeo explain` counts them,
the files read.

| what | s | peak memory, MiB |
|---|---|---|
| what both read | | {found["made_mib"]:,.0f} |
| {found["studies"]} studies between A and B, of {found["measurements"]} measurements \
| {found["count_s"]:.1f} | {found["counted_mib"]:,.0f} |
| the bridge, {found["rows"]:,} rows | {found["table_s"]:.1f} | {found["peak_mib"]:,.0f} |
| all of it (aim 4,096 MiB) | {whole:.0f} | |
"""


if __name__ == "__main__":
    say(bridge(Path(sys.argv[1])))
