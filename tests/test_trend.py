"""Facts about a trend: the same territory in every year, and who won or lost an academy."""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
from typing import TYPE_CHECKING

import hand
import pandas as pd
import pytest

import stemgeo as sg
from stemgeo import facts
from stemgeo.errors import StudyError
from stemgeo.trend import Trend, trend

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.run import Result

REPORTED = {2019: 162, 2020: 221, 2021: 220, 2022: 221}
"""Municipalities with a STEM academy, as the minister reported them."""

REGISTER = """academy_id,name,x,y,valid_from,valid_until
A,Eerste,150500,200500,2019-01-01,2020-12-31
B,Tweede,150600,200600,2020-06-01,2021-05-31
C,Derde,157500,200500,2021-01-01,2022-12-31
"""
"""In the first municipality in 2019 and 2020, in the second from 2021 on."""


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Trend:
    """The example study over the four years of the question, in its own cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STEMGEO_CACHE", str(tmp_path_factory.mktemp("cache")))
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


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """The small study in a straight line, with a register of three years."""
    folder = hand.write_study(tmp_path / "study", straight_line=True)
    (folder / "academies.csv").write_text(REGISTER, encoding="utf-8")
    text = (folder / "study.toml").read_text(encoding="utf-8")
    (folder / "study.toml").write_text(
        re.sub(
            r"academies = .*", 'academies = { path = "academies.csv", crs = "EPSG:31370" }', text
        ),
        encoding="utf-8",
    )
    return folder


def test_municipalities_win_keep_and_lose(study: Path) -> None:
    """Worked out from the register: which has an academy on 31 December of each year."""
    found = trend(sg.load_study(study), [2021, 2019, 2020])
    status = found.places.pivot_table(
        index="nis_code", columns="year", values="status", aggfunc="first"
    )
    with_any = status[(status != "none").any(axis=1)]
    assert with_any[[2019, 2020, 2021]].to_numpy().tolist() == [
        ["kept", "kept", "lost"],
        ["none", "none", "new"],
    ]
    table = region(found)
    assert list(table.index) == [2019, 2020, 2021]
    assert table["academies"].tolist() == [1, 2, 1]
    assert table["newly_with"].tolist()[1:] == [0, 1]
    assert table["no_longer_with"].tolist()[1:] == [0, 1]
    assert table["newly_with"].isna().tolist() == [True, False, False]


def test_a_year_may_have_its_own_population(study: Path) -> None:
    """Named under `populations`; the other years keep the study's, and the words say so."""
    twice = [
        f"{code}|{sex}|{age}|{2 * count}|2021"
        for code, count in hand.SMALL_CHILDREN.items()
        for sex in "FM"
        for age in range(5, 18)
    ]
    header = "CD_REFNIS|CD_SEX|CD_AGE|MS_POPULATION|CD_YEAR"
    (study / "b2021.txt").write_text("\n".join([header, *twice]) + "\n", encoding="utf-8")
    text = (study / "study.toml").read_text(encoding="utf-8")
    more = '[inputs.populations]\n2021 = "b2021.txt"\n[output]'
    (study / "study.toml").write_text(text.replace("[output]", more), encoding="utf-8")
    found = trend(sg.load_study(study), [2020, 2021])
    children = region(found)["children"]
    assert children[2021] == 2 * children[2020] > 0
    place = found.write(study.parent / "trend")
    summary = (place / "summary.md").read_text(encoding="utf-8")
    brought = "omgezet naar de gemeenten van 2025"
    assert f"2020: 1 januari 2022, {brought}; 2021: 2021, {brought}." in summary
    assert "dezelfde kinderen" not in summary
    manifest = json.loads((place / "manifest.json").read_text(encoding="utf-8"))
    names = [item["name"] for item in manifest["inputs"]]
    assert names.count("gemeenten.gpkg") == 1
    assert {"bevolking.txt", "b2021.txt"} <= set(names)


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


def test_a_trend_is_written_whole_and_the_same_twice(study: Path, tmp_path: Path) -> None:
    """Tables, chart, maps, words and manifest; the same bytes; notice and sources in the words."""
    found = trend(sg.load_study(study), [2019, 2020, 2021])
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
        "tables/trend.csv", "tables/trend-municipalities.csv", "tables/reported.csv",
        "maps/trend-chart.svg", "maps/trend-maps.svg", "summary.md", "LEESMIJ.txt",
        "manifest.json",
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
    known = facts.reported()
    columns = ["year", "indicator", "region", "value", "unit"]
    assert set(known[columns].astype({"value": float}).itertuples(index=False, name=None)) == (
        expected
    )
