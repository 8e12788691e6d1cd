"""The gaps of a study: which there are, in which municipalities, with whom, and why."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from stemgeo.access.travel_time import minutes_to_ms
from stemgeo.access.travellers import OverNetwork
from stemgeo.arrays import sum_by_owner
from stemgeo.gaps import join, outlines
from stemgeo.gaps.evidence import find_evidence
from stemgeo.gaps.late import (
    PROFILES,
    find_distinct,
    find_value_of_most,
    late_children,
    lower_median,
)
from stemgeo.gaps.reasons import Case, add_reasons
from stemgeo.measure import count_cores
from stemgeo.reasons import NOWHERE, REASONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from stemgeo.measure import Measured, Prepared

    Ints = NDArray[np.intp]

LETTERS = ("G", "R")
"""What the numbers of gaps begin with, by profile: of all roads, and of quiet ones."""

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
        A row for each point and age cell with children who are out of reach, in a gap or not:
        `point` (position in the demand table), `ages` (of the cell), `band`, `nis_code`,
        `profile`, `children`, `gap_id` (empty: in an area with too few for a gap), `reason`.
        A child has one row at most.
    """

    table: gpd.GeoDataFrame
    shares: pd.DataFrame
    children: pd.DataFrame


def find_gaps(prepared: Prepared, measured: Measured, *, threads: int | None = None) -> Gaps:
    """Find the connected areas of uncovered children, and why they are out of reach.

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
        Of profile "all" the children whom no road brings within reach; of "low_stress", when the
        study has it, those within reach over all roads but not over quiet ones. Children of each
        profile, in a gap or not, add up to the uncovered of the coverage table.
    """
    case = Case.from_measured(prepared, measured, threads or count_cores())
    rows = add_reasons(late_children(prepared, measured), case)
    with ThreadPoolExecutor(case.threads) as pool:  # most of the work is in GEOS, side by side
        parts = list(pool.map(lambda one: _join_areas(rows, case, one), range(len(PROFILES))))
    area = np.full(len(rows), NOWHERE, dtype=np.intp)
    shapes: list[object] = []
    for own, drawn, mine in parts:
        area[mine] = np.where(own == NOWHERE, NOWHERE, own + len(shapes))
        shapes.extend(drawn)
    rank = _rank_areas(rows, area, len(shapes), case)
    area = np.where(area == NOWHERE, NOWHERE, np.append(rank, NOWHERE)[area])
    drawn = np.empty(len(shapes), dtype=object)
    drawn[rank] = shapes
    ids = _number_gaps([len(own) for _, own, _ in parts], rank)
    inside = rows.assign(gap=area)[area != NOWHERE]
    shares = _share_by_municipality(inside, ids, case)
    table = _describe_gaps(inside, shares, ids, case)
    return Gaps(
        gpd.GeoDataFrame(table, geometry=drawn, crs=prepared.points.crs),
        shares,
        _list_children(rows, area, ids, case),
    )


