"""The ground near roads, outlined on a raster of distances, and what lies between two outlines.

A contour crosses each side of a cell once at most and runs straight from side to side: so its
corners are known by their sides. Of two contours, one around the other, corners can be the same
but chords cannot cross: the ground between them needs no overlay, only to leave out the chords
that both have, and to go over from the one to the other where they meet.
"""

from __future__ import annotations

from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
from numba import njit

from stemgeo.arrays import list_once, list_ranges, starts_of_runs
from stemgeo.study import ROAD_BUFFER_M

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from threading import Event

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Longs = NDArray[np.int64]
    Flags = NDArray[np.bool_]

TILE = 2048
"""Steps along the side of a tile: 25.6 km with cells of 25 m."""


class Contour(NamedTuple):
    """Rings around ground, which lies to their left.

    Attributes
    ----------
    side
        On which side of which cell each corner lies, rising; an even one lies west to east.
    at
        Where, metres, to the millimetre; shape (corners, 2).
    after
        The next corner of the ring.
    """

    side: Longs
    at: Floats
    after: NDArray[np.intp]


def trace_grounds(
    grown: Sequence[Floats], cell_m: float, *, stopped: Event | None = None
) -> list[Contour]:
    """Trace the ground within the buffer of stretches of road, of which there are ever more.

    The distance is exact at the corners, the middle of the sides and the centre of each cell.
    The ground is taken in tiles, so that memory does not grow with it.

    Parameters
    ----------
    grown
        The stretches that come with each bound, shape (stretches, 4): x and y of both ends.
    cell_m
        Raster cell behind the contours, metres.
    stopped
        Once it is set no other tile is begun.

    Returns
    -------
    list of Contour
        For each bound, around all that came up to it; each lies within the next.

    Raises
    ------
    CancelledError
        When it was stopped.
    """
    step_m = cell_m / 2
    stretches = np.concatenate(grown)
    bound = np.repeat(np.arange(len(grown)), [len(one) for one in grown])
    chords: list[list[_Chords]] = [[] for _ in grown]
    for column, row, chosen in _list_tiles(stretches, step_m):
        if stopped is not None and stopped.is_set():
            raise CancelledError
        mine = stretches[chosen]
        of_bounds = [mine[bound[chosen] == number] for number in range(len(grown))]
        for own, found in zip(chords, _trace_tile(column, row, of_bounds, step_m), strict=True):
            own.append(found)
    return [_link_chords(own) for own in chords]


def _margin(step_m: float) -> float:
    """How far distances are asked for: a little beyond the contour."""
    return ROAD_BUFFER_M + 2 * step_m


def _list_tiles(stretches: Floats, step_m: float) -> Iterator[tuple[int, int, NDArray[np.intp]]]:
    """Give the column and row of each tile that has something in it, and its stretches."""
    side_m, margin_m = TILE * step_m, _margin(step_m)
    first, last = (
        [
            np.floor((bound(stretches[:, i], stretches[:, i + 2]) + grown) / side_m).astype(int)
            for i in (0, 1)
        ]
        for bound, grown in ((np.minimum, -margin_m), (np.maximum, margin_m))
    )
    for column in list_once(list_ranges(first[0], last[0] + 1)[1]).tolist():
        across = np.flatnonzero((first[0] <= column) & (column <= last[0]))
        low, high = first[1][across], last[1][across]
        for row in list_once(list_ranges(low, high + 1)[1]).tolist():
            yield column, row, across[(low <= row) & (row <= high)]


_Chords = tuple["Longs", "Longs", "Floats"]
"""The sides where chords begin and end, and where they begin."""


def _trace_tile(
    column: int, row: int, of_bounds: Sequence[Floats], step_m: float
) -> Iterator[_Chords]:
    """Trace the ground of one tile for each bound, as far as its stretches reach."""
    margin_m = _margin(step_m)
    frame = _frame_steps(column, row, np.concatenate(of_bounds), step_m)
    distance = np.full(tuple(high - low + 1 for low, high in frame[::-1]), margin_m)
    origin = np.array([low for low, _ in frame])
    found = np.empty(0, np.int64), np.empty(0, np.int64), np.empty((0, 2))
    for number, stretches in enumerate(of_bounds):
        if len(stretches):
            _lower_to_distance(distance, stretches, origin, step_m, margin_m)
            sofar = np.concatenate(of_bounds[: number + 1])
            (left, right), (low, high) = _frame_steps(column, row, sofar, step_m) - origin[:, None]
            part = distance[low : high + 1, left : right + 1]
            cells = np.flatnonzero(_mark_cut(part <= ROAD_BUFFER_M))
            found = _cut_cells(part, cells, origin + (left, low), step_m, ROAD_BUFFER_M)
        yield found


