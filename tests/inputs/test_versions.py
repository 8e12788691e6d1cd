"""Extracts that are not plain maps: histories, changes, edits, maps that broke off."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import numpy as np
import osmium
import pytest

from stemgeo.errors import Findings, InputError
from stemgeo.inputs import extracts, osmxml
from stemgeo.inputs.buildings import read_buildings
from stemgeo.inputs.files import open_input
from stemgeo.inputs.formats import UnreadableError
from stemgeo.inputs.osmxml import read_marks
from stemgeo.network import Network
from stemgeo.network.barriers import read_barriers
from stemgeo.study import Input

if TYPE_CHECKING:
    from pathlib import Path

STREET = {"highway": "residential"}
NODES = {1: (4.0, 51.0), 2: (4.01, 51.0), 3: (4.02, 51.0), 4: (4.0, 51.01), 5: (4.02, 51.01)}


def node(
    number: int, version: int = 1, place: tuple[float, float] | None = None, more: str = ""
) -> str:
    """Write a node."""
    lon, lat = place or NODES[number]
    return f"<node id='{number}' version='{version}' lon='{lon}' lat='{lat}' {more}/>"


def way(
    number: int, refs: str, version: int = 1, tags: dict[str, str] = STREET, more: str = ""
) -> str:
    """Write a way through nodes `1 2 3`."""
    nodes = "".join(f"<nd ref='{ref}'/>" for ref in refs.split())
    texts = "".join(f"<tag k='{key}' v='{value}'/>" for key, value in tags.items())
    return f"<way id='{number}' version='{version}' {more}>{nodes}{texts}</way>"


ALL = [node(number) for number in NODES]
DETOUR = way(11, "1 4 5 3")
MOTORWAY = {"highway": "motorway"}
HISTORIES = {
    "retagged": [way(10, "1 2 3"), way(10, "1 2 3", 2, MOTORWAY)],
    "no road any more": [way(10, "1 2 3"), way(10, "1 2 3", 2, {"razed:highway": "path"})],
    "deleted": [way(10, "1 2 3"), way(10, "", 2, {}, "visible='false'")],
    "emptied": [way(10, "1 2 3"), way(10, "", 3, {})],
    "newest first": [way(10, "1 2 3", 2, MOTORWAY), way(10, "1 2 3")],
}


def write(path: Path, *objects: str, head: str = "") -> Path:
    """Write a map, packed as its name says; PBF with the marks of a history where it says .osh."""
    content = f"<?xml version='1.0'?><osm version='0.6' {head}>{''.join(objects)}</osm>".encode()
    if path.suffix == ".gz":
        content = gzip.compress(content)
    if path.suffix != ".pbf":
        path.write_bytes(content)
        return path
    plain = path.with_suffix(".osm")
    plain.write_bytes(content)
    with osmium.SimpleWriter(str(path)) as writer:
        for item in osmium.FileProcessor(str(plain)):
            writer.add(item)
    return path


def rideable(*paths: Path) -> set[int]:
    """Give the ways that a bicycle may take."""
    return set(Network.from_osm(*paths).way.tolist())


def refused(path: Path) -> str:
    """Give the line with which both the door and the network refuse a file."""
    findings = Findings()
    with open_input(Input(path=path), "network", findings) as file:
        assert file is None
    (problem,) = findings.errors
    with pytest.raises(InputError) as caught:
        Network.from_osm(path)
    assert str(caught.value) == str(problem)
    return str(problem)


@pytest.mark.parametrize("history", HISTORIES)
@pytest.mark.parametrize("name", ["x.osm", "x.osh.pbf", "x.osm.pbf"])
def test_of_a_history_the_newest_version_counts(tmp_path: Path, history: str, name: str) -> None:
    """What was retagged or deleted is no road, whatever the file is called and its order."""
    assert rideable(write(tmp_path / name, *ALL, *HISTORIES[history], DETOUR)) == {11}


def test_what_a_history_deletes_is_gone(tmp_path: Path) -> None:
    """A deletion that keeps its tags, alone or after other versions, and a renamed history."""
    once = way(10, "1 2 3", 7, more='visible="false"')
    after = [way(10, "1 2 3"), way(10, "1 2 3", 2, more="visible='false'")]
    assert rideable(write(tmp_path / "once.osm.gz", *ALL, once, DETOUR)) == {11}
    assert rideable(write(tmp_path / "after.osm", *ALL, *after, DETOUR)) == {11}
    marked = write(tmp_path / "x.osh.pbf", *ALL, *after, DETOUR)
    assert rideable(marked.rename(tmp_path / "x.osm.pbf")) == {11}


def test_a_large_file_shows_that_it_is_a_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too large to be looked through, it is known by an id that it has twice."""
    path = write(tmp_path / "x.osm.pbf", *ALL, *HISTORIES["no road any more"], DETOUR, DETOUR)
    monkeypatch.setattr(extracts, "_TINY", 0)
    monkeypatch.setattr(extracts, "_SMALL", 0)
    assert rideable(path) == {11}


