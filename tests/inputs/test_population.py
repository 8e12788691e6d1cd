"""Children by municipality, age and sex; totals by zone: counted to the child."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import hand
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stemgeo.errors import Findings, InputError
from stemgeo.inputs import read_population
from stemgeo.inputs.population import Population, load_population, load_zone_population
from stemgeo.inputs.zone_codes import load_zone_codes, make_crosswalk
from stemgeo.study import Input, Register

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

STATBEL = "CD_REFNIS|TX_DESCR_NL|CD_SEX|CD_NATLTY|CD_AGE|MS_POPULATION|CD_YEAR"


def write(path: Path, *rows: str, encoding: str = "utf-8") -> Path:
    path.write_text("\n".join(rows) + "\n", encoding=encoding)
    return path


def load_whole(
    path: Path,
    vintage: int = 2025,
    area: pd.DataFrame | None = None,
    ages: Iterable[int] = range(5, 18),
    **more: Any,
) -> tuple[Population, Findings, str]:
    findings = Findings()
    given = Input(path=path, **more)
    population, origin = load_population(given, frozenset(ages), vintage, area, findings)
    return population, findings, "" if origin is None else origin.note


def load(
    path: Path, vintage: int = 2025, area: pd.DataFrame | None = None, **more: Any
) -> tuple[pd.DataFrame, Findings, str]:
    population, findings, note = load_whole(path, vintage, area, **more)
    return population.children, findings, note


def errors_of(path: Path, **more: Any) -> list[str]:
    return [str(problem) for problem in load(path, **more)[1].errors]


def rows_of(frame: pd.DataFrame) -> list[list[object]]:
    """Rows of children; their `part` has tests of its own."""
    return frame[["nis_code", "age", "sex", "children"]].to_numpy().tolist()


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
    assert "2,000 people of Brussels left out" in note
    assert "1,000 people of Wallonia left out" in note
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


def test_without_a_column_of_sex(tmp_path: Path) -> None:
    """A source that does not tell boys from girls is read, with an empty sex."""
    path = write(tmp_path / "p.csv", "nis_code;age;children", "11001;7;12", "11001;8;3")
    frame, findings, _ = load(path, ages=[7, 8])
    assert (findings.errors, findings.warnings) == ([], [])
    assert rows_of(frame) == [["11001", 7, "", 12], ["11001", 8, "", 3]]


def test_a_file_that_ends_too_young_is_told(tmp_path: Path) -> None:
    """A file of 0 to 15 in a study of 5 to 17 would leave two years out without a word."""
    rows = [f"11001;{age};F;1" for age in range(16) if age != 9]
    path = write(tmp_path / "p.csv", "nis_code;age;sex;children", *rows)
    frame, findings, _ = load(path)
    assert findings.errors == []
    assert frame["children"].sum() == 10
    assert [str(warning) for warning in findings.warnings] == [
        (
            "p.csv: has nobody of 16, 17, ages that the study counts; give a file of all its ages, "
            "or leave them out of its bands"
        )
    ]


def test_a_file_of_other_ages_is_refused(tmp_path: Path) -> None:
    """A file in which nobody is of the ages studied is another file than the one meant."""
    path = write(tmp_path / "p.csv", "nis_code;age;sex;children", "11001;0;F;1", "11001;40;F;1")
    assert errors_of(path) == ["p.csv: has nobody of the ages studied: its ages are 0 to 40"]


@pytest.mark.parametrize("sex", ["", "X", "-"])
def test_a_column_of_sex_holds_it_in_every_row(tmp_path: Path, sex: str) -> None:
    """Where the file has the column, a row without F or M is an error: children would be lost."""
    path = write(tmp_path / "p.csv", "nis_code;age;sex;children", "11001;7;F;1", f"11001;7;{sex};3")
    (line,) = errors_of(path)
    shown = f"'{sex}'" if sex else "empty"
    assert line == f"p.csv, row 3: 'sex' is {shown}, not F or M; correct it in the file"


# --- Residents of all ages ---------------------------------------------------------------------


def test_residents_are_everyone_in_the_file(tmp_path: Path) -> None:
    """With people of all ages the file says how many residents each municipality has."""
    rows = ["11001;7;F;12", "11001;40;M;30", "11001;100+;F;2", "44045;80;F;5", "44045;9;F;1"]
    rows += ["46014;81;M;7", "46014;9;F;1"]
    path = write(tmp_path / "p.csv", "nis_code;age;sex;children;year", *(f"{r};2015" for r in rows))
    population, findings, _ = load_whole(path)
    assert findings.errors == []
    assert population.residents is not None
    assert population.residents.to_dict() == {"11001": 44, "46029": 14}
    assert population.residents.dtype == "int64"
    assert (population.year, population.vintage) == (2015, 2018)


@pytest.mark.parametrize("ages", [range(5, 18), range(5, 19), range(26)])
def test_residents_are_unknown_from_children_alone(tmp_path: Path, ages: range) -> None:
    """A file of children, or of the young, says nothing of all residents."""
    rows = [f"11001;{age};F;1" for age in ages]
    population, findings, _ = load_whole(
        write(tmp_path / "p.csv", "nis_code;age;sex;children", *rows)
    )
    assert findings.errors == []
    assert population.residents is None
    assert population.year is None


def test_residents_of_the_study_alone(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Residents outside the study are not among them."""
    codes = [*municipalities["nis_code"], "73107"]
    rows = [f"{code};{age};F;10" for code in codes for age in (7, 70)]
    path = write(tmp_path / "p.csv", "nis_code;age;sex;children", *rows)
    population, findings, _ = load_whole(path, area=municipalities)
    assert findings.errors == []
    assert population.residents is not None
    assert population.residents.to_dict() == dict.fromkeys(municipalities["nis_code"], 20)


