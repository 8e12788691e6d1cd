"""An academy without coordinates is placed where its address is, or refused: never somewhere else.

Small grounds made by hand hold each rule; the addresses of Berlare and those of the example hold
that hundreds of addresses, badly written, are placed rightly or not at all.
"""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import hand
import numpy as np
import openpyxl
import osmium
import pandas as pd
import pytest

from stemgeo import facts
from stemgeo.errors import Findings
from stemgeo.facts import LAMBERT_72
from stemgeo.inputs.academies import load_academies
from stemgeo.inputs.addresses import fold_street, parse_address
from stemgeo.inputs.boundaries import read_municipalities
from stemgeo.inputs.mapped_addresses import read_mapped_addresses
from stemgeo.inputs.placing import (
    AddressBook,
    Place,
    PlaceSources,
    Refused,
    Towns,
)
from stemgeo.study import AT_DOOR_M, BESIDE_M, BY_NUMBER_M, AcademyRules, Input

if TYPE_CHECKING:
    from collections.abc import Iterable

TOWNS = hand.municipalities(
    {"42003": ("Oost-Vlaanderen", hand.square(0, 0, 8, 4)),
     "42028": ("Oost-Vlaanderen", hand.square(8, 0, 8, 4))}
).assign(name=["Berlare", "Zele"])  # fmt: skip

BY_NAME = Towns(TOWNS)
"""Made once: it holds all of Flanders."""


def book(*rows: tuple[str, str, float, float], **more: Any) -> AddressBook:
    """Make a book of (street, number, kilometres east, kilometres north)."""
    table = pd.DataFrame(rows, columns=["street", "house_number", "x", "y"])
    at = {"x": hand.X0 + 1000 * table["x"], "y": hand.Y0 + 1000 * table["y"]}
    rest = {"postcode": "", "municipality": ""} | more
    return AddressBook("address_point", table.assign(**at, **rest))


def street(name: str, east: float, north: float, numbers: Iterable[int]) -> list[Any]:
    """Give the addresses of a street that runs east, 10 m for each number, even ones 20 m north."""
    return [(name, str(n), east + n / 100, north + (0.02 if n % 2 == 0 else 0)) for n in numbers]


VILLAGE = [
    *street("Kerkstraat", 1, 1, range(1, 41)),
    *street("Molenstraat", 1, 2, range(1, 21)),
    *street("Meulenstraat", 3, 2, range(1, 21)),
    *street("Dam", 5, 2, range(1, 9)),
    *street("Lange Steenweg", 1, 3, range(2, 200, 2)),
    ("Kerkstraat", "100A", 2.0, 1.0),
    *street("Kerkstraat", 9, 1, range(1, 11)),
    *street("Dorp", 9, 2, range(1, 6)),
    *street("Dorp", 13, 2, range(1, 6)),
]  # fmt: skip


def place(text: str, *rows: Any, **sources: Any) -> Place | Refused:
    """Place one address."""
    own = book(*(rows or VILLAGE))
    of = PlaceSources(TOWNS, **{"take_points": lambda: own, **sources})
    vars(of)["towns"] = BY_NAME
    (found,) = of.find_places([parse_address(text)])
    return found


def at(found: Place | Refused) -> tuple[float, float]:
    """Give kilometres east and north."""
    assert isinstance(found, Place), found
    return round((found.x - hand.X0) / 1000, 3), round((found.y - hand.Y0) / 1000, 3)


@pytest.mark.parametrize(
    ("text", "where", "score"),
    [
        ("Kerkstraat 12, Berlare", (1.12, 1.02), 100),
        ("KERKSTR. 12 bus 3, 9290 berlare", (1.12, 1.02), 100),
        ("Kerkstraat 12-14, Berlare", (1.12, 1.02), 100),
        ("Kerkstraet 12, Berlare", (1.12, 1.02), 90),
        ("Kekrstraat 12, Berlare", (1.12, 1.02), 90),
        ("Kerkstraat 100a, Berlare", (2.0, 1.0), 100),
        ("Kerkstraat 12B, Berlare", (1.12, 1.02), 95),
        ("Kerkstraat 3, Zele", (9.03, 1.0), 100),
    ],
)
def test_an_address_stands_at_its_number(text: str, where: tuple[float, float], score: int) -> None:
    """In its own municipality; a typing error costs of the score, a box and case do not."""
    found = place(text)
    assert (at(found), found[2]) == (where, "address_point")
    assert found[4] <= score
    assert (score == 100) == (found[4] == 100)


