"""How sure each share is: each assumption at both its ends, and what the map does not say.

Nothing is drawn by chance: each end is a measurement of its own. A bar says what one assumption
alone does; `together` takes all low ends at once, and all high ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from stemgeo import facts
from stemgeo.access.search import unpack_labels
from stemgeo.access.travel_time import minutes_to_ms
from stemgeo.access.travellers import OverNetwork, list_travellers
from stemgeo.coverage import ALL_BANDS, Reached, coverage_table
from stemgeo.demand import place_children
from stemgeo.facts import LAMBERT_72
from stemgeo.measure import (
    UPPER,
    add_up_ways,
    count_cores,
    find_levels,
    find_reached,
    load_roads,
)
from stemgeo.network.stress import LEVELS, TAGS_READ, list_untagged
from stemgeo.notes import Note, Said, say
from stemgeo.recognition import choose_recognised, is_undated
from stemgeo.stages import ASSUMPTIONS, Progress, count_off, report_nothing
from stemgeo.study import DETOUR, DOOR_S, RECOGNITION_YEARS, WAITS_S, WALKING_MS
from stemgeo.tables import check_table, order_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from stemgeo.coverage import Reached
    from stemgeo.measure import Measured, Prepared, Traveller
    from stemgeo.network.graph import Network
    from stemgeo.study import Travel

TOGETHER = "together"
LOW, HIGH = "low", "high"


@dataclass(frozen=True)
class Uncertainty:
    """How sure the shares are.

    Attributes
    ----------
    bars
        The table `uncertainty` of the data dictionary.
    to_check, to_check_lines, verdicts
        The tables `to-check`, `to-check-lines` and `verdicts`; None unless they were asked for, or
        without roads.
    notes
        What was asked for and not measured.
    """

    bars: pd.DataFrame
    to_check: pd.DataFrame | None = None
    verdicts: pd.DataFrame | None = None
    to_check_lines: gpd.GeoDataFrame | None = None
    notes: tuple[Note, ...] = ()


class _AssumptionEnd(NamedTuple):
    """One end of an assumption, and whom academies reach then."""

    part: str
    end: str
    value: str
    reached: Sequence[Reached]


def measure_uncertainty(
    prepared: Prepared,
    measured: Measured,
    of_methods: pd.DataFrame,
    *,
    searched: bool,
    threads: int | None = None,
    progress: Progress = report_nothing,
) -> Uncertainty:
    """Measure each assumption at its low and its high end.

    Parameters
    ----------
    prepared, measured
        Of the study.
    of_methods
        As from `sensitivity`.
    searched
        Whether to measure anew what needs it; else speed, doors and placing alone, which are
        known from what was measured.
    threads
        Searches that run side by side; the result is the same.
    progress
        Told how far it is.
    """
    asked = _Assumptions(prepared, measured, of_methods, threads or count_cores())
    parts = [
        _take_speed_ends(measured),
        _take_placing_ends(of_methods),
        asked.count_ends(asked.list_door_ends()),
    ]
    if not searched:
        return Uncertainty(check_table("uncertainty", _join_in_order(parts)))
    measured.forget_times()

    def tell(number: int) -> None:
        told = count_off(ASSUMPTIONS, number, len(_SEARCHED), _SEARCHED[number - 1])
        progress(told, (number - 1) / len(_SEARCHED))

    yields = asked.yield_walk_ends, asked.yield_register_ends, asked.yield_road_ends
    ends: list[_AssumptionEnd] = []
    for number, of_group in enumerate(yields, start=1):
        tell(number)
        ends += of_group()
    of_map = [one for one in ends if one.part == "map"]
    tell(4)
    parts += [asked.count_ends(ends), asked.take_rule_ends()]
    tell(5)
    parts.append(asked.count_all_together())
    to_check = asked.list_to_check(of_map)
    verdicts = to_check if to_check is None else asked.judge_municipalities(of_map, to_check)
    notes = _note_no_bounds() if asked.quiet_profiles and not of_map else ()
    bars = check_table("uncertainty", _join_in_order(parts))
    lines = None if to_check is None else asked.draw_to_check(to_check)
    return Uncertainty(bars, to_check, verdicts, lines, notes)


_SEARCHED = (
    Said("Walking and waiting", "Stappen en wachten", "Marche et attente"),
    Said("The register", "Het register", "Le registre"),
    Said("Roads without tags", "Wegen zonder kenmerken", "Routes sans indications"),
    Said("Rules for quiet roads", "Regels voor rustige wegen", "Règles des routes calmes"),
    Said("All together", "Alles samen", "Tout ensemble"),
)
"""The assumptions for which is searched anew, in the order in which that is done."""


def _note_no_bounds() -> tuple[Note, ...]:
    """Say that which crossings are busy rests on the same tags as which roads are quiet."""
    what = say(
        "how quiet roads without tags may be is not measured where busy crossings count",
        "hoe rustig wegen zonder kenmerken kunnen zijn, is niet gemeten waar drukke kruispunten "
        "meetellen",
        "le calme possible des routes sans indications n’est pas mesuré là où comptent les "
        "carrefours fréquentés",
    )
    return (Note(Said("network", "wegen", "routes"), what),)


def _join_in_order(parts: list[pd.DataFrame]) -> pd.DataFrame:
    return order_columns("uncertainty", pd.concat(parts, ignore_index=True))


def _take_speed_ends(measured: Measured) -> pd.DataFrame:
    rows = measured.coverage
    kept = rows["level"].isin(UPPER) & (rows["band"] == ALL_BANDS)
    rows = rows[kept & (rows["scenario"] != "central")]
    return rows.assign(
        part="speed", end=rows["scenario"], value="travel.bands at their " + rows["scenario"]
    )


def _take_placing_ends(of_methods: pd.DataFrame) -> pd.DataFrame:
    """Take of each place the methods by which its share is lowest and highest."""
    if of_methods["method"].nunique() == 1:
        return pd.DataFrame()
    rows = _keep_measured(of_methods)
    rows = rows.assign(part="placing", value="demand.method = " + rows["method"])
    return _take_both_ends(rows.assign(profile="all"), "share")


def _keep_measured(of_methods: pd.DataFrame) -> pd.DataFrame:
    """Leave out methods that put every child of a place beyond the roads, unless all do.

    They have no share there, and none is neither the lowest nor the highest.
    """
    measured = of_methods["share"].notna()
    anywhere = measured.groupby([of_methods["level"], of_methods["code"]]).transform("any")
    return of_methods[measured | ~anywhere]


def _take_both_ends(rows: pd.DataFrame, by: str) -> pd.DataFrame:
    """Give of each place and profile the row with the least of a column, and that with the most."""
    place = ["level", "code", "profile"]
    rows = rows.sort_values([*place, by, "value"], na_position="first", kind="stable")
    low, high = rows.drop_duplicates(place), rows.drop_duplicates(place, keep="last")
    return pd.concat([low.assign(end=LOW), high.assign(end=HIGH)], ignore_index=True)


def _name_methods(of_methods: pd.DataFrame) -> tuple[str, str]:
    """Name the methods with the lowest and the highest share of the region."""
    region = _keep_measured(of_methods[of_methods["level"] == "region"])
    region = region.sort_values(["share", "method"])
    return region["method"].iloc[0], region["method"].iloc[-1]


@dataclass(frozen=True)
class _Assumptions:
    """What the ends are measured from."""

    prepared: Prepared
    measured: Measured
    of_methods: pd.DataFrame
    threads: int

    @property
    def quiet_profiles(self) -> list[str]:
        return [one.profile for one in self.measured.riders[1:]]

    def search_riders(self, riders: Iterable[Traveller], **how: Any) -> list[Reached]:
        """Search for each rider anew; in order of the riders, then of the age cells."""
        found = (find_reached(one, self.prepared, self.threads, **how) for one in riders)
        return list(chain.from_iterable(found))

    def take_measured(self, *profiles: str) -> list[Reached]:
        """Give what was measured, in all profiles or some."""
        central = [one for one in self.measured.reached if one.scenario == "central"]
        return [one for one in central if not profiles or one.profile in profiles]

    def count_ends(self, ends: Sequence[_AssumptionEnd]) -> pd.DataFrame:
        """Count the children of each end at each level."""
        parts = [_count_end(self.prepared, self.prepared.points, one) for one in ends]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()

    # -- one at a time ---------------------------------------------------------------------

    def list_door_ends(self) -> list[_AssumptionEnd]:
        """Each ride takes longer by its doors: known from the times that were measured.

        On foot nothing is unlocked and parked.
        """
        if self.prepared.study.travel.on_foot:
            return []
        limit_ms = minutes_to_ms(self.prepared.study.travel.cutoff_min) - round(DOOR_S * 1000)
        late = []
        for one in self.take_measured():
            _, label = self.measured.take_central(one.profile, one.cell)
            in_time = unpack_labels(label)[0] <= limit_ms
            late.append(Reached(one.profile, "central", one.cell, in_time, one.measured))
        return [
            _AssumptionEnd("door", LOW, f"{DOOR_S:g} s at the doors", late),
            _AssumptionEnd("door", HIGH, "0 s at the doors", self.take_measured()),
        ]

    def yield_walk_ends(self) -> Iterator[_AssumptionEnd]:
        """Walk slowly or briskly to the road, and wait at signals and crossings or not."""
        riders, travel = self.measured.riders, self.prepared.study.travel
        over_roads = isinstance(riders[0], OverNetwork)
        parts = {"walking": self._walking_speeds(), "waiting": self._waiting_times()}
        if travel.on_foot:
            del parts["walking"]  # it is the speed itself
        for part, ends in (parts if over_roads else {"detour": _detour_factors(travel)}).items():
            for end, choice in zip((LOW, HIGH), ends, strict=True):
                same = all(getattr(travel, name) == value for name, value in choice.items())
                others = (one.with_travel(**choice) for one in riders)
                yield _AssumptionEnd(
                    part,
                    end,
                    _format_choice(choice),
                    self.take_measured() if same else self.search_riders(others),
                )

    def _walking_speeds(self) -> tuple[dict[str, float], dict[str, float]]:
        own = self.prepared.study.travel.walking_speed_ms
        low, high = min(own, WALKING_MS[0]), max(own, WALKING_MS[1])
        return {"walking_speed_ms": low}, {"walking_speed_ms": high}

    def _waiting_times(self) -> tuple[dict[str, float], dict[str, float]]:
        travel = self.prepared.study.travel
        longest = {name: max(most, getattr(travel, name)) for name, most in WAITS_S.items()}
        return longest, dict.fromkeys(WAITS_S, 0.0)

    def yield_register_ends(self) -> Iterator[_AssumptionEnd]:
        """Take both ends of what the register does not say: dates, and how long they last."""
        for part, ends in (("dates", self._list_dated()), ("recognition", self._list_lasting())):
            for end, (value, academies) in zip((LOW, HIGH), ends, strict=False):
                same = academies["academy_id"].equals(self.measured.academies["academy_id"])
                others = (one.for_academies(academies) for one in self.measured.riders)
                yield _AssumptionEnd(
                    part, end, value, self.take_measured() if same else self.search_riders(others)
                )

    def _list_dated(self) -> list[tuple[str, gpd.GeoDataFrame]]:
        """Leave out the academies without any date, where some have one."""
        academies = self.measured.academies
        dated = self._keep_dated(academies)
        if len(dated) in (len(academies), int(self.prepared.inputs.are_new(academies).sum())):
            return []
        told = f"{len(academies) - len(dated)} without a date"
        return [(f"{told} do not count", dated), (f"{told} count", academies)]

    def _keep_dated(self, academies: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Keep the academies with a date, and the places that a plan opens."""
        return academies[~is_undated(academies) | self.prepared.inputs.are_new(academies)]

    def _list_lasting(self) -> list[tuple[str, gpd.GeoDataFrame]]:
        """Let recognitions of which only the first day is known last as short or as long as any."""
        register, rules = self.prepared.inputs.academies, self.prepared.study.academies
        if (
            rules.recognition == "endless"
            or not (register["valid_from"].notna() & register["valid_until"].isna()).any()
        ):
            return []
        found = [("as the study has it", self.measured.academies)]
        for years in RECOGNITION_YEARS:
            changed = {"recognition_years": years, "recognition": None, "recognition_from": None}
            other = rules.model_copy(update=changed)
            counting, _ = choose_recognised(register, self.measured.day, other)
            found.append((f"academies.recognition_years = {years}", counting))
        found.sort(key=lambda one: len(one[1]))
        return [found[0], found[-1]]

    def yield_road_ends(self) -> Iterator[_AssumptionEnd]:
        """Take roads of which nobody tagged the surface, or how quiet they are, at both ends."""
        base = self.measured.riders[0]
        if not isinstance(base, OverNetwork):
            return
        for end, best in ((LOW, False), (HIGH, True)):
            if base.study.travel.surface and not base.study.travel.on_foot:
                reached = self.search_riders(self._fill_roads(base, best=best, surfaces=True))
                yield _AssumptionEnd("surfaces", end, "where no surface is tagged", reached)
            # Which crossings are busy rests on the same tags: then these are no bounds.
            if self.quiet_profiles and base.study.travel.busy_crossings == "ignore":
                reached = self.search_riders(self._fill_roads(base, best=best, stress=True)[1:])
                yield _AssumptionEnd(
                    "map", end, "where no maxspeed, lanes or cycleway is tagged", reached
                )

    def _fill_roads(
        self, base: OverNetwork, *, best: bool, stress: bool = False, surfaces: bool = False
    ) -> list[OverNetwork]:
        """Give the riders of each profile over roads that are filled in."""
        first = base.fill_untagged(best=best, stress=stress, surfaces=surfaces)
        return [first, *(first.in_profile(profile) for profile in self.quiet_profiles)]

    def take_rule_ends(self) -> pd.DataFrame:
        """Take of each place the rules with fewest and with most within reach over quiet roads."""
        prepared, study = self.prepared, self.prepared.study
        if not self.quiet_profiles or not prepared.inputs.network:
            return pd.DataFrame()
        parts = []
        for name in facts.STRESS_RULES:
            reached: Sequence[Reached] = self.take_measured(*self.quiet_profiles)
            if name != study.travel.stress_rules:
                by = study.travel.model_copy(update={"stress_rules": name})
                network = load_roads(prepared.inputs, by)
                edits = prepared.inputs.network_edits
                academies, points = self.measured.academies, prepared.points
                riders = list_travellers(study, network, academies, points, edits, prepared.over)
                reached = self.search_riders(riders[1:])
            told = _AssumptionEnd("rules", "", f"travel.stress_rules = {name}", reached)
            parts.append(_count_end(prepared, prepared.points, told))
        return _take_both_ends(pd.concat(parts, ignore_index=True), "covered")

    # -- all together ----------------------------------------------------------------------

    def count_all_together(self) -> pd.DataFrame:
        """Take all low ends at once, and all high ones, each at its own places."""
        known = dict(zip((LOW, HIGH), self._list_lasting(), strict=False))
        parts = []
        for end, method in zip((LOW, HIGH), _name_methods(self.of_methods), strict=True):
            low = end == LOW
            _, academies = known.get(end, ("", self.measured.academies))
            if low and self._list_dated():
                academies = self._keep_dated(academies)
            base = self.measured.riders[0].for_academies(academies)
            points = self.prepared.points
            if method != self.prepared.study.method:
                points = place_children(self.prepared.ground, self.prepared.cells, method).points
                base = base.for_points(points)
            travel = self.prepared.study.travel
            if isinstance(base, OverNetwork):
                changed = base.with_travel(
                    **self._waiting_times()[not low], **self._walking_speeds()[not low]
                )
                how_filled = {"stress": True, "surfaces": travel.surface}
                riders: list[Traveller] = [*self._fill_roads(changed, best=not low, **how_filled)]
            else:
                riders = [base.with_travel(**_detour_factors(travel)[not low])]
            how = {"scenario": end, "door_s": DOOR_S if low and not travel.on_foot else 0}
            told = _AssumptionEnd(
                TOGETHER, end, f"all {end} ends", self.search_riders(riders, **how)
            )
            parts.append(_count_end(self.prepared, points, told))
        return pd.concat(parts, ignore_index=True)

    # -- what to check ---------------------------------------------------------------------

    def list_to_check(self, of_map: Sequence[_AssumptionEnd]) -> pd.DataFrame | None:
        """List the ways on which it depends whether children are within reach over quiet roads."""
        base = self.measured.riders[0]
        if not of_map or not isinstance(base, OverNetwork):
            return None
        towns = self.prepared.inputs.municipalities.sort_values("nis_code")
        best = self._fill_roads(base, best=True, stress=True)[1:]
        parts = [
            _name_ways(self._list_depending(rider, of_map), towns).assign(profile=rider.profile)
            for rider in best
        ]
        table = pd.concat(parts, ignore_index=True)
        told = _find_untagged(self.prepared, table["way"])
        for name in ("street", "untagged"):
            table[name] = [told.get(way, {}).get(name, "") for way in table["way"]]
        table = table.astype(dict.fromkeys(("nis_code", "name", "street", "untagged"), str))
        table = table.sort_values(
            ["nis_code", "profile", "children", "way"], ascending=[True, True, False, True]
        )
        columns = ["nis_code", "name", "profile", "way", "street", "untagged", "metres", "children"]
        return check_table("to-check", table[columns].reset_index(drop=True))

    def draw_to_check(self, to_check: pd.DataFrame) -> gpd.GeoDataFrame | None:
        """Draw the ways of `to-check`, each once."""
        base = self.measured.riders[0]
        if not isinstance(base, OverNetwork) or to_check.empty:
            return None
        found = to_check.groupby("way").agg(
            street=("street", "first"),
            municipalities=("nis_code", lambda codes: ",".join(sorted(set(codes)))),
            untagged=("untagged", "first"),
            children=("children", "max"),
        )
        lines = _draw_ways(base.network, found.index.to_numpy(np.int64))
        table = found.reset_index().astype({"municipalities": str})
        drawn = gpd.GeoDataFrame(
            table, geometry=lines.to_crs(LAMBERT_72).to_numpy(), crs=LAMBERT_72
        )
        check_table("to-check-lines", drawn)
        return drawn

    def _list_depending(self, rider: OverNetwork, of_map: Sequence[_AssumptionEnd]) -> pd.DataFrame:
        """Give the ways over which children ride who are within reach at best and not at worst."""
        points = self.prepared.points
        town = np.unique(points["nis_code"].to_numpy(object), return_inverse=True)
        rows = []
        for number, cell in enumerate(self.prepared.cells):
            low, high = (_take_reached(one, rider.profile, number) for one in of_map)
            children = points[cell.column].to_numpy()
            point = np.flatnonzero(high.covered & ~low.covered & (children > 0))
            some = {"group": town[1][point], "point": point, "cell": number}
            rows.append(pd.DataFrame(some | {"children": children[point]}))
        level = LEVELS[rider.profile]

        def undecided(network: Network) -> NDArray[np.bool_]:
            quietest, busiest = network.stress_bounds[:, :2], network.stress_bounds[:, 2:]
            return np.asarray((quietest <= level) & (busiest > level))

        ways = add_up_ways(self.prepared, rider, pd.concat(rows, ignore_index=True), undecided)
        return ways.assign(nis_code=town[0][ways["group"]])

    def judge_municipalities(
        self, of_map: Sequence[_AssumptionEnd], to_check: pd.DataFrame
    ) -> pd.DataFrame:
        """Say of each municipality whether its share stands, or on how many ways it depends."""
        now = _AssumptionEnd("map", "now", "", self.take_measured(*self.quiet_profiles))
        low, high = (self._count_towns(one) for one in of_map)
        table = self._count_towns(now).assign(
            covered_least=low["covered"].to_numpy(), covered_most=high["covered"].to_numpy()
        )
        ways = to_check.groupby(["nis_code", "profile"]).size().rename("ways")
        keys = pd.MultiIndex.from_frame(table[["code", "profile"]])
        table = table.rename(columns={"code": "nis_code"})
        table["ways"] = ways.reindex(keys, fill_value=0).to_numpy(np.int64)
        columns = ["nis_code", "name", "profile", "covered_least", "covered", "covered_most"]
        return check_table("verdicts", table[[*columns, "uncovered", "ways"]])

    def _count_towns(self, one: _AssumptionEnd) -> pd.DataFrame:
        rows = _count_end(self.prepared, self.prepared.points, one)
        rows = rows[rows["level"] == "municipality"]
        return rows.sort_values(["code", "profile"]).reset_index(drop=True)


