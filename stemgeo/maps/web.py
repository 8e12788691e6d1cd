"""The web map: one page that opens without a network, drawn by folium.

Leaflet's script and style stand in the page (`assets/leaflet`, BSD-2, as published). Folium puts
texts into JavaScript template literals and runs its own output through Jinja again, so every text
from data is escaped before it gets there. A content security policy with the hashes of our own
three scripts stands behind that: no other script runs, and nothing is fetched.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from dataclasses import dataclass
from importlib import resources
from itertools import count, pairwise
from typing import TYPE_CHECKING, Any

import folium
import geopandas as gpd
import numpy as np
import shapely
from branca.element import Element, Figure
from folium.map import CustomPane
from jinja2 import Environment, PackageLoader
from markupsafe import Markup
from matplotlib.colors import to_hex, to_rgb

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
    class_labels,
    gap_places,
    gap_reason,
    is_planned,
    municipalities_counted,
    percent,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from geopandas import GeoDataFrame, GeoSeries
    from numpy.typing import NDArray

    from stemgeo.maps.text import MapText, Words

    Feature = dict[str, Any]

_DETAIL_M = 50.0
_SMALLEST_RING_M2 = 2e6
_DEGREE_DECIMALS = 5  # about a metre
_MOST_ISOCHRONE_POINTS = 150_000  # about 4 MB of the page
_ISOCHRONE_DETAIL_M = (50.0, 100.0, 200.0, 400.0)

_BAND_COLOURS = ("#8c2d04", "#ec7014", "#fec44f")
_GAP_COLOUR, _GAP_FILL = "#a3005c", "#e0007a"
_ACADEMY_PX = 3.5
_MOST_GAP_POINTS = 100_000  # about 3 MB of the page
_GAP_DETAIL_M = (25.0, 50.0, 100.0, 200.0)

_UNSAFE = {"`": "&#96;", "$": "&#36;", "{": "&#123;", "}": "&#125;", "\\": "&#92;"}


def web_map(
    municipalities: GeoDataFrame,
    academies: GeoDataFrame,
    isochrones: GeoDataFrame | None,
    gaps: GeoDataFrame,
    text: MapText,
    *,
    classes: Sequence[float] = DEFAULT_CLASSES,
) -> str:
    """Make the web map, as one HTML page with everything inside.

    Parameters
    ----------
    municipalities
        As from `coverage.municipality_table`, in EPSG:31370.
    academies
        `academy_id`, `name`, points in EPSG:31370; those with `planned` get a mark of their own.
    isochrones
        Bands of the nearest of all (`academy_id` empty): `minutes_from`, `minutes_to`, polygons
        in EPSG:31370. None or empty: not drawn.
    gaps
        The gaps table. May be empty.
    text
        Title, notice, source, date and language.
    classes
        Class bounds in percent, the same as on the static maps.

    Returns
    -------
    str
        The page. The same tables give the same text.
    """
    words = text.words
    ranked = municipalities.sort_values("nis_code", ignore_index=True)
    places = ranked.set_geometry(lighter(ranked.geometry, _DETAIL_M))
    bands = _bands(isochrones, words)
    drawing = folium.Map(tiles=None, zoom_snap=0.25, zoom_control=False, attribution_control=False)
    drawing.default_js, drawing.default_css = [], []
    _add_panes(drawing)
    shares = _shares_layer(places, classes, text)
    layers = [shares, *_border_layers(places), *_isochrone_layers(bands, words)]
    layers += [*_gap_layers(gaps, words), *_academy_layers(academies, words)]
    for layer in layers:
        layer.add_to(drawing)
    folium.LayerControl(collapsed=False).add_to(drawing)
    drawing.fit_bounds(_corners(places))
    map_html, map_script = _rendered(drawing)
    scripts = [_leaflet_script(), map_script, _asset("page.js")]
    page = {
        "map_name": drawing.get_name(),
        "shares_name": shares.get_name(),
        "map_html": Markup(map_html),  # noqa: S704 -- folium's
        "scripts": scripts,
        "policy": _policy(scripts),
        "swatches": _swatches(places, classes, words),
        "without_figure": municipalities_counted(int(places["share"].isna().sum()), words),
        "partly_measured": _counted_if_any(int(partly_measured(places).sum()), words),
        "planned": _planned(words.academy, words) if is_planned(academies).any() else "",
        "has_gaps": "all" in _profiles(gaps),
        "has_quiet_gaps": "low_stress" in _profiles(gaps),
        "bands": bands,
        "columns": _figure_names(words),
        "rows": _rows(places, words),
    }
    return _render(page, text)


def escape_for_web(text: str) -> str:
    """Make a text from data harmless in HTML, JavaScript template literals and Jinja.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    str
        HTML in which the text reads as it was: `<`, `>`, `&`, quotes, backtick, dollar, braces
        and backslash are character references.
    """
    escaped = html.escape(text, quote=True)
    return "".join(_UNSAFE.get(character, character) for character in escaped)


@dataclass(frozen=True)
class _Band:
    """The ground from which an academy is so many minutes away."""

    number: int
    label: str
    colour: str
    ground: shapely.Geometry


@dataclass(frozen=True)
class _Swatch:
    number: int
    label: str
    count: str
    colour: str
    line: str


@dataclass(frozen=True)
class _Row:
    """The figures of a municipality, written out; all of it safe in the page."""

    code: Markup
    option: Markup
    cells: list[Markup]


def _figure_names(words: Words) -> list[str]:
    counted = [words.children, words.covered, words.uncovered, words.unmeasured]
    return [words.municipality, words.province, words.share, *counted, words.academies]


def _rows(places: GeoDataFrame, words: Words) -> list[_Row]:
    """Write out the figures of each municipality, in order of name."""
    ranked = places.sort_values(["name", "nis_code"])
    twice = ranked["name"].duplicated(keep=False)
    rows = []
    for place, has_namesake in zip(ranked.itertuples(), twice, strict=True):
        counted = (place.children, place.covered, place.uncovered, place.unmeasured)
        numbers = [whole(number, words) for number in (*counted, place.academies)]
        share = percent(place.share, words)
        option = f"{place.name} ({place.province})" if has_namesake else place.name
        cells = [place.name, place.province, share, *numbers]
        rows.append(_Row(_safe(place.nis_code), _safe(option), [_safe(cell) for cell in cells]))
    return rows


def _safe(text: str) -> Markup:
    return Markup(escape_for_web(text))  # noqa: S704 -- this is the one place that vouches for it


def _swatches(places: GeoDataFrame, classes: Sequence[float], words: Words) -> list[_Swatch]:
    counted = class_counts(places["share"], classes)
    parts = zip(class_labels(classes, words), counted, colours(len(counted)), strict=True)
    return [
        _Swatch(number, label, municipalities_counted(size, words), colour, line_on(colour))
        for number, (label, size, colour) in enumerate(parts)
    ]


def _counted_if_any(number: int, words: Words) -> str:
    return municipalities_counted(number, words) if number else ""


def _add_panes(drawing: folium.Map) -> None:
    """Give each layer its height, so that switching one off and on does not bury another."""
    for name, height, takes_pointer in (
        ("municipalities", 350, False),  # the shares have Leaflet's own pane, at 400
        ("isochrones", 420, False),
        ("provinces", 430, False),
        ("gaps", 440, True),
        ("academies", 450, True),
    ):
        CustomPane(name, z_index=height, pointer_events=takes_pointer).add_to(drawing)


def _shares_layer(places: GeoDataFrame, classes: Sequence[float], text: MapText) -> folium.GeoJson:
    figures = {str(row.code): row.cells for row in _rows(places, text.words)}
    names = _figure_names(text.words)
    codes = [escape_for_web(code) for code in places["nis_code"]]
    properties = [dict(zip(names, figures[code], strict=True)) for code in codes]
    looks = dict(zip(codes, _looks_of_places(places, classes), strict=True))

    def style(feature: Feature) -> dict[str, Any]:
        return looks[feature["id"]]

    return folium.GeoJson(
        _collection(places.geometry, properties, codes),
        name=text.words.shares,
        overlay=False,
        style_function=style,
        highlight_function=lambda _: {"weight": 2.5},
        tooltip=folium.GeoJsonTooltip(names, sticky=True),
        smooth_factor=0.5,
    )


def _looks_of_places(places: GeoDataFrame, classes: Sequence[float]) -> list[dict[str, Any]]:
    fills = colours(len(classes) - 1)
    looks = []
    numbers = class_numbers(places["share"], classes)
    for number, is_partly in zip(numbers, partly_measured(places), strict=True):
        fill = "#ffffff" if number == NO_CLASS else fills[number]
        hatch = f"partly-{number}" if is_partly else ""
        looks.append(
            {
                "color": line_on(fill),
                "weight": 0.8,
                "fillColor": fill,
                "fillOpacity": 1,
                "className": "no-figure" if number == NO_CLASS else hatch,
            }
        )
    return looks


def _border_layers(places: GeoDataFrame) -> list[folium.GeoJson]:
    """Draw provinces over the ground, and municipalities under it for when it shows no shares."""
    borders = border_rings(provinces(places), _SMALLEST_RING_M2)
    lines = gpd.GeoSeries(places.boundary.union_all(), crs=places.crs)
    return [
        _lines(lines, "municipalities", {"color": "#8c8c8c", "weight": 0.6}),
        _lines(borders, "provinces", {"color": INK, "weight": 1.8}),
    ]


def _lines(lines: GeoSeries, pane: str, looks: dict[str, Any]) -> folium.GeoJson:
    return folium.GeoJson(
        _collection(lines, [{} for _ in lines], [str(number) for number in range(len(lines))]),
        control=False,
        style_function=lambda _: {**looks, "fill": False},
        interactive=False,
        pane=pane,
        smooth_factor=0.5,
    )


def _bands(isochrones: GeoDataFrame | None, words: Words) -> list[_Band]:
    """Take the bands of the nearest of all, without the detail that a screen cannot show."""
    if isochrones is None:
        return []
    rows = isochrones[isochrones["academy_id"] == ""].sort_values("minutes_to")
    fills, grounds = _band_colours(len(rows)), _sketched(rows.geometry)
    bands = zip(rows["minutes_from"], rows["minutes_to"], fills, grounds, strict=True)
    return [
        _Band(number, f"{start:g} {words.to} {stop:g} {words.minutes}", fill, ground)
        for number, (start, stop, fill, ground) in enumerate(bands)
    ]


def _band_colours(number: int) -> list[str]:
    anchors = np.array([to_rgb(colour) for colour in _BAND_COLOURS])
    places = np.linspace(0, len(anchors) - 1, number)
    channels = [np.interp(places, range(len(anchors)), channel) for channel in anchors.T]
    return [to_hex(colour) for colour in zip(*channels, strict=True)]


def _sketched(grounds: GeoSeries) -> GeoSeries:
    """Simplify until the page stays small: with the finest detail that fits."""
    sketch = grounds
    for detail_m in _ISOCHRONE_DETAIL_M:
        # Once more from the last sketch, not from the start: much faster, and coarser anyway.
        sketch = lighter(
            sketch.map(lambda ground, m=detail_m: _without_specks(ground, m)), detail_m
        )
        if sketch.count_coordinates().sum() <= _MOST_ISOCHRONE_POINTS:
            break
    return sketch


def _without_specks(ground: shapely.Geometry, detail_m: float) -> shapely.Geometry:
    """Leave out parts and holes that are smaller than a square of the detail.

    A part is measured with its holes filled: so the speck that fills a hole in the next band goes
    together with that hole.
    """
    rings, part = shapely.get_rings(shapely.get_parts(ground), return_index=True)
    large = np.asarray(shapely.area(shapely.polygons(rings)) >= detail_m**2)
    polygons = []
    for first, stop in _runs(part):
        if large[first]:
            holes = rings[first + 1 : stop][large[first + 1 : stop]]
            polygons.append(shapely.Polygon(rings[first], holes.tolist()))
    return shapely.MultiPolygon(polygons)


def _runs(numbers: NDArray[np.intp]) -> Iterator[tuple[int, int]]:
    """Give begin and end of each run of equal numbers."""
    bounds = np.flatnonzero(np.diff(numbers, prepend=-1, append=-1)).tolist()
    return pairwise(bounds)


def _isochrone_layers(bands: Sequence[_Band], words: Words) -> Iterator[folium.GeoJson]:
    """Draw the bands as the other ground: over the shares their colours would mix."""
    drawn = [band for band in bands if not shapely.is_empty(band.ground)]
    if not drawn:
        return
    fills = {str(band.number): band.colour for band in drawn}
    grounds = gpd.GeoSeries([band.ground for band in drawn], crs="EPSG:31370")
    yield folium.GeoJson(
        _collection(grounds, [{} for _ in drawn], list(fills)),
        name=words.isochrones,
        overlay=False,
        show=False,
        style_function=lambda feature: {
            "stroke": False,
            "fillColor": fills[feature["id"]],
            "fillOpacity": 1,
        },
        interactive=False,
        pane="isochrones",
        smooth_factor=0.5,
    )


def _gap_layers(gaps: GeoDataFrame, words: Words) -> Iterator[folium.GeoJson]:
    """Draw the areas where uncovered children live, a layer for each profile."""
    if gaps.empty:
        return
    ranked = gaps.sort_values(["uncovered", "gap_id"], ascending=[False, True])
    ranked = ranked.set_geometry(_drawn_within(ranked.geometry))
    for profile, name, counted, dashes in (
        ("all", words.gaps, words.uncovered, None),
        ("low_stress", words.quiet_gaps, words.quiet_uncovered, "4"),
    ):
        shown = ranked[ranked["profile"] == profile]
        if len(shown):
            properties = [_gap_told(gap, counted, words) for gap in shown.to_dict("records")]
            yield _gap_layer(shown, name, dashes, properties)


def _profiles(gaps: GeoDataFrame) -> set[str]:
    return set(gaps["profile"]) if len(gaps) else set()


def _gap_told(gap: dict[Hashable, Any], counted: str, words: Words) -> dict[str, str]:
    """Say what pointing at a gap shows; `counted` heads the number of its children."""
    row = {str(name): value for name, value in gap.items()}
    told = {
        words.gap_places: gap_places(row, words),
        counted: whole(row["uncovered"], words),
        words.median_time: _minutes(row["median_time_s"], words),
        words.reason: gap_reason(row, words),
    }
    return {name: escape_for_web(cell) for name, cell in told.items()}


def _gap_layer(
    shown: GeoDataFrame, name: str, dashes: str | None, properties: list[dict[str, str]]
) -> folium.GeoJson:
    looks = {"color": _GAP_COLOUR, "fillColor": _GAP_FILL, "fillOpacity": 0.35, "weight": 1.5}
    looks |= {"dashArray": dashes, "fillOpacity": 0.15} if dashes else {}
    return folium.GeoJson(
        _collection(shown.geometry, properties, [escape_for_web(one) for one in shown["gap_id"]]),
        name=name,
        show=False,
        style_function=lambda _: looks,
        tooltip=folium.GeoJsonTooltip(list(properties[0]), sticky=True),
        pane="gaps",
        smooth_factor=0.5,
    )


def _drawn_within(outlines: GeoSeries) -> GeoSeries:
    """Simplify the outlines of gaps until the page stays small."""
    sketch = outlines
    for detail_m in _GAP_DETAIL_M:
        if sketch.count_coordinates().sum() <= _MOST_GAP_POINTS:
            break
        sketch = outlines.simplify(detail_m)
    return sketch


def _minutes(seconds: float, words: Words) -> str:
    if np.isinf(seconds):
        return words.beyond
    return f"{whole(round(seconds / 60), words)} {words.minutes}"


def _academy_layers(academies: GeoDataFrame, words: Words) -> Iterator[folium.GeoJson]:
    """Draw the academies of the register hollow, the places of a plan solid."""
    planned = is_planned(academies)
    for shown, noun, name, fill in (
        (academies[~planned], words.academy, words.academies, "#fff"),
        (academies[planned], _planned(words.academy, words), _planned(words.academies, words), INK),
    ):
        if not shown.empty:
            yield _academy_circles(shown, noun, name, fill)


def _planned(noun: str, words: Words) -> str:
    return f"{noun} ({words.planned})"


def _academy_circles(academies: GeoDataFrame, noun: str, name: str, fill: str) -> folium.GeoJson:
    ranked = academies.sort_values("academy_id")
    properties = [{noun: escape_for_web(own)} for own in ranked["name"]]
    codes = [escape_for_web(code) for code in ranked["academy_id"]]
    return _circles(
        _collection(ranked.geometry, properties, codes),
        dict.fromkeys(codes, _ACADEMY_PX),
        [noun],
        name=name,
        show=True,
        looks={
            "color": INK,
            "fillColor": fill,
            "fillOpacity": 1,
            "weight": 1.5,
            "pane": "academies",
        },
    )


def _circles(
    collection: Feature,
    radii: dict[str, float],
    names: list[str],
    *,
    name: str,
    show: bool,
    looks: dict[str, Any],
) -> folium.GeoJson:
    return folium.GeoJson(
        collection,
        name=name,
        show=show,
        marker=folium.CircleMarker(),
        style_function=lambda feature: {**looks, "fill": True, "radius": radii[feature["id"]]},
        tooltip=folium.GeoJsonTooltip(names),
    )


def _collection(
    geometries: GeoSeries, properties: Sequence[dict[str, Any]], codes: Sequence[str]
) -> Feature:
    """Make a GeoJSON collection in degrees, for folium."""
    degrees = geometries.to_crs("EPSG:4326")
    features = [
        {
            "type": "Feature",
            "id": code,
            "properties": about,
            "geometry": shapely.geometry.mapping(shapely.transform(geometry, _rounded)),
        }
        for geometry, about, code in zip(degrees, properties, codes, strict=True)
    ]
    return {"type": "FeatureCollection", "features": features}


def _rounded(coordinates: Any) -> Any:
    return coordinates.round(_DEGREE_DECIMALS)


def _corners(places: GeoDataFrame) -> list[list[float]]:
    west, south, east, north = places.to_crs("EPSG:4326").total_bounds.round(3).tolist()
    return [[south, west], [north, east]]


def _rendered(drawing: folium.Map) -> tuple[str, str]:
    """Give folium's HTML and script; its own page and its links to far places are left out."""
    root = drawing.get_root()
    if not isinstance(root, Figure):
        raise TypeError("a folium map stands in a figure")
    _number_elements(root, count(1))
    root.render()
    return root.html.render(), root.script.render()


