"""Years beside each other: how the academies of a register served the children, year by year."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from babel.dates import format_date
from babel.numbers import format_decimal

from stemgeo import coverage as coverage_
from stemgeo import facts
from stemgeo.errors import Problem, StudyError
from stemgeo.inputs import Inputs, load_inputs
from stemgeo.maps.page import save_figure
from stemgeo.maps.trend import line_chart, line_chart_alt, small_multiples, small_multiples_alt
from stemgeo.measure import Measured, Prepared, measure, prepare, quiet
from stemgeo.report.bundle import (
    attribution,
    map_text,
    origins,
    population_date,
    said,
    write_csv,
)
from stemgeo.report.files import whole_folder, write_manifest
from stemgeo.report.summary import markdown_table, number, percent, plain
from stemgeo.tables import checked

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd

    from stemgeo.maps.text import MapText
    from stemgeo.measure import Progress
    from stemgeo.study import Study

LEVELS = ("region", "province")
WORDS = {
    "nl": {
        "dates": "Academies: erkend op {day} van elk jaar. Bevolking: {populations}.",
        "constant": "Alle jaren tellen dezelfde kinderen: alleen de academies veranderen.",
        "territory": "Alle jaren tellen de gemeenten van {vintage}.",
        "reported": "Gerapporteerd",
        "reported_note": "Deze cijfers zijn niet gemeten maar overgenomen uit antwoorden en "
        "persberichten. Bereikte kinderen namen deel; kinderen op tijd kunnen een academie "
        "bereiken.",
        "new": "Nieuw in {year}",
        "lost": "Niet langer in {year}",
        "each": "{year}: {population}",
        "sources": "Bronnen",
        "notes": "Opmerkingen bij de invoer en de meting",
    },
    "en": {
        "dates": "Academies: recognised on {day} of each year. Population: {populations}.",
        "constant": "All years count the same children: only the academies change.",
        "territory": "All years count the municipalities of {vintage}.",
        "reported": "Reported",
        "reported_note": "These figures are not measured but taken from answers and press "
        "releases. Children reached took part; children in time can reach an academy.",
        "new": "New in {year}",
        "lost": "No longer in {year}",
        "each": "{year}: {population}",
        "sources": "Sources",
        "notes": "Notes on the inputs and the measurement",
    },
}
HEADS = {
    "nl": ("Jaar", "Gebied", "Gemeenten", "met academie", "nieuw", "niet langer", "Academies",
           "Kinderen", "op tijd", "Aandeel", "laag", "hoog"),
    "en": ("Year", "Area", "Municipalities", "with academy", "new", "no longer", "Academies",
           "Children", "in time", "Share", "low", "high"),
}  # fmt: skip
REPORTED_HEADS = {
    "nl": ("Jaar", "Gebied", "Wat", "Bron", "Cijfer"),
    "en": ("Year", "Area", "What", "Source", "Figure"),
}


UNITS = {"nl": {"EUR": "euro", "percent": "%"}, "en": {"EUR": "euro", "percent": "%"}}
"""Of a reported figure whose label does not say what is counted."""


@dataclass(frozen=True)
class Trend:
    """What the years of a trend found.

    Attributes
    ----------
    study, inputs
        What was asked, and the inputs of each year.
    table, places
        The tables `trend` and `trend-municipalities` of the data dictionary.
    academies
        Those that count in each year.
    municipalities
        Of each year, as from `coverage.municipality_table`, with the `status` of `places`.
    reported
        What was reported of these years, see `facts.reported`.
    notes
        What the reader of the figures must know.
    """

    study: Study
    inputs: dict[int, Inputs]
    table: pd.DataFrame
    places: pd.DataFrame
    academies: dict[int, gpd.GeoDataFrame]
    municipalities: dict[int, gpd.GeoDataFrame]
    reported: pd.DataFrame
    notes: tuple[Problem, ...]

    def write(self, place: str | Path) -> Path:
        """Write tables, chart, maps, summary and manifest into a folder, whole or not at all."""
        text, formats = _text(self), self.study.output.formats
        chart = line_chart(self.table, self.reported, text)
        maps = small_multiples(self.municipalities, self.academies, text)
        words = {
            **said(text),
            "chart": line_chart_alt(self.table, self.reported, text),
            "maps": small_multiples_alt(self.municipalities, self.academies, text),
        }
        with whole_folder(Path(place)) as folder:
            for name in ("tables", "maps"):
                (folder / name).mkdir()
            write_csv(checked("trend", self.table), folder / "tables" / "trend.csv")
            places = checked("trend-municipalities", self.places)
            write_csv(places, folder / "tables" / "trend-municipalities.csv")
            write_csv(self.reported, folder / "tables" / "reported.csv")
            save_figure(chart, folder / "maps" / "trend-chart", formats=formats)
            save_figure(maps, folder / "maps" / "trend-maps", formats=formats)
            readme = "".join(f"{line}\n" for line in words.values() if line)
            (folder / "LEESMIJ.txt").write_text(readme, encoding="utf-8")
            (folder / "summary.md").write_text(_markdown(self, text), encoding="utf-8")
            write_manifest(folder, _manifest(self, text))
        return Path(place)


def trend(study: Study, years: Iterable[int], *, progress: Progress = quiet) -> Trend:
    """Measure a study for the academies of several years.

    Parameters
    ----------
    study
        Its date gives the day of each year on which recognitions must be valid. All years count
        the municipalities of its vintage: the territory is constant.
    years
        Two or more; in any order.
    progress
        Called with what is being done and the share behind us.

    Raises
    ------
    InputError
        With every problem of the inputs at once.
    StudyError
        If there are fewer than two years.
    """
    wanted = sorted(set(years))
    if len(wanted) < 2:
        raise StudyError(Problem("years", "a trend needs two years or more", "give 2019-2022"))
    prepared: dict[int, Prepared] = {}
    measured: dict[int, Measured] = {}
    for done, year in enumerate(wanted):
        progress(f"{year}", done / len(wanted))
        prepared[year] = _prepared(_of_year(study, year), prepared)
        measured[year] = measure(prepared[year], _day(study, year))
    municipalities = _with_status({year: one.municipalities for year, one in measured.items()})
    notes = [note for one in prepared.values() for note in one.notes]
    notes += [
        replace(note, where=f"{year}, {note.where}")
        for year, one in measured.items()
        for note in one.notes
    ]
    known = facts.reported()
    return Trend(
        study=study,
        inputs={year: one.inputs for year, one in prepared.items()},
        table=_table(measured, municipalities),
        places=_places(municipalities),
        academies={year: one.academies for year, one in measured.items()},
        municipalities=municipalities,
        reported=known[known["year"].isin(wanted)].reset_index(drop=True),
        notes=tuple(dict.fromkeys(notes)),
    )


def _of_year(study: Study, year: int) -> Study:
    """Give the study with the population of a year, when it names one."""
    population = study.inputs.populations.get(year, study.inputs.population)
    inputs = study.inputs.model_copy(update={"population": population})
    return study.model_copy(update={"inputs": inputs})


def _day(study: Study, year: int) -> dt.date:
    """Give the study's day in another year; of 29 February, the last of the month."""
    day = study.about.date
    leap = (day.month, day.day) == (2, 29)
    return day.replace(year=year, day=28) if leap else day.replace(year=year)


