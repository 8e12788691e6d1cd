"""The one call: a study in, a result out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from stemgeo import coverage as coverage_
from stemgeo.access import travel_time
from stemgeo.access.isochrones import catchments_of, isochrones_of
from stemgeo.demand import age_cells, demand, serves
from stemgeo.errors import InputError, Problem
from stemgeo.gaps import gaps
from stemgeo.inputs import Inputs, load_inputs
from stemgeo.network import bicycle
from stemgeo.network.cache import load_network
from stemgeo.network.snap import Places, distance_to_islands, snap
from stemgeo.result import Tables
from stemgeo.study import SCENARIOS, Study
from stemgeo.tables import checked

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from stemgeo.demand import AgeCell
    from stemgeo.network.graph import Network

    Longs = NDArray[np.int64]

RECOGNITION_YEARS = 2
"""A recognition holds two years (VLAIO, criteria of 2021) when only its start is known."""

Progress = Callable[[str, float], None]
"""Told what is being done and which share of the run is behind us, 0 to 1."""


def _silent(_what: str, _share: float) -> None:
    """Report nothing."""


@dataclass(frozen=True)
class Result(Tables):
    """Everything a run found, with its maps and the folder it can be written to."""

    def map(self, province: str | None = None) -> Figure:
        """Draw the share of children in time by municipality, of Flanders or one province."""
        from stemgeo.report.bundle import static_map

        return static_map(self, province)

    def web_map(self) -> str:
        """Give the interactive map as one HTML text that needs nothing else."""
        from stemgeo.report.bundle import interactive_map

        return interactive_map(self)

    def write(self, folder: str | Path) -> Path:
        """Write tables, maps and manifest into a folder; see `report.bundle.write`."""
        from stemgeo.report.bundle import write

        return write(self, Path(folder))


def run(study: Study, *, progress: Progress = _silent) -> Result:
    """Measure which children reach an academy in time.

    Parameters
    ----------
    study
        From `load_study`, `sample` or made in code.
    progress
        Called with what is being done and the share behind us.

    Raises
    ------
    InputError
        With every problem of the inputs at once.
    """
    progress("Bestanden lezen", 0.0)
    inputs = load_inputs(study)
    notes = list(inputs.warnings)
    academies, invalid = recognised(inputs.academies, study.about.date)
    notes += invalid
    cells = age_cells(study.travel.bands, academies)
    progress("Wegen lezen", 0.1)
    network = None if study.straight_line else _network(inputs)
    if network is not None and study.travel.ferries:
        notes.append(_ferries(network))
    progress("Kinderen plaatsen", 0.3)
    points, fell_back = demand(inputs, study, cells, network)
    notes += fell_back
    _lose_no_child(points, inputs, cells)
    progress("Reistijden berekenen", 0.45)
    travellers = _travellers(study, network, academies, points)
    notes += [note for traveller in travellers for note in traveller.notes]
    reached, access = _travel(study, travellers, points, cells)
    table = checked(
        "coverage", coverage_.coverage(points, reached, inputs.zones, inputs.municipalities)
    )
    municipalities = coverage_.municipality_table(table, inputs.municipalities, academies)
    progress("Isochronen tekenen", 0.75)
    areas = None if network is None else _isochrones(study, travellers[0], points, cells)
    progress("Klaar met rekenen", 0.9)
    return Result(
        study=study,
        inputs=inputs,
        coverage=table,
        municipalities=municipalities,
        academies=academies,
        gaps=gaps(municipalities, points, access, study),
        demand=points,
        access=access,
        isochrones=areas,
        effects=_effects(study, travellers[0], points, cells, reached),
        network_counts={one.profile: one.counts(points, cells) for one in travellers},
        notes=tuple(notes),
    )


def recognised(
    register: gpd.GeoDataFrame, date: dt.date
) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """Choose the academies whose recognition is valid on a day.

    Parameters
    ----------
    register
        The academies table. Without `valid_from` a recognition has always begun; without
        `valid_until` it lasts two years from `valid_from`, or for ever when that is unknown.
    date
        The day, inclusive at both ends.

    Returns
    -------
    tuple
        The academies that count, and a note when there are none.
    """
    day = pd.Timestamp(date)
    start, end = (pd.to_datetime(register[name]) for name in ("valid_from", "valid_until"))
    end = end.fillna(start + pd.DateOffset(years=RECOGNITION_YEARS) - pd.Timedelta(days=1))
    # An unknown date compares as false: what has no known start or end has not begun or ended.
    chosen = register[~(start > day) & ~(end < day)].reset_index(drop=True)
    if len(chosen):
        return chosen, []
    return chosen, [
        Problem("academies", f"none of {len(register)} is recognised on {date}", "nobody is in time")
    ]


def _network(inputs: Inputs) -> Network:
    hashes = [item.sha256 for item in inputs.provenance if item.role == "network"]
    return load_network(inputs.network, hashes)


def _lose_no_child(
    points: gpd.GeoDataFrame, inputs: Inputs, cells: tuple[AgeCell, ...]
) -> None:
    """Stop when the points do not hold every child of every municipality."""
    ages = [age for cell in cells for age in range(cell.ages[0], cell.ages[1] + 1)]
    given = inputs.children[inputs.children["age"].isin(ages)].groupby("nis_code")["children"].sum()
    placed = points.groupby("nis_code")[[cell.column for cell in cells]].sum().sum(axis=1)
    placed = placed.reindex(given.index, fill_value=0)
    wrong = given.index[given != placed]
    if len(wrong):
        raise InputError(
            *(
                Problem(
                    f"municipality {code}",
                    f"{given[code] - placed[code]} of its {given[code]} children found no place",
                    "check that its zones and weights cover it",
                )
                for code in wrong
            )
        )


def _ferries(network: Network) -> Problem:
    count = network.counts["ferries"]
    return Problem("network", f"ferries are used: {count} take bicycles", "see travel.ferries")


def _travellers(
    study: Study,
    network: Network | None,
    academies: gpd.GeoDataFrame,
    points: gpd.GeoDataFrame,
) -> list[_ByStraightLine | _OverNetwork]:
    """One for each profile of the study, "all" first; a straight line has no other."""
    if network is None:
        return [_ByStraightLine(study, academies, points)]
    profiles = sorted(study.travel.profiles)
    return [_OverNetwork.prepare(study, network, one, academies, points) for one in profiles]


def _travel(
    study: Study,
    travellers: list[_ByStraightLine | _OverNetwork],
    points: gpd.GeoDataFrame,
    cells: tuple[AgeCell, ...],
) -> tuple[list[coverage_.Reached], pd.DataFrame]:
    """Travel times of every profile, scenario and cell: who is covered, and the access table."""
    # What is measured is a matter of data, not of stress: a child that has roads but no quiet
    # one is uncovered on low-stress roads.
    measured = ~np.isnan(travellers[0].snap_m)
    reached, tables = [], []
    for traveller in travellers:
        for scenario in SCENARIOS:
            for cell in cells:
                label = traveller.nearest(cell, scenario)
                covered = _in_time(label, study) & measured
                reached.append(
                    coverage_.Reached(traveller.profile, scenario, cell, covered, measured)
                )
                if scenario == "central":
                    tables.append(_access(traveller, label, cell, points, measured))
    return reached, pd.concat(tables, ignore_index=True)


def _in_time(label: Longs, study: Study) -> NDArray[np.bool_]:
    return travel_time.unpack(label)[0] <= travel_time.horizon_ms(study.travel.cutoff_min)


def _access(
    traveller: _ByStraightLine | _OverNetwork,
    label: Longs,
    cell: AgeCell,
    points: gpd.GeoDataFrame,
    measured: NDArray[np.bool_],
) -> pd.DataFrame:
    ids = traveller.academies["academy_id"].to_numpy(dtype=object)
    table = travel_time.access_table(label, traveller.snap_m, ids, points.index, measured)
    front = {
        "point_id": points["point_id"],
        "profile": traveller.profile,
        "band": cell.band.name,
        "ages": cell.name,
    }
    return pd.concat([pd.DataFrame(front, index=points.index), table], axis=1)


def _effects(
    study: Study,
    traveller: _ByStraightLine | _OverNetwork,
    points: gpd.GeoDataFrame,
    cells: tuple[AgeCell, ...],
    reached: list[coverage_.Reached],
) -> pd.DataFrame:
    """Count the children in time with surfaces counted and without, central scenario."""
    if isinstance(traveller, _ByStraightLine):
        return pd.DataFrame(columns=["province", "children", "covered", "covered_other_surface"])
    other = traveller.with_surface(not study.travel.surface)
    now = {one.cell.name: one for one in reached if (one.profile, one.scenario) == ("all", "central")}
    covered = np.zeros(len(points), dtype=np.int64)
    changed = covered.copy()
    for cell in cells:
        children = points[cell.column].to_numpy()
        covered += children * now[cell.name].covered
        in_time = _in_time(other.nearest(cell, "central"), study) & now[cell.name].measured
        changed += children * in_time
    table = pd.DataFrame(
        {
            "nis_code": points["nis_code"],
            "children": points[[cell.column for cell in cells]].sum(axis=1),
            "covered": covered,
            "covered_other_surface": changed,
        }
    )
    return table.groupby("nis_code", as_index=False).sum()


@dataclass(frozen=True)
class _ByStraightLine:
    """A screening: distance in a straight line times a detour factor."""

    study: Study
    academies: gpd.GeoDataFrame
    points: gpd.GeoDataFrame
    profile: str = "all"
    notes: tuple[Problem, ...] = ()

    @property
    def snap_m(self) -> NDArray[np.float64]:
        return np.zeros(len(self.points))

    def counts(self, _points: gpd.GeoDataFrame, _cells: tuple[AgeCell, ...]) -> dict[str, int]:
        """No road was read."""
        return {}

    def nearest(self, cell: AgeCell, scenario: str) -> Longs:
        sites = np.flatnonzero(serves(self.academies, cell))
        place, travel = self.academies.geometry.iloc[sites], self.study.travel
        return travel_time.straight_line(
            (self.points.geometry.x.to_numpy(), self.points.geometry.y.to_numpy()),
            (place.x.to_numpy(), place.y.to_numpy()),
            sites,
            speed_kmh=travel.speed(cell.band, scenario),
            detour_factor=travel.detour_factor,
            horizon=travel_time.horizon_ms(travel.horizon_min),
        )


@dataclass(frozen=True)
class _OverNetwork:
    """The real measure: over the roads of a profile, from door to door."""

    study: Study
    network: Network
    profile: str
    academies: gpd.GeoDataFrame
    sites: Places
    places: Places
    notes: tuple[Problem, ...]

    @classmethod
    def prepare(
        cls,
        study: Study,
        network: Network,
        profile: str,
        academies: gpd.GeoDataFrame,
        points: gpd.GeoDataFrame,
    ) -> _OverNetwork:
        """Keep the roads of the profile and tie academies and children to them."""
        travel = study.travel
        network = network.restricted(profile, ferries=travel.ferries)
        sites = _snapped(network, academies, travel.snap_limit_m)
        places = _snapped(network, points, travel.snap_limit_m).without(
            points["outside_network"].to_numpy(np.bool_)
        )
        notes = _off_the_roads(academies[~sites.found], profile, travel.snap_limit_m)
        return cls(study, network, profile, academies, sites, places, notes)

    @property
    def snap_m(self) -> NDArray[np.float64]:
        return self.places.snap_m

    def with_surface(self, surface: bool) -> _OverNetwork:  # noqa: FBT001
        """Give the same traveller with surfaces counted, or not."""
        travel = self.study.travel.model_copy(update={"surface": surface})
        return replace(self, study=self.study.model_copy(update={"travel": travel}))

    def rider(self, speed_kmh: float, horizon_min: float) -> travel_time.Rider:
        """Say how someone of this speed travels."""
        travel = self.study.travel
        times = self.network.times(
            speed_kmh,
            pushing_kmh=travel.pushing_speed_kmh,
            surface=travel.surface,
            waits_s={
                bicycle.SIGNAL: travel.signal_s,
                bicycle.CROSSING: travel.crossing_s,
                bicycle.BARRIER: travel.barrier_s,
                bicycle.BOARDING: travel.ferry_wait_min * 60,
            },
        )
        return travel_time.Rider(
            self.network,
            times,
            travel_time.horizon_ms(horizon_min),
            walking_speed_ms=travel.walking_speed_ms,
        )

    def nearest(self, cell: AgeCell, scenario: str) -> Longs:
        travel = self.study.travel
        rider = self.rider(travel.speed(cell.band, scenario), travel.horizon_min)
        sites = self.sites.without(~serves(self.academies, cell))
        return rider.nearest(sites, self.places, np.arange(len(self.academies)))

    def counts(self, points: gpd.GeoDataFrame, cells: tuple[AgeCell, ...]) -> dict[str, int]:
        """Give the network's counts, with the children whose nearest road is an island."""
        near = distance_to_islands(
            self.network, *_xy(points, self.network), limit_m=self.study.travel.snap_limit_m
        )
        nearer = near < np.nan_to_num(self.places.snap_m, nan=np.inf)
        children = points[[cell.column for cell in cells]].to_numpy().sum(axis=1)
        return self.network.counts | {"island_children": int(children[nearer].sum())}


