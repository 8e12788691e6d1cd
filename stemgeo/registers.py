"""A register by itself, and against the one of before: what became of each academy."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
from pydantic import ValidationError
from rapidfuzz import fuzz

from stemgeo.errors import Findings, Problem, StudyError
from stemgeo.facts import LAMBERT_72
from stemgeo.inputs.academies import load_academies
from stemgeo.inputs.addresses import Address, fold_street, parse_address
from stemgeo.inputs.boundaries import as_input
from stemgeo.inputs.columns import fold_label
from stemgeo.recognition import choose_lapsed
from stemgeo.study import AcademyRules, Register

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from stemgeo.notes import Note
    from stemgeo.study import Input

FINDINGS = ("new", "gone", "renumbered", "renamed", "moved", "lapsed", "twice")
SAME_PLACE_M = 250.0
"""Nearer than this two rows may be of one academy: another door, or another's geocoding."""
MOVED_M = 10.0
"""Less is the rounding of coordinates: four decimals of a degree are 11 m."""
NEAR_NAME = 85
"""Of 100: names that differ in a letter or two, in the order of their words or in some of them."""

NEAR_STREET = 90
"""Of 100: streets that differ in a letter of ten."""

_OF_A_RUN = "academies.csv", "academies.coarse"
"""What a note points to that a run alone writes or reads."""

_Row = dict[str, Any]


@dataclass(frozen=True, repr=False)
class RegisterCheck:
    """What was found in a register.

    Attributes
    ----------
    table
        finding (of `FINDINGS`), academy_id, name (of the register; of those that are gone as it
        was), other_id, other_name (as it was before, or of the other of two that may be one),
        moved_m (how far apart; missing where a place is known roughly), was, is (of one that
        moved: its address before and now, else its x and y in EPSG:31370), last_day (of a
        recognition, as 2022-12-31).
    academies, before
        How many there are, and were; None without a register of before.
    notes
        What must be known of the files.
    """

    table: pd.DataFrame
    academies: int
    before: int | None
    notes: tuple[Note, ...]

    def __repr__(self) -> str:
        return "\n".join([self.format().to_string(index=False), *self.lines()])

    def format(self) -> pd.DataFrame:
        """Give the table as text, for people."""
        shown = self.table.assign(
            moved_m=["" if np.isnan(one) else f"{one:.0f}" for one in self.table["moved_m"]],
        )
        return shown.rename(columns={name: str(name).replace("_", " ") for name in shown})

    def lines(self) -> list[str]:
        """Count what was found."""
        counts = self.table["finding"].value_counts()
        asked = FINDINGS if self.before is not None else FINDINGS[-2:]
        was = "" if self.before is None else f", {self.before} before"
        told = ", ".join(f"{counts.get(one, 0)} {one}" for one in asked)
        return [f"{self.academies} in the register{was}: {told}"]


def as_register(path: Path, told: Mapping[str, Any]) -> Register:
    """Take a file as a register of which more is known: sheet, layer, columns.

    Raises
    ------
    StudyError
        If what is told cannot be.
    """
    try:
        return Register(path=path, **told)
    except ValidationError as error:
        raise StudyError(
            *(Problem(str(one["loc"][0]), str(one["msg"])) for one in error.errors())
        ) from None


