"""What a reader of the figures must know, said in both languages at the place where it arises.

English and Dutch stand side by side in the code, so that they cannot grow apart: commands and
reports speak the language of their study.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stemgeo.speech import decimal, long_day, number

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

LANGUAGES = ("en", "nl")


def strip_control(text: str) -> str:
    """Remove control characters and marks that turn the direction of text; fold white space.

    Documents cannot hold the first (a NUL breaks Word files) and the second hide what a name is.
    """
    kept = (
        " " if char in "\t\r\n" else char
        for char in text
        if char in "\t\r\n" or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co")
    )
    return " ".join("".join(kept).split())


def clean(text: str, limit: int = 60) -> str:
    """Make text from a file fit for a message: one line, no control characters, not long."""
    plain = strip_control(text)
    return plain if len(plain) <= limit else plain[: limit - 1] + "…"


@dataclass(frozen=True)
class Said:
    """One thing in English and in Dutch; as plain text it is the English."""

    en: str
    nl: str

    def to(self, language: str) -> str:
        """Give it in a language, "en" or "nl"."""
        return self.nl if language == "nl" else self.en

    def __str__(self) -> str:
        return self.en


def say(en: str, nl: str, **parts: Said | str) -> Said:
    """Fill in the same parts in both languages.

    Parameters
    ----------
    en, nl
        With the name of each part in braces.
    parts
        In each language as it is written there; a text that is data stays the same. A number must
        say what it is: `amount` for how many or how much, `str` for a year or a row.
    """
    told = {
        language: {name: in_language(part, language) for name, part in parts.items()}
        for language in LANGUAGES
    }
    return Said(en.format(**told["en"]), nl.format(**told["nl"]))


def in_language(part: Said | str, language: str) -> str:
    """Write a part in a language; data is the same in each."""
    return part.to(language) if isinstance(part, Said) else part


def amount(value: float, most: int = 0) -> Said:
    """Write a number as each language does, with at most so many decimals: 4,249 and 4.249."""
    return Said(*(number(value, one, most) for one in LANGUAGES))


def decimals(value: float, so_many: int = 1) -> Said:
    """Write a number with so many decimals as each language does: 0.5 and 0,5."""
    return Said(*(decimal(value, one, so_many) for one in LANGUAGES))


def day(date: dt.date) -> Said:
    """Write a day as each language does: 31 December 2022 and 31 december 2022."""
    return Said(*(long_day(date, one, "d MMMM y") for one in LANGUAGES))


_THINGS = {
    "academy": ("academies", "academie", "academies"),
    "address": ("addresses", "adres", "adressen"),
    "area": ("areas", "vlak", "vlakken"),
    "barrier": ("barriers", "afsluiting", "afsluitingen"),
    "candidate place": ("candidate places", "kandidaatplaats", "kandidaatplaatsen"),
    "cell": ("cells", "cel", "cellen"),
    "change": ("changes", "wijziging", "wijzigingen"),
    "child": ("children", "kind", "kinderen"),
    "column": ("columns", "kolom", "kolommen"),
    "combination": ("combinations", "combinatie", "combinaties"),
    "empty row": ("empty rows", "lege rij", "lege rijen"),
    "feature": ("features", "object", "objecten"),
    "ferry": ("ferries", "veer", "veren"),
    "lift": ("lifts", "lift", "liften"),
    "merged municipality": (
        "merged municipalities",
        "gefuseerde gemeente",
        "gefuseerde gemeenten",
    ),
    "municipality": ("municipalities", "gemeente", "gemeenten"),
    "outline": ("outlines", "omtrek", "omtrekken"),
    "pair": ("pairs", "paar", "paren"),
    "person": ("people", "persoon", "personen"),
    "place": ("places", "plaats", "plaatsen"),
    "planned place": ("planned places", "geplande plaats", "geplande plaatsen"),
    "polygon": ("polygons", "vlak", "vlakken"),
    "road": ("roads", "weg", "wegen"),
    "row": ("rows", "rij", "rijen"),
    "square": ("squares", "plein", "pleinen"),
    "year": ("years", "jaar", "jaar"),
    "zone": ("zones", "zone", "zones"),
}
"""What is counted: several in English, one and several in Dutch."""


def named(thing: str) -> Said:
    """Name one of a thing."""
    return Said(thing, _THINGS[thing][1])


def counted(count: int, thing: str) -> Said:
    """Write how many there are of a thing: "1 zone", "2 zones"."""
    several, een, meer = _THINGS[thing]
    noun = Said(thing, een) if count == 1 else Said(several, meer)
    return say("{count} {noun}", "{count} {noun}", count=amount(count), noun=noun)


def listed(items: Sequence[object], most: int = 10) -> Said:
    """Write items in a row, the first ones by name and the rest as a count."""
    shown = [item if isinstance(item, Said) else Said(*[clean(str(item))] * 2) for item in items]
    row = Said(*(", ".join(item.to(language) for item in shown[:most]) for language in LANGUAGES))
    if len(items) <= most:
        return row
    rest = amount(len(items) - most)
    return say("{row} and {rest} more", "{row} en nog {rest}", row=row, rest=rest)


@dataclass(frozen=True)
class Note:
    """What the reader of the figures must know: where it is, what it is, what follows from it.

    Attributes
    ----------
    where
        A file, with the place in it, or a part of the measurement. A name that is the same in both
        languages may be plain text.
    what, mend
        What was found, and how it was dealt with or can be mended.
    """

    where: Said | str
    what: Said
    mend: Said | None = None

    def said(self, language: str) -> str:
        """Write it in a language, "en" or "nl", in one line."""
        line = f"{in_language(self.where, language)}: {self.what.to(language)}"
        return strip_control(f"{line}; {self.mend.to(language)}" if self.mend else line)

    def __str__(self) -> str:
        return self.said("en")


def in_both(notes: tuple[Note, ...]) -> list[dict[str, str]]:
    """Write notes for a manifest: each in both languages."""
    return [{language: note.said(language) for language in LANGUAGES} for note in notes]
