"""What others counted and what was asked, as figures for templates: all quoted, none measured.

Who took part and who can reach an academy are other children: nothing here is of the latter.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any

import pandas as pd

from stemgeo.inputs.accounts import ACCOUNTS, INDICATORS, SIGNS
from stemgeo.inputs.provenance import name_source
from stemgeo.maps.text import province_name
from stemgeo.notes import strip_control
from stemgeo.recognition import keep_own
from stemgeo.report.summary import say_ages
from stemgeo.speech import (
    DASH,
    NO_BREAK_SPACE,
    format_day,
    format_euros,
    format_number,
    percent_sign,
)
from stemgeo.study import OLDEST, PROVINCES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stemgeo.report.outcome import Tables
    from stemgeo.study import ParliamentQuestion
    from stemgeo.texts import Texts

    Row = dict[str, Any]

OF_NO_FIGURE = ("question", *(f"inputs.{role}" for role in ACCOUNTS))
"""What a study asks or quotes: two that differ in it alone measure the same."""
TOPICS = ("municipalities", "participants", "budget", "events", "others")
"""What reported figures are about."""
_NOW = {
    "children": "children_reached",
    "girls": "share_girls",
    "boys": "share_boys",
    "reporting": "share_reporting",
    "municipalities": "municipalities_with_academy",
    "events": "events_all_stem",
    "labelled": "events_with_label",
}
"""What templates call the reported figures of the study's year and of all of its region."""
_OVERVIEW = ("municipalities", "children", "events", "labelled")
"""Those of which an overview by year has a column."""


def find_question(result: Tables) -> ParliamentQuestion | None:
    """Give the question of a study with the language in which it was asked: that of the study."""
    asked = result.study.question
    own = result.manifest["study"]["output"]["language"]
    return asked and asked.model_copy(update={"language": asked.language or own})


def gather_question(result: Tables) -> Row | None:
    """Give the question as it was asked."""
    asked, words = find_question(result), result.words
    if asked is None:
        return None
    other = asked.language if asked.language != str(words.language) else ""
    return {
        "number": asked.number,
        "asked": asked.asked,
        "answered": asked.answered,
        "from": asked.from_,
        "to": asked.to,
        "function": asked.function,
        "language": words(f"question.language.{other}") if other else "",
        "questions": [
            {"number": number, "text": " ".join(one.lines)}
            for number, one in enumerate(asked.questions, start=1)
        ],
    }


def say_source(result: Tables, role: str, own: str = "") -> str:
    """Name the source of a figure: that of its row, else that of its file.

    Parameters
    ----------
    result
        A written one.
    role
        Of the input that has the figure.
    own
        What its row says.
    """
    files = [one for one in result.manifest["inputs"] if one["role"] == role]
    of_file = strip_control(str(files[0].get("source") or "")) if files else ""
    return own or of_file or result.words("reported.no_source")


def list_sources(result: Tables) -> list[str]:
    """Name the sources of all that is quoted, with the terms of a file that the study names."""
    told: list[str] = []
    for one in result.manifest["inputs"]:
        if one["role"] in ACCOUNTS:
            table = getattr(result, one["role"])
            of_rows = [] if table is None or "source" not in table else table["source"].fillna("")
            told += sorted(filter(None, set(of_rows)))
            line = one.get("attribution") or one.get("source")
            if line and not (len(of_rows) and all(of_rows)):
                terms = str(one.get("licence") or "")
                told.append(strip_control(name_source(line, terms, result.language)))
    return list(dict.fromkeys(told))


def say_figure(value: Decimal, unit: str, words: Texts, *, at_least: bool = False) -> str:
    """Write a figure with its unit, and that it is a lower bound: minstens 37.376.

    Parameters
    ----------
    value, unit
        "EUR", "percent", or what is counted.
    words
        Of a language.
    at_least
        Whether it is a lower bound.
    """
    language = words.language
    if unit == "EUR":
        told = words("reported.euro", amount=format_euros(value, language))
    elif unit == "percent":
        told = format_number(float(value), language) + percent_sign(language)
    else:
        told = format_number(float(value), language)
    return words("reported.at_least", figure=told) if at_least else told


def _to_number(value: Decimal) -> int | float:
    return int(value) if value == int(value) else float(value)


