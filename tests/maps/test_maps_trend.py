"""The drawings of a trend: a line chart, and a small map for each year."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import geopandas as gpd
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.text import Text

from stemgeo import facts
from stemgeo.maps.page import save_figure
from stemgeo.maps.series import relative_luminance
from stemgeo.maps.trend import (
    STATUSES,
    line_chart,
    line_chart_alt,
    small_multiples,
    small_multiples_alt,
    spread,
)

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

    from stemgeo.maps.text import MapText

TO = "\N{EN DASH}"
SVG_TEXT = "{http://www.w3.org/2000/svg}text"

WITH_ACADEMY = {
    "Vlaanderen": (162, 221, 220, 221),
    "Antwerpen": (30, 41, 40, 39),
    "Limburg": (17, 24, 25, 27),
    "Oost-Vlaanderen": (41, 56, 55, 53),
    "Vlaams-Brabant": (26, 36, 37, 38),
    "West-Vlaanderen": (48, 64, 63, 64),
}
"""Of 2019 to 2022: Antwerpen and Vlaams-Brabant end next to each other."""

SHARE = {
    "Vlaanderen": (0.501, 0.6149, 0.612, 0.624),
    "Antwerpen": (0.45, 0.55, 0.56, 0.601),
    "Limburg": (0.40, 0.50, np.nan, 0.604),
    "Oost-Vlaanderen": (0.52, 0.63, 0.62, 0.61),
    "Vlaams-Brabant": (0.53, 0.62, 0.63, np.nan),
    "West-Vlaanderen": (0.59, 0.75, 0.77, 0.776),
}
"""Close together in 2022; two figures are missing."""


@pytest.fixture
def trend() -> pd.DataFrame:
    """Four years of the region and the provinces."""
    rows = [
        {
            "year": year,
            "level": "region" if name == "Vlaanderen" else "province",
            "code": "VLG" if name == "Vlaanderen" else name,
            "name": name,
            "municipalities": 300 if name == "Vlaanderen" else 60,
            "with_academy": WITH_ACADEMY[name][number],
            "share": SHARE[name][number],
            "share_low": SHARE[name][number] - 0.06,
            "share_high": SHARE[name][number] + 0.05,
            "share_low_stress": SHARE[name][number] / 2,
        }
        for number, year in enumerate(range(2019, 2023))
        for name in WITH_ACADEMY
    ]
    return pd.DataFrame(rows)


def told_otherwise(trend: pd.DataFrame, **values: Any) -> pd.DataFrame:
    """Give the region's reported municipalities in the years of the trend, with other values."""
    table = facts.reported()
    is_it = (table["indicator"] == "municipalities_with_academy") & (
        table["region"] == "Vlaanderen"
    )
    kept = table[is_it & table["year"].isin(trend["year"])]
    return kept.assign(**values)


@pytest.fixture
def years(municipalities: gpd.GeoDataFrame) -> dict[int, gpd.GeoDataFrame]:
    """Three years of the small land: municipality 0 gains one, 1 and 2 lose theirs."""
    had = municipalities["has_academy"].to_numpy() | (np.arange(len(municipalities)) == 2)
    has = had.copy()
    has[0], has[[1, 2]] = True, False
    changed = np.select([has & had, has & ~had, ~has & had], ["kept", "new", "lost"], "none")
    first = municipalities.assign(has_academy=had, status=np.where(had, "kept", "none"))
    second = municipalities.assign(has_academy=has, status=changed)
    third = municipalities.assign(has_academy=has, status=np.where(has, "kept", "none"))
    return {2021: second, 2020: first, 2022: third}


@pytest.fixture
def registers(academies: gpd.GeoDataFrame) -> dict[int, gpd.GeoDataFrame]:
    """The academies of each year: 20, 1 and none."""
    return {2020: academies, 2021: academies.head(1), 2022: academies.head(0)}


def written(figure: Figure) -> list[str]:
    """Every line of text on the figure."""
    lines = (artist.get_text() for artist in figure.findobj(Text))
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines if line]


