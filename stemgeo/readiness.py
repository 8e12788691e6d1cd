"""What stands between a study and its figures: its roads, the academies of its day, its places."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from stemgeo.access.travellers import tie_table
from stemgeo.demand import count_children
from stemgeo.errors import InputError, Problem
from stemgeo.inputs.checking import Checked, describe_inputs
from stemgeo.measure import Prepared, prepare_study
from stemgeo.notes import Said, say, say_amount, say_count, say_day, say_list, write_in_each
from stemgeo.recognition import choose_recognised
from stemgeo.stages import Progress, report_nothing
from stemgeo.study import or_its_path
from stemgeo.texts import load_texts

if TYPE_CHECKING:
    import datetime as dt

    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from stemgeo.study import Study


@dataclass(frozen=True)
class Readiness:
    """What a run will find of its roads, academies and places, before any ride is searched.

    Attributes
    ----------
    academies, with_road
        How many are recognised on the day, or planned, and how many of these have a road within
        the limit; the same number in a straight line.
    in_area
        How many of them lie in the area of the study.
    children, near_road
        How many children, and how many of them live within the limit of a road.
    zones, zones_near
        How many zones have children, and how many of these have any who live near a road.
    placed
        Children by the way in which they are placed.
    """

    study: Study
    academies: int
    with_road: int
    in_area: int
    children: int
    near_road: int
    zones: int
    zones_near: int
    placed: pd.Series

    @property
    def blocked(self) -> bool:
        """Whether no academy has a road: nobody is within reach then, no figure says a thing."""
        return self.academies > 0 and self.with_road == 0

    def say_all(self) -> list[Said]:
        """Say it line by line; what would make a run useless first."""
        told = [_say_blocked(self.study, self.academies)] if self.blocked else []
        limit = say_amount(self.study.travel.snap_limit_m)
        if not self.study.straight_line:
            told.append(
                say(
                    "roads: {near} % of the {children} live within {limit} m of a road of the "
                    "extract, in {zones_near} of {zones}; the others are unmeasured",
                    "wegen: {near} % van de {children} woont binnen {limit} m van een weg uit het "
                    "wegenbestand, in {zones_near} van {zones}; de anderen worden niet gemeten",
                    "routes : {near} % des {children} habitent à moins de {limit} m d’une route du "
                    "fichier, dans {zones_near} sur {zones} ; les autres ne sont pas mesurés",
                    near=_say_percent(self.near_road, self.children),
                    children=say_count(self.children, "child"),
                    limit=limit,
                    zones_near=say_amount(self.zones_near),
                    zones=say_count(self.zones, "zone"),
                )
            )
        told.append(self._say_academies(limit))
        parts = [
            say(
                "{way}: {share} %",
                "{way}: {share} %",
                "{way} : {share} %",
                way=write_in_each(partial(_name_way, str(way))),
                share=_say_percent(count, self.children),
            )
            for way, count in self.placed.items()
        ]
        told.append(
            say(
                "where children are placed: {parts}",
                "waar kinderen geplaatst worden: {parts}",
                "où les enfants sont placés : {parts}",
                parts=say_list(parts),
            )
        )
        return told

    def _say_academies(self, limit: Said) -> Said:
        day = say_day(self.study.about.date)
        counted = say(
            "{shorts} that count on {day}: {academies}, of them in the area: {inside}",
            "{shorts} die meetellen op {day}: {academies}, waarvan in het gebied: {inside}",
            "{shorts} {pris|prises} en compte au {day} : {academies}, dont dans la zone : {inside}",
            day=day,
            academies=say_amount(self.academies),
            inside=say_amount(self.in_area),
        )
        if self.study.straight_line:
            return counted
        return say(
            "{counted}; with a road within {limit} m: {with_road}",
            "{counted}; met een weg binnen {limit} m: {with_road}",
            "{counted} ; avec une route à moins de {limit} m : {with_road}",
            counted=counted,
            limit=limit,
            with_road=say_amount(self.with_road),
        )


def _say_blocked(study: Study, academies: int) -> Said:
    limit, day = say_amount(study.travel.snap_limit_m), say_day(study.about.date)
    near = (
        say(
            "of the only {short} that counts on {day}",
            "van {article} enige {short} {die|dat} meetelt op {day}",
            "{du seul|de la seule} {short} {pris|prise} en compte au {day}",
            day=day,
        )
        if academies == 1
        else say(
            "of any of the {academies} that count on {day}",
            "van ook maar één van de {academies} die meetellen op {day}",
            "de l’{un|une} des {academies} {pris|prises} en compte au {day}",
            academies=say_count(academies, "academy"),
            day=day,
        )
    )
    return say(
        "no road within {limit} m {near}: nobody would be within reach; give an extract that holds "
        "the roads there and around, or run with --anyway (anyway=True)",
        "geen weg binnen {limit} m {near}: niemand zou binnen bereik zijn; geef een wegenbestand "
        "met de wegen daar en eromheen, of reken toch met --anyway (anyway=True)",
        "aucune route à moins de {limit} m {near} : personne ne serait à portée ; donnez un "
        "fichier avec les routes de là et des environs, ou calculez quand même avec --anyway "
        "(anyway=True)",
        limit=limit,
        near=near,
    )


def _say_percent(count: int, whole: int) -> Said:
    """Write a share so that some is never none, and not all never all."""
    share = 100 * count / max(whole, 1)
    if 0 < count < whole:
        share = min(max(share, 0.1), 99.9)
    return say_amount(share, 1)


def _name_way(way: str, language: str) -> str:
    ways = load_texts(language).list_below("placed_by")
    return ways.get(way, OUTSIDE_EXTRACT.to_text(language) if way == "outside" else way)


OUTSIDE_EXTRACT = Said("beyond the extract", "buiten het wegenbestand", "hors du fichier")


def look_ahead(prepared: Prepared) -> Readiness:
    """Say what a run will find, before any ride is searched."""
    study, points, network = prepared.study, prepared.points, prepared.ground.network
    academies, _ = choose_recognised(prepared.inputs.academies, study.about.date, study.academies)
    children = count_children(points).to_numpy()
    near, with_road = np.ones(len(points), dtype=np.bool_), len(academies)
    if network is not None:
        near = tie_table(network, points, study.travel).found
        near &= ~points["outside_network"].to_numpy(np.bool_)
        with_road = _count_on_roads(prepared, academies)
    return Readiness(
        study=study,
        academies=len(academies),
        with_road=with_road,
        in_area=int((academies["nis_code"] != "").sum()),
        children=int(children.sum()),
        near_road=int(children[near].sum()),
        zones=int(points["zone_id"].nunique()),
        zones_near=int(points.loc[near, "zone_id"].nunique()),
        placed=_count_by_way(points, children),
    )


def _count_by_way(points: gpd.GeoDataFrame, children: NDArray[np.integer]) -> pd.Series:
    counted: pd.Series = points.assign(children=children).groupby("method")["children"].sum()
    return counted.sort_values(ascending=False, kind="stable")


def _count_on_roads(prepared: Prepared, academies: gpd.GeoDataFrame) -> int:
    network = prepared.ground.network
    if network is None or academies.empty:
        return len(academies)
    return int(tie_table(network, academies, prepared.study.travel).found.sum())


def refuse_without_roads(prepared: Prepared, day: dt.date) -> None:
    """Stop before a long measurement in which no academy of the day has a road.

    Raises
    ------
    InputError
        With what can be done.
    """
    study = prepared.study
    academies, _ = choose_recognised(prepared.inputs.academies, day, study.academies)
    if len(academies) and not _count_on_roads(prepared, academies):
        english = next((one for one in study.languages if one == "en"), study.language)
        blocked = _say_blocked(study, len(academies)).to_text(english)
        what, _, mend = blocked.partition("; ")
        raise InputError(Problem("network", what, mend))


@or_its_path
def check(study: Study, progress: Progress = report_nothing) -> Checked:
    """Read the files of a study and its roads, place the children, and measure nothing.

    >>> sg.check(sg.sample()).table().query("used_as == ''")  # what was not used

    Parameters
    ----------
    study
        From `load_study`, `sample` or made in code; or the path of its study.toml or folder.
    progress
        Called with what is being done and the share behind us: roads take long the first time.

    Raises
    ------
    InputError
        With every problem of the inputs at once.
    """
    prepared = prepare_study(study, progress)
    ahead = look_ahead(prepared)
    return describe_inputs(prepared.inputs, study.languages, ahead.say_all(), blocked=ahead.blocked)
