"""What is printed around maps and beside files: titles, dates, sources, cautions."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from stemgeo.coverage import REGION, region_name
from stemgeo.gaps.joining import describe_outlines
from stemgeo.inputs.accounts import ACCOUNTS
from stemgeo.inputs.messages import PROPOSED
from stemgeo.inputs.plan import CLOSED
from stemgeo.inputs.provenance import name_source
from stemgeo.maps.text import MapText
from stemgeo.network.study_edits import say_edits
from stemgeo.recognition import Standing, choose_recognised
from stemgeo.speech import format_day, format_number
from stemgeo.texts import load_texts

if TYPE_CHECKING:
    from stemgeo.inputs import Inputs, Provenance
    from stemgeo.speech import Language
    from stemgeo.study import Study
    from stemgeo.texts import Texts

OSM_SOURCE = "© OpenStreetMap contributors (ODbL)"


def build_map_text(study: Study, inputs: Inputs) -> MapText:
    """Say what is printed around every map: title, notice, sources, dates, method."""
    language = study.language
    words = load_texts(language)
    counting, _ = choose_recognised(inputs.academies, study.about.date, study.academies)
    standing = Standing.from_academies(counting, language)
    return MapText(
        title=study.about.title,
        notice=study.about.notice,
        source=say_attribution(inputs, language=language),
        date=words(
            "about.dates",
            population=say_population_date(study, inputs),
            academies=standing.say_on(format_day(study.about.date, language)),
        ),
        language=language,
        method_note=_say_method_note(study, inputs, words),
        measure=words("about.measure", minutes=format_number(study.travel.cutoff_min, language)),
        region=_name_part_of_flanders(inputs, language),
        gap_caution=describe_outlines(study, inputs.weights, language),
        **say_scope(study),
    )


def say_scope(study: Study) -> dict[str, str]:
    """Say within how many minutes one must arrive, and in which year."""
    minutes = format_number(study.travel.cutoff_min, study.language)
    return {"minutes": minutes, "year": str(study.about.date.year)}


def _name_part_of_flanders(inputs: Inputs, language: str) -> str:
    """Name the study area when it is not all of Flanders."""
    if inputs.area.name is not None:
        return inputs.area.name.to_text(language)
    whole = region_name(inputs.municipalities) == REGION[1]
    return "" if whole else load_texts(language)("about.part")


def _say_method_note(study: Study, inputs: Inputs, words: Texts) -> str:
    """Say what sets this measurement apart from the plain one; printed on every output."""
    notes = []
    if study.straight_line:
        factor = format_number(study.travel.detour_factor, words.language)
        notes.append(words("about.straight_line", factor=factor))
    elif study.travel.ferries:
        notes.append(words("about.ferries"))
    if study.inputs.plan is not None:
        notes.append(words(f"about.{_name_plan(inputs)}"))
    if inputs.network_edits is not None:
        notes.append(say_edits(inputs.network_edits).to_text(words.language))
    return words.join_series(notes)


def _name_plan(inputs: Inputs) -> str:
    """Name what a plan does: opens or moves, closes, or both; places that were just chosen open."""
    does = set() if inputs.plan is None else set(inputs.plan["change"])
    if CLOSED not in does:
        return "planned"
    return "planned_and_closed" if does - {CLOSED} else "closed"


def say_attribution(*inputs: Inputs, language: Language) -> str:
    """Name every source once, with its licence; last the data of which the study names none.

    What others counted is quoted with its source where it stands: no map shows it.
    """
    named, nameless = [], []
    measured = (item for one in inputs for item in one.provenance if item.role not in ACCOUNTS)
    for item in measured:
        # The line with which a source asks to be named says who made it.
        source = item.attribution or item.source
        if item.role == "network" and _is_openstreetmap(item):
            source = f"{source}; {OSM_SOURCE}" if source else OSM_SOURCE
        if source:
            named.append(name_source(source, item.licence, language))
        elif item.role not in PROPOSED:
            nameless.append(say_role(item.role, language))
    words = load_texts(language)
    told = words("about.no_source", data=", ".join(dict.fromkeys(nameless)))
    return words.join_series(dict.fromkeys([*named, *([told] if nameless else [])]))


def say_role(role: str, language: Language) -> str:
    """Say which data an input of the study are: Gemeentegrenzen, or Indeling wijken."""
    role, _, which = role.partition(".")
    return f"{load_texts(language).list_below('role').get(role, role)} {which}".rstrip()


def _is_openstreetmap(item: Provenance) -> bool:
    """Whether roads owe their source to OpenStreetMap: all do that say no other licence."""
    named = "openstreetmap" in f"{item.source} {item.attribution}".lower()
    return not named and (not item.licence or "odbl" in item.licence.lower())


def say_population_date(study: Study, inputs: Inputs) -> str:
    """Say of which day the children are, and when their municipalities were others."""
    language, vintage = study.language, study.about.vintage
    words, day = load_texts(language), find_population_day(inputs)
    brought = ""
    if inputs.population_vintage is not None and inputs.population_vintage != vintage:
        way = "forward" if inputs.population_vintage < vintage else "back"
        brought = words(f"about.brought.{way}", vintage=vintage)
    return f"{format_day(day, language) if day else words('about.no_date')}{brought}"


def find_population_day(inputs: Inputs) -> dt.date | None:
    """Give the day that the children are of, as declared; else 1 January, as Statbel counts."""
    roles = ("population", "populations")
    files = [item for item in inputs.provenance if item.role.partition(".")[0] in roles]
    if files and files[0].date:
        return files[0].date
    return dt.date(inputs.population_year, 1, 1) if inputs.population_year else None


def list_file_words(text: MapText) -> dict[str, str]:
    """Give what goes with every file that has no place for words of its own."""
    words = {"title": text.title, "notice": text.notice, "method": text.method_note}
    return words | {"dates": text.date, "sources": text.source}
