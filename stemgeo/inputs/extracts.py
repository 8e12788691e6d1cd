"""Reading the objects of OpenStreetMap extracts, with osmium.

Calling Python for every object takes many times as long as reading the file. So where there are
millions, osmium itself filters them and writes what is left as text, one line for each object, in
its own format OPL (https://osmcode.org/opl-file-format/); Arrow takes the text apart by columns.
In OPL spaces, commas and equals signs only part what is written, anything odd stands as its number
between percent signs, and coordinates have all seven decimals that OpenStreetMap keeps. The tags
that are asked for come to Python once for each set of them, however many objects share it.

Of an object that is there several times the newest version counts, and what that deletes is gone.
To know it costs a second look, so that is taken only where there may be several: in a file of
histories or edits, one so small that looking costs nothing, one in which an id was met twice, and
several extracts.
"""

from __future__ import annotations

import ctypes
import re
import sys
from array import array
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import osmium
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from stemgeo import arrays
from stemgeo.arrays import do_at_once, find_places, list_once, order_stably, starts_of_runs
from stemgeo.errors import InputError, Problem, StemgeoError
from stemgeo.inputs import osmxml, pbf
from stemgeo.inputs.formats import UnreadableError
from stemgeo.inputs.osmxml import XmlMarks, read_marks
from stemgeo.inputs.pbf import (
    NOT_PLAIN,
    TWO_KINDS,
    OneKind,
    list_parts,
    map_blocks,
    pass_through,
)
from stemgeo.inputs.vectors import move_points
from stemgeo.notes import strip_control
from stemgeo.writing.whole import temporary_folder, temporary_home

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from stemgeo.inputs.pbf_blocks import TagsAsked

    Floats = NDArray[np.float64]
    Longs = NDArray[np.int64]

_BLOCKS = str(Path(__file__).with_name("pbf_blocks.py"))  # that loads numba
CODE = (__file__, arrays.__file__, osmxml.__file__, pbf.__file__, _BLOCKS)
"""The modules that read extracts: what is kept of their work depends on them."""

_AT_ONCE = 1 << 25
"""Bytes of text that are taken apart together; that takes some five times as much memory."""

_SMALL = 1 << 23
"""Bytes of extracts below which all nodes are read and then chosen from.

The filter of ids that osmium has would take longer than these: it clears 4 MB of memory for every
33 million ids that OpenStreetMap has given out.
"""

_TINY = 1 << 17
"""Bytes of an extract below which it is looked through for objects that are there twice."""

_MOVED_AT_ONCE = 1 << 22
"""Nodes that are moved to another reference system together."""

_DECIMALS = 1e7
"""Places are whole numbers of the seventh decimal of a degree."""

LONGEST_M = 10_000.0
"""A straight stretch longer than this is a node out of place (at 0, 0, say), not a road."""

_MAKE_ROOM = "make room there, or name another folder in TMPDIR"
UNREADABLE = (RuntimeError, ValueError, IndexError, osmium.InvalidLocationError)
"""What osmium raises of a file that it cannot read."""

_TAGS = pa.dictionary(pa.int32(), pa.string())
_ID = pa.field("id", pa.int64())
_STAMP = pa.field("stamp", pa.int64())
_WAYS = [pa.field("tags", _TAGS), pa.field("refs", pa.list_(pa.int64()))]
_NODES = [
    pa.field("tags", _TAGS),
    pa.field("lon", pa.float64()),
    pa.field("lat", pa.float64()),
]
_TEXTS = {
    osmium.osm.NODE: ["tags", "lon", "lat"],
    osmium.osm.WAY: ["tags", "refs"],
    osmium.osm.RELATION: ["tags", "members"],
}
_KINDS = {osmium.osm.NODE: "node", osmium.osm.WAY: "way", osmium.osm.RELATION: "relation"}
_PLACED = r"^(?P<id>-?[0-9]+)x(?P<lon>[-0-9.]+)y(?P<lat>[-0-9.]+)$"


@dataclass(frozen=True)
class Ways:
    """Ways of extracts in the order of the files, packed.

    Attributes
    ----------
    ids
        Shape (ways,), each once.
    refs, first
        The nodes of way i are refs[first[i]:first[i + 1]].
    tags, kind
        The distinct sets of tags, in the order in which they were met, and which one each way has.
    unlike
        The ids of ways that are otherwise in another extract of the same version.
    """

    ids: Longs
    refs: Longs
    first: Longs
    tags: list[dict[str, str]]
    kind: NDArray[np.int32]
    unlike: Longs = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def take(self, chosen: NDArray[np.bool_]) -> Ways:
        """Give some of the ways, with all sets of tags."""
        sizes = np.diff(self.first)
        first = np.append(0, np.cumsum(sizes[chosen]))
        refs = self.refs[np.repeat(chosen, sizes)]
        return Ways(self.ids[chosen], refs, first, self.tags, self.kind[chosen], self.unlike)

    def split_by_way(self, of_refs: NDArray[Any]) -> list[NDArray[Any]]:
        """Part what is known of `refs` by the ways."""
        return np.split(of_refs, self.first[1:-1])[: len(self.ids)]


