"""What any command wrote, read back: its manifest tells whose it is."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from stemgeo.report.files import (
    ANSWER,
    COMPARE,
    EXPLAIN,
    LINKS,
    RUN,
    SITE,
    TREND,
    find_command,
)

if TYPE_CHECKING:
    from stemgeo.report.outcome import Outcome
    from stemgeo.speech import Language

_HOMES = {
    RUN: ("stemgeo.result", "Result"),
    SITE: ("stemgeo.planning", "Plan"),
    LINKS: ("stemgeo.linking", "LinksResult"),
    TREND: ("stemgeo.years", "Trend"),
    COMPARE: ("stemgeo.report.comparison", "Comparison"),
    EXPLAIN: ("stemgeo.report.bridge", "Explanation"),
    ANSWER: ("stemgeo.report.answers", "Answer"),
}
"""What each command finds, and where that is defined: a map loads no solver."""


def read_result(folder: str | Path, language: Language | None = None) -> Outcome:
    """Read back what a command wrote: tables as they are asked for, its summary, its maps.

    Parameters
    ----------
    folder
        That `stemgeo run`, `site`, `links`, `trend`, `compare`, `explain` or `answer` wrote, or
        `write` of a result.
    language
        "nl", "en" or "fr", for maps and notes; that in which it was told when not given.

    Returns
    -------
    Result, Plan, LinksResult, Trend, Comparison, Explanation or Answer
        What was written, as far as the folder holds it: of a run without `inputs` and
        `gap_children`, and numbers with six decimals. Where only a run will do:
        `Result.from_folder`.

    Raises
    ------
    ResultError
        If it holds no result, or is told in one language and asked for in another; and when a
        table is asked for that is missing, was changed or is not as stemgeo writes it.
    """
    module, name = _HOMES[find_command(Path(folder), *_HOMES)]
    kind: type[Outcome] = getattr(importlib.import_module(module), name)
    return kind.from_folder(folder, language)
