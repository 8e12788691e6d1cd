"""Linear programs in HiGHS, and what their duals prove."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array, vstack

if TYPE_CHECKING:
    from collections.abc import Callable

    import highspy
    from numpy.typing import NDArray

    from stemgeo.siting.rules import Cut

    Floats = NDArray[np.float64]
    Indices = NDArray[np.intp]

ABSOLUTE_GAP = 0.999
"""Objectives are whole numbers: a bound less than 1 above one proves that it is the best."""

ROUNDING = 1e-9
"""What a sum of floats may be off, as a share of the sizes added up: on the safe side."""

LARGEST_COST = 1e6
"""HiGHS works to absolute tolerances (1e-7): larger coefficients are scaled down to this."""

CHOSEN = 0.5
"""A binary column of a solution is 0 or 1 up to a tolerance."""

FEASIBILITY = 1e-9
"""What a row may be passed by in HiGHS, as it scales it; 1e-6 would be a cent in 10,000 euro."""

SEED = 0


def give_leeway(side: float) -> float:
    """Say how far out the side of a row of whole numbers stands: no whole number comes between.

    On a side of 100 million what HiGHS rounds is more than its tolerance: it would take the very
    solution for impossible that has just the last child or cent.
    """
    return min(0.5, 1e-6 * abs(side))


@dataclass(frozen=True)
class Program:
    """Maximise `gain` @ z with `lower` <= `rows` @ z <= `upper` and each z from 0 to 1.

    Parameters
    ----------
    gain
        Of each column.
    rows
        Rows x columns.
    lower, upper
        Of each row; infinite where there is none.
    binary
        How many columns, the first ones, must be 0 or 1.
    gap
        A bound this near above a solution proves it.
    """

    gain: Floats
    rows: csr_array
    lower: Floats
    upper: Floats
    binary: int
    gap: float = ABSOLUTE_GAP


@dataclass(frozen=True)
class Relaxed:
    """What the duals of the relaxed program prove.

    Parameters
    ----------
    bound
        No solution has more.
    reduced
        By column, what the bound falls by at least when the column is moved away from 1 (where
        above 0) or from 0 (where below, negated).
    values
        Of the columns; fractional.
    duals
        Of the rows, as `certify_bound` takes them.
    """

    bound: float
    reduced: Floats
    values: Floats
    duals: Floats


@dataclass(frozen=True)
class Searched:
    """What branch and bound found: the values of the columns (None: nothing) and a bound."""

    values: Floats | None
    bound: float
    finished: bool
    infeasible: bool


def certify_bound(program: Program, duals: Floats) -> tuple[float, Floats]:
    """Give the bound that multipliers prove, whatever they are, and the reduced gains.

    For multipliers d >= 0 of rows written as a @ z <= b, no solution has more than d @ b plus the
    sum over the columns of max(0, gain - d @ a): Lagrange's bound. So a solver's tolerance cannot
    make it wrong, only weak.

    Parameters
    ----------
    program
        The program.
    duals
        By row, above 0 where its upper side binds, below 0 where its lower side does.
    """
    on_upper = np.where(np.isfinite(program.upper), np.maximum(duals, 0), 0)
    on_lower = np.where(np.isfinite(program.lower), np.minimum(duals, 0), 0)
    sides = on_upper * np.where(on_upper != 0, program.upper, 0)
    sides += on_lower * np.where(on_lower != 0, program.lower, 0)
    reduced = program.gain - program.rows.T @ (on_upper + on_lower)
    terms = np.concatenate([sides, np.maximum(reduced, 0)])
    safe = ROUNDING * (float(np.abs(sides).sum()) + float(np.abs(reduced).sum()))
    return math.fsum(terms) + safe, reduced


def solve_relaxed(program: Program, time_limit_s: float) -> Relaxed | None:
    """Solve without whole numbers, by an interior point; None if that did not end soon enough."""
    highs, scale = _build_model(program, time_limit_s, 0)
    highs.setOptionValue("solver", "ipm")
    # Any duals prove a bound: no need to cross over to a corner.
    highs.setOptionValue("run_crossover", "off")
    highs.run()
    solution = highs.getSolution()
    if not (solution.value_valid and solution.dual_valid):
        return None
    duals = -scale * np.asarray(solution.row_dual)
    bound, reduced = certify_bound(program, duals)
    values = np.clip(np.asarray(solution.col_value), 0, 1)
    return Relaxed(bound, reduced, values, duals)


def solve_whole(
    program: Program,
    start: Floats | None,
    fixed: Indices,
    time_limit_s: float,
    nodes: int = 2**31 - 1,
) -> Searched:
    """Search for the best solution in whole numbers.

    Parameters
    ----------
    program
        The program.
    start
        Values of the columns of a solution to start from; None if there is none.
    fixed
        Columns that are known to be 1.
    time_limit_s
        Seconds.
    nodes
        Nodes of the tree at most.
    """
    import highspy

    highs, scale = _build_model(program, time_limit_s, program.binary)
    highs.setOptionValue("mip_max_nodes", nodes)
    ones = np.ones(len(fixed))
    highs.changeColsBounds(len(fixed), fixed.astype(np.int32), ones, ones)
    if start is not None:
        solution = highspy.HighsSolution()
        solution.col_value = start.tolist()
        highs.setSolution(solution)
    highs.run()
    info, status = highs.getInfo(), highs.getModelStatus()
    found = np.isfinite(info.objective_function_value) and info.primal_solution_status == 2
    values = np.asarray(highs.getSolution().col_value) if found else None
    return Searched(
        values,
        -float(info.mip_dual_bound) * scale,
        status == highspy.HighsModelStatus.kOptimal,
        status == highspy.HighsModelStatus.kInfeasible,
    )


def solve_exactly(
    program: Program,
    start: Floats | None,
    fixed: Indices,
    deadline: float,
    broken: Callable[[Indices], Cut | None],
    nodes: int = 2**31 - 1,
) -> Searched:
    """Search until the answer keeps the limits in whole numbers, not just to a tolerance.

    An answer that does not keep them proves nothing: it is cut off, and the search is done again.

    Parameters
    ----------
    program, start, fixed, nodes
        As for `solve_whole`.
    deadline
        Of `time.perf_counter`.
    broken
        Gives a cut that the binary columns at 1 break and no choice within the limits does; None
        if they are within the limits.

    Returns
    -------
    Searched
        Out of time, and where a cut was to no avail, without values and not finished: only its
        bound stands.
    """
    refused: set[bytes] = set()
    while True:
        answer = solve_whole(program, start, fixed, deadline - time.perf_counter(), nodes)
        if answer.values is None:
            return answer
        chosen = np.flatnonzero(answer.values[: program.binary] > CHOSEN)
        cut = broken(chosen)
        if cut is None:
            return answer
        if chosen.tobytes() in refused or time.perf_counter() > deadline:
            return Searched(None, answer.bound, finished=False, infeasible=False)
        refused.add(chosen.tobytes())
        program = _add_cut(program, cut)


def _add_cut(program: Program, cut: Cut) -> Program:
    row = np.zeros((1, program.rows.shape[1]))
    row[0, cut.places] = 1
    return replace(
        program,
        rows=csr_array(vstack([program.rows, csr_array(row)], format="csr")),
        lower=np.append(program.lower, cut.least),
        upper=np.append(program.upper, cut.most),
    )


def _build_model(program: Program, time_limit_s: float, binary: int) -> tuple[highspy.Highs, float]:
    """Pass a program to HiGHS, its gains scaled, the first columns whole; give it and the scale."""
    import highspy

    largest = float(np.abs(program.gain).max(initial=0))
    scale = max(1.0, largest / LARGEST_COST)
    rows = csr_array(program.rows)
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = rows.shape
    # Minimised with the sign turned: of a maximum, HiGHS 1.15 gives duals of the wrong sign after
    # presolve and an interior point without crossover.
    lp.col_cost_ = -program.gain / scale
    lp.col_lower_, lp.col_upper_ = np.zeros(rows.shape[1]), np.ones(rows.shape[1])
    lp.row_lower_, lp.row_upper_ = program.lower, program.upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = rows.indptr, rows.indices
    lp.a_matrix_.value_ = rows.data.astype(np.float64)
    if binary:
        whole, any_value = highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous
        lp.integrality_ = [whole] * binary + [any_value] * (lp.num_col_ - binary)
    highs = highspy.Highs()  # type: ignore[no-untyped-call]  # highspy leaves it untyped
    for option, value in _list_options(program, scale, time_limit_s).items():
        highs.setOptionValue(option, value)
    highs.passModel(lp)
    return highs, scale


def _list_options(
    program: Program, scale: float, time_limit_s: float
) -> dict[str, bool | int | float | str]:
    """Give what HiGHS is told: the same answer each time, and proofs to the last child."""
    return {
        "output_flag": False,
        # Not "threads": HiGHS keeps one number of them for the whole process, and refuses another.
        "parallel": "off",
        "random_seed": SEED,
        "time_limit": max(0.0, time_limit_s),
        "mip_rel_gap": 0.0,
        "mip_abs_gap": program.gap / scale,
        "mip_feasibility_tolerance": FEASIBILITY,
        # After the reductions and roundings made before, these take longer than they save.
        "mip_detect_symmetry": False,
        "mip_allow_restart": False,
    }
