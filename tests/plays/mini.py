"""A made Flanders, played whole: its 285 municipalities as squares of a kilometre, side by side."""

from __future__ import annotations

import hashlib
import re
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import hand
import osmium
import shapely

from plays import statbel
from plays.features import play_features
from stemgeo.inputs import vintages
from stemgeo.sources.catalogue import Catalogue, read_catalogue
from stemgeo.study import PROVINCES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from served import Server

YEAR, WIDE = 2025, 17
A_AGE = 2
"""Of each municipality, age and sex."""
AGES = (*range(18), 40, 70)
CHILDREN = 285 * 18 * 2 * A_AGE
ROWS = 285 * len(AGES) * 2
ACADEMIES = "academy_id;naam;x;y;valid_from\nS1;Proef;152100;202100;2025-01-01\n"
_PROVINCE_CODES = {"Antwerpen": "10000", "Vlaams-Brabant": "20001", "West-Vlaanderen": "30000",
                   "Oost-Vlaanderen": "40000", "Limburg": "70000"}  # fmt: skip


@cache
def squares() -> dict[str, shapely.Polygon]:
    """Lay the municipalities out, province by province."""
    codes = sorted(
        vintages.flemish_codes(YEAR),
        key=lambda one: (list(PROVINCES).index(vintages.province_of(one, YEAR)), one),
    )
    return {code: hand.square(n % WIDE, n // WIDE) for n, code in enumerate(codes)}


def _feature(key: str, code: str, name: str, outline: shapely.Geometry) -> dict[str, Any]:
    properties = {"UIDN": int(code), "NISCODE": code, "NAAM": name}
    geometry = shapely.geometry.mapping(outline)
    return {"type": "Feature", "id": key, "geometry": geometry, "properties": properties}


@cache
def municipalities() -> list[dict[str, Any]]:
    """Give the features of Refgem."""
    names = vintages.names_by_code(YEAR)
    return [
        _feature(f"Refgem.{number}", code, names[code], outline)
        for number, (code, outline) in enumerate(squares().items(), 1)
    ]


@cache
def provinces() -> list[dict[str, Any]]:
    """Give the features of Refprv."""
    found = []
    for number, (name, code) in enumerate(_PROVINCE_CODES.items(), 1):
        own = [at for one, at in squares().items() if vintages.province_of(one, YEAR) == name]
        found.append(_feature(f"Refprv.{number}", code, name, shapely.union_all(own)))
    return found


def as_layer(features: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    """Give features as a layer, as a person downloads them."""
    return gpd.GeoDataFrame.from_features(features, crs=hand.CRS)


def people() -> list[tuple[str, str, int, int]]:
    """Count the people: NIS code, sex, age, number."""
    return [(code, sex, age, A_AGE) for code in squares() for sex in "FM" for age in AGES]


@cache
def sectors() -> gpd.GeoDataFrame:
    """Cut each municipality into two sectors."""
    rows, outlines = [], []
    for code, outline in squares().items():
        left, bottom, right, top = outline.bounds
        for letter, low, high in (("A", bottom, bottom + 500), ("B", bottom + 500, top)):
            rows.append((f"{code}{letter}00-", f"{code} {letter}", code, f"{code[0]}0000", 50.0))
            outlines.append(shapely.box(left, low, right, high))
    names = ["cd_sector", "tx_sector_descr_nl", "cd_munty_refnis", "cd_prov_refnis", "ms_area_ha"]
    frame = gpd.GeoDataFrame(rows, columns=names, geometry=outlines, crs=hand.CRS)
    return frame.assign(cd_sub_munty=frame["cd_munty_refnis"])


@cache
def grid() -> gpd.GeoDataFrame:
    """Give a cell of 250 m in the middle of each sector, in EPSG:3035."""
    middles = sectors().geometry.centroid.to_crs("EPSG:3035")
    xs, ys = middles.x.round(), middles.y.round()
    cells = [shapely.box(x - 125, y - 125, x + 125, y + 125) for x, y in zip(xs, ys, strict=True)]
    columns = {"ms_pop": 40, "ms_len": 250, "ms_km2": 0.0625, "x_3035": xs, "y_3035": ys}
    return gpd.GeoDataFrame(columns, geometry=cells, crs="EPSG:3035")


def _write_roads(
    nodes: Mapping[int, tuple[float, float]], ways: Sequence[tuple[Sequence[int], dict[str, str]]]
) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        text, packed = Path(folder, "a.osm"), Path(folder, "a.osm.pbf")
        text.write_text(hand.osm_xml(nodes, ways), encoding="utf-8")
        with osmium.SimpleWriter(str(packed)) as writer:
            for one in osmium.FileProcessor(str(text)):
                writer.add(one)
        return packed.read_bytes()


@cache
def roads(shift: int = 0) -> bytes:
    """Draw a lattice of streets, a kilometre apart, `shift` kilometres to the north, as PBF."""
    street = {"highway": "residential", "surface": "asphalt"}
    first = 10_000 * shift
    nodes = {
        first + 100 * i + j: (float(i), float(j + shift))
        for i in range(WIDE + 1)
        for j in range(WIDE + 1)
    }
    lines = [[first + 100 * i + j for j in range(WIDE + 1)] for i in range(WIDE + 1)]
    lines += [[first + 100 * i + j for i in range(WIDE + 1)] for j in range(WIDE + 1)]
    return _write_roads(nodes, [(one, street) for one in lines])


@cache
def files() -> dict[str, bytes]:
    """Give what each source of files gives, by its key."""
    codes = [(one[2], one[0]) for one in sectors().itertuples(index=False)]
    crosswalk = "CS01012025;CS01012024\n" + "".join(f"{one};{one}\n" for _, one in codes)
    return {
        "population": statbel.write_population(people()),
        "sectors": statbel.write_layer(sectors(), "sectors.geojson"),
        "zone_population": statbel.write_totals(
            (town, sector, len(AGES) * A_AGE) for town, sector in codes
        ),
        "weights": statbel.write_layer(grid(), "grid.geojson"),
        "crosswalk": crosswalk.encode(),
        "roads": roads(),
        "roads_netherlands": roads(shift=17),
        "roads_nord_pas_de_calais": roads(shift=34),
    }


def play_mini(server: Server, path: Path) -> Catalogue:
    """Play all sources of a study of Flanders; write the file of sources, which knows its sums."""
    server.write_sources(path)
    text = path.read_text("utf-8")
    text = re.sub(r"\n(size_bytes|sha256) = [^\n]+", "", text)
    text = re.sub(r"\nrows = 466822", f"\nrows = {ROWS}", text)
    text = re.sub(r"(flemish_children_0_17) = 1315768", rf"\1 = {CHILDREN}", text)
    path.write_text(text, encoding="utf-8")
    catalogue = read_catalogue(path)
    for key, features in (("municipalities", municipalities()), ("provinces", provinces())):
        play_features(server, catalogue.find(key), YEAR, features)
    for key, content in files().items():
        source = catalogue.find(key)
        at = statbel.path_of(source, YEAR)
        server.play(at, content)
        if source.checksum:
            digest = hashlib.new(source.checksum, content, usedforsecurity=False).hexdigest()
            server.play(f"{at}.{source.checksum}", f"{digest}  x.osm.pbf\n".encode())
    return catalogue
