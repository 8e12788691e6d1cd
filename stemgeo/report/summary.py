"""The summary of a run: the province table and what one must know to read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from stemgeo import facts, speech
from stemgeo.maps.series import partly_measured
from stemgeo.maps.text import gap_places, gap_reason, reason_in_words
from stemgeo.notes import Note
from stemgeo.profiles import QUIET
from stemgeo.reasons import REASONS
from stemgeo.recognition import Standing
from stemgeo.report.subsidy import subsidy_lines
from stemgeo.speech import SPACE, decimal, long_day, number, whole
from stemgeo.study import BEST, DOOR_S, FLAT, SAYS_NOTHING
from stemgeo.tables import STUDY, WITHIN, kinds, share_column, sides
from stemgeo.texts import texts
from stemgeo.uncertainty import TOGETHER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stemgeo.maps.text import MapText
    from stemgeo.report.outcome import Tables
    from stemgeo.study import Band, Study

HEADS = {
    "nl": {
        "municipalities": "Gemeenten",
        "with_academy": "met academie",
        "covered": "op tijd",
        "uncovered": "niet op tijd",
        "unmeasured": "niet gemeten",
        "share": "Aandeel",
        "share_range": "(laag tot hoog)",
        **{f"share_{name}": f"op {one.roads.nl}" for name, one in QUIET.items()},
    },
    "en": {
        "municipalities": "Municipalities",
        "with_academy": "with academy",
        "covered": "in time",
        "uncovered": "not in time",
        "unmeasured": "unmeasured",
        "share": "Share",
        "share_range": "(low to high)",
        **{f"share_{name}": f"on {one.roads.en}" for name, one in QUIET.items()},
    },
}
LEVEL_HEADS = {
    "nl": {"region": "Gewest", "province": "Provincie", "municipality": "Gemeente", "zone": "Zone"},
    "en": {
        "region": "Region",
        "province": "Province",
        "municipality": "Municipality",
        "zone": "Zone",
    },
}
GROUP_HEADS = {
    "nl": {"all": "Kinderen", "F": "Meisjes", "M": "Jongens"},
    "en": {"all": "Children", "F": "Girls", "M": "Boys"},
}
WORDS = {
    "nl": {
        "lead": "Van de {measured} gemeten kinderen van {ages} jaar bereikt {share} ({low} tot "
        "{high}) binnen {minutes} minuten fietsen een STEM-academie "
        "{recognised}. {unmeasured}Een STEM-academie hebben {with_academy} van de "
        "{municipalities}.",
        "planned": "Met {count} erbij, geteld als open{only}.",
        "only_one_planned": "; 1 gemeente heeft alleen een geplande plaats",
        "only_planned": "; {count} gemeenten hebben alleen een geplande plaats",
        "one_planned": "1 geplande plaats",
        "planned_places": "{count} geplande plaatsen",
        "one_municipality": "ene gemeente",
        "municipalities": "{count} gemeenten",
        "ages": "{first} tot en met {last}",
        "and": "en",
        "unmeasured": "Van {count} andere kinderen is niets gemeten. ",
        "speeds": "Aangenomen fietssnelheid: {speeds}.",
        "speed": "{ages} jaar {central} km/u ({low} tot {high})",
        "partly": "\\* Minder dan de helft van de kinderen is gemeten: dit aandeel zegt niets over "
        "het geheel.",
        "share": "Aandeel = op tijd / (op tijd + niet op tijd); niet-gemeten kinderen staan "
        "ernaast.",
        "range": "De marge is die van de lage en de hoge fietssnelheid alleen.",
        "door": "Duurt elke rit {seconds} seconden langer, voor slot en stalling, dan is het "
        "aandeel {share}.",
        "left_out": "Niet in de marge: waar kinderen precies wonen, hoe lang een erkenning duurt "
        "waarvan alleen het begin bekend is, wachten aan lichten en oversteken, hoe snel men naar "
        "de weg stapt, wegdek en verkeer waarover de kaart zwijgt; en afslaan, hellingen en wind.",
        "left_out_straight": "Niet in de marge: de omwegfactor, waar kinderen precies wonen, hoe "
        "lang een erkenning duurt waarvan alleen het begin bekend is; en alles wat wegen doen.",
        "each": "Elke aanname apart, van ongunstig tot gunstig: {parts}.",
        "together": "Al deze samen ongunstig is het aandeel {low}, samen gunstig {high}. Niet "
        "erin: afslaan, hellingen en wind, en fouten in de bestanden zelf.",
        "together_straight": "Al deze samen ongunstig is het aandeel {low}, samen gunstig {high}. "
        "Niet erin: alles wat wegen doen, en fouten in de bestanden zelf.",
        "one_part": "{name} {low} tot {high}",
        "map": "Op {roads} ligt het aandeel tussen {low} en {high}, naargelang van wat niemand in "
        "kaart bracht (snelheidslimiet, rijstroken, fietspad): volgens deze regels staat het in "
        "{certain} vast, in {other} hangt het af van {ways} (tables/to-check.csv).",
        "rules": "Volgens andere regels voor rustige wegen ligt het tussen {low} en {high}.",
        "says_nothing": "Zo ver uit elkaar zegt dat aandeel niets.",
        "one_way": "1 weg",
        "ways": "{count} wegen",
        "one_town": "1 gemeente",
        "quiet": "Op {roads}: alleen over {kept}.",
        "stress_rules": "Welke wegen rustig zijn, zeggen {rules}.",
        "surfaces": "Het wegdek telt mee: op elk wegdek even snel zouden {other} kinderen op tijd "
        "zijn in plaats van {now}.",
        "no_surfaces": "Het wegdek telt niet mee: telde het mee, dan waren {other} kinderen op "
        "tijd in plaats van {now}.",
        "bands": "Per leeftijd: {bands}.",
        "band": "{ages} jaar {share}",
        "sexes": "Meisjes {girls}, jongens {boys}; binnen een gemeente zijn zij gelijk gespreid, "
        "zodat alleen verschillen tussen gemeenten en leeftijden meetellen.",
        "half": "De helft van de gemeten kinderen heeft hoogstens {median} minuten nodig tot de "
        "dichtstbijzijnde STEM-academie",
        "not_half": "Minder dan de helft van de gemeten kinderen heeft een STEM-academie binnen "
        "{horizon} minuten",
        "most": ", negen op de tien hoogstens {p90}",
        "not_most": ", en minder dan negen op de tien hebben er een binnen {horizon} minuten",
        "within": "; binnen {minutes} minuten heeft {one} er precies één, {two} twee en {three} "
        "drie of meer.",
        "flat": "Gerekend met {km} km aan {kmh} km/u voor alle leeftijden, zoals de Vlaamse "
        "indicator voor basisvoorzieningen, bereikt {share} een academie; waar die indicator de "
        "inwoners plaatst, is niet bekend.",
        "placed_beside": "De kinderen zijn geplaatst {own}. Anders geplaatst is het aandeel: "
        "{others}.",
        "or_else": " of, waar dat niet kan, ",
        "placing": "Waar kinderen binnen hun zone of gemeente wonen is een raming ({own}); cijfers "
        "per zone zijn dat dus ook.",
        "otherwise": " Anders geplaatst is het aandeel: {others}.",
        "placed": "{share} ({name}; {measured} kinderen gemeten)",
        "fifths": "Naar {title}: van het vijfde van de kinderen met de laagste waarde is {lowest} "
        "op tijd, van het vijfde met de hoogste {highest} (concentratie-index {index}; boven 0 "
        "zijn plaatsen met een hoge waarde beter bediend).",
        "gaps_all": "Hiaten zijn aaneengesloten gebieden met ten minste {min} van de kinderen die "
        "niet op tijd zijn: {count}, met {children} kinderen. In kleinere groepen wonen er nog "
        "{below}{beside}.",
        "beside": "; {unmeasured} niet-gemeten kinderen staan ernaast",
        "one_beside": "; 1 niet-gemeten kind staat ernaast",
        "gaps_low_stress": "Apart geteld zijn de kinderen die over alle wegen wel op tijd zijn, "
        "maar niet over rustige: {count} hiaten met {children} van hen; in kleinere groepen nog "
        "{below}.",
        "one_gap_low_stress": "Apart geteld zijn de kinderen die over alle wegen wel op tijd "
        "zijn, maar niet over rustige: 1 hiaat met {children} van hen; in kleinere groepen nog "
        "{below}.",
        "why": "Waarom, van de {children} kinderen in deze hiaten: {reasons}.",
        "largest_gaps": "De grootste hiaten{roads}:",
        "over_all_roads": ", over alle wegen",
        "candidates": "Kandidaat-gemeenten, {rule}: {told}. Elk getal staat op zich: twee "
        "academies naast elkaar brengen samen minder bij.",
        "candidate": "{name} ({adds} kinderen, van wie {here} uit de gemeente zelf)",
        "rank_adds": "volgens wat één academie op de beste plaats er op tijd zou brengen",
        "rank_uncovered": "volgens het aantal kinderen van de gemeente zelf dat niet op tijd is",
        "rank_share": "volgens het laagste aandeel op tijd",
        "sources": "Bronnen",
        "notes": "Opmerkingen bij de invoer en de meting",
        "none": "\N{EN DASH}",
        "to": "tot",
    },
    "en": {
        "lead": "Of the {measured} measured children aged {ages}, {share} ({low} to {high}) reach "
        "a STEM academy {recognised} within {minutes} minutes by bicycle. "
        "{unmeasured}{with_academy} of the {municipalities} have a STEM academy.",
        "planned": "With {count} added, counted as open{only}.",
        "only_one_planned": "; 1 municipality has a planned place only",
        "only_planned": "; {count} municipalities have a planned place only",
        "one_planned": "1 planned place",
        "planned_places": "{count} planned places",
        "one_municipality": "one municipality",
        "municipalities": "{count} municipalities",
        "ages": "{first} to {last}",
        "and": "and",
        "unmeasured": "Nothing was measured of {count} other children. ",
        "speeds": "Assumed riding speed: {speeds}.",
        "speed": "{ages} years {central} km/h ({low} to {high})",
        "partly": "\\* Fewer than half of the children are measured: this share says nothing of "
        "the whole.",
        "share": "Share = in time / (in time + not in time); unmeasured children stand beside it.",
        "range": "The range is that of the low and the high riding speed alone.",
        "door": "If each ride takes {seconds} seconds more, to unlock and to park, the share is "
        "{share}.",
        "left_out": "Not in the range: where exactly children live, how long a recognition lasts "
        "of which only the start is known, waiting at signals and crossings, how fast one walks to "
        "the road, surfaces and traffic of which the map says nothing; and turns, hills and wind.",
        "left_out_straight": "Not in the range: the detour factor, where exactly children live, "
        "how long a recognition lasts of which only the start is known; and all that roads do.",
        "each": "Each assumption by itself, from its low end to its high end: {parts}.",
        "together": "With all of these at their low ends the share is {low}, at their high ends "
        "{high}. Not in it: turns, hills and wind, and faults of the files themselves.",
        "together_straight": "With all of these at their low ends the share is {low}, at their "
        "high ends {high}. Not in it: all that roads do, and faults of the files themselves.",
        "one_part": "{name} {low} to {high}",
        "map": "On {roads} the share lies between {low} and {high}, depending on what nobody "
        "mapped (speed limit, lanes, cycle track): by these rules it stands in {certain}, and in "
        "{other} it depends on {ways} (tables/to-check.csv).",
        "rules": "By other rules for quiet roads it lies between {low} and {high}.",
        "says_nothing": "So far apart, that share says nothing.",
        "one_way": "1 road",
        "ways": "{count} roads",
        "one_town": "1 municipality",
        "quiet": "On {roads}: only over {kept}.",
        "stress_rules": "Which roads are quiet is said by {rules}.",
        "surfaces": "Surfaces count: as fast on every surface, {other} children would be in time "
        "instead of {now}.",
        "no_surfaces": "Surfaces do not count: if they did, {other} children would be in time "
        "instead of {now}.",
        "bands": "By age: {bands}.",
        "band": "{ages} years {share}",
        "sexes": "Girls {girls}, boys {boys}; within a municipality they are spread alike, so "
        "that only differences between municipalities and ages count.",
        "half": "Half of the measured children need at most {median} minutes to the nearest STEM "
        "academy",
        "not_half": "Fewer than half of the measured children have a STEM academy within {horizon} "
        "minutes",
        "most": ", nine in ten at most {p90}",
        "not_most": ", and fewer than nine in ten have one within {horizon} minutes",
        "within": "; within {minutes} minutes {one} have exactly one, {two} two and {three} three "
        "or more.",
        "flat": "Counted by {km} km at {kmh} km/h for all ages, as the Flemish indicator of access "
        "to basic provisions is, {share} reach an academy; where that indicator places residents "
        "is not known.",
        "placed_beside": "The children are placed {own}. Placed otherwise the share is: {others}.",
        "or_else": " or, where that cannot be, ",
        "placing": "Where children live within their zone or municipality is an estimate ({own}), "
        "and so are the figures of a zone.",
        "otherwise": " Placed otherwise the share is: {others}.",
        "placed": "{share} ({name}; {measured} children measured)",
        "fifths": "By {title}: of the fifth of the children with the lowest value {lowest} are in "
        "time, of the fifth with the highest {highest} (concentration index {index}; above 0 "
        "places of high value are served better).",
        "gaps_all": "Gaps are connected areas with at least {min} of the children who are not in "
        "time: {count}, with {children} children. {below} more live in smaller groups{beside}.",
        "beside": "; {unmeasured} unmeasured children stand beside them",
        "one_beside": "; 1 unmeasured child stands beside them",
        "gaps_low_stress": "Counted apart are the children who are in time over all roads, but "
        "not over quiet ones: {count} gaps with {children} of them; {below} more in smaller "
        "groups.",
        "one_gap_low_stress": "Counted apart are the children who are in time over all roads, but "
        "not over quiet ones: 1 gap with {children} of them; {below} more in smaller groups.",
        "why": "Why, of the {children} children in these gaps: {reasons}.",
        "largest_gaps": "The largest gaps{roads}:",
        "over_all_roads": ", over all roads",
        "candidates": "Candidate municipalities, {rule}: {told}. Each number stands by itself: two "
        "academies side by side bring fewer together.",
        "candidate": "{name} ({adds} children, {here} of them of the municipality itself)",
        "rank_adds": "by what one academy at the best place there would bring in time",
        "rank_uncovered": "by the number of the municipality's own children not in time",
        "rank_share": "by the lowest share in time",
        "sources": "Sources",
        "notes": "Notes on the inputs and the measurement",
        "none": "\N{EN DASH}",
        "to": "to",
    },
}


PLACED_BY = {
    "nl": {
        "best": "zone per zone volgens het beste gegeven",
        "addresses": "op de adressen",
        "dwellings": "bij de woningen",
        "streets": "langs de straten",
        "buildings": "bij de gebouwen",
        "grid": "volgens het bevolkingsrooster",
        "centroid": "in één punt per zone",
    },
    "en": {
        "best": "zone by zone by the best that is known",
        "addresses": "at addresses",
        "dwellings": "at dwellings",
        "streets": "along the streets",
        "buildings": "at buildings",
        "grid": "by the population grid",
        "centroid": "in one point of each zone",
    },
}
PARTS = {
    "nl": {
        "speed": "fietssnelheid",
        "door": "tijd aan de deur",
        "placing": "plaats van de kinderen",
        "walking": "stapsnelheid",
        "waiting": "wachten aan lichten en oversteken",
        "dates": "academies zonder datum",
        "recognition": "duur van een erkenning",
        "detour": "omwegfactor",
        "surfaces": "wegdek",
    },
    "en": {
        "speed": "riding speed",
        "door": "time at the doors",
        "placing": "where children are placed",
        "walking": "walking speed",
        "waiting": "waiting at signals and crossings",
        "dates": "academies without a date",
        "recognition": "how long a recognition lasts",
        "detour": "detour factor",
        "surfaces": "surfaces",
    },
}
"""Assumptions that the share over all roads rests on."""

PLACING_MATTERS = 0.01
"""From a point's difference on the share under other methods stands beside the headline."""

