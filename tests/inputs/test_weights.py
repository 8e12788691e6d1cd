"""Weights that spread children: a raster's cells, points or addresses."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import hand
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from stemgeo.demand import PlacingGround, count_children, cut_age_cells, place_children
from stemgeo.errors import Findings, InputError
from stemgeo.inputs import read_weights
from stemgeo.inputs.weights import load_addresses, load_weights
from stemgeo.study import DEFAULT_BANDS, AcademyRules, Input

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
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
    """Points of a GeoPackage stay points."""
    frame = municipalities.assign(gewicht=range(6))[["gewicht", "geometry"]]
    frame.set_geometry(frame.centroid).to_file(tmp_path / "w.gpkg")
    read = read_weights(tmp_path / "w.gpkg", municipalities)
    assert read["weight"].tolist() == [1, 2, 3, 4, 5]
    assert read.geometry.iloc[0].equals(municipalities.geometry.iloc[1].centroid)


# --- Cells that are polygons -------------------------------------------------------------------

WEST, NORTH = 3_902_000, 3_128_000
"""A corner in EPSG:3035 inside the six squares, north-west of Brussels."""

Cell = tuple[float, float, float, float | None]
"""Metres east and north of the corner, side, people."""


def published(cells: Sequence[Cell]) -> gpd.GeoDataFrame:
    """Make the grid with the columns that Statbel's has."""
    east, north, side, people = zip(*cells, strict=True)
    frame = pd.DataFrame({"ms_pop": people, "ms_len": side})
    frame = frame.assign(ms_km2=frame["ms_len"] ** 2 / 1e6)
    frame = frame.assign(x_3035=[WEST + x for x in east], y_3035=[NORTH + y for y in north])
    shapes = [
        shapely.box(WEST + x, NORTH + y, WEST + x + one, NORTH + y + one) for x, y, one, _ in cells
    ]
    return gpd.GeoDataFrame(frame, geometry=shapes, crs="EPSG:3035")


def write_published(path: Path, frame: gpd.GeoDataFrame) -> Path:
    """Write a grid as it is published: GeoJSON with its CRS, in a zip."""
    frame.to_file(path.with_suffix(".geojson"), driver="GeoJSON")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path.with_suffix(".geojson"), path.with_suffix(".geojson").name)
    path.with_suffix(".geojson").unlink()
    return path


MIXED: list[Cell] = [(0, 0, 125, 8), (125, 0, 125, 4), (0, 125, 125, 0), (250, 0, 1000, 60)]


