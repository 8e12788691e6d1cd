"""Belgian addresses as people write them: the parts of a line, and which streets are one."""

from __future__ import annotations

import re

import pytest

from stemgeo.inputs.addresses import (
    Address,
    fold_street,
    parse_address,
    parse_numbers,
    read_postcode,
)
from stemgeo.inputs.names import ADDRESS, ADDRESS_NAMES, SYNONYMS

LINES = {
    "Kerkstraat 12 bus 3, 9290 Berlare": ("Kerkstraat", 12, "", "3", "9290", "Berlare"),
    "Kerkstraat 12, bus A, 9290 Berlare": ("Kerkstraat", 12, "", "A", "9290", "Berlare"),
    "Kerkstraat 12 b3, B-9290 Berlare": ("Kerkstraat", 12, "", "3", "9290", "Berlare"),
    "Rue de la Loi 16/2": ("Rue de la Loi", 16, "", "2", "", ""),
    "Rue Haute 12 bte 3, 1000 Bruxelles": ("Rue Haute", 12, "", "3", "1000", "Bruxelles"),
    "Av. Louise 54 boîte 10, 1050 Ixelles": ("Av. Louise", 54, "", "10", "1050", "Ixelles"),
    "Kerkstraat 12A": ("Kerkstraat", 12, "a", "", "", ""),
    "Kerkstraat 12 A, 9290 Berlare": ("Kerkstraat", 12, "a", "", "9290", "Berlare"),
    "Kerkstraat 12bis": ("Kerkstraat", 12, "bis", "", "", ""),
    "Kerkstraat nr. 12, BE-9290 BERLARE, België": ("Kerkstraat", 12, "", "", "9290", "BERLARE"),
    "Grote Markt z/n, B-9290 Berlare": ("Grote Markt", None, "", "", "9290", "Berlare"),
    "Grote Markt zonder nummer": ("Grote Markt", None, "", "", "", ""),
    "Grand-Place s/n, 7000 Mons": ("Grand-Place", None, "", "", "7000", "Mons"),
    "12, Rue de la Loi, 1000 Bruxelles": ("Rue de la Loi", 12, "", "", "1000", "Bruxelles"),
    "12 rue de la Loi 1000 Bruxelles": ("rue de la Loi", 12, "", "", "1000", "Bruxelles"),
    "Kerkstraat 12 9290 Berlare": ("Kerkstraat", 12, "", "", "9290", "Berlare"),
    "Kerkstraat 12 - 9290 Berlare": ("Kerkstraat", 12, "", "", "9290", "Berlare"),
    "Kerkstraat 12, 9290": ("Kerkstraat", 12, "", "", "9290", ""),
    "Kerkstraat 12 te Berlare": ("Kerkstraat", 12, "", "", "", "Berlare"),
    "Kerkstraat 12, Berlare": ("Kerkstraat", 12, "", "", "", "Berlare"),
    "Kerkstraat, 12, 9290 Berlare": ("Kerkstraat", 12, "", "", "9290", "Berlare"),
    "Kerkstraat, 9290 Berlare": ("Kerkstraat", None, "", "", "9290", "Berlare"),
    "CC De Werf, Kerkstraat 12, 9290 Berlare": ("Kerkstraat", 12, "", "", "9290", "Berlare"),
    "Kerkstraat 12 (achteraan), 9290 Berlare": ("Kerkstraat", 12, "", "", "9290", "Berlare"),
    "11 Novemberlaan 5, 9000 Gent": ("11 Novemberlaan", 5, "", "", "9000", "Gent"),
    "11 Novemberlaan": ("11 Novemberlaan", None, "", "", "", ""),
    "Rue du 11 Novembre 8, 7000 Mons": ("Rue du 11 Novembre", 8, "", "", "7000", "Mons"),
    "Koning Albert I-laan 12": ("Koning Albert I-laan", 12, "", "", "", ""),
    "Laan der 7e Linie 4": ("Laan der 7e Linie", 4, "", "", "", ""),
    "Gentsesteenweg 1234, 9000 Gent": ("Gentsesteenweg", 1234, "", "", "9000", "Gent"),
    "Gentsesteenweg 1234": ("Gentsesteenweg", 1234, "", "", "", ""),
    "Absdaalseweg 14, NL-4561 AB Hulst": ("Absdaalseweg", 14, "", "", "4561", "Hulst"),
    "12 Kerkstraat, 9290 Berlare": ("Kerkstraat", 12, "", "", "9290", "Berlare"),
    "12A Oude Baan, 9290 Berlare": ("Oude Baan", 12, "a", "", "9290", "Berlare"),
    "B-9290 Berlare, Kerkstraat 12": ("Kerkstraat", 12, "", "", "9290", "Berlare"),
    "Kerkstraat 12/bus 3, 9290 Berlare": ("Kerkstraat", 12, "", "3", "9290", "Berlare"),
    "Molenstraat, Berlare": ("Molenstraat", None, "", "", "", "Berlare"),
    "1 Meilaan, 9290 Berlare": ("1 Meilaan", None, "", "", "9290", "Berlare"),
    "Koningin Astridlaan 12 verdieping 2": ("Koningin Astridlaan", 12, "", "", "", ""),
    "Dorp 12, 2de verdieping, 9290 Berlare": ("Dorp", 12, "", "", "9290", "Berlare"),
    "Dorp 12 gelijkvloers, 9290 Berlare": ("Dorp", 12, "", "", "9290", "Berlare"),
    "Dorp 12a verd. 1, 9290 Berlare": ("Dorp", 12, "a", "", "9290", "Berlare"),
    "Rue Haute 12, 1er étage, 1000 Bruxelles": ("Rue Haute", 12, "", "", "1000", "Bruxelles"),
    "Rue Haute 12 rez-de-chaussée": ("Rue Haute", 12, "", "", "", ""),
    "Dorp 12, 2nd floor, Berlare": ("Dorp", 12, "", "", "", "Berlare"),
    "Nieuwstraat 3 bus A 12": ("Nieuwstraat", 3, "", "A 12", "", ""),
    "Nieuwstraat 3 bus 2 verdieping 1, Zele": ("Nieuwstraat", 3, "", "2", "", "Zele"),
    "School 3, Kerkstraat 12, 9290 Berlare": ("Kerkstraat", 12, "", "", "9290", "Berlare"),
    "Basisschool Zonnebloem 2 - Kerkstraat 12 - 9290 Berlare":
        ("Kerkstraat", 12, "", "", "9290", "Berlare"),
    "School 3, Dorp 12, 9290 Berlare": ("Dorp", 12, "", "", "9290", "Berlare"),
    "School 3, Kerkstraat, 12, bus 4, 9290 Berlare":
        ("Kerkstraat", 12, "", "", "9290", "Berlare"),
    "Dorp 12, lokaal 3, 9290 Berlare": ("Dorp", 12, "", "", "9290", "Berlare"),
    "Campus 2, Grote Markt z/n, 9290 Berlare": ("Grote Markt", None, "", "", "9290", "Berlare"),
    "11 Novemberlaan, 5, 9000 Gent": ("11 Novemberlaan", 5, "", "", "9000", "Gent"),
    "9290 Berlare": ("", None, "", "", "9290", "Berlare"),
    "": ("", None, "", "", "", ""),
}  # fmt: skip


