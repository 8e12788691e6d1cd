"""The figures of an answer: what a template can name, each from a table of a written result.

Values are raw (numbers, shares from 0 to 1, dates, seconds): templates say how they are written.
`docs/answer.md` lists them.
"""

from __future__ import annotations

import datetime as dt
import math
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import pandas as pd

from stemgeo import subsidy
from stemgeo.coverage import ALL_BANDS, REGION, keep_counted, lay_side_by_side
from stemgeo.errors import Problem, ResultError
from stemgeo.inputs.plan import NEW
from stemgeo.maps.series import find_partly_measured
from stemgeo.maps.text import (
    define_reasons,
    name_gap_places,
    name_link_kind,
    name_parts_in,
    province_name,
    say_gap_reason,
    say_reason,
)
from stemgeo.profiles import QUIET
from stemgeo.reasons import REASONS
from stemgeo.recognition import Standing, keep_own
from stemgeo.report.accounts import (
    OF_NO_FIGURE,
    gather_budget,
    gather_events,
    gather_participants,
    gather_question,
    gather_reported,
    list_sources,
)
from stemgeo.report.bridge import Explanation, gather_bridge
from stemgeo.report.comparison import compare
from stemgeo.report.filling import refuse_unplain
from stemgeo.report.outcome import Tables, WrittenLinks, WrittenPlan, WrittenTrend
from stemgeo.report.overview import gather_targets, gather_trend, judge_targets
from stemgeo.report.summary import find_both_ways, say_ages, say_changes, say_placing
from stemgeo.report.sureness import gather_sureness
from stemgeo.report.variant import MeasuredPlan, gather_variant, list_unlike
from stemgeo.study import PROVINCES
from stemgeo.tables import MEASURES, SURFACE, list_sides

if TYPE_CHECKING:
    from collections.abc import Hashable
    from pathlib import Path

    Row = dict[str, Any]

_WIDE = "answer-municipalities"
"""The table whose columns of coverage a template can name."""
OF_QUIET = {"low_stress": "quiet", "quiet_1": "quiet_1"}
"""What templates call the counts of a place over the roads of each profile of quiet roads."""

NAMED = 10
"""Gaps and candidate municipalities that a template gets; the annex has all."""
_ASKED = (
    *("study.date", "study.title", "study.notice", "output.", "inputs.academies", "targets."),
    *("annex.", *OF_NO_FIGURE),
)
"""What differs between two years because they are two years, or changes no figure."""


class Source(Tables):
    """A written result, with the counts of its region and provinces by their keys."""

    @cached_property
    def counts_by_key(self) -> dict[tuple[str, ...], Row]:
        """The measures of region and provinces, by level, code, band and profile."""
        table, keys = self.table("coverage"), ["level", "code", "band"]
        table = table[table["level"].isin(["region", "province"])]
        parts = [
            lay_side_by_side(table, _WIDE, keys, profile=one).reset_index().assign(profile=one)
            for one in self.profiles
        ]
        rows = [_name_keys(row) for part in parts for row in part.to_dict("records")]
        return {tuple(str(row[key]) for key in (*keys, "profile")): row for row in rows}

    def refuse_table(self, table: str, what: str) -> NoReturn:
        """Refuse a table that fits its schema and yet tells no whole result."""
        raise ResultError(Problem(f"{self.folder}/tables/{table}.csv", what, "run it again"))

    def find_counts(self, level: str, code: str, band: str = ALL_BANDS) -> Row:
        """Give the counts of a place: central, the range, and on quiet roads where measured.

        Parameters
        ----------
        level, code
            Of the place.
        band
            Which ages.
        """
        every = self._find_row(level, code, band, "all")
        found = {
            name: every[name] for name, (*_, roads) in list_sides(_WIDE).items() if roads == "all"
        }
        found["measured"] = found["covered"] + found["uncovered"]
        found["partly"] = bool(find_partly_measured(pd.DataFrame([found]))[0])
        for profile, name in OF_QUIET.items():
            there = profile in self.profiles
            row = self._find_row(level, code, band, profile) if there else {}
            found[name] = {one: row[one] for one in MEASURES} if there else None
        return found

    def _find_row(self, *key: str) -> Row:
        row = self.counts_by_key.get(key, {})
        # Of a speed that has no row the counts are no numbers.
        if not row or any(pd.isna(row[name]) for name in row if not name.startswith("share")):
            self.refuse_table("coverage", f"has no row of {', '.join(key)} at each speed")
        return row


