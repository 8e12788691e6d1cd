"""The words for what is sought and for how one gets there, in the forms that sentences need.

A text names a form in braces, {a_facility}, with a capital where the sentence begins; or gives two
words of which gender chooses: {de|het}, {un|une}, and {noun:échu|échue} by that of the noun.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_FIRST = ("de", "un")
"""Articles of the gender that takes the first of two words."""


@dataclass(frozen=True)
class Words:
    """What is sought, in one language.

    Attributes
    ----------
    singular, plural, short, short_plural
        In full, and where it was said in full before.
    article
        "de" or "het"; "un" or "une"; "a" or "an", before `singular`.
    label, label_form
        What one is called that counts, "erkend", and its other form: before the word in Dutch,
        "erkende"; of several in French, "reconnues".
    noun
        Of the label, with its article: "de erkenning", "une reconnaissance", "a recognition".
    elision
        Whether French shortens "le" and "de" before it; None: by its first letter.
    label_elision
        The same before the noun of its label.
    """

    singular: str
    plural: str
    article: str
    label: str
    label_form: str
    noun: str
    short: str = ""
    short_plural: str = ""
    elision: bool | None = None
    label_elision: bool | None = None

    @property
    def is_first(self) -> bool:
        """Whether of two words of a text the first is for it."""
        return self.article in _FIRST

    @property
    def is_noun_first(self) -> bool:
        """The same of the noun of its label."""
        return self.noun.split()[0] in _FIRST


STEM_ACADEMY = {
    "nl": Words(
        *("STEM-academie", "STEM-academies", "de", "erkend", "erkende", "de erkenning"),
        *("academie", "academies"),
    ),
    "fr": Words(
        *("académie STEM", "académies STEM", "une", "reconnue", "reconnues"),
        *("une reconnaissance", "académie", "académies"),
    ),
    "en": Words(
        *("STEM academy", "STEM academies", "a", "recognised", "recognised", "a recognition"),
        *("academy", "academies"),
    ),
}
"""What is sought unless a study says otherwise, by language."""


class Wording(NamedTuple):
    """In which words a study speaks a language: of what is sought, and of the mode of travel."""

    words: Words
    mode: str = "bicycle"


class Tongue(str):
    """A language as a study speaks it: its code, and with it the words of the study."""

    __slots__ = ("wording",)
    wording: Wording

    def __new__(cls, language: str, wording: Wording) -> Tongue:
        """Give a language the words of a study."""
        made = super().__new__(cls, language)
        made.wording = wording
        return made

    def __reduce__(self) -> tuple[type[Tongue], tuple[str, Wording]]:
        """Give what a copy is made of."""
        return type(self), (str(self), self.wording)


def find_wording(language: str) -> Wording:
    """Give the words of a language as it is spoken; of a plain one those of STEM academies."""
    return language.wording if isinstance(language, Tongue) else Wording(STEM_ACADEMY[language])


# -- forms -----------------------------------------------------------------------------------

_OF_EACH = ("facility", "facilities", "short", "shorts")
_ARTICLES = ("a", "the", "of", "of_the", "to_the", "this", "new")
FORMS = frozenset(
    {
        *(_OF_EACH),
        *(f"{before}_{name}" for before in _ARTICLES for name in ("facility", "short")),
        *("of_facilities", "of_shorts", "file_facilities"),
        *(
            "article",
            "standing",
            "standings",
            "standing_one",
            "a_standing",
            "noun",
            "a_noun",
            "the_noun",
        ),
        *("by_mode", "mode_speed", "mode_time", "mode_trip", "mode_go", "mode_goes", "mode_going"),
        *("mode_goers", "mode_roads", "mode_where", "mode_reach"),
    }
)
"""What a text can name; those of modes stand in the catalogues under `mode.`"""


def guess_an(word: str) -> str | None:
    """Say whether English has "a" or "an" before a word; None where its letters do not tell."""
    first = word.split(maxsplit=1)[0].split("-", maxsplit=1)[0]
    if len(first) > 1 and first.isupper():
        return None
    letter, lower = _plain(first[0]), first.lower()
    if letter in "aeio":
        return "a" if re.match("eu|ewe|one|once", lower) else "an"
    unsure = letter == "u" or re.match("heir|honest|honou?r|hour", lower) or not letter.isalpha()
    return None if unsure else "a"


def guess_elision(word: str) -> bool | None:
    """Say whether French writes l’ and d’ before a word; None where its letters do not tell."""
    letter = _plain(word[0])
    if letter in "hy" or not letter.isalpha() or re.match("onz|oui", word.lower()):
        return None
    return letter in "aeiouœæ"


def _plain(letter: str) -> str:
    """Give a letter without its marks, small."""
    return unicodedata.normalize("NFD", letter.lower())[0]


def build_forms(language: str, words: Words) -> dict[str, str]:
    """Give the forms of what is sought by their names in texts."""
    short, shorts = words.short or words.singular, words.short_plural or words.plural
    plain = unicodedata.normalize("NFKD", shorts.lower()).encode("ascii", "ignore").decode()
    forms = {
        **dict(zip(_OF_EACH, (words.singular, words.plural, short, shorts), strict=True)),
        "file_facilities": re.sub("[^a-z0-9]+", "-", plain).strip("-") or "places",
        "article": words.article,
        "standing": words.label,
        "standings": words.label_form,
        "standing_one": words.label if words.article == "het" else words.label_form,
        "noun": words.noun.partition(" ")[2],
    }
    if language == "en":
        a_short = words.article if short == words.singular else guess_an(short) or words.article
        articles = {"facility": words.article, "short": a_short}
        articles |= {"standing": guess_an(words.label) or "a"}
        forms |= {f"a_{name}": f"{article} {forms[name]}" for name, article in articles.items()}
        forms["a_noun"] = words.noun
    if language == "nl":
        forms |= {f"a_{name}": f"een {forms[name]}" for name in ("facility", "short", "noun")}
        forms["the_noun"] = words.noun
    if language == "fr":
        for name in ("facility", "short"):
            forms |= _bend_french(name, forms[name], words)
            forms[f"a_{name}"] = f"{words.article} {forms[name]}"
        for name in ("facilities", "shorts"):
            forms[f"of_{name}"] = (
                "d’" if _is_elided(forms[name], given=words.elision) else "de "
            ) + forms[name]
        elided = _is_elided(forms["noun"], given=words.label_elision)
        the = "l’" if elided else "le " if words.is_noun_first else "la "
        forms |= {"the_noun": the + forms["noun"], "a_noun": words.noun}
    return forms


def _is_elided(word: str, *, given: bool | None) -> bool:
    known = guess_elision(word)
    return bool(given if known is None else known)


def _bend_french(name: str, word: str, words: Words) -> dict[str, str]:
    """Give a word with what French lets agree with it, or runs into it."""
    if _is_elided(word, given=words.elision):
        the, of, of_the, to_the = "l’", "d’", "de l’", "à l’"
        this, new = ("cet ", "nouvel ") if words.is_first else ("cette ", "nouvelle ")
    elif words.is_first:
        the, of, of_the, to_the, this, new = "le ", "de ", "du ", "au ", "ce ", "nouveau "
    else:
        the, of, of_the, to_the, this, new = "la ", "de ", "de la ", "à la ", "cette ", "nouvelle "
    before = {"the": the, "of": of, "of_the": of_the, "to_the": to_the, "this": this, "new": new}
    return {f"{key}_{name}": article + word for key, article in before.items()}


# -- filling in ------------------------------------------------------------------------------

_CHOICE = re.compile(r"\{(noun:)?([^{}|]*)\|([^{}|]*)\}")
_NAME = re.compile(r"\{([A-Za-z])([a-z_]*)\}")
_OPEN, _SHUT = "\ue000", "\ue001"
_HELD = re.compile(f"{_OPEN}(.*?){_SHUT}")
_UNHELD = str.maketrans("", "", _OPEN + _SHUT)


def fill_forms(text: str, forms: Mapping[str, str], words: Words) -> str:
    """Fill in the forms that a text names; its other parts stay.

    Parameters
    ----------
    text
        Of a catalogue.
    forms
        By their names.
    words
        Of which gender chooses between two.
    """

    def choose(found: re.Match[str]) -> str:
        first = words.is_noun_first if found[1] else words.is_first
        return found[2] if first else found[3]

    def name(found: re.Match[str]) -> str:
        form = forms.get(found[1].lower() + found[2])
        if form is None:
            return found[0]
        return form[0].upper() + form[1:] if found[1].isupper() else form

    return _NAME.sub(name, _CHOICE.sub(choose, text))


def hold_forms(text: str) -> str:
    """Set the forms of a text apart from its other parts, to be filled in when it is told."""

    def hold(found: re.Match[str]) -> str:
        of_words = "|" in found[0] or found[1].lower() + found[2] in FORMS
        return f"{_OPEN}{found[0][1:-1]}{_SHUT}" if of_words else found[0]

    return _NAME.sub(hold, _CHOICE.sub(hold, text))


def fill_held(text: str, forms: Mapping[str, str], words: Words) -> str:
    """Fill in the forms that were set apart.

    Parameters
    ----------
    text
        A note.
    forms, words
        As for `fill_forms`.
    """
    return _HELD.sub(lambda found: fill_forms(f"{{{found[1]}}}", forms, words), text)


def strip_holds(data: str) -> str:
    """Take out of data what would set a form apart."""
    return data.translate(_UNHELD)
