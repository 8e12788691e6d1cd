"""Where the next academies would help most: a study in, a plan with its proof out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from stemgeo import coverage as coverage_
from stemgeo import subsidy
from stemgeo.errors import Problem, StudyError
from stemgeo.inputs import vintages
from stemgeo.inputs.plan import with_plan
from stemgeo.maps.curve import curve_chart
from stemgeo.maps.page import save_figure
from stemgeo.maps.static import choropleth
from stemgeo.measure import Measured, all_cores, measure, prepare, quiet
from stemgeo.report.bundle import map_text, origins, said, write_csv
from stemgeo.report.files import SITE, whole_folder, write_manifest
from stemgeo.report.plan import plan_markdown
from stemgeo.siting import plan as plans
from stemgeo.siting import solve
from stemgeo.siting.choices import Limits
from stemgeo.siting.compare import curve
from stemgeo.siting.plan import PlanTables
from stemgeo.tables import checked

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from stemgeo.maps.text import MapText
    from stemgeo.measure import Progress
    from stemgeo.siting.choices import Solution
    from stemgeo.siting.plan import Question
    from stemgeo.study import Study
    from stemgeo.subsidy import PlanCost

TABLES = ("plan-provinces", "curve", "plan-comparison")


@dataclass(frozen=True)
class Plan(PlanTables):
    """The places that were chosen and what speaks for them, with the folder it is written to."""

    @property
    def register(self) -> pd.DataFrame:
        """The places in the form of the register, for `stemgeo run --plan`: on the same spots."""
        at, plain = self.places.geometry, pd.DataFrame(self.places.drop(columns="geometry"))
        # In full: a rounded place may lie on another road.
        spots = {"x_lambert72": at.x.map(repr), "y_lambert72": at.y.map(repr)}
        euro = {name: plain[name].map("{:.2f}".format) for name in ("cost_eur", "total_cost_eur")}
        return plain.assign(**euro, **spots)

    def map(self) -> Figure:
        """Draw the share of children in time by municipality, with the places of the plan."""
        text = map_text(self.study.with_plan("plan.csv"), self.inputs)
        classes = self.study.output.classes
        return choropleth(self.municipalities, self.academies, text, classes=classes)

    def chart(self) -> Figure:
        """Draw the share of the children in time against the number of new places."""
        return curve_chart(self.curve, self._on_curve(), map_text(self.study, self.inputs))

    def write(self, place: str | Path) -> Path:
        """Write plan, tables, pictures, summary and manifest into a folder, whole or not at all."""
        text, formats = map_text(self.study, self.inputs), self.study.output.formats
        with whole_folder(Path(place), SITE) as folder:
            for name in ("tables", "maps"):
                (folder / name).mkdir()
            write_csv(self.register, folder / "plan.csv")
            tables = (self.provinces, self.curve, self.comparison)
            for name, table in zip(TABLES, tables, strict=True):
                write_csv(checked(name, table), folder / "tables" / f"{name}.csv")
            (folder / "tables" / "LEESMIJ.txt").write_text(
                "".join(f"{line}\n" for line in said(text).values() if line), encoding="utf-8"
            )
            save_figure(self.map(), folder / "maps" / "plan", formats=formats)
            save_figure(self.chart(), folder / "maps" / "curve", formats=formats)
            (folder / "summary.md").write_text(plan_markdown(self, text), encoding="utf-8")
            write_manifest(folder, self._manifest(text))
        return Path(place)

    def _on_curve(self) -> tuple[int, float] | None:
        if self.places.empty or len(self.places) > self.curve["places"].max():
            return None
        return len(self.places), float(self.places["share"].iloc[-1])

    def _manifest(self, text: MapText) -> dict[str, Any]:
        found = self.solution
        return {
            "command": SITE,
            **origins(self.study, self.inputs, text=text),
            "solution": {
                "candidates": self.candidates,
                "places": len(self.places),
                "objective": found.objective,
                "bound": found.bound,
                "proven_optimal": found.optimal,
            },
            "sums": {
                "promised": int(self.places["newly"].sum()),
                "counted": self.counted,
            },
            "notes": [str(note) for note in self.notes],
        }


def site(study: Study, *, progress: Progress = quiet, threads: int | None = None) -> Plan:
    """Choose where the next academies would help most, as `[siting]` of the study asks.

    Parameters
    ----------
    study
        From `load_study`; its `siting` names the problem, the number of places or the budget.
    progress
        Called with what is being done and the share behind us.
    threads
        Searches that run side by side, all cores when not given; the result is the same.

    Raises
    ------
    StudyError
        If the study says neither how many places nor which budget.
    InputError
        With every problem of the inputs, or why no plan can keep to the limits.
    """
    _is_asked(study)
    prepared = prepare(study, progress)
    progress("Reistijden berekenen", 0.4)
    measured = measure(prepared, study.about.date, threads=threads)
    progress("Kandidaten bereiken", 0.55)
    asked = plans.question(prepared, measured, threads=threads)
    progress("Plaatsen kiezen", 0.6)
    solution = _solved(asked, threads or all_cores())
    progress("Vergelijken", 0.75)
    growth = _curve(asked)
    comparison = _comparison(asked, solution)
    progress("Plan meten", 0.85)
    with_places = replace(
        prepared.inputs,
        academies=with_plan(
            prepared.inputs.academies, plans.in_form_of_register(asked, solution.chosen)
        ),
    )
    after = measure(replace(prepared, inputs=with_places), study.about.date, threads=threads)
    places = checked("plan", plans.plan_table(asked, solution.chosen))
    return Plan(
        study=study,
        inputs=prepared.inputs,
        places=places,
        provinces=plans.province_table(asked, solution.chosen),
        curve=growth,
        comparison=comparison,
        candidates=len(asked.candidates.table),
        solution=solution,
        cost=_cost(asked, solution),
        counted=_in_time(after, study.siting.profile) - _in_time(measured, study.siting.profile),
        before=_summary(measured),
        after=_summary(after),
        municipalities=after.municipalities,
        academies=after.academies,
        measured_children=asked.measured_children,
        whole_region=vintages.cover_flanders(measured.municipalities["nis_code"]),
        unreachable=_by_municipality(asked, solution),
        notes=(*prepared.notes, *asked.candidates.notes, *measured.notes),
    )


def _is_asked(study: Study) -> None:
    siting = study.siting
    if siting.problem != "lscp" and siting.places is None and siting.budget_eur is None:
        what = f"{siting.problem} needs a number of places or a budget"
        raise StudyError(Problem("siting", what, "give places (-n 5) or budget_eur (--budget)"))


def _solved(asked: Question, threads: int) -> Solution:
    siting, limits = asked.prepared.study.siting, asked.limits
    if siting.problem == "lscp":
        return solve.lscp(asked.plain, limits, siting.share)
    if siting.problem == "backup":
        second = Fraction(str(siting.backup_weight))
        return solve.backup(asked.choices, limits, second.denominator, second.numerator)
    if siting.problem == "p_median":
        found = plans.travel(asked, threads=threads)
        return solve.p_median(found.choices, found.ms, found.now_ms, limits)
    return solve.mclp(asked.choices, limits)


def _summary(measured: Measured) -> pd.DataFrame:
    return coverage_.summary(measured.coverage, measured.municipalities, "province")


def _in_time(measured: Measured, profile: str) -> int:
    """Count the children in time of the whole region, at the central speeds."""
    rows = measured.coverage
    rows = rows[
        (rows["level"] == "region")
        & (rows["band"] == coverage_.ALL_BANDS)
        & (rows["scenario"] == "central")
        & (rows["profile"] == profile)
    ]
    return int(rows["covered"].iloc[0])


def _curve(asked: Question) -> pd.DataFrame:
    """Give the table `curve`: the best found and its bound beside places drawn by chance."""
    most = min(asked.prepared.study.siting.curve_to, len(asked.candidates.table))
    found = curve(asked.plain, most, asked.limits.time_limit_s)
    chance = plans.by_chance(asked, most)
    whole = max(asked.measured_children, 1)
    covered = {
        "covered": np.append(found.already, found.best),
        "covered_bound": np.append(found.already, found.bound),
    }
    shares = {
        "share": covered["covered"],
        "share_bound": covered["covered_bound"],
        "share_random": chance.mean(axis=0),
        "share_random_least": chance.min(axis=0),
        "share_random_most": chance.max(axis=0),
    }
    return pd.DataFrame(
        {
            "places": np.arange(most + 1),
            **covered,
            **{name: values / whole for name, values in shares.items()},
        }
    )


def _comparison(asked: Question, solution: Solution) -> pd.DataFrame:
    """Give the table `comparison`: the plan, chance, and an academy in every municipality."""
    each = plans.one_for_each_without(asked)
    limits = Limits(places=len(each), time_limit_s=asked.limits.time_limit_s)
    best = solve.mclp(asked.plain, limits)
    chance = plans.by_chance(asked, len(solution.chosen))[:, -1]
    plan = plans.covered_by(asked, solution.chosen)
    everyone, nobody = asked.measured_children, np.empty(0, dtype=np.intp)
    rows = [
        ("now", nobody, asked.in_time, asked.in_time),
        ("plan", solution.chosen, plan, None),
        ("each_municipality", each, plans.covered_by(asked, each), None),
        ("best_as_many", best.chosen, plans.covered_by(asked, best.chosen), best.bound),
    ]
    table = pd.DataFrame(
        [
            {
                "choice": name,
                "places": len(chosen),
                "covered": covered,
                "covered_bound": bound,
                "share": covered / max(everyone, 1),
                "municipalities_with": plans.municipalities_with(asked, chosen),
                "cost_eur": int(asked.choices.cost_cents[chosen].sum()) / plans.CENTS,
            }
            for name, chosen, covered, bound in rows
        ]
    )
    random = {
        "choice": "random",
        "places": len(solution.chosen),
        "covered": round(float(chance.mean())),
        "covered_least": int(chance.min()),
        "covered_most": int(chance.max()),
        "share": float(chance.mean()) / max(everyone, 1),
    }
    table = pd.concat([table.iloc[:2], pd.DataFrame([random]), table.iloc[2:]], ignore_index=True)
    whole = ("covered_bound", "covered_least", "covered_most", "municipalities_with")
    return table.astype(dict.fromkeys(whole, "Int64"))


def _cost(asked: Question, solution: Solution) -> PlanCost:
    study = asked.prepared.study
    return subsidy.cost_of_places(
        asked.candidates.table.iloc[solution.chosen],
        subsidy.rules(study.subsidy.year),
        register=asked.measured.academies,
        trajectories_per_place=study.subsidy.trajectories_per_place,
        layer=asked.prepared.inputs.layers.get(study.subsidy.place_layer),
    )


def _by_municipality(asked: Question, solution: Solution) -> pd.Series[int]:
    """Count by name the children whom neither an academy nor any candidate has in time."""
    unit = solution.unreachable
    if asked.prepared.study.siting.problem == "p_median":
        unit = unit[:0]
    names = asked.prepared.inputs.municipalities.set_index("nis_code")["name"]
    code = asked.prepared.points["nis_code"].to_numpy()[asked.units.point[unit]]
    children = pd.Series(asked.units.children[unit], index=names.reindex(code).to_numpy())
    sums = children.groupby(level=0).sum().sort_index(kind="stable")
    return sums.sort_values(ascending=False, kind="stable")
