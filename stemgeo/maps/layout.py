"""Where things stand on a printed sheet: sizes, wrapped lines, places for labels.

Everything is worked out from font metrics and the ground's extent, before anything is drawn; so
it does not depend on the resolution at which the sheet is printed later.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely
from matplotlib.font_manager import FontProperties, fontManager
from matplotlib.textpath import TextToPath

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from stemgeo.maps.text import MapText

Polygons = shapely.Polygon | shapely.MultiPolygon

FONT = "DejaVu Sans"
"""Comes with matplotlib: the same letters, as wide, on every machine."""
LETTERS = ["Stemgeo Sans", FONT]
"""In which maps are drawn: the font cut to the letters they nearly always have, and behind it the
whole one. A PDF gets the letters that it has out of the first in a third of the time."""
for _face in (Path(__file__).parent / "letters").glob("*.ttf"):
    fontManager.addfont(_face)

NO_LETTER = "(Glyph|Matplotlib currently does not support)"
"""How matplotlib begins to tell that a letter is not in the font."""

POINTS_PER_INCH = 72
_SHAPED_PT = TextToPath.FONT_SCALE
LINE_HEIGHT = 1.3
MARGIN_IN, GAP_IN = 0.45, 0.12
TITLE_SIZES = (16.0, 15.0, 14.0, 13.0, 12.0, 11.0)
_SHORT = 3
PLACE_PT, CAUTION_PT, TEXT_PT, SMALL_PT = 12.0, 9.5, 8.5, 7.5

PAPERS = (8.27, 11.69), (11.69, 8.27)
"""A4, portrait and landscape."""
_GROUND_MARGIN = 0.03
LARGEST = 12
"""Names that may stand against their ground."""


def text_width_in(line: str, size_pt: float, weight: str = "normal") -> float:
    """Measure a line of text, in inches.

    Parameters
    ----------
    line
        The text.
    size_pt, weight
        Of its letters: points, and as matplotlib calls it.
    """
    # Letters without hints are shaped alike in every size: most of the time goes into that.
    return _shape_line(line, weight) * (size_pt / _SHAPED_PT) / POINTS_PER_INCH


@cache
def _shape_line(line: str, weight: str) -> float:
    """Measure a line in letters of the size in which matplotlib shapes all, in points."""
    font = FontProperties(family=LETTERS, size=_SHAPED_PT, weight=weight)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", NO_LETTER)
        width_pt, _, _ = TextToPath().get_text_width_height_descent(line, font, ismath=False)
    return float(width_pt)


def line_height_in(size_pt: float) -> float:
    """Give the height of a line of text, in inches."""
    return size_pt * LINE_HEIGHT / POINTS_PER_INCH


def wrap_text(text: str, width_in: float, size_pt: float, weight: str = "normal") -> list[str]:
    """Break a text into lines that fit, between words; inside a word only if it must be.

    Parameters
    ----------
    text, width_in
        What is to fit, in how many inches.
    size_pt, weight
        As for `text_width_in`.
    """
    lines: list[str] = []
    for word in _split_to_fit(text, width_in, size_pt, weight):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width_in(longer, size_pt, weight) <= width_in:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def shorten_line(line: str, width_in: float, size_pt: float, weight: str = "normal") -> str:
    """Cut a line that does not fit, and say so with three dots.

    Parameters
    ----------
    line, width_in, size_pt, weight
        As for `wrap_text`.
    """
    if text_width_in(line, size_pt, weight) <= width_in:
        return line
    # A letter is never narrower than a hundredth of an inch: nobody measures a line of 10 kB.
    kept = line[: int(width_in * 100)]
    while kept and text_width_in(f"{kept}\N{HORIZONTAL ELLIPSIS}", size_pt, weight) > width_in:
        kept = kept[:-1]
    return f"{kept.rstrip()}\N{HORIZONTAL ELLIPSIS}"


def _split_to_fit(text: str, width_in: float, size_pt: float, weight: str) -> Iterator[str]:
    # Not split(): it also breaks at the no-break space of "62,4 %".
    for word in re.split(r"[ \t\r\n]+", text):
        rest = word
        while text_width_in(rest, size_pt, weight) > width_in and len(rest) > 1:
            fits = next(
                n
                for n in range(len(rest) - 1, 0, -1)
                if n == 1 or text_width_in(rest[:n], size_pt, weight) <= width_in
            )
            yield rest[:fits]
            rest = rest[fits:]
        if rest:
            yield rest


@dataclass(frozen=True)
class Box:
    """A rectangle, in inches on the page or in metres on the ground."""

    left: float
    bottom: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.left + self.width

    @property
    def top(self) -> float:
        """Its upper edge."""
        return self.bottom + self.height

    @property
    def corners(self) -> tuple[float, float, float, float]:
        """Left, bottom, right, top."""
        return self.left, self.bottom, self.right, self.top

    def with_margin(self, margin: float) -> Box:
        """Give the box with a margin on all sides."""
        sides = self.left - margin, self.bottom - margin
        return Box(*sides, self.width + 2 * margin, self.height + 2 * margin)

    def overlaps(self, other: Box) -> bool:
        """Tell whether they share ground."""
        return not self.lies_free_of([other.corners])

    def lies_free_of(self, taken: Iterable[tuple[float, float, float, float]]) -> bool:
        """Tell whether it shares no ground with any of other boxes, given by their corners."""
        left, bottom, right, top = self.corners
        # Thousands of places ask this of all names before them: plain numbers, no call for each.
        return not any(
            left < x1 and x0 < right and bottom < y1 and y0 < top for x0, y0, x1, y1 in taken
        )

    def lies_within(self, other: Box) -> bool:
        """Tell whether it lies inside the other."""
        across = other.left <= self.left and self.right <= other.right
        return across and other.bottom <= self.bottom and self.top <= other.top


@dataclass(frozen=True)
class Sheet:
    """An A4 sheet with the lines of text that stand on it, and the map's place between them.

    Attributes
    ----------
    width, height
        Inches.
    title, title_pt
        At most two lines, and the size of their letters.
    study, cautions, credits
        Wrapped lines; the study is named below a title that is not its own.
    frame
        The map's place on the page, in inches.
    ground
        What the frame shows, in metres.
    """

    width: float
    height: float
    title: list[str]
    title_pt: float
    study: list[str]
    cautions: list[str]
    credits: list[str]
    legend: Box
    frame: Box
    ground: Box

    @property
    def metres_per_inch(self) -> float:
        """The scale."""
        return self.ground.width / self.frame.width


def choose_sheet(bounds: Sequence[float], text: MapText, legend_in: float) -> Sheet:
    """Lay out the sheet in the direction that shows the ground larger.

    Parameters
    ----------
    bounds
        xmin, ymin, xmax, ymax of the ground, in metres.
    text
        What stands above and below the map.
    legend_in
        Height that the legend needs, in inches.
    """
    sheets = [lay_out_sheet(paper, bounds, text, legend_in) for paper in PAPERS]
    return min(sheets, key=lambda sheet: sheet.metres_per_inch)


def lay_out_sheet(
    paper: tuple[float, float], bounds: Sequence[float], text: MapText, legend_in: float
) -> Sheet:
    """Lay out the sheet on paper of a width and height, inches; the rest as for `choose_sheet`.

    Parameters
    ----------
    paper
        Width and height, inches.
    bounds, text, legend_in
        As for `choose_sheet`.
    """
    width, height = paper
    inside = width - 2 * MARGIN_IN
    title_pt, title = fit_title(text.headline, inside)
    study = wrap_text(text.title, inside, PLACE_PT) if text.shown else []
    cautions = _wrap_all(text.cautions, inside - 2 * GAP_IN, CAUTION_PT, "bold")
    credits_ = _wrap_all(text.credits, inside, SMALL_PT)
    top = (
        height
        - MARGIN_IN
        - len(title) * line_height_in(title_pt)
        - len(study) * line_height_in(PLACE_PT)
        - GAP_IN
    )
    if cautions:
        top -= len(cautions) * line_height_in(CAUTION_PT) + 2 * GAP_IN
    legend_bottom = MARGIN_IN + len(credits_) * line_height_in(SMALL_PT) + GAP_IN
    legend = Box(MARGIN_IN, legend_bottom, inside, legend_in)
    bottom = legend.top + GAP_IN
    frame = Box(MARGIN_IN, bottom, inside, top - bottom)
    head = (title, title_pt, study, cautions, credits_)
    return Sheet(width, height, *head, legend, frame, _widen_bounds(bounds, frame))


def fit_title(title: str, width_in: float) -> tuple[float, list[str]]:
    """Break a title into at most two lines, about as long, in letters as large as then fit.

    Parameters
    ----------
    title, width_in
        What is to fit, in how many inches.

    Returns
    -------
    tuple
        Size of the letters in points, and the lines; cut, and told so, when the smallest are too
        large: files carry all of it.
    """
    rows = {size: wrap_text(title, width_in, size, "bold") for size in TITLE_SIZES}
    for size, lines in rows.items():
        found = lines if len(lines) == 1 else _break_in_two(title, width_in, size)
        if found:
            return size, found
    size, lines = next((one for one in rows.items() if len(one[1]) <= 2), (size, lines))
    rest = " ".join(lines[1:])
    return size, [lines[0], *([shorten_line(rest, width_in, size, "bold")] if rest else [])]


def _break_in_two(title: str, width_in: float, size_pt: float) -> list[str]:
    """Break a title where both lines fit and are about as long, but not after a short word.

    Returns
    -------
    list of str
        Empty where there is no such place.
    """
    words = title.split(" ")
    ends = [n for n in range(1, len(words)) if len(words[n - 1]) > _SHORT]
    halves = [[" ".join(words[:n]), " ".join(words[n:])] for n in ends]
    wide = [max(text_width_in(one, size_pt, "bold") for one in two) for two in halves]
    least = min(wide, default=np.inf)
    return halves[wide.index(least)] if least <= width_in else []


def move_to_frame(sheet: Sheet, frame: Box, bounds: Sequence[float]) -> Sheet:
    """Give the sheet with its map in another frame.

    Parameters
    ----------
    sheet
        As it is.
    frame
        Where its map goes, inches.
    bounds
        Of the ground, metres: west, south, east, north.
    """
    return replace(sheet, frame=frame, ground=_widen_bounds(bounds, frame))


def _wrap_all(
    texts: Iterable[str], width_in: float, size_pt: float, weight: str = "normal"
) -> list[str]:
    return [line for text in texts for line in wrap_text(text, width_in, size_pt, weight)]


def _widen_bounds(bounds: Sequence[float], frame: Box) -> Box:
    """Widen the bounds until they have the shape of the frame."""
    x0, y0, x1, y1 = bounds
    scale = max((x1 - x0) / frame.width, (y1 - y0) / frame.height) * (1 + 2 * _GROUND_MARGIN)
    width, height = frame.width * scale, frame.height * scale
    return Box((x0 + x1 - width) / 2, (y0 + y1 - height) / 2, width, height)


@dataclass(frozen=True)
class Label:
    """Where the middle of a name stands, in metres; `number` is its place in the list of names."""

    number: int
    x: float
    y: float


def place_labels(
    names: Sequence[str],
    grounds: Sequence[Polygons],
    markers: Sequence[tuple[float, float, float]],
    *,
    size_pt: float,
    sheet: Sheet,
    beside: int = LARGEST,
) -> list[Label]:
    """Find places for names so that none covers another or a marker; the first go first.

    Parameters
    ----------
    names, grounds
        In order of importance; the middle of a name stays on its ground. The first few may stand
        against their ground where there is no room on it: a map is read by its large towns.
    markers
        Points to keep free: x and y in metres, the size of what stands there in points.
    size_pt
        Size of the letters.
    sheet
        Gives frame and scale.
    beside
        How many of the first may.

    Returns
    -------
    list of Label
        Names that find no place are left out: the table has them.
    """
    metres_per_pt = sheet.metres_per_inch / POINTS_PER_INCH
    sides = [(x, y, size * metres_per_pt) for x, y, size in markers]
    taken = [Box(x - side / 2, y - side / 2, side, side).corners for x, y, side in sides]
    height = size_pt * 1.1 * metres_per_pt
    placed = []
    for number, (name, ground) in enumerate(zip(names, grounds, strict=True)):
        width = text_width_in(name, size_pt) * sheet.metres_per_inch
        large = number < beside
        for x, y in _yield_places(ground, height, beside=large):
            box = Box(x - width / 2, y - height / 2, width, height).with_margin(height * 0.15)
            if large and not ground.intersects(shapely.box(*box.corners)):
                continue
            if box.lies_within(sheet.ground) and box.lies_free_of(taken):
                taken.append(box.corners)
                placed.append(Label(number, x, y))
                break
    return placed


def _yield_places(ground: Polygons, step: float, *, beside: bool) -> Iterator[tuple[float, float]]:
    """Give places on a ground and then, where that is allowed, on it and beside it.

    One by one: mostly the first will do, and those beside a large ground are thousands.
    """
    yield from _list_places_on(ground, step)
    if beside:
        yield from _list_places_beside(ground, step)


def _list_places_on(ground: Polygons, step: float) -> list[tuple[float, float]]:
    """List places on a ground, from its inmost point outwards."""
    places = _list_lattice(ground, step, 6)
    shapely.prepare(ground)
    on_ground = shapely.contains_xy(ground, *np.transpose(places))
    on_ground[0] = True
    return [place for place, fits in zip(places, on_ground, strict=True) if fits]


def _list_places_beside(ground: Polygons, step: float) -> list[tuple[float, float]]:
    """List places on a ground and beside it, from its inmost point outwards."""
    x0, y0, x1, y1 = ground.bounds
    return _list_lattice(ground, step, int(np.ceil(max(x1 - x0, y1 - y0) / step)) + 8)


def _list_lattice(ground: Polygons, step: float, reach: int) -> list[tuple[float, float]]:
    """List the points of a lattice around the inmost point of a ground, nearest first."""
    x, y = shapely.get_coordinates(shapely.maximum_inscribed_circle(ground, step / 4))[0]
    offsets = np.arange(-reach, reach + 1) * step / 2
    dx, dy = (grid.ravel() for grid in np.meshgrid(offsets, offsets))
    order = np.lexsort((dx, dy, np.hypot(dx, dy).round(6)))
    return list(zip((x + dx[order]).tolist(), (y + dy[order]).tolist(), strict=True))


def round_length_m(longest_m: float) -> float:
    """Give the largest of 1, 2 and 5 times a power of ten that is not longer."""
    power = 10.0 ** np.floor(np.log10(longest_m))
    return float(max(n * power for n in (1, 2, 5) if n * power <= longest_m))
