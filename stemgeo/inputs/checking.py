"""What the files of a study hold, before anything is measured: all problems at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from stemgeo.inputs import load_inputs
from stemgeo.notes import Said, say

if TYPE_CHECKING:
    from stemgeo.inputs import Provenance
    from stemgeo.notes import Note
    from stemgeo.study import Study


_BYTES = Said("bytes", "bytes", "octets")
_USED = Said("columns used", "gebruikte kolommen", "colonnes utilisées")
_NOT_USED = Said("not used", "niet gebruikt", "non utilisées")
_COLUMNS = "{what}: {columns}", "{what}: {columns}", "{what} : {columns}"


@dataclass(frozen=True, repr=False)
class Checked:
    """The files of a study, all of which can be used.

    Attributes
    ----------
    files
        Each once, those of other years too.
    notes
        What the reader of the figures must know.
    language
        Of the study: `lines` speak it.
    """

    files: tuple[Provenance, ...]
    notes: tuple[Note, ...]
    language: str

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
            size = f"{one.size_bytes} {_BYTES.to_text(self.language)}"
            lines.append(f"{one.role:16} {one.name}  {size}  {one.note}".rstrip())
            used = [f"{label} ({meaning})" for label, meaning in one.columns if meaning]
            unused = [label for label, meaning in one.columns if not meaning]
            for what, columns in ((_USED, used), (_NOT_USED, unused)):
                if columns:
                    told = say(*_COLUMNS, what=what, columns=", ".join(columns))
                    lines.append(f"{'':16} {told.to_text(self.language)}")
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
        language=study.output.language,
    )
