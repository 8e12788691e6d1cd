"""How far apart a quiet share lies in a village of which nobody tagged the roads.

    PYTHONPATH=tests .venv/bin/python -m bench.untagged ../shared/data

takes each village as it is mapped, and again without limits, lanes and cycleways, and prints a
table of the shares of its children within reach of an academy in its middle, for docs/method.md.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import osmium
from real.test_villages import VILLAGES, Village, study_on

from stemgeo.measure import measure_day, measure_sensitivity, prepare_study
from stemgeo.network.bicycle import CYCLEWAY_KEYS
from stemgeo.network.stress import LEVELS, SPEED_KEYS
from stemgeo.stages import report_nothing
from stemgeo.uncertainty import measure_uncertainty

ASKED = ("lanes", *SPEED_KEYS, *CYCLEWAY_KEYS)


def without_tags(extract: Path, place: Path) -> Path:
    """Write an extract without the tags that the rules of stress ask for."""
    with osmium.SimpleWriter(str(place), overwrite=True) as writer:
        for item in osmium.FileProcessor(str(extract)):
            if item.is_way():
                kept = {tag.k: tag.v for tag in item.tags if not tag.k.startswith(ASKED)}
                writer.add_way(item.replace(tags=kept))
            else:
                writer.add(item)
    return place


def shares(folder: Path, data: Path, village: Village, extract: Path) -> dict[str, list[float]]:
    """Give the least share, that of today and the most of each quiet profile."""
    study = study_on(folder, data, village, extract, profiles=("all", *LEVELS))
    prepared = prepare_study(study, report_nothing)
    found = measure_day(prepared, study.about.date)
    sure = measure_uncertainty(prepared, found, measure_sensitivity(prepared, found), searched=True)
    assert sure.verdicts is not None
    given = {}
    for profile, rows in sure.verdicts.groupby("profile"):
        measured = (rows["covered"] + rows["uncovered"]).sum()
        ends = ("covered_least", "covered", "covered_most")
        given[str(profile)] = [rows[end].sum() / measured for end in ends]
    return given


def main(data: Path) -> None:
    """Print the table."""
    lines = ["| village | tags | quiet roads | very quiet roads |", "|---|---|---|---|"]
    for village in VILLAGES:
        with tempfile.TemporaryDirectory() as folder:
            mapped = data / "osm" / village.extract
            bare = without_tags(mapped, Path(folder) / "bare.osm")
            for name, extract in (("as mapped", mapped), ("none", bare)):
                found = shares(Path(folder), data, village, extract)
                told = [
                    " / ".join(f"{share:.1%}" for share in found[profile])
                    for profile in ("low_stress", "quiet_1")
                ]
                lines.append(f"| {village.name} | {name} | {' | '.join(told)} |")
    sys.stdout.write("\n".join([*lines, ""]))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
