"""Belgian addresses as people write them, taken apart and written alike so that they can be met.

A street is compared by its `fold_street`: small letters without accents, spaces or marks, with what
is often written short in full. The grammar of one line is `parse_address`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import pandas as pd

from stemgeo.inputs.columns import fold_label
from stemgeo.inputs.files import OpenedFile, clean_text
from stemgeo.inputs.names import ADDRESS_NAMES
from stemgeo.inputs.points import match_columns
from stemgeo.inputs.vectors import as_text

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
    also
        Another municipality that it names, in a column of its own: the two must not be apart.
    wrong
        What it says in two ways, or what is not understood: then it has no place.
    """

    street: str = ""
    number: int | None = None
    last: int | None = None
    mark: str = ""
    box: str = ""
    postcode: str = ""
    municipality: str = ""
    also: str = field(default="", repr=False)
    wrong: str = field(default="", repr=False)

    def __str__(self) -> str:
        numbers = [str(one) for one in dict.fromkeys((self.number, self.last)) if one is not None]
        street = " ".join(filter(None, (self.street, "-".join(numbers) + self.mark)))
        town = " ".join(filter(None, (self.postcode, self.municipality)))
        return ", ".join(filter(None, (street, town)))


# --- The grammar of one line -----------------------------------------------------------------

_BOX = (
    r"(?:\s*,?\s*(?:/?\s*\b(?:bus|bte|bo[iî]te|box|app?t?)\b\.?|/|\bb(?=\s*\d))"
    r"\s*(?P<box>[\w.]{1,6}(?:\s?[./-]\s?\d{1,4}\b|\s\d{1,4}\b|\s[a-z]\b(?![.\u2019']))?)){0,2}"
)
_FLOOR = re.compile(
    r"[\s,/-]*(?:"
    r"\b\d{1,2}\s?(?:ste|de|e|i?[eè]re?|er|[eè]me|st|nd|rd|th)\s*(?:verd(?:iep(?:ing)?)?\b\.?|[eé]tage\b|floor\b)|"
    r"(?<=\d)\s+\d{1,2}\s+(?:verdiep(?:ing)?|[eé]tage|floor)\b|"
    r"\b(?:verd(?:iep(?:ing)?)?\b\.?|[eé]tage|floor|niveau)\s*-?\d{1,2}\b|"
    r"\b(?:(?:beneden|boven)?verdieping|[eé]tage|ground floor|rdc)\b|"
    r"\b(?:gelijkvloers\b|gelijkvl\b\.?|glvl\b\.?)|"
    r"\brez[\s-]de[\s-]chauss[eé]e\b)",
    re.IGNORECASE,
)
"""On which floor: it plays no part, as a box plays none."""
_NUMBER = (
    r"(?P<number>\d{1,4})(?:\s*(?:[-+&\u2013\u2014]|\b(?:en|et|tot|t/m)\b)\s*(?P<last>\d{1,4})\b)?"
    r"\s*(?P<mark>bis|ter|quater|[a-z]\b(?![.\u2019']))?"
)
_AT_END = re.compile(
    rf"(?P<street>.*?\D)\s*,?\s*\b(?:nr\.?|n[o°]\.?)?\s*{_NUMBER}{_BOX}", re.IGNORECASE
)
_AT_START = re.compile(rf"{_NUMBER}{_BOX}\s*(?P<comma>,)?\s*(?P<street>\D.*)", re.IGNORECASE)
_BOX_ALONE = re.compile(_BOX, re.IGNORECASE)
_NUMBER_ALONE = re.compile(rf"(?:nr\.?|n[o°]\.?)?\s*{_NUMBER}{_BOX}", re.IGNORECASE)
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
_IS_STREET = re.compile(rf"(?:\d+_)?(?:{_MAY_FOLLOW.pattern})|.*(?:straat|str|laan)$")
_ROOM = re.compile(
    r"(?:.*_)?(?:\w*(?:lokaal|zaal|gebouw|blok|kamer|ingang|klas|paviljoen)|poort|unit|site|campus|"
    r"b[aâ]timent|salle|bloc|local|entree|porte|room|building|hall?)"
)
"""What has a number and is no street: a room, a block."""
_TOWN_FIRST = re.compile(
    r"(?:(?:B|BE)\s?-\s?)?(?P<postcode>[1-9]\d{3})\s+(?P<town>[^\d,;]+)[,;]\s*(?=.)"
)
_COUNTRY = re.compile(r"[\s,]+(?:belgi[eëq]\w*|belgium)\s*$", re.IGNORECASE)


@cache
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
    line = _FLOOR.sub("", line).strip(" ,;")
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
    one = replace(_parse_street(parts), **of_town)
    # It may be a part of the building as well: who knows municipalities tells.
    if town_apart and not of_town and parts[1:] and one.street != parts[-1]:
        one = replace(one, also="" if re.search(r"\d", parts[-1]) else parts[-1])
    return one


