"""Roads that someone changes: made quiet, opened, added, closed, or made safe to cross.

A network is edited as it was read, and nothing of the map is read again. Doors stay tied to the
roads that they were tied to, and children stay where they were placed: an added road takes no door,
and a closed one keeps its own. So a better road never takes anyone out of reach.

An edit may begin and end in the middle of an edge. There the edge is cut at a vertex, which changes
no time. A new road that is joined in the middle of a straight piece does not cut it: pieces of the
same road are laid beside it, up to the joint and from there on, and those tied to it are tied to
these too. So what is not done changes nothing, to the millisecond.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import numpy as np
from pyproj import Geod

from stemgeo.arrays import starts_of_runs
from stemgeo.inputs.vectors import make_transformer
from stemgeo.network import bicycle
from stemgeo.network.crossings import NO_WAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from stemgeo.network.graph import Network

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]
    Indices = NDArray[np.intp]

RoadChange = Literal["quiet", "open", "close", "add", "crossing"]
ROAD_CHANGES: tuple[RoadChange, ...] = get_args(RoadChange)

NEW_ROAD = bicycle.Ride(bicycle.RIDE)
"""Of an added road: a good surface, and nobody is slowed."""


class Joint(NamedTuple):
    """A place on a segment, whole millimetres from its first vertex."""

    segment: int
    offset_mm: int


@dataclass(frozen=True, eq=False)
class RoadEdit:
    """One change of the roads.

    Attributes
    ----------
    edit_id
        By which it is known.
    change
        "quiet": who rides here meets no more stress than `level`, either way. "open": it is ridden
        both ways, or along its segments alone with `oneway`. "close": nobody passes. "add": a new
        road. "crossing": crossing the busy road at a node costs nothing more.
    segments
        Of "quiet", "open" and "close": sorted.
    line
        Of "add": x and y of its vertices, from joint to joint, shape (vertices, 2), in the CRS of
        the network.
    joints
        Of "add": where it begins and ends.
    node
        Of "crossing".
    level
        Of traffic stress: of a quiet road and of an added one.
    oneway
        Whether an added road is ridden along its line alone.
    """

    edit_id: str
    change: RoadChange
    segments: Indices = field(default_factory=lambda: np.zeros(0, np.intp))
    line: Floats = field(default_factory=lambda: np.zeros((0, 2)))
    joints: tuple[Joint, ...] = ()
    node: int = -1
    level: int = 1
    oneway: bool = False


@dataclass(frozen=True)
class LaidEdits:
    """A network with a place for every edit, and which of its edges each of them changes.

    Attributes
    ----------
    before
        With all nodes and edges that the edits need, and none of them done: every time is as it
        was, to the millisecond.
    after
        The same nodes and edges with all of them done.
    first, edges
        Edit i changes the rides of edges[first[i]:first[i + 1]], sorted; shape (edits + 1,).
    both
        Edges that change when two edits are done, shape (n, 3): the edge and both edits. So is a
        road that is made quiet where another is joined to it.
    first_end, ends
        Edit i takes away what crossing costs at ends[first_end[i]:first_end[i + 1]]: 2 * edge + (0
        at its start, 1 at its end).
    """

    before: Network
    after: Network
    first: Indices
    edges: Indices
    both: Indices
    first_end: Indices
    ends: Indices

    def edges_of(self, edit: int) -> Indices:
        """Give the edges of which an edit changes the rides."""
        return self.edges[self.first[edit] : self.first[edit + 1]]

    def ends_of(self, edit: int) -> Indices:
        """Give the ends of edges at which an edit takes away what crossing costs."""
        return self.ends[self.first_end[edit] : self.first_end[edit + 1]]


def lay_edits(network: Network, edits: Sequence[RoadEdit]) -> LaidEdits:
    """Lay edits into a network.

    Parameters
    ----------
    network
        As from `Network.restrict_to`, of all roads.
    edits
        In any number. Where one opens what another closes, it is closed; where one opens what
        another makes quiet, each of them has both.
    """
    split = _split_edges(network, _list_cuts(network, edits))
    added = _AddedRoads(split, edits)
    before = added.append_closed()
    edges = [before.segment_edge[edit.segments] for edit in edits]
    own, both = added.list_edges()
    ends = [_list_busy_ends(before, edit.node) for edit in edits]
    return LaidEdits(
        before,
        added.open_all(_do_edits(before, edits)).share_lengths(before),
        *_sort_by_edit(
            [*edges, *own[:, :1]], [*range(len(edits)), *own[:, 1].tolist()], len(edits)
        ),
        both,
        *_sort_by_edit(ends, range(len(edits)), len(edits)),
    )


def _sort_by_edit(
    numbers: Sequence[NDArray[Any]], owner: Iterable[int], edits: int
) -> tuple[Indices, Indices]:
    """Lay what each edit has end to end, sorted and each once; where that of each begins."""
    sizes = [len(one) for one in numbers]
    of = np.repeat(np.fromiter(owner, np.intp, len(sizes)), sizes)
    number = np.concatenate([np.zeros(0, np.intp), *numbers]).astype(np.intp)
    order = np.lexsort((number, of))
    of, number = of[order], number[order]
    once = starts_of_runs(of, number)
    first = np.append(0, np.cumsum(np.bincount(of[once], minlength=edits)))
    return first.astype(np.intp), number[once]


# -- places in the middle of edges ----------------------------------------------------------------


def _list_cuts(network: Network, edits: Sequence[RoadEdit]) -> Indices:
    """List the segments before which an edge must end: around stretches, and around joints."""
    segments = np.concatenate([np.zeros(0, np.intp), *(edit.segments for edit in edits)])
    owner = np.repeat(np.arange(len(edits)), [len(edit.segments) for edit in edits])
    new = np.ones(len(segments) + 1, dtype=np.bool_)
    new[1:-1] = (np.diff(segments) != 1) | (np.diff(owner) != 0)
    cuts = [segments[new[:-1]], segments[new[1:]] + 1]
    for segment, offset_mm in (joint for edit in edits for joint in edit.joints):
        length_mm = network.length_mm[segment]
        around = ([segment] if offset_mm < length_mm else []) + (
            [segment + 1] if offset_mm > 0 else []
        )
        cuts.append(np.array(around, dtype=np.intp))
    return np.concatenate(cuts)


def _split_edges(network: Network, cuts: Indices) -> Network:
    """Cut edges at vertices: before each of these segments. No time changes.

    What one waits for inside an edge one waits for at the node.
    """
    cuts = np.setdiff1d(cuts, network.first_segment)
    if not len(cuts):
        return network
    edge = network.segment_edge[cuts]
    nodes = network.nodes + np.arange(len(cuts), dtype=np.int32)
    vertex = cuts + edge
    wait, at_node = network.wait.copy(), network.wait[cuts - 1]
    # Who boards waits for it once, on the segment.
    boards = np.isin(at_node, (bicycle.BOARDING, bicycle.LIFTING))
    at_node[boards] = bicycle.NO_WAIT
    wait[(cuts - 1)[~boards]] = bicycle.NO_WAIT

    # Each edge becomes as many as it is cut into, in its place.
    parts = np.bincount(edge, minlength=network.edges) + 1
    row = np.repeat(np.arange(network.edges), parts)
    last = np.cumsum(parts) - 1
    inner = np.ones(len(row), dtype=np.bool_)
    inner[last] = False
    end, start = network.edge_end[row], network.edge_start[row]
    end[inner] = nodes
    behind = np.flatnonzero(inner) + 1
    start[behind] = nodes
    busy = network.busy_ends[row]
    busy[inner, 1], busy[behind, 0] = False, False
    vertices = np.insert(np.arange(len(network.vertex_x)), vertex, vertex)
    return replace(
        network,
        node_x=np.append(network.node_x, network.vertex_x[vertex]),
        node_y=np.append(network.node_y, network.vertex_y[vertex]),
        osm_id=np.append(network.osm_id, _number_new(network, len(cuts))),
        node_wait=np.append(network.node_wait, at_node),
        edge_start=start,
        edge_end=end,
        first_segment=np.union1d(network.first_segment, cuts).astype(np.int32),
        vertex_x=network.vertex_x[vertices],
        vertex_y=network.vertex_y[vertices],
        wait=wait,
        island=network.island[row],
        extract=network.extract[row],
        busy_ends=busy,
    )


def _number_new(network: Network, count: int) -> NDArray[np.int64]:
    """Number nodes that the map has not, below those that there are."""
    return min(int(network.osm_id.min(initial=0)), 0) - 1 - np.arange(count, dtype=np.int64)


# -- roads that are added -------------------------------------------------------------------------


class _AddedPiece(NamedTuple):
    """An edge that is added, by an edit: its nodes and vertices.

    With `of` it lies beside a segment, from `from_mm` to `to_mm`; else it is a new road. With
    `other` it is as that edit makes the segment, else as it is.
    """

    owner: int
    start: int
    end: int
    line: Floats
    of: int = -1
    from_mm: int = 0
    to_mm: int = 0
    other: int = -1


class _AddedRoads:
    """The new roads of some edits, and the pieces beside the roads that they are joined to."""

    def __init__(self, network: Network, edits: Sequence[RoadEdit]) -> None:
        self.network, self.edits = network, edits
        self._joined: dict[int, dict[int, int]] = {}
        """New nodes, by the segment and by how far along they are."""
        self._at: list[tuple[float, float]] = []
        roads = [(number, edit) for number, edit in enumerate(edits) if edit.change == "add"]
        ends = [[self._find_node(joint) for joint in edit.joints] for _, edit in roads]
        remade = self._list_remade()
        self.pieces: list[_AddedPiece] = []
        for (number, edit), (start, end) in zip(roads, ends, strict=True):
            line = np.vstack([[self._place(start)], edit.line[1:-1], [self._place(end)]])
            self.pieces.append(_AddedPiece(number, start, end, line))
            for joint in edit.joints:
                for piece in self._lay_beside(number, joint):
                    others = remade.get(joint.segment, [])
                    self.pieces += [piece, *(piece._replace(other=one) for one in others)]

    def _find_node(self, joint: Joint) -> int:
        """Give the node of a joint; one in the middle of a segment is new."""
        network, (segment, offset_mm) = self.network, joint
        edge = network.segment_edge[segment]
        if offset_mm == 0:
            return int(network.edge_start[edge])
        if offset_mm == network.length_mm[segment]:
            return int(network.edge_end[edge])
        here = self._joined.setdefault(segment, {})
        if offset_mm not in here:
            here[offset_mm] = network.nodes + len(self._at)
            vertex, share = segment + edge, offset_mm / network.length_mm[segment]
            x, y = (
                float(one[vertex] + share * (one[vertex + 1] - one[vertex]))
                for one in (network.vertex_x, network.vertex_y)
            )
            self._at.append((x, y))
        return here[offset_mm]

    def _place(self, node: int) -> tuple[float, float]:
        if node >= self.network.nodes:
            return self._at[node - self.network.nodes]
        return float(self.network.node_x[node]), float(self.network.node_y[node])

    def _list_remade(self) -> dict[int, list[int]]:
        """List which edits make a segment better to which others are joined."""
        found: dict[int, list[int]] = {}
        joined = np.array(sorted(self._joined), dtype=np.intp)
        for number, edit in enumerate(self.edits if len(joined) else ()):
            if edit.change in ("quiet", "open"):
                for segment in edit.segments[np.isin(edit.segments, joined)].tolist():
                    found.setdefault(segment, []).append(number)
        return found

    def _lay_beside(self, owner: int, joint: Joint) -> Iterator[_AddedPiece]:
        """Lay pieces beside a segment: from a joint to its ends, and to joints farther along."""
        network, (segment, offset_mm) = self.network, joint
        joined = self._joined.get(segment, {})
        if offset_mm not in joined:
            return
        edge, length_mm = network.segment_edge[segment], int(network.length_mm[segment])
        ends = {0: int(network.edge_start[edge]), length_mm: int(network.edge_end[edge])}
        there = ends | {mm: node for mm, node in joined.items() if mm > offset_mm}
        for mm, node in sorted(there.items()):
            (from_mm, start), (to_mm, end) = sorted([(mm, node), (offset_mm, joined[offset_mm])])
            line = np.array([self._place(start), self._place(end)])
            yield _AddedPiece(owner, start, end, line, segment, from_mm, to_mm)

    def list_edges(self) -> tuple[Indices, Indices]:
        """List the added edges with their edit, and those of two edits with both."""
        rows = [(piece.owner, piece.other) for piece in self.pieces]
        table = np.array(rows, dtype=np.intp).reshape(-1, 2)
        table = np.column_stack([self.network.edges + np.arange(len(table)), table])
        of_one = table[:, 2] < 0
        return table[of_one, :2], table[~of_one]

    @cached_property
    def _of(self) -> Indices:
        """The segment beside which each added one lies, or -1; shape (added segments,)."""
        of = np.array([piece.of for piece in self.pieces], dtype=np.intp)
        return np.repeat(of, self._sizes)

    @cached_property
    def _sizes(self) -> Indices:
        """How many segments each piece has."""
        return np.array([len(piece.line) - 1 for piece in self.pieces], dtype=np.intp)

    def append_closed(self) -> Network:
        """Give the network with the added edges, on which nobody may go."""
        network, pieces = self.network, self.pieces
        if not pieces:
            return network
        joined = [self.edits[piece.owner].joints[0].segment for piece in pieces]
        at, lines = np.array(self._at).reshape(-1, 2), np.vstack([one.line for one in pieces])
        first = network.first_segment[-1] + np.cumsum(self._sizes)
        added: dict[str, Any] = {
            "node_x": at[:, 0],
            "node_y": at[:, 1],
            "osm_id": _number_new(network, len(at)),
            "node_wait": np.full(len(at), bicycle.NO_WAIT),
            "edge_start": [piece.start for piece in pieces],
            "edge_end": [piece.end for piece in pieces],
            "first_segment": first,
            "vertex_x": lines[:, 0],
            "vertex_y": lines[:, 1],
            "island": np.zeros(len(pieces)),
            "busy_ends": self._find_busy_ends(),
            "extract": network.extract[network.segment_edge[joined]],
            "twins": self._list_twins(),
            **self._describe_segments(),
        }
        grown = {
            name: np.append(old, np.asarray(new).astype(old.dtype), axis=0)
            for name, new in added.items()
            if (old := getattr(network, name)) is not None
        }
        rides = network.rides if NEW_ROAD in network.rides else (*network.rides, NEW_ROAD)
        return replace(network, rides=rides, **grown)

    def _describe_segments(self) -> dict[str, Any]:
        """Say of the added segments what the network says of each: closed, and without doors."""
        network, of, beside = self.network, self._of, self._of >= 0
        level = np.repeat([self.edits[piece.owner].level for piece in self.pieces], self._sizes)
        nothing = np.zeros(len(of))

        def as_beside(name: str, new: NDArray[Any]) -> NDArray[Any]:
            there = getattr(network, name)[of]
            return np.where(beside.reshape(-1, *[1] * (there.ndim - 1)), there, new)

        lengths = [
            [one.to_mm - one.from_mm] if one.of >= 0 else measure_mm(network, one.line)
            for one in self.pieces
        ]
        return {
            "length_mm": np.concatenate(lengths),
            "forward": nothing,
            "backward": nothing,
            "stress_forward": as_beside("stress_forward", level),
            "stress_backward": as_beside("stress_backward", level),
            "stress_bounds": as_beside("stress_bounds", level[:, None]),
            "pavement": as_beside("pavement", nothing),
            "way": as_beside("way", nothing + NO_WAY),
            "wait": nothing + bicycle.NO_WAIT,
            "door": nothing,
            "cut": beside,
        }

    def _find_busy_ends(self) -> Bools:
        """Say where one crosses a busy road at the ends of added edges: as on the road beside."""
        busy = np.zeros((len(self.pieces), 2), dtype=np.bool_)
        for at, piece in enumerate(self.pieces):
            if piece.of >= 0:
                whole = piece.from_mm == 0, piece.to_mm == self.network.length_mm[piece.of]
                busy[at] = self.network.busy_ends[self.network.segment_edge[piece.of]] & whole
        return busy

    def _list_twins(self) -> Indices:
        """List the segments that lie beside others, as `Network.twins`."""
        segment = self.network.first_segment[-1] + np.cumsum(self._sizes) - self._sizes
        rows = [
            (piece.of, piece.from_mm, piece.to_mm, mine)
            for piece, mine in zip(self.pieces, segment.tolist(), strict=True)
            if piece.of >= 0
        ]
        return np.array(rows, dtype=np.intp).reshape(-1, 4)

    def open_all(self, done: Network) -> Network:
        """Open the added edges of a network in which all other edits are done.

        What lies beside a segment is as that was, or is where another edit made it better; where
        one closed it, it is closed.
        """
        if not self.pieces:
            return done
        old = self.network.first_segment[-1]
        of, beside = self._of, self._of >= 0
        other = np.repeat([piece.other for piece in self.pieces], self._sizes) >= 0
        oneway = np.repeat([self.edits[one.owner].oneway for one in self.pieces], self._sizes)
        closed = beside & (done.forward[of] == 0) & (done.backward[of] == 0)
        opened: dict[str, Any] = {}
        for name in ("forward", "backward", "stress_forward", "stress_backward", "stress_bounds"):
            opened[name] = values = getattr(done, name).copy()
            there = np.where(
                (other if values.ndim == 1 else other[:, None]),
                values[of],
                getattr(self.network, name)[of],
            )
            values[old:][beside] = there[beside]
        for name in ("forward", "backward"):
            opened[name][old:][~beside] = done.rides.index(NEW_ROAD)
            opened[name][old:][closed] = 0
        opened["backward"][old:][~beside & oneway] = 0
        return replace(done, **opened)


def measure_mm(network: Network, line: Floats) -> Ints:
    """Measure the pieces of a line along the ellipsoid."""
    to_degrees = make_transformer(network.crs, "EPSG:4326")
    lon, lat = to_degrees.transform(line[:, 0], line[:, 1])
    metres = Geod(ellps="WGS84").line_lengths(lon, lat)
    return np.asarray(np.rint(np.asarray(metres) * 1000), dtype=np.int32)


# -- what is done ---------------------------------------------------------------------------------


def _do_edits(network: Network, edits: Sequence[RoadEdit]) -> Network:
    """Do the edits on a network that has a place for each."""

    def list_segments(change: RoadChange) -> list[Indices]:
        return [edit.segments for edit in edits if edit.change == change]

    opened = _join(list_segments("open"))
    network = _open_both_ways(network, opened) if len(opened) else network
    changed: dict[str, Any] = {}
    if len(closed := _join(list_segments("close"))):
        changed |= {name: getattr(network, name).copy() for name in ("forward", "backward")}
        for ride in changed.values():
            ride[closed] = 0
    quiet = [edit for edit in edits if edit.change == "quiet"]
    if len(here := _join([edit.segments for edit in quiet])):
        sizes = [len(edit.segments) for edit in quiet]
        level = np.repeat(np.array([edit.level for edit in quiet], np.uint8), sizes)
        for name in ("stress_forward", "stress_backward", "stress_bounds"):
            changed[name] = values = getattr(network, name).copy()
            np.minimum.at(values, here, level.reshape(-1, *[1] * (values.ndim - 1)))
    if nodes := [edit.node for edit in edits if edit.change == "crossing"]:
        crossed = np.isin(np.stack([network.edge_start, network.edge_end], axis=1), nodes)
        changed["busy_ends"] = network.busy_ends & ~crossed
    return replace(network, **changed)


def _join(parts: list[Indices]) -> Indices:
    return np.concatenate([np.zeros(0, np.intp), *parts])


def _open_both_ways(network: Network, segments: Indices) -> Network:
    """Ride both ways: as the one way that is ridden, or where none is as on a new road.

    Steps, lifts and ferries stay what they are.
    """
    mode = np.array([ride.mode for ride in network.rides])
    on_wheels = np.isin(mode, (bicycle.RIDE, bicycle.PUSH, bicycle.CLOSED))
    segments = segments[
        on_wheels[network.forward[segments]] & on_wheels[network.backward[segments]]
    ]
    rides = network.rides if NEW_ROAD in network.rides else (*network.rides, NEW_ROAD)
    new = rides.index(NEW_ROAD)
    both = [network.forward.copy(), network.backward.copy()]
    levels = [network.stress_forward.copy(), network.stress_backward.copy()]
    bounds = network.stress_bounds.copy()
    ridden = [mode[one[segments]] == bicycle.RIDE for one in both]
    for way, other in ((0, 1), (1, 0)):
        as_other = segments[~ridden[way] & ridden[other]]
        both[way][as_other] = both[other][as_other]
        levels[way][as_other] = levels[other][as_other]
        bounds[as_other, way::2] = bounds[as_other, other::2]
        both[way][segments[~ridden[way] & ~ridden[other]]] = new
    return replace(
        network,
        rides=rides,
        forward=both[0],
        backward=both[1],
        stress_forward=levels[0],
        stress_backward=levels[1],
        stress_bounds=bounds,
    )


def _list_busy_ends(network: Network, node: int) -> Indices:
    """List the ends of edges at which one crosses a busy road at a node; 2 * edge + end."""
    if node < 0:
        return np.zeros(0, np.intp)
    at = np.stack([network.edge_start, network.edge_end], axis=1) == node
    return np.flatnonzero((at & network.busy_ends).ravel())