def _draw_ways(network: Network, ways: NDArray[np.int64]) -> gpd.GeoSeries:
    """Draw ways of a network, in their order, which is that of their numbers."""
    at = np.flatnonzero(np.isin(network.way, ways))
    at = at[np.argsort(network.way[at], kind="stable")]
    ends = np.stack([one[at] for one in network.pieces], axis=1).reshape(-1, 2, 2)
    _, owner = np.unique(network.way[at], return_inverse=True)
    drawn = shapely.multilinestrings(np.asarray(shapely.linestrings(ends)), indices=owner)
    return gpd.GeoSeries(shapely.line_merge(drawn), crs=network.crs)


def _detour_factors(travel: Travel) -> tuple[dict[str, float], dict[str, float]]:
    low, high = max(travel.detour_factor, DETOUR[1]), min(travel.detour_factor, DETOUR[0])
    return {"detour_factor": low}, {"detour_factor": high}


def _format_choice(choice: dict[str, float]) -> str:
    return ", ".join(f"travel.{name} = {value:g}" for name, value in choice.items())


def _take_reached(one: _AssumptionEnd, profile: str, cell: int) -> Reached:
    return [reached for reached in one.reached if reached.profile == profile][cell]


def _count_end(prepared: Prepared, points: pd.DataFrame, one: _AssumptionEnd) -> pd.DataFrame:
    """Count the children of all bands within reach, at each level of `UPPER`."""
    inputs = prepared.inputs
    levels = prepared.levels if points is prepared.points else find_levels(points, inputs, {})
    upper = [level for level in levels if level.name in UPPER]
    rows = coverage_table(points, one.reached, upper)
    rows = rows[rows["band"] == ALL_BANDS]
    return rows.assign(part=one.part, end=one.end, value=one.value)


def _name_ways(ways: pd.DataFrame, towns: pd.DataFrame) -> pd.DataFrame:
    names = towns.set_index("nis_code")["name"]
    return ways.assign(
        name=names.reindex(ways["nis_code"]).to_numpy(object), metres=ways["mm"] / 1000
    )


def _find_untagged(prepared: Prepared, ways: pd.Series) -> dict[int, dict[str, str]]:
    """Give the names of ways, and which of the tags that the rules ask for nobody gave them."""
    from stemgeo.inputs import extracts

    paths, ids = prepared.inputs.network, np.unique(ways.to_numpy(np.int64))
    if not len(ids):
        return {}
    read = extracts.read_ways(
        paths, extracts.filter_ids("ways", ids, paths), TAGS_READ | {"name", "ref"}
    )
    told = [
        {
            "street": tags.get("name") or tags.get("ref") or "",
            # What else it may rest on is whether the road lies in a built-up area.
            "untagged": ";".join(list_untagged(tags) or ["zone:traffic"]),
        }
        for tags in read.tags
    ]
    return {
        way: told[kind] for way, kind in zip(read.ids.tolist(), read.kind.tolist(), strict=True)
    }
