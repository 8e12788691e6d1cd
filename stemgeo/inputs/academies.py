"""The register of STEM academies: where they are, for which ages and when."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely

from stemgeo import facts
from stemgeo.errors import Findings
from stemgeo.facts import LAMBERT_72
from stemgeo.inputs.addresses import find_house_numbers, has_addresses, read_postcode
from stemgeo.inputs.boundaries import as_input
from stemgeo.inputs.cells import as_dates, as_numbers
from stemgeo.inputs.columns import fold_label
from stemgeo.inputs.counting import UNSURE, drop_thousands
from stemgeo.inputs.files import (
    OpenedFile,
    clean_text,
    is_formula,
    open_input,
    strip_control,
    unquote_formula,
)
from stemgeo.inputs.messages import MOST_TOLD, report_rows, report_wrong, say_rows, tell_rest
from stemgeo.inputs.names import ADDRESS_NAMES, SYNONYMS
from stemgeo.inputs.placing import AS_GIVEN, PlaceSources, place_rows, tell_coarse
from stemgeo.inputs.points import match_columns, read_points
from stemgeo.inputs.provenance import Provenance
from stemgeo.inputs.vectors import as_text, find_codes, locate_municipalities
from stemgeo.notes import Said, say, say_amount, say_count, say_day, say_decimals, say_list
from stemgeo.study import OLDEST

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from stemgeo.inputs.columns import Synonyms
    from stemgeo.study import Input

_TEXT = ("academy_id", "name", "organisation")
_AGES = ("min_age", "max_age")
DAYS = ("valid_from", "valid_until")
TRAJECTORIES = ("trajectories", "online_trajectories")
COLUMNS = (
    *(*_TEXT, *_AGES, *DAYS, "postcode", *TRAJECTORIES, "cost_eur"),
    *("nis_code", "planned", *AS_GIVEN, "geometry"),
)
"""Of a register as it is read, in the order of its schema."""
_MOST_TRAJECTORIES = 1000
_CROSSED_KM = 15
"""Beyond it nobody has one within reach: the fastest of the default riders go 4.5 km in 15 min."""


@dataclass(frozen=True)
class RegisterKind:
    """What the rows of a file in the form of the register are.

    Attributes
    ----------
    role
        Which input of the study the file is.
    made_id
        Begins the ids that are made where the file has none.
    thing
        What a row is called, a key of what `notes.say_count` counts.
    once
        Whether rows are places to choose from: then one that is there twice is left out, not
        refused.
    """

    role: str
    made_id: str
    thing: str
    once: bool = False


REGISTER = RegisterKind(role="academies", made_id="A", thing="academy")


def read_academies(path: str | Path | Input, municipalities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Read a register of academies.

    Parameters
    ----------
    path
        A CSV, Excel, GeoJSON, GeoPackage or other file of points, or an `Input` that says more
        of it.
    municipalities
        As `read_municipalities` returns them; `nis_code` is derived from them.

    Returns
    -------
    GeoDataFrame
        academy_id, name, organisation, min_age, max_age (Int64), valid_from, valid_until
        (datetime64, day), postcode (text), trajectories, online_trajectories (Int64), cost_eur
        (text), nis_code (empty outside the municipalities), planned (false), placed_by,
        precision_m, score, address, placed_at and coarse (how its place was found), geometry
        (EPSG:31370), by academy_id.

    Raises
    ------
    InputError
        With every problem of the file.
    """
    findings = Findings()
    frame, _ = load_academies(as_input(path), municipalities, findings)
    findings.raise_errors()
    return frame


