"""Facts about results: one that was computed and one that was read answer the same questions."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import hand
import pandas as pd
import pytest
from terminal import content_of

import stemgeo as sg
from stemgeo.errors import ResultError
from stemgeo.planning import Plan
from stemgeo.report.answers import Answer
from stemgeo.report.comparison import Comparison
from stemgeo.years import Trend

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.result import Result

pytestmark = pytest.mark.usefixtures("read_once")


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    """A small result in a straight line, and its folder; not to be changed."""
    base = tmp_path_factory.mktemp("ran")
    result = sg.run(sg.load_study(hand.write_study(base / "study", straight_line=True)))
    return result, result.write(base / "result")


def alike(read: pd.DataFrame, computed: pd.DataFrame) -> None:
    """The same, but for the six decimals of a CSV, and the type of whole numbers that lack some."""
    ours, theirs = (one.convert_dtypes() for one in (read, computed))
    pd.testing.assert_frame_equal(ours, theirs, atol=1e-6, check_exact=False, check_dtype=False)


def test_a_result_that_was_read_is_the_one_that_was_computed(ran: tuple[Result, Path]) -> None:
    """Every field but those that no folder holds, which are refused in a line that says so."""
    computed, folder = ran
    read = sg.read_result(folder)
    for one in fields(computed):
        if one.name in ("inputs", "gap_children"):
            with pytest.raises(ResultError, match=f"does not hold '{one.name}'"):
                getattr(read, one.name)
        elif isinstance(ours := getattr(computed, one.name), pd.DataFrame):
            theirs = getattr(read, one.name)
            assert [*theirs.columns] == [*ours.columns], one.name
            assert len(theirs) == len(ours), one.name
    assert read.to_check is None
    assert read.isochrones is None
    assert read.text == computed.text
    assert [one.to_text("nl") for one in read.notes] == [
        one.to_text("nl") for one in computed.notes
    ]
    assert read.network_counts == computed.network_counts
    for name in ("coverage", "gaps", "academies", "annex-1-municipalities", "provinces"):
        ours, theirs = (one.table(name) for one in (computed, read))
        assert [*theirs.columns] == [*ours.columns]
    alike(read.summary("municipality"), computed.summary("municipality"))
    for one in (computed, read):
        with pytest.raises(ResultError, match="nothing"):
            one.table("nothing")
    with pytest.raises(AttributeError):
        _ = read.nothing  # type: ignore[attr-defined]


def test_a_result_that_was_read_is_written_as_it_stands(
    ran: tuple[Result, Path], tmp_path: Path
) -> None:
    """The same bytes elsewhere; what was changed since is refused, and so is a way out."""
    copied = sg.read_result(ran[1]).write(tmp_path / "copy")
    assert content_of(copied) == content_of(ran[1])
    read = sg.read_result(copied)
    (copied / "summary.md").write_text("anders", encoding="utf-8")
    with pytest.raises(ResultError, match="was changed after the run"):
        read.write(tmp_path / "other")
    assert not (tmp_path / "other").exists()
    read.manifest["outputs"] = {"../study/study.toml": read.manifest["outputs"]["map.html"]}
    with pytest.raises(ResultError, match="is missing from the result"):
        read.write(tmp_path / "other")


def test_it_is_told_in_another_language_and_read_once(ran: tuple[Result, Path]) -> None:
    """Text and maps are; the tables are shared, and the first stays as it is."""
    read = sg.read_result(ran[1])
    coverage = read.coverage
    english = read.told_in("en")
    assert (read.language, english.language) == ("nl", "en")
    assert english.coverage is coverage
    assert english.text.measure != read.text.measure
    assert english.text == ran[0].told_in("en").text


def test_plans_trends_and_comparisons_are_read_back(
    ran: tuple[Result, Path], tmp_path: Path
) -> None:
    """Their tables and words, as far as their folders hold them; and not as another's."""
    study = ran[0].study
    plan = sg.site(study.with_siting(places=1))
    found = sg.read_result(plan.write(tmp_path / "plan"))
    assert isinstance(found, Plan)
    alike(found.curve, plan.curve)
    assert [*found.places["academy_id"]] == [*plan.places["academy_id"]]
    assert found.text == plan.text
    trend = sg.trend(study, [2021, 2022])
    read = sg.read_result(trend.write(tmp_path / "trend"))
    assert isinstance(read, Trend)
    alike(read.table, trend.table)
    both = sg.compare(*ran)
    again = sg.read_result(both.write(tmp_path / "both"))
    assert isinstance(again, Comparison)
    alike(again.table, both.table)
    assert again.language == "nl"
    assert again.same_children
    assert repr(again) == repr(both)
    assert "binnen bereik, meting 1" in repr(both)
    assert again.told_in("nl") is again
    with pytest.raises(ResultError, match="is told in 'nl', the language of its first result"):
        again.told_in("fr")
    assert sg.compare(ran[0].told_in("en"), ran[1]).language == "en"
    with pytest.raises(ResultError, match=r"is the result of `stemgeo trend`, not of a run"):
        sg.Result.from_folder(tmp_path / "trend")


def test_an_answer_is_made_of_results_as_of_their_folders(
    ran: tuple[Result, Path], tmp_path: Path
) -> None:
    """With a plan in memory: the same bytes in every file; it is read back as they are."""
    result, folder = ran
    plan = sg.site(result.study.with_siting(places=1))
    written = plan.write(tmp_path / "plan")
    ours = sg.answer(result, tmp_path / "a", plan=plan)
    theirs = sg.answer(folder, tmp_path / "b", plan=written)
    assert content_of(ours) == content_of(theirs)
    with pytest.raises(ResultError, match="lies in"):
        sg.answer(sg.read_result(folder), folder / "answer")
    read = sg.read_result(ours)
    assert isinstance(read, Answer)
    assert (read.language, read.text.title, read.pdf_standard) == ("nl", result.text.title, "ua-1")
    assert read.study.about == result.study.about
    assert [*map(str, read.notes)] == [*map(str, result.notes)]
    alike(read.table("provinces"), result.table("provinces"))
    assert "Antwerpen" in repr(read)
    assert content_of(read.write(tmp_path / "copy")) == content_of(ours)
    with pytest.raises(ResultError, match="has no table 'gaps'; it has: coverage, "):
        read.table("gaps")
    with pytest.raises(ResultError, match="is written in 'nl'; write it again in 'fr'"):
        sg.read_result(ours, "fr")
    with pytest.raises(ResultError, match="does not hold 'letter'"):
        _ = read.letter
