"""The demand that is still to be won, cut down to what a best choice depends on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from stemgeo.siting.choices import find_pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from stemgeo.siting.choices import Choices

    Ints = NDArray[np.int64]
    Indices = NDArray[np.intp]
    Mask = NDArray[np.bool_]

NO_FLOOR = -1
"""The province of a unit whose children no floor counts."""

DOMINANCE_PAIRS = 300_000_000
"""Shared units looked at for dominated places: beyond (seconds of work) none are looked for."""


@dataclass(frozen=True)
class Cover:
    """Units that open academies leave open, merged where the same places reach them.

    A choice comes to the sum of `first` over the units with one chosen place or more, of `second`
    over those with two or more, and of `own` over the chosen places.

    Parameters
    ----------
    reach
        Places x units, ones.
    first, second
        What a unit counts for when a first and a second place has it within reach.
    own
        What only this place can bring.
    children, province_of_unit
        Children whom a floor counts and whose; `NO_FLOOR` and 0 where none does.
    cost, province
        Of each place: its cost in cents (0 when there is no budget), its province.
    kept
        The number of each place among all choices.
    """

    reach: csr_array
    first: Ints
    second: Ints
    own: Ints
    children: Ints
    province_of_unit: Indices
    cost: Ints
    province: Indices
    kept: Indices

    @property
    def places(self) -> int:
        """Number of places."""
        return int(self.reach.shape[0])

    @property
    def units(self) -> int:
        """Number of units."""
        return int(self.reach.shape[1])

    def count_by_unit(self, chosen: Indices) -> Ints:
        """Count by unit the chosen places that have it within reach."""
        one = np.zeros(self.places, np.int64)
        one[chosen] = 1
        return np.asarray(self.reach.T @ one)

    def value_of(self, chosen: Indices) -> int:
        """Give what a choice comes to."""
        counts = self.count_by_unit(chosen)
        return int(
            self.first[counts >= 1].sum()
            + self.second[counts >= 2].sum()
            + self.own[np.unique(chosen)].sum()
        )

    def keep_places(self, kept: Mask) -> Cover:
        """Leave out the other places."""
        return replace(
            self,
            reach=self.reach[np.flatnonzero(kept)],
            own=self.own[kept],
            cost=self.cost[kept],
            province=self.province[kept],
            kept=self.kept[kept],
        )

    def keep_units(self, kept: Mask) -> Cover:
        """Leave out the other units."""
        return replace(
            self,
            reach=self.reach[:, np.flatnonzero(kept)],
            first=self.first[kept],
            second=self.second[kept],
            children=self.children[kept],
            province_of_unit=self.province_of_unit[kept],
        )


def find_open_demand(
    choices: Choices, first: Ints, second: Ints, floors: Mapping[int, int]
) -> Cover:
    """Give what is still to be won: what is served already, or by no place, is left out.

    Parameters
    ----------
    choices
        The places and units.
    first, second
        What each unit counts for when it is served, and when it is served twice.
    floors
        The children still needed by province: their units stay, whatever they count for.
    """
    once, open_ = choices.served == 1, choices.served == 0
    floored = open_ & np.isin(choices.province_of_unit, list(floors)) & (choices.children > 0)
    whole = Cover(
        reach=find_pattern(choices.reach),
        first=np.where(open_, first, np.where(once, second, 0)),
        second=np.where(open_, second, 0),
        own=np.zeros(choices.places, np.int64),
        children=np.where(floored, choices.children, 0),
        province_of_unit=np.where(floored, choices.province_of_unit, NO_FLOOR),
        cost=choices.cost_cents.astype(np.int64),
        province=choices.province_of_place.astype(np.intp),
        kept=np.arange(choices.places),
    )
    counts = (whole.first > 0) | (whole.second > 0) | (whole.children > 0)
    return merge_units(whole.keep_units(counts))


def merge_units(cover: Cover) -> Cover:
    """Make one of the units that the same places reach; drop those that none reaches.

    The units come in an order that follows from their places alone, so that the order in which
    they were given settles nothing.
    """
    by_unit = cover.reach.T.tocsr()
    by_unit.sort_indices()
    size = np.diff(by_unit.indptr)
    keys = np.random.default_rng(0).integers(1, 2**62, cover.places, dtype=np.int64)
    mark = by_unit @ keys
    order = np.lexsort((cover.province_of_unit, mark, size))
    order = order[size[order] > 0]
    if not len(order):
        return cover.keep_units(np.zeros(cover.units, bool))
    alike = _same_places(by_unit, order) & (np.diff(cover.province_of_unit[order]) == 0)
    starts = np.flatnonzero(np.append(True, ~alike))
    leaders = order[starts]
    return replace(
        cover,
        reach=by_unit[leaders].T.tocsr(),
        first=np.add.reduceat(cover.first[order], starts),
        second=np.add.reduceat(cover.second[order], starts),
        children=np.add.reduceat(cover.children[order], starts),
        province_of_unit=cover.province_of_unit[leaders],
    )


def _same_places(by_unit: csr_array, order: Indices) -> Mask:
    """Tell of each unit in an order, from the second on, whether the one before has its places."""
    rows = by_unit[order]
    size = np.diff(rows.indptr)
    same = size[1:] == size[:-1]
    # Entry k of a unit lies exactly its size after entry k of the one before, if they are alike.
    before = np.arange(rows.nnz) - np.repeat(size, size)
    equal = rows.indices == rows.indices[np.maximum(before, 0)]
    differing = np.add.reduceat(~equal, rows.indptr[:-1])
    return np.asarray(same & (differing[1:] == 0))


def drop_dominated(cover: Cover, groups: Indices) -> Cover:
    """Leave out places that another replaces at no higher cost; of equals the first stays.

    Only for covers without a `second`: a place that adds no first service may add a second one.

    Parameters
    ----------
    cover
        The places and units.
    groups
        Of each place; one is only replaced by another of its group. All alike where limits do
        not tell places apart.
    """
    per_unit = np.diff(cover.reach.T.tocsr().indptr).astype(np.float64)
    if cover.places == 0 or per_unit @ per_unit > DOMINANCE_PAIRS:
        return cover
    shared = (cover.reach @ cover.reach.T).tocoo()
    one, other = shared.coords
    size = np.diff(cover.reach.indptr)
    inside = (shared.data == size[one]) & (one != other)
    one, other = one[inside], other[inside]
    cost, own = cover.cost, cover.own
    fits = (cost[other] <= cost[one]) & (own[one] == 0) & (groups[one] == groups[other])
    more = (size[other] > size[one]) | (cost[other] < cost[one]) | (own[other] > 0)
    fits &= more | (other < one)
    kept = (size > 0) | (own > 0)
    kept[one[fits]] = False
    return cover.keep_places(kept)


def give_own(cover: Cover) -> Cover:
    """Give a place what only it can bring; the units it comes from leave the search."""
    by_unit = cover.reach.T.tocsr()
    alone = (np.diff(by_unit.indptr) == 1) & (cover.province_of_unit == NO_FLOOR)
    own = cover.own.copy()
    np.add.at(own, by_unit[np.flatnonzero(alone)].indices, cover.first[alone])
    return replace(cover.keep_units(~alone), own=own)
