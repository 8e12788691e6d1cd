"""Every reader with a small valid file of its own, in each format that it takes.

A `Case` is a mutated file. Reading it gives what was read as plain rows, which must be those of the
file before, when the change says nothing new, and must add up as the file itself does.
"""

from __future__ import annotations

import bz2
import csv
import datetime as dt
import gzip
import io
import json
import os
import re
import struct
import tempfile
import zipfile
import zlib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import geopandas as gpd
import hand
import numpy as np
import openpyxl
import osmium
import pandas as pd
import pyarrow.parquet as pq
import rasterio
import shapely
from fuzz import mutate
from fuzz.mutate import Table

from stemgeo.errors import Findings
from stemgeo.inputs import extracts, pbf
from stemgeo.inputs.academies import load_academies
from stemgeo.inputs.accounts import KnownPlaces, load_account
from stemgeo.inputs.address_match import NO_MATCH, load_answers
from stemgeo.inputs.attributes import load_attribute
from stemgeo.inputs.boundaries import load_municipalities, load_zones
from stemgeo.inputs.buildings import read_buildings
from stemgeo.inputs.files import open_input
from stemgeo.inputs.layers import load_layer
from stemgeo.inputs.network_edits import load_network_edits
from stemgeo.inputs.place_files import load_corrections
from stemgeo.inputs.placing import AddressBook, PlaceSources
from stemgeo.inputs.plan import CANDIDATES, PLACES, load_places
from stemgeo.inputs.population import load_population, load_zone_population
from stemgeo.inputs.weights import load_addresses, load_weights
from stemgeo.inputs.zone_codes import load_zone_codes
from stemgeo.measure import measure_day, prepare_study
from stemgeo.network.osm import read_roads
from stemgeo.planning import site
from stemgeo.stages import report_nothing
from stemgeo.study import Attribute, Input, Layer, load_study, parse_study

if TYPE_CHECKING:
    from collections.abc import Callable
os.environ["OGR_CURRENT_DATE"] = "2022-12-31T00:00:00.000Z"  # so that a seed gives the same bytes

VECTORS = ("geojson", "geojsonl", "topojson", "gpkg", "shp.zip", "fgb", "parquet", "gml", "kml")
TEXTS = ("csv", "txt", "cp1252.csv", "utf16.csv", "xlsx", "csv.zip")
EXTRACTS = ("osm", "osm.gz", "osm.bz2", "osm.pbf")

FORMATS = {
    "municipalities": VECTORS,
    "zones": VECTORS,
    "layers": VECTORS,
    "academies": (*TEXTS, *VECTORS),
    "plan": (*TEXTS, "geojson", "gpkg"),
    "candidates": (*TEXTS, "geojson", "kml"),
    "addresses": (*TEXTS, "fgb", "parquet"),
    "addressed": TEXTS,
    "corrections": TEXTS,
    "network_edits": (*TEXTS, "geojson", "gpkg"),
    "weights": ("tif", "tif", "tif", *TEXTS, "gpkg", "geojson"),
    "population": TEXTS,
    "zone_population": TEXTS,
    "attributes": TEXTS,
    "zone_codes": TEXTS,
    "matched_addresses": TEXTS,
    "events": TEXTS,
    "network": EXTRACTS,
    "buildings": EXTRACTS,
    "study": ("toml", "toml", "toml"),
    "whole": ("run", "run", "site"),
}
"""The formats in which each reader is tried; one that stands twice is tried twice as often."""

_FETCHED = ("zone_codes", "matched_addresses", "events")

TARGETS = [(role, form) for role, forms in FORMATS.items() for form in forms]


# --- Small valid files -------------------------------------------------------------------------

CODES = {"11001": "Aartselaar", "11004": "Boechout", "71016": "Genk"}
OUTLINES = dict(
    zip(
        CODES,
        (hand.square(0, 0, 6, 4), hand.square(6, 0, 6, 4), hand.square(0, 4, 12, 2)),
        strict=True,
    )
)
AGES = range(5, 18)


def _municipalities() -> Table:
    rows = [[code, name] for code, name in CODES.items()]
    return Table(["NISCODE", "NAAM"], rows, list(OUTLINES.values()))


def _zones() -> Table:
    cells = [(code, outline) for code, outline in OUTLINES.items() for _ in range(2)]
    rows, shapes = [], []
    for place, (code, outline) in enumerate(cells):
        left, bottom, right, top = outline.bounds
        middle = (left + right) / 2
        half = (left, bottom, middle, top) if place % 2 == 0 else (middle, bottom, right, top)
        rows.append([f"{code}A{place}", f"Wijk {place}"])
        shapes.append(shapely.box(*half))
    return Table(["CD_SECTOR", "NAAM"], rows, shapes)


