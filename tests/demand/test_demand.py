"""Facts about the children: each is whole, each lands somewhere, none is lost or made."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import hand
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from stemgeo.demand import AgeCell, PlacingGround, cut_age_cells, place_children, which_serve
from stemgeo.demand.apportionment import HALF, PHASES, apportion, apportion_kinds
from stemgeo.inputs import Inputs
from stemgeo.inputs.buildings import Buildings
from stemgeo.inputs.streets import Streets
from stemgeo.inputs.uninhabited import Uninhabited
from stemgeo.study import DEFAULT_BANDS, AcademyRules, Band, Speed

if TYPE_CHECKING:
    from stemgeo.network.graph import Network

FLAT = Speed(low=10, central=10, high=10)
RULES = AcademyRules()
RESIDENTIAL = {"highway": "residential"}
MAIN = {"highway": "secondary_link"}
"""A road along which nobody lives."""

# -- apportion -------------------------------------------------------------------------------

Owner = tuple[int, list[int]]
"""Units of an owner and the weights of its parts."""

owners: st.SearchStrategy[list[Owner]] = st.lists(
    st.tuples(
        st.integers(0, 10_000),
        st.lists(st.integers(0, 1_000_000), min_size=0, max_size=12),
    ),
    min_size=1,
    max_size=6,
)


def handed_out(case: list[Owner], scale: int = 1) -> list[list[int]]:
    """Run `apportion` on a list of owners; give the parts of each."""
    total = np.array([units for units, _ in case], dtype=np.int64)
    weight = np.array([scale * w for _, parts in case for w in parts], dtype=np.int64)
    owner = np.array([i for i, (_, parts) in enumerate(case) for _ in parts], dtype=np.intp)
    out = iter(apportion(total, weight, owner).tolist())
    return [[next(out) for _ in parts] for _, parts in case]


def by_the_rule(units: int, parts: list[int], phase: int = HALF) -> list[int]:
    """Lay unit k at (k - 1 + p) / units of the cumulated weight, with fractions; count per part."""
    whole = sum(parts)
    out = [0] * len(parts)
    for k in range(1, units + 1) if whole else ():
        at = (k - 1 + Fraction(phase, PHASES)) / units * whole
        before = Fraction(0)
        for i, weight in enumerate(parts):
            before += weight
            if at <= before:
                out[i] += 1
                break
    return out


@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.lists(st.integers(0, 50), min_size=1, max_size=8)),
        min_size=1,
        max_size=4,
    )
)
def test_units_are_laid_evenly_along_the_parts(case: list[Owner]) -> None:
    """Unit by unit, with exact fractions: the same parts as the rule of its documentation."""
    assert handed_out(case) == [by_the_rule(units, parts) for units, parts in case]


@given(
    st.integers(0, 60), st.lists(st.integers(0, 50), min_size=1, max_size=8), st.integers(1, PHASES)
)
def test_a_phase_moves_the_units_along_the_row(units: int, parts: list[int], phase: int) -> None:
    """By the same rule, for every phase; still no part is off by a whole unit."""
    owner, weight = np.zeros(len(parts), dtype=np.intp), np.array(parts, dtype=np.int64)
    out = apportion(np.array([units]), weight, owner, np.array([phase])).tolist()
    assert out == by_the_rule(units, parts, phase)
    for part, count in zip(parts, out, strict=True):
        assert abs(count - (Fraction(units * part, sum(parts)) if sum(parts) else 0)) < 1


@given(owners)
def test_the_parts_add_up_to_the_total(case: list[Owner]) -> None:
    """Exactly, for every owner that has a part with weight; the others hand out nothing."""
    for (units, parts), out in zip(case, handed_out(case), strict=True):
        assert sum(out) == (units if sum(parts) else 0)
        assert all(count >= 0 for count in out)


@given(owners)
def test_no_part_is_off_by_a_whole_unit(case: list[Owner]) -> None:
    """Each part lies less than one unit from what is due to it as a fraction."""
    for (units, parts), out in zip(case, handed_out(case), strict=True):
        for weight, count in zip(parts, out, strict=True):
            due = Fraction(units * weight, sum(parts)) if sum(parts) else Fraction(0)
            assert abs(count - due) < 1


@given(owners)
def test_a_part_without_weight_gets_nothing(case: list[Owner]) -> None:
    """Zero weight is zero units, whatever stands around it."""
    for (_, parts), out in zip(case, handed_out(case), strict=True):
        assert all(count == 0 for weight, count in zip(parts, out, strict=True) if weight == 0)


@given(owners, st.integers(2, 1000))
def test_only_the_ratio_of_weights_matters(case: list[Owner], scale: int) -> None:
    """All weights times the same number: the same parts."""
    assert handed_out(case) == handed_out(case, scale)


@given(owners)
def test_owners_do_not_touch_each_other(case: list[Owner]) -> None:
    """An owner's parts are the same when it stands alone."""
    alone = [handed_out([one])[0] for one in case]
    assert handed_out(case) == alone


def test_the_numbers_of_flanders_do_not_overflow() -> None:
    """50,000 children over 20,000 streets of 100 km in millimetres still add up."""
    weight = np.full(20_000, 100_000_000, dtype=np.int64)
    out = apportion(np.array([50_000]), weight, np.zeros(20_000, dtype=np.intp))
    assert out.sum() == 50_000
    assert set(out.tolist()) == {2, 3}


# -- kinds of children -----------------------------------------------------------------------

kinds_cases = st.integers(1, 5).flatmap(
    lambda kinds: st.lists(
        st.tuples(
            st.lists(st.integers(0, 40), min_size=kinds, max_size=kinds),
            st.lists(st.integers(0, 50), min_size=0, max_size=8),
        ),
        min_size=1,
        max_size=4,
    )
)
"""For each owner its units by kind and the weights of its parts."""


