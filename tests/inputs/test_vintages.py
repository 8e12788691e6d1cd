"""NIS codes over the mergers: exact forward, an estimate back, never by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stemgeo import facts
from stemgeo.errors import InputError
from stemgeo.inputs import vintages
from stemgeo.inputs.formats import UnreadableError


@pytest.mark.parametrize(("vintage", "count"), [(2018, 308), (2024, 300), (2025, 285)])
def test_number_of_municipalities(vintage: int, count: int) -> None:
    """Flanders had 308 municipalities, then 300, then 285; Brussels 19 throughout."""
    assert len(vintages.flemish_codes(vintage)) == count
    assert len(vintages.names_by_code(vintage)) == count + 19
    assert len(vintages.brussels_codes()) == 19


@pytest.mark.parametrize("vintage", vintages.VINTAGES)
def test_a_whole_vintage_is_recognised(vintage: int) -> None:
    """All codes of a vintage fit that vintage alone."""
    assert vintages.find_vintages(vintages.flemish_codes(vintage)) == {vintage}


def test_codes_that_do_not_tell_fit_several() -> None:
    """A municipality that never merged is of every vintage; an unknown code is of none."""
    assert vintages.find_vintages(["11001"]) == {2018, 2024, 2025}
    assert vintages.find_vintages(["11001", "21001"]) == {2018, 2024, 2025}
    assert vintages.find_vintages(["99999"]) == set()


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("Lokeren", "46014", "46029"),
        ("Lochristi", "44034", "44087"),
        ("Tielt", "37015", "37022"),
        ("Wingene", "37018", "37021"),
        ("Hasselt", "71022", "71072"),
    ],
)
def test_same_name_new_code(name: str, old: str, new: str) -> None:
    """Five municipalities kept their name in 2025 and changed code: a join by name would err."""
    assert vintages.names_by_code(2024)[old] == vintages.names_by_code(2025)[new] == name
    assert vintages.bring_forward([old], 2024, 2025) == [new]
    assert old not in vintages.flemish_codes(2025)


def test_antwerpen_keeps_its_code_and_grows() -> None:
    """Antwerpen's code is of all vintages, but in 2025 it holds Borsbeek too."""
    assert vintages.parts_of("11002", 2025, 2024) == {"11002", "11007"}
    assert vintages.parts_of("11002", 2024, 2018) == {"11002"}


def test_zwijndrecht_leaves_its_province() -> None:
    """Zwijndrecht was in Antwerpen until 2024 and is in Oost-Vlaanderen from 2025."""
    assert vintages.province_of("11056", 2018) == "Antwerpen"
    assert vintages.province_of("11056", 2024) == "Antwerpen"
    (merged,) = vintages.bring_forward(["11056"], 2024, 2025)
    assert vintages.names_by_code(2025)[merged] == "Beveren-Kruibeke-Zwijndrecht"
    assert vintages.province_of(merged, 2025) == "Oost-Vlaanderen"


def test_what_mergers_took_in_is_listed_once() -> None:
    """Each former code leads to one of today, with its name where that is gone."""
    for vintage, many in ((2018, 0), (2024, 15), (2025, 42)):
        former = vintages.list_former(vintage)
        assert len({code for code, *_ in former}) == len(former) == many
        today = vintages.names_by_code(vintage)
        assert all(name != today[since] and "(" not in name for _, name, since in former)
    assert ("46003", "Beveren", "46030") in vintages.list_former(2025)
    assert ("37015", "", "37022") in vintages.list_former(2025)


def test_codes_alone_do_not_go_back() -> None:
    """A merged municipality has no single code of before: only counts can be divided."""
    with pytest.raises(ValueError, match="cannot be brought back"):
        vintages.bring_forward(["11002"], 2025, 2024)


@given(st.sampled_from(sorted(vintages.flemish_codes(2018))))
def test_forward_in_two_steps_is_forward_in_one(code: str) -> None:
    """Going over 2024 gives the same municipality as going straight to 2025."""
    (between,) = vintages.bring_forward([code], 2018, 2024)
    assert vintages.bring_forward([between], 2024, 2025) == vintages.bring_forward(
        [code], 2018, 2025
    )


