"""One process that reads case after case and tells each verdict in a line of JSON.

python -m fuzz.work SEED FIRST LAST FOLDER
"""

from __future__ import annotations

import contextlib
import faulthandler
import io
import json
import os
import re
import resource
import signal
import sys
import traceback
import unicodedata
import warnings
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT_S = 60
LIMIT_BYTES = 3 * 1024**3
_NOISE = re.compile(r"Traceback|<class |object at 0x|dtype|numpy|pandas|codec can't|\bNone\b|Errno")
_PARTS = ("population.csv", "academies.csv", "municipalities.geojson", "candidates: ", "siting: ")
"""Of a whole study, the other files and parts that a problem may be about."""

_LOST_ADVICE = re.compile(r"cannot be read as \w+: (is|has|holds|does) ")


def main() -> None:
    """Read the cases that are asked for, each within its time and memory."""
    seed, first, last, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    faulthandler.enable()
    warnings.simplefilter("error")
    from fuzz import readers

    # The hard limit of memory is on top of what the libraries have taken; a case over its time of
    # the processor ends this process: whoever started it sees that, and by which signal.
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + LIMIT_BYTES, resource.RLIM_INFINITY))
    for number in range(first, last):
        signal.setitimer(signal.ITIMER_PROF, LIMIT_S)
        _tell({"number": number})
        verdict = judged(readers, seed, number, folder)
        signal.setitimer(signal.ITIMER_PROF, 0)
        _tell({"number": number} | verdict)


def _tell(said: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def judged(readers: Any, seed: str, number: int, folder: Path) -> dict[str, Any]:
    """Make a case, read it, and say how that ended; a failure keeps its file."""
    case = case_of(readers, seed, number)
    place = folder / f"{seed}-{number}"
    place.mkdir(parents=True, exist_ok=True)
    path = place / case.name
    path.write_bytes(case.content)
    outcome, why = outcome_of(readers, case, path)
    if not why:
        path.unlink()
        place.rmdir()
    kept = {"kept": str(path), "why": why} if why else {}
    return {"outcome": outcome, "role": case.role, "form": case.form, "done": case.done} | kept


def case_of(readers: Any, seed: str, number: int) -> Any:
    """Make the case of a seed and a number; readers take turns."""
    role, form = readers.TARGETS[number % len(readers.TARGETS)]
    with warnings.catch_warnings():
        # Those of making a file that no one should make.
        warnings.simplefilter("ignore")
        return readers.made(role, form, Random(f"{seed}:{number}"))  # noqa: S311


def outcome_of(readers: Any, case: Any, path: Path) -> tuple[str, str]:
    """Read a case: how it ended, and what is wrong with that."""
    from stemgeo.errors import Findings, StemgeoError

    findings = Findings()
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            found = readers.read(case, path, findings)
            findings.raise_errors()
        notes = [note.to_text(language) for note in findings.warnings for language in ("en", "nl")]
        unclean = [line for line in notes if line != _clean(line)]
        if unclean:
            return "a note that is not clean", unclean[0]
        return _figures(readers, case, found)
    except StemgeoError as error:
        return "refused", _fault_of(error, case)
    except BaseException as error:  # noqa: BLE001  (finding any is what this is for)
        where = [
            f"{Path(one.filename).name}:{one.lineno}"
            for one in traceback.extract_tb(error.__traceback__)
        ]
        return "traceback", f"{type(error).__name__}: {str(error)[:200]} at {' '.join(where[-4:])}"


def _figures(readers: Any, case: Any, found: Any) -> tuple[str, str]:
    faults = readers.faults(case, found)
    if faults:
        return "wrong figures", "; ".join(faults)
    if case.role == "whole":
        return "measured", ""
    before = _before(readers, case.role, case.form)
    if readers.told(case.role, found) == before:
        return "read as before", ""
    return (
        ("wrong figures", "the change says nothing new, and was read otherwise")
        if case.same
        else ("read otherwise", "")
    )


_KNOWN: dict[tuple[str, str], object] = {}


def _before(readers: Any, role: str, form: str) -> object:
    """Give what the file says before it is changed."""
    import tempfile

    from stemgeo.errors import Findings

    if (role, form) not in _KNOWN:
        case, findings = readers.plain(role, form, Random(0)), Findings()  # noqa: S311
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, case.name)
            path.write_bytes(case.content)
            found = readers.read(case, path, findings)
        findings.raise_errors()
        _KNOWN[role, form] = readers.told(role, found)
    return _KNOWN[role, form]


def _clean(line: str) -> str:
    """Give a line without what no line may hold."""
    return "".join(
        char
        for char in line
        if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
    )


def _fault_of(error: Any, case: Any) -> str:
    """Say what is wrong with a refusal, if anything: each problem is one clean line of a file."""
    lines = str(error).split("\n")
    if len(lines) != len(error.problems):
        return f"{len(error.problems)} problems in {len(lines)} lines: {str(error)[:300]!r}"
    faults = (f"{fault}: {line[:300]!r}" for line in lines for fault in _faults_of(line, case))
    return next(faults, "")


def _faults_of(line: str, case: Any) -> Iterator[str]:
    if line != _clean(line) or not line.strip():
        yield "not clean"
    if not line.startswith((case.name, "study.toml", *_PARTS)):
        yield "does not name the file"
    if _NOISE.search(line):
        yield "speaks of Python"
    if _LOST_ADVICE.search(line):
        yield "says that it cannot be read, and why it was refused"
    if len(line) > 2000:
        yield "is endless"


if __name__ == "__main__":
    os.environ.setdefault("STEMGEO_CACHE", "/nonexistent")
    main()
