"""The overview by year of an answer: a trend of the same study, and targets beside it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from stemgeo.coverage import REGION
from stemgeo.errors import Problem, ResultError
from stemgeo.maps.line_chart import REPORTED, describe_line_chart, draw_line_chart
from stemgeo.maps.series import find_partly_measured
from stemgeo.maps.small_multiples import describe_small_multiples, draw_small_multiples
from stemgeo.maps.text import province_name
from stemgeo.report.accounts import OF_NO_FIGURE, TOPICS, gather_reported, say_figure
from stemgeo.report.annex import name_areas, rank_places, write_book
from stemgeo.report.comparison import list_differences
from stemgeo.study import PROVINCES
from stemgeo.tables import check_table

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

    from stemgeo.report.outcome import Tables, WrittenTrend
    from stemgeo.study import Targets
    from stemgeo.texts import Texts

    Row = dict[str, Any]

_ALIKE = ("study.date", "study.vintage", "study.area", "study.facility", "inputs.", "travel.",
          "academies.", "demand.")  # fmt: skip
_OWN = ("inputs.plan", "inputs.candidates", "inputs.population", "study.area_name", *OF_NO_FIGURE)
"""What a trend and a result must have alike, but for what each has of its own."""
AT_LEAST = "minstens"
"""The qualifier of a reported figure that is a lower bound."""
_COUNTED = {"children": "covered", "municipalities": "with_academy", "academies": "academies"}
"""Columns of a trend that are held against a target that is a number."""


def refuse_other_trend(result: Tables, trend: WrittenTrend) -> None:
    """Refuse the years of another study than the result is of.

    Raises
    ------
    ResultError
        Naming what differs.
    """
    every = list_differences(result.manifest, trend.manifest)["what"]
    found = [one for one in every if one.startswith(_ALIKE) and not one.startswith(_OWN)]
    # The counts of one year may come of a file that no other year has.
    ours, theirs = (
        {one["sha256"] for one in of.manifest["inputs"] if one["role"] == "population"}
        for of in (result, trend)
    )
    found += ["inputs.population"] if theirs and ours != theirs else []
    if found:
        what = f"is a trend of another study than the result: {', '.join(found)} differ"
        mend = "run `stemgeo trend` on the same study"
        raise ResultError(Problem(str(trend.folder), what, mend))


# -- targets -----------------------------------------------------------------------------------


def judge_targets(targets: Targets, result: Tables, trend: WrittenTrend | None) -> pd.DataFrame:
    """Hold the targets of a study against what was measured, to the last child.

    Parameters
    ----------
    targets
        Of the study.
    result, trend
        What was measured: on the day of the study, and in other years.

    Returns
    -------
    DataFrame
        The table `targets`: each beside the last year measured that is not after its own. It is
        reached, missed when its year was measured, else still open.
    """
    rows, every = [], targets.list_all()
    known = _list_measured(result, trend) if every else pd.DataFrame()
    for year, target, value in every:
        before = known[known.index <= year]
        rows.append({"year": year, "target": target, "value": value, "status": "unmeasured"})
        if len(before):
            rows[-1] |= _judge_target(target, value, before.iloc[-1], late=before.index[-1] == year)
    columns = ["year", "target", "value", "measured_year", "figure", "status", "missing"]
    table = pd.DataFrame(rows, columns=columns)
    kinds: Any = {"year": "int64", "value": "float64", "figure": "float64"}
    kinds |= dict.fromkeys(("measured_year", "missing"), "Int64")
    return check_table("targets", table.astype(kinds | dict.fromkeys(("target", "status"), str)))


def _list_measured(result: Tables, trend: WrittenTrend | None) -> pd.DataFrame:
    """Give the counts of the region by year."""
    names = ["with_academy", "academies", "covered", "measured"]
    own = result.table("provinces").iloc[[-1]]
    own = own.assign(
        year=result.study.about.date.year,
        academies=int(result.table("annex-1-municipalities")["academies"].sum()),
    )
    rows = [own]
    if trend is not None:
        every = trend.table("trend")
        rows = [every[every["level"] == "region"], own]
    table = pd.concat(rows, ignore_index=True).drop_duplicates("year")
    table["measured"] = table["covered"] + table["uncovered"]
    return table.set_index("year")[names].sort_index()


def _judge_target(target: str, value: float, row: pd.Series, *, late: bool) -> Row:
    if target == "share":
        if not row["measured"]:
            return {}
        # A share as it is written: 0.6 is three fifths.
        needed = -(-Fraction(str(value)) * int(row["measured"]) // 1)
        have, figure = int(row["covered"]), row["covered"] / row["measured"]
    else:
        needed, have = int(value), int(row[_COUNTED[target]])
        figure = have
    status = "reached" if have >= needed else "missed" if late else "open"
    missing = max(int(needed) - have, 0)
    return {"measured_year": row.name, "figure": figure, "status": status, "missing": missing}


# -- what a template can name --------------------------------------------------------------------


def gather_trend(result: Tables, trend: WrittenTrend) -> Row:
    """Give the overview by year: what was measured, and what was reported of these years."""
    table, words = trend.table("trend"), result.words
    shown = table.assign(partly=find_partly_measured(table))
    names = ["year", "municipalities", "with_academy", "newly_with", "no_longer_with", "academies",
             "children", "covered", "uncovered", "unmeasured", "share", "share_low", "share_high",
             "partly"]  # fmt: skip
    said = trend.table("reported")
    of_region = _list_reported_towns(result, trend)
    of_all = of_region[of_region.index.get_level_values("code") == REGION[0]]
    reported = of_all.droplevel("code").astype(int).to_dict()
    regions = shown[shown["level"] == "region"].sort_values("year")
    rows = [dict(zip(names, row, strict=True)) for row in _blank(regions[names]).to_numpy(object)]
    return {
        "years": [
            one | {"year": str(one["year"]), "reported": reported.get(one["year"])} for one in rows
        ],
        "first": str(rows[0]["year"]),
        "last": str(rows[-1]["year"]),
        "dates": trend.text.date,
        "has_reported": bool(reported),
        # What a study gives itself stands in a table of its own.
        "reported": []
        if result.reported is not None
        else format_reported(said, words).to_dict("records"),
    }


def _list_reported_towns(result: Tables, trend: WrittenTrend) -> pd.Series:
    """Give how many municipalities with an academy were reported, by year and code of the place.

    By the study itself, and only where it says nothing by what is known of all of Flanders.
    """
    if result.reported is not None:
        said = result.reported[["year", "indicator", "code", "value"]]
    else:
        known = trend.table("reported")
        code = known["region"].mask(known["region"] == REGION[1], REGION[0])
        said = known[["year", "indicator", "value"]].assign(code=code)
    said = said[said["indicator"] == REPORTED]
    return said.set_index(["year", "code"])["value"].astype(float)


def gather_targets(targets: pd.DataFrame, words: Texts) -> list[Row]:
    """Give the targets, each with what it is of and where it stands in words."""
    return [
        {str(name): value for name, value in row.items()}
        | {
            "year": str(row["year"]),
            "measured_year": row["measured_year"] and str(row["measured_year"]),
            "of": words(f"target.{row['target']}"),
            "is_share": row["target"] == "share",
            "value": row["value"] if row["target"] == "share" else int(row["value"]),
            "figure": row["figure"]
            if row["figure"] is None or row["target"] == "share"
            else int(row["figure"]),
            "told": words(f"target.{row['status']}"),
        }
        for row in _blank(targets).to_dict("records")
    ]


def _blank(table: pd.DataFrame) -> pd.DataFrame:
    """Give None where there is no figure; whole numbers stay whole."""
    plain = table.astype(object)
    return plain.where(table.notna(), None)


def format_reported(reported: pd.DataFrame, words: Texts) -> pd.DataFrame:
    """Put what was reported into words: `year`, `area`, `what`, `source`, `figure`."""
    known = words.list_below("indicator")
    figures = [
        say_figure(Decimal(str(value)), unit, words, at_least=qualifier == AT_LEAST)
        if qualifier in ("", AT_LEAST)
        else f"{qualifier} {say_figure(Decimal(str(value)), unit, words)}"
        for value, unit, qualifier in zip(
            reported["value"], reported["unit"], reported["qualifier"], strict=True
        )
    ]
    columns = {
        "year": reported["year"].astype(str),
        "area": [province_name(one, words) for one in reported["region"]],
        "what": [
            known.get(indicator, label)
            for indicator, label in zip(reported["indicator"], reported["label"], strict=True)
        ],
        "source": reported["source"],
        "figure": figures,
    }
    return pd.DataFrame(columns)


# -- its annex -----------------------------------------------------------------------------------


def write_overview(
    result: Tables, trend: WrittenTrend, targets: pd.DataFrame, place: Path, stem: str
) -> Path:
    """Write the workbook of the years: overview, municipality by year, what was reported, targets.

    Parameters
    ----------
    result, trend
        Of the same study.
    targets
        As from `judge_targets`.
    place, stem
        A folder, and the name of the file without its ending.
    """
    words = result.words
    tables = {
        "years": _list_years(result, trend),
        "town_years": _list_town_years(trend, words),
        "town_figures": _list_town_figures(trend),
        "reported": _list_reported(result, trend),
        "targets": list_targets(targets, words),
    }
    told = [("note", one.to_text(words.language)) for one in trend.notes]
    return write_book(
        result,
        place / f"{stem}.xlsx",
        {name: table for name, table in tables.items() if len(table)},
        told=[("dates", trend.text.date), *told],
        inputs=trend.manifest["inputs"],
    )


def _list_reported(result: Tables, trend: WrittenTrend) -> pd.DataFrame:
    """List what was reported: by the study itself, else what is known of these years."""
    if result.reported is None:
        return format_reported(trend.table("reported"), result.words)
    named = {one: province_name(one, result.words) for one in PROVINCES}
    told = gather_reported(result, named) or {}
    topics = [told.get(f"of_{topic}") for topic in TOPICS]
    rows = [one for topic in topics if topic for one in topic["rows"]]
    names = {"year": "year", "place": "area", "what": "what", "source": "source", "said": "figure"}
    return pd.DataFrame(rows, columns=[*names]).rename(columns=names)


def _list_years(result: Tables, trend: WrittenTrend) -> pd.DataFrame:
    """Lay the region and the provinces of each year below each other, with what was reported."""
    table, towns = trend.table("trend"), _list_reported_towns(result, trend)
    keys = pd.MultiIndex.from_frame(table[["year", "code"]])
    shown = table.assign(
        area=name_areas(table, result),
        reported=towns.reindex(keys).to_numpy(),
        rank=rank_places(table),
    )
    shown = shown.sort_values(["rank", "year"]).drop(columns=["level", "code", "name", "rank"])
    shown = shown.assign(year=shown["year"].astype(str))
    front = ["area", "year"]
    shown = shown[[*front, *shown.columns.drop(front)]].reset_index(drop=True)
    return shown if shown["reported"].notna().any() else shown.drop(columns="reported")


def _list_town_years(trend: WrittenTrend, words: Texts) -> pd.DataFrame:
    """Say of each municipality whether it had an academy, a column for each year."""
    table = trend.table("trend-municipalities")
    front = ["province", "nis_code", "name"]
    status = table["status"].map(lambda one: words(f"years.{one}"))
    wide = table.assign(status=status).pivot_table(
        index=front, columns="year", values="status", aggfunc="first"
    )
    return _by_province(wide.add_prefix("status_").reset_index())


def _list_town_figures(trend: WrittenTrend) -> pd.DataFrame:
    table = trend.table("trend-municipalities")
    front = ["province", "nis_code", "name", "year", "academies"]
    counted = [one for one in table if one not in (*front, "has_academy", "status")]
    return _by_province(table[[*front, *counted]].assign(year=table["year"].astype(str)))


def _by_province(table: pd.DataFrame) -> pd.DataFrame:
    rank = table["province"].map(PROVINCES.index)
    by = [one for one in ("rank", "name", "nis_code", "year") if one in (*table, "rank")]
    return table.assign(rank=rank).sort_values(by).drop(columns="rank").reset_index(drop=True)


def list_targets(targets: pd.DataFrame, words: Texts) -> pd.DataFrame:
    """Lay out targets for people: those that are shares and those that are numbers apart."""
    of = targets["target"]
    is_share = (of == "share").to_numpy()
    columns = {
        "target_year": targets["year"].astype(str),
        "target": of.map(lambda one: words(f"target.{one}")),
        "target_share": targets["value"].where(is_share),
        "target_count": targets["value"].mask(is_share),
        "measured_year": targets["measured_year"].astype("string"),
        "figure_share": targets["figure"].where(is_share),
        "figure_count": targets["figure"].mask(is_share),
        "status": targets["status"].map(lambda one: words(f"target.{one}")),
        "missing": targets["missing"],
    }
    table = pd.DataFrame(columns)
    halves = [f"{start}_{end}" for start in ("target", "figure") for end in ("share", "count")]
    gone = [one for one in halves if table[one].isna().all()]
    return table.drop(columns=gone)


# -- its pictures --------------------------------------------------------------------------------


def draw_trend_chart(trend: WrittenTrend) -> tuple[Figure, str, pd.DataFrame]:
    """Draw the years as lines: the picture, what it shows in words, and its rows."""
    given = trend.table("trend"), trend.table("reported"), trend.text
    return draw_line_chart(*given), describe_line_chart(*given), given[0]


def draw_trend_maps(result: Tables, trend: WrittenTrend) -> tuple[Figure, str, pd.DataFrame]:
    """Draw a small map of each year: the picture, what it shows in words, and its rows."""
    table, ground = trend.table("trend-municipalities"), result.municipalities
    of_year = {int(year): table[table["year"] == year] for year in table["year"].unique()}
    shapes = ground[["nis_code", "geometry"]]
    towns = {year: shapes.merge(rows, on="nis_code") for year, rows in of_year.items()}
    academies = {
        year: pd.DataFrame({"nis_code": np.repeat(rows["nis_code"], rows["academies"])})
        for year, rows in of_year.items()
    }
    given = towns, academies, trend.text
    return draw_small_multiples(*given), describe_small_multiples(*given), table
