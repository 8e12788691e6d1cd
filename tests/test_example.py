"""The example study: what it must hold, counted here with plain code, and that it can be remade."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import subprocess
import sys
import tomllib
import zipfile
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import osmium
import pytest
import shapely
from pyproj import Transformer
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from statbel import CHILDREN
from terminal import content_of

import stemgeo as sg
from stemgeo import facts
from stemgeo.errors import StemgeoError
from stemgeo.example import sample, write_sample

SAMPLE = facts.fact_path("sample")
ROOT = Path(__file__).parent.parent
BANDS = {"5_8": range(5, 9), "9_11": range(9, 12), "12_14": range(12, 15), "15_17": range(15, 18)}
REPORTED = {
    2019: {"": 162},
    2020: {
        "Antwerpen": 41,
        "Limburg": 24,
        "Oost-Vlaanderen": 56,
        "Vlaams-Brabant": 36,
        "West-Vlaanderen": 64,
        "": 221,
    },
    2021: {"": 220},
    2022: {
        "Antwerpen": 39,
        "Limburg": 27,
        "Oost-Vlaanderen": 53,
        "Vlaams-Brabant": 38,
        "West-Vlaanderen": 64,
        "": 221,
    },
}
"""Municipalities with an academy that the minister reported, "" for all of Flanders."""

Roads = tuple[
    dict[int, tuple[float, float, dict[str, str]]], list[tuple[list[int], dict[str, str]]]
]


def rows_of(path: Path, delimiter: str) -> list[dict[str, str]]:
    """Rows of a CSV file, or of the one text in a zip."""
    content = path.read_bytes()
    if path.suffix == ".zip":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            (name,) = archive.namelist()
            content = archive.read(name)
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=delimiter))


def zones_of(folder: Path) -> gpd.GeoDataFrame:
    with zipfile.ZipFile(folder / "sectoren.geojson.zip") as archive:
        content = json.loads(archive.read("sectoren.geojson"))
    assert content["crs"]["properties"]["name"] == "urn:ogc:def:crs:EPSG::31370"
    return gpd.GeoDataFrame.from_features(content["features"], crs="EPSG:31370")


def municipalities_of(folder: Path) -> gpd.GeoDataFrame:
    return gpd.read_file(folder / "gemeenten.gpkg")


def roads_of(folder: Path) -> Roads:
    nodes, ways = {}, []
    for thing in osmium.FileProcessor(folder / "wegen.osm.pbf"):
        if thing.is_node():
            nodes[thing.id] = (thing.lon, thing.lat, dict(thing.tags))
        elif thing.is_way():
            ways.append(([node.ref for node in thing.nodes], dict(thing.tags)))
    return nodes, ways


@pytest.fixture(scope="module")
def municipalities() -> gpd.GeoDataFrame:
    return municipalities_of(SAMPLE)


@pytest.fixture(scope="module")
def zones() -> gpd.GeoDataFrame:
    return zones_of(SAMPLE)


@pytest.fixture(scope="module")
def roads() -> Roads:
    return roads_of(SAMPLE)


@pytest.fixture(scope="module")
def known() -> dict[str, dict[str, Any]]:
    """Add up the facts by code of 2024, plainly."""
    found: dict[str, dict[str, Any]] = defaultdict(lambda: defaultdict(int))
    with facts.fact_path("municipalities.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            place = found[row["nis2024"]]
            place["name"], place["province"] = row["name2024"], row["province2018"]
            for key in row:
                if key.startswith(("girls_", "boys_", "total_")):
                    place[key] += int(row[key])
    return found


def day(text: str) -> dt.date | None:
    return dt.datetime.strptime(text, "%d/%m/%Y").replace(tzinfo=dt.UTC).date() if text else None


def valid_at_the_end_of(year: int, row: dict[str, str]) -> bool:
    start, end = day(row["valid_from"]), day(row["valid_until"])
    assert start is not None
    if end is None:
        end = start.replace(year=start.year + 2) - dt.timedelta(days=1)
    return start <= dt.date(year, 12, 31) <= end


def located(municipalities: gpd.GeoDataFrame) -> list[tuple[dict[str, str], str]]:
    """Rows of the register, each with the code of the municipality that its point lies in."""
    rows = rows_of(SAMPLE / "academies.csv", ";")
    points = [shapely.Point(*(float(row[axis].replace(",", ".")) for axis in "xy")) for row in rows]
    inside, place = municipalities.sindex.query(points, predicate="within")
    assert inside.tolist() == list(range(len(rows)))
    return list(zip(rows, municipalities["NISCODE"].iloc[place], strict=True))


@pytest.mark.parametrize("year", REPORTED)
def test_municipalities_with_an_academy_are_as_reported(
    year: int, municipalities: gpd.GeoDataFrame, known: dict[str, dict[str, Any]]
) -> None:
    """In each year as many municipalities as the minister reported have a valid academy."""
    with_one = {nis for row, nis in located(municipalities) if valid_at_the_end_of(year, row)}
    found = Counter(known[nis]["province"] for nis in with_one) + Counter({"": len(with_one)})
    assert {province: found[province] for province in REPORTED[year]} == REPORTED[year]


def test_register_walks_every_path(municipalities: gpd.GeoDataFrame) -> None:
    """Of 300 to 420 academies of 2022 some have age limits and open ends, and some have none."""
    rows = [row for row, _ in located(municipalities) if valid_at_the_end_of(2022, row)]
    assert 300 <= len(rows) <= 420
    for column in ("min_age", "max_age", "valid_until"):
        filled = sum(bool(row[column]) for row in rows) / len(rows)
        assert 0.2 < filled < 0.8, column
    assert all(row["name"].startswith("Voorbeeldacademie ") for row in rows)
    assert all(row["organisation"].startswith("Voorbeeld") for row in rows)


def test_academies_are_apart(municipalities: gpd.GeoDataFrame) -> None:
    """No two academies share an id, a name or a place."""
    rows = [row for row, _ in located(municipalities)]
    for columns in (("academy_id",), ("name",), ("x", "y")):
        assert len({tuple(row[column] for column in columns) for row in rows}) == len(rows)


def test_municipalities_are_those_of_2024(
    municipalities: gpd.GeoDataFrame, known: dict[str, dict[str, Any]]
) -> None:
    """All 300 Flemish and 19 Brussels municipalities stand there once, under their own name."""
    assert municipalities.crs.to_epsg() == 31370
    names = dict(zip(municipalities["NISCODE"], municipalities["NAAM"], strict=True))
    assert names == {nis: place["name"] for nis, place in known.items()}
    assert len(names) == len(municipalities) == 319
    assert sum(nis.startswith("21") for nis in names) == 19


def test_zones_and_municipalities_are_coverages(
    municipalities: gpd.GeoDataFrame, zones: gpd.GeoDataFrame
) -> None:
    """Neighbours share every point of their border: there is no overlap and no gap between them."""
    for frame in (municipalities, zones):
        assert frame.geometry.is_valid.all()
        assert shapely.coverage_is_valid(frame.geometry.to_numpy())


def test_zones_partition_their_municipality(
    municipalities: gpd.GeoDataFrame, zones: gpd.GeoDataFrame
) -> None:
    """The zones of a municipality together are that municipality, exactly."""
    outlines = municipalities.set_index("NISCODE").geometry
    together = zones.groupby("cd_munty_refnis")["geometry"].agg(
        lambda parts: shapely.coverage_union_all(parts.to_numpy())
    )
    assert sorted(together.index) == sorted(outlines.index)
    assert all(outlines[nis].normalize() == shape.normalize() or outlines[nis].equals(shape)
               for nis, shape in together.items())  # fmt: skip
    assert zones["cd_sector"].is_unique
    assert 1500 <= len(zones) <= 3000


def test_points_of_the_facts_lie_in_their_municipality(municipalities: gpd.GeoDataFrame) -> None:
    """The point that the facts give for a municipality lies in its schematic outline."""
    table = facts.list_municipalities()
    points = gpd.GeoSeries.from_xy(table["lon"], table["lat"], crs="EPSG:4326").to_crs(31370)
    outlines = municipalities.set_index("NISCODE").geometry.loc[table["nis2024"]]
    assert points.within(outlines.reset_index(drop=True)).all()


def test_areas_are_near_the_real_ones(
    municipalities: gpd.GeoDataFrame,
) -> None:
    """Half of the municipalities are within a tenth of their real area, most within half."""
    real = facts.list_municipalities().groupby("nis2024")["area_km2"].sum()
    ratio = municipalities.set_index("NISCODE").geometry.area / 1e6 / real
    assert ratio.between(0.9, 1.1).mean() > 0.5
    assert ratio.between(0.5, 1.5).mean() > 0.85


def test_children_are_those_of_the_facts(known: dict[str, dict[str, Any]]) -> None:
    """Every municipality, sex and age band has the facts' number of children, spread evenly."""
    counts: dict[tuple[str, str, int], int] = {}
    for row in rows_of(SAMPLE / "TF_SOC_POP_STRUCT_2015.zip", "|"):
        key = (row["CD_REFNIS"], row["CD_SEX"], int(row["CD_AGE"]))
        assert key not in counts
        counts[key] = int(row["MS_POPULATION"])
    assert {nis for nis, _, _ in counts} == set(known)
    for nis, place in known.items():
        for sex, word in (("F", "girls"), ("M", "boys")):
            for band, ages in BANDS.items():
                single = [counts[nis, sex, age] for age in ages]
                assert sum(single) == place[f"{word}_{band}"]
                assert single == sorted(single, reverse=True)
                assert single[0] - single[-1] <= 1
    flemish = sum(count for (nis, _, _), count in counts.items() if not nis.startswith("21"))
    assert flemish == CHILDREN[2015]