@dataclass(frozen=True)
class Nodes:
    """Nodes of extracts that have a place, in the order of the files.

    Attributes
    ----------
    ids
        Shape (nodes,), each once.
    lon, lat
        Degrees, shape (nodes,).
    tags, kind
        The distinct sets of tags and which one each node has, as of ways.
    extract
        Which of the extracts have each node: bit i of the i-th, the last of the 64th and those
        beyond; shape (nodes,).
    repeats
        The ids of nodes that were given and are not here, because another of their id counts.
    unlike
        The ids of nodes that lie elsewhere in another extract of the same version.
    """

    ids: Longs
    lon: Floats
    lat: Floats
    tags: list[dict[str, str]]
    kind: NDArray[np.int32]
    extract: NDArray[np.uint64]
    repeats: Longs
    unlike: Longs

    def take(self, chosen: NDArray[np.bool_]) -> Nodes:
        """Give some of the nodes, with all sets of tags; of all of them no copy is made."""
        if chosen.all():
            return self
        of_each = do_at_once(lambda name: getattr(self, name)[chosen], _OF_EACH_NODE)
        return replace(self, **dict(zip(_OF_EACH_NODE, of_each, strict=True)))

    def sort(self) -> Nodes:
        """Give them in the order of their ids, in which they mostly are."""
        order = order_stably(self.ids)
        return replace(self, **{name: getattr(self, name)[order] for name in _OF_EACH_NODE})

    def take_ids(self, ids: Longs) -> Nodes:
        """Give those with some ids, which are sorted, as if they alone had been asked for."""
        given = {name: getattr(self, name) for name in ("repeats", "unlike")}
        met = {name: those[is_among(ids, those)] for name, those in given.items()}
        return replace(self.take(is_among(ids, self.ids)), **met)


_OF_EACH_NODE = ("ids", "lon", "lat", "kind", "extract")


def read_ways(paths: Sequence[Path], only: Any, keys: Collection[str]) -> Ways:
    """Read ways of extracts, each once.

    Parameters
    ----------
    paths
        The extracts (.osm.pbf, .osm, .osm.gz, .osm.bz2), in whatever order. Of a way that is there
        several times the newest version counts; of copies of one version the longest, then the
        first.
    only
        A filter of osmium. A way of which only an older version passes is left out.
    keys
        The keys of the tags that are wanted, of letters, digits, `:`, `_` and `.`.

    Raises
    ------
    InputError
        If an extract is no map, or cannot be read to its end.
    """

    def columns(text: pa.RecordBatch) -> list[pa.Array]:
        return [_keep_keys(text["tags"], keys), _parse_refs(text["refs"])]

    read = _read_each_once(paths, _Sought(osmium.osm.WAY, [only], _WAYS, columns))
    return _pack_ways(read, "tags")


class WaysAsked(NamedTuple):
    """Ways that are asked for.

    Attributes
    ----------
    having
        Keys of tags, or `key=value`, of which one makes a way be meant.
    keys
        The keys of the tags that are wanted.
    """

    having: Collection[str]
    keys: Collection[str]


def read_ways_at_once(paths: Sequence[Path], asked: Sequence[WaysAsked]) -> list[Ways]:
    """Read ways of several sorts in one pass, each sort as `read_ways` would; some are of two.

    Parameters
    ----------
    paths
        As for `read_ways`.
    asked
        The sorts; keys and values of letters, digits, `:`, `_` and `.`.
    """
    if _is_one_large(paths) and (plain := _unpack_ways(paths[0], asked)) is not None:
        return plain
    names = [f"tags_{number}" for number in range(len(asked))]
    only = osmium.filter.KeyFilter(*list_keys(asked))

    def columns(text: pa.RecordBatch) -> list[pa.Array]:
        tags = [_keep_keys(text["tags"], one.keys, one.having) for one in asked]
        return [*tags, _parse_refs(text["refs"])]

    fields = [*(pa.field(name, _TAGS) for name in names), _WAYS[1]]
    read = _read_each_once(paths, _Sought(osmium.osm.WAY, [only], fields, columns))
    every = [_pack_ways(read, name) for name in names]
    return [ways.take(ways.kind >= 0) for ways in every]


def _is_one_large(paths: Sequence[Path]) -> bool:
    """Whether there is one extract, a large one, with each object once."""
    return len(paths) == 1 and not _is_small(paths) and not _find_traits(paths[0]).versions


