"""Exact choices: brute force, spopt, and what must hold of any answer."""

from __future__ import annotations

import itertools
import warnings
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import csr_array

from stemgeo.errors import InputError
from stemgeo.siting import curves, least, nearby, program, search
from stemgeo.siting.cover import find_open_demand
from stemgeo.siting.curves import trace_curve
from stemgeo.siting.greedy import WorkingPlan, complete_plan, order_places, score_by_gain
from stemgeo.siting.program import certify_bound, solve_relaxed
from stemgeo.siting.rules import SearchRules
from stemgeo.siting.solve import Choices, Limits, Solution, backup, lscp, mclp, p_median

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from stemgeo.siting.cover import Cover

    Ints = NDArray[np.int64]
    Value = Callable[[Ints, list[int]], int | None]

PROVINCES = 3


def choices_of(rows: list[list[int]], **given_: Any) -> Choices:
    """Make choices from a matrix of places x units; one child a unit, one cent a place."""
    reach = csr_array(np.array(rows, np.int8).reshape(len(rows), -1))
    places, units = reach.shape
    defaults: dict[str, Any] = {
        "weight": np.ones(units, np.int64),
        "served": np.zeros(units, np.int64),
        "cost_cents": np.ones(places, np.int64),
        "province_of_place": np.zeros(places, np.intp),
        "province_of_unit": np.zeros(units, np.intp),
        "children": np.ones(units, np.int64),
    }
    arrays = {name: np.array(value) for name, value in given_.items() if name != "names"}
    return Choices(reach=reach, **{**defaults, **arrays}, names=given_.get("names", {}))


@st.composite
def some_choices(draw: st.DrawFn, largest: int = 12) -> Choices:
    """Draw up to 12 places and 14 units, some served already."""
    seed = draw(st.integers(0, 2**32 - 1))
    places = draw(st.integers(1, largest))
    units = draw(st.integers(1, 14))
    share = draw(st.sampled_from([0.1, 0.25, 0.4]))
    of = np.random.default_rng(seed)
    return Choices(
        reach=csr_array((of.random((places, units)) < share).astype(np.int8)),
        weight=of.integers(0, 9, units),
        served=of.choice([0, 0, 0, 1, 2], units),
        cost_cents=of.integers(0, 6, places) * 25,
        province_of_place=of.integers(0, PROVINCES, places),
        province_of_unit=of.integers(0, PROVINCES, units),
        children=of.integers(0, 9, units),
    )


PROVINCE = st.integers(0, PROVINCES - 1)
SHARES = st.sampled_from([0.1, 0.3, 0.5, 0.9, 1.0])


@st.composite
def some_limits(draw: st.DrawFn) -> Limits:
    """Draw a number up to 4, and now and then a budget, floors and a largest share."""
    return Limits(
        places=draw(st.integers(0, 4)),
        budget_cents=draw(st.none() | st.integers(0, 400)),
        floor_places=draw(st.just({}) | st.dictionaries(PROVINCE, st.integers(0, 2), max_size=2)),
        floor_share=draw(st.just({}) | st.dictionaries(PROVINCE, SHARES, max_size=2)),
        largest_share=draw(st.none() | st.sampled_from([0.3, 0.5, 0.75])),
    )


def plans(choices: Choices, most: int) -> Iterator[list[int]]:
    """List every choice of at most so many places."""
    for number in range(most + 1):
        yield from map(list, itertools.combinations(range(choices.places), number))


def is_kept(choices: Choices, limits: Limits, plan: list[int], counts: Ints) -> bool:
    """Tell whether a plan is within the limits, counted one by one."""
    provinces = choices.province_of_place[plan].tolist()
    if limits.budget_cents is not None and choices.cost_cents[plan].sum() > limits.budget_cents:
        return False
    if any(provinces.count(p) < least for p, least in limits.floor_places.items()):
        return False
    if limits.largest_share is not None:
        most = Fraction(str(limits.largest_share)) * limits.places
        if any(provinces.count(p) > most for p in range(PROVINCES)):
            return False
    for province, share in limits.floor_share.items():
        here = choices.province_of_unit == province
        in_time = int(choices.children[here & (counts > 0)].sum())
        if in_time < Fraction(str(share)) * int(choices.children[here].sum()):
            return False
    return True


def brute(choices: Choices, limits: Limits, value: Value) -> int | None:
    """Give the most value of any plan within the limits; None if there is none."""
    reach = choices.reach.toarray().astype(np.int64)
    most = choices.places if limits.places is None else limits.places
    values = [
        value(counts, plan)
        for plan in plans(choices, most)
        if is_kept(choices, limits, plan, counts := choices.served + reach[plan].sum(axis=0))
    ]
    return max((one for one in values if one is not None), default=None)


