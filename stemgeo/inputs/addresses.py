"""Belgian addresses as people write them, taken apart and written alike so that they can be met.

A street is compared by its `fold_street`: small letters without accents, spaces or marks, with what
is often written short in full. The grammar of one line is `parse_address`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from stemgeo.inputs.columns import fold_label
from stemgeo.inputs.names import ADDRESS_NAMES
from stemgeo.inputs.points import match_columns
from stemgeo.inputs.vectors import as_text

if TYPE_CHECKING:
    from stemgeo.inputs.files import OpenedFile

_HOUSE_NUMBER = {"nr", "nummer", "huisnr", "huisnummer", "no", "number", "numero", "n"}
_STREET = {"straat", "straatnaam", "adres", "street", "address", "rue", "adresse"}


@dataclass(frozen=True)
class Address:
    """An address, taken apart; what it does not say is empty.

    Attributes
    ----------
    street
        As it was written.
    number
        Of the house, without the mark behind it; of "12-14" the first.
    last
        The last of several numbers, else as `number`.
    mark
        What is behind the number: the "a" of 12A, "bis".
    box
        Of one of several homes at one door; it plays no part.
    postcode, municipality
        As they were written.
    """

    street: str = ""
    number: int | None = None
    last: int | None = None
    mark: str = ""
    box: str = ""
    postcode: str = ""
    municipality: str = ""

    def __str__(self) -> str:
        numbers = [str(one) for one in dict.fromkeys((self.number, self.last)) if one is not None]
        street = " ".join(filter(None, (self.street, "-".join(numbers) + self.mark)))
        town = " ".join(filter(None, (self.postcode, self.municipality)))
        return ", ".join(filter(None, (street, town)))


# --- The grammar of one line -----------------------------------------------------------------

_BOX = (
    r"(?:\s*,?\s*(?:/?\s*\b(?:bus|bte|bo[iî]te|box|app?t?)\b\.?|/|\bb(?=\s*\d))"
    r"\s*(?P<box>[\w.]{1,6}))"
)
_NUMBER = (
    r"(?P<number>\d{1,4})(?:\s*(?:-|\u2013|\u2014)\s*(?P<last>\d{1,4})\b)?"
    r"\s*(?P<mark>bis|ter|quater|[a-z]\b(?![.\u2019']))?"
)
_AT_END = re.compile(
    rf"(?P<street>.*?\D)\s*,?\s*\b(?:nr\.?|n[o°]\.?)?\s*{_NUMBER}{_BOX}?", re.IGNORECASE
)
_AT_START = re.compile(rf"{_NUMBER}{_BOX}?\s*(?P<comma>,)?\s*(?P<street>\D.*)", re.IGNORECASE)
_NUMBER_ALONE = re.compile(rf"(?:nr\.?|n[o°]\.?)?\s*{_NUMBER}{_BOX}?", re.IGNORECASE)
_NONE = re.compile(
    r"[\s,]*\b(?:[zs]\s?[/.]\s?n|[zs]n|zonder nummer|sans num[eé]ro)\b\.?", re.IGNORECASE
)
_TOWN = re.compile(
    r"(?:^|[\s,;-])(?:(?:B|BE|NL|F|FR)\s?-\s?)?(?P<postcode>[1-9]\d{3})"
    r"(?:\s*[-,]?\s+(?:[A-Z]{2}\s+)?(?P<town>[^\d,;][^\d,;]*))?$"
)
_IN_TOWN = re.compile(r"(?<=\w)\s+(?:te|in|à)\s+(?P<town>[^\W\d_][^\d,;]*)$", re.IGNORECASE)
_FRENCH = ("rue", "avenue", "av", "ave", "chaussee", "place", "boulevard", "bd", "quai", "allee",
           "square", "impasse", "clos", "route", "chemin", "drève", "dreve", "sentier")  # fmt: skip
_MAY_FOLLOW = re.compile(
    rf"(?:{'|'.join(_FRENCH)})_|"
    r"(?!jan|feb|fev|maart|mars|apr|avr|mei|mai|jun|juin|jul|juil|aug|aout|sep|okt|oct|nov|dec)"
    r"\w*(?:straat|str|laan|weg|plein|dreef|lei|baan|markt|dijk|kaai|hof|pad)$"
)
"""What may follow a number as its street: 12 rue Haute, 12 Kerkstraat; not 11 Novemberlaan."""
_TOWN_FIRST = re.compile(
    r"(?:(?:B|BE)\s?-\s?)?(?P<postcode>[1-9]\d{3})\s+(?P<town>[^\d,;]+)[,;]\s*(?=.)"
)
_COUNTRY = re.compile(r"[\s,]+(?:belgi[eëq]\w*|belgium)\s*$", re.IGNORECASE)


def parse_address(text: str, *, town_apart: bool = False) -> Address:
    """Take one line apart; where its municipality stands apart, its last part is none.

    >>> parse_address("Kerkstraat 12 bus 3, 9290 Berlare")
    Address(street='Kerkstraat', number=12, last=12, mark='', box='3', postcode='9290', \
municipality='Berlare')

    The number stands behind the street, or before it as in "12, rue Haute" and "12 rue Haute";
    "11 Novemberlaan" is a street. What stands before the part with the street, as the name of a
    building, is left out.
    """
    line = _COUNTRY.sub("", re.sub(r"\s+", " ", re.sub(r"\([^()]*\)", " ", text)).strip(" ,;"))
    town = _TOWN.search(line)
    of_town: dict[str, Any] = {}
    # Four digits at the end of a street are its number: "Gentsesteenweg 1234".
    before = line[: town.start() + 1] if town else ""
    if town and (
        town["town"] or not before.strip(" 123456789") or re.search(r"\d|[,;-]\s?$", before)
    ):
        of_town = {"postcode": town["postcode"], "municipality": (town["town"] or "").strip(" .-")}
        line = line[: town.start()].rstrip(" ,;-")
        line = re.sub(r"\s+(?:te|in|à)$", "", line)
    elif first := _TOWN_FIRST.match(line):
        of_town = {"postcode": first["postcode"], "municipality": first["town"].strip()}
        line = line[first.end() :]
    elif at := _IN_TOWN.search(line):
        of_town, line = {"municipality": at["town"]}, line[: at.start()]
    parts = [one.strip() for one in re.split(r"[,;]|\s[-\u2013]\s(?!\d)", line) if one.strip()]
    if not (of_town or town_apart) and len(parts) > 1 and not re.search(r"\d", parts[-1]):
        of_town = {"municipality": parts.pop()}
    return replace(_parse_street(parts), **of_town)


def _parse_street(parts: list[str]) -> Address:
    """Find the part with the street and its number; a number may be a part by itself."""
    for place, part in enumerate(parts):
        bare = _NONE.sub("", part).strip()
        alone = _NUMBER_ALONE.fullmatch(bare)
        if alone and place:
            return _with_number(parts[place - 1], alone)
        if alone and place + 1 < len(parts):
            return _with_number(parts[place + 1], alone)
        if bare != part and bare:
            return Address(street=bare)
        if not alone and re.search(r"\d", bare):
            # A box may be a part of its own: "Kerkstraat 12, bus 3".
            box = (
                re.fullmatch(_BOX[:-1] + ")", parts[place + 1], re.IGNORECASE)
                if parts[place + 1 :]
                else None
            )
            street = split_street(bare)
            return replace(street, box=box["box"]) if box else street
    return Address(street=parts[0] if parts else "")


def split_street(text: str) -> Address:
    """Part a street from the number behind it, or before it; of "11 Novemberlaan" none is."""
    text = _NONE.sub("", " ".join(text.split())).strip(" ,;")
    behind = _AT_END.fullmatch(text)
    if behind and re.search(r"[^\W\d_]{2}", behind["street"]):
        return _with_number(behind["street"], behind)
    before = _AT_START.fullmatch(text)
    if before and (before["comma"] or _MAY_FOLLOW.match(fold_label(before["street"]))):
        return _with_number(before["street"], before)
    return Address(street=text)


def _with_number(street: str, found: re.Match[str]) -> Address:
    number = int(found["number"])
    last = int(found["last"] or number)
    return Address(
        street=street.strip(" ,;"),
        number=number or None,
        last=(max(number, last)) or None,
        mark=(found["mark"] or "").lower(),
        box=found["box"] or "",
    )


@cache
def parse_numbers(text: str) -> tuple[Address, ...]:
    """Read what a file of addresses says of a house: "12", "12A", "12-14", "12;14", "12/2"."""
    found = (_NUMBER_ALONE.fullmatch(one.strip()) for one in re.split(r"[;,]", text)[:20])
    return tuple(_with_number("", one) for one in found if one)


# --- How streets are compared ----------------------------------------------------------------

_AS_ONE = {
    r"sint|sinte|saint|sainte|st|ste": "st",
    r"notre dame|n d": "olv",
    r"burg|burgem|burgmr|bourgmestre|bgm": "burgemeester",
    r"dr|docteur": "dokter",
    r"prof|professeur": "professor",
    r"past": "pastoor",
    r"kan": "kanunnik",
    r"gen|generaal|general": "generaal",
    r"kard": "kardinaal",
    r"mgr|mons": "monseigneur",
    r"kon|koning|roi": "koning",
    r"av|ave": "avenue",
    r"bd|bld|boul|blvd": "boulevard",
    r"ch|chee|chssee": "chaussee",
    r"pl(?= )": "place",
    r"r(?= )": "rue",
}
_OUR_LADY = re.compile(r"\b(?:onze lieve|o l) ?v(?:rouwe?)?")
_AS_ONE_WORD = [(re.compile(rf"\b(?:{short})\b"), full) for short, full in _AS_ONE.items()]
_ENDS = [
    (re.compile(rf"(?<=\w)\s?(?:{short})$"), full)
    for short, full in (("str", "straat"), ("stwg|steenw|stw|stg", "steenweg"),
                        ("ln", "laan"), ("pl", "plein"), ("wg", "weg"), ("dr", "dreef"))
]  # fmt: skip


def fold_street(text: str) -> str:
    """Write a street as streets are compared; "St.-Annastr." and "Sint Annastraat" are one.

    >>> fold_street("Dr. Roosenstr.") == fold_street("Dokter Roosenstraat")
    True
    """
    words = fold_label(text.replace("ß", "ss").replace("'", " ").replace("\u2019", " "))
    words = _OUR_LADY.sub("olv ", words.replace("_", " "))
    for short, full in _AS_ONE_WORD:
        words = short.sub(full, words)
    for short, full in _ENDS:
        words, found = short.subn(full, words)
        if found:
            break
    return words.replace(" ", "")


# --- Columns of addresses --------------------------------------------------------------------


def find_house_numbers(raw: pd.DataFrame) -> list[str]:
    """Name the columns "nr" right behind a street: no academy is called by its house number."""
    plain = [fold_label(str(label)) for label in raw.columns]
    behind = zip(raw.columns[1:], plain[1:], plain[:-1], strict=True)
    return [label for label, name, before in behind if name in _HOUSE_NUMBER and before in _STREET]


def has_addresses(raw: pd.DataFrame, file: OpenedFile) -> bool:
    """Whether a table has a column that may say where something is: a street, or a place."""
    if not file.chosen.keys().isdisjoint(ADDRESS_NAMES):
        return True
    plain = {fold_label(str(label)) for label in raw.columns}
    return any(
        plain & set(" ".join(ADDRESS_NAMES[name]).split())
        for name in ("address", "street", "postcode", "municipality")
    )


def read_addresses(raw: pd.DataFrame, file: OpenedFile) -> pd.Series:
    """Read the address of each row, of one column or of columns apart, as `Address`.

    A column of its own goes before what one line says; the two must not say something else.
    """
    renamed = dict.fromkeys(find_house_numbers(raw), "house_number")
    found = match_columns(raw.drop(columns=list(renamed)), ADDRESS_NAMES, file)
    for label in renamed:
        found["house_number"] = label
        file.use_column(label, "house_number")
    empty = pd.Series("", index=raw.index, dtype=str)
    text = pd.DataFrame(
        {name: as_text(raw[found[name]]) if name in found else empty for name in ADDRESS_NAMES}
    )
    joined = [_join_columns(*row) for row in text.itertuples(index=False)]
    return pd.Series(joined, index=raw.index, dtype=object)


def _join_columns(
    address: str, street: str, house_number: str, box: str, postcode: str, municipality: str
) -> Address:
    """Put an address together of its columns."""
    one = parse_address(address, town_apart=bool(municipality or postcode))
    if street:
        own = split_street(street)
        one = replace(own, postcode=one.postcode, municipality=one.municipality)
    numbers = parse_numbers(re.sub(r"[.,]0+$", "", house_number))
    if numbers:
        one = replace(one, number=numbers[0].number, last=numbers[-1].last, mark=numbers[0].mark)
    town = _TOWN.search(municipality)
    code = re.sub(r"\D*(\d{4})\b.*", r"\1", re.sub(r"[.,]0+$", "", postcode))
    return replace(
        one,
        box=box or one.box,
        postcode=code or (town["postcode"] if town else "") or one.postcode,
        municipality=((town["town"] or "") if town else municipality) or one.municipality,
    )
