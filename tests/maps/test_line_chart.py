"""The line chart of a trend."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sheets import HOSTILE, TO, collisions, times_in_svg, with_long_texts, written

from stemgeo import facts
from stemgeo.maps.line_chart import describe_line_chart, draw_line_chart, spread_labels
from stemgeo.maps.page import save_figure

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.maps.text import MapText

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
            "children": 1000,
            "unmeasured": 100,
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
    table = facts.read_reported()
    is_it = (table["indicator"] == "municipalities_with_academy") & (
        table["region"] == "Vlaanderen"
    )
    kept = table[is_it & table["year"].isin(trend["year"])]
    return kept.assign(**values)


def test_the_chart_says_everything(trend: pd.DataFrame, text: MapText) -> None:
    """Title, years, notice, method, both measures, source, date and the reported source."""
    said = " ".join(written(draw_line_chart(trend, facts.read_reported(), text)))
    for line in (
        text.title,
        f"Vlaanderen, 2019{TO}2022",
        "Voorbeeld, niet voor publicatie",
        "Methode: benadering in vogelvlucht",
        "Gemeenten met een STEM-academie",
        "Totaal: 300 gemeenten.",
        "Aandeel van de kinderen dat een STEM-academie kan bereiken",
        "Bron: Bronhouders van de proef. Gerapporteerde cijfers over STEM-academies: ",
        "Antwoord op de parlementaire vraag",
        "Datum van de gegevens: 31 december 2022",
    ):
        assert line in said


def test_the_lines_are_the_table(trend: pd.DataFrame, text: MapText) -> None:
    """Each line holds the figures of its place, year for year, whatever the order of the rows."""
    shuffled = trend.sample(frac=1, random_state=1)
    _, counts, shares = draw_line_chart(shuffled, facts.read_reported(), text).axes
    for axes, table in ((counts, WITH_ACADEMY), (shares, SHARE)):
        drawn = [line for line in axes.lines if len(line.get_xdata()) == 4]
        assert all(list(line.get_xdata()) == [2019, 2020, 2021, 2022] for line in drawn)
        found = [np.asarray(line.get_ydata()) for line in drawn]
        for values in table.values():
            assert any(np.array_equal(line, values, equal_nan=True) for line in found)
    assert len(shares.lines) == 7  # with the low-stress line


def test_the_band_is_low_to_high(trend: pd.DataFrame, text: MapText) -> None:
    """The coloured area spans the region's low and high shares, and nothing else's."""
    shares = draw_line_chart(trend, facts.read_reported(), text).axes[2]
    (band,) = shares.collections
    corners = {(float(x), round(float(y), 6)) for x, y in band.get_paths()[0].vertices}
    low, high = (
        {(2019.0 + n, round(share + by, 6)) for n, share in enumerate(SHARE["Vlaanderen"])}
        for by in (-0.06, 0.05)
    )
    assert corners == low | high


def test_ends_of_lines_bear_names_and_last_figures(trend: pd.DataFrame, text: MapText) -> None:
    """In Dutch numbers; a place without a figure in the last year says so."""
    said = written(draw_line_chart(trend, facts.read_reported(), text))
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
    said = Counter(written(draw_line_chart(trend, facts.read_reported().head(0), text)))
    once = ("162", "221", "220", "50,1 %", "61,5 %", "61,2 %")
    assert [said[figure] for figure in once] == [1] * 6
    assert [said[str(year)] for year in range(2019, 2023)] == [2] * 4


def test_what_is_written_is_not_drawn_over(trend: pd.DataFrame, text: MapText) -> None:
    """The page, which bears all texts, stands over the panels with their lines."""
    page, *panels = draw_line_chart(trend, facts.read_reported(), text).axes
    assert page.get_zorder() > max(axes.get_zorder() for axes in panels)
    assert not [axes for axes in panels for artist in axes.texts if artist.get_text()]


def test_english(trend: pd.DataFrame, text: MapText) -> None:
    """In English the words, the sign and the decimals are English."""
    said = written(draw_line_chart(trend, facts.read_reported(), replace(text, language="en")))
    for line in ("Flanders 62.4%", "(56.4% to 67.4%)", "reported", "Flanders, quiet roads 31.2%"):
        assert line in " ".join(said)
    assert "gerapporteerd" not in said


def test_reported_figures_are_hollow_and_named_once(trend: pd.DataFrame, text: MapText) -> None:
    """One hollow mark for each year, at its reported value; no other year or region is drawn."""
    counts = draw_line_chart(trend, facts.read_reported(), text).axes[1]
    hollow = [line for line in counts.lines if line.get_markerfacecolor() == "none"]
    marks = [(line.get_xdata()[0], line.get_ydata()[0]) for line in hollow]
    assert marks == [(2019, 162), (2020, 221), (2021, 220), (2022, 221)]
    assert written(counts.figure).count("gerapporteerd") == 1


def test_a_reported_figure_that_differs_is_written(trend: pd.DataFrame, text: MapText) -> None:
    """Beside its mark, since the mark does not lie on the line."""
    told = told_otherwise(trend, value=[171.0, 221.0, 229.0, 203.0])
    said = Counter(written(draw_line_chart(trend, told, text)))
    assert [said[figure] for figure in ("171", "229", "203", "162", "220", "221")] == [1] * 6


def test_without_reported_figures(trend: pd.DataFrame, text: MapText) -> None:
    """Years for which nothing was reported name no reported source and bear no mark."""
    later = trend.assign(year=trend["year"] + 100)
    figure = draw_line_chart(later, facts.read_reported(), text)
    assert len(figure.axes[1].lines) == 6
    assert not [line for line in written(figure) if "erapporteerd" in line]


def test_without_the_low_stress_profile(trend: pd.DataFrame, text: MapText) -> None:
    """A study of all roads alone has no line for the quiet ones."""
    figure = draw_line_chart(trend.drop(columns="share_low_stress"), facts.read_reported(), text)
    assert len(figure.axes[2].lines) == 6
    assert not [line for line in written(figure) if "rustige wegen" in line]


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("told", [[162, 221, 220, 221], [171, 215, 229, 203], [221, 162, 0, 300]])
def test_no_text_of_the_chart_covers_another(
    trend: pd.DataFrame, text: MapText, language: Any, told: list[float]
) -> None:
    """Ends, figures, scales, head and credits stand free of each other, on the paper."""
    reported = told_otherwise(trend, value=told)
    assert collisions(draw_line_chart(trend, reported, with_long_texts(text, language))) == []


@pytest.mark.parametrize("count", [1, 2, 9, 30])
def test_few_and_many_years(trend: pd.DataFrame, text: MapText, count: int) -> None:
    """One year is a column of points; of thirty some are written out, the last among them."""
    last = trend[trend["year"] == 2022]
    rows = [last.assign(year=2022 - back, share=last["share"] - back / 60) for back in range(count)]
    figure = draw_line_chart(pd.concat(rows), facts.read_reported(), text)
    assert collisions(figure) == []
    said = [int(line) for line in written(figure) if line.isdigit() and int(line) > 1900]
    assert set(said) <= set(range(2023 - count, 2023))
    assert said.count(2022) == 2


def test_places_that_are_all_alike(trend: pd.DataFrame, text: MapText) -> None:
    """Six lines on top of each other still have six ends that can be read."""
    for share in (0.0, 0.5, 1.0):
        alike = trend.assign(share=share, share_low=share, share_high=share, with_academy=0)
        alike["share_low_stress"] = share
        assert collisions(draw_line_chart(alike, facts.read_reported(), text)) == []


def test_nothing_measured_at_all(trend: pd.DataFrame, text: MapText) -> None:
    """Without any share the ends say so, and there is no band."""
    columns = ["share", "share_low", "share_high", "share_low_stress"]
    figure = draw_line_chart(
        trend.assign(**dict.fromkeys(columns, np.nan)), facts.read_reported(), text
    )
    assert written(figure).count("Vlaanderen geen cijfer") == 1
    assert not figure.axes[2].collections
    assert collisions(figure) == []


PARTLY = (
    "* en open punt: minder dan de helft van de kinderen is gemeten; dit aandeel zegt niets over "
    "het geheel."
)


@pytest.fixture
def partly(trend: pd.DataFrame) -> pd.DataFrame:
    """Fewer than half measured: the region in 2021, Antwerpen in 2022; just half: Limburg."""
    place = list(zip(trend["name"], trend["year"], strict=True))
    unmeasured = {("Vlaanderen", 2021): 501, ("Antwerpen", 2022): 900, ("Limburg", 2022): 500}
    return trend.assign(unmeasured=[unmeasured.get(one, 0) for one in place])


def test_a_share_of_few_children_is_marked(partly: pd.DataFrame, text: MapText) -> None:
    """An asterisk at its figure, an open point on its line, and what they mean; no other."""
    figure = draw_line_chart(partly, facts.read_reported(), text)
    said = written(figure)
    marked = [line for line in said if line.endswith("*")]
    assert sorted(marked) == ["61,2 %*", "Antwerpen 60,1 %*"]
    assert PARTLY in " ".join(said)
    shares = figure.axes[2]
    opened = [line for line in shares.lines if line.get_markerfacecolor() == "white"]
    points = {(float(x), float(y)) for line in opened for x, y in line.get_xydata()}
    assert points == {(2021, SHARE["Vlaanderen"][2]), (2021, 0.306), (2022, SHARE["Antwerpen"][3])}
    counts = figure.axes[1]
    assert not [line for line in counts.lines if line.get_markerfacecolor() == "white"]


def test_what_is_measured_is_not_marked(trend: pd.DataFrame, text: MapText) -> None:
    """A tenth unmeasured: no asterisk, and no word of one."""
    assert "*" not in " ".join(written(draw_line_chart(trend, facts.read_reported(), text)))
    assert "*" not in describe_line_chart(trend, facts.read_reported(), text)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_marks_leave_all_texts_free(partly: pd.DataFrame, text: MapText, language: Any) -> None:
    """The longer note under the heading moves the panels, both alike."""
    figure = draw_line_chart(partly, facts.read_reported(), with_long_texts(text, language))
    assert collisions(figure) == []
    _, counts, shares = (axes.get_position() for axes in figure.axes)
    assert (counts.y0, counts.y1) == (shares.y0, shares.y1)


def test_marks_in_words(partly: pd.DataFrame, text: MapText) -> None:
    """The figures of the alt text bear the asterisk, and its meaning follows."""
    told = describe_line_chart(partly, facts.read_reported().head(0), text).replace(
        "\N{NO-BREAK SPACE}", " "
    )
    assert "2020 61,5 %; 2021 61,2 %*; 2022 62,4 %." in told
    assert "Vlaanderen, rustige wegen 31,2 %; Antwerpen 60,1 %*; Limburg 60,4 %;" in told
    assert told.endswith(PARTLY)


def test_a_part_of_flanders_is_not_called_flanders(trend: pd.DataFrame, text: MapText) -> None:
    """Head, lines and words name the ground as the maps of a run do, once for its one province."""
    village = trend[trend["name"].isin(["Vlaanderen", "Limburg"])].assign(municipalities=1)
    village = village.replace({"name": {"Vlaanderen": "Studiegebied"}})
    part = replace(text, region="Studiegebied")
    nothing = facts.read_reported().head(0)
    said = written(draw_line_chart(village, nothing, part))
    for line in (f"Studiegebied, 2019{TO}2022", "Totaal: 1 gemeente.", "Studiegebied 62,4 %",
                 "Studiegebied, rustige wegen 31,2 %"):  # fmt: skip
        assert line in " ".join(said)
    told = " ".join([*said, describe_line_chart(village, nothing, part)])
    assert "Vlaanderen" not in told
    assert "Limburg" not in told


def test_years_that_are_not_shown_leave_room(trend: pd.DataFrame, text: MapText) -> None:
    """2019 and 2022 stand three years apart, and no year between them is written."""
    some = trend[trend["year"].isin([2019, 2022])]
    figure = draw_line_chart(some, facts.read_reported(), text)
    said = written(figure)
    assert [said.count(str(year)) for year in (2019, 2020, 2021, 2022)] == [2, 0, 0, 2]
    assert collisions(figure) == []


def test_chart_alt_text(trend: pd.DataFrame, text: MapText) -> None:
    """The figures of the chart in words, the reported ones beside them."""
    told = describe_line_chart(trend, told_otherwise(trend, value=[162, 221, 220, 222]), text)
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
    middles = spread_labels(wanted, heights, 0, 10)
    placed = sorted(zip(middles, wanted, heights, strict=True))
    for (lower, want_low, low), (upper, want_high, high) in pairwise(placed):
        assert lower + low / 2 <= upper - high / 2 + 1e-9
        assert want_low <= want_high
    assert placed[0][0] - placed[0][2] / 2 >= -1e-9
    assert placed[-1][0] + placed[-1][2] / 2 <= 10 + 1e-9


def test_spread_moves_no_more_than_it_must() -> None:
    """Free labels stay; two that want one place share it; at the edge they are pushed inwards."""
    assert spread_labels([1.0, 5.0], [1, 1], 0, 10) == [1.0, 5.0]
    assert spread_labels([5.0, 5.0, 1.0], [1, 1, 1], 0, 10) == [5.5, 4.5, 1.0]
    assert spread_labels([9.9, 9.8], [1, 1], 0, 10) == [9.5, 8.5]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_not_formulas(
    trend: pd.DataFrame, text: MapText, tmp_path: Path, name: str
) -> None:
    """Dollar signs in names, title, notice and sources are letters, also in the file."""
    hostile = replace(text, title=name, notice=name, source=name)
    named = trend.replace({"name": {"Limburg": name}})
    figure = draw_line_chart(named, told_otherwise(trend, source=name), hostile)
    # Title and notice, the name at two ends of lines, twice on the line of the sources.
    assert times_in_svg(figure, name, tmp_path) == 5


def test_same_bytes(trend: pd.DataFrame, text: MapText, tmp_path: Path) -> None:
    """From rows in another order, and under a user's own style, the files are the same."""
    hashes = []
    for step, size in ((1, 10), (-1, 30)):
        with mpl.rc_context({"font.size": size, "lines.linewidth": size, "axes.grid": size > 10}):
            figure = draw_line_chart(trend[::step], facts.read_reported()[::step], text)
            paths = save_figure(figure, tmp_path / f"{step}", ("png", "svg"))
        hashes.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in paths])
    assert hashes[0] == hashes[1]


def test_the_table_is_not_changed(trend: pd.DataFrame, text: MapText) -> None:
    """Drawing and telling leave it as it was."""
    before = trend.copy()
    draw_line_chart(trend, facts.read_reported(), text)
    describe_line_chart(trend, facts.read_reported(), text)
    assert trend.equals(before)