def _layers() -> Table:
    return Table(
        ["id", "naam"],
        [["W", "West"], ["O", "Oost"]],
        [hand.square(0, 0, 6, 6), hand.square(6, 0, 6, 6)],
    )


def _population() -> Table:
    columns = ["CD_REFNIS", "CD_SEX", "CD_AGE", "MS_POPULATION", "CD_YEAR"]
    rows = [
        [code, sex, str(age), str(3 + age % 4), "2022"]
        for code in CODES
        for sex in "FM"
        for age in (*AGES, 40, 70)
    ]
    return Table(columns, rows)


def _academies() -> Table:
    columns = [
        "academy_id",
        "naam",
        "partner",
        "x",
        "y",
        "min_age",
        "max_age",
        "erkend_van",
        "erkend_tot",
        "postcode",
        "trajecten",
    ]
    rows = [
        [
            f"S{i}",
            f"Academie {i}",
            "Proef",
            str(151_000 + 1000 * i),
            str(201_000 + 300 * i),
            "5",
            "17",
            "01/01/2021",
            "31/12/2023",
            "2630",
            "2",
        ]
        for i in range(6)
    ]
    return Table(columns, rows)


def _points() -> Table:
    rows = [[str(151_000 + 900 * i), str(200_500 + 400 * i), str(1 + i)] for i in range(10)]
    return Table(["x", "y", "weight"], rows)


def _addressed() -> Table:
    """A register of addresses, at points that are made below."""
    rows = [
        [f"S{i}", f"Academie {i}", f"Kerkstraat {2 * i + 1} bus {i}, Aartselaar"] for i in range(4)
    ]
    return Table(["academy_id", "naam", "adres"], rows)


def _corrections() -> Table:
    rows = [[f"S{i}", str(151_000 + 900 * i), str(200_500), f"noot {i}"] for i in range(4)]
    return Table(["academy_id", "x", "y", "note"], rows)


def _attributes() -> Table:
    return Table(["nis_code", "inkomen"], [[code, str(20_000 + int(code) / 8)] for code in CODES])


def _zone_population() -> Table:
    return Table(
        ["zone_id", "population"], [[row[0], str(100 + i)] for i, row in enumerate(_zones().rows)]
    )


def _zone_codes() -> Table:
    rows = [[f"{row[0][:-1]}OUD{i}", row[0]] for i, row in enumerate(_zones().rows)]
    return Table(["CS01012024", "CS01012025"], rows)


_ASKED = (
    *("asked_on", "municipality", "postcode", "street", "house_number", "rank", "score", "method"),
    *("specification", "status", "x", "y", "address", "matched_municipality"),
    *("matched_postcode", "matched_number", "object_id", "warnings"),
)


def _matched_addresses() -> Table:
    """Answers of Adresmatch, as they are kept: a question without an answer is one too."""
    rows = [
        ["2026-11-30", "Aartselaar", "2630", "Kerkstraat", str(i), "1", "100.0", "aangeduid",
         "gebouw", "inGebruik", str(151_000 + 90 * i), "201000", f"Kerkstraat {i}", "Aartselaar",
         "2630", str(i), str(700 + i), ""]
        for i in range(1, 5)
    ]  # fmt: skip
    none = ["2026-11-30", "Genk", "", "Veld", "3", "0", "0.0", *[""] * 10, "Onbekende straat"]
    return Table([*_ASKED], [*rows, none])


def _events() -> Table:
    columns = ["date", "place", "postcode", "label", "ages", "id", "title", "status", "attendance"]
    rows = [
        [f"2022-0{i}-15", name, "2630", "yes" if i % 2 else "no", "6-12", f"e{i}", f"Bouw {i}",
         "cancelled" if i == 3 else "", "offline"]
        for i, name in enumerate([*CODES.values()] * 2, 1)
    ]  # fmt: skip
    return Table(columns, rows)


def _network_edits() -> Table:
    """Edits of roads, of every kind."""
    words = ("quiet", "openen", "fermer", "add", "crossing")
    rows = []
    for i, word in enumerate(words):
        x = 151_000 + 900 * i
        line = f"LINESTRING ({x} 201000, {x + 100} 201000)"
        shape = f"POINT ({x} 201000)" if word == "crossing" else line
        rows.append([f"W{i}", f"Weg {i}", word, "2" if word == "add" else "", str(999 * i), shape])
    return Table(["edit_id", "naam", "change", "level", "cost_eur", "wkt"], rows)


