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
from itertools import count
from typing import TYPE_CHECKING, Any

import folium
import geopandas as gpd
import numpy as np
import shapely
from folium.map import CustomPane
from jinja2 import Environment, PackageLoader
from markupsafe import Markup
from matplotlib.colors import to_hex, to_rgb

from stemgeo.maps.series import (
    DEFAULT_CLASSES,
    NO_CLASS,
    class_counts,
    class_numbers,
    colours,
    lighter,
    line_on,
    partly_measured,
    provinces,
)
from stemgeo.maps.text import class_labels, municipalities_counted, percent, whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from branca.element import Element
    from geopandas import GeoDataFrame, GeoSeries

    from stemgeo.maps.text import MapText, Words

    Feature = dict[str, Any]

_DETAIL_M = 50.0
_DEGREE_DECIMALS = 5  # about a metre
_MOST_ISOCHRONE_POINTS = 150_000  # about 4 MB of the page
_ISOCHRONE_DETAIL_M = (25.0, 50.0, 100.0, 200.0, 400.0)

_BAND_COLOURS = ("#8c2d04", "#ec7014", "#fec44f")
_BAND_OPACITY = 0.65
_GAP_COLOUR, _GAP_FILL = "#a3005c", "#e0007a"
_LARGEST_GAP_PX, _SMALLEST_GAP_PX = 24.0, 3.0

_UNSAFE = {"`": "&#96;", "$": "&#36;", "{": "&#123;", "}": "&#125;", "\\": "&#92;"}


