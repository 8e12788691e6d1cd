"""The measurement itself: who is within reach of an academy on a day."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from stemgeo.access import travel_time
from stemgeo.access.search import unpack_labels
from stemgeo.access.stretches import (
    add_up_by_way,
    add_up_rides,
    arcs_with,
    empty_pieces,
    list_pieces,
)
from stemgeo.access.travellers import (
    OverNetwork,
    Pace,
    StraightLine,
    find_pace,
    list_travellers,
    search_key,
)
from stemgeo.coverage import (
    ALL_BANDS,
    KEYS,
    Level,
    Reached,
    coverage_table,
    levels_of,
    municipality_table,
)
from stemgeo.demand import (
    OUTSIDE,
    AgeCell,
    PlacedChildren,
    PlacingGround,
    cut_age_cells,
    place_children,
)
from stemgeo.errors import InputError, Problem
from stemgeo.inputs import Inputs, load_inputs
from stemgeo.inputs.plan import add_plan
from stemgeo.network import bicycle
from stemgeo.network.study_edits import place_edits
from stemgeo.notes import Note, Said, say, say_amount, say_count
from stemgeo.recognition import choose_recognised, note_idle_plan, note_lengths
from stemgeo.stages import (
    PLACING,
    READING_BUILDINGS,
    READING_FILES,
    READING_ROADS,
    READING_STREETS,
    Progress,
    tell_between,
)
from stemgeo.study import (
    BEST,
    PAVEMENTS_BELOW,
    SCENARIOS,
    BusyCrossings,
    Study,
    Travel,
    list_ages,
)
from stemgeo.tables import COARSE, check_table, order_columns

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Mapping

    from numpy.typing import NDArray
    from pandas.api.extensions import ExtensionArray

    from stemgeo.access.travellers import OverRoads
    from stemgeo.network.graph import Network

    Longs = NDArray[np.int64]

Traveller = StraightLine | OverNetwork
AskedRide = tuple[Traveller, str, AgeCell]
"""Who travels, in which scenario, of which ages."""

UPPER = ("region", "province", "municipality")
"""Levels of which figures are given that a study makes otherwise."""


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
    edits
        The edits of roads, where they lie on them; None without any.
    over
        Who travels over roads, as `list_travellers` takes it.
    """

    study: Study
    inputs: Inputs
    cells: tuple[AgeCell, ...]
    ground: PlacingGround
    placed: PlacedChildren
    levels: list[Level]
    notes: tuple[Note, ...]
    edits: gpd.GeoDataFrame | None = None
    over: OverRoads | None = None

    @classmethod
    def from_inputs(
        cls,
        study: Study,
        inputs: Inputs,
        network: Network | None = None,
        cuts: Collection[int] = (),
        **of_extract: Any,
    ) -> Prepared:
        """Put the children of inputs that were read at points.

        Parameters
        ----------
        study, inputs
            What is asked, of which data.
        network
            As from `Network.whole`; None in a straight line.
        cuts
            As for `prepare_study`.
        **of_extract
            What the extracts say of where people live, as `Ground` takes it.
        """
        # Academies that could come may serve other ages than those that are there.
        every = inputs.academies, inputs.candidates, inputs.coarse
        parts = [one for one in every if one is not None]
        bands, rules = study.travel.bands, study.academies
        asked = study.siting.cuts | study.travel.cuts | set(cuts)
        cells = cut_age_cells(bands, pd.concat(parts), rules, asked)
        ground = PlacingGround(inputs, study, network, **of_extract)
        placed = place_children(ground, cells, study.method)
        _check_no_child_lost(placed, inputs, cells)
        inputs = inputs.cut_zones()
        levels = find_levels(placed.points, inputs, inputs.layers)
        notes = (*inputs.warnings, *note_lengths(inputs.every_dated, rules), *placed.notes)
        return cls(study, inputs, cells, ground, placed, levels, notes)

    @property
    def points(self) -> gpd.GeoDataFrame:
        """The demand table."""
        return self.placed.points

    def places_by(self, method: str) -> bool:
        """Whether another method has places of its own, and puts children elsewhere."""
        same = {"streets", OUTSIDE}.issuperset(self.points["method"])
        as_given = self.ground.zone_population is self.inputs.zone_population
        if method == "streets" and self.study.method == BEST and same and as_given:
            return False
        return self.ground.has_own_places(method)


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
    rides
        The labels of those in the central scenario, in their order, see `search.unpack_labels`;
        none where they were not wanted.
    points
        The demand table.
    coverage
        The table.
    municipalities
        As from `coverage.municipality_table`.
    notes
        What the reader of the figures must know.
    """

    day: dt.date
    academies: gpd.GeoDataFrame
    riders: list[Traveller]
    reached: list[Reached]
    rides: list[Longs]
    points: gpd.GeoDataFrame
    coverage: pd.DataFrame
    municipalities: gpd.GeoDataFrame
    notes: tuple[Note, ...]

    def keep_all_roads(self) -> Measured:
        """Give the same with nobody but who rides over all roads: others take 100 MB each."""
        return replace(self, riders=self.riders[:1])

    @cached_property
    def access(self) -> pd.DataFrame:
        """The table, made when it is asked for: of a million points it takes a gigabyte."""
        rides, nought = self._list_central(), np.zeros(len(self.points), dtype=np.intp)
        # Text cannot be changed in place: tables of the same word share the column.
        repeat = cache(lambda word: pd.array([word], dtype="str").take(nought))
        tables = [
            self._build_access(one, label, repeat)
            for one, label in zip(rides, self.rides, strict=False)
        ]
        return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()

    def forget_times(self) -> None:
        """Let go of what the riders keep, before others are sent out; it is made anew if asked."""
        for one in self.riders:
            one.forget_times()

    def take_central(self, profile: str, cell: AgeCell) -> tuple[Reached, Longs]:
        """Give what the points reach in the central scenario, and the labels of their rides.

        Both in the order of the points.
        """
        central = self._list_central()
        place = [(one.profile, one.cell.name) for one in central].index((profile, cell.name))
        return central[place], self.rides[place]

    def _list_central(self) -> list[Reached]:
        return [one for one in self.reached if one.scenario == "central"]

    def _build_access(
        self, one: Reached, label: Longs, repeat: Callable[[str], ExtensionArray]
    ) -> pd.DataFrame:
        ids, points = self.academies["academy_id"].to_numpy(dtype=object), self.points
        snap_m = self.riders[0].snap_m  # ties are the same in every profile
        table = travel_time.access_table(label, snap_m, ids, points.index, one.measured)
        front = {
            "point_id": points["point_id"],
            "profile": repeat(one.profile),
            "band": repeat(one.cell.band.name),
            "ages": repeat(one.cell.name),
        }
        return pd.concat([pd.DataFrame(front, index=points.index), table], axis=1)


def prepare_study(study: Study, progress: Progress, cuts: Collection[int] = ()) -> Prepared:
    """Read the inputs and put the children at points.

    Parameters
    ----------
    study
        What is asked.
    progress
        Told how far it is.
    cuts
        Ages that begin a cell of their own, whatever the academies: no child stands elsewhere.

    Raises
    ------
    InputError
        With every problem of the inputs at once.
    """
    progress(READING_FILES, 0.0)
    inputs = load_inputs(study)
    progress(READING_ROADS, 0.1)
    network, edits = None, None
    if not study.straight_line:
        network = _load_roads_telling(inputs, study.travel, tell_between(progress, 0.1, 0.2))
        _refuse_elsewhere(network, inputs)
        if inputs.network_edits is not None:
            edits, told = place_edits(network, inputs.network_edits, study.travel)
            for one in told:
                inputs = inputs.with_note(one)
    of_extract = {} if network is None else load_living(study, inputs, progress)
    progress(PLACING, 0.3)
    return replace(Prepared.from_inputs(study, inputs, network, cuts, **of_extract), edits=edits)


def _load_roads_telling(inputs: Inputs, travel: Travel, progress: Progress) -> Network:
    """Give the network as `load_roads`, and tell how much of large extracts is read."""
    from stemgeo.inputs.pbf import tell_reading

    with tell_reading(READING_ROADS, progress):
        return load_roads(inputs, travel)


def load_living(study: Study, inputs: Inputs, progress: Progress) -> dict[str, Any]:
    """Read what the extracts say of where people live, as far as it is asked for.

    Parameters
    ----------
    study, inputs
        What is asked, of which data.
    progress
        Told how far it is.
    """
    from stemgeo.inputs.buildings import load_buildings
    from stemgeo.inputs.pbf import tell_reading
    from stemgeo.inputs.streets import load_streets
    from stemgeo.inputs.uninhabited import load_uninhabited

    extract = inputs.network, network_hashes(inputs)
    found: dict[str, Any] = {}
    if study.draws_on("buildings"):
        progress(READING_BUILDINGS, 0.2)
        with tell_reading(READING_BUILDINGS, tell_between(progress, 0.2, 0.25)):
            found["buildings"] = load_buildings(*extract, study.demand.building_kinds)
    if study.draws_on("streets"):
        progress(READING_STREETS, 0.25)
        with tell_reading(READING_STREETS, tell_between(progress, 0.25, 0.3)):
            found["streets"] = load_streets(*extract)
            found["uninhabited"] = load_uninhabited(*extract)
    return found


def count_cores() -> int:
    """Give the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def measure_day(
    prepared: Prepared,
    day: dt.date,
    *,
    threads: int | None = None,
    with_access: bool = True,
    meet: Callable[[Sequence[Traveller]], object] = tuple,
) -> Measured:
    """Measure whom the academies of a day reach.

    Parameters
    ----------
    prepared
        From `prepare_study`.
    day
        On which a recognition must be valid.
    threads
        Searches that run side by side, all cores when not given; the result is the same.
    with_access
        Whether the access table is wanted; else it is empty.
    meet
        Given who travels before they set out: what else they are for can go on beside this.
    """
    study, points, cells = prepared.study, prepared.points, prepared.cells
    academies, notes = choose_recognised(prepared.inputs.academies, day, study.academies)
    notes += note_idle_plan(prepared.inputs, day, study.academies)
    edits = prepared.inputs.network_edits
    roads = prepared.ground.network
    riders = list_travellers(study, roads, academies, points, edits, prepared.over)
    meet(riders)
    notes += [note for one in riders for note in one.notes]
    if prepared.ground.network is not None:
        notes += note_odd_roads(prepared.ground.network.counts, study.travel)
        notes += note_assumed_stress(prepared.ground.network.counts, study.travel)
        notes += _note_idle(prepared.ground.network, study.travel)
        if study.travel.ferries and prepared.ground.network.counts["ferries"]:
            notes.append(_note_ferries(prepared.ground.network))
        if study.travel.pavements_under_10:
            notes.append(_note_pavements(prepared.ground.network))
    reached, rides = _measure_travel(
        study, riders, cells, threads or count_cores(), with_access=with_access
    )
    table = check_table("coverage", coverage_table(points, reached, prepared.levels))
    return Measured(
        day=day,
        academies=academies,
        riders=riders,
        reached=reached,
        rides=rides,
        points=points,
        coverage=table,
        municipalities=municipality_table(table, prepared.inputs.municipalities, academies),
        notes=(*notes, *_note_near_edge(prepared, reached)),
    )


