"""What every result tells of itself to other programs: a data package, and a record for catalogues.

Both follow from the manifest and the files alone. What the study does not say of its publisher is
left out, and named.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from stemgeo.report.dcat import build_record, write_turtle
from stemgeo.report.packaging import build_package

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from stemgeo.report.described import Described

PACKAGE, RECORD, TURTLE = DESCRIPTIONS = ("datapackage.json", "dcat.jsonld", "dcat.ttl")
"""Files that say what the others are; they differ wherever another does."""


def describe_folder(told: Described, folder: Path, find_schema: Callable[[str], str]) -> None:
    """Write what describes a result beside its files.

    Parameters
    ----------
    told
        What is known of it.
    folder
        In which its files are, and these come.
    find_schema
        Gives the name of the schema of a file.
    """
    record = build_record(told, find_schema)
    texts = {
        PACKAGE: _write_json(build_package(told, folder, find_schema)),
        RECORD: _write_json(record),
        TURTLE: write_turtle(record),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def _write_json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
