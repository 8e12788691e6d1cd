"""Which columns of a file were used and which were not: none is passed over in silence."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Synonyms = Mapping[str, Iterable[str]]
"""Our name of a column, and the names it may have in a file, in small letters."""

_NEAR = 0.8
_BOOKKEEPING = re.compile(
    r"(ogc_?|gml_?)?(fid|id|objectid)(_\d+)?|gid|(shape|geom|st)_*(area|len\w*|perimeter)(shape|_)*"
)
"""Columns that programs add by themselves: numbers of rows, sizes of shapes."""


def folded(label: str) -> str:
    """Write a label as names are compared: small letters without accents, words joined by "_"."""
    apart = unicodedata.normalize("NFKD", label.lower())
    bare = "".join(mark for mark in apart if not unicodedata.combining(mark))
    return re.sub("[^a-z0-9]+", "_", bare).strip("_")


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
    """

    labels: dict[str, str] = field(default_factory=dict)
    taken: dict[str, str] = field(default_factory=dict)
    known: dict[str, tuple[str, ...]] = field(default_factory=dict)

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
            for one in (name, *names)
        }
        found = []
        for name, label in self.labels.items():
            if name not in self.taken:
                near = difflib.get_close_matches(folded(label), free, n=1, cutoff=_NEAR)
                found.append((label, near[0] if near else ""))
        return sorted(found, key=lambda one: (not one[1], _is_bookkeeping(one[0])))


def _is_bookkeeping(label: str) -> bool:
    return _BOOKKEEPING.fullmatch(folded(label)) is not None
