"""Facts about what a variant costs: by the rules of the study, of those who count on the day."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import hand
import numpy as np
import pytest
from explore.town import OpenTown, write_town

import stemgeo as sg
from stemgeo import subsidy
from stemgeo.explore.board import Board, Change
from stemgeo.explore.cost import Cost, Costs
from stemgeo.explore.messages import Variant, to_degrees
from stemgeo.explore.variants import Placer, write_variant

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("read_once")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> OpenTown:
    """The town in a straight line, opened; it is not changed."""
    return OpenTown.write(tmp_path_factory.mktemp("cost") / "study", straight_line=True)


def tell_cost(change: Change) -> Cost:
    """Say what a change costs."""
    return Costs.from_board(change.board).tell(change)


def test_a_place_more_costs_what_the_rules_pay_for_one(town: OpenTown) -> None:
    """Before, what a run says; after, a place more; and one that closes costs nothing more."""
    board, table = town.board, sg.run(town.board.study).subsidy
    rules = subsidy.find_rules(board.study.subsidy)
    assert table is not None
    assert rules is not None
    placed = hand.academies({"N": hand.spot(3, 3)}, nis_code={"N": "11001"})
    cost = tell_cost(board.change(placed))
    assert cost.before_eur == subsidy.add_up_amounts(table, rules).amount_eur
    assert cost.after_eur == cost.before_eur + rules.place_eur
    assert (cost.known, cost.rules_year, cost.notes) == (True, rules.year, ())
    closed = tell_cost(board.change(None, board.academies["academy_id"].tolist()))
    assert closed.after_eur == 0


def test_after_it_costs_what_a_run_of_the_same_plan_says(town: OpenTown, tmp_path: Path) -> None:
    """One that comes, one that moves to another municipality, and one that closes."""
    board, rules = town.board, subsidy.find_rules(town.board.study.subsidy)
    spots = {"N1": hand.spot(7, 1), "N2": hand.spot(2, 5), "S1": hand.spot(8, 2)}
    x, y = [one.x for one in spots.values()], [one.y for one in spots.values()]
    lon, lat = to_degrees(x, y)
    at = [{"id": one, "lon": lon[row], "lat": lat[row]} for row, one in enumerate(spots)]
    placed = [one | {"name": one["id"]} for one in at[:2]]
    given = {"name": "Proef", "placed": placed, "moved": at[2:], "closed": ["S4"]}
    variant = Variant.model_validate_json(json.dumps(given))
    laid = Placer(board.register, board.municipalities).lay_out(variant)
    plan = tmp_path / "plan.csv"
    plan.write_text(write_variant(variant, laid, board.register), encoding="utf-8")
    table = sg.run(board.study.with_plan(plan)).subsidy
    assert table is not None
    assert rules is not None
    cost = tell_cost(board.change(laid.placed, laid.going))
    assert cost.after_eur == subsidy.add_up_amounts(table, rules).amount_eur
    assert cost.after_eur != cost.before_eur


def test_who_is_not_open_on_the_day_costs_nothing(town: OpenTown) -> None:
    """As a run counts those alone whose recognition holds."""
    late = hand.academies({"N": hand.spot(3, 3)}, valid={"N": ("2025-01-01", None)})
    cost = tell_cost(town.board.change(late))
    assert cost.after_eur == cost.before_eur


def test_a_place_with_a_cost_of_its_own_stands_outside_the_rules(town: OpenTown) -> None:
    """It costs that, and no place of the rules."""
    own = hand.academies({"N": hand.spot(3, 3)}, nis_code={"N": "11001"})
    cost = tell_cost(town.board.change(own.assign(planned=True, cost_eur="1234.50")))
    assert cost.after_eur == cost.before_eur + 1234


def test_a_place_outside_every_municipality_has_no_known_cost(town: OpenTown) -> None:
    """The rules count places by their municipality: it is said that one has none."""
    away = hand.academies({"N": hand.spot(30, 30)})
    cost = tell_cost(town.board.change(away))
    assert not cost.known
    assert "not counted: 1 academy without a postcode" in str(cost.notes[0])


def test_without_rules_it_says_so(town: OpenTown) -> None:
    """A study of other things chose none: nothing is called free."""
    choice = town.board.study.subsidy.model_copy(update={"year": None})
    study = town.board.study.model_copy(update={"subsidy": choice})
    board = Board.from_prepared(replace(town.prepared, study=study), threads=1)
    cost = tell_cost(board.change())
    assert (cost.before_eur, cost.after_eur, cost.known) == (None, None, False)
    assert "no subsidy rules" in str(cost.notes[0])


def test_places_are_counted_by_the_layer_of_the_study(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Two academies of an applicant in one former municipality are one place, as in a run."""
    folder = write_town(tmp_path_factory.mktemp("layer") / "study", straight_line=True)
    parts = hand.municipalities(
        {"1": ("A", hand.square(0, 0, 3, 6)), "2": ("A", hand.square(3, 0, 9, 6))}
    )
    parts[["nis_code", "name", "geometry"]].to_file(folder / "delen.gpkg")
    file = folder / "study.toml"
    text = file.read_text(encoding="utf-8")
    layer = (
        "[inputs.layers]\n"
        'delen = { path = "delen.gpkg", source = "Proef", '
        'id = "nis_code", name = "name" }\n'
        '[subsidy]\nplace_layer = "delen"\n[gaps]'
    )
    file.write_text(text.replace("[gaps]", layer), encoding="utf-8")
    board = Board.open(sg.load_study(folder))
    both = hand.academies({"N1": hand.spot(1, 1), "N2": hand.spot(5, 1)}).assign(
        organisation="Een", nis_code="11001"
    )
    cost = tell_cost(board.change(both))
    rules = subsidy.load_subsidy_rules(cost.rules_year or 0)
    assert cost.after_eur == cost.before_eur + 2 * rules.place_eur


@pytest.mark.parametrize("seed", range(8))
def test_what_moves_costs_what_all_of_them_do(town: OpenTown, seed: int) -> None:
    """Some come, move and close, of applicants that are there and of new ones: to the euro."""
    random, board = np.random.default_rng(seed), town.board
    ours = board.academies["academy_id"].tolist()
    closed = [one for one in ours if random.random() < 0.5]
    ids = [*closed[::2], *(f"N{n}" for n in range(random.integers(1, 9)))]
    placed = hand.academies(
        {one: hand.spot(*random.uniform([0, 0], [12, 6])) for one in ids},
        nis_code={one: random.choice(["11001", "11002", ""]) for one in ids},
    ).assign(
        organisation=random.choice(["", "vzw Een", "VZW  een", "vzw Twee"], len(ids)),
        postcode=random.choice(["", "2000", "2100"], len(ids)),
        cost_eur=random.choice(["", "1200.75"], len(ids)),
        planned=True,
    )
    costs, change = Costs.from_board(board), board.change(placed, closed)
    cents, uncounted = costs.add_up(change.academies)
    cost = costs.tell(change)
    assert cost.after_eur == cents // subsidy.CENTS
    assert bool(cost.notes) == (uncounted > 0)
