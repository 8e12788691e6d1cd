"""Over tiles everyone finds what is found over the whole: every table, byte for byte."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import hand
import lattice
import numpy as np
import pandas as pd
import pytest
from drawn_edits import draw_table
from lying import label_nearest, shrink_halo
from network.maps import on

from stemgeo.access.travellers import OverNetwork, Pace, build_rider, find_pace
from stemgeo.gaps import find_gaps
from stemgeo.measure import Prepared, measure_day, measure_effects, measure_sensitivity
from stemgeo.network import Network
from stemgeo.network.osm import read_roads
from stemgeo.scale.cluster import open_cluster
from stemgeo.scale.on_workers import OnWorkers, open_units
from stemgeo.scale.over_tiles import InPlace, OverTiles, TiledRoads, Tiling
from stemgeo.scale.store import Store
from stemgeo.scale.tiles import FarthestRide, WayOfTravel
from stemgeo.siting.municipalities import candidate_municipalities
from stemgeo.siting.places import find_candidates
from stemgeo.times import measure_times
from stemgeo.uncertainty import measure_uncertainty

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stemgeo.network import TiedPoints

TRAVEL = {
    "cutoff_min": 4,
    "horizon_min": 12,
    "ferries": True,
    "pavements_under_10": True,
    "signal_s": 10,
    "profiles": ["all", "low_stress"],
    "busy_crossings": "push",
}
"""All that roads have; within the cutoff nobody crosses a fifth of the town."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Children at doors of the made town, on all roads and on quiet ones."""
    study = hand.study("wegen.osm", addresses="a", gaps={"min_children": 1}, travel=TRAVEL)
    network = lattice.network(tmp_path_factory.mktemp("stad"))
    return Prepared.from_inputs(study, lattice.inputs(600, 30), network)


def write_measured(prepared: Prepared) -> dict[str, str]:
    """Measure whom the academies of the day reach, and how long it takes: each table as CSV."""
    measured = measure_day(prepared, prepared.study.about.date, threads=1)
    tables = {
        "coverage": measured.coverage,
        "access": measured.access,
        "times": measure_times(prepared, measured, threads=1),
    }
    return {name: table.to_csv() for name, table in tables.items()}


def write_everything(prepared: Prepared) -> dict[str, str]:
    """Write whatever else a run asks of who travels: gaps, places, methods, each assumption."""
    measured = measure_day(prepared, prepared.study.about.date, threads=1)
    methods = measure_sensitivity(prepared, measured, threads=1)
    sure = measure_uncertainty(prepared, measured, methods, searched=True, threads=1)
    gaps = find_gaps(prepared, measured, threads=1)
    late = gaps.children[gaps.children["profile"] == "all"]
    places = find_candidates(prepared, measured)
    tables = {
        "gaps": gaps.table,
        "gap-children": gaps.children,
        "candidates": candidate_municipalities(prepared, measured, places.table, late, threads=1),
        "effects": measure_effects(prepared, measured, threads=1),
        "sensitivity": methods,
        "uncertainty": sure.bars,
    }
    assert [name for name, table in tables.items() if table.empty] == []
    return {name: table.to_csv() for name, table in tables.items()}


def in_tiles(prepared: Prepared, tiles: int) -> Prepared:
    """Give the same study, searched in tiles in this process."""
    return replace(prepared, over=Tiling(InPlace(), tiles))


def test_tables_do_not_depend_on_the_number_of_tiles(town: Prepared) -> None:
    """1, 16 and 64: coverage, access and minutes, on all roads and quiet ones, byte for byte."""
    whole = write_measured(town)
    for tiles in (1, 16, 64):
        found = write_measured(in_tiles(town, tiles))
        assert [name for name in whole if found[name] != whole[name]] == [], tiles


def test_whatever_else_a_run_asks_is_the_same(town: Prepared) -> None:
    """Gaps, their reasons, candidates, methods, effects and every bar of uncertainty."""
    whole, found = write_everything(town), write_everything(in_tiles(town, 6))
    assert [name for name in whole if found[name] != whole[name]] == []


