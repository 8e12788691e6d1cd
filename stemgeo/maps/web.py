"""The web map: one page that opens without a network, drawn by Leaflet.

Leaflet and topojson-client stand in the page as they were published (`assets/leaflet`, BSD-2;
`assets/topojson`, ISC). Shapes, figures and texts from data stand in one block of JSON, from which
our own script, the same for every page, draws and sets texts as text. A content security policy
with the hashes of these scripts stands behind that: no other script runs, and nothing is fetched
but the tiles of a background, from its own host, when one is asked for.

The block of JSON, which `assets/start.js` hands to `start(root, data)`:

`topology`, `points`, `lines`
    Shapes by ground: municipalities, zones, gaps, academies and what else there is; and, a
    topology of their own, the main roads by kind and the streets to check.
`tables`
    By ground: `columns` (heads), `rows` (a cell for each head that is no figure), and `figures`
    where it has any: for each head the figure that stands below it, "" for a cell of the row, and
    "start" for a cell that is of the first choice alone. `provinces` has no shapes: its last row
    is the whole.
`figures`
    See `switches.Switches.gather`: counts by ground, ages, roads and speed.
`layers`
    By key, in the order of the list of layers: `name`, `overlay`, `show`, `parts`.
`headline`, `words`
    Texts, with the names of their parts in braces.
`panes`, `corners`
    The heights at which is drawn, and what is shown first.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from itertools import count
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup
from matplotlib.colors import to_hex, to_rgb

from stemgeo.maps.ahead import Ahead, yield_ahead
from stemgeo.maps.finder import gather_postcodes, list_aliases
from stemgeo.maps.kinds import DIVERGING
from stemgeo.maps.page import INK
from stemgeo.maps.series import (
    BEYOND,
    DEFAULT_CLASSES,
    NO_CLASS,
    choose_colours,
    choose_line_colour,
    classify_minutes,
    count_classes,
    find_brussels,
    find_partly_measured,
    lighten_outlines,
    list_minute_bounds,
)
from stemgeo.maps.statement import write_statement
from stemgeo.maps.streets import StreetsToCheck, build_streets
from stemgeo.maps.switches import Switches, list_headline
from stemgeo.maps.text import (
    format_classes,
    format_minute_classes,
    is_coarse,
    is_moved,
    is_planned,
    name_gap_places,
    name_parts_in,
    province_name,
    say_gap_reason,
    say_reason,
)
from stemgeo.maps.themes import NO_FIGURE, Shapes, Swatch, Theme, Told, build_part, fill_look
from stemgeo.maps.topology import (
    EDITS,
    LINKS,
    STREETS,
    build_lines,
    build_topology,
    sketch_bands,
    sketch_gaps,
    sketch_places,
)
from stemgeo.reasons import REASONS
from stemgeo.speech import format_whole
from stemgeo.tables import COUNTS

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Collection,
        Hashable,
        Iterable,
        Iterator,
        Mapping,
        Sequence,
    )

    from geopandas import GeoDataFrame, GeoSeries
    from numpy.typing import ArrayLike, NDArray

    from stemgeo.maps.text import MapText
    from stemgeo.study import Background, Publisher
    from stemgeo.texts import Texts

    Look = dict[str, Any]
    _Drawn = tuple[Sequence[Look], ArrayLike, list[Swatch]]

MOST_BYTES = 10_000_000
"""The page stays below this: zones are left out when they would not fit."""

_DEGREE_DECIMALS = 5  # about a metre
_BAND_COLOURS = ("#8c2d04", "#ec7014", "#fec44f")
_GAP_COLOUR, _GAP_FILL = "#a3005c", "#e0007a"
_WITHOUT, _WITH = choose_colours(5, "count")[:3:2]
_ROUGH = "#fdbf6f"
_AROUND, _AROUND_DETAIL_M = "#ececec", 50.0
_LABEL_DETAIL_M = 100.0
OF_LINES = (STREETS, LINKS, EDITS)
_ROAD = "#9a9a9a"
_ROAD_WEIGHTS = {"motorway": 2.6, "trunk": 2.0, "primary": 1.4, "secondary": 0.8}

_SCRIPTS = ("figures", "layers", "choice", "search", "places", "address", "table", "page", "start")
"""The parts of our script, in one function: it adds no name to those of a page."""

# Each layer has its height, so that switching one off and on does not bury another; whether it
# takes the pointer.
_PANES = (
    ("around", 390, False),
    ("roads", 395, False),
    ("isochrones", 420, False),  # the shares have Leaflet's own pane, at 400
    ("municipalities", 425, True),
    ("provinces", 430, False),
    ("gaps", 440, True),
    ("streets", 445, True),
    ("academies", 450, True),
    ("focus", 460, False),
    ("names", 470, False),
)

_LIBRARIES = ("leaflet/leaflet.js", "topojson/topojson-client.min.js")
_OF_GROUND = ("topology", "points", "lines")
_UNSAFE = {"`": "&#96;", "$": "&#36;", "{": "&#123;", "}": "&#125;", "\\": "&#92;"}


@dataclass(frozen=True)
class WebMap:
    """The web map before it is a page.

    Attributes
    ----------
    text
        What is said around it.
    data
        What its script draws from, see the module.
    told
        What its template says.
    background
        Tiles under it.
    """

    text: MapText
    data: dict[str, Any]
    told: dict[str, Any]
    background: Background | None

    @cached_property
    def alone(self) -> str:
        """The page with everything inside."""
        scripts = [*map(_read_library, _LIBRARIES), read_script(*_SCRIPTS)]
        styles = {"page_css": _read_asset("page.css"), "leaflet_css": _read_leaflet_style()}
        inside = {
            "scripts": [Markup(script) for script in scripts],  # noqa: S704 -- see the module
            **{name: Markup(style) for name, style in styles.items()},  # noqa: S704 -- ours
        }
        policy = _write_policy(scripts, self.background)
        return self._render(self.data, {"policy": policy, "linked": None, **inside})

    def write_linked(self, linked: LinkedMap) -> str:
        """Write a page of a site: look, script and ground lie beside it in `list_files`.

        Parameters
        ----------
        linked
            Where they lie, and what leads back from the map.
        """
        ground = self.ground
        own = {key: one for key, one in self.data.items() if key not in ground}
        figures = {key: one for key, one in self.data["figures"].items() if key != "counts"}
        told = {"policy": linked.policy, "linked": linked}
        return self._render(own | {"figures": figures}, told)

    @property
    def ground(self) -> dict[str, Any]:
        """What is the same in every language: shapes, and counts under the key `figures`."""
        shapes = {key: self.data[key] for key in _OF_GROUND if key in self.data}
        return shapes | {"figures": {"counts": self.data["figures"]["counts"]}}

    def list_files(self) -> dict[str, str]:
        """Give what linked pages of all languages share, by the names of the files."""
        scripts = [*map(_read_library, _LIBRARIES), read_script(*_SCRIPTS)]
        return {
            "map.css": _read_leaflet_style() + _read_asset("page.css"),
            "map.js": "\n".join(scripts),
            "ground.js": f"window.stemgeoGround = {_write_dense(self.ground)};\n",
        }

    def _render(self, data: dict[str, Any], more: dict[str, Any]) -> str:
        written = {"data": htmlsafe_json_dumps(data, dumps=_write_dense)}
        return _render_page(self.told | written | more, self.text)


@dataclass(frozen=True)
class LinkedMap:
    """Where the map of a site finds its files, and what leads back.

    Attributes
    ----------
    assets
        The folder of `WebMap.list_files`, as the page names it.
    policy
        What the page may load.
    links
        To other pages: address and name.
    languages
        The same page in others: address, language and name.
    """

    assets: str
    policy: str
    links: Sequence[tuple[str, str]] = ()
    languages: Sequence[tuple[str, str, str]] = ()


def compose_web_map(
    municipalities: GeoDataFrame,
    academies: GeoDataFrame,
    isochrones: GeoDataFrame | None,
    gaps: GeoDataFrame,
    text: MapText,
    *,
    classes: Sequence[float] = DEFAULT_CLASSES,
    zones: GeoDataFrame | None = None,
    background: Background | None = None,
    horizon_min: float | None = None,
    opens_on_zones: bool = False,
    around: GeoDataFrame | None = None,
    publisher: Publisher | None = None,
    vintage: int | None = None,
    postcodes: pd.DataFrame | None = None,
    measured: Switches | None = None,
    ahead: Ahead | None = None,
    meanings: Mapping[str, str] | None = None,
    roads: GeoDataFrame | None = None,
    streets: StreetsToCheck | None = None,
    take_bands: Callable[[], GeoSeries] | None = None,
) -> WebMap:
    """Make the web map, to be written as one page or as one of a site.

    Parameters
    ----------
    municipalities
        As from `coverage.municipality_table`, in EPSG:31370. With a column `median_time_s`
        (seconds, infinite beyond the horizon) it is told, and with `horizon_min` a layer.
    academies
        `academy_id`, `name`, points in EPSG:31370; those with `planned` get a mark of their own,
        and a name of their own where a plan has `moved` them. `organisation`, when there, is
        shown too.
    isochrones
        Bands of the nearest of all (`academy_id` empty): `minutes_from`, `minutes_to`, polygons
        in EPSG:31370. None or empty: not drawn.
    gaps
        The gaps table. May be empty.
    text
        Title, notice, source, date and language.
    classes
        Class bounds in percent, the same as on the static maps.
    zones
        `zone_id`, `nis_code`, `name` and the counts and share that municipalities have, polygons
        in EPSG:31370. None: no layer of zones; nor is there one when the page would outgrow
        `MOST_BYTES`.
    background
        Tiles under the map, with their attribution: the page fetches these, and nothing else.
    horizon_min
        How far was looked for the nearest, minutes.
    opens_on_zones
        Whether the page shows the shares by zone first, where it has them.
    around
        Polygons of what lies beside, drawn pale under the rest.
    publisher
        Named in the accessibility statement.
    vintage
        Of the codes of municipalities: then former ones are found too, and other names.
    postcodes
        `postcode`, `nis_code`: found beside the `postcode` that academies have.
    measured
        By ages, roads and speed; else what the tables have.
    ahead
        What was before and what may come.
    meanings
        When each reason of a gap holds, by its key.
    roads
        The table `main-roads`, drawn pale under the grounds.
    streets
        Those to check: a layer that is not shown at first. None: no such layer.
    take_bands
        Gives what `topology.sketch_bands` does of the isochrones. None: they are sketched here.

    Returns
    -------
    WebMap
        The same tables give the same.
    """
    words = text.words
    places = municipalities.sort_values("nis_code", ignore_index=True)
    places = places.assign(name=[name_parts_in(one, words) for one in places["name"]])
    parts = None if zones is None else zones.sort_values("zone_id", ignore_index=True)
    measured = measured or Switches.from_places(places, parts, words)
    outlines, zone_outlines = sketch_places(places, parts)
    towns = _build_towns(places, outlines, measured.partly, words)
    zoned = opens_on_zones and zone_outlines is not None
    themes = [
        *_yield_around(around, words),
        *_yield_brussels(outlines),
        _build_shares(places, towns, classes, text, show=not zoned),
        _build_with_and_without(places, towns, words),
    ]
    themes += _yield_minutes(places, towns, horizon_min, words)
    if parts is not None and zone_outlines is not None:
        themes += [
            _build_shares(
                parts,
                _build_zones(parts, places, zone_outlines, words),
                classes,
                text,
                show=zoned,
            )
        ]
    if ahead is not None:
        themes += yield_ahead(ahead, towns, academies, text, measured)
    themes += [
        *_yield_bands(isochrones, take_bands, towns, words),
        *_yield_gaps(gaps, academies, meanings or {}, text),
    ]
    to_check = None if streets is None else build_streets(streets, places, text)
    themes += [] if to_check is None else [to_check]
    themes += [*_yield_academies(academies, words), _build_names(places, outlines, words)]
    singles = {one.name: one.shapes for theme in themes for one in theme.grounds}
    lines = build_lines(roads, {name: singles[name] for name in OF_LINES if name in singles})
    if kinds := [one for one in lines.get("objects", ()) if one in _ROAD_WEIGHTS]:
        themes.append(_build_roads(kinds, words))
    themes += [_build_borders(places, towns), *_yield_background(background)]
    provinces = _build_provinces(measured, text)
    codes = {towns.name: places["nis_code"], provinces.name: measured.province_codes}
    if parts is not None and zone_outlines is not None:
        codes["zones"] = parts["zone_id"]
    fills = choose_colours(len(classes) - 1)
    aliases = list_aliases(places, vintage, gather_postcodes(academies, postcodes), words)
    data = _gather_data(themes, provinces) | {
        "aliases": aliases,
        "title": text.title,
        "notice": text.notice,
        "figures": measured.gather(codes, classes, words),
        **({"lines": lines} if lines else {}),
        "panes": _PANES,
        "corners": _find_corners(outlines),
        **_list_script_words(text),
    }
    told = {
        "switches": measured.list_switches(words),
        "headline": measured.tell_headline(text),
        "legends": [theme for theme in themes if theme.swatches],
        "falls": DIVERGING[:2],
        "hatches": [(fill, choose_line_colour(fill)) for fill in fills],
        "provinces": provinces,
        "province_rows": provinces.write_rows(
            measured.tell_rows("provinces", measured.province_codes, words)
        ),
        "columns": towns.columns,
        "rows": _list_town_rows(
            towns, towns.write_rows(measured.tell_rows("municipalities", places["nis_code"], words))
        ),
        "background": background,
        "postcodes": any(one.name.isdecimal() for one in aliases),
        "statement": write_statement(text.title, publisher, words),
    }
    made = WebMap(text, data, told, background)
    if zones is not None and len(made.alone.encode()) >= MOST_BYTES:
        return compose_web_map(
            *(municipalities, academies, isochrones, gaps, text),
            classes=classes,
            background=background,
            horizon_min=horizon_min,
            around=around,
            publisher=publisher,
            vintage=vintage,
            postcodes=postcodes,
            measured=measured,
            ahead=ahead,
            meanings=meanings,
            roads=roads,
            streets=streets,
            take_bands=take_bands,
        )
    return made


def build_web_map(*given: Any, **more: Any) -> str:
    """Make the web map as one HTML page with everything inside.

    Parameters
    ----------
    *given, **more
        As for `compose_web_map`.
    """
    return compose_web_map(*given, **more).alone


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


# Municipalities and zones


def _build_towns(
    places: GeoDataFrame, outlines: GeoSeries, partly: Collection[str], words: Texts
) -> Shapes:
    above = [province_name(str(one), words, partly) for one in places["province"]]
    columns, figures = _list_columns("municipality", "province", words)
    rows = [[name, of] for name, of in zip(places["name"], above, strict=True)]
    told = {
        ("", words("web.academies")): [format_whole(n, words.language) for n in places["academies"]]
    }
    if "median_time_s" in places:
        minutes = [_format_minutes(seconds, words) for seconds in places["median_time_s"]]
        told["start", words("web.column.median_time")] = minutes
    rows = [[*row, *more] for row, *more in zip(rows, *told.values(), strict=True)]
    columns += [head for _, head in told]
    return Shapes(
        "municipalities",
        columns,
        rows,
        [*figures, *(one for one, _ in told)],
        shapes=outlines,
        keys=places["nis_code"].tolist(),
    )


def _build_zones(
    zones: GeoDataFrame, places: GeoDataFrame, outlines: GeoSeries, words: Texts
) -> Shapes:
    above = zones["nis_code"].map(places.set_index("nis_code")["name"])
    columns, figures = _list_columns("zone", "municipality", words)
    rows = [[name, of] for name, of in zip(zones["name"], above, strict=True)]
    return Shapes("zones", columns, rows, figures, shapes=outlines, keys=zones["zone_id"].tolist())


def _build_provinces(measured: Switches, text: MapText) -> Told:
    """Lay the provinces and the whole below them, which have no shapes of their own."""
    words, figures = text.words, ["", "share", *(["range"] if measured.has_range else []), *COUNTS]
    heads = words.list_below("web.column")
    rows = [[province_name(one, words, measured.partly)] for one in measured.provinces]
    columns = [heads[one] for one in ("province", *figures[1:])]
    rows.append([text.name_place(None)])
    return Told("provinces", columns, rows, figures, keys=measured.provinces)


def _list_columns(kind: str, of: str, words: Texts) -> tuple[list[str], list[str]]:
    """Give the heads of places, each with what it lies in and its figures, and these by name."""
    heads, figures = words.list_below("web.column"), ["share", *COUNTS]
    return [heads[one] for one in (kind, of, *figures)], ["", "", *figures]


def _build_shares(
    places: GeoDataFrame, ground: Shapes, classes: Sequence[float], text: MapText, *, show: bool
) -> Theme:
    """Colour municipalities, or zones, by the share of their children within reach."""
    words, are_zones = text.words, ground.name == "zones"
    noun = "map.count.zone" if are_zones else "map.count.municipality"
    counted = [words.say_count(noun, n) for n in _count_classes(places, classes)]
    return Theme(
        key="zones" if are_zones else "shares",
        name=words("web.zone_shares" if are_zones else "web.shares"),
        parts=[_build_share_part(ground, len(classes) - 1, 0.4 if are_zones else 0.8)],
        grounds=[ground],
        show=show,
        heading=text.heading,
        swatches=_build_share_swatches(counted, classes, words),
        notes=[words("map.share.rule")],
        shares=ground.name,
    )


def _count_classes(places: GeoDataFrame, classes: Sequence[float]) -> list[int]:
    """Count the places of each class, then those without a figure and those partly measured."""
    special = int(places["share"].isna().sum()), int(find_partly_measured(places).sum())
    return [*count_classes(places["share"], classes), *special]


def _build_share_part(ground: Shapes, count: int, weight: float) -> dict[str, Any]:
    """Give the looks of so many classes, of those hatched over, and of none."""
    fills = choose_colours(count)
    hatched = [f"url(#partly-{number})" for number in range(count)]
    lines = [
        *(choose_line_colour(fill) for fill in (*fills, *fills)),
        choose_line_colour("#ffffff"),
    ]
    looks = [
        fill_look(fill, line, weight)
        for fill, line in zip((*fills, *hatched, NO_FIGURE), lines, strict=True)
    ]
    return build_part(ground, "overlayPane", looks, "share")


def _build_share_swatches(
    counted: Sequence[str], classes: Sequence[float], words: Texts
) -> list[Swatch]:
    """Write the legend; what is hatched is in a class too, so it stands apart."""
    fills = [*choose_colours(len(classes) - 1), NO_FIGURE, "url(#partly-0)"]
    labels = [*format_classes(classes, words), words("map.no_figure"), words("map.partly_measured")]
    of = [*map(str, range(len(classes) - 1)), "none", "partly"]
    return [
        Swatch(fill, label, count, of=one)
        for fill, label, count, one in zip(fills, labels, counted, of, strict=True)
    ]


def _build_with_and_without(places: GeoDataFrame, towns: Shapes, words: Texts) -> Theme:
    has_one = places["has_academy"].to_numpy(bool)
    fills = (_WITHOUT, _WITH)
    labels = (words("map.academies.without"), words("web.with_one"))
    swatches = [
        Swatch(fill, label, words.say_count("map.count.municipality", int((has_one == own).sum())))
        for fill, label, own in zip(fills, labels, (False, True), strict=True)
    ]
    looks = [fill_look(fill, choose_line_colour(fill)) for fill in fills]
    return Theme(
        key="academy",
        name=words("web.has_academy"),
        parts=[build_part(towns, "overlayPane", looks, has_one.astype(int))],
        grounds=[towns],
        heading=words("web.has_academy"),
        swatches=swatches[::-1],
    )


def _yield_minutes(
    places: GeoDataFrame, towns: Shapes, horizon_min: float | None, words: Texts
) -> Iterator[Theme]:
    """Colour by the median travel time as on paper, dark where it is short, when it is known."""
    if horizon_min is None:
        return
    bounds = list_minute_bounds(horizon_min)
    fills = [*reversed(choose_colours(len(bounds) - 1)), BEYOND, NO_FIGURE]
    number = classify_minutes(places["median_time_s"].to_numpy(float) / 60, bounds)
    look = np.where(number == NO_CLASS, len(fills) - 1, number)
    counts = np.bincount(look, minlength=len(fills)).tolist()
    counted = [words.say_count("map.count.municipality", n) for n in counts]
    labels = [*format_minute_classes(bounds, words), words("map.no_figure")]
    lines = [*fills[:-1], "#ffffff"]
    looks = [
        fill_look(fill, choose_line_colour(line)) for fill, line in zip(fills, lines, strict=True)
    ]
    yield Theme(
        key="minutes",
        name=words("web.minutes_by_place"),
        parts=[build_part(towns, "overlayPane", looks, look)],
        grounds=[towns],
        heading=words("web.minutes_by_place"),
        swatches=[Swatch(*one) for one in zip(fills, labels, counted, strict=True)],
    )


def _yield_around(around: GeoDataFrame | None, words: Texts) -> Iterator[Theme]:
    """Draw what lies beside the study pale and without figures, under all else."""
    if around is None or around.empty:
        return
    light = lighten_outlines(around.geometry.reset_index(drop=True), _AROUND_DETAIL_M)
    ground = Shapes("around", shapes=light)
    looks = [fill_look(_AROUND, "#b8b8b8", 0.6)]
    yield Theme(
        key="around",
        name="",
        parts=[build_part(ground, "around", looks, 0)],
        grounds=[ground],
        overlay=True,
        show=True,
        swatches=[Swatch(_AROUND, words("map.around"))],
    )


def _build_roads(kinds: Iterable[str], words: Texts) -> Theme:
    """Draw the main roads pale, each kind as thick as it matters."""
    return Theme(
        key="roads",
        name=words("web.roads"),
        parts=[
            {"lines": one, "pane": "roads", "look": {"color": _ROAD, "weight": _ROAD_WEIGHTS[one]}}
            for one in kinds
        ],
        overlay=True,
        show=True,
        swatches=[Swatch(_ROAD, words("map.main_road"), kind="line")],
    )


def _build_borders(places: GeoDataFrame, towns: Shapes) -> Theme:
    """Draw the borders of provinces: the arcs between municipalities of different ones."""
    numbers = np.unique(places["province"], return_inverse=True)[1].tolist()
    part = {"ground": towns.name, "between": numbers, "pane": "provinces"}
    return Theme("borders", "", [part | {"look": {"color": INK, "weight": 1.8}}], show=True)


# Isochrones, gaps and academies


def _yield_bands(
    isochrones: GeoDataFrame | None,
    take_bands: Callable[[], GeoSeries] | None,
    towns: Shapes,
    words: Texts,
) -> Iterator[Theme]:
    """Draw the bands as another ground: over the shares their colours would mix.

    The municipalities lie over them, as lines alone, so that their figures stay at hand.
    """
    if isochrones is None:
        return
    rows = isochrones[isochrones["academy_id"] == ""].sort_values("minutes_to")
    if rows.empty:
        return
    fills = mix_band_colours(len(rows))
    labels = [
        format_span(start, stop, words)
        for start, stop in zip(rows["minutes_from"], rows["minutes_to"], strict=True)
    ]
    sketch = take_bands() if take_bands else sketch_bands(rows.geometry)
    ground = Shapes("bands", shapes=sketch)
    looks = [{"stroke": False, "fillColor": fill, "fillOpacity": 1} for fill in fills]
    lines = {"color": "#595959", "weight": 0.6, "fillOpacity": 0}
    yield Theme(
        key="isochrones",
        name=words("web.isochrones"),
        parts=[
            build_part(ground, "isochrones", looks, range(len(fills))),
            build_part(towns, "municipalities", [lines], 0),
        ],
        grounds=[ground, towns],
        heading=words("web.isochrones"),
        swatches=[Swatch(fill, label) for fill, label in zip(fills, labels, strict=True)],
        notes=[words("web.isochrone_caution")],
    )


def mix_band_colours(number: int) -> list[str]:
    """Give a colour for each isochrone band, the nearest first."""
    anchors = np.array([to_rgb(colour) for colour in _BAND_COLOURS])
    places = np.linspace(0, len(anchors) - 1, number)
    channels = [np.interp(places, range(len(anchors)), channel) for channel in anchors.T]
    return [to_hex(colour) for colour in zip(*channels, strict=True)]


def _yield_gaps(
    gaps: GeoDataFrame, academies: GeoDataFrame, meanings: Mapping[str, str], text: MapText
) -> Iterator[Theme]:
    """Draw the areas where uncovered children live, a layer for each profile."""
    if gaps.empty:
        return
    words = text.words
    names = dict(zip(academies["academy_id"].astype(str), academies["name"], strict=True))
    ranked = gaps.sort_values(["uncovered", "gap_id"], ascending=[False, True], ignore_index=True)
    outlines = sketch_gaps(ranked.geometry)
    looks: Look = {"color": _GAP_COLOUR, "fillColor": _GAP_FILL, "fillOpacity": 0.35, "weight": 1.5}
    dashed = looks | {"dashArray": "4", "fillOpacity": 0.15}
    for profile, key, name, counted, own in (
        ("all", "gaps", words("web.gaps"), words("web.column.uncovered"), looks),
        (
            "low_stress",
            "quiet-gaps",
            words("web.quiet_gaps"),
            words("web.column.quiet_uncovered"),
            dashed,
        ),
    ):
        shown = ranked["profile"] == profile
        if shown.any():
            columns = [
                words("web.column.places"),
                counted,
                words("web.column.median_time"),
                words("web.column.reason"),
            ]
            rows = [_describe_gap(gap, words, names) for gap in ranked[shown].to_dict("records")]
            ids = ranked.loc[shown, "gap_id"].astype(str).tolist()
            ground = Shapes(key, columns, rows, keys=ids, shapes=outlines[shown])
            drawn: _Drawn = ([own], 0, [Swatch("", name, kind=key)])
            if key == "gaps":
                drawn = _colour_by_reason(ranked[shown], meanings, words)
            chosen, look, swatches = drawn
            yield Theme(
                key=key,
                name=name,
                parts=[build_part(ground, "gaps", chosen, look)],
                grounds=[ground],
                overlay=True,
                heading=name if key == "gaps" else "",
                swatches=swatches,
                notes=[text.outline_note],
            )


def _colour_by_reason(gaps: GeoDataFrame, meanings: Mapping[str, str], words: Texts) -> _Drawn:
    """Colour gaps by the reason of most of their children, each reason with what it means."""
    counts = gaps["reason"].value_counts()
    there = [one for key, one in REASONS.items() if counts.get(key, 0)]
    looks = [fill_look(one.colour, one.colour, 1.2) for one in there]
    looks.append(fill_look(_GAP_FILL, _GAP_COLOUR, 1))  # of what is none of ours
    numbers = pd.Index([one.key for one in there]).get_indexer(gaps["reason"])
    swatches = [
        Swatch(
            one.colour,
            _define_reason(one.key, meanings, words),
            words.say_count("map.count.gap", int(counts[one.key])),
        )
        for one in there
    ]
    if (others := int((numbers < 0).sum())) > 0:
        counted = words.say_count("map.count.gap", others)
        swatches.append(Swatch(_GAP_FILL, words("web.other_reason"), counted))
    return looks, np.where(numbers < 0, len(there), numbers), swatches


def _define_reason(reason: str, meanings: Mapping[str, str], words: Texts) -> str:
    """Name a reason, with what it means where that is told."""
    name = say_reason(reason, words)
    if reason not in meanings:
        return name
    return words("reason.defined", name=name, meaning=meanings[reason])


def _describe_gap(gap: dict[Hashable, Any], words: Texts, names: dict[str, str]) -> list[str]:
    row = {str(name): value for name, value in gap.items()}
    median = _format_minutes(row["median_time_s"], words)
    why = say_gap_reason(row, words, names)
    return [
        name_gap_places(row, words),
        format_whole(row["uncovered"], words.language),
        median,
        why,
    ]


def format_span(low: float, high: float, words: Texts) -> str:
    """Write the minutes of an isochrone band.

    Parameters
    ----------
    low, high
        Minutes.
    words
        Of a language.
    """
    return words("map.minutes.class", low=f"{low:g}", high=f"{high:g}")


def _format_minutes(seconds: float, words: Texts) -> str:
    """Write a time; what was infinite may come back from a file as missing."""
    if not np.isfinite(seconds):
        return words("web.beyond")
    return words.say_count("map.count.minutes", round(seconds / 60))


def _yield_academies(academies: GeoDataFrame, words: Texts) -> Iterator[Theme]:
    """Draw the register hollow, a plan solid, and what is placed roughly pale and dashed."""
    planned, rough = is_planned(academies), is_coarse(academies)
    moved = is_moved(academies)
    named = {
        "academies": (words("map.academy"), words("web.academies"), "#ffffff"),
        "planned": (words("map.academy_planned"), words("web.academies_planned"), INK),
        "moved": (words("map.academy_moved"), words("web.academies_moved"), INK),
        "rough": (words("map.academy_rough"), words("web.academies_rough"), _ROUGH),
    }
    which = {
        "academies": ~planned & ~rough,
        "planned": planned & ~moved & ~rough,
        "moved": planned & moved & ~rough,
        "rough": rough,
    }
    for key, (noun, name, fill) in named.items():
        shown = academies[which[key]]
        if not shown.empty:
            ranked = shown.sort_values("academy_id", ignore_index=True)
            told = ["name", *(name for name in ("organisation",) if name in ranked)]
            rows = ranked[told].fillna("").astype(str).to_numpy().tolist()
            ids = ranked["academy_id"].astype(str).tolist()
            columns = [noun, words("web.column.organisation")][: len(told)]
            ground = Shapes(key, columns, rows, keys=ids, shapes=ranked.geometry)
            look = fill_look(fill, INK, 1.2) | ({"dashArray": "2 2"} if key == "rough" else {})
            yield Theme(
                key=key,
                name=name,
                parts=[build_part(ground, "academies", [look], 0)],
                grounds=[ground],
                overlay=True,
                show=True,
                swatches=[Swatch(fill, noun, kind="dot")],
            )


# Names and background


def _build_names(places: GeoDataFrame, outlines: GeoSeries, words: Texts) -> Theme:
    """Name municipalities where they are widest, those with most children first."""
    middles = shapely.get_point(
        shapely.maximum_inscribed_circle(outlines.to_numpy(), _LABEL_DETAIL_M), 0
    )
    order = places.sort_values(["children", "nis_code"], ascending=[False, True]).index
    found = [(places["name"][number], middles[number], False) for number in order]
    hole = find_brussels(outlines)
    if hole is not None:
        middle = shapely.get_point(shapely.maximum_inscribed_circle(hole, _LABEL_DETAIL_M), 0)
        found.insert(0, (words("map.brussels"), middle, True))
    at = _to_degrees(gpd.GeoSeries([spot for _, spot, _ in found], crs=outlines.crs)).tolist()
    labels = [
        {"name": name, "at": [lat, lon], "outside": is_outside}
        for (name, _, is_outside), (lon, lat) in zip(found, at, strict=True)
    ]
    return Theme("names", words("web.names"), [{"labels": labels}], overlay=True, show=True)


def _yield_brussels(outlines: GeoSeries) -> Iterator[Theme]:
    """Draw Brussels pale and without figures: it has a name, and is no white spot on paper."""
    hole = find_brussels(outlines)
    if hole is not None:
        ground = Shapes("brussels", shapes=gpd.GeoSeries([hole], crs=outlines.crs))
        part = build_part(ground, "around", [fill_look(_AROUND, "#b8b8b8", 0.6)], 0)
        yield Theme("brussels", "", [part], [ground], overlay=True, show=True)


def _yield_background(background: Background | None) -> Iterator[Theme]:
    if background is not None:
        part = {"tiles": background.url, "attribution": background.attribution}
        yield Theme("background", "", [part], show=True)


# The page


def _gather_data(themes: Sequence[Theme], *others: Told) -> dict[str, Any]:
    """Gather what the page's script draws from, and tells of."""
    grounds = {ground.name: ground for theme in themes for ground in theme.grounds}
    tables = [*grounds.values(), *(one for theme in themes for one in theme.tables), *others]
    points: dict[str, GeoSeries] = {}
    areas: dict[str, GeoSeries] = {}
    for name, ground in grounds.items():
        if name in OF_LINES:  # lines share no border: they stand with the roads
            continue
        is_point = bool((ground.shapes.geom_type == "Point").all())
        (points if is_point else areas)[name] = ground.shapes
    return {
        "topology": build_topology(areas),
        "points": {name: _to_degrees(shapes).tolist() for name, shapes in points.items()},
        "tables": {one.name: one.to_data() for one in tables if one.rows},
        "layers": {
            theme.key: {
                "name": theme.name,
                "overlay": theme.overlay,
                "show": theme.show,
                "parts": list(theme.parts),
            }
            for theme in themes
        },
    }