def assert_best(solve: Callable[[], Solution], expected: int | None) -> Solution | None:
    """Assert that a solution is proven and has the value, or that there is none."""
    if expected is None:
        with pytest.raises(InputError):
            solve()
        return None
    found = solve()
    assert found.optimal
    assert (found.objective, found.bound) == (expected, expected)
    assert found.gap == 0
    assert (np.diff(found.gains) <= 0).all()
    return found


def within(choices: Choices, limits: Limits) -> None:
    """Leave out the draws that are refused as bad input, of which other tests speak."""
    assume(limits.places is None or limits.places <= choices.places)
    assume(limits.budget_cents is None or limits.budget_cents >= choices.cost_cents.min())


@settings(max_examples=150)
@given(choices=some_choices(), limits=some_limits())
def test_mclp_is_the_best_of_all_plans(choices: Choices, limits: Limits) -> None:
    """With a number, a budget, floors and a largest share, none brings more weight within reach."""
    within(choices, limits)
    expected = brute(choices, limits, lambda counts, _: int(choices.weight[counts > 0].sum()))
    found = assert_best(lambda: mclp(choices, limits), expected)
    if found is None:
        return
    chosen = found.chosen.tolist()
    counts = choices.count_reached(found.chosen)
    assert is_kept(choices, limits, chosen, counts)
    assert found.already + found.gains.sum() == found.objective
    if not limits.floor_places and not limits.floor_share:
        assert (found.gains > 0).all()


@settings(max_examples=100)
@given(choices=some_choices(), limits=some_limits(), second=st.integers(0, 3))
def test_backup_is_the_best_of_all_plans(choices: Choices, limits: Limits, second: int) -> None:
    """First and second services, weighted, open academies included: no plan has more."""
    within(choices, limits)

    def value(counts: Ints, _: list[int]) -> int:
        once, twice = choices.weight[counts > 0].sum(), choices.weight[counts > 1].sum()
        return int(3 * once + second * twice)

    assert_best(lambda: backup(choices, limits, 3, second), brute(choices, limits, value))


@settings(max_examples=100)
@given(choices=some_choices(10), limits=some_limits(), seed=st.integers(0, 2**32 - 1))
def test_p_median_is_the_best_of_all_plans(choices: Choices, limits: Limits, seed: int) -> None:
    """No plan leaves less time in total; a stored time of 0 counts, one not stored is too far."""
    limits = replace(limits, floor_share={})
    within(choices, limits)
    of = np.random.default_rng(seed)
    shape = (choices.units, choices.places)
    times, near, now = (
        of.integers(0, 10, shape),
        of.random(shape) < 0.5,
        of.integers(1, 12, shape[0]),
    )
    unit, place = np.nonzero(near)
    stored = csr_array((times[unit, place], (unit, place)), shape=shape)

    def value(_: Ints, plan: list[int]) -> int:
        nearest = np.where(near, times, 99)[:, plan].min(axis=1, initial=99)
        return -int((choices.weight * np.minimum(now, nearest)).sum())

    least = brute(choices, limits, value)
    expected = None if least is None else -least
    assert_best(lambda: p_median(choices, stored, now, limits), expected)


@settings(max_examples=100)
@given(
    choices=some_choices(10),
    limits=some_limits(),
    share=st.sampled_from([0.0, 0.35, 0.5, 0.9, 0.95, 1.0]),
)
def test_lscp_is_the_fewest_of_all_plans(choices: Choices, limits: Limits, share: float) -> None:
    """No fewer places serve the share, or all that can be served; the answer serves it."""
    limits = Limits(floor_places=limits.floor_places, floor_share=limits.floor_share)
    everyone = choices.count_reached(np.arange(choices.places)) > 0
    asked = Fraction(str(share)) * int(choices.children.sum())
    need = min(asked, int(choices.children[everyone].sum()))

    def value(counts: Ints, plan: list[int]) -> int | None:
        return -len(plan) if choices.children[counts > 0].sum() >= need else None

    fewest = brute(choices, limits, value)
    expected = None if fewest is None else -fewest
    found = assert_best(lambda: lscp(choices, limits, share), expected)
    if found is not None:
        counts = choices.count_reached(found.chosen)
        assert choices.children[counts > 0].sum() >= need
        lost = np.flatnonzero(~everyone & (choices.children > 0))
        assert found.unreachable.tolist() == lost.tolist()


NEAR_EQUAL = choices_of(
    [[1, 1, 0, 0], [0, 1, 0, 1], [0, 0, 0, 0], [0, 0, 1, 0], [1, 0, 0, 1]],
    weight=[8, 2, 7, 3],
    cost_cents=[10_000_001, 10_000_001, 10_000_002, 10_000_000, 10_000_002],
)


