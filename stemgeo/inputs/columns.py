"""Which columns of a file were used and which were not: none is passed over in silence."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import zip_longest
from typing import TYPE_CHECKING

from stemgeo.inputs.provenance import Seen
from stemgeo.notes import Said, clean_text, say, say_count, say_list

if TYPE_CHECKING:
    import pandas as pd

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

FOOT = re.compile(
    r"(?P<word>(bron|source|opmerking|note|noot|nota|legende|l\u00e9gende|legend|remarque|remark|toelichting|"
    r"(laatst )?bijgewerkt|bijwerking|stand|toestand|peildatum|situation|afgedrukt|pagina|page|"
    r"opgemaakt|opgesteld|opmaak|(laatste )?(wijziging|update|versie)|(laatst )?gewijzigd|"
    r"contactperso(on|nen)|verantwoordelijke|établie? (par|le)|rédigée?|personne de contact|"
    r"prepared by|compiled by|drawn up|last (change|modified|edited)|contact person|"
    r"gegevens|data|donn\u00e9es|contact|copyright|derni\u00e8re|mise \u00e0 jour|last updated?|"
    r"updated|let op|opgelet|nb|n\.b\.)(en|s)?\b).*|[*(\u00a9\u00b9\u00b2\u00b3].*"
)
"""How a note below a table begins."""

_NEAR = 80
_BOOKKEEPING = re.compile(
    r"(ogc_?|gml_?)?(fid|id|objectid)(_\d+)?|gid|(shape|geom|st)_*(area|len\w*|perimeter)(shape|_)*"
)
"""Columns that programs add by themselves: numbers of rows, sizes of shapes."""


_REMARK = re.compile(
    r"[(\[]\s*(verplicht|optioneel|facultatief|obligatoire|facultatif|required|optional|in )?\s*"
    r"(jaar|jaren|ans|years?|euro?|dd?[-/. ]?mm?[-/. ]?(jj|yy|aa){1,2}|(jj|yy|aa){2}-mm-[dj]{2}|"
    r"jj[-/. ]mm[-/. ]aaaa)?\s*[)\]]",
    re.IGNORECASE,
)
"""What stands behind a name in brackets and says in which form it is filled in."""


@lru_cache(maxsize=1 << 16)
def fold_label(label: str) -> str:
    """Write a label as names are compared: small letters without accents, words joined by "_".

    Kept, since who compares every pair of some names asks for each again and again.
    """
    apart = unicodedata.normalize("NFKD", _REMARK.sub(" ", label).casefold())
    bare = "".join(mark for mark in apart if not unicodedata.combining(mark))
    return re.sub("[^a-z0-9]+", "_", bare).strip("_")


def list_meanings(synonyms: Synonyms) -> dict[str, str]:
    """Give what each name that a column may have means."""
    return {
        name: ours for ours, known in synonyms.items() for rank in known for name in rank.split()
    }


def know_label(label: str, meanings: Mapping[str, str]) -> str:
    """Give the known name that a label is, or says twice: "Naam / Nom"; folded if it is none.

    That a last age or day is itself meant is written in many ways: "t.e.m.", "t/m", "(incl.)".
    """
    whole = _name_end(fold_label(label), meanings)
    parts = {_name_end(fold_label(part), meanings) for part in re.split(_TWICE, label)} - {""}
    if whole in meanings or not parts <= meanings.keys():
        return whole
    return min(parts) if len({meanings[part] for part in parts}) == 1 else whole


_TWICE = r"[/|\n]| - "
_UP_TO = re.compile(
    r"(?<![a-z])(tot_(en_)?met|tot_en_m|t_?e_?m|t_m|tot|jusqu_?(au?|en)|jusque(_au?)?|up_to|until|till?)"
    r"(?![a-z])"
)
_INCLUDED = re.compile(r"(?<=.)_(incl|inclusief|inclus|inbegrepen|(y_)?compris|inclu(ded|sive))$")


def _name_end(folded: str, meanings: Mapping[str, str]) -> str:
    """Write a folded label with the word for "up to" by which it is known, if it has one."""
    if folded in meanings:
        return folded
    bare = _INCLUDED.sub("", folded)
    words = ("tot_en_met", "jusqu_au", "jusqu_a", "until")
    ways = [bare, *(_UP_TO.sub(word, bare, count=1) for word in words)]
    return next((way for way in ways if way in meanings), folded)


def find_nearest(label: str, known: Iterable[str], score: int = _NEAR) -> str:
    """Find the name that a label is a slip of the pen away from; empty where there is none.

    That of an end is never proposed for a beginning, nor the other way round.

    Parameters
    ----------
    label, known
        As it is written, and the names.
    score
        How alike they are at least, of 100.
    """
    from rapidfuzz import fuzz, process

    folded, names = fold_label(label), list(known)
    near = process.extract(
        folded, names, scorer=fuzz.ratio, processor=fold_label, score_cutoff=score, limit=None
    )
    return next((str(name) for name, *_ in near if _fit_sides(folded, fold_label(name))), "")


_SIDES = {
    "begin": re.compile(
        r"vanaf|sinds|start\w*|begin\w*|aanvang\w*|ingang\w*|eerste|jongste|laagste|min\w*|from|"
        r"since|first|lowest|youngest|debut|depuis|partir|premier\w*|des"
    ),
    "end": re.compile(
        r"tot|tem|m|eind\w*|verval\w*|stop\w*|laatste|oudste|hoogste|max\w*|to|until|till?|end\w*|"
        r"expir\w*|last|highest|oldest|fin|jusqu\w*|dernier\w*|beeindig\w*"
    ),
}
_SIDES_LAST = {"van": "begin", "de": "begin", "du": "begin", "au": "end", "a": "end"}
"""Words that say a side where they stand last, and elsewhere may only bind others."""


def _find_sides(folded: str) -> dict[str, set[str]]:
    """Find the words that say a beginning, and those that say an end."""
    words = folded.split("_")
    sides = {
        side: {word for word in words if form.fullmatch(word)} for side, form in _SIDES.items()
    }
    if words[-1] in _SIDES_LAST:
        sides[_SIDES_LAST[words[-1]]].add(words[-1])
    if re.search(r"(?<![a-z])(van|du|de)_(tot|t_?e?_?m|au|a|jusqu\w*)(?![a-z])", folded):
        return {side: {folded} for side in sides}
    return sides


def _fit_sides(label: str, name: str) -> bool:
    """Whether a name says the side that a label says, by a slip of the pen at most."""
    from rapidfuzz.distance import OSA

    of_label, of_name = _find_sides(label), _find_sides(name)
    says = {side for side, words in of_label.items() if words}
    if says:
        return says == {side for side, words in of_name.items() if words}
    return all(
        any(OSA.distance(word, one) <= len(word) // 3 for one in label.split("_"))
        for words in of_name.values()
        for word in words
    )


@dataclass(frozen=True)
class HeaderFound:
    """The header of a table among its first rows.

    Attributes
    ----------
    first, last
        Its row, or its two rows, from 0.
    labels
        The names of the columns; of two rows those of both.
    fit
        How well it fits.
    """

    first: int
    last: int
    labels: list[str]
    fit: int

    @property
    def is_whole(self) -> bool:
        """Whether it has all that is needed."""
        return self.fit >= _WHOLE


@dataclass(frozen=True)
class Header:
    """How to tell the header of a table among the rows above and below it.

    Attributes
    ----------
    known
        The names that its columns may have.
    needed
        Those of our names without which it is no such table.
    row
        Where it stands, from 1, if that is said.
    also
        Gives what a label means whose names cannot be listed; none: empty.
    """

    known: Synonyms = field(default_factory=dict)
    needed: frozenset[str] = frozenset()
    row: int | None = None
    also: Callable[[str], str] = lambda _: ""

    @property
    def depth(self) -> int:
        """So many rows are looked at."""
        return max(HEAD_ROWS, (self.row or 0) + 1)

    def find(self, rows: Sequence[Sequence[str]]) -> HeaderFound:
        """Find the row that is the header, or the two rows of which the upper says of what.

        A row below the first must hold two names or more.
        """
        meanings = list_meanings(self.known)
        alone = range(HEAD_ROWS) if self.row is None else range(self.row - 1, self.row)
        alone = alone[: max(0, len(rows) - alone.start)]
        upper = alone if self.row is None else [self.row - 1, self.row - 2]
        found = [self._rate(place, place, list(rows[place]), meanings) for place in alone]
        for place in upper:
            if 0 <= place < len(rows) - 1 and _can_be_two(rows[place], rows[place + 1]):
                labels = _join_rows(rows[place], rows[place + 1], self._means(meanings))
                found.append(self._rate(place, place + 1, labels, meanings))
        best = max(found, key=lambda one: one.fit, default=HeaderFound(0, 0, [], 0))
        if self.row is None and best.fit < 2:
            filled = next((place for place, row in enumerate(rows) if any(row)), 0)
            best = found[min(filled, len(alone) - 1)] if found else best
        return best

    def _means(self, meanings: Mapping[str, str]) -> Callable[[str], str]:
        return lambda label: meanings.get(know_label(label, meanings), "") or self.also(label)

    def _rate(
        self, first: int, last: int, labels: list[str], meanings: Mapping[str, str]
    ) -> HeaderFound:
        means = self._means(meanings)
        found = {means(label) for label in labels if label} - {""}
        whole = _WHOLE if found and found >= self.needed else 0
        return HeaderFound(first, last, labels, len(found) + whole)


def _can_be_two(upper: Sequence[str], lower: Sequence[str]) -> bool:
    """Whether two rows can be one header: both hold several texts, and the lower no number."""
    numbers = any(text.strip("+-").replace(",", "").replace(".", "").isdigit() for text in lower)
    return sum(map(bool, upper)) > 1 and sum(map(bool, lower)) > 1 and not numbers


def _join_rows(
    upper: Sequence[str], lower: Sequence[str], means: Callable[[str], str]
) -> list[str]:
    """Join the two rows of a header: an upper label stands above those to its right as well."""
    labels, above = [], ""
    for over, under in zip_longest(upper, lower, fillvalue=""):
        above = over or above
        both = f"{above} {under}".strip() if under else over
        labels.append(under if under and not means(both) and means(under) else both)
    return labels


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
    chosen
        The names of those that the study says are ours, by our names.
    place
        Where the table stands and how it is read, in the words of study.toml.
    examples
        The first values of each, by the name under which it is read.
    misread
        Those that are not understood.
    zero
        From when a workbook counts its days.
    rows
        What a message can quote, if that is kept.
    """

    labels: dict[str, str] = field(default_factory=dict)
    taken: dict[str, str] = field(default_factory=dict)
    known: dict[str, tuple[str, ...]] = field(default_factory=dict)
    faults: dict[str, dict[int, str]] = field(default_factory=dict)
    chosen: dict[str, str] = field(default_factory=dict)
    place: dict[str, str | int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)
    misread: dict[str, list[str]] = field(default_factory=dict)
    zero: dt.date | None = None
    rows: pd.DataFrame | None = None

    def find(self, label: str) -> list[str]:
        """Find what is read under a label: as it is written, else whatever its marks."""
        same = [one for one, own in self.labels.items() if own.casefold() == label.casefold()]
        folded = fold_label(label)
        return same or [one for one, own in self.labels.items() if fold_label(own) == folded]

    @property
    def listed(self) -> tuple[tuple[str, str], ...]:
        """Give each label with what its column was taken as; empty when it was not used."""
        labels = self.labels.items()
        return tuple((clean_text(label, 40), self.taken.get(name, "")) for name, label in labels)

    @property
    def seen(self) -> tuple[Seen, ...]:
        """Give each column with some of its values."""
        return tuple(
            Seen(
                clean_text(label, 40),
                self.taken.get(name, ""),
                tuple(self.examples.get(name, ())),
                tuple(dict.fromkeys(self.misread.get(name, ()))),
            )
            for name, label in self.labels.items()
        )

    @property
    def renamed(self) -> dict[str, str]:
        """Give the labels of those used that are not called as we do, by our names."""
        used = {ours: self.labels[name] for name, ours in self.taken.items()}
        return {ours: label for ours, label in used.items() if label.lower() != ours}

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
                found.append((clean_text(label, 40), find_nearest(label, free)))
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
