"""What academies cost under the subsidy rules of a year; the rules are data.

Money is whole cents inside; the rules themselves are whole euro.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from stemgeo import facts
from stemgeo.errors import Findings, Problem, StudyError
from stemgeo.inputs.vectors import as_text, find_codes
from stemgeo.tables import check_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from stemgeo.study import SubsidyChoice

CENTS = 100
POSTCODE, LAYER, MUNICIPALITY, OWN = "postcode", "layer", "municipality", "own"
_MOST_CENTS = 10**13
"""A hundred thousand million euro: whoever writes more for a place slipped."""


class SubsidyRules(BaseModel):
    """The subsidy rules of one year.

    Attributes
    ----------
    year
        Of the call.
    place_eur, extra_trajectory_eur
        For a place that an applicant reaches, and for each trajectory there after the first.
    online_trajectory_eur, extra_online_trajectory_eur
        For an applicant's first new online trajectory, and for each after it.
    cap_eur, envelope_eur
        The most that one applicant gets, and that there is for all.
    min_activities
        Consecutive activities that make a trajectory.
    source, seed
        Who says it, in words, and the file in which it stands, if it is kept.

    A place is a postcode of an applicant: its academies there are one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    year: int = Field(ge=1900, le=2200)
    place_eur: int = Field(gt=0)
    extra_trajectory_eur: int = Field(ge=0)
    online_trajectory_eur: int = Field(ge=0)
    extra_online_trajectory_eur: int = Field(ge=0)
    cap_eur: int = Field(gt=0)
    envelope_eur: int = Field(gt=0)
    min_activities: int = Field(ge=1)
    source: str
    seed: str

    @property
    def pays_trajectories(self) -> bool:
        """Whether extra or online trajectories are paid as well."""
        return bool(self.extra_trajectory_eur or self.online_trajectory_eur)

    @model_validator(mode="after")
    def _more_is_never_cheaper(self) -> Self:
        """What `place_costs_cents` promises rests on this."""
        if self.extra_trajectory_eur > self.place_eur:
            raise ValueError("extra_trajectory_eur: must not be above place_eur")
        if self.extra_online_trajectory_eur > self.online_trajectory_eur:
            raise ValueError("extra_online_trajectory_eur: must not be above that of the first")
        return self


@cache
def load_every_rules() -> Mapping[int, SubsidyRules]:
    """Give the rules of every year that is known, by year."""
    found = (SubsidyRules.model_validate(one) for one in facts.read_subsidy_rules())
    return {one.year: one for one in sorted(found, key=lambda one: one.year)}


def load_subsidy_rules(year: int) -> SubsidyRules:
    """Give the subsidy rules of a year.

    Raises
    ------
    StudyError
        If there are none; it names the years that there are.
    """
    known = load_every_rules()
    if year not in known:
        there = ", ".join(map(str, known))
        raise StudyError(Problem("subsidy", f"no rules of {year} are known", f"there are: {there}"))
    return known[year]


@dataclass(frozen=True)
class Total:
    """What all applicants together cost, in whole euro.

    Attributes
    ----------
    before_cap_eur, cut_eur, amount_eur
        By the rules, what the cap per applicant takes off, and what is left of it.
    envelope_eur
        What there is for all.
    """

    before_cap_eur: int
    cut_eur: int
    amount_eur: int
    envelope_eur: int

    @property
    def left_eur(self) -> int:
        """What the envelope has left; below zero it is passed by so much.

        The rules do not say how a passed envelope is divided, so nothing is taken off for it.
        """
        return self.envelope_eur - self.amount_eur


def find_rules(choice: SubsidyChoice) -> SubsidyRules | None:
    """Give the rules that a study chose: those of academies, which are of nothing else."""
    return None if choice.year is None else load_subsidy_rules(choice.year)


def add_up_amounts(table: pd.DataFrame, of: SubsidyRules) -> Total:
    """Add the amounts of all applicants up; `table` is that of `compute_amounts`."""
    sums = {name: int(table[name].sum()) for name in ("before_cap_eur", "cut_eur", "amount_eur")}
    return Total(**sums, envelope_eur=of.envelope_eur)


