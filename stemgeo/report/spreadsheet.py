"""Tables for a spreadsheet, as a workbook and as CSV: a number is a number, a text a text."""

from __future__ import annotations

import csv
import datetime as dt
import re
import textwrap
from dataclasses import dataclass
from io import BytesIO
from math import ceil
from typing import TYPE_CHECKING, Any

import pandas as pd

from stemgeo.inputs.files import quote_formula

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

    from stemgeo.tables import Kind

MOST_UNITS = 32_767
"""UTF-16 units that fit in a cell of Excel."""
_MOST_IN_FOOTER = 200
"""Excel takes 255 characters in a footer, its own marks among them."""
_NARROWEST, _LONGEST = 9, 200
"""Characters of a column, and those of a text that are counted for its width."""
_ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_FORMATS: dict[Kind, dict[str, Any]] = {
    # As text: else a name like =1+1 becomes a formula when somebody edits its cell.
    "text": {"num_format": "@", "text_wrap": True},
    "whole": {"num_format": "#,##0"},
    "decimal": {"num_format": "0.0"},
    "share": {"num_format": "0.0%"},
    "date": {"num_format": "d/mm/yyyy"},
}
_POINTS = 10
_FONT = {"font_name": "Arial", "font_size": _POINTS}
_CELL: dict[str, Any] = _FONT | {"valign": "top", "bottom": 4, "bottom_color": "#BFBFBF"}
_HEAD: dict[str, Any] = _FONT | {
    "bold": True,
    "text_wrap": True,
    "valign": "bottom",
    "bg_color": "#E7EBF0",
    "bottom": 1,
    # A white line between headings, which stand close.
    "left": 5,
    "left_color": "#FFFFFF",
}
_TOTAL: dict[str, Any] = {"bold": True, "top": 1, "bottom": 1, "bottom_color": "#000000"}
_PAPER_A4 = 9
_PAGE_IN, _MARGIN_IN = 11.69, 0.4
"""Width of the page, lying, and of its margins."""
_LEAST_POINTS = 8.4
"""Of any letter on paper: 8, and a little for programs that round otherwise."""
_PIXELS_IN, _DIGIT_PIXELS, _PADDING_PIXELS = 96, 8.5, 5
"""Of an inch, and how wide a column is drawn for each digit of its width and beside them: 7 with
Arial, more with the letters that stand in for it where it is not there."""
_BOLD = 1.05
"""How much wider bold letters are."""
_LONGEST_WORD = 16
"""Characters of a word that is kept whole where many columns stand side by side."""
_LINE_POINTS = 13
_MOST_POINTS = 409
"""Height of a line, and the most that Excel gives a row."""
_LETTERS_PER_DIGIT = 1.05


@dataclass(frozen=True)
class Column:
    """A column of a sheet: what stands above it and how its cells are shown.

    Attributes
    ----------
    head
        Heading, to be understood alone.
    kind
        "share" is a fraction between 0 and 1, "decimal" shows one decimal.
    widest
        Characters beyond which its text goes on a next line.
    """

    head: str
    kind: Kind = "text"
    widest: float = 46


@dataclass(frozen=True)
class TableSheet:
    """One table on a sheet of its own.

    Attributes
    ----------
    name
        On its tab: at most 31 characters, without brackets, slashes, colons; never from data.
    title
        Above the table.
    columns, rows
        A missing cell (None, NaN) stays empty.
    totals
        How many of the last rows are totals: they stand outside the filter.
    frozen
        How many of the first columns stay in view.
    """

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    totals: int = 0
    frozen: int = 1


@dataclass(frozen=True)
class Frame:
    """What stands around every table of a workbook.

    Attributes
    ----------
    title
        Of the file.
    cautions
        Lines that must be read before a table: above each one, and in the footer.
    day
        Said to be the day on which the file was made, so that the same tables give the same bytes.
    page
        Gives the text of the footer for a `page` of so many `pages`.
    cut
        What ends a text that is too long for a cell, and where the whole of it is.
    """

    title: str
    cautions: Sequence[str]
    day: dt.date
    page: Callable[..., str]
    cut: str