def _off_the_roads(
    academies: gpd.GeoDataFrame, profile: str, limit_m: float
) -> tuple[Problem, ...]:
    if academies.empty:
        return ()
    names = ", ".join(academies["academy_id"])
    what = f"no usable road within {limit_m:g} m of {len(academies)} academies: {names}"
    return (Problem(f"profile {profile}", what, "nobody reaches them"),)


def _xy(
    table: gpd.GeoDataFrame, network: Network
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    geometry = table.geometry.to_crs(network.crs)
    return geometry.x.to_numpy(), geometry.y.to_numpy()


def _snapped(network: Network, table: gpd.GeoDataFrame, limit_m: float) -> Places:
    return snap(network, *_xy(table, network), limit_m=limit_m)


def _isochrones(
    study: Study,
    traveller: _OverNetwork,
    points: gpd.GeoDataFrame,
    cells: tuple[AgeCell, ...],
) -> gpd.GeoDataFrame:
    """Draw the isochrones of the nearest academy and of each, with the children inside by time."""
    minutes = study.output.isochrone_minutes
    rider = traveller.rider(study.output.isochrone_speed_kmh, max(minutes))
    cell_m = study.output.isochrone_cell_m
    ids = traveller.academies["academy_id"].to_numpy(dtype=object)
    areas = pd.concat(
        [
            isochrones_of(rider, traveller.sites, minutes, cell_m),
            catchments_of(rider, traveller.sites, ids, minutes, cell_m),
        ],
        ignore_index=True,
    )
    children = points[[cell.column for cell in cells]].to_numpy().sum(axis=1)
    areas.insert(4, "children", _inside(rider, traveller, ids, areas, children))
    return areas.to_crs("EPSG:31370")


def _inside(
    rider: travel_time.Rider,
    traveller: _OverNetwork,
    ids: NDArray[np.object_],
    areas: gpd.GeoDataFrame,
    children: Longs,
) -> Longs:
    """Count the children of each isochrone by their travel time, never by the polygon."""
    site, point, ms = rider.pairs(traveller.sites, traveller.places)
    every = pd.DataFrame({"academy_id": ids[site], "ms": ms, "children": children[point]})
    first = pd.DataFrame({"point": point, "ms": ms}).groupby("point")["ms"].min()
    nearest = pd.DataFrame(
        {"academy_id": "", "ms": first.to_numpy(), "children": children[first.index]}
    )
    rides = {name: rows for name, rows in pd.concat([every, nearest]).groupby("academy_id")}
    counts = []
    for area in areas.itertuples():
        rows = rides.get(area.academy_id)
        low, high = (travel_time.horizon_ms(m) for m in (area.minutes_from, area.minutes_to))
        # The first band begins with 0 itself, the others after the bound of the one before.
        inside = 0
        if rows is not None:
            beyond = rows["ms"] > low if low else rows["ms"] >= 0
            inside = int(rows["children"][beyond & (rows["ms"] <= high)].sum())
        counts.append(inside)
    return np.array(counts, dtype=np.int64)
