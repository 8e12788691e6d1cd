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
from stemgeo.network import bicycle

if TYPE_CHECKING:
    from numpy.typing import NDArray

WGS84 = Geod(ellps="WGS84")

LONGEST_M = 100_000.0
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
    residential
        Whether children live along the segment.
    way
        OSM way of each segment.
    rides
        The distinct rides; the first is closed.
    counts
        What was read and what was left out, for the manifest.
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    osm_id: NDArray[np.int64]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    length_mm: NDArray[np.int32]
    forward: NDArray[np.uint16]
    backward: NDArray[np.uint16]
    residential: NDArray[np.bool_]
    way: NDArray[np.int64]
    rides: tuple[bicycle.Ride, ...]
    counts: dict[str, int]


@dataclass
class _Ways:
    """The ways of interest, packed: the nodes of way i are refs[first[i]:first[i + 1]]."""

    ids: list[int] = field(default_factory=list)
    refs: list[int] = field(default_factory=list)
    first: list[int] = field(default_factory=lambda: [0])
    forward: list[int] = field(default_factory=list)
    backward: list[int] = field(default_factory=list)
    residential: list[bool] = field(default_factory=list)
    rides: dict[bicycle.Ride, int] = field(default_factory=lambda: {bicycle.NOT_AT_ALL: 0})
    seen: set[int] = field(default_factory=set)
    closed: int = 0
    _known: dict[tuple[tuple[str, str], ...], tuple[int, int]] = field(default_factory=dict)

    def add(self, way: Any) -> None:
        """Keep a way of the extract if a cyclist can use it; one met before is skipped."""
        tags = tuple((tag.k, tag.v) for tag in way.tags if tag.k in bicycle.TAGS_READ)
        if tags not in self._known:
            forward, backward = bicycle.classify(dict(tags))
            self._known[tags] = (
                self.rides.setdefault(forward, len(self.rides)),
                self.rides.setdefault(backward, len(self.rides)),
            )
        forward_ride, backward_ride = self._known[tags]
        if forward_ride == backward_ride == 0:
            self.closed += 1
            return
        if way.id in self.seen:
            return
        self.seen.add(way.id)
        self.ids.append(way.id)
        self.refs.extend([node.ref for node in way.nodes])
        self.first.append(len(self.refs))
        self.forward.append(forward_ride)
        self.backward.append(backward_ride)
        self.residential.append(way.tags.get("highway") in bicycle.RESIDENTIAL)


@dataclass
class _Nodes:
    """Locations of the nodes on the ways, and which of them block."""

    ids: list[int] = field(default_factory=list)
    lon: list[float] = field(default_factory=list)
    lat: list[float] = field(default_factory=list)
    blocking: list[int] = field(default_factory=list)

    def add(self, node: Any) -> None:
        """Keep a node's location when it has a valid one."""
        if node.location.valid():
            self.ids.append(node.id)
            self.lon.append(node.lon)
            self.lat.append(node.lat)
            if len(node.tags) and bicycle.blocks({tag.k: tag.v for tag in node.tags}):
                self.blocking.append(node.id)


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
        _each(path, osmium.osm.WAY, osmium.filter.KeyFilter("highway"), ways.add)
    wanted = np.unique(np.asarray(ways.refs, dtype=np.int64))
    if len(wanted) and wanted[0] < 0:
        names = ", ".join(path.name for path in paths)
        raise InputError(
            Problem(
                names,
                "has nodes with ids below 0, as editors number what is not uploaded yet",
                "give each node an id above 0",
            )
        )
    for path in paths:
        _each(path, osmium.osm.NODE, osmium.filter.IdFilter(wanted.tolist()), nodes.add)
    roads = _segments(ways, nodes)
    if len(roads.start) == 0:
        names = ", ".join(path.name for path in paths)
        raise InputError(
            Problem(names, "has no road that a bicycle can use", "give an extract with highways")
        )
    return roads


def _each(path: Path, kind: Any, keep: Any, add: Any) -> None:
    try:
        for item in osmium.FileProcessor(str(path), kind).with_filter(keep):
            add(item)
    except (RuntimeError, ValueError, osmium.InvalidLocationError) as error:
        raise InputError(
            Problem(path.name, f"cannot be read to its end ({error})", "download the extract again")
        ) from None


def _segments(ways: _Ways, nodes: _Nodes) -> Roads:
    """Cut the ways at every node; leave out what misses a location."""
    order = np.argsort(np.asarray(nodes.ids, dtype=np.int64), kind="stable")
    osm_id, keep = np.unique(np.asarray(nodes.ids, dtype=np.int64)[order], return_index=True)
    lon, lat = np.asarray(nodes.lon)[order][keep], np.asarray(nodes.lat)[order][keep]

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
    start, end, copies = _cut_at(blocking, start, end)
    lon, lat, osm_id = (np.append(a, a[copies]) for a in (lon, lat, osm_id))
    metres = np.asarray(WGS84.inv(lon[start], lat[start], lon[end], lat[end])[2])
    short = metres <= LONGEST_M
    start, end, way, metres = start[short], end[short], way[short], metres[short]
    return Roads(
        lon=lon,
        lat=lat,
        osm_id=osm_id,
        start=start,
        end=end,
        length_mm=np.rint(metres * 1000).astype(np.int32),
        forward=np.asarray(ways.forward, dtype=np.uint16)[way],
        backward=np.asarray(ways.backward, dtype=np.uint16)[way],
        residential=np.asarray(ways.residential, dtype=np.bool_)[way],
        way=np.asarray(ways.ids, dtype=np.int64)[way],
        rides=tuple(ways.rides),
        counts={
            "ways": len(ways.ids),
            "ways_closed_to_bicycles": ways.closed,
            "segments": len(start),
            "segments_without_location": int(neighbours.sum() - whole.sum()),
            "segments_too_long": int((~short).sum()),
            "repeated_nodes": int(whole.sum() - distinct.sum()),
            "blocking_nodes": int(blocking.sum()),
        },
    )


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
