"""Ground of OpenStreetMap extracts where nobody lives: woods, industry, quarries and their like.

A road through it has no houses, whatever its class. An area whose outline is not whole in the
extracts is left out and counted: its roads are then taken as any other.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import osmium
import shapely

from stemgeo.inputs import buildings, cache, extracts, osmxml
from stemgeo.inputs.vectors import LAMBERT_72, transformer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Longs = NDArray[np.int64]

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

    def holds(self, x: Floats, y: Floats) -> NDArray[np.bool_]:
        """Say which places, in EPSG:31370, lie in it; shape as `x`."""
        # The tree holds the points: it then prepares each area once, whatever its detail.
        points = shapely.STRtree(np.asarray(shapely.points(x, y), dtype=object))
        inside = np.zeros(len(x), dtype=np.bool_)
        inside[points.query(self.areas, predicate="contains")[1]] = True
        return inside


def load_uninhabited(paths: Sequence[Path], sha256s: Sequence[str]) -> Uninhabited:
    """Take this ground of extracts from the cache, or read and keep it; in the order of `paths`."""
    modules = [__file__, buildings.__file__, extracts.__file__, osmxml.__file__]
    place = cache.entry("uninhabited", cache.code_of(map(Path, modules)), sha256s)
    return cache.kept(place, lambda: read_uninhabited(paths), _save, _load)


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
    ways, members = extracts.ways(paths, only, ()), _members(paths, only)
    ids = np.unique(np.array([way for of in members for way in of], dtype=np.int64))
    parts = [extracts.ways(paths, extracts.with_ids("ways", ids, paths), ())] if len(ids) else []
    wanted = np.unique(np.concatenate([one.refs for one in (ways, *parts)]))
    nodes = extracts.nodes(paths, wanted, ())
    to_lambert = transformer("EPSG:4326", LAMBERT_72)
    spots = np.full((len(wanted), 2), np.nan)
    place = np.searchsorted(wanted, nodes.ids)
    spots[place] = np.column_stack(to_lambert.transform(nodes.lon, nodes.lat))

    line = {
        way: along
        for one in parts
        for way, along in zip(one.ids.tolist(), _lines(one, wanted, spots), strict=True)
    }
    drawn = [[line.get(way, spots[:0]) for way in of] for of in members]
    drawn += [[one] for one in _lines(ways, wanted, spots)]
    areas = [_area(lines) for lines in drawn]
    whole = [area for area in areas if area is not None]
    counts = {
        "uninhabited_areas": len(whole),
        "uninhabited_areas_not_whole": len(areas) - len(whole),
    }
    return Uninhabited(np.array([*whole, None], dtype=object)[:-1], counts)


def _members(paths: Sequence[Path], only: Any) -> list[list[int]]:
    """Give the ways of each multipolygon."""
    return [
        [member.ref for member in item.members if member.type == "w"]
        for item in extracts.objects(paths, osmium.osm.RELATION, only)
        if item.tags.get("type") == "multipolygon"
    ]


def _lines(ways: extracts.Ways, wanted: Longs, spots: Floats) -> list[Floats]:
    """Give the places along each way."""
    return np.split(spots[np.searchsorted(wanted, ways.refs)], ways.first[1:-1])[: len(ways.ids)]


def _area(lines: list[Floats]) -> shapely.Geometry | None:
    """Fill what lines go around; one that crosses itself as far as it can be."""
    if len(lines) > 1:
        return buildings.filled(lines)
    if not lines or len(lines[0]) < 4 or not np.isfinite(lines[0]).all():
        return None
    if not np.array_equal(lines[0][0], lines[0][-1]):
        return None
    area: shapely.Geometry = shapely.Polygon(lines[0])
    # Of one that is valid this is the area itself.
    return shapely.make_valid(area, method="structure", keep_collapsed=False)


def _save(found: Uninhabited, path: Path) -> None:
    content = io.BytesIO()
    wkb = shapely.to_wkb(found.areas)
    np.savez(
        content,
        wkb=np.frombuffer(b"".join(wkb), dtype=np.uint8),
        size=np.array([len(one) for one in wkb], dtype=np.int64),
        counts=np.array(json.dumps(found.counts)),
    )
    cache.seal(content.getvalue(), path)


def _load(path: Path) -> Uninhabited:
    with np.load(io.BytesIO(cache.unsealed(path)), allow_pickle=False) as arrays:
        stop = np.cumsum(arrays["size"])
        whole = arrays["wkb"].tobytes()
        wkb = [whole[end - size : end] for size, end in zip(arrays["size"], stop, strict=True)]
        areas = np.array([*shapely.from_wkb(wkb), None], dtype=object)[:-1]
        return Uninhabited(areas, json.loads(str(arrays["counts"])))
