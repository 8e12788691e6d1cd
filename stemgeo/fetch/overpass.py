"""Roads of a small area from Overpass: raw OSM XML, whole or refused, as every extract is read.

What is asked for is what `roads.cut_roads` keeps of an extract, so that times are the same.
"""

from __future__ import annotations

import datetime as dt
import gzip
import re
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import osmium
import shapely

from stemgeo.errors import FetchError, InputError, Problem
from stemgeo.facts import LAMBERT_72
from stemgeo.fetch.folder import piece_of_answer
from stemgeo.fetch.wanted import ADDRESSES, BARRED, BUILDINGS, ROADS, UNINHABITED
from stemgeo.inputs import extracts
from stemgeo.inputs.formats import UnreadableError
from stemgeo.inputs.osmxml import read_marks
from stemgeo.inputs.vectors import make_transformer
from stemgeo.notes import clean_text
from stemgeo.sources.content import HEAD, is_like
from stemgeo.writing.whole import temporary_folder

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.sources.catalogue import DataSource
    from stemgeo.sources.client import Client
    from stemgeo.sources.lock import Piece

    Area = shapely.Polygon | shapely.MultiPolygon

_COARSE_M = 200.0
"""How far the polygon that is asked for may lie beside the ground; it is drawn so much wider."""

_GIVES_UP_BEFORE_S = 5
_TAKE_EXTRACT = "take the extract of its country, and cut it"
_SAID = re.compile(
    rb"Error\s*</strong>\s*:\s*(.{1,400}?)\s*(?:</p>|$)", re.IGNORECASE | re.DOTALL | re.MULTILINE
)
_BASE = re.compile(rb'<meta osm_base="([0-9TZ:.-]{1,40})"')


def fetch_overpass(
    client: Client, source: DataSource, ground: Area, into: Path, crs: str = LAMBERT_72
) -> tuple[Piece, ...]:
    """Fetch the roads of a small ground, and what else is read beside them.

    Parameters
    ----------
    client, source
        Asks, and whom.
    ground
        As `roads.widen_ground` gives it.
    into
        The file (.osm, or .osm.gz), written whole or not at all: what the server gave.
    crs
        Of `ground`, in metres.

    Returns
    -------
    tuple
        The answer that it was made from.

    Raises
    ------
    FetchError
        In one line: the ground is too large, the server is busy or gave up, or what came is not
        whole.
    """
    km2 = ground.area / 1e6
    if source.most_km2 and km2 > source.most_km2:
        what = f"is not asked for {km2:,.0f} km2 of roads, but for {source.most_km2:,} at most"
        raise FetchError(Problem(clean_text(source.title), what, _TAKE_EXTRACT))
    # It gives up, and says so, before a connection without a byte is taken for dead.
    wait_s = max(1, int(client.manners.stall_s) - _GIVES_UP_BEFORE_S)
    query = build_query(ground, wait_s, crs)
    answer = client.ask(source, source.address, form={"data": query})
    refuse_broken(answer.content, answer.address)
    beside = into.with_name(f"{into.name}.new")
    packed = into.name.endswith(".gz")
    beside.write_bytes(gzip.compress(answer.content, mtime=0) if packed else answer.content)
    beside.replace(into)
    return (piece_of_answer(replace(answer, modified=_read_base(answer.content))),)


def build_query(ground: Area, wait_s: int, crs: str = LAMBERT_72) -> str:
    """Write the question in Overpass QL: what `roads.cut_roads` keeps of an extract.

    Parameters
    ----------
    ground
        Is asked for by the polygon around it, without holes and bays.
    wait_s
        After so many seconds the server gives up.
    crs
        Of `ground`, in metres.
    """
    poly = _write_polygon(ground, crs)
    of_keys = [f'["{key}"]' for key in (*BUILDINGS, *ADDRESSES)]
    of_tags = [f'["{key}"="{value}"]' for key, value in (*BARRED, *UNINHABITED)]
    squares = '["type"="multipolygon"]["highway"]'
    drawn = ['["building"]', *(f'["{key}"="{value}"]' for key, value in UNINHABITED)]

    def ways(filters: list[str], where: str) -> str:
        return "".join(f"way{one}({where});" for one in filters)

    roads = [f'["{key}"]' for key in ROADS]
    lines = [
        f"[out:xml][timeout:{wait_s}];",
        f"({ways(roads, poly)})->.on;",
        f"rel{squares}({poly})->.squares;",
        "(.on;way(r.squares);)->.first;",
        "node(w.first)->.met;",
        f"({ways(roads, 'bn.met')})->.beside;",
        "way(bn.met)->.rims;",
        f"(.squares;rel{squares}(bw.rims);)->.squares;",
        f"({ways([*of_keys, *of_tags], poly)})->.others;",
        "(" + "".join(f'rel["type"="multipolygon"]{one}({poly});' for one in drawn) + ")->.drawn;",
        "(" + "".join(f'node["{key}"]({poly});' for key in ADDRESSES) + ")->.addresses;",
        "(.on;.beside;.others;way(r.squares);way(r.drawn);)->.ways;",
        "(.ways;node(w.ways);.addresses;.squares;.drawn;);",
        "out body;",
    ]
    return "\n".join(lines)


