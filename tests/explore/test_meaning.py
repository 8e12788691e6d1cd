"""Facts about what a page asks of an opened study: whole, in a form that can be sent."""

from __future__ import annotations

import json

import hand
import pytest
from explore.town import OpenTown

from stemgeo.explore.meaning import Meaning
from stemgeo.facts import LAMBERT_72
from stemgeo.inputs.vectors import make_transformer

pytestmark = pytest.mark.usefixtures("read_once")


@pytest.fixture(scope="module", params=[False, True], ids=["over roads", "in a straight line"])
def town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> OpenTown:
    """The town, opened; it is not changed."""
    folder = tmp_path_factory.mktemp("meaning") / "study"
    return OpenTown.write(folder, straight_line=request.param)


def test_all_of_it_can_be_sent(town: OpenTown) -> None:
    """Plain numbers and text, and notes that speak each language."""
    meaning, spot = Meaning.of(town.board), hand.spot(3, 3)
    change = town.board.change(hand.academies({"N": spot}))
    gaps = [one._asdict() for one in meaning.list_gaps(change)]
    best, cost = meaning.find_best(change, "all"), meaning.tell_cost(change)
    found = meaning.find_places("linde"), meaning.find_places("", (spot.x, spot.y))
    areas = meaning.draw_isochrone(spot.x, spot.y)
    assert best.place is not None
    told = [gaps, best.place, cost[:5], [one.places for one in found], areas.areas]
    assert json.loads(json.dumps(told))[0] == gaps
    assert all(note.to_text("nl") and note.to_text("fr") for note in areas.notes)


def test_a_best_place_is_where_its_candidate_is(town: OpenTown) -> None:
    """With its municipality and its ages."""
    board = town.board
    place = Meaning.of(board).find_best(board.change(), "all").place
    assert place is not None
    candidate = board.beside.candidates.set_index("academy_id").loc[place["id"]]
    x, y = make_transformer("EPSG:4326", LAMBERT_72).transform(place["lon"], place["lat"])
    assert candidate.geometry.distance(hand.shapely.Point(x, y)) < 0.02
    assert place["nis_code"] == candidate["nis_code"]
    assert place["name"] == candidate["name"]


def test_the_best_place_of_a_province_lies_there(town: OpenTown) -> None:
    """Of each: it brings as many as its candidate does; a province without any has none."""
    board, meaning = town.board, Meaning.of(town.board)
    adds = board.beside.best.add_up(board.change().moves, "all")
    by_province = board.beside.candidates.assign(adds=adds).groupby("province")["adds"].max()
    for province, most in by_province.items():
        place = meaning.find_best(board.change(), "all", str(province)).place
        assert (place or {}).get("children", 0) == most
    assert meaning.find_best(board.change(), "all", "Elders").place is None


def test_schools_are_those_of_the_map(town: OpenTown) -> None:
    """And of a study without roads there is no map: its candidates are there still."""
    meaning = Meaning.of(town.board)
    schools = [one for one in meaning.find_places("de linde").places if one["kind"] == "school"]
    assert [one["name"] for one in schools] == (
        [] if town.board.study.straight_line else ["Basisschool De Linde"]
    )
    assert meaning.find_places("sporthal").places[0]["id"] == "K3"


def test_what_is_not_found_is_said(town: OpenTown) -> None:
    """A name that nothing has; an address where no file has any."""
    meaning = Meaning.of(town.board)
    nothing = meaning.find_places("qqqqwwww")
    assert nothing.places == []
    assert "nothing found by that name" in str(nothing.notes[0])
    address = meaning.find_places("Kerkstraat 12, Aartselaar")
    said = "no file with addresses" if town.board.study.straight_line else "is not in the files"
    assert said in str(address.notes[0])
    assert meaning.find_places("").places == []


def test_an_address_of_the_map_is_a_place(town: OpenTown) -> None:
    """At its number; it comes before whatever is called alike."""
    found = Meaning.of(town.board).find_places("Dorp 7, 2630 Aartselaar")
    if not town.board.study.straight_line:
        place = found.places[0]
        assert (place["kind"], place["name"]) == ("address", "Dorp 7, 2630")
        x, y = make_transformer("EPSG:4326", LAMBERT_72).transform(place["lon"], place["lat"])
        assert hand.spot(2.5, 2.5).distance(hand.shapely.Point(x, y)) < 0.02


def test_a_file_of_addresses_that_is_gone_is_said(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Of the study as it was opened all else is found still: in one note, by the file's name."""
    folder = tmp_path_factory.mktemp("gone") / "study"
    board = OpenTown.write(folder).board
    (folder / "wegen.osm").unlink()
    meaning = Meaning.of(board)
    (note,) = meaning.find_places("Dorp 7, 2630 Aartselaar").notes
    assert meaning.find_places("linde").places[0]["name"] == "Basisschool De Linde"
    assert "wegen.osm: No such file" in note.to_text("en")
    assert "start the explorer anew" in note.to_text("en")
