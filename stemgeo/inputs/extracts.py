"""Reading the objects of OpenStreetMap extracts, with osmium.

Calling Python for every object takes many times as long as reading the file. So where there are
millions, osmium itself filters them and writes what is left as text, one line for each object, in
its own format OPL (https://osmcode.org/opl-file-format/); Arrow takes the text apart by columns.
In OPL spaces, commas and equals signs only part what is written, anything odd stands as its number
between percent signs, and coordinates have all seven decimals that OpenStreetMap keeps. The tags
that are asked for come to Python once for each set of them, however many objects share it.
"""

from __future__ import annotations

import ctypes
import re
import sys
from array import array
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import osmium
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from stemgeo.errors import InputError, Problem, StemgeoError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Longs = NDArray[np.int64]

_AT_ONCE = 1 << 25
"""Bytes of text that are taken apart together; that takes some five times as much memory."""

_SMALL = 1 << 23
"""Bytes of extracts below which all nodes are read and then chosen from.

The filter of ids that osmium has would take longer than these: it clears 4 MB of memory for every
33 million ids that OpenStreetMap has given out.
"""

_MAKE_ROOM = "make room there, or name another folder in TMPDIR"
_UNREADABLE = (RuntimeError, ValueError, IndexError, osmium.InvalidLocationError)
_TAGS = pa.dictionary(pa.int32(), pa.string())
_WAYS = pa.schema({"id": pa.int64(), "tags": _TAGS, "refs": pa.list_(pa.int64())})
_NODES = pa.schema({"id": pa.int64(), "tags": _TAGS, "lon": pa.float64(), "lat": pa.float64()})


@dataclass(frozen=True)
class Ways:
    """Ways of extracts in the order of the files, packed.

    Attributes
    ----------
    ids
        Shape (ways,); a way that is in two extracts is here twice.
    refs, first
        The nodes of way i are refs[first[i]:first[i + 1]].
    tags, kind
        The distinct sets of tags, in the order in which they were met, and which one each way has.
    """

    ids: Longs
    refs: Longs
    first: Longs
    tags: list[dict[str, str]]
    kind: NDArray[np.int32]


@dataclass(frozen=True)
class Nodes:
    """Nodes of extracts that have a place, in the order of the files.

    Attributes
    ----------
    ids
        Shape (nodes,); a node that is given twice is here twice.
    lon, lat
        Degrees, shape (nodes,).
    tags, kind
        The distinct sets of tags and which one each node has, as of ways.
    extract
        From which of the extracts each node is, shape (nodes,).
    """

    ids: Longs
    lon: Floats
    lat: Floats
    tags: list[dict[str, str]]
    kind: NDArray[np.int32]
    extract: NDArray[np.intp]


def ways(paths: Sequence[Path], only: Any, keys: Collection[str]) -> Ways:
    """Read ways of extracts.

    Parameters
    ----------
    paths
        The extracts (.osm.pbf, .osm, .osm.gz, .osm.bz2), in whatever order.
    only
        A filter of osmium.
    keys
        The keys of the tags that are wanted, of letters, digits, `:`, `_` and `.`.

    Raises
    ------
    InputError
        If an extract cannot be read to its end.
    """

    def columns(text: pa.RecordBatch) -> list[pa.Array]:
        return [
            _numbers(text["id"], pa.int64()),
            _with_keys(text["tags"], keys),
            _refs(text["refs"]),
        ]

    read = _joined([_read(path, osmium.osm.WAY, only, _WAYS, columns) for path in paths], _WAYS)
    refs = read["refs"].combine_chunks()
    tags, kind = _sets(read["tags"])
    return Ways(
        read["id"].to_numpy(), refs.flatten().to_numpy(), refs.offsets.to_numpy(), tags, kind
    )


