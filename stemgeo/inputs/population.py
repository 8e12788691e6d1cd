"""How many children live where: by municipality, age and sex, and totals by zone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from stemgeo import facts
from stemgeo.errors import Findings
from stemgeo.inputs import vintages
from stemgeo.inputs.boundaries import as_input, check_parts, label_places
from stemgeo.inputs.cells import as_numbers, pick_columns, read_table, take_columns
from stemgeo.inputs.columns import Header
from stemgeo.inputs.counting import (
    is_district,
    may_be_added,
    read_numbers,
    tell_districts,
    tell_totals,
)
from stemgeo.inputs.files import OpenedFile, clean_text, open_input, strip_control
from stemgeo.inputs.formats import UnreadableError
from stemgeo.inputs.messages import check_values
from stemgeo.inputs.provenance import Provenance, find_day_in_name
from stemgeo.inputs.vectors import are_among, as_codes
from stemgeo.inputs.zone_codes import ZoneTotals
from stemgeo.notes import Said, say, say_amount, say_count, say_list
from stemgeo.study import OLDEST, VINTAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from stemgeo.study import Input

_COLUMNS = {
    "nis_code": ("cd_refnis", "cd_munty_refnis", "nis_code", "niscode", "nis", "nis5", "refnis"),
    "sex": ("cd_sex", "sex", "geslacht"),
    "age": ("cd_age", "age", "leeftijd"),
    "children": (
        "ms_population",
        "children",
        "population",
        "kinderen",
        "bevolking",
        "inwoners",
        "aantal",
    ),
    "year": ("cd_year", "year", "jaar"),
}
"""Statbel's names first (TF_SOC_POP_STRUCT: CD_REFNIS, or CD_MUNTY_REFNIS before 2015)."""

_HEADER = Header(_COLUMNS, frozenset({"nis_code", "age", "children"}))

_NAMES = {"naam", "name", "gemeente", "gemeentenaam", "municipality"}
"""Columns with the name of the municipality, which say nothing that its code does not."""

_ZONE_COLUMNS = {
    "zone_id": ("cd_sector", "zone_id", "sector", "cs01012020", "nis9", "geoitem"),
    "population": ("total", "population", "ms_population", "bevolking", "inwoners", "aantal"),
    "nis_code": ("cd_refnis", "cd_munty_refnis", "nis_code", "niscode", "refnis"),
}
_OF_ZONES = ("zone_id", "population")
_SEXES = {"f": "F", "m": "M", "v": "F", "vrouw": "F", "man": "M", "female": "F", "male": "M"}
_RETIRED = range(65, OLDEST + 1)
"""A file with people of these ages is of everyone; one of children or the young has none."""

_YEARS = range(1900, 2101)
_MOST = 20_000_000
"""Belgium has 11.8 million residents; a file that counts more than this is not one of them."""

_CHILDREN_2015 = [
    f"{sex}_{ages}" for sex in ("girls", "boys") for ages in ("5_8", "9_11", "12_14", "15_17")
]
_RESIDENTS_2015 = ["total_2015"]


@dataclass(frozen=True)
class Population:
    """What a population file says of the municipalities of the study.

    Attributes
    ----------
    children
        nis_code (of the study's vintage), part, age, sex ("F", "M", or "" when the file does not
        say), children (int64); the ages asked for, one row for each part, age and sex, sorted by
        these. `part` is the code in the file when codes were brought forward, so that a merger
        can be undone; else it is the nis_code.
    residents
        Residents of all ages (int64) by nis_code of the study's vintage; None when the file does
        not hold all ages.
    year
        Of the count, on 1 January; None when neither the file nor the study says.
    vintage
        Of the codes in the file.
    ages
        How many ages of those asked for the file has, anywhere in it.
    """

    children: pd.DataFrame
    residents: pd.Series | None
    year: int | None
    vintage: int
    ages: int = 0