def compute_amounts(
    academies: pd.DataFrame,
    of: SubsidyRules,
    *,
    trajectories_per_place: int = 1,
    layer: gpd.GeoDataFrame | None = None,
) -> pd.DataFrame:
    """Say what each applicant gets.

    Parameters
    ----------
    academies
        `academy_id`; and, as far as known, `name`, `organisation` (the applicant; an academy
        without one stands by itself), `postcode`, `nis_code`, `trajectories`,
        `online_trajectories`, `planned`, geometry. Organisations that differ in capitals and
        spaces alone are one.
    of
        The rules of a year.
    trajectories_per_place
        Of an academy that does not say how many it holds.
    layer
        Polygons with `code` that stand for postcodes where an academy has none: former
        municipalities. Without them the municipality does, which counts fewer places where
        former ones have merged. An academy in none of these is not counted.

    Returns
    -------
    DataFrame
        The table `subsidy` of the data dictionary, by applicant.

    Raises
    ------
    InputError
        With one line for each number of trajectories that cannot be used.
    """
    rows = _build_rows(academies, trajectories_per_place, layer)
    counts = _count_by_applicant(rows)
    before = _before_cap_cents(counts, of)
    amount = np.minimum(before, of.cap_eur * CENTS)
    table = counts.assign(
        before_cap_eur=before // CENTS,
        cut_eur=(before - amount) // CENTS,
        amount_eur=amount // CENTS,
    )
    return check_table("subsidy", table.sort_index().reset_index(drop=True))


def compute_for_study(
    choice: SubsidyChoice, academies: pd.DataFrame, layers: Mapping[str, gpd.GeoDataFrame]
) -> pd.DataFrame | None:
    """Say what academies cost as a study asks it: `compute_amounts` by its year, default and layer.

    Planned places with a cost of their own stand outside the rules.

    Parameters
    ----------
    choice
        What the study asks.
    academies
        Those that count.
    layers
        Of the study, by their key.

    Returns
    -------
    DataFrame or None
        Nothing of a study that chose no rules.
    """
    of = find_rules(choice)
    if of is None:
        return None
    return compute_amounts(
        academies[~has_own_cost(academies)],
        of,
        trajectories_per_place=choice.trajectories_per_place,
        layer=layers.get(choice.place_layer),
    )


def has_own_cost(academies: pd.DataFrame) -> pd.Series[bool]:
    """Say which are planned places with a cost of their own."""
    return academies["planned"] & (_text_of_column(academies, "cost_eur") != "")


def own_costs_cents(academies: pd.DataFrame) -> int:
    """Add up what planned places with a cost of their own cost."""
    return int(_read_own_cents(academies[has_own_cost(academies)]).sum())


def _text_of_column(frame: pd.DataFrame, name: str) -> pd.Series:
    """Give a column of text, empty where there is none."""
    if name not in frame:
        return pd.Series("", index=frame.index, dtype=str)
    return as_text(frame[name])


def _whole_numbers_of_column(
    frame: pd.DataFrame, name: str, default: int, findings: Findings
) -> pd.Series:
    """Give a column of whole numbers of 0 or more; the default where there is none."""
    if name not in frame:
        return pd.Series(default, index=frame.index, dtype="int64")
    number = pd.to_numeric(frame[name], errors="coerce").astype("Float64")
    given = frame[name].notna() & (frame[name].astype(str).str.strip() != "")
    fine = ((number >= 0) & (number == number.round()) & (number < 2**31)).fillna(value=False)
    for row, value in frame.loc[given & ~fine.astype(bool), name].items():
        findings.error(
            f"row {row}", f"'{name}' is {str(value)[:30]!r}, not a whole number of 0 or more"
        )
    return number.where(given & fine, default).astype("int64")


