"""The register of example academies for 2019 to 2022.

How many municipalities have an academy in each year and province is what the minister reported;
which ones, and where, is chance. An academy counts in a year when it is valid on 31 December.
"""

from __future__ import annotations

import datetime as dt
import math
import random
from collections import defaultdict
from dataclasses import dataclass

import shapely

from schematic.ground import Ground, Village
from schematic.lots import stream

YEARS = (2019, 2020, 2021, 2022)
WITH_ACADEMY = {
    "Antwerpen": (30, 41, 40, 39),
    "Limburg": (17, 24, 25, 27),
    "Oost-Vlaanderen": (41, 56, 55, 53),
    "Vlaams-Brabant": (26, 36, 37, 38),
    "West-Vlaanderen": (48, 64, 63, 64),
}
"""Municipalities with an academy in each of YEARS. The totals and 2022 by province were reported;
how the totals of 2019, 2020 and 2021 fall over the provinces is ours."""

AGES: tuple[tuple[int, tuple[int | None, int | None]], ...] = (
    (46, (None, None)),
    (14, (8, 12)),
    (10, (12, 17)),
    (8, (6, 12)),
    (8, (9, 14)),
    (5, (10, 17)),
    (4, (8, None)),
    (3, (5, 8)),
    (2, (None, 12)),
)
"""Age limits that academies set, with how often."""

KINDS = ("bibliotheek", "school", "jeugdhuis", "museum", "hogeschool", "bedrijf", "vereniging")


@dataclass(frozen=True)
class Academy:
    """One recognition of one academy. `valid_until` empty: two years from `valid_from`."""

    name: str
    organisation: str
    nis: str
    municipality: str
    x: float
    y: float
    ages: tuple[int | None, int | None]
    valid_from: dt.date
    valid_until: dt.date | None


def two_years_from(day: dt.date) -> dt.date:
    """Last day of a recognition of two years."""
    return day.replace(year=day.year + 2) - dt.timedelta(days=1)


def make_register(ground: Ground) -> list[Academy]:
    """Put academies in municipalities, so that each year and province has its number."""
    villages: dict[str, list[Village]] = defaultdict(list)
    for village in ground.villages:
        villages[village.nis].append(village)
    years = _years_by_municipality(villages)
    register: list[Academy] = []
    for nis in sorted(years):
        register += _academies_of(villages[nis], years[nis], ground)
    return register


def _years_by_municipality(villages: dict[str, list[Village]]) -> dict[str, set[int]]:
    """Choose the municipalities of each year: the larger the likelier, mostly the same ones."""
    years: dict[str, set[int]] = defaultdict(set)
    for province, counts in WITH_ACADEMY.items():
        places = [nis for nis in sorted(villages) if villages[nis][0].province == province]
        for year, count in zip(YEARS, counts, strict=True):
            ranked = sorted(places, key=lambda nis: (-_appeal(villages[nis], year), nis))
            for nis in ranked[:count]:
                years[nis].add(year)
    return years


def _appeal(villages: list[Village], year: int) -> float:
    """How likely a municipality has an academy; moves a little from year to year."""
    nis = villages[0].nis
    children = sum(village.children for village in villages)
    lasting = stream("appeal", nis).gauss(0, 0.9)
    return math.log(children) + lasting + stream("appeal", nis, year).gauss(0, 0.25)


def _academies_of(villages: list[Village], years: set[int], ground: Ground) -> list[Academy]:
    """Make the academies of a municipality: together they hold in all its years and no other."""
    place = villages[0]
    lot = stream("academies", place.nis)
    children = sum(village.children for village in villages)
    others = min(int(children / 5000 + lot.uniform(0, 1.0)), 14)
    runs = [run for whole in _runs(years) for run in _terms(whole, lot)]
    runs += [run for _ in range(others) for run in _runs(_some_years(years, lot))]
    return [
        _academy(place, number, run, _spot(villages, ground, lot), lot)
        for number, run in enumerate(runs, start=1)
    ]


def _terms(run: list[int], lot: random.Random) -> list[list[int]]:
    """Let an academy of more than two years be followed by another elsewhere, half the time."""
    if len(run) > 2 and lot.random() < 0.5:
        return [run[:2], run[2:]]
    return [run]


def _some_years(years: set[int], lot: random.Random) -> set[int]:
    """Choose when an academy beside the first is recognised: one term, or most years."""
    if lot.random() < 0.5:
        first = lot.randint(YEARS[0] - 1, YEARS[-1])
        return years & {first, first + 1}
    return {year for year in sorted(years) if lot.random() < 0.8}


def _academy(
    place: Village, number: int, run: list[int], spot: tuple[float, float], lot: random.Random
) -> Academy:
    limits = lot.choices([limits for _, limits in AGES], [weight for weight, _ in AGES])[0]
    start, end = _period(run, lot)
    return Academy(
        name=f"Voorbeeldacademie {place.municipality} {number}",
        organisation=f"Voorbeeld{lot.choice(KINDS)} {place.municipality}",
        nis=place.nis,
        municipality=place.municipality,
        x=spot[0],
        y=spot[1],
        ages=limits,
        valid_from=start,
        valid_until=end,
    )


def _spot(villages: list[Village], ground: Ground, lot: random.Random) -> tuple[float, float]:
    """Place an academy near the heart of a village, more often where more children live."""
    village = lot.choices(villages, [village.children + 20 for village in villages])[0]
    while True:
        x = round(village.x + lot.uniform(-180, 180), 2)
        y = round(village.y + lot.uniform(-180, 180), 2)
        if shapely.contains_xy(ground.zones[village.index].buffer(-20), x, y):
            return x, y


def _runs(years: set[int]) -> list[list[int]]:
    """Group years that follow each other."""
    runs: list[list[int]] = []
    for year in sorted(years):
        if runs and runs[-1][-1] == year - 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    return runs


def _period(run: list[int], lot: random.Random) -> tuple[dt.date, dt.date | None]:
    """Find a period that holds on 31 December of exactly the years of a run.

    Two years are the usual recognition: most of those leave the end empty.
    """
    # A recognition that holds at the end of 2019 may have begun in 2018.
    first = run[0] - 1 if run == [YEARS[0]] else run[0]
    start = dt.date(first, lot.randint(2, 12), 1)
    if _held(start, two_years_from(start)) == run and lot.random() < 0.8:
        return start, None
    return start, dt.date(run[-1] + 1, lot.randint(1, 11), 28)


def _held(start: dt.date, end: dt.date) -> list[int]:
    """Years on whose last day a period holds."""
    return [year for year in YEARS if start <= dt.date(year, 12, 31) <= end]