def test_residents_of_zones_add_up(
    zones: gpd.GeoDataFrame, known: dict[str, dict[str, Any]]
) -> None:
    """Each zone has a number of residents; in a municipality they add up to the facts' total."""
    rows = rows_of(SAMPLE / "OPENDATA_SECTOREN_2015.zip", "|")
    home = dict(zip(zones["cd_sector"], zones["cd_munty_refnis"], strict=True))
    assert {row["CD_SECTOR"]: row["CD_REFNIS"] for row in rows} == home
    totals: Counter[str] = Counter()
    for row in rows:
        totals[row["CD_REFNIS"]] += int(row["TOTAL"])
    assert totals == {nis: place["total_2015"] for nis, place in known.items()}


def test_extract_is_a_real_one(roads: Roads) -> None:
    """The extract has its box, its maker, numbers beyond 32 bits and no missing or spare node."""
    nodes, ways = roads
    with osmium.io.Reader(str(SAMPLE / "wegen.osm.pbf")) as reader:
        header = reader.header()
    assert header.get("generator") == "stemgeo example data"
    box = header.box()
    assert all(box.contains(osmium.osm.Location(*place[:2])) for place in nodes.values())
    assert 60_000 <= len(nodes) <= 100_000
    assert list(nodes) == sorted(nodes)
    assert min(nodes) > 2**32
    used = {node for refs, _ in ways for node in refs}
    assert used <= set(nodes)
    assert {node for node in set(nodes) - used if "place" not in nodes[node][2]} == set()


