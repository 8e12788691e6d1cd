"""Those who travel in a study: over the roads of a profile, or in a straight line."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
import pandas as pd
import shapely

from stemgeo.access import travel_time
from stemgeo.access.areas import draw_catchments, draw_isochrones
from stemgeo.demand import which_serve
from stemgeo.facts import LAMBERT_72
from stemgeo.network import bicycle
from stemgeo.network.crossings import ON_FOOT_M
from stemgeo.network.edit_places import add_edits
from stemgeo.network.snap import snap_points
from stemgeo.notes import Note, Said, say, say_amount, say_count
from stemgeo.study import OLDEST

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from threading import Event

    import geopandas as gpd
    from numpy.typing import NDArray

    from stemgeo.demand import AgeCell
    from stemgeo.network.graph import Network
    from stemgeo.network.snap import TiedPoints
    from stemgeo.study import Study, Travel

    Longs = NDArray[np.int64]
    Ints = NDArray[np.int32]
    _XY = tuple[NDArray[np.float64], NDArray[np.float64]]
    OverRoads = Callable[
        [Study, Network, gpd.GeoDataFrame, gpd.GeoDataFrame, gpd.GeoDataFrame | None], "OverNetwork"
    ]


PACES_KEPT = 2
"""Riders whose times are kept, of all profiles together: ages of a band ask one after another.