def _unpack_ways(path: Path, asked: Sequence[WaysAsked]) -> list[Ways] | None:
    """Read ways of several sorts without their text; None where that cannot be."""
    from stemgeo.inputs.pbf_blocks import TagsAsked, take_ways

    sorts = [TagsAsked.from_tags(*one) for one in asked]

    def take_sorts(block: bytes) -> tuple[int, int, list[_TakenWays]]:
        data, taken = np.frombuffer(block, dtype=np.uint8), []
        for sort in sorts:
            first, last, ids, sizes, refs, tagged, *tags = take_ways(data, sort.of_keys, sort.means)
            taken.append(_TakenWays(ids, sizes, refs, tagged, _encode_tags(tags[0], tags[1])))
        return first, last, taken

    if (blocks := map_blocks(path, osmium.osm.WAY, take_sorts)) is not None:
        pbf.tell_compiling(take_ways)
    try:
        if (taken := _list_rising(blocks)) is None:
            return None
        of_sorts = zip(*taken[0], strict=True)
        return [_join_taken(ways, sort) for ways, sort in zip(of_sorts, sorts, strict=True)]
    except NOT_PLAIN:
        return None


def _list_rising(blocks: Iterator[tuple[Any, ...]] | None) -> list[tuple[Any, ...]] | None:
    """List what was made of blocks, behind the first id and the last of each, column by column.

    None where there is nothing, or ids do not rise: what is there twice has versions, which only
    osmium reads, whatever the tags by which each is meant.
    """
    from stemgeo.inputs.pbf_blocks import NO_ID

    listed = [one for one in blocks or () if one[0] != NO_ID]
    if not listed:
        return None
    first, last, *made = zip(*listed, strict=True)
    falls = any(one >= other for one, other in zip(last[:-1], first[1:], strict=True))
    return None if falls else made


class _TakenWays(NamedTuple):
    """Ways of a block: which of them have tags, and these."""

    ids: Longs
    sizes: Longs
    refs: Longs
    tagged: Longs
    tags: pa.Array


def _join_taken(blocks: Sequence[_TakenWays], sort: TagsAsked) -> Ways:
    """Put the ways of blocks one behind the other."""
    before = np.cumsum([0, *(len(one.ids) for one in blocks)])
    tagged = [one.tagged + start for one, start in zip(blocks, before[:-1], strict=True)]
    sets, kind = _find_packed_sets(before[-1], tagged, [one.tags for one in blocks], sort)
    ids, sizes, refs = (
        np.concatenate([getattr(one, name) for one in blocks]) for name in ("ids", "sizes", "refs")
    )
    return Ways(ids, refs, np.append(0, np.cumsum(sizes)), sets, kind)


def _encode_tags(written: Any, begins: Any) -> pa.Array:
    """Number the distinct sets of tags that a kernel wrote."""
    buffers = [None, pa.py_buffer(begins), pa.py_buffer(written)]
    return pa.Array.from_buffers(pa.binary(), len(begins) - 1, buffers).dictionary_encode()


def _find_packed_sets(
    count: int, tagged: Sequence[Longs], tags: Sequence[pa.Array], asked: TagsAsked
) -> tuple[list[dict[str, str]], NDArray[np.int32]]:
    """Give the distinct sets of tags and the number of the set of each of so many objects.

    Parameters
    ----------
    count
        Of the objects.
    tagged, tags
        Which of them have tags, and these, part by part.
    asked
        What was asked for.
    """
    packed = pa.chunked_array([*tags], pa.dictionary(pa.int32(), pa.binary()))
    encoded = packed.unify_dictionaries().combine_chunks()
    sets = [
        {key: clean_map_text(value) for key, value in asked.read_tags(one).items()}
        for one in encoded.dictionary.to_pylist()
    ]
    if len(encoded) == count:
        return sets, encoded.indices.to_numpy()
    kind = np.full(count, len(sets), dtype=np.int32)
    kind[np.concatenate(tagged)] = encoded.indices.to_numpy()
    return [*sets, {}], kind


def list_keys(asked: Sequence[WaysAsked]) -> list[str]:
    """List the keys of which each way that is asked for has one."""
    return sorted({one.partition("=")[0] for sort in asked for one in sort.having})


def _pack_ways(read: _ReadObjects, of_tags: str) -> Ways:
    refs = read.table["refs"].combine_chunks()
    tags, kind = _find_tag_sets(read.table[of_tags])
    ids, each = read.table["id"].to_numpy(), refs.flatten().to_numpy()
    return Ways(ids, each, refs.offsets.to_numpy(), tags, kind, read.unlike)


def read_tagged(paths: Sequence[Path], entity: Any, only: Any, keys: Sequence[str]) -> pd.DataFrame:
    """Read objects of which each has tags of its own, such as addresses, each object once.

    Parameters
    ----------
    paths, only
        As for `read_ways`.
    entity
        `osmium.osm.NODE` or `osmium.osm.WAY`.
    keys
        Of the tags.

    Returns
    -------
    DataFrame
        id, the value of each key (empty without it), and of nodes lon and lat.

    Raises
    ------
    InputError
        If an extract is no map, or cannot be read to its end.
    """
    places = ("lon", "lat") if entity == osmium.osm.NODE else ()
    fields = [pa.field(name, pa.float64()) for name in places]
    fields += [pa.field(key, pa.string()) for key in keys]

    def columns(text: pa.RecordBatch) -> list[pa.Array]:
        values = [
            pc.struct_field(pc.extract_regex(text["tags"], f"[T,]{re.escape(key)}=(?P<v>[^,]*)"), 0)
            for key in keys
        ]
        return [*(_parse_numbers(text[name], pa.float64()) for name in places), *values]

    read: pd.DataFrame
    read = _read_each_once(paths, _Sought(entity, [only], fields, columns)).table.to_pandas()
    for key in keys:
        read[key] = read[key].fillna("").map(_decode_text)
    return read


