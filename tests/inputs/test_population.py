"""Children by municipality, age and sex; totals by zone: counted to the child."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from stemgeo.errors import Findings, InputError
from stemgeo.inputs import read_population
from stemgeo.inputs.population import load_population, load_zone_population
from stemgeo.study import Input

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

STATBEL = "CD_REFNIS|TX_DESCR_NL|CD_SEX|CD_NATLTY|CD_AGE|MS_POPULATION|CD_YEAR"


def write(path: Path, *rows: str, encoding: str = "utf-8") -> Path:
    path.write_text("\n".join(rows) + "\n", encoding=encoding)
    return path


def load(
    path: Path, vintage: int = 2025, area: pd.DataFrame | None = None, **more: Any
) -> tuple[pd.DataFrame, Findings, str]:
    findings = Findings()
    given = Input(path=path, **more)
    frame, origin = load_population(given, frozenset(range(5, 18)), vintage, area, findings)
    return frame, findings, "" if origin is None else origin.note


def errors_of(path: Path, **more: Any) -> list[str]:
    return [str(problem) for problem in load(path, **more)[1].errors]


def rows_of(frame: pd.DataFrame) -> list[list[object]]:
    return frame.to_numpy().tolist()


# --- Statbel's own file ------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["CD_REFNIS", "CD_MUNTY_REFNIS"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("packed", [False, True])
def test_statbel_in_all_its_forms(
    tmp_path: Path,
    column: str,
    encoding: str,
    *,
    packed: bool,
) -> None:
    """Both spellings, with or without BOM, as text or zip: nationalities are added up."""
    path = write(
        tmp_path / "TF_SOC_POP_STRUCT.txt",
        STATBEL.replace("CD_REFNIS", column),
        "11001|Aartselaar|F|BEL|7|10|2022",
        "11001|Aartselaar|F|ETR|7|2|2022",
        "11001|Aartselaar|M|BEL|7|5|2022",
        "11001|Aartselaar|M|BEL|4|100|2022",
        "11001|Aartselaar|M|BEL|18|100|2022",
        "62063|Liège|M|BEL|7|1000|2022",
        "21004|Brussel|M|BEL|7|2000|2022",
        encoding=encoding,
    )
    if packed:
        with zipfile.ZipFile(tmp_path / "p.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(path, path.name)
        path = tmp_path / "p.zip"
    frame, findings, note = load(path)
    assert (findings.errors, findings.warnings) == ([], [])
    assert rows_of(frame) == [["11001", 7, "F", 12], ["11001", 7, "M", 5]]
    assert frame["children"].dtype == "int64"
    assert "2000 people of Brussels left out" in note
    assert "1000 people of Wallonia left out" in note
    assert "17 children" in note


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("nis_code;age;sex;children", "11001;7;F;12"),
        ("NIS code,leeftijd,geslacht,kinderen", "11001,7,V,12"),
        ("sex\tage\tnis5\tpopulation", "f\t7\t11001\t12"),
        ('"nis_code";"age";"sex";"children"', '"11001";"7";"vrouw";"12"'),
        ("nis_code;age;sex;children", "11001;7;F;12,0"),
    ],
)
def test_plain_csv(tmp_path: Path, header: str, row: str) -> None:
    """Any order, delimiter and language of columns."""
    frame, findings, _ = load(write(tmp_path / "p.csv", header, row))
    assert findings.errors == []
    assert rows_of(frame) == [["11001", 7, "F", 12]]


def test_xlsx(tmp_path: Path) -> None:
    """An Excel workbook with numbers as numbers."""
    table = {"nis_code": [11001], "age": [7], "sex": ["M"], "children": [12]}
    pd.DataFrame(table).to_excel(tmp_path / "p.xlsx", index=False)
    assert rows_of(load(tmp_path / "p.xlsx")[0]) == [["11001", 7, "M", 12]]


def test_ages_above_a_hundred(tmp_path: Path) -> None:
    """An age of "100+" is one, if not a child's."""
    path = write(tmp_path / "p.csv", "nis_code;age;sex;children", "11001;100+;F;3", "11001;5;F;1")
    frame, findings, _ = load(path)
    assert findings.errors == []
    assert frame["children"].sum() == 1


def test_ages_wanted(tmp_path: Path) -> None:
    """Only the ages of the study's bands come out."""
    rows = [f"11001;{age};M;1" for age in range(30)]
    path = write(tmp_path / "p.csv", "nis_code;age;sex;children", *rows)
    assert read_population(path, ages=[3, 4])["age"].tolist() == [3, 4]


