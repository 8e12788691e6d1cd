"""Facts about the piece of roads around a place: each time over it is that over all roads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import hand
import lattice
import numpy as np
import pytest
import shapely

from stemgeo.access.search import UNREACHED
from stemgeo.access.travellers import StraightLine, find_pace, list_travellers
from stemgeo.explore.board import list_cells
from stemgeo.explore.ground import SearchGround
from stemgeo.measure import Prepared
from stemgeo.network.window import SQUARE_M
from stemgeo.study import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stemgeo.access.travellers import OverNetwork
    from stemgeo.measure import Traveller
    from stemgeo.network.graph import Network

WAITS = {"signal_s": 20, "crossing_s": 5, "barrier_s": 10}
KINDS: dict[str, dict[str, Any]] = {
    "roads near at hand": {"snap_limit_m": 60},
    "waits, roads far off": {"busy_crossings": "push", "snap_limit_m": 1500, **WAITS},
    "slow riders, a fast ferry": {
        "ferries": True,
        "ferry_wait_min": 0,
        "speed_kmh": 6,
        "cutoff_min": 8,
    },
    "pavements": {"pavements_under_10": True, "cutoff_min": 3},
    "on foot": {"mode": "foot", "cutoff_min": 9},
    "an hour": {"cutoff_min": 60},
}
POINTS = 600


@dataclass(frozen=True)
class Whole:
    """Who travels over all roads, and the same in squares."""

    travellers: list[Traveller]
    ground: SearchGround
    points: gpd.GeoDataFrame


def square_up(roads: Network | None, **travel: Any) -> Whole:
    """Prepare the town for a study of such travel."""
    source = "straight-line" if roads is None else "stad.osm"
    choices = {"cutoff_min": 4} | travel
    if "speed_kmh" in choices:
        choices["speed_kmh"] = dict.fromkeys(SCENARIOS, choices["speed_kmh"])
    study = hand.study(
        source, addresses="adressen.csv", demand={"method": "buildings"}, travel=choices
    )
    cells = list_cells(study)
    inputs = lattice.inputs(POINTS, 4)
    prepared = Prepared.from_inputs(study, inputs, roads, [cell.ages[0] for cell in cells])
    travellers = list_travellers(study, roads, inputs.academies, prepared.points)
    ground = SearchGround.from_travellers(travellers, prepared.points, cells)
    return Whole(travellers, ground, prepared.points)


@pytest.fixture(scope="module")
def roads(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Network]:
    """The roads of the town, as one rides and as one walks."""
    folder = tmp_path_factory.mktemp("roads")
    return {mode: lattice.network(folder, mode) for mode in ("bicycle", "foot")}  # type: ignore[arg-type]


@pytest.fixture(scope="module", params=KINDS)
def whole(request: pytest.FixtureRequest, roads: dict[str, Network]) -> Whole:
    """The town, travelled in each way."""
    travel = KINDS[request.param]
    return square_up(roads[travel.get("mode", "bicycle")], **travel)


def list_spots() -> gpd.GeoDataFrame:
    """List places within squares and on their borders, at the land's edge and beyond all roads."""
    border = np.array([2, 4]) * SQUARE_M + (hand.X0, hand.Y0)
    at = [
        *(shapely.Point(border + off) for off in ((0, 0), (-1e-3, 0), (0, -1e-3), (500, 0))),
        *(shapely.Point(border + off) for off in ((-1e-3, 700), (0, 700))),
        hand.spot(2, lattice.STRAIGHT * lattice.SPACING_KM),
        hand.spot(0, 0),
        hand.spot(lattice.WIDE_KM, lattice.WIDE_KM),
        hand.spot(-0.4, 3),
        hand.spot(lattice.WIDE_KM + 1.2, 2),
        hand.spot(30, -20),
        hand.spot(lattice.RIVER * lattice.SPACING_KM - 0.06, lattice.FERRY * lattice.SPACING_KM),
        *lattice.spots(np.random.default_rng(3), 6),
    ]
    return hand.academies({f"P{number:02}": one for number, one in enumerate(at)})