def _frame_steps(column: int, row: int, stretches: Floats, step_m: float) -> Longs:
    """Frame stretches in a tile: first and last step, west to east and south to north."""
    margin_m = _margin(step_m)
    frame = []
    for i, start in ((0, column * TILE), (1, row * TILE)):
        low = (stretches[:, [i, i + 2]].min() - margin_m) / step_m
        high = (stretches[:, [i, i + 2]].max() + margin_m) / step_m
        frame.append((max(start, int(low) - 1), min(start + TILE, int(high) + 1)))
    return np.array(frame)


def _mark_cut(near: Flags) -> Flags:
    """Mark cells whose corners are not all near, nor all far."""
    up, along = near[1:] ^ near[:-1], near[:, 1:] ^ near[:, :-1]
    return up[:, 1:] | up[:, :-1] | along[1:] | along[:-1]


def _link_chords(chords: list[_Chords]) -> Contour:
    """Link the chords of all tiles: each ends on the side where the next begins."""
    none = np.empty(0, np.int64), np.empty(0, np.int64), np.empty((0, 2))
    begin, end, at = map(np.concatenate, zip(none, *chords, strict=True))
    order = np.argsort(begin)
    side = begin[order]
    return Contour(side, at[order], np.searchsorted(side, end[order]))


def fill_between(whole: Contour, inner: Contour) -> shapely.MultiPolygon:
    """Give the ground within the whole contour but outside the inner one, which lies in it.

    Parameters
    ----------
    whole, inner
        As from `trace_grounds`, of one call.
    """
    count = len(whole.side)
    before = np.empty_like(inner.after)
    before[inner.after] = np.arange(len(before))
    after = np.concatenate([whole.after, count + before])  # ground to the left of the inner too
    side = np.concatenate([whole.side, inner.side])
    at = np.concatenate([whole.at, inner.at])
    twin = _find_twins(whole, inner)
    met = twin >= 0
    # From the end of a chord, where contours meet, the other leads on around the same ground.
    onward = np.where(met[after], twin[after], after)
    chord = np.flatnonzero(met[:count] & met[after[:count]])
    chord = chord[after[twin[after[chord]]] == twin[chord]]
    gone = np.zeros(len(after), dtype=np.bool_)
    gone[chord] = gone[twin[after[chord]]] = True
    spot = np.arange(len(after))
    spot[count:] = np.where(met[count:], twin[count:], spot[count:])
    corner, first, walk = _walk_rings(onward, gone, spot)
    lies = np.flatnonzero((side & 1 == 0) & ~met)
    lies = lies[np.lexsort((at[lies, 0], side[lies]))]
    face = _join_walks(walk[lies], int(walk.max(initial=-1)) + 1)
    return _build_polygons(at[corner], first, face[walk[corner[first[:-1]]]])


def _find_twins(whole: Contour, inner: Contour) -> NDArray[np.intp]:
    """Find for each corner of both contours the same of the other one, -1 where there is none."""
    count = len(whole.side)
    twin = np.full(count + len(inner.side), -1)
    place = np.minimum(np.searchsorted(whole.side, inner.side), count - 1)
    same = np.flatnonzero(
        (whole.side[place] == inner.side) & (whole.at[place] == inner.at).all(axis=1)
    )
    twin[count + same], twin[place[same]] = place[same], count + same
    return twin


def _build_polygons(
    points: Floats, first: NDArray[np.intp], face: NDArray[np.integer]
) -> shapely.MultiPolygon:
    """Build polygons of closed rings: around each face one the other way than those in it."""
    ring, _ = list_ranges(first[:-1], first[1:])
    x, y = (points - points[first[:-1]][ring]).T
    turned = np.append(x[:-1] * y[1:] - x[1:] * y[:-1], 0)  # by ring, and there begin all at 0
    hole = np.add.reduceat(turned, first[:-1]) < 0 if len(face) else np.empty(0, np.bool_)
    order = np.lexsort((hole, face))
    _, corner = list_ranges(first[:-1][order], first[1:][order])
    rings = np.append(0, np.cumsum(np.diff(first)[order]))
    polygons = np.append(np.flatnonzero(starts_of_runs(face[order])), len(face))
    ends = rings, polygons, np.array([0, len(polygons) - 1])
    kind = shapely.GeometryType.MULTIPOLYGON
    ground: shapely.MultiPolygon = shapely.from_ragged_array(kind, points[corner], ends)[0]
    return ground


@njit(cache=True, nogil=True)
def _lower_to_distance(
    distance: Floats, stretches: Floats, origin: Longs, step_m: float, margin: float
) -> None:
    """Lower each raster corner to its distance to the nearest stretch, as far as `margin`."""
    rows, columns = distance.shape
    for i in range(len(stretches)):
        ax, ay, bx, by = stretches[i]
        dx, dy = bx - ax, by - ay
        squared = dx * dx + dy * dy
        left = max(0, int((min(ax, bx) - margin) / step_m) - origin[0])
        right = min(columns - 1, int((max(ax, bx) + margin) / step_m) + 1 - origin[0])
        low = max(0, int((min(ay, by) - margin) / step_m) - origin[1])
        high = min(rows - 1, int((max(ay, by) + margin) / step_m) + 1 - origin[1])
        for row in range(low, high + 1):
            py = (origin[1] + row) * step_m
            for column in range(left, right + 1):
                # A multiple of the step, so that tiles have the same numbers along their rim.
                px = (origin[0] + column) * step_m
                along = 0.0
                if squared > 0:
                    along = min(1.0, max(0.0, ((px - ax) * dx + (py - ay) * dy) / squared))
                ex, ey = ax + along * dx - px, ay + along * dy - py
                found = np.sqrt(ex * ex + ey * ey)
                distance[row, column] = min(distance[row, column], found)


