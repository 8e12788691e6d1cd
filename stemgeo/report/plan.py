"""A plan in words: what it brings, whether a better one exists, what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from stemgeo.maps.curve import curve_alt
from stemgeo.profiles import ROADS
from stemgeo.report.summary import markdown_table, note_lines, percent, plain
from stemgeo.speech import SPACE, cents, decimal, euros, number, percent_sign, whole

if TYPE_CHECKING:
    from stemgeo.maps.text import MapText
    from stemgeo.siting.plan import PlanTables

WORDS = {
    "nl": {
        "lead": "Met {places} erbij bereikt {after} van de kinderen binnen {minutes} minuten "
        "fietsen een STEM-academie{roads}, tegenover {before} nu: {newly} kinderen meer.",
        "none": "Geen enkele plaats voegt iets toe: {before} van de kinderen bereikt een "
        "STEM-academie binnen {minutes} minuten fietsen{roads}, en dat blijft zo.",
        "zero": "Er is geen plaats gevraagd: {before} van de kinderen bereikt nu een STEM-academie "
        "binnen {minutes} minuten fietsen{roads}.",
        "one_place": "1 academie",
        "places": "{count} academies",
        "one_candidate": "de ene kandidaat",
        "candidates": "de {count} kandidaten",
        "asked": "Gevraagd: {asked}.",
        "at_most": "hoogstens {places}",
        "budget": "hoogstens {amount} euro",
        "share": "zo weinig mogelijk academies voor {share} van de kinderen",
        "weights": "een kind van {ages} jaar telt voor {weight}",
        "equity": "kinderen tellen naar {title} voor {weights} (van het laagste vijfde tot het "
        "hoogste)",
        "floor_places": "{province} ten minste {places}",
        "floor_share": "in {province} ten minste {share} op tijd",
        "largest": "geen provincie meer dan {share} van de plaatsen",
        "second": "een tweede academie op tijd telt voor {weight}",
        "proven": "Rekenkundig bewezen voor deze kandidaten, wegen en snelheden: geen andere keuze "
        "uit {candidates} {better}.",
        "best": "Een betere keuze is niet gevonden. Bewezen is dat geen keuze uit {candidates} "
        "meer dan {gap} beter kan zijn.",
        "unreached": "Dat aandeel is met {candidates} niet haalbaar; dit is het meeste, met zo "
        "weinig mogelijk academies.",
        "mclp": "die aan wat gevraagd is voldoet, brengt er meer op tijd",
        "weighted": "die aan wat gevraagd is voldoet, geeft een hoger gewogen aantal kinderen",
        "lscp": "haalt dit met minder academies",
        "p_median": "die aan wat gevraagd is voldoet, geeft een kortere gemiddelde reistijd",
        "backup": "die aan wat gevraagd is voldoet, telt samen voor meer",
        "added_up": "De kosten zijn daarbij per plaats opgeteld; wat aanvragers door gedeelde "
        "gemeenten of hun maximum minder kosten, is niet gebruikt om meer plaatsen te kiezen.",
        "minutes": "De gemiddelde reistijd tot de dichtstbijzijnde academie, per zone gerekend "
        "vanuit het midden van waar de kinderen wonen, gaat van {now} naar {then} minuten. Wie de "
        "meeste kinderen op tijd wil, kiest andere plaatsen.",
        "twice": "Een tweede academie op tijd hebben dan {then} kinderen, nu {now}.",
        "cost": "Volgens de subsidieregels van {year} kosten deze plaatsen {amount} euro{own}, als "
        "elke plaats zonder bekende organisatie van een nieuwe aanvrager is{cut}.",
        "own": ", waarvan {amount} euro als eigen kost is opgegeven",
        "cut": "; het maximum per aanvrager neemt er {amount} euro af",
        "left": "Het huidige register laat van de enveloppe {left} euro over: dat volstaat{not_}.",
        "passed": "Het huidige register gaat al {over} euro boven de enveloppe.",
        "not": " niet",
        "with_academy": "Van de {without} gemeenten zonder academie krijgen er {count} een.",
        "random": "Evenveel plaatsen die het toeval kiest, halen gemiddeld {share} (tussen {least} "
        "en {most}).",
        "each": "Een academie in elke gemeente zonder ({count}{some}) brengt het aandeel op "
        "{share}; evenveel academies op de beste plaatsen op {best}.",
        "some": " van de {without}: in de andere is geen kandidaat",
        "for": "Voor {share} van de kinderen volstaan {places}{least}.",
        "at_least": "; met minder dan {count} kan het zeker niet",
        "not_for": "{share} vraagt meer dan {places}.",
        "not_found": "Voor {share} werd met {places} geen keuze gevonden.",
        "unreachable": "{count} kinderen hebben geen enkele kandidaat op tijd, de meesten in "
        "{where}.",
        "unlimited": "Deze vergelijkingen gelden zonder de gevraagde gewichten en grenzen.",
        "zone_places": "Een plaats staat voor een zone: het midden van waar haar kinderen wonen, "
        "geen gebouw. Het aantal kinderen verandert met de precieze plek.",
        "nested": "Een groter plan hoeft een kleiner niet te bevatten.",
        "children": "Alle aantallen zijn berekend bij de centrale fietssnelheid; waar kinderen "
        "binnen hun zone of gemeente wonen is een raming.",
        "chosen": "De plaatsen, in volgorde van wat elke toevoegt",
        "chosen_otherwise": "De plaatsen, in volgorde van wat elke toevoegt aan wat gevraagd is",
        "by_province": "Per provincie",
        "sources": "Bronnen",
        "notes": "Opmerkingen bij de invoer en de meting",
    },
    "en": {
        "lead": "With {places} more, {after} of the children reach a STEM academy within {minutes} "
        "minutes by bicycle{roads}, up from {before}: {newly} children more.",
        "none": "No place adds anything: {before} of the children reach a STEM academy within "
        "{minutes} minutes by bicycle{roads}, and so it stays.",
        "zero": "No place was asked for: {before} of the children now reach a STEM academy within "
        "{minutes} minutes by bicycle{roads}.",
        "one_place": "1 academy",
        "places": "{count} academies",
        "one_candidate": "the one candidate",
        "candidates": "the {count} candidates",
        "asked": "Asked for: {asked}.",
        "at_most": "at most {places}",
        "budget": "at most {amount} euro",
        "share": "as few academies as possible for {share} of the children",
        "weights": "a child of {ages} years counts for {weight}",
        "equity": "children count by {title} for {weights} (from the lowest fifth to the highest)",
        "floor_places": "{province} at least {places}",
        "floor_share": "in {province} at least {share} in time",
        "largest": "no province more than {share} of the places",
        "second": "a second academy in time counts for {weight}",
        "proven": "Proven by calculation for these candidates, roads and speeds: no other choice "
        "among {candidates} {better}.",
        "unreached": "That share cannot be had with {candidates}; this is the most, with as few "
        "academies as possible.",
        "best": "No better choice was found. It is proven that no choice among {candidates} can be "
        "more than {gap} better.",
        "mclp": "that keeps to what was asked brings more of them in time",
        "weighted": "that keeps to what was asked gives a higher weighted number of children",
        "lscp": "does this with fewer academies",
        "p_median": "that keeps to what was asked gives a shorter mean travel time",
        "backup": "that keeps to what was asked counts for more together",
        "added_up": "Costs are added up by place for this; what applicants cost less through "
        "shared municipalities or their maximum was not used to choose more places.",
        "minutes": "The mean travel time to the nearest academy, by zone from the middle of where "
        "the children live, goes from {now} to {then} minutes. Who wants most children in time "
        "chooses other places.",
        "twice": "A second academy in time is then had by {then} children, now {now}.",
        "cost": "Under the subsidy rules of {year} these places cost {amount} euro{own}, if each "
        "place without a known organisation has a new applicant{cut}.",
        "own": ", of which {amount} euro was given as a cost of their own",
        "cut": "; the maximum for an applicant takes {amount} euro off",
        "left": "The present register leaves {left} euro of the envelope: that is {not_}enough.",
        "passed": "The present register already exceeds the envelope by {over} euro.",
        "not": "not ",
        "with_academy": "Of the {without} municipalities without an academy {count} get one.",
        "random": "As many places chosen by chance reach {share} on average (between {least} and "
        "{most}).",
        "each": "An academy in every municipality without one ({count}{some}) brings the share to "
        "{share}; as many academies in the best places would bring it to {best}.",
        "some": " of {without}: the others have no candidate",
        "for": "For {share} of the children {places} are enough{least}.",
        "at_least": "; with fewer than {count} it certainly cannot be done",
        "not_for": "{share} takes more than {places}.",
        "not_found": "For {share} no choice was found with {places}.",
        "unreachable": "{count} children have no candidate at all in time, most of them in "
        "{where}.",
        "unlimited": "These comparisons are without the weights and limits that were asked for.",
        "zone_places": "A place stands for a zone: the middle of where its children live, no "
        "building. The number of children depends on the exact location.",
        "nested": "A larger plan need not contain a smaller one.",
        "children": "All numbers are modelled at the central cycling speed; where children live "
        "within their zone or municipality is an estimate.",
        "chosen": "The places, in order of what each adds",
        "chosen_otherwise": "The places, in order of what each adds to what was asked for",
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
    said = (*_costs(plan, language), *_beside(plan, language), *_caveats(plan, language))
    lines += [f"- {line}" for line in said]
    picture = f"maps/curve.{plan.study.output.formats[0]}"
    lines += ["", f"![{plain(curve_alt(plan.curve, text))}]({picture})"]
    if len(plan.places):
        heading = "chosen" if _is_by_children(plan) else "chosen_otherwise"
        lines += ["", f"## {words[heading]}", ""]
        lines += markdown_table(readable_plan(plan, language), left=4)
        lines += ["", f"## {words['by_province']}", ""]
        lines += markdown_table(readable_provinces(plan, language), left=1)
    lines += ["", text.date, "", f"## {words['sources']}", "", plain(text.source), ""]
    if plan.notes:
        lines += [f"## {words['notes']}", "", *note_lines(plan.notes, language), ""]
    return "\n".join(lines)


def said(plan: PlanTables, language: str) -> list[str]:
    """Say in a few lines what the plan brings, its proof and its cost, for the command line."""
    return [_lead(plan, language), *_proof(plan, language), *_costs(plan, language)]


def _is_by_children(plan: PlanTables) -> bool:
    siting = plan.study.siting
    return siting.problem in ("mclp", "lscp") and not siting.weights and siting.equity is None


def _places(count: int, language: str) -> str:
    words = WORDS[language]
    return words["one_place" if count == 1 else "places"].format(count=whole(count, language))


def _lead(plan: PlanTables, language: str) -> str:
    words, places = WORDS[language], len(plan.places)
    kind = "lead" if places else "zero" if plan.study.siting.places == 0 else "none"
    return words[kind].format(
        places=_places(places, language),
        before=percent(float(plan.curve["share"].iloc[0]), language),
        after=percent(_share(plan), language),
        newly=whole(plan.places["newly"].sum(), language),
        minutes=number(plan.study.travel.cutoff_min, language),
        roads=over_roads(plan.study.siting.profile, language),
    )


def over_roads(profile: str, language: str) -> str:
    """Say over which roads a plan looks, when they are not all."""
    return "" if profile == "all" else f" over {ROADS[profile].to(language)}"


def _asked(plan: PlanTables, language: str) -> list[str]:
    """Say what the plan had to keep to."""
    words, siting = WORDS[language], plan.study.siting
    if siting.problem == "lscp":
        asked = [words["share"].format(share=_round(siting.share, language))]
    else:
        asked = [] if siting.places is None else [_at_most(siting.places, language)]
    if siting.budget_eur is not None and siting.problem != "lscp":
        asked.append(words["budget"].format(amount=euros(siting.budget_eur, language)))
    for ages, value in siting.weights.items():
        told = number(value, language)
        asked.append(words["weights"].format(ages=ages, weight=told))
    if siting.equity is not None:
        told = ", ".join(number(one, language) for one in siting.equity.by_quintile)
        attribute = plan.study.inputs.attributes[siting.equity.attribute]
        title = plain(attribute.title or siting.equity.attribute)
        asked.append(words["equity"].format(title=title, weights=told))
    for province, count in siting.floor_places.items():
        told = _places(count, language)
        asked.append(words["floor_places"].format(province=province, places=told))
    for province, part in siting.floor_share.items():
        told = _round(part, language)
        asked.append(words["floor_share"].format(province=province, share=told))
    if siting.largest_share is not None:
        asked.append(words["largest"].format(share=_round(siting.largest_share, language)))
    if siting.problem == "backup":
        weight = number(siting.backup_weight, language)
        asked.append(words["second"].format(weight=weight))
    return asked


def _at_most(places: int, language: str) -> str:
    return WORDS[language]["at_most"].format(places=_places(places, language))


def _round(share: float, language: str) -> str:
    """Write a share that someone asked for as it was asked."""
    return number(round(share * 100, 6), language) + percent_sign(language, SPACE)


def _share(plan: PlanTables) -> float:
    """Give the share in time with the plan."""
    return float(plan.places["share"].iloc[-1] if len(plan.places) else plan.curve["share"].iloc[0])


def _proof(plan: PlanTables, language: str) -> list[str]:
    words, siting, found = WORDS[language], plan.study.siting, plan.solution
    lines = [words["asked"].format(asked="; ".join(_asked(plan, language)))]
    one = "one_candidate" if plan.candidates == 1 else "candidates"
    candidates = words[one].format(count=whole(plan.candidates, language))
    if siting.problem == "lscp" and _share(plan) < siting.share:
        lines.append(words["unreached"].format(candidates=candidates))
    if found.optimal:
        is_weighted = siting.problem == "mclp" and not _is_by_children(plan)
        better = words["weighted"] if is_weighted else words[siting.problem]
        lines.append(words["proven"].format(candidates=candidates, better=better))
    else:
        gap = percent(np.ceil(found.gap * 1000) / 1000, language)
        lines.append(words["best"].format(candidates=candidates, gap=gap))
    if siting.budget_eur is not None and siting.problem != "lscp":
        lines.append(words["added_up"])
    return [*lines, *_goal(plan, language)]


def _goal(plan: PlanTables, language: str) -> list[str]:
    """Say what the problem is about, where that is not the children in time."""
    words, lines = WORDS[language], []
    if "minutes" in plan.goal:
        now, then = (decimal(one, language) for one in plan.goal["minutes"])
        lines.append(words["minutes"].format(now=now, then=then))
    if "twice" in plan.goal:
        now, then = (whole(one, language) for one in plan.goal["twice"])
        lines.append(words["twice"].format(now=now, then=then))
    return lines


def _costs(plan: PlanTables, language: str) -> list[str]:
    words, cost = WORDS[language], plan.cost
    if plan.places.empty:
        return []
    own = words["own"].format(amount=cents(cost.own_cents, language)) if cost.own_cents else ""
    cut = words["cut"].format(amount=cents(cost.cut_cents, language)) if cost.cut_cents else ""
    amount, year = cents(cost.total_cents, language), plan.study.subsidy.year
    lines = [words["cost"].format(year=year, amount=amount, own=own, cut=cut)]
    if plan.whole_region and cost.left_cents < 0:
        lines.append(words["passed"].format(over=cents(-cost.left_cents, language)))
    elif plan.whole_region:
        not_ = "" if cost.suffices else words["not"]
        lines.append(words["left"].format(left=cents(cost.left_cents, language), not_=not_))
    return lines


def _beside(plan: PlanTables, language: str) -> list[str]:
    """Say what chance, the letter of the promise and more academies would reach."""
    words, children, lines = WORDS[language], max(plan.measured_children, 1), []
    rows = {row["choice"]: row for row in plan.comparison.to_dict("records")}
    if len(plan.places):
        more = rows["plan"]["municipalities_with"] - rows["now"]["municipalities_with"]
        if plan.without:
            told = {"without": plan.without, "count": more}
            told = {name: whole(value, language) for name, value in told.items()}
            lines.append(words["with_academy"].format(**told))
        least, most = (rows["random"][f"covered_{end}"] / children for end in ("least", "most"))
        lines.append(
            words["random"].format(
                share=percent(rows["random"]["share"], language),
                least=percent(least, language),
                most=percent(most, language),
            )
        )
    each = rows["each_municipality"]
    if each["places"]:
        some = words["some"].format(without=whole(plan.without, language))
        lines.append(
            words["each"].format(
                count=whole(each["places"], language),
                some=some if each["places"] < plan.without else "",
                share=percent(each["share"], language),
                best=percent(rows["best_as_many"]["share"], language),
            )
        )
    lines += _targets(plan.curve, language)
    return [*lines, *([] if _is_free(plan) else [words["unlimited"]])]


def _is_free(plan: PlanTables) -> bool:
    """Tell whether the plan had nothing to keep to but a number or a share."""
    siting = plan.study.siting
    limits = (siting.budget_eur, siting.largest_share, siting.floor_places or None)
    return _is_by_children(plan) and limits == (None, None, None) and not siting.floor_share


def _targets(curve: pd.DataFrame, language: str) -> list[str]:
    """Say how many academies the next two round shares take, until one takes too many."""
    words, lines = WORDS[language], list[str]()
    for target in [share for share in TARGETS if share > curve["share"].iloc[0]][:2]:
        there, could = curve[curve["share"] >= target], curve[curve["share_bound"] >= target]
        share = _round(target, language)
        if there.empty:
            places = _places(int(curve["places"].max()), language)
            kind = "not_for" if could.empty else "not_found"
            return [*lines, words[kind].format(share=share, places=places)]
        count, least = int(there["places"].iloc[0]), int(could["places"].iloc[0])
        proof = words["at_least"].format(count=whole(least, language))
        places = _places(count, language)
        lines.append(words["for"].format(share=share, places=places, least=proof))
    return lines


def _caveats(plan: PlanTables, language: str) -> list[str]:
    words, lines = WORDS[language], []
    if plan.unreachable.sum():
        where = ", ".join(
            f"{plain(str(name))} ({whole(children, language)})"
            for name, children in plan.unreachable.head(NAMED).items()
        )
        count = whole(plan.unreachable.sum(), language)
        lines.append(words["unreachable"].format(count=count, where=where))
    if plan.inputs.candidates is None:
        lines.append(words["zone_places"])
    return [*lines, words["nested"], words["children"]]


def readable_plan(plan: PlanTables, language: str) -> pd.DataFrame:
    """Turn the chosen places into text columns with headings, for people."""
    table = plan.places
    columns = (
        [whole(value, language) for value in table["rank"]],
        table["name"],
        table["municipality"],
        table["province"],
        [whole(value, language) for value in table["newly"]],
        [euros(round(value, 2), language) for value in table["cost_eur"]],
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
        [whole(value, language) for value in last["covered"] - first["covered"]],
    )
    return pd.DataFrame(dict(zip(PROVINCE_HEADS[language], columns, strict=True)))
