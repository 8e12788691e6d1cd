"""The catchment of each academy: its own isochrones, and the children in them by time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import replace
from functools import cache
from itertools import combinations
from threading import Event
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import hand
import numpy as np
import pandas as pd
import pytest
import shapely
from network.maps import CRS, RoadMap, points

from stemgeo.access import contours
from stemgeo.access import doors as doors_module
from stemgeo.access.areas import catchments, isochrones
from stemgeo.access.riding import access
from stemgeo.access.search import UNREACHED, pack_labels, unpack_labels
from stemgeo.access.travel_time import Rider, minutes_to_ms
from stemgeo.access.travellers import OverNetwork, Pace, draw_study_isochrones
from stemgeo.demand import cut_age_cells
from stemgeo.network import Network, TiedPoints, snap_points
from stemgeo.network.osm import read_roads

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Longs = NDArray[np.int64]

VILLAGES = ("berlare.osm", "wechelderzande.osm.pbf")
PROFILES = ("all", "low_stress")
STREET = "highway=residential"
MINUTES = (2.0, 4.0, 6.0)
KMH = 12.0

NetworkOf = Callable[[str, str], Network]


@pytest.fixture(scope="module")
def network_of(shared_data: Path) -> NetworkOf:
    """Read each extract once and restrict it to each profile once."""
    whole = cache(lambda name: Network.whole_from_roads(read_roads([shared_data / "osm" / name])))
    return cache(lambda name, profile: whole(name).restrict_to(profile))


def near_the_middle(network: Network, count: int, seed: int, off_m: float) -> np.ndarray:
    """Draw places near the middle of a network, some metres off its roads."""
    rng = np.random.default_rng(seed)
    edge = np.unique(network.segment_edge[network.door])
    used = np.unique([network.edge_start[edge], network.edge_end[edge]])
    x, y = network.node_x[used], network.node_y[used]
    away = np.hypot(x - np.median(x), y - np.median(y))
    near = rng.choice(np.argsort(away)[: len(used) // 2], count)
    return np.stack([x[near], y[near]]) + rng.normal(0, off_m, (2, count))


def academies_in(network: Network) -> gpd.GeoDataFrame:
    """Place four academies; the last two stand on one spot."""
    x, y = near_the_middle(network, 4, seed=5, off_m=10)
    x[3], y[3] = x[2], y[2]
    ids = ["c", "a", "b", "d"]
    return gpd.GeoDataFrame({"academy_id": ids}, geometry=shapely.points(x, y), crs=network.crs)


def places(network: Network, at: gpd.GeoDataFrame) -> TiedPoints:
    """Tie points to a network."""
    return snap_points(network, at.geometry.x.to_numpy(), at.geometry.y.to_numpy())


# --- polygons -----------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("extract", VILLAGES)
def test_catchment_is_the_isochrone_of_the_academy_alone(
    network_of: NetworkOf, extract: str, profile: str
) -> None:
    """Band by band the same ground, in the order of the academies, with their ids."""
    network = network_of(extract, profile)
    academies = academies_in(network)
    areas = catchments(network, academies, minutes=MINUTES, speed_kmh=KMH)
    assert list(dict.fromkeys(areas["academy_id"])) == academies["academy_id"].tolist()
    for i, academy_id in enumerate(academies["academy_id"]):
        mine = areas[areas["academy_id"] == academy_id]
        alone = isochrones(network, academies.iloc[[i]], minutes=MINUTES, speed_kmh=KMH)
        assert mine["minutes_from"].tolist() == alone["minutes_from"].tolist() == [0.0, 2.0, 4.0]
        assert mine["minutes_to"].tolist() == alone["minutes_to"].tolist()
        for one, other in zip(mine.geometry, alone.geometry, strict=True):
            assert shapely.symmetric_difference(one, other).area < 1e-3
    same = [areas[areas["academy_id"] == one].geometry.to_list() for one in ("b", "d")]
    assert same[0] == same[1]


@pytest.mark.parametrize("extract", VILLAGES)
def test_bands_of_a_catchment_nest_without_overlap(network_of: NetworkOf, extract: str) -> None:
    """Valid MultiPolygons that share no ground; areas are those of the polygons."""
    areas = catchments(
        network_of(extract, "all"),
        academies_in(network_of(extract, "all")),
        minutes=MINUTES,
        speed_kmh=KMH,
    )
    assert areas.is_valid.all()
    assert set(areas.geom_type) == {"MultiPolygon"}
    assert areas["area_km2"].tolist() == (areas.area / 1e6).tolist()
    for _, mine in areas.groupby("academy_id"):
        for one, two in combinations(mine.geometry, 2):
            assert shapely.intersection(one, two).area < 1e-3
        inner = shapely.union_all(mine.geometry[mine["minutes_to"] < 6].to_numpy())
        assert inner.area == pytest.approx(mine.geometry.area.iloc[:2].sum(), rel=1e-6)


@pytest.mark.parametrize("extract", VILLAGES)
def test_catchments_together_are_the_isochrone_of_the_nearest(
    network_of: NetworkOf, extract: str
) -> None:
    """Where some academy is in reach the nearest is: the union of all is the whole, per bound."""
    network = network_of(extract, "all")
    academies = academies_in(network)
    every = catchments(network, academies, minutes=MINUTES, speed_kmh=KMH)
    nearest = isochrones(network, academies, minutes=MINUTES, speed_kmh=KMH)
    for stop in MINUTES:
        together, whole = (
            shapely.union_all(table.geometry[table["minutes_to"] <= stop].to_numpy())
            for table in (every, nearest)
        )
        # Contours of the same corners: between two academies they join up to half a cell apart.
        overlap = shapely.intersection(together, whole).area
        assert overlap / shapely.union(together, whole).area > 0.999


def test_academy_off_the_roads_has_no_catchment(tmp_path: Path) -> None:
    """It is left out; the others keep theirs."""
    drawn_map = RoadMap({"a": (0, 0), "b": (1000, 0)}, [("a b", STREET)])
    (x, y), far = drawn_map.at("a"), (drawn_map.at("a")[0], drawn_map.at("a")[1] + 501)
    sites = points([far, (x, y)], academy_id=["far", "near"])
    areas = catchments(drawn_map.network(tmp_path), sites, minutes=[1], speed_kmh=KMH)
    assert areas["academy_id"].tolist() == ["near"]
    none = catchments(drawn_map.network(tmp_path), sites.iloc[:1], minutes=[1], speed_kmh=KMH)
    assert none.empty
    assert none.crs == CRS


# --- whom each academy serves -------------------------------------------------------------------


def pairs(
    rider: Rider, sites: TiedPoints, doors: TiedPoints, threads: int = 2
) -> tuple[Longs, ...]:
    """Give academy, door and time of all that `served` lists, by academy and then by door."""
    offsets, door, ms = rider.list_served(sites, doors, threads=threads)
    site = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    order = np.lexsort((door, site))
    return site[order], door[order], ms[order].astype(np.int64)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("extract", VILLAGES)
@pytest.mark.parametrize("waits_s", [None, {1: 30.0, 2: 10.0, 3: 5.0}])
def test_the_least_of_the_pairs_is_the_nearest(
    network_of: NetworkOf, extract: str, profile: str, waits_s: dict[int, float] | None
) -> None:
    """For 400 doors: the same time and, of equally near academies, the same smallest number."""
    network = network_of(extract, profile)
    sites = places(network, academies_in(network))
    doors = snap_points(network, *near_the_middle(network, 400, seed=6, off_m=60))
    doors = doors.untie_points(np.arange(400) % 50 == 0)
    rider = Rider(network, network.travel_times(KMH, waits_s=waits_s), minutes_to_ms(6))
    label = rider.find_nearest(sites, doors, np.arange(4))
    site, point, ms = pairs(rider, sites, doors)
    least = np.full(400, UNREACHED)
    np.minimum.at(least, point, pack_labels(ms, site))
    np.testing.assert_array_equal(least, label)
    rank = unpack_labels(label)[1][label != UNREACHED]
    assert set(rank) == {0, 1, 2}  # the fourth stands where the third does
    assert (label == UNREACHED).sum() > 8


def test_a_door_is_served_once_by_an_academy(
    network_of: NetworkOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many ways lead to it; and the number of threads changes nothing, order included."""
    network = network_of("berlare.osm", "all")
    rider = Rider(network, network.travel_times(KMH), minutes_to_ms(6))
    doors = snap_points(network, *near_the_middle(network, 200, seed=6, off_m=60))
    sites = places(network, academies_in(network))
    site, point, ms = pairs(rider, sites, doors)
    found = list(zip(site.tolist(), point.tolist(), strict=True))
    assert len(found) == len(set(found))
    at_once = rider.list_served(sites, doors)
    monkeypatch.setattr(doors_module, "_AT_ONCE", 7)  # of doors too, in many blocks
    for threads in (1, 3, 9):
        for mine, other in zip(
            at_once,
            rider.list_served(sites, doors, threads=threads),
            strict=True,
        ):
            np.testing.assert_array_equal(mine, other)
    assert 0 <= ms.min() < ms.max() <= minutes_to_ms(6)


