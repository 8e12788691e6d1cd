"""Registers as offices keep them: read rightly, or refused by name with the mend."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely

from stemgeo.errors import Findings
from stemgeo.inputs.academies import COLUMNS, SYNONYMS, empty_register, load_academies
from stemgeo.inputs.cells import as_dates
from stemgeo.inputs.columns import fold_label
from stemgeo.inputs.names import list_names
from stemgeo.inputs.plan import CANDIDATES, load_places
from stemgeo.inputs.population import load_population
from stemgeo.study import Register
from stemgeo.writing.pages import put_in_page

NO_AREA = gpd.GeoDataFrame({"nis_code": [], "name": []}, geometry=[], crs="EPSG:31370")
HEADER = ["academy_id", "naam", "lon", "lat"]
GENT = [1, "Gent", 3.72, 51.05]
LACKS = "a.csv, row {}: no coordinates ('{}'); fill them in, or leave the row out"
BRUGGE = [2, "Brugge", 3.22, 51.21]


def load(path: Path, **more: Any) -> tuple[gpd.GeoDataFrame, list[str], list[str], dict[str, str]]:
    """The academies of a file, its errors, its notes, and what its columns were taken as."""
    findings = Findings()
    frame, origin = load_academies(Register(path=path, **more), NO_AREA, findings)
    columns = dict(origin.columns) if origin else {}
    return frame, [*map(str, findings.errors)], [*map(str, findings.notes)], columns


def csv(folder: Path, *lines: str) -> Path:
    path = folder / "a.csv"
    path.write_bytes(("\n".join(lines) + "\n").encode())
    return path


def book(folder: Path, **sheets: list[list[Any]]) -> Path:
    """Write a workbook with these sheets of rows."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.save(folder / "a.xlsx")
    return folder / "a.xlsx"


def with_column(folder: Path, label: str, *values: str) -> Path:
    """A register with one column more."""
    rows = [f"{place};naam {place};3,7{place};51,05;{value}" for place, value in enumerate(values)]
    return csv(folder, f"academy_id;name;lon;lat;{label}", *rows)


def test_the_page_lists_the_names() -> None:
    """As the one table of names has them."""
    page = (Path(__file__).parents[2] / "docs" / "registers.md").read_text(encoding="utf-8")
    assert put_in_page(page, "names", list_names()) == page


def test_cells_merged_downwards_have_the_value_of_the_first(tmp_path: Path) -> None:
    """The workbook says so, and so do we, by column; what is merged across is only said."""
    rows = [[*HEADER, "organisatie", "gemeente"], [*GENT, "Gemeente Berlare"], [*BRUGGE]]
    rows += [[3, "Aalst", 4.04, 50.94], [4, "Zele", 4.04, 51.07, "vzw"]]
    path = book(tmp_path, a=rows)
    made = openpyxl.load_workbook(path)
    for span in ("E2:E4", "E5:F5", "B7:B20"):
        made["a"].merge_cells(span)
    made.save(path)
    frame, errors, notes, _ = load(path)
    assert (errors, frame["organisation"].tolist()) == ([], ["Gemeente Berlare"] * 3 + ["vzw"])
    told = "'organisatie' is merged with the cell above, and has its value"
    across = "cells are merged across columns; only the first column has their value"
    assert [note for note in notes if "merged" in note] == [
        f"a.xlsx, row 3, 4: {told}",
        f"a.xlsx, row 5: {across}; fill in each column",
    ]


def test_errors_name_columns_as_the_file_does(tmp_path: Path) -> None:
    """With its capitals, spaces and marks."""
    path = csv(
        tmp_path, "id;naam;lon;lat;Leeftijd min.;Leeftijd t.e.m.", "1;Gent;3,72;51,05;12;6",
        "2;Brugge;3,22;51,21;zes;",
    )  # fmt: skip
    _, errors, _, _ = load(path)
    mend = "correct it, or leave it empty"
    assert errors == [
        f"a.csv, row 3: 'Leeftijd min.' is 'zes', not an age from 0 to 120; {mend}",
        "a.csv, row 2: 'Leeftijd t.e.m.' is 6, below 'Leeftijd min.' 12; correct one of the two",
    ]


# -- days -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2022-12-31T23:00:00Z", "2023-01-01"),
        ("2022-12-31T22:59:59.999Z", "2022-12-31"),
        ("2022-06-30T22:00Z", "2022-07-01"),
        ("20221231T230000Z", "2023-01-01"),
        ("2022-12-31 20:00:00-05:00", "2023-01-01"),
        ("2023-01-01T05:30:00+0530", "2023-01-01"),
        ("2023-01-01 00:30:00 +02", "2022-12-31"),
        ("2022-12-31 23:30:00", "2022-12-31"),
        ("31/12/2022 23:30", "2022-12-31"),
        ("20221231", "2022-12-31"),
        ("1.9.2022", "2022-09-01"),
        ("9999-12-31", "9999-12-31"),
    ],
)
def test_a_time_with_a_zone_is_a_belgian_day(text: str, day: str) -> None:
    """Summer and winter, with offsets and fractions; a time without zone is of the day it says."""
    assert as_dates(pd.Series([text]))[0] == pd.Timestamp(day).to_pydatetime()


@pytest.mark.parametrize(
    "text", ["44927", "2023", "1.5", "202301", "2022-02-30", "20221331", "31/12/22", "0022-01-01"]
)
def test_a_number_that_is_no_day_is_refused(tmp_path: Path, text: str) -> None:
    """By row and column; nothing says from when a number counts its days."""
    _, errors, _, _ = load(with_column(tmp_path, "erkend tot", text))
    (error,) = errors
    assert error.startswith(f"a.csv, row 2: 'erkend tot' is '{text}'")
    assert "write 2022-12-31" in error or "not a day as 2022-12-31" in error


