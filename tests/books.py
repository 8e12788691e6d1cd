"""Reading what an answer writes: its tables, the sheets of its workbooks, its pages on paper."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Any

import openpyxl
import pypdfium2

if TYPE_CHECKING:
    from pathlib import Path


def lines_of(path: Path) -> list[dict[str, str]]:
    """Read a CSV with commas by its header."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rows_of(path: Path, name: str) -> list[dict[str, Any]]:
    """Read a sheet by its headings, of which none stands twice."""
    sheet = openpyxl.load_workbook(path)[name]
    head = int("".join(filter(str.isdigit, sheet.auto_filter.ref.split(":")[0])))
    heads = [cell.value for cell in sheet[head]]
    assert len(set(heads)) == len(heads)
    below = sheet.iter_rows(min_row=head + 1, values_only=True)
    return [dict(zip(heads, row, strict=True)) for row in below]


HYPHEN = "\x02"
"""At the end of a line, where `pages_of` does not tell one of a word from one of the break."""


def pages_of(path: Path) -> list[str]:
    """Give the text of each page of a PDF."""
    with pypdfium2.PdfDocument(path) as paper:
        return [page.get_textpage().get_text_bounded() for page in paper]


def broken(text: str) -> re.Pattern[str]:
    """Give what a text is on paper, which may break after any letter."""
    letters = (f"[-{HYPHEN}]" if one == "-" else re.escape(one) for one in text)
    return re.compile(f"{HYPHEN}?".join(letters))