def check_register(
    register: str | Path | Input,
    before: str | Path | Input | None = None,
    *,
    day: dt.date | None = None,
) -> RegisterCheck:
    """Say who is new, gone, renamed, moved or lapsed in a register, and who may be in it twice.

    Rows are of one academy that bear one id and one name; else one name at one place, so that it
    is seen when ids were given anew; else one id and nearly one name, or one place. It changes
    nothing.

    >>> sg.check_register("register-2026.xlsx", "register-2025.xlsx").table

    Parameters
    ----------
    register, before
        Files in the form of the register, that of now and that of before.
    day
        On which a recognition has lapsed; today when not given.

    Raises
    ------
    InputError
        With every problem of the files.
    """
    findings = Findings()
    now, old = (None if one is None else _read(one, findings) for one in (register, before))
    findings.raise_errors()
    rows = [] if now is None else [*_yield_twice(now)]
    if now is not None:
        ended = choose_lapsed(now, day or dt.date.today(), AcademyRules())  # noqa: DTZ011
        rows += [
            _find("lapsed", row, last_day=f"{row['last_day']:%Y-%m-%d}")
            for row in _list_rows(ended)
        ]
    if now is not None and old is not None:
        rows += _compare(now, old)
    order = {name: place for place, name in enumerate(FINDINGS)}
    rows.sort(key=lambda row: (order[row["finding"]], row["academy_id"], row["other_id"]))
    table = pd.DataFrame(rows, columns=[*_find("", {"academy_id": "", "name": ""})])
    table = table.astype({"moved_m": "float64"})
    count = None if old is None else len(old)
    notes = tuple(_leave_out_run(note) for note in findings.notes)
    return RegisterCheck(table, 0 if now is None else len(now), count, notes)


def _leave_out_run(note: Note) -> Note:
    """Leave out of a note what it points to, where that is of a run: here there is none."""
    of_run = note.mend is not None and any(one in note.mend.en for one in _OF_A_RUN)
    return replace(note, mend=None) if of_run else note


def _read(given: str | Path | Input, findings: Findings) -> gpd.GeoDataFrame:
    nowhere = gpd.GeoDataFrame(
        {"nis_code": pd.Series(dtype=str), "name": pd.Series(dtype=str)},
        geometry=[],
        crs=LAMBERT_72,
    )
    return load_academies(as_input(given), nowhere, findings)[0]


def _list_rows(register: gpd.GeoDataFrame) -> list[_Row]:
    return [{str(key): value for key, value in row.items()} for row in register.to_dict("records")]


def _find(finding: str, row: _Row, other: _Row | None = None, **more: object) -> _Row:
    """Write a finding of a row, and of the other that it is about."""
    both = {} if other is None else {"other_id": other["academy_id"], "other_name": other["name"]}
    return {
        "finding": finding,
        "academy_id": row["academy_id"],
        "name": row["name"],
        "other_id": "",
        "other_name": "",
        "moved_m": np.nan,
        "was": "",
        "is": "",
        "last_day": "",
        **both,
        **more,
    }


# --- Whether two rows are of one academy -------------------------------------------------------


class _Names:
    """Names without the words that most of them have, such as "STEM-academie"."""

    def __init__(self, *registers: gpd.GeoDataFrame) -> None:
        names = {name for one in registers for name in one["name"]}
        words = Counter(word for name in names for word in set(fold_label(name).split("_")))
        common = {word for word, times in words.items() if 2 * times > len(names) > 3}
        self._bare = {name: _leave_out(common, name) for name in names}

    def compare(self, one: _Row, other: _Row) -> float:
        """Say how alike two names are, from 0 to 100."""
        return fuzz.token_set_ratio(self._bare[one["name"]], self._bare[other["name"]])


def _leave_out(common: set[str], name: str) -> str:
    words = fold_label(name).split("_")
    return " ".join(word for word in words if word not in common) or " ".join(words)


def _measure_apart(one: _Row, other: _Row) -> float:
    """Say how far two rows lie apart, metres; NaN where one of them is placed roughly."""
    if one["coarse"] or other["coarse"]:
        return float("nan")
    return float(one["geometry"].distance(other["geometry"]))


def _has_moved(one: _Row, other: _Row) -> bool:
    if one["coarse"] or other["coarse"]:
        if one["address"] and other["address"]:
            return not _is_same_address(one["address"], other["address"])
        # One has coordinates: only what is farther off than the other may be has moved.
        off = float(one["geometry"].distance(other["geometry"]))
        return bool(off > max(one["precision_m"], other["precision_m"]))
    return _measure_apart(one, other) > MOVED_M