def read_population(
    path: str | Path | Input,
    *,
    ages: Iterable[int] = range(5, 18),
    vintage: int = VINTAGE,
) -> pd.DataFrame:
    """Read the children of Flanders by municipality, age and sex.

    Parameters
    ----------
    path
        Statbel's TF_SOC_POP_STRUCT (zip or text), or a CSV or Excel file with the columns
        nis_code, age and children, and sex where it is known: F or M in each row.
    ages
        Years of age wanted.
    vintage
        Of the codes wanted: 2018, 2024 or 2025. Earlier codes in the file are brought forward,
        exactly; later ones back, as an estimate by the children of 1 January 2015.

    Returns
    -------
    DataFrame
        nis_code, age, sex ("F", "M"; "" from a file without that column), children (int64), one
        row each.

    Raises
    ------
    InputError
        With every problem of the file.
    """
    findings = Findings()
    population, _ = load_population(as_input(path), frozenset(ages), vintage, None, findings)
    findings.raise_errors()
    merged = population.children.groupby(["nis_code", "age", "sex"])["children"].sum()
    return merged.reset_index()


def load_population(
    given: Input,
    ages: frozenset[int],
    vintage: int,
    study_area: pd.DataFrame | None,
    findings: Findings,
) -> tuple[Population, Provenance | None]:
    """As `read_population`, for the municipalities of the study (None: all of Flanders).

    Parameters
    ----------
    given, ages, vintage
        As for `read_population`.
    study_area
        The municipalities of the study; None: all of Flanders.
    findings
        Takes the problems and notes.
    """
    kinds = {"nis_code": "str", "part": "str", "age": "int64", "sex": "str", "children": "int64"}
    nothing = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})
    unusable = Population(nothing, None, None, vintage)
    with open_input(given, "population", findings) as file:
        if file is None:
            return unusable, None
        table = read_table(file, header=_HEADER)
        if table is None:
            return unusable, file.provenance
        raw, further = _part_columns(table, file)
        people = _read_people(raw, further, file)
        if people is None:
            return unusable, file.provenance
        people = _keep_flemish_people(people, file)
        year = _find_year(raw, given, file)
        origin = _find_vintage(people, vintage, year, file)
        if origin is None:
            return unusable, file.provenance
        studied = people[people["age"].isin(ages)]
        _check_ages(people["age"], studied["age"], ages, file)
        children = _convert_children(studied, origin, vintage)
        everyone = _convert_people(
            people[["nis_code", "children"]], origin, vintage, _RESIDENTS_2015
        )
        if study_area is not None:
            _check_complete(everyone["nis_code"], study_area, file)
            children = _keep_study_towns(children, study_area, file)
            everyone = everyone[everyone["nis_code"].isin(study_area["nis_code"])]
        _warn_of_estimate(children, origin, vintage, file)
        children = children.drop(columns="estimated")
        residents = None
        if people["age"].isin(_RETIRED).any():
            residents = everyone.set_index("nis_code")["children"].rename("residents")
        number = say_count(int(children["children"].sum()), "child")
        file.note(
            say(
                "{rows} read, {number} of the ages studied",
                "{rows} gelezen, {number} van de bestudeerde leeftijden",
                "{rows} en tout, {number} des âges étudiés",
                rows=say_count(len(raw), "row"),
                number=number,
            )
        )
        return Population(children, residents, year, origin, studied["age"].nunique()), _date_file(
            file.provenance, year
        )


