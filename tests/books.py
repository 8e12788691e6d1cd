"""Reading what an answer writes: its tables and the sheets of its workbooks."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import openpyxl

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
