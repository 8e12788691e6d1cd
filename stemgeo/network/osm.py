"""Reading the roads of OpenStreetMap extracts, by the rules of who goes: `bicycle` or `foot`.

Ways are read first, then the nodes of those that are of use, so memory stays near what the
roads need. `extracts` reads both as text that osmium has filtered, not object by object: ways with
the same tags are classified once, and all else is done with whole arrays.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import osmium
from pyproj import Geod

from stemgeo.arrays import (
    do_at_once,
    find_places,
    list_blocks,
    list_once,
    order_stably,
    starts_of_runs,
)
from stemgeo.errors import InputError, Problem
from stemgeo.inputs import extracts
from stemgeo.network import barriers, bicycle, foot
from stemgeo.network import stress as stress_
from stemgeo.network.squares import join_ways, read_squares
from stemgeo.network.stress_rules import StressRuleSet, load_stress_rules

if TYPE_CHECKING:
    from types import ModuleType

    from numpy.typing import NDArray

    from stemgeo.study import Mode

RideNumbers = dict[tuple[bicycle.Ride, tuple[float, float] | None], int]
"""The number of each ride, with the bounds of its ratio; None: the ratio itself."""

WGS84 = Geod(ellps="WGS84")
_RADIUS_M = 6_371_000.0
"""Of the earth in the mean: those of the ellipsoid are within 1 % of it, in any direction."""
_FAR_M, _UNSURE_MM = 1000.0, 1e-3
_AT_ONCE = 1 << 16
RULES: dict[Mode, ModuleType] = {"bicycle": bicycle, "e-bike": bicycle, "foot": foot}
"""By which rules each mode of travel goes over the roads."""

TAGS_READ = bicycle.TAGS_READ | stress_.TAGS_READ
NODE_TAGS_READ = bicycle.NODE_TAGS_READ | stress_.SIGN_TAGS_READ


@dataclass(frozen=True)
class RoadSegments:
    """Straight road segments between neighbouring nodes, with the rides they allow.

    Attributes
    ----------
    lon, lat
        Of each vertex, degrees, shape (vertices,). A node that blocks has a vertex for each
        segment that ends there, so that nothing passes.
    osm_id
        OSM node of each vertex, shape (vertices,).
    start, end
        Vertices of each segment, shape (segments,).
    length_mm
        Geodesic length on WGS 84, shape (segments,).
    forward, backward
        Index into `rides` of each segment and direction.
    stress_forward, stress_backward
        Level of traffic stress, 1 to 4, of each segment and direction.
    pavement
        Index into `rides` of how the pavement along the segment is ridden by who may; 0: none.
    way
        OSM way of each segment.
    boarding
        What one waits for to go along the segment: BOARDING a ferry, LIFTING; shape (segments,).
    on_ground, main
        Whether the segment runs at the level of the ground, and is of a main road.
    by_main
        Whether a main road passes each vertex, also one that nobody rides; shape (vertices,).
    busy, busy_arms
        Whether the segment is of a road that is busy to cross, see `stress.is_busy_crossing`, and
        how many segments of such roads end at each vertex, also of those that nobody rides.
    wait
        What one may wait for at each vertex, see `bicycle.find_wait`, shape (vertices,).
    rides
        The rides; the first is closed.
    ratio_bounds
        Least and highest ratio of each ride, see `bicycle.find_ratio_bounds`; of rides beyond them
        and without them the ratio itself.
    stress_bounds
        Level of each segment at its quietest, forward and backward, and at its busiest, see
        `stress.rate_bounds`, shape (segments, 4); None: the level itself.
    counts
        What was read and what was left out, for the manifest.
    barriers
        Degrees of both ends of the straight pieces of what nobody crosses, shape (pieces, 4).
    barrier_kind
        What each is a piece of, see `barriers.PIECE_KINDS`, shape (pieces,).
    extract
        Which extracts each vertex is in, bit i: of the i-th, shape (vertices,); None: all of one.
    on_foot
        Whether one walks; else one rides and pushes.
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    osm_id: NDArray[np.int64]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    length_mm: NDArray[np.int32]
    forward: NDArray[np.uint16]
    backward: NDArray[np.uint16]
    stress_forward: NDArray[np.uint8]
    stress_backward: NDArray[np.uint8]
    pavement: NDArray[np.uint16]
    way: NDArray[np.int64]
    boarding: NDArray[np.uint8]
    on_ground: NDArray[np.bool_]
    main: NDArray[np.bool_]
    by_main: NDArray[np.bool_]
    busy: NDArray[np.bool_]
    busy_arms: NDArray[np.uint8]
    wait: NDArray[np.uint8]
    rides: tuple[bicycle.Ride, ...]
    counts: dict[str, int]
    barriers: NDArray[np.float64]
    barrier_kind: NDArray[np.uint8]
    ratio_bounds: tuple[tuple[float, float], ...] = ()
    stress_bounds: NDArray[np.uint8] | None = None
    extract: NDArray[np.uint64] | None = None
    on_foot: bool = False