SHIFTS = [Fraction(1, 2), Fraction(1, 2), Fraction(3, 4), Fraction(1, 8), Fraction(5, 8)]
"""Where in the row each kind begins; the first two stand alike, as the sexes of an age do."""


def by_part(case: list[tuple[list[int], list[int]]]) -> list[list[list[int]]]:
    """Run `apportion_kinds`; give for each owner and part the units by kind."""
    counts = np.array([units for units, _ in case], dtype=np.int64)
    weight = np.array([w for _, parts in case for w in parts], dtype=np.int64)
    owner = np.array([i for i, (_, parts) in enumerate(case) for _ in parts], dtype=np.intp)
    table = np.zeros((len(weight), counts.shape[1]), dtype=int)
    own = [float(shift) for shift in SHIFTS[: counts.shape[1]]]
    shift = np.tile(np.array(own), (len(case), 1))
    phase = np.full(len(case), HALF)
    np.add.at(table, apportion_kinds(counts, weight, owner, shift, phase), 1)
    rows = iter(table.tolist())
    return [[next(rows) for _ in parts] for _, parts in case]


@given(kinds_cases)
def test_each_kind_adds_up_and_their_total_lies_evenly(
    case: list[tuple[list[int], list[int]]],
) -> None:
    """No unit of any kind is lost or made, and the total of a part is that of `apportion`."""
    for (units, parts), rows in zip(case, by_part(case), strict=True):
        whole = [sum(column) for column in zip(*rows, strict=True)] or [0] * len(units)
        assert whole == (units if sum(parts) else [0] * len(units))
        (alone,) = handed_out([(sum(units), parts)])
        assert [sum(row) for row in rows] == alone


def row_by_hand(units: list[int]) -> list[int]:
    """Lay the units of one owner in a row, with fractions: the kind at each place."""
    places = [
        ((j - 1 + SHIFTS[kind]) / n, kind) for kind, n in enumerate(units) for j in range(1, n + 1)
    ]
    return [kind for _, kind in sorted(places)]


@given(kinds_cases)
def test_the_kinds_stand_in_one_row_that_fills_the_parts(
    case: list[tuple[list[int], list[int]]],
) -> None:
    """Unit by unit, with exact fractions: the same parts as the rule of its documentation."""
    for (units, _), rows in zip(case, by_part(case), strict=True):
        row = iter(row_by_hand(units))
        for part in rows:
            expected = [next(row) for _ in range(sum(part))]
            assert part == [expected.count(kind) for kind in range(len(units))]


@given(
    st.lists(st.integers(0, 200), min_size=5, max_size=5),
    st.lists(st.integers(1, 50), min_size=2, max_size=8),
)
def test_a_kind_lies_near_its_due_in_every_part(units: list[int], parts: list[int]) -> None:
    """A part's children of one age and sex are its share of them, within three, whatever else."""
    (rows,) = by_part([(units, parts)])
    for weight, row in zip(parts, rows, strict=True):
        for n, count in zip(units, row, strict=True):
            assert abs(count - Fraction(n * weight, sum(parts))) < 3


def test_the_worked_example_of_the_documentation() -> None:
    """4 girls and 3 boys over streets of 100, 250 and 350 m, worked out in docs/method.md."""
    (rows,) = by_part([([4, 3], [100, 250, 350])])
    assert rows == [[1, 0], [1, 2], [2, 1]]
    row = ["girl" if kind == 0 else "boy" for kind in row_by_hand([4, 3])]
    said = (Path(__file__).parents[2] / "docs" / "method.md").read_text(encoding="utf-8")
    said = " ".join(said.split())
    assert "4 girls and 3 boys over three streets of 100, 250 and 350 m" in said
    assert ", ".join(row) in said


def test_of_equal_places_the_first_goes_first_or_last() -> None:
    """A girl and a boy at the same place of the row: who comes first is the unit's turn."""
    counts, weight, owner = np.array([[1, 1]]), np.array([1, 1]), np.array([0, 0])
    for turned, expected in ((False, [0, 1]), (True, [1, 0])):
        _, kind = apportion_kinds(counts, weight, owner, np.full((1, 2), 0.5), np.array([turned]))
        assert kind.tolist() == expected


# -- ages ------------------------------------------------------------------------------------


def cut(bands: tuple[Band, ...], spans: list[hand.Span]) -> list[str]:
    register = hand.academies(
        {f"A{i}": hand.spot(0, 0) for i in range(len(spans))},
        ages={f"A{i}": span for i, span in enumerate(spans)},
    )
    return [cell.name for cell in cut_age_cells(bands, register, RULES)]


@pytest.mark.parametrize(
    ("spans", "cells"),
    [
        ([], ["5-8", "9-11", "12-17"]),
        ([(None, None)], ["5-8", "9-11", "12-17"]),
        ([(5, 17)], ["5-8", "9-11", "12-17"]),
        ([(0, 99)], ["5-8", "9-11", "12-17"]),
        ([(8, 12)], ["5-7", "8-8", "9-11", "12-12", "13-17"]),
        ([(14, None)], ["5-8", "9-11", "12-13", "14-17"]),
        ([(None, 9)], ["5-8", "9-9", "10-11", "12-17"]),
        ([(8, 12), (8, 12)], ["5-7", "8-8", "9-11", "12-12", "13-17"]),
        ([(6, 10), (7, None)], ["5-5", "6-6", "7-8", "9-10", "11-11", "12-17"]),
    ],
)
def test_bands_are_cut_where_an_academy_begins_or_stops(
    spans: list[hand.Span], cells: list[str]
) -> None:
    """An academy from 8 to 12 cuts 5-8 before 8 and 12-17 after 12; 9 is a border already."""
    assert cut(DEFAULT_BANDS, spans) == cells


