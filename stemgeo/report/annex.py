"""The tables of an answer: annex 1 (municipalities) and annex 8 (gaps and candidates).

Every figure is one of the result's own tables, to its last decimal; nothing is reckoned again
but a percentage, and sums of academies over municipalities.
"""

from __future__ import annotations

import datetime as dt
import shutil
import unicodedata
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from stemgeo.coverage import ALL_BANDS, REGION, keep_counted, lay_side_by_side
from stemgeo.inputs.provenance import say_licence
from stemgeo.maps.series import find_partly_measured
from stemgeo.maps.text import (
    name_gap_places,
    name_parts_in,
    province_name,
    say_gap_reason,
    say_reason,
)
from stemgeo.profiles import QUIET, ROADS
from stemgeo.recognition import Standing, list_days
from stemgeo.report.accounts import keep_held, list_event_towns, sum_participants
from stemgeo.report.files import write_csv
from stemgeo.report.imprint import say_role
from stemgeo.report.spreadsheet import (
    Column,
    Frame,
    TableSheet,
    write_spreadsheet_csv,
    write_workbook,
)
from stemgeo.report.summary import (
    say_ages,
    say_changes,
    say_gaps,
    say_meanings,
    say_placing,
    say_speeds,
    say_yes_or_no,
)
from stemgeo.speech import format_day, format_number
from stemgeo.study import PROVINCES
from stemgeo.subsidy import CENTS, find_rules, place_costs_cents
from stemgeo.tables import check_table, list_kinds, order_columns
from stemgeo.texts import load_texts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from stemgeo.report.outcome import Tables, WrittenPlan
    from stemgeo.report.variant import MeasuredPlan
    from stemgeo.tables import Kind

ABOUT = ("municipalities", "flanders", *PROVINCES, "gaps", "map", "sureness", "years")
"""What annexes 1 to 11 are about, in their order: that of the ministry, and what is behind it."""
MUNICIPALITIES, GAPS, SURENESS, YEARS = 1, 8, 10, 11
"""Numbers of the annexes that are tables."""
KINDS: dict[str, Kind] = {
    **list_kinds("answer-municipalities"),
    **list_kinds("gap-municipalities"),
    **list_kinds("candidate-municipalities"),
    **dict.fromkeys(("area", "remark", "ages", "sex", "roads", "gap_id", "provinces"), "text"),
    **dict.fromkeys(("places", "academy", "academy_id", "topic", "text"), "text"),
    **dict.fromkeys(("role", "file", "source", "licence"), "text"),
    **dict.fromkeys(("year", "target_year", "measured_year", "target", "status"), "text"),
    **dict.fromkeys(("what", "figure", "facility", "organisation", "town"), "text"),
    **dict.fromkeys(("plan_places", "place_name", "of_register"), "text"),
    **dict.fromkeys(("valid_from", "valid_until"), "date"),
    **dict.fromkeys(("part", "verdict", "street", "untagged", "way", "minute"), "text"),
    **dict.fromkeys(("level", "called"), "text"),
    **dict.fromkeys(("share_at_low", "share_at_high", "share_least", "share_measured"), "share"),
    **dict.fromkeys(("share_most", "share_flat", "share_after"), "share"),
    **dict.fromkeys(("spread", "median_flat"), "decimal"),
    "points": "decimal",
    **dict.fromkeys(("target_share", "figure_share"), "share"),
    "median_min": "decimal",
    "date": "date",
}
"""How a column is shown; one that is not here holds whole numbers."""
WIDEST = {"text": 110, "reason": 60, "source": 60}


def annex_stem(number: int, language: str, *, of_area: bool = False) -> str:
    """Give the name of an annex's files, without what tells their format.

    Parameters
    ----------
    number
        1 to 11.
    language
        "nl", "en" or "fr".
    of_area
        Whether the study is of an area, not of all of Flanders.

    Returns
    -------
    str
        "bijlage-3-limburg": made of fixed words, never of data.
    """
    about, words = ABOUT[number - 1], load_texts(language)
    about = "area" if of_area and about == "flanders" else about
    named = about.lower() if about in PROVINCES else words(f"file.{about}")
    return f"{words('file.annex')}-{number}-{named}"


