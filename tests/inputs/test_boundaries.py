"""Municipalities, provinces and zones: found by what the file holds."""

from __future__ import annotations

import json
from itertools import combinations
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
import shapely.affinity
from hypothesis import given
from hypothesis import strategies as st
from inputs.conftest import SIDE_M, SQUARES, square, squares

from stemgeo.errors import Findings, InputError
from stemgeo.example import sample
from stemgeo.inputs import read_municipalities, read_zones
from stemgeo.inputs.boundaries import (
    dissolve_provinces,
    find_overlaps,
    load_municipalities,
    load_zones,
    take_as_zones,
    warn_of_overlaps_and_holes,
)
from stemgeo.study import Input

if TYPE_CHECKING:
    from pathlib import Path


def load(path: Path, vintage: int = 2025, **more: Any) -> tuple[gpd.GeoDataFrame, Findings]:
    findings = Findings()
    frame, _ = load_municipalities(Input(path=path, **more), vintage, findings)
    return frame, findings


def errors_of(path: Path, **more: Any) -> list[str]:
    return [str(problem) for problem in load(path, **more)[1].errors]


def warnings_of(path: Path, **more: Any) -> list[str]:
    found = load(path, **more)[1]
    assert found.errors == []
    return [str(problem) for problem in found.warnings]


# --- Codes and names ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [str, int, float])
@pytest.mark.parametrize("name", ["NISCODE", "geoitem", "gemeente20", "iets anders"])
def test_code_column_is_found_by_what_it_holds(tmp_path: Path, name: str, kind: type) -> None:
    """Whatever it is called, as text or as number, beside other columns of numbers."""
    frame = squares(SQUARES, postcode=[2630, 2800, 1700, 8000, 9000, 3600], nummer=range(6))
    frame = frame.rename(columns={"NISCODE": name}).astype({name: kind})
    frame.to_file(tmp_path / "m.gpkg")
    read, findings = load(tmp_path / "m.gpkg")
    assert findings.errors == []
    assert dict(zip(read["nis_code"], read["name"], strict=True)) == SQUARES


def test_codes_inside_a_longer_key(tmp_path: Path) -> None:
    """Keys as BE211001 (region, then NIS) are read."""
    frame = squares(SQUARES)
    frame["NISCODE"] = "BE2" + frame["NISCODE"]
    frame.to_file(tmp_path / "m.gpkg")
    assert list(load(tmp_path / "m.gpkg")[0]["nis_code"]) == list(SQUARES)


def test_names_come_from_the_facts_when_the_file_has_none(tmp_path: Path) -> None:
    """A file with codes alone gets the official names."""
    squares(SQUARES)[["NISCODE", "geometry"]].to_file(tmp_path / "m.gpkg")
    read, _ = load(tmp_path / "m.gpkg")
    assert dict(zip(read["nis_code"], read["name"], strict=True)) == SQUARES


def test_the_files_own_names_are_kept(tmp_path: Path) -> None:
    """A name that the file spells in its own way stays, when the column is one of names."""
    squares(SQUARES | {"44021": "Gent (stad)"}).to_file(tmp_path / "m.gpkg")
    assert "Gent (stad)" in set(load(tmp_path / "m.gpkg")[0]["name"])


def test_rows_are_sorted_and_typed(boundaries: Path) -> None:
    """The table is by nis_code, with the columns of the design."""
    read = read_municipalities(boundaries)
    assert list(read.columns) == ["nis_code", "name", "province", "geometry"]
    assert list(read["nis_code"]) == sorted(SQUARES)
    assert list(read.index) == list(range(6))


def test_province_follows_from_the_code(boundaries: Path) -> None:
    """Provinces are derived, not read."""
    read = read_municipalities(boundaries).set_index("nis_code")["province"]
    assert read["11001"] == "Antwerpen"
    assert read["71016"] == "Limburg"
    assert read["23016"] == "Vlaams-Brabant"


def test_no_code_column(tmp_path: Path) -> None:
    """A file without codes says which columns it has."""
    squares(SQUARES)[["NAAM", "geometry"]].to_file(tmp_path / "m.gpkg")
    (line,) = errors_of(tmp_path / "m.gpkg")
    assert "no column with NIS codes of municipalities (it has: NAAM)" in line


def test_municipality_without_code_is_named(tmp_path: Path) -> None:
    """A feature without a code is an error with its number and its name."""
    frame = squares(SQUARES)
    frame.loc[3, "NISCODE"] = None
    frame.to_file(tmp_path / "m.gpkg")
    (line,) = errors_of(tmp_path / "m.gpkg")
    assert line.startswith("m.gpkg, feature 4 (Brugge): no 'NISCODE'")