def find_levels(
    points: gpd.GeoDataFrame, inputs: Inputs, layers: Mapping[str, gpd.GeoDataFrame]
) -> list[Level]:
    """Find the places of demand points, called as the study's area asks.

    Parameters
    ----------
    points
        The demand table.
    inputs
        Of the study.
    layers
        Of the user, those that are counted by.
    """
    area = inputs.area
    return levels_of(points, inputs.zones, inputs.municipalities, layers, area.label, area.partly)


def load_roads(inputs: Inputs, travel: Travel) -> Network:
    """Give the network of a study's extracts, from the cache where it is kept.

    Parameters
    ----------
    inputs
        Of the study.
    travel
        By which rules one travels.
    """
    from stemgeo.network.cache import load_network

    extract = inputs.network, network_hashes(inputs)
    return load_network(*extract, travel.stress_rules, travel.mode)


def network_hashes(inputs: Inputs) -> list[str]:
    """Give the hash of each extract, in the order of `inputs.network`."""
    return [item.sha256 for item in inputs.provenance if item.role == "network"]


def _refuse_elsewhere(network: Network, inputs: Inputs) -> None:
    """Stop when the roads are of another place than the municipalities."""
    roads = gpd.GeoSeries([network.area], crs=network.crs).to_crs(inputs.municipalities.crs)
    if not inputs.municipalities.intersects(roads.iloc[0]).any():
        names = ", ".join(path.name for path in inputs.network)
        west, south, east, north = roads.to_crs("EPSG:4326").total_bounds
        where = f"longitude {west:.2f} to {east:.2f}, latitude {south:.2f} to {north:.2f}"
        what = f"its roads ({where}) lie outside every municipality of the study"
        raise InputError(Problem(names, what, "give an extract of the study's area"))


