"""Numbers known of each zone or municipality: which place, which number, which vintage."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
from inputs.conftest import SQUARES, square, squares

from stemgeo.errors import Findings, InputError
from stemgeo.inputs import read_municipalities
from stemgeo.inputs.attributes import load_attribute, read_attribute
from stemgeo.inputs.boundaries import take_as_zones
from stemgeo.study import Attribute

if TYPE_CHECKING:
    from pathlib import Path

CODES = list(SQUARES)
VALUES = [24_100.5, 19_800.0, 26_000.0, 21_500.0, 20_100.0, 18_900.25]


def sectors(municipalities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Two zones in each municipality, on the same ground: their outlines do not matter here."""
    ids = [f"{code}{part}" for code in municipalities["nis_code"] for part in ("A00-", "B01-")]
    return gpd.GeoDataFrame(
        {"zone_id": ids, "nis_code": [one[:5] for one in ids], "name": [f"Wijk {i}" for i in ids]},
        geometry=[square(place // 2) for place in range(len(ids))],
        crs="EPSG:31370",
    )


class Read:
    """A table written to a file and read again, with what was said of it."""

    def __init__(
        self,
        text: str,
        folder: Path,
        area: gpd.GeoDataFrame,
        *,
        zones: gpd.GeoDataFrame | None = None,
        vintage: int = 2025,
        **more: Any,
    ) -> None:
        path = folder / "inkomen.csv"
        path.write_text(text, encoding="utf-8")
        findings = Findings()
        self.table, origin = load_attribute(
            "inkomen",
            Attribute(path=path, **more),
            take_as_zones(area) if zones is None else zones,
            area,
            vintage,
            findings,
        )
        assert origin is not None
        self.origin = origin
        self.errors = [str(problem) for problem in findings.errors]
        self.warnings = [str(problem) for problem in findings.warnings]

    @property
    def values(self) -> dict[str, float]:
        """Value of each place by its id, when the file could be read."""
        assert self.errors == []
        assert self.table is not None
        return dict(zip(self.table.iloc[:, 0], self.table["value"], strict=True))


def csv(*rows: str, header: str = "nis_code;inkomen") -> str:
    return "\n".join([header, *rows]) + "\n"


def whole(numbers: list[Any], codes: list[str] = CODES) -> str:
    """A table with a row for each municipality."""
    return csv(*(f"{code};{number}" for code, number in zip(codes, numbers, strict=True)))


# --- Which place -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["nis_code", "CD_REFNIS", "Nis5", "gemeente van de tabel"])
def test_municipalities_by_their_code(
    tmp_path: Path, municipalities: gpd.GeoDataFrame, name: str
) -> None:
    """Whatever the column is called, as long as it holds codes; in the study's order."""
    rows = [f"{code};{value}" for code, value in zip(CODES, VALUES, strict=True)]
    text = csv(*reversed(rows), header=f"{name};inkomen")
    read = Read(text, tmp_path, municipalities)
    assert read.values == dict(zip(CODES, VALUES, strict=True))
    assert read.table is not None
    assert list(read.table.columns) == ["nis_code", "value"]
    assert list(read.table["nis_code"]) == list(municipalities["nis_code"])
    assert list(read.table.index) == list(range(6))
    assert read.table["value"].dtype == float
    assert read.warnings == []
    assert (read.origin.role, read.origin.name) == ("attributes.inkomen", "inkomen.csv")
    assert "municipalities by" in read.origin.note
    assert "numbers from 'inkomen'" in read.origin.note


@pytest.mark.parametrize("name", ["zone_id", "CD_SECTOR", "wijkcode"])
def test_zones_by_their_id(tmp_path: Path, municipalities: gpd.GeoDataFrame, name: str) -> None:
    """A table by zone that also has the municipality's code is one by zone."""
    zones = sectors(municipalities)
    rows = [
        f"{code};{zone};{number}"
        for number, (zone, code) in enumerate(zip(zones["zone_id"], zones["nis_code"], strict=True))
    ]
    text = csv(*rows, header=f"CD_REFNIS;{name};inkomen")
    read = Read(text, tmp_path, municipalities, zones=zones)
    assert read.table is not None
    assert list(read.table.columns) == ["zone_id", "value"]
    assert read.values == {zone: float(i) for i, zone in enumerate(zones["zone_id"])}
    assert read.warnings == []


def test_zones_with_plain_numbers_as_ids(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """A column of numbers that could be ids does not win from the one that is called so."""
    zones = sectors(municipalities)
    zones["zone_id"] = [str(number) for number in range(1, 13)]
    rows = [f"{13 - number};{number}" for number in range(1, 13)]
    read = Read(csv(*rows, header="rang;zone_id"), tmp_path, municipalities, zones=zones)
    assert read.values == {str(number): 13.0 - number for number in range(1, 13)}


def test_municipal_table_beside_zones(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Also when one municipality is its own zone, whose id then is a code of the table."""
    zones = sectors(municipalities).iloc[2:]
    zones = pd.concat([zones, take_as_zones(municipalities.iloc[:1])], ignore_index=True)
    read = Read(whole(VALUES), tmp_path, municipalities, zones=zones)
    assert read.values == dict(zip(CODES, VALUES, strict=True))


def test_incomes_are_not_taken_for_codes(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Incomes may equal codes: 23016 EUR is a fair one, and is Dilbeek's code."""
    read = Read(whole([23016, 24020, 23105, 11002, 11001, 12025]), tmp_path, municipalities)
    assert read.values["11001"] == 23016
    assert read.values["44021"] == 11001


def test_other_codes_in_a_table_are_no_numbers(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """The municipality of each zone, whatever its column is called, does not make two choices."""
    zones = sectors(municipalities)
    rows = [f"{zone};{zone[:5]};{place}" for place, zone in enumerate(zones["zone_id"])]
    text = csv(*rows, header="cd_sector;gemeente;inkomen")
    read = Read(text, tmp_path, municipalities, zones=zones)
    assert read.values["11001B01-"] == 1


def test_no_column_of_places(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Names alone do not say which place; the columns are told, and what the study could use."""
    text = csv("Gent;1", header="Gemeente;inkomen")
    (line,) = Read(text, tmp_path, municipalities, zones=sectors(municipalities)).errors
    assert "has no column with ids of zones or NIS codes (columns: gemeente, inkomen)" in line
    assert "name it `zone_id` or `nis_code`" in line
    (line,) = Read(csv("A1;1", header="cd_sector;x"), tmp_path, municipalities).errors
    assert "no column with NIS codes (columns: cd_sector, x), and the study has no zones" in line


def test_zones_of_another_drawing(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Ids that are none of the study's are shown beside one that is."""
    text = csv("99999Z;1", header="cd_sector;inkomen")
    read = Read(text, tmp_path, municipalities, zones=sectors(municipalities))
    (line,) = read.errors
    assert (
        "none of its 'cd_sector' (such as 99999Z) is a zone of the study (such as 11001A00-)"
    ) in line


def test_no_row_of_the_study(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Municipalities elsewhere in Flanders are known, but of no use."""
    read = Read(csv("31003;1", "31004;2"), tmp_path, municipalities)
    assert read.table is None
    (line,) = read.errors
    assert "none of its rows is of the municipalities of the study" in line


def test_place_given_twice(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Two numbers for a place are an error, at the second row; which holds is not guessed."""
    read = Read(csv("11001;1", "12025;2", "11001;3"), tmp_path, municipalities)
    assert read.table is None
    (line,) = read.errors
    assert line == (
        "inkomen.csv, row 4: municipalities given more than once: 11001; keep one row for each"
    )


# --- Which number ------------------------------------------------------------------------------


def test_decimal_point_and_comma(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """24100,5 and 24100.5 are the same number."""
    read = Read(whole(["0,5", "0.5", "-1,25", "3", "1e3", "24100,50"]), tmp_path, municipalities)
    assert list(read.values.values()) == [0.5, 0.5, -1.25, 3.0, 1000.0, 24_100.5]
    assert read.warnings == []


@pytest.mark.parametrize("mark", ["", "-", "n/a", "NA", "NaN", ".."])
def test_not_known_is_nan_and_told(
    tmp_path: Path, municipalities: gpd.GeoDataFrame, mark: str
) -> None:
    """A place without a number is NaN, never 0; it is told by name, and so is one without a row."""
    text = whole([1, mark, 3, 4, 5], CODES[:5])
    read = Read(text, tmp_path, municipalities)
    assert [code for code, value in read.values.items() if math.isnan(value)] == ["12025", "71016"]
    (line,) = read.warnings
    assert line == (
        "inkomen.csv: no value for 2 of the 6 municipalities of the study: 12025 Mechelen, "
        "71016 Genk"
    )


def test_no_number_at_all(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """A column that is empty for the whole study is the wrong one."""
    text = csv("11001;", "12025;", "31003;5")
    read = Read(text, tmp_path, municipalities)
    assert read.table is None
    assert "has no number for any of the municipalities of the study" in read.errors[0]


def test_text_is_told_by_row(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Three different texts in the column of numbers, by the row that a spreadsheet shows."""
    read = Read(whole([1, "geheim", 3, "?", 5, "1e999"]), tmp_path, municipalities)
    assert read.table is None
    (line,) = read.errors
    assert line == (
        "inkomen.csv, row 3: 'inkomen' is 'geheim', not a number; also '?' (row 5), '1e999' "
        "(row 7); correct it, or leave it empty when it is not known"
    )
    (line,) = Read(
        whole([1, "a", "a", "b", "c", "d"]), tmp_path, municipalities, column="inkomen"
    ).errors
    assert "is 'a', not a number; also 'b' (row 5), 'c' (row 6); 2 more such rows; " in line


@pytest.mark.parametrize(
    "value",
    [
        "€ 23612,37",
        "23612 EUR",
        "12,5 %",
    ],
)
def test_numbers_as_people_write_them(
    tmp_path: Path, municipalities: gpd.GeoDataFrame, value: str
) -> None:
    """The column, a row and its value are named, with the way to write it; not "no column"."""
    (line,) = Read(csv(f'11001;"{value}"', f'12025;"{value}"'), tmp_path, municipalities).errors
    assert line == (
        f"inkomen.csv, row 2: 'inkomen' is '{value}', not a number; 1 more such row; write it as "
        "23612.37 or 23612,37, or leave it empty when it is not known"
    )


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("23.612,37", 23612.37),
        ("23,612.37", 23612.37),
        ("1.234.567", 1234567),
        ("23 612", 23612),
        ("23\u202f612,5", 23612.5),
        ("23'612", 23612),
    ],
)
def test_thousands_that_can_be_nothing_else(
    tmp_path: Path, municipalities: gpd.GeoDataFrame, value: str, number: float
) -> None:
    """A space, an apostrophe, two marks or two groups are of thousands; years beside them stay."""
    text = csv(f'11001;2019;"{value}"', "12025;2019;5", header="nis_code;jaar;inkomen")
    assert Read(text, tmp_path, municipalities, column="inkomen").values["11001"] == number


def test_a_mark_between_thousands_is_suspected(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """24.100 beside 900 may be 24,100; alone it is read as 24.1, and told; 0.123 is a share."""
    read = Read(whole(["24.100", "19.800", "26.000", "900", "", ""]), tmp_path, municipalities)
    assert "row 2: 'inkomen' is '24.100', which may be in thousands or have dec" in read.errors[0]
    read = Read(whole(["24.100", "19.800", "26.000", "", "", ""]), tmp_path, municipalities)
    assert read.values["11001"] == pytest.approx(24.1)
    assert "every 'inkomen' with a point or comma has three digits behind it" in read.warnings[0]
    assert "(such as 24.100); they are read as decimals" in read.warnings[0]
    read = Read(whole(["0.123", "0.456", "0.789", 0, 1, 0]), tmp_path, municipalities)
    assert read.warnings == []
    read = Read(whole(["24.100", "19.85", "26.000", 9, 9, 9]), tmp_path, municipalities)
    assert read.warnings == []


TWO = csv(
    *(f"{code};Naam {code};{place};{10 - place}" for place, code in enumerate(CODES)),
    header="nis_code;naam;Aandeel met toelage;inkomen",
)


def test_several_columns_of_numbers(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """None is guessed; `column` says which, in the capitals and spaces of the file or not."""
    (line,) = Read(TWO, tmp_path, municipalities).errors
    assert "has several columns of numbers: aandeel_met_toelage, inkomen" in line
    assert 'column = "aandeel_met_toelage"' in line
    for column in ("Aandeel met toelage", "aandeel_met_toelage"):
        read = Read(TWO, tmp_path, municipalities, column=column)
        assert list(read.values.values()) == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert Read(TWO, tmp_path, municipalities, column="inkomen").values["11001"] == 10


def test_column_that_is_not_there(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """The nearest known name is offered."""
    (line,) = Read(TWO, tmp_path, municipalities, column="Inkomens").errors
    assert line == "inkomen.csv: has no column 'Inkomens'; did you mean 'inkomen'?"


def test_no_column_of_numbers(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Codes are no numbers."""
    text = csv("11001;11001A;x", header="nis_code;zone_id;naam")
    (line,) = Read(text, tmp_path, municipalities).errors
    assert "has no column of numbers (columns: zone_id, naam)" in line


def test_all_problems_at_once(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Neither a place nor a column that is there: both are told."""
    read = Read(csv("Gent;1", header="naam;x"), tmp_path, municipalities, column="inkomen")
    assert len(read.errors) == 2


def test_header_alone(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """A table without rows is told as such."""
    (line,) = Read(csv(), tmp_path, municipalities).errors
    assert "holds no rows below its header" in line


def test_rows_of_other_places_are_counted(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Brussels, a total, a note at the foot and a municipality elsewhere: left out and told."""
    text = whole(VALUES) + "21004;1\nVlaanderen;2\n31003;3\nBron: proef;\n"
    read = Read(text, tmp_path, municipalities)
    assert read.values == dict(zip(CODES, VALUES, strict=True))
    (line,) = read.warnings
    assert line == (
        "inkomen.csv: 4 of its 10 rows are of no place of the study and left out: row 8, 9, 10, 11"
    )


def test_workbook(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Excel's numbers and codes are read as they are."""
    book = openpyxl.Workbook()
    book.active.append(["NIS code", "Inkomen"])
    for code, value in zip(CODES, VALUES, strict=True):
        book.active.append([int(code), value])
    book.save(tmp_path / "inkomen.xlsx")
    read = read_attribute(tmp_path / "inkomen.xlsx", take_as_zones(municipalities), municipalities)
    assert dict(zip(read["nis_code"], read["value"], strict=True)) == dict(
        zip(CODES, VALUES, strict=True)
    )


# --- Vintages ----------------------------------------------------------------------------------

NOW = {"11002": "Antwerpen", "11005": "Boom", "46029": "Lokeren", "71072": "Hasselt"}
"""Of 2025. Antwerpen took Borsbeek (11007) and kept its code; Lokeren (46014) took Moerbeke
(44045) and Hasselt (71022) took Kortessem (73040), and both got a new one."""


def area_of(folder: Path, codes: dict[str, str], vintage: int) -> gpd.GeoDataFrame:
    squares(codes).to_file(folder / "m.gpkg")
    return read_municipalities(folder / "m.gpkg", vintage=vintage)


def test_merged_municipalities_get_no_value(tmp_path: Path) -> None:
    """A median of two is not to be had: NaN and a warning, also when the code stayed the same."""
    text = csv("11002;1", "11007;1", "11005;2", "46014;3", "44045;4", "71022;5", "73040;6")
    read = Read(text, tmp_path, area_of(tmp_path, NOW, 2025))
    assert read.values.pop("11005") == 2
    assert [code for code, value in read.values.items() if math.isnan(value)] == [
        "11002",
        "46029",
        "71072",
    ]
    changed, without = read.warnings
    assert "has codes of 2024; 3 municipalities of 2025 had other land then: no value there" in (
        changed
    )
    assert "11002 Antwerpen, 46029 Lokeren, 71072 Hasselt" in changed
    assert "no value for 3 of the 4 municipalities of the study" in without
    assert "codes of 2024, brought to 2025" in read.origin.note


def test_the_date_of_the_data_decides_between_vintages(tmp_path: Path) -> None:
    """11002 alone could be of any year; data of 2022 are of Antwerpen without Borsbeek."""
    area = area_of(tmp_path, {"11002": "Antwerpen", "11005": "Boom"}, 2025)
    text = csv("11002;1", "11005;2")
    assert Read(text, tmp_path, area).values == {"11002": 1.0, "11005": 2.0}
    read = Read(text, tmp_path, area, date=dt.date(2022, 12, 31))
    assert math.isnan(read.values["11002"])
    assert read.values["11005"] == 2
    assert "11002 Antwerpen" in read.warnings[0]


def test_later_codes_serve_where_the_land_is_the_same(tmp_path: Path) -> None:
    """Lokeren of 2025 says nothing of Lokeren or Moerbeke of 2024; Boom is Boom."""
    then = {"11005": "Boom", "44045": "Moerbeke", "46014": "Lokeren"}
    area = area_of(tmp_path, then, 2024)
    read = Read(csv("46029;1", "11005;2"), tmp_path, area, vintage=2024)
    assert read.values.pop("11005") == 2
    assert all(math.isnan(read.values[code]) for code in ("44045", "46014"))
    assert "2 municipalities of 2024 had other land then" in read.warnings[0]
    assert len(read.warnings) == 2


def test_codes_of_several_vintages(tmp_path: Path) -> None:
    """Moerbeke of 2024 beside Hasselt of 2025 is no table of any year."""
    read = Read(csv("44045;1", "71072;2"), tmp_path, area_of(tmp_path, NOW, 2025))
    assert read.table is None
    assert "mixes municipality codes of several vintages" in read.errors[0]


def test_every_municipality_that_kept_its_land_keeps_its_value(
    shared_data: Path, tmp_path: Path
) -> None:
    """Of 285, 13 came of mergers in 2025; of the 300 of 2024 the other 272 have their value."""
    area = read_municipalities(shared_data / "boundaries" / "gemeente2025.gpkg")
    before = read_municipalities(shared_data / "boundaries" / "gemeente2024.gpkg", vintage=2024)
    number = {code: float(place) for place, code in enumerate(before["nis_code"])}
    read = Read(csv(*(f"{code};{place:.0f}" for code, place in number.items())), tmp_path, area)
    known = {code: value for code, value in read.values.items() if not math.isnan(value)}
    assert len(known) == 272
    assert all(number[code] == value for code, value in known.items())
    # Both files of boundaries draw these alike; what grew by a merger would show.
    old, new = (one.set_index("nis_code").area for one in (before, area))
    assert old[list(known)].to_numpy() == pytest.approx(new[list(known)].to_numpy(), rel=0.02)


# --- Python ------------------------------------------------------------------------------------


def test_reader_raises_what_is_wrong(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """As the other readers."""
    path = tmp_path / "inkomen.csv"
    path.write_text(TWO)
    zones = take_as_zones(municipalities)
    with pytest.raises(InputError, match="has several columns of numbers"):
        read_attribute(path, zones, municipalities)
    given = Attribute(path=path, column="inkomen")
    assert list(read_attribute(given, zones, municipalities)["value"]) == [10, 9, 8, 7, 6, 5]
    with pytest.raises(FileNotFoundError):
        read_attribute(tmp_path / "weg.csv", zones, municipalities)