def test_two_typing_errors_in_a_short_name_are_too_many() -> None:
    """Nothing else is meant than what is a letter away: the municipality is left, and said."""
    for text in ("Kerkstaet 12, Berlare", "Damm 2, Berlare"):
        found = place(text)
        assert isinstance(found, Place)
        assert (found.placed_by, found.score) == ("municipality", 20)


def test_a_street_between_two_others_is_refused() -> None:
    """Both are as near: which is meant nobody can tell."""
    found = place("Moulenstraat 3, Berlare")
    assert found == Refused("its street may be 'Meulenstraat' or 'Molenstraat'")
    assert at(place("Molenstraat 3, Berlare")) == (1.03, 2.0)


def test_one_name_in_two_places_of_a_municipality_is_refused() -> None:
    """With its number or without; the postcode tells them apart."""
    two = [*street("Dorp", 9, 2, range(1, 6)), *street("Dorp", 13, 2, range(1, 6))]
    for text in ("Dorp 3, Zele", "Dorp, Zele", "Dorp 99, Zele"):
        found = place(text, *two)
        assert isinstance(found, Refused)
        assert found.what == "there are 2 streets of that name there, 4 km apart"
    own = book(*two, postcode=["9240"] * 5 + ["9241"] * 5)
    assert at(place("Dorp 3, 9241 Zele", take_points=lambda: own)) == (13.03, 2.0)
    wrong = place("Dorp 3, 9999 Zele", take_points=lambda: own)
    assert wrong == Refused("its street there has postcode 9240, 9241, not 9999")


def test_one_number_in_two_places_is_refused() -> None:
    """Within 250 m it is one house that was drawn twice."""
    near = place("Dam 1, Berlare", ("Dam", "1", 1, 1), ("Dam", "1", 1.03, 1))
    assert isinstance(near, Place)
    assert near.precision_m == AT_DOOR_M + 35  # 30 m of spread, in tens
    far = place("Dam 1, Berlare", ("Dam", "1", 1, 1), ("Dam", "1", 1.4, 1))
    assert far == Refused("that number is there 2 times, 400 m apart")


def test_a_number_that_is_not_there_stands_by_the_nearest_of_its_side() -> None:
    """12 beside 10, not beside 11; what is said of its precision grows with the numbers between."""
    some = [one for one in VILLAGE if one[:2] not in {("Kerkstraat", "12"), ("Kerkstraat", "14")}]
    found = place("Kerkstraat 12, Berlare", *some)
    assert at(found) == (1.1, 1.02)
    assert found[2:5] == ("street", BESIDE_M + 2 * BY_NUMBER_M, 80)


def test_a_street_without_the_number_stands_in_its_middle() -> None:
    """As far as its ends, that is how sure it is: a long street is too coarse."""
    for text in ("Molenstraat, Berlare", "Molenstraat z/n, Berlare", "Molenstraat 300, Berlare"):
        found = place(text)
        assert isinstance(found, Place)
        assert (found.placed_by, found.score) == ("street", 60)
        assert all(
            np.hypot(x - (found.x - hand.X0) / 1000, y - (found.y - hand.Y0) / 1000) * 1000
            <= found.precision_m
            for name, _, x, y in VILLAGE
            if name == "Molenstraat"
        )
    assert place("Lange Steenweg, Berlare")[3] > AcademyRules().coarse_over_m


def test_who_says_it_first_counts() -> None:
    """The study's points before the extract, a number before a street, a postcode before a town."""
    mapped = AddressBook("map_address", book(("Kerkstraat", "12", 7, 3), ("Dam", "3", 6, 3)).rows)
    codes = pd.DataFrame({"postcode": ["9290"], "name": [""], "x": [hand.X0], "y": [hand.Y0]})
    few = book(("Kerkstraat", "12", 1, 1), ("Dam", "5", 5, 2))
    more = {"take_points": lambda: few, "take_mapped": lambda _: mapped,
            "take_postcodes": lambda: codes}  # fmt: skip
    for text, by, where in (
        ("Kerkstraat 12, Berlare", "address_point", (1.0, 1.0)),
        ("Dam 3, Berlare", "map_address", (6.0, 3.0)),
        ("Dam 7, Berlare", "street", (5.0, 2.0)),
        ("Nergens 1, 9290 Berlare", "postcode", (0.0, 0.0)),
    ):
        found = place(text, **more)
        assert (found[2], at(found)) == (by, where)
    assert place("Nergens 1, Berlare", **more)[2] == "municipality"


