"""What the readers of tables say alike: bad values of a column, and one or several of a thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stemgeo.inputs.files import OpenedFile, clean_text
from stemgeo.notes import Note, Said, say, say_list, say_thing
from stemgeo.study import INPUTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from stemgeo.inputs.provenance import Provenance

_VALUES_SHOWN = 3
MOST_TOLD = 20
"""So many rows are told one by one, the others in one line."""


def say_rows(kind: object, rows: Sequence[object]) -> Said:
    """Name rows or features of a file: "row 2, 3"."""
    return say(
        "{name} {rows}",
        "{name} {rows}",
        "{name} {rows}",
        name=say_thing(str(kind)),
        rows=say_list(rows),
    )


TOTAL_OR_NOTE = Said("a total or a note", "totaal of noot", "total ou remarque")


def say_left_out(rows: Sequence[int], what: Said, texts: Sequence[str]) -> Said:
    """Say which rows are left out.

    Parameters
    ----------
    rows
        By their numbers.
    what
        As what: a total, a title.
    texts
        What stands there.
    """
    return say(
        "{rows} left out as {what}: {texts}",
        "{rows} weggelaten als {what}: {texts}",
        "laissé de côté comme {what}, {rows} : {texts}",
        rows=say_rows("row", rows),
        what=what,
        texts=say_list(texts),
    )


def check_values(
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
    (first, value), *others = ((row, _quote_value(value)) for row, value in shown.items())
    also = ", ".join(f"{value} ({column.index.name} {row})" for row, value in others)
    rest = len(bad) - len(shown)
    what = f"'{clean_text(file.label_of(column.name), 40)}' is {value}, {otherwise}"
    what += f"; also {also}" if also else ""
    what += f"; {rest} more such {'row' if rest == 1 else 'rows'}" if rest else ""
    file.error_at(f"{column.index.name} {first}", what, mend)
    return False


def report_wrong(
    text: pd.Series,
    wrong: pd.Series,
    must: str,
    file: OpenedFile,
    mend: str = "correct it, or leave it empty",
) -> None:
    """Report each of the values that are wrong, by row; `must` says what it is not.

    Parameters
    ----------
    text, wrong
        The column as it stands in the file, and which of its values are wrong.
    must
        What each is not, e.g. "a number".
    file
        Takes the errors, and which values are not understood.
    mend
        How to mend one.
    """
    file.keep_misread(text[wrong])
    for row in text.index[wrong][:MOST_TOLD]:
        called, value = clean_text(file.label_of(text.name), 40), clean_text(str(text[row]), 30)
        file.error_at(f"{text.index.name} {row}", f"'{called}' is '{value}', not {must}", mend)
    tell_rest(
        text.index[wrong],
        f"'{clean_text(file.label_of(text.name), 40)}' is not {must} either",
        file,
    )


def report_rows(rows: pd.Index, what: str, mend: str, file: OpenedFile) -> None:
    """Report rows of which the same is wrong, by row.

    Parameters
    ----------
    rows, what, mend
        That are wrong, what is wrong with each, and how to mend it.
    file
        Takes the errors.
    """
    for row in rows[:MOST_TOLD]:
        file.error_at(f"{rows.name} {row}", what, mend)
    tell_rest(rows, f"{what} either", file)


def tell_rest(rows: pd.Index, what: str, file: OpenedFile) -> None:
    """Report in one line the rows beyond `MOST_TOLD`, which were told one by one.

    Parameters
    ----------
    rows
        All that are wrong.
    what
        Is wrong with them.
    file
        Takes the error.
    """
    if rest := rows[MOST_TOLD:].tolist():
        file.error_at(f"{rows.name} {say_list(rest, 10)}", what, "see above")


def _quote_value(value: object) -> str:
    text = clean_text(str(value), 30)
    return f"'{text}'" if text else "empty"


PROPOSED = [role for role, row in INPUTS.items() if row.proposed]
"""What a study itself proposes: no one else's data."""


def ask_for_sources(files: Iterable[Provenance]) -> list[Note]:
    """Ask for the source of the files that have none, in one line with what to write."""
    lacking = {one.role: one.name for one in files if not one.source and one.role not in PROPOSED}
    if not lacking:
        return []
    role = next(iter(lacking))
    what = say(
        "no source is given for {names}, and every output says so",
        "voor {names} is geen bron opgegeven, en elke uitvoer zegt dat",
        "aucune source n’est indiquée pour {names}, et chaque résultat le dit",
        names=say_list(list(lacking.values()), len(lacking)),
    )
    # The path is the study's own: a file's name alone would lead elsewhere.
    line = f'{role} = {{ path = "...", source = "...", licence = "..." }}'
    mend = say(
        "write under [inputs], with the path that is there: {line}",
        "schrijf onder [inputs], met het pad dat er al staat: {line}",
        "écrivez sous [inputs], avec le chemin qui y est déjà : {line}",
        line=line,
    )
    return [Note(Said("sources", "bronnen", "sources"), what, mend)]
