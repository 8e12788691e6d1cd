"""The line chart of a trend: both measures over the years.

In the look of the series: the same sheet, letters, head and credits as the choropleths. Lines carry
their names at their ends, so no legend has to be searched; all of it reads in grey print.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING

import matplotlib.style
import numpy as np
import shapely
from matplotlib.ticker import MaxNLocator

from stemgeo.coverage import REGION
from stemgeo.maps.charts import make_axes_at, measure_head, name_over_years, write_head
from stemgeo.maps.layout import (
    GAP_IN,
    SMALL_PT,
    TEXT_PT,
    Box,
    choose_sheet,
    line_height_in,
    text_width_in,
)
from stemgeo.maps.page import INK, PALE_INK, PLATE, STYLE, Looks, new_page, write_lines
from stemgeo.maps.series import choose_colours, find_partly_measured
from stemgeo.maps.text import MapText, join_sentences, province_name, say_share
from stemgeo.profiles import ROADS
from stemgeo.speech import format_whole, percent_sign

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_Reading = tuple[float, float]

REPORTED = "municipalities_with_academy"
"""The reported indicator that stands beside the lines, of all of Flanders."""

_PARTLY = "*"
_ACCENT = choose_colours(5)[4]
_REGION_LINE: Looks = {"color": _ACCENT, "linewidth": 2.4, "marker": "o", "markersize": 5.0}
_QUIET_LINE: Looks = {**_REGION_LINE, "linewidth": 1.4, "markersize": 3.4, "linestyle": "--"}
_QUIET_LINES = {"low_stress": _QUIET_LINE, "quiet_1": {**_QUIET_LINE, "linestyle": ":"}}
_PROVINCE_LINE: Looks = {"color": "#6f6f6f", "linewidth": 0.9, "markersize": 3.4}
_PROVINCE_MARKS = "s^DvP"
_OPEN: Looks = {"linestyle": "none", "markerfacecolor": "white"}
_BAND: Looks = {"facecolor": choose_colours(5)[1], "alpha": 0.5, "linewidth": 0, "zorder": 1}
_REPORTED_IN = 0.15
_REPORTED_MARK: Looks = {
    "marker": "o",
    "markersize": _REPORTED_IN * 72,
    "markerfacecolor": "none",
    "markeredgecolor": INK,
    "markeredgewidth": 1.1,
    "linestyle": "none",
    "zorder": 5,
}
_GRID: Looks = {"color": "#dddddd", "linewidth": 0.6}
_LEADER: Looks = {"color": "#9a9a9a", "linewidth": 0.5, "zorder": 1}
_TICK_GAP_IN, _LEADER_IN = 0.07, 0.35
_BEFORE_FIRST_IN, _AFTER_LAST_IN = 0.5, 0.12
_FIGURE_GAP_IN = 0.085  # from the middle of a point to the figure beside it
_CLEARANCE_IN = 0.015  # from a figure to a line
_YEAR_IN = 0.45  # at least, from year to year on the scale
_HEADROOM = 1.12  # above the highest number, for its figure


def draw_line_chart(trend: pd.DataFrame, reported: pd.DataFrame, text: MapText) -> Figure:
    """Draw both measures over the years: municipalities with an academy, children within reach.

    Parameters
    ----------
    trend
        A row for each `year`, `level` ("region", "province") and `code`: `name`,
        `municipalities`, `with_academy`, `children`, `unmeasured`, `share`, `share_low`,
        `share_high` (0 to 1, NaN for no figure) and, when it is measured, `share_low_stress`.
    reported
        As from `facts.read_reported`, or none of it: the municipalities of Flanders with an
        academy, in the years of the trend, are drawn as hollow marks and their sources named.
    text
        Title, notice, source, date and language.

    Returns
    -------
    Figure
        An A4 sheet with two panels. The region's line is thick and bears its figures, those of
        the provinces are thin; names and last figures stand at the ends of the lines. A share
        that rests on fewer than half of the children has an open point and an asterisk.
    """
    with matplotlib.style.context(STYLE, after_reset=True):
        marks = _keep_reported(trend, reported)
        shown = text.showing("chart.trend.title", name_over_years(text, trend["year"]), year="")
        sheet = choose_sheet((0, 0, 2, 1), _add_sources(shown, marks), legend_in=0)
        figure, page = new_page(sheet, shown)
        rooms, panels = _split_frame(sheet.frame), _build_panels(trend, marks, text)
        width = rooms[0].width
        head_in = max(measure_head(one.heading, one.note, width) for one in panels) + 2 * GAP_IN
        for room, panel in zip(rooms, panels, strict=True):
            below = write_head(page, room, panel.heading, panel.note, head_in)
            _draw_panel(figure, page, below, panel, text)
    return figure


def describe_line_chart(trend: pd.DataFrame, reported: pd.DataFrame, text: MapText) -> str:
    """Say in words what the line chart shows, for those who cannot see it.

    Parameters
    ----------
    trend, reported, text
        As for `draw_line_chart`.

    Returns
    -------
    str
        Title and cautions; for each measure the region's figure of each year, with the reported
        one beside it, and those of the other lines in the last year.
    """
    words = text.words
    place, last = name_over_years(text, trend["year"]), max(trend["year"])
    shown = text.showing("chart.trend.title", place, year="")
    sentences = [*shown.opening, f"{words('chart.line')}, {place}"]
    for panel in _build_panels(trend, _keep_reported(trend, reported), text):
        told = dict(panel.marks)
        region, *others = panel.lines
        figures = [
            f"{year:.0f} {panel.format_reading(region, (year, value))}"
            + (
                f" ({words('chart.trend.reported')} {panel.said(told[year])})"
                if year in told
                else ""
            )
            for year, value in region.readings
        ]
        sentences.append(words.join_pair(panel.heading, words.join_series(figures)))
        if others:
            ends = words.join_series(panel.format_end(line) for line in others)
            sentences.append(words.join_pair(words("chart.trend.last_year", year=last), ends))
        if panel.is_partly:
            sentences.append(words("chart.trend.partly"))
    return join_sentences(sentences)


@dataclass(frozen=True)
class _Line:
    """A line of the chart.

    Attributes
    ----------
    readings
        A value for each year, NaN where there is no figure.
    partly
        Years whose figure rests on fewer than half of the children.
    """

    name: str
    readings: list[_Reading]
    looks: Looks
    partly: frozenset[float] = frozenset()

    @property
    def known(self) -> list[_Reading]:
        """Its readings that have a figure."""
        return [(year, value) for year, value in self.readings if not np.isnan(value)]


@dataclass(frozen=True)
class _Panel:
    """What a panel shows.

    Attributes
    ----------
    lines
        The region's first.
    said
        Writes a value.
    ticks
        Of the scale, which begins at 0 and ends at `top`, and how each is written.
    marks
        Reported values of the region.
    band
        The region's year, low and high.
    """

    heading: str
    note: str
    lines: list[_Line]
    said: Callable[[float], str]
    ticks: dict[float, str]
    top: float
    marks: list[_Reading]
    band: list[tuple[float, float, float]]

    @property
    def is_partly(self) -> bool:
        """Whether a figure of it rests on fewer than half of the children."""
        return any(line.partly for line in self.lines)

    def format_reading(self, line: _Line, reading: _Reading) -> str:
        """Write a reading of a line, marked when it rests on fewer than half of the children."""
        year, value = reading
        return f"{self.said(value)}{_PARTLY if year in line.partly else ''}"

    def format_end(self, line: _Line) -> str:
        """Write a line's name and last figure."""
        return f"{line.name} {self.format_reading(line, line.readings[-1])}"


