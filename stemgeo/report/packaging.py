"""The tables of a result told to programs: `datapackage.json`, after frictionless Data Package."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stemgeo.report.reading import kind_of, list_columns
from stemgeo.tables import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pandera.pandas as pa

    from stemgeo.report.described import Described
    from stemgeo.texts import Texts

_TYPES = {"i": "integer", "f": "number", "b": "boolean", "M": "date", "": "string"}
"""Of Table Schema, by the kind of a column."""
_CONSTRAINTS = {"min_value": "minimum", "max_value": "maximum", "pattern": "pattern"}
"""Of Table Schema, by what a check of a column is made of."""


def build_package(
    told: Described, folder: Path, find_schema: Callable[[str], str]
) -> dict[str, Any]:
    """Describe the files of a folder; of a CSV its columns, as the data dictionary has them.

    Parameters
    ----------
    told
        What is known of the result.
    folder
        In which the files are.
    find_schema
        Gives the name of the schema of a file.
    """
    publisher = told.study.output.publisher
    about = {
        "profile": "data-package",
        "name": f"stemgeo-{told.command}",
        "id": told.identifier,
        "title": told.title,
        "description": told.descriptions[told.language],
        "homepage": publisher and publisher.page,
        "keywords": told.keywords,
        "licenses": [{"path": publisher.licence}] if publisher and publisher.licence else None,
        "sources": [*_list_sources(told)],
        "contributors": publisher and [{"title": publisher.name, "role": "publisher"}],
    }
    resources = [
        _describe_file(name, one, folder, find_schema(name), told.words)
        for name, one in told.files.items()
    ]
    return {key: one for key, one in about.items() if one} | {"resources": resources}


def _list_sources(told: Described) -> Iterator[dict[str, str]]:
    for title, address in told.sources:
        yield {"title": title} | ({"path": address} if address else {})


def title_of(schema: str, words: Texts) -> str:
    """Name a table in the words of a language; empty for one that has no name there."""
    return words.list_below("table").get(schema, "")


def _describe_file(
    name: str, listed: Mapping[str, Any], folder: Path, schema: str, words: Texts
) -> dict[str, Any]:
    """Describe a file: what it is, how large, its hash, and of a table its columns."""
    table = re.fullmatch(r"tables/(.+)\.csv", name)
    called = re.sub(r"[^a-z0-9._-]+", "-", (table[1] if table else name).lower())
    header = _read_header(folder / name) if name.endswith(".csv") and schema in SCHEMAS else []
    columns = list_columns(header, schema) if header else None
    form = Path(name).suffix.removeprefix(".")
    about = {
        "name": called,
        # Programs take any parquet for a plain table, and cannot read the places in it.
        "type": "file" if columns is None else "table",
        "path": name,
        "title": title_of(schema, words),
        "description": schema in SCHEMAS and SCHEMAS[schema].description,
        "format": form,
        "mediatype": MEDIA_TYPES.get(form),
        "encoding": columns is not None and "utf-8",
        "bytes": listed["size_bytes"],
        "hash": f"sha256:{listed['sha256']}",
    }
    about = {key: one for key, one in about.items() if one}
    if columns is None:
        return about
    key = [one for one in SCHEMAS[schema].unique or () if one in columns]
    fields = [_describe_column(column, spec, words) for column, spec in columns.items()]
    return about | {
        "dialect": {"delimiter": ",", "lineTerminator": "\n"},
        "schema": {"fields": fields, "missingValues": [""]} | ({"primaryKey": key} if key else {}),
    }


def _read_header(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file), [])


def _describe_column(name: str, spec: pa.Column, words: Texts) -> dict[str, Any]:
    """Describe a column: its type, and what its values must be."""
    kind = kind_of(spec)
    about = {
        "name": name,
        "type": _TYPES[kind],
        "title": words.list_below("column").get(name),
        "description": spec.description,
    }
    if kind == "b":
        about |= {"trueValues": ["True"], "falseValues": ["False"]}
    rules: dict[str, Any] = {}
    for check in spec.checks:
        for what, value in (check.statistics or {}).items():
            if what == "allowed_values":  # an empty cell is none of Table Schema's values
                rules["enum"] = [one for one in value if one != ""]
            elif what in _CONSTRAINTS:
                rules[_CONSTRAINTS[what]] = getattr(value, "pattern", value)
    # A text may be empty wherever it stands, and so is a number that is beyond measure.
    if (kind in ("i", "b") and not spec.nullable) or "pattern" in rules:
        rules["required"] = not spec.nullable
    about = {key: one for key, one in about.items() if one}
    return about | ({"constraints": rules} if rules else {})


MEDIA_TYPES = {
    "csv": "text/csv",
    "gpkg": "application/geopackage+sqlite3",
    "html": "text/html",
    "json": "application/json",
    "md": "text/markdown",
    "parquet": "application/vnd.apache.parquet",
    "pdf": "application/pdf",
    "png": "image/png",
    "qgz": "application/zip",
    "svg": "image/svg+xml",
    "txt": "text/plain",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""Of the forms that a result is written in, as IANA has them."""
