"""NIS codes over the mergers: exact forward, never back, never by name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stemgeo import facts
from stemgeo.inputs import vintages
from stemgeo.inputs.formats import UnreadableError


@pytest.mark.parametrize(("vintage", "count"), [(2018, 308), (2024, 300), (2025, 285)])
def test_number_of_municipalities(vintage: int, count: int) -> None:
    """Flanders had 308 municipalities, then 300, then 285; Brussels 19 throughout."""
    assert len(vintages.flemish(vintage)) == count
    assert len(vintages.names(vintage)) == count + 19
    assert len(vintages.brussels()) == 19


@pytest.mark.parametrize("vintage", vintages.VINTAGES)
def test_a_whole_vintage_is_recognised(vintage: int) -> None:
    """All codes of a vintage fit that vintage alone."""
    assert vintages.recognise(vintages.flemish(vintage)) == {vintage}


def test_codes_that_do_not_tell_fit_several() -> None:
    """A municipality that never merged is of every vintage; an unknown code is of none."""
    assert vintages.recognise(["11001"]) == {2018, 2024, 2025}
    assert vintages.recognise(["11001", "21001"]) == {2018, 2024, 2025}
    assert vintages.recognise(["99999"]) == set()


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
    assert vintages.names(2024)[old] == vintages.names(2025)[new] == name
    assert vintages.forward([old], 2024, 2025) == [new]
    assert old not in vintages.flemish(2025)


def test_antwerpen_keeps_its_code_and_grows() -> None:
    """Antwerpen's code is of all vintages, but in 2025 it holds Borsbeek too."""
    assert vintages.parts("11002", 2025, 2024) == {"11002", "11007"}
    assert vintages.parts("11002", 2024, 2018) == {"11002"}


def test_zwijndrecht_leaves_its_province() -> None:
    """Zwijndrecht was in Antwerpen until 2024 and is in Oost-Vlaanderen from 2025."""
    assert vintages.province_of("11056", 2018) == "Antwerpen"
    assert vintages.province_of("11056", 2024) == "Antwerpen"
    (merged,) = vintages.forward(["11056"], 2024, 2025)
    assert vintages.names(2025)[merged] == "Beveren-Kruibeke-Zwijndrecht"
    assert vintages.province_of(merged, 2025) == "Oost-Vlaanderen"


def test_backward_is_refused() -> None:
    """A merged municipality cannot be divided."""
    with pytest.raises(ValueError, match="cannot be brought back"):
        vintages.forward(["11002"], 2025, 2024)


@given(st.sampled_from(sorted(vintages.flemish(2018))))
def test_forward_in_two_steps_is_forward_in_one(code: str) -> None:
    """Going over 2024 gives the same municipality as going straight to 2025."""
    (between,) = vintages.forward([code], 2018, 2024)
    assert vintages.forward([between], 2024, 2025) == vintages.forward([code], 2018, 2025)


def test_parts_divide_the_earlier_vintage() -> None:
    """Every municipality of 2018 is part of exactly one of 2025: no child lost, none twice."""
    parts = [vintages.parts(code, 2025, 2018) for code in sorted(vintages.flemish(2025))]
    assert sum(len(part) for part in parts) == 308
    assert frozenset().union(*parts) == vintages.flemish(2018)


@pytest.mark.parametrize("target", vintages.VINTAGES)
def test_a_code_leads_to_one_place_whatever_its_vintage(target: int) -> None:
    """Codes of several vintages may stand in one file: they agree on where they lead."""
    table = facts.municipalities()
    led = vintages.forward_each(target)
    for vintage in vintages.VINTAGES:
        if vintage <= target:
            for old, new in zip(table[f"nis{vintage}"], table[f"nis{target}"], strict=True):
                assert old in vintages.brussels() or led[old] == new


@pytest.mark.parametrize(
    ("year", "vintage"), [(2013, 2018), (2018, 2018), (2019, 2024), (2024, 2024), (2025, 2025)]
)
def test_vintage_in_force(year: int, vintage: int) -> None:
    """The mergers took effect on 1 January 2019 and 2025."""
    assert vintages.in_force(year) == vintage


@pytest.mark.parametrize(
    ("codes", "wanted", "year", "settled"),
    [
        (["11001"], 2025, None, 2025),
        (["11001"], 2025, 2015, 2018),
        (["44034"], 2025, None, 2024),
        (["11001", "12030"], 2025, None, 2018),
        (["44087"], 2025, 2015, 2025),
    ],
)
def test_settle(codes: list[str], wanted: int, year: int | None, settled: int) -> None:
    """The wanted vintage if it fits, an earlier one if that, or the date of the data, says so."""
    assert vintages.settle(codes, wanted, year) == settled


def test_later_codes_name_the_vintage_to_set() -> None:
    """Codes of 2025 in a study of 2018 are refused, with the vintage that would fit."""
    with pytest.raises(
        UnreadableError, match="codes of 2025, later than the study's 2018"
    ) as error:
        vintages.settle(["44087"], 2018)
    assert "vintage = 2025" in error.value.mend


def test_mixed_codes_are_named() -> None:
    """Codes of different vintages together would count people twice."""
    mixed = [*sorted(vintages.flemish(2025)), "44034"]
    with pytest.raises(UnreadableError, match=r"mixes .*: 44034 did not exist in 2025"):
        vintages.settle(mixed, 2025)


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
