"""A user's files, read and checked: everything that the study stands on.

Every file passes the one door (`files`). All problems of all files are told at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pandas as pd

# First, because it sets what GDAL may do, before anything loads GDAL.
from stemgeo.inputs.files import OpenedFile, open_input  # isort: skip
from stemgeo.errors import Findings, InputError, Problem, StudyError
from stemgeo.inputs.academies import (
    DAYS,
    TRAJECTORIES,
    RegisterKind,
    load_academies,
    read_academies,
)
from stemgeo.inputs.accounts import ACCOUNTS, KnownPlaces, load_account
from stemgeo.inputs.address_index import ROWS, StreetIndex, load_index
from stemgeo.inputs.address_match import PLACED_BY as ADRESMATCH
from stemgeo.inputs.address_match import load_answers
from stemgeo.inputs.addresses import Address
from stemgeo.inputs.attributes import load_attribute, read_attribute
from stemgeo.inputs.boundaries import (
    dissolve_provinces,
    load_municipalities,
    load_zones,
    read_municipalities,
    read_zones,
    take_as_zones,
    warn_of_overlaps_and_holes,
)
from stemgeo.inputs.layers import load_layer, read_own_layer
from stemgeo.inputs.messages import ask_for_sources
from stemgeo.inputs.network_edits import load_network_edits
from stemgeo.inputs.osmxml import read_marks
from stemgeo.inputs.place_files import (
    keep_addresses,
    load_corrections,
    load_postcodes,
)
from stemgeo.inputs.placing import AddressBook, Place, PlaceSources, Refused
from stemgeo.inputs.plan import (
    CANDIDATES,
    PLACES,
    add_plan,
    apply_plan,
    list_changed,
    load_places,
)
from stemgeo.inputs.population import (
    Population,
    load_population,
    load_zone_population,
    read_population,
)
from stemgeo.inputs.provenance import Provenance
from stemgeo.inputs.territory import (
    EVERYWHERE,
    Area,
    add_rests,
    cut_to_ground,
    find_cut,
    find_towns_inside,
    load_ground,
    name_area,
    name_parts,
    tell_cut,
)
from stemgeo.inputs.vectors import find_codes
from stemgeo.inputs.weights import load_addresses, load_weights, read_weights
from stemgeo.inputs.zone_codes import load_zone_codes
from stemgeo.notes import Note, clean_text, say, say_count, say_list
from stemgeo.study import VINTAGE, list_ages
from stemgeo.texts.wording import find_wording
from stemgeo.writing.seal import hash_file

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    import geopandas as gpd
    import numpy as np
    from numpy.typing import NDArray

    from stemgeo.study import Input, Study

T = TypeVar("T")

__all__ = [
    "Inputs",
    "Provenance",
    "load_inputs",
    "read_academies",
    "read_attribute",
    "read_municipalities",
    "read_own_layer",
    "read_population",
    "read_weights",
    "read_zones",
]


@dataclass(frozen=True)
class Inputs:
    """The tables of a study and where they came from; coordinates in EPSG:31370.

    Attributes
    ----------
    municipalities
        nis_code, name, province, geometry; Flemish, in the study's vintage.
    provinces
        province, geometry; dissolved from the municipalities.
    zones
        zone_id, nis_code, name, geometry; the municipalities themselves without a zones file.
    children
        nis_code, part, age, sex, children; the ages of the study's bands. `part` is the code in
        the file when that is of before a merger, else the nis_code.
    parts_vintage
        Of the codes in `part`.
    population_year, population_vintage
        Year that the children are of, None when not told, and vintage of the codes in their file.
    zone_population
        zone_id, population; None without a file.
    weights
        weight, geometry (points); None without a file.
    academies
        academy_id, name, organisation, min_age, max_age, valid_from, valid_until, postcode,
        trajectories, online_trajectories, cost_eur, nis_code, planned, geometry; all rows of the
        register, as a plan leaves them if there is one.
    network
        Road extracts; none for a straight-line study.
    provenance
        One for each file, in the order of study.toml; those of `network` in its order.
    warnings
        What the reader of the figures must know.
    accounts
        What others counted, by input: see `accounts`; those that were given.
    addresses
        weight, geometry (points); None without a file.
    candidates
        Places where an academy could come, with the columns of `academies`; None without a file.
    layers
        For each layer of the user its code, name and geometry.
    attributes
        For each attribute of the user `zone_id` or `nis_code`, and value (NaN when not known).
    residents
        Of all ages, by nis_code; None when the population file does not hold them.
    coarse
        The academies that the study leaves out, because their place is known too roughly.
    ages
        How many ages of the study the population file has; 0: as many as `children`.
    years
        For each other year of which the study names the population, these inputs with that.
    area
        The territory of the study, where that is not all that its files hold.
    around
        The municipalities that the file has beside those of the area, as `municipalities`, and
        what of its own lies outside it.
    postcodes
        postcode, nis_code: each municipality in which a point of a postcode lies; None without a
        file.
    zones_around
        The zones there that may touch those of the area: what lies on a border belongs to the
        first by id, wherever the study ends.
    plan
        What the plan does, with the columns of `academies` and `change`; None without one.
    changed
        What it moves or closes, as the register has it; None without one.
    network_edits, road_projects
        Roads that change before anything is measured, and those that could: the columns of
        `network_edits.COLUMNS`; None without a file.
    """

    municipalities: gpd.GeoDataFrame
    provinces: gpd.GeoDataFrame
    zones: gpd.GeoDataFrame
    children: pd.DataFrame
    zone_population: pd.DataFrame | None
    weights: gpd.GeoDataFrame | None
    academies: gpd.GeoDataFrame
    network: tuple[Path, ...]
    provenance: tuple[Provenance, ...]
    warnings: tuple[Note, ...]
    accounts: dict[str, pd.DataFrame] = field(default_factory=dict)
    population_year: int | None = None
    population_vintage: int | None = None
    parts_vintage: int = VINTAGE
    addresses: gpd.GeoDataFrame | None = None
    candidates: gpd.GeoDataFrame | None = None
    layers: dict[str, gpd.GeoDataFrame] = field(default_factory=dict)
    attributes: dict[str, pd.DataFrame] = field(default_factory=dict)
    residents: pd.Series | None = None
    coarse: gpd.GeoDataFrame | None = None
    ages: int = 0
    years: dict[int, Inputs] = field(default_factory=dict)
    area: Area = EVERYWHERE
    around: gpd.GeoDataFrame | None = None
    zones_around: gpd.GeoDataFrame | None = None
    postcodes: pd.DataFrame | None = None
    plan: gpd.GeoDataFrame | None = None
    changed: gpd.GeoDataFrame | None = None
    network_edits: gpd.GeoDataFrame | None = None
    road_projects: gpd.GeoDataFrame | None = None

    @property
    def register(self) -> gpd.GeoDataFrame:
        """The academies as the register has them, whatever a plan does."""
        stays = self.academies[~self.academies["planned"]]
        return stays if self.changed is None else add_plan(stays, self.changed)

    def are_new(self, academies: gpd.GeoDataFrame) -> pd.Series[bool]:
        """Tell which academies a plan opens: what it moves is of the register."""
        known = () if self.changed is None else self.changed["academy_id"]
        new: pd.Series[bool] = academies["planned"] & ~academies["academy_id"].isin(known)
        return new

    @property
    def every_dated(self) -> gpd.GeoDataFrame:
        """The register, and the places of a plan that have a day: a rule may tell the other."""
        new = self.academies[self.are_new(self.academies)]
        return add_plan(self.register, new[new[list(DAYS)].notna().any(axis=1)])

    def with_note(self, note: Note) -> Inputs:
        """Give the inputs, and those of other years, with one thing more to be told."""
        years = {year: one.with_note(note) for year, one in self.years.items()}
        return replace(self, warnings=(*self.warnings, note), years=years)

    def cut_zones(self) -> Inputs:
        """Give the inputs with the zones as far as they lie in the area: those that are counted."""
        if self.area.outline is None:
            return self
        cut = cut_to_ground(self.zones, self.area.outline)
        return replace(self, zones=cut[cut.area > 0].reset_index(drop=True))


class _Reading:
    """The inputs of a study while they are read.

    Attributes
    ----------
    read
        What was read, by the name of the input; what was not given is not there.
    found
        Where it came from, in the order in which it was read.
    """

    def __init__(self, study: Study) -> None:
        self.study, self.findings = study, Findings()
        self.vintage = study.about.vintage
        self.ages = frozenset(list_ages(band.ages for band in study.travel.bands))
        self.read: dict[str, Any] = {}
        self.found: list[Provenance] = []
        self.told_of_population: set[Note] = set()
        self.keeps_addresses = False
        self.book: AddressBook | None = None
        self.codes_wanted: frozenset[str] = frozenset()

    def read_input(self, key: str) -> None:
        """Read an input, if it is given."""
        given = getattr(self.study.inputs, key)
        if given is None or key in self.read:
            return
        self.read[key], *files = READERS[key](self, given)
        self.found += [file for file in files if file is not None]

    def take(self, key: str) -> Any:
        """Give an input that another needs; None when it is not given, or cannot be used."""
        self.read_input(key)
        return self.read.get(key)

    @cached_property
    def sources(self) -> PlaceSources:
        """What says where addresses are; each is read when the first of them is asked for."""
        return PlaceSources(
            self.every,
            self.take_book,
            self._take_mapped,
            lambda: self.take("postcodes"),
            self.take("corrections"),
            self.study.academies,
            self.land,
            take_answers=lambda: self.take("matched_addresses"),
        )

    def take_book(self) -> AddressBook | None:
        self.keeps_addresses = True
        self.read_input("addresses")
        return self.book

    def keep_addresses(self, *table: Any) -> None:
        """Keep of the address points what places an academy."""
        self.book = keep_addresses(*table)

    def _take_mapped(self, wanted: Collection[str]) -> AddressBook | None:
        network = self.study.inputs.network
        paths = [] if isinstance(network, str) else [extract.path for extract in network]
        # One that is not there, or is no map, is told where the network is read.
        if not paths or not all(path.is_file() for path in paths):
            return None
        # Here, because a study without roads need not load what reads them.
        from stemgeo.inputs.mapped_addresses import load_mapped_addresses

        try:
            return load_mapped_addresses(paths, wanted)
        except InputError as error:
            self.findings.errors += [one for one in error.problems if isinstance(one, Problem)]
            return None

    def refuse_idle(self) -> None:
        """Refuse what was chosen for academies that are placed roughly, where there are none.

        Raises
        ------
        StudyError
            Naming the option.
        """
        # What a plan closes is of the register all the same: its options are of that.
        academies, is_chosen = add_plan(self.academies, self.changed), self.study.is_chosen
        corrected = (academies["placed_by"] == "correction").any()
        why = "each has coordinates" + (" or a correction" if corrected else "")
        idle = {
            "coarse": (academies["coarse"].any(), "none is placed so coarsely"),
            "coarse_over_m": ((academies["precision_m"] > 0).any(), why),
        }
        for name, (acts, why) in idle.items():
            if is_chosen("academies", name) and not acts:
                what = f"'academies.{name}' changes nothing: {why}"
                raise StudyError(Problem("study.toml", what, "leave it out"))
        if "postcodes" in self.read and "postcode" not in set(academies["placed_by"]):
            unused = say(
                "used for the search on the web map alone: no {short} is placed by its postcode",
                "enkel gebruikt om op de webkaart te zoeken: geen {short} is op een postcode "
                "geplaatst",
                "utilisé uniquement pour la recherche sur la carte web : {aucun|aucune} {short} "
                "n’est {situé|située} par son code postal",
            )
            self.findings.warn(self.name_file("postcodes"), unused)
        if "matched_addresses" in self.read and ADRESMATCH not in set(academies["placed_by"]):
            unused = say(
                "not used: no {short} is placed by it",
                "niet gebruikt: er is geen {short} mee geplaatst",
                "non utilisé : {aucun|aucune} {short} n’est {situé|située} ainsi",
            )
            self.findings.warn(self.name_file("matched_addresses"), unused)
        self._note_unpriced()

    def _note_unpriced(self) -> None:
        """Tell of columns that only the rules of a subsidy read, where none are chosen."""
        academies = self.academies
        paid = [name for name in TRAJECTORIES if academies[name].notna().any()]
        if self.study.subsidy.year is None and paid:
            self.findings.note_unused(
                self.name_file("academies"),
                say(
                    "not used: {columns}; no rules of a subsidy are chosen (subsidy.year)",
                    "niet gebruikt: {columns}; er zijn geen subsidieregels gekozen (subsidy.year)",
                    "non utilisé : {columns} ; aucune règle de subvention n’est choisie "
                    "(subsidy.year)",
                    columns=say_list(paid),
                ),
            )

    def name_file(self, role: str) -> str:
        """Name the file of an input that was read."""
        return next(file.name for file in self.found if file.role == role)

    @property
    def every(self) -> gpd.GeoDataFrame:
        """All municipalities of the file: what lies around the study is placed by them too."""
        return self.read["municipalities"]

    @cached_property
    def towns(self) -> gpd.GeoDataFrame:
        """The municipalities of the study: those that have ground in its area, whole."""
        every = self.every
        inside = find_towns_inside(self.study, self.read.get("area"), every, self.findings)
        return every[inside].reset_index(drop=True)

    @cached_property
    def around(self) -> gpd.GeoDataFrame:
        """The municipalities beside them."""
        every = self.every
        return every[~every["nis_code"].isin(self.towns["nis_code"])].reset_index(drop=True)

    @cached_property
    def land(self) -> gpd.GeoDataFrame:
        """The municipalities of the study, as far as they lie in its area."""
        ground = self.read.get("area")
        return self.towns if ground is None else cut_to_ground(self.towns, ground.outline)

    @cached_property
    def cut(self) -> NDArray[np.bool_]:
        """Which municipalities of the study lie only partly in its area."""
        return find_cut(self.towns, self.land)

    @property
    def counted(self) -> gpd.GeoDataFrame | None:
        """The municipalities, where they could be read."""
        return self.towns if len(self.towns) else None

    @property
    def zones(self) -> gpd.GeoDataFrame:
        """The zones, without a file the municipalities."""
        return self.read["zones"][0] if "zones" in self.read else take_as_zones(self.towns)

    @property
    def zones_beside(self) -> gpd.GeoDataFrame:
        """The zones beside them, near and far."""
        return self.read["zones"][1] if "zones" in self.read else take_as_zones(self.around)

    def take_codes(self, of_totals: frozenset[str]) -> pd.DataFrame | None:
        """Give the old and new codes of zones, for totals that have these codes."""
        self.codes_wanted = of_totals
        pairs: pd.DataFrame | None = self.take("zone_codes")
        return pairs

    @property
    def zones_around(self) -> gpd.GeoDataFrame:
        """The zones beside them, near enough to touch."""
        every = self.zones_beside
        if self.towns.empty or every.empty:
            return every
        left, bottom, right, top = self.towns.total_bounds
        return every.cx[left - 1 : right + 1, bottom - 1 : top + 1].reset_index(drop=True)

    @property
    def counts_of(self) -> KnownPlaces:
        """What the rows of what others counted can be of."""
        study = self.study
        labels = (find_wording(one).words.singular for one in study.languages)
        whole, year = not study.has_area, study.about.date.year
        register = self.read["academies"]
        return KnownPlaces(self.towns, register, self.vintage, year, tuple(labels), whole)

    @cached_property
    def academies(self) -> gpd.GeoDataFrame:
        """The register, with the plan if there is one: once both are read."""
        register = self.read["academies"]
        return apply_plan(register, self.read["plan"]) if "plan" in self.read else register

    @property
    def changed(self) -> gpd.GeoDataFrame:
        """What a plan moves or closes, as the register has it."""
        register = self.read["academies"]
        ids = list_changed(self.read["plan"]) if "plan" in self.read else []
        return register[register["academy_id"].isin(ids)]


def _read_population(of: _Reading, given: Input) -> tuple[Any, ...]:
    before = set(of.findings.notes)
    read = load_population(given, of.ages, of.vintage, of.counted, of.findings)
    of.told_of_population = set(of.findings.notes) - before
    return read


def _read_zones(of: _Reading, given: Input) -> tuple[Any, ...]:
    every, file = load_zones(given, of.towns, of.vintage, of.findings, of.around)
    ours = every["nis_code"].isin(of.towns["nis_code"])
    return (every[ours].reset_index(drop=True), every[~ours]), file


def _read_zone_population(of: _Reading, given: Input) -> tuple[Any, ...]:
    people: Population = of.read["population"]
    return load_zone_population(
        given,
        of.zones,
        people.residents,
        of.findings,
        people.children,
        take_codes=of.take_codes if of.study.inputs.zone_codes else None,
        around=of.zones_beside,
    )


def _read_zone_codes(of: _Reading, given: Input) -> tuple[Any, ...]:
    every = {*of.zones["zone_id"], *of.zones_beside["zone_id"]}
    return load_zone_codes(given, every, of.codes_wanted, of.findings)


def _read_places(of: _Reading, given: Input, kind: RegisterKind) -> tuple[Any, ...]:
    register = of.read["academies"]
    return load_places(given, kind, register, of.land, of.findings, of.ages, of.sources)


def _read_address_points(of: _Reading, given: Input) -> tuple[Any, ...]:
    keep = of.keep_addresses if of.keeps_addresses else None
    return load_addresses(given, of.towns, of.findings, keep, of.every)


def _read_each(
    given: Mapping[str, T], load: Callable[[str, T], tuple[Any, Any]]
) -> tuple[Any, ...]:
    """Read several of a kind, by the user's own name of each."""
    pairs = {key: load(key, one) for key, one in given.items()}
    read = {key: table for key, (table, _) in pairs.items() if table is not None}
    return read, *(file for _, file in pairs.values())