def test_without_academies_or_doors_there_are_no_pairs(network_of: NetworkOf) -> None:
    """Nothing on either side is an empty answer."""
    network = network_of("berlare.osm", "all")
    rider = Rider(network, network.travel_times(KMH), minutes_to_ms(6))
    some = places(network, academies_in(network))
    nothing = some.take_points(np.zeros(4, dtype=np.bool_))
    untied = some.untie_points(np.ones(4, dtype=np.bool_))
    for sites, doors in ((some, nothing), (nothing, some), (untied, some), (some, untied)):
        assert [len(part) for part in pairs(rider, sites, doors)] == [0, 0, 0]


def test_each_pair_is_the_access_to_that_academy_alone(network_of: NetworkOf) -> None:
    """On Berlare: time by time, and the same doors out of reach."""
    network = network_of("berlare.osm", "all")
    academies = academies_in(network)
    x, y = near_the_middle(network, 300, seed=7, off_m=60)
    doors = gpd.GeoDataFrame(geometry=shapely.points(x, y), crs=network.crs)
    rider = Rider(network, network.travel_times(KMH), minutes_to_ms(6))
    site, point, ms = pairs(rider, places(network, academies), places(network, doors))
    for i in range(4):
        table = access(network, academies.iloc[[i]], doors, speed_kmh=KMH, cutoff_min=6)
        reached = np.flatnonzero(table["status"] == "reached")
        assert point[site == i].tolist() == reached.tolist()
        assert (ms[site == i] / 1000).tolist() == table["travel_time_s"].iloc[reached].tolist()
        assert 20 < len(reached) < 300


