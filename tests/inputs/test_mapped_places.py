"""Facts about the schools and libraries of the map: each once, where it is, by a clean name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hand
import pytest

from stemgeo.inputs import mapped_places
from stemgeo.inputs.mapped_places import load_mapped_places, read_mapped_places
from stemgeo.writing.seal import hash_file

if TYPE_CHECKING:
    from pathlib import Path

CORNERS = {1: (1.0, 1.0), 2: (1.2, 1.0), 3: (1.2, 1.2), 4: (1.0, 1.2)}
FAR = {5: (3.0, 1.0), 6: (3.4, 1.0), 7: (3.4, 1.4), 8: (3.0, 1.4)}
ODD = "Bib\u202e &lt;b&gt;x"
MARKS = {
    11: ((1.1, 1.15), {"amenity": "school", "name": "De Linde"}),
    12: ((5.0, 1.0), {"amenity": "school", "name": "De Linde"}),
    13: ((5.0, 2.0), {"amenity": "library", "name": ODD, "name:fr": "Bibliothèque"}),
    14: ((5.0, 3.0), {"amenity": "library"}),
    16: ((1.15, 1.25), {"amenity": "school"}),
    15: ((5.0, 4.0), {"amenity": "bank", "name": "Bank"}),
}  # fmt: skip
SCHOOL = {"amenity": "school", "name": "De Linde"}


def write(folder: Path) -> Path:
    """Write a map of marks, an area and a relation."""
    nodes = CORNERS | FAR | {number: at for number, (at, _) in MARKS.items()}
    ways = [([1, 2, 3, 4, 1], SCHOOL), ([5, 6, 7], {}), ([7, 8, 5], {})]
    text = hand.osm_xml(nodes, ways, {number: tags for number, (_, tags) in MARKS.items()})
    relation = """<relation id="1" version="1"><member type="way" ref="2" role="outer"/>
        <member type="way" ref="3" role="outer"/><member type="node" ref="15" role="inner"/>
        <tag k="type" v="multipolygon"/><tag k="amenity" v="school"/>
        <tag k="name" v="Campus"/></relation>
        <relation id="2" version="1"><member type="node" ref="15" role=""/>
        <tag k="type" v="site"/><tag k="amenity" v="library"/></relation>
        <relation id="3" version="1"><member type="way" ref="99" role="outer"/>
        <tag k="type" v="multipolygon"/><tag k="amenity" v="school"/></relation></osm>"""
    path = folder / "kaart.osm"
    path.write_text(text.replace("</osm>", relation), encoding="utf-8")
    return path


def test_each_is_once_where_it_is(tmp_path: Path) -> None:
    """A mark in the area of its school is that school; one of that name elsewhere is another."""
    found = read_mapped_places([write(tmp_path)])
    told = [
        (one.kind, one.name, round((one.x - hand.X0) / 1000, 2), round((one.y - hand.Y0) / 1000, 2))
        for one in found.itertuples()
    ]
    assert sorted(told) == [
        ("library", "", 5.0, 3.0),
        ("library", "", 5.0, 4.0),
        ("library", "Bib <b>x", 5.0, 2.0),
        ("school", "Campus", 3.2, 1.2),
        ("school", "De Linde", 1.1, 1.1),
        ("school", "De Linde", 5.0, 1.0),
    ]


def test_other_names_are_kept(tmp_path: Path) -> None:
    """By which it is found as well."""
    found = read_mapped_places([write(tmp_path)]).set_index("name")
    assert found["also"]["Bib <b>x"] == "Bibliothèque"
    assert found["also"]["Campus"] == ""


def test_they_are_kept_in_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the same extracts nothing is read again."""
    path = write(tmp_path)
    first = load_mapped_places([path], [hash_file(path)])

    def refuse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(mapped_places, "read_mapped_places", refuse)
    assert load_mapped_places([path], [hash_file(path)]).equals(first)


def test_a_map_without_any_has_none(tmp_path: Path) -> None:
    """No row, and the same columns."""
    path = tmp_path / "leeg.osm"
    path.write_text(hand.osm_xml({1: (0, 0), 2: (1, 0)}, [([1, 2], {"highway": "path"})]), "utf-8")
    found = read_mapped_places([path])
    assert found.empty
    assert list(found.columns) == ["kind", "name", "also", "x", "y"]