@given(st.lists(st.tuples(st.integers(0, 30) | st.none(), st.integers(0, 30) | st.none())))
def test_the_cells_hold_every_age_once_and_each_academy_all_or_nothing(
    spans: list[hand.Span],
) -> None:
    """Within a cell no academy begins or stops: it serves all its ages or none."""
    spans = [(a, b) for a, b in spans if a is None or b is None or a <= b]
    register = hand.academies(
        {f"A{i:03}": hand.spot(0, 0) for i in range(len(spans))},
        ages={f"A{i:03}": span for i, span in enumerate(spans)},
    )
    cells = cut_age_cells(DEFAULT_BANDS, register, RULES)
    ages = [age for cell in cells for age in range(cell.ages[0], cell.ages[1] + 1)]
    assert ages == list(range(5, 18))
    for cell in cells:
        said = which_serve(register, cell, RULES).tolist()
        for age in range(cell.ages[0], cell.ages[1] + 1):
            # All ages are from 5 to 17 here, so an empty end is no limit.
            truth = [
                (low is None or low <= age) and (high is None or age <= high) for low, high in spans
            ]
            assert said == truth


def test_empty_ages_mean_those_of_the_study_alone() -> None:
    """5 to 17: a child of 4 or 18 is served by an academy that says so, and by no other."""
    register = hand.academies(
        {one: hand.spot(0, 0) for one in "ABCD"},
        ages={"B": (None, 20), "C": (3, None), "D": (18, None)},
    )
    wide = (Band(ages=(0, 20), speed_kmh=FLAT),)
    cells = cut_age_cells(wide, register, RULES)
    assert [cell.name for cell in cells] == ["0-2", "3-4", "5-17", "18-18", "19-20"]
    assert {cell.name: "".join(np.array(list("ABCD"))[which_serve(register, cell, RULES)])
            for cell in cells} == {
        "0-2": "", "3-4": "C", "5-17": "ABC", "18-18": "BD", "19-20": "B",
    }  # fmt: skip


def test_an_academy_serves_its_own_ages_first_and_last_included() -> None:
    """8 to 12: not 7, not 13; empty is no limit."""
    register = hand.academies(
        {one: hand.spot(0, 0) for one in "ABC"}, ages={"A": (8, 12), "B": (None, 8)}
    )
    band = Band(ages=(5, 17), speed_kmh=FLAT)
    served = {
        age: which_serve(register, AgeCell((age, age), band), RULES).tolist()
        for age in (5, 7, 8, 12, 13)
    }
    assert served == {
        5: [False, True, True],
        7: [False, True, True],
        8: [True, True, True],
        12: [True, False, True],
        13: [False, False, True],
    }


# -- points ----------------------------------------------------------------------------------

TWO = {"11001": ("Antwerpen", hand.square(0, 0)), "11002": ("Antwerpen", hand.square(1, 0))}
ONE_BAND = {"bands": [{"ages": [5, 17], "speed_kmh": 10}]}


