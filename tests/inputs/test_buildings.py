"""Buildings of an extract: what a footprint is, what it weighs, and what is left out."""

from __future__ import annotations

import bz2
import gzip
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from pyproj import Geod, Transformer

from stemgeo.errors import InputError
from stemgeo.inputs import buildings
from stemgeo.inputs.buildings import Buildings, load_buildings, read_buildings
from stemgeo.study import RESIDENTIAL_BUILDINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

BRUSSELS = (4.35, 50.90)
M_PER_DEGREE = (70_330.0, 111_255.0)
"""Of longitude and latitude at 50.9 degrees north, from the table of any atlas."""

HOUSE = {"building": "house"}
YES = {"building": "yes"}
Spot = tuple[float, float]


def box(left: float, bottom: float, width: float, height: float) -> list[Spot]:
    """Give the four corners of a rectangle, metres east and north of `BRUSSELS`."""
    right, top = left + width, bottom + height
    return [(left, bottom), (right, bottom), (right, top), (left, top)]


@dataclass
class Drawing:
    """An extract drawn by hand, in metres; ids count from 1 for nodes, ways and relations."""

    origin: Spot = BRUSSELS
    m_per_degree: Spot = M_PER_DEGREE
    nodes: list[str] = field(default_factory=list)
    ways: list[str] = field(default_factory=list)
    relations: list[str] = field(default_factory=list)

    def node(self, spot: Spot) -> int:
        """Draw a node, and give its id."""
        lon = self.origin[0] + spot[0] / self.m_per_degree[0]
        lat = self.origin[1] + spot[1] / self.m_per_degree[1]
        number = len(self.nodes) + 1
        self.nodes.append(f'<node id="{number}" version="1" lon="{lon:.9f}" lat="{lat:.9f}"/>')
        return number

    def way(self, refs: Sequence[int], tags: Mapping[str, str]) -> int:
        """Draw a way along nodes, and give its id."""
        number = len(self.ways) + 1
        along = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        self.ways.append(f'<way id="{number}" version="1">{along}{written(tags)}</way>')
        return number

    def ring(self, spots: Sequence[Spot], tags: Mapping[str, str]) -> int:
        """Draw a closed way through new nodes, and give its id."""
        refs = [self.node(spot) for spot in spots]
        return self.way([*refs, refs[0]], tags)

    def relation(self, members: Sequence[tuple[int, str]], tags: Mapping[str, str]) -> None:
        """Draw a relation of ways and their roles."""
        of = "".join(f'<member type="way" ref="{ref}" role="{role}"/>' for ref, role in members)
        number = len(self.relations) + 1
        text = f'<relation id="{number}" version="1">{of}{written(tags)}</relation>'
        self.relations.append(text)

    def xml(self, *parts: list[str]) -> str:
        """Give the file: nodes, ways and relations, or the objects given in their order."""
        lines = [line for part in parts or (self.nodes, self.ways, self.relations) for line in part]
        return "\n".join(['<osm version="0.6">', *lines, "</osm>"])

    def write(self, folder: Path, name: str = "gebouwen.osm") -> Path:
        """Write the file, and give its path."""
        path = folder / name
        path.write_text(self.xml(), encoding="utf-8")
        return path


def written(tags: Mapping[str, str]) -> str:
    """Write tags as OSM XML has them."""
    return "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())


def read(*paths: Path, kinds: Sequence[str] = RESIDENTIAL_BUILDINGS) -> Buildings:
    """Read with the kinds of a study."""
    return read_buildings(paths, kinds)


def weights(found: Buildings) -> list[int]:
    """Give the weights, the smallest first."""
    weight: list[int] = sorted(found.points["weight"])
    return weight


@pytest.fixture
def drawing() -> Drawing:
    return Drawing()


def test_kinds_of_which_there_is_no_building_are_known(drawing: Drawing, tmp_path: Path) -> None:
    """Of ways and of relations; one that has no footprint is there all the same."""
    drawing.ring(box(0, 0, 10, 20), {"building": "house"})
    drawing.relation([(99, "outer")], {"building": "farm", "type": "multipolygon"})
    asked = ["house", "huis", "farm", "barn"]
    path = drawing.write(tmp_path)
    assert read(path, kinds=asked).not_met == ("barn", "huis")
    kept = [load_buildings([path], ["0" * 64], asked).not_met for _ in range(2)]
    assert kept == [("barn", "huis")] * 2


# --- Footprints --------------------------------------------------------------------------------


