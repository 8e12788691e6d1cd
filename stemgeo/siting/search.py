"""From a good choice to the best: relax, prove places in or out, then branch and bound."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array, eye_array, hstack, vstack

from stemgeo.errors import InputError, Problem
from stemgeo.siting.choices import WHERE, Left
from stemgeo.siting.cover import drop_dominated, give_own, merge_units
from stemgeo.siting.greedy import (
    WorkingPlan,
    complete_plan,
    score_by_gain,
    score_by_gain_per_cost,
    swap_places,
)
from stemgeo.siting.nearby import TOGETHER, better_plan
from stemgeo.siting.program import (
    CHOSEN,
    Program,
    certify_bound,
    give_leeway,
    solve_exactly,
    solve_relaxed,
)
from stemgeo.siting.rules import NO_BUDGET

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stemgeo.siting.choices import Choices
    from stemgeo.siting.cover import Cover
    from stemgeo.siting.greedy import Score
    from stemgeo.siting.program import Relaxed
    from stemgeo.siting.rules import Cut, SearchRules

    Floats = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Mask = NDArray[np.bool_]

ROUNDING_WORK = 400_000_000
"""Entries looked at while fractional solutions are rounded: about five seconds at most."""

ROUNDINGS = (4, 30)
"""The least and the most roundings of a fractional solution."""

MANY_PLACES = 400
"""With more places left than this, neighbourhoods are bettered before branch and bound."""

PARTS_OF_TIME = 2 / 3
"""Share of the time left that neighbourhoods may take; the rest is for the proof."""

ALL_NODES = 2**31 - 1

PART_NODES = 20
"""Nodes that a neighbourhood is worth: a count, so that no clock settles the choice."""

TOLERANCE = 1e-3
"""What a bound of branch and bound may be too low (HiGHS keeps to 1e-7 a column)."""

SHORT = 1e-6

ALMOST = 1e-5
"""The part of a floor that an answer of HiGHS, which takes it as kept, may fall short by."""


@dataclass(frozen=True)
class Found:
    """A choice, by the numbers of all places; its value, a bound, and what was left to search."""

    chosen: Indices
    value: int
    bound: int
    left: Left


def reduce_cover(cover: Cover, rules: SearchRules) -> Cover:
    """Leave out what no best choice depends on, as far as the limits allow."""
    if not cover.second.any() and not rules.floors_bind:
        groups = cover.province if rules.caps_bind else np.zeros_like(cover.province)
        cover = merge_units(drop_dominated(cover, groups))
    return give_own(cover)


def find_best(choices: Choices, cover: Cover, rules: SearchRules, deadline: float) -> Found:
    """Find the best choice and prove it, or give the best so far and a bound.

    Parameters
    ----------
    choices
        For names in messages.
    cover
        What is to be won.
    rules
        The limits.
    deadline
        Of `time.perf_counter`.

    Raises
    ------
    InputError
        When no choice keeps the floors.
    """
    if rules.budget == NO_BUDGET:
        cover = replace(cover, cost=np.zeros_like(cover.cost))
    cover = reduce_cover(cover, rules)
    plan = start_plan(cover, rules, deadline)
    if plan is None:
        plan = find_feasible(choices, cover, rules, deadline)
        swap_places(plan, rules, score_by_gain, deadline)
    if cover.places == 0:
        return Found(cover.kept[plan.places], plan.value, plan.value, Left(0, cover.units))
    program = build_program(cover, rules)
    loose = solve_relaxed(program, deadline - time.perf_counter())
    if loose is None:
        bound, _ = certify_bound(program, rough_duals(cover, rules, program))
        return _build_found(cover, plan, math.floor(bound), cover)
    if math.floor(loose.bound) > plan.value:
        plan = round_values(cover, rules, plan, loose.values[: cover.places], deadline)
    if math.floor(loose.bound) > plan.value:
        plan = _better_in_parts(cover, rules, plan, loose, deadline)
    if math.floor(loose.bound) <= plan.value:
        return _build_found(cover, plan, plan.value, cover.keep_places(plan.chosen))
    return _branch_and_bound(cover, rules, plan, loose, deadline)


def _better_in_parts(
    cover: Cover, rules: SearchRules, plan: WorkingPlan, loose: Relaxed, deadline: float
) -> WorkingPlan:
    """Better a large choice part by part, where branch and bound would find little soon enough."""
    out, _ = prove_places(loose, plan.value, cover.places)
    if (~out).sum() <= MANY_PLACES or plan.chosen.sum() <= 2 * TOGETHER:
        return plan
    now = time.perf_counter()
    end = now + PARTS_OF_TIME * (deadline - now)
    return better_plan(plan, rules, partial(choose_part, deadline=end), end)


def choose_part(cover: Cover, rules: SearchRules, freed: Indices, deadline: float) -> Indices:
    """Choose a small part anew, from what is chosen there now.

    Parameters
    ----------
    cover, rules
        The problem, and what a choice must keep to.
    freed
        The places that may be given up.
    deadline
        When to stop, by `time.perf_counter`.
    """
    cover = reduce_cover(cover, rules)
    plan = WorkingPlan(cover)
    for place in np.flatnonzero(np.isin(cover.kept, freed)).tolist():
        plan.add(place)
    complete_plan(plan, rules, score_by_gain)
    swap_places(plan, rules, score_by_gain, deadline)
    if not cover.places or not rules.are_kept_by(cover, plan.places):
        return freed
    loose = solve_relaxed(build_program(cover, rules), deadline - time.perf_counter())
    if loose is None or math.floor(loose.bound) <= plan.value:
        return cover.kept[plan.places]
    return _branch_and_bound(cover, rules, plan, loose, deadline, PART_NODES).chosen


def _build_found(cover: Cover, plan: WorkingPlan, bound: int, left: Cover) -> Found:
    sizes = Left(left.places, left.units)
    return Found(cover.kept[plan.places], plan.value, max(bound, plan.value), sizes)


def _branch_and_bound(
    cover: Cover,
    rules: SearchRules,
    plan: WorkingPlan,
    loose: Relaxed,
    deadline: float,
    nodes: int = ALL_NODES,
) -> Found:
    """Search among the places that may be part of a better choice than the plan."""
    out, must = prove_places(loose, plan.value, cover.places)
    # The plan stays whole, to start from: the proof speaks of better ones only.
    small = reduce_cover(merge_units(cover.keep_places(~out | plan.chosen)), rules)
    fixed = np.flatnonzero(np.isin(small.kept, cover.kept[must]))
    here = choose_again(small, rules, np.flatnonzero(np.isin(small.kept, cover.kept[plan.places])))
    start = column_values(small, here) if rules.are_kept_by(small, here) else None
    program = build_program(small, rules)
    broken = partial(rules.find_broken, small)
    answer = solve_exactly(program, start, fixed, deadline, broken, nodes)
    chosen, value = cover.kept[plan.places], plan.value
    if answer.values is not None:
        other = np.flatnonzero(answer.values[: small.places] > CHOSEN)
        if small.value_of(other) > value:
            chosen, value = small.kept[other], small.value_of(other)
    ended = answer.finished or answer.infeasible
    limit = min(loose.bound, answer.bound + TOLERANCE) if np.isfinite(answer.bound) else loose.bound
    bound = value if ended else max(value, math.floor(limit))
    return Found(chosen, value, bound, Left(small.places, small.units))


def choose_again(cover: Cover, rules: SearchRules, chosen: Indices) -> Indices:
    """Choose the same again, and fill up what a reduction took out of it.

    Parameters
    ----------
    cover, rules
        As for `choose_part`.
    chosen
        Places.
    """
    plan = WorkingPlan(cover)
    for place in chosen.tolist():
        plan.add(place)
    complete_plan(plan, rules, score_by_gain)
    return plan.places


def prove_places(loose: Relaxed, value: int, places: int) -> tuple[Mask, Mask]:
    """Tell which places no better choice has, and which every better one has.

    Parameters
    ----------
    loose
        The relaxed problem, solved.
    value
        Of the best choice so far.
    places
        Their number.
    """
    reduced_gain = loose.reduced[:places]
    better = value + 1
    out = (reduced_gain < 0) & (loose.bound + reduced_gain < better)
    must = (reduced_gain > 0) & (loose.bound - reduced_gain < better)
    return out, must


def start_plan(cover: Cover, rules: SearchRules, deadline: float) -> WorkingPlan | None:
    """Give the best of greedy by gain and by gain per cent, swapped; None if none fits.

    Parameters
    ----------
    cover, rules, deadline
        As for `choose_part`.
    """
    by_unit = cover.reach.T.tocsr()
    scores: list[Score] = [score_by_gain]
    if rules.budget != NO_BUDGET:
        scores.append(score_by_gain_per_cost)
    top = None
    for score in scores:
        plan = WorkingPlan(cover, by_unit)
        complete_plan(plan, rules, score)
        if not rules.are_kept_by(cover, plan.places):
            continue
        swap_places(plan, rules, score, deadline)
        if top is None or plan.value > top.value:
            top = plan
    return top


def round_values(
    cover: Cover, rules: SearchRules, plan: WorkingPlan, values: Floats, deadline: float
) -> WorkingPlan:
    """Round a fractional choice many times, complete and swap each; keep the best.

    Parameters
    ----------
    cover, rules, deadline
        As for `choose_part`.
    plan
        The best so far.
    values
        Of each place in the fractional choice, 0 to 1.
    """
    draws = np.random.default_rng(0)
    work = cover.reach.nnz * max(1, int(plan.chosen.sum()))
    tries = int(np.clip(ROUNDING_WORK // max(1, work), *ROUNDINGS))
    by_unit = plan.by_unit
    order = np.lexsort((np.arange(cover.places), -values))
    order = order[values[order] > SHORT]
    for attempt in range(tries):
        if time.perf_counter() > deadline:
            break
        # The first keeps what is more than half chosen; the others draw.
        lots = draws.random(len(order)) if attempt else np.full(len(order), CHOSEN)
        other = WorkingPlan(cover, by_unit)
        for place in order[lots < values[order]].tolist():
            if rules.find_addable(cover, other.chosen)[place]:
                other.add(place)
        complete_plan(other, rules, score_by_gain)
        swap_places(other, rules, score_by_gain, deadline)
        if other.value > plan.value and rules.are_kept_by(cover, other.places):
            plan = other
    return plan


@dataclass(frozen=True)
class LimitRows:
    """Limits as rows over the columns; `province` tells whose floor a row is, or -1."""

    rows: csr_array
    lower: Floats
    upper: Floats
    province: Indices


def build_limit_rows(cover: Cover, rules: SearchRules, width: int) -> LimitRows:
    """Write the limits as rows over the places, the units and what follows them.

    Parameters
    ----------
    cover, rules
        As for `choose_part`.
    width
        Number of variables.
    """
    found: list[tuple[Floats, float, float, int]] = []

    def note(values: Floats, first: int, lower: float, upper: float, province: int) -> None:
        row = np.zeros(width)
        row[first : first + len(values)] = values
        found.append((row, lower, upper, province))

    if rules.most < cover.places:
        note(np.ones(cover.places), 0, -np.inf, rules.most, -1)
    if rules.budget != NO_BUDGET and cover.places:
        # In units of the greatest common divisor the numbers stay small and the side whole.
        unit = max(1, int(np.gcd.reduce(cover.cost)))
        most = rules.budget // unit
        note((cover.cost // unit).astype(float), 0, -np.inf, most + give_leeway(most), -1)
    for province in range(len(rules.floor)):
        here = (cover.province == province).astype(float)
        if rules.cap[province] < min(rules.most, here.sum()):
            note(here, 0, -np.inf, rules.cap[province], -1)
        if rules.floor[province] > 0:
            note(here, 0, rules.floor[province], np.inf, province)
        if rules.needs[province] > 0:
            children = np.where(cover.province_of_unit == province, cover.children, 0)
            least = rules.needs[province] - give_leeway(rules.needs[province])
            note(children.astype(float), cover.places, least, np.inf, province)
    if not found:
        none = np.zeros(0)
        return LimitRows(csr_array((0, width)), none, none, none.astype(np.intp))
    rows, lower, upper, whose = zip(*found, strict=True)
    return LimitRows(
        csr_array(np.array(rows)), np.array(lower), np.array(upper), np.array(whose, np.intp)
    )


def build_program(cover: Cover, rules: SearchRules) -> Program:
    """Write the search as a program: columns are places, first services, second services."""
    twice = np.flatnonzero(cover.second > 0)
    one = eye_array(cover.units, format="csr")
    serve = hstack([-cover.reach.T, one, one[:, twice]], format="csr")
    limits = build_limit_rows(cover, rules, serve.shape[1])
    return Program(
        np.concatenate([cover.own, cover.first, cover.second[twice]]).astype(float),
        csr_array(vstack([serve, limits.rows], format="csr")),
        np.concatenate([np.full(cover.units, -np.inf), limits.lower]),
        np.concatenate([np.zeros(cover.units), limits.upper]),
        cover.places,
    )


def column_values(cover: Cover, chosen: Indices) -> Floats:
    """Give the values of all columns for a choice."""
    places = np.zeros(cover.places)
    places[chosen] = 1
    counts = cover.count_by_unit(chosen)
    twice = cover.second > 0
    return np.concatenate([places, counts >= 1, counts[twice] >= 2]).astype(float)


def rough_duals(cover: Cover, rules: SearchRules, program: Program) -> Floats:
    """Give multipliers that need no solver: a unit's worth shared among the places it has.

    Parameters
    ----------
    cover, rules
        As for `choose_part`.
    program
        Its linear program.
    """
    duals = np.zeros(program.rows.shape[0])
    sharing = np.diff(cover.reach.T.tocsr().indptr)
    duals[: cover.units] = cover.first / np.maximum(1, np.minimum(sharing, 2))
    if rules.most < cover.places:
        scores = np.sort(cover.own + cover.reach @ duals[: cover.units])[::-1]
        duals[cover.units] = scores[rules.most - 1] if rules.most else scores[0]
    return duals


def _find_broken_but_floors(cover: Cover, rules: SearchRules, chosen: Indices) -> Cut | None:
    """Cut off what passes the other limits, or falls so little short that it is a tolerance."""
    lacking = rules.find_lacking(cover, cover.count_by_unit(chosen))
    if not 0 < (lacking / np.maximum(1, rules.needs)).sum() < ALMOST:
        none = np.zeros_like(rules.floor)
        rules = replace(rules, floor=none, needs=none)
    return rules.find_broken(cover, chosen)


def find_feasible(
    choices: Choices, cover: Cover, rules: SearchRules, deadline: float
) -> WorkingPlan:
    """Find a choice that keeps the floors: the one that falls short of them least.

    Parameters
    ----------
    choices
        By whose names provinces are called.
    cover, rules, deadline
        As for `choose_part`.

    Raises
    ------
    InputError
        When even that one falls short, with the provinces; or when time ran out.
    """
    program = build_program(cover, rules)
    limits = build_limit_rows(cover, rules, program.rows.shape[1])
    floors = np.flatnonzero(limits.province >= 0)
    first = program.rows.shape[0] - len(limits.province)
    sizes = limits.lower[floors]
    slack = csr_array(
        (sizes, (first + floors, np.arange(len(floors)))),
        shape=(program.rows.shape[0], len(floors)),
    )
    elastic = replace(
        program,
        # Relative to each floor, so that places and children weigh alike.
        gain=np.concatenate([np.zeros(len(program.gain)), np.full(len(floors), -1.0)]),
        rows=csr_array(hstack([program.rows, slack], format="csr")),
        gap=SHORT,
    )
    broken = partial(_find_broken_but_floors, cover, rules)
    answer = solve_exactly(elastic, None, np.zeros(0, np.intp), deadline, broken)
    if answer.values is not None:
        plan = WorkingPlan(cover)
        for place in np.flatnonzero(answer.values[: cover.places] > CHOSEN).tolist():
            plan.add(place)
        if rules.are_kept_by(cover, plan.places):
            return plan
    if answer.values is None or not answer.finished:
        what = "no choice within the limits was found within the time limit"
        raise InputError(Problem(WHERE, what, "raise the time limit or lower a floor"))
    short = limits.province[floors][answer.values[len(program.gain) :] > SHORT]
    names = ", ".join(choices.province_name(int(province)) for province in np.unique(short))
    what = f"the limits leave the floor of {names} out of reach, together with the other floors"
    raise InputError(Problem(WHERE, what, "lower its floor or raise the number or the budget"))