def gather_reported(result: Tables, provinces: dict[str, str]) -> Row | None:
    """Give the figures that were reported, by what they are about, and those of the year by name.

    Parameters
    ----------
    result
        A run.
    provinces
        Its provinces, each with its name on outputs.
    """
    table = result.reported
    if table is None:
        return None
    words, year = result.words, result.study.about.date.year
    known = words.list_below("indicator")
    figures, of_region = [], {}
    for row in table.fillna("").sort_values("year", kind="stable").to_dict("records"):
        indicator, unit, value = str(row["indicator"]), str(row["unit"]), Decimal(row["value"])
        at_least = bool(row["at_least"])
        one = {
            "year": str(row["year"]),
            "what": known.get(indicator, indicator),
            "place": words("map.region")
            if row["level"] == "region"
            else provinces.get(row["name"]) or province_name(row["name"], words),
            "value": _to_number(value),
            "unit": unit,
            "at_least": at_least,
            "said": say_figure(value, unit, words, at_least=at_least)
            + (
                "" if indicator in INDICATORS or unit in ("", *SIGNS) else f"{NO_BREAK_SPACE}{unit}"
            ),
            "source": say_source(result, "reported", str(row["source"])),
        }
        topic = INDICATORS[indicator].topic if indicator in INDICATORS else "others"
        figures.append((topic, str(row["level"]), indicator, one))
        if row["level"] == "region":
            of_region[int(row["year"]), indicator] = one
    named = {name: of_region.get((year, key)) for name, key in _NOW.items()}
    # What other years have stands in the overview by year, beside that of the study's: once.
    by_year = {_NOW[name] for name in _OVERVIEW if named[name]}
    listed = {
        f"of_{topic}": _mark_sources(
            [
                one
                for about, level, indicator, one in figures
                if about == topic
                and level != "municipality"
                and not (level == "region" and indicator in by_year and one["year"] != str(year))
            ]
        )
        for topic in TOPICS
    }
    of_towns = sum(level == "municipality" for _, level, _, _ in figures)
    return {
        "year": str(year),
        **named,
        **listed,
        "of_towns": of_towns,
        "years": _list_years(of_region),
    }


def _mark_sources(rows: list[Row]) -> Row | None:
    """Give rows with a mark for the source of each, and the sources by it; none without rows."""
    told = [one.get("sources") or [one["source"]] for one in rows]
    every = dict.fromkeys(source for sources in told for source in sources)
    letters = (f"{first}{last}" for first in ("", *ascii_lowercase) for last in ascii_lowercase)
    marks = dict(zip(every, letters, strict=False))
    marked = [
        one | {"mark": ", ".join(marks[source] for source in sources)}
        for one, sources in zip(rows, told, strict=True)
    ]
    sources = [{"mark": mark, "source": source} for source, mark in marks.items()]
    return {"rows": marked, "sources": sources} if rows else None


def _list_years(of_region: dict[tuple[int, str], Row]) -> Row | None:
    """Lay what was reported of all of the region side by side, a row for each year."""
    keys = [_NOW[name] for name in _OVERVIEW]
    years = sorted({year for year, indicator in of_region if indicator in keys})
    rows = []
    for year in years:
        there = {name: of_region.get((year, _NOW[name])) for name in _OVERVIEW}
        said = {name: one["said"] if one else DASH for name, one in there.items()}
        sources = dict.fromkeys(one["source"] for one in there.values() if one)
        rows.append({"year": str(year), **said, "sources": list(sources)})
    return _mark_sources(rows) if len(rows) > 1 else None


# --- Participants -----------------------------------------------------------------------------


def sum_participants(table: pd.DataFrame, by: Iterable[str]) -> pd.DataFrame:
    """Add up who took part: exactly, over those of whom it was reported.

    Parameters
    ----------
    table
        The table `participants`, or some of its rows.
    by
        Columns: `nis_code`, `year`.

    Returns
    -------
    DataFrame
        Indexed by these: `participants`, missing where nobody reported; `girls` and `boys` of the
        `with_sex` of whom it was reported, missing where it is of none; `trajectories`, `online`.
    """
    sexed = table["girls"].notna() & table["boys"].notna()
    rows = table.assign(
        participants=table["children"],
        girls=table["girls"].where(sexed),
        boys=table["boys"].where(sexed),
    )
    rows = rows.assign(with_sex=rows["girls"] + rows["boys"])
    names = ["participants", "girls", "boys", "with_sex", "trajectories", "online"]
    sums = rows.groupby([*by])[names].sum(min_count=1)
    return sums.astype("Int64")