@pytest.mark.parametrize(
    ("tags", "least"),
    [
        ({"highway": "residential"}, 5000),
        ({"highway": "living_street"}, 100),
        ({"highway": "primary"}, 500),
        ({"highway": "secondary"}, 500),
        ({"highway": "tertiary"}, 500),
        ({"highway": "unclassified"}, 500),
        ({"highway": "motorway", "oneway": "yes"}, 50),
        ({"highway": "motorway_link"}, 50),
        ({"highway": "cycleway"}, 100),
        ({"highway": "path"}, 100),
        ({"highway": "footway"}, 100),
        ({"highway": "steps"}, 10),
        ({"highway": "track", "tracktype": None}, 100),
        ({"highway": "track", "tracktype": "grade2"}, 50),
        ({"highway": "residential", "oneway": "yes", "oneway:bicycle": "no"}, 100),
        ({"oneway": "yes", "oneway:bicycle": None, "cycleway": None, "highway": "residential"}, 50),
        ({"oneway": "yes", "cycleway": "opposite"}, 20),
        ({"cycleway": "track"}, 50),
        ({"cycleway:both": "track"}, 50),
        ({"cycleway:right": "separate", "bicycle": "use_sidepath"}, 20),
        ({"motor_vehicle": "no", "bicycle": "yes"}, 5),
        ({"vehicle": "no", "bicycle": "yes"}, 5),
        ({"highway": "service", "access": "private"}, 50),
        ({"junction": "roundabout"}, 20),
        ({"waterway": "canal"}, 1),
        ({"route": "ferry", "bicycle": "yes"}, 1),
        ({"bridge": "yes", "layer": "1"}, 20),
        ({"tunnel": "yes", "layer": "-1"}, 20),
    ],
)
def test_roads_have_the_tags_of_real_ones(
    tags: dict[str, str | None], least: int, roads: Roads
) -> None:
    """What a profile must tell apart is there (None: without that key)."""
    found = sum(all(way.get(key) == value for key, value in tags.items()) for _, way in roads[1])
    assert found >= least


