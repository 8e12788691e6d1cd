"""A plan: the places that are chosen, what each adds, and what other choices would reach."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, vstack

from stemgeo import equity, subsidy
from stemgeo.access import travel_time
from stemgeo.access.search import UNREACHED, unpack_labels
from stemgeo.access.travellers import find_pace
from stemgeo.arrays import sum_by_owner
from stemgeo.coverage import keep_counted
from stemgeo.demand import which_serve
from stemgeo.errors import InputError, Problem
from stemgeo.notes import Note
from stemgeo.siting.choices import Choices, Limits
from stemgeo.siting.places import PLANNED, Candidates, find_candidates, zone_middles
from stemgeo.siting.service import (
    Units,
    coverage_sets,
    keep_entries,
    list_units,
    reached_in_profile,
)
from stemgeo.study import PROVINCES

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd
    from numpy.typing import NDArray

    from stemgeo.inputs import Inputs
    from stemgeo.measure import Measured, Prepared
    from stemgeo.siting.choices import Solution
    from stemgeo.study import Siting, Study
    from stemgeo.subsidy import PlanCost

    Longs = NDArray[np.int64]
    Indices = NDArray[np.intp]

SEED = 2_022
"""Of the plans drawn by chance: the same ones each time."""


@dataclass(frozen=True)
class Question:
    """What is to be chosen from, for whom.

    Attributes
    ----------
    prepared, measured
        The study before anything is added.
    candidates
        The places.
    units
        The children, those within reach already included.
    reach
        Which units each place brings within reach, shape (places, units).
    choices
        Places and units as the solver takes them, weighted as the study asks.
    plain
        The same with each child counting for one.
    """

    prepared: Prepared
    measured: Measured
    candidates: Candidates
    units: Units
    reach: csr_array
    choices: Choices
    plain: Choices

    @property
    def limits(self) -> Limits:
        """What the study asks of a plan."""
        return limits_of(self.prepared.study.siting)

    @property
    def measured_children(self) -> int:
        """All children of whom something is measured."""
        return int(self.units.children.sum())

    @property
    def now(self) -> Indices:
        """The units that have an academy within reach already."""
        return np.flatnonzero(self.units.served > 0)

    @property
    def in_time(self) -> int:
        """The children who have an academy within reach already."""
        return int(self.units.children[self.now].sum())


@dataclass(frozen=True, repr=False)
class PlanTables:
    """The places that were chosen and what speaks for them.

    Attributes
    ----------
    study, inputs
        What was asked, of which data.
    places
        The table `plan`, in order of what each place adds.
    provinces, towns, curve, comparison
        The tables `plan-provinces`, `plan-municipalities`, `curve` and `plan-comparison`.
    candidates
        How many places there were to choose from.
    solution
        The solver's answer: objective, proven bound, seconds; in weighted children, or for the
        p-median in milliseconds.
    cost
        What the places cost under the subsidy rules, beside the register.
    counted
        How many children more the whole chain counts within reach with the plan.
    municipalities, academies
        As of a run with the plan, over the roads that it is about.
    measured_children
        All of whom something is measured.
    without
        Municipalities without an academy before the plan.
    goal
        What the problem is about, before and after: "minutes" (mean time to the nearest, from the
        middles of zones) for the p-median, "twice" (children with two within reach) for a backup.
    whole_region
        Whether the study is of all of Flanders, as the envelope is.
    unreachable
        Measured children by name of municipality whom neither an academy nor any candidate has
        within reach, most first.
    notes
        What the reader of the figures must know.
    """

    study: Study
    inputs: Inputs
    places: gpd.GeoDataFrame
    provinces: pd.DataFrame
    towns: pd.DataFrame
    curve: pd.DataFrame
    comparison: pd.DataFrame
    candidates: int
    solution: Solution
    cost: PlanCost
    counted: int
    municipalities: gpd.GeoDataFrame
    academies: gpd.GeoDataFrame
    measured_children: int
    without: int
    goal: dict[str, tuple[float, float]]
    whole_region: bool
    unreachable: pd.Series[int]
    notes: tuple[Note, ...]


def build_question(
    prepared: Prepared, measured: Measured, *, threads: int | None = None
) -> Question:
    """Lay out the choice that a study asks for.

    Parameters
    ----------
    prepared, measured
        The study before anything is added.
    threads
        Searches that run side by side; the result is the same.

    Raises
    ------
    InputError
        If no zone has a child, or no candidate place can be used.
    """
    study = prepared.study
    siting = study.siting
    if not prepared.inputs.children["children"].any():
        what = "no zone has a child of the ages studied, so no place brings anyone within reach"
        raise InputError(Problem("siting", what, "give a population with children, or other bands"))
    places = find_candidates(prepared, measured)
    if places.table.empty:
        lines = "; ".join(str(note.what) for note in places.notes) or "there is none"
        raise InputError(Problem("candidates", f"none can be used: {lines}", "give others"))
    _refuse_unpriced(places.table, study)
    children = list_units(prepared, measured, siting.profile, threads=threads)
    reach = coverage_sets(
        prepared, measured, places.table, siting.profile, children, threads=threads
    )
    plain = Choices(
        reach=_keep_open(reach, children, siting),
        weight=children.children,
        served=children.served,
        cost_cents=subsidy.place_costs_cents(
            places.table,
            subsidy.find_rules(study.subsidy),
            trajectories_per_place=study.subsidy.trajectories_per_place,
        ),
        province_of_place=_province_numbers(places.table["province"]),
        province_of_unit=_province_of_points(prepared)[children.point],
        children=children.children,
        names=dict(enumerate(PROVINCES)),
    )
    weighted = replace(plain, weight=_weigh_units(prepared, measured, children))
    return Question(prepared, measured, places, children, reach, weighted, plain)


def _refuse_unpriced(table: gpd.GeoDataFrame, study: Study) -> None:
    """Refuse a budget for places of which nobody says what they cost."""
    known = subsidy.have_cost(table, subsidy.find_rules(study.subsidy))
    if study.siting.budget_eur is None or study.siting.problem == "lscp" or known.all():
        return
    what = f"needs what each place costs, and {(~known).sum()} of {len(known)} have no cost"
    mend = "give inputs.candidates a column cost_eur"
    raise InputError(Problem("siting.budget_eur", what, mend))


def _keep_open(reach: csr_array, children: Units, siting: Siting) -> csr_array:
    """Keep the units to which a place still matters: all of them where a second academy counts."""
    if siting.problem == "backup":
        return reach
    return keep_entries(reach, children.served[reach.indices] == 0)


def limits_of(siting: Siting) -> Limits:
    """Give what a study asks of a plan, with provinces as numbers."""
    number = {name: at for at, name in enumerate(PROVINCES)}
    budget = None if siting.problem == "lscp" else siting.budget_eur
    return Limits(
        # The fewest places for a share is a question without a number.
        places=None if siting.problem == "lscp" else siting.places,
        budget_cents=None if budget is None else int(budget * subsidy.CENTS),
        floor_places={number[name]: least for name, least in siting.floor_places.items()},
        floor_share={number[name]: least for name, least in siting.floor_share.items()},
        largest_share=siting.largest_share,
        time_limit_s=siting.time_limit_s,
    )


def _province_numbers(names: pd.Series) -> Indices:
    return np.asarray(pd.Index(PROVINCES).get_indexer(pd.Index(names)), dtype=np.intp)


def _province_of_points(prepared: Prepared) -> Indices:
    """Give the number of the province of each demand point."""
    level = next(one for one in prepared.levels if one.name == "province")
    return _province_numbers(pd.Series(level.code))[level.place]


def _weigh_units(prepared: Prepared, measured: Measured, of: Units) -> Longs:
    """Give what each unit counts for: its children by the weights of age and fifth, whole."""
    siting = prepared.study.siting
    factor = _to_hundredths(siting.weight_of(cell.ages) for cell in prepared.cells)[of.cell]
    if siting.equity is not None:
        attribute = prepared.inputs.attributes[siting.equity.attribute]
        fifth = equity.find_fifths(measured.coverage, attribute)
        key = "zone_id" if "zone_id" in attribute else "nis_code"
        code = prepared.points[key].iloc[of.point]
        at = fifth.reindex(code).fillna(equity.UNKNOWN).to_numpy(np.intp)
        factor = factor * _to_hundredths((1, *siting.equity.by_quintile))[at]
    if not factor.any():
        raise InputError(Problem("siting", "every child counts for nothing", "raise a weight"))
    return np.asarray(of.children * (factor // np.gcd.reduce(factor)), dtype=np.int64)


def _to_hundredths(weights: Iterable[float]) -> Longs:
    """Give weights, which have two decimals at most, as whole numbers."""
    return np.array([int(Decimal(str(weight)) * 100) for weight in weights], dtype=np.int64)


@dataclass(frozen=True)
class ZoneTravel:
    """How long the children of each zone travel, from the middle of where they live.

    Attributes
    ----------
    choices
        The places, and as units those of an age cell in a zone.
    ms
        By unit and place, where it is nearer than now, shape (units, places).
    now_ms
        To the nearest open academy; the study's horizon where none is within it.
    """

    choices: Choices
    ms: csr_array
    now_ms: Longs


def measure_zone_travel(asked: Question, *, threads: int) -> ZoneTravel:
    """Measure the times of which the p-median seeks the least mean."""
    prepared, study = asked.prepared, asked.prepared.study
    middles = zone_middles(prepared).assign(outside_network=False)
    riders = {one.profile: one for one in asked.measured.riders}
    rider = riders[study.siting.profile].for_points(middles)
    horizon, table = travel_time.minutes_to_ms(study.travel.horizon_min), asked.candidates.table
    blocks, now_ms = [], []
    for one in reached_in_profile(asked.measured, study.siting.profile):
        label = rider.find_nearest(one.cell, "central")
        now = np.where(label == UNREACHED, horizon, unpack_labels(label)[0])
        offsets, middle, ms = rider.list_served(
            table, find_pace(study.travel, one.cell), study.travel.horizon_min, threads=threads
        )
        place = np.repeat(np.arange(len(table)), np.diff(offsets))
        nearer = which_serve(table, one.cell, study.academies)[place] & (ms < now[middle])
        found = ms[nearer].astype(np.int64), (middle[nearer], place[nearer])
        blocks.append(csr_array(found, shape=(len(middles), len(table))))
        now_ms.append(now.astype(np.int64))
    times = csr_array(vstack(blocks, format="csr"))
    return ZoneTravel(_add_up_by_zone(asked, middles, times), times, np.concatenate(now_ms))


def _add_up_by_zone(asked: Question, middles: gpd.GeoDataFrame, times: csr_array) -> Choices:
    """Add the weights of the units up by zone and age cell, in the order of `times`."""
    ids = pd.Index(middles["academy_id"].str.removeprefix(PLANNED))
    zone = ids.get_indexer(pd.Index(asked.prepared.points["zone_id"]))[asked.units.point]
    unit, size = asked.units.cell * len(ids) + zone, times.shape[0]
    known = zone >= 0
    sums = [
        sum_by_owner(unit[known], one[known], size)
        for one in (asked.choices.weight, asked.units.children)
    ]
    towns = asked.prepared.inputs.municipalities.set_index("nis_code")["province"]
    province = _province_numbers(towns.reindex(middles["nis_code"]))
    return replace(
        asked.choices,
        reach=csr_array(times.T.astype(np.int8)),
        weight=sums[0],
        served=np.zeros(size, dtype=np.int64),
        province_of_unit=np.tile(province, size // max(len(middles), 1)),
        children=sums[1],
    )


def list_newly_served(asked: Question, chosen: Indices) -> list[Indices]:
    """List for each chosen place the units that are within reach with it and were not before."""
    late, reach = asked.units.served == 0, asked.reach
    found = []
    for place in chosen:
        own = reach.indices[slice(*reach.indptr[place : place + 2])].astype(np.intp)
        found.append(own[late[own]])
        late[own] = False
    return found


def plan_table(asked: Question, chosen: Indices, cost_cents: Longs) -> gpd.GeoDataFrame:
    """Lay out the chosen places in their order: the table `plan` of the data dictionary.

    Parameters
    ----------
    asked
        The question.
    chosen
        Indices of candidates, in order.
    cost_cents
        Of each chosen place; -1: not known.
    """
    study, cells = asked.prepared.study, asked.prepared.cells
    each = list_newly_served(asked, chosen)
    children = asked.units.children
    table = asked.candidates.table.iloc[chosen].reset_index(drop=True)
    bands = {band.name: f"newly_{band.name}" for band in study.travel.bands}
    band = np.array([list(bands).index(cell.band.name) for cell in cells])[asked.units.cell]
    sums = [sum_by_owner(band[fresh], children[fresh], len(bands)) for fresh in each]
    counts = np.array(sums, dtype=np.int64).reshape(len(each), len(bands))
    by_band = dict(zip(bands.values(), counts.T, strict=True))
    newly_ = counts.sum(axis=1)
    covered = asked.in_time + np.cumsum(newly_)
    front = table[["academy_id", "name", "nis_code", "municipality", "province"]]
    euros = np.where(cost_cents < 0, np.nan, cost_cents / subsidy.CENTS)
    total = np.where(np.isnan(euros).cumsum() > 0, np.nan, np.cumsum(cost_cents) / subsidy.CENTS)
    columns = {
        "newly": newly_,
        **by_band,
        "cost_eur": euros,
        "total_cost_eur": total,
        "covered": covered,
        "share": covered / max(asked.measured_children, 1),
    }
    rank = pd.Series(np.arange(1, len(table) + 1), name="rank")
    return table[["geometry"]].join(pd.concat([rank, front, pd.DataFrame(columns)], axis=1))[
        ["rank", *front.columns, *columns, "geometry"]
    ]


def province_table(asked: Question, chosen: Indices) -> pd.DataFrame:
    """Give the share of each province after each place: rank 0 is before the first."""
    province, children = asked.plain.province_of_unit, asked.units.children
    steps = [asked.now, *list_newly_served(asked, chosen)]
    sums = [sum_by_owner(province[step], children[step], len(PROVINCES)) for step in steps]
    covered = np.cumsum(sums, axis=0)
    whole = sum_by_owner(province, children, len(PROVINCES))
    there = np.flatnonzero(whole > 0)
    rank, at = (one.ravel() for one in np.meshgrid(np.arange(len(steps)), there, indexing="ij"))
    return pd.DataFrame(
        {
            "rank": rank,
            "province": np.array(PROVINCES, dtype=object)[at],
            "covered": covered[rank, at],
            "measured": whole[at],
            "share": covered[rank, at] / whole[at],
        }
    )


def build_register(asked: Question, chosen: Indices) -> gpd.GeoDataFrame:
    """Give the chosen places as planned academies, to be measured with the register."""
    table = asked.candidates.table.iloc[chosen]
    return table[asked.prepared.inputs.academies.columns].assign(planned=True)


def count_covered(asked: Question, chosen: Indices) -> int:
    """Count the children within reach with these places beside the open academies."""
    return asked.in_time + sum(
        int(asked.units.children[one].sum()) for one in list_newly_served(asked, chosen)
    )


def count_by_chance(asked: Question, most: int) -> Longs:
    """Count the children within reach with places drawn by chance, one more at a time.

    Returns
    -------
    int64 array, shape (plans, most + 1)
        Plans that are the same each time; every plan keeps its places as it grows. With fewer
        candidates than `most` the last count stands for all that follow.
    """
    random, children = np.random.default_rng(SEED), asked.units.children
    found = np.empty((asked.prepared.study.siting.random_plans, most + 1), dtype=np.int64)
    for row in found:
        drawn = random.permutation(asked.plain.places)[:most]
        gains = [int(children[fresh].sum()) for fresh in list_newly_served(asked, drawn)]
        gains += [0] * (most - len(gains))
        row[:] = asked.in_time + np.cumsum([0, *gains])
    return found


def choose_one_for_each(asked: Question) -> Indices:
    """Choose in each municipality without an academy the place that adds most by itself.

    The literal reading of "an academy in every municipality". Of equals the first by its id.
    """
    table, without = asked.candidates.table, list_without(asked.measured.municipalities)
    late = np.where(asked.units.served == 0, asked.units.children, 0)
    adds = asked.plain.reach.astype(np.int64) @ late
    order = np.lexsort((np.arange(len(table)), -adds, table["nis_code"].to_numpy(dtype="U5")))
    ranked = table["nis_code"].iloc[order]
    first = ~ranked.duplicated() & ranked.isin(without)
    return np.asarray(np.sort(order[first.to_numpy()]), dtype=np.intp)


def list_without(towns: pd.DataFrame, planned: Iterable[str] = ()) -> set[str]:
    """List the municipalities that count, or in which a place is `planned`, and have no academy."""
    there = towns.loc[towns["has_academy"], "nis_code"]
    return {*keep_counted(towns)["nis_code"], *planned}.difference(there, [""])


def count_municipalities_with(asked: Question, chosen: Indices) -> int:
    """Count the municipalities with an academy when these places are added."""
    towns = asked.measured.municipalities
    there = set(towns.loc[towns["has_academy"], "nis_code"])
    return len(there.union(asked.candidates.table["nis_code"].iloc[chosen]) - {""})