def _check_network(of: _Reading, given: tuple[Input, ...] | str) -> tuple[Any, ...]:
    """Check the road extracts; reading them is the network's own work."""
    paths: list[Path] = []
    found = []
    for extract in () if isinstance(given, str) else given:
        with open_input(extract, "network", of.findings) as file:
            if file is not None:
                paths.append(file.path)
                _tell_of_edits(file)
                found.append(file.provenance)
    return tuple(paths), *found


def _tell_of_edits(file: OpenedFile) -> None:
    """Tell of roads that are as an editor has them, not as OpenStreetMap does."""
    said = read_marks(file.path)
    if said is not None and said.edits:
        what = say(
            "holds {changes} of an editor that may not be in OpenStreetMap; they are counted",
            "bevat {changes} uit een kaarteditor die misschien niet in OpenStreetMap staan; "
            "ze tellen mee",
            "contient {changes} d’un éditeur de cartes, peut-être absentes d’OpenStreetMap ; "
            "elles comptent",
            changes=say_count(said.edits, "change"),
        )
        file.warn(what)


def _read_account(role: str) -> Callable[[_Reading, Any], tuple[Any, ...]]:
    return lambda of, given: load_account(role, given, of.counts_of, of.findings)


READERS: dict[str, Callable[[_Reading, Any], tuple[Any, ...]]] = {
    "area": lambda of, given: load_ground(given, of.findings),
    "municipalities": lambda of, given: load_municipalities(
        given, of.vintage, of.findings, part=of.study.has_area
    ),
    "zones": _read_zones,
    "population": _read_population,
    "populations": lambda of, given: (_read_years(of, given),),
    "zone_population": _read_zone_population,
    "zone_codes": _read_zone_codes,
    "weights": lambda of, given: load_weights(given, of.towns, of.findings, of.every),
    "academies": lambda of, given: load_academies(given, of.land, of.findings, of.ages, of.sources),
    "plan": lambda of, given: _read_places(of, given, PLACES),
    "candidates": lambda of, given: _read_places(of, given, CANDIDATES),
    "addresses": _read_address_points,
    "postcodes": lambda of, given: load_postcodes(given, of.every, of.findings),
    "matched_addresses": lambda of, given: load_answers(given, of.findings),
    "corrections": lambda of, given: load_corrections(given, of.every, of.findings),
    "layers": lambda of, given: _read_each(
        given, lambda key, one: load_layer(key, one, of.land, of.findings)
    ),
    "attributes": lambda of, given: _read_each(
        given,
        lambda key, one: load_attribute(key, one, of.zones, of.towns, of.vintage, of.findings),
    ),
    "network": _check_network,
    "network_edits": lambda of, given: load_network_edits(given, "network_edits", of.findings),
    "road_projects": lambda of, given: load_network_edits(given, "road_projects", of.findings),
    **{role: _read_account(role) for role in ACCOUNTS},
}
"""What reads each input, after those that it needs: the table first, then where it came from."""