@dataclass(frozen=True)
class Beside:
    """What is laid beside a result: a plan for its study, one that was measured, an earlier one."""

    plan: WrittenPlan | None = None
    before: Tables | None = None
    variant: MeasuredPlan | None = None

    @cached_property
    def shares(self) -> pd.DataFrame:
        """The shares of each place, by level and code: `share_before`, `share_planned`."""
        parts: dict[str, pd.Series] = {}
        if self.before is not None:
            figures = lay_side_by_side(self.before.table("coverage"), "answer-municipalities")
            parts["share_before"] = figures["share"]
        if self.plan is not None:
            parts["share_planned"] = _add_up_shares(self.plan.table("plan-municipalities"))
        if self.variant is not None:
            parts["share_planned"] = self.variant.shares()
        return pd.DataFrame(parts)

    def add_shares(self, table: pd.DataFrame, keys: Sequence[tuple[str, str]]) -> pd.DataFrame:
        """Lay them behind a table, with the change of its `share` where it has one.

        Parameters
        ----------
        table
            Rows of places.
        keys
            Level and code of each row.
        """
        rows = self.shares.reindex(pd.MultiIndex.from_tuples(keys, names=["level", "code"]))
        told = {name: rows[name].to_numpy(np.float64) for name in rows}
        if "share_before" in told and "share" in table:
            change = table["share"].to_numpy(np.float64) - told["share_before"]
            told["points"] = (100 * change).round(9)
        return table.assign(
            **{
                name: told[name]
                for name in ("share_before", "points", "share_planned")
                if name in told
            }
        )

    def list_notes(self, result: Tables) -> list[tuple[str, str]]:
        """Say of what they are, each below the name of its label."""
        words, told = result.words, []
        if self.before is not None:
            told.append(
                ("before", words.join_series([self.before.text.title, self.before.text.date]))
            )
        if self.plan is not None:
            roads = ROADS[self.plan.profile].to_text(words.language)
            count = words.say_count("plan.places", len(self.plan.table("plan")))
            told.append(("plan", words("annex.with_plan", places=count, roads=roads)))
        if self.variant is not None:
            told.append(("plan", say_changes(self.variant.places, words)))
        return told


def _add_up_shares(towns: pd.DataFrame) -> pd.Series:
    """Give the share of each municipality and province, and of all, with a plan."""
    counted = towns[["covered", "uncovered"]]
    parts = {
        "municipality": counted.set_axis(towns["nis_code"]),
        "province": counted.groupby(towns["province"].to_numpy()).sum(),
        "region": counted.sum().to_frame(REGION[0]).T,
    }
    sums = pd.concat(parts, names=["level", "code"])
    measured = sums["covered"] + sums["uncovered"]
    return sums["covered"] / measured.where(measured > 0)


def write_municipalities(result: Tables, place: Path, beside: Beside = Beside()) -> list[Path]:
    """Write annex 1: both measures by municipality, a sheet for each province.

    Parameters
    ----------
    result
        Of `stemgeo run`; headings and texts are in its language.
    place
        A folder that is there.
    beside
        What more columns come of.

    Returns
    -------
    list of Path
        The workbook; the municipalities as CSV for a Belgian spreadsheet; the same for programs
        (the table `answer-municipalities` of the data dictionary, in a folder of its own).

    Raises
    ------
    ResultError
        If the folder holds no result of a run, or a file of it is missing or was changed.
    """
    language = result.language
    figures = lay_side_by_side(result.table("coverage"), "answer-municipalities")
    towns = _list_towns(result.table("annex-1-municipalities"), figures)
    areas = _list_areas(towns, figures, result)
    towns = beside.add_shares(towns, [("municipality", code) for code in towns["nis_code"]])
    areas = beside.add_shares(areas, list(areas.index))
    by_province = {name: towns[towns["province"] == name] for name in _list_provinces(towns)}
    tables = {
        "totals": _add_remarks(areas, result),
        "groups": _add_remarks(_list_groups(areas, result), result),
        "group_towns": _list_town_groups(towns, result),
        "register": _list_register(result),
        **_list_participants(result),
        **_list_events(result),
        **{
            name: _add_remarks(_add_total(part, areas.loc[[("province", name)]], result), result)
            for name, part in by_province.items()
        },
    }
    stem, data = annex_stem(MUNICIPALITIES, language), _make_data_folder(place, language)
    write_csv(
        check_table("answer-municipalities", _build_for_programs(towns)), data / f"{stem}.csv"
    )
    listed = _add_remarks(towns, result).assign(has_academy=_list_yes_or_no(towns, language))
    return [
        write_book(
            result,
            place / f"{stem}.xlsx",
            {name: table for name, table in tables.items() if len(table) or name != "register"},
            totals=("totals", *by_province),
            told=beside.list_notes(result),
        ),
        write_spreadsheet_csv(place / f"{stem}.csv", *_split_table(result, listed)),
        data / f"{stem}.csv",
    ]


