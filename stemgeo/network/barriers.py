"""What a cyclist must go around: motorways, railways and waters of the extracts, and road names."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import shapely

from stemgeo.inputs import cache, extracts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Locate = Callable[[NDArray[np.int64]], NDArray[np.float64]]
    """Gives where nodes lie, shape (nodes, 2), no numbers where that is not known."""

MOTORWAY, TRUNK, RAILWAY, WATERWAY, WATER = "motorway", "trunk", "railway", "waterway", "water"

_KINDS = {
    ("highway", "motorway"): MOTORWAY,
    ("highway", "motorway_link"): MOTORWAY,
    ("highway", "trunk"): TRUNK,
    ("highway", "trunk_link"): TRUNK,
    ("railway", "rail"): RAILWAY,
    ("waterway", "river"): WATERWAY,
    ("waterway", "canal"): WATERWAY,
    ("natural", "water"): WATER,
}
"""OSM tags of what no cyclist rides on, and what it is called in tables."""

KINDS = (MOTORWAY, TRUNK, RAILWAY, WATERWAY, WATER)

IMPASSABLE = frozenset(KINDS) - {TRUNK}
"""What nobody crosses between a door and a road: houses stand along a trunk road."""

PIECE_KINDS = (WATER, RAILWAY, MOTORWAY)
"""What the straight pieces are of, by their number in `Network.barrier_kind`."""

_NUMBER = {WATER: 0, WATERWAY: 0, RAILWAY: 1, MOTORWAY: 2}

_CODE = (__file__, *extracts.CODE)
"""The modules that read barriers and names."""

_TAGS_READ = {"highway", "railway", "waterway", "natural", "name", "ref", "tunnel"}

ASKED = extracts.WaysAsked([f"{key}={value}" for key, value in _KINDS], _TAGS_READ)
"""The ways of which some are barriers."""


def load_barriers(paths: Sequence[Path], sha256s: Sequence[str]) -> gpd.GeoDataFrame:
    """Take the barriers of these extracts from the cache, or read and keep them.

    Parameters
    ----------
    paths
        The extracts.
    sha256s
        Of each extract, in the same order.

    Returns
    -------
    GeoDataFrame
        As from `read_barriers`.
    """
    place = cache.entry_path("barriers", sorted(sha256s), code=_CODE)
    return cache.load_or_make(
        place, lambda: read_barriers(paths), _store_barriers, _restore_barriers
    )


def read_barriers(paths: Sequence[Path]) -> gpd.GeoDataFrame:
    """Read the ways that a cyclist has to get across.

    Parameters
    ----------
    paths
        Extracts, as for `read_roads`.

    Returns
    -------
    GeoDataFrame
        `way` (OSM), `kind` (one of KINDS), `name` (of a motorway or trunk its number first; may
        be empty), lines in EPSG:4326; sorted by way. Tunnels bar nobody and are left out, as are
        waters drawn as areas that have no name: most are ponds.
    """
    only = osmium.filter.TagFilter(*_KINDS)

    def locate(refs: NDArray[np.int64]) -> NDArray[np.float64]:
        return extracts.locate_nodes(paths, refs, "EPSG:4326", only).follow_refs(refs)

    drawn = _draw_barriers(extracts.read_ways(paths, only, _TAGS_READ), locate)
    lines = np.empty(0, dtype=object)
    if len(drawn.at):
        lines = np.asarray(shapely.linestrings(drawn.at, indices=drawn.line))
    texts = {name: pd.array(getattr(drawn, name), dtype="str") for name in ("kind", "name")}
    return gpd.GeoDataFrame({"way": drawn.way, **texts}, geometry=lines, crs="EPSG:4326")


class _DrawnBarriers(NamedTuple):
    """The ways that are barriers, by their ids, and the places along each one's line in turn."""

    way: NDArray[np.int64]
    kind: NDArray[np.object_]
    name: NDArray[np.object_]
    at: NDArray[np.float64]
    line: NDArray[np.intp]


def _draw_barriers(ways: extracts.Ways, locate: Locate) -> _DrawnBarriers:
    """Draw those that are barriers through the nodes that have a place, of two or more."""
    kinds = [_find_kind(tags) for tags in ways.tags]
    names = [_find_name(tags, kind) for tags, kind in zip(ways.tags, kinds, strict=True)]
    wanted = [
        bool(kind) and (kind != WATER or bool(name)) and tags.get("tunnel", "no") == "no"
        for tags, kind, name in zip(ways.tags, kinds, names, strict=True)
    ]
    drawn = ways.take(np.array([*wanted, False], dtype=np.bool_)[ways.kind])
    by_id = np.argsort(drawn.ids)
    rank = np.empty_like(by_id)
    rank[by_id] = np.arange(len(by_id))
    of_ref = np.repeat(rank, np.diff(drawn.first))
    order = np.argsort(of_ref, kind="stable")
    refs, line = drawn.refs[order], of_ref[order]
    at = locate(refs)
    known = np.isfinite(at[:, 0])
    known &= (np.bincount(line[known], minlength=len(by_id)) > 1)[line]
    used, line = np.unique(line[known], return_inverse=True)
    kind = drawn.kind[by_id][used]
    called, named = (np.array([*of, ""], dtype=object)[kind] for of in (kinds, names))
    return _DrawnBarriers(drawn.ids[by_id][used], called, named, at[known], line)