def load_academies(
    given: Input,
    municipalities: gpd.GeoDataFrame,
    findings: Findings,
    ages: Collection[int] = (),
    sources: PlaceSources | None = None,
) -> tuple[gpd.GeoDataFrame, Provenance | None]:
    """As `read_academies`, with the problems in `findings`.

    With the ages of the study, the note for the manifest says which academies serve none of them.

    Parameters
    ----------
    given, municipalities
        As for `read_academies`.
    findings
        Takes the problems and notes.
    ages
        Of the study; none when not given.
    sources
        What says where addresses are; the shipped municipalities when not given.
    """
    with open_input(given, REGISTER.role, findings) as file:
        if file is None:
            return empty_register(), None
        sources = sources or PlaceSources(municipalities)
        return read_register(file, REGISTER, sources, ages), file.provenance


def read_register(
    file: OpenedFile, kind: RegisterKind, sources: PlaceSources, ages: Collection[int]
) -> gpd.GeoDataFrame:
    """Read the rows of a file in the form of the register, with none of them planned.

    Parameters
    ----------
    file
        Opened through the door.
    kind
        What its rows are: academies, or places to choose from.
    sources
        Of places for rows without coordinates, and the municipalities, by which `nis_code` is
        found.
    ages
        Of the study, for the note.
    """
    rows = read_rows(file, kind, sources)
    if rows is None:
        return empty_register()
    table = rows.place(sources)
    if kind.once:
        table = _drop_repeats(table, file)
    _check_ids(table, file)
    table = rows.check(table, sources)
    # What these are called is the study's to say: a note of a file is for whoever checks it.
    file.note(say_count(len(rows.raw), "row" if kind is REGISTER else kind.thing))
    rows.note(table, ages)
    return table


@dataclass(frozen=True)
class RegisterRows:
    """The rows of a file in the form of the register, before each has its place.

    Attributes
    ----------
    file, kind
        From where they are, and what they are.
    raw, points
        As from `read_points`.
    found
        Our columns, and the label that each has in the file.
    table
        Our columns but those of places, each of its own type.
    """

    file: OpenedFile
    kind: RegisterKind
    raw: pd.DataFrame
    points: gpd.GeoSeries
    found: dict[str, Any]
    table: pd.DataFrame

    def take(self, which: pd.Series) -> RegisterRows:
        """Give some of the rows."""
        parts = {name: getattr(self, name)[which] for name in ("raw", "points", "table")}
        return replace(self, **parts)

    def place(self, sources: PlaceSources) -> gpd.GeoDataFrame:
        """Give each its place, and say how it was found."""
        ids = self.table["academy_id"]
        return place_rows(self.raw, ids, self.points, sources, self.file).join(self.table)

    def check(self, table: gpd.GeoDataFrame, sources: PlaceSources) -> gpd.GeoDataFrame:
        """Tell what is wrong or odd, and give the rows that have a place, by academy_id.

        Parameters
        ----------
        table
            As from `place`.
        sources
            As for `read_register`.
        """
        file = self.file
        _check_spans(table, self.found, file)
        _warn_of_names(table, file)
        table = table[table.geometry.notna()]
        land = sources.municipalities if sources.land is None else sources.land
        table = table.assign(nis_code=find_codes(table.geometry, land, "nis_code"), planned=False)
        if not self.kind.once:  # who chooses among places tells which lie outside, or on one spot
            if len(land):
                _warn_of_outside(table, land, file)
            _warn_of_same_place(table[table["placed_by"] == "coordinates"], file)
            tell_coarse(table, sources.rules, file)
        return table[list(COLUMNS)].sort_values("academy_id", ignore_index=True)

    def note(self, table: gpd.GeoDataFrame, ages: Collection[int]) -> None:
        """Say which columns served as id and name, and whom they serve.

        Parameters
        ----------
        table
            As from `check`.
        ages
            Of the study.
        """
        _note_columns(self.found, self.file)
        _note_who_counts(table, ages, self.kind, self.file)