def write_gaps(result: Tables, place: Path, beside: Beside = Beside()) -> list[Path]:
    """Write annex 8: gaps over all roads and over quiet ones, and candidate municipalities.

    Parameters
    ----------
    result, place, beside
        As for `write_municipalities`.

    Returns
    -------
    list of Path
        The workbook; gaps and candidates as CSV for a Belgian spreadsheet; and, in the folder for
        programs, the result's own tables, byte for byte: gaps, their municipalities, candidates.

    Raises
    ------
    ResultError
        As for `write_municipalities`.
    """
    language = result.language
    gaps = result.table("gaps")
    shown = {
        name: _list_gaps(gaps[gaps["profile"] == name], result) for name in ("all", "low_stress")
    }
    of_gaps = result.table("gap-municipalities").rename(columns={"uncovered": "of_gap"})
    of_gaps = beside.add_shares(of_gaps, [("municipality", one) for one in of_gaps["nis_code"]])
    ranked = result.table("candidate-municipalities")
    keys = [("municipality", one) for one in ranked["nis_code"]]
    candidates = _list_candidates(ranked, result)
    candidates = _put_before(beside.add_shares(candidates, keys), "remark")
    if beside.plan is not None:
        shown = {name: _add_plan_places(one, result, beside.plan) for name, one in shown.items()}
    tables = {
        "gaps": shown["all"].rename(columns={"uncovered": "late"}),
        "quiet_gaps": shown["low_stress"].rename(columns={"uncovered": "late_low_stress"}),
        "gap_places": of_gaps,
        "candidates": candidates,
    }
    if "low_stress" not in result.profiles:
        del tables["quiet_gaps"]
    if beside.plan is not None and len(beside.plan.places):
        tables["plan"] = _list_plan(beside.plan)
    said = say_gaps(gaps, result.table("coverage"), result.study.gaps.min_children, language)
    told = [("gap", line) for line in said]
    told += [("reasons", line) for line in say_meanings(gaps, result.study)]
    stem, last = annex_stem(GAPS, language), load_texts(language)("file.candidates")
    roads = {name: ROADS[name].to_text(language) for name in shown}
    if result.study.straight_line:
        roads["all"] = result.words("annex.line")
    both = pd.concat(
        part.rename(columns={"uncovered": "of_gap"}).assign(roads=roads[name])
        for name, part in shown.items()
    )
    columns = ["roads", *both.columns.drop("roads")]
    return [
        write_book(
            result, place / f"{stem}.xlsx", tables, told=[*told, *beside.list_notes(result)]
        ),
        write_spreadsheet_csv(place / f"{stem}.csv", *_split_table(result, both[columns])),
        write_spreadsheet_csv(
            place / f"{stem}-{last}.csv",
            *_split_table(result, _drop_untold(tables)["candidates"]),
        ),
        *_copy_gaps(result, _make_data_folder(place, language), language),
    ]


def write_book(
    result: Tables,
    path: Path,
    tables: Mapping[str, pd.DataFrame],
    *,
    totals: Collection[str] = (),
    told: Sequence[tuple[str, str]] = (),
    inputs: Sequence[Mapping[str, Any]] | None = None,
) -> Path:
    """Write the workbook of an annex: a sheet for each table, then what explains them.

    Parameters
    ----------
    result
        Whose language, day and place it is of.
    path
        Of the file.
    tables
        By the name of their sheet.
    totals
        The sheets of which the last row is a total.
    told
        What else the notes say, below the name of its label.
    inputs
        The files that the figures come from; those of the result when not given.
    """
    shown = _drop_untold(tables)
    sheets = [
        _build_sheet(result, name, table, totals=name in totals) for name, table in shown.items()
    ]
    sheets += _build_explanations(result, shown, told, inputs or result.manifest["inputs"])
    return write_workbook(path, sheets, _build_page_frame(result))


# -- what the result says ----------------------------------------------------------------------


def _format_day(result: Tables) -> str:
    return format_day(result.study.about.date, result.language)


# -- annex 1 -----------------------------------------------------------------------------------


