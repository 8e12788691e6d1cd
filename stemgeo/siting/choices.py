"""What can be chosen, under which limits, and what a choice comes to."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from stemgeo import speech
from stemgeo.errors import Findings
from stemgeo.study import SOLVING_S

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    Ints = NDArray[np.int64]
    Indices = NDArray[np.intp]

WHERE = "siting"
"""Where a problem with a choice is said to be."""

LARGEST_TOTAL = 2**52
"""Above this total a 64-bit float no longer tells whole numbers apart with room to spare."""


@dataclass(frozen=True)
class Choices:
    """The places that can be chosen, and the demand units that each would serve.

    The order of the places settles ties (the smaller index first): sort them by their id. The
    order of the units settles nothing.

    Parameters
    ----------
    reach
        Places x units, any kind of number: a unit is within reach of a place where an entry that is
        not 0 is stored.
    weight
        What a unit counts for, whole and not negative: its children, times a weight.
    served
        How many open academies have the unit within reach already; two or more are alike.
    cost_cents
        What each place costs, in cents.
    province_of_place, province_of_unit
        The province of each, as a number from 0 on.
    children
        Children of each unit, for shares and floors.
    names
        What provinces are called in messages; by number where a name is missing.
    """

    reach: csr_array
    weight: Ints
    served: Ints
    cost_cents: Ints
    province_of_place: Indices
    province_of_unit: Indices
    children: Ints
    names: Mapping[int, str] = field(default_factory=dict)

    @property
    def places(self) -> int:
        """Number of places."""
        return int(self.reach.shape[0])

    @property
    def units(self) -> int:
        """Number of demand units."""
        return int(self.reach.shape[1])

    @property
    def provinces(self) -> int:
        """One more than the largest number of a province."""
        both = (self.province_of_place, self.province_of_unit)
        return max((int(numbers.max()) + 1 for numbers in both if len(numbers)), default=0)

    def province_name(self, province: int) -> str:
        """Say which province is meant."""
        return self.names.get(province, f"province {province}")

    def count_reached(self, chosen: Indices) -> Ints:
        """Count by unit the academies that have it within reach, the chosen places with them."""
        one = np.zeros(self.places, np.int64)
        one[chosen] = 1
        return np.asarray(self.served + find_pattern(self.reach).T @ one)

    def children_by_province(self, units: NDArray[np.bool_]) -> Ints:
        """Add up the children of some units by province."""
        totals = np.zeros(self.provinces, np.int64)
        np.add.at(totals, self.province_of_unit[units], self.children[units])
        return totals

    def check_arrays(self) -> None:
        """Raise `InputError` unless the arrays fit each other and hold what they should."""
        found = Findings()
        for name, length in (
            *((name, self.places) for name in ("cost_cents", "province_of_place")),
            *((name, self.units) for name in ("weight", "served", "province_of_unit", "children")),
        ):
            values = getattr(self, name)
            if values.shape != (length,):
                found.error(WHERE, f"{name} has the shape {values.shape}, not ({length},)")
            elif values.dtype.kind not in "iu":
                found.error(WHERE, f"{name} holds {values.dtype}", "give whole numbers")
            elif (values < 0).any():
                found.error(WHERE, f"{name} holds a negative number")
        found.raise_errors()
        for name in ("weight", "children", "cost_cents"):
            if float(getattr(self, name).sum(dtype=np.float64)) > LARGEST_TOTAL:
                found.error(WHERE, f"{name} adds up to more than {LARGEST_TOTAL:,}")
        found.raise_errors()


@dataclass(frozen=True)
class Limits:
    """What a choice must keep to; None or an empty mapping sets no limit.

    Parameters
    ----------
    places
        The most new places. Fewer are chosen when no further one adds anything.
    budget_cents
        The most that they may cost together, in cents; never passed by one.
    floor_places
        By province, the least number of new places in it.
    floor_share
        By province, the least share (0 to 1) of its children within reach, with what is open.
    largest_share
        No province gets more than this share (0 to 1) of `places`, rounded down.
    time_limit_s
        Seconds after which the best so far is given with its bound.
    """

    places: int | None = None
    budget_cents: int | None = None
    floor_places: Mapping[int, int] = field(default_factory=dict)
    floor_share: Mapping[int, float] = field(default_factory=dict)
    largest_share: float | None = None
    time_limit_s: float = SOLVING_S

    @property
    def most_of_a_province(self) -> int | None:
        """The most places that one province may get, or None."""
        if self.largest_share is None or self.places is None:
            return None
        return int(exact_fraction(self.largest_share) * self.places)


@dataclass(frozen=True)
class Left:
    """What was left to search after the reductions."""

    places: int
    units: int


@dataclass(frozen=True)
class Solution:
    """A choice of places, what it comes to, and how much better any other could be.

    Parameters
    ----------
    chosen
        The places in order of what each adds to those before it; of two that add as much, the
        smaller index first.
    gains
        What each adds, in the order of `chosen`; never rises.
    objective
        What the choice comes to, recomputed in whole numbers from `chosen`.
    already
        What the open academies come to by themselves: part of `objective`.
    bound
        No choice within the limits comes to more (to less, where the least is sought).
    optimal
        Whether that is proven: the bound is the objective.
    seconds
        Time taken.
    unreachable
        Units with children that neither an open academy nor any place has within reach.
    left
        What the reductions left to search.
    """

    chosen: Indices
    gains: Ints
    objective: int
    already: int
    bound: int
    optimal: bool
    seconds: float
    unreachable: Indices
    left: Left

    @property
    def gap(self) -> float:
        """How far the bound lies from the objective, as a share of the objective."""
        return abs(self.bound - self.objective) / max(1, abs(self.objective))


def find_pattern(reach: csr_array) -> csr_array:
    """Give where entries other than 0 are stored: ones, each once, in order."""
    from scipy.sparse import csr_array

    found = reach.tocoo()
    rows, columns = (axis[found.data != 0] for axis in found.coords)
    ones = csr_array((np.ones(len(rows), np.int64), (rows, columns)), shape=reach.shape)
    ones.sum_duplicates()
    ones.data[:] = 1
    return ones


def exact_fraction(share: float) -> Fraction:
    """Give the number that was written: 0.95 is 19/20, which no float is."""
    return Fraction(str(share))


def least_children(share: float, children: int) -> int:
    """Give the least whole number of children that is the stated share of all."""
    need = exact_fraction(share) * children
    return -(-need.numerator // need.denominator)


def needs_by_province(choices: Choices, limits: Limits) -> dict[int, int]:
    """Give by province the children still to be brought within reach for its least share."""
    everyone = choices.children_by_province(np.ones(choices.units, bool))
    served = choices.children_by_province(choices.served > 0)
    needs = {
        province: least_children(share, int(everyone[province])) - int(served[province])
        for province, share in sorted(limits.floor_share.items())
        if province < choices.provinces
    }
    return {province: need for province, need in needs.items() if need > 0}


def check_limits(choices: Choices, limits: Limits) -> None:
    """Raise `InputError` for limits that no choice can keep, each named, all at once."""
    found = Findings()
    _check_numbers(choices, limits, found)
    found.raise_errors()
    _check_floor_places(choices, limits, found)
    _check_floor_share(choices, limits, found)
    found.raise_errors()


def _check_numbers(choices: Choices, limits: Limits, found: Findings) -> None:
    if limits.places is not None and not 0 <= limits.places <= choices.places:
        what = f"{limits.places:,} places asked for, {choices.places:,} to choose from"
        found.error(WHERE, what, "ask for fewer or give more candidates")
    if limits.budget_cents is not None and choices.places:
        cheapest = int(choices.cost_cents.min())
        if limits.budget_cents < cheapest:
            what = f"the budget of {_write_euros(limits.budget_cents)} is below the cheapest place"
            found.error(WHERE, what, f"raise it to {_write_euros(cheapest)} or more")
    if limits.largest_share is not None:
        if limits.places is None:
            what = "a largest share of the new places needs their number"
            found.error(WHERE, what, "give the number of places as well")
        if not 0 <= limits.largest_share <= 1:
            found.error(WHERE, f"the largest share is {limits.largest_share}", "give 0 to 1")
    for province, share in sorted(limits.floor_share.items()):
        if not 0 <= share <= 1:
            found.error(
                WHERE,
                f"{choices.province_name(province)}: the least share is {share}",
                "give 0 to 1",
            )
    for province, number in sorted(limits.floor_places.items()):
        if number < 0:
            found.error(
                WHERE,
                f"{choices.province_name(province)}: at least {number} places",
                "give 0 or more",
            )
    if not limits.time_limit_s >= 0:
        found.error(WHERE, f"the time limit is {limits.time_limit_s} s", "give 0 or more")


def _check_floor_places(choices: Choices, limits: Limits, found: Findings) -> None:
    floors = {p: n for p, n in sorted(limits.floor_places.items()) if n > 0}
    if not floors:
        return
    there = np.bincount(choices.province_of_place, minlength=max(choices.provinces, *floors) + 1)
    most = limits.most_of_a_province
    cheapest = 0
    for province, floor in floors.items():
        name = choices.province_name(province)
        if floor > there[province]:
            what = f"{name}: at least {floor} new places asked for, it has {there[province]}"
            found.error(WHERE, what, "lower its floor or give more candidates there")
        if most is not None and floor > most:
            what = f"{name}: at least {floor} new places asked for, at most {most} allowed"
            found.error(WHERE, what, "lower its floor or raise the largest share")
        costs = np.sort(choices.cost_cents[choices.province_of_place == province])
        cheapest += int(costs[:floor].sum())
    together = sum(floors.values())
    of_each = ", ".join(f"{choices.province_name(p)} {n}" for p, n in floors.items())
    if limits.places is not None and together > limits.places:
        what = f"the floors add up to {together} places, above {limits.places} ({of_each})"
        found.error(WHERE, what, "lower a floor or raise the number")
    if limits.budget_cents is not None and cheapest > limits.budget_cents:
        what = f"the floors cost {_write_euros(cheapest)} or more, above the budget ({of_each})"
        found.error(WHERE, what, "lower a floor or raise the budget")


def _check_floor_share(choices: Choices, limits: Limits, found: Findings) -> None:
    needs = needs_by_province(choices, limits)
    if not needs:
        return
    reachable = (choices.served == 0) & (choices.count_reached(np.arange(choices.places)) > 0)
    could = choices.children_by_province(reachable)
    for province, need in needs.items():
        if could[province] < need:
            what = (
                f"{choices.province_name(province)}: {need:,} more children are needed for its "
                "least "
                f"share, all places together reach {could[province]:,}"
            )
            found.error(WHERE, what, "lower its floor or give more candidates near it")


def _write_euros(cents: int) -> str:
    return f"{speech.format_cents(cents, 'en')} euro"
