"""Small inputs made by hand, of which every figure can be worked out on paper."""

from __future__ import annotations

import datetime as dt
import io
from functools import cache
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely

from stemgeo.inputs import Inputs
from stemgeo.inputs.placing import AS_GIVEN
from stemgeo.inputs.streets import Streets, read_streets
from stemgeo.inputs.vectors import make_transformer
from stemgeo.network.graph import Network
from stemgeo.study import Study, parse_study

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

CRS = "EPSG:31370"
X0, Y0 = 150_000.0, 200_000.0
"""Corner of the ground on which the squares lie, Lambert 72, north of Brussels."""

Span = tuple[int | None, int | None]


def square(column: float, row: float, width: float = 1.0, height: float = 1.0) -> shapely.Polygon:
    """Give a rectangle in kilometres from the corner of the ground."""
    return shapely.box(
        X0 + column * 1000,
        Y0 + row * 1000,
        X0 + (column + width) * 1000,
        Y0 + (row + height) * 1000,
    )


def spot(column: float, row: float) -> shapely.Point:
    """Give a point in kilometres from the corner of the ground."""
    return shapely.Point(X0 + column * 1000, Y0 + row * 1000)


def municipalities(places: Mapping[str, tuple[str, shapely.Geometry]]) -> gpd.GeoDataFrame:
    """Make the table from code -> (province, outline); the name is "M" and the code."""
    return gpd.GeoDataFrame(
        {
            "nis_code": list(places),
            "name": [f"M{code}" for code in places],
            "province": [province for province, _ in places.values()],
        },
        geometry=[outline for _, outline in places.values()],
        crs=CRS,
    )


def zones(places: Mapping[str, tuple[str, shapely.Geometry]]) -> gpd.GeoDataFrame:
    """Make the table from zone_id -> (nis_code, outline); the name is "Z" and the id."""
    return gpd.GeoDataFrame(
        {
            "zone_id": list(places),
            "nis_code": [code for code, _ in places.values()],
            "name": [f"Z{zone}" for zone in places],
        },
        geometry=[outline for _, outline in places.values()],
        crs=CRS,
    )


def children(rows: Iterable[tuple[str, int, str, int]]) -> pd.DataFrame:
    """Make the table from (nis_code, age, sex, children)."""
    table = pd.DataFrame(rows, columns=["nis_code", "age", "sex", "children"])
    table.insert(1, "part", table["nis_code"])
    return table.astype({"age": "int64", "children": "int64"})


def academies(
    places: Mapping[str, shapely.Point],
    ages: Mapping[str, Span] | None = None,
    nis_code: Mapping[str, str] | None = None,
    valid: Mapping[str, tuple[str | None, str | None]] | None = None,
) -> gpd.GeoDataFrame:
    """Make a register from id -> place, sorted by id as the reader sorts it."""
    ids = sorted(places)
    spans = [(ages or {}).get(one, (None, None)) for one in ids]
    dates = [(valid or {}).get(one, (None, None)) for one in ids]
    return gpd.GeoDataFrame(
        {
            "academy_id": pd.Series(ids, dtype=str),
            "name": pd.Series([f"Academie {one}" for one in ids], dtype=str),
            "organisation": pd.Series(["" for _ in ids], dtype=str),
            "min_age": pd.array([low for low, _ in spans], dtype="Int64"),
            "max_age": pd.array([high for _, high in spans], dtype="Int64"),
            "valid_from": pd.Series([start for start, _ in dates], dtype="datetime64[s]"),
            "valid_until": pd.Series([end for _, end in dates], dtype="datetime64[s]"),
            "postcode": pd.Series(["" for _ in ids], dtype=str),
            "trajectories": pd.array([None for _ in ids], dtype="Int64"),
            "online_trajectories": pd.array([None for _ in ids], dtype="Int64"),
            "cost_eur": pd.Series(["" for _ in ids], dtype=str),
            "nis_code": pd.Series([(nis_code or {}).get(one, "") for one in ids], dtype=str),
            "planned": pd.Series([False for _ in ids], dtype=bool),
            **{
                name: pd.Series([value] * len(ids), dtype=type(value))
                for name, value in AS_GIVEN.items()
            },
        },
        geometry=[places[one] for one in ids],
        crs=CRS,
    )


