"""The choropleths that are printed."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from base64 import b64decode
from collections import Counter
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import geopandas as gpd
import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text
from sheets import choropleth

from stemgeo import errors
from stemgeo.maps import series
from stemgeo.maps.page import describe_figure, save_figure
from stemgeo.maps.text import MapText

SVG_TEXT = "{http://www.w3.org/2000/svg}text"


def written(figure: Figure) -> list[str]:
    """Every line of text on the figure."""
    lines = (artist.get_text() for artist in figure.findobj(Text))
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines if line]


def boxes(figure: Figure, texts: list[Text]) -> list[mpl.transforms.Bbox]:
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    return [artist.get_window_extent(renderer) for artist in texts]


def lines_of(figure: Figure, which: int) -> list[Text]:
    """The texts on the page (0) or in the map (1)."""
    return [artist for artist in figure.axes[which].texts if artist.get_text()]


def overlapping(figure: Figure, texts: list[Text]) -> list[tuple[str, str]]:
    pairs = combinations(zip(texts, boxes(figure, texts), strict=True), 2)
    return [(one.get_text(), other.get_text()) for (one, a), (other, b) in pairs if a.overlaps(b)]


@pytest.mark.parametrize("province", [None, "Antwerpen"])
def test_everything_is_said(
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    text: MapText,
    province: str | None,
) -> None:
    """What is shown, study, notice, method, source and date stand on every map."""
    said = written(choropleth(municipalities, academies, text, province=province))
    place = province or "Vlaanderen"
    shown = f"fietsen een STEM-academie kunnen bereiken, {place}, 2022"
    assert f"Kinderen die binnen 15 minuten {shown}" in " ".join(said)
    assert "Wie kan een STEM-academie bereiken?" in said
    assert "Voorbeeld, niet voor publicatie" in said
    assert "Methode: benadering in vogelvlucht" in said
    assert "Bron: Bronhouders van de proef" in said
    assert "Datum van de gegevens: 31 december 2022" in said


def test_no_band_without_notice(
    municipalities: gpd.GeoDataFrame, academies: gpd.GeoDataFrame, text: MapText
) -> None:
    """Without notice and note there is no empty band, and the map has its room."""
    quiet = replace(text, notice="", method_note="")
    with_band, without = (choropleth(municipalities, academies, one) for one in (text, quiet))
    assert without.axes[1].get_position().y1 > with_band.axes[1].get_position().y1
    assert len(without.axes[0].patches) == len(with_band.axes[0].patches) - 1


def test_legend_counts_are_the_table(
    municipalities: gpd.GeoDataFrame, academies: gpd.GeoDataFrame, text: MapText
) -> None:
    """The legend has each class with the number of its municipalities, the empty class too."""
    limburg = municipalities[municipalities["province"] == "Limburg"]
    counts = series.count_classes(limburg["share"], series.DEFAULT_CLASSES)
    assert counts[3] == 0
    said = written(choropleth(municipalities, academies, text, province="Limburg"))
    first = said.index("0 tot 20 %")
    expected = []
    for label, count in zip((0, 20, 40, 60, 80), counts, strict=True):
        expected += [f"{label} tot {label + 20} %", f"{count} gemeenten"]
    assert said[first : first + 10] == expected
    assert "geen cijfer (1 gemeente)" in said
    assert "Gemeenten met een STEM-academie: 12 van de 20" in said


def test_partly_measured_only_where_it_is_so(
    municipalities: gpd.GeoDataFrame, academies: gpd.GeoDataFrame, text: MapText
) -> None:
    """The hatch for "more than half not measured" is explained where it is used."""
    by_province = {
        name: written(choropleth(municipalities, academies, text, province=name))
        for name in ("Antwerpen", "Limburg")
    }
    line = "meer dan de helft niet gemeten (1 gemeente)"
    assert [name for name, said in by_province.items() if line in said] == ["Limburg"]


@pytest.mark.parametrize("province", [None, "Antwerpen", "Limburg"])
def test_each_class_has_its_own_colour(
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    text: MapText,
    province: str | None,
) -> None:
    """An empty class does not move the colours of the others (geopandas 2018)."""
    figure = choropleth(municipalities, academies, text, province=province)
    shown = municipalities if province is None else municipalities.query("province == @province")
    colours = series.choose_colours(5)
    drawn = Counter(
        {
            to_hex(collection.get_facecolor()[0]): len(collection.get_paths())
            for collection in figure.axes[1].collections
            if isinstance(collection, PathCollection)
            and len(collection.get_facecolor())
            and to_hex(collection.get_facecolor()[0]) in colours
        }
    )
    counts = series.count_classes(shown["share"], series.DEFAULT_CLASSES)
    assert drawn == Counter({c: n for c, n in zip(colours, counts, strict=True) if n})


def test_one_look_for_the_series(
    municipalities: gpd.GeoDataFrame, academies: gpd.GeoDataFrame, text: MapText
) -> None:
    """The legend's classes have the same colours on every sheet."""
    swatches = []
    for province in (None, "Antwerpen", "Limburg"):
        page = choropleth(municipalities, academies, text, province=province).axes[0]
        colours = [to_hex(patch.get_facecolor()) for patch in page.patches]
        swatches.append([colour for colour in colours if colour in series.choose_colours(5)])
    assert swatches == [series.choose_colours(5)] * 3


