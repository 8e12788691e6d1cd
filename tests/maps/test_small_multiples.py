"""The small maps of a trend: one for each year."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from sheets import HOSTILE, TO, boxes, collisions, times_in_svg, with_long_texts, written

from stemgeo.maps.page import save_figure
from stemgeo.maps.series import measure_luminance
from stemgeo.maps.small_multiples import STATUSES, describe_small_multiples, draw_small_multiples

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.maps.text import MapText


@pytest.fixture
def years(municipalities: gpd.GeoDataFrame) -> dict[int, gpd.GeoDataFrame]:
    """Three years of the small land: municipality 0 gains one, 1 and 2 lose theirs."""
    had = municipalities["has_academy"].to_numpy() | (np.arange(len(municipalities)) == 2)
    has = had.copy()
    has[0], has[[1, 2]] = True, False
    changed = np.select([has & had, has & ~had, ~has & had], ["with", "new", "lost"], "without")
    first = municipalities.assign(has_academy=had, status=np.where(had, "with", "without"))
    second = municipalities.assign(has_academy=has, status=changed)
    third = municipalities.assign(has_academy=has, status=np.where(has, "with", "without"))
    return {2021: second, 2020: first, 2022: third}


@pytest.fixture
def registers(academies: gpd.GeoDataFrame) -> dict[int, gpd.GeoDataFrame]:
    """The academies of each year: 20, 1 and none."""
    return {2020: academies, 2021: academies.head(1), 2022: academies.head(0)}


def drawn_colours(axes: Any) -> Counter[str]:
    """Count the municipalities of each colour on a map."""
    found: Counter[str] = Counter()
    for collection in axes.collections:
        if isinstance(collection, PathCollection) and len(collection.get_facecolor()):
            colour = to_hex(collection.get_facecolor()[0])
            found[colour] += len(collection.get_paths())
    return found


def test_the_maps_say_everything(
    years: dict[int, gpd.GeoDataFrame], registers: dict[int, gpd.GeoDataFrame], text: MapText
) -> None:
    """Title, years, notice, what stands under each map, legend, source and date."""
    said = written(draw_small_multiples(years, registers, text))
    for line in (
        text.title,
        "Voorbeeld, niet voor publicatie",
        "2020",
        "21 van 40 gemeenten; 20 STEM-academies",
        "2021",
        "20 van 40 gemeenten; 1 nieuw, 2 niet langer; 1 STEM-academie",
        "2022",
        "20 van 40 gemeenten; 0 STEM-academies",
        "met een STEM-academie",
        "nieuw: in het vorige getoonde jaar nog zonder",
        "niet langer: in het vorige getoonde jaar nog met",
        "zonder STEM-academie",
        "Bron: Bronhouders van de proef",
        "Datum van de gegevens: 31 december 2022",
    ):
        assert said.count(line) == 1, line
    shown = f"Gemeenten met een STEM-academie, jaar na jaar, Vlaanderen, 2020{TO}2022"
    assert shown in " ".join(said)


def test_one_municipality_is_singular(
    years: dict[int, gpd.GeoDataFrame], registers: dict[int, gpd.GeoDataFrame], text: MapText
) -> None:
    """In a village study nothing is "1 van de 1"; its name, border and academies are its own."""
    village = {year: table.iloc[[1]] for year, table in years.items()}
    part = replace(text, region="Studiegebied")
    said = written(draw_small_multiples(village, registers, part))
    assert "met een STEM-academie; 1 STEM-academie" in said
    assert "niet langer: in het vorige getoonde jaar nog met; 1 STEM-academie" in " ".join(said)
    assert "grens van het gebied" in said
    told = [*said, describe_small_multiples(village, registers, part)]
    assert f"Studiegebied, 2020{TO}2022" in " ".join(said)
    assert "Vlaanderen" not in " ".join(told)


def test_each_status_has_its_colour(
    years: dict[int, gpd.GeoDataFrame], registers: dict[int, gpd.GeoDataFrame], text: MapText
) -> None:
    """A map for each year, in their order, with each municipality in the colour of its status."""
    _, *maps = draw_small_multiples(years, registers, text).axes
    assert len(maps) == 3
    for (_, table), axes in zip(sorted(years.items()), maps, strict=True):
        found = drawn_colours(axes)
        for status, count in table["status"].value_counts().items():
            assert found[str(STATUSES[str(status)]["facecolor"])] == count
        statuses = {str(looks["facecolor"]) for looks in STATUSES.values()}
        assert sum(found[colour] for colour in statuses) == 40


def test_only_what_is_lost_is_hatched(
    years: dict[int, gpd.GeoDataFrame], registers: dict[int, gpd.GeoDataFrame], text: MapText
) -> None:
    """Two municipalities of one year, and their line in the legend."""
    page, *maps = draw_small_multiples(years, registers, text).axes
    hatched = [
        sum(len(part.get_paths()) for part in axes.collections if part.get_hatch()) for axes in maps
    ]
    assert hatched == [0, 2, 0]
    assert [patch.get_hatch() for patch in page.patches].count(STATUSES["lost"]["hatch"]) == 1


def test_statuses_read_in_grey() -> None:
    """Lightness (CIE L*) is at least 15 apart between any two, or the one is hatched."""
    plain = [looks["facecolor"] for looks in STATUSES.values() if "hatch" not in looks]
    light = [116 * measure_luminance(colour) ** (1 / 3) - 16 for colour in plain]
    assert len(light) == 3
    assert min(abs(a - b) for a, b in combinations(light, 2)) >= 15


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("count", [1, 2, 4, 7, 25])
def test_no_text_of_the_maps_covers_another(
    years: dict[int, gpd.GeoDataFrame],
    registers: dict[int, gpd.GeoDataFrame],
    text: MapText,
    language: Any,
    count: int,
) -> None:
    """From one map to 25, with long texts: all texts stand free, on the paper, off the maps."""
    tables = {2000 + n: years[2020 + n % 3] for n in range(count)}
    academies = {2000 + n: registers[2020 + n % 3] for n in range(count)}
    figure = draw_small_multiples(tables, academies, with_long_texts(text, language))
    assert collisions(figure) == []
    maps = [axes.get_window_extent() for axes in figure.axes[1:]]
    assert not [one for one, other in combinations(maps, 2) if one.overlaps(other)]
    assert not [text for text, box in boxes(figure).items() if any(map(box.overlaps, maps))]


def test_all_maps_show_the_same_ground(
    years: dict[int, gpd.GeoDataFrame], registers: dict[int, gpd.GeoDataFrame], text: MapText
) -> None:
    """One scale, the same across and upwards, and nothing of the land outside its map."""
    _, *maps = draw_small_multiples(years, registers, text).axes
    views = {(axes.get_xlim(), axes.get_ylim()) for axes in maps}
    assert len(views) == 1
    (left, right), (bottom, top) = views.pop()
    x0, y0, x1, y1 = years[2020].total_bounds
    assert left < x0
    assert x1 < right
    assert bottom < y0
    assert y1 < top
    frame = maps[0].get_window_extent()
    assert (right - left) / frame.width == pytest.approx((top - bottom) / frame.height)


def test_maps_alt_text(
    years: dict[int, gpd.GeoDataFrame], registers: dict[int, gpd.GeoDataFrame], text: MapText
) -> None:
    """What stands under each map, in the order of the years."""
    told = describe_small_multiples(years, registers, text)
    assert told.endswith(
        f"Een kaart per jaar, Vlaanderen, 2020{TO}2022. Gemeenten met een STEM-academie. "
        "2020: 21 van 40 gemeenten; 20 STEM-academies. "
        "2021: 20 van 40 gemeenten; 1 nieuw, 2 niet langer; 1 STEM-academie. "
        "2022: 20 van 40 gemeenten; 0 STEM-academies."
    )
    shown = f"Gemeenten met een STEM-academie, jaar na jaar, Vlaanderen, 2020{TO}2022"
    assert told.startswith(f"{shown}. {text.title} ")


@pytest.mark.parametrize("name", HOSTILE)
def test_texts_are_not_formulas(
    years: dict[int, gpd.GeoDataFrame],
    registers: dict[int, gpd.GeoDataFrame],
    text: MapText,
    tmp_path: Path,
    name: str,
) -> None:
    """Dollar signs in title, notice and sources are letters, also in the file."""
    hostile = replace(text, title=name, notice=name, source=name)
    assert times_in_svg(draw_small_multiples(years, registers, hostile), name, tmp_path) == 3


def test_same_bytes(
    years: dict[int, gpd.GeoDataFrame],
    registers: dict[int, gpd.GeoDataFrame],
    text: MapText,
    tmp_path: Path,
) -> None:
    """From rows in another order, and under a user's own style, the files are the same."""
    hashes = []
    for step, size in ((1, 10), (-1, 30)):
        tables = {year: table[::step] for year, table in list(years.items())[::step]}
        with mpl.rc_context({"font.size": size, "lines.linewidth": size, "axes.grid": size > 10}):
            figure = draw_small_multiples(tables, registers, text)
            paths = save_figure(figure, tmp_path / f"{step}", ("png", "svg"))
        hashes.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in paths])
    assert hashes[0] == hashes[1]


def test_tables_are_not_changed(
    years: dict[int, gpd.GeoDataFrame], registers: dict[int, gpd.GeoDataFrame], text: MapText
) -> None:
    """Drawing and telling leave them as they were."""
    before = {year: table.copy() for year, table in years.items()}
    draw_small_multiples(years, registers, text)
    describe_small_multiples(years, registers, text)
    assert all(table.equals(before[year]) for year, table in years.items())
