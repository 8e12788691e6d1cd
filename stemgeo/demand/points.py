"""The demand table: which children stand at which point."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from stemgeo.demand import placement_notes
from stemgeo.demand.apportionment import PHASES, apportion_kinds
from stemgeo.demand.places import (
    FALLBACK,
    NOWHERE,
    OUTSIDE,
    OWN,
    LivingPlaces,
    PlacingGround,
    count_children,
    join_places,
)
from stemgeo.facts import LAMBERT_72
from stemgeo.inputs import vintages
from stemgeo.study import BEST, list_ages

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from stemgeo.inputs import Inputs
    from stemgeo.notes import Note
    from stemgeo.study import AcademyRules, Band

    Floats = NDArray[np.float64]
    Longs = NDArray[np.int64]

AgeAndSex = tuple[int, str]
"""Age and sex."""

GOLDEN = (5**0.5 - 1) / 2
"""Multiples of the golden section lie as evenly between 0 and 1 as any sequence can."""

GIRLS = "F"


@dataclass(frozen=True)
class AgeCell:
    """Ages within one band that the same academies serve.

    Attributes
    ----------
    ages
        First and last age, both included.
    band
        The band that says how fast they ride.
    """

    ages: tuple[int, int]
    band: Band

    @property
    def name(self) -> str:
        """The cell's name in tables, e.g. "5-7"."""
        return f"{self.ages[0]}-{self.ages[1]}"

    @property
    def column(self) -> str:
        """The column of the demand table with its children."""
        return f"children_{self.name}"

    @property
    def girls(self) -> str:
        """The column of the demand table with its girls, if the population tells sexes."""
        return f"girls_{self.name}"


def cut_age_cells(
    bands: Sequence[Band],
    academies: pd.DataFrame,
    rules: AcademyRules,
    cuts: Collection[int] = (),
) -> tuple[AgeCell, ...]:
    """Cut the bands where an academy begins or stops to serve an age.

    An academy serves its own ages alone, so "reached by band 5-8" is only true cell by cell.

    Parameters
    ----------
    bands
        Of the study.
    academies
        With `min_age` and `max_age`; where empty, those of `rules` hold.
    rules
        Of the study.
    cuts
        Ages that begin a cell besides.
    """
    low, high = served_ages(academies, rules)
    starts = set(low.tolist()) | set((high + 1).tolist()) | set(cuts)
    cells = []
    for band in bands:
        first, last = band.ages
        cuts = [first, *sorted(age for age in starts if first < age <= last), last + 1]
        cells += [AgeCell((a, b - 1), band) for a, b in pairwise(cuts)]
    return tuple(cells)


def which_serve(academies: pd.DataFrame, cell: AgeCell, rules: AcademyRules) -> NDArray[np.bool_]:
    """Say which academies serve the ages of a cell, shape (academies,).

    Parameters
    ----------
    academies
        With `min_age` and `max_age`.
    cell
        The ages.
    rules
        Of the study: what holds where the register is empty.
    """
    low, high = served_ages(academies, rules)
    return np.asarray((low <= cell.ages[0]) & (cell.ages[1] <= high))


def served_ages(academies: pd.DataFrame, rules: AcademyRules) -> tuple[Longs, Longs]:
    """Give the first and the last age that each academy serves, shape (academies,)."""
    first, last = rules.ages
    low, high = (
        academies[name].to_numpy(np.float64, na_value=np.nan) for name in ("min_age", "max_age")
    )
    # "From 18 on" beside a default of 5 to 17 is no empty span: it serves those of 18.
    low_known = np.where(np.isnan(low), np.fmin(high, first), low)
    high_known = np.where(np.isnan(high), np.fmax(low, last), high)
    return low_known.astype(np.int64), high_known.astype(np.int64)


