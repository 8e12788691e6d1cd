"""Where the next academies would help most: a study in, a plan with its proof out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from stemgeo import subsidy
from stemgeo.coverage import municipality_table
from stemgeo.errors import Problem, StudyError
from stemgeo.inputs import vintages
from stemgeo.inputs.academies import DAYS
from stemgeo.inputs.plan import NEW, add_plan
from stemgeo.maps.curve import describe_curve, draw_curve
from stemgeo.maps.kinds import DrawnMap, share
from stemgeo.maps.page import describe_figure
from stemgeo.maps.sheet import Ground
from stemgeo.measure import (
    Measured,
    Prepared,
    count_cores,
    measure_day,
    prepare_study,
)
from stemgeo.notes import (
    Note,
    Said,
    say,
    say_amount,
    say_count,
    say_decimals,
    tell_notes,
    write_in_all,
)
from stemgeo.recognition import keep_own
from stemgeo.report.files import SITE, join_lines
from stemgeo.report.imprint import build_map_text, list_file_words
from stemgeo.report.manifests import build_origins
from stemgeo.report.outcome import Outcome, find_shown
from stemgeo.report.plan import say_over_roads, write_plan_markdown
from stemgeo.siting import plan as plans
from stemgeo.siting import solve
from stemgeo.siting.choices import Limits
from stemgeo.siting.curves import trace_curve
from stemgeo.siting.plan import PlanTables
from stemgeo.siting.service import TWICE
from stemgeo.stages import (
    CHOOSING,
    COMPARING,
    DRAWING_MAPS,
    MEASURING_PLAN,
    REACHING,
    TRAVEL_TIMES,
    Progress,
    count_off,
    report_nothing,
)
from stemgeo.study import or_its_path
from stemgeo.tables import check_table, order_columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import geopandas as gpd
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from stemgeo.maps.press import Press
    from stemgeo.maps.text import MapText
    from stemgeo.siting.choices import Solution
    from stemgeo.siting.plan import Question
    from stemgeo.study import Siting, Study
    from stemgeo.subsidy import PlanCost

    Longs = NDArray[np.int64]

REGISTER = ("academy_id", "name", "organisation", "min_age", "max_age", "postcode", "trajectories",
            "online_trajectories", "cost_eur")  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class Plan(PlanTables, Outcome):
    """The places that were chosen and what speaks for them, with the folder it is written to."""

    COMMAND = SITE
    FILES: ClassVar[Mapping[str, str]] = {
        "places": "tables/plan.csv",
        "provinces": "tables/plan-provinces.csv",
        "towns": "tables/plan-municipalities.csv",
        "curve": "tables/curve.csv",
        "comparison": "tables/plan-comparison.csv",
    }

    def shown(self, what: str = "places") -> pd.DataFrame:
        """Give a table in words.

        Parameters
        ----------
        what
            "places", "provinces" (each without the plan and with it) or "comparison" (beside chance
            and beside an academy in each municipality).

        Raises
        ------
        ResultError
            If there is no such table in words.
        """
        from stemgeo.report.plan import format_choices, format_plan, format_provinces

        tables = {
            "places": format_plan,
            "provinces": format_provinces,
            "comparison": format_choices,
        }
        return find_shown(tables, what)(self, self.language)

    def map(self) -> Figure:
        """Draw the share of children within reach by municipality, with the places of the plan."""
        return self._draw_plan_map().figure

    def _draw_plan_map(self) -> DrawnMap:
        text = self._add_roads(build_map_text(self.study.with_plan("plan.csv"), self.inputs))
        ground = Ground(self.municipalities, self.academies, text)
        return share.draw_map(ground, chosen=self.study.output.classes)

    def chart(self) -> Figure:
        """Draw the share of the children within reach against the number of new places."""
        text = self._add_roads(self.text)
        drawn = draw_curve(self.curve, self._find_on_curve(), text, self.study.siting.random_plans)
        return describe_figure(drawn, describe_curve(self.curve, text))

    def list_places(self) -> pd.DataFrame:
        """Give the table `plan` as it is written, its points as numbers."""
        at, plain = self.places.geometry, pd.DataFrame(self.places.drop(columns="geometry"))
        return plain.assign(x_m=at.x.round(1), y_m=at.y.round(1))

    def _build_tables(self) -> dict[str, Any]:
        return super()._build_tables() | {
            "tables/plan.csv": self.list_places(),
            "plan.csv": self._build_run_plan(),
        }

    def _build_texts(self) -> dict[str, str]:
        readme = join_lines(list_file_words(self.text).values())
        return {"tables/LEESMIJ.txt": readme, "summary.md": write_plan_markdown(self, self.text)}

    def _draw_maps(self, maps: Path, press: Press, progress: Progress) -> None:
        formats = self.study.output.formats
        progress(count_off(DRAWING_MAPS, 1, 2), 0.0)
        drawn = self._draw_plan_map()
        press.save(drawn.figure, maps / "plan", drawn.alt, formats)
        progress(count_off(DRAWING_MAPS, 2, 2), 0.5)
        said = describe_curve(self.curve, self._add_roads(self.text))
        press.save(self.chart(), maps / "curve", said, formats)

    def _add_roads(self, text: MapText) -> MapText:
        """Say which roads, when they are not all."""
        if self.study.siting.profile == "all":
            return text
        roads = say_over_roads(self.study.siting.profile, text.language)
        return replace(text, measure=f"{text.heading}{roads}", roads=roads)

    def _build_run_plan(self) -> pd.DataFrame:
        """Give the places in the form of the register, for `stemgeo run --plan`."""
        chosen = self.academies.set_index("academy_id", drop=False)
        return build_run_plan(chosen.loc[self.places["academy_id"]], self.inputs.plan)

    def _find_on_curve(self) -> tuple[int, float] | None:
        if self.places.empty or len(self.places) > self.curve["places"].max():
            return None
        return len(self.places), float(self.places["share"].iloc[-1])

    def _build_manifest(self) -> dict[str, Any]:
        found, ruled = self.solution, self.study.subsidy.year is not None
        return {
            "command": SITE,
            **build_origins(self.study, self.inputs, text=self.text),
            "solution": {
                "candidates": self.candidates,
                "places": len(self.places),
                "objective": found.objective,
                "bound": found.bound,
                "proven_optimal": found.optimal,
            },
            "cost": {
                "total_eur": self.cost.total_cents / subsidy.CENTS if self.cost.known else None,
                "left_eur": self.cost.left_cents / subsidy.CENTS if ruled else None,
                "suffices": self.cost.suffices if ruled else None,
            },
            "sums": {
                "promised": int(self.places["newly"].sum()),
                "counted": self.counted,
            },
            "notes": write_in_all(self.notes, self.study.languages),
        }


def build_run_plan(chosen: gpd.GeoDataFrame, own: gpd.GeoDataFrame | None) -> pd.DataFrame:
    """Give places that are chosen in the form of the register, for `stemgeo run --plan`.

    Parameters
    ----------
    chosen
        Rows of a register.
    own
        What a plan of the study does itself: the places stand behind it, since theirs takes its
        place.
    """
    columns = [*REGISTER]
    if own is not None:
        chosen = pd.concat([own, chosen.assign(change=NEW)])
        columns += [*DAYS, "change"]
    at = chosen.geometry
    # In full: a rounded place may lie on another road.
    spots = {"x_lambert72": at.x.map(repr), "y_lambert72": at.y.map(repr)}
    return pd.DataFrame(chosen[columns]).assign(**spots)


@or_its_path
def site(study: Study, *, progress: Progress = report_nothing, threads: int | None = None) -> Plan:
    """Choose where the next academies would help most, as `[siting]` of the study asks.

    Parameters
    ----------
    study
        From `load_study`, or the path of it; its `siting` names the problem, the number of places
        or the budget.
    progress
        Called with what is being done and the share behind us.
    threads
        Searches that run side by side, all cores when not given; the result is the same.

    Raises
    ------
    StudyError
        If the study says neither how many places nor which budget, or holds an option that
        changes nothing in its problem.
    InputError
        With every problem of the inputs, or why no plan can keep to the limits.
    """
    _check_asked(study)
    prepared = prepare_study(study, progress)
    progress(TRAVEL_TIMES, 0.4)
    measured = measure_day(prepared, study.about.date, threads=threads)
    progress(REACHING, 0.55)
    asked = plans.build_question(prepared, measured, threads=threads)
    progress(CHOOSING, 0.6)
    travel = None
    if study.siting.problem == "p_median":
        travel = plans.measure_zone_travel(asked, threads=threads or count_cores())
    solution = _solve_problem(asked, travel)
    progress(COMPARING, 0.75)
    most = min(study.siting.curve_to, len(asked.candidates.table))
    chance = plans.count_by_chance(asked, max(most, len(solution.chosen)))
    comparison, best = _build_comparison(asked, solution, chance[:, len(solution.chosen)])
    growth = _build_curve(asked, (solution, best), chance[:, : most + 1])
    progress(MEASURING_PLAN, 0.85)
    chosen = plans.build_register(asked, solution.chosen)
    register = add_plan(prepared.inputs.academies, chosen)
    with_places = replace(prepared, inputs=replace(prepared.inputs, academies=register))
    after = measure_day(with_places, study.about.date, threads=threads)
    cost = _compute_cost(asked, solution)
    cents = cost.table["cost_cents"].to_numpy(np.int64)
    places = plans.plan_table(asked, solution.chosen, cents)
    provinces = plans.province_table(asked, solution.chosen)
    before, then = _choose_profile(prepared, measured), _choose_profile(prepared, after)
    counted = int(then["covered"].sum() - before["covered"].sum())
    return Plan(
        study=study,
        inputs=prepared.inputs,
        places=check_table("plan", places),
        provinces=check_table("plan-provinces", provinces),
        towns=check_table("plan-municipalities", _lay_beside(before, then)),
        curve=check_table("curve", growth),
        comparison=check_table("plan-comparison", comparison),
        candidates=len(asked.candidates.table),
        solution=solution,
        cost=cost,
        counted=counted,
        municipalities=then,
        academies=after.academies,
        measured_children=asked.measured_children,
        without=len(plans.list_without(measured.municipalities, places["nis_code"])),
        goal=_measure_goal(asked, solution, travel),
        whole_region=vintages.cover_flanders(measured.municipalities["nis_code"]),
        unreachable=_count_beyond_reach(asked, solution),
        notes=tell_notes(
            (
                *prepared.notes,
                *asked.candidates.notes,
                *after.notes,
                *_note_not_kept(study, places, provinces, counted),
                *([] if cost.known else [_NO_COST]),
            ),
            study.languages,
        ),
    )


_THE_PLAN = Said("siting", "plan", "plan")
_NO_COST = Note(
    _THE_PLAN,
    Said(
        "what the places cost is not known, and not counted",
        "wat de plaatsen kosten, is niet bekend en niet geteld",
        "le coût des lieux n’est pas connu, et n’est pas compté",
    ),
    Said(
        "a column cost_eur of the candidates says it",
        "een kolom cost_eur van de kandidaten zegt het",
        "une colonne cost_eur des candidats l’indique",
    ),
)


def _note_not_kept(
    study: Study, places: pd.DataFrame, provinces: pd.DataFrame, kept: int
) -> Iterator[Note]:
    """Tell of a promise that the whole chain does not keep, and of a floor that is missed."""
    promised = int(places["newly"].sum())
    if promised != kept:
        what = say(
            "{promised} more were promised within reach, a run with the plan counts {counted}",
            "{promised} extra binnen bereik beloofd, een meting met het plan telt er {counted}",
            "{promised} de plus promis à portée, une mesure avec le plan en compte {counted}",
            promised=say_count(promised, "child"),
            counted=say_amount(kept),
        )
        mend = say(
            "use the number of the run",
            "gebruik het getal van de meting",
            "prenez le nombre de la mesure",
        )
        yield Note(_THE_PLAN, what, mend)
    last = provinces[provinces["rank"] == provinces["rank"].max()].set_index("province")["share"]
    for name, least in study.siting.floor_share.items():
        if name in last and last[name] < least:
            what = say(
                "{name} comes to {share}% of its children within reach, {least}% was asked for",
                "in {name} komt {share} % van de kinderen binnen bereik, gevraagd was {least} %",
                "{name} : {share} % des enfants à portée, alors que {least} % étaient demandés",
                name=name,
                share=say_decimals(100 * last[name], 2),
                least=say_amount(100 * least, 2),
            )
            yield Note(
                _THE_PLAN,
                what,
                say("ask for a little more", "vraag iets meer", "demandez un peu plus"),
            )


def _choose_profile(prepared: Prepared, measured: Measured) -> gpd.GeoDataFrame:
    """Give the table of municipalities over the roads that the plan is about."""
    return municipality_table(
        measured.coverage,
        prepared.inputs.municipalities,
        measured.academies,
        prepared.study.siting.profile,
    )


def _lay_beside(before: gpd.GeoDataFrame, then: gpd.GeoDataFrame) -> pd.DataFrame:
    """Give the table `plan-municipalities`: with the plan, and what was so without."""
    was = before.set_index("nis_code")[["covered", "share"]].loc[then["nis_code"]]
    table = then.assign(
        covered_before=was["covered"].to_numpy(), share_before=was["share"].to_numpy()
    )
    return order_columns("plan-municipalities", pd.DataFrame(table))


def _measure_goal(
    asked: Question, solution: Solution, travel: plans.ZoneTravel | None
) -> dict[str, tuple[float, float]]:
    """Say what the problem is about, before and after."""
    if travel is not None:
        whole = max(int(travel.choices.weight.sum()), 1) * 60_000
        return {"minutes": (solution.already / whole, solution.objective / whole)}
    if asked.prepared.study.siting.problem != "backup":
        return {}
    plans_ = (np.empty(0, dtype=np.intp), solution.chosen)
    twice = [asked.plain.count_reached(chosen) >= TWICE for chosen in plans_]
    now, then = (float(asked.plain.children[one].sum()) for one in twice)
    return {"twice": (now, then)}


def _check_asked(study: Study) -> None:
    siting = study.siting
    problems = [
        Problem(f"siting.{name}", f"changes nothing{why}", "leave it out")
        for name, why in siting.yield_idle()
        if study.is_chosen("siting", name)
    ]
    if siting.problem != "lscp" and siting.places is None and siting.budget_eur is None:
        what = f"{siting.problem} needs a number of places or a budget"
        problems.append(Problem("siting", what, "give places (-n 5) or budget_eur (--budget)"))
    if problems:
        raise StudyError(*problems)


def _solve_problem(asked: Question, travel: plans.ZoneTravel | None) -> Solution:
    """Solve the problem of the study."""
    siting, limits = asked.prepared.study.siting, asked.limits
    if travel is not None:
        return solve.p_median(travel.choices, travel.ms, travel.now_ms, limits)
    if siting.problem == "lscp":
        return solve.lscp(asked.plain, limits, siting.share)
    if siting.problem == "backup":
        part = Fraction(str(siting.backup_weight))
        return solve.backup(asked.choices, limits, part.denominator, part.numerator)
    return solve.mclp(asked.choices, limits)


def _build_curve(asked: Question, known: tuple[Solution, ...], chance: Longs) -> pd.DataFrame:
    """Give the table `curve`: the best found and its bound beside places drawn by chance.

    What is known of some numbers of places from elsewhere is in it.
    """
    siting, most = asked.prepared.study.siting, chance.shape[1] - 1
    found = trace_curve(asked.plain, most, asked.limits.time_limit_s)
    best = np.append(found.already, found.best)
    if siting.profile != "all":
        best[1:] = [plans.count_covered(asked, plan) for plan in found.plans]
    for one in known:
        if len(one.chosen) <= most:
            at = len(one.chosen)
            best[at] = max(best[at], plans.count_covered(asked, one.chosen))
    best = np.maximum.accumulate(best)
    # A proof that no plan of the study is better holds for all plans where it had no other limits.
    bound = np.append(found.already, found.bound)
    free = known if _is_plain(siting) else known[1:]
    for one in free:
        if len(one.chosen) <= most and one.optimal:
            bound[len(one.chosen)] = min(bound[len(one.chosen)], one.bound)
    bound = np.maximum(np.minimum.accumulate(bound[::-1])[::-1], best)
    whole = max(asked.measured_children, 1)
    return pd.DataFrame(
        {
            "places": np.arange(most + 1),
            "covered": best,
            "covered_bound": bound,
            "share": best / whole,
            "share_bound": bound / whole,
            "share_random": chance.mean(axis=0) / whole,
            "share_random_least": chance.min(axis=0) / whole,
            "share_random_most": chance.max(axis=0) / whole,
        }
    )


def _is_plain(siting: Siting) -> bool:
    """Tell whether the plan is the most children for a number of places, without more ado."""
    limits = (siting.budget_eur, siting.equity, siting.largest_share)
    tables = (siting.weights, siting.floor_places, siting.floor_share)
    return siting.problem == "mclp" and limits == (None, None, None) and not any(tables)


def _build_comparison(
    asked: Question, solution: Solution, chance: Longs
) -> tuple[pd.DataFrame, Solution]:
    """Give the table `plan-comparison`: the plan, chance, and an academy in every municipality."""
    each = plans.choose_one_for_each(asked)
    best = solve.mclp(asked.plain, Limits(places=len(each), time_limit_s=asked.limits.time_limit_s))
    whole, nobody = max(asked.measured_children, 1), np.empty(0, dtype=np.intp)
    bound = solution.bound if _is_plain(asked.prepared.study.siting) else None
    rules = subsidy.find_rules(asked.prepared.study.subsidy)
    priced = subsidy.have_cost(asked.candidates.table, rules)
    rows: list[dict[str, Any]] = []
    for name, chosen, most in (
        ("now", nobody, asked.in_time),
        ("plan", solution.chosen, bound),
        ("each_municipality", each, None),
        ("best_as_many", best.chosen, best.bound),
    ):
        covered = plans.count_covered(asked, chosen)
        rows.append(
            {
                "choice": name,
                "places": len(chosen),
                "covered": covered,
                "covered_bound": most,
                "share": covered / whole,
                "municipalities_with": plans.count_municipalities_with(asked, chosen),
                "cost_eur": int(asked.choices.cost_cents[chosen].sum()) / subsidy.CENTS
                if priced[chosen].all()
                else np.nan,
            }
        )
    random = {
        "choice": "random",
        "places": len(solution.chosen),
        "covered": round(float(chance.mean())),
        "covered_least": int(chance.min()),
        "covered_most": int(chance.max()),
        "share": float(chance.mean()) / whole,
    }
    table = pd.DataFrame([*rows[:2], random, *rows[2:]])
    optional = ("covered_bound", "covered_least", "covered_most", "municipalities_with")
    return table.astype(dict.fromkeys(optional, "Int64")), best


def _compute_cost(asked: Question, solution: Solution) -> PlanCost:
    study = asked.prepared.study
    academies = keep_own(study, asked.measured.academies)
    return subsidy.cost_of_places(
        asked.candidates.table.iloc[solution.chosen],
        subsidy.find_rules(study.subsidy),
        register=academies[~asked.prepared.inputs.are_new(academies)],
        trajectories_per_place=study.subsidy.trajectories_per_place,
        layer=asked.prepared.inputs.layers.get(study.subsidy.place_layer),
    )


def _count_beyond_reach(asked: Question, solution: Solution) -> pd.Series[int]:
    """Count by name the children whom neither an academy nor any candidate has within reach."""
    unit = solution.unreachable
    if asked.prepared.study.siting.problem == "p_median":
        unit = unit[:0]
    names = asked.prepared.inputs.municipalities.set_index("nis_code")["name"]
    code = asked.prepared.points["nis_code"].to_numpy()[asked.units.point[unit]]
    children = pd.Series(asked.units.children[unit], index=names.reindex(code).to_numpy())
    sums = children.groupby(level=0).sum().sort_index(kind="stable")
    return sums.sort_values(ascending=False, kind="stable")
