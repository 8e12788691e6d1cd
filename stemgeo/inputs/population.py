"""How many children live where: by municipality, age and sex, and totals by zone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from stemgeo import facts
from stemgeo.errors import Findings
from stemgeo.inputs import vintages
from stemgeo.inputs.boundaries import as_input
from stemgeo.inputs.cells import as_numbers, read_table
from stemgeo.inputs.files import OpenedFile, Provenance, clean, opened, strip_control
from stemgeo.inputs.formats import UnreadableError
from stemgeo.inputs.vectors import as_codes, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
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

_ZONE_COLUMNS = {
    "zone_id": ("cd_sector", "zone_id", "sector", "cs01012020", "nis9", "geoitem"),
    "population": ("total", "population", "ms_population", "bevolking", "inwoners", "aantal"),
}
_SEXES = {"f": "F", "m": "M", "v": "F", "vrouw": "F", "man": "M", "female": "F", "male": "M"}
_OLDEST = 120
_RETIRED = range(65, _OLDEST + 1)
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
        nis_code (of the study's vintage), age, sex ("F", "M", or "" when the file does not say),
        children (int64); the ages asked for, one row each.
    residents
        Residents of all ages (int64) by nis_code of the study's vintage; None when the file does
        not hold all ages.
    year
        Of the count, on 1 January; None when neither the file nor the study says.
    vintage
        Of the codes in the file.
    """

    children: pd.DataFrame
    residents: pd.Series | None
    year: int | None
    vintage: int


