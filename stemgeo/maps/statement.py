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
    from collections.abc import Mapping, Sequence

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
    parts = {
        "": ["web.statement.aim", *(() if publisher else ("web.statement.unfilled",))],
        "status": ["web.statement.status.text"],
        "not_yet": [f"web.statement.not_yet.{one}" for one in ("colour", "table", "scope")],
        "made": ["web.statement.made.tested", "web.statement.made.untested"],
        "contact": ["web.statement.contact.text"],
        "complaint": ["web.statement.complaint.text"],
    }
    return _write_parts(parts, title, publisher, words, words("web.statement.body"))


def write_site_statement(title: str, publisher: Publisher | None, words: Texts) -> list[Part]:
    """Write the statement of a site of pages, with the web map as one of them.

    Parameters
    ----------
    title, publisher, words
        As for `write_statement`.
    """
    parts = {
        "": ["publish.statement.aim", *(() if publisher else ("publish.statement.unfilled",))],
        "status": ["publish.statement.status"],
        "not_yet": [
            "publish.statement.colour",
            "publish.statement.language",
            "web.statement.not_yet.scope",
        ],
        "made": ["publish.statement.tested", "web.statement.made.untested"],
        "contact": ["web.statement.contact.text"],
        "complaint": ["web.statement.complaint.text"],
    }
    return _write_parts(parts, title, publisher, words, words("publish.statement.body"))


def _write_parts(
    parts: Mapping[str, Sequence[str]],
    title: str,
    publisher: Publisher | None,
    words: Texts,
    nobody: str,
) -> list[Part]:
    said = words.list_below("web.statement")
    told = {
        "title": title,
        "body": publisher.name if publisher else nobody,
        "contact": publisher.contact if publisher else said["contact"],
        "day": format_day(ASSESSED_ON, words.language),
        "version": AXE,
    }
    return [
        Part(
            said.get(f"{part}.head", ""),
            [words(line, **told) for line in lines],
        )
        for part, lines in parts.items()
    ]