def nodes(paths: Sequence[Path], ids: Longs, keys: Collection[str]) -> Nodes:
    """Read the nodes with these ids; one that has no place in the world is left out.

    Parameters
    ----------
    paths, keys
        As for `ways`.
    ids
        Sorted, shape (n,).

    Raises
    ------
    InputError
        If an extract cannot be read to its end, or an id is below 0.
    """

    def columns(text: pa.RecordBatch) -> list[pa.Array]:
        return [
            _numbers(text["id"], pa.int64()),
            _with_keys(text["tags"], keys),
            _numbers(text["lon"], pa.float64()),
            _numbers(text["lat"], pa.float64()),
        ]

    _refuse_below_zero("nodes", ids, paths)
    small = sum(path.stat().st_size for path in paths) < _SMALL
    every = osmium.filter.EntityFilter(osmium.osm.NODE)
    only = every if small else with_ids("nodes", ids, paths)
    each = [_read(path, osmium.osm.NODE, only, _NODES, columns) for path in paths]
    read = _joined(each, _NODES)
    tags, kind = _sets(read["tags"])
    extract = np.repeat(np.arange(len(each)), [len(table) for table in each])
    found, lon, lat = (read[name].to_numpy() for name in ("id", "lon", "lat"))
    kept = is_among(ids, found) & (np.abs(lon) <= 180) & (np.abs(lat) <= 90)
    return Nodes(found[kept], lon[kept], lat[kept], tags, kind[kept], extract[kept])


def is_among(known: Longs, ids: Longs) -> NDArray[np.bool_]:
    """Say which ids are among the known ones, which are sorted; shape as `ids`."""
    place = np.searchsorted(known, ids)
    there = place < len(known)
    there[there] = known[place[there]] == ids[there]
    return there


def objects(path: Path, entities: Any, only: Any) -> Iterator[Any]:
    """Give the objects of an extract, one by one; each holds until the next is asked for.

    Parameters
    ----------
    path
        The extract, as for `ways`.
    entities
        Of which types, e.g. `osmium.osm.RELATION`.
    only
        A filter of osmium; it works before Python sees an object.

    Raises
    ------
    InputError
        If the extract cannot be read to its end.
    """
    try:
        yield from osmium.FileProcessor(str(path), entities).with_filter(only)
    except _UNREADABLE as error:
        raise InputError(_unread(path, str(error))) from None


def with_ids(kind: str, ids: Longs, paths: Sequence[Path]) -> Any:
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
    _refuse_below_zero(kind, ids, paths)
    # Packed: as a list of Python's own numbers, millions of ids would take five times the memory.
    return osmium.filter.IdFilter(array("q", ids.tobytes()))


def _refuse_below_zero(kind: str, ids: Longs, paths: Sequence[Path]) -> None:
    if len(ids) and ids[0] < 0:
        names = ", ".join(path.name for path in paths)
        raise InputError(
            Problem(
                names,
                f"has {kind} with ids below 0, as editors number what is not uploaded yet",
                "give each an id above 0",
            )
        )


# --- By way of text ----------------------------------------------------------------------------


def _read(
    path: Path,
    entities: Any,
    only: Any,
    schema: pa.Schema,
    columns: Callable[[pa.RecordBatch], list[pa.Array]],
) -> pa.Table:
    """Read the objects of an extract as a table; `columns` makes it from columns of text."""
    read: list[pa.RecordBatch] = []
    with TemporaryDirectory(prefix="stemgeo-") as folder:
        place = Path(folder) / "objects.opl"
        try:
            _write(path, entities, only, place)
            with place.open("rb") as lines:
                while part := lines.read(_AT_ONCE) + lines.readline():
                    texts = _columns(part, schema.names)
                    read.extend(pa.record_batch(columns(text), schema=schema) for text in texts)
        except _UNREADABLE as error:
            raise InputError(_unread(path, str(error))) from None
    return pa.Table.from_batches(read, schema)


