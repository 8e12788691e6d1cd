"""Travel times over the network: for every demand point the nearest academies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numba import njit

from stemgeo.access import doors
from stemgeo.access.search import (
    RANK_BITS,
    THREE,
    UNREACHED,
    label_nearest,
    label_nearest_three,
    label_straight,
    pack_arcs,
    pack_labels,
    put_among,
    search_each,
    search_each_to_points,
    unpack_labels,
)
from stemgeo.study import WALKING_SPEED_MS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stemgeo.access.doors import Doors, Pairs
    from stemgeo.access.search import Arcs, Exits
    from stemgeo.network.graph import EdgeTimes, Network
    from stemgeo.network.snap import TiedPoints

    Ints = NDArray[np.int32]
    Longs = NDArray[np.int64]

REACHED, BEYOND, UNMEASURED = "reached", "beyond_horizon", "unmeasured"


def minutes_to_ms(minutes: float) -> int:
    """Minutes as whole milliseconds."""
    return round(minutes * 60_000)


def access_table(
    label: Longs,
    snap_m: NDArray[np.float64],
    academy_ids: NDArray[np.object_],
    index: pd.Index,
    measured: NDArray[np.bool_] | None = None,
) -> pd.DataFrame:
    """Lay labels out as the access table.

    Parameters
    ----------
    label
        As from `Rider.nearest`, shape (points,).
    snap_m
        Metres to the road, NaN where a point is not tied; shape (points,).
    academy_ids
        By rank, shape (academies,).
    index
        Of the demand points.
    measured
        Which points are measured; those that are tied when not given.
    """
    measured = ~np.isnan(snap_m) if measured is None else measured
    time_ms, rank = unpack_labels(label)
    reached = label != UNREACHED
    # As text even when there is no row to tell it from.
    names = pd.array(np.append(academy_ids.astype(object), ""), dtype="str")
    states = pd.array([REACHED, BEYOND, UNMEASURED], dtype="str")
    return pd.DataFrame(
        {
            "academy_id": names.take(np.where(reached, rank, len(names) - 1)),
            "travel_time_s": np.where(reached, time_ms / 1000, np.inf),
            "snap_m": snap_m,
            "status": states.take(np.where(reached, 0, np.where(measured, 1, 2))),
        },
        index=index,
    )


@dataclass(frozen=True)
class Rider:
    """One way of travelling the network: the times of a speed, a horizon, a walking pace.

    Attributes
    ----------
    network
        The network.
    times
        Its `EdgeTimes` at the rider's speed.
    horizon_ms
        How far is looked, inclusive.
    walking_speed_ms
        On the leg between a door and the road, metres per second.
    """

    network: Network
    times: EdgeTimes
    horizon_ms: int
    walking_speed_ms: float = WALKING_SPEED_MS

    @property
    def arc_ms(self) -> NDArray[np.int32]:
        """Time of each arc of `network.arcs`, shape (arcs,)."""
        both = np.stack([self.times.forward_ms, self.times.backward_ms], axis=1).ravel()
        _, tail, arc = self.network.arcs
        ms = both[arc]
        # One waits at a node before going on: the wait belongs to the arc that leaves it.
        if self.times.node_ms.any():
            ms += self.times.node_ms[tail]
        if self.times.end_ms.any():
            ms += self.times.end_ms.sum(axis=1, dtype=np.int32)[arc >> 1]
        return np.asarray(ms)

    @cached_property
    def arcs(self) -> Arcs:
        """The arcs as a search wants them, with the rider's times."""
        first, tail, _ = self.network.arcs
        return first, pack_arcs(tail, self.arc_ms)

    def find_nearest(self, sites: TiedPoints, points: TiedPoints, rank: NDArray[np.intp]) -> Longs:
        """Label each point with the nearest site.

        Parameters
        ----------
        sites, points
            Academies and demand points on the network.
        rank
            Number of each site; of equally near ones the smallest wins. Shape (sites,).

        Returns
        -------
        int64 array, shape (points,)
            Packed (time, rank), see `search.unpack_labels`; UNREACHED beyond the horizon or when
            the point is not tied to the network.
        """
        node_label = label_nearest(self.arcs, *self.label_seeds(sites, rank), self.horizon_ms)
        return self.label_points(sites, points, rank, node_label)

    def label_seeds(self, sites: TiedPoints, rank: NDArray[np.intp]) -> tuple[Ints, Longs]:
        """Give the nodes from which sites are reached along their own edges, with the labels.

        Parameters
        ----------
        sites, rank
            As for `find_nearest`.
        """
        node, ms, _, owner = self.find_seeds(sites)
        return node, pack_labels(ms, rank[owner])

    def label_points(
        self, sites: TiedPoints, points: TiedPoints, rank: NDArray[np.intp], node_label: Longs
    ) -> Longs:
        """Label points as `find_nearest` does, once the nodes are.

        Parameters
        ----------
        sites, points, rank
            As for `find_nearest`.
        node_label
            As from `label_nearest`; those of nodes at which no point comes by may be anything.
        """
        label = doors.label_points(
            self.network, self.times, points, self.walking_speed_ms, node_label
        )
        near = self.list_pairs(points, sites)
        np.minimum.at(label, near.point, pack_labels(near.ms, rank[near.site]))
        return np.where(unpack_labels(label)[0] > self.horizon_ms, UNREACHED, label)

    def find_reached(self, sites: TiedPoints, points: TiedPoints) -> NDArray[np.bool_]:
        """Say which points have any of the sites within the horizon, shape (points,).

        As `find_nearest` would; whoever is known to be so near is asked no further.

        Parameters
        ----------
        sites, points
            Academies and demand points on the network.
        """
        node, ms, _, owner = self.find_seeds(sites)
        of_seeds = pack_labels(ms, np.zeros_like(owner))
        node_label = label_nearest(self.arcs, node, of_seeds, self.horizon_ms)
        label = doors.label_points(
            self.network,
            self.times,
            points,
            self.walking_speed_ms,
            node_label,
            enough_ms=self.horizon_ms,
        )
        reached = np.asarray(unpack_labels(label)[0] <= self.horizon_ms)
        beside = doors.list_ties_beside(self.network, points, sites)
        # Who lives along the street of a site is nearly always there by its ends as well.
        if not reached[points.owner[beside]].all():
            near = self.list_pairs(points, sites)
            reached[near.point[near.ms <= self.horizon_ms]] = True
        return reached

    def find_three_nearest(
        self, sites: TiedPoints, points: TiedPoints, rank: NDArray[np.intp]
    ) -> Longs:
        """Label each point with the three nearest sites, nearest first; shape (points, 3).

        As `nearest`, with UNREACHED in the place of those beyond the horizon.

        Parameters
        ----------
        sites, points, rank
            As for `nearest`.
        """
        at_node = label_nearest_three(
            self.arcs, *self.label_seeds_by_site(sites, rank), self.horizon_ms
        )
        return self.label_points_three(sites, points, rank, at_node)

    def label_seeds_by_site(
        self, sites: TiedPoints, rank: NDArray[np.intp]
    ) -> tuple[Ints, Longs, Ints]:
        """Give the same as `label_seeds`, site by site, and where those of each begin.

        Parameters
        ----------
        sites, rank
            As for `find_nearest`.
        """
        node, ms, first = self._seeds_by_site(sites)
        return node, pack_labels(ms, np.repeat(rank, np.diff(first))), first

    def label_points_three(
        self, sites: TiedPoints, points: TiedPoints, rank: NDArray[np.intp], at_node: Longs
    ) -> Longs:
        """Label points as `find_three_nearest` does, once the nodes are.

        Parameters
        ----------
        sites, points, rank
            As for `find_nearest`.
        at_node
            As from `label_nearest_three`; as in `label_points`.
        """
        near = self.list_pairs(points, sites)
        beside = pack_labels(near.ms, rank[near.site])
        three = _label_three_by_doors(self.list_exits(points), at_node, near.point, beside)
        label = np.asarray(three).reshape(-1, THREE)
        return np.where(unpack_labels(label)[0] > self.horizon_ms, UNREACHED, label)

    def list_exits(self, points: TiedPoints) -> Doors:
        """List the nodes that each point comes to; see `doors.list_exits`."""
        return doors.list_exits(self.network, self.times, points, self.walking_speed_ms)

    def list_pairs(self, points: TiedPoints, sites: TiedPoints) -> Pairs:
        """List the sites and points on the same edge; see `doors.list_pairs`."""
        return doors.list_pairs(self.network, self.times, points, sites, self.walking_speed_ms)

    def search_each_site(self, sites: TiedPoints, *, threads: int = 2) -> tuple[Longs, Ints, Ints]:
        """Search from each site by itself: offsets, nodes, times in ms, as `search.search_each`."""
        return search_each(self.arcs, *self._seeds_by_site(sites), self.horizon_ms, threads=threads)

    def list_served(
        self, sites: TiedPoints, points: TiedPoints, *, threads: int = 2
    ) -> tuple[Longs, Ints, Ints]:
        """List every point that reaches each site within the horizon.

        Parameters
        ----------
        sites, points
            Academies and demand points on the network.
        threads
            Searches that run side by side; the result does not depend on it.

        Returns
        -------
        tuple of arrays
            Offsets, shape (sites + 1,); index of the point and time in ms, walking legs
            included: site s serves point[offsets[s]:offsets[s + 1]], each of them once.
        """
        exits, near = self.list_exits(points), self.list_pairs(points, sites)
        count = len(points.snap_m)
        return search_each_to_points(
            self.arcs,
            *self._seeds_by_site(sites),
            self.horizon_ms,
            _sort_by_owner(exits.node, _point_of_each(exits), exits.ms, self.network.nodes),
            _sort_by_owner(near.site, near.point, near.ms, len(sites.snap_m)),
            count,
            threads=threads,
        )

    def _seeds_by_site(self, sites: TiedPoints) -> tuple[Ints, Longs, Ints]:
        """Give the nodes and times of `seeds`, and where those of each site begin."""
        seeds = doors.list_entries(self.network, self.times, sites, self.walking_speed_ms)
        return seeds.node, seeds.ms.astype(np.int64), seeds.first.astype(np.int32)

    def find_seeds(self, sites: TiedPoints) -> tuple[Ints, Longs, Longs, NDArray[np.intp]]:
        """Nodes from which each site is reached along its own edges.

        Returns
        -------
        tuple of arrays
            Node, time in ms with the site's walking leg, the arc ridden, index of the site.
        """
        seeds = doors.list_entries(self.network, self.times, sites, self.walking_speed_ms)
        return (
            seeds.node,
            seeds.ms.astype(np.int64),
            seeds.arc.astype(np.int64),
            _point_of_each(seeds),
        )


