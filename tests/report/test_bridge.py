"""Facts about a bridge in an answer: its figures, in each language, and where it must lead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hand
import pytest

import stemgeo as sg
from stemgeo.errors import ResultError
from stemgeo.report.answers import build_answer
from stemgeo.report.content import Source, gather_figures

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.speech import Language


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two small studies, a year apart, the result of the second, and the bridge to it."""
    home = tmp_path_factory.mktemp("bridge")
    for name in "ab":
        hand.write_study(home / name, straight_line=True)
    path = home / "a" / "study.toml"
    path.write_text(path.read_text("utf-8").replace("2022-12-31", "2020-12-31", 1), "utf-8")
    path = home / "b" / "bevolking.txt"
    path.write_text(path.read_text("utf-8").replace("11001|F|12|20", "11001|F|12|26"), "utf-8")
    sg.run(sg.load_study(home / "b")).write(home / "result")
    sg.explain(home / "a", home / "b").write(home / "why")
    return home


@pytest.mark.parametrize(
    ("language", "said", "academies"),
    [
        ("nl", "Waar het verschil vandaan komt", "STEM-academies"),
        ("fr", "D’où vient la différence", "Académies STEM"),
        ("en", "What the difference comes from", "STEM academies"),
    ],
)
def test_an_answer_says_why(place: Path, language: Language, said: str, academies: str) -> None:
    """The change in a sentence, each part with its sign, and the names of those that are alike."""
    made = build_answer(place / "result", why=place / "why", language=language)
    text = repr(made.letter.blocks)
    assert said in text
    source = Source.from_folder(place / "result", language)
    told = gather_figures(source, why=made.why)["why"]
    assert [one["name"] for one in told["parts"]] == [academies, made.why.name_part("children")]
    for name in (*told["alike"], *(one[key] for one in told["parts"] for key in ("name", "more"))):
        assert name in text
    assert not made.letter.typed


def test_an_answer_with_a_bridge_is_verified(place: Path) -> None:
    """The bridge is made again too, from the studies found by their hashes."""
    out = sg.answer(place / "result", place / "answer", why=place / "why")
    assert (out / "gegevens" / "bridge.csv").is_file()
    found = sg.verify(out, sg.load_study(place / "b"))
    assert found.same, found.lines()


def test_a_bridge_to_another_study_is_refused(place: Path) -> None:
    """It says what differs, and which bridge to give."""
    sg.explain(place / "b", place / "a").write(place / "back")
    with pytest.raises(ResultError, match="leads to another study than the result"):
        sg.answer(place / "result", place / "no", why=place / "back")
