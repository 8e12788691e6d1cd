"""What the files of a study hold, before anything is measured: all problems at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from stemgeo.inputs import load_inputs

if TYPE_CHECKING:
    from stemgeo.inputs import Provenance
    from stemgeo.notes import Note
    from stemgeo.study import Study


@dataclass(frozen=True, repr=False)
class Checked:
    """The files of a study, all of which can be used.

    Attributes
    ----------
    files
        Each once, those of other years too.
    notes
        What the reader of the figures must know.
    """

    files: tuple[Provenance, ...]
    notes: tuple[Note, ...]

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def table(self) -> pd.DataFrame:
        """Give a row for each column: `role`, `file`, `column`, `used_as` (empty: not used)."""
        rows = [(one.role, one.name, *column) for one in self.files for column in one.columns]
        return pd.DataFrame(rows, columns=["role", "file", "column", "used_as"], dtype="str")

    def lines(self) -> list[str]:
        """Say of each file what it is, and which of its columns are used."""
        lines = []
        for one in self.files:
            lines.append(f"{one.role:16} {one.name}  {one.size_bytes} bytes  {one.note}".rstrip())
            used = [f"{label} ({meaning})" for label, meaning in one.columns if meaning]
            unused = [label for label, meaning in one.columns if not meaning]
            for what, columns in (("columns used", used), ("not used", unused)):
                if columns:
                    lines.append(f"{'':16} {what}: {', '.join(columns)}")
        return lines


def check(study: Study) -> Checked:
    """Read the files of a study, and measure nothing.

    >>> sg.check(sg.sample()).table().query("used_as == ''")  # what was not used

    Raises
    ------
    InputError
        With every problem of the inputs at once.
    """
    inputs = load_inputs(study)
    every = (inputs, *inputs.years.values())
    return Checked(
        files=tuple(dict.fromkeys(item for one in every for item in one.provenance)),
        notes=tuple(dict.fromkeys(note for one in every for note in one.warnings)),
    )
