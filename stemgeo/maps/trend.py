"""Years beside each other: a line chart, and one small map for each year.

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
from stemgeo.maps.layout import (
    GAP_IN,
    SMALL_PT,
    TEXT_PT,
    Box,
    best_sheet,
    line_in,
    text_width_in,
    wrapped,
)
from stemgeo.maps.page import (
    PALE_INK,
    PLATE,
    PROVINCE,
    ROW_IN,
    SECOND_COLUMN,
    SMALLEST_RING_IN,
    STYLE,
    Key,
    Looks,
    add_polygons,
    draw_key,
    draw_scale_bar,
    new_page,
    write_lines,
)
from stemgeo.maps.series import INK, border_rings, colours, lighter, line_on, provinces
from stemgeo.maps.text import MapText, percent, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import pandas as pd
    from geopandas import GeoDataFrame
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from stemgeo.maps.layout import Sheet
    from stemgeo.maps.text import Language

_Reading = tuple[float, float]

REPORTED = "municipalities_with_academy"
"""The reported indicator that stands beside the lines."""

STATUSES: dict[str, Looks] = {
    "kept": {"facecolor": colours(5)[2]},
    "new": {"facecolor": colours(5)[4]},
    "lost": {"facecolor": "#fee8c8", "hatch": "////////"},
    "none": {"facecolor": "#e3e3e3"},
}
"""How a municipality looks by what became of it since the year before."""

_ACCENT = colours(5)[4]
_REGION_LINE: Looks = {"color": _ACCENT, "linewidth": 2.4, "marker": "o", "markersize": 5.0}
_QUIET_LINE: Looks = {**_REGION_LINE, "linewidth": 1.4, "markersize": 3.4, "linestyle": "--"}
_PROVINCE_LINE: Looks = {"color": "#6f6f6f", "linewidth": 0.9, "markersize": 3.4}
_PROVINCE_MARKS = "s^DvP"
_BAND: Looks = {"facecolor": colours(5)[1], "alpha": 0.5, "linewidth": 0, "zorder": 1}
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

_FINEST_DETAIL_IN = 1 / 300
_BORDER: Looks = {**PROVINCE, "linewidth": 0.8}
_OUTLINE = 0.25
_LEGEND_ROWS = 3
_YEAR_PT = 11.0
_MARGIN = 0.005  # of the ground's width


@dataclass(frozen=True)
class _Words:
    """The fixed words of one language."""

    with_academy: str
    band: str
    reported: str
    sources: str
    quiet: str
    chart: str
    last_year: str
    of_all: str
    maps: str
    count: str
    new: str
    lost: str
    statuses: dict[str, str]


_WORDS: dict[Language, _Words] = {
    "nl": _Words(
        with_academy="Gemeenten met een STEM-academie",
        band="Gekleurd vlak: van de lage tot de hoge fietssnelheid.",
        reported="gerapporteerd",
        sources="Gerapporteerde cijfers",
        quiet="rustige wegen",
        chart="Lijngrafiek",
        last_year="In {year}",
        of_all="Van de {total} gemeenten.",
        maps="Een kaart per jaar",
        count="{count} van de {total} gemeenten",
        new="{count} nieuw",
        lost="{count} niet langer",
        statuses={
            "kept": "met een STEM-academie",
            "new": "nieuw: het jaar ervoor nog zonder",
            "lost": "niet langer: het jaar ervoor nog met",
            "none": "zonder STEM-academie",
        },
    ),
    "en": _Words(
        with_academy="Municipalities with a STEM academy",
        band="Coloured area: from the low to the high cycling speed.",
        reported="reported",
        sources="Reported figures",
        quiet="quiet roads",
        chart="Line chart",
        last_year="In {year}",
        of_all="Of {total} municipalities.",
        maps="A map for each year",
        count="{count} of {total} municipalities",
        new="{count} new",
        lost="{count} no longer",
        statuses={
            "kept": "with a STEM academy",
            "new": "new: without one the year before",
            "lost": "no longer: with one the year before",
            "none": "without a STEM academy",
        },
    ),
}


# -- the line chart ----------------------------------------------------------------------------


def line_chart(trend: pd.DataFrame, reported: pd.DataFrame, text: MapText) -> Figure:
    """Draw both measures over the years: municipalities with an academy, children in time.

    Parameters
    ----------
    trend
        A row for each `year`, `level` ("region", "province") and `code`: `name`,
        `municipalities`, `with_academy`, `share`, `share_low`, `share_high` (0 to 1, NaN for no
        figure) and, when it is measured, `share_low_stress`.
    reported
        As from `facts.reported`: the region's municipalities with an academy, in the years of the
        trend, are drawn as hollow marks and their sources named.
    text
        Title, notice, source, date and language.

    Returns
    -------
    Figure
        An A4 sheet with two panels. The region's line is thick and bears its figures, those of
        the provinces are thin; names and last figures stand at the ends of the lines.
    """
    with matplotlib.style.context(STYLE, after_reset=True):
        marks = _reported(trend, reported)
        sheet = best_sheet((0, 0, 2, 1), _with_sources(text, marks), legend_in=0)
        figure, page = new_page(sheet, text.title, _place(text, trend["year"]))
        for room, panel in zip(_halves(sheet.frame), _panels(trend, marks, text), strict=True):
            _draw_panel(figure, page, room, panel, text)
    return figure


def line_chart_alt(trend: pd.DataFrame, reported: pd.DataFrame, text: MapText) -> str:
    """Say in words what the line chart shows, for those who cannot see it.

    Parameters
    ----------
    trend, reported, text
        As for `line_chart`.

    Returns
    -------
    str
        Title and cautions; for each measure the region's figure of each year, with the reported
        one beside it, and those of the other lines in the last year.
    """
    words = _WORDS[text.language]
    place, last = _place(text, trend["year"]), max(trend["year"])
    sentences = [text.title, *text.cautions, f"{words.chart}, {place}"]
    for panel in _panels(trend, _reported(trend, reported), text):
        told = dict(panel.marks)
        region, *others = panel.lines
        figures = [
            f"{year:.0f} {panel.said(value)}"
            + (f" ({words.reported} {panel.said(told[year])})" if year in told else "")
            for year, value in region.readings
        ]
        sentences.append(f"{panel.heading}: {'; '.join(figures)}")
        ends = [f"{line.name} {panel.said(line.readings[-1][1])}" for line in others]
        sentences.append(f"{words.last_year.format(year=last)}: {'; '.join(ends)}")
    return _told(sentences)


@dataclass(frozen=True)
class _Line:
    """A line of the chart: a value for each year, NaN where there is no figure."""

    name: str
    readings: list[_Reading]
    looks: Looks

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
    def head_in(self) -> float:
        """The height of the lines above the plot, the same for all panels of the sheet."""
        return 2 * line_in(TEXT_PT) + line_in(SMALL_PT) + 2 * GAP_IN


def _panels(trend: pd.DataFrame, marks: pd.DataFrame, text: MapText) -> tuple[_Panel, _Panel]:
    return _academies_panel(trend, marks, text), _shares_panel(trend, text)


def _academies_panel(trend: pd.DataFrame, marks: pd.DataFrame, text: MapText) -> _Panel:
    lines, told = _lines(trend, "with_academy", text), _readings(marks, "value")
    highest = max(value for line in lines for _, value in line.readings + told)
    top = max(highest, 1) * _HEADROOM
    ticks = MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]).tick_values(0, top)
    words = _WORDS[text.language]
    total = whole(trend.loc[trend["level"] == "region", "municipalities"].max(), text.words)
    return _Panel(
        heading=words.with_academy,
        note=words.of_all.format(total=total),
        lines=lines,
        said=lambda count: whole(count, text.words),
        ticks={float(tick): whole(tick, text.words) for tick in ticks if 0 <= tick <= top},
        top=top,
        marks=told,
        band=[],
    )


def _shares_panel(trend: pd.DataFrame, text: MapText) -> _Panel:
    """Show shares on a scale of 0 to 100 % whatever they are, so that sheets can be compared."""
    words, lines = _WORDS[text.language], _lines(trend, "share", text)
    region = trend[trend["level"] == "region"].sort_values("year")
    if "share_low_stress" in region and region["share_low_stress"].notna().any():
        name = f"{text.place(None)}, {words.quiet}"
        lines.insert(1, _Line(name, _readings(region, "share_low_stress"), _QUIET_LINE))
    low, high = (
        _readings(region.dropna(subset="share"), f"share_{end}") for end in ("low", "high")
    )
    return _Panel(
        heading=text.heading,
        note=words.band,
        lines=lines,
        said=lambda share: percent(share, text.words),
        ticks={n / 5: f"{20 * n}{text.words.percent_sign}" for n in range(6)},
        top=1.05,
        marks=[],
        band=[(year, least, most) for (year, least), (_, most) in zip(low, high, strict=True)],
    )


def _lines(trend: pd.DataFrame, column: str, text: MapText) -> list[_Line]:
    """Make the region's line, then those of the provinces in order of name."""
    region, province = (trend[trend["level"] == level] for level in ("region", "province"))
    lines = [_Line(text.place(None), _readings(region, column), _REGION_LINE)]
    for number, (name, rows) in enumerate(province.groupby("name", sort=True)):
        mark = _PROVINCE_MARKS[number % len(_PROVINCE_MARKS)]
        looks = {**_PROVINCE_LINE, "marker": mark}
        lines.append(_Line(str(name), _readings(rows, column), looks))
    return lines


