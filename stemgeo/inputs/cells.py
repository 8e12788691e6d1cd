"""Tables of text: CSV in its many kinds, and Excel workbooks.

Every value comes out as text and every row under the number that a spreadsheet shows for it, so
that a message can say "row 17"; what the text means is for the reader of that table to decide.
"""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import re
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, BinaryIO

import pandas as pd

from stemgeo.inputs.columns import Synonyms
from stemgeo.inputs.files import OpenedFile, clean, strip_control
from stemgeo.inputs.formats import Format, UnreadableError
from stemgeo.notes import say

if TYPE_CHECKING:
    from pathlib import Path

_DELIMITERS = "|;\t,"
_MAX_COLUMNS = 500
_MAX_ROWS = 1_048_576
_BLOCK_BYTES = 4 * 1024 * 1024


def read_table(file: OpenedFile, columns: Synonyms | None = None) -> pd.DataFrame | None:
    """Read a CSV or Excel file.

    Parameters
    ----------
    file
        Opened through the door; takes the problems.
    columns
        The columns wanted, which are then taken. None: all columns, under their own names, for
        the reader to take.

    Returns
    -------
    DataFrame or None
        All text, empty where nothing stands; the index `row` counts as a spreadsheet does, with
        the header in row 1. Rows that are empty throughout are left out. A wanted column that the
        file lacks is absent. None when the file cannot be read.
    """
    try:
        if file.kind is Format.XLSX:
            header, frame = _read_xlsx(file)
        else:
            _warn_of_open_end(file)
            header, frame = _read_text(file)
    except UnreadableError as error:
        file.error(error.what, error.mend)
        return None
    table = _with_names(header, frame, file)
    return table if columns is None else take_columns(table, columns, file)


def _with_names(header: list[str], frame: pd.DataFrame, file: OpenedFile) -> pd.DataFrame:
    """Name the columns in small letters: a nameless one after its place, one more of a name too."""
    labels: dict[str, str] = {}
    empty = []
    for place, written in enumerate(header, start=1):
        label = strip_control(written).strip('"')
        name = label.lower().replace(" ", "_") or f"column_{place}"
        if name in labels:
            name = f"{name}_({place})"
        if not label and (frame.iloc[:, place - 1] == "").all():
            empty.append(name)
        labels[name] = label or f"column {place}"
    frame = frame.set_axis(list(labels), axis=1).drop(columns=empty)
    file.holds({name: label for name, label in labels.items() if name not in empty})
    return frame


def take_columns(table: pd.DataFrame, columns: Synonyms, file: OpenedFile) -> pd.DataFrame:
    """Take the wanted columns of a table under our names; rows without any of them are left out."""
    chosen = pick_columns(list(table.columns), columns)
    for place, wanted in chosen.items():
        file.takes(table.columns[place], wanted)
    file.knows(columns)
    ours = table.iloc[:, list(chosen)].set_axis(list(chosen.values()), axis=1)
    return ours[(ours != "").any(axis=1)]


def pick_columns(names: list[str], columns: Synonyms) -> dict[int, str]:
    """Decide which place in the header is read under which name."""
    chosen: dict[int, str] = {}
    for wanted, synonyms in columns.items():
        places = (names.index(one) for one in synonyms if one in names)
        place = next((one for one in places if one not in chosen), None)
        if place is not None:
            chosen[place] = wanted
    return chosen


# --- Text --------------------------------------------------------------------------------------


def encoding_of(path: Path) -> str:
    """Tell how a text file writes its letters: UTF-8, UTF-16 or a Western European code page.

    Raises
    ------
    UnreadableError
        If it begins as UTF-16 does, and is not.
    """
    with path.open("rb") as stream:
        if stream.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            if not _decodes(stream, "utf-16"):
                raise UnreadableError(
                    "is text in UTF-16 that is cut off or damaged", "save it again as CSV UTF-8"
                )
            return "utf-16"
        fitting = (encoding for encoding in ("utf-8", "cp1252") if _decodes(stream, encoding))
        return next(fitting, "latin-1")


