"""What academies cost under the subsidy rules, before a change and after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stemgeo import subsidy
from stemgeo.notes import Note, say, say_count
from stemgeo.recognition import keep_own

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from stemgeo.explore.board import Change


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


def tell_cost(change: Change) -> Cost:
    """Say what the academies cost before a change and after it: those that count on the day."""
    choice = change.board.study.subsidy
    rules = subsidy.find_rules(choice)
    if rules is None:
        return Cost(None, None, known=False, rules_year=None, envelope_eur=None, notes=(_UNRULED,))
    before, uncounted_before = _add_up(change, change.board.academies, rules)
    after, uncounted = _add_up(change, change.academies, rules)
    notes = (_note_uncounted(uncounted),) if uncounted else ()
    return Cost(before, after, uncounted <= uncounted_before, rules.year, rules.envelope_eur, notes)


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


def _add_up(
    change: Change, academies: gpd.GeoDataFrame, rules: subsidy.SubsidyRules
) -> tuple[int, int]:
    """Add up what academies cost, in euro, and count those that the rules do not see."""
    board = change.board
    layer = board.beside.layer
    layers = {} if layer is None else {board.study.subsidy.place_layer: layer}
    own: pd.DataFrame = keep_own(board.study, academies)
    table = subsidy.compute_for_study(board.study.subsidy, own, layers)
    if table is None:
        return 0, 0
    ruled = subsidy.add_up_amounts(table, rules).amount_eur
    uncounted = len(academies) - len(own) + int(table["not_counted"].sum())
    return ruled + subsidy.own_costs_cents(own) // subsidy.CENTS, uncounted
