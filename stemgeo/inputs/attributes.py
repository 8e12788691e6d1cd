"""A number known of each zone or municipality, such as the median income."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from stemgeo.errors import Findings
from stemgeo.inputs import vintages
from stemgeo.inputs.boundaries import ZONE_ID_COLUMNS, label_places
from stemgeo.inputs.cells import read_table
from stemgeo.inputs.columns import Header
from stemgeo.inputs.counting import are_numbers, read_numbers
from stemgeo.inputs.files import OpenedFile, clean_text, open_input, strip_control
from stemgeo.inputs.formats import UnreadableError
from stemgeo.inputs.layers import find_declared_column
from stemgeo.inputs.messages import check_values
from stemgeo.inputs.provenance import Provenance
from stemgeo.inputs.vectors import as_codes, find_code_columns
from stemgeo.notes import Said, say, say_amount, say_count, say_list, say_several
from stemgeo.study import VINTAGE, Attribute

if TYPE_CHECKING:
    import geopandas as gpd

_USUAL = {
    "zone_id": (*ZONE_ID_COLUMNS, "cs01012020"),
    "nis_code": ("cd_refnis", "cd_munty_refnis", "nis_code", "niscode", "nis", "nis5", "refnis"),
}
"""Our key of a place, and the names that its column may have in a file, in small letters."""

_THING = {"zone_id": "zone", "nis_code": "municipality"}
_THINGS = {"zone_id": "zones", "nis_code": "municipalities"}
_NOT_KNOWN = ("", "-", ".", "..", "...", "na", "n/a", "nan", "null")
"""What stands in a cell of which the number is not known, in small letters."""

_IN_THOUSANDS = r"[1-9]\d{0,2}[.,]\d{3}"
_DRESSED = r"(?i)(?:€|eur|euro)?\s*[-+]?\d[\d.,'" "\u2019" r"\s]*\s*(?:€|eur|euro|%)?"
"""A number as people write it, with marks between thousands, a currency or per cent."""


def read_attribute(
    path: str | Path | Attribute,
    zones: gpd.GeoDataFrame,
    municipalities: gpd.GeoDataFrame,
    *,
    vintage: int = VINTAGE,
) -> pd.DataFrame:
    """Read a number for each zone or municipality of a study.

    Parameters
    ----------
    path
        A CSV or Excel file with a row for each zone or municipality, or an `Attribute` that says
        more of it.
    zones, municipalities
        As `read_zones` and `read_municipalities` return them.
    vintage
        Of the codes of those municipalities. A municipality whose land was another in the file's
        vintage gets no value: a rate of its parts cannot be added up.

    Returns
    -------
    DataFrame
        `zone_id` or `nis_code`, whichever the file has; `value` (float, in the file's own unit;
        NaN when not known). A row for each zone or municipality of the study, in its order.

    Raises
    ------
    InputError
        With every problem of the file.
    """
    findings = Findings()
    given = path if isinstance(path, Attribute) else Attribute(path=Path(path))
    frame, _ = load_attribute("own", given, zones, municipalities, vintage, findings)
    return findings.raise_or_return(frame)


def load_attribute(
    key: str,
    given: Attribute,
    zones: gpd.GeoDataFrame,
    municipalities: gpd.GeoDataFrame,
    vintage: int,
    findings: Findings,
) -> tuple[pd.DataFrame | None, Provenance | None]:
    """As `read_attribute`, with the problems in `findings`; `key` is its name in the study.

    Parameters
    ----------
    key, given
        Its name in the study, and what that says of the file.
    zones, municipalities
        Of the study.
    vintage
        Of its NIS codes.
    findings
        Takes the problems and notes.
    """
    with open_input(given, f"attributes.{key}", findings) as file:
        if file is None:
            return None, None
        table = read_table(file, header=Header(_USUAL))
        rows = None if table is None else _take_rows(table, given.column, zones, file)
        if rows is not None and "nis_code" in rows:
            year = given.date.year if given.date else None
            rows = _convert_rows(rows, municipalities, vintage, year, file)
        if rows is None:
            return None, file.provenance
        places = zones if "zone_id" in rows else municipalities
        return _match_places(rows, places, file), file.provenance


def _take_rows(
    table: pd.DataFrame, declared: str, zones: pd.DataFrame, file: OpenedFile
) -> pd.DataFrame | None:
    """Take from a table `zone_id` or `nis_code`, and value; each place once."""
    if table.empty:
        file.error("holds no rows below its header")
        return None
    place = _find_place_column(table, zones, file)
    apart = "" if place is None else place[1]
    if declared:
        number = find_declared_column(declared, table.columns, file)
    else:
        number = _find_number_column(table.drop(columns=apart, errors="ignore"), file)
    value = None if number is None else _read_values(table[number], file)
    if place is None or value is None:
        return None
    key, label = place
    file.use_column(label, key, {key: _USUAL[key]})
    file.use_column(number, "value")
    ids = table[label].map(strip_control) if key == "zone_id" else as_codes(table[label])
    twice = ids[(ids != "") & ids.duplicated()]
    if len(twice):
        file.error_at(
            f"row {twice.index[0]}",
            f"{_THINGS[key]} given more than once: {say_list(sorted(set(twice)))}",
            "keep one row for each",
        )
        return None
    file.note(
        say(
            "{things} by '{label}', numbers from '{number}'",
            "{things} volgens '{label}', getallen uit '{number}'",
            "{things} d’après « {label} », nombres de « {number} »",
            things=say_several("zone" if key == "zone_id" else "municipality"),
            label=clean_text(label),
            number=clean_text(str(number)),
        )
    )
    return pd.DataFrame({key: ids, "value": value})


# --- Which column ------------------------------------------------------------------------------


def _find_place_column(
    table: pd.DataFrame, zones: pd.DataFrame, file: OpenedFile
) -> tuple[str, str] | None:
    """Find the column that says of which place a row is: its key for us, and its label.

    Zones go before municipalities: a table by sector often has the municipality's code too.
    """
    municipal = vintages.known_codes()
    zone_ids = set(zones["zone_id"]) - municipal
    hits = {
        "zone_id": {name: table[name].map(strip_control).isin(zone_ids).sum() for name in table},
        "nis_code": {name: as_codes(table[name]).isin(municipal).sum() for name in table},
    }
    for key, usual in _USUAL.items():
        found = {
            str(name): (name in usual, rows)
            for name, rows in hits[key].items()
            if rows and (name in usual or rows * 2 >= len(table))
        }
        if found:
            return key, max(found, key=lambda name: found[name])
    _report_no_place(table, zone_ids, file)
    return None


def _report_no_place(table: pd.DataFrame, zone_ids: set[str], file: OpenedFile) -> None:
    named = [name for name in table if name in _USUAL["zone_id"]]
    has = say_list(list(table.columns))
    if named and zone_ids:
        theirs, ours = clean_text(str(table[named[0]].iloc[0]), 30), clean_text(min(zone_ids), 30)
        what = (
            f"none of its '{named[0]}' (such as {theirs}) is a zone of the study (such as {ours})"
        )
        file.error(what, "give a table of the same zones")
    elif zone_ids:
        what = f"has no column with ids of zones or NIS codes (columns: {has})"
        file.error(what, "name it `zone_id` or `nis_code`")
    else:
        what = f"has no column with NIS codes (columns: {has}), and the study has no zones"
        file.error(what, "name it `nis_code`, or give `zones`")


def _find_number_column(table: pd.DataFrame, file: OpenedFile) -> str | None:
    """Find the column of numbers that says neither which zone nor which municipality."""
    usual = {*_USUAL["zone_id"], *_USUAL["nis_code"]}
    numbers = [str(name) for name in table if name not in usual and _mostly_numbers(table[name])]
    # Codes of municipalities look like numbers; incomes may look like codes.
    found = [name for name in numbers if name not in find_code_columns(table)] or numbers
    if not found:
        # What is wrong with the one that must be meant is told by its value.
        found = [str(name) for name in table if name not in usual and _mostly_dressed(table[name])]
    if len(found) == 1:
        return found[0]
    if found:
        what, mend = (
            f"has several columns of numbers: {say_list(found)}",
            f'"{clean_text(found[0])}"',
        )
        file.error(what, f"say which is meant with `column`, as in column = {mend}")
    else:
        has = say_list(list(table.columns))
        file.error(f"has no column of numbers (columns: {has})", "add one")
    return None


def _mostly_numbers(column: pd.Series) -> bool:
    """Whether a column is one of numbers, be it with mistakes."""
    filled = column[~column.str.lower().isin(_NOT_KNOWN)]
    return len(filled) > 0 and bool(are_numbers(filled).mean() >= 0.5)


def _mostly_dressed(column: pd.Series) -> bool:
    """Whether a column is one of numbers for a reader of paper."""
    filled = column[~column.str.lower().isin(_NOT_KNOWN)]
    return len(filled) > 0 and bool(filled.str.fullmatch(_DRESSED).mean() >= 0.5)


def _read_values(column: pd.Series, file: OpenedFile) -> pd.Series | None:
    """Read the numbers; texts that are none are told by row."""
    name = clean_text(str(column.name), 40)
    text = column.where(~column.str.lower().isin(_NOT_KNOWN), "")
    value = read_numbers(text, file, whole=False)
    if value is None:
        return None
    known = text.eq("") | np.isfinite(value)
    mend = "correct it, or leave it empty when it is not known"
    if text[~known].str.fullmatch(_DRESSED).any():
        mend = "write it as 23612.37 or 23612,37, or leave it empty when it is not known"
    fine = check_values(text, known, "not a number", file, mend)
    marked = text[text.str.contains("[.,]")]
    if len(marked) and marked.str.fullmatch(_IN_THOUSANDS).all():
        file.warn(
            say(
                "every '{name}' with a point or comma has three digits behind it (such as "
                "{example}); they are read as decimals",
                "na elke punt of komma in '{name}' staan drie cijfers (zoals {example}); ze zijn "
                "als decimalen gelezen",
                "dans « {name} », chaque point ou virgule est suivi de trois chiffres (comme "
                "{example}) ; ils sont lus comme des décimales",
                name=name,
                example=str(marked.iloc[0]),
            ),
            say(
                "write thousands without a mark",
                "schrijf duizendtallen zonder punt of komma",
                "écrivez les milliers sans signe",
            ),
        )
    return value if fine else None


# --- For the study -----------------------------------------------------------------------------


def _convert_rows(
    rows: pd.DataFrame,
    municipalities: pd.DataFrame,
    vintage: int,
    year: int | None,
    file: OpenedFile,
) -> pd.DataFrame | None:
    """Bring rows to the study's codes; the value is lost where a merger changed the land."""
    present = set(rows["nis_code"]) & (vintages.known_codes() - vintages.brussels_codes())
    try:
        given = vintages.identify_vintage(present, vintage, year)
    except UnreadableError as error:
        file.error(error.what, error.mend)
        return None
    if given == vintage:
        return rows
    file.note(vintages.say_codes(given, vintage))
    target: dict[str, str] = {}
    changed = []
    for code in municipalities["nis_code"]:
        origins, same_land = _find_origins(code, vintage, given)
        target.update(dict.fromkeys(origins, code))
        if not same_land and origins & present:
            changed.append(code)
    if changed:
        names = label_places(municipalities)[municipalities["nis_code"].isin(changed)]
        file.warn(
            say(
                "has codes of {given}; {towns} of {vintage} {had} other land then: no value there, "
                "since a rate of parts cannot be added up: {names}",
                "heeft codes van {given}; {towns} van {vintage} {had} toen een ander grondgebied: "
                "geen waarde daar, want een verhouding van delen is niet op te tellen: {names}",
                "a les codes de {given} ; {towns} de {vintage} {had} alors un autre territoire : "
                "pas de valeur à cet endroit, car un rapport ne s’additionne pas : {names}",
                given=str(given),
                vintage=str(vintage),
                towns=say_count(len(changed), "municipality"),
                had=Said(
                    "had",
                    "had" if len(changed) == 1 else "hadden",
                    "avait" if len(changed) == 1 else "avaient",
                ),
                names=say_list(names.tolist()),
            ),
            say(
                "give a table with the municipalities of {vintage}",
                "geef een tabel met de gemeenten van {vintage}",
                "donnez un tableau des communes de {vintage}",
                vintage=str(vintage),
            ),
        )
    codes = rows["nis_code"].map(target).fillna("")
    return rows.assign(nis_code=codes, value=rows["value"].where(~codes.isin(changed)))


