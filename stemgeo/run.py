"""The one call: a study in, a result out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from stemgeo import coverage as coverage_
from stemgeo.access import travel_time
from stemgeo.access.isochrones import isochrones
from stemgeo.access.search import unpack
from stemgeo.demand import age_cells, demand, serves
from stemgeo.errors import InputError, Problem
from stemgeo.gaps import gaps
from stemgeo.inputs import Inputs, load_inputs
from stemgeo.network.cache import load_network
from stemgeo.network.snap import Places, snap
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
class Result:
    """Everything a run found.

    Attributes
    ----------
    study, inputs
        What was asked, of which data.
    coverage, municipalities, academies, gaps, demand, access, isochrones
        The tables; see `docs/data-dictionary.md`. `municipalities` has both measures side by
        side, `academies` those that count on the study's date.
    network_counts
        What was read of the roads and left out; empty for "straight-line".
    notes
        What a reader of the figures must know: warnings of the inputs and of the run.
    """

    study: Study
    inputs: Inputs
    coverage: pd.DataFrame
    municipalities: gpd.GeoDataFrame
    academies: gpd.GeoDataFrame
    gaps: gpd.GeoDataFrame
    demand: gpd.GeoDataFrame
    access: pd.DataFrame
    isochrones: gpd.GeoDataFrame | None
    network_counts: dict[str, int] = field(default_factory=dict)
    notes: tuple[Problem, ...] = ()

    def summary(self, by: str = "province") -> pd.DataFrame:
        """One row for each place of a level; see `coverage.summary`."""
        return coverage_.summary(self.coverage, self.municipalities, by)

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
    progress("Kinderen plaatsen", 0.3)
    points, fell_back = demand(inputs, study, cells, network)
    notes += fell_back
    _lose_no_child(points, inputs, cells)
    progress("Reistijden berekenen", 0.45)
    reached, access = _travel(study, network, academies, points, cells, notes)
    table = checked(
        "coverage", coverage_.coverage(points, reached, inputs.zones, inputs.municipalities)
    )
    municipalities = coverage_.municipality_table(table, inputs.municipalities, academies)
    progress("Isochronen tekenen", 0.75)
    areas = None if network is None else _isochrones(study, network, academies)
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
        network_counts={} if network is None else network.counts,
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


def _travel(
    study: Study,
    network: Network | None,
    academies: gpd.GeoDataFrame,
    points: gpd.GeoDataFrame,
    cells: tuple[AgeCell, ...],
    notes: list[Problem],
) -> tuple[list[coverage_.Reached], pd.DataFrame]:
    """Travel times of every cell and scenario: who is covered, and the central access table."""
    travellers = (
        _ByStraightLine(study, academies, points)
        if network is None
        else _OverNetwork.prepare(study, network, academies, points)
    )
    notes += travellers.notes
    cutoff_ms = travel_time.horizon_ms(study.travel.cutoff_min)
    measured = ~np.isnan(travellers.snap_m)
    ids = academies["academy_id"].to_numpy(dtype=object)
    reached, tables = [], []
    for scenario in SCENARIOS:
        for cell in cells:
            label = travellers.nearest(cell, scenario)
            time_ms = unpack(label)[0]
            covered = measured & (time_ms <= cutoff_ms)
            reached.append(coverage_.Reached("all", scenario, cell, covered, measured))
            if scenario == "central":
                table = travel_time.access_table(label, travellers.snap_m, ids, points.index)
                table.insert(0, "point_id", points["point_id"])
                table.insert(1, "band", cell.band.name)
                table.insert(2, "ages", cell.name)
                tables.append(table)
    return reached, pd.concat(tables, ignore_index=True)


@dataclass(frozen=True)
class _ByStraightLine:
    """A screening: distance in a straight line times a detour factor."""

    study: Study
    academies: gpd.GeoDataFrame
    points: gpd.GeoDataFrame
    notes: tuple[Problem, ...] = ()

    @property
    def snap_m(self) -> NDArray[np.float64]:
        return np.zeros(len(self.points))

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
    """The real measure: over the roads, from door to door."""

    study: Study
    network: Network
    academies: gpd.GeoDataFrame
    sites: Places
    places: Places
    notes: tuple[Problem, ...]

    @classmethod
    def prepare(
        cls,
        study: Study,
        network: Network,
        academies: gpd.GeoDataFrame,
        points: gpd.GeoDataFrame,
    ) -> _OverNetwork:
        limit_m = study.travel.snap_limit_m
        sites = _snapped(network, academies, limit_m)
        places = _snapped(network, points, limit_m).without(
            points["outside_network"].to_numpy(np.bool_)
        )
        far = academies["academy_id"][~sites.found]
        notes = tuple(
            Problem(
                f"academy {one}", f"no usable road within {limit_m:g} m", "nobody can reach it"
            )
            for one in far
        )
        return cls(study, network, academies, sites, places, notes)

    @property
    def snap_m(self) -> NDArray[np.float64]:
        return self.places.snap_m

    def nearest(self, cell: AgeCell, scenario: str) -> Longs:
        travel = self.study.travel
        rider = travel_time.Rider(
            self.network,
            self.network.times(
                travel.speed(cell.band, scenario),
                pushing_kmh=travel.pushing_speed_kmh,
                surface=travel.surface,
            ),
            travel_time.horizon_ms(travel.horizon_min),
            walking_speed_ms=travel.walking_speed_ms,
        )
        sites = self.sites.without(~serves(self.academies, cell))
        return rider.nearest(sites, self.places, np.arange(len(self.academies)))


def _snapped(network: Network, table: gpd.GeoDataFrame, limit_m: float) -> Places:
    geometry = table.geometry.to_crs(network.crs)
    return snap(network, geometry.x.to_numpy(), geometry.y.to_numpy(), limit_m=limit_m)


def _isochrones(study: Study, network: Network, academies: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    output, travel = study.output, study.travel
    areas = isochrones(
        network,
        academies,
        minutes=output.isochrone_minutes,
        speed_kmh=output.isochrone_speed_kmh,
        cell_m=output.isochrone_cell_m,
        snap_limit_m=travel.snap_limit_m,
        walking_speed_ms=travel.walking_speed_ms,
        surface=travel.surface,
    )
    return areas.to_crs("EPSG:31370")
