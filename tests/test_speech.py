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

DAY = dt.date(2022, 12, 31)
NAMES = ["Aalst", "Gent", "Ieper"]
NBSP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("write", "dutch", "english"),
    [
        (lambda one: speech.whole(37376.9, one), "37.376", "37,376"),
        (lambda one: speech.number(1234.5678, one), "1.234,568", "1,234.568"),
        (lambda one: speech.number(15.0, one), "15", "15"),
        (lambda one: speech.number(1.25, one, 0), "1", "1"),
        (lambda one: speech.decimal(12.25, one), "12,3", "12.3"),
        (lambda one: speech.decimal(0.035, one, 2), "0,04", "0.04"),
        (lambda one: speech.signed(1234, one), "+1.234", "+1,234"),
        (lambda one: speech.signed(-0.25, one, 1), "-0,3", "-0.3"),
        (lambda one: speech.signed(-0.04, one, 1), "0,0", "0.0"),
        (lambda one: speech.percent(0.6243, one), f"62,4{NBSP}%", "62.4%"),
        (lambda one: speech.percent(0.6243, one, " "), "62,4 %", "62.4%"),
        (lambda one: speech.euros(12345, one), "12.345", "12,345"),
        (lambda one: speech.euros(Decimal("12345.5"), one), "12.345,50", "12,345.50"),
        (lambda one: speech.cents(1_234_501, one), "12.345,01", "12,345.01"),
        (lambda one: speech.long_day(DAY, one), "31 december 2022", "December 31, 2022"),
        (lambda one: speech.day_of_year(DAY, one), "31 december", "December 31"),
        (
            lambda one: speech.joined_by_and(NAMES, one),
            "Aalst, Gent en Ieper",
            "Aalst, Gent and Ieper",
        ),
        (lambda one: speech.joined_by_and(NAMES[:2], one), "Aalst en Gent", "Aalst and Gent"),
        (lambda one: speech.joined_by_and([], one), "", ""),
    ],
)
def test_a_language_has_its_own_way(write: Callable[[str], str], dutch: str, english: str) -> None:
    """Points and commas, spaces before signs, the order of a day, the word before the last."""
    assert (write("nl"), write("en")) == (dutch, english)


@pytest.mark.parametrize("write", [speech.decimal, speech.signed, speech.percent])
def test_no_figure_is_a_dash(write: Callable[[float, str], str]) -> None:
    """In a table as in a sentence: never "nan"."""
    assert write(math.nan, "nl") == "\N{EN DASH}"


def test_nought_has_no_sign_whichever_was_written_before() -> None:
    """Equal numbers are kept once: minus nought must not come back for nought."""
    for write in (speech.number, speech.euros):
        assert [write(value, "nl") for value in (-0.0, 0, 0.0)] == ["0", "0", "0"]


def test_halves_go_away_from_nought_as_in_a_spreadsheet() -> None:
    """And nought has no sign."""
    rounded = [str(speech.rounded(value)) for value in (12.25, -0.25, -0.04, 0.35, 2.0)]
    assert rounded == ["12.3", "-0.3", "0.0", "0.4", "2.0"]
