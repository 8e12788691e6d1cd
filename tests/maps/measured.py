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
    random, nowhere = np.random.default_rng(seed), municipalities["nis_code"].iloc[7]
    named = {"nis_code": "code"}
    places = municipalities[["nis_code", "name", "province"]].rename(columns=named)
    places = places.assign(level="municipality")
    if zones is not None:
        rows = zones[["zone_id", "nis_code", "name"]].rename(columns={"zone_id": "code"})
        province = municipalities.set_index("nis_code")["province"]
        rows = rows.assign(province=rows["nis_code"].map(province), level="zone")
        places = pd.concat([places, rows.drop(columns="nis_code")], ignore_index=True)
    parts = []
    for band in list(AGES)[1:]:
        children = random.integers(0, 1200, len(places))
        unmeasured = random.integers(0, children + 1) * (random.random(len(places)) < 0.3)
        unmeasured = np.where(places["code"] == nowhere, children, unmeasured)
        for profile, scenario in itertools.product(
            ("all", "low_stress", "quiet_1"), ("central", "low", "high")
        ):
            if profile != "quiet_1" or scenario == "central":
                covered = random.integers(0, children - unmeasured + 1)
                late = children - unmeasured - covered
                counts = dict(zip(_COUNTS, (children, covered, late, unmeasured), strict=True))
                parts.append(places.assign(band=band, scenario=scenario, profile=profile, **counts))
    table = pd.concat(parts, ignore_index=True)
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