def test_a_municipality_alone_is_a_point_inside_and_reaches_all_of_it() -> None:
    """Of the study, of Flanders before its mergers, in French, and across a typing error."""
    found = place("Nergens 1, Zele")
    assert isinstance(found, Place)
    outline = TOWNS.geometry[1]
    spot = gpd.points_from_xy([found.x], [found.y])[0]
    assert outline.contains(spot)
    assert outline.boundary.hausdorff_distance(spot) <= found.precision_m
    known = facts.list_municipalities().set_index("name2018")
    for name, same in (
        ("Overpelt", "Overpelt"), ("Gand", "Gent"), ("Lokern", "Lokeren"), ("Menin", "Menen"),
        ("Renaix", "Ronse"), ("Ixelles", "Elsene"), ("Brussels", "Brussel"),
    ):  # fmt: skip
        found = place(f"Nergens 1, {name}")
        (point,) = gpd.GeoSeries(
            gpd.points_from_xy([known["lon"][same]], [known["lat"][same]]), crs="EPSG:4326"
        ).to_crs(LAMBERT_72)
        assert point.distance(gpd.points_from_xy([found[0]], [found[1]])[0]) < 1, name
    assert place("Kerkstraat 1, Berrlare")[2] == "address_point"
    assert place("Kerkstraat 1, Berlarre")[0] == (
        "its municipality 'Berlarre' may be Berlaar or Berlare (42003)"
    )


def test_what_names_no_known_place_is_refused() -> None:
    """With the nearest name, where there is one."""
    assert place("Kerkstraat 12") == Refused(
        "names no municipality and no postcode", "add one of them"
    )
    assert place("Kerkstraat 12, Zeveneikelen")[0] == "municipality 'Zeveneikelen' is not known"
    assert place("Kerkstraat 12, Berlare-Dorp")[1] == "is 'Berlare' meant?"
    assert place("Kerkstraat 12, 9999")[0] == "postcode 9999 is not known"
    codes = pd.DataFrame({"postcode": ["1000"], "name": [""], "x": [hand.X0 + 9e4], "y": [hand.Y0]})
    found = place("Nergens 12, 1000 Berlare", take_postcodes=lambda: codes)
    assert found[0] == "postcode 1000 is not of Berlare"


def test_a_municipality_that_nobody_knows_is_not_passed_over() -> None:
    """Parts of a municipality share its postcode: what is taken instead is said."""
    row = [("Nieuwstraat", "3", 1, 1)]
    own = book(*row, postcode="9290", municipality="Berlare")
    found = place("Nieuwstraat 3, 9290 Overmere", take_points=lambda: own)
    assert (at(found), found[4], found[7]) == ((1, 1), 70, True)
    same = place("Nieuwstraat 3, 9290 Berlare", take_points=lambda: own)
    assert (same[4], same[7]) == (100, False)
    two = book(*row, ("Nieuwstraat", "5", 1.1, 1), postcode="9290", municipality=["A", "B"])
    found = place("Nieuwstraat 3, 9290 Overmere", take_points=lambda: two)
    known = "municipality 'Overmere' is not known, and its postcode has that street in A and B"
    assert found == Refused(known)


def test_a_postcode_that_may_be_of_another_municipality_is_said() -> None:
    """Of one without an outline too: far off it is refused, farther than it is wide told."""
    km = {"9290": 0.0, "9000": 14.0, "9999": 60.0}
    spot = BY_NAME.by_key["gent"][0]
    east = [spot.x + 1000 * one for one in km.values()]
    codes = pd.DataFrame({"postcode": list(km), "name": "", "x": east, "y": spot.y})
    near, off, far = (place(f"Nergens 1, {one} Gent", take_postcodes=lambda: codes) for one in km)
    assert (near[4], near[7]) == (40, False)
    assert (off[4], off[7]) == (28, True)
    assert far == Refused("postcode 9999 is not of Gent")
    unknown = place("Nergens 1, 9290 Overmere", take_postcodes=lambda: codes)
    assert (unknown[2], unknown[4], unknown[7]) == ("postcode", 28, True)


