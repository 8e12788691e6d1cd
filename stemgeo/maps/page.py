"""What every printed sheet shares: style, head, credits, keys of a legend, and its files.

Matplotlib's global state (pyplot) is not touched, and the same figure gives the same bytes.
"""

from __future__ import annotations

import warnings
from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import matplotlib.style
import numpy as np
import shapely
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Rectangle
from matplotlib.path import Path as Outline
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from stemgeo.maps.layout import (
    CAUTION_PT,
    FONT,
    GAP_IN,
    LETTERS,
    LINE_HEIGHT,
    MARGIN_IN,
    NO_LETTER,
    PLACE_PT,
    POINTS_PER_INCH,
    SMALL_PT,
    TEXT_PT,
    line_height_in,
    round_length_m,
)
from stemgeo.speech import to_one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

    from stemgeo.maps.layout import Sheet
    from stemgeo.maps.text import MapText

Looks = dict[str, Any]

STYLE: Looks = {
    "font.family": LETTERS,
    "text.parse_math": False,  # a name with two dollar signs is a name
    "svg.fonttype": "none",  # text stays text
    "pdf.fonttype": 42,
    "svg.hashsalt": "stemgeo",
    "hatch.linewidth": 0.6,
    "text.hinting": "none",  # as wide on every screen as in print
}
_DPI = 300
_PNG_EFFORT = 3
"""Of 9: as zlib calls it; from 4 on it takes a third longer for a hundredth of the bytes."""
_SCREEN_DPI = 130
_SCREEN_WIDTH = 82
"""Points of a screen for each inch of paper: a whole sheet is as wide as a notebook."""
SMALLEST_RING_IN = 0.12
SWATCH_IN = 0.32, 0.13
"""Width and height of a colour in a legend."""
KEY_TEXT_IN = SWATCH_IN[0] + 0.1
ROW_IN = 0.19
COUNTS_END_IN = 2.7
SECOND_COLUMN_IN = 3.76
"""Where the second column of a legend begins."""
SCALE_BAR_IN = 1.8
"""As long as a scale bar is at most."""
INK = "#1a1a1a"
"""Colour of text and of the lines that matter."""
PALE_INK = "#555555"
CAUTION_GROUND = "#ffe9a8"
"""Under what must be read first."""
PROVINCE: Looks = {"edgecolor": INK, "linewidth": 1.1, "facecolor": "none"}
PLATE: Looks = {"boxstyle": "round,pad=0.12", "facecolor": "white", "alpha": 0.85, "linewidth": 0}


class MapFigure(Figure):
    """A figure that a notebook shows as a picture, without pyplot.

    Attributes
    ----------
    alt
        What it shows in words, for those who cannot see it.
    """

    alt: str = ""

    def _repr_html_(self) -> str:
        drawn = _render_picture(self, "png", dpi=_SCREEN_DPI, metadata={"Software": None})
        small = BytesIO()
        # Maps have few colours: a third of the bytes, of which a page with ten of them has many.
        Image.open(BytesIO(drawn)).convert("RGB").quantize(256).save(small, "png", optimize=True)
        said = escape(to_one_line(self.alt or str(self.get_label())), {'"': "&quot;"})
        width = round(self.get_figwidth() * _SCREEN_WIDTH)
        source = b64encode(small.getvalue()).decode()
        look = f"width: {width}px; max-width: 100%; height: auto; background: white"
        return f'<img alt="{said}" style="{look}" src="data:image/png;base64,{source}">'


def describe_figure(figure: Figure, alt: str) -> Figure:
    """Let a figure say what it shows to those who cannot see it; give it back."""
    if isinstance(figure, MapFigure):
        figure.alt = alt
    return figure


def new_page(sheet: Sheet, text: MapText) -> tuple[Figure, Axes]:
    """Begin a sheet with its head and credits.

    Parameters
    ----------
    sheet
        The lines to write and the size of the paper.
    text
        What is shown is the figure's label, for screen readers and files.

    Returns
    -------
    Figure, Axes
        And invisible axes over the whole page, in inches, that stand over all others.
    """
    figure = MapFigure(figsize=(sheet.width, sheet.height), label=text.headline)
    FigureCanvasAgg(figure)
    page = _make_page_axes(figure, sheet)
    _write_page_head(page, sheet)
    _write_credits(page, sheet)
    return figure, page


def save_figure(
    figure: Figure, path_without_suffix: Path, formats: Sequence[str] = ("png", "svg", "pdf")
) -> list[Path]:
    """Write a figure in several formats; the same figure gives the same bytes.

    Parameters
    ----------
    figure
        As from `draw_sheet`.
    path_without_suffix
        Folder and name; the suffix is added.
    formats
        "png" (300 dpi), "svg" (text as text), "pdf" (fonts embedded as TrueType).

    Returns
    -------
    list of Path
        The files, in the order of the formats.
    """
    return save_described(figure, path_without_suffix, "", formats)


