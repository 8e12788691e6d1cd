"""The network as immutable arrays: nodes, edges between them, segments along the edges.

Nodes are the places where one can choose; all others are contracted into the edges between
them. An edge is a chain of straight segments. Each segment has its own ride per direction and
its own rounded time, and an edge's time is the sum over its segments: contraction changes no
time, not by a millisecond. A chain is cut where it opens or closes in a direction, so an edge
is open or closed as a whole.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numba import njit
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from stemgeo.arrays import do_at_once, list_ranges
from stemgeo.errors import InputError, Problem
from stemgeo.facts import LAMBERT_72
from stemgeo.inputs.cache import map_arrays, save_arrays
from stemgeo.inputs.vectors import make_transformer, move_points
from stemgeo.network import bicycle
from stemgeo.network.crossings import NO_WAY, add_ways_on_foot, find_busy_crossings
from stemgeo.network.stress import LEVELS
from stemgeo.study import FLAT, MODES, PUSHING_KMH

if TYPE_CHECKING:
    from collections.abc import Mapping

    import networkx as nx
    import shapely
    from numpy.typing import NDArray

    from stemgeo.network.osm import RoadSegments
    from stemgeo.study import Mode

    Ints = NDArray[np.int32]
    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

CLOSED_MS = np.int32(2**30)
"""Time of an arc that may not be travelled; above any horizon."""

ROUNDING_MS = 1e-6
"""What a time may be off by before it is rounded down."""

ISLAND_BELOW_M = 30_000
"""A strong component with less road than this is an island, unless it is the largest.

