"""Why a child is out of reach: one reason for each, tested in a fixed order, with its evidence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from stemgeo.access.search import label_straight, unpack_labels
from stemgeo.access.travel_time import minutes_to_ms
from stemgeo.access.travellers import OverNetwork, find_pace
from stemgeo.demand import which_serve
from stemgeo.gaps.areas import GapGround
from stemgeo.gaps.late import PROFILES, find_distinct
from stemgeo.measure import is_in_time, search_rides
from stemgeo.reasons import NOWHERE, REASONS
from stemgeo.recognition import choose_lapsed

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from stemgeo.access.travellers import Pace, StraightLine
    from stemgeo.measure import Measured, Prepared
    from stemgeo.study import GapRules

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.intp]
    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """What the tests look at.

    Attributes
    ----------
    prepared, measured, threads
        As for `find_gaps`.
    ended
        The academies whose recognition ended before the day, with `last_day`.
    ground
        Where children live, and what joins them to areas.
    """

    prepared: Prepared
    measured: Measured
    threads: int
    ended: gpd.GeoDataFrame
    ground: GapGround

    @classmethod
    def from_measured(cls, prepared: Prepared, measured: Measured, threads: int) -> Case:
        """Look up the academies that once were.

        Parameters
        ----------
        prepared, measured, threads
            As for `find_gaps`.
        """
        register, rules = prepared.inputs.academies, prepared.study.academies
        ended = choose_lapsed(register, measured.day, rules)
        ground = GapGround.from_prepared(prepared, measured.riders[0])
        return cls(prepared, measured, threads, ended, ground)

    @property
    def rider(self) -> StraightLine | OverNetwork:
        """Who travels over all roads."""
        return self.measured.riders[0]

    def speed_kmh(self, rows: pd.DataFrame) -> Floats:
        """Give the central speed of the ages of each row."""
        return np.array([one.speed_kmh for one in self.paces])[rows["cell"]]

    @property
    def paces(self) -> list[Pace]:
        """How the ages of each cell ride, at the central speeds."""
        return [find_pace(self.prepared.study.travel, cell) for cell in self.prepared.cells]

    def find_xy(self, rows: pd.DataFrame) -> Floats:
        """Give x and y of each row, Lambert 72, shape (rows, 2)."""
        return _stack_xy(self.prepared.points)[rows["point"]]


def add_reasons(rows: pd.DataFrame, case: Case) -> pd.DataFrame:
    """Give every row its reason and what shows it.

    Parameters
    ----------
    rows
        As from `late_children`.
    case
        What was measured.

    Returns
    -------
    DataFrame
        The rows with `reason` (position in REASONS), `straight_m` (to the nearest academy that is
        or was recognised, whatever its ages; inf: there is none), `shown_by` (for *barrier* and
        *age* the position of an academy among those of the day, for *lapsed* among the ended;
        else NOWHERE) and `figure` (of *barrier*: ride over straight line in minutes; inf: the ride
        takes more than the cutoff times `gaps.barrier_detour`).
    """
    rows = rows.assign(straight_m=_measure_nearest_m(case, rows))
    reason = np.zeros(len(rows), dtype=np.int8)
    shown_by, figure = np.full(len(rows), NOWHERE, dtype=np.intp), np.full(len(rows), np.nan)
    left = {name: np.flatnonzero(rows["profile"] == at) for at, name in enumerate(PROFILES)}
    for number, one in enumerate(REASONS.values()):
        open_ = left[one.profile]
        late = _MeasuredLate(case, rows.iloc[open_])
        holds = one.test(late)
        mine, left[one.profile] = open_[holds], open_[~holds]
        reason[mine] = number
        if one.shown_by:
            shown_by[mine] = one.shown_by(late)[holds]
        if one.figure:
            figure[mine] = one.figure(late)[holds]
    return rows.assign(reason=reason, shown_by=shown_by, figure=figure)


@dataclass(frozen=True)
class _MeasuredLate:
    """What `reasons.Late` says, measured when it is asked."""

    case: Case
    rows: pd.DataFrame

    @property
    def rules(self) -> GapRules:
        return self.case.prepared.study.gaps

    def everyone(self) -> Bools:
        return np.ones(len(self.rows), dtype=np.bool_)

    def within(self, more_min: float) -> Bools:
        limit_s = minutes_to_ms(self.case.prepared.study.travel.cutoff_min + more_min) / 1000
        return np.asarray(self.rows["time_s"].to_numpy() <= limit_s)

    @property
    def near(self) -> Bools:
        return _is_in_reach(self.case, self.rows, self.rows["straight_m"].to_numpy())

    @property
    def ahead(self) -> Ints:
        return self._ahead[0]

    @property
    def detour(self) -> Floats:
        return self._ahead[1]

    @cached_property
    def _ahead(self) -> tuple[Ints, Floats]:
        return _straight_ahead_and_detour(self.case, self.rows)

    @cached_property
    def of_other_ages(self) -> Ints:
        if not len(self.case.measured.academies):
            return np.full(len(self.rows), NOWHERE, dtype=np.intp)
        return _find_in_time(self.case, self.case.rider.for_every_age(), self.rows)

    @cached_property
    def ended(self) -> Ints:
        if self.case.ended.empty:
            return np.full(len(self.rows), NOWHERE, dtype=np.intp)
        return _find_in_time(self.case, self.case.rider.for_academies(self.case.ended), self.rows)


def _stack_xy(table: gpd.GeoDataFrame) -> Floats:
    return np.stack([table.geometry.x.to_numpy(), table.geometry.y.to_numpy()], axis=1)


def _straight_ms(metres: Floats, speed_kmh: Floats) -> Floats:
    return np.asarray(np.rint(metres * 3600 / speed_kmh))


def _is_in_reach(case: Case, rows: pd.DataFrame, metres: Floats) -> Bools:
    cutoff_ms = minutes_to_ms(case.prepared.study.travel.cutoff_min)
    return np.asarray(_straight_ms(metres, case.speed_kmh(rows)) <= cutoff_ms)


def _measure_nearest_m(case: Case, rows: pd.DataFrame) -> Floats:
    """Measure how far the nearest academy is that is or was recognised, for whatever age."""
    sites = np.concatenate([_stack_xy(case.measured.academies), _stack_xy(case.ended)])
    point, number = find_distinct(rows["point"].to_numpy())
    if not len(sites):
        return np.full(len(rows), np.inf)
    places = _stack_xy(case.prepared.points.iloc[point])
    return np.asarray(cKDTree(sites).query(places)[0])[number]


def _straight_ahead_and_detour(case: Case, rows: pd.DataFrame) -> tuple[Ints, Floats]:
    """Find the academy straight ahead, and how much longer the ride to it takes than the line."""
    factor = np.full(len(rows), np.nan)
    rider = case.rider
    if not isinstance(rider, OverNetwork) or rows.empty:
        return np.full(len(rows), NOWHERE), factor
    site, metres = _find_straight_ahead(case, rider, rows)
    straight_ms = _straight_ms(metres, case.speed_kmh(rows))
    within = _is_in_reach(case, rows, metres)
    ride_ms = np.full(len(rows), np.inf)
    # Who has it as the nearest by road as well has been measured already.
    known = within & (site == rows["academy"].to_numpy())
    ride_ms[known] = np.rint(rows["time_s"].to_numpy()[known] * 1000)
    asked = np.flatnonzero(within & ~known)
    ride_ms[asked] = _measure_ride_ms(case, rider, rows.iloc[asked], site[asked])
    factor[within] = ride_ms[within] / np.maximum(straight_ms[within], 1)
    return site, factor


def _find_straight_ahead(case: Case, rider: OverNetwork, rows: pd.DataFrame) -> tuple[Ints, Floats]:
    """Find the nearest academy in a straight line that serves each row and lies on a road."""
    academies, rules = case.measured.academies, case.prepared.study.academies
    place, tied = case.find_xy(rows), rider.sites.found
    site, metres = np.full(len(rows), NOWHERE, dtype=np.intp), np.full(len(rows), np.inf)
    for number, cell in enumerate(case.prepared.cells):
        here = np.flatnonzero(rows["cell"] == number)
        served = np.flatnonzero(which_serve(academies, cell, rules) & tied)
        if len(here) and len(served):
            # In millimetres; of academies as near the first by id.
            (x, y), (site_x, site_y) = place[here].T, _stack_xy(academies)[served].T
            label = label_straight(x, y, site_x, site_y, 1000.0)[:, 0]
            far_mm, nearest = unpack_labels(label)
            site[here], metres[here] = served[nearest], far_mm / 1000
    return site, metres


def _measure_ride_ms(case: Case, traveller: OverNetwork, rows: pd.DataFrame, site: Ints) -> Floats:
    """Measure the ride of each row to its own site; inf beyond what decides on a barrier."""
    ride_ms, travel = np.full(len(rows), np.inf), case.prepared.study.travel
    detour = case.prepared.study.gaps.barrier_detour
    # No line within the cutoff needs more to be found a barrier.
    farthest_ms = minutes_to_ms(travel.cutoff_min * detour)
    for one in dict.fromkeys(case.paces):
        here = np.flatnonzero(np.array([each == one for each in case.paces])[rows["cell"]])
        rider = traveller.find_rider(one, travel.horizon_min)
        nearer = replace(rider, horizon_ms=farthest_ms)
        point, number = find_distinct(rows["point"].to_numpy()[here])
        others = np.bincount(site[here], minlength=len(traveller.academies)) == 0
        first, served, ms = nearer.list_served(
            traveller.sites.untie_points(others),
            traveller.places.take_points(point),
            threads=case.threads,
        )
        by = np.repeat(np.arange(len(first) - 1), np.diff(first))
        wanted = pd.MultiIndex.from_arrays([site[here], number])
        times = pd.Series(ms, index=pd.MultiIndex.from_arrays([by, served])).reindex(wanted)
        ride_ms[here] = times.fillna(np.inf).to_numpy()
    return ride_ms


def _find_in_time(case: Case, traveller: StraightLine | OverNetwork, rows: pd.DataFrame) -> Ints:
    """Say for each row of which academy a traveller is within reach; NOWHERE: of none."""
    academy = np.full(len(rows), NOWHERE, dtype=np.intp)
    if rows.empty:
        return academy
    point, number = find_distinct(rows["point"].to_numpy())
    cells = sorted(set(rows["cell"]))
    some = traveller.for_some_points(point)
    asked = [(some, "central", case.prepared.cells[cell]) for cell in cells]
    for cell, label in zip(cells, search_rides(asked, case.threads), strict=True):
        here = np.flatnonzero(rows["cell"] == cell)
        mine = label[number[here]]
        academy[here] = np.where(
            is_in_time(mine, case.prepared.study), unpack_labels(mine)[1], NOWHERE
        )
    return academy
