"""The kinds of printed maps, each one object: all that is to be known of it stands here.

What a kind is by, needs and takes, its columns, and how it is prepared from a result: its classes,
legend, picture, alt text and table. The command line, its help and docs/method.md come from
`KINDS`. One look for all (`sheet`); the same classes on every map of a series. The table of a map
holds the very rows and figures that are drawn.
"""

from __future__ import annotations

import inspect
import math
import re
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

import numpy as np
import pandas as pd
import shapely

from stemgeo.access.travel_time import minutes_to_ms
from stemgeo.coverage import ALL_BANDS, keep_counted
from stemgeo.errors import Problem, ResultError
from stemgeo.gaps.late import lower_median
from stemgeo.maps.certainty import LINES, draw_by_minute, draw_tornado
from stemgeo.maps.classed import Classed, line_looks, name_extremes
from stemgeo.maps.page import INK, PROVINCE, Key, Looks, describe_figure, save_described
from stemgeo.maps.series import (
    BEYOND,
    MINUTES,
    NO_CLASS,
    Classes,
    choose_classes,
    choose_colours,
    classify_minutes,
    classify_shares,
    list_minute_bounds,
)
from stemgeo.maps.sheet import (
    ACADEMY,
    EDGE_KEY,
    EDITED_KEY,
    NEIGHBOUR,
    PLANNED,
    RANK_KEY,
    ROAD_KEY,
    ROUGH,
    SITE_DOT,
    Circles,
    Fill,
    Ground,
    Legend,
    Marks,
    Tag,
    View,
    draw_sheet,
    find_middle,
    mark_academies,
)
from stemgeo.maps.small_multiples import STATUSES
from stemgeo.maps.text import (
    define_reasons,
    format_classes,
    format_minute_classes,
    is_coarse,
    is_planned,
    join_sentences,
    keep_province,
    name_gap_places,
    name_link_kind,
    name_planned,
    say_reason,
    say_share,
)
from stemgeo.profiles import QUIET, ROADS
from stemgeo.reasons import REASONS
from stemgeo.speech import format_decimals, format_number, format_signed, format_whole, to_one_line
from stemgeo.study import FLAT
from stemgeo.tables import COUNTS, STUDY, WITHIN
from stemgeo.uncertainty import HIGH, LOW, TOGETHER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from geopandas import GeoDataFrame
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from stemgeo.maps.text import MapText
    from stemgeo.study import Study
    from stemgeo.texts import Texts

    Chosen = Sequence[float] | Literal["quantiles"] | None
    Prepare = Callable[["MapRequest"], "MapContent | ChartContent"]

_T = TypeVar("_T")

MUNICIPALITY, ZONE = "municipality", "zone"
PLACES = (MUNICIPALITY, ZONE)
PROFILES = ("all", *QUIET)
CHANGE_POINTS = (2.0, 10.0)
"""Percentage points from which a change counts as one, and as a large one."""
GAP_CHILDREN = (100, 250, 500, 1000)
"""Bounds of the classes of gaps above the fewest children that make one."""
ADDED_CHILDREN = (250, 500, 1000, 2000)
"""Bounds of the classes of the children whom one place more would bring within reach."""
LARGEST_GAPS = 10
"""So many gaps bear their number on a map."""
WIDEST_PT, LEAST_PT = 48.0, 5.0
"""The widest circle, and the widest for the fewest children that make a gap."""
MOST_INK_PT2 = 36_000.0
"""Of all circles together: two fifths of Flanders on a sheet of A4, so that each is seen apart."""
CANDIDATES = 10
"""Candidate municipalities that a map names."""
MOST_DOTS = 6000
"""On the map of all municipalities: more would run into each other."""

DIVERGING = ("#e66101", "#fbb45c", "#e1e1e1", "#b2abd2", "#5e3c99")
"""ColorBrewer's PuOr: also apart under every colour deficiency; what falls is dotted too."""
WITHOUT, _, *WITH_SCHEME = choose_colours(5, "count")
"""None, and one, a few and many academies: far from none, so that with and without is seen."""
PLANNED_ONLY = "#94c2dd"
CHANGES = ("fell_far", "fell", "same", "rose", "rose_far")
_ZONE_LINE, _GAP_LINE = 0.1, 0.25
_GROUND: Looks = {"facecolor": "#ededed", "edgecolor": "#7a7a7a", "linewidth": 0.4}
_TOWN: Looks = {"facecolor": "none", "edgecolor": "#404040", "linewidth": 0.5}
_DOT: Looks = {
    "marker": "o",
    "markersize": 1.8,
    "markerfacecolor": "#8c2d04",
    "markeredgewidth": 0,
    "linestyle": "none",
    "zorder": 4.6,
}
_CIRCLE_KEY: Looks = {
    "marker": "o",
    "markersize": 9.0,
    "markeredgecolor": "#404040",
    "markeredgewidth": 0.3,
    "linestyle": "none",
}
_NEW: Looks = {**ACADEMY, "marker": "^", "markersize": 6.0, "markerfacecolor": INK}
_LOST: Looks = {**ACADEMY, "marker": "X", "markersize": 6.0, "markeredgewidth": 0.6}


@dataclass(frozen=True)
class DrawnMap:
    """A map, what it shows in words, and the rows and figures that are drawn.

    Attributes
    ----------
    figure
        An A4 sheet.
    alt
        For those who cannot see it: kind of map, measure, classes with counts, extremes.
    table
        Keyed by `nis_code`, `zone_id` or `gap_id`; `class` is that of the legend.
    heading
        What is measured, as over the legend.
    """

    figure: Figure
    alt: str
    table: pd.DataFrame
    heading: str


def save_map(
    drawn: DrawnMap, path_without_suffix: Path, formats: Sequence[str] = ("png", "svg", "pdf")
) -> list[Path]:
    """Write a map in several formats with its alt text inside; the same map, the same bytes.

    Parameters
    ----------
    drawn
        The map.
    path_without_suffix
        Folder and name; the suffix is added.
    formats
        "png" (300 dpi; alt text in an iTXt chunk "Description"), "svg" (text as text; `desc`),
        "pdf" (fonts embedded; "Subject").

    Returns
    -------
    list of Path
        The files, in the order of the formats.
    """
    return save_described(drawn.figure, path_without_suffix, drawn.alt, formats)


class MapTables(Protocol):
    """What a result has for its maps, beside its municipalities and academies."""

    @property
    def study(self) -> Study:
        """What was asked of it."""

    @property
    def zones(self) -> GeoDataFrame:
        """The table `zone-shares`."""

    @property
    def gaps(self) -> GeoDataFrame:
        """The table `gaps` with its outlines."""

    @property
    def candidates(self) -> pd.DataFrame:
        """The table `candidate-municipalities`."""

    @property
    def times(self) -> pd.DataFrame:
        """The table `times`."""

    @property
    def demand(self) -> GeoDataFrame:
        """The table `demand`."""

    @property
    def coverage(self) -> pd.DataFrame:
        """The table `coverage`."""

    @property
    def uncertainty(self) -> pd.DataFrame:
        """The table `uncertainty`."""

    @property
    def rides(self) -> pd.DataFrame:
        """Children by `point` of `demand` (its place there) and age: `time_s`, `measured`."""