def save_described(
    figure: Figure,
    path_without_suffix: Path,
    alt: str,
    formats: Sequence[str] = ("png", "svg", "pdf"),
) -> list[Path]:
    """Write a figure with what it shows in words inside its files.

    Parameters
    ----------
    figure, path_without_suffix, formats
        As for `save_figure`.
    alt
        For those who cannot see it; PNG has it in the chunk iTXt "Description", SVG in `desc`,
        PDF in "Subject". Empty: none.

    Returns
    -------
    list of Path
        The files, in the order of the formats.
    """
    title, paths = to_one_line(str(figure.get_label())), []
    for kind in formats:
        path = path_without_suffix.with_name(f"{path_without_suffix.name}.{kind}")
        path.write_bytes(_WRITERS[kind](figure, title, to_one_line(alt)))
        paths.append(path)
    return paths


def _render_picture(figure: Figure, kind: str, *, dpi: int | None = None, **how: Any) -> bytes:
    picture = BytesIO()
    # A letter that the font has not is drawn as a box; the table and the alt text have it.
    with warnings.catch_warnings(), matplotlib.style.context(STYLE, after_reset=True):
        warnings.filterwarnings("ignore", NO_LETTER)
        figure.savefig(picture, format=kind, dpi=dpi or _DPI, **how)
    return picture.getvalue()


def _render_png(figure: Figure, title: str, alt: str) -> bytes:
    said = PngInfo()
    for key, value in (("Title", title), ("Description", alt)):
        if value:
            said.add_itxt(key, value)
    drawn = _render_picture(figure, "rgba")
    width, height = (int(side * _DPI) for side in figure.get_size_inches())
    # Nothing shines through paper: three numbers a pixel are sooner packed than four.
    picture, packed = Image.frombytes("RGBA", (width, height), drawn).convert("RGB"), BytesIO()
    picture.save(packed, "png", pnginfo=said, dpi=(_DPI, _DPI), compress_level=_PNG_EFFORT)
    return packed.getvalue()


def _render_pdf(figure: Figure, title: str, alt: str) -> bytes:
    dates = {"CreationDate": None, "Creator": None, "Producer": None}
    said = {"Title": title} | ({"Subject": alt} if alt else {})
    return _render_picture(figure, "pdf", metadata={**dates, **said})


def _render_svg(figure: Figure, title: str, alt: str) -> bytes:
    """Write SVG whose title and description a screen reader reads as those of one picture."""
    drawn = _render_picture(figure, "svg", metadata={"Date": None, "Creator": None, "Title": title})
    ours, known = (f"font-family: {', '.join(map(repr, one))}" for one in (LETTERS, [FONT]))
    before, tag, after = drawn.decode("utf-8").replace(ours, known).partition("<svg ")
    named = 'role="img" aria-labelledby="map-title map-desc" '
    _, closed, body = after.partition(f"<title>{escape(title)}</title>")
    if not closed:
        raise ValueError("the SVG has no title")
    opening = after[: -len(closed + body)]
    words = (
        f'<title id="map-title">{escape(title)}</title>\n <desc id="map-desc">{escape(alt)}</desc>'
    )
    return (before + tag + named + opening + words + body).encode("utf-8")


_WRITERS = {"png": _render_png, "svg": _render_svg, "pdf": _render_pdf}


def _make_page_axes(figure: Figure, sheet: Sheet) -> Axes:
    """Make invisible axes over the whole page, in inches."""
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, sheet.width), ylim=(0, sheet.height))
    axes.set_axis_off()
    axes.set_zorder(1)  # what is written stands over what is drawn
    return axes


def write_lines(
    page: Axes, left: float, top: float, lines: Sequence[str], size_pt: float, **looks: Any
) -> None:
    """Write lines under one another; the first begins at `top`.

    Parameters
    ----------
    page
        In inches.
    left, top
        Where the first line begins, inches.
    lines, size_pt
        What is written, in which size.
    **looks
        Other looks, as matplotlib calls them.
    """
    for number, line in enumerate(lines):
        y = (
            top
            - (number + 1) * line_height_in(size_pt)
            + line_height_in(size_pt) * (1 - 1 / LINE_HEIGHT)
        )
        page.text(left, y, line, **{"size": size_pt, "color": INK, "va": "baseline", **looks})


def _write_page_head(page: Axes, sheet: Sheet) -> None:
    """Write title and study, and the cautions in a band under them."""
    top = sheet.height - MARGIN_IN
    write_lines(page, MARGIN_IN, top, sheet.title, sheet.title_pt, weight="bold")
    study_top = top - len(sheet.title) * line_height_in(sheet.title_pt)
    write_lines(page, MARGIN_IN, study_top, sheet.study, PLACE_PT, color=PALE_INK)
    if not sheet.cautions:
        return
    height = len(sheet.cautions) * line_height_in(CAUTION_PT) + GAP_IN
    band_top = study_top - len(sheet.study) * line_height_in(PLACE_PT) - GAP_IN
    corner = (MARGIN_IN, band_top - height)
    width = sheet.width - 2 * MARGIN_IN
    looks: Looks = {"facecolor": CAUTION_GROUND, "edgecolor": INK, "linewidth": 0.6}
    page.add_patch(Rectangle(corner, width, height, **looks))
    inside = band_top - GAP_IN / 2
    write_lines(page, MARGIN_IN + GAP_IN, inside, sheet.cautions, CAUTION_PT, weight="bold")