def test_a_file_that_cannot_be_used_has_no_children(tmp_path: Path) -> None:
    """After an error the tables are there and empty, so that other files can be checked."""
    path = write(tmp_path / "p.csv", "nis_code;age;sex;children", "11001;7;F;-1")
    population, findings, _ = load_whole(path, vintage=2024)
    assert findings.errors
    assert population.children.columns.tolist() == ["nis_code", "part", "age", "sex", "children"]
    assert population.children.empty
    assert (population.residents, population.year, population.vintage) == (None, None, 2024)


# --- Ages --------------------------------------------------------------------------------------


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
        ("11001;7;F;", "'children' is empty, not a whole number of 0 or more"),
        ("11001;7;F;1.5", "'children' is '1.5', not a whole number of 0 or more"),
        ("11001;7;F;nan", "'children' is 'nan', not a whole number of 0 or more"),
        ("11001;7;F;1e400", "'children' is '1e400', not a whole number of 0 or more"),
        ("11001;7;F;20000001", "'children' is '20000001', more than Belgium has residents"),
        ("11001;7;F;99999999999999999999", "'children' is '99999999999999999999', more than"),
        ("11001;;F;3", "'age' is empty, not an age in years"),
        ("11001;+;F;3", "'age' is '+', not an age in years"),
        ("11001;7.5;F;3", "'age' is '7.5', not an age in years"),
        ("11001;zes;F;3", "'age' is 'zes', not an age in years"),
        ("11001;-1;F;3", "'age' is '-1', not an age in years"),
        ("11001;7;X;3", "'sex' is 'X', not F or M"),
        ("Gent;7;F;3", "'nis_code' is 'Gent', not a NIS code"),
        ("11999;7;F;3", "unknown NIS code: 11999 (3 people); correct them"),
    ],
)
def test_bad_value_is_told_by_its_row(tmp_path: Path, row: str, what: str) -> None:
    """Rows count as in a spreadsheet; empty rows count too."""
    path = write(tmp_path / "p.csv", "nis_code;age;sex;children", "11001;6;F;3", ";;;", row)
    (line,) = errors_of(path)
    assert line.startswith(f"p.csv, row 4: {what}")


def test_more_people_than_belgium_has(tmp_path: Path) -> None:
    """Rows that are each possible, and together are not: a file with everyone twice or more."""
    rows = ["11001;7;F;20000000", "12025;7;F;1"]
    path = write(tmp_path / "p.csv", "nis_code;age;sex;children", *rows)
    (line,) = errors_of(path)
    assert "counts 20000001 people in 'children', more than Belgium has residents" in line
    assert errors_of(write(tmp_path / "q.csv", "nis_code;age;sex;children", rows[0])) == []


def test_a_code_of_before_1977_is_told_with_its_children(tmp_path: Path) -> None:
    """Codes of no known vintage are named together, with the people that they would lose."""
    rows = ["11001;7;F;3", "11999;7;F;3", "11999;8;F;4", "71998;8;F;5"]
    (line,) = errors_of(write(tmp_path / "p.csv", "nis_code;age;sex;children", *rows))
    assert line.startswith("p.csv, row 3: unknown NIS codes: 11999, 71998 (12 people)")


def test_all_bad_values_at_once(tmp_path: Path) -> None:
    """Each column with bad values has a line: three of them by row, and how many more."""
    rows = ["11001;x;F;3", "11001;y;F;-1", "11001;7;F;-1"]
    path = write(tmp_path / "p.csv", "nis_code;age;sex;children", *rows)
    assert errors_of(path) == [
        "p.csv, row 2: 'age' is 'x', not an age in years; also 'y' (row 3); correct it in the file",
        (
            "p.csv, row 3: 'children' is '-1', not a whole number of 0 or more; 1 more such row; "
            "correct it in the file"
        ),
    ]


# --- Rows given twice --------------------------------------------------------------------------


def test_a_row_given_twice_is_an_error(tmp_path: Path) -> None:
    """Added up in silence it would count the same children twice, whatever its number."""
    rows = ["11001;5;F;3", "11001;5;M;3", "11001;6;F;3", "11001;5;V;4", "11001;5;F;3"]
    path = write(tmp_path / "p.csv", "nis_code;age;sex;children", *rows)
    assert errors_of(path) == [
        (
            "p.csv, row 5: 11001, 5, F is given 3 times (rows 2, 5, 6); "
            "keep one row of each, or add them up"
        )
    ]


def test_a_file_pasted_twice_is_counted(tmp_path: Path) -> None:
    """Three are named, and how many more there are."""
    rows = [f"11001;gemeente;{age};1" for age in range(5, 18)]
    again = [f"11001;Gemeente;{age};1" for age in range(5, 18)]
    path = write(tmp_path / "p.csv", "nis_code;naam;age;children", *rows, *again)
    (line,) = errors_of(path)
    assert line.startswith("p.csv, row 15: 11001, 5 is given twice (rows 2, 15); 11001, 6 is given")
    assert "11001, 7 is given twice (rows 4, 17); 10 more are; keep one row of each" in line


