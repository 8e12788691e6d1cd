"""The tables of a result as their files have them, and figures taken out of them, each marked.

A page tells no figure but one that stands in a table: it is taken out of the text of the CSV, and
bears the table, the key of its row and its column, so that anyone can look it up again. The same
text is what can be downloaded.
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from stemgeo.inputs.files import unquote_formula
from stemgeo.notes import strip_control
from stemgeo.speech import format_percent, format_whole
from stemgeo.tables import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from typing import Self

    from stemgeo.report.outcome import Tables
    from stemgeo.texts import Texts

_BETWEEN = "|"
"""Between the values of a key."""


@dataclass(frozen=True)
class Row:
    """A row of a table.

    Attributes
    ----------
    table
        Of which it is.
    key
        What tells it from the others.
    cells
        By column, as the file has them.
    """

    table: str
    key: str
    cells: Mapping[str, str]

    def tell(self, column: str) -> str:
        """Give a text as it was before it was made safe for spreadsheets."""
        return strip_control(unquote_formula(self.cells[column]))

    def point(self, column: str) -> str:
        """Say where a cell stands, for whoever looks it up."""
        return f"{self.table}/{self.key}/{column}"


@dataclass(frozen=True)
class CellTable:
    """A table as its CSV has it.

    Attributes
    ----------
    name
        As in the data dictionary.
    columns, rows
        In their order.
    """

    name: str
    columns: Sequence[str]
    rows: Sequence[Row]

    @classmethod
    def from_result(cls, name: str, result: Tables) -> Self:
        """Take a table of a written result, the very text of its file; its key is the schema's.

        Parameters
        ----------
        name
            As in the data dictionary.
        result
            Of a run, in its folder.
        """
        result.table(name)  # strictly: a folder can be a stranger's
        text = result.path(f"tables/{name}.csv").read_text(encoding="utf-8")
        columns, *cells = csv.reader(io.StringIO(text))
        at = [columns.index(str(one)) for one in SCHEMAS[name].unique or ()]
        rows = [
            Row(name, _BETWEEN.join(one[n] for n in at), dict(zip(columns, one, strict=True)))
            for one in cells
        ]
        return cls(name, columns, rows)

    def keep(self, column: str, values: Collection[str]) -> Self:
        """Keep the rows that have one of these values in a column."""
        rows = [row for row in self.rows if row.cells[column] in values]
        return type(self)(self.name, self.columns, rows)

    @cached_property
    def by_key(self) -> dict[str, Row]:
        """Its rows by their key."""
        return {row.key: row for row in self.rows}

    def find(self, *key: str) -> Row | None:
        """Give the row of a key; None where there is none."""
        return self.by_key.get(_BETWEEN.join(key))

    def group(self, column: str) -> dict[str, list[Row]]:
        """Give the rows by what stands in a column."""
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            found.setdefault(row.cells[column], []).append(row)
        return found

    def write(self, rows: Iterable[Row]) -> str:
        """Write some rows as the whole table is written."""
        written = io.StringIO()
        lines = csv.writer(written, lineterminator="\n")
        lines.writerow(self.columns)
        lines.writerows(row.cells.values() for row in rows)
        return written.getvalue()


@dataclass(frozen=True)
class Figures:
    """Figures as a language writes them, each with where it stands.

    Attributes
    ----------
    words
        Of the language.
    """

    words: Texts

    def write_count(self, row: Row, column: str) -> Markup:
        """Write a whole number."""
        cell = row.cells[column]
        return self._mark(row, column, format_whole(float(cell), self.words.language))

    def write_share(self, row: Row, column: str = "share") -> Markup:
        """Write a share; the words for none where nothing was measured."""
        cell = row.cells[column]
        if not cell:
            return self.write_sentence(row, column, self.words("map.no_figure"))
        return self._mark(row, column, format_percent(float(cell), self.words.language))

    def write_range(self, low: Row | None, high: Row | None) -> Markup:
        """Write the shares at the low and the high speed; empty where one of them has none."""
        ends = [one for one in (low, high) if one is not None and one.cells["share"]]
        if len(ends) < 2:
            return Markup()
        told = dict(zip(("low", "high"), map(self.write_share, ends), strict=True))
        return fill(self.words.list_below("web")["range"], **told)

    def write_sentence(self, row: Row, column: str, said: str) -> Markup:
        """Write what is said of a row in words, such as why: its figures stand in that row.

        Parameters
        ----------
        row, column
            Of which cell it is.
        said
            The sentence.
        """
        return Markup('<span data-of="{}">{}</span>').format(row.point(column), said)

    def _mark(self, row: Row, column: str, told: str) -> Markup:
        cell = row.cells[column]
        value = cell if math.isfinite(float(cell)) else ""
        return Markup('<data value="{}" data-of="{}">{}</data>').format(
            value, row.point(column), told
        )


def fill(text: str, **parts: object) -> Markup:
    """Fill marked parts in a text; whatever is not marked is escaped.

    Parameters
    ----------
    text
        Of a catalogue, with the names of its parts in braces.
    **parts
        By their name.
    """
    return escape(text).format(**parts)


def write_name(name: str) -> Markup:
    """Write a name of the data: text, whatever its marks and its direction."""
    return Markup("<bdi>{}</bdi>").format(name)


def write_given(told: str) -> Markup:
    """Write what a study says, such as its limit or ages: no figure that was measured."""
    return Markup("<span data-said>{}</span>").format(told)