def _find_towns_of(
    postcodes: gpd.GeoDataFrame | None, land: gpd.GeoDataFrame
) -> pd.DataFrame | None:
    """Find the municipalities of postcodes, by their points; those around the study have none."""
    if postcodes is None:
        return None
    pairs = postcodes[["postcode"]].assign(
        nis_code=find_codes(postcodes.geometry, land, "nis_code")
    )
    known: pd.DataFrame = pairs[pairs["nis_code"] != ""].drop_duplicates()
    return known.sort_values(["postcode", "nis_code"], ignore_index=True)


def open_place_sources(study: Study) -> PlaceSources:
    """Give what says where addresses are in the files of a study; each is read when it is asked.

    Parameters
    ----------
    study
        Of which the municipalities are read at once.

    Raises
    ------
    InputError
        If its boundaries cannot be read.
    """
    of, given = _Reading(study), study.inputs
    for key in ("area", "municipalities"):
        of.read_input(key)
    of.findings.raise_errors()
    paths = [] if isinstance(given.network, str) else [one.path for one in given.network]
    return replace(
        of.sources,
        take_points=lru_cache(lambda: _load_point_index(of)),
        take_mapped=_index_extracts(paths),
    )


def _load_point_index(of: _Reading) -> StreetIndex | None:
    """Give the address points of a study by their streets; None without any that place anything."""
    given = of.study.inputs.addresses
    if given is None:
        return None
    files = [hash_file(one.path) for one in (given, of.study.inputs.municipalities)]
    asked = [given.model_dump(mode="json", by_alias=True), of.vintage, *files]

    def read() -> pd.DataFrame:
        book = of.take_book()
        of.findings.raise_errors()
        return pd.DataFrame(columns=list(ROWS)) if book is None else book.rows

    code = sorted(map(str, Path(__file__).parent.glob("*.py")))
    return load_index("address_point", asked, code, read)


