"""Candidate municipalities: where one academy more would add most, ranked and explained."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from stemgeo.arrays import sum_by_owner
from stemgeo.reasons import REASONS
from stemgeo.siting.service import coverage_sets, list_uncovered

if TYPE_CHECKING:
    import geopandas as gpd

    from stemgeo.measure import Measured, Prepared


def candidate_municipalities(
    prepared: Prepared,
    measured: Measured,
    places: gpd.GeoDataFrame,
    reasons: pd.DataFrame,
    *,
    threads: int | None = None,
) -> pd.DataFrame:
    """Rank the municipalities with uncovered children.

    Parameters
    ----------
    prepared, measured
        Of the study.
    places
        Where an academy could come; see `places.find_candidates`.
    reasons
        For uncovered children `nis_code`, `reason` and `children`; see `gaps`.
    threads
        Searches that run side by side.

    Returns
    -------
    DataFrame
        The table `candidate-municipalities` of the data dictionary, by `gaps.rank_by` from high
        to low; equals by NIS code.
    """
    towns = pd.DataFrame(measured.municipalities)
    front = ["nis_code", "name", "province", "children", "uncovered", "unmeasured", "share"]
    table = towns.loc[towns["uncovered"] > 0, [*front, "academies", "has_academy"]]
    for part in (_main_reason(reasons), _best_places(prepared, measured, places, threads)):
        table = table.merge(part, on="nis_code", how="left")
    text = dict.fromkeys(("reason", "place_id", "place"), "")
    whole = dict.fromkeys(("adds", "adds_here", "adds_beyond"), 0)
    kinds = dict.fromkeys(whole, "int64") | dict.fromkeys(("nis_code", "name", *text), "str")
    table = table.fillna(text | whole).astype(kinds)
    return _rank_by_rule(table, prepared.study.gaps.rank_by)


def _rank_by_rule(table: pd.DataFrame, rule: str) -> pd.DataFrame:
    """Put the municipalities in order: most in need first, equals by code."""
    by = {"adds": ["adds", "uncovered"], "uncovered": ["uncovered", "adds"], "share": ["share"]}
    keys = [*by[rule], "nis_code"]
    # The lowest share within reach is the most in need; of the others the largest number is.
    rising = [name in ("share", "nis_code") for name in keys]
    ranked = table.sort_values(keys, ascending=rising, ignore_index=True)
    ranked.insert(0, "rank", np.arange(1, len(ranked) + 1))
    return ranked


def _main_reason(reasons: pd.DataFrame) -> pd.DataFrame:
    """Give by municipality the reason of most of its uncovered children, the first of equals."""
    text = reasons.astype({"reason": "str"})
    sums = text.groupby(["nis_code", "reason"], as_index=False)[["children"]].sum()
    sums["order"] = sums["reason"].map(list(REASONS).index)
    sums = sums.sort_values(["nis_code", "children", "order"], ascending=[True, False, True])
    return pd.DataFrame(sums.drop_duplicates("nis_code")[["nis_code", "reason"]])


def _best_places(
    prepared: Prepared, measured: Measured, places: gpd.GeoDataFrame, threads: int | None
) -> pd.DataFrame:
    """Give by municipality the place there that would bring most children within reach."""
    uncovered = list_uncovered(prepared, measured, "all")
    reach = coverage_sets(prepared, measured, places, "all", uncovered, threads=threads)
    place = np.repeat(np.arange(len(places)), np.diff(reach.indptr))
    children = uncovered.children[reach.indices]
    towns = pd.Index(places["nis_code"]).append(pd.Index(prepared.points["nis_code"]))
    codes, _ = pd.factorize(towns)
    own, of_point = codes[: len(places)], codes[len(places) :]
    here = own[place] == of_point[uncovered.point[reach.indices]]
    adds = sum_by_owner(place, children, len(places))
    adds_here = sum_by_owner(place, children * here, len(places))
    table = pd.DataFrame(
        {
            "nis_code": places["nis_code"],
            "place_id": places["academy_id"],
            "place": places["name"],
            "adds": adds,
            "adds_here": adds_here,
            "adds_beyond": adds - adds_here,
            "x_m": places.geometry.x.round(1),
            "y_m": places.geometry.y.round(1),
        }
    )
    best = table.sort_values(["nis_code", "adds", "place_id"], ascending=[True, False, True])
    return best.drop_duplicates("nis_code")
