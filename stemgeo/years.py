"""Years beside each other: how the academies of a register served the children, year by year."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from stemgeo import facts
from stemgeo.coverage import REGION, status_of, summary_table
from stemgeo.errors import Problem, StudyError
from stemgeo.inputs import Inputs, vintages
from stemgeo.maps.line_chart import describe_line_chart, draw_line_chart
from stemgeo.maps.page import describe_figure
from stemgeo.maps.series import find_partly_measured
from stemgeo.maps.small_multiples import describe_small_multiples, draw_small_multiples
from stemgeo.measure import Measured, Prepared, measure_day, prepare_study
from stemgeo.notes import (
    Note,
    say,
    say_amount,
    say_count,
    say_day,
    say_several,
    tell_notes,
    write_in_all,
)
from stemgeo.recognition import Standing, is_undated
from stemgeo.report.files import TREND, join_lines
from stemgeo.report.imprint import (
    build_map_text,
    find_population_day,
    list_file_words,
    say_attribution,
    say_population_date,
)
from stemgeo.report.manifests import build_origins
from stemgeo.report.outcome import Outcome
from stemgeo.report.overview import format_reported
from stemgeo.report.summary import (
    begin_markdown,
    end_markdown,
    escape_markdown,
    format_coverage,
    list_short_heads,
    say_quiet_roads,
    write_markdown_table,
)
from stemgeo.speech import format_day_of_year, format_whole
from stemgeo.stages import DRAWING_MAPS, MEASURING_YEARS, Progress, count_off, report_nothing
from stemgeo.tables import order_columns
from stemgeo.texts import load_texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import geopandas as gpd
    from matplotlib.figure import Figure

    from stemgeo.maps.press import Press
    from stemgeo.maps.text import MapText
    from stemgeo.texts import Texts
from stemgeo.study import YEARS, Input, Study, or_its_path

LEVELS = ("region", "province")
MEASURED_FROM, MEASURED_TO = 0.4, 0.9
"""Part of the progress in which the years are measured; before it all is read and placed."""


@dataclass(frozen=True, eq=False, repr=False)
class Trend(Outcome):
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
        What was reported of these years, see `facts.read_reported`; nothing for a part of Flanders.
    notes
        What the reader of the figures must know.
    """

    COMMAND = TREND
    FILES: ClassVar[Mapping[str, str]] = {
        "table": "tables/trend.csv",
        "places": "tables/trend-municipalities.csv",
        "reported": "tables/reported.csv",
    }

    study: Study
    inputs: dict[int, Inputs]
    table: pd.DataFrame
    places: pd.DataFrame
    academies: dict[int, gpd.GeoDataFrame]
    municipalities: dict[int, gpd.GeoDataFrame]
    reported: pd.DataFrame
    notes: tuple[Note, ...]

    def shown(self) -> pd.DataFrame:
        """Give the years of the region in words."""
        return format_trend(self.table[self.table["level"] == "region"], self.language)

    def chart(self) -> Figure:
        """Draw municipalities with an academy and children within reach, year by year."""
        given = self.table, self.reported, self.text
        return describe_figure(draw_line_chart(*given), describe_line_chart(*given))

    def map(self) -> Figure:
        """Draw the municipalities with an academy, a small map for each year."""
        given = self.municipalities, self.academies, self.text
        return describe_figure(draw_small_multiples(*given), describe_small_multiples(*given))

    def _build_map_text(self) -> MapText:
        return _build_trend_text(self)

    def _build_tables(self) -> dict[str, Any]:
        return {file: one for file, one in super()._build_tables().items() if len(one)}

    def _build_texts(self) -> dict[str, str]:
        words = {
            **list_file_words(self.text),
            "chart": describe_line_chart(self.table, self.reported, self.text),
            "maps": describe_small_multiples(self.municipalities, self.academies, self.text),
        }
        return {
            "LEESMIJ.txt": join_lines(words.values()),
            "summary.md": _write_markdown(self, self.text),
        }

    def _draw_maps(self, maps: Path, press: Press, progress: Progress) -> None:
        formats = self.study.output.formats
        progress(count_off(DRAWING_MAPS, 1, 2), 0.0)
        said = describe_line_chart(self.table, self.reported, self.text)
        press.save(self.chart(), maps / "trend-chart", said, formats)
        progress(count_off(DRAWING_MAPS, 2, 2), 0.5)
        said = describe_small_multiples(self.municipalities, self.academies, self.text)
        press.save(self.map(), maps / "trend-maps", said, formats)

    def _build_manifest(self) -> dict[str, Any]:
        return {
            "command": TREND,
            **build_origins(self.study, *self.inputs.values(), text=self.text),
            "text": {
                str(language): asdict(self.told_in(language).text)
                for language in self.study.languages
            },
            "years": list(self.inputs),
            "notes": write_in_all(self.notes, self.study.languages),
        }


