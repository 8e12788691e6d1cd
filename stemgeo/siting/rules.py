"""Limits as a search meets them: which place may still be added."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from stemgeo.siting.choices import needs_by_province

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stemgeo.siting.choices import Choices, Limits
    from stemgeo.siting.cover import Cover

    Ints = NDArray[np.int64]
    Indices = NDArray[np.intp]
    Mask = NDArray[np.bool_]

NO_BUDGET = -1


@dataclass(frozen=True)
class Cut:
    """Of some places at least so many and at most so many are chosen, within the limits."""

    places: Indices
    least: float
    most: float


def cut_above(cost: Ints, budget: int, chosen: Indices) -> Cut:
    """Cut off a choice that costs too much: a minimal cover, and all that is as dear.

    The cheapest are left out as long as the others still cost too much; of what is left, and of
    places that cost no less, as many are too dear (Balas 1975, Mathematical Programming 8).

    Parameters
    ----------
    cost
        Of each place, cents.
    budget
        Cents.
    chosen
        Places that cost more together.
    """
    order = chosen[np.lexsort((chosen, cost[chosen]))]
    kept = order[np.cumsum(cost[order]) >= int(cost[order].sum()) - budget]
    dear = cost >= cost[kept].max()
    dear[kept] = True
    return Cut(np.flatnonzero(dear), -np.inf, len(kept) - 1)


def cut_short(gain: Ints, lacking: int, chosen: Indices) -> Cut:
    """Cut off a choice that falls short: one of the places that could make up for it is needed.

    Parameters
    ----------
    gain
        What each place would add by itself to what is short; together they add no more than that.
    lacking
        What is short, above 0.
    chosen
        The choice.
    """
    outside = np.setdiff1d(np.arange(len(gain)), chosen)
    order = outside[np.argsort(gain[outside], kind="stable")]
    # With those that add least the choice is still short: one of the others it must be.
    needed = order[np.cumsum(gain[order]) >= lacking]
    return Cut(np.sort(needed), 1, np.inf)


@dataclass(frozen=True)
class SearchRules:
    """Limits on the number, the cost and the provinces of new places.

    Parameters
    ----------
    most
        The most places.
    budget
        The most cents; `NO_BUDGET` for none.
    floor, cap
        By province, the least and the most places.
    needs
        By province, the children still to be brought within reach.
    """

    most: int
    budget: int
    floor: Ints
    cap: Ints
    needs: Ints

    @classmethod
    def from_limits(cls, choices: Choices, limits: Limits) -> SearchRules:
        """Read the limits for some choices; they have been checked."""
        floor = np.zeros(choices.provinces, np.int64)
        for province, number in limits.floor_places.items():
            if number > 0:
                floor[province] = number
        needs = np.zeros(choices.provinces, np.int64)
        for province, need in needs_by_province(choices, limits).items():
            needs[province] = need
        most = choices.places if limits.places is None else limits.places
        cap = limits.most_of_a_province
        return cls(
            most,
            NO_BUDGET if limits.budget_cents is None else limits.budget_cents,
            floor,
            np.full(choices.provinces, most if cap is None else cap, np.int64),
            needs,
        )

    @property
    def caps_bind(self) -> bool:
        """Whether a province may get fewer places than there are to give."""
        return bool((self.cap < self.most).any())

    @property
    def floors_bind(self) -> bool:
        """Whether a province must get a place."""
        return bool((self.floor > 0).any())

    @cached_property
    def only_number(self) -> bool:
        """Whether the number of places is all that is limited."""
        budget = self.budget != NO_BUDGET
        return not (budget or self.caps_bind or self.floors_bind or self.needs.any())

    def find_addable(self, cover: Cover, chosen: Mask) -> Mask:
        """Tell which places may be added such that the floors can still be met."""
        if self.only_number:
            return ~chosen & (int(chosen.sum()) < self.most)
        used = np.bincount(cover.province[chosen], minlength=len(self.floor))
        missing = np.maximum(self.floor - used, 0)
        spare = self.most - int(chosen.sum()) - int(missing.sum())
        wanted = missing[cover.province] > 0
        fits = ~chosen & (used < self.cap)[cover.province]
        fits &= wanted & (spare >= 0) | (spare > 0)
        if self.budget == NO_BUDGET:
            return np.asarray(fits)
        left = self.budget - int(cover.cost[chosen].sum())
        total, last = self._find_reserve(cover, chosen, missing)
        needed = np.maximum(cover.cost - last[cover.province], 0) * wanted
        needed += cover.cost * ~wanted
        return np.asarray(fits & (total + needed <= left))

    def _find_reserve(self, cover: Cover, chosen: Mask, missing: Ints) -> tuple[int, Ints]:
        """Give the least cost of the missing places, and of each province its dearest of them."""
        total, last = 0, np.zeros(len(missing), np.int64)
        for province in np.flatnonzero(missing):
            costs = np.sort(cover.cost[~chosen & (cover.province == province)])
            needed = costs[: missing[province]]
            total += int(needed.sum())
            last[province] = needed[-1] if len(needed) else 0
        return total, last

    def find_lacking(self, cover: Cover, counts: Ints) -> Ints:
        """Give by province the children still needed, with units served so many times."""
        won = np.zeros(len(self.needs), np.int64)
        counted = (counts > 0) & (cover.province_of_unit >= 0)
        np.add.at(won, cover.province_of_unit[counted], cover.children[counted])
        return np.asarray(np.maximum(self.needs - won, 0))

    def are_kept_by(self, cover: Cover, chosen: Indices) -> bool:
        """Tell whether a choice is within all limits."""
        used = np.bincount(cover.province[chosen], minlength=len(self.floor))
        return bool(
            len(chosen) <= self.most
            and (self.budget == NO_BUDGET or cover.cost[chosen].sum() <= self.budget)
            and (used >= self.floor).all()
            and (used <= self.cap).all()
            and not self.find_lacking(cover, cover.count_by_unit(chosen)).any()
        )

    def find_broken(self, cover: Cover, chosen: Indices) -> Cut | None:
        """Give what a choice breaks and none within the limits does; None if it keeps them all."""
        if self.budget != NO_BUDGET and cover.cost[chosen].sum() > self.budget:
            return cut_above(cover.cost, self.budget, chosen)
        counts = cover.count_by_unit(chosen)
        lacking = self.find_lacking(cover, counts)
        used = np.bincount(cover.province[chosen], minlength=len(self.floor))
        for province in np.flatnonzero(lacking):
            missed = (cover.province_of_unit == province) & (counts == 0)
            gain = cover.reach @ np.where(missed, cover.children, 0)
            return cut_short(gain, int(lacking[province]), chosen)
        for province in np.flatnonzero(used < self.floor):
            gain = (cover.province == province).astype(np.int64)
            return cut_short(gain, int(self.floor[province] - used[province]), chosen)
        for province in np.flatnonzero(used > self.cap):
            here = np.flatnonzero(cover.province == province)
            return Cut(here, -np.inf, int(self.cap[province]))
        if len(chosen) > self.most:
            return Cut(np.arange(cover.places), -np.inf, self.most)
        return None