def _build_rows(
    academies: pd.DataFrame, trajectories_per_place: int, layer: gpd.GeoDataFrame | None
) -> pd.DataFrame:
    """Lay out what the rules count: for each academy its applicant, place and trajectories."""
    findings = Findings()
    trajectories = _whole_numbers_of_column(
        academies, "trajectories", trajectories_per_place, findings
    )
    online = _whole_numbers_of_column(academies, "online_trajectories", 0, findings)
    findings.raise_errors()
    ids, name = (_text_of_column(academies, one) for one in ("academy_id", "name"))
    organisation, alone = _read_organisations(academies)
    rows = pd.DataFrame(
        {
            "applicant": organisation.where(~alone, name.where(name != "", ids)),
            "academy_id": ids.where(alone, ""),
            "key": find_applicants(academies),
            "trajectories": trajectories,
            "online": online,
            "planned": academies.get("planned", False),
        }
    )
    return rows.assign(**_name_places(academies, layer))


def find_applicants(academies: pd.DataFrame) -> pd.Series[str]:
    """Give each academy the key of its applicant: its organisation, else itself alone."""
    organisations, ids = (
        _text_of_column(academies, name).tolist() for name in ("organisation", "academy_id")
    )
    keys = [
        " ".join(organisation.split()).casefold() or ALONE + one
        for organisation, one in zip(organisations, ids, strict=True)
    ]
    return pd.Series(keys, index=academies.index, dtype=str)


ALONE = "\n"
"""Begins the key of an applicant of one academy; no organisation begins with a line break."""


