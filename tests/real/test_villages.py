"""One village each: what lies off a small extract is unmeasured, never uncovered."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import hand
import numpy as np
import osmium
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from statbel import CHILDREN

import stemgeo as sg
from stemgeo.measure import measure_day, prepare_study
from stemgeo.stages import report_nothing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stemgeo.study_run import Result

pytestmark = pytest.mark.usefixtures("statbel_once", "read_once")


class Village(NamedTuple):
    """An extract, the municipality it lies in and its children of 5 to 17 in 2015."""

    extract: str
    nis_code: str
    name: str


LOW = ("municipality", "zone")
VILLAGES = [
    Village("berlare.osm", "42003", "Berlare"),
    Village("wechelderzande.osm.pbf", "13019", "Lille"),
]


@cache
def road_nodes(path: Path) -> gpd.GeoSeries:
    """Give the places of the nodes on the roads of an extract, in degrees."""
    lon, lat = [], []
    for item in osmium.FileProcessor(str(path)).with_locations():
        if item.is_way() and "highway" in item.tags:
            places = [node.location for node in item.nodes if node.location.valid()]
            lon += [place.lon for place in places]
            lat += [place.lat for place in places]
    return gpd.GeoSeries.from_xy(lon, lat, crs="EPSG:4326")


@pytest.fixture(scope="module", params=VILLAGES, ids=lambda village: village.name)
def village(request: pytest.FixtureRequest) -> Village:
    return request.param


@pytest.fixture(scope="module")
def result_of(
    shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Village], Result]:
    """Run each village once: all children, the roads of one village, an academy in its centre."""

    @cache
    def measured(village: Village) -> Result:
        return run_on(tmp_path_factory.mktemp(village.name), shared_data, village, village.extract)

    return measured


@pytest.fixture(scope="module")
def result(village: Village, result_of: Callable[[Village], Result]) -> Result:
    return result_of(village)


def run_on(folder: Path, shared_data: Path, village: Village, *extracts: str) -> Result:
    """Run such a study."""
    paths = [shared_data / "osm" / extract for extract in extracts]
    return sg.run(study_on(folder, shared_data, village, *paths))


def study_on(
    folder: Path,
    shared_data: Path,
    village: Village,
    *extracts: Path,
    profiles: tuple[str, ...] = ("all",),
) -> sg.Study:
    """Write a study of Flanders with an academy in the village and the roads of some extracts."""
    nodes = road_nodes(shared_data / "osm" / village.extract)
    lon, lat = float(np.median(nodes.x)), float(np.median(nodes.y))
    (folder / "academies.csv").write_text(
        "academy_id,name,lon,lat\n"
        f"T1,Testacademie in het centrum van {village.extract},{lon},{lat}\n",
        encoding="utf-8",
    )
    (folder / "study.toml").write_text(
        f"""
        [study]
        title = "Proef op een dorp"
        date = 2022-12-31
        vintage = 2025
        notice = "Proef: de academie bestaat niet"
        [inputs]
        municipalities = "{shared_data}/boundaries/gemeente2025.gpkg"
        zones = "{shared_data}/boundaries/wijk2025.gpkg"
        population = "{shared_data}/population/TF_SOC_POP_STRUCT_2015.zip"
        academies = {{ path = "academies.csv", crs = "EPSG:4326" }}
        network = {[str(extract) for extract in extracts]}
        [travel]
        profiles = {list(profiles)}
        """,
        encoding="utf-8",
    )
    return sg.load_study(folder)


def test_children_of_the_village_are_on_its_roads(result: Result, village: Village) -> None:
    """Some reach the test academy over the roads, within minutes; it lies in the municipality."""
    assert result.academies["nis_code"].tolist() == [village.nis_code]
    row = result.municipalities.set_index("nis_code").loc[village.nis_code]
    assert row["covered"] > 0
    inside = result.demand[~result.demand["outside_network"]]
    mine = inside[inside["nis_code"] == village.nis_code]
    assert len(mine) > 50
    access = result.access[result.access["point_id"].isin(mine["point_id"])]
    reached = access[access["status"] == "reached"]
    assert reached["travel_time_s"].min() < 180
    assert (reached["snap_m"] < 100).mean() > 0.9


def test_all_outside_the_extract_is_unmeasured(result: Result, village: Village) -> None:
    """No child off the hull of the roads is covered or uncovered."""
    far = result.demand.loc[result.demand["outside_network"], "point_id"]
    access = result.access.set_index("point_id")
    assert set(access.loc[far, "status"]) == {"unmeasured"}
    elsewhere = result.municipalities[result.municipalities["nis_code"] != village.nis_code]
    measured = elsewhere[elsewhere["covered"] + elsewhere["uncovered"] > 0]
    # Only neighbours that the extract touches can have measured children.
    own = result.inputs.municipalities.set_index("nis_code").geometry[village.nis_code]
    touching = result.inputs.municipalities.set_index("nis_code").distance(own) < 100
    assert set(measured["nis_code"]) <= set(touching.index[touching])


def test_the_part_of_the_municipality_off_the_extract_keeps_its_share(
    result: Result, village: Village, shared_data: Path
) -> None:
    """By the ground: the children are not pressed onto the few streets that were read."""
    points = result.demand[result.demand["nis_code"] == village.nis_code]
    children = points.filter(regex=r"^children_").sum(axis=1)
    outside = children[points["outside_network"]].sum() / children.sum()
    nodes = road_nodes(shared_data / "osm" / village.extract).to_crs("EPSG:31370")
    roads = nodes.union_all().convex_hull
    own = result.inputs.municipalities.set_index("nis_code").geometry[village.nis_code]
    share = 1 - shapely.area(shapely.intersection(own, roads)) / shapely.area(own)
    assert outside == pytest.approx(share, abs=0.01)


def test_a_village_is_placed_at_its_dwellings_when_they_are_mapped(
    result: Result, village: Village
) -> None:
    """Wechelderzande is mapped as a whole; Berlare in part: along its streets, and that is said."""
    rows = result.placement[result.placement["nis_code"] == village.nis_code]
    method = {"Berlare": "streets", "Lille": "dwellings"}[village.name]
    assert set(rows["method"][rows["children"] > 0]) == {method, "outside"}
    short = [str(note) for note in result.notes if "too few dwellings" in str(note)]
    assert len(short) == (village.name == "Berlare")
    assert all("Berlare centrum" in note for note in short)


def test_the_sums_hold(result: Result) -> None:
    """Every child in every level; covered, uncovered and unmeasured are all of them."""
    coverage = result.coverage[result.coverage["profile"] == "all"]
    central = coverage[(coverage["scenario"] == "central") & (coverage["band"] == "all")]
    sums = central.groupby("level")[["children", "covered", "uncovered", "unmeasured"]].sum()
    assert set(sums["children"]) == {CHILDREN[2015]}
    for column in ("covered", "uncovered", "unmeasured"):
        assert sums[column].nunique() == 1
    assert (sums.iloc[0, 1:].sum()) == CHILDREN[2015]
    assert isinstance(result.demand, gpd.GeoDataFrame)


def test_a_second_extract_far_away_changes_nothing_here(
    shared_data: Path, tmp_path: Path, result_of: Callable[[Village], Result]
) -> None:
    """The ground between two villages belongs to neither: who lives there stays unmeasured."""
    berlare, lille = VILLAGES
    one = result_of(berlare)
    two = run_on(tmp_path, shared_data, berlare, lille.extract, berlare.extract)
    columns = ["children", "covered", "uncovered", "unmeasured"]
    alone, beside = (result.municipalities.set_index("nis_code")[columns] for result in (one, two))
    moved = alone.index[(alone != beside).any(axis=1)]
    # Lille, and its neighbours whom the second extract touches.
    own = one.inputs.municipalities.set_index("nis_code").geometry[lille.nis_code]
    near = one.inputs.municipalities.set_index("nis_code").distance(own) < 100
    assert lille.nis_code in moved
    assert set(moved) <= set(near.index[near])


def test_berlare_alone_is_its_rows_of_flanders(
    shared_data: Path, tmp_path: Path, result_of: Callable[[Village], Result]
) -> None:
    """As a study of its own: each point, and each count by band, speed and road, to the child."""
    berlare = VILLAGES[0]
    whole = result_of(berlare)
    study_on(tmp_path, shared_data, berlare, shared_data / "osm" / berlare.extract)
    toml = tmp_path / "study.toml"
    named = toml.read_text("utf-8").replace("vintage = 2025", 'vintage = 2025\narea = ["Berlare"]')
    toml.write_text(named, encoding="utf-8")
    prepared = prepare_study(sg.load_study(toml), report_nothing)
    part = measure_day(prepared, whole.study.about.date).coverage
    zones = set(prepared.inputs.zones["zone_id"])
    codes = {berlare.nis_code, *zones}
    rows = [one[one["level"].isin(LOW) & one["code"].isin(codes)] for one in (part, whole.coverage)]
    pd.testing.assert_frame_equal(*(one.reset_index(drop=True) for one in rows))
    assert len(zones) > 5
    ours = whole.demand[whole.demand["nis_code"] == berlare.nis_code]
    same = ["zone_id", "children_5-8", "children_9-11", "children_12-17", "geometry"]
    assert_geodataframe_equal(
        prepared.points[same].reset_index(drop=True), ours[same].reset_index(drop=True)
    )


def test_roads_of_another_country_are_refused(
    tmp_path: Path, extract_of: Callable[[str], Path]
) -> None:
    """Porto has no municipality of the study: one line says where its roads lie."""
    toml = hand.write_study(tmp_path / "study") / "study.toml"
    roads = f'"{extract_of("porto.osm.pbf")}"'
    toml.write_text(toml.read_text("utf-8").replace('"wegen.osm"', roads), encoding="utf-8")
    with pytest.raises(sg.InputError) as caught:
        sg.run(sg.load_study(toml))
    line = str(caught.value)
    assert line.startswith("porto.osm.pbf: its roads (longitude -8.")
    assert "lie outside every municipality of the study; give an extract" in line


def test_children_near_the_edge_are_said(result: Result) -> None:
    """A village is smaller than a ride: who is out of reach there may be so for its edge alone."""
    uncovered = result.municipalities["uncovered"].sum()
    notes = [str(note) for note in result.notes if "extract's edge" in str(note)]
    assert len(notes) == (1 if uncovered else 0)
    assert all(f"{uncovered} children who are out of reach" in note for note in notes)


def test_a_share_of_few_is_marked(result: Result) -> None:
    """The summary marks a share that rests on fewer than half of the children, and says so."""
    from stemgeo.report.imprint import build_map_text
    from stemgeo.report.summary import write_summary_markdown

    text = write_summary_markdown(result, build_map_text(result.study, result.inputs))
    region = next(line for line in text.splitlines() if line.startswith("| Vlaanderen"))
    assert "%\\*" in region or "%*" in region
    assert "Minder dan de helft van de kinderen is gemeten" in text


def test_roads_of_a_village_that_are_edited(tmp_path: Path, shared_data: Path) -> None:
    """By the numbers of their ways: the busiest made quiet lose nobody, closed they gain nobody."""
    village = VILLAGES[1]
    extract = shared_data / "osm" / village.extract
    study = study_on(tmp_path, shared_data, village, extract, profiles=("all", "low_stress"))
    prepared = prepare_study(study, report_nothing)
    network = prepared.ground.network
    assert network is not None
    busy = (network.stress_forward > 2) & (network.way > 0)
    long = pd.Series(network.length_mm[busy]).groupby(network.way[busy]).sum().nlargest(40)
    plain = measure_day(prepared, study.about.date).access["travel_time_s"].fillna(np.inf)
    for change, is_better in (("rustig", True), ("sluiten", False)):
        rows = [f"{way};{change}" for way in long.index]
        (tmp_path / "wegen.csv").write_text("\n".join(["osm_way;wijziging", *rows, ""]), "utf-8")
        edited = prepare_study(study.with_network_edits(tmp_path / "wegen.csv"), report_nothing)
        assert edited.edits is not None
        assert (edited.edits["length_m"] > 0).all()
        assert_geodataframe_equal(edited.points, prepared.points)
        times = measure_day(edited, study.about.date).access["travel_time_s"].fillna(np.inf)
        assert ((times <= plain) if is_better else (times >= plain)).all()
        assert (times != plain).any()