@or_its_path
def trend(study: Study, years: Iterable[int], *, progress: Progress = report_nothing) -> Trend:
    """Measure a study for the academies of several years.

    >>> sg.trend(sg.sample(), [2019, 2022]).table

    Parameters
    ----------
    study
        From `load_study`, or the path of it. Its date gives the day of each year on which
        recognitions must be valid. All years count the municipalities of its vintage: the territory
        is constant. Places of a plan are left out, since they are recognised in no year.
    years
        Two or more; in any order.
    progress
        Called with what is being done and the share behind us.

    Raises
    ------
    InputError
        With every problem of the inputs at once.
    StudyError
        If there are fewer than two years, or one is none.
    """
    wanted = sorted(set(years))
    if len(wanted) < 2:
        raise StudyError(Problem("years", "a trend needs two years or more", "give 2019-2022"))
    if strange := [year for year in wanted if year not in YEARS]:
        raise StudyError(Problem("years", f"{strange[0]} is no year", f"give {YEARS[0]} or later"))
    planned = study.inputs.plan
    study = study.with_plan(None)
    ground = prepare_study(study, progress)
    prepared: dict[int, Prepared] = {}
    measured: dict[int, Measured] = {}
    for done, year in enumerate(wanted):
        share = MEASURED_FROM + (MEASURED_TO - MEASURED_FROM) * done / len(wanted)
        what = say("Measuring {year}", "{year} meten", "Mesure de {year}", year=str(year))
        progress(count_off(MEASURING_YEARS, done + 1, len(wanted), what), share)
        prepared[year] = _prepare_year(ground, year)
        measured[year] = measure_day(prepared[year], study.day_in(year))
    inputs = {year: one.inputs for year, one in prepared.items()}
    municipalities = _add_status({year: one.municipalities for year, one in measured.items()})
    return Trend(
        study=study,
        inputs=inputs,
        table=_build_trend_table(measured, municipalities),
        places=_list_municipalities(municipalities),
        academies={year: one.academies for year, one in measured.items()},
        municipalities=municipalities,
        reported=_list_reported(ground.inputs, wanted if study.about.facility is None else []),
        notes=tell_notes(
            (*_note_plan_left_out(planned), *_gather_notes(prepared, measured)), study.languages
        ),
    )


def _note_plan_left_out(plan: Input | None) -> list[Note]:
    """Say that a plan plays no part."""
    if plan is None:
        return []
    what = say(
        "what it opens, moves or closes was so in no year, and is left out of the trend",
        "wat het opent, verplaatst of sluit, was in geen enkel jaar zo, en telt in de evolutie "
        "niet mee",
        "ce qu’il ouvre, déplace ou ferme ne l’était aucune de ces années, et ne compte pas ici",
    )
    return [Note(plan.path.name, what)]


def _prepare_year(prepared: Prepared, year: int) -> Prepared:
    """Put the children of a year at their points, when the study names its population."""
    own = prepared.inputs.years.get(year)
    if own is None:
        return prepared
    ground = prepared.ground
    of_extract = {name: getattr(ground, name) for name in ("buildings", "streets", "uninhabited")}
    return Prepared.from_inputs(prepared.study, own, ground.network, **of_extract)


def _list_reported(inputs: Inputs, years: list[int]) -> pd.DataFrame:
    """Give what was reported of all of Flanders; beside a part of it the figures would mislead."""
    known = facts.read_reported()
    if not vintages.cover_flanders(inputs.municipalities["nis_code"]):
        return known.head(0)
    return known[known["year"].isin(years)].reset_index(drop=True)


