"""Who is within reach over roads that are edited: searched anew where an edit can matter.

A ride that an edit changes passes it, and so lies as near to it as anyone comes before the cutoff.
So only points that are so near are looked at again, over the roads from which anyone comes to them.
The edits of a variant are laid beside those of the study on the roads as they were read, all at
once, as a run lays them.
"""

from __future__ import annotations

import io
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import geopandas as gpd
import numpy as np
import shapely

from stemgeo.access.travellers import OverNetwork
from stemgeo.inputs.cache import read_sealed, write_sealed
from stemgeo.network.edit_places import ALONG_M, JOINT_M, match_edits
from stemgeo.network.edits import Joint, RoadEdit, lay_edits
from stemgeo.network.snap import TiedPoints, join_ties, tie_to_twins
from stemgeo.network.window import NetworkSquares, list_segments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from stemgeo.access.travellers import Pace
    from stemgeo.explore.ground import SearchGround
    from stemgeo.network.graph import Network
    from stemgeo.network.legs import Box

    Bools = NDArray[np.bool_]
    Indices = NDArray[np.intp]

_UNEDITED, _OWN = "unedited", "own-edits"

MATCHES_KEPT = 1000
"""Edits of which is known where they lie."""

WINDOWS_KEPT = 4
"""Edited pieces that are kept with the times over their roads."""

_AROUND_M = 10 * max(ALONG_M, JOINT_M)
"""How far around an edit roads are looked at to find which it is of."""


@dataclass(frozen=True)
class EditedWindow:
    """The edited roads around some edits, and the points whose rides they may change.

    Attributes
    ----------
    travellers
        By profile, over these roads alone, "all" first.
    point
        Which of all points these are, shape (points here,).
    segments
        Which of all segments as they were read these are, before any that is added.
    closes
        Whether a road is closed. Where none is, nobody falls out of reach, and there are only the
        roads that lead through an edit; else all from which anyone comes to the points.
    """

    travellers: dict[str, OverNetwork]
    point: Indices
    segments: Indices
    closes: bool

    def tie_sites(self, sites: TiedPoints) -> TiedPoints:
        """Give the ties of academies to the roads here, of those to the roads as they were read."""
        return tie_to_twins(self.travellers["all"].network, sites.keep_on(self.segments))

    def find_places(self, points: Indices) -> Indices:
        """Say where each of some points is among these; behind the last where it is not."""
        place = np.searchsorted(self.point, points)
        there = np.append(self.point, -1)[place] == points
        return np.where(there, place, len(self.point))

    def find_reached(self, sites: TiedPoints, profile: str, pace: Pace) -> Bools:
        """Say which points have any of some academies within the cutoff, shape (points here,).

        Parameters
        ----------
        sites
            As from `tie_sites`, of those that serve.
        profile, pace
            Over which roads, and how one rides.
        """
        one = self.travellers[profile]
        rider = one.find_rider(pace, one.study.travel.cutoff_min)
        return rider.find_reached(sites, one.places)


