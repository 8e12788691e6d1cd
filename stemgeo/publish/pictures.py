"""The maps of the pages: one picture for all languages, without a word.

What they show is said beside them, in the page. They are drawn as SVG by hand, in whole units of a
thousandth of their width: sharp on paper, small, and the same bytes each time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
import shapely

from stemgeo.maps.series import NO_CLASS, choose_colours, choose_line_colour, classify_shares
from stemgeo.maps.series import find_partly_measured as find_partly
from stemgeo.maps.text import is_coarse, is_planned

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from geopandas import GeoDataFrame
    from numpy.typing import NDArray

WIDTH = 1000
"""Units of a picture from west to east."""
_LEAST_HEIGHT, _MOST_HEIGHT = 450, 1300
_MARGIN = 0.04
_MANY = 100
"""Municipalities of a picture: beyond it academies are drawn small, to leave their colours seen."""
AROUND, AROUND_LINE = "#ececec", "#b8b8b8"
GAP, GAP_LINE = "#e0007a", "#a3005c"
STREET = "#5e3c99"
ROAD = "#9a9a9a"
INK, ROUGH = "#1a1a1a", "#ffbf6f"
_HATCHES = (
    '<defs><pattern id="none" width="12" height="12" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><path d="M0 0H12V12H0Z" fill="#ffffff"/>'
    '<path d="M0 0V12" stroke="#6f6f6f" stroke-width="4"/></pattern>'
    '<pattern id="partly" width="16" height="16" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(-45)"><path d="M0 0V16" stroke="#ffffff" stroke-width="3"/>'
    '<path d="M3 0V16" stroke="#404040" stroke-width="3"/></pattern></defs>'
)


class PlacePicture(NamedTuple):
    """A picture, with how large it is and what can be seen in it, for the legend."""

    svg: str
    height: int
    shows: frozenset[str]


@dataclass(frozen=True)
class PictureFrame:
    """What part of the land a picture shows.

    Attributes
    ----------
    box
        West, south, east and north, metres.
    height
        Units.
    """

    box: tuple[float, float, float, float]
    height: int

    @classmethod
    def around(cls, bounds: Sequence[float]) -> Self:
        """Show what lies in these bounds, with a margin; neither too low nor too high."""
        west, south, east, north = bounds
        width = max(east - west, 1.0) * (1 + 2 * _MARGIN)
        tall = max(north - south, 1.0) * (1 + 2 * _MARGIN)
        width = max(width, tall * WIDTH / _MOST_HEIGHT)
        tall = max(tall, width * _LEAST_HEIGHT / WIDTH)
        x, y = (west + east) / 2, (south + north) / 2
        box = (x - width / 2, y - tall / 2, x + width / 2, y + tall / 2)
        return cls(box, round(WIDTH * tall / width))

    def place(self, coordinates: NDArray[np.float64]) -> NDArray[np.int64]:
        """Give whole units for places in metres."""
        west, _, east, north = self.box
        scale = WIDTH / (east - west)
        return np.rint((coordinates - (west, north)) * (scale, -scale)).astype(np.int64)

    def trace(self, geometry: shapely.Geometry) -> str:
        """Write the outlines of areas, or lines, as a path; what is too small is left out."""
        return "".join(self._trace_parts(geometry))

    def _trace_parts(self, geometry: shapely.Geometry) -> Iterator[str]:
        for part in shapely.get_parts(geometry):
            if part.geom_type == "Polygon":
                rings = [part.exterior, *part.interiors]
                yield from (self._trace_line(shapely.get_coordinates(one), 4) for one in rings)
            elif part.geom_type == "LineString":
                yield self._trace_line(shapely.get_coordinates(part), 2)

    def _trace_line(self, coordinates: NDArray[np.float64], fewest: int) -> str:
        spots = self.place(coordinates)
        moves = np.diff(spots, axis=0)
        moves = moves[(moves != 0).any(axis=1)]
        if len(moves) + 1 < fewest:
            return ""
        steps = " ".join(f"{x} {y}" for x, y in moves.tolist())
        return f"M{spots[0, 0]} {spots[0, 1]}l{steps}{'z' * (fewest > 2)}"


@dataclass(frozen=True)
class ShapeLayer:
    """Shapes that are looked through for those that a picture shows.

    Attributes
    ----------
    shapes
        In metres.
    """

    shapes: NDArray[np.object_]
    _tree: list[shapely.STRtree] = field(default_factory=list)

    @classmethod
    def of_parts(cls, shapes: Sequence[shapely.Geometry]) -> Self:
        """Take shapes apart: of a road through all of the land a picture shows a piece."""
        return cls(shapely.get_parts(np.asarray(shapes, dtype=object)))

    def within(self, box: Sequence[float]) -> NDArray[np.int64]:
        """Give the numbers of those that may lie in a box, in their order."""
        if not self._tree:
            self._tree.append(shapely.STRtree(self.shapes))
        west, south, east, north = box
        return np.sort(self._tree[0].query(shapely.box(west, south, east, north)))


@dataclass(frozen=True)
class PictureGround:
    """What pictures are drawn of; each part in metres.

    Attributes
    ----------
    places
        Municipalities: `nis_code`, `province`, `share`, `children`, `unmeasured`, polygons.
    parts
        Zones with the same counts; None: municipalities are coloured.
    classes
        Bounds of the shares, percent.
    gaps
        Those over all roads.
    academies
        Points, with what tells planned and roughly placed ones.
    roads
        Main roads.
    neighbours
        The municipalities in their order, and behind them those beside the study's area.
    """

    places: GeoDataFrame
    parts: GeoDataFrame | None
    classes: Sequence[float]
    gaps: ShapeLayer
    academies: GeoDataFrame
    roads: ShapeLayer
    neighbours: ShapeLayer

    def draw_town(
        self, number: int, streets: Sequence[shapely.Geometry], best: shapely.Point | None
    ) -> PlacePicture:
        """Draw a municipality, by its number.

        Parameters
        ----------
        number
            Among the places.
        streets
            Those to check that the page names.
        best
            Where one academy more would bring most children within reach.
        """
        outline = self.places.geometry.iloc[number]
        frame = PictureFrame.around(outline.bounds)
        rows = self.places.iloc[[number]]
        if self.parts is not None:
            rows = self.parts[self.parts["nis_code"] == self.places["nis_code"].iloc[number]]
        drawn = [
            *self._draw_around(frame, [number]),
            *draw_shares(frame, rows, self.classes),
            *_draw(frame, "road", self._cut(self.roads, frame), stroke=ROAD, width=3),
            *_draw(frame, "border", [outline], stroke=INK, width=5),
            *self._draw_gaps(frame),
            *_draw(frame, "street", streets, stroke="#ffffff", width=11),
            *_draw(frame, "street", streets, stroke=STREET, width=7),
            *self._draw_academies(frame, 10),
            *([] if best is None else _draw_best(frame, best)),
        ]
        return _put_together(frame, drawn)

    def draw_towns(self, province: str | None) -> PlacePicture:
        """Draw the municipalities of a province, or of all of the study."""
        rows = self.places
        if province is not None:
            rows = rows[rows["province"] == province]
        frame = PictureFrame.around(rows.total_bounds)
        borders = rows.dissolve("province").geometry
        drawn = [
            *self._draw_around(frame, rows.index.tolist()),
            *draw_shares(frame, rows, self.classes),
            *_draw(frame, "road", self._cut(self.roads, frame), stroke=ROAD, width=1),
            *_draw(frame, "border", list(borders), stroke=INK, width=3),
            *self._draw_academies(frame, 4 if len(rows) > _MANY else 8),
        ]
        return _put_together(frame, drawn)

    def _cut(self, layer: ShapeLayer, frame: PictureFrame) -> NDArray[np.object_]:
        there = layer.shapes[layer.within(frame.box)]
        cut: NDArray[np.object_] = shapely.clip_by_rect(there, *frame.box)
        return cut

    def _draw_around(self, frame: PictureFrame, own: Sequence[int]) -> Iterator[tuple[str, str]]:
        """Draw what lies beside the municipalities of a page, by their numbers."""
        there = np.setdiff1d(self.neighbours.within(frame.box), own)
        cut = shapely.clip_by_rect(self.neighbours.shapes[there], *frame.box)
        yield from _draw(frame, "around", cut, fill=AROUND, stroke=AROUND_LINE, width=2)

    def _draw_gaps(self, frame: PictureFrame) -> Iterator[tuple[str, str]]:
        shapes = self._cut(self.gaps, frame)
        yield from _draw(frame, "gap", shapes, fill=GAP, stroke=GAP_LINE, width=4, opacity=0.3)

    def _draw_academies(self, frame: PictureFrame, size: int) -> Iterator[tuple[str, str]]:
        west, south, east, north = frame.box
        x, y = self.academies.geometry.x, self.academies.geometry.y
        there = ((x > west) & (x < east) & (y > south) & (y < north)).to_numpy()
        planned, coarse = is_planned(self.academies), is_coarse(self.academies)
        spots = frame.place(shapely.get_coordinates(self.academies.geometry.to_numpy()))
        line = f'stroke="{INK}" stroke-width="{size / 2.5:g}"'
        for number in np.flatnonzero(there).tolist():
            key = "planned" if planned[number] else "rough" if coarse[number] else "academy"
            fill = {"planned": INK, "rough": ROUGH, "academy": "#ffffff"}[key]
            at = f'cx="{spots[number, 0]}" cy="{spots[number, 1]}" r="{size}"'
            yield key, f'<circle {at} fill="{fill}" {line}/>'


def draw_shares(
    frame: PictureFrame, rows: GeoDataFrame, classes: Sequence[float]
) -> Iterator[tuple[str, str]]:
    """Colour places by their share, those of a class together; hatched where it says little.

    Parameters
    ----------
    frame
        Of the picture.
    rows
        `share`, `children`, `unmeasured`, polygons.
    classes
        Bounds, percent.
    """
    shapes = rows.geometry.to_numpy()
    of = classify_shares(rows["share"].to_numpy(dtype=np.float64), classes)
    colours = choose_colours(len(classes) - 1)
    for one in np.unique(of).tolist():
        fill = "url(#none)" if one == NO_CLASS else colours[one]
        line = choose_line_colour("#ffffff" if one == NO_CLASS else fill)
        key = "none" if one == NO_CLASS else "class"
        yield from _draw(frame, key, shapes[of == one], fill=fill, stroke=line, width=1)
    yield from _draw(frame, "partly", shapes[find_partly(rows)], fill="url(#partly)")


def _draw(
    frame: PictureFrame,
    key: str,
    shapes: Sequence[shapely.Geometry] | NDArray[np.object_],
    *,
    fill: str = "none",
    stroke: str = "",
    width: float = 0,
    opacity: float = 1,
) -> Iterator[tuple[str, str]]:
    """Draw shapes in one look; nothing where none of them is large enough."""
    path = "".join(map(frame.trace, shapes))
    if path:
        line = f' stroke="{stroke}" stroke-width="{width:g}" stroke-linejoin="round"' * bool(stroke)
        faint = f' fill-opacity="{opacity:g}"' * (opacity < 1)
        yield key, f'<path fill="{fill}"{faint}{line} fill-rule="evenodd" d="{path}"/>'


def _draw_best(frame: PictureFrame, spot: shapely.Point) -> Iterator[tuple[str, str]]:
    """Draw a square on its tip, which no academy is."""
    x, y = frame.place(shapely.get_coordinates(spot))[0].tolist()
    look = f'fill="#ffffff" stroke="{GAP_LINE}" stroke-width="6"'
    yield "best", f'<path d="M{x} {y - 16}l16 16 -16 16 -16 -16z" {look}/>'


def _put_together(frame: PictureFrame, drawn: Sequence[tuple[str, str]]) -> PlacePicture:
    shows = frozenset(key for key, _ in drawn)
    size = f'viewBox="0 0 {WIDTH} {frame.height}" width="{WIDTH}" height="{frame.height}"'
    hatches = _HATCHES if shows & {"none", "partly"} else ""
    marks = "\n".join(mark for _, mark in drawn)
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{hatches}\n{marks}\n</svg>\n'
    return PlacePicture(svg, frame.height, shows)
