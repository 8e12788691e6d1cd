"""Files that end in one clear line, where they once ended in a traceback or took long."""

from __future__ import annotations

import bz2
import gzip
import json
import math
import struct
import warnings
import zlib
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pyarrow.parquet as pq
import pytest
import rasterio
import shapely
from inputs.conftest import SQUARES, squares
from rasterio.errors import NotGeoreferencedWarning

from stemgeo.errors import Findings, InputError, StudyError
from stemgeo.inputs import read_academies, read_municipalities, read_population, read_weights
from stemgeo.inputs import weights as weights_module
from stemgeo.inputs.files import open_input
from stemgeo.inputs.population import load_zone_population
from stemgeo.study import Input, load_study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def refusal(read: Callable[[], object]) -> str:
    """Give the one line in which a reader refuses a file."""
    with pytest.raises(InputError) as error:
        read()
    (line,) = str(error.value).splitlines()
    return line


# --- Text in UTF-16 ----------------------------------------------------------------------------

PEOPLE = "nis_code;age;sex;children\n" + "".join(
    f"{code};{age};F;10\n" for code in SQUARES for age in range(5, 18)
)
WHOLE = PEOPLE.encode("utf-16")


@pytest.mark.parametrize(
    "content",
    [
        WHOLE + b"x",
        WHOLE[:-1],
        WHOLE[:8] + b"\x00\xd8" + WHOLE[8:],
        WHOLE[:900] + b"\x00\xdc" + WHOLE[900:],
        WHOLE + b"\x00\xd8",
    ],
    ids=["odd", "cut off", "surrogate in the header", "low surrogate", "at the end"],
)
def test_broken_utf_16_is_told(tmp_path: Path, content: bytes) -> None:
    """Half a letter, in the header or anywhere, is a damaged file and no traceback."""
    (tmp_path / "p.csv").write_bytes(content)
    line = refusal(lambda: read_population(tmp_path / "p.csv"))
    assert line == (
        "p.csv: is text in UTF-16 that is cut off or damaged; save it again as CSV UTF-8"
    )


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe" + PEOPLE.encode(),
        b"\xfe\xff" + PEOPLE.encode("utf-16-le"),
        b"\xff\xfe" + PEOPLE.encode("utf-16-be"),
        b"\xff\xfe",
    ],
    ids=["UTF-8", "the other order", "the other order too", "nothing"],
)
def test_text_that_is_not_the_utf_16_it_claims_is_told(tmp_path: Path, content: bytes) -> None:
    """The first two bytes say UTF-16, and what follows is none."""
    (tmp_path / "p.csv").write_bytes(content)
    line = refusal(lambda: read_population(tmp_path / "p.csv"))
    assert line == "p.csv: says that it is UTF-16, and is not; save it again as CSV UTF-8"


# --- GeoParquet --------------------------------------------------------------------------------


def parquet(path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """Write the six municipalities with other metadata: a text as it is, all else as JSON."""
    squares(SQUARES).to_parquet(path)
    table = pq.read_table(path)
    metadata = change(json.loads(table.schema.metadata[b"geo"]))
    text = metadata if isinstance(metadata, str) else json.dumps(metadata)
    pq.write_table(table.replace_schema_metadata({"geo": text}), path)
    return path


@pytest.mark.parametrize(
    "crs", ["EPSG:999999", 5, True, {"type": "x"}, {"type": "GeographicCRS"}, "no such place"]
)
def test_parquet_with_a_damaged_crs_is_told(tmp_path: Path, crs: object) -> None:
    """A CRS that PROJ does not know is refused with what to do."""

    def damaged(geo: dict[str, Any]) -> dict[str, Any]:
        geo["columns"]["geometry"]["crs"] = crs
        return geo

    path = parquet(tmp_path / "g.parquet", damaged)
    assert refusal(lambda: read_municipalities(path)) == (
        "g.parquet: says a CRS that is damaged or unknown; "
        "save it again with its CRS, such as EPSG:31370"
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda geo: geo | {"primary_column": "elsewhere"},
        lambda geo: geo | {"primary_column": None},
        lambda geo: geo | {"primary_column": "NAAM"},
        lambda geo: geo | {"columns": []},
        lambda geo: geo | {"columns": {"geometry": {"encoding": "point"}}},
        lambda geo: geo | {"columns": {"geometry": 5}},
        lambda geo: geo | {"version": None},
        lambda _: [],
        lambda _: "{",
        lambda _: "",
        lambda _: "[" * 100_000,
    ],
)
def test_parquet_with_damaged_metadata_is_told(
    tmp_path: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    """Whatever geopandas stumbles on, the file is called damaged, in one line."""
    path = parquet(tmp_path / "g.parquet", change)
    assert refusal(lambda: read_municipalities(path)) == (
        "g.parquet: is a GeoParquet that is cut off, damaged or without geometry; copy it again"
    )


# --- GeoTIFF -----------------------------------------------------------------------------------


def raster(path: Path, *transform: float, size: int = 60) -> Path:
    """Write a raster with one person in each cell; no transform leaves it without."""
    place = {"transform": rasterio.Affine(*transform)} if transform else {}
    kind = {"driver": "GTiff", "count": 1, "dtype": "uint8", "crs": "EPSG:31370"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)  # as is meant
        with rasterio.open(path, "w", width=size, height=size, **kind, **place) as file:
            file.write(np.ones((size, size), dtype="uint8"), 1)
    return path


NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    "transform",
    [
        (),
        (0, 0, 0, 0, 0, 0),
        (NAN, 0, 1e5, 0, -1000, 2.1e5),
        (1000, 0, NAN, 0, -1000, NAN),
        (1000, 0, INF, 0, -1000, 2.1e5),
        (1000, 1000, 1e5, 1000, 1000, 2.1e5),
        (1e-300, 0, 1e5, 0, -1e-300, 2.1e5),
    ],
)
def test_raster_that_says_no_place_is_told(
    tmp_path: Path, municipalities: gpd.GeoDataFrame, transform: tuple[float, ...]
) -> None:
    """A transform that is missing, not of numbers or singular; copying the file mends nothing."""
    path = raster(tmp_path / "w.tif", *transform)
    assert refusal(lambda: read_weights(path, municipalities)) == (
        "w.tif: does not say where its cells lie: its transform is missing or damaged; "
        "save it again as GeoTIFF with its place on the map"
    )


