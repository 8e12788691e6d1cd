"""Two files of one table, compared figure by figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from stemgeo.inputs.files import clean_text
from stemgeo.notes import Said, say_text
from stemgeo.report.files import BOX
from stemgeo.tables import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

MOST_FIGURES = 5
"""So many figures are named of a table that differs; the number of its rows tells the rest."""


@dataclass(frozen=True)
class ChangedFigure:
    """One figure of a table that differs.

    Attributes
    ----------
    row, column
        Which one: the row by its key, as "nis_code 11001"; a row or column as a whole leaves the
        other empty.
    then, now
        What the one file says and what the other; None where it has no such row or column.
    """

    row: str
    column: str
    then: str | None
    now: str | None

    @property
    def sentence(self) -> Said:
        """Say it in one line."""
        if self.now is None or self.then is None:
            what = "verify.figure.row" if self.row else "verify.figure.column"
            side = "verify.figure.then" if self.now is None else "verify.figure.now"
            where = say_text(what, name=self.row or self.column)
            return say_text("verify.figure.only", where=where, side=say_text(side))
        empty = say_text("verify.figure.empty")
        sides = {"then": self.then or empty, "now": self.now or empty}
        return say_text("verify.figure.changed", row=self.row, column=self.column, **sides)

    def __str__(self) -> str:
        return str(self.sentence)


def compare_tables(then: Path, now: Path) -> tuple[int, int, tuple[ChangedFigure, ...]]:
    """Compare two files of a table.

    Parameters
    ----------
    then, now
        CSV with commas or semicolons, or Parquet.

    Returns
    -------
    tuple
        How many rows differ, of how many, and the first `MOST_FIGURES` figures; nothing when one
        of the files is no such table, or is not there.
    """
    try:
        tables = [_read_cells(path) for path in (then, now)]
    except (OSError, ValueError):
        return 0, 0, ()
    key = _find_key(then.stem, *tables)
    ours, theirs = (_set_key(table, key) for table in tables)
    both = ours.index.intersection(theirs.index, sort=False)
    alone = len(ours) + len(theirs) - 2 * len(both)
    shared = [name for name in ours.columns if name in theirs.columns]
    unlike = _find_unlike(ours.loc[both, shared], theirs.loc[both, shared])
    figures = [
        *_yield_alone(ours, theirs, key),
        *(
            ChangedFigure(
                _name_row(both[row], key),
                clean_text(shared[column]),
                *(_format_cell(one.at[both[row], shared[column]]) for one in (ours, theirs)),
            )
            for row, column in np.argwhere(unlike)[:MOST_FIGURES].tolist()
        ),
    ]
    rows = int(unlike.any(axis=1).sum()) + alone
    return rows, max(len(ours), len(theirs)), tuple(figures[:MOST_FIGURES])


def _read_cells(path: Path) -> pd.DataFrame:
    """Read a table, the cells of a CSV as they are written.

    Raises
    ------
    OSError, ValueError
        If it is no table, or is not there, or not whole.
    """
    if path.suffix == ".parquet":
        # Boxes follow from the places beside them.
        return pd.read_parquet(path).drop(columns=BOX, errors="ignore")
    if path.suffix != ".csv":
        raise ValueError(path.suffix)
    with path.open(encoding="utf-8-sig") as file:
        separator = max(",;", key=file.readline().count)
    return pd.read_csv(path, sep=separator, dtype=str, keep_default_na=False, encoding="utf-8-sig")


def _find_key(name: str, *tables: pd.DataFrame) -> list[str]:
    """Give the columns that tell rows apart: as declared, else the fewest from the left."""
    columns = list(tables[0].columns)
    declared = list((SCHEMAS[name].unique if name in SCHEMAS else None) or ())
    for key in (declared, *(columns[:count] for count in range(1, len(columns)))):
        known = key and all(set(key) <= set(table.columns) for table in tables)
        if known and not any(table.duplicated(key).any() for table in tables):
            return key
    return []


def _set_key(table: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """Put the key in the index; without one rows are told apart by their number, from 1."""
    return table.set_index(key) if key else table.set_axis(range(1, len(table) + 1))


def _find_unlike(ours: pd.DataFrame, theirs: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell which cells differ; empty is the same as empty."""
    unlike = np.zeros(ours.shape, bool)
    for place, name in enumerate(ours.columns):
        cells = [one[name].to_numpy(object, copy=True) for one in (ours, theirs)]
        empty = [pd.isna(one) for one in cells]
        for one, missing in zip(cells, empty, strict=True):
            # What is missing compares with nothing, not even with itself.
            one[missing] = None
        unlike[:, place] = cells[0] != cells[1]
    return unlike


def _yield_alone(
    ours: pd.DataFrame, theirs: pd.DataFrame, key: list[str]
) -> Iterator[ChangedFigure]:
    """Name the columns and rows that one of two tables has alone."""
    for one, other, sides in ((ours, theirs, ("", None)), (theirs, ours, (None, ""))):
        for column in one.columns.difference(other.columns, sort=False):
            yield ChangedFigure("", clean_text(column), *sides)
        for row in one.index.difference(other.index, sort=False)[:MOST_FIGURES]:
            yield ChangedFigure(_name_row(row, key), "", *sides)


def _name_row(row: Any, key: list[str]) -> str:
    """Name a row by its key."""
    if not key:
        return str(row)
    values = row if isinstance(row, tuple) else (row,)
    return ", ".join(f"{name} {_format_cell(one)}" for name, one in zip(key, values, strict=True))


def _format_cell(value: Any) -> str:
    """Write a cell for people; a geometry by its size."""
    if isinstance(value, bytes):
        return f"a geometry of {len(value)} bytes"
    return "" if pd.isna(value) else clean_text(str(value))