def test_feature_without_any_attribute_is_placed(tmp_path: Path) -> None:
    """A feature with neither code nor name is told by where it lies."""
    frame = squares(SQUARES)
    frame.loc[3, ["NISCODE", "NAAM"]] = None
    frame.to_file(tmp_path / "m.gpkg")
    (line,) = errors_of(tmp_path / "m.gpkg")
    assert line.startswith("m.gpkg, feature 4 (at 135000, 205000): no 'NISCODE'")


@pytest.mark.parametrize("code", ["99999", "11000", "62000", "00000"])
def test_unknown_code(tmp_path: Path, code: str) -> None:
    """A code that no vintage has is an error with its feature."""
    frame = squares(SQUARES)
    frame.loc[3, "NISCODE"] = code
    frame.to_file(tmp_path / "m.gpkg")
    (line,) = errors_of(tmp_path / "m.gpkg")
    assert f"m.gpkg, feature 4 (Brugge): unknown NIS code {code}" in line


def test_value_that_is_no_code(tmp_path: Path) -> None:
    """Text in the place of a code is shown, short and without control characters."""
    frame = squares(SQUARES)
    frame.loc[3, "NISCODE"] = "\x1b[31m" + "x" * 500
    frame.to_file(tmp_path / "m.gpkg")
    (line,) = errors_of(tmp_path / "m.gpkg")
    assert "feature 4 (Brugge): 'NISCODE' is '[31mxxx" in line
    assert len(line) < 200


def test_duplicate_code(tmp_path: Path) -> None:
    """One code on two features is an error that gives both."""
    frame = squares(SQUARES)
    frame.loc[3, "NISCODE"] = "11001"
    frame.to_file(tmp_path / "m.gpkg")
    (line,) = errors_of(tmp_path / "m.gpkg")
    assert "m.gpkg, features 1, 4: the NIS code 11001 is given 2 times" in line


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    """Three different faults give three lines in one error."""
    frame = squares(SQUARES)
    frame["NISCODE"] = ["11001", "11001", "99999", None, "44021", "71016"]
    frame.to_file(tmp_path / "m.gpkg")
    with pytest.raises(InputError) as error:
        read_municipalities(tmp_path / "m.gpkg")
    assert len(error.value.problems) == 3


def test_brussels_and_wallonia_are_left_out_and_counted(tmp_path: Path) -> None:
    """They are noted in the provenance, and are no warning."""
    codes = {"11001": "Aartselaar", "21004": "Brussel", "62063": "Liège", "61072": "Wanze"}
    squares(codes).to_file(tmp_path / "m.gpkg")
    findings = Findings()
    read, origin = load_municipalities(Input(path=tmp_path / "m.gpkg"), 2025, findings)
    assert list(read["nis_code"]) == ["11001"]
    assert origin is not None
    assert "1 municipalities of Brussels left out" in origin.note
    assert "2 municipalities of Wallonia left out" in origin.note
    assert not any("Brussel" in str(warning) for warning in findings.warnings)


def test_missing_municipalities_are_counted_and_named(boundaries: Path) -> None:
    """A part of Flanders is a study too, so it is a warning."""
    (line,) = warnings_of(boundaries)
    assert "279 of the 285 Flemish municipalities of 2025 are not in it: 11002 Antwerpen" in line
    assert "and 269 more" in line


# --- Vintages ----------------------------------------------------------------------------------


def test_earlier_boundaries_are_dissolved_exactly(tmp_path: Path) -> None:
    """Antwerpen and Borsbeek of 2024 make Antwerpen of 2025, to the square metre."""
    squares({"11002": "Antwerpen", "11007": "Borsbeek"}).to_file(tmp_path / "m.gpkg")
    read, findings = load(tmp_path / "m.gpkg")
    assert findings.errors == []
    assert read[["nis_code", "name"]].to_numpy().tolist() == [["11002", "Antwerpen"]]
    assert read.area.item() == pytest.approx(2 * SIDE_M**2)


def test_zwijndrecht_moves_to_the_other_province(tmp_path: Path) -> None:
    """Dissolved to 2025, Zwijndrecht's land counts for Oost-Vlaanderen; in 2024 it does not."""
    codes = {"11056": "Zwijndrecht", "46003": "Beveren", "46013": "Kruibeke"}
    squares(codes).to_file(tmp_path / "m.gpkg")
    now = load(tmp_path / "m.gpkg", 2025)[0]
    assert now[["nis_code", "province"]].to_numpy().tolist() == [["46030", "Oost-Vlaanderen"]]
    before = load(tmp_path / "m.gpkg", 2024)[0].set_index("nis_code")
    assert before.loc["11056", "province"] == "Antwerpen"


