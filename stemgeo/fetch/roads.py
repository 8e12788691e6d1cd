"""Roads of a study: extracts cut to where its children can come, joined, or a small map asked for.

A cut must not change a time: a child who is looked at, and whatever it can reach, find on the cut
what they find on the whole. So a way is kept whole when any of it lies on the ground, and with it
each road that it meets: whether a road is quiet may depend on those. Relations that are read
(squares, buildings, woods) are kept with all their ways.

Of a country there are tens of millions of nodes. Where they lie is written by osmium to a file on
the way, 16 bytes each, that is looked through in parts; in memory are only the numbers of what is
kept, and so many objects at once as `AT_ONCE` says.
"""

from __future__ import annotations

import math
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import osmium
import shapely

from stemgeo.errors import InputError, Problem
from stemgeo.facts import LAMBERT_72
from stemgeo.fetch.wanted import ADDRESSES, BARRED, BUILDINGS, ROADS, UNINHABITED
from stemgeo.inputs import extracts
from stemgeo.inputs.vectors import make_transformer
from stemgeo.notes import Said, clean_text, say, say_amount
from stemgeo.study import Study, Travel
from stemgeo.writing.seal import hash_file
from stemgeo.writing.whole import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Area = shapely.Polygon | shapely.MultiPolygon
    Bools = NDArray[np.bool_]
    Longs = NDArray[np.int64]

ROOM_M = 200.0
"""Beyond what a child can travel: ways across main roads and signals are sought around a place."""

AT_ONCE = 5_000_000
"""Objects that are held to be put in order: some 80 bytes each, ways more."""

_SPAN = 1 << 32
"""Ids among which osmium looks at once: it takes a bit for each that there could be."""

_SHORT_M = 100.0
"""Stretches up to this may lie on the ground with neither end on it or within half of it."""

_AT_ONCE_PLACES = 1 << 20
_CELLS = 256
_PLACE = np.dtype([("id", "<u8"), ("x", "<i4"), ("y", "<i4")])
"""A node in a file of osmium's index `sparse_file_array`; degrees times ten million."""

_DEGREE = 1e7
_NOWHERE = 2**31 - 1
_METADATA = "add_metadata=version+timestamp"
_KINDS = (osmium.osm.NODE, osmium.osm.WAY, osmium.osm.RELATION)


def measure_reach(asked: Study | Travel) -> float:
    """Say within how many metres of a ground lies all that its children can reach.

    Parameters
    ----------
    asked
        How they travel: the highest speed, that of the bounds included, for the cutoff; of a study
        also for what it calls just too far, and its longest isochrone.
    """
    travel = asked.travel if isinstance(asked, Study) else asked
    minutes = [travel.cutoff_min]
    if isinstance(asked, Study):
        minutes += [travel.cutoff_min + asked.gaps.just_too_far_min]
        minutes += asked.output.isochrone_minutes
    speeds = [travel.speed_of(band, "high") for band in travel.bands]
    return max(minutes) / 60 * max(speeds) * 1000 + travel.snap_limit_m + ROOM_M


def widen_ground(ground: Area, asked: Study | Travel) -> Area:
    """Widen a ground by as far as its children can come, so that nothing that they reach is cut.

    Parameters
    ----------
    ground
        In EPSG:31370.
    asked
        As for `measure_reach`.

    Returns
    -------
    Geometry
        In EPSG:31370, never less than so wide. A ferry may go faster than any child: what it alone
        brings within reach may lie outside.
    """
    corners = 8
    # Arcs are drawn by their chords, and a coast is told coarser than it is.
    around = (measure_reach(asked) + _SHORT_M) / math.cos(math.pi / (4 * corners))
    return ground.simplify(_SHORT_M / 2).buffer(around, quad_segs=corners)


