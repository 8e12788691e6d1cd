"""Tying points to the network: to every road near them, at its nearest place, not the nearest node.

Who leaves a door does so on foot and takes whichever road serves best. So a point is tied to each
straight piece of road within a fixed distance, and what a search adds up is the best of them; an
added driveway takes no road's place. Where no road is so near it is tied to the nearest one within
a limit. Never to a road of another level, and never across water, a railway or a motorway.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from stemgeo.arrays import list_ranges
from stemgeo.network.legs import are_around, find_near
from stemgeo.study import LIMIT_M, WITHIN_M

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from stemgeo.network.graph import Network

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]
    Longs = NDArray[np.int64]


@dataclass(frozen=True)
class TiedPoints:
    """Points tied to a network, in the order of the points.

    Point p has the ties `first[p]:first[p + 1]`, in the network's order of segments.

    Attributes
    ----------
    first
        Shape (points + 1,).
    segment
        Of each tie, shape (ties,).
    offset_mm
        How far along its segment each tie lies, whole millimetres.
    walk_mm
        Length of the leg between the point and each tie.
    snap_m
        Distance of each point to the nearest road that is no island, metres, shape (points,); NaN
        where there is none within the limit: such a point has no ties.
    by_island
        Whether the road nearest to each point is an island, shape (points,).
    """

    first: Longs
    segment: Ints
    offset_mm: Ints
    walk_mm: Ints
    snap_m: Floats
    by_island: Bools

    @property
    def found(self) -> Bools:
        """Whether each point has a road within the limit, shape (points,)."""
        return ~np.isnan(self.snap_m)

    @cached_property
    def owner(self) -> NDArray[np.intp]:
        """The point of each tie, shape (ties,)."""
        return np.repeat(np.arange(len(self.snap_m)), np.diff(self.first))

    def take_points(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> TiedPoints:
        """Give the chosen points only, in the order in which they are chosen."""
        chosen = np.flatnonzero(which) if which.dtype == np.bool_ else which
        _, tie = list_ranges(self.first[chosen], self.first[chosen + 1])
        return TiedPoints(
            np.append(0, np.cumsum(np.diff(self.first)[chosen])),
            self.segment[tie],
            self.offset_mm[tie],
            self.walk_mm[tie],
            self.snap_m[chosen],
            self.by_island[chosen],
        )

    def untie_points(self, which: Bools) -> TiedPoints:
        """Untie the chosen points; the others stay as they are."""
        kept = ~which[self.owner]
        return TiedPoints(
            np.append(0, np.cumsum(np.where(which, 0, np.diff(self.first)))),
            self.segment[kept],
            self.offset_mm[kept],
            self.walk_mm[kept],
            np.where(which, np.nan, self.snap_m),
            self.by_island & ~which,
        )

    def keep_on(self, segments: NDArray[np.intp]) -> TiedPoints:
        """Keep the ties to some segments, which are numbered anew; they are given in order."""
        place = np.searchsorted(segments, self.segment)
        kept = np.append(segments, -1)[place] == self.segment
        before = np.append(0, np.cumsum(kept))
        return replace(
            self,
            first=before[self.first],
            segment=place[kept].astype(np.int32),
            offset_mm=self.offset_mm[kept],
            walk_mm=self.walk_mm[kept],
        )

    def keep_nearest(self) -> TiedPoints:
        """Keep of each point the nearest tie alone; of equally near ones the first."""
        order = np.lexsort((np.arange(len(self.segment)), self.walk_mm, self.owner))
        tie = order[self.first[:-1][np.diff(self.first) > 0]]
        first = np.append(0, np.cumsum(np.diff(self.first) > 0))
        return replace(
            self,
            first=first,
            segment=self.segment[tie],
            offset_mm=self.offset_mm[tie],
            walk_mm=self.walk_mm[tie],
        )


def join_ties(parts: Sequence[TiedPoints]) -> TiedPoints:
    """Lay tied points one behind the other.

    Parameters
    ----------
    parts
        One or more, tied to one network.
    """
    sizes = np.concatenate([np.diff(one.first) for one in parts])
    rest = {
        name: np.concatenate([getattr(one, name) for one in parts])
        for name in ("segment", "offset_mm", "walk_mm", "snap_m", "by_island")
    }
    return TiedPoints(first=np.append(0, np.cumsum(sizes)), **rest)


def snap_points(
    network: Network,
    x: Floats,
    y: Floats,
    *,
    within_m: float = WITHIN_M,
    limit_m: float = LIMIT_M,
) -> TiedPoints:
    """Tie points to every road within a distance, or to the nearest.

    Parameters
    ----------
    network
        The network, as `Network.restricted` gives it.
    x, y
        Coordinates in the network's CRS, metres, shape (points,).
    within_m
        A point is tied to each segment that takes doors and is at most so far, at the place of
        the segment that is nearest.
    limit_m
        A point that has no road so near, islands aside, is tied to the nearest one that is no
        island, if it is within this.

    Returns
    -------
    Places
        No leg crosses a barrier of the network, or ends on one that runs along the road. Of roads
        equally near the first in the network's order is the nearest.
    """
    far_m = max(limit_m, within_m)
    at = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    usable = np.flatnonzero(network.door & are_around(network.pieces, at, far_m)).astype(np.int32)
    from_x, from_y, to_x, to_y = (one[usable] for one in network.pieces)
    found = find_near(
        (from_x, from_y, to_x, to_y),
        network.island[network.segment_edge[usable]],
        at,
        network.barriers[are_around(network.barriers.T, at, far_m)],
        within_m,
        far_m,
    )
    segment = usable[found.piece]
    offset_mm = np.rint(found.share * network.length_mm[segment]).astype(np.int32)
    walk_mm = np.rint(found.metres * 1000).astype(np.int32)
    tied = TiedPoints(found.first, segment, offset_mm, walk_mm, found.nearest_m, found.by_island)
    return tie_to_twins(network, tied)


def tie_to_twins(network: Network, tied: TiedPoints) -> TiedPoints:
    """Tie who is tied to a segment to those that lie beside it there, at the same place.

    Parameters
    ----------
    network
        With roads that were joined to others in their middle, or without.
    tied
        Points tied to its segments, and to none that lies beside another yet.
    """
    if not len(network.twins):
        return tied
    of, from_mm, to_mm, twin = network.twins[np.argsort(network.twins[:, 0], kind="stable")].T
    first, stop = (np.searchsorted(of, tied.segment, side=side) for side in ("left", "right"))
    tie, at = list_ranges(first, stop)
    here = (from_mm[at] <= tied.offset_mm[tie]) & (tied.offset_mm[tie] <= to_mm[at])
    tie, at = tie[here], at[here]
    owner = np.append(tied.owner, tied.owner[tie])
    segment = np.append(tied.segment, twin[at])
    order = np.lexsort((segment, owner))
    return replace(
        tied,
        first=np.append(0, np.cumsum(np.bincount(owner, minlength=len(tied.snap_m)))),
        segment=segment[order].astype(np.int32),
        offset_mm=np.append(tied.offset_mm, tied.offset_mm[tie] - from_mm[at])[order],
        walk_mm=np.append(tied.walk_mm, tied.walk_mm[tie])[order],
    )
