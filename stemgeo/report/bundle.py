"""What is printed around maps and beside files: titles, dates, sources, cautions."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from stemgeo.coverage import REGION, region_name
from stemgeo.gaps.grid import drawn_in_words
from stemgeo.inputs.messages import PROPOSED
from stemgeo.maps.text import MapText
from stemgeo.recognition import Standing, recognised
from stemgeo.speech import long_day, number
from stemgeo.texts import texts

if TYPE_CHECKING:
    from stemgeo.inputs import Inputs, Provenance
    from stemgeo.speech import Language
    from stemgeo.study import Study
    from stemgeo.texts import Texts

OSM_SOURCE = "© OpenStreetMap contributors (ODbL)"


def map_text(study: Study, inputs: Inputs) -> MapText:
    """Say what is printed around every map: title, notice, sources, dates, method."""
    language = study.output.language
    words = texts(language)
    counting, _ = recognised(inputs.academies, study.about.date, study.academies)
    standing = Standing.of(counting, language)
    return MapText(
        title=study.about.title,
        notice=study.about.notice,
        source=attribution(inputs, language=language),
        date=words(
            "about.dates",
            population=population_date(study, inputs),
            academies=standing.on(long_day(study.about.date, language)),
        ),
        language=language,
        method_note=_method_note(study, words),
        measure=words("about.measure", minutes=number(study.travel.cutoff_min, language)),
        region=_part_of_flanders(inputs, language),
        gap_caution=drawn_in_words(study, inputs.weights, language),
    )


def _part_of_flanders(inputs: Inputs, language: str) -> str:
    """Name the study area when it is not all of Flanders."""
    whole = region_name(inputs.municipalities) == REGION[1]
    return "" if whole else texts(language)("about.part")


def _method_note(study: Study, words: Texts) -> str:
    """Say what sets this measurement apart from the plain one; printed on every output."""
    notes = []
    if study.straight_line:
        factor = number(study.travel.detour_factor, words.language)
        notes.append(words("about.straight_line", factor=factor))
    elif study.travel.ferries:
        notes.append(words("about.ferries"))
    if study.inputs.plan is not None:
        notes.append(words("about.planned"))
    return words.series(notes)


def attribution(*inputs: Inputs, language: Language) -> str:
    """Name every source once, with its licence; last the data of which the study names none."""
    named, nameless = [], []
    for item in (item for one in inputs for item in one.provenance):
        source = item.source
        if item.role == "network" and _of_openstreetmap(item):
            source = f"{item.source}; {OSM_SOURCE}" if item.source else OSM_SOURCE
        licence = f" ({item.licence})" if item.licence and item.licence not in source else ""
        if source:
            named.append(source + licence)
        elif item.role not in PROPOSED:
            nameless.append(role_in_words(item.role, language))
    words = texts(language)
    told = words("about.no_source", data=", ".join(dict.fromkeys(nameless)))
    return words.series(dict.fromkeys([*named, *([told] if nameless else [])]))


def role_in_words(role: str, language: Language) -> str:
    """Say which data an input of the study are: Gemeentegrenzen, or Indeling wijken."""
    role, _, which = role.partition(".")
    return f"{texts(language).group('role').get(role, role)} {which}".rstrip()


def _of_openstreetmap(item: Provenance) -> bool:
    """Whether roads owe their source to OpenStreetMap: all do that say no other licence."""
    named = "openstreetmap" in item.source.lower()
    return not named and (not item.licence or "odbl" in item.licence.lower())


def population_date(study: Study, inputs: Inputs) -> str:
    """Say of which day the children are, and when their municipalities were others."""
    language, vintage = study.output.language, study.about.vintage
    words, day = texts(language), population_day(inputs)
    brought = ""
    if inputs.population_vintage is not None and inputs.population_vintage != vintage:
        way = "forward" if inputs.population_vintage < vintage else "back"
        brought = words(f"about.brought.{way}", vintage=vintage)
    return f"{long_day(day, language) if day else words('about.no_date')}{brought}"


def population_day(inputs: Inputs) -> dt.date | None:
    """Give the day that the children are of, as declared; else 1 January, as Statbel counts."""
    roles = ("population", "populations")
    files = [item for item in inputs.provenance if item.role.partition(".")[0] in roles]
    if files and files[0].date:
        return files[0].date
    return dt.date(inputs.population_year, 1, 1) if inputs.population_year else None


def said(text: MapText) -> dict[str, str]:
    """Give what goes with every file that has no place for words of its own."""
    words = {"title": text.title, "notice": text.notice, "method": text.method_note}
    return words | {"dates": text.date, "sources": text.source}