def test_a_house_weighs_its_square_metres(drawing: Drawing, tmp_path: Path) -> None:
    """A house of 10 by 20 metres near Brussels weighs 200, and its point lies inside."""
    drawing.ring(box(0, 0, 10, 20), HOUSE)
    found = read(drawing.write(tmp_path))
    assert found.points["weight"].dtype == np.int64
    assert weights(found)[0] == pytest.approx(200, rel=0.005)
    assert found.points["kind_known"].tolist() == [True]
    assert found.points.crs.to_epsg() == 31370
    back = Transformer.from_crs("EPSG:31370", "EPSG:4326", always_xy=True)
    point = found.points.geometry.iloc[0]
    lon, lat = back.transform(point.x, point.y)
    assert 0 < (lon - BRUSSELS[0]) * M_PER_DEGREE[0] < 10
    assert 0 < (lat - BRUSSELS[1]) * M_PER_DEGREE[1] < 20


@pytest.mark.parametrize("place", [(4.35, 50.9), (-8.61, 41.15), (25.5, 65.0), (-70.6, -33.4)])
def test_area_is_that_on_the_ground_anywhere(tmp_path: Path, place: Spot) -> None:
    """The weight is the geodesic area: in Flanders, and where Lambert 72 would distort it."""
    drawing = Drawing(origin=place)
    drawing.ring(box(0, 0, 70, 90), HOUSE)
    east, north = place[0] + 70 / M_PER_DEGREE[0], place[1] + 90 / M_PER_DEGREE[1]
    outline = shapely.box(*place, east, north)
    m2, _ = Geod(ellps="WGS84").geometry_area_perimeter(outline)
    assert weights(read(drawing.write(tmp_path))) == [pytest.approx(abs(m2), abs=1)]


def test_the_point_lies_inside_a_bent_footprint(drawing: Drawing, tmp_path: Path) -> None:
    """Of a house like a horseshoe the point is in the house, though its centre is in the yard."""
    outline = [(0, 0), (30, 0), (30, 30), (25, 30), (25, 5), (5, 5), (5, 30), (0, 30)]
    drawing.ring([(float(x), float(y)) for x, y in outline], HOUSE)
    found = read(drawing.write(tmp_path))
    assert weights(found)[0] == pytest.approx(900 - 20 * 25, rel=0.005)
    there = Transformer.from_crs("EPSG:4326", "EPSG:31370", always_xy=True)
    corners = [
        there.transform(BRUSSELS[0] + x / M_PER_DEGREE[0], BRUSSELS[1] + y / M_PER_DEGREE[1])
        for x, y in outline
    ]
    assert shapely.Polygon(corners).contains(found.points.geometry.iloc[0])


@pytest.mark.parametrize("role", ["inner", "", "outer"])
def test_a_court_is_no_floor(drawing: Drawing, tmp_path: Path, role: str) -> None:
    """A ring within a ring is taken off, whatever role it has in the relation."""
    outer = drawing.ring(box(0, 0, 40, 40), {})
    inner = drawing.ring(box(10, 10, 20, 20), {})
    tags = {"type": "multipolygon", "building": "apartments"}
    drawing.relation([(outer, "outer"), (inner, role)], tags)
    found = read(drawing.write(tmp_path))
    assert weights(found) == [pytest.approx(1200, rel=0.005)]
    assert found.counts["buildings_without_footprint"] == 0


def test_two_courts_wall_to_wall_and_a_house_in_one(drawing: Drawing, tmp_path: Path) -> None:
    """Courts that share a wall are both taken off, and what stands in a court is added."""
    outer = drawing.ring(box(0, 0, 50, 40), {})
    courts = [drawing.ring(box(5, 5, 20, 30), {}), drawing.ring(box(25, 5, 20, 30), {})]
    house = drawing.ring(box(30, 10, 10, 20), {})
    members = [(outer, "outer"), *((court, "inner") for court in courts), (house, "outer")]
    drawing.relation(members, {"type": "multipolygon", "building": "residential"})
    found = read(drawing.write(tmp_path))
    assert weights(found) == [pytest.approx(50 * 40 - 2 * 20 * 30 + 10 * 20, rel=0.005)]


def test_an_outline_of_several_ways(drawing: Drawing, tmp_path: Path) -> None:
    """Ways that meet end to end make one outline, whichever way each runs."""
    a, b, c, d = (drawing.node(spot) for spot in box(0, 0, 10, 20))
    halves = [drawing.way([a, b, c], {}), drawing.way([a, d, c], {})]
    tags = {"type": "multipolygon", "building": "terrace"}
    drawing.relation([(half, "outer") for half in halves], tags)
    assert weights(read(drawing.write(tmp_path))) == [pytest.approx(200, rel=0.005)]


