"""Statbel's files, small, in the forms in which it publishes them, and the page that it answers."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import openpyxl
from served import CHALLENGE, Reply

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import geopandas as gpd
    from served import Server

    from stemgeo.sources.catalogue import DataSource

_POPULATION = (
    "CD_REFNIS|TX_DESCR_NL|CD_SEX|CD_NATLTY|TX_NATLTY_NL|CD_CIV_STS|CD_AGE|MS_POPULATION|CD_YEAR"
)


def path_of(source: DataSource, year: int) -> str:
    """Give the path at which a source is played."""
    return unquote(urlsplit(source.locate(year)).path)


def pack(name: str, content: bytes) -> bytes:
    """Pack one file into a zip, of no day."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def write_population(
    people: Iterable[tuple[str, str, int, int]], year: int = 2025, header: str = _POPULATION
) -> bytes:
    """Write TF_SOC_POP_STRUCT of (NIS code, sex, age, people): a text with pipes and a mark."""
    rows = [
        f"{code}|naam|{sex}|BEL|Belgen|1|{age}|{count}|{year}" for code, sex, age, count in people
    ]
    text = "\ufeff" + "\r\n".join([header, *rows]) + "\r\n"
    return pack(f"TF_SOC_POP_STRUCT_{year}.txt", text.encode())


def write_layer(frame: gpd.GeoDataFrame, name: str) -> bytes:
    """Write a layer as GeoJSON in a zip."""
    epsg = frame.crs.to_epsg()
    system = f'"crs": {{"type": "name", "properties": {{"name": "urn:ogc:def:crs:EPSG::{epsg}"}}}}'
    text = frame.to_json(drop_id=True, to_wgs84=False)
    start = text.index("{") + 1
    if '"crs"' not in text[:300]:
        text = f"{text[:start]}{system}, {text[start:]}"
    return pack(name, text.encode())


def write_totals(totals: Iterable[Sequence[object]]) -> bytes:
    """Write OPENDATA_SECTOREN of (NIS code, sector, people), a workbook."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["CD_REFNIS", "CD_SECTOR", "TOTAL"])
    for row in totals:
        sheet.append(list(row))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def play_challenge(server: Server, *sources: DataSource, year: int = 2025) -> None:
    """Answer programs with a page that wants to see a person, as Statbel does."""
    for source in sources:
        server.play(path_of(source, year), Reply(CHALLENGE, kind="text/html"))