def _gather_notes(prepared: dict[int, Prepared], measured: dict[int, Measured]) -> tuple[Note, ...]:
    """Gather what the reader of the figures must know, each thing once."""
    inputs = {year: one.inputs for year, one in prepared.items()}
    notes = [note for one in prepared.values() for note in one.notes]
    notes += [*_note_other_day(inputs), *_note_undated(next(iter(inputs.values())).academies)]
    notes += [
        replace(
            note,
            where=say(
                "{year}, {where}",
                "{year}, {where}",
                "{year}, {where}",
                year=str(year),
                where=note.where,
            ),
        )
        for year, one in measured.items()
        for note in one.notes
    ]
    return tuple(dict.fromkeys(notes))


def _note_other_day(inputs: dict[int, Inputs]) -> list[Note]:
    """Name the years without a population of their own, when others have one."""
    if _have_same_children(inputs):
        return []
    notes = []
    for year, one in inputs.items():
        if one.population_year == year:
            continue
        date = find_population_day(one)
        told = say("one without a date", "cijfers zonder datum", "ceux d’une date inconnue")
        if date:
            told = say("that of {day}", "die van {day}", "ceux du {day}", day=say_day(date))
        notes.append(
            Note(
                str(year),
                say(
                    "no population of its own",
                    "geen eigen bevolkingscijfers",
                    "pas de chiffres de population propres",
                ),
                say(
                    "{told} is used, so part of the change is of children",
                    "gebruikt zijn {told}, dus een deel van het verschil komt van het aantal "
                    "kinderen",
                    "les chiffres utilisés sont {told} : une partie de la différence vient donc "
                    "du nombre d’enfants",
                    told=told,
                ),
            )
        )
    return notes


def _have_same_children(inputs: dict[int, Inputs]) -> bool:
    """Tell whether all years have one population."""
    return len({id(one) for one in inputs.values()}) == 1


def _note_undated(register: gpd.GeoDataFrame) -> list[Note]:
    """Say how many academies count in every year because the register gives them no dates."""
    undated = int(is_undated(register).sum())
    if not undated:
        return []
    what = say(
        "{undated} of {all} without valid_from and valid_until, counted in every year",
        "{undated} van de {all} zonder valid_from en valid_until, in elk jaar meegeteld",
        "{undated} sur {all} sans valid_from ni valid_until, {comptés|comptées} chaque année",
        undated=say_amount(undated),
        all=say_count(len(register), "academy"),
    )
    mend = say("give their dates", "geef de datums", "donnez leurs dates")
    if undated == len(register):
        mend = say(
            "the trend shows changes of children only; give their dates",
            "de evolutie toont alleen veranderingen bij de kinderen; geef de datums",
            "l’évolution ne montre que les changements du nombre d’enfants ; donnez leurs dates",
        )
    return [Note(say_several("academy"), what, mend)]


def _add_status(tables: dict[int, gpd.GeoDataFrame]) -> dict[int, gpd.GeoDataFrame]:
    """Say of each municipality whether it has, won, lost or lacks an academy."""
    found = {}
    before = None
    for year, table in tables.items():
        now = table["has_academy"]
        then = now if before is None else before
        found[year], before = table.assign(status=status_of(now, then)), now
    return found


def _list_municipalities(municipalities: dict[int, gpd.GeoDataFrame]) -> pd.DataFrame:
    parts = [
        pd.DataFrame(table.drop(columns="geometry")).assign(year=year)
        for year, table in municipalities.items()
    ]
    return order_columns("trend-municipalities", pd.concat(parts, ignore_index=True))


def _build_trend_table(
    measured: dict[int, Measured], municipalities: dict[int, gpd.GeoDataFrame]
) -> pd.DataFrame:
    """Lay the regions and provinces of all years below each other."""
    parts = []
    for year, one in measured.items():
        for level in LEVELS:
            rows = summary_table(one.coverage, one.municipalities, level)
            rows = rows[rows["code"] != REGION[0]] if level == "province" else rows
            rows = rows.assign(year=year, level=level)
            rows = rows.join(_count_by_level(municipalities[year], level), on="code")
            parts.append(rows)
    changes = ["newly_with", "no_longer_with"]
    table = pd.concat(parts, ignore_index=True).astype(dict.fromkeys(changes, "Int64"))
    table.loc[table["year"] == min(measured), changes] = pd.NA
    return order_columns("trend", table)


