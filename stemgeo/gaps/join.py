"""Which points with uncovered children lie together: connected areas of demand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely
from numba import njit
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from stemgeo.arrays import starts_of_runs
from stemgeo.reasons import NOWHERE

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from stemgeo.network.graph import Network
    from stemgeo.network.snap import TiedPoints

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]

CELLS_IN_REACH = 1.5
"""Cells to the distance: above the root of two, so that the points of a cell are all joined."""

_AHEAD = [(0, 1), (0, 2), *((1, step) for step in range(-2, 3)), *((2, s) for s in range(-2, 3))]
"""Cells within the distance, half of them: the others look at this one."""


@dataclass(frozen=True)
class PointGroups:
    """Points parted into groups.

    Attributes
    ----------
    group
        Number of the group of each point, 0 to groups - 1, shape (points,).
    links
        Pairs of points that hold the groups together, a spanning forest, shape (links, 2).
    """

    group: Ints
    links: Ints

    @property
    def groups(self) -> int:
        """Number of groups."""
        return int(self.group.max(initial=-1)) + 1

    def keep(self, kept: NDArray[np.bool_]) -> tuple[Ints, PointGroups]:
        """Keep some of the groups.

        Parameters
        ----------
        kept
            Which, shape (groups,).

        Returns
        -------
        tuple
            The new number of each point's group, or NOWHERE; the points of those kept, joined.
        """
        number = np.where(kept, np.cumsum(kept) - 1, NOWHERE)[self.group].astype(np.intp)
        inside = number != NOWHERE
        place = np.cumsum(inside) - 1
        return number, PointGroups(number[inside], place[self.links[inside[self.links[:, 0]]]])


def by_distance(x: Floats, y: Floats, distance_m: float) -> PointGroups:
    """Join points that lie at most so far apart in a straight line, and what they join.

    Parameters
    ----------
    x, y
        Metres, shape (points,), in any order: groups and links are the same.
    distance_m
        Inclusive.
    """
    order = np.lexsort((y, x))
    side = distance_m / CELLS_IN_REACH
    column, row = (np.floor(one / side).astype(np.int64) for one in (x, y))
    # Two columns more on either side: the cells ahead of the last are not those of the next row.
    width = int(column.max(initial=0) - column.min(initial=0)) + 5 if len(x) else 5
    key = (row * width + column)[order]
    by_cell = order[np.argsort(key, kind="stable")]
    key = np.sort(key)
    new = starts_of_runs(key)
    first, cells = np.append(np.flatnonzero(new), len(key)), key[new]
    ahead = np.full((len(_AHEAD), len(cells)), -1, dtype=np.int64)
    for which, (rows, columns) in enumerate(_AHEAD):
        wanted = cells + rows * width + columns
        place = np.searchsorted(cells, wanted)
        there = np.flatnonzero(place < len(cells))
        there = there[cells[place[there]] == wanted[there]]
        ahead[which, there] = place[there]
    parent, links = _join_cells(x[by_cell], y[by_cell], first, ahead, distance_m**2)
    group = np.empty(len(x), dtype=np.intp)
    group[by_cell] = _number_groups(parent)
    return PointGroups(group, by_cell[links])


@njit(cache=True, nogil=True)
def _find_root(parent: Ints, one: int) -> int:
    while parent[one] != one:
        parent[one] = parent[parent[one]]
        one = parent[one]
    return one


@njit(cache=True, nogil=True)
def _join_cells(
    x: Floats, y: Floats, first: Ints, ahead: NDArray[np.int64], squared: float
) -> tuple[Ints, Ints]:
    """Join the points of each cell, and cells between which two points are near enough."""
    n = len(x)
    parent = np.arange(n)
    links = np.empty((max(n, 1), 2), dtype=np.intp)
    made = 0
    for cell in range(len(first) - 1):
        for point in range(first[cell] + 1, first[cell + 1]):
            parent[point] = first[cell]
            links[made, 0], links[made, 1] = point - 1, point
            made += 1
    for cell in range(len(first) - 1):
        for which in range(len(ahead)):
            other = ahead[which, cell]
            if other < 0 or _find_root(parent, first[cell]) == _find_root(parent, first[other]):
                continue
            a, b = _find_near_pair(x, y, first[cell : cell + 2], first[other : other + 2], squared)
            if a >= 0:
                parent[_find_root(parent, b)] = _find_root(parent, a)
                links[made, 0], links[made, 1] = a, b
                made += 1
    for point in range(n):
        parent[point] = _find_root(parent, point)
    return parent, links[:made].copy()


@njit(cache=True, nogil=True)
def _find_near_pair(
    x: Floats, y: Floats, ours: Ints, theirs: Ints, squared: float
) -> tuple[int, int]:
    """Find two points of two cells that are near enough; -1, -1 when there are none."""
    for a in range(ours[0], ours[1]):
        for b in range(theirs[0], theirs[1]):
            if (x[a] - x[b]) ** 2 + (y[a] - y[b]) ** 2 <= squared:
                return a, b
    return -1, -1


def _number_groups(root: Ints) -> Ints:
    """Number groups from 0, each of them named by one of its own points."""
    is_root = root == np.arange(len(root))
    return np.asarray((np.cumsum(is_root) - 1)[root], dtype=np.intp)


def join_by_cells(joined: PointGroups, cell: Ints, beside: Ints) -> PointGroups:
    """Join groups that have points in one cell, or in two that touch.

    Parameters
    ----------
    joined
        Points that are joined already.
    cell
        In which each lies, from 0 without a gap, shape (points,).
    beside
        Pairs of cells that touch, shape (pairs, 2).
    """
    first = np.full(int(cell.max(initial=-1)) + 1, -1, dtype=np.intp)
    first[cell[::-1]] = np.arange(len(cell))[::-1]
    inside = np.stack([first[cell], np.arange(len(cell))], axis=1)
    wanted = np.concatenate([inside, first[beside]])
    wanted = wanted[joined.group[wanted[:, 0]] != joined.group[wanted[:, 1]]]
    parent, made = np.arange(joined.groups), []
    for one, other in wanted:
        a, b = (_find_root(parent, joined.group[at]) for at in (one, other))
        if a != b:
            parent[max(a, b)] = min(a, b)
            made.append((one, other))
    roots = np.array([_find_root(parent, one) for one in range(joined.groups)], dtype=np.intp)
    number = _number_groups(roots)
    links = np.array(made, dtype=np.intp).reshape(-1, 2)
    return PointGroups(number[joined.group], np.concatenate([joined.links, links]))


def is_dense(
    x: Floats, y: Floats, children: NDArray[np.int64], distance_m: float, min_children: int
) -> NDArray[np.bool_]:
    """Say of each place whether half of `min_children` live within the distance of it.

    Along ribbon building villages would grow into one: few people join nothing.

    Parameters
    ----------
    x, y, children, distance_m
        As for `count_children_within`.
    min_children
        The fewest that make a gap.
    """
    return 2 * count_children_within(x, y, children, distance_m) >= min_children


def count_children_within(
    x: Floats, y: Floats, children: NDArray[np.int64], distance_m: float
) -> Ints:
    """Count the children within the distance of each point, its own included, shape (points,).

    Parameters
    ----------
    x, y, children
        Metres and children of each point, shape (points,).
    distance_m
        Inclusive.
    """
    column, row = (np.floor(one / distance_m).astype(np.int64) for one in (x, y))
    width = int(np.ptp(column)) + 3 if len(x) else 3
    key = row * width + column
    order = np.argsort(key, kind="stable")
    found = np.zeros(len(x), dtype=np.int64)
    # The three squares beside each other in a row are one run of keys.
    runs = [np.searchsorted(key[order], key[order] + step * width - 1) for step in (-1, 0, 1)]
    ends = [
        np.searchsorted(key[order], key[order] + step * width + 1, side="right")
        for step in (-1, 0, 1)
    ]
    found[order] = _sum_within(
        x[order], y[order], children[order], np.stack(runs), np.stack(ends), distance_m**2
    )
    return found


@njit(cache=True, nogil=True)
def _sum_within(
    x: Floats,
    y: Floats,
    children: NDArray[np.int64],
    runs: Ints,
    ends: Ints,
    squared: float,
) -> NDArray[np.int64]:
    found = np.zeros(len(x), dtype=np.int64)
    for point in range(len(x)):
        for row in range(3):
            for other in range(runs[row, point], ends[row, point]):
                if (x[point] - x[other]) ** 2 + (y[point] - y[other]) ** 2 <= squared:
                    found[point] += children[other]
    return found


def add_thin(
    joined: PointGroups, dense: NDArray[np.bool_], x: Floats, y: Floats, far_m: float
) -> PointGroups:
    """Add the points that join nothing to groups: each to that of its nearest dense point.

    Parameters
    ----------
    joined
        The dense points, in their order.
    dense, x, y
        Which points these are, and where all are, shape (points,).
    far_m
        Inclusive; a point that has no dense one so near is a group by itself.
    """
    core, thin = np.flatnonzero(dense), np.flatnonzero(~dense)
    # By place, so that of two as near the same is found whatever the order of the points.
    core = core[np.lexsort((y[core], x[core]))]
    group = np.empty(len(x), dtype=np.intp)
    group[np.flatnonzero(dense)] = joined.group
    nearest, near = np.zeros(len(thin), dtype=np.intp), np.zeros(len(thin), dtype=np.bool_)
    if len(core) and len(thin):
        tree = cKDTree(np.stack([x[core], y[core]], axis=1))
        away, found = tree.query(np.stack([x[thin], y[thin]], axis=1))
        nearest, near = np.asarray(found, dtype=np.intp), np.asarray(away <= far_m)
    links = np.stack([thin[near], core[nearest[near]]], axis=1)
    group[links[:, 0]] = group[links[:, 1]]
    alone = thin[~near]
    group[alone] = joined.groups + np.arange(len(alone))
    return PointGroups(group, np.concatenate([np.flatnonzero(dense)[joined.links], links]))


def by_roads(network: Network, places: TiedPoints, distance_m: float) -> PointGroups:
    """Join points between which the roads are at most so long, whichever way one rides.

    Parameters
    ----------
    network
        Roads that are open in either direction count; the walk to them does not.
    places
        The points on it, all of them tied: each at its nearest road.
    distance_m
        Inclusive.

    Notes
    -----
    Every node belongs to the point nearest by road. Two groups of points are within the distance
    of each other if and only if, along some edge, two such territories meet within it (Mehlhorn
    1988, Information Processing Letters 27): one search gives what all pairs would.
    """
    node, a, b, mm = _cut_at_points(network, places)
    size = int(max(network.nodes - 1, node.max(initial=-1), 0)) + 1
    shortest = _choose_shortest(a, b, mm)
    a, b, mm = a[shortest], b[shortest], mm[shortest]
    graph = coo_array((mm, (a, b)), shape=(size, size)).tocsr()
    ends = np.flatnonzero(np.bincount(node, minlength=size))
    limit = distance_m * 1000
    far, _, owner = dijkstra(
        graph,
        directed=False,
        indices=ends,
        limit=limit,
        min_only=True,
        return_predecessors=True,
    )
    meets = (owner[a] >= 0) & (owner[b] >= 0) & (owner[a] != owner[b])
    meets[meets] = (far[a] + mm + far[b])[meets] <= limit
    return _join_pairs(node, owner[a[meets]], owner[b[meets]], size)


def _cut_at_points(network: Network, places: TiedPoints) -> tuple[Ints, Ints, Ints, Floats]:
    """Cut the open edges where points are tied: the node of each point, and edges with lengths.

    Lengths are whole millimetres, so that sums are exact whatever their order.
    """
    places = places.keep_nearest()
    tied = network.segment_edge[places.segment]
    start_mm = network.before_mm[network.first_segment[tied]]
    place_mm = network.before_mm[places.segment] - start_mm + places.offset_mm
    place = pd.DataFrame({"edge": tied, "mm": place_mm})
    number = place.groupby(["edge", "mm"]).ngroup().to_numpy(np.intp)
    node = np.asarray(network.nodes + number, dtype=np.intp)
    cuts = place.assign(node=node).drop_duplicates().sort_values(["edge", "mm"])
    usable = np.flatnonzero(network.open_forward | network.open_backward)
    length = np.rint(network.edge_length_m[usable] * 1000).astype(np.int64)
    ends = pd.concat(
        [
            pd.DataFrame({"edge": usable, "mm": -1, "node": network.edge_start[usable]}),
            cuts,
            pd.DataFrame({"edge": usable, "mm": length + 1, "node": network.edge_end[usable]}),
        ]
    ).sort_values(["edge", "mm"], kind="stable")
    edge, mm, at = (ends[name].to_numpy() for name in ("edge", "mm", "node"))
    whole = np.zeros(network.edges, dtype=np.int64)
    whole[usable] = length
    mm = np.clip(mm, 0, whole[edge])
    piece = edge[1:] == edge[:-1]
    return node, at[:-1][piece], at[1:][piece], np.diff(mm)[piece].astype(np.float64)


def _choose_shortest(a: Ints, b: Ints, mm: Floats) -> Ints:
    """Choose the shortest of parallel edges: a sparse matrix would add them up."""
    low, high = np.minimum(a, b), np.maximum(a, b)
    order = np.lexsort((mm, high, low))
    kept = order[starts_of_runs(low[order], high[order])]
    return np.asarray(kept[a[kept] != b[kept]])


def _join_pairs(node: Ints, a: Ints, b: Ints, size: int) -> PointGroups:
    """Join the points at the nodes of each pair, and those that share a node."""
    order = np.argsort(node, kind="stable")
    here = np.diff(node[order]) == 0
    representative = np.zeros(size, dtype=np.intp)
    representative[node[order][::-1]] = order[::-1]
    links = np.concatenate(
        [
            np.stack([order[:-1][here], order[1:][here]], axis=1),
            np.stack([representative[a], representative[b]], axis=1),
        ]
    )
    return _join_links(links, len(node))


def _join_links(links: Ints, size: int) -> PointGroups:
    graph = coo_array((np.ones(len(links)), (links[:, 0], links[:, 1])), shape=(size, size))
    group = connected_components(graph, directed=False)[1].astype(np.intp)
    return PointGroups(group, links)


def by_zones(zone: Ints, zones: gpd.GeoDataFrame) -> PointGroups:
    """Join points whose zones share a border; zones that touch in a point do not.

    Parameters
    ----------
    zone
        Position of the zone of each point, shape (points,).
    zones
        With their outlines.
    """
    present = np.flatnonzero(np.bincount(zone, minlength=len(zones)))
    outline = zones.geometry.to_numpy()[present]
    one, other = shapely.STRtree(outline).query(outline, predicate="intersects")
    one, other = one[one < other], other[one < other]
    border = shapely.length(shapely.intersection(outline[one], outline[other])) > 0
    joined = _join_links(np.stack([one[border], other[border]], axis=1), len(present))
    place = np.zeros(len(zones), dtype=np.intp)
    place[present] = np.arange(len(present))
    return PointGroups(joined.group[place[zone]], np.empty((0, 2), dtype=np.intp))