OUTSIDE_LAYER = {"nl": "(in geen gebied)", "en": "(in no area)"}
"""Where children live who are in no polygon of a layer."""

PARTLY = "*"
"""Beside a share that rests on fewer than half of the children."""


def percent(share: float, language: str) -> str:
    """Write a share for Markdown and the terminal: 62,4 %; a dash when there is none."""
    return speech.percent(share, language, SPACE)


_SAID = {"whole": whole, "decimal": decimal, "share": percent}


def readable(
    table: pd.DataFrame,
    language: str,
    level: str = "province",
    *,
    band: str = "all",
    sex: str = "all",
) -> pd.DataFrame:
    """Turn a summary table into text columns with headings, for people.

    `level`, `band` and `sex` are those of the table; the headings say them.
    """
    who = GROUP_HEADS[language][sex] + (f" {band}" if band != "all" else "")
    named = {"name": LEVEL_HEADS[language].get(level, level), "children": who}
    heads = HEADS[language] | named
    names = table["name"].where(table["code"] != "", OUTSIDE_LAYER[language])
    columns: dict[str, pd.Series | list[str]] = {heads["name"]: names}
    marks = np.where(partly_measured(table), PARTLY, "")
    of = sides("provinces")
    for name, kind in kinds("provinces").items():
        measure, speeds, _ = of.get(name, (name, "central", "all"))
        if kind == "text" or name not in table or speeds == "high":
            continue
        if speeds == "low":
            ends = zip(table[name], table[f"{measure}_high"], strict=True)
            columns[heads[f"{measure}_range"]] = [_range(*pair, language) for pair in ends]
        else:
            columns[heads[name]] = [_SAID[kind](value, language) for value in table[name]]
            if name == "share":
                marked = zip(columns[heads[name]], marks, strict=True)
                columns[heads[name]] = [f"{said}{mark}" for said, mark in marked]
    return pd.DataFrame(columns)


