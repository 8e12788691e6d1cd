"""The kinds of printed maps: what each draws, says in words, and lays beside it as a table.

One look for all (`sheet`); the same classes on every map of a series. The table of a map holds the
very rows and figures that are drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from stemgeo.maps.page import PROVINCE, Key, Looks, save_described
from stemgeo.maps.series import (
    INK,
    NO_CLASS,
    Classes,
    class_numbers,
    colours,
    line_on,
    partly_measured,
)
from stemgeo.maps.sheet import (
    ACADEMY,
    EDGE_KEY,
    NEIGHBOUR,
    PLANNED,
    RANK_KEY,
    Fill,
    Ground,
    Legend,
    Marks,
    View,
    academy_marks,
    draw_sheet,
)
from stemgeo.maps.small_multiples import STATUSES
from stemgeo.maps.text import (
    MapText,
    as_sentences,
    class_labels,
    is_planned,
    of_province,
    one_line,
    percent,
    reason_in_words,
)
from stemgeo.speech import decimal, number, signed, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from geopandas import GeoDataFrame
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from stemgeo.texts import Texts

MUNICIPALITY, ZONE = "municipality", "zone"
MINUTES = (0.0, 10.0, 15.0, 20.0, 30.0)
"""Bounds of the classes of minutes below the horizon: 15 is the ride that is asked about."""
CHANGE_POINTS = (2.0, 10.0)
"""Percentage points from which a change counts as one, and as a large one."""
GAP_CHILDREN = (100, 250, 500, 1000)
"""Bounds of the classes of gaps above the fewest children that make one."""
CANDIDATES = 10
"""Candidate municipalities that a map names."""
MOST_DOTS = 6000
"""On the map of all municipalities: more would run into each other."""

BEYOND = "#c9956b"
"""Beside the classes of minutes: no academy at all."""
GAP_SCHEME = ("#ffffd4", "#fed98e", "#fe9929", "#d95f0e", "#993404")
DIVERGING = ("#e66101", "#fdb863", "#f7f7f7", "#b2abd2", "#5e3c99")
"""ColorBrewer's PuOr: also apart under every colour deficiency; what falls is dotted too."""
WITH_SCHEME = (colours(5)[2], colours(5)[3], colours(5)[4])
"""One, a few and many academies: far from none, so that with and without is what is seen."""
PLANNED_ONLY, WITHOUT = "#fdae6b", colours(5)[0]
REASON_SCHEME = {
    "no_academy_near": "#332288",
    "barrier": "#000000",
    "stress": "#888888",
    "age": "#88ccee",
    "just_too_far": "#ffffb3",
    "lapsed": "#e69f00",
    "too_far": "#8c510a",
}
_CHANGES = ("fell_far", "fell", "same", "rose", "rose_far")
_COUNTS = ("children", "covered", "uncovered", "unmeasured")
_MUNICIPALITY_LINE, _ZONE_LINE, _GAP_LINE = 0.4, 0.1, 0.15
NO_FIGURE: Looks = {
    "facecolor": "white",
    "edgecolor": "#6f6f6f",
    "hatch": "//////",
    "linewidth": 0.35,
}
PARTLY: Looks = {"facecolor": "none", "edgecolor": INK, "hatch": "\\\\\\", "linewidth": 0.35}
_GROUND: Looks = {"facecolor": "#d6d6d6", "edgecolor": "#6a6a6a", "linewidth": 0.4}
_TOWN: Looks = {"facecolor": "none", "edgecolor": "#404040", "linewidth": 0.5}
_DOT: Looks = {
    "marker": "o",
    "markersize": 1.8,
    "markerfacecolor": "#8c2d04",
    "markeredgewidth": 0,
    "linestyle": "none",
    "zorder": 4.6,
}
_NEW: Looks = {**ACADEMY, "marker": "^", "markersize": 6.0, "markerfacecolor": INK}
_LOST: Looks = {**ACADEMY, "marker": "X", "markersize": 6.0, "markeredgewidth": 0.6}


@dataclass(frozen=True)
class Drawn:
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


