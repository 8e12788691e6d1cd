"""Isochrone polygons: for looking at, never for counting.

An isochrone is the ground within 50 m of a road from which an academy is within reach. It is
drawn from the exact distance of every raster corner to the reached stretches of road, contoured
at 50 m; so holes and islands are kept and polygons follow the roads.
"""

from __future__ import annotations

from concurrent.futures import CancelledError
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from stemgeo.access.contours import fill_between, trace_grounds
from stemgeo.access.doors import along_ms, walk_ms
from stemgeo.access.riding import Riding, list_ids
from stemgeo.access.search import UNREACHED_MS, label_nearest, pack_labels, unpack_labels
from stemgeo.access.travel_time import minutes_to_ms
from stemgeo.arrays import list_ranges
from stemgeo.study import (
    ISOCHRONE_CELL_M,
    ISOCHRONE_MINUTES,
    LIMIT_M,
    WALKING_SPEED_MS,
    WITHIN_M,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from threading import Event

    from numpy.typing import NDArray

    from stemgeo.access.travel_time import Rider
    from stemgeo.network.graph import Network
    from stemgeo.network.snap import TiedPoints

    Floats = NDArray[np.float64]
    Longs = NDArray[np.int64]

NEAREST_OF_ALL = ""


def isochrones(
    network: Network,
    academies: gpd.GeoDataFrame,
    *,
    minutes: Sequence[float] = ISOCHRONE_MINUTES,
    speed_kmh: float,
    cell_m: float = ISOCHRONE_CELL_M,
    snap_within_m: float = WITHIN_M,
    snap_limit_m: float = LIMIT_M,
    walking_speed_ms: float = WALKING_SPEED_MS,
    surface: bool = True,
) -> gpd.GeoDataFrame:
    """Draw from where the nearest academy is reached within so many minutes.

    Parameters
    ----------
    network
        Of `Network.from_osm`, for a bicycle or on foot.
    academies
        Points in any stated CRS.
    minutes
        Bounds of the bands, above 0, in any order; one given twice counts once.
    speed_kmh
        On a good road; on foot the pace, from door to door.
    cell_m
        Raster cell behind the contours, metres.
    snap_within_m, snap_limit_m, walking_speed_ms
        As in `access`.
    surface
        Whether poor surfaces slow the rider.

    Returns
    -------
    GeoDataFrame
        A row for each band that has ground: `academy_id` (empty: the nearest of all),
        `minutes_from`, `minutes_to`, `area_km2`, geometry (MultiPolygon in the network's CRS).
        Bands do not overlap; together they are the isochrone of the last bound.

    Raises
    ------
    ValueError
        If a bound is not above 0, and as from `access`.
    """
    bounds = _sort_bounds(minutes)
    how = Riding(
        speed_kmh, bounds[-1], snap_within_m, snap_limit_m, walking_speed_ms, surface=surface
    )
    rider, sites = how.ride_over(network), how.tie_points(network, academies, "academies")
    return draw_isochrones(rider, sites, bounds, cell_m)


def draw_isochrones(
    rider: Rider,
    sites: TiedPoints,
    minutes: Sequence[float],
    cell_m: float,
    *,
    stopped: Event | None = None,
) -> gpd.GeoDataFrame:
    """Draw the isochrones of the nearest of the sites; see `isochrones`.

    Parameters
    ----------
    rider, sites
        Who rides, and the academies on the network.
    minutes, cell_m
        As in `isochrones`, the bounds rising.
    stopped
        Once it is set no other ground is begun.

    Raises
    ------
    CancelledError
        When it was stopped.
    """
    network = rider.network
    seed_node, seed_ms, *_ = rider.find_seeds(sites)
    label = label_nearest(
        rider.arcs,
        seed_node,
        pack_labels(seed_ms, np.zeros_like(seed_ms)),
        rider.horizon_ms,
    )
    every = np.arange(len(network.length_mm))
    rides = _list_rides(rider, sites, unpack_labels(label)[0], every)
    rows = _outline_bands(NEAREST_OF_ALL, rider, rides, minutes, cell_m, stopped)
    return _build_frame(rows, network.crs)


def catchments(
    network: Network,
    academies: gpd.GeoDataFrame,
    *,
    minutes: Sequence[float] = ISOCHRONE_MINUTES,
    speed_kmh: float,
    cell_m: float = ISOCHRONE_CELL_M,
    snap_within_m: float = WITHIN_M,
    snap_limit_m: float = LIMIT_M,
    walking_speed_ms: float = WALKING_SPEED_MS,
    surface: bool = True,
) -> gpd.GeoDataFrame:
    """Draw from where each academy by itself is reached within so many minutes.

    Parameters
    ----------
    network, academies, minutes, speed_kmh, cell_m
        As in `isochrones`; academies are known as in `access`.
    snap_within_m, snap_limit_m, walking_speed_ms, surface
        As in `access`.

    Returns
    -------
    GeoDataFrame
        As from `isochrones`, with the academy's own id: its catchment in bands.

    Raises
    ------
    ValueError
        As from `isochrones`, or if academy ids are not unique.
    """
    bounds, ids = _sort_bounds(minutes), list_ids(academies).to_numpy(dtype=object)
    how = Riding(
        speed_kmh, bounds[-1], snap_within_m, snap_limit_m, walking_speed_ms, surface=surface
    )
    rider, sites = how.ride_over(network), how.tie_points(network, academies, "academies")
    return draw_catchments(rider, sites, ids, bounds, cell_m)


def draw_catchments(
    rider: Rider,
    sites: TiedPoints,
    ids: NDArray[np.object_],
    minutes: Sequence[float],
    cell_m: float,
    *,
    threads: int = 2,
    stopped: Event | None = None,
) -> gpd.GeoDataFrame:
    """Draw the isochrones of each site by itself; see `catchments`.

    Parameters
    ----------
    rider, sites, minutes, cell_m
        As for `draw_isochrones`.
    ids
        Of the sites, shape (sites,).
    threads
        Searches that run side by side; the result is the same.
    stopped
        As for `draw_isochrones`.
    """
    network = rider.network
    offsets, nodes, times = rider.search_each_site(sites, threads=threads)
    times_ms = np.full(network.nodes, UNREACHED_MS, dtype=np.int64)
    rows = []
    for site, academy_id in enumerate(ids):
        if not sites.found[site]:
            continue
        reached = slice(offsets[site], offsets[site + 1])
        times_ms[nodes[reached]] = times[reached]
        segments = _segments_at(network, nodes[reached])
        rides = _list_rides(rider, sites.take_points(np.array([site])), times_ms, segments)
        rows += _outline_bands(str(academy_id), rider, rides, minutes, cell_m, stopped)
        times_ms[nodes[reached]] = UNREACHED_MS
    return _build_frame(rows, network.crs)


def _sort_bounds(minutes: Sequence[float]) -> list[float]:
    """Sort the bounds of bands."""
    bounds = sorted({float(bound) for bound in minutes})
    if not bounds or not 0 < bounds[0] <= bounds[-1] < np.inf:
        raise ValueError(f"minutes must be numbers above 0, not {list(minutes)}")
    return bounds


def _segments_at(network: Network, nodes: NDArray[np.int32]) -> NDArray[np.intp]:
    """List the segments of all edges on which one can arrive at the nodes."""
    first, _, arc = network.arcs
    _, at = list_ranges(first[nodes], first[nodes + 1])
    edge = np.unique(arc[at] >> 1)
    return list_ranges(network.first_segment[edge], network.first_segment[edge + 1])[1]


def _outline_bands(
    academy_id: str,
    rider: Rider,
    rides: list[_Rides],
    minutes: Sequence[float],
    cell_m: float,
    stopped: Event | None,
) -> list[tuple[str, float, float, float, shapely.MultiPolygon]]:
    """Outline each band: what lies between its contour and that of the band before."""
    if stopped is not None and stopped.is_set():
        raise CancelledError
    cutoffs = [minutes_to_ms(bound) for bound in minutes]
    grown = [
        np.concatenate([ride.cut_within(rider, cutoff, before) for ride in rides])
        for before, cutoff in pairwise([-1, *cutoffs])
    ]
    contours = trace_grounds(grown, cell_m, stopped=stopped)
    rows, inner = [], trace_grounds([np.empty((0, 4))], cell_m)[0]
    for start, stop, whole in zip((0.0, *minutes), minutes, contours, strict=False):
        band = fill_between(whole, inner)
        inner = whole
        if not band.is_empty:
            rows.append((academy_id, start, stop, band.area / 1e6, band))
    return rows


def _build_frame(
    rows: list[tuple[str, float, float, float, shapely.MultiPolygon]], crs: str
) -> gpd.GeoDataFrame:
    kinds = {"academy_id": str, "minutes_from": float, "minutes_to": float, "area_km2": float}
    # Without a row nothing else says what a column holds, and a file would hold texts.
    table = gpd.GeoDataFrame(rows, columns=[*kinds, "geometry"], geometry="geometry", crs=crs)
    return table if rows else table.astype(kinds)


def reached_stretches(rider: Rider, sites: TiedPoints, times_ms: Longs, cutoff_ms: int) -> Floats:
    """List the stretches of road from which a site is within reach.

    Parameters
    ----------
    rider
        Network and times.
    sites
        The academies on the network.
    times_ms
        Time from each node, shape (nodes,); anything large where unreached.
    cutoff_ms
        Inclusive.

    Returns
    -------
    float array, shape (stretches, 4)
        x and y of both ends of each straight stretch, metres.
    """
    every = np.arange(len(rider.network.length_mm))
    rides = _list_rides(rider, sites, times_ms, every)
    return np.concatenate([ride.cut_within(rider, cutoff_ms) for ride in rides])


def _list_rides(
    rider: Rider, sites: TiedPoints, times_ms: Longs, segments: NDArray[np.intp]
) -> list[_Rides]:
    """Every way to ride the segments towards a site: by the ends of edges, or straight to it."""
    straight = [_segments_before_sites(rider, sites), _segments_after_sites(rider, sites)]
    return [*_ride_through_ends(rider, times_ms, segments), *straight]


@dataclass(frozen=True)
class _Rides:
    """Segments ridden towards a point on them from which the time to a site is known.

    Attributes
    ----------
    segment
        Which segments, shape (rides,).
    near
        Where on each segment the known point is, 0 at its start, 1 at its end.
    near_ms
        The time from there.
    against
        Whether the segments are ridden against their direction.
    """

    segment: NDArray[np.intp]
    near: Floats
    near_ms: Longs
    against: bool

    def cut_within(self, rider: Rider, cutoff_ms: int, before_ms: int = -1) -> Floats:
        """Cut from each segment the stretch within reach, but for those whole before it."""
        rides = rider.network.backward if self.against else rider.network.forward
        pace = rider.times.pace[rides[self.segment]]
        whole_ms = np.maximum(rider.network.length_mm[self.segment] * pace, 1e-9)
        left = 1 - self.near if self.against else self.near
        kept = (self.near_ms <= cutoff_ms) & (pace > 0)
        kept &= before_ms - self.near_ms < left * whole_ms
        segment, near, whole_ms = self.segment[kept], self.near[kept], whole_ms[kept]
        share = (cutoff_ms - self.near_ms[kept]) / whole_ms
        far = np.minimum(near + share, 1) if self.against else np.maximum(near - share, 0)
        vertex = segment + rider.network.segment_edge[segment]
        x, y = rider.network.vertex_x, rider.network.vertex_y
        dx, dy = x[vertex + 1] - x[vertex], y[vertex + 1] - y[vertex]
        ends = [x[vertex] + near * dx, y[vertex] + near * dy]
        ends += [x[vertex] + far * dx, y[vertex] + far * dy]
        return np.stack(ends, axis=1)


def _ride_through_ends(rider: Rider, times_ms: Longs, segment: NDArray[np.intp]) -> list[_Rides]:
    """Leave the segments by the end node of their edge, and by the start node."""
    network, times = rider.network, rider.times
    edge = network.segment_edge[segment]
    first, last = network.first_segment[edge], network.first_segment[edge + 1]
    ahead = times.before_ms[0][last] - times.before_ms[0][segment + 1]
    back = times.before_ms[1][segment] - times.before_ms[1][first]
    # A segment's own wait is at its end: riding on, it is still to come.
    by_end = times_ms[network.edge_end[edge]] + ahead + times.wait_ms[network.wait[segment]]
    by_start = times_ms[network.edge_start[edge]] + back + times.end_ms[edge, 0]
    by_end += times.end_ms[edge, 1]
    one, zero = np.ones(len(segment)), np.zeros(len(segment))
    return [
        _Rides(segment, one, by_end, against=False),
        _Rides(segment, zero, by_start, against=True),
    ]


def _segments_before_sites(rider: Rider, sites: TiedPoints) -> _Rides:
    """Ride along the edge of each tie of a site, from its start up to the tie."""
    network, times = rider.network, rider.times
    first = network.first_segment[network.segment_edge[sites.segment]]
    tie, segment = list_ranges(first, sites.segment + 1)
    own = segment == sites.segment[tie]
    along, _ = along_ms(network, times, sites.segment, sites.offset_mm)
    to_vertex = times.before_ms[0][segment + 1] - times.before_ms[0][first[tie]]
    ms = np.where(own, 0, along[tie] - to_vertex) + _walk_ms(rider, sites)[tie]
    return _Rides(segment, np.where(own, _share_along(network, sites)[tie], 1.0), ms, against=False)


def _segments_after_sites(rider: Rider, sites: TiedPoints) -> _Rides:
    """Ride against the edge of each tie of a site, from its end back to the tie."""
    network, times = rider.network, rider.times
    edge = network.segment_edge[sites.segment]
    tie, segment = list_ranges(sites.segment, network.first_segment[edge + 1])
    own = segment == sites.segment[tie]
    _, against = along_ms(network, times, sites.segment, sites.offset_mm)
    from_vertex = (
        times.before_ms[1][network.first_segment[edge + 1]][tie] - times.before_ms[1][segment]
    )
    ms = np.where(own, 0, against[tie] - from_vertex) + _walk_ms(rider, sites)[tie]
    return _Rides(segment, np.where(own, _share_along(network, sites)[tie], 0.0), ms, against=True)


def _walk_ms(rider: Rider, sites: TiedPoints) -> Longs:
    return walk_ms(sites.walk_mm, rider.walking_speed_ms)


def _share_along(network: Network, sites: TiedPoints) -> Floats:
    """How far along its segment each tie lies, 0 to 1."""
    return np.asarray(sites.offset_mm / np.maximum(network.length_mm[sites.segment], 1))