def _build_panels(trend: pd.DataFrame, marks: pd.DataFrame, text: MapText) -> tuple[_Panel, _Panel]:
    return _build_academies_panel(trend, marks, text), _build_shares_panel(trend, text)


def _build_academies_panel(trend: pd.DataFrame, marks: pd.DataFrame, text: MapText) -> _Panel:
    lines = _build_lines(trend.assign(partly=False), "with_academy", text)
    told = _list_readings(marks, "value")
    highest = max(value for line in lines for _, value in line.readings + told)
    top = max(highest, 1) * _HEADROOM
    ticks = MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]).tick_values(0, top)
    total = trend.loc[trend["level"] == "region", "municipalities"].max()
    counted = text.words.say_count("map.count.municipality", int(total))
    return _Panel(
        heading=text.words("map.academies.heading"),
        note=text.words("chart.trend.total", municipalities=counted),
        lines=lines,
        said=lambda count: format_whole(count, text.language),
        ticks={
            float(tick): format_whole(tick, text.language) for tick in ticks if 0 <= tick <= top
        },
        top=top,
        marks=told,
        band=[],
    )


def _build_shares_panel(trend: pd.DataFrame, text: MapText) -> _Panel:
    """Show shares on a scale of 0 to 100 % whatever they are, so that sheets can be compared."""
    trend = trend.assign(partly=find_partly_measured(trend))
    lines = _build_lines(trend, "share", text)
    region = trend[trend["level"] == "region"].sort_values("year")
    for number, (profile, looks) in enumerate(_QUIET_LINES.items(), 1):
        column = f"share_{profile}"
        if column in region and region[column].notna().any():
            name = f"{text.name_place(None)}, {ROADS[profile].to_text(text.language)}"
            lines.insert(number, _build_line(name, region, column, looks))
    low, high = (
        _list_readings(region.dropna(subset="share"), f"share_{end}") for end in ("low", "high")
    )
    notes = [text.words("chart.trend.band")]
    notes += [text.words("chart.trend.partly")] if trend["partly"].any() else []
    return _Panel(
        heading=text.heading,
        note=" ".join(notes),
        lines=lines,
        said=lambda share: say_share(share, text.words),
        ticks={n / 5: f"{20 * n}{percent_sign(text.language)}" for n in range(6)},
        top=1.05,
        marks=[],
        band=[(year, least, most) for (year, least), (_, most) in zip(low, high, strict=True)],
    )


