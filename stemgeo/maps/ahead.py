"""Layers of the web map on what was before and what may come: change, a plan, candidates."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from stemgeo.facts import LAMBERT_72
from stemgeo.maps.kinds import (
    ADDED_CHILDREN,
    CANDIDATES,
    CHANGE_POINTS,
    CHANGES,
    DIVERGING,
    find_middles,
)
from stemgeo.maps.page import INK
from stemgeo.maps.series import choose_colours, choose_line_colour
from stemgeo.maps.text import name_link_kind, say_reason
from stemgeo.maps.themes import (
    NO_FIGURE,
    Shapes,
    Swatch,
    Theme,
    Told,
    build_part,
    fill_look,
    place_look,
)
from stemgeo.maps.topology import EDITS, LINKS, STREETS
from stemgeo.network.study_edits import SAID
from stemgeo.speech import format_euros, format_number, format_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from geopandas import GeoDataFrame

    from stemgeo.maps.switches import Switches
    from stemgeo.maps.text import MapText
    from stemgeo.texts import Texts

CHANGE = "change"
"""The table of the change by municipality."""
_NEW, _LOST, _PLANNED, _BEST, _LINK = "#5e3c99", "#e66101", INK, "#ffffff", "#c51b7d"
_EDITED = "#e69f00"
"""Told from academies in grey too: darker than the white of these, lighter than a planned one."""
_DOT = 1.2


@dataclass(frozen=True)
class Ahead:
    """What stands beside a result on its web map.

    Attributes
    ----------
    candidates
        The table `candidate-municipalities`; None where it has none.
    plan
        The table `plan` as its CSV has it; None without one.
    plan_roads
        Which roads it is about, in words; empty: all.
    links, links_roads
        The table `links` of changes of roads, None without one; and the roads it is about.
    edits
        The roads that are edited, as the table `network-edits`; None without any.
    before
        The academies of an earlier result, `academy_id`, `name` and points; None without one. Its
        figures are in `Switches.before`.
    dates
        Of the data of both, in words: then and now.
    """

    candidates: pd.DataFrame | None = None
    plan: pd.DataFrame | None = None
    plan_roads: str = ""
    links: GeoDataFrame | None = None
    links_roads: str = ""
    edits: GeoDataFrame | None = None
    before: GeoDataFrame | None = None
    dates: tuple[str, str] = ("", "")


def yield_ahead(
    ahead: Ahead, towns: Shapes, academies: GeoDataFrame, text: MapText, measured: Switches
) -> Iterator[Theme]:
    """Give the layers of what was before and what may come.

    Parameters
    ----------
    ahead
        What there is.
    towns
        The ground, with name and province first in its rows.
    academies
        Of now.
    text
        Of the map.
    measured
        Of now and of then.
    """
    if ahead.edits is not None and len(ahead.edits):
        yield _build_edits(ahead.edits, text.words)
    if ahead.before is not None:
        yield _build_change(towns, academies, ahead.before, text.words, ahead.dates, measured)
    if ahead.candidates is not None and len(ahead.candidates):
        yield _build_candidates(towns, ahead.candidates, text.words)
    if ahead.plan is not None and len(ahead.plan):
        yield _build_plan(ahead.plan, ahead.plan_roads, text.words)
    if ahead.links is not None and len(ahead.links):
        yield _build_links(ahead.links, ahead.links_roads, text.words)


def _build_change(
    towns: Shapes,
    academies: GeoDataFrame,
    before: GeoDataFrame,
    words: Texts,
    dates: tuple[str, str],
    measured: Switches,
) -> Theme:
    """Colour municipalities by the change of their share from an earlier result to this one."""
    heads = words.list_below("web.column")
    figures = ["", "", "share_before", "share", "points"]
    columns = [heads[one] for one in ("municipality", "province", *figures[2:])]
    columns[3] = heads["share_after"]
    told = Told(CHANGE, columns, [row[:2] for row in towns.rows], figures, of=towns.name)
    low, high = (format_number(n, words.language) for n in CHANGE_POINTS)
    labels = [words(f"map.change.{one}", low=low, high=high) for one in CHANGES]
    # What fell is dotted: in grey it would look as what rose.
    fills = ["url(#fell-0)", "url(#fell-1)", *DIVERGING[2:], NO_FIGURE]
    lines = [choose_line_colour(one) for one in (*DIVERGING, "#ffffff")]
    looks = [fill_look(*one) for one in zip(fills, lines, strict=True)]
    counts = measured.count_changes(towns.keys)
    of = [*map(str, range(len(CHANGES))), "none"]
    swatches = [
        Swatch(fill, label, words.say_count("map.count.municipality", counts[one]), of=one)
        for fill, label, one in zip(fills, [*labels, words("map.no_figure")], of, strict=True)
    ]
    sites = list(_yield_changed_sites(academies, before, words))
    return Theme(
        key=CHANGE,
        name=words("web.change"),
        parts=[
            build_part(towns, "overlayPane", looks, "share", table=CHANGE),
            *(build_part(one, "academies", [fill_look(fill, INK, _DOT)], 0) for one, fill in sites),
        ],
        grounds=[towns, *(one for one, _ in sites)],
        heading=words("map.change.heading"),
        swatches=[
            *swatches,
            *(
                Swatch(fill, one.columns[0], format_whole(len(one.rows), words.language), "dot")
                for one, fill in sites
            ),
        ],
        notes=[
            words("map.change.rule", low=low, high=high),
            words("map.plan.date", before=dates[0], after=dates[1]),
        ],
        shares=CHANGE,
        tables=[told],
    )


def _yield_changed_sites(
    academies: GeoDataFrame, before: GeoDataFrame, words: Texts
) -> Iterator[tuple[Shapes, str]]:
    """Give the academies that came and those that are gone, known by their id."""
    now, then = (set(one["academy_id"].astype(str)) for one in (academies, before))
    for key, table, ids, fill in (
        ("new", academies, now - then, _NEW),
        ("lost", before, then - now, _LOST),
    ):
        rows = table[table["academy_id"].astype(str).isin(ids)].sort_values("academy_id")
        if len(rows):
            head = words(f"map.change.{key}_academy")
            names = [[str(one)] for one in rows["name"]]
            yield Shapes(f"{key}-academies", [head], names, shapes=rows.geometry), fill


def _build_plan(plan: pd.DataFrame, roads: str, words: Texts) -> Theme:
    """Draw the places of a plan, with the children whom each brings within reach."""
    heads, language = words.list_below("web.column"), words.language
    columns = [words("map.academy_planned"), *(heads[one] for one in ("municipality", "rank"))]
    columns += [heads["newly"], heads["cost"]]
    rows = [
        [
            str(one["name"]),
            str(one["municipality"]),
            format_whole(one["rank"], language),
            format_whole(one["newly"], language),
            "" if pd.isna(one["cost_eur"]) else format_euros(one["cost_eur"], language),
        ]
        for one in plan.to_dict("records")
    ]
    spots = gpd.points_from_xy(plan["x_m"], plan["y_m"], crs=LAMBERT_72)
    ground = Shapes("plan", columns, rows, shapes=gpd.GeoSeries(spots))
    together = format_whole(int(plan["newly"].sum()), language)
    return Theme(
        key="plan",
        name=words("web.plan"),
        parts=[build_part(ground, "academies", [fill_look(_PLANNED, INK, _DOT)], 0)],
        grounds=[ground],
        overlay=True,
        show=True,
        swatches=[
            Swatch(_PLANNED, words("map.academy_planned"), format_whole(len(rows), language), "dot")
        ],
        notes=[
            words("web.plan_together", children=together),
            *([words("web.plan_roads", roads=roads)] if roads else []),
        ],
    )


def _lay_roads(
    key: str,
    roads: GeoDataFrame,
    columns: list[str],
    rows: list[list[str]],
    looks: tuple[dict[str, Any], dict[str, Any]],
) -> tuple[list[dict[str, Any]], list[Shapes]]:
    """Lay changes of roads out: as lines where they are such, and each as a dot to click on.

    Parameters
    ----------
    key
        Of the layer.
    roads
        Lines, or points for crossings.
    columns, rows
        What is told of each.
    looks
        Of lines, and of dots.
    """
    middles = gpd.GeoSeries(find_middles(roads), crs=roads.crs)
    places = Shapes(f"{key}-places", columns, rows, shapes=middles)
    is_line = (roads.geom_type != "Point").to_numpy()
    told = [row for row, line in zip(rows, is_line, strict=True) if line]
    lines = Shapes(key, columns, told, shapes=roads.geometry[is_line].reset_index(drop=True))
    drawn = build_part(places, "academies", [looks[1]], 0)
    if not told:
        return [drawn], [places]
    return [build_part(lines, STREETS, [looks[0]], 0), drawn], [lines, places]


def _build_edits(edits: GeoDataFrame, words: Texts) -> Theme:
    """Draw the roads that are edited, with what becomes of each."""
    heads, language = words.list_below("links.head"), words.language
    columns = [heads["what"], heads["street"], heads["length"]]
    rows = [
        [
            SAID[one["change"]].to_text(language),
            str(one["name"]),
            "" if pd.isna(one["length_m"]) else format_whole(one["length_m"], language),
        ]
        for one in edits.drop(columns="geometry").to_dict("records")
    ]
    look = {"color": INK, "weight": 4, "opacity": 0.9, "dashArray": "6 4"}
    dot = fill_look(_EDITED, INK, _DOT)
    parts, grounds = _lay_roads(EDITS, edits, columns, rows, (look, dot))
    return Theme(
        key=EDITS,
        name=words("web.edits"),
        parts=parts,
        grounds=grounds,
        overlay=True,
        show=True,
        swatches=[Swatch(_EDITED, words("map.edited"), format_whole(len(rows), language), "dot")],
        notes=[words("web.edits_measured")],
    )


def _build_links(links: GeoDataFrame, roads: str, words: Texts) -> Theme:
    """Draw changes of roads, with the children whom each would bring within reach by itself."""
    heads, language = words.list_below("web.column"), words.language
    named = words.list_below("links.head")
    columns = [*(named[one] for one in ("what", "street")), heads["municipality"], heads["rank"]]
    columns += [named[one] for one in ("length", "newly", "cost")]
    rows = [
        [
            name_link_kind(one, words),
            str(one["name"]),
            str(one["municipality"]),
            *(format_whole(round(one[name]), language) for name in ("rank", "length_m", "newly")),
            "" if pd.isna(one["cost_eur"]) else format_euros(round(one["cost_eur"]), language),
        ]
        for one in links.drop(columns="geometry").to_dict("records")
    ]
    look = {"color": _LINK, "weight": 5, "opacity": 0.9}
    dot = fill_look(_LINK, "#ffffff", _DOT)
    parts, grounds = _lay_roads(LINKS, links, columns, rows, (look, dot))
    return Theme(
        key=LINKS,
        name=words("web.links"),
        parts=parts,
        grounds=grounds,
        overlay=True,
        show=True,
        swatches=[Swatch(_LINK, words("web.link"), format_whole(len(rows), language), kind="line")],
        notes=[
            words("web.links_alone"),
            *([words("web.links_roads", roads=roads)] if roads else []),
        ],
    )


def _build_candidates(towns: Shapes, candidates: pd.DataFrame, words: Texts) -> Theme:
    """Colour municipalities by the children whom one academy more would bring; mark the best."""
    heads, language = words.list_below("web.column"), words.language
    rows = candidates.set_index("nis_code").reindex(list(towns.keys))
    adds = rows["adds"].fillna(0).to_numpy(np.int64)
    number = np.digitize(adds, ADDED_CHILDREN)
    texts = [format_whole(bound, language) for bound in (0, *ADDED_CHILDREN)]
    labels = [words("map.gaps.class", low=low, high=high) for low, high in pairwise(texts)]
    labels.append(words("map.gaps.class_last", low=texts[-1]))
    fills = choose_colours(len(labels), "count")
    counts = np.bincount(number, minlength=len(labels)).tolist()
    told = ("rank", "adds", "adds_here", "adds_beyond")
    table = Told(
        "candidates",
        [heads[one] for one in ("municipality", "province", *told, "place", "reason")],
        [
            [*name[:2], *_tell_candidate(row, told, words)]
            for name, row in zip(towns.rows, rows.to_dict("records"), strict=True)
        ],
    )
    best = candidates[(candidates["adds"] > 0) & candidates["x_m"].notna()]
    best = best.sort_values("rank").head(CANDIDATES)
    places = Shapes(
        "best-places",
        [heads[one] for one in ("place", "municipality", "rank", "adds")],
        [
            [
                str(one["place"]),
                str(one["name"]),
                *(format_whole(one[n], language) for n in told[:2]),
            ]
            for one in best.to_dict("records")
        ],
        shapes=gpd.GeoSeries(gpd.points_from_xy(best["x_m"], best["y_m"], crs=LAMBERT_72)),
    )
    looks = [place_look(fill) for fill in fills]
    return Theme(
        key="candidates",
        name=words("web.candidates"),
        parts=[
            build_part(towns, "overlayPane", looks, number, table=table.name),
            build_part(places, "academies", [fill_look(_BEST, "#a3005c", 2.5)], 0),
        ],
        grounds=[towns, *([places] if len(best) else [])],
        heading=words("map.candidates.heading"),
        swatches=[
            *(
                Swatch(fill, label, words.say_count("map.count.municipality", n))
                for fill, label, n in zip(fills, labels, counts, strict=True)
            ),
            *([Swatch(_BEST, words("web.best_place"), kind="ring")] if len(best) else []),
        ],
        notes=[words("map.candidates.rule")],
        tables=[table],
    )


def _tell_candidate(row: dict[Any, Any], told: Sequence[str], words: Texts) -> list[str]:
    """Write what one academy more adds to a municipality; of one without late children nothing."""
    if pd.isna(row["adds"]):
        return ["" for _ in (*told, "place", "reason")]
    counts = [format_whole(row[one], words.language) for one in told]
    place = "" if pd.isna(row["place"]) else str(row["place"])
    return [*counts, place, say_reason(str(row["reason"]), words)]