def inputs(
    of_municipalities: gpd.GeoDataFrame,
    of_children: pd.DataFrame,
    of_zones: gpd.GeoDataFrame | None = None,
    **others: Any,
) -> Inputs:
    """Make the inputs of a study; without zones the municipalities are the zones."""
    if of_zones is None:
        of_zones = of_municipalities.assign(zone_id=of_municipalities["nis_code"])
        of_zones = of_zones[["zone_id", "nis_code", "name", "geometry"]]
    rest: dict[str, Any] = {
        "provinces": of_municipalities.dissolve("province").reset_index(),
        "zone_population": None,
        "weights": None,
        "academies": academies({}),
        "network": (),
        "provenance": (),
        "warnings": (),
    }
    return Inputs(
        municipalities=of_municipalities, zones=of_zones, children=of_children, **(rest | others)
    )


def weights(points: Sequence[tuple[shapely.Point, float]]) -> gpd.GeoDataFrame:
    """Make the table of weights."""
    return gpd.GeoDataFrame(
        {"weight": [float(weight) for _, weight in points]},
        geometry=[point for point, _ in points],
        crs=CRS,
    )


def study(
    network: str = "straight-line",
    *,
    weights: str | None = None,
    addresses: str | None = None,
    **tables: dict[str, Any],
) -> Study:
    """Make a study whose files are named but not read."""
    given = {"municipalities": "m", "population": "p", "academies": "a", "network": network}
    given |= {"weights": weights} if weights else {}
    given |= {"addresses": addresses} if addresses else {}
    about = {"title": "Proef", "date": dt.date(2022, 12, 31)}
    return parse_study({"study": about, "inputs": given} | tables, name="study.toml")


def osm_xml(
    nodes: Mapping[int, tuple[float, float]],
    ways: Sequence[tuple[Sequence[int], Mapping[str, str]]],
    said: Mapping[int, Mapping[str, str]] | None = None,
) -> str:
    """Write OSM XML of nodes (kilometres from the corner), ways, and what is `said` of nodes."""
    to_degrees = make_transformer(CRS, "EPSG:4326")
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6">']
    for number, (column, row) in sorted(nodes.items()):
        lon, lat = to_degrees.transform(X0 + column * 1000, Y0 + row * 1000)
        node = f'<node id="{number}" version="1" lat="{lat:.9f}" lon="{lon:.9f}"'
        tags = _tags((said or {}).get(number, {}))
        lines += [f"{node}>", *tags, "</node>"] if tags else [f"{node}/>"]
    for number, (refs, tags) in enumerate(ways, start=1):
        lines.append(f'<way id="{number}" version="1">')
        lines += [*(f'<nd ref="{ref}"/>' for ref in refs), *_tags(tags), "</way>"]
    return "\n".join([*lines, "</osm>"])


def _tags(tags: Mapping[str, str]) -> list[str]:
    return [f'<tag k="{key}" v="{value}"/>' for key, value in tags.items()]


def network(
    folder: Path,
    nodes: Mapping[int, tuple[float, float]],
    ways: Sequence[tuple[Sequence[int], Mapping[str, str]]],
) -> Network:
    """Make a network, through OSM XML and its reader."""
    path = folder / "wegen.osm"
    path.write_text(osm_xml(nodes, ways), encoding="utf-8")
    return Network.from_osm(path)


def streets(folder: Path) -> Streets:
    """Read the streets of the file that `network` left in a folder."""
    return read_streets([folder / "wegen.osm"])


SMALL = {
    "11001": ("Antwerpen", square(0, 0, 6, 4)),
    "11004": ("Antwerpen", square(6, 0, 6, 4)),
    "71002": ("Limburg", square(0, 4, 12, 2)),
}
"""Three municipalities of two provinces, with codes that did not change since 2018."""