What is not joined to the rest is a fault of the map; islands of up to 570 nodes were found to cut
pairs off (`docs/network.md`).
"""

NO_WAY_ACROSS_MS = 2**28
"""Half of what crossing costs where there is no way across: above any horizon."""

BELGIUM = (2.3, 49.4, 6.5, 51.6)


@dataclass(frozen=True)
class EdgeTimes:
    """Travel times over the network for one rider, in integer milliseconds.

    Attributes
    ----------
    forward_ms, backward_ms
        Whole edges, shape (edges,); CLOSED_MS where it may not be travelled.
    before_ms
        Sum over all segments before this one, along the edges and against them: the difference of
        two is the time between two vertices of an edge. Shape (2, segments + 1).
    pace
        Milliseconds per millimetre of each of the network's rides, shape (rides,); 0 where closed.
    wait_ms
        What one waits for each kind of wait, shape (256,); part of the times, not of the paces.
    node_ms
        What one waits at each node before going on, shape (nodes,).
    end_ms
        What passing the start and the end of each edge costs besides, shape (edges, 2).
    """

    forward_ms: Ints
    backward_ms: Ints
    before_ms: NDArray[np.int64]
    pace: Floats
    wait_ms: NDArray[np.int64]
    node_ms: Ints
    end_ms: Ints


_BY_NODE = ("node_x", "node_y", "osm_id", "node_wait")
_OF_ANY_PROFILE = ("segment_edge", "before_mm", "ends")
"""What is worked out of a network, and kept, whichever of its roads are ridden."""


@dataclass(frozen=True)
class Network:
    """A network of roads: for who rides a bicycle, or for who walks.

    Edge e runs from `edge_start[e]` to `edge_end[e]` over the segments
    `first_segment[e]:first_segment[e + 1]`; its vertices are
    `vertex_x[first_segment[e] + e : first_segment[e + 1] + e + 1]`.

    Attributes
    ----------
    crs
        Of all coordinates, in metres: EPSG:31370 in Belgium, elsewhere the local UTM zone.
    node_x, node_y, osm_id
        Shape (nodes,), in Morton order.
    edge_start, edge_end
        Shape (edges,).
    first_segment
        Shape (edges + 1,).
    length_mm
        Geodesic, shape (segments,).
    forward, backward
        Index into `rides` along the edge and against it, shape (segments,).
    stress_forward, stress_backward
        Level of traffic stress along the edge and against it, 1 to 4, shape (segments,).
    stress_bounds
        The level at its quietest, along and against, and at its busiest, whatever nobody tagged
        of it, see `stress.rate_bounds`; shape (segments, 4).
    pavement, way
        Index into `rides` of how its pavement is ridden by who may (0: there is none), and its OSM
        way; shape (segments,).
    wait
        What one may wait for at the end of each segment inside an edge, or to board or be lifted;
        see `bicycle.find_wait`; shape (segments,).
    node_wait
        What one may wait for at each node, shape (nodes,).
    vertex_x, vertex_y
        Shape (segments + edges,).
    door
        Whether doors open onto the segment: open, on the ground, no steps, ferry or lift; shape
        (segments,).
    island
        Whether the edge is open but lies on an island, shape (edges,).
    barriers
        x and y of both ends of the straight pieces of what nobody crosses between a door and a
        road (waters, railways, motorways), shape (pieces, 4).
    barrier_kind
        Which of these each is a piece of, see `barriers.PIECE_KINDS`, shape (pieces,).
    cut
        Whether the segment is a part of one that a way on foot cuts, see `crossings`; its time is
        rounded down, so that the parts take no longer than the whole; shape (segments,).
    busy_ends
        Whether who passes the start and the end of each edge crosses half of a busy road without
        signals, shape (edges, 2).
    extract
        Which extracts each edge is in, bit i: of the i-th, shape (edges,).
    rides
        The rides.
    ratio_bounds
        Least and highest ratio of each ride, whatever surface nobody tagged, shape (rides, 2).
    counts
        What was read, left out and found, for the manifest.
    on_foot
        Whether one walks over it, at one's own pace: nothing is ridden, pushed or carried.
    twins
        Segments that lie beside a part of another, see `edits`: the other, from and to which
        millimetre, and the segment; shape (twins, 4). Who is tied there is tied to both.
    """

    crs: str
    node_x: Floats
    node_y: Floats
    osm_id: NDArray[np.int64]
    edge_start: Ints
    edge_end: Ints
    first_segment: Ints
    length_mm: Ints
    forward: NDArray[np.uint16]
    backward: NDArray[np.uint16]
    stress_forward: NDArray[np.uint8]
    stress_backward: NDArray[np.uint8]
    stress_bounds: NDArray[np.uint8]
    pavement: NDArray[np.uint16]
    way: NDArray[np.int64]
    wait: NDArray[np.uint8]
    node_wait: NDArray[np.uint8]
    vertex_x: Floats
    vertex_y: Floats
    door: Bools
    island: Bools
    barriers: Floats
    barrier_kind: NDArray[np.uint8]
    cut: Bools
    busy_ends: Bools
    ratio_bounds: Floats
    extract: NDArray[np.uint64]
    rides: tuple[bicycle.Ride, ...]
    counts: dict[str, int]
    on_foot: bool = False
    twins: Ints = dataclasses.field(default_factory=lambda: np.zeros((0, 4), dtype=np.int32))

    @classmethod
    def from_osm(cls, *paths: str | Path, mode: Mode = "bicycle") -> Self:
        """Read the network of one or more OSM extracts.

        Every road that is of use is in it, and no ferry; see `restricted`.

        Parameters
        ----------
        *paths
            The extracts.
        mode
            "bicycle", "e-bike" (the same roads) or "foot".

        Raises
        ------
        InputError
            If an extract is not there, cannot be read, or has no road that is of use.
        """
        check_mode(mode)
        missing = [str(path) for path in paths if not Path(path).is_file()]
        if missing:
            raise InputError(*(Problem(name, "is not an existing file") for name in missing))
        from stemgeo.network.osm import read_roads

        return cls.from_roads(read_roads((Path(path) for path in paths), mode=mode))

    @classmethod
    def from_osmnx(cls, graph: nx.MultiDiGraph[Any], *, mode: Mode = "bicycle") -> Self:
        """Take over a graph as OSMnx makes it (nodes in degrees, EPSG:4326).

        Directions are the graph's own; speeds come from the tags its edges carry. Edges that
        are closed by our rules are left out and counted. The two directions of a street are one
        edge here, so that a point on it can leave both ways.

        Parameters
        ----------
        graph
            As OSMnx makes it.
        mode
            As for `from_osm`; on foot give a graph of `network_type="walk"`, whose streets go both
            ways.

        Raises
        ------
        InputError
            If the graph is projected, or has no edge that is of use.
        """
        from stemgeo.network.interchange import roads_from_osmnx

        check_mode(mode)
        return cls.from_roads(roads_from_osmnx(graph, mode))

    @classmethod
    def from_roads(cls, roads: RoadSegments) -> Self:
        """Contract road segments into a network without ferries."""
        return cls.whole_from_roads(roads).restrict_to()

    @classmethod
    def whole_from_roads(cls, roads: RoadSegments) -> Self:
        """Contract road segments, ferries and all; points can be tied once it is `restricted`."""
        crs = _choose_crs(roads)
        ends = roads.barriers.reshape(-1, 2).T
        barriers = np.stack(move_points("EPSG:4326", crs, *ends), axis=1).reshape(-1, 4)
        x, y = move_points("EPSG:4326", crs, roads.lon, roads.lat)
        roads, x, y, cut = add_ways_on_foot(roads, x, y, barriers)
        crossing = find_busy_crossings(roads, x, y)
        levels = np.stack([roads.stress_forward, roads.stress_backward], axis=1)
        bounds = np.hstack(
            [levels, levels] if roads.stress_bounds is None else [roads.stress_bounds]
        )
        chains = _chain_segments(roads, crossing, np.hstack([levels, bounds]))
        edge_start, edge_end = _find_ends(roads, *chains)
        at_end = np.zeros(len(x), dtype=np.bool_)
        at_end[edge_start] = at_end[edge_end] = True
        used = np.flatnonzero(at_end)
        nodes = used[np.argsort(_rank_morton(x[used], y[used]), kind="stable")]
        number = np.full(len(x), -1, dtype=np.int32)
        number[nodes] = np.arange(len(nodes), dtype=np.int32)
        chain, first, turned = _sort_chains(roads, *chains, number[edge_start], number[edge_end])
        edge_start, edge_end = _find_ends(roads, chain, first, turned)

        def turn(both: tuple[NDArray[Any], NDArray[Any]]) -> tuple[NDArray[Any], NDArray[Any]]:
            one, other = (each[chain] for each in both)
            return np.where(turned, other, one), np.where(turned, one, other)

        both_ways: list[tuple[NDArray[Any], NDArray[Any]]] = [
            (roads.start, roads.end),
            (roads.forward, roads.backward),
            (roads.stress_forward, roads.stress_backward),
        ]
        (start, end), (forward, backward), levels_both = do_at_once(turn, both_ways)
        along: list[NDArray[Any]] = [roads.length_mm, roads.pavement, roads.way, roads.on_ground]
        length_mm, pavement, way, door, cut, bounds = do_at_once(
            lambda one: one[chain], [*along, cut, bounds]
        )
        bounds[turned] = bounds[turned][:, [1, 0, 3, 2]]
        vertices = np.insert(end, first[:-1], edge_start)
        return cls(
            crs=crs,
            node_x=x[nodes],
            node_y=y[nodes],
            osm_id=roads.osm_id[nodes],
            edge_start=number[edge_start],
            edge_end=number[edge_end],
            first_segment=first.astype(np.int32),
            length_mm=length_mm,
            forward=forward,
            backward=backward,
            stress_forward=levels_both[0],
            stress_backward=levels_both[1],
            stress_bounds=bounds,
            pavement=pavement,
            way=way,
            wait=_waits_inside(roads, chain, first, end),
            node_wait=roads.wait[nodes],
            vertex_x=x[vertices],
            vertex_y=y[vertices],
            door=door,
            island=np.zeros(len(first) - 1, dtype=np.bool_),
            barriers=barriers,
            barrier_kind=roads.barrier_kind,
            cut=cut,
            busy_ends=np.stack(
                [
                    crossing[chain[at], np.where(turned[at], 1 - end_, end_)]
                    for end_, at in enumerate((first[:-1], first[1:] - 1))
                ],
                axis=1,
            ),
            ratio_bounds=_ratio_bounds(roads),
            extract=_find_extracts(roads, start, end, first),
            rides=roads.rides,
            counts=dict(roads.counts),
            on_foot=roads.on_foot,
        )

    def __repr__(self) -> str:
        """Say how large it is, how much of it each profile rides, and where it lies."""
        road_km = self.length_mm.sum(dtype=np.int64) / 1e6
        profiles = ("all",) if self.on_foot else ("all", *LEVELS)
        ridden = ", ".join(f"{one} {self.calm_to(one).ridden_m / 1000:,.0f} km" for one in profiles)
        x, y = self.vertex_x, self.vertex_y
        corners = [(end(x), end(y)) for end in (np.min, np.max)] if len(x) else []
        degrees = make_transformer(self.crs, "EPSG:4326")
        extent = " to ".join("{:.3f}, {:.3f}".format(*degrees.transform(*at)) for at in corners)
        return (
            f"Network of {self.nodes:,} nodes, {self.edges:,} edges, {road_km:,.0f} km of road\n"
            f"  {'walked' if self.on_foot else 'ridden'}: {ridden}\n"
            f"  longitude, latitude: {extent} ({self.crs})"
        )

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return len(self.node_x)

    @property
    def edges(self) -> int:
        """Number of edges, each with up to two directions."""
        return len(self.edge_start)

    @cached_property
    def segment_edge(self) -> Ints:
        """The edge of each segment, shape (segments,)."""
        return np.repeat(np.arange(self.edges, dtype=np.int32), np.diff(self.first_segment))

    @cached_property
    def before_mm(self) -> NDArray[np.int64]:
        """Length of all segments before each one, millimetres, shape (segments + 1,)."""
        return np.concatenate([[0], np.cumsum(self.length_mm, dtype=np.int64)])

    @cached_property
    def edge_length_m(self) -> Floats:
        """Geodesic length of each edge, metres, shape (edges,)."""
        return np.add.reduceat(self.length_mm.astype(np.int64), self.first_segment[:-1]) / 1000

    @cached_property
    def open_forward(self) -> Bools:
        """Whether each edge may be travelled along its direction, shape (edges,)."""
        return np.asarray(self._mode[self.forward[self.first_segment[:-1]]] != bicycle.CLOSED)

    @cached_property
    def open_backward(self) -> Bools:
        """Whether each edge may be travelled against its direction, shape (edges,)."""
        return np.asarray(self._mode[self.backward[self.first_segment[:-1]]] != bicycle.CLOSED)

    @cached_property
    def ends(self) -> Ints:
        """Start and end of each edge, shape (2, edges)."""
        return np.stack([self.edge_start, self.edge_end])

    @cached_property
    def open_(self) -> Bools:
        """Whether each edge may be travelled along its direction and against it, (2, edges)."""
        return np.stack([self.open_forward, self.open_backward])

    @cached_property
    def ridden(self) -> NDArray[np.uint16]:
        """Index into `rides` along each segment and against it, shape (2, segments)."""
        return np.stack(self._both_ways)

    @property
    def ridden_m(self) -> int:
        """Metres of road that are ridden, or walked on foot, in one direction at least."""
        ridden = np.maximum(*(self._mode[one] == bicycle.RIDE for one in self._both_ways))
        return int(self.length_mm[ridden].sum(dtype=np.int64)) // 1000

    @property
    def pieces(self) -> tuple[Floats, Floats, Floats, Floats]:
        """The segments: x and y of their first vertex, x and y of their second."""
        vertex = np.arange(len(self.length_mm)) + self.segment_edge
        x, y = self.vertex_x, self.vertex_y
        return x[vertex], y[vertex], x[vertex + 1], y[vertex + 1]

    @property
    def _mode(self) -> NDArray[np.uint8]:
        return np.array([ride.mode for ride in self.rides], dtype=np.uint8)

    @cached_property
    def lines(self) -> NDArray[np.object_]:
        """Each edge as a shapely LineString, shape (edges,)."""
        import shapely

        per_edge = np.diff(self.first_segment) + 1
        return np.asarray(
            shapely.linestrings(
                self.vertex_x, self.vertex_y, indices=np.repeat(np.arange(self.edges), per_edge)
            )
        )

    @cached_property
    def area(self) -> shapely.Geometry:
        """The ground that the network speaks for: the convex hull of each extract's open roads.

        Ground between two extracts that do not touch belongs to neither.
        """
        import shapely

        # A ferry crosses water, and may land where no road was read.
        ferry = self._mode[self.forward[self.first_segment[:-1]]] == bicycle.FERRY
        road = (self.open_forward | self.open_backward) & ~ferry
        vertices = np.stack([self.vertex_x, self.vertex_y], axis=1)
        edge_of_vertex = np.repeat(np.arange(self.edges), np.diff(self.first_segment) + 1)
        bits = np.uint64(1) << np.arange(64, dtype=np.uint64)
        among = np.bitwise_or.reduce(self.extract[road], initial=np.uint64(0))
        # One line through all vertices: it has the hull of the roads, and a million roads fewer.
        hulls = [
            shapely.convex_hull(shapely.linestrings(vertices[(road & here)[edge_of_vertex]]))
            for here in (self.extract & one != 0 for one in bits[bits & among != 0])
        ]
        return shapely.union_all(hulls)

    @cached_property
    def arcs(self) -> tuple[Ints, Ints, Ints]:
        """The transposed adjacency: which arcs arrive at each node.

        Returns
        -------
        tuple of arrays
            `first` (nodes + 1,), and for the arcs first[n]:first[n + 1] that end in n the node
            they come from, and 2 * edge + (0 along the edge, 1 against it).
        """
        # In the order of the arcs, which a stable sort by where they end keeps.
        arc = np.flatnonzero(self.open_.T.ravel())
        edge, against = arc >> 1, arc & 1
        head, tail = self.ends[1 - against, edge], self.ends[against, edge]
        order = np.argsort(head, kind="stable")
        first = np.searchsorted(head[order], np.arange(self.nodes + 1)).astype(np.int32)
        return first, tail[order].astype(np.int32), arc[order].astype(np.int32)

    def restrict_to(self, profile: str = "all", *, ferries: bool = False) -> Self:
        """Close what is not used, find the islands of what is left, and say where one pushes.

        Parameters
        ----------
        profile
            As in `calmed`.
        ferries
            Whether ferries that take bicycles are used.

        Returns
        -------
        Network
            The same nodes and edges; what is closed is closed in its rides.
        """
        if not ferries:
            mode = self._mode
            both = (
                np.where(mode[one] == bicycle.FERRY, np.uint16(0), one) for one in self._both_ways
            )
            forward, backward = both
            return dataclasses.replace(self, forward=forward, backward=backward).restrict_to(
                profile, ferries=True
            )
        return self._mark_islands().calm_to(profile)

    def calm_to(self, profile: str) -> Self:
        """Push along roads that are too stressful for a profile, where walking is allowed.

        Where it is not, they are closed. Doors and islands stay those of all roads: a profile
        differs from them in the times of edges alone.

        Parameters
        ----------
        profile
            "all", or one of `stress.LEVELS`: "low_stress" rides on levels of traffic stress 1 and
            2, "quiet_1" on level 1.
        """
        if profile == "all":
            return self
        if self.on_foot:
            what = f'has no profile "{profile}": it is walked, and no road is too busy'
            raise InputError(Problem("network", what, 'take "all"'))
        rides = [*self.rides]
        pushed = rides.index(bicycle.PUSHED) if bicycle.PUSHED in rides else len(rides)
        if pushed == len(rides):
            rides.append(bicycle.PUSHED)
        # Whoever is not riding is not bothered: steps, lifts and ferries stay what they are.
        instead = np.array(
            [
                number if one.mode != bicycle.RIDE else pushed if one.walkable else 0
                for number, one in enumerate(rides)
            ],
            dtype=np.uint16,
        )
        stress = self.stress_forward, self.stress_backward
        forward, backward = (
            np.where(level > LEVELS[profile], instead[one], one)
            for one, level in zip(self._both_ways, stress, strict=True)
        )
        calm = dataclasses.replace(self, forward=forward, backward=backward, rides=tuple(rides))
        calm = dataclasses.replace(calm, counts=self.counts | {"ridden_m": calm.ridden_m})
        return calm.share_lengths(self)

    def share_lengths(self, other: Network) -> Self:
        """Take over what is worked out of the nodes and lengths of another that has the same."""
        vars(self).update({name: getattr(other, name) for name in _OF_ANY_PROFILE})
        return self

    def fill_untagged(self, *, best: bool, stress: bool = True, surfaces: bool = True) -> Self:
        """Take the best, or the worst, that can be where nobody tagged the roads.

        Parameters
        ----------
        best
            Whether roads are as quiet and smooth as the law and what is common allow, or as busy
            and rough; see `stress.rate_bounds` and `bicycle.find_ratio_bounds`.
        stress, surfaces
            Which of both are meant.
        """
        changed: dict[str, Any] = {}
        if stress:
            levels = self.stress_bounds[:, :2] if best else self.stress_bounds[:, 2:]
            changed |= {"stress_forward": levels[:, 0], "stress_backward": levels[:, 1]}
        if surfaces:
            ratio = self.ratio_bounds[:, int(best)].tolist()
            known = [one._replace(ratio=r) for one, r in zip(self.rides, ratio, strict=False)]
            changed["rides"] = (*known, *self.rides[len(known) :])
        return dataclasses.replace(self, **changed)

    def take_to_pavements(self) -> Self:
        """Take to the pavement, where there is one that may be walked along, if that is quicker.

        There one rides, also against a one-way street, where else the bicycle is pushed, and no
        traffic is met. Nothing opens: doors, islands and arcs stay what they are.
        """
        rides = [*self.rides]
        levels = [self.stress_forward.copy(), self.stress_backward.copy()]
        bounds, both = self.stress_bounds.copy(), []
        for way, (ride, level) in enumerate(zip(self._both_ways, levels, strict=True)):
            number = ride.copy()
            pairs = np.stack([ride, self.pavement], axis=1)
            for road, pavement in np.unique(pairs[self.pavement != 0], axis=0).tolist():
                old, ratio = self.rides[road], self.rides[pavement].ratio
                if old.mode == bicycle.PUSH:
                    new = self.rides[pavement]
                elif old.mode == bicycle.RIDE and old.walkable:
                    new = old._replace(beside=ratio)
                else:
                    continue
                here = (ride == road) & (self.pavement == pavement)
                if new not in rides:
                    rides.append(new)
                number[here], level[here], bounds[here, way::2] = rides.index(new), 1, 1
            both.append(number)
        young = dataclasses.replace(
            self,
            forward=both[0],
            backward=both[1],
            stress_forward=levels[0],
            stress_backward=levels[1],
            stress_bounds=bounds,
            rides=tuple(rides),
        )
        return dataclasses.replace(young, counts=self.counts | {"ridden_m": young.ridden_m})

    def travel_times(
        self,
        speed_kmh: float,
        *,
        pushing_kmh: float = PUSHING_KMH,
        surface: bool = True,
        waits_s: Mapping[int, float] | None = None,
        busy_crossing_s: float = 0.0,
    ) -> EdgeTimes:
        """Travel times of a rider.

        Parameters
        ----------
        speed_kmh
            On a good, flat road.
        pushing_kmh
            Where the bicycle must be pushed; on foot nothing is.
        surface
            Whether poor surfaces slow the rider.
        waits_s
            Seconds for `bicycle.SIGNAL`, CROSSING, BARRIER, BOARDING and LIFTING; none without.
        busy_crossing_s
            Seconds for crossing a busy road without signals; inf: there is no way across.
        """
        # km/h to milliseconds per millimetre: 3600 s / (v * 1e6 mm) * 1000
        pushing_kmh = speed_kmh if self.on_foot else pushing_kmh
        kmh = [ride.speed_kmh(speed_kmh, pushing_kmh, surface=surface) for ride in self.rides]
        pace = np.array([3.6 / v if v else 0.0 for v in kmh])
        wait = np.zeros(256, dtype=np.int64)
        for kind, seconds in (waits_s or {}).items():
            wait[kind] = round(seconds * 1000)
        before_ms = np.empty((2, len(self.length_mm) + 1), dtype=np.int64)
        along, against = (
            _add_up_times(
                self.length_mm, self.cut, rides, pace, self.wait, wait, self.first_segment, before
            )
            for rides, before in zip(self._both_ways, before_ms, strict=True)
        )
        return EdgeTimes(
            forward_ms=np.where(self.open_forward, along, CLOSED_MS),
            backward_ms=np.where(self.open_backward, against, CLOSED_MS),
            before_ms=before_ms,
            pace=pace,
            wait_ms=wait,
            node_ms=wait[self.node_wait].astype(np.int32),
            # Zeros that nobody wrote take no memory.
            end_ms=self.busy_ends * np.int32(min(busy_crossing_s / 2 * 1000, NO_WAY_ACROSS_MS))
            if busy_crossing_s
            else np.zeros(self.busy_ends.shape, dtype=np.int32),
        )

    def to_networkx(self, speed_kmh: float = FLAT.speed_kmh, **rider: Any) -> nx.MultiDiGraph[int]:
        """Give the network as OSMnx would: a MultiDiGraph with coordinates in `crs`.

        Parameters
        ----------
        speed_kmh, **rider
            As in `times`.

        Returns
        -------
        networkx.MultiDiGraph
            Nodes 0 to n - 1 with x, y (metres) and osmid; directed edges with `length` (m),
            `travel_time_ms`, `osmid` and `geometry`; the key is 2 * edge + direction.
        """
        import networkx as nx
        import shapely

        times = self.travel_times(speed_kmh, **rider)
        graph: nx.MultiDiGraph[int] = nx.MultiDiGraph(crs=self.crs)
        for node in range(self.nodes):
            x, y = float(self.node_x[node]), float(self.node_y[node])
            graph.add_node(node, x=x, y=y, osmid=int(self.osm_id[node]))
        way = self.way[self.first_segment[:-1]]
        for edge in range(self.edges):
            u, v, line = int(self.edge_start[edge]), int(self.edge_end[edge]), self.lines[edge]
            given = {"length": float(self.edge_length_m[edge]), "osmid": int(way[edge])}
            if self.open_forward[edge]:
                # One waits at a node before going on, so the wait is the arc's that leaves it.
                ms = int(times.forward_ms[edge] + times.node_ms[u])
                graph.add_edge(u, v, key=2 * edge, travel_time_ms=ms, geometry=line, **given)
            if self.open_backward[edge]:
                ms, back = int(times.backward_ms[edge] + times.node_ms[v]), shapely.reverse(line)
                graph.add_edge(v, u, key=2 * edge + 1, travel_time_ms=ms, geometry=back, **given)
        return graph

    def take_edges(self, edges: NDArray[np.intp]) -> Self:
        """Give the network of the chosen edges, in the order in which they are chosen."""
        start, stop = self.first_segment[edges], self.first_segment[edges + 1]
        _, segment = list_ranges(start, stop)
        _, vertex = list_ranges(start + edges, stop + edges + 1)
        by_segment = ["length_mm", "forward", "backward", "stress_forward", "stress_backward"]
        by_segment += ["stress_bounds"]
        by_segment += ["pavement", "way", "wait", "door", "cut"]
        by_edge = ["edge_start", "edge_end", "extract", "busy_ends", "island"]
        return dataclasses.replace(
            self,
            twins=self._take_twins(segment),
            first_segment=np.concatenate([[0], np.cumsum(stop - start)]).astype(np.int32),
            vertex_x=self.vertex_x[vertex],
            vertex_y=self.vertex_y[vertex],
            **{name: getattr(self, name)[segment] for name in by_segment},
            **{name: getattr(self, name)[edges] for name in by_edge},
        )

    def _take_twins(self, segments: NDArray[np.intp]) -> Ints:
        """Keep the twins of which both segments are taken, numbered as these are."""
        if not len(self.twins):
            return self.twins
        number = np.full(len(self.length_mm), -1, dtype=np.int32)
        number[segments] = np.arange(len(segments), dtype=np.int32)
        taken = self.twins.copy()
        taken[:, [0, 3]] = number[self.twins[:, [0, 3]]]
        return taken[(taken[:, [0, 3]] >= 0).all(axis=1)]

    def drop_idle_nodes(self) -> Self:
        """Give the same network without the nodes of no edge; the others keep their order."""
        kept, at = np.unique(self.ends, return_inverse=True)
        start, end = at.reshape(2, self.edges).astype(np.int32)
        by_node = {name: getattr(self, name)[kept] for name in _BY_NODE}
        return dataclasses.replace(self, edge_start=start, edge_end=end, **by_node)

    def _mark_islands(self) -> Self:
        """Mark the edges that are islands and the segments onto which doors open."""
        first, tail, _ = self.arcs
        head = np.repeat(np.arange(self.nodes), np.diff(first))
        matrix = coo_array((np.ones(len(tail)), (tail, head)), shape=(self.nodes, self.nodes))
        _, component = connected_components(matrix.tocsr(), directed=True, connection="strong")
        usable = self.open_forward | self.open_backward
        inside = (component[self.edge_start] == component[self.edge_end]) & usable
        mode = np.maximum(*(self._mode[ride[self.first_segment[:-1]]] for ride in self._both_ways))
        road = inside & (mode != bicycle.FERRY)
        road_m = np.bincount(
            component[self.edge_start[road]],
            weights=self.edge_length_m[road],
            minlength=component.max() + 1,
        )
        large = road_m >= ISLAND_BELOW_M
        large[np.argmax(road_m)] = True
        island = usable & ~(inside & large[component[self.edge_start]])
        tied = usable & ~np.isin(mode, (bicycle.STEPS, bicycle.FERRY, bicycle.LIFT))
        road_of_map = usable[self.segment_edge] & (self.way != NO_WAY)
        found = {
            "nodes": self.nodes,
            "edges": int(usable.sum()),
            "road_m": round(self.length_mm[road_of_map].sum(dtype=np.int64) / 1000),
            "walked_m" if self.on_foot else "ridden_m": self.ridden_m,
            "island_edges": int(island.sum()),
            "island_road_m": round(self.edge_length_m[island].sum()),
        }
        return dataclasses.replace(
            self,
            door=self.door & tied[self.segment_edge],
            island=island,
            counts=self.counts | found,
        )

    @property
    def _both_ways(self) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
        return self.forward, self.backward

    # -- the cache: plain arrays that map into memory, each checked by its hash -----------------

    def save(self, folder: Path) -> None:
        """Write the network as `.npy` files with a `network.json` that has their hashes."""
        told = {name: getattr(self, name) for name in ("crs", "counts", "on_foot", "rides")}
        save_arrays(folder, "network", told, **self._list_arrays())

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Open a saved network; its arrays are mapped, not read.

        Raises
        ------
        InputError
            If a file is missing or is not what was written.
        """
        told, arrays = map_arrays(folder, "network")
        try:
            rides = tuple(bicycle.Ride(*ride) for ride in told.pop("rides"))
            return cls(rides=rides, **told, **arrays)
        except (KeyError, TypeError) as error:
            raise InputError(Problem(str(folder), f"is not a saved network ({error})")) from None

    def _list_arrays(self) -> dict[str, NDArray[Any]]:
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, np.ndarray)}


