"""The curve of siting: which share is within reach with so many places more.

In the look of the series: the same sheet, letters, head and credits as the maps. Lines carry
their names; all of it reads in grey print.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import matplotlib.style
import numpy as np
from matplotlib.ticker import MaxNLocator

from stemgeo.maps.charts import make_axes_at, write_head
from stemgeo.maps.layout import GAP_IN, SMALL_PT, TEXT_PT, choose_sheet
from stemgeo.maps.page import INK, PALE_INK, PLATE, STYLE, Looks, new_page
from stemgeo.maps.series import choose_colours
from stemgeo.maps.text import join_sentences, say_share
from stemgeo.speech import percent_sign

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from stemgeo.maps.text import MapText

_ACCENT = choose_colours(5)[4]
_GRID: Looks = {"color": "#dddddd", "linewidth": 0.6}
_BEST: Looks = {"color": _ACCENT, "linewidth": 2.4}
_BOUND: Looks = {"color": _ACCENT, "linewidth": 0.9, "linestyle": (0, (2, 2))}
_CHANCE: Looks = {"color": "#6f6f6f", "linewidth": 1.1, "linestyle": "--"}
_CHANCE_BAND: Looks = {"facecolor": "#d9d9d9", "linewidth": 0}
_PLAN: Looks = {
    "marker": "o",
    "markersize": 9,
    "markerfacecolor": "none",
    "markeredgecolor": INK,
    "markeredgewidth": 1.3,
    "linestyle": "none",
    "zorder": 5,
}
_AXIS_IN = 0.62, 0.5, 0.1
"""Left of the plot, below it, above it: room for the scales."""
_TICK_IN = 0.3
"""From one line of the scale to the next at least."""
_TOLD = 5
"""So many figures are written along the curve, and the one at zero."""


def draw_curve(
    curve: pd.DataFrame, plan: tuple[int, float] | None, text: MapText, random_plans: int
) -> Figure:
    """Draw the share of the children within reach against the number of new places.

    Parameters
    ----------
    curve
        The table `curve` of the data dictionary.
    plan
        Number of places and share of the plan; None when it is not on this scale.
    text
        Title, notice, source, date and language.
    random_plans
        How many choices by chance are drawn.
    """
    words, low = text.words, f"{_find_lowest_share(curve) * 100:.0f}{percent_sign(text.language)}"
    scale = words("chart.curve.scale", low=low) if _find_lowest_share(curve) else ""
    note = words("chart.curve.note", plans=random_plans, scale=scale)
    text = _say_shown(text)
    with matplotlib.style.context(STYLE, after_reset=True):
        sheet = choose_sheet((0, 0, 2, 1), text, legend_in=0)
        figure, page = new_page(sheet, text)
        heading = words("chart.curve.heading", measure=text.heading)
        below = write_head(page, sheet.frame, heading, note)
        left, under, over = _AXIS_IN
        box = replace(
            below,
            left=below.left + left,
            bottom=below.bottom + under,
            width=below.width - left - GAP_IN,
            height=below.height - under - over,
        )
        axes = make_axes_at(figure, box)
        _draw_curves(axes, curve, plan)
        _set_scales(axes, curve, text, box.height)
        _write_shares(axes, curve, text)
    return figure


def describe_curve(curve: pd.DataFrame, text: MapText) -> str:
    """Say in words what the curve shows, for those who cannot see it."""
    words, text = text.words, _say_shown(text)

    def at(row: pd.Series, column: str) -> str:
        share = say_share(row[column], words)
        return words("chart.curve.at", places=int(row["places"]), share=share)

    told = words.join_series(at(curve.iloc[number], "share") for number in _choose_rows(curve))
    chance = words.join_pair(words("chart.curve.chance"), at(curve.iloc[-1], "share_random"))
    heading = words("chart.curve.heading", measure=text.heading)
    heading = words.join_pair(f"{words('chart.line')}, {text.name_place(None)}", heading)
    return join_sentences([*text.opening, heading, told, chance])


def _say_shown(text: MapText) -> MapText:
    return text.showing("chart.curve.title", text.name_place(None))


def _find_lowest_share(curve: pd.DataFrame) -> float:
    """Give the share at which the scale begins: a whole ten of per cent."""
    return float(np.floor(curve[["share", "share_random_least"]].min().min() * 10) / 10)


def _draw_curves(axes: Axes, curve: pd.DataFrame, plan: tuple[int, float] | None) -> None:
    places = curve["places"]
    axes.fill_between(
        places, curve["share_random_least"], curve["share_random_most"], **_CHANCE_BAND
    )
    axes.plot(places, curve["share_random"], **_CHANCE)
    axes.plot(places, curve["share_bound"], **_BOUND)
    axes.plot(places, curve["share"], **_BEST)
    if plan is not None:
        axes.plot(*([one] for one in plan), **_PLAN)


def _set_scales(axes: Axes, curve: pd.DataFrame, text: MapText, height_in: float) -> None:
    """Show shares from the lowest to the highest, rounded to tens of per cent."""
    low, most_share = _find_lowest_share(curve), float(curve["share_bound"].max())
    high = max(min(np.floor(most_share * 10 + 1) / 10, 1.0), low + 0.1)
    last = max(int(curve["places"].iloc[-1]), 1)
    most = max(2, int(height_in / _TICK_IN))
    values = MaxNLocator(most, steps=[1, 2, 5, 10]).tick_values(low, high)
    ticks = np.asarray(values)
    ticks = ticks[(ticks >= low - 1e-9) & (ticks <= high + 1e-9)]
    # Room below the lowest share for its figure.
    axes.set(xlim=(0, last), ylim=(low - 0.08 * (high - low), high + 0.02 * (high - low)))
    axes.set_axisbelow(True)
    axes.grid(axis="y", **_GRID)
    axes.set_yticks(ticks, [f"{tick * 100:.0f}{percent_sign(text.language)}" for tick in ticks])
    axes.xaxis.set_major_locator(MaxNLocator(10, integer=True, steps=[1, 2, 5, 10]))
    axes.tick_params(length=0, labelsize=TEXT_PT, labelcolor=PALE_INK)
    axes.set_xlabel(text.words("chart.curve.axis"), size=TEXT_PT, color=PALE_INK)
    axes.spines[["left", "right", "top"]].set_visible(False)


def _choose_rows(curve: pd.DataFrame) -> list[int]:
    """Choose the rows whose figure is written: the first and the last, and some between."""
    return sorted({round(at) for at in np.linspace(0, len(curve) - 1, _TOLD + 1)})


def _write_shares(axes: Axes, curve: pd.DataFrame, text: MapText) -> None:
    rows = curve.iloc[_choose_rows(curve)].to_dict("records")
    for row in rows:
        # The line rises to a place from the left: what stands right below it is free of it.
        side = "right" if row is rows[-1] and len(rows) > 1 else "left"
        axes.annotate(
            say_share(row["share"], text.words),
            (row["places"], row["share"]),
            xytext=(0, -14),
            textcoords="offset points",
            ha=side,
            va="center",
            zorder=1.5,  # above the grid, under the lines
            size=SMALL_PT,
            color=_ACCENT,
            bbox=PLATE,
        )
