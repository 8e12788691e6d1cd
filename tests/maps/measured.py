"""Made coverage tables of the small land: every age, road and speed with counts of its own."""

from __future__ import annotations

import itertools

import geopandas as gpd
import numpy as np
import pandas as pd

AGES = {
    "all": "5 tot en met 17 jaar",
    "5-8": "5 tot en met 8 jaar",
    "9-11": "9 tot en met 11 jaar",
    "12-17": "12 tot en met 17 jaar",
}
_COUNTS = ["children", "covered", "uncovered", "unmeasured"]
_TURNS = ["scenario", "profile"]


def make_coverage(
    municipalities: gpd.GeoDataFrame, zones: gpd.GeoDataFrame | None = None, seed: int = 1
) -> pd.DataFrame:
    """Give a coverage table; over very quiet roads at the usual speed alone.

    Children are the same over all roads; in one municipality nothing is measured.
    """
    random, rows = np.random.default_rng(seed), []
    places = [
        ("municipality", one.nis_code, one.name, one.province)
        for one in municipalities.itertuples()
    ]
    if zones is not None:
        provinces = municipalities.set_index("nis_code")["province"]
        places += [
            ("zone", one.zone_id, one.name, provinces[one.nis_code]) for one in zones.itertuples()
        ]
    for (level, code, name, province), band in itertools.product(places, list(AGES)[1:]):
        children = int(random.integers(0, 1200))
        unmeasured = int(random.integers(0, children + 1)) if random.random() < 0.3 else 0
        unmeasured = children if code == municipalities["nis_code"].iloc[7] else unmeasured
        for profile, scenario in itertools.product(
            ("all", "low_stress", "quiet_1"), ("central", "low", "high")
        ):
            if profile != "quiet_1" or scenario == "central":
                covered = int(random.integers(0, children - unmeasured + 1))
                late = children - unmeasured - covered
                counts = (children, covered, late, unmeasured)
                rows.append((level, code, name, province, band, scenario, profile, *counts))
    columns = ["level", "code", "name", "province", "band", *_TURNS, *_COUNTS]
    table = pd.DataFrame(rows, columns=columns)
    towns = table[table["level"] == "municipality"]
    of = towns.groupby(["province", "band", *_TURNS], sort=False)[_COUNTS].sum().reset_index()
    whole = towns.groupby(["band", *_TURNS], sort=False)[_COUNTS].sum().reset_index()
    table = pd.concat(
        [
            table.drop(columns="province"),
            of.assign(level="province", code=of["province"], name=of["province"]).drop(
                columns="province"
            ),
            whole.assign(level="region", code="VLG", name="Vlaanderen"),
        ],
        ignore_index=True,
    )
    every = table.groupby(["level", "code", "name", *_TURNS], sort=False)[_COUNTS].sum()
    table = pd.concat([table, every.reset_index().assign(band="all")], ignore_index=True)
    measured = (table["covered"] + table["uncovered"]).to_numpy(np.float64)
    return table.assign(share=table["covered"] / np.where(measured, measured, np.nan))