def read_rows(
    file: OpenedFile,
    kind: RegisterKind,
    sources: PlaceSources,
    more: Synonyms | None = None,
    bare: Callable[[pd.DataFrame], bool] = lambda _: False,
) -> RegisterRows | None:
    """Read the rows of a file in the form of the register, but for their places.

    Parameters
    ----------
    file, kind, sources
        As for `read_register`.
    more
        Names of columns that such a file has beside those of the register.
    bare
        Says of the attributes whether a row may have neither coordinates nor an address.

    Returns
    -------
    RegisterRows or None
        None where the file cannot be read.
    """
    corrected, names = sources.corrections is not None, {**SYNONYMS, **(more or {})}
    read = read_points(
        *(file, {**ADDRESS_NAMES, **names}, sources.municipalities),
        areas=kind.once,
        near=not kind.once,
        bare=lambda table: corrected or has_addresses(table, file) or bare(table),
    )
    if read is None:
        return None
    raw, points = read
    found = match_columns(raw.drop(columns=find_house_numbers(raw)), names, file)
    _warn_of_status(raw.drop(columns=[*found.values()]), file)
    table = _type_columns(raw, found, kind, file)
    _refuse_made_ids(raw, found, table["academy_id"], sources, file)
    return RegisterRows(file, kind, raw, points, found, table)


def _refuse_made_ids(
    raw: pd.DataFrame,
    found: dict[str, Any],
    ids: pd.Series,
    sources: PlaceSources,
    file: OpenedFile,
) -> None:
    """Refuse corrections of ids that come of the order of the rows: a new row moves them all."""
    if sources.corrections is None or (
        "academy_id" in found and (as_text(raw[found["academy_id"]]) != "").any()
    ):
        return
    if meant := sorted(set(ids) & set(sources.corrections["academy_id"])):
        file.error(
            f"has no academy_id, and corrections has {say_list(meant, 5)}: which rows those are "
            "depends on their order",
            "add academy_id",
        )


def empty_register() -> gpd.GeoDataFrame:
    """Give the table of a register without rows."""
    columns: dict[str, pd.Series] = {name: pd.Series(dtype=str) for name in _TEXT}
    columns |= {name: pd.Series(dtype="Int64") for name in _AGES}
    columns |= {name: pd.Series(dtype="datetime64[s]") for name in DAYS}
    columns |= {name: pd.Series(dtype=str) for name in ("postcode", "cost_eur")}
    columns |= {name: pd.Series(dtype="Int64") for name in TRAJECTORIES}
    columns["nis_code"] = pd.Series(dtype=str)
    columns["planned"] = pd.Series(dtype=bool)
    for name, value in AS_GIVEN.items():
        columns[name] = pd.Series(dtype={str: "str", int: "int64", bool: "bool"}[type(value)])
    return gpd.GeoDataFrame(columns, geometry=[], crs=LAMBERT_72)


def _type_columns(
    raw: pd.DataFrame, found: dict[str, Any], kind: RegisterKind, file: OpenedFile
) -> pd.DataFrame:
    """Our columns, each of its own type; what cannot be read is told by row."""
    empty = pd.Series("", index=raw.index, dtype=str)
    text = {name: as_text(raw[found[name]]) if name in found else empty for name in SYNONYMS}
    # A plan comes back from a CSV of ours: the apostrophe before what looks like a formula goes.
    plain = {name: text[name].map(strip_control).map(unquote_formula) for name in _TEXT}
    table = pd.DataFrame(plain, index=raw.index)
    if (table["academy_id"] == "").all():
        width = max(3, len(str(len(raw))))
        table["academy_id"] = [
            f"{kind.made_id}{place:0{width}d}" for place in range(1, len(raw) + 1)
        ]
        file.warn(
            say(
                "has no column academy_id; the order of its rows gives {made}001, {made}002, ...",
                "heeft geen kolom academy_id; de volgorde van de rijen geeft {made}001, "
                "{made}002, ...",
                "n’a pas de colonne academy_id ; l’ordre des lignes donne {made}001, {made}002, "
                "...",
                made=kind.made_id,
            ),
            say(
                "add academy_id, so that each row keeps its own",
                "voeg academy_id toe, zodat elke rij de hare houdt",
                "ajoutez academy_id, pour que chaque ligne garde le sien",
            ),
        )
    for name in _AGES:
        bare = text[name].str.replace(_YEARS_OLD, "", regex=True)
        bare = bare.str.replace(_AGE_BEGINS[name], "", regex=True)
        table[name] = read_whole_numbers(bare, OLDEST, "an age", file)
    if "ages" in found:
        table = table.assign(**_read_both_ages(text["ages"], table, file))
    for name in DAYS:
        table[name] = read_days(text[name], file)
    table["postcode"] = read_postcodes(text["postcode"], file)
    for name in TRAJECTORIES:
        table[name] = read_whole_numbers(text[name], _MOST_TRAJECTORIES, "a whole number", file)
    table["cost_eur"] = read_amounts(text["cost_eur"], file)
    return table


