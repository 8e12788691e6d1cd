"""How many children live where: by municipality, age and sex, and totals by zone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

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
_MOST = 2**40


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
        nis_code, age, sex and children.
    ages
        Years of age wanted.
    vintage
        Of the codes wanted: 2018, 2024 or 2025. Earlier codes in the file are brought forward.

    Returns
    -------
    DataFrame
        nis_code, age, sex ("F", "M"), children (int64), one row each.

    Raises
    ------
    InputError
        With every problem of the file.
    """
    findings = Findings()
    frame, _ = load_population(as_input(path), frozenset(ages), vintage, None, findings)
    findings.raise_errors()
    return frame


def load_population(
    given: Input,
    ages: frozenset[int],
    vintage: int,
    study_area: pd.DataFrame | None,
    findings: Findings,
) -> tuple[pd.DataFrame, Provenance | None]:
    """As `read_population`, for the municipalities of the study (None: all of Flanders)."""
    nothing = pd.DataFrame(
        {"nis_code": pd.Series(dtype=str), "age": pd.Series(dtype="int64")}
    ).assign(sex=pd.Series(dtype=str), children=pd.Series(dtype="int64"))
    with opened(given, "population", findings) as file:
        if file is None:
            return nothing, None
        raw = read_table(file, _COLUMNS)
        table = None if raw is None else _checked(raw, file)
        if raw is None or table is None:
            return nothing, file.provenance
        table = _flemish(table, file)
        table = _in_vintage(table, vintage, _year(raw, given, file), file)
        if table is None:
            return nothing, file.provenance
        children = table[table["age"].isin(ages)]
        keys = ["nis_code", "age", "sex"]
        summed = children.groupby(keys, sort=True)["children"].sum().reset_index()
        summed = _of_study(summed, study_area, file)
        file.note(f"{len(raw)} rows read, {summed['children'].sum()} children of the ages studied")
        return summed, file.provenance


def _checked(raw: pd.DataFrame, file: OpenedFile) -> pd.DataFrame | None:
    """Turn text into codes, ages, sexes and counts; every value that is none is told by row."""
    missing = [name for name in ("nis_code", "age", "sex", "children") if name not in raw]
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
    sex = _by_value(raw["sex"], lambda values: values.str.lower().map(_SEXES).fillna(""))
    count = _by_value(raw["children"], as_numbers)
    _refuse(raw["nis_code"], code == "", "a NIS code", file)
    _refuse(raw["age"], age < 0, "an age in years", file)
    _refuse(raw["sex"], sex == "", "F or M", file)
    wrong = ~(count >= 0) | (count != count.round()) | (count > _MOST)
    _refuse(raw["children"], wrong, "a whole number of 0 or more", file)
    if ((code == "") | (age < 0) | (sex == "") | wrong).any():
        return None
    return pd.DataFrame(
        {"nis_code": code, "age": age, "sex": sex, "children": count.astype("int64")}
    )


