"""Children at points: from municipality totals to the places where they live.

A child is whole. Each step hands out whole children over parts in proportion to their weights,
so that the parts add up to the total exactly, and every level adds up to the input.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from stemgeo.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from stemgeo.inputs import Inputs
    from stemgeo.network.graph import Network
    from stemgeo.study import Band, Study

    Longs = NDArray[np.int64]

CRS = "EPSG:31370"
FALLBACK = {"streets": ("streets", "grid", "centroid"), "grid": ("grid", "centroid")}
FALLBACK["centroid"] = ("centroid",)

NEXT_TO_NOTHING = 0.01
"""Less of a zone than this on the extract, and without a street: it lies outside as a whole."""


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


def age_cells(bands: Sequence[Band], academies: pd.DataFrame) -> tuple[AgeCell, ...]:
    """Cut the bands where an academy begins or stops to serve an age.

    An academy serves its own ages alone, so "reached by band 5-8" is only true cell by cell.

    Parameters
    ----------
    bands
        Of the study.
    academies
        With `min_age` and `max_age`; empty means no limit within the study's ages.
    """
    starts = {int(age) for age in academies["min_age"].dropna()}
    starts |= {int(age) + 1 for age in academies["max_age"].dropna()}
    cells = []
    for band in bands:
        first, last = band.ages
        cuts = [first, *sorted(age for age in starts if first < age <= last), last + 1]
        cells += [AgeCell((a, b - 1), band) for a, b in pairwise(cuts)]
    return tuple(cells)


def serves(academies: pd.DataFrame, cell: AgeCell) -> NDArray[np.bool_]:
    """Say which academies serve the ages of a cell, shape (academies,)."""
    low = academies["min_age"].fillna(cell.ages[0]).to_numpy(np.int64)
    high = academies["max_age"].fillna(cell.ages[1]).to_numpy(np.int64)
    return np.asarray((low <= cell.ages[0]) & (cell.ages[1] <= high))


@dataclass(frozen=True)
class _Points:
    """Candidate places for children: coordinates, whole-number weights, the zone of each."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    weight: Longs
    zone: NDArray[np.intp]

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> _Points:
        return _Points(self.x[which], self.y[which], self.weight[which], self.zone[which])


_NOWHERE = _Points(np.empty(0), np.empty(0), np.empty(0, np.int64), np.empty(0, np.intp))


