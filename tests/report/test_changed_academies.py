"""Facts about two results of one register: who comes, moves and goes, and what it costs."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import hand
import pandas as pd
import pytest
from terminal import stemgeo

import stemgeo as sg

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("read_once")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small study in a straight line, and its results without and with a plan."""
    folder = hand.write_study(tmp_path_factory.mktemp("changed") / "study", straight_line=True)
    (folder / "plan.csv").write_text(hand.SMALL_CHANGES, encoding="utf-8")
    study = sg.load_study(folder)
    sg.run(study).write(folder.parent / "a")
    sg.run(study.with_plan(folder / "plan.csv")).write(folder.parent / "b")
    return folder.parent


def test_what_a_plan_changes_is_told_between_two_results(place: Path, tmp_path: Path) -> None:
    """By the ids of one register; from where to where, and what both cost; and read back."""
    found = sg.compare(place / "a", place / "b")
    folder = found.write(tmp_path / "compared")
    for one in (found, sg.read_result(folder)):
        table = one.academies.set_index("academy_id")
        texts = table.select_dtypes(exclude="number").columns
        table = table.fillna(dict.fromkeys(texts, ""))
        assert table["change"].to_dict() == {"N1": "new", "S1": "moved", "S2": "closed"}
        assert table["municipality_a"].tolist() == ["", "Boechout", "Aartselaar"]
        assert table["province_b"].tolist() == ["Limburg", "Antwerpen", ""]
        assert one.cost == {"rules_year": 2021, "a_eur": 2000.0, "b_eur": 2000.0}
    told = (
        "Van meting 1 naar meting 2: 1 academie erbij (Bibliotheek Noord); 1 academie elders "
        "(Proefacademie Oost (Boechout \u2192 Aartselaar)); 1 academie niet meer (Proefacademie"
    )
    cost = "Volgens de subsidieregels van 2021: meting 1 2.000 euro, meting 2 2.000 euro."
    said = stemgeo("compare", place / "a", place / "b")
    assert told in said.out
    assert cost in said.out
    text = (folder / "summary.md").read_text("utf-8")
    assert told in text
    assert "<b>" not in text.replace("\\<b\\>", "")
    assert cost in text
    # Gained and lost by hand: 71002 wins all, 11001 keeps who S1 serves, 11004 loses S1.
    region = found.of("region").iloc[0]
    assert region["gained"] - region["lost"] == region["difference"]
    assert sg.verify(folder, [place / "study"] * 2).same


def test_of_other_registers_no_academy_is_told(place: Path, tmp_path: Path) -> None:
    """An id of one is nothing in the other; nor is anything said of two that are the same."""
    study = shutil.copytree(place / "study", tmp_path / "s")
    register = hand.SMALL_ACADEMIES.replace("Vroeger", "Later")
    (study / "academies.csv").write_text(register, encoding="utf-8")
    other = sg.run(sg.load_study(study)).write(tmp_path / "other")
    found = sg.compare(place / "a", other)
    assert found.academies is None
    assert "comparison-academies.csv" not in json.dumps(
        [path.name for path in found.write(tmp_path / "c").rglob("*")]
    )
    same = sg.compare(place / "a", place / "a")
    assert isinstance(same.academies, pd.DataFrame)
    assert same.academies.empty
    assert "Van meting 1" not in stemgeo("compare", place / "a", place / "a").out