def read_nodes(
    paths: Sequence[Path], ids: Longs, keys: Collection[str], along: Any | None = None
) -> Nodes:
    """Read the nodes with these ids, each once; one that has no place in the world is left out.

    Parameters
    ----------
    paths, keys
        As for `read_ways`.
    ids
        Sorted, shape (n,).
    along
        The filter that lets the ways pass that have these nodes, None for any: some files say on
        the ways where their nodes lie.

    Raises
    ------
    InputError
        If an extract is no map or cannot be read to its end, or an id is below 0.
    """

    def columns(text: pa.RecordBatch) -> list[pa.Array]:
        places = [_parse_numbers(text[name], pa.float64()) for name in ("lon", "lat")]
        return [_keep_keys(text["tags"], keys), *places]

    _refuse_below_zero("nodes", ids, paths)
    own = _unpack_nodes(paths[0], ids, keys) if _is_one_large(paths) else None
    if own is None:
        every = _is_small(paths)
        only = _filter_every(osmium.osm.NODE) if every else filter_ids("nodes", ids, paths)
        read = _read_each_once(paths, _Sought(osmium.osm.NODE, [only], _NODES, columns), ids)
        tags, kind = _find_tag_sets(read.table["tags"])
        found, lon, lat = (read.table[name].to_numpy() for name in ("id", "lon", "lat"))
        own = Nodes(found, lon, lat, tags, kind, read.extract, read.repeats, read.unlike)
    own = own.take(_are_in_the_world(own.lon, own.lat))
    on_ways = [path for path in paths if _find_traits(path).places_on_ways]
    if len(own.ids) == len(ids) or not on_ways:
        return own
    missing = ids[~is_among(np.sort(own.ids), ids)]
    return _add_places_on_ways(own, paths, missing, along or _filter_every(osmium.osm.WAY))


def _unpack_nodes(path: Path, ids: Longs, keys: Collection[str]) -> Nodes | None:
    """Read the nodes with these ids without their text; None where that cannot be."""
    from stemgeo.inputs.pbf_blocks import NOWHERE, TagsAsked, place_nodes

    asked = TagsAsked.from_tags((), keys)
    places = np.full((2, len(ids)), NOWHERE, dtype=np.int32)

    def place_block(block: bytes) -> tuple[int, int, Longs, pa.Array]:
        data = np.frombuffer(block, dtype=np.uint8)
        first, last, tagged, written, begins = place_nodes(data, ids, places, asked.of_keys)
        return first, last, tagged, _encode_tags(written, begins)

    if (blocks := map_blocks(path, osmium.osm.NODE, place_block)) is not None:
        pbf.tell_compiling(place_nodes)
    try:
        if (placed := _list_rising(blocks)) is None:
            return None
        sets, kind = _find_packed_sets(len(ids), placed[0], placed[1], asked)
    except NOT_PLAIN:
        return None
    lon, lat = places / _DECIMALS
    return Nodes(ids, lon, lat, sets, kind, _in_first(ids), ids[:0], ids[:0])


@dataclass(frozen=True)
class LocatedNodes:
    """Nodes with their coordinates, which are no numbers where no extract says them.

    Attributes
    ----------
    ids
        Sorted, shape (nodes,).
    at
        x and y of each, shape (nodes, 2).
    """

    ids: Longs
    at: Floats

    def follow_refs(self, refs: Longs) -> Floats:
        """Give the coordinates of a line through some of them, shape (refs, 2)."""
        return self.at[np.searchsorted(self.ids, refs)]


def locate_nodes(
    paths: Sequence[Path], refs: Longs, crs: str, along: Any | None = None
) -> LocatedNodes:
    """Read where nodes lie, in a reference system; as `read_nodes`, of ids in any order.

    Parameters
    ----------
    paths
        Of the extracts.
    refs
        Ids of nodes, in any order.
    crs
        In which their places are given.
    along
        As for `read_nodes`.
    """
    wanted = list_once(refs)
    found = read_nodes(paths, wanted, (), along)
    at = np.full((len(wanted), 2), np.nan)
    for start in range(0, len(found.ids), _MOVED_AT_ONCE):  # of all at once, memory would tell
        some = slice(start, start + _MOVED_AT_ONCE)
        place = np.searchsorted(wanted, found.ids[some])
        moved = move_points("EPSG:4326", crs, found.lon[some], found.lat[some])
        for column, one in enumerate(moved):
            at[place, column] = one
    return LocatedNodes(wanted, at)


def refs_by_way(paths: Sequence[Path], ids: Iterable[int]) -> dict[int, Longs]:
    """Read the nodes of the ways with these ids, in any order."""
    wanted = np.unique(np.fromiter(ids, dtype=np.int64))
    if not len(wanted):
        return {}
    found = read_ways(paths, filter_ids("ways", wanted, paths), ())
    return dict(zip(found.ids.tolist(), found.split_by_way(found.refs), strict=True))


