"""Lines, labels and the sheet."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import get_data_path
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FT2Font, LoadFlags
from matplotlib.textpath import TextToPath

from stemgeo.maps import layout
from stemgeo.maps.text import MapText
from stemgeo.texts import load_texts

letters = st.characters(min_codepoint=33, max_codepoint=255, categories=["L", "N", "P", "S"])
words = st.text(letters, min_size=1)


@given(st.lists(words, max_size=12), st.floats(0.5, 3))
def test_wrapped_lines_fit_and_lose_nothing(said: list[str], width_in: float) -> None:
    """Every line fits, and together the lines hold every letter in order."""
    lines = layout.wrap_text(" ".join(said), width_in, 10.0)
    assert "".join(lines).replace(" ", "") == "".join("".join(said).split())
    assert all(layout.text_width_in(line, 10.0) <= width_in for line in lines)


def test_numbers_keep_their_sign() -> None:
    """A no-break space is no place to break a line, a line end is."""
    assert layout.wrap_text("ruim\n62,4\N{NO-BREAK SPACE}%", 0.6, 10.0) == [
        "ruim",
        "62,4\N{NO-BREAK SPACE}%",
    ]


def test_whole_words_are_kept() -> None:
    """Lines break between words when a word fits."""
    lines = layout.wrap_text("een twee drie vier vijf zes zeven", 1.0, 10.0)
    assert len(lines) > 1
    assert " ".join(lines) == "een twee drie vier vijf zes zeven"


@pytest.mark.parametrize(
    ("bounds", "width"),
    [((0, 0, 240e3, 100e3), 11.69), ((0, 0, 70e3, 85e3), 8.27), ((0, 0, 60e3, 60e3), 8.27)],
)
def test_direction_of_the_sheet(bounds: tuple[float, ...], width: float, text: MapText) -> None:
    """Wide ground lies, high ground stands, on A4."""
    sheet = layout.choose_sheet(bounds, text, 1.8)
    assert {sheet.width, sheet.height} == {8.27, 11.69}
    assert sheet.width == width


def test_ground_keeps_its_shape_and_fits(text: MapText) -> None:
    """The frame shows all of the ground, as wide as high per metre."""
    sheet = layout.choose_sheet((100.0, 200.0, 70_100.0, 80_200.0), text, 1.8)
    ground, frame = sheet.ground, sheet.frame
    assert ground.width / frame.width == pytest.approx(ground.height / frame.height)
    assert layout.Box(100, 200, 70_000, 80_000).lies_within(ground)


def test_text_takes_room_from_the_map(text: MapText) -> None:
    """A long title, notice and source push the map, they do not lie over it."""
    long = replace(text, title="titel " * 60, notice="let op " * 60, source="bron " * 200)
    usual, crowded = (
        layout.choose_sheet((0, 0, 70e3, 85e3), one, 1.8).frame for one in (text, long)
    )
    assert crowded.top < usual.top
    assert crowded.bottom > usual.bottom
    assert crowded.height > 2


def test_labels_keep_free_of_each_other_and_of_markers(text: MapText) -> None:
    """In a crowded land names are left out, and those that stay cover nothing."""
    sheet = layout.choose_sheet((0, 0, 60e3, 60e3), text, 1.8)
    grounds = [
        shapely.box(x, y, x + 3e3, y + 3e3)
        for x in range(0, 60_000, 3_000)
        for y in range(0, 60_000, 3_000)
    ]
    names = [f"Sint-Voorbeeld-aan-de-Demer-{number}" for number in range(len(grounds))]
    markers = [(ground.centroid.x, ground.centroid.y, 4.0) for ground in grounds[::3]]
    labels = layout.place_labels(names, grounds, markers, size_pt=7.0, sheet=sheet)
    high = 7.0 * sheet.metres_per_inch / 72
    boxes = []
    for label in labels:
        wide = layout.text_width_in(names[label.number], 7.0) * sheet.metres_per_inch
        boxes.append(layout.Box(label.x - wide / 2, label.y - high / 2, wide, high))
        own, middle = grounds[label.number], shapely.Point(label.x, label.y)
        # The largest may stand against their ground, all others stand on it.
        assert own.intersects(shapely.box(*boxes[-1].corners).buffer(high * 0.15, join_style=2))
        assert label.number < 12 or own.covers(middle)
    assert 10 < len(boxes) < len(grounds)
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    points = [layout.Box(x, y, 1, 1) for x, y, _ in markers]
    assert not any(box.overlaps(point) for box in boxes for point in points)


def test_important_names_go_first(text: MapText) -> None:
    """Of two names that want one place, the first gets it; a small town's finds none."""
    sheet = layout.choose_sheet((0, 0, 60e3, 60e3), text, 1.8)
    ground = shapely.box(30e3, 30e3, 30.5e3, 30.5e3)
    for names in (["Brussel", "Halle"], ["Halle", "Brussel"]):
        labels = layout.place_labels(names, [ground, ground], [], size_pt=7.0, sheet=sheet)
        assert labels[0].number == 0
        assert ground.covers(shapely.Point(labels[0].x, labels[0].y))
    small = layout.place_labels(["Halle"] * 20, [ground] * 20, [], size_pt=7.0, sheet=sheet)
    assert [label.number for label in small if label.number >= 12] == []