@pytest.mark.parametrize(
    "tags",
    [{"barrier": "bollard"}, {"barrier": "gate"}, {"barrier": "gate", "locked": "yes"},
     {"barrier": "kissing_gate"}, {"highway": "traffic_signals"}],
)  # fmt: skip
def test_points_on_roads_have_tags(tags: dict[str, str], roads: Roads) -> None:
    """Barriers and signals stand on points of ways, as in real extracts."""
    nodes, ways = roads
    on_roads = {node for refs, way in ways if "highway" in way for node in refs}
    assert sum(tags.items() <= nodes[node][2].items() for node in on_roads) >= 20


def test_canals_and_motorways_are_crossed_by_bridge_or_ferry_alone(roads: Roads) -> None:
    """No road crosses a canal or a motorway on the ground, and canals have few bridges."""
    lines, tags = drawn(roads)
    tree = shapely.STRtree(lines)
    bridges = 0
    for kind in ("waterway", "motorway"):
        barriers = [i for i, way in enumerate(tags) if kind in {*way, way.get("highway")}]
        first, second = tree.query([lines[i] for i in barriers], predicate="crosses")
        for i, other in zip(first, second, strict=True):
            way = tags[other]
            if kind == "motorway" and {"waterway", "motorway_link"} & {*way, way.get("highway")}:
                continue
            if kind == "motorway" and way.get("highway") == "motorway":
                continue
            assert "layer" in way or way.get("route") == "ferry", (tags[barriers[i]], way)
            bridges += kind == "waterway" and way.get("highway") not in {"motorway", "path"}
    km = sum(line.length for line, way in zip(lines, tags, strict=True) if "waterway" in way) / 1000
    assert 10 <= bridges <= km / 4


def test_extract_reaches_beyond_the_border(roads: Roads, zones: gpd.GeoDataFrame) -> None:
    """The ground of the extract holds every zone whole, so no child falls outside it."""
    lines, tags = drawn(roads)
    ridden = [line for line, way in zip(lines, tags, strict=True) if rideable(way)]
    ground = shapely.convex_hull(shapely.MultiLineString(ridden))
    assert shapely.covers(ground.buffer(-500), zones.geometry.to_numpy()).all()


def drawn(roads: Roads) -> tuple[list[shapely.LineString], list[dict[str, str]]]:
    """Ways as lines in EPSG:31370, with their tags."""
    nodes, ways = roads
    lon, lat, _ = zip(*nodes.values(), strict=True)
    to_lambert = Transformer.from_crs(4326, 31370, always_xy=True)
    place = dict(zip(nodes, zip(*to_lambert.transform(lon, lat), strict=True), strict=True))
    lines = [shapely.LineString([place[node] for node in refs]) for refs, _ in ways]
    return lines, [tags for _, tags in ways]


def test_cyclists_can_come_and_go_everywhere_but_on_the_island(roads: Roads) -> None:
    """Streets and roads are one strongly connected whole for riders, beside one small island."""
    nodes, ways = roads
    number = {node: i for i, node in enumerate(nodes)}
    ridden = [way for way in ways if rideable(way[1])]
    edges = [(number[a], number[b]) for refs, _ in ridden for a, b in pairwise(refs)]
    edges += [
        (number[b], number[a])
        for refs, tags in ridden
        if not one_way(tags)
        for a, b in pairwise(refs)
    ]
    start, end = np.array(edges).T
    graph = coo_array((np.ones(len(edges)), (start, end)), shape=(len(nodes), len(nodes))).tocsr()
    _, part = connected_components(graph, directed=True, connection="strong")
    sizes = Counter(part[sorted({i for edge in edges for i in edge})].tolist())
    assert [size for _, size in sizes.most_common()][1:] == [9]


def rideable(tags: dict[str, str]) -> bool:
    closed = {None, "motorway", "motorway_link", "footway", "steps"}
    return (
        tags.get("highway") not in closed
        and tags.get("access") != "private"
        and tags.get("bicycle") != "use_sidepath"
    )