def test_the_day_that_a_spreadsheet_means_is_told(tmp_path: Path) -> None:
    """44927 is 1 January 2023 to a spreadsheet; a cell in the form of a date is that day."""
    _, errors, _, _ = load(with_column(tmp_path, "erkend tot", "44927"))
    assert "2023-01-01" in errors[0]
    assert "form of a date" in errors[0]
    dated = [[*HEADER, "erkend tot"], [*GENT, pd.Timestamp(2023, 1, 1).to_pydatetime()]]
    frame, errors, _, _ = load(book(tmp_path, a=dated))
    assert (errors, str(frame["valid_until"][0].date())) == ([], "2023-01-01")


# -- names of columns -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "meaning"),
    [
        ("Startdatum", "valid_from"),
        ("Einddatum erkenning", "valid_until"),
        ("Begin", "valid_from"),
        ("Einde", "valid_until"),
        ("Erkend vanaf", "valid_from"),
        ("erkend t/m", "valid_until"),
        ("Datum erkenning", "valid_from"),
        ("Date de reconnaissance", "valid_from"),
        ("Date of recognition", "valid_from"),
        ("Erkenning t.e.m.", "valid_until"),
        ("Geldig tot en met (incl.)", "valid_until"),
        ("Reconnu jusqu\u2019\u00e0", "valid_until"),
        ("Leeftijd t.e.m.", "max_age"),
        ("\u00c2ge jusqu'au", "max_age"),
        ("Leeftijd van/tot", "ages"),
        ("t.e.m.", ""),
        ("Date de début", "valid_from"),
        ("Date de fin", "valid_until"),
        ("Start date", "valid_from"),
        ("Leeftijd (min)", "min_age"),
        ("Leeftijd tot", "max_age"),
        ("Âge minimum", "min_age"),
        ("Organisatie", "organisation"),
        ("Code postal", "postcode"),
        ("Gemeente", ""),
    ],
)
def test_names_of_columns_in_three_languages(tmp_path: Path, label: str, meaning: str) -> None:
    """Whatever their capitals, accents, marks and spaces; one that is not known is said."""
    _, errors, notes, columns = load(with_column(tmp_path, label, ""))
    assert errors == []
    assert columns[label] == meaning
    assert any(f"'{label}'" in note for note in notes) == (not meaning)


def test_no_name_means_two_things() -> None:
    """Each name stands once in the table, as names are compared; each of our own first."""
    every = [name for ranks in SYNONYMS.values() for rank in ranks for name in rank.split()]
    assert len(every) == len(set(every))
    assert every == [fold_label(name) for name in every]
    assert all(name == ranks[0] for name, ranks in SYNONYMS.items())


def test_two_columns_that_both_fit_are_asked_about(tmp_path: Path) -> None:
    """Neither is taken for the right one; one under our own name is."""
    path = csv(tmp_path, "id;naam;academie;lon;lat", "1;Jan;Gent;3.72;51.05")
    _, errors, _, _ = load(path)
    (error,) = errors
    assert error.startswith("a.csv: has 2 columns that could be name: 'naam', 'academie'; call the")
    path = csv(tmp_path, "id;naam;name;lon;lat", "1;Jan;Gent;3.72;51.05")
    frame, errors, _, _ = load(path)
    assert (errors, frame["name"].tolist()) == ([], ["Gent"])


def test_a_house_number_is_no_id(tmp_path: Path) -> None:
    """A column "nr" behind the street is not what an academy is called by."""
    path = csv(tmp_path, "naam;straat;nr;lon;lat", "a;s;5;3.7;51.0", "b;s;5;3.8;51.0")
    frame, errors, _, columns = load(path)
    assert (errors, columns["nr"]) == ([], "")
    assert frame["academy_id"].tolist() == ["A001", "A002"]


def test_a_repeated_column_that_nobody_needs_harms_nobody(tmp_path: Path) -> None:
    """One that is needed is refused by name, in a workbook as in a text."""
    for header in ("opmerking", "Opmerking"):
        _, errors, notes, _ = load(with_column(tmp_path, f"opmerking;{header}", "x;y"))
        assert errors == []
        assert f"'opmerking', '{header}'" in notes[-1]
    _, errors, _, _ = load(with_column(tmp_path, "postcode;Postcode", "9000;8000"))
    assert errors == ["a.csv: has 2 columns 'postcode'; keep the one that is meant"]
    rows = [[*HEADER, "naam"], [*GENT, "x"]]
    assert load(book(tmp_path, a=rows))[1] == [
        "a.xlsx: has 2 columns 'naam'; keep the one that is meant"
    ]


# -- ages, postcodes, coordinates -------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "ages"),
    [
        ("6-12", (6, 12)),
        ("6 \N{EN DASH} 12", (6, 12)),
        ("5 tot 12 jaar", (5, 12)),
        ("van 6 tot en met 12", (6, 12)),
        ("6 t/m 12 jaar", (6, 12)),
        ("de 6 à 12 ans", (6, 12)),
        ("5+", (5, None)),
        ("vanaf 8 jaar", (8, None)),
        ("8 jaar en ouder", (8, None)),
        ("t.e.m. 12", (None, 12)),
        ("", (None, None)),
    ],
)
def test_both_ages_of_one_column(
    tmp_path: Path, text: str, ages: tuple[int | None, int | None]
) -> None:
    """Both ends count as served, as in columns of their own; nothing leaves the age open."""
    frame, errors, _, columns = load(with_column(tmp_path, "Leeftijd", text))
    assert (errors, columns["Leeftijd"]) == ([], "ages")
    found = frame[["min_age", "max_age"]].astype(object).where(frame.notna(), None)
    assert tuple(found.loc[0, ["min_age", "max_age"]]) == ages