def _readings(rows: pd.DataFrame, column: str) -> list[_Reading]:
    values = rows.sort_values("year")[["year", column]].to_numpy(dtype=np.float64)
    return [(year, value) for year, value in values.tolist()]


def _reported(trend: pd.DataFrame, reported: pd.DataFrame) -> pd.DataFrame:
    is_drawn = (reported["indicator"] == REPORTED) & (reported["region"] == REGION[1])
    return reported[is_drawn & reported["year"].isin(trend["year"])].sort_values("year")


def _with_sources(text: MapText, marks: pd.DataFrame) -> MapText:
    """Name the sources of the reported figures after those of the data."""
    if marks.empty:
        return text
    told = "; ".join(dict.fromkeys(marks["source"]))
    source = text.source.rstrip(" .;")
    return replace(text, source=f"{source}. {_WORDS[text.language].sources}: {told}")


def _halves(frame: Box) -> tuple[Box, Box]:
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

    def at(self, year: float, value: float) -> tuple[float, float]:
        """Place a reading on the page, in inches."""
        x = self.box.left + (year - self.years[0]) * self.year_in
        return x, self.box.bottom + value / self.top * self.box.height

    def grid(self, values: Iterable[float]) -> list[shapely.LineString]:
        """Place the lines across the plot at these values, in inches."""
        return [
            shapely.LineString([self.at(year, value) for year in self.years]) for value in values
        ]

    def path(self, line: _Line) -> shapely.LineString:
        """Place a line on the page, in inches."""
        points = [self.at(*reading) for reading in line.known]
        return shapely.LineString(points if len(points) > 1 else [])


