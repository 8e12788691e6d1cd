"""Tying points to the network: the nearest place on an edge, not the nearest node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stemgeo.network.graph import EdgeTimes, Network


@dataclass(frozen=True)
class Places:
    """Points tied to a network, in the order of the points.

    Attributes
    ----------
    edge, segment
        Where each point is tied, shape (points,); -1 when no road is within the limit.
    offset_mm
        From the start of the segment.
    snap_m
        Length of the leg between point and road, metres; NaN when there is none.
    """

    edge: NDArray[np.int32]
    segment: NDArray[np.int32]
    offset_mm: NDArray[np.float64]
    snap_m: NDArray[np.float64]

    @property
    def found(self) -> NDArray[np.bool_]:
        """Whether each point has a road within the limit."""
        return self.edge >= 0

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> Places:
        """Give the chosen points only."""
        return Places(
            self.edge[which], self.segment[which], self.offset_mm[which], self.snap_m[which]
        )

    def without(self, which: NDArray[np.bool_]) -> Places:
        """Untie the chosen points; the others stay as they are."""
        return Places(
            np.where(which, np.int32(-1), self.edge),
            np.where(which, np.int32(-1), self.segment),
            np.where(which, 0.0, self.offset_mm),
            np.where(which, np.nan, self.snap_m),
        )

    def share(self, network: Network) -> NDArray[np.float64]:
        """How far along its segment each place lies, 0 to 1."""
        return np.asarray(self.offset_mm / np.maximum(network.length_mm[self.segment], 1))

    def along_ms(
        self, network: Network, times: EdgeTimes
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Times between each place and the start of its edge.

        Returns
        -------
        tuple of arrays
            From the start to the place riding along the edge, and from the place back to the
            start riding against it; milliseconds, int64, shape (points,).
        """
        first = network.first_segment[self.edge]
        forward = times.before_forward_ms[self.segment] - times.before_forward_ms[first]
        backward = times.before_backward_ms[self.segment] - times.before_backward_ms[first]
        forward += np.rint(self.offset_mm * times.pace_forward[self.segment]).astype(np.int64)
        backward += np.rint(self.offset_mm * times.pace_backward[self.segment]).astype(np.int64)
        return forward, backward


def snap(
    network: Network, x: NDArray[np.float64], y: NDArray[np.float64], *, limit_m: float = 500.0
) -> Places:
    """Tie points to the nearest place on an edge that takes points.

    Parameters
    ----------
    network
        The network.
    x, y
        Coordinates in the network's CRS, metres, shape (points,).
    limit_m
        Points farther from every edge are not tied.

    Returns
    -------
    Places
        One for each point, in their order. Of edges equally near the first in the network's
        order is taken.
    """
    count = len(x)
    edge = np.full(count, -1, dtype=np.int32)
    snap_m = np.full(count, np.nan)
    usable = np.flatnonzero(network.snappable)
    points = np.asarray(shapely.points(x, y))
    points[~np.isfinite(x + y)] = None  # a point without a place is tied to nothing
    tree = shapely.STRtree(network.lines[usable])
    (which, near), distance = tree.query_nearest(
        points, max_distance=limit_m, return_distance=True, all_matches=True
    )
    # Stable order whatever the tree's: last write wins, so the smallest edge comes last.
    order = np.lexsort((-near, which))
    edge[which[order]] = usable[near[order]]
    snap_m[which[order]] = distance[order]
    segment, offset_mm = _along(network, points, edge)
    return Places(edge, segment, offset_mm, snap_m)


def distance_to_islands(
    network: Network, x: NDArray[np.float64], y: NDArray[np.float64], *, limit_m: float = 500.0
) -> NDArray[np.float64]:
    """Measure how far each point lies from the nearest edge of an island, metres.

    Parameters
    ----------
    network, x, y, limit_m
        As in `snap`.

    Returns
    -------
    float array, shape (points,)
        inf beyond the limit.
    """
    distance = np.full(len(x), np.inf)
    tree = shapely.STRtree(network.lines[network.island])
    (which, _), found = tree.query_nearest(
        shapely.points(x, y), max_distance=limit_m, return_distance=True, all_matches=False
    )
    distance[which] = found
    return distance


def _along(
    network: Network, points: NDArray[np.object_], edge: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Find the segment of each place and how far along it the place lies, in geodesic mm."""
    tied = np.flatnonzero(edge >= 0)
    on = edge[tied]
    planar = np.hypot(np.diff(network.vertex_x), np.diff(network.vertex_y))
    # The step from one edge's last vertex to the next one's first is no segment.
    steps = np.delete(planar, network.first_segment[1:-1] + np.arange(network.edges - 1))
    before = np.concatenate([[0.0], np.cumsum(steps)])
    first, last = network.first_segment[on], network.first_segment[on + 1]
    along = shapely.line_locate_point(network.lines[on], points[tied]) + before[first]
    found = np.clip(np.searchsorted(before, along, side="right") - 1, first, last - 1)
    share = np.divide(
        along - before[found], steps[found], out=np.zeros(len(on)), where=steps[found] > 0
    )
    segment = np.full(len(edge), -1, dtype=np.int32)
    offset_mm = np.zeros(len(edge))
    segment[tied] = found
    offset_mm[tied] = np.clip(share, 0, 1) * network.length_mm[found]
    return segment, offset_mm
