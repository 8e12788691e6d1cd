"""A small land on a grid: two provinces of 5 x 4 squares of 10 km each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import drawing
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pages import ALL_PAYLOADS, PAYLOADS

from stemgeo.maps.streets import StreetsToCheck
from stemgeo.maps.text import MapText
from stemgeo.maps.web import build_web_map

if TYPE_CHECKING:
    from collections.abc import Iterator

SIDE_M = 10_000.0
WEST, NORTH = 150_000.0, 210_000.0
_NAMES = (
    "Aalter Beernem Damme Eeklo Gavere Hamme Ieper Jabbeke Kortrijk Lede "
    "Melle Ninove Oostende Pittem Ronse Staden Temse Veurne Wetteren Zele "
    "Alken Bree Diepenbeek Genk Halen Hasselt Heers Kinrooi Lanaken Lommel "
    "Maaseik Neerpelt Overpelt Peer Riemst Tongeren Voeren Wellen Zonhoven Zutendaal"
)
NAMES = _NAMES.split()


@pytest.fixture(autouse=True)
def _lettered() -> Iterator[None]:
    """Here the drawing itself is looked at."""
    with drawing.lettered():
        yield


@pytest.fixture
def municipalities() -> gpd.GeoDataFrame:
    """Forty squares; none has a share between 60 and 80 %, one has no figure, one half of one."""
    number = np.arange(len(NAMES))
    column, row = number % 10, number // 10
    x, y = WEST + column * SIDE_M, NORTH - row * SIDE_M
    children = 1000 + 10 * number
    unmeasured = np.where(number == 7, children, np.where(number == 9, 900, 0))
    measured = children - unmeasured
    tenths = number % 6 + 4 * (number % 6 == 5)  # 0, 1, 2, 3, 4 and 9 tenths
    covered = np.where(number == 3, measured, measured * tenths // 10)
    share = np.full(len(number), np.nan)
    np.divide(covered, measured, out=share, where=measured > 0)
    return gpd.GeoDataFrame(
        {
            "nis_code": [f"{10001 + i}" for i in number],
            "name": NAMES,
            "province": np.where(column < 5, "Antwerpen", "Limburg"),
            "children": children,
            "covered": covered,
            "uncovered": measured - covered,
            "unmeasured": unmeasured,
            "share": share,
            "academies": number % 2,
            "planned": 0,
            "has_academy": number % 2 == 1,
        },
        geometry=shapely.box(x, y, x + SIDE_M, y + SIDE_M),
        crs="EPSG:31370",
    )


@pytest.fixture
def academies(municipalities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """One academy in every second square, a little off its middle."""
    homes = municipalities[municipalities["has_academy"]]
    middle = homes.centroid
    return gpd.GeoDataFrame(
        {
            "academy_id": [f"A{code}" for code in homes["nis_code"]],
            "name": [f"Academie {name}" for name in homes["name"]],
            "nis_code": homes["nis_code"].to_numpy(),
            "planned": False,
        },
        geometry=gpd.points_from_xy(middle.x + 1500, middle.y + 1500),
        crs="EPSG:31370",
    )


@pytest.fixture
def isochrones(academies: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Rings of 1, 2 and 3 km around the academies."""
    rows, inner = [], shapely.MultiPolygon()
    for start, stop in ((0, 5), (5, 10), (10, 15)):
        whole = academies.buffer(200 * stop).union_all()
        rows.append(("", start, stop, whole.difference(inner)))
        inner = whole
    columns = ["academy_id", "minutes_from", "minutes_to", "geometry"]
    return gpd.GeoDataFrame(rows, columns=columns, crs="EPSG:31370")


