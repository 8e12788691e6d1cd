"""Contours: those of a library of contours, and what lies between as overlays have it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import contourpy
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from stemgeo.access import contours
from stemgeo.access.contours import Contour, fill_between, trace_grounds
from stemgeo.study import ROAD_BUFFER_M

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

CELL_M = 25.0
NOTHING = np.empty((0, 4))
NO_GROUND = trace_grounds([NOTHING], CELL_M)[0]
SMALLEST_M2 = 1e-12


def outline_by_library(stretches: Floats, cell_m: float) -> shapely.Geometry:
    """Outline the same ground: distances by GEOS, contours by contourpy, mended by GEOS."""
    step_m = cell_m / 2
    low, high = (
        (bound(stretches.reshape(-1, 2), axis=0) / step_m).astype(int) for bound in (np.min, np.max)
    )
    wide = int(ROAD_BUFFER_M / step_m) + 4
    x, y = (np.arange(low[i] - wide, high[i] + wide) * step_m for i in (0, 1))
    corners = shapely.points(*np.meshgrid(x, y))
    distance = np.full(corners.shape, ROAD_BUFFER_M + cell_m)
    for line in shapely.linestrings(stretches.reshape(-1, 2, 2)):
        distance = np.minimum(distance, shapely.distance(corners, line))
    generator = contourpy.contour_generator(x, y, distance, fill_type="ChunkCombinedOffsetOffset")
    (points,), *ends = generator.filled(-1.0, ROAD_BUFFER_M)
    ends = [one[0] for one in ends]
    polygons = shapely.from_ragged_array(shapely.GeometryType.POLYGON, points.round(3), ends)
    return shapely.union_all(shapely.make_valid(polygons))


def check_ground(found: shapely.MultiPolygon, expected: shapely.Geometry) -> None:
    """Check that polygons are valid, and ground the same but for a millimetre at its edge."""
    assert found.geom_type == "MultiPolygon"
    assert found.is_valid
    assert shapely.area(shapely.get_parts(found)).min(initial=1) > SMALLEST_M2
    assert found.symmetric_difference(expected).area <= 1e-3 * found.length


def draw_ways(draw: st.DrawFn, most: int) -> Floats:
    """Draw ways between places on a grid or anywhere: they cross and run together."""
    whole = st.integers(0, 12).map(lambda number: number * CELL_M / 2)
    # To the billionth: of stretches as short as numbers can be GEOS knows no distance.
    spot = st.tuples(*[whole | st.floats(0, 400).map(lambda number: round(number, 9))] * 2)
    ends = draw(st.lists(st.tuples(spot, spot), min_size=1, max_size=most))
    return np.array(ends, dtype=np.float64).reshape(-1, 4) + draw(st.sampled_from([0.0, 2e5, -1e3]))


@st.composite
def bounds(draw: st.DrawFn) -> list[Floats]:
    """Draw the stretches that come with each of three bounds; of some, none."""
    ways = draw_ways(draw, 8)
    cuts = sorted(draw(st.tuples(*[st.integers(0, len(ways))] * 2)))
    return [ways[first:stop] for first, stop in pairwise([0, *cuts, len(ways)])]


@given(bounds(), st.sampled_from([CELL_M, 40.0, 33.3]))
def test_bands_are_what_overlays_leave_of_contours(grown: list[Floats], cell_m: float) -> None:
    """Each band is the ground of its bound without that of the bound before: whole, and no more."""
    inner, within = NO_GROUND, shapely.MultiPolygon()
    for number, whole in enumerate(trace_grounds(grown, cell_m)):
        stretches = np.concatenate(grown[: number + 1])
        ground = fill_between(whole, NO_GROUND)
        if len(stretches):
            check_ground(ground, outline_by_library(stretches, cell_m))
        band = fill_between(whole, inner)
        check_ground(band, ground.difference(within))
        assert band.area + within.area == pytest.approx(ground.area, rel=1e-9)
        assert shapely.intersection(band, within).area < 1e-6
        inner, within = whole, ground


@given(bounds())
def test_ground_in_tiles_is_the_ground_at_once(grown: list[Floats]) -> None:
    """Corner by corner: what is linked over the rim of tiles is what would be without."""
    with pytest.MonkeyPatch.context() as patch:
        at_once = trace_grounds(grown, CELL_M)
        patch.setattr(contours, "TILE", 7)
        for one, other in zip(trace_grounds(grown, CELL_M), at_once, strict=True):
            for mine, its in zip(one, other, strict=True):
                np.testing.assert_array_equal(mine, its)


def test_ground_that_touches_itself_is_polygons_alone() -> None:
    """Rounded to a millimetre a ring could lie on itself for a stretch: it stays a millimetre off.

    The four roads are of a town that was drawn by chance, in which no isochrones came out.
    """
    roads = [
        [150477.79148677958, 201950.0022729328, 150626.49602854793, 201949.99721414223],
        [150477.79148677958, 201950.0022729328, 150462.24308927965, 202095.416620031],
        [150626.49602854793, 201949.99721414223, 150606.26848168764, 202085.79845528025],
        [150462.24308927965, 202095.416620031, 150606.26848168764, 202085.79845528025],
    ]
    (ground,) = trace_grounds([np.array(roads)], 100)
    check_ground(fill_between(ground, NO_GROUND), outline_by_library(np.array(roads), 100))


def ring(*corners: tuple[float, float], side: list[int]) -> tuple[list[int], Floats]:
    """Give corners by the number of their side."""
    return side, np.array(corners)


def contour(*rings: tuple[list[int], Floats]) -> Contour:
    """Make a contour of rings by hand."""
    side = np.concatenate([one for one, _ in rings])
    at = np.concatenate([points for _, points in rings])
    stop = np.cumsum([len(one) for one, _ in rings])
    after = np.arange(1, len(side) + 1)
    after[stop - 1] = np.append(0, stop[:-1])
    order = np.argsort(side)
    rank = np.argsort(order)
    return Contour(side[order], at[order], rank[after[order]])


def test_ground_that_is_pinched_falls_apart() -> None:
    """Where both contours go through one corner, what lies between is parts that touch there."""
    whole = contour(ring((0, -3), (4, 0), (0, 3), (-4, 0), side=[0, 11, 20, 9]))
    apart = contour(ring((0, -2), (4, 0), (0, 2), (-4, 0), side=[0, 11, 20, 9]))
    once = contour(ring((0, -2), (4, 0), (0, 2), (-3, 0), side=[0, 11, 20, 9]))
    alike = contour(ring((0, -3), (4, 0), (0, 2), (-4, 0), side=[0, 11, 20, 9]))
    for inner, parts, holes in ((apart, 2, 0), (once, 1, 1), (alike, 1, 0)):
        band = fill_between(whole, inner)
        assert band.is_valid
        assert len(band.geoms) == parts
        assert sum(len(part.interiors) for part in band.geoms) == holes
        assert band.area == pytest.approx(
            fill_between(whole, NO_GROUND).area - fill_between(inner, NO_GROUND).area
        )
    assert fill_between(whole, whole).is_empty
