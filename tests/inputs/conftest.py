"""Small files for the readers: a few real municipalities as squares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pytest
import shapely

from stemgeo.errors import Findings
from stemgeo.inputs import read_municipalities
from stemgeo.study import Input

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SQUARES = {
    "11001": "Aartselaar",
    "12025": "Mechelen",
    "23016": "Dilbeek",
    "31005": "Brugge",
    "44021": "Gent",
    "71016": "Genk",
}
"""Municipalities that no merger touched, so their codes are of every vintage."""

SIDE_M = 10_000


def square(place: int) -> shapely.Polygon:
    """A square of 10 km; squares of following places touch."""
    left = 100_000 + place * SIDE_M
    return shapely.box(left, 200_000, left + SIDE_M, 200_000 + SIDE_M)


def squares(codes: dict[str, str], **columns: Any) -> gpd.GeoDataFrame:
    """Municipalities side by side, in the order given."""
    frame = {"NISCODE": list(codes), "NAAM": list(codes.values()), **columns}
    geometry = [square(place) for place in range(len(codes))]
    return gpd.GeoDataFrame(frame, geometry=geometry, crs="EPSG:31370")


@pytest.fixture
def findings() -> Findings:
    return Findings()


@pytest.fixture
def given() -> Callable[..., Input]:
    """Make an `Input` of a path."""

    def make(path: Path, **more: Any) -> Input:
        return Input(path=path, **more)

    return make


@pytest.fixture
def boundaries(tmp_path: Path) -> Path:
    """A GeoPackage with the six municipalities."""
    path = tmp_path / "gemeenten.gpkg"
    squares(SQUARES).to_file(path)
    return path


@pytest.fixture
def municipalities(boundaries: Path) -> gpd.GeoDataFrame:
    return read_municipalities(boundaries)