@dataclass(frozen=True)
class _WayKind:
    """What the tags of a way say: ways with the same tags share one."""

    forward: int
    backward: int
    residential: bool = False
    in_village: tuple[int, int] = (1, 1)
    in_country: tuple[int, int] = (1, 1)
    bounds: tuple[stress_.Bounds, ...] = ((1, 1, 1, 1),) * 3
    unreadable: bool = False
    unknown_access: bool = False
    beside: bool = False
    built_up: int = 0  # 1: the tags say inside a built-up area, -1: outside, 0: nothing
    for_cars: bool = False
    assumed: stress_.Assumed = stress_.NOTHING_ASSUMED
    lift: bool = False
    on_ground: bool = True
    pavement: int = 0
    main: bool = False
    busy: tuple[bool, bool] = (False, False)
    ferry_minutes: float | None = None


_CLOSED = _WayKind(0, 0)
"""Of no use."""


@dataclass(frozen=True)
class _RoadWays:
    """The ways of interest, packed.

    Way i has the nodes `nodes[refs[j]]` of all j where `owner[j]` is i, in order; `nodes` are
    sorted and stand there once. `of_main` are the nodes of main roads, also of those that are
    closed, and `of_busy` those of closed roads that are busy to cross, with how many arms each has.
    """

    ids: NDArray[np.int64]
    nodes: NDArray[np.int64]
    refs: NDArray[np.intp]
    owner: NDArray[np.intp]
    kind: NDArray[np.int32]
    kinds: list[_WayKind]
    rides: RideNumbers
    closed: int
    of_main: NDArray[np.int64]
    of_busy: tuple[NDArray[np.int64], NDArray[np.intp]]
    rules: ModuleType

    @classmethod
    def from_extracts(
        cls, read: extracts.Ways, rims: int, by: StressRuleSet, rules: ModuleType = bicycle
    ) -> _RoadWays:
        """Keep the ways that are of use; the last `rims` are those of squares."""
        rides: RideNumbers = {(bicycle.NOT_AT_ALL, None): 0}
        kinds = [_classify_tags(tags, rides, by, rules) for tags in read.tags]
        kept = np.array([kind is not _CLOSED for kind in kinds], dtype=np.bool_)[read.kind]
        refs_of_way = np.diff(read.first)
        chosen = read.refs[np.repeat(kept, refs_of_way)]
        nodes = list_once(chosen)  # and looked up: much quicker than numpy's own inverse
        owner = np.repeat(np.arange(kept.sum()), refs_of_way[kept])
        closed = int((~kept[: len(kept) - rims]).sum())

        def of_those(chosen: list[bool]) -> NDArray[np.int64]:
            return list_once(
                read.refs[np.repeat(np.array(chosen, np.bool_)[read.kind], refs_of_way)]
            )

        return cls(
            read.ids[kept],
            nodes,
            find_places(nodes, chosen),
            owner,
            read.kind[kept],
            kinds,
            rides,
            closed,
            of_those([tags.get("highway") in bicycle.MAIN_ROADS for tags in read.tags]),
            _count_arms(
                read,
                [
                    kind is _CLOSED
                    and not rules.ON_FOOT
                    and tags.get("highway") in bicycle.HIGHWAYS
                    and stress_.is_busy_crossing(tags, built_up=False, by=by)
                    for kind, tags in zip(kinds, read.tags, strict=True)
                ],
            ),
            rules,
        )

    def field_of_each(self, name: str, kind: type[np.generic]) -> NDArray[Any]:
        """Give one field of the kind of each way, shape (ways,)."""
        values = np.array([getattr(one, name) for one in self.kinds], dtype=kind)
        return np.asarray(values[self.kind])

    def meets_street(self) -> NDArray[np.bool_]:
        """Say which ways meet a residential or living street: our sign of a built-up area.

        A street of which the tags say that it lies outside one is no sign.
        """
        street = self.field_of_each("residential", np.bool_) & (
            self.field_of_each("built_up", np.int8) >= 0
        )
        on_street = np.zeros(len(self.nodes), dtype=np.bool_)
        on_street[self.refs[street[self.owner]]] = True
        meets = np.zeros(len(self.ids), dtype=np.bool_)
        meets[self.owner[on_street[self.refs]]] = True
        return meets

    def mark_built_up(self, inside: NDArray[np.int8]) -> NDArray[np.int8]:
        """Say for each ref whether the segment from it lies in a built-up area: 1, -1, 0: not told.

        Parameters
        ----------
        inside
            What the signs at the nodes say, see `stress.find_inside`, shape as `nodes`.

        A way's own tags go first. A sign where two ways meet counts for both when they are drawn
        the same way; where more meet nothing tells which road it stands on.
        """
        told = self.field_of_each("built_up", np.int8)[self.owner]
        at = np.flatnonzero(inside[self.refs])  # few
        way, ahead = self.owner[at], inside[self.refs[at]]
        first, end = (np.searchsorted(self.owner, way, side=side) for side in ("left", "right"))
        is_end = (at == first).astype(np.int64) - (at == end - 1)
        _, place, meeting = np.unique(self.refs[at], return_inverse=True, return_counts=True)
        joint = (np.bincount(place, is_end) == 0) & (np.bincount(place, np.abs(is_end)) == 2)
        for i in np.flatnonzero(((meeting == 1) | ((meeting == 2) & joint))[place]).tolist():
            if self.kinds[self.kind[way[i]]].built_up == 0:
                behind = told[first[i] : at[i]]
                behind[behind == 0] = -ahead[i]
                told[at[i] : end[i] - 1] = ahead[i]
        return told


