"""A plan in words: what it brings, whether a better one exists, what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from babel.numbers import format_decimal

from stemgeo.maps.curve import curve_alt
from stemgeo.report.summary import markdown_table, number, percent, plain

if TYPE_CHECKING:
    from stemgeo.maps.text import MapText
    from stemgeo.siting.plan import PlanTables

WORDS = {
    "nl": {
        "lead": "Met {places} erbij bereikt {after} van de kinderen binnen {minutes} minuten "
        "fietsen een STEM-academie, nu {before}: {newly} kinderen meer{roads}.",
        "none": "Geen enkele plaats voegt iets toe: {before} van de kinderen bereikt een "
        "STEM-academie binnen {minutes} minuten fietsen, en dat blijft zo.",
        "quiet": ", over rustige wegen",
        "one_place": "1 academie",
        "places": "{count} academies",
        "proven": "Dat is bewezen het beste: geen andere keuze uit de {candidates} kandidaten "
        "{better}.",
        "best": "Een betere keuze is niet gevonden. Bewezen is dat geen keuze uit de {candidates} "
        "kandidaten meer dan {gap} beter kan zijn.",
        "mclp": "brengt er onder dezelfde voorwaarden meer op tijd",
        "weighted": "telt onder dezelfde voorwaarden zwaarder, met de gewichten van de studie",
        "lscp": "haalt dit aandeel met minder academies",
        "p_median": "geeft een kortere gemiddelde reistijd (per zone gerekend vanuit het midden "
        "van waar de kinderen wonen)",
        "backup": "brengt er meer op tijd van een eerste en een tweede academie samen",
        "cost": "Volgens de subsidieregels van {year} kosten deze plaatsen {amount} euro{own}.",
        "own": ", waarvan {amount} euro als eigen kost is opgegeven",
        "left": "Het huidige register laat van de enveloppe {left} euro over: dat volstaat{not_}.",
        "passed": "Het huidige register gaat al {over} euro boven de enveloppe.",
        "not": " niet",
        "random": "Evenveel plaatsen die het toeval kiest, halen gemiddeld {share} (tussen {least} "
        "en {most}).",
        "each": "Een academie in elk van de {count} gemeenten zonder brengt het aandeel op "
        "{share}; evenveel academies op de beste plaatsen op {best}.",
        "for": "Voor {share} van de kinderen zijn {count} nieuwe academies genoeg{least}.",
        "at_least": "; met minder dan {count} kan het zeker niet",
        "not_for": "Met {most} nieuwe academies is {share} nog niet bereikt.",
        "unreachable": "{count} kinderen hebben geen enkele kandidaat op tijd, de meesten in "
        "{where}.",
        "zone_places": "Een plaats staat voor een zone: het midden van waar haar kinderen wonen, "
        "geen gebouw. Waar de academie precies komt, verandert het aantal.",
        "children": "Alle aantallen zijn gemeten kinderen bij de centrale fietssnelheid; cijfers "
        "van kinderen binnen een gemeente zijn een raming.",
        "chosen": "De plaatsen, in volgorde van wat elke toevoegt",
        "by_province": "Per provincie",
        "sources": "Bronnen",
        "notes": "Opmerkingen bij de invoer en de meting",
    },
    "en": {
        "lead": "With {places} more, {after} of the children reach a STEM academy within {minutes} "
        "minutes by bicycle, now {before}: {newly} children more{roads}.",
        "none": "No place adds anything: {before} of the children reach a STEM academy within "
        "{minutes} minutes by bicycle, and so it stays.",
        "quiet": ", over quiet roads",
        "one_place": "1 academy",
        "places": "{count} academies",
        "proven": "That is proven to be the best: no other choice among the {candidates} "
        "candidates {better}.",
        "best": "No better choice was found. It is proven that no choice among the {candidates} "
        "candidates can be more than {gap} better.",
        "mclp": "brings more of them in time under the same conditions",
        "weighted": "counts for more under the same conditions, with the weights of the study",
        "lscp": "has this share with fewer academies",
        "p_median": "gives a shorter mean travel time (by zone, from the middle of where the "
        "children live)",
        "backup": "brings more of them in time of a first and a second academy together",
        "cost": "Under the subsidy rules of {year} these places cost {amount} euro{own}.",
        "own": ", of which {amount} euro was given as a cost of their own",
        "left": "The present register leaves {left} euro of the envelope: that is {not_}enough.",
        "passed": "The present register already exceeds the envelope by {over} euro.",
        "not": "not ",
        "random": "As many places chosen by chance have {share} on average (between {least} and "
        "{most}).",
        "each": "An academy in each of the {count} municipalities without one brings the share to "
        "{share}; as many academies in the best places to {best}.",
        "for": "For {share} of the children {count} new academies are enough{least}.",
        "at_least": "; with fewer than {count} it certainly cannot be done",
        "not_for": "With {most} new academies {share} is not yet reached.",
        "unreachable": "{count} children have no candidate at all in time, most of them in "
        "{where}.",
        "zone_places": "A place stands for a zone: the middle of where its children live, no "
        "building. Where the academy comes exactly changes the number.",
        "children": "All numbers are measured children at the central cycling speed; the figures "
        "of children inside a municipality are an estimate.",
        "chosen": "The places, in order of what each adds",
        "by_province": "By province",
        "sources": "Sources",
        "notes": "Notes on the inputs and the measurement",
    },
}

HEADS = {
    "nl": ("", "Plaats", "Gemeente", "Provincie", "Nieuw op tijd", "Kost (euro)", "Aandeel daarna"),
    "en": ("", "Place", "Municipality", "Province", "Newly in time", "Cost (euro)", "Share then"),
}
PROVINCE_HEADS = {
    "nl": ("Provincie", "Nu", "Met het plan", "Kinderen meer"),
    "en": ("Province", "Now", "With the plan", "Children more"),
}
TARGETS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
"""Shares of which the summary says how many academies they take; the next two are told."""
NAMED = 5
"""Municipalities that are named where many children cannot be reached."""


def plan_markdown(plan: PlanTables, text: MapText) -> str:
    """Write the summary of a plan in Markdown."""
    language = plan.study.output.language
    words = WORDS[language]
    lines = [f"# {plain(text.title)}", ""]
    lines += [f"**{plain(line)}**\n" for line in (text.notice, text.method_note) if line]
    lines += [" ".join([_lead(plan, language), *_proof(plan, language)]), ""]
    lines += [f"- {line}" for line in (*_costs(plan, language), *_beside(plan, language))]
    lines += [f"- {line}" for line in _caveats(plan, language)]
    picture = f"maps/curve.{plan.study.output.formats[0]}"
    lines += ["", f"![{plain(curve_alt(plan.curve, text))}]({picture})"]
    if len(plan.places):
        lines += ["", f"## {words['chosen']}", ""]
        lines += markdown_table(readable_plan(plan, language), left=4)
        lines += ["", f"## {words['by_province']}", ""]
        lines += markdown_table(readable_provinces(plan, language), left=1)
    lines += ["", text.date, "", f"## {words['sources']}", "", plain(text.source), ""]
    if plan.notes:
        lines += [f"## {words['notes']}", "", *(f"- {plain(str(one))}" for one in plan.notes), ""]
    return "\n".join(lines)


def said(plan: PlanTables, language: str) -> list[str]:
    """Say in a few lines what the plan brings, its proof and its cost, for the command line."""
    proof = _proof(plan, language)
    return [_lead(plan, language), *proof, *_costs(plan, language)]


def _lead(plan: PlanTables, language: str) -> str:
    words, places = WORDS[language], len(plan.places)
    told = words["one_place" if places == 1 else "places"].format(count=number(places, language))
    before, after = (float(plan.curve["share"].iloc[0]), _share(plan))
    return words["lead" if places else "none"].format(
        places=told,
        before=percent(before, language),
        after=percent(after, language),
        newly=number(plan.places["newly"].sum(), language),
        minutes=format_decimal(plan.study.travel.cutoff_min, locale=language),
        roads=words["quiet"] if plan.study.siting.profile != "all" else "",
    )


def _share(plan: PlanTables) -> float:
    """Give the share in time with the plan."""
    return float(plan.places["share"].iloc[-1] if len(plan.places) else plan.curve["share"].iloc[0])


def _proof(plan: PlanTables, language: str) -> list[str]:
    words, siting, found = WORDS[language], plan.study.siting, plan.solution
    candidates = number(plan.candidates, language)
    if not found.optimal:
        gap = percent(np.ceil(found.gap * 1000) / 1000, language)
        return [words["best"].format(candidates=candidates, gap=gap)]
    weighted = siting.problem == "mclp" and bool(siting.weights or siting.equity)
    better = words["weighted" if weighted else siting.problem]
    return [words["proven"].format(candidates=candidates, better=better)]


def _costs(plan: PlanTables, language: str) -> list[str]:
    words, cost = WORDS[language], plan.cost
    if plan.places.empty:
        return []
    own = words["own"].format(amount=_euro(cost.own_cents, language)) if cost.own_cents else ""
    lines = [
        words["cost"].format(
            year=plan.study.subsidy.year, amount=_euro(cost.total_cents, language), own=own
        )
    ]
    if plan.whole_region and cost.left_cents < 0:
        lines.append(words["passed"].format(over=_euro(-cost.left_cents, language)))
    elif plan.whole_region:
        not_ = "" if cost.suffices else words["not"]
        lines.append(words["left"].format(left=_euro(cost.left_cents, language), not_=not_))
    return lines


def _euro(cents: int, language: str) -> str:
    whole, part = divmod(cents, 100)
    tail = format_decimal(part / 100, "0.00", locale=language)[1:] if part else ""
    return number(whole, language) + tail


def _beside(plan: PlanTables, language: str) -> list[str]:
    """Say what chance, the letter of the promise and more academies would reach."""
    words, whole, lines = WORDS[language], max(plan.measured_children, 1), []
    rows = {row["choice"]: row for row in plan.comparison.to_dict("records")}
    if len(plan.places):
        least, most = (rows["random"][f"covered_{end}"] / whole for end in ("least", "most"))
        lines.append(
            words["random"].format(
                share=percent(rows["random"]["share"], language),
                least=percent(least, language),
                most=percent(most, language),
            )
        )
    each = rows["each_municipality"]
    if each["places"]:
        lines.append(
            words["each"].format(
                count=number(each["places"], language),
                share=percent(each["share"], language),
                best=percent(rows["best_as_many"]["share"], language),
            )
        )
    return lines + _targets(plan.curve, language)


def _targets(curve: pd.DataFrame, language: str) -> list[str]:
    """Say how many academies the next two round shares take."""
    words, lines = WORDS[language], []
    ahead = [share for share in TARGETS if share > curve["share"].iloc[0]]
    for target in ahead[:2]:
        there, could = curve[curve["share"] >= target], curve[curve["share_bound"] >= target]
        share = f"{format_decimal(target * 100, locale=language)} %"
        most = number(curve["places"].max(), language)
        if there.empty:
            lines.append(words["not_for"].format(most=most, share=share))
            continue
        count, least = int(there["places"].iloc[0]), int(could["places"].iloc[0])
        proof = words["at_least"].format(count=number(least, language))
        lines.append(words["for"].format(share=share, count=number(count, language), least=proof))
    return lines


def _caveats(plan: PlanTables, language: str) -> list[str]:
    words, lines = WORDS[language], []
    if plan.unreachable.sum():
        where = ", ".join(
            f"{plain(str(name))} ({number(children, language)})"
            for name, children in plan.unreachable.head(NAMED).items()
        )
        count = number(plan.unreachable.sum(), language)
        lines.append(words["unreachable"].format(count=count, where=where))
    if plan.inputs.candidates is None:
        lines.append(words["zone_places"])
    return [*lines, words["children"]]


def readable_plan(plan: PlanTables, language: str) -> pd.DataFrame:
    """Turn the chosen places into text columns with headings, for people."""
    table = plan.places
    cents = (table["cost_eur"] * 100).round().astype("int64")
    columns = (
        [number(value, language) for value in table["rank"]],
        table["name"],
        table["municipality"],
        table["province"],
        [number(value, language) for value in table["newly"]],
        [_euro(value, language) for value in cents],
        [percent(value, language) for value in table["share"]],
    )
    return pd.DataFrame(dict(zip(HEADS[language], columns, strict=True)))


def readable_provinces(plan: PlanTables, language: str) -> pd.DataFrame:
    """Lay the share of each province now beside that with the plan."""
    rows = plan.provinces
    first = rows[rows["rank"] == 0].set_index("province")
    last = rows[rows["rank"] == rows["rank"].max()].set_index("province").loc[first.index]
    columns = (
        list(first.index),
        [percent(value, language) for value in first["share"]],
        [percent(value, language) for value in last["share"]],
        [number(value, language) for value in last["covered"] - first["covered"]],
    )
    return pd.DataFrame(dict(zip(PROVINCE_HEADS[language], columns, strict=True)))
