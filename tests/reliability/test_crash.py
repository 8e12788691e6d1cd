"""Facts about killed runs: the old or the new result, nobody's work lost, nothing left."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

CRASH = Path(__file__).with_name("crash.py")


def test_killed_before_each_change_to_a_file_nothing_is_lost() -> None:
    """A folder, one that is kept, a drawing and a cache entry: SIGKILL at each event, and by clock.

    `make crash` does the same to run, answer, site and the first read of an extract.
    """
    command = [sys.executable, CRASH, "--small", "--number", "100"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    counts = re.findall(r"moments (\d+), killed (\d+)", ended.stdout)
    assert len(counts) == 5
    assert sum(int(killed) for _, killed in counts) > 50
    for outcome in ("old result", "new result", "4 at once", "8 at once", "one killed"):
        assert outcome in ended.stdout
