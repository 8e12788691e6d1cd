"""A plan in words: what it brings, whether a better one exists, what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from stemgeo.maps.curve import describe_curve
from stemgeo.maps.text import name_parts_in, province_name
from stemgeo.profiles import ROADS
from stemgeo.report.summary import (
    begin_markdown,
    end_markdown,
    escape_markdown,
    format_share,
    write_markdown_table,
)
from stemgeo.speech import (
    DASH,
    SPACE,
    format_cents,
    format_decimals,
    format_euros,
    format_number,
    format_whole,
    percent_sign,
)
from stemgeo.texts import load_texts

if TYPE_CHECKING:
    from stemgeo.maps.text import MapText
    from stemgeo.siting.plan import PlanTables
    from stemgeo.texts import Texts


TARGETS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
"""Shares of which the summary says how many academies they take; the next two are told."""
NAMED = 5
"""Municipalities that are named where many children cannot be reached."""


def write_plan_markdown(plan: PlanTables, text: MapText) -> str:
    """Write the summary of a plan in Markdown."""
    language = plan.study.language
    words = load_texts(language)
    lines = begin_markdown(text.title, text.notice, text.method_note)
    lines += [" ".join([_say_lead(plan, language), *_say_proof(plan, language)]), ""]
    said = (
        *_say_costs(plan, language),
        *_say_beside(plan, language),
        *_say_caveats(plan, language),
    )
    lines += [f"- {line}" for line in said]
    picture = f"maps/curve.{plan.study.output.formats[0]}"
    lines += ["", f"![{escape_markdown(describe_curve(plan.curve, text))}]({picture})"]
    if len(plan.places):
        heading = "plan.chosen" if _is_by_children(plan) else "plan.chosen_otherwise"
        lines += ["", f"## {words(heading)}", ""]
        lines += write_markdown_table(format_plan(plan, language), left=4)
        lines += ["", f"## {words('plan.by_province')}", ""]
        lines += write_markdown_table(format_provinces(plan, language), left=1)
    lines += ["", text.date, "", *end_markdown(text.source, plan.notes, words)]
    return "\n".join(lines)


def say_plan(plan: PlanTables, language: str) -> list[str]:
    """Say in a few lines what the plan brings, its proof and its cost, for the command line."""
    return [_say_lead(plan, language), *_say_proof(plan, language), *_say_costs(plan, language)]


def _is_by_children(plan: PlanTables) -> bool:
    siting = plan.study.siting
    return siting.problem in ("mclp", "lscp") and not siting.weights and siting.equity is None


def _say_places(count: int, language: str) -> str:
    return load_texts(language).say_count("plan.places", count)


def _say_lead(plan: PlanTables, language: str) -> str:
    words, places = load_texts(language), len(plan.places)
    told = {
        "before": format_share(float(plan.curve["share"].iloc[0]), language),
        "minutes": format_number(plan.study.travel.cutoff_min, language),
        "roads": say_over_roads(plan.study.siting.profile, language),
    }
    if not places:
        return words("plan.zero" if plan.study.siting.places == 0 else "plan.none", **told)
    told |= {"places": _say_places(places, language)}
    told |= {"after": format_share(_find_share(plan), language)}
    return words.say_count("plan.lead", int(plan.places["newly"].sum()), **told)


def say_over_roads(profile: str, language: str) -> str:
    """Say over which roads a plan looks, when they are not all."""
    roads = ROADS[profile].to_text(language)
    return "" if profile == "all" else load_texts(language)("plan.over", roads=roads)


def _say_asked(plan: PlanTables, language: str) -> list[str]:
    """Say what the plan had to keep to."""
    words, siting = load_texts(language), plan.study.siting
    if siting.problem == "lscp":
        asked = [words("plan.share", share=_format_asked_share(siting.share, language))]
    else:
        asked = [] if siting.places is None else [_say_at_most(siting.places, language)]
    if siting.budget_eur is not None and siting.problem != "lscp":
        asked.append(words("plan.budget", amount=format_euros(siting.budget_eur, language)))
    for ages, value in siting.weights.items():
        told = format_number(value, language)
        asked.append(words("plan.weights", ages=ages, weight=told))
    if siting.equity is not None:
        told = ", ".join(format_number(one, language) for one in siting.equity.by_quintile)
        attribute = plan.study.inputs.attributes[siting.equity.attribute]
        title = escape_markdown(attribute.title or siting.equity.attribute)
        asked.append(words("plan.equity", title=title, weights=told))
    for province, count in siting.floor_places.items():
        told = _say_places(count, language)
        asked.append(
            words("plan.floor_places", province=_name_province(plan, province, words), places=told)
        )
    for province, part in siting.floor_share.items():
        told = _format_asked_share(part, language)
        asked.append(
            words("plan.floor_share", province=_name_province(plan, province, words), share=told)
        )
    if siting.largest_share is not None:
        asked.append(
            words("plan.largest", share=_format_asked_share(siting.largest_share, language))
        )
    if siting.problem == "backup":
        weight = format_number(siting.backup_weight, language)
        asked.append(words("plan.second", weight=weight))
    return asked


def _name_province(plan: PlanTables, province: str, words: Texts) -> str:
    return province_name(province, words, plan.inputs.area.partly)


def _say_at_most(places: int, language: str) -> str:
    return load_texts(language)("plan.at_most", places=_say_places(places, language))


def _format_asked_share(share: float, language: str) -> str:
    """Write a share that someone asked for as it was asked."""
    return format_number(round(share * 100, 6), language) + percent_sign(language, SPACE)


def _find_share(plan: PlanTables) -> float:
    """Give the share within reach with the plan."""
    return float(plan.places["share"].iloc[-1] if len(plan.places) else plan.curve["share"].iloc[0])


def _say_proof(plan: PlanTables, language: str) -> list[str]:
    words, siting, found = load_texts(language), plan.study.siting, plan.solution
    lines = [words("plan.asked", asked=words.join_series(_say_asked(plan, language)))]
    candidates = words.say_count("plan.candidates", plan.candidates)
    if siting.problem == "lscp" and _find_share(plan) < siting.share:
        lines.append(words("plan.unreached", candidates=candidates))
    if found.optimal:
        is_weighted = siting.problem == "mclp" and not _is_by_children(plan)
        better = words(f"plan.better.{'weighted' if is_weighted else siting.problem}")
        lines.append(words("plan.proven", candidates=candidates, better=better))
    else:
        gap = format_share(np.ceil(found.gap * 1000) / 1000, language)
        lines.append(words("plan.best", candidates=candidates, gap=gap))
    if siting.budget_eur is not None and siting.problem != "lscp":
        lines.append(words("plan.added_up"))
    return [*lines, *_say_goal(plan, language)]


def _say_goal(plan: PlanTables, language: str) -> list[str]:
    """Say what the problem is about, where that is not the children within reach."""
    words, lines = load_texts(language), []
    if "minutes" in plan.goal:
        now, then = (format_decimals(one, language) for one in plan.goal["minutes"])
        lines.append(words("plan.minutes", now=now, then=then))
    if "twice" in plan.goal:
        now, then = (format_whole(one, language) for one in plan.goal["twice"])
        lines.append(words("plan.twice", now=now, then=then))
    return lines


def _say_costs(plan: PlanTables, language: str) -> list[str]:
    words, cost = load_texts(language), plan.cost
    if plan.places.empty or not cost.known:
        return []
    if plan.study.subsidy.year is None:
        amount = format_cents(cost.total_cents, language)
        return [words.say_count("plan.cost_own", len(plan.places), amount=amount)]
    own = words("plan.own", amount=format_cents(cost.own_cents, language)) if cost.own_cents else ""
    cut = words("plan.cut", amount=format_cents(cost.cut_cents, language)) if cost.cut_cents else ""
    amount, year = format_cents(cost.total_cents, language), plan.study.subsidy.year
    told = {"year": year, "amount": amount, "own": own, "cut": cut}
    lines = [words.say_count("plan.cost", len(plan.places), **told)]
    if plan.whole_region and cost.left_cents < 0:
        lines.append(words("plan.passed", over=format_cents(-cost.left_cents, language)))
    elif plan.whole_region:
        enough = "plan.enough" if cost.suffices else "plan.not_enough"
        lines.append(words(enough, left=format_cents(cost.left_cents, language)))
    return lines


def _say_beside(plan: PlanTables, language: str) -> list[str]:
    """Say what chance, the letter of the promise and more academies would reach."""
    words, children, lines = load_texts(language), max(plan.measured_children, 1), []
    rows = {row["choice"]: row for row in plan.comparison.to_dict("records")}
    if len(plan.places):
        more = rows["plan"]["municipalities_with"] - rows["now"]["municipalities_with"]
        if plan.without > 1:
            without = format_whole(plan.without, language)
            lines.append(words.say_count("plan.with_academy", more, without=without))
        elif plan.without:
            lines.append(words(f"plan.with_only.{'one' if more else 'none'}"))
        least, most = (rows["random"][f"covered_{end}"] / children for end in ("least", "most"))
        lines.append(
            words.say_count(
                "plan.random",
                len(plan.places),
                share=format_share(rows["random"]["share"], language),
                least=format_share(least, language),
                most=format_share(most, language),
            )
        )
    each = rows["each_municipality"]
    # Of one municipality it is said above that it gets one, where it does.
    if each["places"] and plan.without > (1 if len(plan.places) and more else 0):
        some = words("plan.some", without=format_whole(plan.without, language))
        lines.append(
            words(
                "plan.each",
                count=format_whole(each["places"], language),
                some=some if each["places"] < plan.without else "",
                share=format_share(each["share"], language),
                best=format_share(rows["best_as_many"]["share"], language),
            )
        )
    lines += _say_targets(plan.curve, language)
    return [*lines, *([] if _is_free(plan) else [words("plan.unlimited")])]


def _is_free(plan: PlanTables) -> bool:
    """Tell whether the plan had nothing to keep to but a number or a share."""
    siting = plan.study.siting
    limits = (siting.budget_eur, siting.largest_share, siting.floor_places or None)
    return _is_by_children(plan) and limits == (None, None, None) and not siting.floor_share


def _say_targets(curve: pd.DataFrame, language: str) -> list[str]:
    """Say how many academies the next two round shares take, until one takes too many."""
    words, lines = load_texts(language), list[str]()
    for target in [share for share in TARGETS if share > curve["share"].iloc[0]][:2]:
        there, could = curve[curve["share"] >= target], curve[curve["share_bound"] >= target]
        share = _format_asked_share(target, language)
        if there.empty:
            places = _say_places(int(curve["places"].max()), language)
            kind = "plan.not_for" if could.empty else "plan.not_found"
            return [*lines, words(kind, share=share, places=places)]
        count, least = int(there["places"].iloc[0]), int(could["places"].iloc[0])
        # That none does not do was said: the share is more than it is now.
        proof = words("plan.at_least", count=format_whole(least, language)) if least > 1 else ""
        told = {"share": share, "places": _say_places(count, language), "least": proof}
        lines.append(words.say_count("plan.for", count, **told))
    return lines


def _say_caveats(plan: PlanTables, language: str) -> list[str]:
    words, lines = load_texts(language), []
    if plan.unreachable.sum():
        names = ", ".join(
            f"{escape_markdown(str(name))} ({format_whole(children, language)})"
            for name, children in plan.unreachable.head(NAMED).items()
        )
        where = "most" if len(plan.unreachable) > NAMED else "all"
        told = {"where": words(f"plan.unreachable_{where}", names=name_parts_in(names, words))}
        lines.append(words.say_count("plan.unreachable", int(plan.unreachable.sum()), **told))
    if plan.inputs.candidates is None:
        lines.append(words("plan.zone_places"))
    return [*lines, words("plan.nested"), words("plan.children")]


def format_plan(plan: PlanTables, language: str) -> pd.DataFrame:
    """Turn the chosen places into text columns with headings, for people."""
    table, words = plan.places, load_texts(language)
    columns = {
        "": [format_whole(value, language) for value in table["rank"]],
        "place": table["name"],
        "municipality": [name_parts_in(one, words) for one in table["municipality"]],
        "province": [_name_province(plan, one, words) for one in table["province"]],
        "newly": [format_whole(value, language) for value in table["newly"]],
        "cost": [format_euros(round(value, 2), language) for value in table["cost_eur"]],
        "share": [format_share(value, language) for value in table["share"]],
    }
    if not plan.cost.known:
        del columns["cost"]
    return pd.DataFrame(columns).rename(columns=words.list_below("plan.head"))


def format_choices(plan: PlanTables, language: str) -> pd.DataFrame:
    """Lay the plan beside other choices, in words."""
    table, words = plan.comparison, load_texts(language)
    heads, short = words.list_below("plan.choice_head"), words.list_below("summary.head")
    columns = {
        heads["choice"]: [words(f"plan.choice.{one}") for one in table["choice"]],
        heads["places"]: [format_whole(one, language) for one in table["places"]],
        short["covered"]: [format_whole(one, language) for one in table["covered"]],
        short["share"]: [format_share(one, language) for one in table["share"]],
        words("head.with_academy"): [
            DASH if pd.isna(one) else format_whole(one, language)
            for one in table["municipalities_with"]
        ],
    }
    return pd.DataFrame(columns)


def format_provinces(plan: PlanTables, language: str) -> pd.DataFrame:
    """Lay the share of each province now beside that with the plan."""
    rows = plan.provinces
    first = rows[rows["rank"] == 0].set_index("province")
    last = rows[rows["rank"] == rows["rank"].max()].set_index("province").loc[first.index]
    words = load_texts(language)
    columns = {
        "province": [_name_province(plan, one, words) for one in first.index],
        "now": [format_share(value, language) for value in first["share"]],
        "then": [format_share(value, language) for value in last["share"]],
        "more": [format_whole(value, language) for value in last["covered"] - first["covered"]],
    }
    return pd.DataFrame(columns).rename(columns=words.list_below("plan.province_head"))
