"""Reading the objects of OpenStreetMap extracts, with osmium."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

import osmium

from stemgeo.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


def objects(path: Path, entities: Any, only: Any) -> Iterator[Any]:
    """Give the objects of an extract, one by one; each holds until the next is asked for.

    Parameters
    ----------
    path
        The extract (.osm.pbf, .osm, .osm.gz, .osm.bz2), in whatever order.
    entities
        Of which types, e.g. `osmium.osm.WAY`.
    only
        A filter of osmium; it works before Python sees an object.

    Raises
    ------
    InputError
        If the extract cannot be read to its end.
    """
    try:
        yield from osmium.FileProcessor(str(path), entities).with_filter(only)
    except (RuntimeError, ValueError, osmium.InvalidLocationError) as error:
        raise InputError(_unread(path, str(error))) from None


def with_ids(kind: str, ids: NDArray[np.int64], paths: Sequence[Path]) -> Any:
    """Make the filter that lets objects with these ids pass.

    Parameters
    ----------
    kind
        Of what, "nodes" or "ways", for the message.
    ids
        Sorted.
    paths
        The extracts that name them, for the message.

    Raises
    ------
    InputError
        If an id is below 0: osmium has no filter for such.
    """
    if len(ids) and ids[0] < 0:
        names = ", ".join(path.name for path in paths)
        raise InputError(
            Problem(
                names,
                f"has {kind} with ids below 0, as editors number what is not uploaded yet",
                "give each an id above 0",
            )
        )
    # Packed: as a list of Python's own numbers, millions of ids would take five times the memory.
    return osmium.filter.IdFilter(array("q", ids.tobytes()))


def _unread(path: Path, reason: str) -> Problem:
    if "too long" in reason or "overlong" in reason:
        # osmium has no way to skip it; OpenStreetMap itself takes no more than 255 characters.
        what = f"has a text of more than 1,024 bytes, which osmium does not read ({reason})"
        return Problem(path.name, what, "shorten it, or download the extract again")
    return Problem(path.name, f"cannot be read to its end ({reason})", "download the extract again")