@pytest.mark.parametrize("text", ["12", "lager onderwijs", "2022-12-06", "6-8, 9-12", "6-200"])
def test_ages_that_could_be_two_are_refused(tmp_path: Path, text: str) -> None:
    """An academy of which the ages are not understood would serve everyone."""
    _, errors, _, _ = load(with_column(tmp_path, "leeftijd", text))
    (error,) = errors
    assert error.startswith(
        f"a.csv, row 2: 'leeftijd' is '{text}', not ages as 6-12 or 6+; correct"
    )


def test_numbers_as_people_write_them(tmp_path: Path) -> None:
    """An age "7 jaar", a postcode 9000.0, thousands marks where another stands for decimals."""
    path = csv(
        tmp_path,
        "id;naam;leeftijd van;postcode;x_lambert72;y_lambert72",
        "1;a;7 jaar;9000.0;126.900,5;181,700.2",
    )
    (found,) = load(path)[0].to_dict("records")
    assert (found["min_age"], found["postcode"]) == (7, "9000")
    assert (found["geometry"].x, found["geometry"].y) == (126_900.5, 181_700.2)


LAMBERT = [("Gent", 104_700, 193_900), ("Aalst", 126_900, 181_700), ("Lier", 163_000, 202_000)]
NAMUR = ("Namen", 185_000, 128_000)


def in_metres(folder: Path, *places: tuple[str, int, int], swapped: str = "") -> Path:
    """A register in Lambert 72, of which some have x and y exchanged."""
    rows = [f"{n};{y};{x}" if n in swapped else f"{n};{x};{y}" for n, x, y in places]
    return csv(folder, "naam;x;y", *rows)


def test_swapped_metres_are_told_as_swapped_degrees_are(tmp_path: Path) -> None:
    """Both ways round they lie in Belgium: of all in one line, of one among others by row."""
    assert load(in_metres(tmp_path, *LAMBERT))[1] == []
    assert load(in_metres(tmp_path, *LAMBERT, swapped="Gent Aalst Lier"))[1] == [
        "a.csv: x and y are swapped (such as 193900, 104700); exchange the two"
    ]
    (error,) = load(in_metres(tmp_path, *LAMBERT, swapped="Gent"))[1]
    assert error.startswith("a.csv, row 2: x and y are swapped (193900, 104700); exchange the two")