@dataclass(frozen=True)
class MapRequest:
    """A map that is asked for, and how its words and figures are written.

    Attributes
    ----------
    ground
        What is shown. Its municipalities have the columns of the annex.
    by
        One of those of the kind.
    tables
        What the result has beside.
    chosen
        Bounds of the classes; those of the study when not given.
    before
        The same municipalities earlier.
    """

    ground: Ground
    by: str = MUNICIPALITY
    tables: MapTables | None = None
    chosen: Chosen = None
    before: Ground | None = None

    @property
    def words(self) -> Texts:
        """The texts of its language."""
        return self.ground.text.words

    @property
    def given_tables(self) -> MapTables:
        """The tables, for a kind that needs them."""
        return _require_given(self.tables)

    @property
    def key(self) -> str:
        """The column that tells places apart."""
        return "zone_id" if self.by == ZONE else "nis_code"

    @cached_property
    def places(self) -> GeoDataFrame:
        """The places of the ground, light enough for print, in order of code."""
        if self.by != ZONE:
            return self.ground.shown_municipalities
        inside = keep_province(self.given_tables.zones, self.ground.province)
        return self.ground.lighten_areas(inside.sort_values(self.key, ignore_index=True))

    @property
    def sites(self) -> list[Marks]:
        """The academies, as they are marked."""
        return mark_academies(self.ground.academies)

    def classify_places(
        self, places: GeoDataFrame, numbers: Any, labels: Sequence[str], looks: Sequence[Looks]
    ) -> Classed:
        """Put places into classes; those of municipalities and zones are as wide as their lines.

        Parameters
        ----------
        places
            With outlines.
        numbers
            The class of each, -1: none; shape (places,).
        labels, looks
            Of each class.
        """
        width = {"linewidth": _ZONE_LINE} if self.by == ZONE else {}
        lines = [{**one, **width} for one in looks]
        noun = self.by if self.by in PLACES else "gap"
        return Classed(places, np.asarray(numbers, np.int64), labels, lines, noun, self.words)

    def build_views(self, classed: Classed) -> list[View]:
        """Draw places in classes, under the borders of municipalities where they are zones."""
        over = (
            [Fill(self.ground.shown_municipalities.geometry, _TOWN, 3.8)] if self.by == ZONE else []
        )
        return [View([*classed.fills, *over], self.sites)]

    def list_common_keys(self, sites: Sequence[Key] | None = None) -> list[Key]:
        """Explain what stands on every map."""
        ground, words = self.ground, self.words
        keys = [Key(words("map.outside"), NEIGHBOUR)] if ground.province is not None else []
        if ground.find_around("municipality") is not None:
            keys = [Key(words("map.around"), NEIGHBOUR)]
        keys += (
            [Key(words("map.main_road"), ROAD_KEY)]
            if ground.find_around("main") is not None
            else []
        )
        keys += [Key(words("map.municipality_border"), _TOWN)] if self.by == ZONE else []
        edge = "map.province_border" if ground.surroundings is None else "map.area_border"
        keys.append(Key(words(edge), PROVINCE))
        keys += [Key(ground.edge_label, EDGE_KEY)] if ground.edge is not None else []
        if ground.edited is not None:
            keys.append(Key(words("map.edited"), EDITED_KEY))
        if sites is not None:
            return [*keys, *(Key(f"{key.meaning} ({key.count})", key.looks) for key in sites)]
        keys.append(Key(words("map.academy"), ACADEMY))
        planned = is_planned(ground.academies).any()
        keys += [Key(name_planned(ground.academies, words), PLANNED)] if planned else []
        rough = is_coarse(ground.academies).any()
        return [*keys, *([Key(words("map.academy_rough"), ROUGH)] if rough else [])]

    def format_whole(self, count: float) -> str:
        """Write a whole number."""
        return format_whole(count, self.words.language)

    def format_number(self, value: float) -> str:
        """Write a bound, or a number of minutes."""
        return format_number(value, self.words.language, 2)

    def format_points(self, value: float) -> str:
        """Write a difference of shares."""
        return self.words("map.change.points", points=format_signed(value, self.words.language, 1))

    def say_counts(self, key: str, **counts: float) -> str:
        """Give a text with whole numbers in it."""
        return self.words(key, **{name: self.format_whole(count) for name, count in counts.items()})

    def say_rule(self, classes: Classes, key: str) -> str:
        """Say how the classes came about, and what else must be known of them."""
        return f"{self.words(f'map.classes.{classes.rule}')} {self.words(key)}"

    def say_extremes(
        self, places: pd.DataFrame, figure: str, told: Callable[[float], str], *leads: str
    ) -> list[str]:
        """Name the three first at each end, see `classed.name_extremes`.

        Parameters
        ----------
        places, figure, told, *leads
            As for `classed.name_extremes`.
        """
        return name_extremes(places, figure, told, self.words, *leads)

    def say_without_figure(self, classed: Classed) -> str:
        """Say how many places have no figure."""
        return self.say_counts("map.alt.none", count=classed.count_without)


@dataclass(frozen=True)
class MapContent:
    """What a map shows.

    Attributes
    ----------
    ground
        Of the map.
    legend, views
        See `sheet`.
    said
        Sentences of its alt text, after the lead.
    rows
        With at least the columns of the kind, and those that name its places.
    total
        How many places there are, in words; that of the municipalities when empty.
    title
        A key; that of the kind when empty.
    """

    ground: Ground
    legend: Legend
    views: Sequence[View]
    said: Sequence[str]
    rows: pd.DataFrame
    total: str = ""
    title: str = ""

    @property
    def heading(self) -> str:
        """What is measured."""
        return self.legend.heading

    def draw(self, text: MapText) -> Figure:
        """Draw it, with these words around it."""
        return draw_sheet(self.ground, text, self.legend, self.views)


@dataclass(frozen=True)
class ChartContent:
    """What a chart shows, for which there is no ground to draw.

    Attributes
    ----------
    ground, said, rows, title
        As for `MapContent`.
    heading
        What is measured.
    draw
        Draws it, with words around it.
    """

    ground: Ground
    heading: str
    said: Sequence[str]
    rows: pd.DataFrame
    draw: Callable[[MapText], Figure]
    title: str = ""
    total: str = ""


@dataclass(frozen=True)
class MapKind:
    """A kind of map.

    Attributes
    ----------
    key
        Its name, on the command line and in names of files; texts stand below "map." and it.
    prepare
        Makes what it shows of what is asked; its first line says what that is.
    columns
        Of its table, after those that name a place.
    by
        What it can be drawn by, the first when nothing is asked.
    before
        Whether it takes an earlier result: "no", "may" or "must".
    classes
        Makes its classes of those that were chosen; None: they are fixed.
    alt
        How its alt text begins: a key below "map.alt".
    mend
        What to do when the earlier result is missing.
    is_chart
        Whether it shows no ground.
    """

    key: str
    prepare: Prepare
    columns: tuple[str, ...]
    by: tuple[str, ...] = (MUNICIPALITY,)
    before: Literal["no", "may", "must"] = "no"
    own_classes: bool = False
    alt: str = "classes"
    mend: str = "name the earlier one with --before (before=)"
    is_chart: bool = False

    @property
    def what(self) -> str:
        """What it shows, in a line."""
        return str(inspect.getdoc(self.prepare)).partition("\n")[0].removesuffix(".")

    @property
    def help(self) -> str:
        """What it shows, and what it is by and takes."""
        told = [f"by {' or '.join(self.by)}"] if len(self.by) > 1 else []
        told += {"no": [], "may": ["takes --before"], "must": ["needs --before"]}[self.before]
        return self.what + (f" ({'; '.join(told)})" if told else "")

    def draw_map(self, ground: Ground, **how: Any) -> DrawnMap:
        """Draw a map of this kind.

        Parameters
        ----------
        ground
            What is shown, and what is written around it.
        how
            The other attributes of `MapRequest`; `by` may be None for the first.

        Raises
        ------
        ResultError
            When the kind needs or cannot take what is given.
        """
        asked = MapRequest(ground, **{**how, "by": how.get("by") or self.by[0]})
        self._refuse_misuse(asked)
        shown = self.prepare(asked)
        heading, text = shown.heading, shown.ground.text
        text = text.showing(shown.title or f"map.{self.key}.title", ground.title_place)
        total = shown.total or text.words.say_count(
            "map.count.municipality", len(ground.shown_municipalities)
        )
        lead = text.words(f"map.alt.{self.alt}", place=ground.place, total=total, heading=heading)
        alt = " ".join([join_sentences(text.opening), lead, *shown.said])
        keys = ["nis_code", "name", "province"] if asked.by in PLACES else []
        keys = ["zone_id"] * (asked.by == ZONE) + keys
        table = pd.DataFrame(shown.rows)[[*keys, *self.columns]].reset_index(drop=True)
        return DrawnMap(
            describe_figure(shown.draw(text), alt),
            alt,
            table,
            heading,
        )

    def _refuse_misuse(self, asked: MapRequest) -> None:
        if asked.by not in self.by:
            what = f"the kind '{self.key}' cannot be drawn by '{asked.by}'"
            raise map_problem(what, f"use {' or '.join(self.by)}")
        if self.is_chart and asked.ground.edge is not None:
            raise map_problem(f"the kind '{self.key}' has no ground", "leave --isochrones out")
        if self.before == "must" and asked.before is None:
            raise map_problem(
                f"the kind '{self.key}' lays two results beside each other", self.mend
            )
        if self.before == "no" and asked.before is not None:
            takes = ", ".join(one.key for one in KINDS.values() if one.before != "no")
            what = f"the kind '{self.key}' has no use for an earlier result"
            raise map_problem(what, f"use it with {takes}")
        if asked.chosen is not None and not self.own_classes:
            raise map_problem(f"the classes of the kind '{self.key}' are fixed", "leave them out")
        if asked.before is not None:
            refuse_other_places(asked.ground.municipalities, asked.before.municipalities)


