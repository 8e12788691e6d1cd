"""Every child of Statbel, through the whole chain, at every vintage and by every grouping."""

from __future__ import annotations

import csv
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.spatial import cKDTree
from statbel import CHILDREN, facts, people, province_column

import stemgeo as sg
from stemgeo.study import parse_study

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.study_run import Result

pytestmark = pytest.mark.usefixtures("statbel_once", "read_once")

BANDS = {"5-8": range(5, 9), "9-11": range(9, 12), "12-17": range(12, 18)}
COUNTS = ["covered", "uncovered", "unmeasured"]


def measured(shared_data: Path, year: int, vintage: int, **others: Any) -> Result:
    inputs = {
        "municipalities": f"{shared_data}/boundaries/gemeente{vintage}.gpkg",
        "population": f"{shared_data}/population/TF_SOC_POP_STRUCT_{year}.zip",
        "academies": f"{shared_data}/academies/makerspaces_libraries.geojson",
        "network": "straight-line",
    } | others.pop("inputs", {})
    about = {"title": "Sommen", "date": "2024-12-31", "vintage": vintage}
    return sg.run(parse_study({"study": about, "inputs": inputs} | others, name="study.toml"))


@pytest.mark.parametrize("year", [2013, 2015])
@pytest.mark.parametrize("vintage", [2018, 2024, 2025])
def test_every_grouping_holds_every_child(shared_data: Path, year: int, vintage: int) -> None:
    """Bands, sexes, municipalities, provinces: each sum is that of Statbel's rows, exactly."""
    counted = people(shared_data / "population" / f"TF_SOC_POP_STRUCT_{year}.zip")
    code = {row["nis2018"]: row[f"nis{vintage}"] for row in facts()}
    province = {row["nis2018"]: row[province_column(vintage)] for row in facts()}
    expected: Counter[tuple[str, str, str, str]] = Counter()
    for (nis, age, sex), count in counted.items():
        band = next((name for name, ages in BANDS.items() if age in ages), None)
        if band is None:
            continue
        for level, place in (
            ("region", "VLG"),
            ("province", province[nis]),
            ("municipality", code[nis]),
        ):
            for one_band in (band, "all"):
                for one_sex in (sex, "all"):
                    expected[level, place, one_band, one_sex] += count
    result = measured(shared_data, year, vintage)
    groups = result.groups[result.groups["scenario"] == "central"]
    keys = groups[["level", "code", "band", "sex"]].itertuples(index=False, name=None)
    found = dict(zip(keys, groups["children"], strict=True))
    # Herstappe has residents and nobody of 9 to 11.
    assert {key: count for key, count in found.items() if count} == dict(expected)
    assert (groups[COUNTS].sum(axis=1) == groups["children"]).all()
    zones = result.coverage[
        (result.coverage["level"] == "zone") & (result.coverage["scenario"] == "central")
    ]
    for band in (*BANDS, "all"):
        whole = zones.loc[zones["band"] == band, "children"].sum()
        assert whole == expected["region", "VLG", band, "all"]


def test_the_grid_of_children_keeps_every_municipality(shared_data: Path) -> None:
    """By the published grid of children of 5 to 18: each municipality's sum, 973,034 in all.

    The grid was made from Statbel's children of 2015 in the municipalities of 2025, so its sums
    are theirs; ours come from Statbel, placed at the points of the grid.
    """
    grid = shared_data / "population" / "children_5_18_grid_points_estimate.csv"
    sums: Counter[str] = Counter()
    with grid.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            sums[row["nis"]] += float(row["children_5_18_est"])  # type: ignore[assignment]
    result = measured(
        shared_data,
        2015,
        2025,
        inputs={"weights": str(grid)},
        demand={"method": "grid"},
        travel={"bands": [{"ages": [5, 18], "speed_kmh": 12}]},
    )
    # Told apart at 18, since an academy that says nothing serves 5 to 17.
    children = result.demand["children_5-17"] + result.demand["children_18-18"]
    found = children.groupby(result.demand["nis_code"]).sum().to_dict()
    assert sum(found.values()) == 973_034
    assert {nis: round(total) for nis, total in sums.items() if total} == found
    assert set(result.demand["method"]) == {"grid"}
    # Each point has what the grid says of it, to the child, but near the simplified borders.
    with grid.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if float(row["children_5_18_est"]) > 3]
    tree = cKDTree(result.demand.get_coordinates())
    away_m, nearest = tree.query([(float(row["x"]), float(row["y"])) for row in rows])
    due = [float(row["children_5_18_est"]) for row in rows]
    off = np.abs(children.to_numpy()[nearest] - due)
    assert (away_m < 1).mean() > 0.999
    assert (off[away_m < 1] < 1).mean() > 0.999


def test_layers_and_attributes_of_flanders(shared_data: Path, tmp_path: Path) -> None:
    """Transport regions and former municipalities hold each child once; so do the quintiles."""
    table = tmp_path / "inkomen.csv"
    codes = sorted({row["nis2025"] for row in facts()})
    rows = [f"{code};{20_000 + 37 * i % 9_000}" for i, code in enumerate(codes[:-3])]
    table.write_text("nis_code;inkomen\n" + "\n".join(rows), encoding="utf-8")
    boundaries = shared_data / "boundaries"
    result = measured(
        shared_data,
        2015,
        2025,
        inputs={
            "weights": str(shared_data / "population" / "ghs_pop_1km_belgium.tif"),
            "layers": {
                "vervoerregio": str(boundaries / "vervoerregio2025.gpkg"),
                "deelgemeente": str(boundaries / "deelgemeente2024.gpkg"),
            },
            "attributes": {"inkomen": str(table)},
        },
    )
    central = result.coverage[
        (result.coverage["scenario"] == "central") & (result.coverage["band"] == "all")
    ]
    sums = central.groupby("level")[["children", *COUNTS]].sum()
    assert set(sums.index) == {
        "region", "province", "vervoerregio", "deelgemeente", "municipality", "zone",
    }  # fmt: skip
    assert (sums["children"] == CHILDREN[2015]).all()
    assert (sums.nunique() == 1).all()
    regions = central[central["level"] == "vervoerregio"]
    assert len(regions[regions["code"] != ""]) == 15
    # Drawn apart from the municipalities, they leave a few children on the border to none.
    assert regions.loc[regions["code"] == "", "children"].sum() < 902
    assert result.quintiles is not None
    assert result.quintiles.groupby("profile")["children"].sum().tolist() == [CHILDREN[2015]]
    unknown = result.quintiles[result.quintiles["quintile"] == 0]
    assert unknown["places"].tolist() == [3]
    known = result.quintiles[result.quintiles["quintile"] > 0]
    assert known["children"].between(0.17 * CHILDREN[2015], 0.23 * CHILDREN[2015]).all()
    assert result.summary("vervoerregio")["children"].sum() == CHILDREN[2015]
