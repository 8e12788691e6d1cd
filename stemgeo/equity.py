"""Who is covered, by what is known of the places: coverage by quintiles, and its concentration.

An attribute is a number of each zone or municipality, such as the median income. It says nothing
of a child: a child is told apart by where it lives alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from stemgeo.arrays import sum_by_owner
from stemgeo.coverage import ALL_BANDS, lay_side_by_side, with_shares
from stemgeo.errors import Findings
from stemgeo.tables import COUNTS, SCHEMAS, order_columns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

QUINTILES = (1, 2, 3, 4, 5)
UNKNOWN = 0
"""The quintile of the places whose value is not known."""

_LEVELS = {"zone_id": "zone", "nis_code": "municipality"}


def count_quintiles(coverage: pd.DataFrame, attributes: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Count covered children by fifths of the children, from low to high values of an attribute.

    Places stand in order of value, and each belongs to the fifth in which the middle of its
    children falls (on a border: the lower one). Places of equal value stand together and share
    one middle, so the fifths are as equal as whole places and equal values allow.

    Parameters
    ----------
    coverage
        The coverage table.
    attributes
        By name: a table with `zone_id` or `nis_code`, and `value` in any unit, NaN when unknown.
        A place that is not in it is unknown; a code that is not a place is left out.

    Returns
    -------
    DataFrame
        The table `quintiles` of the data dictionary: for each attribute and profile six rows, five
        fifths and the unknown (`quintile` 0), also when empty. The six add up to the region, to
        the last child.

    Raises
    ------
    InputError
        When an attribute has two rows for a place.
    """
    tables = [
        _count_by_quintile(places).assign(attribute=name)
        for name, places in _add_values(coverage, attributes).items()
    ]
    if not tables:
        return pd.DataFrame(columns=list(SCHEMAS["quintiles"].columns))
    return order_columns("quintiles", pd.concat(tables, ignore_index=True))


