"""Time `stemgeo answer` at the size of Flanders: the sample with finer zones and closer points.

Run by itself: `PYTHONPATH=tests python -m bench.answer`, or as a part of `make bench`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from bench.demo import timed
from bench.timing import say

PARTS = 5
"""Zones for each zone of the sample: 10,940 in all."""
SPACING_M = 10
"""Between demand points along the streets: the closest that a study allows."""


def enlarge(study: Path) -> None:
    """Cut the zones of a study into strips, and ask for points closer to each other."""
    path = study / "sectoren.geojson.zip"
    zones = gpd.read_file(path)
    path.unlink()
    finer = pd.concat([_strips(zones, part) for part in range(PARTS)], ignore_index=True)
    finer.to_file(study / "sectoren.gpkg", engine="pyogrio")
    toml = study / "study.toml"
    text = toml.read_text("utf-8").replace("sectoren.geojson.zip", "sectoren.gpkg")
    first, _, rest = text.partition("[inputs.zone_population]")
    rest = rest[rest.index("[inputs.academies]") :]
    closer = f"\nspacing_m = {SPACING_M}\nstreet_weights"
    toml.write_text(first + rest.replace("\nstreet_weights", closer, 1), encoding="utf-8")


def _strips(zones: gpd.GeoDataFrame, part: int) -> gpd.GeoDataFrame:
    """Take a strip of each zone; those with no ground there have none."""
    left, bottom, right, top = zones.bounds.to_numpy().T
    width = (right - left) / PARTS
    strip = shapely.box(left + part * width, bottom, left + (part + 1) * width, top)
    ground = shapely.intersection(zones.geometry.to_numpy(), strip)
    codes = zones["cd_sector"].str.slice(0, 8) + str(part)
    cut = zones.assign(cd_sector=codes).set_geometry(ground)
    areal = np.isin(shapely.get_type_id(ground), (3, 6)) & ~shapely.is_empty(ground)
    return cut[areal]


def section() -> str:
    """Time the answer and write its part of the page."""
    stemgeo = [sys.executable, "-m", "stemgeo.cli"]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        study, result, out = (place / name for name in ("study", "result", "answer"))
        subprocess.run([*stemgeo, "sample", str(study)], check=True, stdout=subprocess.DEVNULL)
        enlarge(study)
        run_s, _ = timed([*stemgeo, "run", str(study), "--out", str(result)], place / "cache")
        points = len(pd.read_parquet(result / "tables" / "demand.parquet", columns=["point_id"]))
        zones = len(pd.read_parquet(result / "tables" / "zones.parquet", columns=["zone_id"]))
        dutch = timed([*stemgeo, "answer", str(result), "--out", str(out)], place)
        order = [*stemgeo, "answer", str(result), "--out", str(place / "en"), "--lang", "en"]
        english = timed(order, place)
        outputs = json.loads((out / "manifest.json").read_text("utf-8"))["outputs"]
    size = sum(item["size_bytes"] for item in outputs.values()) / 2**20
    page = outputs["bijlage-9-kaart.html"]["size_bytes"] / 2**20
    return f"""## The answer at the size of Flanders

300 municipalities, {zones:,} zones, {points:,} demand points (the run itself: {run_s:.0f} s).

| command | seconds | peak memory, MiB |
|---|---|---|
| `stemgeo answer` | {dutch[0]:.1f} | {dutch[1]:.0f} |
| `stemgeo answer --lang en` (draws the web map anew) | {english[0]:.1f} | {english[1]:.0f} |

{len(outputs)} files of {size:.0f} MiB together, the web map {page:.1f} MiB of them.
"""


if __name__ == "__main__":
    say({"section": section()})
