"""What each part contributes to a difference: the mean over all orders in which they can change.

The parts are the players of a cooperative game, and a contribution is the Shapley value (Shapley,
1953): of all ways to add up to the difference it alone treats alike parts alike, gives nothing to
a part that changes nothing, and adds up over places. All is in whole numbers: a contribution is a
fraction over n!, exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations
from math import factorial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    Longs = NDArray[np.int64]


class PartShares(NamedTuple):
    """What one part contributes to each figure: rounded, its extremes, and exactly."""

    shown: Longs
    least: Longs
    most: Longs
    numerators: Longs
    denominator: int

    def write_exactly(self, which: slice) -> NDArray[np.object_]:
        """Write the fractions of some figures as text: "12", "-7/3"."""
        values, at = np.unique(self.numerators[which], return_inverse=True)
        texts = [str(Fraction(int(one), self.denominator)) for one in values]
        return np.array(texts, dtype=object)[at]


@dataclass(frozen=True)
class Contributions:
    """What each part contributes to each difference.

    Attributes
    ----------
    numerators, denominator
        The mean over all orders, as fractions; shape (parts, figures).
    least, most
        Over all orders; shape (parts, figures).
    """

    numerators: Longs
    denominator: int
    least: Longs
    most: Longs

    @property
    def difference(self) -> Longs:
        """What the parts add up to, shape (figures,)."""
        return np.asarray(self.numerators.sum(axis=0) // self.denominator)

    def rows(self, part: int) -> PartShares:
        """Give all of one part, by its number."""
        each = (self.rounded, self.least, self.most, self.numerators)
        shown, least, most, numerators = (one[part] for one in each)
        return PartShares(shown, least, most, numerators, self.denominator)

    @cached_property
    def rounded(self) -> Longs:
        """Give whole numbers that add up to the difference, each the next below or above.

        Each is the nearest; what then lacks or is too much goes to those that lie nearest to being
        rounded the other way, the first of equals. The other way round all have the other sign.
        """
        whole = _round_half_out(self.numerators, self.denominator)
        left = self.numerators - whole * self.denominator
        lacking = self.difference - whole.sum(axis=0)
        # By what is left, most first where some lack; a stable sort keeps equals in their order.
        order = np.argsort(-np.sign(lacking) * left, axis=0, kind="stable")
        rank = np.empty_like(order)
        np.put_along_axis(rank, order, np.arange(len(whole))[:, None], axis=0)
        return np.asarray(whole + np.sign(lacking) * (rank < np.abs(lacking)))


def _round_half_out(numerators: Longs, denominator: int) -> Longs:
    """Round fractions to whole numbers, halves away from zero."""
    return np.asarray(
        np.sign(numerators) * ((2 * np.abs(numerators) + denominator) // (2 * denominator))
    )


def share_difference(
    figures: Mapping[frozenset[str], Longs], parts: Sequence[str]
) -> Contributions:
    """Share the difference between nothing changed and all changed among the parts.

    Parameters
    ----------
    figures
        By the parts that have changed, for each set of parts: whole numbers, shape (figures,).
    parts
        All of them.
    """
    none = figures[frozenset()]
    numerators, least, most = (np.zeros((len(parts), len(none)), np.int64) for _ in range(3))
    for row, part in enumerate(parts):
        others = [one for one in parts if one != part]
        steps = []
        for before in list_sets(others):
            step = figures[before | {part}] - figures[before]
            # So many orders have just these before the part: those of them, and of the rest.
            orders = factorial(len(before)) * factorial(len(others) - len(before))
            numerators[row] += orders * step
            steps.append(step)
        least[row], most[row] = np.min(steps, axis=0), np.max(steps, axis=0)
    return Contributions(numerators, factorial(len(parts)), least, most)


def list_sets(parts: Sequence[str]) -> Iterator[frozenset[str]]:
    """Give each set of some of the parts, the smallest first."""
    for size in range(len(parts) + 1):
        yield from map(frozenset, combinations(parts, size))