def _count_arms(
    read: extracts.Ways, chosen: list[bool]
) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """Give the nodes of ways of some kinds, and how many straight pieces of these end at each."""
    some = read.take(np.array(chosen, np.bool_)[read.kind])
    owner = np.repeat(np.arange(len(some.ids)), np.diff(some.first))
    piece = (owner[:-1] == owner[1:]) & (some.refs[:-1] != some.refs[1:])
    ends = np.concatenate([some.refs[:-1][piece], some.refs[1:][piece]])
    return np.unique(ends, return_counts=True)


def _classify_tags(
    tags: dict[str, str], rides: RideNumbers, by: StressRuleSet, rules: ModuleType
) -> _WayKind:
    """Classify the tags of a way; a ride not met before is numbered in `rides`."""
    kind, ridden = _classify_way(tuple(tags.items()), by, rules)
    if not ridden:
        return kind
    forward, backward, pavement = (rides.setdefault(one, len(rides)) for one in ridden)
    return dataclasses.replace(kind, forward=forward, backward=backward, pavement=pavement)


@lru_cache(maxsize=10_000)
def _classify_way(
    items: tuple[tuple[str, str], ...], by: StressRuleSet, rules: ModuleType
) -> tuple[_WayKind, list[Any]]:
    """Classify tags, and give the rides along a way, against it and on its pavement."""
    tags = dict(items)
    if rules.is_ferry(tags):
        # Which speed a ferry has depends on its length: a ride of its own comes later.
        return _WayKind(0, 0, ferry_minutes=bicycle.read_ferry_minutes(tags) or 0.0), []
    both = rules.classify_way(tags)
    if both == (bicycle.NOT_AT_ALL, bicycle.NOT_AT_ALL):
        return _CLOSED, []
    kind = _WayKind(
        0,
        0,
        unreadable=rules.has_unreadable_tag(tags),
        unknown_access=rules.has_unknown_access(tags),
        lift=bicycle.LIFT in (both[0].mode, both[1].mode),
        on_ground=bicycle.is_on_ground(tags),
        main=tags["highway"] in bicycle.MAIN_ROADS,
        **({} if rules.ON_FOOT else _rate_traffic(stress_.keep_read(tags), by)),
    )
    pavement = (rules.classify_pavement(tags), None)
    return kind, [*zip(both, rules.find_ratio_bounds(tags), strict=True), pavement]