def _check_no_child_lost(found: PlacedChildren, inputs: Inputs, cells: tuple[AgeCell, ...]) -> None:
    """Stop when the points, and what lies off the study's ground, do not hold every child."""
    points = found.points
    ages = list_ages(cell.ages for cell in cells)
    given = inputs.children[inputs.children["age"].isin(ages)].groupby("nis_code")["children"].sum()
    placed = points.groupby("nis_code")[[cell.column for cell in cells]].sum().sum(axis=1)
    placed = placed.add(found.beyond, fill_value=0).reindex(given.index, fill_value=0)
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


_ROADS = Said("network", "wegen", "routes")


def _note_ferries(network: Network) -> Note:
    count = network.counts["ferries"]
    return Note(
        _ROADS,
        say(
            "ferries are used: {ferries} {take} {whom}",
            "veren tellen mee: {ferries} {take} {whom} mee",
            "les bacs comptent : {ferries} {take} les {whom}",
            whom=_name_passengers(network),
            ferries=say_count(count, "ferry"),
            take=Said("takes", "neemt", "prend")
            if count == 1
            else Said("take", "nemen", "prennent"),
        ),
        say("as the study asks", "zoals de studie vraagt", "comme le demande l’étude"),
    )


def _name_passengers(network: Network) -> Said:
    if network.on_foot:
        return Said("pedestrians", "voetgangers", "piétons")
    return Said("bicycles", "fietsen", "vélos")