def _list_script_words(text: MapText) -> dict[str, dict[str, Any]]:
    """Give the page's scripts what they say; of so many: of none, of one, of several."""
    words = text.words
    said = words.list_below("web.page")
    names = ("map", "zoom_in", "zoom_out", "not_found", "hits", "hits_first", "unknown_place")
    of_lists = words.list_below("list")
    nouns = {"municipalities": "municipality", "zones": "zone"}
    told = {
        **{name: said[name] for name in names},
        **{name: of_lists[name] for name in ("pair", "series")},
        **{f"count_{name}": _list_forms(f"map.count.{one}", words) for name, one in nouns.items()},
        "count_change": _list_forms("map.count.municipality", words),
        "points": words("map.change.points", points="{points}"),
        "no_figure": words("map.no_figure"),
        "choice": words("web.column.choice"),
        "code": words("web.column.code"),
        "notice": words("web.column.notice"),
        "range": words("web.range", low="{low}", high="{high}"),
    }
    forms = {"unmeasured": _list_forms("web.headline.unmeasured", words)}
    return {"words": told, "headline": list_headline(text) | forms}


def _list_forms(key: str, words: Texts) -> list[str]:
    """Give the forms of a text of none, of one and of several."""
    return [words.say_count(key, n).replace(str(n), "{count}", 1) for n in range(3)]


