"""Weights that spread children: a raster's cells or points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio

from stemgeo.errors import Findings, InputError
from stemgeo.inputs import read_weights
from stemgeo.inputs.weights import load_weights
from stemgeo.study import Input

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt


def write_raster(
    path: Path, values: npt.ArrayLike, crs: str | None = "EPSG:31370", **more: Any
) -> Path:
    """Write cells of 1 km from the north-west corner of the six squares."""
    cells = np.asarray(values, dtype="float32")
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=cells.shape[1],
        height=cells.shape[0],
        count=1,
        dtype="float32",
        crs=crs,
        transform=rasterio.Affine(1000, 0, 100_000, 0, -1000, 210_000),
        **more,
    ) as raster:
        raster.write(cells, 1)
    return path


def errors_of(path: Path, municipalities: gpd.GeoDataFrame, **more: Any) -> list[str]:
    findings = Findings()
    load_weights(Input(path=path, **more), municipalities, findings)
    return [str(problem) for problem in findings.errors]


def test_cells_become_points_at_their_centre(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """A cell with people is a point in its middle; empty, negative and nodata cells are none."""
    path = write_raster(tmp_path / "w.tif", [[5, 0, -3], [np.nan, -200, 7]], nodata=-200)
    read = read_weights(path, municipalities)
    assert read["weight"].tolist() == [5, 7]
    assert read.geometry.x.tolist() == [100_500, 102_500]
    assert read.geometry.y.tolist() == [209_500, 208_500]
    assert read.crs.to_epsg() == 31370


def test_cells_outside_the_study_area_are_left_out(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """Only cells within the bounds of the study area count."""
    read = read_weights(write_raster(tmp_path / "w.tif", np.ones((30, 100))), municipalities)
    assert len(read) == 10 * 60


def test_raster_elsewhere_is_refused(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """A raster that misses the study area says so."""
    far = municipalities.set_geometry(municipalities.translate(-90_000, 40_000))
    (line,) = errors_of(write_raster(tmp_path / "w.tif", np.ones((3, 3))), far)
    assert "does not lie on the study area" in line


def test_raster_without_crs(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """A raster must say its CRS, or the study does."""
    path = write_raster(tmp_path / "w.tif", np.ones((3, 3)), crs=None)
    (line,) = errors_of(path, municipalities)
    assert "does not say its CRS" in line
    assert errors_of(path, municipalities, crs="EPSG:31370") == []


def test_infinite_cells_are_refused(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """An infinite weight would take all children."""
    path = write_raster(tmp_path / "w.tif", [[np.inf, 1]])
    assert "holds infinite values" in errors_of(path, municipalities)[0]


def test_empty_raster_is_refused(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """A raster without people is no weight."""
    path = write_raster(tmp_path / "w.tif", np.zeros((3, 3)))
    assert "no weight above 0 lies in the study area" in errors_of(path, municipalities)[0]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_cut_off_raster_is_refused(
    tmp_path: Path, municipalities: gpd.GeoDataFrame, share: float
) -> None:
    """Cells that are not there are an error, not zeros."""
    path = write_raster(tmp_path / "w.tif", np.random.default_rng(1).random((10, 60)))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert len(errors_of(path, municipalities)) == 1


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("x;y;weight", "105000;205000;2,5"),
        ("lon,lat,population", "3.7255,51.1543,2.5"),
        ("naam;pop_2020;x;y", "a;2.5;105000;205000"),
        ("pop_2020;children_5_18;x;y", "99;2.5;105000;205000"),
    ],
)
def test_points_of_a_table(
    tmp_path: Path, municipalities: gpd.GeoDataFrame, header: str, row: str
) -> None:
    """The column of people is found by its name, children before others, and told."""
    (tmp_path / "w.csv").write_text(f"{header}\n{row}\n")
    findings = Findings()
    read, origin = load_weights(Input(path=tmp_path / "w.csv"), municipalities, findings)
    assert findings.errors == []
    assert read is not None
    assert read["weight"].tolist() == [2.5]
    assert origin is not None
    assert "weights from column '" in origin.note


@pytest.mark.parametrize("value", ["-1", "x", "", "inf"])
def test_bad_weight_is_told_by_row(
    tmp_path: Path, municipalities: gpd.GeoDataFrame, value: str
) -> None:
    """A weight is a number of 0 or more."""
    (tmp_path / "w.csv").write_text(f"x;y;weight\n105000;205000;1\n105000;205000;{value}\n")
    lines = errors_of(tmp_path / "w.csv", municipalities)
    assert f"w.csv, row 3: 'weight' is '{value}', not a number of 0 or more" in lines[0]


def test_points_of_a_layer(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Points, or areas by their centre, from a GeoPackage."""
    frame = municipalities.assign(gewicht=range(6))[["gewicht", "geometry"]]
    frame.to_file(tmp_path / "w.gpkg")
    read = read_weights(tmp_path / "w.gpkg", municipalities)
    assert read["weight"].tolist() == [1, 2, 3, 4, 5]
    assert read.geometry.iloc[0].equals(municipalities.geometry.iloc[1].centroid)


def test_no_column_of_weights(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Points without a number of people are refused."""
    (tmp_path / "w.csv").write_text("x;y;naam\n105000;205000;a\n")
    with pytest.raises(InputError, match="has no column of weights"):
        read_weights(tmp_path / "w.csv", municipalities)
