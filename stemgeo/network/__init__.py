"""The network of roads: reading extracts, the rules, the graph, and places on it."""

from stemgeo.network.graph import EdgeTimes, Network
from stemgeo.network.snap import TiedPoints, snap_points

__all__ = ["EdgeTimes", "Network", "TiedPoints", "snap_points"]