def spread(
    given: Inputs,
    network: Network | None = None,
    *,
    method: str,
    buildings: Buildings | None = None,
    streets: Streets | None = None,
    uninhabited: Uninhabited | None = None,
    **demand: Any,
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Put the children at points; give the demand table and the notes as text."""
    study = hand.study(
        "straight-line" if network is None else "w",
        weights="w" if given.weights is not None else None,
        addresses="a" if given.addresses is not None else None,
        demand={"method": method} | demand,
        travel=ONE_BAND,
    )
    cells = cut_age_cells(study.travel.bands, given.academies, RULES)
    ground = PlacingGround(given, study, network, buildings, streets, uninhabited)
    placed = place_children(ground, cells, method)
    return placed.points, [str(note) for note in placed.notes]


def per(table: gpd.GeoDataFrame, key: str = "zone_id", only: Any = None) -> dict[str, int]:
    """Sum the children by zone or municipality."""
    rows = table if only is None else table[only]
    return {str(k): int(v) for k, v in rows.groupby(key)["children_5-17"].sum().items()}


def test_centroid_puts_each_zone_in_one_point_inside_it() -> None:
    """One point for each zone, in it, even when the zone is a ring around another."""
    ring = hand.square(0, 0, 3, 3).difference(hand.square(1, 1))
    places = {"11001": ("Antwerpen", ring), "11002": ("Antwerpen", hand.square(1, 1))}
    given = hand.inputs(
        hand.municipalities(places), hand.children([("11001", 6, "F", 7), ("11002", 9, "M", 5)])
    )
    table, notes = spread(given, method="centroid")
    assert per(table, "nis_code") == {"11001": 7, "11002": 5}
    assert len(table) == 2
    for code, point in zip(table["nis_code"], table.geometry, strict=True):
        assert places[code][1].contains(point)
    assert notes == []
    assert not table["outside_network"].any()


def test_centroid_spreads_a_municipality_over_its_zones_by_their_area() -> None:
    """Without totals per zone: 12 children over 3 and 1 square kilometre are 9 and 3."""
    given = hand.inputs(
        hand.municipalities({"11001": ("Antwerpen", hand.square(0, 0, 2, 2))}),
        hand.children([("11001", 6, "F", 12)]),
        hand.zones(
            {
                "A": ("11001", hand.square(0, 0, 2, 1).union(hand.square(0, 1))),
                "B": ("11001", hand.square(1, 1)),
            }
        ),
    )
    table, _ = spread(given, method="centroid")
    assert per(table) == {"A": 9, "B": 3}


def test_grid_follows_the_weights() -> None:
    """Residents 3 and 1 in a municipality share its 8 children as 6 and 2."""
    given = hand.inputs(
        hand.municipalities(TWO),
        hand.children([("11001", 6, "F", 8), ("11002", 6, "F", 5)]),
        weights=hand.weights(
            [
                (hand.spot(0.2, 0.2), 3),
                (hand.spot(0.8, 0.8), 1),
                (hand.spot(1.5, 0.5), 0.25),
                (hand.spot(7, 7), 1000),
            ]
        ),
    )
    table, notes = spread(given, method="grid")
    found = {
        (round(point.x - hand.X0), round(point.y - hand.Y0)): int(count)
        for point, count in zip(table.geometry, table["children_5-17"], strict=True)
    }
    assert found == {(200, 200): 6, (800, 800): 2, (1500, 500): 5}
    assert notes == []


def test_a_weight_on_a_border_counts_once() -> None:
    """A cell exactly between two municipalities belongs to one of them only."""
    given = hand.inputs(
        hand.municipalities(TWO),
        hand.children([("11001", 6, "F", 8), ("11002", 6, "F", 4)]),
        weights=hand.weights([(hand.spot(1, 0.5), 1), (hand.spot(1.5, 0.5), 1)]),
    )
    table, _ = spread(given, method="grid")
    assert per(table, "nis_code") == {"11001": 8, "11002": 4}
    assert len(table) == 2


def test_a_zone_without_weights_falls_back_to_its_centroid_and_is_listed() -> None:
    """Its name, its children and the method that placed them stand in a note."""
    given = hand.inputs(
        hand.municipalities(TWO),
        hand.children([("11001", 6, "F", 8), ("11002", 6, "F", 4)]),
        weights=hand.weights([(hand.spot(0.5, 0.5), 1)]),
    )
    table, notes = spread(given, method="grid")
    assert per(table, "nis_code") == {"11001": 8, "11002": 4}
    (note,) = notes
    assert "4 children of M11002" in note
    assert "'centroid'" in note


def test_totals_per_zone_are_respected() -> None:
    """100 children over zones of 3, 2 and 0 residents: 60, 40 and none, whatever their area."""
    given = hand.inputs(
        hand.municipalities({"11001": ("Antwerpen", hand.square(0, 0, 3, 1))}),
        hand.children([("11001", 6, "F", 70), ("11001", 17, "M", 30)]),
        hand.zones(
            {
                "A": ("11001", hand.square(0, 0)),
                "B": ("11001", hand.square(1, 0)),
                "C": ("11001", hand.square(2, 0)),
            }
        ),
        zone_population=pd.DataFrame({"zone_id": ["C", "B", "A"], "population": [0, 2, 3]}),
    )
    table, notes = spread(given, method="centroid")
    assert per(table) == {"A": 60, "B": 40}
    assert notes == []


def test_a_municipality_whose_zones_have_no_totals_is_spread_by_area() -> None:
    """A zone file without residents there costs no child."""
    given = hand.inputs(
        hand.municipalities({"11001": ("Antwerpen", hand.square(0, 0, 3, 1))}),
        hand.children([("11001", 6, "F", 90)]),
        hand.zones({"A": ("11001", hand.square(0, 0)), "B": ("11001", hand.square(1, 0, 2, 1))}),
        zone_population=pd.DataFrame({"zone_id": ["A", "B"], "population": [0, 0]}),
    )
    assert per(spread(given, method="centroid")[0]) == {"A": 30, "B": 60}


@given(
    counts=st.lists(st.integers(0, 300), min_size=4, max_size=4),
    totals=st.lists(st.integers(0, 50), min_size=4, max_size=4),
    points=st.lists(
        st.tuples(st.floats(0, 2), st.floats(0, 1), st.floats(0, 100)), min_size=1, max_size=20
    ),
)
def test_every_child_is_placed_in_its_own_municipality(
    counts: list[int], totals: list[int], points: list[tuple[float, float, float]]
) -> None:
    """Whatever the weights and zone totals: each municipality and cell to the last child."""
    rows = [
        ("11001", 6, "F", counts[0]),
        ("11001", 13, "M", counts[1]),
        ("11002", 6, "M", counts[2]),
        ("11002", 13, "F", counts[3]),
    ]
    given = hand.inputs(
        hand.municipalities(TWO),
        hand.children(rows),
        hand.zones(
            {
                "A": ("11001", hand.square(0, 0, 0.5, 1)),
                "B": ("11001", hand.square(0.5, 0, 0.5, 1)),
                "C": ("11002", hand.square(1, 0, 1, 0.5)),
                "D": ("11002", hand.square(1, 0.5, 1, 0.5)),
            }
        ),
        weights=hand.weights([(hand.spot(x, y), w) for x, y, w in points]),
        zone_population=pd.DataFrame({"zone_id": list("ABCD"), "population": totals}),
    )
    study = hand.study(weights="w", demand={"method": "grid"})
    cells = cut_age_cells(study.travel.bands, given.academies, RULES)
    table = place_children(PlacingGround(given, study), cells, "grid").points
    for code, young, old in (("11001", *counts[:2]), ("11002", *counts[2:])):
        mine = table[table["nis_code"] == code]
        assert mine["children_5-8"].sum() == young
        assert mine["children_12-17"].sum() == old
        assert mine["children_9-11"].sum() == 0
    assert (table.filter(like="children_").sum(axis=1) > 0).all()


def test_a_study_without_any_child_is_an_empty_table() -> None:
    """Zero children everywhere is a result, not a crash."""
    given = hand.inputs(hand.municipalities(TWO), hand.children([("11001", 6, "F", 0)]))
    table, notes = spread(given, method="centroid")
    assert len(table) == 0
    assert notes == []


def test_a_child_stands_where_it_stands_whatever_ages_are_counted_together() -> None:
    """Cutting the bands at other ages moves no child: the register does not touch the children."""
    rows = [("11001", age, sex, 3 + age % 4) for age in range(5, 18) for sex in "FM"]
    residents = [(hand.spot(0.05 + x / 20, 0.5), x % 3 + 1.0) for x in range(18)]
    given = hand.inputs(
        hand.municipalities({"11001": ("Antwerpen", hand.square(0, 0))}),
        hand.children(rows),
        weights=hand.weights(residents),
    )
    ground = PlacingGround(given, hand.study(weights="w", demand={"method": "grid"}))

    def placed(spans: list[hand.Span]) -> gpd.GeoDataFrame:
        register = hand.academies(
            {f"A{i}": hand.spot(0, 0) for i in range(len(spans))},
            ages={f"A{i}": span for i, span in enumerate(spans)},
        )
        return place_children(ground, cut_age_cells(DEFAULT_BANDS, register, RULES), "grid").points

    whole, cut = placed([]), placed([(6, 9), (14, None), (None, 16)])
    assert whole.geometry.equals(cut.geometry)
    for what in ("children", "girls"):
        for band, parts in {"5-8": ["5-5", "6-8"], "12-17": ["12-13", "14-16", "17-17"]}.items():
            together = cut[[f"{what}_{part}" for part in parts]].sum(axis=1)
            assert (together == whole[f"{what}_{band}"]).all()


def test_girls_are_counted_beside_all_children() -> None:
    """Of 5 girls and 9 boys on two equal points, each has 7 children, and 5 girls in all."""
    given = hand.inputs(
        hand.municipalities({"11001": ("Antwerpen", hand.square(0, 0))}),
        hand.children([("11001", 6, "F", 5), ("11001", 6, "M", 9)]),
        weights=hand.weights([(hand.spot(0.2, 0.5), 1), (hand.spot(0.8, 0.5), 1)]),
    )
    table, _ = spread(given, method="grid")
    assert table["children_5-17"].tolist() == [7, 7]
    assert sorted(table["girls_5-17"]) == [2, 3]


def many_zones(count: int, per_kind: int) -> Inputs:
    """Make municipalities with as many girls as boys of each age, each of ten equal points."""
    codes = [f"{11000 + i}" for i in range(count)]
    return hand.inputs(
        hand.municipalities({c: ("Antwerpen", hand.square(0, i)) for i, c in enumerate(codes)}),
        hand.children(
            [(c, age, sex, per_kind) for c in codes for age in range(5, 18) for sex in "FM"]
        ),
        weights=hand.weights(
            [(hand.spot(0.05 + x / 10, i + 0.5), 1) for i in range(count) for x in range(10)]
        ),
    )


@pytest.mark.parametrize("per_kind", [1, 2, 5])
def test_no_sex_and_no_age_keeps_to_one_end_of_the_zones(per_kind: int) -> None:
    """Of 200 zones, each kind has its due in every tenth of them, within three standard errors.

    Were it otherwise, an academy at that end would serve boys more than girls, or the young more
    than the old, and the figures would say so of Flanders.
    """
    given = many_zones(200, per_kind)
    bands = [{"ages": [age, age], "speed_kmh": 10} for age in range(5, 18)]
    study = hand.study(weights="w", demand={"method": "grid"}, travel={"bands": bands})
    cells = cut_age_cells(study.travel.bands, given.academies, RULES)
    points = place_children(PlacingGround(given, study), cells, "grid").points
    tenth = ((points.geometry.x - hand.X0) // 100).astype(int)
    children = points.groupby(tenth)[[cell.column for cell in cells]].sum()
    girls = points.groupby(tenth)[[cell.girls for cell in cells]].sum().to_numpy()
    due = 200 * per_kind / 10
    assert np.abs(girls.sum(axis=1) / 13 - due).max() < 3 * np.sqrt(due / 13)
    assert np.abs(girls - due).max() < 4 * np.sqrt(due)
    assert np.abs(children.to_numpy() - 2 * due).max() < 4 * np.sqrt(2 * due)
    # Girls and boys of an age stand alike: never more than one apart at a point.
    apart = (
        2 * points[[cell.girls for cell in cells]].to_numpy()
        - points[[cell.column for cell in cells]].to_numpy()
    )
    assert np.abs(apart).max() <= 1


def test_a_merger_moves_no_child_between_zones() -> None:
    """Zones whose ids tell the former municipality get the children of that, merged or not."""
    zones = {
        "11002A": ("11002", hand.square(0, 0)),
        "11002B": ("11002", hand.square(1, 0)),
        "11007A": ("11002", hand.square(2, 0)),
    }
    children = hand.children([("11002", 6, "F", 30), ("11002", 6, "F", 10)])
    children["part"] = ["11002", "11007"]
    merged = hand.inputs(
        hand.municipalities({"11002": ("Antwerpen", hand.square(0, 0, 3, 1))}),
        children,
        hand.zones(zones),
        zone_population=pd.DataFrame({"zone_id": list(zones), "population": [10, 20, 90]}),
        parts_vintage=2018,
    )
    assert per(spread(merged, method="centroid")[0]) == {"11002A": 10, "11002B": 20, "11007A": 10}
    # Without the codes of before in the ids only the whole is known: 40 over 10, 20 and 90.
    nameless = {f"Z{i}": place for i, place in enumerate(zones.values())}
    merged = replace(
        merged,
        zones=hand.zones(nameless),
        zone_population=pd.DataFrame({"zone_id": list(nameless), "population": [10, 20, 90]}),
    )
    found = per(spread(merged, method="centroid")[0])
    assert found == pytest.approx({"Z0": 40 / 12, "Z1": 40 / 6, "Z2": 30}, abs=1)


@pytest.mark.parametrize("scale", [1e-9, 4e-4, 1.0, 1e9])
def test_only_the_ratio_of_weights_in_a_file_matters(scale: float) -> None:
    """Shares of a country or residents in thousandths: the children stand the same."""
    residents = [(hand.spot(0.05 + x / 20, 0.5), (x % 3 + 1) * scale) for x in range(18)]
    given = hand.inputs(
        hand.municipalities({"11001": ("Antwerpen", hand.square(0, 0))}),
        hand.children([("11001", 6, "F", 360)]),
        weights=hand.weights(residents),
    )
    table, notes = spread(given, method="grid")
    assert table["children_5-17"].tolist() == [10, 20, 30] * 6
    assert notes == []


def test_a_cell_in_two_zones_counts_once() -> None:
    """Ground that two zones share belongs to the first: points and cells agree."""
    zones = {"A": ("11001", hand.square(0, 0, 1.5, 1)), "B": ("11001", hand.square(0.5, 0, 1.5, 1))}
    given = hand.inputs(
        hand.municipalities({"11001": ("Antwerpen", hand.square(0, 0, 2, 1))}),
        hand.children([("11001", 6, "F", 400)]),
        hand.zones(zones),
        weights=gpd.GeoDataFrame(
            {"weight": [1.0, 1.0]},
            geometry=[hand.square(0, 0), hand.square(1, 0)],
            crs=hand.CRS,
        ),
    )
    table, _ = spread(given, method="grid")
    assert per(table) == {"A": 300, "B": 100}


def test_without_sexes_there_are_no_girls_to_count() -> None:
    """A population that tells no sexes gives the children alone."""
    given = hand.inputs(
        hand.municipalities({"11001": ("Antwerpen", hand.square(0, 0))}),
        hand.children([("11001", 6, "", 5)]),
    )
    table, _ = spread(given, method="centroid")
    assert table["children_5-17"].tolist() == [5]
    assert not [name for name in table if name.startswith("girls")]


# -- buildings and grid cells ----------------------------------------------------------------


def buildings(rows: list[tuple[float, float, int, bool]]) -> Buildings:
    """Make the table of an extract's buildings from (x, y, square metres, dwelling)."""
    points = gpd.GeoDataFrame(
        {"weight": [row[2] for row in rows], "kind_known": [row[3] for row in rows]},
        geometry=[hand.spot(x, y) for x, y, _, _ in rows],
        crs=hand.CRS,
    )
    return Buildings(points, {})


def test_buildings_place_children_by_floor_area(tmp_path: Path) -> None:
    """Dwellings of 100 and 300 m2 share 8 children as 2 and 6; what may be a barn gets none."""
    network = hand.network(
        tmp_path, {1: (0, 0), 2: (2, 0), 3: (2, 1), 4: (0, 1)}, [([1, 2, 3, 4, 1], MAIN)]
    )
    given = hand.inputs(
        hand.municipalities(TWO), hand.children([("11001", 6, "F", 8), ("11002", 6, "M", 4)])
    )
    built = buildings([(0.2, 0.5, 100, True), (0.6, 0.5, 300, True), (0.8, 0.5, 900, False),
                       (1.5, 0.5, 50, False)])  # fmt: skip
    table, notes = spread(given, network, method="buildings", buildings=built)
    found = {
        (round(point.x - hand.X0), method): int(count)
        for point, method, count in zip(
            table.geometry, table["method"], table["children_5-17"], strict=True
        )
    }
    assert found == {(200, "buildings"): 2, (600, "buildings"): 6, (1500, "any_building"): 4}
    (note,) = notes
    assert "4 children of M11002" in note
    assert "'any_building'" in note


@pytest.mark.parametrize("asked", [True, False])
def test_a_kind_of_building_that_no_building_has_is_told(
    tmp_path: Path,
    asked: bool,  # noqa: FBT001
) -> None:
    """A slip of the pen loses dwellings: said where the study names kinds, not of those of ours."""
    given = hand.inputs(hand.municipalities(TWO), hand.children([("11001", 6, "F", 6)]))
    network = hand.network(tmp_path, {1: (0, 0), 2: (1, 0)}, [([1, 2], MAIN)])
    built = replace(buildings([(0.2, 0.5, 100, True)]), not_met=("huis",))
    chosen = {"building_kinds": ("house", "huis")} if asked else {}
    _, notes = spread(given, network, method="buildings", buildings=built, **chosen)
    told = [note for note in notes if "no building of the extract is 'huis'" in note]
    assert len(told) == asked


def test_addresses_stand_before_the_buildings_of_the_extract() -> None:
    """A user's address points are the buildings; here without any network."""
    given = hand.inputs(
        hand.municipalities(TWO),
        hand.children([("11001", 6, "F", 6), ("11002", 6, "M", 4)]),
        addresses=hand.weights([(hand.spot(0.2, 0.5), 2), (hand.spot(0.6, 0.5), 1)]),
    )
    table, notes = spread(given, method="buildings")
    assert table["method"].tolist() == ["addresses", "addresses", "centroid"]
    assert table["children_5-17"].tolist() == [4, 2, 4]
    assert len(notes) == 1


def test_a_grid_cell_is_cut_by_the_zones() -> None:
    """A cell of 8 residents lies for a quarter in one municipality: 2 there, with its own 2."""
    cells = [(hand.square(0.75, 0), 8.0), (hand.square(0, 0, 0.5, 0.5), 2.0)]
    given = hand.inputs(
        hand.municipalities(TWO),
        hand.children([("11001", 6, "F", 12), ("11002", 6, "M", 4)]),
        weights=gpd.GeoDataFrame(
            {"weight": [weight for _, weight in cells]},
            geometry=[cell for cell, _ in cells],
            crs=hand.CRS,
        ),
    )
    table, notes = spread(given, method="grid")
    assert per(table, "nis_code") == {"11001": 12, "11002": 4}
    assert table["children_5-17"].tolist() == [6, 6, 4]
    for code, point in zip(table["nis_code"], table.geometry, strict=True):
        assert TWO[code][1].contains(point)
    assert notes == []


# -- streets ---------------------------------------------------------------------------------


def test_streets_place_children_by_length_with_a_point_every_fifty_metres(tmp_path: Path) -> None:
    """Streets of 580 and 290 m share 90 children as 60 and 30; a main road houses none."""
    network = hand.network(
        tmp_path,
        {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1), 5: (0.1, 0.2), 6: (0.68, 0.2), 7: (0.1, 0.49)},
        [
            ([1, 2, 3, 4, 1], MAIN),
            ([1, 5], {"highway": "service", "service": "driveway"}),
            ([5, 6], RESIDENTIAL),
            ([5, 7], {"highway": "living_street"}),
        ],
    )
    given = hand.inputs(
        hand.municipalities({"11001": ("Antwerpen", hand.square(0.02, 0.02, 0.96, 0.96))}),
        hand.children([("11001", 6, "F", 90)]),
    )
    table, notes = spread(given, network, method="streets", streets=hand.streets(tmp_path))
    x, y = (table.geometry.x - hand.X0).round(1), (table.geometry.y - hand.Y0).round(1)
    along = (y == 200) & (x > 100)
    upward = (x == 100) & (y > 200)
    assert (along | upward).all()
    # 12 and 6 pieces of 48.3 m, a point in the middle of each.
    middles = [48.33 * (i + 0.5) for i in range(12)]
    assert sorted(x[along] - 100) == pytest.approx(middles, abs=0.1)
    assert sorted(y[upward] - 200) == pytest.approx(middles[:6], abs=0.1)
    assert set(table["children_5-17"]) == {5}
    assert not table["outside_network"].any()
    assert notes == []


