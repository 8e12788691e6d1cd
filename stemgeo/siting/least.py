"""The fewest places that serve everyone, or a stated number of children."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array, eye_array, hstack, vstack

from stemgeo.siting.choices import Left, least_children
from stemgeo.siting.cover import drop_dominated, find_open_demand
from stemgeo.siting.greedy import WorkingPlan, complete_plan, score_by_gain, swap_places
from stemgeo.siting.program import (
    CHOSEN,
    Program,
    certify_bound,
    give_leeway,
    solve_exactly,
    solve_relaxed,
)
from stemgeo.siting.rules import cut_short
from stemgeo.siting.search import (
    ROUNDING_WORK,
    ROUNDINGS,
    SHORT,
    TOLERANCE,
    Found,
    build_limit_rows,
    find_feasible,
    prove_places,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stemgeo.siting.choices import Choices
    from stemgeo.siting.cover import Cover
    from stemgeo.siting.program import Relaxed
    from stemgeo.siting.rules import Cut, SearchRules

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Indices = NDArray[np.intp]


def find_fewest(choices: Choices, rules: SearchRules, share: float, deadline: float) -> Found:
    """Find the fewest places that have the share of the children within reach.

    Parameters
    ----------
    choices
        The places and units.
    rules
        Floors; any number of places.
    share
        Of all children, 0 to 1; as near as the places come where it is out of reach.
    deadline
        Of `time.perf_counter`.

    Returns
    -------
    Found
        `value` and `bound` are numbers of places.
    """
    cover = _find_wanted(choices, rules)
    open_children = int(choices.children[choices.served > 0].sum())
    asked = least_children(share, int(choices.children.sum())) - open_children
    need = max(0, min(asked, int(cover.first.sum())))
    if need == 0 and not rules.floors_bind and not rules.needs.any():
        return Found(np.zeros(0, np.intp), 0, 0, Left(0, 0))
    chosen = _thin_choice(cover, rules, need, _add_greedily(cover, rules, need))
    if not rules.are_kept_by(cover, chosen):
        chosen = find_feasible(choices, cover, rules, deadline).places
        chosen = _thin_choice(cover, rules, need, _add_greedily(cover, rules, need, chosen))
    program = _build_program(cover, rules, need)
    loose = solve_relaxed(program, deadline - time.perf_counter())
    if loose is None:
        bound, _ = certify_bound(program, np.zeros(program.rows.shape[0]))
        sizes = Left(cover.places, cover.units)
        return Found(cover.kept[chosen], len(chosen), max(1, math.ceil(-bound)), sizes)
    chosen = _round_to_fewer(cover, rules, need, chosen, loose.values[: cover.places], deadline)
    if math.ceil(-loose.bound) < len(chosen):
        chosen = _swap_to_fewer(cover, rules, need, chosen, deadline)
    if math.ceil(-loose.bound) >= len(chosen):
        return Found(cover.kept[chosen], len(chosen), len(chosen), Left(len(chosen), cover.units))
    return _branch_to_fewest(cover, rules, need, chosen, loose, deadline)


def _find_wanted(choices: Choices, rules: SearchRules) -> Cover:
    """Give the children still to serve and the places for it; costs do not matter."""
    floors = dict.fromkeys(np.flatnonzero(rules.needs).tolist(), 1)
    cover = find_open_demand(choices, choices.children, np.zeros_like(choices.children), floors)
    cover = replace(cover, cost=np.zeros_like(cover.cost))
    if rules.floors_bind:
        return cover
    return drop_dominated(cover, np.zeros_like(cover.province))


def _is_enough(cover: Cover, rules: SearchRules, need: int, chosen: Indices) -> bool:
    return cover.value_of(chosen) >= need and rules.are_kept_by(cover, chosen)


def _find_broken(cover: Cover, rules: SearchRules, need: int, chosen: Indices) -> Cut | None:
    """Give what a choice breaks and none that is enough does; None if it is enough."""
    lacking = need - cover.value_of(chosen)
    if lacking <= 0:
        return rules.find_broken(cover, chosen)
    gain = cover.own + cover.reach @ np.where(cover.count_by_unit(chosen) == 0, cover.first, 0)
    return cut_short(gain, lacking, chosen)


def _add_greedily(
    cover: Cover, rules: SearchRules, need: int, start: Indices | None = None
) -> Indices:
    """Add the best place until there is enough."""
    plan = WorkingPlan(cover)
    for place in [] if start is None else start.tolist():
        plan.add(place)
    while plan.value < need:
        plan.add(int(np.argmax(np.where(plan.chosen, -1, plan.gain))))
    if not rules.are_kept_by(cover, plan.places):
        # What the floors still want; a gain of nothing stops it.
        floors_only = replace(cover, first=np.zeros_like(cover.first))
        filled = WorkingPlan(floors_only)
        for place in plan.places.tolist():
            filled.add(place)
        complete_plan(filled, rules, score_by_gain)
        return filled.places
    return plan.places


def _thin_choice(cover: Cover, rules: SearchRules, need: int, chosen: Indices) -> Indices:
    """Leave out what the others do without, places with little to them first."""
    size = np.asarray(cover.reach @ cover.first)
    for place in chosen[np.lexsort((-chosen, size[chosen]))].tolist():
        fewer = chosen[chosen != place]
        if _is_enough(cover, rules, need, fewer):
            chosen = fewer
    return chosen


def _swap_to_fewer(
    cover: Cover, rules: SearchRules, need: int, chosen: Indices, deadline: float
) -> Indices:
    """Do with one place fewer, and one fewer again, as long as swaps bring enough back."""
    while len(chosen):
        plan = WorkingPlan(cover)
        for place in chosen.tolist():
            plan.add(place)
        alone = cover.reach[chosen] @ np.where(plan.counts == 1, cover.first, 0)
        plan.drop(int(chosen[np.argmin(alone)]))
        swap_places(plan, replace(rules, most=len(chosen) - 1), score_by_gain, deadline)
        if len(plan.places) >= len(chosen) or not _is_enough(cover, rules, need, plan.places):
            break
        chosen = plan.places
    return chosen


def _round_to_fewer(
    cover: Cover, rules: SearchRules, need: int, chosen: Indices, values: Floats, deadline: float
) -> Indices:
    """Round a fractional choice many times; keep the fewest that are enough."""
    draws = np.random.default_rng(0)
    work = (cover.reach.nnz + cover.units) * len(chosen)
    tries = int(np.clip(ROUNDING_WORK // max(1, work), *ROUNDINGS))
    for _ in range(tries):
        if time.perf_counter() > deadline:
            break
        lots = draws.random(cover.places)
        drawn = np.flatnonzero((values > SHORT) & (lots < values))
        other = _thin_choice(cover, rules, need, _add_greedily(cover, rules, need, drawn))
        if len(other) < len(chosen) and _is_enough(cover, rules, need, other):
            chosen = other
    return chosen


def _build_program(cover: Cover, rules: SearchRules, need: int) -> Program:
    """Write the search as a program that maximises minus the number of places."""
    serve = hstack([-cover.reach.T, eye_array(cover.units, format="csr")], format="csr")
    limits = build_limit_rows(cover, rules, serve.shape[1])
    # The children asked for; when that is everyone, each unit by itself, which is far tighter.
    everyone = need == int(cover.first.sum())
    wanted = np.concatenate([np.zeros(cover.places), cover.first])
    total = csr_array(wanted.reshape(1, -1))
    units = eye_array(cover.units, format="csr")
    demand = hstack([csr_array((cover.units, cover.places)), units], format="csr")
    asked = demand[np.flatnonzero(cover.first > 0)] if everyone else total
    least = np.ones(asked.shape[0]) if everyone else np.array([need - give_leeway(need)])
    rows = csr_array(vstack([serve, asked, limits.rows], format="csr"))
    none = np.full(cover.units, -np.inf)
    return Program(
        np.concatenate([np.full(cover.places, -1.0), np.zeros(cover.units)]),
        rows,
        np.concatenate([none, least, limits.lower]),
        np.concatenate([np.zeros(cover.units), np.full(len(least), np.inf), limits.upper]),
        cover.places,
    )


def _branch_to_fewest(
    cover: Cover, rules: SearchRules, need: int, chosen: Indices, loose: Relaxed, deadline: float
) -> Found:
    out, must = prove_places(loose, -len(chosen), cover.places)
    kept = ~out
    kept[chosen] = True
    small = cover.keep_places(kept)
    here = np.flatnonzero(np.isin(small.kept, cover.kept[chosen]))
    start = np.zeros(small.places + small.units)
    start[here] = 1
    start[small.places :] = small.count_by_unit(here) > 0
    fixed = np.flatnonzero(np.isin(small.kept, cover.kept[must]))
    program = _build_program(small, rules, need)
    broken = partial(_find_broken, small, rules, need)
    answer = solve_exactly(program, start, fixed, deadline, broken)
    fewest_here = small.kept[here]
    if answer.values is not None:
        other = np.flatnonzero(answer.values[: small.places] > CHOSEN)
        if len(other) < len(here):
            fewest_here = small.kept[other]
    least = math.ceil(-loose.bound)
    if np.isfinite(answer.bound):
        least = max(least, math.ceil(-answer.bound - TOLERANCE))
    ended = answer.finished or answer.infeasible
    bound = len(fewest_here) if ended else min(least, len(fewest_here))
    return Found(fewest_here, len(fewest_here), bound, Left(small.places, small.units))