Times take memory: at the size of Flanders those of one pace 150 MB.
"""


class Pace(NamedTuple):
    """How some ages ride: their speed on a good road, and whether they take to the pavement."""

    speed_kmh: float
    on_pavements: bool = False


def find_pace(travel: Travel, cell: AgeCell, scenario: str = "central") -> Pace:
    """Say how the ages of a cell ride in a scenario.

    Parameters
    ----------
    travel
        Of the study.
    cell
        The ages.
    scenario
        Which speeds: low, central or high.
    """
    return Pace(travel.speed_of(cell.band, scenario), travel.on_pavements(cell.ages))


def search_key(
    traveller: StraightLine | OverNetwork, cell: AgeCell, pace: Pace
) -> tuple[Pace, bytes]:
    """Tell searches of a traveller apart: by the pace and the academies that serve the cell.

    Parameters
    ----------
    traveller
        Who travels to which academies.
    cell, pace
        The ages, and how they ride.
    """
    return pace, which_serve(traveller.academies, cell, traveller.study.academies).tobytes()


def list_travellers(
    study: Study,
    network: Network | None,
    academies: gpd.GeoDataFrame,
    points: gpd.GeoDataFrame,
    edits: gpd.GeoDataFrame | None = None,
    over: OverRoads | None = None,
) -> list[StraightLine | OverNetwork]:
    """Give one for each profile of the study, "all" first; a straight line has no other.

    Parameters
    ----------
    study
        Says how one travels.
    network
        As from `Network.whole`; None for a straight line.
    academies, points
        Those that count on the study's date, sorted by id; the demand table.
    edits
        What is changed of the roads, as the table `network_edits`.
    over
        Who travels over roads: `OverNetwork.from_study` when not given, or as that.
    """
    if network is None:
        return [StraightLine(study, academies, points)]
    first = (over or OverNetwork.from_study)(study, network, academies, points, edits)
    others = sorted(one for one in study.travel.profiles if one != first.profile)
    return [first, *(first.in_profile(one) for one in others)]


@dataclass(frozen=True)
class StraightLine:
    """A screening: distance in a straight line times a detour factor."""

    study: Study
    academies: gpd.GeoDataFrame
    points: gpd.GeoDataFrame
    profile: str = "all"
    notes: tuple[Note, ...] = ()

    @property
    def snap_m(self) -> NDArray[np.float64]:
        """Nothing lies between a point and a straight line."""
        return np.zeros(len(self.points))

    def forget_times(self) -> None:
        """Let go of nothing: no times are kept."""

    def for_points(self, points: gpd.GeoDataFrame) -> StraightLine:
        """Give the same traveller from other points."""
        return replace(self, points=points)

    def for_some_points(self, which: NDArray[np.intp]) -> StraightLine:
        """Give the same traveller from some of the points."""
        return replace(self, points=self.points.iloc[which])

    def for_academies(self, academies: gpd.GeoDataFrame) -> StraightLine:
        """Give the same traveller to other academies."""
        return replace(self, academies=academies)

    def with_travel(self, **choices: object) -> StraightLine:
        """Give the same traveller with other choices of `[travel]`."""
        travel = self.study.travel.model_copy(update=choices)
        return replace(self, study=self.study.model_copy(update={"travel": travel}))

    def for_every_age(self) -> StraightLine:
        """Give the same traveller to the same academies, as if they served every age."""
        return replace(self, academies=_serve_every_age(self.academies))

    def at_flat_speed(self, speed_kmh: float) -> StraightLine:  # noqa: ARG002 -- as over a network
        """Give the same traveller: in a straight line nothing but the speed counts."""
        return self

    def find_nearest(self, cell: AgeCell, scenario: str) -> Longs:
        """Label each point with its nearest academy for the cell; see `search.unpack_labels`."""
        travel = self.study.travel
        return self.find_three_nearest(cell, find_pace(travel, cell, scenario), travel.horizon_min)[
            :, 0
        ]

    def find_three_nearest(self, cell: AgeCell, pace: Pace, horizon_min: float) -> Longs:
        """Label each point with the three nearest of those, nearest first; shape (points, 3).

        Parameters
        ----------
        cell, pace
            The ages, and how they ride.
        horizon_min
            How far is looked, minutes.
        """
        return travel_time.find_three_straight(
            *self._points_and_sites_for(cell),
            speed_kmh=pace.speed_kmh,
            detour_factor=self.study.travel.detour_factor,
            horizon=travel_time.minutes_to_ms(horizon_min),
        )

    def _points_and_sites_for(self, cell: AgeCell) -> tuple[_XY, _XY, NDArray[np.intp]]:
        """Give the points, the academies that serve a cell, and which these are."""
        sites = np.flatnonzero(which_serve(self.academies, cell, self.study.academies))
        points, academies = self.points.geometry, self.academies.geometry.iloc[sites]
        from_, to = ((one.x.to_numpy(), one.y.to_numpy()) for one in (points, academies))
        return from_, to, sites

    def list_served(
        self, places: gpd.GeoDataFrame, pace: Pace, minutes: float, *, threads: int
    ) -> tuple[Longs, Ints, Ints]:
        """List the points that have each place within the minutes; see `Rider.served`.

        Parameters
        ----------
        places
            Points in the CRS of the demand.
        pace, minutes
            How one rides, and for how long.
        threads
            Searches that run side by side; the result is the same.
        """
        from scipy.spatial import cKDTree

        x, y = places.geometry.x.to_numpy(), places.geometry.y.to_numpy()
        at = shapely.get_coordinates(self.points.geometry.to_numpy())
        ms_per_m = travel_time.straight_ms_per_m(pace.speed_kmh, self.study.travel.detour_factor)
        horizon = travel_time.minutes_to_ms(minutes)
        # A metre more than can matter: the times decide.
        near = cKDTree(at).query_ball_point(
            np.column_stack([x, y]), horizon / ms_per_m + 1, workers=threads, return_sorted=True
        )
        sizes = [len(one) for one in near]
        point = np.concatenate([np.asarray(one, dtype=np.int32) for one in [*near, []]])
        place = np.repeat(np.arange(len(places)), sizes)
        metres = np.sqrt((at[point, 0] - x[place]) ** 2 + (at[point, 1] - y[place]) ** 2)
        ms = np.rint(metres * ms_per_m).astype(np.int64)
        kept = ms <= horizon
        first = np.append(0, np.cumsum(np.bincount(place[kept], minlength=len(places))))
        return first, point[kept], ms[kept].astype(np.int32)


@dataclass(frozen=True)
class OverNetwork:
    """The real measure: over the roads of a profile, from door to door."""

    study: Study
    network: Network
    profile: str
    academies: gpd.GeoDataFrame
    sites: TiedPoints
    places: TiedPoints
    notes: tuple[Note, ...]
    beside: Network | None = None
    """The same network for those who ride on pavements; None where nobody does."""
    paces_kept: int = PACES_KEPT
    """Riders whose times are kept."""
    _riders: dict[tuple[str, Pace, float], travel_time.Rider] = field(
        repr=False, compare=False, default_factory=dict
    )
    """Shared with every copy that takes as long on each road, and by those of all profiles."""
    _tied: list[tuple[gpd.GeoDataFrame, TiedPoints]] = field(
        repr=False, compare=False, default_factory=list
    )
    """The other places that were tied last; shared with every copy, for all tie alike."""

    @classmethod
    def from_study(
        cls,
        study: Study,
        network: Network,
        academies: gpd.GeoDataFrame,
        points: gpd.GeoDataFrame,
        edits: gpd.GeoDataFrame | None = None,
    ) -> Self:
        """Tie academies and children to the roads: to all of them, whatever the profile.

        Parameters
        ----------
        study
            Says how one travels.
        network
            As from `Network.whole`.
        academies, points
            The academies that count, sorted by id; the demand table.
        edits
            As for `list_travellers`.
        """
        travel = study.travel
        network = network.restrict_to(ferries=travel.ferries)
        if edits is not None:
            # Idle ones were refused at the door; by other rules of stress another may be.
            network = add_edits(network, edits, strict=False)
        sites, places = (
            tie_table(network, academies, travel),
            _tie_demand(network, points, travel),
        )
        notes = _note_off_roads(academies[~sites.found], travel.snap_limit_m)
        beside = network.take_to_pavements() if travel.pavements_under_10 else None
        return cls(study, network, "all", academies, sites, places, notes, beside)

    def in_profile(self, profile: str) -> Self:
        """Give the same traveller over the roads of another profile; their ties are the same."""
        network, beside = (
            self.network.calm_to(profile),
            self.beside and self.beside.calm_to(profile),
        )
        return replace(self, network=network, beside=beside, profile=profile, notes=())

    @property
    def snap_m(self) -> NDArray[np.float64]:
        """Metres between each point and its road; NaN where there is none, shape (points,)."""
        return self.places.snap_m

    def for_points(self, points: gpd.GeoDataFrame) -> Self:
        """Give the same traveller from other points."""
        return replace(self, places=_tie_demand(self.network, points, self.study.travel))

    def for_some_points(self, which: NDArray[np.intp]) -> Self:
        """Give the same traveller from some of the points."""
        return replace(self, places=self.places.take_points(which))

    def for_academies(self, academies: gpd.GeoDataFrame) -> Self:
        """Give the same traveller to other academies."""
        sites = tie_table(self.network, academies, self.study.travel)
        return replace(self, academies=academies, sites=sites)

    def for_every_age(self) -> Self:
        """Give the same traveller to the same academies, as if they served every age."""
        return replace(self, academies=_serve_every_age(self.academies))

    def fill_untagged(self, *, best: bool, stress: bool = True, surfaces: bool = True) -> Self:
        """Give the same traveller where nobody tagged the roads; see `Network.filled`.

        Of all roads: which ones are quiet is asked after, see `in_profile`.

        Parameters
        ----------
        best, stress, surfaces
            As for `Network.filled`.
        """
        network = self.network.fill_untagged(best=best, stress=stress, surfaces=surfaces)
        return self.take_network(network)

    def take_network(self, network: Network) -> Self:
        """Give the same traveller over other roads on which all ties are the same.

        Of all roads: which ones are quiet is asked after, see `in_profile`.
        """
        young = self.study.travel.pavements_under_10
        beside = network.take_to_pavements() if young else None
        return replace(self, network=network, beside=beside, _riders={})

    def with_travel(self, **choices: object) -> Self:
        """Give the same traveller with other choices of `[travel]` that change no tie."""
        travel = self.study.travel.model_copy(update=choices)
        return replace(self, study=self.study.model_copy(update={"travel": travel}), _riders={})

    def at_flat_speed(self, speed_kmh: float) -> Self:
        """Give the same traveller at one speed over every road, pushed or ridden, and to the door.

        So time is distance over speed: nothing slows or stops. Steps and ferries, which are no
        riding, keep their time.
        """
        return self.with_travel(
            surface=False,
            pushing_speed_kmh=speed_kmh,
            walking_speed_ms=speed_kmh / 3.6,
            **dict.fromkeys(("signal_s", "crossing_s", "barrier_s", "lift_wait_s"), 0.0),
        )

    def find_rider(self, pace: Pace, horizon_min: float) -> travel_time.Rider:
        """Say how someone of this pace travels; the times of the last few paces are kept."""
        key = (self.profile, pace, horizon_min)
        rider = self._riders.get(key)
        if rider is None:
            for oldest in list(self._riders)[: max(len(self._riders) + 1 - self.paces_kept, 0)]:
                self._riders.pop(oldest, None)
            rider = self._riders[key] = self._build_rider(pace, horizon_min)
        return rider

    def forget_times(self) -> None:
        """Let go of the times that are kept; whoever asks again has them made anew."""
        self._riders.clear()
        vars(self.network).pop("arcs", None)

    def _build_rider(self, pace: Pace, horizon_min: float) -> travel_time.Rider:
        network = self.beside if self.beside and pace.on_pavements else self.network
        return build_rider(network, self.study.travel, self.profile, pace, horizon_min)

    def tie_places(self, places: gpd.GeoDataFrame) -> TiedPoints:
        """Tie other places to the roads; those of the last time are asked for once a pace."""
        for known, tied in self._tied:
            if known is places:
                return tied
        tied = tie_table(self.network, places, self.study.travel)
        self._tied[:] = [(places, tied)]
        return tied

    def list_served(
        self, places: gpd.GeoDataFrame, pace: Pace, minutes: float, *, threads: int
    ) -> tuple[Longs, Ints, Ints]:
        """List the points that have each place within the minutes; see `Rider.served`.

        Parameters
        ----------
        places, pace, minutes, threads
            As for `StraightLine.served`.
        """
        rider = self._build_rider(pace, minutes)
        return rider.list_served(self.tie_places(places), self.places, threads=threads)

    def find_nearest(self, cell: AgeCell, scenario: str) -> Longs:
        """Label each point with its nearest academy for the cell; see `search.unpack_labels`."""
        travel = self.study.travel
        rider = self.find_rider(find_pace(travel, cell, scenario), travel.horizon_min)
        sites = self.sites.untie_points(~which_serve(self.academies, cell, self.study.academies))
        return rider.find_nearest(sites, self.places, np.arange(len(self.academies)))

    def find_three_nearest(self, cell: AgeCell, pace: Pace, horizon_min: float) -> Longs:
        """Label each point with the three nearest of those, nearest first; shape (points, 3).

        Parameters
        ----------
        cell, pace, horizon_min
            As for `StraightLine.nearest_three`.
        """
        sites = self.sites.untie_points(~which_serve(self.academies, cell, self.study.academies))
        rider = self.find_rider(pace, horizon_min)
        return rider.find_three_nearest(sites, self.places, np.arange(len(self.academies)))

    def list_counts(self, points: gpd.GeoDataFrame, cells: Sequence[AgeCell]) -> dict[str, int]:
        """Give the network's counts, with the children whose nearest road is an island."""
        children = points[[cell.column for cell in cells]].to_numpy().sum(axis=1)
        return self.network.counts | {"island_children": int(children[self.places.by_island].sum())}