def _part_columns(table: pd.DataFrame, file: OpenedFile) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Part a table into our columns, under our names, and those by which it counts further.

    Statbel's files also count by nationality and civil status.
    """
    chosen = pick_columns(list(table.columns), _COLUMNS)
    ours = take_columns(table, _COLUMNS, file)  # a note at the foot stands in a column of its own
    others = [
        place
        for place, label in enumerate(table.columns)
        if place not in chosen and label not in _NAMES
    ]
    return ours, table.iloc[:, others].loc[ours.index]


def _read_people(raw: pd.DataFrame, further: pd.DataFrame, file: OpenedFile) -> pd.DataFrame | None:
    """Turn text into codes, ages, sexes and counts; every value that is none is told by row."""
    names = {name: (_COLUMNS[name][0].upper(), name) for name in ("nis_code", "age", "children")}
    if not _has_columns(raw, names, file):
        return None
    code = _read_by_value(raw["nis_code"], _read_codes)
    age = _read_by_value(raw["age"], _read_ages)
    one_age = tell_totals(raw["age"], "ages", file)
    readable = (code != "") & (age >= 0)
    fine = [
        bool(one_age.all()),
        check_values(raw["nis_code"], code != "", "not a NIS code", file),
        check_values(raw["age"], ~one_age | (age >= 0), "not an age in years", file),
    ]
    sex = pd.Series("", index=raw.index)
    if "sex" in raw:
        sex = _read_by_value(raw["sex"], lambda values: values.str.lower().map(_SEXES).fillna(""))
        one_sex = tell_totals(raw["sex"], "sexes", file)
        fine.append(bool(one_sex.all()))
        fine.append(check_values(raw["sex"], ~one_sex | (sex != ""), "not F or M", file))
        readable &= sex != ""
    count = _read_counts(raw["children"], file)
    people = pd.DataFrame({"nis_code": code, "age": age, "sex": sex})
    # Texts are looked at once each: rows are told apart by their numbers.
    further = further.astype("category")
    apart = [people, further.add_prefix("further "), raw.reindex(columns=["year"])]
    keys = pd.concat(apart, axis=1).apply(lambda column: pd.factorize(column)[0])
    fine.append(_report_repeats(people[readable], keys[readable], file))
    if count is None or not all(fine):
        return None
    # Rows of Statbel repeat these by nationality and civil status: parts of one number.
    added = may_be_added(keys[list(people)], further, count, file)
    return people.assign(children=count) if added else None


def _has_columns(raw: pd.DataFrame, names: Mapping[str, Iterable[str]], file: OpenedFile) -> bool:
    """Report columns that are missing, with names for them, or that there are no rows."""
    missing = [name for name in names if name not in raw]
    for name in missing:
        file.error(f"has no column for {name}", f"name it {' or '.join(names[name])}")
    if raw.empty and not missing:
        file.error("holds no rows below its header")
    return not (missing or raw.empty)


def _report_repeats(people: pd.DataFrame, keys: pd.DataFrame, file: OpenedFile) -> bool:
    """Report rows that count the same people: those whose `keys` are all equal.

    The numbers may differ: who is counted twice is counted twice.
    """
    repeated = keys[keys.duplicated(keep=False)]
    if repeated.empty:
        return True
    group = pd.Series(repeated.groupby(list(keys), dropna=False, sort=False).ngroup())
    told = []
    for number in range(min(3, group.max() + 1)):
        rows = group.index[group == number]
        who = ", ".join(str(value) for value in people.loc[rows[0]] if value != "")
        times = "twice" if len(rows) == 2 else f"{len(rows)} times"
        told.append(f"{who} is given {times} (rows {say_list(rows.tolist(), 5)})")
    more = group.max() + 1 - len(told)
    file.error_at(
        f"row {keys.index[keys.duplicated()][0]}",
        "; ".join(told) + (f"; {more} more are" if more else ""),
        "keep one row of each, or add them up",
    )
    return False


def _read_counts(column: pd.Series, file: OpenedFile) -> pd.Series | None:
    """Read numbers of people, each and all together no more than a country can hold."""
    count = read_numbers(column, file, whole=True)
    if count is None:
        return None
    whole = (count >= 0) & np.isfinite(count) & (count == count.round())
    fine = [
        check_values(column, whole, "not a whole number of 0 or more", file),
        check_values(column, ~whole | (count <= _MOST), "more than Belgium has residents", file),
    ]
    if not all(fine):
        return None
    count = count.astype("int64")
    if count.sum() > _MOST:
        file.error(
            f"counts {count.sum()} people in '{column.name}', more than Belgium has residents",
            "give each person once, at one date",
        )
        return None
    return count


def _read_by_value(column: pd.Series, read: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """Read a column whose values repeat, looking at each different value once."""
    codes, values = pd.factorize(column)
    return read(pd.Series(values)).iloc[codes].set_axis(column.index)


def _read_codes(values: pd.Series) -> pd.Series:
    """NIS codes; those of the country and its regions also where a spreadsheet took their 0."""
    return as_codes(values.str.replace(r"^([1-4]000)$", r"0\1", regex=True))


def _read_ages(values: pd.Series) -> pd.Series:
    """Years of age; "100+" and the like are their number. -1 where the text is no age."""
    number = as_numbers(values.str.replace(r"\s*\+$", "", regex=True))
    fine = number.between(0, OLDEST) & (number == number.round())
    return number.where(fine, -1).astype("int64")


def _find_year(raw: pd.DataFrame, given: Input, file: OpenedFile) -> int | None:
    """Year that the population is of: a column of it, or the date in the study."""
    if "year" in raw:
        years = sorted(set(raw["year"].unique()) - {""})
        if len(years) > 1:
            file.error(f"holds several years: {say_list(years)}", "keep the year wanted")
        elif years and not as_numbers(pd.Series(years)).isin(_YEARS).all():
            file.error(f"its year is '{clean_text(years[0], 30)}'", "write it as 2022")
        elif years:
            return int(as_numbers(pd.Series(years))[0])
    day = given.date or find_day_in_name(file.name)
    return day.year if day else None


def _date_file(given: Provenance, year: int | None) -> Provenance:
    """Date a file that the study does not: Statbel counts on 1 January."""
    return given if given.date or year is None else replace(given, date=dt.date(year, 1, 1))


def _keep_flemish_people(table: pd.DataFrame, file: OpenedFile) -> pd.DataFrame:
    """Leave out Brussels and Wallonia, counted; report codes that exist nowhere."""
    codes = pd.Series(table["nis_code"].unique())
    districts = set(codes[is_district(codes)]) - vintages.known_codes()
    walloon = set(codes[codes.map(vintages.is_walloon)]) - vintages.known_codes() - districts
    brussels, wallonia = vintages.IN_BRUSSELS, vintages.IN_WALLONIA
    for region, members in ((brussels, vintages.brussels_codes()), (wallonia, walloon)):
        people = int(table.loc[are_among(table["nis_code"], members), "children"].sum())
        if people:
            file.note(
                say(
                    "{people} of {region} left out",
                    "{people} van {region} weggelaten",
                    "laissé de côté : {people} de {region}",
                    people=say_count(people, "person"),
                    region=region,
                )
            )
    if districts:
        totals = table[table["nis_code"].isin(districts)]
        tell_districts(totals["nis_code"], totals["children"], file)
    unknown = sorted(set(codes) - vintages.known_codes() - walloon - districts)
    if unknown:
        rows = table.index[table["nis_code"].isin(unknown)]
        number = say_count(int(table.loc[rows, "children"].sum()), "person")
        what = "unknown NIS code" if len(unknown) == 1 else "unknown NIS codes"
        file.error_at(
            f"row {rows[0]}",
            f"{what}: {say_list(unknown)} ({number})",
            "correct them; codes of 2018, 2024 and 2025 are known, older ones are not",
        )
    flemish = vintages.known_codes() - vintages.brussels_codes()
    return table[are_among(table["nis_code"], flemish)]


def _find_vintage(
    people: pd.DataFrame, wanted: int, year: int | None, file: OpenedFile
) -> int | None:
    """Tell of which vintage the codes are; going forward, whole merged municipalities only."""
    if people.empty:
        file.error("holds no Flemish municipality")
        return None
    present = set(people["nis_code"].unique())
    try:
        given = vintages.identify_vintage(present, wanted, year)
    except UnreadableError as error:
        file.error(error.what, error.mend)
        return None
    of_year = (
        Said("year not given", "jaar niet opgegeven", "année non indiquée")
        if year is None
        else say(
            "population of {year}", "bevolking van {year}", "population de {year}", year=str(year)
        )
    )
    codes = vintages.say_codes(given, wanted)
    file.note(say("{of}, {codes}", "{of}, {codes}", "{of}, {codes}", of=of_year, codes=codes))
    if given < wanted:
        check_parts(present, given, wanted, file)
    return given


def _convert_people(
    people: pd.DataFrame, given: int, wanted: int, basis: list[str]
) -> pd.DataFrame:
    """Bring people to the study's vintage; back, in proportion to those of 2015 in `basis`."""
    known = facts.list_municipalities()
    weights = known[basis].sum(axis=1).groupby(known[f"nis{wanted}"]).sum()
    return vintages.convert_counts(people, ["children"], given, wanted, weights)