def test_part_of_a_merged_municipality_is_refused(tmp_path: Path) -> None:
    """Lokeren without Moerbeke would be called Lokeren of 2025 and be too small."""
    squares({"46014": "Lokeren"}).to_file(tmp_path / "m.gpkg")
    (line,) = errors_of(tmp_path / "m.gpkg")
    assert "46029 Lokeren of 2025 lacks 44045 Moerbeke" in line


def test_later_boundaries_say_which_vintage_to_set(tmp_path: Path) -> None:
    """Boundaries of 2025 in a study of 2024 cannot be divided."""
    squares({"46029": "Lokeren"}).to_file(tmp_path / "m.gpkg")
    (line,) = errors_of(tmp_path / "m.gpkg", vintage=2024)
    assert "uses the municipality codes of 2025, later than the study's 2024" in line
    assert "set vintage = 2025 under [study]" in line


def test_mixed_vintages_are_refused(tmp_path: Path) -> None:
    """Lokeren of 2024 beside Hasselt of 2025 is no map of any year."""
    squares({"46014": "Lokeren", "71072": "Hasselt"}).to_file(tmp_path / "m.gpkg")
    (line,) = errors_of(tmp_path / "m.gpkg")
    assert "mixes municipality codes of several vintages" in line


# --- Reference systems -------------------------------------------------------------------------


@pytest.mark.parametrize("epsg", [31370, 3812, 4326, 3857, 3035, 25831])
def test_any_reference_system_becomes_lambert_72(tmp_path: Path, epsg: int) -> None:
    """Whatever the file is in, the tables are in EPSG:31370, within a metre."""
    squares(SQUARES).to_crs(epsg).to_file(tmp_path / "m.gpkg")
    read, findings = load(tmp_path / "m.gpkg")
    assert findings.errors == []
    assert read.crs.to_epsg() == 31370
    assert read.total_bounds == pytest.approx([100_000, 200_000, 160_000, 210_000], abs=1)


def write_geojson(path: Path, crs: int | None) -> Path:
    """Write coordinates as they are in `crs`, in a file that by its nature means degrees."""
    frame = squares(SQUARES).to_crs(crs)
    path.write_text(json.dumps(json.loads(frame.to_json(drop_id=True, to_wgs84=False))))
    content = json.loads(path.read_text())
    content.pop("crs", None)
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize(
    ("epsg", "called"), [(31370, "Lambert 72 metres"), (3812, "Lambert 2008 metres")]
)
def test_metres_read_as_degrees_are_recognised(tmp_path: Path, epsg: int, called: str) -> None:
    """GeoJSON in metres is called by its name, and `crs` mends it."""
    path = write_geojson(tmp_path / "m.geojson", epsg)
    (line,) = errors_of(path)
    assert f'are {called}, but it says EPSG:4326; give crs = "EPSG:{epsg}"' in line
    assert len(load(path, crs=f"EPSG:{epsg}")[0]) == 6


def test_degrees_read_as_metres_are_recognised(tmp_path: Path) -> None:
    """And the other way round."""
    degrees = squares(SQUARES).to_crs(4326).set_crs(31370, allow_override=True)
    degrees.to_file(tmp_path / "m.gpkg")
    (line,) = errors_of(tmp_path / "m.gpkg")
    assert "are degrees, but it says EPSG:31370" in line


def test_swapped_latitude_and_longitude(tmp_path: Path) -> None:
    """Latitude first is recognised."""
    frame = squares(SQUARES).to_crs(4326)
    swapped = shapely.transform(frame.geometry.to_numpy(), lambda xy: xy[:, ::-1])
    frame.set_geometry(gpd.GeoSeries(swapped, crs=4326)).to_file(tmp_path / "m.gpkg")
    (line,) = errors_of(tmp_path / "m.gpkg")
    assert "latitude and longitude are swapped" in line


def test_missing_crs_asks_for_it(tmp_path: Path) -> None:
    """No CRS is guessed; what it looks like is said."""
    squares(SQUARES).to_file(tmp_path / "m.shp")
    (tmp_path / "m.prj").unlink()
    (line,) = errors_of(tmp_path / "m.shp")
    assert "does not say its CRS" in line
    assert 'they look like Lambert 72 metres: if so, give crs = "EPSG:31370"' in line
    assert len(load(tmp_path / "m.shp", crs="EPSG:31370")[0]) == 6


def test_crs_of_nonsense(boundaries: Path) -> None:
    """A `crs` that is none is one clear line."""
    (line,) = errors_of(boundaries, crs="Lambert")
    assert "its crs 'Lambert' is unknown" in line


def test_another_country(tmp_path: Path) -> None:
    """Boundaries that lie elsewhere are refused."""
    frame = squares(SQUARES)
    frame["geometry"] = frame.translate(2_000_000, 0)
    frame.to_file(tmp_path / "m.gpkg")
    (line,) = errors_of(tmp_path / "m.gpkg")
    assert "does not lie in or around Belgium" in line