def refuse_other_places(now: GeoDataFrame, before: GeoDataFrame) -> None:
    """Refuse an earlier result of other municipalities: their shares have nothing to differ from.

    Raises
    ------
    ResultError
        Saying how many each has.
    """
    ours, theirs = (set(one["nis_code"]) for one in (now, before))
    if ours != theirs:
        what = f"the results have other municipalities ({len(theirs)} before, {len(ours)} now)"
        raise map_problem(what, "run both on the same boundaries and vintage")


KINDS: dict[str, MapKind] = {}
"""Every kind by its key."""


def find_kind(key: str) -> MapKind:
    """Give a kind by its key.

    Raises
    ------
    ResultError
        When there is none.
    """
    if key not in KINDS:
        raise map_problem(f"there is no kind '{key}'", f"use {', '.join(KINDS)}")
    return KINDS[key]


def map_kind(*columns: str, **facts: Any) -> Callable[[Prepare], MapKind]:
    """Make a kind of what prepares it, under its name, with the facts that `MapKind` has."""

    def made(prepare: Prepare) -> MapKind:
        key = prepare.__name__
        KINDS[key] = MapKind(key, prepare, columns, **facts)
        return KINDS[key]

    return made


@map_kind(*COUNTS, "share", "class", by=PLACES, own_classes=True)
def share(of: MapRequest) -> MapContent:
    """The share of the children within reach."""
    classes, shown, words = choose_share_classes(of), of.places, of.words
    classed = classify_by_share(of, shown, classes)
    legend = Legend(
        heading=of.ground.text.heading,
        classes=classed.keys,
        rule=of.say_rule(classes, "map.share.rule"),
        others=[*classed.hatches, *of.list_common_keys()],
        lines=[_say_with_academy(of)],
    )
    ends = of.say_extremes(shown, "share", lambda one: say_share(one, words), "highest", "lowest")
    said = [classed.class_sentence, *ends, of.say_without_figure(classed)]
    total = classed.format_count(len(shown))
    return MapContent(of.ground, legend, of.build_views(classed), said, classed.rows, total)


@map_kind("academies", "planned", "has_academy", "class", before="may", alt="academies")
def academies(of: MapRequest) -> MapContent:
    """The municipalities with and without an academy: the map of the annex."""
    heading, make = "map.academies.heading", classify_by_academies
    if of.before is not None:
        heading, make = "map.academies.heading_before", _classify_by_status
    classed = make(of, of.ground.shown_municipalities)
    sites = of.say_counts("map.academies.counted", count=len(_keep_inside(of.ground)))
    lines = [_say_with_academy(of), sites]
    legend = Legend(of.words(heading), classed.keys, "", of.list_common_keys(), lines)
    most = classed.places[classed.places["academies"] > 0]
    most = most.assign(number=most["academies"])
    said = [classed.class_sentence, *of.say_extremes(most, "number", of.format_whole, "most")]
    said += [f"{line}." for line in lines]
    views, title = of.build_views(classed), heading.replace("heading", "title")
    return MapContent(of.ground, legend, views, said, classed.rows, title=title)


@map_kind("children", "unmeasured", "minutes", "class", by=PLACES, own_classes=True)
def minutes(of: MapRequest) -> MapContent:
    """The minutes to the nearest academy that half of the children do not exceed."""
    words = of.words
    classes = Classes(MINUTES) if of.chosen is None else _check_own_minutes(of.chosen)
    classed = classify_by_minutes(of, of.places, classes)
    shown = classed.places
    legend = Legend(
        heading=words("map.minutes.heading"),
        classes=classed.keys,
        rule=of.say_rule(classes, "map.minutes.rule"),
        others=[*classed.hatches, *of.list_common_keys()],
    )

    def told(value: float) -> str:
        return words("map.minutes.value", minutes=format_decimals(value, words.language))

    finite = shown[np.isfinite(shown["minutes"])]
    ends = of.say_extremes(finite, "minutes", told, "slowest", "fastest")
    said = [classed.class_sentence, *ends, of.say_without_figure(classed)]
    total = classed.format_count(len(shown))
    return MapContent(of.ground, legend, of.build_views(classed), said, classed.rows, total)


def classify_by_minutes(of: MapRequest, places: GeoDataFrame, classes: Classes) -> Classed:
    """Put places into classes of `minutes`, which they get, and beyond the horizon into the last.

    Parameters
    ----------
    of
        What is asked.
    places
        With outlines.
    classes
        Bounds below the horizon.
    """
    bounds = list_minute_bounds(of.given_tables.study.travel.horizon_min, classes.bounds)
    median = find_median_minutes(of.given_tables, of.key)
    shown = places.assign(minutes=places[of.key].map(median).astype(np.float64))
    looks = [line_looks(colour) for colour in reversed(choose_colours(len(bounds) - 1))]
    looks.append(line_looks(BEYOND, hatch="xx"))
    numbers = classify_minutes(shown["minutes"], bounds)
    labels = format_minute_classes(bounds, of.words)
    return replace(of.classify_places(shown, numbers, labels, looks), figure="minutes")


def find_median_minutes(tables: MapTables, key: str) -> pd.Series:
    """Give the minutes to the nearest that half of the measured children do not exceed.

    Parameters
    ----------
    tables
        Of a result.
    key
        `nis_code` or `zone_id`.

    Returns
    -------
    Series
        By code; inf where half of them reach none within the horizon. None measured: not there.
    """
    rides = tables.rides[tables.rides["measured"]]
    place, codes = pd.factorize(tables.demand[key])
    where = pd.Series(place[rides["point"]])
    median = lower_median(where, rides["time_s"], rides["children"]) / 60
    return pd.Series(median.to_numpy(np.float64), index=codes[median.index])


@map_kind("children", "unmeasured", *WITHIN, "reach", "class", by=PLACES)
def reach(of: MapRequest) -> MapContent:
    """The number of academies within the cutoff that at least half of the children can choose."""
    words = of.words
    classed, choice, measured = classify_by_reach(of, of.places)
    shown = classed.places
    counted = of.say_counts("map.reach.choice", count=choice.sum(), total=measured.sum())
    legend = Legend(
        heading=words(
            "map.reach.heading", minutes=of.format_number(of.given_tables.study.travel.cutoff_min)
        ),
        classes=classed.keys,
        rule=f"{words('map.classes.fixed')} {words('map.reach.rule')}",
        others=[*classed.hatches, *of.list_common_keys()],
        lines=[counted],
    )
    some = shown[shown["choice"] > 0]
    ends = of.say_extremes(some, "choice", lambda one: say_share(one, words), "choice")
    said = [classed.class_sentence, f"{counted}.", *ends, of.say_without_figure(classed)]
    total = classed.format_count(len(shown))
    return MapContent(of.ground, legend, of.build_views(classed), said, classed.rows, total)


