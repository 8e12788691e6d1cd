"""An area by name or code: what it stands for, and what is asked when it may be two things."""

from __future__ import annotations

import pandas as pd
import pytest

from stemgeo.errors import Findings
from stemgeo.inputs import vintages
from stemgeo.inputs.territory import find_codes_of_area


def found(*asked: str, vintage: int = 2025) -> tuple[set[str], list[str], list[str]]:
    """Give the codes, problems and notes of an area among all municipalities of a vintage."""
    names, to = vintages.names_by_code(vintage), Findings()
    towns = [(code, names[code]) for code in sorted(vintages.flemish_codes(vintage))]
    table = pd.DataFrame(towns, columns=["nis_code", "name"])
    codes = find_codes_of_area(asked, table, vintage, to)
    return set(codes), list(map(str, to.errors)), [note.to_text("nl") for note in to.notes]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("Berlare", "42003"),
        ("BERLARE", "42003"),
        ("42003", "42003"),
        ("sint niklaas", "46021"),
        ("Saint-Nicolas", "46021"),
        ("Gand", "44021"),
        ("Ghent", "44021"),
        ("gemeente De Panne", "38008"),
        ("ville de Louvain", "24062"),
        ("Halle", "23027"),
        ("gemeente Antwerpen", "11002"),
        ("stad Antwerpen", "11002"),
        ("commune d’Anvers", "11002"),
    ],
)
def test_a_municipality_is_known_by_each_of_its_names(asked: str, code: str) -> None:
    """In Dutch, French and English, with and without what it is; no note is due."""
    assert found(asked) == ({code}, [], [])


@pytest.mark.parametrize(
    "asked", ["Limburg", "Limbourg", "provincie Limburg", "province de Limbourg", "70000"]
)
def test_a_province_is_all_of_its_municipalities(asked: str) -> None:
    """In any language, with and without the word, and by its code."""
    whole = {c for c in vintages.flemish_codes(2025) if vintages.province_of(c, 2025) == "Limburg"}
    assert found(asked) == (whole, [], [])


def test_a_municipality_and_a_province_of_one_name_are_asked_about() -> None:
    """Antwerpen is both: neither is taken in silence, whatever the language."""
    for name in ("Antwerpen", "Anvers", "Antwerp"):
        codes, problems, _ = found(name)
        assert codes == set()
        assert problems == [
            (
                f'area under [study]: "{name}" is a municipality and a province; write '
                '"gemeente Antwerpen" or "provincie Antwerpen"'
            )
        ]
    assert len(found("provincie Antwerpen")[0]) == 67


@pytest.mark.parametrize("asked", ["Kruibeke", "46013"])
def test_a_former_municipality_is_carried_and_said(asked: str) -> None:
    """It merged: all of what it went into is the area, and a note says so."""
    codes, problems, notes = found(asked)
    assert (codes, problems) == ({"46030"}, [])
    assert notes == [
        (
            "studiegebied: Kruibeke (46013) is geen gemeente van 2025: heel 46030 "
            "Beveren-Kruibeke-Zwijndrecht hoort bij het gebied"
        )
    ]


def test_a_later_municipality_is_its_parts() -> None:
    """In a study of 2018 what merged in 2025 is three municipalities of two provinces."""
    codes, problems, notes = found("46030", vintage=2018)
    assert (codes, problems, len(notes)) == ({"11056", "46003", "46013"}, [], 1)


def test_what_is_unknown_is_told_at_once_with_the_nearest_known() -> None:
    """A line for each, in the order in which they stand."""
    _, problems, _ = found("Berlaere", "99999", "Brussel", "Vlaanderen", "Xyz")
    said = [line.removeprefix("area under [study]: ") for line in problems]
    assert said == [
        (
            '"Berlaere" is no municipality or province of Flanders; did you mean Berlare or '
            "Berlaar or Beerse?"
        ),
        "99999 is no NIS code of a Flemish municipality of 2018, 2024 or 2025",
        '"Brussel" is of Brussels, which is left out',
        '"Vlaanderen" is all of it; leave area out',
        (
            '"Xyz" is no municipality or province of Flanders; write a municipality, a NIS code, a '
            "province or a file of polygons"
        ),
    ]


def test_a_municipality_that_the_boundaries_lack_is_told() -> None:
    """The file may be of the area alone, and then it must hold all of it."""
    to = Findings()
    towns = pd.DataFrame({"nis_code": ["42003"], "name": ["Berlare"]})
    assert find_codes_of_area(["Berlare", "Zele"], towns, 2025, to) == {"42003", "42028"}
    assert [str(one) for one in to.errors] == [
        (
            'area under [study]: "Zele": the municipalities lack 42028 Zele; give boundaries of '
            "the whole area, or leave it out of the area"
        )
    ]
