"""Rings become arcs that neighbours share, and arcs become the same rings again."""

from __future__ import annotations

from itertools import chain, pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from stemgeo.maps.arcs import share_arcs

if TYPE_CHECKING:
    from collections.abc import Sequence

    Corner = tuple[int, int]
    Ring = list[Corner]

CORNERS = st.tuples(st.integers(0, 3), st.integers(0, 3))
RINGS = st.lists(st.lists(CORNERS, min_size=1, max_size=9), min_size=1, max_size=6)
"""On few corners, so that rings meet, cross and fold upon themselves."""


def shared(rings: Sequence[Ring]) -> tuple[list[Ring], list[list[int]]]:
    """Share the arcs of rings; of each arc its corners."""
    closed = [[*ring, ring[0]] for ring in rings]
    owner = np.repeat(np.arange(len(closed)), [len(ring) for ring in closed])
    arcs, runs = share_arcs(np.array(list(chain(*closed)), dtype=np.int64), owner)
    return [[(x, y) for x, y in np.cumsum(arc, axis=0).tolist()] for arc in arcs], runs


def along(arcs: list[Ring], run: list[int]) -> Ring:
    """Go along the arcs of a ring, by the format's own rules; it ends where it begins."""
    ways = [arcs[arc] if arc >= 0 else arcs[~arc][::-1] for arc in run]
    for one, other in pairwise([*ways, ways[0]]):
        assert one[-1] == other[0]
    return [*chain(*(way[:-1] for way in ways))]


def steps(ring: Ring) -> list[tuple[Corner, Corner]]:
    """List the steps of a ring from corner to corner, in their order from the least on."""
    moves = [(one, other) for one, other in pairwise([*ring, ring[0]]) if one != other]
    turns = [moves[first:] + moves[:first] for first in range(len(moves))]
    return min(turns, default=[])


@given(RINGS)
def test_rings_are_the_same_again(rings: list[Ring]) -> None:
    """Whatever the rings: each is put together again, and two arcs share no step."""
    arcs, runs = shared(rings)
    assert [steps(along(arcs, run)) for run in runs] == [steps(ring) for ring in rings]
    sides = [{frozenset(step) for step in pairwise(arc) if step[0] != step[1]} for arc in arcs]
    assert sum(map(len, sides)) == len(set().union(*sides))
    assert {arc if arc >= 0 else ~arc for arc in chain(*runs)} == set(range(len(arcs)))


def test_neighbours_share_their_border() -> None:
    """Two squares side by side: the border between them is one arc, run along from both sides."""
    arcs, runs = shared([[(0, 0), (1, 0), (1, 1), (0, 1)], [(1, 0), (2, 0), (2, 1), (1, 1)]])
    assert len(arcs) == 3
    both = {arc if arc >= 0 else ~arc for arc in runs[0]} & {
        arc if arc >= 0 else ~arc for arc in runs[1]
    }
    assert [sorted(arcs[arc]) for arc in both] == [[(1, 0), (1, 1)]]


@pytest.mark.parametrize("turned", [1, -1])
@pytest.mark.parametrize("first", [0, 2])
def test_a_ring_that_fills_a_hole_shares_all_of_it(first: int, turned: int) -> None:
    """An island in a hole is one arc, wherever the two rings begin and whichever way they go."""
    hole = [(1, 1), (2, 1), (2, 2), (1, 2)]
    arcs, runs = shared([hole, [*hole[first:], *hole[:first]][::turned]])
    assert len(arcs) == 1
    assert [abs(run[0] + 0.5) for run in runs] == [0.5, 0.5]


def test_a_ring_that_is_a_corner() -> None:
    """What rounding made a single corner stays one, and shares nothing."""
    arcs, runs = shared([[(3, 3), (3, 3)], [(0, 0), (3, 3), (3, 0)]])
    assert along(arcs, runs[0]) == [(3, 3)]
    assert len(along(arcs, runs[1])) == 3


def test_many_rings_are_as_large_as_they_were() -> None:
    """Squares of a lattice: each with its area, each border once."""
    squares = [[(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)] for x in range(9) for y in range(9)]
    arcs, runs = shared(squares)
    assert {shapely.Polygon(along(arcs, run)).area for run in runs} == {1.0}
    assert sum(len(arc) - 1 for arc in arcs) == 2 * 9 * 10