def _find_origins(nis_code: str, vintage: int, given: int) -> tuple[frozenset[str], bool]:
    """Find the municipalities of another vintage on this one's land, and whether it is all theirs.

    Returns
    -------
    (frozenset of str, bool)
        Their codes; true when it is one, with the very same land.
    """
    if given <= vintage:
        origins = vintages.parts_of(nis_code, vintage, given)
        return origins, len(origins) == 1
    (origin,) = vintages.bring_forward([nis_code], vintage, given)
    return frozenset([origin]), len(vintages.parts_of(origin, given, vintage)) == 1


def _match_places(
    rows: pd.DataFrame, places: pd.DataFrame, file: OpenedFile
) -> pd.DataFrame | None:
    """Give each place of the study its value; say which have none, and what was not used."""
    key = str(rows.columns[0])
    ids, things = places[key], _THINGS[key]
    elsewhere = ~rows[key].isin(ids)
    if elsewhere.all() and len(ids):
        file.error(f"none of its rows is of the {things} of the study", "give the right file")
        return None
    value = ids.map(rows.drop_duplicates(key).set_index(key)["value"]).astype(float)
    if value.isna().all() and len(ids):
        file.error(f"has no number for any of the {things} of the study", "give the right column")
        return None
    if value.isna().any():
        names = label_places(places, key)[value.isna()].tolist()
        file.warn(
            say(
                "no value for {without} of the {places} of the study: {names}",
                "geen waarde voor {without} van de {places} van de studie: {names}",
                "pas de valeur pour {without} sur {places} de l’étude : {names}",
                without=say_amount(len(names)),
                places=say_count(len(ids), _THING[key]),
                names=say_list(names),
            )
        )
    if elsewhere.any():
        out = rows.index[elsewhere].tolist()
        file.warn(
            say(
                "{out} of its {rows} {are} of no place of the study and left out: row {names}",
                "{out} van de {rows} {are} bij geen plaats van de studie, dus weggelaten: "
                "rij {names}",
                "{out} sur {rows} n’{are} à aucun lieu de l’étude, donc laissées de côté : "
                "ligne {names}",
                out=say_amount(len(out)),
                rows=say_count(len(rows), "row"),
                are=Said("is", "hoort", "appartient")
                if len(out) == 1
                else Said("are", "horen", "appartiennent"),
                names=say_list(out, 5),
            )
        )
    return pd.DataFrame({key: ids, "value": value}).reset_index(drop=True)
