"""The bicycle network: reading extracts, the rules, the graph, and places on it."""

from stemgeo.network.graph import EdgeTimes, Network
from stemgeo.network.snap import Places, snap

__all__ = ["EdgeTimes", "Network", "Places", "snap"]
