"""What a file is by its content, and whether it is all there.

Names and extensions are claims. Readers guess on their own account, some of them fetch what a
file points to, and several read a cut-off file without a word; so the content is looked at here
before any reader sees it.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import re
import struct
import zlib
from enum import Enum
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Format(Enum):
    """A kind of content that can be read: its name, and the endings its files may have."""

    GEOPACKAGE = ("GeoPackage", (".gpkg",))
    GEOJSON = ("GeoJSON", (".geojson", ".json"))
    GEOJSON_LINES = ("GeoJSON lines", (".geojsonl", ".geojsons", ".ndjson", ".jsonl", ".geojson"))
    TOPOJSON = ("TopoJSON", (".topojson", ".json"))
    SHAPEFILE = ("shapefile", (".shp",))
    FLATGEOBUF = ("FlatGeobuf", (".fgb",))
    PARQUET = ("GeoParquet", (".parquet", ".geoparquet"))
    GML = ("GML", (".gml", ".xml"))
    KML = ("KML", (".kml",))
    GEOTIFF = ("GeoTIFF", (".tif", ".tiff"))
    TEXT = ("text with columns", (".csv", ".txt", ".tsv"))
    XLSX = ("Excel workbook", (".xlsx", ".xlsm"))
    ZIP = ("zip", (".zip",))
    OSM_PBF = ("OSM PBF", (".pbf",))
    OSM_XML = ("OSM XML", (".osm", ".osh"))
    OSM_GZIP = ("OSM XML in gzip", (".gz",))
    OSM_BZIP2 = ("OSM XML in bzip2", (".bz2",))

    def __init__(self, label: str, endings: tuple[str, ...]) -> None:
        self.label = label
        self.endings = endings


VECTOR = frozenset(
    {
        Format.GEOPACKAGE,
        Format.GEOJSON,
        Format.GEOJSON_LINES,
        Format.TOPOJSON,
        Format.SHAPEFILE,
        Format.FLATGEOBUF,
        Format.PARQUET,
        Format.GML,
        Format.KML,
    }
)
TABLE = frozenset({Format.TEXT, Format.XLSX})
EXTRACT = frozenset({Format.OSM_PBF, Format.OSM_XML, Format.OSM_GZIP, Format.OSM_BZIP2})

HEAD_BYTES = 65536
_POINTERS = (
    b"<OGRVRTDataSource",
    b"<VRTDataset",
    b"<GDALTileIndexDataset",
    b"<GDAL_WMS",
    b"<OGRWFS",
)
_POINTERS_LOWER = tuple(marker.lower() for marker in _POINTERS)
_DECLARES = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
_ROOT = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)")
_XML_ROOTS = {
    b"osm": Format.OSM_XML,
    b"featurecollection": Format.GML,
    b"kml": Format.KML,
}
APPLY_CHANGES = "apply them to their extract (osmium apply-changes) and give what comes out"
_OVERPASS_JSON = re.compile(rb'"elements"\s*:\s*\[|"osm3s"\s*:|"generator"\s*:\s*"Overpass')
_OTHER_BOOKS = {
    b"application/vnd.oasis.opendocument.spreadsheet": "an OpenDocument spreadsheet",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an Excel workbook of before 2007, or a locked one",
}
_MAGIC = (
    (b"PK\x03\x04", Format.ZIP),
    (b"PK\x05\x06", Format.ZIP),
    (b"fgb\x03fgb", Format.FLATGEOBUF),
    (b"PAR1", Format.PARQUET),
    (b"\x00\x00\x27\x0a", Format.SHAPEFILE),
    (b"II*\x00", Format.GEOTIFF),
    (b"MM\x00*", Format.GEOTIFF),
    (b"II+\x00", Format.GEOTIFF),
    (b"MM\x00+", Format.GEOTIFF),
    (b"SQLite format 3\x00", Format.GEOPACKAGE),
    (b"\x1f\x8b", Format.OSM_GZIP),
    (b"BZh", Format.OSM_BZIP2),
)


class UnreadableError(ValueError):
    """Why the content of a file is refused, and what to do about it."""

    def __init__(self, what: str, mend: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.mend = mend


def recognise_head(head: bytes) -> Format:
    """Tell what a file is from its first `HEAD_BYTES` bytes.

    Raises
    ------
    UnreadableError
        If it is nothing that can be read, or something that points to other files.
    """
    if not head.strip(b"\xef\xbb\xbf\x00 \t\r\n"):
        raise UnreadableError("is empty")
    for mark, what in _OTHER_BOOKS.items():
        if mark in head[:100]:
            raise UnreadableError(f"is {what}", "save it as .xlsx or CSV")
    if any(marker in head.lower() for marker in _POINTERS_LOWER):
        raise UnreadableError(
            "is a virtual file (VRT) that points to other files or addresses",
            "give the file with the data itself",
        )
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if _is_pbf(head):
        return Format.OSM_PBF
    if head.startswith((b"\xff\xe0\x04o5m2", b"\xff\xe0\x04o5c2")):
        raise UnreadableError("is o5m, which is not read", "make .osm.pbf of it (osmium cat)")
    return _recognise_text(head)


def _is_pbf(head: bytes) -> bool:
    """Whether this begins as a PBF: a length, then a blob header of type OSMHeader."""
    return len(head) > 15 and head[:2] == b"\x00\x00" and head[4:15] == b"\x0a\x09OSMHeader"


def _recognise_text(head: bytes) -> Format:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Format.TEXT
    body = head.removeprefix(codecs.BOM_UTF8).lstrip(b" \t\r\n\x1e")
    if b"\x00" in head:
        raise UnreadableError("is of no known kind", "see the manual for what can be read")
    if body.startswith(b"{"):
        return _recognise_json(body)
    if body.startswith(b"<"):
        return _recognise_xml(body)
    return Format.TEXT


def _recognise_json(body: bytes) -> Format:
    if re.search(rb'"type"\s*:\s*"Topology"', body):
        return Format.TOPOJSON
    if not re.search(rb'"type"\s*:\s*"Feature', body) and _OVERPASS_JSON.search(body):
        raise UnreadableError(
            "is the JSON of OpenStreetMap (Overpass), which is not read",
            "ask for XML ([out:xml]) as .osm; of places, for GeoJSON (Overpass turbo: Export)",
        )
    first = body.split(b"\n", 1)
    if len(first) == 2 and re.match(rb'\{\s*"type"\s*:\s*"Feature"\s*[,}]', body):
        rest = first[1].lstrip(b" \t\r\n\x1e")
        if first[0].rstrip().endswith(b"}") and rest.startswith(b"{"):
            return Format.GEOJSON_LINES
    return Format.GEOJSON


def _recognise_xml(body: bytes) -> Format:
    if _DECLARES.search(body) and not re.match(rb"<!DOCTYPE html", body, re.IGNORECASE):
        raise UnreadableError(
            "declares XML entities or a document type", "such files are not read: remove them"
        )
    bare = re.sub(rb"<\?.*?\?>|<!--.*?-->", b"", body, flags=re.DOTALL)
    root = _ROOT.search(bare)
    name = root.group(1).lower() if root else b""
    if name == b"html" or b"<!doctype html" in body[:200].lower():
        raise UnreadableError("is a web page", "download the file itself")
    if name == b"osmchange":
        raise UnreadableError("holds changes (osmChange), not a map", APPLY_CHANGES)
    if name in _XML_ROOTS:
        return _XML_ROOTS[name]
    raise UnreadableError("is XML of an unknown kind", "see the manual for what can be read")


_MOST_PACKED = 50
"""How often an extract may be larger than what it is packed in: real ones are 2 to 20 times."""

_FREE_BYTES = 16 * 1024**2
_LOOKED_AT = 4 * 1024**2
_NO_MAP = "no map packs so well: do not use it, or download it again"


def check_whole(path: Path, kind: Format) -> None:
    """Refuse a file that its format lets see to be cut off.

    GeoPackage, GeoJSON, GML, KML, Parquet, gzip and bzip2 are left out: their readers notice.

    Raises
    ------
    UnreadableError
        Saying where the file stops short.
    """
    if kind is Format.SHAPEFILE:
        _check_shapefile(path)
    elif kind is Format.OSM_PBF:
        with path.open("rb") as stream:
            _check_pbf(stream, path.stat().st_size)
    elif kind is Format.OSM_XML:
        _check_osm_xml(path)
    elif kind in (Format.OSM_GZIP, Format.OSM_BZIP2):
        _check_compressed_osm(path, kind)


def _check_shapefile(path: Path) -> None:
    """Compare the sizes that the headers of .shp, .shx and .dbf announce with the real ones."""
    for ending in (".shp", ".shx", ".dbf"):
        part = _find_sibling(path, ending)
        if part is None:
            raise UnreadableError(
                f"its part {path.stem}{ending} is missing",
                "a shapefile needs .shp, .shx, .dbf and .prj together",
            )
        with part.open("rb") as stream:
            head = stream.read(100)
        size = part.stat().st_size
        if ending == ".dbf":
            rows, header, row = struct.unpack_from("<IHH", head, 4) if len(head) > 12 else (1, 0, 0)
            announced, whole = header + rows * row, size >= header + rows * row > 0
        else:
            announced = 2 * struct.unpack_from(">i", head, 24)[0] if len(head) == 100 else 100
            whole = announced == size
        if not whole:
            raise UnreadableError(
                f"is cut off or damaged: {part.name} has {size} bytes, its header says {announced}",
                "copy or download it again",
            )


def _find_sibling(path: Path, ending: str) -> Path | None:
    """Find the part of a shapefile with another ending, in whatever case it is written."""
    for name in (path.with_suffix(ending), path.with_suffix(ending.upper())):
        if name.is_file():
            return name
    return None


def _check_osm_xml(path: Path) -> None:
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - 256))
        tail = stream.read().rstrip(b" \t\r\n\x00")
    if not tail.endswith((b"</osm>", b"/>")):
        raise UnreadableError("is cut off: its closing </osm> is missing", "download it again")


def _check_compressed_osm(path: Path, kind: Format) -> None:
    """Look at the beginning of what is compressed: it must be OSM XML, and no bomb."""
    opener = gzip.open if kind is Format.OSM_GZIP else bz2.open
    try:
        with path.open("rb") as packed, opener(packed, "rb") as stream:
            head = stream.read(HEAD_BYTES)
            if recognise_head(head) is not Format.OSM_XML:
                raise UnreadableError("is compressed, but holds no OSM data", "give an OSM extract")
            unpacked = len(head)
            while packed.tell() < _LOOKED_AT and (part := stream.read(_FREE_BYTES >> 4)):
                unpacked += len(part)
                if unpacked > max(_FREE_BYTES, _MOST_PACKED * packed.tell()):
                    raise UnreadableError(f"is packed more than {_MOST_PACKED} to 1", _NO_MAP)
    except (OSError, EOFError, zlib.error):
        raise UnreadableError("is cut off or damaged", "download it again") from None


# --- OSM PBF: https://wiki.openstreetmap.org/wiki/PBF_Format -----------------------------------

_MAX_HEADER = 64 * 1024
_MAX_BLOB = 32 * 1024 * 1024
_MOST_PARTS = 100_000
"""Of a block: nodes, ways and relations by 8,000, as the format asks, with their texts apart."""

_CUT_OFF = "is cut off in the middle"


def _check_pbf(stream: BinaryIO, size: int) -> None:
    """Walk from blob to blob: the file must end where a blob ends, and hold ways."""
    blobs = list(_yield_blobs(stream, size))
    unpacked = [(_read_unpacked_size(stream, start, length), length) for _, start, length in blobs]
    of_file = sum(real for real, _ in unpacked) > max(_FREE_BYTES, _MOST_PACKED * size)
    free = _FREE_BYTES >> 4
    if of_file or any(real > max(free, _MOST_PACKED * length) for real, length in unpacked):
        raise UnreadableError(f"is packed more than {_MOST_PACKED} to 1", _NO_MAP)
    data = [(start, length) for kind, start, length in blobs if kind == b"OSMData"]
    if not data:
        raise UnreadableError("holds no OSM data", "download it again")
    # Ways stand near the end, before relations, so looking from the end finds them at once. A file
    # cut at a block's end is whole to every reader; without its ways it can still be told.
    for start, length in reversed(data):
        if _has_ways(stream, start, length):
            return
    raise UnreadableError(
        "holds no ways, so no roads; it may have been cut off after the nodes",
        "compare its size with the source, or download it again",
    )


def _yield_blobs(stream: BinaryIO, size: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield type, first byte and length of each blob."""
    place = 0
    while place < size:
        stream.seek(place)
        prefix = stream.read(4)
        length = struct.unpack(">I", prefix)[0] if len(prefix) == 4 else 0
        if not 0 < length <= _MAX_HEADER or place + 4 + length > size:
            raise UnreadableError(_CUT_OFF, "download it again")
        kind, announced = b"", -1
        for number, value in _yield_fields(stream.read(length)):
            if number == 1 and isinstance(value, bytes):
                kind = value
            elif number == 3 and isinstance(value, int):
                announced = value
        place += 4 + length
        if not 0 <= announced <= _MAX_BLOB or place + announced > size:
            raise UnreadableError(_CUT_OFF, "download it again")
        yield kind, place, announced
        place += announced


