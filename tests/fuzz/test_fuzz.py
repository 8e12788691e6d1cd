"""Every input in every format, spoiled by seed: it ends in a clear line, or in a checked figure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from fuzz import drive, readers, work

if TYPE_CHECKING:
    from pathlib import Path

SEED, NUMBER = "make test", 300


def test_300_spoiled_files_each_end_well(tmp_path: Path) -> None:
    """No traceback, no wrong figure, nothing over 60 s or 3 GiB; `make fuzz` tries any number."""
    count = drive.run(SEED, 0, NUMBER, tmp_path)
    assert count.failures == [], "\n".join(json.dumps(one) for one in count.failures)
    assert sum(count.outcomes.values()) == NUMBER
    assert {role for role, _ in count.roles} == set(readers.FORMATS)
    assert count.outcomes["refused"] > NUMBER / 4
    assert count.outcomes["read as before"] > NUMBER / 20


def test_a_seed_makes_the_same_file_each_time() -> None:
    """So that what failed once can be read again."""
    for number in range(0, len(readers.TARGETS), 7):
        one, again = (work.case_of(readers, SEED, number) for _ in range(2))
        assert (one.content, one.done) == (again.content, again.done)


def test_what_goes_wrong_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A traceback, a wrong sum and a line that is not clean are failures, and the file is kept."""
    from stemgeo.errors import InputError

    def ended(read: object) -> str:
        monkeypatch.setattr(readers, "read", read)
        case = work.case_of(readers, SEED, 0)
        return work.outcome_of(readers, case, tmp_path / case.name)[1]

    def fails(*_: object) -> None:
        raise IndexError("out of bounds")

    def unclean(*_: object) -> None:
        raise InputError("elsewhere.csv: is wrong")

    assert ended(fails).startswith("IndexError: out of bounds")
    assert ended(unclean) == "does not name the file: 'elsewhere.csv: is wrong'"
    monkeypatch.setattr(readers, "faults", lambda *_: ["sums"])
    assert ended(lambda *_: None) == "sums"


@pytest.mark.parametrize("ending", ["die", "hang"])
def test_a_process_that_dies_or_hangs_costs_one_case(tmp_path: Path, ending: str) -> None:
    """The next goes on behind it."""
    told: list[int] = []
    end = {"die": "os.abort()", "hang": "signal.raise_signal(signal.SIGPROF)"}[ending]
    program = (
        "import json, os, signal, sys\n"
        "for number in range(int(sys.argv[2]), int(sys.argv[3])):\n"
        "    print(json.dumps({'number': number}), flush=True)\n"
        f"    if number == 1: {end}\n"
        "    print(json.dumps({'number': number, 'outcome': 'refused'}), flush=True)\n"
    )
    count = drive.run("x", 0, 3, tmp_path, lambda one: told.append(one["number"]), ["-c", program])
    assert told == [0, 1, 2]
    assert count.outcomes == {"refused": 2, {"die": "died", "hang": "over 60 s"}[ending]: 1}
