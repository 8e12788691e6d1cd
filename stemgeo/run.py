"""The one call: a study in, a result out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from stemgeo import coverage as coverage_
from stemgeo.access import travel_time
from stemgeo.access.search import unpack
from stemgeo.access.travellers import OverNetwork, StraightLine, drawn, travellers
from stemgeo.demand import age_cells, demand
from stemgeo.errors import InputError, Problem
from stemgeo.gaps import gaps
from stemgeo.inputs import Inputs, load_inputs
from stemgeo.network.cache import load_network
from stemgeo.result import Tables
from stemgeo.study import SCENARIOS, Study
from stemgeo.tables import checked

if TYPE_CHECKING:
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
    if network is not None:
        _touch(network, inputs)
    if network is not None and study.travel.ferries:
        notes.append(_ferries(network))
    progress("Kinderen plaatsen", 0.3)
    points, fell_back = demand(inputs, study, cells, network)
    notes += fell_back
    _lose_no_child(points, inputs, cells)
    progress("Reistijden berekenen", 0.45)
    riders = travellers(study, network, academies, points)
    notes += [note for one in riders for note in one.notes]
    reached, access = _travel(study, riders, points, cells)
    table = checked(
        "coverage", coverage_.coverage(points, reached, inputs.zones, inputs.municipalities)
    )
    notes += _near_the_edge(riders[0], points, cells, access)
    municipalities = coverage_.municipality_table(table, inputs.municipalities, academies)
    progress("Isochronen tekenen", 0.75)
    areas = drawn(riders[0], points, cells) if isinstance(riders[0], OverNetwork) else None
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
        effects=_effects(study, riders[0], points, cells, table),
        network_counts={
            one.profile: one.counts(points, cells) for one in riders if isinstance(one, OverNetwork)
        },
        notes=tuple(notes),
    )


def recognised(register: gpd.GeoDataFrame, date: dt.date) -> tuple[gpd.GeoDataFrame, list[Problem]]:
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
        Problem(
            "academies", f"none of {len(register)} is recognised on {date}", "nobody is in time"
        )
    ]


def _network(inputs: Inputs) -> Network:
    hashes = [item.sha256 for item in inputs.provenance if item.role == "network"]
    return load_network(inputs.network, hashes)


def _touch(network: Network, inputs: Inputs) -> None:
    """Stop when the roads are of another place than the municipalities."""
    roads = gpd.GeoSeries([network.area], crs=network.crs).to_crs(inputs.municipalities.crs)
    if not inputs.municipalities.intersects(roads.iloc[0]).any():
        names = ", ".join(path.name for path in inputs.network)
        west, south, east, north = roads.to_crs("EPSG:4326").total_bounds
        where = f"longitude {west:.2f} to {east:.2f}, latitude {south:.2f} to {north:.2f}"
        what = f"its roads ({where}) lie outside every municipality of the study"
        raise InputError(Problem(names, what, "give an extract of the study's area"))


def _lose_no_child(points: gpd.GeoDataFrame, inputs: Inputs, cells: tuple[AgeCell, ...]) -> None:
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


def _travel(
    study: Study,
    riders: list[StraightLine | OverNetwork],
    points: gpd.GeoDataFrame,
    cells: tuple[AgeCell, ...],
) -> tuple[list[coverage_.Reached], pd.DataFrame]:
    """Travel times of every profile, scenario and cell: who is covered, and the access table."""
    # What is measured is a matter of data, not of stress: a child that has roads but no quiet
    # one is uncovered on low-stress roads.
    measured = ~np.isnan(riders[0].snap_m)
    reached, tables = [], []
    over_all_roads: dict[tuple[str, str], Longs] = {}
    for traveller in riders:
        for scenario in SCENARIOS:
            for cell in cells:
                label = traveller.nearest(cell, scenario)
                label = _not_before(over_all_roads.setdefault((scenario, cell.name), label), label)
                covered = _in_time(label, study) & measured
                reached.append(
                    coverage_.Reached(traveller.profile, scenario, cell, covered, measured)
                )
                if scenario == "central":
                    tables.append(_access(traveller, label, cell, points, measured))
    return reached, pd.concat(tables, ignore_index=True)


def _not_before(over_all_roads: Longs, label: Longs) -> Longs:
    """Give the later of the two: what a profile allows is allowed on all roads.

    On quiet roads a point is tied to the nearest quiet one, which may happen to be the better
    start; and a place that is an island on all roads may be a neighbourhood of its own.
    """
    earlier = unpack(label)[0] < unpack(over_all_roads)[0]
    return np.where(earlier, over_all_roads, label)


def _in_time(label: Longs, study: Study) -> NDArray[np.bool_]:
    return unpack(label)[0] <= travel_time.horizon_ms(study.travel.cutoff_min)


def _access(
    traveller: StraightLine | OverNetwork,
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


def _near_the_edge(
    traveller: StraightLine | OverNetwork,
    points: gpd.GeoDataFrame,
    cells: tuple[AgeCell, ...],
    access: pd.DataFrame,
) -> list[Problem]:
    """Warn of false gaps: who is not in time so near the extract's edge that it may matter."""
    if isinstance(traveller, StraightLine) or points.empty:
        return []
    travel = traveller.study.travel
    edge = gpd.GeoSeries([traveller.network.area], crs=traveller.network.crs).to_crs(points.crs)
    distance_m = points.distance(edge.iloc[0].boundary).to_numpy()
    rows = access[access["profile"] == "all"].set_index("ages")
    count = 0
    for cell in cells:
        reach_m = travel.cutoff_min * travel.speed(cell.band, "central") / 60 * 1000
        one = rows.loc[[cell.name]]
        late = (one["travel_time_s"] > travel.cutoff_min * 60) & (one["status"] != "unmeasured")
        count += int(points[cell.column].to_numpy()[late.to_numpy() & (distance_m < reach_m)].sum())
    if not count:
        return []
    what = f"{count} children who are not in time live within a ride of the extract's edge"
    return [Problem("network", what, "roads and academies beyond it may reach them; extend it")]


def _effects(
    study: Study,
    traveller: StraightLine | OverNetwork,
    points: gpd.GeoDataFrame,
    cells: tuple[AgeCell, ...],
    table: pd.DataFrame,
) -> pd.DataFrame:
    """Say what counting surfaces changes: the children in time the other way round, per level."""
    columns = ["level", "code", "name", "variant", "children", "covered", "covered_variant"]
    if isinstance(traveller, StraightLine):
        return pd.DataFrame(columns=columns)
    surface = not study.travel.surface
    other, measured = traveller.with_surfaces_the_other_way(), ~np.isnan(traveller.snap_m)
    in_time = np.zeros(len(points), dtype=np.int64)
    for cell in cells:
        covered = _in_time(other.nearest(cell, "central"), study) & measured
        in_time += points[cell.column].to_numpy() * covered
    counts = pd.Series(in_time).groupby(points["nis_code"].to_numpy()).sum()
    rows = table[
        (table["scenario"] == "central") & (table["profile"] == "all") & (table["band"] == "all")
    ]
    places = rows[rows["level"] == "municipality"].assign(variant=f"surface = {surface}".lower())
    places["covered_variant"] = counts.reindex(places["code"], fill_value=0).to_numpy(np.int64)
    return places[columns].reset_index(drop=True)