def save_drawn(
    drawn: Drawn, path_without_suffix: Path, formats: Sequence[str] = ("png", "svg", "pdf")
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


@dataclass(frozen=True)
class _Classed:
    """Places in classes: how each class looks, and the class of each place."""

    places: GeoDataFrame
    numbers: NDArray[np.int64]
    labels: Sequence[str]
    looks: Sequence[Looks]

    @property
    def counts(self) -> list[int]:
        """How many places each class has."""
        return [int((self.numbers == number).sum()) for number in range(len(self.labels))]

    @property
    def without(self) -> int:
        """How many places have no figure."""
        return int((self.numbers == NO_CLASS).sum())

    def fills(self, partly: NDArray[np.bool_] | None = None) -> list[Fill]:
        """Colour each class by itself: an empty class cannot shift the colours of the others."""
        areas, fills = self.places.geometry, []
        for place, looks in enumerate(self.looks):
            members = self.numbers == place
            fills.append(Fill(areas[members], looks))
            if partly is not None:
                hatched = {**PARTLY, "edgecolor": line_on(looks["facecolor"])}
                fills.append(Fill(areas[members & partly], hatched, 3.5))
        return [*fills, Fill(areas[self.numbers == NO_CLASS], NO_FIGURE)]

    def names(self, words: Texts) -> list[str]:
        """Give the class of each place in words."""
        return [words("map.no_figure") if n == NO_CLASS else self.labels[n] for n in self.numbers]


@dataclass(frozen=True)
class _Speech:
    """The words of a map's language, and of what it counts."""

    text: MapText
    of: str = MUNICIPALITY

    @property
    def words(self) -> Texts:
        """Those of all maps."""
        return self.text.words

    def counted(self, count: int) -> str:
        """Write a number of municipalities, zones or gaps."""
        return self.words.counted(f"map.count.{self.of}", count)

    def whole(self, count: float) -> str:
        """Write a whole number."""
        return whole(count, self.words.language)

    def number(self, value: float) -> str:
        """Write a bound, or a number of minutes."""
        return number(value, self.words.language, 2)

    def points(self, value: float) -> str:
        """Write a difference of shares."""
        return self.words("map.change.points", points=signed(value, self.words.language, 1))

    def keys(self, classed: _Classed) -> list[Key]:
        """Write each class with its count."""
        parts = zip(classed.labels, classed.looks, classed.counts, strict=True)
        return [Key(label, looks, self.counted(count)) for label, looks, count in parts]

    def classes(self, classed: _Classed) -> str:
        """Say each class with its count."""
        parts = zip(classed.labels, classed.counts, strict=True)
        return self.words.series(self.words.pair(label, self.counted(n)) for label, n in parts)


def share(
    ground: Ground, classes: Classes, places: GeoDataFrame | None = None, of: str = MUNICIPALITY
) -> Drawn:
    """Map the share of children in time.

    Parameters
    ----------
    ground
        Its municipalities have `share` (0 to 1, NaN for no figure), `children`, `unmeasured` and
        `has_academy`.
    classes
        Bounds in percent, the same for the whole series.
    places
        Zones with the same columns and `zone_id`, when the map is of zones.
    of
        "municipality" or "zone".
    """
    speech, heading = _Speech(ground.text, of), ground.text.heading
    shown = _shown(ground, places)
    classed = _by_share(shown, shown["share"], classes, speech)
    legend = Legend(
        heading=heading,
        classes=speech.keys(classed),
        rule=_share_rule(classes, speech),
        others=[*_without_figure(classed, shown, speech), *_common(ground, of)],
        lines=[_with_academy(ground)],
    )
    fills = [*classed.fills(partly_measured(shown)), *_towns(ground, of)]
    figure = draw_sheet(ground, legend, [View(fills, _sites(ground))])
    alt = _alt(
        "classes",
        ground,
        heading,
        f"{speech.classes(classed)}.",
        *_extremes(shown, "share", speech, lambda value: percent(value, speech.words)),
        speech.words("map.alt.none", count=speech.whole(classed.without)),
        total=speech.counted(len(shown)),
    )
    columns = [*_keys_of(of), *_COUNTS, "share"]
    return Drawn(figure, alt, _table(shown, columns, classed, speech), heading)


def minutes(
    ground: Ground,
    classes: Classes,
    horizon_min: float,
    places: GeoDataFrame,
    of: str = MUNICIPALITY,
) -> Drawn:
    """Map the minutes that half of the children of each place do not exceed to the nearest.

    Parameters
    ----------
    ground
        See `Ground`.
    classes
        Bounds in minutes; an upper bound belongs to its class.
    horizon_min
        How far was looked.
    places
        Municipalities or zones with `minutes` (inf: half of the children reach none within the
        horizon, NaN: nothing measured), `children` and `unmeasured`.
    of
        "municipality" or "zone".
    """
    speech = _Speech(ground.text, of)
    heading, shown = speech.words("map.minutes.heading"), _shown(ground, places)
    classed = _by_minutes(shown, classes.bounds, horizon_min, speech)
    rule = f"{_rule_of(classes, speech)} {speech.words('map.minutes.rule')}"
    legend = Legend(
        heading=heading,
        classes=speech.keys(classed),
        rule=rule,
        others=[*_without_figure(classed, shown, speech, "minutes"), *_common(ground, of)],
    )
    fills = [*classed.fills(partly_measured(shown, "minutes")), *_towns(ground, of)]
    figure = draw_sheet(ground, legend, [View(fills, _sites(ground))])
    finite = shown[np.isfinite(shown["minutes"])]

    def told(value: float) -> str:
        return speech.words("map.minutes.value", minutes=decimal(value, speech.words.language))

    alt = _alt(
        "classes",
        ground,
        heading,
        f"{speech.classes(classed)}.",
        *_extremes(finite, "minutes", speech, told, ("slowest", "fastest")),
        speech.words("map.alt.none", count=speech.whole(classed.without)),
        total=speech.counted(len(shown)),
    )
    columns = [*_keys_of(of), "children", "unmeasured", "minutes"]
    return Drawn(figure, alt, _table(shown, columns, classed, speech), heading)


def academies(ground: Ground, before: Ground | None = None) -> Drawn:
    """Map the municipalities with and without an academy: the map of the ministry's annex.

    Parameters
    ----------
    ground
        Its municipalities have `academies`, `planned` and `has_academy`.
    before
        The same municipalities earlier, when the map is to tell what changed.
    """
    speech = _Speech(ground.text)
    if before is None:
        heading, classed = speech.words("map.academies.heading"), _by_academies(ground, speech)
    else:
        heading = speech.words("map.academies.heading_before")
        classed = _by_status(ground, before, speech)
    shown = classed.places
    sites = _of_ground(ground)
    counted = speech.words("map.academies.counted", count=speech.whole(len(sites)))
    lines = [_with_academy(ground), counted]
    legend = Legend(heading, speech.keys(classed), "", _common(ground, MUNICIPALITY), lines)
    figure = draw_sheet(ground, legend, [View(classed.fills(), _sites(ground))])
    most = shown[shown["academies"] > 0].rename(columns={"academies": "number"})
    alt = _alt(
        "academies",
        ground,
        heading,
        f"{speech.classes(classed)}.",
        *_extremes(
            most,
            "number",
            speech,
            speech.whole,
            ("most", None),
        ),
        *(f"{line}." for line in lines),
    )
    columns = [*_keys_of(MUNICIPALITY), "academies", "planned", "has_academy"]
    return Drawn(figure, alt, _table(shown, columns, classed, speech), heading)


def uncovered(ground: Ground, points: GeoDataFrame, cutoff_min: float) -> Drawn:
    """Map the children who are not in time as dots that stand where such children live.

    Parameters
    ----------
    ground
        Its municipalities have `uncovered`, `covered` and `unmeasured`.
    points
        Demand points of all municipalities in a steady order: `nis_code`, `uncovered` (children),
        geometry. What they add up to is drawn.
    cutoff_min
        Of "in time".
    """
    speech = _Speech(ground.text)
    minutes_ = speech.number(cutoff_min)
    heading = speech.words("map.uncovered.heading", minutes=minutes_)
    worth = children_of_a_dot(int(points["uncovered"].sum()))
    shown = ground.shown
    dots = allocated(points[points["nis_code"].isin(shown["nis_code"])], worth)
    placed = dots.groupby("nis_code")["dots"].sum().reindex(shown["nis_code"], fill_value=0)
    shown = shown.assign(dots=placed.to_numpy())
    total = speech.whole(worth)
    late, measured = shown["uncovered"].sum(), (shown["covered"] + shown["uncovered"]).sum()
    lines = [
        speech.words(
            "map.uncovered.counted", count=speech.whole(late), total=speech.whole(measured)
        ),
        speech.words("map.uncovered.no_dot", count=speech.whole((shown["dots"] == 0).sum())),
    ]
    unmeasured = (shown["covered"] + shown["uncovered"] == 0).to_numpy()
    classed = _Classed(shown, np.where(unmeasured, NO_CLASS, 0), [""], [_GROUND])
    legend = Legend(
        heading=heading,
        classes=[Key(speech.words.counted("map.uncovered.dot", worth), _DOT)],
        rule=speech.words("map.uncovered.rule", count=total),
        others=[*_without_figure(classed, shown, speech), *_common(ground, MUNICIPALITY)],
        lines=lines,
    )
    marks = [*_dot_marks(dots), *_sites(ground)]
    figure = draw_sheet(ground, legend, [View(classed.fills(), marks)])
    alt = _alt(
        "dots",
        ground,
        heading,
        *(f"{line}." for line in lines),
        *_extremes(
            shown,
            "uncovered",
            speech,
            speech.whole,
            ("most", "least"),
        ),
        speech.words("map.alt.none", count=speech.whole(classed.without)),
    )
    columns = [*_keys_of(MUNICIPALITY), *_COUNTS, "dots"]
    table = pd.DataFrame(shown[columns]).assign(children_per_dot=worth).reset_index(drop=True)
    return Drawn(figure, alt, table, heading)


def children_of_a_dot(total: int) -> int:
    """Give the least of 1, 2 and 5 times a power of ten for which the dots are not too many."""
    least, power = max(total / MOST_DOTS, 1.0), 1
    while 5 * power < least:
        power *= 10
    return next(times * power for times in (1, 2, 5) if times * power >= least)


def allocated(points: GeoDataFrame, worth: int) -> GeoDataFrame:
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


def _dot_marks(dots: GeoDataFrame) -> list[Marks]:
    """Draw several dots at one spot as one of their joint surface."""
    at = shapely.get_coordinates(dots.geometry.to_numpy())
    number = dots["dots"].to_numpy()
    return [
        Marks(at[number == n], {**_DOT, "markersize": _DOT["markersize"] * float(np.sqrt(n))})
        for n in np.unique(number)
    ]


def gaps(
    ground: Ground,
    areas: GeoDataFrame,
    candidates: pd.DataFrame,
    least: int,
    colour_by: str = "children",
) -> Drawn:
    """Map the gaps over all roads, with the municipalities where one academy would add most.

    Parameters
    ----------
    ground
        See `Ground`.
    areas
        The gaps table with its outlines; those of profile "all" are drawn.
    candidates
        The table `candidate-municipalities`.
    least
        The fewest children that make a gap.
    colour_by
        "children" or "reason".
    """
    speech = _Speech(ground.text, "gap")
    heading = speech.words(f"map.gaps.heading_{colour_by}")
    found = areas[areas["profile"] == "all"]
    if ground.province is not None:
        within = [ground.province in one.split(", ") for one in found["provinces"].astype(str)]
        found = found[np.array(within, dtype=bool)]
    # A small gap stands over a large one.
    shown = found.sort_values(["uncovered", "gap_id"], ascending=[False, True], ignore_index=True)
    by = {"children": _by_children, "reason": _by_reason}[colour_by]
    classed = by(shown, least, speech)
    ranked = of_province(candidates, ground.province).sort_values("rank").head(CANDIDATES)
    ranked = ranked[ranked["adds"] > 0]
    counted = speech.words("map.gaps.counted", count=speech.whole(shown["uncovered"].sum()))
    numbers = [speech.whole(rank) for rank in ranked["rank"]]
    names = [
        speech.words(
            "map.gaps.candidate_line", rank=number, name=one_line(name), adds=speech.whole(adds)
        )
        for number, name, adds in zip(numbers, ranked["name"], ranked["adds"], strict=True)
    ]
    legend = Legend(
        heading=heading,
        classes=speech.keys(classed),
        rule=f"{speech.words('map.classes.fixed')} " * (colour_by == "children")
        + speech.words("map.gaps.rule", drawn=ground.text.drawn, least=speech.whole(least)),
        others=[
            *([Key(speech.words("map.gaps.candidate"), RANK_KEY)] if names else []),
            *_common(ground, MUNICIPALITY),
        ],
        lines=[counted],
        list_heading=speech.words("map.gaps.candidates"),
        listed=names,
    )
    ranks = list(zip(ranked["x_m"], ranked["y_m"], numbers, strict=True))
    fills = [Fill(ground.shown.geometry, _GROUND, 2.5), *classed.fills()]
    figure = draw_sheet(ground, legend, [View(fills, _sites(ground), ranks)])
    said = speech.words("map.alt.candidates", names="; ".join(names))
    alt = _alt(
        "gaps",
        ground,
        heading,
        f"{speech.classes(classed)}.",
        f"{counted}.",
        *_extremes(
            shown,
            "uncovered",
            speech,
            speech.whole,
            ("most", "least"),
        ),
        *([said] if names else []),
    )
    columns = ["gap_id", "name", "municipalities", "provinces", "uncovered", "reason"]
    rows = _table(shown, columns, classed, speech)
    extra = ranked[["nis_code", "name", "rank", "adds", "place_id", "x_m", "y_m"]]
    return Drawn(figure, alt, pd.concat([rows, extra], ignore_index=True), heading)


def change(ground: Ground, before: Ground) -> Drawn:
    """Map how the share in time changed from an earlier result to this one.

    Parameters
    ----------
    ground, before
        Of the same municipalities, each with its `share` and academies.
    """
    ground = _both_said(ground, before)
    speech = _Speech(ground.text)
    heading = speech.words("map.change.heading")
    earlier = before.municipalities.set_index("nis_code").reindex(ground.shown["nis_code"])
    shown = ground.shown.rename(columns={"share": "share_after", "academies": "academies_after"})
    shown["share_before"] = earlier["share"].to_numpy()
    shown["academies_before"] = earlier["academies"].to_numpy()
    shown["points"] = ((shown["share_after"] - shown["share_before"]) * 100).round(9)
    classed = _by_change(shown, speech)
    low, high = (speech.number(n) for n in CHANGE_POINTS)
    sites, marks = _sites_of_change(ground, before, speech)
    legend = Legend(
        heading=heading,
        classes=speech.keys(classed),
        rule=speech.words("map.change.rule", low=low, high=high),
        others=[
            *_without_figure(classed, shown, speech),
            *_common(ground, MUNICIPALITY, sites),
        ],
    )
    figure = draw_sheet(ground, legend, [View(classed.fills(), marks)])
    rose, fell = shown[shown["points"] > 0], shown[shown["points"] < 0]

    def told(value: float) -> str:
        return speech.points(value)

    alt = _alt(
        "classes",
        ground,
        heading,
        f"{speech.classes(classed)}.",
        *_extremes(rose, "points", speech, told, ("rise", None)),
        *_extremes(fell, "points", speech, told, (None, "fall")),
        *(f"{speech.words.pair(_capital(key.meaning), key.count)}." for key in sites),
        speech.words("map.alt.none", count=speech.whole(classed.without)),
    )
    columns = ["share_before", "share_after", "points", "academies_before", "academies_after"]
    table = _table(shown, [*_keys_of(MUNICIPALITY), *columns], classed, speech)
    return Drawn(figure, alt, table, heading)


def plan(ground: Ground, before: Ground, classes: Classes) -> Drawn:
    """Map the share in time without and with the places of a plan, side by side.

    Parameters
    ----------
    ground
        With the plan: its planned academies are marked.
    before
        The same municipalities without it.
    classes
        Bounds in percent, the same for both maps and the whole series.
    """
    ground = _both_said(ground, before)
    speech, heading = _Speech(ground.text), ground.text.heading
    after = ground.shown
    earlier = before.municipalities.set_index("nis_code").loc[after["nis_code"]]
    figures = ["share", *_COUNTS]
    first = after.assign(**{name: earlier[name].to_numpy() for name in figures})
    pair = [_by_share(places, places["share"], classes, speech) for places in (first, after)]
    rows = zip(pair[0].labels, pair[0].looks, pair[0].counts, pair[1].counts, strict=True)
    keys = [
        Key(label, looks, f"{speech.whole(a)} \N{RIGHTWARDS ARROW} {speech.counted(b)}")
        for label, looks, a, b in rows
    ]
    planned = int(is_planned(_of_ground(ground)).sum())
    counted = speech.words("map.plan.counted", count=speech.whole(planned))
    partly = [partly_measured(places) for places in (first, after)]
    shown = after if partly[1].any() else first
    legend = Legend(
        heading=heading,
        classes=keys,
        rule=f"{_share_rule(classes, speech)} {speech.words('map.plan.rule')}",
        others=[*_without_figure(pair[1], shown, speech), *_common(ground, MUNICIPALITY)],
        lines=[counted],
    )
    views = [
        View(classed.fills(hatched), academy_marks(one.academies), caption=caption)
        for classed, hatched, one, caption in zip(
            pair,
            partly,
            (before, ground),
            (speech.words("map.plan.before"), speech.words("map.plan.after")),
            strict=True,
        )
    ]
    figure = draw_sheet(ground, legend, views)
    told = zip((speech.words("map.plan.before"), speech.words("map.plan.after")), pair, strict=True)
    rise = after.assign(points=(after["share"] - first["share"]) * 100)
    alt = _alt(
        "plan",
        ground,
        heading,
        *(f"{speech.words.pair(name, speech.classes(classed))}." for name, classed in told),
        f"{counted}.",
        *_extremes(
            rise[rise["points"].round(9) > 0],
            "points",
            speech,
            speech.points,
            ("rise", None),
        ),
        speech.words("map.alt.none", count=speech.whole(pair[1].without)),
    )
    table = pd.DataFrame(after[_keys_of(MUNICIPALITY)]).assign(
        planned=after["planned"],
        share_before=first["share"],
        share_after=after["share"],
        class_before=pair[0].names(speech.words),
        class_after=pair[1].names(speech.words),
    )
    return Drawn(figure, alt, table.reset_index(drop=True), heading)


def _keys_of(of: str) -> list[str]:
    """Give the columns that name a place."""
    return [*(["zone_id"] if of == ZONE else []), "nis_code", "name", "province"]


def _table(
    shown: pd.DataFrame, columns: Sequence[str], classed: _Classed, speech: _Speech
) -> pd.DataFrame:
    named = classed.names(speech.words)
    table = pd.DataFrame(shown[list(columns)]).assign(**{"class": named})
    return table.reset_index(drop=True)


def _shown(ground: Ground, places: GeoDataFrame | None) -> GeoDataFrame:
    """Give the places of the ground, light enough for print, in order of code."""
    if places is None:
        return ground.shown
    key = "zone_id" if "zone_id" in places else "nis_code"
    inside: GeoDataFrame = of_province(places, ground.province)
    inside = inside.sort_values(key, ignore_index=True)
    if key == "nis_code":
        return inside.set_geometry(ground.shown.geometry.to_numpy(), crs=places.crs)
    light: GeoDataFrame = ground.light(inside)
    return light


def _of_ground(ground: Ground) -> GeoDataFrame:
    """Give the academies in the municipalities of the map."""
    return ground.academies[ground.academies["nis_code"].isin(ground.shown["nis_code"])]


def _sites(ground: Ground) -> list[Marks]:
    return academy_marks(ground.academies)


def _towns(ground: Ground, of: str) -> list[Fill]:
    """Draw the municipalities over their zones."""
    return [Fill(ground.shown.geometry, _TOWN, 3.8)] if of == ZONE else []


def _lined(colour: str, width: float = _MUNICIPALITY_LINE, **more: Any) -> Looks:
    """Line each class so that two places of the same class stay apart (3:1 or more)."""
    return {"facecolor": colour, "edgecolor": line_on(colour), "linewidth": width, **more}


def _width(speech: _Speech) -> float:
    return _ZONE_LINE if speech.of == ZONE else _MUNICIPALITY_LINE


def _by_share(
    places: GeoDataFrame, shares: pd.Series, classes: Classes, speech: _Speech
) -> _Classed:
    labels = class_labels(classes.bounds, speech.words)
    looks = [_lined(colour, _width(speech)) for colour in colours(len(labels))]
    return _Classed(places, class_numbers(shares, classes.bounds), labels, looks)


def _by_minutes(
    places: GeoDataFrame, bounds: Sequence[float], horizon_min: float, speech: _Speech
) -> _Classed:
    """Put minutes into classes, their upper bound included, and what is beyond into the last."""
    inner = [*(bound for bound in bounds if bound < horizon_min), horizon_min]
    values = places["minutes"].to_numpy(np.float64).round(6)
    numbers = np.searchsorted(np.array(inner[1:]), values, side="left").astype(np.int64)
    labels = [
        speech.words("map.minutes.class", low=speech.number(low), high=speech.number(high))
        for low, high in pairwise(inner)
    ]
    width = _width(speech)
    looks = [_lined(colour, width) for colour in reversed(colours(len(labels)))]
    labels.append(speech.words("map.minutes.beyond", minutes=speech.number(horizon_min)))
    looks.append(_lined(BEYOND, width, hatch="xx"))
    return _Classed(places, np.where(np.isnan(values), NO_CLASS, numbers), labels, looks)


def _by_academies(ground: Ground, speech: _Speech) -> _Classed:
    """Tell one, two or three, and more academies apart, and those that a plan alone brings."""
    shown, words = ground.shown, speech.words
    number = shown["academies"].to_numpy()
    planned = shown["planned"].to_numpy() if "planned" in shown else np.zeros(len(shown))
    only_planned = (number > 0) & (number == planned)
    numbers = np.where(number == 0, 0, np.digitize(number, (2, 4)) + 1)
    labels = [
        words("map.academies.without"),
        words.counted("map.count.academy", 1),
        words("map.academies.class", low=2, high=3),
        words("map.academies.or_more", low=4),
    ]
    looks = [_lined(WITHOUT), *map(_lined, WITH_SCHEME)]
    if only_planned.any():
        numbers = np.where(only_planned, 4, numbers)
        labels, looks = (
            [*labels, words("map.academies.planned_only")],
            [*looks, _lined(PLANNED_ONLY, hatch="....")],
        )
    return _Classed(shown, numbers.astype(np.int64), labels, looks)


def _by_status(ground: Ground, before: Ground, speech: _Speech) -> _Classed:
    shown = ground.shown
    earlier = before.municipalities.set_index("nis_code")["has_academy"]
    had = earlier.reindex(shown["nis_code"]).to_numpy(bool)
    has = shown["has_academy"].to_numpy(bool)
    numbers = np.select([has & had, has, had], [0, 1, 2], 3).astype(np.int64)
    # Grey is the ground beside the province.
    changed = {**STATUSES, "without": {"facecolor": WITHOUT}}
    looks = [{**_lined(one["facecolor"]), **one} for one in changed.values()]
    return _Classed(
        shown, numbers, [speech.words(f"map.academies.{key}") for key in STATUSES], looks
    )


def _by_children(places: GeoDataFrame, least: int, speech: _Speech) -> _Classed:
    bounds = [least, *(bound for bound in GAP_CHILDREN if bound > least)]
    texts = [speech.whole(bound) for bound in bounds]
    labels = [
        *(speech.words("map.gaps.class", low=low, high=high) for low, high in pairwise(texts)),
        speech.words("map.gaps.class_last", low=texts[-1]),
    ]
    looks = [_lined(colour, _GAP_LINE) for colour in GAP_SCHEME[-len(labels) :]]
    numbers = np.digitize(places["uncovered"].to_numpy(), bounds[1:]).astype(np.int64)
    return _Classed(places, numbers, labels, looks)


def _by_reason(places: GeoDataFrame, _least: int, speech: _Speech) -> _Classed:
    # By stress alone no child is late over all roads, which these gaps are of.
    reasons = [reason for reason in REASON_SCHEME if reason != "stress"]
    looks = [_lined(REASON_SCHEME[reason], _GAP_LINE) for reason in reasons]
    numbers = pd.Index(reasons).get_indexer(places["reason"]).astype(np.int64)
    return _Classed(places, numbers, [reason_in_words(one, speech.words) for one in reasons], looks)


def _by_change(places: GeoDataFrame, speech: _Speech) -> _Classed:
    points = places["points"].to_numpy(np.float64)
    size = np.digitize(np.abs(points), CHANGE_POINTS)
    numbers = np.where(np.isnan(points), NO_CLASS, 2 + np.sign(np.nan_to_num(points)) * size)
    low, high = (speech.number(n) for n in CHANGE_POINTS)
    labels = [speech.words(f"map.change.{one}", low=low, high=high) for one in _CHANGES]
    falls: list[Looks] = [{"hatch": ".."}, {"hatch": ".."}, {}, {}, {}]
    looks = [_lined(colour, **more) for colour, more in zip(DIVERGING, falls, strict=True)]
    return _Classed(places, numbers.astype(np.int64), labels, looks)


def _without_figure(
    classed: _Classed, shown: GeoDataFrame, speech: _Speech, figure: str = "share"
) -> list[Key]:
    """Explain the hatches: no figure, and where there is one, a figure for less than half."""
    words = speech.words
    keys = [Key(f"{words('map.no_figure')} ({speech.counted(classed.without)})", NO_FIGURE)]
    partly = int(partly_measured(shown, figure).sum()) if figure in shown else 0
    if partly:
        keys.append(Key(f"{words('map.partly_measured')} ({speech.counted(partly)})", PARTLY))
    return keys


def _common(ground: Ground, of: str, sites: Sequence[Key] | None = None) -> list[Key]:
    """Explain what stands on every map."""
    words = ground.text.words
    keys = [Key(words("map.outside"), NEIGHBOUR)] if ground.province is not None else []
    keys += [Key(words("map.municipality_border"), _TOWN)] if of == ZONE else []
    keys.append(Key(words("map.province_border"), PROVINCE))
    keys += [Key(ground.edge_label, EDGE_KEY)] if ground.edge is not None else []
    if sites is not None:
        return [*keys, *(Key(f"{key.meaning} ({key.count})", key.looks) for key in sites)]
    keys.append(Key(words("map.academy"), ACADEMY))
    planned = is_planned(ground.academies).any()
    return [*keys, *([Key(words("map.academy_planned"), PLANNED)] if planned else [])]


def _with_academy(ground: Ground) -> str:
    words, shown = ground.text.words, ground.shown
    counted = {"count": int(shown["has_academy"].sum()), "total": len(shown)}
    return words(
        "map.with_academy", **{key: whole(n, words.language) for key, n in counted.items()}
    )


def _share_rule(classes: Classes, speech: _Speech) -> str:
    return f"{_rule_of(classes, speech)} {speech.words('map.share.rule')}"


def _rule_of(classes: Classes, speech: _Speech) -> str:
    return speech.words(f"map.classes.{classes.rule}")


def _sites_of_change(
    ground: Ground, before: Ground, speech: _Speech
) -> tuple[list[Key], list[Marks]]:
    """Mark academies by what became of them, known by their id, and count those of the map."""
    now, then = set(ground.academies["academy_id"]), set(before.academies["academy_id"])
    shown = set(ground.shown["nis_code"])
    keys, marks = [], []
    for meaning, looks, source, ids in (
        (speech.words("map.change.kept_academy"), ACADEMY, ground, now & then),
        (speech.words("map.change.new_academy"), _NEW, ground, now - then),
        (speech.words("map.change.lost_academy"), _LOST, before, then - now),
    ):
        rows = source.academies[source.academies["academy_id"].isin(ids)].sort_values("academy_id")
        count = int(rows["nis_code"].isin(shown).sum())
        keys.append(Key(meaning, looks, speech.whole(count)))
        marks.append(Marks(shapely.get_coordinates(rows.geometry.to_numpy()), looks))
    return keys, marks


def _both_said(ground: Ground, before: Ground) -> Ground:
    """Say on the map of two results the cautions, sources and dates of both."""
    words, now, then = ground.text.words, ground.text, before.text
    parts = {
        name: [
            part
            for one in (then, now)
            for part in getattr(one, name).split(words("list.series"))
            if part
        ]
        for name in ("notice", "method_note", "source")
    }
    said: dict[str, Any] = {name: words.series(dict.fromkeys(one)) for name, one in parts.items()}
    date = now.date
    if then.date != now.date:
        date = words("map.plan.date", before=then.date, after=now.date)
    return replace(ground, text=replace(now, **said, date=date))


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _extremes(
    places: pd.DataFrame,
    figure: str,
    speech: _Speech,
    told: Callable[[float], str],
    leads: tuple[str | None, str | None] = ("highest", "lowest"),
) -> list[str]:
    """Name the three highest and the three lowest; equal figures in order of name."""
    known = places[places[figure].notna()]
    found = []
    for lead, ascending in zip(leads, (False, True), strict=True):
        ranked = known.sort_values([figure, "name"], ascending=[ascending, True]).head(3)
        if lead is not None and len(ranked):
            named = zip(ranked["name"], ranked[figure], strict=True)
            said = ", ".join(f"{one_line(name)} ({told(value)})" for name, value in named)
            found.append(speech.words(f"map.alt.{lead}", named=said))
    return found


def _alt(kind: str, ground: Ground, heading: str, *said: str, total: str = "") -> str:
    """Put in words what a map shows: title and cautions, kind of map and measure, the rest.

    `total` is the number of its places; that of the municipalities when not given.
    """
    speech = _Speech(ground.text)
    total = total or speech.counted(len(ground.shown))
    lead = speech.words(f"map.alt.{kind}", place=ground.place, total=total, heading=heading)
    return " ".join([as_sentences([ground.text.title, *ground.text.cautions]), lead, *said])
