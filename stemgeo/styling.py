"""Any table as people read it, in a notebook or on a page: headings, figures, bars and ranges."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from stemgeo.errors import Problem, ResultError
from stemgeo.notes import strip_control
from stemgeo.speech import (
    DASH,
    format_day,
    format_decimals,
    format_euros,
    format_percent,
    format_signed,
    format_whole,
)
from stemgeo.texts import load_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray
    from pandas.io.formats.style import Styler

    from stemgeo.notes import Note
    from stemgeo.texts import Texts

    Floats = NDArray[np.float64]

_INK = "rgba(70, 130, 180, 0.35)"
"""Of bars: it lets the ground through, so that letters stay readable on white and on black."""
_FIGURE = re.compile(r"[+\-]?\d[\d.,'\s\u00a0\u202f]*(%|min|km|m)?\*?")
_FIGURES = re.compile(rf"{_FIGURE.pattern}( ?(tot|to|à|→) ?{_FIGURE.pattern})?")
_PERCENT = re.compile(r"(\d+(?:[.,]\d+)?)[\s\u00a0\u202f]?%")
_NAMES = {"reason": "reason.name", "province": "province.name", "level": "level"}
"""Columns of keys, and where the texts for these stand."""
_MANY = 12
"""Columns of a table: in wider ones short texts take two lines rather than room."""
_TABLE = "display: block; overflow-x: auto; font-size: 0.9em; border-collapse: collapse"
_CELL = "padding: 0.2em 0.6em; vertical-align: bottom"
_LONGEST = 30
"""Letters of a cell with a share, or two; in longer ones a share is part of a sentence."""
_PLAIN = {"year", "rank", "nis_code", "postcode", "measured_year"}
"""Numbers that count nothing."""


@dataclass(frozen=True)
class _ToldColumn:
    """A column in words: its head, its cells, and from where to where each has a bar, 0 to 1."""

    head: str
    cells: list[str]
    low: Floats | None = None
    high: Floats | None = None

    @property
    def is_figures(self) -> bool:
        """Whether it is of figures, which stand under one another by their ends."""
        said = [one for one in self.cells if one not in ("", DASH)]
        return bool(said) and all(map(_FIGURES.fullmatch, said))


def styled(table: pd.DataFrame, language: str = "nl", *, bars: Iterable[str] = ()) -> Styler:
    """Lay out a table for people: headings in words, figures as a language writes them, bars.

    >>> sg.styled(result.summary("municipality").head(10))
    >>> sg.styled(result.shown("gaps").head(10), bars=["niet binnen bereik"])

    Shares have a bar from 0 to 100 %, and `share_low` with `share_high` become one column with a
    bar from the one to the other. What is text stays as it is, so that tables in words, as from
    `shown`, gain their bars; places are left out.

    Parameters
    ----------
    table
        Any table of a result, whole or in part, or a frame of one's own.
    language
        "nl", "en" or "fr"; that of a study, `study.language`, has its words for what is sought.
    bars
        Columns of counts that have a bar too, from 0 to the most of the column.

    Returns
    -------
    Styler
        Of pandas: a notebook shows it, `to_html` writes it.

    Raises
    ------
    ResultError
        If `bars` names a column that the table has not, or that holds no figures.
    """
    words = load_texts(language)
    plain = pd.DataFrame(
        table.drop(columns=[one for one in table if table[one].dtype == "geometry"])
    )
    told = [_tell(name, plain, words, set(bars)) for name in _list_shown(plain)]
    _refuse_without_bar({*bars} - {*plain.columns}, plain)
    cells = pd.DataFrame({number: one.cells for number, one in enumerate(told)}, dtype=object)
    looks = pd.DataFrame({number: _draw_bars(one) for number, one in enumerate(told)}, dtype=object)
    # Of tables on one page the looks must not be taken for each other's; the same table, the same.
    name = hashlib.sha256(f"{cells.to_csv()}{looks.to_csv()}".encode()).hexdigest()[:10]
    style = cells.style.set_uuid(name).hide(axis="index").format(escape="html")
    style = style.apply(lambda _: looks, axis=None)
    heads = {number: one.head for number, one in enumerate(told)}
    style = style.format_index(lambda number: heads[int(str(number))], axis=1, escape="html")
    for number, one in enumerate(told):
        side = "text-align: left"
        if one.is_figures:
            side = "text-align: right; white-space: nowrap"
        elif max(map(len, one.cells), default=0) > _LONGEST:
            side = "text-align: left; min-width: 14em"
        elif len(told) <= _MANY:
            side = "text-align: left; white-space: nowrap"
        looks_of: Any = {number: [{"selector": "", "props": f"{side}; {_CELL}"}]}
        style = style.set_table_styles(looks_of, overwrite=False)
    # A wide table is moved by itself, also by key; its head may take more lines than its figures.
    return style.set_table_attributes('tabindex="0"').set_table_styles(
        [
            {
                "selector": "",
                "props": _TABLE,
            },
            {"selector": "thead th", "props": "white-space: normal; border-bottom: 1px solid"},
        ],
        overwrite=False,
    )


def fold_notes(notes: Sequence[Note], language: str) -> str:
    """Give notes as a piece of HTML that is opened to read them; nothing where there are none."""
    if not notes:
        return ""
    head = load_texts(language).say_count("outcome.notes", len(notes)).partition(":")[0].strip()
    told = "".join(f"<li>{escape(one.to_text(language))}</li>" for one in notes)
    return f"<details><summary>{escape(head)}</summary><ul>{told}</ul></details>"


def _list_shown(table: pd.DataFrame) -> list[Any]:
    """List the columns that have a place of their own: the low ends bring the high ones along."""
    names = [*table.columns]
    return [one for one in names if not (str(one).endswith("_high") and _low_of(one) in names)]


def _low_of(name: Any) -> str:
    return f"{str(name).removesuffix('_high')}_low"


def _tell(name: Any, table: pd.DataFrame, words: Texts, bars: set[str]) -> _ToldColumn:
    """Tell a column."""
    values, key = table[name], str(name)
    whole = key.removesuffix("_low")
    if key.endswith("_low") and f"{whole}_high" in table:
        return _tell_range(whole, values, table[f"{whole}_high"], words)
    head = strip_control(_find_head(key, words))
    if not _has_numbers(values):
        cells = [_write_value(key, one, words) for one in values]
        read = _read_counts(cells, name) if key in bars else _read_percents(cells)
        return _ToldColumn(head, cells, *read)
    write = _find_writer(key, values, str(words.language))
    cells, numbers = [write(one) for one in values], values.to_numpy(np.float64, na_value=np.nan)
    if _is_share(key):
        return _ToldColumn(head, cells, np.zeros(len(values)), numbers)
    if key in bars:
        return _ToldColumn(head, cells, np.zeros(len(values)), _scale(numbers))
    return _ToldColumn(head, cells)


def _tell_range(name: str, low: pd.Series, high: pd.Series, words: Texts) -> _ToldColumn:
    """Tell two ends in one column."""
    write = _find_writer(name, low, str(words.language))
    cells = [
        DASH if pd.isna(a) or pd.isna(b) else words("summary.span", low=write(a), high=write(b))
        for a, b in zip(low, high, strict=True)
    ]
    head = words.list_below("summary.head")["share_range"]
    if not _is_share(name):
        return _ToldColumn(f"{_find_head(name, words)} {head}", cells)
    ends = (one.to_numpy(np.float64, na_value=np.nan) for one in (low, high))
    return _ToldColumn(head, cells, *ends)


def _has_numbers(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


def _is_share(name: str) -> bool:
    return name == "share" or name.startswith("share_")


def _find_head(name: str, words: Texts) -> str:
    """Give the heading of a column; of one that none is known of its name."""
    known: dict[str, str] = {}
    for heads in ("compare.head", "head", "summary.head"):
        # One that waits for the figures of a study is of that study's own tables.
        known |= {key: one for key, one in words.list_below(heads).items() if "{" not in one}
    return known.get(name, name.replace("_", " "))


def _find_writer(name: str, values: pd.Series, language: str) -> Callable[[Any], str]:
    """Find how the numbers of a column are written."""
    if name in _PLAIN:
        return lambda one: DASH if pd.isna(one) else f"{one:.0f}"
    if _is_share(name):
        return lambda one: format_percent(np.nan if pd.isna(one) else one, language)
    if name in ("difference", "points"):
        decimals = int(name == "points")
        return lambda one: format_signed(np.nan if pd.isna(one) else one, language, decimals)
    if name.endswith("_eur"):
        return lambda one: DASH if pd.isna(one) else format_euros(round(one, 2), language)
    if not pd.api.types.is_float_dtype(values):
        return lambda one: DASH if pd.isna(one) else format_whole(one, language)
    return lambda one: format_decimals(np.nan if pd.isna(one) else one, language)


def _write_value(name: str, value: Any, words: Texts) -> str:
    """Write what is no number."""
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, bool | np.bool_):
        return words("word.yes") if value else words("word.no")
    if hasattr(value, "strftime"):
        return format_day(value, str(words.language))
    text = strip_control(str(value))
    if name in _NAMES:
        key = text.lower().replace("-", "_").replace(" ", "_")
        return words.list_below(_NAMES[name]).get(key, text)
    return text


def _read_percents(cells: list[str]) -> tuple[Floats | None, Floats | None]:
    """Read the bars of a column of text in which each cell says a share, or two ends of one."""
    found = [[_read_number(part) / 100 for part in _PERCENT.findall(one)] for one in cells]
    said = {len(parts) for parts, one in zip(found, cells, strict=True) if one not in ("", DASH)}
    if said not in ({1}, {2}) or max(map(len, cells)) > _LONGEST:
        return None, None
    pairs = [parts or [np.nan, np.nan] for parts in found]
    low = [0.0 if len(parts) == 1 else parts[0] for parts in pairs]
    return np.array(low), np.array([parts[-1] for parts in pairs])


def _read_counts(cells: list[str], name: Any) -> tuple[Floats, Floats]:
    """Read the bars of a column of text that holds counts."""
    counts = np.array([_read_count(one) for one in cells])
    if len(cells) and np.isnan(counts).all():
        raise ResultError(Problem("bars", f"'{name}' holds no figures", "name a column of these"))
    return np.zeros(len(cells)), _scale(counts)


def _scale(counts: Floats) -> Floats:
    """Give counts as parts of the most of them."""
    most = np.nanmax(counts, initial=0.0)
    return counts / most if most > 0 else 0 * counts


def _read_number(text: str) -> float:
    return float(text.replace(",", "."))


def _read_count(text: str) -> float:
    digits = re.sub(r"[^\d]", "", text)
    return float(digits) if _FIGURE.fullmatch(text) and digits else np.nan


def _refuse_without_bar(unknown: set[str], table: pd.DataFrame) -> None:
    if unknown:
        there = ", ".join(map(str, table.columns))
        what = f"there is no column '{min(unknown)}'"
        raise ResultError(Problem("bars", what, f"there are: {there}"))


def _draw_bars(told: _ToldColumn) -> list[str]:
    """Give the look of each cell of a column."""
    if told.low is None or told.high is None:
        return [""] * len(told.cells)
    return [
        "" if np.isnan(a) or np.isnan(b) else _draw_bar(100 * a, 100 * b)
        for a, b in zip(told.low, told.high, strict=True)
    ]


def _draw_bar(low: float, high: float) -> str:
    low, high = max(low, 0.0), min(high, 100.0)
    # A range of nothing is still to be seen.
    high = max(high, low + 0.6) if low else high
    stops = (
        f"transparent {low:.1f}%, {_INK} {low:.1f}%, {_INK} {high:.1f}%, transparent {high:.1f}%"
    )
    return f"background: linear-gradient(90deg, {stops})"
