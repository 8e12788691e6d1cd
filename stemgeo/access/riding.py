"""Anyone's frames at the door: points of any CRS, and how everyone rides; and the access table."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from stemgeo.access.travel_time import Rider, access_table, minutes_to_ms
from stemgeo.errors import Findings, InputError, Problem
from stemgeo.network.graph import Network
from stemgeo.network.snap import snap_points
from stemgeo.study import CUTOFF_MIN, LIMIT_M, WALKING_SPEED_MS, WITHIN_M

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stemgeo.network.snap import TiedPoints


@dataclass(frozen=True)
class Riding:
    """How everyone rides, as the functions on frames are told; see `access`.

    Raises
    ------
    InputError
        If a number is not above 0, or the limit is below `snap_within_m`.
    """

    speed_kmh: float
    cutoff_min: float
    snap_within_m: float
    snap_limit_m: float
    walking_speed_ms: float
    surface: bool

    def __post_init__(self) -> None:
        """Refuse what nobody rides by."""
        refuse_below_0(**{name: value for name, value in vars(self).items() if name != "surface"})
        if self.snap_limit_m < self.snap_within_m:
            what = f"snap_limit_m ({self.snap_limit_m:g} m) changes nothing below snap_within_m "
            what += f"({self.snap_within_m:g} m)"
            raise InputError(Problem("snap", what, "give a larger one, or leave it out"))

    def ride_over(self, network: Network) -> Rider:
        """Ride over a network."""
        if not isinstance(network, Network):
            what = f"is a {type(network).__name__}, not a Network"
            raise InputError(Problem("network", what, "give one first, as of Network.from_osm"))
        times = network.travel_times(self.speed_kmh, surface=self.surface)
        to_the_road_ms = self.walking_speed_ms
        if network.on_foot:
            usual = {"walking_speed_ms": WALKING_SPEED_MS, "surface": True}
            idle = [name for name, value in usual.items() if getattr(self, name) != value]
            what, mend = "changes nothing over a network on foot", "leave it out"
            if idle:
                raise InputError(*(Problem(name, what, mend) for name in idle))
            to_the_road_ms = self.speed_kmh / 3.6
        horizon = minutes_to_ms(self.cutoff_min)
        return Rider(network, times, horizon, walking_speed_ms=to_the_road_ms)

    def tie_points(self, network: Network, points: gpd.GeoDataFrame, name: str) -> TiedPoints:
        """Tie points to a network; `name` is what a problem with them is said of.

        Parameters
        ----------
        network, points
            A network, and points in any stated CRS.
        name
            What a problem with the points is said of.
        """
        at = project_frame(points, network.crs, name)
        return snap_points(network, *at, within_m=self.snap_within_m, limit_m=self.snap_limit_m)

    def find_nearest(
        self, network: Network, academies: gpd.GeoDataFrame, demand: gpd.GeoDataFrame
    ) -> pd.DataFrame:
        """Give the access table; see `access`.

        Parameters
        ----------
        network, academies, demand
            As in `access`.
        """
        rider, ids = self.ride_over(network), list_ids(academies)
        order = np.argsort(ids.to_numpy(), kind="stable")
        sites = self.tie_points(network, academies.iloc[order], "academies")
        points = self.tie_points(network, demand, "demand")
        label = rider.find_nearest(sites, points, np.arange(len(order)))
        return access_table(label, points.snap_m, ids.to_numpy()[order], demand.index)


def access(
    network: Network,
    academies: gpd.GeoDataFrame,
    demand: gpd.GeoDataFrame,
    *,
    speed_kmh: float,
    cutoff_min: float = CUTOFF_MIN,
    snap_within_m: float = WITHIN_M,
    snap_limit_m: float = LIMIT_M,
    walking_speed_ms: float = WALKING_SPEED_MS,
    surface: bool = True,
) -> pd.DataFrame:
    """Find the nearest academy of every demand point.

    Parameters
    ----------
    network
        Of `Network.from_osm`, for a bicycle or on foot.
    academies, demand
        Points in any stated CRS. Academies are known by the column `academy_id`, or by their
        index.
    speed_kmh
        On a good road; on foot the pace, from door to door.
    cutoff_min
        How far is looked, in minutes, inclusive.
    snap_within_m
        Whoever leaves a door takes whichever road within this serves best.
    snap_limit_m
        Where no road is so near, the nearest; a point farther than this from any road is
        unmeasured.
    walking_speed_ms
        On the leg between a door and the road, metres per second; nothing on foot.
    surface
        Whether poor surfaces slow the rider; nothing on foot.

    Returns
    -------
    DataFrame
        A row for each demand point, index and order kept: `academy_id` (empty if none),
        `travel_time_s` (inf if none), `snap_m` (NaN if unmeasured), `status` ("reached",
        "beyond_horizon" or "unmeasured").

    Raises
    ------
    InputError
        If a frame has no CRS or a row that is no point, academy ids are not unique, a number is not
        above 0, or the limit is below `snap_within_m`; it is a `ValueError`.
    """
    how = Riding(
        speed_kmh, cutoff_min, snap_within_m, snap_limit_m, walking_speed_ms, surface=surface
    )
    return how.find_nearest(network, academies, demand)


def refuse_below_0(**numbers: object) -> None:
    """Refuse numbers that are none, or not above 0, all at once."""
    found = Findings()
    for name, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, Real) or not 0 < float(value) < np.inf:
            found.error(name, f"is {value!r}", "give a number above 0")
    found.raise_errors()


def list_ids(academies: gpd.GeoDataFrame, name: str = "academies") -> pd.Series:
    """Give the ids of academies as text: their `academy_id`, or their index."""
    has_id = "academy_id" in academies.columns
    own = academies["academy_id"] if has_id else academies.index.to_series()
    if own.isna().any():
        raise InputError(Problem(name, f"{own.isna().sum()} of {len(own)} have no academy_id"))
    ids: pd.Series = own.astype(str)
    if ids.duplicated().any():
        what = f"academy_id {ids[ids.duplicated()].iloc[0]!r} is there twice"
        raise InputError(Problem(name, what, "give each an id of its own"))
    return ids


def project_frame(
    points: gpd.GeoDataFrame, crs: str, name: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the x and y of points in another reference system.

    Parameters
    ----------
    points
        In any stated CRS; one without a place gives NaN.
    crs
        In which they are given.
    name
        What a problem is said of.
    """
    geometry = check_shapes(points, name, "Point").to_crs(crs)
    x, y = geometry.x.to_numpy(), geometry.y.to_numpy()
    lost = np.isinf(x) | np.isinf(y)
    if lost.any():
        what = f"row {points.index[lost][0]} lies where {crs} cannot hold it"
        raise InputError(Problem(name, what, "see whether x and y are swapped, or the CRS wrong"))
    return x, y


def check_shapes(table: gpd.GeoDataFrame, name: str, *kinds: str) -> gpd.GeoSeries:
    """Give the shapes of a frame, of some kinds or missing; `name` is what it is called.

    Parameters
    ----------
    table
        A GeoDataFrame with a CRS.
    name
        What a problem is said of.
    *kinds
        Kinds of geometry that are taken, as shapely calls them.
    """
    if not isinstance(table, gpd.GeoDataFrame) or table.active_geometry_name is None:
        what = f"is a {type(table).__name__} without geometry"
        raise InputError(Problem(name, what, "give a GeoDataFrame; the order is that of the help"))
    if table.crs is None:
        raise InputError(Problem(name, "has no CRS", "say which with .set_crs(...)"))
    geometry = table.geometry
    kind = geometry.geom_type
    other = (kind.notna() & ~kind.isin(kinds) & ~geometry.is_empty).to_numpy()
    if other.any():
        what = f"row {table.index[other][0]} is a {kind[other].iloc[0]}"
        raise InputError(Problem(name, what, f"give a {kinds[0]}"))
    return geometry