@njit(cache=True, nogil=True)
def _cut_cells(
    distance: Floats, cells: Longs, origin: Longs, step_m: float, level_m: float
) -> _Chords:
    """Cut cells by their chords, with what is near to the left.

    Round a cell, against the clock from its south side, near corners end on some sides and begin
    on others: a chord goes from the first to the second kind. Where there are two of each, the
    middle of the cell says which.
    """
    width = distance.shape[1] - 1
    begin, end = np.empty(2 * len(cells), np.int64), np.empty(2 * len(cells), np.int64)
    at = np.empty((2 * len(cells), 2))
    corner, near = np.empty(4), np.empty(4, np.bool_)
    chords = 0
    for cell in cells:
        row, column = cell // width, cell % width
        corner[0], corner[1] = distance[row, column], distance[row, column + 1]
        corner[2], corner[3] = distance[row + 1, column + 1], distance[row + 1, column]
        near[:] = corner <= level_m
        middle = (corner[0] + corner[1] + corner[2] + corner[3]) / 4
        parted = near[0] == near[2] and near[1] == near[3] and middle > level_m
        row, column = row + origin[1], column + origin[0]
        for side in range(4):
            if not near[side] or near[(side + 1) % 4]:
                continue
            to = (side + 3) % 4 if parted else (side + 1) % 4
            while near[to] or not near[(to + 1) % 4]:
                to = (to + 1) % 4
            begin[chords] = _number_side(row, column, side)
            end[chords] = _number_side(row, column, to)
            upright = side % 2
            across, along = (row, column) if not upright else (column, row)
            across += side in (1, 2)
            low, high = (side, (side + 1) % 4) if side < 2 else ((side + 1) % 4, side)
            share = (level_m - corner[low]) / (corner[high] - corner[low])
            mm = np.rint((along + share) * step_m * 1000)
            # Strictly between the corners, or a chord might lie along a side.
            first, last = np.rint(along * step_m * 1000), np.rint((along + 1) * step_m * 1000)
            at[chords, upright] = min(max(mm, first + 1), last - 1) / 1000
            at[chords, 1 - upright] = np.rint(across * step_m * 1000) / 1000
            chords += 1
    return begin[:chords], end[:chords], at[:chords]


@njit(cache=True, nogil=True)
def _number_side(row: int, column: int, side: int) -> int:
    """Number a side, the same for both its cells; one to the west and to the south is its own."""
    return (((row + (side == 2)) << 31) + column + (side == 1)) * 2 + side % 2


@njit(cache=True, nogil=True)
def _walk_rings(
    onward: NDArray[np.intp], gone: Flags, spot: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Walk along the chords that are not gone; a ring ends where the walk was before.

    Gives the corners of all rings, each closed; where each ring begins, and the last ends; and of
    which walk each corner is, -1 of none.
    """
    count = len(onward)
    walk, place = np.full(count, -1), np.full(count, -1)
    path, corner, first = np.empty(count, np.intp), np.empty(2 * count, np.intp), [0]
    walks = stood = 0
    for start in range(count):
        if gone[start] or walk[start] >= 0:
            continue
        length, here = 0, start
        while True:
            back = place[spot[here]]
            if back >= 0:
                for i in range(back, length):
                    corner[stood] = path[i]
                    place[spot[path[i]]] = -1
                    stood += 1
                corner[stood] = path[back]
                stood += 1
                first.append(stood)
                length = back
            if walk[here] >= 0:  # round, and home
                break
            walk[here] = walks
            place[spot[here]], path[length] = length, here
            length += 1
            here = onward[here]
        walks += 1
    return corner[:stood], np.array(first), walk


@njit(cache=True, nogil=True)
def _join_walks(walk: NDArray[np.intp], walks: int) -> NDArray[np.intp]:
    """Join walks around the same ground: two by two those at both ends of a stretch of it.

    Gives the first walk around the ground of each. A band has a few walks: SciPy takes longer to
    begin than this to end.
    """
    first = np.arange(walks)
    for i in range(0, len(walk), 2):
        one, other = walk[i], walk[i + 1]
        while first[one] != one:
            first[one] = first[first[one]]
            one = first[one]
        while first[other] != other:
            first[other] = first[first[other]]
            other = first[other]
        first[max(one, other)] = min(one, other)
    for one in range(walks):
        first[one] = first[first[one]]
    return first
