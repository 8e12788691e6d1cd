"""What numpy lacks."""

from __future__ import annotations

import numpy as np
import pytest

from stemgeo import arrays
from stemgeo.arrays import (
    divide_or_nan,
    find_places,
    list_once,
    list_ranges,
    order_stably,
    starts_of_runs,
    sum_by_owner,
)


def test_a_run_starts_where_a_value_is_another_than_the_one_before() -> None:
    """The first always starts one; of several arrays a change of any does; of nothing none does."""
    one, other = np.array([3, 3, 5, 5, 3]), np.array([1, 1, 1, 2, 2])
    assert starts_of_runs(one).tolist() == [True, False, True, False, True]
    assert starts_of_runs(one, other).tolist() == [True, False, True, True, True]
    assert starts_of_runs(one[:0], other[:0]).tolist() == []


def test_what_is_there_twice_is_listed_once() -> None:
    """In order, of however many rows; of nothing there is nothing."""
    assert list_once(np.array([[5, 3], [3, 7]])).tolist() == [3, 5, 7]
    assert list_once(np.zeros(0, dtype=np.int32)).tolist() == []


def test_places_are_found_in_two_threads_as_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what is there, between two, before the first and behind the last, however split."""
    known, sought = np.array([2, 4, 4, 6]), np.array([4, 1, 7, 5, 2])
    at_once = find_places(known, sought)
    assert at_once.tolist() == [1, 0, 4, 3, 0]
    monkeypatch.setattr(arrays, "_MANY", 1)
    assert find_places(known, sought).tolist() == at_once.tolist()


def test_what_is_in_order_is_not_copied() -> None:
    """Else equal ones stay in their order."""
    keys = np.array([3, 1, 3, 1])
    assert keys[order_stably(keys)].tolist() == [1, 1, 3, 3]
    assert order_stably(keys).tolist() == [1, 3, 0, 2]  # type: ignore[union-attr]
    assert order_stably(np.array([1, 1, 3])) == slice(None)


def test_ranges_lie_end_to_end_with_their_numbers_beside() -> None:
    """Also from one start for all, in 32 bits, and where ranges are empty."""
    owner, at = list_ranges(np.array([7, 4, 0], dtype=np.int32), np.array([9, 4, 1], np.int32))
    assert (owner.tolist(), at.tolist()) == ([0, 0, 2], [7, 8, 0])
    owner, at = list_ranges(0, np.array([0, 2, 1]))
    assert (owner.tolist(), at.tolist()) == ([1, 1, 2], [0, 1, 0])


def test_sums_by_owner_are_whole() -> None:
    """As many as are asked for, though the last own nothing."""
    sums = sum_by_owner(np.array([1, 0, 1]), np.array([2, 3, 4]), 3)
    assert sums.tolist() == [3, 6, 0]
    assert sums.dtype == np.int64


def test_of_nothing_there_is_no_share() -> None:
    """Not 0, and no warning."""
    assert np.array_equal(divide_or_nan([1, 0], [4, 0]), [0.25, np.nan], equal_nan=True)