def test_swapped_metres_within_flanders_are_told_by_the_study(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """Where none lies in the study, and each would if x and y were exchanged."""
    findings = Findings()
    path = in_metres(tmp_path, ("a", 205_000, 155_000))
    load_academies(Register(path=path, crs="EPSG:31370"), municipalities, findings)
    assert [str(one) for one in findings.errors] == [
        "a.csv: x and y are swapped (such as 205000, 155000); exchange the two"
    ]


def test_a_file_of_all_belgium_may_hold_candidates(tmp_path: Path) -> None:
    """A school in Namur is no swapped one of Flanders."""
    findings = Findings()
    given = Register(path=in_metres(tmp_path, *LAMBERT, NAMUR))
    load_places(given, CANDIDATES, empty_register(), NO_AREA, findings)
    assert findings.errors == []


@pytest.mark.parametrize(("option", "value"), [("layer", "a"), ("sheet", "a")])
def test_an_option_that_changes_nothing_is_refused(tmp_path: Path, option: str, value: str) -> None:
    """A text has neither layers nor sheets."""
    (error,) = load(csv(tmp_path, "x;y", "1;2"), **{option: value})[1]
    assert error == (
        f"a.csv: `{option}` changes nothing: text with columns as academies has none; leave it out"
    )


def test_a_crs_of_a_table_without_places_is_refused(tmp_path: Path) -> None:
    """A population has none."""
    findings = Findings()
    given = Register(path=csv(tmp_path, "nis_code;age;children"), crs="EPSG:31370")
    load_population(given, frozenset({5}), 2025, None, findings)
    assert "`crs` changes nothing" in str(findings.errors[0])


# -- where the table stands -------------------------------------------------------------------


def test_a_line_that_says_the_separator(tmp_path: Path) -> None:
    """It is no row to a spreadsheet: rows count from the header."""
    path = csv(tmp_path, "sep=;", "academy_id;naam;lon;lat", "1;Gent;3,72;51,05", "2;x;;")
    assert load(path)[1] == [LACKS.format(3, "2 x")]


def test_a_label_over_two_lines(tmp_path: Path) -> None:
    """One label, and one row to a spreadsheet."""
    path = csv(tmp_path, 'id;"naam', 'academie";lon;lat', "1;Gent;3,72;51,05", "2;x;;")
    assert load(path)[1] == [LACKS.format(3, "2 x")]
    path = csv(tmp_path, 'id;"naam', 'academie";lon;lat', "1;Gent;3,72;51,05")
    assert load(path)[0]["name"].tolist() == ["Gent"]


def test_titles_above_a_header_and_totals_below(tmp_path: Path) -> None:
    """Neither counts, both are told; a row that only lacks its coordinates is refused."""
    lines = ["Overzicht;;;", ";;;", "id;naam;lon;lat", "1;Gent;3,72;51,05", ";Totaal;;"]
    frame, errors, notes, _ = load(csv(tmp_path, *lines))
    assert (errors, frame["name"].tolist()) == ([], ["Gent"])
    assert "a.csv: the header is row 3; not used above it: Overzicht" in notes
    assert "a.csv: row 5 left out as a total or a note: Totaal" in notes
    _, errors, _, _ = load(csv(tmp_path, *lines, "2;Totaalacademie;;"))
    assert errors == [LACKS.format(6, "2 Totaalacademie")]


def test_a_text_without_names_of_columns_is_refused(tmp_path: Path) -> None:
    """A header stands in the first thirty rows; nothing but the separator is no table."""
    for lines in (["sep=;"], [*[""] * 40, "naam;lon;lat", "a;3.7;51.0"]):
        (error,) = load(csv(tmp_path, *lines))[1]
        assert error.startswith("a.csv: has no names of columns in its first 30 rows")


def test_empty_rows_are_noted(tmp_path: Path) -> None:
    """Those between the header and the last row; rows keep the numbers of the spreadsheet."""
    lines = ["id;naam;lon;lat", ";;;", "1;Gent;3,72;51,05", "", "2;x;3,7;91", ";;;"]
    findings = Findings()
    _, origin = load_academies(Register(path=csv(tmp_path, *lines)), NO_AREA, findings)
    assert [str(one) for one in findings.errors] == [
        "a.csv, row 5: lies far outside Belgium (3.7, 91); correct the coordinates"
    ]
    assert origin is not None
    assert "2 empty rows left out" in origin.note


def test_one_sheet_with_academies_is_taken_and_said(tmp_path: Path) -> None:
    """Wherever it stands, with titles above; of two it is asked which, and the study can say."""
    rows = [["Register"], [], HEADER, GENT]
    path = book(tmp_path, Leesmij=[["Toelichting"], ["versie 1"]], Academies=rows)
    frame, errors, notes, _ = load(path)
    assert (errors, frame["name"].tolist()) == ([], ["Gent"])
    assert "a.xlsx: read from the sheet 'Academies'; not used: Leesmij" in notes
    path = book(tmp_path, A=[HEADER, GENT], B=[HEADER, BRUGGE], leeg=[HEADER])
    (error,) = load(path)[1]
    assert "holds such a table in 2 sheets: A, B; say which is meant with `sheet`, as in" in error
    assert load(path, sheet="B")[0]["name"].tolist() == ["Brugge"]
    assert load(path, sheet="C")[1] == ["a.xlsx: has no sheet 'C'; it has: A, B, leeg"]


def test_a_sheet_is_read_to_its_last_row(tmp_path: Path) -> None:
    """Whatever it says of its own size."""
    rows = [[place, f"a{place}", 3.7 + place / 100, 51.05] for place in range(12)]
    path = book(tmp_path, A=[HEADER, *rows])
    wrong = tmp_path / "b.xlsx"
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(wrong, "w") as other:
        for name in whole.namelist():
            content = whole.read(name).replace(b'ref="A1:D13"', b'ref="A1:C5"')
            other.writestr(name, content)
    assert len(load(wrong)[0]) == 12


def test_a_formula_without_its_value_is_refused(tmp_path: Path) -> None:
    """Where its column is used, with the mend; so is what a spreadsheet could not compute."""
    header = [*HEADER, "erkend_tot", "opmerking"]
    _, errors, _, _ = load(book(tmp_path, a=[header, [*GENT, "=E1+365", "=1+1"]]))
    (error,) = errors
    assert error.startswith("a.xlsx, row 2: a formula without its value ('erkend_tot'); open the")
    _, errors, _, _ = load(book(tmp_path, a=[header, [1, "#REF!", *GENT[2:], None, "#N/A"]]))
    assert len(errors) == 1
    assert errors[0].startswith("a.xlsx, row 2: 'naam' is #REF!, what a spreadsheet shows for")


# -- layers -----------------------------------------------------------------------------------


def layer(folder: Path, name: str, *shapes: shapely.Geometry, into: str = "a.gpkg") -> Path:
    frame = {"academy_id": range(len(shapes)), "name": [f"a{one}" for one in range(len(shapes))]}
    made = gpd.GeoDataFrame(frame, geometry=list(shapes), crs="EPSG:31370")
    made.to_file(folder / into, layer=name)
    return folder / into


POINT = shapely.Point(105_000, 195_000)
SQUARE = POINT.buffer(100, cap_style="square")


def test_one_layer_with_points_is_taken_and_said(tmp_path: Path) -> None:
    """The larger layer of areas is none of academies; of two with points it is asked which."""
    layer(tmp_path, "wijken", SQUARE, SQUARE, SQUARE)
    path = layer(tmp_path, "academies", POINT)
    frame, errors, notes, _ = load(path)
    assert (errors, len(frame)) == ([], 1)
    assert notes == ["a.gpkg: read from the layer 'academies'; not used: wijken"]
    layer(tmp_path, "oud", POINT, POINT)
    (error,) = load(path)[1]
    assert "several layers: academies, oud" in error
    assert "say which is meant with `layer`" in error
    assert len(load(path, layer="oud")[0]) == 2


@pytest.mark.parametrize(
    ("shape", "what"),
    [
        (shapely.MultiPoint([(105_000, 195_000), (106_000, 195_000)]), "MultiPoint of 2 parts"),
        (shapely.LineString([(105_000, 195_000), (106_000, 195_000)]), "LineString"),
        (SQUARE, "Polygon"),
    ],
)
def test_an_academy_is_one_point(tmp_path: Path, shape: shapely.Geometry, what: str) -> None:
    """What is no single point is refused in one line; a point alone in a MultiPoint is one."""
    path = layer(tmp_path, "a", shapely.MultiPoint([POINT]), shape)
    assert load(path)[1] == [
        f"a.gpkg, feature 2: is no single point, but a {what}; give one point, such as its entrance"
    ]
    frame, errors, _, _ = load(layer(tmp_path, "a", shapely.MultiPoint([POINT]), into="b.gpkg"))
    assert (errors, frame.geometry.tolist()) == ([], [POINT])


def test_a_candidate_may_be_a_school_ground(tmp_path: Path) -> None:
    """Its centre stands for it, and that is told; a line stands for nothing."""
    path = layer(tmp_path, "a", SQUARE)
    findings = Findings()
    frame, _ = load_places(Register(path=path), CANDIDATES, empty_register(), NO_AREA, findings)
    assert (findings.errors, frame.geometry.tolist()) == ([], [POINT])
    (note,) = findings.warnings
    assert note.to_text("nl") == "a.gpkg: 1 vlak telt op zijn middelpunt"


KML = """<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>
{}</Document></kml>"""
PLACE = "<Placemark><name>{}</name><Point><coordinates>{},51.05,0</coordinates></Point></Placemark>"


def test_kml_without_ids(tmp_path: Path) -> None:
    """Ids are made as for a CSV; what the reader of KML adds by itself is no column of the file."""
    path = tmp_path / "a.kml"
    path.write_text(KML.format(PLACE.format("Gent", 3.72) + PLACE.format("Aalst", 4.04)))
    frame, errors, _, columns = load(path)
    assert (errors, frame["academy_id"].tolist()) == ([], ["A001", "A002"])
    assert columns == {"Name": "name"}


def test_kml_with_two_folders(tmp_path: Path) -> None:
    """It is asked which is meant."""
    folders = "".join(
        f"<Folder><name>{name}</name>{PLACE.format(name, lon)}</Folder>"
        for name, lon in (("Oost", 3.72), ("West", 3.22))
    )
    path = tmp_path / "a.kml"
    path.write_text(KML.format(folders))
    assert "several layers: Oost, West" in load(path)[1][0]
    assert load(path, layer="West")[0]["name"].tolist() == ["West"]


def test_the_tables_columns_are_the_registers(tmp_path: Path) -> None:
    """The one column of ages is no column of the table."""
    assert tuple(load(with_column(tmp_path, "leeftijd", "6-12"))[0].columns) == COLUMNS


# -- what the study says of a register --------------------------------------------------------

ODD = ["Wie;Waar oost;Waar noord;Sinds", "Gent;104700;193900;1/9/2021"]
SAID = {"name": "Wie", "x": "waar OOST", "y": "Waar noord", "valid_from": "Sinds"}


def test_the_study_says_what_columns_are(tmp_path: Path) -> None:
    """Those that no one could know, and of two that both fit the one that is meant."""
    frame, errors, _, columns = load(csv(tmp_path, *ODD), columns=SAID)
    assert (errors, frame["name"].tolist()) == ([], ["Gent"])
    assert str(frame["valid_from"][0].date()) == "2021-09-01"
    assert columns == {
        "Wie": "name",
        "Waar oost": "x",
        "Waar noord": "y",
        "Sinds": "valid_from",
    }
    path = csv(tmp_path, "id;naam;academie;lon;lat", "1;Jan;Gent;3.72;51.05")
    assert load(path, columns={"name": "academie"})[0]["name"].tolist() == ["Gent"]


@pytest.mark.parametrize(
    ("more", "error"),
    [
        (
            {"valid_form": "Sinds"},
            "`columns` gives 'valid_form', which is no column here; did you ",
        ),
        ({"x": "Wie"}, "`columns` gives 'Wie' twice; one column is one of ours"),
        (
            {"organisation": "Sind"},
            "`columns` takes organisation from 'Sind', and there is none; d",
        ),
        (
            {"organisation": "Org"},
            "`columns` takes organisation from 'Org', and there is none; the",
        ),
        (
            {"x": "zoek"},
            "`columns` gives one half of the coordinates; give lon and lat, or x and y",
        ),
    ],
)
def test_columns_that_cannot_be_are_refused(
    tmp_path: Path, more: dict[str, str], error: str
) -> None:
    """Ours that is none, theirs that is not there, with the nearest; one that would be two."""
    errors = load(csv(tmp_path, *ODD), columns=SAID | more)[1]
    assert any(one.startswith(f"a.csv: {error}") for one in errors)


def test_a_layer_has_no_columns_of_coordinates(tmp_path: Path) -> None:
    """Nor a header: what changes nothing is refused; its other columns can be said."""
    path = layer(tmp_path, "a", POINT)
    assert "`columns` gives 'x', which is no column here" in load(path, columns={"x": "name"})[1][0]
    assert "`header_row` changes nothing: GeoPackage" in load(path, header_row=2)[1][0]
    frame, errors, _, _ = load(path, columns={"organisation": "name"})
    assert (errors, frame["organisation"].tolist()) == ([], ["a0"])


def test_the_study_says_the_header(tmp_path: Path) -> None:
    """As a spreadsheet numbers it, where more rows could be it; a row without names is refused."""
    rows = [
        HEADER,
        GENT,
        [],
        ["nr", "academie", "x", "y", "tot"],
        [7, "Aalst", 126_900, 181_700, ""],
    ]
    path = book(tmp_path, a=rows)
    frame, errors, notes, _ = load(path, header_row=4)
    assert (errors, frame["name"].tolist()) == ([], ["Aalst"])
    assert any("the header is row 4; not used above it" in note for note in notes)
    for row in (3, 9):
        (error,) = load(path, header_row=row)[1]
        assert error.startswith(f"a.xlsx: has no names of columns in row {row}, its `header_row`; ")
    text = csv(tmp_path, *["titel"] * 40, *ODD)
    assert load(text, header_row=41, columns=SAID)[0]["name"].tolist() == ["Gent"]


def test_a_header_of_two_rows(tmp_path: Path) -> None:
    """The upper says of what: as merged cells leave it, in a workbook and in its text."""
    upper = ["Naam", "Leeftijd", "", "Erkenning", "", "Coördinaten", "", "Adres", ""]
    lower = ["", "van", "tot", "van", "tot", "x", "y", "Postcode", "Opmerking"]
    rows = [["Register"], upper, lower, ["Gent", 6, 12, "1/9/2021", "", 104700, 193900, 9000, "a"]]
    path = book(tmp_path, a=[[cell if cell != "" else None for cell in row] for row in rows])
    text = csv(tmp_path, *(";".join(map(str, row)) for row in rows))
    for file in (path, text):
        for said in ({}, {"header_row": 2}, {"header_row": 3}):
            frame, errors, notes, columns = load(file, **said)
            assert errors == []
            (found,) = frame.to_dict("records")
            assert (found["min_age"], found["max_age"], found["postcode"]) == (6, 12, "9000")
            assert columns["Erkenning van"] == "valid_from"
            assert any("the header is row 2, 3; not used above it: Register" in n for n in notes)


@pytest.mark.parametrize(
    ("east", "north"),
    [
        ("X-coördinaat (Lambert 72)", "Y-coördinaat (Lambert 72)"),
        ("xcoord", "ycoord"),
        ("Lambert X", "Lambert Y"),
        ("X (m)", "Y (m)"),
        ("coördinaat x", "Y"),
        ("x_31370", "y_31370"),
    ],
)
def test_names_of_coordinates(tmp_path: Path, east: str, north: str) -> None:
    """Whatever stands around x and y."""
    frame, errors, notes, _ = load(csv(tmp_path, f"naam;{north};{east}", "Gent;193900;104700"))
    assert (errors, frame.geometry[0].x) == ([], 104_700)
    said = "72" in east or "31370" in east
    assert any("does not say its CRS" in note for note in notes) != said


def test_hidden_sheets_and_rows_are_said(tmp_path: Path) -> None:
    """A filter hides rows that count; of a hidden sheet it is said that it is one."""
    path = book(tmp_path, Academies=[HEADER, GENT, BRUGGE], Oud=[["x"]])
    made = openpyxl.load_workbook(path)
    made["Academies"].row_dimensions[3].hidden = True
    made["Oud"].sheet_state = "hidden"
    made.save(path)
    frame, errors, notes, _ = load(path)
    assert (errors, len(frame)) == ([], 2)
    assert "a.xlsx, row 3: hidden in the spreadsheet, and counted" in notes
    assert "a.xlsx: read from the sheet 'Academies'; not used: Oud (hidden)" in notes


# -- numbers and days as people write them ----------------------------------------------------


def with_values(folder: Path, label: str, *values: str) -> tuple[pd.Series, list[str]]:
    """What comes of these texts in a column of that name, and the errors."""
    frame, errors, _, columns = load(with_column(folder, label, *values))
    return frame[columns[label]], errors


@pytest.mark.parametrize(
    ("texts", "amounts"),
    [
        (["1 250 €", "€ 99,5", "€2500"], ["1250", "99.5", "2500"]),
        (["1.250", "12,50"], ["1250", "12.50"]),
        (["1.250", "2.500,00 euro", "EUR 3"], ["1250", "2500.00", "3"]),
        (["1.250,-", "1.250.000"], ["1250", "1250000"]),
        (["1,250.50", "1,250"], ["1250.50", "1250"]),
        (["1'250", "1250.5"], ["1250", "1250.5"]),
    ],
)
def test_amounts_as_belgians_write_them(
    tmp_path: Path, texts: list[str], amounts: list[str]
) -> None:
    """The column as a whole tells what a mark is."""
    found, errors = with_values(tmp_path, "kostprijs", *texts)
    assert (errors, found.tolist()) == ([], amounts)


def test_a_mark_that_may_be_two_things_is_asked_about(tmp_path: Path) -> None:
    """Each by row, column and value; 1.000 trajectories are one or a thousand."""
    _, errors = with_values(tmp_path, "kostprijs", "1.250", "250", "2.000")
    assert len(errors) == 2
    assert errors[0].startswith(
        "a.csv, row 2: 'kostprijs' is '1.250', not sure: the mark may stand"
    )
    assert errors[1].startswith("a.csv, row 4: 'kostprijs' is '2.000', not sure")
    _, errors = with_values(tmp_path, "trajecten", "1.000")
    assert errors[0].startswith("a.csv, row 2: 'trajecten' is '1.000', not a whole number")


@pytest.mark.parametrize(
    ("label", "text", "value"),
    [
        ("leeftijd van", "vanaf 7 jaar", 7),
        ("leeftijd tot", "t.e.m. 12 j.", 12),
        ("âge à", "jusqu'à 12 ans", 12),
        ("trajecten", "3 trajecten", 3),
        ("postcode", "B-9000", "9000"),
        ("postcode", "9.000", "9000"),
        ("postcode", "9000,0", "9000"),
    ],
)
def test_units_and_words_around_a_number(
    tmp_path: Path, label: str, text: str, value: object
) -> None:
    """They say again what the column says."""
    found, errors = with_values(tmp_path, label, text)
    assert (errors, found.tolist()) == ([], [value])


@pytest.mark.parametrize(
    ("east", "north"),
    [
        (["104.700", "126.900"], ["193.900", "181.700"]),
        (["104700,0 m", "126.900"], ["193.900", "181 700"]),
        (["104 700,0", "126 900,0"], ["193.900,0", "181.700"]),
    ],
)
def test_thousands_in_metres(tmp_path: Path, east: list[str], north: list[str]) -> None:
    """Of 104.700 it is told by where it lies: as 104.7 it would lie nowhere."""
    rows = [f"a{n};{x};{y}" for n, (x, y) in enumerate(zip(east, north, strict=True))]
    frame, errors, _, _ = load(csv(tmp_path, "naam;x;y", *rows))
    assert errors == []
    assert [(p.x, p.y) for p in frame.geometry] == [(104_700, 193_900), (126_900, 181_700)]


def test_degrees_with_three_decimals(tmp_path: Path) -> None:
    """51.050 lies in Belgium, and 51050 nowhere; a sign and a letter say nothing more."""
    for lon, lat in (("3.720", "51.050"), ("3,720° OL", "51,050° NB"), ("3.720 E", "51.050 N")):
        frame, errors, _, _ = load(csv(tmp_path, "naam;lon;lat", f"a;{lon};{lat}"))
        assert errors == []
        assert frame.geometry.to_crs(4326)[0].distance(shapely.Point(3.72, 51.05)) < 1e-6
    _, errors, _, _ = load(csv(tmp_path, "naam;x;y", "a;1.720;2.050"))
    assert [error[:43] for error in errors] == [
        "a.csv, row 2: 'x' is '1.720', not sure: the",
        "a.csv, row 2: 'y' is '2.050', not sure: the",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "1 september 2022",
        "1er sept. 2022",
        "1-sep-2022",
        "1 Sept 2022",
        "1 septembre 2022",
        "1-sept-2022",
    ],
)
def test_days_with_the_name_of_the_month(text: str) -> None:
    """In the three languages, whole or short."""
    assert as_dates(pd.Series([text]))[0] == pd.Timestamp(2022, 9, 1).to_pydatetime()
    assert as_dates(pd.Series(["1 brol 2022"])).isna().all()