def test_rows_of_statbel_repeat_by_nationality(tmp_path: Path) -> None:
    """Rows that differ in a further column are parts of one number; alike in all, they are not."""
    rows = ["11001|A|F|BEL|7|10|2022", "11001|A|F|ETR|7|10|2022", "11001|A|M|BEL|7|10|2022"]
    path = write(tmp_path / "p.txt", STATBEL, *rows)
    assert rows_of(load(path)[0]) == [["11001", 7, "F", 20], ["11001", 7, "M", 10]]
    (line,) = errors_of(write(path, STATBEL, *rows, rows[1]))
    assert line.startswith("p.txt, row 5: 11001, 7, F is given twice (rows 3, 5); keep one row")


TOTAL_ROWS = {
    "nationaliteit": ("BEL", "ETR", "Totaal"),
    "natlty": ("BEL", "ETR", "_T"),
    "burgerlijke_staat": ("ongehuwd", "gehuwd", "alle"),
    "civil_status": ("1", "2", "T"),
    "CD_NATLTY": ("BEL", "ETR", ""),
    "TX_NATLTY_NL": ("Belgen", "Niet-Belgen", "Belgen en niet-Belgen"),
    "wijktype": ("A", "B", "Total général"),
}


@pytest.mark.parametrize("column", TOTAL_ROWS)
def test_totals_beside_their_parts_are_refused(tmp_path: Path, column: str) -> None:
    """By their name, an empty cell, or since they are always the sum of all others."""
    rows = [
        f"11001;{age};F;{value};{number}"
        for age in (7, 8)
        for value, number in zip(TOTAL_ROWS[column], (30, age, 30 + age), strict=True)
    ]
    (line,) = errors_of(write(tmp_path / "p.csv", f"nis_code;age;sex;{column};children", *rows))
    named = TOTAL_ROWS[column][2] or "empty"
    assert f"'{column.lower()}' holds totals beside their parts: {named} (from row 4)" in line


def test_parts_of_equal_number_add_up(tmp_path: Path) -> None:
    """Of two nationalities with as many children each none is the total of the other."""
    rows = [f"11001;{age};F;{part};{age}" for age in (7, 8) for part in ("BEL", "ETR")]
    path = write(tmp_path / "p.csv", "nis_code;age;sex;CD_NATLTY;children", *rows)
    frame, findings, _ = load(path)
    assert rows_of(frame) == [["11001", 7, "F", 14], ["11001", 8, "F", 16]]
    assert not any("not used" in str(note) for note in findings.warnings)


@pytest.mark.parametrize("column", ["bron", "source", "peildatum", "datum", "CD_YEAR_2", "versie"])
def test_a_second_source_or_day_is_refused(tmp_path: Path, column: str) -> None:
    """Two sources count everyone twice, whatever their numbers; one alone is no matter."""
    header = f"nis_code;age;sex;{column};children"
    rows = ["11001;7;F;een;10", "11001;7;F;twee;11", "11001;8;F;een;10"]
    (line,) = errors_of(write(tmp_path / "p.csv", header, *rows))
    assert f"'{column.lower()}' has everyone several times: een, twee; keep the rows of" in line
    assert errors_of(write(tmp_path / "q.csv", header, rows[0], "11001;8;F;twee;4")) == []


def test_a_column_that_splits_rows_is_asked_about(tmp_path: Path) -> None:
    """Whether its rows add up nobody can know; one that splits none is no matter."""
    header = "nis_code;age;sex;gezin;regio;children"
    rows = ["11001;7;F;klein;VL;10", "11001;7;F;groot;VL;11", "12025;7;F;klein;BR;10"]
    (line,) = errors_of(write(tmp_path / "p.csv", header, *rows))
    assert line == (
        "p.csv: 'gezin' has several rows for one place, age and sex (klein, groot): nothing says "
        "whether they add up; add them up if they are parts of one number, else keep the rows of "
        "one value"
    )


def test_totals_of_sexes_ages_and_districts_are_named(tmp_path: Path) -> None:
    """What adds up others is named as such, with what to do, not as a code to correct."""
    rows = ["11001;7;T;6", "11001;Totaal;F;9", "11001;7;F;3", "12025;7;M;3"]
    sex, age = sorted(errors_of(write(tmp_path / "p.csv", "nis_code;age;sex;children", *rows)),
                      key=lambda line: "ages" in line)  # fmt: skip
    assert sex == "p.csv, row 2: 'sex' is 'T': totals of sexes, in 1 row; leave them out"
    assert age == "p.csv, row 3: 'age' is 'Totaal': totals of ages, in 1 row; leave them out"
    for code in ("01000", "2000", "10000", "20001", "11000", "21000", "52000", "02000"):
        total = write(tmp_path / "q.csv", "nis_code;age;children", f"{code};7;9", "11001;7;3")
        (line,) = errors_of(total)
        known = code.rjust(5, "0")
        assert f"row 2: totals of districts, provinces or regions: {known} (9 people); l" in line
    alone = write(tmp_path / "r.csv", "nis_code;age;sex;children", "11001;7;T;6")
    assert "or leave the column out if it tells no sexes" in errors_of(alone)[0]