def test_a_piece_of_street_weighs_its_length(tmp_path: Path) -> None:
    """Streets of 60 and 50 m, two pieces and one: of 1,100 children 300, 300 and 500."""
    corners = np.array([[0.0, 0.0], [0.0, 50.0]]) + [hand.X0 + 100, hand.Y0 + 100]
    drawn = Streets(corners, corners + [[60, 0], [50, 0]], np.zeros(2, dtype=np.uint8))
    x, y, length_mm, _ = drawn.cut_pieces(50)
    assert (x - corners[0, 0]).tolist() == [15, 45, 25]
    assert (y - corners[0, 1]).tolist() == [0, 0, 50]
    assert length_mm.tolist() == [30_000, 30_000, 50_000]
    network = hand.network(
        tmp_path, {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1)}, [([1, 2, 3, 4, 1], MAIN)]
    )
    given = hand.inputs(
        hand.municipalities({"11001": ("Antwerpen", hand.square(0.02, 0.02, 0.96, 0.96))}),
        hand.children([("11001", 6, "F", 1100)]),
    )
    table, _ = spread(given, network, method="streets", streets=drawn)
    assert sorted(table["children_5-17"]) == [300, 300, 500]


def test_a_part_of_a_zone_beyond_the_roads_keeps_its_share_outside(tmp_path: Path) -> None:
    """Half of the zone lies off the extract: half of its children stay there, in the zone."""
    network = hand.network(
        tmp_path,
        {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1), 5: (0.5, 0.5)},
        [([1, 2, 3, 4, 1], MAIN), ([1, 5], RESIDENTIAL)],
    )
    outline = hand.square(0, 0, 2, 1)
    given = hand.inputs(
        hand.municipalities({"11001": ("Antwerpen", outline)}),
        hand.children([("11001", 6, "F", 1000)]),
    )
    table, notes = spread(given, network, method="streets", streets=hand.streets(tmp_path))
    beyond = table[table["outside_network"]]
    assert beyond["children_5-17"].sum() == pytest.approx(500, abs=3)
    assert table["children_5-17"].sum() == 1000
    assert outline.contains(beyond.geometry.iloc[0])
    assert beyond.geometry.iloc[0].x > hand.X0 + 1000
    (note,) = notes
    assert "by the ground 500 of 1,000 children live there; they are unmeasured" in note