def _index_extracts(paths: Sequence[Path]) -> Callable[[Collection[str]], StreetIndex | None]:
    """Give what takes the addresses of extracts by their streets."""

    def load() -> StreetIndex:
        from stemgeo.inputs.mapped_addresses import load_every_mapped

        return load_every_mapped(paths)

    once = lru_cache(load)
    return lambda _: once() if paths else None


def find_unmatched(study: Study) -> list[tuple[Address, Place | Refused]]:
    """Find the addresses of a study's registers that its own files do not place at their number.

    Parameters
    ----------
    study
        Of which the academies, the plan and the candidates are read.

    Returns
    -------
    list
        Each address, with what was found of it; those of which too little is known are among them.

    Raises
    ------
    InputError
        If its boundaries or its register cannot be read.
    """
    of, heard = _Reading(study), list[tuple[Any, Any]]()
    for key in ("area", "municipalities"):
        of.read_input(key)
    of.findings.raise_errors()
    vars(of)["sources"] = replace(
        of.sources, take_answers=lambda: None, listen=lambda *one: heard.append(one)
    )
    for key in ("academies", "plan", "candidates"):
        of.read_input(key)
    # That an address has no place is why it is asked for; a file that cannot be read is another.
    if of.findings.missing or (of.findings.errors and not heard):
        of.findings.raise_errors()
    at_number = ("address_point", "map_address")
    return [
        (one, found)
        for one, found in dict(heard).items()
        if not (isinstance(found, Place) and found.placed_by in at_number) and one != Address()
    ]