@pytest.mark.parametrize(
    ("numbers", "read"),
    [
        (("1.000", "2.000", "512"), (1000, 2000, 512)),
        (("1,000", "512", "0"), (1000, 512, 0)),
        (("1 000", "2 001", "5"), (1000, 2001, 5)),
        (("1\u00a0000", "1\u202f000", "12\u2009345"), (1000, 1000, 12345)),
        (("1'000", "1\u2019000", "2"), (1000, 1000, 2)),
        (("1.234", "2.000", "3.500"), (1234, 2000, 3500)),
        (("1.234.567", "1.000", "999.000"), (1234567, 1000, 999000)),
        (("1.000,00", "2.000,00", "512,00"), (1000, 2000, 512)),
        (("12.0", "5.000", "3.000"), (12, 5, 3)),
        (("0.000", "5.000", "3.000"), (0, 5, 3)),
        (("1000.000", "2.000", "3.000"), (1000, 2, 3)),
    ],
)
def test_marks_between_thousands(
    tmp_path: Path, numbers: tuple[str, ...], read: tuple[int, ...]
) -> None:
    """They are read where the column leaves no doubt; three decimals throughout are decimals."""
    rows = [f'11001;{age};"{number}"' for age, number in enumerate(numbers, 6)]
    frame, findings, _ = load(write(tmp_path / "p.csv", "nis_code;age;children", *rows))
    assert findings.errors == []
    assert tuple(frame["children"]) == read


@pytest.mark.parametrize(
    "numbers",
    [("1.000", "2.000"), ("1.000", "1,000", "5"), ("1.000", "4000", "5"), ("1.234", "12.0", "5")],
)
def test_marks_that_may_be_either_are_refused(tmp_path: Path, numbers: tuple[str, ...]) -> None:
    """One child or a thousand: where the column does not tell, the row does, and how to mend it."""
    rows = [f'11001;{age};"{number}"' for age, number in enumerate(numbers, 6)]
    (line,) = errors_of(write(tmp_path / "p.csv", "nis_code;age;children", *rows))
    assert line == (
        f"p.csv, row 2: 'children' is '{numbers[0]}', which may be in thousands or have decimals; "
        "write the numbers of this column without a mark between thousands"
    )


def test_columns_of_the_same_meaning_do_not_clash(tmp_path: Path) -> None:
    """Of `population` and `ms_population` one is read; the other is no matter."""
    header = "nis_code;cd_refnis;age;sex;children;population;year"
    frame, findings, _ = load(write(tmp_path / "p.csv", header, "1;11001;7;F;2;9;2025"))
    assert findings.errors == []
    assert rows_of(frame) == [["11001", 7, "F", 2]]


def test_a_note_in_a_column_of_its_own_is_no_row(tmp_path: Path) -> None:
    """What stands beside the table, or under it, counts nobody."""
    path = write(tmp_path / "p.csv", "nis_code;age;children;bron", "11001;7;3;", ";;;Statbel")
    assert rows_of(load(path)[0]) == [["11001", 7, "", 3]]


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


@pytest.mark.parametrize("year", ["twee", "²", "9" * 5000, "1850", "2022.5"])
def test_a_year_that_is_none(tmp_path: Path, year: str) -> None:
    """What stands in the column of the year must be one: the vintage may depend on it."""
    path = write(tmp_path / "p.csv", "nis_code;age;sex;children;year", f"11001;7;F;1;{year}")
    (line,) = errors_of(path)
    assert line.startswith("p.csv: its year is '")
    assert len(line) < 100


def test_an_empty_year_is_the_date_in_the_study(tmp_path: Path) -> None:
    """A column of the year that is left empty says nothing."""
    path = write(tmp_path / "p.csv", "nis_code;age;sex;children;year", "11001;7;F;1;")
    population, findings, note = load_whole(path, date="2022-01-01")
    assert findings.errors == []
    assert population.year == 2022
    assert "population of 2022, codes of 2024, brought to 2025" in note
    assert "year not given, codes of 2025" in load(path)[2]


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
    assert rows_of(frame.groupby(["nis_code", "age", "sex"], as_index=False).sum()) == [
        ["11001", 7, "F", 5],
        ["46029", 7, "F", 460],
    ]
    assert "population of 2015, codes of 2018, brought to 2025" in note


def test_codes_brought_forward_keep_their_part(tmp_path: Path) -> None:
    """Each municipality of before a merger has rows of its own, under the code of after it."""
    path = counts(tmp_path / "p.csv", {"46014": 400, "44045": 60, "11001": 5}, 2015)
    children = load(path)[0]
    assert children.columns.tolist() == ["nis_code", "part", "age", "sex", "children"]
    assert children.to_numpy().tolist() == [
        ["11001", "11001", 7, "F", 5],
        ["46029", "44045", 7, "F", 60],
        ["46029", "46014", 7, "F", 400],
    ]
    merged = read_population(path)
    assert merged.columns.tolist() == ["nis_code", "age", "sex", "children"]
    assert merged.to_numpy().tolist() == [["11001", 7, "F", 5], ["46029", 7, "F", 460]]


@pytest.mark.parametrize("vintage", [2018, 2024, 2025])
def test_codes_that_stay_or_go_back_are_their_own_part(tmp_path: Path, vintage: int) -> None:
    """What was divided by an estimate has no part that the file knows."""
    children = load(counts(tmp_path / "p.csv", {"46029": 460}, 2025), vintage=vintage)[0]
    assert len(children) == (1 if vintage == 2025 else 2)
    assert children["part"].tolist() == children["nis_code"].tolist()


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