def _build_lines(trend: pd.DataFrame, column: str, text: MapText) -> list[_Line]:
    """Make the region's line, then those of the provinces in order of name.

    A single province is the region under another name: it has no line of its own.
    """
    region, province = (trend[trend["level"] == level] for level in ("region", "province"))
    lines = [_build_line(text.name_place(None), region, column, _REGION_LINE)]
    if province["name"].nunique() == 1:
        return lines
    for number, (name, rows) in enumerate(province.groupby("name", sort=True)):
        mark = _PROVINCE_MARKS[number % len(_PROVINCE_MARKS)]
        looks = {**_PROVINCE_LINE, "marker": mark}
        lines.append(_build_line(province_name(str(name), text.words), rows, column, looks))
    return lines


def _build_line(name: str, rows: pd.DataFrame, column: str, looks: Looks) -> _Line:
    partly = frozenset(rows.loc[rows["partly"], "year"].astype(float))
    return _Line(name, _list_readings(rows, column), looks, partly)


def _list_readings(rows: pd.DataFrame, column: str) -> list[_Reading]:
    values = rows.sort_values("year")[["year", column]].to_numpy(dtype=np.float64)
    return [(year, value) for year, value in values.tolist()]


def _keep_reported(trend: pd.DataFrame, reported: pd.DataFrame) -> pd.DataFrame:
    of_flanders = reported["region"] == REGION[1]
    is_drawn = (reported["indicator"] == REPORTED) & of_flanders
    return reported[is_drawn & reported["year"].isin(trend["year"])].sort_values("year")


