"""The measurement itself: who is in time of an academy on a day."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from stemgeo import coverage as coverage_
from stemgeo.access import travel_time
from stemgeo.access.search import unpack
from stemgeo.access.travellers import OverNetwork, StraightLine, travellers
from stemgeo.demand import AgeCell, Ground, Placed, age_cells, place_children, serves
from stemgeo.errors import InputError, Problem
from stemgeo.inputs import Inputs, load_inputs
from stemgeo.inputs.messages import counted
from stemgeo.notes import Note, Said, amount, say
from stemgeo.recognition import recognised, told_lengths
from stemgeo.study import SCENARIOS, Study, Travel
from stemgeo.tables import checked

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from stemgeo.inputs.buildings import Buildings
    from stemgeo.network.graph import Network

    Longs = NDArray[np.int64]

Traveller = StraightLine | OverNetwork
Ride = tuple[Traveller, str, AgeCell]
"""Who travels, in which scenario, of which ages."""

Progress = Callable[[str, float], None]
"""Told what is being done and which share of the run is behind us, 0 to 1."""


def quiet(_what: str, _share: float) -> None:
    """Report nothing."""


@dataclass(frozen=True)
class Prepared:
    """All of a study that does not depend on the day.

    Attributes
    ----------
    study, inputs
        What is asked, of which data.
    cells
        The ages that are counted together: one cut for all academies of the register, so that
        the years of a trend can be compared.
    ground, placed, levels
        What the children are placed by, the children at points, and to which places they belong.
    notes
        What the reader of the figures must know.
    """

    study: Study
    inputs: Inputs
    cells: tuple[AgeCell, ...]
    ground: Ground
    placed: Placed
    levels: list[coverage_.Level]
    notes: tuple[Note, ...]

    @classmethod
    def of(
        cls,
        study: Study,
        inputs: Inputs,
        network: Network | None = None,
        buildings: Buildings | None = None,
    ) -> Prepared:
        """Put the children of inputs that were read at points."""
        # Academies that could come may serve other ages than those that are there.
        parts = [one for one in (inputs.academies, inputs.candidates) if one is not None]
        bands, rules = study.travel.bands, study.academies
        cells = age_cells(bands, pd.concat(parts), rules, study.siting.cuts)
        ground = Ground(inputs, study, network, buildings)
        placed = place_children(ground, cells, study.method)
        _lose_no_child(placed.points, inputs, cells)
        levels = coverage_.levels(placed.points, inputs.zones, inputs.municipalities, inputs.layers)
        register = inputs.academies[~inputs.academies["planned"]]
        notes = (*inputs.warnings, *told_lengths(register, rules), *placed.notes)
        return cls(study, inputs, cells, ground, placed, levels, notes)

    @property
    def points(self) -> gpd.GeoDataFrame:
        """The demand table."""
        return self.placed.points


@dataclass(frozen=True)
class Measured:
    """What the academies of one day reach.

    Attributes
    ----------
    day
        On which a recognition must be valid.
    academies
        Those whose recognition is valid on the day, and those of a plan.
    riders
        One for each profile, "all" first.
    reached
        What each demand point reaches, by profile, scenario and age cell.
    access, coverage
        The tables.
    municipalities
        As from `coverage.municipality_table`.
    notes
        What the reader of the figures must know.
    """

    day: dt.date
    academies: gpd.GeoDataFrame
    riders: list[Traveller]
    reached: list[coverage_.Reached]
    access: pd.DataFrame
    coverage: pd.DataFrame
    municipalities: gpd.GeoDataFrame
    notes: tuple[Note, ...]

    def central(self, profile: str, cell: AgeCell) -> tuple[coverage_.Reached, pd.DataFrame]:
        """Give what the points reach in the central scenario, and their rows of the access table.

        Both in the order of the points.
        """
        central = [one for one in self.reached if one.scenario == "central"]
        place = [(one.profile, one.cell.name) for one in central].index((profile, cell.name))
        rows = len(central[place].covered)
        return central[place], self.access.iloc[place * rows : (place + 1) * rows]


def prepare(study: Study, progress: Progress) -> Prepared:
    """Read the inputs and put the children at points.

    Raises
    ------
    InputError
        With every problem of the inputs at once.
    """
    progress("Bestanden lezen", 0.0)
    inputs = load_inputs(study)
    progress("Wegen lezen", 0.1)
    network = None if study.straight_line else _network(inputs)
    if network is not None:
        _touch(network, inputs)
    buildings = None
    if "buildings" in study.methods_compared and network is not None and inputs.addresses is None:
        from stemgeo.inputs.buildings import load_buildings

        progress("Gebouwen lezen", 0.2)
        buildings = load_buildings(
            inputs.network, network_hashes(inputs), study.demand.building_kinds
        )
    progress("Kinderen plaatsen", 0.3)
    return Prepared.of(study, inputs, network, buildings)


def all_cores() -> int:
    """Give the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def measure(prepared: Prepared, day: dt.date, *, threads: int | None = None) -> Measured:
    """Measure whom the academies of a day reach.

    Parameters
    ----------
    prepared
        From `prepare`.
    day
        On which a recognition must be valid.
    threads
        Searches that run side by side, all cores when not given; the result is the same.
    """
    study, points, cells = prepared.study, prepared.points, prepared.cells
    academies, notes = recognised(prepared.inputs.academies, day, study.academies)
    riders = travellers(study, prepared.ground.network, academies, points)
    notes += [note for one in riders for note in one.notes]
    if prepared.ground.network is not None:
        notes += odd_roads(prepared.ground.network.counts, study.travel)
        if study.travel.ferries:
            notes.append(_ferries(prepared.ground.network))
    reached, access = _travel(study, riders, points, cells, threads or all_cores())
    table = checked("coverage", coverage_.coverage(points, reached, prepared.levels))
    return Measured(
        day=day,
        academies=academies,
        riders=riders,
        reached=reached,
        access=access,
        coverage=table,
        municipalities=coverage_.municipality_table(
            table, prepared.inputs.municipalities, academies
        ),
        notes=(*notes, *_near_the_edge(prepared, reached)),
    )