# --- Geometry ----------------------------------------------------------------------------------


def test_crossing_outlines_are_mended_and_told(tmp_path: Path) -> None:
    """A bow tie becomes valid, with a warning that names the municipality."""
    frame = squares(SQUARES)
    frame.loc[1, "geometry"] = shapely.Polygon(
        [(110_000, 200_000), (120_000, 210_000), (120_000, 200_000), (110_000, 210_000)]
    )
    frame.to_file(tmp_path / "m.gpkg")
    read, findings = load(tmp_path / "m.gpkg")
    assert read.is_valid.all()
    assert "1 outline crosses itself and was mended: 12025 Mechelen" in str(findings.warnings[0])


def test_polygons_of_collections_count(tmp_path: Path) -> None:
    """Of a GeometryCollection the polygons are taken, and that is told."""
    frame = squares(SQUARES)
    line = shapely.LineString([(0, 0), (1, 1)])
    frame.loc[1, "geometry"] = shapely.GeometryCollection([square(1), line])
    frame.to_file(tmp_path / "m.gpkg")
    read, findings = load(tmp_path / "m.gpkg")
    assert read.set_index("nis_code").area["12025"] == SIDE_M**2
    assert "mixed geometry, of which the polygons count: 12025 Mechelen" in str(
        findings.warnings[0]
    )


def test_points_are_no_outlines(tmp_path: Path) -> None:
    """Centroids of municipalities are refused by name."""
    frame = squares(SQUARES)
    frame["geometry"] = frame.centroid
    frame.to_file(tmp_path / "m.gpkg")
    (line,) = errors_of(tmp_path / "m.gpkg")
    assert "no polygon: 11001 Aartselaar, 12025 Mechelen" in line


def test_missing_outline_is_named(tmp_path: Path) -> None:
    """A row without geometry, as a cut-off file leaves it, is an error."""
    frame = squares(SQUARES)
    frame.loc[1, "geometry"] = None
    frame.to_file(tmp_path / "m.gpkg")
    (line,) = errors_of(tmp_path / "m.gpkg")
    assert "no outline for 12025 Mechelen" in line


# --- Layers and provinces ----------------------------------------------------------------------


def test_the_layer_with_codes_is_taken(tmp_path: Path) -> None:
    """Of several layers the one with municipality codes is meant."""
    path = tmp_path / "m.gpkg"
    squares({"a": "x", "b": "y"}).to_file(path, layer="anders")
    squares(SQUARES).to_file(path, layer="gemeenten")
    assert len(load(path)[0]) == 6
    assert len(load(path, layer="gemeenten")[0]) == 6


def test_two_layers_that_could_be_meant(tmp_path: Path) -> None:
    """Between equal layers none is guessed."""
    path = tmp_path / "m.gpkg"
    squares(SQUARES).to_file(path, layer="een")
    squares(SQUARES).to_file(path, layer="twee")
    (line,) = errors_of(path)
    assert "has several layers: een, twee; say which is meant with `layer`" in line


def test_a_layer_that_is_not_there(boundaries: Path) -> None:
    """A misspelt layer gives those that there are."""
    (line,) = errors_of(boundaries, layer="gemeente")
    assert "has no layer 'gemeente'; it has: gemeenten" in line


def test_empty_layer(tmp_path: Path) -> None:
    """A layer without features is told."""
    squares(SQUARES).iloc[:0].to_file(tmp_path / "m.gpkg")
    (line,) = errors_of(tmp_path / "m.gpkg")
    assert "holds no features" in line


def test_provinces_cover_their_municipalities(municipalities: gpd.GeoDataFrame) -> None:
    """Provinces have the area of their municipalities, in the order of the annexes."""
    provinces = dissolve_provinces(municipalities)
    assert list(provinces["province"]) == [
        "Limburg",
        "Antwerpen",
        "Oost-Vlaanderen",
        "Vlaams-Brabant",
        "West-Vlaanderen",
    ]
    assert provinces.crs.to_epsg() == 31370
    sums = municipalities.assign(area=municipalities.area).groupby("province")["area"].sum()
    assert dict(zip(provinces["province"], provinces.area, strict=True)) == pytest.approx(
        sums.to_dict()
    )


# --- Zones -------------------------------------------------------------------------------------


def halves(codes: list[str], ids: list[str], **columns: Any) -> gpd.GeoDataFrame:
    """Two zones in each square, left and right."""
    geometry = []
    for place in range(len(codes)):
        left, bottom, right, top = square(place).bounds
        middle = (left + right) / 2
        geometry += [
            shapely.box(left, bottom, middle, top),
            shapely.box(middle, bottom, right, top),
        ]
    return gpd.GeoDataFrame({"cd_sector": ids, **columns}, geometry=geometry, crs="EPSG:31370")