def write_workbook(path: Path, sheets: Sequence[TableSheet], frame: Frame) -> Path:
    """Write tables as an XLSX file: A4, header row in view and repeated in print, filters.

    A text is written as it is, whatever it looks like: no formula, no link, no number. What no
    workbook can hold is shown instead: control characters by their pictures (U+2400 and on), and
    of a text beyond 32,767 UTF-16 units its beginning, followed by `frame.cut`.

    Parameters
    ----------
    path
        Of the file.
    sheets
        In their order.
    frame
        What is the same on all of them.

    Returns
    -------
    Path
        The file; the same bytes for the same tables.
    """
    from xlsxwriter.workbook import Workbook

    plain = dict.fromkeys(("formulas", "urls", "numbers"), False)
    options: dict[str, Any] = {f"strings_to_{name}": value for name, value in plain.items()}
    content = BytesIO()
    options |= {"in_memory": True, "default_format_properties": {**_FONT}}
    with Workbook(content, options) as book:
        made = dt.datetime.combine(frame.day, dt.time())
        caution = " \N{EM DASH} ".join(frame.cautions)
        book.set_properties({"title": frame.title, "comments": caution, "created": made})
        for sheet in sheets:
            _write_sheet(book, sheet, frame)
    path.write_bytes(content.getvalue())
    return path


def _write_sheet(book: Workbook, sheet: TableSheet, frame: Frame) -> None:
    page = book.add_worksheet(sheet.name)
    widths, pages = _fit_widths(sheet)
    head = _write_lead(book, page, sheet, frame, sum(widths) / pages)
    for at, (column, width) in enumerate(zip(sheet.columns, widths, strict=True)):
        look = _HEAD | _align_cells(column, at)
        page.set_column(at, at, width)
        page.write_string(head, at, column.head, book.add_format(look))
    page.set_row(head, _measure_height([column.head for column in sheet.columns], widths))
    for kind_of_row, rows in _number_rows(sheet, head):
        look = _CELL | (_TOTAL if kind_of_row == "total" else {})
        formats = [
            book.add_format(look | _FORMATS[column.kind] | _align_cells(column, at))
            for at, column in enumerate(sheet.columns)
        ]
        for row, cells in rows:
            page.set_row(row, _measure_height(cells, widths))
            for at, (column, cell) in enumerate(zip(sheet.columns, cells, strict=True)):
                _put_cell(page, (row, at), column.kind, cell, formats[at], frame.cut)
    last = head + len(sheet.rows)
    page.autofilter(head, 0, last - sheet.totals, len(sheet.columns) - 1)
    page.freeze_panes(head + 1, sheet.frozen)
    # Codes are text on purpose.
    page.ignore_errors({"number_stored_as_text": f"A{head + 2}:C{max(last, head + 1) + 1}"})
    _set_print(page, frame, (head, last, len(sheet.columns) - 1), pages)
    if pages > 1:
        page.repeat_columns(0, sheet.frozen - 1)


def _align_cells(column: Column, at: int) -> dict[str, Any]:
    """Say on which side cells stand: numbers right, text left, with room after a number."""
    if column.kind in ("text", "date"):
        return {"align": "left", "indent": min(at, 1)}
    return {"align": "right"}


def _number_rows(sheet: TableSheet, head: int) -> list[tuple[str, list[tuple[int, Sequence[Any]]]]]:
    """Number the rows on their sheet, those of totals apart."""
    numbered = list(enumerate(sheet.rows, start=head + 1))
    first_total = len(numbered) - sheet.totals
    return [("plain", numbered[:first_total]), ("total", numbered[first_total:])]


def _write_lead(
    book: Workbook, page: Worksheet, sheet: TableSheet, frame: Frame, characters: float
) -> int:
    """Write title and cautions, in lines that fit on the page; give the row of the header."""
    lines: list[tuple[str, dict[str, Any], float]] = [
        (sheet.title, {"bold": True, "font_size": 14}, 0.7)
    ]
    lines += [(line, {"bold": True, "font_color": "#9C1C1C"}, 0.9) for line in frame.cautions]
    row = 0
    for text, look, narrower in lines:
        form = book.add_format(_FONT | look)
        for part in textwrap.wrap(_show_control(text), max(30, int(characters * narrower))):
            _put_text(page, (row, 0), part, form)
            row += 1
    return row + 1


