"""Rows of a table that are no row of it: totals, notes below, titles and headers in between."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pandas as pd

from stemgeo.inputs.cells import as_numbers
from stemgeo.inputs.columns import FOOT, fold_label
from stemgeo.inputs.counting import drop_thousands
from stemgeo.inputs.files import OpenedFile
from stemgeo.inputs.messages import TOTAL_OR_NOTE, say_left_out, say_rows
from stemgeo.notes import Said, say, say_count
from stemgeo.study import PROVINCES

if TYPE_CHECKING:
    from collections.abc import Sequence

_PLACE = "|".join(
    [
        *(fold_label(one) for one in PROVINCES),
        *("brussel", "bruxelles", "brussels", "vlaanderen", "flandre", "flanders", "wallonie"),
        *("anvers", "limbourg", "flandre_orientale", "flandre_occidentale", "brabant_flamand"),
        *("antwerp", "east_flanders", "west_flanders", "flemish_brabant", "vlaams_gewest"),
    ]
)
_SUM = (
    r"(algemeen_|eind|sub|grand_|sous_|deel)?(totaal|total|totalen|totaux|totals|totale|som|somme|"
    r"sum|aantal|nombre|number|count|gemiddelde|gemiddeld|moyenne|average|mean)"
)
_OF = (
    "van|de|des|du|of|the|het|per|par|by|en|general|generale|generaal|algemeen|aantal|nombre|number|"
    "academies|academie|academy|stem|erkende|erkenningen|reconnues|recognised|rijen|lignes|rows|"
    rf"provincie|province|gewest|region|stand|op|au|\d+|{_PLACE}"
)
_TOTAL = re.compile(rf"{_SUM}(_({_OF}))*|({_PLACE})_(totaal|total)")
_SECTION = re.compile(rf"((provincie|province|prov|gewest|region)_)?({_PLACE})")


def drop_asides(
    table: pd.DataFrame, coordinates: Sequence[str], addresses: Sequence[str], file: OpenedFile
) -> pd.DataFrame:
    """Leave out rows that say themselves that they are none of the table, and tell each.

    Parameters
    ----------
    table
        Of text.
    coordinates, addresses
        Its columns that say where a row is: only one that says it in none can be a total, a title
        or a note.
    file
        Is told.
    """
    again = _repeats_header(table, file)
    nowhere = table[[*coordinates]].map(lambda text: not text or _has_word(text)).any(axis=1)
    bare = table[(nowhere | (not coordinates)) & ~again]
    says = bare[[*addresses]].map(_says_where).any(axis=1)
    total = bare.map(lambda text: bool(_TOTAL.fullmatch(fold_label(text)))).any(axis=1)
    bare = bare[~says | total]
    placed = table[~again & ~table.index.isin(bare.index)]
    sums = _ColumnSums(placed)
    last = max(placed.index if len(placed) else table.index, default=0)
    above = table.index[again.shift(-1, fill_value=False)]
    found: dict[str, list[int]] = {"title": table.index[again].tolist(), "total": []}
    for row, cells in zip(bare.index.tolist(), bare.to_dict("records"), strict=True):
        if says[row] and not _counts_there(cells, addresses, sums):
            continue
        filled = [text for text in cells.values() if text]
        # A text below an empty row, under all that have a place.
        apart = row - last - 1 > ((table.index > last) & (table.index < row)).sum()
        if len(filled) == 1 and (row in above or _SECTION.fullmatch(fold_label(filled[0]))):
            found["title"].append(row)
        elif (len(filled) == 1 and apart) or _is_total(cells, filled, sums, below=row > last):
            found["total"].append(row)
    for rows, what in ((found["total"], TOTAL_OR_NOTE), (found["title"], _TITLE_BETWEEN)):
        if rows:
            texts = [" ".join(filter(None, row)) for row in table.loc[rows[:3]].to_numpy()]
            file.note_unused(say_left_out(rows, what, texts))
    kept = table[~table.index.isin([*found["total"], *found["title"]])]
    _tell_beneath(table.index[again].tolist(), kept, file)
    return kept


def _tell_beneath(headers: list[int], kept: pd.DataFrame, file: OpenedFile) -> None:
    """Say how many rows stand beneath a header that is repeated: it may be another list."""
    count = int((kept.index > min(headers)).sum()) if headers else 0
    if count:
        several = Said("counted", "meegeteld", "comptées")
        file.warn_at(
            say_rows("row", headers),
            say(
                "the header stands here again; beneath it {rows}, {counted} as well",
                "de kolomnamen staan hier opnieuw; daaronder {rows}, ook {counted}",
                "les noms des colonnes reviennent ici ; en dessous {rows}, aussi {counted}",
                rows=say_count(count, "row"),
                counted=several if count > 1 else Said("counted", "meegeteld", "comptée"),
            ),
            say(
                "if that is another list, such as a waiting list, leave it out",
                "is dat een andere lijst, zoals een wachtlijst, laat ze dan weg",
                "si c’est une autre liste, comme une liste d’attente, supprimez-la",
            ),
        )


_TITLE_BETWEEN = Said("a title in between", "tussentitel", "intertitre")


def _repeats_header(table: pd.DataFrame, file: OpenedFile) -> pd.Series:
    """Say which rows are the header again, as at the top of each printed page."""
    same = [table[name].str.casefold() == file.label_of(name).casefold() for name in table]
    again = pd.concat(same, axis=1).sum(axis=1)
    return (again > 1) & (again == (table != "").sum(axis=1))


def _has_word(text: str) -> bool:
    return re.search(r"[^\W\d_]{3}", text) is not None


def _says_where(text: str) -> bool:
    """Whether a text of an address is one: a word that is no total or note, or a postcode."""
    plain = fold_label(text)
    province = plain.startswith("prov") and _SECTION.fullmatch(plain)
    if _TOTAL.fullmatch(plain) or FOOT.fullmatch(text.lower()) or province:
        return False
    return _has_word(text) or re.fullmatch(r"\d{4}", text) is not None


def _counts_there(cells: dict[Any, str], addresses: Sequence[str], sums: _ColumnSums) -> bool:
    """Whether what looks like a postcode is a number of a total."""
    texts = [(name, cells[name]) for name in addresses if _says_where(cells[name])]
    return all(not _has_word(text) and sums.holds(name, text) for name, text in texts)


def _is_total(cells: dict[Any, str], filled: list[str], sums: _ColumnSums, *, below: bool) -> bool:
    """Whether a row says that it is a total or a note, or holds the sums or counts of columns."""
    if any(_TOTAL.fullmatch(fold_label(text)) for text in filled):
        return True
    note = FOOT.fullmatch(filled[0].lower()) if len(filled) <= 2 else None
    # Among rows a name may begin so: "Data Lab".
    if note and (below or not note[1] or re.match(r"\s*:", note[0][note.end("word") :])):
        return True
    found = False
    for name, text in cells.items():
        told = sums.holds(name, text) if text else False
        if told is None:
            return False
        found |= told
    return found


_LIKE_NUMBER = re.compile(r"[+-]?[\d.,'\u2019\s]+(?:[eE][+-]?\d+)?")


class _ColumnSums:
    """What columns add up to, each asked for once: a file may have a row without a place a line."""

    def __init__(self, rows: pd.DataFrame) -> None:
        self._rows = rows
        self._known: dict[Any, tuple[float, int, set[float]]] = {}

    def holds(self, name: Any, text: str) -> bool | None:
        """Whether a text is the sum or the count of a column; None: neither.

        Of a column that numbers its rows it is no sign.
        """
        if not _LIKE_NUMBER.fullmatch(text):
            return None
        if not re.fullmatch(r"[+-]?[0-9]+", text):
            # Its own mark helps to tell what those of the column are.
            both = pd.concat([self._rows[name], pd.Series([text])])
            numbers = as_numbers(drop_thousands(both)[0])
            return self._compare(numbers.iloc[-1], *_add_up(numbers.iloc[:-1]))
        if name not in self._known:
            self._known[name] = _add_up(as_numbers(drop_thousands(self._rows[name])[0]))
        return self._compare(float(text), *self._known[name])

    @staticmethod
    def _compare(own: float, total: float, count: int, steps: set[float]) -> bool | None:
        return None if count < 2 or own not in (total, count) else steps != {1}


def _add_up(numbers: pd.Series) -> tuple[float, int, set[float]]:
    """Give the sum and the count of what is a number, and the steps between them."""
    there = numbers.dropna()
    return round(there.sum(), 6), len(there), {*there.diff().dropna()}
