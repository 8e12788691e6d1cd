"""Busy roads without signals: what crossing one costs a quiet ride, arm by arm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from network.maps import RoadMap, on

from stemgeo.access.search import UNREACHED, unpack_labels
from stemgeo.access.travel_time import Rider
from stemgeo.network import Network

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.network import TiedPoints

AT = {"s": (0, -500), "n": (0, 0), "t": (0, 500), "w": (-500, 0), "e": (500, 0)}
AT |= {"l": (0, -25), "x": (350, 350), "y": (-350, -350)}
STREET, BUSY, CALM = "highway=residential maxspeed=30", "highway=primary maxspeed=90", "maxspeed=30"
ACROSS_S, ACROSS_MS = 18.0, 18_000


def paid_ms(folder: Path, ways: list[tuple[str, str]], path: str, **stops: str) -> int | None:
    """What a ride from the first of a path to its last pays, beside the riding itself."""
    drawn = RoadMap(AT, ways, {name: text.replace(":", "=") for name, text in stops.items()})
    network = Network.from_osm(drawn.write(folder))
    child, academy = path.split(maxsplit=1)[0], path.rsplit(maxsplit=1)[-1]
    ends = {
        name: np.flatnonzero(
            np.hypot(network.node_x - drawn.at(name)[0], network.node_y - drawn.at(name)[1]) < 1
        )[0]
        for name in (child, academy)
    }

    def ride_ms(seconds: float) -> int | None:
        rider = Rider(network, network.travel_times(15, busy_crossing_s=seconds), 3_600_000)
        site, point = (_at_node(network, int(ends[name])) for name in (academy, child))
        (label,) = rider.find_nearest(site, point, np.arange(1))
        return None if label == UNREACHED else int(unpack_labels(label)[0])

    free, paid = ride_ms(0), ride_ms(ACROSS_S)
    assert free == drawn.ms(path)
    assert ride_ms(np.inf) == (free if paid == free else None)
    return None if paid is None or free is None else paid - free


def _at_node(network: Network, node: int) -> TiedPoints:
    """Tie a place to a node, by an edge that begins or ends there."""
    begins = np.flatnonzero(network.edge_start == node)
    if len(begins):
        return on([network.first_segment[begins[0]]], [0])
    edge = np.flatnonzero(network.edge_end == node)[0]
    last = network.first_segment[edge + 1] - 1
    return on([last], [network.length_mm[last]])


@pytest.mark.parametrize(
    ("ways", "path", "share"),
    [
        # Straight over a road that goes on, drawn as one way or two; the street as one or two.
        ([("s n t", STREET), ("w n e", BUSY)], "s n t", 1),
        ([("s n", STREET), ("n t", STREET), ("w n", BUSY), ("n e", BUSY)], "s n t", 1),
        # Along it nothing; from a street into it half.
        ([("s n t", STREET), ("w n e", BUSY)], "w n e", 0),
        ([("s n", STREET), ("w n e", BUSY)], "s n e", 0.5),
        ([("s n", STREET), ("w n e", BUSY)], "w n e", 0),
        # One that nobody rides is crossed too.
        ([("s n t", STREET), ("w n e", f"{BUSY} motorroad=yes")], "s n t", 1),
        ([("s n t", STREET), ("w n e", "highway=trunk maxspeed=90")], "s n t", 1),
        # Two of them: each is crossed along the other.
        ([("s n t", BUSY), ("w n e", BUSY)], "s n t", 1),
        ([("s n t", f"{BUSY} cycleway=track"), ("w n e", BUSY)], "s n t", 1),
        # Where it ends, or becomes calm, nobody goes past.
        ([("s n t", STREET), ("w n", BUSY)], "s n t", 0),
        ([("s n t", STREET), ("w n", BUSY), ("n e", STREET)], "s n t", 0),
        ([("w n", BUSY), ("n e", STREET)], "w n e", 0),
        # A calm one costs nothing.
        ([("s n t", STREET), ("w n e", "highway=primary maxspeed=50")], "s n t", 0),
        ([("s n t", STREET), ("w n e", "highway=primary maxspeed=50 lanes=4")], "s n t", 1),
    ],
)
def test_what_passing_a_junction_costs(
    tmp_path: Path, ways: list[tuple[str, str]], path: str, share: float
) -> None:
    """Half for each arm by which one passes two other arms of busy roads."""
    assert paid_ms(tmp_path, ways, path) == share * ACROSS_MS


@pytest.mark.parametrize(("name", "share"), [("n", 0), ("l", 0), ("s", 1)])
def test_signals_near_by_stop_the_traffic(tmp_path: Path, name: str, share: float) -> None:
    """On the junction or within 30 m of it, as at the line before it; not at 500 m."""
    ways = [("s l n t", STREET), ("w n e", BUSY)]
    stops = {name: "highway:traffic_signals"}
    assert paid_ms(tmp_path, ways, "s l n t", **stops) == share * ACROSS_MS