def test_the_grid_as_published_is_read_as_cells(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """Its outlines, with the column of people by its name; what it cannot say is told."""
    path = write_published(tmp_path / "POP_GRID_2025_3035_geojson.zip", published(MIXED))
    findings = Findings()
    read, origin = load_weights(Input(path=path), municipalities, findings)
    assert findings.errors == []
    assert read is not None
    assert origin is not None
    assert read["weight"].tolist() == [8, 4, 60]
    assert np.sqrt(read.area).round(-1).tolist() == [120, 120, 1000]
    assert read.crs.to_epsg() == 31370
    assert "weights from column 'ms_pop'" in origin.note
    assert "4 cells of 125 to 1,000 m" in origin.note
    assert (origin.source, origin.date) == ("Statbel", dt.date(2025, 1, 1))
    told = "\n".join(map(str, findings.notes))
    assert "Statbel moves some residents to another cell, for their privacy" in told
    assert "'x_3035'" in told
    assert "'ms_km2'" in told


def problems(
    tmp_path: Path, municipalities: gpd.GeoDataFrame, frame: gpd.GeoDataFrame
) -> tuple[list[str], str]:
    """Read a grid; give its errors and what else is told."""
    path, findings = tmp_path / "g.gpkg", Findings()
    frame.to_file(path)
    load_weights(Input(path=path), municipalities, findings)
    return [str(one) for one in findings.errors], "\n".join(map(str, findings.notes))


def test_cells_that_are_none_are_refused(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Too large, without an outline, a point among them, twice the same, below 0, no number."""
    grid = published(MIXED)
    large = published([(0, 0, 12_000, 5)])
    no_outline = grid.set_geometry([None, *grid.geometry[1:]])
    mixed = grid.set_geometry([grid.geometry[0].centroid, *grid.geometry[1:]])
    twice = pd.concat([grid, grid.iloc[[3]]], ignore_index=True)
    below = grid.assign(ms_pop=[8, -4, 0, 60])
    words = grid.assign(ms_pop=["8", "veel", "0", "60"])
    flat = grid.set_geometry(
        [shapely.box(WEST, NORTH, WEST + 0.1, NORTH + 0.1), *grid.geometry[1:]]
    )
    for frame, what in [
        (large, "feature 1: is up to 12.* km wide, and a cell is at most 10 km; give a grid"),
        (no_outline, "feature 1: has no outline; give each cell its polygon"),
        (mixed, "feature 1: is no polygon but a Point, and the others are cells; give cells or"),
        (twice, "has cells more than once: feature 4 and 5; give each cell once"),
        (below, r"feature 2: 'ms_pop' is '-4\.?0?', not a number of 0 or more"),
        (words, "feature 2: 'ms_pop' is 'veel', not a number of 0 or more"),
        (flat, "feature 1: is smaller than 1 m2"),
        (grid.drop(columns="ms_pop"), "has no column of weights"),
    ]:
        errors, _ = problems(tmp_path, municipalities, frame)
        assert len(errors) == 1, errors
        assert re.search(what, errors[0]), errors


def test_cells_that_are_doubtful_are_told(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Without a number there is nobody; cells that overlap add up; a side that is too short."""
    errors, told = problems(
        tmp_path,
        municipalities,
        published([*MIXED[:3], (250, 0, 1000, None), (1200, 0, 500, 6)]).assign(
            ms_len=[125, 125, 125, 1000, 250]
        ),
    )
    assert errors == []
    assert "1 cell without a number in 'ms_pop'; 0 is taken" in told
    assert "cells overlap: 4 + 5; where they do their people are added up" in told
    assert "1 cell larger on the map than 'ms_len' says: feature 5" in told


def test_cells_that_all_overlap_are_told_without_end(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """Hundreds of cells laid over each other are told by the first, not by each pair."""
    heap: list[Cell] = [(i / 10, i / 10, 1000, 1) for i in range(300)]
    errors, _ = problems(tmp_path, municipalities, published(heap))
    (line,) = errors
    assert "has cells more than once: feature 1 and 2, 1 and 3, 1 and 4 and" in line


def grid_on(
    cells: gpd.GeoDataFrame, zones: Mapping[str, shapely.Geometry], children: int = 997
) -> PlacingGround:
    """Make a municipality of some zones with a grid."""
    ground = shapely.union_all([*zones.values()])
    of = hand.inputs(
        hand.municipalities({"11001": ("Antwerpen", ground)}),
        hand.children([("11001", 7, "F", children)]),
        hand.zones({name: ("11001", one) for name, one in zones.items()}),
        weights=cells,
    )
    return PlacingGround(of, hand.study(weights="w", demand={"method": "grid"}))


def spread(ground: PlacingGround) -> gpd.GeoDataFrame:
    """Place its children; give the points."""
    ages = cut_age_cells(DEFAULT_BANDS, ground.inputs.academies, AcademyRules())
    points = place_children(ground, ages, "grid").points
    return points.assign(children=count_children(points))


def cells_of(rows: Sequence[tuple[float, float, float, float]]) -> gpd.GeoDataFrame:
    """Make cells of (east, north, side) in km from the corner of the ground, and people."""
    shapes = [hand.square(x, y, side, side) for x, y, side, _ in rows]
    return gpd.GeoDataFrame({"weight": [one[3] for one in rows]}, geometry=shapes, crs=hand.CRS)


def test_a_grid_worked_out_by_hand() -> None:
    """A cell of 1 km across a border, a third in the east zone, and one of 125 m in the west.

    Of 100 children: the large cell has 60 people, 40 west and 20 east; the small one 40, west.
    """
    grid = cells_of([(0, 0, 1, 60), (0, 1, 0.125, 40)])
    zones = {"W": hand.square(0, 0, 2 / 3, 2), "E": hand.square(2 / 3, 0, 1, 2)}
    points = spread(grid_on(grid, zones, 100))
    by = points.groupby("zone_id")["children"].apply(sorted).to_dict()
    assert by == {"W": [40, 40], "E": [20]}
    small = points[points.geometry.y > hand.Y0 + 1000]
    assert small["children"].tolist() == [40]
    assert small.geometry.iloc[0].within(hand.square(0, 1, 0.125, 0.125))


@given(
    cut=st.floats(0.1, 1.9),
    people=st.lists(st.integers(0, 500), min_size=8, max_size=8).filter(any),
    children=st.integers(1, 3000),
)
@settings(max_examples=12)
def test_a_grid_of_many_sizes_loses_no_child(cut: float, people: list[int], children: int) -> None:
    """Each child stands in its zone, and the cut is what shapely says cell by cell."""
    sides = [1, 0.5, 0.25, 0.125]
    grid = cells_of([(i % 2, i // 2 % 2 + 0.1, sides[i // 2], p) for i, p in enumerate(people)])
    grid = grid[grid["weight"] > 0].reset_index(drop=True)
    zones = {"W": hand.square(0, 0, cut, 3), "E": hand.square(cut, 0, 3 - cut, 3)}
    ground = grid_on(grid, zones, children)
    points = spread(ground)
    assert points["children"].sum() == children
    places = ground.find_places("grid", np.zeros(2, dtype=np.intp))
    assert places is not None
    of_zone = np.bincount(places.zone, places.weight, 2) / places.weight.sum()
    for number, (zone, outline) in enumerate(zones.items()):
        mine = points[points["zone_id"] == zone]
        assert mine.geometry.within(outline.buffer(1e-6)).all()
        people_there = (grid["weight"] * grid.intersection(outline).area / grid.area).sum()
        assert of_zone[number] == pytest.approx(people_there / grid["weight"].sum(), abs=1e-6)


@given(people=st.lists(st.integers(0, 200), min_size=4, max_size=4).filter(any))
@settings(max_examples=10)
def test_four_small_cells_are_one_of_twice_the_side(people: list[int]) -> None:
    """By their sums: in each zone the same children within one, however a cell is divided."""
    each = sum(people) / 4
    quarters = [(x, y, 0.125, each) for x in (0, 0.125) for y in (0, 0.125)]
    zones = {"W": hand.square(0, 0, 0.1, 1), "E": hand.square(0.1, 0, 1, 1)}
    other = (0.5, 0.5, 0.25, 100.0)
    by = [
        spread(grid_on(cells_of([*own, other]), zones)).groupby("zone_id")["children"].sum()
        for own in (quarters, [(0, 0, 0.25, sum(people))])
    ]
    assert (by[0] - by[1]).abs().max() <= 1


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