_YEARS_OLD = re.compile(r"(?i)\s*(jaar|jarigen|j\.?|ans|an|years?( old)?|yrs?|y\.?)$")
_AGE_BEGINS = {
    "min_age": re.compile(
        r"(?i)^(vanaf|van|from|d\u00e8s|des|\u00e0 partir de|min\.?|\u2265|>=)\s*"
    ),
    "max_age": re.compile(
        r"(?i)^(tot( en met)?|t/m|t\.?e\.?m\.?|(up )?to|until|jusqu['\u2019]\u00e0|max\.?|"
        r"\u2264|<=)\s*"
    ),
}
_AGE = r"\s*(\d{1,3})\s*"
_TO = r"-|\u2013|\u2014|tot|tot en met|t/m|t\.?e\.?m\.?|to|until|through|a|\u00e0"
_UP_TO = r"tot en met|t/m|t\.?e\.?m\.?|\u2264|<=|up to|jusqu'\u00e0"
_SPANS = tuple(
    re.compile(form.replace("AGE", _AGE), re.IGNORECASE)
    for form in (
        rf"(?:van|vanaf|from|de)?AGE(?:{_TO})AGE",
        r"(?:vanaf|from|des|d\u00e8s|\u2265|>=)AGE()",
        r"AGE(?:\+|en ouder|and older|and over|et plus)()",
        rf"()(?:{_UP_TO})AGE",
        r"()AGE(?:en jonger|and younger)",
    )
)
"""Both ends, the first alone, the last alone; both count as served, as in columns of their own."""


def _read_both_ages(text: pd.Series, table: pd.DataFrame, file: OpenedFile) -> dict[str, pd.Series]:
    """Read the first and last age out of one column, where no column of their own says them."""
    spans = {one: read_span_of_ages(one) for one in text.unique()}
    read = text.map(spans)
    report_wrong(text, read.isna() & (text != ""), "ages as 6-12 or 6+", file)
    both = {}
    for place, name in enumerate(_AGES):
        ends = [None if span is None else span[place] for span in read]
        both[name] = table[name].fillna(pd.Series(ends, index=text.index, dtype="Int64"))
    return both


def read_span_of_ages(text: str) -> tuple[int | None, int | None] | None:
    """Read "6-12", "6 tot 12 jaar", "6+" or "t.e.m. 12"; None where it is none or could be two."""
    plain = re.sub(r"(?i)\b(jaar|jarigen|ans|years?( old)?)\b", " ", text).strip()
    for form in _SPANS:
        found = form.fullmatch(" ".join(plain.split()))
        if found is not None:
            first, last = (int(end) if end else None for end in found.groups())
            return (first, last) if max(first or 0, last or 0) <= OLDEST else None
    return None


