"""NIS codes over the mergers of 2019 and 2025.

308 municipalities became 300 on 1 January 2019 and 285 on 1 January 2025. Each merger joins whole
municipalities, so going forward is exact; going back is not, and is not offered. Names are no
guide: Lokeren, Lochristi, Tielt, Wingene and Hasselt kept theirs with a new code, and Antwerpen
kept its code with more land.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from stemgeo import facts
from stemgeo.inputs.formats import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterable

VINTAGES = (2018, 2024, 2025)
"""2018: before 2019; 2024: 2019 to 2024; 2025: from 2025 on."""

BRUSSELS = "Brussels Hoofdstedelijk Gewest"
_PROVINCES_OF = {2018: "province2018", 2024: "province2018", 2025: "province2025"}
# The first two digits of a NIS code give the district; those of Wallonia are these. A code that
# ends in three zeros is of a district, not of a municipality.
_WALLOON = re.compile(r"(25|5[1-8]|6[1-4]|8[1-5]|9[1-3])(?!000)\d{3}")


@cache
def _provinces(vintage: int) -> dict[str, str]:
    table = facts.municipalities()
    return dict(zip(table[f"nis{vintage}"], table[_PROVINCES_OF[vintage]], strict=True))


@cache
def names(vintage: int) -> dict[str, str]:
    """Name of each municipality of Flanders and Brussels by its code in a vintage."""
    table = facts.municipalities()
    return dict(zip(table[f"nis{vintage}"], table[f"name{vintage}"], strict=True))


@cache
def flemish(vintage: int) -> frozenset[str]:
    """Codes of the Flemish municipalities in a vintage: 308, 300 or 285."""
    return frozenset(c for c, province in _provinces(vintage).items() if province != BRUSSELS)


@cache
def brussels() -> frozenset[str]:
    """Codes of the 19 municipalities of Brussels; the same in all vintages."""
    return frozenset(c for c, province in _provinces(2018).items() if province == BRUSSELS)


@cache
def known() -> frozenset[str]:
    """Every code of Flanders and Brussels, of any vintage."""
    return brussels().union(*(flemish(vintage) for vintage in VINTAGES))


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
    return _provinces(vintage)[nis_code]


def recognise(codes: Iterable[str]) -> set[int]:
    """Vintages in which all these Flemish codes exist; more than one when they do not tell."""
    wanted = set(codes) - brussels()
    return {vintage for vintage in VINTAGES if wanted <= flemish(vintage)}


@cache
def _crosswalk(from_vintage: int, to_vintage: int) -> dict[str, str]:
    if from_vintage > to_vintage:
        raise ValueError(f"codes of {from_vintage} cannot be brought back to {to_vintage}")
    table = facts.municipalities()
    return dict(zip(table[f"nis{from_vintage}"], table[f"nis{to_vintage}"], strict=True))


def forward(codes: Iterable[str], from_vintage: int, to_vintage: int) -> list[str]:
    """Bring codes to a later vintage, in their order; merged municipalities give one code.

    Raises
    ------
    KeyError
        If a code does not exist in `from_vintage`.
    ValueError
        If `to_vintage` is earlier: a merged municipality cannot be divided.
    """
    crosswalk = _crosswalk(from_vintage, to_vintage)
    return [crosswalk[code] for code in codes]


@cache
def forward_each(to_vintage: int) -> dict[str, str]:
    """Code in `to_vintage` of every Flemish code of that or an earlier vintage.

    For places that lie inside one municipality, such as zones, whose codes may be of several
    vintages in one file. No code was ever given to other land, so this is exact.
    """
    return {
        code: target
        for vintage in VINTAGES
        if vintage <= to_vintage
        for code, target in _crosswalk(vintage, to_vintage).items()
        if code in flemish(vintage)
    }


def parts(nis_code: str, vintage: int, from_vintage: int) -> frozenset[str]:
    """Codes of an earlier vintage that together make this municipality."""
    crosswalk = _crosswalk(from_vintage, vintage)
    return frozenset(old for old, new in crosswalk.items() if new == nis_code)


def in_force(year: int) -> int:
    """Vintage of the codes in force on 1 January of a year."""
    if year < 2019:
        return 2018
    return 2024 if year < 2025 else 2025


def settle(codes: Iterable[str], wanted: int, year: int | None = None) -> int:
    """Decide of which vintage codes are: the wanted one if they can be, else an earlier one.

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
        If the codes are of a later vintage, or of no single one.
    """
    given = set(codes) - brussels()
    fits = recognise(given)
    if year is not None and in_force(year) in fits and in_force(year) < wanted:
        return in_force(year)
    if wanted in fits:
        return wanted
    if earlier := [vintage for vintage in fits if vintage < wanted]:
        return max(earlier)
    if fits:
        newest = min(fits)
        raise UnreadableError(
            f"uses the municipality codes of {newest}, later than the study's {wanted}",
            f"set vintage = {newest} under [study], or give a file of {wanted}",
        )
    best = max(VINTAGES, key=lambda vintage: len(given & flemish(vintage)))
    strangers = ", ".join(sorted(given - flemish(best))[:5])
    raise UnreadableError(
        f"mixes municipality codes of several vintages: {strangers} did not exist in {best}",
        "give a file whose codes are all of one year",
    )
