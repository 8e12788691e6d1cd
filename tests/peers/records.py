"""What a comparison finds, on its way from the script to the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from classes import KINDS, kind_of, kind_of_node

from stemgeo.network import bicycle

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from extract import Node, Way
    from numpy.typing import NDArray
    from ours import Pair

    Floats = NDArray[np.float64]
    Access = tuple[bool | None, bool | None]


@dataclass(frozen=True)
class Difference:
    """Where the engines differ: ways by id with a class for each direction, and nodes.

    And all that Valhalla said: who rides each way, along and against, and who passes each node.
    """

    ways: dict[int, tuple[str | None, str | None]]
    nodes: dict[int, str]
    theirs: Mapping[int, Access]
    passes: Mapping[int, bool]

    @classmethod
    def of(
        cls,
        ways: Mapping[int, Way],
        nodes: Mapping[int, Node],
        theirs: Mapping[int, Access],
        passes: Mapping[int, bool],
    ) -> Difference:
        """Class what differs between what Valhalla said and our rules of today."""
        kinds = {}
        for number, access in theirs.items():
            tags = ways[number].tags
            rides = bicycle.classify_way(tags)
            kind = kind_of(tags, rides, access, 0), kind_of(tags, rides, access, 1)
            if any(kind):
                kinds[number] = kind
        found = {i: kind_of_node(nodes[i].tags, passes=open_) for i, open_ in passes.items()}
        return cls(kinds, {i: kind for i, kind in found.items() if kind}, theirs, passes)

    @property
    def kinds(self) -> list[str]:
        """The classes that occur, in the order of `KINDS`."""
        found = {kind for kinds in self.ways.values() for kind in kinds} | set(self.nodes.values())
        return [kind for kind in KINDS if kind in found]


@dataclass(frozen=True)
class Lengths:
    """Lengths of the ways of all pairs in metres, inf where there is none; shape (pairs,)."""

    ours: Floats
    without_pushing: Floats
    adopted: Floats
    fastest: Floats
    theirs: Floats
    unrestricted: Floats
    their_fastest: Floats


@dataclass(frozen=True)
class Times:
    """Our own fastest times, milliseconds, with pushing and without; shape (pairs,)."""

    pushing: Floats
    riding: Floats


@dataclass(frozen=True)
class Survey:
    """Access and direction on one extract, way by way and node by node."""

    name: str
    ways: dict[int, Way]
    nodes: dict[int, Node]
    difference: Difference


@dataclass(frozen=True)
class Comparison:
    """All that was found on one extract; the lists go by pair."""

    survey: Survey
    cut: int
    pairs: list[Pair]
    lengths: Lengths
    times: Times
    reasons: list[str]
    our_ways: list[frozenset[int]]
    their_ways: list[frozenset[int]]
