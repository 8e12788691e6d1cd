"""Classes, colours and outlines that all maps of a series share."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, pairwise

import geopandas as gpd
import matplotlib as mpl
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgb

from stemgeo.maps import series

CLASSES = (0, 20, 40, 60, 80, 100)

# Linear RGB as seen with a full deficiency: Machado, Oliveira and Fernandes 2009, severity 1.0.
SEEN = {
    "all colours": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
APART = 15.0  # CIE 1976; Set1 (3.7) and RdYlGn (12.1) do not reach it


def lab(colour: str, seen: np.ndarray) -> np.ndarray:
    """CIE L*a*b* (D65) of a colour as somebody sees it."""
    srgb = np.array(to_rgb(colour))
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    t = to_xyz @ np.clip(seen @ linear, 0, 1) / np.array([0.95047, 1, 1.08883])
    x, y, z = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def least_distance(colours: list[str], seen: np.ndarray) -> float:
    seen_colours = [lab(colour, seen) for colour in colours]
    return min(float(np.linalg.norm(a - b)) for a, b in combinations(seen_colours, 2))


@pytest.mark.parametrize("seen", SEEN.values(), ids=SEEN)
def test_colours_stay_apart(seen: np.ndarray) -> None:
    """Any two of the five colours differ clearly, with each kind of colour deficiency."""
    assert least_distance(series.choose_colours(5), seen) >= APART


def test_measure_of_colours_can_fail() -> None:
    """The same measure refuses a red-green scheme with deuteranopia."""
    scheme = mpl.colormaps["RdYlGn"]
    red_green = [mpl.colors.to_hex(scheme(place)) for place in np.linspace(0, 1, 5)]
    assert least_distance(red_green, SEEN["deuteranopia"]) < APART


@pytest.mark.parametrize("count", range(2, 8))
def test_lightness_falls(count: int) -> None:
    """In grey print each class is darker than the one before, by a step that can be seen."""
    lightness = [lab(colour, np.eye(3))[0] for colour in series.choose_colours(count)]
    assert min(light - dark for light, dark in pairwise(lightness)) >= 9


@pytest.mark.parametrize("colour", series.choose_colours(5))
def test_lines_have_contrast(colour: str) -> None:
    """A border between two municipalities of one class has a contrast of 3:1 or more."""
    light, dark = sorted(
        (
            series.measure_luminance(c)
            for c in (colour, mpl.colors.to_hex(series.choose_line_colour(colour)))
        ),
        reverse=True,
    )
    assert (light + 0.05) / (dark + 0.05) >= 3


def test_classes_at_their_bounds() -> None:
    """A lower bound is in its class, 0 in the first, 100 % in the last, NaN in none."""
    share = [0, 0.1999, 0.2, 0.4, 0.6, 0.8, 1, np.nan]
    assert series.classify_shares(share, CLASSES).tolist() == [0, 0, 1, 2, 3, 4, 4, series.NO_CLASS]


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_classes_are_exact(counted: tuple[int, int]) -> None:
    """Rounding in floating point never moves a municipality to another class."""
    covered, measured = counted
    bounds = (0, 7, 14, 29, 57, 58, 100)
    exact = sum(Fraction(covered, measured) * 100 >= bound for bound in bounds[1:-1])
    assert series.classify_shares([covered / measured], bounds).tolist() == [exact]


def test_empty_classes_are_counted() -> None:
    """A class that no municipality is in counts zero, and keeps its place."""
    assert series.count_classes([0.1, 0.15, 0.95, np.nan], CLASSES) == [2, 0, 0, 0, 1]
    assert series.count_classes([], CLASSES) == [0, 0, 0, 0, 0]


def test_partly_measured(municipalities: gpd.GeoDataFrame) -> None:
    """A figure for less than half of the children is marked; no figure at all is not partly."""
    marked = municipalities["name"][series.find_partly_measured(municipalities)]
    assert marked.tolist() == ["Lede"]


def test_lighter_keeps_shared_borders() -> None:
    """Simplified neighbours still fit together without overlap, and no ground is lost."""
    x = np.arange(0, 1001, 10.0)
    wavy = list(zip(x, 500 + 20 * np.sin(x / 30), strict=True))
    below = shapely.Polygon([(0, 0), (1000, 0), *reversed(wavy)])
    above = shapely.Polygon([*wavy, (1000, 1000), (0, 1000)])
    before = gpd.GeoSeries([below, above], crs="EPSG:31370")
    after = series.lighten_outlines(before, 50.0)
    assert after.count_coordinates().sum() < before.count_coordinates().sum() / 3
    assert shapely.coverage_is_valid(after.to_numpy())
    assert after.union_all().equals(shapely.box(0, 0, 1000, 1000))


def test_lighter_leaves_overlaps_alone() -> None:
    """Outlines that do not fit together are drawn as they are, not torn further apart."""
    overlapping = gpd.GeoSeries([shapely.box(0, 0, 10, 10), shapely.box(5, 0, 15, 10)])
    assert series.lighten_outlines(overlapping, 100.0).geom_equals(overlapping).all()


def test_provinces(municipalities: gpd.GeoDataFrame) -> None:
    """Municipalities of a province become one polygon without borders inside."""
    provinces = series.merge_provinces(municipalities)
    assert list(provinces.index) == ["Antwerpen", "Limburg"]
    assert [len(shapely.get_rings(one)) for one in provinces] == [1, 1]
    assert provinces.area.sum() == pytest.approx(municipalities.area.sum())


def test_border_rings_leave_out_enclaves() -> None:
    """No thick line is drawn around specks, be they parts or holes."""
    land = shapely.box(0, 0, 100, 100).difference(shapely.box(50, 50, 52, 52))
    areas = gpd.GeoSeries([shapely.union_all([land, shapely.box(200, 0, 203, 3)])])
    assert sorted(series.list_border_rings(areas, 5.0).area) == [9, 10_000]
    assert series.list_border_rings(areas, 50.0).area.tolist() == [10_000]