@pytest.mark.parametrize(
    ("budget", "objective"), [(20_000_000, 11), (20_000_001, 17), (20_000_002, 18)]
)
def test_a_budget_is_kept_to_the_cent_among_dear_places(budget: int, objective: int) -> None:
    """Places of 100,000 euro a cent apart: each cent of the budget has its own best, proven."""
    found = mclp(NEAR_EQUAL, Limits(budget_cents=budget))
    assert (found.objective, found.bound, found.optimal) == (objective, objective, True)
    assert NEAR_EQUAL.cost_cents[found.chosen].sum() <= budget


@contextmanager
def tolerant(tolerance: float) -> Iterator[None]:
    """Let HiGHS be so lax, and start from greedy alone, so that answers must be refused."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(program, "FEASIBILITY", tolerance)
        patch.setattr(search, "round_values", lambda *given_: given_[2])
        for module in (search, least):
            patch.setattr(module, "swap_places", lambda *_: None)
            patch.setattr(module, "prove_places", lambda *given_: (np.zeros(given_[2], bool),) * 2)
        patch.setattr(least, "_round_to_fewer", lambda *given_: given_[3])
        yield


@st.composite
def hard_choices(draw: st.DrawFn) -> Choices:
    """Draw places that overlap so much that neither greedy nor the relaxed program is enough."""
    of = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows = of.random((draw(st.integers(7, 10)), draw(st.integers(10, 16)))) < 0.35
    return choices_of(rows.astype(int).tolist(), weight=of.integers(1, 99, rows.shape[1]))


TOLERANCES = st.sampled_from([1e-9, 1e-6, 1e-3])


@settings(max_examples=150)
@given(
    choices=hard_choices(),
    seed=st.integers(0, 2**32 - 1),
    apart=st.sampled_from([3, 1_000, 8_999_999]),
    cent=st.integers(-1, 1),
    tolerance=TOLERANCES,
)
def test_dear_places_within_a_budget_to_the_cent(
    choices: Choices, seed: int, apart: int, cent: int, tolerance: float
) -> None:
    """With costs of 10,000 to 100,000 euro and a budget of just a good plan, the best is found."""
    of = np.random.default_rng(seed)
    cheapest = 10_000_000 - apart
    choices = replace(choices, cost_cents=cheapest + of.integers(0, apart, choices.places))
    good = of.permutation(choices.places)[: of.integers(2, 5)]
    limits = Limits(budget_cents=int(choices.cost_cents[good].sum()) + cent)
    within(choices, limits)
    expected = brute(choices, limits, lambda counts, _: int(choices.weight[counts > 0].sum()))
    with tolerant(tolerance):
        found = assert_best(lambda: mclp(choices, limits), expected)
    assert found is not None
    assert choices.cost_cents[found.chosen].sum() <= limits.budget_cents


@settings(max_examples=150)
@given(
    choices=hard_choices(),
    seed=st.integers(0, 2**32 - 1),
    child=st.integers(-1, 1),
    tolerance=TOLERANCES,
)
def test_many_children_within_a_share_to_the_child(
    choices: Choices, seed: int, child: int, tolerance: float
) -> None:
    """Of millions, the children of just some plan are asked for, in a province and in all."""
    of = np.random.default_rng(seed)
    children = 10_000_000 + of.integers(0, 4, choices.units)
    choices = replace(choices, children=children, province_of_unit=0 * children)
    some = of.permutation(choices.places)[: of.integers(2, 5)]
    total = int(children.sum())
    asked = int(children[choices.count_reached(some) > 0].sum()) + child
    assume(0 <= asked <= total)
    share = float(repr(asked / total))
    limits = Limits(places=4, floor_share={0: share})
    most = int(children[choices.count_reached(np.arange(choices.places)) > 0].sum())
    need = min(Fraction(str(share)) * total, most)

    def few(counts: Ints, plan: list[int]) -> int | None:
        return -len(plan) if children[counts > 0].sum() >= need else None

    fewest = brute(choices, Limits(), few)
    best = brute(choices, limits, lambda counts, _: int(choices.weight[counts > 0].sum()))
    with tolerant(tolerance):
        assert_best(lambda: lscp(choices, Limits(), share), None if fewest is None else -fewest)
        assert_best(lambda: mclp(choices, limits), best)


LAST_CHILD = choices_of(
    [
        [0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
        [0, 0, 1, 0, 1, 1, 1, 0, 0, 0, 0, 1, 0, 1, 1],
        [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
        [0, 0, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0, 1],
        [0, 1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1],
        [0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1],
        [1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0],
        [0, 0, 0, 0, 0, 1, 0, 1, 1, 0, 1, 0, 1, 1, 0],
        [0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0],
    ],
    children=[10_000_000 + more for more in (0, 1, 2, 0, 3, 1, 0, 2, 2, 3, 0, 1, 3, 2, 2)],
)


@pytest.mark.parametrize("tolerance", [1e-9, 1e-6, 1e-3])
def test_places_that_reach_just_the_last_child_are_enough(tolerance: float) -> None:
    """Three places reach the 130,000,021 that are asked for, and none more: they are the fewest."""
    with tolerant(tolerance):
        assert_best(lambda: lscp(LAST_CHILD, Limits(), 0.866666672888888), 3)


def spread(seed: int, places: int, units: int) -> tuple[NDArray[np.float64], Ints]:
    """Draw minutes between units (rows) and places, and the weights of the units."""
    of = np.random.default_rng(seed)
    one, other = of.random((units, 1, 2)), of.random((1, places, 2))
    minutes = np.hypot(*np.moveaxis(one - other, -1, 0)) * 60
    return minutes, of.integers(1, 50, units)


def timed_choices(minutes: NDArray[np.float64], weight: Ints) -> Choices:
    """Make choices of a matrix of minutes, with a cutoff of 15."""
    rows = (minutes.T <= 15).astype(int).tolist()
    return choices_of(rows, weight=weight, children=weight)


def spopt_of(name: str, *arguments: Any, **more: Any) -> int:
    """Solve one of spopt's problems with HiGHS; give the objective."""
    # spopt and pulp warn of what they will change, at import and in use.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pulp
        import spopt.locate

        model = getattr(spopt.locate, name).from_cost_matrix(*arguments, **more)
        model.solve(pulp.HiGHS(msg=False, gapRel=0.0))
        return round(pulp.value(model.problem.objective))


