"""What Adresmatch, of the Flemish address register, answered to addresses: kept as a table.

It is asked by `stemgeo fetch addresses`, never during a run.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from stemgeo.errors import FetchError, Problem
from stemgeo.facts import LAMBERT_72
from stemgeo.inputs.addresses import Address, fold_street, read_postcode
from stemgeo.inputs.cells import as_numbers, read_table
from stemgeo.inputs.files import (
    clean_text,
    open_input,
    quote_formula,
    strip_control,
    unquote_formula,
)
from stemgeo.inputs.messages import check_values
from stemgeo.inputs.provenance import Provenance
from stemgeo.inputs.vectors import make_transformer
from stemgeo.notes import say, say_amount, say_count

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from stemgeo.errors import Findings
    from stemgeo.study import Input

PLACED_BY = "adresmatch"
ASKED = ("municipality", "postcode", "street", "house_number")
"""What is sent of an address, and by what an answer is found again: no name, no box."""

_PARAMETERS = dict(
    zip(ASKED, ("gemeentenaam", "postcode", "straatnaam", "huisnummer"), strict=True)
)
_MOST_MATCHES = 20
_GML = re.compile(r'<gml:Point\b[^>]{0,300}?srsName="([^"]{1,100})"', re.IGNORECASE)
_POS = re.compile(r"<gml:pos[^>]{0,100}>\s*([-+0-9.eE]{1,30})\s+([-+0-9.eE]{1,30})\s*</gml:pos>")
_SYSTEMS = {"31370": LAMBERT_72, "3812": "EPSG:3812"}
_AROUND = {"x": (0.0, 280_000.0), "y": (130_000.0, 260_000.0)}
"""Flanders, in EPSG:31370."""


class Match(NamedTuple):
    """An address of the register that may be the one that was asked.

    Attributes
    ----------
    score
        Its likeness, 0 to 100, as Adresmatch has it.
    method, specification, status
        How its place is known, of what it is, and whether the address is in use: its words.
    x, y
        EPSG:31370; NaN where it has no place.
    address
        As the register writes it.
    matched_municipality, matched_postcode, matched_number
        Of it.
    object_id
        Its number in the register.
    """

    score: float
    method: str
    specification: str
    status: str
    x: float
    y: float
    address: str
    matched_municipality: str
    matched_postcode: str
    matched_number: str
    object_id: str


NO_MATCH = Match(0.0, "", "", "", math.nan, math.nan, "", "", "", "", "")


class MatchedAddress(NamedTuple):
    """What came to one question.

    Attributes
    ----------
    asked_on
        The day.
    question
        The values of `ASKED`.
    matches
        Best first; none where the register knows no such address.
    warnings
        What Adresmatch said of the question.
    """

    asked_on: dt.date
    question: tuple[str, ...]
    matches: tuple[Match, ...]
    warnings: str


_COLUMNS = ("asked_on", *ASKED, "rank", *Match._fields, "warnings")


def make_question(one: Address) -> tuple[str, ...] | None:
    """Give what would be asked of an address; None where it says too little for that."""
    if one.wrong or not one.street or one.number is None:
        return None
    if not (one.municipality or one.postcode):
        return None
    return one.municipality, one.postcode, one.street, f"{one.number}{one.mark.upper()}"


def list_parameters(question: Sequence[str]) -> dict[str, str]:
    """Give a question as Adresmatch takes it, without what is not known."""
    pairs = zip(_PARAMETERS.values(), question, strict=True)
    return {name: value for name, value in pairs if value}


def fold_question(question: Sequence[str]) -> tuple[str, ...]:
    """Write a question so that the same address is known again."""
    town, postcode, street, number = question
    postcode = read_postcode(postcode) or postcode
    return fold_street(town), postcode, fold_street(street), number.casefold()


# --- An answer as it comes ---------------------------------------------------------------------


def read_answer(
    content: Any, question: tuple[str, ...], day: dt.date, address: str
) -> MatchedAddress:
    """Read what Adresmatch answered.

    Parameters
    ----------
    content
        The JSON.
    question, day
        What was asked, and when.
    address
        That answered.

    Raises
    ------
    FetchError
        If it is no such answer.
    """
    found = content.get("adresMatches") if isinstance(content, Mapping) else None
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        what = "answers without a list `adresMatches`: it is no answer of Adresmatch as it is known"
        raise FetchError(Problem(address, what, "look whether its service changed"))
    warnings = content.get("warnings")
    told = [_text(one, "message") for one in (warnings if isinstance(warnings, list) else [])[:10]]
    matches = [_read_match(one) for one in found[:_MOST_MATCHES]]
    matches.sort(key=_rank)
    return MatchedAddress(day, question, tuple(matches), "; ".join(filter(None, told)))


def _rank(one: Match) -> tuple[float, str, str]:
    """Put the best first."""
    return -one.score, one.object_id, one.address


def _read_match(one: Mapping[str, Any]) -> Match:
    score, place = _read_number(one.get("score")), one.get("adresPositie")
    x, y = _read_position(place)
    return Match(
        score=round(min(max(score, 0.0), 100.0), 2) if math.isfinite(score) else 0.0,
        method=_text(place, "positieGeometrieMethode"),
        specification=_text(place, "positieSpecificatie"),
        status=_text(one, "adresStatus"),
        x=x,
        y=y,
        address=_text(one, "volledigAdres", "geografischeNaam", "spelling"),
        matched_municipality=_text(one, "gemeente", "gemeentenaam", "geografischeNaam", "spelling"),
        matched_postcode=_text(one, "postinfo", "objectId"),
        matched_number=_text(one, "huisnummer"),
        object_id=_text(one, "identificator", "objectId"),
    )


def _text(part: Any, *keys: str) -> str:
    """Give a text that stands so deep in an answer, cleaned; empty where it is not there."""
    for key in keys:
        part = part.get(key) if isinstance(part, Mapping) else None
    if isinstance(part, str) or (isinstance(part, int) and not isinstance(part, bool)):
        return clean_text(str(part), 200)
    return ""


def _read_number(given: Any) -> float:
    """Give a number, or the text of one; NaN where it is none."""
    try:
        return math.nan if isinstance(given, bool) else float(given)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _read_position(place: Any) -> tuple[float, float]:
    """Read the point, of GML or of coordinates; NaN where there is none in Flanders."""
    shape = place.get("geometrie") if isinstance(place, Mapping) else None
    bare = place.get("point") if isinstance(place, Mapping) else None
    gml = shape.get("gml") if isinstance(shape, Mapping) else None
    system, numbers = LAMBERT_72, None
    if isinstance(gml, str):
        named, at = _GML.search(gml[:5000]), _POS.search(gml[:5000])
        code = re.search(r"(\d{4,5})$", named[1]) if named else None
        system = _SYSTEMS.get(code[1], "") if code else LAMBERT_72
        numbers = at.groups() if at else None
    for one in (shape, bare):
        given = one.get("coordinates") if isinstance(one, Mapping) and numbers is None else None
        if isinstance(given, list) and len(given) >= 2:
            numbers = (given[0], given[1])
    x, y = (_read_number(one) for one in numbers or ("", ""))
    if system and system != LAMBERT_72:
        x, y = make_transformer(system, LAMBERT_72).transform(x, y)
    (left, right), (bottom, top) = _AROUND.values()
    there = bool(system) and left <= x <= right and bottom <= y <= top
    return (round(x, 2), round(y, 2)) if there else (math.nan, math.nan)


# --- Answers that are kept ---------------------------------------------------------------------


def write_answers(answers: Iterable[MatchedAddress], path: Path) -> None:
    """Write answers as a table: a row for each match, and one for a question without any."""
    rows = [
        (answer.asked_on.isoformat(), *answer.question, rank, *match, answer.warnings)
        for answer in sorted(answers, key=lambda one: (one.question, one.asked_on))
        for rank, match in enumerate(answer.matches or (NO_MATCH,), 1 if answer.matches else 0)
    ]
    table = pd.DataFrame(rows, columns=[*_COLUMNS])
    texts = [name for name in _COLUMNS if name not in ("rank", "score", "x", "y")]
    table[texts] = table[texts].map(quote_formula)
    table.to_csv(path, sep=";", index=False, lineterminator="\n", encoding="utf-8")


def load_answers(
    given: Input, findings: Findings
) -> tuple[dict[tuple[str, ...], MatchedAddress] | None, Provenance | None]:
    """Read the answers that `stemgeo fetch addresses` kept.

    Parameters
    ----------
    given
        The file.
    findings
        Takes the problems and notes.

    Returns
    -------
    (dict or None, Provenance or None)
        Each answer by its question, as `fold_question` writes it.
    """
    with open_input(given, "matched_addresses", findings) as file:
        if file is None:
            return None, None
        table = read_table(file, {name: (name,) for name in _COLUMNS})
        missing = [] if table is None else [name for name in _COLUMNS if name not in table]
        if missing:
            has = ", ".join(missing[:5])
            file.error(f"has no column {has}", "give what `stemgeo fetch addresses` wrote")
        if table is None or missing:
            return None, file.provenance
        numbers = {name: as_numbers(table[name]) for name in ("score", "x", "y")}
        bare = (table["x"] == "") & (table["y"] == "")
        days = pd.to_datetime(table["asked_on"], format="%Y-%m-%d", errors="coerce")
        fine = [
            check_values(table["score"], numbers["score"].between(0, 100), "not 0 to 100", file),
            check_values(table["asked_on"], days.notna(), "not a day as 2026-11-30", file),
            *(
                check_values(table[name], bare | numbers[name].between(*_AROUND[name]),
                             "not a coordinate in Flanders", file)
                for name in ("x", "y")
            ),
        ]  # fmt: skip
        if not all(fine):
            return None, file.provenance
        plain = table.map(lambda text: unquote_formula(strip_control(text)))
        plain = plain.assign(**numbers, asked_on=days.dt.date)
        answers = _gather(plain)
        met = sum(bool(one.matches) for one in answers.values())
        file.note(
            say(
                "{addresses} asked, {met} known to the register",
                "{addresses} gevraagd, {met} gekend in het register",
                "{addresses} en tout, {met} au registre",
                addresses=say_count(len(answers), "address"),
                met=say_amount(met),
            )
        )
        return answers, file.provenance


def _gather(table: pd.DataFrame) -> dict[tuple[str, ...], MatchedAddress]:
    """Put the rows of each question together; of one that was asked twice the last counts."""
    answers: dict[tuple[str, ...], MatchedAddress] = {}
    for (_, *question), rows in table.groupby(["asked_on", *ASKED], sort=True):
        parts = rows[rows["rank"] != "0"][[*Match._fields]].itertuples(index=False)
        matches = tuple(sorted((Match(*one) for one in parts), key=_rank))
        asked = tuple(map(str, question))
        told = str(rows["warnings"].iloc[0])
        answers[fold_question(asked)] = MatchedAddress(
            rows["asked_on"].iloc[0], asked, matches, told
        )
    return answers