def apportion(total: Longs, weight: Longs, owner: NDArray[np.intp]) -> Longs:
    """Hand out whole units over parts in proportion to their weights.

    Unit k of a total of N goes to the part in which (k - 1/2) / N of the cumulated weight falls,
    so the units lie evenly along the parts and no part is off by one or more from its due.

    Parameters
    ----------
    total
        Units of each owner, shape (owners,).
    weight
        Weight of each part, at least 0, shape (parts,).
    owner
        The owner of each part, rising, shape (parts,).

    Returns
    -------
    int64 array, shape (parts,)
        Adds up to `total` for every owner whose parts weigh more than nothing.
    """
    after = np.cumsum(weight)
    first = np.searchsorted(owner, np.arange(len(total)))
    stop = np.searchsorted(owner, np.arange(len(total)), side="right")
    cumulated = np.concatenate([[0], after])
    whole = (cumulated[stop] - cumulated[first])[owner]
    units = total[owner]

    def handed_out(share: Longs) -> Longs:
        return np.asarray((2 * share * units + whole) // np.maximum(2 * whole, 1))

    before_owner = cumulated[first][owner]
    start = after - weight - before_owner
    return handed_out(after - before_owner) - handed_out(start)


def demand(
    inputs: Inputs, study: Study, cells: Sequence[AgeCell], network: Network | None = None
) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """Put the children of the study at points.

    Parameters
    ----------
    inputs
        Municipalities, zones, children and what spreads them.
    study
        Says the method.
    cells
        Which ages are counted together, see `age_cells`.
    network
        Needed by "streets"; its area says which points lie outside the roads that were read.

    Returns
    -------
    GeoDataFrame
        The demand table: `point_id`, `zone_id`, `nis_code`, `children_<ages>` (whole numbers),
        `outside_network`, geometry in EPSG:31370. Points without children are left out.
    list of Problem
        Where another method had to be used, for the reader of the figures.
    """
    homes, children = _homes(inputs, cells)
    notes: list[Problem] = []
    found = [_NOWHERE]
    lacking = children.sum(axis=1) > 0
    home_of_zone = pd.Index(homes[homes.columns[0]]).get_indexer(
        inputs.zones[homes.columns[0]].astype(str)
    )
    for method in FALLBACK[study.method]:
        if not lacking.any():
            break
        points = _candidates(method, inputs, study, network, home_of_zone)
        if points is None:
            continue
        points = points.take(lacking[home_of_zone[points.zone]] & (points.weight > 0))
        placed = np.isin(np.arange(len(homes)), home_of_zone[points.zone])
        if method != study.method and placed.any():
            names = homes["name"][placed].tolist()
            notes.append(_fell_back(names, int(children[placed].sum()), method))
        found.append(points)
        lacking = lacking & ~placed
    points = _joined(found)
    home = home_of_zone[points.zone]
    order = np.argsort(home, kind="stable")
    table = _table(points.take(order), home[order], children, inputs, cells)
    table.insert(len(table.columns) - 1, "outside_network", _outside(table, network))
    return table, notes


def _homes(inputs: Inputs, cells: Sequence[AgeCell]) -> tuple[pd.DataFrame, Longs]:
    """Count the children of each unit over which they are spread.

    The units are zones when their totals are known, else municipalities.

    Returns
    -------
    tuple
        A frame with the unit's id (`zone_id` or `nis_code`) and name, and its children by cell,
        shape (units, cells).
    """
    municipalities = inputs.municipalities.sort_values("nis_code")
    by_cell = _by_cell(inputs.children, municipalities["nis_code"], cells)
    if inputs.zone_population is None:
        return municipalities[["nis_code", "name"]].reset_index(drop=True), by_cell
    zones = inputs.zones.reset_index(drop=True)
    order = np.lexsort((zones["zone_id"], zones["nis_code"]))
    zones = zones.iloc[order].reset_index(drop=True)
    owner = pd.Index(municipalities["nis_code"]).get_indexer(zones["nis_code"])
    totals = inputs.zone_population.set_index("zone_id")["population"]
    weight = totals.reindex(zones["zone_id"]).fillna(0).to_numpy(np.int64)
    empty = np.bincount(owner, weights=weight, minlength=len(municipalities)) == 0
    # A municipality whose zones have no totals is spread by their area, in square metres.
    weight = np.where(empty[owner], np.maximum(zones.area.to_numpy(np.int64), 1), weight)
    shares = [apportion(column, weight, owner) for column in by_cell.T]
    return zones[["zone_id", "name"]], np.stack(shares, axis=1)


def _by_cell(children: pd.DataFrame, nis_code: pd.Series, cells: Sequence[AgeCell]) -> Longs:
    columns = []
    for cell in cells:
        rows = children[children["age"].between(*cell.ages)]
        sums = rows.groupby("nis_code")["children"].sum().reindex(nis_code, fill_value=0)
        columns.append(sums.to_numpy(np.int64))
    return np.stack(columns, axis=1)


def _candidates(
    method: str,
    inputs: Inputs,
    study: Study,
    network: Network | None,
    home_of_zone: NDArray[np.intp],
) -> _Points | None:
    """Give the places of one method, or None when the inputs do not allow it."""
    if method == "streets" and network is not None:
        along = _along_streets(network, inputs, study)
        return _with_outside(along, inputs, network, home_of_zone)
    if method == "grid" and inputs.weights is not None:
        place = inputs.weights.geometry
        x, y = place.x.to_numpy(), place.y.to_numpy()
        # Thousandths of a resident: whole numbers, so that sums do not depend on their order.
        thousandths = np.rint(inputs.weights["weight"].to_numpy() * 1000).astype(np.int64)
        # By place, so that it does not matter how the rows of the file were sorted.
        order = np.lexsort((thousandths, x, y))
        return _in_zones(x[order], y[order], thousandths[order], inputs)
    if method == "centroid":
        middle = inputs.zones.geometry.representative_point()
        one = np.maximum(inputs.zones.area.to_numpy(np.int64), 1)
        return _Points(middle.x.to_numpy(), middle.y.to_numpy(), one, np.arange(len(middle)))
    return None


def _along_streets(network: Network, inputs: Inputs, study: Study) -> _Points:
    """Place points along the residential streets, each weighing the length it stands for."""
    segment = np.flatnonzero(network.residential & (network.length_mm > 0))
    length = network.length_mm[segment].astype(np.int64)
    pieces = np.ceil(length / (study.demand.spacing_m * 1000)).astype(np.int64)
    within = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    share = (within + 0.5) / np.repeat(pieces, pieces)
    vertex = np.repeat(segment + network.segment_edge[segment], pieces)
    x0, y0 = network.vertex_x[vertex], network.vertex_y[vertex]
    x = x0 + share * (network.vertex_x[vertex + 1] - x0)
    y = y0 + share * (network.vertex_y[vertex + 1] - y0)
    x, y = _to_lambert(x, y, network.crs)
    return _in_zones(x, y, np.repeat(length // pieces, pieces), inputs)


def _to_lambert(
    x: NDArray[np.float64], y: NDArray[np.float64], crs: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if crs == CRS:
        return x, y
    from pyproj import Transformer

    return Transformer.from_crs(crs, CRS, always_xy=True).transform(x, y)


def _in_zones(
    x: NDArray[np.float64], y: NDArray[np.float64], weight: Longs, inputs: Inputs
) -> _Points:
    """Find the zone of each point; points in none are left out, on a border the first counts."""
    tree = shapely.STRtree(inputs.zones.geometry.to_numpy())
    point, zone = tree.query(shapely.points(x, y), predicate="intersects")
    order = np.lexsort((zone, point))
    point, zone = point[order], zone[order]
    once = np.append(True, np.diff(point) > 0)[: len(point)]
    point, zone = point[once], zone[once]
    return _Points(x[point], y[point], weight[point], zone)


def _with_outside(
    points: _Points, inputs: Inputs, network: Network, home_of_zone: NDArray[np.intp]
) -> _Points:
    """Add a place for the part of each zone that lies beyond the roads that were read.

    Its children are not to be pressed onto the few streets inside: of the unit over which they
    are spread, the share of the ground that lies outside is the share that stays there. A unit
    that lies partly inside and has no street there is left to the next method, unless next to
    nothing of it is inside.
    """
    area = _area(network)
    zones = inputs.zones.geometry.to_numpy()
    shapely.prepare(area)
    cut = np.flatnonzero(~shapely.covers(area, zones))
    beyond = shapely.difference(zones[cut], area)
    units = home_of_zone.max(initial=-1) + 1
    whole_m2 = np.bincount(home_of_zone, weights=shapely.area(zones), minlength=units)
    off_m2 = np.bincount(home_of_zone[cut], weights=shapely.area(beyond), minlength=units)
    streets = np.bincount(home_of_zone[points.zone], weights=points.weight, minlength=units)
    on_m2 = whole_m2 - off_m2
    # What a square metre outside weighs: as one inside; where nothing is inside, any weight does.
    apart = (streets == 0) & (on_m2 < NEXT_TO_NOTHING * whole_m2)
    per_m2 = np.where(apart, 1.0, streets / np.maximum(on_m2, 1.0))
    weight = np.rint(shapely.area(beyond) * per_m2[home_of_zone[cut]]).astype(np.int64)
    spot = shapely.point_on_surface(beyond)
    kept = weight > 0
    return _joined(
        [
            points,
            _Points(shapely.get_x(spot[kept]), shapely.get_y(spot[kept]), weight[kept], cut[kept]),
        ]
    )


def _area(network: Network) -> shapely.Geometry:
    """Give the network's area in Lambert 72, a metre wider so that its rim is inside."""
    area: shapely.Geometry = shapely.buffer(
        gpd.GeoSeries([network.area], crs=network.crs).to_crs(CRS).iloc[0], 1.0
    )
    return area


def _joined(parts: list[_Points]) -> _Points:
    names = ("x", "y", "weight", "zone")
    return _Points(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _fell_back(names: list[str], children: int, method: str) -> Problem:
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return Problem(
        "demand", f"{children} children of {shown} have no point by the study's method",
        f"they are placed by '{method}'",
    )  # fmt: skip


def _table(
    points: _Points,
    home: NDArray[np.intp],
    children: Longs,
    inputs: Inputs,
    cells: Sequence[AgeCell],
) -> gpd.GeoDataFrame:
    counts = np.stack([apportion(column, points.weight, home) for column in children.T], axis=1)
    kept = counts.sum(axis=1) > 0
    points, counts = points.take(kept), counts[kept]
    zones = inputs.zones.iloc[points.zone]
    numbers = range(1, len(points.x) + 1)
    table = {
        # As text even when there is no row to tell it from.
        "point_id": pd.array([f"P{number:07}" for number in numbers], dtype="str"),
        "zone_id": zones["zone_id"].array,
        "nis_code": zones["nis_code"].array,
        **{cell.column: counts[:, i] for i, cell in enumerate(cells)},
    }
    return gpd.GeoDataFrame(table, geometry=shapely.points(points.x, points.y), crs=CRS)


def _outside(table: gpd.GeoDataFrame, network: Network | None) -> NDArray[np.bool_]:
    """Say which points lie beyond the ground that the extract covers."""
    if network is None:
        return np.zeros(len(table), dtype=np.bool_)
    area = _area(network)
    shapely.prepare(area)
    return np.asarray(~shapely.covers(area, table.geometry.to_numpy()))
