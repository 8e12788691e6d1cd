"""Tying points to the network: the nearest place on an edge, not the nearest node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stemgeo.network.graph import EdgeTimes, Network

    Floats = NDArray[np.float64]
    _Segments = tuple[Floats, Floats, Floats, Floats]
    """x and y of the first vertex of each, x and y of the second."""

    _Best = tuple[NDArray[np.int32], Floats, Floats]
    """Of each point the nearest segment (-1: none), how far along it and how far off."""


SQUARE_M = 100.0
"""Side of the squares by which segments are found: a few segments in each where streets are."""

MOST_SQUARES = 2**24
"""So many at most, whatever the ground: a road far off must not fill the memory."""

ROUNDING_M = 1e-6
"""What the place of a point within its square may be off by."""


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
        ahead, back = (times.pace[one[self.segment]] for one in (network.forward, network.backward))
        forward += np.rint(self.offset_mm * ahead).astype(np.int64)
        backward += np.rint(self.offset_mm * back).astype(np.int64)
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
        order is taken; of segments of that edge the first too.
    """
    segment, share, distance = _nearest_segments(network, network.snappable, x, y, limit_m)
    found = segment >= 0
    snap_m = np.where(found, distance, np.nan)
    edge = np.where(found, network.segment_edge[segment], np.int32(-1))
    # The place where two segments of an edge meet is the start of the second: what one waits for
    # there lies behind it.
    inner = found & (share == 1) & (segment + 1 < network.first_segment[edge + 1])
    segment, share = segment + inner.astype(np.int32), np.where(inner, 0.0, share)
    offset_mm = np.where(found, share * network.length_mm[segment], 0.0)
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
    return _nearest_segments(network, network.island, x, y, limit_m)[2]


class _Grid(NamedTuple):
    """Segments by the squares that they may pass, row by row from the south-west corner."""

    x0: float
    y0: float
    square_m: float
    columns: int
    rows: int
    first: NDArray[np.int32]
    segment: NDArray[np.int32]


def _nearest_segments(
    network: Network,
    edges: NDArray[np.bool_],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    limit_m: float,
) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.float64]]:
    """Find the nearest segment of some edges: which (-1: none), how far along it, how far off."""
    best = np.full(len(x), -1, dtype=np.int32), np.zeros(len(x)), np.full(len(x), np.inf)
    usable = np.flatnonzero(edges[network.segment_edge]).astype(np.int32)
    if not len(usable):
        return best
    vertex = usable + network.segment_edge[usable]
    from_x, from_y = network.vertex_x[vertex], network.vertex_y[vertex]
    to_x, to_y = network.vertex_x[vertex + 1], network.vertex_y[vertex + 1]
    segments = (from_x, from_y, to_x, to_y)
    _search(_grid(segments), segments, np.asarray(x), np.asarray(y), limit_m, best)
    segment, share, distance = best
    return np.where(segment >= 0, usable[segment], np.int32(-1)), share, distance


def _grid(segments: _Segments) -> _Grid:
    """Sort segments into squares; of a larger land the squares are larger."""
    from_x, from_y, to_x, to_y = segments
    x0, y0 = min(from_x.min(), to_x.min()), min(from_y.min(), to_y.min())
    width, height = max(from_x.max(), to_x.max()) - x0, max(from_y.max(), to_y.max()) - y0
    square_m = max(SQUARE_M, float(np.sqrt(width * height / MOST_SQUARES)))
    square_m = max(square_m, width / MOST_SQUARES, height / MOST_SQUARES)
    columns, rows = int(width / square_m) + 1, int(height / square_m) + 1
    first, segment = _sorted_in(segments, x0, y0, square_m, columns, rows)
    return _Grid(x0, y0, square_m, columns, rows, first, segment)


