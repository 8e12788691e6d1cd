"""Extracts as both engines are to read them: trimmed, or with one rule taken over."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import osmium
from pyproj import Geod

from stemgeo.network import bicycle

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    Tags = dict[str, str]
    Open = tuple[bool, bool]
    """Whether a way is open along its drawn direction, and against it."""

WGS84 = Geod(ellps="WGS84")
NODE_KEYS = ("barrier", "access", "vehicle", "bicycle", "locked")
"""A node with one of these tags may stop a cyclist."""

OPEN_AS_TAGS: Mapping[Open, Tags] = {
    (True, True): {"bicycle": "designated"},
    (True, False): {"bicycle": "designated", "oneway": "yes", "foot": "no"},
    (False, True): {"bicycle": "designated", "oneway": "-1", "foot": "no"},
    (False, False): {"bicycle": "no", "foot": "no"},
}
"""Tags that say just this in either engine; without foot=no one would push the other way."""

WALL = {"barrier": "wall"}


@dataclass(frozen=True)
class Way:
    """A way of the extract: its tags, its length, a place in the middle of one of its segments."""

    id: int
    tags: Tags
    length_m: float
    lat: float
    lon: float


@dataclass(frozen=True)
class Node:
    """A node with tags that may stop a cyclist, and the ways that pass it."""

    id: int
    tags: Tags
    lat: float
    lon: float
    ways: list[int] = field(default_factory=list)


def trim(source: Path, target: Path) -> int:
    """Copy an extract, sorted, with each way cut where nodes are missing; say how many were cut.

    Valhalla leaves such a way out, or draws it straight over the hole; our own network is
    ridden up to the hole. A piece after the first is numbered above all ways.
    """
    ordered = target.with_name("sorted.osm.pbf")
    reader = osmium.MergeInputReader()
    reader.add_file(str(source))
    with osmium.SimpleWriter(str(ordered), overwrite=True) as writer:
        reader.apply(writer)
    return _trim(ordered, target)


def _trim(source: Path, target: Path) -> int:
    known = {node.id for node in osmium.FileProcessor(str(source), osmium.osm.NODE)}
    next_id = 1 + max(way.id for way in osmium.FileProcessor(str(source), osmium.osm.WAY))
    spare = []
    cut = 0
    with osmium.SimpleWriter(str(target), overwrite=True) as writer:
        for item in osmium.FileProcessor(str(source), osmium.osm.NODE | osmium.osm.WAY):
            if not item.is_way() or all(node.ref in known for node in item.nodes):
                writer.add(item)
                continue
            cut += 1
            pieces = list(_pieces([node.ref for node in item.nodes], known))
            if pieces:
                writer.add(item.replace(nodes=pieces[0]))
            spare += [(dict(item.tags), piece) for piece in pieces[1:]]
        for number, (tags, piece) in enumerate(spare, start=next_id):
            writer.add_way(osmium.osm.mutable.Way(id=number, version=1, tags=tags, nodes=piece))
        for item in osmium.FileProcessor(str(source), osmium.osm.RELATION):
            writer.add(item)
    return cut


def _pieces(refs: list[int], known: set[int]) -> Iterator[list[int]]:
    """Give the runs of two and more nodes that are there."""
    run: list[int] = []
    for ref in [*refs, None]:
        if ref in known:
            run.append(ref)
        elif run:
            if len(run) > 1:
                yield run
            run = []


def read(extract: Path) -> tuple[list[Way], list[Node]]:
    """List the highways and ferries, and the nodes inside of them that may stop a cyclist."""
    ways, nodes = [], {}
    for item in osmium.FileProcessor(str(extract)).with_locations():
        tags = dict(item.tags)
        if item.is_node() and any(key in tags for key in NODE_KEYS):
            nodes[item.id] = Node(item.id, tags, item.location.lat, item.location.lon)
        if item.is_way() and ("highway" in tags or tags.get("route") == "ferry"):
            places = [(node.lon, node.lat) for node in item.nodes]
            if len(set(places)) > 1:
                ways.append(_way(item.id, tags, places))
                for ref in {node.ref for node in item.nodes} & nodes.keys():
                    nodes[ref].ways.append(item.id)
    return ways, [node for node in nodes.values() if node.ways]


def _way(number: int, tags: Tags, places: list[tuple[float, float]]) -> Way:
    """Measure a way and find its longest segment, where it is best told from its neighbours."""
    steps = [WGS84.inv(*a, *b)[2] for a, b in pairwise(places)]
    longest = steps.index(max(steps))
    (lon, lat), (to_lon, to_lat) = places[longest : longest + 2]
    return Way(number, tags, sum(steps), (lat + to_lat) / 2, (lon + to_lon) / 2)


def rewrite(
    source: Path, target: Path, ways: Mapping[int, Open], passable: Mapping[int, bool]
) -> None:
    """Copy an extract with the access of some ways and nodes put into plain tags."""
    with osmium.SimpleWriter(str(target), overwrite=True) as writer:
        for item in osmium.FileProcessor(str(source), osmium.osm.NODE | osmium.osm.WAY):
            if item.is_way() and item.id in ways:
                # A main road stays one: beside it one pushes, whoever may ride there.
                main = item.tags.get("highway") in bicycle.MAIN_ROADS
                kind = {"highway": item.tags["highway"] if main else "cycleway"}
                writer.add(item.replace(tags=kind | OPEN_AS_TAGS[ways[item.id]]))
            elif item.is_node() and item.id in passable:
                writer.add(item.replace(tags={} if passable[item.id] else WALL))
            else:
                writer.add(item)
