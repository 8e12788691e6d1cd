"""Facts about roads from Overpass: read as an extract is, and whole or refused."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import osmium
import pytest
from fetch.test_roads import GROUND, LAMBERT, TRAVEL, around, assert_same_times, read_all, write_xml
from plays import overpass as play
from plays.overpass import play_overpass
from served import CHALLENGE, Reply, Server

from stemgeo.errors import FetchError
from stemgeo.fetch.overpass import build_query, fetch_overpass, refuse_broken
from stemgeo.fetch.roads import cut_roads, widen_ground
from stemgeo.fetch.wanted import ADDRESSES, BARRED, BUILDINGS, ROADS, UNINHABITED
from stemgeo.network import Network
from stemgeo.sources.client import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from stemgeo.sources.catalogue import DataSource


@pytest.fixture
def asked(server: Server, tmp_path: Path) -> Iterator[tuple[Client, DataSource]]:
    catalogue = server.write_sources(tmp_path / "sources.toml")
    with Client(catalogue.manners, tmp_path / "store") as client:
        yield client, catalogue.find("overpass")


def complete(extract: Path, into: Path) -> Path:
    """Write an extract without the nodes that its edge cut off: a server of the world has all."""
    known = {one.id for one in osmium.FileProcessor(str(extract), osmium.osm.NODE)}
    with osmium.SimpleWriter(str(into)) as writer:
        for one in osmium.FileProcessor(str(extract)):
            refs = [node.ref for node in one.nodes if node.ref in known] if one.is_way() else None
            writer.add(one if refs is None else one.replace(nodes=refs))
    return into


@pytest.mark.parametrize(
    ("name", "lon", "lat"), [("wechelderzande.osm.pbf", 4.785, 51.265), ("berlare.osm", 4.0, 51.03)]
)
def test_times_are_those_of_the_extract(
    server: Server,
    asked: tuple[Client, DataSource],
    tmp_path: Path,
    extract_of: Callable[[str], Path],
    name: str,
    lon: float,
    lat: float,
) -> None:
    """The one reader reads what Overpass gives, and times are those of the extract."""
    travel = TRAVEL.model_copy(update={"cutoff_min": 1.5})
    area, into = around(lon, lat, 120, LAMBERT), tmp_path / "wegen.osm"
    extract = complete(extract_of(name), tmp_path / "whole.osm.pbf")
    play_overpass(server, asked[1], extract, tmp_path)
    (piece,) = fetch_overpass(*asked, widen_ground(area, travel), into)
    assert (server.asked[0].method, server.count(server.asked[0].path)) == ("POST", 1)
    assert str(piece.published) == "2026-11-29 20:15:03+00:00"
    assert piece.size_bytes == into.stat().st_size
    given, whole = Network.from_osm(into), Network.from_osm(extract)
    assert given.edges <= whole.edges
    assert_same_times(whole, given, area, travel)


def test_what_is_asked_for_is_what_a_cut_keeps(
    server: Server, asked: tuple[Client, DataSource], tmp_path: Path
) -> None:
    """Each key and tag that a cut keeps is asked for, in a polygon that holds the ground."""
    path = write_xml(tmp_path / "a.osm")
    play_overpass(server, asked[1], path, tmp_path)
    fetch_overpass(*asked, GROUND, tmp_path / "wegen.osm.gz")
    (query,) = parse_qs(server.asked[0].body.decode())["data"]
    for key in (*ROADS, *BUILDINGS, *ADDRESSES):
        assert f'["{key}"](poly:' in query
    for key, value in (*BARRED, *UNINHABITED):
        assert f'way["{key}"="{value}"](poly:' in query
    assert query.startswith("[out:xml][timeout:55];")
    cut_roads([path], GROUND, tmp_path / "cut.osm.pbf")
    (tmp_path / "b.osm").write_bytes(gzip.decompress((tmp_path / "wegen.osm.gz").read_bytes()))
    given, cut = read_all(tmp_path / "b.osm"), read_all(tmp_path / "cut.osm.pbf")
    assert {key: text.replace("v0", "v1", 1) for key, text in given.items()} == cut
    assert len(build_query(GROUND.buffer(20_000), 60)) < 25_000


def test_a_busy_server_is_asked_again(
    server: Server, asked: tuple[Client, DataSource], tmp_path: Path
) -> None:
    """429 and 504 are waited for; who stays busy is told in one line."""
    path = play_overpass(server, asked[1], write_xml(tmp_path / "a.osm"), tmp_path)
    server.fail(path, play.TOO_MANY, play.BUSY)
    fetch_overpass(*asked, GROUND, tmp_path / "wegen.osm")
    assert server.count(path) == 3
    server.fail(path, *[play.BUSY] * 3)
    with pytest.raises(FetchError, match=r"answers 504 .*3 times in a row"):
        fetch_overpass(*asked, GROUND, tmp_path / "other.osm")
    assert not (tmp_path / "other.osm").exists()


def test_a_map_that_breaks_off_at_any_byte_is_refused(tmp_path: Path) -> None:
    """Whatever the last byte that came, and with a piece missing in the middle."""
    path = write_xml(tmp_path / "a.osm")
    cut_roads([path], GROUND, tmp_path / "cut.osm.pbf")
    whole = play.write_xml(tmp_path / "cut.osm.pbf").rstrip()
    refuse_broken(whole, "x")
    for end in range(len(whole)):
        with pytest.raises(FetchError, match=r"breaks off after|gave nothing|gave no map"):
            refuse_broken(whole[:end], "x")
    for start in range(len(play.HEAD), len(whole) - 100, 397):
        with pytest.raises(FetchError, match=r"^x: gave a map"):
            refuse_broken(whole[:start] + whole[start + 60 :], "x")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda whole: whole.replace(b"</osm>", play.REMARK + b"</osm>"), "Query timed out in"),
        (lambda whole: whole.replace(b"</osm>", play.REMARK), "breaks off"),
        (lambda _: play.TOO_MANY.body, "its server says 'runtime error: open64: 0 Success"),
        (lambda _: CHALLENGE, r"gave no map \(OSM XML\)"),
        (lambda _: b"", "gave nothing"),
        (lambda _: b'{"version": 0.6, "elements": []}', "gave no map"),
        (lambda _: play.HEAD.encode() + b"</osm>", "gave a map without roads"),
        (lambda whole: whole.replace(b'<nd ref="1"/>', b'<nd ref="99"/>'), "1 nodes .* missing"),
        (lambda whole: whole.replace(b'lat="51.0', b'lat="fifty'), "cannot be read to its end"),
        (lambda whole: whole.replace(b"<osm ", b"<osmChange "), "gave no map"),
    ],
)
def test_what_is_no_whole_map_is_refused(
    server: Server,
    asked: tuple[Client, DataSource],
    tmp_path: Path,
    change: Callable[[bytes], bytes],
    told: str,
) -> None:
    """One line says what came, without what a terminal would obey, and the old file stays."""
    cut_roads([write_xml(tmp_path / "a.osm")], GROUND, tmp_path / "cut.osm.pbf")
    path = play_overpass(server, asked[1], tmp_path / "a.osm", tmp_path)
    server.play(path, Reply(change(play.write_xml(tmp_path / "cut.osm.pbf"))))
    into = tmp_path / "wegen.osm"
    into.write_text("before")
    with pytest.raises(FetchError, match=told) as caught:
        fetch_overpass(*asked, GROUND, into)
    assert "\n" not in str(caught.value)
    assert into.read_text() == "before"
    assert not list(tmp_path.glob("wegen.osm.*"))


def test_a_large_area_is_taken_from_an_extract(
    server: Server, asked: tuple[Client, DataSource], tmp_path: Path
) -> None:
    """A server that many share is not asked for a province: nothing is sent."""
    with pytest.raises(
        FetchError, match=r"not asked for 1,0\d\d km2 .* 1,000 at most; take the ext"
    ):
        fetch_overpass(*asked, GROUND.buffer(16_700), tmp_path / "wegen.osm")
    assert not server.asked
