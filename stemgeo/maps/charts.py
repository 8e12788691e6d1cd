"""What the pictures of a trend share: words, and a place for axes on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


def make_axes_at(figure: Figure, box: Box) -> Axes:
    """Make axes at a place of the page that is given in inches."""
    w, h = figure.get_size_inches()
    axes = figure.add_axes((box.left / w, box.bottom / h, box.width / w, box.height / h))
    axes.set(xticks=[], yticks=[])
    return axes