def _note_pavements(network: Network) -> Note:
    km = round(int(network.length_mm[network.pavement != 0].sum(dtype=np.int64)) / 1e6)
    return Note(
        _ROADS,
        say(
            "children under {age} ride on pavements: of {km} km of road the map has one",
            "kinderen onder {age} jaar fietsen op het voetpad: langs {km} km weg ligt er een",
            "les enfants de moins de {age} ans roulent sur le trottoir : la carte en montre un le "
            "long de {km} km de routes",
            age=say_amount(PAVEMENTS_BELOW),
            km=say_amount(km),
        ),
        say("as the study asks", "zoals de studie vraagt", "comme le demande l’étude"),
    )


def _note_idle(network: Network, travel: Travel) -> Iterator[Note]:
    """Tell which options were chosen of things that these roads have none of."""

    def some(kind: int) -> bool:
        return any((waits == kind).any() for waits in (network.node_wait, network.wait))

    there: dict[str, tuple[Callable[[], object], Said]] = {
        "ferries": (
            lambda: network.counts["ferries"],
            say(
                "ferries that take {whom}",
                "veren die {whom} meenemen",
                "bacs qui prennent les {whom}",
                whom=_name_passengers(network),
            ),
        ),
        "signal_s": (
            lambda: some(bicycle.SIGNAL),
            Said("traffic signals", "verkeerslichten", "feux de circulation"),
        ),
        "crossing_s": (
            lambda: some(bicycle.CROSSING),
            Said("crossings", "oversteekplaatsen", "traversées"),
        ),
        "barrier_s": (
            lambda: some(bicycle.BARRIER),
            Said(
                "barriers that let one pass",
                "hindernissen waar men door kan",
                "barrières qui laissent passer",
            ),
        ),
        "lift_wait_s": (
            lambda: network.counts.get("lifts"),
            Said("lifts", "liften", "ascenseurs"),
        ),
        "surface": (
            lambda: any(ride.ratio != 1 for ride in network.rides),
            Said("poor surfaces", "slechte wegdekken", "mauvais revêtements"),
        ),
        "busy_crossings": (
            network.busy_ends.any,
            Said(
                "busy roads to cross without signals",
                "drukke wegen om zonder verkeerslichten over te steken",
                "routes fréquentées à traverser sans feux",
            ),
        ),
    }
    usual = Travel()
    for name, (has_any, things) in there.items():
        if getattr(travel, name) != getattr(usual, name) and not has_any():
            what = say(
                "travel.{name} changes nothing: the roads that were read have no {things}",
                "travel.{name} verandert niets: de gelezen wegen hebben geen {things}",
                "travel.{name} ne change rien : les routes lues n’ont pas de {things}",
                name=name,
                things=things,
            )
            yield Note(
                _ROADS, what, say("leave it out", "laat die keuze weg", "laissez ce choix de côté")
            )