def _add_places_on_ways(own: Nodes, paths: Sequence[Path], missing: Longs, only: Any) -> Nodes:
    """Add the nodes that are missing from where the ways say that they lie."""

    def columns(text: pa.RecordBatch) -> list[pa.Array]:
        return [pc.split_pattern(pc.utf8_slice_codeunits(text["refs"], 2), ",n")]

    fields = [pa.field("refs", pa.list_(pa.string()))]
    sought = _Sought(osmium.osm.WAY, [only], fields, columns, "locations_on_ways=true")
    read = _read_each_once(paths, sought)
    lists = read.table["refs"].combine_chunks()
    parts = pc.extract_regex(lists.flatten(), _PLACED)
    placed = parts.is_valid()
    of_ref = np.repeat(read.extract, np.diff(lists.offsets.to_numpy()))[placed.to_numpy(False)]
    ids, lon, lat = (
        pc.cast(pc.struct_field(parts.filter(placed), name), kind).to_numpy()
        for name, kind in (("id", pa.int64()), ("lon", pa.float64()), ("lat", pa.float64()))
    )
    ids, first = np.unique(ids, return_index=True)
    chosen = is_among(missing, ids)
    ids, first = ids[chosen], first[chosen]
    return Nodes(
        np.append(own.ids, ids),
        np.append(own.lon, lon[first]),
        np.append(own.lat, lat[first]),
        [*own.tags, {}],
        np.append(own.kind, np.full(len(ids), len(own.tags), own.kind.dtype)),
        np.append(own.extract, of_ref[first]),
        own.repeats,
        own.unlike,
    )


def is_among(known: Longs, ids: Longs) -> NDArray[np.bool_]:
    """Say which ids are among the known ones, which are sorted; shape as `ids`."""
    if not len(known):
        return np.zeros(len(ids), dtype=np.bool_)
    if len(known) == len(ids) and np.array_equal(known, ids):
        return np.ones(len(ids), dtype=np.bool_)
    return np.asarray(known.take(find_places(known, ids), mode="clip") == ids)


def read_objects(paths: Sequence[Path], entity: Any, only: Any) -> Iterator[Any]:
    """Give the objects of extracts, each once, one by one; each holds until the next is asked for.

    Parameters
    ----------
    paths, only
        As for `read_ways`.
    entity
        Of which type, e.g. `osmium.osm.RELATION`.

    Raises
    ------
    InputError
        If an extract is no map, or cannot be read to its end.
    """
    plain = len(paths) == 1 and not _find_traits(paths[0]).versions
    sought = _Sought(entity, [only], [], lambda _: [])
    counts = repeat(True) if plain else iter(_read_each_once(paths, sought).counts.tolist())
    met: dict[int, int] = {}
    for path in paths:
        try:
            for part in list_parts(path, entity):
                read = osmium.FileProcessor(part.source, part.kinds)
                for item in read.with_filter(OneKind(entity)).with_filter(only):
                    if next(counts) and _is_first(item, met, path):
                        yield item
        except InputError:
            raise
        except UNREADABLE as error:
            raise InputError(unread_problem(path, str(error))) from None


def _is_first(item: Any, met: dict[int, int], path: Path) -> bool:
    """Whether an object was not met before; of another version of it one cannot go back."""
    if item.id not in met:
        met[item.id] = item.version
        return True
    if met[item.id] != item.version:
        what = f"has object {item.type_str()}{item.id} in several versions, and is no history"
        raise InputError(Problem(path.name, what, "keep the newest (osmium time-filter)"))
    return False


def has_versions(path: Path) -> bool:
    """Whether an extract may hold an object in several versions: a history, or edits.

    Raises
    ------
    InputError
        If it is no map.
    """
    return _find_traits(path).versions


def filter_ids(kind: str, ids: Longs, paths: Sequence[Path]) -> Any:
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


# --- Each object once ---------------------------------------------------------------------------


@dataclass(frozen=True)
class _Traits:
    """How an extract may differ from a plain map, and what its text tells."""

    versions: bool
    places_on_ways: bool
    told: XmlMarks


@dataclass(frozen=True)
class _Sought:
    """What to read: objects of a type, and columns made of their text.

    They pass through filters of osmium, one behind the other, and what stands between these.
    """

    entity: Any
    only: Sequence[Any]
    fields: list[pa.Field]
    columns: Callable[[pa.RecordBatch], list[pa.Array]]
    options: str = ""


@dataclass(frozen=True)
class _ReadObjects:
    """Objects, each once.

    Attributes
    ----------
    table
        Of the objects that count.
    extract
        Which extracts have each of them, as `Nodes` has it.
    counts
        Of each that was met, in the order of the files, whether it counts.
    repeats
        The ids of those that were met when their id had been met before.
    unlike
        The ids of those of which another copy of the same version tells something else.
    """

    table: pa.Table
    extract: NDArray[np.uint64]
    counts: NDArray[np.bool_]
    repeats: Longs
    unlike: Longs


