"""Where in a zone children may live: four methods behind one question."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from stemgeo.tables import CRS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stemgeo.inputs import Inputs
    from stemgeo.inputs.buildings import Buildings
    from stemgeo.network.graph import Network
    from stemgeo.study import Study

    Floats = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Longs = NDArray[np.int64]

FALLBACK = {
    "streets": ("streets", "addresses", "grid", "centroid"),
    "buildings": ("addresses", "buildings", "any_building", "streets", "grid", "centroid"),
    "grid": ("grid", "centroid"),
    "centroid": ("centroid",),
}
"""What is tried in turn, until each zone with children has a place.

Only `buildings` itself reads the buildings of the extract: for a few zones without a street that
would take longer than all the rest.
"""

OWN = {"buildings": ("addresses", "buildings")}
"""What counts as the method itself, where that is more than its name."""

LARGEST_WEIGHT = 10**8
"""Weights are scaled to whole numbers up to this, 1 at least: sums do not depend on order."""

NEXT_TO_NOTHING = 0.01
"""Less of a zone than this on the extract, and no place there: it lies outside as a whole."""


@dataclass(frozen=True)
class Places:
    """Where children may live: coordinates in EPSG:31370, whole-number weight and zone of each.

    Attributes
    ----------
    outside
        Whether the place stands for the part of a zone beyond the roads that were read.
    """

    x: Floats
    y: Floats
    weight: Longs
    zone: Indices
    outside: NDArray[np.bool_]

    def take(self, which: NDArray[np.bool_] | Indices) -> Places:
        """Keep some of them."""
        return Places(*(getattr(self, name)[which] for name in _COLUMNS))


_COLUMNS = ("x", "y", "weight", "zone", "outside")
NOWHERE = Places(
    np.empty(0), np.empty(0), np.empty(0, np.int64), np.empty(0, np.intp), np.empty(0, np.bool_)
)


def joined(parts: list[Places]) -> Places:
    """Lay several behind each other."""
    return Places(*(np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS))


@dataclass(frozen=True)
class Ground:
    """What the methods draw on.

    Attributes
    ----------
    inputs, study
        Zones, weights and addresses; spacing along streets.
    network
        None for a straight line.
    buildings
        Of the extract; None when they were not read.
    """

    inputs: Inputs
    study: Study
    network: Network | None = None
    buildings: Buildings | None = None

    def places(self, method: str, home_of_zone: Indices) -> Places | None:
        """Give the places of one method, or None when the inputs do not allow it.

        Parameters
        ----------
        method
            One of those of `FALLBACK`.
        home_of_zone
            The unit over which children are spread to which each zone belongs.
        """
        if method == "streets" and self.network is not None:
            return self._with_outside(self._along_streets(self.network), home_of_zone)
        if method == "addresses" and self.inputs.addresses is not None:
            return self._at_points(self.inputs.addresses)
        if method in ("buildings", "any_building") and self.buildings is not None:
            points = self.buildings.points
            of_kind = points["kind_known"] == (method == "buildings")
            found = self._at_points(points[of_kind])
            return self._with_outside(found, home_of_zone)
        if method == "grid" and self.inputs.weights is not None:
            return self._at_points(self.inputs.weights)
        if method == "centroid":
            middle = self.inputs.zones.geometry.representative_point()
            one = np.maximum(self.inputs.zones.area.to_numpy(np.int64), 1)
            inside = np.zeros(len(middle), dtype=np.bool_)
            x, y = middle.x.to_numpy(), middle.y.to_numpy()
            return Places(x, y, one, np.arange(len(middle)), inside)
        return None

    @cached_property
    def area(self) -> shapely.Geometry | None:
        """The network's area in Lambert 72, a metre wider so that its rim is inside."""
        if self.network is None:
            return None
        outline = gpd.GeoSeries([self.network.area], crs=self.network.crs).to_crs(CRS).iloc[0]
        area: shapely.Geometry = shapely.buffer(outline, 1.0)
        shapely.prepare(area)
        return area

    def _along_streets(self, network: Network) -> Places:
        """Place points along the residential streets, each weighing the length it stands for."""
        segment = np.flatnonzero(network.residential & (network.length_mm > 0))
        length = network.length_mm[segment].astype(np.int64)
        pieces = np.ceil(length / (self.study.demand.spacing_m * 1000)).astype(np.int64)
        within = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        share = (within + 0.5) / np.repeat(pieces, pieces)
        vertex = np.repeat(segment + network.segment_edge[segment], pieces)
        x0, y0 = network.vertex_x[vertex], network.vertex_y[vertex]
        x = x0 + share * (network.vertex_x[vertex + 1] - x0)
        y = y0 + share * (network.vertex_y[vertex + 1] - y0)
        x, y = _to_lambert(x, y, network.crs)
        return self._in_zones(x, y, np.repeat(length // pieces, pieces))

    def _at_points(self, frame: gpd.GeoDataFrame) -> Places:
        """Place points where the file has them, or in the part of its cell that a zone takes."""
        geometry, weight = frame.geometry.to_numpy(), frame["weight"].to_numpy(np.float64)
        whole = np.ceil(weight / weight.max(initial=np.finfo(float).tiny) * LARGEST_WEIGHT)
        cells = shapely.get_dimensions(geometry) == 2
        places = [self._in_cut_cells(geometry[cells], whole[cells])]
        x, y = shapely.get_x(geometry[~cells]), shapely.get_y(geometry[~cells])
        units = whole[~cells].astype(np.int64)
        # By place, so that it does not matter how the rows of the file were sorted.
        order = np.lexsort((units, x, y))
        return joined([*places, self._in_zones(x[order], y[order], units[order])])

    def _in_cut_cells(self, cells: NDArray[np.object_], weight: Floats) -> Places:
        """Cut grid cells by the zones; each piece has the cell's weight by its share of area."""
        zones = self.inputs.zones.geometry.to_numpy()
        cell, zone = shapely.STRtree(zones).query(cells, predicate="intersects")
        order = np.lexsort((zone, cell))
        cell, zone = cell[order], zone[order]
        piece = cells[cell]
        shared = np.bincount(cell, minlength=len(cells))[cell] > 1
        cut = shared | ~shapely.contains_properly(zones[zone], piece)
        piece[cut] = shapely.intersection(zones[zone[cut]], piece[cut])
        piece = _without_overlaps(piece, cell, shapely.area(cells))
        share = shapely.area(piece) / shapely.area(cells[cell])
        units = np.rint(weight[cell] * share).astype(np.int64)
        kept = units > 0
        spot = shapely.point_on_surface(piece[kept])
        x, y = shapely.get_x(spot), shapely.get_y(spot)
        inside = np.zeros(len(spot), dtype=np.bool_)
        return Places(x, y, units[kept], zone[kept], inside).take(np.lexsort((zone[kept], x, y)))

    def _in_zones(self, x: Floats, y: Floats, weight: Longs) -> Places:
        """Find the zone of each point: on a border the first; points in none are left out."""
        # The tree holds the points: it then prepares each zone once, whatever its detail.
        points = np.asarray(shapely.points(x, y), dtype=object)
        zone, point = shapely.STRtree(points).query(
            self.inputs.zones.geometry.to_numpy(), predicate="intersects"
        )
        order = np.lexsort((zone, point))
        point, zone = point[order], zone[order]
        once = np.append(True, np.diff(point) > 0)[: len(point)]
        point, zone = point[once], zone[once]
        inside = np.zeros(len(point), dtype=np.bool_)
        return Places(x[point], y[point], weight[point], zone, inside)

    def _with_outside(self, places: Places, home_of_zone: Indices) -> Places:
        """Add a place for the part of each zone that lies beyond the roads that were read.

        Its children are not to be pressed onto the few streets inside: of the unit over which
        they are spread, the share of the ground that lies outside is the share that stays there.
        A unit that lies partly inside and has no place there is left to the next method, unless
        next to nothing of it is inside.
        """
        area, zones = self.area, self.inputs.zones.geometry.to_numpy()
        cut = np.flatnonzero(~shapely.covers(area, zones))
        beyond = shapely.difference(zones[cut], area)
        units = home_of_zone.max(initial=-1) + 1
        whole_m2 = np.bincount(home_of_zone, weights=shapely.area(zones), minlength=units)
        off_m2 = np.bincount(home_of_zone[cut], weights=shapely.area(beyond), minlength=units)
        inside = np.bincount(home_of_zone[places.zone], weights=places.weight, minlength=units)
        on_m2 = whole_m2 - off_m2
        # What a square metre outside weighs: as one inside; where nothing is inside, any weight
        # does.
        apart = (inside == 0) & (on_m2 < NEXT_TO_NOTHING * whole_m2)
        per_m2 = np.where(apart, 1.0, inside / np.maximum(on_m2, 1.0))
        weight = np.rint(shapely.area(beyond) * per_m2[home_of_zone[cut]]).astype(np.int64)
        kept = weight > 0
        spot = shapely.point_on_surface(beyond[kept])
        outside = np.ones(len(spot), dtype=np.bool_)
        x, y = shapely.get_x(spot), shapely.get_y(spot)
        return joined([places, Places(x, y, weight[kept], cut[kept], outside)])


def _without_overlaps(
    piece: NDArray[np.object_], cell: Indices, area_m2: Floats
) -> NDArray[np.object_]:
    """Leave ground of a cell that lies in two zones to the first of them."""
    piece = piece.copy()
    sums = np.bincount(cell, weights=shapely.area(piece), minlength=len(area_m2))
    for twice in np.flatnonzero(sums > area_m2 * (1 + 1e-9)):
        mine = np.flatnonzero(cell == twice)
        for i, at in enumerate(mine[1:], start=1):
            piece[at] = shapely.difference(piece[at], shapely.union_all(piece[mine[:i]]))
    return piece


def _to_lambert(x: Floats, y: Floats, crs: str) -> tuple[Floats, Floats]:
    if crs == CRS:
        return x, y
    from pyproj import Transformer

    return Transformer.from_crs(crs, CRS, always_xy=True).transform(x, y)