def read_population(
    path: str | Path | Input,
    *,
    ages: Iterable[int] = range(5, 18),
    vintage: int = 2025,
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
    return population.children


def load_population(
    given: Input,
    ages: frozenset[int],
    vintage: int,
    study_area: pd.DataFrame | None,
    findings: Findings,
) -> tuple[Population, Provenance | None]:
    """As `read_population`, for the municipalities of the study (None: all of Flanders)."""
    nothing = pd.DataFrame(
        {"nis_code": pd.Series(dtype=str), "age": pd.Series(dtype="int64")}
    ).assign(sex=pd.Series(dtype=str), children=pd.Series(dtype="int64"))
    unusable = Population(nothing, None, None, vintage)
    with opened(given, "population", findings) as file:
        if file is None:
            return unusable, None
        raw = read_table(file, _COLUMNS)
        people = None if raw is None else _checked(raw, file)
        if raw is None or people is None:
            return unusable, file.provenance
        people = _flemish(people, file)
        year = _year(raw, given, file)
        origin = _vintage_of(people, vintage, year, file)
        if origin is None:
            return unusable, file.provenance
        counted = people[people["age"].isin(ages)]
        _check_ages(people["age"], counted["age"], ages, file)
        children = _in_vintage(counted, origin, vintage, _CHILDREN_2015)
        everyone = _in_vintage(people[["nis_code", "children"]], origin, vintage, _RESIDENTS_2015)
        if study_area is not None:
            _check_complete(everyone["nis_code"], study_area, file)
            children = _of_study(children, study_area, file)
            everyone = everyone[everyone["nis_code"].isin(study_area["nis_code"])]
        _warn_of_estimate(children, origin, vintage, file)
        children = children.drop(columns="estimated")
        residents = None
        if people["age"].isin(_RETIRED).any():
            residents = everyone.set_index("nis_code")["children"].rename("residents")
        file.note(
            f"{len(raw)} rows read, {children['children'].sum()} children of the ages studied"
        )
        return Population(children, residents, year, origin), file.provenance


def _checked(raw: pd.DataFrame, file: OpenedFile) -> pd.DataFrame | None:
    """Turn text into codes, ages, sexes and counts; every value that is none is told by row."""
    missing = [name for name in ("nis_code", "age", "children") if name not in raw]
    for name in missing:
        file.error(
            f"has no column for {name}",
            f"name it {_COLUMNS[name][0].upper()} or {name}",
        )
    if missing:
        return None
    if raw.empty:
        file.error("holds no rows below its header")
        return None
    code = _by_value(raw["nis_code"], as_codes)
    age = _by_value(raw["age"], _as_ages)
    fine = [
        _accept(raw["nis_code"], code != "", "not a NIS code", file),
        _accept(raw["age"], age >= 0, "not an age in years", file),
    ]
    sex = pd.Series("", index=raw.index)
    if "sex" in raw:
        sex = _by_value(raw["sex"], lambda values: values.str.lower().map(_SEXES).fillna(""))
        fine.append(_accept(raw["sex"], sex != "", "not F or M", file))
    count = _counts(raw["children"], file)
    if count is None or not all(fine):
        return None
    return pd.DataFrame({"nis_code": code, "age": age, "sex": sex, "children": count})


def _counts(column: pd.Series, file: OpenedFile) -> pd.Series | None:
    """Read numbers of people, each and all together no more than a country can hold."""
    count = _by_value(column, as_numbers)
    whole = (count >= 0) & np.isfinite(count) & (count == count.round())
    fine = [
        _accept(column, whole, "not a whole number of 0 or more", file),
        _accept(column, ~whole | (count <= _MOST), "more than Belgium has residents", file),
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


def _by_value(column: pd.Series, read: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """Read a column whose values repeat, looking at each different value once."""
    codes, values = pd.factorize(column)
    return pd.Series(np.asarray(read(pd.Series(values)))[codes], index=column.index)


def _as_ages(values: pd.Series) -> pd.Series:
    """Years of age; "100+" and the like are their number. -1 where the text is no age."""
    number = as_numbers(values.str.replace(r"\s*\+$", "", regex=True))
    fine = number.between(0, _OLDEST) & (number == number.round())
    return number.where(fine, -1).astype("int64")


def _accept(column: pd.Series, fine: pd.Series, otherwise: str, file: OpenedFile) -> bool:
    """Report values that are not fine: the first by row, the rest as a count."""
    rows = column.index[~fine]
    if len(rows):
        more = f"; {len(rows) - 1} more such rows" if len(rows) > 1 else ""
        value = clean(str(column[rows[0]]), 30)
        shown = f"'{value}'" if value else "empty"
        file.error_at(
            f"row {rows[0]}",
            f"'{column.name}' is {shown}, {otherwise}{more}",
            "correct it in the file",
        )
    return not len(rows)


def _year(raw: pd.DataFrame, given: Input, file: OpenedFile) -> int | None:
    """Year that the population is of: a column of it, or the date in the study."""
    if "year" in raw:
        years = sorted(set(raw["year"]) - {""})
        if len(years) > 1:
            file.error(f"holds several years: {listed(years)}", "keep the year wanted")
        elif years and not as_numbers(pd.Series(years)).isin(_YEARS).all():
            file.error(f"its year is '{clean(years[0], 30)}'", "write it as 2022")
        elif years:
            return int(as_numbers(pd.Series(years))[0])
    return given.date.year if given.date else None


def _flemish(table: pd.DataFrame, file: OpenedFile) -> pd.DataFrame:
    """Leave out Brussels and Wallonia, counted; report codes that exist nowhere."""
    codes = pd.Series(table["nis_code"].unique())
    walloon = set(codes[codes.map(vintages.is_walloon)]) - vintages.known()
    for region, members in (("Brussels", vintages.brussels()), ("Wallonia", walloon)):
        people = int(table.loc[table["nis_code"].isin(members), "children"].sum())
        if people:
            file.note(f"{people} people of {region} left out")
    unknown = sorted(set(codes) - vintages.known() - walloon)
    if unknown:
        rows = table.index[table["nis_code"].isin(unknown)]
        people = int(table.loc[rows, "children"].sum())
        file.error_at(
            f"row {rows[0]}",
            f"unknown NIS codes: {listed(unknown)} ({people} people)",
            "correct them; codes of 2018, 2024 and 2025 are known, older ones are not",
        )
    return table[table["nis_code"].isin(vintages.known() - vintages.brussels())]


def _vintage_of(
    people: pd.DataFrame, wanted: int, year: int | None, file: OpenedFile
) -> int | None:
    """Tell of which vintage the codes are; going forward, whole merged municipalities only."""
    if people.empty:
        file.error("holds no Flemish municipality")
        return None
    present = set(people["nis_code"])
    try:
        given = vintages.identify(present, wanted, year)
    except UnreadableError as error:
        file.error(error.what, error.mend)
        return None
    of_year = "year not given" if year is None else f"population of {year}"
    brought = "" if given == wanted else f", brought to {wanted}"
    file.note(f"{of_year}, codes of {given}{brought}")
    if given < wanted:
        _check_parts(present, given, wanted, file)
    return given


def _check_parts(present: set[str], given: int, wanted: int, file: OpenedFile) -> None:
    """Report merged municipalities of which only some parts are there."""
    for code in sorted(set(vintages.forward(present, given, wanted))):
        absent = sorted(vintages.parts(code, wanted, given) - present)
        if absent:
            called = [f"{old} {vintages.names(given)[old]}" for old in absent]
            file.error(
                f"{code} {vintages.names(wanted)[code]} of {wanted} lacks {listed(called)}",
                "give all municipalities that merged",
            )


def _in_vintage(people: pd.DataFrame, given: int, wanted: int, basis: list[str]) -> pd.DataFrame:
    """Bring people to the study's vintage; back, in proportion to those of 2015 in `basis`."""
    known = facts.municipalities()
    weights = known[basis].sum(axis=1).groupby(known[f"nis{wanted}"]).sum()
    return vintages.convert(people, ["children"], given, wanted, weights)


def _warn_of_estimate(children: pd.DataFrame, given: int, wanted: int, file: OpenedFile) -> None:
    """Say how many municipalities of a later vintage were divided, if any."""
    parts = set(children.loc[children["estimated"], "nis_code"])
    if parts:
        merged = set(vintages.forward(parts, wanted, given))
        file.warn(
            f"has the municipality codes of {given}, later than the study's {wanted}: the children "
            f"of {len(merged)} merged municipalities are divided over their parts, in proportion "
            "to the children there on 1 January 2015",
            f"that is an estimate; set vintage = {given} under [study], or give a file of {wanted}",
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
            f"has nobody of {listed(beyond)}, ages that the study counts",
            "give a file of all its ages, or leave them out of its bands",
        )


def _check_complete(present: pd.Series, study_area: pd.DataFrame, file: OpenedFile) -> None:
    """Report municipalities of which the file has nobody; that none is of the ages is no error."""
    without = study_area[~study_area["nis_code"].isin(present)]
    if len(without):
        called = (without["nis_code"] + " " + without["name"]).tolist()
        file.error(
            f"no population for {len(without)} municipalities of the study: {listed(called)}",
            "the file may be cut off; give one with all of them",
        )


def _of_study(children: pd.DataFrame, study_area: pd.DataFrame, file: OpenedFile) -> pd.DataFrame:
    """Keep the municipalities of the study; the others are counted."""
    inside = children["nis_code"].isin(study_area["nis_code"])
    if not inside.all():
        elsewhere = children[~inside]
        file.note(
            f"{int(elsewhere['children'].sum())} children in {elsewhere['nis_code'].nunique()} "
            "municipalities outside the study left out"
        )
    return children[inside].reset_index(drop=True)


# --- Totals by zone ----------------------------------------------------------------------------


def load_zone_population(
    given: Input, zones: pd.DataFrame, residents: pd.Series | None, findings: Findings
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

    Returns
    -------
    DataFrame or None
        zone_id, population (int64), a row for each zone in its order; 0 where the file has none,
        and a warning then. None when the file cannot be used.
    """
    with opened(given, "zone_population", findings) as file:
        if file is None:
            return None, None
        raw = read_table(file, _ZONE_COLUMNS)
        totals = None if raw is None else _zone_totals(raw, file)
        if totals is None:
            return None, file.provenance
        population = _for_zones(totals, zones, file)
        if population is not None and residents is not None:
            _compare(population["population"].groupby(zones["nis_code"]).sum(), residents, file)
        return population, file.provenance


def _zone_totals(raw: pd.DataFrame, file: OpenedFile) -> pd.Series | None:
    """Read the population of each zone, by its id."""
    missing = [name for name in _ZONE_COLUMNS if name not in raw]
    for name in missing:
        names = " or ".join(one.upper() for one in _ZONE_COLUMNS[name][:2])
        file.error(f"has no column for {name}", f"name it {names}")
    if missing:
        return None
    count = _counts(raw["population"], file)
    zone_id = raw["zone_id"].map(strip_control)
    twice = zone_id[zone_id.duplicated()]
    if len(twice):
        file.error_at(
            f"row {twice.index[0]}",
            f"zones given more than once: {listed(sorted(set(twice)))}",
            "give each zone once",
        )
    if count is None or len(twice):
        return None
    return pd.Series(count.to_numpy(), index=zone_id.to_numpy())


def _for_zones(totals: pd.Series, zones: pd.DataFrame, file: OpenedFile) -> pd.DataFrame | None:
    """Give each zone of the study its total."""
    if zones.empty:
        # Why there are none has been told of another file.
        return None
    known = zones["zone_id"].isin(totals.index)
    if not known.any():
        file.error(
            f"none of its zones (such as {clean(str(totals.index[0]), 30)}) is a zone of the study "
            f"(such as {clean(str(zones['zone_id'].iloc[0]), 30)})",
            "give totals for the same zones",
        )
        return None
    if not known.all():
        called = listed(zones.loc[~known, "zone_id"].tolist())
        file.warn(f"no total for {int((~known).sum())} zones: {called}", "0 is taken")
    left = totals[~totals.index.isin(zones["zone_id"])]
    if len(left):
        file.note(f"{int(left.sum())} people in {len(left)} zones outside the study left out")
    population = zones["zone_id"].map(totals).fillna(0).astype("int64")
    return pd.DataFrame({"zone_id": zones["zone_id"], "population": population})


def _compare(in_zones: pd.Series, residents: pd.Series, file: OpenedFile) -> None:
    """Warn, in one line, of municipalities whose zones add up to another number of residents."""
    both = pd.DataFrame({"zones": in_zones, "municipality": residents}).dropna().astype("int64")
    apart = (both["zones"] - both["municipality"]).abs()
    differ = both.assign(apart=apart)[apart > 0]
    if differ.empty:
        return
    worst = differ.sort_index().sort_values("apart", ascending=False, kind="stable")
    called = [
        f"{row.Index} {vintages.name_of(str(row.Index))} {row.zones} against {row.municipality}"
        for row in worst.itertuples()
    ]
    file.warn(
        f"its zones and the population file differ on the residents of {len(differ)} of "
        f"{len(both)} municipalities: {both['zones'].sum()} in zones against "
        f"{both['municipality'].sum()} in all; most in {listed(called, 3)}",
        "the municipality's total is used; the zones only share it out",
    )