def boxes(figure: Figure) -> dict[Text, mpl.transforms.Bbox]:
    """Where each text of the figure stands."""
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    texts = [artist for artist in figure.findobj(Text) if artist.get_text()]
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


def long(text: MapText, language: Any) -> MapText:
    return replace(
        text,
        language=language,
        title="Een lange titel over alle kinderen en alle academies " * 3,
        notice="Een lange waarschuwing die over meer dan een regel loopt " * 4,
        source="Een bron met een lange naam en een licentie (MIT); " * 8,
    )


# -- the line chart ----------------------------------------------------------------------------


def test_the_chart_says_everything(trend: pd.DataFrame, text: MapText) -> None:
    """Title, years, notice, method, both measures, source, date and the reported source."""
    said = " ".join(written(line_chart(trend, facts.reported(), text)))
    for line in (
        text.title,
        f"Vlaanderen, 2019{TO}2022",
        "Voorbeeld, niet voor publicatie",
        "Methode: benadering in vogelvlucht",
        "Gemeenten met een STEM-academie",
        "Van de 300 gemeenten.",
        "Aandeel van de kinderen dat op tijd een STEM-academie bereikt",
        "Bron: Bronhouders van de proef. Gerapporteerde cijfers: Antwoord op de parlementaire",
        "Datum van de gegevens: 31 december 2022",
    ):
        assert line in said


def test_the_lines_are_the_table(trend: pd.DataFrame, text: MapText) -> None:
    """Each line holds the figures of its place, year for year, whatever the order of the rows."""
    shuffled = trend.sample(frac=1, random_state=1)
    _, counts, shares = line_chart(shuffled, facts.reported(), text).axes
    for axes, table in ((counts, WITH_ACADEMY), (shares, SHARE)):
        drawn = [line for line in axes.lines if len(line.get_xdata()) == 4]
        assert all(list(line.get_xdata()) == [2019, 2020, 2021, 2022] for line in drawn)
        found = [np.asarray(line.get_ydata()) for line in drawn]
        for values in table.values():
            assert any(np.array_equal(line, values, equal_nan=True) for line in found)
    assert len(shares.lines) == 7  # with the low-stress line


def test_the_band_is_low_to_high(trend: pd.DataFrame, text: MapText) -> None:
    """The coloured area spans the region's low and high shares, and nothing else's."""
    shares = line_chart(trend, facts.reported(), text).axes[2]
    (band,) = shares.collections
    corners = {(float(x), round(float(y), 6)) for x, y in band.get_paths()[0].vertices}
    low, high = (
        {(2019.0 + n, round(share + by, 6)) for n, share in enumerate(SHARE["Vlaanderen"])}
        for by in (-0.06, 0.05)
    )
    assert corners == low | high


def test_ends_of_lines_bear_names_and_last_figures(trend: pd.DataFrame, text: MapText) -> None:
    """In Dutch numbers; a place without a figure in the last year says so."""
    said = written(line_chart(trend, facts.reported(), text))
    for name, counts in WITH_ACADEMY.items():
        assert f"{name} {counts[-1]}" in said
    for end in (
        "Vlaanderen 62,4 %",
        "(56,4 % tot 67,4 %)",
        "Vlaanderen, rustige wegen 31,2 %",
        "Antwerpen 60,1 %",
        "Limburg 60,4 %",
        "Vlaams-Brabant geen cijfer",
    ):
        assert end in said


def test_points_bear_the_regions_figures(trend: pd.DataFrame, text: MapText) -> None:
    """Of all years but the last, each once; years are whole numbers."""
    said = Counter(written(line_chart(trend, facts.reported().head(0), text)))
    once = ("162", "221", "220", "50,1 %", "61,5 %", "61,2 %")
    assert [said[figure] for figure in once] == [1] * 6
    assert [said[str(year)] for year in range(2019, 2023)] == [2] * 4


def test_what_is_written_is_not_drawn_over(trend: pd.DataFrame, text: MapText) -> None:
    """The page, which bears all texts, stands over the panels with their lines."""
    page, *panels = line_chart(trend, facts.reported(), text).axes
    assert page.get_zorder() > max(axes.get_zorder() for axes in panels)
    assert not [axes for axes in panels for artist in axes.texts if artist.get_text()]