def _count_by_level(municipalities: gpd.GeoDataFrame, level: str) -> pd.DataFrame:
    """Count academies and changes by the code of a level."""
    code = municipalities["province"] if level == "province" else REGION[0]
    plain = pd.DataFrame(municipalities[["academies"]]).assign(
        code=code,
        newly_with=municipalities["status"] == "new",
        no_longer_with=municipalities["status"] == "lost",
    )
    return plain.groupby("code").sum()


def _build_trend_text(trend: Trend) -> MapText:
    """Say what is printed around chart and maps."""
    study, language = trend.study, trend.study.language
    words, inputs = load_texts(language), list(trend.inputs.values())
    told = {year: say_population_date(study, one) for year, one in trend.inputs.items()}
    constant = _have_same_children(trend.inputs)
    populations = [words("trend.each", year=y, population=p) for y, p in told.items()]
    counted = next(iter(told.values())) if constant else words.join_series(populations)
    day = format_day_of_year(study.about.date, language)
    standing = Standing.from_academies(inputs[0].academies, language)
    dates = [
        words("trend.academies", recognised=standing.say_on(words("trend.day", day=day))),
        words("trend.population", populations=counted),
        *([words(f"trend.{'constant' if standing.dated else 'unchanging'}")] if constant else []),
    ]
    return replace(
        build_map_text(study, inputs[0]),
        date=" ".join(dates),
        source=say_attribution(*inputs, language=language),
    )


def format_trend(table: pd.DataFrame, language: str) -> pd.DataFrame:
    """Turn the trend table into text columns with headings, for people."""
    words = load_texts(language)
    heads, shared = words.list_below("trend.head"), list_short_heads(words)
    shown = format_coverage(table, language, heads["area"])
    shown.insert(0, heads["year"], table["year"].astype(str).to_numpy())
    after = list(shown.columns).index(shared["with_academy"]) + 1
    for place, name in enumerate(("newly_with", "no_longer_with", "academies"), start=after):
        counts = table[name].map(lambda n: format_whole(n, language), na_action="ignore").fillna("")
        shown.insert(place, heads[name], counts.to_numpy())
    return shown


def say_definitions(table: pd.DataFrame, language: str, stress_rules: str) -> list[str]:
    """Say what the shares of a trend table are, and what those with an asterisk are not.

    Parameters
    ----------
    table
        Rows of the trend.
    language
        Of the words.
    stress_rules
        Of the study.
    """
    words = load_texts(language)
    marked = (
        [words("summary.partly").removeprefix("\\")] if find_partly_measured(table).any() else []
    )
    quiet_roads = say_quiet_roads(table, language, stress_rules)
    return [*marked, words("summary.share"), words("summary.range"), *quiet_roads]


def _write_markdown(trend: Trend, text: MapText) -> str:
    """Write the trend for people: both tables and what one must know to read them."""
    language = text.language
    words = load_texts(language)
    lines = begin_markdown(text.title, *text.cautions)
    lines += [*write_markdown_table(format_trend(trend.table, language), left=2), ""]
    lines += [
        *map(
            escape_markdown, say_definitions(trend.table, language, trend.study.travel.stress_rules)
        ),
        "",
    ]
    lines += [text.date, words("trend.territory", vintage=trend.study.about.vintage), ""]
    lines += _name_changes(trend.places, words)
    if len(trend.reported):
        lines += [f"## {words('trend.reported')}", "", words("trend.reported_note"), ""]
        lines += [*write_markdown_table(_head_reported(trend, words), left=4), ""]
    return "\n".join([*lines, *end_markdown(text.source, trend.notes, words)])


def _head_reported(trend: Trend, words: Texts) -> pd.DataFrame:
    heads = words.list_below("trend.reported_head")
    return format_reported(trend.reported, words).rename(columns=heads)


def _name_changes(places: pd.DataFrame, words: Texts) -> list[str]:
    """Name the municipalities that won or lost their academies, by year."""
    lines = []
    for before, year in pairwise(sorted(places["year"].unique())):
        rows = places[places["year"] == year]
        for status in ("new", "lost"):
            names = sorted(rows.loc[rows["status"] == status, "name"])
            head = f"**{words(f'trend.{status}', year=year, before=before)}** ({len(names)})"
            named = words.join_pair(head, escape_markdown(", ".join(names)))
            lines += [f"{named}.", ""] if names else []
    return lines