TABLES: dict[str, Callable[[], Table]] = {
    "network_edits": _network_edits,
    "zone_codes": _zone_codes,
    "matched_addresses": _matched_addresses,
    "events": _events,
    "municipalities": _municipalities,
    "zones": _zones,
    "layers": _layers,
    "population": _population,
    "academies": _academies,
    "plan": lambda: _but_ids(_academies(), "P"),
    "candidates": lambda: _but_ids(_academies(), "K"),
    "addresses": _points,
    "addressed": _addressed,
    "corrections": _corrections,
    "weights": _points,
    "attributes": _attributes,
    "zone_population": _zone_population,
}


def _but_ids(table: Table, begin: str) -> Table:
    for row in table.rows:
        row[0] = begin + row[0]
        row[3] = str(int(row[3]) + 137)
    return table


def _as_layer(table: Table) -> Table:
    """Make points of two columns of coordinates, for formats of layers."""
    if table.geometry is not None:
        return table
    if "wkt" in table.columns:
        shapes = [shapely.from_wkt(row[-1]) for row in table.rows]
        return Table(table.columns[:-1], [row[:-1] for row in table.rows], shapes)
    x, y = table.columns.index("x"), table.columns.index("y")
    points: list[shapely.Geometry | None] = [
        shapely.Point(float(row[x]), float(row[y])) for row in table.rows
    ]
    kept = [place for place in range(len(table.columns)) if place not in (x, y)]
    rows = [[row[place] for place in kept] for row in table.rows]
    return Table([table.columns[place] for place in kept], rows, points)


# --- Writing -----------------------------------------------------------------------------------


def written(table: Table, form: str, random: Random) -> bytes:
    """Write a table in a format; may fail where the format cannot hold it."""
    kind = form.removesuffix(".zip") if form == "csv.zip" else form
    if kind in ("csv", "txt", "cp1252.csv", "utf16.csv"):
        content = _csv(table, kind, random)
    elif kind == "xlsx":
        content = _xlsx(table)
    elif kind in ("geojson", "geojsonl", "topojson"):
        content = _json(table, kind)
    else:
        content = _layer(table, kind)
    return _zipped({"data.csv": content}) if form == "csv.zip" else content


def _csv(table: Table, form: str, random: Random) -> bytes:
    stream = io.StringIO()
    mark = "|" if form == "txt" else random.choice(";;,\t")
    end = random.choice(["\n", "\r\n"])
    writer = csv.writer(
        stream,
        delimiter=mark,
        lineterminator=end,
        quoting=random.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    )
    writer.writerows([table.columns, *table.rows])
    encoding = {"cp1252.csv": "cp1252", "utf16.csv": random.choice(["utf-16", "utf-16"])}.get(form)
    return stream.getvalue().encode(encoding or random.choice(["utf-8", "utf-8-sig"]), "replace")


def _xlsx(table: Table) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Blad1")
    for row in (table.columns, *table.rows):
        sheet.append(
            [value if isinstance(value, str | int | float | None) else str(value) for value in row]
        )
    stream = io.BytesIO()
    book.save(stream)
    with zipfile.ZipFile(stream) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    # The same bytes each time: it has the hour at which it was saved.
    core = members["docProps/core.xml"]
    members["docProps/core.xml"] = re.sub(
        rb"\d{4}-\d\d-\d\dT[\d:]+Z", b"2022-12-31T00:00:00Z", core
    )
    return _zipped(members)


def _json(table: Table, form: str) -> bytes:
    shapes = table.geometry or []
    features = [
        {
            "type": "Feature",
            "properties": dict(zip(table.columns, row, strict=False)),
            "geometry": None if shape is None else json.loads(shapely.to_geojson(shape)),
        }
        for row, shape in zip(table.rows, shapes, strict=True)
    ]
    crs = {"type": "name", "properties": {"name": table.crs}}
    if form == "geojsonl":
        return "".join(json.dumps(one) + "\n" for one in features).encode()
    if form == "topojson":
        arcs, objects = [], []
        for one in features:
            shape = one["geometry"]
            if shape and shape["type"] == "Point":
                objects.append(shape | {"properties": one["properties"]})
                continue
            rings = shape["coordinates"] if shape and shape["type"] == "Polygon" else []
            first = len(arcs)
            arcs += rings
            objects.append(
                {
                    "type": "Polygon",
                    "arcs": [[first + i] for i in range(len(rings))],
                    "properties": one["properties"],
                }
            )
        layer = {"type": "GeometryCollection", "geometries": objects}
        return json.dumps(
            {"type": "Topology", "crs": crs, "objects": {"laag": layer}, "arcs": arcs}
        ).encode()
    document = {"type": "FeatureCollection", "features": features}
    return json.dumps(
        {"type": "FeatureCollection", "crs": crs, "features": features} if table.crs else document
    ).encode()