@dataclass(frozen=True)
class PlacedChildren:
    """The children of a study at points.

    Attributes
    ----------
    points
        The demand table.
    notes
        Where another method had to be used, for the reader of the figures.
    fell_back
        How many children were placed by another method than the one asked for.
    beyond
        Of municipalities that lie only partly on the ground of the study: who lives off it, by
        nis_code.
    """

    points: gpd.GeoDataFrame
    notes: tuple[Note, ...]
    fell_back: int
    beyond: pd.Series

    def count_by_zone(self, zones: gpd.GeoDataFrame) -> pd.DataFrame:
        """Say how the children of each zone were placed: the placement table."""
        each = self.points[["zone_id", "method"]].assign(
            points=1, children=count_children(self.points)
        )
        sums = each.groupby(["zone_id", "method"], as_index=False).sum()
        table = zones[["zone_id", "nis_code", "name"]].merge(sums, on="zone_id", how="left")
        whole = {"points": "int64", "children": "int64"}
        filled = table.fillna({"method": "", "points": 0, "children": 0}).astype(whole)
        return pd.DataFrame(filled).sort_values(["zone_id", "method"], ignore_index=True)


def place_children(ground: PlacingGround, cells: Sequence[AgeCell], method: str) -> PlacedChildren:
    """Put the children of the study at points.

    Parameters
    ----------
    ground
        Municipalities, zones, children and what spreads them.
    cells
        Which ages are counted together, see `cut_age_cells`; no child's place depends on them.
    method
        "best", "streets", "buildings", "grid" or "centroid". Where it finds no place, the next of
        `FALLBACK` is used.

    Returns
    -------
    Placed
        The demand table has `point_id`, `zone_id`, `nis_code`, `children_<ages>` (whole numbers),
        `girls_<ages>` (when the population tells sexes), `method`, `outside_network`, geometry in
        EPSG:31370. Points without children are left out.
    """
    # What is chosen zone by zone needs the children of each zone, if need be as an estimate.
    population = ground.zone_population if method == BEST else ground.inputs.zone_population
    homes = _Homes.from_inputs(replace(ground.inputs, zone_population=population), cells)
    zones = ground.inputs.zones
    home_of_zone = homes.names.index.get_indexer(zones[homes.names.index.name].astype(str))
    lacking = homes.counts.sum(axis=1) > 0
    found = [("", NOWHERE)]
    notes: list[Note] = []
    fell_back = 0
    for one in FALLBACK[method]:
        places = ground.find_places(one, home_of_zone) if lacking.any() else None
        if places is None:
            continue
        places = places.take(lacking[home_of_zone[places.zone]] & (places.weight > 0))
        placed = np.isin(np.arange(len(lacking)), home_of_zone[places.zone])
        if one not in (OUTSIDE, *OWN.get(method, (method,))) and placed.any():
            children = int(homes.counts[placed].sum())
            notes.append(placement_notes.note_fallback(homes.names[placed].tolist(), children, one))
            fell_back += children
        found.append((one, places))
        lacking = lacking & ~placed
    every = _build_demand(found, home_of_zone, homes, ground)
    table, beyond = _keep_on_ground(every, ground.inputs)
    told = placement_notes.note_zone_by_zone(ground, table) if method == BEST else []
    told += [
        *placement_notes.note_divided(ground, table, home_of_zone),
        *placement_notes.note_kinds_not_met(ground),
    ]
    return PlacedChildren(table, (*told, *notes), fell_back, beyond)


def _keep_on_ground(points: gpd.GeoDataFrame, inputs: Inputs) -> tuple[gpd.GeoDataFrame, pd.Series]:
    """Keep the points on the ground of a study, and count by municipality who lives off it."""
    inside, outline = np.ones(len(points), dtype=np.bool_), inputs.area.outline
    if outline is not None:
        shapely.prepare(outline)
        inside = np.asarray(shapely.intersects(outline, points.geometry.to_numpy()))
        # On the border with a zone that has no ground in it one is not in it.
        inside &= points["zone_id"].isin(inputs.cut_zones().zones["zone_id"]).to_numpy()
    off = count_children(points[~inside]).groupby(points["nis_code"][~inside]).sum()
    return points[inside].reset_index(drop=True), off


