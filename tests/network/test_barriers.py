"""Facts about barriers: what a cyclist must get across, and what it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import maps
import numpy as np
import osmium
import pytest
import shapely
from maps import RoadMap, read_pieces

from stemgeo.network import barriers
from stemgeo.network.window import NetworkSquares

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DRAWN = RoadMap(
    {
        "a": (0, 0),
        "b": (1000, 0),
        "c": (0, 100),
        "d": (1000, 100),
        "e": (0, 200),
        "f": (1000, 200),
        "g": (0, 300),
        "h": (1000, 300),
    },
    [
        ("a b", "highway=residential name=Kerkstraat"),
        ("c d", "waterway=river name=Schelde ref=12"),
        ("e f", "highway=motorway name=Autosnelweg ref=E17"),
        ("g h", "railway=rail"),
        ("g h", "railway=rail tunnel=yes name=Onderlangs"),
        ("a d", "natural=water"),
        ("b c", "natural=water name=Plas"),
        ("a c", "highway=trunk_link"),
        ("e z", "waterway=canal name=Weg"),
        ("c e", "waterway=stream name=Beek"),
        ("a f", "highway=secondary ref=N41"),
        ("a g", "highway=service"),
    ],
)


def rows(table: gpd.GeoDataFrame) -> list[tuple[int, str, str]]:
    """Give way, kind and name."""
    return list(zip(table["way"], table["kind"], table["name"], strict=True))


def test_what_bars_the_way_is_read_with_its_name(tmp_path: Path) -> None:
    """Of a motorway the number, of a water the name; no tunnel, pond without name or brook."""
    table = barriers.read_barriers([DRAWN.write(tmp_path)])
    assert rows(table) == [
        (2, "waterway", "Schelde"),
        (3, "motorway", "E17"),
        (4, "railway", ""),
        (7, "water", "Plas"),
        (8, "trunk", ""),
    ]
    river = table.geometry.iloc[0]
    assert list(river.coords) == [
        pytest.approx(DRAWN.lonlat("c")),
        pytest.approx(DRAWN.lonlat("d")),
    ]


def test_each_straight_piece_knows_what_it_is_of(tmp_path: Path) -> None:
    """Waters drawn as lines and as areas are one kind; a trunk road is none, nor is a tunnel."""
    pieces, kind = read_pieces(DRAWN.write(tmp_path))
    north = np.rint((pieces[:, 1] - DRAWN.lonlat("a")[1]) * 111_200 / 100)
    called = [barriers.PIECE_KINDS[one] for one in kind]
    assert list(zip(called, north.tolist(), strict=True)) == [
        ("water", 1.0),
        ("motorway", 2.0),
        ("railway", 3.0),
        ("water", 0.0),
    ]
    network = DRAWN.network(tmp_path)
    assert network.barrier_kind.tolist() == kind.tolist()
    assert len(network.barriers) == len(kind)


def test_a_piece_of_a_map_keeps_its_barriers_with_their_kind(tmp_path: Path) -> None:
    """Around the middle of each barrier lies that one, of its kind, and few others."""
    far = {name: (x, 30 * y) for name, (x, y) in DRAWN.nodes.items()}
    network = RoadMap(far, DRAWN.ways).network(tmp_path)
    squares = NetworkSquares.from_network(network)
    edges = np.arange(network.edges)
    cut = 0
    for piece, kind in zip(network.barriers, network.barrier_kind, strict=True):
        x, y = (piece[:2] + piece[2:]) / 2
        found = squares.cut_out(network, edges, (x - 1, y - 1, x + 1, y + 1))
        (at,) = np.flatnonzero((found.barriers == piece).all(axis=1))
        assert found.barrier_kind[at] == kind
        assert len(found.barrier_kind) == len(found.barriers)
        cut += len(network.barriers) - len(found.barriers)
    assert cut > 0


def test_names_of_the_map_are_cleaned_where_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No mark that turns text round, no control character, no line break: as for registers."""
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path / "cache"))
    dirty = "\u202eA\x85\u200b\u2028\ue000B\u2066"
    drawn = RoadMap(
        DRAWN.nodes,
        [("a b", f"highway=residential name={dirty}"), ("c d", f"railway=rail ref={dirty}")],
    )
    path = drawn.write(tmp_path)
    assert barriers.load_way_names([path], ["0"], [1]) == {1: "A B"}
    assert rows(barriers.read_barriers([path])) == [(2, "railway", "A B")]