def _to_degrees(points: GeoSeries) -> NDArray[np.float64]:
    degrees = points.to_crs("EPSG:4326")
    return np.stack([degrees.x, degrees.y], axis=1).round(_DEGREE_DECIMALS)


def _find_corners(outlines: GeoSeries) -> list[list[float]]:
    west, south, east, north = outlines.to_crs("EPSG:4326").total_bounds.round(3).tolist()
    return [[south, west], [north, east]]


def _write_dense(data: dict[str, Any], **_: Any) -> str:
    """Write JSON without a space, nor a mark that begins something in a script's template."""
    written = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return written.replace("`", r"\u0060").replace("$", r"\u0024")


@dataclass(frozen=True)
class _TownRow:
    """The figures of a municipality, and the key by which it is linked to."""

    number: int
    key: str
    cells: Sequence[str]


def _list_town_rows(towns: Shapes, cells: Sequence[Sequence[str]]) -> list[_TownRow]:
    """Put the figures of the municipalities in order of name."""
    rows = [_TownRow(*one) for one in zip(count(), towns.keys, cells, strict=False)]
    return sorted(rows, key=lambda row: (row.cells[0], row.number))


def _read_asset(name: str) -> str:
    return (resources.files(__package__) / "assets" / name).read_text(encoding="utf-8")