def _convert_children(people: pd.DataFrame, given: int, wanted: int) -> pd.DataFrame:
    """Bring children to the study's vintage, those of each part of a merger by themselves."""
    if given < wanted:
        people = people.assign(part=people["nis_code"])
    found = _convert_people(people, given, wanted, _CHILDREN_2015)
    if given >= wanted:
        found = found.assign(part=found["nis_code"])
    keys = ["nis_code", "part", "age", "sex"]
    return found[[*keys, "children", "estimated"]].sort_values(keys, ignore_index=True)


def _warn_of_estimate(children: pd.DataFrame, given: int, wanted: int, file: OpenedFile) -> None:
    """Say how many municipalities of a later vintage were divided, if any."""
    parts = set(children.loc[children["estimated"], "nis_code"])
    if parts:
        merged = set(vintages.bring_forward(parts, wanted, given))
        years = {"given": str(given), "wanted": str(wanted)}
        file.warn(
            say(
                "has the municipality codes of {given}, later than the study's {wanted}: the "
                "children of {merged} are divided over the parts, in proportion to the children "
                "there on 1 January 2015",
                "heeft de gemeentecodes van {given}, later dan die van de studie ({wanted}): de "
                "kinderen van {merged} zijn over de delen verdeeld, naar verhouding van de "
                "kinderen daar op 1 januari 2015",
                "a les codes de communes de {given}, postérieurs à ceux de l’étude ({wanted}) : "
                "les enfants de {merged} sont répartis entre les parties, en proportion des "
                "enfants qui y vivaient le 1er janvier 2015",
                **years,
                merged=say_count(len(merged), "merged municipality"),
            ),
            say(
                "that is an estimate; set vintage = {given} under [study], or give a file of "
                "{wanted}",
                "dat is een schatting; zet vintage = {given} onder [study], of geef een bestand "
                "van {wanted}",
                "c’est une estimation ; écrivez vintage = {given} sous [study], ou donnez un "
                "fichier de {wanted}",
                **years,
            ),
        )


