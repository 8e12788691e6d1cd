"""Why a child is not in time: one reason for each, tested in a fixed order, with its evidence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from stemgeo import tables
from stemgeo.access.search import nearest_straight, unpack
from stemgeo.access.travel_time import horizon_ms
from stemgeo.access.travellers import OverNetwork, pace
from stemgeo.demand import serves
from stemgeo.gaps.grid import Joining
from stemgeo.gaps.late import NOWHERE, PROFILES, each_once
from stemgeo.measure import in_time, nearest_labels
from stemgeo.recognition import lapsed

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from stemgeo.access.travellers import Pace, StraightLine
    from stemgeo.measure import Measured, Prepared

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.intp]
    Floats = NDArray[np.float64]

REASONS = tuple(tables.REASONS)
"""In the order in which they are tested: a child has the first that holds."""

NO_ACADEMY_NEAR, BARRIER, STRESS, AGE, JUST_TOO_FAR, LAPSED, TOO_FAR = REASONS


@dataclass(frozen=True)
class Case:
    """What the tests look at.

    Attributes
    ----------
    prepared, measured, threads
        As for `find_gaps`.
    ended
        The academies whose recognition ended before the day, with `last_day`.
    towns
        The municipalities, sorted by code.
    town
        Position of the municipality of each demand point, shape (points,).
    joining
        How children are joined to areas.
    """

    prepared: Prepared
    measured: Measured
    threads: int
    ended: gpd.GeoDataFrame
    towns: pd.DataFrame
    town: Ints
    joining: Joining

    @classmethod
    def of(cls, prepared: Prepared, measured: Measured, threads: int) -> Case:
        """Look up the academies that once were."""
        register, rules = prepared.inputs.academies, prepared.study.academies
        ended = lapsed(register, measured.day, rules)
        towns = prepared.inputs.municipalities[["nis_code", "name", "province"]]
        towns = pd.DataFrame(towns).sort_values("nis_code", ignore_index=True)
        town = pd.Index(towns["nis_code"]).get_indexer(pd.Index(prepared.points["nis_code"]))
        joining = Joining.of(prepared.study, prepared.inputs.weights)
        return cls(prepared, measured, threads, ended, towns, town, joining)

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
        return [pace(self.prepared.study.travel, cell) for cell in self.prepared.cells]

    def place(self, rows: pd.DataFrame) -> Floats:
        """Give x and y of each row, Lambert 72, shape (rows, 2)."""
        return _xy(self.prepared.points)[rows["point"]]


def with_reasons(rows: pd.DataFrame, case: Case) -> pd.DataFrame:
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
        else NOWHERE) and `detour` (of *barrier*: ride over straight line in time; inf: the ride
        takes more than the cutoff times `gaps.barrier_detour`).
    """
    straight_m = _nearest_m(case, rows)
    reason = np.full(len(rows), REASONS.index(TOO_FAR), dtype=np.int8)
    shown_by = np.full(len(rows), NOWHERE, dtype=np.intp)
    detour = np.full(len(rows), np.nan)
    by_stress = (rows["profile"] == PROFILES.index("low_stress")).to_numpy()
    reason[by_stress] = REASONS.index(STRESS)
    near = _in_reach(case, rows, straight_m)
    reason[~near & ~by_stress] = REASONS.index(NO_ACADEMY_NEAR)
    open_ = np.flatnonzero(near & ~by_stress)
    for name, test in ((BARRIER, _cut_off), (AGE, _for_others), (JUST_TOO_FAR, _nearly)):
        holds, academy, factor = test(case, rows.iloc[open_])
        reason[open_[holds]] = REASONS.index(name)
        shown_by[open_[holds]], detour[open_[holds]] = academy[holds], factor[holds]
        open_ = open_[~holds]
    holds, academy = _ended_in_time(case, rows.iloc[open_])
    reason[open_[holds]], shown_by[open_[holds]] = REASONS.index(LAPSED), academy[holds]
    return rows.assign(reason=reason, straight_m=straight_m, shown_by=shown_by, detour=detour)


def _xy(table: gpd.GeoDataFrame) -> Floats:
    return np.stack([table.geometry.x.to_numpy(), table.geometry.y.to_numpy()], axis=1)


def _straight_ms(metres: Floats, speed_kmh: Floats) -> Floats:
    return np.asarray(np.rint(metres * 3600 / speed_kmh))


def _in_reach(case: Case, rows: pd.DataFrame, metres: Floats) -> Bools:
    cutoff_ms = horizon_ms(case.prepared.study.travel.cutoff_min)
    return np.asarray(_straight_ms(metres, case.speed_kmh(rows)) <= cutoff_ms)


def _nearest_m(case: Case, rows: pd.DataFrame) -> Floats:
    """Measure how far the nearest academy is that is or was recognised, for whatever age."""
    sites = np.concatenate([_xy(case.measured.academies), _xy(case.ended)])
    point, number = each_once(rows["point"].to_numpy())
    if not len(sites):
        return np.full(len(rows), np.inf)
    places = _xy(case.prepared.points.iloc[point])
    return np.asarray(cKDTree(sites).query(places)[0])[number]


_Test = tuple["Bools", "Ints", "Floats"]
"""For whom it holds, the academy that shows it, the detour factor."""