def test_a_workbook_says_from_when_it_counts_days(tmp_path: Path) -> None:
    """A cell without the form of a date is then a day, and that is said."""
    path = book(tmp_path, a=[[*HEADER, "erkend tot"], [*GENT, 44927]])
    frame, errors, notes, _ = load(path)
    assert (errors, str(frame["valid_until"][0].date())) == ([], "2023-01-01")
    said = "a.xlsx, row 2: 'erkend tot' counts days as the workbook does: 44927 is 1 January 2023"
    assert said in notes
    made = openpyxl.load_workbook(path)
    made.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    made.save(path)
    assert str(load(path)[0]["valid_until"][0].date()) == "2027-01-02"


# -- rows that are none of the table ----------------------------------------------------------

TABLE = ["id;naam;lon;lat;bereikt", "1;Gent;3,72;51,05;120", "2;Brugge;3,22;51,21;85"]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        *(
            (f";{word};;;205", "a total or a note")
            for word in ("TOTAL", "Total général", "Eindtotaal")
        ),
        *((f";{word};;;9", "a total or a note") for word in ("Totaal 2022", "Subtotaal Antwerpen")),
        ("Totaal aantal academies: 2;;;;", "a total or a note"),
        (";;;;205", "a total or a note"),
        ("2;;;;205", "a total or a note"),
        ("Bron: VLAIO, 31/12/2022;;;;", "a total or a note"),
        ("* voorlopige cijfers;;;;", "a total or a note"),
        ("Source:;VLAIO;;;", "a total or a note"),
        (";Provincie Antwerpen;;;", "a title in between"),
        ("ID;Naam;Lon;Lat;Bereikt", "a title in between"),
    ],
)
def test_rows_that_are_no_academy_are_left_out_and_said(
    tmp_path: Path, line: str, kind: str
) -> None:
    """Above, between or below those that are."""
    for place in (1, 2, 3):
        lines = [*TABLE[:place], line, *TABLE[place:]]
        frame, errors, notes, _ = load(csv(tmp_path, *lines))
        assert (errors, len(frame)) == ([], 2)
        assert any(f"row {place + 1} left out as {kind}: " in note for note in notes)