def _list_towns(annex: pd.DataFrame, figures: pd.DataFrame) -> pd.DataFrame:
    """List the municipalities: by province, those with an academy first, then by name."""
    known = ["nis_code", "name", "province", "has_academy", "academies", "planned"]
    counted = figures.drop(columns="name").xs("municipality", level="level")
    table = annex[known].join(counted, on="nis_code")
    order = pd.DataFrame(
        {
            "province": table["province"].map(PROVINCES.index),
            "without": ~table["has_academy"],
            "name": table["name"].map(sort_key),
            "nis_code": table["nis_code"],
        }
    ).sort_values(["province", "without", "name", "nis_code"])
    front = ["province", "nis_code", "name"]
    return table.loc[order.index, [*front, *table.columns.drop(front)]].reset_index(drop=True)


def sort_key(name: str) -> str:
    """Give what names are sorted by: capitals, accents and apostrophes do not count."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(mark for mark in letters if mark.isalnum() or mark == " ")


def name_areas(table: pd.DataFrame, result: Tables) -> list[str]:
    """Name the region and the provinces of a table with `level` and `code`."""
    partly = result.partly_provinces
    return [
        province_name(code, result.words, partly)
        if level == "province"
        else result.text.name_place(None)
        for level, code in zip(table["level"], table["code"], strict=True)
    ]


def rank_places(table: pd.DataFrame) -> pd.Series:
    """Give the order of a table by `code`: the region, then the provinces of the ministry."""
    return table["code"].map({name: at for at, name in enumerate(PROVINCES)}).fillna(-1)


def _list_provinces(towns: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(towns["province"]))


def _list_areas(towns: pd.DataFrame, figures: pd.DataFrame, result: Tables) -> pd.DataFrame:
    """Lay out the provinces in their order, and all of them last; by level and code."""
    own = {
        "municipalities": ("nis_code", "size"),
        "with_academy": ("has_academy", "sum"),
        "academies": ("academies", "sum"),
        "planned": ("planned", "sum"),
    }
    wholes, counted = figures.loc[["region"]], keep_counted(towns)
    provinces = _list_provinces(towns)
    keys = [*(("province", name) for name in _list_provinces(towns)), *wholes.index]
    counts = pd.concat(
        [
            counted.groupby(counted["province"], sort=False)
            .agg(**own)
            .reindex(provinces, fill_value=0),
            counted.groupby(lambda _: 0).agg(**own),
        ]
    ).set_axis(pd.MultiIndex.from_tuples(keys))
    rows = figures.loc[keys].drop(columns="name")
    words = result.words
    names = [
        *(province_name(figures["name"]["province", one], words) for one in _list_provinces(towns)),
        result.text.name_place(None),
    ]
    return pd.concat([pd.Series(names, index=rows.index, name="area"), counts, rows], axis=1)


def _add_total(towns: pd.DataFrame, total: pd.DataFrame, result: Tables) -> pd.DataFrame:
    """Put the row of the province itself below its municipalities: no sum made here."""
    language = result.language
    having, every = total[["with_academy", "municipalities"]].to_numpy()[0]
    whole = result.words("annex.of", having=having, every=every)
    whole = say_yes_or_no(having > 0, result.words) if every == 1 else whole
    last = total.assign(name=result.words("annex.total"), nis_code="", has_academy=whole)
    rows = towns.assign(has_academy=_list_yes_or_no(towns, language)).drop(columns="province")
    return pd.concat([rows, last[rows.columns]], ignore_index=True)


def _list_yes_or_no(towns: pd.DataFrame, language: str) -> list[str]:
    return [say_yes_or_no(has, load_texts(language)) for has in towns["has_academy"]]


def _list_groups(areas: pd.DataFrame, result: Tables) -> pd.DataFrame:
    """List ages and sexes of each area, all of them as well."""
    keys = ["level", "code", "band", "sex"]
    counted = result.table("groups")
    rows = counted[counted["level"].isin(["region", "province"])]
    figures = lay_side_by_side(rows, "answer-municipalities", keys)
    words = result.words
    bands = {
        band.name: words("annex.years", ages=_format_ages(band.name, result))
        for band in result.study.travel.bands
    }
    bands[ALL_BANDS] = words("annex.every_age")
    sexes = {
        "all": result.words("annex.both"),
        "F": result.words("annex.f"),
        "M": result.words("annex.m"),
    }
    order = [
        (*area, band, sex)
        for area in areas.index
        for band in bands
        for sex in sexes
        if (*area, band, sex) in figures.index
    ]
    rows = figures.loc[order].drop(columns="name").rename(columns={"children": "of_group"})
    rows.insert(0, "area", [areas.loc[key[:2], "area"] for key in order])
    rows.insert(1, "ages", [bands[key[2]] for key in order])
    rows.insert(2, "sex", [sexes[key[3]] for key in order])
    return rows


def _list_town_groups(towns: pd.DataFrame, result: Tables) -> pd.DataFrame:
    """Lay ages, girls and boys of each municipality side by side: children, and within reach."""
    rows = result.table("groups")
    rows = rows[(rows["level"] == "municipality") & (rows["profile"] == "all")]
    rows = rows[rows["scenario"] == "central"]
    bands = [(band.name, "all") for band in result.study.travel.bands]
    sexes = [(ALL_BANDS, sex) for sex in ("F", "M") if (rows["sex"] == sex).any()]
    table = towns[["province", "nis_code", "name"]].reset_index(drop=True)
    for band, sex in [*(bands if len(bands) > 1 else []), *sexes]:
        mine = rows[(rows["band"] == band) & (rows["sex"] == sex)].set_index("code")
        found = mine[["children", "covered"]].reindex(table["nis_code"])
        called = band if sex == "all" else sex
        for name in found:
            table[f"group_{name}_{called}"] = found[name].to_numpy()
    return table


def _list_register(result: Tables) -> pd.DataFrame:
    """List the academies that count: who runs them, where, for whom, and how long recognised."""
    academies, study = result.table("academies"), result.study
    towns = result.table("annex-1-municipalities").set_index("nis_code")
    start, end = list_days(academies, study.academies)
    words = result.words
    outside = (academies["nis_code"].fillna("") == "").to_numpy()
    by_rule = (academies["valid_until"].isna() & end.notna()).to_numpy()
    cases = [academies["planned"].to_numpy(bool), outside, by_rule]
    said = [words(f"annex.{name}") for name in ("of_plan", "outside", "by_rule")]
    least, most = study.academies.ages
    table = pd.DataFrame(
        {
            "facility": academies["name"],
            "organisation": academies["organisation"],
            "town": towns["name"].reindex(academies["nis_code"]).to_numpy(),
            "province": towns["province"].reindex(academies["nis_code"]).to_numpy(),
            "from_age": academies["min_age"].fillna(least),
            "to_age": academies["max_age"].fillna(most),
            "valid_from": start,
            "valid_until": end,
            "of_register": np.select(cases, said, default=""),
        }
    )
    rank = {name: at for at, name in enumerate(PROVINCES)}
    order = table.assign(
        province=table["province"].map(rank).fillna(len(rank)),
        town=table["town"].fillna("").map(sort_key),
        facility=table["facility"].map(sort_key),
    ).sort_values(["province", "town", "facility"], kind="stable")
    table = table.loc[order.index].reset_index(drop=True)
    may = ("organisation", "valid_from", "valid_until", "of_register")
    none = [one for one in may if _is_blank(table[one])]
    return table.drop(columns=none)


def _list_participants(result: Tables) -> dict[str, pd.DataFrame]:
    """List by municipality who took part in the study's year; no sheet where that is not known."""
    table, year = result.participants, result.study.about.date.year
    rows = table if table is None else table[table["year"] == year]
    if rows is None or rows.empty:
        return {}
    towns = result.table("annex-1-municipalities").set_index("nis_code")
    sums = sum_participants(rows, ["nis_code"])
    sums = sums.astype(object).where(sums.notna(), None)
    listed = pd.DataFrame(
        {
            "town": towns["name"].reindex(sums.index),
            "province": towns["province"].reindex(sums.index),
            "took_part": sums["participants"],
            "took_part_girls": sums["girls"],
            "took_part_boys": sums["boys"],
            "took_part_known": sums["with_sex"],
        }
    )
    if listed["took_part_known"].isna().all():
        listed = listed.drop(columns=["took_part_girls", "took_part_boys", "took_part_known"])
    return {"participants": _by_province_and_town(listed)}


