"""The siting problems by their names, each solved exactly with its proof.

LSCP, MCLP, backup coverage and the p-median; `docs/method.md` has the formulas and the sources.
All but the first are one search (`search.find_best`): what a second place adds, and what a
nearer one saves, are units of their own.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from stemgeo.arrays import starts_of_runs
from stemgeo.errors import InputError, Problem
from stemgeo.siting.choices import (
    LARGEST_TOTAL,
    WHERE,
    Choices,
    Left,
    Limits,
    Solution,
    check_limits,
    needs_by_province,
)
from stemgeo.siting.cover import find_open_demand
from stemgeo.siting.greedy import order_places
from stemgeo.siting.least import find_fewest
from stemgeo.siting.rules import SearchRules
from stemgeo.siting.search import find_best

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import coo_array

    from stemgeo.siting.cover import Cover

    Ints = NDArray[np.int64]
    Indices = NDArray[np.intp]

__all__ = ["Choices", "Left", "Limits", "Solution", "backup", "lscp", "mclp", "p_median"]

LARGEST_UNROLLED = 100_000_000
"""Entries of a p-median written as coverage (1.6 GB)."""


def mclp(choices: Choices, limits: Limits) -> Solution:
    """Find the places that bring most weight within reach (Church and ReVelle 1974).

    Parameters
    ----------
    choices
        The places, the units and what each counts for.
    limits
        At most so many places, at most so many cents, or both; floors and shares by province.

    Returns
    -------
    Solution
        `objective` is the weight within reach, `already` included. A place that adds nothing is not
        chosen unless a floor wants it.

    Raises
    ------
    InputError
        When the limits cannot be kept, with the province that makes it so.
    """
    nothing = np.zeros_like(choices.weight)
    return _solve_most(choices, limits, choices.weight, nothing)


def backup(choices: Choices, limits: Limits, of_first: int = 1, of_second: int = 1) -> Solution:
    """Find the places that serve most, once and twice (Hogan and ReVelle 1986, BACOP2).

    Parameters
    ----------
    choices
        The places and units; open academies count as a first or a second service.
    limits
        As for `mclp`.
    of_first, of_second
        What a unit's weight is multiplied by for its first and for its second service; whole, the
        second not above the first.

    Returns
    -------
    Solution
        `objective` is the weight served once times `of_first`, plus that served twice times
        `of_second`.

    Raises
    ------
    InputError
        As for `mclp`, and when a second service counts more than a first.
    """
    choices.check_arrays()
    if (of_first + of_second) * int(choices.weight.sum()) > LARGEST_TOTAL:
        raise InputError(Problem(WHERE, "services times weights add up to too much"))
    if not 0 <= of_second <= of_first:
        what = f"a second service counts {of_second}, a first {of_first}"
        raise InputError(Problem(WHERE, what, "give 0 or more to both, no more to the second"))
    return _solve_most(choices, limits, of_first * choices.weight, of_second * choices.weight)


def p_median(choices: Choices, times: csr_array, now: Ints, limits: Limits) -> Solution:
    """Find the places with the least total, so the least mean, time (ReVelle and Swain 1970).

    Each time at which a nearer place would serve a unit becomes a unit of coverage of its own,
    worth the time saved: the p-median is solved as an MCLP, with the same proofs.

    Parameters
    ----------
    choices
        The places, what the units weigh; `reach` and `served` are not used.
    times
        Units x places, whole milliseconds; what is not stored is too far. A stored 0 is a time.
    now
        Of each unit, milliseconds to the nearest open academy, or the horizon where none is near.
    limits
        As for `mclp`, without `floor_share`: there is no cutoff here.

    Returns
    -------
    Solution
        `objective` is the total of weight x milliseconds that is left, `already` what it was,
        `gains` what each place saves. `bound` is the least that any choice could leave.

    Raises
    ------
    InputError
        As for `mclp`, and when numbers grow beyond what can be told apart.
    """
    began = time.perf_counter()
    choices.check_arrays()
    if limits.floor_share:
        what = "the p-median has no cutoff: no share within reach can be asked for"
        raise InputError(Problem(WHERE, what, "leave the least shares out"))
    if times.shape != (choices.units, choices.places) or now.shape != (choices.units,):
        what = f"times are {times.shape} and now {now.shape}, not by unit and place"
        raise InputError(Problem(WHERE, what))
    if min(times.data.min(initial=0), now.min(initial=0)) < 0 or times.dtype.kind not in "iu":
        raise InputError(Problem(WHERE, "times are negative or no whole numbers"))
    total = int(choices.weight @ now)
    if float(choices.weight.astype(np.float64) @ now) > LARGEST_TOTAL:
        what = "weight x milliseconds adds up to more than can be told apart"
        raise InputError(Problem(WHERE, what, "give seconds for milliseconds, or smaller weights"))
    steps = _unroll_times(choices, times.tocoo(), now)
    saved = _solve_most(steps, limits, steps.weight, np.zeros_like(steps.weight), began)
    return replace(
        saved,
        objective=total - saved.objective,
        bound=total - saved.bound,
        already=total,
        unreachable=np.zeros(0, np.intp),
    )


def lscp(choices: Choices, limits: Limits, share: float = 1.0) -> Solution:
    """Find the fewest places that serve everyone, or a stated share (Toregas et al. 1971).

    Parameters
    ----------
    choices
        The places and units; units without children ask for nothing.
    limits
        Floors and the time limit; the number is what is sought, so it has no limit.
    share
        The least share, 0 to 1, of all children within reach, open academies included.

    Returns
    -------
    Solution
        `objective` is the number of new places, `bound` the least that could do, `gains` the
        children that each brings within reach. Where `unreachable` units leave the share out of
        reach, it is the most that can be reached.

    Raises
    ------
    InputError
        When a limit has no meaning here, or the floors cannot be kept.
    """
    began = time.perf_counter()
    choices.check_arrays()
    if (limits.places, limits.budget_cents, limits.largest_share) != (None, None, None):
        what = "the LSCP seeks the number of places: a number, a budget or a largest share of it"
        raise InputError(Problem(WHERE, f"{what} has no meaning", "leave it out or use the MCLP"))
    if not 0 <= share <= 1:
        raise InputError(Problem(WHERE, f"the share is {share}", "give 0 to 1"))
    check_limits(choices, limits)
    rules = SearchRules.from_limits(choices, limits)
    found = find_fewest(choices, rules, share, began + limits.time_limit_s)
    cover = find_open_demand(choices, choices.children, np.zeros_like(choices.children), {})
    order = order_places(cover, found.chosen)
    return Solution(
        chosen=order.chosen,
        gains=order.gains,
        objective=len(found.chosen),
        already=0,
        bound=found.bound,
        optimal=found.bound == len(found.chosen),
        seconds=time.perf_counter() - began,
        unreachable=_find_unreachable(choices),
        left=found.left,
    )


def _solve_most(
    choices: Choices, limits: Limits, first: Ints, second: Ints, began: float | None = None
) -> Solution:
    """Find the choice with the most service, where a first and a second count so much."""
    began = time.perf_counter() if began is None else began
    choices.check_arrays()
    check_limits(choices, limits)
    rules = SearchRules.from_limits(choices, limits)
    cover = find_open_demand(choices, first, second, needs_by_province(choices, limits))
    found = find_best(choices, cover, rules, began + limits.time_limit_s)
    order = order_places(cover, _keep_useful(cover, rules, found.chosen))
    already = int(first[choices.served >= 1].sum() + second[choices.served >= 2].sum())
    counts = choices.count_reached(order.chosen)
    objective = int(first[counts >= 1].sum() + second[counts >= 2].sum())
    bound = already + found.bound
    return Solution(
        chosen=order.chosen,
        gains=order.gains,
        objective=objective,
        already=already,
        bound=bound,
        optimal=bound == objective,
        seconds=time.perf_counter() - began,
        unreachable=_find_unreachable(choices),
        left=found.left,
    )


def _keep_useful(cover: Cover, rules: SearchRules, chosen: Indices) -> Indices:
    """Leave out the places that add nothing to those before them, unless a floor wants them."""
    order = order_places(cover, chosen)
    kept = order.chosen
    for place in order.chosen[order.gains == 0][::-1].tolist():
        fewer = kept[kept != place]
        if rules.are_kept_by(cover, fewer):
            kept = fewer
    return kept


def _find_unreachable(choices: Choices) -> Indices:
    counts = choices.count_reached(np.arange(choices.places))
    return np.flatnonzero((counts == 0) & (choices.children > 0))


def _unroll_times(choices: Choices, times: coo_array, now: Ints) -> Choices:
    """Make a unit of coverage of each time at which a nearer place would serve a unit.

    With the times t1 < t2 < ... of the places nearer than now, being served within tk is worth
    the weight times t(k+1) - tk, the last time being now: together, the time saved.
    """
    unit, place = (axis.astype(np.int64) for axis in times.coords)
    nearer = (times.data < now[unit]) & (choices.weight[unit] > 0)
    unit, place, at = unit[nearer], place[nearer], times.data[nearer].astype(np.int64)
    order = np.lexsort((place, at, unit))
    unit, place, at = unit[order], place[order], at[order]
    new = starts_of_runs(unit, at)
    step = np.cumsum(new) - 1
    whose, starts = unit[new], at[new]
    last = np.append(np.diff(whose) != 0, True)[: len(whose)]
    ends: Ints = np.where(last, now[whose], np.roll(starts, -1))
    # A place serves a unit within its own time, and so within each later one.
    final = np.flatnonzero(last)[np.searchsorted(whose[last], unit)]
    lasting = final - step + 1
    if lasting.sum() > LARGEST_UNROLLED:
        what = f"{int(lasting.sum()):,} pairs of a unit, a place and a time are too many"
        raise InputError(Problem(WHERE, what, "shorten the horizon or give fewer places"))
    first = np.cumsum(lasting) - lasting
    which = np.repeat(step - first, lasting) + np.arange(lasting.sum())
    ones = np.ones(len(which), np.int8)
    shape = (choices.places, len(whose))
    return replace(
        choices,
        reach=csr_array((ones, (np.repeat(place, lasting), which)), shape=shape),
        weight=choices.weight[whose] * (ends - starts),
        served=np.zeros(len(whose), np.int64),
        province_of_unit=choices.province_of_unit[whose],
        children=np.zeros(len(whose), np.int64),
    )
