"""Stretches that are of use together: of one street, along one ride, and where one alone is not.

Two halves of a route may bring nobody alone. So sets of stretches are looked for in three ways:
pieces of one street that follow each other; those that the quickest ride over all roads takes; and
for each stretch the one or two more by which a child comes to an academy soonest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from stemgeo.access.search import RANK_BITS, UNREACHED, label_nearest, pack_labels, unpack_labels
from stemgeo.access.stretches import grow_tree
from stemgeo.arrays import list_ranges, starts_of_runs
from stemgeo.links.quiet import StretchRides, ride_along
from stemgeo.links.reach import FAR_MS, Sides
from stemgeo.network.graph import walk_chains

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stemgeo.links.quiet import Stretches
    from stemgeo.links.reach import Reach
    from stemgeo.network.graph import Network

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]
    Longs = NDArray[np.int64]
    Positions = NDArray[np.intp]
    Numbers = NDArray[np.integer]

FEW_PIECES = 4
"""Of so many pieces every chain of a street is looked at, also where there are very many."""


@dataclass(frozen=True)
class Sets:
    """Sets of things by their numbers: `member[first[i]:first[i + 1]]` are those of set i."""

    first: Positions
    member: Numbers

    @classmethod
    def by_owner(cls, owner: Positions, member: Numbers, sets: int) -> Sets:
        """Put members into their sets, sorted and each once.

        Parameters
        ----------
        owner, member
            Of each, in any order.
        sets
            How many sets there are.
        """
        order = np.lexsort((member, owner))
        owner, member = owner[order], member[order]
        new = starts_of_runs(owner, member) if len(owner) else order.astype(np.bool_)
        sizes = np.bincount(owner[new], minlength=sets)
        return cls(np.append(0, np.cumsum(sizes)).astype(np.intp), member[new])

    @classmethod
    def none(cls) -> Sets:
        """Give no sets."""
        return cls(np.zeros(1, dtype=np.intp), np.zeros(0, dtype=np.int32))

    def __len__(self) -> int:
        """How many sets there are."""
        return len(self.first) - 1

    @property
    def owner(self) -> Positions:
        """The set of each member."""
        return np.repeat(np.arange(len(self)), np.diff(self.first))

    def take(self, which: Positions) -> Sets:
        """Give the chosen sets."""
        _, at = list_ranges(self.first[which], self.first[which + 1])
        sizes = np.diff(self.first)[which]
        return Sets(np.append(0, np.cumsum(sizes)), self.member[at])

    def add(self, other: Sets) -> Sets:
        """Give these sets, and those others behind them."""
        return Sets(
            np.append(self.first, other.first[1:] + self.first[-1]),
            np.append(self.member, other.member),
        )

    def keep_once(self) -> Sets:
        """Give each set once, with its members sorted, in the order in which they come first."""
        tidy = Sets.by_owner(self.owner, self.member, len(self))
        known = np.random.default_rng(1).integers(2**62, size=int(tidy.member.max(initial=0)) + 1)
        # Sums of 64 bits, whatever is carried beyond them: no two sets have the same by chance.
        sums = np.append(0, np.cumsum(known[tidy.member], dtype=np.int64))
        told = np.stack([np.diff(sums[tidy.first]), np.diff(tidy.first)])
        _, once = np.unique(told, axis=1, return_index=True)
        return tidy.take(np.sort(once))


def chain_streets(
    network: Network, stretches: Stretches, street: Ints
) -> tuple[Ints, Positions, Bools]:
    """Put the stretches of each street in a row, as straight on as it goes.

    Parameters
    ----------
    network, stretches
        Of it.
    street
        Which street each edge of the network is of, shape (edges,); -1: of none.

    Returns
    -------
    tuple of arrays
        The stretches in the order of the rows, where each row begins (rows + 1,), and whether one
        is passed from its last end to its first.
    """
    ends = np.stack([stretches.first[:-1], stretches.first[1:] - 1], axis=1).ravel()
    edge, second = stretches.edge[ends], np.arange(len(ends)) % 2
    # Whether one goes from this end into the stretch by the start of its edge.
    by_start = stretches.turned[ends] == (second == 1)
    node, code = stretches.ends.ravel(), street[edge]
    vertex = np.where(by_start, network.first_segment[edge], network.first_segment[edge + 1]) + edge
    step = np.where(by_start, 1, -1)
    dx, dy = (one[vertex + step] - one[vertex] for one in (network.vertex_x, network.vertex_y))
    far = np.maximum(np.hypot(dx, dy), 1e-9)
    partner = _pair_straightest(node, code, dx / far, dy / far)
    row, first, turned = walk_chains(partner)
    return row, first.astype(np.intp), turned


def _pair_straightest(node: Ints, code: Ints, dx: Floats, dy: Floats) -> Ints:
    """Pair ends of one street at one node that go on straightest, each for the other; else -1."""
    partner = np.full(len(node), -1, dtype=np.int32)
    named = np.flatnonzero(code >= 0)
    order = named[np.lexsort((code[named], node[named]))]
    starts = np.flatnonzero(starts_of_runs(node[order], code[order])) if len(order) else order
    sizes = np.diff(np.append(starts, len(order)))
    owner = np.repeat(np.arange(len(starts)), sizes)
    mine, at = list_ranges(starts[owner], (starts + sizes)[owner])
    one, other = order[mine], order[at]
    apart = one // 2 != other // 2
    one, other = one[apart], other[apart]
    bend = dx[one] * dx[other] + dy[one] * dy[other]  # -1: straight on
    best = np.lexsort((other, np.round(bend, 9), one))
    best = best[starts_of_runs(one[best])] if len(best) else best
    partner[one[best]] = other[best]
    mutual = partner[partner] == np.arange(len(partner))
    return np.where((partner >= 0) & mutual, partner, -1).astype(np.int32)


def list_windows(
    rows: tuple[Ints, Positions, Bools],
    ways: StretchRides,
    ends_to_ms: Longs,
    length_m: Floats,
    longest_m: float,
    cutoff_ms: int,
    most: int,
) -> Sets:
    """List the chains of one street that bring a child to an academy before the cutoff, end to end.

    Those in which every piece is ridden: leaving it before its last piece would take longer.

    Parameters
    ----------
    rows
        As from `chain_streets`.
    ways, ends_to_ms, length_m
        Of each stretch; from each of its ends to an academy, shape (stretches, 2).
    longest_m, cutoff_ms
        A chain, and a ride, may be so long.
    most
        Where there are more, long chains are of round numbers of pieces, from every few on.
    """
    asked = *rows, ways, ends_to_ms, length_m, float(longest_m), cutoff_ms
    count = _list_windows(*asked, False, np.empty((0, 2), np.int32))
    thin = count > most
    if thin:
        count = _list_windows(*asked, thin, np.empty((0, 2), np.int32))
    found = np.empty((count, 2), dtype=np.int32)
    _list_windows(*asked, thin, found)
    _, at = list_ranges(found[:, 0], found[:, 1])
    sizes = found[:, 1] - found[:, 0]
    return Sets(np.append(0, np.cumsum(sizes, dtype=np.intp)), rows[0][at])


@njit(cache=True, nogil=True)
def _list_windows(
    row: Ints,
    first: Positions,
    turned: Bools,
    ways: StretchRides,
    ends_to_ms: Longs,
    length_m: Floats,
    longest_m: float,
    cutoff_ms: int,
    thin: bool,  # noqa: FBT001  (numba)
    found: Ints,
) -> int:
    """Write where in the rows each chain begins and where it ended; give their number."""
    enter, leave, whole, _ = ways
    count = 0
    for line in range(len(first) - 1):
        for back in range(2):
            begin, pieces = first[line], first[line + 1] - first[line]
            for i in range(pieces - 1):
                at = begin + (pieces - 1 - i if back else i)
                s, way = row[at], int(turned[at]) ^ back
                ridden, metres = enter[s, way], length_m[s]
                best = ends_to_ms[s, 1 - way]
                beyond = np.int64(0)
                for j in range(i + 1, pieces):
                    last = begin + (pieces - 1 - j if back else j)
                    s, way = row[last], int(turned[last]) ^ back
                    metres += length_m[s]
                    if metres > longest_m or ridden + beyond > cutoff_ms:
                        break
                    through = beyond + leave[s, way]
                    wanted = through < best and ridden + through <= cutoff_ms
                    if wanted and (not thin or _is_round(i, j - i + 1)):
                        if count < len(found):
                            found[count, 0] = min(at, last)
                            found[count, 1] = max(at, last) + 1
                        count += 1
                    beyond += whole[s, way]
                    best = min(best, beyond + ends_to_ms[s, 1 - way])
    return count


@njit(cache=True, nogil=True, inline="always")
def _is_round(start: int, pieces: int) -> bool:
    """Whether a chain of so many pieces is looked at where there are very many."""
    if pieces <= FEW_PIECES:
        return True
    unit = 1
    while unit * 2 * FEW_PIECES <= pieces:
        unit *= 2
    return pieces % unit == 0 and start % unit == 0


def follow_rides(
    reach: Reach,
    stretches: Stretches,
    at_nodes: tuple[Longs, Longs],
    length_m: Floats,
    longest_m: float,
) -> Sets:
    """List the stretches down the quickest rides over all roads, from each stretch on.

    As far as the nearest child who comes to it needs to be within reach, and as far as the ride
    goes.

    Parameters
    ----------
    reach
        Who rides.
    stretches
        Of the network.
    at_nodes
        From children to each node, and from there to an academy; shapes (nodes,).
    length_m, longest_m
        Of each stretch; of all together.
    """
    node, ms, arc, _ = reach.open_.find_seeds(reach.sites)
    seed = pack_labels(ms, np.zeros_like(ms))
    order = np.lexsort((arc, seed, node))
    to_open = reach.every.to_ms
    label = np.where(to_open == FAR_MS, UNREACHED, to_open << RANK_BITS)
    number = reach.open_.network.arcs[2]
    tree = grow_tree(reach.open_.arcs, number, label, node[order], seed[order], arc[order])
    begins = np.unique(stretches.node)
    asked = *tree, to_open, stretches.of_edge, begins, *at_nodes, length_m, float(longest_m)
    out = Sets.none()
    for whole in (False, True):
        out = out.add(Sets(*_follow_rides(*asked, reach.cutoff_ms, whole)))
    return out


@njit(cache=True, nogil=True)
def _follow_rides(
    following: Ints,
    via: Longs,
    to_open_ms: Longs,
    of_edge: Ints,
    begins: Ints,
    from_ms: Longs,
    to_ms: Longs,
    length_m: Floats,
    longest_m: float,
    cutoff_ms: int,
    whole: bool,  # noqa: FBT001  (numba)
) -> tuple[Positions, Ints]:
    first, member = [0], [0]
    member.pop()
    for begin in begins:
        late = from_ms[begin]
        if late + to_open_ms[begin] > cutoff_ms or via[begin] < 0 or of_edge[via[begin] >> 1] < 0:
            continue
        at, start, metres, done = begin, len(member), 0.0, False
        while not done:
            stretch = of_edge[via[at] >> 1] if via[at] >= 0 else -1
            if stretch >= 0 and (len(member) == start or member[-1] != stretch):
                member.append(stretch)
                metres += length_m[stretch]
            if metres > longest_m:
                break
            at = following[at]
            done = at < 0
            if not done and not whole:
                done = late + to_open_ms[begin] - to_open_ms[at] + to_ms[at] <= cutoff_ms
        if done and len(member) - start > 1:
            first.append(len(member))
        else:
            while len(member) > start:
                member.pop()
    return np.array(first), np.array(member, dtype=np.int32)


def find_companions(
    reach: Reach,
    stretches: Stretches,
    rides: tuple[Longs, Longs],
    ways: StretchRides,
    at_nodes: tuple[Sides, Sides],
    companions: Bools,
) -> Sets:
    """List pairs and threes: for each stretch that brings nobody those by which it does.

    Parameters
    ----------
    reach
        Who rides.
    stretches, rides, ways
        Of the network, as `Stretches.measure_rides` and `ride_along` have them.
    at_nodes
        The times at each node, and those of doors on the stretches, as `ride_along` takes them.
    companions
        Which stretches may follow another.
    """
    node, ms, _, _ = reach.calm.find_seeds(reach.sites)
    opened, beside = at_nodes
    nobody = np.full(len(opened.to_ms), FAR_MS)
    # The rank of a label says which stretch is taken next, and in which direction; 0: none.
    number = np.arange(1, 2 * len(stretches) + 1).reshape(-1, 2)
    known, found, leave, layers = opened.to_ms, Sets.none(), ways.leave_ms, []
    for _ in range(2):
        some = companions[:, None] & (leave <= reach.cutoff_ms)
        begin = np.append(node, stretches.ends[some]).astype(np.int32)
        rank = np.append(np.zeros_like(ms), number[some])
        seeds = pack_labels(np.append(ms, leave[some]), rank)
        label = label_nearest(reach.calm.arcs, begin, seeds, reach.cutoff_ms)
        layers.append(unpack_labels(label))
        far = np.where(label == UNREACHED, FAR_MS, layers[-1][0])
        found = found.add(_list_companions(stretches, ways, known, far, layers, reach.cutoff_ms))
        known = np.minimum(known, far)
        leave = ride_along(stretches, rides, Sides(known, nobody), beside).leave_ms
    return found


def _list_companions(
    stretches: Stretches,
    ways: StretchRides,
    known_ms: Longs,
    far_ms: Longs,
    layers: list[tuple[Longs, Longs]],
    cutoff_ms: int,
) -> Sets:
    """List the stretches that bring a child by one more stretch behind them, and not without."""
    end = stretches.ends[:, ::-1]
    wanted = (ways.enter_ms + far_ms[end] <= cutoff_ms) & (
        ways.enter_ms + known_ms[end] > cutoff_ms
    )
    one, way = np.nonzero(wanted)
    members, at = [one], end[one, way]
    for _, rank in reversed(layers):
        then = rank[at] - 1
        if (then < 0).any():
            kept = then >= 0
            members, at, then = [each[kept] for each in members], at[kept], then[kept]
        members.append(then // 2)
        at = end[then // 2, then % 2]
    table = np.sort(np.stack(members, axis=1), axis=1).astype(np.int32)
    table = table[(np.diff(table, axis=1) > 0).all(axis=1)]
    width = table.shape[1]
    return Sets(np.arange(len(table) + 1) * width, table.ravel())