def _join_areas(
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
    point, number = find_distinct(rows["point"].to_numpy()[mine])
    children = rows["children"].to_numpy()[mine]
    joined = _join_points(point, sum_by_owner(number, children, len(point)), case)
    sums = sum_by_owner(joined.group[number], children, joined.groups)
    kept = (sums >= case.prepared.study.gaps.min_children) & _has_more_cells(point, joined, case)
    area, of_gaps = joined.keep(kept)
    return area[number], _draw_outlines(point[area != NOWHERE], of_gaps, case), mine


def _has_more_cells(point: Ints, joined: join.PointGroups, case: Case) -> NDArray[np.bool_]:
    """Say of which groups a grid does not hold all in one cell, where that is no gap."""
    weights, joining = case.prepared.inputs.weights, case.joining
    if joining.alone or weights is None or case.prepared.study.gaps.method == "zones":
        return np.ones(joined.groups, dtype=np.bool_)
    place = case.prepared.points.geometry.iloc[point]
    cell = joining.find_cells(place.x.to_numpy(), place.y.to_numpy(), weights)
    cells = pd.DataFrame({"group": joined.group, "cell": cell}).groupby("group")["cell"].nunique()
    return np.asarray(cells.reindex(range(joined.groups)) > 1)


def _join_points(point: Ints, children: NDArray[np.int64], case: Case) -> join.PointGroups:
    rules, points, far_m = case.prepared.study.gaps, case.prepared.points, case.joining.distance_m
    if rules.method == "zones":
        return join.by_zones(_find_zones(point, case), case.prepared.inputs.zones)
    place = points.geometry.iloc[point]
    x, y = place.x.to_numpy(), place.y.to_numpy()
    dense = np.ones(len(point), dtype=np.bool_)
    if case.joining.cell_m is None:
        dense = join.is_dense(x, y, children, far_m, rules.min_children)
    if rules.method == "roads" and isinstance(case.rider, OverNetwork):
        places = case.rider.places.take_points(point[dense])
        joined = join.by_roads(case.rider.network, places, far_m)
    else:
        joined = join.by_distance(x[dense], y[dense], far_m)
    weights = case.prepared.inputs.weights
    if case.joining.smallest_m is not None and weights is not None:
        return case.joining.join_touching(joined, case.joining.find_cells(x, y, weights), weights)
    return join.add_thin(joined, dense, x, y, far_m)


def _find_zones(point: Ints, case: Case) -> Ints:
    zones = pd.Index(case.prepared.inputs.zones["zone_id"])
    return np.asarray(zones.get_indexer(pd.Index(case.prepared.points["zone_id"].iloc[point])))


def _draw_outlines(point: Ints, joined: join.PointGroups, case: Case) -> NDArray[np.object_]:
    rules = case.prepared.study.gaps
    if rules.method == "zones":
        return outlines.draw_around_zones(
            _find_zones(point, case), joined, case.prepared.inputs.zones
        )
    place = case.prepared.points.geometry.iloc[point]
    x, y = place.x.to_numpy(), place.y.to_numpy()
    joining, weights = case.joining, case.prepared.inputs.weights
    if joining.smallest_m is not None and weights is not None:
        return outlines.draw_around_zones(joining.find_cells(x, y, weights), joined, weights)
    # Three squares to a cell, so that the square of a point and those beside it are the cell.
    side_m = None if joining.cell_m is None else joining.cell_m / 3
    return outlines.draw_around_points(x, y, joined, joining.distance_m, side_m=side_m)


def _rank_areas(rows: pd.DataFrame, area: Ints, areas: int, case: Case) -> Ints:
    """Give the rank of each area: most children first, then by profile, municipality and point."""
    inside = rows.assign(area=area)[area != NOWHERE]
    town = pd.Series(case.town[inside["point"]], index=inside.index)
    grouped = inside.groupby("area")
    order = pd.DataFrame(
        {
            "children": grouped["children"].sum(),
            "profile": grouped["profile"].first(),
            "town": find_value_of_most(inside["area"], town, inside["children"]),
            "point": grouped["point"].min(),
        }
    ).sort_values(["children", "profile", "town", "point"], ascending=[False, True, True, True])
    rank = np.empty(areas, dtype=np.intp)
    rank[order.index] = np.arange(areas)
    return rank


def _number_gaps(of_profile: list[int], rank: Ints) -> NDArray[np.object_]:
    """Number the gaps of each profile by themselves, without a jump: G001, G002, and R001."""
    profile = np.repeat(np.arange(len(of_profile)), of_profile)[np.argsort(rank)]
    ids = np.empty(len(rank), dtype=object)
    for number, letter in enumerate(LETTERS):
        mine = profile == number
        ids[mine] = [f"{letter}{one:03}" for one in range(1, mine.sum() + 1)]
    return ids


def _share_by_municipality(
    inside: pd.DataFrame, ids: NDArray[np.object_], case: Case
) -> pd.DataFrame:
    """Count the children of each municipality in each gap, most first."""
    town = pd.Series(case.town[inside["point"]], index=inside.index)
    sums = inside["children"].groupby([inside["gap"], town]).sum()
    table = sums.rename_axis(["gap", "town"]).rename("uncovered").reset_index()
    table = table.sort_values(["gap", "uncovered", "town"], ascending=[True, False, True])
    gap, place = table["gap"].to_numpy(np.intp), table["town"].to_numpy(np.intp)
    named = case.towns.iloc[place].set_index(table.index).astype("str")
    of_gap = table.groupby("gap")["uncovered"].transform("sum")
    named.insert(0, "gap_id", pd.array(ids[gap], dtype="str"))
    table = named.assign(uncovered=table["uncovered"], share_of_gap=table["uncovered"] / of_gap)
    return table.reset_index(drop=True)


def _describe_gaps(
    inside: pd.DataFrame, shares: pd.DataFrame, ids: NDArray[np.object_], case: Case
) -> pd.DataFrame:
    """Lay out what is known of each gap; its outline comes last."""
    study = case.prepared.study
    grouped = inside.groupby("gap")
    table = pd.DataFrame({"gap_id": pd.array(ids, dtype="str")})
    profile = grouped["profile"].first().to_numpy(np.intp)
    table["profile"] = pd.array(np.array(PROFILES, dtype=object)[profile], dtype="str")
    names, provinces = (_list_by_gap(shares, name, ids) for name in ("name", "province"))
    table["name"] = pd.array([", ".join(each[:NAMES]) for each in names], dtype="str")
    table["near"] = pd.array(_name_near(inside, case), dtype="str")
    table["municipalities"] = pd.array([len(each) for each in names], dtype="int64")
    texts = [", ".join(dict.fromkeys(each)) for each in provinces]
    table["provinces"] = pd.array(texts, dtype="str")
    band = np.array([study.travel.bands.index(cell.band) for cell in case.prepared.cells])
    by_band = _sum_by_kind(inside, band[inside["cell"]], len(study.travel.bands), len(ids))
    table["uncovered"] = by_band.sum(axis=1)
    for number, one in enumerate(study.travel.bands):
        table[f"uncovered_{one.name}"] = by_band[:, number]
    nearest = _nearest_to_most(inside, case)
    table["nearest_academy_id"] = pd.array(nearest.to_numpy(object), dtype="str")
    median_s = lower_median(inside["gap"], inside["time_s"], inside["children"]).to_numpy(
        np.float64
    )
    cutoff_s = minutes_to_ms(study.travel.cutoff_min) / 1000
    table["median_time_s"] = median_s
    table["extra_min"] = (median_s - cutoff_s) / 60
    sums = _sum_by_kind(inside, inside["reason"].to_numpy(), len(REASONS), len(ids))
    # Of equal counts the first is taken: the earlier reason.
    reason = np.array(list(REASONS), dtype=object)[sums.argmax(axis=1)]
    table["reason"] = pd.array(reason, dtype="str")
    for number, name in enumerate(REASONS):
        table[f"children_{name}"] = sums[:, number]
    return table.join(find_evidence(inside, len(ids), case))


def _sum_by_kind(
    inside: pd.DataFrame, kind: NDArray[np.integer], kinds: int, gaps: int
) -> NDArray[np.int64]:
    """Count the children of each gap by kind, shape (gaps, kinds)."""
    place = inside["gap"].to_numpy(np.int64) * kinds + kind
    return sum_by_owner(place, inside["children"], gaps * kinds).reshape(gaps, kinds)


def _list_by_gap(shares: pd.DataFrame, column: str, ids: NDArray[np.object_]) -> list[list[str]]:
    """Give a column of the municipalities of each gap, in their order."""
    found: dict[str, list[str]] = {one: [] for one in ids}
    for one, text in zip(shares["gap_id"], shares[column], strict=True):
        found[one].append(text)
    return list(found.values())


def _name_near(inside: pd.DataFrame, case: Case) -> list[str]:
    """Name for each gap the zone in which most of its children live, without its municipality.

    Empty where zones have no names of their own, as municipalities taken for zones.
    """
    zones = case.prepared.inputs.zones
    number = pd.Series(_find_zones(inside["point"].to_numpy(np.intp), case), index=inside.index)
    most = find_value_of_most(inside["gap"], number, inside["children"])
    chosen = zones.iloc[most.to_numpy(np.intp)]
    towns = chosen["nis_code"].map(case.towns.set_index("nis_code")["name"])
    names = []
    for name, town, id_ in zip(chosen["name"], towns, chosen["zone_id"], strict=True):
        before, mark, after = str(name).partition(" - ")
        own = after if mark and before.casefold() == str(town).casefold() else str(name)
        names.append("" if name in (town, id_) else own)
    return names


def _nearest_to_most(inside: pd.DataFrame, case: Case) -> pd.Series:
    """Give the academy nearest to more children than any other, or to more than have none."""
    academies = case.measured.academies["academy_id"].to_numpy(object)
    # Academies stand in the order of their ids; of as many children an academy goes before none.
    number = inside["academy"].where(inside["academy"] != NOWHERE, len(academies))
    chosen = find_value_of_most(inside["gap"], number, inside["children"])
    return pd.Series(np.append(academies, "")[chosen.to_numpy(np.intp)], index=chosen.index)


def _list_children(
    rows: pd.DataFrame, area: Ints, ids: NDArray[np.object_], case: Case
) -> pd.DataFrame:
    """Write out who is out of reach, with words for numbers."""
    cells = case.prepared.cells
    bands = list(dict.fromkeys(cell.band.name for cell in cells))
    band = np.array([bands.index(cell.band.name) for cell in cells])
    number = rows["cell"].to_numpy()

    def named(place: NDArray[np.integer], names: Iterable[str]) -> pd.Categorical:
        return pd.Categorical.from_codes(place, pd.Index(list(names), dtype="str"))

    return pd.DataFrame(
        {
            "point": rows["point"].to_numpy(),
            "ages": named(number, [cell.name for cell in cells]),
            "band": named(band[number], bands),
            "nis_code": named(case.town[rows["point"]], case.towns["nis_code"]),
            "profile": named(rows["profile"].to_numpy(), list(PROFILES)),
            "children": rows["children"].to_numpy(),
            "gap_id": named(np.where(area == NOWHERE, len(ids), area), [*ids, ""]),
            "reason": named(rows["reason"].to_numpy(), list(REASONS)),
        }
    )
