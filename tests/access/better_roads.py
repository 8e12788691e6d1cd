"""Roads of real places made better, one at a time, and whether any home is slower for it.

    .venv/bin/python -m access.better_roads 200

in the folder of the tests opens so many closed ways of each extract, each alone, and prints the
homes that were compared and those that were slower.
"""

from __future__ import annotations

import dataclasses
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from network.maps import read_pieces

from stemgeo.access.travel_time import Rider
from stemgeo.inputs import extracts
from stemgeo.network import Network, bicycle, osm, snap_points
from stemgeo.network.squares import join_ways, read_squares
from stemgeo.network.stress_rules import load_stress_rules

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Tags = dict[str, str]
    Times = NDArray[np.int64]

EXTRACTS = ("berlare.osm", "wechelderzande.osm.pbf", "porto.osm.pbf")
PROFILES = ("all", "low_stress", "quiet_1")
HOMES, ACADEMIES = 400, 4
FAR_MS = 3_600_000
RIDDEN = 9
CLOSED = (bicycle.NOT_AT_ALL, bicycle.NOT_AT_ALL)


class Measured(NamedTuple):
    """Labels of the homes, shape (profiles, homes), and how far the nearest road is."""

    labels: Times
    snap_m: NDArray[np.float64]


class Place:
    """An extract that is read once, and its roads with the tags of some ways changed."""

    def __init__(self, path: Path, seed: int = 14) -> None:
        self.random = np.random.default_rng(seed)
        only = osm.osmium.filter.KeyFilter("highway", "route")
        squares = read_squares([path], osm.TAGS_READ)
        read = extracts.read_ways([path], only, osm.TAGS_READ)
        self.read, self.rims = join_ways(read, squares.rims), len(squares.rims.ids)
        nodes = np.unique(self.read.refs)
        self.nodes = extracts.read_nodes([path], nodes, osm.NODE_TAGS_READ, None)
        self.barriers = read_pieces(path)
        # The rims of squares come last, under the number of the way that they run along.
        ids = self.read.ids[: len(self.read.ids) - self.rims].tolist()
        self.row_of = {way: row for row, way in enumerate(ids)}

    def tags_of(self, way: int) -> Tags:
        """Give the tags of a way."""
        return dict(self.read.tags[self.read.kind[self.row_of[way]]])

    def roads(self, changed: dict[int, Tags]) -> osm.RoadSegments:
        """Give the roads with other tags on some ways."""
        tags, kind = [*self.read.tags], self.read.kind.copy()
        for way, new in changed.items():
            kind[self.row_of[way]] = len(tags)
            tags.append(new)
        read = dataclasses.replace(self.read, tags=tags, kind=kind)
        ways, lifts = osm._replace_lifts(
            osm._RoadWays.from_extracts(read, self.rims, load_stress_rules())
        )
        return osm._cut_ways(ways, self.nodes, {"lifts": lifts}, self.barriers)

    @cached_property
    def now(self) -> osm.RoadSegments:
        """The roads as they are."""
        return self.roads({})

    @cached_property
    def network(self) -> Network:
        """The network as it is."""
        return Network.from_roads(self.now)

    def closed_ways(self, count: int) -> dict[int, Tags]:
        """Choose ways that are not ridden, and open them: first those that are wholly closed.

        Then those that are closed one way, and those that are pushed along.
        """
        rank = [_shut(tags) for tags in self.read.tags]
        ways = self.random.permutation(sorted(self.row_of)).tolist()
        ways.sort(key=lambda way: rank[self.read.kind[self.row_of[way]]])
        shut = [way for way in ways if rank[self.read.kind[self.row_of[way]]] < RIDDEN][:count]
        return {way: opened(self.tags_of(way)) for way in sorted(shut)}

    def busy_ways(self, count: int) -> dict[int, Tags]:
        """Choose busy roads with doors, and give them a cycle track."""
        network = self.network
        busy = (np.minimum(network.stress_forward, network.stress_backward) > 2) & network.door
        ways = self.random.permutation(np.unique(network.way[busy & (network.way > 0)]))[:count]
        return {way: self.tags_of(way) | {"cycleway": "track"} for way in sorted(ways.tolist())}

    def homes(self, ways: Iterable[int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Place homes along the roads, and beside the ways that change; give x and y."""
        network, random = self.network, self.random
        x, y, *_ = network.pieces
        some = random.choice(np.flatnonzero(network.door), HOMES)
        lon, lat = [], []
        for way in ways:
            at = self.row_of[way]
            refs = self.read.refs[self.read.first[at] : self.read.first[at + 1]]
            for node in np.flatnonzero(np.isin(self.nodes.ids, refs))[:2]:
                lon.append(self.nodes.lon[node])
                lat.append(self.nodes.lat[node])
        near = self._metres(np.array(lon), np.array(lat))
        return tuple(
            np.append(one[some], beside) + random.normal(0, 25, len(some) + len(beside))
            for one, beside in zip((x, y), near, strict=True)
        )

    def _metres(
        self, lon: NDArray[np.float64], lat: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        from pyproj import Transformer

        return Transformer.from_crs("EPSG:4326", self.network.crs, always_xy=True).transform(
            lon, lat
        )

    def academies(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Place academies on roads that are no island."""
        network = self.network
        on = network.door & ~network.island[network.segment_edge]
        x, y, *_ = network.pieces
        some = self.random.choice(np.flatnonzero(on), ACADEMIES)
        return x[some] + 6, y[some] - 4


def _shut(tags: Tags) -> int:
    """Rank tags by how shut a way is: 0 for wholly, RIDDEN when it is ridden both ways."""
    modes = sorted(ride.mode for ride in bicycle.classify_way(tags))
    if "highway" not in tags or not {bicycle.CLOSED, bicycle.PUSH}.intersection(modes):
        return RIDDEN
    return modes.count(bicycle.RIDE) + 2 * modes.count(bicycle.PUSH)


def opened(tags: Tags) -> Tags:
    """Open a way: by a bicycle tag where that does, else as a cycleway of its own."""
    more = {"bicycle": "yes", "oneway:bicycle": "no"}
    for key in ("bicycle:forward", "bicycle:backward"):
        tags = {name: value for name, value in tags.items() if name != key}
    if bicycle.classify_way(tags | more) != CLOSED:
        return tags | more
    return {"highway": "cycleway"}


def measure(
    network: Network,
    homes: tuple[NDArray[np.float64], NDArray[np.float64]],
    academies: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> Measured:
    """Time of each home to the nearest academy, in each profile."""
    points, sites = snap_points(network, *homes), snap_points(network, *academies)
    labels = []
    for profile in PROFILES:
        calm = network.calm_to(profile)
        rider = Rider(calm, calm.travel_times(12.0), FAR_MS)
        labels.append(rider.find_nearest(sites, points, np.zeros(len(sites.snap_m), dtype=np.intp)))
    return Measured(np.stack(labels), points.snap_m)


def slower(place: Place, changes: dict[int, Tags], within_m: float) -> tuple[int, int, list[str]]:
    """Change each way alone; say how many homes were compared, how many ways help, who lost.

    Only homes that had a road within a distance are compared, and the others of no interest.
    """
    homes, academies = place.homes(changes), place.academies()
    before = measure(place.network, homes, academies)
    held = before.snap_m <= within_m
    lost, better = [], 0
    for way, tags in changes.items():
        after = measure(Network.from_roads(place.roads({way: tags})), homes, academies)
        worse = (after.labels > before.labels) & held
        better += int((after.labels < before.labels).any())
        lost += [
            f"way {way}: home {home} {profile} {ms(before.labels[i, home])} -> "
            f"{ms(after.labels[i, home])}"
            for i, profile in enumerate(PROFILES)
            for home in np.flatnonzero(worse[i])
        ]
    return int(held.sum()) * len(changes), better, lost


def ms(label: int) -> int:
    """Milliseconds of a label."""
    from stemgeo.access.search import unpack_labels

    return int(unpack_labels(np.array([label]))[0][0])


def main(count: int, data: Path) -> None:
    """Print what became of the homes of each extract."""
    for name in EXTRACTS:
        place = Place(data / name)
        for what, changes, within_m in (
            ("made a track", place.busy_ways(30), 500.0),
            ("opened", place.closed_ways(count), 50.0),
        ):
            compared, _, lost = slower(place, changes, within_m)
            told = f"{name}: {len(changes)} ways {what}, {compared:,} homes, {len(lost)} slower"
            sys.stdout.write("\n".join([told, *lost[:20]]) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(__file__).parents[3] / "shared" / "data" / "osm")