def note_odd_roads(counts: Mapping[str, int], travel: Travel) -> list[Note]:
    """Tell what of the map was not understood, and which lifts are taken.

    Parameters
    ----------
    counts
        Of a network, as read from extracts.
    travel
        How one travels over it.
    """

    def of(name: str, thing: str) -> Said:
        return say_count(counts.get(name, 0), thing)

    told = {
        "ways_with_unknown_access": (
            say(
                "{all} with a word of access that is not known",
                "{all} met een toegangswoord dat niet bekend is",
                "{all} avec une mention d’accès inconnue",
                all=of("ways_with_unknown_access", "road"),
            ),
            say("it counts as no tag", "dat telt niet mee", "elle ne compte pas"),
        ),
        "barriers_of_unknown_kind": (
            say(
                "{all} not known, by kind or by who may pass",
                "{all} niet bekend, naar soort of naar wie erdoor mag",
                "{all} dont on ignore le type ou qui peut passer",
                all=of("barriers_of_unknown_kind", "barrier"),
            ),
            say("taken to be open", "telt als open", "le passage est supposé ouvert"),
        ),
        "squares_not_drawn_all_around": (
            say(
                "{all} not drawn all around",
                "{all} niet helemaal rond getekend",
                "{all} au contour incomplet",
                all=of("squares_not_drawn_all_around", "square"),
            ),
            say("what there is is used", "wat er is telt mee", "ce qui est dessiné compte"),
        ),
        "unlike_in_extracts": (
            say(
                "{all} in several extracts, of one version and yet not alike",
                "{all} in meer dan één uittreksel, van dezelfde versie en toch verschillend",
                "{all} dans plusieurs extraits, de même version et pourtant différents",
                all=of("unlike_in_extracts", "feature"),
            ),
            say(
                "of ways the longest counts, else the first; give extracts of one day",
                "van wegen telt de langste, anders de eerste; geef uittreksels van één dag",
                "la voie la plus longue compte, sinon la première ; donnez des extraits d’un seul "
                "jour",
            ),
        ),
        "lifts": (
            say(
                "{all} used, each with {seconds} seconds of waiting",
                "{all} in gebruik, met telkens {seconds} seconden wachten",
                "{all} pris en compte, chacun avec {seconds} secondes d’attente",
                all=of("lifts", "lift"),
                seconds=say_amount(travel.lift_wait_s),
            ),
            say("as the study has it", "zoals de studie het zegt", "comme le dit l’étude"),
        ),
    }
    return [Note(_ROADS, what, mend) for name, (what, mend) in told.items() if counts.get(name)]


