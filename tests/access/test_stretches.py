"""Facts about the roads that the quickest rides use, held against networkx, ride by ride."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import hand
import networkx as nx
import numpy as np
import pytest
from network.maps import on

from stemgeo.access.stretches import add_up_rides
from stemgeo.access.travel_time import Rider
from stemgeo.network.snap import snap_points

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from stemgeo.network.graph import Network
    from stemgeo.network.snap import TiedPoints

STREET = {"highway": "residential", "surface": "asphalt"}


def lattice(folder: Path) -> Network:
    """Draw streets of uneven length, some of them one-way."""
    random = np.random.default_rng(4)
    nodes = {
        1 + 10 * i + j: (
            0.2 * i + float(random.uniform(0, 0.1)),
            0.2 * j + float(random.uniform(0, 0.1)),
        )
        for i in range(6)
        for j in range(6)
    }
    ways: list[tuple[Sequence[int], Mapping[str, str]]] = []
    for k in range(6):
        oneway = {"oneway": "yes"} if k in (2, 4) else {}
        ways.append(([1 + 10 * k + j for j in range(6)], STREET | oneway))
        ways.append(([1 + 10 * i + k for i in range(6)], STREET))
    return hand.network(folder, nodes, ways)


def share_along(network: Network, places: TiedPoints, one: int) -> tuple[int, float]:
    """Give the edge of a place and how far along it lies, 0 to 1."""
    edge = int(network.segment_edge[places.segment[one]])
    lengths = network.length_mm[network.first_segment[edge] : network.first_segment[edge + 1]]
    before = lengths[: places.segment[one] - network.first_segment[edge]].sum()
    return edge, float((before + places.offset_mm[one]) / lengths.sum())


def rides(
    network: Network, times: object, sites: TiedPoints, points: TiedPoints
) -> list[list[int]]:
    """Give the arcs of each point's quickest ride, 2 * edge + direction, by networkx."""
    graph = nx.MultiDiGraph()
    arcs = []
    for edge in range(network.edges):
        a, b = int(network.edge_start[edge]), int(network.edge_end[edge])
        both = ((a, b, network.open_forward, times.forward_ms, 0),)
        both += ((b, a, network.open_backward, times.backward_ms, 1),)
        for tail, head, is_open, ms, way in both:
            if is_open[edge]:
                graph.add_edge(tail, head, arc=2 * edge + way, ms=float(ms[edge]))
                arcs.append((edge, way, tail, head, float(ms[edge])))
    spots = {f"s{i}": share_along(network, sites, i) for i in range(len(sites.segment))}
    homes = {f"p{i}": share_along(network, points, i) for i in range(len(points.segment))}
    for edge, way, tail, head, ms in arcs:
        arc = 2 * edge + way
        done = {
            name: abs(way - share) for name, (on, share) in (spots | homes).items() if on == edge
        }
        for name, share in done.items():
            if name in homes:
                graph.add_edge(name, head, arc=arc, ms=ms * (1 - share))
                for spot in spots:
                    if spot in done and done[spot] > share:
                        graph.add_edge(name, spot, arc=arc, ms=ms * (done[spot] - share))
            else:
                graph.add_edge(tail, name, arc=arc, ms=ms * share)
    for name in spots:
        graph.add_edge(name, "goal", arc=-1, ms=0.0)
    found = []
    for home in homes:
        path = nx.shortest_path(graph, home, "goal", weight="ms")
        steps = [
            min(graph[a][b].values(), key=lambda one: one["ms"])["arc"]
            for a, b in pairwise(path[:-1])
        ]
        found.append(steps)
    return found


@pytest.mark.parametrize("seed", range(4))
def test_children_are_added_up_over_every_arc_of_their_ride(tmp_path: Path, seed: int) -> None:
    """Of two groups, on the first and the last piece of road and all between."""
    network = lattice(tmp_path)
    times = network.travel_times(12.0)
    random = np.random.default_rng(seed)

    def places(count: int) -> TiedPoints:
        x = hand.X0 + random.uniform(50, 1050, count)
        near = snap_points(network, x, hand.Y0 + random.uniform(50, 1050, count)).keep_nearest()
        # One tie and no walk: it is as long whichever way one rides.
        return on(near.segment, near.offset_mm)

    sites, points = places(3), places(40)
    children = random.integers(1, 9, 40)
    group = random.integers(0, 2, 40)
    found = add_up_rides(
        Rider(network, times, 3_600_000),
        sites,
        points,
        np.arange(3),
        group=group,
        children=children,
        counted=np.ones(2 * network.edges, dtype=np.bool_),
    )
    expected: dict[tuple[int, int], int] = {}
    for one, arcs in enumerate(rides(network, times, sites, points)):
        for arc in arcs:
            key = (int(group[one]), arc)
            expected[key] = expected.get(key, 0) + int(children[one])
    rows = zip(found.group.tolist(), found.arc.tolist(), strict=True)
    assert dict(zip(rows, found.children.tolist(), strict=True)) == expected


def test_only_the_arcs_of_interest_are_counted(tmp_path: Path) -> None:
    """One road of three: the others are not in the answer."""
    network = hand.network(
        tmp_path,
        {1: (0, 0), 2: (0.5, 0), 3: (0.5, 0.5), 4: (1, 0), 5: (0.5, -0.5)},
        [([1, 2, 4], STREET), ([3, 2, 5], STREET)],
    )
    rider = Rider(network, network.travel_times(12.0), 3_600_000)
    sites = snap_points(network, np.array([hand.X0 + 950]), np.array([hand.Y0]))
    points = snap_points(
        network, np.array([hand.X0 + 50.0, hand.X0 + 500]), hand.Y0 + np.array([0, 450])
    )
    edge = int(network.segment_edge[sites.segment[0]])
    counted = np.isin(np.arange(2 * network.edges) // 2, [edge])
    found = add_up_rides(
        rider,
        sites,
        points,
        np.arange(1),
        group=np.array([7, 7]),
        children=np.array([20, 3]),
        counted=counted,
    )
    assert (found.group.tolist(), found.children.tolist()) == ([7], [23])
    assert found.arc[0] // 2 == edge
