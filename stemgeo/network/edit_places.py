"""Where the edits of a table lie on a network: along which segments, at which joints or node."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from stemgeo.errors import Findings
from stemgeo.network import bicycle
from stemgeo.network.edits import Joint, RoadEdit, lay_edits
from stemgeo.network.legs import are_around, build_grid, list_in_box

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from stemgeo.network.edits import RoadChange
    from stemgeo.network.graph import Network

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Indices = NDArray[np.intp]

ALONG_M = 15.0
"""How far from a road a line may be drawn that is meant to follow it."""

JOINT_M = 20.0
"""How far from a road an added one, or a crossing, may be drawn."""

SAME_M = 0.5
"""How near a vertex is meant: coordinates are often rounded to centimetres."""

ALONGSIDE = 0.8
"""Least share of a segment's length that is followed by a line along it: others cross it."""

FOLLOWED = 0.8
"""Least share of a line's length that must lie along roads of the map."""

TRACED_M = 0.05
"""How near the vertices of a line are that was drawn from the roads: files have centimetres."""

NEARER_M = 1.0
"""Of two roads side by side the one is meant that is nearer by so much."""


def add_edits(network: Network, table: gpd.GeoDataFrame, *, strict: bool = True) -> Network:
    """Give the network with all edits of a table done.

    Parameters
    ----------
    network
        As from `Network.restrict_to`.
    table
        The table `network_edits`.
    strict
        As for `match_edits`.

    Raises
    ------
    InputError
        Naming every edit that lies on no road, is not joined to any, or changes nothing.
    """
    return lay_edits(network, match_edits(network, table, strict=strict)).after


def match_edits(
    network: Network, table: gpd.GeoDataFrame, *, strict: bool = True
) -> list[RoadEdit]:
    """Find where edits lie on a network.

    Parameters
    ----------
    network
        As from `Network.restrict_to`, of all roads.
    table
        The table `network_edits`.
    strict
        Whether an edit that changes nothing is refused. Under other rules of stress than those of
        a study one may be idle.

    Raises
    ------
    InputError
        Naming every edit that lies along no road, is not joined to any, or changes nothing.
    """
    found, findings = [], Findings()
    drawn = table.geometry.to_crs(network.crs).to_numpy()
    roads = _RoadsNear(network, drawn)
    for row, shape in zip(table.to_dict("records"), drawn, strict=True):
        level = 1 if pd.isna(row["level"]) else int(row["level"])
        way = None if pd.isna(row["osm_way"]) else int(row["osm_way"])
        try:
            place = roads.find_place(row["change"], shape, way, level)
        except _NotThere as wrong:
            findings.error(f"road edit '{row['edit_id']}'", wrong.what, wrong.mend)
            continue
        if strict and not place:
            where, what = f"road edit '{row['edit_id']}'", _IDLE[row["change"]]
            findings.error(where, what, "leave it out, or draw it elsewhere")
        edit = RoadEdit(row["edit_id"], row["change"], level=level, oneway=bool(row["oneway"]))
        found.append(replace(edit, **place))
    findings.raise_errors()
    return found


def draw_edit(network: Network, edit: RoadEdit) -> shapely.Geometry:
    """Draw where an edit lies: a line, several where it lies apart, or a point.

    Parameters
    ----------
    network, edit
        An edit of the network.

    Returns
    -------
    Geometry
        In the CRS of the network. `match_edits` finds the same segments by it.
    """
    if edit.change == "crossing":
        return shapely.Point(network.node_x[edit.node], network.node_y[edit.node])
    if edit.change == "add":
        return shapely.LineString(edit.line)
    at = np.stack(network.pieces, axis=1)[edit.segments].reshape(-1, 2, 2)
    return shapely.line_merge(shapely.MultiLineString(list(at)))