@dataclass(frozen=True, repr=False)
class EditableRoads:
    """The roads of a study as they were read, on which edits are laid.

    Attributes
    ----------
    ground
        Over roads of which none is edited.
    own
        The edits of the study; None without any.
    """

    ground: SearchGround
    own: gpd.GeoDataFrame | None
    _windows: OrderedDict[tuple[object, ...], EditedWindow] = field(
        compare=False, default_factory=OrderedDict
    )
    _matched: dict[tuple[object, ...], RoadEdit] = field(compare=False, default_factory=dict)

    @classmethod
    def from_ground(
        cls, ground: SearchGround, read: Network | None, own: gpd.GeoDataFrame | None
    ) -> EditableRoads:
        """Take the roads of a study before its edits.

        Parameters
        ----------
        ground
            Over the roads with the edits of the study done.
        read
            The roads as they were read; None in a straight line.
        own
            The edits of the study; None without any.
        """
        first = ground.first
        if own is None or read is None or not isinstance(first, OverNetwork):
            return cls(ground, None)
        network = read.restrict_to(ferries=first.study.travel.ferries)
        # An edit adds segments behind all others, and cuts none.
        segments = np.arange(len(network.length_mm))
        unedited = replace(
            first,
            network=network,
            beside=None if first.beside is None else network.take_to_pavements(),
            places=first.places.keep_on(segments),
            sites=first.sites.keep_on(segments),
            _riders={},
        )
        squares = NetworkSquares.from_network(network)
        return cls(replace(ground, first=unedited, of_roads=squares), own)

    def save(self, folder: Path) -> None:
        """Write what the ground with the edits of the study does not have, if there are any."""
        if self.own is not None:
            (folder / _UNEDITED).mkdir()
            self.ground.save(folder / _UNEDITED)
            content = io.BytesIO()
            self.own.to_parquet(content, index=False)
            write_sealed(content.getvalue(), folder / _OWN)

    @classmethod
    def load(cls, folder: Path, ground: SearchGround) -> EditableRoads:
        """Open what `save` wrote.

        Parameters
        ----------
        folder
            Of `save`.
        ground
            Over the roads with the edits of the study done.
        """
        if not (folder / _OWN).exists():
            return cls(ground, None)
        own = gpd.read_parquet(io.BytesIO(read_sealed(folder / _OWN)))
        first = ground.first
        unedited = ground.load(folder / _UNEDITED, first.study, first.academies, ground.cells)
        return cls(unedited, own)

    @property
    def _first(self) -> OverNetwork:
        return cast("OverNetwork", self.ground.first)

    @cached_property
    def _own(self) -> list[RoadEdit]:
        network = self._first.network
        return [] if self.own is None else match_edits(network, self.own, strict=False)

    def match(self, table: gpd.GeoDataFrame) -> list[RoadEdit]:
        """Find where edits lie: on segments and nodes of all roads.

        Parameters
        ----------
        table
            The table `network_edits`, each with a geometry.

        Raises
        ------
        InputError
            Naming the first that lies on no road, is not joined to any, or changes nothing.
        """
        drawn = table.geometry.to_crs(self._first.network.crs)
        return [self._match_one(table.iloc[[row]], shape) for row, shape in enumerate(drawn)]

    def _match_one(self, row: gpd.GeoDataFrame, shape: shapely.Geometry | None) -> RoadEdit:
        """Find where an edit lies; those asked last are known."""
        told = row.drop(columns=["geometry", "name"]).iloc[0].astype(str)
        key = *told, shapely.to_wkb(shape)
        if key not in self._matched:
            while len(self._matched) >= MATCHES_KEPT:
                del self._matched[next(iter(self._matched))]
            self._matched[key] = self._find_place(row, shape)
        return self._matched[key]

    def _find_place(self, row: gpd.GeoDataFrame, shape: shapely.Geometry | None) -> RoadEdit:
        network, squares = self._first.network, self.ground.of_roads
        if shape is None or squares is None:
            return match_edits(network, row)[0]
        west, south, east, north = shapely.bounds(shape)
        box = west - _AROUND_M, south - _AROUND_M, east + _AROUND_M, north + _AROUND_M
        edges = squares.list_edges(box)
        piece = network.take_edges(edges).drop_idle_nodes()
        (edit,) = match_edits(piece, row)
        return _move_edit(edit, list_segments(network, edges), _list_nodes(network, edges))

    def tie_sites(self, stay: Bools, coming: gpd.GeoDataFrame) -> TiedPoints:
        """Tie academies to the roads as they were read.

        Parameters
        ----------
        stay
            Which of those of the study stay.
        coming
            Those that come behind them.
        """
        ties = [self._first.sites.take_points(stay)]
        spots = shapely.get_coordinates(coming.geometry).tolist()
        ties += [self.ground.tie_place(*spot) for spot in spots]
        return join_ties(ties)

    def cut_out(self, table: gpd.GeoDataFrame) -> EditedWindow:
        """Give the roads around some edits, with these done.

        Parameters
        ----------
        table
            As for `match`.
        """
        edits = self.match(table)
        key = tuple(part for edit in edits for part in _tell_apart(edit))
        window = self._windows.pop(key, None) or self._cut_out(edits)
        self._windows[key] = window
        while len(self._windows) > WINDOWS_KEPT:
            self._windows.popitem(last=False)
        return window

    def cutter(self, table: gpd.GeoDataFrame) -> Callable[[Box], OverNetwork]:
        """Give what cuts out the roads in a box, without children, with some edits done.

        Parameters
        ----------
        table
            As for `match`.
        """
        edits, (_, squares) = self.match(table), self.ground.take_roads()

        def cut(box: Box) -> OverNetwork:
            whole, edges = self._first, squares.list_edges(box)
            piece = squares.cut_out(whole.network, edges, box)
            nobody = whole.places.take_points(np.empty(0, dtype=np.intp))
            return replace(self._edit_piece(piece, edges, edits), places=nobody, beside=None)

        return cut

    def _cut_out(self, edits: Sequence[RoadEdit]) -> EditedWindow:
        whole, along = self._first, self.ground.along
        passed = self._list_edges(edits)
        near = self._list_near(passed)
        point = along.list_points(near)
        closes = any(edit.change == "close" for edit in edits)
        if closes:
            at_door = whole.places.take_points(point).segment
            near = self._list_near(np.union1d(passed, whole.network.segment_edge[at_door]))
        piece = whole.network.take_edges(near).drop_idle_nodes()
        first = self._edit_piece(piece, near, edits)
        segments = list_segments(whole.network, near)
        here = whole.places.take_points(point).keep_on(segments)
        first = replace(first, places=tie_to_twins(first.network, here))
        # A profile differs from all roads edge by edge: it is the same of a piece.
        others = {one: first.in_profile(one) for one in self.ground.profiles[1:]}
        return EditedWindow({"all": first, **others}, point, segments, closes)

    def _edit_piece(self, piece: Network, edges: Indices, edits: Sequence[RoadEdit]) -> OverNetwork:
        """Give who travels over a piece, of these edges, with the edits that lie on it done."""
        whole = self._first
        segments, nodes = list_segments(whole.network, edges), _list_nodes(whole.network, edges)
        here = list(_list_inside([*self._own, *edits], segments, nodes))
        network = lay_edits(piece, here).after
        beside = None if whole.beside is None else network.take_to_pavements()
        return replace(whole, network=network, beside=beside, paces_kept=99, _riders={})

    def _list_edges(self, edits: Iterable[RoadEdit]) -> Indices:
        """List the edges on which edits lie."""
        network = self._first.network
        found: list[NDArray[Any]] = [np.empty(0, dtype=np.intp)]
        for edit in edits:
            joined = [joint.segment for joint in edit.joints]
            found.append(network.segment_edge[np.append(edit.segments, joined).astype(np.intp)])
            if edit.node >= 0:
                found.append(self.ground.along.list_edges_at(edit.node))
        return np.unique(np.concatenate(found)).astype(np.intp)

    def _list_near(self, edges: Indices) -> Indices:
        """List the edges from which anyone comes to some edges before the cutoff.

        Roads that the study adds lead there too.
        """
        added = [self._list_edges([edit]) for edit in self._own if edit.change == "add"]
        while True:
            near = self.ground.along.list_edges(edges, self.ground.farthest_m)
            ends = [one for one in added if np.isin(one, near).any()]
            more = np.setdiff1d(np.concatenate([*ends, edges[:0]]), edges)
            if not len(more):
                return near
            edges = np.union1d(edges, more)


