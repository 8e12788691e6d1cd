"""Statbel's people counted by the standard library alone: nothing shared with what is checked."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter
from functools import cache
from pathlib import Path

FACTS = Path(__file__).parents[1] / "data" / "municipalities.csv"
BRUSSELS = "Brussels Hoofdstedelijk Gewest"

CHILDREN = {2013: 888_132, 2015: 902_071}
"""Flemish children of 5 to 17 on 1 January; the sample's are those of 2015 too."""

CHILDREN_2015 = {
    "Antwerpen": 255_095,
    "Limburg": 116_006,
    "Oost-Vlaanderen": 209_862,
    "Vlaams-Brabant": 166_325,
    "West-Vlaanderen": 154_783,
}
"""Those of 2015 in the provinces of the boundaries of 2025."""

Key = tuple[str, int, str]
"""NIS code of before 2019, age, sex."""


def facts() -> list[dict[str, str]]:
    """The municipalities of before 2019, with their codes and provinces since."""
    with FACTS.open(encoding="utf-8", newline="") as stream:
        return [row for row in csv.DictReader(stream) if row["province2018"] != BRUSSELS]


def province_column(vintage: int) -> str:
    return "province2025" if vintage == 2025 else "province2018"


@cache
def people(path: Path) -> Counter[Key]:
    """Count the Flemish people of a file of Statbel by code, age and sex, row by row.

    Counted once; not to be changed.
    """
    flemish = {row["nis2018"] for row in facts()}
    found: Counter[Key] = Counter()
    with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as raw:
        rows = csv.reader(io.TextIOWrapper(raw, "utf-8-sig"), delimiter="|")
        at = {name: number for number, name in enumerate(next(rows))}
        place = at["CD_REFNIS"] if "CD_REFNIS" in at else at["CD_MUNTY_REFNIS"]
        age, sex, count = at["CD_AGE"], at["CD_SEX"], at["MS_POPULATION"]
        for row in rows:
            if row[place] in flemish:
                found[row[place], int(row[age]), row[sex]] += int(row[count])
    return found