@pytest.mark.parametrize("size", [5e-324, 1e-9, 0.5, 1e6, 1e300])
def test_raster_with_cells_of_no_possible_size_is_told(
    tmp_path: Path, municipalities: gpd.GeoDataFrame, size: float
) -> None:
    """No cell is smaller than a metre or larger than a province."""
    path = raster(tmp_path / "w.tif", size, 0, 1e5, 0, -1000 if size < 1e-99 else -size, 2.1e5)
    assert "which cannot be; save it with the right size of its cells" in refusal(
        lambda: read_weights(path, municipalities)
    )


def test_turned_raster_keeps_its_own_advice(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """Nothing "cannot be read" about it, and to copy it again would not help."""
    path = raster(tmp_path / "w.tif", 1000, 100, 1e5, 100, -1000, 2.1e5)
    assert refusal(lambda: read_weights(path, municipalities)) == (
        "w.tif: is a turned raster; save it with its rows from west to east"
    )


@pytest.mark.parametrize(
    ("limit", "cells"),
    [("_MOST_CELLS", "3,000 cells"), ("_MOST_PEOPLED", "3,000 cells with people")],
)
def test_raster_with_too_many_cells_is_told(
    tmp_path: Path,
    municipalities: gpd.GeoDataFrame,
    monkeypatch: pytest.MonkeyPatch,
    limit: str,
    cells: str,
) -> None:
    """Cells in the window, and cells with people, are each bounded: give a coarser grid."""
    monkeypatch.setattr(weights_module, limit, 3000)
    path = raster(tmp_path / "w.tif", 100, 0, 1e5, 0, -100, 2.1e5)
    assert refusal(lambda: read_weights(path, municipalities)) == (
        f"w.tif: has more than {cells} in the study area; give cells of 100 m or more"
    )


def test_raster_is_read_alike_in_one_part_or_many(
    tmp_path: Path, municipalities: gpd.GeoDataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that are looked at a few at a time give the same cells in the same order."""
    path = raster(tmp_path / "w.tif", 500, 0, 1e5, 0, -500, 2.1e5)
    whole = read_weights(path, municipalities)
    monkeypatch.setattr(weights_module, "_AT_ONCE", 150)
    assert read_weights(path, municipalities).equals(whole)
    assert len(whole) == 20 * 60 + 60  # to the border in the south, and the cells that touch it


# --- Tables with a header and no rows ----------------------------------------------------------


@pytest.mark.parametrize("role", ["population", "zone_population", "academies", "weights"])
def test_header_without_rows_is_told(
    tmp_path: Path, municipalities: gpd.GeoDataFrame, role: str
) -> None:
    """Each table says that it holds no rows."""
    path = tmp_path / "t.csv"
    path.write_text("zone_id;nis_code;age;sex;children;population;academy_id;x;y;weight\n")

    def totals() -> None:
        findings, zones = Findings(), municipalities.assign(zone_id=municipalities["nis_code"])
        load_zone_population(Input(path=path), zones, None, findings)
        findings.raise_errors()

    read = {
        "population": lambda: read_population(path),
        "zone_population": totals,
        "academies": lambda: read_academies(path, municipalities),
        "weights": lambda: read_weights(path, municipalities),
    }
    assert refusal(read[role]) == "t.csv: holds no rows below its header"


def test_empty_point_is_told_without_a_warning_of_a_library(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """A library warns of empty geometry; the reader says which feature has no coordinates."""
    points = [shapely.Point(105_000, 205_000), shapely.Point()]
    frame = gpd.GeoDataFrame({"naam": ["a", "b"]}, geometry=points, crs="EPSG:31370")
    frame.to_file(tmp_path / "a.gpkg")
    assert "feature 2: no coordinates" in refusal(
        lambda: read_academies(tmp_path / "a.gpkg", municipalities)
    )


# --- study.toml --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a = " + "[" * 5000, "its lists and tables stand too deep in each other"),
        ("a = " + "{a=" * 5000, "its lists and tables stand too deep in each other"),
        ("a = " + "9" * 5000, "holds an endless number"),
        ("a = 1\n" * 20_000, "is larger than 100 kB"),
        ("[" + "a." * 60_000 + "a]", "is larger than 100 kB"),
    ],
    ids=["lists", "tables", "digits", "lines", "quadratic"],
)
def test_toml_that_no_one_wrote_is_told(tmp_path: Path, text: str, what: str) -> None:
    """What exhausts the parser is refused in a line."""
    (tmp_path / "study.toml").write_text(text)
    with pytest.raises(StudyError) as error:
        load_study(tmp_path)
    (line,) = str(error.value).splitlines()
    assert what in line


# --- Extracts that are bombs -------------------------------------------------------------------


def varint(number: int) -> bytes:
    low, high = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + varint(high) if high else bytes([low])


def part(number: int, value: bytes | int) -> bytes:
    """Write a field of a protobuf message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def blob(kind: bytes, content: bytes, *, packed: bool = True) -> bytes:
    """Write a blob of a PBF with its header."""
    body = part(1, content)
    if packed:
        body = part(2, len(content)) + part(3, zlib.compress(content, 9))
    head = part(1, kind) + part(3, len(body))
    return struct.pack(">I", len(head)) + head + body


def pbf(path: Path, *blocks: bytes, packed: bool = True) -> Path:
    header = blob(b"OSMHeader", part(4, b"OsmSchema-V0.6") + part(4, b"DenseNodes"))
    path.write_bytes(header + b"".join(blob(b"OSMData", one, packed=packed) for one in blocks))
    return path


def of_extract(path: Path) -> str:
    """Give the line in which the door refuses an extract."""
    findings = Findings()
    with open_input(Input(path=path), "network", findings) as file:
        assert file is None
    (problem,) = findings.errors
    return str(problem)


MEBI = 1024**2
TEXTS = part(1, part(1, b"") + part(1, b"highway") + part(1, b"residential"))
WAY = part(3, part(1, 1) + part(2, b"\x01") + part(3, b"\x02") + part(8, b"\x02\x02"))
BOMBS = {
    "empty groups": TEXTS + b"\x12\x00" * 8 * MEBI,
    "fields of a group": TEXTS + part(2, b"\x78\x00" * 8 * MEBI),
    "fields of no meaning": TEXTS + part(2, WAY) + b"\x78\x00" * 8 * MEBI,
    "texts": part(1, b"\x0a\x00" * 8 * MEBI) + part(2, WAY),
    "nodes": TEXTS + part(2, part(2, part(1, b"\x02" * 8 * MEBI))) + part(2, WAY),
    "tags": TEXTS + part(2, part(3, part(2, b"\x01" * MEBI) + part(3, b"\x02" * MEBI))),
    "nothing": b"\x00" * 16 * MEBI,
}


@pytest.mark.parametrize("kind", list(BOMBS))
def test_block_packed_as_no_map_is_refused_unread(tmp_path: Path, kind: str) -> None:
    """A block of 16 kB that unpacks to 16 MB took 19 seconds, or all memory."""
    path = pbf(tmp_path / "x.osm.pbf", TEXTS + part(2, WAY), BOMBS[kind])
    assert path.stat().st_size < 40_000
    assert of_extract(path) == (
        "x.osm.pbf: is packed more than 50 to 1; "
        "no map packs so well: do not use it, or download it again"
    )


def test_many_small_blocks_are_counted_together(tmp_path: Path) -> None:
    """Each block is small enough, and all together are not."""
    path = pbf(tmp_path / "x.osm.pbf", *[TEXTS + b"\x12\x00" * (MEBI // 3)] * 30)
    assert "is packed more than 50 to 1" in of_extract(path)


@pytest.mark.parametrize("kind", ["empty groups", "fields of a group"])
def test_block_without_end_is_refused(tmp_path: Path, kind: str) -> None:
    """Not packed at all, so of its real size, with more parts than any writer makes."""
    path = pbf(tmp_path / "x.osm.pbf", BOMBS[kind], packed=False)
    assert of_extract(path) == (
        "x.osm.pbf: is damaged: a block of it has more than 100,000 parts; download it again"
    )


@pytest.mark.parametrize("packed", [gzip.compress, bz2.compress])
def test_packed_xml_that_is_no_map_is_refused(
    tmp_path: Path, packed: Callable[[bytes], bytes]
) -> None:
    """So is OSM XML that is nothing but blanks."""
    ending = ".gz" if packed is gzip.compress else ".bz2"
    path = tmp_path / f"x.osm{ending}"
    path.write_bytes(packed(b'<osm version="0.6">' + b" " * 20 * MEBI + b"</osm>"))
    assert "is packed more than 50 to 1" in of_extract(path)