@pytest.mark.parametrize(
    ("longest", "length"), [(1000, 1000), (999, 500), (23_000, 20_000), (1.99, 1), (6, 5)]
)
def test_round_length(longest: float, length: float) -> None:
    """A scale bar is 1, 2 or 5 times a power of ten, as long as fits."""
    assert layout.round_length_m(longest) == length


def test_a_title_has_two_lines_at_most() -> None:
    """About as long, not broken after a number or a short word; what cannot fit is cut and told."""
    title = (
        "Kinderen die binnen 15 minuten fietsen een STEM-academie kunnen bereiken, Limburg, 2022"
    )
    size, lines = layout.fit_title(title, 7.37)
    assert " ".join(lines) == title
    assert (size, len(lines)) == (layout.TITLE_SIZES[0], 2)
    assert not lines[0].endswith((" 15", " die", " een"))
    assert layout.fit_title("Kort", 7.37) == (layout.TITLE_SIZES[0], ["Kort"])
    longer = layout.fit_title(f"Alle kinderen van Vlaanderen, {title}", 7.37)
    assert longer[0] < size
    assert len(longer[1]) == 2
    endless = layout.fit_title(title * 9, 7.37)
    assert len(endless[1]) == 2
    assert endless[1][1].endswith("\N{HORIZONTAL ELLIPSIS}")


@pytest.mark.parametrize("face", ["", "-Bold", "-Oblique"])
def test_the_font_of_maps_is_that_of_matplotlib_with_fewer_letters(face: str) -> None:
    """Each letter has the same shape and width; where not, `make letters` cuts them anew."""
    folders = Path(layout.__file__).parent / "letters", Path(get_data_path(), "fonts", "ttf")
    cut, whole = (
        FT2Font(folder / f"{name}{face}.ttf")
        for folder, name in zip(folders, ("StemgeoSans", "DejaVuSans"), strict=True)
    )
    said = set("".join(load_texts("nl").list_below("map").values()))
    assert said <= {*map(chr, cut.get_charmap())} < {*map(chr, whole.get_charmap())}
    for letter in cut.get_charmap():
        ours, theirs = (font.load_char(letter, LoadFlags.NO_SCALE) for font in (cut, whole))
        assert ours.horiAdvance == theirs.horiAdvance
        for own, other in zip(cut.get_path(), whole.get_path(), strict=True):
            assert np.array_equal(own, other)


@pytest.mark.parametrize("weight", ["normal", "bold"])
def test_texts_are_as_wide_as_in_the_whole_font(weight: str) -> None:
    """With kerning and ligatures; a letter that was cut off comes from the whole font."""
    for line in (
        "AVATAR",
        "Vlaams-Brabant: 62,4 % \N{EN DASH} officiële",
        "Te Lier, Łódź of Жук",
        "Ελλάδα",
    ):
        widths = [
            TextToPath().get_text_width_height_descent(
                line, FontProperties(family=family, size=100, weight=weight), ismath=False
            )
            for family in (layout.LETTERS, layout.FONT)
        ]
        assert widths[0] == widths[1]