def _network(inputs: Inputs) -> Network:
    from stemgeo.network.cache import load_network

    return load_network(inputs.network, network_hashes(inputs))


def network_hashes(inputs: Inputs) -> list[str]:
    """Give the hash of each extract, in the order of `inputs.network`."""
    return [item.sha256 for item in inputs.provenance if item.role == "network"]


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


_ROADS = Said("network", "wegen")


def _ferries(network: Network) -> Note:
    count = network.counts["ferries"]
    return Note(
        _ROADS,
        say(
            "ferries are used: {ferries} {take} bicycles",
            "veren tellen mee: {ferries} {take} fietsen mee",
            ferries=counted(count, "ferry"),
            take=Said("takes", "neemt") if count == 1 else Said("take", "nemen"),
        ),
        say("see travel.ferries", "zie travel.ferries"),
    )


def odd_roads(counts: Mapping[str, int], travel: Travel) -> list[Note]:
    """Tell what of the map was not understood, and which lifts are taken.

    Parameters
    ----------
    counts
        Of a network, as read from extracts.
    travel
        How one travels over it.
    """

    def of(name: str, thing: str) -> Said:
        return counted(counts.get(name, 0), thing)

    told = {
        "ways_with_unknown_access": (
            say(
                "{all} with a word of access that is not known",
                "{all} met een toegangswoord dat niet bekend is",
                all=of("ways_with_unknown_access", "road"),
            ),
            say("it counts as no tag", "dat telt niet mee"),
        ),
        "barriers_of_unknown_kind": (
            say(
                "{all} not known, by kind or by who may pass",
                "{all} niet bekend, naar soort of naar wie erdoor mag",
                all=of("barriers_of_unknown_kind", "barrier"),
            ),
            say("taken to be open", "telt als open"),
        ),
        "squares_not_drawn_all_around": (
            say(
                "{all} not drawn all around",
                "{all} niet helemaal rond getekend",
                all=of("squares_not_drawn_all_around", "square"),
            ),
            say("what there is is used", "wat er is telt mee"),
        ),
        "lifts": (
            say(
                "{all} used, each with {seconds} seconds of waiting",
                "{all} in gebruik, met telkens {seconds} seconden wachten",
                all=of("lifts", "lift"),
                seconds=amount(travel.lift_wait_s),
            ),
            say("see travel.lift_wait_s", "zie travel.lift_wait_s"),
        ),
    }
    return [Note(_ROADS, what, mend) for name, (what, mend) in told.items() if counts.get(name)]