def build_rider(
    network: Network, travel: Travel, profile: str, pace: Pace, horizon_min: float
) -> travel_time.Rider:
    """Say how someone travels over roads.

    Parameters
    ----------
    network
        Those of the profile, and of who rides on pavements where the pace does.
    travel, profile
        Of the study.
    pace, horizon_min
        How one rides, and how far is looked, minutes.
    """
    times = network.travel_times(
        pace.speed_kmh,
        pushing_kmh=travel.pushing_speed_kmh,
        surface=travel.surface,
        waits_s={
            bicycle.SIGNAL: travel.signal_s,
            bicycle.CROSSING: travel.crossing_s,
            bicycle.BARRIER: travel.barrier_s,
            bicycle.BOARDING: travel.ferry_wait_min * 60,
            bicycle.LIFTING: travel.lift_wait_s,
        },
        busy_crossing_s=0 if profile == "all" else _find_busy_crossing_s(travel),
    )
    return travel_time.Rider(
        network,
        times,
        travel_time.minutes_to_ms(horizon_min),
        walking_speed_ms=pace.speed_kmh / 3.6 if travel.on_foot else travel.walking_speed_ms,
    )


def _find_busy_crossing_s(travel: Travel) -> float:
    """Say what crossing a busy road without signals costs a quiet ride, by the study's choice."""
    pushed = ON_FOOT_M / travel.pushing_speed_kmh * 3.6
    return {"ignore": 0.0, "push": pushed, "end": np.inf}[travel.busy_crossings]