def _prepared(study: Study, earlier: dict[int, Prepared]) -> Prepared:
    """Prepare a year; what an earlier one has alike is used again."""
    for one in earlier.values():
        if one.study == study:
            return one
    for one in earlier.values():
        return Prepared.of(study, load_inputs(study), one.ground.network, one.ground.buildings)
    return prepare(study, quiet)


def _with_status(tables: dict[int, gpd.GeoDataFrame]) -> dict[int, gpd.GeoDataFrame]:
    """Say of each municipality whether it kept, won, lost or lacks an academy."""
    found = {}
    before = None
    for year, table in tables.items():
        now = table["has_academy"]
        then = now if before is None else before
        status = pd.Series("none", index=table.index)
        status[now & then], status[now & ~then], status[~now & then] = "kept", "new", "lost"
        found[year], before = table.assign(status=status.astype("str")), now
    return found


def _places(municipalities: dict[int, gpd.GeoDataFrame]) -> pd.DataFrame:
    parts = [
        pd.DataFrame(table.drop(columns="geometry")).assign(year=year)
        for year, table in municipalities.items()
    ]
    table = pd.concat(parts, ignore_index=True)
    front = ["year", "nis_code", "name", "province", "academies", "has_academy", "status"]
    shares = ["share", "share_low", "share_high"]
    return table[[*front, *coverage_.COUNTS, *shares]]


def _table(
    measured: dict[int, Measured], municipalities: dict[int, gpd.GeoDataFrame]
) -> pd.DataFrame:
    """Lay the regions and provinces of all years below each other."""
    parts = []
    for year, one in measured.items():
        for level in LEVELS:
            rows = coverage_.summary(one.coverage, one.municipalities, level)
            rows = rows[rows["code"] != coverage_.REGION[0]] if level == "province" else rows
            rows = rows.assign(year=year, level=level)
            rows = rows.join(_counts(municipalities[year], level), on="code")
            parts.append(rows)
    changes = ["newly_with", "no_longer_with"]
    table = pd.concat(parts, ignore_index=True).astype(dict.fromkeys(changes, "Int64"))
    table.loc[table["year"] == min(measured), changes] = pd.NA
    front = ["year", "level", "code", "name", "municipalities", "with_academy", *changes]
    shares = [name for name in table.columns if name.startswith("share")]
    return table[[*front, "academies", *coverage_.COUNTS, *shares]]