def _layer(table: Table, form: str) -> bytes:
    columns = {
        name: [row[place] if place < len(row) else None for row in table.rows]
        for place, name in enumerate(table.columns)
    }
    frame = gpd.GeoDataFrame(columns, geometry=table.geometry, crs=table.crs)
    with tempfile.TemporaryDirectory() as folder:
        if form == "shp.zip":
            path = Path(folder, "data.shp")
            frame.to_file(path, encoding="utf-8")
            return _zipped(
                {part.name: part.read_bytes() for part in sorted(Path(folder).iterdir())}
            )
        path = Path(folder, f"data.{form}")
        if form == "parquet":
            frame.to_parquet(path)
        else:
            frame.to_file(
                path,
                driver={"kml": "KML", "gml": "GML"}.get(form),
                layer=None if form != "gpkg" else "laag",
            )
        return path.read_bytes()


def _zipped(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def _raster(random: Random, *, odd: bool) -> bytes:
    """Write cells of a kilometre; odd ones have a transform, values or a CRS of any kind."""
    cells = np.arange(1, 73, dtype="float64").reshape(6, 12)
    place = [1000.0, 0.0, hand.X0, 0.0, -1000.0, hand.Y0 + 6000]
    more: dict[str, Any] = {"crs": "EPSG:31370"}
    if odd:
        for _ in range(random.choice([1, 1, 2])):
            values = (0.0, np.nan, np.inf, -np.inf, 1e300, 1e-300, 5e-324, -1.0, 1.0, 1e9, 100.0)
            match random.randrange(4):
                case 0 | 1:
                    place[random.randrange(6)] = random.choice(values)
                case 2:
                    cells[random.randrange(6), random.randrange(12)] = random.choice(values)
                case _:
                    more |= random.choice(
                        [
                            {"crs": None},
                            {"crs": "EPSG:4326"},
                            {"nodata": 5},
                            {"compress": "deflate"},
                            {"dtype": "int16"},
                        ]
                    )
    kind = more.pop("dtype", random.choice(["float64", "float32"]))
    with tempfile.TemporaryDirectory() as folder, np.errstate(all="ignore"):
        path = Path(folder, "data.tif")
        with rasterio.open(
            path,
            "w",
            driver="GTiff",
            width=12,
            height=6,
            count=1,
            dtype=kind,
            transform=rasterio.Affine(*place),
            **more,
        ) as file:
            file.write(
                np.nan_to_num(cells).astype(kind) if kind == "int16" else cells.astype(kind), 1
            )
        return path.read_bytes()


@cache
def _extract() -> bytes:
    """Draw streets and three houses as OSM XML."""
    nodes = {10 * i + j + 1: (float(i), float(j)) for i in range(5) for j in range(5)}
    nodes |= {
        100 + 4 * k + c: (1.1 + k + dx, 1.1 + dy)
        for k in range(3)
        for c, (dx, dy) in enumerate([(0, 0), (0.02, 0), (0.02, 0.02), (0, 0.02)])
    }
    ways: list[Any] = [
        ([10 * i + j + 1 for j in range(5)], {"highway": "residential", "name": f"Straat {i}"})
        for i in range(5)
    ]
    ways += [
        (
            [10 * i + j + 1 for i in range(5)],
            {"highway": "tertiary", "maxspeed": "50", "surface": "asphalt", "oneway": "yes"},
        )
        for j in range(5)
    ]
    ways += [
        ([100 + 4 * k + c for c in (0, 1, 2, 3, 0)], {"building": "house", "building:levels": "2"})
        for k in range(3)
    ]
    return hand.osm_xml(nodes, ways).encode()


def _packed_extract(content: bytes, form: str) -> bytes:
    if form == "osm.gz":
        return gzip.compress(content, mtime=0)
    if form == "osm.bz2":
        return bz2.compress(content)
    if form == "osm":
        return content
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "a.osm"), Path(folder, "a.osm.pbf")
        source.write_bytes(content)
        with osmium.SimpleWriter(str(target)) as writer:
            for one in osmium.FileProcessor(str(source)):
                writer.add(one)
        return target.read_bytes()