def list_rides(whole: Whole) -> Iterator[tuple[OverNetwork, Any]]:
    """List who rides, and how: each once."""
    travel = whole.travellers[0].study.travel
    for one in whole.travellers:
        assert not isinstance(one, StraightLine)
        for pace in dict.fromkeys(
            find_pace(travel, cell, speed)
            for cell in whole.ground.cells
            for speed in ("low", "high")
        ):
            yield one, pace


def test_times_over_a_piece_are_those_over_all_roads(whole: Whole) -> None:
    """From each place to each point, to the millisecond; who is not in the piece is too far."""
    minutes, one_place = whole.travellers[0].study.travel.cutoff_min, np.zeros(1, np.intp)
    spots, reached = list_spots(), 0
    places = [spots.iloc[[row]] for row in range(len(spots))]
    windows = [whole.ground.near(one.geometry.iloc[0].x, one.geometry.iloc[0].y) for one in places]
    of_all = [whole.travellers[0].tie_places(place) for place in places]  # type: ignore[union-attr]
    for one, pace in list_rides(whole):
        rider = one.find_rider(pace, minutes)
        for place, window, ties_of_all in zip(places, windows, of_all, strict=True):
            all_roads = rider.find_nearest(ties_of_all, one.places, one_place)
            here = window.travellers[one.profile]
            assert not isinstance(here, StraightLine)
            found = np.full(len(all_roads), UNREACHED)
            found[window.point] = here.find_rider(pace, minutes).find_nearest(
                window.place, here.places, one_place
            )
            np.testing.assert_array_equal(found, all_roads)
            np.testing.assert_array_equal(
                window.list_reached(one.profile, pace), np.flatnonzero(found != UNREACHED)
            )
            reached += int((found != UNREACHED).sum())
            off = (
                whole.ground.x - place.geometry.iloc[0].x,
                whole.ground.y - place.geometry.iloc[0].y,
            )
            assert (np.hypot(*off)[found != UNREACHED] <= whole.ground.farthest_m).all()
    assert reached > 5 * len(spots)


def test_a_piece_is_smaller_than_the_land(roads: dict[str, Network]) -> None:
    """Else the facts above would say nothing: most is left out; and of an hour only islands."""
    near, far = (square_up(roads["bicycle"], cutoff_min=minutes).ground for minutes in (4, 60))
    at = hand.spot(lattice.WIDE_KM, lattice.WIDE_KM)
    assert len(near.near(at.x, at.y).point) < POINTS / 2
    assert len(far.near(at.x, at.y).point) > 0.9 * len(far.x)


def test_ferries_widen_a_piece_where_they_are_taken(roads: dict[str, Network]) -> None:
    """A fast one carries a slow rider farther than the rider's own speed."""
    without, taken = (
        square_up(roads["bicycle"], speed_kmh=6, **ferries).ground.farthest_m
        for ferries in ({}, {"ferries": True, "ferry_wait_min": 0})
    )
    assert without < taken


def test_a_place_without_roads_reaches_nobody(whole: Whole) -> None:
    """The piece around it is empty, and nothing fails."""
    window = whole.ground.near(*hand.spot(60, 60).coords[0])
    assert not len(window.point)
    assert np.isnan(window.snap_m or 0)
    for one, pace in list_rides(whole):
        assert not len(window.list_reached(one.profile, pace))


def test_a_straight_line_is_as_far_in_a_piece() -> None:
    """Without roads a piece holds points alone, and reaches those that the whole reaches."""
    whole = square_up(None)
    (first,) = whole.travellers
    travel, spots = first.study.travel, list_spots()
    for row in range(len(spots)):
        place = spots.iloc[[row]]
        window = whole.ground.near(place.geometry.iloc[0].x, place.geometry.iloc[0].y)
        for cell in whole.ground.cells[::5]:
            pace = find_pace(travel, cell, "high")
            _, point, _ = first.list_served(place, pace, travel.cutoff_min, threads=1)
            found = window.list_reached("all", pace)
            np.testing.assert_array_equal(found, np.sort(point))
