"""What to hold a choice against: the curve of what so many more places would do."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from stemgeo.siting.choices import Limits, check_limits
from stemgeo.siting.cover import find_open_demand
from stemgeo.siting.greedy import WorkingPlan, complete_plan, score_by_gain, swap_places
from stemgeo.siting.program import solve_relaxed
from stemgeo.siting.rules import SearchRules
from stemgeo.siting.search import SHORT, build_program, reduce_cover, round_values
from stemgeo.study import SOLVING_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stemgeo.siting.choices import Choices
    from stemgeo.siting.cover import Cover
    from stemgeo.siting.program import Program

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Indices = NDArray[np.intp]

__all__ = ["Curve", "trace_curve"]

BOUND_WORK = 2_000_000
"""Entries over which relaxed programs are solved for a curve: some 25 seconds at most."""

BOUNDS = 4
"""Relaxed programs solved for a curve at the least; each bounds every number of places."""

MOST_BOUNDS = 12
"""And so many at the most."""

NEAR = 500
"""A bound within a 500th part of what is won is near enough for a curve."""


@dataclass(frozen=True)
class Curve:
    """What 1, 2, 3, ... more places bring within reach.

    Parameters
    ----------
    already
        The weight within reach without any.
    greedy
        By number of places, from 1 on: the weight within reach when each is put where it adds most.
    best
        The best found with so many.
    bound
        No choice of so many has more.
    plans
        The places of `best`, ascending.
    """

    already: int
    greedy: Ints
    best: Ints
    bound: Ints
    plans: tuple[Indices, ...]


def trace_curve(choices: Choices, most: int, time_limit_s: float = SOLVING_S) -> Curve:
    """Say for 1 to `most` more places what they bring within reach, and what none can pass.

    Each number takes the better of greedy and of the number before with one more, both swapped.
    The bounds are Lagrange's, from relaxed programs at a few numbers: the multipliers of one
    number bound all others as well.

    Parameters
    ----------
    choices
        The places and units.
    most
        The largest number; at most as many as there are places.
    time_limit_s
        Seconds after which lines are no longer bettered.

    Returns
    -------
    Curve
        None of its lines ever falls.
    """
    deadline = time.perf_counter() + time_limit_s
    choices.check_arrays()
    check_limits(choices, Limits(places=most))
    numbers = np.arange(1, most + 1)
    rules = [SearchRules.from_limits(choices, Limits(places=int(number))) for number in numbers]
    if not most:
        none = np.zeros(0, np.int64)
        return Curve(_count_already(choices), none, none, none, ())
    cover = reduce_cover(_open_cover(choices), rules[-1])
    line, plans = _plan_each_number(cover, rules, deadline)
    bound = _bound_each_number(cover, rules, plans, deadline)
    already = _count_already(choices)
    plans, bound = _never_fall(plans, bound)
    best = np.array([plan.value for plan in plans], np.int64)
    kept = tuple(cover.kept[plan.places] for plan in plans)
    return Curve(already, already + line, already + best, already + bound, kept)


def _open_cover(choices: Choices) -> Cover:
    nothing = np.zeros_like(choices.weight)
    cover = find_open_demand(choices, choices.weight, nothing, {})
    # No budget here: what places cost must not keep two apart.
    return replace(cover, cost=np.zeros_like(cover.cost))


def _count_already(choices: Choices) -> int:
    return int(choices.weight[choices.served > 0].sum())


def _plan_each_number(
    cover: Cover, rules: list[SearchRules], deadline: float
) -> tuple[Ints, list[WorkingPlan]]:
    """Give greedy's line, and a plan for each number, swapped."""
    line, plans = [], []
    by_unit = cover.reach.T.tocsr()
    steady, other = WorkingPlan(cover, by_unit), WorkingPlan(cover, by_unit)
    for rule in rules:
        complete_plan(steady, rule, score_by_gain)
        line.append(steady.value)
        again = _copy_plan(steady)
        complete_plan(other, rule, score_by_gain)
        for plan in (other, again):
            swap_places(plan, rule, score_by_gain, deadline)
        other = _copy_plan(again if again.value > other.value else other)
        plans.append(_copy_plan(other))
    return np.array(line, np.int64), plans