def one_way(tags: dict[str, str]) -> bool:
    if tags.get("oneway:bicycle") == "no" or tags.get("cycleway", "").startswith("opposite"):
        return False
    return tags.get("oneway") == "yes" or "junction" in tags


def test_study_says_what_it_is() -> None:
    """The example study loads, bears its notice, and names source and licence of each file."""
    study = sample()
    assert study.about.notice == "Schematische voorbeelddata, niet voor publicatie"
    assert (study.about.vintage, study.about.date) == (2024, dt.date(2022, 12, 31))
    content = tomllib.loads((SAMPLE / "study.toml").read_text(encoding="utf-8"))
    for given in content["inputs"].values():
        assert {"path", "source", "licence", "date"} <= set(given)
        assert (SAMPLE / given["path"]).is_file()


def test_sample_is_small() -> None:
    """The example data are at most 6 MB."""
    assert sum(path.stat().st_size for path in SAMPLE.iterdir()) <= 6_000_000


def test_sample_is_written_whole(tmp_path: Path) -> None:
    """`write_sample` makes the folder, with the same bytes, and leaves nothing beside it."""
    folder = write_sample(tmp_path / "new" / "study")
    assert folder == tmp_path / "new" / "study"
    assert bytes_of(folder) == bytes_of(SAMPLE)
    assert list(folder.parent.iterdir()) == [folder]


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_sample_fills_an_empty_folder(tmp_path: Path) -> None:
    """An empty folder, such as the one the user stands in, is taken."""
    (tmp_path / "empty").mkdir()
    assert bytes_of(write_sample(tmp_path / "empty")) == bytes_of(SAMPLE)


@pytest.mark.parametrize("name", ["taken", "taken/file.txt", "taken/file.txt/below"])
def test_sample_overwrites_nothing(name: str, tmp_path: Path) -> None:
    """A folder that holds something, or a file in the way, is refused and left as it is."""
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file.txt").write_text("mine")
    with pytest.raises(StemgeoError, match="taken"):
        write_sample(tmp_path / name)
    assert bytes_of(tmp_path / "taken") == {"file.txt": b"mine"}


@pytest.fixture(scope="module")
def remade(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("remade")
    script = ROOT / "data" / "make_sample.py"
    subprocess.run([sys.executable, "-W", "error", script, folder], check=True)
    return folder


def test_remade_tables_are_the_same(remade: Path) -> None:
    """The generator gives the same files, and in the tables the same text."""
    assert {path.name for path in remade.iterdir()} == {path.name for path in SAMPLE.iterdir()}
    for name in ("academies.csv", "study.toml"):
        assert (remade / name).read_bytes() == (SAMPLE / name).read_bytes()
    for name in ("TF_SOC_POP_STRUCT_2015.zip", "OPENDATA_SECTOREN_2015.zip"):
        assert rows_of(remade / name, "|") == rows_of(SAMPLE / name, "|")


def test_remade_ground_is_the_same(
    remade: Path, municipalities: gpd.GeoDataFrame, zones: gpd.GeoDataFrame
) -> None:
    """The generator gives the same municipalities and zones, to the decimetre."""
    for old, new in (
        (municipalities, municipalities_of(remade)),
        (zones, zones_of(remade)),
    ):
        same = old.geometry.normalize().geom_equals_exact(new.geometry.normalize(), 0.11)
        assert same.all()
        assert old.drop(columns="geometry").equals(new.drop(columns="geometry"))


def test_remade_roads_are_the_same(remade: Path, roads: Roads) -> None:
    """The generator gives the same nodes, ways and tags, to the decimetre."""
    nodes, ways = roads_of(remade)
    assert ways == roads[1]
    assert list(nodes) == list(roads[0])
    assert [node[2] for node in nodes.values()] == [node[2] for node in roads[0].values()]
    places = [np.array([node[:2] for node in found.values()]) for found in (nodes, roads[0])]
    np.testing.assert_allclose(*places, rtol=0, atol=1e-6)


@pytest.mark.usefixtures("drawn_each_time")
def test_a_result_of_the_sample_is_made_again(written_sample: Path) -> None:
    """Roads, zones, ferries of work: the packaged study is found by its hash, and all comes out."""
    verification = sg.verify(written_sample)
    assert verification.lines()[-1].startswith("Alles is gelijk: ")
    assert verification.same
    assert verification.files == len(content_of(written_sample)) - 1
    assert verification.inputs == 6