def test_english(trend: pd.DataFrame, text: MapText) -> None:
    """In English the words, the sign and the decimals are English."""
    said = written(line_chart(trend, facts.reported(), replace(text, language="en")))
    for line in ("Flanders 62.4%", "(56.4% to 67.4%)", "reported", "Flanders, quiet roads 31.2%"):
        assert line in said
    assert "gerapporteerd" not in said


def test_reported_figures_are_hollow_and_named_once(trend: pd.DataFrame, text: MapText) -> None:
    """One hollow mark for each year, at its reported value; no other year or region is drawn."""
    counts = line_chart(trend, facts.reported(), text).axes[1]
    hollow = [line for line in counts.lines if line.get_markerfacecolor() == "none"]
    marks = [(line.get_xdata()[0], line.get_ydata()[0]) for line in hollow]
    assert marks == [(2019, 162), (2020, 221), (2021, 220), (2022, 221)]
    assert written(counts.figure).count("gerapporteerd") == 1


def test_a_reported_figure_that_differs_is_written(trend: pd.DataFrame, text: MapText) -> None:
    """Beside its mark, since the mark does not lie on the line."""
    told = told_otherwise(trend, value=[171.0, 221.0, 229.0, 203.0])
    said = Counter(written(line_chart(trend, told, text)))
    assert [said[figure] for figure in ("171", "229", "203", "162", "220", "221")] == [1] * 6


def test_without_reported_figures(trend: pd.DataFrame, text: MapText) -> None:
    """Years for which nothing was reported name no reported source and bear no mark."""
    later = trend.assign(year=trend["year"] + 100)
    figure = line_chart(later, facts.reported(), text)
    assert len(figure.axes[1].lines) == 6
    assert not [line for line in written(figure) if "erapporteerd" in line]


def test_without_the_low_stress_profile(trend: pd.DataFrame, text: MapText) -> None:
    """A study of all roads alone has no line for the quiet ones."""
    figure = line_chart(trend.drop(columns="share_low_stress"), facts.reported(), text)
    assert len(figure.axes[2].lines) == 6
    assert not [line for line in written(figure) if "rustige wegen" in line]


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("told", [[162, 221, 220, 221], [171, 215, 229, 203], [221, 162, 0, 300]])
def test_no_text_of_the_chart_covers_another(
    trend: pd.DataFrame, text: MapText, language: Any, told: list[float]
) -> None:
    """Ends, figures, scales, head and credits stand free of each other, on the paper."""
    reported = told_otherwise(trend, value=told)
    assert collisions(line_chart(trend, reported, long(text, language))) == []


@pytest.mark.parametrize("count", [1, 2, 9, 30])
def test_few_and_many_years(trend: pd.DataFrame, text: MapText, count: int) -> None:
    """One year is a column of points; of thirty some are written out, the last among them."""
    last = trend[trend["year"] == 2022]
    rows = [last.assign(year=2022 - back, share=last["share"] - back / 60) for back in range(count)]
    figure = line_chart(pd.concat(rows), facts.reported(), text)
    assert collisions(figure) == []
    said = [int(line) for line in written(figure) if line.isdigit() and int(line) > 1900]
    assert set(said) <= set(range(2023 - count, 2023))
    assert said.count(2022) == 2


def test_places_that_are_all_alike(trend: pd.DataFrame, text: MapText) -> None:
    """Six lines on top of each other still have six ends that can be read."""
    for share in (0.0, 0.5, 1.0):
        alike = trend.assign(share=share, share_low=share, share_high=share, with_academy=0)
        alike["share_low_stress"] = share
        assert collisions(line_chart(alike, facts.reported(), text)) == []


