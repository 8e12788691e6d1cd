"""Footprints measured without GEOS: where that is certain, as GEOS itself has them, to the bit."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from stemgeo.inputs.footprints import measure_rings

Ring = NDArray[np.float64]

L_SHAPE = np.array([(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)], dtype=np.float64)
BOX = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], dtype=np.float64)
PLAIN = {"box": BOX, "turned": BOX[::-1], "L": L_SHAPE, "triangle": BOX[:3]}
ODD = {
    "crosses itself": BOX[[0, 2, 1, 3]],
    "touches a side": np.array([(0, 0), (4, 0), (4, 4), (2, 0), (0, 4)], dtype=np.float64),
    "touches a corner": np.array([(0, 0), (2, 0), (1, 1), (2, 2), (0, 2), (1, 1)], dtype=float),
    "goes back": np.array([(0, 0), (4, 0), (2, 0), (2, 2)], dtype=np.float64),
    "no area": np.array([(0, 0), (1, 0), (2, 0)], dtype=np.float64),
    "a corner twice": BOX[[0, 1, 1, 2, 3]],
    "a corner unknown": np.array([(0, 0), (np.nan, np.nan), (1, 1), (0, 1)]),
    "two corners": BOX[:2],
}


def close(corners: Ring) -> Ring:
    """Come back to the first corner."""
    return np.vstack([corners, corners[:1]])


def measure(rings: list[Ring]) -> tuple[NDArray[np.bool_], Ring]:
    """Measure closed rings: of which it is certain, and area, x and y of each."""
    first = np.append(0, np.cumsum([len(one) for one in rings]))
    sure, *measured = measure_rings(np.concatenate(rings), first)
    return sure, np.stack(measured)


def by_geos(rings: list[Ring]) -> Ring:
    """Area, x and y as GEOS has them."""
    drawn = np.array([shapely.Polygon(one) for one in rings])
    spot = shapely.get_coordinates(shapely.point_on_surface(drawn))
    return np.vstack([shapely.area(drawn), spot.T])


@pytest.mark.parametrize("name", PLAIN)
def test_a_plain_ring_is_certain(name: str) -> None:
    """Whichever way it runs, wherever it lies: as GEOS has it."""
    rings = [close(PLAIN[name] * 7.3 + away) for away in (0, 1e5, -6e6)]
    sure, measured = measure(rings)
    assert sure.all()
    np.testing.assert_array_equal(measured, by_geos(rings))


@pytest.mark.parametrize("name", ODD)
def test_what_touches_itself_is_left_to_geos(name: str) -> None:
    """As is what has no place or no area, and what has so many corners that it would take long."""
    many = np.stack([np.cos(np.arange(40) / 7), np.sin(np.arange(40) / 7)], axis=1)
    sure, measured = measure([close(ODD[name]), close(many), close(BOX)])
    assert sure.tolist() == [False, False, True]
    assert measured[0].tolist() == [0, 0, 1]
    assert np.isnan(measured[1:, :2]).all()


def test_any_ring_is_as_geos_has_it_or_not_certain() -> None:
    """Drawn by chance, on whole metres too: none that GEOS calls invalid is certain."""
    random = np.random.default_rng(2)
    rings = []
    for number in range(4000):
        corners = random.uniform(-1, 1, (random.integers(3, 12), 2))
        if number % 2:
            angle = np.sort(np.arctan2(*corners.T))
            corners = np.stack([np.cos(angle), np.sin(angle)], axis=1) * random.uniform(0.3, 1)
        at = random.uniform(-1e6, 6e6, 2) + corners * 10 ** random.uniform(0, 2)
        rings.append(close(np.round(at) if number % 3 == 0 else at))
    sure, measured = measure(rings)
    valid = shapely.is_valid([shapely.Polygon(one) for one in rings])
    assert not (sure & ~valid).any()
    assert sure.sum() > 0.8 * valid.sum() > 1000
    certain = [one for one, is_sure in zip(rings, sure, strict=True) if is_sure]
    np.testing.assert_array_equal(measured[:, sure], by_geos(certain))