def classify_by_reach(
    of: MapRequest, places: GeoDataFrame
) -> tuple[Classed, NDArray[np.int64], NDArray[np.int64]]:
    """Put places into classes of `reach`, which they get; count who can choose and who is measured.

    Parameters
    ----------
    of
        What is asked.
    places
        With outlines.

    Returns
    -------
    tuple
        The classes; children with two or more within reach; measured children. Both (places,).
    """
    words, times = of.words, of.given_tables.times
    rows = times[(times["level"] == of.by) & (times["band"] == ALL_BANDS)]
    rows = rows[(rows["profile"] == "all") & (rows["convention"] == STUDY)].set_index("code")
    found = rows[list(WITHIN)].reindex(places[of.key]).fillna(0).to_numpy(np.int64)
    # With none or more, one or more, ...
    at_least = found[:, ::-1].cumsum(axis=1)[:, ::-1]
    measured, choice = at_least[:, 0], at_least[:, 2]
    half = (2 * at_least[:, 1:] >= measured[:, None]).sum(axis=1)
    numbers = np.where(measured > 0, half, NO_CLASS)
    shown = places.assign(
        **dict(zip(WITHIN, found.T, strict=True)),
        reach=pd.Series(half, index=places.index, dtype="Int64").where(measured > 0),
        choice=choice / np.maximum(measured, 1),
    )
    one, two = (words.say_count("map.count.academy", number) for number in (1, 2))
    labels = [words("map.reach.none"), one, two, words("map.academies.or_more", low=3)]
    looks = [line_looks(WITHOUT), *map(line_looks, WITH_SCHEME)]
    classed = replace(of.classify_places(shown, numbers, labels, looks), figure="reach")
    return classed, choice, measured


@map_kind(*COUNTS, "dots", "children_per_dot", alt="dots")
def uncovered(of: MapRequest) -> MapContent:
    """The children who are out of reach, as dots that stand where such children live."""
    cutoff, words = of.given_tables.study.travel.cutoff_min, of.words
    late = _list_late_points(of.given_tables, cutoff)
    worth = choose_dot_worth(int(late["uncovered"].sum()))
    towns = of.ground.shown_municipalities
    dots = allocate_dots(late[late["nis_code"].isin(towns["nis_code"])], worth)
    placed = dots.groupby("nis_code")["dots"].sum().reindex(towns["nis_code"], fill_value=0)
    shown = towns.assign(dots=placed.to_numpy(), children_per_dot=worth)
    measured = shown["covered"] + shown["uncovered"]
    numbers = np.where(measured == 0, NO_CLASS, 0)
    classed = of.classify_places(shown, numbers, [""], [_GROUND])
    counts = {"count": shown["uncovered"].sum(), "total": measured.sum()}
    lines = [
        of.say_counts("map.uncovered.counted", **counts),
        of.say_counts("map.uncovered.no_dot", count=(shown["dots"] == 0).sum()),
    ]
    legend = Legend(
        heading=words("map.uncovered.heading", minutes=of.format_number(cutoff)),
        classes=[Key(words.say_count("map.uncovered.dot", worth), _DOT)],
        rule=of.say_counts("map.uncovered.rule", count=worth),
        others=[*replace(classed, figure="share").hatches, *of.list_common_keys()],
        lines=lines,
    )
    views = [View(classed.fills, [*_mark_dots(dots), *of.sites])]
    said = [f"{line}." for line in lines]
    said += [
        *of.say_extremes(shown, "uncovered", of.format_whole, "most", "least"),
        of.say_without_figure(classed),
    ]
    return MapContent(of.ground, legend, views, said, shown)


def _list_late_points(tables: MapTables, cutoff_min: float) -> GeoDataFrame:
    """Give the demand points with the measured children who are out of reach, by zone and point."""
    rides, demand = tables.rides, tables.demand
    in_time = np.rint(rides["time_s"].to_numpy() * 1000) <= minutes_to_ms(cutoff_min)
    late = rides[rides["measured"].to_numpy() & ~in_time]
    sums = np.bincount(late["point"], weights=late["children"], minlength=len(demand))
    points = demand[["nis_code", "zone_id", "point_id", "geometry"]]
    points = points.assign(uncovered=sums.astype(np.int64))[sums > 0]
    return points.sort_values(["nis_code", "zone_id", "point_id"], ignore_index=True)


def choose_dot_worth(total: int) -> int:
    """Give the least of 1, 2 and 5 times a power of ten for which the dots are not too many."""
    least, power = max(total / MOST_DOTS, 1.0), 1
    while 5 * power < least:
        power *= 10
    return next(times * power for times in (1, 2, 5) if times * power >= least)


def allocate_dots(points: GeoDataFrame, worth: int) -> GeoDataFrame:
    """Choose the points at which dots stand, as many in each municipality as its children call for.

    Parameters
    ----------
    points
        `nis_code`, `uncovered`, geometry, in an order in which neighbours follow each other.
    worth
        Children of one dot.

    Returns
    -------
    GeoDataFrame
        The points with a dot, with `dots`: in a municipality with n children there are n / worth
        of them, halves rounded up, at equal steps along its children.
    """
    ordered = points.sort_values("nis_code", kind="stable", ignore_index=True)
    children = ordered["uncovered"].to_numpy(np.int64)
    dots = np.zeros(len(ordered), dtype=np.int64)
    for rows in ordered.groupby("nis_code", sort=True).indices.values():
        up_to = np.cumsum(children[rows])
        total = int(up_to[-1])
        count = (2 * total + worth) // (2 * worth)
        # The middle of each dot's part of the children, as a whole number of half parts.
        middles = (2 * np.arange(count) + 1) * total // (2 * max(count, 1))
        dots[rows] = np.bincount(np.searchsorted(up_to, middles, "right"), minlength=len(rows))
    return ordered.assign(dots=dots)[dots > 0]


def _mark_dots(dots: GeoDataFrame) -> list[Marks]:
    """Draw several dots at one spot as one of their joint surface."""
    at = shapely.get_coordinates(dots.geometry.to_numpy())
    number = dots["dots"].to_numpy()
    return [
        Marks(at[number == n], {**_DOT, "markersize": _DOT["markersize"] * float(np.sqrt(n))})
        for n in np.unique(number)
    ]


