"""A plan that someone drew up, beside the result without it: what it changes, for an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from stemgeo.errors import Problem, ResultError
from stemgeo.inputs.plan import CLOSED, MOVED, NEW
from stemgeo.maps.series import find_partly_measured
from stemgeo.maps.text import province_name
from stemgeo.profiles import QUIET
from stemgeo.report.accounts import OF_NO_FIGURE
from stemgeo.report.comparison import Comparison, compare, list_differences
from stemgeo.report.files import COMPARE, RUN, SITE, find_command
from stemgeo.report.outcome import Tables
from stemgeo.report.summary import say_changes
from stemgeo.study import PROVINCES
from stemgeo.tables import SCHEMAS

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.texts import Texts


@dataclass(frozen=True)
class MeasuredPlan:
    """A plan that was measured.

    Attributes
    ----------
    compared
        The result without it and the one with it, side by side.
    with_plan
        The one with it; None where only the comparison was given.
    """

    compared: Comparison
    with_plan: Tables | None = None

    @classmethod
    def from_folder(cls, source: Tables, folder: Path) -> MeasuredPlan:
        """Take the folder of a run with a plan, or of a comparison with one.

        Parameters
        ----------
        source
            The result without it.
        folder
            Of `stemgeo run --plan` or `stemgeo compare`.

        Raises
        ------
        ResultError
            If it is of another study than the result, or counts no plan.
        """
        if find_command(folder, RUN, COMPARE) == COMPARE:
            compared = Comparison.from_folder(folder)
            _refuse_without_plan(compared.b, folder)
            unlike = list_unlike(source.manifest, compared.a, "inputs.plan")
            _refuse_unlike([*unlike, *list_unlike(compared.a, compared.b)], folder)
            if compared.academies is None:
                what = "was written before it told which academies move"
                raise ResultError(Problem(str(folder), what, "compare again"))
            return cls(_refuse_idle(compared, folder))
        other = Tables.from_folder(folder, source.language)
        _refuse_without_plan(other.manifest, folder)
        _refuse_unlike(list_unlike(source.manifest, other.manifest), folder)
        return cls(_refuse_idle(compare(source, other), folder), other)

    @property
    def places(self) -> pd.DataFrame:
        """The table `comparison-academies`, nothing missing but numbers."""
        table = self.compared.academies
        if table is None:  # refused as it is read
            return pd.DataFrame(columns=[*SCHEMAS["comparison-academies"].columns])
        texts = table.select_dtypes(exclude="number").columns
        return table.fillna(dict.fromkeys(texts, ""))

    @property
    def provinces(self) -> set[str]:
        """Those in which the plan has a place."""
        rows = self.places
        return set(rows["province_b"][rows["change"] != CLOSED]) - {""}

    def shares(self) -> pd.Series:
        """Give the share of each place with the plan, by level and code."""
        parts = [self.compared.of(level) for level in ("municipality", "province")]
        rows = pd.concat(parts).drop_duplicates(["level", "code"]).set_index(["level", "code"])
        return _divide(rows, "b")


def is_measured_plan(folder: Path) -> bool:
    """Whether a folder is of a run or of a comparison, and not of `stemgeo site`."""
    return find_command(folder, SITE, RUN, COMPARE) != SITE


_OF_PLANS = (
    "study.date",
    "study.vintage",
    "study.area",
    "inputs.",
    "travel.",
    "academies.",
    "demand.",
    "subsidy.",
)
_OWN = (
    *("inputs.plan", "inputs.candidates", "inputs.road_projects", "study.area_name"),
    *OF_NO_FIGURE,
)
"""What a plan and a result must have alike, but for what each has of its own."""


def list_unlike(a: dict[str, Any], b: dict[str, Any], *alike: str) -> list[str]:
    """List what differs between the manifests of a result and of a plan, and must not.

    Parameters
    ----------
    a, b
        The manifests.
    *alike
        What must be alike too, though each may have its own elsewhere.
    """
    every = list_differences(a, b)["what"]
    return [
        one
        for one in every
        if one.startswith(_OF_PLANS) and (one.startswith(alike) or not one.startswith(_OWN))
    ]


def _refuse_unlike(found: list[str], folder: Path) -> None:
    """Refuse a plan that was measured of another study."""
    if found:
        named = ", ".join(dict.fromkeys(found))
        what = f"is of another study than the result: {named} differ"
        mend = "run the same study with the plan, `stemgeo run STUDY --plan FILE`"
        raise ResultError(Problem(str(folder), what, mend))


def _refuse_without_plan(content: dict[str, Any], folder: Path) -> None:
    if not content["study"]["inputs"].get("plan"):
        mend = "run the study with one, `stemgeo run STUDY --plan FILE`"
        raise ResultError(Problem(str(folder), "counts no plan", mend))


def _refuse_idle(compared: Comparison, folder: Path) -> Comparison:
    """Refuse a plan that changes nothing, such as the one that the result counts already."""
    rows = compared.table
    alike = (rows["covered_a"] == rows["covered_b"]).all()
    if alike and compared.academies is not None and compared.academies.empty:
        what = (
            "changes nothing: the same academies count in the result, and reach the same children"
        )
        raise ResultError(Problem(str(folder), what, "give a plan that the result does not count"))
    return compared


def gather_variant(variant: MeasuredPlan, words: Texts) -> dict[str, Any]:
    """Say what a plan opens, moves and closes, who is gained and lost, and what it costs.

    Parameters
    ----------
    variant
        As measured.
    words
        Of the language of the answer.
    """
    compared, places = variant.compared, variant.places
    region, rows = _take_rows(compared, "region").iloc[0], _take_rows(compared, "province")
    few = find_partly_measured(rows.rename(columns={"unmeasured_b": "unmeasured"}), "share_b")
    provinces = rows.assign(few=few).set_index("code").to_dict("index")
    quiet = [one for one in QUIET if one in compared.profiles]
    cost = dict(compared.cost)
    return {
        "said": say_changes(places, words),
        **{
            name: [_name_place(row) for row in places[places["change"] == kind].to_dict("records")]
            for name, kind in (("opened", NEW), ("moved", MOVED), ("closed", CLOSED))
        },
        **_count(region),
        "provinces": [
            {"name": province_name(name, words), "partly": bool(one["few"]), **_count(one)}
            for name, one in ((name, provinces[name]) for name in PROVINCES if name in provinces)
        ],
        "quiet": [
            {"roads": QUIET[one].roads.to_text(words.language)}
            | _count(_take_rows(compared, "region", one).iloc[0])
            for one in quiet
        ],
        "cost": {
            "year": str(cost["rules_year"]),
            "before_eur": float(cost["a_eur"]),
            "after_eur": float(cost["b_eur"]),
        }
        if cost
        else None,
    }


def _name_place(row: dict[Any, Any]) -> dict[str, Any]:
    moved = row["change"] == MOVED
    return {
        "name": row["name"],
        "from": row["municipality_a"],
        "municipality": row["municipality_b"],
        "km": round(float(row["moved_m"]) / 1000, 1) if moved else None,
    }


def _divide(rows: pd.DataFrame, side: str) -> pd.Series:
    """Give shares anew: a folder holds them with six decimals, and counts that are exact."""
    measured = (rows["children"] - rows[f"unmeasured_{side}"]).astype(float)
    shares: pd.Series = rows[f"covered_{side}"] / measured.where(measured > 0)
    return shares


def _take_rows(compared: Comparison, level: str, profile: str = "all") -> pd.DataFrame:
    rows = compared.of(level, profile=profile)
    return rows.assign(**{f"share_{side}": _divide(rows, side) for side in "ab"})


def _count(row: Any) -> dict[str, Any]:
    """Give who is gained and lost, none where that cannot be told, and both shares."""
    known = not pd.isna(row["gained"])
    shares = {"share_before": row["share_a"], "share": row["share_b"]}
    return {
        "gained": int(row["gained"]) if known else None,
        "lost": int(row["lost"]) if known else None,
        "more": int(row["difference"]),
        **{name: None if pd.isna(one) else float(one) for name, one in shares.items()},
    }