def web_map(
    municipalities: GeoDataFrame,
    academies: GeoDataFrame,
    isochrones: GeoDataFrame,
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
        `academy_id`, `name`, points in EPSG:31370.
    isochrones
        Bands of the nearest of all (`academy_id` empty): `minutes_from`, `minutes_to`, polygons
        in EPSG:31370. May be empty.
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
    places = municipalities.set_geometry(lighter(municipalities.geometry, _DETAIL_M))
    bands = _bands(isochrones, words)
    drawing = folium.Map(tiles=None, zoom_snap=0.25, attribution_control=False, control_scale=True)
    drawing.default_js, drawing.default_css = [], []
    _add_panes(drawing)
    shares = _shares_layer(places, classes, text)
    layers = [shares, _borders_layer(places), *_isochrone_layers(bands, words)]
    layers += [*_gap_layers(gaps, words), *_academy_layers(academies, words)]
    for layer in layers:
        layer.add_to(drawing)
    folium.LayerControl(collapsed=False).add_to(drawing)
    drawing.fit_bounds(_corners(places))
    root = drawing.get_root()
    _number_elements(root, count(1))
    root.render()
    scripts = [_leaflet_script(), root.script.render(), _asset("page.js")]
    page = {
        "map_name": drawing.get_name(),
        "shares_name": shares.get_name(),
        "map_html": root.html.render(),
        "scripts": scripts,
        "policy": _policy(scripts),
        "swatches": _swatches(places, classes, words),
        "without_figure": municipalities_counted(int(places["share"].isna().sum()), words),
        "partly_measured": _counted_if_any(int(partly_measured(places).sum()), words),
        "has_gaps": len(gaps) > 0,
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
    """The ground within so many minutes of an academy, the bands before it included."""

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
        ("borders", 420, False),
        ("isochrones", 430, False),
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
        name=escape_for_web(text.heading),
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


def _borders_layer(places: GeoDataFrame) -> folium.GeoJson:
    borders = provinces(places)
    return folium.GeoJson(
        _collection(borders, [{} for _ in borders], [str(i) for i in range(len(borders))]),
        control=False,
        style_function=lambda _: {"color": "#1a1a1a", "weight": 1.8, "fill": False},
        interactive=False,
        pane="borders",
        smooth_factor=0.5,
    )


def _bands(isochrones: GeoDataFrame, words: Words) -> list[_Band]:
    """Add up the bands outwards and take out the detail that a screen cannot show."""
    rows = isochrones[isochrones["academy_id"] == ""].sort_values("minutes_to")
    grounds: list[shapely.Geometry] = []
    for ring in rows.geometry:
        grounds.append(shapely.union_all([*grounds[-1:], ring]))
    fills = _band_colours(len(rows))
    bands = zip(rows["minutes_from"], rows["minutes_to"], fills, _sketched(grounds), strict=True)
    return [
        _Band(number, f"{start:g} {words.to} {stop:g} {words.minutes}", fill, ground)
        for number, (start, stop, fill, ground) in enumerate(bands)
    ]


def _band_colours(number: int) -> list[str]:
    anchors = np.array([to_rgb(colour) for colour in _BAND_COLOURS])
    places = np.linspace(0, len(anchors) - 1, number)
    channels = [np.interp(places, range(len(anchors)), channel) for channel in anchors.T]
    return [to_hex(colour) for colour in zip(*channels, strict=True)]


def _sketched(grounds: Sequence[shapely.Geometry]) -> list[shapely.Geometry]:
    """Simplify until the page stays small: with the finest detail that fits."""
    sketch = list(grounds)
    for detail_m in _ISOCHRONE_DETAIL_M:
        sketch = [_without_specks(ground, detail_m) for ground in grounds]
        if sum(shapely.get_num_coordinates(ground) for ground in sketch) <= _MOST_ISOCHRONE_POINTS:
            break
    return sketch


def _without_specks(ground: shapely.Geometry, detail_m: float) -> shapely.Geometry:
    """Leave out detail, and parts and holes that are smaller than its square."""
    smallest_m2 = detail_m**2
    parts = []
    for part in shapely.get_parts(ground):
        holes = [ring for ring in part.interiors if shapely.Polygon(ring).area >= smallest_m2]
        if part.area >= smallest_m2:
            parts.append(shapely.Polygon(part.exterior, holes))
    return shapely.simplify(shapely.multipolygons(parts), detail_m / 2)


def _isochrone_layers(bands: Sequence[_Band], words: Words) -> Iterator[folium.GeoJson]:
    """Draw the widest first, the nearest over it; the pane makes all of them see-through."""
    drawn = [band for band in reversed(bands) if not band.ground.is_empty]
    if not drawn:
        return
    fills = {str(band.number): band.colour for band in drawn}
    grounds = gpd.GeoSeries([band.ground for band in drawn], crs="EPSG:31370")
    yield folium.GeoJson(
        _collection(grounds, [{} for _ in drawn], list(fills)),
        name=words.isochrones,
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
    """Draw uncovered children as circles: counts are dots, rates are colours."""
    if gaps.empty:
        return
    ranked = gaps.sort_values(["uncovered", "gap_id"], ascending=[False, True])
    names = [words.municipality, words.uncovered, words.share, words.median_time, words.reason]
    properties = []
    for gap in ranked.itertuples():
        cells = [gap.name, whole(gap.uncovered, words), percent(gap.share, words)]
        cells += [_minutes(gap.median_time_s, words), words.reasons.get(gap.reason, gap.reason)]
        safe = [escape_for_web(cell) for cell in cells]
        properties.append(dict(zip(names, safe, strict=True)))
    codes = [escape_for_web(code) for code in ranked["gap_id"]]
    share_of_largest = ranked["uncovered"] / ranked["uncovered"].max()
    radii = np.maximum(_SMALLEST_GAP_PX, _LARGEST_GAP_PX * np.sqrt(share_of_largest)).round(1)
    yield _circles(
        _collection(ranked.geometry.representative_point(), properties, codes),
        dict(zip(codes, radii.tolist(), strict=True)),
        names,
        name=words.gaps,
        show=False,
        looks={"color": _GAP_COLOUR, "fillColor": _GAP_FILL, "fillOpacity": 0.3, "pane": "gaps"},
    )


def _minutes(seconds: float, words: Words) -> str:
    if np.isinf(seconds):
        return words.beyond
    return f"{whole(round(seconds / 60), words)} {words.minutes}"


def _academy_layers(academies: GeoDataFrame, words: Words) -> Iterator[folium.GeoJson]:
    if academies.empty:
        return
    ranked = academies.sort_values("academy_id")
    properties = [{words.academy: escape_for_web(name)} for name in ranked["name"]]
    codes = [escape_for_web(code) for code in ranked["academy_id"]]
    yield _circles(
        _collection(ranked.geometry, properties, codes),
        dict.fromkeys(codes, 5.0),
        [words.academy],
        name=words.academies,
        show=True,
        looks={"color": "#1a1a1a", "fillColor": "#fff", "fillOpacity": 1, "pane": "academies"},
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
        style_function=lambda feature: {**looks, "weight": 2, "radius": radii[feature["id"]]},
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
        "band_opacity": _BAND_OPACITY,
        "page_css": Markup(_asset("page.css")),  # noqa: S704 -- our own
        "leaflet_css": Markup(_leaflet_style()),  # noqa: S704 -- Leaflet's
    }
    scripts = [Markup(script) for script in page["scripts"]]  # noqa: S704 -- see the module
    return templates.get_template("page.html").render(**page | written | {"scripts": scripts})
