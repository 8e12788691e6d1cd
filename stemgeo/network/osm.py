"""Reading the roads of OpenStreetMap extracts.

osmium reads; only ways with a highway of `bicycle.HIGHWAYS` and the nodes on them are kept, so
memory stays near what the roads need. Ways are read first, then the locations of their nodes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import osmium
from pyproj import Geod

from stemgeo.errors import InputError, Problem
from stemgeo.inputs import extracts
from stemgeo.network import bicycle
from stemgeo.network.stress import TAGS_READ as STRESS_TAGS
from stemgeo.network.stress import stress

if TYPE_CHECKING:
    from numpy.typing import NDArray

WGS84 = Geod(ellps="WGS84")
TAGS_READ = bicycle.TAGS_READ | STRESS_TAGS

LONGEST_M = 10_000.0
"""A straight segment longer than this is a node out of place (at 0, 0, say), not a road."""


@dataclass(frozen=True)
class Roads:
    """Straight road segments between neighbouring nodes, with the rides they allow.

    Attributes
    ----------
    lon, lat
        Of each vertex, degrees, shape (vertices,). A node that blocks has a vertex for each
        segment that ends there, so that nothing passes.
    osm_id
        OSM node of each vertex, shape (vertices,).
    start, end
        Vertices of each segment, shape (segments,).
    length_mm
        Geodesic length on WGS 84, shape (segments,).
    forward, backward
        Index into `rides` of each segment and direction.
    stress_forward, stress_backward
        Level of traffic stress, 1 to 4, of each segment and direction.
    residential
        Whether children live along the segment.
    way
        OSM way of each segment.
    boarding
        Whether one boards a ferry on the segment, shape (segments,).
    wait
        What one may wait for at each vertex, see `bicycle.waits`, shape (vertices,).
    rides
        The distinct rides; the first is closed.
    counts
        What was read and what was left out, for the manifest.
    extract
        Which extract each vertex was read from first, shape (vertices,); None: all from one.
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    osm_id: NDArray[np.int64]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    length_mm: NDArray[np.int32]
    forward: NDArray[np.uint16]
    backward: NDArray[np.uint16]
    stress_forward: NDArray[np.uint8]
    stress_backward: NDArray[np.uint8]
    residential: NDArray[np.bool_]
    way: NDArray[np.int64]
    boarding: NDArray[np.bool_]
    wait: NDArray[np.uint8]
    rides: tuple[bicycle.Ride, ...]
    counts: dict[str, int]
    extract: NDArray[np.uint8] | None = None


@dataclass(frozen=True)
class _Kind:
    """What the tags of a way say: ways with the same tags share one."""

    forward: int
    backward: int
    residential: bool
    in_village: tuple[int, int]
    in_country: tuple[int, int]
    unreadable: bool = False
    ferry_minutes: float | None = None


@dataclass
class _Ways:
    """The ways of interest, packed: the nodes of way i are refs[first[i]:first[i + 1]]."""

    ids: list[int] = field(default_factory=list)
    refs: list[int] = field(default_factory=list)
    first: list[int] = field(default_factory=lambda: [0])
    kind: list[int] = field(default_factory=list)
    kinds: list[_Kind] = field(default_factory=list)
    rides: dict[bicycle.Ride, int] = field(default_factory=lambda: {bicycle.NOT_AT_ALL: 0})
    seen: set[int] = field(default_factory=set)
    closed: int = 0
    _known: dict[tuple[tuple[str, str], ...], int] = field(default_factory=dict)

    def add(self, way: Any) -> None:
        """Keep a way of the extract if a cyclist can use it; one met before is skipped."""
        tags = tuple((tag.k, tag.v) for tag in way.tags if tag.k in TAGS_READ)
        if tags not in self._known:
            self._known[tags] = self._number(dict(tags))
        kind = self._known[tags]
        if kind < 0:
            self.closed += 1
            return
        if way.id in self.seen:
            return
        self.seen.add(way.id)
        self.ids.append(way.id)
        self.refs.extend([node.ref for node in way.nodes])
        self.first.append(len(self.refs))
        self.kind.append(kind)

    def _number(self, tags: dict[str, str]) -> int:
        """Classify tags not met before; -1 when a cyclist cannot use such a way."""
        if bicycle.ferry(tags):
            # Which speed a ferry has depends on its length: a ride of its own comes later.
            minutes = bicycle.ferry_minutes(tags) or 0.0
            calm = (1, 1)
            self.kinds.append(_Kind(0, 0, False, calm, calm, ferry_minutes=minutes))
            return len(self.kinds) - 1
        rides = bicycle.classify(tags)
        if rides == (bicycle.NOT_AT_ALL, bicycle.NOT_AT_ALL):
            return -1
        forward, backward = (self.rides.setdefault(ride, len(self.rides)) for ride in rides)
        village, country = stress(tags, built_up=True), stress(tags, built_up=False)
        residential = tags.get("highway") in bicycle.RESIDENTIAL
        odd = bicycle.unreadable(tags)
        self.kinds.append(_Kind(forward, backward, residential, village, country, odd))
        return len(self.kinds) - 1

    def column(self, name: str, kind: type[np.generic]) -> NDArray[Any]:
        """Give one field of the kind of each way, shape (ways,)."""
        values = np.array([getattr(one, name) for one in self.kinds], dtype=kind)
        return np.asarray(values[np.asarray(self.kind, dtype=np.intp)])

    def in_built_up_area(self) -> NDArray[np.bool_]:
        """Say which ways meet a residential or living street: our sign of a built-up area."""
        residential = self.column("residential", np.bool_)
        owner = np.repeat(np.arange(len(self.ids)), np.diff(self.first))
        refs = np.asarray(self.refs, dtype=np.int64)
        streets = np.unique(refs[residential[owner]])
        meets = np.zeros(len(self.ids), dtype=np.bool_)
        meets[owner[np.isin(refs, streets)]] = True
        return meets


