"""Placing academies: stemgeo's exact choice beside spopt's on the same towns, and larger ones.

Run with `python -m bench.siting` from the tests folder.
"""

from __future__ import annotations

import dataclasses
import sys
import time
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from bench.timing import say
from scipy.sparse import csr_array
from scipy.spatial import KDTree

from stemgeo.siting.solve import Choices, Limits, mclp

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LAND_KM = (240.0, 90.0)
"""About the size of Flanders."""

TOWNS = 300
ZONES = 10_000
SCATTERED = 0.2
"""Share of the zones outside towns."""


@dataclasses.dataclass(frozen=True)
class Case:
    """A made problem: places to choose from, how many, minutes as km, open academies."""

    places: int
    most: int
    radius_km: float
    zones: str = "towns"
    opened: int = 0
    limit_s: float = 60.0


CASES = (
    Case(300, 20, 2.5),
    Case(300, 20, 3.0),
    Case(300, 20, 3.75),
    Case(300, 20, 3.0, "even"),
    Case(300, 20, 3.0, opened=300),
    Case(5000, 20, 2.5),
    Case(5000, 20, 3.0),
    Case(5000, 20, 3.75),
    Case(5000, 20, 3.0, "even"),
    Case(5000, 20, 3.0, opened=300),
    Case(300, 20, 3.0, "crowded"),
    Case(5000, 20, 3.0, "crowded"),
    Case(5000, 200, 3.0, "crowded"),
    Case(5000, 200, 2.5),
    Case(5000, 200, 3.0),
    Case(5000, 200, 3.0, "even"),
    Case(5000, 200, 3.0, opened=300),
)
"""The first is compared with spopt; academies open already are drawn as the places are."""


def made(case: Case) -> Choices:
    """Make zones in towns whose sizes follow the rank-size rule, and places beside zones."""
    draws = np.random.default_rng(6)
    zones, children = _zones(case, draws)
    spots = zones[draws.choice(ZONES, case.places + case.opened, replace=False)]
    spots = spots + draws.normal(0, 0.2, spots.shape)
    near = KDTree(spots).query_ball_tree(KDTree(zones), case.radius_km)
    first = np.append(0, np.cumsum([len(found) for found in near]))
    units = np.concatenate([np.sort(np.array(found, np.int64)) for found in near])
    reach = csr_array((np.ones(len(units), np.int8), units, first), shape=(len(spots), ZONES))
    none = np.zeros(ZONES, np.int64)
    return Choices(
        reach=reach[: case.places],
        weight=children,
        served=none + reach[case.places :].sum(axis=0),
        cost_cents=np.full(case.places, 2_500_000),
        province_of_place=np.zeros(case.places, np.intp),
        province_of_unit=none,
        children=children,
    )


def _zones(case: Case, draws: np.random.Generator) -> tuple[Floats, NDArray[np.int64]]:
    """Draw where zones are and their children: a few have many, most have few."""
    children = np.maximum(1, draws.lognormal(4.0, 1.0, ZONES)).astype(np.int64)
    even = draws.random((ZONES, 2)) * LAND_KM
    if case.zones == "even":
        return even, children
    crowded = case.zones == "crowded"
    size = draws.pareto(1.2, TOWNS) + 1 if crowded else np.arange(1, TOWNS + 1) ** -0.8
    size /= size.sum()
    town = draws.choice(TOWNS, ZONES, p=size)
    spread_km = 1 + 10 * np.sqrt(size)
    centres = draws.random((TOWNS, 2)) * LAND_KM
    built = centres[town] + draws.normal(0, 1, (ZONES, 2)) * spread_km[town, None]
    scattered = draws.random(ZONES) < SCATTERED
    return np.where(scattered[:, None], even, built), children


def solved(case: Case) -> dict[str, Any]:
    """Solve a case; give what was found and proven."""
    found = mclp(made(case), Limits(places=case.most, time_limit_s=case.limit_s))
    return {
        **dataclasses.asdict(case),
        "objective": found.objective,
        "gap": found.gap,
        "optimal": found.optimal,
        "seconds": found.seconds,
        "left": dataclasses.asdict(found.left),
    }


def by_spopt(case: Case) -> dict[str, Any]:
    """Solve a case with spopt and HiGHS: the time to build its model, and to solve it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pulp
        from spopt.locate import MCLP

        choices = made(case)
        costs = 1.0 - choices.reach.toarray().T
        start = time.perf_counter()
        model = MCLP.from_cost_matrix(costs, choices.weight, 0.5, p_facilities=case.most)
        built = time.perf_counter()
        model.solve(pulp.HiGHS(msg=False, gapRel=0.0))
    return {
        "objective": round(pulp.value(model.problem.objective)),
        "build_s": built - start,
        "seconds": time.perf_counter() - built,
    }


def measured() -> dict[str, Any]:
    """Solve all cases, and the first one with spopt."""
    rows = []
    for case in CASES:
        rows.append(solved(case))
        sys.stderr.write(f"siting: {rows[-1]}\n")
    theirs = by_spopt(CASES[0])
    if rows[0]["objective"] != theirs["objective"]:
        raise AssertionError((rows[0], theirs))
    return {"rows": rows, "spopt": theirs}


def section(found: dict[str, Any]) -> str:
    """Write the part of the page."""
    theirs = found["spopt"]
    ours = found["rows"][0]
    lines = "\n".join(_line(row) for row in found["rows"])
    return f"""## Where the next academies go

MCLP over {ZONES:,} made zones on {LAND_KM[0]:.0f} x {LAND_KM[1]:.0f} km: in {TOWNS} towns whose
sizes follow the rank-size rule (the largest holds a twelfth), a fifth of them scattered; crowded,
with town sizes drawn from a Pareto law of exponent 1.2, so that many places are nearly alike; or
spread evenly. Places stand beside zones. Aims: 300 places, 20 of them, proven in under 1 s; 5,000
places, 20 of them, in under 10 s; 200 of them to a gap under 1 % within 60 s.

| places | chosen | km | zones | open | gap, % | proven | s | left: places, units |
|---|---|---|---|---|---|---|---|---|
{lines}

spopt with HiGHS on the first: {theirs["build_s"]:.1f} s to build the model, then
{theirs["seconds"]:.1f} s to solve it; stemgeo {ours["seconds"]:.2f} s for all. Same optimum.
"""


def _line(row: dict[str, Any]) -> str:
    left = row["left"]
    return (
        f"| {row['places']:,} | {row['most']} | {row['radius_km']} | {row['zones']} "
        f"| {row['opened']} | {100 * row['gap']:.2f} | {'yes' if row['optimal'] else 'no'} "
        f"| {row['seconds']:.2f} | {left['places']:,}, {left['units']:,} |"
    )


if __name__ == "__main__":
    answer = measured()
    say(answer | {"section": section(answer)})