def read_days(text: pd.Series, file: OpenedFile) -> pd.Series:
    """Read days; NaT where there is none, and what is no day is told by row."""
    days = as_dates(text)
    wrong = days.isna() & (text != "")
    counts = wrong & text.str.fullmatch(r"[2-6]\d{4}")
    report_wrong(text, wrong & ~counts, "a day as 2022-12-31", file)
    zero = file.day_zero or dt.date(1899, 12, 30)
    meant = {row: zero + dt.timedelta(int(text[row])) for row in text.index[counts]}
    if file.day_zero is not None:
        if meant:
            _say_counted(text, meant, file)
        return days.fillna(pd.Series(meant, dtype="datetime64[s]"))
    label = clean_text(file.label_of(text.name), 40)
    for row, day in [*meant.items()][:MOST_TOLD]:
        file.error_at(
            f"{text.index.name} {row}",
            f"'{label}' is '{text[row]}', a number and no day; as spreadsheets count days it would "
            f"be {day}",
            "give the column the form of a date in the spreadsheet, or write 2022-12-31",
        )
    tell_rest(text.index[counts], f"'{label}' is a number and no day either", file)
    return days


def _say_counted(text: pd.Series, meant: dict[Any, dt.date], file: OpenedFile) -> None:
    """Say which days were numbers, which a workbook says from when it counts."""
    row, day = next(iter(meant.items()))
    file.warn_at(
        say_rows(text.index.name, list(meant)),
        say(
            "'{label}' counts days as the workbook does: {number} is {day}",
            "'{label}' telt dagen zoals het rekenblad: {number} is {day}",
            "« {label} » compte des jours comme le classeur : {number} est le {day}",
            label=clean_text(file.label_of(text.name), 40),
            number=text[row],
            day=say_day(day),
        ),
    )


def read_whole_numbers(text: pd.Series, most: int, kind: str, file: OpenedFile) -> pd.Series:
    """Read whole numbers up to one; missing where there is none, and what is none is told by row.

    Parameters
    ----------
    text
        The column.
    most
        The largest.
    kind
        What each must be: "an age".
    file
        Takes the problems.
    """
    number = as_numbers(text.str.replace(_TRAJECTORY, "", regex=True))
    # 1.000 is one to some and a thousand to others.
    fine = number.between(0, most) & (number == number.round()) & ~text.str.contains(_GROUP)
    report_wrong(text, ~fine & (text != ""), f"{kind} from 0 to {most}", file)
    return number.where(fine).astype("Int64")


_TRAJECTORY = re.compile(r"(?i)\s*(trajecten?|traject|trajets?|trajector(y|ies))$")
_GROUP = r"[.,]\d{3}$"


def read_postcodes(text: pd.Series, file: OpenedFile) -> pd.Series:
    """Read postcodes; empty where there is none, and what is none is told by row."""
    code = text.map(read_postcode).astype(str)
    report_wrong(text, (code == "") & (text != ""), "a postcode from 1000 to 9999", file)
    return code


_AMOUNT = "an amount in euro, as 1500 or 1500.50"
_EURO = re.compile(r"(?i)^(\u20ac|eur|euro)\s*|\s*(\u20ac|eur|euro)$|,[-\u2013\u2014]{1,2}$")


def read_amounts(text: pd.Series, file: OpenedFile, must: str = _AMOUNT) -> pd.Series:
    """Read amounts in euro and cents; they stay text, so that no cent is rounded.

    Parameters
    ----------
    text
        The column.
    file
        Takes the problems.
    must
        What each must be.
    """
    bare = text.str.replace(_EURO, "", regex=True).str.replace(_EURO, "", regex=True)
    plain, unsure = drop_thousands(bare)
    fine = plain.str.fullmatch(r"\d{1,11}([.,]\d{1,2})?")
    report_wrong(text, unsure, UNSURE[0], file, UNSURE[1])
    report_wrong(text, ~fine & ~unsure & (text != ""), must, file)
    return plain.where(fine & ~unsure, "").str.replace(",", ".")