def read_script(*names: str, more: str = "") -> str:
    """Give parts of our own script, in one function.

    Parameters
    ----------
    *names
        Of its parts.
    more
        What stands below them.
    """
    parts = "".join(_read_asset(f"{name}.js") for name in names) + more
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


def _read_library(name: str) -> str:
    """Give a published script with its licence, without the pointer to a file that is not there."""
    script = _read_asset(name).split("//# sourceMappingURL=")[0]
    return f"/*\n{_read_asset(name.partition('/')[0] + '/LICENSE')}*/\n{script}"


def _read_leaflet_style() -> str:
    """Give Leaflet's style without its pictures, which our controls do not show."""
    return re.sub(r"url\((?!#)[^)]*\)", "none", _read_asset("leaflet/leaflet.css"))


def _write_policy(scripts: Sequence[str], background: Background | None) -> str:
    """Allow these scripts by their hash, styles in the page, and tiles only where asked for."""
    digests = [hashlib.sha256(script.encode()).digest() for script in scripts]
    hashes = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    pictures = f"data: {background.host}" if background else "data:"
    return f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src {pictures}"


def _render_page(page: dict[str, Any], text: MapText) -> str:
    templates = Environment(
        loader=PackageLoader(__package__, "assets"), autoescape=True, undefined=StrictUndefined
    )
    written = {"text": text, "words": text.words.list_below("web.page")}
    templates.filters["safe_text"] = _mark_safe
    return templates.get_template("page.html").render(**page | written)


def _mark_safe(text: str) -> Markup:
    return Markup(escape_for_web(text))  # noqa: S704 -- this is the one place that vouches for it
