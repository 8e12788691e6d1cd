"""Facts about the waterfall: every step is drawn, and told in words."""

from __future__ import annotations

import pytest

from stemgeo.maps.text import MapText
from stemgeo.maps.waterfall import WaterfallStep, describe_waterfall, draw_waterfall

STEPS = [
    WaterfallStep("31 december 2021", 1000, 1000, 1000, is_end=True),
    WaterfallStep("STEM-academies", 250, 200, 310),
    WaterfallStep("Wegen", -40, -40, -40),
    WaterfallStep("Plaats van de kinderen", 0, 0, 0, is_idle=True),
    WaterfallStep("31 december 2022", 1210, 1210, 1210, is_end=True),
]
TEXT = MapText("Proef", "Niet voor publicatie", "Bron", "vandaag")


def test_every_step_stands_on_the_sheet() -> None:
    """Its name and its figure; one that both have alike says so."""
    figure = draw_waterfall(STEPS, TEXT)
    said = [text.get_text() for axes in figure.axes for text in axes.texts]
    for one in ("1.000", "+250", "+200 tot +310", "-40", "gelijk", "1.210", "Wegen"):
        assert one in said
    bars = [patch for axes in figure.axes for patch in axes.patches if patch.get_height() == 0.5]
    assert [(bar.get_x(), bar.get_width()) for bar in bars] == [(1000, 250), (1250, -40)]
    assert [bool(bar.get_hatch()) for bar in bars] == [False, True]


@pytest.mark.parametrize("language", ["nl", "fr", "en"])
def test_it_is_told_in_words(language: str) -> None:
    """Both ends, each step with its sign, and the extremes where these differ."""
    told = describe_waterfall(STEPS, MapText("Proef", "", "Bron", "vandaag", language))  # type: ignore[arg-type]
    assert "+200" in told
    assert "+310" in told
    assert "-40" in told
    assert told.count("(") == 1