def _put_cell(
    page: Worksheet, at: tuple[int, int], kind: Kind, cell: Any, form: Format, cut: str
) -> None:
    if pd.isna(cell) or cell == "":
        page.write_blank(*at, None, form)
    elif kind == "text":
        _put_text(page, at, _cut_to_fit(_show_control(str(cell)), cut), form)
    elif kind == "date":
        page.write_datetime(*at, cell, form)
    else:
        page.write_number(*at, int(cell) if kind == "whole" else float(cell), form)


def _put_text(page: Worksheet, at: tuple[int, int], text: str, form: Format) -> None:
    if text.startswith("<r>") and text.endswith("</r>"):
        # XlsxWriter takes such text for its own rich text and writes it unescaped; in the three
        # parts that it asks for it is escaped, and reads as one.
        page.write_rich_string(*at, text[:1], text[1:2], text[2:], form)
    else:
        page.write_string(*at, text, form)


def _set_print(page: Worksheet, frame: Frame, corner: tuple[int, int, int], pages: int) -> None:
    head, last, last_column = corner
    page.set_paper(_PAPER_A4)
    page.set_landscape()
    page.set_margins(left=_MARGIN_IN, right=_MARGIN_IN, top=0.6, bottom=0.8)
    page.print_area(0, 0, last, last_column)
    page.fit_to_pages(pages, 0)
    page.repeat_rows(head)
    said = " \N{EM DASH} ".join(frame.cautions) or frame.title
    numbers = frame.page(page="&P", pages="&N")
    page.set_footer(f"&L&10 {_escape_footer(said)}&R&10 {numbers}")


def _escape_footer(text: str) -> str:
    """Keep text from becoming a mark of the footer, which begins with an ampersand.

    Two are one; without the word joiner XlsxWriter takes "R&D and R&G" for a picture.
    """
    short = textwrap.shorten(_show_control(text), _MOST_IN_FOOTER, placeholder=f" {_ELLIPSIS}")
    kept = short[: _MOST_IN_FOOTER - 2 * short.count("&")]
    return kept.replace("&", "&&\N{WORD JOINER}")


def _fit_widths(sheet: TableSheet) -> tuple[list[float], int]:
    """Give widths in characters with which the columns fit on a page in letters one can read.

    What is too wide takes more lines; where no word would fit it goes on beside, on so many pages.
    """
    widths = [_measure_width(column, sheet, at) for at, column in enumerate(sheet.columns)]
    pixels = (_PAGE_IN - 2 * _MARGIN_IN) * _PIXELS_IN * _POINTS / _LEAST_POINTS
    room = (pixels - _PADDING_PIXELS * len(widths)) / _DIGIT_PIXELS
    over = sum(widths) - room
    if over <= 0:
        return widths, 1
    least = [
        min(width, _measure_least(column, sheet, at))
        for at, (column, width) in enumerate(zip(sheet.columns, widths, strict=True))
    ]
    spare = sum(widths) - sum(least)
    if over > spare:
        fixed = sum(widths[: sheet.frozen])
        return widths, ceil((sum(widths) - fixed) / max(room - fixed, 1))
    shrunk = over / spare
    return [one - shrunk * (one - low) for one, low in zip(widths, least, strict=True)], 1


def _measure_least(column: Column, sheet: TableSheet, at: int) -> float:
    """Give the width below which a word or number is broken."""
    longest = _find_longest_word(column.head)
    if column.kind == "text":
        said = (str(row[at])[:_LONGEST] for row in sheet.rows if not pd.isna(row[at]))
        of_cells = max(map(_find_longest_word, said), default=0)
        return max(_BOLD * longest, min(of_cells, _LONGEST_WORD)) + 1.5
    return (
        max([longest, *(_measure_longest_line(row[at], column.kind) for row in sheet.rows)]) + 0.5
    )


