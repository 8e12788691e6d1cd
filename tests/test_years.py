"""Facts about a trend: the same territory in every year, and who won or lost an academy."""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
import shutil
from collections import Counter
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import hand
import pandas as pd
import pytest
from typer.testing import CliRunner

import stemgeo as sg
from stemgeo import facts, inputs
from stemgeo.cli import app
from stemgeo.errors import InputError, MissingFileError, ResultError, StudyError
from stemgeo.report.describing import DESCRIPTIONS
from stemgeo.report.sheets import draw_from_folder
from stemgeo.years import Trend, format_trend, trend

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stemgeo.notes import Said
    from stemgeo.study_run import Result

pytestmark = pytest.mark.usefixtures("read_once")

REPORTED = {2019: 162, 2020: 221, 2021: 220, 2022: 221}
"""Municipalities with a STEM academy, as the minister reported them."""

REGISTER = """academy_id,name,x,y,valid_from,valid_until
A,Eerste,150500,200500,2019-01-01,2020-12-31
B,Tweede,150600,200600,2020-06-01,2021-05-31
C,Derde,157500,200500,2021-01-01,2022-12-31
"""
"""In the first municipality in 2019 and 2020, in the second from 2021 on."""


@pytest.fixture(scope="module")
def sample() -> Trend:
    """The example study over the four years of the question."""
    return trend(sg.sample(), REPORTED)


def region(found: Trend) -> pd.DataFrame:
    return found.table[found.table["level"] == "region"].set_index("year")


def test_the_sample_has_the_municipalities_that_were_reported(sample: Trend) -> None:
    """162, 221, 220 and 221 of 300; and they add up to the provinces of 2022."""
    assert region(sample)["with_academy"].to_dict() == REPORTED
    assert (region(sample)["municipalities"] == 300).all()
    of_2022 = sample.table[(sample.table["year"] == 2022) & (sample.table["level"] == "province")]
    assert of_2022.set_index("name")["with_academy"].to_dict() == {
        "Limburg": 27, "Antwerpen": 39, "Oost-Vlaanderen": 53, "Vlaams-Brabant": 38,
        "West-Vlaanderen": 64,
    }  # fmt: skip


def test_the_last_year_is_the_run_of_the_study(sample: Trend, sample_result: Result) -> None:
    """31 December 2022 is the study's own date: every figure of its summary, per province."""
    of_2022 = sample.table[sample.table["year"] == 2022].set_index("name")
    run = sample_result.summary().set_index("name")
    shown = [name for name in run.columns if name != "code"]
    pd.testing.assert_frame_equal(
        of_2022.loc[run.index, shown], run[shown], check_dtype=False, check_names=False
    )


def test_changes_lead_from_one_year_to_the_next(sample: Trend) -> None:
    """Won and lost municipalities explain the count; the first year has neither."""
    for level, rows in sample.table.groupby("level"):
        counts = rows.pivot_table(index="year", columns="code", values="with_academy")
        won = rows.astype({"newly_with": float}).pivot_table(
            index="year", columns="code", values="newly_with", dropna=False
        )
        lost = rows.astype({"no_longer_with": float}).pivot_table(
            index="year", columns="code", values="no_longer_with", dropna=False
        )
        assert won.loc[2019].isna().all(), level
        later = counts.index[1:]
        assert (counts.diff().loc[later] == (won - lost).loc[later]).to_numpy().all()


def test_what_was_reported_stands_beside_with_its_source(sample: Trend) -> None:
    """The figures of the seeds for these years, as they were reported, each with a source."""
    own = sample.reported[sample.reported["indicator"] == "municipalities_with_academy"]
    own = own[own["region"] == "Vlaanderen"]
    assert own.set_index("year")["value"].to_dict() == REPORTED
    reached = sample.reported[sample.reported["indicator"] == "children_reached"]
    assert reached.set_index("year")["value"].to_dict() == {2020: 12500, 2021: 36340, 2022: 37376}
    assert (sample.reported["source"].str.len() > 20).all()
    assert set(sample.reported["year"]) <= set(REPORTED)


# -- by hand ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small study in a straight line, with a register of three years; not to be changed."""
    folder = hand.write_study(tmp_path_factory.mktemp("years") / "study", straight_line=True)
    (folder / "academies.csv").write_text(REGISTER, encoding="utf-8")
    text = (folder / "study.toml").read_text(encoding="utf-8")
    (folder / "study.toml").write_text(
        re.sub(
            r"academies = .*", 'academies = { path = "academies.csv", crs = "EPSG:31370" }', text
        ),
        encoding="utf-8",
    )
    return folder


