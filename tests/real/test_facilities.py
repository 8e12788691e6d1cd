"""Made places in Berlare, on foot over its roads: the second study of docs/other-facilities.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from bench.facilities import PAGE, list_page, write_study
from test_other_facilities import OF_STEM, letter

import stemgeo as sg

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("statbel_once")


def test_playgrounds_on_foot_are_told_in_three_languages(shared_data: Path, tmp_path: Path) -> None:
    """Summary and answer speak of walking and of playgrounds, and of no word of STEM."""
    result = sg.run(sg.load_study(write_study("playgrounds", tmp_path / "study", shared_data)))
    assert "\n".join(list_page("playgrounds", result)) in PAGE.read_text("utf-8")
    folder = result.write(tmp_path / "result")
    told = {language: letter(folder, language) for language in ("nl", "fr", "en")}
    told["summary"] = (folder / "summary.md").read_text("utf-8")
    riding = ("fiets", "vélo", "cycl", "bicycle", "ride")
    for language, text in told.items():
        assert OF_STEM.findall(text) == [], language
        assert [one for one in riding if one in text] == [], language
    assert "15\\xa0minuten te voet" in told["nl"]
    assert "op welk uur het speelplein open is" in told["nl"]
    assert "heure la plaine de jeux est ouverte" in told["fr"]