@lru_cache(maxsize=10_000)
def _rate_traffic(items: tuple[tuple[str, str], ...], by: StressRuleSet) -> dict[str, Any]:
    """Say of a way what matters to who rides among traffic, by the fields of a `_WayKind`."""
    tags = dict(items)
    village, country = stress_.rate_in_and_out(tags, by)
    return {
        "residential": tags.get("highway") in bicycle.RESIDENTIAL,
        "in_village": village,
        "in_country": country,
        "bounds": stress_.rate_bounds(tags, by),
        "beside": bicycle.has_cycleway_beside(tags),
        "built_up": {True: 1, False: -1, None: 0}[stress_.read_built_up(tags)],
        "for_cars": stress_.is_open_to_cars(tags),
        "assumed": stress_.find_assumed(tags),
        "busy": (
            stress_.is_busy_crossing(tags, built_up=True, by=by),
            stress_.is_busy_crossing(tags, built_up=False, by=by),
        ),
    }


def read_roads(
    paths: Iterable[Path], stress_rules: str = "default", mode: Mode = "bicycle"
) -> RoadSegments:
    """Read the roads that are of use in a mode of travel from one or more extracts.

    Parameters
    ----------
    paths
        Extracts (.osm.pbf, .osm, .osm.gz, .osm.bz2). A way that is in two is taken once, in its
        newest version.
    stress_rules
        The set of rules by which roads are quiet, see `stress_rules`; on foot there is no stress.
    mode
        As `study.Travel` has it.

    Raises
    ------
    InputError
        If an extract cannot be read to its end, or none has a road.
    """
    paths, rules = list(paths), RULES[mode]
    way_tags, node_tags = (
        (foot.TAGS_READ, foot.NODE_TAGS_READ) if rules.ON_FOOT else (TAGS_READ, NODE_TAGS_READ)
    )
    squares = read_squares(paths, way_tags, rules)
    asked = [extracts.WaysAsked(("highway", "route"), way_tags), barriers.ASKED]
    (read, across), rims = extracts.read_ways_at_once(paths, asked), len(squares.rims.ids)
    ways = _RoadWays.from_extracts(
        join_ways(read, squares.rims), rims, load_stress_rules(stress_rules), rules
    )
    if not len(ways.ids):
        raise _no_roads_error(paths, rules)
    # What goes around a square may have no tags.
    along = None if rims else osmium.filter.KeyFilter(*extracts.list_keys(asked))
    needed = list_once(np.concatenate([ways.nodes, across.refs]))
    located = extracts.read_nodes(paths, needed, node_tags, along).sort()
    nodes = located.take_ids(ways.nodes)
    if not len(nodes.ids):
        raise _no_places_error(paths, len(ways.ids))
    ways, lifts = _replace_lifts(ways)
    pieces = barriers.find_pieces(across, located)
    found = {"lifts": lifts} | squares.counts
    if len(paths) > 1:
        unlike = list_once(read.unlike[extracts.is_among(np.sort(ways.ids), read.unlike)])
        found["unlike_in_extracts"] = len(unlike) + len(nodes.unlike)
    roads = _cut_ways(ways, nodes, found, pieces)
    modes = np.array([ride.mode for ride in roads.rides])
    if (modes[roads.forward] == bicycle.FERRY).all():
        raise _no_roads_error(paths, rules)
    return roads


def _no_places_error(paths: list[Path], ways: int) -> InputError:
    names = ", ".join(path.name for path in paths)
    have = "road has" if ways == 1 else "roads have"
    return InputError(
        Problem(
            names,
            f"says nowhere where its roads lie: {ways:,} {have} no nodes with a place",
            "give the nodes too; of Overpass: (._;>;); out; or out geom;",
        )
    )


def _no_roads_error(paths: list[Path], rules: ModuleType) -> InputError:
    names = ", ".join(path.name for path in paths)
    return InputError(
        Problem(names, f"has no road {rules.WHO_GOES}", "give an extract with highways")
    )