# --- children -----------------------------------------------------------------------------------


def traveller_on(
    network: Network, profile: str, **travel: object
) -> tuple[OverNetwork, gpd.GeoDataFrame, tuple[object, ...]]:
    """Put 500 doors with children and four academies on a network in Lambert 72."""
    study = hand.study("wegen", travel=travel, output={"isochrone_minutes": [2, 4, 6]})
    table = academies_in(network.restrict_to(profile))
    register = hand.academies(dict(zip(table["academy_id"], table.geometry, strict=True)))
    cells = cut_age_cells(study.travel.bands, register, study.academies)
    x, y = near_the_middle(network.restrict_to(profile), 500, seed=8, off_m=60)
    doors = gpd.GeoDataFrame(
        {cell.column: np.arange(500) * (i + 3) % 7 for i, cell in enumerate(cells)},
        geometry=shapely.points(x, y),
        crs=CRS,
    )
    doors["outside_network"] = np.arange(500) % 100 == 0
    return OverNetwork.from_study(study, network, register, doors).in_profile(profile), doors, cells


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("travel", [{}, {"signal_s": 25, "crossing_s": 9, "surface": False}])
def test_children_in_a_band_are_those_whose_ride_takes_so_long(
    shared_data: Path, profile: str, travel: dict[str, object]
) -> None:
    """Counted door by door for each academy alone and for the nearest of all; never by polygon."""
    network = Network.whole_from_roads(read_roads([shared_data / "osm" / "berlare.osm"]))
    traveller, doors, cells = traveller_on(network, profile, **travel)
    areas = draw_study_isochrones(traveller, doors, cells, threads=2)
    assert areas.crs == CRS
    children = doors.filter(like="children_").sum(axis=1).to_numpy()
    rider = traveller.find_rider(Pace(KMH), 6)
    ids = traveller.academies["academy_id"].to_numpy()
    for academy_id in ("", *ids):
        others = (ids != academy_id) & (academy_id != "")
        label = rider.find_nearest(
            traveller.sites.untie_points(others), traveller.places, np.arange(4)
        )
        seconds = np.where(label == UNREACHED, np.inf, unpack_labels(label)[0] / 1000)
        mine = areas[areas["academy_id"] == academy_id].set_index("minutes_to")["children"]
        assert mine.index.tolist() == [2, 4, 6]
        within = [children[seconds <= minutes * 60].sum() for minutes in (2, 4, 6)]
        assert mine.cumsum().tolist() == within
        assert 0 < within[0] < within[2] < children.sum()