@pytest.mark.parametrize("line", LINES)
def test_a_line_is_taken_apart(line: str) -> None:
    """Street before or after its number, with box, mark, postcode and municipality or without."""
    one = parse_address(line)
    assert (one.street, one.number, one.mark, one.box, one.postcode, one.municipality) == LINES[
        line
    ]


@pytest.mark.parametrize(
    "line",
    ["Kerkstraat 12-14", "Kerkstraat 12 - 14 , 9220 Hamme", "Kerkstraat 12+14", "Dorp 12 en 14"],
)
def test_a_span_of_numbers_has_two_ends(line: str) -> None:
    """12-14 is two houses, 16/2 a house with a box."""
    assert (parse_address(line).number, parse_address(line).last) == (12, 14)


def test_an_address_is_written_as_it_was_read() -> None:
    """The box plays no part, and is not written."""
    assert str(parse_address("Kerkstraat 12-14 bus 2, B-9290 Berlare")) == (
        "Kerkstraat 12-14, 9290 Berlare"
    )
    assert str(Address()) == ""


def test_numbers_of_a_file_of_addresses() -> None:
    """One, several, a span, one with a box; what is none says nothing."""
    read = [(one.number, one.last, one.mark) for one in parse_numbers("12A;14,16-18;53 B1;achter")]
    assert read == [(12, 12, "a"), (14, 14, ""), (16, 18, ""), (53, 53, "")]


@pytest.mark.parametrize(
    "names",
    [
        ("St.-Annastr.", "Sint Annastraat", "SINT-ANNASTRAAT", "Sint - Anna straat"),
        ("O.L.V.-straat", "Onze-Lieve-Vrouwestraat", "Onze Lieve Vrouwstraat"),
        ("Gentse stwg.", "Gentsesteenweg", "Gentse Steenw."),
        ("Dr. Roosenstr", "Dokter Roosenstraat"),
        ("Burg. Maesln.", "Burgemeester Maeslaan"),
        ("Av. Louise", "avenue louise", "Ave. Louise"),
        ("Bd du Régent", "Boulevard du Regent"),
        ("Pl. de la Reine", "Place de la Reine"),
        ("Sainte-Anne", "Ste Anne"),
    ],
)  # fmt: skip
def test_one_street_written_in_several_ways(names: tuple[str, ...]) -> None:
    """Case, accents, hyphens and usual abbreviations play no part."""
    assert len({fold_street(name) for name in names}) == 1


def test_other_streets_stay_others() -> None:
    """A lane is no street, and the 8th no 7th."""
    streets = "Kerkstraat Kerklaan Kerkweg Kerkplein Kerkdreef 7-Julistraat 8-Julistraat"
    assert len({fold_street(one) for one in streets.split()}) == len(streets.split())


def test_postcodes_are_read_in_one_way() -> None:
    """As offices write them; what is longer or shorter is none."""
    for text in ("9290", "9.290", "9 290", "B-9290", "BE 9290", "9290.0", " 9290"):
        assert read_postcode(text) == "9290", text
    assert not any(map(read_postcode, ("", "929", "92900", "0290", "Berlare")))


def test_columns_of_addresses_are_no_others() -> None:
    """No name is of two columns, of an address or of the register; each is as labels are folded."""
    every = SYNONYMS | ADDRESS_NAMES
    names = [name for ranks in every.values() for name in set(" ".join(ranks).split())]
    assert len(names) == len(set(names))
    assert all(re.fullmatch("[a-z0-9_]+", name) for name in names)
    assert set(ADDRESS) == set(ADDRESS_NAMES)