class _NotThere(Exception):  # noqa: N818 -- it never leaves the module
    """Why an edit has no place on the network, and how to mend it."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what)
        self.what, self.mend = what, mend


class _RoadsNear:
    """The segments around some shapes, by what may be done to them."""

    def __init__(self, network: Network, shapes: NDArray[np.object_]) -> None:
        self.network = network
        at = shapely.get_coordinates(shapes[~shapely.is_missing(shapes)])
        far_m = max(ALONG_M, JOINT_M)
        self.near = np.flatnonzero(are_around(network.pieces, (at[:, 0], at[:, 1]), far_m))
        self.from_x, self.from_y, self.to_x, self.to_y = (one[self.near] for one in network.pieces)
        mode = np.array([ride.mode for ride in network.rides])
        self.modes = mode[network.forward], mode[network.backward]
        if len(self.near):
            self.grid = build_grid((self.from_x, self.from_y, self.to_x, self.to_y))

    def find_place(
        self, change: RoadChange, shape: shapely.Geometry | None, way: int | None, level: int
    ) -> dict[str, Any]:
        """Find where an edit lies, as the fields of a `RoadEdit`; none where it changes nothing."""
        if change == "add":
            return self._join(shape)
        if change == "crossing":
            node = self._find_crossing(shape)
            return {} if node is None else {"node": node}
        along = self._find_along(shape, way)
        changed = along[self._are_changed(change, along, level)]
        return {"segments": changed} if len(changed) else {}

    def _are_changed(self, change: RoadChange, along: Indices, level: int) -> Bools:
        """Say which segments an edit makes otherwise."""
        modes = [one[along] for one in self.modes]
        if change == "close":
            return np.asarray((modes[0] != bicycle.CLOSED) | (modes[1] != bicycle.CLOSED))
        if change == "quiet":
            stress = self.network.stress_forward[along], self.network.stress_backward[along]
            busy = [
                (mode == bicycle.RIDE) & (one > level)
                for mode, one in zip(modes, stress, strict=True)
            ]
            return np.asarray(busy[0] | busy[1])
        on_wheels = [np.isin(mode, (bicycle.RIDE, bicycle.PUSH, bicycle.CLOSED)) for mode in modes]
        ridden = (modes[0] == bicycle.RIDE) & (modes[1] == bicycle.RIDE)
        return np.asarray(on_wheels[0] & on_wheels[1] & ~ridden)

    def _list_near(self, shape: shapely.Geometry, far_m: float) -> Indices:
        """List the open segments around a shape, and a few more, by their place in `near`."""
        if not len(self.near):
            return np.zeros(0, np.intp)
        west, south, east, north = shapely.bounds(shape)
        box = west - far_m, south - far_m, east + far_m, north + far_m
        found = list_in_box(self.grid, box)
        forward, backward = (one[self.near[found]] != bicycle.CLOSED for one in self.modes)
        return np.asarray(found[forward | backward])

    def _find_along(self, shape: shapely.Geometry | None, way: int | None) -> Indices:
        """Find the segments that a line follows, or those of a whole way; sorted."""
        if shape is None:
            of_way = np.flatnonzero(self.network.way == way)
            if not len(of_way):
                what = f"OSM way {way} is no road of the network"
                raise _NotThere(what, "look its number up, or draw the line")
            return of_way
        lines = [one for one in shapely.get_parts([shape]) if shapely.length(one)]
        parts = [self._follow(line, way) for line in lines]
        return np.unique(np.concatenate([np.zeros(0, np.intp), *parts]))

    def _follow(self, line: shapely.Geometry, way: int | None) -> Indices:
        near = self._list_near(line, ALONG_M)
        if way is not None:
            near = near[self.network.way[self.near[near]] == way]
        places = self.from_x, self.from_y, self.to_x, self.to_y
        ends = np.stack([one[near] for one in places], axis=1)
        points = np.asarray(shapely.points(ends.reshape(-1, 2, 2)))
        off_m = np.asarray(shapely.distance(line, points))
        along_m = np.sort(np.asarray(shapely.line_locate_point(np.array(line), points)), axis=1)
        length_m = np.hypot(ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1])
        follows = (off_m <= ALONG_M).all(axis=1)
        follows &= np.diff(along_m, axis=1)[:, 0] >= ALONGSIDE * length_m
        follows &= length_m > 0
        near, along_m, off_m = near[follows], along_m[follows], off_m[follows]
        meant = ~_has_nearer(along_m, off_m.mean(axis=1))
        # A line that was drawn from the roads means these alone, and no spur that turns back.
        traced = meant & (off_m <= TRACED_M).all(axis=1)
        if _measure_union(along_m[traced]) >= shapely.length(line) - TRACED_M:
            meant = traced
        followed_m = _measure_union(along_m[meant])
        if followed_m < FOLLOWED * shapely.length(line):
            what = (
                f"only {followed_m:.0f} of its {shapely.length(line):.0f} m lie along roads of the "
                f"network, within {ALONG_M:.0f} m"
            )
            raise _NotThere(what, "draw it along the road, or add it as a new one")
        return self._with_nothing_between(self.near[near[meant]])

    def _with_nothing_between(self, segments: Indices) -> Indices:
        """Take the pieces without length beside those that are meant: nobody passes one less."""
        network, found = self.network, set(segments.tolist())
        for segment in segments.tolist():
            for step in (-1, 1):
                at = segment + step
                while (
                    0 <= at < len(network.length_mm)
                    and network.length_mm[at] == 0
                    and network.segment_edge[at] == network.segment_edge[segment]
                ):
                    found.add(at)
                    at += step
        return np.array(sorted(found), dtype=np.intp)

    def _join(self, shape: shapely.Geometry | None) -> dict[str, Any]:
        """Join both ends of a line to the roads that are nearest."""
        line = shapely.get_coordinates(shape)
        joints, ends = zip(*(self._find_joint(line[at], at) for at in (0, -1)), strict=True)
        if joints[0] == joints[1] or np.hypot(*(ends[0] - ends[1])) <= SAME_M:
            raise _NotThere("begins and ends at the same place", "draw it between two places")
        kept = [at for at in line if all(np.hypot(*(at - end)) > SAME_M for end in ends)]
        return {"joints": joints, "line": np.vstack([ends[0], *kept, ends[1]])}

    def _find_joint(self, end: Floats, which: int) -> tuple[Joint, Floats]:
        """Find the place on a road that is nearest to an end of a line; a vertex if it is one."""
        point = shapely.Point(end)
        near = self._list_near(point, JOINT_M)
        on_wheels = [
            np.isin(one[self.near[near]], (bicycle.RIDE, bicycle.PUSH)) for one in self.modes
        ]
        near = near[on_wheels[0] | on_wheels[1]]
        places = self.from_x, self.from_y, self.to_x, self.to_y
        at = np.stack([one[near] for one in places], axis=1)
        lines = np.asarray(shapely.linestrings(at.reshape(-1, 2, 2)))
        off_m = np.asarray(shapely.distance(lines, point))
        if not (off_m <= JOINT_M).any():
            what = f"its {'end' if which else 'start'} lies more than {JOINT_M:.0f} m from any road"
            raise _NotThere(what, "draw it from road to road")
        best = int(np.argmin(off_m))
        segment = int(self.near[near[best]])
        share = float(shapely.line_locate_point(lines[best], point, normalized=True))
        whole_m = float(shapely.length(lines[best]))
        share = round(share) if min(share, 1 - share) * whole_m <= SAME_M else share
        first, last = at[best].reshape(2, 2)
        offset_mm = round(share * int(self.network.length_mm[segment]))
        return Joint(segment, offset_mm), first + share * (last - first)

    def _find_crossing(self, shape: shapely.Geometry | None) -> int | None:
        """Find the junction with a busy road that is nearest to a point."""
        ends = np.stack([self.network.edge_start, self.network.edge_end], axis=1)
        nodes = np.unique(ends[self.network.busy_ends])
        at = np.stack([self.network.node_x[nodes], self.network.node_y[nodes]], axis=1)
        off_m = np.hypot(*(at - shapely.get_coordinates(shape)).T)
        return int(nodes[np.argmin(off_m)]) if (off_m <= JOINT_M).any() else None


_IDLE: dict[str, str] = {
    "quiet": "changes nothing: nothing that is ridden there is busier",
    "open": "changes nothing: what can be ridden there is ridden both ways",
    "close": "changes nothing: nobody passes there",
    "crossing": f"changes nothing: no busy crossing without signals within {JOINT_M:.0f} m",
}


def _has_nearer(along_m: Floats, off_m: Floats) -> Bools:
    """Say which pieces along a line have one beside them that is nearer to it."""
    low = np.maximum(along_m[:, None, 0], along_m[None, :, 0])
    high = np.minimum(along_m[:, None, 1], along_m[None, :, 1])
    beside = high - low >= np.diff(along_m, axis=1) / 2
    return np.asarray((beside & (off_m[None, :] < off_m[:, None] - NEARER_M)).any(axis=1))


def _measure_union(along_m: Floats) -> float:
    """Measure what stretches along a line cover together, metres."""
    low, high = along_m[np.argsort(along_m[:, 0])].T
    begun = np.concatenate([[-np.inf], np.maximum.accumulate(high)])[:-1]
    return float(np.maximum(high - np.maximum(low, begun), 0).sum())
