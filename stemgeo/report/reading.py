"""Reading a written result back, with its hashes checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import pandas as pd

from stemgeo import coverage as coverage_
from stemgeo.errors import Problem, ResultError
from stemgeo.inputs.files import as_it_was, clean, strip_control
from stemgeo.maps.text import MapText
from stemgeo.report.files import checked_file, read_manifest
from stemgeo.study import STRAIGHT_LINE, parse_study
from stemgeo.tables import SCHEMAS

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.study import Language, Study

TEXTS = (
    *("code", "nis_code", "name", "gap_id", "nearest_academy_id", "barrier_academy_id", "barriers"),
    *("place_id", "place"),
    *("stretch", "age_academy_id", "age_academy_ages", "lapsed_academy_id", "lapsed_on"),
)
"""Columns that stay text when a table is read, whatever they look like."""


@dataclass(frozen=True)
class Reading:
    """A written result as one language tells of it; each of its tables is read once.

    Attributes
    ----------
    folder
        That `stemgeo run` wrote.
    language
        In which it is told.
    """

    folder: Path
    language: Language
    _read: dict[str, pd.DataFrame] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @classmethod
    def of(cls, folder: Path, language: Language | None = None) -> Self:
        """Take a folder, in a language or that of its study."""
        return cls(folder, language or read_manifest(folder)["study"]["output"]["language"])

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What the run was asked, and of which data."""
        return read_manifest(self.folder)

    @cached_property
    def study(self) -> Study:
        """The study, as far as a manifest holds it: its files by name alone."""
        study = parse_study(self.manifest["study"], name=str(self.folder))
        return study.with_language(self.language)

    @cached_property
    def text(self) -> MapText:
        """What is printed around its maps."""
        return MapText(**self.manifest["text"][self.language])

    @property
    def notes(self) -> list[str]:
        """What the reader of its figures must know."""
        return [str(note[self.language]) for note in self.manifest["notes"]]

    @cached_property
    def profiles(self) -> set[str]:
        """Those that were measured: in a straight line no road is quiet."""
        return set(self.table("coverage")["profile"])

    @cached_property
    def academy_names(self) -> dict[str, str]:
        """The name of each academy that was open, by its id."""
        table = self.table("academies")
        return dict(zip(table["academy_id"].astype(str), table["name"], strict=True))

    def table(self, name: str) -> pd.DataFrame:
        """Give a table, see `read_table`; not to be changed in place."""
        if name not in self._read:
            self._read[name] = read_table(self.folder, name)
        return self._read[name]


def read_table(folder: Path, name: str) -> pd.DataFrame:
    """Read a table of a written result; codes stay text."""
    path = checked_file(folder, f"tables/{name}.csv")
    text = dict.fromkeys(TEXTS, str)
    table = pd.read_csv(path, dtype=text, keep_default_na=False, na_values=[""])
    _refuse_older(name, table)
    table = with_plain_texts(table)
    # The children in no polygon of a layer stand under the empty code: that is known.
    known = [name for name in ("code", "name") if name in table]
    return table.fillna(dict.fromkeys(known, ""))


def with_plain_texts(table: pd.DataFrame) -> pd.DataFrame:
    """Give the texts of a table as they were before they were made harmless, and clean."""
    for name in table.select_dtypes(["object", "string", "str"]):
        told = {one: as_it_was(one) for one in table[name].unique() if isinstance(one, str)}
        told = {
            one: was if was.isprintable() else strip_control(was)
            for one, was in told.items()
            if one != was or not was.isprintable()
        }
        if told:
            table = table.assign(**{str(name): table[name].replace(told)})
    return table


def _refuse_older(name: str, table: pd.DataFrame) -> None:
    """Refuse a table of a version that knew fewer columns."""
    specs = SCHEMAS[name].columns.items() if name in SCHEMAS else ()
    wanted = [one for one, spec in specs if spec.required and not spec.regex and one != "geometry"]
    missing = [one for one in wanted if one not in table]
    if missing:
        what = f"was written by another version of stemgeo: it has no '{missing[0]}'"
        raise ResultError(Problem(f"{name}.csv", what, "run the study again"))


def refuse_unmeasured(folder: Path, profile: str) -> None:
    """Refuse roads over which a result was not measured: an empty table would say "none".

    Raises
    ------
    ResultError
        Saying why it has none, and how to get them.
    """
    measured = set(read_table(folder, "coverage")["profile"])
    if profile in measured:
        return
    line = read_manifest(folder)["study"]["inputs"]["network"] == STRAIGHT_LINE
    why = "it is measured in a straight line" if line else f"it has: {', '.join(sorted(measured))}"
    mend = "run a study over roads" if line else f'add "{profile}" to profiles under [travel]'
    what = f"has no figures over roads '{profile}': {why}"
    raise ResultError(Problem(clean(folder.name), what, mend))


def read_summary(
    folder: Path, by: str = "province", *, band: str = "all", sex: str = "all"
) -> pd.DataFrame:
    """Give the summary of a written result; see `coverage.summary`."""
    annex = read_table(folder, "annex-1-municipalities")
    counted = read_table(folder, "coverage" if sex == "all" else "groups")
    return coverage_.summary(counted, annex, by, band=band, sex=sex)
