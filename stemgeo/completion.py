"""What a shell may fill in behind `stemgeo`: studies, results, provinces, kinds of maps, levels.

It is asked at each press of the tab key, so that nothing heavy loads but for a name that needs it.
A name that a shell would have to quote is left to the shell's own completion of files.
"""

from __future__ import annotations

import csv
import json
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from stemgeo.study import LEVELS, PROVINCES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


_PLAIN = re.compile(r"[\w./+-]+")


def complete_studies(incomplete: str) -> list[str]:
    """Name the studies where the word goes: files that end in .toml, and folders with a study."""
    return _list_paths(
        incomplete, lambda one: one.suffix == ".toml" or (one / "study.toml").is_file()
    )


def complete_results(incomplete: str) -> list[str]:
    """Name the folders there that a command wrote."""
    return _list_paths(incomplete, lambda one: (one / "manifest.json").is_file())


def complete_provinces(incomplete: str) -> list[str]:
    """Name the provinces that begin so, in capitals or not."""
    return _choose(PROVINCES, incomplete)


def complete_kinds(incomplete: str) -> list[tuple[str, str]]:
    """Name the kinds of maps that begin so, with what each shows."""
    from stemgeo.maps.kinds import KINDS

    return [(key, KINDS[key].help) for key in _choose(KINDS, incomplete)]


def complete_levels(incomplete: str) -> list[str]:
    """Name the levels that begin so: the usual ones, and the layers of a result on the line."""
    levels = list(LEVELS)
    # What was typed is not parsed yet, since this option still lacks its value.
    typed = " ".join(os.environ.get(name, "") for name in ("COMP_WORDS", "_TYPER_COMPLETE_ARGS"))
    for word in typed.split():
        with suppress(OSError, ValueError, TypeError, KeyError, RecursionError):
            manifest = Path(word) / "manifest.json"
            if manifest.is_file():  # a pipe would have the shell wait
                layers = json.loads(manifest.read_text("utf-8"))["study"]["inputs"]["layers"]
                levels += [one for one in layers if isinstance(one, str)]
    return _choose(dict.fromkeys(levels), incomplete)


def complete_areas(incomplete: str) -> list[str]:
    """Name the municipalities that begin so."""
    from stemgeo.facts import fact_path

    with fact_path("municipalities.csv").open(encoding="utf-8", newline="") as file:
        names = [row["name2025"] for row in csv.DictReader(file)]
    return _choose(dict.fromkeys(names), incomplete)


def _choose(names: Iterable[str], incomplete: str) -> list[str]:
    begin = incomplete.casefold()
    return [one for one in names if one.casefold().startswith(begin) and _PLAIN.fullmatch(one)]


def _list_paths(incomplete: str, is_meant: Callable[[Path], bool]) -> list[str]:
    """Name what is meant in the folder that the word is in, written as the word is."""
    begin = incomplete.rpartition("/")[2]
    front = incomplete.removesuffix(begin)
    with suppress(OSError):
        found = sorted(Path(front or ".").iterdir())
        hidden = begin.startswith(".")
        return [
            f"{front}{one.name}"
            for one in found
            if one.name.startswith(begin)
            and _PLAIN.fullmatch(one.name)
            and (hidden or not one.name.startswith("."))
            and (front or not one.name.startswith("-"))  # it would be read as an option
            and _is_readable(one, is_meant)
        ]
    return []


def _is_readable(path: Path, is_meant: Callable[[Path], bool]) -> bool:
    """Ask what may not be looked into: a folder of someone else's is no study, and hides none."""
    with suppress(OSError):
        return is_meant(path)
    return False
