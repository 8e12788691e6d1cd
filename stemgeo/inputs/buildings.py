"""The buildings of OpenStreetMap extracts, as places where children may live.

osmium reads the extracts and PROJ and GEOS measure; here is decided what a footprint is. Ways may
stand before their nodes and a building in several extracts: what a building needs is sought in all
of them, and what has no footprint even so is counted.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from array import array
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import shapely
from pyproj import Transformer

from stemgeo.errors import InputError, Problem
from stemgeo.inputs import cache, extracts
from stemgeo.inputs.vectors import LAMBERT_72

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Longs = NDArray[np.int64]

UNSTATED = "yes"
"""`building=yes`: a building, of which nobody said what kind."""

MOST_STOREYS = 60
"""No building in Belgium has more: a larger number is a slip, or a year."""

LARGEST_M2 = 100_000.0
"""A footprint larger than this is a node out of place or a whole quarter, not a home."""

EQUAL_AREA = "EPSG:6933"
"""Cylindrical and equal-area on the ellipsoid of WGS 84: a square metre is one anywhere."""

_STOREYS = re.compile(r"[0-9]{1,2}(\.[0-9]+)?")
_AT_ONCE = 100_000


@dataclass(frozen=True)
class Buildings:
    """Buildings that may be homes, and what was left out.

    Attributes
    ----------
    points
        weight (int64; square metres of footprint times storeys, above 0), kind_known (whether its
        `building` is one of the kinds asked for; False for `building=yes`), geometry (a point
        inside the footprint, EPSG:31370); sorted by place.
    counts
        What was read and what was left out, for the manifest: `buildings` and, of these,
        `buildings_of_unstated_kind` and `buildings_with_storeys`; and, not among them,
        `buildings_of_other_kinds`, `buildings_without_footprint`, `buildings_too_large` and
        `buildings_drawn_twice`.
    """

    points: gpd.GeoDataFrame
    counts: dict[str, int]


def load_buildings(
    paths: Sequence[Path], sha256s: Sequence[str], kinds: Collection[str]
) -> Buildings:
    """Take the buildings of these extracts from the cache, or read and keep them.

    Parameters
    ----------
    paths, kinds
        As for `read_buildings`.
    sha256s
        Of each extract, in the same order.
    """
    place = cache.entry("buildings", _version(), sha256s, sorted(set(kinds)))
    return cache.kept(place, lambda: read_buildings(paths, kinds), _save, _load)


def read_buildings(paths: Sequence[Path], kinds: Collection[str]) -> Buildings:
    """Read the buildings that may be homes from one or more extracts.

    A building is a closed way or a multipolygon relation with `building`. Its weight is the area
    of its footprint times its storeys: `building:levels` where that is a plain number from 1 to
    60, else 1, so a tower without the tag weighs as a house of its footprint.

    Parameters
    ----------
    paths
        Extracts (.osm.pbf, .osm, .osm.gz, .osm.bz2). A building that is in two is taken once, as
        the first has it.
    kinds
        The values of `building` that are dwellings; `yes` is read along as of unstated kind, and
        all others are left out.

    Raises
    ------
    InputError
        If an extract cannot be read to its end.
    """
    drawn = _Drawn(frozenset(kinds))
    for path in paths:
        both = osmium.osm.WAY | osmium.osm.RELATION
        for item in extracts.objects(path, both, osmium.filter.KeyFilter("building")):
            drawn.add(item)
    parts = extracts.with_ids("ways", drawn.members(), paths)
    for path in paths if drawn.relations else ():
        for way in extracts.objects(path, osmium.osm.WAY, parts):
            drawn.parts.setdefault(way.id, [node.ref for node in way.nodes])
    nodes = _Nodes.read(paths, drawn.refs())
    table = pd.concat([_of_ways(drawn, nodes), _of_relations(drawn, nodes)], ignore_index=True)
    return _chosen(table.drop_duplicates("key"), drawn)


# --- What is drawn -----------------------------------------------------------------------------


def storeys(levels: str | None) -> float:
    """Read `building:levels`; NaN where it is no plain number from 1 to 60."""
    if levels and _STOREYS.fullmatch(levels) and 1 <= float(levels) <= MOST_STOREYS:
        return float(levels)
    return float("nan")


@dataclass(frozen=True)
class _Relation:
    """A building drawn with several ways: an outline with a court, or several parts."""

    known: bool
    storeys: float
    ways: tuple[int, ...]
    outer: frozenset[int]


@dataclass
class _Drawn:
    """The drawings of buildings that may be homes, packed: millions of them must fit.

    The nodes of ring i are ring_refs[first[i]:first[i + 1]]. A building is known by the id that
    osmium gives an area: twice that of its way, or twice that of its relation and one.
    """

    kinds: frozenset[str]
    key: array[int] = field(default_factory=lambda: array("q"))
    known: array[int] = field(default_factory=lambda: array("b"))
    storeys: array[float] = field(default_factory=lambda: array("d"))
    ring_refs: array[int] = field(default_factory=lambda: array("q"))
    first: array[int] = field(default_factory=lambda: array("q", [0]))
    relations: dict[int, _Relation] = field(default_factory=dict)
    parts: dict[int, list[int]] = field(default_factory=dict)
    open_ways: set[int] = field(default_factory=set)
    other: array[int] = field(default_factory=lambda: array("q"))

    def add(self, item: Any) -> None:
        """Take in a way or relation with `building`."""
        kind, key = item.tags["building"], 2 * item.id + item.is_relation()
        known = kind in self.kinds
        if not known and kind != UNSTATED:
            self.other.append(key)
        elif item.is_relation():
            self._add_relation(item)
        elif len(item.nodes) < 4 or not item.is_closed():
            self.open_ways.add(key)
        else:
            self.key.append(key)
            self.known.append(known)
            self.storeys.append(storeys(item.tags.get("building:levels")))
            self.ring_refs.extend([node.ref for node in item.nodes])
            self.first.append(len(self.ring_refs))

    def _add_relation(self, item: Any) -> None:
        # Of other types, such as `building`, the outline is a way with tags of its own.
        if item.tags.get("type") != "multipolygon":
            return
        ways = [(one.ref, one.role) for one in item.members if one.type == "w"]
        outer = frozenset(ref for ref, role in ways if role != "inner")
        found = _Relation(
            known=item.tags["building"] in self.kinds,
            storeys=storeys(item.tags.get("building:levels")),
            ways=tuple(ref for ref, _ in ways),
            outer=outer,
        )
        self.relations.setdefault(item.id, found)

    def members(self) -> Longs:
        """Give the ways that the relations are made of."""
        ways = [way for relation in self.relations.values() for way in relation.ways]
        return np.unique(np.array(ways, dtype=np.int64))

    def refs(self) -> Longs:
        """Give the nodes that all drawings need."""
        of_parts = [ref for refs in self.parts.values() for ref in refs]
        rings = np.unique(np.frombuffer(self.ring_refs, dtype=np.int64))
        return np.union1d(rings, np.array(of_parts, dtype=np.int64))


@dataclass(frozen=True)
class _Nodes:
    """Where nodes lie, in metres of `EQUAL_AREA`; no number where no extract says it."""

    osm_id: Longs
    x: Floats
    y: Floats

    @classmethod
    def read(cls, paths: Sequence[Path], wanted: Longs) -> _Nodes:
        """Seek the nodes in all extracts; where two differ, the first counts."""
        lon, lat = np.full(len(wanted), np.nan), np.full(len(wanted), np.nan)
        only = extracts.with_ids("nodes", wanted, paths)
        for path in reversed(paths if len(wanted) else ()):
            ids, lons, lats = array("q"), array("d"), array("d")
            for node in extracts.objects(path, osmium.osm.NODE, only):
                location = node.location
                if location.valid():
                    ids.append(node.id)
                    lons.append(location.lon)
                    lats.append(location.lat)
            place = np.searchsorted(wanted, np.frombuffer(ids, dtype=np.int64))
            lon[place], lat[place] = np.frombuffer(lons), np.frombuffer(lats)
        x, y = Transformer.from_crs("EPSG:4326", EQUAL_AREA, always_xy=True).transform(lon, lat)
        return cls(wanted, np.asarray(x), np.asarray(y))

    def along(self, refs: Longs) -> Floats:
        """Give the coordinates of a line through nodes, shape (refs, 2)."""
        place = np.searchsorted(self.osm_id, refs)
        return np.column_stack([self.x[place], self.y[place]])


# --- Footprints --------------------------------------------------------------------------------


def _of_ways(drawn: _Drawn, nodes: _Nodes) -> pd.DataFrame:
    """Measure the buildings that are one closed way."""
    measured = [_measured(footprints) for footprints in _rings(drawn, nodes)]
    area_m2, x, y = np.concatenate([np.empty((3, 0)), *measured], axis=1)
    return _table(
        np.array(drawn.key, dtype=np.int64),
        np.array(drawn.known, dtype=np.bool_),
        np.array(drawn.storeys, dtype=np.float64),
        (area_m2, x, y),
    )


def _rings(drawn: _Drawn, nodes: _Nodes) -> Iterator[NDArray[np.object_]]:
    """Yield the footprints of closed ways, so many at a time as take little memory."""
    refs = np.frombuffer(drawn.ring_refs, dtype=np.int64)
    first = np.frombuffer(drawn.first, dtype=np.int64)
    for start in range(0, len(first) - 1, _AT_ONCE):
        cuts = first[start : start + _AT_ONCE + 1]
        coordinates = nodes.along(refs[cuts[0] : cuts[-1]])
        located = np.isfinite(coordinates[:, 0])
        whole = np.logical_and.reduceat(located, cuts[:-1] - cuts[0])
        owner = np.repeat(np.cumsum(whole) - 1, np.diff(cuts))
        of_whole = np.repeat(whole, np.diff(cuts))
        footprints = np.full(len(whole), None, dtype=object)
        rings = shapely.linearrings(coordinates[of_whole], indices=owner[of_whole])
        footprints[whole] = shapely.polygons(rings)
        yield footprints


def _of_relations(drawn: _Drawn, nodes: _Nodes) -> pd.DataFrame:
    """Measure the buildings that are relations; a relation that lacks a way has no footprint."""
    relations = list(drawn.relations.values())
    footprints = np.full(len(relations), None, dtype=object)
    for i, relation in enumerate(relations):
        if all(way in drawn.parts for way in relation.ways):
            lines = [nodes.along(np.array(drawn.parts[way])) for way in relation.ways]
            footprints[i] = _filled(lines)
    return _table(
        np.array([2 * number + 1 for number in drawn.relations], dtype=np.int64),
        np.array([relation.known for relation in relations], dtype=np.bool_),
        np.array([relation.storeys for relation in relations], dtype=np.float64),
        _measured(footprints),
    )


def _filled(lines: list[Floats]) -> shapely.Geometry | None:
    """Fill the rings that lines make: inside an odd number of rings is inside the building.

    So a ring inside another is a court, and one in the court a building again, whatever role the
    relation gives it. None when the lines do not close.
    """
    if not lines or any(len(line) < 2 or not np.isfinite(line).all() for line in lines):
        return None
    joined = shapely.line_merge(shapely.multilinestrings([shapely.LineString(x) for x in lines]))
    rings = shapely.get_parts(joined)
    if not shapely.is_closed(rings).all():
        return None
    filled = [shapely.Polygon(ring.coords) for ring in rings]
    if not shapely.is_valid(filled).all():
        return None
    inside: shapely.Geometry = shapely.Polygon()
    for area in filled:
        inside = shapely.symmetric_difference(inside, area)
    return inside


def _measured(footprints: NDArray[np.object_]) -> tuple[Floats, Floats, Floats]:
    """Give area in square metres, x and y in Lambert 72 of a point inside; 0 and NaN without."""
    # A footprint that crosses itself has no area that can be trusted.
    fine = shapely.is_valid(footprints)
    area_m2, x, y = (np.full(len(footprints), empty) for empty in (0.0, np.nan, np.nan))
    area_m2[fine] = shapely.area(footprints[fine])
    fine &= area_m2 > 0
    spot = shapely.get_coordinates(shapely.point_on_surface(footprints[fine]))
    to_lambert = Transformer.from_crs(EQUAL_AREA, LAMBERT_72, always_xy=True)
    x[fine], y[fine] = to_lambert.transform(spot[:, 0], spot[:, 1])
    return area_m2, x, y


def _table(
    key: Longs, known: NDArray[np.bool_], levels: Floats, measured: tuple[Floats, Floats, Floats]
) -> pd.DataFrame:
    area_m2, x, y = measured
    return pd.DataFrame(
        {"key": key, "known": known, "storeys": levels, "area_m2": area_m2, "x": x, "y": y}
    )


def _chosen(table: pd.DataFrame, drawn: _Drawn) -> Buildings:
    """Keep what has a footprint of a building, once, and count the rest."""
    weight = np.rint(table["area_m2"] * table["storeys"].fillna(1)).astype(np.int64)
    has_footprint = weight > 0
    large = table["area_m2"] > LARGEST_M2
    # An outline may bear the tags of the relation that it is the outline of.
    of_relation = [
        2 * way
        for key in table.loc[has_footprint & (table["key"] % 2 == 1), "key"]
        for way in drawn.relations[key // 2].outer
    ]
    twice = table["key"].isin(of_relation)
    kept = has_footprint & ~large & ~twice
    found = table.assign(weight=weight)[kept]
    found = found.sort_values(["x", "y", "weight", "known"], ignore_index=True)
    points = gpd.GeoDataFrame(
        {"weight": found["weight"], "kind_known": found["known"]},
        geometry=gpd.points_from_xy(found["x"], found["y"]),
        crs=LAMBERT_72,
    )
    open_ways = set(drawn.open_ways) - set(table["key"][table["key"].isin(drawn.open_ways)])
    counts = {
        "buildings": len(found),
        "buildings_of_unstated_kind": int((~found["known"]).sum()),
        "buildings_with_storeys": int(found["storeys"].notna().sum()),
        "buildings_of_other_kinds": len(np.unique(drawn.other)),
        "buildings_without_footprint": int((~has_footprint).sum()) + len(open_ways),
        "buildings_too_large": int((large & ~twice).sum()),
        "buildings_drawn_twice": int((has_footprint & twice).sum()),
    }
    return Buildings(points, counts)


# --- The cache: arrays in one file, behind their hash ------------------------------------------


def _version() -> str:
    """Hash of the modules that turn an extract into buildings."""
    return cache.code_of([Path(__file__), Path(extracts.__file__)])


def _save(buildings: Buildings, path: Path) -> None:
    points = buildings.points
    content = io.BytesIO()
    np.savez(
        content,
        weight=points["weight"],
        kind_known=points["kind_known"],
        x=points.geometry.x,
        y=points.geometry.y,
        counts=np.array(json.dumps(buildings.counts)),
    )
    packed = content.getvalue()
    path.write_bytes(hashlib.sha256(packed).digest() + packed)


def _load(path: Path) -> Buildings:
    content = path.read_bytes()
    digest, packed = content[:32], content[32:]
    if hashlib.sha256(packed).digest() != digest:
        raise InputError(Problem(str(path), "is not what was written"))
    with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
        points = gpd.GeoDataFrame(
            {"weight": arrays["weight"], "kind_known": arrays["kind_known"]},
            geometry=gpd.points_from_xy(arrays["x"], arrays["y"]),
            crs=LAMBERT_72,
        )
        return Buildings(points, json.loads(str(arrays["counts"])))
