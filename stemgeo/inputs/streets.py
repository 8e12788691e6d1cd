"""The streets of OpenStreetMap extracts along which people live, whoever may ride them.

A road that a bicycle may not use, because a track was drawn beside it, has houses all the same: so
these are read by themselves, and not taken from the network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import geopandas as gpd
import numpy as np
import osmium
import shapely

from stemgeo.arrays import list_ranges
from stemgeo.facts import LAMBERT_72
from stemgeo.inputs import cache, extracts
from stemgeo.inputs.extracts import LONGEST_M
from stemgeo.study import STREET_WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    Floats = NDArray[np.float64]
    Longs = NDArray[np.int64]

STREETS = tuple(STREET_WEIGHTS)
"""Highways along which people may live; how many, the study says."""

MAIN_ROADS = ("motorway", "trunk", "primary", "secondary")
"""By which one finds the way on a map, those that matter most first."""

_SEEN_BEYOND_M = 4_000.0
_MAIN_DETAIL_M = 20.0


@dataclass(frozen=True)
class Streets:
    """Straight stretches of street, from node to node.

    Attributes
    ----------
    start, end
        Coordinates in EPSG:31370, shape (stretches, 2).
    kind
        Which of `STREETS` each is, shape (stretches,).
    """

    start: Floats
    end: Floats
    kind: NDArray[np.uint8]

    def cut_pieces(self, spacing_m: float) -> tuple[Floats, Floats, Longs, NDArray[np.uint8]]:
        """Cut each stretch into pieces of equal length.

        Parameters
        ----------
        spacing_m
            The longest that a piece may be.

        Returns
        -------
        tuple of arrays
            x and y of the middle of each piece, its length in millimetres, and its kind.
        """
        length_mm = np.rint(np.hypot(*(self.end - self.start).T) * 1000).astype(np.int64)
        parts = np.ceil(length_mm / (spacing_m * 1000)).astype(np.int64)
        stretch, within = list_ranges(0, parts)
        share = ((within + 0.5) / parts[stretch])[:, None]
        middle = self.start[stretch] + share * (self.end - self.start)[stretch]
        return (
            middle[:, 0],
            middle[:, 1],
            (length_mm // np.maximum(parts, 1))[stretch],
            self.kind[stretch],
        )

    def draw_within(self, box: shapely.Polygon, names: Collection[str]) -> BaseGeometry:
        """Draw those of some highways that come into a box; simplified by 2 m.

        Parameters
        ----------
        box
            In EPSG:31370.
        names
            Of highways.
        """
        chosen = np.isin(self.kind, [at for at, name in enumerate(STREETS) if name in names])
        ends = np.stack([self.start[chosen], self.end[chosen]], axis=1)
        lines = np.asarray(shapely.linestrings(ends), dtype=object)
        seen = shapely.multilinestrings(lines[shapely.intersects(box, lines)])
        return cast("BaseGeometry", shapely.simplify(shapely.line_merge(seen), 2.0))


def load_streets(paths: Sequence[Path], sha256s: Sequence[str]) -> Streets:
    """Take the streets of extracts from the cache, or read and keep them; hashes as the paths."""
    place = cache.entry_path("streets", STREETS, sha256s, code=[__file__, *extracts.CODE])
    return cache.load_or_make(
        place,
        lambda: read_streets(paths),
        lambda streets, path: cache.store_arrays(path, **vars(streets)),
        lambda path: Streets(**cache.restore_arrays(path)),
    )


def draw_main_roads(
    paths: Sequence[Path], sha256s: Sequence[str], ground: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Draw the main roads in and just beyond a ground: the table `main-roads`.

    Parameters
    ----------
    paths, sha256s
        The extracts, and their hashes in the same order.
    ground
        Polygons in EPSG:31370.
    """
    place = cache.entry_path("main-roads", MAIN_ROADS, sha256s, code=[__file__, *extracts.CODE])
    roads = cache.load_or_make(
        place,
        lambda: _read_stretches(paths, MAIN_ROADS, _number_main),
        lambda found, path: cache.store_arrays(path, **vars(found)),
        lambda path: Streets(**cache.restore_arrays(path)),
    )
    seen = shapely.simplify(ground.union_all(), _SEEN_BEYOND_M / 10).buffer(_SEEN_BEYOND_M)
    shapely.prepare(seen)
    lines = np.asarray(shapely.linestrings(np.stack([roads.start, roads.end], axis=1)))
    near = shapely.intersects(seen, lines)
    rows = [
        (name, shapely.simplify(shapely.line_merge(shapely.multilinestrings(own)), _MAIN_DETAIL_M))
        for number, name in enumerate(MAIN_ROADS)
        if len(own := lines[near & (roads.kind == number)])
    ]
    return gpd.GeoDataFrame(
        {"kind": np.array([name for name, _ in rows], dtype=object)},
        geometry=[line for _, line in rows],
        crs=LAMBERT_72,
    )


def _number_main(tags: Mapping[str, str]) -> int:
    kind = tags.get("highway")
    return MAIN_ROADS.index(kind) if kind in MAIN_ROADS else -1


def read_streets(paths: Sequence[Path]) -> Streets:
    """Read the streets of one or more extracts, each once.

    Raises
    ------
    InputError
        If an extract cannot be read to its end.
    """
    return _read_stretches(paths, STREETS, _number_kind)


def _read_stretches(
    paths: Sequence[Path], names: Sequence[str], number_kind: Callable[[Mapping[str, str]], int]
) -> Streets:
    """Read highways of these names as straight stretches, each of the kind it is numbered."""
    only = osmium.filter.TagFilter(*(("highway", name) for name in names))
    ways = extracts.read_ways(paths, only, {"highway", "service", "junction", "bridge", "tunnel"})
    number = np.array([number_kind(tags) for tags in ways.tags], dtype=np.int64)
    refs_of_way = np.diff(ways.first)
    way = np.repeat(np.arange(len(ways.ids)), refs_of_way)
    # The order of ways in a file must not matter.
    order = np.argsort(ways.ids[way], kind="stable")
    refs, way = ways.refs[order], way[order]
    at, kind = (
        extracts.locate_nodes(paths, refs, LAMBERT_72).follow_refs(refs),
        number[ways.kind[way]],
    )
    length_m = np.hypot(*(at[1:] - at[:-1]).T)  # no number where a place is missing
    kept = (way[1:] == way[:-1]) & (kind[1:] >= 0) & (length_m > 0) & (length_m < LONGEST_M)
    return Streets(at[:-1][kept], at[1:][kept], kind[1:][kept].astype(np.uint8))


def _number_kind(tags: Mapping[str, str]) -> int:
    """Give the number of a street among `STREETS`; -1 where nobody lives along it.

    That is on roundabouts, bridges and in tunnels, and along drives and the rows of a car park:
    those lead to what stands on the street.
    """
    apart = any(tags.get(key, "no") != "no" for key in ("junction", "bridge", "tunnel", "service"))
    return -1 if apart or tags.get("highway") not in STREETS else STREETS.index(tags["highway"])