def test_parts_divide_the_earlier_vintage() -> None:
    """Every municipality of 2018 is part of exactly one of 2025: no child lost, none twice."""
    parts = [vintages.parts_of(code, 2025, 2018) for code in sorted(vintages.flemish_codes(2025))]
    assert sum(len(part) for part in parts) == 308
    assert frozenset().union(*parts) == vintages.flemish_codes(2018)


@pytest.mark.parametrize("target", vintages.VINTAGES)
def test_a_code_leads_to_one_place_whatever_its_vintage(target: int) -> None:
    """Codes of several vintages may stand in one file: they agree on where they lead."""
    table = facts.list_municipalities()
    led = vintages.bring_each_forward(target)
    for vintage in vintages.VINTAGES:
        if vintage <= target:
            for old, new in zip(table[f"nis{vintage}"], table[f"nis{target}"], strict=True):
                assert old in vintages.brussels_codes() or led[old] == new


@pytest.mark.parametrize(
    ("year", "vintage"), [(2013, 2018), (2018, 2018), (2019, 2024), (2024, 2024), (2025, 2025)]
)
def test_vintage_in_force(year: int, vintage: int) -> None:
    """The mergers took effect on 1 January 2019 and 2025."""
    assert vintages.vintage_in_force(year) == vintage


@pytest.mark.parametrize(
    ("codes", "wanted", "year", "settled"),
    [
        (["11001"], 2025, None, 2025),
        (["11001"], 2025, 2015, 2018),
        (["44034"], 2025, None, 2024),
        (["11001", "12030"], 2025, None, 2018),
        (["44087"], 2025, 2015, 2025),
        (["44087"], 2018, None, 2025),
        (["12041"], 2018, None, 2024),
        (["12041"], 2018, 2025, 2025),
        (["11002"], 2024, 2025, 2025),
        (["11002"], 2024, None, 2024),
    ],
)
def test_identify(codes: list[str], wanted: int, year: int | None, settled: int) -> None:
    """The date of the data if it fits, else the wanted vintage, else an earlier, else a later."""
    assert vintages.identify_vintage(codes, wanted, year) == settled


@pytest.mark.parametrize(
    ("codes", "wanted", "settled"),
    [(["11001"], 2025, 2025), (["44034"], 2025, 2024), (["11001", "12030"], 2025, 2018)],
)
def test_settle(codes: list[str], wanted: int, settled: int) -> None:
    """Boundaries are of the wanted vintage if it fits, else of an earlier one."""
    assert vintages.settle_vintage(codes, wanted) == settled


def test_later_boundaries_name_the_vintage_to_set() -> None:
    """Land of 2025 cannot be divided for 2018: refused, with the vintage that would fit."""
    with pytest.raises(
        UnreadableError, match="codes of 2025, later than the study's 2018"
    ) as error:
        vintages.settle_vintage(["44087"], 2018)
    assert "vintage = 2025" in error.value.mend


def test_mixed_codes_are_named() -> None:
    """Codes of different vintages together would count people twice."""
    mixed = [*sorted(vintages.flemish_codes(2025)), "44034"]
    with pytest.raises(UnreadableError, match=r"mixes .*: 44034 did not exist in 2025"):
        vintages.settle_vintage(mixed, 2025)


@pytest.mark.parametrize(
    ("code", "walloon"),
    [
        ("62063", True),
        ("25072", True),
        ("11001", False),
        ("21004", False),
        ("23016", False),
        ("99999", False),
        ("62000", False),
        ("6206", False),
        ("", False),
    ],
)
def test_wallonia(code: str, walloon: bool) -> None:  # noqa: FBT001
    """Wallonia is known by the digits of its districts; a district itself is no municipality."""
    assert vintages.is_walloon(code) is walloon