def _find_longest_word(text: str) -> int:
    return max(map(len, re.split(r"[\s-]+", text)))


def _measure_width(column: Column, sheet: TableSheet, at: int) -> float:
    """Give a width in characters: of the longest cell, or the longest word of the heading."""
    cells = [_measure_longest_line(row[at], column.kind) for row in sheet.rows]
    words = [len(word) for word in column.head.split()]
    # A heading of more than four lines is hard to read; a filter button hides two characters.
    needed = 3 + max([*cells, *words, len(column.head) / 4 + 1])
    return min(max(needed, _NARROWEST), column.widest)


def _measure_height(cells: Sequence[Any], widths: Sequence[float]) -> float:
    """Give the height of a row in points; not every program finds it by itself."""
    lines = 1
    for cell, width in zip(cells, widths, strict=True):
        # Running text is narrower than the digits in which a width is given.
        if isinstance(cell, str) and len(cell) > width:
            parts = cell[: _MOST_POINTS * _LONGEST].splitlines()
            wrapped = (textwrap.wrap(part, int(_LETTERS_PER_DIGIT * width)) for part in parts)
            lines = max(lines, sum(map(len, wrapped)))
    return min(2 + lines * _LINE_POINTS, _MOST_POINTS)


def _measure_longest_line(cell: Any, kind: Kind) -> int:
    """Count the characters of a cell as it is shown, about."""
    if pd.isna(cell):
        return 0
    if kind == "text":
        return max(map(len, str(cell)[:_LONGEST].splitlines()), default=0)
    shown = {"whole": "{:,.0f}", "decimal": "{:,.1f}", "share": "{:.1%}"}.get(kind)
    return len(shown.format(cell)) if shown else len("31/12/2022")


def _show_control(text: str) -> str:
    """Show control characters, which XML forbids, by their pictures; line breaks and tabs stay."""
    return "".join(
        chr(0x2400 + ord(mark)) if ord(mark) < 0x20 and mark not in "\t\n\r" else mark
        for mark in text
    )


def _cut_to_fit(text: str, cut: str) -> str:
    """Keep the beginning of a text that no cell can hold, and say so."""
    units = text.encode("utf-16-le")
    if len(units) <= 2 * MOST_UNITS:
        return text
    kept = units[: 2 * (MOST_UNITS - len(cut) - 1)].decode("utf-16-le", errors="ignore")
    return f"{kept} {cut}"


def write_spreadsheet_csv(
    path: Path, columns: Sequence[Column], rows: Sequence[Sequence[Any]]
) -> Path:
    """Write a table as CSV that a Belgian spreadsheet opens at a double click.

    UTF-8 with a byte order mark, semicolons, decimal commas, CRLF. A share becomes per cent with
    four decimals ("62,4133", with "(%)" in the heading): every decimal of coverage.csv. A decimal
    number has two.

    A text that a spreadsheet would take for a formula stands behind an apostrophe, as in the file
    for programs. Control characters are shown by their pictures.

    Parameters
    ----------
    path
        Of the file.
    columns, rows
        As of a `TableSheet`, without totals.

    Returns
    -------
    Path
        The file.
    """
    heads = [f"{one.head} (%)" if one.kind == "share" else one.head for one in columns]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
        writer.writerow(heads)
        for row in rows:
            writer.writerow(
                [_format_csv_cell(cell, one.kind) for one, cell in zip(columns, row, strict=True)]
            )
    return path


def _format_csv_cell(cell: Any, kind: Kind) -> str:
    if pd.isna(cell):
        return ""
    if kind == "text":
        return quote_formula(_show_control(str(cell)))
    if kind == "date":
        return f"{cell:%d/%m/%Y}"
    written = {"whole": "{:d}", "decimal": "{:.2f}", "share": "{:.4f}"}[kind]
    number = int(cell) if kind == "whole" else float(cell) * (100 if kind == "share" else 1)
    return written.format(number).replace(".", ",")
