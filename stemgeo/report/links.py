"""Which road, in words: what each change brings, what some bring together, what is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from stemgeo.links.table import TOGETHER
from stemgeo.maps.text import name_link_kind, name_parts_in
from stemgeo.report.plan import say_over_roads
from stemgeo.report.summary import (
    begin_markdown,
    end_markdown,
    escape_markdown,
    format_share,
    say_ages,
    write_markdown_table,
)
from stemgeo.speech import (
    DASH,
    format_decimals,
    format_euros,
    format_number,
    format_whole,
    join_with_and,
)
from stemgeo.texts import load_texts

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from stemgeo.links.table import LinkTables
    from stemgeo.maps.text import MapText
    from stemgeo.texts import Texts

    Row = Mapping[Hashable, Any]

LISTED = 12
"""Changes of roads that the summary lists; the table has all."""
TOWNS = 10
"""Municipalities of all that is chosen that the summary lists."""
_LIMITS = {
    "stretch": "max_stretch_m",
    "chain": "max_chain_m",
    "barrier": "max_barrier_m",
    "gap": "max_gap_m",
}


def write_links_markdown(found: LinkTables, text: MapText) -> str:
    """Write the summary in Markdown."""
    language = found.study.language
    words = load_texts(language)
    lines = begin_markdown(text.title, text.notice, text.method_note)
    lines += [" ".join(say_links(found, language)), ""]
    if len(found.sets):
        lines += [f"## {words('links.title.sets')}", ""]
        lines += [*write_markdown_table(format_sets(found, language), left=4), ""]
        lines += [f"## {words('links.title.towns')}", ""]
        lines += [*write_markdown_table(format_towns(found, language), left=1), ""]
    if len(found.links):
        shown = format_links(found, language).head(LISTED)
        lines += [f"## {words('links.title.links')}", ""]
        lines += [*write_markdown_table(shown, left=4), ""]
    lines += [f"## {words('links.title.unsaid')}", ""]
    lines += [f"- {line}" for line in say_unsaid(found, language)]
    lines += ["", text.date, "", *end_markdown(text.source, found.notes, words)]
    return "\n".join(lines)


def say_links(found: LinkTables, language: str) -> list[str]:
    """Say in a few lines what was found, for the command line and above the summary."""
    words = load_texts(language)
    told = {
        "before": format_share(found.in_time / max(found.measured_children, 1), language),
        "minutes": format_number(found.study.travel.cutoff_min, language),
        "roads": say_over_roads(found.study.links_profile, language),
        "looked": words.say_count("links.looked", found.looked_at),
        "gaining": words.say_count("links.gaining", found.gaining)
        if found.gaining
        else words("links.gaining_none"),
    }
    lines = [words("links.lead", **told)]
    alone = len(found.sets) == 1 and found.sets["id"].iloc[0] == found.links["link_id"].iloc[0]
    if len(found.links) and not alone:
        first: Row = found.links.iloc[0].to_dict()
        what = _describe(first, words)
        lines.append(words.say_count("links.first", int(first["newly"]), what=what))
    return [*lines, *_say_set(found, words)]


def _say_set(found: LinkTables, words: Texts) -> list[str]:
    """Say what is chosen brings together and by itself, its proof and its cost."""
    language, sets = words.language, found.sets
    if sets.empty:
        return []
    alone = join_with_and([format_whole(one, language) for one in sets["alone"]], language)
    if len(sets) == 1:
        lines = [words.say_count("links.only", found.promised, what=_describe_chosen(found, words))]
    else:
        told = {"chosen": format_whole(len(sets), language), "alone": alone}
        lines = [words.say_count("links.together", found.promised, **told)]
    lines += [
        words("links.proven" if found.proven else "links.unproven"),
        words.say_count("links.counted", found.counted),
    ]
    total = sets["total_cost_eur"].iloc[-1]
    if not np.isnan(total):
        lines.append(words("links.cost", amount=format_euros(round(total), language)))
    return lines


def _describe_chosen(found: LinkTables, words: Texts) -> str:
    """Name the only one that is chosen."""
    one: Row = found.sets.iloc[0].to_dict()
    if one["what"] == "link":
        rows = found.links.set_index("link_id")
        if one["id"] in rows.index:
            return _describe(rows.loc[one["id"]].to_dict(), words)
    return words("links.in_place", what=words("links.academy"), where=one["name"] or one["id"])


def _describe(row: Row, words: Texts) -> str:
    """Name a change of a road in a sentence: what is done, to which street, where, how far."""
    where = [one for one in (row["name"], name_parts_in(str(row["municipality"]), words)) if one]
    if row["length_m"]:
        metres = format_whole(round(row["length_m"]), words.language)
        where.append(words("links.metres", length=metres))
    what = name_link_kind(row, words)
    return words("links.in_place", what=what, where=", ".join(where)) if where else what


def say_unsaid(found: LinkTables, language: str) -> list[str]:
    """Say what the figures do not say, and what was not looked at."""
    words = load_texts(language)
    lines = [words(f"links.unsaid.{one}") for one in ("ground", "straight", "quiet", "sooner")]
    lines += _say_limits(found, words)
    for kind, count in found.left_out.items():
        if count:
            key = "links.left_out.too_long" if kind == "too_long" else "links.left_out.most"
            told = (
                {"kind": name_link_kind({"kind": kind, "across": ""}, words)}
                if ".most" in key
                else {}
            )
            lines.append(words.say_count(key, count, **told))
    lines += [words("links.unsaid.ranks")] if found.links["views"].max() > 1 else []
    return [*lines, words("plan.children"), *_say_prices(found, words)]


def _say_limits(found: LinkTables, words: Texts) -> list[str]:
    """Say how long what was looked at may be, by kind."""
    rules = found.study.links
    each = [
        words(f"links.limit.{kind}", length=format_whole(getattr(rules, name), words.language))
        for kind, name in _LIMITS.items()
        if kind in rules.kinds
    ]
    told = join_with_and(each, words.language)
    return [words("links.unsaid.limits", each=told)] if each else []


def _say_prices(found: LinkTables, words: Texts) -> list[str]:
    """Say by which prices euros are told, and whose they are; or that there are none."""
    cost = found.study.links.cost
    known = found.links["cost_eur"].notna().any()
    lines = [] if cost or known else [words("links.no_price")]
    for kind, one in cost.items():
        by = {"per_m": one.per_m_eur, "each": one.each_eur}
        told = [
            words(f"links.price.{name}", amount=format_euros(euros, words.language))
            for name, euros in by.items()
            if euros
        ]
        what = words(f"links.price_of.{kind}")
        source = escape_markdown(one.source)
        lines.append(words("links.price", kind=what, price=", ".join(told), source=source))
    return lines


def format_links(found: LinkTables, language: str) -> pd.DataFrame:
    """Turn the table `links` into text columns with headings, for people."""
    table, words = found.links, load_texts(language)
    rows = table.drop(columns="geometry").to_dict("records")
    rank = {one["link_id"]: format_whole(one["rank"], language) for one in rows}
    columns = {
        "": [*rank.values()],
        "what": [name_link_kind(one, words) for one in rows],
        "street": [one["name"] or DASH for one in rows],
        "municipality": [name_parts_in(one["municipality"], words) or DASH for one in rows],
        "length": [format_whole(round(one["length_m"]), language) for one in rows],
        "stress": [
            format_whole(one["stress"], language) if one["stress"] else DASH for one in rows
        ],
        "minutes": [_format_minutes(one, words) for one in rows],
        "newly": [format_whole(one["newly"], language) for one in rows],
        "range": [_format_range(one, words) for one in rows],
        "same": [_format_same(one, rank, words) for one in rows],
        "cost": [_format_euros(one["cost_eur"], language) for one in rows],
        "each": [_format_decimals(one["per_1000_eur"], language) for one in rows],
        "steady": [say_steady(one, words) for one in rows],
    }
    if table["cost_eur"].isna().all():
        del columns["cost"], columns["each"]
    if (table["newly_same"] == 0).all():
        del columns["same"]
    if table["views"].max() == 1:
        del columns["steady"]
    return pd.DataFrame(columns).rename(columns=words.list_below("links.head"))


def _format_euros(value: float, language: str) -> str:
    return DASH if np.isnan(value) else format_euros(round(value), language)


def _format_decimals(value: float, language: str) -> str:
    return DASH if np.isnan(value) else format_decimals(value, language)


def _format_range(row: Row, words: Texts) -> str:
    low, high = (format_whole(row[f"newly_{end}"], words.language) for end in ("low", "high"))
    return low if low == high else words("links.range", low=low, high=high)


def _format_same(row: Row, rank: Mapping[str, str], words: Texts) -> str:
    """Say how many of these children another brings as well, and which."""
    if not row["newly_same"]:
        return DASH
    same = format_whole(row["newly_same"], words.language)
    return words("links.same", newly=same, rank=rank[row["same_as"]])


def _format_minutes(row: Row, words: Texts) -> str:
    """Write how long one rides from end to end now and then; "no way" where none was found."""
    now, then = row["minutes_now"], row["minutes_then"]
    if np.isnan(then):
        return DASH
    before = words("links.no_way") if np.isnan(now) else format_decimals(now, words.language)
    return words("links.now_then", now=before, then=format_decimals(then, words.language))


def say_steady(row: Row, words: Texts) -> str:
    """Say how it ranks under other speeds and rules: "first in 5 of 7, at worst 3".

    Parameters
    ----------
    row
        Of the table `links`.
    words
        Of a language.
    """
    told = {
        name: format_whole(row[column], words.language)
        for name, column in (
            ("first", "first_in"),
            ("views", "views"),
            ("best", "rank_best"),
            ("worst", "rank_worst"),
        )
    }
    if row["first_in"]:
        return words("links.always" if row["rank_worst"] == 1 else "links.first_in", **told)
    return words("links.same" if row["rank_best"] == row["rank_worst"] else "links.between", **told)


def format_sets(found: LinkTables, language: str) -> pd.DataFrame:
    """Turn the table `link-sets` into text columns with headings, for people."""
    table, words = found.sets, load_texts(language)
    kinds = found.links.set_index("link_id")
    rows = table.to_dict("records")
    columns = {
        "": [format_whole(one["rank"], language) for one in rows],
        "what": [
            name_link_kind(kinds.loc[one["id"]].to_dict(), words)
            if one["what"] == "link"
            else words("links.academy")
            for one in rows
        ],
        "street": [one["name"] or DASH for one in rows],
        "municipality": [name_parts_in(one["municipality"], words) or DASH for one in rows],
        **{
            name: [format_whole(one[name], language) for one in rows]
            for name in ("alone", "adds", "together")
        },
        "cost": [_format_euros(one["cost_eur"], language) for one in rows],
        "total": [_format_euros(one["total_cost_eur"], language) for one in rows],
    }
    if table["cost_eur"].isna().all():
        del columns["cost"], columns["total"]
    return pd.DataFrame(columns).rename(columns=words.list_below("links.head"))


def format_towns(found: LinkTables, language: str) -> pd.DataFrame:
    """Lay out where the children live whom all that is chosen brings, most first."""
    words = load_texts(language)
    table = found.towns[found.towns["link_id"] == TOGETHER].head(TOWNS)
    bands = found.study.travel.bands
    names = [words("web.switch.ages", ages=say_ages(found.study, band)) for band in bands]
    columns = {
        words("links.head.municipality"): [name_parts_in(one, words) for one in table["name"]],
        words("links.head.newly"): [format_whole(one, language) for one in table["newly"]],
        **{
            name: [format_whole(one, language) for one in table[f"newly_{band.name}"]]
            for band, name in zip(bands, names, strict=True)
            if len(bands) > 1
        },
    }
    return pd.DataFrame(columns)
