"""Two studies of something else than STEM academies, from their files to their answer.

`make facilities` runs them on the data beside the clone, writes them to out/facilities, and brings
docs/other-facilities.md up to date.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import stemgeo as sg
from stemgeo.report.summary import say_lead
from stemgeo.speech import LANGUAGES
from stemgeo.writing.pages import update_page

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "other-facilities.md"
LIBRARIES = """\
[study]
title = "Openbare bibliotheken"
date = 2024-12-31

[study.facility]
nl = { singular = "bibliotheek", plural = "bibliotheken", article = "de" }
fr = { singular = "bibliothèque", plural = "bibliothèques", article = "une" }
en = { singular = "library", plural = "libraries" }

[inputs]
municipalities = "boundaries/gemeente2025.gpkg"
population = "population/TF_SOC_POP_STRUCT_2015.zip"
weights = "population/ghs_pop_1km_belgium.tif"
academies = "academies/makerspaces_libraries.geojson"
network = "straight-line"
"""
PLAYGROUNDS = """\
[study]
title = "Speelpleinen te voet"
date = 2024-12-31
notice = "Verzonnen plaatsen"
area = ["Berlare"]

[study.facility]
nl = { singular = "speelplein", plural = "speelpleinen", article = "het" }
fr = { singular = "plaine de jeux", plural = "plaines de jeux", article = "une" }
en = { singular = "playground", plural = "playgrounds" }

[inputs]
municipalities = "boundaries/gemeente2025.gpkg"
zones = "boundaries/wijk2025.gpkg"
population = "population/TF_SOC_POP_STRUCT_2015.zip"
academies = "speelpleinen.csv"
network = "osm/berlare.osm"

[travel]
mode = "foot"
"""
PLACES = """\
id,name,lon,lat
P1,Markt,3.9996,51.0268
P2,Donk,3.9790,51.0394
P3,Kerk,4.0110,51.0300
"""
STUDIES = {"libraries": LIBRARIES, "playgrounds": PLAYGROUNDS}


def write_study(name: str, folder: Path, data: Path) -> Path:
    """Write a study with its files beside it, as links; give its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in ("boundaries", "population", "academies", "osm"):
        if not (folder / part).exists():
            (folder / part).symlink_to((data / part).resolve())
    (folder / "speelpleinen.csv").write_text(PLACES, encoding="utf-8")
    (folder / "study.toml").write_text(STUDIES[name], encoding="utf-8")
    return folder


def list_page(name: str, result: sg.Result) -> list[str]:
    """Write the part of the page that tells of a study: what was asked, and what is said."""
    told = (say_lead(result.told_in(language)) for language in LANGUAGES)
    return ["```toml", STUDIES[name].rstrip(), "```", "", *(f"> {one}\n" for one in told)]


def main() -> None:
    """Run both, with the answer in each language."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT / ".." / "shared" / "data")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "facilities")
    asked = parser.parse_args()
    for name in STUDIES:
        study = sg.load_study(write_study(name, asked.out / name / "study", asked.data))
        result = sg.run(study)
        result.write(asked.out / name / "result", replace=True)
        for language in LANGUAGES:
            place = asked.out / name / f"answer-{language}"
            sg.answer(asked.out / name / "result", place, language=language, replace=True)
        update_page(str(PAGE), name, list_page(name, result))
        sys.stdout.write(
            f"{asked.out / name}: study, result and the answer in {', '.join(LANGUAGES)}\n"
        )


if __name__ == "__main__":
    main()
