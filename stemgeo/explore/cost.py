"""What academies cost under the subsidy rules, before a change and after it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stemgeo import subsidy
from stemgeo.inputs.plan import add_plan
from stemgeo.notes import Note, say, say_count
from stemgeo.recognition import keep_own

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    import geopandas as gpd
    import pandas as pd

    from stemgeo.explore.board import Board, Change
    from stemgeo.study import Study

    Decides = tuple[object, ...]
    """All of an academy that decides what it costs."""


class Cost(NamedTuple):
    """What academies cost in a year.

    Attributes
    ----------
    before_eur, after_eur
        By the rules, capped, with the places that have a cost of their own; None without rules.
    known
        Whether every academy that comes has a price.
    rules_year
        Whose rules; None where the study chose none.
    envelope_eur
        What there is for all of Flanders.
    notes
        Why a cost is not known, or what is not in it.
    """

    before_eur: int | None
    after_eur: int | None
    known: bool
    rules_year: int | None
    envelope_eur: int | None
    notes: tuple[Note, ...]


_WHERE = say("cost", "kostprijs", "coût")


@dataclass(frozen=True)
class Costs:
    """What the academies of a study cost.

    Attributes
    ----------
    study, layer
        What is asked, and the places by which its subsidy counts.
    academies
        Those that are there.
    by_applicant
        Of each applicant, by its key, what decides the cost of each of its academies, by their ids.
    before
        What they cost, in cents, and how many the rules do not see.
    """

    study: Study
    layer: gpd.GeoDataFrame | None
    academies: gpd.GeoDataFrame
    by_applicant: Mapping[str, Mapping[str, Decides]]
    before: tuple[int, int]
    _known: dict[Hashable, tuple[int, int]] = field(compare=False, default_factory=dict)
    """What one applicant costs, by all that decides it; those asked last."""

    @classmethod
    def from_board(cls, board: Board) -> Costs:
        """Add up what the academies of an opened study cost."""
        there, layer = board.academies, board.beside.layer
        bare = cls(board.study, layer, there, _list_deciding(there, layer), (0, 0))
        return replace(bare, before=bare.add_up(there))

    def tell(self, change: Change) -> Cost:
        """Say what they cost before a change and after it: those that count on the day."""
        rules = subsidy.find_rules(self.study.subsidy)
        if rules is None:
            return Cost(
                None, None, known=False, rules_year=None, envelope_eur=None, notes=(_UNRULED,)
            )
        before, uncounted_before = self.before
        more, more_uncounted = self._add_up_moved(change)
        after, uncounted = before + more, uncounted_before + more_uncounted
        before_eur, after_eur = before // subsidy.CENTS, after // subsidy.CENTS
        notes = (_note_uncounted(uncounted),) if uncounted else ()
        known = uncounted <= uncounted_before
        return Cost(before_eur, after_eur, known, rules.year, rules.envelope_eur, notes)

    def _add_up_moved(self, change: Change) -> tuple[int, int]:
        """Add up what a change costs: an applicant costs what its own academies cost."""
        come, more = _list_deciding(change.come, self.layer), np.zeros(2, dtype=np.int64)
        goes = {key for key, own in self.by_applicant.items() if not change.gone.isdisjoint(own)}
        nobody = self.academies.iloc[:0]
        for key in goes | come.keys():
            before, new = self.by_applicant.get(key, {}), come.get(key, {})
            stays = {one: decides for one, decides in before.items() if one not in change.gone}
            more -= self._add_up_one(key, before, nobody)
            more += self._add_up_one(key, stays | new, change.come)
        return int(more[0]), int(more[1])

    def _add_up_one(
        self, key: str, own: Mapping[str, Decides], come: gpd.GeoDataFrame
    ) -> tuple[int, int]:
        """Add up what one applicant costs, once for all whose academies differ in nothing."""
        asked = key.startswith(subsidy.ALONE), *(own[one] for one in sorted(own))
        if asked not in self._known:
            while len(self._known) >= _MOST_KNOWN:
                del self._known[next(iter(self._known))]
            stays = own.keys() - set(come["academy_id"])
            parts = (
                one[one["academy_id"].isin(ids)]
                for one, ids in ((self.academies, stays), (come, own))
            )
            self._known[asked] = self.add_up(add_plan(*parts)) if own else (0, 0)
        return self._known[asked]

    def add_up(self, academies: gpd.GeoDataFrame) -> tuple[int, int]:
        """Add up what academies cost, in cents, and count those that the rules do not see."""
        choice, rules = self.study.subsidy, subsidy.find_rules(self.study.subsidy)
        layers = {} if self.layer is None else {choice.place_layer: self.layer}
        own: pd.DataFrame = keep_own(self.study, academies)
        table = subsidy.compute_for_study(choice, own, layers)
        if rules is None or table is None:
            return 0, 0
        ruled = subsidy.add_up_amounts(table, rules).amount_eur
        uncounted = len(academies) - len(own) + int(table["not_counted"].sum())
        return ruled * subsidy.CENTS + subsidy.own_costs_cents(own), uncounted


_PLACE = ("postcode", "nis_code")
_DECIDE = ("trajectories", "online_trajectories", "cost_eur", "planned")
_MOST_KNOWN = 4096


def _list_deciding(
    academies: gpd.GeoDataFrame, layer: gpd.GeoDataFrame | None
) -> dict[str, dict[str, Decides]]:
    """List what decides the costs of applicants, by their keys and the ids of their academies."""
    spots = [""] * len(academies)
    if layer is not None:
        spots = academies.geometry.to_wkb(hex=True).tolist()
    columns = [academies[name].astype(str).tolist() for name in (*_PLACE, *_DECIDE)]
    keys = subsidy.find_applicants(academies).tolist()
    found: dict[str, dict[str, Decides]] = {}
    for key, one, postcode, nis_code, *rest in zip(
        keys, academies["academy_id"].tolist(), *columns, spots, strict=True
    ):
        place: tuple[object, object] = postcode, nis_code
        # Of one academy alone it does not matter which place it has, but whether it has any.
        if key.startswith(subsidy.ALONE):
            place = bool(postcode), bool(nis_code)
        found.setdefault(key, {})[one] = (*place, *rest)
    return found


_UNRULED = Note(
    _WHERE,
    say(
        "not known: the study chose no subsidy rules",
        "niet bekend: de studie koos geen subsidieregels",
        "inconnu : l’étude n’a pas choisi de règles de subvention",
    ),
    say("see subsidy.year", "zie subsidy.year", "voir subsidy.year"),
)


def _note_uncounted(uncounted: int) -> Note:
    parts = {"academies": say_count(uncounted, "academy")}
    if uncounted == 1:
        what = say(
            "not counted: {academies} without a postcode, outside the municipalities of the study",
            "niet meegeteld: {academies} zonder postcode, buiten de gemeenten van de studie",
            "non {compté|comptée} : {academies} sans code postal, hors des communes de l’étude",
            **parts,
        )
    else:
        what = say(
            "not counted: {academies} without a postcode, outside the municipalities of the study",
            "niet meegeteld: {academies} zonder postcode, buiten de gemeenten van de studie",
            "non {comptés|comptées} : {academies} sans code postal, hors des communes de l’étude",
            **parts,
        )
    return Note(_WHERE, what)
