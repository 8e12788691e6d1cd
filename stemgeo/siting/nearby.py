"""A large choice bettered part by part: each neighbourhood is chosen anew, all at once."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from stemgeo.siting.cover import merge_units
from stemgeo.siting.greedy import WorkingPlan

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stemgeo.siting.cover import Cover
    from stemgeo.siting.rules import SearchRules

    Indices = NDArray[np.intp]
    Mask = NDArray[np.bool_]
    Solve = Callable[[Cover, SearchRules, Indices], Indices]

TOGETHER = 6
"""Chosen places that are chosen anew at a time: as many as are quickly solved exactly."""

PASSES = 4
"""Times that every neighbourhood is looked at, at most."""


def better_plan(
    plan: WorkingPlan, rules: SearchRules, solve: Solve, deadline: float
) -> WorkingPlan:
    """Choose neighbouring places anew, the others kept, as long as that adds something.

    Parameters
    ----------
    plan
        A choice within the rules.
    rules
        The limits.
    solve
        Gives the best choice of a small cover under its rules, by `kept`, from a choice of it.
    deadline
        Of `time.perf_counter`.

    Returns
    -------
    Plan
        At least as good.
    """
    for _ in range(PASSES):
        before = plan.value
        done: set[bytes] = set()
        for place in plan.places.tolist():
            if time.perf_counter() > deadline:
                return plan
            if not plan.chosen[place]:
                continue
            freed = find_neighbours(plan, place)
            if freed.tobytes() not in done:
                done.add(freed.tobytes())
                plan = _choose_anew(plan, rules, freed, solve)
        if plan.value == before:
            break
    return plan


def find_neighbours(plan: WorkingPlan, place: int) -> Indices:
    """Give some chosen places near to one: by steps over places that share a unit."""
    cover = plan.cover
    near = np.zeros(cover.places, bool)
    near[place] = True
    size = 1
    while size < TOGETHER:
        units = np.asarray((cover.reach.T @ near.astype(np.int64)) > 0)
        wider = near | np.asarray((cover.reach @ units.astype(np.int64)) > 0)
        if (wider == near).all():
            break
        near = wider
        size = int((near & plan.chosen).sum())
    chosen = np.flatnonzero(near & plan.chosen)
    others = chosen[chosen != place]
    return np.sort(np.append(others[: TOGETHER - 1], place))


def _choose_anew(
    plan: WorkingPlan, rules: SearchRules, freed: Indices, solve: Solve
) -> WorkingPlan:
    """Choose the freed places anew among all that share a unit with them."""
    cover = plan.cover
    kept = plan.chosen.copy()
    kept[freed] = False
    counts = cover.count_by_unit(np.flatnonzero(kept))
    units = np.asarray(cover.count_by_unit(freed) > 0)
    near = np.asarray((cover.reach @ units.astype(np.int64)) > 0) & ~kept
    near[freed] = True
    part = replace(keep_still_open(cover, counts).keep_places(near), kept=np.flatnonzero(near))
    found = solve(merge_units(part), _find_limits_left(rules, cover, kept, counts), freed)
    better = WorkingPlan(cover, plan.by_unit)
    for place in np.union1d(np.flatnonzero(kept), found).tolist():
        better.add(place)
    fits = rules.are_kept_by(cover, better.places)
    return better if better.value > plan.value and fits else plan


def keep_still_open(cover: Cover, counts: NDArray[np.int64]) -> Cover:
    """Give what is left to win where units are served so many times already."""
    never = counts == 0
    left = replace(
        cover,
        first=np.where(never, cover.first, np.where(counts == 1, cover.second, 0)),
        second=np.where(never, cover.second, 0),
        children=np.where(never, cover.children, 0),
    )
    return left.keep_units((left.first > 0) | (left.second > 0) | (left.children > 0))


def _find_limits_left(
    rules: SearchRules, cover: Cover, kept: Mask, counts: NDArray[np.int64]
) -> SearchRules:
    """Give what the limits leave beside the places that are kept."""
    used = np.bincount(cover.province[kept], minlength=len(rules.floor))
    return replace(
        rules,
        most=rules.most - int(kept.sum()),
        budget=rules.budget if rules.budget < 0 else rules.budget - int(cover.cost[kept].sum()),
        floor=np.maximum(rules.floor - used, 0),
        cap=rules.cap - used,
        needs=rules.find_lacking(cover, counts),
    )
