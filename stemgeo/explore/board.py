"""Who is within reach when academies are placed, moved or closed: a search of those alone.

A child is covered when any academy of its age is within the cutoff. So how many there are is kept
for each point, roads, speed and age; one that comes or goes changes that where it reaches, and
whoever goes from none to one, or from one to none, is gained or lost. What comes out equals a whole
measurement to the child.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from stemgeo.access.travellers import find_pace
from stemgeo.arrays import sum_by_owner
from stemgeo.coverage import ALL_BANDS, KEYS, with_shares
from stemgeo.demand import which_serve
from stemgeo.errors import Problem, StudyError
from stemgeo.measure import count_cores, measure_day, prepare_study, report_nothing
from stemgeo.recognition import choose_recognised
from stemgeo.study import SCENARIOS, list_ages

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from stemgeo.access.travellers import Pace
    from stemgeo.coverage import Level
    from stemgeo.measure import Measured, Prepared, Progress
    from stemgeo.study import Study

    Longs = NDArray[np.int64]
    Points = NDArray[np.signedinteger]


class RideKind(NamedTuple):
    """Over which roads, at which speeds, and of which ages: the index of their cell."""

    profile: str
    scenario: str
    cell: int


@dataclass(frozen=True)
class Change:
    """What a change of academies brings.

    Attributes
    ----------
    coverage
        The coverage table after it, rows and order of that before.
    moved
        The rows of it in which children are gained or lost, with both: `gained`, `lost`.
    gained, lost
        Of each ride the points whose children come within reach, and those that fall out of it.
    """

    coverage: pd.DataFrame
    moved: pd.DataFrame
    gained: dict[RideKind, Points]
    lost: dict[RideKind, Points]


@dataclass
class Board:
    """A study that was measured once, on which academies can be placed, moved and closed.

    Attributes
    ----------
    prepared, measured
        The study, with each age by itself, and its day.
    threads
        Searches that run side by side; the result is the same.
    """

    prepared: Prepared
    measured: Measured
    threads: int
    _open: dict[RideKind, Longs] = field(repr=False, default_factory=dict)
    """How many open academies of the age each point has within the cutoff, shape (points,)."""
    _reach: dict[tuple[str, float, float, str, Pace], Points] = field(
        repr=False, default_factory=dict
    )
    """The points that have an academy within the cutoff: by id and spot, roads and pace."""

    @classmethod
    def from_study(
        cls, study: Study, *, progress: Progress = report_nothing, threads: int | None = None
    ) -> Board:
        """Read a study and measure it.

        Parameters
        ----------
        study
            What is asked.
        progress
            Told how far it is.
        threads
            Searches that run side by side, all cores when not given.

        Raises
        ------
        InputError
            With every problem of the inputs at once.
        """
        # Whatever the ages of an academy that comes, they are whole cells.
        every = list_ages(band.ages for band in study.travel.bands)
        prepared = prepare_study(study, progress, cuts=every)
        cores = threads or count_cores()
        return cls(prepared, measure_day(prepared, study.about.date, threads=cores), cores)

    def __post_init__(self) -> None:
        academies, points = self.measured.academies, len(self.prepared.points)
        self._search(academies)
        for ride, pace in self._list_rides():
            serve = self._which_serve(academies, ride)
            count = np.zeros(points, dtype=np.int64)
            for row in np.flatnonzero(serve):
                count[self._reach[_key(academies, row, ride.profile, pace)]] += 1
            self._open[ride] = count

    def _list_rides(self) -> list[tuple[RideKind, Pace]]:
        travel, cells = self.prepared.study.travel, self.prepared.cells
        return [
            (RideKind(rider.profile, scenario, index), find_pace(travel, cell, scenario))
            for rider in self.measured.riders
            for scenario in SCENARIOS
            for index, cell in enumerate(cells)
        ]

    def _which_serve(self, academies: gpd.GeoDataFrame, ride: RideKind) -> NDArray[np.bool_]:
        study = self.prepared.study
        return which_serve(academies, self.prepared.cells[ride.cell], study.academies)

    def _search(self, academies: gpd.GeoDataFrame) -> None:
        """Search from the academies that were not searched from yet, once for each pace."""
        cutoff = self.prepared.study.travel.cutoff_min
        paces = dict.fromkeys(pace for _, pace in self._list_rides())
        for rider in self.measured.riders:
            for pace in paces:
                keys = [_key(academies, row, rider.profile, pace) for row in range(len(academies))]
                new = [row for row, key in enumerate(keys) if key not in self._reach]
                if not new:
                    continue
                first, point, _ = rider.list_served(
                    academies.iloc[new], pace, cutoff, threads=self.threads
                )
                for at, row in enumerate(new):
                    self._reach[keys[row]] = point[first[at] : first[at + 1]]

    def change(
        self, placed: gpd.GeoDataFrame | None = None, closed: Collection[str] = ()
    ) -> Change:
        """Say who is within reach when academies come and go; the board stays as it is.

        Parameters
        ----------
        placed
            Those that come, in the form of the register: they count where their dates hold on the
            day of the study. One that is moved goes under its id, and comes under it elsewhere.
        closed
            Ids of those that go.

        Raises
        ------
        StudyError
            If one that goes is not open, or one that comes is there already.
        """
        ours, rules = self.measured.academies, self.prepared.study.academies
        going = ours[ours["academy_id"].isin(set(closed))]
        coming = ours.iloc[:0]
        if placed is not None and len(placed):
            coming, _ = choose_recognised(placed, self.measured.day, rules)
        self._refuse_wrong(placed, closed)
        self._search(coming)
        gained, lost = {}, {}
        for ride, pace in self._list_rides():
            point, by = self._add_up(ride, pace, coming, going)
            before, measured = self._open[ride][point], self._measured_of(point)
            gained[ride] = point[measured & (before == 0) & (by > 0)]
            lost[ride] = point[measured & (before > 0) & (before + by == 0)]
        moved = self._count_moved(gained, lost)
        return Change(_add_moved(self.measured.coverage, moved), moved, gained, lost)

    def _refuse_wrong(self, placed: gpd.GeoDataFrame | None, closed: Collection[str]) -> None:
        """Refuse to close what is not open, and to place under an id that stays open."""
        ours = set(self.measured.academies["academy_id"])
        wrong = sorted(set(closed) - ours)
        if wrong:
            raise StudyError(Problem(wrong[0], "cannot be closed: it is not open on the day"))
        coming = [] if placed is None else placed["academy_id"].tolist()
        stays = ours - set(closed)
        twice = [one for one in coming if one in stays or coming.count(one) > 1]
        if twice:
            raise StudyError(Problem(twice[0], "is there already", "give the place another id"))

    def _add_up(
        self, ride: RideKind, pace: Pace, coming: gpd.GeoDataFrame, going: gpd.GeoDataFrame
    ) -> tuple[Points, Longs]:
        """Add up by how much the number of academies of an age changes at each point it does."""
        reached, signs = [np.empty(0, dtype=np.intp)], [np.empty(0, dtype=np.int64)]
        for academies, sign in ((coming, 1), (going, -1)):
            for row in np.flatnonzero(self._which_serve(academies, ride)):
                reach = self._reach[_key(academies, row, ride.profile, pace)]
                reached.append(reach)
                signs.append(np.full(len(reach), sign))
        point, at = np.unique(np.concatenate(reached), return_inverse=True)
        return point, sum_by_owner(at, np.concatenate(signs), len(point))

    def _measured_of(self, point: Points) -> NDArray[np.bool_]:
        return np.asarray(self.measured.reached[0].measured[point])

    def _count_moved(
        self, gained: dict[RideKind, Points], lost: dict[RideKind, Points]
    ) -> pd.DataFrame:
        """Count the children who are gained and lost, by the keys of the coverage table."""
        parts = [
            self._count_level(level, name, ride, point)
            for level in self.prepared.levels
            for name, found in (("gained", gained), ("lost", lost))
            for ride, point in found.items()
            if len(point)
        ]
        columns = [one for one in KEYS if one != "name"]
        if not parts:
            return pd.DataFrame(columns=[*columns, "gained", "lost"])
        table = pd.concat(parts, ignore_index=True)
        whole = pd.concat([table, table.assign(band=ALL_BANDS)], ignore_index=True)
        sums = whole.groupby([*columns, "what"])["children"].sum().unstack("what", fill_value=0)
        sums = sums.reindex(columns=["gained", "lost"], fill_value=0)
        return sums[(sums != 0).any(axis=1)].reset_index().rename_axis(columns=None)

    def _count_level(self, level: Level, what: str, ride: RideKind, point: Points) -> pd.DataFrame:
        cell = self.prepared.cells[ride.cell]
        children = self.prepared.points[cell.column].to_numpy()[point]
        place, at = np.unique(level.place[point], return_inverse=True)
        return pd.DataFrame(
            {
                "level": level.name,
                "code": level.code[place],
                "band": cell.band.name,
                "scenario": ride.scenario,
                "profile": ride.profile,
                "what": what,
                "children": sum_by_owner(at, children, len(place)),
            }
        )


def _key(
    academies: gpd.GeoDataFrame, row: int | np.intp, profile: str, pace: Pace
) -> tuple[str, float, float, str, Pace]:
    at = academies.geometry.iloc[row]
    return academies["academy_id"].iloc[row], at.x, at.y, profile, pace


def _add_moved(coverage: pd.DataFrame, moved: pd.DataFrame) -> pd.DataFrame:
    """Give a coverage table with the children who were gained and lost moved in it."""
    if moved.empty:
        return coverage
    keys = [one for one in KEYS if one != "name"]
    by = moved.set_index(keys)
    rows = pd.MultiIndex.from_frame(coverage[keys])
    more = (by["gained"] - by["lost"]).reindex(rows, fill_value=0).to_numpy(np.int64)
    return with_shares(
        coverage.assign(covered=coverage["covered"] + more, uncovered=coverage["uncovered"] - more)
    )
