"""Which roads the quickest rides use: children added up along the tree of shortest paths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numba import njit

from stemgeo.access.doors import NO_ARC
from stemgeo.access.search import (
    RANK_BITS,
    TAIL_BITS,
    TAIL_MASK,
    UNREACHED,
    label_nearest,
    pack_labels,
)
from stemgeo.arrays import list_ranges, starts_of_runs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stemgeo.access.search import Arcs
    from stemgeo.access.travel_time import Rider
    from stemgeo.network.graph import Network
    from stemgeo.network.snap import TiedPoints

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int32]
    Positions = NDArray[np.intp]
    Longs = NDArray[np.int64]


@dataclass(frozen=True)
class RiddenArcs:
    """Arcs with the children of each group who ride over them; 2 * edge + (0 along, 1 against).

    A row for each arc of each group; all of shape (rows,).
    """

    group: Longs
    arc: Longs
    children: Longs


def add_up_rides(
    rider: Rider,
    sites: TiedPoints,
    points: TiedPoints,
    rank: Positions,
    *,
    group: Longs,
    children: Longs,
    counted: Bools,
) -> RiddenArcs:
    """Add up the children who ride over each arc, on the quickest ride to the nearest site.

    Parameters
    ----------
    rider, sites, points, rank
        As in `Rider.nearest`.
    group, children
        Of each point, shape (points,). What is counted is counted by group.
    counted
        The arcs of interest, by their number, shape (2 * edges,).

    Returns
    -------
    Ridden
        By group and arc; arcs that nobody rides are not there. Of equally quick rides one is
        taken, the same for the same network.
    """
    seed_node, seed_ms, root_arc, owner = rider.find_seeds(sites)
    seed_label = pack_labels(seed_ms, rank[owner])
    node_label = label_nearest(rider.arcs, seed_node, seed_label, rider.horizon_ms)
    # The best seed of a node first, so that the tree takes that one.
    order = np.lexsort((root_arc, seed_label, seed_node))
    head_arc = rider.network.arcs[2]
    tree = grow_tree(
        rider.arcs, head_arc, node_label, seed_node[order], seed_label[order], root_arc[order]
    )
    node, first_arc = _first_arcs(rider, sites, points, rank, node_label)
    rides = np.flatnonzero((node >= 0) | (first_arc != NO_ARC))
    rides = rides[np.argsort(group[rides], kind="stable")]
    found = _add_up_flows(
        *tree, node[rides], first_arc[rides], group[rides], children[rides], counted
    )
    return _add_up_repeats(*found)


def arcs_with(network: Network, kept: Bools) -> Bools:
    """Say which arcs have a segment of some, shape (2 * edges,).

    Parameters
    ----------
    network
        On which the arcs are.
    kept
        Whether each segment is meant, along and against, shape (segments, 2).
    """
    return np.logical_or.reduceat(kept, network.first_segment[:-1], axis=0).ravel()


def list_pieces(found: RiddenArcs, network: Network, kept: Bools) -> pd.DataFrame:
    """Give the segments of arcs that are meant, with the children of each group on them.

    Parameters
    ----------
    found
        As from `add_up_rides`.
    network, kept
        As for `arcs_with`.

    Returns
    -------
    DataFrame
        `group`, `way`, `segment`, `against`, `mm`, `children`.
    """
    edge = found.arc // 2
    row, segment = list_ranges(network.first_segment[edge], network.first_segment[edge + 1])
    against = found.arc[row] % 2
    meant = kept[segment, against]
    row, segment = row[meant], segment[meant]
    return pd.DataFrame(
        {
            "group": found.group[row],
            "way": network.way[segment],
            "segment": segment,
            "against": against[meant],
            "mm": network.length_mm[segment].astype(np.int64),
            "children": found.children[row],
        }
    )


def empty_pieces() -> pd.DataFrame:
    """Give no pieces, in the form of `list_pieces`."""
    columns = {"group": "int64", "way": "int64", "segment": "int64", "against": "int64"}
    return pd.DataFrame(columns=[*columns, "mm", "children"]).astype(
        columns | {"mm": "int64", "children": "int64"}
    )


def add_up_by_way(pieces: pd.DataFrame) -> pd.DataFrame:
    """Add pieces up to OSM ways: the most children on any piece, and the length of all pieces."""
    on_each = pieces.groupby(["group", "way", "segment", "against"])["children"].sum()
    most_on = on_each.groupby(["group", "way"]).max()
    # Some may ride the same piece the other way.
    once = pieces.drop_duplicates(["group", "segment"]).groupby(["group", "way"])["mm"].sum()
    return pd.DataFrame({"children": most_on, "mm": once}).reset_index()


def _first_arcs(
    rider: Rider, sites: TiedPoints, points: TiedPoints, rank: Positions, node_label: Longs
) -> tuple[Longs, Longs]:
    """Give the node by which each point leaves its edge (-1: none) and the arc until there."""
    exits, near = rider.list_exits(points), rider.list_pairs(points, sites)
    point = np.repeat(np.arange(len(points.snap_m)), np.diff(exits.first))
    there, ms = node_label[exits.node], exits.ms.astype(np.int64)
    out = np.where(
        there == UNREACHED, there, np.asarray(there + pack_labels(ms, np.zeros_like(ms)))
    )
    label = np.concatenate([pack_labels(near.ms, rank[near.site]), out])
    who = np.concatenate([near.point, point])
    out_node = np.concatenate([np.full(len(near.site), -1), exits.node]).astype(np.int64)
    out_arc = np.concatenate([near.arc, exits.arc]).astype(np.int64)
    order = np.lexsort((out_arc, out_node, label, who))
    first = order[starts_of_runs(who[order])]
    first = first[label[first] < UNREACHED]
    nodes, arcs = (np.full(len(points.snap_m), -1, dtype=np.int64) for _ in range(2))
    nodes[who[first]], arcs[who[first]] = out_node[first], out_arc[first]
    return nodes, arcs


@njit(cache=True, nogil=True)
def grow_tree(
    arcs: Arcs,
    number: Ints,
    label: Longs,
    seed_node: Ints,
    seed_label: Longs,
    seed_arc: Longs,
) -> tuple[Ints, Longs]:
    """Give each node its next node and the arc to it, both -1 where it is not in the tree.

    From the sites outwards over arcs that the labels say are on a quickest ride. An arc that
    takes no time could lead round in a circle; a node that is in the tree is not taken again.

    Parameters
    ----------
    arcs, number
        The arcs that arrive at each node, as from `Rider.arcs`, and what each is called.
    label
        Of each node, as from `search.label_nearest` with these seeds.
    seed_node, seed_label, seed_arc
        Where rides end, the best of a node first, and what is said in the place of an arc there;
        no node follows.
    """
    first, packed = arcs
    nodes = len(first) - 1
    following = np.full(nodes, -1, dtype=np.int32)
    via = np.full(nodes, -1, dtype=np.int64)
    taken = np.zeros(nodes, dtype=np.bool_)
    queue = np.empty(nodes, dtype=np.int32)
    filled = 0
    for i in range(len(seed_node)):
        node = seed_node[i]
        if not taken[node] and label[node] == seed_label[i]:
            via[node], taken[node], queue[filled] = seed_arc[i], True, node
            filled += 1
    done = 0
    while done < filled:
        head = queue[done]
        done += 1
        for arc in range(first[head], first[head + 1]):
            tail = packed[arc] & TAIL_MASK
            if not taken[tail] and label[tail] == label[head] + (
                (packed[arc] >> TAIL_BITS) << RANK_BITS
            ):
                following[tail], via[tail], taken[tail] = head, number[arc], True
                queue[filled] = tail
                filled += 1
    return following, via


@njit(cache=True, nogil=True)
def _add_up_flows(
    following: Ints,
    via: Longs,
    node: Longs,
    first_arc: Longs,
    group: Longs,
    children: Longs,
    counted: Bools,
) -> tuple[Longs, Longs, Longs]:
    """Add up the children down the tree, group by group; points are sorted by group."""
    stamp = np.full(len(following), -1, dtype=np.int64)
    passing = np.zeros(len(following), dtype=np.int64)
    touched = np.empty(len(following), dtype=np.int32)
    begin = np.empty(len(following) + 1, dtype=np.int32)
    out = np.empty((3, 1024), dtype=np.int64)
    filled, point = 0, 0
    while point < len(node):
        here, count, branches = group[point], 0, 0
        while point < len(node) and group[point] == here:
            at = node[point]
            begin[branches] = count
            while at >= 0 and stamp[at] != here:
                stamp[at], passing[at], touched[count] = here, 0, at
                count += 1
                at = following[at]
            if begin[branches] < count:
                branches += 1
            if node[point] >= 0:
                passing[node[point]] += children[point]
            if first_arc[point] >= 0 and counted[first_arc[point]]:
                out = _make_room(out, filled)
                out[0, filled], out[1, filled] = here, first_arc[point]
                out[2, filled] = children[point]
                filled += 1
            point += 1
        # A branch flows into one before it, or out: the last is done first, each from its tip down.
        while branches:
            branches -= 1
            for which in range(begin[branches], count):
                at = touched[which]
                if following[at] >= 0:
                    passing[following[at]] += passing[at]
                if via[at] >= 0 and counted[via[at]]:
                    out = _make_room(out, filled)
                    out[0, filled], out[1, filled], out[2, filled] = here, via[at], passing[at]
                    filled += 1
            count = begin[branches]
    return out[0, :filled].copy(), out[1, :filled].copy(), out[2, :filled].copy()


@njit(cache=True, nogil=True)
def _make_room(out: NDArray[np.int64], filled: int) -> NDArray[np.int64]:
    if filled < out.shape[1]:
        return out
    more = np.empty((3, 2 * filled), dtype=np.int64)
    for row in range(3):  # number by number: whole rows take seconds to compile
        for at in range(filled):
            more[row, at] = out[row, at]
    return more


def _add_up_repeats(group: Longs, arc: Longs, children: Longs) -> RiddenArcs:
    """Add up what is there twice: an arc on which one begins and others pass."""
    order = np.lexsort((arc, group))
    group, arc, children = group[order], arc[order], children[order]
    starts = np.flatnonzero(starts_of_runs(group, arc))
    sums = np.add.reduceat(children, starts) if len(starts) else children
    return RiddenArcs(group[starts], arc[starts], sums)