def _drop_repeats(table: gpd.GeoDataFrame, file: OpenedFile) -> gpd.GeoDataFrame:
    """Leave out rows that say again what another says."""
    plain = table.drop(columns="geometry").astype(str).assign(at=table.geometry.to_wkb(hex=True))
    again = plain.duplicated()
    if again.any():
        file.warn_at(
            say_rows(table.index.name, table.index[again].tolist()),
            say(
                "the same as another row",
                "hetzelfde als een andere rij",
                "identique à une autre ligne",
            ),
            say("left out", "weggelaten", "laissé de côté"),
        )
    return table[~again]


def _check_ids(table: gpd.GeoDataFrame, file: OpenedFile) -> None:
    """Each academy has an id of its own."""
    ids = table["academy_id"]
    report_rows(ids.index[ids == ""], "no 'academy_id'", "give it one", file)
    twice = ids[ids.duplicated(keep=False) & (ids != "")]
    for academy_id, group in twice.groupby(twice):
        file.error_at(
            f"{ids.index.name} {say_list(group.index.tolist())}",
            f"the academy_id '{clean_text(str(academy_id), 40)}' is given {len(group)} times",
            "give each its own",
        )


def _check_spans(table: gpd.GeoDataFrame, found: dict[str, Any], file: OpenedFile) -> None:
    """Spans of ages and of days do not end before they begin."""
    called = {name: clean_text(file.label_of(found.get(name, name)), 40) for name in SYNONYMS}
    wrong = (table["max_age"] < table["min_age"]).fillna(value=False).astype(bool)
    for row, least, most in table.loc[wrong, list(_AGES)].itertuples():
        file.error_at(
            f"{table.index.name} {row}",
            f"'{called['max_age']}' is {most}, below '{called['min_age']}' {least}",
            "correct one of the two",
        )
    wrong = table["valid_until"] < table["valid_from"]
    for row, since, until in table.loc[wrong, list(DAYS)].itertuples():
        file.error_at(
            f"{table.index.name} {row}",
            f"'{called['valid_until']}' is {until:%Y-%m-%d}, before '{called['valid_from']}' "
            f"{since:%Y-%m-%d}",
            "correct one of the two",
        )


def _warn_of_names(table: gpd.GeoDataFrame, file: OpenedFile) -> None:
    nameless = table.index[table["name"] == ""]
    if len(nameless):
        file.warn_at(
            say_rows(table.index.name, nameless.tolist()),
            say("no name", "geen naam", "pas de nom"),
            say(
                "its academy_id is shown",
                "in de plaats staat de academy_id",
                "son academy_id en tient lieu",
            ),
        )
        table.loc[nameless, "name"] = table.loc[nameless, "academy_id"]
    for name in _TEXT:
        risky = table[name].map(is_formula).astype(bool)
        if risky.any():
            file.warn_at(
                say_rows(table.index.name, table.index[risky].tolist()),
                say(
                    "'{name}' begins as a formula does: {values}",
                    "'{name}' begint als een formule: {values}",
                    "« {name} » commence comme une formule : {values}",
                    name=name,
                    values=say_list(table.loc[risky, name].tolist()),
                ),
                say(
                    "write it without = + - @ in front",
                    "schrijf het zonder = + - @ vooraan",
                    "écrivez-le sans = + - @ au début",
                ),
            )


