"""Roads from the graphs of OSMnx."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np

from stemgeo.errors import InputError, Problem
from stemgeo.network import bicycle
from stemgeo.network.osm import RULES, TAGS_READ, RoadSegments
from stemgeo.network.stress import rate_stress

if TYPE_CHECKING:
    from types import ModuleType

    from numpy.typing import NDArray

    from stemgeo.study import Mode

GRAPH = "OSMnx graph"


def roads_from_osmnx(graph: nx.MultiDiGraph[Any], mode: Mode = "bicycle") -> RoadSegments:
    """Turn an OSMnx graph in degrees into road segments; see `Network.from_osmnx`.

    Parameters
    ----------
    graph, mode
        As for `Network.from_osmnx`.
    """
    rules = RULES[mode]
    if str(graph.graph.get("crs", "")).lower() not in ("epsg:4326", "wgs84"):
        raise InputError(
            Problem(GRAPH, f"has crs {graph.graph.get('crs')!r}", "give it in EPSG:4326")
        )
    streets, closed = _pair_streets(graph, rules)
    if not streets:
        raise InputError(Problem(GRAPH, f"has no edge {rules.WHO_GOES}"))
    roads = _cut_streets(graph, streets, rules)
    counts = {"ways": len(streets), rules.CLOSED_WAYS: closed}
    return dataclasses.replace(roads, counts=counts, on_foot=rules.ON_FOOT)


def _pair_streets(
    graph: nx.MultiDiGraph[Any], rules: ModuleType
) -> tuple[list[dict[str, Any]], int]:
    """Pair the two directions of each street; say how many edges are closed."""
    waiting: dict[Any, list[dict[str, Any]]] = {}
    streets, closed = [], 0
    for u, v, data in sorted(graph.edges(data=True), key=lambda e: (e[0], e[1], e[2]["length"])):
        ride = rules.classify_way(_pick_tags(data))[0]
        if ride.mode == bicycle.CLOSED:
            closed += 1
            continue
        # Simplification adds up lengths and lists ids in the order of each direction.
        alike = (
            round(data["length"] * 1000),
            *sorted(np.atleast_1d(data.get("osmid", 0)).tolist()),
        )
        twins = waiting.get((v, u, *alike), [])
        if twins:
            twins.pop()["backward"] = ride
            continue
        street = {"u": u, "v": v, "data": data, "forward": ride, "backward": bicycle.NOT_AT_ALL}
        streets.append(street)
        waiting.setdefault((u, v, *alike), []).append(street)
    return streets, closed


def _pick_tags(data: dict[str, Any]) -> dict[str, str]:
    """Tags of an edge without those of direction, which the graph itself says.

    Where simplification joined ways with different values, OSMnx lists them in no fixed order;
    the first in the alphabet is taken, so that a graph always gives the same network.
    """
    tags = {}
    for key in TAGS_READ - {"oneway", "oneway:bicycle", "junction"}:
        value = data.get(key)
        value = min(map(str, value)) if isinstance(value, list) else value
        if isinstance(value, str):
            tags[key] = value
    return tags


def _cut_streets(
    graph: nx.MultiDiGraph[Any], streets: list[dict[str, Any]], rules: ModuleType
) -> RoadSegments:
    """Cut the streets at their bends; lengths are shared out so that each street keeps its own."""
    nodes = {node: i for i, node in enumerate(sorted(graph.nodes))}
    lon = [float(graph.nodes[node]["x"]) for node in nodes]
    lat = [float(graph.nodes[node]["y"]) for node in nodes]
    rides: dict[bicycle.Ride, int] = {bicycle.NOT_AT_ALL: 0}
    columns: dict[str, list[Any]] = {
        name: []
        for name in ("start", "end", "length_mm", "forward", "backward", "pavement", "way")
        + ("stress_forward", "stress_backward", "on_ground", "main")
    }
    for street in streets:
        data, u, v = street["data"], nodes[street["u"]], nodes[street["v"]]
        bends = list(data["geometry"].coords)[1:-1] if "geometry" in data else []
        chain = [u, *range(len(lon), len(lon) + len(bends)), v]
        lon.extend(bend[0] for bend in bends)
        lat.extend(bend[1] for bend in bends)
        osmid, tags = data.get("osmid", -1), _pick_tags(data)
        lts = (1, 1)
        if not rules.ON_FOOT:
            lts = rate_stress(tags, built_up=tags["highway"] in bicycle.RESIDENTIAL)
        columns["start"].extend(chain[:-1])
        columns["end"].extend(chain[1:])
        columns["length_mm"].extend(_share_length(data["length"], chain, lon, lat))
        once = {
            "forward": rides.setdefault(street["forward"], len(rides)),
            "backward": rides.setdefault(street["backward"], len(rides)),
            "stress_forward": lts[0],
            "stress_backward": lts[1],
            "pavement": rides.setdefault(rules.classify_pavement(tags), len(rides)),
            "on_ground": bicycle.is_on_ground(tags),
            "main": tags["highway"] in bicycle.MAIN_ROADS,
            "way": min(osmid) if isinstance(osmid, list) else osmid,
        }
        for name, value in once.items():
            columns[name].extend([value] * (len(chain) - 1))
    ids = [int(node) for node in nodes]
    arrays = {
        "start": np.int32,
        "end": np.int32,
        "length_mm": np.int32,
        "forward": np.uint16,
        "backward": np.uint16,
        "stress_forward": np.uint8,
        "stress_backward": np.uint8,
        "pavement": np.uint16,
        "on_ground": np.bool_,
        "main": np.bool_,
        "way": np.int64,
    }
    read: dict[str, Any] = {
        name: np.array(columns[name], dtype=kind) for name, kind in arrays.items()
    }
    return RoadSegments(
        lon=np.array(lon),
        lat=np.array(lat),
        osm_id=np.array(ids + [0] * (len(lon) - len(ids)), dtype=np.int64),
        boarding=_mark_lifts(columns["forward"], rides),
        wait=np.zeros(len(lon), dtype=np.uint8),
        # Such a graph holds nothing but roads, and of these only those that are joined.
        by_main=np.zeros(len(lon), dtype=np.bool_),
        busy=np.zeros(len(columns["start"]), dtype=np.bool_),
        busy_arms=np.zeros(len(lon), dtype=np.uint8),
        barriers=np.empty((0, 4)),
        barrier_kind=np.empty(0, dtype=np.uint8),
        rides=tuple(rides),
        counts={},
        **read,
    )


def _mark_lifts(forward: list[int], rides: dict[bicycle.Ride, int]) -> NDArray[np.uint8]:
    """Say on which segments one waits for a lift."""
    lift = np.array([ride.mode == bicycle.LIFT for ride in rides])[forward]
    return np.where(lift, np.uint8(bicycle.LIFTING), np.uint8(bicycle.NO_WAIT))


def _share_length(
    length_m: float, chain: list[int], lon: list[float], lat: list[float]
) -> list[int]:
    """Divide a street's length over its segments, in whole millimetres that add up to it."""
    x, y = np.array([lon[i] for i in chain]), np.array([lat[i] for i in chain])
    part = np.hypot(np.diff(x) * np.cos(np.radians(y[:-1])), np.diff(y))
    along = np.cumsum(part) / part.sum() if part.sum() else np.arange(1, len(chain)) / len(part)
    marks = np.rint(np.append(0, along) * length_m * 1000).astype(int)
    return [int(mm) for mm in np.diff(marks)]
