"""The steps of a study on anyone's frames: who is covered, where the gaps are, what helps most.

Children are counted as a study counts them, by the same searches and solvers; all ride alike, to
academies that serve them all. Of quiet roads alone with `network.restricted("low_stress")`.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from stemgeo.access.riding import Riding, check_shapes, list_ids, refuse_below_0
from stemgeo.access.travel_time import BEYOND, REACHED, UNMEASURED
from stemgeo.arrays import sum_by_owner
from stemgeo.coverage import ALL_BANDS, Level, level_of_layer, share_covered, sum_by_place
from stemgeo.errors import InputError, Problem
from stemgeo.gaps.join import add_thin, by_distance, is_dense
from stemgeo.gaps.outlines import draw_around_points
from stemgeo.reasons import NOWHERE
from stemgeo.siting import solve
from stemgeo.siting.choices import LARGEST_TOTAL, Choices, Limits
from stemgeo.study import (
    CUTOFF_MIN,
    GAP_CHILDREN,
    GAP_DISTANCE_M,
    LIMIT_M,
    SOLVING_S,
    WALKING_SPEED_MS,
    WITHIN_M,
)
from stemgeo.tables import COUNTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stemgeo.access.travel_time import Rider
    from stemgeo.network.graph import Network
    from stemgeo.network.snap import TiedPoints

    Longs = NDArray[np.int64]
    Bools = NDArray[np.bool_]


def coverage(
    network: Network,
    academies: gpd.GeoDataFrame,
    demand: gpd.GeoDataFrame,
    *,
    areas: gpd.GeoDataFrame | None = None,
    by: str | None = None,
    column: str = "children",
    speed_kmh: float,
    cutoff_min: float = CUTOFF_MIN,
    snap_within_m: float = WITHIN_M,
    snap_limit_m: float = LIMIT_M,
    walking_speed_ms: float = WALKING_SPEED_MS,
    surface: bool = True,
) -> pd.DataFrame | gpd.GeoDataFrame:
    """Count the children with an academy within reach, by area.

    >>> sg.coverage(network, academies, demand, areas=towns, by="nis_code", speed_kmh=15)

    Parameters
    ----------
    network, academies
        As in `access`.
    demand
        Points with children, in any stated CRS. One without a place is unmeasured, as is one
        whose `outside_network` is true, where there is such a column (as in a result's `demand`).
    areas
        Polygons in any stated CRS by which the children are added up: by where each point lies; on
        a border, or in two of them, in that of the first code. Those in none have the empty code.
    by
        The column with the code of each area; `code` or else the index when not given. Without
        `areas` a column of `demand`. With neither there is one row, for all.
    column
        Of `demand`, with the children of each point: whole numbers.
    speed_kmh, cutoff_min, snap_within_m, snap_limit_m, walking_speed_ms, surface
        As in `access`.

    Returns
    -------
    DataFrame, or with `areas` a GeoDataFrame in their CRS
        `code`, `name` (of `areas`, where they have it; else the code), `children`, `covered`,
        `uncovered`, `unmeasured`, `share`, sorted by code. covered + uncovered + unmeasured =
        children, and they add up to the children of `demand`.

    Raises
    ------
    InputError
        As from `access`; if a column is not there, a count is no whole number of 0 or more, or a
        code is missing or there twice. It is a `ValueError`.
    """
    how = Riding(
        speed_kmh, cutoff_min, snap_within_m, snap_limit_m, walking_speed_ms, surface=surface
    )
    children = _read_children(demand, column)
    status = how.find_nearest(network, academies, demand)["status"].to_numpy()
    measured = (status != UNMEASURED) & ~_is_outside(demand)
    coded = None if areas is None else _code_areas(areas, by)
    level = (
        _level_by_column(demand, by)
        if coded is None
        else _level_by_area(demand, coded, network.crs)
    )
    counts = pd.DataFrame(
        sum_by_place(level, children, status == REACHED, measured), columns=COUNTS
    )
    names = pd.DataFrame({"code": level.code, "name": level.label}).astype("str")
    table = names.join(counts).assign(share=share_covered(counts))
    if coded is None:
        return table
    outlines = coded.set_index("code").geometry.reindex(level.code)
    return gpd.GeoDataFrame(table, geometry=outlines.to_numpy(), crs=coded.crs)


def gaps(
    network: Network,
    academies: gpd.GeoDataFrame,
    demand: gpd.GeoDataFrame,
    *,
    column: str = "children",
    distance_m: float = GAP_DISTANCE_M,
    min_children: int = GAP_CHILDREN,
    speed_kmh: float,
    cutoff_min: float = CUTOFF_MIN,
    snap_within_m: float = WITHIN_M,
    snap_limit_m: float = LIMIT_M,
    walking_speed_ms: float = WALKING_SPEED_MS,
    surface: bool = True,
) -> gpd.GeoDataFrame:
    """Draw the areas where children live together who have no academy within reach.

    >>> sg.gaps(network, academies, demand, speed_kmh=15, min_children=20).explore()

    Parameters
    ----------
    network, academies, demand, column
        As in `coverage`.
    distance_m
        Children who live at most so far apart, in a straight line, belong together; metres.
    min_children
        Fewer together are no gap.
    speed_kmh, cutoff_min, snap_within_m, snap_limit_m, walking_speed_ms, surface
        As in `access`.

    Returns
    -------
    GeoDataFrame
        Most children first: `gap_id`, `uncovered` (measured children out of reach), geometry in
        the network's CRS, for looking at. `attrs["in_no_gap"]` has the children out of reach who
        are too few together; with those of the gaps they are the uncovered of `coverage`.

    Raises
    ------
    InputError
        As from `coverage`.
    """
    how = Riding(
        speed_kmh, cutoff_min, snap_within_m, snap_limit_m, walking_speed_ms, surface=surface
    )
    refuse_below_0(distance_m=distance_m, min_children=min_children)
    children = _read_children(demand, column)
    status = how.find_nearest(network, academies, demand)["status"].to_numpy()
    late = np.flatnonzero((status == BEYOND) & ~_is_outside(demand) & (children > 0))
    place, children = demand.geometry.iloc[late].to_crs(network.crs), children[late]
    x, y = place.x.to_numpy(), place.y.to_numpy()
    many = is_dense(x, y, children, distance_m, min_children)
    joined = add_thin(by_distance(x[many], y[many], distance_m), many, x, y, distance_m)
    sums = sum_by_owner(joined.group, children, joined.groups)
    number, kept = joined.keep(sums >= min_children)
    inside = number != NOWHERE
    table = gpd.GeoDataFrame(
        {"uncovered": sums[sums >= min_children]},
        geometry=draw_around_points(x[inside], y[inside], kept, distance_m),
        crs=network.crs,
    )
    # Of equal counts the one whose first child stands first.
    first = pd.Series(np.flatnonzero(inside)).groupby(kept.group).min()
    table = table.iloc[np.lexsort((first, -table["uncovered"]))].reset_index(drop=True)
    table.insert(0, "gap_id", pd.array([f"G{one + 1:03}" for one in table.index], dtype="str"))
    table.attrs["in_no_gap"] = int(children.sum() - table["uncovered"].sum())
    return table


def mclp(
    network: Network,
    candidates: gpd.GeoDataFrame,
    demand: gpd.GeoDataFrame,
    *,
    count: int,
    existing: gpd.GeoDataFrame | None = None,
    column: str = "children",
    time_limit_s: float = SOLVING_S,
    speed_kmh: float,
    cutoff_min: float = CUTOFF_MIN,
    snap_within_m: float = WITHIN_M,
    snap_limit_m: float = LIMIT_M,
    walking_speed_ms: float = WALKING_SPEED_MS,
    surface: bool = True,
) -> gpd.GeoDataFrame:
    """Choose the places that bring most children within reach, exactly (Church and ReVelle 1974).

    >>> best = sg.mclp(network, candidates, demand, count=3, existing=academies, speed_kmh=15)
    >>> best.attrs["optimal"]
    True

    Parameters
    ----------
    network, demand, column
        As in `coverage`.
    candidates
        Where an academy could come: points in any stated CRS, known as academies are in `access`.
        One without a road near it brings nobody.
    count
        The most places that are chosen; fewer are where no further one adds a child.
    existing
        Academies that are there; none when not given.
    time_limit_s
        Seconds of solving, after which the best so far is given.
    speed_kmh, cutoff_min, snap_within_m, snap_limit_m, walking_speed_ms, surface
        As in `access`.

    Returns
    -------
    GeoDataFrame
        The chosen in order of what each adds, with the index and CRS of `candidates`: `rank`,
        `academy_id`, `newly` (children whom it brings within reach beside those before it),
        `covered` (with it and those before it), `share` (of the measured children), geometry.
        `attrs["optimal"]` says whether no choice is better, `attrs["covered"]` how many are
        within reach, and `attrs["covered_bound"]` that no choice has more.

    Raises
    ------
    InputError
        As from `coverage`, and if `count` is below 0 or above the number of candidates.
    """
    how = Riding(
        speed_kmh, cutoff_min, snap_within_m, snap_limit_m, walking_speed_ms, surface=surface
    )
    refuse_below_0(time_limit_s=time_limit_s)
    if isinstance(count, bool) or not isinstance(count, int | np.integer):
        raise InputError(Problem("count", f"is {count!r}", "give a whole number"))
    children, ids = _read_children(demand, column), list_ids(candidates, "candidates")
    # Of places that add as much, the first by id.
    order = np.argsort(ids.to_numpy(), kind="stable")
    rider, points = how.ride_over(network), how.tie_points(network, demand, "demand")
    reach = _find_reached_points(
        rider, how.tie_points(network, candidates.iloc[order], "candidates"), points
    )
    served = np.zeros(len(demand), dtype=np.int64)
    if existing is not None:
        near = _find_reached_points(rider, how.tie_points(network, existing, "existing"), points)
        served = np.bincount(near.indices, minlength=len(demand))
    unit = np.flatnonzero(points.found & ~_is_outside(demand) & (children > 0))
    choices = Choices(
        reach=csr_array(reach[:, unit]),
        weight=children[unit],
        served=served[unit],
        cost_cents=np.zeros(len(order), dtype=np.int64),
        province_of_place=np.zeros(len(order), dtype=np.intp),
        province_of_unit=np.zeros(len(unit), dtype=np.intp),
        children=children[unit],
    )
    found = solve.mclp(choices, Limits(places=int(count), time_limit_s=time_limit_s))
    covered = found.already + np.cumsum(found.gains)
    chosen = candidates.iloc[order[found.chosen]]
    columns = {
        "rank": np.arange(1, len(chosen) + 1),
        "academy_id": pd.array(ids.to_numpy()[order[found.chosen]], dtype="str"),
        "newly": found.gains,
        "covered": covered,
        "share": covered / max(int(children[unit].sum()), 1),
    }
    table = gpd.GeoDataFrame(columns, index=chosen.index, geometry=chosen.geometry)
    told = {"covered": found.objective, "covered_bound": found.bound}
    table.attrs = {"optimal": found.optimal, **told}
    return table


def _find_reached_points(rider: Rider, sites: TiedPoints, points: TiedPoints) -> csr_array:
    """Say which points each site has within reach, shape (sites, points)."""
    offsets, point, _ = rider.list_served(sites, points)
    shape = len(sites.snap_m), len(points.snap_m)
    return csr_array((np.ones(len(point), dtype=np.int8), point, offsets), shape=shape)


def _read_children(demand: gpd.GeoDataFrame, column: str) -> Longs:
    """Give the children of each point, all of them whole."""
    check_shapes(demand, "demand", "Point")
    if demand.empty:
        raise InputError(Problem("demand", "has no points", "give one with children at least"))
    counts = _take_column(demand, column, "demand", "column")
    if not pd.api.types.is_numeric_dtype(counts) or pd.api.types.is_bool_dtype(counts):
        what = f"'{column}' holds {counts.dtype}, not numbers"
        raise InputError(Problem("demand", what, "give whole numbers, 0 or more"))
    values = counts.to_numpy(np.float64, na_value=np.nan)
    wrong = ~((values >= 0) & (values == np.floor(values)) & (values <= LARGEST_TOTAL))
    if wrong.any():
        what = f"'{column}' is {values[wrong][0]:g} in row {demand.index[wrong][0]}"
        more = f" and wrong in {wrong.sum() - 1} more" if wrong.sum() > 1 else ""
        raise InputError(Problem("demand", what + more, "give whole numbers, 0 or more"))
    return values.astype(np.int64)


def _is_outside(demand: gpd.GeoDataFrame) -> Bools:
    """Say which points lie beyond the extract, where the demand says so."""
    if "outside_network" not in demand:
        return np.zeros(len(demand), dtype=np.bool_)
    if not pd.api.types.is_bool_dtype(demand["outside_network"]):
        raise InputError(Problem("demand", "'outside_network' is not all true or false"))
    return np.asarray(demand["outside_network"], dtype=np.bool_)


def _level_by_column(demand: gpd.GeoDataFrame, by: str | None) -> Level:
    """Divide the children by a column, or not at all."""
    if by is None:
        code = np.full(len(demand), ALL_BANDS, dtype=object)
    else:
        column = _take_column(demand, by, "demand", "by")
        code = column.astype(str).where(column.notna(), "").to_numpy(object)
    codes, place = np.unique(code, return_inverse=True)
    return Level("by", codes, codes, place)


def _code_areas(areas: gpd.GeoDataFrame, by: str | None) -> gpd.GeoDataFrame:
    """Give the code, name and outline of each area."""
    outlines = check_shapes(areas, "areas", "Polygon", "MultiPolygon")
    if by is None:
        given = areas["code"] if "code" in areas else areas.index.to_series()
    else:
        given = _take_column(areas, by, "areas", "by")
    code = given.astype(str).where(given.notna(), "").to_numpy(object)
    if (code == "").any():
        raise InputError(Problem("areas", f"row {areas.index[code == ''][0]} has no code"))
    twice = pd.Series(code).duplicated().to_numpy()
    if twice.any():
        what = f"the code {code[twice][0]!r} is there twice"
        raise InputError(Problem("areas", what, "give the column that tells them apart as by=..."))
    name = areas["name"].astype(str).to_numpy(object) if "name" in areas else code
    return gpd.GeoDataFrame(
        {"code": code, "name": name}, geometry=outlines.to_numpy(), crs=areas.crs
    )


def _level_by_area(demand: gpd.GeoDataFrame, coded: gpd.GeoDataFrame, crs: str) -> Level:
    """Divide the children by the area in which each point lies."""
    points = gpd.GeoDataFrame(geometry=demand.geometry).to_crs(crs)
    return level_of_layer("areas", coded.to_crs(crs), points)


def _take_column(table: pd.DataFrame, column: str, name: str, option: str) -> pd.Series:
    """Give a column of a frame; one that is not there is refused with the nearest that is."""
    if column not in table:
        there = [str(one) for one in table.columns]
        near = difflib.get_close_matches(str(column), there, n=1)
        mend = (
            f"did you mean '{near[0]}'?" if near else f"give {option}=, one of: {', '.join(there)}"
        )
        raise InputError(Problem(name, f"has no column '{column}'", mend))
    return table[column]