def _serve_every_age(academies: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    limits = {"min_age": 0, "max_age": OLDEST}
    return academies.assign(
        **{name: pd.array([age] * len(academies), dtype="Int64") for name, age in limits.items()}
    )


def _note_off_roads(academies: gpd.GeoDataFrame, limit_m: float) -> tuple[Note, ...]:
    if academies.empty:
        return ()
    what = say(
        "no usable road within {limit_m} m of {academies}: {names}",
        "geen bruikbare weg binnen {limit_m} m van {academies}: {names}",
        "pas de route praticable à moins de {limit_m} m de {academies} : {names}",
        limit_m=say_amount(limit_m, 3),
        academies=say_count(len(academies), "academy"),
        names=", ".join(academies["academy_id"]),
    )
    mend = Said(
        "nobody reaches " + ("it" if len(academies) == 1 else "them"),
        "niemand bereikt ze",
        "personne ne l’atteint" if len(academies) == 1 else "personne ne les atteint",
    )
    return (Note(Said("network", "wegen", "routes"), what, mend),)


def tie_table(network: Network, table: gpd.GeoDataFrame, travel: Travel) -> TiedPoints:
    """Tie points to the roads, as the study has it.

    Parameters
    ----------
    network
        Of a profile.
    table
        Points, in any CRS.
    travel
        Within which distance, and up to which limit.
    """
    within_m, limit_m = travel.snap_within_m, travel.snap_limit_m
    at = table.geometry.to_crs(network.crs)
    x, y = at.x.to_numpy(), at.y.to_numpy()
    return snap_points(network, x, y, within_m=within_m, limit_m=limit_m)


def _tie_demand(network: Network, points: gpd.GeoDataFrame, travel: Travel) -> TiedPoints:
    """Tie demand points to the network; those beyond its ground to none."""
    outside = points["outside_network"].to_numpy(np.bool_)
    return tie_table(network, points, travel).untie_points(outside)


def draw_study_isochrones(
    traveller: OverNetwork,
    points: gpd.GeoDataFrame,
    cells: Sequence[AgeCell],
    *,
    threads: int,
    stopped: Event | None = None,
) -> gpd.GeoDataFrame:
    """Draw the isochrones of the nearest academy and of each, with the children inside by time.

    Parameters
    ----------
    traveller
        Who rides over all roads.
    points, cells
        The demand table, and the ages of its columns.
    threads
        Searches that run side by side; the result is the same.
    stopped
        As for `areas.draw_isochrones`.

    Returns
    -------
    GeoDataFrame
        As from `isochrones` and `catchments` together, with `children`: those whom the academy
        serves and whose travel time at the isochrones' speed lies in the band. In EPSG:31370.
    """
    output = traveller.study.output
    minutes, cell_m = output.isochrone_minutes, output.isochrone_cell_m
    rider = traveller.find_rider(Pace(output.isochrone_speed_kmh), max(minutes))
    ids = traveller.academies["academy_id"].to_numpy(dtype=object)
    with ThreadPoolExecutor(threads) as pool:  # most of the work is in GEOS, side by side
        how = (minutes, cell_m)
        nearest = pool.submit(draw_isochrones, rider, traveller.sites, *how, stopped=stopped)
        catchments = partial(draw_catchments, threads=threads, stopped=stopped)
        each = pool.submit(catchments, rider, traveller.sites, ids, *how)
        areas = pd.concat([nearest.result(), each.result()], ignore_index=True)
    areas.insert(4, "children", _count_inside(rider, traveller, areas, points, cells, threads))
    return areas.to_crs(LAMBERT_72)


def _count_inside(
    rider: travel_time.Rider,
    traveller: OverNetwork,
    areas: gpd.GeoDataFrame,
    points: gpd.GeoDataFrame,
    cells: Sequence[AgeCell],
    threads: int,
) -> Longs:
    """Count the children of each isochrone whom its academy serves, by their travel time."""
    offsets, point, ms = rider.list_served(traveller.sites, traveller.places, threads=threads)
    site = np.repeat(np.arange(len(traveller.academies)), np.diff(offsets))
    ids = traveller.academies["academy_id"].to_numpy(dtype=object)
    parts = []
    for cell in cells:
        served = which_serve(traveller.academies, cell, traveller.study.academies)[site]
        each = pd.DataFrame({"academy_id": ids[site], "point": point, "ms": ms})[served]
        nearest = each.groupby("point", as_index=False)["ms"].min().assign(academy_id="")
        both = pd.concat([each, nearest])
        parts.append(both.assign(children=points[cell.column].to_numpy()[both["point"]]))
    rides = pd.concat(parts)
    bounds = [travel_time.minutes_to_ms(minutes) for minutes in sorted(set(areas["minutes_to"]))]
    # Each band includes its upper bound, as the cutoff does.
    rides["band"] = np.searchsorted(bounds, rides["ms"])
    sums = rides.groupby(["academy_id", "band"])["children"].sum()
    bands = np.searchsorted(bounds, [travel_time.minutes_to_ms(m) for m in areas["minutes_to"]])
    wanted = pd.MultiIndex.from_arrays([areas["academy_id"], bands])
    return np.asarray(sums.reindex(wanted, fill_value=0), dtype=np.int64)