@pytest.mark.parametrize(
    ("levels", "factor"),
    [
        ("3", 3),
        ("60", 60),
        ("2.5", 2.5),
        ("61", 1),
        ("0", 1),
        ("0.5", 1),
        ("-2", 1),
        ("", 1),
        ("2;3", 1),
        ("3e1", 1),
        ("٣", 1),
        ("drie", 1),
        ("1990", 1),
    ],
)
def test_storeys_multiply_the_footprint(
    drawing: Drawing, tmp_path: Path, levels: str, factor: float
) -> None:
    """A plain number from 1 to 60 counts as storeys; anything else as one."""
    drawing.ring(box(0, 0, 100, 100), HOUSE | {"building:levels": levels})
    found = read(drawing.write(tmp_path))
    assert weights(found) == [pytest.approx(10_000 * factor, rel=0.005)]
    assert found.counts["buildings_with_storeys"] == (levels in ("3", "60", "2.5"))


@pytest.mark.parametrize(
    ("tags", "told"),
    [
        (YES, ""),
        (YES | {"addr:housenumber": "12A"}, "address"),
        (YES | {"addr:housename": "De Hoeve"}, "address"),
        (YES | {"addr:street": "Dorp"}, ""),
        (YES | {"amenity": "school", "addr:housenumber": "1"}, "address other_use"),
        (YES | {"shop": "bakery"}, ""),
        (YES | {"building:levels": "3"}, ""),
        (YES | {"building:levels": "4"}, "flats"),
        ({"building": "apartments"}, "flats"),
        ({"building": "terrace"}, "flats"),
        (HOUSE, ""),
    ],
)
@pytest.mark.parametrize("as_relation", [False, True])
def test_what_else_the_tags_of_a_building_say(
    drawing: Drawing,
    tmp_path: Path,
    tags: Mapping[str, str],
    told: str,
    as_relation: bool,  # noqa: FBT001
) -> None:
    """An address, a use that is no living, flats by kind or storeys; and the bare footprint."""
    if as_relation:
        outer = drawing.ring(box(0, 0, 10, 20), {})
        drawing.relation([(outer, "outer")], {"type": "multipolygon"} | tags)
    else:
        drawing.ring(box(0, 0, 10, 20), tags)
    found = read(drawing.write(tmp_path), kinds=["house", "apartments", "terrace"])
    (row,) = found.points.to_dict("records")
    assert row["footprint_m2"] == pytest.approx(200, rel=0.005)
    names = ("address", "other_use", "flats")
    assert [name for name in names if row[name]] == told.split()
    assert found.counts["buildings_with_address"] == row["address"]
    assert found.counts["buildings_of_other_use"] == row["other_use"]


def test_storeys_of_a_relation(drawing: Drawing, tmp_path: Path) -> None:
    """The storeys of a relation are its own tag."""
    outer = drawing.ring(box(0, 0, 20, 20), {})
    tags = {"type": "multipolygon", "building": "apartments", "building:levels": "4"}
    drawing.relation([(outer, "outer")], tags)
    assert weights(read(drawing.write(tmp_path))) == [pytest.approx(1600, rel=0.005)]


# --- Kinds -------------------------------------------------------------------------------------


def test_kinds(drawing: Drawing, tmp_path: Path) -> None:
    """Kinds asked for are known, `yes` is unstated, and all others are left out and counted."""
    for place, kind in enumerate(("house", "yes", "garage", "shed", "school", "House", "no")):
        drawing.ring(box(30.0 * place, 0, 10, 10), {"building": kind})
    drawing.ring(box(300, 0, 10, 10), {"landuse": "residential"})
    found = read(drawing.write(tmp_path))
    assert found.points["kind_known"].tolist() == [True, False]
    assert found.counts["buildings"] == 2
    assert found.counts["buildings_of_unstated_kind"] == 1
    assert found.counts["buildings_of_other_kinds"] == 5


def test_the_study_says_which_kinds(drawing: Drawing, tmp_path: Path) -> None:
    """Other kinds give other buildings; a study may take `yes` itself for a dwelling."""
    for place, kind in enumerate(("house", "yes", "barn")):
        drawing.ring(box(30.0 * place, 0, 10, 10), {"building": kind})
    path = drawing.write(tmp_path)
    assert read(path, kinds=["barn"]).points["kind_known"].tolist() == [False, True]
    assert read(path, kinds=["yes"]).points["kind_known"].tolist() == [True]