@dataclass(frozen=True)
class _End:
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
        return len(self.said) * line_in(TEXT_PT)


def _draw_panel(figure: Figure, page: Axes, room: Box, panel: _Panel, text: MapText) -> None:
    heading = wrapped(panel.heading, room.width, TEXT_PT, "bold")
    write_lines(page, room.left, room.top, heading, TEXT_PT, weight="bold")
    under = room.top - len(heading) * line_in(TEXT_PT)
    note = wrapped(panel.note, room.width, SMALL_PT)
    write_lines(page, room.left, under, note, SMALL_PT, color=PALE_INK)
    ends = _ends(panel, text)
    plot = _plot(room, panel, ends)
    _draw_lines(figure, plot, panel)
    _write_scales(page, plot, panel)
    _write_ends(page, plot, panel, ends)
    _write_figures(page, plot, panel, _WORDS[text.language].reported)


def _ends(panel: _Panel, text: MapText) -> list[_End]:
    """Say each line's name and last figure; under the region's share its low and high."""
    region, *others = [f"{line.name} {panel.said(line.readings[-1][1])}" for line in panel.lines]
    span = [
        f"({panel.said(low)} {text.words.to} {panel.said(high)})" for _, low, high in panel.band
    ]
    accent = [{"color": _ACCENT if line.looks["color"] == _ACCENT else INK} for line in panel.lines]
    first = _End([region, *span[-1:]], {**accent[0], "weight": "bold"})
    return [first, *(_End([said], looks) for said, looks in zip(others, accent[1:], strict=True))]


