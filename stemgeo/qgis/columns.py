"""What the columns of the layers are called, in the study's language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stemgeo.profiles import QUIET
from stemgeo.report.reading import kind_of
from stemgeo.report.summary import say_ages
from stemgeo.speech import format_number
from stemgeo.tables import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pandera.pandas import Column

    from stemgeo.report.outcome import Tables
    from stemgeo.texts import Texts

_HEADS = {
    "academies": {"name": "head.facility", "planned": "qgis.head.is_planned"},
    "gaps": {"name": "head.places"},
    "provinces": {"name": "head.province", "municipalities": "head.count"},
    "zone-shares": {"name": "web.column.zone"},
    "to-check-lines": {"children": "head.of_street", "municipalities": "qgis.head.town_codes"},
    "isochrones": {"children": "head.of_all"},
    "network-edits": {
        "name": "head.street",
        "level": "qgis.head.stress_level",
        "cost_eur": "head.place_cost",
    },
    "annex-1-municipalities": {"minutes": "head.median_min"},
}
"""Where a column is called otherwise than in most tables: by schema."""


def name_columns(schema: str, columns: Iterable[str], result: Tables) -> dict[str, str]:
    """Give each column a name for people; two of a table never the same.

    Parameters
    ----------
    schema
        Of the data dictionary.
    columns
        Of the table, without its places.
    result
        Whose it is.
    """
    study, language = result.study, result.language
    numbers = {
        "ages": say_ages(study),
        "minutes": format_number(study.travel.cutoff_min, language),
        "year": str(study.subsidy.year),
    }
    found: dict[str, str] = {}
    for column in columns:
        said = _name_column(schema, column, result.words).format(**numbers)
        found[column] = said if said not in found.values() else f"{said} ({column})"
    return found


def _name_column(schema: str, column: str, words: Texts) -> str:
    """Give the head of a column; its own name where no text has one."""
    own, heads = words.list_below("qgis.head"), words.list_below("head")
    if key := _HEADS.get(schema, {}).get(column):
        return words.list_below(key.rpartition(".")[0])[key.rpartition(".")[2]]
    if ages := re.fullmatch(r"uncovered_(\d+-\d+)", column):
        return heads["late_band"].format(band=ages[1])
    reason = words.list_below("reason.name").get(column.removeprefix("children_"))
    if reason and column.startswith("children_"):
        return own["of_reason"].format(reason=reason)
    profile = column.removeprefix("share_")
    if profile in QUIET:
        roads = QUIET[profile].roads.to_text(words.language)
        return words("annex.over_roads", roads=roads)
    plain = words.list_below("column")
    return own.get(column) or heads.get(column) or plain.get(column) or column


def describe_columns(schema: str, columns: Iterable[str]) -> dict[str, str]:
    """Say of each column what the data dictionary does, in English."""
    specs = {name: _find_spec(schema, name) for name in columns}
    return {name: (one.description or "") if one else "" for name, one in specs.items()}


def list_column_kinds(schema: str, columns: Iterable[str]) -> dict[str, str]:
    """Tell the kind of each column by the letter of `kind_of`; those of no schema are left out.

    A column in which nothing stands has the type of its schema, however it was read.
    """
    specs = {name: _find_spec(schema, name) for name in columns}
    return {name: kind_of(one) for name, one in specs.items() if one is not None}


def _find_spec(schema: str, column: str) -> Column | None:
    specs = SCHEMAS[schema].columns
    patterns = (one for form, one in specs.items() if one.regex and re.fullmatch(form, column))
    return specs.get(column) or next(patterns, None)
