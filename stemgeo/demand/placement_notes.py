"""What the reader of the figures must know of how the children were placed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stemgeo.demand.places import OUTSIDE, OWN, PlacingGround, count_children
from stemgeo.notes import Note, Said, say, say_amount, say_count, say_list
from stemgeo.study import BEST

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

WHERE = Said("demand", "woonplaats van de kinderen", "domicile des enfants")

HOW = {
    "addresses": Said("at the addresses", "op de adressen", "aux adresses"),
    "dwellings": Said(
        "at the dwellings of the extract",
        "bij de woningen van het wegenbestand",
        "aux logements du fichier des routes",
    ),
    "streets": Said("along the streets", "langs de straten", "le long des rues"),
    "any_building": Said(
        "at any building", "bij om het even welk gebouw", "à n’importe quel bâtiment"
    ),
    "grid": Said(
        "by the population grid", "volgens het bevolkingsrooster", "selon la grille de population"
    ),
    "centroid": Said(
        "in one point of each zone", "in één punt per zone", "en un seul point par zone"
    ),
}
"""How the points of a method are found."""

_BY = {
    "addresses": Said("the addresses", "de adressen", "les adresses"),
    "grid": Said("the weights", "de gewichten", "les poids"),
    "ground": Said("the ground", "de oppervlakte", "la superficie"),
    "streets": Said("the streets", "de straten", "les rues"),
    "dwellings": Said("the dwellings", "de woningen", "les logements"),
}
"""What children or residents are divided by."""


def note_fallback(names: list[str], children: int, method: str) -> Note:
    """Say whom the study's method found no place for, and which other one did.

    Parameters
    ----------
    names
        Of the municipalities or zones.
    children
        How many they are together.
    method
        The method that placed them.
    """
    return Note(
        WHERE,
        say(
            "{children} of {names} {have} no point by the study's method",
            "{children} van {names} {have} geen plek volgens de methode van de studie",
            "{children} à {names} n’{have} pas de lieu selon la méthode de l’étude",
            children=say_count(children, "child"),
            names=say_list(names, 5),
            have=Said("has", "heeft", "a") if children == 1 else Said("have", "hebben", "ont"),
        ),
        say(
            "they are placed by {method}; see placement.csv",
            "geplaatst {method}; zie placement.csv",
            "placement {method} ; voir placement.csv",
            method=Said(
                f"'{method}'", f"{HOW[method].nl} ('{method}')", f"{HOW[method].fr} (« {method} »)"
            ),
        ),
    )


def note_zone_by_zone(ground: PlacingGround, points: gpd.GeoDataFrame) -> list[Note]:
    """Say how many zones and children each of the methods of "best" placed, and why no better."""
    parts = [
        say(
            "{children} in {zones} {how}",
            "{children} in {zones} {how}",
            "{children} dans {zones} {how}",
            children=say_count(int(count_children(of).sum()), "child"),
            zones=say_count(of["zone_id"].nunique(), "zone"),
            how=HOW[method],
        )
        for method in OWN[BEST]
        if len(of := points[points["method"] == method])
    ]
    if not parts:
        return []
    notes = [
        Note(
            WHERE,
            say(
                "placed zone by zone: {parts}",
                "zone per zone geplaatst: {parts}",
                "placement zone par zone : {parts}",
                parts=say_list(parts),
            ),
            say("see placement.csv", "zie placement.csv", "voir placement.csv"),
        )
    ]
    return [*notes, *_note_too_few(ground, points), *_note_estimate(ground)]


def _note_too_few(ground: PlacingGround, points: gpd.GeoDataFrame) -> list[Note]:
    """Name the zones that have dwellings, but not enough of them."""
    if ground.buildings is None:
        return []
    zones = ground.inputs.zones
    of_streets = points["zone_id"][points["method"] == "streets"].unique()
    placed = zones["zone_id"].isin(of_streets).to_numpy()
    short = placed & (ground.homes_of_zone > 0) & ~ground.enough_dwellings
    if not short.any():
        return []
    return [
        Note(
            WHERE,
            say(
                "{zones} with too few dwellings in the extract for the residents ({names}), fewer "
                "than {least} for 100",
                "{zones} met te weinig woningen in het wegenbestand voor de inwoners ({names}), "
                "minder dan {least} per 100",
                "{zones} avec trop peu de logements dans le fichier des routes pour leurs "
                "habitants ({names}), moins de {least} pour 100",
                zones=say_count(int(short.sum()), "zone"),
                names=say_list(zones["name"][short].tolist(), 5),
                least=say_amount(ground.study.demand.dwellings_per_100, 2),
            ),
            say(
                "the children there are placed along the streets",
                "de kinderen zijn er langs de straten geplaatst",
                "les enfants y sont placés le long des rues",
            ),
        )
    ]


def note_kinds_not_met(ground: PlacingGround) -> list[Note]:
    """Name the kinds of buildings that the study asks for and the extracts do not have."""
    asked = "building_kinds" in ground.study.demand.model_fields_set
    if ground.buildings is None or not asked or not ground.buildings.not_met:
        return []
    names = say_list([f"'{name}'" for name in ground.buildings.not_met], 5)
    return [
        Note(
            WHERE,
            say(
                "no building of the extract is {names}",
                "geen gebouw van het wegenbestand is {names}",
                "aucun bâtiment du fichier des routes n’est {names}",
                names=names,
            ),
            say(
                "nobody is placed in one",
                "niemand is er geplaatst",
                "personne n’y est placé",
            ),
        )
    ]


def _note_estimate(ground: PlacingGround) -> list[Note]:
    """Say by what the residents of a municipality were shared over its zones."""
    if ground.inputs.zone_population is not None or ground.zone_population is None:
        return []
    by = np.where(ground.zones_on_network, ground.living.by, "")
    parts = [
        say(
            "by {by} for {zones}",
            "volgens {by} voor {zones}",
            "selon {by} pour {zones}",
            by=_BY[name],
            zones=say_count(int((by == name).sum()), "zone"),
        )
        for name in _BY
        if (by == name).any()
    ]
    return [
        Note(
            WHERE,
            say(
                "residents of the zones are not given; those of the municipality are shared {by}",
                "inwoners van de zones zijn niet gegeven; die van de gemeente zijn verdeeld {by}",
                "le nombre d’habitants des zones n’est pas donné ; celui de la commune est "
                "réparti {by}",
                by=say_list(parts),
            ),
            say("give zone_population", "geef zone_population", "donnez zone_population"),
        )
    ]


def note_divided(
    ground: PlacingGround, points: gpd.GeoDataFrame, home_of_zone: NDArray[np.intp]
) -> list[Note]:
    """Say by what the children were divided of what lies partly beyond the extract.

    Parameters
    ----------
    ground, points
        What children are placed by, and the demand table.
    home_of_zone
        The unit to which each zone belongs, shape (zones,).
    """
    beyond = points["method"] == OUTSIDE
    if not beyond.any():
        return []
    zones = ground.inputs.zones.set_index("zone_id")
    home = dict(zip(zones.index, home_of_zone, strict=True))
    home_of_point = points["zone_id"].map(home)
    both = set(home_of_point[beyond]) & set(home_of_point[~beyond])
    by = dict(zip(home_of_zone, ground.divided_by(home_of_zone), strict=True))
    notes = []
    for name in ("addresses", "grid", "ground"):
        mine = home_of_point.isin([one for one in both if by[one] == name])
        if not mine.any():
            continue
        there = int(count_children(points[mine & beyond]).sum())
        names = zones["name"].reindex(points["zone_id"][mine & beyond].unique())
        notes.append(
            Note(
                WHERE,
                say(
                    "{names} {lie} wholly or partly beyond the roads of the extract; by {by} "
                    "{there} of {children} {live} there",
                    "{names} {lie} geheel of deels buiten de wegen van het bestand; volgens {by} "
                    "{live} daar {there} van {children}",
                    "{names} {lie} en tout ou en partie hors des routes du fichier ; selon {by}, "
                    "{there} sur {children} y {live}",
                    names=say_list(names.tolist(), 5),
                    lie=Said("lies", "ligt", "se trouve")
                    if len(names) == 1
                    else Said("lie", "liggen", "se trouvent"),
                    by=_BY[name],
                    there=say_amount(there),
                    children=say_count(int(count_children(points[mine]).sum()), "child"),
                    live=Said("lives", "woont", "habite")
                    if there == 1
                    else Said("live", "wonen", "habitent"),
                ),
                say("they are unmeasured", "ze zijn niet gemeten", "ils ne sont pas mesurés"),
            )
        )
    return notes