def _by_province_and_town(listed: pd.DataFrame) -> pd.DataFrame:
    rank = {name: at for at, name in enumerate(PROVINCES)}
    order = listed.assign(
        province=listed["province"].map(rank).fillna(len(rank)), town=listed["town"].map(sort_key)
    ).sort_values(["province", "town"], kind="stable")
    return listed.loc[order.index].reset_index(drop=True)


def _list_events(result: Tables) -> dict[str, pd.DataFrame]:
    """List by municipality the events of the study's year; no sheet where none is placed."""
    table, year = result.events, result.study.about.date.year
    if table is None:
        return {}
    counts = list_event_towns(keep_held(table[table["year"] == year]))
    towns = result.table("annex-1-municipalities").set_index("nis_code")
    counts = counts[counts.index.isin(towns.index)]
    named = towns.loc[counts.index, ["name", "province"]].rename(columns={"name": "town"})
    listed = named.join(counts).reset_index(drop=True)
    return {"events": _by_province_and_town(listed)} if len(listed) else {}


def _is_blank(column: pd.Series) -> bool:
    return bool((column.isna() | (column.astype(str) == "")).all())


def _format_ages(band: str, result: Tables) -> str:
    """Write a band as ages: 5 tot en met 8."""
    first, _, last = band.partition("-")
    return result.words("summary.ages", first=first, last=last)