@pytest.fixture
def gaps(municipalities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The ten municipalities with most uncovered children, each an area of its own."""
    largest = municipalities.nlargest(10, "uncovered").reset_index(drop=True)
    kept = largest[["name", "uncovered", "geometry"]]
    return kept.assign(
        gap_id=[f"G{number:03}" for number in range(1, 11)],
        profile=[*["all"] * 8, "low_stress", "low_stress"],
        municipalities=[3, *[1] * 9],
        nearest_academy_id="",
        median_time_s=[np.inf, *[1000.0] * 9],
        extra_min=[np.inf, *[1.67] * 9],
        reason=["no_academy_near", *["just_too_far"] * 9],
        straight_km=4.0,
    )


@pytest.fixture
def text() -> MapText:
    """All of a map's text, in Dutch."""
    return MapText(
        title="Wie kan een STEM-academie bereiken?",
        notice="Voorbeeld, niet voor publicatie",
        source="Bronhouders van de proef",
        date="31 december 2022",
        language="nl",
        method_note="benadering in vogelvlucht",
        year="2022",
    )


@pytest.fixture
def zones(municipalities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Each square in four; the first of them has all the children within reach that it can hold."""
    quarters = []
    for place in municipalities.itertuples():
        west, south, east, north = place.geometry.bounds
        x, y = (west + east) / 2, (south + north) / 2
        corners = [
            (west, south, x, y),
            (x, south, east, y),
            (west, y, x, north),
            (x, y, east, north),
        ]
        for number, corner in enumerate(corners):
            children = place.children // 4
            covered = min(place.covered, children) if number == 0 else 0
            quarters.append(
                {
                    "zone_id": f"{place.nis_code}Z{number}",
                    "nis_code": place.nis_code,
                    "name": f"{place.name} {number + 1}",
                    "children": children,
                    "covered": covered,
                    "uncovered": children - covered,
                    "unmeasured": 0,
                    "share": covered / children,
                    "geometry": shapely.box(*corner),
                }
            )
    return gpd.GeoDataFrame(quarters, crs="EPSG:31370")


@pytest.fixture
def streets(municipalities: gpd.GeoDataFrame) -> StreetsToCheck:
    """Three streets to check: one for two municipalities, one without a name, one of two parts."""
    codes = municipalities["nis_code"].tolist()
    table = pd.DataFrame(
        [
            (codes[0], "low_stress", 12, 1200),
            (codes[0], "quiet_1", 12, 900),
            (codes[1], "low_stress", 12, 40),
            (codes[0], "low_stress", 11, 40),
            (codes[2], "quiet_1", 13, 7),
        ],
        columns=["nis_code", "profile", "way", "children"],
    )
    lines = gpd.GeoDataFrame(
        {
            "way": [11, 12, 13],
            "street": ["", "Dorpsstraat", "N74"],
            "municipalities": [codes[0], ",".join(codes[:2]), codes[2]],
            "untagged": ["maxspeed", "maxspeed;lanes", "cycleway"],
            "children": [40, 1200, 7],
        },
        geometry=[
            shapely.LineString([(151_000, 201_000), (155_000, 203_000)]),
            shapely.LineString([(152_000, 208_000), (168_000, 208_500)]),
            shapely.MultiLineString(
                [[(171_000, 205_000), (173_000, 205_000)], [(175_000, 205_000), (178_000, 206_000)]]
            ),
        ],
        crs="EPSG:31370",
    )
    return StreetsToCheck(table, lines)


@pytest.fixture
def page(
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    isochrones: gpd.GeoDataFrame,
    gaps: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    text: MapText,
    streets: StreetsToCheck,
) -> str:
    """The web map of the small land."""
    return build_web_map(
        municipalities, academies, isochrones, gaps, text, zones=zones, streets=streets
    )


@pytest.fixture
def hostile_page(
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    isochrones: gpd.GeoDataFrame,
    gaps: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame,
    streets: StreetsToCheck,
) -> str:
    """A web map in which every text that comes from data is a payload."""
    payloads = [PAYLOADS[number % len(PAYLOADS)] for number in range(len(municipalities))]
    return build_web_map(
        municipalities.assign(name=payloads, province=payloads),
        academies.assign(name=payloads[: len(academies)], organisation=payloads[-len(academies) :]),
        isochrones,
        gaps.assign(name=payloads[: len(gaps)], reason=payloads[-len(gaps) :]),
        MapText(*[ALL_PAYLOADS] * 4, method_note=ALL_PAYLOADS, measure=ALL_PAYLOADS),
        zones=zones.assign(name=[PAYLOADS[number % len(PAYLOADS)] for number in range(len(zones))]),
        streets=StreetsToCheck(
            streets.table,
            streets.lines.assign(street=PAYLOADS[:3], untagged=[ALL_PAYLOADS, *PAYLOADS[3:5]]),
        ),
    )
