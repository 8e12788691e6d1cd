"""Who travels over a network that is cut in tiles: the searches are done tile by tile.

Nothing else of a study knows: `Tiling` stands in the place of `OverNetwork.from_study`. What is
asked of a traveller that is no search, and roads that were changed after they were cut, are the
whole network's still.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np

from stemgeo.access.search import THREE, UNREACHED
from stemgeo.access.travel_time import minutes_to_ms
from stemgeo.access.travellers import OverNetwork, Pace, build_rider, find_pace
from stemgeo.arrays import list_ranges
from stemgeo.demand import which_serve
from stemgeo.scale import tiles as work
from stemgeo.scale.tiles import FarthestRide, Filling, TileCut, WayOfTravel, cut_tiles
from stemgeo.study import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from stemgeo.demand import AgeCell
    from stemgeo.network.graph import Network
    from stemgeo.network.snap import TiedPoints
    from stemgeo.scale.tiles import Tile
    from stemgeo.study import Study

    Ints = NDArray[np.int32]
    Longs = NDArray[np.int64]
    Rows = NDArray[np.intp]


class Executor(Protocol):
    """Who does units of work. What `submit` and `hold` give may be given to other units."""

    def submit(self, work: Callable[..., Any], *given: Any) -> Any:
        """Hand a unit over."""

    def gather(self, futures: Sequence[Any]) -> list[Any]:
        """Wait for units, and give what they gave."""

    def hold(self, tile: Tile) -> Any:
        """Bring a tile to where units are done."""


class InPlace:
    """Does each unit here, when it is handed over."""

    def submit(self, work: Callable[..., Any], *given: Any) -> Any:
        """Do it, and give what it gives.

        Parameters
        ----------
        work, *given
            A function, and what it is given.
        """
        return work(*given)

    def gather(self, futures: Sequence[Any]) -> list[Any]:
        """Give the same."""
        return list(futures)

    def hold(self, tile: Tile) -> Tile:
        """Give the same."""
        return tile


@dataclass(frozen=True)
class Tiling:
    """Cuts the roads of a study in tiles; called as `OverNetwork.from_study` is.

    Attributes
    ----------
    units
        Who searches them.
    tiles
        How many.
    """

    units: Executor
    tiles: int

    def __call__(
        self,
        study: Study,
        network: Network,
        academies: gpd.GeoDataFrame,
        points: gpd.GeoDataFrame,
        edits: gpd.GeoDataFrame | None = None,
    ) -> OverTiles:
        """Tie academies and children to the roads, and cut these.

        Parameters
        ----------
        study, network, academies, points, edits
            As for `OverNetwork.from_study`.
        """
        whole = OverTiles.from_study(study, network, academies, points, edits)
        halo_m = _choose_halo_m(whole)
        return replace(whole, laid=TiledRoads.lay(self, whole.network, whole.places, halo_m))


def _choose_halo_m(whole: OverNetwork) -> float:
    """Take as far as anyone of the study gets within the cutoff."""
    travel = whole.study.travel
    fastest = max(travel.speed_of(band, one) for band in travel.bands for one in SCENARIOS)
    # In a first round of a step all is found that takes less; and milliseconds are whole.
    cutoff_ms = minutes_to_ms(travel.cutoff_min) + 2
    reached_m = [
        FarthestRide.from_rider(build_rider(roads, travel, whole.profile, pace, 0)).find_metres(
            cutoff_ms
        )
        for roads, pace in ((whole.network, Pace(fastest)), (whole.beside, Pace(fastest, True)))
        if roads is not None
    ]
    return max(reached_m)


@dataclass(frozen=True)
class TiledRoads:
    """Tiles that lie where units are done, and what is asked of them all.

    Attributes
    ----------
    tiling
        Who does the units.
    network, places
        What was cut.
    cut
        How.
    held
        Each tile, as `Executor.hold` gave it.
    lenders
        The tiles from which each borrows.
    """

    tiling: Tiling
    network: Network
    places: TiedPoints
    cut: TileCut
    held: list[Any]
    lenders: list[list[int]]
    _steps: dict[WayOfTravel, int] = field(repr=False, compare=False, default_factory=dict)
    _near: dict[int, tuple[TiedPoints, list[TiedPoints]]] = field(
        repr=False, compare=False, default_factory=dict
    )

    @classmethod
    def lay(cls, tiling: Tiling, network: Network, places: TiedPoints, halo_m: float) -> Self:
        """TileCut a network, and bring the tiles to where units are done.

        Parameters
        ----------
        tiling, network, places
            Who does what, on which roads, with which demand points.
        halo_m
            See `tiles`.
        """
        cut, tiles = cut_tiles(network, places, tiling.tiles, halo_m)
        held = [tiling.units.hold(one) for one in tiles]
        return cls(tiling, network, places, cut, held, [list(one.borrowed) for one in tiles])

    def take_places(self, places: TiedPoints) -> TiledRoads:
        """Lay the same roads with other points."""
        return TiledRoads.lay(self.tiling, self.network, places, self.cut.halo_m)

    def take_near(self, sites: TiedPoints) -> list[TiedPoints]:
        """Give all sites to each tile, with their ties to its edges."""
        known = self._near.get(id(sites))
        if known is None:
            near = [sites.keep_on(one.segments) for one in self.cut.parts]
            known = self._near[id(sites)] = sites, near
        return known[1]

    def find_step(self, way: WayOfTravel) -> int:
        """Say how long a round may be, in every tile."""
        if way not in self._steps:
            self._steps[way] = min(self._ask_all(work.find_step, way))
        return self._steps[way]

    def find_metres(self, way: WayOfTravel, ms: int) -> float:
        """Say how far one gets, in any tile."""
        return float(max(self._ask_all(work.find_metres, way, ms)))

    def _ask_all(self, unit: Callable[..., Any], *given: Any) -> list[Any]:
        units = self.tiling.units
        return units.gather([units.submit(unit, one, *given) for one in self.held])

    def label(
        self,
        unit: Callable[..., Longs],
        way: WayOfTravel,
        sites: Sequence[TiedPoints],
        horizon_ms: int,
        chosen: Rows | None,
    ) -> Longs:
        """Label points round by round, up to the horizon.

        Parameters
        ----------
        unit
            `tiles.label_tile` or `label_tile_three`.
        way
            How one travels.
        sites
            As from `take_near`, those that are meant.
        horizon_ms
            Nothing beyond is labelled; inclusive.
        chosen
            Which points, in which order; all when not given.
        """
        units, step_ms = self.tiling.units, self.find_step(way)
        mine: list[Any] = [None] * len(self.held)
        borrowed: list[dict[int, Any]] = [{} for _ in self.held]
        known_ms = -1
        while known_ms < horizon_ms:
            until_ms = min(known_ms + step_ms, horizon_ms)
            each = zip(self.held, sites, mine, borrowed, strict=True)
            mine = [
                units.submit(unit, tile, way, near, own, others, known_ms, until_ms)
                for tile, near, own, others in each
            ]
            borrowed, known_ms = self._borrow(mine), until_ms
        shape = () if unit is work.label_tile else (THREE,)
        return self._finish(way, sites, mine, borrowed, horizon_ms, chosen, shape)

    def _borrow(self, mine: Sequence[Any]) -> list[dict[int, Any]]:
        """Have every tile that lends labels lend all of them at once."""
        lent = {
            one: self.tiling.units.submit(work.lend_labels, self.held[one], mine[one])
            for one in sorted({one for lenders in self.lenders for one in lenders})
        }
        return [{one: lent[one] for one in lenders} for lenders in self.lenders]

    def _finish(
        self,
        way: WayOfTravel,
        sites: Sequence[TiedPoints],
        mine: Sequence[Any],
        borrowed: Sequence[dict[int, Any]],
        horizon_ms: int,
        chosen: Rows | None,
        shape: tuple[int, ...],
    ) -> Longs:
        """Label the points of each tile, and put them in their order."""
        units = self.tiling.units
        wanted = [self._find_chosen(tile, chosen, own=True) for tile in range(len(self.held))]
        parts = units.gather(
            [
                units.submit(work.label_points, tile, way, near, own, others, horizon_ms, here)
                for tile, near, own, others, (_, here) in zip(
                    self.held, sites, mine, borrowed, wanted, strict=True
                )
            ]
        )
        count = len(self.places.snap_m) if chosen is None else len(chosen)
        label = np.full((count, *shape), UNREACHED, dtype=np.int64)
        for (at, _), part in zip(wanted, parts, strict=True):
            label[at] = part
        return label

    def _find_chosen(
        self, tile: int, chosen: Rows | None, *, own: bool
    ) -> tuple[Rows, Rows | None]:
        """Give the places among the chosen of a tile's points, and which points of it these are."""
        part = self.cut.parts[tile]
        wanted = part.own_points if own else part.points
        if chosen is None:
            return wanted, None
        is_wanted = np.zeros(len(self.places.snap_m), dtype=np.bool_)
        is_wanted[wanted] = True
        at = np.flatnonzero(is_wanted[chosen])
        return at, np.searchsorted(part.points, chosen[at])

    def list_served(
        self, way: WayOfTravel, tied: TiedPoints, horizon_ms: int, chosen: Rows | None
    ) -> tuple[NDArray[np.bool_], list[tuple[Rows, Longs, Ints, Ints]]]:
        """List the points within reach of each site, where a tile holds all of them.

        Parameters
        ----------
        way, horizon_ms, chosen
            As for `label`.
        tied
            The sites.

        Returns
        -------
        tuple
            Which sites are left over, shape (sites,); by tile: its sites, and of these the offsets,
            points and times as `Rider.list_served` gives them.
        """
        units, depth_m = self.tiling.units, self.cut.halo_m - self.find_metres(way, horizon_ms)
        home = self._find_home(tied, depth_m)
        asked, futures = [], []
        for tile in np.unique(home[home >= 0]).tolist():
            here = np.flatnonzero(home == tile)
            at, points = self._find_chosen(tile, chosen, own=False)
            near = tied.take_points(here).keep_on(self.cut.parts[tile].segments)
            asked.append((here, at))
            futures.append(
                units.submit(work.list_served, self.held[tile], way, near, horizon_ms, points)
            )
        found = zip(asked, units.gather(futures), strict=True)
        return home < 0, [
            (here, first, at[point].astype(np.int32), ms)
            for (here, at), (first, point, ms) in found
        ]

    def _find_home(self, tied: TiedPoints, depth_m: float) -> Rows:
        """Give for each site the tile in which it is deepest, -1 where nowhere deep enough."""
        home = np.full(len(tied.snap_m), -1, dtype=np.intp)
        there = np.flatnonzero(np.diff(tied.first) > 0)
        network = self.network
        ends = network.ends[:, network.segment_edge[tied.segment]]
        away_m = self.cut.find_away_m(network.node_x[ends], network.node_y[ends]).max(axis=1)
        farthest_m = np.maximum.reduceat(away_m, tied.first[there], axis=1)
        deepest = farthest_m.argmin(axis=0)
        deep = farthest_m.min(axis=0) <= depth_m
        home[there[deep]] = deepest[deep]
        return home


