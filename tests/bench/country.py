"""An extract of a country's size, made: roads on a grid that is not quite one, and buildings.

osmium writes it, of text that is made by whole arrays. What it holds follows from its size alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import osmium
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Longs = NDArray[np.int64]
    Floats = NDArray[np.float64]

ROADS, BUILDINGS = 1_300_000, 6_000_000
"""About the roads of Belgium; the real extract has three to five times the objects."""

WEST, SOUTH, EAST, NORTH = 2.5, 49.5, 6.4, 51.5
"""Belgium's box, degrees."""

PER_ROAD = 6
"""Nodes of a road; its ends are crossings of the grid, shared with those that meet there."""

CLASSES = (
    ("highway=residential,maxspeed=30,surface=asphalt", 34),
    ("highway=residential,name=Kerkstraat", 14),
    ("highway=unclassified,surface=concrete", 12),
    ("highway=service,access=private", 10),
    ("highway=track,tracktype=grade3", 9),
    ("highway=path,surface=ground", 6),
    ("highway=cycleway,surface=asphalt,oneway=yes", 4),
    ("highway=tertiary,maxspeed=50,cycleway:both=lane", 5),
    ("highway=secondary,maxspeed=70,cycleway=track,lit=yes", 3),
    ("highway=primary,maxspeed=90,lanes=4", 1),
    ("highway=motorway,oneway=yes,maxspeed=120", 1),
    ("waterway=canal,name=Kanaal", 1),
)
"""The tags of ways and how many of a hundred have them; a canal is no road."""

KINDS = (("building=house", 62), ("building=yes", 30), ("building=shed", 8))
_AT_ONCE = 500_000
_DIGITS = 10_000_000


def write_country(path: Path, roads: int = ROADS, buildings: int = BUILDINGS) -> dict[str, int]:
    """Write the extract as PBF, nodes first; give how many nodes, ways and bytes it has.

    Parameters
    ----------
    path
        Ends in .osm.pbf.
    roads, buildings
        How many of each.
    """
    side = int(np.sqrt(roads / 2))
    with osmium.SimpleWriter(osmium.io.File(str(path), "pbf,add_metadata=false")) as writer:
        for text in _tell_objects(side, buildings):
            osmium.apply(osmium.io.Reader(osmium.io.FileBuffer(text, "opl")), writer)
    nodes = (side + 1) ** 2 + 2 * side * side * (PER_ROAD - 2) + 4 * buildings
    return {"nodes": nodes, "ways": 2 * side * side + buildings, "bytes": path.stat().st_size}


def _tell_objects(side: int, buildings: int) -> Iterator[bytes]:
    """Tell all objects as OPL, part by part: crossings, bends, corners, roads, buildings."""
    crossings, roads = (side + 1) ** 2, 2 * side * side
    bends = crossings + roads * (PER_ROAD - 2)
    for one in _parts(crossings):
        yield _tell_nodes(one, *_place_crossings(one, side))
    for one in _parts(roads * (PER_ROAD - 2)):
        yield _tell_nodes(crossings + one, *_place_bends(one, side))
    for one in _parts(4 * buildings):
        yield _tell_nodes(bends + one, *_place_corners(one, buildings))
    for one in _parts(roads):
        yield _tell_ways(one, _list_refs(one, side, crossings), _draw_tags(one, CLASSES))
    for one in _parts(buildings):
        corners = bends + 4 * one[:, None] + np.array([0, 1, 2, 3, 0])
        number = pc.cast(pa.array(one % 300 + 1), pa.string())
        tags = pc.binary_join_element_wise(_draw_tags(one, KINDS), number, ",addr:housenumber=")
        yield _tell_ways(roads + one, corners, tags)


def _parts(count: int) -> Iterator[Longs]:
    for start in range(0, count, _AT_ONCE):
        yield np.arange(start, min(start + _AT_ONCE, count), dtype=np.int64)


def _scatter(number: Longs, salt: int) -> Floats:
    """Give each number one from 0 to 1 that looks like chance and is always the same."""
    mixed = (number.astype(np.uint64) + np.uint64(salt)) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(31)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    return np.asarray((mixed >> np.uint64(40)) / 2**24)