def check_mode(mode: str) -> None:
    """Refuse a mode of travel that there is not.

    Parameters
    ----------
    mode
        As a caller wrote it.
    """
    if mode not in MODES:
        there = ", ".join(f'"{one}"' for one in MODES)
        raise InputError(Problem("mode", f"is {mode!r}", f"give one of {there}"))


def _choose_crs(roads: RoadSegments) -> str:
    """Lambert 72 when the middle of the roads lies in Belgium, else the local UTM zone."""
    # The median: one node drawn at 0, 0 must not move a whole network.
    lon, lat = float(np.median(roads.lon)), float(np.median(roads.lat))
    west, south, east, north = BELGIUM
    if west <= lon <= east and south <= lat <= north:
        return LAMBERT_72
    zone = int((lon + 180) // 6) % 60 + 1
    return f"EPSG:{32600 + zone if lat >= 0 else 32700 + zone}"


def _rank_morton(x: Floats, y: Floats) -> NDArray[np.uint64]:
    """Rank points along the Z-order curve, on a grid of 2 m or finer."""

    def spread(values: Floats) -> NDArray[np.uint64]:
        bits: NDArray[np.uint64] = np.clip((values - values.min()) / 2, 0, 2**31).astype(np.uint64)
        for shift, mask in (
            (16, 0x0000FFFF0000FFFF),
            (8, 0x00FF00FF00FF00FF),
            (4, 0x0F0F0F0F0F0F0F0F),
            (2, 0x3333333333333333),
            (1, 0x5555555555555555),
        ):
            bits = (bits | (bits << np.uint64(shift))) & np.uint64(mask)
        return bits

    return spread(x) | (spread(y) << np.uint64(1))


def _find_extracts(roads: RoadSegments, start: Ints, end: Ints, first: Ints) -> NDArray[np.uint64]:
    """Say which extracts edges are in: those that have both ends of a segment, else one of them."""
    if roads.extract is None or (roads.extract == 1).all():
        return np.ones(len(first) - 1, dtype=np.uint64)
    one, other = roads.extract[start], roads.extract[end]
    return np.bitwise_or.reduceat(np.where(one & other, one & other, one | other), first[:-1])


def _ratio_bounds(roads: RoadSegments) -> Floats:
    known = len(roads.ratio_bounds)
    own = [(ride.ratio, ride.ratio) for ride in roads.rides[known:]]
    return np.array([*roads.ratio_bounds, *own], dtype=np.float64)


def _chain_segments(
    roads: RoadSegments, crossing: Bools, levels: NDArray[np.uint8]
) -> tuple[Ints, Ints, Bools]:
    """Join segments through vertices where there is nothing to choose or to cross.

    Returns
    -------
    tuple of arrays
        The segments in the order of the chains, where each chain begins (chains + 1,), and
        whether a segment is run against its own direction.
    """
    mode = np.array([ride.mode for ride in roads.rides], dtype=np.uint8)
    walkable = np.array([ride.walkable for ride in roads.rides], dtype=np.bool_)
    # An edge is open or closed as a whole, in each profile: ridden or pushed, steps, ferry, lift,
    # and of what nobody walks along the stress, as it is and at its quietest and busiest.
    kind = np.where(mode >= bicycle.STEPS, mode, np.minimum(mode, bicycle.RIDE))
    forward, backward = (
        kind[ride] + 8 * np.where(walkable[ride], np.int16(0), stress)
        for ride, stress in (
            (roads.forward, _number_levels(levels[:, ::2])),
            (roads.backward, _number_levels(levels[:, 1::2])),
        )
    )
    # A segment end e = 2 s at its start, 2 s + 1 at its end; what leaves and what arrives there.
    ends = np.stack([roads.start, roads.end], axis=1).ravel()
    leaving = np.stack([forward, backward], axis=1).ravel()
    arriving = np.stack([backward, forward], axis=1).ravel()
    number = np.arange(len(ends), dtype=np.int32)
    lowest, highest = np.empty((2, len(roads.lon)), dtype=np.int32)
    lowest[ends[::-1]], highest[ends] = number[::-1], number  # the last that is written stays
    pairs = np.flatnonzero(np.bincount(ends, minlength=len(roads.lon)) == 2)
    one, other = lowest[pairs], highest[pairs]
    through = (one // 2 != other // 2) & (arriving[one] == leaving[other])
    through &= arriving[other] == leaving[one]
    through &= ~(crossing.ravel()[one] | crossing.ravel()[other])
    partner = np.full(len(ends), -1, dtype=np.int32)
    partner[one[through]], partner[other[through]] = other[through], one[through]
    return walk_chains(partner)


def _find_ends(roads: RoadSegments, chain: Ints, first: Ints, turned: Bools) -> tuple[Ints, Ints]:
    """Give the vertices where each chain begins and ends."""
    (head, ahead), (tail, along) = ((chain[at], turned[at]) for at in (first[:-1], first[1:] - 1))
    return (
        np.where(ahead, roads.end[head], roads.start[head]),
        np.where(along, roads.start[tail], roads.end[tail]),
    )


def _sort_chains(
    roads: RoadSegments, chain: Ints, first: Ints, turned: Bools, start: Ints, end: Ints
) -> tuple[Ints, Ints, Bools]:
    """Put chains in the order of the nodes at their ends, so that neighbours lie near in memory."""
    way = roads.way[chain[first[:-1]]]
    order = np.lexsort((way, start + end, np.minimum(start, end)))
    _, at = list_ranges(first[order], first[order + 1])
    sizes = np.diff(first)[order]
    return chain[at], np.append(0, np.cumsum(sizes)).astype(np.int32), turned[at]


def _number_levels(levels: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Give three levels as one number, shape (segments,)."""
    now, quietest, busiest = levels.astype(np.int16).T
    return np.asarray(now + 8 * quietest + 64 * busiest)


def _waits_inside(roads: RoadSegments, chain: Ints, first: Ints, end: Ints) -> NDArray[np.uint8]:
    """Say what one may wait for at each segment's end inside its edge, or to board or be lifted."""
    wait = roads.wait[end]
    wait[first[1:] - 1] = bicycle.NO_WAIT
    boarding = roads.boarding[chain]
    return np.where(boarding != bicycle.NO_WAIT, boarding, wait)


@njit(cache=True, nogil=True)
def _add_up_times(
    length_mm: Ints,
    cut: Bools,
    rides: NDArray[np.uint16],
    pace: Floats,
    waits: NDArray[np.uint8],
    wait_ms: NDArray[np.int64],
    first_segment: Ints,
    before: NDArray[np.int64],
) -> Ints:
    """Add up the times of the segments in one direction: write `before` each, give each edge's."""
    whole = np.empty(len(first_segment) - 1, dtype=np.int32)
    total = np.int64(0)
    for edge in range(len(whole)):
        start = total
        for segment in range(first_segment[edge], first_segment[edge + 1]):
            before[segment] = total
            ms = length_mm[segment] * pace[rides[segment]]
            total += np.int64(np.floor(ms + ROUNDING_MS) if cut[segment] else np.rint(ms))
            total += wait_ms[waits[segment]]
        whole[edge] = min(total - start, np.int64(CLOSED_MS))
    before[-1] = total
    return whole


@njit(cache=True)
def walk_chains(partner: Ints) -> tuple[Ints, Ints, Bools]:
    """Follow the chains: from their loose ends, then around the rings that have none.

    Parameters
    ----------
    partner
        The end that each end is joined to, -1: none; link s has the ends 2 s and 2 s + 1.

    Returns
    -------
    tuple of arrays
        The links in the order of the chains, where each chain begins (chains + 1,), and whether a
        link is run from its second end to its first.
    """
    n = len(partner) // 2
    chain = np.empty(n, dtype=np.int32)
    turned = np.empty(n, dtype=np.bool_)
    first = np.empty(n + 1, dtype=np.int32)
    seen = np.zeros(n, dtype=np.bool_)
    filled, chains = 0, 0
    for rings in range(2):
        for begin in range(2 * n):
            if seen[begin // 2] or (rings == 0 and partner[begin] >= 0):
                continue
            first[chains] = filled
            chains += 1
            end = begin
            while end >= 0 and not seen[end // 2]:
                seen[end // 2] = True
                chain[filled] = end // 2
                turned[filled] = end % 2 == 1
                filled += 1
                end = partner[end ^ 1]
    first[chains] = filled
    return chain, first[: chains + 1].copy(), turned
