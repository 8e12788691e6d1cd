"""A printed map: one or two views of the same ground, their legend, names, scale bar and credits.

What stands on it is given by `kinds`; how it stands there is the same for the whole series.
The same study gives the same bytes.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import matplotlib.style
import numpy as np
import shapely
from matplotlib.collections import LineCollection

from stemgeo.errors import InputError, Problem
from stemgeo.maps.layout import (
    GAP_IN,
    LARGEST,
    MARGIN_IN,
    PAPERS,
    POINTS_PER_INCH,
    SMALL_PT,
    TEXT_PT,
    Box,
    Label,
    lay_out_sheet,
    line_height_in,
    move_to_frame,
    place_labels,
    shorten_line,
    text_width_in,
    wrap_text,
)
from stemgeo.maps.page import (
    COUNTS_END_IN,
    INK,
    KEY_TEXT_IN,
    PALE_INK,
    PLATE,
    PROVINCE,
    ROW_IN,
    SECOND_COLUMN_IN,
    SMALLEST_RING_IN,
    STYLE,
    Key,
    Looks,
    add_polygons,
    draw_key,
    draw_scale_bar,
    draw_sizes,
    measure_sizes,
    new_page,
    write_lines,
)
from stemgeo.maps.series import find_brussels, lighten_outlines, list_border_rings, merge_provinces
from stemgeo.maps.text import (
    MapText,
    is_coarse,
    is_planned,
    keep_province,
    name_parts_in,
    province_name,
)
from stemgeo.speech import to_one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geopandas import GeoDataFrame, GeoSeries
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from stemgeo.maps.layout import Sheet

_FINEST_DETAIL = 1 / 3000  # of the width of the map: a dot in print
_REGION_LABELS = 25
_GROWN, _LEAST_HALF_M, _NEARLY_ALL = 1.25, 3000.0, 0.75
"""A frame around what a map is about: so many times as wide, no smaller, no larger a share."""
_LABEL_PT, _MARKER_PT, _RANK_PT = 7.0, 4.4, 6.5
_RULE_IN = 3.4
_KEY_IN = 3.15  # what a key of the second column means
_NAME: Looks = {"size": _LABEL_PT, "ha": "center", "va": "center_baseline", "zorder": 6}
_PLACE_NAME: Looks = {**_NAME, "color": INK, "bbox": PLATE}
_NEIGHBOUR_NAME: Looks = {**_NAME, "color": PALE_INK, "style": "italic"}
_RANK: Looks = {
    "size": _RANK_PT,
    "weight": "bold",
    "color": "white",
    "ha": "center",
    "va": "center_baseline",
    "zorder": 7,
    "bbox": {"boxstyle": "round,pad=0.22", "facecolor": INK, "edgecolor": "white"},
}

_RANK_ROOM = 1.35
"""How much larger than its letters a tag with its edge is."""

NEIGHBOUR: Looks = {"facecolor": "#f6f6f6", "edgecolor": "#b8b8b8", "linewidth": 0.4}
"""Ground beside the province that a map is of."""
ACADEMY: Looks = {
    "marker": "o",
    "markersize": _MARKER_PT,
    "markerfacecolor": "white",
    "markeredgecolor": INK,
    "markeredgewidth": 0.9,
    "linestyle": "none",
}
PLANNED: Looks = {**ACADEMY, "marker": "D", "markerfacecolor": INK}
ROUGH: Looks = {**ACADEMY, "marker": "^", "markersize": 5.4}
"""Of which the place is known roughly alone, planned or not."""
CIRCLE: Looks = {"edgecolors": "#404040", "linewidths": 0.3, "zorder": 4.6}
SITE_DOT: Looks = {
    **ACADEMY,
    "markersize": 2.4,
    "markerfacecolor": INK,
    "markeredgecolor": "white",
    "markeredgewidth": 0.3,
    "zorder": 4.7,
}
"""An academy where circles are what is shown."""
RANK_KEY: Looks = {**ACADEMY, "marker": "s", "markersize": 7.5, "markerfacecolor": INK}
EDGE_KEY: Looks = {"facecolor": "none", "edgecolor": "#8e0152", "linewidth": 0.7}
EDITED_KEY: Looks = {**ACADEMY, "marker": "X", "markersize": 6, "markerfacecolor": "white"}
"""A road that is edited: its middle is marked, as most are too short to be seen."""
_BESIDE = 0.12
"""How much ground is shown on each side of an area, of its longer side: academies stand there."""
ROADS: dict[str, tuple[float, float]] = {"street": (0.6, 0.25), "main": (1.7, 0.8)}
"""Width of the light edge and of the dark middle of each kind: seen on any colour, and in grey."""
ROAD_KEY: Looks = {"facecolor": "none", "edgecolor": "#4d4d4d", "linewidth": 0.9}
_EDGE: Looks = {"color": "#8e0152", "linewidth": 0.7}
_CASING: Looks = {"color": "white", "linewidth": 1.4}
_EDITED: Looks = {"color": INK, "linewidth": 1.4, "linestyle": (0, (2, 1))}
_EDITED_CASING: Looks = {"color": "white", "linewidth": 2.4}


@dataclass(frozen=True)
class Ground:
    """The ground of a map and what is written around it.

    Attributes
    ----------
    municipalities
        All of the study, in EPSG:31370: `nis_code`, `name`, `province`, `children`, geometry.
    academies
        Points, in EPSG:31370; those with `planned` get a mark of their own.
    text
        Title, notice, source, date and language.
    province
        Of which the map is; None for all.
    edge
        Lines over the map, such as the edge of what lies within 15 minutes.
    edge_label
        What the edge is.
    surroundings
        Of a study with an area: the municipalities beside it, and the roads.
    edited
        The roads that are edited, lines and points; None without any.
    focus
        What the map is about, where that is but a part of the ground: its frame lies around these.
    """

    municipalities: GeoDataFrame
    academies: GeoDataFrame
    text: MapText
    province: str | None = None
    edge: GeoSeries | None = None
    edge_label: str = ""
    surroundings: GeoDataFrame | None = None
    edited: GeoSeries | None = None
    focus: GeoSeries | None = None

    def __post_init__(self) -> None:
        """Refuse a province that is not there."""
        names = sorted(self.municipalities["province"].unique())
        if self.province is not None and self.province not in names:
            what = f"there is no province '{self.province}'"
            raise InputError(Problem("map", what, f"use {', '.join(names)}"))

    @property
    def place(self) -> str:
        """Its name."""
        return self.text.name_place(self.province)

    @property
    def title_place(self) -> str:
        """Its name in a title: of a province that is called as a town is, that it is one."""
        if self.province is None or self.province in set(self.municipalities["name"]):
            return self.place
        return province_name(self.province, self.text.words)

    @property
    def bounds(self) -> list[float]:
        """Least and most x and y of what is shown, metres."""
        x0, y0, x1, y1 = keep_province(self.municipalities, self.province).total_bounds
        beside = 0.0 if self.surroundings is None else _BESIDE * max(x1 - x0, y1 - y0)
        whole = [float(n) for n in (x0 - beside, y0 - beside, x1 + beside, y1 + beside)]
        if self.focus is None or self.focus.empty:
            return whole
        return frame_around([float(n) for n in self.focus.total_bounds], whole)

    @property
    def finest_m(self) -> float:
        """Detail that print cannot show."""
        return (self.bounds[2] - self.bounds[0]) * _FINEST_DETAIL

    @cached_property
    def drawn_municipalities(self) -> GeoDataFrame:
        """All municipalities without detail that print cannot show, in order of code."""
        light = self.lighten_areas(self.municipalities).sort_values("nis_code", ignore_index=True)
        return light.assign(name=[name_parts_in(one, self.text.words) for one in light["name"]])

    @cached_property
    def brussels(self) -> shapely.Polygon | None:
        """The hole that Brussels leaves, where there is one."""
        return find_brussels(merge_provinces(self.drawn_municipalities))

    @cached_property
    def shown_municipalities(self) -> GeoDataFrame:
        """The municipalities of which the map is."""
        return keep_province(self.drawn_municipalities, self.province)

    def find_around(self, kind: str) -> GeoDataFrame | None:
        """Give what lies around of a kind, None where there is none of it."""
        there = self.surroundings
        found = None if there is None else there[there["kind"] == kind]
        return None if found is None or found.empty else found

    def lighten_areas(self, areas: GeoDataFrame) -> GeoDataFrame:
        """Leave out detail that print cannot show; shared borders stay shared."""
        return areas.set_geometry(lighten_outlines(areas.geometry, self.finest_m))


def frame_around(of: Sequence[float], whole: Sequence[float]) -> list[float]:
    """Frame what a map is about, with a margin; the whole where that is hardly larger.

    Parameters
    ----------
    of, whole
        Least and most x and y, metres.
    """
    half = [max(_LEAST_HALF_M, _GROWN * (of[n + 2] - of[n]) / 2) for n in (0, 1)]
    if max(2 * half[n] / (whole[n + 2] - whole[n]) for n in (0, 1)) > _NEARLY_ALL:
        return list(whole)
    middle = [(of[n] + of[n + 2]) / 2 for n in (0, 1)]
    return [middle[n] + way * half[n] for way in (-1, 1) for n in (0, 1)]


@dataclass(frozen=True)
class Fill:
    """Areas that are drawn alike."""

    areas: GeoSeries
    looks: Looks
    zorder: float = 3


@dataclass(frozen=True)
class Marks:
    """Points that are drawn alike; `looks` is that of a line without a line."""

    points: NDArray[np.float64]
    looks: Looks


@dataclass(frozen=True)
class Circles:
    """Circles of many sizes: the first lie lowest, so that a small one stands over a large one.

    Attributes
    ----------
    points
        Their middles; shape (circles, 2).
    widths
        Across each, points; shape (circles,).
    fills
        The colour of each.
    """

    points: NDArray[np.float64]
    widths: NDArray[np.float64]
    fills: Sequence[str]


@dataclass(frozen=True)
class Tag:
    """A number that stands on its ground, or beside what lies there.

    Attributes
    ----------
    said
        What is written.
    x, y
        The middle of what bears it, metres.
    width, width_m
        Across what bears it, points on paper or metres on the ground: it is left free, but for
        what is wide enough to be written on.
    """

    said: str
    x: float
    y: float
    width: float = 0.0
    width_m: float = 0.0


@dataclass(frozen=True)
class View:
    """What stands on the ground in one frame.

    Attributes
    ----------
    fills, marks
        In the order in which they are drawn, marks over fills.
    ranks
        Numbers at points: x, y and what is written.
    caption
        Over the frame; empty when there is but one.
    circles
        Under the marks.
    tags
        Numbers that find a free place, before all names.
    """

    fills: Sequence[Fill]
    marks: Sequence[Marks] = ()
    ranks: Sequence[tuple[float, float, str]] = ()
    caption: str = ""
    circles: Circles | None = None
    tags: Sequence[Tag] = ()


@dataclass(frozen=True)
class Legend:
    """What explains a map.

    Attributes
    ----------
    heading
        The measure.
    classes
        With their counts, the empty ones too.
    rule
        How the classes are made, and what else must be known of them.
    others
        All other marks.
    lines
        Figures in words, below the other marks.
    list_heading, listed
        Names that do not fit on the map, by their number there.
    sizes
        Of circles: what is said of each and its width in points, the largest first.
    """

    heading: str
    classes: Sequence[Key]
    rule: str
    others: Sequence[Key]
    lines: Sequence[str] = ()
    list_heading: str = ""
    listed: Sequence[str] = ()
    sizes: Sequence[tuple[str, float]] = ()

    def height_in(self, width_in: float) -> float:
        """The height that it needs on a sheet of an inner width, inches."""
        first = (
            _rows_in(self._wrapped_classes)
            + len(self._wrapped_rule) * line_height_in(SMALL_PT)
            + GAP_IN / 4
        )
        second = (
            _rows_in(self._wrapped_others)
            + len(self._wrapped_lines) * line_height_in(TEXT_PT)
            + measure_sizes(self.sizes)
            + ROW_IN * 2.2
        )
        heading = len(self._wrap_heading(width_in)) * line_height_in(TEXT_PT) + GAP_IN / 2
        if _is_wide(width_in):
            return heading + max(first, second, self._list_height_in(width_in))
        return heading + max(first, second) + self._list_height_in(width_in)

    def below_in(self, width_in: float) -> float:
        """The height of what stands below the second column."""
        return 0.0 if _is_wide(width_in) else self._list_height_in(width_in)

    def draw_on(self, page: Axes, place: Box) -> None:
        """Draw it; the scale bar stands at the bottom of the second column."""
        heading = self._wrap_heading(place.width)
        write_lines(page, place.left, place.top, heading, TEXT_PT, weight="bold")
        top = place.top - len(heading) * line_height_in(TEXT_PT) - GAP_IN / 2
        end = place.left + _counts_end_in(self.classes, self._wrapped_classes)
        _draw_keys(page, place.left, top, self.classes, self._wrapped_classes, end)
        rule_top = top - _rows_in(self._wrapped_classes) - GAP_IN / 4
        write_lines(page, place.left, rule_top, self._wrapped_rule, SMALL_PT, color=PALE_INK)
        second = place.left + SECOND_COLUMN_IN
        _draw_keys(page, second, top, self.others, self._wrapped_others)
        lines_top = top - _rows_in(self._wrapped_others) - GAP_IN / 4
        write_lines(page, second, lines_top, self._wrapped_lines, TEXT_PT)
        sizes_top = lines_top - len(self._wrapped_lines) * line_height_in(TEXT_PT)
        draw_sizes(page, second, sizes_top, self.sizes)
        self._draw_list(page, place, top)

    def _draw_list(self, page: Axes, place: Box, top: float) -> None:
        """Write the list in a third column, or where there is none in two below the others."""
        wide, room = _is_wide(place.width), place.width - SECOND_COLUMN_IN
        if wide:
            room = place.width - 2 * SECOND_COLUMN_IN
        left = place.left + (2 * SECOND_COLUMN_IN if wide else 0)
        top = top if wide else place.bottom + self._list_height_in(place.width) - GAP_IN
        heading = self._wrap_list_heading(place.width)
        write_lines(page, left, top, heading, TEXT_PT, weight="bold")
        below = top - len(heading) * line_height_in(TEXT_PT)
        half = len(self.listed) if wide else (len(self.listed) + 1) // 2
        short = [shorten_line(one, room, TEXT_PT) for one in self.listed]
        for number, part in enumerate((short[:half], short[half:])):
            write_lines(page, left + number * SECOND_COLUMN_IN, below, part, TEXT_PT)

    def _list_height_in(self, width_in: float) -> float:
        if not self.listed:
            return 0.0
        rows = len(self.listed) if _is_wide(width_in) else (len(self.listed) + 1) // 2
        return (rows + len(self._wrap_list_heading(width_in))) * line_height_in(TEXT_PT) + GAP_IN

    def _wrap_list_heading(self, width_in: float) -> list[str]:
        room = width_in - 2 * SECOND_COLUMN_IN if _is_wide(width_in) else width_in
        return wrap_text(self.list_heading, room, TEXT_PT, "bold") if self.listed else []

    def _wrap_heading(self, width_in: float) -> list[str]:
        return wrap_text(self.heading, width_in, TEXT_PT, "bold")

    @property
    def _wrapped_others(self) -> list[list[str]]:
        return [wrap_text(key.meaning, _KEY_IN, TEXT_PT) or [""] for key in self.others]

    @property
    def _wrapped_classes(self) -> list[list[str]]:
        counts = max((text_width_in(key.count, TEXT_PT) for key in self.classes), default=0.0)
        room = SECOND_COLUMN_IN - KEY_TEXT_IN - counts - 2 * GAP_IN
        return [wrap_text(key.meaning, room, TEXT_PT) or [""] for key in self.classes]

    @property
    def _wrapped_rule(self) -> list[str]:
        return wrap_text(self.rule, _RULE_IN, SMALL_PT)

    @property
    def _wrapped_lines(self) -> list[str]:
        return [part for line in self.lines for part in wrap_text(line, _RULE_IN, TEXT_PT)]


def _row_in(lines: Sequence[str]) -> float:
    """Give the height of a line of a legend whose meaning takes so many lines."""
    return ROW_IN + (len(lines) - 1) * line_height_in(TEXT_PT)


def _rows_in(rows: Sequence[Sequence[str]]) -> float:
    return sum(map(_row_in, rows))


def _draw_keys(
    page: Axes,
    left: float,
    top: float,
    keys: Sequence[Key],
    rows: Sequence[Sequence[str]],
    counts_end: float | None = None,
) -> None:
    """Draw the lines of a legend under one another.

    Parameters
    ----------
    page, left, top
        In inches, and where they begin.
    keys, rows
        What they show, and the lines that their meaning takes.
    counts_end
        Where their counts end, inches.
    """
    for key, lines in zip(keys, rows, strict=True):
        middle = top - ROW_IN / 2
        draw_key(page, left, middle, replace(key, meaning=lines[0]), counts_end)
        under = middle - line_height_in(TEXT_PT) / 2
        write_lines(page, left + KEY_TEXT_IN, under, lines[1:], TEXT_PT)
        top -= _row_in(lines)


def _is_wide(width_in: float) -> bool:
    """Whether a legend of this width has room for a third column."""
    return width_in > 2.6 * SECOND_COLUMN_IN


def _counts_end_in(keys: Sequence[Key], rows: Sequence[Sequence[str]]) -> float:
    """Where the counts end, right of the longest meaning with its count."""
    needed = [
        KEY_TEXT_IN
        + max(text_width_in(line, TEXT_PT) for line in lines)
        + GAP_IN
        + text_width_in(key.count, TEXT_PT)
        for key, lines in zip(keys, rows, strict=True)
    ]
    return max([COUNTS_END_IN, *needed])


def draw_sheet(ground: Ground, text: MapText, legend: Legend, views: Sequence[View]) -> Figure:
    """Draw views of the same ground on an A4 sheet.

    Parameters
    ----------
    ground
        What is shown.
    text
        The words around it.
    legend
        One for all views.
    views
        One, or two that stand beside or above each other.

    Returns
    -------
    Figure
        Portrait or landscape, whichever shows the ground larger. The municipalities with most
        children are labelled, where a name fits without covering another or a mark.
    """
    with matplotlib.style.context(STYLE, after_reset=True):
        sheets = _choose_sheets(ground, text, legend, views)
        figure, page = new_page(sheets[0], text)
        legend.draw_on(page, sheets[0].legend)
        draw_scale_bar(page, sheets[0], legend.below_in(sheets[0].legend.width))
        for sheet, view in zip(sheets, views, strict=True):
            _draw_view(figure, page, sheet, ground, view)
    return figure


def _choose_sheets(
    ground: Ground, text: MapText, legend: Legend, views: Sequence[View]
) -> list[Sheet]:
    """Give each view its frame: beside or above each other, whichever shows the ground larger."""
    x0, y0, x1, y1 = ground.bounds
    found = []
    for paper, columns in itertools.product(PAPERS, range(1, len(views) + 1)):
        rows = -(-len(views) // columns)
        together = (0, 0, columns * (x1 - x0), rows * (y1 - y0))
        legend_in = legend.height_in(paper[0] - 2 * MARGIN_IN)
        sheet = lay_out_sheet(paper, together, text, legend_in)
        cells = [_place_view(sheet.frame, columns, rows, n, view) for n, view in enumerate(views)]
        found.append([move_to_frame(sheet, cell, ground.bounds) for cell in cells])
    return min(found, key=lambda sheets: sheets[0].metres_per_inch)


def _place_view(frame: Box, columns: int, rows: int, number: int, view: View) -> Box:
    """Give the place of a view among others, without its caption."""
    row, column = divmod(number, columns)
    width = (frame.width + GAP_IN) / columns - GAP_IN
    height = (frame.height + GAP_IN) / rows - GAP_IN
    left = frame.left + column * (width + GAP_IN)
    bottom = frame.top - row * (height + GAP_IN) - height
    caption_in = line_height_in(TEXT_PT) + GAP_IN / 3 if view.caption else 0.0
    return Box(left, bottom, width, height - caption_in)


def _draw_view(figure: Figure, page: Axes, sheet: Sheet, ground: Ground, view: View) -> None:
    axes = _make_map_axes(figure, sheet)
    if view.caption:
        top = sheet.frame.top + line_height_in(TEXT_PT) + GAP_IN / 3
        caption = shorten_line(view.caption, sheet.frame.width, TEXT_PT, "bold")
        write_lines(page, sheet.frame.left, top, [caption], TEXT_PT, weight="bold")
    in_sight = shapely.box(*sheet.ground.corners)
    near = ground.drawn_municipalities[ground.drawn_municipalities.intersects(in_sight)]
    beside = near[~near.index.isin(ground.shown_municipalities.index)]
    add_polygons(axes, beside.geometry, **NEIGHBOUR, zorder=2)
    around = ground.find_around("municipality")
    if around is not None:
        add_polygons(axes, around.geometry, **NEIGHBOUR, zorder=2)
    for fill in view.fills:
        add_polygons(axes, fill.areas, **fill.looks, zorder=fill.zorder)
    _draw_roads(axes, ground)
    borders = merge_provinces(near)
    _draw_borders(axes, borders, sheet)
    _draw_edge(axes, ground, sheet)
    _draw_edited(axes, ground, sheet)
    _draw_circles(axes, view.circles, sheet)
    for marks in view.marks:
        seen = _keep_in_sight(marks.points, sheet.ground)
        axes.plot(*seen.T, **{"zorder": 5, **marks.looks}, scalex=False, scaley=False)
    for x, y, rank in view.ranks:
        axes.text(x, y, rank, **_RANK)
    neighbours = borders.drop(ground.shown_municipalities["province"].unique(), errors="ignore")
    _write_labels(axes, ground, neighbours, view, sheet)


def _draw_circles(axes: Axes, circles: Circles | None, sheet: Sheet) -> None:
    """Draw circles, the first lowest; those outside the frame are left out."""
    if circles is None:
        return
    seen = _is_in_sight(circles.points, sheet.ground)
    fills = np.asarray(circles.fills, dtype=object)[seen]
    looks: Looks = {**CIRCLE, "facecolors": list(fills), "s": circles.widths[seen] ** 2}
    axes.scatter(*circles.points[seen].T, **looks)


def _draw_roads(axes: Axes, ground: Ground) -> None:
    """Draw the roads of the study under its borders: pale, they say where one is."""
    for kind, widths in ROADS.items():
        roads = ground.find_around(kind)
        if roads is not None:
            parts = shapely.get_parts(roads.geometry.to_numpy())
            lines = [shapely.get_coordinates(part) for part in parts]
            for width, colour in zip(widths, ("white", "#5a5a5a"), strict=True):
                looks: Looks = {"color": colour, "linewidth": width, "alpha": 0.8, "zorder": 3.7}
                axes.add_collection(LineCollection(lines, **looks), autolim=False)


def _keep_in_sight(points: NDArray[np.float64], box: Box) -> NDArray[np.float64]:
    """Keep what the frame shows: a province's file does not carry the points of all Flanders."""
    return points.reshape(-1, 2)[_is_in_sight(points, box)]


