"""A GeoPackage with several layers, their columns' names, sources and styles.

Written by SQLite itself, in memory: GDAL writes one layer at a time, and says neither what a column
is called nor how a layer looks. It is of version 1.2, which every QGIS in use reads whole. The same
layers give the same bytes, whichever version of SQLite writes them.
"""

from __future__ import annotations

import sqlite3
from functools import cache
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from stemgeo.facts import LAMBERT_72
from stemgeo.qgis.symbols import LINE, POINT, POLYGON, element, write_xml
from stemgeo.report.files import WRITTEN_ON
from stemgeo.writing.seal import settle_geopackage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stemgeo.qgis.entries import LayerInQgis

SRID = int(LAMBERT_72.rpartition(":")[2])
GEOMETRY = "geom"
_TYPES = {POINT: "POINT", LINE: "MULTILINESTRING", POLYGON: "MULTIPOLYGON"}
_SCHEMA = """
PRAGMA application_id = 1196444487;
PRAGMA user_version = 10200;
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY,
  organization TEXT NOT NULL, organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL,
  description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL,
  identifier TEXT UNIQUE, description TEXT DEFAULT '', last_change DATETIME NOT NULL DEFAULT
  (strftime('%Y-%m-%dT%H:%M:%fZ','now')), min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE,
  srs_id INTEGER, CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES
  gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL,
  geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL,
  m TINYINT NOT NULL, CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
  CONSTRAINT uk_gc_table_name UNIQUE (table_name), CONSTRAINT fk_gc_tn FOREIGN KEY (table_name)
  REFERENCES gpkg_contents(table_name), CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES
  gpkg_spatial_ref_sys (srs_id));
CREATE TABLE gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL,
  definition TEXT NOT NULL, scope TEXT NOT NULL, CONSTRAINT ge_tce UNIQUE (table_name, column_name,
  extension_name));
CREATE TABLE gpkg_data_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT,
  title TEXT, description TEXT, mime_type TEXT, constraint_name TEXT, CONSTRAINT pk_gdc PRIMARY KEY
  (table_name, column_name), CONSTRAINT gdc_tn UNIQUE (table_name, name));
CREATE TABLE gpkg_data_column_constraints (constraint_name TEXT NOT NULL,
  constraint_type TEXT NOT NULL, value TEXT, min NUMERIC, min_is_inclusive BOOLEAN, max NUMERIC,
  max_is_inclusive BOOLEAN, description TEXT, CONSTRAINT gdcc_ntv UNIQUE (constraint_name,
  constraint_type, value));
CREATE TABLE gpkg_metadata (id INTEGER CONSTRAINT m_pk PRIMARY KEY ASC NOT NULL, md_scope TEXT NOT
  NULL DEFAULT 'dataset', md_standard_uri TEXT NOT NULL, mime_type TEXT NOT NULL DEFAULT 'text/xml',
  metadata TEXT NOT NULL DEFAULT '');
CREATE TABLE gpkg_metadata_reference (reference_scope TEXT NOT NULL, table_name TEXT,
  column_name TEXT, row_id_value INTEGER, timestamp DATETIME NOT NULL DEFAULT
  (strftime('%Y-%m-%dT%H:%M:%fZ','now')), md_file_id INTEGER NOT NULL, md_parent_id INTEGER,
  CONSTRAINT crmr_mfi_fk FOREIGN KEY (md_file_id) REFERENCES gpkg_metadata(id),
  CONSTRAINT crmr_mpi_fk FOREIGN KEY (md_parent_id) REFERENCES gpkg_metadata(id));
CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256),
  f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256),
  styleName TEXT(30), styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT,
  owner TEXT(30), ui TEXT(30), update_time DATETIME DEFAULT
  (strftime('%Y-%m-%dT%H:%M:%fZ','now')));
"""
_WORLD = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG",'
    '"7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",'
    '0.0174532925199433,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4326"]]'
)
_EXTENSIONS = (
    ("gpkg_data_columns", "gpkg_schema", "schema"),
    ("gpkg_data_column_constraints", "gpkg_schema", "schema"),
    ("gpkg_metadata", "gpkg_metadata", "metadata"),
    ("gpkg_metadata_reference", "gpkg_metadata", "metadata"),
)


