"""Weights that spread children: a raster's cells, points or addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio

from stemgeo.errors import Findings, InputError
from stemgeo.inputs import read_weights
from stemgeo.inputs.weights import load_addresses, load_weights
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
    assert [cell.bounds for cell in read.geometry] == [
        (100_000, 209_000, 101_000, 210_000),
        (102_000, 208_000, 103_000, 209_000),
    ]
    assert read.crs.to_epsg() == 31370


def test_cells_outside_the_study_area_are_left_out(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """Only cells that meet the bounds of the study area count; one more touches at each side."""
    read = read_weights(write_raster(tmp_path / "w.tif", np.ones((30, 100))), municipalities)
    assert len(read) == (10 + 1) * (60 + 1)


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
    shown = f"'{value}'" if value else "empty"
    assert f"w.csv, row 3: 'weight' is {shown}, not a number of 0 or more" in lines[0]


def test_weights_beyond_all_people_are_refused(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """Above 1e12 a weight is no number of people, and sums of it would not be exact."""
    rows = ["105000;205000;1e12", "105000;205000;1e300", "105000;205000;2e18", "105000;205000;1e-9"]
    (tmp_path / "w.csv").write_text("\n".join(["x;y;weight", *rows, ""]))
    assert errors_of(tmp_path / "w.csv", municipalities, crs="EPSG:31370") == [
        "w.csv, row 3: 'weight' is '1e300', above 1e12; also '2e18' (row 4); correct it in the file"
    ]


def test_smallest_weights_are_kept(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Shares of a whole may be very small: what counts is what they are to each other."""
    (tmp_path / "w.csv").write_text("x;y;weight\n105000;205000;1e-9\n105000;206000;3e-9\n")
    assert read_weights(tmp_path / "w.csv", municipalities)["weight"].tolist() == [1e-9, 3e-9]