def _find_traits(path: Path) -> _Traits:
    stat = path.stat()
    return _read_traits(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=64)
def _read_traits(path: Path, size: int, mtime_ns: int) -> _Traits:  # noqa: ARG001 (the key)
    try:
        said = read_marks(path) or XmlMarks()
        with osmium.io.Reader(str(path), osmium.osm.NOTHING) as reader:
            header = reader.header()
            features = {header.get(f"pbf_optional_feature_{i}") for i in range(16)}
        marked = header.has_multiple_object_versions or said.hidden or said.edits > 0
        versions = marked or (size < _TINY and _has_repeats(path))
    except UnreadableError as error:
        raise InputError(Problem(path.name, error.what, error.mend)) from None
    except UNREADABLE as error:
        raise InputError(unread_problem(path, str(error))) from None
    return _Traits(versions, said.places_on_ways or "LocationsOnWays" in features, said)


def _has_repeats(path: Path) -> bool:
    """Whether an object of an extract is there twice."""
    seen = set()
    for item in osmium.FileProcessor(str(path)):
        key = (item.type_str(), item.id)
        if key in seen:
            return True
        seen.add(key)
    return False


def _read_each_once(
    paths: Sequence[Path], sought: _Sought, among: Longs | None = None
) -> _ReadObjects:
    """Read what is sought, with ids among some that are sorted: of each object the newest."""
    # Of all first: an extract that is no map is refused before anything is read.
    traits = [_find_traits(path) for path in paths]
    versions = any(one.versions for one in traits)
    stamped = versions or len(paths) > 1
    read, extract = _read_all(paths, sought, among, stamped=stamped)
    ids = read["id"].to_numpy()
    if not stamped and not _are_distinct(ids):
        stamped = versions = True
        read, extract = _read_all(paths, sought, among, stamped=stamped)
    if not stamped:
        every = np.ones(len(read), dtype=np.bool_)
        return _ReadObjects(read, _in_first(ids), every, ids[:0], ids[:0])
    _refuse_shared_below_zero(sought, ids, extract, paths)
    stamp = read["stamp"].to_numpy()
    order = np.argsort(ids, kind="stable")
    begins = starts_of_runs(ids[order])
    start, group = np.flatnonzero(begins), np.cumsum(begins) - 1
    newest = np.maximum.reduceat(stamp[order], start) if len(ids) else stamp
    if among is None and (versions or (stamp[order] != newest[group]).any()):
        # A version that the filter leaves out may be newer than those that pass.
        others, theirs = _read_stamps(paths, sought.entity, ids[order][start])
        np.maximum.at(newest, np.searchsorted(ids[order][start], others), theirs)
    usable = (stamp[order] == newest[group]) & (newest[group] % 2 == 0)
    if "lon" in read.column_names:
        places = (read[name].to_numpy() for name in ("lon", "lat"))
        usable &= _are_in_the_world(*places)[order]
    rows = np.flatnonzero(usable)
    if "refs" in read.column_names:
        # A copy that an extract cut off at its edge is shorter.
        longest = -pc.list_value_length(read["refs"]).to_numpy()[order[rows]]
        rows = rows[np.lexsort((rows, longest, group[rows]))]
    leads = starts_of_runs(group[rows])
    chosen = order[rows[leads]]
    counts = np.zeros(len(ids), dtype=np.bool_)
    counts[chosen] = True
    bit = np.uint64(1) << np.minimum(extract, 63).astype(np.uint64)
    met_in = np.empty(len(ids), dtype=np.uint64)
    if len(ids):
        met_in[order] = np.bitwise_or.reduceat(bit[order], start)[group]
    copies = np.flatnonzero(~leads)
    leader = np.flatnonzero(leads)[np.cumsum(leads) - 1][copies]
    unlike = _find_unlike(read, order[rows[copies]], order[rows[leader]])
    return _ReadObjects(
        read.filter(pa.array(counts)), met_in[counts], counts, ids[order][~begins], unlike
    )


def _in_first(ids: Longs) -> NDArray[np.uint64]:
    return np.ones(len(ids), dtype=np.uint64)


def _find_unlike(read: pa.Table, copies: NDArray[np.intp], leaders: NDArray[np.intp]) -> Longs:
    """Find the ids of copies that tell something else; of a way one that is shorter is cut off."""
    copy, leader = read.take(pa.array(copies)), read.take(pa.array(leaders))
    unlike = np.zeros(len(copies), dtype=np.bool_)
    for name in set(read.column_names) - {"id", "stamp"}:
        one, other = copy[name].combine_chunks(), leader[name].combine_chunks()
        if pa.types.is_dictionary(one.type):
            one, other = one.dictionary_decode(), other.dictionary_decode()
        if not pa.types.is_list(one.type):
            same = pc.or_(
                pc.fill_null(pc.equal(one, other), False), pc.and_(one.is_null(), other.is_null())
            )
            unlike |= ~same.to_numpy(False)
            continue
        sizes, others = (
            pc.fill_null(pc.list_value_length(each), 0).to_numpy(False) for each in (one, other)
        )
        whole = np.flatnonzero(sizes == others)
        of_whole = (each.take(pa.array(whole)).flatten() for each in (one, other))
        differs = pc.not_equal(*of_whole).to_numpy(False)
        unlike[np.repeat(whole, sizes[whole])[differs]] = True
    return list_once(copy["id"].to_numpy()[unlike])


