"""Writing the example study in the formats in which real data come.

Content follows from the arguments alone: fixed dates, no clock, a fixed order.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import osmium
import pyogrio
import shapely
from osmium.osm.mutable import Node
from osmium.osm.mutable import Way as OsmWay
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from schematic.drawing import Drawing
from schematic.ground import BANDS, BRUSSELS, LAMBERT_72, SEXES, Ground
from schematic.register import Academy

FIRST_NODE, FIRST_WAY = 9_000_000_001, 1_000_000_001
"""Today's OSM numbers no longer fit in 32 bits: neither do these."""

PROVINCE_CODES = {
    "Antwerpen": "10000",
    "Vlaams-Brabant": "20001",
    "West-Vlaanderen": "30000",
    "Oost-Vlaanderen": "40000",
    "Limburg": "70000",
    BRUSSELS: "",
}
_POPULATION_COLUMNS = (
    "CD_REFNIS|TX_DESCR_NL|TX_DESCR_FR|CD_DSTR_REFNIS|TX_ADM_DSTR_DESCR_NL|TX_ADM_DSTR_DESCR_FR"
    "|CD_PROV_REFNIS|TX_PROV_DESCR_NL|TX_PROV_DESCR_FR|CD_RGN_REFNIS|TX_RGN_DESCR_NL"
    "|TX_RGN_DESCR_FR|CD_SEX|CD_NATLTY|TX_NATLTY_FR|TX_NATLTY_NL|CD_CIV_STS|TX_CIV_STS_FR"
    "|TX_CIV_STS_NL|CD_AGE|MS_POPULATION|CD_YEAR"
)
POPULATION_COLUMNS = _POPULATION_COLUMNS.split("|")
"""As Statbel names them; what the facts do not tell stays empty."""

ACADEMY_COLUMNS = (
    *("academy_id", "name", "organisation", "gemeente", "x", "y"),
    *("min_age", "max_age", "valid_from", "valid_until"),
)


def write_municipalities(ground: Ground, path: Path) -> None:
    """Write the municipalities of 2024 as a GeoPackage in EPSG:31370, Brussels included."""
    names = {village.nis: village.municipality for village in ground.villages}
    shapes = ground.municipalities()
    frame = gpd.GeoDataFrame(
        {"NISCODE": list(shapes), "NAAM": [names[nis] for nis in shapes]},
        geometry=[_multi(shape) for shape in shapes.values()],
        crs="EPSG:31370",
    )
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2024-01-01T00:00:00.000Z"})
    pyogrio.write_dataframe(
        frame, path, layer="Refgem", driver="GPKG", geometry_type="MultiPolygon",
        layer_options={"GEOMETRY_NAME": "SHAPE"},
    )  # fmt: skip


def _multi(shape: BaseGeometry) -> BaseGeometry:
    return shapely.MultiPolygon(list(shapely.get_parts(shape))).normalize()