def _quiet_roads(table: pd.DataFrame) -> list[str]:
    """Name the profiles of quiet roads of which a table has the share."""
    return [profile for profile in QUIET if f"share_{profile}" in table]


def quiet_roads_in_words(table: pd.DataFrame, language: str, stress_rules: str) -> list[str]:
    """Say which roads the shares over quiet roads of a table are of, and by which rules."""
    words = WORDS[language]
    said = [
        words["quiet"].format(roads=one.roads.to(language), kept=one.kept.to(language))
        for one in (QUIET[profile] for profile in _quiet_roads(table))
    ]
    rules = facts.stress_rules(stress_rules)[language]
    return [*said, words["stress_rules"].format(rules=rules)] if said else []


def how_sure(result: Tables) -> list[str]:
    """Say what the range leaves out, and where it was measured what that comes to."""
    language = result.study.output.language
    words, bars = WORDS[language], result.uncertainty
    region = bars[bars["level"] == "region"]
    over_all = _by_end(region[region["profile"] == "all"], "part")
    door = percent(over_all["door"]["low"], language)
    straight = "_straight" if result.study.straight_line else ""
    if TOGETHER not in over_all:
        left_out = words[f"left_out{straight}"]
        return [words["door"].format(seconds=f"{DOOR_S:g}", share=door), left_out]
    parts = [
        words["one_part"].format(name=name, **_ends(over_all[part], language))
        for part, name in PARTS[language].items()
        if part in over_all
    ]
    together = words[f"together{straight}"].format(**_ends(over_all[TOGETHER], language))
    said = [words["each"].format(parts="; ".join(parts)), together]
    of_map = _by_end(region[region["part"] == "map"], "profile")
    of_rules = _by_end(region[region["part"] == "rules"], "profile")
    for profile in (one for one in QUIET if one in of_map):
        said += _map_in_words(result, profile, of_map[profile], language)
        if profile in of_rules:
            said.append(words["rules"].format(**_ends(of_rules[profile], language)))
    return said