def test_short_for_a_king_is_short_for_a_queen() -> None:
    """Where both have a street it is asked which; where one has it, that is meant."""
    queen, king = ("Koningin Astridlaan", "2", 1, 1), ("Koning Astridlaan", "2", 3, 1)
    found = place("Kon. Astridlaan 2, Berlare", queen, king)
    assert found == Refused("its street may be 'Koning Astridlaan' or 'Koningin Astridlaan'")
    for row in (queen, king, ("Kon. Astridln", "2", 1, 1)):
        alone = place("Kon. Astridlaan 2, Berlare", row)
        assert (alone[2], alone[4], alone[7]) == ("address_point", 100, False)
    assert at(place("Koningin Astridlaan 2, Berlare", ("Kon. Astridlaan", "2", 1, 1))) == (1, 1)


# --- In a register -------------------------------------------------------------------------------


def read(path: Path, *lines: str, **sources: Any) -> tuple[gpd.GeoDataFrame, list[str], list[str]]:
    """Read a register; give it with its errors and notes."""
    path.write_text("\n".join(lines), encoding="utf-8")
    findings, own = Findings(), book(*VILLAGE)
    of = PlaceSources(TOWNS, **{"take_points": lambda: own, **sources})
    vars(of)["towns"] = BY_NAME
    table, _ = load_academies(Input(path=path, crs=LAMBERT_72), TOWNS, findings, (), of)
    return table.set_index("academy_id"), [*map(str, findings.errors)], [*map(str, findings.notes)]


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("id;naam;straat;nr;gemeente", "1;A;Kerkstraat;12;Berlare"),
        ("id;naam;Straat + nr;Postcode;Gemeente", "1;A;Kerkstraat 12;9290;Berlare"),
        ("id;naam;Adres", "1;A;Kerkstraat 12, 9290 Berlare"),
        ("id;nom;Rue;Numéro de maison;Boîte;Commune", "1;A;Kerkstraat;12;3;Berlare"),
        ("id;name;Address;City", "1;A;Kerkstraat 12;Berlare"),
        ("id;naam;x;y;straat;huisnummer;bus;plaats", "1;A;;;Kerkstraat;12;B;Berlare"),
    ],
)
def test_columns_apart_or_in_one(tmp_path: Path, header: str, row: str) -> None:
    """In Dutch, French and English, with columns of coordinates that are empty or without any."""
    table, errors, _ = read(tmp_path / "a.csv", header, row)
    assert not errors
    assert (table["placed_by"]["1"], table["nis_code"]["1"]) == ("address_point", "42003")
    assert table["address"]["1"].startswith("Kerkstraat 12, ")
    assert table["placed_at"]["1"] == "Kerkstraat 12"


def test_each_row_says_how_it_was_placed(tmp_path: Path) -> None:
    """What has coordinates keeps them, whatever its address; notes count, and list the coarse."""
    table, errors, notes = read(
        tmp_path / "a.csv",
        "id;naam;x;y;adres",
        "1;A;150000;200000;Kerkstraat 12, Berlare",
        "2;B;;;Kerkstraet 12, Berlare",
        "3;C;;;Molenstraat, Berlare",
        "4;D;;;Nergens 1, Zele",
    )
    assert not errors
    assert table["placed_by"].tolist() == ["coordinates", "address_point", "street", "municipality"]
    assert table["score"].tolist() == [100, 90, 60, 20]
    assert table["coarse"].tolist() == [False, False, False, True]
    assert table["precision_m"]["1"] == 0
    assert [note for note in notes if "1 placed at the address, 1 in the street, 1 by post" in note]
    assert [note for note in notes if "known no nearer than 500 m: D (" in note]
    assert [note for note in notes if "Kerkstraet 12, Berlare \u2192 Kerkstraat 12" in note]


