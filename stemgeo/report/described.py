"""What is known of a result, as its descriptions for other programs tell it."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from stemgeo.inputs.provenance import name_source
from stemgeo.texts import load_texts
from stemgeo.texts.wording import find_wording

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stemgeo.speech import Language
    from stemgeo.study import Study
    from stemgeo.texts import Texts

_ASKED = ("name", "contact", "uri", "page", "licence", "access")
"""Of the publisher: what catalogues want to know."""


@dataclass(frozen=True)
class Described:
    """A result as its descriptions tell of it.

    Attributes
    ----------
    study
        What was asked; of two the first.
    command
        That wrote it.
    text
        The words around its maps, in its language; those of others by their code, where there are.
    inputs
        Of which data, as manifests list them.
    files
        Size and hash by name.
    ground
        The NIS codes of municipalities and the names of provinces that it is of; empty: Flanders.
    """

    study: Study
    command: str
    text: Mapping[str, Any]
    inputs: Sequence[Mapping[str, Any]]
    files: Mapping[str, Mapping[str, Any]]
    ground: Sequence[str] = ()

    @property
    def language(self) -> Language:
        """In which it is told."""
        return self.study.language

    @property
    def words(self) -> Texts:
        """The texts of its language."""
        return load_texts(self.language)

    @cached_property
    def _by_language(self) -> dict[str, Mapping[str, Any]]:
        """The words around maps, by language."""
        own = str(self.language)
        told = {own: self.text} if "title" in self.text else self.text
        return {own: told.get(own, {})} | {name: one for name, one in told.items() if one}

    @property
    def title(self) -> str:
        """Of what it shows; else of the study."""
        return self._by_language[self.language].get("title") or self.study.about.title

    @cached_property
    def descriptions(self) -> dict[str, str]:
        """What was measured, of when and how, by language; the title where there is no more."""
        told = {name: " ".join(list_sentences(one)) for name, one in self._by_language.items()}
        return {name: one or self.title for name, one in told.items()}

    @cached_property
    def identifier(self) -> str:
        """The same for the same study and files of data, whoever measures them."""
        asked = self.study.model_dump(
            mode="json", by_alias=True, exclude={"inputs"}, exclude_defaults=True
        )
        files = sorted(one["sha256"] for one in self.inputs)
        told = json.dumps([self.command, asked, files], sort_keys=True)
        return uuid.uuid5(uuid.NAMESPACE_OID, told).urn

    @cached_property
    def keywords(self) -> list[str]:
        """Under which it is sought: what, who, and that they can get there."""
        wanted = find_wording(self.language).words.plural
        return [wanted, self.words("described.children"), self.words("described.reach")]

    @cached_property
    def sources(self) -> list[tuple[str, str]]:
        """Whose data they are, each once, as it asks to be named; and its address, or none."""
        named: dict[str, str] = {}
        for one in self.inputs:
            whose = one.get("attribution") or one.get("source", "")
            line = name_source(whose, one.get("licence", ""), self.language)
            address = one.get("address", "")
            if line:
                named.setdefault(line, address if address.startswith(("http:", "https:")) else "")
        return [*named.items()]

    @cached_property
    def days(self) -> tuple[date, date]:
        """From the oldest count of people to the day of the study."""
        day = self.study.about.date
        counted = [
            date.fromisoformat(str(one["date"]))
            for one in self.inputs
            if one["role"].partition(".")[0] in ("population", "populations") and one.get("date")
        ]
        return min([day, *counted]), max([day, *counted])

    @cached_property
    def lacking(self) -> str:
        """What the study does not say of its publisher; empty when it says all."""
        publisher = self.study.output.publisher
        options = [one for one in _ASKED if getattr(publisher, one, None) is None]
        return self.words("described.lacks", options=", ".join(options)) if options else ""


def list_sentences(text: Mapping[str, Any]) -> list[str]:
    """Write what is said around maps as sentences: what, how, of when, and the notice."""
    told = [text.get(one) for one in ("measure", "method_note", "date", "notice")]
    lines = [one.strip() for one in told if one]
    return [one[0].upper() + one[1:] + ("" if one[-1] in ".!?" else ".") for one in lines]