@pytest.mark.parametrize("seed", range(5))
def test_spopt_finds_as_much(seed: int) -> None:
    """On the problems that spopt has (LSCP, MCLP, p-median) the optimum is the same."""
    minutes, weight = spread(seed, places=40, units=150)
    choices = timed_choices(minutes, weight)
    six = Limits(places=6)
    assert mclp(choices, six).objective == spopt_of("MCLP", minutes, weight, 15, p_facilities=6)
    in_time = minutes[(minutes <= 15).any(axis=1)]
    assert lscp(choices, Limits()).objective == spopt_of("LSCP", in_time, 15)
    whole = np.round(minutes * 60).astype(np.int64)
    far = np.full(len(weight), 10**6)
    least = p_median(choices, csr_array(whole), far, six).objective
    assert least == spopt_of("PMedian", whole.astype(float), weight, p_facilities=6)


def clustered(seed: int, places: int, units: int) -> Choices:
    """Make places and units crowded into few towns, where proofs are hard."""
    of = np.random.default_rng(seed)
    towns = of.random((4, 2)) * 30
    units_at = towns[of.integers(0, 4, units)] + of.normal(0, 2.5, (units, 2))
    places_at = towns[of.integers(0, 4, places)] + of.normal(0, 2.5, (places, 2))
    far = np.hypot(*np.moveaxis(units_at[:, None] - places_at[None], -1, 0))
    return timed_choices(far * 7, of.integers(1, 99, units))