def _write(path: Path, entities: Any, only: Any, place: Path) -> None:
    """Write what passes the filter as OPL: `n1 Tkey=value x4.1 y51.2` or `w1 T Nn1,n2`."""
    writer = osmium.SimpleWriter(osmium.io.File(str(place), "opl,add_metadata=false"))
    try:
        with osmium.io.Reader(str(path), entities) as reader:
            osmium.apply(reader, only, writer)
        writer.close()
    except _UNREADABLE as error:
        _let_go(writer)
        if "Write failed" in str(error):
            folder, what = str(place.parent.parent), f"cannot take the text of {path.name}"
            raise StemgeoError(Problem(folder, f"{what} ({error})", _MAKE_ROOM)) from None
        raise


def _let_go(writer: Any) -> None:
    """Close a writer after an error; one that cannot is kept for ever.

    When it is freed osmium tries to close it again, fails again, and ends the process.
    """
    try:
        writer.close()
    except RuntimeError:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(writer))


def _columns(lines: bytes, names: list[str]) -> list[pa.RecordBatch]:
    """Part lines at the spaces; a part that holds nothing but its letter is null."""
    table = csv.read_csv(
        pa.py_buffer(lines),
        csv.ReadOptions(column_names=names, block_size=len(lines) + 1, use_threads=False),
        csv.ParseOptions(delimiter=" ", quote_char=False),
        csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=list("TNxy"),
            strings_can_be_null=True,
        ),
    )
    return list(table.to_batches())


def _numbers(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """Read numbers, each behind the letter that says what it is."""
    return pc.cast(pc.ascii_ltrim(column, "nwxy"), kind)


def _refs(column: pa.Array) -> pa.Array:
    """Read lists of nodes, `Nn1,n2`."""
    each = pc.split_pattern(pc.utf8_slice_codeunits(column, 2), ",n")
    return pc.cast(each, pa.list_(pa.int64()))


def _with_keys(column: pa.Array, keys: Collection[str]) -> pa.Array:
    """Cut tags, `Tkey=value,key=value`, down to those with one of the keys."""
    each = pc.split_pattern(pc.utf8_slice_codeunits(column, 1), ",")
    tags = each.flatten()
    wanted = pc.match_substring_regex(tags, f"^({'|'.join(map(re.escape, keys))})=")
    before = np.cumsum(np.append(0, wanted), dtype=np.int32)
    kept = pa.ListArray.from_arrays(before[each.offsets], tags.filter(wanted))
    return pc.binary_join(kept, ",").dictionary_encode()


def _sets(column: pa.ChunkedArray) -> tuple[list[dict[str, str]], NDArray[np.int32]]:
    """Give the distinct sets of tags and the number of the set of each object."""
    encoded = column.unify_dictionaries().combine_chunks()
    return [_tags(text) for text in encoded.dictionary.to_pylist()], encoded.indices.to_numpy()


def _tags(text: str) -> dict[str, str]:
    pairs = (tag.split("=") for tag in text.split(",") if tag)
    return {_plain(key): _plain(value) for key, value in pairs}


def _plain(text: str) -> str:
    """Put back the characters that OPL writes as their hexadecimal number."""
    # Of four bytes that are no UTF-8 osmium may make a number for which there is no character.
    return re.sub("%([0-9a-f]+)%", lambda n: chr(min(int(n[1], 16), sys.maxunicode)), text)


def _joined(tables: list[pa.Table], schema: pa.Schema) -> pa.Table:
    return pa.concat_tables([schema.empty_table(), *tables])


def _unread(path: Path, reason: str) -> Problem:
    if "too long" in reason or "overlong" in reason:
        # osmium has no way to skip it; OpenStreetMap itself takes no more than 255 characters.
        what = f"has a text of more than 1,024 bytes, which osmium does not read ({reason})"
        return Problem(path.name, what, "shorten it, or download the extract again")
    return Problem(path.name, f"cannot be read to its end ({reason})", "download the extract again")
