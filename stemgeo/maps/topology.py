"""The ground of the web map as one topology: each border stands in the page once.

Neighbours share their arcs, so that simplifying and rounding cannot tear them apart, and the page
draws provinces from the same arcs as their municipalities.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from stemgeo.arrays import starts_of_runs
from stemgeo.maps.arcs import Arc, share_arcs
from stemgeo.maps.series import fit_together, lighten_outlines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geopandas import GeoDataFrame, GeoSeries
    from numpy.typing import NDArray

_STEPS = 100_000  # of a coordinate over the whole ground: 2.5 m in Flanders
_DETAIL_M = 50.0
_ZONE_DETAIL_M = (50.0, 100.0, 200.0)
_MOST_ZONE_POINTS = 400_000  # about 4 MB of the page
_BAND_DETAIL_M = (50.0, 100.0, 200.0, 400.0)
_MOST_BAND_POINTS = 150_000  # about 2 MB
_THINNED_FIRST = 0.02  # of the detail: of the bands' corners less than half stay
_FEWEST_DROPPED = 0.005  # of the corners, for another round
_FEWEST_CORNERS = 6  # of a ring, one of them twice, that is thinned
_GAP_DETAIL_M = (25.0, 50.0, 100.0, 200.0)
_MOST_GAP_POINTS = 100_000  # about 1 MB
_ROAD_DETAIL_M = (20.0, 50.0, 100.0)
_MOST_ROAD_POINTS = 150_000  # about 1.5 MB
_SAME_GROUND = 0.001
_LEAST_DEGREES = 1e-6
STREETS = "streets"
"""The ground of single streets."""
LINKS = "links"
EDITS = "edits"
"""The ground of changes of roads."""


def build_topology(grounds: Mapping[str, GeoSeries]) -> dict[str, Any]:
    """Write several sets of areas as one topology.

    Parameters
    ----------
    grounds
        Polygons by the name of their object, in any projection.

    Returns
    -------
    dict
        TopoJSON in degrees, quantised; the `id` of a geometry is its place in its set.
    """
    sets = [_to_degrees(ground) for ground in grounds.values()]
    shapes = np.array([shape for one in sets for shape in one], dtype=object)
    polygons, shape = shapely.get_parts(shapes, return_index=True)
    rings, polygon = shapely.get_rings(polygons, return_index=True)
    corners, ring = shapely.get_coordinates(rings, return_index=True)
    frame = _Raster.around(shapes)
    arcs, of_rings = share_arcs(frame.place(corners), ring)
    of_shapes = _group(_group(of_rings, polygon, len(polygons)), shape, len(shapes))
    objects, done = {}, 0
    for name, one in zip(grounds, sets, strict=True):
        own = of_shapes[done : done + len(one)]
        objects[name] = [_write_shape(parts, number) for number, parts in enumerate(own)]
        done += len(one)
    return frame.write(arcs, objects)


@dataclass(frozen=True)
class _Raster:
    """The grid on which a topology lies."""

    corner: NDArray[np.float64]
    scale: NDArray[np.float64]

    @classmethod
    def around(cls, shapes: Sequence[shapely.Geometry] | NDArray[np.object_]) -> _Raster:
        west, south, east, north = shapely.total_bounds(shapes)
        sides = np.maximum((east - west, north - south), _LEAST_DEGREES)
        return cls(np.array([west, south]), sides / _STEPS)

    def place(self, corners: NDArray[np.float64]) -> NDArray[np.int64]:
        """Place corners in degrees on the grid."""
        return ((corners - self.corner) / self.scale).round().astype(np.int64)

    def write(self, arcs: list[Arc], objects: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
        """Write arcs and the geometries of each object as a topology."""
        return {
            "type": "Topology",
            "transform": {"scale": self.scale.tolist(), "translate": self.corner.tolist()},
            "arcs": arcs,
            "objects": {
                name: {"type": "GeometryCollection", "geometries": geometries}
                for name, geometries in objects.items()
            },
        }


def _group(rows: list[Any], owner: NDArray[np.integer], owners: int) -> list[list[Any]]:
    """Put rows together by their owner; those of one stand next to one another."""
    ends = np.searchsorted(owner, np.arange(owners + 1)).tolist()
    return [rows[first:stop] for first, stop in pairwise(ends)]


def _write_shape(polygons: list[Any], number: int) -> dict[str, Any]:
    """Write a shape of polygons, each a list of rings of arcs; one without any lies nowhere."""
    if not polygons:
        return {"type": None, "id": number}
    if len(polygons) == 1:
        return {"type": "Polygon", "arcs": polygons[0], "id": number}
    return {"type": "MultiPolygon", "arcs": polygons, "id": number}


def build_lines(
    roads: GeoDataFrame | None, singles: Mapping[str, GeoSeries] | None = None
) -> dict[str, Any]:
    """Write roads and single lines as one topology: a set of lines for each kind of road.

    Parameters
    ----------
    roads
        `kind` and lines in metres, those that matter most first: of the others as many kinds as
        fit in the finest detail that fits. None: none.
    singles
        Lines in metres by their ground, all of which are drawn, each by its place among them.

    Returns
    -------
    dict
        TopoJSON in degrees, quantised; empty where there is nothing to draw.
    """
    sets = {}
    if roads is not None and not roads.empty:
        kept = _thin_lines(roads.geometry)
        fits = kept.count_coordinates().cumsum() <= _MOST_ROAD_POINTS
        kinds = roads.loc[fits, "kind"]
        sets = {kind: [line] for kind, line in zip(kinds, _to_degrees(kept[fits]), strict=True)}
    for name, lines in (singles or {}).items():
        if not lines.empty:
            sets[name] = _to_degrees(_thin_lines(lines))
    if not sets:
        return {}
    frame = _Raster.around([one for part in sets.values() for one in part])
    arcs: list[Arc] = []

    def write(line: shapely.Geometry, number: int) -> dict[str, Any]:
        first = len(arcs)
        for part in shapely.get_parts(line):
            corners = frame.place(shapely.get_coordinates(part))
            arcs.append(np.diff(corners, axis=0, prepend=[[0, 0]]).tolist())
        made = [[arc] for arc in range(first, len(arcs))]
        return {"type": "MultiLineString", "arcs": made, "id": number}

    return frame.write(
        arcs,
        {
            name: [write(line, number) for number, line in enumerate(lines)]
            for name, lines in sets.items()
        },
    )


def _thin_lines(lines: GeoSeries) -> GeoSeries:
    """Simplify lines with the finest detail that fits, else with the coarsest."""
    kept = lines
    for detail_m in _ROAD_DETAIL_M:
        kept = lines.simplify(detail_m)
        if kept.count_coordinates().sum() <= _MOST_ROAD_POINTS:
            break
    return kept


def _to_degrees(lines: GeoSeries) -> list[shapely.Geometry]:
    return list(lines.to_crs("EPSG:4326"))


def sketch_places(
    places: GeoDataFrame, zones: GeoDataFrame | None
) -> tuple[GeoSeries, GeoSeries | None]:
    """Simplify municipalities and their zones for a screen, with their borders shared.

    Parameters
    ----------
    places
        `nis_code` and polygons in metres.
    zones
        The zones inside them, with `nis_code`; None when there are none.

    Returns
    -------
    GeoSeries, GeoSeries or None
        As many outlines as were given. Municipalities are made of their zones where these fill
        them; no zones when even the coarsest are too much for a page.
    """
    plain = lighten_outlines(places.geometry, _DETAIL_M)
    sketch = (
        None
        if zones is None
        else _simplify_within(zones.geometry, _ZONE_DETAIL_M, _MOST_ZONE_POINTS)
    )
    if zones is None or sketch is None:
        return plain, None
    if not _is_filled(places, zones) or not shapely.coverage_is_valid(sketch.to_numpy()):
        return plain, sketch
    merged = sketch.groupby(zones["nis_code"]).agg(lambda part: part.union_all(method="coverage"))
    outlines = merged.reindex(places["nis_code"]).to_numpy()
    return gpd.GeoSeries(outlines, index=places.index, crs=places.crs), sketch


def _simplify_within(
    outlines: GeoSeries, details_m: Sequence[float], most_points: int
) -> GeoSeries | None:
    """Simplify with the finest detail that fits; None when none does."""
    for detail_m in details_m:
        sketch = lighten_outlines(outlines, detail_m)
        if sketch.count_coordinates().sum() <= most_points:
            return sketch
    return None


def _is_filled(places: GeoDataFrame, zones: GeoDataFrame) -> bool:
    """Tell whether the zones of each municipality have just its area."""
    of_zones = zones.area.groupby(zones["nis_code"]).sum()
    own = places.area.groupby(places["nis_code"]).sum()
    if set(of_zones.index) != set(own.index):
        return False
    return bool(((of_zones - own).abs() <= _SAME_GROUND * own).all())


def sketch_bands(grounds: GeoSeries) -> GeoSeries:
    """Simplify isochrones with the finest detail that keeps the page small; none is left out."""
    sketch = grounds
    for detail_m in _BAND_DETAIL_M:
        # Once more from the last sketch, not from the start: much faster, and coarser anyway.
        sketch = _simplify_thinned(
            sketch.map(lambda ground, m=detail_m: _drop_specks(ground, m)), detail_m
        )
        if sketch.count_coordinates().sum() <= _MOST_BAND_POINTS:
            break
    return sketch


def _simplify_thinned(grounds: GeoSeries, detail_m: float) -> GeoSeries:
    """Simplify as `lighten_outlines`, but thinned first: what goes anyway GEOS needs not look at.

    Threads of ground that cross when thinned nearly always go as well. What does not fit together
    in the end is simplified from all its corners.
    """
    thin = _thin_outlines(grounds.to_numpy(), (_THINNED_FIRST * detail_m) ** 2)
    simple = shapely.coverage_simplify(thin, detail_m)
    if not fit_together(simple):
        return lighten_outlines(grounds, detail_m)
    return gpd.GeoSeries(simple, index=grounds.index, crs=grounds.crs)


def _thin_outlines(grounds: NDArray[np.object_], smallest_m2: float) -> NDArray[np.object_]:
    """Drop corners of one ring alone whose triangle with both neighbours is small, least first."""
    polygons, owner = shapely.get_parts(grounds, return_index=True)
    if not len(polygons):
        return grounds
    kind, points, (first, part) = shapely.to_ragged_array(polygons)
    ring = np.repeat(np.arange(len(first) - 1), np.diff(first))
    spot = np.unique(points.view(np.complex128).ravel(), return_inverse=True)[1]
    kept = np.bincount(spot)[spot] > 1  # where a ring begins too: there it ends
    while True:
        back, on = points[:-2] - points[1:-1], points[2:] - points[1:-1]
        # Half the corners may go at once: a ring needs four.
        area = np.where(kept | (np.bincount(ring)[ring] < _FEWEST_CORNERS), np.inf, 0)
        area[1:-1] += np.abs(back[:, 0] * on[:, 1] - back[:, 1] * on[:, 0]) / 2
        least = (area[1:-1] < area[:-2]) & (area[1:-1] <= area[2:])
        stays = np.ones(len(points), dtype=np.bool_)
        stays[1:-1] = ~(least & (area[1:-1] <= smallest_m2))
        if stays.mean() >= 1 - _FEWEST_DROPPED:
            break
        points, ring, kept = points[stays], ring[stays], kept[stays]
    ends = np.append(0, np.cumsum(np.bincount(ring))), part
    thin = shapely.from_ragged_array(kind, points, ends)
    none = np.full(len(grounds), shapely.MultiPolygon(), dtype=object)
    return np.asarray(shapely.multipolygons(thin, indices=owner, out=none))


def begin_bands(grounds: GeoSeries) -> Future[GeoSeries]:
    """Begin with what `sketch_bands` gives, in a thread beside this one: GEOS needs no Python."""
    pool = ThreadPoolExecutor(1)
    begun = pool.submit(sketch_bands, grounds)
    pool.shutdown(wait=False)
    return begun


def sketch_gaps(outlines: GeoSeries) -> GeoSeries:
    """Simplify the outlines of gaps until the page stays small."""
    sketch = outlines
    for detail_m in _GAP_DETAIL_M:
        if sketch.count_coordinates().sum() <= _MOST_GAP_POINTS:
            break
        sketch = outlines.simplify(detail_m)
    return sketch


def _drop_specks(ground: shapely.Geometry, detail_m: float) -> shapely.Geometry:
    """Leave out parts and holes that are smaller than a square of the detail.

    A part is measured with its holes filled: so the speck that fills a hole in the next band goes
    together with that hole.
    """
    rings, part = shapely.get_rings(shapely.get_parts(ground), return_index=True)
    large = np.asarray(shapely.area(shapely.polygons(rings)) >= detail_m**2)
    polygons = []
    starts = np.flatnonzero(starts_of_runs(part)).tolist()
    for first, stop in pairwise([*starts, len(part)]):
        if large[first]:
            holes = rings[first + 1 : stop][large[first + 1 : stop]]
            polygons.append(shapely.Polygon(rings[first], holes.tolist()))
    return shapely.MultiPolygon(polygons)