def _cut_off(case: Case, rows: pd.DataFrame) -> _Test:
    """Test whether the ride to the academy straight ahead takes far longer than the line."""
    nothing = np.full(len(rows), np.nan)
    rider = case.rider
    if not isinstance(rider, OverNetwork) or rows.empty:
        return np.zeros(len(rows), dtype=np.bool_), np.full(len(rows), NOWHERE), nothing
    site, metres = _straight_ahead(case, rider, rows)
    straight_ms = _straight_ms(metres, case.speed_kmh(rows))
    within = _in_reach(case, rows, metres)
    ride_ms = np.full(len(rows), np.inf)
    # Who has it as the nearest by road as well has been measured already.
    known = within & (site == rows["academy"].to_numpy())
    ride_ms[known] = np.rint(rows["time_s"].to_numpy()[known] * 1000)
    asked = np.flatnonzero(within & ~known)
    ride_ms[asked] = _ride_ms(case, rider, rows.iloc[asked], site[asked])
    factor = np.full(len(rows), np.nan)
    factor[within] = ride_ms[within] / np.maximum(straight_ms[within], 1)
    return factor >= case.prepared.study.gaps.barrier_detour, site, factor


def _straight_ahead(case: Case, rider: OverNetwork, rows: pd.DataFrame) -> tuple[Ints, Floats]:
    """Find the nearest academy in a straight line that serves each row and lies on a road."""
    academies, rules = case.measured.academies, case.prepared.study.academies
    place, tied = case.place(rows), rider.sites.found
    site, metres = np.full(len(rows), NOWHERE, dtype=np.intp), np.full(len(rows), np.inf)
    for number, cell in enumerate(case.prepared.cells):
        here = np.flatnonzero(rows["cell"] == number)
        served = np.flatnonzero(serves(academies, cell, rules) & tied)
        if len(here) and len(served):
            # In millimetres; of academies as near the first by id.
            (x, y), (site_x, site_y) = place[here].T, _xy(academies)[served].T
            label = nearest_straight(x, y, site_x, site_y, 1000.0)[:, 0]
            far_mm, nearest = unpack(label)
            site[here], metres[here] = served[nearest], far_mm / 1000
    return site, metres


def _ride_ms(case: Case, traveller: OverNetwork, rows: pd.DataFrame, site: Ints) -> Floats:
    """Measure the ride of each row to its own site; inf beyond what decides on a barrier."""
    ride_ms, travel = np.full(len(rows), np.inf), case.prepared.study.travel
    detour = case.prepared.study.gaps.barrier_detour
    # No line within the cutoff needs more to be found a barrier.
    farthest_ms = horizon_ms(travel.cutoff_min * detour)
    for one in dict.fromkeys(case.paces):
        here = np.flatnonzero(np.array([each == one for each in case.paces])[rows["cell"]])
        rider = traveller.rider(one, travel.horizon_min)
        nearer = replace(rider, horizon_ms=farthest_ms)
        point, number = each_once(rows["point"].to_numpy()[here])
        others = np.bincount(site[here], minlength=len(traveller.academies)) == 0
        first, served, ms = nearer.served(
            traveller.sites.without(others), traveller.places.take(point), threads=case.threads
        )
        by = np.repeat(np.arange(len(first) - 1), np.diff(first))
        wanted = pd.MultiIndex.from_arrays([site[here], number])
        times = pd.Series(ms, index=pd.MultiIndex.from_arrays([by, served])).reindex(wanted)
        ride_ms[here] = times.fillna(np.inf).to_numpy()
    return ride_ms


def _for_others(case: Case, rows: pd.DataFrame) -> _Test:
    """Test whether an academy is in time that serves other ages."""
    academies = case.measured.academies
    holds, academy = _reached(case, case.rider.whatever_age(), rows)
    if len(academies) == 0:
        holds = np.zeros(len(rows), dtype=np.bool_)
    return holds, academy, np.full(len(rows), np.nan)


def _nearly(case: Case, rows: pd.DataFrame) -> _Test:
    """Test whether the nearest is within some more minutes."""
    study = case.prepared.study
    limit_s = horizon_ms(study.travel.cutoff_min + study.gaps.just_too_far_min) / 1000
    nobody = np.full(len(rows), NOWHERE, dtype=np.intp)
    return rows["time_s"].to_numpy() <= limit_s, nobody, np.full(len(rows), np.nan)


def _ended_in_time(case: Case, rows: pd.DataFrame) -> tuple[Bools, Ints]:
    """Test whether an academy for these ages, whose recognition ended, is in time."""
    if case.ended.empty:
        return np.zeros(len(rows), dtype=np.bool_), np.full(len(rows), NOWHERE, dtype=np.intp)
    return _reached(case, case.rider.for_academies(case.ended), rows)


def _reached(
    case: Case, traveller: StraightLine | OverNetwork, rows: pd.DataFrame
) -> tuple[Bools, Ints]:
    """Say for each row whether a traveller is in time of an academy, and of which."""
    reached = np.zeros(len(rows), dtype=np.bool_)
    academy = np.full(len(rows), NOWHERE, dtype=np.intp)
    if rows.empty:
        return reached, academy
    point, number = each_once(rows["point"].to_numpy())
    cells = sorted(set(rows["cell"]))
    some = traveller.take(point)
    asked = [(some, "central", case.prepared.cells[cell]) for cell in cells]
    for cell, label in zip(cells, nearest_labels(asked, case.threads), strict=True):
        here = np.flatnonzero(rows["cell"] == cell)
        mine = label[number[here]]
        reached[here] = in_time(mine, case.prepared.study)
        academy[here] = np.where(reached[here], unpack(mine)[1], NOWHERE)
    return reached, academy
