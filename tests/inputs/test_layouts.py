"""One register of 300 rows, laid out as ten offices would: one and the same table comes of it."""

from __future__ import annotations

import datetime as dt
import random
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from pyproj import Transformer

from stemgeo.errors import Findings
from stemgeo.inputs.academies import load_academies
from stemgeo.study import Register

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NO_AREA = gpd.GeoDataFrame({"nis_code": [], "name": []}, geometry=[], crs="EPSG:31370")
TO_DEGREES = Transformer.from_crs(31370, 4326, always_xy=True).transform
OURS = ("academy_id", "name", "organisation", "min_age", "max_age", "valid_from", "valid_until")
OURS = (*OURS, "postcode", "cost_eur")
CALLED = {
    "nl": "Nr.;Naam academie;Organisatie;Leeftijd van;Leeftijd t/m;Startdatum erkenning;"
    "Einddatum erkenning;Postcode;Kostprijs",
    "fr": "N°;Nom de l'académie;Organisation;Âge minimum;Âge maximum;Date de début;Date de fin;"
    "Code postal;Coût (€)",
    "en": "Academy ID;Name;Organizer;Min. age;Max. age;Start date;End date;ZIP;Cost",
    "two": "Nr / N°;Naam / Nom;Organisatie / Organisation;Leeftijd van (jaar);Leeftijd tot (jaar);"
    "Startdatum (dd/mm/jjjj);Einddatum (dd/mm/jjjj);Postcode / Code postal;Kost / Coût",
}
WHERE = {
    "nl": ("X-coördinaat", "Y-coördinaat"),
    "fr": ("Longitude", "Latitude"),
    "en": ("lon", "lat"),
    "two": ("X (Lambert 72)", "Y (Lambert 72)"),
}


def make_rows() -> list[dict[str, Any]]:
    """300 academies; a third has no end, and names have the letters that tell encodings apart."""
    draw = random.Random(17)  # noqa: S311
    first = dt.date(2020, 9, 1)
    return [
        {
            "academy_id": str(n),
            "name": draw.choice(["Café", "Zoë", "Ünit", "Totaal", "Robot"]) + f" {n}",
            "organisation": draw.choice(["Stad; Gent", 'VZW "De Zon"', "Commune d'Évere", ""]),
            "min_age": draw.randint(5, 8),
            "max_age": draw.randint(12, 18),
            "valid_from": first + dt.timedelta(draw.randint(0, 800)),
            "valid_until": None if n % 3 else dt.date(2025, 8, 31),
            "postcode": str(draw.randint(1000, 9999)),
            "cost_eur": draw.choice(["1250", "99.50", "", "12000.25"]),
            "x": draw.randint(40_000, 240_000) + draw.choice([0, 0.5]),
            "y": draw.randint(170_000, 230_000) + draw.choice([0, 0.25]),
        }
        for n in range(1, 301)
    ]


ROWS = make_rows()


def group(number: float, thousands: str, decimal: str) -> str:
    """Write a number with marks between thousands."""
    text = f"{number:,.2f}".rstrip("0").rstrip(".")
    return text.replace(",", " ").replace(".", decimal).replace(" ", thousands)


def serial(day: dt.date) -> int:
    return (day - dt.date(1899, 12, 30)).days


def cells(
    language: str,
    write_day: Callable[[dt.date], Any],
    write_number: Callable[[float], Any],
    *,
    order: int = 0,
    ages: str = "{}",
) -> list[list[Any]]:
    """The header and the rows, in an order of columns drawn by `order`."""
    degrees = language in ("fr", "en")
    east, north = WHERE[language]
    labels = [*CALLED[language].split(";"), east, north]
    rows = []
    for row in ROWS:
        x, y = TO_DEGREES(row["x"], row["y"]) if degrees else (row["x"], row["y"])
        cost = row["cost_eur"] and write_number(float(row["cost_eur"]))
        said = {**row, "cost_eur": cost}
        said |= {name: ages.format(row[name]) for name in ("min_age", "max_age")}
        days = ("valid_from", "valid_until")
        said |= {name: row[name] and write_day(row[name]) for name in days}
        values = [said[name] for name in OURS]
        rows.append([*values, *(round(v, 9) if degrees else write_number(v) for v in (x, y))])
    places = list(range(len(labels)))
    random.Random(order).shuffle(places)  # noqa: S311
    return [[row[place] for place in places] for row in [labels, *rows]]


def text(rows: list[list[Any]], mark: str, encoding: str, *, comma: bool = False) -> bytes:
    """Write rows as a spreadsheet does: quotes where they are needed, decimals with a comma."""

    def write(value: Any) -> str:
        if value is None:
            return ""
        plain = str(value).replace(".", ",") if comma and isinstance(value, float) else str(value)
        quoted = any(one in plain for one in (mark, '"', "\n"))
        return '"' + plain.replace('"', '""') + '"' if quoted else plain

    width = max(map(len, rows))
    lines = [mark.join([*map(write, row), *[""] * (width - len(row))]) for row in rows]
    return ("\r\n".join(lines) + "\r\n").encode(encoding)