@dataclass
class _Nodes:
    """Locations of the nodes on the ways, which of them block, and where one may wait."""

    ids: list[int] = field(default_factory=list)
    lon: list[float] = field(default_factory=list)
    lat: list[float] = field(default_factory=list)
    blocking: list[int] = field(default_factory=list)
    waiting: dict[int, int] = field(default_factory=dict)
    first_of_extract: list[int] = field(default_factory=list)

    def add(self, node: Any) -> None:
        """Keep a node's location when it has a valid one."""
        if not node.location.valid():
            return
        self.ids.append(node.id)
        self.lon.append(node.lon)
        self.lat.append(node.lat)
        if len(node.tags):
            tags = {tag.k: tag.v for tag in node.tags}
            if bicycle.blocks(tags):
                self.blocking.append(node.id)
            elif wait := bicycle.waits(tags):
                self.waiting[node.id] = wait


def read_roads(paths: Iterable[Path]) -> Roads:
    """Read the roads that a cyclist can use from one or more extracts.

    Parameters
    ----------
    paths
        Extracts (.osm.pbf, .osm, .osm.gz, .osm.bz2). A way that is in two is taken once.

    Raises
    ------
    InputError
        If an extract cannot be read to its end, or none has a road.
    """
    paths = list(paths)
    ways, nodes = _Ways(), _Nodes()
    for path in paths:
        roads_only = osmium.filter.KeyFilter("highway", "route")
        for way in extracts.objects(path, osmium.osm.WAY, roads_only):
            ways.add(way)
    if not ways.ids:
        raise _no_roads(paths)
    wanted = np.unique(np.asarray(ways.refs, dtype=np.int64))
    on_ways = extracts.with_ids("nodes", wanted, paths)
    for path in paths:
        nodes.first_of_extract.append(len(nodes.ids))
        for node in extracts.objects(path, osmium.osm.NODE, on_ways):
            nodes.add(node)
    roads = _segments(ways, nodes)
    mode = np.array([ride.mode for ride in roads.rides])
    if (mode[roads.forward] == bicycle.FERRY).all():
        raise _no_roads(paths)
    return roads


def _no_roads(paths: list[Path]) -> InputError:
    names = ", ".join(path.name for path in paths)
    return InputError(
        Problem(names, "has no road that a bicycle can use", "give an extract with highways")
    )