def test_later_codes_go_back_as_an_estimate(tmp_path: Path) -> None:
    """Lokeren of 2025 is divided over Moerbeke and Lokeren by their children of 2015.

    These were 928 and 6361: of 460 children Moerbeke's due is 58.57 and Lokeren's 401.43.
    """
    path = counts(tmp_path / "p.csv", {"46029": 460, "11001": 5}, 2025)
    population, findings, note = load_whole(path, vintage=2024, ages=[7])
    assert findings.errors == []
    assert rows_of(population.children) == [
        ["11001", 7, "F", 5],
        ["44045", 7, "F", 59],
        ["46014", 7, "F", 401],
    ]
    assert (population.year, population.vintage) == (2025, 2025)
    (line,) = map(str, findings.warnings)
    assert line == (
        "p.csv: has the municipality codes of 2025, later than the study's 2024: the children of 1 "
        "merged municipality are divided over the parts, in proportion to the children there "
        "on 1 January 2015; that is an estimate; set vintage = 2025 under [study], or give a file "
        "of 2024"
    )
    assert "population of 2025, codes of 2025, brought to 2024" in note


def test_residents_go_back_by_residents(tmp_path: Path) -> None:
    """All ages are divided by the residents of 2015: 6278 in Moerbeke and 40494 in Lokeren."""
    rows = ["46029;70;F;46772", "46029;7;F;1"]
    path = write(tmp_path / "p.csv", "nis_code;age;sex;children", *rows)
    population, _, _ = load_whole(path, vintage=2018)
    assert population.residents is not None
    assert population.residents.to_dict() == {"44045": 6278, "46014": 40495}


def test_later_codes_that_never_merged_are_no_estimate(tmp_path: Path) -> None:
    """Aartselaar of 2025 is Aartselaar of 2018: nothing is divided, and no warning says so."""
    frame, findings, _ = load(
        counts(tmp_path / "p.csv", {"11001": 5}, 2025), vintage=2018, ages=[7]
    )
    assert (findings.errors, findings.warnings) == ([], [])
    assert rows_of(frame) == [["11001", 7, "F", 5]]


def test_antwerpen_of_2025_holds_borsbeek(tmp_path: Path) -> None:
    """The year tells that Antwerpen's code covers Borsbeek's children too, and they go there."""
    path = counts(tmp_path / "p.csv", {"11002": 77_305}, 2025)
    frame, findings, _ = load(path, vintage=2024, ages=[7])
    assert rows_of(frame) == [["11002", 7, "F", 76_000], ["11007", 7, "F", 1_305]]
    assert len(findings.warnings) == 1
    assert rows_of(load(counts(path, {"11002": 5}), vintage=2024)[0]) == [["11002", 7, "F", 5]]


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
    assert "no population for 1 municipality of the study: 31005 Brugge" in line


