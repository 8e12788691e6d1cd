"""The maps of a result, from memory or from its folder; every table is read once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from stemgeo.maps.ahead import Ahead
from stemgeo.maps.kinds import (
    ZONE,
    DrawnMap,
    find_kind,
    find_median_minutes,
    map_problem,
    refuse_other_places,
)
from stemgeo.maps.series import choose_classes, find_outer_edge, lighten_outlines
from stemgeo.maps.sheet import Ground
from stemgeo.maps.streets import StreetsToCheck
from stemgeo.maps.switches import Switches
from stemgeo.maps.text import define_reasons, mark_moved
from stemgeo.maps.topology import begin_bands
from stemgeo.maps.web import WebMap, compose_web_map
from stemgeo.profiles import QUIET
from stemgeo.report.content import refuse_other_links, refuse_other_plan
from stemgeo.report.outcome import FINEST_DETAIL_M, Tables, WrittenLinks, WrittenPlan
from stemgeo.report.plan import say_over_roads
from stemgeo.report.summary import name_bands
from stemgeo.speech import format_number
from stemgeo.tables import MEASURES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from stemgeo.speech import Language
    from stemgeo.study import Background

    _Chosen = Sequence[float] | Literal["quantiles"] | None

_OF_PLACES = ("academy_id", "name", "nis_code", "planned", "moved", "coarse", "geometry")
"""What a map needs to know of the places of a plan."""
FEW_TOWNS = 5
"""Of a study with an area: up to so many its maps of the share are by zone."""


@dataclass(frozen=True)
class Sheets:
    """The maps of one result; each table is read when the first map needs it, and kept.

    Attributes
    ----------
    result
        Of a run, from memory or its folder.
    """

    result: Tables

    def draw(
        self,
        kind: str = "share",
        province: str | None = None,
        *,
        by: str | None = None,
        classes: _Chosen = None,
        isochrone_edge: bool = False,
        before: Sheets | None = None,
    ) -> DrawnMap:
        """Draw a map.

        Parameters
        ----------
        kind
            A key of `maps.kinds.KINDS`.
        province
            None for all of the study.
        by
            One of those of the kind; the first when not given.
        classes
            Bounds, where the kind takes them: of a share in percent, or "quantiles"; of minutes
            from 0. Those of the study when not given.
        isochrone_edge
            Whether the outer edge of the last isochrone band of the nearest academy is drawn.
        before
            An earlier result with the same municipalities, for the kinds that lay two beside each
            other.

        Raises
        ------
        ResultError
            For a kind that is not there, or that needs or cannot take what is given; or when the
            earlier result is of another mode of travel.
        InputError
            When no municipality is in the province.
        """
        asked = find_kind(kind)
        if by is None and kind == "share" and self._is_small:
            by = ZONE
        edge, label = self._edge if isochrone_edge else (None, "")
        ground = replace(self.build_ground(province), edge=edge, edge_label=label)
        if before is not None:
            self.result.refuse_other_question(before.result)
        earlier = None if before is None else before.build_ground(province)
        return asked.draw_map(ground, by=by, tables=self.result, chosen=classes, before=earlier)

    @property
    def _is_small(self) -> bool:
        """Whether it is of so few municipalities that their zones say more."""
        study = self.result.study
        few = (self.result.municipalities["children"] > 0).sum() <= FEW_TOWNS
        return bool(study.has_area and few and study.inputs.zones is not None)

    def draw_web_map(
        self,
        *,
        plan: WrittenPlan | None = None,
        before: Sheets | None = None,
        links: WrittenLinks | None = None,
    ) -> str:
        """Give the web map: one HTML text that needs nothing else, see `maps.web`.

        Parameters
        ----------
        plan
            Of the same study: the places that may come.
        before
            An earlier result with the same municipalities.
        links
            Of the same study: the changes of roads that would bring most.

        Raises
        ------
        ResultError
            When the earlier result is of other municipalities or another mode of travel, or the
            plan or the changes are of another study.
        """
        background = self.result.study.output.background
        return self.compose_web_map(plan, before, background, links).alone

    def compose_web_map(
        self,
        plan: WrittenPlan | None,
        before: Sheets | None,
        background: Background | None,
        links: WrittenLinks | None = None,
    ) -> WebMap:
        """Make the web map, see `draw_web_map`.

        Parameters
        ----------
        plan, before, links
            As for `draw_web_map`.
        background
            Tiles under it; None: it fetches nothing.
        """
        if plan is not None:
            refuse_other_plan(self.result, plan)
        if links is not None:
            refuse_other_links(self.result, links)
        then = None if before is None else before.result
        if then is not None:
            self.result.refuse_other_question(then)
            refuse_other_places(self.result.municipalities, then.municipalities)
        towns, study = self._municipalities, self.result.study
        median = towns["nis_code"].map(find_median_minutes(self.result, "nis_code"))
        median = median.astype(np.float64)
        return compose_web_map(
            towns.assign(median_time_s=median * 60),
            self.academies,
            self._bands,
            self.result.gaps,
            self.result.text,
            classes=choose_classes(study.output.classes, towns["share"]).bounds,
            horizon_min=study.travel.horizon_min,
            zones=self.result.zones if study.inputs.zones else None,
            background=background,
            opens_on_zones=self._is_small,
            around=self._around,
            publisher=study.output.publisher,
            vintage=study.about.vintage,
            postcodes=self.result.postcodes,
            measured=Switches(
                self.result.coverage, self._ages, None if then is None else then.coverage
            ),
            roads=self.result.main_roads,
            streets=self._streets,
            meanings=define_reasons(self.result.gaps["reason"], study, self.result.words),
            ahead=Ahead(
                edits=self.result.network_edits,
                candidates=self.result.candidates,
                plan=None if plan is None else plan.table("plan"),
                plan_roads="" if plan is None else self._name_roads(plan.profile),
                links=None if links is None else links.links,
                links_roads="" if links is None else self._name_roads(links.profile),
                before=None if then is None else then.academies,
                dates=(then.text.date if then else "", self.result.text.date),
            ),
            take_bands=self._take_bands,
        )

    @cached_property
    def _bands(self) -> gpd.GeoDataFrame | None:
        """The isochrones of the nearest of all, nearest first."""
        areas = self.result.rows("isochrones", academy_id="")
        return None if areas is None else areas.sort_values("minutes_to")

    @cached_property
    def _take_bands(self) -> Callable[[], gpd.GeoSeries] | None:
        """Gives the outlines of bands for web maps, begun when asked for first; None: no bands."""
        areas, ready = self._bands, self.result.band_outlines
        if areas is None or areas.empty:
            return None
        return begin_bands(areas.geometry).result if ready is None else lambda: ready

    @property
    def _streets(self) -> StreetsToCheck | None:
        """The streets to check, where there are any."""
        table, lines = self.result.to_check, self.result.to_check_lines
        return None if table is None or lines is None else StreetsToCheck(table, lines)

    def _name_roads(self, profile: str) -> str:
        """Name the quiet roads that something is about; empty for all roads."""
        return QUIET[profile].roads.to_text(self.result.language) if profile in QUIET else ""

    @property
    def _ages(self) -> dict[str, str]:
        """The ages of all bands and of each, as people say them."""
        return name_bands(self.result.study, self.result.text.words)

    def draw_plan(self, plan: WrittenPlan, province: str | None = None) -> DrawnMap:
        """Draw the share without and with the places of a plan for the same study, side by side.

        Parameters
        ----------
        plan, province
            The plan; and one province, or None for all of the study.
        """
        ground, text = self.build_ground(province), self.result.text
        if plan.profile != "all":
            roads = say_over_roads(plan.profile, text.language)
            text = replace(text, measure=f"{text.heading}{roads}", roads=roads)
        towns = plan.table("plan-municipalities").set_index("nis_code")
        towns = towns.reindex(ground.municipalities["nis_code"])
        counts = {name: towns[name].to_numpy() for name in (*MEASURES, "academies", "planned")}
        was = counts | {
            "covered": towns["covered_before"].to_numpy(),
            "uncovered": (
                towns["covered"] + towns["uncovered"] - towns["covered_before"]
            ).to_numpy(),
            "share": towns["share_before"].to_numpy(),
        }
        caution = text.words("about.planned")
        said = text.words.join_series(one for one in (text.method_note, caution) if one)
        places = plan.places.assign(planned=True, moved=False, coarse=False)
        academies = pd.concat([ground.academies, places[[*_OF_PLACES]]], ignore_index=True)
        grounds = [
            replace(ground, municipalities=ground.municipalities.assign(**one))
            for one in (was, counts)
        ]
        before = replace(grounds[0], text=text)
        after = replace(grounds[1], text=replace(text, method_note=said), academies=academies)
        return find_kind("plan").draw_map(after, tables=self.result, before=before)

    def build_ground(self, province: str | None = None) -> Ground:
        """Give the ground of a map and what is written around it.

        Raises
        ------
        ResultError
            For a province of which the study's area holds but a part.
        """
        if self.result.study.has_area and province and province not in self.result.whole_provinces:
            what = f"{province} does not lie in the study's area as a whole"
            raise map_problem(what, "leave --province (province=) out: the map is of the area")
        edits = self.result.network_edits
        return Ground(
            self._municipalities,
            self.academies,
            self.result.text,
            province,
            surroundings=self.result.surroundings,
            edited=None if edits is None else edits.geometry,
        )

    @cached_property
    def academies(self) -> gpd.GeoDataFrame:
        """Those of the result, each with whether a plan has `moved` it."""
        return mark_moved(self.result.academies, self.result.plan_changes)

    @cached_property
    def _municipalities(self) -> gpd.GeoDataFrame:
        # Detail that no sheet can show is left out once, not for each map again.
        full = self.result.municipalities.sort_values("nis_code", ignore_index=True)
        return full.set_geometry(lighten_outlines(full.geometry, FINEST_DETAIL_M))

    @property
    def _around(self) -> gpd.GeoDataFrame | None:
        """The municipalities beside the study's area."""
        there = self.result.surroundings
        return None if there is None else there[there["kind"] == "municipality"]

    @cached_property
    def _edge(self) -> tuple[gpd.GeoSeries, str]:
        """The edge of all bands around the nearest, and what it is."""
        areas = self.result.rows("isochrones", academy_id="")
        if areas is None:
            what = "the result has no isochrones: it was measured in a straight line"
            raise map_problem(what, "leave --isochrones out, or give the study roads")
        last, speed = areas["minutes_to"].max(), self.result.study.output.isochrone_speed_kmh
        said = [format_number(n, self.result.text.language, 2) for n in (last, speed)]
        label = self.result.text.words("map.edge", minutes=said[0], speed=said[1])
        return find_outer_edge(areas.geometry), label


def draw_from_folder(
    folder: Path,
    kind: str = "share",
    province: str | None = None,
    *,
    language: Language | None = None,
    before: Path | None = None,
    **choices: Any,
) -> DrawnMap:
    """Draw one map of a written result; for several, `Sheets` reads once.

    Parameters
    ----------
    folder, language
        Of a run; the language of its study when not given.
    kind, province, **choices
        As for `Sheets.draw`; other choices are `by`, `classes` and `isochrone_edge`.
    before
        The folder of an earlier result.
    """
    earlier = None if before is None else Sheets(Tables.from_folder(before, language))
    return Sheets(Tables.from_folder(folder, language)).draw(
        kind, province, before=earlier, **choices
    )