def _by_end(rows: pd.DataFrame, by: str) -> dict[str, dict[str, float]]:
    """Give the share of each part, or profile, at its low and its high end."""
    ends: dict[str, dict[str, float]] = {}
    for row in rows.to_dict("records"):
        ends.setdefault(row[by], {})[row["end"]] = row["share"]
    return ends


def _ends(ends: dict[str, float], language: str) -> dict[str, str]:
    return {end: percent(ends[end], language) for end in ("low", "high")}


def _map_in_words(result: Tables, profile: str, ends: dict[str, float], language: str) -> list[str]:
    """Say within which bounds a quiet share lies, and how many municipalities are settled."""
    words, verdicts = WORDS[language], result.verdicts
    if verdicts is None or result.to_check is None:
        return []
    measured = verdicts["covered"] + verdicts["uncovered"] > 0
    of_profile = verdicts[(verdicts["profile"] == profile) & measured]
    certain = int((of_profile["covered_least"] == of_profile["covered_most"]).sum())
    ways = result.to_check.loc[result.to_check["profile"] == profile, "way"].nunique()

    def number_of(count: int, one: str, many: str) -> str:
        return words[one] if count == 1 else words[many].format(count=whole(count, language))

    line = words["map"].format(
        roads=QUIET[profile].roads.to(language),
        certain=number_of(certain, "one_town", "municipalities"),
        other=number_of(len(of_profile) - certain, "one_town", "municipalities"),
        ways=number_of(ways, "one_way", "ways"),
        **_ends(ends, language),
    )
    nothing = ends["high"] - ends["low"] > SAYS_NOTHING
    return [line, words["says_nothing"]] if nothing else [line]