SMALL_CHILDREN = {"11001": 20, "11004": 11, "71002": 3}
"""Of each age and sex; times 26 for the ages 5 to 17."""

SMALL_ACADEMIES = """academy_id;naam;organisatie;x;y;min_age;max_age;valid_from;valid_until
S2;Proefacademie <b>West</b> `${x}`;Proef & Co;151000,0;201000,0;;;01/01/2022;31/12/2023
S1;Proefacademie Oost;Proef;160500,0;203500,0;8;12;01/01/2021;
S3;Proefacademie Vroeger;Proef;160500,0;203400,0;;;01/01/2018;31/12/2019
"""


SMALL_CHANGES = """academy_id;wijziging;naam;x;y
N1;nieuw;Bibliotheek Noord;156000;205000
S1;verplaatst;;154000;202000
S2;gesloten;;;
"""
"""Opens N1 in 71002, moves S1 from 11004 to 11001, closes S2 of 11001."""

CHILDREN = 884
"""In the small study; 806 of them in Antwerpen."""


def write_study(
    folder: Path,
    *,
    straight_line: bool = False,
    qgis: bool = False,
    notice: str = "Proef, niet voor publicatie",
) -> Path:
    """Write a small study with files in the forms in which real ones come; give its folder.

    The project for QGIS, an eighth of all writing, is only for tests that look at all files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "gemeenten.gpkg").write_bytes(_small_ground())
    rows = ["CD_REFNIS|CD_SEX|CD_AGE|MS_POPULATION|CD_YEAR"]
    rows += [
        f"{code}|{sex}|{age}|{count}|2022"
        for code, count in SMALL_CHILDREN.items()
        for sex in "FM"
        for age in range(5, 18)
    ]
    (folder / "bevolking.txt").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "academies.csv").write_text(SMALL_ACADEMIES, encoding="utf-8")
    (folder / "wegen.osm").write_text(_small_roads(), encoding="utf-8")
    network = '"straight-line"' if straight_line else '"wegen.osm"'
    drawn = "" if straight_line else "isochrone_cell_m = 50"
    (folder / "study.toml").write_text(
        f"""
        [study]
        title = "Kleine | proef"
        date = 2022-12-31
        vintage = 2025
        notice = "{notice}"
        [inputs]
        municipalities = {{ path = "gemeenten.gpkg", source = "Proefgrenzen", licence = "CC0" }}
        population = {{ path = "bevolking.txt", source = "Proefbevolking", date = 2022-01-01 }}
        academies = {{ path = "academies.csv", source = "Proefregister", crs = "EPSG:31370" }}
        network = {network}
        [gaps]
        min_children = 1
        [output]
        formats = ["svg"]
        qgis = {str(qgis).lower()}
        {drawn}
        """,
        encoding="utf-8",
    )
    return folder


@cache
def _small_ground() -> bytes:
    """Draw the municipalities as a GeoPackage, which bears the time of writing: all share one."""
    table = municipalities(SMALL).rename(columns={"nis_code": "NISCODE", "name": "NAAM"})
    content = io.BytesIO()
    table[["NISCODE", "NAAM", "geometry"]].to_file(content, driver="GPKG", layer="gemeenten")
    return content.getvalue()


@cache
def _small_roads() -> str:
    """Draw a lattice of streets, 500 m apart, over the west; one long road to the east."""
    nodes = {100 * i + j: (i / 2, j / 2) for i in range(13) for j in range(13)}
    nodes[9000] = (12.0, 0.0)
    street = {"highway": "residential", "surface": "asphalt"}
    ways: list[tuple[Sequence[int], Mapping[str, str]]] = [
        ([100 * i + j for j in range(13)], street) for i in range(13)
    ]
    ways += [([100 * i + j for i in range(13)], street) for j in range(13)]
    ways.append(([1200, 9000], {"highway": "tertiary"}))
    return osm_xml(nodes, ways)