def _plot(room: Box, panel: _Panel, ends: list[_End]) -> _Plot:
    """Leave room around the plot for the scales and for what stands at the ends of the lines."""
    left = max(text_width_in(said, TEXT_PT) for said in panel.ticks.values()) + _TICK_GAP_IN
    right = max(end.width_in for end in ends) + _LEADER_IN
    below = line_in(TEXT_PT) + _TICK_GAP_IN
    width, height = room.width - left - right, room.height - below - panel.head_in
    years = [year for year, _ in panel.lines[0].readings]
    year_in = (width - _BEFORE_FIRST_IN - _AFTER_LAST_IN) / max(years[-1] - years[0], 1)
    first = years[0] - _BEFORE_FIRST_IN / year_in
    box = Box(room.left + left, room.bottom + below, width, height)
    return _Plot(box, (first, first + width / year_in), panel.top)


def _draw_lines(figure: Figure, plot: _Plot, panel: _Panel) -> None:
    axes = _axes(figure, plot.box)
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
    for year, value in panel.marks:
        axes.plot([year], [value], **_REPORTED_MARK)


def _axes(figure: Figure, box: Box) -> Axes:
    """Make axes at a place of the page that is given in inches."""
    w, h = figure.get_size_inches()
    axes = figure.add_axes((box.left / w, box.bottom / h, box.width / w, box.height / h))
    axes.set(xticks=[], yticks=[])
    return axes


def _write_scales(page: Axes, plot: _Plot, panel: _Panel) -> None:
    looks: Looks = {"size": TEXT_PT, "color": PALE_INK}
    for value, said in panel.ticks.items():
        _, y = plot.at(0, value)
        left = plot.box.left - _TICK_GAP_IN
        page.text(left, y, said, ha="right", va="center_baseline", **looks)
    for year in _told_years(plot, panel):
        x, y = plot.at(year, 0)
        page.text(x, y - _TICK_GAP_IN, f"{year:.0f}", ha="center", va="top", **looks)


def _told_years(plot: _Plot, panel: _Panel) -> list[float]:
    """Choose the years that are written out: all, or the last and every so many before it."""
    years = [year for year, _ in panel.lines[0].readings]
    return years[:: -ceil(_YEAR_IN / plot.year_in)]


def _write_ends(page: Axes, plot: _Plot, panel: _Panel, ends: list[_End]) -> None:
    """Write each end as near to the height of its line's last point as its neighbours allow."""
    points = [plot.at(*(line.known or [(plot.years[1], 0.0)])[-1]) for line in panel.lines]
    middles = spread(
        [y for _, y in points],
        [end.height_in for end in ends],
        plot.box.bottom,
        plot.box.top + line_in(TEXT_PT),
    )
    left = plot.box.right + _LEADER_IN - _TICK_GAP_IN / 2
    for end, (x, y), middle in zip(ends, points, middles, strict=True):
        after = x + _AFTER_LAST_IN, plot.box.right + _TICK_GAP_IN, left - _TICK_GAP_IN
        page.plot(after, [y, y, middle], **_LEADER)
        top = middle + end.height_in / 2
        write_lines(page, left, top, end.said, TEXT_PT, **end.looks)