def _segments(ways: _Ways, nodes: _Nodes) -> Roads:
    """Cut the ways at every node; leave out what misses a location."""
    order = np.argsort(np.asarray(nodes.ids, dtype=np.int64), kind="stable")
    osm_id, keep = np.unique(np.asarray(nodes.ids, dtype=np.int64)[order], return_index=True)
    lon, lat = np.asarray(nodes.lon)[order][keep], np.asarray(nodes.lat)[order][keep]
    extract = np.searchsorted(nodes.first_of_extract, order[keep], side="right") - 1

    refs = np.asarray(ways.refs, dtype=np.int64)
    way_of_ref = np.repeat(np.arange(len(ways.ids)), np.diff(ways.first))
    vertex = np.searchsorted(osm_id, refs)
    known = vertex < len(osm_id)
    known[known] = osm_id[vertex[known]] == refs[known]

    neighbours = way_of_ref[:-1] == way_of_ref[1:]
    whole = neighbours & known[:-1] & known[1:]
    distinct = whole & (refs[:-1] != refs[1:])
    way = way_of_ref[:-1][distinct]
    # The order of ways in a file must not matter: segments go by way id, then along the way.
    by_id = np.argsort(np.asarray(ways.ids, dtype=np.int64)[way], kind="stable")
    way = way[by_id]
    start = vertex[:-1][distinct][by_id].astype(np.int32)
    end = vertex[1:][distinct][by_id].astype(np.int32)

    blocking = np.isin(osm_id, np.asarray(nodes.blocking, dtype=np.int64))
    wait = np.zeros(len(osm_id), dtype=np.uint8)
    wait[np.searchsorted(osm_id, list(nodes.waiting))] = list(nodes.waiting.values())
    start, end, copies = _cut_at(blocking, start, end)
    lon, lat = np.append(lon, lon[copies]), np.append(lat, lat[copies])
    osm_id, wait = np.append(osm_id, osm_id[copies]), np.append(wait, wait[copies])
    extract = np.append(extract, extract[copies])
    metres = np.asarray(WGS84.inv(lon[start], lat[start], lon[end], lat[end])[2])
    short = metres <= LONGEST_M
    start, end, way, metres = start[short], end[short], way[short], metres[short]
    length_mm = np.rint(metres * 1000).astype(np.int32)
    built_up = ways.in_built_up_area()[:, None]
    lts = np.where(
        built_up, ways.column("in_village", np.uint8), ways.column("in_country", np.uint8)
    )[way]
    forward = ways.column("forward", np.uint16)[way]
    backward = ways.column("backward", np.uint16)[way]
    ferries = _ferry_rides(ways, way, length_mm)
    for number, ride in ferries.items():
        index = ways.rides.setdefault(ride, len(ways.rides))
        forward[way == number] = backward[way == number] = index
    first_of_way = np.append(True, np.diff(way) != 0)[: len(way)]
    return Roads(
        lon=lon,
        lat=lat,
        osm_id=osm_id,
        start=start,
        end=end,
        length_mm=length_mm,
        forward=forward,
        backward=backward,
        stress_forward=lts[:, 0],
        stress_backward=lts[:, 1],
        residential=ways.column("residential", np.bool_)[way],
        way=np.asarray(ways.ids, dtype=np.int64)[way],
        boarding=first_of_way & np.isin(way, list(ferries)),
        wait=wait,
        rides=tuple(ways.rides),
        counts={
            "ways": len(ways.ids),
            "ways_closed_to_bicycles": ways.closed,
            "ways_with_unreadable_tags": int(ways.column("unreadable", np.bool_).sum()),
            "ferries": len(ferries),
            "segments": len(start),
            "segments_without_location": int(neighbours.sum() - whole.sum()),
            "segments_too_long": int((~short).sum()),
            "segments_of_no_length": int((length_mm == 0).sum()),
            "nodes_given_twice": len(nodes.ids) - len(keep),
            "repeated_nodes": int(whole.sum() - distinct.sum()),
            "blocking_nodes": int(blocking.sum()),
        },
        extract=extract.astype(np.uint8),
    )


def _ferry_rides(
    ways: _Ways, way: NDArray[np.intp], length_mm: NDArray[np.int32]
) -> dict[int, bicycle.Ride]:
    """Give each ferry the speed that makes its length take its duration."""
    rides = {}
    ferry_minutes = [kind.ferry_minutes for kind in ways.kinds]
    numbers = [i for i, kind in enumerate(ways.kind) if ferry_minutes[kind] is not None]
    for number in np.intersect1d(numbers, way).tolist():
        minutes = ferry_minutes[ways.kind[number]]
        km = float(length_mm[way == number].sum()) / 1e6
        kmh = km / (minutes / 60) if minutes and km else bicycle.FERRY_KMH
        rides[number] = bicycle.Ride(bicycle.FERRY, cap_kmh=kmh)
    return rides


def _cut_at(
    blocking: NDArray[np.bool_], start: NDArray[np.int32], end: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Give every segment that ends at a blocking vertex a vertex of its own there.

    Returns
    -------
    tuple
        Starts, ends, and the vertices of which a copy is to be appended, in order.
    """
    start, end = start.copy(), end.copy()
    first_new = len(blocking)
    at_start, at_end = np.flatnonzero(blocking[start]), np.flatnonzero(blocking[end])
    copies = np.concatenate([start[at_start], end[at_end]])
    start[at_start] = first_new + np.arange(len(at_start))
    end[at_end] = first_new + len(at_start) + np.arange(len(at_end))
    return start, end, copies
