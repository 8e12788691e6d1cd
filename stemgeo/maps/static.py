"""Maps for paper: choropleths of Flanders and its provinces, in the manner of the annexes.

One look for the whole series: the same classes, colours, type sizes and order on every sheet.
The same study gives the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import matplotlib.style
import shapely

from stemgeo.errors import InputError, Problem
from stemgeo.maps.layout import (
    GAP_IN,
    SMALL_PT,
    TEXT_PT,
    best_sheet,
    line_in,
    place_labels,
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
    is_planned,
    municipalities_counted,
    of_province,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geopandas import GeoDataFrame, GeoSeries
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from stemgeo.maps.layout import Sheet

_FINEST_DETAIL = 1 / 3000  # of the width of the map: a dot in print

_REGION_LABELS = 25
_LABEL_PT, _MARKER_PT = 7.0, 4.4
_NEIGHBOUR: Looks = {"facecolor": "#ececec", "edgecolor": "#b8b8b8", "linewidth": 0.4}
_MUNICIPALITY_LINE = 0.4
_NO_FIGURE: Looks = {
    "facecolor": "white",
    "edgecolor": "#6f6f6f",
    "hatch": "//////",
    "linewidth": 0.35,
}
_PARTLY: Looks = {"facecolor": "none", "edgecolor": INK, "hatch": "\\\\\\", "linewidth": 0.35}
_ACADEMY: Looks = {
    "marker": "o",
    "markersize": _MARKER_PT,
    "markerfacecolor": "white",
    "markeredgecolor": INK,
    "markeredgewidth": 0.9,
    "linestyle": "none",
}
_PLANNED: Looks = {**_ACADEMY, "marker": "D", "markerfacecolor": INK}
_NAME: Looks = {"size": _LABEL_PT, "ha": "center", "va": "center_baseline", "zorder": 6}
_PLACE_NAME: Looks = {**_NAME, "color": INK, "bbox": PLATE}
_NEIGHBOUR_NAME: Looks = {**_NAME, "color": PALE_INK, "style": "italic"}


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
        Points, in EPSG:31370; those with `planned` get a mark of their own.
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
    with matplotlib.style.context(STYLE, after_reset=True):
        drawn = _light(municipalities, _known(province, municipalities))
        shown = of_province(drawn, province)
        planned = bool(is_planned(academies).any())
        legend = _legend(shown, text, classes, beside=province is not None, planned=planned)
        sheet = best_sheet(shown.total_bounds.tolist(), text, legend.height_in)
        place = text.place(province)
        figure, page = new_page(sheet, text.title, place)
        _draw_legend(page, sheet, legend)
        draw_scale_bar(page, sheet)
        ground = _map_axes(figure, sheet)
        if context is not None:
            add_polygons(ground, context.geometry, **_NEIGHBOUR, zorder=1)
        _draw_classes(ground, shown, classes)
        in_sight = shapely.box(*sheet.ground.corners)
        sites = academies[academies.intersects(in_sight)].sort_values("academy_id")
        _draw_academies(ground, sites)
        larger = _larger(shown, most=None if province else _REGION_LABELS)
        near = drawn[drawn.intersects(in_sight)]
        beside = near[~near.index.isin(shown.index)]
        add_polygons(ground, beside.geometry, **_NEIGHBOUR, zorder=2)
        borders = provinces(near)
        _draw_borders(ground, borders, sheet)
        neighbours = borders.drop(shown["province"].unique())
        _write_labels(ground, larger, neighbours, sites, sheet)
    return figure


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


@dataclass(frozen=True)
class _Legend:
    heading: list[str]
    classes: list[Key]
    rule: list[str]
    others: list[Key]
    with_academy: str

    @property
    def height_in(self) -> float:
        """The height of its longest column."""
        first = len(self.classes) * ROW_IN + len(self.rule) * line_in(SMALL_PT) + GAP_IN / 4
        second = (len(self.others) + 1) * ROW_IN + ROW_IN * 1.8
        return self.heading_in + max(first, second)

    @property
    def heading_in(self) -> float:
        """The height of the heading."""
        return len(self.heading) * line_in(TEXT_PT) + GAP_IN / 2


def _legend(
    shown: GeoDataFrame, text: MapText, classes: Sequence[float], *, beside: bool, planned: bool
) -> _Legend:
    """Say what stands in the legend; empty classes stand in it too."""
    words, share = text.words, shown["share"]
    keys = [
        Key(label, _class_looks(colour), municipalities_counted(count, words))
        for label, colour, count in zip(
            class_labels(classes, words),
            colours(len(classes) - 1),
            class_counts(share, classes),
            strict=True,
        )
    ]
    without, partly = int(share.isna().sum()), int(partly_measured(shown).sum())
    others = [Key(f"{words.no_figure} ({municipalities_counted(without, words)})", _NO_FIGURE)]
    if partly:
        count = municipalities_counted(partly, words)
        others.append(Key(f"{words.partly_measured} ({count})", _PARTLY))
    if beside:
        others.append(Key(words.outside, _NEIGHBOUR))
    others.append(Key(words.province_border, PROVINCE))
    others.append(Key(words.academy, _ACADEMY))
    if planned:
        others.append(Key(f"{words.academy} ({words.planned})", _PLANNED))
    counted = {"count": int(shown["has_academy"].sum()), "total": len(shown)}
    with_academy = words.with_academy.format(
        **{key: whole(number, words) for key, number in counted.items()}
    )
    width = 7.3
    heading = wrapped(text.heading, width, TEXT_PT, "bold")
    return _Legend(heading, keys, wrapped(words.class_rule, 3.4, SMALL_PT), others, with_academy)


def _draw_legend(page: Axes, sheet: Sheet, legend: _Legend) -> None:
    place = sheet.legend
    write_lines(page, place.left, place.top, legend.heading, TEXT_PT, weight="bold")
    top = place.top - legend.heading_in
    for number, key in enumerate(legend.classes):
        draw_key(page, place.left, top - (number + 0.5) * ROW_IN, key)
    rule_top = top - len(legend.classes) * ROW_IN - GAP_IN / 4
    write_lines(page, place.left, rule_top, legend.rule, SMALL_PT, color=PALE_INK)
    second = place.left + SECOND_COLUMN * place.width
    for number, key in enumerate(legend.others):
        draw_key(page, second, top - (number + 0.5) * ROW_IN, key)
    y = top - (len(legend.others) + 0.5) * ROW_IN
    page.text(second, y, legend.with_academy, size=TEXT_PT, color=INK, va="center_baseline")


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
        add_polygons(ground, shown.geometry[members], **_class_looks(colour), zorder=3)
        hatched = {**_PARTLY, "edgecolor": line_on(colour)}
        add_polygons(ground, shown.geometry[members & partly], **hatched, zorder=3.5)
    add_polygons(ground, shown.geometry[numbers == NO_CLASS], **_NO_FIGURE, zorder=3)


def _class_looks(colour: str) -> Looks:
    """Line each class so that two municipalities of the same class stay apart (3:1 or more)."""
    return {"facecolor": colour, "edgecolor": line_on(colour), "linewidth": _MUNICIPALITY_LINE}


def _draw_borders(ground: Axes, borders: GeoSeries, sheet: Sheet) -> None:
    """Draw the borders of provinces, but no thick line around enclaves smaller than its curve."""
    smallest_m2 = (SMALLEST_RING_IN * sheet.metres_per_inch) ** 2
    add_polygons(ground, border_rings(borders, smallest_m2), **PROVINCE, zorder=4)


def _draw_academies(ground: Axes, academies: GeoDataFrame) -> None:
    planned = is_planned(academies)
    for which, looks in ((~planned, _ACADEMY), (planned, _PLANNED)):
        points = academies.geometry[which]
        if len(points) or looks is _ACADEMY:
            ground.plot(points.x, points.y, **looks, zorder=5, scalex=False, scaley=False)


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