def test_municipality_without_children_of_the_ages_is_no_error(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """Herstappe has 86 residents and may have nobody of 14 to 17: that is a number, not a gap."""
    rows = [f"{code};7;F;10" for code in municipalities["nis_code"] if code != "31005"]
    path = write(tmp_path / "p.csv", "nis_code;age;sex;children", *rows, "31005;40;F;10")
    frame, findings, _ = load(path, area=municipalities)
    assert findings.errors == []
    assert frame["children"].sum() == 50


def test_population_outside_the_study_is_counted(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """Children of other municipalities are left out, and their number is kept."""
    codes = dict.fromkeys(municipalities["nis_code"], 10) | {"73107": 7}
    frame, findings, note = load(counts(tmp_path / "p.csv", codes), area=municipalities)
    assert findings.errors == []
    assert frame["children"].sum() == 60
    assert "7 children in 1 municipality outside the study left out" in note


def test_public_reader_raises(tmp_path: Path) -> None:
    """Used alone, the reader raises what it finds, as an InputError that is a ValueError."""
    with pytest.raises(InputError, match="not a whole number") as error:
        read_population(counts(tmp_path / "p.csv", {"11001": -1}))
    assert isinstance(error.value, ValueError)


# --- Totals by zone ----------------------------------------------------------------------------

ZONES = pd.DataFrame(
    {"zone_id": ["11001A00-", "11001A01-", "12025B02-"], "nis_code": ["11001", "11001", "12025"]}
)


def totals(
    path: Path,
    *rows: str,
    residents: dict[str, int] | None = None,
    zones: pd.DataFrame = ZONES,
    children: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame | None, Findings, str]:
    findings = Findings()
    write(path, "CD_REFNIS|CD_SECTOR|TOTAL|DT_STRT_SECTOR", *rows)
    known = None if residents is None else pd.Series(residents)
    given = Input(path=path)
    frame, origin = load_zone_population(given, zones, known, findings, children)
    assert origin is not None
    return frame, findings, origin.note


def test_zone_totals(tmp_path: Path) -> None:
    """Statbel's totals come in the order of the zones; people of no zone are counted."""
    frame, findings, note = totals(
        tmp_path / "s.txt",
        "12025|12025B02-|5|01/01/2020",
        "11001|11001A00-|7|01/01/2020",
        "11001|11001A01-|0|01/01/2020",
        "11001|11001ZZZZ|3|01/01/2020",
    )
    assert (findings.errors, findings.warnings) == ([], [])
    assert frame is not None
    assert frame["zone_id"].tolist() == ZONES["zone_id"].tolist()
    assert frame["population"].tolist() == [7, 0, 5]
    assert frame["population"].dtype == "int64"
    assert "3 people in 1 zone outside the study left out" in note


def test_thousands_in_zone_totals(tmp_path: Path) -> None:
    """A zone of 1.234 residents has more than one."""
    rows = ["12025|12025B02-|1.234|", "11001|11001A00-|7|", "11001|11001A01-|2.000|"]
    frame, findings, _ = totals(tmp_path / "s.txt", *rows)
    assert frame is not None
    assert (findings.errors, frame["population"].tolist()) == ([], [7, 2000, 1234])


def test_zone_without_total_is_told(tmp_path: Path) -> None:
    """A zone that the totals lack gets 0; a municipality without any is shared out by area."""
    frame, findings, _ = totals(tmp_path / "s.txt", "11001|11001A00-|7|x")
    assert frame is not None
    assert frame["population"].tolist() == [7, 0, 0]
    assert [str(warning) for warning in findings.warnings] == [
        "s.txt: no total for 1 zone: 11001A01-; 0 is taken",
        (
            "s.txt: no total above 0 for any zone of 1 municipality: 12025 Mechelen; the children "
            "there are shared out over the zones by their area"
        ),
    ]


def test_zones_of_nobody_are_told_by_municipality(tmp_path: Path) -> None:
    """Totals of 0 throughout are no way to share children out either."""
    rows = ["11001|11001A00-|0|x", "11001|11001A01-|0|x", "12025|12025B02-|0|x"]
    _, findings, _ = totals(tmp_path / "s.txt", *rows)
    (line,) = map(str, findings.warnings)
    assert "no total above 0 for any zone of 2 municipalities: 11001 Aartselaar, 12025" in line


def test_zones_are_not_compared_without_residents(tmp_path: Path) -> None:
    """A population file of children alone says nothing of all residents: the note says so."""
    said = "not compared: the population file does not hold all ages"
    assert totals(tmp_path / "s.txt", *IN_ZONES)[2].count(said) == 1
    residents = {"11001": 10, "12025": 5}
    assert said not in totals(tmp_path / "s.txt", *IN_ZONES, residents=residents)[2]


def test_zones_with_fewer_people_than_children_are_told(tmp_path: Path) -> None:
    """Ten people among whom eleven children live are not all residents."""
    rows = [("11001", 6), ("11001", 5), ("12025", 5)]
    children = pd.DataFrame(rows, columns=["nis_code", "children"])
    _, findings, _ = totals(tmp_path / "s.txt", *IN_ZONES, children=children)
    (line,) = map(str, findings.warnings)
    assert line == (
        "s.txt: has fewer people in the zones than there are children in 1 municipality: 11001 "
        "Aartselaar 10 against 11; give totals of all residents; the zones only share the "
        "children out"
    )
    enough = children.assign(children=[5, 5, 5])
    assert totals(tmp_path / "s.txt", *IN_ZONES, children=enough)[1].warnings == []


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("11001|11001A00-|-7|x", "row 2: 'population' is '-7'"),
        ("11001|11001A00-|20000001|x", "row 2: 'population' is '20000001', more than Belgium has"),
        ("11001|11001A00-|2e7|x\n11001|11001A01-|1|x", "counts 20000001 people in 'population'"),
        ("11001|11001A00-|7|x\n11001|11001A00-|7|x", "row 3: zones given more than once"),
        ("11001|99999|7|x", "none of its zones (such as 99999) is a zone of the study"),
    ],
)
def test_bad_zone_totals(tmp_path: Path, row: str, what: str) -> None:
    """Negative totals, zones given twice and other zones are errors."""
    frame, findings, _ = totals(tmp_path / "s.txt", *row.split("\n"))
    assert frame is None
    assert what in str(findings.errors[0])


IN_ZONES = ["11001|11001A00-|7|x", "11001|11001A01-|3|x", "12025|12025B02-|5|x"]
"""Ten residents in the zones of Aartselaar and five in that of Mechelen."""


@pytest.mark.parametrize("residents", [None, {"11001": 10, "12025": 5}])
def test_zones_that_agree_are_not_spoken_of(
    tmp_path: Path, residents: dict[str, int] | None
) -> None:
    """Equal sums, or no residents to compare with, give no warning."""
    _, findings, _ = totals(tmp_path / "s.txt", *IN_ZONES, residents=residents)
    assert (findings.errors, findings.warnings) == ([], [])


def test_zones_that_disagree_are_told_in_one_line(tmp_path: Path) -> None:
    """A single resident more or less is told: how many municipalities, both sums, the worst."""
    frame, findings, _ = totals(tmp_path / "s.txt", *IN_ZONES, residents={"11001": 11, "12025": 2})
    assert frame is not None
    assert frame["population"].tolist() == [7, 3, 5]
    (line,) = map(str, findings.warnings)
    assert line == (
        "s.txt: its zones and the population file differ on the residents of 2 of 2 "
        "municipalities: 15 in zones against 13 in all; most in 12025 Mechelen 5 against 2, 11001 "
        "Aartselaar 10 against 11; the municipality's total is used; the zones only share it out"
    )


def test_only_the_worst_are_named(tmp_path: Path) -> None:
    """Of many that differ three are named, and the rest is a number."""
    codes = ["11001", "12025", "23016", "31005", "44021", "71016"]
    zones = pd.DataFrame({"zone_id": [f"{code}A00-" for code in codes], "nis_code": codes})
    rows = [f"{code}|{code}A00-|100|x" for code in codes]
    residents = dict(zip(codes, [100, 101, 95, 100, 110, 99], strict=True))
    _, findings, _ = totals(tmp_path / "s.txt", *rows, residents=residents, zones=zones)
    (line,) = map(str, findings.warnings)
    assert "residents of 4 of 6 municipalities: 600 in zones against 605 in all; most in" in line
    assert "44021 Gent 100 against 110, 23016 Dilbeek 100 against 95, 12025 Mechelen" in line
    assert "100 against 101 and 1 more; the municipality's total is used" in line


