"""Legs on foot: which straight pieces of road are near a place, and which legs are barred."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from stemgeo.arrays import do_at_once, list_blocks, list_ranges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]
    Longs = NDArray[np.int64]
    Lines = tuple[Floats, Floats, Floats, Floats]
    """x and y of the first end of each straight piece, x and y of the second."""

Box = tuple[float, float, float, float]
"""West, south, east and north."""

SQUARE_M = 100.0
"""Side of the squares by which pieces are found: a few pieces in each where streets are."""

MOST_SQUARES = 2**24
"""So many at most, whatever the ground: a road far off must not fill the memory."""

ROUNDING_M = 1e-6
"""What the place of a point within its square may be off by."""

_AT_ONCE = 1 << 12
"""Points that a thread looks up before it takes others."""

NOTHING_M = 1e-3
"""Places nearer to each other than this are the same place."""


class NearPieces(NamedTuple):
    """The pieces near each point: see `Places`; `share` says how far along each piece, 0 to 1."""

    first: Longs
    piece: Ints
    share: Floats
    metres: Floats
    nearest_m: Floats
    by_island: Bools


def find_near(
    lines: Lines,
    island: Bools,
    points: tuple[Floats, Floats],
    barriers: Floats,
    within_m: float,
    limit_m: float,
) -> NearPieces:
    """List for each point the straight pieces within a distance, or the nearest within a limit.

    Parameters
    ----------
    lines
        The pieces.
    island
        Of which of them nothing is to be the nearest, shape (pieces,).
    points
        x and y, shapes (points,).
    barriers
        x and y of both ends of each straight piece of what is not to be crossed, shape (n, 4).
    within_m, limit_m
        See `snap`; `limit_m` is not below `within_m`.
    """
    count = len(points[0])
    if not len(lines[0]):
        nothing = np.zeros(0, np.int32), np.zeros(0), np.zeros(0)
        none = np.full(count, np.nan), np.zeros(count, np.bool_)
        return NearPieces(np.zeros(count + 1, np.int64), *nothing, *none)
    # For arrays with gaps, or not to be written to, and whole numbers, it would be compiled again.
    x, y = (np.require(one, requirements=("C", "W")) for one in points)
    from_x, from_y, to_x, to_y = np.require(barriers.T, requirements=("C", "W"))
    walls = from_x, from_y, to_x, to_y
    no_walls = PieceGrid(0.0, 0.0, 1.0, 1, 1, np.zeros(2, np.int32), np.zeros(0, np.int32))
    wall_grid = build_grid(walls) if len(barriers) else no_walls
    grid, near = build_grid(lines), (float(within_m), float(limit_m))

    def find(some: slice) -> NearPieces:
        first, found, nearest_m, by_island = _find_near_each(
            grid, lines, island, (x[some], y[some]), wall_grid, walls, *near
        )
        piece, share, metres = (one[: first[-1]] for one in found)
        return NearPieces(
            np.diff(first),
            piece.astype(np.int32),
            share.copy(),
            metres.copy(),
            nearest_m,
            by_island,
        )

    parts = do_at_once(find, list_blocks(count, _AT_ONCE))
    sizes, *rest = map(np.concatenate, zip(*parts, strict=True))
    return NearPieces(np.append(0, np.cumsum(sizes)), *rest)


def are_around(lines: Lines | Floats, points: tuple[Floats, Floats], far_m: float) -> Bools:
    """Say which pieces meet the box around all points, and so far beyond it; no other is near.

    Parameters
    ----------
    lines
        The pieces.
    points
        x and y; those without a place do not count.
    far_m
        Metres.
    """
    from_x, from_y, to_x, to_y = lines
    around = np.ones(len(from_x), dtype=np.bool_)
    for one, from_, to in ((points[0], from_x, to_x), (points[1], from_y, to_y)):
        there = one[np.isfinite(one)]
        low, high = (there.min(), there.max()) if len(there) else (np.inf, -np.inf)
        around &= np.maximum(from_, to) >= low - far_m - ROUNDING_M
        around &= np.minimum(from_, to) <= high + far_m + ROUNDING_M
    return around


class PieceGrid(NamedTuple):
    """Pieces by the squares that they may pass, row by row from the south-west corner.

    Compiled kernels on disk know this class by its name: one that is gone cannot be loaded.
    """

    x0: float
    y0: float
    square_m: float
    columns: int
    rows: int
    first: Ints
    piece: Ints


def build_grid(lines: Lines, least_m: float = SQUARE_M) -> PieceGrid:
    """Sort pieces into squares of a side; of a larger land the squares are larger."""
    from_x, from_y, to_x, to_y = lines
    x0, y0 = min(from_x.min(), to_x.min()), min(from_y.min(), to_y.min())
    width, height = max(from_x.max(), to_x.max()) - x0, max(from_y.max(), to_y.max()) - y0
    square_m = max(least_m, float(np.sqrt(width * height / MOST_SQUARES)))
    square_m = max(square_m, width / MOST_SQUARES, height / MOST_SQUARES)
    columns, rows = int(width / square_m) + 1, int(height / square_m) + 1
    first, piece = _sort_into_squares(lines, x0, y0, square_m, columns, rows)
    return PieceGrid(x0, y0, square_m, columns, rows, first, piece)


def list_in_box(grid: PieceGrid, box: Box) -> NDArray[np.intp]:
    """List the pieces whose squares meet a box, in their order; a few more than meet it."""
    west, south, east, north = box
    of_columns = (west - grid.x0) / grid.square_m, (east - grid.x0) / grid.square_m
    of_rows = (south - grid.y0) / grid.square_m, (north - grid.y0) / grid.square_m
    left, right = np.clip(np.floor(of_columns), (0, -1), (grid.columns, grid.columns - 1))
    low, high = np.clip(np.floor(of_rows), (0, -1), (grid.rows, grid.rows - 1))
    row = np.arange(int(low), int(high) + 1) * grid.columns
    _, entry = list_ranges(grid.first[row + int(left)], grid.first[row + int(right) + 1])
    return np.unique(grid.piece[entry]).astype(np.intp)


@njit(cache=True, nogil=True)
def _sort_into_squares(
    lines: Lines, x0: float, y0: float, square_m: float, columns: int, rows: int
) -> tuple[Ints, Ints]:
    """List the pieces of each square: those whose bounding box meets it."""
    from_x, from_y, to_x, to_y = lines
    first = np.zeros(columns * rows + 1, dtype=np.int32)
    filled = np.empty(0, dtype=np.int32)
    for filling in range(2):
        if filling:
            # Number by number, here and below: numpy's own for arrays takes seconds to compile.
            for square in range(1, len(first)):
                first[square] += first[square - 1]
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
    for square in range(columns * rows):
        first[square] = first[square + 1]
    first[-1] = len(filled)
    return first, filled


@njit(cache=True, nogil=True)
def _find_near_each(
    grid: PieceGrid,
    lines: Lines,
    island: Bools,
    points: tuple[Floats, Floats],
    wall_grid: PieceGrid,
    walls: Lines,
    within_m: float,
    limit_m: float,
) -> tuple[Longs, Floats, Floats, Bools]:
    """As `NearPieces`; piece, share and metres are rows of one array with room behind the last."""
    count = len(points[0])
    first = np.zeros(count + 1, dtype=np.int64)
    nearest_m = np.full(count, np.nan)
    by_island = np.zeros(count, dtype=np.bool_)
    # A bare 0 would be a type of its own, for which what is called is compiled once more.
    found, filled = np.empty((3, 1024)), first[0]
    for point in range(count):
        x, y = points[0][point], points[1][point]
        begin = filled
        if np.isfinite(x + y):  # a point without a place is tied to nothing
            found, filled = _add_within(grid, lines, x, y, wall_grid, walls, within_m, found, begin)
            best_m, island_m = np.inf, np.inf
            for at in range(begin, filled):
                if island[int(found[0, at])]:
                    island_m = min(island_m, found[2, at])
                else:
                    best_m = min(best_m, found[2, at])
            if best_m == np.inf:
                for islands in (True, False):  # the last is what the point is tied to
                    i, along, off_m = _find_nearest(
                        grid, lines, island, x, y, wall_grid, walls, limit_m, islands
                    )
                    island_m, best_m = best_m, off_m
                if i >= 0:
                    found = _make_room(found, filled, 1)
                    _add_piece(found, begin, filled, i, along, best_m)
                    filled += 1
                else:
                    filled = begin
            by_island[point] = island_m < best_m
            if filled > begin:
                nearest_m[point] = best_m
        first[point + 1] = filled
    return first, found, nearest_m, by_island


@njit(cache=True, nogil=True)
def _add_within(
    grid: PieceGrid,
    lines: Lines,
    x: float,
    y: float,
    wall_grid: PieceGrid,
    walls: Lines,
    within_m: float,
    found: Floats,
    begin: int,
) -> tuple[Floats, int]:
    """Add the pieces within a distance of a point to those found, from `begin` on."""
    filled = begin
    columns = find_squares(grid.x0, grid.square_m, grid.columns, x, within_m)
    rows = find_squares(grid.y0, grid.square_m, grid.rows, y, within_m)
    for row in range(rows[0], rows[1] + 1):
        # Room for a row of squares at once: who gives an array back for each piece waits for it.
        first = grid.first[row * grid.columns + columns[0]]
        found = _make_room(found, filled, grid.first[row * grid.columns + columns[1] + 1] - first)
        for column in range(columns[0], columns[1] + 1):
            square = row * grid.columns + column
            for entry in range(grid.first[square], grid.first[square + 1]):
                i = grid.piece[entry]
                along, off_m = find_nearest_along(x, y, lines, i)
                if (
                    off_m <= within_m
                    and _begins_in(grid, lines, i, column, row, columns[0], rows[0])
                    and not _is_barred(x, y, lines, i, along, wall_grid, walls)
                ):
                    _add_piece(found, begin, filled, i, along, off_m)
                    filled += 1
    return found, filled


@njit(cache=True, nogil=True)
def _make_room(found: Floats, filled: int, more: int) -> Floats:
    """Give those found, with room for so many more behind the last."""
    if filled + more <= found.shape[1]:
        return found
    roomy = np.empty((3, 2 * (filled + more)))
    for row in range(3):
        for at in range(filled):
            roomy[row, at] = found[row, at]
    return roomy


@njit(cache=True, nogil=True, inline="always")
def _add_piece(
    found: Floats, begin: int, filled: int, piece: int, share: float, metres: float
) -> None:
    """Add a piece to those of a point, in the order of the pieces, whatever that of the squares."""
    at = filled
    while at > begin and found[0, at - 1] > piece:
        for row in range(3):
            found[row, at] = found[row, at - 1]
        at -= 1
    found[0, at], found[1, at], found[2, at] = piece, share, metres


@njit(cache=True, nogil=True, inline="always")
def find_squares(
    start: float, square_m: float, count: int, at: float, within_m: float
) -> tuple[int, int]:
    """Give the first and the last row or column that are within a distance.

    Of a place beyond all squares the last is the one before the first, and both bound an empty run
    of squares: what lies outside the roads is looked up as well.

    Parameters
    ----------
    start, square_m, count
        Where the squares begin, their side, and how many there are.
    at, within_m
        Of a place, and the distance.
    """
    low = int(np.floor((at - within_m - ROUNDING_M - start) / square_m))
    high = int(np.floor((at + within_m + ROUNDING_M - start) / square_m))
    first = min(max(low, 0), count)
    return first, max(min(high, count - 1), first - 1)


@njit(cache=True, nogil=True, inline="always")
def _begins_in(
    grid: PieceGrid, lines: Lines, i: int, column: int, row: int, west: int, south: int
) -> bool:
    """Whether this is the first of the squares looked at that a piece is in: it counts once."""
    from_x, from_y, to_x, to_y = lines
    left = int((min(from_x[i], to_x[i]) - grid.x0) / grid.square_m)
    low = int((min(from_y[i], to_y[i]) - grid.y0) / grid.square_m)
    return column == max(left, west) and row == max(low, south)


@njit(cache=True, nogil=True)
def _find_nearest(
    grid: PieceGrid,
    lines: Lines,
    island: Bools,
    x: float,
    y: float,
    wall_grid: PieceGrid,
    walls: Lines,
    limit_m: float,
    islands: bool,  # noqa: FBT001  (numba)
) -> tuple[int, float, float]:
    """Find the nearest piece that is or is not an island: which (-1: none), how far along, off.

    From the point outwards, square by square, until none nearer can follow.
    """
    found, share, distance = -1, 0.0, np.inf
    column = int(np.floor((x - grid.x0) / grid.square_m))
    row = int(np.floor((y - grid.y0) / grid.square_m))
    east = x - grid.x0 - column * grid.square_m
    north = y - grid.y0 - row * grid.square_m
    margin_m = min(east, grid.square_m - east, north, grid.square_m - north) - ROUNDING_M
    ring = 0
    while True:
        for at_row in range(max(row - ring, 0), min(row + ring, grid.rows - 1) + 1):
            whole = abs(at_row - row) == ring
            step = 1 if whole or ring == 0 else 2 * ring
            for at_column in range(column - ring, column + ring + 1, step):
                if not 0 <= at_column < grid.columns:
                    continue
                square = at_row * grid.columns + at_column
                for entry in range(grid.first[square], grid.first[square + 1]):
                    i = grid.piece[entry]
                    if island[i] != islands:
                        continue
                    along, off_m = find_nearest_along(x, y, lines, i)
                    nearer = off_m < distance or (off_m == distance and i < found)
                    if (
                        nearer
                        and off_m <= limit_m
                        and not _is_barred(x, y, lines, i, along, wall_grid, walls)
                    ):
                        found, share, distance = i, along, off_m
        seen_m = margin_m + ring * grid.square_m
        if distance < seen_m or seen_m > limit_m:
            return found, share, distance
        ring += 1


@njit(cache=True, nogil=True, inline="always")
def find_nearest_along(x: float, y: float, lines: Lines, i: int) -> tuple[float, float]:
    """Give how far along a piece its place nearest to a point lies, 0 to 1, and the distance.

    At an end the distance is that to the vertex, the same for every piece that meets there.

    Parameters
    ----------
    x, y
        Of the point.
    lines, i
        The pieces, and which one.
    """
    from_x, from_y, to_x, to_y = lines[0][i], lines[1][i], lines[2][i], lines[3][i]
    dx, dy = to_x - from_x, to_y - from_y
    squared = dx * dx + dy * dy
    along = ((x - from_x) * dx + (y - from_y) * dy) / squared if squared > 0 else 0.0
    if along <= 0:
        return 0.0, np.sqrt((x - from_x) ** 2 + (y - from_y) ** 2)
    if along >= 1:
        return 1.0, np.sqrt((x - to_x) ** 2 + (y - to_y) ** 2)
    return along, abs((from_y - y) * dx - (from_x - x) * dy) / squared * np.sqrt(squared)


@njit(cache=True, nogil=True)
def _is_barred(
    x: float, y: float, lines: Lines, i: int, along: float, grid: PieceGrid, walls: Lines
) -> bool:
    """Whether a barrier lies across the leg from a point to a place on a piece.

    A leg that ends on a barrier crosses it when the road runs along it, not where the two meet at
    a vertex of both: there the road goes over.
    """
    if len(walls[0]) == 0:
        return False
    to_x = lines[0][i] + along * (lines[2][i] - lines[0][i])
    to_y = lines[1][i] + along * (lines[3][i] - lines[1][i])
    dx, dy = to_x - x, to_y - y
    leg_m = np.sqrt(dx * dx + dy * dy)
    if leg_m < NOTHING_M:
        return False
    left = max(int((min(x, to_x) - grid.x0) / grid.square_m - 1e-9), 0)
    right = min(int((max(x, to_x) - grid.x0) / grid.square_m + 1e-9), grid.columns - 1)
    low = max(int((min(y, to_y) - grid.y0) / grid.square_m - 1e-9), 0)
    high = min(int((max(y, to_y) - grid.y0) / grid.square_m + 1e-9), grid.rows - 1)
    for row in range(low, high + 1):
        for column in range(left, right + 1):
            square = row * grid.columns + column
            for entry in range(grid.first[square], grid.first[square + 1]):
                if _lies_across(x, y, dx, dy, leg_m, walls, grid.piece[entry]):
                    return True
    return False


@njit(cache=True, nogil=True)
def list_kinds_across(
    x: float,
    y: float,
    to_x: float,
    to_y: float,
    grid: PieceGrid,
    walls: Lines,
    kind: NDArray[np.uint8],
) -> int:
    """Say what lies across a straight line between two places, but for what ends or begins there.

    Parameters
    ----------
    x, y, to_x, to_y
        Both places.
    grid, walls
        The pieces that may lie across it, by their squares.
    kind
        Of each piece, 0 to 7.

    Returns
    -------
    int
        The sum of 2**kind of all kinds that do.
    """
    found = 0
    dx, dy = to_x - x, to_y - y
    leg_m = np.sqrt(dx * dx + dy * dy)
    if leg_m < NOTHING_M:
        return found
    left = max(int((min(x, to_x) - grid.x0) / grid.square_m - 1e-9), 0)
    right = min(int((max(x, to_x) - grid.x0) / grid.square_m + 1e-9), grid.columns - 1)
    low = max(int((min(y, to_y) - grid.y0) / grid.square_m - 1e-9), 0)
    high = min(int((max(y, to_y) - grid.y0) / grid.square_m + 1e-9), grid.rows - 1)
    short = 1 - 2 * NOTHING_M / leg_m  # what is met at the end does not lie across
    for row in range(low, high + 1):
        for column in range(left, right + 1):
            square = row * grid.columns + column
            for entry in range(grid.first[square], grid.first[square + 1]):
                i = grid.piece[entry]
                if not found >> kind[i] & 1 and _lies_across(
                    x, y, dx * short, dy * short, leg_m * short, walls, i
                ):
                    found |= 1 << kind[i]
    return found


@njit(cache=True, nogil=True, inline="always")
def _lies_across(
    x: float, y: float, dx: float, dy: float, leg_m: float, walls: Lines, i: int
) -> bool:
    """Whether a piece of a barrier lies across a leg of some length."""
    wall_x, wall_y = walls[0][i], walls[1][i]
    along_x, along_y = walls[2][i] - wall_x, walls[3][i] - wall_y
    across = dx * along_y - dy * along_x
    wall_m = np.sqrt(along_x * along_x + along_y * along_y)
    if across == 0 or wall_m == 0:
        return False
    t = ((wall_x - x) * along_y - (wall_y - y) * along_x) / across
    u = ((wall_x - x) * dy - (wall_y - y) * dx) / across
    of_leg, of_wall = NOTHING_M / leg_m, NOTHING_M / wall_m
    if not (of_leg < t <= 1 + of_leg and -of_wall <= u <= 1 + of_wall):
        return False
    at_end = t >= 1 - of_leg
    return not (at_end and (u <= of_wall or u >= 1 - of_wall))
