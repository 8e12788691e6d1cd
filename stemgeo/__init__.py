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
    from stemgeo.access.isochrones import catchments, isochrones
    from stemgeo.access.riding import access
    from stemgeo.errors import InputError, Problem, ResultError, StemgeoError, StudyError
    from stemgeo.inputs.checking import check
    from stemgeo.network.graph import Network
    from stemgeo.report.answer import answer
    from stemgeo.report.compare import compare
    from stemgeo.result import Result, read_result
    from stemgeo.run import run
    from stemgeo.sample import sample
    from stemgeo.site import Plan, site
    from stemgeo.steps import coverage, gaps, mclp
    from stemgeo.study import Study, load_study
    from stemgeo.trend import trend
    from stemgeo.verify import Verification, verify

_HOMES = {
    "InputError": "stemgeo.errors",
    "Network": "stemgeo.network.graph",
    "Plan": "stemgeo.site",
    "Problem": "stemgeo.errors",
    "Result": "stemgeo.result",
    "ResultError": "stemgeo.errors",
    "StemgeoError": "stemgeo.errors",
    "Study": "stemgeo.study",
    "StudyError": "stemgeo.errors",
    "Verification": "stemgeo.verify",
    "access": "stemgeo.access.riding",
    "answer": "stemgeo.report.answer",
    "catchments": "stemgeo.access.isochrones",
    "check": "stemgeo.inputs.checking",
    "isochrones": "stemgeo.access.isochrones",
    "compare": "stemgeo.report.compare",
    "coverage": "stemgeo.steps",
    "gaps": "stemgeo.steps",
    "load_study": "stemgeo.study",
    "mclp": "stemgeo.steps",
    "read_result": "stemgeo.result",
    "run": "stemgeo.run",
    "sample": "stemgeo.sample",
    "site": "stemgeo.site",
    "trend": "stemgeo.trend",
    "verify": "stemgeo.verify",
}

__all__ = [
    "InputError",
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
    "compare",
    "coverage",
    "gaps",
    "isochrones",
    "load_study",
    "mclp",
    "read_result",
    "run",
    "sample",
    "site",
    "trend",
    "verify",
]


class _Package(ModuleType):
    """The package, in which a public name stays what it is when a module is called the same."""

    def __setattr__(self, name: str, value: object) -> None:
        # Importing stemgeo.run would leave that module here in the place of the function run.
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'stemgeo' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