def test_all_that_cannot_be_placed_is_told_at_once(tmp_path: Path) -> None:
    """Row, address, what is wrong and how to mend it; half a coordinate is no address."""
    _, errors, _ = read(
        tmp_path / "a.csv",
        "id;naam;x;y;adres",
        "1;A;;;Dorp 3, Zele",
        "2;B;;;Kerkstraat 12",
        "3;C;;;",
        "4;D;150000;;Kerkstraat 12, Berlare",
        "5;E;150000;200000;",
    )
    two = "there are 2 streets of that name there, 4 km apart; "
    mend = "give its own postcode, or its place in corrections"
    none = "names no municipality and no postcode; add one of them"
    lacks = "fill them in, or leave the row out"
    assert errors == [
        f"a.csv, row 5: no coordinates ('4 D 150000 Kerkstraat 12, Berlare'); {lacks}",
        f"a.csv, row 2: address 'Dorp 3, Zele': {two}{mend}",
        f"a.csv, row 3: address 'Kerkstraat 12': {none}",
        f"a.csv, row 4: no coordinates ('3 C'); {lacks}",
    ]


@pytest.mark.parametrize(
    ("header", "row", "what"),
    [
        ("adres;postcode;gemeente", "Kerkstraat 12, 9000 Gent;9290;Berlare",
         "it says postcode 9290 and 9000"),
        ("adres;gemeente", "Kerkstraat 12, Zele;Berlare",
         "it says municipality 'Zele' and 'Berlare'"),
        ("straat;huisnummer;gemeente", "Kerkstraat 14;12;Berlare",
         "it says house number 14 and 12"),
        ("adres;straat;gemeente", "Kerkstraat 12;Dorp;Berlare",
         "the address says 'Kerkstraat', the column of streets 'Dorp'"),
        ("straat;huisnummer;gemeente", "Kerkstraat;twaalf;Berlare",
         "its house number 'twaalf' is not understood"),
    ],
)  # fmt: skip
def test_columns_that_say_two_things_are_refused(
    tmp_path: Path, header: str, row: str, what: str
) -> None:
    """Neither is chosen; the error has the row, both, and a mend."""
    table, errors, _ = read(tmp_path / "a.csv", f"id;naam;{header}", f"1;A;{row}")
    (error,) = errors
    assert error.startswith("a.csv, row 2: ")
    assert what in error
    assert "keep " in error
    assert table.empty


@pytest.mark.parametrize(
    ("header", "row", "told"),
    [
        ("adres;straat;gemeente", "Kerkstraat 12;Kerkstr.;Berlare", "Kerkstr. 12"),
        ("straat;huisnummer;gemeente", "Kerkstraat 12;12;Berlare", "Kerkstraat 12"),
        ("straat;huisnummer;gemeente", "Kerkstraat;12 verdieping 1;Berlare", "Kerkstraat 12"),
        ("straat;huisnummer;gemeente", "Kerkstraat;12+14;Berlare", "Kerkstraat 12-14"),
        ("straat;huisnummer;gemeente", "Kerkstraat;z/n;Berlare", "Kerkstraat"),
        ("adres;postcode;gemeente", "Kerkstraat 12, 9290 Overmere;9 290;Berlare", "Kerkstraat 12"),
    ],
)
def test_columns_that_say_one_thing_twice_are_joined(
    tmp_path: Path, header: str, row: str, told: str
) -> None:
    """A number that one of them lacks comes of the other; a part of a municipality is in it."""
    table, errors, _ = read(tmp_path / "a.csv", f"id;naam;{header}", f"1;A;{row}")
    assert not errors
    assert table["address"]["1"].partition(",")[0] == told
    assert table["placed_by"]["1"] == ("address_point" if "12" in told else "street")


def test_corrections_by_the_order_of_rows_are_refused(tmp_path: Path) -> None:
    """Ids that were made are another's when a row is added."""
    put = gpd.GeoDataFrame(
        {"academy_id": ["A001"], "note": [""]}, geometry=[hand.spot(3, 3)], crs=LAMBERT_72
    )
    _, errors, _ = read(
        tmp_path / "a.csv", "naam;adres", "A;Kerkstraat 12, Berlare", corrections=put
    )
    (error,) = errors
    assert "has no academy_id, and corrections has A001" in error
    assert error.endswith("add academy_id")


