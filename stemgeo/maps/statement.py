"""The accessibility statement of the web map, which a Flemish public body owes its readers.

As the model of Commission Implementing Decision (EU) 2018/1523 has it: who is bound by what, how
far the page conforms and what does not, how that was assessed, whom to tell, where to complain. It
says what axe-core and a review by hand found, and what nobody tested.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple

from stemgeo.speech import format_day

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stemgeo.study import Publisher
    from stemgeo.texts import Texts

ASSESSED_ON = dt.date(2026, 11, 30)
"""When the page was last assessed as the statement says."""
AXE = "4.12.1"
"""The version of axe-core that found nothing then."""


class Part(NamedTuple):
    """A part of the statement; the first has no heading."""

    heading: str
    lines: Sequence[str]


def write_statement(title: str, publisher: Publisher | None, words: Texts) -> list[Part]:
    """Write the statement.

    Parameters
    ----------
    title
        Of the page.
    publisher
        Who publishes it; None where the study does not say: then its place is left open, visibly.
    words
        Of the language.
    """
    said = words.list_below("web.statement")
    told = {
        "title": title,
        "body": publisher.name if publisher else said["body"],
        "contact": publisher.contact if publisher else said["contact"],
        "day": format_day(ASSESSED_ON, words.language),
        "version": AXE,
    }
    parts = {
        "": ["aim", *(() if publisher else ("unfilled",))],
        "status": ["status.text"],
        "not_yet": ["not_yet.colour", "not_yet.table", "not_yet.scope"],
        "made": ["made.tested", "made.untested"],
        "contact": ["contact.text"],
        "complaint": ["complaint.text"],
    }
    return [
        Part(
            said.get(f"{part}.head", ""),
            [words(f"web.statement.{line}", **told) for line in lines],
        )
        for part, lines in parts.items()
    ]