def gather_participants(result: Tables, provinces: dict[str, str]) -> Row | None:
    """Give who took part in the study's year, of how many academies that is known, and by year.

    Parameters
    ----------
    result
        A run.
    provinces
        Its provinces, each with its name on outputs.
    """
    table = result.participants
    if table is None:
        return None
    table = table.assign(academy_id=table["academy_id"].fillna(""))
    year = result.study.about.date.year
    rows = table[table["year"] == year]
    towns = result.table("annex-1-municipalities").set_index("nis_code")
    of_province = rows["nis_code"].map(towns["province"])
    academies = keep_own(result.study, result.table("academies"))
    academies = academies[~academies["planned"].astype(bool)]
    by_academy = bool((rows["academy_id"] != "").any())
    parts = [
        {"name": provinces[one], **_count_reports(
            rows[of_province == one],
            academies[academies["nis_code"].map(towns["province"]) == one] if by_academy else None,
            towns[towns["province"] == one],
        )}
        for one in PROVINCES if one in provinces
    ]  # fmt: skip
    sums = sum_participants(table, ["year"])
    return {
        "year": str(year),
        **_count_reports(rows, academies if by_academy else None, towns),
        "provinces": parts,
        "years": [
            {"year": str(one), **_sexes_of(row)}
            for one, row in (sums.iterrows() if set(sums.index) - {year} else ())
        ],
        "source": say_source(result, "participants"),
    }


def _count_reports(rows: pd.DataFrame, academies: pd.DataFrame | None, towns: pd.DataFrame) -> Row:
    """Count who took part, and how many of the academies or municipalities reported it."""
    told = rows[rows["children"].notna()]
    sums = sum_participants(rows.assign(all=""), ["all"])
    whole = sums.iloc[0] if len(sums) else pd.Series(pd.NA, index=sums.columns)
    having = towns.index[towns["has_academy"]]
    of = {"municipalities": (set(told["nis_code"]), set(having))}
    if academies is not None:
        of["academies"] = set(told["academy_id"]), set(academies["academy_id"].astype(str))
    found: Row = dict.fromkeys(("academies", "academies_reporting", "academies_share"))
    for name, (reporting, every) in of.items():
        both = len(reporting & every)
        share = both / len(every) if every else None
        found |= {name: len(every), f"{name}_reporting": both, f"{name}_share": share}
    least = min(
        one
        for one in (found["academies_share"], found["municipalities_share"], 1)
        if one is not None
    )
    others = {name: _or_none(whole[name]) for name in ("trajectories", "online")}
    return {**_sexes_of(whole), **found, **others, "at_least": least < 1}


def _sexes_of(sums: pd.Series) -> Row:
    """Give a row of sums as plain numbers, with the shares of girls and boys."""
    girls, boys, both = (_or_none(sums[one]) for one in ("girls", "boys", "with_sex"))
    return {
        "children": _or_none(sums["participants"]),
        "girls": girls,
        "boys": boys,
        "with_sex": both,
        "share_girls": girls / both if girls is not None and both else None,
        "share_boys": boys / both if boys is not None and both else None,
    }


def _or_none(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)


# --- Budget and events ------------------------------------------------------------------------


def gather_budget(result: Tables) -> Row | None:
    """Give the amounts by year, to the cent."""
    if result.budget is None:
        return None
    words = result.words
    table = result.budget.fillna("")
    lines = [
        {
            "year": str(row["year"]),
            "line": row["line"],
            "euro": float(Decimal(row["euro"])),
            "recipients": _say_recipients(row["recipients"], words),
            "source": say_source(result, "budget", row["source"]),
        }
        for row in table.sort_values("year", kind="stable").to_dict("records")
    ]
    sums = table["euro"].map(Decimal).groupby(table["year"]).sum()
    own = str(result.study.about.date.year)
    return {
        "year": own,
        "now": [one for one in lines if one["year"] == own],
        "lines": _mark_sources(lines),
        "years": [{"year": str(year), "total_eur": float(total)} for year, total in sums.items()],
    }


def _say_recipients(told: str, words: Texts) -> str:
    """Say how many got it: a number alone says of what."""
    return words.say_count("reported.recipients", int(told)) if told.isdecimal() else told


def keep_held(table: pd.DataFrame) -> pd.DataFrame:
    """Keep the events that take place: what was cancelled or put off is none, and told apart."""
    return table if "status" not in table else table[table["status"].fillna("") == ""]


