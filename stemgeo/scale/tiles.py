"""A network in tiles, searched by themselves, that give what the whole gives: to the millisecond.

**Who owns what.** Straight cuts divide the nodes, each across the longer side of what it cuts, so
that every node has one owner; a demand point belongs to the owner of the first road that it is tied
to. A tile has its own nodes, all edges that touch a node within the *halo* (so many metres around
the box of its own nodes), and every edge that a point of its own is tied to. Edges are whole, and
what is tied to them comes along, academies and points of others too. Nodes, edges, segments, ties
and points keep their order, times are the same whole milliseconds, and academies have the numbers
that they have in the whole: so the same ties are broken in the same way.

**How far a ride gets.** A quickest ride between two nodes passes each edge at most once. So it
gets, in a straight line, no farther than over the fastest edges laid end to end, each of them once:
the metres between their ends as the crow flies, in milliseconds as they are rounded, with waits,
ferries too (`FarthestRide`). Edges of nought milliseconds come first, for nothing; a bend only
makes an edge slower. Turned around: a ride from a tile's own nodes to one some metres away takes at
least so long, and one that leaves the halo takes at least a *step*.

**Rounds.** A search up to the horizon is done in rounds of a step. Before a round the labels (time
and academy) up to `known_ms` are right, for every node, and its owner has them. A tile borrows
those of the nodes of others that it has, and goes on to `known_ms` + step. Then its own labels are
right up to there: take the quickest ride from an own node whose label is later than `known_ms`, and
on it the first node with no more than `known_ms` to go. Until the node before that one the ride
takes less than a step, so it has stayed in the halo, the tile has each edge up to that first node,
whole, and what it borrowed holds there. (Where no node has so little to go, the whole ride takes
less than a step, and the academy's edge is there as well.) What a tile finds is never too early:
its roads are a part of the roads. A node of others that is `away_ms` matters only when its label is
so much earlier than the end of the round; later it is not passed, which saves half of the halo.

**Points.** At the horizon each point takes the best of its roads. Its tile has all of these, and
the labels at both their ends, its own or borrowed.

So the figures do not depend on the number of tiles, on the halo, or on who does what when. These
decide how many rounds there are. With a halo as wide as the fastest ride of a study gets within the
cutoff, a round is the cutoff or more: 15 minutes take one, and 60 take four.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from stemgeo.access.search import (
    RANK_BITS,
    TAIL_BITS,
    THREE,
    UNREACHED,
    find_longest_ms,
    label_nearest_on,
    label_nearest_three_on,
)
from stemgeo.access.travellers import Pace, build_rider
from stemgeo.arrays import list_once, list_ranges
from stemgeo.network.legs import build_grid, list_in_box
from stemgeo.network.window import SQUARE_M, list_segments

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from stemgeo.access.travel_time import Rider
    from stemgeo.network.graph import Network
    from stemgeo.network.legs import Box, PieceGrid
    from stemgeo.network.snap import TiedPoints
    from stemgeo.study import Travel

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]
    Longs = NDArray[np.int64]
    Rows = NDArray[np.intp]

ROOM_M = 1e-3
"""What a straight line may be off by: coordinates are floating-point numbers of metres."""

NEVER = 2**40
"""Milliseconds that nothing takes: 35 years."""

EDGES_LAID = 1000
"""So many of the fastest edges are laid end to end one by one: more than any step takes."""

FAR_M = 1e8
"""Farther than the other side of the earth."""

RIDERS_KEPT = 4
"""Of each tile: the times of so many ways to travel are kept."""


class Filling(NamedTuple):
    """As `Network.fill_untagged` takes it."""

    best: bool
    stress: bool
    surfaces: bool


class WayOfTravel(NamedTuple):
    """One way to travel over the roads of any tile: what its times depend on."""

    travel: Travel
    filled: tuple[Filling, ...]
    profile: str
    pace: Pace


@dataclass(frozen=True)
class FarthestRide:
    """How far, in a straight line, one can get in which time: over the fastest edges, each once.

    Attributes
    ----------
    metres, ms
        Rising, from nought; all edges together lead no farther than the last.
    """

    metres: Floats
    ms: Floats

    @classmethod
    def from_rider(cls, rider: Rider) -> FarthestRide:
        """Lay the edges of a rider end to end, the fastest first."""
        network, (_, arcs) = rider.network, rider.arcs
        start, end = network.ends
        x, y = network.node_x, network.node_y
        metres = np.hypot(x[start] - x[end], y[start] - y[end])
        ms = np.full(network.edges, NEVER)
        np.minimum.at(ms, network.arcs[2] >> 1, arcs >> TAIL_BITS)
        passed = np.flatnonzero((metres > 0) & (ms < NEVER))
        metres, ms_per_m = metres[passed], ms[passed] / metres[passed]
        fastest = np.arange(len(passed))
        if len(passed) > EDGES_LAID:
            fastest = np.argpartition(ms_per_m, EDGES_LAID)[:EDGES_LAID]
        fastest = fastest[np.argsort(ms_per_m[fastest])]
        laid_m, laid_ms = metres[fastest], ms[passed][fastest]
        if len(fastest) < len(passed):
            # Beyond these as fast as the slowest of them: no other edge is faster.
            laid_m = np.append(laid_m, FAR_M)
            laid_ms = np.append(laid_ms, FAR_M * ms_per_m[fastest[-1]])
        return cls(*(np.append(0.0, np.cumsum(one)) for one in (laid_m, laid_ms)))

    def find_metres(self, ms: int) -> float:
        """Say how far one gets at most."""
        return float(np.interp(ms, self.ms, self.metres)) + ROOM_M

    def find_ms(self, metres: Floats) -> Longs:
        """Say how long it takes at least to get so far; NEVER where nobody does."""
        ms = np.interp(np.maximum(metres - ROOM_M, 0), self.metres, self.ms, right=NEVER)
        return np.floor(ms).astype(np.int64)


class TileRider(NamedTuple):
    """One way of travelling over the roads of a tile.

    Attributes
    ----------
    rider
        With its times.
    reach
        How far one gets.
    away_ms
        How long it takes the tile's own nodes at least to come to each node, shape (nodes,).
    longest_ms
        See `search.find_longest_ms`.
    """

    rider: Rider
    reach: FarthestRide
    away_ms: Longs
    longest_ms: Longs


@dataclass(frozen=True)
class Tile:
    """A part of the roads, and the points on it.

    Attributes
    ----------
    network
        Its edges; of all roads, as `Network.restrict_to` gives them.
    own
        Its own nodes, numbered in `network`.
    away_m
        How far each node lies from the box of its own nodes, shape (nodes,).
    halo_m
        Every edge is there that touches a node that is no farther away.
    places
        The points that are tied to its edges, with their ties to these; in the order of the whole.
    own_points
        Which of them are its own: all ties of these are there.
    borrowed
        By the tile that owns them: nodes of others, numbered in `network`, and where they stand
        among what that tile lends.
    lent
        What others borrow of its own nodes, numbered among `own`; rising.
    """

    network: Network
    own: Ints
    away_m: Floats
    halo_m: float
    places: TiedPoints
    own_points: Rows
    borrowed: dict[int, tuple[Ints, Ints]]
    lent: Ints
    _riders: dict[WayOfTravel, TileRider] = field(repr=False, compare=False, default_factory=dict)

    def __getstate__(self) -> dict[str, object]:
        """Leave behind what is worked out of it."""
        return {one.name: getattr(self, one.name) for one in fields(self)} | {"_riders": {}}

    @cached_property
    def own_places(self) -> TiedPoints:
        """Its own points, with all their ties."""
        return self.places.take_points(self.own_points)

    def ride(self, way: WayOfTravel) -> TileRider:
        """Say how one travels over its roads; the times of the last few ways are kept."""
        found = self._riders.get(way)
        if found is None:
            for oldest in list(self._riders)[: max(len(self._riders) + 1 - RIDERS_KEPT, 0)]:
                self._riders.pop(oldest, None)
            rider = build_rider(self._lay_roads(way), way.travel, way.profile, way.pace, 0)
            reach = FarthestRide.from_rider(rider)
            found = self._riders[way] = TileRider(
                rider, reach, reach.find_ms(self.away_m), find_longest_ms(rider.arcs)
            )
        return found

    def _lay_roads(self, way: WayOfTravel) -> Network:
        network = self.network
        for one in way.filled:
            network = network.fill_untagged(**one._asdict())
        if way.pace.on_pavements:
            network = network.take_to_pavements()
        return network.calm_to(way.profile)

    def lay_labels(self, mine: Longs | None, borrowed: Mapping[int, Longs], *shape: int) -> Longs:
        """Lay labels of its own nodes and of those of others beside each other.

        Parameters
        ----------
        mine
            Of its own nodes, shape (own, *shape); None before any round.
        borrowed
            What others lend, by their numbers.
        *shape
            Of the labels of a node: nothing, or 3.
        """
        label = np.full((self.network.nodes, *shape), UNREACHED, dtype=np.int64)
        if mine is not None:
            label[self.own] = mine
        for lender, labels in borrowed.items():
            nodes, place = self.borrowed[lender]
            label[nodes] = labels[place]
        return label

    def bound_others(self, label: Longs, away_ms: Longs, known_ms: int, until_ms: int) -> None:
        """Mark nodes of others that matter only if they are reached early: no label matters later.

        Parameters
        ----------
        label
            Of each node, or its last of three, shape (nodes,); is changed.
        away_ms
            Of a `TileRider`.
        known_ms, until_ms
            From where to where a round goes.
        """
        others = label == UNREACHED
        others[self.own] = False
        latest_ms = np.maximum(until_ms - away_ms[others], known_ms)
        label[others] = (latest_ms + 1) << RANK_BITS


# -- units of work: each is a function of a tile and of what other units gave ------------------


def find_step(tile: Tile, way: WayOfTravel) -> int:
    """Say for how long a ride at least stays within the halo, milliseconds."""
    return int(tile.ride(way).reach.find_ms(np.array(tile.halo_m)))


def find_metres(tile: Tile, way: WayOfTravel, ms: int) -> float:
    """Say how far one gets at most.

    Parameters
    ----------
    tile, way
        How one travels over which roads.
    ms
        For how long.
    """
    return tile.ride(way).reach.find_metres(ms)


def lend_labels(tile: Tile, mine: Longs) -> Longs:
    """Give the labels of the nodes that other tiles borrow, to all of them at once.

    Parameters
    ----------
    tile, mine
        Whose labels.
    """
    return mine[tile.lent]


def label_tile(
    tile: Tile,
    way: WayOfTravel,
    sites: TiedPoints,
    mine: Longs | None,
    borrowed: Mapping[int, Longs],
    known_ms: int,
    until_ms: int,
) -> Longs:
    """Do a round: label a tile's own nodes with the nearest site up to `until_ms`.

    Parameters
    ----------
    tile, way
        How one travels over which roads.
    sites
        All of them, with their ties to the tile's edges; the number of each is its rank.
    mine, borrowed
        As for `Tile.lay_labels`, up to `known_ms`.
    known_ms, until_ms
        From where to where, a step at most; -1: nothing is known.
    """
    rider, _, away_ms, longest_ms = tile.ride(way)
    label = tile.lay_labels(mine, borrowed)
    tile.bound_others(label, away_ms, known_ms, until_ms)
    seeds = rider.label_seeds(sites, np.arange(len(sites.snap_m)))
    return label_nearest_on(rider.arcs, *seeds, longest_ms, label, known_ms, until_ms)[tile.own]


def label_tile_three(
    tile: Tile,
    way: WayOfTravel,
    sites: TiedPoints,
    mine: Longs | None,
    borrowed: Mapping[int, Longs],
    known_ms: int,
    until_ms: int,
) -> Longs:
    """Do a round with the three nearest sites; as `label_tile`.

    Parameters
    ----------
    tile, way, sites, mine, borrowed, known_ms, until_ms
        As for `label_tile`; labels of shape (nodes, 3).
    """
    rider, _, away_ms, longest_ms = tile.ride(way)
    label = tile.lay_labels(mine, borrowed, THREE)
    tile.bound_others(label[:, -1], away_ms, known_ms, until_ms)
    seeds = rider.label_seeds_by_site(sites, np.arange(len(sites.snap_m)))
    return label_nearest_three_on(rider.arcs, *seeds, longest_ms, label, known_ms, until_ms)[
        tile.own
    ]


def label_points(
    tile: Tile,
    way: WayOfTravel,
    sites: TiedPoints,
    mine: Longs,
    borrowed: Mapping[int, Longs],
    horizon_ms: int,
    points: Rows | None,
) -> Longs:
    """Label points of a tile once all nodes are labelled.

    Parameters
    ----------
    tile, way, sites, mine, borrowed
        As for `label_tile`, up to the horizon; the labels of shape (nodes,) or (nodes, 3).
    horizon_ms
        Nothing beyond is labelled; inclusive.
    points
        Which of its own points; all when not given.
    """
    rider = replace(tile.ride(way).rider, horizon_ms=horizon_ms)
    wanted = tile.own_places if points is None else tile.places.take_points(points)
    label = tile.lay_labels(mine, borrowed, *mine.shape[1:])
    rank = np.arange(len(sites.snap_m))
    finish = rider.label_points if label.ndim == 1 else rider.label_points_three
    return finish(sites, wanted, rank, label)


def list_served(
    tile: Tile, way: WayOfTravel, sites: TiedPoints, horizon_ms: int, points: Rows | None
) -> tuple[Longs, Ints, Ints]:
    """List the points that have each site within the horizon; see `Rider.list_served`.

    Parameters
    ----------
    tile, way
        How one travels over which roads.
    sites
        With their ties to the tile's edges, each so deep in it that no ride leaves the halo.
    horizon_ms
        Inclusive.
    points
        Which of its points are meant; all when not given.
    """
    rider = replace(tile.ride(way).rider, horizon_ms=horizon_ms)
    places = tile.places if points is None else tile.places.take_points(points)
    return rider.list_served(sites, places, threads=1)


# -- cutting ------------------------------------------------------------------------------------


class _TileShare(NamedTuple):
    """What falls to a tile, numbered in the whole, in order.

    Attributes
    ----------
    box
        Of its own nodes.
    edges, nodes, segments, points
        That it has.
    own_points
        Which of the points are its own.
    """

    box: Box
    edges: Rows
    nodes: Ints
    segments: Rows
    points: Rows
    own_points: Rows


@dataclass(frozen=True)
class TileCut:
    """Where a network is cut, and what falls to which tile.

    Attributes
    ----------
    parts
        Of each tile.
    halo_m
        As in `Tile`; endless where there is one tile.
    """

    parts: list[_TileShare]
    halo_m: float

    def find_away_m(self, x: Floats, y: Floats) -> Floats:
        """Say how far places lie from the box of each tile, shape (tiles, *places)."""
        return np.stack([_find_away_m(one.box, x, y) for one in self.parts])


def cut_tiles(
    network: Network, places: TiedPoints, count: int, halo_m: float
) -> tuple[TileCut, list[Tile]]:
    """TileCut a network into tiles of as many nodes.

    Parameters
    ----------
    network
        Of all roads, as `Network.restrict_to` gives it.
    places
        The demand points on it.
    count
        How many tiles; fewer where there are not so many nodes.
    halo_m
        See the module; whatever it is, what is found is right.
    """
    owner = divide_nodes(network, count)
    tiles = int(owner.max(initial=-1)) + 1
    halo_m = halo_m if tiles > 1 else np.inf
    own_nodes = _list_by_owner(owner, tiles)
    own_points = _list_by_owner(_find_owner_of_points(network, places, owner), tiles)
    by_place = _ByPlace.sort(network, places)
    parts = [by_place.take_part(halo_m, *own) for own in zip(own_nodes, own_points, strict=True)]
    borrowed, lent = _list_shared(owner, own_nodes, [one.nodes for one in parts])
    made = [
        Tile(
            _take_roads(network, one.edges),
            own=np.flatnonzero(owner[one.nodes] == tile).astype(np.int32),
            away_m=_find_away_m(one.box, network.node_x[one.nodes], network.node_y[one.nodes]),
            halo_m=halo_m,
            places=places.take_points(one.points).keep_on(one.segments),
            own_points=np.searchsorted(one.points, one.own_points),
            borrowed=borrowed[tile],
            lent=lent[tile],
        )
        for tile, one in enumerate(parts)
    ]
    return TileCut(parts, halo_m), made


def divide_nodes(network: Network, count: int) -> Ints:
    """Give the tile that owns each node, -1 where no edge leads; shape (nodes,).

    Parameters
    ----------
    network
        Of any profile.
    count
        How many tiles; fewer where there are not so many nodes.
    """
    owner = np.full(network.nodes, -1, dtype=np.int32)
    waiting, tiles = [(list_once(network.ends), count)], 0
    while waiting:
        nodes, parts = waiting.pop()
        if parts == 1 or len(nodes) <= 1:
            owner[nodes] = tiles
            tiles += len(nodes) > 0
            continue
        x, y = network.node_x[nodes], network.node_y[nodes]
        across = x if np.ptp(x) >= np.ptp(y) else y
        half = parts // 2
        at = len(nodes) * half // parts
        # Whoever lies on the cut is beyond it.
        before = across < np.partition(across, at)[at]
        waiting += [(nodes[~before], parts - half), (nodes[before], half)]
    return owner


def _find_owner_of_points(network: Network, places: TiedPoints, owner: Ints) -> Ints:
    """Give the tile of each point, -1 where it is tied to no road."""
    found = np.full(len(places.snap_m), -1, dtype=np.int32)
    tied = np.flatnonzero(np.diff(places.first) > 0)
    first_road = network.segment_edge[places.segment[places.first[tied]]]
    found[tied] = owner[network.edge_start[first_road]]
    return found


def _list_by_owner(owner: Ints, tiles: int) -> list[Rows]:
    """List what is of each tile, in order."""
    order = np.argsort(owner, kind="stable")
    return np.split(order, np.searchsorted(owner[order], np.arange(tiles + 1)))[1:-1]


@dataclass(frozen=True)
class _ByPlace:
    """The edges by where they lie and the ties by edge: what is far from a tile costs it nothing.

    Attributes
    ----------
    network, places
        What is cut.
    squares
        The edges, from end to end.
    first, point
        Edge e has the points `point[first[e]:first[e + 1]]`.
    """

    network: Network
    places: TiedPoints
    squares: PieceGrid
    first: Rows
    point: Rows

    @classmethod
    def sort(cls, network: Network, places: TiedPoints) -> Self:
        """Sort them, once for all tiles."""
        (start, end), x, y = network.ends, network.node_x, network.node_y
        squares = build_grid((x[start], y[start], x[end], y[end]), SQUARE_M)
        edge = network.segment_edge[places.segment]
        order = np.argsort(edge, kind="stable")
        first = np.searchsorted(edge[order], np.arange(network.edges + 1))
        return cls(network, places, squares, first, places.owner[order])

    def take_part(self, halo_m: float, own: Rows, own_points: Rows) -> _TileShare:
        """Find what a tile has, of which nodes and points are known that are its own."""
        network, x, y = self.network, self.network.node_x, self.network.node_y
        box = float(x[own].min()), float(y[own].min()), float(x[own].max()), float(y[own].max())
        room = halo_m + ROOM_M
        around = box[0] - room, box[1] - room, box[2] + room, box[3] + room
        edges = list_in_box(self.squares, around)
        ends = network.ends[:, edges]
        near = (_find_away_m(box, x[ends], y[ends]) <= halo_m).any(axis=0)
        tied_to = network.segment_edge[self.places.take_points(own_points).segment]
        edges = list_once(np.concatenate([edges[near], tied_to]))
        _, tie = list_ranges(self.first[edges], self.first[edges + 1])
        return _TileShare(
            box,
            edges,
            list_once(network.ends[:, edges]),
            list_segments(network, edges),
            list_once(self.point[tie]),
            own_points,
        )


def _list_shared(
    owner: Ints, own: Sequence[Rows], nodes: Sequence[Ints]
) -> tuple[list[dict[int, tuple[Ints, Ints]]], list[Ints]]:
    """List what each tile has of the nodes of others, and what others have of its own."""
    is_lent = np.zeros(len(owner), dtype=np.bool_)
    for tile, there in enumerate(nodes):
        is_lent[there[owner[there] != tile]] = True
    lent = [np.flatnonzero(is_lent[one]).astype(np.int32) for one in own]
    place = np.empty(len(owner), dtype=np.int32)
    for mine, which in zip(own, lent, strict=True):
        place[mine[which]] = np.arange(len(which))
    borrowed: list[dict[int, tuple[Ints, Ints]]] = []
    for tile, there in enumerate(nodes):
        here = np.flatnonzero(owner[there] != tile).astype(np.int32)
        here = here[np.argsort(owner[there[here]], kind="stable")]
        lenders, first = np.unique(owner[there[here]], return_index=True)
        each = zip(lenders.tolist(), np.split(here, first[1:]), strict=False)
        borrowed.append({one: (which, place[there[which]]) for one, which in each})
    return borrowed, lent


def _find_away_m(box: Box, x: Floats, y: Floats) -> Floats:
    """Say how far places lie from a box; nought within it."""
    west, south, east, north = box
    beside = np.maximum(np.maximum(west - x, x - east), 0)
    above = np.maximum(np.maximum(south - y, y - north), 0)
    return np.asarray(np.hypot(beside, above))


def _take_roads(network: Network, edges: Rows) -> Network:
    """Give some edges with their nodes; who is tied to them needs no barriers any more."""
    no_kind = np.empty(0, dtype=np.uint8)
    bare = replace(network, barriers=np.empty((0, 4)), barrier_kind=no_kind)
    return bare.take_edges(edges).drop_idle_nodes()