def gather_figures(
    source: Source,
    *,
    plan: WrittenPlan | Path | None = None,
    variant: MeasuredPlan | None = None,
    before: Tables | Path | None = None,
    trend: WrittenTrend | Path | None = None,
    links: WrittenLinks | None = None,
    why: Explanation | None = None,
) -> dict[str, Any]:
    """Gather all that a template can name.

    Parameters
    ----------
    source
        The result.
    plan
        For the same study, in its folder.
    variant
        A plan that was measured with the same study.
    before
        A result of the year before: gives its shares.
    trend
        Of the same study: gives the overview by year.
    links
        Of the same study: which changes of roads bring most.
    why
        The bridge from an earlier study to this one.

    Raises
    ------
    ResultError
        If a table was changed, or the plan is of other inputs.
    """
    made = None if plan is None else WrittenPlan.from_given(plan)
    told = _gather_all(source, made, None if before is None else Tables.from_given(before))
    told["variant"] = gather_variant(variant, source.words) if variant else None
    told["links"] = gather_links(source, links) if links else None
    told["why"] = gather_bridge(why, source) if why else None
    years = None if trend is None else WrittenTrend.from_given(trend, source.language)
    told["trend"] = gather_trend(source, years) if years else None
    judged = judge_targets(source.study.targets, source, years)
    told["targets"] = gather_targets(judged, source.words)
    return {name: make_plain(value, name) for name, value in told.items()}


def make_plain(value: Any, name: str) -> Any:
    """Make a value of a table a plain one of Python's: a template is handed nothing that can act.

    Raises
    ------
    ResultError
        If it is of any other kind than a template may hold.
    """
    if isinstance(value, dict):
        return {str(key): make_plain(one, f"{name}.{key}") for key, one in value.items()}
    if isinstance(value, list):
        return [make_plain(one, f"{name}[{place}]") for place, one in enumerate(value)]
    told = value.item() if isinstance(value, np.generic) else value
    refuse_unplain(told, name)
    return told


def _gather_all(source: Source, plan: WrittenPlan | None, before: Tables | None) -> dict[str, Any]:
    study, text = source.study, source.text
    towns = source.table("annex-1-municipalities")
    provinces = [name for name in PROVINCES if name in set(towns["province"])]
    named = {one: name_province(source, one) for one in provinces}
    return {
        "question": gather_question(source),
        "reported": gather_reported(source, named),
        "participants": gather_participants(source, named),
        "budget": gather_budget(source),
        "events": gather_events(source, named),
        "study": {
            "title": text.title,
            "notice": text.notice,
            "caution": text.method_note,
            "dates": text.date,
            "date": study.about.date,
            "year": str(study.about.date.year),
            "plan": _say_own_plan(source),
            "ages": say_ages(study),
            "minutes": study.travel.cutoff_min,
            "horizon_min": study.travel.horizon_min,
            "whole": not text.region,
        },
        "region": _gather_place(source, "region", REGION[0], text.name_place(None)),
        "provinces": [
            _gather_place(source, "province", one, name_province(source, one)) for one in provinces
        ],
        "year_before": _gather_year_before(source),
        "bands": [
            {"ages": say_ages(study, band), **source.find_counts("region", REGION[0], band.name)}
            for band in study.travel.bands
        ],
        "sexes": _gather_sexes(source),
        "register": _gather_register(source),
        "gaps": _gather_gaps(source, "all"),
        "quiet_gaps": _gather_gaps(source, "low_stress"),
        "candidates": _gather_candidates(source),
        "subsidy": _gather_subsidy(source),
        "plan": _gather_plan(source, plan) if plan else None,
        "before": _gather_before(source, before) if before else None,
        "method": _gather_method(source),
        "sure": gather_sureness(source),
        "word": source.words.forms,
        "sources": [*text.source.split(source.words("list.series")), *list_sources(source)],
    }


