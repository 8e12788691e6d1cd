"""Facts about an answer with a plan that was measured: what it does, for whom, at what cost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import hand
import pytest
from terminal import stemgeo

import stemgeo as sg
from stemgeo.errors import ResultError
from stemgeo.report.answers import build_answer
from stemgeo.report.content import Source, gather_figures
from stemgeo.report.variant import MeasuredPlan

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.speech import Language

pytestmark = pytest.mark.usefixtures("read_once", "computed_once")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small study, its result, that with a plan, and both compared."""
    folder = hand.write_study(tmp_path_factory.mktemp("variant") / "study", straight_line=True)
    (folder / "plan.csv").write_text(hand.SMALL_CHANGES, encoding="utf-8")
    study, home = sg.load_study(folder), folder.parent
    sg.run(study).write(home / "a")
    sg.run(study.with_plan(folder / "plan.csv")).write(home / "b")
    sg.compare(home / "a", home / "b").write(home / "compared")
    return home


def figures(place: Path, given: str) -> dict[str, Any]:
    """Gather what a template can name of a plan."""
    source = Source.from_folder(place / "a", None)
    told = gather_figures(source, variant=MeasuredPlan.from_folder(source, place / given))
    found: dict[str, Any] = told["variant"]
    return found


def test_a_run_and_a_comparison_tell_the_same(place: Path) -> None:
    """By hand: N1 wins 78, S1 40 of 8 years; S2 loses 360 but 160 whom S1 serves, S1 88."""
    of_run = figures(place, "b")
    assert of_run == figures(place, "compared")
    assert [of_run["gained"], of_run["lost"], of_run["more"]] == [78 + 40, 200 + 88, 278 - 448]
    assert of_run["share_before"] == pytest.approx(448 / 884)
    assert of_run["share"] == pytest.approx(278 / 884)
    assert of_run["opened"] == [
        {"name": "Bibliotheek Noord", "from": "", "municipality": "As", "km": None}
    ]
    assert of_run["moved"][0] | {"name": ""} == {
        "name": "", "from": "Boechout", "municipality": "Aartselaar", "km": 6.7
    }  # fmt: skip
    assert [one["from"] for one in of_run["closed"]] == ["Aartselaar"]
    assert of_run["cost"] == {"year": "2021", "before_eur": 2000.0, "after_eur": 2000.0}
    assert sum(one["gained"] for one in of_run["provinces"]) == of_run["gained"]


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("nl", "Het plan opent 1 plaats (Bibliotheek Noord), verplaatst 1 academie (Proef"),
        ("en", "The plan opens 1 place (Bibliotheek Noord), moves 1 academy (Proefacademie"),
        ("fr", "Le plan ouvre 1 lieu (Bibliotheek Noord), déplace 1 académie (Proefacademie"),
    ],
)
def test_the_letter_tells_it(place: Path, language: Language, told: str) -> None:
    """What opens, moves and closes, who is gained and lost, the cost, by province."""
    made = build_answer(place / "a", place / "b", language=language)
    text = str(made.letter.blocks).replace("\\xa0", " ")
    assert told in text
    for figure in ("118", "288", "50,7", "31,4") if language != "en" else ("118", "50.7", "31.4"):
        assert figure in text
    assert "Boechout" in text


@pytest.mark.parametrize("given", ["b", "compared"])
def test_an_answer_with_a_measured_plan_is_written(place: Path, tmp_path: Path, given: str) -> None:
    """Tables of what the plan changes beside it, maps of a run; and it is made again."""
    out = tmp_path / "antwoord"
    said = stemgeo("answer", place / "a", "--plan", place / given, "--out", out)
    assert said.status == 0, said.err
    names = {path.name for path in out.rglob("*")}
    assert {"plan-academies.csv", "plan-municipality.csv", "plan-province.csv"} <= names
    assert ("bijlage-2-vlaanderen-plan.svg" in names) == (given == "b")
    content = json.loads((out / "manifest.json").read_text("utf-8"))
    assert bool(content["planned"]) == (given == "b")
    assert bool(content["compared"]) == (given == "compared")
    again = sg.verify(out, place / "study")
    assert again.same, again.lines()


def test_a_plan_of_another_study_is_refused(place: Path, tmp_path: Path) -> None:
    """So is a run without a plan, and a comparison that begins with another result."""
    with pytest.raises(ResultError, match="counts no plan"):
        build_answer(place / "a", place / "a")
    with pytest.raises(ResultError, match="counts no plan"):
        build_answer(place / "a", sg.compare(place / "b", place / "a").write(tmp_path / "c"))
    with pytest.raises(ResultError, match=r"another study than the result: inputs.plan differ"):
        build_answer(place / "b", place / "compared")
    other = hand.write_study(tmp_path / "other", straight_line=True)
    text = (other / "study.toml").read_text("utf-8") + "[travel]\ncutoff_min = 20\n"
    (other / "study.toml").write_text(text, encoding="utf-8")
    study = sg.load_study(other).with_plan(place / "study" / "plan.csv")
    with pytest.raises(ResultError, match=r"travel.cutoff_min"):
        build_answer(place / "a", sg.run(study).write(tmp_path / "d"))


def test_a_plan_that_the_result_counts_already_is_refused(place: Path) -> None:
    """Beside it nothing changes: the answer would tell of a plan without a word."""
    with pytest.raises(ResultError, match="b: changes nothing: the same academies count"):
        MeasuredPlan.from_folder(Source.from_folder(place / "b", None), place / "b")


def test_a_result_with_a_plan_says_what_it_does(place: Path) -> None:
    """The letter of a result that counts a plan names what it moves and closes."""
    text = str(build_answer(place / "b").letter.blocks).replace("\\xa0", " ")
    assert "Het plan opent 1 plaats (Bibliotheek Noord), verplaatst 1 academie" in text