def test_a_correction_wins_over_coordinates_and_address(tmp_path: Path) -> None:
    """It bears its note; an id that the register does not have is told with the nearest."""
    spots = [hand.spot(3, 3), hand.spot(4, 3), hand.spot(5, 3)]
    put = gpd.GeoDataFrame(
        {"academy_id": ["VA-1", "VA-2", "VA-33"], "note": ["poort", "", "?"]},
        geometry=spots, crs=LAMBERT_72,
    )  # fmt: skip
    table, errors, notes = read(
        tmp_path / "a.csv",
        *("id;naam;x;y;adres", "VA-1;A;150000;200000;", "VA-2;B;;;Dorp 3, Zele"),
        "VA-3;C;;;Kerkstraat 12, Berlare",
        corrections=put,
    )
    assert not errors
    assert table["placed_by"].tolist() == ["correction", "correction", "address_point"]
    assert table["placed_at"]["VA-1"] == "poort"
    assert table.geometry.tolist()[:2] == spots[:2]
    assert any("VA-33 (VA-3?)" in note for note in notes)


def test_a_register_as_an_office_keeps_it(
    shared_data: Path, tmp_path: Path, berlare: tuple[pd.DataFrame, gpd.GeoDataFrame]
) -> None:
    """With a cover sheet, titles and a total row, its coordinates taken away: its addresses do."""
    book = openpyxl.load_workbook(shared_data.parent / "cases/registers/typical-register.xlsx")
    for row in book["Academies"].iter_rows(min_row=5, min_col=7, max_col=8):
        for cell in row:
            cell.value = None
    book.save(tmp_path / "a.xlsx")
    findings, points = Findings(), AddressBook(
        "address_point",
        pd.DataFrame({"street": ["Voorbeeldplein"], "house_number": ["5"], "postcode": ["9160"],
                      "municipality": ["Lokeren"], "x": [121000.0], "y": [200000.0]}),
    )  # fmt: skip
    sources = PlaceSources(berlare[1], take_points=lambda: points)
    table, _ = load_academies(Input(path=tmp_path / "a.xlsx"), berlare[1], findings, (), sources)
    assert not findings.errors
    assert table["address"].tolist() == [
        "Voorbeeldstraat 1, 9000 Gent",
        "Voorbeeldplein 5, 9160 Lokeren",
        "Voorbeeldmarkt 1, 9300 Aalst",
    ]
    assert table["placed_by"].tolist() == ["municipality", "address_point", "municipality"]
    assert table["nis_code"].tolist() == ["44021", "46029", "41002"]
    assert table["coarse"].tolist() == [True, False, True]


# --- Hundreds of addresses, badly written --------------------------------------------------------


def _swap(text: str, lot: random.Random) -> str:
    """Exchange two letters, drop one, write one twice or another."""
    i = lot.randrange(1, len(text) - 2)
    return lot.choice([
        text[:i] + text[i + 1] + text[i] + text[i + 2 :],
        text[:i] + text[i + 1 :],
        text[:i] + text[i] + text[i:],
        text[:i] + lot.choice("aeionrst") + text[i + 1 :],
    ])  # fmt: skip


SHORT = {"straat": "str.", "steenweg": "stwg.", "Sint-": "St.", "laan": "ln", "Sint": "St",
         "plein": "pl.", "Dokter ": "Dr. ", "weg": "wg"}  # fmt: skip


def _shorten(text: str, _: random.Random) -> str:
    for long, short in SHORT.items():
        if long in text:
            return text.replace(long, short)
    return text


def _bare(text: str, _: random.Random) -> str:
    return text.translate(str.maketrans("éèêëïîöüàç", "eeeeiiouac")).replace("-", " ")


WAYS = {
    "typing error": _swap,
    "abbreviation": _shorten,
    "capitals": lambda text, _: text.upper(),
    "small letters": lambda text, _: text.lower(),
    "accents and hyphens": _bare,
    "accents": lambda text, _: text.replace("e", "é", 1),
}


def write_badly(street: str, number: str, town: str, lot: random.Random) -> tuple[str, str]:
    """Write an address as a hurried person does; give it with what was done to it."""
    way = lot.choice(sorted(WAYS))
    box = lot.choice(["", "", "", " bus 3", "/2", " bte 1", " b4"])
    form = lot.choice([
        "{street} {number}{box}, {town}",
        "{street} nr. {number}{box} te {town}",
        "{street}, {number}{box}, {town}",
    ])  # fmt: skip
    return form.format(street=WAYS[way](street, lot), number=number, box=box, town=town), way