def test_nodes_and_relations_of_other_types_are_no_footprints(
    drawing: Drawing, tmp_path: Path
) -> None:
    """A relation that groups the parts of a building adds nothing to its outline."""
    outline = drawing.ring(box(0, 0, 10, 20), HOUSE)
    tags = {"type": "building", "building:levels": "5"}
    drawing.relation([(outline, "outline")], HOUSE | tags)
    drawing.nodes.append(f'<node id="9" version="1" lon="4.3" lat="50.9">{written(HOUSE)}</node>')
    assert weights(read(drawing.write(tmp_path))) == [pytest.approx(200, rel=0.005)]


# --- Once --------------------------------------------------------------------------------------


def test_a_building_in_two_extracts_counts_once(tmp_path: Path) -> None:
    """A way, and a relation with its number, are two buildings, each in both extracts one."""
    drawing = Drawing()
    house = drawing.ring(box(0, 0, 10, 20), HOUSE)
    outer = drawing.ring(box(50, 0, 20, 20), {})
    drawing.relation([(outer, "outer")], {"type": "multipolygon", "building": "house"})
    drawing.ring(box(90, 0, 5, 5), {"building": "shed"})
    assert house == 1
    paths = [drawing.write(tmp_path, name) for name in ("a.osm", "b.osm")]
    once, twice = read(paths[0]), read(*paths)
    assert once.counts == twice.counts
    assert once.counts["buildings"] == 2
    assert_geodataframe_equal(once.points, twice.points)


def test_where_two_extracts_differ_the_first_counts(tmp_path: Path) -> None:
    """Of an older and a newer extract the first given has the say: in place and in tags."""
    for name, width, levels in (("oud.osm", 10, "1"), ("nieuw.osm", 15, "2")):
        drawing = Drawing()
        drawing.ring(box(0, 0, width, 20), HOUSE | {"building:levels": levels})
        outer = drawing.ring(box(50, 0, width, 30), {})
        tags = {"type": "multipolygon", "building": "house", "building:levels": levels}
        drawing.relation([(outer, "outer")], tags)
        drawing.write(tmp_path, name)
    old, new = tmp_path / "oud.osm", tmp_path / "nieuw.osm"
    assert weights(read(old, new)) == pytest.approx([200, 300], rel=0.005)
    assert weights(read(new, old)) == pytest.approx([600, 900], rel=0.005)


def test_what_one_extract_cuts_off_the_next_has(drawing: Drawing, tmp_path: Path) -> None:
    """A building on the edge of an extract is whole when a neighbour has its other nodes."""
    drawing.ring(box(0, 0, 10, 20), HOUSE)
    west = replace(drawing, nodes=drawing.nodes[:2]).write(tmp_path, "west.osm")
    east = replace(drawing, nodes=drawing.nodes[2:]).write(tmp_path, "oost.osm")
    assert read(west).counts["buildings_without_footprint"] == 1
    assert weights(read(west, east)) == [pytest.approx(200, rel=0.005)]
    assert read(west, east).counts["buildings_without_footprint"] == 0


