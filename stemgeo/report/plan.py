"""A plan in words: what it brings, whether a better one exists, what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from stemgeo.maps.curve import curve_alt
from stemgeo.maps.text import province_name
from stemgeo.profiles import ROADS
from stemgeo.report.summary import markdown_table, note_lines, percent, plain
from stemgeo.speech import SPACE, cents, decimal, euros, number, percent_sign, whole
from stemgeo.texts import texts

if TYPE_CHECKING:
    from stemgeo.maps.text import MapText
    from stemgeo.siting.plan import PlanTables


TARGETS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
"""Shares of which the summary says how many academies they take; the next two are told."""
NAMED = 5
"""Municipalities that are named where many children cannot be reached."""


def plan_markdown(plan: PlanTables, text: MapText) -> str:
    """Write the summary of a plan in Markdown."""
    language = plan.study.output.language
    words = texts(language)
    lines = [f"# {plain(text.title)}", ""]
    lines += [f"**{plain(line)}**\n" for line in (text.notice, text.method_note) if line]
    lines += [" ".join([_lead(plan, language), *_proof(plan, language)]), ""]
    said = (*_costs(plan, language), *_beside(plan, language), *_caveats(plan, language))
    lines += [f"- {line}" for line in said]
    picture = f"maps/curve.{plan.study.output.formats[0]}"
    lines += ["", f"![{plain(curve_alt(plan.curve, text))}]({picture})"]
    if len(plan.places):
        heading = "plan.chosen" if _is_by_children(plan) else "plan.chosen_otherwise"
        lines += ["", f"## {words(heading)}", ""]
        lines += markdown_table(readable_plan(plan, language), left=4)
        lines += ["", f"## {words('plan.by_province')}", ""]
        lines += markdown_table(readable_provinces(plan, language), left=1)
    lines += ["", text.date, "", f"## {words('summary.sources')}", "", plain(text.source), ""]
    if plan.notes:
        lines += [f"## {words('summary.notes')}", "", *note_lines(plan.notes, language), ""]
    return "\n".join(lines)


def said(plan: PlanTables, language: str) -> list[str]:
    """Say in a few lines what the plan brings, its proof and its cost, for the command line."""
    return [_lead(plan, language), *_proof(plan, language), *_costs(plan, language)]


def _is_by_children(plan: PlanTables) -> bool:
    siting = plan.study.siting
    return siting.problem in ("mclp", "lscp") and not siting.weights and siting.equity is None


def _places(count: int, language: str) -> str:
    return texts(language).counted("plan.places", count)


def _lead(plan: PlanTables, language: str) -> str:
    words, places = texts(language), len(plan.places)
    kind = "lead" if places else "zero" if plan.study.siting.places == 0 else "none"
    return words(
        f"plan.{kind}",
        places=_places(places, language),
        before=percent(float(plan.curve["share"].iloc[0]), language),
        after=percent(_share(plan), language),
        newly=whole(plan.places["newly"].sum(), language),
        minutes=number(plan.study.travel.cutoff_min, language),
        roads=over_roads(plan.study.siting.profile, language),
    )


def over_roads(profile: str, language: str) -> str:
    """Say over which roads a plan looks, when they are not all."""
    roads = ROADS[profile].to(language)
    return "" if profile == "all" else texts(language)("plan.over", roads=roads)


def _asked(plan: PlanTables, language: str) -> list[str]:
    """Say what the plan had to keep to."""
    words, siting = texts(language), plan.study.siting
    if siting.problem == "lscp":
        asked = [words("plan.share", share=_round(siting.share, language))]
    else:
        asked = [] if siting.places is None else [_at_most(siting.places, language)]
    if siting.budget_eur is not None and siting.problem != "lscp":
        asked.append(words("plan.budget", amount=euros(siting.budget_eur, language)))
    for ages, value in siting.weights.items():
        told = number(value, language)
        asked.append(words("plan.weights", ages=ages, weight=told))
    if siting.equity is not None:
        told = ", ".join(number(one, language) for one in siting.equity.by_quintile)
        attribute = plan.study.inputs.attributes[siting.equity.attribute]
        title = plain(attribute.title or siting.equity.attribute)
        asked.append(words("plan.equity", title=title, weights=told))
    for province, count in siting.floor_places.items():
        told = _places(count, language)
        asked.append(
            words("plan.floor_places", province=province_name(province, words), places=told)
        )
    for province, part in siting.floor_share.items():
        told = _round(part, language)
        asked.append(words("plan.floor_share", province=province_name(province, words), share=told))
    if siting.largest_share is not None:
        asked.append(words("plan.largest", share=_round(siting.largest_share, language)))
    if siting.problem == "backup":
        weight = number(siting.backup_weight, language)
        asked.append(words("plan.second", weight=weight))
    return asked


def _at_most(places: int, language: str) -> str:
    return texts(language)("plan.at_most", places=_places(places, language))


def _round(share: float, language: str) -> str:
    """Write a share that someone asked for as it was asked."""
    return number(round(share * 100, 6), language) + percent_sign(language, SPACE)


def _share(plan: PlanTables) -> float:
    """Give the share in time with the plan."""
    return float(plan.places["share"].iloc[-1] if len(plan.places) else plan.curve["share"].iloc[0])


def _proof(plan: PlanTables, language: str) -> list[str]:
    words, siting, found = texts(language), plan.study.siting, plan.solution
    lines = [words("plan.asked", asked=words.series(_asked(plan, language)))]
    candidates = words.counted("plan.candidates", plan.candidates)
    if siting.problem == "lscp" and _share(plan) < siting.share:
        lines.append(words("plan.unreached", candidates=candidates))
    if found.optimal:
        is_weighted = siting.problem == "mclp" and not _is_by_children(plan)
        better = words(f"plan.better.{'weighted' if is_weighted else siting.problem}")
        lines.append(words("plan.proven", candidates=candidates, better=better))
    else:
        gap = percent(np.ceil(found.gap * 1000) / 1000, language)
        lines.append(words("plan.best", candidates=candidates, gap=gap))
    if siting.budget_eur is not None and siting.problem != "lscp":
        lines.append(words("plan.added_up"))
    return [*lines, *_goal(plan, language)]


def _goal(plan: PlanTables, language: str) -> list[str]:
    """Say what the problem is about, where that is not the children in time."""
    words, lines = texts(language), []
    if "minutes" in plan.goal:
        now, then = (decimal(one, language) for one in plan.goal["minutes"])
        lines.append(words("plan.minutes", now=now, then=then))
    if "twice" in plan.goal:
        now, then = (whole(one, language) for one in plan.goal["twice"])
        lines.append(words("plan.twice", now=now, then=then))
    return lines


def _costs(plan: PlanTables, language: str) -> list[str]:
    words, cost = texts(language), plan.cost
    if plan.places.empty:
        return []
    own = words("plan.own", amount=cents(cost.own_cents, language)) if cost.own_cents else ""
    cut = words("plan.cut", amount=cents(cost.cut_cents, language)) if cost.cut_cents else ""
    amount, year = cents(cost.total_cents, language), plan.study.subsidy.year
    lines = [words("plan.cost", year=year, amount=amount, own=own, cut=cut)]
    if plan.whole_region and cost.left_cents < 0:
        lines.append(words("plan.passed", over=cents(-cost.left_cents, language)))
    elif plan.whole_region:
        enough = "plan.enough" if cost.suffices else "plan.not_enough"
        lines.append(words(enough, left=cents(cost.left_cents, language)))
    return lines


def _beside(plan: PlanTables, language: str) -> list[str]:
    """Say what chance, the letter of the promise and more academies would reach."""
    words, children, lines = texts(language), max(plan.measured_children, 1), []
    rows = {row["choice"]: row for row in plan.comparison.to_dict("records")}
    if len(plan.places):
        more = rows["plan"]["municipalities_with"] - rows["now"]["municipalities_with"]
        if plan.without:
            told = {"without": plan.without, "count": more}
            told = {name: whole(value, language) for name, value in told.items()}
            lines.append(words("plan.with_academy", **told))
        least, most = (rows["random"][f"covered_{end}"] / children for end in ("least", "most"))
        lines.append(
            words(
                "plan.random",
                share=percent(rows["random"]["share"], language),
                least=percent(least, language),
                most=percent(most, language),
            )
        )
    each = rows["each_municipality"]
    if each["places"]:
        some = words("plan.some", without=whole(plan.without, language))
        lines.append(
            words(
                "plan.each",
                count=whole(each["places"], language),
                some=some if each["places"] < plan.without else "",
                share=percent(each["share"], language),
                best=percent(rows["best_as_many"]["share"], language),
            )
        )
    lines += _targets(plan.curve, language)
    return [*lines, *([] if _is_free(plan) else [words("plan.unlimited")])]


def _is_free(plan: PlanTables) -> bool:
    """Tell whether the plan had nothing to keep to but a number or a share."""
    siting = plan.study.siting
    limits = (siting.budget_eur, siting.largest_share, siting.floor_places or None)
    return _is_by_children(plan) and limits == (None, None, None) and not siting.floor_share


def _targets(curve: pd.DataFrame, language: str) -> list[str]:
    """Say how many academies the next two round shares take, until one takes too many."""
    words, lines = texts(language), list[str]()
    for target in [share for share in TARGETS if share > curve["share"].iloc[0]][:2]:
        there, could = curve[curve["share"] >= target], curve[curve["share_bound"] >= target]
        share = _round(target, language)
        if there.empty:
            places = _places(int(curve["places"].max()), language)
            kind = "plan.not_for" if could.empty else "plan.not_found"
            return [*lines, words(kind, share=share, places=places)]
        count, least = int(there["places"].iloc[0]), int(could["places"].iloc[0])
        proof = words("plan.at_least", count=whole(least, language))
        places = _places(count, language)
        lines.append(words("plan.for", share=share, places=places, least=proof))
    return lines


def _caveats(plan: PlanTables, language: str) -> list[str]:
    words, lines = texts(language), []
    if plan.unreachable.sum():
        where = ", ".join(
            f"{plain(str(name))} ({whole(children, language)})"
            for name, children in plan.unreachable.head(NAMED).items()
        )
        count = whole(plan.unreachable.sum(), language)
        lines.append(words("plan.unreachable", count=count, where=where))
    if plan.inputs.candidates is None:
        lines.append(words("plan.zone_places"))
    return [*lines, words("plan.nested"), words("plan.children")]


def readable_plan(plan: PlanTables, language: str) -> pd.DataFrame:
    """Turn the chosen places into text columns with headings, for people."""
    table, words = plan.places, texts(language)
    columns = {
        "": [whole(value, language) for value in table["rank"]],
        "place": table["name"],
        "municipality": table["municipality"],
        "province": [province_name(one, words) for one in table["province"]],
        "newly": [whole(value, language) for value in table["newly"]],
        "cost": [euros(round(value, 2), language) for value in table["cost_eur"]],
        "share": [percent(value, language) for value in table["share"]],
    }
    return pd.DataFrame(columns).rename(columns=words.group("plan.head"))


def readable_provinces(plan: PlanTables, language: str) -> pd.DataFrame:
    """Lay the share of each province now beside that with the plan."""
    rows = plan.provinces
    first = rows[rows["rank"] == 0].set_index("province")
    last = rows[rows["rank"] == rows["rank"].max()].set_index("province").loc[first.index]
    words = texts(language)
    columns = {
        "province": [province_name(one, words) for one in first.index],
        "now": [percent(value, language) for value in first["share"]],
        "then": [percent(value, language) for value in last["share"]],
        "more": [whole(value, language) for value in last["covered"] - first["covered"]],
    }
    return pd.DataFrame(columns).rename(columns=words.group("plan.province_head"))
