"""Good choices at once: greedy, improved by swaps."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from stemgeo.siting.cover import Cover
    from stemgeo.siting.rules import SearchRules

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Mask = NDArray[np.bool_]
    Score = Callable[["WorkingPlan"], Floats | Ints]

SWAP_ROUNDS = 50
"""Rounds of swaps at most; a few find none any more."""


class WorkingPlan:
    """Chosen places that change, with what each further place would add, kept up to date.

    That gains only fall as places are added is what a lazy greedy uses; here the gains of just
    those places change that share a unit with the added one, which costs less still.
    """

    def __init__(self, cover: Cover, by_unit: csr_array | None = None) -> None:
        self.cover = cover
        self.by_unit = cover.reach.T.tocsr() if by_unit is None else by_unit
        self.chosen = np.zeros(cover.places, bool)
        self.counts = np.zeros(cover.units, np.int64)
        self.gain: Ints = cover.own + cover.reach @ cover.first
        self.value = 0

    def units_of(self, place: int) -> Indices:
        """List the units that a place has within reach."""
        start, end = self.cover.reach.indptr[place : place + 2]
        return np.asarray(self.cover.reach.indices[start:end])

    def find_worth(self, units: Indices, counts: Ints) -> Ints:
        """Give what one service more is worth to units served so many times."""
        first, second = self.cover.first[units], self.cover.second[units]
        return np.where(counts == 0, first, np.where(counts == 1, second, 0))

    def find_changes(self, units: Indices, counts: Ints) -> tuple[Indices, Ints]:
        """Give the places, and how much their gains change, if units were served so many times."""
        before = self.find_worth(units, self.counts[units])
        moved = self.find_worth(units, counts) - before
        told = moved != 0
        # The rows of a matrix, without the making of another: this is done for each place, so
        # not by `list_ranges`, which says whose each is as well.
        rows, begin = units[told], self.by_unit.indptr
        sizes = begin[rows + 1] - begin[rows]
        last = np.cumsum(sizes)
        at = np.arange(sizes.sum()) + np.repeat(begin[rows] - last + sizes, sizes)
        return self.by_unit.indices[at], np.repeat(moved[told], sizes)

    def _serve_units(self, place: int, step: int) -> None:
        units = self.units_of(place)
        counts = self.counts[units] + step
        places, moved = self.find_changes(units, counts)
        np.add.at(self.gain, places, moved)
        self.counts[units] = counts

    def add(self, place: int) -> int:
        """Choose a place; give what it adds."""
        gain = int(self.gain[place])
        self._serve_units(place, 1)
        self.chosen[place] = True
        self.value += gain
        return gain

    def drop(self, place: int) -> int:
        """Leave a place; give what that loses."""
        self._serve_units(place, -1)
        self.chosen[place] = False
        loss = int(self.gain[place])
        self.value -= loss
        return loss

    @property
    def places(self) -> Indices:
        """The chosen places."""
        return np.flatnonzero(self.chosen)


def score_by_gain(plan: WorkingPlan) -> Ints:
    """Score places by what they add."""
    return plan.gain


def score_by_gain_per_cost(plan: WorkingPlan) -> Floats:
    """Score places by what they add for each cent; those that cost nothing come first."""
    cost = np.maximum(plan.cover.cost, 0.5)
    return np.asarray(plan.gain / cost)


def complete_plan(plan: WorkingPlan, rules: SearchRules, score: Score) -> list[int]:
    """Add the best place that the rules allow, over and over, until none adds anything.

    Provinces that lack children within reach come first, then the score; at the end the floors are
    filled. Of equals the smaller index.

    Parameters
    ----------
    plan
        The choice so far; it grows.
    rules
        What it must keep to.
    score
        What a place is worth, by place.

    Returns
    -------
    list of int
        The places added, in order.
    """
    added: list[int] = []
    while True:
        allowed = rules.find_addable(plan.cover, plan.chosen)
        place = _find_most_urgent(plan, rules, allowed)
        if place is None:
            place = _best_allowed(score(plan), allowed & (plan.gain > 0))
        if place is None:
            used = np.bincount(plan.cover.province[plan.chosen], minlength=len(rules.floor))
            allowed &= (used < rules.floor)[plan.cover.province]
            place = _best_allowed(score(plan), allowed)
        if place is None:
            return added
        plan.add(place)
        added.append(place)


def _best_allowed(scores: Floats | Ints, allowed: Mask) -> int | None:
    if not allowed.any():
        return None
    return int(np.argmax(np.where(allowed, scores, -1)))


def _find_most_urgent(plan: WorkingPlan, rules: SearchRules, allowed: Mask) -> int | None:
    """Give the place that brings most children to provinces still short of them, or None."""
    if not rules.needs.any():
        return None
    short = rules.find_lacking(plan.cover, plan.counts) > 0
    if not short.any():
        return None
    province = plan.cover.province_of_unit
    counted = (plan.counts == 0) & (province >= 0)
    counted[counted] &= short[province[counted]]
    children = plan.cover.reach @ np.where(counted, plan.cover.children, 0)
    return _best_allowed(children, allowed & (children > 0))


def swap_places(plan: WorkingPlan, rules: SearchRules, score: Score, deadline: float) -> None:
    """Replace one place by another as long as that adds something (Teitz and Bart 1968).

    Parameters
    ----------
    plan
        Changed into one that no swap betters.
    rules
        The limits.
    score
        Fills up what a swap leaves free.
    deadline
        Of `time.perf_counter`: swaps stop there.
    """
    for _ in range(SWAP_ROUNDS):
        before = plan.value
        for place in plan.places.tolist():
            if time.perf_counter() > deadline:
                return
            _swap_one(plan, rules, place)
        complete_plan(plan, rules, score)
        if plan.value == before:
            return


def _swap_one(plan: WorkingPlan, rules: SearchRules, place: int) -> None:
    """Replace a place by the one that adds most in its stead, if that is more."""
    without = plan.chosen.copy()
    without[place] = False
    units = plan.units_of(place)
    places, moved = plan.find_changes(units, plan.counts[units] - 1)
    gain = plan.gain.copy()
    np.add.at(gain, places, moved)
    allowed = rules.find_addable(plan.cover, without)
    other = _best_allowed(gain, allowed & (gain > gain[place]))
    if other is None:
        return
    plan.drop(place)
    plan.add(other)
    if rules.needs.any() and rules.find_lacking(plan.cover, plan.counts).any():
        plan.drop(other)
        plan.add(place)


@dataclass(frozen=True)
class Order:
    """Places in the order in which greedy takes them, and what each adds."""

    chosen: Indices
    gains: Ints


def order_places(cover: Cover, chosen: Indices) -> Order:
    """Put chosen places in order of what each adds; of equals the smaller index first."""
    plan = WorkingPlan(cover.keep_places(_mask_places(chosen, cover.places)))
    numbers = np.sort(chosen)
    left = np.ones(len(numbers), bool)
    places, gains = [], []
    while left.any():
        place = int(np.argmax(np.where(left, plan.gain, -1)))
        gains.append(plan.add(place))
        left[place] = False
        places.append(int(numbers[place]))
    return Order(np.array(places, np.intp), np.array(gains, np.int64))


def _mask_places(chosen: Indices, places: int) -> Mask:
    mask = np.zeros(places, bool)
    mask[chosen] = True
    return mask
