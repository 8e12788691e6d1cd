"""Facts about shares of a difference: they are those of the definition, and add up as shown."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stemgeo.explain.contributions import Contributions, list_sets, share_difference

NAMES = "abcde"


def games(parts: int, count: int, seed: int) -> dict[frozenset[str], np.ndarray]:
    """Draw games of so many parts, small ones and large ones."""
    random = np.random.default_rng(seed)
    size = 10 ** random.integers(1, 7, count)
    return {one: random.integers(-size, size) for one in list_sets(NAMES[:parts])}


@pytest.mark.parametrize("parts", range(1, 6))
def test_ten_thousand_random_games_are_as_defined(parts: int) -> None:
    """In each order a part adds what it changes; the mean, the least and the most of these."""
    worth = games(parts, 2000, parts)
    found = share_difference(worth, NAMES[:parts])
    orders = list(permutations(NAMES[:parts]))
    for row, part in enumerate(NAMES[:parts]):
        added = []
        for order in orders:
            before = order[: order.index(part)]
            added.append(worth[frozenset((*before, part))] - worth[frozenset(before)])
        # Fractions are equal where they are across.
        sums = np.sum(added, axis=0)
        assert (found.numerators[row] * len(orders) == sums * found.denominator).all()
        exactly = found.rows(row).write_exactly(slice(None, None, 100))
        means = [Fraction(int(one), len(orders)) for one in sums[::100]]
        assert exactly.tolist() == [str(one) for one in means]
        assert (found.least[row] == np.min(added, axis=0)).all()
        assert (found.most[row] == np.max(added, axis=0)).all()
    whole = worth[frozenset(NAMES[:parts])] - worth[frozenset()]
    assert (found.difference == whole).all()
    assert (found.rounded.sum(axis=0) == whole).all()
    shown, of = found.rounded * found.denominator, found.numerators
    assert (np.abs(shown - of) < found.denominator).all()
    assert ((found.least <= found.rounded) & (found.rounded <= found.most)).all()


def test_the_other_way_round_all_is_the_negative() -> None:
    """Exactly, and as it is shown, halves and ties too."""
    random = np.random.default_rng(9)
    every = frozenset(NAMES[:4])
    worth = {one: random.integers(-3, 4, 5000) for one in list_sets(NAMES[:4])}
    back = {every - one: figures for one, figures in worth.items()}
    there, again = (share_difference(one, NAMES[:4]) for one in (worth, back))
    assert (there.numerators == -again.numerators).all()
    assert (there.rounded == -again.rounded).all()
    assert (there.least == -again.most).all()


@pytest.mark.parametrize("sign", [1, -1])
def test_halves_are_shown_as_whole_numbers_that_add_up(sign: int) -> None:
    """Two parts of a half each: one of them is shown as a child, the same whichever the sign."""
    worth = {one: np.array([sign * (len(one) == 2)]) for one in list_sets("ab")}
    found = share_difference(worth, "ab")
    assert found.rows(0).write_exactly(slice(None)).tolist() == ["1/2" if sign > 0 else "-1/2"]
    assert found.rounded.ravel().tolist() == [0, sign] or found.rounded.ravel().tolist() == [
        sign,
        0,
    ]


@given(st.lists(st.integers(-300, 300), min_size=2, max_size=6), st.sampled_from([1, 2, 6, 24]))
def test_shown_parts_add_up_and_lie_beside_the_exact_ones(numbers: list[int], of: int) -> None:
    """Whatever the fractions, as long as they make a whole together; nothing stays nothing."""
    numerators = np.array([*numbers, -sum(numbers) % of], np.int64)[:, None]
    found = Contributions(numerators, of, numerators, numerators)
    assert found.rounded.sum() * of == numerators.sum()
    assert (np.abs(found.rounded * of - numerators) < of).all()
    assert (found.rounded[numerators == 0] == 0).all()


def test_nothing_that_differs_is_shared() -> None:
    """Of no parts there is one set, and no difference."""
    found = share_difference({frozenset(): np.array([5])}, [])
    assert found.numerators.shape == (0, 1)
    assert found.difference.tolist() == [0]
