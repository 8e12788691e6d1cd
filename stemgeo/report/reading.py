"""Tables of a written result, read strictly: a folder is a stranger's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

import geopandas as gpd
import numpy as np
import pandas as pd
import pandera.pandas as pa

from stemgeo.errors import Problem, ResultError
from stemgeo.facts import LAMBERT_72
from stemgeo.inputs.files import check_geopackage, clean_text, strip_control, unquote_formula
from stemgeo.inputs.formats import UnreadableError
from stemgeo.tables import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def read_table(path: Path, schema: str) -> pd.DataFrame:
    """Read a CSV of a written result, strictly as the data dictionary has its table.

    A text is text, whatever it looks like; an empty one is missing, but for a code or name: the
    children in no polygon of a layer stand under the empty code.

    Raises
    ------
    ResultError
        If it holds what its schema does not allow.
    """
    try:
        raw = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except ValueError:  # no UTF-8, no columns, rows of several lengths
        _refuse_result(path, "is no table")
    return _type_cells(raw, SCHEMAS[schema], path, _BESIDE.get(schema, ()))


_BESIDE = dict.fromkeys(("academies", "plan"), ("x_m", "y_m"))
"""Numbers that stand in a CSV in the place of a geometry."""
_NUMBER = pa.Column(float, nullable=True, description="Of its place, Lambert 72, metres")
_FORMS = {
    "i": r"-?\d{1,18}",
    "f": r"-?\d{1,300}(?:\.\d{1,30})?",
    "b": r"True|False",
    "M": r"\d{4}-\d\d-\d\d",
}
"""How whole numbers, numbers, yes or no and dates are written, by the kind of their type."""


def _type_cells(
    raw: pd.DataFrame, schema: pa.DataFrameSchema, path: Path, beside: Sequence[str]
) -> pd.DataFrame:
    """Give the columns of a CSV their types, and refuse what does not fit."""
    specs = _find_specs(raw, schema, path, dict.fromkeys(beside, _NUMBER))
    columns = {name: _type_column(raw[name], spec, path) for name, spec in specs.items()}
    table = pd.DataFrame(columns, index=raw.index)[list(raw.columns)]
    for check in schema.checks:
        if not check(table).check_passed:
            _refuse_result(path, f"does not add up: {check.error}")
    key = [name for name in schema.unique or () if name in table]
    if key and table.duplicated(key).any():
        _refuse_result(path, f"has a row twice, told apart by {', '.join(key)}")
    return table


def list_columns(header: Sequence[str], schema: str) -> dict[str, pa.Column] | None:
    """Give what each column of a CSV is; None when one is not of that table.

    Parameters
    ----------
    header
        The names of its columns.
    schema
        Of SCHEMAS.
    """
    known = {**SCHEMAS[schema].columns, **dict.fromkeys(_BESIDE.get(schema, ()), _NUMBER)}
    found = {name: _find_spec(name, known) for name in header}
    there = {name: spec for name, spec in found.items() if spec is not None}
    return there if len(there) == len(header) else None


def _find_spec(name: str, known: Mapping[str, pa.Column]) -> pa.Column | None:
    """Find what a column must be, by its name or a pattern of it."""
    return known.get(name) or next(
        (one for form, one in known.items() if one.regex and re.fullmatch(form, name)), None
    )


def _find_specs(
    raw: pd.DataFrame, schema: pa.DataFrameSchema, path: Path, beside: Mapping[str, pa.Column]
) -> dict[str, pa.Column]:
    """Find what each column of a table must be; one that is missing or unknown is refused."""
    known = {**schema.columns, **beside}
    found = {}
    for name in map(str, raw.columns):
        spec = _find_spec(name, known)
        if spec is None:
            _refuse_result(path, f"has a column '{clean_text(name)}' that is not of this table")
        found[name] = spec
    for name, spec in known.items():
        if spec.required and not spec.regex and name != "geometry" and name not in found:
            _refuse_result(path, f"was written by another version of stemgeo: it has no '{name}'")
    return found


def _type_column(cells: pd.Series, spec: pa.Column, path: Path) -> pd.Series:
    """Give the cells of a column their type, looking at each different text once."""
    name, kind = str(cells.name), kind_of(spec)
    which, found = pd.factorize(cells)
    texts = [str(text) for text in found]
    if kind in _FORMS:
        fits = re.compile(_FORMS[kind], re.ASCII).fullmatch
        wrong = [bool(text) and not fits(text) for text in texts]
        # Of whole numbers and of yes or no none may be missing where the schema knows none missing.
        if kind in "ib" and not spec.nullable and "" in texts:
            wrong = [not text for text in texts]
        if any(wrong):
            row = int(np.argmax(np.array(wrong)[which]))
            what = f"'{clean_text(name)}' is '{clean_text(cells.iloc[row], 30)}'"
            _refuse_result(path, f"{what} in row {cells.index[row] + 2}, and no {_CALLED[kind]}")
    if kind == "b":
        read = np.array([text == "True" for text in texts], dtype=bool)
    elif kind == "f" or (kind == "i" and "" in texts):
        read = np.array([float(text) if text else np.nan for text in texts], dtype=np.float64)
    elif kind == "i":
        read = np.array([int(text) for text in texts], dtype=np.int64)
    else:
        kept = [text if text or name in ("code", "name") else None for text in texts]
        read = np.array([one and _restore_text(one) for one in kept], dtype=object)
    column = pd.Series(
        read[which], index=cells.index, dtype="str" if read.dtype == object else None
    )
    for check in spec.checks:
        told = column.dropna() if kind in _FORMS else cells
        if not check(told).check_passed:
            _refuse_result(
                path, f"'{clean_text(name)}' has a value that it cannot have ({check.error})"
            )
    return column


_CALLED = {"i": "whole number", "f": "number", "b": "True or False", "M": "date as 2022-12-31"}


def kind_of(spec: pa.Column) -> str:
    """Tell the kind of a column by one letter; "" of text."""
    told = str(spec.dtype).lower()
    kinds = {"int": "i", "float": "f", "bool": "b", "datetime": "M"}
    return next((kind for start, kind in kinds.items() if told.startswith(start)), "")


def _refuse_result(path: Path, what: str) -> NoReturn:
    raise ResultError(Problem(str(path), what, "run the study again")) from None


_WITHOUT_PLACES = ("access",)


def read_areas(
    path: Path, schema: str, columns: list[str] | None = None, **chosen: Any
) -> gpd.GeoDataFrame:
    """Read a parquet table or a layer of a written result, strictly as its schema has it.

    Parameters
    ----------
    path
        As from `checked_file`: a .parquet or a .gpkg.
    schema
        Of SCHEMAS; with places if it has any, unless `columns` leaves them out.
    columns, chosen
        Of a parquet table: the columns wanted, and filters of rows. Of a layer: `where`.

    Raises
    ------
    ResultError
        If it cannot be read, or holds what its schema does not allow.
    """
    specs = SCHEMAS[schema].columns
    if schema in _WITHOUT_PLACES:
        columns = list(columns or specs)
    try:
        if path.suffix == ".gpkg":
            check_geopackage(path.resolve())
            table = gpd.read_file(path, engine="pyogrio", **chosen)
        elif columns is None:
            table = gpd.read_parquet(path, **chosen)
        else:
            table = pd.read_parquet(path, columns=columns, **chosen)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, UnreadableError) as error:
        _refuse_result(path, f"cannot be read: {clean_text(str(error), 100)}")
    for one, spec in specs.items():
        there = [str(column) for column in table if re.fullmatch(one, str(column))]
        wanted = columns is None or one in columns
        if wanted and spec.required and not there:
            _refuse_result(path, f"was written by another version of stemgeo: it has no '{one}'")
        if one != "geometry":
            for column in there:
                _refuse_other_kind(table[column], spec, path)
    if columns is None and table.crs != LAMBERT_72:
        _refuse_result(path, f"is not in {LAMBERT_72}")
    names = [one for one in ("name", "organisation") if one in table]
    return table.assign(**{one: restore_texts(table[[one]])[one] for one in names})


def _refuse_other_kind(column: pd.Series, spec: pa.Column, path: Path) -> None:
    """Refuse a column of another type than its schema has."""
    kind, of = kind_of(spec), pd.api.types
    is_so = {
        "i": of.is_integer_dtype(column) or (spec.nullable and of.is_float_dtype(column)),
        "f": of.is_float_dtype(column) or of.is_integer_dtype(column),
        "b": of.is_bool_dtype(column),
        "M": of.is_datetime64_any_dtype(column) or of.is_object_dtype(column),
        "": of.is_string_dtype(column) or not column.notna().any(),
    }[kind]
    if not is_so or (not spec.nullable and kind in ("i", "b") and column.isna().any()):
        _refuse_result(
            path, f"its '{clean_text(str(column.name))}' is no {_CALLED.get(kind, 'text')}"
        )


def restore_texts(table: pd.DataFrame) -> pd.DataFrame:
    """Give the texts of a table as they were before they were made harmless, and clean."""
    for name in table.select_dtypes(["object", "string", "str"]):
        told = {one: _restore_text(one) for one in table[name].unique() if isinstance(one, str)}
        told = {one: plain for one, plain in told.items() if one != plain}
        if told:
            table = table.assign(**{str(name): table[name].replace(told)})
    return table


def _restore_text(text: str) -> str:
    was = unquote_formula(text)
    return was if was.isprintable() else strip_control(was)
