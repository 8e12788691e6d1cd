"""What outputs say, in the language of their reader: a catalogue a language, beside this file.

A text has a key, such as "gaps.drawn.streets", and stands under it once in each `.po` file, with
the name of each part in braces. Notes stand beside their cause, see `stemgeo.notes`.
"""

from __future__ import annotations

import gettext
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from stemgeo.speech import format_whole, held_together

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Texts:
    """The texts of one language.

    Attributes
    ----------
    language
        Of its catalogue: the name of the file.
    """

    def __init__(self, language: str) -> None:
        self.language = language
        self._found, self._texts = _read_catalogue(language)
        self._groups: dict[str, dict[str, str]] = {}

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
        return chosen.format(count=format_whole(count, self.language), **parts)

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


@cache
def load_texts(language: str) -> Texts:
    """Give the texts of a language, such as "nl"."""
    return Texts(language)


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
