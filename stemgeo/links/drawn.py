"""Candidates as edits of roads, and as a table: where each lies, how long, how it is called."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from stemgeo.arrays import list_ranges, starts_of_runs
from stemgeo.links.chains import Sets
from stemgeo.network.barriers import PIECE_KINDS
from stemgeo.network.edits import Joint, RoadEdit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from stemgeo.links.quiet import Stretches
    from stemgeo.links.seeking import Chosen, Seeking
    from stemgeo.network.graph import Network

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]
    Longs = NDArray[np.int64]
    Positions = NDArray[np.intp]
    Numbers = NDArray[np.integer]
    Shapes = NDArray[np.object_]

MOST_NAMES = 3
"""So many streets are named of a candidate, those with most of its length first."""

_LETTERS = {"quiet": "q", "crossing": "x", "add": "n"}
_ID_LETTERS = 10


def draw_candidates(
    found: Seeking,
    chosen: Sequence[Chosen],
    projects: Sequence[RoadEdit],
    municipalities: gpd.GeoDataFrame,
) -> tuple[list[RoadEdit], Sets, gpd.GeoDataFrame]:
    """Give the edits that candidates are made of, which those are of each, and the candidates.

    Parameters
    ----------
    found, chosen
        What was found, and what is kept of it.
    projects
        The user's own.
    municipalities
        With `nis_code`.

    Returns
    -------
    tuple
        The edits; the numbers of those of each candidate; and a row for each candidate: `link_id`
        (the same as long as it lies at the same place), `kind`, `name` (the streets, those with
        most of its length first), `ways` (of OSM, in that order), `across` (what it crosses, of
        `barriers.PIECE_KINDS`), `barriers` (what that is called), `pieces` (how many edits),
        `length_m`, `stress` (the highest level now; 0 of a new road), `nis_code` (where its middle
        lies; empty: outside), and where it is, in the CRS of the roads.
    """
    sets = Sets.none()
    for one in chosen:
        sets = sets.add(one.parts)
    parts, member = np.unique(sets.member, return_inverse=True)
    members = Sets(sets.first, member.astype(np.int32))
    drawn = _Parts(found, parts, projects)
    edits, table = drawn.list_edits(), drawn.table
    kinds = np.repeat([one.kind for one in chosen], [len(one.parts) for one in chosen])
    rows = pd.DataFrame({"kind": pd.array(kinds, dtype="str")})
    rows.insert(0, "link_id", _name_sets(members, table["edit_id"].to_numpy(object)))
    owner, at = members.owner, members.member
    of = table.iloc[at].assign(owner=owner)
    sums = of.groupby("owner").agg(length_m=("length_m", "sum"), stress=("stress", "max"))
    rows = rows.join(_join_names(owner, drawn.list_names(at)))
    rows["across"] = of.groupby("owner")["across"].max()
    rows["barriers"] = of.groupby("owner")["barriers"].max()
    rows["pieces"] = np.diff(members.first)
    rows = rows.join(sums)
    shapes = _join_shapes(table["geometry"].to_numpy()[at], owner, len(rows))
    place = gpd.GeoSeries(shapes, crs=found.roads.network.crs)
    rows["nis_code"] = _find_municipality(place, municipalities)
    return edits, members, gpd.GeoDataFrame(rows, geometry=place)


def _name_sets(members: Sets, edit_id: NDArray[np.object_]) -> pd.Series:
    """Name each candidate after its edit, or after all of them together."""
    names = [
        str(edit_id[of[0]]) if len(of) == 1 else f"c{_hash(sorted(edit_id[of].tolist()))}"
        for of in np.split(members.member, members.first[1:-1])
    ]
    return pd.Series(names[: len(members)], dtype="str")


def _hash(parts: Iterable[object]) -> str:
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:_ID_LETTERS]


def _join_shapes(shape: NDArray[np.object_], owner: Positions, count: int) -> NDArray[np.object_]:
    """Join what a candidate is made of to one shape; a point beside lines is left out."""
    out = np.full(count, None, dtype=object)
    is_line = shapely.get_dimensions(shape) == 1
    has_line = np.bincount(owner[is_line], minlength=count) > 0
    kept = is_line | ~has_line[owner]
    shape, owner = shape[kept], owner[kept]
    sizes = np.bincount(owner, minlength=count)
    single = sizes[owner] == 1
    out[owner[single]] = shape[single]
    for make, which in (
        (shapely.multilinestrings, ~single & is_line[kept]),
        (shapely.multipoints, ~single & ~is_line[kept]),
    ):
        if which.any():
            here, number = np.unique(owner[which], return_inverse=True)
            out[here] = make(shape[which], indices=number)
    return out


def _join_names(owner: Positions, names: pd.DataFrame) -> pd.DataFrame:
    """Join the names and ways of the parts of each candidate, by their length.

    Parameters
    ----------
    owner
        The candidate of each part.
    names
        As from `_Parts.list_names`.
    """
    names = names.assign(owner=owner[names["part"].to_numpy()])
    out = {}
    for column, kept in (("name", MOST_NAMES), ("way", None)):
        told = names[names[column].astype(str).ne("") & names[column].ne(0)]
        sums = told.groupby(["owner", column], sort=True)["mm"].sum().reset_index()
        sums = sums.sort_values(["owner", "mm", column], ascending=[True, False, True])
        if kept:
            sums = sums[sums.groupby("owner").cumcount() < kept]
        text = sums[column].astype(str).groupby(sums["owner"])
        out[column] = text.agg("; ".join)
    joined = pd.DataFrame(out).reindex(range(int(owner.max(initial=-1)) + 1)).fillna("")
    return joined.astype("str").rename(columns={"way": "ways"})


def _find_municipality(place: gpd.GeoSeries, municipalities: gpd.GeoDataFrame) -> pd.Series:
    """Give the NIS code of where the middle of each shape lies; empty where none is."""
    middle = shapely.line_interpolate_point(_longest_lines(place), 0.5, normalized=True)
    at = gpd.GeoSeries(middle, crs=place.crs).to_crs(municipalities.crs).to_numpy()
    tree = shapely.STRtree(municipalities.geometry.to_numpy())
    point, town = tree.query(at, predicate="intersects")
    code = np.full(len(place), "", dtype=object)
    code[point[::-1]] = municipalities["nis_code"].to_numpy(object)[town[::-1]]
    return pd.Series(code, index=place.index, dtype="str")


def _longest_lines(place: gpd.GeoSeries) -> NDArray[np.object_]:
    """Give a line of each shape: the longest of several; of a point one of no length."""
    parts, owner = shapely.get_parts(place.to_numpy(), return_index=True)
    order = np.lexsort((-shapely.length(parts), owner))
    first = parts[order[starts_of_runs(owner[order])]] if len(order) else parts
    at_points = shapely.get_dimensions(first) == 0
    ends = np.repeat(shapely.get_coordinates(shapely.centroid(first))[:, None], 2, axis=1)
    first[at_points] = shapely.linestrings(ends[at_points])
    return np.asarray(first)


class _Parts:
    """The parts of candidates: stretches, then busy nodes, new links and projects."""

    def __init__(self, found: Seeking, parts: Numbers, projects: Sequence[RoadEdit]) -> None:
        """Take the parts that are used, by their numbers."""
        self.roads, self.network = found.roads, found.roads.network
        begins = np.array([0, *found.first_part, np.iinfo(np.int64).max])
        stretches, nodes, links, own = (
            parts[(parts >= low) & (parts < high)] - low for low, high in pairwise(begins)
        )
        self.stretches = stretches
        self.nodes = found.roads.busy[nodes]
        self.links = found.links[0].take(links)
        self.projects = [projects[at] for at in own]
        self.runs = _list_runs(self.network, found.roads.stretches, stretches)
        lines = self._draw_links()
        drawn = [
            _draw_stretches(self.network, found.roads.stretches, stretches),
            shapely.points(self.network.node_x[self.nodes], self.network.node_y[self.nodes]),
            lines,
            np.array([_draw_edit(self.network, one) for one in self.projects], dtype=object),
        ]
        shape = np.concatenate([np.asarray(one, dtype=object) for one in drawn])
        self.table = pd.DataFrame(
            {
                "edit_id": self._list_ids(shape),
                "length_m": self._measure(lines),
                "stress": self._list_stress(),
                "across": self._list_across(),
                "barriers": self._name_barriers(lines),
                "geometry": shape,
            }
        )

    def list_edits(self) -> list[RoadEdit]:
        """Give each part as an edit."""
        ids = self.table["edit_id"].tolist()
        first, segment = self.runs
        segments = np.split(segment, first[1:-1])[: len(self.stretches)]
        edits = [
            RoadEdit(one, "quiet", segments=of)
            for one, of in zip(ids[: len(segments)], segments, strict=True)
        ]
        ids = ids[len(segments) :]
        edits += [
            RoadEdit(one, "crossing", node=int(node))
            for one, node in zip(ids[: len(self.nodes)], self.nodes, strict=True)
        ]
        links, ids = self.links, ids[len(self.nodes) :]
        for number, segment_ in enumerate(links.segment.tolist()):
            joints = tuple(map(Joint, segment_, self._offset_mm[number].tolist()))
            line = np.stack([self._ends_x[number], self._ends_y[number]], axis=1)
            edits.append(RoadEdit(ids[number], "add", line=line, joints=joints))
        return [*edits, *self.projects]

    def list_names(self, at: Numbers) -> pd.DataFrame:
        """Say what streets parts are of: `part` (its place in `at`), `name`, `way` and `mm`.

        Parameters
        ----------
        at
            Numbers of parts; one may be there more than once.
        """
        number, way, mm = (np.concatenate(each) for each in zip(*self._yield_ways(), strict=True))
        known = way > 0
        each = pd.DataFrame({"number": number[known], "way": way[known], "mm": mm[known]})
        table = each.groupby(["number", "way"])["mm"].sum().reset_index()
        names = self.roads.names.name_ways(np.unique(table["way"]).tolist())
        table["name"] = [names.get(one, "") for one in table["way"].tolist()]
        low, high = (np.searchsorted(table["number"], at, side=one) for one in ("left", "right"))
        row, found = list_ranges(low, np.asarray(high))
        return pd.DataFrame(table.iloc[found].assign(part=row)[["part", "name", "way", "mm"]])

    def _yield_ways(self) -> Iterator[tuple[Numbers, Longs, Longs]]:
        """Yield parts, ways of theirs, and how much of each; a place on a road is a millimetre."""
        network, begin = self.network, len(self.stretches)
        first, segment = self.runs
        number = np.repeat(np.arange(begin), np.diff(first))
        yield number, network.way[segment], network.length_mm[segment].astype(np.int64)
        met = np.isin(network.ends, self.nodes) if len(self.nodes) else np.zeros((2, 0), np.bool_)
        end, edge = np.nonzero(met)
        beside = network.first_segment[edge + end] - end
        number = begin + np.searchsorted(self.nodes, network.ends[end, edge])
        yield number, network.way[beside], np.ones_like(beside, dtype=np.int64)
        begin += len(self.nodes)
        joined = self.links.segment.ravel()
        number = begin + np.repeat(np.arange(len(self.links.across)), 2)
        yield number, network.way[joined], np.ones_like(joined, dtype=np.int64)
        begin += len(self.links.across)
        for at, edit in enumerate(self.projects, begin):
            mm = network.length_mm[edit.segments].astype(np.int64)
            yield np.full(len(mm), at), network.way[edit.segments], mm

    def _draw_links(self) -> NDArray[np.object_]:
        network, segment = self.network, self.links.segment
        length_mm = network.length_mm[segment]
        self._offset_mm = np.rint(self.links.share * length_mm).astype(np.int64)
        share = self._offset_mm / np.maximum(length_mm, 1)
        x, y, to_x, to_y = (one[segment] for one in network.pieces)
        self._ends_x, self._ends_y = x + share * (to_x - x), y + share * (to_y - y)
        return np.asarray(shapely.linestrings(np.stack([self._ends_x, self._ends_y], axis=2)))

    def _list_ids(self, shape: NDArray[np.object_]) -> list[str]:
        """Name each part by what is done and where, to the decimetre."""
        sizes = len(self.stretches), len(self.nodes), len(self.links.across)
        letters = np.repeat(["q", "x", "n"], sizes)
        at, owner = shapely.get_coordinates(shape[: sum(sizes)], return_index=True)
        at = np.rint(at * 10).astype(np.int64)
        first = np.searchsorted(owner, np.arange(sum(sizes) + 1))
        ids = [
            f"{letter}{_hash(min(at[a:b].ravel().tolist(), at[a:b][::-1].ravel().tolist()))}"
            for letter, a, b in zip(letters.tolist(), first[:-1], first[1:], strict=True)
        ]
        return [*ids, *(one.edit_id for one in self.projects)]

    def _measure(self, lines: NDArray[np.object_]) -> Floats:
        own = [
            self.network.length_mm[one.segments].sum(dtype=np.int64) / 1000
            or shapely.length(shapely.linestrings(one.line) if len(one.line) else None)
            for one in self.projects
        ]
        return np.concatenate(
            [
                self.roads.length_m[self.stretches],
                np.zeros(len(self.nodes)),
                shapely.length(lines),
                np.nan_to_num(np.array(own, dtype=np.float64)),
            ]
        )

    def _list_stress(self) -> Ints:
        """Give the highest level of traffic stress on each part as it is now."""
        network = self.network
        level = np.maximum(network.stress_forward, network.stress_backward)
        first, segment = self.runs
        of_runs = np.maximum.reduceat(level[segment], first[:-1]) if len(segment) else level[:0]
        own = [level[one.segments].max(initial=0) for one in self.projects]
        new = np.zeros(len(self.nodes) + len(self.links.across), dtype=np.int64)
        return np.concatenate([of_runs, new, np.array(own, dtype=np.int64)]).astype(np.int32)

    def _name_barriers(self, lines: Shapes) -> list[str]:
        crossing = np.flatnonzero(self.links.across)
        told = np.full(len(self.stretches) + len(self.nodes) + len(lines), "", dtype=object)
        drawn = gpd.GeoSeries(lines[crossing], crs=self.network.crs)
        begin = len(self.stretches) + len(self.nodes)
        told[begin + crossing] = self.roads.names.name_crossed(drawn)
        return [*told.tolist(), *([""] * len(self.projects))]

    def _list_across(self) -> list[str]:
        told = [
            "; ".join(kind for at, kind in enumerate(PIECE_KINDS) if across >> at & 1)
            for across in self.links.across.tolist()
        ]
        before = [""] * (len(self.stretches) + len(self.nodes))
        return [*before, *told, *([""] * len(self.projects))]


def _list_runs(
    network: Network, stretches: Stretches, which: Positions
) -> tuple[Positions, Positions]:
    """List the segments of some stretches, sorted in each; and where those of each begin."""
    owner, at = list_ranges(stretches.first[which], stretches.first[which + 1])
    edge = stretches.edge[at]
    row, segment = list_ranges(network.first_segment[edge], network.first_segment[edge + 1])
    owner = owner[row]
    order = np.lexsort((segment, owner))
    sizes = np.bincount(owner, minlength=len(which))
    return np.append(0, np.cumsum(sizes)).astype(np.intp), segment[order]


def _draw_stretches(
    network: Network, stretches: Stretches, which: Positions
) -> NDArray[np.object_]:
    """Draw some stretches as a line each, from end to end."""
    if not len(which):
        return np.zeros(0, dtype=object)
    owner, at = list_ranges(stretches.first[which], stretches.first[which + 1])
    edge, turned = stretches.edge[at], stretches.turned[at]
    first, last = network.first_segment[edge] + edge, network.first_segment[edge + 1] + edge
    row, place = list_ranges(np.zeros(len(edge), dtype=np.intp), last - first + 1)
    vertex = np.where(turned[row], last[row] - place, first[row] + place)
    # Where one edge ends the next begins.
    again = (place == 0) & ~starts_of_runs(owner)[row]
    xy = np.stack([network.vertex_x[vertex], network.vertex_y[vertex]], axis=1)[~again]
    return np.asarray(shapely.linestrings(xy, indices=owner[row][~again]))


def _draw_edit(network: Network, edit: RoadEdit) -> shapely.Geometry:
    """Draw an edit of the user."""
    if edit.change == "crossing":
        return shapely.Point(network.node_x[edit.node], network.node_y[edit.node])
    if edit.change == "add":
        return shapely.LineString(edit.line)
    vertex = edit.segments + network.segment_edge[edit.segments]
    ends = np.stack([vertex, vertex + 1], axis=1)
    at = np.stack([network.vertex_x[ends], network.vertex_y[ends]], axis=2)
    return shapely.line_merge(shapely.MultiLineString(list(at)))
