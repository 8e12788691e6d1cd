"""Stretches that are too stressful between two places that are not, and chains of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from stemgeo.errors import InputError, Problem
from stemgeo.links.reach import FAR_MS
from stemgeo.network.bicycle import RIDE
from stemgeo.network.graph import walk_chains
from stemgeo.network.stress import LEVELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from stemgeo.links.reach import Reach, Sides
    from stemgeo.network.edits import RoadEdit
    from stemgeo.network.graph import Network

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]
    Longs = NDArray[np.int64]
    Positions = NDArray[np.intp]


def mark_stressful(network: Network, profile: str) -> Bools:
    """Say which segments are ridden over all roads and too stressful for a profile, either way.

    Parameters
    ----------
    network
        All its roads, as `Network.restrict_to` gives it.
    profile
        One of `stress.LEVELS`.
    """
    ridden = np.array([ride.mode == RIDE for ride in network.rides])
    both = (
        (network.forward, network.stress_forward),
        (network.backward, network.stress_backward),
    )
    loud = [ridden[ride] & (level > LEVELS[profile]) for ride, level in both]
    return np.asarray(loud[0] | loud[1])


def mark_taken(network: Network, profile: str, projects: Sequence[RoadEdit]) -> Bools:
    """Say which segments that are too stressful a project changes otherwise than a stretch would.

    Of a quiet road and an open one on one segment each has both, see `lay_edits`: by itself either
    would be counted with what the other does. So there the project stands alone.

    Parameters
    ----------
    network, profile
        As for `mark_stressful`.
    projects
        The user's own, on segments of this network.
    """
    taken = np.zeros(len(network.way), dtype=np.bool_)
    if profile == "all":
        return taken
    for one in projects:
        if one.change == "open" or (one.change == "quiet" and one.level > LEVELS[profile]):
            taken[one.segments] = True
    return taken & mark_stressful(network, profile)


def refuse_projects(projects: Sequence[RoadEdit]) -> None:
    """Refuse projects of which what each brings by itself could not be counted.

    Parameters
    ----------
    projects
        The user's own.

    Raises
    ------
    InputError
        Naming each that closes a road, and each two that change the same road otherwise.
    """
    found: dict[str, str] = {}
    there: dict[int, list[RoadEdit]] = {}
    for one in projects:
        if one.change == "close":
            found[f"{one.edit_id!r} closes a road"] = "links are what makes roads better"
        for segment in one.segments.tolist():
            for other in there.setdefault(segment, []):
                if (one.change, one.level) != (other.change, other.level):
                    both = f"{other.edit_id!r} and {one.edit_id!r} change the same road otherwise"
                    found[both] = "what each brings alone cannot be told: give one at a time"
            there[segment].append(one)
    if found:
        raise InputError(*(Problem("inputs.road_projects", *told) for told in found.items()))


@dataclass(frozen=True)
class Stretches:
    """Edges in the order of their stretches; each from one end of its stretch to the other.

    Attributes
    ----------
    edge, turned
        The edges, and whether one runs each against its direction from the first end of its
        stretch to the last.
    first
        Where the edges of each stretch begin, shape (stretches + 1,).
    node
        The nodes along the stretches, one more than edges for each: those of stretch s are
        `node[first[s] + s:first[s + 1] + s + 1]`.
    edges
        How many the network has.
    """

    edge: Positions
    turned: Bools
    first: Positions
    node: Ints
    edges: int

    @classmethod
    def from_network(cls, network: Network, stressful: Bools) -> Stretches:
        """Find the stretches of a network.

        A stretch goes on through nodes where no other road meets that is open and not too
        stressful, and ends where several that are meet: an arm each.

        Parameters
        ----------
        network
            Of edges that are stressful as a whole or not at all.
        stressful
            As from `mark_stressful`, of its segments.
        """
        loud = stressful[network.first_segment[:-1]] & ~network.island
        calm = ~loud & ~network.island & (network.open_forward | network.open_backward)
        chosen = np.flatnonzero(loud)
        meets = np.zeros(network.nodes, dtype=np.bool_)
        meets[network.ends[:, calm]] = True
        node = network.ends[:, chosen].T.ravel()
        count = np.bincount(node, minlength=network.nodes)
        through = np.flatnonzero(((count == 2) & ~meets)[node])
        pairs = through[np.argsort(node[through], kind="stable")].reshape(-1, 2)
        partner = np.full(len(node), -1, dtype=np.int32)
        partner[pairs] = pairs[:, ::-1]
        chain, first, turned = walk_chains(partner)
        edge = chosen[chain]
        begin, end = network.ends[turned.astype(np.intp), edge], None
        end = network.ends[1 - turned.astype(np.intp), edge]
        last = first[1:] - 1
        return cls(
            edge=edge,
            turned=turned,
            first=first.astype(np.intp),
            node=np.insert(begin, last + 1, end[last]).astype(np.int32),
            edges=network.edges,
        )

    def __len__(self) -> int:
        """How many stretches there are."""
        return len(self.first) - 1

    @cached_property
    def owner(self) -> Positions:
        """The stretch of each edge here."""
        return np.repeat(np.arange(len(self)), np.diff(self.first))

    @cached_property
    def of_edge(self) -> Ints:
        """The stretch of each edge of the network, -1: of none."""
        found = np.full(self.edges, -1, dtype=np.int32)
        found[self.edge] = self.owner
        return found

    @cached_property
    def first_node(self) -> Positions:
        """Where the nodes of each stretch begin, shape (stretches + 1,)."""
        return self.first + np.arange(len(self.first))

    @cached_property
    def ends(self) -> Ints:
        """First and last node of each stretch, shape (stretches, 2)."""
        return np.stack([self.node[self.first_node[:-1]], self.node[self.first_node[1:] - 1]], 1)

    def measure_m(self, network: Network) -> Floats:
        """Give the length of each stretch, metres."""
        return np.asarray(np.add.reduceat(network.edge_length_m[self.edge], self.first[:-1]))

    def measure_rides(self, reach: Reach) -> tuple[Longs, Longs]:
        """Give how long each edge is ridden over all roads: along its stretch, and against it."""
        times = reach.open_.times
        both = np.stack([times.forward_ms, times.backward_ms])[:, self.edge].astype(np.int64)
        against = self.turned.astype(np.intp)
        at = np.arange(len(self.edge))
        ahead, back = both[against, at], both[1 - against, at]
        place = at + self.owner
        wait = times.node_ms[self.node].astype(np.int64)
        return ahead + wait[place], back + wait[place + 1]


class StretchRides(NamedTuple):
    """What each stretch is by itself, in the one direction and in the other, (stretches, 2).

    Attributes
    ----------
    enter_ms
        From the nearest child to its far end, entered before that; FAR_MS: by nobody.
    leave_ms
        From its near end to an academy, left after that.
    whole_ms
        From end to end.
    best_ms
        Of the quickest ride of any child over some of it, shape (stretches,).
    """

    enter_ms: Longs
    leave_ms: Longs
    whole_ms: Longs
    best_ms: Longs


def ride_along(
    stretches: Stretches, rides: tuple[Longs, Longs], at_nodes: Sides, beside: Sides
) -> StretchRides:
    """Ride along each stretch by itself.

    Parameters
    ----------
    stretches
        Of a network.
    rides
        As from `Stretches.measure_rides`.
    at_nodes, beside
        From children to each node of the network, and from there to an academy; and of these the
        rides from and to doors on the stretches themselves.
    """
    to_ms, from_ms = (one[stretches.node] for one in at_nodes)
    enter, leave, whole, best = _ride_along(stretches.first, *rides, from_ms, to_ms)
    # Who lives on the last edge comes to its end by the stretch; and so one leaves for a door on
    # the first.
    near, far = stretches.ends, stretches.ends[:, ::-1]
    enter = np.minimum(enter, beside.from_ms[far])
    leave = np.minimum(leave, beside.to_ms[near])
    doors = np.minimum(beside.from_ms + at_nodes.to_ms, at_nodes.from_ms + beside.to_ms)
    least = np.minimum.reduceat(doors[stretches.node], stretches.first_node[:-1])
    return StretchRides(enter, leave, whole, np.minimum(best, least))


@njit(cache=True, nogil=True)
def _ride_along(
    first: Positions, ahead: Longs, back: Longs, from_ms: Longs, to_ms: Longs
) -> tuple[Longs, Longs, Longs, Longs]:
    count = len(first) - 1
    enter = np.empty((count, 2), dtype=np.int64)
    leave, whole = enter.copy(), enter.copy()
    best = np.empty(count, dtype=np.int64)
    for s in range(count):
        least = FAR_MS
        for against in range(2):
            edges = first[s + 1] - first[s]
            near, reached, total, strict = FAR_MS, np.int64(0), np.int64(0), FAR_MS
            # From the near end to the far one: the nearest child so far, and what a ride takes.
            for i in range(edges + 1):
                at = first[s] + s + (edges - i if against else i)
                if i:
                    edge = first[s] + (edges - i if against else i - 1)
                    ms = back[edge] if against else ahead[edge]
                    near, total = near + ms, total + ms
                    strict = min(strict, total + to_ms[at])
                    least = min(least, near + to_ms[at])
                reached = near
                near = min(near, from_ms[at])
            enter[s, against] = min(reached, FAR_MS)
            leave[s, against] = min(strict, FAR_MS)
            whole[s, against] = min(total, FAR_MS)
        best[s] = least
    return enter, leave, whole, best