def test_municipality_without_figure_is_hatched(
    municipalities: gpd.GeoDataFrame, academies: gpd.GeoDataFrame, text: MapText
) -> None:
    """Without a figure a municipality is white and hatched, not in the first class."""
    figure = choropleth(municipalities, academies, text)
    hatched = {c.get_hatch(): len(c.get_paths()) for c in figure.axes[1].collections}
    assert hatched["//////"] == 1
    assert hatched["\\\\\\"] == 1


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("province", [None, "Limburg"])
def test_no_text_covers_another(
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    text: MapText,
    language: Any,
    province: str | None,
) -> None:
    """Labels, legend, title, notice and source stand free of each other and on the paper."""
    long = replace(
        text,
        language=language,
        title="Een lange titel over alle kinderen en alle academies " * 3,
        notice="Een lange waarschuwing die over meer dan een regel loopt " * 4,
        source="Een bron met een lange naam en een licentie (MIT); " * 8,
    )
    figure = choropleth(municipalities, academies, long, province=province)
    for axes in (0, 1):
        assert overlapping(figure, lines_of(figure, axes)) == []
    paper = figure.bbox
    for box in boxes(figure, lines_of(figure, 0) + lines_of(figure, 1)):
        assert paper.x0 <= box.x0 <= box.x1 <= paper.x1
        assert paper.y0 <= box.y0 <= box.y1 <= paper.y1
    frame = figure.axes[1].get_window_extent()
    assert not any(frame.overlaps(box) for box in boxes(figure, lines_of(figure, 0)))


def test_labels_leave_academies_free(
    municipalities: gpd.GeoDataFrame, academies: gpd.GeoDataFrame, text: MapText
) -> None:
    """No name lies over an academy."""
    figure = choropleth(municipalities, academies, text, province="Antwerpen")
    axes = figure.axes[1]
    points = axes.transData.transform(np.column_stack([academies.geometry.x, academies.geometry.y]))
    labels = boxes(figure, lines_of(figure, 1))
    assert len(labels) > 10
    assert not any(box.contains(*point) for box in labels for point in points)


def test_only_the_larger_are_labelled_on_the_whole_map(
    municipalities: gpd.GeoDataFrame, academies: gpd.GeoDataFrame, text: MapText
) -> None:
    """The map of all labels at most the 25 municipalities with most children."""
    labels = {t.get_text() for t in lines_of(choropleth(municipalities, academies, text), 1)}
    largest = set(municipalities.nlargest(25, "children")["name"])
    assert labels
    assert labels <= largest


