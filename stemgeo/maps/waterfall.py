"""The waterfall of a bridge: from one figure to another, step by step.

In the look of the series: the same sheet, letters, head and credits as the maps. The ends are dots
with their figure, since a scale from zero would leave nothing to be seen of the steps; a step that
adds is dark and one that takes away is light and hatched, so that all of it reads in grey print.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import matplotlib.style
import numpy as np
from matplotlib.ticker import MaxNLocator

from stemgeo.maps.charts import make_axes_at, write_head
from stemgeo.maps.layout import GAP_IN, SMALL_PT, TEXT_PT, choose_sheet, wrap_text
from stemgeo.maps.page import INK, PALE_INK, STYLE, Looks, new_page
from stemgeo.maps.series import choose_colours
from stemgeo.maps.text import join_sentences
from stemgeo.speech import format_signed, format_whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from stemgeo.maps.text import MapText

_ACCENT = choose_colours(5)[4]
_MORE: Looks = {"facecolor": choose_colours(5)[3], "edgecolor": _ACCENT, "linewidth": 0.8}
_FEWER: Looks = {
    "facecolor": "#f6d9b0",
    "edgecolor": "#8a4b08",
    "linewidth": 0.8,
    "hatch": "////",
}
_END: Looks = {"marker": "D", "markersize": 8, "color": INK, "linestyle": "none", "zorder": 5}
_SPAN: Looks = {"color": INK, "linewidth": 1.0, "zorder": 4}
_LINK: Looks = {"color": "#8a8a8a", "linewidth": 0.7, "linestyle": (0, (2, 2)), "zorder": 1}
_GRID: Looks = {"color": "#dddddd", "linewidth": 0.6}
_ROW_IN, _LABEL_IN, _FIGURE_IN, _UNDER_IN = 0.62, 2.2, 1.25, 0.55
"""From row to row at most, room for names and for figures beside the rows, and for the scale."""
_THICK = 0.5
"""Of a bar, in rows."""


@dataclass(frozen=True)
class WaterfallStep:
    """A row of the waterfall.

    Attributes
    ----------
    name
        What it is called.
    value
        Of an end the figure, of a step what it adds.
    least, most
        What it adds at least and at most, by the order of the steps.
    is_end
        Whether it is the figure before or after all steps.
    is_idle
        Whether it is a step in which nothing changed.
    """

    name: str
    value: int
    least: int
    most: int
    is_end: bool = False
    is_idle: bool = False


def draw_waterfall(steps: Sequence[WaterfallStep], text: MapText) -> Figure:
    """Draw how one figure becomes another.

    Parameters
    ----------
    steps
        The figure before, the steps, and the figure after.
    text
        Title, notice, source, date and language.
    """
    words, shown = text.words, _say_shown(text)
    with matplotlib.style.context(STYLE, after_reset=True):
        sheet = choose_sheet((0, 0, 2, 1), shown, legend_in=0)
        figure, page = new_page(sheet, shown)
        note = words("chart.waterfall.note")
        below = write_head(page, sheet.frame, _write_heading(steps, text), note)
        height = min(below.height - _UNDER_IN - GAP_IN, _ROW_IN * len(steps))
        box = replace(
            below,
            left=below.left + _LABEL_IN,
            bottom=below.top - GAP_IN - height,
            width=below.width - _LABEL_IN - _FIGURE_IN,
            height=height,
        )
        axes = make_axes_at(figure, box)
        _set_scale(axes, steps, text)
        _draw_steps(axes, steps)
        for row, one in enumerate(steps):
            _write_row(axes, row, one, text, 1 + _FIGURE_IN / box.width)
    return figure


def describe_waterfall(steps: Sequence[WaterfallStep], text: MapText) -> str:
    """Say in words what the waterfall shows, for those who cannot see it.

    Parameters
    ----------
    steps, text
        As for `draw_waterfall`.
    """
    words, language = text.words, text.language
    told = []
    for one in steps:
        figures = {
            name: format_signed(getattr(one, name), language) for name in ("value", "least", "most")
        }
        if one.is_end or one.is_idle or one.least == one.most:
            told.append(words.join_pair(one.name, _write_figure(one, text)))
        else:
            told.append(words("chart.waterfall.step", name=one.name, **figures))
    kind = f"{words('chart.waterfall')}, {text.name_place(None)}"
    heading = words.join_pair(kind, _write_heading(steps, text))
    return join_sentences([*_say_shown(text).opening, heading, words.join_series(told)])


def _write_heading(steps: Sequence[WaterfallStep], text: MapText) -> str:
    ends = {"a": steps[0].name, "b": steps[-1].name}
    return text.words("chart.waterfall.heading", **ends)


def _say_shown(text: MapText) -> MapText:
    return text.showing("chart.waterfall.title", text.name_place(None), year="")


def _list_levels(steps: Sequence[WaterfallStep]) -> list[int]:
    """Give the figure before each row; of an end its own."""
    levels, level = [], 0
    for one in steps:
        level = one.value if one.is_end else level
        levels.append(level)
        level = level if one.is_end else level + one.value
    return levels


def _set_scale(axes: Axes, steps: Sequence[WaterfallStep], text: MapText) -> None:
    """Show all levels and extremes, with as many round figures as there is room for."""
    levels = np.array(_list_levels(steps))
    reach = [
        level + add
        for level, one in zip(levels, steps, strict=True)
        for add in ((0,) if one.is_end else (0, one.value, one.least, one.most))
    ]
    low, high = min(reach), max(reach)
    margin = max((high - low) * 0.06, 1)
    axes.set(xlim=(low - margin, high + margin), ylim=(len(steps) - 0.5, -0.5))
    axes.set_axisbelow(True)
    axes.grid(axis="x", **_GRID)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(lambda value, _: format_whole(value, text.language))
    axes.tick_params(length=0, labelsize=TEXT_PT, labelcolor=PALE_INK)
    axes.set_xlabel(text.words("chart.waterfall.axis"), size=TEXT_PT, color=PALE_INK)
    axes.spines[["left", "right", "top"]].set_visible(False)


def _draw_steps(axes: Axes, steps: Sequence[WaterfallStep]) -> None:
    """Draw each row, and what links it with the next."""
    levels = _list_levels(steps)
    for row, (one, level) in enumerate(zip(steps, levels, strict=True)):
        after = level if one.is_end else level + one.value
        if one.is_end:
            axes.plot([level], [row], **_END)
        elif one.value:
            looks = _MORE if one.value > 0 else _FEWER
            axes.barh(row, one.value, height=_THICK, left=level, **looks)
        if one.least != one.most:
            _draw_span(axes, row, level + one.least, level + one.most)
        if row + 1 < len(steps):
            axes.plot([after, after], [row, row + 1], **_LINK)


def _write_row(axes: Axes, row: int, one: WaterfallStep, text: MapText, end: float) -> None:
    """Write the name of a row to the left, and its figure with the extremes to the right."""
    weight = "bold" if one.is_end else "normal"
    name = "\n".join(wrap_text(one.name, _LABEL_IN - 2 * GAP_IN, TEXT_PT, weight))
    looks: Looks = {"transform": axes.get_yaxis_transform(), "va": "center", "ha": "right"}
    pale = PALE_INK if one.is_idle else INK
    axes.text(-0.015, row, name, size=TEXT_PT, color=pale, weight=weight, **looks)
    axes.text(end, row, _write_figure(one, text), size=TEXT_PT, color=pale, weight=weight, **looks)
    if one.least != one.most:
        ends = (format_signed(value, text.language) for value in (one.least, one.most))
        span = text.words("chart.waterfall.span", **dict(zip(("least", "most"), ends, strict=True)))
        axes.text(end, row + 0.3, span, size=SMALL_PT, color=PALE_INK, **looks)


def _write_figure(one: WaterfallStep, text: MapText) -> str:
    if one.is_idle:
        return text.words("chart.waterfall.idle")
    return (format_whole if one.is_end else format_signed)(one.value, text.language)


def _draw_span(axes: Axes, row: int, least: int, most: int) -> None:
    """Draw from the least to the most, with a stroke at both ends."""
    axes.plot([least, most], [row, row], **_SPAN)
    for end in (least, most):
        axes.plot([end, end], [row - 0.12, row + 0.12], **_SPAN)
