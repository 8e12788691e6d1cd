"""What the academies cost under the subsidy rules, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stemgeo.inputs import vintages
from stemgeo.recognition import Standing
from stemgeo.speech import euros, whole
from stemgeo.subsidy import (
    CENTS,
    LAYER,
    MUNICIPALITY,
    POSTCODE,
    has_own_cost,
    of_study,
    own_costs_cents,
    rules,
    total,
)

if TYPE_CHECKING:
    import pandas as pd

    from stemgeo.report.outcome import Tables
    from stemgeo.subsidy import Rules, Total

WORDS = {
    "nl": {
        "lead": "Volgens de subsidieregels van {year} kosten de {some}academies van het register "
        "{amount} euro ({counted}){envelope}.",
        "with_plan": "Met de geplande plaatsen erbij wordt dat {amount} euro ({counted})"
        "{envelope}.",
        "one_own": "1 geplande plaats heeft een eigen kost, {amount} euro, buiten deze regels.",
        "own": "{count} geplande plaatsen hebben een eigen kost, samen {amount} euro, buiten deze "
        "regels.",
        "left": "; van de enveloppe van {envelope} euro blijft {left} euro over",
        "passed": "; dat is {over} euro meer dan de enveloppe van {envelope} euro, en de regels "
        "zeggen niet hoe het tekort verdeeld wordt",
        "part": "De enveloppe van {envelope} euro is voor heel Vlaanderen en wordt hier niet "
        "vergeleken.",
        "one_place": "1 plaats",
        "places": "{count} plaatsen",
        "one_extra": "1 extra traject",
        "extras": "{count} extra trajecten",
        "one_online": "1 online traject",
        "onlines": "{count} online trajecten",
        "one_applicant": "1 aanvrager",
        "applicants": "{count} aanvragers",
        "cut": "Het maximum van {cap} euro per aanvrager neemt er {cut} euro af.",
        "place": "Een plaats is hier een {kinds} per aanvrager",
        "fewer": "; zonder postcode tellen deelgemeenten die samengingen maar één keer, dus zijn "
        "het er misschien meer",
        "unseen": "Wie recht heeft, hoeveel trajecten er zijn waar het register dat niet zegt "
        "(geteld: {trajectories} per academie) en of die {activities} activiteiten tellen, is "
        "hier niet nagegaan.",
        "not_counted": "Niet meegeteld, want zonder plaats of traject: {count}.",
        "places_only": "De regels van {year} noemen geen bedrag voor extra of online trajecten.",
        "or": " of ",
    },
    "en": {
        "lead": "Under the subsidy rules of {year} the {some}academies of the register cost "
        "{amount} euro ({counted}){envelope}.",
        "with_plan": "With the planned places it becomes {amount} euro ({counted}){envelope}.",
        "one_own": "1 planned place has a cost of its own, {amount} euro, outside these rules.",
        "own": "{count} planned places have costs of their own, {amount} euro together, outside "
        "these rules.",
        "left": "; of the envelope of {envelope} euro {left} euro is left",
        "passed": "; that is {over} euro more than the envelope of {envelope} euro, and the rules "
        "do not say how the shortage is divided",
        "part": "The envelope of {envelope} euro is for all of Flanders and is not compared here.",
        "one_place": "1 place",
        "places": "{count} places",
        "one_extra": "1 extra trajectory",
        "extras": "{count} extra trajectories",
        "one_online": "1 online trajectory",
        "onlines": "{count} online trajectories",
        "one_applicant": "1 applicant",
        "applicants": "{count} applicants",
        "cut": "The maximum of {cap} euro for an applicant takes {cut} euro off.",
        "place": "A place is here a {kinds} of an applicant",
        "fewer": "; without a postcode former municipalities that merged count once, so there may "
        "be more",
        "unseen": "Who is entitled, how many trajectories there are where the register does not "
        "say ({trajectories} counted for an academy), and whether they have {activities} "
        "activities was not verified here.",
        "not_counted": "Not counted, being without a place or trajectory: {count}.",
        "places_only": "The rules of {year} name no amount for extra or online trajectories.",
        "or": " or ",
    },
}
KINDS = {
    "nl": {POSTCODE: "postcode", LAYER: "gebied van de laag {layer}", MUNICIPALITY: "gemeente"},
    "en": {POSTCODE: "postcode", LAYER: "area of the layer {layer}", MUNICIPALITY: "municipality"},
}


def subsidy_lines(result: Tables) -> list[str]:
    """Say what the register costs, against the envelope, with what one must know to read it."""
    study, language = result.study, result.study.output.language
    of, words = rules(study.subsidy.year), WORDS[language]
    everywhere = vintages.cover_flanders(result.inputs.municipalities["nis_code"])
    planned = result.academies["planned"].any()
    tables = {"lead": result.subsidy}
    if planned:
        register = result.academies[~result.academies["planned"]]
        register_alone = of_study(study.subsidy, register, result.inputs.layers)
        tables = {"lead": register_alone, "with_plan": result.subsidy}
    own = int(has_own_cost(result.academies).sum())
    lines = []
    for key, table in tables.items():
        sums = total(table, of)
        told = _counted(table, sums, of, language)
        against = _against(sums, language) if everywhere else ""
        some = Standing.of(result.academies, study.output.language).some
        lines.append(words[key].format(year=of.year, some=some, envelope=against, **told))
    if own:
        euro = own_costs_cents(result.academies) / CENTS
        amount = euros(euro, language)
        lines.append(words["one_own" if own == 1 else "own"].format(count=own, amount=amount))
    if not everywhere:
        envelope = whole(of.envelope_eur, language)
        lines.append(words["part"].format(envelope=envelope))
    return [*lines, *_cautions(result, of, language)]


def _counted(table: pd.DataFrame, sums: Total, of: Rules, language: str) -> dict[str, str]:
    """Write what was counted: the amount, and the paid places, trajectories and applicants."""
    words = WORDS[language]
    paid = int(of.pays_trajectories)
    counts = {
        "place": int(table["places"].sum()),
        "extra": paid * int(table["extra_trajectories"].sum()),
        "online": paid * int(table["online_trajectories"].sum()),
        "applicant": int((table["amount_eur"] > 0).sum()),
    }
    told = [
        words[f"one_{noun}" if count == 1 else f"{noun}s"].format(count=whole(count, language))
        for noun, count in counts.items()
        if count or noun in ("place", "applicant")
    ]
    return {"amount": whole(sums.amount_eur, language), "counted": ", ".join(told)}


def _against(sums: Total, language: str) -> str:
    """Lay the amount beside the envelope."""
    key = "passed" if sums.left_eur < 0 else "left"
    return WORDS[language][key].format(
        envelope=whole(sums.envelope_eur, language),
        left=whole(sums.left_eur, language),
        over=whole(-sums.left_eur, language),
    )


def _cautions(result: Tables, of: Rules, language: str) -> list[str]:
    """Say what was counted as a place, and what the register cannot tell."""
    words, choice, table = WORDS[language], result.study.subsidy, result.subsidy
    sums, without = total(table, of), int(table["not_counted"].sum())
    kinds = set(", ".join(table["places_by"]).split(", ")) - {""}
    named = KINDS[language]
    lines = []
    if sums.cut_eur:
        cap, cut = whole(of.cap_eur, language), whole(sums.cut_eur, language)
        lines.append(words["cut"].format(cap=cap, cut=cut))
    if kinds:
        told = words["or"].join(named[kind] for kind in named if kind in kinds)
        told = told.format(layer=choice.place_layer)
        line = words["place"].format(kinds=told)
        lines.append(line + (words["fewer"] if MUNICIPALITY in kinds else "") + ".")
    if without:
        lines.append(words["not_counted"].format(count=whole(without, language)))
    if not of.pays_trajectories:
        lines.append(words["places_only"].format(year=of.year))
    unseen = words["unseen"].format(
        trajectories=choice.trajectories_per_place, activities=of.min_activities
    )
    return [*lines, unseen]
