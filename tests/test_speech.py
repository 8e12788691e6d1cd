"""How figures, days and lists are written: worked out by hand, in each language."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from stemgeo import speech

if TYPE_CHECKING:
    from collections.abc import Callable

DAY, FIRST = dt.date(2022, 12, 31), dt.date(2022, 1, 1)
NAMES = ["Aalst", "Gent", "Ieper"]
NBSP = "\N{NO-BREAK SPACE}"
THIN = "\N{NARROW NO-BREAK SPACE}"
HELD = f"a{NBSP}: «{NBSP}b{NBSP}»"


@pytest.mark.parametrize(
    ("write", "dutch", "english", "french"),
    [
        (lambda one: speech.format_whole(37376.9, one), "37.376", "37,376", f"37{THIN}376"),
        (
            lambda one: speech.format_number(1234.5678, one),
            "1.234,568",
            "1,234.568",
            f"1{THIN}234,568",
        ),
        (lambda one: speech.format_number(15.0, one), "15", "15", "15"),
        (lambda one: speech.format_number(1.25, one, 0), "1", "1", "1"),
        (lambda one: speech.format_decimals(12.25, one), "12,3", "12.3", "12,3"),
        (lambda one: speech.format_decimals(0.035, one, 2), "0,04", "0.04", "0,04"),
        (lambda one: speech.format_signed(1234, one), "+1.234", "+1,234", f"+1{THIN}234"),
        (lambda one: speech.format_signed(-0.25, one, 1), "-0,3", "-0.3", "-0,3"),
        (lambda one: speech.format_signed(-0.04, one, 1), "0,0", "0.0", "0,0"),
        (lambda one: speech.format_percent(0.6243, one), f"62,4{NBSP}%", "62.4%", f"62,4{THIN}%"),
        (lambda one: speech.format_percent(0.6243, one, " "), "62,4 %", "62.4%", "62,4 %"),
        (lambda one: speech.format_euros(12345, one), "12.345", "12,345", f"12{THIN}345"),
        (
            lambda one: speech.format_euros(Decimal("12345.5"), one),
            "12.345,50",
            "12,345.50",
            f"12{THIN}345,50",
        ),
        (
            lambda one: speech.format_cents(1_234_501, one),
            "12.345,01",
            "12,345.01",
            f"12{THIN}345,01",
        ),
        (
            lambda one: speech.format_day(DAY, one),
            "31 december 2022",
            "31 December 2022",
            "31 décembre 2022",
        ),
        (
            lambda one: speech.format_day(FIRST, one, "d MMMM y"),
            "1 januari 2022",
            "1 January 2022",
            "1er janvier 2022",
        ),
        (
            lambda one: speech.format_day_of_year(DAY, one),
            "31 december",
            "31 December",
            "31 décembre",
        ),
        (
            lambda one: speech.format_day_of_year(FIRST, one),
            "1 januari",
            "1 January",
            "1er janvier",
        ),
        (
            lambda one: speech.join_with_and(NAMES, one),
            "Aalst, Gent en Ieper",
            "Aalst, Gent and Ieper",
            "Aalst, Gent et Ieper",
        ),
        (
            lambda one: speech.join_with_and(NAMES[:2], one),
            "Aalst en Gent",
            "Aalst and Gent",
            "Aalst et Gent",
        ),
        (lambda one: speech.join_with_and([], one), "", "", ""),
        (lambda one: speech.held_together("a : « b »", one), *["a : « b »"] * 2, HELD),
    ],
)
def test_a_language_has_its_own_way(
    write: Callable[[str], str], dutch: str, english: str, french: str
) -> None:
    """Points and commas, spaces before signs, the order of a day, the word before the last."""
    assert tuple(map(write, speech.LANGUAGES)) == (dutch, english, french)


@pytest.mark.parametrize(
    "write", [speech.format_decimals, speech.format_signed, speech.format_percent]
)
def test_no_figure_is_a_dash(write: Callable[[float, str], str]) -> None:
    """In a table as in a sentence: never "nan"."""
    assert write(math.nan, "nl") == "\N{EN DASH}"


def test_nought_has_no_sign_whichever_was_written_before() -> None:
    """Equal numbers are kept once: minus nought must not come back for nought."""
    for write in (speech.format_number, speech.format_euros):
        assert [write(value, "nl") for value in (-0.0, 0, 0.0)] == ["0", "0", "0"]


def test_halves_go_away_from_nought_as_in_a_spreadsheet() -> None:
    """And nought has no sign."""
    rounded = [str(speech.round_half_up(value)) for value in (12.25, -0.25, -0.04, 0.35, 2.0)]
    assert rounded == ["12.3", "-0.3", "0.0", "0.4", "2.0"]
