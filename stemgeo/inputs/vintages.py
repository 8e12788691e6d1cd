"""NIS codes over the mergers of 2019 and 2025.

308 municipalities became 300 on 1 January 2019 and 285 on 1 January 2025. Each merger joins whole
municipalities, so going forward is exact. Going back divides what was joined: counts can be, as an
estimate by weights; land cannot. Names are no guide: Lokeren, Lochristi, Tielt, Wingene and Hasselt
kept theirs with a new code, and Antwerpen kept its code with more land.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import pandas as pd

from stemgeo import facts
from stemgeo.errors import InputError, Problem
from stemgeo.inputs.formats import UnreadableError
from stemgeo.notes import Said, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

VINTAGES = (2018, 2024, 2025)
"""2018: before 2019; 2024: 2019 to 2024; 2025: from 2025 on."""

BRUSSELS = "Brussels Hoofdstedelijk Gewest"
_DISTRICT = re.compile(r" \(.*\)$")
"""Behind the names of 2018 that are those of two municipalities."""
_PROVINCES_OF = {2018: "province2018", 2024: "province2018", 2025: "province2025"}
# The first two digits of a NIS code give the district; those of Wallonia are these. A code that
# ends in three zeros is of a district, not of a municipality.
_WALLOON = re.compile(r"(25|5[1-8]|6[1-4]|8[1-5]|9[1-3])(?!000)\d{3}")


IN_BRUSSELS = Said("Brussels", "Brussel", "Bruxelles")
IN_WALLONIA = Said("Wallonia", "Wallonië", "Wallonie")


def say_codes(given: int, wanted: int) -> Said:
    """Say of which year codes are, and to which they were brought."""
    if given == wanted:
        return say("codes of {given}", "codes van {given}", "codes de {given}", given=str(given))
    return say(
        "codes of {given}, brought to {wanted}",
        "codes van {given}, omgezet naar {wanted}",
        "codes de {given}, convertis en ceux de {wanted}",
        given=str(given),
        wanted=str(wanted),
    )


@cache
def _provinces_by_code(vintage: int) -> dict[str, str]:
    table = facts.list_municipalities()
    return dict(zip(table[f"nis{vintage}"], table[_PROVINCES_OF[vintage]], strict=True))


@cache
def names_by_code(vintage: int) -> dict[str, str]:
    """Name of each municipality of Flanders and Brussels by its code in a vintage."""
    table = facts.list_municipalities()
    return dict(zip(table[f"nis{vintage}"], table[f"name{vintage}"], strict=True))


def name_of(nis_code: str) -> str:
    """Name of a municipality of any vintage, the newest that goes with its code.

    Raises
    ------
    KeyError
        If the code is of no vintage.
    """
    return next(
        names_by_code(vintage)[nis_code]
        for vintage in reversed(VINTAGES)
        if nis_code in names_by_code(vintage)
    )


@cache
def flemish_codes(vintage: int) -> frozenset[str]:
    """Codes of the Flemish municipalities in a vintage: 308, 300 or 285."""
    return frozenset(
        c for c, province in _provinces_by_code(vintage).items() if province != BRUSSELS
    )


@cache
def brussels_codes() -> frozenset[str]:
    """Codes of the 19 municipalities of Brussels; the same in all vintages."""
    return frozenset(c for c, province in _provinces_by_code(2018).items() if province == BRUSSELS)


@cache
def known_codes() -> frozenset[str]:
    """Every code of Flanders and Brussels, of any vintage."""
    return brussels_codes().union(*(flemish_codes(vintage) for vintage in VINTAGES))


def is_walloon(code: str) -> bool:
    """Whether a code is of a municipality in Wallonia, by the digits of its district."""
    return _WALLOON.fullmatch(code) is not None


def province_of(nis_code: str, vintage: int) -> str:
    """Province of a municipality; it depends on the vintage, as Zwijndrecht's did.

    Raises
    ------
    KeyError
        If the code does not exist in that vintage.
    """
    return _provinces_by_code(vintage)[nis_code]


def find_vintages(codes: Iterable[str]) -> set[int]:
    """Vintages in which all these Flemish codes exist; more than one when they do not tell."""
    wanted = set(codes) - brussels_codes()
    return {vintage for vintage in VINTAGES if wanted <= flemish_codes(vintage)}


@cache
def _build_crosswalk(from_vintage: int, to_vintage: int) -> dict[str, str]:
    if from_vintage > to_vintage:
        raise ValueError(f"codes of {from_vintage} cannot be brought back to {to_vintage}")
    table = facts.list_municipalities()
    return dict(zip(table[f"nis{from_vintage}"], table[f"nis{to_vintage}"], strict=True))


def bring_forward(codes: Iterable[str], from_vintage: int, to_vintage: int) -> list[str]:
    """Bring codes to a later vintage, in their order; merged municipalities give one code.

    Parameters
    ----------
    codes
        NIS codes.
    from_vintage, to_vintage
        Theirs, and that to which they are brought.

    Raises
    ------
    KeyError
        If a code does not exist in `from_vintage`.
    ValueError
        If `to_vintage` is earlier: a merged municipality cannot be divided.
    """
    crosswalk = _build_crosswalk(from_vintage, to_vintage)
    return [crosswalk[code] for code in codes]


@cache
def bring_each_forward(to_vintage: int) -> dict[str, str]:
    """Code in `to_vintage` of every Flemish code of that or an earlier vintage.

    For places that lie inside one municipality, such as zones, whose codes may be of several
    vintages in one file. No code was ever given to other land, so this is exact.
    """
    return {
        code: target
        for vintage in VINTAGES
        if vintage <= to_vintage
        for code, target in _build_crosswalk(vintage, to_vintage).items()
        if code in flemish_codes(vintage)
    }


def parts_of(nis_code: str, vintage: int, from_vintage: int) -> frozenset[str]:
    """Codes of an earlier vintage that together make this municipality.

    Parameters
    ----------
    nis_code, vintage
        The municipality, and of when its code is.
    from_vintage
        The earlier one.
    """
    crosswalk = _build_crosswalk(from_vintage, vintage)
    return frozenset(old for old, new in crosswalk.items() if new == nis_code)


@cache
def list_former(vintage: int) -> tuple[tuple[str, str, str], ...]:
    """List what mergers before a vintage took in: its code, its name, and the code it has since.

    One that kept its name has none: a code alone. Each code once, with its newest name.
    """
    found: dict[str, tuple[str, str, str]] = {}
    for older in reversed([one for one in VINTAGES if one < vintage]):
        for code, since in _build_crosswalk(older, vintage).items():
            name = _DISTRICT.sub("", names_by_code(older)[code])
            kept = name == names_by_code(vintage)[since]
            if not (kept and code == since):
                found.setdefault(code, (code, "" if kept else name, since))
    return tuple(found.values())


def cover_flanders(codes: Iterable[str]) -> bool:
    """Whether these are all Flemish municipalities of some vintage."""
    there = set(codes)
    return any(flemish_codes(vintage) <= there for vintage in VINTAGES)


def codes_since(code: str, vintage: int) -> list[str]:
    """Give the codes that a municipality of a vintage has had since, its own first."""
    later = [one for one in VINTAGES if one >= vintage]
    return list(dict.fromkeys(_build_crosswalk(vintage, one).get(code, code) for one in later))


def vintage_in_force(year: int) -> int:
    """Vintage of the codes in force on 1 January of a year."""
    if year < 2019:
        return 2018
    return 2024 if year < 2025 else 2025


def identify_vintage(codes: Iterable[str], wanted: int, year: int | None = None) -> int:
    """Decide of which vintage codes are: the wanted one if it can be, else an earlier, or a later.

    Parameters
    ----------
    codes
        Flemish codes; those of Brussels are passed over.
    wanted
        The study's vintage.
    year
        Of the data, when known; decides where the codes alone do not tell.

    Raises
    ------
    UnreadableError
        If the codes are of no single vintage.
    """
    given = set(codes) - brussels_codes()
    fits = find_vintages(given)
    if year is not None and vintage_in_force(year) in fits:
        return vintage_in_force(year)
    if fits:
        # Forward is exact, so an earlier one goes before a later; the nearest of several.
        return min(fits, key=lambda one: (one != wanted, one > wanted, abs(one - wanted)))
    best = max(VINTAGES, key=lambda vintage: len(given & flemish_codes(vintage)))
    strangers = ", ".join(sorted(given - flemish_codes(best))[:5])
    raise UnreadableError(
        f"mixes municipality codes of several vintages: {strangers} did not exist in {best}",
        "give a file whose codes are all of one year",
    )


def settle_vintage(codes: Iterable[str], wanted: int) -> int:
    """Decide of which vintage boundaries are, as `identify_vintage`; a later one is refused.

    Raises
    ------
    UnreadableError
        If the codes are of a later vintage, whose land cannot be divided, or of no single one.
    """
    given = identify_vintage(codes, wanted)
    if given > wanted:
        raise UnreadableError(
            f"uses the municipality codes of {given}, later than the study's {wanted}",
            f"set vintage = {given} under [study], or give a file of {wanted}",
        )
    return given


# --- Tables ------------------------------------------------------------------------------------


def convert_counts(
    table: pd.DataFrame,
    columns: Sequence[str],
    from_vintage: int,
    to_vintage: int,
    weights: pd.Series | None = None,
) -> pd.DataFrame:
    """Bring counts by municipality to another vintage.

    Forward, the counts of merged municipalities are added up, exactly. Backward, those of a merged
    municipality are divided over its parts in proportion to `weights`: an estimate, in whole units
    that add up to the count of every row. Girls and boys, or whatever other keys than age tell
    apart, are divided by themselves, age after age, so that equal numbers of them fall alike.

    Parameters
    ----------
    table
        `nis_code`, `columns`, and any further keys, such as age and sex. Rows with equal keys are
        added up; a column `estimated` of an earlier conversion is left out.
    columns
        With whole numbers of 0 or more.
    from_vintage, to_vintage
        2018, 2024 or 2025.
    weights
        Whole numbers by NIS code of `to_vintage`; needed to go back.

    Returns
    -------
    DataFrame
        The keys, `columns`, and `estimated`: true on what comes of a divided municipality. Sorted
        by the keys, each once.

    Raises
    ------
    InputError
        If a code is not of `from_vintage`, a count is no whole number, or the weights that going
        back needs are missing.
    """
    strangers = sorted(set(table["nis_code"].unique()) - set(names_by_code(from_vintage)))
    if strangers:
        raise InputError(
            Problem(
                f"codes of {from_vintage}",
                f"not of that vintage: {', '.join(strangers[:5])}",
                "say of which vintage they are",
            )
        )
    for name in columns:
        count = table[name]
        if not pd.api.types.is_integer_dtype(count) or count.isna().any() or (count < 0).any():
            raise InputError(Problem(f"column {name}", "must hold whole numbers of 0 or more"))
    given = _add_up_rows(table.drop(columns="estimated", errors="ignore"), columns)
    if from_vintage > to_vintage:
        return _divide_rows(given, columns, _find_shares(given, from_vintage, to_vintage, weights))
    codes = bring_forward(given["nis_code"].tolist(), from_vintage, to_vintage)
    moved = given.assign(nis_code=pd.array(codes, dtype="str"))
    return _add_up_rows(moved, columns).assign(estimated=False)


def _add_up_rows(table: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Add up rows whose other columns are equal; the code is the first of these."""
    others = [name for name in table.columns if name not in {"nis_code", *columns}]
    groups = table.groupby(["nis_code", *others], sort=True, dropna=False, observed=True)
    return groups[list(columns)].sum().reset_index()