def test_totals_without_zones_to_put_them_in(tmp_path: Path) -> None:
    """When the boundaries cannot be used, the totals are still checked, and nothing breaks."""
    frame, findings, _ = totals(tmp_path / "s.txt", *IN_ZONES, residents={}, zones=ZONES.iloc[:0])
    assert frame is None
    assert findings.errors == []
    _, findings, _ = totals(tmp_path / "s.txt", "11001|a|-1|x", zones=ZONES.iloc[:0])
    assert len(findings.errors) == 1


# --- Codes over a renumbering ------------------------------------------------------------------

SINCE = gpd.GeoDataFrame(
    {
        "zone_id": ["11001A00-", "11001A01-", "46029A00-", "46029A01-", "46029B00-"],
        "nis_code": ["11001", "11001", "46029", "46029", "46029"],
    },
    geometry=[hand.square(x, 0, w) for x, w in ((0, 1), (1, 1), (2, 1), (3, 3), (6, 1))],
    crs=hand.CRS,
)
"""Zones of 2025: Aartselaar, and Lokeren with Moerbeke, whose sectors were renumbered."""

THEN = [
    "11001|11001A00-|7|",
    "11001|11001A01-|3|",
    "46014|46014A00-|100|",
    "46014|46014A01-|11|",
    "44045|44045A00-|50|",
    "44045|44045ZZZZ|2|",
]
"""Totals by the codes of 2024."""

PAIRS = [
    "11001A00-;11001A00-",
    "11001A01-;11001A01-",
    "46014A00-;46029A01-",
    "46014A01-;46029A00-",
    "44045A00-;46029B00-",
]


def renumbered(
    folder: Path,
    pairs: list[str],
    rows: list[str],
    header: str = "Sect2024;Sect2025",
    zones: gpd.GeoDataFrame = SINCE,
    **more: Any,
) -> tuple[dict[str, int], Findings]:
    """Bring totals to the zones by a table of codes; give those of each zone."""
    findings, codes = Findings(), Input(path=write(folder / "codes.csv", header, *pairs))
    codes = Register(path=codes.path, **more)
    path = write(folder / "s.txt", "CD_REFNIS|CD_SECTOR|TOTAL|DT_STRT_SECTOR", *rows)
    frame, _ = load_zone_population(
        Input(path=path),
        zones,
        None,
        findings,
        take_codes=lambda ids: load_zone_codes(codes, {*zones["zone_id"]}, ids, findings)[0],
    )
    return {} if frame is None else frame.set_index("zone_id")["population"].to_dict(), findings


def test_totals_of_old_codes_reach_the_new_zones(tmp_path: Path) -> None:
    """Each by its own new code, whatever the columns are called; who has no sector is left out."""
    for header, pairs in (
        ("Sect2024;Sect2025", PAIRS),
        ("a;b", PAIRS),
        ("b;a", [";".join(one.split(";")[::-1]) for one in PAIRS]),
    ):
        found, findings = renumbered(tmp_path, pairs, THEN, header)
        assert findings.errors == []
        assert found == dict(zip(SINCE["zone_id"], [7, 3, 11, 100, 50], strict=True))


def test_old_codes_without_a_table_are_refused(tmp_path: Path) -> None:
    """By what is lost; and one that is the code of another sector since, by its municipality."""
    for rows, what in (
        (THEN, "161 people of 46029 Lokeren are of codes that are no zones, such as 46014A00-"),
        (
            [*THEN[:2], "44045|46029A00-|100|", "12025|46029A01-|11|", "46014|46029B00-|50|"],
            "46029A01- is of 12025 Mechelen here, and of 46029 Lokeren there",
        ),
    ):
        frame, findings, _ = totals(tmp_path / "s.txt", *rows, zones=SINCE)
        assert frame is None
        (line,) = map(str, findings.errors)
        assert what in line
        assert line.endswith("or a table of old and new codes under [inputs] zone_codes")


def test_a_code_that_another_sector_has_since_goes_where_the_table_says(tmp_path: Path) -> None:
    """Two sectors that changed codes: with municipalities beside them nothing is asked."""
    swapped = ["11001A00-;46029A00-", "46029A00-;11001A00-", *PAIRS[1:2]]
    rest = ["46029A01-;46029A01-", "46029B00-;46029B00-"]
    rows = ["46014|11001A00-|5|", "11001|46029A00-|9|", "11001|11001A01-|3|"]
    rows += ["46014|46029A01-|1|", "44045|46029B00-|2|"]
    found, findings = renumbered(tmp_path, [*swapped, *rest], rows, "old_code;new_code")
    assert findings.errors == []
    assert found == dict(zip(SINCE["zone_id"], [9, 3, 5, 1, 2], strict=True))
    bare = [f"|{row.partition('|')[2]}" for row in rows]
    found, findings = renumbered(tmp_path, [*swapped, *rest], bare, "old_code;new_code")
    assert found == {}
    assert "its codes may be old or new (11001A00- is both" in str(findings.errors[0])