def _add_sources(text: MapText, marks: pd.DataFrame) -> MapText:
    """Name the sources of the reported figures after those of the data."""
    if marks.empty:
        return text
    told = text.words.join_series(dict.fromkeys(marks["source"]))
    source = text.source.rstrip(" .;")
    more = text.words("chart.trend.sources", sources=told)
    return replace(text, source=f"{source}. {more}")


def _split_frame(frame: Box) -> tuple[Box, Box]:
    width = (frame.width - 3 * GAP_IN) / 2
    left = Box(frame.left, frame.bottom, width, frame.height)
    return left, replace(left, left=frame.right - width)


@dataclass(frozen=True)
class _Plot:
    """Where the lines of a panel are drawn on the page, and what its scales show."""

    box: Box
    years: tuple[float, float]
    top: float

    @property
    def year_in(self) -> float:
        """Inches from year to year."""
        return self.box.width / (self.years[1] - self.years[0])

    def place_point(self, year: float, value: float) -> tuple[float, float]:
        """Place a reading on the page, in inches."""
        x = self.box.left + (year - self.years[0]) * self.year_in
        return x, self.box.bottom + value / self.top * self.box.height

    def place_grid(self, values: Iterable[float]) -> list[shapely.LineString]:
        """Place the lines across the plot at these values, in inches."""
        return [
            shapely.LineString([self.place_point(year, value) for year in self.years])
            for value in values
        ]

    def place_line(self, line: _Line) -> shapely.LineString:
        """Place a line on the page, in inches."""
        points = [self.place_point(*reading) for reading in line.known]
        return shapely.LineString(points if len(points) > 1 else [])


@dataclass(frozen=True)
class _LineEnd:
    """What stands at the end of a line: name and last figure, and perhaps a line below."""

    said: list[str]
    looks: Looks

    @property
    def width_in(self) -> float:
        """The width of its longest line."""
        weight = self.looks.get("weight", "normal")
        return max(text_width_in(line, TEXT_PT, weight) for line in self.said)

    @property
    def height_in(self) -> float:
        """The height of its lines."""
        return len(self.said) * line_height_in(TEXT_PT)


def _draw_panel(figure: Figure, page: Axes, room: Box, panel: _Panel, text: MapText) -> None:
    ends = _build_ends(panel, text)
    plot = _place_plot(room, panel, ends)
    _draw_lines(figure, plot, panel)
    _write_scales(page, plot, panel)
    _write_ends(page, plot, panel, ends)
    _write_figures(page, plot, panel, text.words("chart.trend.reported"))


def _build_ends(panel: _Panel, text: MapText) -> list[_LineEnd]:
    """Say each line's name and last figure; under the region's share its low and high."""
    region, *others = [panel.format_end(line) for line in panel.lines]
    span = [
        text.words("chart.trend.span", low=panel.said(low), high=panel.said(high))
        for _, low, high in panel.band
    ]
    accent = [{"color": _ACCENT if line.looks["color"] == _ACCENT else INK} for line in panel.lines]
    first = _LineEnd([region, *span[-1:]], {**accent[0], "weight": "bold"})
    return [
        first,
        *(_LineEnd([said], looks) for said, looks in zip(others, accent[1:], strict=True)),
    ]


def _place_plot(room: Box, panel: _Panel, ends: list[_LineEnd]) -> _Plot:
    """Leave room around the plot for the scales and for what stands at the ends of the lines."""
    left = max(text_width_in(said, TEXT_PT) for said in panel.ticks.values()) + _TICK_GAP_IN
    right = max(end.width_in for end in ends) + _LEADER_IN
    below = line_height_in(TEXT_PT) + _TICK_GAP_IN
    width, height = room.width - left - right, room.height - below
    years = [year for year, _ in panel.lines[0].readings]
    year_in = (width - _BEFORE_FIRST_IN - _AFTER_LAST_IN) / max(years[-1] - years[0], 1)
    first = years[0] - _BEFORE_FIRST_IN / year_in
    box = Box(room.left + left, room.bottom + below, width, height)
    return _Plot(box, (first, first + width / year_in), panel.top)


