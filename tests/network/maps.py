"""Small maps drawn by hand: nodes at metre offsets from a point in Flanders, written as OSM XML.

>>> drawn = RoadMap({"a": (0, 0), "b": (100, 0)}, [("a b", "highway=residential")])
>>> network = drawn.network(tmp_path)
>>> ms(network, drawn.at("a"), drawn.at("b"))
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

import geopandas as gpd
import numpy as np
import shapely
from pyproj import Geod, Transformer

from stemgeo.access.riding import access
from stemgeo.access.search import UNREACHED, unpack_labels
from stemgeo.access.travel_time import Rider
from stemgeo.inputs import extracts
from stemgeo.network import Network, TiedPoints, barriers, snap_points

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from stemgeo.study import Mode

    Place = tuple[float, float]

CRS = "EPSG:31370"
ORIGIN = (120_000.0, 195_000.0)
"""A field between Ghent and Sint-Niklaas, Lambert 72."""

_TO_DEGREES = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
_TO_METRES = Transformer.from_crs("EPSG:4326", CRS, always_xy=True)
_GEOD = Geod(ellps="WGS84")
_MISSING = 900


def tags(text: str) -> dict[str, str]:
    """Read `key=value key=value`; an underscore before a value's end stays as it is."""
    return dict(word.split("=", 1) for word in text.split(" ") if word)


def metres(x: float, y: float) -> Place:
    """Place an offset from the origin in Lambert 72."""
    return ORIGIN[0] + x, ORIGIN[1] + y


@dataclass(frozen=True)
class RoadMap:
    """A map: nodes by name with their offsets, and ways as names of nodes with tags.

    A way may name nodes that are not there, as an extract does at its edge.
    """

    nodes: Mapping[str, Place]
    ways: Sequence[tuple[str, str]]
    node_tags: Mapping[str, str] = field(default_factory=dict)
    first_way_id: int = 1

    def lonlat(self, name: str) -> Place:
        """Degrees of a node as OSM keeps them, to seven places."""
        lon, lat = _TO_DEGREES.transform(*metres(*self.nodes[name]))
        return round(lon, 7), round(lat, 7)

    def at(self, name: str) -> Place:
        """Lambert 72 of a node, after the rounding of its degrees."""
        return _TO_METRES.transform(*self.lonlat(name))

    def between(self, one: str, other: str, share: float) -> Place:
        """Lambert 72 of a place on the straight segment between two nodes."""
        (x, y), (x2, y2) = self.at(one), self.at(other)
        return x + share * (x2 - x), y + share * (y2 - y)

    def id_of(self, name: str) -> int:
        """OSM id of a node."""
        known = list(self.nodes)
        return known.index(name) + 1 if name in known else _MISSING + ord(name)

    def length_mm(self, path: str) -> list[int]:
        """Geodesic length of each segment of a path `a b c`, in whole millimetres."""
        return [
            round(1000 * _GEOD.inv(*self.lonlat(one), *self.lonlat(other))[2])
            for one, other in pairwise(path.split())
        ]

    def ms(self, path: str, kmh: float = 15.0) -> int:
        """Time over a path, worked out by hand: each segment by itself, rounded."""
        return sum(int(np.rint(mm * (3.6 / kmh))) for mm in self.length_mm(path))

    def xml(self) -> str:
        """The map as OSM XML."""
        lines = ["<?xml version='1.0' encoding='UTF-8'?>", "<osm version='0.6'>"]
        for name in self.nodes:
            lon, lat = self.lonlat(name)
            lines.append(f"<node id='{self.id_of(name)}' lat='{lat:.7f}' lon='{lon:.7f}'>")
            lines.extend(_tag_lines(self.node_tags.get(name, "")))
            lines.append("</node>")
        for number, (path, text) in enumerate(self.ways, self.first_way_id):
            lines.append(f"<way id='{number}'>")
            lines.extend(f"<nd ref='{self.id_of(name)}'/>" for name in path.split())
            lines.extend(_tag_lines(text))
            lines.append("</way>")
        return "\n".join([*lines, "</osm>"])

    def write(self, folder: Path, name: str = "map.osm") -> Path:
        """Write the map into a folder."""
        path = folder / name
        path.write_text(self.xml(), encoding="utf-8")
        return path

    def network(self, folder: Path, mode: Mode = "bicycle") -> Network:
        """Write the map and read it as a network."""
        return Network.from_osm(self.write(folder), mode=mode)


def read_pieces(path: Path) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Read the straight pieces of what nobody crosses."""
    (ways,) = extracts.read_ways_at_once([path], [barriers.ASKED])
    nodes = extracts.read_nodes([path], np.unique(ways.refs), ())
    return barriers.find_pieces(ways, nodes)


def ride(
    network: Network,
    child: Place,
    academy: Place,
    waits_s: Mapping[int, float] | None = None,
    kmh: float = 15.0,
) -> int | None:
    """Time from a child to an academy in milliseconds with waits; None when there is no way."""
    doors, sites = (snap_points(network, np.array([x]), np.array([y])) for x, y in (child, academy))
    rider = Rider(network, network.travel_times(kmh, waits_s=waits_s), 60 * 60_000)
    (label,) = rider.find_nearest(sites, doors, np.arange(1))
    return None if label == UNREACHED else int(unpack_labels(label)[0])


def on(segment: ArrayLike, offset_mm: ArrayLike) -> TiedPoints:
    """Tie points to one place each, on a segment and so far along it, with no walk."""
    where = np.asarray(segment, dtype=np.int32)
    none = np.zeros(len(where))
    offsets = np.rint(offset_mm).astype(np.int32)
    first = np.arange(len(where) + 1)
    return TiedPoints(first, where, offsets, none.astype(np.int32), none, none.astype(np.bool_))


def _tag_lines(text: str) -> list[str]:
    return [f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in tags(text).items()]


def points(places: Iterable[Place], **columns: object) -> gpd.GeoDataFrame:
    """Points in Lambert 72 with columns beside them."""
    places = list(places)
    x, y = [p[0] for p in places], [p[1] for p in places]
    return gpd.GeoDataFrame(columns, geometry=shapely.points(x, y), crs=CRS)


def times(
    network: Network,
    children: Iterable[Place],
    academies: Mapping[str, Place],
    **how: float,
) -> pd.DataFrame:
    """Access table of children to academies by name; an hour at 15 km/h unless told."""
    sites = points(academies.values(), academy_id=list(academies))
    return access(network, sites, points(children), **{"speed_kmh": 15.0, "cutoff_min": 60.0} | how)


def ms(network: Network, child: Place, academy: Place, **how: float) -> int | None:
    """Time from a child to an academy in milliseconds; None when there is no way within reach."""
    (seconds,) = times(network, [child], {"a": academy}, **how)["travel_time_s"]
    return None if np.isinf(seconds) else round(seconds * 1000)
