"""What academies cost under the subsidy rules, before a change and after it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from stemgeo import subsidy
from stemgeo.notes import Note, say, say_count
from stemgeo.recognition import keep_own

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from stemgeo.explore.board import Board, Change
    from stemgeo.study import Study


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
    before
        What those that are there cost, in euro, and how many the rules do not see.
    """

    study: Study
    layer: gpd.GeoDataFrame | None
    before: tuple[int, int]

    @classmethod
    def from_board(cls, board: Board) -> Costs:
        """Add up what the academies of an opened study cost."""
        bare = cls(board.study, board.beside.layer, (0, 0))
        return replace(bare, before=bare.add_up(board.academies))

    def tell(self, change: Change) -> Cost:
        """Say what they cost before a change and after it: those that count on the day."""
        rules = subsidy.find_rules(self.study.subsidy)
        if rules is None:
            return Cost(
                None, None, known=False, rules_year=None, envelope_eur=None, notes=(_UNRULED,)
            )
        after, uncounted = self.add_up(change.academies)
        before, uncounted_before = self.before
        notes = (_note_uncounted(uncounted),) if uncounted else ()
        known = uncounted <= uncounted_before
        return Cost(before, after, known, rules.year, rules.envelope_eur, notes)

    def add_up(self, academies: gpd.GeoDataFrame) -> tuple[int, int]:
        """Add up what academies cost, in euro, and count those that the rules do not see."""
        choice, rules = self.study.subsidy, subsidy.find_rules(self.study.subsidy)
        layers = {} if self.layer is None else {choice.place_layer: self.layer}
        own: pd.DataFrame = keep_own(self.study, academies)
        table = subsidy.compute_for_study(choice, own, layers)
        if rules is None or table is None:
            return 0, 0
        ruled = subsidy.add_up_amounts(table, rules).amount_eur
        uncounted = len(academies) - len(own) + int(table["not_counted"].sum())
        return ruled + subsidy.own_costs_cents(own) // subsidy.CENTS, uncounted


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
    left_out = "{compté|comptée}" if uncounted == 1 else "{comptés|comptées}"
    what = say(
        "not counted: {academies} without a postcode, outside the municipalities of the study",
        "niet meegeteld: {academies} zonder postcode, buiten de gemeenten van de studie",
        "non " + left_out + " : {academies} sans code postal, hors des communes de l’étude",
        academies=say_count(uncounted, "academy"),
    )
    return Note(_WHERE, what)