def find_pieces(
    ways: extracts.Ways, nodes: extracts.Nodes
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Find what nobody crosses between a door and a road, as straight pieces.

    Parameters
    ----------
    ways
        Those that are `ASKED` for.
    nodes
        Of these, as far as they have a place.

    Returns
    -------
    tuple of arrays
        Longitude and latitude of both ends, degrees, shape (pieces, 4), and the position of each
        one's kind in PIECE_KINDS.
    """

    def locate(refs: NDArray[np.int64]) -> NDArray[np.float64]:
        at = np.full((len(refs), 2), np.nan)
        known = extracts.is_among(ordered.ids, refs)
        place = np.searchsorted(ordered.ids, refs[known])
        at[known] = np.stack([ordered.lon[place], ordered.lat[place]], axis=1)
        return at

    ordered = nodes.sort()
    drawn = _draw_barriers(ways, locate)
    number = np.array([_NUMBER.get(kind, 0) for kind in drawn.kind], dtype=np.uint8)
    barred = np.array([kind in IMPASSABLE for kind in drawn.kind], dtype=np.bool_)
    at, line = drawn.at, drawn.line
    whole = (np.diff(line) == 0) & barred[line[:-1]]
    return np.concatenate([at[:-1], at[1:]], axis=1)[whole], number[line[:-1][whole]]


def _find_kind(tags: Mapping[str, str]) -> str:
    return next((kind for (key, value), kind in _KINDS.items() if tags.get(key) == value), "")


def _find_name(tags: Mapping[str, str], kind: str) -> str:
    keys = ("ref", "name") if kind in (MOTORWAY, TRUNK) else ("name", "ref")
    return next((tags[key] for key in keys if tags.get(key)), "")


def name_crossed(barriers: gpd.GeoDataFrame, lines: gpd.GeoSeries) -> list[list[tuple[str, str]]]:
    """Name what lies across each of some lines, in the order in which one meets it.

    Parameters
    ----------
    barriers
        As from `read_barriers`.
    lines
        Straight lines between two places, in any CRS.

    Returns
    -------
    list
        For each line (kind, name) of what it crosses, each once.
    """
    degrees = lines.to_crs("EPSG:4326").to_numpy()
    line, barrier = barriers.sindex.query(degrees, predicate="intersects")
    meeting = shapely.intersection(degrees[line], barriers.geometry.to_numpy()[barrier])
    along = shapely.distance(shapely.get_point(degrees[line], 0), meeting)
    found: list[list[tuple[str, str]]] = [[] for _ in degrees]
    kinds, names = (barriers[one].tolist() for one in ("kind", "name"))
    for which in np.lexsort((barrier, along, line)):
        met = kinds[barrier[which]], names[barrier[which]]
        if met not in found[line[which]]:
            found[line[which]].append(met)
    return found


def load_way_names(
    paths: Sequence[Path], sha256s: Sequence[str], ways: Iterable[int]
) -> dict[int, str]:
    """Give the names of some ways, or their numbers; those without either are left out.

    Parameters
    ----------
    paths, sha256s
        As for `load_barriers`.
    ways
        OSM ids.
    """
    ids = sorted(set(ways))
    if not ids:
        return {}
    place = cache.entry_path("way-names", sorted(sha256s), ids, code=_CODE)
    return cache.load_or_make(place, lambda: _read_names(paths, ids), _store_names, _restore_names)


def _read_names(paths: Sequence[Path], ids: list[int]) -> dict[int, str]:
    only = extracts.filter_ids("ways", np.array(ids, dtype=np.int64), paths)
    ways = extracts.read_ways(paths, only, {"name", "ref"})
    names = [tags.get("name") or tags.get("ref") or "" for tags in ways.tags]
    return {
        way: names[kind]
        for way, kind in zip(ways.ids.tolist(), ways.kind.tolist(), strict=True)
        if names[kind]
    }


# --- The cache ---------------------------------------------------------------------------------


def _store_barriers(barriers: gpd.GeoDataFrame, path: Path) -> None:
    content = io.BytesIO()
    barriers.to_parquet(content, index=False)
    cache.write_sealed(content.getvalue(), path)


def _restore_barriers(path: Path) -> gpd.GeoDataFrame:
    return gpd.read_parquet(io.BytesIO(cache.read_sealed(path)))


def _store_names(names: dict[int, str], path: Path) -> None:
    cache.write_sealed(json.dumps(sorted(names.items())).encode(), path)


def _restore_names(path: Path) -> dict[int, str]:
    return dict(json.loads(cache.read_sealed(path)))
