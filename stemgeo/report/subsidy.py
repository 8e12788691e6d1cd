"""What the academies cost under the subsidy rules, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stemgeo.inputs import vintages
from stemgeo.recognition import Standing, keep_own
from stemgeo.speech import format_euros, format_whole
from stemgeo.subsidy import (
    CENTS,
    LAYER,
    MUNICIPALITY,
    POSTCODE,
    add_up_amounts,
    compute_for_study,
    find_rules,
    has_own_cost,
    own_costs_cents,
)
from stemgeo.texts import load_texts

if TYPE_CHECKING:
    import pandas as pd

    from stemgeo.report.outcome import Tables
    from stemgeo.study import SubsidyChoice
    from stemgeo.subsidy import SubsidyRules, Total


def say_subsidy(result: Tables) -> list[str]:
    """Say what the register costs, against the envelope, with what one must know to read it."""
    study, language = result.study, result.study.language
    of, words = find_rules(study.subsidy), load_texts(language)
    table = result.subsidy
    if of is None or table is None:
        return []
    everywhere = vintages.cover_flanders(result.inputs.municipalities["nis_code"])
    academies = keep_own(study, result.academies)
    tables: dict[str, pd.DataFrame] = {"lead": table}
    if result.subsidy_before is not None:
        tables = {"lead": result.subsidy_before, "with_changes": table}
    elif academies["planned"].any():
        register = academies[~academies["planned"]]
        alone = compute_for_study(study.subsidy, register, result.inputs.layers)
        tables = {"lead": table if alone is None else alone, "with_plan": table}
    own = int(has_own_cost(academies).sum())
    lines = []
    for key, one in tables.items():
        sums = add_up_amounts(one, of)
        told = _format_counted(one, sums, of, language)
        against = _say_envelope(sums, language) if everywhere else ""
        some = Standing.in_area(study, result.academies, language).some
        lines.append(words(f"subsidy.{key}", year=of.year, some=some, envelope=against, **told))
    if own:
        euro = own_costs_cents(academies) / CENTS
        amount = format_euros(euro, language)
        lines.append(words.say_count("subsidy.own", own, amount=amount))
    if not everywhere:
        envelope = format_whole(of.envelope_eur, language)
        lines.append(words("subsidy.part", envelope=envelope))
    return [*lines, *_say_cautions(study.subsidy, table, of, language)]


def _format_counted(
    table: pd.DataFrame, sums: Total, of: SubsidyRules, language: str
) -> dict[str, str]:
    """Write what was counted: the amount, and the paid places, trajectories and applicants."""
    words = load_texts(language)
    paid = int(of.pays_trajectories)
    counts = {
        "place": int(table["places"].sum()),
        "extra": paid * int(table["extra_trajectories"].sum()),
        "online": paid * int(table["online_trajectories"].sum()),
        "applicant": int((table["amount_eur"] > 0).sum()),
    }
    told = [
        words.say_count(f"subsidy.count.{noun}", count)
        for noun, count in counts.items()
        if count or noun in ("place", "applicant")
    ]
    return {"amount": format_whole(sums.amount_eur, language), "counted": ", ".join(told)}


def _say_envelope(sums: Total, language: str) -> str:
    """Lay the amount beside the envelope."""
    return load_texts(language)(
        "subsidy.passed" if sums.left_eur < 0 else "subsidy.left",
        envelope=format_whole(sums.envelope_eur, language),
        left=format_whole(sums.left_eur, language),
        over=format_whole(-sums.left_eur, language),
    )


def _say_cautions(
    choice: SubsidyChoice, table: pd.DataFrame, of: SubsidyRules, language: str
) -> list[str]:
    """Say what was counted as a place, and what the register cannot tell."""
    words = load_texts(language)
    sums, without = add_up_amounts(table, of), int(table["not_counted"].sum())
    kinds = set(", ".join(table["places_by"]).split(", ")) - {""}
    lines = []
    if sums.cut_eur:
        cap, cut = format_whole(of.cap_eur, language), format_whole(sums.cut_eur, language)
        lines.append(words("subsidy.cut", cap=cap, cut=cut))
    if kinds:
        told = [
            words(f"subsidy.kind.{kind}", layer=choice.place_layer)
            for kind in (POSTCODE, LAYER, MUNICIPALITY)
            if kind in kinds
        ]
        line = words("subsidy.place", kinds=words("subsidy.or").join(told))
        lines.append(line + (words("subsidy.fewer") if MUNICIPALITY in kinds else "") + ".")
    if without:
        lines.append(words("subsidy.not_counted", count=format_whole(without, language)))
    if not of.pays_trajectories:
        lines.append(words("subsidy.places_only", year=of.year))
    unseen = words(
        "subsidy.unseen", trajectories=choice.trajectories_per_place, activities=of.min_activities
    )
    return [*lines, unseen]