# --- Bad values --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("11001;7;F;-3", "'children' is '-3', not a whole number of 0 or more"),
        ("11001;7;F;veel", "'children' is 'veel', not a whole number of 0 or more"),
        ("11001;7;F;", "'children' is '', not a whole number of 0 or more"),
        ("11001;7;F;1.5", "'children' is '1.5', not a whole number of 0 or more"),
        ("11001;7;F;nan", "'children' is 'nan', not a whole number of 0 or more"),
        ("11001;7;F;1e400", "'children' is '1e400', not a whole number of 0 or more"),
        ("11001;zes;F;3", "'age' is 'zes', not an age in years"),
        ("11001;-1;F;3", "'age' is '-1', not an age in years"),
        ("11001;7;X;3", "'sex' is 'X', not F or M"),
        ("Gent;7;F;3", "'nis_code' is 'Gent', not a NIS code"),
        ("11999;7;F;3", "unknown NIS codes: 11999"),
    ],
)
def test_bad_value_is_told_by_its_row(tmp_path: Path, row: str, what: str) -> None:
    """Rows count as in a spreadsheet; empty rows count too."""
    path = write(tmp_path / "p.csv", "nis_code;age;sex;children", "11001;6;F;3", ";;;", row)
    (line,) = errors_of(path)
    assert line.startswith(f"p.csv, row 4: {what}")


def test_all_bad_values_at_once(tmp_path: Path) -> None:
    """Each column with bad values has a line: the first row, and how many more."""
    rows = ["11001;x;F;3", "11001;y;F;-1", "11001;7;F;-1"]
    path = write(tmp_path / "p.csv", "nis_code;age;sex;children", *rows)
    assert errors_of(path) == [
        "p.csv, row 2: 'age' is 'x', not an age in years; 1 more such rows; correct it in the file",
        (
            "p.csv, row 3: 'children' is '-1', not a whole number of 0 or more; 1 more such rows; "
            "correct it in the file"
        ),
    ]


def test_shown_values_are_short_and_clean(tmp_path: Path) -> None:
    """What is shown of a cell has no control characters and is cut."""
    value = "\x1b[31m" + "9" * 500 + "x"
    path = write(tmp_path / "p.csv", "nis_code;age;sex;children", f"11001;7;F;{value}")
    (line,) = errors_of(path)
    assert "\x1b" not in line
    assert len(line) < 150


def test_missing_columns_are_all_named(tmp_path: Path) -> None:
    """Each column that is not there is a line, with the names it may have."""
    path = write(tmp_path / "p.csv", "nis_code;naam", "11001;Aartselaar")
    assert [line.split(";")[0] for line in errors_of(path)] == [
        "p.csv: has no column for age",
        "p.csv: has no column for sex",
        "p.csv: has no column for children",
    ]


def test_header_alone(tmp_path: Path) -> None:
    """A file without rows is told."""
    path = write(tmp_path / "p.csv", "nis_code;age;sex;children")
    assert "holds no rows" in errors_of(path)[0]


@pytest.mark.parametrize("row", ["11001;7;F", "11001;7;F;3;4"])
def test_rows_of_another_width_are_refused(tmp_path: Path, row: str) -> None:
    """A row with a column too few, as a cut-off file ends, or too many."""
    path = write(tmp_path / "p.csv", "nis_code;age;sex;children", "11001;6;F;3", row)
    (line,) = errors_of(path)
    assert "row 3 has" in line
    assert "the header has 4" in line


def test_cut_off_last_number_is_told(tmp_path: Path) -> None:
    """A text that ends inside a line is whole to a reader: 12 may have been 123."""
    path = tmp_path / "p.csv"
    path.write_text("nis_code;age;sex;children\n11001;7;F;12")
    _, findings, _ = load(path)
    assert "its last line has no end; it may be cut off" in str(findings.warnings[0])


def test_several_years_are_refused(tmp_path: Path) -> None:
    """Two years in one file would count everyone twice."""
    path = write(
        tmp_path / "p.csv",
        "nis_code;age;sex;children;year",
        "11001;7;F;1;2021",
        "11001;7;F;1;2022",
    )
    assert "holds several years: 2021, 2022" in errors_of(path)[0]


# --- Codes and vintages ------------------------------------------------------------------------


def counts(path: Path, codes: dict[str, int], year: int | None = None) -> Path:
    end = f";{year}" if year else ""
    rows = [f"{code};7;F;{count}{end}" for code, count in codes.items()]
    return write(path, "nis_code;age;sex;children" + (";year" if year else ""), *rows)


def test_earlier_codes_go_forward_to_the_child(tmp_path: Path) -> None:
    """Lokeren and Moerbeke of 2015 add up to Lokeren of 2025, under its new code."""
    path = counts(tmp_path / "p.csv", {"46014": 400, "44045": 60, "11001": 5}, 2015)
    frame, findings, note = load(path)
    assert findings.errors == []
    assert rows_of(frame) == [["11001", 7, "F", 5], ["46029", 7, "F", 460]]
    assert "population of 2015, codes of 2018, brought to 2025" in note


