"""Any number of mutated files through every reader: `make fuzz N=20000 SEED=1`.

A process of its own reads them (`fuzz.work`); one that dies or hangs costs one case, and the next
goes on behind it. A failure prints its seed and number, and its file is kept:
`make fuzz SEED=1 ONLY=17` makes and reads it again.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

TESTS = Path(__file__).parents[1]
_HANGS_S = 1800
"""Without a word for so long, whatever else the machine does: it waits for what never comes."""


@dataclass
class Count:
    """How the cases ended, and those that failed."""

    outcomes: Counter[str] = field(default_factory=Counter)
    roles: Counter[tuple[str, str]] = field(default_factory=Counter)
    failures: list[dict[str, Any]] = field(default_factory=list)

    def add(self, verdict: dict[str, Any]) -> None:
        """Take in how a case ended."""
        self.outcomes[verdict["outcome"]] += 1
        self.roles[verdict.get("role", "?"), verdict["outcome"]] += 1
        if "why" in verdict:
            self.failures.append(verdict)


WORK = ("-m", "fuzz.work")


def run(
    seed: str, first: int, last: int, folder: Path, tell: Any = None, work: Sequence[str] = WORK
) -> Count:
    """Read cases `first` to before `last` of a seed; `tell` hears of each verdict."""
    count, at = Count(), first
    while at < last:
        for verdict in _of_process(work, seed, at, last, folder):
            count.add(verdict)
            at = verdict["number"] + 1
            if tell is not None:
                tell(verdict)
    return count


def _of_process(work: Sequence[str], seed: str, first: int, last: int, folder: Path) -> Any:
    """Start a process and give its verdicts; its death is the verdict of the case that it read."""
    words = [sys.executable, *work, seed, str(first), str(last), str(folder)]
    said: list[str] = []
    begun = first
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(words, text=True, cwd=TESTS, **pipes) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        reader = threading.Thread(target=said.extend, args=(process.stderr,), daemon=True)
        reader.start()
        for line in _watched(process):
            verdict = json.loads(line)
            begun = verdict["number"]
            if "outcome" in verdict:
                yield verdict
                begun += 1
        reader.join()
    if begun < last:
        late = process.returncode == -signal.SIGPROF
        why = "over 60 s of the processor" if late else f"{process.returncode}: {said[-20:]}"
        kept = str(next(folder.glob(f"{seed}-{begun}/*"), ""))
        outcome = "over 60 s" if late else "died"
        yield {"number": begun, "outcome": outcome, "why": why, "kept": kept}


def _watched(process: subprocess.Popen[str]) -> Any:
    """Give the lines of a process, and end it when it says nothing for very long."""
    watch = threading.Timer(_HANGS_S, process.kill)
    watch.start()
    for line in process.stdout or []:
        watch.cancel()
        yield line
        watch = threading.Timer(_HANGS_S, process.kill)
        watch.start()
    watch.cancel()


def main() -> None:
    """Read as many as asked, print the count by outcome, and end with 1 when any failed."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--n", type=int, default=20_000)
    words.add_argument("--first", type=int, default=0)
    words.add_argument("--seed", default="1")
    words.add_argument("--only", type=int)
    words.add_argument("--folder", type=Path, default=Path("out/fuzz"))
    asked = words.parse_args()
    first, last = asked.first, asked.first + asked.n
    if asked.only is not None:
        first, last = asked.only, asked.only + 1
    count = run(asked.seed, first, last, asked.folder.resolve(), _tell)
    _say(f"\n{last - first} files, seed {asked.seed}")
    for outcome, number in count.outcomes.most_common():
        _say(f"{number:8}  {outcome}")
    sys.exit(1 if count.failures else 0)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _tell(verdict: dict[str, Any]) -> None:
    if "why" in verdict:
        _say(json.dumps(verdict, ensure_ascii=False))
    elif verdict["number"] % 500 == 499:
        _say(f"{verdict['number'] + 1} ...")


if __name__ == "__main__":
    main()