def test_what_a_line_crosses_is_named_as_it_is_met(tmp_path: Path) -> None:
    """From south to north and back; what is not touched is not there, what is met twice once."""
    table = barriers.read_barriers([DRAWN.write(tmp_path)])
    low, high, beside = maps.metres(700, -50), maps.metres(700, 350), maps.metres(1400, 350)
    lines = gpd.GeoSeries(
        shapely.linestrings([[low, high], [high, low], [beside, (beside[0], beside[1] + 9)]]),
        crs=maps.CRS,
    )
    north, south, nothing = barriers.name_crossed(table, lines)
    met = [("water", "Plas"), ("waterway", "Schelde"), ("motorway", "E17"), ("railway", "")]
    assert north == met
    assert south == met[::-1]
    assert nothing == []


def test_two_extracts_give_what_is_in_both_once(tmp_path: Path) -> None:
    """In whichever order they are named."""
    one, other = DRAWN.write(tmp_path, "a.osm"), DRAWN.write(tmp_path, "b.osm")
    alone = barriers.read_barriers([one])
    assert rows(barriers.read_barriers([one, other])) == rows(alone)


def test_a_name_is_given_for_the_ways_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name, or else the number; a way without either is left out."""
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path / "cache"))
    path = DRAWN.write(tmp_path)
    names = barriers.load_way_names([path], ["00"], [1, 11, 12])
    assert names == {1: "Kerkstraat", 11: "N41"}
    assert barriers.load_way_names([path], ["00"], []) == {}
    path.unlink()
    assert barriers.load_way_names([path], ["00"], [12, 11, 1, 1]) == names


def test_barriers_are_kept_and_a_damaged_entry_is_read_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second time the extract is not needed; an entry that was changed is not believed."""
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path / "cache"))
    path = DRAWN.write(tmp_path)
    first = barriers.load_barriers([path], ["00"])
    (entry,) = (tmp_path / "cache" / "barriers").iterdir()
    content = path.read_bytes()
    path.unlink()
    assert rows(barriers.load_barriers([path], ["00"])) == rows(first)
    entry.write_bytes(entry.read_bytes()[:-1])
    path.write_bytes(content)
    assert rows(barriers.load_barriers([path], ["00"])) == rows(first)


def test_the_schelde_lies_between_berlare_and_the_other_bank(shared_data: Path) -> None:
    """A real village: a line from its church southwards crosses the river, by its name."""
    table = barriers.read_barriers([shared_data / "osm" / "berlare.osm"])
    schelde = table[(table["kind"] == "waterway") & (table["name"] == "Schelde")].geometry
    assert len(schelde) == 1
    middle = schelde.iloc[0].interpolate(0.5, normalized=True)
    line = shapely.LineString([(middle.x, middle.y + 0.01), (middle.x, middle.y - 0.01)])
    (met,) = barriers.name_crossed(table, gpd.GeoSeries([line], crs="EPSG:4326"))
    assert ("waterway", "Schelde") in met


def test_a_motorway_of_porto_is_named(extract_of: Callable[[str], Path]) -> None:
    """The extract has highways alone; what a line crosses is what osmium finds one by one."""
    path = extract_of("porto.osm.pbf")
    table = barriers.read_barriers([path])
    line = shapely.LineString([(-8.64, 41.155), (-8.60, 41.185)])
    (met,) = barriers.name_crossed(table, gpd.GeoSeries([line], crs="EPSG:4326"))
    expected = set()
    for way in osmium.FileProcessor(str(path)).with_locations():
        if way.is_way() and way.tags.get("highway", "").startswith(("motorway", "trunk")):
            places = [(n.location.lon, n.location.lat) for n in way.nodes if n.location.valid()]
            in_tunnel = way.tags.get("tunnel", "no") != "no"
            if len(places) > 1 and not in_tunnel and line.intersects(shapely.LineString(places)):
                kind = way.tags["highway"].removesuffix("_link")
                expected.add((kind, way.tags.get("ref") or way.tags.get("name") or ""))
    assert set(met) == expected
    assert any(name for _, name in met)