def _check_ages(
    given: pd.Series, counted: pd.Series, wanted: frozenset[int], file: OpenedFile
) -> None:
    """Report a file that begins or ends within the ages wanted; an age between may have nobody."""
    first, last = int(given.min()), int(given.max())
    beyond = sorted(age for age in wanted if not first <= age <= last)
    if counted.empty:
        file.error(f"has nobody of the ages studied: its ages are {first} to {last}")
    elif beyond:
        file.warn(
            say(
                "has nobody of {ages}, ages that the study counts",
                "telt niemand van {ages} jaar, leeftijden die de studie meetelt",
                "ne compte personne de {ages} ans, des âges que l’étude compte",
                ages=say_list(beyond),
            ),
            say(
                "give a file of all its ages, or leave them out of its bands",
                "geef een bestand met al die leeftijden, of laat ze weg uit de leeftijdsgroepen",
                "donnez un fichier de tous ces âges, ou retirez-les des groupes d’âge",
            ),
        )


def _check_complete(present: pd.Series, study_area: pd.DataFrame, file: OpenedFile) -> None:
    """Report municipalities of which the file has nobody; that none is of the ages is no error."""
    without = study_area[~study_area["nis_code"].isin(present)]
    if len(without):
        number = say_count(len(without), "municipality")
        file.error(
            f"no population for {number} of the study: {say_list(label_places(without).tolist())}",
            "the file may be cut off; give one with all of them",
        )


def _keep_study_towns(
    children: pd.DataFrame, study_area: pd.DataFrame, file: OpenedFile
) -> pd.DataFrame:
    """Keep the municipalities of the study; the others are counted."""
    inside = children["nis_code"].isin(study_area["nis_code"])
    if not inside.all():
        elsewhere = children[~inside]
        number = say_count(elsewhere["nis_code"].nunique(), "municipality")
        file.note(
            say(
                "{children} in {number} outside the study left out",
                "{children} in {number} buiten de studie weggelaten",
                "laissé de côté, hors de l’étude : {children} dans {number}",
                children=say_count(int(elsewhere["children"].sum()), "child"),
                number=number,
            )
        )
    return children[inside].reset_index(drop=True)


# --- Totals by zone ----------------------------------------------------------------------------