def _gather_place(source: Source, level: str, code: str, name: str) -> Row:
    """Lay both measures of a region or province side by side."""
    rows, changes = source.table("annex-1-municipalities"), source.table("changes")
    if level == "province":
        rows, changes = rows[rows["province"] == code], changes[changes["province"] == code]
    return {
        "name": name,
        "municipalities": len(keep_counted(rows)),
        "with_academy": int(rows["has_academy"].sum()),
        "academies": int(rows["academies"].sum()),
        "planned": int(rows["planned"].sum()),
        "recognised": int(changes["has_academy"].sum()),
        "recognised_before": int(changes["had_academy"].sum()),
        **{
            key: [
                name_parts_in(name, source.words)
                for name in changes.loc[changes["status"] == status, "name"].sort_values()
            ]
            for key, status in (("won", "new"), ("lost", "lost"))
        },
        **source.find_counts(level, code),
    }


def name_province(source: Source, province: str) -> str:
    """Name a province in the language of a result, and say of which it has but a part."""
    return province_name(province, source.words, source.partly_provinces)


def _gather_register(source: Source) -> Row:
    """Say how the academies that count may be called; see `recognition.Standing`."""
    standing = Standing.in_area(source.study, source.table("academies"), source.language)
    return {
        "academies": standing.academies,
        "undated": standing.undated,
        "dated": standing.dated,
        "some": standing.some,
        "one": standing.some_one,
        "behind": standing.register,
        "unknown": standing.unknown,
    }


def _gather_year_before(source: Source) -> Row:
    """Say of which day the year before is, and how many academies have no dates to go by."""
    own = keep_own(source.study, source.table("academies"))
    standing = Standing.from_academies(own, source.language)
    today = source.study.about.date
    # Of academies that are gone a municipality that lost its own still tells.
    changes = source.table("changes")
    moved = bool((changes["has_academy"] != changes["had_academy"]).any())
    return {
        "date": source.study.day_in(today.year - 1),
        "academies": standing.academies,
        "undated": standing.undated,
        "known": moved or standing.undated < standing.academies,
    }


def _gather_sexes(source: Source) -> Row | None:
    """Give the shares of girls and boys, where the population tells them apart."""
    rows = source.table("groups")
    rows = rows[(rows["level"] == "region") & (rows["band"] == ALL_BANDS)]
    rows = rows[(rows["scenario"] == "central") & (rows["profile"] == "all")]
    shares = rows.set_index("sex")["share"]
    return {"girls": shares["F"], "boys": shares["M"]} if {"F", "M"} <= set(shares.index) else None


def _gather_gaps(source: Source, profile: str) -> Row | None:
    """Count the gaps of one kind of roads, why they are, and name the largest."""
    if profile not in source.profiles:
        return None
    words, rules = source.words, source.study.gaps
    table = source.table("gaps")
    table = table[table["profile"] == profile]
    region = source.find_counts("region", REGION[0])
    due = region["uncovered"]
    if profile in OF_QUIET:
        due = region["covered"] - region[OF_QUIET[profile]]["covered"]
    inside = int(table["uncovered"].sum())
    sums = {name: int(table[f"children_{name}"].sum()) for name in REASONS}
    meanings = define_reasons(REASONS, source.study, words)
    return {
        "count": len(table),
        "children": inside,
        "elsewhere": due - inside,
        "due": due,
        "min_children": rules.min_children,
        "drawn": source.text.outline_note if source.study.method == "grid" else "",
        "reasons": [
            {"why": say_reason(name, words), "meaning": meanings[name], "children": count}
            for name, count in sorted(sums.items(), key=lambda item: -item[1])
            if count
        ],
        "largest": [
            _gather_gap(_name_keys(row), source) for row in table.head(NAMED).to_dict("records")
        ],
    }


