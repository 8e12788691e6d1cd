"""The register of academies, in every shape in which it is kept."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pytest

from stemgeo.errors import Findings, InputError
from stemgeo.inputs import read_academies
from stemgeo.inputs.academies import COLUMNS, SYNONYMS, load_academies
from stemgeo.study import Input

if TYPE_CHECKING:
    from pathlib import Path

LON, LAT = 3.72558, 51.15328
"""In the first square, 11001."""


def load(
    path: Path, municipalities: gpd.GeoDataFrame, **more: Any
) -> tuple[gpd.GeoDataFrame, Findings, str]:
    findings = Findings()
    frame, origin = load_academies(Input(path=path, **more), municipalities, findings)
    return frame, findings, "" if origin is None else origin.note


def write(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


ENGLISH = (
    "academy_id,name,organisation,min_age,max_age,lon,lat",
    f'A1,Café,"X, Y",6,12,{LON},{LAT}',
)
DUTCH = (
    "id;naam;organisatie;leeftijd_van;leeftijd_tot;lengtegraad;breedtegraad",
    f"A1;Café;X, Y;6;12;{LON};{LAT}".replace(".", ","),
)
TABS = (
    "ID\tNaam\tOrganisatie\tMin leeftijd\tMax leeftijd\tx\ty",
    "A1\tCafé\tX, Y\t6\t12\t105000,5\t205000",
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
@pytest.mark.parametrize("lines", [ENGLISH, DUTCH, TABS], ids=["english", "dutch", "tabs"])
def test_csv_in_all_its_kinds(
    tmp_path: Path, municipalities: gpd.GeoDataFrame, lines: tuple[str, str], encoding: str
) -> None:
    """Comma, semicolon or tab; decimal comma or point; four encodings; Dutch or English."""
    path = write(tmp_path / "academies.csv", *lines, encoding=encoding)
    frame, findings, _ = load(path, municipalities)
    assert findings.errors == []
    (found,) = frame.to_dict("records")
    assert (found["academy_id"], found["name"]) == ("A1", "Café")
    assert found["organisation"] == "X, Y"
    assert (found["min_age"], found["max_age"], found["nis_code"]) == (6, 12, "11001")
    assert found["geometry"].x == pytest.approx(105_000, abs=30)


def test_xlsx(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Numbers, days and empty cells of Excel are understood."""
    table = {
        "academy_id": [1, 2],
        "name": ["een", "twee"],
        "min_age": [6, None],
        "valid_from": [dt.date(2019, 1, 1), None],
        "x": [105_000, 115_000.5],
        "y": [205_000, 205_000],
    }
    pd.DataFrame(table).to_excel(tmp_path / "a.xlsx", index=False)
    frame, findings, _ = load(tmp_path / "a.xlsx", municipalities)
    assert findings.errors == []
    assert frame["academy_id"].tolist() == ["1", "2"]
    assert frame["min_age"].tolist() == [6, pd.NA]
    assert frame["valid_from"][0] == pd.Timestamp(2019, 1, 1)
    assert frame["nis_code"].tolist() == ["11001", "12025"]


@pytest.mark.parametrize("name", ["a.geojson", "a.gpkg", "a.shp", "a.kml"])
def test_layers(tmp_path: Path, municipalities: gpd.GeoDataFrame, name: str) -> None:
    """Points of a layer; the register's columns are the layer's."""
    points = gpd.points_from_xy([LON, LON + 0.14], [LAT, LAT])
    frame = gpd.GeoDataFrame({"name": ["een", "twee"]}, geometry=points, crs=4326)
    frame.to_file(tmp_path / name, driver="KML" if name.endswith("kml") else None)
    read, findings, _ = load(tmp_path / name, municipalities)
    assert findings.errors == []
    assert read["nis_code"].tolist() == ["11001", "12025"]
    assert read["name"].tolist() == ["een", "twee"]