def test_totals_of_new_codes_need_no_table(tmp_path: Path) -> None:
    """They are left as they are, and that is told."""
    rows = [f"{code}|{zone}|{n}|" for n, (zone, code) in enumerate(SINCE.iloc[:, :2].to_numpy())]
    found, findings = renumbered(tmp_path, PAIRS, [*rows, *THEN[2:3]][:5])
    assert [*found.values()] == [0, 1, 2, 3, 4]
    assert "has the codes of the zones already: zone_codes is not used" in str(findings.notes[0])


def test_a_table_that_moves_people_to_another_municipality_is_refused(tmp_path: Path) -> None:
    """The municipality of each row is that of its zone, before and after."""
    wrong = [*PAIRS[:2], "46014A00-;11001A00-", *PAIRS[3:]]
    found, findings = renumbered(tmp_path, wrong, THEN)
    assert found == {}
    assert "11001A00- is of 46029 Lokeren here, and of 11001 Aartselaar there" in str(
        findings.errors[0]
    )


@given(
    people=st.integers(0, 100_000),
    parts=st.lists(st.integers(1, 1000), min_size=1, max_size=3),
)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_shares_lose_no_resident(tmp_path: Path, people: int, parts: list[int]) -> None:
    """A zone that is divided: to the last of them, none off its due by one or more."""
    share = [round(one / sum(parts), 9) for one in parts]
    zones = ["46029A00-", "46029A01-", "46029B00-"][: len(parts)]
    pairs = [f"46014A00-;{zone};{one:.9f}" for zone, one in zip(zones, share, strict=True)]
    pairs += [f"{one};1" for one in PAIRS[:2]]
    rows = [*THEN[:2], f"46014|46014A00-|{people}|"]
    found, findings = renumbered(tmp_path, pairs, rows, "oude code;nieuwe code;aandeel")
    assert findings.errors == []
    assert sum(found.values()) == people + 10
    for zone, one in zip(zones, share, strict=True):
        assert abs(found[zone] - one * people) < 1


def test_a_divided_zone_without_shares_goes_by_area(tmp_path: Path) -> None:
    """1 km2 and 3 km2 of 100 people: 25 and 75, and said."""
    pairs = [*PAIRS[:2], "46014A00-;46029A00-", "46014A00-;46029A01-", PAIRS[4]]
    found, findings = renumbered(tmp_path, pairs, [*THEN[:3], THEN[4]])
    assert [found["46029A00-"], found["46029A01-"]] == [25, 75]
    assert "zone_codes divides 1 zone and says no shares: 46014A00-; their people are" in str(
        findings.notes[0]
    )


@pytest.mark.parametrize(
    ("header", "pairs", "what"),
    [
        ("a;b", ["x;y"], "has no two columns of codes, one with those of zone_population"),
        (
            "old_code;new_code;share",
            ["46014A00-;46029A00-;0.5", "46014A00-;46029A01-;0.4"],
            "the shares of 46014A00- add up to 0.9; let those of each old code add up to 1",
        ),
        (
            "old_code;new_code;share",
            ["46014A00-;46029A00-;1", "46014A00-;46029A01-;"],
            "'share' is empty, not a share from 0 to 1",
        ),
        (
            "old_code;new_code;share",
            ["46014A00-;46029A00-;0.5", "46014A00-;46029A00-;0.4"],
            "46014A00- goes to 46029A00- twice",
        ),
        (
            "a;b;c",
            [f"{one};{one.partition(';')[2]}" for one in PAIRS],
            "does not tell which of its columns has the old codes and which the new",
        ),
    ],
)
def test_a_bad_table_of_codes_is_refused(
    tmp_path: Path, header: str, pairs: list[str], what: str
) -> None:
    """In one line, with how to mend it."""
    found, findings = renumbered(tmp_path, pairs, THEN, header)
    assert found == {}
    assert what in str(findings.errors[0])


def test_the_study_can_say_which_columns_are_meant(tmp_path: Path) -> None:
    """As of a register."""
    pairs = [f"{one};{one.partition(';')[2]}" for one in PAIRS]
    found, findings = renumbered(
        tmp_path, pairs, THEN, "a;b;c", columns={"old_code": "a", "new_code": "c"}
    )
    assert findings.errors == []
    assert sum(found.values()) == 171


def test_a_crosswalk_is_made_of_two_layers() -> None:
    """A renumbered sector is exact; one that was divided goes by area, in its town."""
    old = gpd.GeoDataFrame(
        {
            "cd_sector": ["11001A00-", "11001A01-", "46014A00-", "44045A00-"],
            "cd_munty_refnis": ["11001", "11001", "46014", "44045"],
        },
        geometry=[hand.square(x, 0, w) for x, w in ((0, 1), (1, 1.05), (2, 4), (6, 1))],
        crs=hand.CRS,
    )
    made = make_crosswalk(old.to_crs("EPSG:3812"), SINCE)
    assert made.groupby("old_code")["share"].sum().eq(1).all()
    assert made.round(6).to_numpy().tolist() == [
        ["11001A00-", "11001A00-", 1.0, "shape"],
        ["11001A01-", "11001A01-", 1.0, "area"],
        ["44045A00-", "46029B00-", 1.0, "shape"],
        ["46014A00-", "46029A00-", 0.25, "area"],
        ["46014A00-", "46029A01-", 0.75, "area"],
    ]
    assert make_crosswalk(SINCE, SINCE)["by"].eq("shape").all()