def note_assumed_stress(counts: Mapping[str, int], travel: Travel) -> list[Note]:
    """Tell how much road has a level of stress that rests on what nobody tagged.

    Parameters
    ----------
    counts
        Of a network, as read from extracts.
    travel
        How one travels over it; of a study of all roads alone there is nothing to tell.
    """
    names = ("for_cars", "assumed_limit", "assumed_built_up", "assumed_lanes", "assumed_no_track")
    km = {name: say_amount(round(counts.get(f"{name}_m", 0) / 1000)) for name in names}
    if travel.profiles == ("all",) or not any(counts.get(f"{name}_m") for name in names[1:]):
        return []
    what = say(
        "of {for_cars} km of road open to cars, the stress of {assumed_limit} km rests on an "
        "assumed speed limit (of {assumed_built_up} km on an assumed built-up area too), of "
        "{assumed_lanes} km on an assumed number of lanes, of {assumed_no_track} km on no cycle "
        "track being there",
        "van {for_cars} km weg waar auto’s komen, steunt de verkeersstress van {assumed_limit} km "
        "op een aangenomen snelheidslimiet (van {assumed_built_up} km ook op een aangenomen "
        "bebouwde kom), van {assumed_lanes} km op een aangenomen aantal rijstroken, van "
        "{assumed_no_track} km op het aangenomen ontbreken van een fietspad",
        "sur {for_cars} km de voies ouvertes aux voitures, le stress du trafic de {assumed_limit} "
        "km repose sur une limitation de vitesse supposée (dont {assumed_built_up} km aussi sur "
        "une agglomération supposée), celui de {assumed_lanes} km sur un nombre de bandes "
        "supposé, celui de {assumed_no_track} km sur l’absence supposée d’une piste cyclable",
        **km,
    )
    mend = say(
        "where the map does not say, what is usual holds",
        "waar de kaart het niet zegt, geldt wat gebruikelijk is",
        "là où la carte ne le dit pas, la valeur habituelle est supposée",
    )
    return [Note(_ROADS, what, mend)]


def _measure_travel(
    study: Study,
    riders: list[Traveller],
    cells: tuple[AgeCell, ...],
    threads: int,
    *,
    with_access: bool,
) -> tuple[list[Reached], list[Longs]]:
    """Travel times of every profile, scenario and cell: who is covered, and the central rides."""
    measured = ~np.isnan(riders[0].snap_m)
    reached, rides = [], []
    for one in riders:
        asked = list(itertools.product([one], SCENARIOS, cells))
        for (_, scenario, cell), label in zip(asked, search_rides(asked, threads), strict=True):
            covered = is_in_time(label, study) & measured
            reached.append(Reached(one.profile, scenario, cell, covered, measured))
            if scenario == "central" and with_access:
                rides.append(label)
        if not with_access:  # nobody is told how long a ride takes: its times are not asked again
            one.forget_times()
    return reached, rides


def search_rides(asked: Sequence[AskedRide], threads: int) -> list[Longs]:
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
        Label of each point and ride, see `search.unpack_labels`.
    """
    alike = [
        (one.profile, *search_key(one, cell, find_pace(one.study.travel, cell, scenario)))
        for one, scenario, cell in asked
    ]
    distinct = dict(zip(alike, asked, strict=True))
    with ThreadPoolExecutor(threads) as pool:  # the kernel holds no lock
        labels = pool.map(lambda one: one[0].find_nearest(one[2], one[1]), distinct.values())
        found = dict(zip(distinct, labels, strict=True))
    return [found[one] for one in alike]


def add_up_ways(
    prepared: Prepared,
    traveller: OverNetwork,
    rows: pd.DataFrame,
    kept: Callable[[Network], NDArray[np.bool_]],
) -> pd.DataFrame:
    """Say over which ways children ride who are within reach, on their quickest rides.

    Parameters
    ----------
    prepared, traveller
        Of the study, and who rides.
    rows
        `group`, `point`, `cell` (by their positions) and `children`: who is counted, by group.
    kept
        Says which segments of a network are meant, along and against, shape (segments, 2).

    Returns
    -------
    DataFrame
        As from `stretches.add_up_by_way`.
    """
    study, parts = prepared.study, [empty_pieces()]
    alike: dict[tuple[Pace, bytes], list[int]] = {}
    for number, cell in enumerate(prepared.cells):
        same = search_key(traveller, cell, find_pace(study.travel, cell))
        alike.setdefault(same, []).append(number)
    cutoff_ms = travel_time.minutes_to_ms(study.travel.cutoff_min)
    for (one, served_bytes), cells in alike.items():
        here = rows[rows["cell"].isin(cells)]
        if here.empty:
            continue
        rider = replace(traveller.find_rider(one, study.travel.horizon_min), horizon_ms=cutoff_ms)
        meant = kept(rider.network)
        found = add_up_rides(
            rider,
            traveller.sites.untie_points(~np.frombuffer(served_bytes, dtype=np.bool_)),
            traveller.places.take_points(here["point"].to_numpy()),
            np.arange(len(traveller.academies)),
            group=here["group"].to_numpy(np.int64),
            children=here["children"].to_numpy(np.int64),
            counted=arcs_with(rider.network, meant),
        )
        parts.append(list_pieces(found, rider.network, meant))
    return add_up_by_way(pd.concat(parts, ignore_index=True))


def is_in_time(label: Longs, study: Study) -> NDArray[np.bool_]:
    """Say which labels are within the cutoff, inclusive; shape as `label`."""
    return unpack_labels(label)[0] <= travel_time.minutes_to_ms(study.travel.cutoff_min)


def _note_near_edge(prepared: Prepared, reached: list[Reached]) -> list[Note]:
    """Warn of false gaps: who is out of reach so near the extract's edge that it may matter."""
    network, points, travel = prepared.ground.network, prepared.points, prepared.study.travel
    if network is None or points.empty:
        return []
    outline = gpd.GeoSeries([network.area], crs=network.crs).to_crs(points.crs).iloc[0].boundary
    spots = points.geometry.to_numpy()
    count = 0
    for one in reached:
        if (one.profile, one.scenario) == ("all", "central"):
            reach_m = travel.cutoff_min * travel.speed_of(one.cell.band, "central") / 60 * 1000
            children = points[one.cell.column].to_numpy()
            late = np.flatnonzero(one.measured & ~one.covered & (children > 0))
            count += int(children[late[shapely.distance(spots[late], outline) < reach_m]].sum())
    if not count:
        return []
    return [_write_edge_note(count)]