def test_a_province_shows_its_neighbours(
    municipalities: gpd.GeoDataFrame, academies: gpd.GeoDataFrame, text: MapText
) -> None:
    """Neighbours are grey, without a class, and their province is named."""
    is_north = np.arange(len(municipalities)) < 20
    provinces = np.where(is_north, "Antwerpen", "Limburg")  # wide ones: their sheet lies
    table = municipalities.assign(province=provinces)
    figure = choropleth(table, academies, text, province="Antwerpen")
    assert "Limburg" in {artist.get_text() for artist in lines_of(figure, 1)}
    assert "buiten de provincie" in written(figure)
    names = set(table["name"][~is_north])
    assert names.isdisjoint(written(figure))


def test_brussels_is_named(
    municipalities: gpd.GeoDataFrame, academies: gpd.GeoDataFrame, text: MapText
) -> None:
    """The hole that Brussels leaves has its name, on the map of all and of the province around."""
    hole = municipalities.contains(series.BRUSSELS)
    moved = municipalities
    if not hole.any():
        x, y = municipalities.geometry[12].centroid.coords[0]
        shift = series.BRUSSELS.x - x, series.BRUSSELS.y - y
        moved = municipalities.assign(geometry=municipalities.translate(*shift))
        hole = moved.contains(series.BRUSSELS)
    flanders = moved[~hole].reset_index(drop=True)
    for province in (None, "Antwerpen"):
        said = [one.get_text() for one in lines_of(
            choropleth(flanders, academies.head(0), text, province=province), 1)]  # fmt: skip
        assert said.count("Brussel") == 1
    assert "Brussel" not in written(choropleth(moved, academies.head(0), text))


def test_misspelt_province(
    municipalities: gpd.GeoDataFrame, academies: gpd.GeoDataFrame, text: MapText
) -> None:
    """A province that is not there is told, with those that are."""
    with pytest.raises(errors.InputError, match="no province 'Limbrg'; use Antwerpen, Limburg"):
        choropleth(municipalities, academies, text, province="Limbrg")


def test_without_academies(municipalities: gpd.GeoDataFrame, text: MapText) -> None:
    """A year without academies still has its map."""
    none = gpd.GeoDataFrame({"academy_id": [], "name": []}, geometry=[], crs="EPSG:31370")
    figure = choropleth(municipalities.assign(has_academy=False), none, text)
    assert "Gemeenten met een STEM-academie: 0 van de 40" in written(figure)


def test_tables_are_not_changed(
    municipalities: gpd.GeoDataFrame, academies: gpd.GeoDataFrame, text: MapText
) -> None:
    """Drawing leaves the tables as they were."""
    before = municipalities.copy(), academies.copy()
    choropleth(municipalities, academies, text, province="Limburg")
    assert municipalities.equals(before[0])
    assert academies.equals(before[1])


def test_global_state_is_left_alone(
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    text: MapText,
    tmp_path: Path,
) -> None:
    """Matplotlib's settings are neither changed nor heeded: a user's style moves nothing."""
    usual = save_figure(choropleth(municipalities, academies, text), tmp_path / "a", ("png",))
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "savefig.facecolor": "blue"}):
        before = dict(mpl.rcParams)
        styled = save_figure(choropleth(municipalities, academies, text), tmp_path / "b", ("png",))
        assert dict(mpl.rcParams) == before
    assert usual[0].read_bytes() == styled[0].read_bytes()


@pytest.mark.parametrize(
    "name", ["$x$ en $y", "$\\frac{1}{", "a_b^c%d#e&f", "<script>alert(1)</script>"]
)
def test_names_are_not_formulas(
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    text: MapText,
    tmp_path: Path,
    name: str,
) -> None:
    """Dollar signs in names, title and notice are letters, on screen and in every file."""
    named = municipalities.assign(name=[name, *municipalities["name"][1:]])
    hostile = replace(text, title=name, notice=name, source=name)
    figure = choropleth(named, academies, hostile, province="Antwerpen")
    _, svg, _ = save_figure(figure, tmp_path / "map")
    said = [element.text for element in ET.parse(svg).iter(SVG_TEXT)]  # noqa: S314
    assert said.count(name) == 3  # title, notice, label


