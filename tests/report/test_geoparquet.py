"""Facts about the files of a result: parquet with places is GeoParquet 1.1, boxes and all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import hand
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely

from stemgeo.report.figures import compare_tables
from stemgeo.report.files import BOX, ROWS_TOGETHER, write_parquet
from stemgeo.report.reading import read_areas

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def table() -> gpd.GeoDataFrame:
    """Two roads by which one finds the way, as a result has them."""
    lines = [shapely.LineString([hand.spot(x, 0), hand.spot(x + 1, 2)]) for x in (0, 3)]
    return gpd.GeoDataFrame({"kind": ["big", "bigger"]}, geometry=lines, crs=hand.CRS)


def geo_of(path: Path) -> dict[str, Any]:
    """Give what the file says of its geometry."""
    told: dict[str, Any] = json.loads(pq.ParquetFile(path).schema_arrow.metadata[b"geo"])
    return told


def test_places_are_geoparquet_with_a_box_beside_each(
    table: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    """What the 1.1 specification asks: version, encoding, PROJJSON, extent, and where boxes are."""
    path = tmp_path / "main-roads.parquet"
    write_parquet(table, path)
    told = geo_of(path)
    assert told["version"] == "1.1.0"
    assert told["primary_column"] == "geometry"
    column = told["columns"]["geometry"]
    assert column["encoding"] == "WKB"
    assert column["geometry_types"] == ["LineString"]
    assert column["crs"]["type"] == "ProjectedCRS"
    assert column["crs"]["id"] == {"authority": "EPSG", "code": 31370}
    assert column["bbox"] == list(table.total_bounds)
    sides = ("xmin", "ymin", "xmax", "ymax")
    assert column["covering"] == {"bbox": {side: [BOX, side] for side in sides}}
    boxes = pd.DataFrame(pq.read_table(path, columns=[BOX])[BOX].to_pylist())
    assert [[*one] for one in boxes[[*sides]].to_numpy()] == table.bounds.to_numpy().tolist()


def test_a_part_is_read_by_its_boxes_and_they_are_never_seen(
    table: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    """Whoever asks for a part gets it; stemgeo and geopandas give the columns that were written."""
    path = tmp_path / "main-roads.parquet"
    write_parquet(table, path)
    for read in (gpd.read_parquet(path), read_areas(path, "main-roads")):
        pd.testing.assert_frame_equal(pd.DataFrame(read), pd.DataFrame(table), check_dtype=False)
    part = gpd.read_parquet(path, bbox=tuple(table.geometry[1].bounds))
    assert part["kind"].tolist() == ["bigger"]


def test_rows_stand_in_groups_and_a_table_without_places_has_no_boxes(tmp_path: Path) -> None:
    """Of a group a reader takes none or all; many rows are several of these."""
    rows = ROWS_TOGETHER + 1
    for name, kind in (("points", gpd.GeoDataFrame), ("plain", pd.DataFrame)):
        table = kind({"number": range(rows)})
        if name == "points":
            table = table.set_geometry([hand.spot(0, 0)] * rows, crs=hand.CRS)
        write_parquet(table, tmp_path / name)
        file = pq.ParquetFile(tmp_path / name)
        assert file.metadata.num_row_groups == (2 if name == "points" else 1)
        assert (BOX in file.schema_arrow.names) == (name == "points")


def test_a_box_is_no_figure_that_differs(table: gpd.GeoDataFrame, tmp_path: Path) -> None:
    """A place that was moved differs once, and a file from before there were boxes not at all."""
    for name in ("then", "now", "before"):
        (tmp_path / name).mkdir()
    paths = [tmp_path / name / "main-roads.parquet" for name in ("then", "now", "before")]
    write_parquet(table, paths[0])
    write_parquet(table.translate(1).to_frame("geometry").assign(kind=table["kind"]), paths[1])
    table.to_parquet(paths[2], index=False)
    assert {one.column for one in compare_tables(*paths[:2])[2]} == {"geometry"}
    assert compare_tables(paths[0], paths[2]) == (0, 2, ())
