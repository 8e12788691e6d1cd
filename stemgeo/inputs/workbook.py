"""Excel workbooks: the sheet that is meant, to its last row, with what its cells show."""

from __future__ import annotations

import datetime as dt
import re
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import iterparse

from stemgeo.inputs.columns import NO_VALUE, Header, HeaderFound
from stemgeo.inputs.files import OpenedFile, clean_text
from stemgeo.inputs.formats import UnreadableError
from stemgeo.notes import say, say_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from xml.etree.ElementTree import Element

_MAX_ROWS = 1_048_576
_FORMULA = re.compile(rb"<(\w+:)?f[ />]")
_HIDDEN = re.compile(rb"""<(\w+:)?row\b[^>]*\bhidden=["'](1|true)["']""")
_MERGED = re.compile(rb"""<(?:\w+:)?mergeCell\b[^>]*\bref=["']([A-Z]+\d+:[A-Z]+\d+)["']""")
_CHUNK = 1024 * 1024

Span = tuple[int, int, int, int]
"""The first column, first row, last column and last row of cells that are shown as one."""


@dataclass(frozen=True)
class SheetRows:
    """The rows of a sheet, from the first to the last, each cell as text.

    `hidden` are those not shown, `merged` the cells that are shown as one.
    """

    rows: list[list[str]]
    hidden: frozenset[int]
    merged: frozenset[Span] = frozenset()


def read_workbook(file: OpenedFile, header: Header) -> SheetRows:
    """Read the sheet that is meant.

    Raises
    ------
    UnreadableError
        If it cannot be read, or more than one sheet could be meant.
    """
    with _open_book(file) as book:
        sheet = _find_sheet(book, header, file)
        rows = [_write_cells(row) for row in _yield_rows(sheet)]
        formulas, hidden, merged = _look_behind(sheet)
        for row, column in formulas:
            rows[row - 1] += [""] * (column - len(rows[row - 1]))
            rows[row - 1][column - 1] = NO_VALUE
        file.keep_days(book.epoch.date())
    return SheetRows(rows, frozenset(hidden), frozenset(merged))


@contextmanager
def _open_book(file: OpenedFile) -> Iterator[Any]:
    """Open a workbook; whatever is wrong with it, now or while it is read, is told as such."""
    import openpyxl

    try:
        with warnings.catch_warnings():
            # About looks of cells that openpyxl does not know.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(file.path, read_only=True, data_only=True)
            try:
                yield book
            finally:
                book.close()
    except (UnreadableError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001  (openpyxl raises whatever it stumbles on)
        raise UnreadableError(
            f"cannot be read as an Excel workbook ({type(error).__name__})",
            "open it in Excel, save it again, or save it as CSV",
        ) from None


def _find_sheet(book: Any, header: Header, file: OpenedFile) -> Any:
    """Find the sheet that the study names, else the one whose header is the table's."""
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    for sheet in sheets.values():
        sheet.reset_dimensions()  # a program may have written a size that is not so
    named = {
        name: clean_text(name) + (" (hidden)" if sheet.sheet_state != "visible" else "")
        for name, sheet in sheets.items()
    }
    wanted = file.sheet or file.layer
    if wanted is not None:
        if wanted not in sheets:
            has = say_list([*named.values()])
            raise UnreadableError(f"has no sheet '{clean_text(wanted)}'", f"it has: {has}")
        return sheets[wanted]
    heads = {name: _find_head(sheet, header) for name, sheet in sheets.items()}
    best = max((one.fit for one in heads.values()), default=0)
    found = [name for name, one in heads.items() if one.fit == best]
    fitting = [name for name, one in heads.items() if one.is_whole] or (found if best > 1 else [])
    if len(fitting) > 1:
        raise UnreadableError(
            f"holds such a table in {len(fitting)} sheets: "
            f"{say_list([named[name] for name in fitting])}",
            f'say which is meant with `sheet`, as in sheet = "{clean_text(fitting[0])}"',
        )
    if not found:
        raise UnreadableError("has no sheet with cells")
    others = [text for name, text in named.items() if name != found[0]]
    if others or sheets[found[0]].sheet_state != "visible":
        file.keep_place(sheet=found[0])
        file.note_unused(
            say(
                "read from the sheet '{name}'; not used: {others}",
                "gelezen uit het blad '{name}'; niet gebruikt: {others}",
                "lu dans la feuille « {name} » ; non utilisé : {others}",
                name=named[found[0]],
                others=say_list(others or ["-"], 5),
            )
        )
    return sheets[found[0]]


def _find_head(sheet: Any, header: Header) -> HeaderFound:
    """Find the header of a sheet; of one without rows below it none fits."""
    head = [_write_cells(row) for row in islice(_yield_rows(sheet), header.depth + 1)]
    found = header.find(head)
    return found if any(map(any, head[found.last + 1 :])) else replace(found, fit=0)


def _yield_rows(sheet: Any) -> Iterable[tuple[Any, ...]]:
    for number, row in enumerate(sheet.iter_rows(values_only=True)):
        if number > _MAX_ROWS:
            raise UnreadableError("has more rows than a sheet can hold")
        yield row


def _write_cells(row: tuple[Any, ...]) -> list[str]:
    """Write the cells of a row, up to the last that holds something."""
    texts = [_write_cell(value).strip() for value in row]
    while texts and not texts[-1]:
        texts.pop()
    return texts


def _write_cell(value: object) -> str:
    """Write a cell as its CSV would: whole numbers without a fraction, dates as in ISO 8601."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def _look_behind(sheet: Any) -> tuple[list[tuple[int, int]], list[int], set[Span]]:
    """Find the row and column of each formula without its value, hidden rows, and merged cells.

    Programs that write workbooks without computing them leave such cells; read for their values
    they look empty. One that came to an empty text says so by its type.
    """
    from openpyxl.utils.cell import coordinate_to_tuple, range_boundaries

    spans, behind, tail = set[bytes](), False, b""
    with sheet._get_source() as stream:  # noqa: SLF001  (nothing public gives formula and value)
        while chunk := stream.read(_CHUNK):
            text = tail + chunk
            behind = behind or bool(_FORMULA.search(text) or _HIDDEN.search(text))
            spans |= set(_MERGED.findall(text))
            tail = text[-300:]
    merged = {range_boundaries(span.decode()) for span in spans}
    if not behind:
        return [], [], merged
    formulas, hidden, row, column = [], [], 0, 0
    with sheet._get_source() as stream:  # noqa: SLF001  (as above)
        for event, element in iterparse(stream, ("start", "end")):  # noqa: S314  (refused)
            kind, at = _bare_tag(element.tag), element.get("r")
            if (event, kind) == ("start", "row"):
                row, column = int(at or row + 1), 0
                hidden += [row] if element.get("hidden") in ("1", "true") else []
            elif (event, kind) == ("start", "c"):
                column = coordinate_to_tuple(at)[1] if at else column + 1
            elif kind == "c":
                if _lacks_value(element):
                    formulas.append((row, column))
                element.clear()
    return formulas, hidden, merged


def _lacks_value(cell: Element) -> bool:
    parts = {_bare_tag(part.tag): part.text for part in cell}
    return "f" in parts and not parts.get("v") and cell.get("t") != "str"


def _bare_tag(tag: str) -> str:
    """Write the name of an element without its namespace."""
    return tag.rpartition("}")[2]