def book(path: Path, rows: list[list[Any]], *, cover: bool = False) -> None:
    made = openpyxl.Workbook()
    if cover:
        made.active.title = "Leesmij"
        made.active.append(["Toelichting bij het register"])
        made.create_sheet("Contact").append(["naam", "organisatie", "jan@example.org"])
    sheet = made.create_sheet("Lijst") if cover else made.active
    for row in rows:
        sheet.append(row)
    made.save(path)


def iso(day: dt.date) -> str:
    return day.isoformat()


def belgian(day: dt.date) -> str:
    return f"{day.day}/{day.month:02}/{day.year}"


def titled(rows: list[list[Any]], *below: list[Any]) -> list[list[Any]]:
    return [["Overzicht academies"], ["Bron: proef", "31/12/2022"], [], *rows, [], *below]


def two_rows(rows: list[list[Any]]) -> list[list[Any]]:
    """Part labels of one header over two rows, as merged cells leave them."""
    over = {"Leeftijd van": "Leeftijd", "Leeftijd t/m": "Leeftijd"}
    upper = [over.get(label, label) for label in rows[0]]
    upper = [None if n and upper[n - 1] == one else one for n, one in enumerate(upper)]
    lower = [label.split(" ", 1)[1] if label in over else None for label in rows[0]]
    return [upper, lower, *rows[1:]]


LAYOUTS: dict[str, Callable[[Path], object]] = {
    "plain.csv": lambda path: (
        path.write_bytes(text(cells("en", iso, float), ",", "utf-8")) and None
    ),
    "belgian.csv": lambda path: (
        path.write_bytes(text(cells("nl", belgian, float, order=1), ";", "cp1252", comma=True))
        and None
    ),
    "tabs.txt": lambda path: (
        path.write_bytes(text(cells("fr", belgian, float, order=2), "\t", "utf-16", comma=True))
        and None
    ),
    "bom.csv": lambda path: (
        path.write_bytes(
            b"\xef\xbb\xbfsep=;\r\n"
            + text(cells("two", belgian, lambda one: group(one, ".", ","), order=3), ";", "utf-8")
        )
        and None
    ),
    "dates.xlsx": lambda path: book(path, cells("en", lambda day: day, float, order=4)),
    "serial.xlsx": lambda path: book(
        path, titled(cells("nl", serial, float, order=5), ["Totaal", 300]), cover=True
    ),
    "texts.xlsx": lambda path: book(
        path,
        cells("nl", belgian, lambda one: group(one, "\u00a0", ","), order=6, ages="{} jaar"),
        cover=True,
    ),
    "merged.xlsx": lambda path: book(
        path, titled(two_rows(cells("nl", iso, float)), ["Eindtotaal"], [], ["Gemaakt door x"])
    ),
    "titles.csv": lambda path: (
        path.write_bytes(
            text(titled(cells("fr", iso, float, order=7), ["Total général", 300]), ";", "utf-8")
        )
        and None
    ),
    "months.tsv": lambda path: (
        path.write_bytes(
            text(
                cells("two", lambda day: f"{day.day} {day:%B} {day.year}", float, order=8),
                "\t",
                "utf-8",
                comma=True,
            )
        )
        and None
    ),
}


def load(path: Path) -> gpd.GeoDataFrame:
    findings = Findings()
    frame, _ = load_academies(Register(path=path), NO_AREA, findings)
    assert [str(one) for one in findings.errors] == []
    return frame


@pytest.mark.parametrize("name", LAYOUTS)
def test_ten_layouts_give_one_table(tmp_path: Path, name: str) -> None:
    """Whatever the order, language, format, encoding, marks, titles and form of its days."""
    LAYOUTS[name](tmp_path / name)
    found = load(tmp_path / name)
    wanted = pd.DataFrame(ROWS).sort_values("academy_id", ignore_index=True)
    got = pd.DataFrame(found[[*OURS]]).astype(object).where(found[[*OURS]].notna(), None)
    for day in ("valid_from", "valid_until"):
        got[day] = [None if one is None else one.date() for one in got[day]]
    got["cost_eur"] = pd.to_numeric(got["cost_eur"])
    want = wanted[[*OURS]].astype(object).where(wanted[[*OURS]].notna(), None)
    want["cost_eur"] = pd.to_numeric(want["cost_eur"])
    assert_frame_equal(got, want)
    away = found.geometry.distance(gpd.GeoSeries.from_xy(wanted["x"], wanted["y"], crs=31370))
    assert away.max() < 0.001