def measure_concentration(
    coverage: pd.DataFrame, attributes: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """Say in one number whether coverage is with the places of high or of low values.

    With h the share covered of a place, its measured children as weights, mu the mean of h and
    r the fractional rank by value (0 to 1, equal values at the middle of their ranks), the
    concentration index is C = (2 / mu) cov(h, r) (Kakwani, Wagstaff and van Doorslaer 1997,
    Journal of Econometrics 77; O'Donnell et al. 2008, Analyzing Health Equity Using Household
    Survey Data, World Bank, ch. 8). A share is bounded, which bounds C by mu; Erreygers' index
    E = 4 mu C is free of that and is the same, with the other sign, for the children who are not
    covered (Erreygers 2009, Journal of Health Economics 28).

    Parameters
    ----------
    coverage, attributes
        As for `count_quintiles`.

    Returns
    -------
    DataFrame
        For each attribute, profile and scenario: `places` with a value and measured children,
        `measured` (those children), `share` (mu), `concentration_index`, `erreygers_index`, from
        -1 to 1. Above 0: places with high values have more of the coverage. NaN when nobody is
        measured or covered.

    Raises
    ------
    InputError
        When an attribute has two rows for a place.
    """
    rows = []
    for name, places in _add_values(coverage, attributes).items():
        for (profile, scenario), part in places.groupby(["profile", "scenario"], sort=False):
            key = {"attribute": name, "profile": profile, "scenario": scenario}
            rows.append({**key, **_compute_indices(part[part["value"].notna()])})
    indices = ["concentration_index", "erreygers_index"]
    columns = ["attribute", "profile", "scenario", "places", "measured", "share", *indices]
    return pd.DataFrame(rows, columns=columns)


def _add_values(
    coverage: pd.DataFrame, attributes: Mapping[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """Give for each attribute the coverage of all places of its level, each with its `value`."""
    findings = Findings()
    found = {}
    for name, table in attributes.items():
        key = next(column for column in _LEVELS if column in table)
        if table[key].duplicated().any():
            code = table.loc[table[key].duplicated(), key].iloc[0]
            findings.error(f"attribute {name}", f"'{code}' has two rows", "keep one of them")
            continue
        is_place = (coverage["level"] == _LEVELS[key]) & (coverage["band"] == ALL_BANDS)
        places = coverage[is_place]
        values = table.set_index(key)["value"].astype(float).reindex(places["code"])
        found[name] = places.assign(value=values.to_numpy())
    findings.raise_errors()
    return found


def _twice_middle(value: NDArray[np.float64], weight: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give twice the cumulated weight at the middle of all that have the same value.

    Twice, so that it is a whole number and every figure from it is exact.
    """
    _, group = np.unique(value, return_inverse=True)
    of_group = sum_by_owner(group, weight)
    return np.asarray((2 * np.cumsum(of_group) - of_group)[group])


def _find_quintile(places: pd.DataFrame) -> NDArray[np.int64]:
    """Give each place its fifth; its children are the same in every profile and scenario."""
    value = places["value"].to_numpy()
    children = places["children"].to_numpy(np.int64)
    known = ~np.isnan(value)
    whole = max(int(children[known].sum()), 1)
    # The fifth that ends at or after the middle; nobody lives before the first.
    fifth = -(-5 * _twice_middle(value[known], children[known]) // (2 * whole))
    quintile = np.full(len(places), UNKNOWN, dtype=np.int64)
    quintile[known] = np.maximum(fifth, 1)
    return quintile


def find_fifths(coverage: pd.DataFrame, attribute: pd.DataFrame) -> pd.Series[int]:
    """Give the fifth of each place that has a value of an attribute, by code, as in `quintiles`."""
    places = _add_values(coverage, {"": attribute})[""]
    one_rider = places[(places["profile"] == "all") & (places["scenario"] == "central")]
    return pd.Series(_find_quintile(one_rider), index=one_rider["code"])


def _count_by_quintile(places: pd.DataFrame) -> pd.DataFrame:
    profiles = places["profile"].unique()
    one_rider = places[(places["profile"] == profiles[0]) & (places["scenario"] == "central")]
    quintile = pd.Series(_find_quintile(one_rider), index=one_rider["code"])
    placed = places.assign(quintile=places["code"].map(quintile))
    keys = ["profile", "quintile"]
    every: list[Any] = [placed["scenario"].unique(), profiles, (*QUINTILES, UNKNOWN)]
    sums = placed.groupby(["scenario", *keys])[COUNTS].sum()
    sums = sums.reindex(pd.MultiIndex.from_product(every, names=sums.index.names), fill_value=0)
    counted = with_shares(sums).reset_index()
    figures = {
        one: lay_side_by_side(counted, "quintiles", ["quintile"], profile=one) for one in profiles
    }
    values = placed[placed["scenario"] == "central"].groupby(keys)["value"]
    rows = pd.concat(figures, names=["profile"]).assign(
        value_from=values.min(), value_to=values.max(), places=values.size()
    )
    found: pd.DataFrame = rows.fillna({"places": 0}).astype({"places": "int64"}).reset_index()
    return found


def _compute_indices(places: pd.DataFrame) -> dict[str, float]:
    """Work the indices out in whole numbers up to the last division.

    With K covered of W measured children, mu = K / W, and a place of c covered children at the
    middle m of its cumulated weight (r = m / W, of which the mean is 1/2):
    cov(h, r) = (sum of c m) / W**2 - mu / 2, so C = (sum of c 2m - K W) / (K W).
    """
    covered = places["covered"].to_numpy(np.int64)
    measured = covered + places["uncovered"].to_numpy(np.int64)
    in_time, whole = int(covered.sum()), int(measured.sum())
    twice_middle = _twice_middle(places["value"].to_numpy(), measured)
    skew = int((covered * twice_middle).sum()) - in_time * whole
    defined = in_time > 0
    return {
        "places": int((measured > 0).sum()),
        "measured": whole,
        "share": in_time / whole if whole else np.nan,
        "concentration_index": skew / (in_time * whole) if defined else np.nan,
        "erreygers_index": 4 * skew / whole**2 if defined else np.nan,
    }