@pytest.mark.parametrize(
    ("code", "name"), [("46014", "Lokeren"), ("46029", "Lokeren"), ("44045", "Moerbeke")]
)
def test_name_of_a_code_of_any_vintage(code: str, name: str) -> None:
    """A code has one name, the newest: Moerbeke was "Moerbeke (Gent)" in 2018."""
    assert vintages.name_of(code) == name


# --- Tables ------------------------------------------------------------------------------------


def table(rows: dict[str, int], **keys: Any) -> pd.DataFrame:
    return pd.DataFrame({"nis_code": list(rows), **keys, "children": list(rows.values())})


def rows_of(frame: pd.DataFrame) -> list[list[object]]:
    return frame.to_numpy().tolist()


def test_forward_adds_up() -> None:
    """Zwijndrecht joins Beveren and Kruibeke; Aartselaar stays; nothing is an estimate."""
    given = table({"46013": 3, "11056": 10, "11001": 5, "46003": 20})
    found = vintages.convert_counts(given, ["children"], 2018, 2025)
    assert rows_of(found) == [["11001", 5, False], ["46030", 33, False]]
    assert found["children"].dtype == "int64"
    assert found["estimated"].dtype == "bool"


@pytest.mark.parametrize(
    ("old", "new", "partner"),
    [
        ("46014", "46029", "44045"),
        ("44034", "44087", "44073"),
        ("37015", "37022", "37007"),
        ("37018", "37021", "37012"),
        ("71022", "71072", "73040"),
        ("11002", "11002", "11007"),
    ],
)
def test_counts_follow_the_land_not_the_name(old: str, new: str, partner: str) -> None:
    """What kept its name, or its code, is counted with its partner from 2025 on, and back again."""
    given = table({old: 40, partner: 10})
    merged = vintages.convert_counts(given, ["children"], 2024, 2025)
    assert rows_of(merged) == [[new, 50, False]]
    weights = pd.Series({old: 4, partner: 1})
    back = vintages.convert_counts(merged, ["children"], 2025, 2024, weights)
    assert rows_of(back) == sorted([[old, 40, True], [partner, 10, True]])


def test_backward_divides_by_weights_and_says_so() -> None:
    """Of 10 children, weights 1 to 2 give 3 and 7; what never merged is no estimate."""
    given = table({"11002": 10, "11001": 4})
    weights = pd.Series({"11002": 2, "11007": 1})
    assert rows_of(vintages.convert_counts(given, ["children"], 2025, 2024, weights)) == [
        ["11001", 4, False],
        ["11002", 7, True],
        ["11007", 3, True],
    ]


def test_girls_and_boys_are_divided_alike() -> None:
    """A girl and a boy of each age, over two equal parts: both get as many girls as boys.

    Rows by age and sex alternate; divided in turn, one part would get all girls.
    """
    rows = [(age, sex) for age in range(5, 18) for sex in "FM"]
    given = pd.DataFrame(rows, columns=["age", "sex"]).assign(nis_code="11002", children=1)
    weights = pd.Series({"11002": 1, "11007": 1})
    found = vintages.convert_counts(given, ["children"], 2025, 2024, weights)
    sums = found.groupby(["nis_code", "sex"])["children"].sum().to_dict()
    assert sums == {
        ("11002", "F"): 7,
        ("11002", "M"): 7,
        ("11007", "F"): 6,
        ("11007", "M"): 6,
    }
    by_sex = {sex: rows["children"].tolist() for sex, rows in found.groupby("sex")}
    assert by_sex["F"] == by_sex["M"]


def test_rows_without_a_key_go_back_too() -> None:
    """A sex that is not known is a group of its own, and nobody of it is lost."""
    given = table({"11002": 3}, sex=[None])
    weights = pd.Series({"11002": 2, "11007": 1})
    back = vintages.convert_counts(given, ["children"], 2025, 2024, weights)
    assert back[["nis_code", "children"]].to_numpy().tolist() == [["11002", 2], ["11007", 1]]