def load_zone_population(
    given: Input,
    zones: pd.DataFrame,
    residents: pd.Series | None,
    findings: Findings,
    children: pd.DataFrame | None = None,
    *,
    take_codes: Callable[[frozenset[str]], pd.DataFrame | None] | None = None,
    around: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame | None, Provenance | None]:
    """Read the total population of each zone (Statbel OPENDATA_SECTOREN, or a CSV or Excel file).

    Parameters
    ----------
    given
        The file.
    zones
        As `read_zones` returns them.
    residents
        Of all ages by nis_code, as `Population` has them; None when not known. Where the zones of
        a municipality add up to another number, one warning says so.
    findings
        Takes the problems.
    children
        nis_code, children, any number of rows for each municipality. When the residents are not
        known, zones that add up to fewer people than their municipality has children are told.
    take_codes
        Reads the table of old and new codes, given those of the file; None without one.
    around
        The zones beside those of the study, whose codes are known too.

    Returns
    -------
    DataFrame or None
        zone_id, population (int64), a row for each zone in its order; 0 where the file has none,
        and a warning then. None when the file cannot be used.
    """
    with open_input(given, "zone_population", findings) as file:
        if file is None:
            return None, None
        raw = read_table(file, _ZONE_COLUMNS)
        every = zones if around is None or around.empty else pd.concat([zones, around])
        totals = None if raw is None else _read_zone_totals(raw, every, file)
        if totals is not None and take_codes is not None and len(zones):
            pairs = take_codes(frozenset(totals.rows["zone_id"]))
            totals = None if pairs is None else totals.bring(pairs)
        if totals is None:
            return None, file.provenance
        population = _match_zones(totals, zones, file)
        if population is None:
            return None, file.provenance
        in_zones = population["population"].groupby(zones["nis_code"]).sum()
        if residents is not None:
            _compare_totals(in_zones, residents, file)
        else:
            file.note(
                Said(
                    "not compared: the population file does not hold all ages",
                    "niet vergeleken: het bevolkingsbestand telt niet alle leeftijden",
                    "pas comparé : le fichier de population n’a pas tous les âges",
                )
            )
            if children is not None:
                _warn_of_too_few(in_zones, children, file)
        return population, file.provenance


def _read_zone_totals(
    raw: pd.DataFrame, zones: pd.DataFrame, file: OpenedFile
) -> ZoneTotals | None:
    """Read the population of each zone, by its id."""
    names = {name: [one.upper() for one in _ZONE_COLUMNS[name][:2]] for name in _OF_ZONES}
    if not _has_columns(raw, names, file):
        return None
    count = _read_counts(raw["population"], file)
    zone_id = raw["zone_id"].map(strip_control)
    twice = zone_id[zone_id.duplicated()]
    if len(twice):
        file.error_at(
            f"row {twice.index[0]}",
            f"zones given more than once: {say_list(sorted(set(twice)))}",
            "give each zone once",
        )
    if count is None or len(twice):
        return None
    towns = _read_by_value(raw["nis_code"], _read_codes) if "nis_code" in raw else ""
    rows = pd.DataFrame({"zone_id": zone_id, "nis_code": towns, "population": count})
    return ZoneTotals(rows, zones, file)


def _match_zones(found: ZoneTotals, zones: pd.DataFrame, file: OpenedFile) -> pd.DataFrame | None:
    """Give each zone of the study its total."""
    if zones.empty:
        # Why there are none has been told of another file.
        return None
    totals = found.rows.groupby("zone_id", sort=False)["population"].sum()
    known = zones["zone_id"].isin(totals.index)
    if not known.any():
        file.error(
            f"none of its zones (such as {clean_text(str(totals.index[0]), 30)}) is a zone of "
            "the study "
            f"(such as {clean_text(str(zones['zone_id'].iloc[0]), 30)})",
            "give totals for the same zones, or a table of old and new codes under [inputs] "
            "zone_codes",
        )
        return None
    if not found.check_met():
        return None
    left = totals[~totals.index.isin(zones["zone_id"])]
    if len(left):
        people = say_count(int(left.sum()), "person")
        file.note(
            say(
                "{people} in {zones} outside the study left out",
                "{people} in {zones} buiten de studie weggelaten",
                "laissé de côté, hors de l’étude : {people} dans {zones}",
                people=people,
                zones=say_count(len(left), "zone"),
            )
        )
    population = zones["zone_id"].map(totals).fillna(0).astype("int64")
    _warn_of_no_totals(population, known, zones, file)
    return pd.DataFrame({"zone_id": zones["zone_id"], "population": population})


