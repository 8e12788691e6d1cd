"""The parts of a large PBF that hold what is sought, so that osmium unpacks nothing else.

A PBF is a row of blobs, each packed by itself (https://wiki.openstreetmap.org/wiki/PBF_Format). Of
which kind its objects are stands behind its table of texts: so far a blob is unpacked here, once.
What is not plain to see is left to osmium: a blob then counts as one of every kind, and a file is
read as a whole. Reading in parts also lets long work say how far it is.
"""

from __future__ import annotations

import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeVar

import osmium

from stemgeo.arrays import is_compiled
from stemgeo.notes import Said, say, say_amount
from stemgeo.stages import CountedOff, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

T = TypeVar("T")

WHOLE_BELOW = 1 << 23
"""Bytes of an extract below which it is read as a whole."""

AT_ONCE = 1 << 24
"""Bytes of blobs that are given to osmium together."""

_LARGEST = 1 << 25
"""Bytes of a block beyond which osmium refuses it."""

_LONGEST_HEAD = 1 << 16
"""Bytes of the head of a blob beyond which osmium refuses it."""

_LOOKED_AT = 1 << 12
NOT_PLAIN = (IndexError, KeyError, TypeError, UnicodeDecodeError, zlib.error)
"""What ends the work on blocks where one is not what it should be: osmium says what is wrong."""

_TEXTS, _GROUP = 0x0A, 0x12
_KINDS = {
    0x0A: osmium.osm.NODE,
    0x12: osmium.osm.NODE,
    0x1A: osmium.osm.WAY,
    0x22: osmium.osm.RELATION,
}
"""The first byte of a group and what its objects are; the second: nodes packed together."""

_HANDLED = {
    osmium.osm.NODE: "node",
    osmium.osm.WAY: "way",
    osmium.osm.RELATION: "relation",
}
"""What a handler of osmium calls what it does with an object."""

TWO_KINDS = "objects of two kinds in one group"
"""What is wrong with a PBF that `OneKind` refuses."""

_TOLD = {
    osmium.osm.NODE: Said("points", "punten", "points"),
    osmium.osm.WAY: Said("lines", "lijnen", "lignes"),
    osmium.osm.RELATION: Said("areas", "vlakken", "surfaces"),
}


class _Telling:
    """What is told of the reading of extracts: of each pass more of what is left is behind."""

    def __init__(self, stage: Said, progress: Progress) -> None:
        self.stage, self.progress = stage, progress
        self.behind = 0.0

    def tell(self, kind: Any, part: FilePart) -> None:
        """Tell that a part is read; of an extract that is one part nothing is told."""
        share = part.read / part.of if part.of else 1.0
        if part.number:
            told = say(
                "{stage}: {kind}, {read} of {of} MB",
                "{stage}: {kind}, {read} van {of} MB",
                "{stage} : {kind}, {read} sur {of} Mo",
                stage=self.stage,
                kind=_TOLD[kind],
                read=say_amount(part.read / 1e6),
                of=say_amount(part.of / 1e6),
            )
            told = CountedOff(told.en, told.nl, told.fr, stage=self.stage)
            self.progress(told, self.behind + share * (1 - self.behind) / 2)
        if share == 1:
            self.behind += (1 - self.behind) / 2


_COMPILING = Said(
    "Compiling how large extracts are read, once on this machine",
    "Compileren hoe grote uittreksels gelezen worden, eenmalig op deze machine",
    "Compilation de la lecture des grands extraits, une seule fois sur cette machine",
)


_TELLING: ContextVar[_Telling | None] = ContextVar("_TELLING", default=None)


@contextmanager
def tell_reading(stage: Said, progress: Progress) -> Iterator[None]:
    """Tell in the work below this how much of large extracts is read.

    Parameters
    ----------
    stage
        For what they are read.
    progress
        Told how far that is.
    """
    token = _TELLING.set(_Telling(stage, progress))
    try:
        yield
    finally:
        _TELLING.reset(token)


def tell_compiling(kernel: Any) -> None:
    """Tell that a kernel is compiled before it reads its first block, where it was never."""
    if (telling := _TELLING.get()) is not None and not is_compiled(kernel):
        telling.progress(_COMPILING, telling.behind)