def _range(low: float, high: float, language: str) -> str:
    words = WORDS[language]
    if np.isnan(low):
        return words["none"]
    return f"{percent(low, language)} {words['to']} {percent(high, language)}"


def summary_markdown(result: Tables, text: MapText) -> str:
    """Write the summary of a run in Markdown."""
    study, table = result.study, result.summary()
    language = study.output.language
    words = WORDS[language]
    lead = _lead(result, long_day(study.about.date, language))
    shown = readable(table, language)
    lines = [f"# {plain(text.title)}", ""]
    lines += [f"**{plain(line)}**\n" for line in (text.notice, text.method_note) if line]
    lines += [lead, *_planned(result, language), *_beside_the_headline(result, language), ""]
    lines += markdown_table(shown, left=1)
    lines += ["", *([words["partly"], ""] if partly_measured(table).any() else [])]
    lines += [words["share"], words["range"], *how_sure(result), speeds_in_words(study)]
    lines += quiet_roads_in_words(table, language, study.travel.stress_rules)
    lines += _by_group(result, language)
    lines += times_in_words(result.times, study)
    lines += _effect_of_surfaces(result, language)
    lines += _by_attribute(result, language)
    lines += _by_method(result, language)
    rules = study.gaps
    lines += ["", *gaps_in_words(result.gaps, result.coverage, rules.min_children, language)]
    lines += [text.drawn] if study.method == "grid" and len(result.gaps) else []
    lines += _largest_gaps(result.gaps, study)
    lines += ["", candidates_in_words(result.candidates, study)]
    lines += ["", " ".join(subsidy_lines(result)), "", text.date, ""]
    lines += [f"## {words['sources']}", "", plain(text.source), ""]
    if result.notes:
        lines += [f"## {words['notes']}", "", *note_lines(result.notes, language), ""]
    return "\n".join(lines)


def note_lines(notes: tuple[Note, ...], language: str) -> list[str]:
    """Write what the reader of the figures must know as a list in Markdown."""
    return [f"- {plain(note.said(language))}" for note in notes]


def _lead(result: Tables, date: str) -> str:
    """Answer the question in a sentence, for the whole region."""
    study, region = result.study, result.summary("region").iloc[0]
    language = study.output.language
    words, unmeasured = WORDS[language], region["unmeasured"]
    return words["lead"].format(
        measured=whole(region["covered"] + region["uncovered"], language),
        ages=ages_in_words(study),
        share=percent(region["share"], language),
        low=percent(region["share_low"], language),
        high=percent(region["share_high"], language),
        minutes=number(study.travel.cutoff_min, language),
        recognised=Standing.of(result.academies, language).one(
            date, or_planned=bool(result.academies["planned"].any())
        ),
        unmeasured=words["unmeasured"].format(count=whole(unmeasured, language))
        if unmeasured
        else "",
        with_academy=whole(region["with_academy"], language),
        municipalities=words["one_municipality"]
        if region["municipalities"] == 1
        else words["municipalities"].format(count=whole(region["municipalities"], language)),
    )