@pytest.mark.parametrize(
    "foot",
    ["Opgemaakt door: J. Peeters", "Bijgewerkt op 3 mei", "Laatste wijziging: 3/5/2023",
     "Contactpersoon: An", "Établi par A. Peeters", "Personne de contact : An", "Prepared by: An"],
)  # fmt: skip
def test_who_made_the_table_is_no_academy(tmp_path: Path, foot: str) -> None:
    """Said below the table, with no empty row between; other words there are quoted."""
    frame, errors, notes, _ = load(csv(tmp_path, *TABLE, f";{foot};;;"))
    assert (errors, len(frame)) == ([], 2)
    assert f"a.csv: row 4 left out as a total or a note: {foot}" in notes
    assert LACKS.format(4, "Vraag het An") in load(csv(tmp_path, *TABLE, ";Vraag het An;;;"))[1]


def test_rows_beneath_a_repeated_header_are_said(tmp_path: Path) -> None:
    """They count, and may be a list of others; no example of a column is of a row left out."""
    lines = [*TABLE[:2], ";Wachtlijst;;;", TABLE[0], TABLE[2], "3;Ieper;2,88;50,85;3"]
    findings = Findings()
    path = csv(tmp_path, *lines)
    frame, origin = load_academies(Register(path=path), NO_AREA, findings)
    assert (findings.errors, len(frame)) == ([], 3)
    notes = [*map(str, findings.notes)]
    assert any(
        "row 4: the header stands here again; beneath it 2 rows, counted" in one for one in notes
    )
    assert any("row 3, 4 left out as a title" in one or "row 4, 3 left" in one for one in notes)
    assert origin is not None
    assert {one.label: one.examples for one in origin.seen}["naam"] == ("Gent", "Brugge", "Ieper")