def _read_unpacked_size(stream: BinaryIO, start: int, length: int) -> int:
    """Read how large a blob says that it is when unpacked; no reader makes more of it."""
    place = size = 0
    while place < length:
        stream.seek(start + place)
        key, to_value = _read_varint(head := stream.read(min(20, length - place)), 0)
        value, behind = _read_varint(head, to_value)
        if key & 7 not in (0, 2):
            break
        if key == 2 << 3:
            size = max(size, value)
        place += behind + (value if key & 7 == 2 else 0)
    return size


def _has_ways(stream: BinaryIO, start: int, length: int) -> bool:
    """Whether a data blob holds ways; yes too when its compression is not one we can open."""
    stream.seek(start)
    content = dict(_yield_fields(stream.read(length)))
    if isinstance(raw := content.get(1), bytes):
        block = raw
    elif isinstance(packed := content.get(3), bytes):
        try:
            said = content.get(2)
            most = min(said, _MAX_BLOB) if isinstance(said, int) and said else 1
            block = zlib.decompressobj().decompress(packed, most)
        except zlib.error:
            raise UnreadableError("is damaged", "download it again") from None
    else:
        return True
    groups = (value for number, value in _yield_fields(block) if number == 2)
    parts = chain.from_iterable(
        _yield_fields(group) for group in groups if isinstance(group, bytes)
    )
    for count, (number, _) in enumerate(parts):
        if number == 3:
            return True
        if count > _MOST_PARTS:
            raise _endless_error()
    return False


def _endless_error() -> UnreadableError:
    what = f"is damaged: a block of it has more than {_MOST_PARTS:,} parts"
    return UnreadableError(what, "download it again")


def _yield_fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield field number and value of a protobuf message; stops at what it cannot follow."""
    place = count = 0
    while place < len(message):
        count += 1
        if count > _MOST_PARTS:
            raise _endless_error()
        key, place = _read_varint(message, place)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, place = _read_varint(message, place)
            yield number, value
        elif wire == 2:
            length, place = _read_varint(message, place)
            yield number, message[place : place + length]
            place += length
        elif wire in (1, 5):
            place += 8 if wire == 1 else 4
        else:
            return


def _read_varint(message: bytes, place: int) -> tuple[int, int]:
    """Read a variable-length integer: seven bits a byte, the lowest first."""
    value = shift = 0
    while place < len(message) and shift < 70:
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
    return value, place