@pytest.fixture
def study(unchanged: Path, tmp_path: Path) -> Path:
    """A copy of it, to do with as a test likes."""
    return shutil.copytree(unchanged, tmp_path / "study")


@pytest.fixture(scope="module")
def over(unchanged: Path) -> Callable[..., Trend]:
    """Measure that study over some years, once."""
    return cache(lambda *years: trend(sg.load_study(unchanged), years))


def write_population(path: Path, year: int, times: int = 1) -> None:
    """Write the children of the small study as Statbel would in a year, so many times over."""
    rows = [
        f"{code}|{sex}|{age}|{times * count}|{year}"
        for code, count in hand.SMALL_CHILDREN.items()
        for sex in "FM"
        for age in range(5, 18)
    ]
    header = "CD_REFNIS|CD_SEX|CD_AGE|MS_POPULATION|CD_YEAR"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")


def name_populations(study: Path, names: dict[int, str]) -> None:
    """Name population files of other years in the study."""
    text = (study / "study.toml").read_text(encoding="utf-8")
    lines = "\n".join(f'{year} = "{name}"' for year, name in names.items())
    more = f"[inputs.populations]\n{lines}\n[output]"
    (study / "study.toml").write_text(text.replace("[output]", more), encoding="utf-8")


def test_municipalities_win_keep_and_lose(study: Path) -> None:
    """Worked out from the register: which has an academy on 31 December of each year."""
    found = trend(sg.load_study(study), [2021, 2019, 2020])
    status = found.places.pivot_table(
        index="nis_code", columns="year", values="status", aggfunc="first"
    )
    with_any = status[(status != "without").any(axis=1)]
    assert with_any[[2019, 2020, 2021]].to_numpy().tolist() == [
        ["with", "with", "lost"],
        ["without", "without", "new"],
    ]
    table = region(found)
    assert list(table.index) == [2019, 2020, 2021]
    assert table["academies"].tolist() == [1, 2, 1]
    assert table["newly_with"].tolist()[1:] == [0, 1]
    assert table["no_longer_with"].tolist()[1:] == [0, 1]
    assert table["newly_with"].isna().tolist() == [True, False, False]


def test_a_year_may_have_its_own_population(study: Path) -> None:
    """Named under `populations`; the other years keep the study's, and the words say so."""
    write_population(study / "b2021.txt", 2021, times=2)
    name_populations(study, {2021: "b2021.txt"})
    found = trend(sg.load_study(study), [2020, 2021])
    children = region(found)["children"]
    assert children[2021] == 2 * children[2020] > 0
    place = found.write(study.parent / "trend")
    summary = (place / "summary.md").read_text(encoding="utf-8")
    brought = "omgezet naar de gemeenten van 2025"
    assert f"2020: 1 januari 2022, {brought}; 2021: 1 januari 2021, {brought}." in summary
    assert "dezelfde kinderen" not in summary
    manifest = json.loads((place / "manifest.json").read_text(encoding="utf-8"))
    names = [item["name"] for item in manifest["inputs"]]
    assert names.count("gemeenten.gpkg") == 1
    assert {"bevolking.txt", "b2021.txt"} <= set(names)
    told = "no population of its own; that of 1 January 2022 is used, so part of the change is of"
    assert [note for note in map(str, found.notes) if told in note] == [f"2020: {told} children"]


def test_a_year_that_the_study_itself_is_of_has_its_population(study: Path) -> None:
    """The study's file is of 2022: only 2020 has none of its own. Nor is a note due without any."""
    write_population(study / "b2021.txt", 2021)
    name_populations(study, {2021: "b2021.txt"})
    given = sg.load_study(study)
    notes = [str(note) for note in trend(given, [2020, 2021, 2022]).notes]
    assert [note[:4] for note in notes if "no population of its own" in note] == ["2020"]
    alone = [str(note) for note in trend(given, [2019, 2020]).notes]
    assert not [note for note in alone if "no population of its own" in note]


def test_a_population_of_another_year_than_its_name_is_refused(study: Path) -> None:
    """Whatever else is wrong is told at once, before anything is measured."""
    write_population(study / "b2015.txt", 2015)
    name_populations(study, {2013: "b2015.txt", 2014: "b2014.txt"})
    with pytest.raises(MissingFileError) as caught:
        trend(sg.load_study(study), [2013, 2014])
    first, second = map(str, caught.value.problems)
    assert first == (
        "populations.2013: the file is of 2015; give that of 2013, or name it under 2015"
    )
    assert second.startswith("b2014.txt: does not exist")