def test_same_bytes(
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    text: MapText,
    tmp_path: Path,
) -> None:
    """Drawn twice, also from rows in another order, a map has the same bytes in each format."""
    hashes = []
    for turn, step in enumerate((1, -1)):
        figure = choropleth(municipalities[::step], academies[::step], text)
        paths = save_figure(figure, tmp_path / str(turn))
        assert [path.suffix for path in paths] == [".png", ".svg", ".pdf"]
        hashes.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in paths])
    assert hashes[0] == hashes[1]


@pytest.mark.usefixtures("fine")
def test_same_bytes_in_another_process(
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    text: MapText,
    tmp_path: Path,
) -> None:
    """Python's random order of sets, which differs by process, does not reach the files."""
    municipalities.to_parquet(tmp_path / "m.parquet")
    academies.to_parquet(tmp_path / "a.parquet")
    script = (
        "import sys, pathlib, geopandas as gpd\n"
        "from stemgeo.maps.page import save_figure\n"
        "from stemgeo.maps.kinds import share\n"
        "from stemgeo.maps.series import DEFAULT_CLASSES\n"
        "from stemgeo.maps.sheet import Ground\n"
        "from stemgeo.maps.text import MapText\n"
        "place, out = map(pathlib.Path, sys.argv[1:3])\n"
        "m, a = (gpd.read_parquet(place / f'{n}.parquet') for n in 'ma')\n"
        "drawn = share.draw_map(Ground(m, a, MapText(*sys.argv[3:])), chosen=DEFAULT_CLASSES)\n"
        "save_figure(drawn.figure, out)\n"
    )
    said = [text.title, text.notice, text.source, text.date]
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"  # another than here
    command = [sys.executable, "-c", script, str(tmp_path), str(tmp_path / "there"), *said]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": seed})
    plain = MapText(*said)
    here = save_figure(choropleth(municipalities, academies, plain), tmp_path / "here")
    assert [path.suffix for path in here] == [".png", ".svg", ".pdf"]
    for path in here:
        assert path.read_bytes() == (tmp_path / f"there{path.suffix}").read_bytes()


@pytest.mark.usefixtures("fine")
def test_files_are_fit_for_print(
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    text: MapText,
    tmp_path: Path,
) -> None:
    """PNG has 300 dpi on A4; SVG text is text; PDF embeds TrueType; none bears a date."""
    figure = choropleth(municipalities, academies, text)
    png, svg, pdf = save_figure(figure, tmp_path / "map.v1")
    assert png.name == "map.v1.png"
    assert mpl.image.imread(png).shape[:2] == (2481, 3507)
    said = [element.text for element in ET.parse(svg).iter(SVG_TEXT)]  # noqa: S314
    assert text.title in said
    assert text.notice in said
    assert b"dc:date" not in svg.read_bytes()
    assert b"/FontFile2" in pdf.read_bytes()
    assert b"CreationDate" not in pdf.read_bytes()


def test_no_coordinates_outside_the_frame_are_written(
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    text: MapText,
) -> None:
    """A province's file does not carry the academies of all Flanders."""
    far = academies.assign(geometry=academies.translate(300_000, 0))
    both = gpd.GeoDataFrame(gpd.pd.concat([academies, far], ignore_index=True))
    axes = choropleth(municipalities, both, text, province="Antwerpen").axes[1]
    assert len(axes.lines[0].get_xdata()) <= len(academies)


def test_a_notebook_shows_the_picture(
    municipalities: gpd.GeoDataFrame, academies: gpd.GeoDataFrame, text: MapText
) -> None:
    """A map at the end of a cell is a picture that says what it shows, without pyplot."""
    figure = describe_figure(choropleth(municipalities, academies, text), 'Kaart "A" <b>')
    shown = figure._repr_html_()  # type: ignore[attr-defined]
    said, picture = re.fullmatch(
        r'<img alt="(.*?)" style=".*?" src="data:.*?,(.*)">', shown
    ).groups()  # type: ignore[union-attr]
    assert said == "Kaart &quot;A&quot; &lt;b&gt;"
    assert b64decode(picture).startswith(b"\x89PNG")
    assert len(picture) > 10_000
