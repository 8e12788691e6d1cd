"""Where changes of roads are looked for, and what was found for each of those who ride alike."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from stemgeo.access.stretches import add_up_rides
from stemgeo.arrays import list_ranges
from stemgeo.links.chains import Sets, chain_streets, find_companions, follow_rides, list_windows
from stemgeo.links.joined import (
    LinkGround,
    join_links,
    list_over_barriers,
    list_over_gaps,
    thin_out,
)
from stemgeo.links.quiet import Stretches, mark_stressful, mark_taken, ride_along
from stemgeo.links.reach import Sides
from stemgeo.network.barriers import load_barriers, load_way_names, name_crossed
from stemgeo.network.crossings import ON_FOOT_M
from stemgeo.network.edits import RoadEdit, lay_edits

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import geopandas as gpd
    from numpy.typing import NDArray

    from stemgeo.access.travellers import OverNetwork
    from stemgeo.links.joined import NewLinks
    from stemgeo.links.reach import Reach
    from stemgeo.network.graph import Network
    from stemgeo.study import LinkKind, LinkRules

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]
    Longs = NDArray[np.int64]
    Positions = NDArray[np.intp]


class MapNames(NamedTuple):
    """What roads and barriers are called on the map.

    Attributes
    ----------
    paths, sha256s
        The extracts, and their hashes; without any nothing has a name.
    """

    paths: Sequence[Path]
    sha256s: Sequence[str]

    def name_ways(self, ways: Iterable[int]) -> dict[int, str]:
        """Give the names of OSM ways, or their numbers; those without either are left out."""
        return load_way_names(self.paths, self.sha256s, ways) if self.paths else {}

    def name_crossed(self, lines: gpd.GeoSeries) -> list[str]:
        """Give the names of the barriers that each line crosses, in the order in which it does."""
        if not self.paths or lines.empty:
            return [""] * len(lines)
        met = name_crossed(load_barriers(self.paths, self.sha256s), lines)
        named = [dict.fromkeys(name for _, name in one if name) for one in met]
        return ["; ".join(one) for one in named]


class Chosen(NamedTuple):
    """Candidates of a kind: their parts, and what puts one before another.

    Attributes
    ----------
    kind
        Of `study.LINK_KINDS`.
    parts
        By the numbers of `Seeking.first_part`.
    score
        Shape (candidates,).
    """

    kind: LinkKind
    parts: Sets
    score: Longs


@dataclass(frozen=True)
class CutRoads:
    """The roads of a study, cut where they become too stressful, and what is looked at on them.

    Attributes
    ----------
    every, calm
        Who travels over all roads, and over those of the profile.
    rules
        What is looked for.
    stretches
        Those that are too stressful.
    rows
        The stretches of each street, as from `chain_streets`.
    names
        Of the map.
    """

    every: OverNetwork
    calm: OverNetwork
    rules: LinkRules
    stretches: Stretches
    rows: tuple[Ints, Positions, Bools]
    names: MapNames

    @classmethod
    def of_study(
        cls,
        every: OverNetwork,
        profile: str,
        rules: LinkRules,
        names: MapNames,
        projects: Sequence[RoadEdit] = (),
    ) -> CutRoads:
        """Cut the roads of a study.

        Parameters
        ----------
        every
            Who travels over all roads.
        profile, rules
            Over which roads links are weighed, and which.
        names
            Of the map: pieces of one street are chained.
        projects
            The user's own: no stretch lies where one of them does otherwise.
        """
        network = every.network
        quiet = profile != "all" and not {"stretch", "chain"}.isdisjoint(rules.kinds)
        loud = mark_stressful(network, profile) if quiet else np.zeros(len(network.way), np.bool_)
        loud &= ~mark_taken(network, profile, projects)
        if loud.any():
            network = lay_edits(network, [RoadEdit("", "quiet", np.flatnonzero(loud))]).before
            beside = every.beside and network.take_to_pavements()
            every = replace(every, network=network, beside=beside, _riders={})
        calm = every.in_profile(profile) if profile != "all" else every
        stretches = Stretches.from_network(network, loud)
        way = network.way[network.first_segment[:-1]]
        ways = np.unique(way[stretches.edge])
        known = names.name_ways(ways.tolist())
        called = [known.get(one, one) for one in ways.tolist()]
        number = {name: at for at, name in enumerate(dict.fromkeys(called))}
        street = np.full(network.edges, -1, dtype=np.int32)
        code = np.array([number[one] for one in called], dtype=np.int32)
        street[stretches.edge] = code[np.searchsorted(ways, way[stretches.edge])]
        rows = chain_streets(network, stretches, street)
        return cls(every, calm, rules, stretches, rows, names)

    @property
    def network(self) -> Network:
        """All roads, cut where they become too stressful; segments are those of the study."""
        return self.every.network

    @cached_property
    def length_m(self) -> Floats:
        """Of each stretch."""
        return self.stretches.measure_m(self.network)

    @cached_property
    def ground(self) -> LinkGround:
        """The places at which new roads may begin."""
        return LinkGround.from_network(self.calm.network)

    @cached_property
    def busy(self) -> Positions:
        """The nodes at which someone crosses a busy road; none where that costs nothing."""
        if self.calm.profile == "all" or self.calm.study.travel.busy_crossings == "ignore":
            return np.zeros(0, dtype=np.intp)
        edge, end = np.nonzero(self.network.busy_ends)
        return np.unique(self.network.ends[end, edge]).astype(np.intp)

    @cached_property
    def busy_groups(self) -> Sets:
        """Which of `busy` are crossed one after the other: both halves of a wide road."""
        place = np.full(self.network.nodes, -1, dtype=np.intp)
        place[self.busy] = np.arange(len(self.busy))
        one, other = place[self.network.ends]
        short = (one >= 0) & (other >= 0) & (self.network.edge_length_m <= 2 * ON_FOOT_M)
        short &= self.network.busy_ends.all(axis=1)
        size = len(self.busy), len(self.busy)
        graph = coo_array((np.ones(short.sum()), (one[short], other[short])), shape=size)
        count, group = connected_components(graph, directed=False) if size[0] else (0, place[:0])
        order = np.argsort(group, kind="stable")
        first = np.append(0, np.cumsum(np.bincount(group, minlength=count)))
        return Sets(first.astype(np.intp), order.astype(np.int32))

    @cached_property
    def crossings(self) -> Sets:
        """Which of `busy` each stretch passes."""
        place = np.full(self.network.nodes, -1, dtype=np.int32)
        place[self.busy] = np.arange(len(self.busy), dtype=np.int32)
        owner = np.repeat(np.arange(len(self.stretches)), np.diff(self.stretches.first_node))
        met = place[self.stretches.node]
        sizes = np.bincount(owner[met >= 0], minlength=len(self.stretches))
        return Sets(np.append(0, np.cumsum(sizes)), met[met >= 0])


@dataclass
class Seeking:
    """What was found on the roads of a study, for all who ride alike so far."""

    roads: CutRoads
    flow: Longs = field(init=False)
    """The children out of reach whose quickest ride over all roads takes each stretch."""
    alone: Bools = field(init=False)
    together: Bools = field(init=False)
    """The stretches that may bring someone by themselves, and with the crossings they pass."""
    spare_ms: Longs = field(init=False)
    """How much time is left at each of `busy` to who comes to an academy by it, at most."""
    chains: Sets = field(default_factory=Sets.none)
    over: list[NewLinks] = field(default_factory=list)
    joined: list[NewLinks] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin with nothing."""
        count = len(self.roads.stretches)
        self.flow = np.zeros(count, dtype=np.int64)
        self.alone, self.together = (np.zeros(count, dtype=np.bool_) for _ in range(2))
        self.spare_ms = np.full(len(self.roads.busy), -1, dtype=np.int64)

    def look(self, reach: Reach | None) -> None:
        """Look for what may bring some of those who ride alike within reach.

        Parameters
        ----------
        reach
            Who they are, over the roads of this; None where no child is left to gain.
        """
        if reach is None:
            return
        roads, rules = self.roads, self.roads.rules
        if len(roads.busy):
            free = reach.open_crossings(roads.busy)
            here = free.to_ms[roads.busy] + free.from_ms[roads.busy]
            self.spare_ms = np.maximum(self.spare_ms, reach.cutoff_ms - here)
        else:
            free = reach.changed
        if len(roads.stretches):
            self._look_along(reach, free)
        for kind, look, found in (
            ("barrier", list_over_barriers, self.over),
            ("gap", list_over_gaps, self.joined),
        ):
            if kind in rules.kinds:
                found.append(look(roads.calm.network, roads.ground, reach, rules))

    def _look_along(self, reach: Reach, free: Sides) -> None:
        """Look at stretches and chains of them."""
        roads, rules, stretches = self.roads, self.roads.rules, self.roads.stretches
        beside, met = reach.list_beside(stretches.of_edge >= 0)
        rides = stretches.measure_rides(reach)
        plain, opened = (Sides(*map(np.minimum, known, beside)) for known in (reach.changed, free))
        ways = ride_along(stretches, rides, plain, beside)
        self.alone |= ways.best_ms <= reach.cutoff_ms
        self.alone[stretches.of_edge[met]] = True
        if len(roads.busy):
            before, ways = ways, ride_along(stretches, rides, opened, beside)
            sooner = ways.best_ms < before.best_ms
            self.together |= sooner & (ways.best_ms <= reach.cutoff_ms)
        self.flow += self._count_flow(reach)
        if "chain" not in rules.kinds:
            return
        ends_to_ms = opened.to_ms[stretches.ends]
        limits = roads.length_m, rules.max_chain_m
        found = list_windows(roads.rows, ways, ends_to_ms, *limits, reach.cutoff_ms, rules.most)
        at_nodes = opened.from_ms, opened.to_ms
        found = found.add(follow_rides(reach, stretches, at_nodes, *limits))
        # Also among those that bring nobody by themselves: of these two halves are missed else.
        for companions in (np.ones_like(self.alone), ways.best_ms > reach.cutoff_ms):
            asked = reach, stretches, rides, ways, (opened, beside), companions
            found = found.add(find_companions(*asked))
        metres = np.add.reduceat(np.append(roads.length_m[found.member], 0), found.first[:-1])
        kept = np.flatnonzero(metres <= rules.max_chain_m) if len(found) else found.first[:0]
        self.chains = self.chains.add(found.take(kept)).keep_once()

    def _count_flow(self, reach: Reach) -> Longs:
        stretches, points = self.roads.stretches, len(reach.children)
        found = add_up_rides(
            reach.open_,
            reach.sites,
            reach.would,
            np.zeros(len(reach.sites.snap_m), dtype=np.intp),
            group=np.zeros(points, dtype=np.int64),
            children=reach.children,
            counted=np.repeat(stretches.of_edge >= 0, 2),
        )
        flow = np.zeros(len(stretches), dtype=np.int64)
        np.maximum.at(flow, stretches.of_edge[found.arc >> 1], found.children)
        return flow

    @cached_property
    def links(self) -> tuple[NewLinks, int]:
        """The new roads that were found, and how many of them cross something."""
        rules = self.roads.rules
        parts = [thin_out(join_links(found), rules) for found in (self.over, self.joined)]
        return join_links(parts), len(parts[0].across)

    @property
    def first_part(self) -> tuple[int, int, int]:
        """Where busy nodes, new links and projects begin among the parts; stretches come first."""
        stretches, busy = len(self.roads.stretches), len(self.roads.busy)
        return stretches, stretches + busy, stretches + busy + len(self.links[0].across)

    def choose(self, projects: int) -> tuple[list[Chosen], dict[str, int]]:
        """Choose the candidates of each kind that is asked for; and how many are left out, by why.

        Parameters
        ----------
        projects
            How many the user has.
        """
        rules, (_, new, own) = self.roads.rules, self.first_part
        links = self.links[0]
        crosses = links.across > 0
        found = [
            *self._choose_stretches(),
            self._choose_chains(),
            *self._choose_junctions(),
            Chosen("barrier", _singles(new + np.flatnonzero(crosses)), links.score_ms[crosses]),
            Chosen("gap", _singles(new + np.flatnonzero(~crosses)), links.score_ms[~crosses]),
            Chosen("project", _singles(own + np.arange(projects)), np.zeros(projects, np.int64)),
        ]
        too_long = self.alone & (self.roads.length_m > rules.max_stretch_m)
        left_out = {"too_long": int(too_long.sum()) if "stretch" in rules.kinds else 0}
        chosen = []
        for one in found:
            if one.kind not in rules.kinds:
                continue
            most = np.argsort(-one.score, kind="stable")[: rules.most]
            over = len(one.score) - len(most)
            left_out[one.kind] = left_out.get(one.kind, 0) + over
            chosen.append(Chosen(one.kind, one.parts.take(np.sort(most)), one.score[np.sort(most)]))
        return chosen, {why: count for why, count in left_out.items() if count}

    def _choose_stretches(self) -> list[Chosen]:
        short = self.roads.length_m <= self.roads.rules.max_stretch_m
        alone = np.flatnonzero(self.alone & short)
        passing = np.diff(self.roads.crossings.first) > 0
        both = np.flatnonzero(self.together & short & passing)
        return [
            Chosen("stretch", _singles(alone), self.flow[alone]),
            Chosen("stretch", self._with_crossings(_singles(both)), self.flow[both]),
        ]

    def _choose_chains(self) -> Chosen:
        flow = self.flow[self.chains.member]
        most = np.maximum.reduceat(np.append(flow, 0), self.chains.first[:-1])
        return Chosen("chain", self._with_crossings(self.chains), most[: len(self.chains)])

    def _with_crossings(self, sets: Sets) -> Sets:
        """Add to sets of stretches the crossings of busy roads that they pass."""
        if not len(self.roads.busy):
            return sets
        passed = self.roads.crossings
        row, at = list_ranges(passed.first[sets.member], passed.first[sets.member + 1])
        owner = np.append(sets.owner, sets.owner[row])
        member = np.append(sets.member, passed.member[at] + self.first_part[0]).astype(np.int32)
        return Sets.by_owner(owner, member, len(sets))

    def _choose_junctions(self) -> list[Chosen]:
        one, groups = np.flatnonzero(self.spare_ms >= 0), self.roads.busy_groups
        several = groups.take(np.flatnonzero(np.diff(groups.first) > 1))
        begin = self.first_part[0]
        spare = np.zeros(len(several), dtype=np.int64)
        return [
            Chosen("junction", _singles(begin + one), self.spare_ms[one]),
            Chosen("junction", Sets(several.first, several.member + np.int32(begin)), spare),
        ]


def _singles(numbers: Positions) -> Sets:
    """Give a set of each number by itself."""
    return Sets(np.arange(len(numbers) + 1), numbers.astype(np.int32))
