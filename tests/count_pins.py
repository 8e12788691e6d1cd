"""Say how far pip is, from its lines on standard input: a count on a terminal, few lines in a log.

Standard library alone: it runs before anything is installed.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TextIO


def follow(lines: TextIO, pins: Path, out: TextIO) -> None:
    """Count what pip collects, of all that is pinned."""
    # Fewer come in than are pinned: some are of another Python or system.
    most = len(re.findall(r"^[\w.-]+==", pins.read_text(encoding="utf-8"), flags=re.MULTILINE))
    number = 0
    for line in lines:
        if line.startswith("Collecting "):
            number += 1
            if out.isatty():
                out.write(f"\r  {number} of {most} at most \x1b[K")
        elif line.startswith("Installing collected packages"):
            out.write("\r" * out.isatty() + f"  {number} libraries are here; unpacking them\n")
        out.flush()


if __name__ == "__main__":
    follow(sys.stdin, Path(sys.argv[1]), sys.stderr)
