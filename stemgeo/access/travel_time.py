"""The access table: for every demand point the nearest academy and the time to it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from stemgeo.access.search import (
    UNREACHED,
    labels,
    nearest,
    nearest_straight,
    pack,
    reach,
    served,
    unpack,
)
from stemgeo.network.graph import CLOSED_MS
from stemgeo.network.snap import Places, snap

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from stemgeo.access.search import Arcs, Exits
    from stemgeo.network.graph import EdgeTimes, Network

    Ints = NDArray[np.int32]
    Longs = NDArray[np.int64]

REACHED, BEYOND, UNMEASURED = "reached", "beyond_horizon", "unmeasured"


def access(
    network: Network,
    academies: gpd.GeoDataFrame,
    demand: gpd.GeoDataFrame,
    *,
    speed_kmh: float,
    cutoff_min: float = 15.0,
    snap_limit_m: float = 500.0,
    walking_speed_ms: float = 1.3,
    surface: bool = True,
) -> pd.DataFrame:
    """Find the nearest academy of every demand point.

    Parameters
    ----------
    network
        The bicycle network.
    academies, demand
        Points in any stated CRS. Academies are known by the column `academy_id`, or by their
        index.
    speed_kmh
        Riding speed on a good road.
    cutoff_min
        How far is looked, in minutes, inclusive.
    snap_limit_m
        A point farther than this from any road is unmeasured.
    walking_speed_ms
        On the leg between a door and the road, metres per second.
    surface
        Whether poor surfaces slow the rider.

    Returns
    -------
    DataFrame
        A row for each demand point, index and order kept: `academy_id` (empty if none),
        `travel_time_s` (inf if none), `snap_m` (NaN if unmeasured), `status` ("reached",
        "beyond_horizon" or "unmeasured").

    Raises
    ------
    ValueError
        If a table has no CRS, or academy ids are not unique.
    """
    ids = ids_of(academies)
    order = np.argsort(ids.to_numpy(), kind="stable")
    times = network.times(speed_kmh, surface=surface)
    rider = Rider(network, times, horizon_ms(cutoff_min), walking_speed_ms=walking_speed_ms)
    sites = snap(network, *coordinates(academies.iloc[order], network.crs), limit_m=snap_limit_m)
    points = snap(network, *coordinates(demand, network.crs), limit_m=snap_limit_m)
    label = rider.nearest(sites, points, np.arange(len(order)))
    return access_table(label, points.snap_m, ids.to_numpy()[order], demand.index)


def ids_of(academies: gpd.GeoDataFrame) -> pd.Series:
    """Give the ids of academies as text: their `academy_id`, or their index."""
    has_id = "academy_id" in academies.columns
    own = academies["academy_id"] if has_id else academies.index.to_series()
    ids: pd.Series = own.astype(str)
    if ids.duplicated().any():
        raise ValueError(f"academy_id {ids[ids.duplicated()].iloc[0]!r} is there twice")
    return ids


def horizon_ms(minutes: float) -> int:
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

    `snap_m` is NaN where a point is not tied; such a point is unmeasured, unless `measured`
    says otherwise.
    """
    measured = ~np.isnan(snap_m) if measured is None else measured
    time_ms, rank = unpack(label)
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