def _point_of_each(found: Doors) -> NDArray[np.intp]:
    """The point of each row."""
    return np.repeat(np.arange(len(found.first) - 1), np.diff(found.first))


@njit(cache=True, nogil=True)
def _label_three_by_doors(
    exits: Doors, node_label: Longs, point: NDArray[np.intp], beside: Longs
) -> Longs:
    """Label points by the best of the nodes that they come to, and of the sites on their edges."""
    first, node, ms, _ = exits
    three = np.full(THREE * (len(first) - 1), UNREACHED, dtype=np.int64)
    for one in range(len(first) - 1):
        for at in range(first[one], first[one + 1]):
            for number in range(THREE):
                there = node_label[node[at], number]
                if there != UNREACHED:
                    put_among(three, THREE * one, there + (np.int64(ms[at]) << RANK_BITS))
    for i in range(len(point)):
        put_among(three, THREE * point[i], beside[i])
    return three


@njit(cache=True, nogil=True)
def _sort_by_owner(
    owner: NDArray[Any], point: NDArray[Any], ms: NDArray[Any], owners: int
) -> Exits:
    """Sort points and times by the node or site that they belong to; of one they keep their order.

    Counted out: numpy's own sort takes four times as long.
    """
    first = np.zeros(owners + 1, dtype=np.int32)
    for one in owner:
        first[one + 1] += 1
    for one in range(owners):
        first[one + 1] += first[one]
    free = first[:-1].copy()
    points, times = np.empty(len(owner), dtype=np.int32), np.empty(len(owner), dtype=np.int64)
    for row in range(len(owner)):
        at = free[owner[row]]
        points[at], times[at] = point[row], ms[row]
        free[owner[row]] += 1
    return first, points, times


def find_three_straight(
    points: tuple[NDArray[np.float64], NDArray[np.float64]],
    sites: tuple[NDArray[np.float64], NDArray[np.float64]],
    rank: NDArray[np.intp],
    *,
    speed_kmh: float,
    detour_factor: float,
    horizon: int,
) -> Longs:
    """Label points with the nearest sites by straight line times a detour factor: a screening.

    Parameters
    ----------
    points, sites
        x and y in metres.
    rank
        Number of each site, rising.
    speed_kmh, detour_factor
        Time is distance x detour factor / speed.
    horizon
        Milliseconds, inclusive.

    Returns
    -------
    int64 array, shape (points, 3)
        As from `Rider.nearest_three`.
    """
    label = label_straight(*points, *sites, straight_ms_per_m(speed_kmh, detour_factor))
    time_ms, site = unpack_labels(label)
    reached = (label != UNREACHED) & (time_ms <= horizon)
    out = np.full(label.shape, UNREACHED, dtype=np.int64)
    out[reached] = pack_labels(time_ms[reached], rank[site[reached]])
    return out


def straight_ms_per_m(speed_kmh: float, detour_factor: float) -> float:
    """Milliseconds for a metre of straight line."""
    return 3600.0 * detour_factor / speed_kmh
