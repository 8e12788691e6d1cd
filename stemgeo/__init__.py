"""Which children in Flanders reach a STEM academy within 15 minutes by bicycle.

>>> import stemgeo as sg
>>> study = sg.load_study("study.toml")  # doctest: +SKIP
>>> result = sg.run(study)               # doctest: +SKIP
>>> result.summary()                     # doctest: +SKIP

Heavy parts load on first use.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stemgeo.access.areas import catchments, isochrones
    from stemgeo.access.riding import access
    from stemgeo.errors import InputError, Problem, ResultError, StemgeoError, StudyError
    from stemgeo.example import sample
    from stemgeo.explain.bridging import explain
    from stemgeo.linking import LinksResult, links
    from stemgeo.network.graph import Network
    from stemgeo.planning import Plan, site
    from stemgeo.readiness import check
    from stemgeo.registers import check_register
    from stemgeo.report.answers import answer
    from stemgeo.report.comparison import compare
    from stemgeo.result import Result
    from stemgeo.steps import coverage, gaps, mclp
    from stemgeo.study import Study, load_study
    from stemgeo.study_run import run
    from stemgeo.styling import styled
    from stemgeo.verification import Verification, verify
    from stemgeo.written import read_result
    from stemgeo.years import trend

_HOMES = {
    "InputError": "stemgeo.errors",
    "LinksResult": "stemgeo.linking",
    "Network": "stemgeo.network.graph",
    "Plan": "stemgeo.planning",
    "Problem": "stemgeo.errors",
    "Result": "stemgeo.result",
    "ResultError": "stemgeo.errors",
    "StemgeoError": "stemgeo.errors",
    "Study": "stemgeo.study",
    "StudyError": "stemgeo.errors",
    "Verification": "stemgeo.verification",
    "access": "stemgeo.access.riding",
    "answer": "stemgeo.report.answers",
    "catchments": "stemgeo.access.areas",
    "check": "stemgeo.readiness",
    "check_register": "stemgeo.registers",
    "isochrones": "stemgeo.access.areas",
    "compare": "stemgeo.report.comparison",
    "coverage": "stemgeo.steps",
    "explain": "stemgeo.explain.bridging",
    "gaps": "stemgeo.steps",
    "links": "stemgeo.linking",
    "load_study": "stemgeo.study",
    "mclp": "stemgeo.steps",
    "read_result": "stemgeo.written",
    "run": "stemgeo.study_run",
    "sample": "stemgeo.example",
    "site": "stemgeo.planning",
    "styled": "stemgeo.styling",
    "trend": "stemgeo.years",
    "verify": "stemgeo.verification",
}

__all__ = [
    "InputError",
    "LinksResult",
    "Network",
    "Plan",
    "Problem",
    "Result",
    "ResultError",
    "StemgeoError",
    "Study",
    "StudyError",
    "Verification",
    "access",
    "answer",
    "catchments",
    "check",
    "check_register",
    "compare",
    "coverage",
    "explain",
    "gaps",
    "isochrones",
    "links",
    "load_study",
    "mclp",
    "read_result",
    "run",
    "sample",
    "site",
    "styled",
    "trend",
    "verify",
]


class _Package(ModuleType):
    """The package, in which a public name stays what it is when a module is called the same."""

    def __setattr__(self, name: str, value: object) -> None:
        # Importing stemgeo.study_run would leave that module here in the place of the function run.
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'stemgeo' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
