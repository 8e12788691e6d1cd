"""The curve of siting: share within reach against new places."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from sheets import HOSTILE, collisions, times_in_svg, with_long_texts, written

from stemgeo.maps.curve import describe_curve, draw_curve
from stemgeo.maps.page import save_figure

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.maps.text import MapText


def curve(most: int = 50, first: float = 0.386, last: float = 0.812) -> pd.DataFrame:
    """Make a curve that bends as covering does."""
    places = np.arange(most + 1)
    share = first + (last - first) * np.sqrt(places / max(most, 1))
    return pd.DataFrame(
        {
            "places": places,
            "share": share,
            "share_bound": np.minimum(share * 1.01, 1),
            "share_random": first + (share - first) / 3,
            "share_random_least": first + (share - first) / 4,
            "share_random_most": first + (share - first) / 2,
        }
    )


def test_the_figures_along_the_line_are_those_of_the_table(text: MapText) -> None:
    """At 0, 10, 20, ... places, in the way of the language; the scale is in whole per cents."""
    drawn = draw_curve(curve(), (10, 0.5765), text, 100)
    drawn.draw_without_rendering()  # the scales are written only then
    said = written(drawn)
    for places in range(0, 51, 10):
        share = curve()["share"].iloc[places]
        assert f"{share * 100:.1f} %".replace(".", ",") in said
    assert any("De schaal begint bij 30 %" in line for line in said)
    assert any("100 keuzes door het toeval" in line for line in said)
    assert {"30 %", "80 %", "0", "50", "nieuwe academies"} <= set(said)


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("most", [1, 3, 50, 500])
@pytest.mark.parametrize("span", [(0.0, 1.0), (0.386, 0.391), (0.97, 1.0), (0.5, 0.5)])
def test_nothing_collides(
    text: MapText, language: Any, most: int, span: tuple[float, float]
) -> None:
    """Whatever the curve looks like and however long the texts: nothing covers anything."""
    drawn = draw_curve(curve(most, *span), None, with_long_texts(text, language), 100)
    drawn.draw_without_rendering()  # the scales find their places only then
    assert collisions(drawn) == []


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_written_as_it_is(text: MapText, name: str, tmp_path: Path) -> None:
    """No mark of TeX or HTML in a title is read."""
    drawn = draw_curve(curve(), None, replace(text, title=name), 100)
    assert times_in_svg(drawn, name, tmp_path) == 1


def test_the_same_curve_gives_the_same_bytes(text: MapText, tmp_path: Path) -> None:
    """In every format."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        save_figure(draw_curve(curve(), (3, 0.5), text, 100), tmp_path / folder / "curve")
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_the_alt_text_tells_the_line_and_chance(text: MapText) -> None:
    """First and last share, and what places chosen by chance reach."""
    said = describe_curve(curve(), text).replace("\N{NO-BREAK SPACE}", " ")
    assert "met 0 38,6 %" in said
    assert "met 50 81,2 %" in said
    assert "bij toeval gekozen plaatsen: met 50 52,8 %" in said
    assert text.notice in said
