"""Guards for tables that count: numbers as people write them, and nobody counted twice.

A point between thousands makes 1 of 1.000; a row of a total, a second source or a second day counts
everyone again. None of these is an error to a reader of tables, so each is sought here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from stemgeo.inputs.cells import as_numbers
from stemgeo.inputs.columns import fold_label
from stemgeo.inputs.files import clean_text
from stemgeo.inputs.provenance import ADDED_UP
from stemgeo.notes import say_count, say_list

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stemgeo.inputs.files import OpenedFile

    Longs = NDArray[np.int64]

_GROUPED = re.compile(
    "[+-]?[1-9][0-9]{0,2}"
    "(?P<mark>[.,'\u2019 \u00a0\u2009\u202f])[0-9]{3}(?P<more>((?P=mark)[0-9]{3})*)"
    "(?P<rest>[.,][0-9]+)?"
)
"""A number of which the thousands are marked, or one with three decimals."""

_TOTALS = {
    *(
        "t",
        "tt",
        "tot",
        "total",
        "totals",
        "totaal",
        "totalen",
        "totale",
        "totaux",
        "total_general",
    ),
    *("all", "alle", "allen", "alles", "tous", "toutes", "tout", "ensemble", "both", "beide"),
    *("both_sexes", "m_f", "f_m", "m_v", "v_m", "mf", "mv", "m_v_x", "som", "sum", "somme"),
    *("samen", "everyone", "iedereen", "algemeen_totaal", "general_total", "grand_total"),
    *("alle_leeftijden", "all_ages", "tous_ages", "tous_les_ages"),
}
_PARTS = re.compile(r"natlty|nation|civ_sts|burgerlijke_st|etat_civil|civil|marital")
"""Columns by which Statbel counts further; their rows are parts of one number."""

_VERSIONS = re.compile(
    r"(.*_)?(bron|source|sources|herkomst_gegevens|dataset|datum|date|peildatum|dag|day|jaar|year|"
    r"annee|cd_year|versie|version|scenario|maand|month|kwartaal|quarter|stand|snapshot|periode|"
    r"period|time_period|time)(_.*)?"
)
"""Columns that say from where or of when a row is: with two values everyone is there twice."""


def is_total(values: pd.Series) -> pd.Series:
    """Say which texts stand for all of what the others are parts of."""
    different = values.drop_duplicates()  # few in many rows
    bare = different.map(fold_label)
    total = bare.isin(_TOTALS) | bare.str.fullmatch(r"tot(al|aal)?_.*|.*_tot(al|aal)?")
    return values.isin(different[total])


def are_numbers(values: pd.Series) -> pd.Series:
    """Say which texts are numbers, with or without marks between thousands."""
    return as_numbers(values).notna() | values.str.fullmatch(_GROUPED)


def read_numbers(column: pd.Series, file: OpenedFile, *, whole: bool) -> pd.Series | None:
    """Read numbers, with or without marks between thousands.

    Parameters
    ----------
    column
        Text; its index is named `row` or `feature` and holds the number.
    file
        Takes the problem.
    whole
        Whether they are counts, of which 1.000 can be a thousand, or 1 with decimals, but not more.

    Returns
    -------
    Series or None
        NaN where a text is no number. None when it cannot be told whether a mark stands between
        thousands or before decimals; that is told.
    """
    codes, texts = pd.factorize(column)
    marked, unsure = _find_thousands([str(text) for text in texts], whole=whole)
    if unsure:
        first = column.index[np.isin(codes, unsure)][0]
        file.error_at(
            f"{column.index.name} {first}",
            f"'{clean_text(str(column.name), 40)}' is '{clean_text(str(column[first]), 30)}', "
            "which may be "
            "in thousands or have decimals",
            "write the numbers of this column without a mark between thousands",
        )
        return None
    plain = [_drop_marks(str(text)) if i in marked else text for i, text in enumerate(texts)]
    return pd.Series(as_numbers(pd.Series(plain, dtype=str)).to_numpy()[codes], index=column.index)


UNSURE = (
    "sure: the mark may stand between thousands or before decimals, and no other value tells",
    "write the numbers of this column without a mark between thousands",
)


def drop_thousands(column: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Drop the marks between thousands where the column as a whole tells that they are.

    Returns
    -------
    (Series, Series)
        The texts; and whether each holds one mark of which nothing tells what it is: "1.250" alone.
    """
    found = {text: _GROUPED.fullmatch(text) for text in column.unique()}
    groups = {text: match for text, match in found.items() if match}
    alone = {
        text: match["mark"]
        for text, match in groups.items()
        if match["mark"] in ".," and not match["more"] and not match["rest"]
    }
    thousands = {match["mark"] for text, match in groups.items() if text not in alone}
    decimal = {match["rest"][0] for match in groups.values() if match["rest"]}
    decimal |= {mark for text, match in found.items() if not match for mark in ".," if mark in text}
    other = {".": ",", ",": "."}
    between = {mark for mark in other if mark in thousands or other[mark] in decimal} - decimal
    plain = {
        text: _drop_marks(text) if match and alone.get(text) in (None, *between) else text
        for text, match in found.items()
    }
    unsure = {text for text, mark in alone.items() if mark not in between | decimal - thousands}
    return column.map(plain), column.isin(unsure)