def _planned(result: Tables, language: str) -> list[str]:
    """Say how many planned places are counted along, and where there is nothing else."""
    count, words = int(result.academies["planned"].sum()), WORDS[language]
    if not count:
        return []
    towns = result.municipalities
    only = int(((towns["planned"] > 0) & (towns["planned"] == towns["academies"])).sum())
    places = words["one_planned" if count == 1 else "planned_places"]
    bare = words["only_one_planned" if only == 1 else "only_planned"] if only else ""
    told = places.format(count=whole(count, language))
    return [words["planned"].format(count=told, only=bare.format(count=whole(only, language)))]


def ages_in_words(study: Study, *only: Band) -> str:
    """Say the ages of bands, of all when none is given; those that follow on each other in one."""
    words = WORDS[study.output.language]
    spans: list[tuple[int, int]] = []
    for first, last in sorted(band.ages for band in only or study.travel.bands):
        if spans and spans[-1][1] + 1 == first:
            spans[-1] = (spans[-1][0], last)
        else:
            spans.append((first, last))
    told = [words["ages"].format(first=first, last=last) for first, last in spans]
    return f" {words['and']} ".join(told)


def speeds_in_words(study: Study) -> str:
    """State the assumed speeds, band by band."""
    language, travel = study.output.language, study.travel
    bands = [
        WORDS[language]["speed"].format(
            ages=band.name,
            **{
                scenario: number(travel.speed(band, scenario), language)
                for scenario in ("low", "central", "high")
            },
        )
        for band in travel.bands
    ]
    return WORDS[language]["speeds"].format(speeds=", ".join(bands))


def _by_group(result: Tables, language: str) -> list[str]:
    """Say the share of each band, and of girls and boys, in all of Flanders."""
    words, rows = WORDS[language], result.groups
    rows = rows[
        (rows["level"] == "region") & (rows["scenario"] == "central") & (rows["profile"] == "all")
    ]
    by_band = rows[rows["sex"] == "all"].set_index("band")["share"]
    bands = [
        words["band"].format(ages=band.name, share=percent(by_band[band.name], language))
        for band in result.study.travel.bands
    ]
    lines = [words["bands"].format(bands=", ".join(bands))]
    by_sex = rows[rows["band"] == "all"].set_index("sex")["share"]
    if "F" in by_sex:
        girls, boys = (percent(by_sex[sex], language) for sex in ("F", "M"))
        lines.append(words["sexes"].format(girls=girls, boys=boys))
    return lines


def times_in_words(times: pd.DataFrame, study: Study) -> list[str]:
    """Say how many minutes it is, how many academies are near, and by the fixed convention.

    Of the region, over all roads; nothing where no child is measured.
    """
    language, travel = study.output.language, study.travel
    rows = times[(times["level"] == "region") & (times["band"] == "all")]
    rows = rows[rows["profile"] == "all"]
    own, flat = (rows[rows["convention"] == one].iloc[0] for one in (STUDY, FLAT.name))
    words, measured = WORDS[language], int(own["measured"])
    if not measured:
        return []
    half, most = float(own["nearest_median_min"]), float(own["nearest_p90_min"])
    told = words["not_half"] if np.isnan(half) else words["half"]
    if not np.isnan(half):
        told += words["not_most"] if np.isnan(most) else words["most"]
    numbers = {
        "horizon": number(travel.horizon_min, language),
        "minutes": number(travel.cutoff_min, language),
        "median": decimal(half, language),
        "p90": decimal(most, language),
        "km": number(FLAT.speed_kmh * FLAT.cutoff_min / 60, language),
        "kmh": number(FLAT.speed_kmh, language),
        "share": percent(float(flat[share_column(round(FLAT.cutoff_min))]), language),
    }
    for name, column in zip(("one", "two", "three"), WITHIN[1:], strict=True):
        numbers[name] = percent(int(own[column]) / measured, language)
    return [(told + words["within"]).format(**numbers), words["flat"].format(**numbers)]


def placed_by(method: str, placement: pd.DataFrame, language: str) -> str:
    """Say how a method places the children; of "best" what it came to.

    Parameters
    ----------
    method
        Of the study, or another.
    placement
        The table of the study's own method.
    language
        "nl" or "en".
    """
    named = PLACED_BY[language]
    used = set(placement["method"][placement["children"] > 0])
    parts = [how for name, how in named.items() if name in used]
    return WORDS[language]["or_else"].join(parts) if method == BEST and parts else named[method]