@pytest.mark.parametrize("seed", range(3))
def test_reductions_change_no_optimum(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The value is the same when no place is left out and nothing is proven beforehand."""
    choices = clustered(seed, places=40, units=300)
    limits = Limits(places=7, budget_cents=9)
    reduced = mclp(choices, limits)
    monkeypatch.setattr(search, "reduce_cover", lambda cover, _: cover)
    nothing = (np.zeros(choices.places, bool), np.zeros(choices.places, bool))
    monkeypatch.setattr(search, "prove_places", lambda *_: nothing)
    monkeypatch.setattr(search, "round_values", lambda *given_: given_[2])
    whole = mclp(choices, limits)
    assert reduced.optimal
    assert whole.optimal
    assert reduced.objective == whole.objective
    assert reduced.left.units < whole.left.units


@settings(max_examples=100)
@given(choices=some_choices(), limits=some_limits())
def test_parts_chosen_anew_keep_to_the_limits(choices: Choices, limits: Limits) -> None:
    """With neighbourhoods bettered at any size, and no rounding, the best is still the best."""
    within(choices, limits)
    expected = brute(choices, limits, lambda counts, _: int(choices.weight[counts > 0].sum()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "round_values", lambda *given_: given_[2])
        patch.setattr(search, "MANY_PLACES", -1)
        patch.setattr(search, "TOGETHER", 0)
        patch.setattr(nearby, "TOGETHER", 2)
        found = assert_best(lambda: mclp(choices, limits), expected)
    if found is not None:
        counts = choices.count_reached(found.chosen)
        assert is_kept(choices, limits, found.chosen.tolist(), counts)


def test_neighbourhoods_better_a_greedy_choice() -> None:
    """Choosing six neighbours anew betters what no swap of a single place could."""
    choices = clustered(3, places=120, units=900)
    limits = Limits(places=16)
    cover = find_open_demand(choices, choices.weight, 0 * choices.weight, {})
    rules = SearchRules.from_limits(choices, limits)
    plan = search.start_plan(cover, rules, np.inf)
    assert plan is not None
    before = plan.value
    solve = partial(search.choose_part, deadline=np.inf)
    better = nearby.better_plan(plan, rules, solve, np.inf)
    assert before < better.value <= mclp(choices, limits).objective
    assert rules.are_kept_by(cover, better.places)


def test_the_relaxed_bound_is_that_of_the_linear_program() -> None:
    """The multipliers found prove what scipy's linear program gives, to a hundredth of a child."""
    choices = clustered(4, places=40, units=300)
    rules = SearchRules.from_limits(choices, Limits(places=6))
    cover = find_open_demand(choices, choices.weight, choices.weight // 3, {})
    program = search.build_program(cover, rules)
    found = solve_relaxed(program, np.inf)
    theirs = linprog(-program.gain, A_ub=program.rows, b_ub=program.upper, bounds=(0, 1))
    assert found is not None
    assert found.bound == pytest.approx(-theirs.fun, abs=0.01)


@pytest.mark.parametrize("limit_s", [0.0, 0.05, 0.4])
def test_past_the_time_limit_the_bound_still_holds(limit_s: float) -> None:
    """With no time to prove it, the answer is called best only if it is; its bound is above."""
    choices = clustered(5, places=150, units=1500)
    best = mclp(choices, Limits(places=12)).objective
    found = mclp(choices, Limits(places=12, time_limit_s=limit_s))
    assert found.objective <= best <= found.bound
    assert found.optimal == (found.objective == found.bound)
    assert len(found.chosen) <= 12


def test_without_time_nothing_is_called_optimal() -> None:
    """A limit of 0 s gives greedy's choice, a bound above it and a gap, not a proof."""
    found = mclp(clustered(5, places=150, units=1500), Limits(places=12, time_limit_s=0.0))
    assert not found.optimal
    assert found.bound > found.objective > 0
    assert found.gap > 0


def test_lscp_past_the_time_limit_gives_a_cover_and_a_bound_below() -> None:
    """Out of time, the places still serve everyone, and no fewer than the bound could."""
    choices = clustered(5, places=150, units=1500)
    best = lscp(choices, Limits())
    found = lscp(choices, Limits(time_limit_s=0.0))
    assert found.bound <= best.objective <= found.objective
    counts = choices.count_reached(found.chosen)
    assert set(np.flatnonzero(counts == 0)) == set(found.unreachable)


@settings(max_examples=60)
@given(choices=some_choices(), seed=st.integers(0, 2**32 - 1))
def test_any_multipliers_prove_a_bound(choices: Choices, seed: int) -> None:
    """Whatever the duals, the bound is never below what a plan can reach."""
    limits = Limits(places=min(3, choices.places))
    rules = SearchRules.from_limits(choices, limits)
    cover = find_open_demand(choices, choices.weight, choices.weight // 2, {})
    program = search.build_program(cover, rules)
    duals = np.random.default_rng(seed).normal(0, 5, program.rows.shape[0])
    bound, _ = certify_bound(program, duals)
    most = max(
        cover.value_of(np.array(plan, np.intp)) for plan in plans(choices, limits.places or 0)
    )
    assert bound >= most


@settings(max_examples=60)
@given(choices=some_choices())
def test_the_curve_never_falls_and_holds_the_optimum(choices: Choices) -> None:
    """For each number: greedy <= best found <= optimum <= bound; no line falls."""
    most = min(4, choices.places)
    found = trace_curve(choices, most)
    for number in range(1, most + 1):
        at = number - 1
        optimum = mclp(choices, Limits(places=number)).objective
        assert found.greedy[at] <= found.best[at] <= optimum <= found.bound[at]
        counts = choices.count_reached(found.plans[at])
        assert choices.weight[counts > 0].sum() == found.best[at]
        assert len(found.plans[at]) <= number
    for line in (found.greedy, found.best, found.bound):
        assert (np.diff(line) >= 0).all()
    assert (np.diff(np.append(found.already, found.greedy), 2) <= 0).all()


def test_the_curve_of_towns_is_near_its_bound() -> None:
    """On crowded towns the line found and the bound lie within two per cent everywhere."""
    found = trace_curve(clustered(1, places=80, units=600), 30)
    assert (found.bound <= 1.02 * found.best).all()


@settings(max_examples=60)
@given(choices=some_choices())
def test_greedy_takes_the_most_each_time(choices: Choices) -> None:
    """The first adds the most of all, gains never rise, N places near the best N, all win all."""
    most = choices.places
    line = np.append(0, (found := trace_curve(choices, most)).greedy - found.already)
    reach = choices.reach.toarray() > 0
    alone = (choices.weight * (reach & (choices.served == 0))).sum(axis=1)
    gains = np.diff(line)
    assert gains[0] == alone.max()
    assert (np.diff(gains) <= 0).all()
    assert line[-1] == (choices.weight * (reach.any(axis=0) & (choices.served == 0))).sum()
    for number in range(1, min(4, most) + 1):
        best = mclp(choices, Limits(places=number)).objective - found.already
        assert line[number] >= (1 - (1 - 1 / number) ** number) * best - 1e-9


@settings(max_examples=40)
@given(choices=some_choices(), seed=st.integers(0, 2**32 - 1))
def test_the_curve_never_falls_whatever_was_found(choices: Choices, seed: int) -> None:
    """Where some plans were worse and some bounds weaker than others, neighbours stand in."""
    most = min(5, choices.places)
    of = np.random.default_rng(seed)
    bounds = curves._bound_each_number

    def uneven(
        cover: Cover, rules: list[SearchRules], plans: list[WorkingPlan], deadline: float
    ) -> Ints:
        found = bounds(cover, rules, plans, deadline)
        for at in np.flatnonzero(of.random(most) < 0.5).tolist():
            plans[at] = WorkingPlan(cover)
        return found + of.integers(0, 20, most)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(curves, "_bound_each_number", uneven)
        found = trace_curve(choices, most)
    assert (np.diff(found.best) >= 0).all()
    assert (np.diff(found.bound) >= 0).all()
    for at, plan in enumerate(found.plans):
        optimum = mclp(choices, Limits(places=at + 1)).objective
        assert found.best[at] <= optimum <= found.bound[at]
        assert len(plan) <= at + 1
        counts = choices.count_reached(plan)
        assert choices.weight[counts > 0].sum() == found.best[at]


@settings(max_examples=40)
@given(choices=some_choices(), seed=st.integers(0, 2**32 - 1))
def test_the_order_of_the_units_settles_nothing(choices: Choices, seed: int) -> None:
    """The same units in another order give the same places, ties included."""
    order = np.random.default_rng(seed).permutation(choices.units)
    turned = replace(
        choices,
        reach=choices.reach[:, order],
        weight=choices.weight[order],
        served=choices.served[order],
        province_of_unit=choices.province_of_unit[order],
        children=choices.children[order],
    )
    limits = Limits(places=min(3, choices.places))
    one, other = mclp(choices, limits), mclp(turned, limits)
    assert one.chosen.tolist() == other.chosen.tolist()
    assert one.gains.tolist() == other.gains.tolist()


@pytest.mark.parametrize("threads", [1, 2])
def test_the_number_of_threads_settles_nothing(threads: int) -> None:
    """Whatever number of threads HiGHS was started with, the choice is the same, and proven."""
    choices = clustered(7, places=60, units=500)
    limits = Limits(places=8)
    alone = mclp(choices, limits)
    highspy.Highs.resetGlobalScheduler(True)
    other = highspy.Highs()
    other.setOptionValue("output_flag", False)
    other.setOptionValue("threads", threads)
    other.addVariable(0, 1, 1)
    assert other.run() == highspy.HighsStatus.kOk
    again = mclp(choices, limits)
    highspy.Highs.resetGlobalScheduler(True)
    assert again.optimal
    assert (again.chosen.tolist(), again.left) == (alone.chosen.tolist(), alone.left)


def test_alike_units_are_merged_and_replaced_places_left_out() -> None:
    """Units 0 and 1 have the same places; place 2 is inside place 0; unit 3 is served twice."""
    choices = choices_of(
        [[1, 1, 1, 0], [0, 0, 1, 1], [1, 1, 0, 1]], weight=[1, 2, 4, 8], served=[0, 0, 0, 2]
    )
    cover = find_open_demand(choices, choices.weight, np.zeros(4, np.int64), {})
    assert sorted(cover.first.tolist()) == [3, 4]
    assert mclp(choices, Limits(places=3)).chosen.tolist() == [0]
    rules = SearchRules.from_limits(choices, Limits(places=1))
    small = search.reduce_cover(cover, rules)
    assert (small.kept.tolist(), small.own.tolist(), small.units) == ([0], [7], 0)


def test_of_equal_places_the_first_is_chosen() -> None:
    """Places that bring the same children: the smaller index, whatever the number."""
    choices = choices_of([[0, 1], [1, 0], [1, 0], [0, 1]])
    assert mclp(choices, Limits(places=2)).chosen.tolist() == [0, 1]
    assert mclp(choices, Limits(places=4)).chosen.tolist() == [0, 1]
    assert order_places(
        find_open_demand(choices, choices.weight, 0 * choices.weight, {}), np.array([3, 1])
    )


def test_a_budget_beats_the_greedy_choice_and_is_kept_to_the_cent() -> None:
    """Two cheap places bring more than the one that greedy takes; a cent less, and they do not."""
    choices = choices_of(
        [[1, 0, 0], [0, 1, 0], [0, 0, 1]], weight=[10, 7, 7], cost_cents=[1000, 501, 502]
    )
    assert sorted(mclp(choices, Limits(budget_cents=1003)).chosen.tolist()) == [1, 2]
    assert mclp(choices, Limits(budget_cents=1002)).chosen.tolist() == [0]


def test_a_second_service_is_wanted_where_it_counts() -> None:
    """With one academy open, backup puts the new one where it serves a second time as well."""
    choices = choices_of([[1, 0], [0, 1]], weight=[5, 4], served=[1, 0])
    assert mclp(choices, Limits(places=1)).chosen.tolist() == [1]
    assert backup(choices, Limits(places=1), 1, 1).chosen.tolist() == [0]
    assert backup(choices, Limits(places=1), 2, 1).objective == 2 * 9


def test_lscp_tells_whom_no_place_reaches_and_solves_for_the_rest() -> None:
    """Units 3 (children, no place) is named; unit 4 has no children and asks for nothing."""
    choices = choices_of(
        [[1, 1, 0, 0, 0], [0, 1, 1, 0, 0], [0, 0, 1, 0, 0]], children=[3, 3, 3, 2, 0]
    )
    found = lscp(choices, Limits())
    assert found.unreachable.tolist() == [3]
    assert found.objective == 2
    assert found.gains.tolist() == [6, 3]
    assert lscp(choices, Limits(), 0.5).objective == 1


NORTH = {0: "North", 1: "South"}
ISLANDS = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        (Limits(places=4), "4 places asked for, 3 to choose from"),
        (Limits(places=-1), "-1 places"),
        (Limits(budget_cents=99), "the budget of 0.99 euro is below the cheapest place"),
        (Limits(floor_places={1: 2}), "South: at least 2 new places asked for, it has 1"),
        (Limits(places=1, floor_places={0: 1, 1: 1}), "(North 1, South 1)"),
        (Limits(budget_cents=150, floor_places={0: 1, 1: 1}), "the floors cost 2 euro"),
        (Limits(floor_share={1: 0.6}), "South: 2 more children are needed"),
        (Limits(places=1, floor_share={0: 1.0}), "the floor of North out of reach"),
        (Limits(places=2, largest_share=0.5, floor_places={0: 2}), "North: at least 2"),
        (Limits(largest_share=0.5), "needs their number"),
        (Limits(places=1, largest_share=1.5), "the largest share is 1.5"),
        (Limits(floor_share={0: -0.1}), "North: the least share is -0.1"),
        (Limits(floor_places={0: -1}), "North: at least -1"),
        (Limits(time_limit_s=-1.0), "the time limit is -1.0 s"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_limits_that_cannot_be_kept_are_named(limits: Limits, told: str) -> None:
    """Each bad or unreachable limit is one clear line, with the province that makes it so."""
    choices = choices_of(
        ISLANDS,
        province_of_place=[0, 0, 1],
        province_of_unit=[0, 0, 1, 1],
        cost_cents=[100, 100, 100],
        names=NORTH,
    )
    with pytest.raises(InputError) as error:
        mclp(choices, limits)
    assert told in str(error.value)
    assert len(error.value.problems) == 1


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"weight": [1, 2]}, "weight has the shape (2,), not (4,)"),
        ({"weight": [1.0, 2.0, 3.0, 4.0]}, "weight holds float64"),
        ({"cost_cents": [1, -1, 1]}, "cost_cents holds a negative number"),
        ({"children": [2**51, 2**51, 2**51, 0]}, "children adds up to more"),
    ],
    ids=str,
)
def test_arrays_that_do_not_fit_are_told(changed: dict[str, Any], told: str) -> None:
    """Wrong lengths, fractions, negative and too large numbers are refused."""
    with pytest.raises(InputError) as error:
        mclp(choices_of(ISLANDS, **changed), Limits(places=1))
    assert told in str(error.value)


