"""Facts about the roads that are fetched: a cut or a small map gives the times of the whole."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import osmium
import pytest
import shapely
from plays.geofabrik import play_geofabrik

import stemgeo as sg
from stemgeo.access.search import UNREACHED
from stemgeo.access.travel_time import Rider
from stemgeo.errors import FetchError, InputError
from stemgeo.fetch import roads
from stemgeo.fetch.roads import cut_roads, widen_ground
from stemgeo.fetch.wanted import BARRED, UNINHABITED
from stemgeo.inputs import extracts
from stemgeo.inputs.buildings import read_buildings
from stemgeo.inputs.uninhabited import KINDS
from stemgeo.inputs.vectors import make_transformer
from stemgeo.network import Network, barriers
from stemgeo.network.snap import snap_points
from stemgeo.sources.client import Client
from stemgeo.study import Speed, Travel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray
    from served import Server

TRAVEL = Travel(cutoff_min=4, speed_kmh=Speed(low=8, central=10, high=12))
PORTO, LAMBERT = "EPSG:32629", "EPSG:31370"


def around(lon: float, lat: float, metres: float, crs: str) -> shapely.Geometry:
    """Give a square around a place."""
    at = make_transformer("EPSG:4326", crs).transform(lon, lat)
    return shapely.Point(at).buffer(metres, cap_style="square")


def scatter(ground: shapely.Geometry, count: int, seed: int) -> tuple[Any, Any]:
    """Give so many places in the box of a ground."""
    west, south, east, north = ground.bounds
    x, y = np.random.default_rng(seed).random((2, count))
    return west + x * (east - west), south + y * (north - south)


def measure(
    network: Network, points: tuple[Any, Any], sites: tuple[Any, Any], profile: str, travel: Travel
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Give the time from each point to each site within the cutoff, and metres to the road."""
    network = network.restrict_to()
    homes, academies = (
        snap_points(network, *at, within_m=travel.snap_within_m, limit_m=travel.snap_limit_m)
        for at in (points, sites)
    )
    network = network.calm_to(profile)
    rider = Rider(network, network.travel_times(12), round(travel.cutoff_min * 60_000))
    labels = [
        rider.find_nearest(academies.take_points(np.array([i])), homes, np.array([0]))
        for i in range(len(sites[0]))
    ]
    return np.array(labels), homes.snap_m


def assert_same_times(
    whole: Network, cut: Network, area: shapely.Geometry, travel: Travel = TRAVEL
) -> None:
    """Compare the times of random children of an area to random academies that may be theirs."""
    points = scatter(area, 150, 1)
    sites = scatter(area.buffer(200 * travel.cutoff_min), 12, 2)
    reached = 0
    for profile in ("all",) if whole.on_foot else ("all", "low_stress"):
        times, snap_m = measure(whole, points, sites, profile, travel)
        again, snap_again_m = measure(cut, points, sites, profile, travel)
        np.testing.assert_array_equal(times, again)
        np.testing.assert_array_equal(snap_m, snap_again_m)
        reached += int((times != UNREACHED).sum())
    assert reached > 50


@pytest.fixture(scope="module")
def read(extract_of: Callable[[str], Path]) -> Callable[..., Network]:
    return cache(lambda name, mode="bicycle": Network.from_osm(extract_of(name), mode=mode))


CUTS = [
    ("porto.osm.pbf", PORTO, -8.62, 41.16, "bicycle"),
    ("porto.osm.pbf", PORTO, -8.605, 41.148, "bicycle"),  # the bank of the river
    ("porto.osm.pbf", PORTO, -8.64, 41.17, "foot"),
    ("wechelderzande.osm.pbf", LAMBERT, 4.785, 51.265, "bicycle"),
]


@pytest.mark.parametrize(("name", "crs", "lon", "lat", "mode"), CUTS)
def test_times_on_a_cut_are_those_of_the_whole(
    extract_of: Callable[[str], Path],
    read: Callable[..., Network],
    tmp_path: Path,
    name: str,
    crs: str,
    lon: float,
    lat: float,
    mode: str,
) -> None:
    """To the millisecond, over all roads and quiet ones, for any child of the area."""
    travel = TRAVEL if name.startswith("porto") else TRAVEL.model_copy(update={"cutoff_min": 1.5})
    area = around(lon, lat, 75 * travel.cutoff_min, crs)
    cut_roads([extract_of(name)], widen_ground(area, travel), tmp_path / "cut.osm.pbf", crs)
    whole = read(name, mode)
    cut = Network.from_osm(tmp_path / "cut.osm.pbf", mode=mode)
    assert 0 < cut.edges < whole.edges
    assert_same_times(whole, cut, area, travel)