def judge(
    asked: list[tuple[str, str]], spots: np.ndarray[Any, Any], sources: PlaceSources
) -> tuple[Counter[str], list[str]]:
    """Count how addresses were placed, and list those that stand farther off than they say."""
    counts, wrong = Counter[str](), []
    found = sources.find_places([parse_address(text) for text, _ in asked])
    for (text, way), (x, y), one in zip(asked, spots, found, strict=True):
        if isinstance(one, Refused):
            counts["refused"] += 1
            continue
        off = float(np.hypot(one.x - x, one.y - y))
        counts[one.placed_by] += 1
        if off > one.precision_m:
            wrong.append(f"{text} ({way}): {one} is {off:.0f} m off")
    return counts, wrong


@pytest.fixture(scope="module")
def berlare(shared_data: Path) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    """The addresses of the real extract, and the municipalities."""
    path = shared_data / "osm" / "berlare.osm"
    streets = {
        fold_street(one.tags["addr:street"])
        for one in osmium.FileProcessor(str(path)).with_filter(
            osmium.filter.KeyFilter("addr:street")
        )
    }
    rows = read_mapped_addresses([path], streets)
    return rows, read_municipalities(shared_data / "boundaries" / "gemeente2025.gpkg")


def test_the_addresses_of_berlare_stand_on_their_own_points(
    berlare: tuple[pd.DataFrame, gpd.GeoDataFrame],
) -> None:
    """409 with a street, 383 of them with a number: each within its precision, or refused.

    "Dorp 8" is there twice, 355 m apart, and refused; 26 are bus stops without a number.
    """
    book, towns = berlare
    rows = book[~book.duplicated(["x", "y", "house_number"])]
    assert (len(rows), int((rows["house_number"] != "").sum())) == (409, 383)
    sources = PlaceSources(towns, take_mapped=lambda _: AddressBook("map_address", book))
    asked = [(f"{row.street} {row.house_number}, Berlare", "as it is") for row in rows.itertuples()]
    counts, wrong = judge(asked, rows[["x", "y"]].to_numpy(), sources)
    assert not wrong
    assert counts == {"map_address": 381, "street": 26, "refused": 2}


def test_addresses_of_berlare_written_badly_are_right_or_refused(
    berlare: tuple[pd.DataFrame, gpd.GeoDataFrame],
) -> None:
    """500 of them, with typing errors, abbreviations, boxes, case and accents: none is wrong."""
    rows, towns = berlare
    lot = random.Random(17)  # noqa: S311
    chosen = rows[rows["house_number"] != ""].sample(500, replace=True, random_state=17)
    asked = [
        write_badly(row.street, row.house_number, "Berlare", lot) for row in chosen.itertuples()
    ]
    sources = PlaceSources(towns, take_mapped=lambda _: AddressBook("map_address", rows))
    counts, wrong = judge(asked, chosen[["x", "y"]].to_numpy(), sources)
    assert not wrong
    assert counts["map_address"] >= 400


def test_addresses_of_the_example_written_badly_are_right_or_refused() -> None:
    """500 of its address points, among streets of one name in several places of a municipality."""
    rows = pd.read_csv(facts.fact_path("sample") / "adressen.csv", sep=";", decimal=",", dtype=str)
    rows = rows.rename(
        columns={"straat": "street", "huisnummer": "house_number", "gemeente": "municipality"}
    )
    rows = rows.assign(**{one: rows[one].str.replace(",", ".").astype(float) for one in "xy"})
    towns = read_municipalities(facts.fact_path("sample") / "gemeenten.gpkg")
    lot = random.Random(17)  # noqa: S311
    chosen = rows.sample(500, random_state=17)
    asked = [
        write_badly(row.street, row.house_number, row.municipality, lot)
        for row in chosen.itertuples()
    ]
    own = AddressBook("address_point", rows.assign(postcode=""))
    counts, wrong = judge(
        asked, chosen[["x", "y"]].to_numpy(), PlaceSources(towns, take_points=lambda: own)
    )
    assert not wrong
    assert counts["address_point"] >= 350
