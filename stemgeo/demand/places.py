"""Where in a zone people live, and how many in each: all methods behind one question."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from stemgeo.arrays import sum_by_owner
from stemgeo.facts import LAMBERT_72
from stemgeo.inputs.vectors import find_polygons
from stemgeo.inputs.weights import LARGEST
from stemgeo.study import BEST, MOSTLY, RESIDENTS_FOR_A_CHILD_OF_AN_AGE, STREET_WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from stemgeo.inputs import Inputs
    from stemgeo.inputs.buildings import Buildings
    from stemgeo.inputs.streets import Streets
    from stemgeo.inputs.uninhabited import Uninhabited
    from stemgeo.network.graph import Network
    from stemgeo.study import Study

    Floats = NDArray[np.float64]
    Indices = NDArray[np.intp]
    Longs = NDArray[np.int64]

OUTSIDE = "outside"
"""How a point was found that stands for the part of a zone beyond the roads that were read."""

FALLBACK = {
    BEST: ("addresses", "dwellings", "streets", OUTSIDE, "grid", "centroid"),
    "streets": ("streets", OUTSIDE, "addresses", "grid", "centroid"),
    "buildings": (
        *("addresses", "buildings", "any_building", "streets", OUTSIDE, "grid", "centroid"),
    ),
    "grid": ("grid", "centroid"),
    "centroid": ("centroid",),
}
"""What is tried in turn, until each zone with children has a place."""

OWN = {BEST: ("addresses", "dwellings", "streets"), "buildings": ("addresses", "buildings")}
"""What counts as the method itself, where that is more than its name."""

LARGEST_WEIGHT = 10**8
"""Weights are scaled to whole numbers up to this, 1 at least: sums do not depend on order."""


@dataclass(frozen=True)
class LivingPlaces:
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

    def take(self, which: NDArray[np.bool_] | Indices) -> LivingPlaces:
        """Keep some of them."""
        return LivingPlaces(*(getattr(self, name)[which] for name in _COLUMNS))


_COLUMNS = ("x", "y", "weight", "zone", "outside")
NOWHERE = LivingPlaces(
    np.empty(0), np.empty(0), np.empty(0, np.int64), np.empty(0, np.intp), np.empty(0, np.bool_)
)


def join_places(parts: list[LivingPlaces]) -> LivingPlaces:
    """Lay several behind each other."""
    return LivingPlaces(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS)
    )


@dataclass(frozen=True)
class Living:
    """Who lives in which zone; all of shape (zones,).

    Attributes
    ----------
    residents
        Of each zone, as given or as an estimate.
    by
        What that rests on: "given", "addresses", "grid", "streets", "dwellings" or "ground".
    on, off
        How much of each zone lies on the network's area and how much beyond, in any unit.
    """

    residents: Floats
    by: NDArray[np.object_]
    on: Floats
    off: Floats

    @classmethod
    def without_data(cls, zones: int) -> Living:
        """Give as many zones of which nothing is known."""
        nothing = np.zeros(zones)
        return cls(nothing, np.full(zones, "", dtype=object), nothing, nothing)

    def fill_known(
        self, town: Indices, by: str, weight: Floats, residents: Floats, on: Floats, off: Floats
    ) -> Living:
        """Fill in the municipalities that have any weight and of which nothing is known yet.

        Parameters
        ----------
        town
            The municipality of each zone, shape (zones,).
        weight
            Of each zone: a municipality without any is left as it is.
        by, residents, on, off
            As for `where`.
        """
        known = (self.by == "") & (np.bincount(town, weights=weight)[town] > 0)
        return self.fill_zones(known, by, residents, on, off)

    def fill_zones(
        self, zones: NDArray[np.bool_], by: str, residents: Floats, on: Floats, off: Floats
    ) -> Living:
        """Fill in some zones.

        Parameters
        ----------
        zones
            Which ones, shape (zones,).
        by, residents, on, off
            As the attributes, for all zones.
        """
        return Living(
            np.where(zones, residents, self.residents),
            np.where(zones, by, self.by),
            np.where(zones, on, self.on),
            np.where(zones, off, self.off),
        )


@dataclass(frozen=True)
class PlacingGround:
    """What the methods draw on.

    Attributes
    ----------
    inputs, study
        Zones, weights and addresses; spacing along streets.
    network
        None for a straight line.
    buildings, streets, uninhabited
        Of the extract; None when they were not read.
    """

    inputs: Inputs
    study: Study
    network: Network | None = None
    buildings: Buildings | None = None
    streets: Streets | None = None
    uninhabited: Uninhabited | None = None

    def find_places(self, method: str, home_of_zone: Indices) -> LivingPlaces | None:
        """Give the places of one method, or None when the inputs do not allow it.

        Parameters
        ----------
        method
            One of those of `FALLBACK`.
        home_of_zone
            The unit over which children are spread to which each zone belongs.
        """
        of_file = {"addresses": self.inputs.addresses, "grid": self.inputs.weights}
        if method in of_file:
            frame = of_file[method]
            return None if frame is None else self._place_at_points(frame)
        if method == "centroid":
            return self._place_centroids()
        if self.network is None:
            return None
        if method == OUTSIDE:
            return self._place_all_outside(home_of_zone)
        found = self._place_on_extract(method)
        return None if found is None else self._add_outside(found, home_of_zone)

    def _place_centroids(self) -> LivingPlaces:
        zones = self.inputs.zones
        middle = zones.geometry.representative_point()
        one = np.maximum(zones.area.to_numpy(np.int64), 1)
        inside = np.zeros(len(zones), dtype=np.bool_)
        x, y = middle.x.to_numpy(), middle.y.to_numpy()
        return LivingPlaces(x, y, one, np.arange(len(zones)), inside)

    def _place_on_extract(self, method: str) -> LivingPlaces | None:
        """Give the places of a method that draws on the extract, None when it was not read."""
        if method == "streets":
            return None if self.streets is None else self._along_streets
        if self.buildings is None:
            return None
        if method == "dwellings":
            return self._dwellings.take(self.enough_dwellings[self._dwellings.zone])
        points = self.buildings.points
        return self._place_at_points(points[points["kind_known"] == (method == "buildings")])

    @cached_property
    def area(self) -> shapely.Geometry | None:
        """The network's area in Lambert 72, a metre wider so that its rim is inside."""
        if self.network is None:
            return None
        outline = (
            gpd.GeoSeries([self.network.area], crs=self.network.crs).to_crs(LAMBERT_72).iloc[0]
        )
        area: shapely.Geometry = shapely.buffer(outline, 1.0)
        shapely.prepare(area)
        return area

    @cached_property
    def _along_streets(self) -> LivingPlaces:
        """Place points along the streets, each weighing its length times what its kind weighs.

        None where nobody lives: in woods, on industrial ground.
        """
        if self.streets is None:
            return NOWHERE
        along = self.study.demand.road_weights
        x, y, length_mm, kind = self.streets.cut_pieces(self.study.demand.spacing_m)
        weight = np.rint(length_mm * np.array([along[name] for name in STREET_WEIGHTS])[kind])
        weight = weight.astype(np.int64)
        lived_in = weight > 0
        if self.uninhabited is not None:
            lived_in[lived_in] = ~self.uninhabited.contains_points(x[lived_in], y[lived_in])
        return self._place_in_zones(x[lived_in], y[lived_in], weight[lived_in])

    @cached_property
    def _dwellings(self) -> LivingPlaces:
        """Place points at all dwellings of the extract, each weighing its floor area."""
        of, zone = self._zone_of_dwelling
        homes = self.dwellings.iloc[of]
        x, y = homes.geometry.x.to_numpy(), homes.geometry.y.to_numpy()
        inside = np.zeros(len(of), dtype=np.bool_)
        return LivingPlaces(x, y, homes["weight"].to_numpy(np.int64), zone, inside)

    @cached_property
    def _zone_of_dwelling(self) -> tuple[Indices, Indices]:
        """Which dwellings lie in a zone, in order, and in which."""
        return self._find_first_zone(self.dwellings.geometry.to_numpy())

    @cached_property
    def dwellings(self) -> gpd.GeoDataFrame:
        """The buildings of the extract that are dwellings, and how many `homes` each holds."""
        demand = self.study.demand
        of = cast("Buildings", self.buildings).points
        small, large = demand.dwelling_m2
        house = of["address"] | of["footprint_m2"].between(small, large)
        found = of[of["kind_known"] | (house & ~of["other_use"])]
        flats = np.maximum(found["weight"].to_numpy() // demand.flat_m2, 1)
        return found.assign(homes=np.where(found["flats"], flats, 1))

    @cached_property
    def enough_dwellings(self) -> NDArray[np.bool_]:
        """Which zones have dwellings enough for their residents, shape (zones,)."""
        return self._has_dwellings_for(self.living)

    def _has_dwellings_for(self, living: Living) -> NDArray[np.bool_]:
        """Say where the extract has the fewest dwellings that the residents ask for.

        Of a zone that lies partly beyond it those who live on it ask for them.
        """
        if self.buildings is None:
            return np.zeros(len(living.residents), dtype=np.bool_)
        here = living.on / np.maximum(living.on + living.off, np.finfo(float).tiny)
        homes, least = self.homes_of_zone, self.study.demand.dwellings_per_100 / 100
        return np.asarray((homes > 0) & (homes >= least * living.residents * here))

    @cached_property
    def homes_of_zone(self) -> Longs:
        """How many dwellings the extract has in each zone, shape (zones,)."""
        of, zone = self._zone_of_dwelling
        homes = self.dwellings["homes"].to_numpy(np.float64)[of]
        return sum_by_owner(zone, homes, len(self.inputs.zones))

    def _place_at_points(self, frame: gpd.GeoDataFrame) -> LivingPlaces:
        """Place points where the file has them, or in the part of its cell that a zone takes."""
        geometry, whole = frame.geometry.to_numpy(), _scale_weights(frame)
        cells = shapely.get_dimensions(geometry) == 2
        piece, zone, weight = self._cut_cells(geometry[cells], whole[cells])
        spot = shapely.point_on_surface(piece)
        x, y = shapely.get_x(spot), shapely.get_y(spot)
        inside = np.zeros(len(spot), dtype=np.bool_)
        of_cells = LivingPlaces(x, y, weight, zone, inside).take(np.lexsort((zone, x, y)))
        x, y = shapely.get_x(geometry[~cells]), shapely.get_y(geometry[~cells])
        units = whole[~cells].astype(np.int64)
        # By place, so that it does not matter how the rows of the file were sorted.
        order = np.lexsort((units, x, y))
        return join_places([of_cells, self._place_in_zones(x[order], y[order], units[order])])

    def _cut_cells(
        self, cells: NDArray[np.object_], weight: Floats
    ) -> tuple[NDArray[np.object_], Indices, Longs]:
        """Cut grid cells by the zones; each piece has the cell's weight by its share of area."""
        zones, number = self._outlines
        cell, zone = shapely.STRtree(zones).query(cells, predicate="intersects")
        order = np.lexsort((zone, cell))
        cell, zone = cell[order], zone[order]
        piece = cells[cell]
        shared = np.bincount(cell, minlength=len(cells))[cell] > 1
        cut = shared | ~shapely.contains_properly(zones[zone], piece)
        piece[cut] = shapely.intersection(zones[zone[cut]], piece[cut])
        piece = _cut_overlaps(piece, cell, shapely.area(cells))
        share = shapely.area(piece) / shapely.area(cells[cell])
        units = np.rint(weight[cell] * share).astype(np.int64)
        kept = (units > 0) & (number[zone] >= 0)
        return piece[kept], number[zone][kept], units[kept]

    @cached_property
    def _outlines(self) -> tuple[NDArray[np.object_], Indices]:
        """The outlines of the zones and of those around, by id; the number of each, -1 around.

        Whose a point on a border is does not depend on where the study ends.
        """
        zones, around = self.inputs.zones, self.inputs.zones_around
        number = np.arange(len(zones))
        if around is None or around.empty:
            return zones.geometry.to_numpy(), number
        ids = np.concatenate([one["zone_id"].to_numpy(object) for one in (zones, around)])
        order = np.argsort(ids.astype(str), kind="stable")
        outlines = np.concatenate([one.geometry.to_numpy() for one in (zones, around)])
        return outlines[order], np.append(number, np.full(len(around), -1))[order]

    def _place_in_zones(self, x: Floats, y: Floats, weight: Longs) -> LivingPlaces:
        """Find the zone of each point; points in none are left out."""
        point, zone = self._find_first_zone(np.asarray(shapely.points(x, y), dtype=object))
        inside = np.zeros(len(point), dtype=np.bool_)
        return LivingPlaces(x[point], y[point], weight[point], zone, inside)

    def _find_first_zone(self, points: NDArray[np.object_]) -> tuple[Indices, Indices]:
        """Find which points lie in a zone, and in which: on a border the first."""
        outlines, number = self._outlines
        zone = np.append(number, -1)[find_polygons(points, outlines)]
        point = np.flatnonzero(zone >= 0)
        return point, zone[point]

    def _add_outside(self, places: LivingPlaces, home_of_zone: Indices) -> LivingPlaces:
        """Add a place for the part of each zone that lies beyond the roads that were read.

        Its children are not to be pressed onto the few streets inside: of the unit over which
        they are spread, the share that lives outside stays there, see `_divided`. A unit without a
        place inside is left to the next method.
        """
        return self._add_beyond(places, home_of_zone, *self._split_zones(home_of_zone))

    def _add_beyond(
        self, places: LivingPlaces, home_of_zone: Indices, on: Floats, off: Floats
    ) -> LivingPlaces:
        units = home_of_zone.max(initial=-1) + 1
        on_unit = np.bincount(home_of_zone, weights=on, minlength=units)
        inside = np.bincount(home_of_zone[places.zone], weights=places.weight, minlength=units)
        per_unit = np.divide(inside, on_unit, out=np.zeros(units), where=on_unit > 0)
        # Where all live outside, nobody does along the streets that are inside.
        lived_in = on_unit[home_of_zone[places.zone]] > 0
        return join_places(
            [places.take(lived_in), self._place_outside(off * per_unit[home_of_zone])]
        )

    def _split_zones(self, home_of_zone: Indices) -> tuple[Floats, Floats]:
        """Say how much of each zone lies on the network's area, and how much beyond."""
        if self._is_estimate and np.bincount(home_of_zone).max(initial=0) == 1:
            return self.living.on, self.living.off  # each zone by itself, as "best" has them
        on, off, _ = self._divide_zones(home_of_zone)
        return on, off

    def _place_outside(self, weight: Floats) -> LivingPlaces:
        """Give a place for what of each zone lies beyond, with its weight, shape (zones,)."""
        cut, beyond = self._ground_beyond
        units = np.rint(weight[cut]).astype(np.int64)
        kept = units > 0
        spot = shapely.point_on_surface(beyond[kept])
        outside = np.ones(len(spot), dtype=np.bool_)
        return LivingPlaces(
            shapely.get_x(spot), shapely.get_y(spot), units[kept], cut[kept], outside
        )

    def _place_all_outside(self, home_of_zone: Indices) -> LivingPlaces:
        """Give the places beyond of units that lie mostly there."""
        on, off = self._split_zones(home_of_zone)
        of_unit = [np.bincount(home_of_zone, weights=one)[home_of_zone] for one in (on, off)]
        return self._place_outside(
            np.where(of_unit[0] < MOSTLY * (of_unit[0] + of_unit[1]), off, 0.0)
        )

    @cached_property
    def _ground_beyond(self) -> tuple[Indices, NDArray[np.object_]]:
        """Which zones lie partly or wholly beyond the network's area, and that part of each."""
        zones = self.inputs.zones.geometry.to_numpy()
        cut = np.flatnonzero(~shapely.covers(self.area, zones))
        return cut, shapely.difference(zones[cut], self.area)

    @property
    def counts(self) -> dict[str, int]:
        """What was read of where people live, for the manifest."""
        found = {}
        if self.buildings is not None:
            found = self.buildings.counts | {"dwellings": len(self.dwellings)}
        return found | (self.uninhabited.counts if self.uninhabited else {})

    def has_own_places(self, method: str) -> bool:
        """Whether there is anything of its own for a method to place children at."""
        if method != "buildings" or self.inputs.addresses is not None:
            return True
        return self.buildings is not None and len(self.buildings.points) > 0

    @property
    def zones_on_network(self) -> NDArray[np.bool_]:
        """Which zones have a square metre on the network's area, shape (zones,)."""
        return self._split_by_source["ground"][0] > 1.0

    def divided_by(self, home_of_zone: Indices) -> NDArray[np.object_]:
        """Say by what the children of each zone are divided over the network's area and beyond."""
        return self._divide_zones(home_of_zone)[2]

    def _divide_zones(self, home_of_zone: Indices) -> tuple[Floats, Floats, NDArray[np.object_]]:
        """Say how much of each zone lies on the network's area and how much beyond.

        By where people live when the addresses or weights of the study have any in the unit over
        which children are spread; else by the ground.

        Returns
        -------
        tuple
            On, beyond, and by what: "addresses", "grid" or "ground"; shape (zones,).
        """
        on, off = np.zeros((2, len(home_of_zone)))
        by = np.full(len(home_of_zone), "", dtype=object)
        for name, (here, there) in self._split_by_source.items():
            units = home_of_zone.max(initial=-1) + 1
            has_any = np.bincount(home_of_zone, weights=here + there, minlength=units) > 0
            taken = has_any[home_of_zone] & (by == "")
            on[taken], off[taken], by[taken] = here[taken], there[taken], name
        return on, off, by

    @cached_property
    def _split_by_source(self) -> dict[str, tuple[Floats, Floats]]:
        """Addresses, weights and ground of each zone on the network's area, and beyond it."""
        cut, beyond = self._ground_beyond
        whole_m2 = self.inputs.zones.area.to_numpy(np.float64)
        off_m2 = np.zeros(len(whole_m2))
        off_m2[cut] = shapely.area(beyond)
        ground = (np.maximum(whole_m2 - off_m2, 0.0), off_m2)
        told = {"addresses": self.inputs.addresses, "grid": self.inputs.weights}
        splits = {name: self._split_weights(one) for name, one in told.items() if one is not None}
        # Of nothing beyond nothing is to be divided.
        return splits | {"ground": ground} if len(cut) else {"ground": ground}

    def _split_weights(self, frame: gpd.GeoDataFrame) -> tuple[Floats, Floats]:
        """Add up by zone what lies on the network's area, and what beyond."""
        geometry, whole = frame.geometry.to_numpy(), _scale_weights(frame)
        cells = shapely.get_dimensions(geometry) == 2
        piece, zone, weight = self._cut_cells(geometry[cells], whole[cells])
        here = shapely.area(shapely.intersection(piece, self.area)) / shapely.area(piece)
        at = geometry[~cells]
        found = self._place_in_zones(
            shapely.get_x(at), shapely.get_y(at), whole[~cells].astype(np.int64)
        )
        covered = shapely.covers(self.area, np.asarray(shapely.points(found.x, found.y)))
        zone, weight = np.append(zone, found.zone), np.append(weight, found.weight)
        here = np.append(here, covered)
        zones = len(self.inputs.zones)
        on = np.bincount(zone, weights=weight * here, minlength=zones)
        off = np.bincount(zone, weights=weight * (1 - here), minlength=zones)
        return on.astype(np.float64), off.astype(np.float64)

    # --- Who lives in which zone -----------------------------------------------------------------

    @cached_property
    def zone_population(self) -> pd.DataFrame | None:
        """As `inputs.zone_population`; an estimate where there is none and there are zones."""
        if not self._is_estimate:
            return self.inputs.zone_population
        thousandths = np.rint(self.living.residents * 1000).astype(np.int64)
        return pd.DataFrame({"zone_id": self.inputs.zones["zone_id"], "population": thousandths})

    @property
    def _is_estimate(self) -> bool:
        """Whether there are zones of which nobody said how many live in each."""
        several = self.study.inputs.zones or not self.inputs.zones["nis_code"].is_unique
        return self.inputs.zone_population is None and bool(several)

    @cached_property
    def living(self) -> Living:
        """Who lives in which zone: as given, or those of its municipality as `_lived_in` has it."""
        zones = self.inputs.zones.reset_index(drop=True)
        town, towns = pd.factorize(zones["nis_code"])
        whole = _count_residents(self.inputs).reindex(towns).fillna(0).to_numpy()[town]
        found = Living.without_data(len(zones))
        if self.inputs.zone_population is not None:
            told = self.inputs.zone_population.set_index("zone_id")["population"]
            given = told.reindex(zones["zone_id"]).fillna(0).to_numpy(np.float64)
            found = found.fill_known(town, "given", given, given, *self._split_of_each)
        for name, here, there in self._yield_weights(town):
            residents = whole * _share_of_owner(here + there, town)
            parts = (here, there) if name == "streets" else self._split_of_each
            found = found.fill_known(town, name, here + there, residents, *parts)
        by_streets = found.by == "streets"
        short = ~self._has_dwellings_for(found) & (found.residents > 0)
        mapped = by_streets & (np.bincount(town, weights=short)[town] == 0)
        if not mapped.any():
            return found
        # Where every zone has enough dwellings they say better than streets who lives where.
        here, there = self._weigh_here_and_there(self._dwellings, town)
        residents = whole * _share_of_owner(here + there, town)
        return found.fill_zones(mapped, "dwellings", residents, here, there)

    @cached_property
    def _split_of_each(self) -> tuple[Floats, Floats]:
        return self._divide_zones(np.arange(len(self.inputs.zones)))[:2]

    def _weigh_here_and_there(self, places: LivingPlaces, town: Indices) -> tuple[Floats, Floats]:
        """Add up what places weigh by zone, and what lies beyond the extract beside them."""
        on, off, _ = self._divide_zones(town)
        both, zones = self._add_beyond(places, town, on, off), len(self.inputs.zones)
        return _sum_by_zone(both.take(~both.outside), zones), _sum_by_zone(
            both.take(both.outside), zones
        )

    def _yield_weights(self, town: Indices) -> Iterator[tuple[str, Floats, Floats]]:
        """Yield by what the residents of a municipality may be shared over its zones, best first.

        By name, on the extract and beyond.
        """
        nothing = np.zeros(len(self.inputs.zones))
        for name, given in (("addresses", self.inputs.addresses), ("grid", self.inputs.weights)):
            if given is not None:
                yield name, _sum_by_zone(self._place_at_points(given), len(nothing)), nothing
        if self.streets is not None and self.network is not None:
            yield "streets", *self._weigh_here_and_there(self._along_streets, town)
        yield "ground", self.inputs.zones.area.to_numpy(np.float64), nothing


def count_children(points: gpd.GeoDataFrame) -> pd.Series[int]:
    """Add up the children of all ages of each demand point."""
    children: pd.Series[int] = points.filter(regex="^children_").sum(axis=1)
    return children


def _scale_weights(frame: gpd.GeoDataFrame) -> Floats:
    """Give the weights of a file as whole numbers up to `LARGEST_WEIGHT`."""
    weight = frame["weight"].to_numpy(np.float64)
    largest = max(frame.attrs.get(LARGEST, 0.0), weight.max(initial=np.finfo(float).tiny))
    return np.asarray(np.ceil(weight / largest * LARGEST_WEIGHT))


def _sum_by_zone(places: LivingPlaces, zones: int) -> Floats:
    return sum_by_owner(places.zone, places.weight, zones).astype(np.float64)


def _share_of_owner(parts: Floats, owner: Indices) -> Floats:
    """Give each part's share of its owner's; 0 where that has nothing."""
    whole = np.bincount(owner, weights=parts)[owner]
    return np.divide(parts, whole, out=np.zeros(len(parts)), where=whole > 0)


def _count_residents(inputs: Inputs) -> pd.Series:
    """Give the residents of each municipality; from its children where the file has no others."""
    if inputs.residents is not None:
        return inputs.residents
    children = inputs.children.groupby("nis_code")["children"].sum()
    ages = inputs.ages or max(inputs.children["age"].nunique(), 1)
    return children / ages * RESIDENTS_FOR_A_CHILD_OF_AN_AGE


def _cut_overlaps(
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