@map_kind(
    *("gap_id", "name", "municipalities", "provinces", "uncovered", "reason", "class"),
    *("x_m", "y_m"),
    by=("children", "reason"),
    alt="gaps",
)
def gaps(of: MapRequest) -> MapContent:
    """The gaps over all roads: of the whole study circles by children, of a part outlines."""
    ground, words, least = of.ground, of.words, of.given_tables.study.gaps.min_children
    found = of.given_tables.gaps[of.given_tables.gaps["profile"] == "all"]
    if ground.province is not None:
        within = [ground.province in one.split(", ") for one in found["provinces"].astype(str)]
        found = found[np.array(within, dtype=bool)]
    # A small gap stands over a large one.
    shown = found.sort_values(["uncovered", "gap_id"], ascending=[False, True], ignore_index=True)
    shown = _locate_gaps(shown, ground)
    by = {"children": classify_by_children, "reason": classify_by_reason}
    classed = by[of.by](of, shown, least)
    as_circles = ground.province is None and ground.surroundings is None
    draw = _draw_circled if as_circles else _draw_outlined
    view, keys, sizes = draw(of, classed, least)
    counted = of.say_counts("map.gaps.counted", count=shown["uncovered"].sum())
    drawn = words("map.gaps.circles") if as_circles else ground.text.outline_note
    rule = words("map.gaps.rule", drawn=drawn, least=of.format_whole(least))
    sites = [Key(words("map.academy"), SITE_DOT, of.format_whole(len(_keep_inside(ground))))]
    largest = [_say_gap(of, gap) for gap in shown.head(LARGEST_GAPS).to_dict("records")]
    legend = Legend(
        heading=words(f"map.gaps.heading_{of.by}"),
        classes=keys,
        rule=f"{words('map.classes.fixed')} " * (of.by == "children") + rule,
        others=[
            *([Key(words("map.gaps.number"), RANK_KEY)] if largest else []),
            *of.list_common_keys(sites if as_circles else None),
        ],
        lines=[counted],
        list_heading=words("map.gaps.largest"),
        listed=largest,
        sizes=sizes,
    )
    said = [classed.class_sentence, f"{counted}."]
    said += [words("map.alt.largest_gaps", names=words.join_series(largest))] if largest else []
    said += of.say_extremes(shown, "uncovered", of.format_whole, "", "least")
    title = f"map.gaps.title_{of.by}"
    return MapContent(ground, legend, [view], said, classed.rows, title=title)


def _locate_gaps(shown: GeoDataFrame, ground: Ground) -> GeoDataFrame:
    """Give each gap a point in it where its circle or number goes: on a province's map in it."""
    outlines = shown.geometry.to_numpy()
    if ground.province is not None:
        inside = shapely.intersection(outlines, ground.shown_municipalities.union_all())
        outlines = np.where(shapely.is_empty(inside), outlines, inside)
    at = shapely.get_coordinates(shapely.point_on_surface(outlines)).round(1)
    return shown.assign(x_m=at[:, 0], y_m=at[:, 1])


def _say_gap(of: MapRequest, gap: dict[str, Any]) -> str:
    name, count = to_one_line(name_gap_places(gap, of.words)), of.format_whole(gap["uncovered"])
    return of.words("map.gaps.line", gap=gap["gap_id"], name=name, count=count)


def _draw_outlined(
    of: MapRequest, classed: Classed, _least: int
) -> tuple[View, list[Key], list[tuple[str, float]]]:
    """Draw gaps as they lie, the largest with their number beside them."""
    shown = classed.places
    across = np.sqrt(shown.area)
    tags = [
        Tag(str(gap), x, y, width_m=side)
        for gap, x, y, side in zip(
            *(shown[name] for name in ("gap_id", "x_m", "y_m")), across, strict=True
        )
    ]
    towns = Fill(of.ground.shown_municipalities.geometry, _GROUND, 2.5)
    return View([towns, *classed.fills], of.sites, tags=tags[:LARGEST_GAPS]), classed.keys, []


def _draw_circled(
    of: MapRequest, classed: Classed, least: int
) -> tuple[View, list[Key], list[tuple[str, float]]]:
    """Draw gaps as circles whose surface is as their children, the largest with their number."""
    shown = classed.places
    children = shown["uncovered"].to_numpy(np.int64)
    per_child = scale_circles(children, least)
    widths = np.sqrt(children * per_child)
    tags = [
        Tag(str(gap), x, y, width)
        for gap, x, y, width in zip(
            *(shown[name] for name in ("gap_id", "x_m", "y_m")), widths, strict=True
        )
    ]
    at = shown[["x_m", "y_m"]].to_numpy(np.float64)
    circles = Circles(at, widths, [classed.colours[number] for number in classed.numbers])
    towns = Fill(of.ground.shown_municipalities.geometry, _GROUND, 2.5)
    sites = [Marks(one.points, SITE_DOT) for one in of.sites]
    view = View([towns], sites, circles=circles, tags=tags[:LARGEST_GAPS])
    keys = [
        replace(key, looks={**_CIRCLE_KEY, "markerfacecolor": fill})
        for key, fill in zip(classed.keys, classed.colours, strict=True)
    ]
    told = choose_sizes(int(children.max(initial=0)), least)
    sizes = [
        (of.words.say_count("map.count.child", count), math.sqrt(count * per_child))
        for count in told
    ]
    return view, keys, sizes


def scale_circles(children: NDArray[np.int64], least: int) -> float:
    """Give the square of a circle's width, in points, for each child that it stands for.

    Parameters
    ----------
    children
        Of each circle, shape (circles,).
    least
        The fewest that a circle can stand for: such a one is small.
    """
    most, every = (max(int(one), 1) for one in (children.max(initial=0), children.sum()))
    ink = MOST_INK_PT2 / (math.pi / 4 * every)
    return min(WIDEST_PT**2 / most, LEAST_PT**2 / max(least, 1), ink)


def choose_sizes(most: int, least: int) -> list[int]:
    """Choose round numbers for a legend of circles, the largest first: 10,000, 2,000 and 200.

    Parameters
    ----------
    most, least
        Children of the largest circle, and the fewest that one can stand for.
    """
    rounds = [n * 10**power for power in range(7) for n in (1, 2, 5)]
    largest = [n for n in rounds if least <= n <= most][-1:]
    for part in (5, 50):
        largest += [n for n in rounds if least <= n <= largest[0] / part][-1:] if largest else []
    return list(dict.fromkeys(largest))


@map_kind("rank", "adds", "place_id", "x_m", "y_m", "class")
def candidates(of: MapRequest) -> MapContent:
    """The children whom one academy more would bring within reach, and the ten first places."""
    words, shown = of.words, of.ground.shown_municipalities
    classed = classify_by_added(of, shown)
    shown = classed.places
    first = shown[shown["adds"] > 0].sort_values("rank").head(CANDIDATES)
    names = [
        words(
            "map.candidates.line",
            rank=of.format_whole(one["rank"]),
            name=to_one_line(one["name"]),
            adds=of.format_whole(one["adds"]),
        )
        for one in first.to_dict("records")
    ]
    legend = Legend(
        heading=words("map.candidates.heading"),
        classes=classed.keys,
        rule=f"{words('map.classes.fixed')} {words('map.candidates.rule')}",
        others=[
            *classed.hatches,
            *([Key(words("map.candidates.place"), RANK_KEY)] if names else []),
            *of.list_common_keys(),
        ],
        list_heading=words("map.candidates.listed"),
        listed=names,
    )
    ranks = [
        (x, y, of.format_whole(rank))
        for x, y, rank in zip(first["x_m"], first["y_m"], first["rank"], strict=True)
    ]
    (view,) = of.build_views(classed)
    said = [classed.class_sentence]
    said += [words("map.alt.candidates", names=words.join_series(names))] if names else []
    said += [of.say_without_figure(classed)]
    return MapContent(of.ground, legend, [replace(view, ranks=ranks)], said, classed.rows)


def classify_by_added(of: MapRequest, places: GeoDataFrame) -> Classed:
    """Put municipalities into classes by what one place more there adds; they get its columns."""
    table = of.given_tables.candidates.set_index("nis_code")
    kept = ["rank", "adds", "place_id", "x_m", "y_m"]
    shown = places.join(table[kept], on="nis_code")
    known = (shown["covered"] + shown["uncovered"]).to_numpy() > 0
    adds = shown["adds"].fillna(0).to_numpy(np.int64)
    numbers = np.where(known, np.digitize(adds, ADDED_CHILDREN), NO_CLASS)
    texts = [of.format_whole(bound) for bound in (0, *ADDED_CHILDREN)]
    labels = [of.words("map.gaps.class", low=low, high=high) for low, high in pairwise(texts)]
    labels.append(of.words("map.gaps.class_last", low=texts[-1]))
    looks = [line_looks(colour) for colour in choose_colours(len(labels), "count")]
    return of.classify_places(shown, numbers, labels, looks)


