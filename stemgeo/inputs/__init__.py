"""A user's files, read and checked: everything that the study stands on.

Every file passes the one door (`files`). All problems of all files are told at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

# First, because it sets what GDAL may do, before anything loads GDAL.
from stemgeo.inputs.files import OpenedFile, opened  # isort: skip
from stemgeo.errors import Findings
from stemgeo.inputs.academies import load_academies, read_academies
from stemgeo.inputs.attributes import load_attribute, read_attribute
from stemgeo.inputs.boundaries import (
    load_municipalities,
    load_zones,
    provinces_of,
    read_municipalities,
    read_zones,
    warn_of_overlaps_and_holes,
    zones_of,
)
from stemgeo.inputs.layers import load_layer, read_own_layer
from stemgeo.inputs.messages import told_without_source
from stemgeo.inputs.osmxml import told
from stemgeo.inputs.plan import CANDIDATES, PLACES, load_places, with_plan
from stemgeo.inputs.population import (
    Population,
    load_population,
    load_zone_population,
    read_population,
)
from stemgeo.inputs.sources import Provenance
from stemgeo.inputs.weights import load_addresses, load_weights, read_weights
from stemgeo.notes import Note, counted, say
from stemgeo.study import VINTAGE, list_ages

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

    from stemgeo.study import Study

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
        register, and of the plan if there is one.
    network
        Road extracts; none for a straight-line study.
    provenance
        One for each file, in the order of study.toml; those of `network` in its order.
    warnings
        What the reader of the figures must know.
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
    years
        For each other year of which the study names the population, these inputs with that.
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
    population_year: int | None = None
    population_vintage: int | None = None
    parts_vintage: int = VINTAGE
    addresses: gpd.GeoDataFrame | None = None
    candidates: gpd.GeoDataFrame | None = None
    layers: dict[str, gpd.GeoDataFrame] = field(default_factory=dict)
    attributes: dict[str, pd.DataFrame] = field(default_factory=dict)
    residents: pd.Series | None = None
    years: dict[int, Inputs] = field(default_factory=dict)


def load_inputs(study: Study) -> Inputs:
    """Read every file of a study.

    Raises
    ------
    MissingFileError
        If a file does not exist; with the problems of the others too.
    InputError
        With every problem of every file.
    """
    findings = Findings()
    given, vintage = study.inputs, study.about.vintage
    found: list[Provenance] = []

    def kept(read: tuple[T, Provenance | None]) -> T:
        """Give what was read and keep where it came from."""
        found.extend([read[1]] if read[1] is not None else [])
        return read[0]

    ages = frozenset(list_ages(band.ages for band in study.travel.bands))
    municipalities = kept(load_municipalities(given.municipalities, vintage, findings))
    zones, of_zones = zones_of(municipalities), None
    if given.zones is not None:
        zones, of_zones = load_zones(given.zones, municipalities, vintage, findings)
        kept((zones, of_zones))
    area = municipalities if len(municipalities) else None
    before = set(findings.notes)
    population = kept(load_population(given.population, ages, vintage, area, findings))
    told_of_population = set(findings.notes) - before
    populations = _load_populations(study, ages, area, findings)
    zone_population = weights = addresses = candidates = None
    if given.zone_population is not None:
        residents, children = population.residents, population.children
        zone_population = kept(
            load_zone_population(given.zone_population, zones, residents, findings, children)
        )
    if given.weights is not None:
        weights = kept(load_weights(given.weights, municipalities, findings))
    if given.addresses is not None:
        addresses = kept(load_addresses(given.addresses, municipalities, findings))
    academies = register = kept(load_academies(given.academies, municipalities, findings, ages))
    if given.plan is not None:
        plan = kept(load_places(given.plan, PLACES, register, municipalities, findings, ages))
        academies = with_plan(register, plan)
    if given.candidates is not None:
        candidates = kept(
            load_places(given.candidates, CANDIDATES, register, municipalities, findings, ages)
        )
    layers = {
        key: kept(load_layer(key, layer, municipalities, findings))
        for key, layer in given.layers.items()
    }
    attributes = {
        key: kept(load_attribute(key, attribute, zones, municipalities, vintage, findings))
        for key, attribute in given.attributes.items()
    }
    network, of_network = _load_network(study, findings)
    findings.raise_errors()
    if of_zones is not None:
        children = population.children
        warn_of_overlaps_and_holes(zones, municipalities, children, of_zones.name, findings)
    inputs = Inputs(
        municipalities=municipalities,
        provinces=provinces_of(municipalities),
        zones=zones,
        **_children(population, vintage),
        zone_population=zone_population,
        weights=weights,
        academies=academies,
        network=network,
        provenance=(*found, *of_network),
        warnings=(*findings.notes, *told_without_source([*found, *of_network])),
        addresses=addresses,
        candidates=candidates,
        layers={key: layer for key, layer in layers.items() if layer is not None},
        attributes={key: table for key, table in attributes.items() if table is not None},
    )
    others = [told for told in inputs.warnings if told not in told_of_population]
    years = {year: one.put_in(inputs, others, vintage) for year, one in populations.items()}
    return replace(inputs, years=years)


def _children(population: Population, vintage: int) -> dict[str, Any]:
    """Give what the inputs have from their population, by attribute."""
    return {
        "children": population.children,
        "residents": population.residents,
        "population_year": population.year,
        "population_vintage": population.vintage,
        "parts_vintage": min(population.vintage, vintage),
    }


@dataclass(frozen=True)
class _OfYear:
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
            **_children(self.population, vintage),
            provenance=tuple(item for item in files if item is not None),
            warnings=(*notes, *self.notes),
        )


def _load_populations(
    study: Study, ages: frozenset[int], area: gpd.GeoDataFrame | None, findings: Findings
) -> dict[int, _OfYear]:
    """Read the populations of other years; a file of yet another year is an error."""
    read = {}
    for year, given in sorted(study.inputs.populations.items()):
        own, role = Findings(), f"populations.{year}"
        population, file = load_population(given, ages, study.about.vintage, area, own)
        if population.year not in (None, year):
            what = f"the file is of {population.year}"
            own.error(role, what, f"give that of {year}, or name it under {population.year}")
        findings.errors += own.errors
        findings.missing |= own.missing
        read[year] = _OfYear(
            replace(population, year=year), file and replace(file, role=role), own.notes
        )
    return read


def _load_network(study: Study, findings: Findings) -> tuple[tuple[Path, ...], list[Provenance]]:
    """Check the road extracts; reading them is the network's own work."""
    paths: list[Path] = []
    provenance: list[Provenance] = []
    if isinstance(study.inputs.network, str):
        return (), provenance
    for extract in study.inputs.network:
        with opened(extract, "network", findings) as file:
            if file is not None:
                paths.append(file.path)
                _tell_of_edits(file)
                provenance.append(file.provenance)
    return tuple(paths), provenance


def _tell_of_edits(file: OpenedFile) -> None:
    """Tell of roads that are as an editor has them, not as OpenStreetMap does."""
    said = told(file.path)
    if said is not None and said.edits:
        what = say(
            "holds {changes} of an editor that may not be in OpenStreetMap; they are counted",
            "bevat {changes} uit een kaarteditor die misschien niet in OpenStreetMap staan; "
            "ze tellen mee",
            "contient {changes} d’un éditeur de cartes, peut-être absentes d’OpenStreetMap ; "
            "elles comptent",
            changes=counted(said.edits, "change"),
        )
        file.warn(what)