@pytest.mark.parametrize("with_totals", [True, False])
def test_zones_wholly_off_the_extract_keep_their_children(
    tmp_path: Path,
    with_totals: bool,  # noqa: FBT001
) -> None:
    """One of four equal zones has roads: three quarters of the municipality stay outside."""
    network = hand.network(
        tmp_path,
        {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1), 5: (0.5, 0.5)},
        [([1, 2, 3, 4, 1], MAIN), ([1, 5], RESIDENTIAL)],
    )
    parts = {f"Z{i}": ("11001", hand.square(i, 0)) for i in range(4)}
    population = pd.DataFrame({"zone_id": list(parts), "population": [10] * 4})
    given = hand.inputs(
        hand.municipalities({"11001": ("Antwerpen", hand.square(0, 0, 4, 1))}),
        hand.children([("11001", 6, "F", 1000)]),
        hand.zones(parts),
        zone_population=population if with_totals else None,
    )
    table, notes = spread(given, network, method="streets", streets=hand.streets(tmp_path))
    found = per(table)
    assert sum(found.values()) == 1000
    assert all(found[zone] == pytest.approx(250, abs=3) for zone in parts)
    assert per(table, only=table["outside_network"]) == {
        k: v for k, v in found.items() if k != "Z0"
    }
    # With totals no zone is divided: each lies on one side.
    assert ["by the ground 750 of 1,000" in note for note in notes] == [True][with_totals:]


