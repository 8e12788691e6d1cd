"""The readers on real files: all of Flanders, to the child."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import rasterio
from statbel import CHILDREN, CHILDREN_2015

from stemgeo.errors import Findings
from stemgeo.inputs import (
    load_inputs,
    read_academies,
    read_municipalities,
    read_weights,
    read_zones,
    vintages,
)
from stemgeo.inputs.academies import load_academies
from stemgeo.inputs.boundaries import load_municipalities
from stemgeo.inputs.files import open_input
from stemgeo.inputs.population import load_population
from stemgeo.study import Input, parse_study

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

pytestmark = pytest.mark.usefixtures("statbel_once")


@pytest.fixture(scope="module")
def flanders(shared_data: Path) -> gpd.GeoDataFrame:
    return read_municipalities(shared_data / "boundaries" / "gemeente2025.gpkg")


def outcome(path: Path, vintage: int, **more: Any) -> tuple[gpd.GeoDataFrame, list[str], list[str]]:
    findings = Findings()
    frame, _ = load_municipalities(Input(path=path, **more), vintage, findings)
    return frame, list(map(str, findings.errors)), list(map(str, findings.warnings))


# --- Boundaries --------------------------------------------------------------------------------


@pytest.mark.parametrize("year", [2018, 2024, 2025])
@pytest.mark.parametrize("vintage", [2018, 2024, 2025])
def test_published_boundaries(shared_data: Path, year: int, vintage: int) -> None:
    """Each file in each later vintage is complete, with official names; earlier is refused."""
    path = shared_data / "boundaries" / f"gemeente{year}.gpkg"
    frame, errors, warnings = outcome(path, vintage)
    if year > vintage:
        assert f"uses the municipality codes of {year}, later than the study's" in errors[0]
        return
    assert (errors, warnings) == ([], [])
    assert set(frame["nis_code"]) == vintages.flemish_codes(vintage)
    names = vintages.names_by_code(vintage)
    assert [names[code] for code in frame["nis_code"]] == frame["name"].tolist()
    assert frame.is_valid.all()


def test_dissolving_keeps_all_land(shared_data: Path, flanders: gpd.GeoDataFrame) -> None:
    """Flanders of 2018 brought to 2025 has the same land in each municipality, within 1 %."""
    older = read_municipalities(shared_data / "boundaries" / "gemeente2018.gpkg")
    assert older["nis_code"].tolist() == flanders["nis_code"].tolist()
    assert older.area.to_numpy() == pytest.approx(flanders.area.to_numpy(), rel=0.01)


def test_wrong_crs_is_recognised(shared_data: Path) -> None:
    """Lambert 72 that reads as degrees is called so, and `crs` mends it."""
    path = shared_data / "dirty" / "municipalities_wrong_crs.geojson"
    _, errors, _ = outcome(path, 2018)
    assert len(errors) == 1
    assert 'are Lambert 72 metres, but it says EPSG:4326; give crs = "EPSG:31370"' in errors[0]
    frame, errors, _ = outcome(path, 2018, crs="EPSG:31370")
    assert (len(frame), errors) == (308, [])


def test_topojson_without_crs(shared_data: Path) -> None:
    """Of three layers the municipalities are found; the CRS is asked for; then it is read."""
    path = shared_data / "dirty" / "belgium_2019.topojson"
    _, errors, _ = outcome(path, 2024)
    assert len(errors) == 1
    assert "does not say its CRS" in errors[0]
    assert 'they look like degrees: if so, give crs = "EPSG:4326"' in errors[0]
    frame, errors, _ = outcome(path, 2024, crs="EPSG:4326")
    assert (len(frame), errors) == (300, [])


def test_topojson_with_a_municipality_without_code(shared_data: Path, tmp_path: Path) -> None:
    """Mesen (33016) without its attributes is told by its feature and its place."""
    content = json.loads((shared_data / "dirty" / "belgium_2019.topojson").read_text())
    shapes = content["objects"]["municipalities"]["geometries"]
    place = next(i for i, one in enumerate(shapes) if one["properties"]["nis"] == "33016")
    del shapes[place]["properties"]
    (tmp_path / "m.topojson").write_text(json.dumps(content))
    _, errors, _ = outcome(tmp_path / "m.topojson", 2024, crs="EPSG:4326")
    assert errors == [
        (
            f"m.topojson, feature {place + 1} (at 2.89619, 50.76): no 'nis'; "
            "give its five-digit NIS code"
        )
    ]


def test_geometry_collections_and_longer_keys(shared_data: Path) -> None:
    """Keys as BE211001, crossing outlines and collections: all 308, with two warnings."""
    frame, errors, warnings = outcome(shared_data / "dirty" / "municipalities_589.geojson", 2018)
    assert (len(frame), errors, len(warnings)) == (308, [], 2)
    assert "31022 Oostkamp, 37018 Wingene" in warnings[0]
    assert "13002 Baarle-Hertog" in warnings[1]


def test_provinces_are_no_municipalities(shared_data: Path) -> None:
    """The file of provinces is refused as boundaries of municipalities."""
    _, errors, _ = outcome(shared_data / "boundaries" / "provincie2025.gpkg", 2025)
    assert "has no column with NIS codes of municipalities" in errors[0]


@pytest.mark.parametrize(
    ("name", "count"), [("wijk2025.gpkg", 2563), ("deelgemeente2024.gpkg", 1131)]
)
def test_published_zones(
    shared_data: Path, flanders: gpd.GeoDataFrame, name: str, count: int
) -> None:
    """Neighbourhoods and former municipalities fall in their municipality of 2025.

    Their ids begin with codes of 2018, 2024 and 2025 mixed; the map agrees with each.
    """
    zones = read_zones(shared_data / "boundaries" / name, flanders)
    assert len(zones) == count
    assert set(zones["nis_code"]) == set(flanders["nis_code"])
    points = zones.set_geometry(zones.representative_point())[["nis_code", "geometry"]]
    joined = points.sjoin(flanders[["nis_code", "geometry"]], predicate="within")
    assert (joined["nis_code_left"] == joined["nis_code_right"]).mean() > 0.999


# --- Population --------------------------------------------------------------------------------


def load_statbel(
    shared_data: Path, year: int, vintage: int, area: gpd.GeoDataFrame | None
) -> pd.DataFrame:
    findings = Findings()
    given = Input(path=shared_data / "population" / f"TF_SOC_POP_STRUCT_{year}.zip")
    population, _ = load_population(given, frozenset(range(5, 18)), vintage, area, findings)
    assert (findings.errors, findings.warnings) == ([], [])
    return population.children


def test_children_of_2015_in_provinces_of_2025(
    shared_data: Path, flanders: gpd.GeoDataFrame
) -> None:
    """Every child, exactly, through two rounds of mergers."""
    children = load_statbel(shared_data, 2015, 2025, flanders)
    province = flanders.set_index("nis_code")["province"]
    sums = children.groupby(children["nis_code"].map(province))["children"].sum()
    assert sums.to_dict() == CHILDREN_2015
    assert children["children"].sum() == CHILDREN[2015]
    assert not children.duplicated(["part", "age", "sex"]).any()
    assert set(children["part"]) == vintages.flemish_codes(2018)
    assert vintages.bring_forward(children["part"], 2018, 2025) == children["nis_code"].tolist()


@pytest.mark.parametrize("vintage", [2018, 2024, 2025])
def test_no_child_is_lost_in_any_vintage(shared_data: Path, vintage: int) -> None:
    """The total is the same under the codes of every vintage."""
    children = load_statbel(shared_data, 2015, vintage, None)
    assert children["children"].sum() == CHILDREN[2015]
    assert set(children["nis_code"]) == vintages.flemish_codes(vintage)


def test_children_equal_the_facts(shared_data: Path) -> None:
    """By municipality of 2018, sex and age group they are those of the fact table."""
    from stemgeo import facts

    children = load_statbel(shared_data, 2015, 2018, None)
    group = pd.cut(children["age"], [4, 8, 11, 14, 17], labels=["5_8", "9_11", "12_14", "15_17"])
    sums = children.groupby(["nis_code", "sex", group], observed=True)["children"].sum()
    table = facts.list_municipalities().set_index("nis2018")
    for (code, sex, ages), count in sums.items():
        assert table.loc[code, f"{'girls' if sex == 'F' else 'boys'}_{ages}"] == count


def test_older_spelling_reads_too(shared_data: Path, flanders: gpd.GeoDataFrame) -> None:
    """The file of 2013 has CD_MUNTY_REFNIS; its children were counted by hand with awk."""
    children = load_statbel(shared_data, 2013, 2025, flanders)
    assert children["children"].sum() == CHILDREN[2013]
    assert set(children["nis_code"]) == set(flanders["nis_code"])


# --- Academies ---------------------------------------------------------------------------------


def test_makerspaces(shared_data: Path, flanders: gpd.GeoDataFrame) -> None:
    """32 makerspaces: municipalities by province, the one in Brussels, Moerbeke's coordinates."""
    path = shared_data / "academies" / "makerspaces_libraries.geojson"
    findings = Findings()
    frame, _ = load_academies(Input(path=path), flanders, findings)
    assert findings.errors == []
    assert len(frame) == 32
    with_one = flanders[flanders["nis_code"].isin(frame["nis_code"])]
    assert with_one.groupby("province").size().to_dict() == {
        "Antwerpen": 1,
        "Limburg": 2,
        "Oost-Vlaanderen": 10,
        "Vlaams-Brabant": 1,
        "West-Vlaanderen": 6,
    }
    outside, same = map(str, findings.warnings)
    assert "Pianofabriek - Jeugddienst Sint-Gillis lies outside the study area" in outside
    assert "feature 1, 4: the same coordinates: Bibliotheek Beveren, Bibliotheek Moerbeke" in same


