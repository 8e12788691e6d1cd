"""What others counted: figures that were reported, who took part, budgets, events.

Nothing is measured with them: an answer quotes them, each with its source.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from stemgeo.facts import REGION
from stemgeo.inputs import vintages
from stemgeo.inputs.academies import (
    read_amounts,
    read_days,
    read_postcodes,
    read_span_of_ages,
    read_whole_numbers,
)
from stemgeo.inputs.asides import drop_asides
from stemgeo.inputs.cells import read_table
from stemgeo.inputs.columns import Header, fold_label
from stemgeo.inputs.counting import UNSURE, drop_thousands
from stemgeo.inputs.files import OpenedFile, clean_text, open_input, strip_control, unquote_formula
from stemgeo.inputs.messages import report_wrong, say_rows, tell_rest
from stemgeo.inputs.names import ADDRESS_NAMES, SYNONYMS
from stemgeo.inputs.points import match_columns
from stemgeo.inputs.territory import find_municipality, find_province, list_own
from stemgeo.inputs.vectors import as_text
from stemgeo.notes import say, say_count, say_list
from stemgeo.study import YEARS

if TYPE_CHECKING:
    from collections.abc import Callable

    from stemgeo.errors import Findings
    from stemgeo.inputs.columns import Synonyms
    from stemgeo.inputs.provenance import Provenance
    from stemgeo.study import Input

    Texts = dict[str, pd.Series]
    """The columns of a file by our names, each under its own; empty where it has none."""


class Indicator(NamedTuple):
    """A figure that others are known to report: what it is about, and its unit."""

    topic: str
    unit: str


INDICATORS = {
    "municipalities_with_academy": Indicator("municipalities", "municipalities"),
    "children_reached": Indicator("participants", "children"),
    "share_girls": Indicator("participants", "percent"),
    "share_boys": Indicator("participants", "percent"),
    "share_girls_maakbibs": Indicator("participants", "percent"),
    "share_boys_maakbibs": Indicator("participants", "percent"),
    "share_reporting": Indicator("participants", "percent"),
    "budget": Indicator("budget", "EUR"),
    "subsidy_academies": Indicator("budget", "EUR"),
    "academies_subsidised": Indicator("budget", "organisations"),
    "subsidy_innovation_projects": Indicator("budget", "EUR"),
    "innovation_projects": Indicator("budget", "projects"),
    "events_all_stem": Indicator("events", "events"),
    "events_with_label": Indicator("events", "events"),
    "unique_activities": Indicator("events", "activities"),
    "series": Indicator("events", "series"),
    "activity_hours": Indicator("events", "hours"),
    "network_members_start": Indicator("others", "organisations"),
    "network_members": Indicator("others", "organisations"),
}
"""By their names in `data/reported.csv`; `indicator.KEY` in the catalogues says each in words."""

_YEAR = (
    "year",
    "jaar annee kalenderjaar werkjaar werkingsjaar dienstjaar begrotingsjaar cd_year exercice",
)
_SOURCE = ("source", "bron vindplaats reference referentie")
_NIS = "nis_code niscode nis code_nis cd_refnis refnis"
_TOWN = ("municipality", _NIS, *ADDRESS_NAMES["municipality"][1:])
_REPORTED: Synonyms = {
    "year": _YEAR,
    "indicator": ("indicator", "indicateur kencijfer"),
    "level": ("level", "niveau"),
    "code": ("code", _NIS, "region regio gewest gebied area", "provincie province", *_TOWN[2:]),
    "value": ("value", "waarde valeur", "aantal getal cijfer nombre number"),
    "unit": ("unit", "eenheid unite"),
    "at_least": ("at_least", "minstens ten_minste tenminste au_moins ondergrens"),
    "source": _SOURCE,
}
_PARTICIPANTS: Synonyms = {
    "academy_id": SYNONYMS["academy_id"],
    "academy": ("academy", *SYNONYMS["name"]),
    "municipality": _TOWN,
    "year": _YEAR,
    "children": (
        "children",
        "kinderen kinderen_en_jongeren deelnemers aantal_kinderen aantal_deelnemers",
        "participants enfants nombre_d_enfants nombre_de_participants number_of_children",
        "aantal totaal total nombre",
    ),
    "girls": ("girls", "meisjes aantal_meisjes filles nombre_de_filles number_of_girls"),
    "boys": ("boys", "jongens aantal_jongens garcons nombre_de_garcons number_of_boys"),
    "trajectories": SYNONYMS["trajectories"],
    "online": ("online", "en_ligne digitaal", *SYNONYMS["online_trajectories"]),
}
_BUDGET: Synonyms = {
    "year": _YEAR,
    "line": ("line", "post lijn begrotingspost begrotingslijn poste ligne", "omschrijving"),
    "euro": ("euro", "eur bedrag bedrag_eur bedrag_euro amount amount_eur montant montant_eur"),
    "recipients": (
        "recipients",
        "begunstigden ontvangers aantal_begunstigden beneficiaries beneficiaires",
    ),
    "source": _SOURCE,
}
_EVENTS: Synonyms = {
    "date": ("date", "datum dag day jour", "startdatum begindatum start_date date_debut"),
    "place": ("place", "lieu", *_TOWN),
    "postcode": ADDRESS_NAMES["postcode"],
    "label": ("label", "met_label with_label avec_label label_stem_academie stem_academie_label"),
    "ages": SYNONYMS["ages"],
    "id": ("id", "event_id url link webadres cdbid"),
    "title": ("title", "titel titre naam name nom activiteit activite activity"),
    "organiser": ("organiser", "organizer organisator organisateur organisatie organisation"),
    "venue": ("venue", "locatie location locatienaam zaal salle"),
    "status": ("status", "statut"),
    "attendance": ("attendance", "attendance_mode deelnamevorm"),
    "children_only": ("children_only", "enkel_kinderen enkel_voor_kinderen enfants_seulement"),
    "capacity": ("capacity", "capaciteit aantal_plaatsen capacite"),
    "remaining": ("remaining", "remaining_capacity vrije_plaatsen places_libres"),
}
_STATUSES = {
    **dict.fromkeys(("", "available", "gaat_door", "doorgegaan", "maintenu"), ""),
    **dict.fromkeys(("cancelled", "canceled", "geannuleerd", "afgelast", "annule"), "cancelled"),
    **dict.fromkeys(("postponed", "uitgesteld", "reporte"), "postponed"),
}
_ATTENDANCES = {
    **dict.fromkeys(("", "offline", "ter_plaatse", "sur_place"), "offline"),
    **dict.fromkeys(("online", "en_ligne", "digitaal"), "online"),
    **dict.fromkeys(("mixed", "gemengd", "hybride", "hybrid", "mixte"), "mixed"),
}
_YES = {"ja", "j", "yes", "y", "oui", "o", "true", "waar", "vrai", "1", "x"}
_NO = {"", "nee", "neen", "n", "no", "non", "false", "onwaar", "faux", "0", "geen", "zonder"}
_NOT = r"(?:^|_)(?:geen|niet|nee|neen|zonder|no|not|non|without|pas|sans|aucun)(?:_|$)"
"""A label after one of these words is the label that an event has not."""
_AT_LEAST = {"minstens", "ten_minste", "tenminste", "at_least", "au_moins", "meer_dan", "more_than"}
_LEVELS = {
    **dict.fromkeys(("region", "gewest", "vlaanderen", "flanders", "flandre"), "region"),
    **dict.fromkeys(("province", "provincie"), "province"),
    **dict.fromkeys(("municipality", "gemeente", "commune"), "municipality"),
    "": "",
}
_FLANDERS = {"vlg", "vlaanderen", "flanders", "flandre", "vlaams_gewest", "flemish_region", "02000"}
_PER_CENT = r"\s*(?:%|(?i:procent|pct|pourcents?|per cent|percent))$"
_MONEY = r"(?i)€|\beur(?:os?)?\b"
_PERCENT = {"percent", "procent", "per_cent", "pct", "pourcent", "pourcents", "pourcentage"}
_EUROS = {"eur", "euro", "euros"}
SIGNS = {"percent", "EUR"}
"""Units that are written with a figure; others stand behind it."""
_SCALE = (
    r"duizend|miljoen|miljard|thousand|million|billion|mille|milliard|"
    r"(?:^|_)(?:mio|mln|k)(?:_|$)|1_?000"
)
"""What makes a figure of another size than it is written."""
_MOST_CHILDREN = 2_000_000
"""More than live in Flanders."""
_BY_POSTCODE = (
    (range(1500, 2000), "Vlaams-Brabant"),
    (range(2000, 3000), "Antwerpen"),
    (range(3000, 3500), "Vlaams-Brabant"),
    (range(3500, 4000), "Limburg"),
    (range(8000, 9000), "West-Vlaanderen"),
    (range(9000, 10_000), "Oost-Vlaanderen"),
)
"""The provinces of the postcodes of bpost; those of no range are of Brussels or Wallonia."""


@dataclass(frozen=True)
class KnownPlaces:
    """What the rows of these files can be of.

    Attributes
    ----------
    towns
        nis_code, name and province of the municipalities of the study.
    academies
        academy_id, name and nis_code of the register.
    vintage, year
        Of the study.
    labels
        What is sought, in each language of the study: a label that events can bear.
    whole
        Whether the study is of all that its files hold, not of an area.
    """

    towns: pd.DataFrame
    academies: pd.DataFrame
    vintage: int
    year: int
    labels: tuple[str, ...]
    whole: bool


class _Kind(NamedTuple):
    """How a file of a kind is read: its columns, those it must have, and which name a row."""

    known: Synonyms
    needed: tuple[str, ...]
    naming: tuple[str, ...]
    make: Callable[[Texts, KnownPlaces, OpenedFile], pd.DataFrame]


def load_account(
    role: str, given: Input, ground: KnownPlaces, findings: Findings
) -> tuple[pd.DataFrame | None, Provenance | None]:
    """Read what others counted: the table of that name in `tables`, and where it came from.

    Parameters
    ----------
    role
        reported, participants, budget or events.
    given
        The file, and what the study says of it.
    ground
        What its rows can be of.
    findings
        Takes the problems and notes.
    """
    kind = _KINDS[role]
    with open_input(given, role, findings) as file:
        if file is None:
            return None, None
        before = len(findings.errors)
        table = _read_rows(kind, file)
        made = None if table is None else kind.make(table, ground, file)
        made = made if len(findings.errors) == before else None
        return made, _give_source(file.provenance, made)


def _read_rows(kind: _Kind, file: OpenedFile) -> Texts | None:
    """Take our columns of a table, without titles, totals and notes."""
    names = {ours: (*kind.known.get(ours, ()), *more) for ours, more in file.given_names.items()}
    header = Header({**kind.known, **names}, frozenset(kind.needed), file.header_row)
    table = read_table(file, header=header)
    if table is None:
        return None
    file.choose_columns([*kind.known])
    found = match_columns(table, kind.known, file)
    missing = [name for name in kind.needed if name not in found]
    for name in missing:
        has = say_list([file.label_of(one) for one in table.columns])
        mend = f'name it {name}, or write columns = {{ {name} = "..." }}'
        file.error(f"has no column for {name} (columns: {has})", mend)
    if missing:
        return None
    table = drop_asides(table, (), [found[one] for one in kind.naming if one in found], file)
    if table.empty:
        file.error("holds no rows below its header")
        return None
    file.note(say_count(len(table), "row"))
    empty = pd.Series("", index=table.index, dtype=str)
    return {
        name: as_text(table[found[name]]).map(strip_control).map(unquote_formula).astype(str)
        if name in found
        else empty.rename(name)
        for name in kind.known
    }


def _give_source(found: Provenance, table: pd.DataFrame | None) -> Provenance:
    """Give a file the sources that each of its rows says, where the study says none."""
    if found.source or table is None or "source" not in table or (table["source"] == "").any():
        return found
    told = list(dict.fromkeys(table["source"]))
    return replace(found, source="; ".join(told[:3]) + (" …" if len(told) > 3 else ""))


# --- What cells say ---------------------------------------------------------------------------


def _read_years(text: pd.Series, file: OpenedFile) -> pd.Series:
    years = text.where(text.str.fullmatch(r"\d{4}"), "0").astype("int64")
    must = f"a year from {YEARS[0]} to {YEARS[-1]}"
    report_wrong(text, ~years.isin(YEARS), must, file, "correct it")
    return years


def _read_exact(text: pd.Series, must: str, file: OpenedFile) -> pd.Series:
    """Read numbers that stay text, so that no cent is rounded; none may lack."""
    bare = text.str.replace(_PER_CENT, "", regex=True)
    report_wrong(text, bare == "", must, file, "fill it in, or leave the row out")
    # Digits of other scripts are numbers to some readers and none to others.
    odd = bare.str.contains(r"(?![0-9])\d", regex=True)
    report_wrong(text, odd, must, file, "write it in the digits 0 to 9")
    told = read_amounts(bare.mask(odd, ""), file, must)
    return told.str.replace(r"[.]0+$", "", regex=True).mask(told == "", "0")


def _read_units(texts: Texts, indicator: pd.Series, file: OpenedFile) -> pd.Series:
    """Give the unit of each figure; what its cells say must be that of its indicator."""
    cell, said = texts["value"], texts["unit"]
    in_cell = pd.Series("", index=cell.index, dtype=str)
    in_cell = in_cell.mask(cell.str.contains(_PER_CENT), "percent")
    in_cell = in_cell.mask(cell.str.contains(_MONEY), "EUR")
    folded = said.map(fold_label)
    beside = said.mask(said.str.contains(_PER_CENT) | folded.isin(_PERCENT), "percent")
    beside = beside.mask(said.str.fullmatch("€") | folded.isin(_EUROS), "EUR")
    report_wrong(said, folded.str.contains(_SCALE), "a unit", file, "write the figure in full")
    known = indicator.map({name: one.unit for name, one in INDICATORS.items()})
    unit = known.fillna(beside.where(beside != "", in_cell)).astype(str)
    for told, text in ((in_cell, cell), (beside, said)):
        # Children, organisations and hours have many names; percent and euro have not.
        clash = (told != "") & (told != unit) & (told.isin(SIGNS) | unit.isin(SIGNS))
        for sign in unit[clash].unique():
            must = f"a figure in {sign or 'no unit'}, as this indicator is"
            report_wrong(text, clash & (unit == sign), must, file, "correct one of both")
    return unit


def _check_figures(text: pd.Series, value: pd.Series, unit: pd.Series, file: OpenedFile) -> None:
    """Refuse half children, more than all of 100, and shares that may be of 1 or of 100."""
    number = pd.to_numeric(value)
    share = unit == "percent"
    report_wrong(text, share & (number > 100), "a percentage up to 100", file, "correct it")
    of_one = share & (number > 0) & (number < 1) & ~text.str.contains(_PER_CENT)
    report_wrong(text, of_one, "sure to be per cent", file, "write 72 for 72 %, or 0,72 %")
    whole = unit.isin({one.unit for one in INDICATORS.values()} - SIGNS - {"hours"})
    report_wrong(text, whole & (number % 1 != 0), "a whole number", file, "correct it")


def _read_counts(text: pd.Series, file: OpenedFile) -> pd.Series:
    """Read numbers of children; missing where nobody said it."""
    plain, unsure = drop_thousands(text)
    count = pd.to_numeric(plain.where(plain.str.fullmatch(r"\d{1,9}"), ""), errors="coerce")
    wrong = (text != "") & ~unsure & ~(count <= _MOST_CHILDREN)
    report_wrong(text, unsure, UNSURE[0], file, UNSURE[1])
    report_wrong(text, wrong, "a whole number of children", file)
    return count.mask(unsure | wrong).astype("Int64")


def read_yes(text: pd.Series, more: set[str], file: OpenedFile) -> pd.Series:
    """Read yes or no, empty being no; what is neither is told by row.

    Parameters
    ----------
    text
        The column.
    more
        Words that are a yes here.
    file
        Takes the problems.
    """
    folded = text.map(fold_label)
    report_wrong(text, ~folded.isin(_YES | _NO | more), "yes or no", file)
    return folded.isin(_YES | more)


def _tell_rows(rows: pd.DataFrame | pd.Series, what: Callable[[int], str], mend: str,
               file: OpenedFile) -> None:  # fmt: skip
    """Report rows one by one, and in one line those beyond the first."""
    for row in rows.index[:20]:
        file.error_at(f"{rows.index.name} {row}", what(row), mend)
    tell_rest(rows.index, "is wrong in the same way", file)


def _refuse_twice(keys: pd.DataFrame, named: pd.Series, file: OpenedFile) -> None:
    """Refuse rows that are of the same: whoever stands there twice is counted twice."""
    again = keys[keys.duplicated(keep=False)]
    groups = [rows.index for _, rows in again.groupby([*keys], sort=False, dropna=False)]
    for rows in groups[:20]:
        where = f"{keys.index.name} {say_list(rows.tolist())}"
        what = f"{clean_text(named[rows[0]])} is given {len(rows)} times"
        file.error_at(where, what, "keep one row of it")
    rest = pd.Index([rows[0] for rows in groups], name=keys.index.name)
    tell_rest(rest, "is given more than once too", file)


def _find_towns(text: pd.Series, ground: KnownPlaces) -> tuple[pd.Series, dict[str, str]]:
    """Find the municipality of each text, and why some have none."""
    own = list_own(ground.towns)
    found = {one: find_municipality(one, ground.vintage, own) for one in text.unique() if one}
    codes = [found.get(one, ("", ""))[0] for one in text]
    return pd.Series(codes, index=text.index, dtype=str), {
        one: why for one, (code, why) in found.items() if not code
    }


# --- Reported ---------------------------------------------------------------------------------


def _make_reported(texts: Texts, ground: KnownPlaces, file: OpenedFile) -> pd.DataFrame:
    text = texts["indicator"]
    report_wrong(text, text == "", "what the figure is of", file, "fill it in")
    indicator = text.map(lambda one: fold_label(one) if fold_label(one) in INDICATORS else one)
    unknown = sorted({*indicator} - INDICATORS.keys() - {""})
    if unknown:
        file.warn(
            say(
                "quoted under the names that they have here: {names}",
                "aangehaald onder de naam die ze hier hebben: {names}",
                "cités sous le nom qu’ils ont ici : {names}",
                names=say_list(unknown),
            )
        )
    value = _read_exact(texts["value"], "a number, as 1500 or 1500.50", file)
    unit = _read_units(texts, indicator, file)
    _check_figures(texts["value"], value, unit, file)
    rows = pd.DataFrame(
        {
            "year": _read_years(texts["year"], file),
            "indicator": indicator,
            **_find_places(texts, ground, file),
            "value": value,
            "unit": unit,
            "at_least": read_yes(texts["at_least"], _AT_LEAST, file),
            "source": texts["source"],
        }
    )
    named = rows["indicator"] + " of " + rows["year"].astype(str) + " in " + rows["name"]
    placed = rows[(rows["code"] != "") & (rows["year"] > 0)]
    _refuse_twice(placed[["year", "indicator", "level", "code"]], named, file)
    return rows.reset_index(drop=True)


def _find_places(texts: Texts, ground: KnownPlaces, file: OpenedFile) -> dict[str, pd.Series]:
    """Say of which place each figure is: its level, code and name."""
    text, said = texts["code"], texts["level"].map(fold_label)
    must = "region, province or municipality"
    report_wrong(texts["level"], ~said.isin(_LEVELS), must, file)
    asked = pd.Series([*zip(text, said.map(_LEVELS).fillna(""), strict=True)], index=text.index)
    own = list_own(ground.towns)
    places = ((one, level) for one, level in asked.unique())
    found = {one: _find_place(*one, vintage=ground.vintage, own=own) for one in places}
    wrong = asked[asked.map(lambda one: isinstance(found[one], str))]
    _tell_rows(wrong, lambda row: str(found[wrong[row]]), "", file)
    cells = [("", "", "") if isinstance(found[one], str) else found[one] for one in asked]
    names = zip(("level", "code", "name"), zip(*cells, strict=True), strict=True)
    return {name: pd.Series(values, index=text.index, dtype=str) for name, values in names}


def _find_place(
    text: str, level: str, vintage: int, own: dict[str, set[str]]
) -> tuple[str, str, str] | str:
    """Find the place that a code or name stands for, or say why there is none."""
    province = "" if level == "municipality" else find_province(text)
    if fold_label(text) in _FLANDERS or (not text and level in ("", "region")):
        found = "region", REGION[0], REGION[1]
    elif province:
        found = "province", province, province
    elif text in vintages.known_codes():
        # Of the municipality of then: a share of parts that merged cannot be added up.
        found = "municipality", text, vintages.name_of(text)
    else:
        code, why = find_municipality(text, vintage, own) if text else ("", "no code is given")
        if not code:
            return why
        found = "municipality", code, vintages.name_of(code)
    if level and level != found[0]:
        return f"'{clean_text(text)}' is a {found[0]}, not a {level}"
    return found


# --- Participants -----------------------------------------------------------------------------


def _make_participants(texts: Texts, ground: KnownPlaces, file: OpenedFile) -> pd.DataFrame:
    ids, towns = _find_academies(texts, ground, file), texts["municipality"]
    codes, why = _find_towns(towns, ground)
    bad = towns[towns.isin(why)]
    _tell_rows(bad, lambda row: why[bad[row]], "", file)
    at = dict(zip(ground.academies["academy_id"], ground.academies["nis_code"], strict=True))
    rows = pd.DataFrame(
        {
            "year": _read_years(texts["year"], file),
            "academy_id": ids,
            "nis_code": codes.mask(towns == "", ids.map(lambda one: at.get(one, ""))),
            **{name: _read_counts(texts[name], file) for name in ("children", "girls", "boys")},
            **{
                name: read_whole_numbers(texts[name], 100_000, "a whole number", file)
                for name in ("trajectories", "online")
            },
        }
    )
    nowhere = rows[(towns == "") & (texts["academy_id"] == "") & (texts["academy"] == "")]
    _tell_rows(nowhere, lambda _: "says neither academy nor municipality", "give one", file)
    rows = _check_sexes(rows, texts, file)
    placed = rows[(ids != "") | (codes != "")]
    called = placed["academy_id"].mask(placed["academy_id"] == "", placed["nis_code"])
    named = called + " of " + placed["year"].astype(str)
    _refuse_twice(placed[["year", "academy_id", "nis_code"]], named, file)
    _refuse_both_ways(placed, file)
    _say_moved(rows, towns, at, file)
    return _keep_inside(rows, ground, file)


def _say_moved(rows: pd.DataFrame, towns: pd.Series, at: dict[str, str], file: OpenedFile) -> None:
    """Say which academies are given in another municipality than the register has them in."""
    known = rows["academy_id"].map(lambda one: at.get(one, ""))
    moved = (towns != "") & (known != "") & (rows["nis_code"] != "") & (known != rows["nis_code"])
    if moved.any():
        file.warn_at(
            say_rows(rows.index.name, rows.index[moved].tolist()),
            say(
                "counted in the municipality that is given, not in that of the register: {names}",
                "geteld in de gemeente die er staat, niet in die van het register: {names}",
                "comptés dans la commune indiquée, non dans celle du registre : {names}",
                names=say_list([*rows["academy_id"][moved].unique()]),
            ),
        )


def _find_academies(texts: Texts, ground: KnownPlaces, file: OpenedFile) -> pd.Series:
    """Give the academy_id of each row, by its id or else its name; what is unknown is told."""
    known = ground.academies.assign(folded=ground.academies["name"].map(fold_label))
    once = known[~known["folded"].duplicated(keep=False)]
    of_name = dict(zip(once["folded"], once["academy_id"], strict=True))
    numbers, names = texts["academy_id"], texts["academy"]
    said = numbers.where(numbers != "", names)
    said.name = (numbers if numbers.ne("").any() else names).name
    ids = said.where(
        said.isin(known["academy_id"]), said.map(lambda one: of_name.get(fold_label(one), ""))
    )
    unknown = (said != "") & (ids == "")
    placed = said[unknown & (texts["municipality"] != "")]
    if len(known):
        must = "one academy of the register"
        mend = "correct it, or give its municipality beside it"
        report_wrong(said, unknown & ~said.index.isin(placed.index), must, file, mend)
    if len(placed):
        file.warn_at(
            say_rows(said.index.name, placed.index.tolist()),
            say(
                "not in the register, and counted by municipality: {names}",
                "niet in het register, en geteld per gemeente: {names}",
                "absents du registre, et comptés par commune : {names}",
                names=say_list([*placed.unique()]),
            ),
        )
    kept: pd.Series = ids.mask(said.index.isin(placed.index), said)
    return kept


_SEXES = {
    "girls": say("girls", "meisjes", "filles"),
    "boys": say("boys", "jongens", "garçons"),
}


def _say_number(count: Any) -> str:
    return "no" if pd.isna(count) else str(count)


def _check_sexes(rows: pd.DataFrame, texts: Texts, file: OpenedFile) -> pd.DataFrame:
    """Check girls and boys against all; where a file tells but one, the rest are the other."""
    said = [name for name in _SEXES if texts[name].ne("").any()]
    if len(said) == 1:
        (given,), (other,) = said, _SEXES.keys() - {*said}
        rows = rows.assign(**{other: rows["children"] - rows[given]})
        file.warn(
            say(
                "tells no {other}: they are the children who are no {given}",
                "zegt niets over {other}: dat zijn de kinderen die geen {given} zijn",
                "ne dit rien des {other} : ce sont les enfants qui ne sont pas des {given}",
                other=_SEXES[other],
                given=_SEXES[given],
            )
        )
    both = rows[[*_SEXES]].fillna(0).sum(axis=1)
    over = rows[(both > rows["children"]).fillna(value=False) | (rows[[*_SEXES]] < 0).any(axis=1)]
    _tell_rows(
        over,
        lambda row: (
            f"{_say_number(rows['girls'][row])} girls and {_say_number(rows['boys'][row])} boys "
            f"are more than the "
            f"{rows['children'][row]} children"
        ),
        "correct the one that is wrong",
        file,
    )
    alone = rows[rows["children"].isna() & (both > 0)]
    _tell_rows(alone, lambda _: "girls or boys, and no children", "give all children", file)
    half = rows["girls"].isna() != rows["boys"].isna()
    if half.any() and alone.empty:
        file.warn_at(
            say_rows(rows.index.name, rows.index[half].tolist()),
            say(
                "girls or boys alone: left out of the split by sex",
                "enkel meisjes of enkel jongens: telt niet mee in de verdeling naar geslacht",
                "filles ou garçons seulement : ne compte pas dans la répartition par sexe",
            ),
        )
    return rows.assign(**{name: rows[name].mask(half) for name in _SEXES})


def _refuse_both_ways(rows: pd.DataFrame, file: OpenedFile) -> None:
    """Refuse a municipality that is given as a whole, and by academy too."""
    whole = rows[rows["academy_id"] == ""]
    parts = rows[rows["academy_id"] != ""].set_index(["year", "nis_code"]).index
    twice = whole[whole.set_index(["year", "nis_code"]).index.isin(parts)]
    told = "{} is given as a whole, and by academy in other rows"
    names = twice["nis_code"].map(vintages.name_of)
    _tell_rows(twice, lambda row: told.format(names[row]), "keep one of the two", file)


def _keep_inside(rows: pd.DataFrame, ground: KnownPlaces, file: OpenedFile) -> pd.DataFrame:
    """Leave out what is of no municipality of the study, and say how many that are."""
    inside = rows["nis_code"].isin(ground.towns["nis_code"])
    if not inside.all():
        file.warn_at(
            say_rows(rows.index.name, rows.index[~inside].tolist()),
            say(
                "outside the study, and not counted: {children}",
                "buiten de studie, en niet geteld: {children}",
                "en dehors de l’étude, et non comptés : {children}",
                children=say_count(int(rows["children"][~inside].sum()), "child"),
            ),
        )
    return rows[inside].reset_index(drop=True)


# --- Budget and events ------------------------------------------------------------------------


def _make_budget(texts: Texts, _: KnownPlaces, file: OpenedFile) -> pd.DataFrame:
    line = texts["line"]
    report_wrong(line, line == "", "what the amount is for", file, "fill it in")
    must, of_all = "an amount in euro, as 1500 or 1500.50", texts["euro"].str.contains(_PER_CENT)
    report_wrong(texts["euro"], of_all, must, file, "correct it")
    rows = pd.DataFrame(
        {
            "year": _read_years(texts["year"], file),
            "line": line,
            "euro": _read_exact(texts["euro"], must, file),
            "recipients": texts["recipients"],
            "source": texts["source"],
        }
    )
    dated = rows[rows["year"] > 0]
    _refuse_twice(dated[["year", "line"]], line + " of " + rows["year"].astype(str), file)
    return rows.reset_index(drop=True)


def _make_events(texts: Texts, ground: KnownPlaces, file: OpenedFile) -> pd.DataFrame:
    text = texts["date"]
    report_wrong(text, text == "", "a day as 2022-12-31", file, "fill it in")
    day = read_days(text, file)
    postcode = read_postcodes(texts["postcode"], file)
    codes, _ = _find_towns(texts["place"], ground)
    ages = {one: read_span_of_ages(one) if one else None for one in texts["ages"].unique()}
    read = texts["ages"].map(ages)
    ends = [one if isinstance(one, tuple) else (None, None) for one in read]
    swapped = read.map(lambda one: isinstance(one, tuple) and None not in one and one[0] > one[1])
    wrong = (read.isna() & (texts["ages"] != "")) | swapped.astype(bool)
    report_wrong(texts["ages"], wrong, "ages as 6-12 or 6+", file)
    inside = ground.towns.set_index("nis_code")["province"].to_dict()
    rows = pd.DataFrame(
        {
            "date": day,
            "year": day.dt.year.fillna(0).astype("int64"),
            "place": texts["place"],
            "postcode": postcode,
            "nis_code": codes,
            "province": [
                inside.get(code) or _province_of(one)
                for code, one in zip(codes, postcode, strict=True)
            ],
            "has_label": _read_labels(texts["label"], ground, file),
            "min_age": pd.array([low for low, _ in ends], dtype="Int64"),
            "max_age": pd.array([high for _, high in ends], dtype="Int64"),
            **_read_marks(texts, file),
        },
        index=text.index,
    )
    of_columns = {"has_label": "label", **{name: name for name in _OF_EVENTS}}
    rows = rows.drop(columns=[ours for ours, one in of_columns.items() if one not in file.taken])
    cells = pd.DataFrame({name: one for name, one in texts.items() if name in file.taken})
    if (again := cells.duplicated()).any():
        file.warn_at(
            say_rows(rows.index.name, rows.index[again].tolist()),
            say(
                "the same as an earlier row, and counted as an event of its own",
                "gelijk aan een eerdere rij, en geteld als een evenement op zich",
                "identique à une ligne précédente, et compté comme un événement distinct",
            ),
        )
    rows = _keep_events_inside(rows, ground, file)
    held = rows if "status" not in rows else rows[rows["status"] == ""]
    other = held["year"][~held["year"].isin((ground.year, 0))].value_counts().sort_index()
    if len(other):
        told = [f"{year}: {count}" for year, count in other.items()]
        file.warn(
            say(
                "events of other years than {year} stand apart, by year: {years}",
                "evenementen van andere jaren dan {year} staan apart, per jaar: {years}",
                "les événements d’autres années que {year} figurent à part, par année : {years}",
                year=str(ground.year),
                years=say_list(told),
            )
        )
    return rows.reset_index(drop=True)


_OF_EVENTS = (
    *("id", "title", "organiser", "venue"),
    *("status", "attendance", "children_only", "capacity", "remaining"),
)
"""Columns of the table of events that are there when the file has them."""


def _read_marks(texts: Texts, file: OpenedFile) -> dict[str, pd.Series]:
    """Read who holds an event, whether it takes place, where, for whom and for how many."""
    return {
        **{name: texts[name] for name in ("id", "title", "organiser", "venue")},
        "status": _read_known(texts["status"], _STATUSES, file),
        "attendance": _read_known(texts["attendance"], _ATTENDANCES, file),
        "children_only": read_yes(texts["children_only"], set(), file),
        **{
            name: read_whole_numbers(texts[name], 10_000_000, "a whole number of places", file)
            for name in ("capacity", "remaining")
        },
    }


def _read_known(text: pd.Series, known: dict[str, str], file: OpenedFile) -> pd.Series:
    """Read one of some words; what is another is told, and taken for empty."""
    read = text.map(fold_label).map(known)
    if (others := text[read.isna()].unique()).size:
        file.warn(
            say(
                "column {column}: taken for empty: {names}",
                "kolom {column}: gelezen als leeg: {names}",
                "colonne {column} : pris pour vide : {names}",
                column=clean_text(file.label_of(text.name)),
                names=say_list([*others], 5),
            )
        )
    return read.fillna(known[""]).astype(str)


def _province_of(postcode: str) -> str:
    number = int(postcode or 0)
    return next((name for span, name in _BY_POSTCODE if number in span), "")


def _read_labels(text: pd.Series, ground: KnownPlaces, file: OpenedFile) -> pd.Series:
    """Say which events bear the label: by yes or no, or by its name among others."""
    folded = text.map(fold_label)
    form = "|".join(re.escape(fold_label(one)) for one in ground.labels)
    named = folded.str.contains(rf"(?:^|_)(?:{form})s?(?:_|$)")
    has = folded.isin(_YES) | (named & ~folded.str.contains(_NOT))
    others = text[~has & ~folded.isin(_NO)]
    if len(others):
        file.warn(
            say(
                "other labels, counted as without: {names}",
                "andere labels, geteld als zonder: {names}",
                "autres labels, comptés comme sans : {names}",
                names=say_list([*others.unique()]),
            )
        )
    return has


def _keep_events_inside(rows: pd.DataFrame, ground: KnownPlaces, file: OpenedFile) -> pd.DataFrame:
    """Leave out events that are known to be elsewhere; say of how many the place is not known."""
    named, known = rows["nis_code"] != "", rows["province"] != ""
    elsewhere = named & ~rows["nis_code"].isin(ground.towns["nis_code"])
    elsewhere |= known & ~rows["province"].isin(ground.towns["province"])
    elsewhere |= ~known & (rows["postcode"] != "") & ~named
    unknown = ~elsewhere & ~named & ~known
    if "attendance" in rows:
        unknown &= rows["attendance"] != "online"
    for which, what in (
        (elsewhere, ("outside the study, and not counted: {rows}{names}",
                     "buiten de studie, en niet geteld: {rows}{names}",
                     "en dehors de l’étude, et non compté : {rows}{names}")),
        (unknown, ("without a known place, and counted in no province: {rows}{names}",
                   "zonder bekende plaats, en in geen provincie geteld: {rows}{names}",
                   "sans lieu connu, et compté dans aucune province : {rows}{names}")),
    ):  # fmt: skip
        if which.any():
            shown = [one for one in rows["place"][which].unique() if one]
            file.warn(
                say(
                    *what,
                    rows=say_count(int(which.sum()), "row"),
                    names=say(*[" ({names})"] * 3, names=say_list(shown, 5)) if shown else "",
                )
            )
    return rows[~elsewhere]


_KINDS = {
    "reported": _Kind(_REPORTED, ("year", "indicator", "value"), ("indicator",), _make_reported),
    "participants": _Kind(
        _PARTICIPANTS,
        ("year", "children"),
        ("academy_id", "academy", "municipality"),
        _make_participants,
    ),
    "budget": _Kind(_BUDGET, ("year", "line", "euro"), ("line",), _make_budget),
    "events": _Kind(_EVENTS, ("date",), ("date", "place"), _make_events),
}
ACCOUNTS = tuple(_KINDS)
"""The inputs that are of this kind."""