def test_cells_beyond_all_people_are_refused(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """A raster that marks no data with the largest number, and does not say so."""
    path = write_raster(tmp_path / "w.tif", [[3.4e38, 1]])
    (line,) = errors_of(path, municipalities)
    assert line == "w.tif: holds 1 cell above 1e12, up to 3.4e+38; make them nodata"


def test_points_of_a_layer(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Points, or areas by their centre, from a GeoPackage."""
    frame = municipalities.assign(gewicht=range(6))[["gewicht", "geometry"]]
    frame.to_file(tmp_path / "w.gpkg")
    read = read_weights(tmp_path / "w.gpkg", municipalities)
    assert read["weight"].tolist() == [1, 2, 3, 4, 5]
    assert read.geometry.iloc[0].equals(municipalities.geometry.iloc[1].centroid)


def test_thousands_and_a_second_year_of_weights(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """Marks between thousands are read or refused; places of two years would weigh twice."""
    path = tmp_path / "w.csv"
    path.write_text("x;y;gewicht\n105000;205000;1 200\n105100;205000;3\n")
    assert read_weights(path, municipalities)["weight"].tolist() == [1200, 3]
    path.write_text("x;y;gewicht\n105000;205000;1.200\n105100;205000;3\n")
    assert "row 2: 'gewicht' is '1.200', which may be in" in errors_of(path, municipalities)[0]
    path.write_text("x;y;gewicht;jaar\n105000;205000;12;2020\n105000;205000;13;2021\n")
    assert "'jaar' has everyone several times: 2020, 2021" in errors_of(path, municipalities)[0]
    path.write_text("x;y;gewicht;jaar\n105000;205000;12;2020\n105100;205000;13;2021\n")
    assert errors_of(path, municipalities) == []


def test_no_column_of_weights(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Points without a number of people are refused."""
    (tmp_path / "w.csv").write_text("x;y;naam\n105000;205000;a\n")
    with pytest.raises(InputError, match="has no column of weights"):
        read_weights(tmp_path / "w.csv", municipalities)


# --- Addresses ---------------------------------------------------------------------------------


def addresses(
    path: Path, municipalities: gpd.GeoDataFrame, **more: Any
) -> tuple[gpd.GeoDataFrame | None, str, list[str]]:
    """Read addresses; give them, the note for the manifest, and the errors."""
    findings = Findings()
    read, origin = load_addresses(Input(path=path, **more), municipalities, findings)
    note = origin.note if origin is not None else ""
    return read, note, [str(problem) for problem in findings.errors]


def placed(frame: gpd.GeoDataFrame | None) -> list[tuple[float, float, float]]:
    """Give x, y and weight of each place."""
    assert frame is not None
    return list(zip(frame.geometry.x, frame.geometry.y, frame["weight"], strict=True))


def test_an_address_weighs_one_and_flats_add_up(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """Without a column of weights each row weighs 1; three flats at a door weigh 3 together."""
    rows = ["105000;205000;1"] * 3 + ["104000;205000;2"]
    (tmp_path / "a.csv").write_text("\n".join(["x;y;huisnummer", *rows, ""]))
    read, note, errors = addresses(tmp_path / "a.csv", municipalities)
    assert errors == []
    assert placed(read) == [(104_000, 205_000, 1), (105_000, 205_000, 3)]
    assert "each address weighs 1; 4 addresses at 2 places, weights add up to 4" in note


@pytest.mark.parametrize("name", ["weight", "Gewicht", "inwoners", "residents"])
def test_addresses_take_weights_by_their_exact_name(
    tmp_path: Path, municipalities: gpd.GeoDataFrame, name: str
) -> None:
    """A column named as weights are gives each address its number; nobody at home is told."""
    (tmp_path / "a.csv").write_text(
        f"x;y;{name}\n105000;205000;2,5\n105000;205000;1\n106000;205000;0\n"
    )
    read, note, errors = addresses(tmp_path / "a.csv", municipalities)
    assert errors == []
    assert placed(read) == [(105_000, 205_000, 3.5)]
    assert f"weights from column '{name.lower()}'" in note
    assert "1 of weight 0" in note


def test_addresses_do_not_guess_a_column_of_weights(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """What only begins as a word for people, such as a kind of address, is no weight."""
    (tmp_path / "a.csv").write_text("x;y;kind_of_address\n105000;205000;7\n")
    read, _, errors = addresses(tmp_path / "a.csv", municipalities)
    assert errors == []
    assert placed(read) == [(105_000, 205_000, 1)]


def test_addresses_of_a_layer(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Points of a GeoPackage are read as those of a table."""
    points = gpd.GeoDataFrame(geometry=municipalities.centroid, crs="EPSG:31370")
    points.to_file(tmp_path / "a.gpkg")
    read, _, errors = addresses(tmp_path / "a.gpkg", municipalities)
    assert errors == []
    assert placed(read) == [(105_000 + 10_000 * i, 205_000, 1) for i in range(6)]


def test_the_order_of_addresses_does_not_matter(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """Shuffled rows give the same table to the last bit, though fractions add up differently."""
    random = np.random.default_rng(4)
    rows = [f"{105_000 + i % 7};205000;{random.random()}" for i in range(200)]
    header = "x;y;weight"
    (tmp_path / "a.csv").write_text("\n".join([header, *rows, ""]))
    (tmp_path / "b.csv").write_text("\n".join([header, *random.permutation(rows), ""]))
    straight, shuffled = (
        addresses(tmp_path / name, municipalities)[0] for name in ("a.csv", "b.csv")
    )
    assert len(placed(straight)) == 7
    assert placed(straight) == placed(shuffled)


def test_addresses_outside_the_study_area_are_told(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """What lies beyond the municipalities is left out and counted; with nothing left it fails."""
    (tmp_path / "a.csv").write_text("x;y\n105000;205000\n105000;195000\n")
    read, note, errors = addresses(tmp_path / "a.csv", municipalities, crs="EPSG:31370")
    assert errors == []
    assert placed(read) == [(105_000, 205_000, 1)]
    assert "left out: 1 outside the study area" in note
    (tmp_path / "b.csv").write_text("x;y\n105000;195000\n")
    read, _, errors = addresses(tmp_path / "b.csv", municipalities, crs="EPSG:31370")
    assert read is not None
    assert read.empty
    assert errors == ["b.csv: no address lies in the study area"]


def test_addresses_without_coordinates_are_told_by_row(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """A row without a place is an error that names it, never left out in silence."""
    (tmp_path / "a.csv").write_text("naam;x;y\na;105000;205000\nb;;\nc;105000;205001\n")
    _, _, errors = addresses(tmp_path / "a.csv", municipalities)
    (line,) = errors
    assert line.startswith("a.csv, row 3: no coordinates")


@pytest.mark.parametrize("value", ["-1", "x", "", "inf"])
def test_bad_weight_of_an_address_is_told_by_row(
    tmp_path: Path, municipalities: gpd.GeoDataFrame, value: str
) -> None:
    """A weight that is no number of 0 or more names its row; it does not become 1."""
    (tmp_path / "a.csv").write_text(f"x;y;inwoners\n105000;205000;1\n105000;205000;{value}\n")
    read, _, errors = addresses(tmp_path / "a.csv", municipalities)
    assert read is None
    assert len(errors) == 1
    shown = f"'{value}'" if value else "empty"
    assert f"a.csv, row 3: 'inwoners' is {shown}, not a number of 0 or more" in errors[0]


def test_a_raster_is_no_addresses(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """A grid has cells, not addresses: it says so and what can be given."""
    path = write_raster(tmp_path / "a.tif", np.ones((3, 3)))
    read, _, (line,) = addresses(path, municipalities)
    assert read is None
    assert "a.tif: is GeoTIFF, which cannot be used as addresses; give " in line