@pytest.mark.parametrize(
    ("label", "values", "told"),
    [
        ("Status", ["erkend", "geweigerd", "erkend"], "erkend (2), geweigerd (1)"),
        ("Statut du dossier", ["reconnu", "reconnu", "refusé"], "reconnu (2), refusé (1)"),
        ("Fase", ["", "", "Wachtlijst"], "empty (2), Wachtlijst (1)"),
        ("Erkend", ["ja", "ja", "nee"], "ja (2), nee (1)"),
        ("Status", ["erkend", "erkend", "erkend"], ""),
        ("Opmerking", ["mooi", "", "nieuw"], ""),
    ],
)
def test_a_column_that_decides_who_counts_is_said(
    tmp_path: Path, label: str, values: list[str], told: str
) -> None:
    """By name, with how many rows have each value; not where all have the same."""
    _, errors, notes, _ = load(with_column(tmp_path, label, *values))
    found = [one for one in notes if "decides who counts" in one]
    assert errors == []
    assert len(found) == bool(told)
    assert (
        not told
        or f"'{label}' is not used, and such a column decides who counts: {told}" in found[0]
    )


def test_a_note_of_any_words_below_an_empty_row(tmp_path: Path) -> None:
    """And what follows it; thousands of empty rows below them say nothing."""
    notes_below = [";;;;", "Wie dit leest, belt ons op;;;;", "of schrijft;;;;", *[";;;;"] * 3000]
    frame, errors, notes, _ = load(csv(tmp_path, *TABLE, *notes_below))
    assert (errors, len(frame)) == ([], 2)
    assert any("row 5, 6 left out as a total or a note" in note for note in notes)