@map_kind(
    *("share_before", "share_after", "points", "academies_before", "academies_after", "class"),
    before="must",
)
def change(of: MapRequest) -> MapContent:
    """The change of the share within reach from an earlier result to this one."""
    before, words = _require_given(of.before), of.words
    of = replace(of, ground=_say_both(of.ground, before))
    earlier = before.municipalities.set_index("nis_code").reindex(
        of.ground.shown_municipalities["nis_code"]
    )
    shown = of.ground.shown_municipalities.rename(
        columns={"share": "share_after", "academies": "academies_after"}
    )
    shown["share_before"] = earlier["share"].to_numpy()
    shown["academies_before"] = earlier["academies"].to_numpy()
    shown["points"] = ((shown["share_after"] - shown["share_before"]) * 100).round(9)
    classed = _classify_by_change(of, shown)
    low, high = (of.format_number(n) for n in CHANGE_POINTS)
    sites, marks = _mark_changed_sites(of, before)
    legend = Legend(
        heading=words("map.change.heading"),
        classes=classed.keys,
        rule=words("map.change.rule", low=low, high=high),
        others=[*classed.hatches, *of.list_common_keys(sites)],
    )
    rose, fell = shown[shown["points"] > 0], shown[shown["points"] < 0]
    said = [
        classed.class_sentence,
        *of.say_extremes(rose, "points", of.format_points, "rise"),
        *of.say_extremes(fell, "points", of.format_points, "", "fall"),
        *(f"{words.join_pair(_capitalise_first(key.meaning), key.count)}." for key in sites),
        of.say_without_figure(classed),
    ]
    return MapContent(of.ground, legend, [View(classed.fills, marks)], said, classed.rows)


@map_kind(
    *("planned", "share_before", "share_after", "class_before", "class_after"),
    before="must",
    own_classes=True,
    alt="plan",
    mend="draw a result of `stemgeo run --plan`, with --before the one without it",
)
def plan(of: MapRequest) -> MapContent:
    """The share within reach without and with the places of a plan, side by side."""
    before, words, classes = _require_given(of.before), of.words, choose_share_classes(of)
    if not is_planned(of.ground.academies).any():
        mend = "give the result of `stemgeo run STUDY --plan plan.csv`"
        raise map_problem("the result has no planned places", mend)
    of = replace(of, ground=_say_both(of.ground, before))
    after = of.ground.shown_municipalities
    earlier = before.municipalities.set_index("nis_code").loc[after["nis_code"]]
    first = after.assign(**{name: earlier[name].to_numpy() for name in ("share", *COUNTS)})
    pair = [classify_by_share(of, places, classes) for places in (first, after)]
    rows = zip(pair[0].labels, pair[0].looks, pair[0].counts, pair[1].counts, strict=True)
    keys = [
        Key(label, looks, f"{of.format_whole(a)} \N{RIGHTWARDS ARROW} {pair[1].format_count(b)}")
        for label, looks, a, b in rows
    ]
    planned = int(is_planned(_keep_inside(of.ground)).sum())
    counted = of.say_counts("map.plan.counted", count=planned)
    hatched = pair[1] if pair[1].is_partly.any() else replace(pair[1], places=first)
    legend = Legend(
        heading=of.ground.text.heading,
        classes=keys,
        rule=f"{of.say_rule(classes, 'map.share.rule')} {words('map.plan.rule')}",
        others=[*hatched.hatches, *of.list_common_keys()],
        lines=[counted],
    )
    names = [words("map.plan.before"), words("map.plan.after")]
    views = [
        View(classed.fills, mark_academies(one.academies), caption=name)
        for classed, one, name in zip(pair, (before, of.ground), names, strict=True)
    ]
    rise = after.assign(points=(after["share"] - first["share"]) * 100)
    said = [
        words.join_pair(name, classed.class_sentence)
        for name, classed in zip(names, pair, strict=True)
    ]
    rising = rise[rise["points"].round(9) > 0]
    said += [
        f"{counted}.",
        *of.say_extremes(rising, "points", of.format_points, "rise"),
        of.say_without_figure(pair[1]),
    ]
    table = after.assign(
        share_before=first["share"],
        share_after=after["share"],
        class_before=pair[0].names,
        class_after=pair[1].names,
    )
    return MapContent(of.ground, legend, views, said, table)


@map_kind(
    *("part", "profile", "value_low", "value_high", "share_low", "share", "share_high"),
    by=PROFILES,
    alt="tornado",
    is_chart=True,
)
def tornado(of: MapRequest) -> ChartContent:
    """How sure the share is: a bar for each assumption, from its low to its high end."""
    words, central = of.words, _find_share(of, of.by)
    rows = _keep_place(of, of.given_tables.uncertainty)
    rows = rows[rows["profile"] == of.by]
    if rows.empty or np.isnan(central):
        what = f"the result does not say how sure the share of {of.ground.place} is"
        what = f"{what} over roads '{of.by}'"
        raise map_problem(what, "`stemgeo run --uncertainty` measures it")
    ends = [rows[rows["end"] == end].set_index("part")[["value", "share"]] for end in (LOW, HIGH)]
    bars = ends[0].add_suffix("_low").join(ends[1].add_suffix("_high"), how="inner")
    bars = bars.assign(
        **{f"share_{end}": bars[f"share_{end}"].map(_as_written) for end in (LOW, HIGH)}
    )
    bars = bars.assign(wide=(bars["share_high"] - bars["share_low"]).round(9), share=central)
    # What all of them do together comes last, under a line of its own.
    bars["last"] = bars.index == TOGETHER
    bars = bars.sort_values(["last", "wide", "part"], ascending=[True, False, True])
    bars = bars.reset_index().assign(profile=of.by)
    records: list[dict[str, Any]] = [dict(one) for _, one in bars.iterrows()]
    labels = [name_assumption(one, words) for one in records]
    roads = "" if of.by == "all" else ROADS[of.by].to_text(words.language)
    heading = words("chart.tornado.heading")
    heading = words.join_pair(heading, roads) if roads else heading
    some = TOGETHER not in set(bars["part"])
    note = " ".join(words(f"chart.tornado.{one}") for one in ["note", *["some"] * some])

    def say_ends(one: dict[str, Any], name: str) -> str:
        low, high = (say_share(one[f"share_{end}"], words) for end in (LOW, HIGH))
        return words("summary.one_part", name=name, low=low, high=high)

    told = [say_ends(one, label[0]) for one, label in zip(records, labels, strict=True)]
    said = [words("chart.tornado.central", share=say_share(central, words)) + ".", note]
    said.insert(1, f"{words.join_series(told)}.")

    def draw(text: MapText) -> Figure:
        return draw_tornado(bars, central, labels, text, heading, note)

    return ChartContent(of.ground, heading, said, bars, draw)


def name_assumption(bar: dict[str, Any], words: Texts) -> list[str]:
    """Name an assumption, and say what its ends are.

    Parameters
    ----------
    bar
        Its `part`, and the `value_low` and `value_high` of its ends.
    words
        Of a language.
    """
    part, ends = bar["part"], words.list_below("chart.tornado.ends")
    name = words.list_below("assumption").get(part) or words(f"chart.tornado.name.{part}")
    found = {end: re.search(r"\d+(?:\.\d+)?", bar[f"value_{end}"]) for end in (LOW, HIGH)}
    told = ends.get(part, "")
    if "{low}" in told and not all(found.values()):
        told = ""
    numbers = {
        end: format_number(float(one[0]), words.language) for end, one in found.items() if one
    }
    return [_capitalise_first(name), told.format(**numbers) if "{" in told else told]


