"""Which changes together bring most children within reach: roads and academies weighed in one way.

Gains do not add up, and two halves of one ride bring nothing alone: so each choice is counted on
top of those before it, pairs and chains are options as well, and what was chosen is swapped as long
as that brings more. Of few options the best is proved.

The proof rests on one thing alone: more is never worse. Where a set of changes, as large as it can
be, leaves a child out of reach, one of the others must be done for that child. HiGHS finds the
best choice under all such rules that are known; what it promises and a count does not keep gives
the next rules, until a count keeps all of it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import csc_array, csr_array

from stemgeo.links.gains import Options, sum_children
from stemgeo.siting.program import CHOSEN, Program, give_leeway, solve_whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from stemgeo.links.gains import Done, RoadGains, RoadSearch

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Longs = NDArray[np.int64]
    _Row = tuple[NDArray[np.integer], Floats, float]

SWAP_ROUNDS = 3
"""Rounds of swaps at most; one or two find none any more."""

PROVED_OPTIONS = 150
"""Of more options the best is not proved: each rule takes as many counts."""

NOT_KNOWN = -1
"""In the place of cents."""


class Together(NamedTuple):
    """Options that are done together.

    Attributes
    ----------
    chosen
        Their numbers, in the order in which each adds most to those before it.
    adds
        The children whom each brings within reach besides, shape (chosen,).
    bound
        No other choice within the limits brings more; None where that was not asked.
    optimal
        Whether none brings more than this one.
    """

    chosen: tuple[int, ...]
    adds: tuple[int, ...]
    bound: int | None
    optimal: bool


@dataclass(frozen=True, eq=False)
class _SetLimits:
    """How many options, what edits and academies cost, and how much there is to spend.

    Things are edits, and then academies; `of` says which each option does, shape (options, things).
    """

    of: csr_array
    most: int
    cents: Longs
    budget: int | None

    @classmethod
    def from_options(
        cls,
        options: Options,
        things: tuple[int, int],
        most: int,
        cents: tuple[Longs | None, Longs | None],
        budget: int | None,
    ) -> _SetLimits:
        edits, sites = things
        owner = np.repeat(np.arange(len(options)), np.diff(options.first))
        of_site = np.repeat(np.arange(len(options)), np.diff(options.first_site))
        row = np.append(owner, of_site)
        column = np.append(options.edit, edits + options.site)
        shape = len(options), edits + sites
        of = csr_array((np.ones(len(row), np.int64), (row, column)), shape=shape)
        of.sum_duplicates()
        of.data[:] = 1
        every = [
            np.zeros(count, np.int64) if one is None else np.asarray(one, np.int64)
            for one, count in zip(cents, things, strict=True)
        ]
        return cls(of, most, np.concatenate(every), budget)

    @property
    def known(self) -> Bools:
        """Which options may be chosen: under a budget those alone of which the cost is known."""
        if self.budget is None:
            return np.ones(self.of.shape[0], dtype=np.bool_)
        return np.asarray(self.of @ (self.cents < 0).astype(np.int64) == 0)

    def list_things(self, chosen: Sequence[int]) -> Bools:
        """Say which things are done, shape (things,)."""
        done = np.zeros(self.of.shape[1], dtype=np.bool_)
        for one in chosen:
            done[self.of.indices[self.of.indptr[one] : self.of.indptr[one + 1]]] = True
        return done

    def add_cost(self, chosen: Sequence[int]) -> Longs:
        """Say what each option costs besides those that are chosen: a thing is paid once."""
        left = np.where(self.list_things(chosen), 0, np.maximum(self.cents, 0))
        return np.asarray(self.of @ left)

    def keep(self, chosen: Sequence[int]) -> bool:
        """Whether a choice is within the limits."""
        cost = int(np.maximum(self.cents, 0)[self.list_things(chosen)].sum())
        return len(chosen) <= self.most and (self.budget is None or cost <= self.budget)

    def find_addable(self, chosen: Sequence[int]) -> Bools:
        """Say which options may be added to a choice."""
        if len(chosen) >= self.most:
            return np.zeros(self.of.shape[0], dtype=np.bool_)
        allowed = self.known
        allowed[list(chosen)] = False
        if self.budget is not None:
            spent = int(np.maximum(self.cents, 0)[self.list_things(chosen)].sum())
            allowed &= spent + self.add_cost(chosen) <= self.budget
        return allowed


@dataclass(eq=False)
class _Choice:
    """Options that are chosen, and what they bring: it grows, and is begun anew."""

    searches: Sequence[RoadSearch]
    options: Options
    limits: _SetLimits
    chosen: list[int] = field(default_factory=list)
    adds: list[int] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)

    def begin(self, chosen: Sequence[int] = ()) -> _Choice:
        """Begin anew with some options."""
        new = _Choice(self.searches, self.options, self.limits)
        new.done = [search.begin() for search in self.searches]
        for one in chosen:
            new.add(one)
        return new

    @property
    def total(self) -> int:
        """The children whom they bring within reach."""
        return sum(self.adds)

    def add(self, option: int) -> None:
        """Choose an option."""
        adds = 0
        for search, done in zip(self.searches, self.done, strict=True):
            gained = search.do(self.options.take([option]), done)
            adds += int(search.children[gained].sum())
        self.chosen.append(option)
        self.adds.append(adds)

    def count_more(self, which: Indices) -> Longs:
        """Count the children whom each of some options brings besides, shape (options,)."""
        more = np.zeros(self.limits.of.shape[0], dtype=np.int64)
        some = self.options.take(which)
        for search, done in zip(self.searches, self.done, strict=True):
            first, gained = search.try_options(some, done)
            more[which] += sum_children(first, gained, search.children).sum(axis=1)
        return more

    def complete(self, *, by_cost: bool) -> None:
        """Add what brings most, for each cent or in all, until nothing more is brought."""
        while True:
            allowed = self.limits.find_addable(self.chosen)
            more = self.count_more(np.flatnonzero(allowed)) * allowed
            if not more.any():
                return
            cost = np.maximum(self.limits.add_cost(self.chosen), 0.5) if by_cost else 1.0
            self.add(int(np.argmax(more / cost)))


def choose_together(
    gains: RoadGains,
    options: Options,
    *,
    profile: str,
    most: int,
    edit_cents: Longs | None = None,
    site_cents: Longs | None = None,
    budget_cents: int | None = None,
    seconds: float = 60.0,
) -> Together:
    """Choose the options that together bring most children within reach, at the central speeds.

    Parameters
    ----------
    gains
        Of the study.
    options
        What may be done: edits, pairs and chains of them, and academies.
    profile
        Over which roads.
    most
        So many options at most.
    edit_cents, site_cents
        What each edit and each academy costs, whole cents; NOT_KNOWN where nobody knows. An edit
        that two options share is paid once.
    budget_cents
        What there is to spend. Then nothing is chosen of which the cost is not known.
    seconds
        For the proof. One that takes longer leaves the best that was found, and a bound.
    """
    sites = 0 if gains.places is None else len(gains.places)
    things = len(gains.laid.first) - 1, sites
    limits = _SetLimits.from_options(options, things, most, (edit_cents, site_cents), budget_cents)
    searches = list(gains.list_searches([profile], ["central"]))
    nothing = _Choice(searches, options, limits).begin()
    best = _choose_well(nothing)
    bound: int | None = None
    if len(options) <= PROVED_OPTIONS and searches:
        best, bound = _Proof(nothing, time.perf_counter() + seconds).improve(best)
    best = _order(best)
    total = best.total
    optimal = not searches or bound == total
    return Together(tuple(best.chosen), tuple(best.adds), bound if searches else 0, optimal)


def _choose_well(nothing: _Choice) -> _Choice:
    """Choose greedily, and by swaps; under a budget both by gains and by gains for each cent."""
    ways = (False,) if nothing.limits.budget is None else (False, True)
    found = []
    for by_cost in ways:
        choice = nothing.begin()
        choice.complete(by_cost=by_cost)
        found.append(_swap(choice, ways))
    return max(found, key=lambda one: one.total)


def _swap(choice: _Choice, ways: Sequence[bool]) -> _Choice:
    """Replace options by others as long as that brings more (Teitz and Bart 1968)."""
    for _ in range(SWAP_ROUNDS):
        before = choice.total
        for one, by_cost in product(tuple(choice.chosen), ways):
            others = choice.begin([other for other in choice.chosen if other != one])
            others.complete(by_cost=by_cost)
            choice = others if others.total > choice.total else choice
        if choice.total == before:
            break
    return choice


def _order(choice: _Choice) -> _Choice:
    """Put options in the order in which each adds most, without those that add nothing."""
    new, left = choice.begin(), [*choice.chosen]
    while left:
        more = new.count_more(np.array(left, dtype=np.intp))[left]
        if not more.any():
            # Two that bring something only together: the one that is written first comes first.
            if new.total == choice.total:
                break
            more = np.arange(len(left), 0, -1)
        new.add(left.pop(int(np.argmax(more))))
    return new


class _Rule(NamedTuple):
    """One of these things must be done, or these units stay out of reach."""

    things: Indices
    units: Bools


class _Proof:
    """The best choice, by rules of what each unit needs; see the top of the module.

    A unit is a point of a search that comes within reach when all is done that may be chosen.
    """

    def __init__(self, nothing: _Choice, deadline: float) -> None:
        self.nothing, self.deadline = nothing, deadline
        limits = nothing.limits
        self.allowed = np.flatnonzero(limits.known)
        self.things = np.flatnonzero(limits.list_things(self.allowed.tolist()))
        edits = len(nothing.searches[0].laid.first) - 1
        self.singly = Options.of_lists(
            [[one] if one < edits else [] for one in self.things.tolist()],
            [[one - edits] if one >= edits else [] for one in self.things.tolist()],
        )
        every = nothing.options.take(self.allowed)
        self.points, weights = [], []
        for search in nothing.searches:
            points = np.sort(search.do(every, search.begin()))
            self.points.append(points)
            weights.append(search.children[points].sum(axis=1))
        self.weights = np.concatenate(weights)
        self.rules: list[_Rule] = []
        self.too_dear: list[Indices] = []

    def improve(self, best: _Choice) -> tuple[_Choice, int]:
        """Give the best choice that is found, and what no choice brings more than."""
        bound = int(self.weights.sum())
        while bound > best.total and time.perf_counter() < self.deadline:
            limit_s = self.deadline - time.perf_counter()
            found = solve_whole(self._build_program(), None, np.zeros(0, np.intp), limit_s)
            bound = min(bound, int(np.floor(found.bound + give_leeway(bound))))
            if found.values is None or bound <= best.total:
                break
            chosen = self.allowed[found.values[: len(self.allowed)] > CHOSEN].tolist()
            if not self.nothing.limits.keep(chosen):
                things = self.nothing.limits.list_things(chosen)
                self.too_dear.append(np.flatnonzero(things[self.things]))
                continue
            choice = self.nothing.begin(chosen)
            best = choice if choice.total > best.total else best
            self._add_rules(chosen)
        return best, max(bound, best.total)

    def _add_rules(self, chosen: list[int]) -> None:
        """Find what is needed by each unit that a choice leaves out of reach."""
        begin = 0
        options = self.nothing.options.take(chosen)
        for search, points in zip(self.nothing.searches, self.points, strict=True):
            done = search.begin()
            search.do(options, done)
            left = done.state.gained[points] == 0
            weights = self.weights[begin : begin + len(points)]
            while left.any() and time.perf_counter() < self.deadline:
                most = search.begin(done)
                point = points[np.argmax(np.where(left, weights, -1))]
                needed = self._grow(search, most, point, chosen)
                out = most.state.gained[points] == 0
                units = np.zeros(len(self.weights), dtype=np.bool_)
                units[begin : begin + len(points)] = out
                self.rules.append(_Rule(needed, units))
                left &= ~out
            begin += len(points)

    def _grow(self, search: RoadSearch, done: Done, point: int, chosen: list[int]) -> Indices:
        """Do all that leaves a point out of reach; give the things that are left: it needs one."""
        there = self.nothing.limits.list_things(chosen)[self.things]
        parts, needed = [np.flatnonzero(~there)], []
        while parts:
            some = parts.pop()
            if not len(some):
                continue
            together = self.singly.take(some)
            _, gained = search.try_options(together.join(), done)
            if point not in gained:
                search.do(together, done)
            elif len(some) == 1:
                needed.append(some[0])
            else:
                parts += np.array_split(some, 2)
        return np.array(needed, dtype=np.intp)

    def _build_program(self) -> Program:
        """Write what is known: options that do things, and things that groups of units need.

        Units under the same rules are one column.
        """
        options, things = len(self.allowed), len(self.things)
        under = np.array([rule.units for rule in self.rules], dtype=np.bool_)
        under = under.reshape(len(self.rules), len(self.weights))
        alike, group = np.unique(under, axis=1, return_inverse=True)
        weights = np.bincount(group.ravel(), weights=self.weights, minlength=alike.shape[1])
        rows = self._limit_rows()
        for rule, groups in zip(self.rules, alike, strict=True):
            needed, minus = options + rule.things, np.full(len(rule.things), -1.0)
            for one in np.flatnonzero(groups) + options + things:
                rows.append((np.append(one, needed), np.append(1.0, minus), 0.0))
        first = np.append(0, np.cumsum([len(columns) for columns, _, _ in rows]))
        columns, values = (np.concatenate([row[at] for row in rows]) for at in (0, 1))
        shape = len(rows), options + things + len(weights)
        return Program(
            np.append(np.zeros(options + things), weights),
            csr_array((values, columns, first), shape=shape),
            np.full(len(rows), -np.inf),
            np.array([upper for _, _, upper in rows]),
            options + things,
        )

    def _limit_rows(self) -> list[_Row]:
        """Write the limits, and that a thing is done where an option that does it is chosen."""
        limits, options = self.nothing.limits, len(self.allowed)
        of = csc_array(limits.of[self.allowed][:, self.things])
        every = np.arange(options + len(self.things))
        rows: list[_Row] = [(every[:options], np.ones(options), float(limits.most))]
        if limits.budget is not None:
            cost = limits.cents[self.things].astype(np.float64)
            rows.append((every[options:], cost, limits.budget + give_leeway(limits.budget)))
        for thing in range(len(self.things)):
            by = of.indices[of.indptr[thing] : of.indptr[thing + 1]]
            at = options + thing
            rows.append((np.append(at, by), np.append(1.0, np.full(len(by), -1.0)), 0.0))
            rows += [(np.array([one, at]), np.array([1.0, -1.0]), 0.0) for one in by]
        for dear in self.too_dear:
            rows.append((options + dear, np.ones(len(dear)), len(dear) - 1.0))
        return rows