def _by_value(column: pd.Series, read: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """Read a column whose values repeat, looking at each different value once."""
    codes, values = pd.factorize(column)
    return pd.Series(np.asarray(read(pd.Series(values)))[codes], index=column.index)


def _as_ages(values: pd.Series) -> pd.Series:
    """Years of age; "100+" and the like are their number. -1 where the text is no age."""
    number = as_numbers(values.str.replace(r"\s*\+$", "", regex=True))
    fine = number.between(0, _OLDEST) & (number == number.round())
    return number.where(fine, -1).astype("int64")


def _refuse(column: pd.Series, wrong: pd.Series, must: str, file: OpenedFile) -> None:
    """Report values that are not what they must be: the first by row, the rest as a count."""
    if not wrong.any():
        return
    rows = column.index[wrong]
    more = f"; {len(rows) - 1} more such rows" if len(rows) > 1 else ""
    value = clean(str(column[rows[0]]), 30)
    file.error_at(
        f"row {rows[0]}",
        f"'{column.name}' is '{value}', not {must}{more}",
        "correct it in the file",
    )


def _year(raw: pd.DataFrame, given: Input, file: OpenedFile) -> int | None:
    """Year that the population is of: a column of it, or the date in the study."""
    if "year" in raw:
        years = raw["year"].unique()
        if len(years) > 1:
            file.error(f"holds several years: {listed(sorted(years))}", "keep the year wanted")
        elif str(years[0]).isdigit():
            return int(years[0])
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
        file.error_at(
            f"row {rows[0]}",
            f"unknown NIS codes: {listed(unknown)}",
            "correct them; codes of 2018, 2024 and 2025 are known",
        )
    return table[table["nis_code"].isin(vintages.known() - vintages.brussels())]


def _in_vintage(
    table: pd.DataFrame,
    vintage: int,
    year: int | None,
    file: OpenedFile,
) -> pd.DataFrame | None:
    """Bring codes forward to the study's vintage; whole merged municipalities only."""
    if table.empty:
        file.error("holds no Flemish municipality")
        return None
    present = set(table["nis_code"])
    try:
        given = vintages.settle(present, vintage, year)
    except UnreadableError as error:
        file.error(error.what, error.mend)
        return None
    if given == vintage:
        return table
    of_year = f"population of {year}, " if year else ""
    file.note(f"{of_year}codes of {given}, brought to {vintage}")
    for code in sorted(set(vintages.forward(present, given, vintage))):
        absent = sorted(vintages.parts(code, vintage, given) - present)
        if absent:
            called = [f"{old} {vintages.names(given)[old]}" for old in absent]
            file.error(
                f"{code} {vintages.names(vintage)[code]} of {vintage} lacks {listed(called)}",
                "give all municipalities that merged",
            )
    crosswalk = dict(zip(present, vintages.forward(present, given, vintage), strict=True))
    return table.assign(nis_code=table["nis_code"].map(crosswalk))


def _of_study(
    table: pd.DataFrame,
    study_area: pd.DataFrame | None,
    file: OpenedFile,
) -> pd.DataFrame:
    """Keep the municipalities of the study; each must have children."""
    if study_area is None:
        return table
    inside = table["nis_code"].isin(study_area["nis_code"])
    if not inside.all():
        elsewhere = table[~inside]
        file.note(
            f"{int(elsewhere['children'].sum())} children in {elsewhere['nis_code'].nunique()} "
            "municipalities outside the study left out"
        )
    without = study_area[~study_area["nis_code"].isin(table["nis_code"])]
    if len(without):
        called = (without["nis_code"] + " " + without["name"]).tolist()
        file.error(
            f"no population for {len(without)} municipalities of the study: {listed(called)}",
            "the file may be cut off; give one with all of them",
        )
    return table[inside].reset_index(drop=True)


# --- Totals by zone ----------------------------------------------------------------------------


def load_zone_population(
    given: Input, zones: pd.DataFrame, findings: Findings
) -> tuple[pd.DataFrame | None, Provenance | None]:
    """Read the total population of each zone (Statbel OPENDATA_SECTOREN, or a CSV or Excel file).

    Parameters
    ----------
    given
        The file.
    zones
        As `read_zones` returns them.
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
        return _for_zones(totals, zones, file), file.provenance


def _zone_totals(raw: pd.DataFrame, file: OpenedFile) -> pd.Series | None:
    """Read the population of each zone, by its id."""
    missing = [name for name in _ZONE_COLUMNS if name not in raw]
    for name in missing:
        names = " or ".join(one.upper() for one in _ZONE_COLUMNS[name][:2])
        file.error(f"has no column for {name}", f"name it {names}")
    if missing:
        return None
    count = as_numbers(raw["population"])
    wrong = ~(count >= 0) | (count != count.round()) | (count > _MOST)
    _refuse(raw["population"], wrong, "a whole number of 0 or more", file)
    zone_id = raw["zone_id"].map(strip_control)
    twice = zone_id[zone_id.duplicated()]
    if len(twice):
        file.error_at(
            f"row {twice.index[0]}",
            f"zones given more than once: {listed(sorted(set(twice)))}",
            "give each zone once",
        )
    if wrong.any() or len(twice):
        return None
    return pd.Series(count.astype("int64").to_numpy(), index=zone_id.to_numpy())


def _for_zones(totals: pd.Series, zones: pd.DataFrame, file: OpenedFile) -> pd.DataFrame | None:
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