def _never_fall(plans: list[WorkingPlan], bound: Ints) -> tuple[list[WorkingPlan], Ints]:
    """Take the plan of fewer places where it is better, and the bound of more where it is lower.

    At most so many places are allowed: a plan of fewer is one of them, and fewer reach no more.
    """
    best = plans[:1]
    for plan in plans[1:]:
        best.append(plan if plan.value >= best[-1].value else best[-1])
    return best, np.minimum.accumulate(bound[::-1])[::-1]


def _copy_plan(plan: WorkingPlan) -> WorkingPlan:
    same = WorkingPlan(plan.cover, plan.by_unit)
    for place in plan.places.tolist():
        same.add(place)
    return same


def _bound_each_number(
    cover: Cover, rules: list[SearchRules], plans: list[WorkingPlan], deadline: float
) -> Ints:
    """Bound every number of places, from relaxed programs at numbers spread over all of them.

    What such a program chooses in part is rounded to a plan: where that is better, it and its
    neighbours with a place more or less take the place of those in `plans`.
    """
    everything = int(cover.first.sum() + cover.own.sum())
    bound = np.full(len(rules), everything, np.int64)
    if not cover.places:
        return bound
    first = np.sort(cover.own + cover.reach @ cover.first)[::-1].cumsum()
    bound = np.minimum(bound, np.append(first, np.full(len(rules), everything))[: len(rules)])
    times = max(BOUNDS, min(MOST_BOUNDS, BOUND_WORK // max(1, cover.reach.nnz)))
    for number in _spread_numbers(len(rules)):
        if times == 0 or time.perf_counter() > deadline:
            break
        if bound[number] - plans[number].value <= plans[number].value // NEAR:
            continue
        times -= 1
        program = build_program(cover, rules[number])
        loose = solve_relaxed(program, deadline - time.perf_counter())
        if loose is None:
            continue
        bound = np.minimum(bound, _bound_from_duals(cover, program, loose.duals, len(rules)))
        values, start = loose.values[: cover.places], _copy_plan(plans[number])
        better = round_values(cover, rules[number], start, values, deadline)
        _pass_on(better, number, rules, plans, deadline)
    return np.asarray(bound)


def _pass_on(
    better: WorkingPlan,
    number: int,
    rules: list[SearchRules],
    plans: list[WorkingPlan],
    deadline: float,
) -> None:
    """Put a plan in its place if it is better, and on from there with a place more or less."""
    if better.value <= plans[number].value:
        return
    plans[number] = better
    for step in (1, -1):
        at, moving = number + step, _copy_plan(better)
        while 0 <= at < len(rules):
            if step < 0:
                moving.drop(_find_least_missed(moving))
            complete_plan(moving, rules[at], score_by_gain)
            swap_places(moving, rules[at], score_by_gain, deadline)
            if moving.value <= plans[at].value:
                break
            plans[at] = _copy_plan(moving)
            at += step


def _find_least_missed(plan: WorkingPlan) -> int:
    """Give the place without which least is lost; of equals the last."""
    cover, chosen = plan.cover, plan.places[::-1]
    losses = []
    for place in chosen.tolist():
        units = plan.units_of(place)
        alone = units[plan.counts[units] == 1]
        losses.append(int(cover.own[place] + cover.first[alone].sum()))
    return int(chosen[int(np.argmin(losses))])


def _spread_numbers(count: int) -> list[int]:
    """List 0 to count - 1 such that those first on the list are spread over all."""
    order, step = [count - 1, 0], count
    while step > 1:
        step = -(-step // 2)
        order += list(range(0, count, step))
    return list(dict.fromkeys(order))


def _bound_from_duals(cover: Cover, program: Program, duals: Floats, count: int) -> Ints:
    """Give what the multipliers of the units prove for 1 to `count` places."""
    worth = np.clip(duals[: cover.units], 0, cover.first)
    scores = np.sort(cover.own + cover.reach @ worth)[::-1]
    tops = np.append(scores, np.zeros(count))[:count].cumsum()
    bound = (cover.first - worth).sum() + tops
    safe = SHORT * 1e-3 * float(np.abs(program.gain).sum() + scores.sum())
    return np.asarray(np.floor(bound + safe), dtype=np.int64)
