"""Which tests may kill the mutants of a module: its own, and then those that go farther."""

from __future__ import annotations

_ACCESS = "tests/access/test_access.py"
_BETTER = "tests/access/test_better_roads.py"
_CATCHMENTS = "tests/access/test_catchments.py"
_COVERAGE = "tests/test_coverage.py"
_DEMAND = "tests/demand/test_demand.py"
_EDITS = "tests/network/test_edits.py"
_GAPS = "tests/gaps/test_gaps.py"
_GRAPH = "tests/network/test_graph.py"
_PLACING = "tests/demand/test_places.py"
_PROFILES = "tests/network/test_profiles.py"
_PROPERTIES = "tests/access/test_properties.py"
_RUN = "tests/test_study_run.py"
_SITE = "tests/test_planning.py"
_SOLVE = "tests/siting/test_solve.py"
_SQUARES = "tests/network/test_squares.py"
_STRESS = "tests/network/test_stress.py"
_STRETCHES = "tests/access/test_stretches.py"
_TIES = "tests/access/test_ties.py"
_TRAVELLERS = "tests/access/test_travellers.py"

KILLERS: dict[str, tuple[list[str], list[str]]] = {
    "network/barriers.py": (["tests/network/test_barriers.py"], [_GAPS, _TIES]),
    "network/bicycle.py": (
        ["tests/network/test_bicycle.py"],
        [_PROFILES, _BETTER, "tests/network/test_rules_again.py"],
    ),
    "network/foot.py": (["tests/network/test_foot.py"], [_BETTER]),
    "network/cache.py": ([_GRAPH], ["tests/network/test_stress_rules.py"]),
    "network/crossings.py": ([_TIES, _PROFILES], [_BETTER]),
    "network/edit_places.py": ([_EDITS], []),
    "network/edits.py": ([_EDITS], []),
    "network/study_edits.py": (["tests/network/test_study_edits.py"], []),
    "network/graph.py": ([_GRAPH, _PROFILES], [_ACCESS, _TIES, _PROPERTIES]),
    "network/interchange.py": ([_GRAPH], [_PROPERTIES]),
    "network/osm.py": (
        [_GRAPH, _SQUARES],
        [_PROFILES, _STRESS, _TIES, "tests/network/test_barriers.py"],
    ),
    **{
        f"network/{name}.py": (["tests/network/test_snap.py"], [_TIES, _ACCESS])
        for name in ("legs", "snap")
    },
    "network/squares.py": ([_SQUARES], [_GRAPH]),
    "network/stress.py": ([_STRESS], ["tests/network/test_stress_again.py", _PROFILES]),
    "network/stress_rules.py": (
        ["tests/network/test_stress_rules.py", _STRESS],
        ["tests/network/test_stress_again.py"],
    ),
    "network/window.py": (["tests/explore/test_ground.py"], ["tests/explore/test_board.py"]),
    "access/doors.py": (
        [_ACCESS, _TIES],
        [_STRETCHES, _PROPERTIES, "tests/access/test_areas.py", _BETTER],
    ),
    "access/areas.py": (["tests/access/test_areas.py"], [_CATCHMENTS]),
    "access/contours.py": (["tests/access/test_contours.py"], ["tests/access/test_areas.py"]),
    "access/riding.py": ([_ACCESS], ["tests/test_steps.py"]),
    "access/search.py": ([_ACCESS, _STRETCHES], [_PROPERTIES]),
    "access/stretches.py": ([_STRETCHES], [_GAPS]),
    "access/travel_time.py": ([_ACCESS], [_PROPERTIES]),
    "access/travellers.py": ([_TRAVELLERS, _COVERAGE], [_CATCHMENTS, _GAPS, _PROFILES]),
    "demand/apportionment.py": ([_DEMAND], [_PLACING]),
    "demand/places.py": ([_PLACING, _DEMAND], []),
    "demand/points.py": ([_DEMAND, _PLACING], [_COVERAGE, _GAPS]),
    "arrays.py": (["tests/test_arrays.py"], [_GAPS]),
    "coverage.py": ([_COVERAGE], [_RUN, "tests/test_years.py"]),
    "equity.py": (["tests/test_equity.py"], []),
    **{f"links/{name}.py": (["tests/test_linking.py"], []) for name in ("ends", "table")},
    **{f"links/{name}.py": (["tests/links/test_gains.py"], []) for name in ("gains", "improving")},
    "links/ranks.py": (["tests/links/test_ranks.py"], []),
    "links/sets.py": (["tests/links/test_sets.py"], []),
    **{
        f"links/{name}.py": (["tests/links/test_candidates.py"], [])
        for name in ("candidates", "chains", "drawn", "joined", "quiet", "reach", "seeking")
    },
    "measure.py": ([_COVERAGE, _GAPS], [_RUN, "tests/test_years.py"]),
    "recognition.py": (["tests/test_recognition.py"], [_GAPS, _RUN, "tests/test_years.py"]),
    "steps.py": (["tests/test_steps.py"], []),
    "subsidy.py": (["tests/test_subsidy.py"], [_SITE]),
    "times.py": (["tests/test_times.py"], []),
    "uncertainty.py": (["tests/test_uncertainty.py"], []),
    **{
        f"gaps/{name}.py": ([_GAPS], [])
        for name in ("areas", "evidence", "join", "joining", "late", "reasons", "table")
    },
    **{
        f"siting/{name}.py": ([_SOLVE], [_SITE])
        for name in (
            *("choices", "cover", "curves", "greedy", "least", "municipalities", "nearby"),
            *("places", "plan", "program", "rules", "search", "service", "solve"),
        )
    },
}
"""By module of the package. The outlines of gaps and the words on placing make no figure."""

NOT_RUN = ("sample_result", "written_sample", "sample_answer")
"""Tests that take one of these need the whole sample: a mutant is to die of a small one."""
