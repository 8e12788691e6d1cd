"""Overpass: gives, as OSM XML, what is asked of an extract; and what it says when it cannot."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import numpy as np
import osmium
import shapely
from served import Asked, Reply

from stemgeo.facts import LAMBERT_72
from stemgeo.fetch.roads import cut_roads
from stemgeo.inputs.vectors import make_transformer

if TYPE_CHECKING:
    from pathlib import Path

    from served import Server

    from stemgeo.sources.catalogue import DataSource

TOO_MANY = Reply(
    b"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "">
<html><head><title>OSM3S Response</title></head><body>
<p><strong style="color:#FF0000">Error</strong>: runtime error: open64: 0 Success
/osm3s_osm_base Dispatcher_Client::request_read_and_idx::rate_limited. Please check. </p>
</body></html>""",
    429,
    kind="text/html",
)
BUSY = Reply(TOO_MANY.body.replace(b"rate_limited", b"timeout"), 504, kind="text/html")
REMARK = (
    b'<remark> runtime error: Query timed out in "query" at line 2 after 56 seconds. </remark>\n'
)
HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6" generator="Overpass API 0.7.62">
<note>The data included in this document is from www.openstreetmap.org.</note>
<meta osm_base="2026-11-29T20:15:03Z"/>
"""


def play_overpass(server: Server, source: DataSource, extract: Path, folder: Path) -> str:
    """Play Overpass over an extract; give its path."""
    path = urlsplit(source.address).path

    def answer(asked: Asked) -> Reply:
        (query,) = parse_qs(asked.body.decode())["data"]
        ground = read_ground(query)
        part = folder / "asked.osm.pbf"
        cut_roads([extract], ground, part)
        return Reply(write_xml(part), kind="application/osm3s+xml")

    server.play(path, answer)
    return path


def read_ground(query: str) -> shapely.Polygon:
    """Give the polygon that a question asks for, in Lambert 72: one, whatever it asks of it."""
    (polygon,) = set(re.findall(r'poly:"([-0-9. ]+)"', query))
    numbers = np.array(polygon.split(), dtype=float).reshape(-1, 2)
    moved = make_transformer("EPSG:4326", LAMBERT_72).transform(*numbers.T[::-1])
    return shapely.Polygon(np.column_stack(moved))


def write_xml(extract: Path) -> bytes:
    """Write an extract as Overpass does with `out body`: no versions, one object after another."""
    lines = [HEAD]
    for one in osmium.FileProcessor(str(extract)):
        kind = {"n": "node", "w": "way", "r": "relation"}[one.type_str()]
        place = f' lat="{one.lat:.7f}" lon="{one.lon:.7f}"' if one.is_node() else ""
        inner = [f'<tag k="{_write(tag.k)}" v="{_write(tag.v)}"/>' for tag in one.tags]
        if one.is_way():
            inner = [f'<nd ref="{node.ref}"/>' for node in one.nodes] + inner
        elif one.is_relation():
            names = {"n": "node", "w": "way", "r": "relation"}
            members = (
                f'<member type="{names[m.type]}" ref="{m.ref}" role="{_write(m.role)}"/>'
                for m in one.members
            )
            inner = [*members, *inner]
        lines.append(f'  <{kind} id="{one.id}"{place}>{"".join(inner)}</{kind}>\n')
    return "".join([*lines, "\n</osm>\n"]).encode()


def _write(text: str) -> str:
    for sign, name in (("&", "amp"), ("<", "lt"), (">", "gt"), ('"', "quot")):
        text = text.replace(sign, f"&{name};")
    return text
