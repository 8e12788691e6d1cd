"""Where an academy could come: the user's list, or one place for each zone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from stemgeo import subsidy
from stemgeo.access.travellers import OverNetwork
from stemgeo.errors import Problem
from stemgeo.inputs.academies import nothing
from stemgeo.inputs.vectors import listed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stemgeo.measure import Measured, Prepared, Traveller

    Floats = NDArray[np.float64]

PLANNED = "PLAN-"
"""Before the id of a zone in the id of the place that stands for it."""


@dataclass(frozen=True)
class Candidates:
    """Places that can be chosen.

    Attributes
    ----------
    table
        The columns of the register, with `province` and `municipality`, by `academy_id`: an
        academy that would be.
    notes
        Which places of the user's list were left out, and why.
    """

    table: gpd.GeoDataFrame
    notes: tuple[Problem, ...]


def candidates(prepared: Prepared, measured: Measured) -> Candidates:
    """Give the places of the study's list that can be used; without a list one for each zone."""
    own = prepared.inputs.candidates
    table = zone_middles(prepared) if own is None else _cheapest_first(prepared, own)
    notes: list[Problem] = []
    register = prepared.inputs.academies
    planned = register[register["planned"]]
    there = _spot(table).isin(_spot(planned)) | table["academy_id"].isin(register["academy_id"])
    table = _left_out(table, there, "are in the study's plan already, by spot or id", notes)
    outside = table["nis_code"] == ""
    table = _left_out(table, outside, "lie outside the municipalities of the study", notes)
    least, most = (table[name].fillna(-1).astype(str) for name in ("min_age", "max_age"))
    same = _spot(table) + least + " " + most
    why = "stand where another does, for the same ages and no cheaper"
    table = _left_out(table, same.duplicated(), why, notes)
    table = _left_out(
        table,
        _off_the_roads(measured.riders[0], table),
        "have no usable road within the snap limit",
        notes,
    )
    towns = prepared.inputs.municipalities.set_index("nis_code")
    table = table.assign(
        municipality=towns["name"].reindex(table["nis_code"]).to_numpy(),
        province=towns["province"].reindex(table["nis_code"]).to_numpy(),
    )
    return Candidates(table.sort_values("academy_id", ignore_index=True), tuple(notes))


def _cheapest_first(prepared: Prepared, table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Put the places in order of cost, then id: of two on one spot the first is kept."""
    choice = prepared.study.subsidy
    cost = subsidy.place_costs_cents(
        table, subsidy.rules(choice.year), trajectories_per_place=choice.trajectories_per_place
    )
    return table.iloc[np.lexsort((np.arange(len(table)), cost))]


def _spot(table: gpd.GeoDataFrame) -> pd.Series:
    """Name the metre on which each place stands."""
    at = [f"{x:.0f} {y:.0f} " for x, y in zip(table.geometry.x, table.geometry.y, strict=True)]
    return pd.Series(at, index=table.index, dtype=str)


def _off_the_roads(rider: Traveller, table: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    if isinstance(rider, OverNetwork) and len(table):
        return ~rider.tied(table).found
    return np.zeros(len(table), dtype=np.bool_)


def _left_out(
    table: gpd.GeoDataFrame,
    which: pd.Series | NDArray[np.bool_],
    why: str,
    notes: list[Problem],
) -> gpd.GeoDataFrame:
    """Leave places out, and say which."""
    which = np.asarray(which, dtype=np.bool_)
    if which.any():
        names = listed((table.loc[which, "academy_id"] + " " + table.loc[which, "name"]).tolist())
        notes.append(Problem("candidates", f"{int(which.sum())} {why}: {names}", "left out"))
    return table[~which]


def zone_middles(prepared: Prepared) -> gpd.GeoDataFrame:
    """Give for each zone with children the demand point nearest to the middle of its children.

    Returns
    -------
    GeoDataFrame
        The columns of the register; `academy_id` is "PLAN-" and the zone's id.
    """
    points = prepared.points
    known = points[~points["outside_network"].to_numpy(np.bool_)]
    at = known.index.to_numpy()[_middle_of_each(known)]
    chosen = points.loc[at]
    zones = prepared.inputs.zones.set_index("zone_id")["name"]
    table = nothing().reindex(range(len(chosen)))
    return table.assign(
        academy_id=(PLANNED + chosen["zone_id"]).to_numpy(),
        name=zones.reindex(chosen["zone_id"]).to_numpy(),
        organisation="",
        postcode="",
        cost_eur="",
        nis_code=chosen["nis_code"].to_numpy(),
        planned=True,
    ).set_geometry(gpd.GeoSeries(chosen.geometry.to_numpy(), crs=points.crs))


def _middle_of_each(points: gpd.GeoDataFrame) -> NDArray[np.intp]:
    """Find in each zone the point nearest to the mean of its children, the first of equals."""
    columns = [name for name in points if name.startswith("children_")]
    children = points[columns].to_numpy().sum(axis=1)
    zone, _ = pd.factorize(points["zone_id"], sort=True)
    x, y = points.geometry.x.to_numpy(), points.geometry.y.to_numpy()
    size = np.bincount(zone, weights=children)
    off = np.hypot(
        x - (np.bincount(zone, weights=children * x) / size)[zone],
        y - (np.bincount(zone, weights=children * y) / size)[zone],
    )
    # To the millimetre, so that the last bit of a sum does not choose.
    order = np.lexsort((np.arange(len(points)), np.round(off, 3), zone))
    first = np.append(True, np.diff(zone[order]) > 0)[: len(order)]
    return np.asarray(order[first], dtype=np.intp)
