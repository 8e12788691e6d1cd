"""Which academies count in one of two results alone, or elsewhere, and what both cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from stemgeo.inputs.plan import CLOSED, MOVED, NEW
from stemgeo.notes import say_list
from stemgeo.recognition import keep_own
from stemgeo.speech import format_whole
from stemgeo.subsidy import CENTS, add_up_amounts, find_rules, own_costs_cents

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stemgeo.report.outcome import Tables
    from stemgeo.texts import Texts

_SAME_M = 0.0005
"""Places are kept to the millimetre."""


def compare_academies(a: Tables, b: Tables) -> pd.DataFrame | None:
    """Give the table `comparison-academies`: what counts in one alone, or stands elsewhere.

    Parameters
    ----------
    a, b
        The results.

    Returns
    -------
    DataFrame or None
        None where both are of different registers: an id of one is nothing in the other.
    """
    if _name_register(a) != _name_register(b):
        return None
    sides = [_list_places(one) for one in (a, b)]
    ours, theirs = (one.add_suffix(end) for one, end in zip(sides, ("_a", "_b"), strict=True))
    both = ours.join(theirs, how="outer").sort_index()
    there = [both[f"counts_{side}"].notna() for side in "ab"]
    places = [gpd.GeoSeries(both[f"geometry_{side}"], crs=a.academies.crs) for side in "ab"]
    moved_m = places[0].distance(places[1])
    change = pd.Series("", index=both.index, dtype=str)
    change = change.mask(there[0] & there[1] & (moved_m > _SAME_M), MOVED)
    change = change.mask(~there[0], NEW).mask(~there[1], CLOSED)
    columns = {"name": both["name_b"].fillna(both["name_a"]), "change": change}
    for side in "ab":
        for name in ("nis_code", "municipality", "province"):
            columns[f"{name}_{side}"] = both[f"{name}_{side}"].fillna("")
    table = pd.DataFrame(columns | {"moved_m": moved_m.where(change == MOVED)})
    return table[change != ""].rename_axis("academy_id").reset_index()


def _name_register(result: Tables) -> list[str]:
    """Tell a register by its content."""
    return [one["sha256"] for one in result.manifest["inputs"] if one["role"] == "academies"]


def _list_places(result: Tables) -> pd.DataFrame:
    """Give what counts by its id, with the names of its municipality and province."""
    towns = result.table("annex-1-municipalities").set_index("nis_code")
    plain = pd.DataFrame(result.academies[["academy_id", "name", "nis_code", "geometry"]])
    code = plain["nis_code"].fillna("")
    named = {"municipality": code.map(towns["name"]), "province": code.map(towns["province"])}
    return plain.assign(counts=True, **named).set_index("academy_id")


def compare_costs(a: Tables, b: Tables) -> dict[str, Any]:
    """Say what the academies of both cost under the same rules; nothing where these differ.

    Parameters
    ----------
    a, b
        The results.
    """
    of = find_rules(a.study.subsidy)
    if of is None or a.study.subsidy != b.study.subsidy:
        return {}
    costs = {}
    for side, one in (("a_eur", a), ("b_eur", b)):
        if one.subsidy is None:
            return {}
        own = own_costs_cents(keep_own(one.study, one.academies))
        costs[side] = add_up_amounts(one.subsidy, of).amount_eur + own / CENTS
    return {"rules_year": of.year, **costs}


def say_academies(table: pd.DataFrame | None, words: Texts, sides: tuple[str, str]) -> list[str]:
    """Say in a line which academies come, move and go; nothing where none does.

    Parameters
    ----------
    table
        As from `compare_academies`.
    words
        Of the language.
    sides
        What both results are called.
    """
    if table is None or table.empty:
        return []
    told = []
    for kind in (NEW, MOVED, CLOSED):
        rows = table[table["change"] == kind]
        if len(rows):
            named = say_list([_name_one(row) for row in rows.to_dict("records")])
            names = named.to_text(words.language)
            told.append(words.say_count(f"compare.academies.{kind}", len(rows), names=names))
    return [words("compare.academies", a=sides[0], b=sides[1], told="; ".join(told))]


def _name_one(row: Mapping[Any, Any]) -> str:
    """Name an academy, with where it was and is where it moves to another municipality."""
    was, now = (row[f"municipality_{side}"] for side in "ab")
    away = row["change"] == MOVED and isinstance(was, str) and isinstance(now, str) and was != now
    return f"{row['name']} ({was} \u2192 {now})" if away and was and now else str(row["name"])


def say_costs(cost: dict[str, Any], words: Texts, sides: tuple[str, str]) -> list[str]:
    """Say in a line what the academies of both cost; nothing where it is not known.

    Parameters
    ----------
    cost
        As from `compare_costs`.
    words
        Of the language.
    sides
        What both results are called.
    """
    if not cost:
        return []
    euro = {side: format_whole(cost[f"{side}_eur"], words.language) for side in "ab"}
    told = {"name_a": sides[0], "name_b": sides[1], "year": str(cost["rules_year"])}
    return [words("compare.cost", **told, **euro)]
