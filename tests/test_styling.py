"""Tables as people read them: headings, figures of a language, bars; text is data there too."""

from __future__ import annotations

import re

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import stemgeo as sg
from stemgeo.speech import DASH

RAW = pd.DataFrame(
    {
        "name": ["Aalst <b>", "Zele"],
        "year": [2021, 2022],
        "children": [12345, 7],
        "reason": ["too_far", "elsewhere"],
        "has_academy": [True, False],
        "share": [0.625, np.nan],
        "share_low": [0.5, np.nan],
        "share_high": [0.75, np.nan],
        "cost_eur": [1000.0, 2.5],
        "own_column": [1.25, 2.0],
    }
)


def cells(html: str) -> list[list[str]]:
    """Give the text of a table, row by row."""
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in html.split("<tr>")[1:]]
    return [[one.replace("\u00a0", " ") for one in row] for row in rows]


def bars(html: str) -> list[tuple[float, float]]:
    """Give from where to where each bar is drawn, in percent."""
    found = re.findall(r"gradient\(90deg, transparent ([\d.]+)%.*?transparent ([\d.]+)%\)", html)
    return [(float(low), float(high)) for low, high in found]


def test_a_table_speaks_dutch() -> None:
    """Known columns have their heading, figures their marks, keys their words; the rest stays."""
    head, first, second = cells(sg.styled(RAW).to_html())
    assert head[:3] == ["Gemeente", "Jaar", "Kinderen"]
    assert head[5:7] == ["Aandeel", "(laag tot hoog)"]
    assert head[-1] == "own column"
    assert first == ["Aalst &lt;b&gt;", "2021", "12.345", "ruim te ver", "ja", "62,5 %",
                     "50,0 % tot 75,0 %", "1.000", "1,3"]  # fmt: skip
    assert second == ["Zele", "2022", "7", "elsewhere", "nee", DASH, DASH, "2,50", "2,0"]


def test_a_share_has_a_bar_and_two_ends_have_one_between_them() -> None:
    """In percent of the cell; where there is no figure, none."""
    assert bars(sg.styled(RAW).to_html()) == [(0, 62.5), (50, 75)]
    counted = bars(sg.styled(RAW, "en", bars=["children"]).to_html())
    assert sorted(counted) == [(0, 0.1), (0, 62.5), (0, 100), (50, 75)]


def test_a_table_in_words_gains_its_bars() -> None:
    """Shares, ranges and counts are read from their text; a sentence with a share is none."""
    said = pd.DataFrame(
        {
            "Aandeel": ["62,5 %*", DASH],
            "van tot": ["50,0 % tot 75,0 %", DASH],
            "aantal": ["1.000", "250"],
            "waarom": ["bijna 40 % van wie er woont, kan een academie bereiken", "net te ver"],
        }
    )
    html = sg.styled(said, bars=["aantal"]).to_html()
    assert sorted(bars(html)) == [(0, 25), (0, 62.5), (0, 100), (50, 75)]
    assert cells(html)[1][3] == said["waarom"][0]


@pytest.mark.parametrize("column", ["waar", "name"])
def test_a_bar_of_nothing_is_refused(column: str) -> None:
    """A column that is not there, and one without figures."""
    with pytest.raises(sg.ResultError, match=f"'{column}'"):
        sg.styled(RAW, bars=[column])


def test_places_are_left_out_and_equal_tables_are_equal() -> None:
    """A frame of points is taken as it is; two tables on one page keep their own looks."""
    places = gpd.GeoDataFrame(RAW, geometry=[shapely.Point(0, 0)] * 2, crs="EPSG:31370")
    html = sg.styled(places).to_html()
    assert html == sg.styled(RAW).to_html()
    ids = [re.findall(r'table id="(\w+)"', sg.styled(one).to_html()) for one in (RAW, RAW.head(1))]
    assert ids[0] != ids[1]
    assert sg.styled(RAW.head(0)).to_html()
