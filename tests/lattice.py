"""A made town with all that roads have, and children at doors: small, and wider than a ride.

Streets on a lattice of 150 m, some left out, some one-way, loud, poor, on foot, with steps or with
a pavement; signals and gates; a river from south to north with one bridge and a
fast ferry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import hand
import numpy as np
import shapely

from stemgeo.network.graph import Network
from stemgeo.network.osm import read_roads

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stemgeo.inputs import Inputs
    from stemgeo.study import Mode

SIDE, SPACING_KM = 40, 0.15
WIDE_KM = (SIDE - 1) * SPACING_KM
RIVER, BRIDGE, FERRY, FERRY_TO = 20, 31, 8, 28
"""The column after which it flows, the rows that cross it, and how far the ferry sails."""

STRAIGHT = 13
"""A row without a bend or a gap, at which every tenth door stands: as far as one can ride."""

STREETS: tuple[tuple[float, dict[str, str]], ...] = (
    (0.50, {"highway": "residential"}),
    (0.10, {"highway": "residential", "oneway": "yes"}),
    (0.06, {"highway": "residential", "surface": "sett", "sidewalk": "both"}),
    (0.08, {"highway": "primary", "maxspeed": "70", "lanes": "4", "sidewalk": "both"}),
    (0.08, {"highway": "tertiary", "maxspeed": "50"}),
    (0.06, {"highway": "cycleway", "surface": "asphalt"}),
    (0.06, {"highway": "footway"}),
    (0.03, {"highway": "steps"}),
    (0.03, {"highway": "track", "surface": "gravel"}),
)
"""With the share of each."""

NODES: tuple[tuple[float, dict[str, str]], ...] = (
    (0.90, {}),
    (0.05, {"highway": "traffic_signals"}),
    (0.05, {"barrier": "gate", "bicycle": "yes", "foot": "yes"}),
)
TOWNS = {
    "11001": ("Antwerpen", hand.square(-1, -1, 4, WIDE_KM + 2)),
    "71002": ("Limburg", hand.square(3, -1, WIDE_KM - 2, WIDE_KM + 2)),
}
AGES: Sequence[hand.Span] = [(None, None), (5, 8), (9, 12), (12, 17), (6, 6)]
DATES = [(None, None), ("2022-01-01", None), ("2022-12-31", "2023-06-30"), (None, "2022-12-30")]
"""Of recognitions: on the last day of 2022 the last is over."""


def write_roads(path: Path, seed: int = 1) -> None:
    """Write the roads as OSM XML."""
    random = np.random.default_rng(seed)
    at = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)  # by row and column
    off = random.normal(0, 0.02, (SIDE * SIDE, 2))
    off[at[STRAIGHT], 1] = 0
    nodes = {
        int(one) + 1: (
            float(column * SPACING_KM + off[one, 0]),
            float(row * SPACING_KM + off[one, 1]),
        )
        for (row, column), one in np.ndenumerate(at)
    }
    pairs = [*zip(at[:, :-1].flat, at[:, 1:].flat, strict=True)]
    pairs += zip(at[:-1].flat, at[1:].flat, strict=True)
    kinds = random.choice(len(STREETS), len(pairs), p=[share for share, _ in STREETS])
    ways: list[tuple[Sequence[int], dict[str, str]]] = []
    for (one, other), kind in zip(pairs, kinds, strict=True):
        row, column = divmod(int(one), SIDE)
        ends = [int(one) + 1, int(other) + 1]
        if column == RIVER and other == one + 1:
            ways += [(ends, STREETS[0][1])] if row == BRIDGE else []
        elif row == STRAIGHT and other == one + 1:
            ways.append((ends, STREETS[0][1]))
        elif random.random() < 0.9:
            ways.append((ends[:: random.choice([1, -1])], STREETS[kind][1]))
    sails = [FERRY * SIDE + column + 1 for column in (RIVER, FERRY_TO)]
    ways.append((sails, {"route": "ferry", "duration": "00:02"}))
    water = (RIVER + 0.5) * SPACING_KM
    nodes |= {9000 + end: (water, end * WIDE_KM / 3) for end in range(4)}
    ways.append(([9000, 9001, 9002, 9003], {"waterway": "river"}))
    waits = random.choice(len(NODES), SIDE * SIDE, p=[share for share, _ in NODES])
    said = {int(one) + 1: NODES[kind][1] for one, kind in enumerate(waits)}
    path.write_text(hand.osm_xml(nodes, ways, said), encoding="utf-8")


def network(folder: Path, mode: Mode = "bicycle", seed: int = 1) -> Network:
    """Give the network of the roads, written to a folder."""
    path = folder / f"stad-{seed}.osm"
    if not path.exists():
        write_roads(path, seed)
    return Network.whole_from_roads(read_roads([path], mode=mode))


def spots(random: np.random.Generator, count: int, grown_km: float = 0.3) -> list[shapely.Point]:
    """Draw places in the town, and some beyond its last streets."""
    at = random.uniform(-grown_km, WIDE_KM + grown_km, (count, 2))
    return [hand.spot(*one) for one in at.round(6)]


def academies(random: np.random.Generator, ids: Sequence[str]) -> gpd.GeoDataFrame:
    """Draw academies for ids, of some ages and dates, in the form of the register."""
    ages, dates = (random.integers(len(of), size=len(ids)) for of in (AGES, DATES))
    return hand.academies(
        dict(zip(ids, spots(random, len(ids)), strict=True)),
        ages={one: AGES[span] for one, span in zip(ids, ages, strict=True)},
        valid={one: DATES[span] for one, span in zip(ids, dates, strict=True)},
    )


def inputs(points: int, registered: int, seed: int = 2) -> Inputs:
    """Make what a study of the town reads: two municipalities, children at doors, academies."""
    random = np.random.default_rng(seed)
    kinds = [(code, age, sex) for code in TOWNS for age in range(5, 18) for sex in "FM"]
    each = -(-points // len(kinds))
    at = spots(random, points, 0.1)
    at[::10] = [hand.spot(one, STRAIGHT * SPACING_KM) for one in np.linspace(0, 3, len(at[::10]))]
    doors = gpd.GeoDataFrame({"weight": np.ones(points)}, geometry=at, crs=hand.CRS)
    return hand.inputs(
        hand.municipalities(TOWNS),
        hand.children((*kind, each) for kind in kinds),
        academies=academies(random, [f"S{number:02}" for number in range(registered)]),
        addresses=doors,
    )
