"""The order in which workers take the files of tests."""

from __future__ import annotations

LONGEST = (
    "test_report.py",
    "test_maps_web.py",
    "test_site.py",
    "test_answer.py",
    "test_verify.py",
    "test_oracles.py",
    "test_better_roads.py",
    "test_sample.py",
    "test_run.py",
    "test_villages.py",
    "test_cli.py",
    "test_sums.py",
    "test_trend.py",
    "test_strangers.py",
    "test_siting_solve.py",
    "test_annex.py",
    "test_maps_kinds.py",
    "test_maps_web_browser.py",
    "test_isochrones.py",
    "test_vintage_sums.py",
    "test_fuzz.py",
    "test_graph.py",
    "test_extracts.py",
    "test_compare.py",
    "test_gaps.py",
    "test_real_inputs.py",
    "test_subsidy.py",
    "test_maps_static.py",
    "test_equity.py",
    "test_coverage.py",
    "test_properties.py",
    "test_flanders.py",
    "test_crash.py",
)
"""The files that take longest, in the order in which workers take them: none is left to the end.

The first makes the sample; two that do not need it come before the next that would wait for it.
"""
