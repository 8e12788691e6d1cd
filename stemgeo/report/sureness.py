"""How sure each share is, as an annex of an answer: verdicts, streets to check, minutes, bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from stemgeo.coverage import ALL_BANDS
from stemgeo.maps.text import province_name
from stemgeo.profiles import QUIET, ROADS
from stemgeo.report.annex import name_areas, rank_places, sort_key, write_book
from stemgeo.speech import format_number
from stemgeo.study import FLAT, PROVINCES
from stemgeo.tables import MINUTES, STUDY, share_column
from stemgeo.uncertainty import HIGH, LOW, TOGETHER

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.report.outcome import Tables

UPPER = ("region", "province")


def write_sureness(result: Tables, place: Path, stem: str) -> Path:
    """Write the workbook on how sure the shares are, with what a result has of it.

    Parameters
    ----------
    result
        Of a run.
    place, stem
        A folder, and the name of the file without its ending.
    """
    tables = {
        "assumptions": _list_assumptions(result),
        "verdicts": _list_verdicts(result),
        "streets": _list_streets(result),
        "by_minute": _list_minutes(result),
        "convention": _list_conventions(result),
    }
    there = {name: table for name, table in tables.items() if table is not None and len(table)}
    return write_book(result, place / f"{stem}.xlsx", there)


def gather_sureness(result: Tables) -> dict[str, Any]:
    """Give a template what the annex says of all: the fixed convention, both ends, what stands."""
    found: dict[str, Any] = dict.fromkeys(("flat_share", "low", "high"))
    flat = _take_times(result, "region", FLAT.name, "all")
    if len(flat) and int(flat["measured"].iloc[0]) and not result.study.travel.on_foot:
        found["flat_share"] = float(flat[share_column(round(FLAT.cutoff_min))].iloc[0])
    found |= {"flat_km": FLAT.speed_kmh * FLAT.cutoff_min / 60, "flat_kmh": FLAT.speed_kmh}
    bars = result.uncertainty
    bars = bars[(bars["level"] == "region") & (bars["profile"] == "all")]
    ends = bars[bars["part"] == TOGETHER].set_index("end")["share"].dropna()
    found |= {end: float(ends[end]) for end in (LOW, HIGH) if end in ends}
    verdicts = result.verdicts
    known = set() if verdicts is None else set(verdicts["profile"])
    return found | {"quiet": [_count_certain(result, one) for one in QUIET if one in known]}


def _count_certain(result: Tables, profile: str) -> dict[str, Any]:
    """Count the municipalities whose share over quiet roads stands, and on what others depend."""
    verdicts, ways = result.table("verdicts"), result.table("to-check")
    measured = verdicts["covered"] + verdicts["uncovered"] > 0
    rows = verdicts[(verdicts["profile"] == profile) & measured]
    certain = int((rows["covered_least"] == rows["covered_most"]).sum())
    return {
        "roads": QUIET[profile].roads.to_text(result.language),
        "certain": certain,
        "depending": len(rows) - certain,
        "streets": int(ways.loc[ways["profile"] == profile, "way"].nunique()),
    }


def _say_roads(profiles: pd.Series, result: Tables) -> pd.Series:
    return profiles.map({name: one.to_text(result.language) for name, one in ROADS.items()})


def _list_assumptions(result: Tables) -> pd.DataFrame:
    """Lay the low and the high end of each assumption side by side, of region and provinces."""
    bars, keys = result.uncertainty, ["level", "code", "profile", "part"]
    bars = bars[bars["level"].isin(UPPER)]
    ends = bars.pivot_table(index=keys, columns="end", values="share", aggfunc="first")
    parts = list(dict.fromkeys(bars["part"]))
    table = ends.reindex(columns=["low", "high"]).reset_index()
    own = result.coverage
    own = own[(own["band"] == ALL_BANDS) & (own["scenario"] == "central")]
    central = own.set_index(["level", "code", "profile"])["share"]
    at = pd.MultiIndex.from_frame(table[["level", "code", "profile"]])
    table = table.assign(
        area=name_areas(table, result),
        roads=_say_roads(table["profile"], result),
        part=table["part"].map(
            result.words.list_below("assumption") | result.words.list_below("sureness.part")
        ),
        share_at_low=table["low"],
        share=central.reindex(at).to_numpy(),
        share_at_high=table["high"],
        spread=(100 * (table["high"] - table["low"])).round(9),
        rank=rank_places(table),
        over=table["profile"].map({name: at for at, name in enumerate(ROADS)}),
        order=table["part"].map(parts.index),
    ).sort_values(["rank", "over", "order"])
    names = ["area", "roads", "part", "share_at_low", "share", "share_at_high", "spread"]
    return table[names].reset_index(drop=True)


def _list_verdicts(result: Tables) -> pd.DataFrame | None:
    """Say of each municipality whether its share over quiet roads stands."""
    verdicts, words = result.verdicts, result.words
    if verdicts is None:
        return None
    measured = verdicts["covered"] + verdicts["uncovered"]
    stands = verdicts["covered_least"] == verdicts["covered_most"]
    told = [
        words("sureness.nobody")
        if not some
        else words("sureness.stands")
        if one
        else words.say_count("sureness.depends", ways)
        for one, some, ways in zip(stands, measured > 0, verdicts["ways"], strict=True)
    ]
    shares = {
        f"share_{end}": verdicts[column] / measured.where(measured > 0)
        for end, column in (
            ("least", "covered_least"),
            ("measured", "covered"),
            ("most", "covered_most"),
        )
    }
    table = verdicts[["nis_code", "name"]].assign(
        roads=_say_roads(verdicts["profile"], result), **shares, ways=verdicts["ways"], verdict=told
    )
    return _by_town(table, result)


def _list_streets(result: Tables) -> pd.DataFrame | None:
    """List the streets on which those shares depend: whoever tags them settles the figure."""
    ways = result.to_check
    if ways is None:
        return None
    table = ways[["nis_code", "name"]].assign(
        roads=_say_roads(ways["profile"], result),
        street=ways["street"],
        untagged=ways["untagged"].str.replace(";", ", "),
        metres=ways["metres"],
        of_street=ways["children"],
        way=ways["way"].astype(str),
    )
    return _by_town(table, result)


def _by_town(table: pd.DataFrame, result: Tables) -> pd.DataFrame:
    """Put rows of municipalities below each other by province and name, the province first."""
    provinces = result.table("annex-1-municipalities").set_index("nis_code")["province"]
    table.insert(0, "province", provinces.reindex(table["nis_code"]).to_numpy())
    by = table.assign(
        province=table["province"].map(PROVINCES.index), name=table["name"].map(sort_key)
    )
    order = by.sort_values(["province", "name", "nis_code"], kind="stable").index
    return table.loc[order].reset_index(drop=True)


def _take_times(result: Tables, level: str, convention: str, profile: str) -> pd.DataFrame:
    times = result.times
    rows = times[(times["level"] == level) & (times["band"] == ALL_BANDS)]
    rows = rows[(rows["convention"] == convention) & (rows["profile"] == profile)]
    return rows.set_index("code")


def _list_minutes(result: Tables) -> pd.DataFrame | None:
    """Give the share by each minute: of all over each kind of roads, of the provinces over all."""
    words, columns = result.words, [share_column(minute) for minute in MINUTES]
    place = result.text.name_place(None)
    found: dict[str, Any] = {"minute": [str(minute) for minute in MINUTES]}
    for profile in ("all", *QUIET):
        rows = _take_times(result, "region", STUDY, profile)
        if len(rows):
            roads = ROADS[profile].to_text(result.language)
            found[f"share_by_{place}, {roads}"] = rows[columns].to_numpy(np.float64)[0]
    provinces = _take_times(result, "province", STUDY, "all")
    for name in (one for one in PROVINCES if len(provinces) > 1 and one in provinces.index):
        called = province_name(name, words, result.partly_provinces)
        found[f"share_by_{called}"] = provinces.loc[name, columns].to_numpy(np.float64)
    flat = _take_times(result, "region", FLAT.name, "all")
    if len(flat) and not result.study.travel.on_foot:
        found[f"share_by_{words('sureness.flat', place=place, **flat_words(result))}"] = flat[
            columns
        ].to_numpy(np.float64)[0]
    table = pd.DataFrame(found)
    shares = table.columns[1:]
    return table if table[shares].notna().any(axis=None) else None


def flat_words(result: Tables) -> dict[str, str]:
    """Give the figures of the fixed convention: speed and distance."""
    km = FLAT.speed_kmh * FLAT.cutoff_min / 60
    return {
        "kmh": format_number(FLAT.speed_kmh, result.language),
        "km": format_number(km, result.language),
    }


def _list_conventions(result: Tables) -> pd.DataFrame | None:
    """Lay the fixed convention beside the study's own, of each place; it is of bicycles."""
    if result.study.travel.on_foot:
        return None
    rows, levels = [], (*UPPER, "municipality")
    for level in levels:
        ours, flat = (_take_times(result, level, one, "all") for one in (STUDY, FLAT.name))
        flat = flat.reindex(ours.index)
        measured = ours["measured"].where(ours["measured"] > 0)
        share = 1 - ours["within_0"] / measured
        fixed = flat[share_column(round(FLAT.cutoff_min))]
        table = pd.DataFrame(
            {
                "level": level,
                "code": ours.index,
                "called": ours["name"],
                "of_all": ours["children"],
                "share": share,
                "share_flat": fixed,
                "spread": (100 * (fixed - share)).round(9),
                "median_min": ours["nearest_median_min"],
                "median_flat": flat["nearest_median_min"],
            }
        ).reset_index(drop=True)
        if level != "municipality":
            table = table.assign(called=name_areas(table, result), rank=rank_places(table))
            table = table.sort_values("rank").drop(columns="rank")
        else:
            table = table.assign(name=table["called"].map(sort_key)).sort_values(["name", "code"])
            table = table.drop(columns="name")
        rows.append(table)
    table = pd.concat(rows, ignore_index=True)
    words = result.words
    named = {level: words(f"sureness.level.{level}") for level in levels}
    return table.assign(level=table["level"].map(named)).drop(columns="code")