def _list_nodes(network: Network, edges: Indices) -> Indices:
    """List the nodes of some edges, as a piece of these has them."""
    return np.unique([network.edge_start[edges], network.edge_end[edges]]).astype(np.intp)


def _move_edit(edit: RoadEdit, segments: Indices, nodes: Indices) -> RoadEdit:
    """Give an edit of a piece of a network as one of the whole."""
    return replace(
        edit,
        segments=segments[edit.segments],
        joints=tuple(Joint(int(segments[at]), mm) for at, mm in edit.joints),
        node=int(nodes[edit.node]) if edit.node >= 0 else -1,
    )


def _list_inside(
    edits: Iterable[RoadEdit], segments: Indices, nodes: Indices
) -> Iterator[RoadEdit]:
    """Give edits of a whole network as a piece of it has them, as far as they lie there."""
    for edit in edits:
        joined = np.array([joint.segment for joint in edit.joints], dtype=np.intp)
        if not np.isin(joined, segments).all() or (edit.node >= 0 and edit.node not in nodes):
            continue
        there = edit.segments[np.isin(edit.segments, segments)]
        if len(edit.segments) and not len(there):
            continue
        places = np.searchsorted(segments, joined).tolist()
        yield replace(
            edit,
            segments=np.searchsorted(segments, there),
            joints=tuple(
                Joint(at, joint.offset_mm) for at, joint in zip(places, edit.joints, strict=True)
            ),
            node=int(np.searchsorted(nodes, edit.node)) if edit.node >= 0 else -1,
        )


def _tell_apart(edit: RoadEdit) -> tuple[object, ...]:
    """Give what an edit does, and where."""
    at = edit.segments.tobytes(), edit.line.tobytes(), edit.joints, edit.node
    return edit.change, *at, edit.level, edit.oneway
