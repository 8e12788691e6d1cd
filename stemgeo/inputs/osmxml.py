"""What an OSM XML file says of itself, which osmium reads past.

osmium takes what it knows and leaves the rest without a word: the remark of a server that gave up
half-way, changes in the place of a map, the deletions of an editor. So the text is looked through
first; that takes a few percent of the time of reading it.
"""

from __future__ import annotations

import bz2
import gzip
import re
import zlib
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, BinaryIO, cast

from stemgeo.inputs.formats import (
    APPLY_CHANGES,
    HEAD_BYTES,
    Format,
    UnreadableError,
    recognise_head,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CHUNK = 1 << 20
_CHANGES = re.compile(rb"<(?:action|create|modify|delete)\b")
_REMARK = re.compile(rb"<remark\b[^<>]*>([^<]*)")
_PLACES = re.compile(rb"<nd [^<>]*\blat=")
_PLACES_IN_RELATIONS = re.compile(rb"<member [^<>]*[^/<>]>\s*<nd\b")
_OBJECT = re.compile(rb"<(node|way|relation)\s([^<]*)")
_ATTRIBUTE = re.compile(rb"""([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_EDITED = (b'action="', b"action='")
_HIDDEN = (b'visible="false"', b"visible='false'")

NO_MAP = "give an OpenStreetMap extract (.osm.pbf, .osm, .osm.gz, .osm.bz2)"


@dataclass
class XmlMarks:
    """What stands in an OSM XML file beside its map.

    Attributes
    ----------
    deleted, modified
        The ids that an editor (JOSM) will delete or change once it uploads, by "node", "way" and
        "relation".
    hidden
        Whether an object is marked as deleted (`visible="false"`).
    places_on_ways
        Whether ways say themselves where their nodes lie.
    """

    deleted: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    modified: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    hidden: bool = False
    places_on_ways: bool = False

    @property
    def edits(self) -> int:
        """How many objects an editor changed or deleted."""
        return sum(map(len, [*self.deleted.values(), *self.modified.values()]))


def read_marks(path: Path) -> XmlMarks | None:
    """Look through an extract; None when it is no XML.

    Raises
    ------
    UnreadableError
        If it is no map (changes, a web page, JSON), or a map that broke off.
    """
    stat = path.stat()
    return _read_marks_of(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=64)
def _read_marks_of(path: Path, size: int, mtime_ns: int) -> XmlMarks | None:  # noqa: ARG001 (the key)
    found = XmlMarks()
    with ExitStack() as stack:
        stream = _open_unpacked(path, stack)
        try:
            head = stream.read(HEAD_BYTES)
            if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", b"{")):
                return None
            if (kind := recognise_head(head)) is not Format.OSM_XML:
                raise UnreadableError(f"is {kind.label}", NO_MAP)
            for part in _yield_chunks(head, stream):
                _look_through(part, found)
        except (OSError, EOFError, zlib.error) as error:
            what = f"cannot be read to its end ({error})"
            raise UnreadableError(what, "download the extract again") from None
    return found


def _open_unpacked(path: Path, stack: ExitStack) -> BinaryIO:
    stream: BinaryIO = stack.enter_context(path.open("rb"))
    start = stream.read(3)
    stream.seek(0)
    if start.startswith(b"\x1f\x8b"):
        return cast("BinaryIO", stack.enter_context(gzip.open(stream)))
    if start == b"BZh":
        return cast("BinaryIO", stack.enter_context(bz2.open(stream)))
    return stream


def _yield_chunks(left: bytes, stream: BinaryIO) -> Iterator[bytes]:
    """Yield the text in parts that end before a tag."""
    while chunk := stream.read(_CHUNK):
        text = left + chunk
        # No tag is as long as a part: one that is has nothing that we look for.
        cut = max(text.rfind(b"<"), len(text) - _CHUNK)
        yield text[:cut]
        left = text[cut:]
    yield left


def _look_through(text: bytes, found: XmlMarks) -> None:
    if remark := _REMARK.search(text):
        said = " ".join(re.sub(rb"[^\x20-\x7e]", b" ", remark.group(1)).decode().split())[:150]
        raise UnreadableError(
            f"broke off: its server says '{said}'",
            "ask for a smaller area, or allow more time ([timeout:900]); "
            "if it is whole, take the <remark> out",
        )
    if changes := _CHANGES.search(text):
        what = f"holds changes (<{changes.group()[1:].decode()}>), not a map"
        raise UnreadableError(what, APPLY_CHANGES)
    if b"<center " in text:
        raise UnreadableError(
            "says where the middle of its ways lies (<center>), not where they run",
            "ask Overpass for out geom; in the place of out center;",
        )
    if _PLACES_IN_RELATIONS.search(text):
        what = "writes places inside relations (out geom), which osmium does not read"
        raise UnreadableError(what, "ask Overpass for (._;>;); out; in the place of out geom;")
    found.places_on_ways = found.places_on_ways or bool(_PLACES.search(text))
    found.hidden = found.hidden or any(mark in text for mark in _HIDDEN)
    if any(mark in text for mark in _EDITED):
        _add_edits(text, found)


def _add_edits(text: bytes, found: XmlMarks) -> None:
    """Keep the ids of the objects that an editor marks."""
    for element, attributes in _OBJECT.findall(text):
        value = {name: one or other for name, one, other in _ATTRIBUTE.findall(attributes)}
        marks = {b"delete": found.deleted, b"modify": found.modified}
        marked = marks.get(value.get(b"action", b""))
        if marked is not None and re.fullmatch(rb"-?[0-9]{1,18}", value.get(b"id", b"")):
            marked[element.decode()].add(int(value[b"id"]))
