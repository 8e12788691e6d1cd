"""What a drawn sheet says and where, for the tests of charts and maps."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from matplotlib.text import Text

from stemgeo.maps.kinds import share
from stemgeo.maps.page import save_figure
from stemgeo.maps.series import DEFAULT_CLASSES
from stemgeo.maps.sheet import Ground

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
    """Draw the share of children in time by municipality."""
    ground = Ground(municipalities, academies, text, province)
    return share.draw(ground, chosen=DEFAULT_CLASSES).figure


def written(figure: Figure) -> list[str]:
    """Every line of text on the figure."""
    lines = (artist.get_text() for artist in figure.findobj(Text))
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines if line]


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
