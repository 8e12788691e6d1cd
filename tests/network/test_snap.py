"""Tying points to roads, held against GEOS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely

from stemgeo.network import Network
from stemgeo.network.snap import distance_to_islands, snap

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def network(shared_data: Path) -> Network:
    """The roads of a village."""
    return Network.from_osm(shared_data / "osm" / "berlare.osm")


def around(network: Network, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Scatter points over the ground and up to 700 m beyond it, some on vertices."""
    random = np.random.default_rng(5)
    x, y = (
        random.uniform(values.min() - 700, values.max() + 700, count)
        for values in (network.vertex_x, network.vertex_y)
    )
    on = random.integers(0, len(network.vertex_x), count // 10)
    x[: len(on)], y[: len(on)] = network.vertex_x[on], network.vertex_y[on]
    return x, y


@pytest.mark.parametrize("limit_m", [20.0, 500.0, 5000.0])
def test_snapping_is_that_of_geos(network: Network, limit_m: float) -> None:
    """Edge, distance and place are those that an index of GEOS and its own measures give."""
    x, y = around(network, 2000)
    points = shapely.points(x, y)
    usable = np.flatnonzero(network.snappable)
    tree = shapely.STRtree(network.lines[usable])
    (which, near), metres = tree.query_nearest(points, max_distance=limit_m, return_distance=True)
    first = np.full(len(x), network.edges)
    np.minimum.at(first, which, usable[near])
    expected_m = np.full(len(x), np.nan)
    expected_m[which] = metres
    places = snap(network, x, y, limit_m=limit_m)
    found = places.found
    np.testing.assert_array_equal(np.where(found, places.edge, network.edges), first)
    np.testing.assert_array_equal(places.snap_m, expected_m)
    vertex = places.segment[found] + places.edge[found]
    share = places.share(network)[found]
    at_x, at_y = (
        v[vertex] + share * (v[vertex + 1] - v[vertex])
        for v in (network.vertex_x, network.vertex_y)
    )
    by_geos = shapely.line_interpolate_point(
        network.lines[places.edge[found]],
        shapely.line_locate_point(network.lines[places.edge[found]], points[found]),
    )
    off = np.hypot(at_x - shapely.get_x(by_geos), at_y - shapely.get_y(by_geos))
    assert off.max() < 1e-6


def test_a_point_where_segments_meet_is_at_the_start_of_the_second(network: Network) -> None:
    """At a bend what one waits for there still lies ahead, in whichever edge it is."""
    inside = np.delete(np.arange(1, len(network.length_mm)), network.first_segment[1:-1] - 1)
    inside = inside[network.snappable[network.segment_edge[inside]]]
    vertex = inside + network.segment_edge[inside]
    places = snap(network, network.vertex_x[vertex], network.vertex_y[vertex])
    here = places.segment == inside
    assert here.mean() > 0.9
    assert (places.offset_mm[here] == 0).all()
    assert (places.snap_m == 0).all()


def test_a_point_without_a_place_is_tied_to_nothing(network: Network) -> None:
    """Not a number, or far beyond the roads: no edge and no distance, whatever stands beside it."""
    x, y = np.array([np.nan, np.inf, 1e9, network.node_x[0]]), np.full(4, network.node_y[0])
    places = snap(network, x, y)
    assert places.found.tolist()[:3] == [False] * 3
    assert np.isnan(places.snap_m[:3]).all()
    assert np.isinf(distance_to_islands(network, x, y)[:3]).all()