def test_what_has_no_meaning_is_refused() -> None:
    """An LSCP with a number, a p-median with a share to reach, a second service above a first."""
    choices = choices_of(ISLANDS)
    times = csr_array((4, 3), dtype=np.int64)
    with pytest.raises(InputError, match="has no meaning"):
        lscp(choices, Limits(places=2))
    with pytest.raises(InputError, match="the share is"):
        lscp(choices, Limits(), 1.1)
    with pytest.raises(InputError, match="no cutoff"):
        p_median(choices, times, np.ones(4, np.int64), Limits(floor_share={0: 0.5}))
    with pytest.raises(InputError, match="not by unit and place"):
        p_median(choices, times.T.tocsr(), np.ones(4, np.int64), Limits(places=1))
    with pytest.raises(InputError, match="adds up to more"):
        p_median(choices, times, np.full(4, 2**52), Limits(places=1))
    with pytest.raises(InputError, match="a second service counts 2"):
        backup(choices, Limits(places=1), 1, 2)
    with pytest.raises(InputError, match="negative"):
        p_median(choices, csr_array(-np.ones((4, 3), np.int64)), np.ones(4, np.int64), Limits())
    with pytest.raises(InputError, match="add up to too much"):
        backup(choices, Limits(places=1), 2**60, 1)