def _read_all(
    paths: Sequence[Path], sought: _Sought, among: Longs | None, *, stamped: bool
) -> tuple[pa.Table, NDArray[np.intp]]:
    """Read all that is sought, every version, and the extract of each.

    A stamp grows with the version, and is odd for an object that this version deletes.
    """
    tables = []
    for path in paths:
        table = _read_extract(path, sought, stamped=stamped)
        ids = table["id"].to_numpy()
        if stamped and (edits := _find_edits(path, sought.entity, ids)) is not None:
            place = table.column_names.index("stamp")
            stamp = pa.array(table["stamp"].to_numpy() + edits)
            table = table.set_column(place, _STAMP, stamp)
        tables.append(table if among is None else table.filter(pa.array(is_among(among, ids))))
    extract = np.repeat(np.arange(len(tables)), [len(table) for table in tables])
    return pa.concat_tables(
        [_build_schema(sought, stamped=stamped).empty_table(), *tables]
    ), extract


def _find_edits(path: Path, entity: Any, ids: Longs) -> Longs | None:
    """Give what an editor adds to stamps: 2 for what it changed, 3 for what it deleted."""
    said, kind = _find_traits(path).told, _KINDS[entity]
    if not said.edits:
        return None
    of_kind = [np.array(sorted(one[kind]), dtype=np.int64) for one in (said.modified, said.deleted)]
    return np.asarray(2 * is_among(of_kind[0], ids) + 3 * is_among(of_kind[1], ids))


def _read_stamps(paths: Sequence[Path], entity: Any, ids: Longs) -> tuple[Longs, Longs]:
    """Give id and stamp of every version of the objects with these ids, which are sorted."""
    above = ids[ids >= 0]
    only = (
        _filter_every(entity)
        if _is_small(paths)
        else filter_ids(f"{_KINDS[entity]}s", above, paths)
    )
    read, _ = _read_all(paths, _Sought(entity, [only], [], lambda _: []), ids, stamped=True)
    return read["id"].to_numpy(), read["stamp"].to_numpy()


def _are_distinct(ids: Longs) -> bool:
    return bool((np.diff(ids) > 0).all()) or len(list_once(ids)) == len(ids)


def _are_in_the_world(lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    return np.asarray((np.abs(lon) <= 180) & (np.abs(lat) <= 90))


def _is_small(paths: Sequence[Path]) -> bool:
    return sum(path.stat().st_size for path in paths) < _SMALL


def _filter_every(entity: Any) -> Any:
    return osmium.filter.EntityFilter(entity)


def _refuse_shared_below_zero(
    sought: _Sought, ids: Longs, extract: NDArray[np.intp], paths: Sequence[Path]
) -> None:
    """Refuse ids below 0 in several extracts: in each they are of other objects."""
    having = np.unique(extract[ids < 0])
    if len(having) > 1:
        _refuse_below_zero(
            f"{_KINDS[sought.entity]}s", ids[ids < 0], [paths[one] for one in having.tolist()]
        )


# --- By way of text ----------------------------------------------------------------------------


def _build_schema(sought: _Sought, *, stamped: bool) -> pa.Schema:
    return pa.schema([_ID, *([_STAMP] if stamped else []), *sought.fields])


def _read_extract(path: Path, sought: _Sought, *, stamped: bool) -> pa.Table:
    """Read the objects of an extract as a table: id, stamp if asked for, and the columns sought."""
    schema = _build_schema(sought, stamped=stamped)
    names = ["id", *(["version", "visible"] if stamped else []), *_TEXTS[sought.entity]]
    options = f"opl,add_metadata={'version' if stamped else 'false'},{sought.options}".rstrip(",")
    read: list[pa.RecordBatch] = []
    with temporary_folder() as folder:
        place = folder / "objects.opl"
        try:
            _write_opl(path, sought, place, options)
            with place.open("rb") as lines:
                while part := lines.read(_AT_ONCE) + lines.readline():
                    for text in _part_lines(part, names):
                        stamps = [_number_versions(text)] if stamped else []
                        columns = [
                            _parse_numbers(text["id"], pa.int64()),
                            *stamps,
                            *sought.columns(text),
                        ]
                        read.append(pa.record_batch(columns, schema=schema))
        except UNREADABLE as error:
            raise InputError(unread_problem(path, str(error))) from None
    return pa.Table.from_batches(read, schema)


def _number_versions(text: pa.RecordBatch) -> pa.Array:
    """Number versions so that there is room for edits between them; see `_read_all`."""
    version = pc.multiply(_parse_numbers(text["version"], pa.int64()), 4)
    return pc.add(version, pc.cast(pc.equal(text["visible"], "dD"), pa.int64()))


def _write_opl(path: Path, sought: _Sought, place: Path, options: str) -> None:
    """Write what passes the filter as OPL: `n1 Tkey=value x4.1 y51.2` or `w1 T Nn1,n2`.

    With its version, `w1 v2 dV T Nn1,n2`; with places on ways, `w1 T Nn1x4.1y51.2,n2x4.2y51.3`.
    """
    writer = osmium.SimpleWriter(osmium.io.File(str(place), options))
    try:
        pass_through(path, sought.entity, *sought.only, writer)
        writer.close()
    except UNREADABLE as error:
        _close_writer(writer)
        if "Write failed" in str(error):
            folder, what = str(temporary_home()), f"cannot take the text of {path.name}"
            raise StemgeoError(Problem(folder, f"{what} ({error})", _MAKE_ROOM)) from None
        raise


def _close_writer(writer: Any) -> None:
    """Close a writer after an error; one that cannot is kept for ever.

    When it is freed osmium tries to close it again, fails again, and ends the process.
    """
    try:
        writer.close()
    except RuntimeError:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(writer))


