"""What better roads and new academies bring within reach: exactly what a whole run would count.

Each search of a run (over the roads of a profile, at a pace, to the academies that serve the same
ages) is done once, before anything changes. A candidate is then tried on top of it: see
`improving`. The children whom it brings within reach are those of the points that it gains.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from stemgeo.access import doors
from stemgeo.access.search import (
    RANK_BITS,
    UNREACHED,
    label_nearest,
)
from stemgeo.access.travel_time import minutes_to_ms
from stemgeo.access.travellers import OverNetwork, find_pace
from stemgeo.arrays import list_ranges
from stemgeo.demand import which_serve
from stemgeo.errors import InputError, Problem
from stemgeo.links.improving import (
    END,
    NEVER_MS,
    RIDE,
    START,
    Changes,
    Field,
    State,
    do_change,
    make_room,
    try_changes,
)
from stemgeo.links.reach import turn_arcs
from stemgeo.measure import count_cores
from stemgeo.stages import TRYING_ROADS, Progress, count_off, report_nothing
from stemgeo.study import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from stemgeo.access.search import Arcs
    from stemgeo.access.travel_time import Rider
    from stemgeo.access.travellers import Pace
    from stemgeo.links.improving import Room
    from stemgeo.measure import Measured, Prepared
    from stemgeo.network.edits import LaidEdits
    from stemgeo.network.snap import TiedPoints

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int32]
    Longs = NDArray[np.int64]
    Indices = NDArray[np.intp]

PER_TURN = 256
"""Changes that a thread tries at a time."""


class GainKind(NamedTuple):
    """Over which roads, at which speeds, and of which ages: the index of their cell."""

    profile: str
    scenario: str
    cell: int


@dataclass(frozen=True)
class Options:
    """Things to be done, each by itself or together: sets of edits and of academies.

    Attributes
    ----------
    first, edit
        Option i does edit[first[i]:first[i + 1]] of the laid edits.
    first_site, site
        And opens site[first_site[i]:first_site[i + 1]] of the places.
    """

    first: Indices
    edit: Indices
    first_site: Indices
    site: Indices

    @classmethod
    def of_lists(
        cls, edits: Sequence[Sequence[int]], sites: Sequence[Sequence[int]] | None = None
    ) -> Options:
        """Make options of lists of edits, and of places.

        Parameters
        ----------
        edits, sites
            Of each option the numbers of its edits and of its places; no places when not given.
        """
        sites = [()] * len(edits) if sites is None else sites
        return cls(*_lay_end_to_end(edits), *_lay_end_to_end(sites))

    @classmethod
    def of_edits(cls, first: NDArray[np.integer], edit: NDArray[np.integer]) -> Options:
        """Make options of edits alone.

        Parameters
        ----------
        first, edit
            Option i does edit[first[i]:first[i + 1]].
        """
        nothing = np.zeros(len(first), np.intp)
        return cls(first.astype(np.intp), edit.astype(np.intp), nothing, nothing[:0])

    def take(self, which: NDArray[np.integer] | Sequence[int]) -> Options:
        """Give some of them, in the order in which they are chosen."""
        chosen = np.asarray(which, dtype=np.intp)
        _, at = list_ranges(self.first[chosen], self.first[chosen + 1])
        _, place = list_ranges(self.first_site[chosen], self.first_site[chosen + 1])
        first, first_site = (
            np.append(0, np.cumsum(np.diff(one)[chosen])).astype(np.intp)
            for one in (self.first, self.first_site)
        )
        return Options(first, self.edit[at], first_site, self.site[place])

    def join(self) -> Options:
        """Give one option that does all of these."""
        ends = (np.array([0, len(one)], dtype=np.intp) for one in (self.edit, self.site))
        first, first_site = ends
        return Options(first, self.edit, first_site, self.site)

    def __len__(self) -> int:
        """Say how many there are."""
        return len(self.first) - 1


def _lay_end_to_end(lists: Sequence[Sequence[int]]) -> tuple[Indices, Indices]:
    sizes = np.fromiter((len(one) for one in lists), np.intp, len(lists))
    numbers = np.fromiter((int(one) for each in lists for one in each), np.intp, sizes.sum())
    return np.append(0, np.cumsum(sizes)).astype(np.intp), numbers


@dataclass(frozen=True)
class Gains:
    """The children whom each option brings within reach.

    Attributes
    ----------
    kinds
        Over which roads, at which speeds, of which ages.
    bands
        The name of the band of each cell.
    children
        How many come within reach who were not, shape (options, kinds).
    """

    kinds: tuple[GainKind, ...]
    bands: tuple[str, ...]
    children: Longs

    def sum_up(self, profile: str, scenario: str = "central", band: str | None = None) -> Longs:
        """Add up the children of a band, or of all, shape (options,).

        Parameters
        ----------
        profile, scenario
            Over which roads, at which speeds.
        band
            Its name; all bands when not given.
        """
        taken = [
            (kind.profile, kind.scenario) == (profile, scenario)
            and band in (None, self.bands[kind.cell])
            for kind in self.kinds
        ]
        return np.asarray(self.children[:, taken].sum(axis=1))


@dataclass(frozen=True)
class RoadGains:
    """A study that was measured, with edits that may be done and places that may open.

    Attributes
    ----------
    prepared
        Of the study.
    rider
        Who rides over all of the roads that edits were laid into.
    before, after
        The same with no edit done, and with all of them.
    laid
        The edits.
    places
        Academies that may come, in the form of the register; None: none.
    threads
        Searches that run side by side; the result is the same.
    speed_ratio
        What the speeds of the study are multiplied by.
    """

    prepared: Prepared
    rider: OverNetwork
    before: OverNetwork
    after: OverNetwork
    laid: LaidEdits
    places: gpd.GeoDataFrame | None
    threads: int
    speed_ratio: float = 1.0

    @classmethod
    def from_measured(
        cls,
        prepared: Prepared,
        measured: Measured,
        laid: LaidEdits,
        places: gpd.GeoDataFrame | None = None,
        *,
        threads: int | None = None,
    ) -> RoadGains:
        """Lay out what edits and places may change in a study.

        Parameters
        ----------
        prepared, measured
            Of the study.
        laid
            Edits that are laid into the network of `measured.riders[0]`; none of them closes.
        places
            Academies that may come, in the form of the register.
        threads
            Searches that run side by side, all cores when not given.
        """
        rider = measured.riders[0]
        if not isinstance(rider, OverNetwork):
            what = "in a straight line there are no roads that could be better"
            raise InputError(Problem("links", what, "give an extract of roads as network"))
        return cls.from_traveller(prepared, rider, laid, places, threads or count_cores())

    @classmethod
    def from_traveller(
        cls,
        prepared: Prepared,
        rider: OverNetwork,
        laid: LaidEdits,
        places: gpd.GeoDataFrame | None,
        threads: int,
    ) -> RoadGains:
        """Do the same for who rides over all roads of the network that edits were laid into.

        Parameters
        ----------
        prepared, laid, places, threads
            As for `from_measured`.
        rider
            Who rides.
        """
        before = rider.take_network(laid.before).for_points(prepared.points)
        before = before.for_academies(rider.academies)
        after = before.take_network(laid.after)
        return cls(prepared, rider, before, after, laid, places, threads)

    def travel_over(self, laid: LaidEdits) -> RoadGains:
        """Give the same over roads that differ in nothing that ties points to them."""
        pair = (
            one.take_network(to)
            for one, to in zip(self._pair, (laid.before, laid.after), strict=True)
        )
        before, after = pair
        return replace(self, before=before, after=after, laid=laid)

    @property
    def cutoff_ms(self) -> int:
        """Within which time an academy is within reach, inclusive."""
        return minutes_to_ms(self.prepared.study.travel.cutoff_min)

    def count(
        self,
        options: Options,
        *,
        profiles: Sequence[str] | None = None,
        scenarios: Sequence[str] = SCENARIOS,
        progress: Progress = report_nothing,
    ) -> Gains:
        """Count the children whom each option brings within reach, if it alone is done.

        Parameters
        ----------
        options
            What may be done.
        profiles, scenarios
            Over which roads, at which speeds; those of the study when not given.
        progress
            Told how far it is.
        """
        kinds = self._list_kinds(profiles, scenarios)
        column = {kind: at for at, kind in enumerate(kinds)}
        children = np.zeros((len(options), len(kinds)), dtype=np.int64)
        done = 0
        for search in self.list_searches(profiles, scenarios):
            progress(count_off(TRYING_ROADS, done + 1, len(kinds)), done / len(kinds))
            mine = [column[kind] for kind in search.kinds]
            first, gained = search.try_options(options)
            children[:, mine] = sum_children(first, gained, search.children)
            done += len(mine)
            del search
        bands = tuple(cell.band.name for cell in self.prepared.cells)
        return Gains(kinds, bands, children)

    def _list_kinds(
        self, profiles: Sequence[str] | None, scenarios: Sequence[str]
    ) -> tuple[GainKind, ...]:
        profiles = self.prepared.study.travel.profiles if profiles is None else profiles
        cells = range(len(self.prepared.cells))
        return tuple(GainKind(*kind) for kind in product(sorted(profiles), scenarios, cells))

    def list_searches(
        self, profiles: Sequence[str] | None = None, scenarios: Sequence[str] = SCENARIOS
    ) -> Iterator[RoadSearch]:
        """Do each search of a run of which anything can change, one after another.

        Parameters
        ----------
        profiles, scenarios
            As for `count`.
        """
        alike: dict[str, dict[Pace, dict[bytes, list[GainKind]]]] = {}
        for kind in self._list_kinds(profiles, scenarios):
            by_pace = alike.setdefault(kind.profile, {})
            by_serves = by_pace.setdefault(self._find_pace(kind), {})
            by_serves.setdefault(self._serve(kind).tobytes(), []).append(kind)
        for profile, by_pace in alike.items():
            pair = [one.in_profile(profile) if profile != "all" else one for one in self._pair]
            for pace, by_serves in by_pace.items():
                base = _Base.of_pace(self, pair, pace)
                if not len(base.roads.edge) and self.ties_of_places is None:
                    continue
                for serves, kinds in by_serves.items():
                    yield base.search(np.frombuffer(serves, dtype=np.bool_), tuple(kinds))
                del base  # before the next is made: each takes half a gigabyte
            del pair

    @property
    def _pair(self) -> tuple[OverNetwork, OverNetwork]:
        return self.before, self.after

    def _find_pace(self, kind: GainKind) -> Pace:
        pace = find_pace(self.prepared.study.travel, self.prepared.cells[kind.cell], kind.scenario)
        return pace._replace(speed_kmh=round(pace.speed_kmh * self.speed_ratio, 6))

    def _serve(self, kind: GainKind) -> Bools:
        """Say which academies serve the ages, those of today and then those that may come."""
        cell, rules = self.prepared.cells[kind.cell], self.prepared.study.academies
        every = [self.before.academies, *([] if self.places is None else [self.places])]
        return np.concatenate([which_serve(one, cell, rules) for one in every])

    @cached_property
    def rooms(self) -> list[Room]:
        """Room for each search that runs side by side."""
        size = self.before.network.nodes, len(self.prepared.points), self.cutoff_ms
        return [make_room(*size) for _ in range(self.threads)]

    @cached_property
    def ties_of_places(self) -> TiedPoints | None:
        """The places on the roads; None where there are none."""
        if self.places is None or self.places.empty:
            return None
        return self.before.tie_places(self.places)


@dataclass(frozen=True, eq=False)
class RoadSearch:
    """A search that is done, on top of which options are tried.

    Attributes
    ----------
    kinds
        The rides that share it.
    field, start
        What the kernel reads, and the state with nothing done.
    points
        Of the demand table, those that are not within reach and have children; shape (points,).
    children
        How many of each kind, shape (points, kinds).
    road_of_edge
        The number among the roads that can change, or -1; shape (edges,).
    laid
        The edits.
    serves
        Which of the places serve these ages.
    cutoff_ms
        Within which time an academy is within reach.
    threads
        Searches that run side by side.
    rooms
        For each of these; all searches of a `RoadGains` work in them, one after the other.
    """

    kinds: tuple[GainKind, ...]
    field: Field
    start: State
    points: Indices
    children: Longs
    road_of_edge: Ints
    laid: LaidEdits
    serves: Bools
    cutoff_ms: int
    threads: int
    rooms: Sequence[Room]

    def begin(self, done: Done | None = None) -> Done:
        """Give a copy of what is done already, or of nothing done, to go on from."""
        state, edits = (self.start, None) if done is None else (done.state, done.edits)
        if edits is None:
            edits = np.zeros(len(self.laid.first) - 1, dtype=np.bool_)
        copied = {name: one.copy() for name, one in state._asdict().items()}
        return Done(State(**copied), edits.copy())

    def _list_changes(self, options: Options, done: Done | None = None) -> Changes:
        """Say what options change here: nothing of roads that are the same to this rider."""
        parts_first, edge, parts = self._parts
        owner, at = list_ranges(parts_first[options.edit], parts_first[options.edit + 1])
        option = np.repeat(np.arange(len(options)), np.diff(options.first))
        with_both, of_both = self._find_both(option, options.edit, done)
        road = self.road_of_edge[np.append(edge[at], of_both)]
        option = np.append(option[owner], with_both)
        parts = np.append(parts[at], np.full(len(of_both), RIDE, np.uint8))
        kept = np.flatnonzero(road >= 0)
        kept = kept[np.argsort(option[kept], kind="stable")]
        of_site = np.repeat(np.arange(len(options)), np.diff(options.first_site))
        serve = self.serves[options.site]
        return Changes(
            _begin_each(option[kept], len(options)),
            road[kept].astype(np.int32),
            parts[kept],
            _begin_each(of_site[serve], len(options)),
            options.site[serve].astype(np.int32),
        )

    @cached_property
    def _parts(self) -> tuple[Indices, Indices, NDArray[np.uint8]]:
        return _list_parts(self.laid)

    def _find_both(
        self, option: Indices, edit: Indices, done: Done | None
    ) -> tuple[Indices, Indices]:
        """Find the edges that change as both of two edits are done; the option, and the edge."""
        edge, one, other = self.laid.both.T
        if not len(edge):
            return _NONE, _NONE
        edge, one, other = (np.append(*two) for two in ((edge, edge), (one, other), (other, one)))
        order = np.argsort(one, kind="stable")
        edge, one, other = edge[order], one[order], other[order]
        first, stop = (np.searchsorted(one, edit, side=side) for side in ("left", "right"))
        row, at = list_ranges(first, stop)
        edits = len(self.laid.first) - 1
        there = np.isin(option[row] * edits + other[at], option * edits + edit)
        if done is not None:
            there |= done.edits[other[at]]
        return option[row[there]], edge[at[there]]

    def try_options(self, options: Options, done: Done | None = None) -> tuple[Longs, Ints]:
        """Try options, each by itself.

        Parameters
        ----------
        options
            What may be done.
        done
            What is done already, nothing when not given; it is as before when all are tried.

        Returns
        -------
        tuple of arrays
            Option i gains gained[first[i]:first[i + 1]] of the points.
        """
        changes, count = self._list_changes(options, done), len(options)
        turns = [(at, min(at + PER_TURN, count)) for at in range(0, count, PER_TURN)]
        workers = max(1, min(self.threads, len(turns)))
        found: list[tuple[Longs, Ints]] = [_NOTHING] * len(turns)

        # Copied before anyone begins to change them.
        copies = [self.begin(done) if done is None or worker else done for worker in range(workers)]

        def work(worker: int) -> None:
            mine = copies[worker]
            for turn in range(worker, len(turns), workers):
                begin, stop = turns[turn]
                found[turn] = try_changes(
                    self.field, mine.state, changes, begin, stop, self.cutoff_ms, self.rooms[worker]
                )

        with ThreadPoolExecutor(workers) as pool:  # the kernel holds no lock
            list(pool.map(work, range(workers)))
        sizes = np.concatenate([np.zeros(0, np.int64), *(np.diff(first) for first, _ in found)])
        gained = np.concatenate([_NOTHING[1], *(points for _, points in found)])
        return np.append(0, np.cumsum(sizes)), gained

    def do(self, options: Options, done: Done) -> Ints:
        """Do all of some options together; give the points that they gain.

        Parameters
        ----------
        options
            What is done.
        done
            From `begin`; it is changed.
        """
        changes = self._list_changes(options.join(), done)
        gained = do_change(self.field, done.state, changes, 0, self.cutoff_ms, self.rooms[0])
        done.edits[options.edit] = True
        return np.array(gained)


class Done(NamedTuple):
    """What is done in a search: its state, and which edits, shape (edits,)."""

    state: State
    edits: Bools


_NOTHING = np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int32)
_NONE = np.zeros(0, dtype=np.intp)


@njit(cache=True, nogil=True)
def sum_children(first: Longs, gained: Ints, children: Longs) -> Longs:
    """Sum the children of the points that each option gains, shape (options, kinds).

    Parameters
    ----------
    first, gained
        As from `RoadSearch.try_options`.
    children
        Of each point, shape (points, kinds).
    """
    sums = np.zeros((len(first) - 1, children.shape[1]), dtype=np.int64)
    for option in range(len(first) - 1):
        for at in range(first[option], first[option + 1]):
            for kind in range(children.shape[1]):
                sums[option, kind] += children[gained[at], kind]
    return sums


def _list_parts(laid: LaidEdits) -> tuple[Indices, Indices, NDArray[np.uint8]]:
    """List what each edit does: the edges, and which parts of them; where those of each begin."""
    edits = np.arange(len(laid.first) - 1)
    owner = np.concatenate([np.repeat(edits, np.diff(one)) for one in (laid.first, laid.first_end)])
    edge = np.concatenate([laid.edges, laid.ends >> 1])
    parts = np.where(laid.ends & 1, END, START)
    parts = np.concatenate([np.full(len(laid.edges), RIDE), parts]).astype(np.uint8)
    order = np.argsort(owner, kind="stable")
    return _begin_each(owner, len(edits)), edge[order], parts[order]


def _begin_each(owner: NDArray[np.integer], owners: int) -> Longs:
    """Say where the rows of each owner begin, when they are sorted by owner."""
    return np.append(0, np.cumsum(np.bincount(owner, minlength=owners))).astype(np.int64)


class _ChangedRoads(NamedTuple):
    """The edges that are other to a rider when all edits are done; see `Field`."""

    edge: Indices
    of_edge: Ints
    rows: Ints

    @classmethod
    def between(cls, before: Rider, after: Rider, laid: LaidEdits) -> _ChangedRoads:
        network, times = before.network, (before.times, after.times)
        edge = np.unique(np.concatenate([laid.edges, laid.both[:, 0], laid.ends >> 1]))
        owner, segment = list_ranges(network.first_segment[edge], network.first_segment[edge + 1])
        paces = [rider.times.pace[rider.network.ridden[:, segment]] for rider in (before, after)]
        other = np.zeros(len(edge), dtype=np.bool_)
        other[owner[(paces[0] != paces[1]).any(axis=0)]] = True
        end_ms = np.stack([one.end_ms[edge] for one in times], axis=2)
        other |= (end_ms[:, :, 0] != end_ms[:, :, 1]).any(axis=1)
        edge, end_ms = edge[other], end_ms[other]
        rides = [np.stack([one.forward_ms[edge], one.backward_ms[edge]], axis=1) for one in times]
        _refuse_worse(rides[0], rides[1], edge, laid)
        ends = network.ends[:, edge].T
        of_edge = np.full(network.edges, -1, dtype=np.int32)
        of_edge[edge] = np.arange(len(edge))
        waits = before.times.node_ms[ends]
        rows = np.hstack([ends, *rides, end_ms.reshape(-1, 4), waits]).astype(np.int32)
        return cls(edge, of_edge, rows)


def _refuse_worse(before: Ints, after: Ints, edge: Indices, laid: LaidEdits) -> None:
    """Refuse edits that make a road slower: gains are of better roads alone."""
    worse = np.isin(laid.edges, edge[(after > before).any(axis=1)])
    if worse.any():
        edit = np.searchsorted(laid.first, np.flatnonzero(worse)[0], "right")
        what = f"edit {edit} closes a road, or makes it slower"
        raise InputError(Problem("links", what, "give what makes roads better"))


@dataclass(frozen=True, eq=False)
class _Base:
    """What is the same for all academies that may serve: riders, and the roads that change."""

    of: RoadGains
    before: Rider
    after: Rider
    roads: _ChangedRoads
    turned: Arcs

    @classmethod
    def of_pace(cls, of: RoadGains, pair: Sequence[OverNetwork], pace: Pace) -> _Base:
        """Say how someone of a pace travels, with no edit done and with all."""
        # No rider is kept longer than this: at the size of Flanders each takes 250 MB.
        cutoff_min = of.prepared.study.travel.cutoff_min
        before, after = (replace(one, _riders={}).find_rider(pace, cutoff_min) for one in pair)
        roads = _ChangedRoads.between(before, after, of.laid)
        turned, _ = turn_arcs(*after.arcs), before.arcs
        # What is kept of them is made anew for each pace: those of the field stay.
        for one in (after, after.network, before.network):
            vars(one).pop("arcs", None)
        return cls(of, before, after, roads, turned)

    def search(self, serves: Bools, kinds: tuple[GainKind, ...]) -> RoadSearch:
        """Search from the academies that serve, and from the children out of reach."""
        of, nodes = self.of, self.before.network.nodes
        today = len(of.before.academies)
        sites = of.before.sites.untie_points(~serves[:today])
        coming = of.ties_of_places
        coming = sites.take_points(_NONE) if coming is None else coming
        coming = coming.untie_points(~serves[today:]) if len(serves) > today else coming
        label = self._label_nodes(sites)
        points, children = self._list_points(label, sites, kinds)
        tied = of.before.places.take_points(points)
        state = State(
            _take_ms(label),
            np.zeros(len(points), np.uint8),
            np.zeros(len(self.roads.edge), np.uint8),
            np.repeat([1, 0], [today, len(coming.snap_m)]).astype(np.uint8),
            np.full(nodes, -1, np.int32),
            np.full(2 * len(self.roads.edge), -1, np.int32),
            np.zeros(nodes, np.uint8),
        )
        return RoadSearch(
            kinds,
            self._build_field(tied, sites, coming),
            state,
            points,
            children,
            self.roads.of_edge,
            of.laid,
            serves[today:],
            of.cutoff_ms,
            of.threads,
            of.rooms,
        )

    def _build_field(self, tied: TiedPoints, sites: TiedPoints, coming: TiedPoints) -> Field:
        every = _join_ties(sites, coming)
        ties, from_sites = self._tie_points(tied), self._tie_sites(every)
        pairs = self._pair_on_roads(tied, every)
        seeds, beside = self._list_seeds(coming), self._list_beside(tied, coming)
        roads = self._list_roads_of(coming)
        return Field(
            *self.before.arcs,
            self._find_left(tied),
            *self._list_exits(tied),
            self.roads.rows,
            np.stack([first for first, _ in (ties, from_sites, pairs)], axis=1),
            *(ties[1], from_sites[1], pairs[1]),
            np.stack([first for first, _ in (seeds, beside, roads)], axis=1),
            *(seeds[1], beside[1], roads[1]),
        )

    def _label_nodes(self, sites: TiedPoints) -> Longs:
        node, ms, _, _ = self.before.find_seeds(sites)
        return label_nearest(self.before.arcs, node, ms << RANK_BITS, self.of.cutoff_ms)

    def _list_points(
        self, label: Longs, sites: TiedPoints, kinds: tuple[GainKind, ...]
    ) -> tuple[Indices, Longs]:
        """List the points with children who are out of reach, and how many of each kind."""
        rider, places = self.before, self.of.before.places
        at_point = doors.label_points(
            rider.network, rider.times, places, rider.walking_speed_ms, label
        )
        late = (at_point == UNREACHED) | (at_point >> RANK_BITS > self.of.cutoff_ms)
        near = rider.list_pairs(places, sites)
        late[near.point[near.ms <= self.of.cutoff_ms]] = False
        prepared = self.of.prepared
        columns = [prepared.cells[kind.cell].column for kind in kinds]
        children = prepared.points[columns].to_numpy(np.int64)
        points = np.flatnonzero(late & places.found & (children > 0).any(axis=1))
        return points, np.ascontiguousarray(children[points])

    def _find_left(self, tied: TiedPoints) -> Ints:
        """Find the least time from a point to each node, with everything done."""
        exits = self.after.list_exits(tied)
        ms = exits.ms.astype(np.int64) << RANK_BITS
        return _take_ms(label_nearest(self.turned, exits.node, ms, self.of.cutoff_ms))

    def _list_exits(self, tied: TiedPoints) -> _Rows:
        exits = self.before.list_exits(tied)
        point = np.repeat(np.arange(len(tied.snap_m)), np.diff(exits.first))
        kept = exits.ms <= self.of.cutoff_ms
        nodes = self.before.network.nodes
        return _sort_by(exits.node[kept], nodes, point[kept], exits.ms[kept])

    def _keep_on_roads(self, tied: TiedPoints) -> tuple[TiedPoints, Ints]:
        road = self.roads.of_edge[self.before.network.segment_edge[tied.segment]]
        return _keep_ties(tied, road >= 0), road[road >= 0]

    def _tie_points(self, tied: TiedPoints) -> _Rows:
        return self._reach_ends(tied, arriving=False)

    def _tie_sites(self, sites: TiedPoints) -> _Rows:
        return self._reach_ends(sites, arriving=True)

    def _reach_ends(self, tied: TiedPoints, *, arriving: bool) -> _Rows:
        """Give the ties to roads that can change: owner, end, the times before and after."""
        tied, road = self._keep_on_roads(tied)
        ms = [
            doors.reach_ends(
                rider.network, rider.times, tied, rider.walking_speed_ms, arriving=arriving
            )
            for rider in (self.before, self.after)
        ]
        tie, end = np.nonzero(ms[1] != doors.HERE)
        both = (np.where(one == doors.HERE, NEVER_MS, one)[tie, end] for one in ms)
        return _sort_by(road[tie], len(self.roads.edge), tied.owner[tie], end, *both)

    def _pair_on_roads(self, tied: TiedPoints, sites: TiedPoints) -> _Rows:
        near = self.after.list_pairs(self._keep_on_roads(tied)[0], sites)
        kept = (near.arc >= 0) & (near.ms <= self.of.cutoff_ms)
        road = self.roads.of_edge[near.arc[kept] >> 1]
        rows = (one[kept] for one in (near.site, near.point, near.ms))
        return _sort_by(road, len(self.roads.edge), *rows)

    def _list_seeds(self, coming: TiedPoints) -> _Rows:
        rider = self.before
        seeds = doors.list_entries(rider.network, rider.times, coming, rider.walking_speed_ms)
        return seeds.first.astype(np.int32), np.stack([seeds.node, seeds.ms], axis=1)

    def _list_beside(self, tied: TiedPoints, coming: TiedPoints) -> _Rows:
        near = self.before.list_pairs(tied, coming)
        kept = near.ms <= self.of.cutoff_ms
        return _sort_by(near.site[kept], len(coming.snap_m), near.point[kept], near.ms[kept])

    def _list_roads_of(self, coming: TiedPoints) -> _Rows:
        ties, road = self._keep_on_roads(coming)
        first, rows = _sort_by(ties.owner, len(coming.snap_m), road)
        return first, rows[:, 0].copy()


def _take_ms(label: Longs) -> Ints:
    """Give the times of labels, NEVER_MS where there is none."""
    return np.asarray(np.minimum(label >> RANK_BITS, NEVER_MS).astype(np.int32))


_Rows = tuple["Ints", "Ints"]
"""Where the rows of each owner begin, and the rows."""


def _sort_by(owner: NDArray[np.integer], owners: int, *columns: NDArray[np.integer]) -> _Rows:
    """Sort rows by what they belong to."""
    order = np.argsort(owner, kind="stable")
    first = _begin_each(owner, owners).astype(np.int32)
    return first, np.stack([one[order] for one in columns], axis=1).astype(np.int32)


def _keep_ties(tied: TiedPoints, kept: Bools) -> TiedPoints:
    return replace(
        tied,
        first=np.append(0, np.cumsum(kept))[tied.first],
        segment=tied.segment[kept],
        offset_mm=tied.offset_mm[kept],
        walk_mm=tied.walk_mm[kept],
    )


def _join_ties(one: TiedPoints, other: TiedPoints) -> TiedPoints:
    """Give the points of both, one after the other."""
    names = ("segment", "offset_mm", "walk_mm", "snap_m", "by_island")
    return replace(
        one,
        first=np.append(one.first, one.first[-1] + other.first[1:]),
        **{name: np.append(getattr(one, name), getattr(other, name)) for name in names},
    )
