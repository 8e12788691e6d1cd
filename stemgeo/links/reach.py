"""How long one rides from each node to an academy, and to each node from children out of reach.

A change of roads brings a child within reach if and only if the ride to it, over it and from there
to an academy takes no longer than the cutoff. So two searches, one from the academies and one from
the children who are not within reach, tell of any change whether it brings anyone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from stemgeo.access.search import (
    TAIL_BITS,
    TAIL_MASK,
    UNREACHED,
    UNREACHED_MS,
    label_nearest,
    pack_labels,
    unpack_labels,
)
from stemgeo.access.travel_time import minutes_to_ms
from stemgeo.access.travellers import find_pace, search_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from stemgeo.access.search import Arcs
    from stemgeo.access.travel_time import Rider
    from stemgeo.access.travellers import OverNetwork, Pace
    from stemgeo.measure import Prepared
    from stemgeo.network.snap import TiedPoints

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int32]
    Longs = NDArray[np.int64]
    Positions = NDArray[np.intp]

FAR_MS = np.int64(UNREACHED_MS)
"""In the place of a time: nobody comes so far."""


class Sides(NamedTuple):
    """Times at each node of those who ride alike to the same academies; all of shape (nodes,).

    Attributes
    ----------
    to_ms
        From the node to the nearest academy; FAR_MS beyond the cutoff.
    from_ms
        To the node from the nearest child who is not within reach; FAR_MS beyond the cutoff.
    """

    to_ms: Longs
    from_ms: Longs


@dataclass(frozen=True)
class Reach:
    """Those who ride alike to the same academies, over the roads of a profile and over all.

    Attributes
    ----------
    calm, open_
        How they ride over the roads of the profile, and over all.
    sites
        The academies that serve them, on the roads.
    late
        The places of the children who are not within reach over the roads of the profile.
    children
        How many would be, at each of those places.
    would
        The places of those who would be within reach over all roads.
    ms_per_m
        How long a metre of good road takes.
    new, changed, every
        Times over the roads of the profile, from all those children (to whom a new road may be of
        use) and from those who would be within reach over all roads (to others no change of a road
        is); and from these last over all roads.
    """

    calm: Rider
    open_: Rider
    sites: TiedPoints
    late: TiedPoints
    would: TiedPoints
    children: Longs
    ms_per_m: float
    new: Sides
    changed: Sides
    every: Sides

    @classmethod
    def from_riders(
        cls,
        calm: Rider,
        open_: Rider,
        sites: TiedPoints,
        points: TiedPoints,
        children: Longs,
        speed_kmh: float,
    ) -> Reach | None:
        """Search from the academies and from the children; None where no child is left to gain.

        Parameters
        ----------
        calm, open_
            See above; their horizon is the cutoff.
        sites, points
            The academies that serve these children, and where the children live.
        children
            At each point, shape (points,).
        speed_kmh
            On a good road.
        """
        rank = np.zeros(len(sites.snap_m), dtype=np.intp)
        out = (calm.find_nearest(sites, points, rank) == UNREACHED) & points.found & (children > 0)
        late = points.take_points(out)
        if not out.any() or not sites.found.any():
            return None
        quiet = open_.find_nearest(sites, late, rank) != UNREACHED
        would = late.take_points(quiet)
        to_calm, to_open = (_search_sites(rider, sites) for rider in (calm, open_))
        backwards = turn_arcs(*calm.arcs)
        from_late, from_would = (_search_children(calm, backwards, one) for one in (late, would))
        backwards = turn_arcs(*open_.arcs)
        return cls(
            *(calm, open_, sites, late, would, children[out][quiet], 3600 / speed_kmh),
            new=Sides(to_calm, from_late),
            changed=Sides(to_calm, from_would),
            every=Sides(to_open, _search_children(open_, backwards, would)),
        )

    @property
    def cutoff_ms(self) -> int:
        """How long a ride may take."""
        return self.calm.horizon_ms

    def open_crossings(self, node: Positions) -> Sides:
        """Give the times at some nodes where crossing the busy road there costs nothing.

        Parameters
        ----------
        node
            Which nodes, each once.
        """
        rider, known = self.calm, self.changed
        exits = rider.list_exits(self.would)
        seeds = rider.find_seeds(self.sites)
        free = [known.to_ms.copy(), known.from_ms.copy()]
        for at, ms, arc, come in (
            (seeds[0], seeds[1], seeds[2], 0),
            (exits.node, exits.ms, exits.arc, 1),
        ):
            on_road = arc >= 0
            edge, against = arc[on_road] >> 1, arc[on_road] & 1
            # Who rides along an edge leaves its start, end 0, and comes to its end, end 1.
            less = rider.times.end_ms[edge, against ^ come]
            np.minimum.at(free[come], at[on_road], ms[on_road].astype(np.int64) - less)
        first, tail, arc = rider.network.arcs
        head = np.repeat(np.arange(len(first) - 1, dtype=np.int32), np.diff(first))
        here = np.zeros(len(first) - 1, dtype=np.bool_)
        here[node] = True
        arc_ms = rider.arc_ms
        for at, other, come, known_ms in (
            (tail, head, 0, known.to_ms),
            (head, tail, 1, known.from_ms),
        ):
            chosen = np.flatnonzero(here[at])
            end = (arc[chosen] & 1) ^ come
            ms = arc_ms[chosen].astype(np.int64) - rider.times.end_ms[arc[chosen] >> 1, end]
            np.minimum.at(free[come], at[chosen], known_ms[other[chosen]] + ms)
        return Sides(*(np.minimum(one, FAR_MS) for one in free))

    def list_beside(self, edges: Bools) -> tuple[Sides, Positions]:
        """Give the times at nodes from and to doors on some edges, ridden as over all roads.

        Parameters
        ----------
        edges
            Which edges, shape (edges,).

        Returns
        -------
        tuple
            The times, FAR_MS where there is no door beside; and the edges along which a child
            comes to an academy on the same edge.
        """
        rider, sites = self.open_, self.sites
        exits, seeds = rider.list_exits(self.would), rider.find_seeds(sites)
        beside = Sides(*(np.full(rider.network.nodes, FAR_MS) for _ in range(2)))
        for known, at, ms, arc in (
            (beside.to_ms, *seeds[:3]),
            (beside.from_ms, exits.node, exits.ms, exits.arc),
        ):
            mine = (arc >= 0) & edges[arc >> 1]
            np.minimum.at(known, at[mine], ms[mine].astype(np.int64))
        near = rider.list_pairs(self.would, sites)
        met = near.arc[(near.ms <= self.cutoff_ms) & (near.arc >= 0)] >> 1
        return beside, np.unique(met[edges[met]]).astype(np.intp)


def list_reaches(
    prepared: Prepared, calm: OverNetwork, every: OverNetwork
) -> Iterator[Callable[[], Reach | None]]:
    """Yield who searches for those who ride alike to the same academies, at the central speeds.

    One at a time: at the size of Flanders what one finds takes half a gigabyte.

    Parameters
    ----------
    prepared
        Of the study.
    calm, every
        Who travels over the roads of the profile, and over all.
    """
    travel = prepared.study.travel
    calm, every = (replace(one, paces_kept=1, _riders={}) for one in (calm, every))
    alike: dict[tuple[Pace, bytes], list[str]] = {}
    for cell in prepared.cells:
        key = search_key(calm, cell, find_pace(travel, cell))
        alike.setdefault(key, []).append(cell.column)
    for (pace, served), columns in alike.items():
        yield partial(_reach_at, prepared, (calm, every), pace, served, columns)


def _reach_at(
    prepared: Prepared,
    pair: tuple[OverNetwork, OverNetwork],
    pace: Pace,
    served: bytes,
    columns: list[str],
) -> Reach | None:
    calm, travel = pair[0], prepared.study.travel
    children = prepared.points[columns].to_numpy().sum(axis=1, dtype=np.int64)
    horizon_ms = minutes_to_ms(travel.cutoff_min)
    riders = (one.find_rider(pace, travel.horizon_min) for one in pair)
    ride, ride_all = (replace(one, horizon_ms=horizon_ms) for one in riders)
    sites = calm.sites.untie_points(~np.frombuffer(served, dtype=np.bool_))
    return Reach.from_riders(ride, ride_all, sites, calm.places, children, pace.speed_kmh)


@njit(cache=True, nogil=True)
def turn_arcs(first: Ints, arcs: Longs) -> Arcs:
    """Give the arcs that leave each node, as a search forwards wants them.

    Parameters
    ----------
    first, arcs
        Those that arrive, as from `Rider.arcs`.
    """
    nodes = len(first) - 1
    out_first = np.zeros(nodes + 1, dtype=np.int32)
    for arc in range(len(arcs)):
        out_first[(arcs[arc] & TAIL_MASK) + 1] += 1
    for node in range(nodes):
        out_first[node + 1] += out_first[node]
    at = out_first[:-1].copy()
    out = np.empty(len(arcs), dtype=np.int64)
    for head in range(nodes):
        for arc in range(first[head], first[head + 1]):
            tail = arcs[arc] & TAIL_MASK
            out[at[tail]] = (arcs[arc] >> TAIL_BITS << TAIL_BITS) | head
            at[tail] += 1
    return out_first, out


def _search_sites(rider: Rider, sites: TiedPoints) -> Longs:
    node, ms, _, _ = rider.find_seeds(sites)
    return _search(rider.arcs, node, ms, rider.horizon_ms)


def _search_children(rider: Rider, leaving: Arcs, points: TiedPoints) -> Longs:
    exits = rider.list_exits(points)
    return _search(leaving, exits.node, exits.ms.astype(np.int64), rider.horizon_ms)


def _search(arcs: Arcs, node: Ints, ms: Longs, horizon_ms: int) -> Longs:
    label = label_nearest(arcs, node, pack_labels(ms, np.zeros_like(ms)), horizon_ms)
    return np.asarray(unpack_labels(label)[0])