def _draw_lines(figure: Figure, plot: _Plot, panel: _Panel) -> None:
    axes = make_axes_at(figure, plot.box)
    axes.set(xlim=plot.years, ylim=(0, plot.top), yticks=list(panel.ticks), yticklabels=[])
    axes.set_axisbelow(True)
    axes.grid(axis="y", **_GRID)
    axes.tick_params(length=0)
    axes.spines[["left", "right", "top"]].set_visible(False)
    if panel.band:
        years, low, high = zip(*panel.band, strict=True)
        axes.fill_between(years, low, high, **_BAND)
    for line in reversed(panel.lines):  # the region over the others
        axes.plot(*zip(*line.readings, strict=True), **line.looks, solid_capstyle="round")
        opened = [reading for reading in line.readings if reading[0] in line.partly]
        if opened:
            axes.plot(*zip(*opened, strict=True), **line.looks | _OPEN)
    for year, value in panel.marks:
        axes.plot([year], [value], **_REPORTED_MARK)


def _write_scales(page: Axes, plot: _Plot, panel: _Panel) -> None:
    looks: Looks = {"size": TEXT_PT, "color": PALE_INK}
    for value, said in panel.ticks.items():
        _, y = plot.place_point(0, value)
        left = plot.box.left - _TICK_GAP_IN
        page.text(left, y, said, ha="right", va="center_baseline", **looks)
    for year in _choose_years(plot, panel):
        x, y = plot.place_point(year, 0)
        page.text(x, y - _TICK_GAP_IN, f"{year:.0f}", ha="center", va="top", **looks)


def _choose_years(plot: _Plot, panel: _Panel) -> list[float]:
    """Choose the years that are written out: all, or the last and every so many before it."""
    years = [year for year, _ in panel.lines[0].readings]
    return years[:: -ceil(_YEAR_IN / plot.year_in)]


def _write_ends(page: Axes, plot: _Plot, panel: _Panel, ends: list[_LineEnd]) -> None:
    """Write each end as near to the height of its line's last point as its neighbours allow."""
    points = [plot.place_point(*(line.known or [(plot.years[1], 0.0)])[-1]) for line in panel.lines]
    middles = spread_labels(
        [y for _, y in points],
        [end.height_in for end in ends],
        plot.box.bottom,
        plot.box.top + line_height_in(TEXT_PT),
    )
    left = plot.box.right + _LEADER_IN - _TICK_GAP_IN / 2
    for end, (x, y), middle in zip(ends, points, middles, strict=True):
        after = x + _AFTER_LAST_IN, plot.box.right + _TICK_GAP_IN, left - _TICK_GAP_IN
        page.plot(after, [y, y, middle], **_LEADER)
        top = middle + end.height_in / 2
        write_lines(page, left, top, end.said, TEXT_PT, **end.looks)


def spread_labels(
    wanted: Sequence[float], heights: Sequence[float], bottom: float, top: float
) -> list[float]:
    """Place labels above one another without overlap, as near as can be to where they belong.

    Labels that would overlap form a stack, which moves as one to the mean of what its members
    want (least squares; the way of pooling adjacent violators).

    Parameters
    ----------
    wanted
        The middle that each label wants.
    heights
        Of the labels.
    bottom, top
        Between which all must stand; they are taken to fit.

    Returns
    -------
    list of float
        The middle of each label; equal wishes are stacked in their order, the first on top.
    """
    stacks: list[_Stack] = []
    for label in sorted(range(len(wanted)), key=lambda n: (wanted[n], -n)):
        stacks.append(_stack_labels([label], wanted, heights, bottom, top))
        while len(stacks) > 1 and stacks[-2].top > stacks[-1].bottom:
            upper, lower = stacks.pop(), stacks.pop()
            stacks.append(
                _stack_labels([*lower.labels, *upper.labels], wanted, heights, bottom, top)
            )
    placed = {label: middle for stack in stacks for label, middle in stack.middles}
    return [placed[label] for label in range(len(wanted))]


