"""Edits of roads drawn by chance: of every kind but closings, of which many meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from stemgeo.network import bicycle
from stemgeo.network.edit_places import draw_edit
from stemgeo.network.edits import Joint, RoadEdit

if TYPE_CHECKING:
    from stemgeo.network import Network


def draw_edits(network: Network, seed: int, count: int = 12) -> list[RoadEdit]:
    """Draw edits of every kind but closings, of which many meet."""
    random = np.random.default_rng(seed)
    modes = np.array([ride.mode for ride in network.rides])
    wheels = np.isin(modes, (bicycle.RIDE, bicycle.PUSH))
    roads = np.flatnonzero(wheels[network.forward] & (network.length_mm > 0))
    nodes = np.stack([network.edge_start, network.edge_end], axis=1)[network.busy_ends]
    edits = []
    for number in range(count):
        change = ("quiet", "open", "add", "add", "crossing")[number % 5]
        if change == "add":
            joints = [_draw_joint(network, roads, random) for _ in range(2)]
            if number % 2:  # several are joined to the same piece of road
                joints[0] = Joint(edits[2].joints[0].segment, joints[0].offset_mm // 2)
            joints = [Joint(at, min(mm, int(network.length_mm[at]))) for at, mm in joints]
            line = np.array([place_of(network, joint) for joint in joints])
            middle = line.mean(axis=0) + random.normal(0, 30, 2)
            line = np.vstack([line[0], middle, line[1]])
            edits.append(
                RoadEdit(
                    str(number), "add", line=line, joints=tuple(joints), oneway=number % 3 == 0
                )
            )
        elif change == "crossing":
            edits.append(RoadEdit(str(number), "crossing", node=int(random.choice(nodes))))
        else:
            # None that is made quiet by one is opened by another: then both are as both make it.
            some = random.choice(roads[roads % 4 // 2 == (change == "open")], 5)
            if change == "quiet" and number:
                some = np.append(some, edits[2].joints[0].segment)
            here = np.unique(np.concatenate([some, some ^ 1]))
            here = here[here < len(network.length_mm)]
            edits.append(RoadEdit(str(number), change, segments=here))
    return edits


def _draw_joint(network: Network, roads: np.ndarray, random: np.random.Generator) -> Joint:
    segment = int(random.choice(roads))
    share = random.choice([0.0, 1.0, random.random()])
    return Joint(segment, round(share * int(network.length_mm[segment])))


def place_of(network: Network, joint: Joint) -> np.ndarray:
    """Give x and y of a joint."""
    x, y, x2, y2 = (float(one[joint.segment]) for one in network.pieces)
    share = joint.offset_mm / int(network.length_mm[joint.segment])
    return np.array([x + share * (x2 - x), y + share * (y2 - y)])


def draw_table(network: Network, seed: int) -> gpd.GeoDataFrame:
    """Draw some edits, as their file is read; `network` is without ferries."""
    random = np.random.default_rng(seed)
    edits = draw_edits(network, seed)
    chosen = [one for one in edits if random.random() < 0.5] or edits[:1]
    columns = {name: [getattr(one, name) for one in chosen] for name in ("edit_id", "change")}
    columns |= {"name": columns["edit_id"], "oneway": [one.oneway for one in chosen]}
    table = gpd.GeoDataFrame(
        columns | {"level": pd.array([one.level for one in chosen], dtype="Int64")},
        geometry=[draw_edit(network, one) for one in chosen],
        crs=network.crs,
    )
    table["edit_id"] = [f"{number}" for number in range(len(table))]
    return table.assign(osm_way=pd.array([pd.NA] * len(table), dtype="Int64"), cost_eur=np.nan)