def spread(
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
        stacks.append(_stack([label], wanted, heights, bottom, top))
        while len(stacks) > 1 and stacks[-2].top > stacks[-1].bottom:
            upper, lower = stacks.pop(), stacks.pop()
            stacks.append(_stack([*lower.labels, *upper.labels], wanted, heights, bottom, top))
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


def _stack(
    labels: list[int], wanted: Sequence[float], heights: Sequence[float], bottom: float, top: float
) -> _Stack:
    flat = _Stack(labels, [heights[label] for label in labels], 0.0)
    best = float(np.mean([wanted[label] - middle for label, middle in flat.middles]))
    return replace(flat, bottom=max(bottom, min(best, top - flat.top)))


@dataclass(frozen=True)
class _Note:
    """A figure or a word, and the points beside one of which it may stand."""

    said: str
    points: list[tuple[float, float]]
    colour: str


def _write_figures(page: Axes, plot: _Plot, panel: _Panel, reported: str) -> None:
    """Write the region's figures beside its points, and what was reported where it differs.

    Figures are those of the years that the scale names; the last year's stands at the end of the
    line. One that finds no free place is left out: the table has it.
    """
    readings = panel.lines[0].readings
    told = set(_told_years(plot, panel))
    shown = [(year, value) for year, value in readings[:-1] if year in told]
    figures = [(reading, _ACCENT) for reading in shown if not np.isnan(reading[1])]
    figures += [(mark, PALE_INK) for mark in panel.marks if mark not in readings]
    notes = [_Note(panel.said(one[1]), [plot.at(*one)], colour) for one, colour in figures]
    marks = [plot.at(*mark) for mark in panel.marks]
    notes.append(_Note(reported, marks, PALE_INK))
    paths = [plot.path(line) for line in panel.lines]
    points = [shapely.MultiPoint(list(path.coords)) for path in paths]  # a hidden mark is worse
    drawn = [*paths, *points, *plot.grid(panel.ticks)]
    taken = [Box(x, y, 0, 0).grown(_REPORTED_IN / 2) for x, y in marks]
    for note in notes:
        best = _best_place(note, plot.box, taken, drawn)
        if best is not None:
            covered, box = best
            middle = box.left + box.width / 2, box.bottom + box.height / 2
            looks: Looks = {"size": SMALL_PT, "color": note.colour, "ha": "center", "va": "center"}
            page.text(*middle, note.said, **looks, bbox=PLATE if covered else None)
            taken.append(box)


def _best_place(
    note: _Note, inside: Box, taken: Sequence[Box], drawn: Sequence[shapely.Geometry]
) -> tuple[int, Box] | None:
    """Find the place that covers no other text and fewest lines; above a point if it can be.

    Returns
    -------
    (int, Box) or None
        How many lines it covers, and the place.
    """
    width, height = text_width_in(note.said, SMALL_PT), line_in(SMALL_PT)
    places = [
        Box(x + across * width, y + up, width, height)
        for x, y in note.points
        for up in (_FIGURE_GAP_IN, -_FIGURE_GAP_IN - height)
        for across in (-0.5, -1.0, 0.0)
    ]
    free = [
        (int(shapely.dwithin(shapely.box(*box.corners), drawn, _CLEARANCE_IN).sum()), box)
        for box in places
        if box.within(inside) and not any(box.overlaps(other) for other in taken)
    ]
    return min(free, key=lambda place: place[0], default=None)


# -- the small maps ----------------------------------------------------------------------------


def small_multiples(
    municipalities_by_year: Mapping[int, GeoDataFrame],
    academies_by_year: Mapping[int, GeoDataFrame],
    text: MapText,
) -> Figure:
    """Draw a small map for each year: which municipalities have an academy, and what changed.

    Parameters
    ----------
    municipalities_by_year
        In EPSG:31370: `nis_code`, `province`, `has_academy`, `status` (what became of it since
        the year before: "kept" and "new" have an academy, "lost" and "none" have not), geometry.
    academies_by_year
        The academies that count in each year; they are counted.
    text
        Title, notice, source, date and language.

    Returns
    -------
    Figure
        An A4 sheet, as many maps beside each other as shows them largest, one legend for all.
    """
    with matplotlib.style.context(STYLE, after_reset=True):
        tables = dict(sorted(municipalities_by_year.items()))
        ground = _ground(tables.values())
        captions = _captions(tables, academies_by_year, text)
        grid = _best_grid(ground, list(captions.values()), text)
        figure, page = new_page(grid.sheet, text.title, _place(text, tables))
        for number, (year, table) in enumerate(tables.items()):
            cell = grid.cell(number)
            write_lines(page, cell.left, cell.top, [str(year)], _YEAR_PT, weight="bold")
            caption = wrapped(captions[year], cell.width, TEXT_PT)
            below = cell.bottom + grid.caption_in
            write_lines(page, cell.left, below, caption, TEXT_PT)
            _draw_small_map(figure, grid.map_box(number), table, ground, grid.metres_per_inch)
        _draw_key_of_statuses(page, grid.sheet, text)
    return figure


def small_multiples_alt(
    municipalities_by_year: Mapping[int, GeoDataFrame],
    academies_by_year: Mapping[int, GeoDataFrame],
    text: MapText,
) -> str:
    """Say in words what the small maps show, for those who cannot see them.

    Parameters
    ----------
    municipalities_by_year, academies_by_year, text
        As for `small_multiples`.

    Returns
    -------
    str
        Title and cautions, and what stands under each map.
    """
    words = _WORDS[text.language]
    captions = _captions(municipalities_by_year, academies_by_year, text)
    kind = f"{words.maps}, {_place(text, captions)}. {words.with_academy}"
    told = [f"{year}: {caption}" for year, caption in sorted(captions.items())]
    return _told([text.title, *text.cautions, kind, *told])


def _ground(tables: Iterable[GeoDataFrame]) -> Box:
    """Bound the ground of all years, with room for the lines around it."""
    bounds = np.array([table.total_bounds for table in tables])
    (left, bottom), (right, top) = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
    return Box(left, bottom, right - left, top - bottom).grown((right - left) * _MARGIN)


def _captions(
    municipalities_by_year: Mapping[int, GeoDataFrame],
    academies_by_year: Mapping[int, GeoDataFrame],
    text: MapText,
) -> dict[int, str]:
    """Say under each map how many have an academy, how many changed, how many academies."""
    words = _WORDS[text.language]

    def caption(table: GeoDataFrame, academies: int) -> str:
        numbers = {"count": table["has_academy"].sum(), "total": len(table)}
        said = {key: whole(number, text.words) for key, number in numbers.items()}
        changes = {words.new: "new", words.lost: "lost"}
        counted = [(form, int((table["status"] == key).sum())) for form, key in changes.items()]
        changed = [form.format(count=whole(n, text.words)) for form, n in counted if n]
        noun = text.words.academy if academies == 1 else text.words.academies
        parts = [words.count.format(**said), ", ".join(changed)]
        return "; ".join([*filter(None, parts), f"{whole(academies, text.words)} {noun}"])

    return {
        year: caption(table, len(academies_by_year[year]))
        for year, table in municipalities_by_year.items()
    }


@dataclass(frozen=True)
class _Grid:
    """How the maps stand on the sheet, row by row; each cell has its year, map and caption."""

    sheet: Sheet
    columns: int
    rows: int
    caption_in: float

    def cell(self, number: int) -> Box:
        """Give the place of a cell, in inches."""
        frame = self.sheet.frame
        row, column = divmod(number, self.columns)
        width = (frame.width + 2 * GAP_IN) / self.columns
        height = (frame.height + GAP_IN) / self.rows
        bottom = frame.top - row * height - height + GAP_IN
        return Box(frame.left + column * width, bottom, width - 2 * GAP_IN, height - GAP_IN)

    def map_box(self, number: int) -> Box:
        """Give the place of a map between its year and its caption, in inches."""
        cell = self.cell(number)
        height = cell.height - line_in(_YEAR_PT) - self.caption_in
        return Box(cell.left, cell.bottom + self.caption_in, cell.width, height)

    @property
    def metres_per_inch(self) -> float:
        """The scale, one for all maps."""
        return self.sheet.metres_per_inch


def _best_grid(ground: Box, captions: Sequence[str], text: MapText) -> _Grid:
    """Choose the number of maps in a row that shows the ground largest."""
    grids = [_grid(columns, ground, captions, text) for columns in range(1, len(captions) + 1)]
    return min(grids, key=lambda grid: grid.metres_per_inch)


def _grid(columns: int, ground: Box, captions: Sequence[str], text: MapText) -> _Grid:
    rows = ceil(len(captions) / columns)
    legend_in = line_in(TEXT_PT) + GAP_IN / 2 + _LEGEND_ROWS * ROW_IN + GAP_IN
    together = (0, 0, columns * ground.width, rows * ground.height)
    grid = _Grid(best_sheet(together, text, legend_in), columns, rows, 0)
    lines = max(len(wrapped(caption, grid.cell(0).width, TEXT_PT)) for caption in captions)
    grid = replace(grid, caption_in=lines * line_in(TEXT_PT))
    frame, room = grid.sheet.frame, grid.map_box(0)
    # Texts may leave a map no room: then it is as good as invisible, and not chosen.
    scale = max(ground.width / room.width, ground.height / max(room.height, SMALLEST_RING_IN))
    shown = Box(0, 0, frame.width * scale, frame.height * scale)
    return replace(grid, sheet=replace(grid.sheet, ground=shown))


def _draw_small_map(
    figure: Figure, box: Box, table: GeoDataFrame, ground: Box, metres_per_inch: float
) -> None:
    """Draw in the middle of a box; all years show the same ground."""
    axes = _axes(figure, box)
    axes.set_axis_off()
    x, y = ground.left + ground.width / 2, ground.bottom + ground.height / 2
    half = box.width / 2 * metres_per_inch, box.height / 2 * metres_per_inch
    axes.set(xlim=(x - half[0], x + half[0]), ylim=(y - half[1], y + half[1]))
    outlines = lighter(table.geometry, metres_per_inch * _FINEST_DETAIL_IN)
    drawn = table.set_geometry(outlines).sort_values("nis_code")
    for status, rows in drawn.groupby("status", sort=True):
        add_polygons(axes, rows.geometry, **_status_looks(str(status)), zorder=3)
    smallest_m2 = (SMALLEST_RING_IN * metres_per_inch) ** 2
    add_polygons(axes, border_rings(provinces(drawn), smallest_m2), **_BORDER, zorder=4)


def _status_looks(status: str) -> Looks:
    looks = STATUSES[status]
    return {**looks, "edgecolor": line_on(looks["facecolor"]), "linewidth": _OUTLINE}


def _draw_key_of_statuses(page: Axes, sheet: Sheet, text: MapText) -> None:
    """Draw the legend that all maps share, and their scale."""
    words, place = _WORDS[text.language], sheet.legend
    write_lines(page, place.left, place.top, [words.with_academy], TEXT_PT, weight="bold")
    keys = [Key(words.statuses[status], _status_looks(status)) for status in STATUSES]
    keys.append(Key(text.words.province_border, _BORDER))
    top = place.top - line_in(TEXT_PT) - GAP_IN / 2
    for number, key in enumerate(keys):
        column, row = divmod(number, _LEGEND_ROWS)
        left = place.left + column * SECOND_COLUMN * place.width
        draw_key(page, left, top - (row + 0.5) * ROW_IN, key)
    draw_scale_bar(page, sheet)


# -- what both share ---------------------------------------------------------------------------


def _place(text: MapText, years: Iterable[int]) -> str:
    """Name the ground and the years."""
    known = sorted({int(year) for year in years})
    span = f"{known[0]}\N{EN DASH}{known[-1]}" if len(known) > 1 else str(known[0])
    return f"{text.place(None)}, {span}"


def _told(sentences: Sequence[str]) -> str:
    return " ".join(line if line.endswith((".", "!", "?")) else f"{line}." for line in sentences)