def _replace_lifts(ways: _RoadWays) -> tuple[_RoadWays, int]:
    """Replace each lift by a way between any two of its doors, where it meets another way.

    Drawn as a line or as an area, whichever two doors one takes: one waits once.
    """
    lift = ways.field_of_each("lift", np.bool_)
    if not lift.any():
        return ways, 0
    of_lift = lift[ways.owner]
    near = np.zeros(len(ways.nodes), dtype=np.bool_)
    near[ways.refs[of_lift]] = True
    near = near[ways.refs]
    met = np.unique(np.stack([ways.refs[near], ways.owner[near]], axis=1), axis=0)
    node, meeting = np.unique(met[:, 0], return_counts=True)
    doors = set(node[meeting > 1].tolist())
    pairs = [
        (way, *pair)
        for way in np.flatnonzero(lift).tolist()
        for pair in combinations(sorted(doors.intersection(met[met[:, 1] == way, 0].tolist())), 2)
    ]
    way, ends = np.array(pairs, dtype=np.intp).reshape(-1, 3)[:, 0], [two[1:] for two in pairs]
    number = np.cumsum(~lift) - 1
    owner = np.append(
        number[ways.owner[~of_lift]], np.repeat((~lift).sum() + np.arange(len(way)), 2)
    )
    return dataclasses.replace(
        ways,
        ids=np.append(ways.ids[~lift], ways.ids[way]),
        kind=np.append(ways.kind[~lift], ways.kind[way]),
        refs=np.append(ways.refs[~of_lift], np.array(ends, dtype=np.intp).ravel()),
        owner=owner,
    ), len(np.unique(way))


def _cut_ways(
    ways: _RoadWays,
    nodes: extracts.Nodes,
    found: dict[str, int],
    pieces: tuple[NDArray[np.float64], NDArray[np.uint8]],
) -> RoadSegments:
    """Cut the ways at every node; leave out what misses a location."""
    nodes = nodes.sort()
    osm_id, lon, lat, extract = nodes.ids, nodes.lon, nodes.lat, nodes.extract
    blocking, wait = _find_blocking(nodes, ways.rules)
    by_main = _lay(osm_id, ways.of_main, np.True_)
    arms = _lay(osm_id, *ways.of_busy)

    placed = extracts.is_among(osm_id, ways.nodes)
    place = find_places(osm_id, ways.nodes).astype(np.int32)
    vertex, known, way_of_ref = place[ways.refs], placed[ways.refs], ways.owner

    neighbours = way_of_ref[:-1] == way_of_ref[1:]
    whole = neighbours & known[:-1] & known[1:]
    distinct = whole & (ways.refs[:-1] != ways.refs[1:])
    way = way_of_ref[:-1][distinct]
    # The order of ways in a file must not matter: segments go by way id, then along the way.
    by_id = order_stably(ways.ids[way])
    way = way[by_id]
    start, end = vertex[:-1][distinct][by_id], vertex[1:][distinct][by_id]

    start, end, copies = _cut_at_blocking(blocking, start, end)
    lon, lat, osm_id, extract, arms, wait, by_main = do_at_once(
        lambda one: np.append(one, one[copies]), (lon, lat, osm_id, extract, arms, wait, by_main)
    )
    mm = measure_lengths(lon, lat, start, end)
    short = mm <= extracts.LONGEST_M * 1000
    if not short.all():
        start, end, way, mm = start[short], end[short], way[short], mm[short]
    length_mm = np.rint(mm).astype(np.int32)
    told = ways.mark_built_up(_read_signs(ways, nodes))[:-1][distinct][by_id][short]
    built_up = np.where(told == 0, ways.meets_street()[way], told > 0)[:, None]
    lts = np.where(
        built_up,
        ways.field_of_each("in_village", np.uint8)[way],
        ways.field_of_each("in_country", np.uint8)[way],
    )
    # Of the three kinds of place: inside a built-up area, outside one, and not told.
    row = np.where(told > 0, 0, np.where(told < 0, 1, 2))
    bounds = ways.field_of_each("bounds", np.uint8)[way, row]
    of_kind = ways.field_of_each("busy", np.bool_)[way]
    busy = np.where(built_up[:, 0], of_kind[:, 0], of_kind[:, 1])
    arms = arms + np.bincount(np.concatenate([start[busy], end[busy]]), minlength=len(osm_id))
    forward = ways.field_of_each("forward", np.uint16)[way]
    backward = ways.field_of_each("backward", np.uint16)[way]
    ferries = _ferry_rides(ways, way, length_mm)
    for number, ride in ferries.items():
        index = ways.rides.setdefault((ride, None), len(ways.rides))
        forward[way == number] = backward[way == number] = index
    first_of_way = starts_of_runs(way)
    return RoadSegments(
        lon=lon,
        lat=lat,
        osm_id=osm_id,
        start=start,
        end=end,
        length_mm=length_mm,
        forward=forward,
        backward=backward,
        stress_forward=lts[:, 0],
        stress_backward=lts[:, 1],
        pavement=ways.field_of_each("pavement", np.uint16)[way],
        way=ways.ids[way],
        boarding=np.where(
            first_of_way & np.isin(way, list(ferries)),
            np.uint8(bicycle.BOARDING),
            np.where(
                ways.field_of_each("lift", np.bool_)[way], np.uint8(bicycle.LIFTING), np.uint8(0)
            ),
        ),
        on_ground=ways.field_of_each("on_ground", np.bool_)[way],
        main=ways.field_of_each("main", np.bool_)[way],
        by_main=by_main,
        busy=busy,
        busy_arms=np.minimum(arms, 255).astype(np.uint8),
        wait=wait,
        rides=tuple(ride for ride, _ in ways.rides),
        ratio_bounds=tuple(ends or (ride.ratio, ride.ratio) for ride, ends in ways.rides),
        stress_bounds=bounds,
        counts={
            "ways": len(ways.ids),
            ways.rules.CLOSED_WAYS: ways.closed,
            "ways_without_nodes": len(ways.ids) - len(list_once(ways.owner)),
            "ways_with_unreadable_tags": int(ways.field_of_each("unreadable", np.bool_).sum()),
            "ways_with_unknown_access": int(ways.field_of_each("unknown_access", np.bool_).sum()),
            "ferries": len(ferries),
            **found,
            **({} if ways.rules.ON_FOOT else _count_traffic(ways, way, length_mm, told)),
            "segments": len(start),
            "segments_without_location": int(neighbours.sum() - whole.sum()),
            "segments_too_long": int((~short).sum()),
            "segments_of_no_length": int((length_mm == 0).sum()),
            "nodes_given_twice": len(nodes.repeats),
            "repeated_nodes": int(whole.sum() - distinct.sum()),
            "blocking_nodes": int(blocking.sum()),
            "barriers_of_unknown_kind": _count_unknown_barriers(nodes, ways.rules),
        },
        barriers=pieces[0],
        barrier_kind=pieces[1],
        extract=extract,
        on_foot=ways.rules.ON_FOOT,
    )


