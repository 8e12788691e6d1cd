"""What a run of the sample works on: processor time of its largest parts, and that of GEOS in them.

Run by itself with the study and where the result goes: what it watches is changed in this process.
"""

from __future__ import annotations

import resource
import sys
import threading
import time
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely
from bench.timing import say

if TYPE_CHECKING:
    from collections.abc import Callable

WATCHED = (
    ("isochrones", "stemgeo.access.travellers", ("draw_isochrones", "draw_catchments")),
    ("bands of the web map, simplified", "stemgeo.study_run", ("sketch_bands",)),
    ("the web map, but for its bands", "stemgeo.report.sheets:Sheets", ("draw_web_map",)),
    ("maps drawn", "stemgeo.report.sheets:Sheets", ("draw",)),
    ("tables checked and written", "stemgeo.report.outcome", ("check_table", "write_table")),
)
"""Parts, where each stands, and what it is called there."""
GEOS = (
    "coverage_is_valid",
    "coverage_simplify",
    "from_ragged_array",
)
_WITHIN = threading.local()


def clock(spent: Counter[str], part: str, owner: Any, name: str) -> None:
    """Have a function add its processor time to a part, or to the one that its thread is in."""
    asked: Callable[..., Any] = getattr(owner, name)

    def ask(*given: Any, **more: Any) -> Any:
        if part:
            _WITHIN.part = part
        start = time.thread_time()
        try:
            return asked(*given, **more)
        finally:
            spent[getattr(_WITHIN, "part", "")] += time.thread_time() - start
            if part:
                _WITHIN.part = ""

    setattr(owner, name, ask)


def measure(study: str, out: str) -> dict[str, Any]:
    """Run a study; give the seconds of each part and of GEOS in it."""
    spent, geos = Counter[str](), Counter[str]()
    from stemgeo.study import load_study

    run = import_module("stemgeo.study_run").run
    for part, place, names in WATCHED:
        module, _, owner = place.partition(":")
        found: Any = import_module(module)
        for name in names:
            clock(spent, part, getattr(found, owner) if owner else found, name)
    for name in GEOS:
        clock(geos, "", shapely, name)
    spent["libraries and code, loaded"] = time.process_time()
    run(load_study(Path(study))).write(out)
    beside = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent["maps saved, by a process beside"] = beside.ru_utime + beside.ru_stime
    total = time.process_time() + spent["maps saved, by a process beside"]
    spent["all else: reading, placing, searching, counting, gaps"] = total - spent.total()
    return {"parts": {part: [spent[part], geos[part]] for part in spent}, "total": total}


if __name__ == "__main__":
    say(measure(*sys.argv[1:]))