def _bomb(content: bytes, random: Random) -> bytes:
    """Put a block behind a PBF that is far larger than what it is packed in."""
    part = random.choice([b"\x12\x00", b"\x0a\x00", b"\x78\x00", b"\x12\x02\x78\x00", b"\x00"])
    block = part * (32 * 1024 * 1024 // len(part) - 64)
    packed = b"\x10" + _varint(len(block)) + b"\x1a"
    deflated = zlib.compress(block, 9)
    body = packed + _varint(len(deflated)) + deflated
    head = b"\x0a\x07OSMData\x18" + _varint(len(body))
    return content + struct.pack(">I", len(head)) + head + body


def _varint(number: int) -> bytes:
    low, high = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _varint(high) if high else bytes([low])


STUDY = """
[study]
title = "Proef"
date = 2022-12-31
vintage = 2025
[inputs]
municipalities = { path = "m.gpkg", source = "Proef", crs = "EPSG:31370" }
population = { path = "p.csv", date = 2022-01-01 }
academies = "a.csv"
network = ["w.osm.pbf", "v.osm.pbf"]
zones = "z.gpkg"
[inputs.populations]
2020 = "p2020.csv"
[inputs.layers]
regio = { path = "r.gpkg", id = "id", name = "naam" }
[inputs.attributes]
inkomen = { path = "i.csv", column = "inkomen" }
[travel]
cutoff_min = 15
profiles = ["all", "low_stress"]
surface = true
[[travel.bands]]
ages = [5, 11]
speed_kmh = { low = 8.0, central = 10.0, high = 12.0 }
[[travel.bands]]
ages = [12, 17]
speed_kmh = 15
[demand]
method = "streets"
[gaps]
min_children = 10
[siting]
places = 3
weights = { "14-17" = 2 }
[output]
language = "nl"
formats = ["png"]
classes = [0, 50, 100]
isochrone_minutes = [5, 10]
"""


def _toml(random: Random) -> tuple[bytes, list[str]]:
    """Spoil a value, a key or a table of a study."""
    lines = STUDY.strip().split("\n")
    values = (
        "nan",
        "-inf",
        "0",
        "-5",
        "1e400",
        "[]",
        "{}",
        '""',
        "true",
        "9" * 5000,
        "1979-05-27",
        '"\\u202e"',
        '"x\\ny"',
        "[" * 3000,
    )
    done = []
    for _ in range(random.choice([1, 1, 2])):
        place = random.randrange(len(lines))
        key, equals, value = lines[place].partition(" = ")
        match random.randrange(6):
            case 0 if equals:
                lines[place] = f"{key} = {random.choice(values)}"
                said = "value"
            case 1 if equals:
                many = ", ".join(str(i) for i in range(random.choice([2, 300, 5000])))
                lines[place], said = f"{key} = [{many}]", "long list"
            case 2:
                lines[place], said = "", "line dropped"
            case 3:
                lines.insert(place, lines[place])
                said = "line twice"
            case 4:
                many = "\n".join(f"l{i} = 'x.gpkg'" for i in range(random.choice([3, 1000])))
                table = random.choice(["layers", "attributes", "odd", "populations"])
                lines.append(f"[inputs.{table}.a]\n{many}")
                said = "many keys"
            case _:
                name = random.choice(["a.b", "títel", "0", f"{key}x", "x" * 3000])
                lines[place], said = f"{name} = {value or 1}", "key"
        done.append(said)
    return "\n".join(lines).encode(), done


# --- Cases -------------------------------------------------------------------------------------


@dataclass
class Case:
    """A file that a seed made, and how; or, `inside` a study, the one file that is bad."""

    role: str
    form: str
    content: bytes
    done: list[str] = field(default_factory=list)
    same: bool = False
    inside: Case | None = None

    @property
    def name(self) -> str:
        """Name of its file, with the ending that its format has."""
        if self.inside is not None:
            return self.inside.name
        endings = {"cp1252.csv": "csv", "utf16.csv": "csv", "csv.zip": "zip", "shp.zip": "zip"}
        return f"invoer.{endings.get(self.form, self.form)}"


def plain(role: str, form: str, random: Random) -> Case:
    """Give the valid file of a reader in a format."""
    return Case(role, form, _valid(role, form, random), same=True)


_OF_A_RUN = (
    "municipalities",
    "zones",
    "population",
    "zone_population",
    "academies",
    "weights",
    "attributes",
    "addresses",
    "layers",
    "candidates",
    "plan",
)


def _valid(role: str, form: str, random: Random) -> bytes:
    """Give the valid file, in one of a few ways of writing the same."""
    return _variant(role, form, random.randrange(3))


@cache
def _variant(role: str, form: str, variant: int) -> bytes:
    random = Random(variant)  # noqa: S311
    if role == "study":
        return STUDY.encode()
    if form == "tif":
        return _raster(random, odd=False)
    if form in EXTRACTS:
        return _packed_extract(_extract(), form)
    table = TABLES[role]()
    return written(_as_layer(table) if form in VECTORS else table, form, random)


def made(role: str, form: str, random: Random) -> Case:
    """Mutate the file of a reader: its table, its text, its metadata or its bytes."""
    if role == "whole":
        inside = made(*random.choice([one for one in TARGETS if one[0] in _OF_A_RUN]), random)
        return Case(
            role, form, inside.content, [inside.role, inside.form, *inside.done], inside=inside
        )
    case = Case(role, form, b"")
    if random.random() < 0.35:
        _spoil_bytes(case, random)
    elif role == "study":
        case.content, case.done = _toml(random)
    elif form == "tif":
        case.content, case.done = _raster(random, odd=True), ["raster"]
    elif form in EXTRACTS:
        _spoil_extract(case, random)
    elif form in ("geojson", "topojson") and random.random() < 0.4:
        case.content, case.done = mutate.odd_json(_valid(role, form, random), random), ["odd_json"]
    elif form in ("gml", "kml", "geojsonl") and random.random() < 0.4:
        case.content, case.done = (
            mutate.odd_lines(_valid(role, form, random), random),
            ["odd_lines"],
        )
    elif form == "parquet" and random.random() < 0.4:
        case.content, case.done = _spoil_metadata(_valid(role, form, random), random), ["metadata"]
    else:
        _spoil_table(case, random)
    return case


def _spoil_bytes(case: Case, random: Random) -> None:
    content = bytearray(_valid(case.role, case.form, random))
    for _ in range(random.choice([1, 1, 2])):
        change = random.choice(mutate.BYTES)
        change(content, random)
        case.done.append(change.__name__)
    case.content = bytes(content)


def _spoil_table(case: Case, random: Random) -> None:
    table = TABLES[case.role]()
    if case.form in VECTORS:
        table = _as_layer(table)
    # A KML numbers its places in the order in which they are written.
    case.same = random.random() < 0.2 and case.form != "kml"
    changes = (
        mutate.SAME
        if case.same
        else (*mutate.CELLS, *(mutate.SHAPES if table.geometry is not None else (mutate.odd_cell,)))
    )
    try:
        for _ in range(random.choice([1, 1, 1, 2])):
            change = random.choice(changes)
            case.done.append(change.__name__)
            if table.columns:
                change(table, random)
        case.content = written(table, case.form, random)
    except Exception as error:  # noqa: BLE001  (what a format cannot hold, no one can hand over in it)
        case.done.append(f"not written: {type(error).__name__}")
        case.same = False
        _spoil_bytes(case, random)


def _spoil_extract(case: Case, random: Random) -> None:
    if case.form == "osm.pbf" and random.random() < 0.2:
        case.content, case.done = _bomb(_valid(case.role, case.form, random), random), ["bomb"]
        return
    text = mutate.odd_lines(_extract(), random)
    case.done = ["odd_lines"]
    try:
        case.content = _packed_extract(text, case.form)
    except Exception:  # noqa: BLE001  (no writer of PBF takes it)
        case.form = random.choice(EXTRACTS[:3])
        case.content = _packed_extract(text, case.form)


def _spoil_metadata(content: bytes, random: Random) -> bytes:
    table = pq.read_table(io.BytesIO(content))
    geo = table.schema.metadata[b"geo"]
    stream = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({b"geo": mutate.odd_json(geo, random)}), stream)
    return stream.getvalue()


