"""The maps of a result, from memory or from its folder; every table is read once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from stemgeo.access.travel_time import UNMEASURED, horizon_ms
from stemgeo.errors import Problem, ResultError
from stemgeo.gaps.late import lower_median
from stemgeo.maps import kinds
from stemgeo.maps.kinds import MINUTES, MUNICIPALITY, ZONE, Drawn
from stemgeo.maps.series import Classes, lighter, outer_edge, share_classes
from stemgeo.maps.sheet import Ground
from stemgeo.maps.web import web_map
from stemgeo.report.outcome import FINEST_DETAIL_M, Tables
from stemgeo.speech import number
from stemgeo.study import Output

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from stemgeo.maps.text import MapText
    from stemgeo.speech import Language

    _Chosen = Sequence[float] | Literal["quantiles"] | None

KINDS = ("share", "academies", "minutes", "uncovered", "gaps", "change", "plan")
"""What a map can show."""
BY = {
    "share": (MUNICIPALITY, ZONE),
    "minutes": (MUNICIPALITY, ZONE),
    "gaps": ("children", "reason"),
}
"""By what; a kind that is not here is of municipalities alone."""
NEEDS_BEFORE = ("change", "plan")
TAKES_BEFORE = (*NEEDS_BEFORE, "academies")
_CELL = "children_"


_ACCESS = ["point_id", "profile", "ages", "travel_time_s", "status"]


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
    ) -> Drawn:
        """Draw a map.

        Parameters
        ----------
        kind
            One of `KINDS`.
        province
            None for all of the study.
        by
            See `BY`; the first when not given.
        classes
            Bounds for "share" and "plan" (percent, or "quantiles") and "minutes" (minutes, from
            0); those of the study when not given.
        isochrone_edge
            Whether the outer edge of the last isochrone band of the nearest academy is drawn.
        before
            An earlier result with the same municipalities: for "change" and "plan", and for
            "academies" when it is to tell what changed.

        Raises
        ------
        ResultError
            For a kind that is not there, or that needs or cannot take what is given.
        InputError
            When no municipality is in the province.
        """
        self._refuse(kind, by, classes, before)
        edge, label = self._edge if isochrone_edge else (None, "")
        ground = replace(self.ground(province), edge=edge, edge_label=label)
        earlier = None if before is None else before.ground(province)
        if earlier is not None:
            _refuse_other_ground(ground, earlier)
        chosen = by or BY.get(kind, (MUNICIPALITY,))[0]
        draw: dict[str, Callable[[], Drawn]] = {
            "share": lambda: self._share(ground, classes, chosen),
            "academies": lambda: kinds.academies(ground, earlier),
            "minutes": lambda: self._minutes(ground, classes, chosen),
            "uncovered": lambda: kinds.uncovered(
                ground, self._late, self._study["travel"]["cutoff_min"]
            ),
            "gaps": lambda: kinds.gaps(
                ground, self._gaps, self._candidates, self._study["gaps"]["min_children"], chosen
            ),
            "change": lambda: kinds.change(ground, _there(earlier)),
            "plan": lambda: kinds.plan(ground, _there(earlier), self._share_classes(classes)),
        }
        return draw[kind]()

    def _share(self, ground: Ground, classes: _Chosen, of: str) -> Drawn:
        places = self._zones if of == ZONE else None
        return kinds.share(ground, self._share_classes(classes), places, of)

    def _minutes(self, ground: Ground, classes: _Chosen, of: str) -> Drawn:
        bounds = Classes(MINUTES) if classes is None else _own_minutes(classes)
        horizon = float(self._study["travel"]["horizon_min"])
        return kinds.minutes(ground, bounds, horizon, self._timed(of), of)

    def _refuse(self, kind: str, by: str | None, classes: object, before: Sheets | None) -> None:
        if kind not in KINDS:
            raise _problem(f"there is no kind '{kind}'", f"use {', '.join(KINDS)}")
        allowed = BY.get(kind, (MUNICIPALITY,))
        if by is not None and by not in allowed:
            what = f"the kind '{kind}' cannot be drawn by '{by}'"
            raise _problem(what, f"use {' or '.join(allowed)}")
        if kind in NEEDS_BEFORE and before is None:
            what = f"the kind '{kind}' lays two results beside each other"
            mend = "name the earlier one with --before (before=)"
            if kind == "plan":
                mend = "draw a result of `stemgeo run --plan`, with --before the one without it"
            raise _problem(what, mend)
        if before is not None and kind not in TAKES_BEFORE:
            mend = f"use it with {', '.join(TAKES_BEFORE)}"
            raise _problem(f"the kind '{kind}' has no use for an earlier result", mend)
        if kind == "plan" and not bool(self._academies["planned"].any()):
            mend = "give the result of `stemgeo run STUDY --plan plan.csv`"
            raise _problem("the result has no planned places", mend)
        if classes is not None and kind not in ("share", "minutes", "plan"):
            raise _problem(f"the classes of the kind '{kind}' are fixed", "leave them out")

    def page(self) -> str:
        """Give the web map: one HTML text that needs nothing else, see `maps.web`."""
        asked = Output.model_validate(self._study["output"])
        timed = self._timed(MUNICIPALITY)
        return web_map(
            timed.assign(median_time_s=timed["minutes"] * 60),
            self._academies,
            self.result.rows("isochrones", academy_id=""),
            self._gaps,
            self._text,
            classes=self._share_classes(None).bounds,
            zones=self._zones if self._study["inputs"]["zones"] else None,
            background=asked.background,
        )

    def ground(self, province: str | None = None) -> Ground:
        """Give the ground of a map and what is written around it."""
        return Ground(self._municipalities, self._academies, self._text, province)

    @cached_property
    def _text(self) -> MapText:
        return self.result.text

    @cached_property
    def _study(self) -> Mapping[str, Any]:
        return self.result.study.model_dump(mode="json", by_alias=True)

    @cached_property
    def _municipalities(self) -> gpd.GeoDataFrame:
        # Detail that no sheet can show is left out once, not for each map again.
        full = self.result.municipalities.sort_values("nis_code", ignore_index=True)
        return full.set_geometry(lighter(full.geometry, FINEST_DETAIL_M))

    @cached_property
    def _academies(self) -> gpd.GeoDataFrame:
        return self.result.academies

    @cached_property
    def _zones(self) -> gpd.GeoDataFrame:
        return self.result.zones

    @cached_property
    def _gaps(self) -> gpd.GeoDataFrame:
        return self.result.gaps

    @cached_property
    def _candidates(self) -> pd.DataFrame:
        return self.result.candidates

    @cached_property
    def _edge(self) -> tuple[gpd.GeoSeries, str]:
        """The edge of all bands around the nearest, and what it is."""
        areas = self.result.rows("isochrones", academy_id="")
        if areas is None:
            what = "the result has no isochrones: it was measured in a straight line"
            raise _problem(what, "leave --isochrones out, or give the study roads")
        last, speed = areas["minutes_to"].max(), self._study["output"]["isochrone_speed_kmh"]
        said = [number(n, self._text.language, 2) for n in (last, speed)]
        label = self._text.words("map.edge", minutes=said[0], speed=said[1])
        return outer_edge(areas.geometry), label

    @cached_property
    def _rides(self) -> pd.DataFrame:
        """The children of each point and age cell: `point`, `children`, `time_s`, `measured`."""
        demand, access = self._demand, self.result.rows("access", _ACCESS, profile="all")
        ids = demand["point_id"].to_numpy(object)
        # Of a study without children no ages were searched.
        nobody = {"point": np.intp, "children": np.int64, "time_s": np.float64, "measured": bool}
        parts = [] if len(access) else [pd.DataFrame(columns=[*nobody]).astype(nobody)]
        for ages, rows in access.groupby("ages", sort=False):
            if not np.array_equal(rows["point_id"].to_numpy(object), ids):
                what = f"the rows of ages {ages} do not follow the demand points"
                raise ResultError(Problem("access.parquet", what, "run the study again"))
            children = demand[f"{_CELL}{ages}"].to_numpy()
            there = np.flatnonzero(children)
            parts.append(
                pd.DataFrame(
                    {
                        "point": there,
                        "children": children[there],
                        "time_s": rows["travel_time_s"].to_numpy()[there],
                        "measured": (rows["status"] != UNMEASURED).to_numpy(bool)[there],
                    }
                )
            )
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def _demand(self) -> gpd.GeoDataFrame:
        return self.result.demand

    @cached_property
    def _late(self) -> gpd.GeoDataFrame:
        """The demand points with the measured children who are not in time, by zone and point."""
        rides, demand = self._rides, self._demand
        cutoff_ms = horizon_ms(self._study["travel"]["cutoff_min"])
        in_time = np.rint(rides["time_s"].to_numpy() * 1000) <= cutoff_ms
        late = rides[rides["measured"].to_numpy() & ~in_time]
        sums = np.bincount(late["point"], weights=late["children"], minlength=len(demand))
        points = demand[["nis_code", "zone_id", "point_id", "geometry"]]
        points = points.assign(uncovered=sums.astype(np.int64))[sums > 0]
        return points.sort_values(["nis_code", "zone_id", "point_id"], ignore_index=True)

    def _timed(self, of: str) -> gpd.GeoDataFrame:
        """Give the places with the minutes that half of their measured children do not exceed."""
        places, key = self._municipalities, "nis_code"
        if of == ZONE:
            places, key = self._zones, "zone_id"
        rides = self._rides[self._rides["measured"]]
        codes = pd.Index(places[key])
        where: NDArray[np.intp] = codes.get_indexer(self._demand[key])[rides["point"]]
        median = lower_median(pd.Series(where), rides["time_s"], rides["children"]) / 60
        return places.assign(minutes=median.reindex(range(len(places))).to_numpy(np.float64))

    def _share_classes(self, classes: _Chosen) -> Classes:
        chosen = self._study["output"]["classes"] if classes is None else classes
        return share_classes(chosen, self._municipalities["share"])


def _there(before: Ground | None) -> Ground:
    """Give what was refused when it was not given."""
    if before is None:
        raise ValueError("an earlier result is needed")
    return before


def _own_minutes(classes: Sequence[float] | Literal["quantiles"]) -> Classes:
    if isinstance(classes, str):
        raise _problem("the classes of minutes are bounds in minutes", "give numbers from 0")
    bounds = tuple(float(one) for one in classes)
    if len(bounds) < 2 or bounds[0] != 0 or any(b <= a for a, b in pairwise(bounds)):
        raise _problem("the classes of minutes must rise from 0", "as in 0, 10, 15, 30")
    return Classes(bounds, "own")


def _refuse_other_ground(ground: Ground, before: Ground) -> None:
    ours, theirs = (set(one.municipalities["nis_code"]) for one in (ground, before))
    if ours != theirs:
        what = f"the results have other municipalities ({len(theirs)} before, {len(ours)} now)"
        raise _problem(what, "run both on the same boundaries and vintage")


def _problem(what: str, mend: str) -> ResultError:
    return ResultError(Problem("map", what, mend))


def drawn_of_folder(
    folder: Path,
    kind: str = "share",
    province: str | None = None,
    *,
    language: Language | None = None,
    before: Path | None = None,
    **choices: Any,
) -> Drawn:
    """Draw one map of a written result; for several, `Sheets` reads once.

    Parameters
    ----------
    folder, language
        Of a run; the language of its study when not given.
    kind, province
        As for `Sheets.draw`, as are the other choices: `by`, `classes`, `isochrone_edge`.
    before
        The folder of an earlier result.
    """
    earlier = None if before is None else Sheets(Tables.read(before, language))
    return Sheets(Tables.read(folder, language)).draw(kind, province, before=earlier, **choices)