def test_antwerpen_of_2015_without_borsbeek_is_refused(tmp_path: Path) -> None:
    """The codes fit 2025, but the year says that Borsbeek's children are missing."""
    (line,) = errors_of(counts(tmp_path / "p.csv", {"11002": 100}, 2015))
    assert "11002 Antwerpen of 2025 lacks 11007 Borsbeek" in line
    assert errors_of(counts(tmp_path / "p.csv", {"11002": 100}, 2025)) == []


def test_the_date_in_the_study_is_the_year_too(tmp_path: Path) -> None:
    """Without a column of the year, the date that the study gives is used."""
    path = counts(tmp_path / "p.csv", {"11002": 100})
    assert errors_of(path) == []
    assert "lacks 11007 Borsbeek" in errors_of(path, date="2015-01-01")[0]


def test_later_codes_are_refused(tmp_path: Path) -> None:
    """Population of 2025 in a study of 2024 cannot be divided, and says so."""
    (line,) = errors_of(counts(tmp_path / "p.csv", {"46029": 100}), vintage=2024)
    assert "uses the municipality codes of 2025, later than the study's 2024" in line


def test_codes_of_two_vintages_are_refused(tmp_path: Path) -> None:
    """Lokeren of 2024 beside Hasselt of 2025."""
    (line,) = errors_of(counts(tmp_path / "p.csv", {"46014": 1, "71072": 1}))
    assert "mixes municipality codes of several vintages" in line


def test_municipality_without_population_is_named(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """A municipality of the boundaries without any population is an error."""
    codes = dict.fromkeys(set(municipalities["nis_code"]) - {"31005"}, 10)
    (line,) = errors_of(counts(tmp_path / "p.csv", codes), area=municipalities)
    assert "no population for 1 municipalities of the study: 31005 Brugge" in line


def test_population_outside_the_study_is_counted(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """Children of other municipalities are left out, and their number is kept."""
    codes = dict.fromkeys(municipalities["nis_code"], 10) | {"73107": 7}
    frame, findings, note = load(counts(tmp_path / "p.csv", codes), area=municipalities)
    assert findings.errors == []
    assert frame["children"].sum() == 60
    assert "7 children in 1 municipalities outside the study left out" in note


def test_public_reader_raises(tmp_path: Path) -> None:
    """Used alone, the reader raises what it finds, as an InputError that is a ValueError."""
    with pytest.raises(InputError, match="not a whole number") as error:
        read_population(counts(tmp_path / "p.csv", {"11001": -1}))
    assert isinstance(error.value, ValueError)


# --- Totals by zone ----------------------------------------------------------------------------

ZONES = pd.DataFrame({"zone_id": ["11001A00-", "11001A01-", "11001B02-"]})


def totals(path: Path, *rows: str) -> tuple[pd.DataFrame | None, Findings, str]:
    findings = Findings()
    write(path, "CD_REFNIS|CD_SECTOR|TOTAL|DT_STRT_SECTOR", *rows)
    frame, origin = load_zone_population(Input(path=path), ZONES, findings)
    assert origin is not None
    return frame, findings, origin.note


def test_zone_totals(tmp_path: Path) -> None:
    """Statbel's totals come in the order of the zones; people of no zone are counted."""
    frame, findings, note = totals(
        tmp_path / "s.txt",
        "11001|11001B02-|5|01/01/2020",
        "11001|11001A00-|7|01/01/2020",
        "11001|11001A01-|0|01/01/2020",
        "11001|11001ZZZZ|3|01/01/2020",
    )
    assert (findings.errors, findings.warnings) == ([], [])
    assert frame is not None
    assert frame["zone_id"].tolist() == ZONES["zone_id"].tolist()
    assert frame["population"].tolist() == [7, 0, 5]
    assert frame["population"].dtype == "int64"
    assert "3 people in 1 zones outside the study left out" in note


def test_zone_without_total_is_told(tmp_path: Path) -> None:
    """A zone of the study that the totals lack gets 0, and a warning."""
    frame, findings, _ = totals(tmp_path / "s.txt", "11001|11001A00-|7|x")
    assert frame is not None
    assert frame["population"].tolist() == [7, 0, 0]
    assert "no total for 2 zones: 11001A01-, 11001B02-" in str(findings.warnings[0])


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("11001|11001A00-|-7|x", "row 2: 'population' is '-7'"),
        ("11001|11001A00-|7|x\n11001|11001A00-|7|x", "row 3: zones given more than once"),
        ("11001|99999|7|x", "none of its zones (such as 99999) is a zone of the study"),
    ],
)
def test_bad_zone_totals(tmp_path: Path, row: str, what: str) -> None:
    """Negative totals, zones given twice and other zones are errors."""
    frame, findings, _ = totals(tmp_path / "s.txt", *row.split("\n"))
    assert frame is None
    assert what in str(findings.errors[0])