def _is_in_sight(points: NDArray[np.float64], box: Box) -> NDArray[np.bool_]:
    x, y = points.reshape(-1, 2).T
    inside: NDArray[np.bool_] = (
        (box.left <= x) & (x <= box.right) & (box.bottom <= y) & (y <= box.top)
    )
    return inside


def _make_map_axes(figure: Figure, sheet: Sheet) -> Axes:
    frame, ground = sheet.frame, sheet.ground
    w, h = sheet.width, sheet.height
    place = (frame.left / w, frame.bottom / h, frame.width / w, frame.height / h)
    axes = figure.add_axes(place)
    axes.set(xlim=(ground.left, ground.right), ylim=(ground.bottom, ground.top))
    axes.set(xticks=[], yticks=[])
    for side in axes.spines.values():
        side.set(color="#9a9a9a", linewidth=0.5)
    return axes


def _draw_borders(axes: Axes, borders: GeoSeries, sheet: Sheet) -> None:
    """Draw the borders of provinces, but no thick line around enclaves smaller than its curve."""
    smallest_m2 = (SMALLEST_RING_IN * sheet.metres_per_inch) ** 2
    add_polygons(axes, list_border_rings(borders, smallest_m2), **PROVINCE, zorder=4)


def _draw_edge(axes: Axes, ground: Ground, sheet: Sheet) -> None:
    """Draw lines on a white bed, so that they read on every class; specks are left out."""
    if ground.edge is None:
        return
    lines = shapely.simplify(ground.edge.to_numpy(), ground.finest_m, preserve_topology=False)
    long = shapely.length(lines) > SMALLEST_RING_IN * sheet.metres_per_inch
    seen = shapely.intersects(lines, shapely.box(*sheet.ground.corners))
    paths = [shapely.get_coordinates(line) for line in lines[long & seen]]
    for looks in (_CASING, _EDGE):
        axes.add_collection(LineCollection(paths, **looks, zorder=4.5), autolim=False)


