"""The gaps of a study: which there are, in which municipalities, with whom, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from stemgeo.access.travel_time import horizon_ms
from stemgeo.access.travellers import OverNetwork
from stemgeo.gaps import join, outlines
from stemgeo.gaps.evidence import COLUMNS, evidence
from stemgeo.gaps.late import NOWHERE, PROFILES, late_children, lower_median, most
from stemgeo.gaps.reasons import REASONS, Case, with_reasons
from stemgeo.measure import all_cores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stemgeo.measure import Measured, Prepared

    Ints = NDArray[np.intp]

NAMES = 3
"""So many municipalities give a gap its name."""


@dataclass(frozen=True)
class Gaps:
    """The gaps of a study.

    Attributes
    ----------
    table
        A row for each gap, most children first; see `docs/data-dictionary.md`.
    shares
        The municipalities of each gap with their part of its children.
    children
        A row for each point and age cell with children who are not in time, in a gap or not:
        `point` (position in the demand table), `ages` (of the cell), `band`, `nis_code`,
        `profile`, `children`, `gap_id` (empty: in an area with too few for a gap), `reason`.
        A child has one row at most.
    """

    table: gpd.GeoDataFrame
    shares: pd.DataFrame
    children: pd.DataFrame


def find_gaps(prepared: Prepared, measured: Measured, *, threads: int | None = None) -> Gaps:
    """Find the connected areas of uncovered children, and why they are not in time.

    Parameters
    ----------
    prepared, measured
        Of a study and its day. The central scenario is used; `[gaps]` of the study says how
        children are joined to an area, how many make a gap and how reasons are told.
    threads
        Searches that run side by side, all cores when not given; the result is the same.

    Returns
    -------
    Gaps
        Of profile "all" the children whom no road brings in time; of "low_stress", when the study
        has it, those who are in time over all roads but not over quiet ones. The children of each
        profile, in a gap or not, add up to the uncovered of the coverage table.
    """
    case = Case.of(prepared, measured, threads or all_cores())
    rows = with_reasons(late_children(prepared, measured), case)
    parts = [_areas(rows, case, number) for number in range(len(PROFILES))]
    area = np.full(len(rows), NOWHERE, dtype=np.intp)
    shapes: list[object] = []
    for own, drawn, mine in parts:
        area[mine] = np.where(own == NOWHERE, NOWHERE, own + len(shapes))
        shapes.extend(drawn)
    rank = _ranked(rows, area, len(shapes), prepared)
    area = np.where(area == NOWHERE, NOWHERE, np.append(rank, NOWHERE)[area])
    drawn = np.empty(len(shapes), dtype=object)
    drawn[rank] = shapes
    ids = np.array([f"G{number:03}" for number in range(1, len(shapes) + 1)], dtype=object)
    inside = rows.assign(gap=area)[area != NOWHERE]
    shares = _shares(inside, ids, prepared)
    table = _table(inside, shares, ids, case)
    return Gaps(
        gpd.GeoDataFrame(table, geometry=drawn, crs=prepared.points.crs),
        shares,
        _children(rows, area, ids, prepared),
    )


def _areas(
    rows: pd.DataFrame, case: Case, profile: int
) -> tuple[Ints, NDArray[np.object_], NDArray[np.bool_]]:
    """Join the children of a profile to areas and keep those that are gaps.

    Returns
    -------
    tuple
        Number of the gap of each row of the profile, or NOWHERE; the outlines of the gaps; which
        rows are the profile's.
    """
    mine = (rows["profile"] == profile).to_numpy()
    point, number = _each_once(rows["point"].to_numpy()[mine])
    joined = _joined(point, case)
    children = rows["children"].to_numpy()[mine]
    sums = np.bincount(joined.group[number], weights=children, minlength=joined.groups)
    kept = sums >= case.prepared.study.gaps.min_children
    new = np.append(np.where(kept, np.cumsum(kept) - 1, NOWHERE), NOWHERE).astype(np.intp)
    inside = kept[joined.group]
    links = joined.links[inside[joined.links[:, 0]]] if len(joined.links) else joined.links
    place = np.cumsum(inside) - 1
    of_gaps = join.Joined(new[joined.group[inside]], place[links])
    return new[joined.group[number]], _outlines(point[inside], of_gaps, case), mine


def _each_once(point: Ints) -> tuple[Ints, Ints]:
    """Give every point once, and which of these each one is."""
    there = np.bincount(point) > 0
    return np.flatnonzero(there), (np.cumsum(there) - 1)[point]


def _joined(point: Ints, case: Case) -> join.Joined:
    rules, points = case.prepared.study.gaps, case.prepared.points
    if rules.method == "zones":
        return join.by_zones(_zone(point, case), case.prepared.inputs.zones)
    if rules.method == "roads" and isinstance(case.rider, OverNetwork):
        places = case.rider.places.take(point)
        return join.by_roads(case.rider.network, places, rules.distance_m)
    place = points.geometry.iloc[point]
    return join.by_distance(place.x.to_numpy(), place.y.to_numpy(), rules.distance_m)


def _zone(point: Ints, case: Case) -> Ints:
    zones = pd.Index(case.prepared.inputs.zones["zone_id"])
    return np.asarray(zones.get_indexer(pd.Index(case.prepared.points["zone_id"].iloc[point])))


def _outlines(point: Ints, joined: join.Joined, case: Case) -> NDArray[np.object_]:
    rules = case.prepared.study.gaps
    if rules.method == "zones":
        return outlines.around_zones(_zone(point, case), joined, case.prepared.inputs.zones)
    place = case.prepared.points.geometry.iloc[point]
    x, y = place.x.to_numpy(), place.y.to_numpy()
    shapes = outlines.around_points(x, y, joined, rules.distance_m)
    return outlines.apart(shapes, x, y, joined.group) if rules.method == "roads" else shapes


def _ranked(rows: pd.DataFrame, area: Ints, areas: int, prepared: Prepared) -> Ints:
    """Give the rank of each area: most children first, then by profile, municipality and point."""
    inside = rows.assign(area=area)[area != NOWHERE]
    code = prepared.points["nis_code"].iloc[inside["point"]].set_axis(inside.index)
    grouped = inside.groupby("area")
    order = pd.DataFrame(
        {
            "children": grouped["children"].sum(),
            "profile": grouped["profile"].first(),
            "nis_code": most(inside["area"], code, inside["children"]),
            "point": grouped["point"].min(),
        }
    ).sort_values(["children", "profile", "nis_code", "point"], ascending=[False, True, True, True])
    rank = np.empty(areas, dtype=np.intp)
    rank[order.index] = np.arange(areas)
    return rank


def _shares(inside: pd.DataFrame, ids: NDArray[np.object_], prepared: Prepared) -> pd.DataFrame:
    """Count the children of each municipality in each gap, most first."""
    code = prepared.points["nis_code"].iloc[inside["point"]].to_numpy(object)
    sums = inside["children"].groupby([inside["gap"], pd.Series(code, inside.index)]).sum()
    table = sums.rename_axis(["gap", "nis_code"]).rename("uncovered").reset_index()
    table = table.sort_values(["gap", "uncovered", "nis_code"], ascending=[True, False, True])
    about = prepared.inputs.municipalities[["nis_code", "name", "province"]]
    table = table.merge(pd.DataFrame(about), on="nis_code", how="left")
    table["share_of_gap"] = table["uncovered"] / table.groupby("gap")["uncovered"].transform("sum")
    table.insert(0, "gap_id", pd.array(ids[table["gap"]], dtype="str"))
    texts = dict.fromkeys(("nis_code", "name", "province"), "str")
    front = ["gap_id", "nis_code", "name", "province", "uncovered", "share_of_gap"]
    return pd.DataFrame(table.astype(texts)[front])


def _table(
    inside: pd.DataFrame, shares: pd.DataFrame, ids: NDArray[np.object_], case: Case
) -> pd.DataFrame:
    """Lay out what is known of each gap; its outline comes last."""
    study = case.prepared.study
    grouped, places = inside.groupby("gap"), shares.groupby("gap_id")
    table = pd.DataFrame({"gap_id": pd.array(ids, dtype="str")})
    profile = grouped["profile"].first().to_numpy(np.intp)
    table["profile"] = pd.array(np.array(PROFILES, dtype=object)[profile], dtype="str")
    table["name"] = _texts(places["name"].agg(lambda names: ", ".join(names[:NAMES])), ids)
    table["municipalities"] = places.size().reindex(ids).to_numpy(np.int64)
    provinces = places["province"].agg(lambda names: ", ".join(dict.fromkeys(names)))
    table["provinces"] = _texts(provinces, ids)
    table["uncovered"] = grouped["children"].sum().to_numpy(np.int64)
    band = pd.Series([cell.band.name for cell in case.prepared.cells]).take(inside["cell"])
    for one in study.travel.bands:
        mine = inside["children"].where(band.to_numpy() == one.name, 0)
        table[f"uncovered_{one.name}"] = mine.groupby(inside["gap"]).sum().to_numpy(np.int64)
    nearest = _nearest_to_most(inside, case)
    table["nearest_academy_id"] = pd.array(nearest.to_numpy(object), dtype="str")
    median_s = lower_median(inside["gap"], inside["time_s"], inside["children"]).to_numpy(np.float64)
    cutoff_s = horizon_ms(study.travel.cutoff_min) / 1000
    table["median_time_s"] = median_s
    table["extra_min"] = (median_s - cutoff_s) / 60
    by_reason = [inside["children"].where(inside["reason"] == n, 0) for n in range(len(REASONS))]
    sums = np.stack([one.groupby(inside["gap"]).sum().to_numpy(np.int64) for one in by_reason], 1)
    # Of equal counts the first is taken: the earlier reason.
    reason = np.array(REASONS, dtype=object)[sums.argmax(axis=1)]
    table["reason"] = pd.array(reason, dtype="str")
    for number, name in enumerate(REASONS):
        table[f"children_{name}"] = sums[:, number]
    return table.join(evidence(inside, len(ids), case)[list(COLUMNS)])


def _texts(column: pd.Series, ids: NDArray[np.object_]) -> pd.api.extensions.ExtensionArray:
    return pd.array(column.reindex(ids).to_numpy(object), dtype="str")


def _nearest_to_most(inside: pd.DataFrame, case: Case) -> pd.Series:
    """Give the academy nearest to more children than any other, or to more than have none."""
    academies = case.measured.academies["academy_id"].to_numpy(object)
    # Academies stand in the order of their ids; of as many children an academy goes before none.
    number = inside["academy"].where(inside["academy"] != NOWHERE, len(academies))
    chosen = most(inside["gap"], number, inside["children"])
    return pd.Series(np.append(academies, "")[chosen.to_numpy(np.intp)], index=chosen.index)


def _children(
    rows: pd.DataFrame, area: Ints, ids: NDArray[np.object_], prepared: Prepared
) -> pd.DataFrame:
    """Write out who is not in time, with words for numbers."""
    cells = prepared.cells
    bands = list(dict.fromkeys(cell.band.name for cell in cells))
    band = np.array([bands.index(cell.band.name) for cell in cells])
    number = rows["cell"].to_numpy()
    named = pd.Categorical.from_codes
    return pd.DataFrame(
        {
            "point": rows["point"].to_numpy(),
            "ages": named(number, [cell.name for cell in cells]),
            "band": named(band[number], bands),
            "nis_code": prepared.points["nis_code"].iloc[rows["point"]].to_numpy(),
            "profile": named(rows["profile"].to_numpy(), list(PROFILES)),
            "children": rows["children"].to_numpy(),
            "gap_id": named(np.where(area == NOWHERE, len(ids), area), [*ids, ""]),
            "reason": named(rows["reason"].to_numpy(), list(REASONS)),
        }
    )
