"""Maps for paper: choropleths of Flanders and its provinces, in the manner of the annexes.

One look for the whole series: the same classes, colours, type sizes and order on every sheet.
Matplotlib's global state (pyplot) is not touched, and the same study gives the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import matplotlib.style
import shapely
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.path import Path as Outline

from stemgeo.errors import InputError, Problem
from stemgeo.maps.layout import (
    CAUTION_PT,
    FONT,
    GAP_IN,
    LINE_HEIGHT,
    MARGIN_IN,
    PLACE_PT,
    SMALL_PT,
    TEXT_PT,
    TITLE_PT,
    best_sheet,
    line_in,
    place_labels,
    round_length_m,
    wrapped,
)
from stemgeo.maps.series import (
    DEFAULT_CLASSES,
    INK,
    NO_CLASS,
    border_rings,
    class_counts,
    class_numbers,
    colours,
    lighter,
    line_on,
    partly_measured,
    provinces,
)
from stemgeo.maps.text import (
    MapText,
    class_labels,
    municipalities_counted,
    of_province,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from geopandas import GeoDataFrame, GeoSeries
    from matplotlib.axes import Axes

    from stemgeo.maps.layout import Sheet

_Looks = dict[str, Any]

_STYLE: _Looks = {
    "font.family": [FONT],
    "text.parse_math": False,  # a name with two dollar signs is a name
    "svg.fonttype": "none",  # text stays text
    "pdf.fonttype": 42,
    "svg.hashsalt": "stemgeo",
    "hatch.linewidth": 0.6,
}
_NO_DATES: dict[str, _Looks] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
_DPI = 300
_SCREEN_DPI = 100
_FINEST_DETAIL = 1 / 3000  # of the width of the map: a dot in print

_REGION_LABELS = 25
_LABEL_PT, _MARKER_PT = 7.0, 4.4
_SMALLEST_RING_IN = 0.12
_SWATCH_IN = 0.32, 0.13
_ROW_IN = 0.19
_COUNTS_END_IN = 2.7
_SECOND_COLUMN = 0.51  # of the width of the legend
_SCALE_BAR_IN = 1.8  # at most

_INK, _PALE_INK = INK, "#555555"
_CAUTION_GROUND = "#ffe9a8"
_NEIGHBOUR: _Looks = {"facecolor": "#ececec", "edgecolor": "#b8b8b8", "linewidth": 0.4}
_MUNICIPALITY_LINE = 0.4
_PROVINCE: _Looks = {"edgecolor": _INK, "linewidth": 1.1, "facecolor": "none"}
_NO_FIGURE: _Looks = {
    "facecolor": "white",
    "edgecolor": "#6f6f6f",
    "hatch": "//////",
    "linewidth": 0.35,
}
_PARTLY: _Looks = {"facecolor": "none", "edgecolor": _INK, "hatch": "\\\\\\", "linewidth": 0.35}
_ACADEMY: _Looks = {
    "marker": "o",
    "markersize": _MARKER_PT,
    "markerfacecolor": "white",
    "markeredgecolor": _INK,
    "markeredgewidth": 0.9,
    "linestyle": "none",
}
_NAME: _Looks = {"size": _LABEL_PT, "ha": "center", "va": "center_baseline", "zorder": 6}
_PLATE: _Looks = {"boxstyle": "round,pad=0.12", "facecolor": "white", "alpha": 0.85, "linewidth": 0}
_PLACE_NAME: _Looks = {**_NAME, "color": _INK, "bbox": _PLATE}
_NEIGHBOUR_NAME: _Looks = {**_NAME, "color": _PALE_INK, "style": "italic"}


class MapFigure(Figure):
    """A figure that a notebook shows as a picture, without pyplot."""

    def _repr_png_(self) -> bytes:
        picture = BytesIO()
        with matplotlib.style.context(_STYLE, after_reset=True):
            self.savefig(picture, format="png", dpi=_SCREEN_DPI, metadata=_NO_DATES["png"])
        return picture.getvalue()


def choropleth(
    municipalities: GeoDataFrame,
    academies: GeoDataFrame,
    text: MapText,
    *,
    classes: Sequence[float] = DEFAULT_CLASSES,
    province: str | None = None,
    context: GeoDataFrame | None = None,
) -> Figure:
    """Draw the share of children in time, by municipality, on an A4 sheet.

    Parameters
    ----------
    municipalities
        All of Flanders, in EPSG:31370: `nis_code`, `name`, `province`, `share` (0 to 1, NaN for
        no figure), `children`, `unmeasured`, `has_academy`, geometry.
    academies
        Points, in EPSG:31370.
    text
        Title, notice, source, date and language.
    classes
        Class bounds in percent, the same for the whole series.
    province
        Draws one province, with its neighbours in grey; None draws all.
    context
        Other ground to draw in grey (Brussels, the neighbouring countries), in EPSG:31370.

    Returns
    -------
    Figure
        Portrait or landscape, whichever shows the ground larger. The municipalities with most
        children are labelled, where a name fits without covering another or an academy.

    Raises
    ------
    InputError
        When no municipality is in the province.
    """
    with matplotlib.style.context(_STYLE, after_reset=True):
        drawn = _light(municipalities, _known(province, municipalities))
        shown = of_province(drawn, province)
        legend = _legend(shown, text, classes, beside=province is not None)
        sheet = best_sheet(shown.total_bounds.tolist(), text, legend.height_in)
        place = text.place(province)
        figure = MapFigure(figsize=(sheet.width, sheet.height), label=f"{text.title}: {place}")
        FigureCanvasAgg(figure)
        _fill_page(_page_axes(figure, sheet), sheet, legend, place)
        ground = _map_axes(figure, sheet)
        if context is not None:
            _add_polygons(ground, context.geometry, **_NEIGHBOUR, zorder=1)
        _draw_classes(ground, shown, classes)
        in_sight = shapely.box(*sheet.ground.corners)
        sites = academies[academies.intersects(in_sight)].sort_values("academy_id")
        _draw_academies(ground, sites)
        larger = _larger(shown, most=None if province else _REGION_LABELS)
        near = drawn[drawn.intersects(in_sight)]
        beside = near[~near.index.isin(shown.index)]
        _add_polygons(ground, beside.geometry, **_NEIGHBOUR, zorder=2)
        borders = provinces(near)
        _draw_borders(ground, borders, sheet)
        neighbours = borders.drop(shown["province"].unique())
        _write_labels(ground, larger, neighbours, sites, sheet)
    return figure


def save_figure(
    figure: Figure, path_without_suffix: Path, formats: Sequence[str] = ("png", "svg", "pdf")
) -> list[Path]:
    """Write a figure in several formats; the same figure gives the same bytes.

    Parameters
    ----------
    figure
        As from `choropleth`.
    path_without_suffix
        Folder and name; the suffix is added.
    formats
        "png" (300 dpi), "svg" (text as text), "pdf" (fonts embedded as TrueType).

    Returns
    -------
    list of Path
        The files, in the order of the formats.
    """
    paths = []
    for kind in formats:
        path = path_without_suffix.with_name(f"{path_without_suffix.name}.{kind}")
        metadata = {**_NO_DATES[kind], "Title": figure.get_label()}
        with matplotlib.style.context(_STYLE, after_reset=True):
            figure.savefig(path, format=kind, dpi=_DPI, metadata=metadata)
        paths.append(path)
    return paths


def _page_axes(figure: Figure, sheet: Sheet) -> Axes:
    """Make invisible axes over the whole page, in inches."""
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, sheet.width), ylim=(0, sheet.height))
    axes.set_axis_off()
    return axes


def _map_axes(figure: Figure, sheet: Sheet) -> Axes:
    frame, ground = sheet.frame, sheet.ground
    w, h = sheet.width, sheet.height
    place = (frame.left / w, frame.bottom / h, frame.width / w, frame.height / h)
    axes = figure.add_axes(place)
    axes.set(xlim=(ground.left, ground.right), ylim=(ground.bottom, ground.top))
    axes.set(xticks=[], yticks=[])
    for side in axes.spines.values():
        side.set(color="#9a9a9a", linewidth=0.5)
    return axes


def _fill_page(page: Axes, sheet: Sheet, legend: _Legend, place: str) -> None:
    """Write and draw everything but the map."""
    _write_head(page, sheet, place)
    _draw_legend(page, sheet, legend)
    _draw_scale_bar(page, sheet)
    _write_credits(page, sheet)


def _write_lines(
    page: Axes, left: float, top: float, lines: Sequence[str], size_pt: float, **looks: Any
) -> None:
    """Write lines under one another; the first begins at `top`."""
    for number, line in enumerate(lines):
        y = top - (number + 1) * line_in(size_pt) + line_in(size_pt) * (1 - 1 / LINE_HEIGHT)
        page.text(left, y, line, **{"size": size_pt, "color": _INK, "va": "baseline", **looks})


def _write_head(page: Axes, sheet: Sheet, place: str) -> None:
    """Write title and place, and the cautions in a band under them."""
    top = sheet.height - MARGIN_IN
    _write_lines(page, MARGIN_IN, top, sheet.title, TITLE_PT, weight="bold")
    place_top = top - len(sheet.title) * line_in(TITLE_PT)
    _write_lines(page, MARGIN_IN, place_top, [place], PLACE_PT)
    if not sheet.cautions:
        return
    height = len(sheet.cautions) * line_in(CAUTION_PT) + GAP_IN
    band_top = place_top - line_in(PLACE_PT) - GAP_IN
    corner = (MARGIN_IN, band_top - height)
    width = sheet.width - 2 * MARGIN_IN
    looks: _Looks = {"facecolor": _CAUTION_GROUND, "edgecolor": _INK, "linewidth": 0.6}
    page.add_patch(Rectangle(corner, width, height, **looks))
    inside = band_top - GAP_IN / 2
    _write_lines(page, MARGIN_IN + GAP_IN, inside, sheet.cautions, CAUTION_PT, weight="bold")


def _write_credits(page: Axes, sheet: Sheet) -> None:
    top = MARGIN_IN + len(sheet.credits) * line_in(SMALL_PT)
    _write_lines(page, MARGIN_IN, top, sheet.credits, SMALL_PT, color=_PALE_INK)


@dataclass(frozen=True)
class _Key:
    """One line of the legend: what is drawn, what it means, how many there are."""

    meaning: str
    looks: _Looks
    count: str = ""


@dataclass(frozen=True)
class _Legend:
    heading: list[str]
    classes: list[_Key]
    rule: list[str]
    others: list[_Key]
    with_academy: str

    @property
    def height_in(self) -> float:
        """The height of its longest column."""
        first = len(self.classes) * _ROW_IN + len(self.rule) * line_in(SMALL_PT) + GAP_IN / 4
        second = (len(self.others) + 1) * _ROW_IN + _ROW_IN * 1.8
        return self.heading_in + max(first, second)

    @property
    def heading_in(self) -> float:
        """The height of the heading."""
        return len(self.heading) * line_in(TEXT_PT) + GAP_IN / 2


def _legend(
    shown: GeoDataFrame, text: MapText, classes: Sequence[float], *, beside: bool
) -> _Legend:
    """Say what stands in the legend; empty classes stand in it too."""
    words, share = text.words, shown["share"]
    keys = [
        _Key(label, _class_looks(colour), municipalities_counted(count, words))
        for label, colour, count in zip(
            class_labels(classes, words),
            colours(len(classes) - 1),
            class_counts(share, classes),
            strict=True,
        )
    ]
    without, partly = int(share.isna().sum()), int(partly_measured(shown).sum())
    others = [_Key(f"{words.no_figure} ({municipalities_counted(without, words)})", _NO_FIGURE)]
    if partly:
        count = municipalities_counted(partly, words)
        others.append(_Key(f"{words.partly_measured} ({count})", _PARTLY))
    if beside:
        others.append(_Key(words.outside, _NEIGHBOUR))
    others.append(_Key(words.province_border, _PROVINCE))
    others.append(_Key(words.academy, _ACADEMY))
    counted = {"count": int(shown["has_academy"].sum()), "total": len(shown)}
    with_academy = words.with_academy.format(
        **{key: whole(number, words) for key, number in counted.items()}
    )
    width = 7.3
    heading = wrapped(text.heading, width, TEXT_PT, "bold")
    return _Legend(heading, keys, wrapped(words.class_rule, 3.4, SMALL_PT), others, with_academy)


def _draw_legend(page: Axes, sheet: Sheet, legend: _Legend) -> None:
    place = sheet.legend
    _write_lines(page, place.left, place.top, legend.heading, TEXT_PT, weight="bold")
    top = place.top - legend.heading_in
    for number, key in enumerate(legend.classes):
        _draw_key(page, place.left, top - (number + 0.5) * _ROW_IN, key)
    rule_top = top - len(legend.classes) * _ROW_IN - GAP_IN / 4
    _write_lines(page, place.left, rule_top, legend.rule, SMALL_PT, color=_PALE_INK)
    second = place.left + _SECOND_COLUMN * place.width
    for number, key in enumerate(legend.others):
        _draw_key(page, second, top - (number + 0.5) * _ROW_IN, key)
    y = top - (len(legend.others) + 0.5) * _ROW_IN
    page.text(second, y, legend.with_academy, size=TEXT_PT, color=_INK, va="center_baseline")


def _draw_key(page: Axes, left: float, middle: float, key: _Key) -> None:
    width, height = _SWATCH_IN
    if "marker" in key.looks:
        page.add_line(Line2D([left + width / 2], [middle], **key.looks))
    else:
        corner = (left, middle - height / 2)
        page.add_patch(Rectangle(corner, width, height, **key.looks))
    written: _Looks = {"size": TEXT_PT, "color": _INK, "va": "center_baseline"}
    page.text(left + width + 0.1, middle, key.meaning, **written)
    if key.count:
        page.text(left + _COUNTS_END_IN, middle, key.count, ha="right", **written)


def _draw_scale_bar(page: Axes, sheet: Sheet) -> None:
    """Draw a bar of a round length, black and white halves, under the second column."""
    length_m = round_length_m(_SCALE_BAR_IN * sheet.metres_per_inch)
    length = length_m / sheet.metres_per_inch
    left = sheet.legend.left + _SECOND_COLUMN * sheet.legend.width
    bottom = sheet.legend.bottom + 0.02
    for half, colour in ((0, _INK), (1, "white")):
        corner = (left + half * length / 2, bottom)
        looks: _Looks = {"facecolor": colour, "edgecolor": _INK, "linewidth": 0.7}
        page.add_patch(Rectangle(corner, length / 2, 0.06, **looks))
    for share, label in ((0.0, "0"), (1.0, f"{length_m / 1000:g} km")):
        page.text(left + share * length, bottom + 0.09, label, size=SMALL_PT, ha="center")


def _add_polygons(ground: Axes, geometries: Iterable[shapely.Geometry], **looks: Any) -> None:
    outlines = [_outline(geometry) for geometry in geometries]
    if outlines:
        ground.add_collection(PathCollection(outlines, **looks), autolim=False)


def _outline(geometry: shapely.Geometry) -> Outline:
    """Turn polygons with their holes into one path."""
    rings = shapely.get_rings(shapely.get_parts(geometry))
    return Outline.make_compound_path(
        *[Outline(shapely.get_coordinates(ring), closed=True) for ring in rings]
    )


def _known(province: str | None, municipalities: GeoDataFrame) -> str | None:
    names = sorted(municipalities["province"].unique())
    if province is None or province in names:
        return province
    raise InputError(
        Problem("map", f"there is no province '{province}'", f"use {', '.join(names)}")
    )


def _light(municipalities: GeoDataFrame, province: str | None) -> GeoDataFrame:
    """Leave out the detail of outlines that print cannot show; rows in order of code."""
    x0, _, x1, _ = of_province(municipalities, province).total_bounds
    outlines = lighter(municipalities.geometry, (x1 - x0) * _FINEST_DETAIL)
    return municipalities.set_geometry(outlines).sort_values("nis_code", ignore_index=True)


def _draw_classes(ground: Axes, shown: GeoDataFrame, classes: Sequence[float]) -> None:
    """Colour each class by itself: an empty class cannot shift the colours of the others."""
    numbers, partly = class_numbers(shown["share"], classes), partly_measured(shown)
    for number, colour in enumerate(colours(len(classes) - 1)):
        members = numbers == number
        _add_polygons(ground, shown.geometry[members], **_class_looks(colour), zorder=3)
        hatched = {**_PARTLY, "edgecolor": line_on(colour)}
        _add_polygons(ground, shown.geometry[members & partly], **hatched, zorder=3.5)
    _add_polygons(ground, shown.geometry[numbers == NO_CLASS], **_NO_FIGURE, zorder=3)


def _class_looks(colour: str) -> _Looks:
    """Line each class so that two municipalities of the same class stay apart (3:1 or more)."""
    return {"facecolor": colour, "edgecolor": line_on(colour), "linewidth": _MUNICIPALITY_LINE}


def _draw_borders(ground: Axes, borders: GeoSeries, sheet: Sheet) -> None:
    """Draw the borders of provinces, but no thick line around enclaves smaller than its curve."""
    smallest_m2 = (_SMALLEST_RING_IN * sheet.metres_per_inch) ** 2
    _add_polygons(ground, border_rings(borders, smallest_m2), **_PROVINCE, zorder=4)


def _draw_academies(ground: Axes, academies: GeoDataFrame) -> None:
    points = academies.geometry
    ground.plot(points.x, points.y, **_ACADEMY, zorder=5, scalex=False, scaley=False)


def _larger(shown: GeoDataFrame, *, most: int | None) -> GeoDataFrame:
    """Give the municipalities with most children first, no more than `most` of them."""
    ranked = shown.sort_values(["children", "nis_code"], ascending=[False, True])
    return ranked if most is None else ranked.head(most)


def _write_labels(
    ground: Axes,
    places: GeoDataFrame,
    neighbours: GeoSeries,
    academies: GeoDataFrame,
    sheet: Sheet,
) -> None:
    """Write the names of places in their order, then those of the neighbouring provinces."""
    seen = neighbours.clip_by_rect(*sheet.ground.corners)
    seen = seen[~seen.is_empty]
    names = [*places["name"], *seen.index]
    labels = place_labels(
        names,
        [*places.geometry, *seen],
        shapely.get_coordinates(academies.geometry.to_numpy()).tolist(),
        size_pt=_LABEL_PT,
        marker_pt=_MARKER_PT,
        sheet=sheet,
    )
    for label in labels:
        looks = _PLACE_NAME if label.number < len(places) else _NEIGHBOUR_NAME
        ground.text(label.x, label.y, names[label.number], **looks)