@pytest.mark.parametrize("names", [("heel.osm", "open.osm"), ("open.osm", "heel.osm")])
def test_a_way_open_in_one_extract_and_closed_in_another(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    """A way that an extract cut open is not counted as lost when another has it whole."""
    whole, cut = Drawing(), Drawing()
    whole.ring(box(0, 0, 10, 20), HOUSE)
    cut.way([cut.node(spot) for spot in box(0, 0, 10, 20)], HOUSE)
    whole.write(tmp_path, "heel.osm")
    cut.write(tmp_path, "open.osm")
    found = read(*(tmp_path / name for name in names))
    assert (found.counts["buildings"], found.counts["buildings_without_footprint"]) == (1, 0)


def test_an_outline_with_the_tags_of_its_relation_counts_once(
    drawing: Drawing, tmp_path: Path
) -> None:
    """When both relation and outline say house, the relation counts; a house in its court too."""
    outer = drawing.ring(box(0, 0, 40, 40), HOUSE)
    inner = drawing.ring(box(10, 10, 20, 20), HOUSE)
    tags = {"type": "multipolygon", "building": "house"}
    drawing.relation([(outer, "outer"), (inner, "inner")], tags)
    found = read(drawing.write(tmp_path))
    assert weights(found) == [pytest.approx(400, rel=0.005), pytest.approx(1200, rel=0.005)]
    assert found.counts["buildings_drawn_twice"] == 1


def test_an_outline_stays_when_its_relation_is_broken(drawing: Drawing, tmp_path: Path) -> None:
    """A relation without a footprint takes no building away."""
    outer = drawing.ring(box(0, 0, 40, 40), HOUSE)
    tags = {"type": "multipolygon", "building": "house"}
    drawing.relation([(outer, "outer"), (999, "inner")], tags)
    found = read(drawing.write(tmp_path))
    assert weights(found) == [pytest.approx(1600, rel=0.005)]
    assert found.counts["buildings_without_footprint"] == 1
    assert found.counts["buildings_drawn_twice"] == 0


# --- Broken ------------------------------------------------------------------------------------


def lacks_a_node(drawing: Drawing) -> None:
    """Draw a house of which the extract lacks a corner."""
    refs = [drawing.node(spot) for spot in box(200, 0, 10, 10)]
    drawing.way([*refs, 999, refs[0]], HOUSE)


def lacks_all_nodes(drawing: Drawing) -> None:
    """Draw a house of which the extract has no corner."""
    drawing.way([996, 997, 998, 996], HOUSE)


def open_outline(drawing: Drawing) -> None:
    """Draw a house that does not close."""
    drawing.way([drawing.node(spot) for spot in box(200, 0, 10, 10)], HOUSE)


def two_points(drawing: Drawing) -> None:
    """Draw a house there and back."""
    a, b = drawing.node((200, 0)), drawing.node((210, 0))
    drawing.way([a, b, a], HOUSE)


def no_nodes(drawing: Drawing) -> None:
    """Draw a house of nothing."""
    drawing.way([], HOUSE)


def crossing(drawing: Drawing) -> None:
    """Draw a house like a bow tie."""
    drawing.ring([(200, 0), (230, 30), (230, 0), (200, 10)], HOUSE)


def flat(drawing: Drawing) -> None:
    """Draw a house without breadth."""
    drawing.ring([(200, 0), (210, 0), (220, 0)], HOUSE)


def tiny(drawing: Drawing) -> None:
    """Draw a house of a quarter of a square metre."""
    drawing.ring(box(200, 0, 0.5, 0.5), HOUSE)


def at_the_pole(drawing: Drawing) -> None:
    """Draw a house with a corner on no map."""
    refs = [drawing.node(spot) for spot in box(200, 0, 10, 10)]
    drawing.nodes.append('<node id="500" version="1" lon="0" lat="91"/>')
    drawing.way([*refs, 500, refs[0]], HOUSE)


def relation_open(drawing: Drawing) -> None:
    """Draw a relation that does not close."""
    part = drawing.way([drawing.node(spot) for spot in box(200, 0, 10, 10)], {})
    drawing.relation([(part, "outer")], HOUSE | {"type": "multipolygon"})


def relation_lacks_a_way(drawing: Drawing) -> None:
    """Draw a relation of which the extract lacks a way."""
    part = drawing.ring(box(200, 0, 10, 10), {})
    drawing.relation([(part, "outer"), (999, "outer")], HOUSE | {"type": "multipolygon"})


def relation_lacks_a_node(drawing: Drawing) -> None:
    """Draw a relation of which the extract lacks a corner."""
    refs = [drawing.node(spot) for spot in box(200, 0, 10, 10)]
    part = drawing.way([*refs, 999, refs[0]], {})
    drawing.relation([(part, "outer")], HOUSE | {"type": "multipolygon"})


def relation_of_nothing(drawing: Drawing) -> None:
    """Draw a relation without ways."""
    drawing.relation([], HOUSE | {"type": "multipolygon"})


def relation_of_a_point(drawing: Drawing) -> None:
    """Draw a relation of a way with one node."""
    part = drawing.way([drawing.node((200, 0))], {})
    drawing.relation([(part, "outer")], HOUSE | {"type": "multipolygon"})


def relation_of_a_ring_twice(drawing: Drawing) -> None:
    """Draw a relation that names its one ring twice, so that nothing is inside."""
    part = drawing.ring(box(200, 0, 10, 10), {})
    drawing.relation([(part, "outer"), (part, "outer")], HOUSE | {"type": "multipolygon"})


def relation_crossing(drawing: Drawing) -> None:
    """Draw a relation like a bow tie."""
    part = drawing.ring([(200, 0), (230, 30), (230, 0), (200, 10)], {})
    drawing.relation([(part, "outer")], HOUSE | {"type": "multipolygon"})


@pytest.mark.parametrize(
    "broken",
    [
        lacks_a_node,
        lacks_all_nodes,
        open_outline,
        two_points,
        no_nodes,
        crossing,
        flat,
        tiny,
        at_the_pole,
        relation_open,
        relation_lacks_a_way,
        relation_lacks_a_node,
        relation_of_nothing,
        relation_of_a_point,
        relation_of_a_ring_twice,
        relation_crossing,
    ],
)
def test_broken_buildings_are_counted(
    drawing: Drawing, tmp_path: Path, broken: Callable[[Drawing], None]
) -> None:
    """A building without a footprint is left out and counted; its neighbours stay."""
    drawing.ring(box(0, 0, 10, 20), HOUSE)
    broken(drawing)
    drawing.ring(box(400, 0, 10, 30), YES)
    found = read(drawing.write(tmp_path))
    assert weights(found) == [pytest.approx(200, rel=0.005), pytest.approx(300, rel=0.005)]
    assert found.counts["buildings_without_footprint"] == 1


def test_a_corner_far_away_makes_no_giant(drawing: Drawing, tmp_path: Path) -> None:
    """A house with a node at 0, 0 would take all children: it is left out and counted once."""
    drawing.ring(box(0, 0, 10, 20), HOUSE)
    drawing.nodes.append('<node id="500" version="1" lon="0" lat="0"/>')
    for left in (50, 90):
        refs = [drawing.node(spot) for spot in box(left, 0, 10, 10)]
        giant = drawing.way([*refs, 500, refs[0]], HOUSE)
    drawing.relation([(giant, "outer")], HOUSE | {"type": "multipolygon"})
    found = read(drawing.write(tmp_path))
    assert weights(found) == [pytest.approx(200, rel=0.005)]
    assert found.counts["buildings_too_large"] == 2
    assert found.counts["buildings_drawn_twice"] == 1
    assert found.counts["buildings_without_footprint"] == 0


def test_no_buildings_at_all(drawing: Drawing, tmp_path: Path) -> None:
    """An extract without buildings gives an empty table with all its columns and its CRS."""
    drawing.ring(box(0, 0, 10, 20), {"highway": "residential"})
    found = read(drawing.write(tmp_path))
    assert len(found.points) == 0
    told = ["footprint_m2", "address", "other_use", "flats"]
    assert list(found.points.columns) == ["weight", "kind_known", *told, "geometry"]
    assert found.points["weight"].dtype == np.int64
    assert found.points["kind_known"].dtype == np.bool_
    assert found.points.crs.to_epsg() == 31370
    assert set(found.counts.values()) == {0}
    assert read().counts == found.counts


def test_extract_cut_off_is_one_line(drawing: Drawing, tmp_path: Path) -> None:
    """An extract that ends in the middle is refused, in one line that names it."""
    drawing.ring(box(0, 0, 10, 20), HOUSE)
    path = drawing.write(tmp_path)
    path.write_text(path.read_text()[:-20])
    with pytest.raises(InputError) as caught:
        read(path)
    assert re.fullmatch(
        r"gebouwen\.osm: cannot be read to its end \(.*\); download the extract again",
        str(caught.value),
    )


@pytest.mark.parametrize("kind", ["nodes", "ways"])
def test_ids_below_zero_are_refused(drawing: Drawing, tmp_path: Path, kind: str) -> None:
    """What an editor has not uploaded yet has an id that cannot be looked up: it says so."""
    outer = drawing.ring(box(0, 0, 10, 20), HOUSE)
    drawing.relation([(outer, "outer")], HOUSE | {"type": "multipolygon"})
    text = drawing.xml()
    if kind == "nodes":
        text = text.replace('<nd ref="', '<nd ref="-').replace('<node id="', '<node id="-')
    else:
        text = text.replace('way" ref="', 'way" ref="-').replace('<way id="', '<way id="-')
    (tmp_path / "josm.osm").write_text(text)
    with pytest.raises(InputError, match=rf"^josm\.osm: has {kind} with ids below 0.*; give each"):
        read(tmp_path / "josm.osm")


# --- Any order, any format ---------------------------------------------------------------------


def village() -> Drawing:
    """Draw thirty houses, some with courts, some broken."""
    drawing = Drawing()
    for place in range(30):
        outline = box(50.0 * (place % 6), 60.0 * (place // 6), 10 + place, 20)
        if place % 5 == 0:
            outer = drawing.ring(outline, {})
            court = drawing.ring([(x / 2 + outline[0][0] / 2 + 2, y) for x, y in outline], {})
            drawing.relation([(outer, "outer"), (court, "inner")], YES | {"type": "multipolygon"})
        else:
            drawing.ring(outline, HOUSE | {"building:levels": str(place % 4)})
    lacks_a_node(drawing)
    return drawing


def test_the_order_in_the_file_does_not_matter(tmp_path: Path) -> None:
    """Shuffled objects, ways before their nodes too, give the same table and counts."""
    drawing = village()
    lines = [*drawing.nodes, *drawing.ways, *drawing.relations]
    shuffled_lines = np.random.default_rng(3).permutation(lines).tolist()
    (tmp_path / "door-elkaar.osm").write_text(drawing.xml(shuffled_lines))
    straight, shuffled = read(drawing.write(tmp_path)), read(tmp_path / "door-elkaar.osm")
    assert straight.counts["buildings"] == 30
    assert straight.counts == shuffled.counts
    assert_geodataframe_equal(straight.points, shuffled.points)


def test_sorted_by_place(tmp_path: Path) -> None:
    """Rows go from west to east and south to north, with an index that counts them."""
    points = read(village().write(tmp_path)).points
    places = list(zip(points.geometry.x, points.geometry.y, strict=True))
    assert places == sorted(places)
    assert points.index.tolist() == list(range(30))


def test_packed_and_unpacked_are_the_same(tmp_path: Path) -> None:
    """An extract packed with gzip or bzip2 gives what the plain one gives."""
    plain = village().write(tmp_path)
    (tmp_path / "g.osm.gz").write_bytes(gzip.compress(plain.read_bytes()))
    (tmp_path / "b.osm.bz2").write_bytes(bz2.compress(plain.read_bytes()))
    for name in ("g.osm.gz", "b.osm.bz2"):
        assert_geodataframe_equal(read(plain).points, read(tmp_path / name).points)


def test_many_at_a_time_or_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """How many footprints are in memory at once changes nothing."""
    path = village().write(tmp_path)
    whole = read(path)
    monkeypatch.setattr(buildings, "_AT_ONCE", 7)
    assert_geodataframe_equal(whole.points, read(path).points)


# --- The cache ---------------------------------------------------------------------------------


@pytest.fixture
def extract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An extract, and a cache of this test's own."""
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path / "cache"))
    return village().write(tmp_path)


def assert_same(one: Buildings, other: Buildings) -> None:
    """Both are the same to the last bit, dtypes and CRS too."""
    assert_geodataframe_equal(one.points, other.points)
    assert one.counts == other.counts


def entries(tmp_path: Path) -> list[Path]:
    """Give what lies in the cache."""
    return sorted((tmp_path / "cache" / "buildings").iterdir())


def test_second_time_the_extract_is_not_read(extract: Path, tmp_path: Path) -> None:
    """Buildings in the cache are taken from there; the extract may be gone."""
    first = load_buildings([extract], ["0" * 64], ["house"])
    assert_same(first, read(extract, kinds=["house"]))
    extract.unlink()
    assert_same(load_buildings([extract], ["0" * 64], ["house"]), first)
    assert len(entries(tmp_path)) == 1


def test_an_empty_result_is_kept_too(
    drawing: Drawing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No buildings at all come back from the cache with the same columns and types."""
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path / "cache"))
    drawing.ring(box(0, 0, 10, 10), {})
    path = drawing.write(tmp_path)
    first = load_buildings([path], ["0" * 64], ["house"])
    path.unlink()
    assert_same(load_buildings([path], ["0" * 64], ["house"]), first)


def test_another_extract_kind_or_rule_has_another_entry(
    extract: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is kept for one question is never given for another; the order of kinds is no matter."""
    load_buildings([extract], ["0" * 64], ["house", "barn"])
    load_buildings([extract], ["0" * 64], ["barn", "house"])
    assert len(entries(tmp_path)) == 1
    load_buildings([extract], ["1" * 64], ["house", "barn"])
    assert len(entries(tmp_path)) == 2
    assert len(load_buildings([extract], ["0" * 64], ["barn"]).points) == 6
    assert len(entries(tmp_path)) == 3
    monkeypatch.setattr(buildings.extracts, "CODE", ())
    load_buildings([extract], ["0" * 64], ["barn"])
    assert len(entries(tmp_path)) == 4


@pytest.mark.parametrize("place", [0, 10, 40, 200, -300, -1])
def test_a_harmed_entry_is_made_anew(extract: Path, tmp_path: Path, place: int) -> None:
    """One flipped bit anywhere in an entry, and it is read from the extract again."""
    first = load_buildings([extract], ["0" * 64], ["house"])
    (entry,) = entries(tmp_path)
    content = bytearray(entry.read_bytes())
    content[place] ^= 1
    entry.write_bytes(content)
    assert_same(load_buildings([extract], ["0" * 64], ["house"]), first)
    extract.unlink()
    assert_same(load_buildings([extract], ["0" * 64], ["house"]), first)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.9])