def travel_both_ways(
    folder: Path, *, edits: bool = False, **travel: Any
) -> tuple[OverNetwork, OverTiles, Prepared]:
    """Give who travels over the made town by a mode, over the whole and over nine tiles."""
    network = lattice.network(folder, mode=travel.get("mode", "bicycle"))
    study = hand.study("wegen.osm", addresses="a", demand={"method": "buildings"}, travel=travel)
    prepared = Prepared.from_inputs(study, lattice.inputs(300, 20), network)
    changed = draw_table(network.restrict_to(), 5) if edits else None
    given = study, network, prepared.inputs.academies, prepared.points, changed
    tiling = Tiling(InPlace(), 9)
    return OverNetwork.from_study(*given), tiling(*given), prepared


@pytest.mark.parametrize(
    "travel",
    [
        {"mode": "e-bike", "cutoff_min": 3, "horizon_min": 10},
        {"mode": "foot", "cutoff_min": 10, "horizon_min": 45},
        {"cutoff_min": 4, "horizon_min": 13, "profiles": ["all", "low_stress"], "edits": True},
        {
            "cutoff_min": 3,
            "horizon_min": 9,
            "profiles": ["all", "quiet_1"],
            "busy_crossings": "end",
        },
    ],
    ids=["e-bike", "on foot", "edited roads", "no way across"],
)
def test_every_way_of_travelling_is_the_same(tmp_path: Path, travel: dict[str, Any]) -> None:
    """Each label, the three nearest and whom each academy has, by speed and profile."""
    whole, tiled, prepared = travel_both_ways(tmp_path, **travel)
    other = prepared.points.index.to_numpy()[::-3].copy()
    for profile in prepared.study.travel.profiles:
        one, two = whole.in_profile(profile), tiled.in_profile(profile)
        assert two.laid is not None
        assert len(two.laid.held) == 9
        for cell in prepared.cells[::2]:
            pace = find_pace(prepared.study.travel, cell, "high")
            asked: list[Callable[[OverNetwork], Any]] = [
                lambda by, cell=cell: by.find_nearest(cell, "low"),
                lambda by, cell=cell, pace=pace: by.find_three_nearest(cell, pace, 9.5),
                lambda by, cell=cell: by.for_some_points(other).find_nearest(cell, "high"),
                lambda by, pace=pace: by.list_served(by.academies, pace, 3, threads=1),
                lambda by, pace=pace: by.for_some_points(other).list_served(
                    by.academies, pace, 3.5, threads=1
                ),
            ]
            for number, ask in enumerate(asked):
                assert_same(ask(one), ask(two), number)


def assert_same(one: Any, two: Any, what: object) -> None:
    """Compare arrays, or tuples of them, with their kinds."""
    pairs = zip(one, two, strict=True) if isinstance(one, tuple) else [(one, two)]
    for a, b in pairs:
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b, err_msg=str(what))


def test_other_roads_than_those_that_were_cut_are_searched_whole(tmp_path: Path) -> None:
    """Who is given another network, as a road to come, is over no tiles; other points are cut."""
    whole, tiled, prepared = travel_both_ways(tmp_path, cutoff_min=4, horizon_min=10)
    network = draw_edited(whole.network)
    assert tiled.take_network(network).laid is None
    fewer = prepared.points.iloc[::2]
    moved = tiled.for_points(fewer)
    assert moved.laid is not None
    assert moved.laid is not tiled.laid
    for cell in prepared.cells[:2]:
        assert_same(
            whole.for_points(fewer).find_nearest(cell, "central"),
            moved.find_nearest(cell, "central"),
            "other points",
        )
        assert_same(
            whole.take_network(network).for_points(fewer).find_nearest(cell, "central"),
            moved.take_network(network).find_nearest(cell, "central"),
            "other roads",
        )


def draw_edited(network: Network) -> Network:
    """Give the same roads, all of them quiet."""
    return replace(network, stress_forward=np.ones_like(network.stress_forward))