def _is_same_address(one: str, other: str) -> bool:
    """Whether two addresses may be one: an initial for a name, a typing error in the street."""
    if fold_label(one) == fold_label(other):
        return True
    a, b = parse_address(one), parse_address(other)
    towns = (a.postcode, b.postcode), (fold_label(a.municipality), fold_label(b.municipality))
    elsewhere = any(all(pair) and pair[0] != pair[1] for pair in towns)
    same_door = (a.number, a.last, a.mark) == (b.number, b.last, b.mark)
    return same_door and not elsewhere and _is_same_street(a, b)


def _is_same_street(one: Address, other: Address) -> bool:
    a, b = (fold_label(each.street).split("_") for each in (one, other))
    if len(a) == len(b) and all(
        x == y or (min(len(x), len(y)) == 1 and x[:1] == y[:1]) for x, y in zip(a, b, strict=True)
    ):
        return True
    return fuzz.ratio(fold_street(one.street), fold_street(other.street)) >= NEAR_STREET


def _say_place(row: _Row) -> str:
    """Say in words where a row is: its address, else its coordinates."""
    at = row["geometry"]
    return str(row["address"]) or f"{at.x:.0f}, {at.y:.0f}"


def _is_near(one: _Row, other: _Row) -> bool:
    if one["coarse"] or other["coarse"]:
        return bool(one["address"] and other["address"]) and not _has_moved(one, other)
    return _measure_apart(one, other) <= SAME_PLACE_M


def _yield_twice(register: gpd.GeoDataFrame) -> Iterator[_Row]:
    names = _Names(register)
    for one, other in combinations(_list_rows(register), 2):
        if _is_near(one, other) and names.compare(one, other) >= NEAR_NAME:
            yield _find("twice", one, other, moved_m=_measure_apart(one, other))


def _compare(now: gpd.GeoDataFrame, old: gpd.GeoDataFrame) -> list[_Row]:
    pairs = _pair_rows(_list_rows(now), _list_rows(old), _Names(now, old))
    rows = []
    for one, was in pairs:
        if one is None or was is None:
            rows.append(_find("new", one) if one else _find("gone", was or {}))
            continue
        is_other = {
            "renumbered": one["academy_id"] != was["academy_id"],
            "renamed": one["name"] != was["name"],
            "moved": _has_moved(one, was),
        }
        places = {"was": _say_place(was), "is": _say_place(one)}
        apart = {"moved": {"moved_m": _measure_apart(one, was), **places}}
        rows += [_find(key, one, was, **apart.get(key, {})) for key in is_other if is_other[key]]
    return rows


def _pair_rows(
    now: list[_Row], old: list[_Row], names: _Names
) -> list[tuple[_Row | None, _Row | None]]:
    """Pair the rows of one academy, the surest first; a row without another stands by itself."""

    def same_id(one: _Row, was: _Row) -> bool:
        return bool(one["academy_id"] == was["academy_id"])

    def same_name(one: _Row, was: _Row) -> bool:
        return fold_label(one["name"]) == fold_label(was["name"])

    def near_name(one: _Row, was: _Row) -> bool:
        return names.compare(one, was) >= NEAR_NAME

    ways: list[Callable[[_Row, _Row], bool]] = [
        lambda one, was: same_id(one, was) and same_name(one, was),
        lambda one, was: same_name(one, was) and _is_near(one, was),
        lambda one, was: same_id(one, was) and (near_name(one, was) or _is_near(one, was)),
        lambda one, was: near_name(one, was) and _is_near(one, was),
        same_name,
    ]
    pairs: list[tuple[_Row | None, _Row | None]] = []
    left, free = list(now), list(old)
    for way in ways:
        rest = []
        for one in left:
            fitting = [was for was in free if way(one, was)]
            # A name that several bear does not tell which of them moved.
            bearers = sum(same_name(other, one) for other in left) if way is same_name else 1
            if not fitting or (way is same_name and max(bearers, len(fitting)) > 1):
                rest.append(one)
                continue
            was = min(fitting, key=lambda was: (np.nan_to_num(_measure_apart(one, was)),
                                                was["academy_id"]))  # fmt: skip
            free.remove(was)
            pairs.append((one, was))
        left = rest
    return [*pairs, *((one, None) for one in left), *((None, was) for was in free)]