def test_a_node_lies_where_its_newest_version_says(tmp_path: Path) -> None:
    """Whichever order its versions have; one deleted and brought back is there."""
    for name, versions in {
        "a.osm": [node(5, 3, (4.5, 51.5)), node(5, 2)],
        "b.osm": [node(5), node(5, 2, more="visible='false'"), node(5, 3, (4.5, 51.5))],
    }.items():
        found = extracts.read_nodes([write(tmp_path / name, *versions)], np.array([5]), ())
        assert (found.lon.tolist(), found.lat.tolist()) == ([4.5], [51.5])
        assert len(found.repeats) == len(versions) - 1


def test_of_several_extracts_the_newest_version_counts(tmp_path: Path) -> None:
    """In whichever order they are given, what one day retagged is no road."""
    old = write(tmp_path / "oud.osm.pbf", *ALL, way(10, "1 2 3"), DETOUR, way(12, "4 5"))
    now = {"razed:highway": "path"}
    new = write(tmp_path / "nieuw.osm.pbf", *ALL, way(10, "1 2 3", 2, now), way(11, "1 4 5 3", 2))
    assert rideable(old, new) == rideable(new, old) == {11, 12}


def test_what_an_editor_deleted_or_changed_is_so(tmp_path: Path) -> None:
    """Of a file of JOSM what it deletes is gone; beside its extract what it changed counts."""
    gone = way(10, "1 2 3", 4, more="action='delete'")
    changed = way(12, "4 5", 4, MOTORWAY, more="action='modify'")
    edited = write(tmp_path / "bewerkt.osm", *ALL, gone, DETOUR, changed, head="upload='false'")
    said = read_marks(edited)
    assert said is not None
    assert (said.edits, rideable(edited)) == (2, {11})
    whole = write(tmp_path / "x.osm", *ALL, way(10, "1 2 3", 4), way(12, "4 5", 4), DETOUR)
    assert rideable(whole) == {10, 11, 12}
    assert rideable(whole, edited) == rideable(edited, whole) == {11}


@pytest.mark.parametrize("ending", [".osm", ".osc", ".osc.gz"])
def test_changes_are_no_map(tmp_path: Path, ending: str) -> None:
    """A file of changes is refused by name, whatever it is called."""
    text = f"<osmChange version='0.6'><modify>{DETOUR}</modify></osmChange>".encode()
    path = tmp_path / f"x{ending}"
    path.write_bytes(gzip.compress(text) if ending == ".osc.gz" else text)
    assert "holds changes (osmChange), not a map; apply them to their extract" in refused(path)
    inside = write(tmp_path / "x.osm", *ALL, f"<action type='modify'><new>{DETOUR}</new></action>")
    assert "holds changes (<action>), not a map" in refused(inside)


@pytest.mark.parametrize("ending", [".osm", ".osm.gz"])
def test_half_a_map_is_refused(tmp_path: Path, ending: str) -> None:
    """A server that gave up says so in a remark; it is repeated in one line, without odd marks."""
    remark = "<remark> runtime error: Query ran out of\n memory \x07\u202e(x). </remark>"
    line = refused(write(tmp_path / f"x{ending}", *ALL, DETOUR, remark.replace("\x07", "")))
    assert "broke off: its server says 'runtime error: Query ran out of memory (x).';" in line