def coordinates(
    points: gpd.GeoDataFrame, crs: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the x and y of points in another reference system."""
    if points.crs is None:
        raise ValueError("the points have no CRS; say which with .set_crs(...)")
    geometry = points.geometry.to_crs(crs)
    return geometry.x.to_numpy(), geometry.y.to_numpy()


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
    walking_speed_ms: float = 1.3

    @property
    def arc_ms(self) -> NDArray[np.int32]:
        """Time of each arc of `network.arcs`, shape (arcs,)."""
        both = np.stack([self.times.forward_ms, self.times.backward_ms], axis=1).ravel()
        _, tail, arc = self.network.arcs
        # One waits at a node before going on: the wait belongs to the arc that leaves it.
        return np.asarray(both[arc] + self.times.node_ms[tail])

    @cached_property
    def arcs(self) -> Arcs:
        """The arcs as a search wants them, with the rider's times."""
        first, tail, _ = self.network.arcs
        return first, pack(tail, self.arc_ms)

    def nearest(self, sites: Places, points: Places, rank: NDArray[np.intp]) -> Longs:
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
            Packed (time, rank), see `search.unpack`; UNREACHED beyond the horizon or when the
            point is not tied to the network.
        """
        seed_node, seed_ms, owner = self.seeds(sites)
        node_label = nearest(
            self.arcs,
            seed_node,
            labels(seed_ms, rank[owner]),
            self.horizon_ms,
        )
        label = np.full(len(points.edge), UNREACHED, dtype=np.int64)
        tied = points.found
        label[tied] = np.minimum(
            self._through_ends(points.take(tied), node_label),
            self._along_edge(points.take(tied), sites, rank),
        )
        return self._with_walk(label, points)

    def reach(self, sites: Places, *, threads: int = 2) -> tuple[Longs, Ints, Ints]:
        """Search from each site by itself: offsets, nodes, times in ms; see `search.reach`."""
        return reach(self.arcs, *self._seeds_by_site(sites), self.horizon_ms, threads=threads)

    def served(
        self, sites: Places, points: Places, *, threads: int = 2
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
        tied = np.flatnonzero(points.found)
        mine = points.take(tied)
        walk = self.walk_ms(mine)
        exits = zip(*self.exits(mine), strict=True)
        node, ms, point = (np.concatenate(both) for both in exits)
        site, near, near_ms = self.pairs_on_edge(mine, sites)
        offsets, found, times = served(
            self.arcs,
            *self._seeds_by_site(sites),
            self.horizon_ms,
            _by(node, point, ms + walk[point], self.network.nodes),
            _by(site, near, near_ms + walk[near], len(sites.edge)),
            len(tied),
            threads=threads,
        )
        return offsets, tied.astype(np.int32)[found], times

    def _seeds_by_site(self, sites: Places) -> tuple[Ints, Longs, Ints]:
        """Give the nodes and times of `seeds`, and where those of each site begin."""
        node, ms, owner = self.seeds(sites)
        order = np.argsort(owner, kind="stable")
        first = np.searchsorted(owner[order], np.arange(len(sites.edge) + 1)).astype(np.int32)
        return node[order], ms[order], first

    def seeds(self, sites: Places) -> tuple[NDArray[np.int32], Longs, NDArray[np.intp]]:
        """Nodes from which each site is reached along its own edge.

        Returns
        -------
        tuple of arrays
            Node, time in ms with the site's walking leg, index of the site.
        """
        owner = np.flatnonzero(sites.found)
        tied = sites.take(owner)
        edge, walk = tied.edge, self.walk_ms(tied)
        along, against = tied.along_ms(self.network, self.times)
        start, end = self._at_ends(tied)
        from_start = self.network.open_forward[edge] | start
        from_end = self.network.open_backward[edge] | end
        back = np.where(end, 0, self.times.backward_ms[edge].astype(np.int64) - against)
        node = np.concatenate(
            [self.network.edge_start[edge[from_start]], self.network.edge_end[edge[from_end]]]
        )
        ms = np.concatenate([(along + walk)[from_start], (back + walk)[from_end]])
        # One waits at a node to go on beyond it; a site on the node itself is reached before.
        beyond = ~np.concatenate([start[from_start], end[from_end]])
        ms = ms + self.times.node_ms[node] * beyond
        return node, ms, np.concatenate([owner[from_start], owner[from_end]])

    def _through_ends(self, points: Places, node_label: Longs) -> Longs:
        """Leave the edge of each point by either end, as its direction allows."""
        label = np.full(len(points.edge), UNREACHED, dtype=np.int64)
        for node, ms, point in self.exits(points):
            label[point] = np.minimum(label[point], later(node_label[node], ms))
        return label

    def _along_edge(self, points: Places, sites: Places, rank: NDArray[np.intp]) -> Longs:
        """Go straight to a site on the same edge, in the directions that are open."""
        label = np.full(len(points.edge), UNREACHED, dtype=np.int64)
        site, point, ms = self.pairs_on_edge(points, sites)
        np.minimum.at(label, point, labels(ms, rank[site]))
        return label

    def exits(self, points: Places) -> list[tuple[NDArray[np.int32], Longs, NDArray[np.intp]]]:
        """List the points that can leave their edge by its end, and those by its start.

        Returns
        -------
        list of two tuples of arrays
            Node, time in ms without the walk, index of the point; all points are tied.
        """
        edge = points.edge
        along, against = points.along_ms(self.network, self.times)
        start, end = self._at_ends(points)
        ahead = np.where(end, 0, self.times.forward_ms[edge].astype(np.int64) - along)
        by_end = np.flatnonzero(self.network.open_forward[edge] | end)
        by_start = np.flatnonzero(self.network.open_backward[edge] | start)
        return [
            (self.network.edge_end[edge[by_end]], ahead[by_end], by_end),
            (self.network.edge_start[edge[by_start]], against[by_start], by_start),
        ]

    def pairs_on_edge(
        self, points: Places, sites: Places
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], Longs]:
        """List sites and points on the same edge with an open way between them, and its time.

        Returns
        -------
        tuple of arrays
            Index of the site, index of the point, time in ms with the site's walk.
        """
        owner = np.flatnonzero(sites.found)
        has_site = np.zeros(self.network.edges, dtype=np.bool_)
        has_site[sites.edge[owner]] = True
        beside = np.flatnonzero(has_site[points.edge])
        both = pd.DataFrame({"edge": sites.edge[owner], "site": owner}).merge(
            pd.DataFrame({"edge": points.edge[beside], "point": beside}), on="edge"
        )
        site, point = both["site"].to_numpy(np.intp), both["point"].to_numpy(np.intp)
        edge = sites.edge[site]
        to, to_back = sites.take(site).along_ms(self.network, self.times)
        at, at_back = points.take(point).along_ms(self.network, self.times)
        position = self.position_mm(points)[point] - self.position_mm(sites)[site]
        walk = self.walk_ms(sites)[site]
        # Within half a millimetre it is the same place, and no direction binds.
        here = np.abs(position) < 0.5
        ahead = (self.network.open_forward[edge] & (position <= 0)) | here
        back = (self.network.open_backward[edge] & (position >= 0)) | here
        ms = np.concatenate([(to - at)[ahead], (at_back - to_back)[back]])
        walk = np.concatenate([walk[ahead], walk[back]])
        return (
            np.concatenate([site[ahead], site[back]]),
            np.concatenate([point[ahead], point[back]]),
            np.maximum(ms, 0) + walk,
        )

    def position_mm(self, places: Places) -> NDArray[np.float64]:
        """Distance of each place from the start of its edge, in millimetres."""
        before, first = self.network.before_mm, self.network.first_segment[places.edge]
        return np.asarray(before[places.segment] - before[first] + places.offset_mm)

    def _at_ends(self, places: Places) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Whether a place lies on the start or the end node of its edge, to the millimetre.

        Such a place is at the node itself, so the direction of the edge does not bind it.
        """
        last = self.network.first_segment[places.edge + 1] - 1
        end_mm = self.network.length_mm[last] - 0.5
        start = (places.segment == self.network.first_segment[places.edge]) & (
            places.offset_mm < 0.5
        )
        return start, (places.segment == last) & (places.offset_mm > end_mm)

    def walk_ms(self, places: Places) -> Longs:
        """Time of the leg between each place and its point, milliseconds, shape (points,)."""
        return np.rint(np.nan_to_num(places.snap_m) / self.walking_speed_ms * 1000).astype(np.int64)

    def _with_walk(self, label: Longs, points: Places) -> Longs:
        """Add each point's own walking leg and drop what then lies beyond the horizon."""
        walked = later(label, self.walk_ms(points))
        return np.where(unpack(walked)[0] > self.horizon_ms, UNREACHED, walked)


def _by(owner: NDArray[Any], point: NDArray[np.intp], ms: Longs, owners: int) -> Exits:
    """Sort points and times by the node or site that they belong to."""
    order = np.argsort(owner, kind="stable")
    first = np.zeros(owners + 1, dtype=np.int32)
    np.cumsum(np.bincount(owner, minlength=owners), out=first[1:])
    return first, point[order].astype(np.int32), ms[order]


def later(label: Longs, ms: Longs) -> Longs:
    """Add time to labels; what is unreached stays so."""
    return np.where(
        (label == UNREACHED) | (ms >= CLOSED_MS), UNREACHED, label + labels(ms, np.zeros_like(ms))
    )


def straight_line(
    points: tuple[NDArray[np.float64], NDArray[np.float64]],
    sites: tuple[NDArray[np.float64], NDArray[np.float64]],
    rank: NDArray[np.intp],
    *,
    speed_kmh: float,
    detour_factor: float,
    horizon: int,
) -> Longs:
    """Label points with the nearest site by straight line times a detour factor: a screening.

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
    """
    label = nearest_straight(*points, *sites, straight_ms_per_m(speed_kmh, detour_factor))
    time_ms, site = unpack(label)
    reached = (label != UNREACHED) & (time_ms <= horizon)
    out = np.full(len(label), UNREACHED, dtype=np.int64)
    out[reached] = labels(time_ms[reached], rank[site[reached]])
    return out


def straight_ms_per_m(speed_kmh: float, detour_factor: float) -> float:
    """Milliseconds for a metre of straight line."""
    return 3600.0 * detour_factor / speed_kmh
