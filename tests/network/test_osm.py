"""Roads of extracts: lengths as PROJ has them, and extracts of several countries as one network."""

from __future__ import annotations

import numpy as np
import pytest

from stemgeo.network import osm


@pytest.mark.parametrize("farthest_m", [0.01, 10.0, 300.0, 990.0, 1010.0, 100_000.0])
def test_lengths_are_those_of_proj(farthest_m: float) -> None:
    """Anywhere, in any direction, to the millimetre: also those that near a half."""
    random = np.random.default_rng(5)
    count = 20_000
    lat, lon = random.uniform(-89, 89, count), random.uniform(-180, 180, count)
    away_m, turn = random.uniform(0, farthest_m, count), random.uniform(0, 360, count)
    # To the half of a millimetre, where the last bit says which way it is rounded.
    away_m[::2] = (np.floor(away_m[::2] * 1000) + 0.5) / 1000
    far_lon, far_lat, _ = osm.WGS84.fwd(lon, lat, turn, away_m)
    start = np.arange(count, dtype=np.int32)
    found = osm.measure_lengths(
        np.append(lon, far_lon), np.append(lat, far_lat), start, start + count
    )
    expected = osm.WGS84.inv(lon, lat, far_lon, far_lat)[2] * 1000
    np.testing.assert_array_equal(np.rint(found), np.rint(expected))
    assert np.abs(found - expected).max() < 1e-4