class FilePart(NamedTuple):
    """What osmium is given to read.

    Attributes
    ----------
    source
        A file, or a part of one in memory.
    kinds
        To be read of it. Of blobs that begin with what is sought all, so that `OneKind` sees what
        else is in them: that takes no time where there is nothing else.
    read, of
        Bytes that are behind when it is read, and of all parts.
    number
        From 1; 0 of what is read as a whole.
    """

    source: Any
    kinds: Any
    read: int
    of: int
    number: int = 0


class _Blob(NamedTuple):
    """Where a blob begins, its head ends and it ends; the kind of its objects, None: any."""

    start: int
    body: int
    end: int
    kind: Any


def list_parts(path: Path, kind: Any) -> Iterator[FilePart]:
    """Give the parts of an extract in which objects of a kind may be, in the order of the file.

    Parameters
    ----------
    path
        The extract; what is no PBF, or is small, is one part.
    kind
        `osmium.osm.NODE`, WAY or RELATION.
    """
    stat = path.stat()
    blobs = _list_blobs(path, stat.st_size, stat.st_mtime_ns)
    if not blobs:
        yield FilePart(osmium.io.File(str(path)), kind, stat.st_size, stat.st_size)
        return
    wanted = [one for one in blobs[1:] if one.kind in (kind, None)]
    of, read, number = sum(one.end - one.start for one in wanted), 0, 0
    with path.open("rb") as file:
        head = file.read(blobs[0].end)
        while wanted:
            packed, begins_with = [head], wanted[0].kind
            while wanted and wanted[0].kind == begins_with and sum(map(len, packed)) < AT_ONCE:
                blob = wanted.pop(0)
                file.seek(blob.start)
                packed.append(file.read(blob.end - blob.start))
                read += len(packed[-1])
            number += 1
            kinds = kind if begins_with is None else osmium.osm.ALL
            yield FilePart(osmium.io.FileBuffer(b"".join(packed), "pbf"), kinds, read, of, number)


class OneKind:
    """A handler that refuses objects of other kinds than one, where osmium is let to read them.

    PBF forbids them in one group. A blob is known by the first object in it, so what is behind that
    would be lost.

    Parameters
    ----------
    kind
        As for `list_parts`.
    """

    def __init__(self, kind: Any) -> None:
        for other, name in _HANDLED.items():
            if other != kind:
                setattr(self, name, self._refuse)

    def _refuse(self, _: Any) -> NoReturn:
        raise ValueError(TWO_KINDS)


def map_blocks(path: Path, kind: Any, work: Callable[[bytes], T]) -> Iterator[T] | None:
    """Give what a function makes of each block in which objects of a kind may be, in their order.

    Two blocks are worked on at once: unpacking one lets others run, and so should the function.

    Parameters
    ----------
    path, kind
        As for `list_parts`.
    work
        Is given a block, unpacked.

    Returns
    -------
    iterator or None
        None of what is no PBF, or is small. One of `NOT_PLAIN` may end it.
    """
    stat = path.stat()
    blobs = _list_blobs(path, stat.st_size, stat.st_mtime_ns)
    wanted = [one for one in blobs[1:] if one.kind in (kind, None)]
    return _work_on(path, wanted, kind, work) if blobs else None


def _work_on(path: Path, blobs: list[_Blob], kind: Any, work: Callable[[bytes], T]) -> Iterator[T]:
    of, read, number = sum(one.end - one.start for one in blobs), 0, 0
    pool = ThreadPoolExecutor(2)
    try:
        for blob, made in zip(
            blobs, pool.map(lambda one: work(_unpack(path, one)), blobs), strict=True
        ):
            yield made
            read += blob.end - blob.start
            if read == of or read > (number + 1) * AT_ONCE:
                number += 1
                _tell(kind, FilePart(None, kind, read, of, number))
    finally:  # one that is broken off does not work on
        pool.shutdown(cancel_futures=True)