def _find_thousands(texts: list[str], *, whole: bool) -> tuple[set[int], list[int]]:
    """Find the texts with marks between thousands, and those of which one cannot tell.

    One point or comma before three digits is told by the rest of its column: other decimals, a
    count that would not be whole, numbers of one to three digits that need no mark.
    """
    marked: set[int] = set()
    single: dict[str, list[int]] = {}
    sure, decimal = set[str](), set[str]()
    digits = {len(text) for text in texts if text.isdecimal()}
    bare = bool(digits) and max(digits) <= 3
    for i, text in enumerate(texts):
        found = _GROUPED.fullmatch(text)
        if found is None:
            decimal |= {mark for mark in ".," if mark in text}
        elif found["mark"] in ".," and not found["more"] and not found["rest"]:
            single.setdefault(found["mark"], []).append(i)
            sure |= {found["mark"]} if whole and not text.endswith("000") else set()
        else:
            marked.add(i)
            sure.add(found["mark"])
            decimal |= {found["rest"][0]} if found["rest"] else set()
    unsure: list[int] = []
    for mark, those in single.items():
        thousands = mark in sure or (whole and bare)
        if thousands and mark not in decimal and len(single) == 1:
            marked |= set(those)
        elif thousands or len(single) > 1 or (mark not in decimal and (whole or bare)):
            unsure += those
    return marked, unsure


def _drop_marks(text: str) -> str:
    found = _GROUPED.fullmatch(text)
    rest = (found and found["rest"]) or ""
    return re.sub("[^0-9+-]", "", text.removesuffix(rest)) + rest


def tell_totals(column: pd.Series, whose: str, file: OpenedFile) -> pd.Series:
    """Report rows of totals in a column of ours, such as sex T; say which rows are no totals.

    Parameters
    ----------
    column
        With its rows as index.
    whose
        What the totals are of.
    file
        Takes the problem.
    """
    total = is_total(column)
    if total.any():
        rows = column.index[total]
        alone = "" if not total.all() else f", or leave the column out if it tells no {whose}"
        file.error_at(
            f"{column.index.name} {rows[0]}",
            f"'{clean_text(str(column.name), 40)}' is '{clean_text(str(column[rows[0]]), 30)}': "
            f"totals of {whose}, in {say_count(len(rows), 'row')}",
            f"leave them out{alone}",
        )
    return ~total


def tell_districts(codes: pd.Series, count: pd.Series, file: OpenedFile) -> None:
    """Report rows of the country, regions, provinces and districts, by codes that end in 000.

    Parameters
    ----------
    codes, count
        Of the rows that are totals: their codes and people.
    file
        Takes the problem.
    """
    people = say_count(int(count.sum()), "person")
    file.error_at(
        f"{codes.index.name} {codes.index[0]}",
        f"totals of districts, provinces or regions: {say_list(sorted(set(codes)))} ({people})",
        "leave them out: their municipalities are counted",
    )


