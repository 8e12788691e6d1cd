"""How figures, days and lists are written in a language: the one place that knows, through Babel.

Whoever tells a figure says what it is; how it looks is decided here. Babel loads on first use:
what writes no figure starts quicker without.
"""

from __future__ import annotations

import math
import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

Language = Literal["nl", "en", "fr"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
"""Of what people read."""

DASH = "\N{EN DASH}"
"""Stands where there is no figure."""

SPACE, NO_BREAK_SPACE = " ", "\N{NO-BREAK SPACE}"

_BEFORE_PER_CENT = {"nl": NO_BREAK_SPACE, "en": "", "fr": "\N{NARROW NO-BREAK SPACE}"}
_HELD = re.compile(r" (?=[:;?!»%€])|(?<=«) ")

_REGIONS = {"en": "en_GB"}
"""Where lists and days are written as here: A, B and C; 31 December 2022."""


def format_whole(value: float, language: str) -> str:
    """Write a whole number: 37.376 in Dutch, 37,376 in English."""
    return _write_number(int(value), "#,##0", language)


def format_number(value: float, language: str, most: int = 3) -> str:
    """Write a number with no more decimals than it has, and at most so many.

    Parameters
    ----------
    value, language
        What is written, and in which language.
    most
        Decimals.
    """
    # Nought has no sign, and what is kept of one must not be said of the other.
    return _write_number(value + 0, f"#,##0.{'#' * most}" if most else "#,##0", language)


def format_decimals(value: float, language: str, decimals: int = 1) -> str:
    """Write a number with so many decimals, as people round; a dash where there is none.

    Parameters
    ----------
    value, language, decimals
        As for `format_number`; NaN: there is none.
    """
    if math.isnan(value):
        return DASH
    return _write_number(round_half_up(value, decimals), f"#,##0.{'0' * decimals}", language)


def format_signed(value: float, language: str, decimals: int = 0) -> str:
    """Write a difference with its sign: +1,5; nought has none, and where none is known a dash.

    Parameters
    ----------
    value, language, decimals
        As for `format_decimals`.
    """
    if math.isnan(value):
        return DASH
    exact = round_half_up(value, decimals)
    sign = "+" if exact > 0 else "-" if exact < 0 else ""
    form = f"#,##0.{'0' * decimals}" if decimals else "#,##0"
    return f"{sign}{_write_number(abs(exact), form, language)}"


def format_percent(share: float, language: str, space: str | None = None) -> str:
    """Write a share between 0 and 1: 62,4 % in Dutch; a dash where there is none.

    Parameters
    ----------
    share, language
        NaN for no share; one of `LANGUAGES`.
    space
        Before the sign, where the language has one there: plain text takes a plain one.
    """
    if math.isnan(share):
        return DASH
    return _write_number(round_percent(share), "#,##0.0", language) + percent_sign(language, space)


def percent_sign(language: str, space: str | None = None) -> str:
    """Give the sign of per cent with the space before it."""
    own = _BEFORE_PER_CENT[language]
    return f"{own if space is None or not own else space}%"


def format_euros(value: float | Decimal, language: str) -> str:
    """Write an amount of euros, with cents where it has any; the sign stands in the text."""
    return _write_number(value + 0, "#,##0" if float(value).is_integer() else "#,##0.00", language)


def format_cents(value: int, language: str) -> str:
    """Write an amount of cents in euros."""
    return format_euros(Decimal(value) / 100, language)


def format_day(date: dt.date, language: str, form: str = "long") -> str:
    """Write a day: 31 december 2022.

    Parameters
    ----------
    date, language
        What is written, and in which language.
    form
        As Babel knows it.
    """
    from babel.dates import format_date

    return _with_its_first(str(format_date(date, form, _of_region(language))), language)


def format_day_of_year(date: dt.date, language: str) -> str:
    """Write a day of any year: 31 december, 31 December."""
    from babel.dates import format_skeleton

    said = format_skeleton("MMMMd", date, locale=_of_region(language))
    return _with_its_first(str(said), language)


def _of_region(language: str) -> str:
    # A study may speak its language in words of its own: Babel knows the plain code.
    return _REGIONS.get(language, language)


def _with_its_first(day: str, language: str) -> str:
    """Write the first of a month as French does, 1er janvier: Babel does not."""
    return re.sub("^1 ", "1er ", day) if language == "fr" else day


def list_months(language: str) -> list[tuple[str, int]]:
    """Name the months, whole and short, each with its number."""
    from babel.dates import get_month_names

    widths = (get_month_names(width, locale=language) for width in ("wide", "abbreviated"))
    return [(str(name), month) for names in widths for month, name in names.items()]


def join_with_and(names: Sequence[str], language: str) -> str:
    """Write names as a sentence does: A, B en C."""
    from babel.lists import format_list

    return str(format_list(list(names), locale=_of_region(language)))


def plural_form(count: float, language: str) -> str:
    """Say in which form a language puts what is so many: "one" of 1, in French of 0 too."""
    from babel import Locale

    return str(Locale.parse(language).plural_form(count))


def held_together(text: str, language: str) -> str:
    """Keep on one line what stands so in French: a mark and the word before it, « and after."""
    return _HELD.sub(NO_BREAK_SPACE, text) if language == "fr" else text


def round_half_up(value: float, decimals: int = 1) -> Decimal:
    """Round as people and spreadsheets do: 62.45 is 62.5, and -0.25 is -0.3."""
    # Twelve decimals are what a float surely holds of a percentage: 62.449999999999996 is 62.45.
    exact = Decimal(repr(round(float(value), 12)))
    return exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP) + 0  # never minus nought


def round_percent(share: float) -> Decimal:
    """Give a share in per cent with one decimal; only all is 100, what comes near it is 99.9."""
    return (
        round_half_up(share * 100)
        if share >= 1
        else min(round_half_up(share * 100), Decimal("99.9"))
    )


@lru_cache(100_000)  # a page writes most numbers often, and Babel takes its time
def _write_number(value: float | Decimal, form: str, language: str) -> str:
    from babel.numbers import format_decimal

    return str(format_decimal(value, format=form, locale=language))


def to_one_line(text: str) -> str:
    """Write a name on one line, without marks that an XML file cannot hold."""
    return make_printable(text).strip()


def make_printable(text: str) -> str:
    """Put a space for every mark that an XML file cannot hold, and for every line break."""
    return "".join(map(_keep_or_space, str(text)))


def _keep_or_space(mark: str) -> str:
    no_letter = unicodedata.category(mark) in ("Cc", "Cs", "Zl", "Zp")
    return " " if no_letter or ord(mark) & 0xFFFE == 0xFFFE else mark