def _unpack(path: Path, blob: _Blob) -> bytes:
    """Unpack the block in a blob."""
    with path.open("rb") as file:
        file.seek(blob.body)
        data = file.read(blob.end - blob.body)
    said = _read_packed(data)
    if said is None:
        raise IndexError
    unpacking = zlib.decompressobj()
    block = unpacking.decompress(data[slice(*said[0x1A])], said[0x10])
    more = unpacking.decompress(unpacking.unconsumed_tail, 1)  # its sum is checked at its end
    if len(block) != said[0x10] or more or not unpacking.eof:
        raise IndexError
    return block


def pass_through(path: Path, kind: Any, *handlers: Any) -> None:
    """Let the objects of a kind pass through handlers of osmium; a filter lets some go on.

    Parameters
    ----------
    path
        The extract.
    kind
        As for `list_parts`.
    *handlers
        Filters, and what each object goes through that passes those before it.
    """
    for part in list_parts(path, kind):
        with osmium.io.Reader(part.source, part.kinds) as reader:
            osmium.apply(reader, OneKind(kind), *handlers)
        _tell(kind, part)


def _tell(kind: Any, part: FilePart) -> None:
    if (telling := _TELLING.get()) is not None:
        telling.tell(kind, part)


@lru_cache(maxsize=64)
def _list_blobs(path: Path, size: int, mtime_ns: int) -> list[_Blob]:  # noqa: ARG001 (the key)
    """Give the blobs of a PBF, its head first; none of what is small, or no whole PBF."""
    if size < WHOLE_BELOW or path.suffix != ".pbf":
        return []
    blobs: list[_Blob] = []
    at = 0
    with path.open("rb") as file:
        while at < size:
            try:
                long = int.from_bytes(file.read(4), "big")
                head = file.read(long) if long <= _LONGEST_HEAD else b""
                said = dict(_read_fields(head))
                body, end = at + 4 + long, at + 4 + long + said[0x18]
                plain = end <= size and said[0x18] <= _LARGEST
                if not plain or head[slice(*said[0x0A])] != (b"OSMData" if at else b"OSMHeader"):
                    return []
                blobs.append(_Blob(at, body, end, _find_kind(file.read(said[0x18]))))
            except NOT_PLAIN:
                return []
            at = end
    return blobs


def _read_fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """Give the fields of a message: the byte that names each, and its number or where it lies."""
    at = 0
    while at < len(data):
        name = data[at]
        value, at = _read_number(data, at + 1)
        if name & 7 == 2:
            yield name, (at, at + value)
            at += value
        elif name & 7 == 0:
            yield name, value
        if name & 5 or name >= 0x80 or at > len(data):
            raise IndexError


def _read_packed(data: bytes) -> dict[int, Any] | None:
    """Give where a blob has what zlib packed, and its size; None if it has anything else."""
    fields = list(_read_fields(data))
    said = dict(fields)
    plain = len(fields) == 2 and 0x1A in said and 0 < said.get(0x10, 0) <= _LARGEST
    return said if plain else None


def _read_number(data: bytes, at: int) -> tuple[int, int]:
    """Read a number of seven bits a byte; give where it ends too."""
    number = 0
    for shift in range(0, 64, 7):
        byte = data[at]
        number |= (byte & 127) << shift
        at += 1
        if byte < 128:
            return number, at
    raise IndexError


def _find_kind(data: bytes) -> Any:
    """Say of which kind all objects of a blob are; None where that is not plain to see."""
    said = _read_packed(data)
    if said is None:
        return None  # packed in another way, or not at all
    unpacking = zlib.decompressobj()
    texts = unpacking.decompress(data[slice(*said[0x1A])], _LOOKED_AT)
    if texts[0] != _TEXTS:
        return None
    length, begins = _read_number(texts, 1)
    group = begins + length
    if group >= said[0x10]:
        return None
    if (more := group + 16 - len(texts)) > 0:
        texts += unpacking.decompress(unpacking.unconsumed_tail, more)
    if texts[group] != _GROUP:
        return None
    length, inside = _read_number(texts, group + 1)
    # Behind a single group there is nothing; what else may be there could hold another kind.
    return _KINDS.get(texts[inside]) if inside + length == said[0x10] else None