def write_zones(ground: Ground, path: Path) -> None:
    """Write the zones as a zipped GeoJSON in EPSG:31370, as Statbel publishes its sectors."""
    features = [
        {
            "type": "Feature",
            "properties": {
                "cd_sector": village.zone_id,
                "tx_sector_descr_nl": village.name.upper(),
                "cd_munty_refnis": village.nis,
                "tx_munty_descr_nl": village.municipality,
                "cd_prov_refnis": PROVINCE_CODES[village.province] or None,
                "ms_area_ha": round(zone.area / 1e4, 2),
            },
            "geometry": json.loads(shapely.to_geojson(_multi(zone))),
        }
        for village, zone in zip(ground.villages, ground.zones, strict=True)
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::31370"}}
    lines = ",\n".join(json.dumps(f, ensure_ascii=False, separators=(",", ":")) for f in features)
    text = f'{{"type":"FeatureCollection","crs":{json.dumps(crs)},"features":[\n{lines}\n]}}\n'
    _write_zip(path, path.name.removesuffix(".zip"), text)


def write_population(ground: Ground, path: Path) -> None:
    """Write children by municipality of 2024, sex and single age, pipe-separated in a zip.

    The facts know age bands. A band is spread evenly over its ages, the remainder to the lowest.
    """
    bands = [f"{sex}_{band}" for sex in SEXES.values() for band in BANDS]
    keys = ["nis2024", "name2024", "province2018"]
    sums = ground.facts.groupby(keys, sort=True)[bands].sum().reset_index()
    rows = []
    for place in sums.to_dict("records"):
        for sex, word in SEXES.items():
            for band in BANDS:
                for age, count in _single_ages(band, place[f"{word}_{band}"]):
                    rows.append(_population_row(place, sex, age, count))
    _write_table(path, POPULATION_COLUMNS, rows)


def _single_ages(band: str, total: int) -> list[tuple[int, int]]:
    first, last = (int(age) for age in band.split("_"))
    each, left = divmod(total, last - first + 1)
    return [(age, each + (age - first < left)) for age in range(first, last + 1)]


def _population_row(place: dict[str, Any], sex: str, age: int, count: int) -> list[object]:
    known = {
        "CD_REFNIS": place["nis2024"],
        "TX_DESCR_NL": place["name2024"],
        "CD_DSTR_REFNIS": f"{place['nis2024'][:2]}000",
        "CD_PROV_REFNIS": PROVINCE_CODES[place["province2018"]],
        "TX_PROV_DESCR_NL": place["province2018"],
        "CD_SEX": sex,
        "CD_AGE": age,
        "MS_POPULATION": count,
        "CD_YEAR": 2015,
    }
    return [known.get(column, "") for column in POPULATION_COLUMNS]


def write_zone_population(ground: Ground, path: Path) -> None:
    """Write residents per zone, pipe-separated in a zip, as Statbel publishes its sectors."""
    rows = [
        [v.nis, v.municipality, v.zone_id, v.name.upper(), v.residents] for v in ground.villages
    ]
    columns = ["CD_REFNIS", "TX_DESCR_NL", "CD_SECTOR", "TX_DESCR_SECTOR_NL", "TOTAL"]
    _write_table(path, columns, rows)


def write_academies(register: list[Academy], path: Path) -> None:
    """Write the register as a Belgian spreadsheet exports it: semicolons and decimal commas."""
    text = io.StringIO()
    table = csv.writer(text, delimiter=";", lineterminator="\r\n")
    table.writerow(ACADEMY_COLUMNS)
    for number, academy in enumerate(register, start=1):
        table.writerow([
            f"VA-{number:04d}", academy.name, academy.organisation, academy.municipality,
            _comma(academy.x), _comma(academy.y), *academy.ages,
            _day(academy.valid_from), _day(academy.valid_until),
        ])  # fmt: skip
    path.write_bytes(text.getvalue().encode("utf-8-sig"))


def _comma(number: float) -> str:
    return f"{number:.2f}".replace(".", ",")


def _day(day: dt.date | None) -> str:
    return f"{day:%d/%m/%Y}" if day else ""


def _write_table(path: Path, columns: list[str], rows: list[list[object]]) -> None:
    text = io.StringIO()
    table = csv.writer(text, delimiter="|", lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
    table.writerow(columns)
    table.writerows(rows)
    _write_zip(path, f"{path.stem}.txt", "\ufeff" + text.getvalue())


def _write_zip(path: Path, member: str, text: str) -> None:
    """Zip one text; the same text gives the same bytes."""
    info = zipfile.ZipInfo(member, date_time=(2024, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, text.encode(), compresslevel=9)


_EVERY, _HOUSE_M, _ASIDE_M = 160, 25.0, 8.0
"""Of the streets that have houses; how far apart those are, and how far from the street."""


def write_addresses(drawing: Drawing, ground: Ground, path: Path) -> None:
    """Write address points along some streets, as a register of addresses has them.

    Odd numbers stand left of the street, even ones right. No study of the example uses them: they
    are there to place academies of which only the address is known.
    """
    streets = [way for way in drawing.ways if way.tags.get("highway") == "residential"]
    lines = [shapely.LineString(drawing.line(way)) for way in streets[::_EVERY]]
    middles = [line.interpolate(0.5, normalized=True) for line in lines]
    found = shapely.STRtree(ground.zones).query(middles, predicate="within")
    towns = {int(i): ground.villages[j].municipality for i, j in found.T}
    text = io.StringIO()
    table = csv.writer(text, delimiter=";", lineterminator="\r\n")
    table.writerow(["straat", "huisnummer", "gemeente", "x", "y"])
    for place, (way, line) in enumerate(zip(streets[::_EVERY], lines, strict=True)):
        if place not in towns or "name" not in way.tags:
            continue
        for number in range(1, 2 * int(line.length / _HOUSE_M) + 1):
            along = (number + 1) // 2 * _HOUSE_M - _HOUSE_M / 2
            side = line.offset_curve(_ASIDE_M if number % 2 else -_ASIDE_M)
            spot = side.interpolate(min(along, side.length))
            name = way.tags["name"]
            table.writerow([name, number, towns[place], _comma(spot.x), _comma(spot.y)])
    path.write_bytes(text.getvalue().encode("utf-8-sig"))


def write_roads(drawing: Drawing, path: Path) -> None:
    """Write the road map as `.osm.pbf`: points that are in use, then ways, in WGS 84."""
    used = sorted({i for way in drawing.ways for i in way.points} | set(drawing.point_tags))
    number = {point: FIRST_NODE + rank for rank, point in enumerate(used)}
    to_lambert = Transformer.from_pipeline(LAMBERT_72)
    x, y = zip(*(drawing.coords[i] for i in used), strict=True)
    lon, lat = to_lambert.transform(x, y, direction="INVERSE")
    header = osmium.io.Header()
    header.set("generator", "stemgeo example data")
    header.add_box(osmium.osm.Box(min(lon), min(lat), max(lon), max(lat)))
    with osmium.SimpleWriter(str(path), header=header, overwrite=True) as writer:
        for i, place in zip(used, zip(lon, lat, strict=True), strict=True):
            spot = (round(place[0], 7), round(place[1], 7))
            tags = drawing.point_tags.get(i, {})
            writer.add_node(Node(id=number[i], location=spot, tags=tags, version=1))
        for rank, way in enumerate(drawing.ways):
            nodes = [number[i] for i in way.points]
            writer.add_way(OsmWay(id=FIRST_WAY + rank, nodes=nodes, tags=way.tags, version=1))