def _read_signs(ways: _RoadWays, nodes: extracts.Nodes) -> NDArray[np.int8]:
    """Say of each node of the ways on which side of it a built-up area lies, if a sign tells."""
    ahead = np.array([stress_.find_inside(tags) for tags in nodes.tags], dtype=np.int8)
    at = np.flatnonzero(ahead[nodes.kind])  # few
    return _lay(ways.nodes, nodes.ids[at], ahead[nodes.kind[at]])


def _lay(
    ids: NDArray[np.int64], some: NDArray[np.int64], values: NDArray[Any] | np.bool_
) -> NDArray[Any]:
    """Lay values beside those ids, which are sorted, that are among some, and nought elsewhere."""
    known = extracts.is_among(ids, some)
    laid = np.zeros(len(ids), dtype=values.dtype)
    laid[np.searchsorted(ids, some[known])] = np.broadcast_to(values, len(some))[known]
    return laid


def _count_traffic(
    ways: _RoadWays, way: NDArray[np.intp], length_mm: NDArray[np.int32], told: NDArray[np.int8]
) -> dict[str, int]:
    """Count cycleways drawn by themselves, and metres whose stress rests on what nobody tagged."""
    for_cars = ways.field_of_each("for_cars", np.bool_)[way]
    limit, lanes, no_track = ways.field_of_each("assumed", np.bool_)[way].T
    streets = ways.field_of_each("residential", np.bool_)[way]
    of = {
        "for_cars_m": for_cars,
        "assumed_limit_m": limit,
        "assumed_built_up_m": limit & (told == 0) & ~streets,
        "assumed_lanes_m": lanes,
        "assumed_no_track_m": no_track,
    }
    beside = {"ways_with_separate_cycleway": int(ways.field_of_each("beside", np.bool_).sum())}
    return beside | {
        name: int(length_mm[which].sum(dtype=np.int64)) // 1000 for name, which in of.items()
    }


