"""Who is covered: children in time of an academy, at every level.

covered + uncovered + unmeasured = children, at every level, to the last child.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from stemgeo.demand import AgeCell

ALL_BANDS = "all"
REGION = ("VLG", "Vlaanderen")
COUNTS = ["children", "covered", "uncovered", "unmeasured"]


@dataclass(frozen=True)
class Reached:
    """What the ages of a cell reach in one scenario and profile, in the order of the points.

    Attributes
    ----------
    profile, scenario, cell
        Which rider this is.
    covered
        Whether each point has an academy within the cutoff, shape (points,).
    measured
        Whether the point could be tied to the network, shape (points,).
    """

    profile: str
    scenario: str
    cell: AgeCell
    covered: NDArray[np.bool_]
    measured: NDArray[np.bool_]


def coverage(
    demand: gpd.GeoDataFrame,
    reached: list[Reached],
    zones: gpd.GeoDataFrame,
    municipalities: gpd.GeoDataFrame,
) -> pd.DataFrame:
    """Count covered children per zone, municipality, province and region.

    Parameters
    ----------
    demand
        The demand table.
    reached
        For each age cell, scenario and profile, what each demand point reaches.
    zones, municipalities
        Their tables; a place without children has a row of zeros.

    Returns
    -------
    DataFrame
        The coverage table, sorted by level (region first), code, profile, scenario and band.
        `share` is covered / (covered + uncovered), NaN when nothing was measured.
    """
    by_zone = pd.concat([_per_zone(demand, one, zones) for one in reached], ignore_index=True)
    by_zone = pd.concat([by_zone, by_zone.assign(band=ALL_BANDS)], ignore_index=True)
    by_zone = by_zone.merge(
        municipalities[["nis_code", "name", "province"]].rename(columns={"name": "municipality"}),
        on="nis_code",
    )
    levels = [
        _level(by_zone.assign(code=REGION[0], name=REGION[1]), "region"),
        _level(by_zone.assign(code=by_zone["province"], name=by_zone["province"]), "province"),
        _level(
            by_zone.assign(code=by_zone["nis_code"], name=by_zone["municipality"]), "municipality"
        ),
        _level(by_zone.assign(code=by_zone["zone_id"]), "zone"),
    ]
    return pd.concat(levels, ignore_index=True)


def _per_zone(demand: gpd.GeoDataFrame, one: Reached, zones: gpd.GeoDataFrame) -> pd.DataFrame:
    zone = pd.Index(zones["zone_id"]).get_indexer(demand["zone_id"])
    children = demand[one.cell.column].to_numpy()

    def total(which: NDArray[np.bool_]) -> NDArray[np.int64]:
        # Sums of whole numbers far below 2**53: exact in floating point.
        sums = np.bincount(zone[which], weights=children[which], minlength=len(zones))
        return sums.astype(np.int64)

    covered, measured = one.covered & one.measured, one.measured
    return pd.DataFrame(
        {
            **{name: zones[name].to_numpy() for name in ("zone_id", "nis_code", "name")},
            "band": one.cell.band.name,
            "scenario": one.scenario,
            "profile": one.profile,
            "children": total(np.ones_like(measured)),
            "covered": total(covered),
            "uncovered": total(measured & ~covered),
            "unmeasured": total(~measured),
        }
    )


def _level(rows: pd.DataFrame, level: str) -> pd.DataFrame:
    keys = ["code", "name", "profile", "scenario", "band"]
    sums = rows.groupby(keys, as_index=False)[COUNTS].sum()
    measured = (sums["covered"] + sums["uncovered"]).to_numpy()
    share = np.full(len(sums), np.nan)
    np.divide(sums["covered"].to_numpy(), measured, out=share, where=measured > 0)
    sums = sums.assign(level=level, share=share)
    first = ["level", "code", "name", "band", "scenario", "profile"]
    return sums[[*first, *COUNTS, "share"]]


def municipality_table(
    coverage: pd.DataFrame, municipalities: gpd.GeoDataFrame, academies: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Lay both measures side by side: has an academy, and children in time.

    Parameters
    ----------
    coverage
        The coverage table.
    municipalities
        Their table.
    academies
        The academies that count on the study's date, with `nis_code`.

    Returns
    -------
    GeoDataFrame
        For each municipality: `academies` (number), `has_academy`, the counts of the central
        scenario over all bands and profile "all", `share` with `share_low` and `share_high`.
    """
    rows = coverage[
        (coverage["level"] == "municipality")
        & (coverage["band"] == ALL_BANDS)
        & (coverage["profile"] == "all")
    ]
    table = municipalities[["nis_code", "name", "province", "geometry"]].copy()
    inside = academies["nis_code"].value_counts()
    table["academies"] = inside.reindex(table["nis_code"], fill_value=0).to_numpy(np.int64)
    table["has_academy"] = table["academies"] > 0
    central = rows[rows["scenario"] == "central"].set_index("code").reindex(table["nis_code"])
    for name in [*COUNTS, "share"]:
        table[name] = central[name].to_numpy()
    for scenario in ("low", "high"):
        part = rows[rows["scenario"] == scenario].set_index("code").reindex(table["nis_code"])
        table[f"share_{scenario}"] = part["share"].to_numpy()
    return table


