"""Bands of the web map, simplified: thinned first, and fitting together after."""

from __future__ import annotations

from functools import cache

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from stemgeo.access.contours import fill_between, trace_grounds
from stemgeo.maps import topology
from stemgeo.maps.series import fit_together, lighten_outlines

DETAIL_M = 50.0


@cache
def bands_of(seed: int) -> gpd.GeoSeries:
    """Draw two bands along forty roads from one place, some kilometres long."""
    rng = np.random.default_rng(seed)
    ends = rng.normal(0, 1500, (40, 2)).cumsum(axis=0) / 4
    roads = np.concatenate([ends[:-1], ends[1:]], axis=1)
    nothing = trace_grounds([np.empty((0, 4))], 25)[0]
    inner, whole = trace_grounds([roads[:15], roads[15:]], 25)
    return gpd.GeoSeries(
        [fill_between(inner, nothing), fill_between(whole, inner)], crs="EPSG:31370"
    )


@given(st.integers(0, 4), st.floats(0, 30))
def test_thinned_bands_keep_their_shared_corners_and_nearly_their_ground(
    seed: int, smallest_m2: float
) -> None:
    """Fewer corners, all from the outlines; those of both bands stay, as do all rings."""
    bands = bands_of(seed).to_numpy()
    thin = topology._thin_outlines(bands, smallest_m2)
    before, after = (shapely.get_rings(shapely.get_parts(one)) for one in (bands, thin))
    assert len(before) == len(after)
    kept, were = (
        [set(map(tuple, shapely.get_coordinates(one))) for one in grounds]
        for grounds in (thin, bands)
    )
    assert all(one <= other for one, other in zip(kept, were, strict=True))
    assert kept[0] & kept[1] == were[0] & were[1]
    dropped = sum(map(len, were)) - sum(map(len, kept))
    apart = np.abs(shapely.area(shapely.polygons(before)) - shapely.area(shapely.polygons(after)))
    assert apart.sum() <= smallest_m2 * dropped + 1e-3
    assert dropped > 0 or smallest_m2 < 1


def test_small_rings_are_not_thinned_away() -> None:
    """Whatever is small: each ring keeps a triangle at least, and no ground stays no ground."""
    rings = [shapely.Point(300 * i, 0).buffer(9, quad_segs=i) for i in range(1, 6)]
    grounds = np.array([shapely.MultiPolygon(rings), shapely.MultiPolygon()], dtype=object)
    thin = topology._thin_outlines(grounds, 1e6)
    assert thin[1].is_empty
    assert [len(part.exterior.coords) >= 4 for part in thin[0].geoms] == [True] * 5
    assert topology._thin_outlines(grounds[1:], 1e6)[0].is_empty


def test_bands_thinned_first_are_simplified_as_from_all_corners() -> None:
    """The same to a tenth of a percent, and they fit together."""
    bands = bands_of(3)
    usual = lighten_outlines(bands, DETAIL_M)
    found = topology._simplify_thinned(bands, DETAIL_M)
    assert fit_together(found.to_numpy())
    assert found.crs == bands.crs
    assert found.count_coordinates().sum() < bands.count_coordinates().sum() / 5
    apart = found.symmetric_difference(usual).area
    assert (apart <= 1e-3 * usual.area).all()


def test_bands_that_thinning_tears_are_simplified_from_all_corners(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What no longer fits together is not used; nor are bands simplified that never did."""
    bands = bands_of(3)
    torn = bands.buffer(30).to_numpy()
    monkeypatch.setattr(topology, "_thin_outlines", lambda *_: torn)
    found = topology._simplify_thinned(bands, DETAIL_M)
    assert found.geom_equals_exact(lighten_outlines(bands, DETAIL_M), 0).all()
    overlapping = bands.buffer(30)
    assert topology._simplify_thinned(overlapping, DETAIL_M).geom_equals(overlapping).all()
