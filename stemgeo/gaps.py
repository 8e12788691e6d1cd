"""Where the uncovered children are: a first list, by municipality."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from stemgeo.access.travel_time import horizon_ms

if TYPE_CHECKING:
    from stemgeo.study import Study

JUST_TOO_FAR_MIN = 5.0
"""Within so many minutes beyond the cutoff a gap is called "just too far"."""

JUST_TOO_FAR, TOO_FAR, NONE_NEAR = "just_too_far", "too_far", "no_academy_within_horizon"


def gaps(
    municipalities: gpd.GeoDataFrame, demand: gpd.GeoDataFrame, access: pd.DataFrame, study: Study
) -> gpd.GeoDataFrame:
    """List the municipalities with uncovered children, most children first.

    Parameters
    ----------
    municipalities
        As from `coverage.municipality_table`.
    demand
        The demand table.
    access
        The access table of the central scenario; the profile "all" is used.
    study
        Says the cutoff and the least number of children of a gap.

    Returns
    -------
    GeoDataFrame
        `gap_id`, `nis_code`, `name`, `province`, `uncovered`, `share`, `nearest_academy_id` (the
        one nearest to most of the uncovered children; empty if none within the horizon),
        `median_time_s` (of the uncovered children; inf if half of them reach none), `reason`
        ("just_too_far": the median is within 5 minutes of the cutoff; "too_far";
        "no_academy_within_horizon": for half or more of them), geometry. Ties go to the smaller
        code.
    """
    found = municipalities[municipalities["uncovered"] >= study.gaps.min_children]
    found = found.sort_values(["uncovered", "nis_code"], ascending=[False, True])
    uncovered = _uncovered(demand, access, study)
    nearest, median = _nearest_of_most(uncovered), _median_time(uncovered)
    table = found[["nis_code", "name", "province", "uncovered", "share", "geometry"]].copy()
    ranks = range(1, len(table) + 1)
    table.insert(0, "gap_id", pd.array([f"G{rank:03}" for rank in ranks], dtype="str"))
    code = table["nis_code"]
    table["nearest_academy_id"] = nearest.reindex(code).fillna("").astype(str).array
    table["median_time_s"] = median.reindex(code).fillna(np.inf).to_numpy()
    cutoff_s = _cutoff_s(study)
    table["reason"] = np.select(
        [
            np.isinf(table["median_time_s"]),
            table["median_time_s"] <= cutoff_s + JUST_TOO_FAR_MIN * 60,
        ],
        [NONE_NEAR, JUST_TOO_FAR],
        TOO_FAR,
    )
    columns = [name for name in table.columns if name != "geometry"]
    return gpd.GeoDataFrame(table[[*columns, "geometry"]], crs=municipalities.crs).reset_index(
        drop=True
    )


def _uncovered(demand: gpd.GeoDataFrame, access: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Rows of the access table that are measured but not in time, with their children."""
    if access.empty:
        return access.assign(nis_code="", children=0)
    parts = []
    access = access[access["profile"] == "all"]
    for ages, rows in access.groupby("ages", sort=False):
        children = demand[["point_id", "nis_code"]].assign(children=demand[f"children_{ages}"])
        parts.append(rows.merge(children, on="point_id", validate="one_to_one"))
    together = pd.concat(parts, ignore_index=True)
    late = together["travel_time_s"] > _cutoff_s(study)
    return together[late & (together["status"] != "unmeasured") & (together["children"] > 0)]


def _cutoff_s(study: Study) -> float:
    """Give the cutoff at which coverage draws its line: a whole number of milliseconds."""
    return horizon_ms(study.travel.cutoff_min) / 1000


def _nearest_of_most(uncovered: pd.DataFrame) -> pd.Series:
    near = uncovered[uncovered["academy_id"] != ""]
    sums = near.groupby(["nis_code", "academy_id"])["children"].sum().reset_index()
    sums = sums.sort_values(["nis_code", "children", "academy_id"], ascending=[True, False, True])
    return pd.Series(sums.drop_duplicates("nis_code").set_index("nis_code")["academy_id"])


def _median_time(uncovered: pd.DataFrame) -> pd.Series:
    """Give the time within which half of the children are, by municipality (lower median)."""
    rows = uncovered.sort_values(["nis_code", "travel_time_s"])
    grouped = rows.groupby("nis_code")["children"]
    half = grouped.cumsum() * 2 >= grouped.transform("sum")
    return rows[half].drop_duplicates("nis_code").set_index("nis_code")["travel_time_s"]