def load_inputs(study: Study) -> Inputs:
    """Read every file of a study.

    Raises
    ------
    MissingFileError
        If a file does not exist; with the problems of the others too.
    InputError
        With every problem of every file.
    """
    of = _Reading(study)
    for key in READERS:
        of.read_input(key)
    _check_own_annexes(of)
    try:
        of.findings.raise_errors()
    except InputError as error:
        error.files, error.notes = tuple(of.found), of.findings.notes
        raise
    of.refuse_idle()
    academies, rules = of.academies, study.academies
    left_out = academies["coarse"] & (rules.coarse == "leave-out")
    changed = of.changed[~(of.changed["coarse"] & (rules.coarse == "leave-out"))]
    read, population = of.read, of.read["population"]
    if "zones" in read:
        name = of.name_file("zones")
        warn_of_overlaps_and_holes(of.zones, of.towns, population.children, name, of.findings)
    tell_cut(of.towns, of.cut, of.findings)
    inputs = Inputs(
        municipalities=name_parts(of.land, of.cut),
        provinces=dissolve_provinces(of.land),
        zones=of.zones,
        **_fields_of_population(population, of.vintage),
        zone_population=read.get("zone_population"),
        weights=read.get("weights"),
        academies=academies[~left_out].reset_index(drop=True),
        coarse=academies[left_out],
        network=read["network"],
        provenance=tuple(of.found),
        warnings=(*of.findings.notes, *ask_for_sources(of.found)),
        addresses=read.get("addresses"),
        candidates=read.get("candidates"),
        layers=read["layers"],
        attributes=read["attributes"],
        accounts={role: read[role] for role in ACCOUNTS if read.get(role) is not None},
        postcodes=_find_towns_of(read.get("postcodes"), of.land),
        area=name_area(study, read.get("area"), of.towns, of.cut),
        around=add_rests(of.around, of.towns, of.land, of.cut),
        zones_around=of.zones_around,
        plan=read.get("plan"),
        changed=changed.reset_index(drop=True) if "plan" in read else None,
        network_edits=read.get("network_edits"),
        road_projects=read.get("road_projects"),
    )
    others = [told for told in inputs.warnings if told not in of.told_of_population]
    of_years = read["populations"].items()
    return replace(
        inputs, years={year: one.put_in(inputs, others, of.vintage) for year, one in of_years}
    )


