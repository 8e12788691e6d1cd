"""Facts about places to snap to: found by what is typed or what is near, and by no server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import hand
import pandas as pd
import pytest

from stemgeo.explore.snap_places import SnapPlaces, find_address, is_address, list_lacking
from stemgeo.inputs.placing import AddressBook, PlaceSources

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stemgeo.explore.snap_places import PlaceFound

TOWNS = hand.municipalities(
    {"42003": ("Oost-Vlaanderen", hand.square(0, 0, 8, 4)),
     "42028": ("Oost-Vlaanderen", hand.square(8, 0, 8, 4))}
).assign(name=["Berlare", "Zele"])  # fmt: skip
MAPPED = [
    ("school", "Basisschool Sint-Jozef", "", 1.0, 1.0),
    ("school", "Basisschool Sint-Jozef", "", 9.0, 1.0),
    ("library", "Bibliothèque Édouard", "Bibliotheek Eduard", 2.0, 2.0),
    ("school", "", "", 3.0, 3.0),
    ("school", "Buiten", "", 30.0, 30.0),
]


@pytest.fixture(scope="module")
def places() -> SnapPlaces:
    """Two candidates, and what the map has."""
    candidates = hand.academies({"K2": hand.spot(4, 1), "K1": hand.spot(5, 1)})
    rows = pd.DataFrame(MAPPED, columns=["kind", "name", "also", "x", "y"])
    rows = rows.assign(x=hand.X0 + rows["x"] * 1000, y=hand.Y0 + rows["y"] * 1000)
    return SnapPlaces(candidates.assign(municipality="Berlare"), rows, TOWNS)


def names(found: Sequence[PlaceFound]) -> list[str]:
    return [one.name for one in found]


def test_what_is_called_just_so_comes_first() -> None:
    """A municipality before the candidates that are called by it, however near these are."""
    near = hand.academies({"K1": hand.spot(4, 1), "K2": hand.spot(5, 1)})
    near = near.assign(name=["Zele - Dorp", "Zele - Hof"], municipality="Zele")
    found = SnapPlaces(near, None, TOWNS).find_named("zele", (hand.X0 + 4000, hand.Y0 + 1000))
    assert names(found) == ["Zele", "Zele - Dorp", "Zele - Hof"]


def test_what_the_roads_lack_is_said() -> None:
    """That there is no school and no library to find is said once, and not where there is one."""
    (told,) = list_lacking(None)
    assert told.to_text("nl").startswith("scholen en bibliotheken:")
    rows = pd.DataFrame(MAPPED, columns=["kind", "name", "also", "x", "y"])
    assert list_lacking(rows.iloc[:0]) == (told,)
    assert list_lacking(rows) == ()


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("bibliotheque edouard", "Bibliothèque Édouard"),
        ("ÉDOUARD", "Bibliothèque Édouard"),
        ("eduard bib", "Bibliothèque Édouard"),
        ("Bibliotek Edward", "Bibliothèque Édouard"),
        ("berl", "Berlare"),
        ("42028", "Zele"),
        ("K1", "Academie K1"),
        ("st-jozef zele", "Basisschool Sint-Jozef"),
        ("jozef", "Basisschool Sint-Jozef"),
    ],
)
def test_it_is_found_however_it_is_written(places: SnapPlaces, text: str, first: str) -> None:
    """Without accents or capitals, its words in any order, by another name, with slips."""
    assert names(places.find_named(text))[0] == first


def test_of_two_of_a_name_the_one_in_the_town_or_near_is_first(places: SnapPlaces) -> None:
    """The municipality may be typed; else the nearest is first."""
    assert places.find_named("sint-jozef zele")[0].place == "Zele"
    for column, town in ((1.5, "Berlare"), (8.5, "Zele")):
        near = hand.spot(column, 1)
        assert places.find_named("sint jozef", (near.x, near.y))[0].place == town


def test_what_lies_elsewhere_is_not_found(places: SnapPlaces) -> None:
    """A school beyond the municipalities of the study, and a word that names nothing."""
    assert "Buiten" not in names(places.find_named("Buiten"))
    assert places.find_named("qqqqwwww") == []
    assert places.find_named("jozef " * 200) == places.find_named("jozef")
    assert places.find_named("?") == places.find_named("b") == []


def test_nearness_alone_gives_the_nearest(places: SnapPlaces) -> None:
    """Whatever they are called, also not at all; no municipality is a place to stand."""
    at = hand.spot(3.1, 2.9)
    found = places.find_near(at.x, at.y)
    assert [one.kind for one in found][:2] == ["school", "library"]
    assert len(found) == 6
    assert "municipality" not in {one.kind for one in found}


def test_a_study_without_roads_has_its_candidates_and_municipalities() -> None:
    """There is no map to read schools of."""
    none = hand.academies({}).assign(municipality="")
    places = SnapPlaces(gpd.GeoDataFrame(none, crs=hand.CRS), None, TOWNS)
    assert names(places.find_named("zele")) == ["Zele"]
    assert places.find_near(hand.X0, hand.Y0) == []


# -- addresses --------------------------------------------------------------------------------


def sources() -> PlaceSources:
    """A street with two numbers."""
    rows = pd.DataFrame(
        {
            "street": "Kerkstraat",
            "house_number": ["2", "12"],
            "postcode": "9290",
            "municipality": "Berlare",
            "x": [hand.X0 + 1000.0, hand.X0 + 1100.0],
            "y": hand.Y0 + 1000.0,
        }
    )
    return PlaceSources(TOWNS, lambda: AddressBook("address_point", rows))


def test_an_address_is_found_in_the_files_of_the_study() -> None:
    """At its number, and where that is not known somewhere in its street, which is said."""
    found, notes = find_address("kerkstr. 12, 9290 Berlare", sources())
    assert (found[0].x, found[0].y, notes) == (hand.X0 + 1100, hand.Y0 + 1000, ())
    assert found[0].name == "Kerkstraat 12, 9290 Berlare"
    found, notes = find_address("Kerkstraat 4, Berlare", sources())
    assert len(found) == 1
    assert "the number is not known: somewhere in the street" in str(notes[0])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Kerkstraat 12", "needs its municipality or postcode"),
        ("Dorpstraat 1, 9290 Berlare", "is not in the files of the study"),
    ],
)
def test_why_an_address_is_not_found_is_said(text: str, why: str) -> None:
    """Never placed somewhere in its municipality instead."""
    found, notes = find_address(text, sources())
    assert found == []
    assert why in str(notes[0])


def test_a_name_is_no_address() -> None:
    """A street with a number is one."""
    assert is_address("Kerkstraat 12, Berlare")
    assert not is_address("Basisschool Sint-Jozef")
    assert not is_address("Berlare")