def _decodes(stream: BinaryIO, encoding: str) -> bool:
    """Whether all of a file is text in an encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    stream.seek(0)
    try:
        while chunk := stream.read(_BLOCK_BYTES):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _read_text(file: OpenedFile) -> tuple[list[str], pd.DataFrame]:
    encoding = encoding_of(file.path)
    with file.path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding) as stream:
        first = stream.readline(65536).rstrip("\r\n")
    if encoding == "utf-16" and not re.search("[!-~]", first):
        # Two letters of another encoding taken for one are signs of the far east.
        raise UnreadableError("says that it is UTF-16, and is not", "save it again as CSV UTF-8")
    delimiter = max(_DELIMITERS, key=first.count)
    header = _split(first, delimiter)
    if len(header) > _MAX_COLUMNS:
        raise UnreadableError(f"has more than {_MAX_COLUMNS} columns")
    return header, _parse(file.path, encoding, delimiter, len(header))


def _warn_of_open_end(file: OpenedFile) -> None:
    """Warn of a last line without an end: a text cut off inside its last number looks so."""
    with file.path.open("rb") as stream:
        stream.seek(-1, 2)
        if stream.read(1) not in b"\r\n\x00":
            file.warn(
                say(
                    "its last line has no end; it may be cut off",
                    "de laatste regel heeft geen einde; misschien is er een stuk afgevallen",
                ),
                say("compare it with the source", "vergelijk het bestand met de bron"),
            )


def _split(line: str, delimiter: str) -> list[str]:
    """Split a header line, minding quotes."""
    return next(csv.reader([line], delimiter=delimiter), [])


def _parse(path: Path, encoding: str, delimiter: str, width: int) -> pd.DataFrame:
    """Read the columns; a row with too few or too many values is refused by number."""
    import pyarrow as pa
    from pyarrow import csv as arrow

    odd: dict[int, tuple[int, str]] = {}

    def note(row: Any) -> str:
        odd[row.number] = (row.actual_columns, row.text)
        return "skip"

    places = [f"f{place}" for place in range(width)]
    try:
        table = arrow.read_csv(
            path,
            arrow.ReadOptions(
                use_threads=False,
                column_names=places,
                skip_rows=1,
                encoding="utf8" if encoding == "utf-8" else encoding,
                block_size=_BLOCK_BYTES,
            ),
            arrow.ParseOptions(
                delimiter=delimiter,
                newlines_in_values=delimiter != "|",
                ignore_empty_lines=False,
                invalid_row_handler=note,
            ),
            arrow.ConvertOptions(
                column_types=dict.fromkeys(places, pa.string()),
                strings_can_be_null=False,
            ),
        )
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise UnreadableError(f"cannot be read as columns: {clean(str(error), 160)}") from None
    frame = table.to_pandas()
    _refuse_odd({row: found for row, found in odd.items() if found[1].strip()}, width)
    return _numbered(frame, len(frame), set(odd))


def _refuse_odd(odd: dict[int, tuple[int, str]], width: int) -> None:
    if not odd:
        return
    row, (found, _) = min(odd.items())
    more = f" (and {len(odd) - 1} rows more)" if len(odd) > 1 else ""
    raise UnreadableError(
        f"row {row} has {found} columns, the header has {width}{more}",
        "mend the row; if it is the last one, the file may be cut off",
    )


def _numbered(frame: pd.DataFrame, rows: int, skipped: set[int]) -> pd.DataFrame:
    """Give each row its number in a spreadsheet, and leave out the rows that are empty."""
    numbers = [row for row in range(2, rows + len(skipped) + 2) if row not in skipped]
    frame.index = pd.Index(numbers[:rows], name="row")
    frame = frame.apply(lambda column: column.str.strip())
    filled = (frame != "").any(axis=1)
    return frame if filled.all() else frame[filled]


# --- Excel -------------------------------------------------------------------------------------


def _read_xlsx(file: OpenedFile) -> tuple[list[str], pd.DataFrame]:
    import openpyxl

    try:
        with warnings.catch_warnings():
            # About looks of cells that openpyxl does not know.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(file.path, read_only=True, data_only=True)
            try:
                rows = [_cell_texts(row) for row in _rows_of(book, file.layer)]
            finally:
                book.close()
    except UnreadableError:
        raise
    except Exception as error:  # noqa: BLE001  (openpyxl raises whatever it stumbles on)
        raise UnreadableError(
            f"cannot be read as an Excel workbook ({type(error).__name__})",
            "open it in Excel, save it again, or save it as CSV",
        ) from None
    if not rows:
        raise UnreadableError("is an empty sheet")
    width = max(map(len, rows))
    header, *body = [row + [""] * (width - len(row)) for row in rows]
    frame = pd.DataFrame(body, columns=range(width), dtype=str)
    return header, _numbered(frame, len(frame), set())


def _rows_of(book: Any, layer: str | None) -> Iterable[tuple[Any, ...]]:
    names = book.sheetnames
    if layer is not None and layer not in names:
        raise UnreadableError(
            f"has no sheet '{clean(layer)}'", f"it has: {', '.join(map(clean, names[:10]))}"
        )
    sheet = book[layer] if layer is not None else book.worksheets[0]
    for number, row in enumerate(sheet.iter_rows(values_only=True, max_col=_MAX_COLUMNS)):
        if number > _MAX_ROWS:
            raise UnreadableError("has more rows than a sheet can hold")
        yield row


def _cell_texts(row: tuple[Any, ...]) -> list[str]:
    return [_cell_text(value) for value in row]


def _cell_text(value: object) -> str:
    """Write a cell as its CSV would: whole numbers without a fraction, dates as in ISO 8601."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, dt.date) else str(value)


# --- What text means ---------------------------------------------------------------------------

_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?|[+-]?[.,]\d+")
_DATE_ORDERS = ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y%m%d", "%Y/%m/%d")


def as_numbers(column: pd.Series) -> pd.Series:
    """Read numbers with a decimal point or comma; NaN where the text is none or empty."""
    plain = column.where(column.str.fullmatch(_NUMBER.pattern), "nan")
    return plain.str.replace(",", ".", regex=False).astype(float)


def as_dates(column: pd.Series) -> pd.Series:
    """Read days written as 2022-12-31 or 31/12/2022; NaT where the text is none or empty."""
    day = column.str.replace(r"[T ]\d\d:\d\d.*$", "", regex=True)
    found = pd.Series(pd.NaT, index=column.index, dtype="datetime64[s]")
    for order in _DATE_ORDERS:
        read = pd.to_datetime(day, format=order, errors="coerce").astype("datetime64[s]")
        found = found.fillna(read)
    return found