def _warn_of_no_totals(
    population: pd.Series, known: pd.Series, zones: pd.DataFrame, file: OpenedFile
) -> None:
    """Tell which zones have no total, and which municipalities have none at all."""
    empty = population.groupby(zones["nis_code"]).transform("sum") == 0
    lacking = zones.loc[~known & ~empty, "zone_id"].tolist()
    if lacking:
        file.warn(
            say(
                "no total for {zones}: {names}",
                "geen totaal voor {zones}: {names}",
                "pas de total pour {zones} : {names}",
                zones=say_count(len(lacking), "zone"),
                names=say_list(lacking),
            ),
            say("0 is taken", "daar is 0 genomen", "0 est retenu"),
        )
    codes = sorted(zones.loc[empty, "nis_code"].unique())
    if codes:
        file.warn(
            say(
                "no total above 0 for any zone of {towns}: {names}",
                "geen enkele zone met een totaal boven 0 in {towns}: {names}",
                "aucune zone avec un total au-dessus de 0 dans {towns} : {names}",
                towns=say_count(len(codes), "municipality"),
                names=say_list([f"{code} {vintages.name_of(code)}" for code in codes]),
            ),
            say(
                "the children there are shared out over the zones by their area",
                "de kinderen daar zijn over de zones verdeeld naar hun oppervlakte",
                "les enfants y sont répartis entre les zones selon leur superficie",
            ),
        )


def _compare_totals(in_zones: pd.Series, residents: pd.Series, file: OpenedFile) -> None:
    """Warn, in one line, of municipalities whose zones add up to another number of residents."""
    both = pd.DataFrame({"zones": in_zones, "municipality": residents}).dropna().astype("int64")
    apart = (both["zones"] - both["municipality"]).abs()
    differ = both.assign(apart=apart)[apart > 0]
    if differ.empty:
        return
    worst = differ.sort_index().sort_values("apart", ascending=False, kind="stable")
    called = [
        _say_against(code, zones, all_)
        for code, zones, all_ in worst[["zones", "municipality"]].itertuples()
    ]
    file.warn(
        say(
            "its zones and the population file differ on the residents of {differ} of {towns}: "
            "{in_zones} in zones against {in_all} in all; most in {names}",
            "de zones en het bevolkingsbestand verschillen van inwonertal in {differ} van de "
            "{towns}: {in_zones} in de zones tegenover {in_all} in totaal; het meest in {names}",
            "les zones et le fichier de population diffèrent sur le nombre d’habitants pour "
            "{differ} sur {towns} : {in_zones} dans les zones contre {in_all} au total ; "
            "surtout à {names}",
            differ=say_amount(len(differ)),
            towns=say_count(len(both), "municipality"),
            in_zones=say_amount(both["zones"].sum()),
            in_all=say_amount(both["municipality"].sum()),
            names=say_list(called, 3),
        ),
        say(
            "the municipality's total is used; the zones only share it out",
            "het totaal van de gemeente telt; de zones verdelen het alleen",
            "c’est le total de la commune qui compte ; les zones ne font que le répartir",
        ),
    )


def _say_against(code: object, in_zones: int, given: int) -> Said:
    """Write a municipality with what its zones hold against what is given of it."""
    return say(
        "{town} {in_zones} against {given}",
        "{town} {in_zones} tegenover {given}",
        "{town} {in_zones} contre {given}",
        town=f"{code} {vintages.name_of(str(code))}",
        in_zones=say_amount(in_zones),
        given=say_amount(given),
    )


def _warn_of_too_few(in_zones: pd.Series, children: pd.DataFrame, file: OpenedFile) -> None:
    """Warn of municipalities with more children than people in their zones."""
    own = children.groupby("nis_code")["children"].sum()
    both = pd.DataFrame({"zones": in_zones, "children": own}).dropna().astype("int64")
    # Those without any total have been told.
    fewer = both[(both["zones"] > 0) & (both["zones"] < both["children"])]
    if fewer.empty:
        return
    told = [
        _say_against(code, zones, own)
        for code, zones, own in fewer[["zones", "children"]].itertuples()
    ]
    file.warn(
        say(
            "has fewer people in the zones than there are children in {towns}: {names}",
            "telt in de zones minder inwoners dan er kinderen zijn in {towns}: {names}",
            "compte dans les zones moins d’habitants que d’enfants dans {towns} : {names}",
            towns=say_count(len(fewer), "municipality"),
            names=say_list(told, 3),
        ),
        say(
            "give totals of all residents; the zones only share the children out",
            "geef totalen van alle inwoners; de zones verdelen alleen de kinderen",
            "donnez les totaux de tous les habitants ; les zones ne font que répartir les enfants",
        ),
    )