@pytest.mark.parametrize(
    ("choices", "limits"),
    [
        (choices_of([[1, 1]], served=[1, 1]), Limits(places=1)),
        (choices_of([[0, 0]]), Limits(places=1)),
        (choices_of([[1, 1]]), Limits(places=0)),
        (choices_of([[1, 1]], weight=[0, 0], children=[0, 0]), Limits(places=1)),
        (
            replace(
                choices_of([[1]]),
                reach=csr_array((1, 0)),
                **dict.fromkeys(
                    ("weight", "served", "province_of_unit", "children"), np.zeros(0, np.int64)
                ),
            ),
            Limits(places=1),
        ),
        (
            replace(
                choices_of([[1, 1]]),
                reach=csr_array((0, 2)),
                **dict.fromkeys(("cost_cents", "province_of_place"), np.zeros(0, np.int64)),
            ),
            Limits(places=0),
        ),
    ],
    ids=["all served", "nobody reached", "none asked", "weighs nothing", "no units", "no places"],
)
def test_where_nothing_can_be_won_nothing_is_chosen(choices: Choices, limits: Limits) -> None:
    """Empty input and nothing to win: an empty choice, proven, in every problem."""
    now, times = np.ones(choices.units, np.int64), csr_array((choices.units, choices.places))
    for found in (
        mclp(choices, limits),
        backup(choices, limits, 1, 0),
        p_median(choices, times.astype(np.int64), now, limits),
    ):
        assert len(found.chosen) == 0
        assert found.optimal
        assert found.objective == found.bound == found.already
    assert lscp(choices, Limits(), 0.0).objective == 0
    drawn = trace_curve(choices, limits.places or 0)
    assert (drawn.best == drawn.already).all()
    assert (drawn.greedy == drawn.already).all()


