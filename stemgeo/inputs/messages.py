"""What the readers of tables say alike: bad values of a column, and one or several of a thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stemgeo.inputs.files import OpenedFile, clean

if TYPE_CHECKING:
    import pandas as pd

_VALUES_SHOWN = 3


def counted(number: int, one: str, many: str = "") -> str:
    """Write a number with its thing: "1 zone", "2 zones"; `many` where -s does not do."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def all_fine(
    column: pd.Series,
    fine: pd.Series,
    otherwise: str,
    file: OpenedFile,
    mend: str = "correct it in the file",
) -> bool:
    """Report the values of a column that are not fine, in one line.

    Parameters
    ----------
    column
        As it stands in the file; its index is named `row` or `feature` and holds the number.
    fine
        Whether each value is.
    otherwise
        What is to be said of one that is not, e.g. "not a number".
    file
        Takes the error: up to three different values by row, and how many more rows there are.
    mend
        How to mend them.

    Returns
    -------
    bool
        Whether all are fine.
    """
    bad = column[~fine]
    if bad.empty:
        return True
    shown = bad.drop_duplicates().head(_VALUES_SHOWN)
    (first, value), *others = ((row, _quoted(value)) for row, value in shown.items())
    also = ", ".join(f"{value} ({column.index.name} {row})" for row, value in others)
    rest = len(bad) - len(shown)
    what = f"'{clean(str(column.name), 40)}' is {value}, {otherwise}"
    what += f"; also {also}" if also else ""
    what += f"; {counted(rest, 'more such row')}" if rest else ""
    file.error_at(f"{column.index.name} {first}", what, mend)
    return False


def _quoted(value: object) -> str:
    text = clean(str(value), 30)
    return f"'{text}'" if text else "empty"