def test_makerspaces_as_a_belgian_spreadsheet(
    shared_data: Path, flanders: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    """Saved as CSV with semicolons and decimal commas they lie in the same municipalities."""
    path = shared_data / "academies" / "makerspaces_libraries.geojson"
    frame = read_academies(path, flanders)
    degrees = frame.to_crs(4326)
    table = pd.DataFrame(
        {"id": frame["academy_id"], "naam": frame["name"]}
        | {"lengtegraad": degrees.geometry.x, "breedtegraad": degrees.geometry.y}
    )
    table.to_csv(tmp_path / "a.csv", sep=";", decimal=",", index=False, encoding="latin-1")
    again = read_academies(tmp_path / "a.csv", flanders)
    assert again["nis_code"].tolist() == frame["nis_code"].tolist()
    assert again["name"].tolist() == frame["name"].tolist()


# --- Weights -----------------------------------------------------------------------------------


def test_raster_total(shared_data: Path, flanders: gpd.GeoDataFrame) -> None:
    """Without a study area every cell with people comes through, and so does their sum."""
    path = shared_data / "population" / "ghs_pop_1km_belgium.tif"
    whole = read_weights(path, flanders.iloc[:0])
    with rasterio.open(path) as raster:
        cells = raster.read(1)
    assert len(whole) == (cells > 0).sum()
    assert whole["weight"].sum() == pytest.approx(np.nansum(cells), rel=1e-12)
    assert whole["weight"].sum() == pytest.approx(20_602_095.72, abs=0.01)
    clipped = read_weights(path, flanders)
    left, bottom, right, top = flanders.total_bounds
    inside = whole.cx[left:right, bottom:top]
    assert clipped["weight"].sum() == pytest.approx(inside["weight"].sum(), rel=1e-12)
    assert len(clipped) == len(inside)


def test_raster_lies_where_people_live(shared_data: Path, flanders: gpd.GeoDataFrame) -> None:
    """Cells of the Mollweide raster fall on the right side of the border: Flanders has 6.6 M."""
    path = shared_data / "population" / "ghs_pop_1km_belgium.tif"
    cells = read_weights(path, flanders)
    inside = cells.set_geometry(cells.centroid).sjoin(flanders[["nis_code", "geometry"]])
    assert inside["weight"].sum() == pytest.approx(6_600_000, rel=0.03)
    gent = inside.loc[inside["nis_code"] == "44021", "weight"].sum()
    assert gent == pytest.approx(262_000, rel=0.1)


def test_children_grid_as_weights(shared_data: Path, flanders: gpd.GeoDataFrame) -> None:
    """The grid of children is read by its column of children, all points above 0, nothing lost."""
    path = shared_data / "population" / "children_5_18_grid_points_estimate.csv"
    weights = read_weights(path, flanders)
    table = pd.read_csv(path)
    assert len(weights) == (table["children_5_18_est"] > 0).sum()
    assert weights["weight"].sum() == pytest.approx(table["children_5_18_est"].sum())
    xy = table.loc[table["children_5_18_est"] > 0, ["x", "y"]].to_numpy()
    assert weights.get_coordinates().to_numpy() == pytest.approx(xy, abs=1)


# --- All together ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["porto.osm.pbf", "wechelderzande.osm.pbf", "berlare.osm"])
def test_real_extracts_pass_the_door(shared_data: Path, name: str) -> None:
    """Real extracts are whole."""
    findings = Findings()
    with open_input(Input(path=shared_data / "osm" / name), "network", findings) as file:
        assert file is not None
    assert findings.errors == []


@pytest.mark.parametrize("name", ["TF_SOC_POP_STRUCT_2015.zip", "ghs_pop_1km_belgium.tif"])
def test_other_data_is_no_extract(shared_data: Path, name: str) -> None:
    """What is not OSM is refused as a network."""
    findings = Findings()
    with open_input(Input(path=shared_data / "population" / name), "network", findings) as file:
        assert file is None
    assert "cannot be used as network" in str(findings.errors[0])


def test_all_of_flanders(shared_data: Path) -> None:
    """A whole study on real files: tables, their origin, three warnings beside what is unused."""
    files = {
        "municipalities": "boundaries/gemeente2025.gpkg",
        "zones": "boundaries/wijk2025.gpkg",
        "population": "population/TF_SOC_POP_STRUCT_2015.zip",
        "weights": "population/ghs_pop_1km_belgium.tif",
        "academies": "academies/makerspaces_libraries.geojson",
        "network": ["osm/wechelderzande.osm.pbf", "osm/berlare.osm"],
    }
    content = {"study": {"title": "t", "date": "2022-12-31"}, "inputs": files}
    read = load_inputs(parse_study(content, folder=shared_data, name="study.toml"))
    assert read.children["children"].sum() == CHILDREN[2015]
    assert read.provinces["province"].is_unique
    assert len(read.provinces) == 5
    assert [one.name for one in read.provenance][-2:] == ["wechelderzande.osm.pbf", "berlare.osm"]
    assert len({one.sha256 for one in read.provenance}) == 7
    assert len([note for note in read.warnings if "not used" not in str(note)]) == 3
    assert "no source is given" in str(read.warnings)