def test_what_the_floors_still_cost_is_kept_back() -> None:
    """Of 30 cents the first province needs 10: in the second a place of 15 fits, one of 25 not."""
    choices = choices_of(
        np.eye(4, dtype=np.int8).tolist(),
        cost_cents=[10, 25, 15, 25],
        province_of_place=[0, 0, 1, 1],
        province_of_unit=[0, 0, 1, 1],
    )
    cover = find_open_demand(choices, choices.weight, 0 * choices.weight, {})
    limits = Limits(places=2, budget_cents=30, floor_places={0: 1})
    allowed = SearchRules.from_limits(choices, limits).find_addable(cover, np.zeros(4, np.bool_))
    assert allowed.tolist() == [True, True, True, False]


def test_a_unit_of_one_child_whom_only_a_floor_counts_stays_open() -> None:
    """It weighs nothing, but the least share of its province needs it until it is served."""
    choices = choices_of([[1]], weight=[0], children=[1])
    cover = find_open_demand(choices, choices.weight, 0 * choices.weight, {0: 1})
    assert nearby.keep_still_open(cover, np.array([0])).units == 1
    assert nearby.keep_still_open(cover, np.array([1])).units == 0


def test_a_province_that_falls_short_is_served_by_its_own_children_alone() -> None:
    """A place for its two children goes before one for a single one and three of another."""
    choices = choices_of(
        [[0, 1, 1, 1, 1], [1, 0, 0, 0, 0]],
        children=[2, 1, 1, 1, 1],
        province_of_unit=[0, 0, 1, 1, 1],
        province_of_place=[1, 0],
    )
    cover = find_open_demand(choices, choices.weight, 0 * choices.weight, {0: 2})
    none, one = np.zeros(2, np.int64), np.ones(2, np.int64)
    rules = SearchRules(most=1, budget=-1, floor=none, cap=one, needs=np.array([2, 0]))
    assert complete_plan(WorkingPlan(cover), rules, score_by_gain) == [1]


def test_a_unit_with_two_chosen_places_counts_a_second_time() -> None:
    """Not only with three: of weights 5 and 3 one place is worth 5, two or three are worth 8."""
    choices = choices_of([[1], [1], [1]])
    cover = find_open_demand(choices, np.array([5]), np.array([3]), {})
    assert [cover.value_of(np.arange(count)) for count in range(4)] == [0, 5, 8, 8]
