"""Rings cut where their ways part, each piece kept once: what a topology is made of.

Corners lie on a grid, so that two are the same or not, and all is done for all rings at once.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from stemgeo.arrays import list_ranges, starts_of_runs

if TYPE_CHECKING:
    from numpy.typing import NDArray

Arc = list[list[int]]
"""Its first corner, then the steps from each corner to the next."""
_BITS = 32
"""Those of the second coordinate in a number that holds both."""


def share_arcs(
    corners: NDArray[np.int64], ring: NDArray[np.integer]
) -> tuple[list[Arc], list[list[int]]]:
    """Cut rings where their ways part, and keep each piece once.

    Parameters
    ----------
    corners
        Of all rings, each of which ends where it begins, on a grid from 0 up; shape (corners, 2).
    ring
        Whose corner each is, from 0 up without a gap; shape (corners,).

    Returns
    -------
    arcs : list of Arc
        No two of them run between the same neighbouring corners.
    of_rings : list of list of int
        The arcs that each ring runs along, ~arc where it runs the other way. A ring of a single
        corner has an arc from there to there.
    """
    inside = ~starts_of_runs(ring)  # a ring is round: its first corner is its last
    ring, codes = ring[inside], corners[inside, 0] << _BITS | corners[inside, 1]
    spots, spot = np.unique(codes, return_inverse=True)
    kept = _mark_moves(spot, ring)
    spot, ring = spot[kept], ring[kept]
    before, after = _find_neighbours(ring)
    begin = np.flatnonzero(_mark_cuts(spot, ring, before, after))
    end = begin[_find_neighbours(ring[begin])[1]]  # where the next piece of the ring begins
    # Within a piece no way parts: its first step says which it is, from whichever end.
    forth = spot[begin] * len(spots) + spot[after[begin]]
    back = spot[end] * len(spots) + spot[before[end]]
    turned = back < forth
    once, number = _number_as_met(np.minimum(forth, back))
    runs = np.where(turned == turned[once][number], number, ~number)
    at, piece = _list_corners(begin[once], end[once], ring)
    places = np.stack([spots >> _BITS, spots & (1 << _BITS) - 1], axis=1)[spot[at]]
    steps = np.diff(places, axis=0, prepend=0)
    heads = starts_of_runs(piece)
    steps[heads] = places[heads]
    return _list_by_run(steps, piece), _list_by_run(runs, ring[begin])


def _find_neighbours(owner: NDArray[np.integer]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Find which stands before and after each of the same owner, round and round."""
    first = np.flatnonzero(starts_of_runs(owner))
    stop = np.append(first[1:], len(owner))
    before, after = np.arange(len(owner)) - 1, np.arange(len(owner)) + 1
    before[first], after[stop - 1] = stop - 1, first
    return before, after


def _mark_moves(spot: NDArray[np.intp], ring: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Mark the corners that are elsewhere than those before them, and one where none is."""
    moves = np.asarray(spot != spot[_find_neighbours(ring)[0]])
    first = np.flatnonzero(starts_of_runs(ring))
    moves[first[~np.logical_or.reduceat(moves, first)]] = True
    return moves


def _mark_cuts(
    spot: NDArray[np.intp],
    ring: NDArray[np.integer],
    before: NDArray[np.intp],
    after: NDArray[np.intp],
) -> NDArray[np.bool_]:
    """Mark corners from which rings do not all go on to the same two, and in others the least."""
    low, high = np.sort([spot[before], spot[after]], axis=0)
    _, first, number = np.unique(spot, return_index=True, return_inverse=True)
    usual = first[number]
    parts = np.zeros(len(first), dtype=np.bool_)
    parts[number[(low != low[usual]) | (high != high[usual])]] = True
    cuts = parts[number]
    begins = starts_of_runs(ring)
    first, owner = np.flatnonzero(begins), np.cumsum(begins) - 1
    uncut = ~np.logical_or.reduceat(cuts, first)[owner]
    least = np.minimum.reduceat(spot, first)[owner]
    return np.asarray(cuts | uncut & (spot == least))


def _number_as_met(values: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Number values in the order in which they are met: where each is first, and each's number."""
    _, first, number = np.unique(values, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return first[order], rank[number]


def _list_corners(
    begin: NDArray[np.intp], end: NDArray[np.intp], ring: NDArray[np.integer]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """List the corners of each piece, both its ends too, and whose each is."""
    starts = starts_of_runs(ring)
    first, owner = np.flatnonzero(starts), np.cumsum(starts) - 1
    size = np.diff(np.append(first, len(ring)))[owner]
    start = first[owner]
    # A piece may run on over the end of the list of its ring, and one of a whole ring does.
    stop = np.where(end > begin, end, end + size[begin])
    piece, at = list_ranges(begin, stop + 1)
    since = start[begin][piece]
    return since + (at - since) % size[begin][piece], piece


def _list_by_run(rows: NDArray[Any], owner: NDArray[np.integer]) -> list[list[Any]]:
    """List rows by their owner; those of one stand next to one another."""
    every = rows.tolist()
    ends = [*np.flatnonzero(starts_of_runs(owner)).tolist(), len(every)]
    return [every[first:stop] for first, stop in pairwise(ends)]
