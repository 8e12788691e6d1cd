"""The schema of every table: columns, types, units. The data dictionary is made from it.

They stand in `tables.toml`, a line for each column. Tables are checked with pandera where they
enter and where they leave.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pandera.pandas as pa
from pandera.engines import pandas_engine

from stemgeo.errors import InputError, Problem
from stemgeo.facts import LAMBERT_72
from stemgeo.profiles import QUIET
from stemgeo.reasons import COLUMNS, REASONS
from stemgeo.study import FLAT, OLDEST

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

    Kind = Literal["text", "whole", "decimal", "share", "date"]

STUDY = "study"
"""The convention of the table of times that is the study's own; the other is `study.FLAT`."""
MINUTES = range(1, 31)
"""By each of which the table of times has a share."""
COARSE, SURFACE = "coarse = ", "surface = "
"""How variants of the table of effects begin."""
WITHIN = ("within_0", "within_1", "within_2", "within_3_or_more")
"""Columns of the table of times, by the number of academies within the cutoff."""
COUNTS = ["children", "covered", "uncovered", "unmeasured"]
MEASURES = [*COUNTS, "share"]
"""What coverage counts of a place; every table with coverage in it has these."""


def share_column(minute: int) -> str:
    """Name the column of the table of times with the share by a minute."""
    return f"share_{minute:02}_min"


class _Text(pandas_engine.NpString):
    """Text; a column of pandas' own type of text is so as a whole, any other cell by cell."""

    def check(self, pandera_dtype: Any, data_container: Any = None) -> Any:
        """Say of the column, or of each of its cells, whether it is text."""
        known = isinstance(pandera_dtype, pandas_engine.STRING)
        return known or super().check(pandera_dtype, data_container)


_TEXT = _Text()  # type: ignore[call-arg] # its parents' types are made by pandera


_READ = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
_SHARED = _READ.pop("shared")
_TYPES: dict[str, tuple[Any, pa.Check | None]] = {
    "text": (_TEXT, None),
    "exact": (_TEXT, pa.Check.str_matches(r"^\d+([.]\d+)?$")),
    "nis": (_TEXT, pa.Check.str_matches(r"^\d{5}$")),
    "flag": (bool, None),
    "date": ("datetime64[s]", None),
    "geometry": (
        "geometry",
        pa.Check(lambda s: ~(s.isna() | s.array.is_empty), error="is missing or empty"),
    ),
    "count": ("int64", pa.Check.ge(0)),
    "whole": ("int64", None),
    "share": (float, pa.Check.in_range(0, 1)),
    "amount": (float, pa.Check.ge(0)),
    "number": (float, None),
}
"""Type and check of each kind of column; "0 to 5" is a kind too."""
_SAID = {
    "study": STUDY,
    "flat": FLAT,
    "flat_km": FLAT.speed_kmh * FLAT.cutoff_min / 60,
    "oldest": OLDEST,
}
"""What the file names in braces."""
_KINDS = {
    "string[pyarrow]": "text",
    "str": "text",
    "int64": "whole number",
    "Int64": "whole number",
    "float64": "number",
    "bool": "yes or no",
    "datetime64[s]": "date",
    "datetime64[ns]": "date",
}


def _build_column(
    name: str, kind: str, what: str, allowed: list[str] | None = None, **facts: Any
) -> pa.Column:
    """Make a column of its line: its kind, what it is, and the values that it may have."""
    kind, what = kind.format(**_SAID), what.format(**_SAID)
    plain = kind.removeprefix("optional ").removesuffix("?")
    type_, check = _TYPES.get(plain, _TYPES["whole"])
    if " to " in plain:
        check = pa.Check.in_range(*map(int, plain.split(" to ")))
    if allowed:
        check = pa.Check.isin([one.format(**_SAID) for one in allowed])
    if plain == "share":
        facts["metadata"] = {"kind": "share"} | facts.get("metadata", {})
    return pa.Column(
        "Int64" if kind.endswith("whole?") else type_,
        check,
        nullable=kind.endswith("?") or plain == "share",
        required=not kind.startswith("optional "),
        regex=name.startswith("^"),
        description=f"{what}, {LAMBERT_72}" if plain == "geometry" else what,
        **facts,
    )


def _yield_measures(ranged: list[str]) -> Iterator[tuple[str, pa.Column]]:
    """Give the measures of coverage, at the central speeds and over all roads.

    Behind those of `ranged` stand the same at the low and the high speeds, behind the share, if
    "quiet" is among them, those over quiet roads. Each says of which measure it is, at which
    speeds and over which roads.
    """
    for name in MEASURES:
        kind, what = _SHARED[name]
        sides = {name: (kind, what, "central", "all")}
        if name in ranged:
            for end in ("low", "high"):
                sides[f"{name}_{end}"] = (kind, f"The same at the {end} speeds", end, "all")
        if "quiet" in ranged and name == "share":
            for profile, one in QUIET.items():
                over = f"Share over {one.roads.en} ({one.stress.en})"
                told = f"optional {kind}", f"{over}, when the study has that profile"
                sides[f"{name}_{profile}"] = (*told, "central", profile)
        for column, (of_kind, told_, *side) in sides.items():
            facts = {"side": (name, *side)}
            yield column, _build_column(column, of_kind, told_, metadata=facts)


def _yield_reasons(_: list[str]) -> Iterator[tuple[str, pa.Column]]:
    """Give the children of each reason, and what shows it."""
    for name, one in REASONS.items():
        what = f"Children whose reason is: {one.holds_when}"
        yield f"children_{name}", _build_column(name, "count", what)
    for name, (type_, what) in COLUMNS.items():
        kind = {"str": "text", "to nearest": "amount"}.get(type_)
        own = _build_column(name, kind, what) if kind else None  # else a type of pandas
        yield name, own or pa.Column(type_, nullable=True, description=what)


