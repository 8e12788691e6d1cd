"""Where an academy could come: the user's list, or one place for each zone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from stemgeo import subsidy
from stemgeo.access.travellers import OverNetwork
from stemgeo.arrays import starts_of_runs
from stemgeo.demand import count_children
from stemgeo.inputs.academies import empty_register
from stemgeo.inputs.placing import AS_GIVEN
from stemgeo.notes import Note, Said, say, say_amount, say_list

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stemgeo.measure import Measured, Prepared, Traveller

    Floats = NDArray[np.float64]

PLANNED = "PLAN-"
"""Before the id of a zone in the id of the place that stands for it."""


_PLANNED_ALREADY = (
    say(
        "is in the study's plan already, by spot or id",
        "staat al in het plan van de studie, met dezelfde plek of code",
        "figure déjà dans le plan de l’étude, au même endroit ou sous le même code",
    ),
    say(
        "are in the study's plan already, by spot or id",
        "staan al in het plan van de studie, met dezelfde plek of code",
        "figurent déjà dans le plan de l’étude, au même endroit ou sous le même code",
    ),
)
_OUTSIDE = (
    say(
        "lies outside the municipalities of the study",
        "ligt buiten de gemeenten van de studie",
        "se trouve hors des communes de l’étude",
    ),
    say(
        "lie outside the municipalities of the study",
        "liggen buiten de gemeenten van de studie",
        "se trouvent hors des communes de l’étude",
    ),
)
_TWICE = (
    say(
        "stands where another does, for the same ages and no cheaper",
        "staat waar een andere staat, voor dezelfde leeftijden en niet goedkoper",
        "est là où se trouve un autre, pour les mêmes âges et pas moins cher",
    ),
    say(
        "stand where another does, for the same ages and no cheaper",
        "staan waar een andere staat, voor dezelfde leeftijden en niet goedkoper",
        "sont là où se trouve un autre, pour les mêmes âges et pas moins chers",
    ),
)
_OFF_THE_ROADS = (
    say(
        "has no usable road within the snap limit",
        "heeft geen bruikbare weg dicht genoeg bij zich",
        "n’a pas de route praticable assez près",
    ),
    say(
        "have no usable road within the snap limit",
        "hebben geen bruikbare weg dicht genoeg bij zich",
        "n’ont pas de route praticable assez près",
    ),
)
"""Why a place is left out: of one, and of several."""


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
    notes: tuple[Note, ...]


def find_candidates(prepared: Prepared, measured: Measured) -> Candidates:
    """Give the places of the study's list that can be used; without a list one for each zone."""
    return list_candidates(prepared, measured.riders[0])


def list_candidates(prepared: Prepared, rider: Traveller) -> Candidates:
    """Give the same for a study that was not measured; `rider` travels over all roads."""
    own = prepared.inputs.candidates
    table = zone_middles(prepared) if own is None else _sort_by_cost(prepared, own)
    notes: list[Note] = []
    register = prepared.inputs.academies
    planned = register[register["planned"]]
    there = _name_spots(table).isin(_name_spots(planned)) | table["academy_id"].isin(
        register["academy_id"]
    )
    table = _leave_out(table, there, _PLANNED_ALREADY, notes)
    outside = table["nis_code"] == ""
    table = _leave_out(table, outside, _OUTSIDE, notes)
    least, most = (table[name].fillna(-1).astype(str) for name in ("min_age", "max_age"))
    same = _name_spots(table) + least + " " + most
    table = _leave_out(table, same.duplicated(), _TWICE, notes)
    table = _leave_out(table, _is_off_the_roads(rider, table), _OFF_THE_ROADS, notes)
    towns = prepared.inputs.municipalities.set_index("nis_code")
    table = table.assign(
        municipality=towns["name"].reindex(table["nis_code"]).to_numpy(),
        province=towns["province"].reindex(table["nis_code"]).to_numpy(),
    )
    return Candidates(table.sort_values("academy_id", ignore_index=True), tuple(notes))


def _sort_by_cost(prepared: Prepared, table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Put the places in order of cost, then id: of two on one spot the first is kept."""
    choice = prepared.study.subsidy
    cost = subsidy.place_costs_cents(
        table,
        subsidy.find_rules(choice),
        trajectories_per_place=choice.trajectories_per_place,
    )
    return table.iloc[np.lexsort((np.arange(len(table)), cost))]


def _name_spots(table: gpd.GeoDataFrame) -> pd.Series:
    """Name the metre on which each place stands."""
    at = [f"{x:.0f} {y:.0f} " for x, y in zip(table.geometry.x, table.geometry.y, strict=True)]
    return pd.Series(at, index=table.index, dtype=str)


def _is_off_the_roads(rider: Traveller, table: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    if isinstance(rider, OverNetwork) and len(table):
        return ~rider.tie_places(table).found
    return np.zeros(len(table), dtype=np.bool_)


def _leave_out(
    table: gpd.GeoDataFrame,
    which: pd.Series | NDArray[np.bool_],
    why: tuple[Said, Said],
    notes: list[Note],
) -> gpd.GeoDataFrame:
    """Leave places out, and say which; why one is, and why several are."""
    which = np.asarray(which, dtype=np.bool_)
    if which.any():
        names = say_list((table.loc[which, "academy_id"] + " " + table.loc[which, "name"]).tolist())
        one, many = why
        what = say(
            "{count} {why}: {names}",
            "{count} {why}: {names}",
            "{count} {why} : {names}",
            count=say_amount(which.sum()),
            why=one if which.sum() == 1 else many,
            names=names,
        )
        where = Said("candidates", "kandidaatplaatsen", "lieux candidats")
        notes.append(Note(where, what, say("left out", "weggelaten", "laissé de côté")))
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
    table = empty_register().reindex(range(len(chosen)))
    return table.assign(
        academy_id=(PLANNED + chosen["zone_id"]).to_numpy(),
        name=zones.reindex(chosen["zone_id"]).to_numpy(),
        organisation="",
        postcode="",
        cost_eur="",
        nis_code=chosen["nis_code"].to_numpy(),
        planned=True,
        **AS_GIVEN,
    ).set_geometry(gpd.GeoSeries(chosen.geometry.to_numpy(), crs=points.crs))


def _middle_of_each(points: gpd.GeoDataFrame) -> NDArray[np.intp]:
    """Find in each zone the point nearest to the mean of its children, the first of equals."""
    children = count_children(points).to_numpy()
    zone, _ = pd.factorize(points["zone_id"], sort=True)
    x, y = points.geometry.x.to_numpy(), points.geometry.y.to_numpy()
    size = np.bincount(zone, weights=children)
    off = np.hypot(
        x - (np.bincount(zone, weights=children * x) / size)[zone],
        y - (np.bincount(zone, weights=children * y) / size)[zone],
    )
    # To the millimetre, so that the last bit of a sum does not choose.
    order = np.lexsort((np.arange(len(points)), np.round(off, 3), zone))
    return np.asarray(order[starts_of_runs(zone[order])], dtype=np.intp)