def _check_own_annexes(of: _Reading) -> None:
    """Check that the files are there that go along with an answer as they are."""
    for one in of.study.annexes:
        if not one.file.is_file():
            of.findings.missing |= not one.file.exists()
            what = "is no file" if one.file.exists() else "does not exist"
            mend = f"looked for {clean_text(str(one.file), 300)}"
            of.findings.error(f"annex '{clean_text(one.title)}'", what, mend)


def _fields_of_population(population: Population, vintage: int) -> dict[str, Any]:
    """Give what the inputs have from their population, by attribute."""
    return {
        "children": population.children,
        "residents": population.residents,
        "population_year": population.year,
        "population_vintage": population.vintage,
        "parts_vintage": min(population.vintage, vintage),
        "ages": population.ages,
    }


@dataclass(frozen=True)
class _YearPopulation:
    """The population of another year, and what was told while it was read."""

    population: Population
    provenance: Provenance | None
    notes: tuple[Note, ...]

    def put_in(self, inputs: Inputs, notes: list[Note], vintage: int) -> Inputs:
        """Give the inputs with this in the place of their own population."""
        files = [
            self.provenance if item.role == "population" else item for item in inputs.provenance
        ]
        return replace(
            inputs,
            **_fields_of_population(self.population, vintage),
            provenance=tuple(item for item in files if item is not None),
            warnings=(*notes, *self.notes),
        )


def _read_years(of: _Reading, populations: Mapping[int, Input]) -> dict[int, _YearPopulation]:
    """Read the populations of other years; a file of yet another year is an error."""
    read = {}
    for year, given in sorted(populations.items()):
        own, role = Findings(), f"populations.{year}"
        population, file = load_population(given, of.ages, of.vintage, of.counted, own)
        if population.year not in (None, year):
            what = f"the file is of {population.year}"
            own.error(role, what, f"give that of {year}, or name it under {population.year}")
        of.findings.errors += own.errors
        of.findings.missing |= own.missing
        read[year] = _YearPopulation(
            replace(population, year=year), file and replace(file, role=role), own.notes
        )
    return read