def read_all(path: Path) -> dict[str, str]:
    """Give each object of an extract in a line, by its kind and id, in the order of the file."""
    found = {}
    for one in osmium.FileProcessor(str(path)):
        tags = sorted((tag.k, tag.v) for tag in one.tags)
        if one.is_node():
            text = f"{one.lon:.7f} {one.lat:.7f}"
        elif one.is_way():
            text = " ".join(str(node.ref) for node in one.nodes)
        else:
            text = " ".join(f"{m.type}{m.ref}{m.role}" for m in one.members)
        key = f"{one.type_str()}{one.id}"
        assert key not in found
        found[key] = f"v{one.version} {tags} {text}"
    return found


# A ground of 1 km around 4.0, 51.0: a degree of longitude is 70 km, one of latitude 111 km.
NODES = {
    1: (4.000, 51.000),  # on it
    2: (4.010, 51.000),
    3: (4.030, 51.000),  # 2 km off it
    4: (4.050, 51.000),
    5: (4.070, 51.000),
    6: (3.950, 51.0005),  # 3.5 km to each side of it
    7: (4.050, 51.0005),
    8: (3.950, 51.020),  # and north of it
    9: (4.050, 51.020),
    10: (4.001, 51.001),  # an address on it
    11: (4.051, 51.001),  # and off it
    12: (4.002, 51.002),  # of nothing
    13: (4.040, 51.003),
    14: (4.041, 51.003),
    15: (4.041, 51.004),
}
WAYS = {
    1: ("1 2 3", "highway=unclassified"),
    2: ("3 4", "highway=residential"),  # meets it far off: tells whether it is in a village
    3: ("4 5", "highway=residential"),  # meets only that
    4: ("6 7", "railway=rail"),  # crosses it between two nodes off it
    5: ("8 9", "railway=rail"),  # passes by
    6: ("6 7", "power=line"),
    7: ("13 14 15", ""),  # draws a building together with the next
    8: ("15 1 13", ""),
    9: ("4 5 9 4", "building=house"),
    10: ("1 10 2 1", "building=house"),
    11: ("6 7", "route=ferry"),
    12: ("1 2", "waterway=ditch"),
}
RELATIONS = {
    1: ("7 8", "type=multipolygon;building=apartments"),
    2: ("9", "type=multipolygon;building=house"),
    3: ("1 2", "type=route;route=bicycle"),
}
KEPT = {f"n{n}" for n in (1, 2, 3, 4, 6, 7, 10, 13, 14, 15)} | {
    *(f"w{n}" for n in (1, 2, 4, 7, 8, 10, 11)),
    "r1",
}


def write_xml(path: Path, *, without: frozenset[str] = frozenset(), **versions: int) -> Path:
    """Write what is drawn above, but for some objects; `w1=2` gives a way another version."""
    lines = ["<osm version='0.6'>"]

    def add(kind: str, number: int, attributes: str, inner: str, tags: str) -> None:
        key = f"{kind[0]}{number}"
        if key not in without:
            told = "".join(
                "<tag k='{}' v='{}'/>".format(*one.split("=")) for one in tags.split(";") if one
            )
            version = versions.get(key, 1)
            lines.append(
                f"<{kind} id='{number}' version='{version}' {attributes}>{inner}{told}</{kind}>"
            )

    for number, (lon, lat) in NODES.items():
        tags = "addr:street=Laan" if number in (10, 11) else ""
        add("node", number, f"lon='{lon}' lat='{lat}'", "", tags)
    for number, (refs, tags) in WAYS.items():
        add("way", number, "", "".join(f"<nd ref='{ref}'/>" for ref in refs.split()), tags)
    for number, (refs, tags) in RELATIONS.items():
        members = (f"<member type='way' ref='{ref}' role='outer'/>" for ref in refs.split())
        add("relation", number, "", "".join(members), tags)
    path.write_text("\n".join([*lines, "</osm>"]))
    return path


GROUND = around(4.0, 51.0, 1000, LAMBERT)