def _number_elements(element: Element, numbers: Iterator[int]) -> None:
    """Replace folium's random names by numbers: the same study gives the same page."""
    element._id = str(next(numbers))  # noqa: SLF001 -- folium offers no other way
    for child in element._children.values():  # noqa: SLF001
        _number_elements(child, numbers)


def _asset(name: str) -> str:
    return (resources.files(__package__) / "assets" / name).read_text(encoding="utf-8")


def _leaflet_script() -> str:
    """Give Leaflet with its licence, without the pointer to a file that is not there."""
    script = _asset("leaflet/leaflet.js").split("//# sourceMappingURL=")[0]
    return f"/*\n{_asset('leaflet/LICENSE')}*/\n{script}"


def _leaflet_style() -> str:
    """Give Leaflet's style without its pictures, which our controls do not show."""
    return re.sub(r"url\((?!#)[^)]*\)", "none", _asset("leaflet/leaflet.css"))


def _policy(scripts: Sequence[str]) -> str:
    """Allow these scripts by their hash, styles in the page, and nothing from anywhere."""
    digests = [hashlib.sha256(script.encode()).digest() for script in scripts]
    hashes = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:"


def _render(page: dict[str, Any], text: MapText) -> str:
    templates = Environment(loader=PackageLoader(__package__, "assets"), autoescape=True)
    written = {
        "text": text,
        "words": text.words,
        "title": _safe(text.title),
        "cautions": [_safe(line) for line in text.cautions],
        "credits": [_safe(line) for line in text.credits],
        "heading": _safe(text.heading),
        "page_css": Markup(_asset("page.css")),  # noqa: S704 -- our own
        "leaflet_css": Markup(_leaflet_style()),  # noqa: S704 -- Leaflet's
    }
    scripts = [Markup(script) for script in page["scripts"]]  # noqa: S704 -- see the module
    return templates.get_template("page.html").render(**page | written | {"scripts": scripts})