def _sum_columns(table: pd.DataFrame, pattern: str) -> pd.Series:
    return table.filter(regex=f"^{pattern}").sum(axis=1)


_CHECKS = {
    "adds_up": pa.Check(
        lambda t: t["covered"] + t["uncovered"] + t["unmeasured"] == t["children"],
        error="covered + uncovered + unmeasured must be children",
    ),
    "times_measured": pa.Check(
        lambda t: t["measured"] + t["unmeasured"] == t["children"],
        error="measured + unmeasured must be children",
    ),
    "times_within": pa.Check(
        lambda t: t[[*WITHIN]].sum(axis=1) == t["measured"],
        error="the numbers within the cutoff must add up to measured",
    ),
    "points": pa.Check(lambda t: (t["points"] > 0) == (t["children"] > 0), error="points"),
    "difference": pa.Check(
        lambda t: (t["gained"] - t["lost"] == t["difference"]).fillna(value=True).astype(bool),
        error="gained - lost must be difference",
    ),
    "cap": pa.Check(
        lambda t: t["before_cap_eur"] - t["cut_eur"] == t["amount_eur"],
        error="before_cap_eur - cut_eur must be amount_eur",
    ),
    "bounds": pa.Check(
        lambda t: (t["covered_least"] <= t["covered"]) & (t["covered"] <= t["covered_most"]),
        error="covered must lie within its bounds",
    ),
    "bands": pa.Check(lambda t: _sum_columns(t, r"uncovered_\d") == t["uncovered"], error="bands"),
    "reasons": pa.Check(lambda t: _sum_columns(t, "children_") == t["uncovered"], error="reasons"),
}
_MADE = {"+measures": _yield_measures, "+reasons": _yield_reasons}


def _build_schema(
    about: str, columns: dict[str, Any], key: list[str] | None = None, checks: tuple[str, ...] = ()
) -> pa.DataFrameSchema:
    """Make the schema of a table of what the file says of it."""
    made: dict[str, pa.Column] = {}
    for name, line in columns.items():
        if name in _MADE:
            made |= _MADE[name](line)
        else:
            shared = name if line == "shared" else line
            own = _SHARED[shared] if isinstance(shared, str) else line
            made[name] = _build_column(name, *own)
    # A column that nobody declared is in no dictionary, so no reader would know what it is.
    return pa.DataFrameSchema(
        made,
        checks=[_CHECKS[one] for one in checks],
        unique=key,
        description=about,
        strict=True,
    )


SCHEMAS = {name: _build_schema(**table) for name, table in _READ.items()}


def check_table(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Check a table against its schema and give it back.

    Raises
    ------
    InputError
        With one line for each column that does not fit, or that the schema does not have.
    """
    import pandera.errors

    try:
        # A plain table of its own: its columns are found faster, and nothing need be copied.
        SCHEMAS[name].validate(pd.DataFrame(table), lazy=True, inplace=True)
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        unknown = cases[cases["check"] == "column_in_schema"]["failure_case"].unique()
        cases = cases[cases["check"] != "column_in_schema"].drop_duplicates(["column", "check"])
        told = [f"'{row.column}' fails {row.check} at {row.failure_case!r:.60}"
                for row in cases.itertuples()]  # fmt: skip
        told += [f"has a column '{one}' that its schema does not have" for one in unknown]
        raise InputError(*(Problem(f"table {name}", what) for what in told)) from None
    return table


def order_columns(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Give the columns that a schema has, in its order."""
    return table[[column for column in SCHEMAS[name].columns if column in table]]


def list_sides(name: str) -> dict[str, tuple[str, str, str]]:
    """Say of each column of coverage in a table which measure it is, at which speeds and roads."""
    columns = SCHEMAS[name].columns.items()
    return {column: one.metadata["side"] for column, one in columns if "side" in _facts_of(one)}


def list_kinds(name: str) -> dict[str, Kind]:
    """Say how the columns of a table are shown to people."""
    shown: dict[str, Kind] = {"int64": "whole", "float64": "decimal", "datetime64[s]": "date"}
    return {
        column: _facts_of(one).get("kind", shown.get(str(one.dtype).lower(), "text"))
        for column, one in SCHEMAS[name].columns.items()
    }


def _facts_of(column: pa.Column) -> dict[str, Any]:
    return column.metadata or {}


def data_dictionary() -> str:
    """Write the data dictionary, in Markdown."""
    lines = [
        "# Data dictionary",
        "",
        "Made from `stemgeo/tables.toml` by `make docs`; do not edit by hand.",
        f"Coordinates are {LAMBERT_72}, metres. Empty means: not known or none. In a CSV a text",
        "that a spreadsheet would compute (it begins with `=`, `+`, `-` or `@`) stands behind an",
        "apostrophe; stemgeo takes that away when it reads the table again.",
    ]
    for name, schema in SCHEMAS.items():
        lines += ["", f"## {name}", "", schema.description or "", ""]
        lines += ["| column | type | what it is |", "|---|---|---|"]
        for column, spec in schema.columns.items():
            shown = (
                column.strip("^$()")
                .replace(r"\d+-\d+", "<ages>")
                .replace(r"\d\d", "<minutes>")
                .replace("|", "` or `")
            )
            kind = _KINDS.get(str(spec.dtype), str(spec.dtype))
            lines.append(f"| `{shown}` | {kind} | {spec.description} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(data_dictionary())
