"""The layers of a result for QGIS: each table, what its columns are called, and how it looks.

Classes, colours and their words are those of the printed maps (`maps.kinds`): only which values
belong to a class is said here again, as a filter that QGIS computes; the tests hold both together.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd

from stemgeo.facts import LAMBERT_72
from stemgeo.maps import kinds
from stemgeo.maps.classed import NO_FIGURE, PARTLY, Classed
from stemgeo.maps.kinds import ADDED_CHILDREN, CANDIDATES, MUNICIPALITY, ZONE, MapRequest
from stemgeo.maps.page import PROVINCE
from stemgeo.maps.series import (
    MINUTES,
    Classes,
    find_brussels,
    list_minute_bounds,
    merge_provinces,
)
from stemgeo.maps.sheet import ACADEMY, EDGE_KEY, NEIGHBOUR, PLANNED, RANK_KEY, ROAD_KEY, ROUGH
from stemgeo.maps.streets import COLOUR
from stemgeo.maps.text import name_parts_in, name_planned, province_name
from stemgeo.maps.web import format_span, mix_band_colours
from stemgeo.qgis.symbols import LINE, POINT, POLYGON, Lettering, MapStyle, StyleRule
from stemgeo.reasons import REASONS
from stemgeo.speech import format_number
from stemgeo.study import PARTLY_MEASURED_BELOW

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stemgeo.report.outcome import Tables
    from stemgeo.report.sheets import Sheets
    from stemgeo.texts import Texts

_Table = TypeVar("_Table", bound=pd.DataFrame)

PROVINCE_NAMED = "@stemgeo_province"
"""What a print layout says of itself to its map: the province that it is of."""
PLACES, AREAS, ROADS, FIGURES, BESIDE = "places", "areas", "roads", "figures", "beside"
"""Groups of the project, from above: keys below "qgis.group"."""
_NAMED_MOST = 25
"""So many municipalities bear their name on a map of all, as on ours."""
_NAMED_BELOW = 400_000
"""The scale below which all do that find room."""
_PALE = "#555555"
_PARTLY_CASED = {**PARTLY, "casing": "white"}
"""On ours the lines are white on dark classes; here one symbol lies on all."""
_STREET = {"edgecolor": COLOUR, "linewidth": 1.4}
_EDIT = {**EDGE_KEY, "linewidth": 1.6}
_CROSSING = {**ACADEMY, "marker": "X", "markerfacecolor": EDGE_KEY["edgecolor"], "markersize": 7.0}


@dataclass(frozen=True)
class MapTable:
    """A table of the GeoPackage.

    Attributes
    ----------
    key
        Its name there.
    title
        For people.
    group
        Of the project.
    kind
        POINT, LINE or POLYGON.
    table
        Its rows.
    schema
        Of the data dictionary.
    styles
        The first is its own; each is a layer of the project.
    shown
        Whether the project shows the first at once.
    """

    key: str
    title: str
    group: str
    kind: str
    table: gpd.GeoDataFrame
    schema: str
    styles: Sequence[MapStyle]
    shown: bool = False


@dataclass(frozen=True)
class ResultLayers:
    """The layers of a result, from above.

    Attributes
    ----------
    sheets
        Its maps.
    """

    sheets: Sheets

    def gather(self) -> list[MapTable]:
        """Give the layers that there are; of an empty table there is none."""
        found = [
            *self._yield_places(),
            self._draw_provinces(),
            *self._yield_areas(),
            *self._yield_roads(),
            self._draw_municipalities(),
            *self._yield_zones(),
            *self._yield_beside(),
        ]
        return [one for one in found if len(one.table)]

    @property
    def _result(self) -> Tables:
        return self.sheets.result

    @property
    def _words(self) -> Texts:
        return self._result.words

    @cached_property
    def _towns(self) -> gpd.GeoDataFrame:
        """The municipalities, with what the maps of minutes, choice and best places add."""
        full = self._result.municipalities.sort_values("nis_code", ignore_index=True)
        return full.assign(name=[name_parts_in(one, self._words) for one in full["name"]])

    @cached_property
    def _merged(self) -> gpd.GeoSeries:
        return merge_provinces(self._towns)

    def ask(self, by: str = MUNICIPALITY) -> MapRequest:
        """Ask the kinds of maps for their classes."""
        return MapRequest(self.sheets.build_ground(), by=by, tables=self._result)

    # -- places -------------------------------------------------------------------------------

    def _yield_places(self) -> Iterator[MapTable]:
        result, words = self._result, self._words
        rules = [
            StyleRule(words("map.academy"), 'NOT "planned" AND NOT "coarse"', ACADEMY),
            StyleRule(
                name_planned(self.sheets.academies, words), '"planned" AND NOT "coarse"', PLANNED
            ),
            StyleRule(words("map.academy_rough"), '"coarse"', ROUGH),
        ]
        table, title = result.academies, words("web.academies")
        there = [True, table["planned"].any(), table["coarse"].any()]
        rules = [rule for rule, one in zip(rules, there, strict=True) if one]
        style = MapStyle(title, rules, Lettering(column=""))
        yield MapTable("academies", title, PLACES, POINT, table, "academies", [style], shown=True)
        best = round_as_written(result.candidate_places.drop(columns=["x_m", "y_m"]))
        best = best[best["adds"] > 0].sort_values("rank", ignore_index=True)
        title = words("map.candidates.listed")
        first = f'"rank" <= {CANDIDATES}'
        rule = StyleRule(words("map.candidates.place"), first, RANK_KEY)
        names = Lettering("rank", holds=first, priority='10 - "rank"')
        styles = [MapStyle(title, [rule], names)]
        yield MapTable("candidates", title, PLACES, POINT, best, "candidate-municipalities", styles)

    # -- areas --------------------------------------------------------------------------------

    def _draw_provinces(self) -> MapTable:
        """Draw the borders of provinces; on the map of one the others bear their name."""
        words, partly = self._words, self._result.partly_provinces
        counted = round_as_written(self._result.table("provinces")).set_index("code")
        table = counted.reindex(self._merged.index).rename_axis("code").reset_index()
        table["name"] = [province_name(str(one), words, partly) for one in table["code"]]
        places = gpd.GeoDataFrame(table, geometry=self._merged.to_numpy(), crs=LAMBERT_72)
        title = words("map.province_border").capitalize()
        names = Lettering(colour=_PALE, italic=True, holds=f'"code" <> {PROVINCE_NAMED}')
        style = MapStyle(title, [StyleRule(words("map.province_border"), "", PROVINCE)], names)
        return MapTable(
            "provinces", title, AREAS, POLYGON, places, "provinces", [style], shown=True
        )

    def _yield_areas(self) -> Iterator[MapTable]:
        result, words = self._result, self._words
        least, of = result.study.gaps.min_children, self.ask()
        for key, profile, title in (
            ("gaps", "all", words("web.gaps")),
            ("gaps_low_stress", "low_stress", words("web.quiet_gaps")),
        ):
            table = result.gaps[result.gaps["profile"] == profile].reset_index(drop=True)
            by = kinds.classify_by_children(of, table, least)
            filters = list_spans("uncovered", kinds.list_gap_bounds(least)[1:])
            styles = [MapStyle(title, make_rules(by, filters))]
            if profile == "all":
                by = kinds.classify_by_reason(of, table, least)
                holds = [
                    f"\"reason\" = '{one}'" for one, of_ in REASONS.items() if of_.profile == "all"
                ]
                styles.append(MapStyle(words("map.gaps.heading_reason"), make_rules(by, holds)))
            yield MapTable(key, title, AREAS, POLYGON, table, "gaps", styles)
        bands = result.rows("isochrones", academy_id="")
        if bands is not None and len(bands):
            table = bands.sort_values("minutes_to", ascending=False, ignore_index=True)
            style = draw_bands(table, words("web.isochrones"), words)
            name = style.name
            yield MapTable("isochrones", name, AREAS, POLYGON, table, "isochrones", [style])

    # -- roads --------------------------------------------------------------------------------

    def _yield_roads(self) -> Iterator[MapTable]:
        result, words = self._result, self._words
        if result.to_check_lines is not None:
            title, rule = (
                words("annex.sheet.streets"),
                StyleRule(words("annex.title.streets"), "", _STREET),
            )
            table, style = result.to_check_lines, MapStyle(title, [rule])
            yield MapTable("to_check", title, ROADS, LINE, table, "to-check-lines", [style])
        if result.network_edits is not None:
            table, title = result.network_edits, words("qgis.edits")
            is_point = (table.geom_type == "Point").to_numpy()
            for key, kind, rows, looks in (
                ("network_edits", LINE, table[~is_point], _EDIT),
                ("network_edits_crossings", POINT, table[is_point], _CROSSING),
            ):
                style = MapStyle(title, [StyleRule(title, "", looks)])
                yield MapTable(key, title, ROADS, kind, rows, "network-edits", [style], shown=True)
        if result.main_roads is not None:
            title = words("web.roads")
            style = MapStyle(title, [StyleRule(words("map.main_road"), "", ROAD_KEY)])
            yield MapTable(
                "main_roads", title, ROADS, LINE, result.main_roads, "main-roads", [style]
            )

    # -- figures ------------------------------------------------------------------------------

    def _draw_municipalities(self) -> MapTable:
        """Draw the municipalities by each of their figures, the share first."""
        words, of, towns = self._words, self.ask(), self._towns
        bounds = [bound / 100 for bound in kinds.choose_share_classes(of).bounds]
        by_share = kinds.classify_by_share(of, towns, kinds.choose_share_classes(of))
        by_minutes = kinds.classify_by_minutes(of, towns, Classes(MINUTES))
        by_reach, _, _ = kinds.classify_by_reach(of, towns)
        by_added = kinds.classify_by_added(of, towns)
        by_academies = kinds.classify_by_academies(of, towns)
        least = towns["children"].nlargest(_NAMED_MOST).min() if len(towns) else 0
        where = f'("children" >= {least} OR @map_scale < {_NAMED_BELOW})'
        one = f'"province" = {PROVINCE_NAMED}'
        first = f'"children" * 10.0 / {max(int(towns["children"].max()), 1)}'
        names = Lettering(plate=True, holds=f"coalesce({one}, {where})", priority=first)
        minutes = format_number(self._result.study.travel.cutoff_min, words.language)
        drawn = {
            words("web.shares"): (by_share, list_spans("share", bounds[1:-1]), True),
            words("web.has_academy"): (by_academies, list_academy_filters(by_academies), False),
            words("web.minutes_by_place"): (by_minutes, self._list_minute_filters(), True),
            words("map.reach.heading", minutes=minutes): (
                by_reach,
                list_spans("reach", (1, 2, 3)),
                True,
            ),
            words("web.candidates"): (by_added, list_spans("adds", ADDED_CHILDREN), True),
        }
        styles = [
            MapStyle(title, make_rules(by, holds) + make_hatches(by) * hatched, names)
            for title, (by, holds, hatched) in drawn.items()
        ]
        minutes = by_minutes.places["minutes"].replace({np.inf: np.nan})
        adds = by_added.places["adds"].fillna(0).where(by_added.numbers >= 0)
        table = towns.assign(
            minutes=minutes, reach=by_reach.places["reach"], adds=adds.astype("Int64")
        )
        return MapTable("municipalities", words("web.shares"), FIGURES, POLYGON, table,
                     "annex-1-municipalities", styles, shown=True)  # fmt: skip

    def _list_minute_filters(self) -> list[str]:
        """Say which medians belong to a class: upper bounds do; none of the measured is beyond."""
        bounds = list_minute_bounds(self._result.study.travel.horizon_min, MINUTES)
        spans = [
            f'"minutes" > {low:g} AND "minutes" <= {high:g}' if low else f'"minutes" <= {high:g}'
            for low, high in pairwise(bounds)
        ]
        return [*spans, '"minutes" IS NULL AND "unmeasured" < "children"']

    def _yield_zones(self) -> Iterator[MapTable]:
        if self._result.study.inputs.zones is None:
            return
        of, words, table = self.ask(ZONE), self._words, self._result.zones
        classes = kinds.choose_share_classes(of)
        by = kinds.classify_by_share(of, table, classes)
        spans = list_spans("share", [bound / 100 for bound in classes.bounds[1:-1]])
        style = MapStyle(words("web.zone_shares"), make_rules(by, spans) + make_hatches(by))
        yield MapTable("zones", style.name, FIGURES, POLYGON, table, "zone-shares", [style])

    # -- beside -------------------------------------------------------------------------------

    def _yield_beside(self) -> Iterator[MapTable]:
        """Draw what lies around, with its name: the hole of Brussels too."""
        words, around = self._words, self._result.surroundings
        rows = [] if around is None else [around[around["kind"] == "municipality"]]
        hole = find_brussels(self._merged)
        if hole is not None:
            said = {"kind": ["municipality"], "name": [words("map.brussels")]}
            rows.append(gpd.GeoDataFrame(said, geometry=[hole], crs=LAMBERT_72))
        names = Lettering(colour=_PALE, italic=True, plate=True, priority="10")
        if rows:
            table = gpd.GeoDataFrame(pd.concat(rows, ignore_index=True), crs=LAMBERT_72)
            title = words("map.around" if around is not None else "map.brussels").capitalize()
            style = MapStyle(title, [StyleRule(title, "", NEIGHBOUR)], names)
            yield MapTable(
                "around", title, BESIDE, POLYGON, table, "surroundings", [style], shown=True
            )
        if around is not None:
            roads = around[around["kind"] != "municipality"]
            title = words("qgis.roads_around")
            style = MapStyle(title, [StyleRule(title, "", ROAD_KEY)])
            yield MapTable("roads_around", title, BESIDE, LINE, roads, "surroundings", [style])


def draw_bands(table: pd.DataFrame, title: str, words: Texts) -> MapStyle:
    """Give each band of isochrones its colour, the nearest first.

    Parameters
    ----------
    table
        With `minutes_from` and `minutes_to`.
    title, words
        What it is called, and in which language.
    """
    ends = table[["minutes_from", "minutes_to"]].drop_duplicates().sort_values("minutes_to")
    fills = mix_band_colours(len(ends))
    rules = [
        StyleRule(
            format_span(start, stop, words),
            f'"minutes_to" = {stop:g}',
            {"facecolor": fill, "edgecolor": "none"},
        )
        for (start, stop), fill in zip(ends.itertuples(index=False), fills, strict=True)
    ]
    return MapStyle(title, rules)


def round_as_written(table: _Table) -> _Table:
    """Give numbers as a CSV of the folder has them: from there the same comes out."""
    numbers = pd.DataFrame(table).select_dtypes("float")
    rounded = {str(name): numbers[name].map("{:.6f}".format).astype(float) for name in numbers}
    return table.assign(**rounded)


def list_spans(column: str, inner: Sequence[float]) -> list[str]:
    """Say which values of a column belong to each class; a lower bound belongs to its class.

    Parameters
    ----------
    column
        With the figure.
    inner
        The bounds between classes.
    """
    texts = [repr(float(one)).removesuffix(".0") for one in inner]
    if not texts:
        return [f'"{column}" IS NOT NULL']
    spans = [f'"{column}" >= {low} AND "{column}" < {high}' for low, high in pairwise(texts)]
    return [f'"{column}" < {texts[0]}', *spans, f'"{column}" >= {texts[-1]}']


def make_rules(by: Classed, holds: Sequence[str]) -> list[StyleRule]:
    """Make a rule of each class.

    Parameters
    ----------
    by
        Places in classes.
    holds
        Which belong to each.
    """
    return [StyleRule(*one) for one in zip(by.labels, holds, by.looks, strict=True)]


def make_hatches(by: Classed, nothing: str = '"covered" + "uncovered" = 0') -> list[StyleRule]:
    """Make the rules of what our maps hatch: little measured, and no figure.

    Parameters
    ----------
    by
        Places in classes.
    nothing
        Which have no figure: those of which nobody was measured.
    """
    few = f'"children" - "unmeasured" < {PARTLY_MEASURED_BELOW} * "children"'
    partly = StyleRule(by.words("map.partly_measured"), f"{few} AND NOT ({nothing})", _PARTLY_CASED)
    none = StyleRule(by.words("map.no_figure"), nothing, NO_FIGURE)
    return [partly, none] if by.is_partly.any() else [none]


def list_academy_filters(by: Classed) -> list[str]:
    """Say which municipalities have so many academies, and where a plan alone brings them."""
    spans = list_spans("academies", (1, 2, 4))
    if len(by.labels) == len(spans):
        return spans
    planned = '"academies" > 0 AND "academies" = "planned"'
    own = [f'{one} AND "academies" <> "planned"' for one in spans[1:]]
    return [spans[0], *own, planned]