@pytest.mark.parametrize(
    "line", ["3;Totaal Techniek;;;", ";;;;206", "3;;;;", "3;Bron van kennis;;;7", "x;y;3,7;51;9"]
)
def test_what_may_be_an_academy_is_never_left_out(tmp_path: Path, line: str) -> None:
    """It is refused for what it lacks, or read."""
    frame, errors, _, _ = load(csv(tmp_path, *TABLE, line))
    lacks = LACKS.format(4, " ".join(filter(None, line.split(";"))))
    assert lacks in errors or len(frame) == 3
    named = csv(tmp_path, *TABLE, "3;Totaal;3,7;51;9")
    assert load(named)[0]["name"].tolist() == ["Gent", "Brugge", "Totaal"]


@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("word", ["Totaal", "Bron: VLAIO"])
def test_a_total_stands_in_any_column(tmp_path: Path, place: int, word: str) -> None:
    """That of the coordinates or of the postcode too; the number beside it is no postcode."""
    header, *rows = ["y;x;postcode;naam;straat", "193900;104700;9000;Gent;a", "2;3;8000;Ieper;b"]
    rows[1] = rows[1].replace("2;3", "181700;126900")
    last = ["", "", "", "", ""]
    last[place] = word
    if word == "Totaal":
        last[2 if place != 2 else 3] = "2"
    frame, errors, notes, _ = load(csv(tmp_path, header, *rows, ";".join(last)))
    assert (errors, len(frame)) == ([], 2)
    assert any("row 4 left out as a total or a note" in note for note in notes)


def test_a_note_typed_below_a_text_is_left_out_and_said(tmp_path: Path) -> None:
    """Without marks for its other columns, or with a comma of its own; any other is cut."""
    for mark, foot in ((";", "Bron: VLAIO, 31/12/2022"), (",", "Bron: VLAIO, 31/12/2022")):
        lines = [mark.join(row) for row in (HEADER, ["1", "Gent", "3.72", "51.05"])]
        frame, errors, notes, _ = load(csv(tmp_path, *lines, "", foot))
        assert (errors, len(frame)) == ([], 1)
        assert f"a.csv: row 4 left out as a total or a note: {foot}" in notes
    assert "row 3 has 1 columns" in load(csv(tmp_path, *lines, "2"))[1][0]


def test_a_coordinate_that_is_no_number_is_told_once(tmp_path: Path) -> None:
    """Not also as missing."""
    _, errors, _, _ = load(
        csv(tmp_path, "id;naam;lon;lat", "1;Gent;3,72;51,05", "2;Ieper;oost;50,8")
    )
    assert errors == ["a.csv, row 3: 'lon' is 'oost', not a number; write it as 51.2194 or 51,2194"]


def test_spreadsheets_of_other_kinds_are_named(tmp_path: Path) -> None:
    """With the mend."""
    path = tmp_path / "a.ods"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    (error,) = load(path)[1]
    assert error == "a.ods: is an OpenDocument spreadsheet; save it as .xlsx or CSV"


@pytest.mark.parametrize("name", ["Data Lab", "Contact", "Stand Up", "Page Blanche"])
def test_a_name_that_begins_as_a_note_is_no_note_among_rows(tmp_path: Path, name: str) -> None:
    """Its coordinates are asked for; below all rows, or with a colon, it is a note and said."""
    head = "naam;lon;lat"
    _, errors, _, _ = load(csv(tmp_path, head, "a;3.7;51.0", f"{name};;", "b;3.8;51.0"))
    assert errors
    assert all("row 3" in one for one in errors)
    for lines in (("a;3.7;51.0", f"{name};;"), ("a;3.7;51.0", "Data: VDAB;;", "b;3.8;51.0")):
        frame, errors, notes, _ = load(csv(tmp_path, head, *lines))
        assert errors == []
        assert "b" in frame["name"].tolist() or name in str(notes)
        assert any("row 3" in one for one in notes)
