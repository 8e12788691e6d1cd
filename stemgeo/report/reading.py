"""Reading a written result back, with its hashes checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from stemgeo import coverage as coverage_
from stemgeo.errors import Problem, ResultError
from stemgeo.maps.text import MapText
from stemgeo.report.files import checked_file, read_manifest
from stemgeo.tables import SCHEMAS

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.study import Language

TEXTS = (
    *("code", "nis_code", "name", "gap_id", "nearest_academy_id", "barrier_academy_id", "barriers"),
    *("place_id", "place"),
    *("stretch", "age_academy_id", "age_academy_ages", "lapsed_academy_id", "lapsed_on"),
)
"""Columns that stay text when a table is read, whatever they look like."""


def read_table(folder: Path, name: str) -> pd.DataFrame:
    """Read a table of a written result; codes stay text."""
    path = checked_file(folder, f"tables/{name}.csv")
    text = dict.fromkeys(TEXTS, str)
    table = pd.read_csv(path, dtype=text, keep_default_na=False, na_values=[""])
    _refuse_older(name, table)
    # The children in no polygon of a layer stand under the empty code: that is known.
    known = [name for name in ("code", "name") if name in table]
    return table.fillna(dict.fromkeys(known, ""))


def _refuse_older(name: str, table: pd.DataFrame) -> None:
    """Refuse a table of a version that knew fewer columns."""
    specs = SCHEMAS[name].columns.items() if name in SCHEMAS else ()
    wanted = [one for one, spec in specs if spec.required and not spec.regex and one != "geometry"]
    missing = [one for one in wanted if one not in table]
    if missing:
        what = f"was written by another version of stemgeo: it has no '{missing[0]}'"
        raise ResultError(Problem(f"{name}.csv", what, "run the study again"))


def read_summary(
    folder: Path, by: str = "province", *, band: str = "all", sex: str = "all"
) -> pd.DataFrame:
    """Give the summary of a written result; see `coverage.summary`."""
    annex = read_table(folder, "annex-1-municipalities")
    counted = read_table(folder, "coverage" if sex == "all" else "groups")
    return coverage_.summary(counted, annex, by, band=band, sex=sex)


def read_text(folder: Path, language: Language | None = None) -> MapText:
    """Give what is printed around the maps of a written result, in a language or its own."""
    content = read_manifest(folder)
    return MapText(**content["text"][language or content["study"]["output"]["language"]])