def test_typed_columns_of_a_layer(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Days and whole numbers with gaps survive a GeoPackage."""
    frame = gpd.GeoDataFrame(
        {
            "academy_id": [7, 8],
            "min_age": pd.array([6, None], dtype="Int64"),
            "valid_until": pd.to_datetime(["2022-12-31", None]),
        },
        geometry=gpd.points_from_xy([LON, LON + 0.01], [LAT, LAT]),
        crs=4326,
    )
    frame.to_file(tmp_path / "a.gpkg")
    read, findings, _ = load(tmp_path / "a.gpkg", municipalities)
    assert findings.errors == []
    assert read["academy_id"].tolist() == ["7", "8"]
    assert read["min_age"].tolist() == [6, pd.NA]
    assert read["valid_until"].tolist() == [pd.Timestamp(2022, 12, 31), pd.NaT]


def test_types_of_the_table(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """The columns of the design, with empty ages, days and numbers allowed; no row is planned."""
    path = write(tmp_path / "a.csv", "academy_id;lon;lat", f"A1;{LON};{LAT}")
    frame = read_academies(path, municipalities)
    assert tuple(frame.columns) == COLUMNS
    assert str(frame["min_age"].dtype) == str(frame["max_age"].dtype) == "Int64"
    assert str(frame["valid_from"].dtype) == str(frame["valid_until"].dtype) == "datetime64[s]"
    assert frame.isna().sum().to_dict() == dict.fromkeys(COLUMNS, 0) | {
        "min_age": 1,
        "max_age": 1,
        "valid_from": 1,
        "valid_until": 1,
        "trajectories": 1,
        "online_trajectories": 1,
    }
    assert frame["planned"].tolist() == [False]
    assert frame.crs.to_epsg() == 31370


def test_synonyms_are_unambiguous() -> None:
    """No name of a column stands for two of ours."""
    every = [name for names in SYNONYMS.values() for name in names]
    assert len(every) == len(set(every))


@pytest.mark.parametrize(
    "day", ["2022-12-31", "31/12/2022", "31-12-2022", "31.12.2022", "20221231"]
)
def test_days(tmp_path: Path, municipalities: gpd.GeoDataFrame, day: str) -> None:
    """Days as ISO 8601 or as Belgium writes them: the day before the month."""
    path = write(tmp_path / "a.csv", "academy_id;lon;lat;geldig_tot", f"A1;{LON};{LAT};{day}")
    assert read_academies(path, municipalities)["valid_until"][0] == pd.Timestamp(2022, 12, 31)


def test_order_of_rows_does_not_matter(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """The table is by academy_id."""
    rows = [f"A{number};{LON + number / 1000};{LAT}" for number in (3, 1, 2)]
    path = write(tmp_path / "a.csv", "academy_id;lon;lat", *rows)
    assert read_academies(path, municipalities)["academy_id"].tolist() == ["A1", "A2", "A3"]


def test_nis_code_is_never_taken_from_the_file(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """Where an academy lies decides, not what the register says."""
    path = write(tmp_path / "a.csv", "academy_id;lon;lat;nis_code", f"A1;{LON};{LAT};44021")
    assert read_academies(path, municipalities)["nis_code"].tolist() == ["11001"]


def test_academy_on_a_border(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """On the border of two municipalities the smaller code is taken, once."""
    path = write(tmp_path / "a.csv", "academy_id;x;y", "A1;110000;205000")
    frame = read_academies(path, municipalities)
    assert frame["nis_code"].tolist() == ["11001"]


def test_ids_from_the_order_of_rows(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Without academy_id the rows are numbered, with a warning."""
    path = write(tmp_path / "a.csv", "naam;lon;lat", f"een;{LON};{LAT}", f"twee;3.8;{LAT}")
    frame, findings, _ = load(path, municipalities)
    assert frame["academy_id"].tolist() == ["A001", "A002"]
    assert "has no column academy_id" in str(findings.warnings[0])


# --- Coordinates -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "y", "called"),
    [
        ("105000", "205000", "Lambert 72 metres (EPSG:31370)"),
        ("605000", "705000", "Lambert 2008 metres (EPSG:3812)"),
        (str(LON), str(LAT), "degrees (EPSG:4326)"),
    ],
)
def test_crs_of_x_and_y_is_recognised_and_told(
    tmp_path: Path, municipalities: gpd.GeoDataFrame, x: str, y: str, called: str
) -> None:
    """Columns x and y say no CRS: their range does, and the reader is told."""
    frame, findings, note = load(
        write(tmp_path / "a.csv", "academy_id;x;y", f"A1;{x};{y}"), municipalities
    )
    assert frame.geometry.x[0] == pytest.approx(105_000, abs=200)
    assert f"its coordinates are read as {called}" in str(findings.warnings[0])
    assert "told by their range" in note