def test_a_cut_entry_is_made_anew(extract: Path, tmp_path: Path, share: float) -> None:
    """An entry that was cut off is made again."""
    first = load_buildings([extract], ["0" * 64], ["house"])
    (entry,) = entries(tmp_path)
    content = entry.read_bytes()
    entry.write_bytes(content[: int(len(content) * share)])
    assert_same(load_buildings([extract], ["0" * 64], ["house"]), first)
    assert entry.read_bytes()[:32] == content[:32]


def test_a_folder_in_the_place_of_an_entry_is_swept_away(extract: Path, tmp_path: Path) -> None:
    """Whatever stands where an entry belongs, the result is right and is kept."""
    first = load_buildings([extract], ["0" * 64], ["house"])
    (entry,) = entries(tmp_path)
    entry.unlink()
    entry.mkdir()
    assert_same(load_buildings([extract], ["0" * 64], ["house"]), first)
    assert entry.is_file()


def test_a_cache_that_cannot_be_written_costs_no_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the cache's place is a plain file, the buildings are given all the same."""
    (tmp_path / "cache").write_text("in the way")
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path / "cache"))
    found = load_buildings([village().write(tmp_path)], ["0" * 64], ["house"])
    assert found.counts["buildings"] == 30


# --- Real extracts -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "known", "unstated", "other", "broken"),
    [
        ("berlare.osm", 0, 959, 1, 0),
        ("wechelderzande.osm.pbf", 1280, 498, 16, 9),
        ("porto.osm.pbf", 1, 9, 1, 0),
    ],
)
def test_real_extracts(
    shared_data: Path, name: str, known: int, unstated: int, other: int, broken: int
) -> None:
    """Every closed way with `building` is kept or counted: 960, 1803 and 11 of them."""
    found = read(shared_data / "osm" / name)
    assert int(found.points["kind_known"].sum()) == known
    assert found.counts["buildings"] == known + unstated
    assert found.counts["buildings_of_unstated_kind"] == unstated
    assert found.counts["buildings_of_other_kinds"] == other
    assert found.counts["buildings_without_footprint"] == broken
    assert found.counts["buildings_too_large"] == found.counts["buildings_drawn_twice"] == 0