@dataclass(frozen=True)
class _Stack:
    """Labels that stand on one another, the lowest first."""

    labels: list[int]
    heights: list[float]
    bottom: float

    @property
    def top(self) -> float:
        """Its upper edge."""
        return self.bottom + sum(self.heights)

    @property
    def middles(self) -> list[tuple[int, float]]:
        """Each label with its middle."""
        tops = self.bottom + np.cumsum(self.heights)
        middles = tops - np.array(self.heights) / 2
        return list(zip(self.labels, middles.tolist(), strict=True))


def _stack_labels(
    labels: list[int], wanted: Sequence[float], heights: Sequence[float], bottom: float, top: float
) -> _Stack:
    flat = _Stack(labels, [heights[label] for label in labels], 0.0)
    best = float(np.mean([wanted[label] - middle for label, middle in flat.middles]))
    return replace(flat, bottom=max(bottom, min(best, top - flat.top)))


@dataclass(frozen=True)
class _FigureNote:
    """A figure or a word, and the points beside one of which it may stand."""

    said: str
    points: list[tuple[float, float]]
    colour: str


def _write_figures(page: Axes, plot: _Plot, panel: _Panel, reported: str) -> None:
    """Write the region's figures beside its points, and what was reported where it differs.

    Figures are those of the years that the scale names; the last year's stands at the end of the
    line. One that finds no free place is left out: the table has it.
    """
    region, told = panel.lines[0], set(_choose_years(plot, panel))
    last = region.readings[-1]
    shown = [reading for reading in region.known if reading != last and reading[0] in told]
    notes = [
        _FigureNote(panel.format_reading(region, one), [plot.place_point(*one)], _ACCENT)
        for one in shown
    ]
    apart = [mark for mark in panel.marks if mark not in region.readings]
    notes += [_FigureNote(panel.said(one[1]), [plot.place_point(*one)], PALE_INK) for one in apart]
    marks = [plot.place_point(*mark) for mark in panel.marks]
    notes.append(_FigureNote(reported, marks, PALE_INK))
    paths = [plot.place_line(line) for line in panel.lines]
    points = [shapely.MultiPoint(list(path.coords)) for path in paths]  # a hidden mark is worse
    drawn = [*paths, *points, *plot.place_grid(panel.ticks)]
    taken = [Box(x, y, 0, 0).with_margin(_REPORTED_IN / 2) for x, y in marks]
    for note in notes:
        best = _find_best_place(note, plot.box, taken, drawn)
        if best is not None:
            covered, box = best
            middle = box.left + box.width / 2, box.bottom + box.height / 2
            looks: Looks = {"size": SMALL_PT, "color": note.colour, "ha": "center", "va": "center"}
            page.text(*middle, note.said, **looks, bbox=PLATE if covered else None)
            taken.append(box)


def _find_best_place(
    note: _FigureNote, inside: Box, taken: Sequence[Box], drawn: Sequence[shapely.Geometry]
) -> tuple[int, Box] | None:
    """Find the place that covers no other text and fewest lines; above a point if it can be.

    Returns
    -------
    (int, Box) or None
        How many lines it covers, and the place.
    """
    width, height = text_width_in(note.said, SMALL_PT), line_height_in(SMALL_PT)
    places = [
        Box(x + across * width, y + up, width, height)
        for x, y in note.points
        for up in (_FIGURE_GAP_IN, -_FIGURE_GAP_IN - height)
        for across in (-0.5, -1.0, 0.0)
    ]
    free = [
        (int(shapely.dwithin(shapely.box(*box.corners), drawn, _CLEARANCE_IN).sum()), box)
        for box in places
        if box.lies_within(inside) and not any(box.overlaps(other) for other in taken)
    ]
    return min(free, key=lambda place: place[0], default=None)
