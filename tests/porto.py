"""The middle of Porto, cut out of its extract: a city with all that a city has, soon computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import osmium

if TYPE_CHECKING:
    from pathlib import Path

WEST, SOUTH, EAST, NORTH = -8.66, 41.14, -8.585, 41.185
"""From the bridges over the Douro to the ring road, 6 by 5 km: a ninth of the extract's nodes."""


def cut(whole: Path, part: Path) -> None:
    """Write the ways that come here, whole, with their nodes and the relations that they are in."""
    inside, ways, nodes, relations = set(), set(), set(), set()
    for one in osmium.FileProcessor(str(whole)):
        if one.is_node() and WEST < one.lon < EAST and SOUTH < one.lat < NORTH:
            inside.add(one.id)
        elif one.is_way() and not inside.isdisjoint(refs := [node.ref for node in one.nodes]):
            ways.add(one.id)
            nodes.update(refs)
        elif one.is_relation() and any(m.type == "w" and m.ref in ways for m in one.members):
            relations.add(one.id)
    kept = {osmium.osm.NODE: inside | nodes, osmium.osm.WAY: ways, osmium.osm.RELATION: relations}
    with osmium.SimpleWriter(osmium.io.File(str(part), "pbf")) as writer:
        for kind, ids in kept.items():
            those = osmium.FileProcessor(str(whole), kind)
            for one in those.with_filter(osmium.filter.IdFilter(ids)):
                writer.add(one)