def _otherwise(result: Tables, language: str) -> tuple[str, str, bool]:
    """Say how the children are placed, the share when placed otherwise, and whether it matters."""
    rows = result.sensitivity[result.sensitivity["level"] == "region"]
    words, named = WORDS[language], PLACED_BY[language]
    own = placed_by(rows["method"].iloc[0], result.placement, language)
    others = [
        words["placed"].format(
            share=percent(row["share"], language),
            name=named[row["method"]],
            measured=whole(row["covered"] + row["uncovered"], language),
        )
        for row in rows.iloc[1:].to_dict("records")
        # The study's own may come to another that is asked for.
        if (named[row["method"]], row["covered"]) != (own, rows["covered"].iloc[0])
    ]
    apart = (rows["share"] - rows["share"].iloc[0]).abs().max() > PLACING_MATTERS
    return own, ", ".join(others), bool(apart)


def _beside_the_headline(result: Tables, language: str) -> list[str]:
    """Say how the children are placed, and the share placed otherwise, where it is far off."""
    own, others, apart = _otherwise(result, language)
    line = WORDS[language]["placed_beside"].format(own=own, others=others)
    return [line] if apart else []


def _by_method(result: Tables, language: str) -> list[str]:
    """Say that places are an estimate, and the share when the other methods place the children."""
    own, others, apart = _otherwise(result, language)
    words = WORDS[language]
    told = words["otherwise"].format(others=others) if others and not apart else ""
    return [words["placing"].format(own=own) + told]


def _by_attribute(result: Tables, language: str) -> list[str]:
    """Say for each attribute of the study how the lowest and the highest fifth fare."""
    if result.quintiles is None or result.concentration is None:
        return []
    rows = result.quintiles[result.quintiles["profile"] == "all"]
    shares = rows.set_index(["attribute", "quintile"])["share"].to_dict()
    rows = result.concentration
    rows = rows[(rows["profile"] == "all") & (rows["scenario"] == "central")]
    indices = rows.set_index("attribute")["concentration_index"].to_dict()
    words = WORDS[language]
    return [
        words["fifths"].format(
            title=plain(attribute.title or key),
            lowest=percent(shares[key, 1], language),
            highest=percent(shares[key, 5], language),
            index=decimal(indices[key], language, 2),
        )
        for key, attribute in result.study.inputs.attributes.items()
    ]


def _effect_of_surfaces(result: Tables, language: str) -> list[str]:
    """Say in a sentence what counting surfaces changes for all of Flanders."""
    effects = result.effects[result.effects["profile"] == "all"]
    if effects.empty:
        return []
    now, other = (int(effects[name].sum()) for name in ("covered", "covered_variant"))
    words = WORDS[language]["surfaces" if result.study.travel.surface else "no_surfaces"]
    return [words.format(now=whole(now, language), other=whole(other, language))]


def markdown_table(shown: pd.DataFrame, *, left: int) -> list[str]:
    """Lay a table of text out in Markdown; its first `left` columns are not numbers."""
    marks = [":--"] * left + ["--:"] * (len(shown.columns) - left)
    return [_row(shown.columns), _row(marks), *map(_row, shown.itertuples(index=False))]


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(plain(cell) for cell in cells) + " |"


def plain(text: str) -> str:
    """Keep text from a file from becoming markup."""
    for mark in "\\`*[]<>|_~$&":
        text = text.replace(mark, f"\\{mark}")
    return text


CANDIDATES_NAMED = 5
"""Candidate municipalities that the summary names; the table has all."""
GAPS_NAMED = 10
"""Gaps that the summary lists; the table has all."""
GAP_HEADS = {
    "nl": {
        "places": "Gemeenten",
        "gap": "Hiaat",
        "all": "niet op tijd",
        "low_stress": "alleen over drukke wegen op tijd",
        "median": "Mediaan",
        "why": "Waarom",
    },
    "en": {
        "places": "Municipalities",
        "gap": "Gap",
        "all": "not in time",
        "low_stress": "in time only over busy roads",
        "median": "Median",
        "why": "Why",
    },
}


def readable_gaps(table: pd.DataFrame, language: str, profile: str = "all") -> pd.DataFrame:
    """Turn the gaps of one profile into text columns with headings, for people.

    Parameters
    ----------
    table
        Rows of the gaps table, all of that profile.
    language
        "nl" or "en".
    profile
        "all" or "low_stress"; the heading above the number of children says it.

    Returns
    -------
    DataFrame
        A row for each gap: municipalities, id, children, median time, reason.
    """
    heads = GAP_HEADS[language]
    dash, said = WORDS[language]["none"], texts(language)
    rows = [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]
    minutes = [
        f"{decimal(row['median_time_s'] / 60, language)} min"
        if np.isfinite(row["median_time_s"])
        else dash
        for row in rows
    ]
    columns = {
        heads["places"]: [gap_places(row, said) for row in rows],
        heads["gap"]: [row["gap_id"] for row in rows],
        heads[profile]: [whole(row["uncovered"], language) for row in rows],
        heads["median"]: minutes,
        heads["why"]: [gap_reason(row, said) for row in rows],
    }
    return pd.DataFrame(columns)