def test_children_in_a_band_are_those_of_the_access_table(shared_data: Path) -> None:
    """At the isochrones' speed, without waits: the access table tells the same story."""
    network = Network.whole_from_roads(read_roads([shared_data / "osm" / "berlare.osm"]))
    traveller, doors, cells = traveller_on(network, "all")
    areas = draw_study_isochrones(traveller, doors, cells, threads=2)
    inside = doors[~doors["outside_network"]]
    children = inside.filter(like="children_").sum(axis=1).to_numpy()
    for i, academy_id in enumerate(traveller.academies["academy_id"]):
        alone = traveller.academies.iloc[[i]]
        seconds = access(traveller.network, alone, inside, speed_kmh=KMH, cutoff_min=6)
        bands = pd.cut(seconds["travel_time_s"], [-1, 120, 240, 360])
        counted = pd.Series(children, index=inside.index).groupby(bands, observed=False).sum()
        mine = areas[areas["academy_id"] == academy_id]
        assert mine["children"].tolist() == counted.tolist()


def test_a_child_at_the_bound_is_in_the_inner_band(tmp_path: Path) -> None:
    """Whose ride takes just as long as the bound says, and in that one only; no time at all too."""
    roads = RoadMap({"a": (0, 0), "b": (3000, 0)}, [("a b", STREET)])
    network = Network.whole_from_roads(read_roads([roads.write(tmp_path)]))
    study = hand.study("wegen")
    register = hand.academies({"A": shapely.Point(roads.at("a"))})
    cells = cut_age_cells(study.travel.bands, register, study.academies)
    at = [roads.between("a", "b", share) for share in (0, 0.25, 0.26, 0.5)]
    columns = {cells[0].column: [1, 10, 100, 1000], "outside_network": False}
    columns |= {cell.column: 0 for cell in cells[1:]}
    doors = points(at, **columns)
    traveller = OverNetwork.from_study(study, network, register, doors)
    ms = unpack_labels(
        traveller.find_rider(Pace(12), 8).find_nearest(
            traveller.sites, traveller.places, np.arange(1)
        )
    )[0]
    assert ms[0] == 0
    for less, inner in ((0, 11), (1, 1)):
        bounds = [(int(ms[1]) - less) / 60_000, int(ms[3]) / 60_000]
        told = hand.study("wegen", output={"isochrone_minutes": bounds})
        areas = draw_study_isochrones(replace(traveller, study=told), doors, cells, threads=2)
        for academy_id in ("", "A"):
            mine = areas[areas["academy_id"] == academy_id]
            assert mine["children"].tolist() == [inner, 1111 - inner]


def test_children_whom_the_academy_does_not_serve_are_not_inside(shared_data: Path) -> None:
    """An academy for 12 to 17 has no younger child in its bands, nor in those of the nearest."""
    network = Network.whole_from_roads(read_roads([shared_data / "osm" / "berlare.osm"]))
    traveller, doors, cells = traveller_on(network, "all")
    register = traveller.academies.assign(min_age=12, max_age=17).astype(
        {"min_age": "Int64", "max_age": "Int64"}
    )
    older = draw_study_isochrones(replace(traveller, academies=register), doors, cells, threads=2)
    young = [cell.column for cell in cells if cell.ages[1] < 12]
    without = draw_study_isochrones(
        traveller, doors.assign(**dict.fromkeys(young, 0)), cells, threads=2
    )
    assert older["children"].tolist() == without["children"].tolist()
    assert (
        older["children"].sum()
        < draw_study_isochrones(traveller, doors, cells, threads=2)["children"].sum()
    )


@pytest.mark.parametrize("threads", [1, 2])
def test_drawing_that_is_stopped_begins_no_other_ground(
    shared_data: Path, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    """Who stops a run waits for the ground at hand alone, one a thread."""
    network = Network.whole_from_roads(read_roads([shared_data / "osm" / "berlare.osm"]))
    traveller, doors, cells = traveller_on(network, "all")
    stopped, drawn, trace_tile = Event(), [], contours._trace_tile

    def draw_and_stop(*given: Any) -> Any:
        drawn.append(given)
        stopped.set()
        return trace_tile(*given)

    monkeypatch.setattr(contours, "_trace_tile", draw_and_stop)
    with pytest.raises(CancelledError):
        draw_study_isochrones(traveller, doors, cells, threads=threads, stopped=stopped)
    assert 1 <= len(drawn) <= threads