def write_geopackage(layers: Sequence[LayerInQgis], said: Mapping[str, str]) -> bytes:
    """Write layers into a GeoPackage.

    Parameters
    ----------
    layers
        Each becomes a table of its own.
    said
        What goes with every layer, by its name, for programs.

    Returns
    -------
    bytes
        The file.
    """
    base = sqlite3.connect(":memory:")
    try:
        base.executescript(_SCHEMA)
        base.executemany("INSERT INTO gpkg_spatial_ref_sys VALUES (?,?,?,?,?,?)", _list_systems())
        base.executemany(
            "INSERT INTO gpkg_extensions VALUES (?,NULL,?,?,'read-write')",
            [
                (table, name, f"http://www.geopackage.org/spec120/#extension_{page}")
                for table, name, page in _EXTENSIONS
            ],
        )
        for one in layers:
            _write_layer(base, one)
            _write_about(base, one, said)
        _write_styles(base, layers)
        base.commit()
        return settle_geopackage(base.serialize())
    finally:
        base.close()


@cache
def _list_systems() -> list[tuple[Any, ...]]:
    """List the systems of coordinates that every GeoPackage has, and ours."""
    ours = CRS(LAMBERT_72).to_wkt("WKT1_GDAL")
    return [
        ("Undefined Cartesian SRS", -1, "NONE", -1, "undefined", None),
        ("Undefined geographic SRS", 0, "NONE", 0, "undefined", None),
        ("WGS 84 geodetic", 4326, "EPSG", 4326, _WORLD, None),
        (
            "BD72 / Belgian Lambert 72",
            SRID,
            "EPSG",
            SRID,
            ours,
            None,
        ),
    ]


def _write_layer(base: sqlite3.Connection, one: LayerInQgis) -> None:
    table, key = one.layer.table, one.layer.key
    shapes = _make_alike(table.geometry.to_numpy(), one.layer.kind)
    plain = pd.DataFrame(table.drop(columns=table.geometry.name))
    columns = [_list_cells(plain[name], one.kinds.get(str(name))) for name in plain]
    named = ", ".join(
        f"{_quote(name)} {kind}" for name, (kind, _) in zip(plain, columns, strict=True)
    )
    start = (
        f'"fid" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, "{GEOMETRY}" {_TYPES[one.layer.kind]}'
    )
    base.execute(f"CREATE TABLE {_quote(key)} ({start}{', ' * bool(named)}{named})")
    places = ",".join("?" * (len(columns) + 1))
    names = ", ".join([f'"{GEOMETRY}"', *map(_quote, plain)])
    rows = zip(_write_shapes(shapes), *(cells for _, cells in columns), strict=True)
    base.executemany(f"INSERT INTO {_quote(key)} ({names}) VALUES ({places})", rows)  # noqa: S608
    known = shapes[~shapely.is_missing(shapes)]
    bounds = shapely.total_bounds(known).tolist() if len(known) else [None] * 4
    about = (key, "features", key, f"{one.title}. {one.about}", WRITTEN_ON, *bounds, SRID)
    base.execute("INSERT INTO gpkg_contents VALUES (?,?,?,?,?,?,?,?,?,?)", about)
    kind = (key, GEOMETRY, _TYPES[one.layer.kind], SRID, 0, 0)
    base.execute("INSERT INTO gpkg_geometry_columns VALUES (?,?,?,?,?,?)", kind)


def _quote(name: object) -> str:
    return '"' + str(name).replace('"', '""') + '"'


def _make_alike(shapes: Any, kind: str) -> Any:
    """Give shapes of one kind: lines and polygons all of several parts, without heights."""
    flat = shapely.force_2d(shapes)
    make: Any = {LINE: shapely.multilinestrings, POLYGON: shapely.multipolygons}.get(kind)
    if make is None:
        return flat
    parts, of = shapely.get_parts(flat, return_index=True)
    there = np.unique(of)
    alike = np.full(len(flat), None, dtype=object)
    if len(there):
        alike[there] = make(parts, indices=np.searchsorted(there, of))
    return alike


