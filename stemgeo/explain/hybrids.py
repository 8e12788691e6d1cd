"""Studies of which each part is of A or of B, measured; what they share is made once.

Only academies, roads and rules ask for a search. Children and where they are placed are counted at
points whose times are known already: those of all placings are tied and searched together.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from stemgeo.access.travellers import OverNetwork, list_travellers
from stemgeo.coverage import Reached, coverage_table
from stemgeo.demand import PlacingGround, cut_age_cells
from stemgeo.demand.points import served_ages
from stemgeo.explain.ends import ACADEMIES, CHILDREN, PARTS, PLACING, ROADS, RULES
from stemgeo.facts import LAMBERT_72
from stemgeo.inputs.plan import add_plan
from stemgeo.measure import (
    Prepared,
    is_in_time,
    load_living,
    load_roads,
    network_hashes,
    search_rides,
)
from stemgeo.recognition import choose_recognised
from stemgeo.stages import report_nothing
from stemgeo.study import list_ages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from stemgeo.access.travellers import StraightLine
    from stemgeo.demand import AgeCell
    from stemgeo.explain.ends import LoadedEnd
    from stemgeo.network.graph import Network
    from stemgeo.study import AcademyRules, Study

SEARCHED = (ACADEMIES, ROADS, RULES)
"""The parts that ask for a search."""


@dataclass
class Hybrids:
    """The studies between A and B.

    Attributes
    ----------
    a, b
        Both ends, in the same codes.
    threads
        Searches that run side by side.
    searched
        The measurements that were made: which of A and B each part of `SEARCHED` was of.
    """

    a: LoadedEnd
    b: LoadedEnd
    threads: int
    searched: dict[tuple[str, ...], list[Reached]] = field(default_factory=dict)
    _kept: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    @cached_property
    def differing(self) -> tuple[str, ...]:
        """The parts in which A and B differ."""
        return tuple(one for one in PARTS if getattr(self, f"_differ_in_{one}")())

    @cached_property
    def profiles(self) -> tuple[str, ...]:
        """The roads over which both are measured: in a straight line none is quiet."""
        a, b = (
            ("all",) if one.study.straight_line else one.study.travel.profiles
            for one in (self.a, self.b)
        )
        return tuple(one for one in b if one in a)

    def count(self, changed: frozenset[str]) -> pd.DataFrame:
        """Count who is within reach when some parts are of B and the others of A.

        Returns
        -------
        DataFrame
            The coverage table, at the central speeds, of the profiles of both.
        """
        prepared, at = self._prepare(changed)
        reached = [
            replace(one, covered=one.covered[at], measured=one.measured[at])
            for one in self._search(changed)
        ]
        return coverage_table(prepared.points, reached, prepared.levels)

    def _end(self, part: str, changed: frozenset[str]) -> LoadedEnd:
        """Give the end of which a part is; where both are alike it is B's."""
        return self.a if part in self.differing and part not in changed else self.b

    def _name_ends(self, changed: frozenset[str], parts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple("a" if self._end(one, changed) is self.a else "b" for one in parts)

    # -- where they differ ------------------------------------------------------------------

    def _differ_in_academies(self) -> bool:
        """Whether others count on the day of each, whichever rules say which."""
        rules = [one.study.academies for one in (self.a, self.b)]
        return any(
            _describe_academies(choose_academies(self.a, one))
            != _describe_academies(choose_academies(self.b, one))
            for one in rules
        )

    def _differ_in_roads(self) -> bool:
        edits = [one.inputs.network_edits for one in (self.a, self.b)]
        return self._have_other_extracts or not _are_alike(*edits)

    @property
    def _have_other_extracts(self) -> bool:
        return self._name_roads(self.a) != self._name_roads(self.b)

    @staticmethod
    def _name_roads(end: LoadedEnd) -> list[str] | None:
        return None if end.study.straight_line else sorted(network_hashes(end.inputs))

    def _differ_in_children(self) -> bool:
        ours, theirs = self.a.inputs, self.b.inputs
        residents = [one.residents for one in (ours, theirs)]
        alike = ours.children.equals(theirs.children) and ours.parts_vintage == theirs.parts_vintage
        return not (alike and _are_alike(*residents))

    def _differ_in_rules(self) -> bool:
        """Whether one travels or counts otherwise; over which roads it is told is no rule."""
        ours, theirs = (
            (one.study.travel.model_dump(exclude={"profiles"}), one.study.academies)
            for one in (self.a, self.b)
        )
        return ours != theirs

    def _differ_in_placing(self) -> bool:
        a, b = self.a, self.b
        names = ("zones", "municipalities", "zone_population", "weights", "addresses")
        alike = all(_are_alike(getattr(a.inputs, one), getattr(b.inputs, one)) for one in names)
        chosen = [(one.study.demand.model_dump(exclude={"compare"}), one.study.method)
                  for one in (a, b)]  # fmt: skip
        draws = any(one.study.method not in ("grid", "centroid") for one in (a, b))
        return not alike or chosen[0] != chosen[1] or (draws and self._have_other_extracts)

    # -- the children -----------------------------------------------------------------------

    def _prepare(self, changed: frozenset[str]) -> tuple[Prepared, NDArray[np.intp]]:
        """Give the children at points, and where these stand among all points."""
        key = self._name_ends(changed, (CHILDREN, PLACING)) + self._name_ages(changed)
        every = list(self._prepared)
        ends = np.cumsum([len(one.points) for one in self._prepared.values()])
        at = every.index(key)
        prepared = self._prepared[key]
        return prepared, self._places[1][ends[at] - len(prepared.points) : ends[at]]

    def _name_ages(self, changed: frozenset[str]) -> tuple[str, ...]:
        return tuple(one.name for one in self._cut_cells(self._end(RULES, changed)))

    @cached_property
    def _prepared(self) -> dict[tuple[str, ...], Prepared]:
        """Put the children at points in each way that any study between A and B asks for."""
        found: dict[tuple[str, ...], Prepared] = {}
        for changed in _yield_changes([one for one in self.differing if one not in SEARCHED[:2]]):
            key = self._name_ends(changed, (CHILDREN, PLACING)) + self._name_ages(changed)
            if key not in found:
                found[key] = self._place(changed)
        return found

    def _place(self, changed: frozenset[str]) -> Prepared:
        children, placing, rules = (self._end(one, changed) for one in (CHILDREN, PLACING, RULES))
        ages = list_ages(band.ages for band in rules.study.travel.bands)
        of = children.inputs
        counted = of.children[of.children["age"].isin(ages)]
        inputs = replace(
            placing.inputs,
            children=counted.reset_index(drop=True),
            residents=of.residents,
            parts_vintage=of.parts_vintage,
            ages=of.ages if len(counted) == len(of.children) else 0,
            layers=self.b.inputs.layers,
            area=self.b.inputs.area,
            # Rules are looked at beside their own register: no child stands elsewhere by these.
            **{one: getattr(rules.inputs, one) for one in ("academies", "coarse", "changed")},
        )
        study = placing.study.model_copy(
            update={"travel": rules.study.travel, "academies": rules.study.academies}
        )
        network = self.load_roads(placing, placing.study)
        living = self._load_living(placing) if network is not None else {}
        return Prepared.from_inputs(study, inputs, network, self._cuts, **living)

    def _load_living(self, placing: LoadedEnd) -> dict[str, Any]:
        key = ("living", placing is self.a)
        if key not in self._kept:
            self._kept[key] = load_living(placing.study, placing.inputs, report_nothing)
        found: dict[str, Any] = self._kept[key]
        return found

    @cached_property
    def _cuts(self) -> frozenset[int]:
        """The ages at which any of the academies, by either rules, begins or stops to serve."""
        found: set[int] = set()
        for end in (self.a, self.b):
            found |= end.study.siting.cuts | end.study.travel.cuts
            for rules in (one.study.academies for one in (self.a, self.b)):
                low, high = served_ages(list_academies(end), rules)
                found |= {*low.tolist(), *(high + 1).tolist()}
        return frozenset(found)

    def _cut_cells(self, rules: LoadedEnd) -> tuple[AgeCell, ...]:
        nobody = rules.inputs.academies.iloc[:0]
        return cut_age_cells(rules.study.travel.bands, nobody, rules.study.academies, self._cuts)

    @cached_property
    def _places(self) -> tuple[NDArray[np.complex128], NDArray[np.intp]]:
        """The places of all points, each once, and at which of them each point stands."""
        spots = [
            shapely.get_coordinates(one.points.geometry.to_numpy())
            for one in self._prepared.values()
        ]
        both = np.concatenate(spots)
        places, at = np.unique(both[:, 0] + 1j * both[:, 1], return_inverse=True)
        return places, at

    def list_places(self) -> NDArray[np.complex128]:
        """List the places from which one travels, each once: x + 1j * y, metres."""
        return self._places[0]

    # -- the search -------------------------------------------------------------------------

    def _search(self, changed: frozenset[str]) -> list[Reached]:
        """Say what every place reaches."""
        key = self._name_ends(changed, SEARCHED)
        if key not in self.searched:
            self.searched[key] = self._search_anew(changed)
        return self.searched[key]

    def _search_anew(self, changed: frozenset[str]) -> list[Reached]:
        rules = self._end(RULES, changed)
        academies = choose_academies(self._end(ACADEMIES, changed), rules.study.academies)
        riders = _send_to(self._list_riders(changed), academies)
        measured = ~np.isnan(riders[0].snap_m)
        found = []
        for one in riders:
            asked = [(one, "central", cell) for cell in self._cut_cells(rules)]
            for (_, scenario, cell), label in zip(
                asked, search_rides(asked, self.threads), strict=True
            ):
                covered = is_in_time(label, rules.study) & measured
                found.append(Reached(one.profile, scenario, cell, covered, measured))
            one.forget_times()
        return found

    def _list_riders(self, changed: frozenset[str]) -> list[StraightLine | OverNetwork]:
        """Give those who travel from every place, tied to the roads once for all academies."""
        key = ("riders", *self._name_ends(changed, (ROADS, RULES)))
        if key not in self._kept:
            roads, rules = self._end(ROADS, changed), self._end(RULES, changed).study
            travel = rules.travel.model_copy(update={"profiles": self.profiles})
            study = rules.model_copy(update={"travel": travel})
            network, nobody = self.load_roads(roads, rules), roads.inputs.academies.iloc[:0]
            points = self._lay_points(network, roads)
            self._kept[key] = list_travellers(
                study, network, nobody, points, roads.inputs.network_edits
            )
        found: list[StraightLine | OverNetwork] = self._kept[key]
        return found

    def _lay_points(self, network: Network | None, roads: LoadedEnd) -> gpd.GeoDataFrame:
        """Give the places as points that know whether they lie beyond the roads."""
        places = self._places[0]
        points = gpd.points_from_xy(places.real, places.imag, crs=LAMBERT_72)
        outside = np.zeros(len(points), dtype=np.bool_)
        area = PlacingGround(roads.inputs, roads.study, network).area
        if area is not None:
            outside = np.asarray(~shapely.covers(area, np.asarray(points)))
        return gpd.GeoDataFrame({"outside_network": outside}, geometry=points)

    def load_roads(self, roads: LoadedEnd, rules: Study) -> Network | None:
        """Give the network of one end, by the rules of stress and the mode of another."""
        hashes = self._name_roads(roads)
        if hashes is None:
            return None
        key = ("network", *hashes, rules.travel.stress_rules, rules.travel.mode)
        if key not in self._kept:
            self._kept[key] = load_roads(roads.inputs, rules.travel)
        found: Network = self._kept[key]
        return found


def choose_academies(end: LoadedEnd, rules: AcademyRules) -> gpd.GeoDataFrame:
    """Choose the academies of one end that count on its day, by the rules of another."""
    every = list_academies(end)
    if rules.coarse == "leave-out":
        every = every[~(every["precision_m"] > rules.coarse_over_m)]
    return choose_recognised(every, end.study.about.date, rules)[0]


def list_academies(end: LoadedEnd) -> gpd.GeoDataFrame:
    """Give the academies of one end, those that its own rules leave out among them."""
    inputs = end.inputs
    return inputs.academies if inputs.coarse is None else add_plan(inputs.academies, inputs.coarse)


def _describe_academies(academies: gpd.GeoDataFrame) -> list[tuple[Any, ...]]:
    """Tell what of academies decides who reaches one: where they stand, and whom they serve."""
    at = shapely.get_coordinates(academies.geometry.to_numpy())
    ages = [academies[one].to_numpy(float, na_value=-1) for one in ("min_age", "max_age")]
    return sorted(zip(*at.T, *ages, strict=True))


def _send_to(
    riders: list[StraightLine | OverNetwork], academies: gpd.GeoDataFrame
) -> list[StraightLine | OverNetwork]:
    """Send those who travel to other academies; these are tied to all roads, once."""
    first, *others = (riders[0].for_academies(academies), *riders[1:])
    if not isinstance(first, OverNetwork):
        return [first]
    return [
        first,
        *(
            replace(one, academies=first.academies, sites=first.sites)
            for one in others
            if isinstance(one, OverNetwork)
        ),
    ]


def _are_alike(one: Any, other: Any) -> bool:
    """Tell whether two tables are the same, or both missing."""
    return one is other if one is None or other is None else bool(one.equals(other))


def _yield_changes(parts: list[str]) -> Iterator[frozenset[str]]:
    """Give each set of parts that may have changed."""
    for chosen in product((False, True), repeat=len(parts)):
        yield frozenset(one for one, taken in zip(parts, chosen, strict=True) if taken)