def test_nothing_measured_at_all(trend: pd.DataFrame, text: MapText) -> None:
    """Without any share the ends say so, and there is no band."""
    columns = ["share", "share_low", "share_high", "share_low_stress"]
    figure = line_chart(trend.assign(**dict.fromkeys(columns, np.nan)), facts.reported(), text)
    assert written(figure).count("Vlaanderen geen cijfer") == 1
    assert not figure.axes[2].collections
    assert collisions(figure) == []


def test_chart_alt_text(trend: pd.DataFrame, text: MapText) -> None:
    """The figures of the chart in words, the reported ones beside them."""
    told = line_chart_alt(trend, told_otherwise(trend, value=[162, 221, 220, 222]), text)
    told = told.replace("\N{NO-BREAK SPACE}", " ")
    for sentence in (
        "Voorbeeld, niet voor publicatie. Methode: benadering in vogelvlucht.",
        f"Lijngrafiek, Vlaanderen, 2019{TO}2022.",
        "Gemeenten met een STEM-academie: 2019 162 (gerapporteerd 162);",
        "2021 220 (gerapporteerd 220); 2022 221 (gerapporteerd 222).",
        "In 2022: Antwerpen 39; Limburg 27; Oost-Vlaanderen 53;",
        "Vlaams-Brabant 38; West-Vlaanderen 64.",
        "2019 50,1 %; 2020 61,5 %; 2021 61,2 %; 2022 62,4 %.",
        "In 2022: Vlaanderen, rustige wegen 31,2 %; Antwerpen 60,1 %;",
        "Vlaams-Brabant geen cijfer; West-Vlaanderen 77,6 %.",
    ):
        assert sentence in told


@given(
    st.lists(st.tuples(st.floats(0, 10), st.floats(0.1, 0.9)), min_size=1, max_size=10).filter(
        lambda labels: sum(height for _, height in labels) <= 10
    )
)
def test_spread_labels_stand_free(labels: list[tuple[float, float]]) -> None:
    """No two overlap, all stand in their room, in the order of what they want."""
    wanted, heights = zip(*labels, strict=True)
    middles = spread(wanted, heights, 0, 10)
    placed = sorted(zip(middles, wanted, heights, strict=True))
    for (lower, want_low, low), (upper, want_high, high) in pairwise(placed):
        assert lower + low / 2 <= upper - high / 2 + 1e-9
        assert want_low <= want_high
    assert placed[0][0] - placed[0][2] / 2 >= -1e-9
    assert placed[-1][0] + placed[-1][2] / 2 <= 10 + 1e-9


def test_spread_moves_no_more_than_it_must() -> None:
    """Free labels stay; two that want one place share it; at the edge they are pushed inwards."""
    assert spread([1.0, 5.0], [1, 1], 0, 10) == [1.0, 5.0]
    assert spread([5.0, 5.0, 1.0], [1, 1, 1], 0, 10) == [5.5, 4.5, 1.0]
    assert spread([9.9, 9.8], [1, 1], 0, 10) == [9.5, 8.5]


# -- the small maps ----------------------------------------------------------------------------


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
    said = written(small_multiples(years, registers, text))
    for line in (
        text.title,
        f"Vlaanderen, 2020{TO}2022",
        "Voorbeeld, niet voor publicatie",
        "2020",
        "21 van de 40 gemeenten; 20 STEM-academies",
        "2021",
        "20 van de 40 gemeenten; 1 nieuw, 2 niet langer; 1 STEM-academie",
        "2022",
        "20 van de 40 gemeenten; 0 STEM-academies",
        "met een STEM-academie",
        "nieuw: het jaar ervoor nog zonder",
        "niet langer: het jaar ervoor nog met",
        "zonder STEM-academie",
        "Bron: Bronhouders van de proef",
        "Datum van de gegevens: 31 december 2022",
    ):
        assert said.count(line) == 1, line


def test_each_status_has_its_colour(
    years: dict[int, gpd.GeoDataFrame], registers: dict[int, gpd.GeoDataFrame], text: MapText
) -> None:
    """A map for each year, in their order, with each municipality in the colour of its status."""
    _, *maps = small_multiples(years, registers, text).axes
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
    page, *maps = small_multiples(years, registers, text).axes
    hatched = [
        sum(len(part.get_paths()) for part in axes.collections if part.get_hatch()) for axes in maps
    ]
    assert hatched == [0, 2, 0]
    assert [patch.get_hatch() for patch in page.patches].count(STATUSES["lost"]["hatch"]) == 1