@dataclass(frozen=True)
class OverTiles(OverNetwork):
    """As `OverNetwork`; the searches are done tile by tile.

    Attributes
    ----------
    laid
        The tiles; None where the roads are others than those that were cut.
    filled
        How the roads are filled in since.
    chosen
        Which of the points of the tiles are meant; all where None.
    """

    laid: TiledRoads | None = None
    filled: tuple[Filling, ...] = ()
    chosen: Rows | None = None

    def take_network(self, network: Network) -> Self:
        """Give the same traveller over other roads: these are not in tiles."""
        return replace(super().take_network(network), laid=None)

    def fill_untagged(self, *, best: bool, stress: bool = True, surfaces: bool = True) -> Self:
        """Give the same traveller where nobody tagged the roads; as each tile fills its own.

        Parameters
        ----------
        best, stress, surfaces
            As for `Network.fill_untagged`.
        """
        found = super().fill_untagged(best=best, stress=stress, surfaces=surfaces)
        filled = (*self.filled, Filling(best, stress, surfaces))
        return replace(found, laid=self.laid, filled=filled)

    def for_points(self, points: gpd.GeoDataFrame) -> Self:
        """Give the same traveller from other points."""
        found = super().for_points(points)
        laid = self.laid and self.laid.take_places(found.places)
        return replace(found, laid=laid, chosen=None)

    def for_some_points(self, which: Rows) -> Self:
        """Give the same traveller from some of the points."""
        chosen = which if self.chosen is None else self.chosen[which]
        return replace(super().for_some_points(which), chosen=chosen)

    def find_nearest(self, cell: AgeCell, scenario: str) -> Longs:
        """Label each point with its nearest academy for the cell; see `search.unpack_labels`."""
        travel = self.study.travel
        way = self._find_way(find_pace(travel, cell, scenario))
        found = self._label(work.label_tile, way, cell, travel.horizon_min)
        return super().find_nearest(cell, scenario) if found is None else found

    def find_three_nearest(self, cell: AgeCell, pace: Pace, horizon_min: float) -> Longs:
        """Label each point with the three nearest of those, nearest first; shape (points, 3).

        Parameters
        ----------
        cell, pace, horizon_min
            As for `OverNetwork.find_three_nearest`.
        """
        found = self._label(work.label_tile_three, self._find_way(pace), cell, horizon_min)
        return super().find_three_nearest(cell, pace, horizon_min) if found is None else found

    def _find_way(self, pace: Pace) -> WayOfTravel:
        on_pavements = pace.on_pavements and self.beside is not None
        of_pace = pace._replace(on_pavements=on_pavements)
        return WayOfTravel(self.study.travel, self.filled, self.profile, of_pace)

    def _label(
        self, unit: Callable[..., Longs], way: WayOfTravel, cell: AgeCell, horizon_min: float
    ) -> Longs | None:
        """Label the points by tiles; None where no tiles lie, or a round comes no farther."""
        if self.laid is None or self.laid.find_step(way) < 1:
            return None
        away = ~which_serve(self.academies, cell, self.study.academies)
        sites = [one.untie_points(away) for one in self.laid.take_near(self.sites)]
        return self.laid.label(unit, way, sites, minutes_to_ms(horizon_min), self.chosen)

    def list_served(
        self, places: gpd.GeoDataFrame, pace: Pace, minutes: float, *, threads: int
    ) -> tuple[Longs, Ints, Ints]:
        """List the points that have each place within the minutes; see `Rider.list_served`.

        Parameters
        ----------
        places, pace, minutes, threads
            As for `OverNetwork.list_served`.
        """
        if self.laid is None:
            return super().list_served(places, pace, minutes, threads=threads)
        tied, ms = self.tie_places(places), minutes_to_ms(minutes)
        left, parts = self.laid.list_served(self._find_way(pace), tied, ms, self.chosen)
        rest = np.flatnonzero(left)
        if tied.first[rest + 1].sum() > tied.first[rest].sum():
            rider = self._build_rider(pace, minutes)
            of_rest = rider.list_served(tied.take_points(rest), self.places, threads=threads)
            parts = [*parts, (rest, *of_rest)]
        return _join_served(len(places), parts)


def _join_served(
    count: int, parts: Sequence[tuple[Rows, Longs, Ints, Ints]]
) -> tuple[Longs, Ints, Ints]:
    """Put what was listed for some sites each in the order of all sites."""
    sizes, start = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    before = 0
    for sites, first, point, _ in parts:
        sizes[sites], start[sites] = np.diff(first), first[:-1] + before
        before += len(point)
    nothing = np.empty(0, dtype=np.int32)
    point = np.concatenate([nothing, *(point for *_, point, _ in parts)])
    ms = np.concatenate([nothing, *(ms for *_, ms in parts)])
    _, at = list_ranges(start, start + sizes)
    return np.append(0, np.cumsum(sizes)), point[at], ms[at]