def _name_keys(row: dict[Hashable, Any]) -> Row:
    return {str(name): value for name, value in row.items()}


def _gather_gap(gap: Row, source: Source) -> Row:
    words = source.words
    median = float(gap["median_time_s"])
    return {
        "id": gap["gap_id"],
        "places": name_gap_places(gap, words),
        "children": int(gap["uncovered"]),
        "median_s": None if math.isnan(median) else median,
        "why": say_gap_reason(gap, words, source.academy_names),
    }


def _gather_candidates(source: Source) -> Row:
    """Name the municipalities where one academy more would add most, in the order of the study."""
    table = source.table("candidate-municipalities")
    names = ["name", "province", "uncovered", "share", "has_academy", "adds", "adds_here", "partly"]
    named = table["province"].map(lambda one: name_province(source, one), na_action="ignore")
    called = table["name"].map(lambda one: name_parts_in(one, source.words), na_action="ignore")
    table = table.assign(province=named, name=called, partly=find_partly_measured(table))
    rows = [dict(zip(names, row, strict=True)) for row in table[names].to_numpy().tolist()]
    return {"count": len(table), "rank_by": source.study.gaps.rank_by, "first": rows[:NAMED]}


def _gather_subsidy(source: Source) -> Row | None:
    """Say what the register costs, and a place more, under the rules of the study's year."""
    choice = source.study.subsidy
    of = subsidy.find_rules(choice)
    if of is None:
        return None
    sums = subsidy.add_up_amounts(source.table("subsidy"), of)
    return {
        "year": str(of.year),
        "amount_eur": sums.amount_eur,
        "envelope_eur": sums.envelope_eur,
        "left_eur": sums.left_eur,
        "over_eur": max(-sums.left_eur, 0),
        "place_eur": _price_new_place(of, choice.trajectories_per_place),
        "trajectories": choice.trajectories_per_place,
    }


@cache
def _price_new_place(of: subsidy.SubsidyRules, trajectories: int) -> float:
    """Say what one place costs that comes beside no other, in euro."""
    place = pd.DataFrame({"academy_id": ["new"]})
    costs = subsidy.place_costs_cents(place, of, trajectories_per_place=trajectories)
    return int(costs[0]) / subsidy.CENTS


def _say_own_plan(source: Source) -> str:
    """Say what the plan of the result itself does, where it does more than open places."""
    changes = source.plan_changes
    if changes is None or (changes["change"] == NEW).all():
        return ""
    return say_changes(changes, source.words)


def _gather_plan(source: Source, plan: WrittenPlan) -> Row:
    """Say what the places of a plan add together, and cost."""
    made = plan.manifest
    refuse_other_plan(source, plan)
    places, grown = plan.table("plan"), plan.table("plan-provinces")
    start = grown.loc[grown["rank"] == 0, ["covered", "measured"]].sum()
    provinces = [name_province(source, one) for one in places["province"]]
    places = places.assign(province=provinces)
    names = ["rank", "name", "municipality", "province", "newly", "cost_eur", "share"]
    profile = made["study"]["siting"]["profile"]
    return {
        "count": len(places),
        "adds": int(places["newly"].sum()),
        "share_before": start["covered"] / start["measured"],
        "share": places["share"].iloc[-1] if len(places) else start["covered"] / start["measured"],
        "cost_eur": made["cost"]["total_eur"],
        "suffices": made["cost"]["suffices"],
        "quiet": QUIET[profile].roads.to_text(source.language) if profile in QUIET else "",
        "proven": made["solution"]["proven_optimal"],
        "candidates": made["solution"]["candidates"],
        "places": [dict(zip(names, row, strict=True)) for row in places[names].to_numpy().tolist()],
    }