def _add_remarks(table: pd.DataFrame, result: Tables) -> pd.DataFrame:
    """Say in a column of its own where there is no figure, or one that speaks for few."""
    plain = table.rename(columns={"of_group": "children"})
    none = plain["share"].isna().to_numpy()
    nobody = none & (plain["children"] == 0).to_numpy()
    cases = [nobody, none, find_partly_measured(plain)]
    said = [result.words(f"annex.{name}") for name in ("nobody", "none", "few")]
    return table.assign(remark=np.select(cases, said, default=""))


def _build_for_programs(towns: pd.DataFrame) -> pd.DataFrame:
    told = towns.assign(partly_measured=find_partly_measured(towns))
    return order_columns("answer-municipalities", told)


# -- annex 8 -----------------------------------------------------------------------------------


def _list_gaps(gaps: pd.DataFrame, result: Tables) -> pd.DataFrame:
    """Lay out the gaps of one profile, with reasons in words and academies by name."""
    words = result.text.words
    rows = [{str(key): cell for key, cell in row.items()} for row in gaps.to_dict("records")]
    names = result.academy_names
    bands = [f"uncovered_{band.name}" for band in result.study.travel.bands]
    table = gaps[["gap_id", "provinces", "municipalities", "uncovered", *bands]]
    table = table.rename(columns={"municipalities": "count"}).assign(
        median_min=gaps["median_time_s"] / 60,
        reason=[say_gap_reason(row, words, names) for row in rows],
        academy=gaps["nearest_academy_id"].map(names),
        academy_id=gaps["nearest_academy_id"],
    )
    table.insert(1, "places", [name_gap_places(row, words) for row in rows])
    return table


def _add_plan_places(gaps: pd.DataFrame, result: Tables, plan: WrittenPlan) -> pd.DataFrame:
    """Name the places of a plan that lie in each gap, as it is drawn."""
    named = {
        gap: plan.places["name"][plan.places.within(shape)]
        for gap, shape in zip(result.gaps["gap_id"], result.gaps.geometry, strict=True)
    }
    told = [", ".join(named[gap]) if gap in named else "" for gap in gaps["gap_id"]]
    return gaps.assign(plan_places=told)


def _list_plan(plan: WrittenPlan) -> pd.DataFrame:
    """Lay out the places of a plan in their order."""
    table = plan.table("plan")
    names = {"rank": "plan_rank", "name": "place_name", "municipality": "town", "newly": "newly",
             "province": "province", "cost_eur": "place_cost", "share": "share_after"}  # fmt: skip
    shown = table[[*names]].rename(columns=names)
    return shown.drop(columns="place_cost") if shown["place_cost"].isna().all() else shown


def _put_before(table: pd.DataFrame, last: str) -> pd.DataFrame:
    """Put what was laid behind a column before it."""
    return table[[*table.columns.drop(last), last]]


def _list_candidates(table: pd.DataFrame, result: Tables) -> pd.DataFrame:
    """Lay out the candidate municipalities, with the cost of one place in each."""
    words, choice = result.text.words, result.study.subsidy
    place = table[["place_id"]].rename(columns={"place_id": "academy_id"})
    of = find_rules(choice)
    cents = place_costs_cents(place, of, trajectories_per_place=choice.trajectories_per_place)
    shown = table.assign(
        reason=table["reason"].map(lambda name: say_reason(name, words)),
        cost_eur=np.where(table["place_id"].notna(), cents / CENTS, np.nan),
    )
    keys = ["rank", "nis_code", "name", "province", "academies", "children", "uncovered"]
    keys += ["unmeasured", "share", "reason", "place", "adds", "adds_here", "adds_beyond"]
    return _add_remarks(shown[[*keys, "cost_eur"] if of else keys], result)