# --- Reading -----------------------------------------------------------------------------------


@cache
def _around() -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Give the municipalities, zones and register that the others are read against."""
    areas = hand.municipalities(
        {
            code: ("Limburg" if code == "71016" else "Antwerpen", shape)
            for code, shape in OUTLINES.items()
        }
    )
    table = _zones()
    zones = hand.zones(
        {
            row[0]: (row[0][:5], shape)
            for row, shape in zip(table.rows, table.geometry or [], strict=True)
        }
    )
    return areas, zones, hand.academies({})


def read(case: Case, path: Path, findings: Findings) -> Any:
    """Read a case as a study does; give what was read, None when that noted why it cannot be."""
    if case.role == "whole":
        return _measured(case, path)
    if case.role == "study":
        return load_study(path)
    crs = case.form in ("topojson", "geojsonl", "gml") or _needs_crs(case)
    given = Input(path=path, crs="EPSG:31370" if crs else None)
    if case.role not in ("network", "buildings"):
        return _READ[case.role](given, findings)[0]
    large = 0 if len(case.content) % 2 else 1 << 23  # half of them as large extracts are
    with (
        patch.object(pbf, "WHOLE_BELOW", large),
        patch.object(extracts, "_SMALL", large),
        open_input(given, "network", findings) as file,
    ):
        if file is None:
            return None
        paths = [file.path]
        return read_roads(paths) if case.role == "network" else read_buildings(paths, ["house"])


def _areas() -> gpd.GeoDataFrame:
    return _around()[0]


def _zones_around() -> gpd.GeoDataFrame:
    return _around()[1]


@cache
def _doors() -> PlaceSources:
    rows = [["Kerkstraat", str(2 * i + 1), 151_000.0 + 20 * i, 201_000.0] for i in range(8)]
    table = pd.DataFrame(rows, columns=["street", "house_number", "x", "y"])
    book = AddressBook("address_point", table.assign(postcode="", municipality="Aartselaar"))
    return PlaceSources(_areas(), take_points=lambda: book)


_READ: dict[str, Callable[[Input, Findings], Any]] = {
    "municipalities": lambda one, to: load_municipalities(one, 2025, to),
    "zones": lambda one, to: load_zones(one, _areas(), 2025, to),
    "layers": lambda one, to: load_layer("regio", Layer(**one.model_dump()), _areas(), to),
    "population": lambda one, to: load_population(one, frozenset(AGES), 2025, _areas(), to),
    "zone_population": lambda one, to: load_zone_population(one, _zones_around(), None, to, None),
    "academies": lambda one, to: load_academies(one, _areas(), to, AGES),
    "plan": lambda one, to: load_places(one, PLACES, _around()[2], _areas(), to, AGES),
    "candidates": lambda one, to: load_places(one, CANDIDATES, _around()[2], _areas(), to, AGES),
    "addresses": lambda one, to: load_addresses(one, _areas(), to),
    "addressed": lambda one, to: load_academies(one, _areas(), to, AGES, _doors()),
    "corrections": lambda one, to: load_corrections(one, _areas(), to),
    "network_edits": lambda one, to: load_network_edits(one, "network_edits", to),
    "weights": lambda one, to: load_weights(one, _areas(), to),
    "attributes": lambda one, to: load_attribute(
        "inkomen", Attribute(**one.model_dump()), _zones_around(), _areas(), 2025, to
    ),
    "zone_codes": lambda one, to: load_zone_codes(
        one, {*_zones_around()["zone_id"]}, {row[0] for row in _zone_codes().rows}, to
    ),
    "matched_addresses": lambda one, to: _list_answers(load_answers(one, to)),
    "events": lambda one, to: load_account("events", one, _counted(), to),
}


def _list_answers(read_: tuple[Any, Any]) -> tuple[pd.DataFrame | None, Any]:
    """List what Adresmatch answered, a row for each match."""
    answers, provenance = read_
    if answers is None:
        return None, provenance
    rows = [
        (*asked, match.score, match.x, match.y, match.address)
        for asked, one in sorted(answers.items())
        for match in one.matches or [NO_MATCH]
    ]
    columns = ["town", "postcode", "street", "number", "score", "x", "y", "address"]
    return pd.DataFrame(rows, columns=columns), provenance


@cache
def _counted() -> KnownPlaces:
    return KnownPlaces(_areas(), _around()[2], 2025, 2022, ("STEM-academie",), whole=True)


def _measured(case: Case, path: Path) -> Any:
    """Run a study in a straight line, or plan for it, with the case as one of its files."""
    inside = case.inside or Case("academies", "csv", b"")
    random = Random(0)  # noqa: S311
    needed = dict.fromkeys(("municipalities", "population", "academies", inside.role))
    given: dict[str, Any] = {}
    for role in needed:
        form = "geojson" if role in ("municipalities", "zones", "layers") else "csv"
        own = path if role == inside.role else path.with_name(f"{role}.{form}")
        if own is not path:
            own.write_bytes(_valid(role, form, random))
        crs = {"crs": "EPSG:31370"} if own is path or role == "academies" else {}
        one = {"path": str(own)} | crs
        given |= {role: {"eigen": one}} if role in ("layers", "attributes") else {role: one}
    if inside.role == "population":
        given["population"].pop("crs", None)
    about = {"title": "Proef", "date": dt.date(2022, 12, 31)}
    study = parse_study(
        {"study": about, "inputs": given | {"network": "straight-line"}, "siting": {"places": 1}},
        name="study.toml",
    )
    try:
        prepared = prepare_study(study, report_nothing)
        if case.form == "site":
            return site(study)
        return prepared, measure_day(prepared, study.about.date)
    finally:
        for role in needed:
            for own in path.parent.glob(f"{role}.*"):
                own.unlink()


def _sums(found: Any) -> list[str]:
    """At every level and in every scenario, all children are covered, uncovered or unmeasured."""
    if not isinstance(found, tuple):
        return [] if found.counted >= 0 else ["a plan that takes children away"]
    prepared, measured = found
    table = measured.coverage
    parts = table[["covered", "uncovered", "unmeasured"]]
    wrong = (
        []
        if (parts.sum(axis=1) == table["children"]).all() and (parts >= 0).all(axis=None)
        else ["sums of the coverage"]
    )
    whole = table[(table["level"] == "region") & (table["band"] == "all")]
    sexes = whole[whole["sex"] == "all"] if "sex" in whole else whole
    if not (sexes["children"] == prepared.inputs.children["children"].sum()).all():
        wrong.append("children of the region")
    return wrong


def _needs_crs(case: Case) -> bool:
    return case.form in TEXTS and case.role in (
        "academies",
        "plan",
        "candidates",
        "addresses",
        "corrections",
        "weights",
        "network_edits",
    )


# --- What was read, told alike whatever the format ---------------------------------------------


def told(role: str, read_: Any) -> object:
    """Give the figures of what was read, to compare with those of the file before."""
    if role == "population":
        return read_.children.drop(columns="part").values.tolist()
    if role in ("network", "buildings"):
        return dict(read_.counts)
    if role == "study":
        return read_.model_dump(mode="json")
    if isinstance(read_, gpd.GeoDataFrame):
        shapes = [_rounded(shape) for shape in read_.geometry]
        frame = pd.DataFrame(read_.drop(columns="geometry")).astype(str)
        return sorted(
            [*map(str, row), shape]
            for row, shape in zip(frame.values.tolist(), shapes, strict=True)
        )
    rows = read_.astype(str).values.tolist()
    # What is looked up or added up in these has no order.
    return sorted(rows) if role in _FETCHED else rows


def _rounded(shape: shapely.Geometry) -> str:
    """Tell where a shape is, to the metre, whatever its order of corners."""
    if shape is None:
        return ""
    middle = shape.centroid
    return f"{shape.geom_type} {middle.x:.0f} {middle.y:.0f} {shape.area:.0f}"


def faults(case: Case, read_: Any) -> list[str]:
    """Check the figures of what was read by themselves, and against a plain count of the file."""
    if read_ is None:
        return []
    of_role: dict[str, Callable[[], list[str]]] = {
        "study": list,
        "whole": lambda: _sums(read_),
        "population": lambda: _of_people(case, read_.children),
        "network": lambda: _above(read_.length_mm, -1),
        "buildings": lambda: _above(read_.points["weight"], 0),
        "matched_addresses": lambda: _of_answers(read_),
        "zone_codes": lambda: (
            ["a pair twice"] if read_.duplicated(["old_code", "new_code"]).any() else []
        ),
        "events": lambda: _above(read_.select_dtypes("number").fillna(0).to_numpy(float), -1),
    }
    if case.role in of_role:
        return of_role[case.role]()
    wrong = [] if not isinstance(read_, gpd.GeoDataFrame) else _of_shapes(read_)
    first = read_.iloc[:, 0]
    if case.role in ("weights", "addresses"):
        return wrong + _above(first, 0)
    if not first.is_unique or (first == "").any():
        wrong.append("ids that repeat or are none")
    if case.role == "zone_population" and (read_["population"] < 0).any():
        wrong.append("counts that cannot be")
    return wrong


def _of_answers(read_: pd.DataFrame) -> list[str]:
    fine = read_["score"].between(0, 100).all() and (read_["x"].isna() == read_["y"].isna()).all()
    return [] if fine else ["a score or place that cannot be"]


def _above(numbers: Any, least: float) -> list[str]:
    fine = np.isfinite(numbers).all() and (numbers > least).all()
    return [] if fine else ["numbers that cannot be"]


def _of_shapes(frame: gpd.GeoDataFrame) -> list[str]:
    shapes = frame.geometry.to_numpy()
    if not np.isfinite(shapely.get_coordinates(shapes)).all() or shapely.is_empty(shapes).any():
        return ["places that cannot be"]
    return [] if shapely.is_valid(shapes).all() else ["outlines that cannot be"]


def _of_people(case: Case, children: pd.DataFrame) -> list[str]:
    wrong = []
    if (children["children"] < 0).any() or not set(children["age"]) <= set(AGES):
        wrong.append("ages or counts that cannot be")
    ours, plainly = int(children["children"].sum()), _plain_sum(case)
    if plainly not in (None, ours):
        wrong.append(f"{ours} children, a plain count gives {plainly}")
    return wrong


def _plain_sum(case: Case) -> int | None:
    """Count the children of a file of text with the standard library alone; None: not so plain."""
    encoding = {"cp1252.csv": "cp1252", "utf16.csv": "utf-16"}.get(case.form, "utf-8-sig")
    if case.form not in ("csv", "txt", "cp1252.csv", "utf16.csv"):
        return None
    try:
        text = case.content.decode(encoding)
        first = text.splitlines()[0]
        rows = list(
            csv.DictReader(io.StringIO(text, newline=""), delimiter=max("|;\t,", key=first.count))
        )
        return sum(
            int(row["MS_POPULATION"])
            for row in rows
            if row["MS_POPULATION"]
            and row["CD_REFNIS"].strip() in CODES
            and int(row["CD_AGE"]) in AGES
        )
    except (UnicodeError, ValueError, KeyError, IndexError, TypeError, AttributeError, csv.Error):
        return None