def _draw_edited(axes: Axes, ground: Ground, sheet: Sheet) -> None:
    """Draw the roads that are edited, dashed on a white bed, with a mark in the middle of each."""
    if ground.edited is None:
        return
    shapes = ground.edited.to_numpy()
    lines = shapely.get_parts(shapes)
    lines = shapely.simplify(lines[shapely.length(lines) > 0], ground.finest_m)
    seen = shapely.intersects(lines, shapely.box(*sheet.ground.corners))
    paths = [shapely.get_coordinates(line) for line in lines[seen]]
    for looks in (_EDITED_CASING, _EDITED):
        axes.add_collection(LineCollection(paths, **looks, zorder=4.6), autolim=False)
    middles = shapely.get_coordinates([find_middle(one) for one in shapes])
    at = _keep_in_sight(middles, sheet.ground)
    axes.plot(*at.T, **{"zorder": 5.1, **EDITED_KEY}, scalex=False, scaley=False)


def find_middle(shape: shapely.Geometry) -> shapely.Point:
    """Find the middle of a road, on its longest line; of a point itself."""
    longest = max(shapely.get_parts(shape), key=shapely.length)
    is_point = longest.geom_type == "Point"
    middle: shapely.Point = longest if is_point else longest.interpolate(0.5, normalized=True)
    return middle


