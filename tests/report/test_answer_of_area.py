"""Facts about the text of an answer for a small place: one municipality, few who are measured."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import hand
import pandas as pd
import pytest

import stemgeo as sg
from stemgeo.maps.text import province_name
from stemgeo.report.answers import build_answer
from stemgeo.report.content import Source, gather_figures
from stemgeo.report.letter import Heading, Picture, Table, write_letter
from stemgeo.report.plan import format_plan, format_provinces
from stemgeo.report.summary import format_candidates, say_candidates
from stemgeo.texts import load_texts

if TYPE_CHECKING:
    from stemgeo.report.letter import Letter
    from stemgeo.speech import Language

pytestmark = pytest.mark.usefixtures("read_once")

REGISTER = """academy_id;naam;x;y;Straat + nr;Postcode;Gemeente
S1;Dorp;151000;201000;;;
S2;Ruw;;;Nergens 1;2530;Boechout
"""
LANGUAGES: tuple[Language, ...] = ("nl", "fr", "en")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A result of Aartselaar alone, with a register that knows one place by its postcode."""
    base = tmp_path_factory.mktemp("area")
    study = hand.write_study(base / "study", straight_line=True)
    (study / "academies.csv").write_text(REGISTER, encoding="utf-8")
    (study / "codes.csv").write_text("postcode;x;y\n2530;154500;202000\n", encoding="utf-8")
    toml = (study / "study.toml").read_text(encoding="utf-8")
    toml = toml.replace("vintage =", 'area = ["Aartselaar"]\nvintage =')
    toml = toml.replace("[gaps]", 'postcodes = "codes.csv"\n[travel]\ncutoff_min = 1\n[gaps]')
    toml = toml.replace("min_children = 1", "min_children = 900")
    (study / "study.toml").write_text(toml, encoding="utf-8")
    return sg.run(sg.load_study(study)).write(base / "result")


def text_of(letter: Letter) -> str:
    """Give all words of a letter."""
    said: list[str] = []
    for block in letter.blocks:
        if isinstance(block, Table):
            said += ["".join(run.text for run in cell) for row in block.rows for cell in row]
        elif isinstance(block, Heading):
            said.append(block.text)
        elif not isinstance(block, Picture):
            said.append("".join(run.text for run in block.runs))
    return "\n".join(said).replace("\xa0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("language", "having", "gaps", "coarse"),
    [
        (
            "nl",
            "had de gemeente minstens één",
            "Er zijn geen hiaten van ten minste 900 kinderen: zij wonen in kleinere groepen.",
            "waarvan de plaats niet nauwkeuriger dan 500 m bekend is, ",
        ),
        (
            "fr",
            "la commune comptait au moins une",
            "Il n’y a pas de lacunes d’au moins 900 enfants : ils habitent en groupes plus",
            "dont l’emplacement n’est pas connu à 500 m près, ",
        ),
        (
            "en",
            "the municipality had at least one",
            "There are no gaps of at least 900 children: they live in smaller groups.",
            "of which the place is known no nearer than 500 m, ",
        ),
    ],
)
def test_one_municipality_is_told_as_one(
    folder: Path, language: Language, having: str, gaps: str, coarse: str
) -> None:
    """No "1 of the 1", no "0 in 0 areas", and the share with and without what is placed roughly."""
    told = text_of(build_answer(folder, language=language).letter)
    for one in (having, gaps, coarse):
        assert one in told
    for one in ("1 van de 1", "1 of the 1", "1 commune", "0 in 0", "0 live in 0", "*"):
        assert one not in told
    line = load_texts(language)("summary.town_with").removesuffix(".")
    assert line in next((folder / "maps").rglob("*.svg")).read_text("utf-8") or language != "nl"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_share_of_few_is_marked_and_told(folder: Path, language: Language) -> None:
    """In section 2 and in each table; a share of more than half has no mark."""
    source = Source.from_folder(folder, language)
    for row in source.counts_by_key.values():
        row["unmeasured"] = row["covered"] + row["uncovered"] + 1
        row["children"] = 2 * row["unmeasured"] - 1
    figures: dict[str, Any] = gather_figures(source)
    assert [figures["region"]["partly"], figures["provinces"][0]["partly"]] == [True, True]
    annexes = build_answer(folder, language=language).annexes
    told = text_of(write_letter(figures | {"annexes": annexes}, language))
    foot = load_texts(language)("summary.partly").removeprefix("\\*").replace("\xa0", " ")
    assert told.count(foot) == 3
    marked = [line for line in told.splitlines() if line.endswith("%*")]
    assert len(marked) == 2 + len(figures["bands"])


def test_a_part_of_a_province_is_named_so_wherever_it_is_named(folder: Path) -> None:
    """By one function: in summaries, candidates and plans."""
    summary = (folder / "summary.md").read_text("utf-8")
    assert "met en zonder: Antwerpen (deel) " in summary
    result = sg.read_result(folder)
    assert result.partly_provinces == {"Antwerpen"}
    assert result.whole_provinces == []
    shown = format_candidates(result.candidates, "nl", result.partly_provinces)
    assert set(shown["Provincie"]) <= {"Antwerpen (deel)"}
    for language, named in (("nl", "Limburg (deel)"), ("fr", "Limbourg (en partie)")):
        assert province_name("Limburg", load_texts(language), {"Limburg"}) == named
        assert province_name("Limburg", load_texts(language), {"Antwerpen"}) == named.split(" ")[0]


def test_a_plan_of_a_part_names_it_so() -> None:
    """In the places and in the shares by province."""
    names = ["rank", "name", "municipality", "province", "newly", "cost_eur", "share"]
    plan: Any = SimpleNamespace(
        inputs=SimpleNamespace(area=SimpleNamespace(partly={"Limburg"})),
        places=pd.DataFrame([[1, "P", "As", "Limburg", 1, 0.0, 0.5]], columns=names),
        provinces=pd.DataFrame(
            {"rank": [0, 1], "province": "Limburg", "share": [0.1, 0.5], "covered": [1, 2]}
        ),
        cost=SimpleNamespace(known=True),
    )
    assert format_plan(plan, "nl").iloc[0, 3] == "Limburg (deel)"
    assert format_provinces(plan, "nl").iloc[0, 0] == "Limburg (deel)"


def test_what_a_reader_of_an_answer_is_told_names_no_option(folder: Path) -> None:
    """Notes say in words how places were found, and what follows; one academy is one."""
    result = sg.read_result(folder)
    for language, counted in (("nl", "meegeteld"), ("fr", "comptée"), ("en", "counted")):
        notes = "\n".join(one.to_text(language) for one in result.notes)
        assert re.search(rf"{counted}\s?;", notes)
        for name in ("academies.coarse", "placed_by", "samenvatting", "tellen mee"):
            assert name not in notes


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("nl", "Berlare (1 kind; uit de gemeente zelf: 1)"),
        ("fr", "Berlare (1 enfant, dont 1 de la commune même)"),
        ("en", "Berlare (1 child, 1 of the municipality itself)"),
    ],
)
def test_one_child_more_is_one_child(language: Language, told: str) -> None:
    """Of a candidate municipality in the summary."""
    row = {"name": "Berlare", "adds": 1, "adds_here": 1}
    study: Any = SimpleNamespace(language=language, gaps=SimpleNamespace(rank_by="adds"))
    assert told in say_candidates(pd.DataFrame([row]), study).replace("\xa0", " ")