def _parse_street(parts: list[str]) -> Address:
    """Find the part with the street: one with a number, that is called a street, the last."""
    read = [(_read_part(parts, place), place) for place in range(len(parts))]
    ranked = [
        (numbered, bool(_IS_STREET.match(fold_label(one.street))), place if numbered else -place)
        for (one, numbered), place in read
    ]
    return read[ranked.index(max(ranked))][0][0] if parts else Address()


def _read_part(parts: list[str], place: int) -> tuple[Address, bool]:
    """Read a part as a street, with whether it says its number, or that it has none.

    A number may be a part by itself, and so may a box: "Kerkstraat, 12, bus 3".
    """
    part = parts[place]
    bare = _NONE.sub("", part).strip()
    if alone := _NUMBER_ALONE.fullmatch(bare):
        of = parts[place - 1] if place else "".join(parts[1:2])
        return _with_number(of, alone), bool(of)
    if bare != part and bare:
        return Address(street=bare), True
    if not re.search(r"\d", bare) or _BOX_ALONE.fullmatch(bare):
        return Address(street=part), False
    one = split_street(bare)
    box = _BOX_ALONE.fullmatch("".join(parts[place + 1 : place + 2]))
    one = replace(one, box=box["box"]) if box and box["box"] else one
    return one, not _ROOM.fullmatch(fold_label(one.street))


def split_street(text: str) -> Address:
    """Part a street from the number behind it, or before it; of "11 Novemberlaan" none is."""
    text = _NONE.sub("", _FLOOR.sub("", " ".join(text.split()))).strip(" ,;")
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
    parts = re.split(r"[;,]", _FLOOR.sub("", text))[:20]
    found = (_NUMBER_ALONE.fullmatch(one.strip()) for one in parts)
    return tuple(_with_number("", one) for one in found if one)


_POSTCODE = re.compile(r"(?i:be?[- ]?)?([1-9])[. ]?(\d{3})(?:[.,]0+)?")


@cache
def read_postcode(text: str) -> str:
    """Read "9290", "B-9290", "9.290" or "9 290"; empty where it is no postcode.

    >>> read_postcode("B-9.290")
    '9290'
    """
    found = _POSTCODE.fullmatch(text.strip())
    return found[1] + found[2] if found else ""


# --- How streets are compared ----------------------------------------------------------------

SHORT_ROYAL = "kon."
"""Of a koning or of a koningin: `placing.find_near` looks for both."""
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
    r"koning|roi": "koning",
    r"kon": SHORT_ROYAL,
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
    words = fold_label(text.replace("'", " ").replace("\u2019", " "))
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

    A column of its own goes before what one line says; where the two differ the address is wrong.
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
    """Put an address together of its columns; what two of them say otherwise is wrong."""
    one = parse_address(address, town_apart=bool(municipality or postcode))
    wrong = []
    if street:
        own = _split_column(street, house_number)
        if one.street and fold_street(own.street) != fold_street(one.street):
            wrong.append(f"the address says '{one.street}', the column of streets '{own.street}'")
        wrong += _differ(one, own)
        numbered = own if own.number else one
        one = replace(
            numbered, street=own.street, postcode=one.postcode, municipality=one.municipality
        )
    bare = _NONE.sub("", re.sub(r"[.,]0+$", "", house_number)).strip(" -/.?")
    if numbers := parse_numbers(bare):
        own, last = numbers[0], numbers[-1].last
        wrong += _differ(one, own)
        one = replace(one, number=own.number, last=last, mark=own.mark or one.mark)
    elif bare:
        wrong.append(f"its house number '{bare}' is not understood")
    town = _TOWN.search(municipality)
    codes = [read_postcode(postcode), town["postcode"] if town else "", one.postcode]
    codes = [*dict.fromkeys(filter(None, codes))]
    if len(codes) > 1:
        wrong.append(f"it says postcode {' and '.join(codes)}")
    named = ((town["town"] or "") if town else municipality) or one.municipality
    return replace(
        one,
        box=box or one.box,
        postcode=codes[0] if codes else "",
        municipality=named,
        also=one.municipality or one.also,
        wrong=clean_text("; ".join(wrong), 200),
    )


def _split_column(street: str, house_number: str) -> Address:
    """Part a column of streets; beside one of numbers "Plein 1944" is a street of that name."""
    own = split_street(street)
    is_year = own.number in range(1800, 2100) and parse_numbers(house_number)
    return Address(street=street) if is_year else own


def _differ(one: Address, other: Address) -> list[str]:
    """Say which two house numbers are given, where there are two."""
    both = [f"{each.number}{each.mark}" for each in (one, other) if each.number]
    same_mark = not (one.mark and other.mark) or one.mark == other.mark
    if len(both) < 2 or (one.number == other.number and same_mark):
        return []
    return [f"it says house number {' and '.join(both)}"]