def mark_academies(academies: GeoDataFrame) -> list[Marks]:
    """Mark academies, those of a plan or placed roughly otherwise; the first also for none."""
    ordered, marks = academies.sort_values("academy_id"), []
    planned, rough = is_planned(ordered), is_coarse(ordered)
    kinds = (~planned & ~rough, ACADEMY), (planned & ~rough, PLANNED), (rough, ROUGH)
    for which, looks in kinds:
        if which.any() or looks is ACADEMY:
            marks.append(Marks(shapely.get_coordinates(ordered.geometry[which]), looks))
    return marks


def _keep_largest(shown: GeoDataFrame, *, most: int | None) -> GeoDataFrame:
    """Give the municipalities with most children first, no more than `most` of them."""
    ranked = shown.sort_values(["children", "nis_code"], ascending=[False, True])
    return ranked if most is None else ranked.head(most)


def _write_labels(
    axes: Axes, ground: Ground, neighbours: GeoSeries, view: View, sheet: Sheet
) -> None:
    """Write tags, the names of places in their order, then those of neighbouring provinces."""
    towns = ground.shown_municipalities
    if ground.focus is not None:  # a name stands where its ground is seen
        towns = towns.set_geometry(towns.clip_by_rect(*sheet.ground.corners))
        towns = towns[~towns.is_empty]
    places = _keep_largest(towns, most=None if ground.province else _REGION_LABELS)
    seen = neighbours.clip_by_rect(*sheet.ground.corners)
    seen = seen[~seen.is_empty]
    near = [province_name(str(name), ground.text.words) for name in seen.index]
    around = ground.find_around("municipality")
    if around is not None:
        cut = around.clip_by_rect(*sheet.ground.corners)
        seen = cut[~cut.is_empty]
        near = around.loc[seen.index, "name"].tolist()
    tags, kept_free = _place_tags(view, sheet)
    for label in tags:
        axes.text(label.x, label.y, view.tags[label.number].said, **_RANK)
    # Brussels lies in Flanders and is none of it: who sees a hole asks what it is.
    whole: shapely.Geometry = ground.brussels or shapely.Polygon()
    hole: Any = shapely.clip_by_rect(whole, *sheet.ground.corners)
    first = [] if hole.is_empty else [(ground.text.words("map.brussels"), hole)]
    names = [*(name for name, _ in first), *map(to_one_line, (*places["name"], *near))]
    labels = place_labels(
        names,
        [*(one for _, one in first), *places.geometry, *seen],
        kept_free,
        size_pt=_LABEL_PT,
        sheet=sheet,
        beside=0 if ground.surroundings is not None or view.circles else LARGEST,
    )
    for label in labels:
        own = 0 <= label.number - len(first) < len(places)
        looks = _PLACE_NAME if own else _NEIGHBOUR_NAME
        looks = {**looks, "bbox": PLATE} if label.number < len(first) else looks
        axes.text(label.x, label.y, names[label.number], **looks)