def _read_organisations(academies: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Give organisations without needless spaces, and which academies have none."""
    organisation = _text_of_column(academies, "organisation").str.split().str.join(" ")
    return organisation, organisation == ""


def _name_places(academies: pd.DataFrame, layer: gpd.GeoDataFrame | None) -> dict[str, pd.Series]:
    """Say what stands for each academy's former municipality, and which kind of thing it is."""
    found = {POSTCODE: _text_of_column(academies, "postcode")}
    if layer is not None and "geometry" in academies:
        found[LAYER] = find_codes(academies["geometry"], layer, "code")
    found[MUNICIPALITY] = _text_of_column(academies, "nis_code")
    place = pd.Series("", index=academies.index, dtype=str)
    by = place.copy()
    for kind, codes in found.items():
        new = (by == "") & (codes != "")
        by, place = by.mask(new, kind), place.mask(new, f"{kind} " + codes)
    return {"place": place, "places_by": by}


_PLACE = ["key", "place"]
"""What tells one paid place from another."""


def _count_by_applicant(rows: pd.DataFrame) -> pd.DataFrame:
    """Count academies, places and trajectories of each applicant, by its key."""
    counted = rows[(rows["trajectories"] > 0) & (rows["place"] != "")]
    places = counted.drop_duplicates(_PLACE)
    by = rows.sort_values(["key", "applicant"]).groupby("key")
    number_of_places = places.groupby("key").size()
    held = counted.groupby("key")["trajectories"].sum()
    kinds = counted.drop_duplicates(["key", "places_by"]).sort_values("places_by")
    table = pd.DataFrame(
        {
            "applicant": by["applicant"].first(),
            "academy_id": by["academy_id"].first(),
            "academies": by.size(),
            "planned": by["planned"].sum(),
            "not_counted": by.size()
            - counted.groupby("key").size().reindex(by.size().index, fill_value=0),
            "places": number_of_places,
            "extra_trajectories": held - number_of_places,
            "online_trajectories": by["online"].sum(),
            "places_by": kinds.groupby("key")["places_by"].agg(", ".join),
        },
        index=by.size().index,
    )
    text = dict.fromkeys(["applicant", "academy_id", "places_by"], "str")
    whole = dict.fromkeys(table.columns.drop(list(text)), "int64")
    empty = dict.fromkeys(whole, 0) | {"places_by": ""}
    return table.fillna(empty).astype(text | whole)


def _online_cents(number: pd.Series, of: SubsidyRules) -> pd.Series:
    first = np.minimum(number, 1)
    extra = number - first
    euro: pd.Series = first * of.online_trajectory_eur + extra * of.extra_online_trajectory_eur
    return euro * CENTS


def _before_cap_cents(counts: pd.DataFrame, of: SubsidyRules) -> pd.Series:
    euro = counts["places"] * of.place_eur
    euro = euro + counts["extra_trajectories"] * of.extra_trajectory_eur
    return euro * CENTS + _online_cents(counts["online_trajectories"], of)


@dataclass(frozen=True)
class PlanCost:
    """What the places of a plan cost beside a register.

    Attributes
    ----------
    table
        In the plan's order: `academy_id`, `applicant`, `cost_cents` (int64: what the place adds
        before the cap, beside the register and the places above it; or its own cost; -1: it has
        none and no rules hold) and `own`
        (whether it has a cost of its own).
    subsidy_cents
        What the plan adds to the subsidies, under the cap.
    cut_cents
        What the cap takes off.
    own_cents
        Of the places with a cost of their own: outside the rules, cap and envelope.
    left_cents
        What the register leaves of the envelope before the plan; below zero: already passed.
    known
        Whether each place has a price: by rules, or by a cost of its own.
    """

    table: pd.DataFrame
    subsidy_cents: int
    cut_cents: int
    own_cents: int
    left_cents: int
    known: bool = True

    @property
    def total_cents(self) -> int:
        """All that the plan costs."""
        return self.subsidy_cents + self.own_cents

    @property
    def suffices(self) -> bool:
        """Whether the envelope holds the subsidies of the register and the plan together."""
        return self.subsidy_cents <= self.left_cents


def cost_of_places(
    plan: pd.DataFrame,
    of: SubsidyRules | None,
    *,
    register: pd.DataFrame | None = None,
    trajectories_per_place: int = 1,
    layer: gpd.GeoDataFrame | None = None,
) -> PlanCost:
    """Say what new places cost: exactly, with the cap and with postcodes that are shared.

    Parameters
    ----------
    plan
        The columns of `compute_amounts`, all optional, and `cost_eur`: a cost of the place's own in
        euro and cents, which takes the place of the rules (no place, cap or envelope of theirs).
        Without an organisation each row is an applicant of its own; without anything that says
        its place, it is a new one.
    of
        The rules of a year; None: nothing has a price but by a cost of its own.
    register
        The academies that are there: their applicants' places and caps count, and what they
        leave of the envelope. None: nobody.
    trajectories_per_place, layer
        As for `compute_amounts`.

    Raises
    ------
    InputError
        With one line for each cost or number of trajectories that cannot be used.
    """
    own = _read_own_cents(plan)
    new = _number_places(plan)
    if of is None:
        return _own_costs(new, own)
    there = _build_rows(
        _no_academies() if register is None else register, trajectories_per_place, layer
    )
    there = there.assign(new=False)
    asked = _build_rows(new, trajectories_per_place, layer).assign(new=True)
    asked["place"] = asked["place"].where(asked["place"] != "", OWN + " " + new["academy_id"])
    ruled = (own < 0).to_numpy()
    both = pd.concat([there, asked[ruled]], ignore_index=True)
    costs = own.to_numpy(copy=True)
    costs[ruled] = _added_cents(both, of)[len(there) :]
    before, after = _sum_amounts(there, of), _sum_amounts(both, of)
    table = pd.DataFrame(
        {
            "academy_id": new["academy_id"].to_numpy(),
            "applicant": asked["applicant"].to_numpy(),
            "cost_cents": costs,
            "own": ~ruled,
        }
    )
    return PlanCost(
        table=table,
        subsidy_cents=after - before,
        cut_cents=int(costs[ruled].sum()) - (after - before),
        own_cents=int(costs[~ruled].sum()),
        left_cents=of.envelope_eur * CENTS - before,
    )


def _own_costs(new: pd.DataFrame, own: pd.Series) -> PlanCost:
    """Say what places cost by themselves, where no rules pay them."""
    table = pd.DataFrame(
        {
            "academy_id": new["academy_id"].to_numpy(),
            "applicant": "",
            "cost_cents": own.to_numpy(),
            "own": True,
        }
    )
    return PlanCost(table, 0, 0, int(own.clip(lower=0).sum()), 0, known=bool((own >= 0).all()))


def have_cost(plan: pd.DataFrame, of: SubsidyRules | None) -> NDArray[np.bool_]:
    """Tell which places have a price: by rules, or by a cost of their own."""
    return np.full(len(plan), of is not None) | (_read_own_cents(plan) >= 0).to_numpy()


def place_costs_cents(
    plan: pd.DataFrame, of: SubsidyRules | None, *, trajectories_per_place: int = 1
) -> NDArray[np.int64]:
    """Give each place of a plan a cost by itself, to add up: for a solver.

    Parameters
    ----------
    plan, of, trajectories_per_place
        As for `cost_of_places`.

    Returns
    -------
    array of int64, shape (places,)
        Cents. Their sum is never below the true cost of `cost_of_places`, beside any register:
        the cap and shared postcodes only lower that. What keeps a budget here keeps it truly.
        Without rules a place that has no cost of its own costs nothing here, see `have_cost`.

    Raises
    ------
    InputError
        With one line for each cost or number of trajectories that cannot be used.
    """
    own = _read_own_cents(plan)
    if of is None:
        return own.clip(lower=0).to_numpy(np.int64)
    rows = _build_rows(_number_places(plan), trajectories_per_place, None)
    first = np.minimum(rows["trajectories"], 1)
    euro = first * of.place_eur + (rows["trajectories"] - first) * of.extra_trajectory_eur
    ruled = euro * CENTS + _online_cents(rows["online"], of)
    return own.where(own >= 0, ruled).to_numpy(np.int64)


def _no_academies() -> pd.DataFrame:
    return pd.DataFrame({"academy_id": pd.Series(dtype=str)})


def _number_places(plan: pd.DataFrame) -> pd.DataFrame:
    """Number the rows, and give each place without an id one."""
    numbered = pd.DataFrame(plan).reset_index(drop=True)
    ids = _text_of_column(numbered, "academy_id")
    made = pd.Series([f"place {row}" for row in range(1, len(ids) + 1)], index=ids.index, dtype=str)
    return numbered.assign(academy_id=ids.where(ids != "", made))


def _read_own_cents(plan: pd.DataFrame) -> pd.Series:
    """Read the costs that places have of their own, in cents; -1 where a place has none."""
    findings = Findings()
    cents = [
        _parse_cents(text, f"row {row}", findings)
        for row, text in enumerate(_text_of_column(plan, "cost_eur"), start=1)
    ]
    findings.raise_errors()
    return pd.Series(cents, dtype="int64")


def _parse_cents(text: str, where: str, findings: Findings) -> int:
    if not text:
        return -1
    try:
        cents = Decimal(text) * CENTS
    except InvalidOperation:
        cents = Decimal(-1)
    if not cents.is_finite() or cents != cents.to_integral_value() or not 0 <= cents < _MOST_CENTS:
        findings.error(where, f"'cost_eur' is {text[:30]!r}, not an amount in euro and whole cents")
        return -1
    return int(cents)


def _added_cents(rows: pd.DataFrame, of: SubsidyRules) -> NDArray[np.int64]:
    """Say what each row adds before the cap to those above it."""
    holds = (rows["trajectories"] > 0) & (rows["place"] != "")
    keys = rows[_PLACE]
    opens = holds & ~keys.where(holds).duplicated().where(holds, other=True)
    extra = rows["trajectories"].where(holds, 0) - opens
    euro = opens * of.place_eur + extra * of.extra_trajectory_eur
    so_far = rows.groupby("key")["online"].cumsum()
    online = _online_cents(so_far, of) - _online_cents(so_far - rows["online"], of)
    return (euro * CENTS + online).to_numpy(np.int64)


def _sum_amounts(rows: pd.DataFrame, of: SubsidyRules) -> int:
    """Add up what the applicants of these rows get, in cents."""
    before = _before_cap_cents(_count_by_applicant(rows), of)
    return int(np.minimum(before, of.cap_eur * CENTS).sum())