def _write_shapes(shapes: Any) -> Iterator[bytes | None]:
    """Write shapes as a GeoPackage has them: a head with their bounds, and WKB."""
    is_point = shapely.get_type_id(shapes) == 0
    corners = shapely.bounds(shapes)[:, [0, 2, 1, 3]].astype("<f8")
    for shape, point, corner in zip(
        shapely.to_wkb(shapes, byte_order=1), is_point, corners, strict=True
    ):
        if shape is None:
            yield None
        else:
            flags = 0b0001 if point else 0b0011
            head = b"GP\x00" + bytes([flags]) + SRID.to_bytes(4, "little", signed=True)
            yield head + (b"" if point else corner.tobytes()) + shape


_COLUMN_TYPES = {"b": "BOOLEAN", "i": "INTEGER", "u": "INTEGER", "f": "REAL", "M": "DATE"}
"""By the letter of a kind; all others are text."""


def _list_cells(column: pd.Series, kind: str | None) -> tuple[str, list[Any]]:
    """Give the type of a column and its cells as SQLite takes them; what is not known is none.

    Parameters
    ----------
    column
        Of a table.
    kind
        What its schema says; None: it is in none.
    """
    type_ = _COLUMN_TYPES.get(getattr(column.dtype, "kind", "") if kind is None else kind, "TEXT")
    known = column.notna().to_numpy()
    if type_ == "REAL":
        known = np.isfinite(column.to_numpy(np.float64, na_value=np.nan))
    make: Any = {"TEXT": str, "REAL": float, "DATE": "{:%Y-%m-%d}".format}.get(type_, int)
    pairs = zip(column.tolist(), known.tolist(), strict=True)
    return type_, [make(value) if there else None for value, there in pairs]


def _write_about(base: sqlite3.Connection, one: LayerInQgis, said: Mapping[str, str]) -> None:
    """Write the names of columns, and where the layer is from: for programs, and for QGIS."""
    key = one.layer.key
    rows = [
        (key, name, title, title, one.descriptions[name]) for name, title in one.aliases.items()
    ]
    base.executemany("INSERT INTO gpkg_data_columns VALUES (?,?,?,?,?,NULL,NULL)", rows)
    for standard, text in (
        ("http://gdal.org", _write_items(said)),
        ("http://mrcc.com/qgis.dtd", write_xml(element("qgis", *one.metadata))),
    ):
        made = base.execute(
            "INSERT INTO gpkg_metadata (md_scope, md_standard_uri, metadata) VALUES (?,?,?)",
            ("dataset", standard, text),
        )
        base.execute(
            "INSERT INTO gpkg_metadata_reference VALUES ('table',?,NULL,NULL,?,?,NULL)",
            (key, WRITTEN_ON, made.lastrowid),
        )


def _write_items(said: Mapping[str, str]) -> str:
    """Write texts as GDAL reads them: `pyogrio.read_info` gives them as `layer_metadata`."""
    items = [element("MDI", text=text, key=name) for name, text in said.items() if text]
    root = element("GDALMultiDomainMetadata", element("Metadata", *items), xmlns="http://gdal.org")
    return ET.tostring(root, encoding="unicode")


def _write_styles(base: sqlite3.Connection, layers: Sequence[LayerInQgis]) -> None:
    """Write the styles; the first of a layer is its own, which QGIS takes by itself."""
    rows = [
        ("", "", one.layer.key, GEOMETRY, name, qml, "", int(not number), name, "", WRITTEN_ON)
        for one in layers
        for number, (name, qml) in enumerate(one.styles.items())
    ]
    base.executemany(
        "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name,"
        " f_geometry_column, styleName, styleQML, styleSLD, useAsDefault, description, owner,"
        " update_time)"
        " VALUES (?,?,?,?,?,?,?,?,?,?,?)",
        rows,
    )
    about = ("layer_styles", "attributes", "layer_styles", "", WRITTEN_ON)
    base.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change)"
        " VALUES (?,?,?,?,?)",
        about,
    )