def _place_crossings(one: Longs, side: int) -> tuple[Floats, Floats]:
    row, column = np.divmod(one, side + 1)
    x = (column + 0.6 * _scatter(one, 1) - 0.3) / side
    y = (row + 0.6 * _scatter(one, 2) - 0.3) / side
    return WEST + (EAST - WEST) * x, SOUTH + (NORTH - SOUTH) * y


def _find_ends(road: Longs, side: int) -> tuple[Longs, Longs]:
    """Give the crossings at both ends of roads: to the east, and to the north."""
    row, column = np.divmod(road // 2, side)
    start = row * (side + 1) + column
    return start, start + np.where(road % 2 == 0, 1, side + 1)


def _place_bends(one: Longs, side: int) -> tuple[Floats, Floats]:
    """Place the nodes between the crossings, a little beside the straight line."""
    road, which = np.divmod(one, PER_ROAD - 2)
    (x, y), (to_x, to_y) = (_place_crossings(end, side) for end in _find_ends(road, side))
    share = (which + 1) / (PER_ROAD - 1)
    bend = (_scatter(one, 3) - 0.5) * 1e-4
    return x + share * (to_x - x) + bend, y + share * (to_y - y) - bend


def _place_corners(one: Longs, buildings: int) -> tuple[Floats, Floats]:
    """Place the corners of buildings of some 8 by 10 m, turned anyhow."""
    which, corner = np.divmod(one, 4)
    x = WEST + (EAST - WEST) * _scatter(which, 4)
    y = SOUTH + (NORTH - SOUTH) * (which / buildings)
    angle = _scatter(which, 5) * np.pi / 2 + np.pi / 2 * corner
    size = 5e-5 + 4e-5 * _scatter(which, 6)
    return x + 1.55 * size * np.cos(angle), y + size * np.sin(angle)


def _list_refs(road: Longs, side: int, crossings: int) -> Longs:
    start, end = _find_ends(road, side)
    between = crossings + road[:, None] * (PER_ROAD - 2) + np.arange(PER_ROAD - 2)
    return np.concatenate([start[:, None], between, end[:, None]], axis=1)


def _draw_tags(one: Longs, kinds: Sequence[tuple[str, int]]) -> pa.Array:
    """Give each object one of some sets of tags, by their shares of a hundred."""
    ends = np.cumsum([share for _, share in kinds]) / 100
    chosen = np.minimum(np.searchsorted(ends, _scatter(one, 7), side="right"), len(kinds) - 1)
    return pa.array([tags for tags, _ in kinds]).take(pa.array(chosen))


def _tell_nodes(ids: Longs, lon: Floats, lat: Floats) -> bytes:
    number = pc.cast(pa.array(ids + 1), pa.string())
    return _tell(["n", number, " x", _tell_degrees(lon), " y", _tell_degrees(lat)])


def _tell_degrees(degrees: Floats) -> pa.Array:
    """Write degrees above 0 with seven decimals, as OpenStreetMap keeps them."""
    whole, rest = np.divmod(np.rint(degrees * _DIGITS).astype(np.int64), _DIGITS)
    decimals = pc.utf8_lpad(pc.cast(pa.array(rest), pa.string()), 7, "0")
    return pc.binary_join_element_wise(pc.cast(pa.array(whole), pa.string()), decimals, ".")


def _tell_ways(ids: Longs, refs: Longs, tags: pa.Array) -> bytes:
    nodes = pc.cast(pa.array(refs.ravel() + 1), pa.string())
    offsets = np.arange(len(refs) + 1, dtype=np.int32) * refs.shape[1]
    joined = pc.binary_join(pa.ListArray.from_arrays(offsets, nodes), ",n")
    return _tell(["w", pc.cast(pa.array(ids + 1), pa.string()), " T", tags, " Nn", joined])


def _tell(columns: list[pa.Array | str]) -> bytes:
    lines = pc.binary_join_element_wise(*columns, "\n", "")
    return bytes(memoryview(lines.buffers()[2])[: _end(lines)])


def _end(lines: pa.Array) -> int:
    return int(np.frombuffer(lines.buffers()[1], dtype=np.int32)[len(lines)])
