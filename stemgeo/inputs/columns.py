"""Which columns of a file were used and which were not: none is passed over in silence."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from stemgeo.notes import Said, say, say_count, say_list

_SHOWN = 8
"""So many columns that were not used are named."""

Synonyms = Mapping[str, Iterable[str]]
"""Our name of a column, and the names it may have in a file, as `fold_label` writes them.

Those in one text, parted by spaces, are of one rank: of two such columns neither goes first.
"""

NO_VALUE = "\ufffc"
"""Stands for the value of a formula that the file does not hold; no text holds this mark."""

HEAD_ROWS = 30
"""A header stands no deeper than this below the titles of a sheet."""

_NEAR = 80
_BOOKKEEPING = re.compile(
    r"(ogc_?|gml_?)?(fid|id|objectid)(_\d+)?|gid|(shape|geom|st)_*(area|len\w*|perimeter)(shape|_)*"
)
"""Columns that programs add by themselves: numbers of rows, sizes of shapes."""


def fold_label(label: str) -> str:
    """Write a label as names are compared: small letters without accents, words joined by "_"."""
    apart = unicodedata.normalize("NFKD", label.lower())
    bare = "".join(mark for mark in apart if not unicodedata.combining(mark))
    return re.sub("[^a-z0-9]+", "_", bare).strip("_")


def find_nearest(label: str, known: Iterable[str]) -> str:
    """Find the name that a label is a slip of the pen away from; empty where there is none."""
    from rapidfuzz import fuzz, process

    folded, names = fold_label(label), list(known)
    near = process.extractOne(folded, names, scorer=fuzz.ratio, score_cutoff=_NEAR)
    return str(near[0]) if near else ""


@dataclass(frozen=True)
class Header:
    """How to tell the header of a table among the rows above and below it.

    Attributes
    ----------
    known
        The names that its columns may have.
    needed
        Those of our names without which it is no such table.
    """

    known: Synonyms = field(default_factory=dict)
    needed: frozenset[str] = frozenset()

    def find_row(self, rows: Sequence[Sequence[str]]) -> tuple[int, int]:
        """Find the row that is the header: its place, and how well it fits.

        A row below the first must hold two names or more.
        """
        filled = next((place for place, row in enumerate(rows) if any(row)), 0)
        fits = [self._rate_row(row) for row in rows[:HEAD_ROWS]] or [0]
        best = fits.index(max(fits))
        if fits[best] < 2:
            best = min(filled, len(fits) - 1)
        return best, fits[best]

    def is_whole(self, fit: int) -> bool:
        """Whether a header that fits so well has all that is needed."""
        return fit >= _WHOLE

    def _rate_row(self, row: Sequence[str]) -> int:
        names = {fold_label(label) for label in row if label}
        found = {
            meaning
            for meaning, known in self.known.items()
            if names & {name for rank in known for name in rank.split()}
        }
        return len(found) + (_WHOLE if found and found >= self.needed else 0)


_WHOLE = 100


@dataclass
class Columns:
    """The columns of one file.

    Attributes
    ----------
    labels
        What each is called in the file, by the name under which it is read.
    taken
        What those that are used were taken as, by the name under which they are read.
    known
        The names that its reader knows, by what it takes them as.
    faults
        What is wrong with cells, by the name of their column and their row.
    """

    labels: dict[str, str] = field(default_factory=dict)
    taken: dict[str, str] = field(default_factory=dict)
    known: dict[str, tuple[str, ...]] = field(default_factory=dict)
    faults: dict[str, dict[int, str]] = field(default_factory=dict)

    @property
    def listed(self) -> tuple[tuple[str, str], ...]:
        """Give each label with what its column was taken as; empty when it was not used."""
        return tuple((label, self.taken.get(name, "")) for name, label in self.labels.items())

    @property
    def unused(self) -> list[tuple[str, str]]:
        """Give the label of each column that was not used, and the nearest known name, if any.

        Those near a known name stand first, the bookkeeping of programs last.
        """
        free = {
            one: name
            for name, names in self.known.items()
            if name not in self.taken.values()
            for one in (name, *(each for rank in names for each in rank.split()))
        }
        found = []
        for name, label in self.labels.items():
            if name not in self.taken:
                found.append((label, find_nearest(label, free)))
        return sorted(found, key=lambda one: (not one[1], _is_bookkeeping(one[0])))


def _is_bookkeeping(label: str) -> bool:
    return _BOOKKEEPING.fullmatch(fold_label(label)) is not None


def say_unused(columns: Sequence[tuple[str, str]]) -> Said:
    """Say which columns were not used, each with the nearest known name, if there is one."""

    def named(label: str, near: str) -> Said | str:
        if not near:
            return f"'{label}'"
        both = {"label": label, "near": near}
        return say(
            "'{label}' (is '{near}' meant?)",
            "'{label}' (is '{near}' bedoeld?)",
            "« {label} » (pour « {near} » ?)",
            **both,
        )

    names = [named(*column) for column in columns]
    several = len(columns) > 1
    return say(
        "{columns} {were} not used: {names}",
        "{columns} {were} niet gebruikt: {names}",
        "{columns} {were} : {names}",
        columns=say_count(len(columns), "column"),
        were=Said("were", "zijn", "ne sont pas utilisées")
        if several
        else Said("was", "is", "n’est pas utilisée"),
        names=say_list(names, _SHOWN),
    )