def gather_events(result: Tables, provinces: dict[str, str]) -> Row | None:
    """Give how many events there were in the study's year, with and without the label.

    Parameters
    ----------
    result
        A run.
    provinces
        Its provinces, each with its name on outputs.
    """
    table = result.events
    if table is None:
        return None
    year = result.study.about.date.year
    of_year, held = table[table["year"] == year], keep_held(table)
    rows = held[held["year"] == year]
    aged = rows[rows["min_age"].notna() | rows["max_age"].notna()]
    online = _is_online(rows)
    return {
        "year": str(year),
        **_count_events(rows),
        **_count_apart(of_year, rows),
        "unplaced": int(((rows["province"].fillna("") == "") & ~online).sum()),
        "provinces": [
            {"name": provinces[one], **_count_events(rows[rows["province"] == one])}
            for one in PROVINCES
            if one in provinces
        ],
        "months": _list_months(rows, result.words),
        "municipalities": [
            {
                "name": row["name"],
                "province": provinces.get(row["province"], row["province"]),
                **one,
            }
            for row, one in _list_towns(rows, result)
        ],
        "ages": _list_ages(aged, result),
        "unaged": len(rows) - len(aged),
        "years": [
            {"year": str(one), **_count_events(held[held["year"] == one])}
            for one in (sorted(set(table["year"])) if set(table["year"]) - {year} else ())
        ],
        "source": say_source(result, "events"),
    }


def _list_ages(aged: pd.DataFrame, result: Tables) -> list[Row]:
    """Count the events of some ages by band: those of more bands in each."""
    study = result.study
    first_age, last_age = aged["min_age"].fillna(0), aged["max_age"].fillna(OLDEST)
    spans = [(say_ages(study, band), *band.ages) for band in study.travel.bands]
    return [
        {"ages": ages, **_count_events(aged[(first_age <= last) & (last_age >= first)])}
        for ages, first, last in (spans if len(aged) else ())
    ]


def _list_months(rows: pd.DataFrame, words: Texts) -> list[Row]:
    """Count by the month of the day that is given: all twelve, where there is an event."""
    if rows.empty:
        return []
    months = pd.to_datetime(rows["date"]).dt.month
    return [
        {
            "month": format_day(dt.date(2000, number, 1), words.language, "LLLL"),
            **_count_events(rows[months == number]),
        }
        for number in range(1, 13)
    ]


def list_event_towns(rows: pd.DataFrame) -> pd.DataFrame:
    """Count events by municipality, of those in which there is one.

    Parameters
    ----------
    rows
        Of the table `events`, those that take place.

    Returns
    -------
    DataFrame
        Indexed by nis_code: `events`; `events_with_label` and `events_without_label` where the
        table tells it.
    """
    placed = rows[rows["nis_code"].fillna("") != ""]
    told = {"events": placed.groupby("nis_code").size()}
    if "has_label" in placed:
        told["events_with_label"] = placed.groupby("nis_code")["has_label"].sum()
        told["events_without_label"] = told["events"] - told["events_with_label"]
    return pd.DataFrame(told).astype("int64")


def _list_towns(rows: pd.DataFrame, result: Tables) -> Iterable[tuple[Row, Row]]:
    towns = result.table("annex-1-municipalities").set_index("nis_code")
    counts = list_event_towns(rows)
    for code, town in towns.iterrows():
        if code in counts.index:
            part = rows[rows["nis_code"] == code]
            yield {"name": town["name"], "province": town["province"]}, _count_events(part)


def _is_online(rows: pd.DataFrame) -> pd.Series:
    if "attendance" not in rows:
        return pd.Series(data=False, index=rows.index)
    return rows["attendance"] == "online"


def _count_apart(of_year: pd.DataFrame, held: pd.DataFrame) -> Row:
    """Count what is told apart; none where the file does not tell it."""
    status = of_year["status"].fillna("") if "status" in of_year else None
    alone = int(held["children_only"].sum()) if "children_only" in held else None
    there = "attendance" in held
    return {
        "cancelled": None if status is None else int((status == "cancelled").sum()),
        "postponed": None if status is None else int((status == "postponed").sum()),
        "online": int(_is_online(held).sum()) if there else None,
        "mixed": int((held["attendance"] == "mixed").sum()) if there else None,
        "children_only": alone,
    }


def _count_events(rows: pd.DataFrame) -> Row:
    if "has_label" not in rows:
        return {"count": len(rows), "labelled": None, "unlabelled": None}
    labelled = int(rows["has_label"].sum())
    return {"count": len(rows), "labelled": labelled, "unlabelled": len(rows) - labelled}
