"""The best next place: whom each candidate brings newly within reach, given a change.

Which candidates reach each point is searched once and kept; then a change is a sum over the points
that it moves. What comes out equals trying every candidate.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from stemgeo.access.travellers import find_pace
from stemgeo.demand import served_ages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from stemgeo.access.travellers import Pace
    from stemgeo.demand import AgeCell
    from stemgeo.explore.ground import SearchGround
    from stemgeo.explore.moves import Moves
    from stemgeo.measure import Traveller
    from stemgeo.study import AcademyRules, Travel

    Bools = NDArray[np.bool_]
    Longs = NDArray[np.int64]
    Points = NDArray[np.signedinteger]

_AT_ONCE = 4096
"""Candidates that are searched from together: what they reach is held as pairs."""


class ReachedFrom(NamedTuple):
    """From which places each point is reached: those of point i are place[first[i]:first[i + 1]].

    Attributes
    ----------
    first
        Shape (points + 1,).
    place
        Rising for each point; of two bytes where there are few enough places.
    """

    first: Longs
    place: NDArray[np.unsignedinteger]


def search_from_places(
    rider: Traveller, places: gpd.GeoDataFrame, pace: Pace, *, points: int, threads: int
) -> ReachedFrom:
    """Search from places, and keep for each point those that reach it.

    Parameters
    ----------
    rider, pace
        Who rides until the cutoff, and how.
    places
        In the form of the register.
    points
        How many demand points there are.
    threads
        Searches that run side by side; the result is the same.
    """
    found, minutes = [], rider.study.travel.cutoff_min
    for start in range(0, len(places), _AT_ONCE):
        offsets, point, _ = rider.list_served(
            places.iloc[start : start + _AT_ONCE], pace, minutes, threads=threads
        )
        found.append((np.diff(offsets), point))
    sizes = np.concatenate([np.empty(0, np.int64), *(size for size, _ in found)])
    first = np.zeros(points + 1, dtype=np.int64)
    for _, point in found:
        first[1:] += np.bincount(point, minlength=points)
    np.cumsum(first, out=first)
    few = len(places) <= np.iinfo(np.uint16).max
    place: NDArray[np.unsignedinteger] = np.empty(int(first[-1]), np.uint16 if few else np.uint32)
    at, begin = first[:-1].copy(), 0
    for size, point in found:
        _put_by_point(point, sizes[begin : begin + len(size)], begin, at, place)
        begin += len(size)
    return ReachedFrom(first, place)


@njit(cache=True, nogil=True)
def _put_by_point(
    point: Points, sizes: Longs, begin: int, at: Longs, place: NDArray[np.unsignedinteger]
) -> None:
    """Put the number of each place behind those that its points have already."""
    row = 0
    for number in range(len(sizes)):
        for _ in range(sizes[number]):
            place[at[point[row]]] = begin + number
            at[point[row]] += 1
            row += 1


@njit(cache=True, nogil=True)
def _add_by_place(
    first: Longs,
    place: NDArray[np.unsignedinteger],
    point: Points,
    children: Longs,
    serves: Bools,
    total: Longs,
) -> None:
    """Add the children of points to the places that reach them and serve their age."""
    for row in range(len(point)):
        for at in range(first[point[row]], first[point[row] + 1]):
            if serves[place[at]]:
                total[place[at]] += children[row]


@dataclass(frozen=True)
class BestPlaces:
    """What each candidate adds.

    Attributes
    ----------
    reach
        From which candidates each point is reached, by profile and pace.
    paces
        The central pace of each cell.
    serves
        Whether each candidate serves the ages of a cell, shape (cells, candidates).
    base
        Whom each adds before any change, by profile: children, shape (candidates,).
    """

    reach: Mapping[tuple[str, Pace], ReachedFrom]
    paces: Sequence[Pace]
    serves: Bools
    base: Mapping[str, Longs]

    @classmethod
    def from_ground(
        cls,
        ground: SearchGround,
        riders: Mapping[str, Traveller],
        candidates: gpd.GeoDataFrame,
        within: Callable[[str, int], Bools],
        threads: int,
        tell: Callable[[float], None],
    ) -> BestPlaces:
        """Search from every candidate, and add up whom each brings within reach as things are.

        Parameters
        ----------
        ground, riders
            Where the children live, and who travels over the roads of each profile.
        candidates
            In the form of the register.
        within
            Of a profile and a cell, which points have an academy of the ages within reach at the
            central speeds.
        threads
            Searches that run side by side; the result is the same.
        tell
            Told which share of the searches is done, before each.
        """
        study, base = ground.first.study, {}
        paces = list_central_paces(study.travel, ground.cells)
        serves = list_served_ages(candidates, ground.cells, study.academies)
        asked = [*product(riders, dict.fromkeys(paces))]
        reach = {}
        for number, (profile, pace) in enumerate(asked):
            tell(number / len(asked))
            reach[profile, pace] = search_from_places(
                riders[profile], candidates, pace, points=len(ground.x), threads=threads
            )
        for profile in riders:
            total = np.zeros(len(candidates), dtype=np.int64)
            for cell, children in enumerate(ground.children):
                late = ground.measured & ~within(profile, cell) & (children > 0)
                point = np.flatnonzero(late)
                found = reach[profile, paces[cell]]
                _add_by_place(*found, *_fit(point, children[point]), serves[cell], total)
            base[profile] = total
        return cls(reach, paces, serves, base)

    def add_up(self, moves: Moves, profile: str) -> Longs:
        """Say how many children each candidate brings newly within reach after a change.

        Parameters
        ----------
        moves
            Whom it moves.
        profile
            Which roads.
        """
        total = self.base[profile].copy()
        for cell, children in enumerate(moves.children):
            found, moved = self.reach[profile, self.paces[cell]], moves.by_ages[profile, cell]
            for point, sign in ((moved.gained, -1), (moved.lost, 1)):
                by = _fit(point, sign * children[point])
                _add_by_place(*found, *by, self.serves[cell], total)
        return total


def _fit(point: Points, children: NDArray[np.integer]) -> tuple[Points, Longs]:
    """Give points and children as the kernel takes them, whatever they were kept as."""
    return point.astype(np.int64), children.astype(np.int64)


def list_central_paces(travel: Travel, cells: Sequence[AgeCell]) -> list[Pace]:
    """Give how the ages of each cell ride at the central speeds."""
    return [find_pace(travel, cell) for cell in cells]


def list_served_ages(
    candidates: gpd.GeoDataFrame, cells: Sequence[AgeCell], rules: AcademyRules
) -> Bools:
    """Say which candidates serve the ages of each cell, shape (cells, candidates).

    Parameters
    ----------
    candidates
        In the form of the register.
    cells, rules
        Of the study.
    """
    low, high = served_ages(candidates, rules)
    first, last = np.array([cell.ages for cell in cells]).T[:, :, None]
    return np.asarray((low <= first) & (last <= high))
