"""A made land of any size, up to that of Flanders: streets, municipalities, children, academies.

Streets lie on a lattice of 80 m with a third of them left out; each lattice point where there
would be nothing to choose has a dead end, each street has a bend, and one in thirty is one-way.
So nothing is lost to contraction: a node has 2.5 directed edges, as the contracted network of
real extracts has, in the order in which `Network` keeps any. All follows from the seed.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import hand
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from stemgeo.network.bicycle import NOT_AT_ALL, RIDE, Ride
from stemgeo.network.graph import Network
from stemgeo.network.osm import RoadSegments
from stemgeo.study import PROVINCES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stemgeo.inputs import Inputs
    from stemgeo.study import Study

    Floats = NDArray[np.float64]
    Longs = NDArray[np.int64]

SPACING_M = 80.0
KEPT = 0.66
"""Share of the lattice's streets that are there."""

NODES_PER_LATTICE_POINT = 1.29
"""With KEPT: 0.987 that have a street, and a dead end for each 0.302."""

MAIN_ROAD_EVERY = 8
CORNER_M = (100_000.0, 150_000.0)
"""South-west corner, Lambert 72: the land lies in Belgium."""

RIDES = (NOT_AT_ALL, Ride(RIDE), Ride(RIDE, 0.9), Ride(RIDE, 10 / 18))
DAY = dt.date(2022, 12, 31)
FLANDERS_NODES = 2_000_000
FLANDERS_ACADEMIES = 400
FLANDERS_POINTS = 1_000_000
TOWNS = (20, 15)
"""300 municipalities."""

SECTORS = (6, 5)
"""Zones in each municipality: 9,000 in all, as Flanders has statistical sectors."""


@dataclass(frozen=True)
class _Streets:
    """The lattice: where each vertex lies, and from which to which vertex each street runs."""

    x: Floats
    y: Floats
    start: Longs
    end: Longs
    main: NDArray[np.bool_]

    @property
    def ends_of_main(self) -> Longs:
        """The vertices that a main road passes."""
        return np.concatenate([self.start[self.main], self.end[self.main]])


def network(nodes: int, seed: int = 1) -> Network:
    """Make a network of about so many nodes, as `Network.whole` makes one of an extract."""
    return Network.whole_from_roads(roads(nodes, seed))


def roads(nodes: int, seed: int = 1) -> RoadSegments:
    """Make road segments as `read_roads` gives them; each street but a dead end has a bend."""
    random = np.random.default_rng(seed)
    side = round((nodes / NODES_PER_LATTICE_POINT) ** 0.5)
    streets = _streets(side, random)
    count, vertices = len(streets.start), len(streets.x)
    bend_x = streets.x[streets.start] / 2 + streets.x[streets.end] / 2 + random.normal(0, 8, count)
    bend_y = streets.y[streets.start] / 2 + streets.y[streets.end] / 2 + random.normal(0, 8, count)
    bend = np.arange(vertices, vertices + count)
    x, y = np.append(streets.x, bend_x), np.append(streets.y, bend_y)
    start = np.stack([streets.start, bend], axis=1).ravel()
    end = np.stack([bend, streets.end], axis=1).ravel()
    ride = random.choice(3, count, p=[0.8, 0.1, 0.1]).astype(np.uint16) + np.uint16(1)
    one_way = random.random(count) < 1 / 30
    stress = np.where(streets.main, 3, 1).astype(np.uint8)
    to_degrees = Transformer.from_crs(hand.CRS, "EPSG:4326", always_xy=True)
    lon, lat = to_degrees.transform(x, y)
    return RoadSegments(
        lon=lon,
        lat=lat,
        osm_id=np.arange(1, len(x) + 1),
        start=start.astype(np.int32),
        end=end.astype(np.int32),
        length_mm=np.rint(np.hypot(x[start] - x[end], y[start] - y[end]) * 1000).astype(np.int32),
        forward=np.repeat(ride, 2),
        backward=np.repeat(np.where(one_way, np.uint16(0), ride), 2),
        stress_forward=np.repeat(stress, 2),
        stress_backward=np.repeat(stress, 2),
        pavement=np.zeros(2 * count, dtype=np.uint16),
        way=np.repeat(np.arange(1, count + 1), 2),
        boarding=np.zeros(2 * count, dtype=np.uint8),
        on_ground=np.ones(2 * count, dtype=np.bool_),
        main=np.repeat(streets.main, 2),
        by_main=np.isin(np.arange(len(x)), streets.ends_of_main),
        busy=np.zeros(2 * count, dtype=np.bool_),
        busy_arms=np.zeros(len(x), dtype=np.uint8),
        barriers=np.empty((0, 4)),
        barrier_kind=np.empty(0, dtype=np.uint8),
        wait=np.zeros(len(x), dtype=np.uint8),
        rides=RIDES,
        counts={"ways": count, "ferries": 0},
    )


