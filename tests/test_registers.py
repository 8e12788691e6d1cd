"""`stemgeo register check`: what became of each academy from one register to the next."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import openpyxl
import pytest
from terminal import stemgeo

import stemgeo as sg
from stemgeo.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.registers import RegisterCheck

HEADER = "academy_id;naam;x_lambert72;y_lambert72;valid_until"
OLD = [
    "1;STEM-academie Gent Noord;104700;193900;2021-08-31",
    "2;STEM-academie Lokeren;121000;200000;",
    "3;STEM-academie Aalst;126900;181700;",
    "4;STEM-academie Brugge;70000;211000;",
    "5;STEM-academie Geel;192000;206000;",
]
NEW = [
    "1;STEM-academie Aalst;126900;181700;",
    "2;STEM-academie Gent Noord;104705;193900;2021-08-31",
    "3;STEM academie Lokeren vzw;121000;200050;",
    "5;STEM-academie Geel;193000;206000;",
    "6;STEM-academie Hasselt;217000;180000;",
    "7;STEM-academie Haselt;217010;180000;",
]


def write(path: Path, lines: list[str], header: str = HEADER) -> Path:
    """Write a register."""
    path.write_text("\n".join([header, *lines]), encoding="utf-8")
    return path


def found(check: RegisterCheck) -> list[tuple[str, str, str]]:
    """Give what was found of whom, and of which other."""
    return list(
        check.table[["finding", "academy_id", "other_id"]].itertuples(index=False, name=None)
    )


def test_what_became_of_each(tmp_path: Path) -> None:
    """Ids given anew are seen by name and place; a move is told in metres, 5 m of rounding not."""
    files = write(tmp_path / "nieuw.csv", NEW), write(tmp_path / "oud.csv", OLD)
    before = [path.read_bytes() for path in files]
    check = sg.check_register(*files, day=dt.date(2022, 12, 31))
    assert found(check) == [
        ("new", "6", ""),
        ("new", "7", ""),
        ("gone", "4", ""),
        ("renumbered", "1", "3"),
        ("renumbered", "2", "1"),
        ("renumbered", "3", "2"),
        ("renamed", "3", "2"),
        ("moved", "3", "2"),
        ("moved", "5", "5"),
        ("lapsed", "2", ""),
        ("twice", "6", "7"),
    ]
    moved = check.table.set_index(["finding", "academy_id"])["moved_m"]
    assert (moved["moved", "3"], moved["moved", "5"], moved["twice", "6"]) == (50, 1000, 10)
    assert check.lines()[0].startswith("6 in the register, 5 before: 2 new, 1 gone, 3 renumbered")
    assert [path.read_bytes() for path in files] == before


def test_a_register_against_itself_has_nothing(tmp_path: Path) -> None:
    """Nobody is new, gone, renamed or moved; two that bear one name far apart stay two."""
    lines = [*OLD[1:], "9;STEM-academie Lokeren;150000;180000;"]
    path = write(tmp_path / "a.csv", lines)
    assert found(sg.check_register(path, path)) == []


def test_addresses_tell_a_move_where_no_place_is_known(tmp_path: Path) -> None:
    """Both are placed at their municipality: another street is a move, of unknown metres."""
    header = "academy_id;naam;adres"
    old = write(tmp_path / "o.csv", ["1;A;Kerkstraat 1, 9290 Berlare", "2;B;Dorp 2, Zele"], header)
    new = write(tmp_path / "n.csv", ["1;A;Kerkstraat 3, 9290 Berlare", "2;B;Dorp 2, Zele"], header)
    check = sg.check_register(new, old)
    assert found(check) == [("moved", "1", "1")]
    assert check.table["moved_m"].isna().all()
    assert check.table[["was", "is"]].to_numpy().tolist() == [
        ["Kerkstraat 1, 9290 Berlare", "Kerkstraat 3, 9290 Berlare"]
    ]
    # What a note points to is there.
    assert check.notes
    assert not any("academies.c" in str(note) for note in check.notes)


@pytest.mark.parametrize(
    ("address", "twice"),
    [
        ("E. Hertecantlaan 2, 9290 Berlare", True),
        ("Emiel Hertecantlan 2, 9290 Berlare", True),
        ("E. Hertecantlaan 4, 9290 Berlare", False),
        ("E. Hertecantlaan 2, 9240 Zele", False),
        ("Dorp 2, 9290 Berlare", False),
    ],
)
def test_one_name_at_nearly_one_address_is_likely_twice(
    tmp_path: Path, address: str, *, twice: bool
) -> None:
    """An initial for a first name, a letter less; another number or town is another place."""
    rows = ["1;Goed;Emiel Hertecantlaan 2, 9290 Berlare", f"5;goed;{address}"]
    check = sg.check_register(write(tmp_path / "a.csv", rows, "academy_id;naam;adres"))
    assert found(check) == [("twice", "1", "5")] * twice


def test_the_command_takes_what_the_register_asks(tmp_path: Path) -> None:
    """Which sheet, and what a column is called, of each of the two registers."""
    book = openpyxl.Workbook()
    for sheet in (book.active, book.create_sheet("oud")):
        sheet.append(["academy_id", "name", "x", "y", "Tot wanneer"])
        sheet.append(["S1", sheet.title, 151000, 201000, "2020-01-01"])
    path = tmp_path / "a.xlsx"
    book.save(path)
    asked = ["register", "check", path, "--before", path]
    assert stemgeo(*asked).status == 1
    how = ["--sheet", "Sheet", "--before-sheet", "oud", "--columns", "valid_until=Tot wanneer"]
    said = stemgeo(*asked, *how, "--format", "csv")
    assert said.status == 0
    assert [line.split(",")[0] for line in said.out.splitlines()[1:]] == ["renamed", "lapsed"]
    assert stemgeo(*asked, "--columns", "valid_until").status == 2
    assert stemgeo("register", "check", path, "--before-sheet", "oud").status == 2


def test_a_name_that_two_new_ones_bear_tells_nothing(tmp_path: Path) -> None:
    """Neither is the old one that moved; where one bears it, it is."""
    head = "academy_id;naam;x;y"
    old = write(tmp_path / "o.csv", ["1;Lab;120000;200000"], head)
    two = write(tmp_path / "n.csv", ["8;Lab;125000;200000", "9;Lab;129000;200000"], head)
    assert found(sg.check_register(two, old)) == [
        ("new", "8", ""), ("new", "9", ""), ("gone", "1", "")
    ]  # fmt: skip
    one = write(tmp_path / "e.csv", ["8;Lab;125000;200000"], head)
    assert found(sg.check_register(one, old)) == [("renumbered", "8", "1"), ("moved", "8", "1")]


def test_coordinates_then_and_an_address_now_are_no_move(tmp_path: Path) -> None:
    """Unless it is farther off than its municipality reaches."""
    old = write(tmp_path / "o.csv", ["1;A;118000;192000", "2;B;30000;200000"], "id;naam;x;y")
    lines = ["1;A;Kerkstraat 3, 9290 Berlare", "2;B;Dorp 2, Zele"]
    new = write(tmp_path / "n.csv", lines, "id;naam;adres")
    assert found(sg.check_register(new, old)) == [("moved", "2", "2")]


def test_the_command_prints_a_table_in_three_forms(tmp_path: Path) -> None:
    """Text with a line of counts, CSV and JSON; of one file what it alone tells."""
    path = str(write(tmp_path / "a.csv", NEW))
    asked = ["register", "check", path, "--date", "2022-12-31"]
    text, csv, told = (stemgeo(*asked, "--format", form).out for form in ("text", "csv", "json"))
    assert text.splitlines()[-1] == "6 in the register: 1 lapsed, 1 twice"
    assert csv.splitlines()[1].startswith("lapsed,2,STEM-academie Gent Noord,")
    assert [row["finding"] for row in json.loads(told)] == ["lapsed", "twice"]
    assert stemgeo("register", "check", path, "--date", "31/12").status == 2


def test_problems_of_both_files_are_told_at_once(tmp_path: Path) -> None:
    """As for every input."""
    files = [write(tmp_path / name, ["1;A;x;y;"]) for name in ("n.csv", "o.csv")]
    with pytest.raises(InputError) as error:
        sg.check_register(*files)
    assert {"n.csv", "o.csv"} <= {str(one).split(",")[0] for one in error.value.problems}