def _write_edge_note(count: int) -> Note:
    children = say_count(count, "child")
    if count == 1:
        what = say(
            "{children} who is out of reach lives within {mode_reach} of the extract's edge",
            "{children} dat niet binnen bereik is, woont {mode_reach} van de rand van het "
            "wegenbestand",
            "{children} hors de portée habite {mode_reach} du bord du fichier des routes",
            children=children,
        )
    else:
        what = say(
            "{children} who are out of reach live within {mode_reach} of the extract's edge",
            "{children} die niet binnen bereik zijn, wonen {mode_reach} van de rand van het "
            "wegenbestand",
            "{children} hors de portée habitent {mode_reach} du bord du fichier des routes",
            children=children,
        )
    mend = say(
        "roads and {shorts} beyond it may reach them; extend it, and give the register the "
        "{shorts} across the border: they count only when it has them",
        "misschien zijn er daarbuiten wegen en {shorts} die volstaan; neem een ruimer bestand, "
        "en zet ook {shorts} over de grens in het register: alleen dan tellen zij mee",
        "au-delà, des routes et des {shorts} pourraient les desservir ; prenez un fichier plus "
        "large, et ajoutez au registre les {shorts} d’outre-frontière : {ils|elles} ne comptent "
        "que s’il les contient",
    )
    return Note(_ROADS, what, mend)


def measure_sensitivity(
    prepared: Prepared, measured: Measured, *, threads: int | None = None
) -> pd.DataFrame:
    """Give the share of each place when the children are placed by another method.

    Parameters
    ----------
    prepared, measured
        Of the study and its day.
    threads
        As in `measure_day`.

    Returns
    -------
    DataFrame
        `method`, `level` (of `UPPER`), `code`, `name`, the counts and share of profile "all" in
        the central scenario over all bands, and `fell_back`: children of the region whom the
        method could not place and the next one did.
    """
    study = prepared.study
    parts = [
        _cover_by_method(prepared, measured, method, threads or count_cores()).assign(method=method)
        for method in prepared.study.methods_compared
        if method in (study.method, *study.demand.compare) or prepared.places_by(method)
    ]
    table = pd.concat(parts, ignore_index=True)
    table = table[table["level"].isin(UPPER) & (table["band"] == "all")]
    return order_columns("sensitivity", table).reset_index(drop=True)