def _streets(side: int, random: np.random.Generator) -> _Streets:
    """Draw the lattice, with a dead end wherever just two streets meet."""
    at = np.arange(side * side).reshape(side, side)
    start = np.concatenate([at[:, :-1].ravel(), at[:-1].ravel()])
    end = np.concatenate([at[:, 1:].ravel(), at[1:].ravel()])
    row, column = np.divmod(np.arange(side * side), side)
    along = np.concatenate(
        [np.repeat(True, side * (side - 1)), np.repeat(False, side * (side - 1))]
    )
    main = np.where(along, row[start], column[start]) % MAIN_ROAD_EVERY == 0
    kept = random.random(len(start)) < KEPT
    start, end, main = start[kept], end[kept], main[kept]
    x = CORNER_M[0] + SPACING_M * column + random.normal(0, 12, side * side)
    y = CORNER_M[1] + SPACING_M * row + random.normal(0, 12, side * side)
    degree = np.bincount(np.concatenate([start, end]), minlength=side * side)
    plain = np.flatnonzero(degree == 2)
    angle = random.random(len(plain)) * 2 * np.pi
    return _Streets(
        x=np.append(x, x[plain] + 30 * np.cos(angle)),
        y=np.append(y, y[plain] + 30 * np.sin(angle)),
        start=np.append(start, plain),
        end=np.append(end, side * side + np.arange(len(plain))),
        main=np.append(main, np.zeros(len(plain), dtype=np.bool_)),
    )


def doors(made: Network, count: int, seed: int) -> NDArray[np.object_]:
    """Scatter points beside the residential streets, up to 40 m off."""
    random = np.random.default_rng(seed)
    segment = random.choice(np.flatnonzero(made.stress_forward == 1), count)
    vertex = segment + made.segment_edge[segment]
    share = random.random(count)
    x, y = (
        values[vertex] + share * (values[vertex + 1] - values[vertex])
        for values in (made.vertex_x, made.vertex_y)
    )
    off = random.uniform(-28, 28, (2, count))
    return np.asarray(shapely.points(x + off[0], y + off[1]))


def inputs(made: Network, academies: int, points: int, seed: int = 2) -> Inputs:
    """Make what a study of this land reads: borders, children, academies and addresses.

    There are as many addresses as points and a fifth more children, so that nearly each has one.
    """
    towns, zones = _borders(made)
    codes = towns["nis_code"].tolist()
    kinds = [(code, age, sex) for code in codes for age in range(5, 18) for sex in ("F", "M")]
    each = -(-points * 6 // 5 // len(kinds))
    addresses = gpd.GeoDataFrame(
        {"weight": np.ones(points)}, geometry=doors(made, points, seed), crs=hand.CRS
    )
    sites = doors(made, academies, seed + 1)
    register = hand.academies({f"S{number:04}": site for number, site in enumerate(sites)})
    home = gpd.GeoDataFrame(geometry=register.geometry).sjoin(towns, how="left")["nis_code"]
    return hand.inputs(
        towns,
        hand.children((*kind, each) for kind in kinds),
        zones,
        academies=register.assign(nis_code=home[~home.index.duplicated()].to_numpy()),
        addresses=addresses,
    )


def study(**travel: object) -> Study:
    """Three age bands, speeds and profiles: what a study has when it says nothing else."""
    return hand.study(
        "wegen.osm.pbf",
        addresses="adressen.csv",
        demand={"method": "buildings"},
        travel=travel,
    )


def _borders(made: Network) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Divide the ground into municipalities, and each of these into zones, all of them squares."""
    grown = 100.0
    west, south = made.vertex_x.min() - grown, made.vertex_y.min() - grown
    width = (made.vertex_x.max() + grown - west) / TOWNS[0]
    height = (made.vertex_y.max() + grown - south) / TOWNS[1]
    town = np.arange(TOWNS[0] * TOWNS[1])
    row, column = np.divmod(town, TOWNS[0])
    nis_code = pd.Series([f"{10_001 + number}" for number in town], dtype=str)
    towns = gpd.GeoDataFrame(
        {
            "nis_code": nis_code,
            "name": "Gemeente " + nis_code,
            "province": pd.Series([PROVINCES[one] for one in column * 5 // TOWNS[0]], dtype=str),
        },
        geometry=_squares(west, south, width, height, column, row),
        crs=hand.CRS,
    )
    of, part = np.divmod(np.arange(len(town) * SECTORS[0] * SECTORS[1]), SECTORS[0] * SECTORS[1])
    below, beside = np.divmod(part, SECTORS[0])
    squares = _squares(
        west,
        south,
        width / SECTORS[0],
        height / SECTORS[1],
        column[of] * SECTORS[0] + beside,
        row[of] * SECTORS[1] + below,
    )
    home = nis_code.iloc[of].reset_index(drop=True)
    zone_id = home + pd.Series([f"Z{one:02}" for one in part], dtype=str)
    table = {"zone_id": zone_id, "nis_code": home, "name": "Wijk " + zone_id}
    return towns, gpd.GeoDataFrame(table, geometry=squares, crs=hand.CRS)


def _squares(
    west: float, south: float, width: float, height: float, column: Longs, row: Longs
) -> NDArray[np.object_]:
    left, low = west + column * width, south + row * height
    return np.asarray(shapely.box(left, low, left + width, low + height))