def _part_lines(lines: bytes, names: list[str]) -> list[pa.RecordBatch]:
    """Part lines at the spaces; a part that holds nothing but its letter is null."""
    table = csv.read_csv(
        pa.py_buffer(lines),
        csv.ReadOptions(column_names=names, block_size=len(lines) + 1, use_threads=False),
        csv.ParseOptions(delimiter=" ", quote_char=False),
        csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=list("TNMxy"),
            strings_can_be_null=True,
        ),
    )
    return list(table.to_batches())


def _parse_numbers(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """Read numbers, each behind the letter that says what it is."""
    return pc.cast(pc.ascii_ltrim(column, "nwrvxy"), kind)


def _parse_refs(column: pa.Array) -> pa.Array:
    """Read lists of nodes, `Nn1,n2`."""
    each = pc.split_pattern(pc.utf8_slice_codeunits(column, 2), ",n")
    return pc.cast(each, pa.list_(pa.int64()))


def _keep_keys(column: pa.Array, keys: Collection[str], having: Collection[str] = ()) -> pa.Array:
    """Cut tags, `Tkey=value,key=value`, down to those with one of the keys.

    Null of objects that have none of the keys, or `key=value`, that they must have one of.
    """
    if having:
        of = "|".join(
            re.escape(one) + (",|" + re.escape(one) + "$" if "=" in one else "=") for one in having
        )
        meant = pc.fill_null(pc.match_substring_regex(column, f"^T(?:.*,)?(?:{of})"), False)
        cut = _keep_keys(pc.if_else(meant, column, pa.scalar(None, pa.string())), keys)
        return pc.if_else(meant, cut, pa.scalar(None, cut.type))
    each = pc.split_pattern(pc.utf8_slice_codeunits(column, 1), ",")
    tags = each.flatten()
    wanted = pc.match_substring_regex(tags, f"^({'|'.join(map(re.escape, keys))})=")
    before = np.cumsum(np.append(0, wanted), dtype=np.int32)
    kept = pa.ListArray.from_arrays(before[each.offsets], tags.filter(wanted))
    return pc.binary_join(kept, ",").dictionary_encode()


def _find_tag_sets(column: pa.ChunkedArray) -> tuple[list[dict[str, str]], NDArray[np.int32]]:
    """Give the distinct sets of tags and the number of the set of each object; -1: null."""
    encoded = column.unify_dictionaries().combine_chunks()
    sets = [_parse_tags(text) for text in encoded.dictionary.to_pylist()]
    return sets, encoded.indices.fill_null(-1).to_numpy()


def _parse_tags(text: str) -> dict[str, str]:
    pairs = (tag.split("=") for tag in text.split(",") if tag)
    return {_decode_text(key): _decode_text(value) for key, value in pairs}


def _decode_text(text: str) -> str:
    """Put back the characters that OPL writes as their hexadecimal number."""
    # Of four bytes that are no UTF-8 osmium may make a number for which there is no character.
    return clean_map_text(
        re.sub("%([0-9a-f]+)%", lambda n: chr(min(int(n[1], 16), sys.maxunicode)), text)
    )


def clean_map_text(told: str) -> str:
    """Clean what anyone can write on the map as the names of registers are."""
    return told if told.isprintable() else strip_control(told)


def unread_problem(path: Path, reason: str) -> Problem:
    """Say why an extract cannot be read, as osmium has it."""
    if "too long" in reason or "overlong" in reason:
        # osmium has no way to skip it; OpenStreetMap itself takes no more than 255 characters.
        what = f"has a text of more than 1,024 bytes, which osmium does not read ({reason})"
        return Problem(path.name, what, "shorten it, or download the extract again")
    if reason == TWO_KINDS:
        what = f"has {reason}, which PBF forbids: of those behind the first nothing would be known"
        return Problem(path.name, what, "write it anew (osmium cat), which parts them")
    return Problem(path.name, f"cannot be read to its end ({reason})", "download the extract again")
