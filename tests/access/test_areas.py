"""Isochrones: true to the roads they are drawn from, and those true to the travel times."""

from __future__ import annotations

from functools import cache
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from network.maps import CRS, RoadMap, on, points

from stemgeo.access.areas import catchments, isochrones, reached_stretches
from stemgeo.access.riding import access
from stemgeo.access.search import UNREACHED, label_nearest, pack_labels, unpack_labels
from stemgeo.access.travel_time import Rider, minutes_to_ms
from stemgeo.network import Network, TiedPoints, snap_points
from stemgeo.network.bicycle import SIGNAL
from stemgeo.network.crossings import NO_WAY
from stemgeo.study import ROAD_BUFFER_M

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from network.maps import Place

EXTRACTS = ("berlare.osm", "wechelderzande.osm.pbf", "porto.osm.pbf")
STREET = "highway=residential"
MINUTES = (2.0, 4.0, 6.0)
"""Short, so that the villages are not reached whole."""

KMH = 12.0


@pytest.fixture(scope="module")
def network_of(extract_of: Callable[[str], Path]) -> Callable[[str], Network]:
    """Read each extract once."""
    return cache(lambda name: Network.from_osm(extract_of(name)))


def academies_in(network: Network) -> gpd.GeoDataFrame:
    """Place three academies near the middle of a network, off its roads."""
    rng = np.random.default_rng(5)
    middle = np.median(network.node_x), np.median(network.node_y)
    away = np.hypot(network.node_x - middle[0], network.node_y - middle[1])
    near = rng.choice(np.argsort(away)[: network.nodes // 3], 3, replace=False)
    at = shapely.points(network.node_x[near] + 12, network.node_y[near] - 7)
    return gpd.GeoDataFrame({"academy_id": ["a", "b", "c"]}, geometry=at, crs=network.crs)


def stretches_of(
    network: Network, academies: gpd.GeoDataFrame, minutes: float, kmh: float = KMH
) -> tuple[Rider, TiedPoints, np.ndarray]:
    """Give the rider, the academies on the roads, and the stretches reached within reach."""
    x, y = academies.geometry.x.to_numpy(), academies.geometry.y.to_numpy()
    sites = snap_points(network, x, y)
    rider = Rider(network, network.travel_times(kmh), minutes_to_ms(minutes))
    seed_node, seed_ms, *_ = rider.find_seeds(sites)
    label = label_nearest(
        rider.arcs,
        seed_node,
        pack_labels(seed_ms, np.zeros_like(seed_ms)),
        rider.horizon_ms,
    )
    return rider, sites, reached_stretches(rider, sites, unpack_labels(label)[0], rider.horizon_ms)


def each_once(stretches: np.ndarray) -> np.ndarray:
    """Leave out what is ridden both ways, the one way."""
    ends = stretches.reshape(-1, 2, 2)
    order = np.lexsort((ends[:, :, 1], ends[:, :, 0]), axis=1)
    return np.unique(np.take_along_axis(ends, order[:, :, None], axis=1).reshape(-1, 4), axis=0)


def lines(stretches: np.ndarray) -> np.ndarray:
    """Draw stretches as lines."""
    return np.asarray(shapely.linestrings(stretches.reshape(-1, 2, 2)))


def exact_buffer(stretches: np.ndarray) -> shapely.Geometry:
    """Give the ground within 50 m of the stretches, by GEOS."""
    return shapely.union_all(
        shapely.buffer(lines(each_once(stretches)), ROAD_BUFFER_M, quad_segs=16)
    )


def iou(one: shapely.Geometry, two: shapely.Geometry) -> float:
    """Share of the ground of both that is common."""
    return float(shapely.intersection(one, two).area / shapely.union(one, two).area)


# --- on real roads ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("extract", "minutes"),
    [
        ("berlare.osm", (5.0, 10.0, 15.0)),
        ("wechelderzande.osm.pbf", (5.0, 10.0, 15.0)),
        ("porto.osm.pbf", MINUTES),
    ],
)
def test_isochrone_is_the_buffer_of_the_reached_roads(
    network_of: Callable[[str], Network], extract: str, minutes: tuple[float, ...]
) -> None:
    """Drawn with cells of 25 m it is the exact 50 m buffer of the reached roads, IoU 0.99 or more.

    With cells of 10 m it comes to 0.998, so what is missing is the cells' doing.
    """
    network = network_of(extract)
    academies = academies_in(network)
    areas = isochrones(network, academies, minutes=minutes, speed_kmh=KMH)
    for stop in minutes:
        drawn = shapely.union_all(areas.geometry[areas["minutes_to"] <= stop].to_numpy())
        exact = exact_buffer(stretches_of(network, academies, stop)[2])
        assert iou(drawn, exact) >= 0.99
        fine = isochrones(network, academies, minutes=[stop], speed_kmh=KMH, cell_m=10.0)
        assert iou(fine.geometry[0], exact) >= 0.998


@pytest.mark.parametrize("extract", EXTRACTS)
def test_bands_nest_without_overlap(network_of: Callable[[str], Network], extract: str) -> None:
    """Bands are valid, share no ground, and those up to a bound are the isochrone of that bound."""
    network = network_of(extract)
    academies = academies_in(network)
    areas = isochrones(network, academies, minutes=MINUTES, speed_kmh=KMH)
    assert areas["minutes_from"].tolist() == [0.0, 2.0, 4.0]
    assert areas["minutes_to"].tolist() == [2.0, 4.0, 6.0]
    assert areas["academy_id"].tolist() == ["", "", ""]
    assert areas.crs == network.crs
    assert areas.is_valid.all()
    assert set(areas.geom_type) == {"MultiPolygon"}
    assert areas["area_km2"].tolist() == (areas.area / 1e6).tolist()
    for one, two in combinations(areas.geometry, 2):
        assert shapely.intersection(one, two).area < 1e-3
    for stop in MINUTES:
        alone = isochrones(network, academies, minutes=[stop], speed_kmh=KMH).geometry[0]
        together = shapely.union_all(areas.geometry[areas["minutes_to"] <= stop].to_numpy())
        assert shapely.symmetric_difference(alone, together).area < 1e-3
    wholes = [
        isochrones(network, academies, minutes=[stop], speed_kmh=KMH).geometry[0]
        for stop in MINUTES
    ]
    for inner, outer in pairwise(wholes):
        assert shapely.difference(inner, outer).area < 1e-3
        assert inner.area < outer.area


@pytest.mark.parametrize("extract", EXTRACTS[:2])
def test_reached_stretches_are_where_the_times_say(
    network_of: Callable[[str], Network], extract: str
) -> None:
    """Every few metres of an edge: within reach by the access rule, and on a stretch, or neither.

    Times are rounded to the millisecond at both ends, so places within 5 ms of the cutoff are
    left to either side. A place out of reach may still lie on a stretch of a road that crosses.
    """
    network = network_of(extract)
    minutes = 5.0
    rider, sites, stretches = stretches_of(network, academies_in(network), minutes)
    along, x, y = samples(network, step_m=7.0)
    far = Rider(network, rider.times, minutes_to_ms(60))
    label = far.find_nearest(sites, along, np.arange(3))
    ms = np.where(label == UNREACHED, 2**40, unpack_labels(label)[0])
    tree = shapely.STRtree(lines(stretches))
    (which, _), metres = tree.query_nearest(
        shapely.points(x, y), return_distance=True, all_matches=False
    )
    away = np.full(len(x), np.inf)
    away[which] = metres
    cutoff = minutes_to_ms(minutes)
    inside, outside = ms <= cutoff - 5, ms > cutoff + 5
    assert inside.sum() > 500
    assert outside.sum() > 500
    assert away[inside].max() < 0.02
    crossing = shapely.STRtree(network.lines).query(
        shapely.points(x[outside], y[outside]), predicate="dwithin", distance=0.02
    )[0]
    roads_here = np.bincount(crossing, minlength=outside.sum())
    assert (away[outside][roads_here == 1] > 0.001).all()
    assert (roads_here == 1).mean() > 0.98


def samples(network: Network, step_m: float) -> tuple[TiedPoints, np.ndarray, np.ndarray]:
    """Lay places inside every segment, a few metres apart, the ends left out."""
    segments, shares = [], []
    for segment, mm in enumerate(network.length_mm):
        # Nobody stands on what leads across a main road; a piece may be as short as its ends.
        if network.way[segment] == NO_WAY or mm < 100:
            continue
        count = max(1, int(mm / 1000 / step_m))
        segments.extend([segment] * count)
        shares.extend((np.arange(count) + 0.5) / count)
    where, share = np.array(segments, dtype=np.int32), np.array(shares)
    vertex = where + network.segment_edge[where]
    x = network.vertex_x[vertex] + share * np.diff(network.vertex_x)[vertex]
    y = network.vertex_y[vertex] + share * np.diff(network.vertex_y)[vertex]
    return on(where, share * network.length_mm[where]), x, y


# --- by hand ------------------------------------------------------------------------------------


def total_m(stretches: np.ndarray) -> float:
    """Length of the ground under the stretches, each metre once."""
    return float(shapely.union_all(lines(stretches)).length)


def at(*places: Place) -> gpd.GeoDataFrame:
    """Academies on the map."""
    return points(places, academy_id=[chr(97 + i) for i in range(len(places))])


def test_stretches_end_at_the_cutoff_on_both_sides(tmp_path: Path) -> None:
    """Four minutes at 15 km/h are a kilometre either way along a straight street."""
    drawn = RoadMap({"a": (0, 0), "b": (3000, 0)}, [("a b", STREET)])
    network = drawn.network(tmp_path)
    middle = drawn.between("a", "b", 0.5)
    _, _, stretches = stretches_of(network, at(middle), 4, 15)
    assert total_m(stretches) == pytest.approx(2000, rel=1e-3)
    xs = stretches[:, [0, 2]]
    assert (xs.min(), xs.max()) == pytest.approx((middle[0] - 1000, middle[0] + 1000), abs=1)


def test_walking_leg_shortens_the_reach(tmp_path: Path) -> None:
    """An academy 78 m off the road costs a minute on foot: a quarter kilometre less either way."""
    drawn = RoadMap({"a": (0, 0), "b": (3000, 0)}, [("a b", STREET)])
    network = drawn.network(tmp_path)
    x, y = drawn.between("a", "b", 0.5)
    _, _, stretches = stretches_of(network, at((x, y + 78)), 4, 15)
    assert total_m(stretches) == pytest.approx(1500, rel=2e-3)


@pytest.mark.parametrize("path", ["a b c d", "d c b a"])
def test_waits_shorten_the_reach(tmp_path: Path, path: str) -> None:
    """A minute at a signal 600 m away: of the kilometre in four minutes 750 m are left.

    Past a side street, so that the signal lies inside another edge than the academy.
    """
    nodes = {"x": (-200, 0), "a": (0, 0), "b": (500, 0), "c": (1500, 0), "d": (3000, 0)}
    ways = [(path, STREET), ("x a", STREET), ("a y", STREET)]
    drawn = RoadMap(nodes | {"y": (0, 50)}, ways, {"b": "highway=traffic_signals"})
    network = drawn.network(tmp_path)
    assert network.edges == 3
    sites = snap_points(network, *(np.array([value]) for value in drawn.between("x", "a", 0.5)))
    rider = Rider(network, network.travel_times(15, waits_s={SIGNAL: 60}), minutes_to_ms(4))
    seed_node, seed_ms, *_ = rider.find_seeds(sites)
    label = label_nearest(
        rider.arcs, seed_node, pack_labels(seed_ms, seed_ms * 0), rider.horizon_ms
    )
    stretches = reached_stretches(rider, sites, unpack_labels(label)[0], rider.horizon_ms)
    assert total_m(stretches) == pytest.approx(100 + 50 + 750, rel=1e-3)
    assert stretches[:, [0, 2]].max() == pytest.approx(drawn.at("a")[0] + 650, abs=1)


def test_isochrone_lies_where_children_come_from(tmp_path: Path) -> None:
    """On a one-way street the ground before the academy is reached, not that behind it."""
    ring = {"a": (0, 0), "b": (3000, 0), "c": (3000, 2000), "d": (0, 2000)}
    drawn = RoadMap(ring, [("a b c d a", f"{STREET} oneway=yes foot=no")])
    network = drawn.network(tmp_path)
    middle = drawn.between("a", "b", 0.5)
    (area,) = isochrones(network, at(middle), minutes=[4], speed_kmh=15).geometry
    x, y = middle
    assert area.contains(shapely.points(x - 990, y))
    assert not area.contains(shapely.points(x + 100, y))
    assert area.bounds == pytest.approx((x - 1050, y - 50, x + 50, y + 50), abs=5)


def test_holes_are_kept(tmp_path: Path) -> None:
    """Inside a ring of streets there is ground out of reach of them: a hole in the isochrone."""
    ring = {"a": (0, 0), "b": (600, 0), "c": (600, 600), "d": (0, 600)}
    drawn = RoadMap(ring, [("a b c d a", STREET)])
    (area,) = isochrones(
        drawn.network(tmp_path), at(drawn.at("a")), minutes=[15], speed_kmh=15
    ).geometry
    (polygon,) = area.geoms
    (hole,) = polygon.interiors
    assert shapely.Polygon(hole).area == pytest.approx(500 * 500, rel=0.01)


def test_islands_are_kept(tmp_path: Path) -> None:
    """Ground around two academies that do not meet is two polygons, the small one as well."""
    drawn = RoadMap({"a": (0, 0), "b": (5000, 0)}, [("a b", STREET)])
    network = drawn.network(tmp_path)
    two = at(drawn.between("a", "b", 0.2), drawn.between("a", "b", 0.9))
    (area,) = isochrones(network, two, minutes=[1], speed_kmh=15).geometry
    assert len(area.geoms) == 2
    for part in area.geoms:
        assert part.area == pytest.approx(500 * 100 + np.pi * 50**2, rel=0.02)


def test_tiny_reach_still_has_ground(tmp_path: Path) -> None:
    """A road reached for a moment only, 2.5 m either way, is a disc of 50 m, not nothing."""
    drawn = RoadMap({"a": (0, 0), "b": (5000, 0)}, [("a b", STREET)])
    (area,) = isochrones(
        drawn.network(tmp_path), at(drawn.between("a", "b", 0.5)), minutes=[0.01], speed_kmh=15
    ).geometry
    assert area.area == pytest.approx(np.pi * 50**2 + 5 * 100, rel=0.02)


def test_isochrone_follows_no_road_that_is_not_reached(tmp_path: Path) -> None:
    """A street past a gap that cannot be crossed is outside, however near."""
    nodes = {"a": (0, 0), "b": (1000, 0), "c": (1120, 0), "d": (3000, 0), "e": (2000, 4000)}
    ways = [("a b", STREET), ("c d", STREET), ("a e d", STREET)]
    drawn = RoadMap(nodes, ways)
    (area,) = isochrones(
        drawn.network(tmp_path), at(drawn.at("b")), minutes=[4], speed_kmh=15
    ).geometry
    assert area.bounds[2] == pytest.approx(drawn.at("b")[0] + 50, abs=3)


def test_bounds_come_in_any_order(tmp_path: Path) -> None:
    """Three bands, whatever the order and what is named twice; no bound of 0 or less."""
    drawn = RoadMap({"a": (0, 0), "b": (5000, 0)}, [("a b", STREET)])
    network = drawn.network(tmp_path)
    here = points([drawn.at("a")], academy_id=["x"])
    for draw in (isochrones, catchments):
        rising = draw(network, here, minutes=(5, 10, 15), speed_kmh=15, cell_m=50)
        mixed = draw(network, here, minutes=(15, 5, 10, 5.0), speed_kmh=15, cell_m=50)
        assert mixed["minutes_to"].tolist() == [5, 10, 15]
        assert_geodataframe_equal(mixed, rising)
        for wrong in ((), (0, 5), (-1,), (float("nan"),), (float("inf"),)):
            with pytest.raises(ValueError, match="minutes must be numbers above 0"):
                draw(network, here, minutes=wrong, speed_kmh=15)


def test_siblings_take_the_same_academies(tmp_path: Path) -> None:
    """Without `academy_id` the index names them; an id there twice is refused, and no CRS."""
    drawn = RoadMap({"a": (0, 0), "b": (5000, 0)}, [("a b", STREET)])
    network = drawn.network(tmp_path)
    here = points([drawn.at("a"), drawn.at("b")])
    both = catchments(network, here, minutes=(5,), speed_kmh=15, cell_m=50)
    assert both["academy_id"].tolist() == ["0", "1"]
    with pytest.raises(ValueError, match="'x' is there twice"):
        catchments(network, here.assign(academy_id="x"), minutes=(5,), speed_kmh=15)
    for draw in (isochrones, catchments):
        with pytest.raises(ValueError, match="academies: has no CRS"):
            draw(network, here.set_crs(None, allow_override=True), speed_kmh=15)


def test_surface_can_be_switched_off(tmp_path: Path) -> None:
    """Without surfaces cobbles are ridden as asphalt, and the isochrone reaches farther."""
    drawn = RoadMap({"a": (0, 0), "b": (3000, 0)}, [("a b", f"{STREET} surface=sett")])
    network = drawn.network(tmp_path)
    here = at(drawn.at("a"))
    how = {"minutes": [4], "speed_kmh": 15}
    rough = isochrones(network, here, **how).total_bounds
    flat = isochrones(network, here, **how, surface=False).total_bounds
    child = points([drawn.at("b")])
    slow, quick = (
        access(network, here, child, speed_kmh=how["speed_kmh"], cutoff_min=60, surface=on)
        for on in (True, False)
    )
    assert round(quick["travel_time_s"][0] * 1000) == drawn.ms("a b", how["speed_kmh"])
    assert slow["travel_time_s"][0] > 1.5 * quick["travel_time_s"][0]
    assert rough[2] - rough[0] == pytest.approx(1000 * 10 / 18 + 100, abs=5)
    assert flat[2] - flat[0] == pytest.approx(1000 + 100, abs=5)


def test_without_an_academy_on_the_roads_there_is_no_isochrone(tmp_path: Path) -> None:
    """No academies, or none near a road: an empty table with its columns and CRS."""
    drawn = RoadMap({"a": (0, 0), "b": (1000, 0)}, [("a b", STREET)])
    network = drawn.network(tmp_path)
    x, y = drawn.at("a")
    for academies in (at(), at((x, y + 2000))):
        areas = isochrones(network, academies, speed_kmh=15)
        assert areas.empty
        assert {"academy_id", "minutes_from", "minutes_to", "geometry"} <= set(areas.columns)
        assert areas[["minutes_from", "minutes_to", "area_km2"]].dtypes.eq("float64").all()
        assert areas.crs == CRS


def test_academies_without_crs_are_refused(tmp_path: Path) -> None:
    """Coordinates of unknown meaning are never guessed at."""
    drawn = RoadMap({"a": (0, 0), "b": (1000, 0)}, [("a b", STREET)])
    unknown = at(drawn.at("a")).set_crs(None, allow_override=True)
    with pytest.raises(ValueError, match=r"CRS|crs|naive"):
        isochrones(drawn.network(tmp_path), unknown, speed_kmh=15)
