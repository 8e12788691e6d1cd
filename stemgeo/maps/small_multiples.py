"""The small maps of a trend: for each year which municipalities have an academy.

In the look of the series: the same sheet, letters, head and credits as the choropleths; all of it
reads in grey print.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING

import matplotlib.style
import numpy as np

from stemgeo.coverage import keep_counted
from stemgeo.maps.charts import make_axes_at, name_over_years
from stemgeo.maps.layout import GAP_IN, TEXT_PT, Box, choose_sheet, line_height_in, wrap_text
from stemgeo.maps.page import (
    PROVINCE,
    ROW_IN,
    SECOND_COLUMN_IN,
    SMALLEST_RING_IN,
    STYLE,
    Key,
    Looks,
    add_polygons,
    draw_key,
    draw_scale_bar,
    new_page,
    write_lines,
)
from stemgeo.maps.series import (
    choose_colours,
    choose_line_colour,
    lighten_outlines,
    list_border_rings,
    merge_provinces,
)
from stemgeo.maps.text import join_sentences
from stemgeo.speech import format_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd
    from geopandas import GeoDataFrame
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from stemgeo.maps.layout import Sheet
    from stemgeo.maps.text import MapText

_COUNT = choose_colours(5, "count")
STATUSES: dict[str, Looks] = {
    "with": {"facecolor": _COUNT[2]},
    "new": {"facecolor": _COUNT[4]},
    "lost": {"facecolor": "#94c2dd", "hatch": "////////"},
    "without": {"facecolor": "#e0e0e0"},
}
"""How a municipality looks by what became of it since the year shown before."""

_FINEST_DETAIL_IN = 1 / 300
_BORDER: Looks = {**PROVINCE, "linewidth": 0.8}
_OUTLINE = 0.25
_LEGEND_ROWS = 3
_YEAR_PT = 11.0
_ACADEMIES = "map.count.academy"
_MARGIN = 0.005  # of the ground's width


def draw_small_multiples(
    municipalities_by_year: Mapping[int, GeoDataFrame],
    academies_by_year: Mapping[int, pd.DataFrame],
    text: MapText,
) -> Figure:
    """Draw a small map for each year: which municipalities have an academy, and what changed.

    Parameters
    ----------
    municipalities_by_year
        In EPSG:31370: `nis_code`, `name`, `children`, `province`, `has_academy`, `status` (a key
        of `STATUSES`: "with" and "new" have an academy, "lost" and "without" have not; "new" and
        "lost" had not and had one in the year shown before), geometry.
    academies_by_year
        The academies that count in each year: those in the municipalities are counted.
    text
        Title, notice, source, date and language.

    Returns
    -------
    Figure
        An A4 sheet, as many maps beside each other as shows them largest, one legend for all.
    """
    with matplotlib.style.context(STYLE, after_reset=True):
        tables = dict(sorted(municipalities_by_year.items()))
        text = text.showing("chart.maps.title", name_over_years(text, tables), year="")
        ground = _bound_ground(tables.values())
        captions = _write_captions(tables, academies_by_year, text)
        grid = _choose_grid(ground, list(captions.values()), text)
        figure, page = new_page(grid.sheet, text)
        for number, (year, table) in enumerate(tables.items()):
            cell = grid.place_cell(number)
            write_lines(page, cell.left, cell.top, [str(year)], _YEAR_PT, weight="bold")
            caption = wrap_text(captions[year], cell.width, TEXT_PT)
            below = cell.bottom + grid.caption_in
            write_lines(page, cell.left, below, caption, TEXT_PT)
            _draw_small_map(figure, grid.place_map(number), table, ground, grid.metres_per_inch)
        provinces = set().union(*(table["province"] for table in tables.values()))
        # The border of an area in one province is drawn as that of the province is.
        edge = "area" if text.region and len(provinces) == 1 else "province"
        _draw_key_of_statuses(page, grid.sheet, text, f"map.{edge}_border")
    return figure


def describe_small_multiples(
    municipalities_by_year: Mapping[int, GeoDataFrame],
    academies_by_year: Mapping[int, pd.DataFrame],
    text: MapText,
) -> str:
    """Say in words what the small maps show, for those who cannot see them.

    Parameters
    ----------
    municipalities_by_year, academies_by_year, text
        As for `draw_small_multiples`.

    Returns
    -------
    str
        Title and cautions, and what stands under each map.
    """
    captions = _write_captions(municipalities_by_year, academies_by_year, text)
    words = text.words
    kind = f"{words('chart.maps.each_year')}, {name_over_years(text, captions)}"
    told = [words.join_pair(year, caption) for year, caption in sorted(captions.items())]
    heading = words("map.academies.heading")
    text = text.showing("chart.maps.title", name_over_years(text, captions), year="")
    return join_sentences([*text.opening, kind, heading, *told])


def _bound_ground(tables: Iterable[GeoDataFrame]) -> Box:
    """Bound the ground of all years, with room for the lines around it."""
    bounds = np.array([table.total_bounds for table in tables])
    (left, bottom), (right, top) = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
    return Box(left, bottom, right - left, top - bottom).with_margin((right - left) * _MARGIN)


def _write_captions(
    municipalities_by_year: Mapping[int, GeoDataFrame],
    academies_by_year: Mapping[int, pd.DataFrame],
    text: MapText,
) -> dict[int, str]:
    """Say under each map how many have an academy, how many changed, how many academies."""
    words = text.words

    def caption(table: GeoDataFrame, academies: pd.DataFrame) -> str:
        inside = int(academies["nis_code"].isin(table["nis_code"]).sum())
        return words.join_series([*_say_having(table, text), words.say_count(_ACADEMIES, inside)])

    return {
        year: caption(table, academies_by_year[year])
        for year, table in municipalities_by_year.items()
    }


def _say_having(table: GeoDataFrame, text: MapText) -> list[str]:
    """Say how many of the municipalities have an academy, and of one alone whether it has."""
    words, counted = text.words, keep_counted(table)
    if len(counted) == 1:
        return [words(f"chart.maps.status.{counted['status'].iloc[0]}")]
    count = format_whole(counted["has_academy"].sum(), text.language)
    total = words.say_count("map.count.municipality", len(counted))
    counts = {key: int((counted["status"] == key).sum()) for key in ("new", "lost")}
    changed = [words.say_count(f"chart.maps.{key}", n) for key, n in counts.items() if n]
    said = words("chart.maps.count", count=count, total=total)
    return [said, ", ".join(changed)] if changed else [said]


@dataclass(frozen=True)
class _Grid:
    """How the maps stand on the sheet, row by row; each cell has its year, map and caption."""

    sheet: Sheet
    columns: int
    rows: int
    caption_in: float

    def place_cell(self, number: int) -> Box:
        """Give the place of a cell, in inches."""
        frame = self.sheet.frame
        row, column = divmod(number, self.columns)
        width = (frame.width + 2 * GAP_IN) / self.columns
        height = (frame.height + GAP_IN) / self.rows
        bottom = frame.top - row * height - height + GAP_IN
        return Box(frame.left + column * width, bottom, width - 2 * GAP_IN, height - GAP_IN)

    def place_map(self, number: int) -> Box:
        """Give the place of a map between its year and its caption, in inches."""
        cell = self.place_cell(number)
        height = cell.height - line_height_in(_YEAR_PT) - self.caption_in
        return Box(cell.left, cell.bottom + self.caption_in, cell.width, height)

    @property
    def metres_per_inch(self) -> float:
        """The scale, one for all maps."""
        return self.sheet.metres_per_inch


def _choose_grid(ground: Box, captions: Sequence[str], text: MapText) -> _Grid:
    """Choose the number of maps in a row that shows the ground largest."""
    grids = [
        _build_grid(columns, ground, captions, text) for columns in range(1, len(captions) + 1)
    ]
    return min(grids, key=lambda grid: grid.metres_per_inch)


def _build_grid(columns: int, ground: Box, captions: Sequence[str], text: MapText) -> _Grid:
    rows = ceil(len(captions) / columns)
    legend_in = line_height_in(TEXT_PT) + GAP_IN / 2 + _LEGEND_ROWS * ROW_IN + GAP_IN
    together = (0, 0, columns * ground.width, rows * ground.height)
    grid = _Grid(choose_sheet(together, text, legend_in), columns, rows, 0)
    lines = max(len(wrap_text(caption, grid.place_cell(0).width, TEXT_PT)) for caption in captions)
    grid = replace(grid, caption_in=lines * line_height_in(TEXT_PT))
    frame, room = grid.sheet.frame, grid.place_map(0)
    # Texts may leave a map no room: then it is as good as invisible, and not chosen.
    scale = max(ground.width / room.width, ground.height / max(room.height, SMALLEST_RING_IN))
    shown = Box(0, 0, frame.width * scale, frame.height * scale)
    return replace(grid, sheet=replace(grid.sheet, ground=shown))


def _draw_small_map(
    figure: Figure, box: Box, table: GeoDataFrame, ground: Box, metres_per_inch: float
) -> None:
    """Draw in the middle of a box; all years show the same ground."""
    axes = make_axes_at(figure, box)
    axes.set_axis_off()
    x, y = ground.left + ground.width / 2, ground.bottom + ground.height / 2
    half = box.width / 2 * metres_per_inch, box.height / 2 * metres_per_inch
    axes.set(xlim=(x - half[0], x + half[0]), ylim=(y - half[1], y + half[1]))
    outlines = lighten_outlines(table.geometry, metres_per_inch * _FINEST_DETAIL_IN)
    drawn = table.set_geometry(outlines).sort_values("nis_code")
    for status, rows in drawn.groupby("status", sort=True):
        add_polygons(axes, rows.geometry, **_status_looks(str(status)), zorder=3)
    smallest_m2 = (SMALLEST_RING_IN * metres_per_inch) ** 2
    add_polygons(axes, list_border_rings(merge_provinces(drawn), smallest_m2), **_BORDER, zorder=4)


def _status_looks(status: str) -> Looks:
    looks = STATUSES[status]
    return {**looks, "edgecolor": choose_line_colour(looks["facecolor"]), "linewidth": _OUTLINE}


def _draw_key_of_statuses(page: Axes, sheet: Sheet, text: MapText, border: str) -> None:
    """Draw the legend that all maps share, and their scale."""
    words, place = text.words, sheet.legend
    heading = [words("map.academies.heading")]
    write_lines(page, place.left, place.top, heading, TEXT_PT, weight="bold")
    keys = [Key(words(f"chart.maps.status.{status}"), _status_looks(status)) for status in STATUSES]
    keys.append(Key(words(border), _BORDER))
    top = place.top - line_height_in(TEXT_PT) - GAP_IN / 2
    for number, key in enumerate(keys):
        column, row = divmod(number, _LEGEND_ROWS)
        left = place.left + column * SECOND_COLUMN_IN
        draw_key(page, left, top - (row + 0.5) * ROW_IN, key)
    draw_scale_bar(page, sheet)
