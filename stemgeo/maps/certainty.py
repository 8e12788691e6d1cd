"""How sure a share is, drawn: what each assumption does to it, and the share minute by minute.

In the look of the series: the same sheet, letters, head and credits as the maps. What is drawn has
its figure beside it, and reads in grey print.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import matplotlib.style
import numpy as np
from matplotlib.ticker import MaxNLocator

from stemgeo.maps.charts import make_axes_at, write_head
from stemgeo.maps.layout import (
    GAP_IN,
    SMALL_PT,
    TEXT_PT,
    Box,
    choose_sheet,
    line_height_in,
    text_width_in,
    wrap_text,
)
from stemgeo.maps.line_chart import spread_labels
from stemgeo.maps.page import INK, PALE_INK, PLATE, STYLE, Looks, new_page, write_lines
from stemgeo.maps.series import choose_colours
from stemgeo.maps.text import say_share
from stemgeo.speech import format_number, percent_sign
from stemgeo.uncertainty import TOGETHER

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from stemgeo.maps.text import MapText

_COLOURS = choose_colours(5)
_LOW: Looks = {"facecolor": _COLOURS[1], "edgecolor": INK, "linewidth": 0.5}
_HIGH: Looks = {"facecolor": _COLOURS[3], "edgecolor": INK, "linewidth": 0.5}
_ALL: Looks = {"hatch": "////"}
_GRID: Looks = {"color": "#dddddd", "linewidth": 0.6}
_CENTRAL: Looks = {"color": INK, "linewidth": 1.2, "zorder": 4}
_LABEL_PART = 0.36
"""Of the width of a sheet: what the bars are called."""
_BAR_IN, _ROW_IN = 0.24, 0.56
_AXIS_IN = 0.3
_MARK_GAP_IN = 0.08
_END_IN = 2.2  # what a line is called, at its end
LINES: dict[str, Looks] = {
    "all": {"color": _COLOURS[4], "linewidth": 2.4},
    "low_stress": {"color": _COLOURS[3], "linewidth": 1.6, "linestyle": "--"},
    "quiet_1": {"color": _COLOURS[2], "linewidth": 1.6, "linestyle": ":"},
    "flat": {"color": "#6f6f6f", "linewidth": 1.1, "linestyle": "-."},
}
"""How the share by minute is drawn: over which roads, and by one convention for all ages."""
_PROMISE: Looks = {"color": INK, "linewidth": 0.9, "linestyle": (0, (4, 3)), "zorder": 2}
_RANGE: Looks = {"color": INK, "linewidth": 1.6, "capsize": 4, "capthick": 1.6, "zorder": 6}


def draw_tornado(
    bars: pd.DataFrame,
    central: float,
    labels: Sequence[Sequence[str]],
    text: MapText,
    heading: str,
    note: str,
) -> Figure:
    """Draw what each assumption does to a share: a bar from its low to its high end.

    Parameters
    ----------
    bars
        In the order in which they stand: `part`, `share_low`, `share_high` (0 to 1).
    central
        The share as the study has it.
    labels
        Of each bar its name, and what its ends are.
    text
        What is shown, and its language.
    heading, note
        Over the bars.
    """
    words = text.words
    with matplotlib.style.context(STYLE, after_reset=True):
        sheet = choose_sheet((0, 0, 2, 1), text, legend_in=0)
        figure, page = new_page(sheet, text)
        below = write_head(page, sheet.frame, heading, note)
        height = below.height - _AXIS_IN - line_height_in(TEXT_PT) - GAP_IN
        row_in = min(_ROW_IN, height / max(len(bars), 1))
        aside = below.width * _LABEL_PART
        top = below.top - line_height_in(TEXT_PT) - GAP_IN
        box = Box(
            below.left + aside, top - row_in * len(bars), below.width - aside, row_in * len(bars)
        )
        axes = make_axes_at(figure, box)
        _draw_bars(axes, bars, central, text, box, row_in)
        for number, lines in enumerate(labels):
            _write_bar_name(page, box, top - (number + 0.5) * row_in, lines, aside)
        x = box.left + box.width * (central - axes.get_xlim()[0]) / np.ptp(axes.get_xlim())
        said = words("chart.tornado.central", share=say_share(central, words))
        page.text(x, top + GAP_IN / 2, said, size=TEXT_PT, weight="bold", color=INK, ha="center")
    return figure


def _write_bar_name(
    page: Axes, box: Box, middle: float, lines: Sequence[str], aside: float
) -> None:
    """Write the name of a bar left of it, with what its ends are below."""
    name, *ends = lines
    room = aside - 2 * GAP_IN
    names = wrap_text(name, room, TEXT_PT, "bold")
    small = [part for end in ends if end for part in wrap_text(end, room, SMALL_PT)]
    taken = len(names) * line_height_in(TEXT_PT) + len(small) * line_height_in(SMALL_PT)
    top = middle + taken / 2
    write_lines(page, box.left - aside, top, names, TEXT_PT, weight="bold")
    under = top - len(names) * line_height_in(TEXT_PT)
    write_lines(page, box.left - aside, under, small, SMALL_PT, color=PALE_INK)


def _draw_bars(
    axes: Axes, bars: pd.DataFrame, central: float, text: MapText, box: Box, row_in: float
) -> None:
    low, high = (bars[f"share_{end}"].to_numpy(np.float64) for end in ("low", "high"))
    said = [[say_share(value, text.words) for value in ends] for ends in (low, high)]
    room = max(text_width_in(one, TEXT_PT) for ends in said for one in ends) + 2 * _MARK_GAP_IN
    least, most = min(low.min(), central), max(high.max(), central)
    per_in = max(most - least, 0.01) / (box.width - 2 * room)
    axes.set(xlim=(least - room * per_in, most + room * per_in), ylim=(len(bars) - 0.5, -0.5))
    rows, thick = np.arange(len(bars)), min(_BAR_IN / row_in, 0.8)
    together = bars["part"].to_numpy() == TOGETHER
    for of_all, more in ((False, {}), (True, _ALL)):
        at = together == of_all
        looks = {"height": thick, "zorder": 3, **more}
        axes.barh(rows[at], (central - low)[at], left=low[at], **_LOW, **looks)
        axes.barh(rows[at], (high - central)[at], left=central, **_HIGH, **looks)
    for row in np.flatnonzero(together):
        axes.axhline(row - 0.5, color=INK, linewidth=0.6)
    axes.axvline(central, **_CENTRAL)
    gap = _MARK_GAP_IN * per_in
    outer = np.minimum(low, central) - gap, np.maximum(high, central) + gap
    for ends, at, side in zip(said, outer, ("right", "left"), strict=True):
        looks = {"size": TEXT_PT, "color": INK, "ha": side, "va": "center_baseline"}
        for number, one in enumerate(ends):
            axes.text(float(at[number]), number, one, **looks)
    _set_shares(axes, text, across=True)
    axes.set_yticks([])
    axes.grid(axis="x", **_GRID)
    axes.spines[["left", "right", "top"]].set_visible(False)


def _set_shares(axes: Axes, text: MapText, *, across: bool) -> None:
    """Write whole per cents along a scale of shares."""
    low, high = axes.get_xlim() if across else axes.get_ylim()
    ticks = np.asarray(MaxNLocator(7, steps=[1, 2, 5, 10]).tick_values(low * 100, high * 100))
    ticks = ticks[(ticks >= low * 100) & (ticks <= high * 100) & (ticks == np.rint(ticks))]
    said = [f"{tick:.0f}{percent_sign(text.language)}" for tick in ticks]
    (axes.set_xticks if across else axes.set_yticks)(ticks / 100, said)
    axes.tick_params(length=0, labelsize=TEXT_PT, labelcolor=PALE_INK)
    axes.set_axisbelow(True)


def draw_by_minute(
    curves: dict[str, pd.Series],
    names: dict[str, tuple[str, str]],
    promise: tuple[float, float, float, float],
    text: MapText,
    heading: str,
) -> Figure:
    """Draw which share of the children has an academy within so many minutes.

    Parameters
    ----------
    curves
        By key of `LINES`: the share (0 to 1) by minute.
    names
        Of the lines, each with its figure, as they stand at their ends.
    promise
        The minutes that are asked about, and the low, central and high share there.
    text, heading
        What is shown, and what stands over the lines.
    """
    words = text.words
    with matplotlib.style.context(STYLE, after_reset=True):
        sheet = choose_sheet((0, 0, 2, 1), text, legend_in=0)
        figure, page = new_page(sheet, text)
        below = write_head(page, sheet.frame, heading, words("chart.minutes.note"))
        ends = {
            key: [part for line in names[key] for part in wrap_text(line, _END_IN, TEXT_PT)]
            for key in curves
        }
        aside = max(text_width_in(line, TEXT_PT) for lines in ends.values() for line in lines)
        box = replace(
            below,
            left=below.left + 0.5,
            bottom=below.bottom + 0.5,
            width=below.width - 0.5 - aside - 3 * GAP_IN,
            height=below.height - 0.5 - GAP_IN,
        )
        axes = make_axes_at(figure, box)
        last = max(int(one.index.max()) for one in curves.values())
        most = max(float(one.max()) for one in curves.values())
        axes.set(xlim=(0, max(last, 1)), ylim=(0, min(1.0, max(most, promise[3], 0.1) * 1.08)))
        for key, curve in reversed(curves.items()):
            axes.plot(curve.index, curve.to_numpy(), **LINES[key], zorder=3)
        _draw_promise(axes, promise, text)
        _set_shares(axes, text, across=False)
        axes.xaxis.set_major_locator(MaxNLocator(10, integer=True, steps=[1, 2, 5, 10]))
        axes.set_xlabel(words("chart.minutes.axis"), size=TEXT_PT, color=PALE_INK)
        axes.grid(axis="y", **_GRID)
        axes.spines[["left", "right", "top"]].set_visible(False)
        top = axes.get_ylim()[1]
        wanted = [box.bottom + float(one.iloc[-1]) / top * box.height for one in curves.values()]
        heights = [len(lines) * line_height_in(TEXT_PT) for lines in ends.values()]
        middles = spread_labels(wanted, heights, box.bottom, box.top + heights[0])
        for (key, lines), height, middle in zip(ends.items(), heights, middles, strict=True):
            looks: Looks = {"weight": "bold" if key == "all" else "normal", "color": INK}
            left = box.right + GAP_IN
            write_lines(page, left, middle + height / 2, lines, TEXT_PT, **looks)
    return figure


def _draw_promise(axes: Axes, promise: tuple[float, float, float, float], text: MapText) -> None:
    """Mark the minutes that are asked about, with the low, central and high share there."""
    minutes, low, central, high = promise
    if minutes > axes.get_xlim()[1]:
        return
    words = text.words
    axes.axvline(minutes, **_PROMISE)
    axes.errorbar(
        [minutes], [central], [[max(central - low, 0)], [max(high - central, 0)]], fmt="o", **_RANGE
    )
    shares = (say_share(one, words) for one in (central, low, high))
    parts = dict(zip(("share", "low", "high"), shares, strict=True))
    said = words("chart.minutes.promise", minutes=format_number(minutes, text.language, 2), **parts)
    width = axes.get_xlim()[1]
    left = minutes > width / 2
    looks: Looks = {"size": TEXT_PT, "color": INK, "va": "top", "bbox": PLATE, "zorder": 7}
    axes.text(
        minutes + (-0.012 if left else 0.012) * width,
        axes.get_ylim()[1] * 0.99,
        said,
        ha="right" if left else "left",
        **looks,
    )