def _find_blocking(
    nodes: extracts.Nodes, rules: ModuleType
) -> tuple[NDArray[np.bool_], NDArray[np.uint8]]:
    """Say which nodes block, and what one may wait for at each."""
    blocks = np.array([rules.is_blocking(tags) for tags in nodes.tags], dtype=np.bool_)
    waits = np.array([rules.find_wait(tags) for tags in nodes.tags], dtype=np.uint8)
    waits[blocks] = bicycle.NO_WAIT
    return blocks[nodes.kind], waits[nodes.kind]


def _count_unknown_barriers(nodes: extracts.Nodes, rules: ModuleType) -> int:
    """Count the nodes whose barrier, or who may pass it, we do not know."""
    odd = [
        "barrier" in tags and (bicycle.has_unknown_barrier(tags) or rules.has_unknown_access(tags))
        for tags in nodes.tags
    ]
    return len(list_once(nodes.ids[np.array(odd, dtype=np.bool_)[nodes.kind]]))


def measure_lengths(
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    start: NDArray[np.int32],
    end: NDArray[np.int32],
) -> NDArray[np.float64]:
    """Measure segments along the ellipsoid in millimetres: rounded, they are those of PROJ.

    Parameters
    ----------
    lon, lat
        Of each vertex, degrees.
    start, end
        Vertices of each segment.
    """
    # PROJ takes a microsecond for each. The straight line through the ellipsoid, and what a circle
    # of the mean radius is longer, gives up to `_FAR_M` the same within a ten-thousandth of a
    # millimetre; so PROJ is asked for longer ones and for those that near a half millimetre.
    place = np.empty((3, len(lon)))
    mm, sure = np.empty(len(start)), np.empty(len(start), dtype=np.bool_)

    def put(some: slice) -> None:
        place[:, some] = _place_in_space(lon[some], lat[some])

    def measure(some: slice) -> None:
        across = [coordinate[start[some]] - coordinate[end[some]] for coordinate in place]
        chord_m = np.sqrt(across[0] ** 2 + across[1] ** 2 + across[2] ** 2)
        mm[some] = about_mm = 1000 * (chord_m + chord_m**3 / (24 * _RADIUS_M**2))
        sure[some] = (chord_m < _FAR_M) & (np.abs(about_mm % 1 - 0.5) > _UNSURE_MM)

    do_at_once(put, list_blocks(len(lon), _AT_ONCE))
    do_at_once(measure, list_blocks(len(start), _AT_ONCE))
    unsure = np.flatnonzero(~sure)
    a, b = start[unsure], end[unsure]
    # Of a single segment some versions of pyproj give a number.
    mm[unsure] = 1000 * np.atleast_1d(WGS84.inv(lon[a], lat[a], lon[b], lat[b])[2])
    return mm


def _place_in_space(
    lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> tuple[NDArray[np.float64], ...]:
    """Give x, y and z from the middle of the earth, metres."""
    east, north = np.radians(lon), np.radians(lat)
    sine = np.sin(north)
    normal_m = WGS84.a / np.sqrt(1 - WGS84.es * sine**2)
    flat = normal_m * np.cos(north)
    return flat * np.cos(east), flat * np.sin(east), normal_m * (1 - WGS84.es) * sine


def _ferry_rides(
    ways: _RoadWays, way: NDArray[np.intp], length_mm: NDArray[np.int32]
) -> dict[int, bicycle.Ride]:
    """Give each ferry the speed that makes its length take its duration."""
    rides = {}
    ferry_minutes = ways.field_of_each("ferry_minutes", np.float64)
    for number in list_once(way[~np.isnan(ferry_minutes)[way]]).tolist():
        minutes = ferry_minutes[number]
        km = float(length_mm[way == number].sum()) / 1e6
        kmh = km / (minutes / 60) if minutes and km else bicycle.FERRY_KMH
        rides[number] = bicycle.Ride(bicycle.FERRY, cap_kmh=kmh)
    return rides


def _cut_at_blocking(
    blocking: NDArray[np.bool_], start: NDArray[np.int32], end: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Give every segment that ends at a blocking vertex a vertex of its own there.

    Returns
    -------
    tuple
        Starts, ends, and the vertices of which a copy is to be appended, in order.
    """
    start, end = start.copy(), end.copy()
    first_new = len(blocking)
    at_start, at_end = np.flatnonzero(blocking[start]), np.flatnonzero(blocking[end])
    copies = np.concatenate([start[at_start], end[at_end]])
    start[at_start] = first_new + np.arange(len(at_start))
    end[at_end] = first_new + len(at_start) + np.arange(len(at_end))
    return start, end, copies
