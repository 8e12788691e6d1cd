"""Whom each place would bring within reach: the same searches that the access table rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array, hstack

from stemgeo.access.travellers import find_pace
from stemgeo.demand import which_serve
from stemgeo.measure import count_cores

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from stemgeo.access.travellers import Pace
    from stemgeo.coverage import Reached
    from stemgeo.measure import Measured, Prepared, Traveller

    Longs = NDArray[np.int64]
    Bools = NDArray[np.bool_]

TWICE = 2
"""Who is served twice has a backup; more is not counted."""


@dataclass(frozen=True)
class Units:
    """Children who count as one: those of an age cell at a demand point, all measured.

    Attributes
    ----------
    point
        The demand point, shape (units,).
    cell
        Index of the age cell among those of the study, shape (units,).
    children
        How many, shape (units,).
    served
        How many open academies they have within reach: 0, 1, or 2 for two or more; shape (units,).
    """

    point: NDArray[np.intp]
    cell: NDArray[np.intp]
    children: Longs
    served: Longs


def reached_in_profile(measured: Measured, profile: str) -> list[Reached]:
    """Give what the points reach at the central speeds, cell by cell."""
    return [one for one in measured.reached if (one.profile, one.scenario) == (profile, "central")]


def list_units(
    prepared: Prepared, measured: Measured, profile: str, *, threads: int | None = None
) -> Units:
    """List the measured children of a study with the academies that they have within reach.

    Parameters
    ----------
    prepared, measured
        Of the study.
    profile
        Which roads.
    threads
        Searches that run side by side; the result is the same.
    """
    rider = _find_rider(measured, profile)
    academies = _find_sets_by_cell(prepared, rider, measured.academies, threads)
    parts = []
    for index, (one, reach) in enumerate(
        zip(reached_in_profile(measured, profile), academies, strict=True)
    ):
        children = prepared.points[one.cell.column].to_numpy()
        point = np.flatnonzero(one.measured & (children > 0))
        near = np.bincount(reach.indices, minlength=len(children))[point]
        cell = np.full(len(point), index)
        parts.append((point, cell, children[point], np.minimum(near, TWICE)))
    return Units(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def list_uncovered(prepared: Prepared, measured: Measured, profile: str) -> Units:
    """List the measured children of a study who have no academy within reach, as was measured.

    Parameters
    ----------
    prepared, measured
        Of the study.
    profile
        Which roads.
    """
    parts = []
    for index, one in enumerate(reached_in_profile(measured, profile)):
        children = prepared.points[one.cell.column].to_numpy()
        point = np.flatnonzero(one.measured & ~one.covered & (children > 0))
        none, cell = np.zeros(len(point), dtype=np.int64), np.full(len(point), index)
        parts.append((point, cell, children[point], none))
    return Units(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def coverage_sets(
    prepared: Prepared,
    measured: Measured,
    places: gpd.GeoDataFrame,
    profile: str,
    of: Units,
    *,
    threads: int | None = None,
) -> csr_array:
    """Say which units each place brings within reach, shape (places, units).

    Parameters
    ----------
    prepared, measured
        Of the study.
    places
        In the form of the register.
    profile
        "all" or "low_stress".
    of
        As from `list_units`.
    threads
        Searches that run side by side; the result is the same.
    """
    asked = np.bincount(of.point, minlength=len(prepared.points)) > 0
    column = (np.cumsum(asked) - 1)[of.point]
    rider = _find_rider(measured, profile).for_some_points(np.flatnonzero(asked))
    by_cell = _find_sets_by_cell(prepared, rider, places, threads)
    columns = [reach[:, column[of.cell == index]] for index, reach in enumerate(by_cell)]
    order = np.argsort(of.cell, kind="stable")
    back = np.empty(len(order), dtype=np.intp)
    back[order] = np.arange(len(order))
    return csr_array(hstack(columns, format="csr"))[:, back]


def _find_rider(measured: Measured, profile: str) -> Traveller:
    return {rider.profile: rider for rider in measured.riders}[profile]


def _find_sets_by_cell(
    prepared: Prepared, rider: Traveller, places: gpd.GeoDataFrame, threads: int | None
) -> list[csr_array]:
    """For each age cell, whom each place has within reach, shape (places, the rider's points)."""
    by_pace = _search_by_pace(prepared, rider, places, threads)
    study, found = prepared.study, []
    for cell in prepared.cells:
        reach = by_pace[find_pace(study.travel, cell)]
        open_to = which_serve(places, cell, study.academies)
        found.append(keep_entries(reach, np.repeat(open_to, np.diff(reach.indptr))))
    return found


def keep_entries(reach: csr_array, kept: Bools) -> csr_array:
    """Keep some of the entries."""
    first = np.append(0, np.cumsum(kept))[reach.indptr]
    return csr_array((reach.data[kept], reach.indices[kept], first), shape=reach.shape)


def _search_by_pace(
    prepared: Prepared, rider: Traveller, places: gpd.GeoDataFrame, threads: int | None
) -> dict[Pace, csr_array]:
    """Search once for each pace."""
    travel = prepared.study.travel
    found = {}
    for one in dict.fromkeys(find_pace(travel, cell) for cell in prepared.cells):
        offsets, point, _ = rider.list_served(
            places, one, travel.cutoff_min, threads=threads or count_cores()
        )
        shape = (len(places), len(rider.snap_m))
        ones = np.ones(len(point), dtype=np.int8)
        found[one] = csr_array((ones, point, offsets), shape=shape)
    return found