def zones(
    frame: gpd.GeoDataFrame, tmp_path: Path, municipalities: gpd.GeoDataFrame, vintage: int = 2025
) -> tuple[gpd.GeoDataFrame, Findings, str]:
    frame.to_file(tmp_path / "z.gpkg")
    findings = Findings()
    read, origin = load_zones(Input(path=tmp_path / "z.gpkg"), municipalities, vintage, findings)
    assert origin is not None
    return read, findings, origin.note


IDS = [f"{code}{part}" for code in SQUARES for part in ("A00-", "B01-")]


def test_zones_by_a_column_of_codes(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """The municipality comes from a column of codes, when there is one."""
    owner = [code for code in SQUARES for _ in "ab"]
    ids = [f"S{number}" for number in range(12)]
    frame = halves(list(SQUARES), ids, cd_munty_refnis=owner, naam=[f"wijk {i}" for i in ids])
    read, findings, note = zones(frame, tmp_path, municipalities)
    assert (findings.errors, findings.warnings) == ([], [])
    assert "municipality by cd_munty_refnis" in note
    assert list(read.columns) == ["zone_id", "nis_code", "name", "geometry"]
    assert read.set_index("zone_id")["nis_code"].to_dict() == dict(zip(ids, owner, strict=True))
    assert read.set_index("zone_id").loc["S3", "name"] == "wijk S3"


def test_zones_by_the_first_digits_of_their_id(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """A sector code begins with a NIS code."""
    read, findings, note = zones(halves(list(SQUARES), IDS), tmp_path, municipalities)
    assert (findings.errors, findings.warnings) == ([], [])
    assert "the first digits of the id" in note
    assert (read["nis_code"] == read["zone_id"].str[:5]).all()


def test_zone_codes_of_earlier_years_go_forward(tmp_path: Path) -> None:
    """Sectors with codes of several vintages in one file all find their municipality of 2025."""
    squares({"11002": "Antwerpen", "11007": "Borsbeek"}).to_file(tmp_path / "m.gpkg")
    area = read_municipalities(tmp_path / "m.gpkg")
    frame = halves(["11002", "11007"], ["11002A00-", "11002A01-", "11007A00-", "11007A01-"])
    read, findings, _ = zones(frame, tmp_path, area)
    assert findings.errors == []
    assert set(read["nis_code"]) == {"11002"}
    assert len(read) == 4


def test_zones_by_location(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Zones without any code are put where they lie."""
    ids = [f"wijk {letter}" for letter in "abcdefghijkl"]
    read, findings, note = zones(halves(list(SQUARES), ids), tmp_path, municipalities)
    assert findings.errors == []
    assert "municipality by location" in note
    assert list(read["nis_code"]) == [code for code in SQUARES for _ in "ab"]


def test_zones_without_outline_are_left_out_and_told(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """Rest sectors have no geometry; they are counted and named."""
    frame = halves(list(SQUARES), IDS)
    frame.loc[4, "geometry"] = None
    read, findings, _ = zones(frame, tmp_path, municipalities)
    assert len(read) == 11
    assert f"1 zone without an outline is left out: {IDS[4]}" in str(findings.warnings[0])


def test_zones_outside_the_study_are_left_out(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """Zones of other municipalities are noted; a municipality without zones is its own."""
    part = municipalities[municipalities["nis_code"] != "71016"]
    frame = halves(list(SQUARES), IDS)
    read, findings, note = zones(frame, tmp_path, part)
    assert "2 zones outside the study's municipalities left out" in note
    assert len(read) == 10
    assert findings.warnings == []
    read, findings, _ = zones(frame.iloc[2:], tmp_path, municipalities)
    assert "11001" in set(read["zone_id"])
    assert "no zone in 11001 Aartselaar; each counts as one zone" in str(findings.warnings[0])


def test_zones_elsewhere_are_refused(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Zones of which none is in the study are an error."""
    frame = halves(["x"], ["11056A", "11056B"])
    _, findings, _ = zones(frame, tmp_path, municipalities)
    assert "no zone lies in the municipalities of the study" in str(findings.errors[0])


def test_zone_that_lies_elsewhere_than_its_code(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """A code that contradicts the map is told."""
    ids = ["71016X", *IDS[1:]]
    _, findings, _ = zones(halves(list(SQUARES), ids), tmp_path, municipalities)
    assert "1 zone lies outside the municipality of its code: 71016X" in str(findings.warnings[0])


def test_zone_given_twice(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """A sector code on two rows is an error."""
    _, findings, _ = zones(halves(list(SQUARES), [IDS[1], *IDS[1:]]), tmp_path, municipalities)
    assert f"'cd_sector' is not unique: {IDS[1]}" in str(findings.errors[0])


def test_every_municipality_is_covered_by_zones(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """No municipality is left without a zone, so no child is."""
    halves(list(SQUARES)[:3], IDS[:6]).to_file(tmp_path / "z.gpkg")
    read = read_zones(tmp_path / "z.gpkg", municipalities)
    assert set(read["nis_code"]) == set(municipalities["nis_code"])
    assert read["zone_id"].is_unique
    assert isinstance(read, gpd.GeoDataFrame)
    assert pd.api.types.is_string_dtype(read["zone_id"])


def test_zones_named_in_capitals_are_named_as_people_write(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """Statbel shouts its sectors; a name with a small letter in it is left as it is."""
    given = halves(list(SQUARES)[:3], IDS[:6])
    given["tx_sector_descr_nl"] = ["HEMIKSEM - TERLO", "IJZER-'T ZAND", "VUB-campus", "", "B2", "X"]
    given.to_file(tmp_path / "z.gpkg")
    names = read_zones(tmp_path / "z.gpkg", municipalities).set_index("zone_id")["name"]
    told = ["Hemiksem - Terlo", "IJzer-'t Zand", "VUB-campus", IDS[3], "B2", "X"]
    assert names[IDS[:6]].tolist() == told


def test_invisible_marks_do_not_make_an_id_another(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """Two ids that differ in a mark of no width are one id, given twice."""
    ids = [IDS[1] + "\u200b", *IDS[1:]]
    _, findings, _ = zones(halves(list(SQUARES), ids), tmp_path, municipalities)
    assert f"'cd_sector' is not unique: {IDS[1]}" in str(findings.errors[0])


# --- Overlaps and holes ------------------------------------------------------------------------

KM = 1000.0
LEFT, BOTTOM = 100_000.0, 200_000.0


def box(left: float, bottom: float, right: float, top: float) -> shapely.Polygon:
    """A rectangle in kilometres from the corner of the first square."""
    return shapely.box(LEFT + left * KM, BOTTOM + bottom * KM, LEFT + right * KM, BOTTOM + top * KM)


def checked(
    places: dict[str, shapely.Geometry], municipalities: gpd.GeoDataFrame, per_municipality: int = 0
) -> list[str]:
    """The warnings about zones of which the id begins with the code of their municipality."""
    frame = gpd.GeoDataFrame(
        {
            "zone_id": list(places),
            "nis_code": [one[:5] for one in places],
            "name": [f"Wijk {one[5:]}" for one in places],
        },
        geometry=list(places.values()),
        crs="EPSG:31370",
    )
    children = pd.DataFrame(
        {"nis_code": municipalities["nis_code"], "children": per_municipality, "age": 5}
    )
    findings = Findings()
    warn_of_overlaps_and_holes(frame, municipalities, children, "z.gpkg", findings)
    assert findings.errors == []
    return [str(problem) for problem in findings.warnings]


@pytest.fixture
def pair(municipalities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Two municipalities of 10 km by 10 km beside each other: 11001 Aartselaar, 12025 Mechelen."""
    return municipalities.iloc[:2]


def test_zones_that_fit_say_nothing(pair: gpd.GeoDataFrame) -> None:
    """Zones that share borders and cover all are silent."""
    places = {
        "11001a": box(0, 0, 4, 10),
        "11001b": box(4, 0, 10, 10),
        "12025a": box(10, 0, 20, 5),
        "12025b": box(10, 5, 20, 10),
    }
    assert checked(places, pair, 1000) == []


def test_overlap_is_told_with_area_children_and_names(pair: gpd.GeoDataFrame) -> None:
    """5 km2 of the 100 km2 of Aartselaar lie in two zones: a twentieth of its 1000 children."""
    places = {
        "11001a": box(0, 0, 4.5, 10),
        "11001b": box(4, 0, 10, 10),
        "12025a": box(10, 0, 20, 10),
    }
    (line,) = checked(places, pair, 1000)
    assert line == (
        "z.gpkg: 1 pair of zones overlaps, 5.00 km2 in all with about 50 children by area: "
        "11001a Wijk a and 11001b Wijk b (5.00 km2); a child there counts once, in the first zone "
        "by id"
    )


def test_land_of_three_zones_counts_once(pair: gpd.GeoDataFrame) -> None:
    """Three zones on the same 10 km2 are three pairs and 10 km2, not 30."""
    places = {
        "11001a": box(0, 0, 1, 10),
        "11001b": box(0, 0, 1, 10),
        "11001c": box(0, 0, 10, 10),
        "12025a": box(10, 0, 20, 10),
    }
    (line,) = checked(places, pair, 1000)
    assert "3 pairs of zones overlap, 10.00 km2 in all with about 100 children by area" in line


def test_overlap_over_a_municipal_border_counts_the_children_there(
    pair: gpd.GeoDataFrame,
) -> None:
    """A zone of Aartselaar that reaches 1 km into Mechelen covers a tenth of Mechelen's children.

    The largest overlap stands first.
    """
    places = {
        "11001a": box(0, 0, 11, 10),
        "11001b": box(0, 0, 1, 1),
        "12025a": box(10, 0, 20, 10),
    }
    (line,) = checked(places, pair, 1000)
    assert "2 pairs of zones overlap, 11.00 km2 in all with about 110 children by area" in line
    assert line.index("12025a Wijk a (10.00 km2)") < line.index("11001b Wijk b (1.00 km2)")


def test_hole_is_told_with_area_children_and_municipality(pair: gpd.GeoDataFrame) -> None:
    """A lake of 2 km2 in Mechelen that no zone covers stands for a fiftieth of its children."""
    places = {
        "11001a": box(0, 0, 10, 10),
        "12025a": box(10, 0, 20, 10).difference(box(12, 2, 14, 3)),
    }
    (line,) = checked(places, pair, 1000)
    assert line == (
        "z.gpkg: no zone covers 2.00 km2 in 1 municipality, with about 20 children by area: "
        "12025 Mechelen (2.00 km2); these children are placed in the zones of their municipality"
    )


def test_hole_is_not_made_up_for_by_an_overlap(pair: gpd.GeoDataFrame) -> None:
    """Zones whose areas add up to that of the municipality may still overlap and leave a hole."""
    places = {
        "11001a": box(0, 0, 6, 10),
        "11001b": box(5, 0, 9, 10),
        "12025a": box(10, 0, 20, 10),
    }
    overlap, hole = checked(places, pair, 1000)
    assert "overlaps, 10.00 km2 in all with about 100 children" in overlap
    assert "no zone covers 10.00 km2 in 1 municipality, with about 100 children" in hole


def test_what_a_neighbours_zone_covers_is_no_hole(pair: gpd.GeoDataFrame) -> None:
    """A zone drawn over the border leaves no land without a zone."""
    places = {"11001a": box(0, 0, 12, 10), "12025a": box(12, 0, 20, 10)}
    assert checked(places, pair, 1000) == []


def test_municipality_without_any_zone_is_a_hole(pair: gpd.GeoDataFrame) -> None:
    """Also when none of its land is covered at all."""
    (line,) = checked({"11001a": box(0, 0, 10, 10)}, pair, 1000)
    assert "no zone covers 100.00 km2 in 1 municipality, with about 1,000 children" in line


@pytest.mark.parametrize(("width_m", "lines"), [(8, 0), (12, 1)])
@pytest.mark.parametrize("sign", [1, -1])
def test_slivers_are_passed_over(
    pair: gpd.GeoDataFrame, width_m: int, lines: int, sign: int
) -> None:
    """A strip of 8 m, doubled or bare, is the drawing; one of 12 m is told with its whole area."""
    places = {
        "11001a": box(0, 0, 5 + sign * width_m / KM, 10),
        "11001b": box(5, 0, 10, 10),
        "12025a": box(10, 0, 20, 10),
    }
    found = checked(places, pair, 1000)
    assert len(found) == lines
    assert all("0.12 km2" in line and "about 1 child by area" in line for line in found)


def test_ragged_borders_of_two_drawings_are_silent(pair: gpd.GeoDataFrame) -> None:
    """A border that swings 4 m to both sides of the other drawing's makes neither warning."""
    steps = [(LEFT + 5000 + (4 if i % 2 else -4), BOTTOM + 100 * i) for i in range(101)]
    ragged = shapely.Polygon([(LEFT, BOTTOM), *steps, (LEFT, BOTTOM + 10_000)])
    straight = box(5, 0, 10, 10)
    assert ragged.intersection(straight).area > 5000
    places = {"11001a": ragged, "11001b": straight, "12025a": box(10, 0, 20, 10)}
    assert checked(places, pair, 1000) == []


def test_municipalities_as_their_own_zones_are_silent(municipalities: gpd.GeoDataFrame) -> None:
    """Without a zones file nothing overlaps and nothing is bare."""
    findings = Findings()
    children = pd.DataFrame({"nis_code": ["11001"], "children": [5]})
    own = take_as_zones(municipalities)
    warn_of_overlaps_and_holes(own, municipalities, children, "z.gpkg", findings)
    assert findings.warnings == []


cells = st.integers(0, 5)
rectangles = st.tuples(cells, cells, cells, cells).filter(lambda c: c[0] != c[1] and c[2] != c[3])


@given(st.lists(rectangles, min_size=1, max_size=6))
def test_overlaps_and_holes_equal_the_cells_counted_by_hand(
    spans: list[tuple[int, int, int, int]],
) -> None:
    """Rectangles on a board of 5 by 5 squares of 1 km: squares covered twice and by none."""
    sides = [(*sorted(one[:2]), *sorted(one[2:])) for one in spans]
    covered = [
        {(x, y) for x in range(left, right) for y in range(bottom, top)}
        for left, right, bottom, top in sides
    ]
    outlines = [box(left, bottom, right, top) for left, right, bottom, top in sides]
    found = find_overlaps(gpd.GeoSeries(outlines, crs="EPSG:31370"))
    areas = {(row.first, row.second): row.geometry.area / KM**2 for row in found.itertuples()}
    expected = {
        (i, j): len(covered[i] & covered[j])
        for i, j in combinations(range(len(covered)), 2)
        if covered[i] & covered[j]
    }
    assert areas == pytest.approx(expected)
    board = gpd.GeoDataFrame(
        {"nis_code": ["11001"], "name": ["Aartselaar"]}, geometry=[box(0, 0, 5, 5)], crs=found.crs
    )
    lines = checked({f"11001{i}": one for i, one in enumerate(outlines)}, board, 25)
    twice = sum(sum((x, y) in one for one in covered) > 1 for x in range(5) for y in range(5))
    bare = 25 - len(set().union(*covered))
    told = [f"{twice}.00 km2 in all with about {twice} child"] if twice else []
    told += [f"covers {bare}.00 km2 in 1 municipality, with about {bare} ch"] if bare else []
    assert len(lines) == len(told)
    assert all(part in line for part, line in zip(told, lines, strict=True))


@pytest.mark.parametrize("name", ["wijk2025", "gemeente2024"])
def test_zones_published_with_the_boundaries(shared_data: Path, name: str) -> None:
    """The neighbourhoods of 2025 fit their municipalities; municipalities of 2024 almost do.

    Their sea border moved: of 1.3 km2 the most lies at the coast.
    """
    folder = shared_data / "boundaries"
    area = read_municipalities(folder / "gemeente2025.gpkg")
    findings = Findings()
    children = pd.DataFrame({"nis_code": area["nis_code"], "children": 0})
    read = read_zones(folder / f"{name}.gpkg", area)
    warn_of_overlaps_and_holes(read, area, children, name, findings)
    lines = [str(warning) for warning in findings.warnings]
    if name == "wijk2025":
        assert lines == []
    else:
        (line,) = lines
        assert line.startswith(f"{name}: no zone covers 1.33 km2 in 78 municipalities, ")
        assert "35013 Oostende (0.26 km2), 31005 Brugge (0.21 km2)" in line


def test_sectors_of_the_example_fit() -> None:
    """The example study has no overlap and no hole."""
    study = sample()
    vintage = study.about.vintage
    assert study.inputs.zones is not None
    area = read_municipalities(study.inputs.municipalities, vintage=vintage)
    read = read_zones(study.inputs.zones, area, vintage=vintage)
    findings = Findings()
    children = pd.DataFrame({"nis_code": area["nis_code"], "children": 100})
    warn_of_overlaps_and_holes(read, area, children, "sectoren", findings)
    assert findings.warnings == []


# --- Places with one code, and municipalities that overlap -------------------------------------


@pytest.mark.parametrize(("away_m", "told"), [(9_000, 0), (60_000, 1)])
def test_two_places_of_one_code_are_told_apart_from_exclaves(
    tmp_path: Path, away_m: float, told: int
) -> None:
    """An exclave nearby is a piece to dissolve; a namesake far away has a code of its own."""
    frame = squares(SQUARES)
    other = frame.iloc[:1].set_geometry([shapely.affinity.translate(square(0), 0, SIDE_M + away_m)])
    pd.concat([frame, other]).to_file(tmp_path / "b.gpkg")
    (line,) = errors_of(tmp_path / "b.gpkg")
    assert line.startswith("b.gpkg, features 1, 7: the NIS code 11001 is given 2 times")
    assert ("for places 60 km apart (Aartselaar): different municipalities; give" in line) == told
    assert line.endswith("give each its own code" if told else "dissolve its pieces")


@pytest.mark.parametrize(("over_m", "told"), [(6, 0), (1500, 1)])
def test_municipalities_that_overlap_are_told(tmp_path: Path, over_m: float, told: int) -> None:
    """Where and how much; borders that two files simplified each in its own way are no matter."""
    frame = squares(SQUARES)
    wide = shapely.box(*square(0).bounds[:2], square(0).bounds[2] + over_m, square(0).bounds[3])
    frame.loc[0, "geometry"] = wide
    frame.to_file(tmp_path / "b.gpkg")
    lines = [line for line in warnings_of(tmp_path / "b.gpkg") if "overlap" in line]
    assert len(lines) == told
    if told:
        assert (
            "1 pair of municipalities overlaps, 15.00 km2 in all: 11001 Aartselaar and 12025"
            in (lines[0])
        )