def _warn_of_outside(
    table: gpd.GeoDataFrame,
    municipalities: gpd.GeoDataFrame,
    file: OpenedFile,
) -> None:
    """Name the academies outside the study area; they stay, since children cross its border."""
    outside = table[table["nis_code"] == ""]
    if outside.empty:
        return
    ground = shapely.STRtree(municipalities.geometry.to_numpy())
    _, away_m = ground.query_nearest(
        outside.geometry.to_numpy(), return_distance=True, all_matches=False
    )
    away_km = pd.Series(away_m / 1000, index=outside.index).sort_values(kind="stable")
    near = away_km.index[0]
    nearest: dict[str, Said | str] = {
        "name": clean_text(outside.loc[near, "name"]),
        "km": say_decimals(away_km[near]),
        "place": _nearest_municipality(outside.geometry[near]),
    }
    near_ones = int((away_km <= _CROSSED_KM).sum())
    row = say_rows(table.index.name, [near])
    if len(outside) == 1:
        file.warn_at(
            row,
            say(
                "{name} lies outside the study area, {km} km from it, near {place}",
                "{name} ligt buiten het studiegebied, {km} km ervandaan, bij {place}",
                "{name} se trouve hors de la zone d’étude, à {km} km, près de {place}",
                **nearest,
            ),
            _COUNTS if near_ones else _TOO_FAR,
        )
        return
    file.warn(
        say(
            "{outside} of its {academies} lie outside the study area, up to {most_km} km from it: "
            "{name} ({row}), {km} km from it, near {place}; {others}",
            "{outside} van de {academies} liggen buiten het studiegebied, tot {most_km} km "
            "ervandaan: {name} ({row}), {km} km ervandaan, bij {place}; {others}",
            "sur {academies}, {outside} se trouvent hors de la zone d’étude, jusqu’à {most_km} km "
            ": {name} ({row}), à {km} km, près de {place} ; {others}",
            outside=say_amount(len(outside)),
            academies=say_count(len(table), "academy"),
            most_km=say_decimals(away_km.iloc[-1]),
            row=row,
            **nearest,
            others=say_list(outside.loc[away_km.index[1:], "name"].tolist(), 4),
        ),
        say(
            "those within {crossed_km} km ({near_ones}) count for the children who cross the "
            "border, the others ({others}) are too far to matter",
            "die binnen {crossed_km} km ({near_ones}) tellen mee voor de kinderen die de grens "
            "oversteken, de andere ({others}) liggen te ver om een rol te spelen",
            "{ceux|celles} à moins de {crossed_km} km ({near_ones}) comptent pour les enfants qui "
            "franchissent la frontière, les autres ({others}) sont trop loin pour jouer un rôle",
            crossed_km=say_amount(_CROSSED_KM),
            near_ones=say_amount(near_ones),
            others=say_amount(len(outside) - near_ones),
        ),
    )


_COUNTS = say(
    "it counts for the children who cross the border",
    "telt mee voor de kinderen die de grens oversteken",
    "{il|elle} compte pour les enfants qui franchissent la frontière",
)
_TOO_FAR = Said("too far to matter", "te ver om een rol te spelen", "trop loin pour jouer un rôle")


def _nearest_municipality(point: shapely.Point) -> str:
    """Name and province of the municipality of Flanders or Brussels whose middle is nearest."""
    near = facts.list_municipalities().loc[int(locate_municipalities().distance(point).argmin())]
    return f"{near['name2025']} ({near['province2025']})"


def _warn_of_same_place(table: gpd.GeoDataFrame, file: OpenedFile) -> None:
    """Name academies on exactly the same spot: often one was given another's coordinates."""
    spot = table.geometry.to_wkb(hex=True)
    for _, group in table[spot.duplicated(keep=False)].groupby(spot):
        file.warn_at(
            say_rows(table.index.name, group.index.tolist()),
            say(
                "the same coordinates: {names}",
                "dezelfde coördinaten: {names}",
                "les mêmes coordonnées : {names}",
                names=say_list(group["name"].tolist()),
            ),
            say(
                "check whether one of them has another's",
                "ga na of niet de ene die van de andere kreeg",
                "vérifiez si l’{un|une} n’a pas reçu celles de l’autre",
            ),
        )