@njit(cache=True, nogil=True)
def _sorted_in(
    segments: _Segments, x0: float, y0: float, square_m: float, columns: int, rows: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """List the segments of each square: those whose bounding box meets it."""
    from_x, from_y, to_x, to_y = segments
    first = np.zeros(columns * rows + 1, dtype=np.int32)
    filled = np.empty(0, dtype=np.int32)
    for filling in range(2):
        if filling:
            first[1:] = np.cumsum(first[1:])
            filled = np.empty(first[-1], dtype=np.int32)
        # From the back: filling moves each square's end down to its start.
        for i in range(len(from_x) - 1, -1, -1):
            left = int((min(from_x[i], to_x[i]) - x0) / square_m)
            right = int((max(from_x[i], to_x[i]) - x0) / square_m)
            low = int((min(from_y[i], to_y[i]) - y0) / square_m)
            high = int((max(from_y[i], to_y[i]) - y0) / square_m)
            for row in range(low, high + 1):
                for column in range(left, right + 1):
                    square = row * columns + column
                    if filling:
                        first[square + 1] -= 1
                        filled[first[square + 1]] = i
                    else:
                        first[square + 1] += 1
    return np.append(first[1:], np.int32(len(filled))), filled


@njit(cache=True, nogil=True)
def _search(
    grid: _Grid,
    segments: _Segments,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    limit_m: float,
    best: _Best,
) -> None:
    """Look from each point outwards, square by square, until none nearer can follow."""
    distance = best[2]
    for point in range(len(x)):
        if not np.isfinite(x[point] + y[point]):
            continue  # a point without a place is tied to nothing
        column = int(np.floor((x[point] - grid.x0) / grid.square_m))
        row = int(np.floor((y[point] - grid.y0) / grid.square_m))
        east = x[point] - grid.x0 - column * grid.square_m
        north = y[point] - grid.y0 - row * grid.square_m
        margin_m = min(east, grid.square_m - east, north, grid.square_m - north) - ROUNDING_M
        ring = 0
        while True:
            for at_row in range(max(row - ring, 0), min(row + ring, grid.rows - 1) + 1):
                whole = abs(at_row - row) == ring
                step = 1 if whole or ring == 0 else 2 * ring
                for at_column in range(column - ring, column + ring + 1, step):
                    if 0 <= at_column < grid.columns:
                        square = at_row * grid.columns + at_column
                        _nearer(grid, segments, square, x, y, point, limit_m, best)
            seen_m = margin_m + ring * grid.square_m
            if distance[point] < seen_m or seen_m > limit_m:
                break
            ring += 1


@njit(cache=True, nogil=True, inline="always")
def _nearer(
    grid: _Grid,
    segments: _Segments,
    square: int,
    x: Floats,
    y: Floats,
    point: int,
    limit_m: float,
    best: _Best,
) -> None:
    """Take the segment of a square that is nearer than what was found, or as near and before it."""
    from_x, from_y, to_x, to_y = segments
    found, share, distance = best
    for entry in range(grid.first[square], grid.first[square + 1]):
        i = grid.segment[entry]
        along, off_m = _beside(x[point], y[point], from_x[i], from_y[i], to_x[i], to_y[i])
        before = off_m == distance[point] and i < found[point]
        if off_m <= limit_m and (off_m < distance[point] or before):
            found[point], share[point], distance[point] = i, along, off_m


@njit(cache=True, nogil=True, inline="always")
def _beside(
    x: float, y: float, from_x: float, from_y: float, to_x: float, to_y: float
) -> tuple[float, float]:
    """Give how far along a segment its place nearest to a point lies, 0 to 1, and the distance.

    At an end the distance is that to the vertex, the same for every segment that meets there.
    """
    dx, dy = to_x - from_x, to_y - from_y
    squared = dx * dx + dy * dy
    along = ((x - from_x) * dx + (y - from_y) * dy) / squared if squared > 0 else 0.0
    if along <= 0:
        return 0.0, np.sqrt((x - from_x) ** 2 + (y - from_y) ** 2)
    if along >= 1:
        return 1.0, np.sqrt((x - to_x) ** 2 + (y - to_y) ** 2)
    return along, abs((from_y - y) * dx - (from_x - x) * dy) / squared * np.sqrt(squared)