def test_equal_dues_go_by_code() -> None:
    """One child over two parts of equal weight goes to the smaller code, on every machine."""
    weights = pd.Series({"11007": 1, "11002": 1})
    found = vintages.convert_counts(table({"11002": 1}), ["children"], 2025, 2024, weights)
    assert rows_of(found) == [["11002", 1, True], ["11007", 0, True]]


def test_other_columns_are_keys() -> None:
    """Ages and sexes stay apart; rows of one key are added up; several counts go together."""
    given = pd.DataFrame(
        {
            "age": [7, 7, 8, 7],
            "nis_code": ["11002", "11007", "11007", "11007"],
            "sex": ["F", "F", "F", "F"],
            "children": [1, 2, 4, 8],
            "pupils": [10, 20, 40, 80],
        }
    )
    found = vintages.convert_counts(given, ["children", "pupils"], 2018, 2025)
    assert found.columns.tolist() == ["nis_code", "age", "sex", "children", "pupils", "estimated"]
    assert rows_of(found) == [
        ["11002", 7, "F", 11, 110, False],
        ["11002", 8, "F", 4, 40, False],
    ]
    # Each count is divided by itself: 1/3 of 11 and of 110, then of 15 and of 150 in all.
    back = vintages.convert_counts(
        found, ["children", "pupils"], 2025, 2018, pd.Series([2, 1], ["11002", "11007"])
    )
    assert rows_of(back) == [
        ["11002", 7, "F", 7, 73, True],
        ["11002", 8, "F", 3, 27, True],
        ["11007", 7, "F", 4, 37, True],
        ["11007", 8, "F", 1, 13, True],
    ]


def test_a_key_that_is_not_known_loses_nobody() -> None:
    """Rows whose key is empty are counted as a group of their own."""
    given = table({"11002": 3, "11007": 4}, source=[None, None])
    (row,) = rows_of(vintages.convert_counts(given, ["children"], 2018, 2025))
    assert pd.isna(row[1])
    assert [row[0], *row[2:]] == ["11002", 7, False]


@pytest.mark.parametrize(("old", "new"), [(2018, 2025), (2025, 2018), (2024, 2024)])
def test_an_empty_table_stays_empty(old: int, new: int) -> None:
    """Without rows there is nothing to bring, and the columns keep their kinds."""
    given = table({"11001": 1}, age=[7]).iloc[:0]
    found = vintages.convert_counts(given, ["children"], old, new, pd.Series(dtype="int64"))
    assert found.empty
    assert found.dtypes.astype(str).to_dict() == {
        "nis_code": "str",
        "age": "int64",
        "children": "int64",
        "estimated": "bool",
    }


def test_backward_without_weights_says_what_is_missing() -> None:
    """Dividing needs weights; a table of which nothing merged does not."""
    with pytest.raises(InputError) as error:
        vintages.convert_counts(table({"46030": 1}), ["children"], 2025, 2018)
    assert str(error.value) == (
        "codes of 2025: cannot be brought back to 2018 without weights: 46030 "
        "Beveren-Kruibeke-Zwijndrecht was made of 11056 and 46003 and 46013; "
        "give weights by municipality of 2018"
    )
    assert isinstance(error.value, ValueError)
    found = vintages.convert_counts(table({"11001": 1}), ["children"], 2025, 2018)
    assert rows_of(found) == [["11001", 1, False]]


@pytest.mark.parametrize(
    "weights", [{}, {"11002": 1}, {"11002": 1, "11007": -1}, {"11002": 0.5, "11007": 1}]
)
def test_weights_that_cannot_divide(weights: dict[str, float]) -> None:
    """A part without a weight, or with half of one, would put children nowhere or anywhere."""
    with pytest.raises(InputError, match="weights of 11002, 11007: must be whole numbers"):
        vintages.convert_counts(
            table({"11002": 1}), ["children"], 2025, 2024, pd.Series(weights, dtype=float)
        )


