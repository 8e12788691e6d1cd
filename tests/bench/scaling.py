"""How time grows: with nodes, with academies, with demand points; measured and drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from bench import synthetic
from bench.ratios import HORIZON_MS, REACH_MS, our_reach, rider_of, some_nodes
from bench.timing import best, once
from matplotlib import pyplot as plt

from stemgeo.access.search import label_nearest, pack_labels
from stemgeo.access.travel_time import Rider, minutes_to_ms
from stemgeo.network.snap import snap_points

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

    from stemgeo.network.graph import Network

NODES = (50_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000)
ACADEMIES = (10, 30, 100, 300, 1000, 5000)
POINTS = (10_000, 30_000, 100_000, 300_000, 1_000_000)
MINUTES = (3, 5, 8, 12, 18, 27)
FIXED = 1000
PER_ACADEMY = 5000
"""Nodes for each academy: as Flanders has, whatever the size of the network."""

INK, FAINT = "#333333", "#888888"
COLOURS = ("#00558c", "#d1660c")


@dataclass(frozen=True)
class Curve:
    """Seconds at growing sizes."""

    panel: str
    name: str
    sizes: tuple[int, ...]
    seconds: tuple[float, ...]

    @property
    def exponent(self) -> float:
        """Slope of the line through the logarithms, by least squares."""
        return float(np.polyfit(np.log(self.sizes), np.log(self.seconds), 1)[0])

    @property
    def last_step(self) -> float:
        """The same through the two largest sizes, where what is done once weighs least."""
        return Curve(self.panel, self.name, self.sizes[-2:], self.seconds[-2:]).exponent


def measured(largest: Network) -> list[Curve]:
    """Time all curves; the largest network is given."""
    return [
        *_over_searched(largest),
        *_over_nodes(largest),
        *_over_academies(largest),
        *_over_points(largest),
    ]


def _over_searched(network: Network) -> list[Curve]:
    """Search farther and farther: the nodes found grow, the network does not."""
    sizes, seconds = [], []
    for minutes in MINUTES:
        horizon = minutes_to_ms(minutes)
        rider, sources = rider_of(network, horizon), some_nodes(network, FIXED)
        took, (_, nodes, _) = best(
            lambda rider=rider, sources=sources, horizon=horizon: our_reach(rider, sources, horizon)
        )
        sizes.append(len(nodes))
        seconds.append(took)
    return [Curve("searched nodes", f"reach of {FIXED} academies", tuple(sizes), tuple(seconds))]


def _over_nodes(largest: Network) -> list[Curve]:
    reach_s, nearest_s = [], []
    for size in NODES:
        network = largest if size == NODES[-1] else synthetic.network(size).restrict_to()
        reach_s.append(_reach_s(network, FIXED))
        nearest_s.append(_nearest_s(network, size // PER_ACADEMY))
    return [
        Curve("nodes", f"reach of {FIXED} academies, 15 min", NODES, tuple(reach_s)),
        Curve("nodes", "nearest academy of every node", NODES, tuple(nearest_s)),
    ]


def _over_academies(network: Network) -> list[Curve]:
    reach_s = tuple(_reach_s(network, count) for count in ACADEMIES)
    nearest_s = tuple(_nearest_s(network, count) for count in ACADEMIES)
    return [
        Curve("academies", "reach of each, 15 min", ACADEMIES, reach_s),
        Curve("academies", "nearest academy of every node", ACADEMIES, nearest_s),
    ]


def _over_points(network: Network) -> list[Curve]:
    rider = Rider(network, network.travel_times(15.0), HORIZON_MS)
    sites = synthetic.doors(network, synthetic.FLANDERS_ACADEMIES, 8)
    tied = snap_points(network, shapely.get_x(sites), shapely.get_y(sites))
    rank = np.arange(len(sites))
    snap_s, nearest_s = [], []
    for count in POINTS:
        doors = synthetic.doors(network, count, 9)
        x, y = shapely.get_x(doors), shapely.get_y(doors)
        seconds, places = best(lambda x=x, y=y: snap_points(network, x, y), 2)
        snap_s.append(seconds)
        nearest_s.append(best(lambda places=places: rider.find_nearest(tied, places, rank), 2)[0])
    return [
        Curve("demand points", "tying points to roads", POINTS, tuple(snap_s)),
        Curve("demand points", "their nearest academy", POINTS, tuple(nearest_s)),
    ]


def _reach_s(network: Network, count: int) -> float:
    rider, sources = rider_of(network), some_nodes(network, count)
    network.arcs  # noqa: B018 -- is made once, before the clock starts
    timed = once if count > 1000 else best
    return timed(lambda: our_reach(rider, sources, REACH_MS))[0]


def _nearest_s(network: Network, count: int) -> float:
    rider, sources = rider_of(network), some_nodes(network, count)
    label = pack_labels(np.zeros(count, dtype=np.int64), np.arange(count))
    arcs = rider.arcs
    return best(lambda: label_nearest(arcs, sources, label, HORIZON_MS))[0]


def draw(curves: list[Curve], path: Path) -> None:
    """Draw a panel for each thing that grows, with the exponent beside each curve."""
    panels = list(dict.fromkeys(curve.panel for curve in curves))
    with plt.rc_context({"svg.hashsalt": "stemgeo", "font.size": 9, "svg.fonttype": "none"}):
        figure, axes = plt.subplots(1, len(panels), figsize=(14, 3.8), layout="constrained")
        for axis, panel in zip(axes, panels, strict=True):
            _panel(axis, panel, [curve for curve in curves if curve.panel == panel])
        axes[0].set_ylabel("seconds", color=INK)
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)


def _panel(axis: Axes, panel: str, curves: list[Curve]) -> None:
    for curve, colour in zip(curves, COLOURS, strict=False):
        label = f"{curve.name}: n^{curve.exponent:.2f}"
        axis.plot(curve.sizes, curve.seconds, "o-", color=colour, markersize=4, label=label)
    axis.set_xscale("log")
    axis.set_yscale("log")
    low, high = axis.get_ylim()
    axis.set_ylim(low, high * 6)  # room for the legend
    axis.set_xlabel(panel, color=INK)
    axis.legend(loc="upper left", frameon=False)
    axis.grid(visible=True, which="major", color=FAINT, linewidth=0.4, alpha=0.5)
    axis.spines[["top", "right"]].set_visible(False)