def cut_roads(
    paths: Sequence[Path], ground: Area, into: Path, crs: str = LAMBERT_72
) -> tuple[Said, ...]:
    """Cut extracts to a ground, and join them: no object twice, whichever extracts have it.

    Parameters
    ----------
    paths
        The extracts. Of an object that is in several its newest version is taken; of copies of
        one version the longest, then that of the first.
    ground
        As `widen_ground` gives it.
    into
        The extract that is made (.osm.pbf), sorted, of the same bytes for the same extracts.
    crs
        Of `ground`, in metres.

    Returns
    -------
    tuple
        What who reads it must know.

    Raises
    ------
    InputError
        If an extract cannot be read to its end, holds objects in several versions, or has no
        roads on the ground.
    """
    paths = list({hash_file(path): path for path in paths}.values())
    for path in paths:
        if extracts.has_versions(path):
            what = "has objects in several versions, or edits that are not uploaded"
            mend = "give a plain extract (osmium time-filter keeps the newest)"
            raise InputError(Problem(path.name, what, mend))
    with temporary_folder() as folder:
        places = [_write_places(path, folder / f"{i}.places") for i, path in enumerate(paths)]
        kept = _choose(paths, places, _KeptGround(ground, crs))
        owners, unlike = _share_out(paths, places, kept)
        beside = into.with_name(f"{into.name}.new.osm.pbf")
        try:
            _write_cut(paths, owners, beside, folder)
            beside.replace(into)
        finally:
            beside.unlink(missing_ok=True)
    return _say_unlike(paths, unlike)


def _say_unlike(paths: Sequence[Path], unlike: int) -> tuple[Said, ...]:
    if not unlike:
        return ()
    return (
        say(
            "{count} objects of the map are in several extracts ({names}), alike in version and "
            "otherwise in content: the longest, then the first, was taken",
            "{count} objecten van de kaart staan in verschillende uittreksels ({names}), met "
            "dezelfde versie en een andere inhoud: het langste, dan het eerste, is genomen",
            "{count} objets de la carte sont dans plusieurs extraits ({names}), de même version et "
            "de contenu différent : le plus long, puis le premier, a été pris",
            count=say_amount(unlike),
            names=", ".join(clean_text(path.name) for path in paths),
        ),
    )


# --- Where nodes lie ----------------------------------------------------------------------------


