"""The colours of every scheme stay apart for every eye, and in grey print where order matters."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from colorspacious import cspace_convert
from matplotlib.colors import to_rgb

from stemgeo.maps import kinds
from stemgeo.maps.series import BEYOND, choose_colours
from stemgeo.maps.small_multiples import STATUSES
from stemgeo.reasons import REASONS

if TYPE_CHECKING:
    from stemgeo.maps.series import Ramp

STATUS_COLOURS = [looks["facecolor"] for looks in STATUSES.values()]
SCHEMES = {
    "share": choose_colours(5),
    "count": choose_colours(5, "count"),
    "minutes": [*choose_colours(5), BEYOND],
    "academies": [kinds.WITHOUT, *kinds.WITH_SCHEME, kinds.PLANNED_ONLY],
    "statuses of a trend": STATUS_COLOURS,
    "statuses of a map": [*STATUS_COLOURS[:3], kinds.WITHOUT],
    "gaps": kinds.choose_gap_colours(5),
    "reasons": [one.colour for one in REASONS.values()],
    "change": list(kinds.DIVERGING),
}
EYES = (None, "deuteranomaly", "protanomaly", "tritanomaly")
LEAST = 10.0
LEAST_STEP = 10.0
JUST_SEEN = 2.3
"""A difference of CIE 1976 that half of the observers see (Mahy and others, 1994)."""


def seen(scheme: list[str], eye: str | None) -> np.ndarray:
    """Give the colours as an eye sees them, as sRGB."""
    rgb = np.array([to_rgb(colour) for colour in scheme])
    if eye is None:
        return rgb
    space = {"name": "sRGB1+CVD", "cvd_type": eye, "severity": 100}
    return np.clip(cspace_convert(rgb, space, "sRGB1"), 0, 1)


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("name", list(SCHEMES))
def test_any_two_classes_are_told_apart(name: str, eye: str | None) -> None:
    """Two classes are at least 10 apart (CAM02-UCS), also without one of the three cones."""
    places = cspace_convert(seen(SCHEMES[name], eye), "sRGB1", "CAM02-UCS")
    near = {
        (SCHEMES[name][i], SCHEMES[name][j]): float(np.linalg.norm(places[i] - places[j]))
        for i, j in combinations(range(len(places)), 2)
    }
    assert min(near.values()) >= LEAST, min(near, key=lambda pair: near[pair])


def lightness(colours: list[str]) -> np.ndarray:
    """Give the lightness (CIE L*) of colours, 100 for paper."""
    return cspace_convert(seen(colours, None), "sRGB1", "CIELab")[:, 0]


@pytest.mark.parametrize("name", ["share", "count", "gaps"])
def test_classes_in_order_read_in_grey_print(name: str) -> None:
    """From paper to the first class and on, lightness (CIE L*) falls by a step that is seen."""
    steps = -np.diff([100, *lightness(SCHEMES[name])])
    assert (steps >= LEAST_STEP).all(), steps


@pytest.mark.parametrize("ramp", ["share", "count"])
@pytest.mark.parametrize("count", range(2, 21))
def test_as_many_classes_as_a_study_may_have_read_in_grey(ramp: Ramp, count: int) -> None:
    """Paper is ten from the first; neighbours differ by more than the eye just sees (2.3)."""
    steps = -np.diff([100, *lightness(choose_colours(count, ramp))])
    assert steps[0] >= LEAST_STEP
    assert (steps >= JUST_SEEN).all(), steps


@pytest.mark.parametrize("name", list(SCHEMES))
def test_neighbours_of_a_legend_differ_in_grey(name: str) -> None:
    """Also of classes without order: paper, the first, the second, ... each by a step."""
    steps = np.abs(np.diff(lightness(SCHEMES[name])))
    assert (steps >= LEAST_STEP).all(), steps
    assert (100 - lightness(SCHEMES[name]) >= LEAST_STEP).all()


def test_counts_and_shares_have_other_hues() -> None:
    """No class of counts is near one of shares, and from the second on their hues are opposite."""
    share, count = (SCHEMES[name] for name in ("share", "count"))
    for eye in EYES:
        places = [cspace_convert(seen(one, eye), "sRGB1", "CAM02-UCS") for one in (share, count)]
        apart = np.linalg.norm(places[0][:, None] - places[1][None], axis=2)
        assert apart[1:, 1:].min() >= LEAST, eye


def test_more_academies_are_darker() -> None:
    """None, one, a few and many fall in lightness too."""
    assert (-np.diff(lightness(SCHEMES["academies"][:4])) >= LEAST_STEP).all()


def test_the_measure_finds_a_bad_scheme() -> None:
    """Red, yellow and green, known to fail (4.7), fail here too."""
    red_to_green = ["#d7191c", "#fdae61", "#ffffbf", "#a6d96a", "#1a9641"]
    distances = []
    for eye in EYES:
        places = cspace_convert(seen(red_to_green, eye), "sRGB1", "CAM02-UCS")
        distances += [np.linalg.norm(a - b) for a, b in combinations(places, 2)]
    assert min(distances) < LEAST / 2