@map_kind(
    *("profile", "convention", "minutes", "share", "share_low", "share_high"),
    by=("minute",),
    alt="by_minute",
    is_chart=True,
)
def by_minute(of: MapRequest) -> ChartContent:
    """The share of the children with a place within so many minutes, minute by minute."""
    words, cutoff = of.words, of.given_tables.study.travel.cutoff_min
    times = _keep_place(of, of.given_tables.times)
    times = times[times["band"] == ALL_BANDS]
    columns = [name for name in map(str, times) if re.fullmatch(r"share_\d\d_min", name)]
    curves, parts = {}, []
    for key in LINES:
        flat = key == "flat"
        mine = (times["convention"] == STUDY) != flat
        rows = times[mine & (times["profile"] == ("all" if flat else key))]
        shares = rows[columns].iloc[0].astype(np.float64).dropna() if len(rows) else pd.Series()
        if len(shares):
            curves[key] = shares.map(_as_written).set_axis(
                [int(name[6:8]) for name in shares.index]
            )
            known = {name: rows[name].iloc[0] for name in ("profile", "convention")}
            parts.append(
                curves[key].rename("share").rename_axis("minutes").reset_index().assign(**known)
            )
    if "all" not in curves:
        what = f"the result has no shares by minute of {of.ground.place}"
        raise map_problem(what, "run the study again: each run measures them")
    bars = _keep_place(of, of.given_tables.uncertainty)
    speed = bars[(bars["part"] == "speed") & (bars["profile"] == "all")].set_index("end")["share"]
    central = _find_share(of, "all")
    low, high = (_as_written(speed.get(end, central)) for end in (LOW, HIGH))
    table = pd.concat(parts, ignore_index=True)
    at = (table["minutes"] == cutoff) & (table["profile"] == "all") & (table["convention"] == STUDY)
    table = table.assign(share_low=np.where(at, low, np.nan), share_high=np.where(at, high, np.nan))
    names = {key: _name_line(key, curve, of) for key, curve in curves.items()}
    told_lines = words.join_series(words.join_pair(*name) for name in names.values())
    said_shares = (say_share(one, words) for one in (central, low, high))
    told = dict(zip(("share", LOW, HIGH), said_shares, strict=True))
    promise = words("chart.minutes.promise", minutes=of.format_number(cutoff), **told)
    heading = words("chart.minutes.heading")
    said = [f"{told_lines}.", f"{promise}."]

    def draw(text: MapText) -> Figure:
        return draw_by_minute(curves, names, (cutoff, low, central, high), text, heading)

    return ChartContent(of.ground, heading, said, table, draw)


def _name_line(key: str, curve: pd.Series, of: MapRequest) -> tuple[str, str]:
    """Name a line by its roads, with its figure at the minutes asked about, or its last."""
    words, cutoff = of.words, of.given_tables.study.travel.cutoff_min
    at = int(cutoff) if cutoff in curve.index else int(curve.index[-1])
    if key == "flat":
        name = words("chart.minutes.flat", speed=of.format_number(FLAT.speed_kmh))
    else:
        name = words("chart.minutes.all") if key == "all" else ROADS[key].to_text(words.language)
    said = words.say_count("map.count.minutes", at)
    share = say_share(float(curve[at]), words)
    return _capitalise_first(name), words("chart.minutes.at", minutes=said, share=share)


def _keep_place(of: MapRequest, table: pd.DataFrame) -> pd.DataFrame:
    """Keep the rows of the region, or of the province that is shown."""
    province = of.ground.province
    if province is None:
        return table[table["level"] == "region"]
    return table[(table["level"] == "province") & (table["code"] == province)]


def _find_share(of: MapRequest, profile: str) -> float:
    """Find the share of the place that is shown, as the study has it, over some roads."""
    rows = _keep_place(of, of.given_tables.coverage)
    rows = rows[(rows["band"] == ALL_BANDS) & (rows["scenario"] == "central")]
    rows = rows[rows["profile"] == profile]
    return _as_written(rows["share"].iloc[0]) if len(rows) else float("nan")


def _as_written(share: float) -> float:
    """Give a share as files have it: what is drawn of a folder and from memory is the same."""
    return float(f"{share:.6f}")


def _keep_inside(ground: Ground) -> GeoDataFrame:
    """Give the academies in the municipalities of the map."""
    return ground.academies[
        ground.academies["nis_code"].isin(ground.shown_municipalities["nis_code"])
    ]


def _say_with_academy(of: MapRequest) -> str:
    shown = keep_counted(keep_province(of.ground.municipalities, of.ground.province))
    if len(shown) == 1:
        has = shown["has_academy"].iloc[0]
        return of.words("summary.town_with" if has else "summary.town_without").removesuffix(".")
    counts = {"count": int(shown["has_academy"].sum()), "total": len(shown)}
    return of.say_counts("map.with_academy", **counts)


def choose_share_classes(of: MapRequest) -> Classes:
    """Give the classes of the share: those asked for, or of the study."""
    chosen = of.given_tables.study.output.classes if of.chosen is None else of.chosen
    return choose_classes(chosen, of.ground.municipalities["share"])


def _check_own_minutes(chosen: Sequence[float] | str) -> Classes:
    if isinstance(chosen, str):
        raise map_problem("the classes of minutes are bounds in minutes", "give numbers from 0")
    bounds = tuple(float(one) for one in chosen)
    if len(bounds) < 2 or bounds[0] != 0 or any(b <= a for a, b in pairwise(bounds)):
        raise map_problem("the classes of minutes must rise from 0", "as in 0, 10, 15, 30")
    return Classes(bounds, "own")


def classify_by_share(of: MapRequest, places: GeoDataFrame, classes: Classes) -> Classed:
    """Put places into classes of their share.

    Parameters
    ----------
    of
        What is asked.
    places
        With outlines and `share`.
    classes
        Bounds in percent.
    """
    labels = format_classes(classes.bounds, of.words)
    looks = [line_looks(colour) for colour in choose_colours(len(labels))]
    numbers = classify_shares(places["share"], classes.bounds)
    return replace(of.classify_places(places, numbers, labels, looks), figure="share")


def classify_by_academies(of: MapRequest, shown: GeoDataFrame) -> Classed:
    """Tell one, two or three, and more academies apart, and those that a plan alone brings."""
    words = of.words
    number = shown["academies"].to_numpy()
    planned = shown["planned"].to_numpy() if "planned" in shown else np.zeros(len(shown))
    only_planned = (number > 0) & (number == planned)
    numbers = np.where(number == 0, 0, np.digitize(number, (2, 4)) + 1)
    labels = [
        words("map.academies.without"),
        words.say_count("map.count.academy", 1),
        words("map.academies.class", low=2, high=3),
        words("map.academies.or_more", low=4),
    ]
    looks = [line_looks(WITHOUT), *map(line_looks, WITH_SCHEME)]
    if only_planned.any():
        numbers = np.where(only_planned, 4, numbers)
        labels = [*labels, words("map.academies.planned_only")]
        looks = [*looks, line_looks(PLANNED_ONLY, hatch="....")]
    return of.classify_places(shown, numbers, labels, looks)


def _classify_by_status(of: MapRequest, shown: GeoDataFrame) -> Classed:
    earlier = _require_given(of.before).municipalities.set_index("nis_code")["has_academy"]
    had = earlier.reindex(shown["nis_code"]).to_numpy(bool)
    has = shown["has_academy"].to_numpy(bool)
    numbers = np.select([has & had, has, had], [0, 1, 2], 3)
    # Grey is the ground beside the province.
    changed = {**STATUSES, "without": {"facecolor": WITHOUT}}
    looks = [{**line_looks(one["facecolor"]), **one} for one in changed.values()]
    labels = [of.words(f"map.academies.{key}") for key in STATUSES]
    return of.classify_places(shown, numbers, labels, looks)


def list_gap_bounds(least: int) -> list[int]:
    """Give the lower bounds of the classes of gaps, of which the fewest children make one."""
    return [least, *(bound for bound in GAP_CHILDREN if bound > least)]


