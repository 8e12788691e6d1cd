"""The colours of every scheme stay apart for every eye, and in grey print where order matters."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from colorspacious import cspace_convert
from matplotlib.colors import to_rgb

from stemgeo.maps import kinds
from stemgeo.maps.series import BEYOND, choose_colours
from stemgeo.maps.small_multiples import STATUSES
from stemgeo.reasons import REASONS

STATUS_COLOURS = [looks["facecolor"] for looks in STATUSES.values()]
SCHEMES = {
    "share": choose_colours(5),
    "minutes": [*choose_colours(5), BEYOND],
    "academies": [kinds.WITHOUT, *kinds.WITH_SCHEME, kinds.PLANNED_ONLY],
    "statuses of a trend": STATUS_COLOURS,
    "statuses of a map": [*STATUS_COLOURS[:3], kinds.WITHOUT],
    "gaps": list(kinds.GAP_SCHEME),
    "reasons": [one.colour for one in REASONS.values()],
    "change": list(kinds.DIVERGING),
}
EYES = (None, "deuteranomaly", "protanomaly", "tritanomaly")
LEAST = 10.0
LEAST_STEP = 10.0


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


@pytest.mark.parametrize("name", ["share", "gaps"])
def test_classes_in_order_read_in_grey_print(name: str) -> None:
    """From class to class the lightness (CIE L*) falls, each time by a step that is seen."""
    rgb = seen(SCHEMES[name], None)
    steps = -np.diff(cspace_convert(rgb, "sRGB1", "CIELab")[:, 0])
    assert (steps >= LEAST_STEP).all(), steps


def test_more_academies_are_darker() -> None:
    """None, one, a few and many fall in lightness too."""
    rgb = seen(SCHEMES["academies"][:4], None)
    assert (-np.diff(cspace_convert(rgb, "sRGB1", "CIELab")[:, 0]) >= LEAST_STEP).all()


def test_the_measure_finds_a_bad_scheme() -> None:
    """Red, yellow and green, known to fail (4.7), fail here too."""
    red_to_green = ["#d7191c", "#fdae61", "#ffffbf", "#a6d96a", "#1a9641"]
    distances = []
    for eye in EYES:
        places = cspace_convert(seen(red_to_green, eye), "sRGB1", "CAM02-UCS")
        distances += [np.linalg.norm(a - b) for a, b in combinations(places, 2)]
    assert min(distances) < LEAST / 2
