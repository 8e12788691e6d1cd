"""The order in which workers take the files of tests."""

from __future__ import annotations

LONGEST = (
    "test_report.py",
    "test_maps_web.py",
    "test_answer.py",
    "test_sums.py",
    "test_verify.py",
    "test_strangers.py",
    "test_cli.py",
    "test_sample.py",
    "test_oracles.py",
    "test_isochrones.py",
    "test_vintage_sums.py",
    "test_real_inputs.py",
    "test_trend.py",
    "test_site.py",
    "test_run.py",
    "test_annex.py",
    "test_villages.py",
    "test_flanders.py",
    "test_extracts.py",
    "test_fuzz.py",
    "test_siting_solve.py",
    "test_crash.py",
)
"""The files that take longest, in the order in which workers take them: none is left to the end.

Those that need the sample and those that do not take turns: who needs it waits while it is made.
"""