def tell_versions(
    keys: pd.DataFrame, further: pd.DataFrame, count: pd.Series, file: OpenedFile
) -> bool:
    """Report a column by which the same places stand there for several days or sources.

    As `may_be_added`, for tables of which any other column may part rows of one place.

    Parameters
    ----------
    keys, further, count, file
        As for `may_be_added`.
    """
    versions = [label for label in further if _VERSIONS.fullmatch(fold_label(str(label)))]
    return may_be_added(keys, further[versions], count, file)


def is_district(codes: pd.Series) -> pd.Series:
    """Say which NIS codes are of the country, a region, a province or a district."""
    return codes.str.fullmatch(r"[0-9]{2}000|2000[12]")


def may_be_added(
    keys: pd.DataFrame, further: pd.DataFrame, count: pd.Series, file: OpenedFile
) -> bool:
    """Say whether rows that are of the same may be added up; what speaks against it is told.

    Parameters
    ----------
    keys
        What the rows are of: place, age, sex.
    further
        The other columns of the file, by which it may count further.
    count
        The number in each row.
    file
        Takes the problems; columns whose rows are added up are taken.
    """
    if not keys.duplicated().any():
        return True
    numbers = keys.groupby(list(keys), dropna=False, sort=False).ngroup()
    group = np.asarray(numbers, dtype=np.int64)
    first = np.unique(group, return_index=True)[1]
    fine = True
    met: list[Longs] = []
    for place, label in enumerate(further):
        found, values = pd.factorize(further.iloc[:, place])
        codes = np.asarray(found, dtype=np.int64)
        if len(values) == 1 or (codes == codes[first][group]).all():
            continue
        apart = _TellingColumn(str(label), pd.Series(values, dtype=str), codes, group, count)
        # A code and its name part the rows alike, and are spoken of once.
        if not any(np.array_equal(codes, one) for one in met) and (told := apart.find_problem()):
            file.error(*told)
            fine = False
        met.append(codes)
        file.use_column(label, ADDED_UP)
    return fine


@dataclass(frozen=True)
class _TellingColumn:
    """A column that tells rows of the same place, age and sex apart."""

    label: str
    values: pd.Series
    codes: Longs
    group: Longs
    count: pd.Series

    def find_problem(self) -> tuple[str, str] | None:
        """Say why its rows are not parts of one number, and what to do; None when they are."""
        name, known = clean_text(self.label, 40), fold_label(self.label)
        totals = self.values[is_total(self.values) | (self.values == "")]
        if totals.empty and _PARTS.search(known):
            totals = self.values[[self._is_sum_of_the_others(one) for one in self.values.index]]
            if totals.empty:
                return None
        if len(totals):
            row = self.count.index[self.codes == totals.index[0]][0]
            called = say_list([one or "empty" for one in totals], 3)
            what = f"'{name}' holds totals beside their parts: {called} (from row {row})"
            return what, "leave the rows of totals out"
        shown = say_list(self.values.tolist(), 5)
        if _VERSIONS.fullmatch(known):
            return f"'{name}' has everyone several times: {shown}", "keep the rows of one of them"
        what = f"'{name}' has several rows for one place, age and sex ({shown})"
        mend = "add them up if they are parts of one number, else keep the rows of one value"
        return f"{what}: nothing says whether they add up", mend

    def _is_sum_of_the_others(self, value: int) -> bool:
        """Whether a value has the number of all others together, wherever it stands beside them."""
        if len(self.values) < 3:
            return False
        size, count = self.group.max() + 1, self.count.to_numpy()
        its = self.codes == value
        own = np.bincount(self.group[its], count[its], size)
        all_ = np.bincount(self.group, count, size)
        there = np.bincount(self.group[its], minlength=size) > 0
        peopled = there & (all_ > 0)
        return bool(peopled.sum() > 1 and (2 * own == all_)[peopled].all())