class _KeptGround:
    """Ground in degrees: by squares, so that few places are held against its outline."""

    def __init__(self, ground: Area, crs: str) -> None:
        moved = make_transformer(crs, "EPSG:4326").transform

        def turn(outline: Area) -> Area:
            fine = shapely.segmentize(outline, 500)
            return shapely.transform(fine, lambda at: np.column_stack(moved(*at.T)))

        self.near = turn(ground.buffer(_SHORT_M / 2))
        self.around = turn(ground.buffer(extracts.LONGEST_M / 2))
        shapely.prepare([self.near, self.around])

    def find(self, places: Sequence[NDArray[Any]]) -> tuple[Longs, Longs]:
        """Give the nodes near it, and those beside it: a long stretch from there may cross it."""
        near, around = _OutlineCells.of(self.near), _OutlineCells.of(self.around)
        found: tuple[list[Longs], list[Longs]] = ([_NONE], [_NONE])
        for part in _yield_places(places):
            there = part[around.contains(part)]
            is_near = near.contains(there)
            for own, chosen in zip(found, (is_near, ~is_near), strict=True):
                own.append(there["id"][chosen].astype(np.int64))
        on, beside = (np.unique(np.concatenate(own)) for own in found)
        return on, beside

    def is_crossed(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Bools:
        """Say which stretches cross it; both ends of each, shape (stretches, 2)."""
        lines = shapely.linestrings(np.stack([lon, lat], axis=2))
        return np.asarray(shapely.intersects(self.near, lines))


_NONE = np.empty(0, np.int64)


class _OutlineCells(NamedTuple):
    """An outline in degrees over squares: 0 where none of it is, 2 where all, 1 where some."""

    outline: Area
    west: float
    south: float
    width: float
    height: float
    how: NDArray[np.uint8]

    @classmethod
    def of(cls, outline: Area) -> _OutlineCells:
        west, south, east, north = outline.bounds
        width, height = (east - west) / _CELLS, (north - south) / _CELLS
        x, y = np.meshgrid(west + width * np.arange(_CELLS), south + height * np.arange(_CELLS))
        boxes = shapely.box(x, y, x + width, y + height)
        how = np.where(shapely.contains_properly(outline, boxes), 2, 1)
        how[shapely.disjoint(outline, boxes)] = 0
        return cls(outline, west, south, width, height, how.astype(np.uint8))

    def contains(self, places: NDArray[Any]) -> Bools:
        """Say which nodes lie on it."""
        inside = np.zeros(len(places), np.bool_)
        west, south, east, north = (int(side * _DEGREE) for side in self.outline.bounds)
        x, y = places["x"], places["y"]
        within = np.flatnonzero(
            (x >= west - 1) & (x <= east + 1) & (y >= south - 1) & (y <= north + 1)
        )
        lon, lat = x[within] / _DEGREE, y[within] / _DEGREE
        column = np.clip(((lon - self.west) / self.width).astype(np.int64), 0, _CELLS - 1)
        row = np.clip(((lat - self.south) / self.height).astype(np.int64), 0, _CELLS - 1)
        how = self.how[row, column]
        some = np.flatnonzero(how == 1)
        inside[within] = how == 2
        inside[within[some]] = shapely.contains_xy(self.outline, lon[some], lat[some])
        return inside


def _write_places(path: Path, place: Path) -> NDArray[Any]:
    """Write where the nodes of an extract lie to a file on the way, and give it."""
    index = osmium.index.create_map(f"sparse_file_array,{place}")
    handler = osmium.NodeLocationsForWays(index)
    try:
        with osmium.io.Reader(str(path), osmium.osm.NODE) as reader:
            osmium.apply(reader, handler)
    except extracts.UNREADABLE as error:
        raise InputError(extracts.unread_problem(path, str(error))) from None
    finally:
        del handler, index  # what it holds is written
    if not place.stat().st_size:
        return np.empty(0, _PLACE)
    return np.memmap(place, dtype=_PLACE, mode="r")


def _yield_places(places: Sequence[NDArray[Any]]) -> Iterator[NDArray[Any]]:
    """Yield the nodes of extracts in parts; what a file has room for beyond them is left out."""
    for of_extract in places:
        for start in range(0, len(of_extract), _AT_ONCE_PLACES):
            part = np.array(of_extract[start : start + _AT_ONCE_PLACES])
            yield part[part["x"] != _NOWHERE]


# --- What is kept -------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Kept:
    """Sorted ids of what is kept, of each kind."""

    nodes: Longs
    ways: Longs
    relations: Longs


def _choose(paths: Sequence[Path], places: Sequence[NDArray[Any]], ground: _KeptGround) -> _Kept:
    """Choose what is kept of extracts."""
    near, beside = ground.find(places)
    roads = extracts.read_ways(paths, osmium.filter.KeyFilter(*ROADS), ())
    on_it = _touches(roads, near)
    on_it |= _crosses(roads, ~on_it & _touches(roads, beside), places, ground)
    if not on_it.any():
        names = ", ".join(clean_text(path.name) for path in paths)
        what, mend = "has no roads on the ground of the study", "give the extract of its country"
        raise InputError(Problem(names, what, mend))
    squares = _Multipolygons.read(paths, osmium.filter.KeyFilter("highway"))
    met = np.unique(np.concatenate([_refs_of(roads, on_it), squares.refs_on(near)]))
    on_it |= _touches(roads, met)
    ways, nodes = [roads.ids[on_it]], [_refs_of(roads, on_it)]
    relations = [squares.keep(np.union1d(near, met), ways, nodes)]
    del roads
    others = osmium.filter.TagFilter(*BARRED, *UNINHABITED)
    for only in (others, osmium.filter.KeyFilter(*BUILDINGS, *ADDRESSES)):
        chosen = _choose_others(paths, only, (near, beside), places, ground)
        for found, own in zip((ways, nodes), chosen, strict=True):
            found.append(own)
    drawn = (osmium.filter.TagFilter(*UNINHABITED), osmium.filter.KeyFilter(*BUILDINGS))
    relations += [_Multipolygons.read(paths, only).keep(near, ways, nodes) for only in drawn]
    only = osmium.filter.KeyFilter(*ADDRESSES)
    addresses = extracts.read_tagged(paths, osmium.osm.NODE, only, ())["id"].to_numpy()
    nodes.append(addresses[extracts.is_among(near, addresses)])
    return _Kept(*(np.unique(np.concatenate(own)) for own in (nodes, ways, relations)))


def _choose_others(
    paths: Sequence[Path],
    only: Any,
    known: tuple[Longs, Longs],
    places: Sequence[NDArray[Any]],
    ground: _KeptGround,
) -> tuple[Longs, Longs]:
    """Give the ways that pass a filter and are on the ground, and their nodes."""
    near, beside = known
    read = extracts.read_ways(paths, only, ())
    on_it = _touches(read, near)
    on_it |= _crosses(read, ~on_it & _touches(read, beside), places, ground)
    return read.ids[on_it], _refs_of(read, on_it)


def _refs_of(ways: extracts.Ways, chosen: Bools) -> Longs:
    return ways.refs[np.repeat(chosen, np.diff(ways.first))]


def _any_of_each(of_refs: Bools, first: Longs) -> Bools:
    """Say which ways have a node of which something is so."""
    before = np.append(0, np.cumsum(of_refs))
    return np.asarray(before[first[1:]] > before[first[:-1]])


def _touches(ways: extracts.Ways, nodes: Longs) -> Bools:
    """Say which ways have one of some nodes, which are sorted."""
    return _any_of_each(extracts.is_among(nodes, ways.refs), ways.first)


def _crosses(
    ways: extracts.Ways, chosen: Bools, places: Sequence[NDArray[Any]], ground: _KeptGround
) -> Bools:
    """Say which of some ways cross the ground between two nodes that do not lie near it."""
    crosses = np.zeros(len(ways.ids), np.bool_)
    beside = np.flatnonzero(chosen)
    if not len(beside):
        return crosses
    refs, owner = _refs_of(ways, chosen), np.repeat(beside, np.diff(ways.first)[beside])
    lon, lat = _locate(refs, places)
    metres = np.hypot(np.diff(lon) * np.cos(np.radians(lat[1:])), np.diff(lat)) * 111_200
    # No number where a place is missing, which is neither longer nor shorter.
    long = (owner[1:] == owner[:-1]) & (metres > _SHORT_M / 2) & (metres < 2 * extracts.LONGEST_M)
    at = np.flatnonzero(long)
    ends = np.stack([at, at + 1], axis=1)
    crosses[owner[at[ground.is_crossed(lon[ends], lat[ends])]]] = True
    return crosses


def _locate(
    refs: Longs, places: Sequence[NDArray[Any]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give longitude and latitude of nodes; no numbers where no extract says them."""
    wanted, back = np.unique(refs, return_inverse=True)
    at = np.full((2, len(wanted)), np.nan)
    for part in _yield_places(places):
        ids = part["id"].astype(np.int64)
        those = extracts.is_among(wanted, ids)
        place = np.searchsorted(wanted, ids[those])
        at[:, place] = part["x"][those] / _DEGREE, part["y"][those] / _DEGREE
    return at[0][back], at[1][back]


@dataclass(frozen=True)
class _Multipolygons:
    """Multipolygons with some tags, and the ways that draw them."""

    ids: list[int]
    members: list[list[int]]
    ways: extracts.Ways

    @classmethod
    def read(cls, paths: Sequence[Path], only: Any) -> _Multipolygons:
        """Read those that pass a filter."""
        ids, members = [], []
        for item in extracts.read_objects(paths, osmium.osm.RELATION, only):
            if item.tags.get("type") == "multipolygon":
                ids.append(item.id)
                members.append([one.ref for one in item.members if one.type == "w"])
        wanted = np.unique(np.array([way for of in members for way in of], dtype=np.int64))
        ways = extracts.read_ways(paths, extracts.filter_ids("ways", wanted, paths), ())
        return cls(ids, members, ways)

    def _on(self, nodes: Longs) -> Bools:
        """Say which have a way with one of some nodes."""
        touching = set(self.ways.ids[_touches(self.ways, nodes)].tolist())
        return np.array([not touching.isdisjoint(of) for of in self.members], dtype=np.bool_)

    def _drawing(self, on_it: Bools) -> Bools:
        """Say which ways draw some of them."""
        drawn = {way for i in np.flatnonzero(on_it).tolist() for way in self.members[i]}
        return np.array([way in drawn for way in self.ways.ids.tolist()], dtype=np.bool_)

    def refs_on(self, nodes: Longs) -> Longs:
        """Give the nodes of those that have one of some nodes."""
        return _refs_of(self.ways, self._drawing(self._on(nodes)))

    def keep(self, on: Longs, ways: list[Longs], nodes: list[Longs]) -> Longs:
        """Add the ways of those that have one of some nodes, and their nodes; give their ids."""
        on_it = self._on(on)
        drawing = self._drawing(on_it)
        ways.append(self.ways.ids[drawing])
        nodes.append(_refs_of(self.ways, drawing))
        return np.array(self.ids, dtype=np.int64)[on_it]


# --- Each once ----------------------------------------------------------------------------------


def _share_out(
    paths: Sequence[Path], places: Sequence[NDArray[Any]], kept: _Kept
) -> tuple[list[list[Longs]], int]:
    """Say of each kind which of the kept ids each extract gives, and how many are unlike."""
    every = [kept.nodes, kept.ways, kept.relations]
    if len(paths) == 1:
        return [[ids] for ids in every], 0
    owners, unlike = [], 0
    for kind, ids in zip(_KINDS, every, strict=True):
        there = [
            _list_there(path, of_extract, kind, ids)
            for path, of_extract in zip(paths, places, strict=True)
        ]
        met, times = np.unique(np.concatenate(there), return_counts=True)
        shared = met[times > 1]
        texts = [_read_texts(path, kind, shared) for path in paths]
        given: list[list[int]] = [[] for _ in paths]
        for number in shared.tolist():
            copies = [(of[number], -i) for i, of in enumerate(texts) if number in of]
            best = max(copies, key=lambda one: (*_rank(one[0]), one[1]))
            newest = {text for text, _ in copies if _rank(text)[0] == _rank(best[0])[0]}
            unlike += len(newest) > 1
            given[-best[1]].append(number)
        owners.append(
            [
                np.union1d(np.setdiff1d(own, shared, assume_unique=True), mine).astype(np.int64)
                for own, mine in zip(there, given, strict=True)
            ]
        )
    return owners, unlike


def _list_there(path: Path, places: NDArray[Any], kind: Any, ids: Longs) -> Longs:
    """Give which of some ids an extract has, sorted."""
    if kind == osmium.osm.NODE:
        found = [part["id"].astype(np.int64) for part in _yield_places([places])]
        return np.unique(
            np.concatenate([_NONE, *(one[extracts.is_among(ids, one)] for one in found)])
        )
    name = "ways" if kind == osmium.osm.WAY else "relations"
    only = extracts.filter_ids(name, ids, [path])
    return np.unique(extracts.read_tagged([path], kind, only, ())["id"].to_numpy(np.int64))


def _read_texts(path: Path, kind: Any, ids: Longs) -> dict[int, str]:
    """Read objects as osmium writes each in a line: version, tags, place, nodes or members."""
    if not len(ids):
        return {}
    with temporary_folder() as folder:
        place = folder / "objects.opl"
        _copy(ids, path, kind, osmium.io.File(str(place), "opl,add_metadata=version"))
        lines = place.read_text(encoding="utf-8").splitlines()
    return {int(line[1:].partition(" ")[0]): line for line in lines}


def _rank(text: str) -> tuple[int, int]:
    """Give the version of an object, and its number of nodes or members."""
    _, version, *_, last = text.split(" ")
    return int(version[1:]), last.count(",")


def _copy(ids: Longs, path: Path, kind: Any, file: Any) -> None:
    """Copy the objects of an extract that have one of some ids, which are sorted."""
    # Made here, so that no two of them are there at once: each may take half a gigabyte.
    only = extracts.filter_ids("objects", ids, [path])
    with (
        closing(osmium.SimpleWriter(file, overwrite=True)) as writer,
        osmium.io.Reader(str(path), kind) as reader,
    ):
        osmium.apply(reader, only, writer)


def _write_cut(paths: Sequence[Path], owners: list[list[Longs]], into: Path, folder: Path) -> None:
    """Write objects in the order of their kind and id, so many at once as memory bears."""
    header = _make_header(paths)
    file = osmium.io.File(str(into), f"pbf,{_METADATA}")
    with closing(osmium.SimpleWriter(file, header=header, overwrite=True)) as writer:
        for kind, of_extracts in zip(_KINDS, owners, strict=True):
            for chosen in _part_ids(np.unique(np.concatenate(of_extracts))):
                merging = osmium.MergeInputReader()
                for i, (path, own) in enumerate(zip(paths, of_extracts, strict=True)):
                    ids = own[(own >= chosen[0]) & (own <= chosen[-1])]
                    if len(ids):
                        part = folder / f"{i}.osm.pbf"
                        wanted = f"pbf,pbf_compression=none,{_METADATA}"
                        _copy(ids, path, kind, osmium.io.File(str(part), wanted))
                        merging.add_file(str(part))
                merging.apply(writer, simplify=False)


def _part_ids(ids: Longs) -> Iterator[Longs]:
    """Part sorted ids: not too many at once, nor too far apart."""
    start = 0
    while start < len(ids):
        stop = min(start + AT_ONCE, int(np.searchsorted(ids, ids[start] + _SPAN)))
        yield ids[start:stop]
        start = stop


def _make_header(paths: Sequence[Path]) -> Any:
    """Make the header of a cut: of the extracts it has the oldest day, and nothing of today."""
    days = []
    for path in paths:
        with osmium.io.Reader(str(path), osmium.osm.NOTHING) as reader:
            days.append(reader.header().get("osmosis_replication_timestamp"))
    header = osmium.io.Header()
    header.set("generator", "stemgeo")
    header.set("sorting", "Type_then_ID")
    if all(days):
        header.set("osmosis_replication_timestamp", min(days))
    return header
