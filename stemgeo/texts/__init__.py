"""What outputs say, in the language of their reader: a catalogue a language, beside this file.

A text has a key, such as "gaps.drawn.streets", and stands under it once in each `.po` file, with
the name of each part in braces; the words for what is sought are filled in as a catalogue is
loaded, see `stemgeo.texts.wording`. Notes stand beside their cause, see `stemgeo.notes`.
"""

from __future__ import annotations

import gettext
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from stemgeo.speech import format_whole, held_together
from stemgeo.texts.wording import (
    Wording,
    build_forms,
    fill_forms,
    fill_held,
    find_wording,
    hold_forms,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Texts:
    """The texts of one language, in the words of a study.

    Attributes
    ----------
    language
        As it was asked for: with the words of a study, or plain.
    forms
        The words for what is sought and for how one gets there, by their names in texts.
    """

    def __init__(self, language: str, wording: Wording) -> None:
        self.language, self._words = language, wording.words
        self._found, texts = _read_catalogue(str(language))
        mode = f"mode.{wording.mode}."
        self.forms = build_forms(str(language), wording.words) | {
            key.removeprefix(mode): text for key, text in texts.items() if key.startswith(mode)
        }
        self._catalogue = texts
        self._texts = {key: self._fill(text) for key, text in texts.items()}
        self._groups: dict[str, dict[str, str]] = {}

    @property
    def is_first(self) -> bool:
        """Whether of two words of which gender chooses the first is for what is sought."""
        return self._words.is_first

    def _fill(self, text: str) -> str:
        return held_together(fill_forms(text, self.forms, self._words), str(self.language))

    def in_any_words(self, key: str, **parts: object) -> str:
        """Give a text with the words of a study set apart, as `fill_held` fills them in."""
        return hold_forms(self._catalogue[key]).format(**parts)

    def fill_held(self, text: str) -> str:
        """Fill the words of the study in, in a text that stands beside its cause."""
        return fill_held(text, self.forms, self._words)

    def __call__(self, key: str, **parts: object) -> str:
        """Give a text with its parts filled in.

        Raises
        ------
        KeyError
            For a key that no catalogue has, or a part that is not given.
        """
        return self._texts[key].format(**parts)

    def say_count(self, key: str, count: int, **parts: object) -> str:
        """Give a text of so many, with `count` written as the language does: 1 zone, 2 zones.

        Parameters
        ----------
        key
            Of the text.
        count
            How many.
        **parts
            Other parts, by their name.
        """
        if key not in self._texts:
            raise KeyError(key)
        chosen = self._found.ngettext(key, key, count)
        return self._fill(chosen).format(count=format_whole(count, self.language), **parts)

    def join_pair(self, what: object, told: object) -> str:
        """Write a thing with what is told of it: Bron: Statbel."""
        return self("list.pair", what=what, told=told)

    def join_series(self, parts: Iterable[str]) -> str:
        """Write parts one after the other; each may have commas."""
        return self("list.series").join(parts)

    def list_below(self, prefix: str) -> dict[str, str]:
        """Give the texts below a key by the rest of theirs, as they stand: heads of columns."""
        if prefix not in self._groups:
            below, every = f"{prefix}.", self._texts.items()
            self._groups[prefix] = {
                key.removeprefix(below): text for key, text in every if key.startswith(below)
            }
        return self._groups[prefix]


def load_texts(language: str) -> Texts:
    """Give the texts of a language, such as "nl", in the words of the study that speaks it."""
    return _load_texts(language, find_wording(language))


@cache
def _load_texts(language: str, wording: Wording) -> Texts:
    return Texts(language, wording)


@cache
def _read_catalogue(language: str) -> tuple[gettext.GNUTranslations, dict[str, str]]:
    """Read a catalogue: as gettext knows it, and each text by its key, of several that of one."""
    # Babel takes its time to load, and what writes no text does without.
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with (Path(__file__).parent / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    for one in catalogue:
        forms = [held_together(form, language) for form in _list_forms(one.string)]
        one.string = forms[0] if isinstance(one.string, str) else tuple(forms)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    one_of = {_list_forms(one.id)[0]: _list_forms(one.string)[0] for one in catalogue if one.id}
    return gettext.GNUTranslations(compiled), one_of


def _list_forms(text: str | Sequence[str] | None) -> Sequence[str]:
    return (text,) if isinstance(text, str) else text or ()
