"""What the files of a study hold, before anything is measured: all problems at once."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from stemgeo.inputs.provenance import ADDED_UP
from stemgeo.notes import Said, say, tell_notes
from stemgeo.styling import fold_notes, styled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stemgeo.inputs import Inputs, Provenance
    from stemgeo.inputs.provenance import Seen
    from stemgeo.notes import Note


_BYTES = Said("bytes", "bytes", "octets")
_HEADS = (
    Said("column", "kolom", "colonne"),
    Said("taken as", "gelezen als", "lue comme"),
    Said("examples", "voorbeelden", "exemples"),
    Said("not understood", "niet begrepen", "pas compris"),
)
_USES = {
    "": Said("(not used)", "(niet gebruikt)", "(non utilisée)"),
    ADDED_UP: Said("added up", "opgeteld", "additionnée"),
}
"""What a column is taken as, where that is no name of ours."""
_KEEP = (
    "# so that {role} is always read so: in study.toml, in the place of what it says of it",
    "# om {role} altijd zo te lezen: in study.toml, in de plaats van wat er daarover staat",
    "# pour que {role} soit toujours lu ainsi : dans study.toml, à la place de ce qu’il en dit",
)


@dataclass(frozen=True, repr=False)
class Checked:
    """The files of a study, and what they were read as.

    Attributes
    ----------
    files
        Each once, those of other years too.
    notes
        What the reader of the figures must know.
    language
        Of the study: `lines` speak it.
    ahead
        What a run will find of roads, academies and places; what would make it useless first.
    blocked
        Whether a run is refused as it stands, unless it is asked for anyway.
    """

    files: tuple[Provenance, ...]
    notes: tuple[Note, ...]
    language: str
    ahead: tuple[Said, ...] = ()
    blocked: bool = False

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def _repr_html_(self) -> str:
        ahead = "".join(f"<li>{escape(one.to_text(self.language))}</li>" for one in self.ahead)
        lines = escape("\n".join(self.study_lines()).strip())
        asked = f"<pre>{lines}</pre>" if lines else ""
        files = "".join(map(self._fold_file, self.files))
        return f"<ul>{ahead}</ul>{files}{asked}{fold_notes(self.notes, self.language)}"

    def _fold_file(self, file: Provenance) -> str:
        """Give a file as a piece of HTML that is opened to see its columns; a register is open."""
        said = file.read.to_text(self.language) if file.read else file.note
        head = escape(f"{file.name}: {said}" if said else file.name)
        if not file.seen:
            return f"<p>{head}</p>"
        rows = list(map(self._tell_column, file.seen))
        heads = [one.to_text(self.language) for one in _HEADS]
        table = pd.DataFrame(rows, columns=heads)
        table = table.loc[:, (table != "").any()]
        shown = styled(table, self.language).to_html()
        opened = " open" if file.entry or file.role == "academies" else ""
        return f"<details{opened}><summary>{head}</summary>{shown}</details>"

    def _tell_column(self, seen: Seen) -> list[str]:
        """Say what a column is called, was taken as, holds, and what of it is not understood."""
        used = _USES.get(seen.used_as)
        used_as = used.to_text(self.language) if used else seen.used_as
        return [seen.label, used_as, *map(_list_values, _values_of(seen))]

    def table(self) -> pd.DataFrame:
        """Give a row for each column of each file.

        `role`, `file`, `column`, `used_as` (empty: not used), `examples`, `not_understood`.
        """
        rows = [
            (one.role, one.name, seen.label, seen.used_as, *map(_list_values, _values_of(seen)))
            for one in self.files
            for seen in one.seen
        ]
        names = ["role", "file", "column", "used_as", "examples", "not_understood"]
        return pd.DataFrame(rows, columns=names, dtype="str")

    def lines(self) -> list[str]:
        """Say what lies ahead, then what each file is and its columns were taken as."""
        lines = [one.to_text(self.language) for one in self.ahead]
        for one in self.files:
            size = f"{one.size_bytes} {_BYTES.to_text(self.language)}"
            read = one.read.to_text(self.language) if one.read else one.note
            lines.append(f"{one.role:16} {one.name}  {size}  {read}".rstrip())
            lines += [f"{'':16} {line}" for line in self._list_columns(one)]
        return lines + self.study_lines()

    def study_lines(self) -> list[str]:
        """Write what study.toml must say for each register to be read so again, if it does not."""
        lines = []
        for one in self.files:
            if one.entry:
                head = say(*_KEEP, role=one.role).to_text(self.language)
                entry = {**dict(one.entry)}
                names = {f"columns.{ours}": label for ours, label in entry.pop("columns").items()}
                lines += ["", head, f"[inputs.{one.role}]"]
                lines += [f"{key} = {write_toml(value)}" for key, value in (entry | names).items()]
        return lines

    def _list_columns(self, file: Provenance) -> list[str]:
        """Lay out a table of the columns of a file."""
        if not file.seen:
            return []
        rows = [[head.to_text(self.language) for head in _HEADS]]
        rows += map(self._tell_column, file.seen)
        kept = [column for column in zip(*rows, strict=True) if any(column[1:])]
        widths = [max(map(len, column)) for column in kept]
        return [
            "  ".join(f"{text:{width}}" for text, width in zip(row, widths, strict=True)).rstrip()
            for row in zip(*kept, strict=True)
        ]


def _values_of(seen: Seen) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return seen.examples, seen.misread


def _list_values(values: tuple[str, ...]) -> str:
    """Write some values, and how many more there are."""
    more = f" (+{len(values) - 3})" if len(values) > 3 else ""
    return ", ".join(values[:3]) + more


def write_toml(value: object) -> str:
    """Write a text, day, number, yes or no, or a list or table of these, as TOML does."""
    if isinstance(value, dict):
        pairs = [f"{write_key(key)} = {write_toml(one)}" for key, one in value.items()]
        return f"{{ {', '.join(pairs)} }}" if pairs else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(write_toml, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "")
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def write_key(key: str) -> str:
    """Write the name of an option as TOML does: in quotes where it is no plain word."""
    return key if re.fullmatch("[A-Za-z0-9_-]+", key) else write_toml(key)


def describe_inputs(
    inputs: Inputs, languages: Sequence[str], ahead: Sequence[Said] = (), *, blocked: bool = False
) -> Checked:
    """Say what was read, and what lies ahead of a run.

    Parameters
    ----------
    inputs
        Of a study.
    languages
        Those of the study, its own first.
    ahead, blocked
        As of `Checked`.
    """
    every = (inputs, *inputs.years.values())
    return Checked(
        files=tuple(dict.fromkeys(item for one in every for item in one.provenance)),
        notes=tell_notes(dict.fromkeys(note for one in every for note in one.warnings), languages),
        language=languages[0],
        ahead=tuple(ahead),
        blocked=blocked,
    )