_STATUS = re.compile(
    r"(.*_)?(status|statut|beslissing|besluit|decision|goedkeuring|approval)(_.*)?|"
    r"goedgekeurd|approuvee?|approved|erkend|reconnue?|recogni[sz]ed|actief|active?|actif|advies|avis"
)
_COUNTS_NOT = re.compile(
    r"(niet|non|not|pas|in_aanvraag|in_behandeling|in_afwachting|geweigerd|afgewezen|afgekeurd|"
    r"ingetrokken|opgeheven|stopgezet|geschorst|gesloten|vervallen|verlopen|wachtlijst|wachtend|"
    r"aangevraagd|geannuleerd|refusee?s?|rejetee?s?|retiree?s?|suspendue?s?|fermee?s?|annulee?s?|"
    r"expiree?s?|en_attente|liste_d_attente|refused|rejected|declined|withdrawn|revoked|"
    r"suspended|closed|cancelled|expired|pending|waiting)(_.*)?"
)
_NO = {"nee", "neen", "non", "no", "n", "0", "false", "onwaar", "faux"}
_MOST_KINDS = 12


def _warn_of_status(unused: pd.DataFrame, file: OpenedFile) -> None:
    """Name each column that is not used and seems to say who counts and who does not."""
    for name in map(str, unused.columns):
        values = as_text(unused[name]).map(clean_text)
        counts = values.value_counts()
        folded = {fold_label(one) for one in counts.index if one}
        is_status = _STATUS.fullmatch(fold_label(file.label_of(name))) is not None
        says_no = any(_COUNTS_NOT.fullmatch(one) or (is_status and one in _NO) for one in folded)
        if len(counts) > _MOST_KINDS or not (says_no or (is_status and len(folded) > 1)):
            continue
        kinds = [
            say("{value} ({times})", "{value} ({times})", "{value} ({times})",
                value=str(value) or Said("empty", "leeg", "vide"), times=say_amount(int(times)))
            for value, times in counts.items()
        ]  # fmt: skip
        file.warn(
            say(
                "'{label}' is not used, and such a column decides who counts: {kinds}",
                "'{label}' is niet gebruikt, en zo’n kolom beslist wie meetelt: {kinds}",
                "« {label} » n’est pas utilisée, et une telle colonne décide qui compte : {kinds}",
                label=clean_text(file.label_of(name), 40),
                kinds=say_list(kinds, _MOST_KINDS),
            ),
            say(
                "leave out the rows that do not count, or give them a last day in valid_until",
                "laat de rijen weg die niet meetellen, of geef ze een laatste dag in valid_until",
                "supprimez les lignes qui ne comptent pas, ou donnez-leur un dernier jour dans "
                "valid_until",
            ),
        )


def _note_columns(found: dict[str, Any], file: OpenedFile) -> None:
    """Say which column served as id and as name, where it is called otherwise."""
    for name in ("academy_id", "name"):
        label = str(found.get(name, name))
        if label.strip().lower() != name:
            file.note(
                say(
                    "{name} from column '{label}'",
                    "{name} uit kolom '{label}'",
                    "{name} de la colonne « {label} »",
                    name=name,
                    label=clean_text(label, 40),
                )
            )


def _note_who_counts(
    table: pd.DataFrame, ages: Collection[int], kind: RegisterKind, file: OpenedFile
) -> None:
    """Say which academies serve nobody of the study, and whether days play no part."""
    if ages:
        spans = zip(
            table["name"],
            table["min_age"].fillna(0),
            table["max_age"].fillna(OLDEST),
            strict=True,
        )
        idle = [
            name for name, least, most in spans if not any(least <= age <= most for age in ages)
        ]
        if idle:
            one = len(idle) == 1
            file.note(
                say(
                    "{count} {serve} nobody of the ages studied: {names}",
                    "{count} {serve} voor niemand van de bestudeerde leeftijden: {names}",
                    "{count} {serve} personne des âges étudiés : {names}",
                    count=say_amount(len(idle)),
                    serve=Said("serves", "is er", "ne sert")
                    if one
                    else Said("serve", "zijn er", "ne servent"),
                    names=say_list(idle, 5),
                )
            )
    if kind is REGISTER and len(table) and table[list(DAYS)].isna().all(axis=None):
        file.note(
            Said(
                "none has dates: all count on every day",
                "geen enkele heeft een datum: alle tellen op elke dag",
                "aucune date : toutes les lignes comptent chaque jour",
            )
        )
