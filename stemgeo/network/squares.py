"""Squares drawn as multipolygons: their rims are roads, as those of a closed way are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import osmium

from stemgeo.inputs import extracts
from stemgeo.network import bicycle

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path
    from types import ModuleType

CLOSED_BOTH_WAYS = (bicycle.NOT_AT_ALL, bicycle.NOT_AT_ALL)
NO_WAYS = extracts.Ways(
    np.empty(0, np.int64), np.empty(0, np.int64), np.zeros(1, np.int64), [], np.empty(0, np.int32)
)

OUTER = ("outer", "")
"""Roles of the ways around a square; a member without one is taken to be such (OSM wiki)."""


@dataclass(frozen=True)
class Squares:
    """The squares of extracts.

    Attributes
    ----------
    rims
        The ways around them, each with the tags of its square.
    counts
        How many squares are used, closed, and not drawn all around.
    """

    rims: extracts.Ways
    counts: dict[str, int]


@dataclass
class _Square:
    tags: dict[str, str]
    ways: set[int]
    rides: tuple[bicycle.Ride, bicycle.Ride]


def read_squares(
    paths: Sequence[Path], keys: Collection[str], rules: ModuleType = bicycle
) -> Squares:
    """Read the multipolygons that are highways.

    Parameters
    ----------
    paths
        The extracts; of a square that is in two, each may have a part.
    keys
        Of the tags that are wanted.
    rules
        Who goes where: `bicycle` or `foot`.
    """
    names = ("squares", rules.CLOSED_SQUARES, "squares_not_drawn_all_around")
    squares = _read_multipolygons(paths, keys, rules)
    if not squares:
        return Squares(NO_WAYS, dict.fromkeys(names, 0))
    wanted = np.array(sorted({way for one in squares for way in one.ways}), dtype=np.int64)
    drawn = extracts.read_ways(paths, extracts.filter_ids("ways", wanted, paths), keys)
    refs, own = {}, {}
    for i, way in enumerate(drawn.ids.tolist()):
        refs[way] = drawn.refs[drawn.first[i] : drawn.first[i + 1]]
        own[way] = rules.classify_way(drawn.tags[drawn.kind[i]])

    used = [one for one in squares if one.rides != CLOSED_BOTH_WAYS]
    rims = [
        (way, i)
        for i, one in enumerate(used)
        for way in sorted(one.ways & refs.keys())
        if own[way] != one.rides  # or the way is the rim by itself
    ]
    sizes = [len(refs[way]) for way, _ in rims]
    return Squares(
        extracts.Ways(
            ids=np.array([way for way, _ in rims], dtype=np.int64),
            refs=np.concatenate([wanted[:0], *(refs[way] for way, _ in rims)]),
            first=np.append(0, np.cumsum(sizes, dtype=np.int64)),
            tags=[one.tags for one in used],
            kind=np.array([i for _, i in rims], dtype=np.int32),
        ),
        dict(
            zip(
                names,
                (len(used), len(squares) - len(used), sum(_is_broken(one, refs) for one in used)),
                strict=True,
            )
        ),
    )


def join_ways(one: extracts.Ways, other: extracts.Ways) -> extracts.Ways:
    """Put the ways of one reading behind those of another."""
    if not other.tags:
        return one
    return extracts.Ways(
        ids=np.append(one.ids, other.ids),
        refs=np.append(one.refs, other.refs),
        first=np.append(one.first, one.first[-1] + other.first[1:]),
        tags=one.tags + other.tags,
        kind=np.append(one.kind, len(one.tags) + other.kind).astype(np.int32),
        unlike=one.unlike,
    )


def _read_multipolygons(
    paths: Sequence[Path], keys: Collection[str], rules: ModuleType
) -> list[_Square]:
    squares = {}
    only = osmium.filter.KeyFilter("highway")
    for relation in extracts.read_objects(paths, osmium.osm.RELATION, only):
        tags = {tag.k: tag.v for tag in relation.tags}
        if tags.get("type") != "multipolygon" or tags["highway"] not in rules.HIGHWAYS:
            continue
        read = {key: value for key, value in tags.items() if key in keys}
        ways = {one.ref for one in relation.members if one.type == "w" and one.role in OUTER}
        read["area"] = "yes"
        squares[relation.id] = _Square(read, ways, rules.classify_way(read))
    return [squares[number] for number in sorted(squares)]


def _is_broken(square: _Square, refs: dict[int, extracts.Longs]) -> bool:
    """Whether a way around a square is missing, or its ways do not close."""
    there = [refs[way] for way in square.ways & refs.keys() if len(refs[way])]
    ends = Counter(int(end) for way in there for end in (way[0], way[-1]))
    return len(there) < len(square.ways) or not there or any(n % 2 for n in ends.values())