def test_a_zone_without_streets_falls_back_and_is_listed(tmp_path: Path) -> None:
    """Inside the extract but with a main road alone: by weights when there are, else its centre."""
    network = hand.network(
        tmp_path,
        {1: (0, 0), 2: (1, 0), 3: (2, 0), 4: (2, 1), 5: (1, 1), 6: (0, 1), 7: (0.5, 0.5)},
        [([1, 2, 3, 4, 5, 6, 1], MAIN), ([1, 7], RESIDENTIAL)],
    )
    table_of = hand.municipalities(TWO)
    counts = hand.children([("11001", 6, "F", 10), ("11002", 6, "F", 7)])
    table, notes = spread(
        hand.inputs(table_of, counts), network, method="streets", streets=hand.streets(tmp_path)
    )
    assert per(table, "nis_code") == {"11001": 10, "11002": 7}
    (note,) = notes
    assert "7 children of M11002" in note
    assert "'centroid'" in note
    assert "M11001" not in note

    residents = hand.weights([(hand.spot(1.25, 0.25), 5), (hand.spot(0.9, 0.9), 50)])
    table, notes = spread(
        hand.inputs(table_of, counts, weights=residents),
        network,
        method="streets",
        streets=hand.streets(tmp_path),
    )
    (note,) = notes
    assert "7 children of M11002" in note
    assert "'grid'" in note
    mine = table[table["nis_code"] == "11002"]
    assert [(p.x, p.y) for p in mine.geometry] == [(hand.X0 + 1250, hand.Y0 + 250)]
    assert not mine["outside_network"].any()