def _place_tags(view: View, sheet: Sheet) -> tuple[list[Label], list[tuple[float, float, float]]]:
    """Find places for tags; give what names must keep free: marks, and tags with their bearers."""
    pt_m = sheet.metres_per_inch / POINTS_PER_INCH
    kept_free, bearers, grounds = _list_kept_free(view, sheet), [], []
    for tag in view.tags:
        width, needed = tag.width + tag.width_m / pt_m, _measure_tag(tag.said)
        is_wide = width > 1.2 * needed
        half = (width if is_wide else width + _RANK_PT) * pt_m / 2
        grounds.append(shapely.box(tag.x - half, tag.y - half, tag.x + half, tag.y + half))
        bearers += [] if is_wide else [(tag.x, tag.y, width)]
    said = [tag.said for tag in view.tags]
    free = [*kept_free, *bearers]
    placed = place_labels(
        said, grounds, free, size_pt=_RANK_PT * _RANK_ROOM, sheet=sheet, beside=len(said)
    )
    for one in placed:
        side = _measure_tag(said[one.number]) / 2
        kept_free += [(one.x + way * side * pt_m / 2, one.y, side) for way in (-1, 1)]
    return placed, [*kept_free, *bearers]


def _measure_tag(said: str) -> float:
    """Give the width of a tag with its edge, points."""
    return max(text_width_in(said, _RANK_PT * _RANK_ROOM) * POINTS_PER_INCH, 2 * _RANK_PT)


def _list_kept_free(view: View, sheet: Sheet) -> list[tuple[float, float, float]]:
    """List the marks that no name may cover: x, y and size in points; dots it may."""
    larger = [marks for marks in view.marks if marks.looks.get("zorder", 5) >= 5]
    sites = [
        (float(x), float(y), _MARKER_PT)
        for marks in larger
        for x, y in _keep_in_sight(marks.points, sheet.ground)
    ]
    return sites + [(x, y, 2 * _RANK_PT) for x, y, _ in view.ranks]