def test_areas_of_a_real_village_are_those_of_gdal(shared_data: Path) -> None:
    """GDAL's reading of Wechelderzande, measured in Lambert 72, has the same square metres.

    Save two houses that lack a corner in the extract: GDAL makes triangles of them.
    """
    import pyogrio

    theirs = pyogrio.read_dataframe(
        shared_data / "osm" / "wechelderzande.osm.pbf",
        layer="multipolygons",
        columns=["building"],
        where="building IN ('house', 'yes')",
        on_invalid="ignore",
    )
    theirs = theirs[theirs.geometry.notna() & theirs.is_valid].to_crs("EPSG:31370")
    ours = read(shared_data / "osm" / "wechelderzande.osm.pbf").points
    assert len(theirs) - len(ours) == 2
    # A point may lie in two footprints that overlap: one of them is its own.
    point, footprint = theirs.sindex.query(ours.geometry, predicate="intersects")
    off_m2 = abs(theirs.area.to_numpy()[footprint] - ours["weight"].to_numpy()[point])
    least_m2 = pd.Series(off_m2).groupby(point).min()
    assert least_m2.index.tolist() == ours.index.tolist()
    # Rounding, and the scale of Lambert 72.
    assert (least_m2 <= 0.5 + 0.001 * ours["weight"]).all()


@pytest.mark.parametrize("values", [1, 3, 1000])
def test_buildings_at_one_place_are_in_the_order_of_all_else(values: int) -> None:
    """Whether many places are equal, some or none; what is equal in all stays as it was."""
    keys = [*np.random.default_rng(values).integers(0, values, (3, 200)).astype(np.float64)]
    for rows in (200, 1, 0):
        some = [one[:rows] for one in keys]
        assert buildings._order_by(some).tolist() == np.lexsort(some[::-1]).tolist()