# -- a city ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def city(extract_of: Callable[[str], Path]) -> Network:
    """The middle of Porto, with its ferries, signals, steps and roads of any length."""
    return Network.whole_from_roads(read_roads([extract_of("porto.osm.pbf")])).restrict_to(
        ferries=True
    )


def at_every_node(network: Network) -> TiedPoints:
    """Tie a point to each node that an edge begins at."""
    _, edge = np.unique(network.edge_start, return_index=True)
    return on(network.first_segment[edge], np.zeros(len(edge)))


def test_a_city_in_tiles_and_a_halo_of_75_percent_of_it(city: Network) -> None:
    """Every node of Porto as in the whole, in 6 rounds; of a smaller halo some are not."""
    random = np.random.default_rng(4)
    homes = at_every_node(city)
    sites = homes.take_points(random.choice(len(homes.snap_m), 20, replace=False))
    travel = hand.study("wegen.osm").travel.model_copy(update={"signal_s": 1.0})
    way = WayOfTravel(travel, (), "all", Pace(15.0))
    rider = build_rider(city, travel, "all", way.pace, 12)
    halo_m = FarthestRide.from_rider(rider).find_metres(2 * 60_000)
    expected = rider.find_nearest(sites, homes, np.arange(len(sites.snap_m)))
    laid = TiledRoads.lay(Tiling(InPlace(), 16), city, homes, halo_m)
    assert 120_000 <= laid.find_step(way) < 121_000
    np.testing.assert_array_equal(label_nearest(laid, sites, way, rider.horizon_ms), expected)
    wrong = label_nearest(shrink_halo(laid, 0.75), sites, way, rider.horizon_ms) != expected
    assert 0 < wrong.sum() < len(homes.snap_m) / 10


# -- workers ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small(town: Prepared) -> Prepared:
    """The made town with academies for all ages, at one speed, on all roads: few units."""
    every = town.inputs.academies.assign(min_age=pd.NA, max_age=pd.NA)
    travel = TRAVEL | {"speed_kmh": 12, "profiles": ["all"]}
    del travel["busy_crossings"]  # of quiet roads
    study = hand.study("wegen.osm", addresses="a", travel=travel)
    inputs = replace(town.inputs, academies=every.astype({"min_age": "Int64", "max_age": "Int64"}))
    return Prepared.from_inputs(study, inputs, town.ground.network)


@pytest.fixture(scope="module")
def expected(small: Prepared) -> dict[str, str]:
    """Its tables, from this process."""
    return write_measured(small)


@pytest.mark.enable_socket
@pytest.mark.parametrize("workers", [1, 4])
def test_tables_do_not_depend_on_the_number_of_workers(
    small: Prepared, expected: dict[str, str], tmp_path: Path, workers: int
) -> None:
    """Units of five tiles, done by threads that are workers: byte for byte the same."""
    store = Store(str(tmp_path))
    with (
        open_cluster("local", store, workers=workers, processes=False) as cluster,
        open_units(cluster) as units,
    ):
        assert write_measured(replace(small, over=Tiling(units, 5))) == expected


class Killing(OnWorkers):
    """Kills a worker when so many units have been handed over, in the middle of a round."""

    after = 60
    killed: tuple[int, ...] = ()

    def submit(self, work: Callable[..., Any], *given: Any) -> Any:
        """Hand a unit over; one of the workers that may do it is no more."""
        self.after -= 1
        if self.after == 0:
            (first, *_) = self.cluster.client.run(os.getpid).values()
            os.kill(first, signal.SIGKILL)
            self.killed = (first,)
        return super().submit(work, *given)


@pytest.mark.enable_socket
def test_a_worker_killed_in_between_changes_nothing(
    small: Prepared, expected: dict[str, str], tmp_path: Path
) -> None:
    """Of two processes one is killed in the middle of a round: the other does its units again."""
    store = Store(str(tmp_path))
    with open_cluster("local", store, workers=2) as cluster:
        units = Killing(cluster, store)
        assert write_measured(replace(small, over=Tiling(units, 5))) == expected
        assert units.killed
