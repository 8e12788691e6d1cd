"""The children at points and the roads around them, and the piece of both around a place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np

from stemgeo.access.travellers import OverNetwork, StraightLine, find_pace
from stemgeo.errors import Problem, StudyError
from stemgeo.explore.along import AlongRoads
from stemgeo.facts import LAMBERT_72
from stemgeo.inputs.cache import map_arrays, save_arrays
from stemgeo.inputs.vectors import make_transformer
from stemgeo.network.bicycle import FERRY
from stemgeo.network.graph import Network
from stemgeo.network.legs import PieceGrid, build_grid, list_in_box
from stemgeo.network.snap import TiedPoints, snap_points
from stemgeo.network.window import SQUARE_M, NetworkSquares, list_segments
from stemgeo.study import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from stemgeo.access.travellers import Pace
    from stemgeo.demand import AgeCell
    from stemgeo.measure import Traveller
    from stemgeo.network.legs import Box
    from stemgeo.study import Study

    Floats = NDArray[np.float64]
    Indices = NDArray[np.intp]

SLACK = 1.01
"""What a ride may be longer on the ground than its time says: times are whole milliseconds."""


@dataclass(frozen=True)
class Window:
    """The roads and children around a place, as far as anyone comes before the cutoff.

    Attributes
    ----------
    travellers
        By profile, over these roads alone, "all" first.
    point
        Which of all points these are, shape (points here,).
    place
        The place, tied to these roads; as it is in a straight line.
    """

    travellers: dict[str, Traveller]
    point: Indices
    place: Any

    @property
    def snap_m(self) -> float | None:
        """How far the place is from its road: NaN where there is none, None without roads."""
        return float(self.place.snap_m[0]) if isinstance(self.place, TiedPoints) else None

    def list_reached(self, profile: str, pace: Pace) -> Indices:
        """List which of all points have the place within the cutoff.

        Parameters
        ----------
        profile, pace
            Over which roads, and how one rides.
        """
        one = self.travellers[profile]
        minutes = one.study.travel.cutoff_min
        if isinstance(one, StraightLine):
            _, point, _ = one.list_served(self.place, pace, minutes, threads=1)
            return np.asarray(self.point[point])
        reached = one.find_rider(pace, minutes).find_reached(self.place, one.places)
        return np.asarray(self.point[reached])


@dataclass(frozen=True, repr=False)
class SearchGround:
    """Where the children of a study are, and over which roads they ride.

    Attributes
    ----------
    first
        Who travels over all roads.
    profiles
        "all" first.
    x, y
        Of the points, metres, in the CRS of the roads; shape (points,).
    children
        How many of each age, shape (cells, points).
    measured
        Whether each point is tied to a road, shape (points,).
    cells
        The ages.
    of_points, of_roads
        Points and roads by square; no roads in a straight line.
    """

    first: Traveller
    profiles: tuple[str, ...]
    x: Floats
    y: Floats
    children: NDArray[np.int32]
    measured: NDArray[np.bool_]
    cells: Sequence[AgeCell]
    of_points: PieceGrid
    of_roads: NetworkSquares | None

    @classmethod
    def from_travellers(
        cls, travellers: Sequence[Traveller], points: gpd.GeoDataFrame, cells: Sequence[AgeCell]
    ) -> SearchGround:
        """Sort what was read into squares.

        Parameters
        ----------
        travellers
            One for each profile, over all roads.
        points, cells
            The demand table, and the ages of its columns.
        """
        first, squares, crs = travellers[0], None, LAMBERT_72
        if isinstance(first, OverNetwork):
            squares, crs = NetworkSquares.from_network(first.network), first.network.crs
        at = points.geometry.to_crs(crs)
        x, y = at.x.to_numpy(), at.y.to_numpy()
        return cls(
            first,
            tuple(one.profile for one in travellers),
            x,
            y,
            np.stack([points[cell.column].to_numpy(np.int32) for cell in cells]),
            ~np.isnan(first.snap_m),
            cells,
            build_grid((x, y, x, y), SQUARE_M),
            squares,
        )

    @property
    def crs(self) -> str:
        """Of the coordinates."""
        return self.first.network.crs if isinstance(self.first, OverNetwork) else LAMBERT_72

    @cached_property
    def farthest_m(self) -> float:
        """How far from a place anyone lives who comes there before the cutoff, metres."""
        travel = self.first.study.travel
        paces = [find_pace(travel, cell, one).speed_kmh for cell in self.cells for one in SCENARIOS]
        return self.find_farthest_m(paces, travel.cutoff_min)

    def find_farthest_m(self, paces: Sequence[float], minutes: float) -> float:
        """Say how far from a place anyone is who comes there within some minutes, metres.

        Parameters
        ----------
        paces
            Speeds of those who ride, km/h.
        minutes
            Whole, with the way to the road.
        """
        travel = self.first.study.travel
        speeds = {travel.walking_speed_ms * 3.6, *paces}
        if isinstance(self.first, OverNetwork):
            # A ferry has a speed of its own, and where one pushes so has whoever is slow.
            speeds |= {
                ride.speed_kmh(max(paces), travel.pushing_speed_kmh, surface=travel.surface)
                for ride in self.first.network.rides
                if travel.ferries or ride.mode != FERRY
            }
        return max(speeds) / 3.6 * minutes * 60 * SLACK

    def near(self, x: float, y: float) -> Window:
        """Cut the roads and points out from which anyone comes to a place before the cutoff.

        Parameters
        ----------
        x, y
            Lambert 72.
        """
        whole = self.first
        if self.of_roads is None or isinstance(whole, StraightLine):
            at = gpd.GeoDataFrame(geometry=gpd.points_from_xy([x], [y], crs=LAMBERT_72))
            far = self.farthest_m
            point = list_in_box(self.of_points, (x - far, y - far, x + far, y + far))
            here = gpd.points_from_xy(self.x[point], self.y[point], crs=LAMBERT_72)
            straight = whole.for_points(gpd.GeoDataFrame(geometry=here))
            return Window(dict.fromkeys(self.profiles, straight), point, at)
        tied, its_edges = self._tie(whole, self.of_roads, x, y)
        edges = self.along.list_edges(its_edges, self.farthest_m)
        point, segments = self.along.list_points(edges), list_segments(whole.network, edges)
        first = replace(
            whole,
            network=whole.network.take_edges(edges).drop_idle_nodes(),
            beside=whole.beside and whole.beside.take_edges(edges).drop_idle_nodes(),
            places=whole.places.take_points(point).keep_on(segments),
            paces_kept=99,
            _riders={},
        )
        # A profile differs from all roads edge by edge: it is the same of a piece.
        others = {one: first.in_profile(one) for one in self.profiles[1:]}
        return Window({"all": first, **others}, point, tied.keep_on(segments))

    def take_roads(self) -> tuple[OverNetwork, NetworkSquares]:
        """Give who travels over all roads, and these by square.

        Raises
        ------
        StudyError
            In a straight line, where there are none.
        """
        if self.of_roads is None or not isinstance(self.first, OverNetwork):
            what = "in a straight line there are no roads"
            raise StudyError(Problem("study.toml", what, "give an extract of roads as network"))
        return self.first, self.of_roads

    @cached_property
    def along(self) -> AlongRoads:
        """What is near along the roads, of who travels over any."""
        first, _ = self.take_roads()
        return AlongRoads.from_network(first.network, first.places)

    def tie_place(self, x: float, y: float) -> TiedPoints:
        """Tie a place to segments of the whole, of who travels over roads.

        Parameters
        ----------
        x, y
            Lambert 72.
        """
        return self._tie(*self.take_roads(), x, y)[0]

    def _tie(
        self, whole: OverNetwork, squares: NetworkSquares, x: float, y: float
    ) -> tuple[TiedPoints, Indices]:
        """Tie a place to the roads around it: to segments of the whole, and to these edges."""
        within_m, limit_m = whole.study.travel.snap_within_m, whole.study.travel.snap_limit_m
        far = max(within_m, limit_m)
        east, north = make_transformer(LAMBERT_72, self.crs).transform([x], [y])
        box = east[0] - far, north[0] - far, east[0] + far, north[0] + far
        edges = squares.list_edges(box)
        piece = squares.cut_out(whole.network, edges, box)
        # As `tie_table` would: a table of one row takes longer than all of this.
        at = np.array(east), np.array(north)
        tied = snap_points(piece, *at, within_m=within_m, limit_m=limit_m)
        segment = list_segments(whole.network, edges)[tied.segment].astype(np.int32)
        return replace(tied, segment=segment), np.unique(edges[piece.segment_edge[tied.segment]])

    def cut_roads(self, box: Box) -> OverNetwork | None:
        """Cut the roads in a box out, without the children; None in a straight line.

        Parameters
        ----------
        box
            In the CRS of the roads.
        """
        if self.of_roads is None or not isinstance(self.first, OverNetwork):
            return None
        edges, nobody = self.of_roads.list_edges(box), np.empty(0, dtype=np.intp)
        return replace(
            self.first,
            network=self.of_roads.cut_out(self.first.network, edges, box),
            beside=None,
            places=self.first.places.take_points(nobody),
            _riders={},
        )

    # -- the cache ------------------------------------------------------------------------------

    def save(self, folder: Path) -> None:
        """Write it as arrays, the networks in folders of their own."""
        arrays = {name: getattr(self, name) for name in _ARRAYS} | _list_grid(
            "points", self.of_points
        )
        told: dict[str, Any] = {"points": _tell_grid(self.of_points), "profiles": self.profiles}
        if isinstance(self.first, OverNetwork) and self.of_roads:
            for owner in ("places", "sites"):
                ties = vars(getattr(self.first, owner))
                arrays |= {f"{owner}_{name}": ties[name] for name in _TIES}
            for name, grid in (("edges", self.of_roads.edges), ("walls", self.of_roads.barriers)):
                if grid is not None:
                    arrays |= _list_grid(name, grid)
                    told[name] = _tell_grid(grid)
            for name in _NETWORKS:
                if (network := getattr(self.first, name)) is not None:
                    (folder / name).mkdir()
                    network.save(folder / name)
        save_arrays(folder, "ground", told, **arrays)

    @classmethod
    def load(
        cls, folder: Path, study: Study, academies: gpd.GeoDataFrame, cells: Sequence[AgeCell]
    ) -> SearchGround:
        """Open what `save` wrote: mapped, not read.

        Parameters
        ----------
        folder
            Of `save`.
        study, academies, cells
            Of which it is.

        Raises
        ------
        InputError
            If a file is missing or is not what was written.
        """
        told, arrays = map_arrays(folder, "ground")
        grids = {name: _take_grid(name, told[name], arrays) for name in _GRIDS if name in told}
        own = {name: arrays[name] for name in _ARRAYS}
        own |= {"cells": cells, "profiles": tuple(told["profiles"]), "of_points": grids["points"]}
        if "edges" not in grids:
            nowhere = gpd.GeoDataFrame(geometry=[], crs=LAMBERT_72)
            return cls(first=StraightLine(study, academies, nowhere), of_roads=None, **own)
        places, sites = (
            TiedPoints(**{name: arrays[f"{owner}_{name}"] for name in _TIES})
            for owner in ("places", "sites")
        )
        beside = folder / "beside"
        first = OverNetwork(
            study=study,
            profile="all",
            academies=academies,
            network=Network.load(folder / "network"),
            beside=Network.load(beside) if beside.exists() else None,
            sites=sites,
            places=places,
            notes=(),
        )
        return cls(first=first, of_roads=NetworkSquares(grids["edges"], grids.get("walls")), **own)


_ARRAYS = ("x", "y", "children", "measured")
_TIES = ("first", "segment", "offset_mm", "walk_mm", "snap_m", "by_island")
_NETWORKS = ("network", "beside")
_GRIDS = ("points", "edges", "walls")
_OF_GRID = ("first", "piece")


def _list_grid(name: str, grid: PieceGrid) -> dict[str, NDArray[Any]]:
    return {f"{name}_{one}": getattr(grid, one) for one in _OF_GRID}


def _tell_grid(grid: PieceGrid) -> dict[str, Any]:
    return {name: value for name, value in grid._asdict().items() if name not in _OF_GRID}


def _take_grid(name: str, told: dict[str, Any], arrays: Mapping[str, Any]) -> PieceGrid:
    return PieceGrid(**told, **{one: arrays[f"{name}_{one}"] for one in _OF_GRID})
