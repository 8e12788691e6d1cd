"""Whom each place would bring in time: the same searches that the access table rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array, hstack

from stemgeo.demand import serves
from stemgeo.measure import all_cores

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

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
        How many open academies they have in time: 0, 1, or 2 for two or more; shape (units,).
    near, near_on_all
        Whether an open academy is near over the profile's roads, and over all roads, shape
        (units,). Over low-stress roads who is in time has both (`measure`), if need be of two
        academies.
    """

    point: NDArray[np.intp]
    cell: NDArray[np.intp]
    children: Longs
    served: Longs
    near: Bools
    near_on_all: Bools


@dataclass(frozen=True)
class Sets:
    """Which units each place is near to, shape (places, units).

    Attributes
    ----------
    near, near_on_all
        Over the profile's roads, and over all roads; the same for profile "all".
    """

    near: csr_array
    near_on_all: csr_array

    def helps(self, of: Units) -> csr_array:
        """Give whom a place could bring in time, perhaps together with another place.

        Who lacks one kind of nearness needs that; who lacks both needs at least the profile's
        own: so no choice of places brings more in time than these sets say.
        """
        lacks_all = of.near & ~of.near_on_all
        own = entries(self.near, ~lacks_all[self.near.indices])
        if not lacks_all.any():
            return own
        return csr_array(own + entries(self.near_on_all, lacks_all[self.near_on_all.indices]))

    def alone(self, of: Units) -> csr_array:
        """Give whom a place brings in time by itself, or keeps in time once more."""
        helps, neither = self.helps(of), ~(of.near | of.near_on_all)
        if self.near is self.near_on_all:
            return helps
        both = csr_array(self.near.multiply(self.near_on_all))
        one = entries(helps, ~neither[helps.indices])
        return csr_array(one + entries(both, neither[both.indices]))


def reached_by(measured: Measured, profile: str) -> list[Reached]:
    """Give what the points reach at the central speeds, cell by cell."""
    return [one for one in measured.reached if (one.profile, one.scenario) == (profile, "central")]


def units(
    prepared: Prepared, measured: Measured, profile: str, *, threads: int | None = None
) -> Units:
    """List the measured children of a study with the academies that they have in time."""
    academies = _sets(prepared, measured, measured.academies, profile, threads)
    on_all = reached_by(measured, "all")
    parts = []
    for index, (one, reach) in enumerate(
        zip(reached_by(measured, profile), academies, strict=True)
    ):
        children = prepared.points[one.cell.column].to_numpy()
        point = np.flatnonzero(one.measured & (children > 0))
        near = np.bincount(reach.indices, minlength=len(children))[point]
        # Coverage has the last word on who is in time at all.
        served = np.where(one.covered[point], np.clip(near, 1, TWICE), 0)
        cell = np.full(len(point), index)
        parts.append((point, cell, children[point], served, near > 0, on_all[index].covered[point]))
    return Units(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def coverage_sets(
    prepared: Prepared,
    measured: Measured,
    places: gpd.GeoDataFrame,
    profile: str,
    of: Units,
    *,
    threads: int | None = None,
) -> Sets:
    """Say which units each place is near to.

    Parameters
    ----------
    prepared, measured
        Of the study.
    places
        In the form of the register.
    profile
        "all" or "low_stress".
    of
        As from `units`.
    threads
        Searches that run side by side; the result is the same.
    """
    near = _of_units(_sets(prepared, measured, places, profile, threads), of)
    if profile == "all":
        return Sets(near, near)
    return Sets(near, _of_units(_sets(prepared, measured, places, "all", threads), of))


def _of_units(by_cell: list[csr_array], of: Units) -> csr_array:
    """Put the points of each age cell in the order of the units."""
    columns = [reach[:, of.point[of.cell == index]] for index, reach in enumerate(by_cell)]
    order = np.argsort(of.cell, kind="stable")
    back = np.empty(len(order), dtype=np.intp)
    back[order] = np.arange(len(order))
    return csr_array(hstack(columns, format="csr"))[:, back]


def _sets(
    prepared: Prepared,
    measured: Measured,
    places: gpd.GeoDataFrame,
    profile: str,
    threads: int | None,
) -> list[csr_array]:
    """For each age cell, which demand points each place serves in time, shape (places, points)."""
    riders = {rider.profile: rider for rider in measured.riders}
    by_speed = _by_speed(prepared, riders[profile], places, threads)
    study, found = prepared.study, []
    for cell in prepared.cells:
        reach = by_speed[study.travel.speed(cell.band, "central")]
        open_to = serves(places, cell, study.academies)
        found.append(entries(reach, np.repeat(open_to, np.diff(reach.indptr))))
    return found


def entries(reach: csr_array, kept: Bools) -> csr_array:
    """Keep some of the entries."""
    first = np.append(0, np.cumsum(kept))[reach.indptr]
    return csr_array((reach.data[kept], reach.indices[kept], first), shape=reach.shape)


def _by_speed(
    prepared: Prepared, rider: Traveller, places: gpd.GeoDataFrame, threads: int | None
) -> dict[float, csr_array]:
    """Search once for each speed."""
    travel = prepared.study.travel
    found = {}
    for speed_kmh in {travel.speed(band, "central") for band in travel.bands}:
        offsets, point, _ = rider.served(
            places, speed_kmh, travel.cutoff_min, threads=threads or all_cores()
        )
        shape = (len(places), len(prepared.points))
        ones = np.ones(len(point), dtype=np.int8)
        found[speed_kmh] = csr_array((ones, point, offsets), shape=shape)
    return found