def test_a_remark_across_two_parts_of_a_file_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the text is cut to be looked through."""
    path = write(tmp_path / "x.osm", DETOUR, "<remark>runtime error</remark>")
    monkeypatch.setattr(osmxml, "HEAD_BYTES", 50)
    for size in range(40, 90):
        monkeypatch.setattr(osmxml, "_CHUNK", size)
        osmxml._read_marks_of.cache_clear()
        with pytest.raises(UnreadableError, match="broke off: its server says 'runtime error'"):
            read_marks(path)


def test_json_of_overpass_and_o5m_are_refused_by_name(tmp_path: Path) -> None:
    """Not as GeoJSON, and not as a thing unknown."""
    path = tmp_path / "x.osm"
    path.write_text('{"version": 0.6, "generator": "Overpass API", "elements": []}')
    assert "is the JSON of OpenStreetMap (Overpass), which is not read; ask for XML" in refused(
        path
    )
    path = tmp_path / "x.o5m"
    path.write_bytes(b"\xff\xe0\x04o5m2" + bytes(9))
    findings = Findings()
    with open_input(Input(path=path), "network", findings):
        assert "is o5m, which is not read; make .osm.pbf of it" in str(findings.errors[0])


def on_ways(*lacking: int) -> str:
    """Draw the detour with places along it, but of some nodes."""
    places = {n: f"lon='{lon}' lat='{lat}'" for n, (lon, lat) in NODES.items() if n not in lacking}
    nodes = "".join(f"<nd ref='{n}' {places.get(n, '')}/>" for n in (1, 4, 5, 3))
    return f"<way id='11'>{nodes}<tag k='highway' v='residential'/></way>"


def test_places_on_ways_are_read(tmp_path: Path) -> None:
    """The same network with places on its ways, in XML and PBF; what lacks one is a hole."""
    expected = Network.from_osm(write(tmp_path / "x.osm", *ALL, DETOUR))
    path = write(tmp_path / "ways.osm", on_ways())
    packed = tmp_path / "ways.osm.pbf"
    with osmium.SimpleWriter(osmium.io.File(str(packed), "pbf,locations_on_ways=true")) as writer:
        for item in osmium.FileProcessor(str(path)):
            writer.add(item)
    for one in (path, packed):
        found = Network.from_osm(one)
        assert found.counts == expected.counts
        assert found.vertex_x.tolist() == expected.vertex_x.tolist()
    hole = Network.from_osm(write(tmp_path / "hole.osm", on_ways(3)))
    assert (hole.counts["segments"], hole.counts["segments_without_location"]) == (2, 1)


def test_roads_without_places_are_told_as_such(tmp_path: Path) -> None:
    """Ways of which the nodes were not asked for, or that have a centre or tags alone."""
    bare = "<way id='10'><tag k='highway' v='path'/></way>"
    for text in (DETOUR, bare):
        with pytest.raises(InputError, match=r"says nowhere where its roads lie: 1 road has no n"):
            Network.from_osm(write(tmp_path / "x.osm", text))
    centre = bare.replace("<tag", "<center lat='51' lon='4'/><tag")
    line = refused(write(tmp_path / "x.osm", *ALL, DETOUR, centre))
    assert "says where the middle of its ways lies (<center>), not where they run; ask" in line
    member = "<member type='way' ref='11' role=''><nd lat='51' lon='4'/></member>"
    line = refused(write(tmp_path / "x.osm", on_ways(), f"<relation id='1'>{member}</relation>"))
    assert "writes places inside relations (out geom), which osmium does not read; ask" in line
    some = Network.from_osm(write(tmp_path / "x.osm", *ALL, DETOUR, bare))
    assert some.counts["ways_without_nodes"] == 1


def test_buildings_and_barriers_follow_the_newest_version(tmp_path: Path) -> None:
    """A house pulled down has no children, a canal filled in bars nobody."""
    house = {"building": "house"}
    ring = "1 3 5 4 1"
    court = "<relation id='20' version='{}'>{}<tag k='building' v='{}'/></relation>"
    member = "<member type='way' ref='30' role='outer'/><tag k='type' v='multipolygon'/>"
    path = write(
        tmp_path / "x.osm",
        *[node(n, place=(4 + lon / 100, 51 + lat / 100)) for n, (lon, lat) in
          {1: (0, 0), 3: (0.02, 0), 5: (0.02, 0.02), 4: (0, 0.02)}.items()],
        *[way(10, ring, 1, house), way(10, ring, 2, {"razed:building": "house"})],
        *[way(12, ring, 1, house), way(12, ring, 2, house | {"building:levels": "3"})],
        *[way(30, ring, 1, {}), court.format(1, member, "house"), court.format(2, member, "shed")],
        *[way(40, "1 3", 1, {"waterway": "canal"}), way(40, "1 3", 2, {"note": "gedempt"})],
        way(41, "1 3", 2, {"waterway": "canal"}),
    )  # fmt: skip
    found = read_buildings([path], {"house"}).counts
    assert (found["buildings"], found["buildings_with_storeys"]) == (1, 1)
    assert found["buildings_of_other_kinds"] == 1
    assert read_barriers([path])["way"].tolist() == [41]