def test_what_a_cut_keeps(tmp_path: Path) -> None:
    """Whole ways that touch or cross the ground, roads that meet those, drawings, addresses."""
    path = write_xml(tmp_path / "a.osm")
    assert cut_roads([path], GROUND, tmp_path / "cut.osm.pbf") == ()
    cut, whole = read_all(tmp_path / "cut.osm.pbf"), read_all(path)
    assert set(cut) == KEPT
    assert cut == {key: whole[key] for key in cut}
    ids = [("nwr".index(key[0]), int(key[1:])) for key in cut]
    assert ids == sorted(ids)


def test_a_cut_keeps_what_each_reader_asks_for() -> None:
    """What bars the way to a door is known twice: by who reads it, and by who cuts before."""
    assert set(BARRED) == set(barriers._KINDS)
    assert set(UNINHABITED) == set(KINDS)


def test_same_extracts_give_the_same_bytes(
    tmp_path: Path, extract_of: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Today or tomorrow; and put in order a few at a time they are the same objects."""
    path, ground = extract_of("wechelderzande.osm.pbf"), around(4.785, 51.265, 300, LAMBERT)
    written = []
    for name in ("a", "b"):
        cut_roads([path], ground, tmp_path / f"{name}.osm.pbf")
        written.append((tmp_path / f"{name}.osm.pbf").read_bytes())
    assert written[0] == written[1]
    monkeypatch.setattr(roads, "AT_ONCE", 100)
    monkeypatch.setattr(roads, "_SPAN", 100_000_000)
    cut_roads([path, path], ground, tmp_path / "c.osm.pbf")
    a, c = read_all(tmp_path / "a.osm.pbf"), read_all(tmp_path / "c.osm.pbf")
    assert list(a.items()) == list(c.items())
    assert sorted(tmp_path.iterdir()) == [tmp_path / f"{name}.osm.pbf" for name in "abc"]


def test_halves_that_overlap_are_joined_to_the_whole(
    tmp_path: Path, extract_of: Callable[[str], Path]
) -> None:
    """Two extracts of one land, as of two countries, give no way and no node twice."""
    path, halves = extract_of("wechelderzande.osm.pbf"), []
    for west in (4.78, 4.79):
        halves.append(tmp_path / f"{west}.osm.pbf")
        cut_roads([path], around(west, 51.265, 500, LAMBERT), halves[-1])
    ground = around(4.785, 51.265, 200, LAMBERT)
    for name, paths in (("whole", [path]), ("joined", halves), ("turned", halves[::-1])):
        assert cut_roads(paths, ground, tmp_path / f"{name}.osm.pbf") == ()
    whole = read_all(tmp_path / "whole.osm.pbf")
    assert len(whole) > 1000
    assert read_all(halves[0]).keys() & read_all(halves[1]).keys()
    for name in ("joined", "turned"):
        assert list(read_all(tmp_path / f"{name}.osm.pbf").items()) == list(whole.items())


def test_the_newest_of_two_extracts_counts(tmp_path: Path) -> None:
    """Of one version the longest; that two are unlike is said, and of what is not kept is not."""
    old, new = write_xml(tmp_path / "a.osm"), tmp_path / "b.osm"
    write_xml(new, w1=2, n1=3)
    new.write_text(
        new.read_text().replace("unclassified", "tertiary").replace("'51.0'", "'51.0001'")
    )
    for paths in ([old, new], [new, old]):
        (told,) = cut_roads(paths, GROUND, tmp_path / "cut.osm.pbf")
        cut = read_all(tmp_path / "cut.osm.pbf")
        assert set(cut) == KEPT
        assert "tertiary" in cut["w1"]
        assert cut["n1"] == "v3 [] 4.0000000 51.0001000"
        # Nodes 2, 3 and 4 were moved without another version: those of the first count.
        assert str(told).startswith("3 objects of the map are in several extracts (")
        assert cut["n2"].endswith("51.0000000" if paths[0] is old else "51.0001000")


def test_what_cannot_be_cut_is_refused(tmp_path: Path, extract_of: Callable[[str], Path]) -> None:
    """No roads there, a history, or a file that broke off: one line, and nothing is written."""
    path = write_xml(tmp_path / "a.osm")
    twice = tmp_path / "twice.osm"
    twice.write_text(path.read_text().replace("</osm>", "<way id='1' version='2'/></osm>"))
    broken, into = tmp_path / "broken.osm.pbf", tmp_path / "cut.osm.pbf"
    broken.write_bytes(extract_of("wechelderzande.osm.pbf").read_bytes()[:-2000])
    for given, told in (
        (path, "a.osm: has no roads on the ground of the study; give the extract of its country"),
        (twice, "twice.osm: has objects in several versions"),
        (broken, "broken.osm.pbf: cannot be read to its end"),
    ):
        into.write_text("before")
        with pytest.raises(InputError, match=told):
            cut_roads([given], around(5.0, 51.0, 1000, LAMBERT), into)
        assert into.read_text() == "before"
        assert not list(tmp_path.glob("cut.osm.pbf.*"))


def test_ground_is_widened_by_what_the_fastest_child_rides() -> None:
    """The cutoff times the highest speed there is, and what a leg on foot may add; never less."""
    area = shapely.Point(150_000, 200_000).buffer(500, cap_style="square")
    travel = Travel(cutoff_min=15)
    wide = widen_ground(area, travel)
    metres = 15 / 60 * 18 * 1000 + travel.snap_limit_m + roads.ROOM_M
    assert wide.contains(area.buffer(metres, quad_segs=90))
    assert area.buffer(metres + 250).contains(wide)
    files = dict.fromkeys(("municipalities", "population", "academies", "network"), "a")
    of_study = {"study": {"title": "A", "date": "2026-01-01"}, "travel": travel, "inputs": files}
    study = sg.Study.model_validate(of_study | {"output": {"isochrone_minutes": [30]}})
    assert widen_ground(area, study).contains(area.buffer(2 * 4500, quad_segs=90))


def test_the_latest_extract_is_had_under_its_day(
    server: Server, tmp_path: Path, extract_of: Callable[[str], Path]
) -> None:
    """What `-latest` points to is taken with its sum, and cut; of another sum nothing is kept."""
    catalogue = server.write_sources(tmp_path / "sources.toml")
    source, content = catalogue.find("roads"), extract_of("wechelderzande.osm.pbf").read_bytes()
    dated, latest = play_geofabrik(server, source, content)
    with Client(catalogue.manners, tmp_path / "store") as client:
        path, told = client.download(source, source.address, lambda _: None)
        assert told.address.endswith(dated)
        assert (server.count(latest), server.count(dated)) == (1, 1)
        named = tmp_path / "latest.osm.pbf"
        named.hardlink_to(path)
        cut_roads([named], around(4.785, 51.265, 300, LAMBERT), tmp_path / "belgium.osm.pbf")
        assert Network.from_osm(tmp_path / "belgium.osm.pbf").edges
        play_geofabrik(server, source, content[:-1] + b"x", "261130", md5="0" * 32)
        other = source.model_copy(update={"address": source.address.replace("latest", "261130")})
        with pytest.raises(FetchError, match="md5 sum is another"):
            client.download(other, other.address, lambda _: None)


def test_what_others_read_of_a_cut_is_the_whole(
    extract_of: Callable[[str], Path], tmp_path: Path
) -> None:
    """Homes, addresses and what bars the way in the area are those of the whole extract."""
    path, cut = extract_of("berlare.osm"), tmp_path / "cut.osm.pbf"
    area = around(4.005, 51.024, 800, LAMBERT)
    moved = make_transformer(LAMBERT, "EPSG:4326").transform
    degrees = shapely.transform(area, lambda at: np.column_stack(moved(*at.T)))
    cut_roads([path], area, cut)
    lines = [barriers.read_barriers([one]) for one in (path, cut)]
    ways = [set(one[one.intersects(degrees)]["way"]) for one in lines]
    assert ways[0] == ways[1] != set()
    homes = [read_buildings([one], {"house", "apartments", "yes"}).points for one in (path, cut)]
    homes = [one[one.within(area)].reset_index(drop=True) for one in homes]
    assert len(homes[0]) > 20
    assert homes[0].equals(homes[1])
    wanted = osmium.filter.KeyFilter("addr:street")
    nodes = [
        extracts.read_tagged([one], osmium.osm.NODE, wanted, ["addr:street"]) for one in (path, cut)
    ]
    nodes = [
        one[shapely.contains_xy(degrees, one["lon"], one["lat"])].reset_index(drop=True)
        for one in nodes
    ]
    assert 10 < len(nodes[0]) < 30
    assert nodes[0].equals(nodes[1])