@dataclass(frozen=True)
class _Homes:
    """Units over which children are spread: zones when their totals are known, else municipalities.

    Attributes
    ----------
    names
        Name of each, by id; the index is called `zone_id` or `nis_code`.
    counts
        Children by unit and kind, shape (units, kinds).
    kinds
        Age and sex of each kind.
    column
        Column of the demand table for each kind's children, and for its girls (-1: none).
    columns
        Names of those columns.
    """

    names: pd.Series
    counts: Longs
    kinds: tuple[AgeAndSex, ...]
    column: NDArray[np.intp]
    girls: NDArray[np.intp]
    columns: tuple[str, ...]

    @classmethod
    def from_inputs(cls, inputs: Inputs, cells: Sequence[AgeCell]) -> _Homes:
        """Count the children of each unit by age and sex."""
        ages = list_ages(cell.ages for cell in cells)
        children = inputs.children[inputs.children["age"].isin(ages)]
        kinds = sorted(set(zip(children["age"], children["sex"], strict=True)))
        names = inputs.municipalities.set_index("nis_code")["name"].sort_index()
        if inputs.zone_population is None:
            by_kind = _count_by_kind(children, kinds, names.index)
        else:
            names, by_kind = _spread_over_zones(inputs, inputs.zone_population, children, kinds)
        cell_of = {age: i for i, c in enumerate(cells) for age in list_ages([c.ages])}
        columns = [cell.column for cell in cells]
        of_cell = np.array([cell_of[age] for age, _ in kinds], dtype=np.intp)
        girls = np.full(len(kinds), -1)
        if any(sex for _, sex in kinds):
            is_girl = np.array([sex == GIRLS for _, sex in kinds])
            girls = np.where(is_girl, of_cell + len(cells), -1)
            columns += [cell.girls for cell in cells]
        return cls(names, by_kind, tuple(kinds), of_cell, girls, tuple(columns))

    def count_children(self, part: NDArray[np.intp], kind: NDArray[np.intp], parts: int) -> Longs:
        """Count children, given one by one, by part and column, shape (parts, columns)."""
        width = len(self.columns)
        girl = self.girls[kind] >= 0
        cell = np.concatenate([part * width + self.column[kind], (part * width)[girl]])
        cell[len(part) :] += self.girls[kind[girl]]
        return np.bincount(cell, minlength=parts * width).reshape(parts, width)


def _count_by_kind(children: pd.DataFrame, kinds: list[AgeAndSex], of: pd.Index) -> Longs:
    """Count children by the unit in the column called as the index, and by kind."""
    unit = of.get_indexer(pd.Index(children[str(of.name)]))
    column = {kind: at for at, kind in enumerate(kinds)}
    kind = np.array(
        [column[one] for one in zip(children["age"], children["sex"], strict=True)], dtype=np.intp
    )
    counts = np.zeros((len(of), len(kinds)), dtype=np.int64)
    known = unit >= 0
    np.add.at(counts, (unit[known], kind[known]), children["children"].to_numpy()[known])
    return counts


def _spread_over_zones(
    inputs: Inputs, population: pd.DataFrame, children: pd.DataFrame, kinds: list[AgeAndSex]
) -> tuple[pd.Series, Longs]:
    """Hand the children of the municipalities out over their zones, by residents."""
    zones = inputs.zones.reset_index(drop=True)
    zones, children = find_givers(zones, children, inputs.parts_vintage)
    zones = zones.iloc[np.lexsort((zones["zone_id"], zones["giver"]))]
    givers = pd.Index(np.unique(zones["giver"]), name="giver")
    owner = givers.get_indexer(zones["giver"])
    totals = population.set_index("zone_id")["population"]
    weight = totals.reindex(zones["zone_id"]).fillna(0).to_numpy(np.int64)
    empty = np.bincount(owner, weights=weight, minlength=len(givers)) == 0
    # A municipality whose zones have no totals is spread by their area, in square metres.
    weight = np.where(empty[owner], np.maximum(zones.area.to_numpy(np.int64), 1), weight)
    counts = _count_by_kind(children, kinds, givers)
    zone, kind = apportion_kinds(counts, weight, owner, *_draw_chance(givers, kinds))
    width = len(kinds)
    by_zone = np.bincount(zone * width + kind, minlength=len(zones) * width)
    return zones.set_index("zone_id")["name"], by_zone.reshape(len(zones), width)