def classify_by_children(of: MapRequest, places: GeoDataFrame, least: int) -> Classed:
    """Put gaps into classes by their children.

    Parameters
    ----------
    of
        What is asked.
    places
        The gaps.
    least
        The fewest children that make one.
    """
    bounds = list_gap_bounds(least)
    texts = [of.format_whole(bound) for bound in bounds]
    labels = [of.words("map.gaps.class", low=low, high=high) for low, high in pairwise(texts)]
    labels.append(of.words("map.gaps.class_last", low=texts[-1]))
    looks = [line_looks(colour, _GAP_LINE) for colour in choose_gap_colours(len(labels))]
    numbers = np.digitize(places["uncovered"].to_numpy(), bounds[1:])
    return of.classify_places(places, numbers, labels, looks)


def choose_gap_colours(count: int) -> list[str]:
    """Give a colour for each class of gaps: all darker than the ground that they lie on."""
    return choose_colours(count + 1, "count")[1:]


def classify_by_reason(of: MapRequest, places: GeoDataFrame, _least: int) -> Classed:
    """Put gaps over all roads into classes by their reason.

    Parameters
    ----------
    of, places, _least
        As for `classify_by_children`.
    """
    reasons = {key: one.colour for key, one in REASONS.items() if one.profile == "all"}
    looks = [line_looks(colour, _GAP_LINE) for colour in reasons.values()]
    numbers = pd.Index(list(reasons)).get_indexer(places["reason"])
    meanings = define_reasons(reasons, of.given_tables.study, of.words)
    labels = [
        of.words("reason.defined", name=say_reason(one, of.words), meaning=meanings[one])
        for one in reasons
    ]
    return of.classify_places(places, numbers, labels, looks)


def _classify_by_change(of: MapRequest, places: GeoDataFrame) -> Classed:
    numbers = classify_change(places["points"])
    low, high = (of.format_number(n) for n in CHANGE_POINTS)
    labels = [of.words(f"map.change.{one}", low=low, high=high) for one in CHANGES]
    falls: list[Looks] = [{"hatch": ".."}, {"hatch": ".."}, {}, {}, {}]
    looks = [line_looks(colour, **more) for colour, more in zip(DIVERGING, falls, strict=True)]
    return of.classify_places(places, numbers, labels, looks)


def classify_change(points: pd.Series) -> NDArray[np.int64]:
    """Put differences in points into the classes of `CHANGES`; `NO_CLASS` where there is none."""
    known = points.to_numpy(np.float64)
    size = np.digitize(np.abs(known), CHANGE_POINTS)
    return np.where(np.isnan(known), NO_CLASS, 2 + np.sign(np.nan_to_num(known)) * size).astype(int)


def _mark_changed_sites(of: MapRequest, before: Ground) -> tuple[list[Key], list[Marks]]:
    """Mark academies by what became of them, known by their id, and count those of the map."""
    ground = of.ground
    now, then = set(ground.academies["academy_id"]), set(before.academies["academy_id"])
    shown = set(ground.shown_municipalities["nis_code"])
    keys, marks = [], []
    for meaning, looks, source, ids in (
        ("map.change.kept_academy", ACADEMY, ground, now & then),
        ("map.change.new_academy", _NEW, ground, now - then),
        ("map.change.lost_academy", _LOST, before, then - now),
    ):
        rows = source.academies[source.academies["academy_id"].isin(ids)].sort_values("academy_id")
        count = int(rows["nis_code"].isin(shown).sum())
        keys.append(Key(of.words(meaning), looks, of.format_whole(count)))
        marks.append(Marks(shapely.get_coordinates(rows.geometry.to_numpy()), looks))
    return keys, marks


def _say_both(ground: Ground, before: Ground) -> Ground:
    """Say on the map of two results the cautions, sources and dates of both."""
    now, then = ground.text, before.text
    words, between = now.words, now.words("list.series")
    parts = {
        name: [part for one in (then, now) for part in getattr(one, name).split(between) if part]
        for name in ("notice", "method_note", "source")
    }
    said: dict[str, Any] = {
        name: words.join_series(dict.fromkeys(one)) for name, one in parts.items()
    }
    years = sorted({one.year for one in (then, now) if one.year})
    said["year"] = "\N{EN DASH}".join(years)
    date = now.date
    if then.date != now.date:
        date = words("map.plan.date", before=then.date, after=now.date)
    return replace(ground, text=replace(now, **said, date=date))


def _capitalise_first(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _require_given(what: _T | None) -> _T:
    """Give what was refused when it was not given."""
    if what is None:
        raise ValueError("this kind of map needs it")
    return what


def map_problem(what: str, mend: str) -> ResultError:
    """Refuse a map that is asked for."""
    return ResultError(Problem("map", what, mend))


def list_kinds() -> list[str]:
    """List the kinds as a table in Markdown, for `docs/method.md`."""
    lines = ["| kind | what it shows | by | before | columns of its table |", "|---" * 5 + "|"]
    for one in KINDS.values():
        columns = ", ".join(f"`{name}`" for name in one.columns)
        told = (f"`{one.key}`", one.what, ", ".join(one.by), one.before, columns)
        lines.append(f"| {' | '.join(told)} |")
    return lines


def draw_links(ground: Ground, links: GeoDataFrame, *, chosen: Chosen = None) -> DrawnMap:
    """Draw the share within reach, and the changes of roads that would bring most.

    The frame lies around the changes that are listed: in all of Flanders one would not see them.

    Parameters
    ----------
    ground
        The municipalities as they are now, over the roads that this is about.
    links
        The table `links`.
    chosen
        Bounds of the classes; those of the study when not given.
    """
    lines = links.geometry.explode(index_parts=False)
    lines = lines[lines.geom_type != "Point"]
    label = ground.text.words("map.links.edge")
    shown = replace(
        ground,
        edge=lines if len(lines) else None,
        edge_label=label,
        focus=links.head(CANDIDATES).geometry,
    )
    columns = (*COUNTS, "share", "class")
    kind = MapKind("links", lambda of: _show_links(of, links), columns, own_classes=True)
    return kind.draw_map(shown, chosen=chosen)


def _show_links(of: MapRequest, links: GeoDataFrame) -> MapContent:
    """The share of the children within reach, and the ten first changes of roads."""
    words, classes = of.words, choose_share_classes(of)
    classed = classify_by_share(of, of.places, classes)
    first = links.head(CANDIDATES)
    names = [
        words(
            "map.links.line",
            rank=of.format_whole(one["rank"]),
            name=to_one_line(one["name"]) or name_link_kind(one, words),
            place=to_one_line(one["municipality"]),
            adds=of.format_whole(one["newly"]),
        )
        for one in first.drop(columns="geometry").to_dict("records")
    ]
    whole = replace(of.ground, focus=None)
    is_part = whole.bounds != of.ground.bounds
    around = [words("map.links.around", place=of.ground.place)] if is_part else []
    legend = Legend(
        heading=of.ground.text.heading,
        classes=classed.keys,
        rule=" ".join([of.say_rule(classes, "map.share.rule"), *around]),
        others=[
            *classed.hatches,
            *([Key(words("map.links.place"), RANK_KEY)] if names else []),
            *of.list_common_keys(),
        ],
        list_heading=words("map.links.listed"),
        listed=names,
    )
    tags = [
        Tag(of.format_whole(rank), at.x, at.y)
        for at, rank in zip(find_middles(first), first["rank"], strict=True)
    ]
    (view,) = of.build_views(classed)
    said = [classed.class_sentence]
    said += [words("map.alt.links", names=words.join_series(names))] if names else []
    said += [of.say_without_figure(classed), *around]
    return MapContent(of.ground, legend, [replace(view, tags=tags)], said, classed.rows)


def find_middles(links: GeoDataFrame) -> list[shapely.Point]:
    """Find the middle of each change of a road, on its longest line."""
    return [find_middle(shape) for shape in links.geometry]
