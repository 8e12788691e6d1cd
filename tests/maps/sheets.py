"""What a drawn sheet says and where, for the tests of charts and maps."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from itertools import combinations
from string import Formatter
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from matplotlib.text import Text

from stemgeo.maps.kinds import share
from stemgeo.maps.page import save_figure
from stemgeo.maps.series import DEFAULT_CLASSES
from stemgeo.maps.sheet import Ground
from stemgeo.speech import LANGUAGES
from stemgeo.texts import load_texts

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from stemgeo.maps.text import MapText

TO = "\N{EN DASH}"
HOSTILE = ["$x$ en $y", "$\\frac{1}{", "a_b^c%d#e&f", "<script>alert(1)</script>"]
"""Names that are letters, whatever reads them."""
_SVG_TEXT = "{http://www.w3.org/2000/svg}text"


def choropleth(
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    text: MapText,
    *,
    province: str | None = None,
) -> Figure:
    """Draw the share of children within reach by municipality."""
    ground = Ground(municipalities, academies, text, province)
    return share.draw_map(ground, chosen=DEFAULT_CLASSES).figure


def written(figure: Figure) -> list[str]:
    """Every line of text on the figure."""
    lines = (artist.get_text() for artist in figure.findobj(Text))
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines if line]


def left_over(said: str, language: str) -> list[str]:
    """Give what stands in a text of what only the catalogues of other languages have."""
    foreign = (part for part in _foreign(language) if part in said)
    return [one for one in foreign if re.search(rf"(?<!\w){re.escape(one)}(?!\w)", said)]


@cache
def _foreign(language: str) -> set[str]:
    own = " ".join(_parts(language))
    return {part for other in LANGUAGES for part in _parts(other) if part not in own}


@cache
def _parts(language: str) -> set[str]:
    """Give what stands between the figures of a catalogue's texts, but for short words."""
    groups = [
        load_texts(language).list_below(name) for name in ("map", "reason", "gaps", "chart", "web")
    ]
    every = [part for group in groups for text in group.values() for part in _between(text)]
    return {part for part in every if len(part) > 3}


def _between(text: str) -> list[str]:
    parts = [part for part, *_ in Formatter().parse(text)]
    return [part.replace("\N{NO-BREAK SPACE}", " ").strip(" .:;,()") for part in parts]


def boxes(figure: Figure) -> dict[Text, mpl.transforms.Bbox]:
    """Where each text of the figure stands."""
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    texts = [one for one in figure.findobj(Text) if one.get_text() and one.get_visible()]
    return {artist: artist.get_window_extent(renderer) for artist in texts}


def collisions(figure: Figure) -> list[tuple[str, str]]:
    """Texts that cover another, or leave the paper."""
    places, paper = boxes(figure), figure.bbox
    pairs = combinations(places.items(), 2)
    found = [(a.get_text(), b.get_text()) for (a, one), (b, two) in pairs if one.overlaps(two)]
    off = [
        (text.get_text(), "paper")
        for text, box in places.items()
        if min(box.x0, box.y0) < 0 or box.x1 > paper.x1 or box.y1 > paper.y1
    ]
    return found + off


def with_long_texts(text: MapText, language: Any) -> MapText:
    """Give the text with a long title, notice and source."""
    return replace(
        text,
        language=language,
        title="Een lange titel over alle kinderen en alle academies " * 3,
        notice="Een lange waarschuwing die over meer dan een regel loopt " * 4,
        source="Een bron met een lange naam en een licentie (MIT); " * 8,
    )


def times_in_svg(figure: Figure, name: str, folder: Path) -> int:
    """Count the texts of the written figure in which a name stands as it is."""
    (svg,) = save_figure(figure, folder / "sheet", ("svg",))
    texts = [element.text or "" for element in ET.parse(svg).iter(_SVG_TEXT)]  # noqa: S314
    return sum(name in line for line in texts)