def find_givers(
    zones: gpd.GeoDataFrame, children: pd.DataFrame, vintage: int
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Say from which municipality each zone gets its children: the smallest that is known.

    Where the population is of before a merger and the ids of the zones begin with a code of
    before it, the children of each part go to the zones of that part, so that a merger moves no
    child.

    Parameters
    ----------
    zones, children
        As of `Inputs`.
    vintage
        Of the codes in `part` of the children.

    Returns
    -------
    tuple
        Both tables with the column `giver`.
    """
    prefix = zones["zone_id"].str[:5]
    parts = children[["nis_code", "part"]].drop_duplicates()
    there = prefix.groupby(zones["nis_code"]).agg(set).to_dict()
    parts["giver"] = [
        next((c for c in vintages.codes_since(part, vintage) if c in there.get(nis, ())), "")
        for nis, part in parts.itertuples(index=False)
    ]
    given = set(parts["nis_code"] + parts["giver"])
    lacking = set(zones["nis_code"][~(zones["nis_code"] + prefix).isin(given)])
    lacking |= set(parts["nis_code"][parts["giver"] == ""])
    # No code was ever given to other land, so it tells the giver by itself.
    parts["giver"] = parts["giver"].where(~parts["nis_code"].isin(lacking), parts["nis_code"])
    own = prefix.where(~zones["nis_code"].isin(lacking), zones["nis_code"])
    return zones.assign(giver=own), children.merge(parts, on=["nis_code", "part"])


def _draw_chance(units: pd.Index, kinds: Sequence[AgeAndSex]) -> tuple[Floats, Longs]:
    """Give each unit and kind its shift in the row, and each unit its phase.

    Fixed numbers without a pattern, from the unit's id: were they the same everywhere, a single
    child would stand in the middle of every zone, and the young at one end. Both sexes of an age
    have the same shift, so that they lie alike.
    """
    seed = np.array([zlib.crc32(str(unit).encode()) for unit in units], dtype=np.int64)
    age = np.array([age for age, _ in kinds])
    return (seed[:, None] / 2**32 + GOLDEN * age) % 1, seed % PHASES + 1


def _build_demand(
    found: list[tuple[str, LivingPlaces]],
    home_of_zone: NDArray[np.intp],
    homes: _Homes,
    ground: PlacingGround,
) -> gpd.GeoDataFrame:
    places = join_places([one for _, one in found])
    method = np.repeat([name for name, _ in found], [len(one.x) for _, one in found])
    home = home_of_zone[places.zone]
    order = np.argsort(home, kind="stable")
    places, method = places.take(order), np.where(places.outside, OUTSIDE, method)[order]
    chance = _draw_chance(homes.names.index, homes.kinds)
    part, kind = apportion_kinds(homes.counts, places.weight, home[order], *chance)
    counts = homes.count_children(part, kind, len(order))
    kept = counts.sum(axis=1) > 0
    places, counts = places.take(kept), counts[kept]
    zones = ground.inputs.zones.iloc[places.zone]
    spots = gpd.points_from_xy(places.x, places.y, crs=LAMBERT_72)
    area = ground.area
    table = {
        # As text even when there is no row to tell it from.
        "point_id": pd.array([f"P{number:07}" for number in range(1, len(spots) + 1)], dtype="str"),
        "zone_id": zones["zone_id"].array,
        "nis_code": zones["nis_code"].array,
        **{name: counts[:, i] for i, name in enumerate(homes.columns)},
        "method": pd.array(method[kept].tolist(), dtype="str"),
        "outside_network": (
            np.zeros(len(spots), dtype=np.bool_)
            if area is None
            else np.asarray(~shapely.covers(area, np.asarray(spots)))
        ),
    }
    return gpd.GeoDataFrame(table, geometry=spots)
