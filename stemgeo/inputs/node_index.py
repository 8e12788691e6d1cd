"""Where nodes lie, from the index of osmium: of tens of millions neither text nor Python is made.

osmium keeps its index as a file when it is told to: a row of ids with their places, which numpy
reads as it stands (https://docs.osmcode.org/libosmium/, `SparseFileArray`).
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import osmium

from stemgeo.writing.whole import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Longs = NDArray[np.int64]

_ENTRY = np.dtype([("id", "<u8"), ("x", "<i4"), ("y", "<i4")])
_NOWHERE = 2**31 - 1
_EMPTY = np.array((0, _NOWHERE, _NOWHERE), dtype=_ENTRY)
_DECIMALS = 1e7
"""Places are whole numbers of the seventh decimal of a degree."""

_LEAST = 1 << 20
"""Entries of the smallest index that osmium makes."""

_AT_ONCE = 1 << 20
_MOST_FILES = 4096


def index_places(
    count: int, pass_nodes: Callable[[Any], None]
) -> tuple[Longs, Floats, Floats] | None:
    """Let nodes pass through an index, and give where they lie.

    Parameters
    ----------
    count
        How many nodes there are at most, each once.
    pass_nodes
        Lets them pass through a handler of osmium, which it is given.

    Returns
    -------
    tuple of arrays, or None
        Ids, rising, longitude and latitude in degrees, outside the world for a node without a
        place. None where ids do not rise, or the temporary folder is one that osmium cannot name.
    """
    with temporary_folder() as folder:
        file = folder / "places"
        if "," in str(file):
            return None
        _set_aside(file, max(count, _LEAST))
        index = osmium.index.create_map(f"sparse_file_array,{file}")
        try:
            pass_nodes(osmium.NodeLocationsForWays(index))
        finally:
            del index
            _close_left_open(file)
        entries = np.fromfile(file, dtype=_ENTRY)
    used = np.flatnonzero((entries["id"] != 0) | (entries["x"] != _NOWHERE))
    entries = entries[: used[-1] + 1 if len(used) else 0]
    found = entries["id"].astype(np.int64)
    if not (np.diff(found) > 0).all():
        return None
    return found, entries["x"] / _DECIMALS, entries["y"] / _DECIMALS


def _set_aside(file: Path, count: int) -> None:
    """Write an empty index: a disk that is full says so here, and not by ending the process."""
    with file.open("wb") as written:
        for start in range(0, count, _AT_ONCE):
            written.write(np.full(min(_AT_ONCE, count - start), _EMPTY).tobytes())


def _close_left_open(file: Path) -> None:
    """Close the file that osmium opens and leaves open, and with it keeps on the disk."""
    itself = file.stat()
    for one in range(3, _MOST_FILES):
        with suppress(OSError):
            if os.path.samestat(os.fstat(one), itself):
                os.close(one)
