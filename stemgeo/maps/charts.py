"""What charts share: words, heads of panels, and a place for axes on the page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from stemgeo.maps.layout import GAP_IN, SMALL_PT, TEXT_PT, line_height_in, wrap_text
from stemgeo.maps.page import PALE_INK, write_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from stemgeo.maps.layout import Box
    from stemgeo.maps.text import MapText


def name_over_years(text: MapText, years: Iterable[int]) -> str:
    """Name the ground of all municipalities, and the first and last year."""
    known = sorted({int(year) for year in years})
    span = f"{known[0]}\N{EN DASH}{known[-1]}" if len(known) > 1 else str(known[0])
    return f"{text.name_place(None)}, {span}"


def measure_head(heading: str, note: str, width_in: float) -> float:
    """Give the height of a heading and its note.

    Parameters
    ----------
    heading, note
        What is said.
    width_in
        Of the room for it.
    """
    heads, notes = _wrap_head(heading, note, width_in)
    return len(heads) * line_height_in(TEXT_PT) + len(notes) * line_height_in(SMALL_PT)


def write_head(page: Axes, room: Box, heading: str, note: str, height_in: float = 0.0) -> Box:
    """Write a heading and its note; give the room below them.

    Parameters
    ----------
    page, room
        Where they stand, at the top.
    heading, note
        What is said.
    height_in
        What they take with the white below; their own height and a gap when not given.
    """
    heads, notes = _wrap_head(heading, note, room.width)
    write_lines(page, room.left, room.top, heads, TEXT_PT, weight="bold")
    under = room.top - len(heads) * line_height_in(TEXT_PT)
    write_lines(page, room.left, under, notes, SMALL_PT, color=PALE_INK)
    taken = height_in or measure_head(heading, note, room.width) + GAP_IN
    return replace(room, height=room.height - taken)


def _wrap_head(heading: str, note: str, width_in: float) -> tuple[list[str], list[str]]:
    bold = wrap_text(heading, width_in, TEXT_PT, "bold")
    return bold, wrap_text(note, width_in, SMALL_PT)


def make_axes_at(figure: Figure, box: Box) -> Axes:
    """Make axes at a place of the page that is given in inches."""
    w, h = figure.get_size_inches()
    axes = figure.add_axes((box.left / w, box.bottom / h, box.width / w, box.height / h))
    axes.set(xticks=[], yticks=[])
    return axes