def test_each_zone_is_listed_once_under_the_method_that_placed_it(tmp_path: Path) -> None:
    """Of two zones without streets, one has residents: a note for grid, a note for centroid."""
    places = TWO | {"11003": ("Antwerpen", hand.square(2, 0))}
    network = hand.network(
        tmp_path,
        {1: (0, 0), 2: (3, 0), 3: (3, 1), 4: (0, 1), 5: (0.5, 0.5)},
        [([1, 2, 3, 4, 1], MAIN), ([1, 5], RESIDENTIAL)],
    )
    given = hand.inputs(
        hand.municipalities(places),
        hand.children([("11001", 6, "F", 10), ("11002", 6, "F", 7), ("11003", 6, "F", 4)]),
        weights=hand.weights([(hand.spot(1.5, 0.5), 1)]),
    )
    table, notes = spread(given, network, method="streets", streets=hand.streets(tmp_path))
    assert per(table, "nis_code") == {"11001": 10, "11002": 7, "11003": 4}
    assert [("M11002" in n, "M11003" in n, "'grid'" in n) for n in notes] == [
        (True, False, True),
        (False, True, False),
    ]


def test_a_sliver_beyond_the_extract_does_not_take_a_whole_zone_along(tmp_path: Path) -> None:
    """No streets and 5 % off the extract: the children are placed inside, not all outside."""
    network = hand.network(
        tmp_path,
        {1: (0, 0), 2: (1.95, 0), 3: (1.95, 1), 4: (0, 1), 5: (0.5, 0.5)},
        [([1, 2, 3, 4, 1], MAIN), ([1, 5], RESIDENTIAL)],
    )
    given = hand.inputs(
        hand.municipalities(TWO),
        hand.children([("11001", 6, "F", 10), ("11002", 6, "F", 100)]),
    )
    table, notes = spread(given, network, method="streets", streets=hand.streets(tmp_path))
    assert not table["outside_network"].any()
    assert len(notes) == 1


def test_points_off_the_extract_are_marked_whatever_the_method(tmp_path: Path) -> None:
    """A cell of the grid beyond the hull of the roads is outside, one within is not."""
    network = hand.network(
        tmp_path, {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1)}, [([1, 2, 3, 4, 1], RESIDENTIAL)]
    )
    given = hand.inputs(
        hand.municipalities(TWO),
        hand.children([("11001", 6, "F", 10), ("11002", 6, "F", 7)]),
        weights=hand.weights([(hand.spot(0.5, 0.5), 1), (hand.spot(1.5, 0.5), 1)]),
    )
    table, _ = spread(given, network, method="grid")
    assert per(table, "nis_code", only=table["outside_network"]) == {"11002": 7}


def test_the_order_of_the_rows_of_weights_does_not_matter() -> None:
    """Turned upside down, every point carries the same children."""
    residents = [(hand.spot(x / 7, (x % 5) / 5), x % 4 + 0.5) for x in range(14)]
    residents.append((residents[0][0], 3.0))

    def at_places(step: int) -> list[tuple[float, float, int]]:
        given = hand.inputs(
            hand.municipalities(TWO),
            hand.children([("11001", 6, "F", 101), ("11002", 6, "F", 53)]),
            weights=hand.weights(residents[::step]),
        )
        table, _ = spread(given, method="grid")
        return [
            (p.x, p.y, int(n)) for p, n in zip(table.geometry, table["children_5-17"], strict=True)
        ]

    assert at_places(1) == at_places(-1)


def test_the_main_road_of_osm_xml_is_as_long_as_drawn(tmp_path: Path) -> None:
    """The hand-made ground is true to the metre: 1 km of street is 1 km of network."""
    network = hand.network(tmp_path, {1: (0, 0), 2: (1, 0)}, [([1, 2], RESIDENTIAL)])
    assert network.edge_length_m.sum() == pytest.approx(1000, rel=2e-4)
    assert shapely.length(network.lines).sum() == pytest.approx(1000, abs=0.01)
    assert math.isclose(network.node_x.min(), hand.X0, abs_tol=0.01)