def refuse_other_plan(result: Tables, plan: WrittenPlan) -> None:
    """Refuse a plan for other children, roads or academies than the result counts.

    Nor does one go along that does not begin with the children that the result has within reach:
    so it is where the result counts planned places, perhaps these very ones.

    Raises
    ------
    ResultError
        Saying what differs.
    """
    if found := list_unlike(result.manifest, plan.manifest):
        what = f"is a plan for another study than the result: {', '.join(found)} differ"
        mend = "run `stemgeo site` on the same study"
        raise ResultError(Problem(str(plan.folder or "plan"), what, mend))
    grown = plan.table("plan-provinces")
    start = int(grown["covered"][grown["rank"] == 0].sum())
    of = {"level": "region", "band": ALL_BANDS, "scenario": "central"}
    rows = result.coverage
    for column, value in (of | {"profile": plan.manifest["study"]["siting"]["profile"]}).items():
        rows = rows[rows[column] == value]
    if rows["covered"].tolist() != [start]:
        now = "none" if rows.empty else rows["covered"].iloc[0]
        what = f"begins with {start} children within reach, the result has {now}"
        mend = "give the result without planned places, or a plan of the study with them"
        raise ResultError(Problem(str(plan.folder or "plan"), what, mend))


def gather_links(source: Source, links: WrittenLinks) -> Row:
    """Say what changes of roads bring by themselves, and what those that are chosen together do.

    Parameters
    ----------
    source
        The result.
    links
        Of the same study.
    """
    refuse_other_links(source, links)
    words, told, sets = source.words, links.manifest, links.sets
    names = ["rank", "name", "municipality", "length_m", "newly", "cost_eur"]
    blank = dict.fromkeys(("name", "municipality", "across"), "")
    rows = links.table("links").head(LINKS_NAMED).fillna(blank)
    rows = rows.assign(length_m=rows["length_m"].round().astype(np.int64))
    kinds = [name_link_kind(one, words) for one in rows.to_dict("records")]
    total = sets["total_cost_eur"].iloc[-1] if len(sets) else np.nan
    profile = links.profile
    return {
        "quiet": QUIET[profile].roads.to_text(source.language) if profile in QUIET else "",
        "looked_at": told["looked_at"],
        "gaining": told["gaining"],
        "first": [
            dict(zip(names, row, strict=True)) | {"what": kind}
            for kind, row in zip(kinds, _drop_missing(rows[names]), strict=True)
        ],
        "chosen": [
            {name: one[name] for name in ("name", "municipality", "alone", "adds", "together")}
            for one in sets.fillna({"name": "", "municipality": ""}).to_dict("records")
        ],
        "adds": int(sets["adds"].sum()),
        "cost_eur": None if np.isnan(total) else float(total),
        "proven": told["proven"],
        "prices": [one.source for one in links.study.links.cost.values()],
    }


def _drop_missing(table: pd.DataFrame) -> list[list[Any]]:
    """Give the cells of a table, None where a number is missing."""
    rows = table.to_numpy(dtype=object).tolist()
    return [
        [None if isinstance(one, float) and np.isnan(one) else one for one in row] for row in rows
    ]