def _counts(municipalities: gpd.GeoDataFrame, level: str) -> pd.DataFrame:
    """Count academies and changes by the code of a level."""
    code = municipalities["province"] if level == "province" else coverage_.REGION[0]
    plain = pd.DataFrame(municipalities[["academies"]]).assign(
        code=code,
        newly_with=municipalities["status"] == "new",
        no_longer_with=municipalities["status"] == "lost",
    )
    return plain.groupby("code").sum()


def _text(trend: Trend) -> MapText:
    """Say what is printed around chart and maps."""
    study, language = trend.study, trend.study.output.language
    words, inputs = WORDS[language], list(trend.inputs.values())
    told = {year: population_date(study, one) for year, one in trend.inputs.items()}
    populations = [words["each"].format(year=y, population=p) for y, p in told.items()]
    constant = len(set(told.values())) == 1
    day = format_date(study.about.date, "d MMMM" if language == "nl" else "MMMM d", language)
    dates = words["dates"].format(
        day=day, populations=next(iter(told.values())) if constant else "; ".join(populations)
    )
    return replace(
        map_text(study, inputs[0]),
        date=f"{dates} {words['constant']}" if constant else dates,
        source=attribution(*inputs),
    )


def readable_trend(table: pd.DataFrame, language: str) -> pd.DataFrame:
    """Turn the trend table into text columns with headings, for people."""
    counts = ["municipalities", "with_academy", "newly_with", "no_longer_with", "academies",
              "children", "covered"]  # fmt: skip
    shares = ["share", "share_low", "share_high"]
    columns = {
        "year": table["year"].astype(str),
        "name": table["name"],
        **{
            name: table[name].map(lambda n: number(n, language), na_action="ignore").fillna("")
            for name in counts
        },
        **{name: table[name].map(lambda share: percent(share, language)) for name in shares},
    }
    heads = HEADS[language]
    return pd.DataFrame(dict(zip(heads, columns.values(), strict=True)))


def _readable_reported(reported: pd.DataFrame, language: str) -> pd.DataFrame:
    values = reported["value"].map(lambda value: format_decimal(value, locale=language))
    units = reported["unit"].map(UNITS[language]).fillna("")
    figures = (reported["qualifier"] + " " + values + " " + units).str.strip()
    named = [reported[name] for name in ("region", "label", "source")]
    columns = (reported["year"].astype(str), *named, figures)
    heads = REPORTED_HEADS[language]
    return pd.DataFrame(dict(zip(heads, columns, strict=True)))


def _markdown(trend: Trend, text: MapText) -> str:
    """Write the trend for people: both tables and what one must know to read them."""
    language = text.language
    words = WORDS[language]
    lines = [f"# {plain(text.title)}", "", *(f"**{plain(line)}**\n" for line in text.cautions)]
    lines += [*markdown_table(readable_trend(trend.table, language), left=2), ""]
    lines += [text.date, words["territory"].format(vintage=trend.study.about.vintage), ""]
    lines += _changes(trend.places, words)
    lines += [f"## {words['reported']}", "", words["reported_note"], ""]
    lines += [*markdown_table(_readable_reported(trend.reported, language), left=4), ""]
    lines += [f"## {words['sources']}", "", plain(text.source), ""]
    if trend.notes:
        notes = [f"- {plain(str(note))}" for note in trend.notes]
        lines += [f"## {words['notes']}", "", *notes, ""]
    return "\n".join(lines)


def _changes(places: pd.DataFrame, words: dict[str, str]) -> list[str]:
    """Name the municipalities that won or lost their academies, by year."""
    lines = []
    for year, rows in places.groupby("year"):
        for status in ("new", "lost"):
            names = sorted(rows.loc[rows["status"] == status, "name"])
            head = f"**{words[status].format(year=year)}** ({len(names)})"
            lines += [f"{head}: {plain(', '.join(names))}.", ""] if names else []
    return lines


def _manifest(trend: Trend, text: MapText) -> dict[str, object]:
    return {
        **origins(trend.study, *trend.inputs.values(), text=text),
        "years": list(trend.inputs),
        "notes": [str(note) for note in trend.notes],
    }
