"""A service of features as Digitaal Vlaanderen's: OGC API Features, and the same by WFS 2.0."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin, urlsplit

import shapely
from served import Asked, Reply

from stemgeo.facts import list_municipalities
from stemgeo.inputs import vintages
from stemgeo.inputs.vectors import locate_municipalities

if TYPE_CHECKING:
    from served import Server

    from stemgeo.sources.catalogue import DataSource

LAMBERT = "http://www.opengis.net/def/crs/EPSG/0/31370"
EXCEPTION = b"""<?xml version="1.0" encoding="UTF-8"?>
<ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows/1.1" version="2.0.0">
<ows:Exception exceptionCode="InvalidParameterValue" locator="typeName">
<ows:ExceptionText>Feature type VRBG:Refgem unknown</ows:ExceptionText>
</ows:Exception></ows:ExceptionReport>"""

Change = Callable[[int, dict[str, Any]], dict[str, Any]]
"""Given how many features came before, and a page: what is answered in its place."""


def make_municipalities(vintage: int = 2025) -> list[dict[str, Any]]:
    """Give a square for each Flemish municipality of a vintage, as features of Refgem."""
    known, at = list_municipalities(), locate_municipalities()
    squares = {}
    for code, point in zip(known[f"nis{vintage}"], at, strict=True):
        if code in vintages.flemish_codes(vintage):
            squares.setdefault(code, point)
    return [
        make_feature(f"Refgem.{number}", code, vintages.names_by_code(vintage)[code], point)
        for number, (code, point) in enumerate(sorted(squares.items()), 1)
    ]


def make_feature(key: str, code: str, name: str, point: shapely.Point) -> dict[str, Any]:
    """Give a square of 100 m around a point, with the columns that Refgem has, and one more."""
    outline = shapely.MultiPolygon([point.buffer(50, cap_style="square")])
    return {
        "type": "Feature",
        "id": key,
        "geometry": json.loads(shapely.to_geojson(outline)),
        "properties": {"UIDN": int(code), "NISCODE": code, "NAAM": name},
    }


def play_features(
    server: Server,
    source: DataSource,
    year: int,
    features: list[dict[str, Any]],
    *,
    change: Change = lambda _, page: page,
    crs: str | None = LAMBERT,
    relative: bool = False,
) -> str:
    """Play a collection of OGC API Features; give its path.

    `change` makes of a page what is answered in its place; `crs` is what `Content-Crs` says;
    `relative` links name no host.
    """
    address = urljoin(
        source.fill(source.address, year),
        f"collections/{source.fill(source.collection, year)}/items",
    )

    def answer(asked: Asked) -> Reply:
        start, limit = int(asked.one("startIndex", "0")), int(asked.one("limit", "10"))
        those = features[start : start + limit]
        page = _make_page(those, len(features)) | {"timeStamp": "2026-11-30T03:00:00Z"}
        page["links"] = [{"rel": "self", "href": address, "type": "application/geo+json"}]
        if start + limit < len(features):
            asks = {name: values[0] for name, values in asked.query.items()}
            query = urlencode(asks | {"startIndex": start + limit})
            href = f"?{query}" if relative else f"{address}?{query}"
            page["links"].append({"rel": "next", "href": href})
        said = {} if crs is None else {"Content-Crs": f"<{crs}>"}
        body = json.dumps(change(start, page)).encode()
        return Reply(body, headers=said, kind="application/geo+json")

    path = urlsplit(address).path
    server.play(path, answer)
    return path


def play_wfs(server: Server, source: DataSource, year: int, features: list[dict[str, Any]]) -> str:
    """Play the same by WFS; give its path."""

    def answer(asked: Asked) -> Reply:
        if asked.one("typeNames") != source.fill(source.type_name, year):
            return Reply(EXCEPTION, kind="application/xml")
        start, count = int(asked.one("startIndex")), int(asked.one("count"))
        ordered = sorted(features, key=lambda one: one["properties"][asked.one("sortBy")])
        page = _make_page(ordered[start : start + count], len(features))
        page["crs"] = {"type": "name", "properties": {"name": asked.one("srsName")}}
        return Reply(json.dumps(page).encode(), kind="application/json")

    path = urlsplit(source.fill(source.wfs, year)).path
    server.play(path, answer)
    return path


def _make_page(those: list[dict[str, Any]], matched: int) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "features": those,
        "numberMatched": matched,
        "numberReturned": len(those),
    }
