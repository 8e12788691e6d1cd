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
from stemgeo.texts import texts

if TYPE_CHECKING:
    import pandas as pd

    from stemgeo.report.outcome import Tables
    from stemgeo.subsidy import Rules, Total


def subsidy_lines(result: Tables) -> list[str]:
    """Say what the register costs, against the envelope, with what one must know to read it."""
    study, language = result.study, result.study.output.language
    of, words = rules(study.subsidy.year), texts(language)
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
        lines.append(words(f"subsidy.{key}", year=of.year, some=some, envelope=against, **told))
    if own:
        euro = own_costs_cents(result.academies) / CENTS
        amount = euros(euro, language)
        lines.append(words.counted("subsidy.own", own, amount=amount))
    if not everywhere:
        envelope = whole(of.envelope_eur, language)
        lines.append(words("subsidy.part", envelope=envelope))
    return [*lines, *_cautions(result, of, language)]


def _counted(table: pd.DataFrame, sums: Total, of: Rules, language: str) -> dict[str, str]:
    """Write what was counted: the amount, and the paid places, trajectories and applicants."""
    words = texts(language)
    paid = int(of.pays_trajectories)
    counts = {
        "place": int(table["places"].sum()),
        "extra": paid * int(table["extra_trajectories"].sum()),
        "online": paid * int(table["online_trajectories"].sum()),
        "applicant": int((table["amount_eur"] > 0).sum()),
    }
    told = [
        words.counted(f"subsidy.count.{noun}", count)
        for noun, count in counts.items()
        if count or noun in ("place", "applicant")
    ]
    return {"amount": whole(sums.amount_eur, language), "counted": ", ".join(told)}


def _against(sums: Total, language: str) -> str:
    """Lay the amount beside the envelope."""
    return texts(language)(
        "subsidy.passed" if sums.left_eur < 0 else "subsidy.left",
        envelope=whole(sums.envelope_eur, language),
        left=whole(sums.left_eur, language),
        over=whole(-sums.left_eur, language),
    )


def _cautions(result: Tables, of: Rules, language: str) -> list[str]:
    """Say what was counted as a place, and what the register cannot tell."""
    words, choice, table = texts(language), result.study.subsidy, result.subsidy
    sums, without = total(table, of), int(table["not_counted"].sum())
    kinds = set(", ".join(table["places_by"]).split(", ")) - {""}
    lines = []
    if sums.cut_eur:
        cap, cut = whole(of.cap_eur, language), whole(sums.cut_eur, language)
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
        lines.append(words("subsidy.not_counted", count=whole(without, language)))
    if not of.pays_trajectories:
        lines.append(words("subsidy.places_only", year=of.year))
    unseen = words(
        "subsidy.unseen", trajectories=choice.trajectories_per_place, activities=of.min_activities
    )
    return [*lines, unseen]