def _cover_by_method(
    prepared: Prepared, measured: Measured, method: str, threads: int
) -> pd.DataFrame:
    """Cover the region and provinces with the children at the points of one method."""
    if method == prepared.study.method:
        rows = measured.coverage
        rows = rows[(rows["scenario"] == "central") & (rows["profile"] == "all")]
        return rows.assign(fell_back=prepared.placed.fell_back)
    placed = place_children(prepared.ground, prepared.cells, method)
    _check_no_child_lost(placed, prepared.inputs, prepared.cells)
    reached = find_reached(measured.riders[0].for_points(placed.points), prepared, threads)
    inputs = prepared.inputs
    levels = find_levels(placed.points, inputs, {})
    upper = [level for level in levels if level.name in UPPER]
    return coverage_table(placed.points, reached, upper).assign(fell_back=placed.fell_back)


def find_reached(
    traveller: Traveller,
    prepared: Prepared,
    threads: int,
    *,
    scenario: str = "central",
    door_s: float = 0,
) -> list[Reached]:
    """Say what the points of one traveller reach.

    Parameters
    ----------
    traveller, prepared, threads
        As in `measure_day`.
    scenario
        Which speeds.
    door_s
        Seconds that each ride takes besides, at its doors.

    Returns
    -------
    list of Reached
        One for each age cell; they bear the name of the central scenario.
    """
    asked = [(traveller, scenario, cell) for cell in prepared.cells]
    measured = ~np.isnan(traveller.snap_m)
    labels = search_rides(asked, threads)
    limit = travel_time.minutes_to_ms(prepared.study.travel.cutoff_min) - round(door_s * 1000)
    return [
        Reached(traveller.profile, "central", cell, unpack_labels(label)[0] <= limit, measured)
        for cell, label in zip(prepared.cells, labels, strict=True)
    ]


def measure_effects(
    prepared: Prepared, measured: Measured, *, threads: int | None = None
) -> pd.DataFrame:
    """Say what choices of the model change: the children within reach with each made otherwise.

    Parameters
    ----------
    prepared, measured, threads
        As for `measure_sensitivity`.

    Returns
    -------
    DataFrame
        The table `effects` of the data dictionary: over all roads the surfaces, and the academies
        that are placed roughly left out or counted; over quiet roads what crossing a busy road
        without signals costs.
    """
    measured.forget_times()
    columns = ["level", "code", "name", "profile", "variant"]
    columns += ["children", "covered", "covered_variant"]
    municipalities = [level for level in prepared.levels if level.name == "municipality"]
    central = measured.coverage[measured.coverage["band"] == ALL_BANDS]
    parts = [pd.DataFrame(columns=columns)]
    variants = [*_yield_variants(measured.riders), *_yield_without_coarse(prepared, measured)]
    for traveller, choice in variants:
        reached = find_reached(traveller, prepared, threads or count_cores())
        variant = coverage_table(prepared.points, reached, municipalities)
        counted = variant[[*KEYS, "covered"]]
        rows = central.merge(counted, on=KEYS, suffixes=("", "_variant"))
        parts.append(rows.assign(variant=choice)[columns])
    return pd.concat(parts[1:] or parts, ignore_index=True)


def _yield_variants(riders: Sequence[Traveller]) -> Iterator[tuple[Traveller, str]]:
    for rider in riders:
        if isinstance(rider, StraightLine):
            return
        travel = rider.study.travel
        if rider.profile == "all" and not travel.on_foot:
            other = not travel.surface
            yield rider.with_travel(surface=other), f"surface = {other}".lower()
        elif rider.profile == "low_stress":
            for other in get_args(BusyCrossings):
                if other != travel.busy_crossings:
                    yield rider.with_travel(busy_crossings=other), f"busy_crossings = {other}"


def _yield_without_coarse(
    prepared: Prepared, measured: Measured
) -> Iterator[tuple[Traveller, str]]:
    """Leave out the academies that are placed roughly, or where they are left out count them."""
    study, inputs = prepared.study, prepared.inputs
    counted = study.academies.coarse == "count"
    others = inputs.academies[~inputs.academies["coarse"]]
    if not counted and inputs.coarse is not None:
        others = add_plan(inputs.academies, inputs.coarse)
    academies, _ = choose_recognised(others, measured.day, study.academies)
    if len(academies) != len(measured.academies):
        roads, edits = prepared.ground.network, inputs.network_edits
        riders = list_travellers(study, roads, academies, prepared.points, edits, prepared.over)
        yield riders[0], f"{COARSE}{'leave-out' if counted else 'count'}"