def summary(
    coverage: pd.DataFrame, municipalities: gpd.GeoDataFrame, by: str = "province"
) -> pd.DataFrame:
    """Give the table that answers the question: one row for each place of a level.

    Parameters
    ----------
    coverage
        The coverage table.
    municipalities
        As from `municipality_table`.
    by
        "region", "province", "municipality" or "zone".

    Returns
    -------
    DataFrame
        `code`, `name`, `municipalities` and `with_academy` (not for zones), `children`,
        `covered`, `uncovered`, `unmeasured`, `share`, `share_low`, `share_high`, and
        `share_low_stress` when the study has that profile; the region comes last when `by` is
        "province".
    """
    levels = [by, "region"] if by == "province" else [by]
    rows = coverage[coverage["band"] == ALL_BANDS]
    rows = pd.concat([rows[rows["level"] == level] for level in levels])
    quiet = rows[(rows["profile"] == "low_stress") & (rows["scenario"] == "central")]
    rows = rows[rows["profile"] == "all"]
    table = rows[rows["scenario"] == "central"][["level", "code", "name", *COUNTS, "share"]]
    for scenario in ("low", "high"):
        part = rows[rows["scenario"] == scenario].set_index(["level", "code"])["share"]
        table = table.join(part.rename(f"share_{scenario}"), on=["level", "code"])
    if len(quiet):
        part = quiet.set_index(["level", "code"])["share"]
        table = table.join(part.rename("share_low_stress"), on=["level", "code"])
    if by != "zone":
        counts = _academy_counts(municipalities)
        table = table.join(counts, on=["level", "code"])
    front = [name for name in ("municipalities", "with_academy") if name in table.columns]
    shares = [name for name in table.columns if name.startswith("share")]
    return table[["code", "name", *front, *COUNTS, *shares]].reset_index(drop=True)


def _academy_counts(municipalities: gpd.GeoDataFrame) -> pd.DataFrame:
    """How many municipalities, and how many with an academy, by level and code."""
    plain = pd.DataFrame(municipalities[["nis_code", "province", "has_academy"]])
    codes = {
        "region": plain.assign(code=REGION[0]),
        "province": plain.assign(code=plain["province"]),
        "municipality": plain.assign(code=plain["nis_code"]),
    }
    parts = [part.assign(level=level) for level, part in codes.items()]
    grouped = pd.concat(parts).groupby(["level", "code"])["has_academy"]
    return pd.DataFrame({"municipalities": grouped.size(), "with_academy": grouped.sum()})