def test_weights_of_nothing_are_refused() -> None:
    """Parts that all weigh nothing leave no place for their children."""
    with pytest.raises(InputError, match="not all 0"):
        vintages.convert_counts(
            table({"11002": 1}), ["children"], 2025, 2024, pd.Series({"11002": 0, "11007": 0})
        )


def test_codes_of_another_vintage_are_named() -> None:
    """A table whose codes are not what the caller says is refused."""
    with pytest.raises(InputError, match="codes of 2025: not of that vintage: 44034, 99999"):
        vintages.convert_counts(table({"99999": 1, "44034": 1}), ["children"], 2025, 2025)


@pytest.mark.parametrize("counts", [[1.0], [-1], pd.array([None], dtype="Int64"), ["1"]])
def test_counts_are_whole(counts: Any) -> None:
    """Half children, negative ones and gaps are refused, not rounded or passed over."""
    given = pd.DataFrame({"nis_code": ["11001"], "children": counts})
    with pytest.raises(InputError, match="column children: must hold whole numbers of 0 or more"):
        vintages.convert_counts(given, ["children"], 2018, 2025)


SOME = ["11001", "11002", "12041", "23106", "44021", "44084", "44085", "46030", "71072", "72042"]
"""Of 2025: two that never merged, one that kept its code, and mergers of two and of three."""

COUNTS = st.dictionaries(
    st.tuples(st.sampled_from(SOME), st.integers(5, 17), st.sampled_from("FM")),
    st.integers(0, 20_000),
    min_size=1,
    max_size=60,
)


@given(COUNTS, st.sampled_from([2018, 2024]), st.randoms(use_true_random=False))
def test_back_and_forward_again_is_where_one_started(
    counts: dict[tuple[str, int, str], int], earlier: int, random: Any
) -> None:
    """Whatever the weights, going back loses and invents nobody, in any row."""
    keys = pd.DataFrame(list(counts), columns=["nis_code", "age", "sex"])
    given = keys.assign(children=list(counts.values()))
    codes = sorted(vintages.names_by_code(earlier))
    weights = pd.Series([random.randint(1, 500_000) for _ in codes], codes)
    back = vintages.convert_counts(given, ["children"], 2025, earlier, weights)
    assert (back["children"] >= 0).all()
    assert set(back["nis_code"]) <= vintages.flemish_codes(earlier)
    again = vintages.convert_counts(back, ["children"], earlier, 2025).drop(columns="estimated")
    expected = given.sort_values(["nis_code", "age", "sex"], ignore_index=True)
    pd.testing.assert_frame_equal(again, expected, check_dtype=False)


@given(
    st.lists(st.integers(0, 300), min_size=1, max_size=60),
    st.lists(st.integers(0, 10**6), min_size=1, max_size=3).filter(any),
)
def test_division_keeps_to_what_is_due(counts: list[int], weights: list[int]) -> None:
    """No part of a count, nor of all counts together, is off its due by a unit or more."""
    got = np.array(vintages.divide_counts(counts, weights))
    due = np.outer(counts, np.array(weights) / sum(weights))
    assert got.sum(axis=1).tolist() == counts
    assert (got >= 0).all()
    assert (got[:, np.array(weights) == 0] == 0).all()
    assert np.abs(got - due).max() < 1 + 1e-9
    assert np.abs(got.sum(axis=0) - due.sum(axis=0)).max() < 1 + 1e-9


def test_many_small_counts_do_not_all_go_to_the_largest() -> None:
    """Of twenty-six single children a part that weighs a quarter gets six or seven."""
    got = vintages.divide_counts([1] * 26, [1, 3])
    assert sum(first for first, _ in got) in (6, 7)
    assert vintages.divide_counts([1], [1, 3]) == [[0, 1]]


def test_a_part_that_weighs_nothing_gets_nobody() -> None:
    """Not even when all others are ahead of their due, as at the last of these counts."""
    got = vintages.divide_counts([4, 3, 4, 3], [0, 4, 9, 2, 9, 4])
    assert [first for first, *_ in got] == [0, 0, 0, 0]
    assert [sum(row) for row in got] == [4, 3, 4, 3]
