"""What differs between the two ends, choice by choice and file by file, and of which part it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from stemgeo.explain.as_written import VERSION
from stemgeo.explain.ends import ACADEMIES, PLACING, ROLES, RULES
from stemgeo.report.comparison import list_differences
from stemgeo.report.files import versions_in_both

if TYPE_CHECKING:
    from stemgeo.report.outcome import Tables

NO_PART = "none"
"""Of what moves no child."""
_OF_CHOICES = {
    "study.date": ACADEMIES,
    "study.vintage": NO_PART,
    "travel.profiles": NO_PART,
    "travel": RULES,
    "academies": RULES,
    "demand.compare": NO_PART,
    "demand": PLACING,
}


def list_questions(a: dict[str, Any], b: dict[str, Any]) -> pd.DataFrame:
    """List what is asked otherwise in B than in A, of which other files, and of which part it is.

    Parameters
    ----------
    a, b
        What manifests tell of both.
    """
    rows = list_differences(a, b)
    rows.insert(0, "part", [_find_part(what) for what in rows["what"]])
    return rows


def list_versions(side: str, written: Tables, now: dict[str, Any]) -> pd.DataFrame:
    """List the versions by which a result was written, where they are others now.

    Parameters
    ----------
    side
        "A" or "B".
    written
        The result.
    now
        What a manifest tells of it now.
    """
    then, today = versions_in_both(written.manifest, now)
    rows = [
        (VERSION, f"{side}: {name}", version, today[name])
        for name, version in then.items()
        if version != today[name]
    ]
    return pd.DataFrame(rows, columns=["part", "what", "a", "b"], dtype="str")


def _find_part(what: str) -> str:
    """Say of which part a choice or a file is, by its full name."""
    names = what.split(".")
    if names[0] == "inputs":
        return ROLES.get(names[1], NO_PART)
    for name in (".".join(names[:2]), names[0]):
        if name in _OF_CHOICES:
            return _OF_CHOICES[name]
    return NO_PART