def _copy_gaps(result: Tables, data: Path, language: str) -> list[Path]:
    """Copy the result's own tables for programs."""
    stem = annex_stem(GAPS, language)
    names = {
        "gaps": stem,
        "gap-municipalities": f"{stem}-{load_texts(language)('file.municipalities')}",
        "candidate-municipalities": f"{stem}-{load_texts(language)('file.candidates')}",
    }
    places = []
    for name, called in names.items():
        source = result.path(f"tables/{name}.csv")
        places.append(shutil.copyfile(source, data / f"{called}.csv"))
    return places


# -- sheets ------------------------------------------------------------------------------------


def _drop_untold(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Leave out the columns for plans and remarks where no table has one to tell of."""
    every = pd.concat(tables.values())
    planned = "planned" in every and every["planned"].sum() > 0
    remarks = "remark" in every and every["remark"].fillna("").ne("").any()
    out = [name for name, told in (("planned", planned), ("remark", remarks)) if not told]
    return {name: table.drop(columns=out, errors="ignore") for name, table in tables.items()}


def _build_sheet(result: Tables, name: str, table: pd.DataFrame, *, totals: int = 0) -> TableSheet:
    """Make a sheet; its name is one of ours, or that of a province."""
    words = result.words
    ours = words.list_below("annex.sheet")
    place = result.text.name_place(name if name in result.whole_provinces else None)
    partly = result.partly_provinces
    if name in partly:
        place = province_name(name, words, partly)
    columns, rows = _split_table(result, table)
    return TableSheet(
        name=ours.get(name, province_name(name, words, partly)),
        title=words(
            f"annex.title.{name if name in ours else 'province'}",
            place=place,
            day=_format_day(result),
            year=result.study.about.date.year,
            rule=_say_rule(result),
        ),
        columns=columns,
        rows=rows,
        totals=int(totals),
        frozen=1 + list(table.columns).index("name") if "name" in table else 1,
    )


def _split_table(result: Tables, table: pd.DataFrame) -> tuple[list[Column], list[list[Any]]]:
    columns = [
        Column(_format_head(result, name), _find_kind(name), WIDEST.get(name, Column.widest))
        for name in map(str, table)
    ]
    for name in ("province", "provinces"):
        if name in table:
            named = [
                _name_provinces(one, result) if isinstance(one, str) else one for one in table[name]
            ]
            table = table.assign(**{name: named})
    for name in ("name", "town"):
        if name in table:
            called = [
                name_parts_in(one, result.words) if isinstance(one, str) else one
                for one in table[name]
            ]
            table = table.assign(**{name: called})
    return columns, table.to_numpy(object).tolist()


def _find_kind(name: str) -> Kind:
    if name.startswith("share_by_"):
        return "share"
    return "text" if name.startswith("status_") else KINDS.get(name, "whole")


def _name_provinces(names: str, result: Tables) -> str:
    words, partly = result.words, result.partly_provinces
    return ", ".join(province_name(one, words, partly) for one in names.split(", "))


def _format_head(result: Tables, name: str) -> str:
    words, profile = result.words, name.removeprefix("share_")
    for start in ("status_", "share_by_"):
        if name.startswith(start):
            return name.removeprefix(start)
    if name.startswith("group_"):
        _, measure, group = name.split("_")
        of = (
            words(f"annex.{group.lower()}")
            if group in ("F", "M")
            else words("annex.years", ages=_format_ages(group, result))
        )
        return words(f"annex.group_{measure}", group=of)
    if name.startswith("uncovered_"):
        return words("head.late_band", band=_format_ages(name.removeprefix("uncovered_"), result))
    if profile in QUIET:
        return words("annex.over_roads", roads=QUIET[profile].roads.to_text(words.language))
    head = words.list_below("head")[name]
    return head.format(**_format_numbers(result)) if "{" in head else head


def _format_numbers(result: Tables) -> dict[str, str]:
    """Give what headings and explanations are filled with."""
    study, language, words = result.study, result.language, result.words
    count = study.subsidy.trajectories_per_place
    own = words("annex.own_cost") if study.inputs.candidates is not None else ""
    standing = Standing.in_area(study, result.table("academies"), language)
    return {
        "ages": say_ages(study),
        "minutes": format_number(study.travel.cutoff_min, language),
        "horizon": format_number(study.travel.horizon_min, language),
        "year": str(study.subsidy.year),
        "day": _format_day(result),
        "rule": _say_rule(result),
        "trajectories": words.say_count("annex.trajectories", count),
        "own_cost": own,
        "recognised": standing.say_many(
            _format_day(result), or_planned=study.inputs.plan is not None
        ),
    }


def _say_rule(result: Tables) -> str:
    return result.words(f"summary.rank_{result.study.gaps.rank_by}")


def _build_explanations(
    result: Tables,
    tables: Mapping[str, pd.DataFrame],
    told: Sequence[tuple[str, str]],
    inputs: Sequence[Mapping[str, Any]],
) -> list[TableSheet]:
    """Make the sheets of notes and of sources."""
    keys = dict.fromkeys(str(key) for table in tables.values() for key in table)
    words = result.words
    columns = [Column(words(f"head.{name}"), "text", WIDEST.get(name, Column.widest))
               for name in ("topic", "text")]  # fmt: skip
    said = [(words(f"annex.label.{label}"), line) for label, line in told]
    rows = [*_explain_method(result), *said]
    rows += [*_explain_columns(result, keys), *_list_closing(result)]
    notes = TableSheet(
        result.words("annex.sheet.notes"),
        result.words("annex.title.notes"),
        columns,
        rows,
    )
    return [notes, _build_sources(result, inputs)]


def _explain_method(result: Tables) -> list[tuple[str, str]]:
    """Say what was measured and how, in a paragraph each."""
    words, study, numbers = result.words, result.study, _format_numbers(result)
    method = result.table("sensitivity")["method"].iloc[0]
    ride = words("annex.straight") if study.straight_line else words("annex.roads")
    placed = say_placing(method, result.table("placement"), result.language)
    lines = {
        "study": result.text.title,
        "notice": result.text.notice,
        "caution": result.text.method_note,
        "dates": result.text.date,
        "measure": f"{result.text.heading}. {words('annex.measure_text', **numbers)}",
        "method": words("annex.method_text", placed=placed, ride=ride),
        "speed": say_speeds(study),
    }
    return [(words(f"annex.label.{name}"), line) for name, line in lines.items() if line]


def _explain_columns(result: Tables, keys: Iterable[str]) -> list[tuple[str, str]]:
    """Explain the columns whose heading leaves something unsaid."""
    words, numbers = result.words, _format_numbers(result)
    known = words.list_below("meaning")
    kept = {f"share_{name}": one.kept.to_text(words.language) for name, one in QUIET.items()}
    known |= {key: words("annex.only_over", kept=one) for key, one in kept.items()}
    return [
        (words("annex.label.column", head=_format_head(result, key)), known[key].format(**numbers))
        for key in keys
        if key in known
    ]


def _list_closing(result: Tables) -> list[tuple[str, str]]:
    """Give the attribution and the notes of the run."""
    words = result.words
    return [
        (words("annex.label.credit"), result.text.source),
        *((words("annex.label.note"), one.to_text(result.language)) for one in result.notes),
    ]


def _build_sources(result: Tables, inputs: Sequence[Mapping[str, Any]]) -> TableSheet:
    """List the files that the figures come from."""
    rows, nobody = [], result.words("annex.no_source")
    for item in inputs:
        date = dt.date.fromisoformat(item["date"]) if item["date"] else None
        named, source = say_role(item["role"], result.language), item["source"] or nobody
        licence = say_licence(item["licence"]).to_text(result.language)
        rows.append([named, source, licence, date, item["name"]])
    table = pd.DataFrame(rows, columns=["role", "source", "licence", "date", "file"], dtype=object)
    return _build_sheet(result, "sources", table)


def _build_page_frame(result: Tables) -> Frame:
    return Frame(
        title=result.text.title,
        cautions=result.text.cautions,
        day=result.study.about.date,
        page=partial(result.words, "annex.page"),
        cut=result.words("annex.cut"),
    )


def _make_data_folder(place: Path, language: str) -> Path:
    folder = place / load_texts(language)("file.data")
    folder.mkdir(exist_ok=True)
    return folder