def _largest_gaps(gaps: pd.DataFrame, study: Study) -> list[str]:
    """List the largest gaps of all roads, in Markdown; nothing when there are none."""
    language = study.output.language
    largest = gaps[gaps["profile"] == "all"].head(GAPS_NAMED)
    if largest.empty:
        return []
    shown = readable_gaps(pd.DataFrame(largest.drop(columns="geometry")), language)
    words = WORDS[language]
    roads = "" if study.straight_line else words["over_all_roads"]
    return ["", words["largest_gaps"].format(roads=roads), "", *markdown_table(shown, left=2)]


CANDIDATE_HEADS = {
    "nl": ("Gemeente", "Provincie", "niet op tijd", "Aandeel", "Academie", "Waarom",
           "Beste plaats", "voegt toe", "van hier"),
    "en": ("Municipality", "Province", "not in time", "Share", "Academy", "Why",
           "Best place", "adds", "from here"),
}  # fmt: skip
YES_NO = {"nl": ("nee", "ja"), "en": ("no", "yes")}


def readable_candidates(table: pd.DataFrame, language: str) -> pd.DataFrame:
    """Turn the candidate municipalities into text columns with headings, for people."""
    said = texts(language)
    columns = (
        table["name"],
        table["province"],
        [whole(value, language) for value in table["uncovered"]],
        [percent(value, language) for value in table["share"]],
        [YES_NO[language][bool(value)] for value in table["has_academy"]],
        [reason_in_words(value, said) for value in table["reason"]],
        table["place"].fillna(""),
        [whole(value, language) for value in table["adds"]],
        [whole(value, language) for value in table["adds_here"]],
    )
    return pd.DataFrame(dict(zip(CANDIDATE_HEADS[language], columns, strict=True)))


def candidates_in_words(table: pd.DataFrame, study: Study) -> str:
    """Say which municipalities come first, by which rule, and what an academy would add there."""
    language = study.output.language
    words = WORDS[language]
    told = ", ".join(
        words["candidate"].format(
            name=plain(str(row["name"])),
            adds=whole(row["adds"], language),
            here=whole(row["adds_here"], language),
        )
        for row in table.head(CANDIDATES_NAMED).to_dict("records")
    )
    rule = words[f"rank_{study.gaps.rank_by}"]
    return words["candidates"].format(rule=rule, told=told) if len(table) else ""


def gaps_in_words(
    gaps: pd.DataFrame, coverage: pd.DataFrame, min_children: int, language: str
) -> list[str]:
    """Say how many children the gaps hold, why they are not in time, and who is in none.

    Parameters
    ----------
    gaps, coverage
        The tables; every uncovered child is told of.
    min_children
        That make a gap.
    language
        "nl" or "en".

    Returns
    -------
    list of str
        A sentence on the children whom no road brings in time; their reasons, which add up to
        those of them in gaps; and, of a study of quiet roads, one on those whom only busy roads
        bring in time.
    """
    words = WORDS[language]
    rows = coverage[(coverage["level"] == "region") & (coverage["scenario"] == "central")]
    due = rows[rows["band"] == "all"].set_index("profile")[["uncovered", "unmeasured"]].to_dict()
    late, unmeasured = int(due["uncovered"]["all"]), int(due["unmeasured"]["all"])
    mine = gaps[gaps["profile"] == "all"]
    beside = words["one_beside" if unmeasured == 1 else "beside"] if unmeasured else ""
    lines = [
        words["gaps_all"].format(
            min=whole(min_children, language),
            beside=beside.format(unmeasured=whole(unmeasured, language)),
            **_counted(mine, late, language),
        ),
        *_reasons_in_words(mine, language),
    ]
    if "low_stress" in due["uncovered"]:
        mine = gaps[gaps["profile"] == "low_stress"]
        told = words["one_gap_low_stress" if len(mine) == 1 else "gaps_low_stress"]
        quiet = int(due["uncovered"]["low_stress"]) - late
        lines.append(told.format(**_counted(mine, quiet, language)))
    return lines


def _counted(gaps: pd.DataFrame, every: int, language: str) -> dict[str, str]:
    """Count gaps, the children in them and, of so many, those in none."""
    inside = int(gaps["uncovered"].sum())
    counts = {"count": len(gaps), "children": inside, "below": every - inside}
    return {name: whole(count, language) for name, count in counts.items()}


def _reasons_in_words(gaps: pd.DataFrame, language: str) -> list[str]:
    """Add up the reasons of the children in gaps; nothing when there are none."""
    said = texts(language)
    sums = {name: int(gaps[f"children_{name}"].sum()) for name in REASONS}
    told = [
        f"{reason_in_words(name, said)} {whole(count, language)}"
        for name, count in sums.items()
        if count
    ]
    children = whole(gaps["uncovered"].sum(), language)
    why = WORDS[language]["why"].format(children=children, reasons=", ".join(told))
    return [why] if told else []
