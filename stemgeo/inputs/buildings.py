"""The buildings of OpenStreetMap extracts, as places where children may live.

osmium reads the extracts and PROJ and GEOS measure; here is decided what a footprint is. Ways may
stand before their nodes and a building in several extracts: what a building needs is sought in all
of them, and what has no footprint even so is counted.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import shapely

from stemgeo.arrays import do_at_once, starts_of_runs
from stemgeo.facts import LAMBERT_72
from stemgeo.inputs import cache, extracts
from stemgeo.inputs.vectors import move_points
from stemgeo.study import FLAT_BUILDINGS, FLATS_FROM_STOREYS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

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

ADDRESS = frozenset(("addr:housenumber", "addr:housename"))

OTHER_USE = frozenset(("amenity", "leisure", "man_made", "power", "military", "railway", "aeroway"))
"""What bears one of these is a school, a transformer, a stand, but no home. Not so a shop, an
office or a doctor: many live above one."""

_TAGS_READ = {"building", "building:levels"} | ADDRESS | OTHER_USE
_STOREYS = re.compile(r"[0-9]{1,2}(\.[0-9]+)?")
_AT_ONCE = 100_000


@dataclass(frozen=True)
class Buildings:
    """Buildings that may be homes, and what was left out.

    Attributes
    ----------
    points
        weight (int64; square metres of footprint times storeys, above 0), kind_known (whether its
        `building` is one of the kinds asked for; False for `building=yes`), footprint_m2 (float64),
        address and other_use (whether tags say so), flats (whether it holds several homes),
        geometry (a point inside the footprint, EPSG:31370); sorted by place.
    counts
        What was read and what was left out, for the manifest: `buildings` and, of these,
        `buildings_of_unstated_kind`, `buildings_with_storeys`, `buildings_with_address` and
        `buildings_of_other_use` (as a tag beside `building` says); and, not among them,
        `buildings_of_other_kinds`, `buildings_without_footprint`, `buildings_too_large` and
        `buildings_drawn_twice`.
    not_met
        The kinds asked for of which the extracts hold no building, sorted.
    """

    points: gpd.GeoDataFrame
    counts: dict[str, int]
    not_met: tuple[str, ...] = ()


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
    made_from = sha256s, sorted(set(kinds)), FLAT_BUILDINGS, FLATS_FROM_STOREYS
    place = cache.entry_path("buildings", *made_from, code=[__file__, *extracts.CODE])
    return cache.load_or_make(
        place, lambda: read_buildings(paths, kinds), _store_buildings, _restore_buildings
    )


def read_buildings(paths: Sequence[Path], kinds: Collection[str]) -> Buildings:
    """Read the buildings that may be homes from one or more extracts.

    A building is a closed way or a multipolygon relation with `building`. Its weight is the area
    of its footprint times its storeys: `building:levels` where that is a plain number from 1 to
    60, else 1, so a tower without the tag weighs as a house of its footprint.

    Parameters
    ----------
    paths
        Extracts (.osm.pbf, .osm, .osm.gz, .osm.bz2). A building that is in two is taken once, in
        its newest version; of those without versions as the first has it.
    kinds
        The values of `building` that are dwellings; `yes` is read along as of unstated kind, and
        all others are left out.

    Raises
    ------
    InputError
        If an extract cannot be read to its end.
    """
    drawn = _Drawings.from_extracts(paths, frozenset(kinds))
    table = _measure_drawings(paths, drawn)
    # Measured, corners are no more than memory.
    drawn = replace(drawn, ring_refs=np.empty(0, dtype=np.int64))
    return _choose_buildings(table, drawn)


# --- What is drawn -----------------------------------------------------------------------------


def read_storeys(levels: str | None) -> float:
    """Read `building:levels`; NaN where it is no plain number from 1 to 60."""
    if levels and _STOREYS.fullmatch(levels) and 1 <= float(levels) <= MOST_STOREYS:
        return float(levels)
    return float("nan")


class _BuildingTags(NamedTuple):
    """What the tags of a building say."""

    known: bool
    storeys: float
    address: bool
    other_use: bool
    flats: bool

    @classmethod
    def from_tags(cls, tags: Mapping[str, str], kinds: frozenset[str]) -> _BuildingTags:
        """Read the tags."""
        kind, levels = tags["building"], read_storeys(tags.get("building:levels"))
        return cls(
            kind in kinds,
            levels,
            not ADDRESS.isdisjoint(tags),
            not OTHER_USE.isdisjoint(tags),
            kind in FLAT_BUILDINGS or levels >= FLATS_FROM_STOREYS,
        )


@dataclass(frozen=True)
class _BuildingRelation:
    """A building drawn with several ways: an outline with a court, or several parts."""

    said: _BuildingTags
    ways: tuple[int, ...]
    outer: frozenset[int]


@dataclass(frozen=True)
class _Drawings:
    """The drawings of buildings that may be homes, packed: millions of them must fit.

    The nodes of ring i are ring_refs[first[i]:first[i + 1]]; `said` has a row for each, with the
    fields of `_BuildingTags`. A building is known by the id that
    osmium gives an area: twice that of its way, or twice that of its relation and one.
    """

    key: Longs
    said: pd.DataFrame
    ring_refs: Longs
    first: Longs
    relations: dict[int, _BuildingRelation]
    parts: dict[int, Longs]
    open_ways: int
    others: int
    not_met: tuple[str, ...]

    @classmethod
    def from_extracts(cls, paths: Sequence[Path], kinds: frozenset[str]) -> _Drawings:
        """Read the ways and relations with `building`, and the ways that the relations need."""
        asked = extracts.WaysAsked(["building"], _TAGS_READ)
        (ways,) = extracts.read_ways_at_once(paths, [asked])
        said = _tabulate_tags([_BuildingTags.from_tags(tags, kinds) for tags in ways.tags])
        unstated = np.array([tags["building"] == UNSTATED for tags in ways.tags], dtype=np.bool_)
        wanted = (said["known"].to_numpy() | unstated)[ways.kind]
        refs_of_way = np.diff(ways.first)
        closed = refs_of_way >= 4
        ends = ways.refs[ways.first[:-1][closed]], ways.refs[ways.first[1:][closed] - 1]
        closed[closed] = ends[0] == ends[1]
        chosen = wanted & closed
        relations, others, met = _read_relations(paths, kinds)
        return cls(
            2 * ways.ids[chosen],
            said.iloc[ways.kind[chosen]],
            ways.refs[np.repeat(chosen, refs_of_way)],
            np.append(0, np.cumsum(refs_of_way[chosen])),
            relations,
            extracts.refs_by_way(paths, (way for one in relations.values() for way in one.ways)),
            int((wanted & ~closed).sum()),
            int((~wanted).sum()) + others,
            tuple(sorted(kinds - met - {tags["building"] for tags in ways.tags})),
        )


def _tabulate_tags(said: list[_BuildingTags]) -> pd.DataFrame:
    kinds = dict.fromkeys(_BuildingTags._fields, np.bool_) | {"storeys": np.float64}
    return pd.DataFrame(said, columns=_BuildingTags._fields).astype(kinds)


def _read_relations(
    paths: Sequence[Path], kinds: frozenset[str]
) -> tuple[dict[int, _BuildingRelation], int, set[str]]:
    """Read the relations that may be homes, count those of other kinds, and give the kinds met."""
    relations: dict[int, _BuildingRelation] = {}
    others, met = 0, set()
    only = osmium.filter.KeyFilter("building")
    for item in extracts.read_objects(paths, osmium.osm.RELATION, only):
        kind = item.tags["building"]
        met.add(kind)
        if kind not in kinds and kind != UNSTATED:
            others += 1
        # Of other types, such as `building`, the outline is a way with tags of its own.
        elif item.tags.get("type") == "multipolygon":
            ways = [(one.ref, one.role) for one in item.members if one.type == "w"]
            relations[item.id] = _BuildingRelation(
                said=_BuildingTags.from_tags({tag.k: tag.v for tag in item.tags}, kinds),
                ways=tuple(ref for ref, _ in ways),
                outer=frozenset(ref for ref, role in ways if role != "inner"),
            )
    return relations, others, met


# --- Footprints --------------------------------------------------------------------------------


def _measure_drawings(paths: Sequence[Path], drawn: _Drawings) -> pd.DataFrame:
    """Measure all buildings; where their corners lie is forgotten again."""
    refs = np.concatenate([drawn.ring_refs, *drawn.parts.values()])
    nodes = extracts.locate_nodes(paths, refs, EQUAL_AREA)
    return pd.concat(
        [_measure_ways(drawn, nodes), _measure_relations(drawn, nodes)], ignore_index=True
    )


def _measure_ways(drawn: _Drawings, nodes: extracts.LocatedNodes) -> pd.DataFrame:
    """Measure the buildings that are one closed way."""
    measured = _measure_rings(drawn, nodes)
    return _add_measures(drawn.key, drawn.said, np.concatenate([np.empty((3, 0)), *measured], 1))


def _measure_rings(drawn: _Drawings, nodes: extracts.LocatedNodes) -> list[Floats]:
    """Measure the footprints of closed ways, so many at a time as take little memory."""
    from stemgeo.inputs.footprints import measure_rings

    refs, first = drawn.ring_refs, drawn.first

    def measure_some(start: int) -> Floats:
        cuts = first[start : start + _AT_ONCE + 1]
        coordinates = nodes.follow_refs(refs[cuts[0] : cuts[-1]])
        # Most have no doubt about them, and take an object of GEOS ten times as long.
        sure, *measured = measure_rings(coordinates, cuts - cuts[0])
        located = np.logical_and.reduceat(np.isfinite(coordinates[:, 0]), cuts[:-1] - cuts[0])
        rest = np.flatnonzero(located & ~sure)
        of_rest = np.repeat(located & ~sure, np.diff(cuts))
        owner = np.repeat(np.arange(len(rest)), np.diff(cuts)[rest])
        rings = shapely.linearrings(coordinates[of_rest], indices=owner)
        found = np.stack(measured)
        found[:, rest] = _measure_footprints(np.asarray(shapely.polygons(rings), dtype=object))
        return found

    # Kernel and GEOS let others run meanwhile.
    return do_at_once(measure_some, range(0, len(first) - 1, _AT_ONCE))


def _measure_relations(drawn: _Drawings, nodes: extracts.LocatedNodes) -> pd.DataFrame:
    """Measure the buildings that are relations; a relation that lacks a way has no footprint."""
    relations = list(drawn.relations.values())
    footprints = np.full(len(relations), None, dtype=object)
    for i, relation in enumerate(relations):
        if all(way in drawn.parts for way in relation.ways):
            lines = [nodes.follow_refs(drawn.parts[way]) for way in relation.ways]
            footprints[i] = fill_rings(lines)
    return _add_measures(
        np.array([2 * number + 1 for number in drawn.relations], dtype=np.int64),
        _tabulate_tags([relation.said for relation in relations]),
        _measure_footprints(footprints),
    )


def fill_rings(lines: list[Floats]) -> shapely.Geometry | None:
    """Fill the rings that lines make: inside an odd number of rings is inside the building.

    So a ring inside another is a court, and one in the court a building again, whatever role the
    relation gives it. None when the lines do not close, or one of their places is not known.
    """
    if not lines or any(len(line) < 2 or not np.isfinite(line).all() for line in lines):
        return None
    joined = shapely.line_merge(shapely.multilinestrings([shapely.LineString(x) for x in lines]))
    rings = shapely.get_parts(joined)
    if not shapely.is_closed(rings).all():
        return None
    areas = [shapely.Polygon(ring.coords) for ring in rings]
    if not shapely.is_valid(areas).all():
        return None
    inside: shapely.Geometry = shapely.Polygon()
    for area in areas:
        inside = shapely.symmetric_difference(inside, area)
    return inside


def _measure_footprints(footprints: NDArray[np.object_]) -> Floats:
    """Give area in square metres, x and y of a point inside, (3, footprints); 0, NaN without."""
    # A footprint that crosses itself has no area that can be trusted.
    fine = shapely.is_valid(footprints)
    area_m2, x, y = (np.full(len(footprints), empty) for empty in (0.0, np.nan, np.nan))
    area_m2[fine] = shapely.area(footprints[fine])
    fine &= area_m2 > 0
    x[fine], y[fine] = shapely.get_coordinates(shapely.point_on_surface(footprints[fine])).T
    return np.stack([area_m2, x, y])


def _add_measures(key: Longs, said: pd.DataFrame, measured: Floats) -> pd.DataFrame:
    area_m2, x, y = measured
    x, y = move_points(EQUAL_AREA, LAMBERT_72, x, y)
    x, y = (np.where(area_m2 > 0, one, np.nan) for one in (x, y))
    return said.reset_index(drop=True).assign(key=key, area_m2=area_m2, x=x, y=y)


def _choose_buildings(table: pd.DataFrame, drawn: _Drawings) -> Buildings:
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
    rows = np.flatnonzero(kept)
    keys = ("known", "address", "other_use", "flats")
    table = table.assign(weight=weight)
    by = [table[name].to_numpy()[rows] for name in ("x", "y", "weight", *keys)]
    found = table.iloc[rows[_order_by(by)]].reset_index(drop=True)
    points = gpd.GeoDataFrame(
        {
            "weight": found["weight"],
            "kind_known": found["known"],
            "footprint_m2": found["area_m2"],
            **{name: found[name] for name in ("address", "other_use", "flats")},
        },
        geometry=gpd.points_from_xy(found["x"], found["y"]),
        crs=LAMBERT_72,
    )
    counts = {
        "buildings": len(found),
        "buildings_of_unstated_kind": int((~found["known"]).sum()),
        "buildings_with_storeys": int(found["storeys"].notna().sum()),
        "buildings_with_address": int(found["address"].sum()),
        "buildings_of_other_use": int(found["other_use"].sum()),
        "buildings_of_other_kinds": drawn.others,
        "buildings_without_footprint": int((~has_footprint).sum()) + drawn.open_ways,
        "buildings_too_large": int((large & ~twice).sum()),
        "buildings_drawn_twice": int((has_footprint & twice).sum()),
    }
    return Buildings(points, counts, drawn.not_met)


def _order_by(keys: Sequence[NDArray[Any]]) -> NDArray[np.intp]:
    """Order by the first key, and by the others what is equal by it: hardly any is."""
    order = np.argsort(keys[0], kind="stable")
    begins = starts_of_runs(keys[0][order])
    tied = ~(begins & np.append(begins[1:], True)[: len(order)])
    rows = np.sort(order[tied])
    order[tied] = rows[np.lexsort([one[rows] for one in reversed(keys)])]
    return order


# --- The cache: arrays in one file, behind their hash ------------------------------------------


_COLUMNS = ("weight", "kind_known", "footprint_m2", "address", "other_use", "flats")


def _store_buildings(buildings: Buildings, path: Path) -> None:
    points = buildings.points
    cache.store_arrays(
        path,
        **{name: points[name] for name in _COLUMNS},
        x=points.geometry.x,
        y=points.geometry.y,
        counts=json.dumps(buildings.counts),
        not_met=json.dumps(buildings.not_met),
    )


def _restore_buildings(path: Path) -> Buildings:
    arrays = cache.restore_arrays(path)
    points = gpd.GeoDataFrame(
        {name: arrays[name] for name in _COLUMNS},
        geometry=gpd.points_from_xy(arrays["x"], arrays["y"]),
        crs=LAMBERT_72,
    )
    counts, not_met = (json.loads(str(arrays[name])) for name in ("counts", "not_met"))
    return Buildings(points, counts, tuple(not_met))
