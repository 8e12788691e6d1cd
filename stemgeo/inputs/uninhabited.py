"""Ground of OpenStreetMap extracts where nobody lives: woods, industry, quarries and their like.

A road through it has no houses, whatever its class. An area whose outline is not whole in the
extracts is left out and counted: its roads are then taken as any other.
"""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import osmium
import shapely

from stemgeo.facts import LAMBERT_72
from stemgeo.inputs import buildings, cache, extracts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

KINDS = (
    *(
        ("landuse", use)
        for use in ("forest", "industrial", "quarry", "landfill", "railway", "military", "port")
    ),
    ("natural", "wood"),
)
"""OSM tags of ground without homes (OSM wiki, Key:landuse). Fields and meadows are none: in ribbon
building they are drawn up to the road, behind the houses."""


class Uninhabited(NamedTuple):
    """Ground where nobody lives.

    Attributes
    ----------
    areas
        Polygons in EPSG:31370, shape (areas,).
    counts
        `uninhabited_areas`, and `uninhabited_areas_not_whole` that are not among them.
    """

    areas: NDArray[np.object_]
    counts: dict[str, int]

    def contains_points(self, x: Floats, y: Floats) -> NDArray[np.bool_]:
        """Say which places, in EPSG:31370, lie in it; shape as `x`."""
        # The tree holds the points: it then prepares each area once, whatever its detail.
        points = shapely.STRtree(np.asarray(shapely.points(x, y), dtype=object))
        inside = np.zeros(len(x), dtype=np.bool_)
        inside[points.query(self.areas, predicate="contains")[1]] = True
        return inside


def load_uninhabited(paths: Sequence[Path], sha256s: Sequence[str]) -> Uninhabited:
    """Take this ground of extracts from the cache, or read and keep it; in the order of `paths`."""
    code = [__file__, buildings.__file__, *extracts.CODE]
    place = cache.entry_path("uninhabited", sha256s, code=code)
    return cache.load_or_make(
        place, lambda: read_uninhabited(paths), _store_uninhabited, _restore_uninhabited
    )


def read_uninhabited(paths: Sequence[Path]) -> Uninhabited:
    """Read the ground where nobody lives from one or more extracts.

    Parameters
    ----------
    paths
        Extracts, as for `read_buildings`: closed ways and multipolygons with one of `KINDS`.

    Raises
    ------
    InputError
        If an extract cannot be read to its end.
    """
    only = osmium.filter.TagFilter(*KINDS)
    ways, members = extracts.read_ways(paths, only, ()), _read_members(paths, only)
    parts = extracts.refs_by_way(paths, chain.from_iterable(members))
    nodes = extracts.locate_nodes(paths, np.concatenate([ways.refs, *parts.values()]), LAMBERT_72)
    drawn = [[nodes.follow_refs(parts.get(way, ways.refs[:0])) for way in of] for of in members]
    drawn += [[one] for one in ways.split_by_way(nodes.follow_refs(ways.refs))]
    areas = [_fill_area(lines) for lines in drawn]
    whole = [area for area in areas if area is not None]
    counts = {
        "uninhabited_areas": len(whole),
        "uninhabited_areas_not_whole": len(areas) - len(whole),
    }
    return Uninhabited(np.array([*whole, None], dtype=object)[:-1], counts)


def _read_members(paths: Sequence[Path], only: Any) -> list[list[int]]:
    """Give the ways of each multipolygon."""
    return [
        [member.ref for member in item.members if member.type == "w"]
        for item in extracts.read_objects(paths, osmium.osm.RELATION, only)
        if item.tags.get("type") == "multipolygon"
    ]


def _fill_area(lines: list[Floats]) -> shapely.Geometry | None:
    """Fill what lines go around; one that crosses itself as far as it can be."""
    if len(lines) > 1:
        return buildings.fill_rings(lines)
    if not lines or len(lines[0]) < 4 or not np.isfinite(lines[0]).all():
        return None
    if not np.array_equal(lines[0][0], lines[0][-1]):
        return None
    area: shapely.Geometry = shapely.Polygon(lines[0])
    # Of one that is valid this is the area itself.
    return shapely.make_valid(area, method="structure", keep_collapsed=False)


def _store_uninhabited(found: Uninhabited, path: Path) -> None:
    wkb = shapely.to_wkb(found.areas)
    cache.store_arrays(
        path,
        wkb=np.frombuffer(b"".join(wkb), dtype=np.uint8),
        size=np.array([len(one) for one in wkb], dtype=np.int64),
        counts=json.dumps(found.counts),
    )


def _restore_uninhabited(path: Path) -> Uninhabited:
    arrays = cache.restore_arrays(path)
    stop = np.cumsum(arrays["size"])
    whole = arrays["wkb"].tobytes()
    wkb = [whole[end - size : end] for size, end in zip(arrays["size"], stop, strict=True)]
    areas = np.array([*shapely.from_wkb(wkb), None], dtype=object)[:-1]
    return Uninhabited(areas, json.loads(str(arrays["counts"])))
