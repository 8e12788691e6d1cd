"""Make the example study: a schematic Flanders.

    python data/make_sample.py [OUTDIR]

Everything follows from `data/municipalities.csv` and fixed seeds: running it again gives the same
content. `data/README.md` tells what is in it.
"""

from __future__ import annotations

import argparse
import gc
from pathlib import Path

from schematic import files
from schematic.ground import make_ground, read_facts
from schematic.network import draw_network
from schematic.register import make_register

HERE = Path(__file__).parent
STUDY = HERE / "schematic" / "study.toml"


def make_sample(folder: Path) -> None:
    """Write every file of the example study into `folder`, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    ground = make_ground(read_facts(HERE / "municipalities.csv"))
    files.write_municipalities(ground, _fresh(folder / "gemeenten.gpkg"))
    files.write_zones(ground, folder / "sectoren.geojson.zip")
    files.write_population(ground, folder / "TF_SOC_POP_STRUCT_2015.zip")
    files.write_zone_population(ground, folder / "OPENDATA_SECTOREN_2015.zip")
    files.write_academies(make_register(ground), folder / "academies.csv")
    drawing = draw_network(ground)
    files.write_roads(drawing, folder / "wegen.osm.pbf")
    files.write_addresses(drawing, ground, folder / "adressen.csv")
    (folder / "study.toml").write_bytes(STUDY.read_bytes())


def _fresh(path: Path) -> Path:
    """Remove an earlier GeoPackage: GDAL would add to it."""
    path.unlink(missing_ok=True)
    return path


def main() -> None:
    """Read the command line and make the sample."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("outdir", nargs="?", type=Path, default=HERE / "sample")
    outdir = parser.parse_args().outdir
    gc.disable()  # a million small things, all of use to the end: an eighth of the time
    make_sample(outdir)
    for path in sorted(outdir.iterdir()):
        print(f"{path.stat().st_size:>10,}  {path.name}")


if __name__ == "__main__":
    main()
