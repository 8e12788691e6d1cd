"""What is in a file of which nobody says what it is: its kind, its columns, its rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

# First, because it sets what GDAL may do, before anything loads GDAL.
from stemgeo.inputs.files import open_input, recognise_file  # isort: skip
from stemgeo.errors import Findings, InputError, Problem
from stemgeo.inputs.cells import read_table
from stemgeo.inputs.columns import Header
from stemgeo.inputs.formats import EXTRACT, TABLE, VECTOR, Format, UnreadableError
from stemgeo.inputs.population import load_population
from stemgeo.inputs.vectors import as_codes, as_text, read_layer
from stemgeo.inputs.vintages import VINTAGES
from stemgeo.study import Input

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    import pandas as pd


@dataclass(frozen=True)
class Content:
    """What is in a file.

    Attributes
    ----------
    kind
        Of the data: of a zip what it holds.
    columns
        As the file writes them; none of a raster and of roads.
    table
        Its rows; of a layer with their outlines. None of a raster and of roads.
    """

    kind: Format
    columns: tuple[str, ...] = ()
    table: pd.DataFrame | None = field(default=None, repr=False)

    def list_missing(self, wanted: Sequence[str]) -> list[str]:
        """List the columns that it lacks, in whichever letters they are written."""
        there = {one.lower() for one in self.columns}
        return [one for one in wanted if one.lower() not in there]

    def find_texts(self, names: Collection[str]) -> pd.Series | None:
        """Give the first column of one of some names, as text."""
        table = self.table
        if table is not None:
            for column in table.columns:
                if str(column).lower() in names:
                    return as_text(table[column])
        return None

    def find_codes(self, names: Collection[str]) -> pd.Series | None:
        """Give the NIS codes in the first such column; empty where there is none."""
        texts = self.find_texts(names)
        return None if texts is None else as_codes(texts)


def look_inside(path: Path, columns: Sequence[str] = ()) -> Content:
    """Say what is in a file, through the door by which inputs come in.

    Parameters
    ----------
    path
        Of the file; its name must end as its content asks.
    columns
        That are looked for, where there are several layers or sheets.

    Raises
    ------
    InputError
        With every problem of the file.
    """
    findings = Findings()
    try:
        whole = recognise_file(path)
    except UnreadableError as error:
        raise InputError(Problem(path.name, error.what, error.mend)) from None
    found = Content(whole)
    role = "network" if whole in EXTRACT else "weights"
    with open_input(Input(path=path), role, findings) as file:
        if file is not None:
            found = Content(file.kind)
            wanted = {one.lower() for one in columns}
            table: pd.DataFrame | None = None
            if file.kind in TABLE:
                names = {one: (one,) for one in sorted(wanted)}
                table = read_table(file, header=Header(names, frozenset(names)))
            elif file.kind in VECTOR:
                table = read_layer(
                    file,
                    lambda layer: 1 + sum(str(one).lower() in wanted for one in layer.columns),
                )
            if table is not None:
                labels = tuple(file.label_of(one) for one in table.columns)
                found = Content(file.kind, labels, table)
    findings.raise_errors()
    return found


def count_flemish(path: Path, ages: Collection[int]) -> tuple[int, int | None]:
    """Count the people of some ages in the Flemish Region in a population file, and give its year.

    Raises
    ------
    InputError
        With every problem of the file.
    """
    findings = Findings()
    given = Input(path=path)
    read, _ = load_population(given, frozenset(ages), VINTAGES[-1], None, findings)
    findings.raise_errors()
    return int(read.children["children"].sum()), read.year
