"""Facts about what is drawn around a place: as a run draws it of an academy there."""

from __future__ import annotations

import hand
import numpy as np
import pytest
import shapely
from explore.town import OpenTown, write_town

import stemgeo as sg
from stemgeo.access.travellers import draw_study_isochrones
from stemgeo.explore import drawn
from stemgeo.explore.board import Board
from stemgeo.explore.meaning import Meaning
from stemgeo.facts import LAMBERT_72
from stemgeo.inputs.vectors import make_transformer

pytestmark = pytest.mark.usefixtures("read_once")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> OpenTown:
    """The town, opened; it is not changed."""
    return OpenTown.write(tmp_path_factory.mktemp("drawn") / "study")


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> OpenTown:
    """The town in a straight line."""
    return OpenTown.write(tmp_path_factory.mktemp("straight") / "study", straight_line=True)


def to_degrees(column: float, row: float) -> tuple[float, float]:
    """Give degrees of kilometres from the corner of the ground."""
    at = hand.spot(column, row)
    return make_transformer(LAMBERT_72, "EPSG:4326").transform(at.x, at.y)


@pytest.mark.parametrize("at", [(1.1, 1.2), (3.25, 3.0), (5.9, 0.1), (9.0, 0.2)])
def test_the_isochrone_is_that_of_a_run(town: OpenTown, at: tuple[float, float]) -> None:
    """Band by band the same ground, to the last corner."""
    placed = hand.academies({"N": hand.spot(*at)})
    measured = town.measure(placed, [])
    areas = draw_study_isochrones(
        measured.riders[0], town.prepared.points, town.prepared.cells, threads=1
    )
    theirs = areas[areas["academy_id"] == "N"]
    spot = hand.spot(*at)
    ours = drawn.draw_isochrone(town.board.ground, spot.x, spot.y)
    assert ours.notes == ()
    assert len(theirs)
    assert ours.areas["minutes_to"].tolist() == theirs["minutes_to"].tolist()
    assert ours.areas["area_km2"].tolist() == theirs["area_km2"].tolist()
    same = shapely.equals(ours.areas.geometry.to_numpy(), theirs.geometry.to_numpy())
    assert same.all()


def test_a_place_off_the_roads_is_reached_by_nobody(town: OpenTown) -> None:
    """It is said, and nothing is drawn."""
    spot = hand.spot(11, 5)
    found = Meaning.of(town.board).draw_isochrone(spot.x, spot.y)
    assert found.areas["features"] == []
    assert "has no usable road within 500 m; nobody reaches it" in str(found.notes[0])


def test_areas_are_written_in_degrees(town: OpenTown) -> None:
    """The same ground, as fine as a screen shows."""
    spot = hand.spot(1.1, 1.2)
    written = Meaning.of(town.board).draw_isochrone(spot.x, spot.y).areas
    areas = drawn.draw_isochrone(town.board.ground, spot.x, spot.y).areas
    to_metres = make_transformer("EPSG:4326", LAMBERT_72)
    for feature, area in zip(written["features"], areas.itertuples(), strict=True):
        assert feature["properties"]["minutes_to"] == area.minutes_to
        shape = shapely.geometry.shape(feature["geometry"])
        back = shapely.transform(shape, lambda at: np.stack(to_metres.transform(*at.T), axis=1))
        assert abs(back.area / area.geometry.area - 1) < 0.01


def test_in_a_straight_line_it_is_a_circle(straight: OpenTown) -> None:
    """Whoever lives in it comes there in time; it is said that no road was looked at."""
    spot, ground = hand.spot(3, 3), straight.board.ground
    found = drawn.draw_isochrone(ground, spot.x, spot.y)
    study = straight.board.study
    metres = study.output.isochrone_speed_kmh / 60 * 1000 / study.travel.detour_factor
    for area in found.areas.itertuples():
        reach = spot.hausdorff_distance(area.geometry)
        assert reach == pytest.approx(metres * area.minutes_to, rel=1e-3)
    assert "a circle: this study measures in a straight line" in str(found.notes[0])


def test_roads_are_told_by_how_quiet_they_are(town: OpenTown) -> None:
    """The busy road between the west and the middle, and streets on either side."""
    west, south = to_degrees(2.3, 0.8)
    east, north = to_degrees(4.2, 2.2)
    found = Meaning.of(town.board).draw_roads(west, south, east, north)
    lines = {
        one["properties"]["quiet"]: shapely.geometry.shape(one["geometry"])
        for one in found["features"]
    }
    assert set(lines) == {1, 4} or set(lines) == {2, 4}
    across = shapely.Point(to_degrees(3.25, 1.0))
    along = shapely.Point(to_degrees(2.75, 1.0))
    quiet = min(lines)
    assert lines[4].distance(across) < 1e-4 < lines[quiet].distance(across)
    assert lines[quiet].distance(along) < 1e-4 < lines[4].distance(along)


def test_who_walks_is_told_of_no_stress(
    town: OpenTown, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """On foot no road is too busy; the isochrone is that of a walk."""
    folder = tmp_path_factory.mktemp("walk") / "study"
    file = write_town(folder) / "study.toml"
    text = file.read_text(encoding="utf-8").replace("[gaps]", '[travel]\nmode = "foot"\n[gaps]')
    file.write_text(text, encoding="utf-8")
    meaning, spot = Meaning.of(Board.open(sg.load_study(folder))), hand.spot(3, 3)
    west, south = to_degrees(2.3, 0.8)
    lines = meaning.draw_roads(west, south, *to_degrees(4.2, 2.2))["features"]
    assert {one["properties"]["quiet"] for one in lines} == {drawn.WALKED}
    walked, ridden = (
        sum(
            shapely.geometry.shape(one["geometry"]).area
            for one in of.draw_isochrone(spot.x, spot.y).areas["features"]
        )
        for of in (meaning, Meaning.of(town.board))
    )
    assert 0 < walked < ridden / 4


def test_roads_of_a_large_window_are_not_drawn(town: OpenTown, straight: OpenTown) -> None:
    """It says why there are none: too large, or no roads at all."""
    west, south = to_degrees(0, 0)
    east, north = to_degrees(8, 3)
    assert Meaning.of(town.board).draw_roads(west, south, east, north) == {
        "type": "FeatureCollection", "features": [], "empty": "too large"
    }  # fmt: skip
    none = Meaning.of(straight.board).draw_roads(*to_degrees(1, 1), *to_degrees(2, 2))
    assert none["empty"] == "no roads"