def _write_credits(page: Axes, sheet: Sheet) -> None:
    top = MARGIN_IN + len(sheet.credits) * line_height_in(SMALL_PT)
    write_lines(page, MARGIN_IN, top, sheet.credits, SMALL_PT, color=PALE_INK)


@dataclass(frozen=True)
class Key:
    """One line of the legend: what is drawn, what it means, how many there are."""

    meaning: str
    looks: Looks
    count: str = ""


def draw_key(
    page: Axes, left: float, middle: float, key: Key, counts_end: float | None = None
) -> None:
    """Draw a line of a legend: a swatch or a marker, its meaning, its count up to an edge.

    Parameters
    ----------
    page
        In inches.
    left, middle
        Where the line begins, and its middle; inches.
    key
        What it shows.
    counts_end
        Where its count ends, inches; the usual place when not given.
    """
    width, height = SWATCH_IN
    if "marker" in key.looks:
        page.add_line(Line2D([left + width / 2], [middle], **key.looks))
    else:
        corner = (left, middle - height / 2)
        page.add_patch(Rectangle(corner, width, height, **key.looks))
    written: Looks = {"size": TEXT_PT, "color": INK, "va": "center_baseline"}
    page.text(left + KEY_TEXT_IN, middle, key.meaning, **written)
    if key.count:
        end = left + COUNTS_END_IN if counts_end is None else counts_end
        page.text(end, middle, key.count, ha="right", **written)


def measure_sizes(sizes: Sequence[tuple[str, float]]) -> float:
    """Give the height of a legend of circles, inches; see `draw_sizes`."""
    return sizes[0][1] / POINTS_PER_INCH + 2 * GAP_IN if sizes else 0.0


def draw_sizes(page: Axes, left: float, top: float, sizes: Sequence[tuple[str, float]]) -> None:
    """Draw circles that stand on one another's foot, each with what its size means.

    Parameters
    ----------
    page
        In inches.
    left, top
        Where they begin.
    sizes
        What is said of each, and its width in points; the largest first.
    """
    if not sizes:
        return
    widest = sizes[0][1] / POINTS_PER_INCH
    x, foot = left + max(widest, SWATCH_IN[0]) / 2, top - GAP_IN - widest
    above = np.inf
    for said, width_pt in sizes:
        width = width_pt / POINTS_PER_INCH
        looks: Looks = {"facecolor": "white", "edgecolor": INK, "linewidth": 0.6}
        page.add_patch(Circle((x, foot + width / 2), width / 2, **looks))
        y = min(foot + width, above - line_height_in(SMALL_PT))
        end = x + widest / 2 + GAP_IN
        page.plot((x, end), (foot + width, y), color=INK, linewidth=0.4, scalex=False, scaley=False)
        page.text(end + GAP_IN / 2, y, said, size=SMALL_PT, color=INK, va="center_baseline")
        above = y


def draw_scale_bar(page: Axes, sheet: Sheet, above_in: float = 0.0) -> None:
    """Draw a bar of a round length, black and white halves, at the foot of the second column.

    Parameters
    ----------
    page, sheet
        In inches, and what lies where on it.
    above_in
        How high what stands below it in the legend is, inches.
    """
    length_m = round_length_m(SCALE_BAR_IN * sheet.metres_per_inch)
    length = length_m / sheet.metres_per_inch
    left = sheet.legend.left + SECOND_COLUMN_IN
    bottom = sheet.legend.bottom + above_in + 0.02
    for half, colour in ((0, INK), (1, "white")):
        corner = (left + half * length / 2, bottom)
        looks: Looks = {"facecolor": colour, "edgecolor": INK, "linewidth": 0.7}
        page.add_patch(Rectangle(corner, length / 2, 0.06, **looks))
    for share, label in ((0.0, "0"), (1.0, f"{length_m / 1000:g} km")):
        page.text(left + share * length, bottom + 0.09, label, size=SMALL_PT, ha="center")


def add_polygons(ground: Axes, geometries: Iterable[shapely.Geometry], **looks: Any) -> None:
    """Draw polygons with their holes, all with the same looks; the view stays as it is.

    Parameters
    ----------
    ground
        In metres.
    geometries
        Polygons and multipolygons.
    **looks
        As matplotlib calls them.
    """
    outlines = [_trace_outline(geometry) for geometry in geometries]
    if outlines:
        ground.add_collection(PathCollection(outlines, **looks), autolim=False)


def _trace_outline(geometry: shapely.Geometry) -> Outline:
    """Turn polygons with their holes into one path."""
    rings = shapely.get_rings(shapely.get_parts(geometry))
    return Outline.make_compound_path(
        *[Outline(shapely.get_coordinates(ring), closed=True) for ring in rings]
    )