def _travel(
    study: Study,
    riders: list[Traveller],
    points: gpd.GeoDataFrame,
    cells: tuple[AgeCell, ...],
    threads: int,
) -> tuple[list[coverage_.Reached], pd.DataFrame]:
    """Travel times of every profile, scenario and cell: who is covered, and the access table."""
    # What is measured is a matter of data, not of stress: a child that has roads but no quiet
    # one is uncovered on low-stress roads.
    measured = ~np.isnan(riders[0].snap_m)
    reached, tables = [], []
    over_all_roads: dict[tuple[str, str], Longs] = {}
    asked = list(itertools.product(riders, SCENARIOS, cells))
    for (traveller, scenario, cell), found in zip(
        asked, nearest_labels(asked, threads), strict=True
    ):
        all_roads = over_all_roads.setdefault((scenario, cell.name), found)
        label = _not_before(all_roads, found)
        covered = in_time(label, study) & measured
        reached.append(coverage_.Reached(traveller.profile, scenario, cell, covered, measured))
        if scenario == "central":
            tables.append(_access(traveller, label, cell, points, measured))
    return reached, pd.concat(tables, ignore_index=True)


def nearest_labels(asked: Sequence[Ride], threads: int) -> list[Longs]:
    """Search for each ride, side by side; alike ones share a search.

    Parameters
    ----------
    asked
        Rides of travellers who differ in nothing but the profile.
    threads
        Searches that run side by side; the result is the same.

    Returns
    -------
    list of int64 arrays, shape (points,)
        Label of each point and ride, see `search.unpack`.
    """
    alike = [_search_of(*one) for one in asked]
    distinct = dict(zip(alike, asked, strict=True))
    with ThreadPoolExecutor(threads) as pool:  # the kernel holds no lock
        labels = pool.map(lambda one: one[0].nearest(one[2], one[1]), distinct.values())
        found = dict(zip(distinct, labels, strict=True))
    return [found[one] for one in alike]


def _search_of(traveller: Traveller, scenario: str, cell: AgeCell) -> tuple[str, float, bytes]:
    """Tell searches apart: by the roads, the speed, the academies that serve."""
    served = serves(traveller.academies, cell, traveller.study.academies)
    speed_kmh = traveller.study.travel.speed(cell.band, scenario)
    return traveller.profile, speed_kmh, served.tobytes()


def _not_before(over_all_roads: Longs, label: Longs) -> Longs:
    """Give the later of the two: what a profile allows is allowed on all roads.

    On quiet roads a point is tied to the nearest quiet one, which may happen to be the better
    start; and a place that is an island on all roads may be a neighbourhood of its own.
    """
    earlier = unpack(label)[0] < unpack(over_all_roads)[0]
    return np.where(earlier, over_all_roads, label)


def in_time(label: Longs, study: Study) -> NDArray[np.bool_]:
    """Say which labels are within the cutoff, inclusive; shape as `label`."""
    return unpack(label)[0] <= travel_time.horizon_ms(study.travel.cutoff_min)


