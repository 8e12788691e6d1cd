"""Beyond one machine: units of work on Dask workers, and files that machines share."""

from __future__ import annotations

import importlib.util

from stemgeo.errors import Problem, ScaleError

NEEDS = 'pip install "stemgeo[scale]"'
"""What puts in what this part of stemgeo needs beside the rest."""


def need_extra(asked: str) -> None:
    """Refuse what needs the extra where that is not installed.

    Raises
    ------
    ScaleError
        With the command that puts it in.
    """
    if not all(map(importlib.util.find_spec, ("distributed", "fsspec"))):
        raise ScaleError(Problem(asked, "needs what is not installed", NEEDS))