def test_a_crs_that_is_given_is_not_guessed(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """With `crs` there is nothing to tell."""
    path = write(tmp_path / "a.csv", "academy_id;naam;x;y", "A1;een;105000;205000")
    frame, findings, _ = load(path, municipalities, crs="EPSG:31370")
    assert findings.warnings == []
    assert frame.geometry.x[0] == 105_000


def test_metres_go_with_x_and_y(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """A table with both kinds of coordinates and a crs in metres is read by x and y."""
    path = write(tmp_path / "a.csv", "academy_id;naam;lon;lat;x;y", "A1;een;1;2;105000;205000")
    frame, findings, _ = load(path, municipalities, crs="EPSG:31370")
    assert (findings.errors, findings.warnings) == ([], [])
    assert frame.geometry.x[0] == 105_000


@pytest.mark.parametrize(
    ("header", "row", "what"),
    [
        ("lon;lat", "51.15328;3.72558", "a.csv: latitude and longitude are swapped"),
        ("lon;lat", "105000;205000", "are Lambert 72 metres, but are given as EPSG:4326"),
        ("x;y", "4000000;100", "does not say its CRS, and its coordinates"),
        ("lon;lat", ";", "a.csv, row 2: no coordinates"),
        ("lon;lat", "drie;51", "a.csv, row 2: 'lon' is 'drie', not a number"),
        ("lon;lat", "nan;51", "a.csv, row 2: 'lon' is 'nan', not a number"),
        ("lon;lat", "1e400;51", "a.csv, row 2: no coordinates"),
        (
            "naam;opmerking",
            "a;b",
            "a.csv: has no coordinates (columns: academy_id, naam, opmerking)",
        ),
    ],
)
def test_bad_coordinates(
    tmp_path: Path, municipalities: gpd.GeoDataFrame, header: str, row: str, what: str
) -> None:
    """Each fault of coordinates has its own line."""
    path = write(tmp_path / "a.csv", f"academy_id;{header}", f"A1;{row}")
    _, findings, _ = load(path, municipalities)
    assert what in str(findings.errors[0])


def test_one_swapped_row_is_named(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Among good rows, the swapped and the far one are told by row."""
    rows = [f"A1;{LON};{LAT}", f"A2;{LAT};{LON}", f"A3;3.8;{LAT}", "A4;0;0"]
    _, findings, _ = load(write(tmp_path / "a.csv", "academy_id;lon;lat", *rows), municipalities)
    assert [str(problem) for problem in findings.errors] == [
        "a.csv, row 3: latitude and longitude are swapped (51.15328, 3.72558); exchange the two",
        "a.csv, row 5: lies far outside Belgium (0, 0); correct the coordinates",
    ]


def test_rows_beyond_the_first_twenty_are_told_in_one_line(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """None of what is wrong is passed over: the first twenty by row, the others together."""
    good = [f"A{number};{LON};{LAT}" for number in range(40)]
    far = [f"B{number};3.8;10" for number in range(22)]
    path = write(tmp_path / "a.csv", "academy_id;lon;lat", *good, *far, *[f";{LON};{LAT}"] * 23)
    told = [str(problem) for problem in load(path, municipalities)[1].errors]
    of_far = [one for one in told if "lies far outside" in one]
    of_none = [one for one in told if "no 'academy_id'; give" in one]
    assert (len(of_far), len(of_none), len(told)) == (20, 20, 42)
    assert "a.csv, row 62, 63: does not lie in Belgium either; see above" in told
    assert "a.csv, row 84, 85, 86: no 'academy_id' either; see above" in told


def test_degrees_given_as_metres(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Degrees under a crs in metres do not end up near the origin."""
    path = write(tmp_path / "a.csv", "academy_id;lon;lat", f"A1;{LON};{LAT}")
    _, findings, _ = load(path, municipalities, crs="EPSG:31370")
    assert "are degrees, but are given as EPSG:31370" in str(findings.errors[0])


def test_layer_without_crs(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """A layer that says no CRS is recognised by its range, and that is told."""
    points = gpd.GeoDataFrame({"academy_id": ["A1"]}, geometry=gpd.points_from_xy([105e3], [205e3]))
    points.set_crs(31370).to_file(tmp_path / "a.shp")
    (tmp_path / "a.prj").unlink()
    _, findings, _ = load(tmp_path / "a.shp", municipalities)
    assert "read as Lambert 72 metres" in str(findings.warnings[0])


def test_outside_the_study_area_is_a_warning(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """An academy across the border stays, is named, and it is said where it lies."""
    path = write(tmp_path / "a.csv", "academy_id;naam;lon;lat", "A1;Kanal;4.3454;50.8606")
    frame, findings, _ = load(path, municipalities)
    assert frame["nis_code"].tolist() == [""]
    (line,) = [str(problem) for problem in findings.warnings]
    assert line == (
        "a.csv, row 2: Kanal lies outside the study area, 27.8 km from it, near Brussel (Brussels "
        "Hoofdstedelijk Gewest); too far to matter"
    )


def test_many_outside_the_study_area_are_one_line(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """A register of all Flanders in a study of a part: the nearest, the farthest, a few names."""
    rows = [f"A{km};{km} km;105000;{210_000 + km * 1000}" for km in (30, 15, 2, 16, 40, 50, 60, 7)]
    path = write(tmp_path / "a.csv", "academy_id;naam;x;y", *rows, "B;thuis;105000;205000")
    frame, findings, _ = load(path, municipalities, crs="EPSG:31370")
    assert (frame["nis_code"] == "").sum() == 8
    (line,) = map(str, findings.warnings)
    assert line.startswith(
        "a.csv: 8 of its 9 academies lie outside the study area, up to 60.0 km from it: 2 km "
        "(row 4), 2.0 km from it, near "
    )
    assert line.endswith(
        "; 7 km, 15 km, 16 km, 30 km and 3 more; those within 15 km (3) count for the children "
        "who cross the border, the others (5) are too far to matter"
    )


def test_an_academy_across_the_border_counts(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """Within 15 km children may cross the border."""
    path = write(tmp_path / "a.csv", "academy_id;naam;x;y", "A;over;105000;212500")
    _, findings, _ = load(path, municipalities, crs="EPSG:31370")
    (line,) = map(str, findings.warnings)
    assert "over lies outside the study area, 2.5 km from it, near " in line
    assert line.endswith("; it counts for the children who cross the border")


def test_academies_of_other_ages_are_noted(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """Who serves none of the ages studied is said with name; an empty age is no bound."""
    rows = [
        f"A1;peuters;{LON};{LAT};2;4",
        f"A2;vanaf 18;3.8;{LAT};18;",
        f"A3;tot 5;3.9;{LAT};;5",
        f"A4;alle;4.0;{LAT};;",
        f"A5;vanaf 17;4.1;{LAT};17;99",
    ]
    path = write(tmp_path / "a.csv", "academy_id;name;lon;lat;min_age;max_age", *rows)
    for ages, said in [
        (range(5, 18), "2 serve nobody of the ages studied: peuters, vanaf 18"),
        ([6, 7], "4 serve nobody of the ages studied: peuters, vanaf 18, tot 5, vanaf"),
        (range(3, 18), "1 serves nobody of the ages studied: vanaf 18"),
    ]:
        findings = Findings()
        _, origin = load_academies(Input(path=path), municipalities, findings, frozenset(ages))
        assert origin is not None
        assert said in origin.note
    assert "nobody" not in load(path, municipalities)[2]


def test_note_says_what_served_as_id_and_name(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """A column called otherwise is said in the note; our own names need no word."""
    path = write(tmp_path / "a.csv", "nummer;academie;lon;lat", f"7;een;{LON};{LAT}")
    assert (
        "academy_id from column 'nummer'; name from column 'academie'"
        in (load(path, municipalities)[2])
    )
    path = write(tmp_path / "a.csv", "academy_id;name;lon;lat", f"7;een;{LON};{LAT}")
    assert "from column" not in load(path, municipalities)[2]


def test_register_without_days_is_noted(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """When no academy has a date, all of them count on every day, and the note says so."""
    rows = [f"A1;een;{LON};{LAT};;", f"A2;twee;3.8;{LAT};;"]
    header = "academy_id;name;lon;lat;valid_from;valid_until"
    said = "none has dates: all count on every day"
    assert said in load(write(tmp_path / "a.csv", header, *rows), municipalities)[2]
    rows[1] = f"A2;twee;3.8;{LAT};;2022-12-31"
    assert said not in load(write(tmp_path / "a.csv", header, *rows), municipalities)[2]


def test_same_coordinates_are_a_warning(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Two academies on one spot are both named, and both kept."""
    rows = [f"A1;een;{LON};{LAT}", f"A2;twee;3.8;{LAT}", f"A3;drie;{LON};{LAT}"]
    path = write(tmp_path / "a.csv", "academy_id;naam;lon;lat", *rows)
    frame, findings, _ = load(path, municipalities)
    assert len(frame) == 3
    (line,) = [str(problem) for problem in findings.warnings]
    assert line.startswith("a.csv, row 2, 4: the same coordinates: een, drie")


# --- Values ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "value", "what"),
    [
        ("min_age", "zes", "'min_age' is 'zes', not an age from 0 to 120"),
        ("min_age", "6.5", "'min_age' is '6.5', not an age from 0 to 120"),
        ("max_leeftijd", "-1", "'max_leeftijd' is '-1', not an age from 0 to 120"),
        ("valid_from", "31/02/2020", "'valid_from' is '31/02/2020', not a day as 2022-12-31"),
        ("valid_until", "2020", "'valid_until' is '2020', not a day as 2022-12-31"),
        ("postcode", "900", "'postcode' is '900', not a postcode from 1000 to 9999"),
        ("postnummer", "0900", "'postnummer' is '0900', not a postcode from 1000 to 9999"),
        ("trajecten", "-1", "'trajecten' is '-1', not a whole number from 0 to 1000"),
        ("online_trajecten", "1,5", "'online_trajecten' is '1,5', not a whole number from 0"),
    ],
)
def test_bad_value_is_told_by_its_row(
    tmp_path: Path, municipalities: gpd.GeoDataFrame, column: str, value: str, what: str
) -> None:
    """Under the name that the column has in the file."""
    rows = [f"A1;{LON};{LAT};", f"A2;3.8;{LAT};{value}"]
    path = write(tmp_path / "a.csv", f"academy_id;lon;lat;{column}", *rows)
    _, findings, _ = load(path, municipalities)
    assert f"a.csv, row 3: {what}" in str(findings.errors[0])


def test_spans_that_end_before_they_begin(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Ages and days in the wrong order are told with both values."""
    path = write(
        tmp_path / "academies.csv",
        "academy_id;lon;lat;min_age;max_age;valid_from;valid_until",
        f"A1;{LON};{LAT};6;6;2020-01-01;2020-01-01",
        f"A2;3.8;{LAT};6;4;2020-01-01;2019-12-31",
        f"A3;3.9;{LAT};;4;;2019-12-31",
    )
    _, findings, _ = load(path, municipalities)
    assert [str(problem) for problem in findings.errors] == [
        "academies.csv, row 3: 'max_age' is 4, below 'min_age' 6; correct one of the two",
        (
            "academies.csv, row 3: 'valid_until' is 2019-12-31, before 'valid_from' 2020-01-01; "
            "correct one of the two"
        ),
    ]


def test_duplicate_and_missing_ids(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Every academy has an id of its own."""
    rows = [f"A1;{LON};{LAT}", f"A1;3.8;{LAT}", f";3.9;{LAT}"]
    _, findings, _ = load(write(tmp_path / "a.csv", "academy_id;lon;lat", *rows), municipalities)
    assert [str(problem) for problem in findings.errors] == [
        "a.csv, row 4: no 'academy_id'; give it one",
        "a.csv, row 2, 3: the academy_id 'A1' is given 2 times; give each its own",
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", ""),
        ("a.csv", "academy_id;lon;lat\n"),
        ("a.csv", "academy_id;lon;lat\n;;\n;;\n"),
        ("a.geojson", '{"type": "FeatureCollection", "features": []}'),
    ],
)
def test_empty_register(
    tmp_path: Path, municipalities: gpd.GeoDataFrame, name: str, content: str
) -> None:
    """A register without academies is an error, in each of its shapes."""
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=r"is empty|holds no (rows|features)|no layer"):
        read_academies(tmp_path / name, municipalities)


def test_all_problems_are_told_at_once(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Faults of ids, ages and coordinates come in one error."""
    rows = [f"A1;{LON};{LAT};9", f"A1;3.8;{LAT};x", "A2;0;0;7"]
    path = write(tmp_path / "a.csv", "academy_id;lon;lat;min_age", *rows)
    with pytest.raises(InputError) as error:
        read_academies(path, municipalities)
    assert len(error.value.problems) == 3


@pytest.mark.parametrize("name", ["=1+1", "+32 9 000", "-x", "@x"])
def test_names_that_are_formulas(
    tmp_path: Path, municipalities: gpd.GeoDataFrame, name: str
) -> None:
    """Told, and kept as they are."""
    path = write(tmp_path / "a.csv", "academy_id;naam;lon;lat", f"A1;{name};{LON};{LAT}")
    frame, findings, _ = load(path, municipalities)
    assert frame["name"].tolist() == [name]
    assert f"a.csv, row 2: 'name' begins as a formula does: {name}" in str(findings.warnings[0])


def test_control_characters_leave_names(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Names come out as one line of plain text."""
    path = write(
        tmp_path / "a.csv", "academy_id;naam;lon;lat", f'A1;"Fab\x07\nLab\u202e";{LON};{LAT}'
    )
    assert read_academies(path, municipalities)["name"].tolist() == ["Fab Lab"]


def test_nameless_academy_is_called_by_its_id(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """A missing name is a warning with its row."""
    path = write(tmp_path / "a.csv", "academy_id;naam;lon;lat", f"A1;;{LON};{LAT}")
    frame, findings, _ = load(path, municipalities)
    assert frame["name"].tolist() == ["A1"]
    assert "a.csv, row 2: no name" in str(findings.warnings[0])


def test_column_given_twice(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Two columns of one name are refused."""
    path = write(tmp_path / "a.csv", "academy_id;lon;lat;lon", f"A1;{LON};{LAT};{LON}")
    _, findings, _ = load(path, municipalities)
    assert "has 2 columns 'lon'" in str(findings.errors[0])