def _access(
    traveller: Traveller,
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


def _near_the_edge(prepared: Prepared, reached: list[coverage_.Reached]) -> list[Note]:
    """Warn of false gaps: who is not in time so near the extract's edge that it may matter."""
    network, points, travel = prepared.ground.network, prepared.points, prepared.study.travel
    if network is None or points.empty:
        return []
    outline = gpd.GeoSeries([network.area], crs=network.crs).to_crs(points.crs).iloc[0].boundary
    spots = points.geometry.to_numpy()
    count = 0
    for one in reached:
        if (one.profile, one.scenario) == ("all", "central"):
            reach_m = travel.cutoff_min * travel.speed(one.cell.band, "central") / 60 * 1000
            children = points[one.cell.column].to_numpy()
            late = np.flatnonzero(one.measured & ~one.covered & (children > 0))
            count += int(children[late[shapely.distance(spots[late], outline) < reach_m]].sum())
    if not count:
        return []
    return [_told_edge(count)]


def _told_edge(count: int) -> Note:
    children = counted(count, "child")
    if count == 1:
        what = say(
            "{children} who is not in time lives within a ride of the extract's edge",
            "{children} dat niet op tijd is, woont op fietsafstand van de rand van het "
            "wegenbestand",
            children=children,
        )
    else:
        what = say(
            "{children} who are not in time live within a ride of the extract's edge",
            "{children} die niet op tijd zijn, wonen op fietsafstand van de rand van het "
            "wegenbestand",
            children=children,
        )
    mend = say(
        "roads and academies beyond it may reach them; extend it, and give the register the "
        "academies across the border: they count only when it has them",
        "misschien zijn er daarbuiten wegen en academies die volstaan; neem een ruimer bestand, "
        "en zet ook academies over de grens in het register: alleen dan tellen zij mee",
    )
    return Note(_ROADS, what, mend)


def sensitivity(
    prepared: Prepared, measured: Measured, *, threads: int | None = None
) -> pd.DataFrame:
    """Give the share of each province when the children are placed by another method.

    Returns
    -------
    DataFrame
        `method`, `level` (region, province), `code`, `name`, the counts and share of profile
        "all" in the central scenario over all bands, and `fell_back`: children of the region
        whom the method could not place and the next one did.
    """
    parts = [
        _by_method(prepared, measured, method, threads or all_cores()).assign(method=method)
        for method in prepared.study.methods_compared
    ]
    table = pd.concat(parts, ignore_index=True)
    table = table[table["level"].isin(["region", "province"]) & (table["band"] == "all")]
    front = ["method", "level", "code", "name", *coverage_.COUNTS, "share", "fell_back"]
    return table[front].reset_index(drop=True)


def _by_method(prepared: Prepared, measured: Measured, method: str, threads: int) -> pd.DataFrame:
    """Cover the region and provinces with the children at the points of one method."""
    if method == prepared.study.method:
        rows = measured.coverage
        rows = rows[(rows["scenario"] == "central") & (rows["profile"] == "all")]
        return rows.assign(fell_back=prepared.placed.fell_back)
    placed = place_children(prepared.ground, prepared.cells, method)
    _lose_no_child(placed.points, prepared.inputs, prepared.cells)
    reached = _reached_by(measured.riders[0].for_points(placed.points), prepared, threads)
    inputs = prepared.inputs
    levels = coverage_.levels(placed.points, inputs.zones, inputs.municipalities, {})
    return coverage_.coverage(placed.points, reached, levels[:2]).assign(fell_back=placed.fell_back)


def _reached_by(traveller: Traveller, prepared: Prepared, threads: int) -> list[coverage_.Reached]:
    """Say what the points of one traveller reach at the central speeds."""
    asked = [(traveller, "central", cell) for cell in prepared.cells]
    measured = ~np.isnan(traveller.snap_m)
    return [
        coverage_.Reached("all", "central", cell, in_time(label, prepared.study), measured)
        for cell, label in zip(prepared.cells, nearest_labels(asked, threads), strict=True)
    ]


def surface_effects(
    prepared: Prepared, measured: Measured, *, threads: int | None = None
) -> pd.DataFrame:
    """Say what counting surfaces changes: the children in time the other way round."""
    columns = ["level", "code", "name", "variant", "children", "covered", "covered_variant"]
    traveller = measured.riders[0]
    if isinstance(traveller, StraightLine):
        return pd.DataFrame(columns=columns)
    other = traveller.with_surfaces_the_other_way()
    reached = _reached_by(other, prepared, threads or all_cores())
    municipalities = [level for level in prepared.levels if level.name == "municipality"]
    variant = coverage_.coverage(prepared.points, reached, municipalities)
    counted = variant[[*coverage_.KEYS, "covered"]]
    rows = measured.coverage.merge(counted, on=coverage_.KEYS, suffixes=("", "_variant"))
    rows = rows[rows["band"] == coverage_.ALL_BANDS]
    surface = not prepared.study.travel.surface
    return rows.assign(variant=f"surface = {surface}".lower())[columns].reset_index(drop=True)