def _write_polygon(ground: Area, crs: str) -> str:
    """Write the polygon around a ground, of few corners and never narrower."""
    hull = ground.convex_hull.buffer(_COARSE_M).simplify(_COARSE_M / 2)
    corners = shapely.get_coordinates(hull)[:-1]
    lon, lat = make_transformer(crs, "EPSG:4326").transform(*corners.T)
    return 'poly:"' + " ".join(f"{y:.5f} {x:.5f}" for x, y in zip(lon, lat, strict=True)) + '"'


def _read_base(content: bytes) -> dt.datetime | None:
    """Read of when the server says that its map is."""
    found = _BASE.search(content[:4096])
    with suppress(ValueError):
        return dt.datetime.fromisoformat(found[1].decode()) if found else None
    return None


def refuse_broken(content: bytes, address: str) -> None:
    """Refuse what is no map, or a map that broke off anywhere.

    Parameters
    ----------
    content
        What a server answered.
    address
        That gave it.

    Raises
    ------
    FetchError
        With what the server says, where it says it.
    """
    where = clean_text(address, 300)
    if fault := _find_fault(content):
        raise FetchError(Problem(where, *fault))
    with temporary_folder() as folder:
        path = folder / "map.osm"
        path.write_bytes(content)
        try:
            read_marks(path)
            _refuse_incomplete(path, where)
        except UnreadableError as error:
            raise FetchError(Problem(where, error.what, _SMALLER)) from None
        except InputError as error:
            what = "; ".join(one.what for one in error.problems if isinstance(one, Problem))
            raise FetchError(Problem(where, f"gave a map that {what}", _AGAIN)) from None


_AGAIN = "fetch it again"
_SMALLER = f"ask for a smaller area, or {_TAKE_EXTRACT}"


def _find_fault(content: bytes) -> tuple[str, str] | None:
    """Say what came in the place of a map, with the error in a web page, or that it has no end."""
    if is_like(content[:HEAD], "osm"):
        if content.rstrip().endswith(b"</osm>"):
            return None
        return f"gave a map that breaks off after {len(content)} bytes", _AGAIN
    if found := _SAID.search(content[:20_000]):
        said = re.sub(r"<[^>]*>", "", found[1].decode("utf-8", "replace"))
        return f"its server says '{clean_text(said, 200)}'", _SMALLER
    if not content.strip():
        return "gave nothing", _AGAIN
    return "gave no map (OSM XML)", f"{_AGAIN}, or {_TAKE_EXTRACT}"


def _refuse_incomplete(path: Path, where: str) -> None:
    """Refuse a map without roads, or of which nodes are missing."""
    every = osmium.filter.EntityFilter(osmium.osm.WAY)
    ways = extracts.read_ways([path], every, ROADS)
    roads = np.array([bool(tags) for tags in ways.tags], dtype=np.bool_)[ways.kind]
    if not roads.any():
        raise FetchError(Problem(where, "gave a map without roads", _TAKE_EXTRACT))
    wanted = np.unique(ways.refs)
    missing = len(wanted) - len(extracts.read_nodes([path], wanted, ()).ids)
    if missing:
        what = f"gave a map in which {missing} nodes of its ways are missing"
        raise FetchError(Problem(where, what, _AGAIN))
    for _ in extracts.read_objects([path], osmium.osm.RELATION, osmium.filter.KeyFilter("type")):
        pass  # to its end
