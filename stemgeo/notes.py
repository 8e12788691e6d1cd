"""What a reader of the figures must know, said in each language at the place where it arises.

The languages stand side by side in the code, so that they cannot grow apart: commands and
reports speak the language of their study.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from stemgeo.speech import LANGUAGES, format_day, format_decimals, format_number, held_together
from stemgeo.texts import load_texts
from stemgeo.texts.wording import hold_forms, strip_holds

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Sequence


def strip_control(text: str) -> str:
    """Remove control characters and marks that turn the direction of text; fold white space.

    Documents cannot hold the first (a NUL breaks Word files) and the second hide what a name is.
    """
    return " ".join(keep_seen(text).split())


_FOLDED = re.compile(r"[^\S\u00a0\u202f]+")
"""White space, but for what keeps a figure or a mark of French with its word."""


def keep_seen(text: str) -> str:
    """Take out of a text what nobody sees, or what turns its direction."""
    if text.isprintable():
        return text
    hidden = (one for one in set(text) if unicodedata.category(one) in ("Cc", "Cf", "Cs", "Co"))
    return text.translate({ord(one): " " if one in "\t\r\n" else None for one in hidden})


def clean_text(text: str, limit: int = 60) -> str:
    """Make text from a file fit for a message: one line, no control characters, not long."""
    plain = strip_control(text)
    return plain if len(plain) <= limit else plain[: limit - 1] + "…"


@dataclass(frozen=True)
class Said:
    """One thing in each language; as plain text it is the English.

    What is sought and how one gets there is set apart in it, until a study tells it in its words.
    """

    en: str
    nl: str
    fr: str

    def to_text(self, language: str) -> str:
        """Give it in a language, one of `LANGUAGES`, in the words of the study that speaks it."""
        text = self.in_any_words(language)
        return load_texts(language).fill_held(text) if "\ue000" in text else text

    def in_any_words(self, language: str) -> str:
        """Give it with the words of a study set apart, as a part of something else."""
        return str(getattr(self, language))

    def __str__(self) -> str:
        return self.to_text("en")


def write_in_each(write: Callable[[str], str]) -> Said:
    """Say what is written alike in each language, given which."""
    return Said(**{language: write(language) for language in LANGUAGES})


def say(en: str, nl: str, fr: str, **parts: Said | str) -> Said:
    """Fill in the same parts in each language.

    Parameters
    ----------
    en, nl, fr
        With the name of each part in braces.
    parts
        In each language as it is written there; a text that is data stays the same. A number must
        say what it is: `say_amount` for how many or how much, `str` for a year or a row.
    """
    text = Said(en, nl, fr)

    def write(language: str) -> str:
        told = {name: write_part(part, language) for name, part in parts.items()}
        written = hold_forms(text.in_any_words(language))
        return held_together(written, language).format(**told)

    return write_in_each(write)


def write_part(part: Said | str, language: str) -> str:
    """Write a part in a language; data is the same in each."""
    return part.in_any_words(language) if isinstance(part, Said) else strip_holds(part)


def say_text(key: str, **parts: Said | str) -> Said:
    """Say a text of the catalogues in each language, its parts as in `say`."""

    def write(language: str) -> str:
        told = {name: write_part(part, language) for name, part in parts.items()}
        return load_texts(language).in_any_words(key, **told)

    return write_in_each(write)


def say_amount(value: float, most: int = 0) -> Said:
    """Write a number as each language does, with at most so many decimals: 4,249 and 4.249."""
    return write_in_each(lambda language: format_number(value, language, most))


def say_decimals(value: float, so_many: int = 1) -> Said:
    """Write a number with so many decimals as each language does: 0.5 and 0,5."""
    return write_in_each(lambda language: format_decimals(value, language, so_many))


def say_day(date: dt.date) -> Said:
    """Write a day as each language does: 31 December 2022 and 31 december 2022."""
    return write_in_each(lambda language: format_day(date, language, "d MMMM y"))


_THINGS = {
    "academy": ("{shorts}", "{short}", "{shorts}", "{short}", "{shorts}"),
    "address": ("addresses", "adres", "adressen", "adresse", "adresses"),
    "area": ("areas", "vlak", "vlakken", "surface", "surfaces"),
    "barrier": ("barriers", "afsluiting", "afsluitingen", "barrière", "barrières"),
    "candidate place": (
        "candidate places",
        "kandidaatplaats",
        "kandidaatplaatsen",
        "lieu candidat",
        "lieux candidats",
    ),
    "cell": ("cells", "cel", "cellen", "maille", "mailles"),
    "change": ("changes", "wijziging", "wijzigingen", "modification", "modifications"),
    "child": ("children", "kind", "kinderen", "enfant", "enfants"),
    "column": ("columns", "kolom", "kolommen", "colonne", "colonnes"),
    "combination": ("combinations", "combinatie", "combinaties", "combinaison", "combinaisons"),
    "empty row": ("empty rows", "lege rij", "lege rijen", "ligne vide", "lignes vides"),
    "event": ("events", "evenement", "evenementen", "événement", "événements"),
    "feature": ("features", "object", "objecten", "objet", "objets"),
    "ferry": ("ferries", "veer", "veren", "bac", "bacs"),
    "input": ("inputs", "invoerbestand", "invoerbestanden", "donnée", "données"),
    "lift": ("lifts", "lift", "liften", "ascenseur", "ascenseurs"),
    "merged municipality": (
        "merged municipalities",
        "gefuseerde gemeente",
        "gefuseerde gemeenten",
        "commune fusionnée",
        "communes fusionnées",
    ),
    "municipality": ("municipalities", "gemeente", "gemeenten", "commune", "communes"),
    "outline": ("outlines", "omtrek", "omtrekken", "contour", "contours"),
    "pair": ("pairs", "paar", "paren", "paire", "paires"),
    "person": ("people", "persoon", "personen", "personne", "personnes"),
    "place": ("places", "plaats", "plaatsen", "lieu", "lieux"),
    "planned place": (
        "planned places",
        "geplande plaats",
        "geplande plaatsen",
        "lieu prévu",
        "lieux prévus",
    ),
    "polygon": ("polygons", "vlak", "vlakken", "polygone", "polygones"),
    "road": ("roads", "weg", "wegen", "route", "routes"),
    "road edit": (
        "road edits",
        "aanpassing van een weg",
        "aanpassingen van wegen",
        "modification d’une voie",
        "modifications de voies",
    ),
    "row": ("rows", "rij", "rijen", "ligne", "lignes"),
    "square": ("squares", "plein", "pleinen", "place", "places"),
    "year": ("years", "jaar", "jaar", "an", "ans"),
    "zone": ("zones", "zone", "zones", "zone", "zones"),
}
"""What is counted: several in English, one and several in Dutch and in French."""
_ENGLISH = {"academy": "{short}"}
"""One of it in English, where that is not its key."""


def say_thing(thing: str) -> Said:
    """Name one of a thing."""
    _, dutch, _, french, _ = _THINGS[thing]
    return _in_any_words(_ENGLISH.get(thing, thing), dutch, french)


def say_several(thing: str) -> Said:
    """Name several of a thing."""
    several, _, meer, _, plusieurs = _THINGS[thing]
    return _in_any_words(several, meer, plusieurs)


def _in_any_words(*texts: str) -> Said:
    return Said(*map(hold_forms, texts))


def say_count(count: int, thing: str) -> Said:
    """Write how many there are of a thing: "1 zone", "2 zones"."""
    several, een, meer, un, plusieurs = _THINGS[thing]
    one = count == 1
    single = _ENGLISH.get(thing, thing)
    chosen = single if one else several, een if one else meer, un if count < 2 else plusieurs
    noun = _in_any_words(*chosen)
    return write_in_each(
        lambda language: f"{format_number(count, language, 0)} {noun.in_any_words(language)}"
    )


def say_list(items: Sequence[object], most: int = 10) -> Said:
    """Write items in a row, the first ones by name and the rest as a count."""
    shown = [item if isinstance(item, Said) else clean_text(str(item)) for item in items[:most]]
    row = write_in_each(lambda language: ", ".join(write_part(item, language) for item in shown))
    if len(items) <= most:
        return row
    rest = say_amount(len(items) - most)
    more = "{row} and {rest} more", "{row} en nog {rest}", "{row} et encore {rest}"
    return say(*more, row=row, rest=rest)


@dataclass(frozen=True)
class Note:
    """What the reader of the figures must know: where it is, what it is, what follows from it.

    Attributes
    ----------
    where
        A file, with the place in it, or a part of the measurement. A name that is the same in all
        languages may be plain text; of a note read back it stands in `what`.
    what, mend
        What was found, and how it was dealt with or can be mended.
    """

    where: Said | str
    what: Said
    mend: Said | None = None

    def to_text(self, language: str) -> str:
        """Write it in a language, in one line."""
        parts = {"where": self.where, "what": self.what}
        told = say("{where}: {what}", "{where}: {what}", "{where} : {what}", **parts)
        told = told if self.where else self.what
        if self.mend:
            parts = {"told": told, "mend": self.mend}
            told = say("{told}; {mend}", "{told}; {mend}", "{told} ; {mend}", **parts)
        return _FOLDED.sub(" ", keep_seen(told.to_text(language))).strip()

    def __str__(self) -> str:
        return self.to_text("en")


def tell_notes(notes: Iterable[Note], tongues: Sequence[str]) -> tuple[Note, ...]:
    """Give notes in the words of a study, in the languages in which it has any.

    Parameters
    ----------
    notes
        As they arose.
    tongues
        The languages of the study; in each other the first of them stands.
    """
    own = {str(one): one for one in tongues}

    def tell(said: Any) -> Any:
        if not isinstance(said, Said):
            return said
        return write_in_each(lambda language: said.to_text(own.get(language, tongues[0])))

    return tuple(
        replace(one, **{name: tell(one_) for name, one_ in vars(one).items()}) for one in notes
    )


def write_in_all(
    notes: tuple[Note, ...], tongues: Sequence[str] = LANGUAGES
) -> list[dict[str, str]]:
    """Write notes for a manifest: each in every language of the study."""
    return [{str(one): note.to_text(one) for one in tongues} for note in notes]