def test_statuses_read_in_grey() -> None:
    """Lightness (CIE L*) is at least 15 apart between any two, or the one is hatched."""
    plain = [looks["facecolor"] for looks in STATUSES.values() if "hatch" not in looks]
    light = [116 * relative_luminance(colour) ** (1 / 3) - 16 for colour in plain]
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
    figure = small_multiples(tables, academies, long(text, language))
    assert collisions(figure) == []
    maps = [axes.get_window_extent() for axes in figure.axes[1:]]
    assert not [one for one, other in combinations(maps, 2) if one.overlaps(other)]
    assert not [text for text, box in boxes(figure).items() if any(map(box.overlaps, maps))]


def test_all_maps_show_the_same_ground(
    years: dict[int, gpd.GeoDataFrame], registers: dict[int, gpd.GeoDataFrame], text: MapText
) -> None:
    """One scale, the same across and upwards, and nothing of the land outside its map."""
    _, *maps = small_multiples(years, registers, text).axes
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
    told = small_multiples_alt(years, registers, text)
    assert told.endswith(
        f"Een kaart per jaar, Vlaanderen, 2020{TO}2022. Gemeenten met een STEM-academie. "
        "2020: 21 van de 40 gemeenten; 20 STEM-academies. "
        "2021: 20 van de 40 gemeenten; 1 nieuw, 2 niet langer; 1 STEM-academie. "
        "2022: 20 van de 40 gemeenten; 0 STEM-academies."
    )
    assert told.startswith(text.title)


# -- both --------------------------------------------------------------------------------------

HOSTILE = ["$x$ en $y", "$\\frac{1}{", "a_b^c%d#e&f", "<script>alert(1)</script>"]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_not_formulas(
    trend: pd.DataFrame,
    years: dict[int, gpd.GeoDataFrame],
    registers: dict[int, gpd.GeoDataFrame],
    text: MapText,
    tmp_path: Path,
    name: str,
) -> None:
    """Dollar signs in names, title, notice and sources are letters, also in the files."""
    hostile = replace(text, title=name, notice=name, source=name)
    named = trend.replace({"name": {"Limburg": name}})
    figures = {
        "chart": line_chart(named, told_otherwise(trend, source=name), hostile),
        "maps": small_multiples(years, registers, hostile),
    }
    said = {}
    for key, figure in figures.items():
        (svg,) = save_figure(figure, tmp_path / key, ("svg",))
        texts = [element.text or "" for element in ET.parse(svg).iter(SVG_TEXT)]  # noqa: S314
        said[key] = sum(name in line for line in texts)
    # Title and notice; a name at two ends of lines, once in the source or twice on one line.
    assert said == {"chart": 5, "maps": 3}


def test_same_bytes(
    trend: pd.DataFrame,
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
            figures = [
                line_chart(trend[::step], facts.reported()[::step], text),
                small_multiples(tables, registers, text),
            ]
            paths = [
                path
                for number, figure in enumerate(figures)
                for path in save_figure(figure, tmp_path / f"{step}{number}", ("png", "svg"))
            ]
        hashes.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in paths])
    assert hashes[0] == hashes[1]


def test_tables_are_not_changed(
    trend: pd.DataFrame,
    years: dict[int, gpd.GeoDataFrame],
    registers: dict[int, gpd.GeoDataFrame],
    text: MapText,
) -> None:
    """Drawing and telling leave the tables as they were."""
    before = trend.copy(), {year: table.copy() for year, table in years.items()}
    line_chart(trend, facts.reported(), text)
    line_chart_alt(trend, facts.reported(), text)
    small_multiples(years, registers, text)
    small_multiples_alt(years, registers, text)
    assert trend.equals(before[0])
    assert all(table.equals(before[1][year]) for year, table in years.items())
