"""Where an academy without coordinates stands: at its address, or as near as can be told.

Who says it first counts: the address points of the study, the addresses of the extract, what the
address register answered, a table of postcodes, the municipality. What could be two places is
refused, never chosen between.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from rapidfuzz import process
from rapidfuzz.distance import OSA

from stemgeo import facts
from stemgeo.facts import LAMBERT_72
from stemgeo.inputs.address_match import (
    PLACED_BY,
    Match,
    MatchedAddress,
    fold_question,
    make_question,
)
from stemgeo.inputs.addresses import (
    SHORT_ROYAL,
    Address,
    fold_street,
    has_addresses,
    parse_numbers,
    read_addresses,
    read_postcode,
)
from stemgeo.inputs.files import OpenedFile, clean_text
from stemgeo.inputs.vectors import find_codes, locate_municipalities
from stemgeo.notes import Said, say, say_amount, say_count, say_list
from stemgeo.study import (
    ADRESMATCH_SURE,
    AT_DOOR_M,
    AT_NUMBER_M,
    BESIDE_M,
    BY_NUMBER_M,
    POSTCODE_M,
    STREET_M,
    AcademyRules,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from numpy.typing import NDArray

AS_GIVEN = {
    "placed_by": "coordinates",
    "precision_m": 0,
    "score": 100,
    "address": "",
    "placed_at": "",
    "coarse": False,
}
"""What the table of academies says of a place that needed no looking for."""

_NEAREST = 20
"""A number farther from that which is asked says nothing of where it is."""
_SAME_M = 250.0
"""Addresses that are alike and lie no farther apart are one, drawn twice."""
_GAP_M = 1000.0
"""A street goes on where its addresses lie no farther apart."""
_BORDER_M = 5000.0
"""A postcode whose point lies farther from a municipality is not of it."""
_ELSEWHERE = 0.7
"""What is left of the score where the municipality named is not known, or may be another."""


class Place(NamedTuple):
    """Where an address is, and how sure that is; see the table `academies`."""

    x: float
    y: float
    placed_by: str
    precision_m: int
    score: int
    placed_at: str
    address: str = ""
    otherwise: bool = False
    """Whether a name was read as another that is known: it is to be checked."""


class Refused(NamedTuple):
    """Why an address has no place, and how to mend it."""

    what: str
    mend: str = "correct it, or give its place in corrections"


# --- Names that are near ---------------------------------------------------------------------


def _allow_errors(key: str) -> int:
    """Say how many typing errors a name may hold: one, two in a long one, none in a short one."""
    return 0 if len(key) < 5 else 1 if len(key) < 12 else 2


def find_near(wanted: Iterable[str], known: Collection[str]) -> dict[str, dict[str, int]]:
    """Find for each name those that may be meant, with the number of typing errors between.

    Letters that changed places are one error. Numbers in names are never errors. Names of up to
    twice as many errors are among them: `choose_near` looks whether another is about as near.
    """
    bears: dict[str, list[str]] = {}
    for key in known:
        for full in _spell_out(key):
            bears.setdefault(full, []).append(key)
    names, found = list(bears), {}
    for one in wanted:
        most = 2 * _allow_errors(one)
        fewest = found[one] = dict[str, int]()
        for asked in _spell_out(one):
            near = process.extract(asked, names, scorer=OSA.distance, score_cutoff=most, limit=None)
            for full, errors, _ in near:
                for key in bears[full] if _digits(full) == _digits(one) else ():
                    fewest[key] = min(int(errors), fewest.get(key, most))
    return found


def _spell_out(key: str) -> list[str]:
    """Give what a street may be: "Kon. Astridlaan" is of a koning or of a koningin."""
    both = ("koning", "koningin") if SHORT_ROYAL in key else ("",)
    return [key.replace(SHORT_ROYAL, one) for one in both]


def _digits(key: str) -> str:
    return "".join(mark for mark in key if mark.isdigit())


def choose_near(one: str, near: dict[str, int]) -> list[str]:
    """Choose the name that is meant; several when another is nearly as near, none when none is.

    Who meant another made more than twice as many errors.
    """
    ranked = sorted(near, key=lambda key: (near[key], key))
    if not ranked or near[ranked[0]] > _allow_errors(one):
        return []
    least = near[ranked[0]]
    return [key for key in ranked if near[key] <= 2 * least]


def _similar(one: str, other: str) -> int:
    return round(100 * OSA.normalized_similarity(one, other))


# --- Municipalities --------------------------------------------------------------------------


class Town(NamedTuple):
    """A municipality of the study or of the shipped facts, with a point inside."""

    name: str
    code: str
    x: float
    y: float
    reach_m: int


class Towns:
    """The municipalities by name: those of the study, and of Flanders and Brussels since 2018."""

    def __init__(self, municipalities: gpd.GeoDataFrame) -> None:
        known = facts.list_municipalities()
        spots = locate_municipalities()
        codes = find_codes(spots, municipalities, "nis_code")
        self.by_key: dict[str, list[Town]] = {}
        self.outlines = dict(zip(municipalities["nis_code"], municipalities.geometry, strict=True))
        rows = known.assign(x=spots.x, y=spots.y, code=codes.to_numpy())
        parts = rows.sort_values("area_km2", ascending=False).to_dict("records")
        parts_of = _group(parts, "code")
        for code, name in zip(municipalities["nis_code"], municipalities["name"], strict=True):
            outline, key = self.outlines[code], _fold_town(name)
            # The part that bears the name, else the largest.
            own = sorted(parts_of.get(code, []), key=lambda one: _fold_town(one["name2018"]) != key)
            inside = shapely.Point(own[0]["x"], own[0]["y"]) if own else None
            spot = inside or outline.representative_point()
            reach = np.hypot(*(shapely.get_coordinates(outline) - [spot.x, spot.y]).T).max()
            self._add(Town(name, code, spot.x, spot.y, _round_up(reach)))
        for names in ("name2018", "name2024", "name2025"):
            new = _group((one for one in parts if _fold_town(one[names]) not in self.by_key), names)
            for name, own in new.items():
                largest = own[0]
                reach = max(
                    math.hypot(one["x"] - largest["x"], one["y"] - largest["y"])
                    + 2000 * math.sqrt(one["area_km2"] / math.pi)
                    for one in own
                )
                spot = largest["code"], largest["x"], largest["y"]
                self._add(Town(name, *spot, _round_up(reach)))
        name_of = known.set_index("nis2018")["name2018"]
        for other, code in facts.list_exonyms().items():
            self.by_key.setdefault(_fold_town(other), self.by_key[_fold_town(name_of[code])])

    def _add(self, town: Town) -> None:
        for key in {_fold_town(town.name), fold_street(town.name)}:
            self.by_key.setdefault(key, []).append(town)

    def find(self, name: str) -> Town | Refused | None:
        """Find a municipality by its name; None when none is known that may be meant."""
        key = _fold_town(name)
        near = {key: 0} if key in self.by_key else find_near([key], self.by_key)[key]
        towns = {town for one in choose_near(key, near) for town in self.by_key[one]}
        if len(towns) > 1:
            called = (f"{one.name} ({one.code})" if one.code else one.name for one in towns)
            names = " or ".join(sorted(called)[:3])
            return Refused(f"its municipality '{clean_text(name, 40)}' may be {names}")
        return towns.pop() if towns else None

    def contradict(self, one: Town, name: str) -> bool:
        """Whether a municipality and one of another name are apart: none is a part of the other."""
        others = self.by_key.get(_fold_town(name), [])
        return bool(others) and all(
            one.code != other.code
            if one.code or other.code
            else math.hypot(one.x - other.x, one.y - other.y) > max(one.reach_m, other.reach_m)
            for other in others
        )


def _group(rows: Iterable[dict[Any, Any]], key: str) -> dict[str, list[dict[Any, Any]]]:
    groups: dict[str, list[dict[Any, Any]]] = {}
    for row in rows:
        groups.setdefault(row[key], []).append(row)
    return groups


@cache
def _fold_town(name: str) -> str:
    return fold_street(name.partition("(")[0])


def _round_up(metres: float) -> int:
    return int(np.ceil(metres / 10) * 10)


# --- Books of addresses ----------------------------------------------------------------------


class AddressRows(Protocol):
    """Addresses, of which those of some streets can be taken."""

    def list_near(self, wanted: Collection[str], towns: gpd.GeoDataFrame) -> NearRows:
        """Give the rows of the streets that may be meant.

        Parameters
        ----------
        wanted
            Streets, as `fold_street` writes them.
        towns
            The municipalities.
        """


@dataclass(frozen=True)
class AddressBook:
    """Addresses with their places.

    Attributes
    ----------
    placed_by
        What a place that is found in it is called.
    rows
        street, house_number, postcode, municipality (text), x, y (EPSG:31370).
    """

    placed_by: str
    rows: pd.DataFrame

    @cached_property
    def _streets(self) -> tuple[NDArray[np.intp], list[str]]:
        """Which street each row is of, and the key of each."""
        number, streets = pd.factorize(self.rows["street"])
        return number, [fold_street(one) for one in streets]

    def list_near(self, wanted: Collection[str], towns: gpd.GeoDataFrame) -> NearRows:
        """Give the rows of the streets that may be meant, each with the municipality it lies in."""
        number, keys = self._streets
        near = find_near(set(wanted), set(keys))
        meant = {key for one in near.values() for key in one}
        of_street = np.array([key in meant for key in keys], dtype=np.bool_)
        rows = self.rows[of_street[number]].assign(
            key=np.array(keys, dtype=object)[number[of_street[number]]]
        )
        at = gpd.GeoSeries(gpd.points_from_xy(rows["x"], rows["y"]), rows.index, crs=LAMBERT_72)
        rows = rows.assign(
            code=find_codes(at, towns, "nis_code"),
            town=rows["municipality"].map(_fold_town),
            postcode=[read_postcode(one) or one for one in rows["postcode"]],
        )
        rows = rows.sort_values(["x", "y"], kind="stable")
        parts: dict[str, list[_Entry]] = {}
        for row in rows[[*_Entry._fields]].itertuples(index=False):
            parts.setdefault(str(row.key), []).append(_Entry(*row))
        return NearRows(self.placed_by, near, parts)


class _Entry(NamedTuple):
    """A row of a book: its street also as a key, its municipality by name and by where it lies."""

    key: str
    street: str
    house_number: str
    postcode: str
    municipality: str
    town: str
    code: str
    x: float
    y: float


class _House(NamedTuple):
    """A number in a street."""

    number: int
    last: int
    mark: str
    row: int


@dataclass(frozen=True)
class NearRows:
    """The rows of a book among which addresses are looked for, by the key of their street."""

    placed_by: str
    near: dict[str, dict[str, int]]
    rows: dict[str, list[_Entry]]

    def find(self, one: Address, town: Town | None) -> Place | Refused | None:
        """Find an address in its municipality, or postcode; None when its street is not there."""
        wanted = fold_street(one.street)
        there = {key: self._keep_town(one, town, self.rows[key]) for key in self.near[wanted]}
        known = {key: self.near[wanted][key] for key, rows in there.items() if len(rows)}
        meant = choose_near(wanted, known)
        if not meant:
            return None
        if len(meant) > 1:
            streets = (clean_text(there[key][0].street, 40) for key in meant[:3])
            names = " or ".join(f"'{one}'" for one in streets)
            return Refused(f"its street may be {names}")
        rows, errors = _keep_postcode(one, there[meant[0]]), known[meant[0]]
        if isinstance(rows, Refused):
            return None if errors else rows
        elsewhere = town is None and bool(one.municipality)
        elsewhere &= any(row.town != _fold_town(one.municipality) for row in rows)
        score = _similar(wanted, meant[0]) if errors else 100
        several = _refuse_several(one, rows) if elsewhere else None
        found = several or self._find_number(one, rows, score)
        if isinstance(found, Refused):
            return found
        score = round(found.score * (_ELSEWHERE if elsewhere else 1))
        return found._replace(otherwise=errors > 0 or elsewhere, score=score)

    def _keep_town(self, one: Address, town: Town | None, rows: list[_Entry]) -> list[_Entry]:
        if one.municipality:
            name, code = _fold_town(one.municipality), town.code if town else ""
            there = [row for row in rows if row.town == name or (code and row.code == code)]
            if town or there:
                return there
        return [row for row in rows if one.postcode and row.postcode == one.postcode]

    def _find_number(self, one: Address, rows: list[_Entry], score: int) -> Place | Refused:
        at = np.array([(row.x, row.y) for row in rows])
        parts = _part_places(at)
        houses = [
            _House(read.number, read.last or read.number, read.mark, place)
            for place, row in enumerate(rows)
            for read in parse_numbers(row.house_number)
            if read.number
        ]
        if _are_two_streets(houses, parts):
            far = round(float(np.ptp(at, axis=0).max()) / 100) / 10
            return Refused(
                f"there are {parts.max() + 1} streets of that name there, {far:g} km apart",
                "give its own postcode, or its place in corrections",
            )
        same = [house for house in houses if _covers(house, one)]
        exact = [house for house in same if (house.number, house.mark) == (one.number, one.mark)]
        if chosen := exact or same:
            found = sorted({house.row for house in chosen})
            middle, spread = _find_middle(at[found])
            if spread > _SAME_M:
                return Refused(f"that number is there {len(found)} times, {spread:.0f} m apart")
            near_m = (AT_DOOR_M if exact else AT_NUMBER_M) + spread
            row = rows[found[middle]]
            return self._place(row, self.placed_by, near_m, score if exact else score - 5)
        side = [house for house in houses if one.number and (house.number - one.number) % 2 == 0]
        side = sorted(side, key=lambda house: (abs(house.number - (one.number or 0)), house))
        if side and (off := abs(side[0].number - (one.number or 0))) <= _NEAREST:
            row = rows[side[0].row]
            return self._place(row, "street", BESIDE_M + BY_NUMBER_M * off, 0.8 * score)
        middle, _ = _find_middle(at)
        away = max(STREET_M, float(np.hypot(*(at - at[middle]).T).max()))
        beyond = min(
            (abs(house.number - (one.number or house.number)) for house in houses), default=0
        )
        return self._place(rows[middle], "street", away + BY_NUMBER_M * beyond, 0.6 * score)

    def _place(self, row: _Entry, by: str, precision_m: float, score: float) -> Place:
        town = " ".join(filter(None, (row.postcode, row.municipality)))
        street = " ".join(filter(None, (row.street, row.house_number)))
        told = clean_text(", ".join(filter(None, (street, town))), 120)
        return Place(row.x, row.y, by, _round_up(precision_m), round(score), told)


def _keep_postcode(one: Address, rows: list[_Entry]) -> list[_Entry] | Refused:
    """Keep the rows of the postcode; of two streets of a name the one that says it is meant."""
    fitting = [row for row in rows if not one.postcode or row.postcode in ("", one.postcode)]
    if not fitting:
        codes = ", ".join(sorted({row.postcode for row in rows})[:3])
        what = f"its street there has postcode {clean_text(codes, 30)}, not {one.postcode}"
        return Refused(what)
    return [row for row in fitting if one.postcode and row.postcode] or fitting


def _refuse_several(one: Address, rows: list[_Entry]) -> Refused | None:
    """Refuse an address of a municipality that is not known where two others have the street."""
    named = sorted({row.municipality or row.code for row in rows})
    if len(named) < 2:
        return None
    names = " and ".join(clean_text(name, 40) for name in named[:3])
    what = f"municipality '{clean_text(one.municipality, 40)}' is not known"
    return Refused(f"{what}, and its postcode has that street in {names}")


def _covers(house: _House, one: Address) -> bool:
    """Whether a house has the number that is asked, or lies in its span."""
    if one.number is None:
        return False
    spans = house.number <= one.number <= house.last and (one.number - house.number) % 2 == 0
    return spans or (one.last or one.number) == house.number


def _find_middle(at: NDArray[np.float64]) -> tuple[int, float]:
    """Give the place that is nearest to all, and how far the farthest two are apart at most."""
    middle = at.mean(axis=0)
    away = np.hypot(*(at - middle).T)
    return int(away.argmin()), float(2 * away.max())


def _part_places(at: NDArray[np.float64]) -> NDArray[np.intp]:
    """Number the parts in which places lie that are no farther apart than a street goes on."""
    points = shapely.points(at)
    ground = shapely.get_parts(shapely.union_all(shapely.buffer(points, _GAP_M / 2)))
    part: NDArray[np.intp] = shapely.STRtree(ground).query(points, predicate="intersects")[1]
    return part


def _are_two_streets(houses: list[_House], parts: NDArray[np.intp]) -> bool:
    """Whether two parts have numbers of the same span: one street goes on, two begin anew."""
    spans = [
        (min(numbers), max(numbers))
        for part in range(int(parts.max()) + 1)
        if (numbers := [house.number for house in houses if parts[house.row] == part])
    ]
    if len(spans) <= parts.max():  # a part without numbers: nothing tells
        return len(np.unique(parts)) > 1
    return any(a[0] <= b[1] and b[0] <= a[1] for a, b in combinations(spans, 2))


# --- Answers of the address register -----------------------------------------------------------

_OVER_M = 100.0
"""Borders of municipalities are drawn a little otherwise in each file."""

_NOT_IN_USE = ("gehistoreerd", "afgekeurd")
_OF_DOOR = {"ingang", "gebouw", "gebouweenheid"}
_OF_GROUND = {"perceel", "lot", "standplaats", "ligplaats"}


def wants_match(one: Address, found: Place | Refused) -> bool:
    """Whether nothing but Adresmatch could place an address at its number.

    Parameters
    ----------
    one
        The address.
    found
        What was found of it.
    """
    at_number = isinstance(found, Place) and found.placed_by in ("address_point", "map_address")
    return not at_number and make_question(one) is not None


def _find_near_m(one: Address, match: Match) -> float | None:
    """Say how near a match is, by what its place is of; None where it says nothing of the house."""
    if not math.isfinite(match.x + match.y):
        return None
    of, method = match.specification.casefold(), match.method.casefold()
    if of == "gemeente":
        return None
    if of in _OF_DOOR:
        near_m = AT_DOOR_M
    elif of in _OF_GROUND:
        near_m = AT_NUMBER_M
    else:
        near_m = BESIDE_M
    if method not in ("aangeduiddoorbeheerder", "afgeleidvanobject"):
        near_m = max(near_m, BESIDE_M)  # such as geinterpoleerd: between two that are known
    read = [house for house in parse_numbers(match.matched_number) if house.number]
    if not read or one.number is None:
        return None
    off = min(abs(int(house.number or 0) - one.number) for house in read)
    if off > _NEAREST:
        return None
    same = off == 0 and any(house.mark == one.mark for house in read)
    if off:
        return max(near_m, BESIDE_M) + BY_NUMBER_M * off
    return near_m if same else max(near_m, AT_NUMBER_M)


# --- Placing -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class PlaceSources:
    """What says where an address is.

    Attributes
    ----------
    municipalities
        Of the study, and those around it that its file has.
    take_points, take_mapped
        Give the address points of the study, and the addresses of its extracts in streets that may
        be one of some keys; None when there are none.
    take_postcodes
        Gives postcode, name (text), x, y; None without a file.
    corrections
        academy_id, note, geometry; None without a file.
    rules
        Of the study: from when a place is too coarse, and what follows.
    land
        Of the municipalities what is in the study; all of it when not given.
    take_answers
        Gives what Adresmatch answered, by question; None without a file.
    listen
        Told what is found of each address without those answers.
    """

    municipalities: gpd.GeoDataFrame
    take_points: Callable[[], AddressRows | None] = lambda: None
    take_mapped: Callable[[Collection[str]], AddressRows | None] = lambda _: None
    take_postcodes: Callable[[], pd.DataFrame | None] = lambda: None
    corrections: gpd.GeoDataFrame | None = None
    rules: AcademyRules = field(default_factory=AcademyRules)
    land: gpd.GeoDataFrame | None = None
    take_answers: Callable[[], Mapping[tuple[str, ...], MatchedAddress] | None] = lambda: None
    listen: Callable[[Address, Place | Refused], None] = lambda _address, _found: None

    @cached_property
    def towns(self) -> Towns:
        """The municipalities by name."""
        return Towns(self.municipalities)

    def find_places(self, asked: Collection[Address]) -> list[Place | Refused]:
        """Place each address, as near as its sources tell."""
        streets = {fold_street(one.street) for one in asked if one.street}
        books = [self.take_points(), self.take_mapped(streets) if streets else None]
        near = [book.list_near(streets, self.municipalities) for book in books if book is not None]
        return [self._find_with_answers(one, self._find(one, near)) for one in asked]

    def _find_with_answers(self, one: Address, found: Place | Refused) -> Place | Refused:
        """Take what Adresmatch answered where nothing else has the number of the house."""
        self.listen(one, found)
        if not wants_match(one, found):
            return found
        question = make_question(one)
        answers = self.take_answers() if question else None
        answer = answers.get(fold_question(question)) if answers and question else None
        matched = None if answer is None else self._judge(one, answer)
        return found if matched is None else matched

    def _judge(self, one: Address, answer: MatchedAddress) -> Place | Refused | None:
        """Take the best match that has a place; several places as good are refused."""
        placed = [
            (match, near_m) for match in answer.matches if (near_m := _find_near_m(one, match))
        ]
        if not placed:
            return None
        best = [(match, near_m) for match, near_m in placed if match.score == placed[0][0].score]
        at = np.array([(match.x, match.y) for match, _ in best])
        middle, spread = _find_middle(at)
        if spread > _SAME_M:
            return Refused(
                f"Adresmatch has {len(best)} addresses that fit as well, {spread:.0f} m apart"
            )
        match, near_m = best[middle]
        elsewhere = self._lies_elsewhere(one, match)
        if elsewhere:
            return Refused(f"Adresmatch places it at '{match.address}', {elsewhere}")
        doubtful = match.score < ADRESMATCH_SURE or match.status in _NOT_IN_USE
        return Place(
            match.x,
            match.y,
            PLACED_BY,
            _round_up(near_m + spread),
            round(match.score),
            match.address,
            otherwise=doubtful,
        )

    def _lies_elsewhere(self, one: Address, match: Match) -> str:
        """Say how a match is not of the municipality or the postcode that the address names."""
        town = self.towns.find(one.municipality) if one.municipality else None
        outline = self.towns.outlines.get(town.code) if isinstance(town, Town) else None
        if outline is not None and outline.distance(shapely.Point(match.x, match.y)) > _OVER_M:
            return f"outside {clean_text(one.municipality, 40)}"
        named = match.matched_municipality if isinstance(town, Town) and outline is None else ""
        if named and isinstance(town, Town) and self.towns.contradict(town, named):
            return f"outside {clean_text(one.municipality, 40)}"
        if one.postcode and match.matched_postcode and one.postcode != match.matched_postcode:
            return f"which has postcode {match.matched_postcode}, not {one.postcode}"
        return ""

    def _find(self, one: Address, books: list[NearRows]) -> Place | Refused:
        if one.wrong:
            return Refused(one.wrong, "keep in its columns the one that is meant")
        if not (one.municipality or one.postcode):
            return Refused("names no municipality and no postcode", "add one of them")
        town = self.towns.find(one.municipality) if one.municipality else None
        if isinstance(town, Refused):
            return town
        if town and one.also and self.towns.contradict(town, one.also):
            both = f"'{clean_text(one.also, 40)}' and '{clean_text(one.municipality, 40)}'"
            return Refused(f"it says municipality {both}", "keep the one that is meant")
        found = [book.find(one, town) for book in books if one.street]
        refused = [answer for answer in found if isinstance(answer, Refused)]
        places = [answer for answer in found if isinstance(answer, Place)]
        places.sort(key=lambda place: place.placed_by == "street")
        answer = (refused or places or [None])[0] or self._find_roughly(one, town)
        if (
            isinstance(answer, Place)
            and town
            and _fold_town(town.name) != _fold_town(one.municipality)
        ):
            like = _similar(_fold_town(town.name), _fold_town(one.municipality))
            score = round(answer.score * like / 100)
            answer = answer._replace(score=score, otherwise=answer.otherwise or like < 100)
        return answer

    def _find_roughly(self, one: Address, town: Town | None) -> Place | Refused:
        """Place an address by its postcode alone, else by its municipality."""
        table = self.take_postcodes() if one.postcode else None
        rows = None if table is None else table[table["postcode"] == one.postcode]
        if rows is not None and len(rows):
            return self._place_by_postcode(one, town, rows)
        if town is None:
            name = clean_text(one.municipality or one.postcode, 40)
            if not one.municipality:
                return Refused(f"postcode {name} is not known", "add the municipality")
            near = process.extractOne(
                _fold_town(name),
                list(self.towns.by_key),
                scorer=OSA.normalized_similarity,
                score_cutoff=0.6,
            )
            meant = f"is '{self.towns.by_key[near[0]][0].name}' meant?" if near else ""
            return Refused(
                f"municipality '{name}' is not known", meant or "give its place in corrections"
            )
        return Place(town.x, town.y, "municipality", town.reach_m, 20, town.name)

    def _place_by_postcode(
        self, one: Address, town: Town | None, rows: pd.DataFrame
    ) -> Place | Refused:
        named = rows[rows["name"].map(_fold_town) == _fold_town(one.municipality)]
        is_named = bool(one.municipality) and len(named) > 0
        rows = named if is_named else rows
        middle, spread = _find_middle(rows[["x", "y"]].to_numpy())
        row = rows.iloc[middle]
        doubtful = bool(one.municipality) and not is_named and town is None
        if town:
            spot, outline = shapely.Point(row[["x", "y"]]), self.towns.outlines.get(town.code)
            middle_m = spot.distance(shapely.Point(town.x, town.y))
            # Without its outline: a circle of its area, and twice as wide, since it is no circle.
            least, most = (
                (middle_m - town.reach_m, middle_m - town.reach_m / 2)
                if outline is None
                else (outline.distance(spot),) * 2
            )
            if least > _BORDER_M:
                return Refused(f"postcode {one.postcode} is not of {clean_text(town.name, 40)}")
            doubtful = most > _BORDER_M and not is_named
        told = clean_text(" ".join(filter(None, (one.postcode, row["name"]))), 120)
        off, score = _round_up(max(POSTCODE_M, spread)), round(40 * (_ELSEWHERE if doubtful else 1))
        return Place(row["x"], row["y"], "postcode", off, score, told, otherwise=doubtful)


# --- The register --------------------------------------------------------------------------------


def place_rows(
    raw: pd.DataFrame,
    ids: pd.Series,
    points: gpd.GeoSeries,
    sources: PlaceSources,
    file: OpenedFile,
) -> gpd.GeoDataFrame:
    """Give each row of a register its place, and say how it was found.

    Parameters
    ----------
    raw
        As it stands in the file, with the columns of addresses.
    ids
        The `academy_id` of each row.
    points
        As from `read_points`: empty where a row has no coordinates.
    sources
        Where places are looked for.
    file
        Takes what could not be placed, and what a reader must know of the rest.

    Returns
    -------
    GeoDataFrame
        The columns of `AS_GIVEN` and the geometry (missing where an error says so).
    """
    places = _find_corrected(ids, sources.corrections, file)
    lacking = points.index[points.is_empty & ~points.index.isin(list(places))]
    if len(lacking):
        places |= _place_by_address(raw.loc[lacking], sources, file)
    given = [
        Place(at.x, at.y, "coordinates", 0, 100, "") if at and not at.is_empty else None
        for at in points
    ]
    put = [places.get(row, at) for row, at in zip(raw.index, given, strict=True)]
    table = pd.DataFrame(
        [one or Place(np.nan, np.nan, "coordinates", 0, 100, "") for one in put], index=raw.index
    )
    geometry = gpd.GeoSeries(
        [one and shapely.Point(one.x, one.y) for one in put], index=raw.index, crs=LAMBERT_72
    )
    coarse = table["precision_m"] > sources.rules.coarse_over_m
    return gpd.GeoDataFrame(table.assign(coarse=coarse)[[*AS_GIVEN]], geometry=geometry)


def _find_corrected(
    ids: pd.Series, corrections: gpd.GeoDataFrame | None, file: OpenedFile
) -> dict[Any, Place | None]:
    """Give the rows that a person corrected, where they said; an id that is not there is told."""
    places: dict[Any, Place | None] = {}
    if corrections is None:
        return places
    row_of = {one: row for row, one in ids.items()}
    unknown = []
    for one, note, at in zip(
        corrections["academy_id"], corrections["note"], corrections.geometry, strict=True
    ):
        if one in row_of and at:
            places[row_of[one]] = Place(at.x, at.y, "correction", 0, 100, note)
        else:
            near = process.extractOne(one, list(row_of), score_cutoff=60)
            unknown.append(f"{one} ({near[0]}?)" if near else one)
    if unknown:
        file.warn(
            say(
                "has no academy_id {unknown} of corrections",
                "heeft geen academy_id {unknown} uit corrections",
                "n’a pas d’academy_id {unknown} de corrections",
                unknown=say_list(unknown),
            ),
            say(
                "that correction was not used",
                "die correctie is niet gebruikt",
                "cette correction n’a pas été utilisée",
            ),
        )
    return places


_MOST_TOLD = 20


def _place_by_address(
    raw: pd.DataFrame, sources: PlaceSources, file: OpenedFile
) -> dict[Any, Place | None]:
    """Place rows by their address; which cannot be is an error, and how it went is told."""
    kind, wrong = raw.index.name, []
    if has_addresses(raw, file):
        asked = read_addresses(raw, file)
    else:
        asked = pd.Series([Address()] * len(raw), index=raw.index, dtype=object)
    answers = dict(zip(raw.index, sources.find_places(asked.tolist()), strict=True))
    otherwise = []
    for row, answer in answers.items():
        if isinstance(answer, Place):
            otherwise += [f"{asked[row]} \u2192 {answer.placed_at}"] if answer.otherwise else []
            continue
        told = f"address '{clean_text(str(asked[row]), 80)}': {answer.what}", answer.mend
        none = f"no coordinates{file.quote_rows([row])}", "fill them in, or leave the row out"
        wrong.append((row, *(none if asked[row] == Address() else told)))
    for row, what, mend in wrong[:_MOST_TOLD]:
        file.error_at(f"{kind} {row}", what, mend)
    if len(wrong) > _MOST_TOLD:
        rows = say_list([row for row, *_ in wrong[_MOST_TOLD:]], 30)
        file.error_at(f"{kind} {rows}", "cannot be placed either", "see above")
    places = {
        row: one._replace(address=clean_text(str(asked[row]), 120))
        if isinstance(one, Place)
        else None
        for row, one in answers.items()
    }
    _tell_placed([one.placed_by for one in places.values() if one], file)
    _tell_otherwise(otherwise, file)
    return places


def _tell_placed(by: list[str], file: OpenedFile) -> None:
    if not by:
        return
    at, along, rough = (
        say_amount(sum(one in names for one in by))
        for names in (
            ("address_point", "map_address", PLACED_BY),
            "street",
            ("postcode", "municipality"),
        )
    )
    file.warn(
        say(
            "{academies} without coordinates: {at} placed at the address, {along} in the street, "
            "{rough} by postcode or municipality alone",
            "{academies} zonder coördinaten: {at} geplaatst op het adres, {along} in de straat, "
            "{rough} enkel op postcode of gemeente",
            "{academies} sans coordonnées : {at} à l’adresse, {along} dans la rue, {rough} par le "
            "seul code postal ou la seule commune",
            academies=say_count(len(by), "academy"),
            at=at,
            along=along,
            rough=rough,
        ),
        say(
            "the result says of each how and how exactly",
            "het resultaat zegt bij elk hoe en hoe nauwkeurig",
            "le résultat dit pour {chacun|chacune} comment et avec quelle précision",
        ),
    )


def _tell_otherwise(otherwise: list[str], file: OpenedFile) -> None:
    if otherwise:
        file.warn(
            say(
                "addresses read as the nearest known: {pairs}",
                "adressen gelezen als het naaste bekende: {pairs}",
                "adresses lues comme les plus proches connues : {pairs}",
                pairs=say_list(otherwise, 20),
            ),
            say("check them", "ga ze na", "vérifiez-les"),
        )


def tell_coarse(academies: gpd.GeoDataFrame, rules: AcademyRules, file: OpenedFile) -> None:
    """Name the academies of which the place is too coarse, and say what follows.

    Parameters
    ----------
    academies
        The register.
    rules
        Of the study.
    file
        Takes the note.
    """
    coarse = academies[academies["coarse"]]
    if coarse.empty:
        return
    names = [
        say(
            "{name} ({metres} m, {by})",
            "{name} ({metres} m, {by})",
            "{name} ({metres} m, {by})",
            name=clean_text(row["name"]),
            metres=say_amount(row["precision_m"]),
            by=_BY[row["placed_by"]],
        )
        for row in coarse.to_dict("records")
    ]
    one = len(coarse) == 1
    if rules.coarse == "count":
        so = say("counted", "meegeteld", "{compté|comptée}" if one else "{comptés|comptées}")
    else:
        so = say("left out", "weggelaten", "{exclu|exclue}" if one else "{exclus|exclues}")
    file.warn(
        say(
            "the place of {academies} is known no nearer than {metres} m: {names}",
            "de plaats van {academies} is niet nauwkeuriger dan {metres} m bekend: {names}",
            "l’emplacement de {academies} n’est pas connu à moins de {metres} m près : {names}",
            academies=say_count(len(coarse), "academy"),
            metres=say_amount(rules.coarse_over_m),
            names=say_list(names, 30),
        ),
        say(
            "{so}; the results give the share with and without",
            "{so}; de resultaten geven het aandeel met en zonder",
            "{so} ; les résultats donnent la part avec et sans",
            so=so,
        ),
    )


_BY = {
    "street": Said("in its street", "in de straat", "dans sa rue"),
    "postcode": Said("by postcode", "op postcode", "par code postal"),
    "municipality": Said("by municipality", "op gemeente", "par commune"),
    "address_point": Said("at its address", "op het adres", "à son adresse"),
    PLACED_BY: Said("by Adresmatch", "via Adresmatch", "par Adresmatch"),
    "map_address": Said("at its address", "op het adres", "à son adresse"),
}
