"""The schools and libraries of extracts: where an academy may find a roof."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import osmium
import pandas as pd
import shapely

from stemgeo.facts import LAMBERT_72
from stemgeo.inputs import cache, extracts, mapped_addresses
from stemgeo.inputs.columns import fold_label
from stemgeo.inputs.files import clean_text
from stemgeo.inputs.mapped_addresses import point_inside
from stemgeo.inputs.vectors import make_transformer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

KINDS = ("school", "library")
"""Values of `amenity`, as they are called here too."""

_NAME = "name"
_ALSO = ("name:nl", "name:fr", "alt_name", "official_name", "short_name", "operator")
"""By what else a place is found."""
_KEYS = ("amenity", _NAME, *_ALSO)
_LONGEST = 120
_SAME_M = 200.0
"""Places of one kind and name that are no farther apart are one, drawn twice; so is one without a
name that lies so near to another of its kind."""

_AROUND = ("outer", "perimeter", "")
"""Roles of what goes around a place, or is a part of it; a hole in it is neither."""

_CODE = (__file__, mapped_addresses.__file__, *extracts.CODE)


def load_mapped_places(paths: Sequence[Path], sha256s: Sequence[str]) -> pd.DataFrame:
    """Take the schools and libraries of extracts from the cache, or read and keep them.

    Parameters
    ----------
    paths, sha256s
        The extracts, and their hashes in the same order.

    Returns
    -------
    DataFrame
        As from `read_mapped_places`.
    """
    place = cache.entry_path("mapped-places", [*KINDS, *_KEYS], [*sha256s], code=_CODE)
    return cache.load_or_make(
        place,
        lambda: read_mapped_places(paths),
        lambda rows, path: cache.write_sealed(rows.to_parquet(), path),
        lambda path: pd.read_parquet(io.BytesIO(cache.read_sealed(path))),
    )


def read_mapped_places(paths: Sequence[Path]) -> pd.DataFrame:
    """Read the schools and libraries of extracts: nodes, ways with a point inside, relations.

    Parameters
    ----------
    paths
        The extracts.

    Returns
    -------
    DataFrame
        `kind` (one of KINDS), `name` (cleaned; empty where nobody wrote it), `also` (what else it
        is called, by lines), `x`, `y` (EPSG:31370); each place once, in an order of its own.

    Raises
    ------
    InputError
        If an extract cannot be read to its end.
    """
    only = osmium.filter.TagFilter(*(("amenity", one) for one in KINDS))
    # What is drawn as an area says more than a mark in it: of two that are one it is kept.
    drawn = [_read_relations(paths, only), _read_ways(paths, only), _read_nodes(paths, only)]
    table = pd.concat([part.assign(rank=rank) for rank, part in enumerate(drawn)])
    table = table[np.isfinite(table["x"]) & np.isfinite(table["y"])]
    name = [clean_text(one, _LONGEST) for one in table[_NAME]]
    also = [
        "\n".join(dict.fromkeys(clean_text(one, _LONGEST) for one in row if one))
        for row in table[[*_ALSO]].itertuples(index=False)
    ]
    table = table.assign(kind=table["amenity"], name=name, also=also)
    table = table.sort_values(["kind", "name", "rank", "x", "y"], ignore_index=True)
    kept: pd.DataFrame = table[_is_new(table)][["kind", "name", "also", "x", "y"]]
    return kept.astype({"kind": str, "name": str, "also": str}).reset_index(drop=True)


def _read_nodes(paths: Sequence[Path], only: Any) -> pd.DataFrame:
    nodes = extracts.read_tagged(paths, osmium.osm.NODE, only, _KEYS)
    moved = make_transformer("EPSG:4326", LAMBERT_72)
    x, y = moved.transform(nodes["lon"].to_numpy(), nodes["lat"].to_numpy())
    return nodes[[*_KEYS]].assign(x=x, y=y)


def _read_ways(paths: Sequence[Path], only: Any) -> pd.DataFrame:
    ways = extracts.read_tagged(paths, osmium.osm.WAY, only, _KEYS)
    lines = _locate_ways(paths, ways["id"].tolist())
    inside = [point_inside(lines[way]) for way in ways["id"]]
    return ways[[*_KEYS]].assign(x=[x for x, _ in inside], y=[y for _, y in inside])


def _locate_ways(paths: Sequence[Path], ids: Sequence[int]) -> dict[int, Floats]:
    """Give the line of each way in metres; of one that is in no extract there is none."""
    refs = extracts.refs_by_way(paths, ids)
    every = np.concatenate([np.empty(0, np.int64), *refs.values()])
    located = extracts.locate_nodes(paths, every, LAMBERT_72)
    return {way: located.follow_refs(one) for way, one in refs.items()}


def _read_relations(paths: Sequence[Path], only: Any) -> pd.DataFrame:
    rows, members = [], []
    for relation in extracts.read_objects(paths, osmium.osm.RELATION, only):
        tags = {tag.k: extracts.clean_map_text(tag.v) for tag in relation.tags}
        rows.append([tags.get(key, "") for key in _KEYS])
        own = [(one.type, one.ref) for one in relation.members if one.role in _AROUND]
        members.append(own)
    ways = sorted({ref for own in members for kind, ref in own if kind == "w"})
    nodes = np.array(sorted({ref for own in members for kind, ref in own if kind == "n"}), np.int64)
    lines = _locate_ways(paths, ways)
    located = extracts.locate_nodes(paths, nodes, LAMBERT_72)
    middle = [
        _find_middle(
            [lines[ref] for kind, ref in own if kind == "w" and ref in lines],
            located.follow_refs(np.array([ref for kind, ref in own if kind == "n"], np.int64)),
        )
        for own in members
    ]
    table = pd.DataFrame(rows, columns=[*_KEYS], dtype=str)
    return table.assign(x=[x for x, _ in middle], y=[y for _, y in middle])


def _find_middle(lines: list[Floats], marks: Floats) -> tuple[float, float]:
    """Give a point inside the largest area that lines enclose; without one the middle of all."""
    known = [line[np.isfinite(line).all(axis=1)] for line in lines]
    drawn = [shapely.LineString(line) for line in known if len(line) > 1]
    areas = shapely.get_parts(shapely.polygonize(drawn)) if drawn else np.empty(0, dtype=object)
    if len(areas):
        at = shapely.point_on_surface(areas[np.argmax(shapely.area(areas))])
        return float(at.x), float(at.y)
    every = np.concatenate([np.empty((0, 2)), *known, marks[np.isfinite(marks).all(axis=1)]])
    if not len(every):
        return float("nan"), float("nan")
    x, y = every.mean(axis=0)
    return float(x), float(y)


def _is_new(table: pd.DataFrame) -> NDArray[np.bool_]:
    """Say which places are no other one drawn again: of those that are near the first."""
    kept = np.ones(len(table), dtype=np.bool_)
    known: dict[tuple[str, str], list[tuple[float, float]]] = {}
    columns = [table[one].tolist() for one in ("rank", "kind", "name", "x", "y")]
    rows = sorted(
        zip(*columns, range(len(table)), strict=True), key=lambda one: (not one[2], one[0], one[-1])
    )
    for _, kind, name, x, y, row in sorted(rows, key=lambda one: (not one[2], one[0], one[-1])):
        # Every one is known by its kind as well: to that one without a name is compared.
        of_name, of_kind = (known.setdefault((kind, one), []) for one in (fold_label(name), ""))
        others = of_name if name else of_kind
        kept[row] = not any(math.hypot(x - a, y - b) <= _SAME_M for a, b in others)
        if kept[row]:
            of_kind.append((x, y))
            if name:
                of_name.append((x, y))
    return kept
