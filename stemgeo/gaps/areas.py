"""Which areas of uncovered children are gaps, how they are numbered, and in whose municipalities.

What a child is out of reach for plays no part here: who is, and where, is all that it takes.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from stemgeo.access.travellers import OverNetwork
from stemgeo.arrays import sum_by_owner
from stemgeo.gaps import join, outlines
from stemgeo.gaps.joining import Joining
from stemgeo.gaps.late import PROFILES, find_distinct, find_value_of_most
from stemgeo.reasons import NOWHERE

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from stemgeo.access.travellers import StraightLine
    from stemgeo.measure import Prepared
    from stemgeo.study import GapRules

    Ints = NDArray[np.intp]
    Floats = NDArray[np.float64]

LETTERS = ("G", "R")
"""What the numbers of gaps begin with, by profile: of all roads, and of quiet ones."""

NAMES = 3
"""So many municipalities give a gap its name."""


@dataclass(frozen=True)
class GapGround:
    """Where children live, and what joins them to areas.

    Attributes
    ----------
    rules
        Of the study.
    points
        The demand table.
    zones, weights
        Of the study; weights are the cells or points of a grid, None without one.
    towns
        The municipalities, sorted by code.
    town
        Position of the municipality of each demand point, shape (points,).
    rider
        Who travels over all roads.
    joining
        How children are joined to areas.
    """

    rules: GapRules
    points: gpd.GeoDataFrame
    zones: gpd.GeoDataFrame
    weights: gpd.GeoDataFrame | None
    towns: pd.DataFrame
    town: Ints
    rider: StraightLine | OverNetwork
    joining: Joining

    @classmethod
    def from_prepared(cls, prepared: Prepared, rider: StraightLine | OverNetwork) -> GapGround:
        """Take of a study what joins children; `rider` travels over all roads."""
        inputs = prepared.inputs
        towns = pd.DataFrame(inputs.municipalities[["nis_code", "name", "province"]])
        towns = towns.sort_values("nis_code", ignore_index=True)
        return cls(
            prepared.study.gaps,
            prepared.points,
            inputs.zones,
            inputs.weights,
            towns,
            pd.Index(towns["nis_code"]).get_indexer(pd.Index(prepared.points["nis_code"])),
            rider,
            Joining.from_study(prepared.study, inputs.weights),
        )

    def find_zones(self, point: Ints) -> Ints:
        """Say in which zone points lie, by its position."""
        zones = pd.Index(self.zones["zone_id"])
        return np.asarray(zones.get_indexer(pd.Index(self.points["zone_id"].iloc[point])))

    def take_xy(self, point: Ints) -> tuple[Floats, Floats]:
        """Give x and y of points."""
        place = self.points.geometry.iloc[point]
        return place.x.to_numpy(), place.y.to_numpy()


@dataclass(frozen=True)
class GapAreas:
    """The areas that are gaps, most children first.

    Attributes
    ----------
    area
        Of each row the number of its gap, or NOWHERE, shape (rows,).
    ids
        By that number: G001, or R001 of quiet roads.
    shares
        The municipalities of each gap with their part of its children, most first.
    """

    area: Ints
    ids: NDArray[np.object_]
    shares: pd.DataFrame
    _joined: tuple[tuple[Ints, join.PointGroups, Ints], ...]
    """Of each profile the points in gaps, how they hold together, and the rank of each group."""

    def list_by_gap(self, column: str) -> list[list[str]]:
        """Give a column of the municipalities of each gap, in their order."""
        found: dict[str, list[str]] = {one: [] for one in self.ids}
        for one, text in zip(self.shares["gap_id"], self.shares[column], strict=True):
            found[one].append(text)
        return list(found.values())

    def list_names(self) -> list[str]:
        """Name each gap by the municipalities with most of its children."""
        return [", ".join(each[:NAMES]) for each in self.list_by_gap("name")]

    def draw(self, ground: GapGround, threads: int) -> NDArray[np.object_]:
        """Draw the outline of each gap.

        Parameters
        ----------
        ground
            On which they were found.
        threads
            Profiles that are drawn side by side.
        """
        drawn = np.empty(len(self.ids), dtype=object)
        with ThreadPoolExecutor(threads) as pool:  # most of the work is in GEOS, side by side
            parts = pool.map(lambda one: _draw_outlines(one[0], one[1], ground), self._joined)
            for (_, _, rank), shapes in zip(self._joined, parts, strict=True):
                drawn[rank] = shapes
        return drawn


def find_areas(rows: pd.DataFrame, ground: GapGround, threads: int) -> GapAreas:
    """Join children who are out of reach to areas, and number those that are gaps.

    Parameters
    ----------
    rows
        `profile` (position in PROFILES), `point` (position in the demand table), `children`: a
        point may have several, whose children are added up.
    ground
        Where they live.
    threads
        Profiles that are looked at side by side.
    """
    with ThreadPoolExecutor(threads) as pool:
        parts = list(pool.map(lambda one: _join_areas(rows, ground, one), range(len(PROFILES))))
    area = np.full(len(rows), NOWHERE, dtype=np.intp)
    sizes: list[int] = []
    for own, _, groups, mine in parts:
        area[mine] = np.where(own == NOWHERE, NOWHERE, own + sum(sizes))
        sizes.append(groups.groups)
    rank = _rank_areas(rows, area, sum(sizes), ground)
    area = np.where(area == NOWHERE, NOWHERE, np.append(rank, NOWHERE)[area])
    ids = _number_gaps(sizes, rank)
    ranks = np.split(rank, np.cumsum(sizes)[:-1])
    joined = ((point, groups, own) for (_, point, groups, _), own in zip(parts, ranks, strict=True))
    inside = rows.assign(gap=area)[area != NOWHERE]
    return GapAreas(area, ids, _share_by_municipality(inside, ids, ground), tuple(joined))


def _join_areas(
    rows: pd.DataFrame, ground: GapGround, profile: int
) -> tuple[Ints, Ints, join.PointGroups, NDArray[np.bool_]]:
    """Join the children of a profile to areas and keep those that are gaps.

    Returns
    -------
    tuple
        Number of the gap of each row of the profile, or NOWHERE; the points in gaps, and these
        joined; which rows are the profile's.
    """
    mine = (rows["profile"] == profile).to_numpy()
    point, number = find_distinct(rows["point"].to_numpy()[mine])
    children = rows["children"].to_numpy()[mine]
    joined = _join_points(point, sum_by_owner(number, children, len(point)), ground)
    sums = sum_by_owner(joined.group[number], children, joined.groups)
    kept = (sums >= ground.rules.min_children) & _has_more_cells(point, joined, ground)
    area, of_gaps = joined.keep(kept)
    return area[number], point[area != NOWHERE], of_gaps, mine


def _has_more_cells(point: Ints, joined: join.PointGroups, ground: GapGround) -> NDArray[np.bool_]:
    """Say of which groups a grid does not hold all in one cell, where that is no gap."""
    weights, joining = ground.weights, ground.joining
    if joining.alone or weights is None or ground.rules.method == "zones":
        return np.ones(joined.groups, dtype=np.bool_)
    cell = joining.find_cells(*ground.take_xy(point), weights)
    cells = pd.DataFrame({"group": joined.group, "cell": cell}).groupby("group")["cell"].nunique()
    return np.asarray(cells.reindex(range(joined.groups)) > 1)


def _join_points(point: Ints, children: NDArray[np.int64], ground: GapGround) -> join.PointGroups:
    rules, joining = ground.rules, ground.joining
    if rules.method == "zones":
        return join.by_zones(ground.find_zones(point), ground.zones)
    x, y = ground.take_xy(point)
    far_m, dense = joining.distance_m, np.ones(len(point), dtype=np.bool_)
    if joining.cell_m is None:
        dense = join.is_dense(x, y, children, far_m, rules.min_children)
    if rules.method == "roads" and isinstance(ground.rider, OverNetwork):
        places = ground.rider.places.take_points(point[dense])
        joined = join.by_roads(ground.rider.network, places, far_m)
    else:
        joined = join.by_distance(x[dense], y[dense], far_m)
    if joining.smallest_m is not None and ground.weights is not None:
        cell = joining.find_cells(x, y, ground.weights)
        return joining.join_touching(joined, cell, ground.weights)
    return join.add_thin(joined, dense, x, y, far_m)


def _draw_outlines(point: Ints, joined: join.PointGroups, ground: GapGround) -> NDArray[np.object_]:
    if ground.rules.method == "zones":
        return outlines.draw_around_zones(ground.find_zones(point), joined, ground.zones)
    x, y = ground.take_xy(point)
    joining, weights = ground.joining, ground.weights
    if joining.smallest_m is not None and weights is not None:
        return outlines.draw_around_zones(joining.find_cells(x, y, weights), joined, weights)
    # Three squares to a cell, so that the square of a point and those beside it are the cell.
    side_m = None if joining.cell_m is None else joining.cell_m / 3
    return outlines.draw_around_points(x, y, joined, joining.distance_m, side_m=side_m)


def _rank_areas(rows: pd.DataFrame, area: Ints, areas: int, ground: GapGround) -> Ints:
    """Give the rank of each area: most children first, then by profile, municipality and point."""
    inside = rows.assign(area=area)[area != NOWHERE]
    town = pd.Series(ground.town[inside["point"]], index=inside.index)
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
    inside: pd.DataFrame, ids: NDArray[np.object_], ground: GapGround
) -> pd.DataFrame:
    """Count the children of each municipality in each gap, most first."""
    town = pd.Series(ground.town[inside["point"]], index=inside.index)
    sums = inside["children"].groupby([inside["gap"], town]).sum()
    table = sums.rename_axis(["gap", "town"]).rename("uncovered").reset_index()
    table = table.sort_values(["gap", "uncovered", "town"], ascending=[True, False, True])
    gap, place = table["gap"].to_numpy(np.intp), table["town"].to_numpy(np.intp)
    named = ground.towns.iloc[place].set_index(table.index).astype("str")
    of_gap = table.groupby("gap")["uncovered"].transform("sum")
    named.insert(0, "gap_id", pd.array(ids[gap], dtype="str"))
    table = named.assign(uncovered=table["uncovered"], share_of_gap=table["uncovered"] / of_gap)
    return table.reset_index(drop=True)