def test_populations_of_other_years_are_read_once(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each file of a trend, with the study's own, passes its reader one time."""
    # Of people whom no other test counts: what others read is kept.
    write_population(study / "bevolking.txt", 2022, times=3)
    write_population(study / "b2020.txt", 2020)
    write_population(study / "b2021.txt", 2021, times=2)
    name_populations(study, {2020: "b2020.txt", 2021: "b2021.txt"})
    read: Counter[str] = Counter()
    load = inputs.load_population

    def counting(given: sg.study.Input, *others: object) -> object:  # type: ignore[name-defined]
        read[given.path.name] += 1
        return load(given, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(inputs, "load_population", counting)
    trend(sg.load_study(study), [2020, 2021])
    assert read == {"bevolking.txt": 1, "b2020.txt": 1, "b2021.txt": 1}


def test_a_run_names_its_own_population_only(study: Path) -> None:
    """The files of other years are no source of a run's figures."""
    write_population(study / "b2021.txt", 2021)
    name_populations(study, {2021: "b2021.txt"})
    found = inputs.load_inputs(sg.load_study(study))
    assert [item.role for item in found.provenance] == ["municipalities", "population", "academies"]
    roles = [item.role for item in found.years[2021].provenance]
    assert roles == ["municipalities", "populations.2021", "academies"]


def test_check_reads_the_populations_of_other_years(study: Path) -> None:
    """Listed with their year; their problems are told with those of the others."""
    write_population(study / "b2021.txt", 2021)
    name_populations(study, {2021: "b2021.txt"})
    listed = CliRunner().invoke(app, ["check", str(study)]).stdout.splitlines()
    roles = [line.split()[0] for line in listed if re.match(r"\S+ +\S+  \d+ ", line)]
    assert roles == ["municipalities", "population", "academies", "populations.2021"]
    write_population(study / "b2021.txt", 2012)
    (study / "bevolking.txt").write_text("x\n", encoding="utf-8")
    ended = CliRunner().invoke(app, ["check", str(study)])
    assert isinstance(ended.exception, InputError)
    told = str(ended.exception)
    assert "populations.2021: the file is of 2012" in told
    assert "bevolking.txt: " in told


# -- what the reader must know ---------------------------------------------------------------


def test_unmeasured_children_stand_in_the_table(over: Callable[..., Trend], tmp_path: Path) -> None:
    """In a column of their own; a share of fewer than half bears an asterisk that is explained."""
    found = over(2020, 2021)
    table = found.table.copy()
    row = (table["level"] == "province") & (table["year"] == 2021) & (table["name"] == "Limburg")
    table.loc[row, ["children", "covered", "uncovered", "unmeasured"]] = [78, 10, 20, 48]
    table.loc[row, "share"] = 10 / 30
    partly = replace(found, table=table)
    shown = format_trend(partly.table, "nl")
    assert list(shown.columns[:7]) == [
        "Jaar", "Gebied", "Gemeenten", "met academie", "nieuw", "niet langer", "Academies",
    ]  # fmt: skip
    assert shown.loc[row, ["niet gemeten", "Aandeel"]].to_numpy().tolist() == [["48", "33,3 %*"]]
    assert shown.loc[~row, "Aandeel"].str.endswith("%").all()
    summary = (partly.write(tmp_path / "p") / "summary.md").read_text(encoding="utf-8")
    plain = (found.write(tmp_path / "t") / "summary.md").read_text(encoding="utf-8")
    for words in ("33,3 %\\*", "\\* Minder dan de helft van de kinderen is gemeten"):
        assert words in summary
        assert words not in plain
    assert "niet-gemeten kinderen staan ernaast" in plain


def test_the_terminal_says_what_a_share_is(study: Path) -> None:
    """Below the table, as the summary does."""
    words = ["trend", str(study), "--years", "2020,2021", "--out", str(study.parent / "t")]
    told = CliRunner().invoke(app, words).stdout
    assert "niet gemeten" in told.splitlines()[0]
    assert "niet-gemeten kinderen staan ernaast" in told


def test_years_may_be_skipped(study: Path) -> None:
    """The words name the year that was looked back to, not "the year before"."""
    found = trend(sg.load_study(study), [2019, 2022])
    place = found.write(study.parent / "t")
    summary = (place / "summary.md").read_text(encoding="utf-8")
    assert "**Nieuw in 2022, nog niet in 2019** (1): Boechout." in summary
    assert "**Niet langer in 2022, nog wel in 2019** (1): Aartselaar." in summary
    chart = (place / "maps" / "trend-maps.svg").read_text(encoding="utf-8")
    assert "in het vorige getoonde jaar nog zonder" in chart


def test_the_first_year_has_no_past(over: Callable[..., Trend]) -> None:
    """Municipalities have an academy or not; none kept, won or lost it."""
    places = over(2019, 2020).places
    first = places[places["year"] == 2019]
    assert first["status"].value_counts().to_dict() == {"with": 1, "without": 2}


@pytest.mark.parametrize(
    ("dated", "note", "date"),
    [
        (3, None, "Academies: erkend op 31 december van elk jaar."),
        (
            1,
            (
                "2 of 3 academies without valid_from and valid_until, counted in every year; give "
                "their dates"
            ),
            "Academies: erkend op 31 december van elk jaar (van 2 van de 3 academies",
        ),
        (
            0,
            (
                "3 of 3 academies without valid_from and valid_until, counted in every year; the "
                "trend shows changes of children only; give their dates"
            ),
            "Academies: in het register, zonder datums.",
        ),
    ],
)
def test_academies_without_dates_count_in_every_year(
    study: Path, dated: int, note: str | None, date: str
) -> None:
    """Said with their number; without any date nothing is called recognised on a day."""
    header, *rows = REGISTER.splitlines()
    undated = [",".join(row.split(",")[:4]) + ",," for row in rows[dated:]]
    text = "\n".join([header, *rows[:dated], *undated]) + "\n"
    (study / "academies.csv").write_text(text, encoding="utf-8")
    found = trend(sg.load_study(study), [2019, 2020])
    told = [str(one) for one in found.notes if "without valid_from" in str(one)]
    assert told == ([f"academies: {note}"] if note else [])
    summary = (found.write(study.parent / "t") / "summary.md").read_text(encoding="utf-8")
    assert date in summary
    assert ("alleen de academies veranderen" in summary) == (dated > 0)
    assert ("erkend" in summary) == (dated > 0)


def test_a_part_of_flanders_has_no_reported_figures_beside_it(
    over: Callable[..., Trend], tmp_path: Path
) -> None:
    """Three municipalities: budgets and academies of all Flanders would mislead there."""
    found = over(2019, 2020, 2021)
    assert found.reported.empty
    place = found.write(tmp_path / "t")
    assert not (place / "tables" / "reported.csv").exists()
    assert "erapporteerd" not in (place / "summary.md").read_text(encoding="utf-8")
    assert "gerapporteerd" not in (place / "LEESMIJ.txt").read_text(encoding="utf-8")
    figures, _, notes = (place / "summary.md").read_text("utf-8").partition("## Opmerkingen")
    assert "Vlaanderen" not in figures
    assert "staan er niet in" in notes


def test_reported_figures_are_said_to_be_of_all_of_flanders(sample: Trend, tmp_path: Path) -> None:
    """Beside all of Flanders, with their table, whatever the study counts."""
    place = sample.write(tmp_path / "t")
    summary = (place / "summary.md").read_text(encoding="utf-8")
    assert "Zij gaan over STEM-academies in heel Vlaanderen" in summary
    text = (place / "tables" / "reported.csv").read_text(encoding="utf-8")
    assert len(list(csv.DictReader(text.splitlines()))) == len(sample.reported) > 10


# -- folders ---------------------------------------------------------------------------------


def test_a_trend_and_a_run_do_not_replace_each_other(
    unchanged: Path, over: Callable[..., Trend], tmp_path: Path
) -> None:
    """Each is refused at the other's place, which stays; each replaces its own."""
    found, result = over(2019, 2020), sg.run(unchanged)
    of_trend, of_run = found.write(tmp_path / "t"), result.write(tmp_path / "r")
    with pytest.raises(ResultError, match=r"is the result of `stemgeo run`; choose another"):
        found.write(of_run)
    with pytest.raises(ResultError, match=r"is the result of `stemgeo trend`; choose another"):
        result.write(of_trend)
    assert (of_run / "map.html").exists()
    assert (of_trend / "maps" / "trend-chart.svg").exists()
    found.write(of_trend)
    result.write(of_run)


def test_the_command_refuses_before_it_measures(
    unchanged: Path,
    over: Callable[..., Trend],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is read for a place that is another command's; old manifests are of runs."""
    place = over(2019, 2020).write(tmp_path / "t")
    monkeypatch.setattr("stemgeo.measure.load_inputs", lambda _: pytest.fail("inputs were read"))
    ended = CliRunner().invoke(app, ["run", str(unchanged), "--out", str(place)])
    assert "is the result of `stemgeo trend`" in str(ended.exception)
    content = json.loads((place / "manifest.json").read_text(encoding="utf-8"))
    del content["command"]
    (place / "manifest.json").write_text(json.dumps(content), encoding="utf-8")
    words = ["trend", str(unchanged), "--years", "2019,2020", "--out", str(place)]
    assert "is the result of `stemgeo run`" in str(CliRunner().invoke(app, words).exception)


def test_a_trend_is_not_read_as_a_run(over: Callable[..., Trend], tmp_path: Path) -> None:
    """`coverage`, `gaps` and `map` say whose result it is."""
    place = over(2019, 2020).write(tmp_path / "t")
    told = "is the result of `stemgeo trend`, not of a run; `stemgeo run STUDY --out DIR` writes"
    for reader in (draw_from_folder, sg.Result.from_folder):
        with pytest.raises(ResultError, match=told):
            reader(place)
    for command in ("coverage", "gaps", "map"):
        assert told in str(CliRunner().invoke(app, [command, str(place)]).exception)


# -- the command -----------------------------------------------------------------------------


def test_years_that_run_back_are_turned(study: Path) -> None:
    """The usual slip, with what was meant."""
    words = ["trend", str(study), "--years", "2022-2019", "--out", str(study.parent / "t")]
    ended = CliRunner().invoke(app, words)
    assert ended.exit_code == 2
    told = " ".join(ended.stderr.replace("│", " ").split())
    assert "'2022-2019' begins after it ends; write 2019-2022" in told


def test_progress_tells_what_is_read_and_each_year(study: Path) -> None:
    """It never goes back, and leaves the last tenth to the writing."""
    steps: list[tuple[Said, float]] = []
    trend(sg.load_study(study), [2019, 2020], progress=lambda *step: steps.append(step))
    assert [what.nl for what, _ in steps] == [
        "Bestanden lezen", "Wegen lezen", "Kinderen plaatsen", "2019 meten (1 van 2)",
        "2020 meten (2 van 2)",
    ]  # fmt: skip
    shares = [share for _, share in steps]
    assert shares == sorted(shares)
    assert shares[-1] < 0.9


def test_a_leap_day_becomes_the_last_of_february(study: Path) -> None:
    """A study of 29 February has a day in every year."""
    given = sg.load_study(study)
    about = given.about.model_copy(update={"date": dt.date(2020, 2, 29)})
    found = trend(given.model_copy(update={"about": about}), [2020, 2021])
    assert region(found)["academies"].tolist() == [1, 2]


def test_one_year_is_no_trend(study: Path) -> None:
    """Said before anything is read."""
    with pytest.raises(StudyError, match="two years or more"):
        trend(sg.load_study(study), [2020, 2020])
    with pytest.raises(StudyError, match="years: 22 is no year; give 1900 or later"):
        trend(sg.load_study(study), [22, 2020])


@pytest.mark.usefixtures("drawn_each_time")
def test_a_trend_is_written_whole_and_the_same_twice(
    over: Callable[..., Trend], tmp_path: Path
) -> None:
    """Tables, chart, maps, words and manifest; the same bytes; notice and sources in the words."""
    found = over(2019, 2020, 2021)
    first, second = found.write(tmp_path / "a"), found.write(tmp_path / "b")
    content = {
        place: {
            path.relative_to(place).as_posix(): path.read_bytes()
            for path in place.rglob("*")
            if path.is_file()
        }
        for place in (first, second)
    }
    assert content[first] == content[second]
    assert set(content[first]) == {
        "tables/trend.csv", "tables/trend-municipalities.csv",
        "maps/trend-chart.svg", "maps/trend-maps.svg", "summary.md", "LEESMIJ.txt",
        "manifest.json", *DESCRIPTIONS,
    }  # fmt: skip
    readme = content[first]["LEESMIJ.txt"].decode()
    for words in ("Proef, niet voor publicatie", "Proefbevolking", "benadering in vogelvlucht",
                  "Lijngrafiek"):  # fmt: skip
        assert words in readme
    rows = list(csv.DictReader(content[first]["tables/trend.csv"].decode().splitlines()))
    assert [row["with_academy"] for row in rows if row["level"] == "region"] == ["1", "1", "1"]


def test_reported_figures_are_those_of_the_seeds(shared_data: Path) -> None:
    """Every value, year, region and unit of the seeds' figures on academies, none more."""
    seeds = shared_data.parent / "reference" / "seed-facts.csv"
    with seeds.open(encoding="utf-8", newline="") as stream:
        expected = {
            (
                int(row["year"]), row["indicator"],
                row["region"].replace("Flanders", "Vlaanderen"), float(row["value"]), row["unit"],
            )
            for row in csv.DictReader(stream)
        }  # fmt: skip
    known = facts.read_reported()
    columns = ["year", "indicator", "region", "value", "unit"]
    assert set(known[columns].astype({"value": float}).itertuples(index=False, name=None)) == (
        expected
    )
