"""An outcome on a screen: what was asked, its main table, and how many notes there are."""

from __future__ import annotations

from html import escape
from textwrap import wrap
from typing import TYPE_CHECKING, Protocol

from stemgeo.errors import ResultError
from stemgeo.notes import strip_control
from stemgeo.styling import fold_notes, styled
from stemgeo.texts import load_texts

if TYPE_CHECKING:
    import pandas as pd

    from stemgeo.maps.text import MapText
    from stemgeo.notes import Note


class Showable(Protocol):
    """What can be shown: see `report.outcome.Outcome`."""

    notes: tuple[Note, ...]

    @property
    def text(self) -> MapText:
        """What is printed around its maps."""

    @property
    def language(self) -> str:
        """In which it is told."""

    def shown(self) -> pd.DataFrame:
        """Give its main table in words."""


class WebPage(str):
    """A page in one text, which a notebook shows in a frame of its own."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        look = "width: 100%; height: 42rem; border: 1px solid #bbb; background: white"
        page = escape(self, quote=True)
        # It may run its own scripts, and reach nothing of the page around it.
        frame = f'<iframe title="Kaart" style="{look}" sandbox="allow-scripts allow-popups"'
        return f'{frame} srcdoc="{page}"></iframe>'


WIDEST = 100
"""Letters of a line of text; the columns that do not fit are named below."""
LONGEST = 12
"""Rows of a table."""


def format_text(outcome: Showable) -> str:
    """Give it as text; of a folder that cannot be read, why."""
    try:
        table = outcome.shown()
        above, below = _list_around(outcome, table)
    except ResultError as error:
        return f"{type(outcome).__name__}: {error}"
    rows = table.head(LONGEST)
    fitting = next(
        (
            rows.iloc[:, :count]
            for count in range(rows.shape[1], 1, -1)
            if len(rows.iloc[:, :count].to_string(index=False).partition("\n")[0]) <= WIDEST
        ),
        rows.iloc[:, :1],
    )
    left_out = [str(one) for one in table.columns[fitting.shape[1] :]]
    also = wrap(f"+ {', '.join(left_out)}", WIDEST) if left_out else []
    above = [part for line in above for part in wrap(line, WIDEST)]
    return "\n".join([*above, "", fitting.to_string(index=False), *also, *below])


def format_html(outcome: Showable) -> str:
    """Give it as a piece of HTML, for notebooks; names are data there too."""
    try:
        table = outcome.shown()
        above, _ = _list_around(outcome, table)
    except ResultError as error:
        return f"<p>{escape(f'{type(outcome).__name__}: {error}')}</p>"
    title, *rest = map(escape, above)
    said = "<br>".join([f"<b>{title}</b>", *rest])
    shown = styled(table.head(LONGEST), outcome.language).to_html()
    more = f"<p>+ {len(table) - LONGEST}</p>" if len(table) > LONGEST else ""
    return f"<p>{said}</p>{shown}{more}{fold_notes(outcome.notes, outcome.language)}"


def _list_around(outcome: Showable, table: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Give the lines above a table and those below it."""
    text, notes = outcome.text, len(outcome.notes)
    above = [text.title, text.date, text.notice, text.method_note]
    below = [f"+ {len(table) - LONGEST}"] if len(table) > LONGEST else []
    below += [load_texts(outcome.language).say_count("outcome.notes", notes)] if notes else []
    return [strip_control(line) for line in above if line], below