_Shares = dict[str, int]
"""Weight of each part of a municipality, by its code."""


def _find_shares(
    table: pd.DataFrame, from_vintage: int, to_vintage: int, weights: pd.Series | None
) -> dict[str, _Shares]:
    """Find what each municipality of the table was made of; one that never merged has one part."""
    shares = {}
    for code in table["nis_code"].unique():
        members = sorted(parts_of(code, from_vintage, to_vintage))
        if len(members) == 1:
            shares[code] = {members[0]: 1}
            continue
        if weights is None:
            called = f"{code} {names_by_code(from_vintage)[code]}"
            raise InputError(
                Problem(
                    f"codes of {from_vintage}",
                    f"cannot be brought back to {to_vintage} without weights: {called} was made of "
                    f"{' and '.join(members)}",
                    f"give weights by municipality of {to_vintage}",
                )
            )
        found = weights.reindex(members)
        if not ((found >= 0) & (found == found.round())).all() or found.sum() == 0:
            raise InputError(
                Problem(
                    f"weights of {', '.join(members)}",
                    "must be whole numbers of 0 or more, and not all 0",
                )
            )
        shares[code] = {member: int(found[member]) for member in members}
    return shares


def _divide_rows(
    table: pd.DataFrame, columns: Sequence[str], shares: dict[str, _Shares]
) -> pd.DataFrame:
    """Divide the rows of each municipality over its parts."""
    keys = [name for name in table.columns if name not in columns]
    # Ages one after another, but each sex by itself: taken in turn, a girl and a boy of each age,
    # the girls would all be left over for one part and the boys for the other.
    apart = [name for name in keys if name != "age"]
    pieces = [table.iloc[:0].assign(estimated=False)]
    for _, rows in table.groupby(apart, sort=True, dropna=False, observed=True):
        share = shares[rows["nis_code"].iloc[0]]
        counts = {
            name: divide_counts(rows[name].tolist(), list(share.values())) for name in columns
        }
        for place, part in enumerate(share):
            own = {name: [count[place] for count in counts[name]] for name in columns}
            pieces.append(rows.assign(nis_code=part, **own, estimated=len(share) > 1))
    return pd.concat(pieces).sort_values(keys, ignore_index=True)


def divide_counts(counts: Iterable[int], weights: Sequence[int]) -> list[list[int]]:
    """Divide counts, one after another, over parts in proportion to their weights.

    Each part gets the whole units of its due; those left over go to the parts that are the most
    behind over all counts so far, the first of equals. So errors do not add up: dividing many
    small counts each by its own largest remainder would give every one of them to the largest
    part. The order counts: what alternates, as sexes do in rows by age and sex, would fall to
    different parts, so `convert_counts` divides each sex by itself.

    Parameters
    ----------
    counts
        0 or more.
    weights
        Of the parts, 0 or more and not all 0.

    Returns
    -------
    list
        For each count what each part gets; adds up to the count.
    """
    whole = sum(weights)
    behind = [0] * len(weights)
    divided = []
    for count in counts:
        got = [count * weight // whole for weight in weights]
        # In units of 1 / whole, so that nothing is rounded.
        behind = [
            lag + count * weight - units * whole
            for lag, weight, units in zip(behind, weights, got, strict=True)
        ]
        weighty = [part for part, weight in enumerate(weights) if weight]
        for part in sorted(weighty, key=lambda part: -behind[part])[: count - sum(got)]:
            got[part] += 1
            behind[part] -= whole
        divided.append(got)
    return divided