def refuse_other_links(result: Tables, links: WrittenLinks) -> None:
    """Refuse changes of roads for other children, roads or academies than the result counts.

    Raises
    ------
    ResultError
        Saying what differs.
    """
    place, mend = str(links.folder or "links"), "run `stemgeo links` on the same study"
    if found := list_unlike(result.manifest, links.manifest):
        what = f"is of another study than the result: {', '.join(found)} differ"
        raise ResultError(Problem(place, what, mend))
    result.refuse_unmeasured(links.profile)
    rows = result.coverage
    of = {"level": "region", "band": ALL_BANDS, "scenario": "central", "profile": links.profile}
    for column, value in of.items():
        rows = rows[rows[column] == value]
    start = links.manifest["in_time"]
    if rows["covered"].tolist() != [start]:
        what = f"begins with {start} children within reach, the result has other"
        raise ResultError(Problem(place, what, mend))


LINKS_NAMED = 12
"""Changes of roads that the answer lists."""


def _gather_before(source: Source, before: Tables) -> Row:
    """Give the shares of an earlier result beside those of this one, and what else differs."""
    source.refuse_other_question(before)
    found = compare(before, source)
    then, now = before.study, source.study
    if then.about.date >= now.about.date:
        what = f"is of {then.about.date}, not of a day before {now.about.date}"
        raise ResultError(Problem(str(before.folder), what, "give a result of an earlier date"))
    rows = pd.concat([found.of("region"), found.of("province")]).drop_duplicates("code")
    few = find_partly_measured(rows.rename(columns={"unmeasured_a": "unmeasured"}), "share_a")
    shares = rows.assign(few=few).set_index("code")[["share_a", "few"]].to_dict("index")
    told = {name_province(source, one): shares[one] for one in PROVINCES if one in shares}
    return {
        "date": then.about.date,
        "share": shares[REGION[0]]["share_a"],
        "partly": bool(shares[REGION[0]]["few"]),
        "provinces": {name: one["share_a"] for name, one in told.items()},
        "provinces_partly": [name for name, one in told.items() if one["few"]],
        "differences": [one for one in found.differences["what"] if not one.startswith(_ASKED)],
    }


def _gather_method(source: Source) -> Row:
    """Say how it was measured."""
    study = source.study
    rows = source.table("sensitivity")
    rows = rows[rows["level"] == "region"]
    placed = source.words.list_below("placed_by")
    if rows.empty or not set(rows["method"]) <= set(placed):
        source.refuse_table("sensitivity", "names no method, or one that nobody knows")
    effects = source.table("effects")
    effects = effects[effects["variant"].str.startswith(SURFACE)]
    return {
        "straight_line": study.straight_line,
        "detour_factor": study.travel.detour_factor,
        "snap_limit_m": study.travel.snap_limit_m,
        "speeds": [
            {
                "ages": say_ages(study, band),
                **{name: study.travel.speed_of(band, name) for name in ("low", "central", "high")},
            }
            for band in study.travel.bands
        ],
        "surface": study.travel.surface,
        "without_surface": int(effects["covered_variant"].sum()) if len(effects) else None,
        "placed_by": say_placing(
            rows["method"].iloc[0], source.table("placement"), source.language
        ),
        "otherwise": [
            {"placed_by": placed[row["method"]], "share": row["share"]}
            for row in rows.iloc[1:].to_dict("records")
        ],
        "coarse": _gather_coarse(source),
        "vintage": str(study.about.vintage),
        **_gather_population_date(source),
    }


def _gather_coarse(source: Source) -> Row | None:
    """Give the share with and without the academies that are placed roughly, if there are any."""
    found = find_both_ways(source)
    if not found:
        return None
    whole, *provinces = found
    named = [one | {"name": name_province(source, one["name"])} for one in provinces]
    return whole | {"over_m": source.study.academies.coarse_over_m, "provinces": named}


def _gather_population_date(source: Source) -> Row:
    """Give the day that the children are of, and whether it is of another year than the study."""
    files = [item for item in source.manifest["inputs"] if item["role"] == "population"]
    day = files[0]["date"] if files else None
    date = dt.date.fromisoformat(day) if day else None
    other = date is not None and date.year != source.study.about.date.year
    return {"population_date": date, "population_of_other_year": other}
