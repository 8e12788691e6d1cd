"""Tables of text: CSV in its many kinds, and Excel workbooks.

Every value comes out as text and every row under the number that a spreadsheet shows for it, so
that a message can say "row 17"; what the text means is for the reader of that table to decide.
"""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import re
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO
from zoneinfo import ZoneInfo

import pandas as pd

from stemgeo.inputs.columns import (
    FOOT,
    HEAD_ROWS,
    NO_VALUE,
    Header,
    HeaderFound,
    Synonyms,
    fold_label,
)
from stemgeo.inputs.files import OpenedFile, clean_text, strip_control
from stemgeo.inputs.formats import Format, UnreadableError
from stemgeo.inputs.messages import TOTAL_OR_NOTE, say_left_out, say_rows
from stemgeo.inputs.workbook import SheetRows, Span, read_workbook
from stemgeo.notes import say, say_count, say_list
from stemgeo.speech import LANGUAGES, list_months

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path
    from typing import TextIO

_DELIMITERS = "|;\t,"
_SAYS_DELIMITER = re.compile(r"""["']?sep=(.)["']?[;,\t|]*""", re.IGNORECASE)
_LONGEST_LINE = 65536
_MAX_COLUMNS = 500
_BLOCK_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class _RawTable:
    """A table as it stands in a file: the labels, the rows below by number, the titles above.

    `first` is the number of the row below the header, `hidden` those that a spreadsheet does not
    show.
    """

    labels: list[str]
    body: pd.DataFrame
    above: list[list[str]]
    first: int
    hidden: frozenset[int] = frozenset()


def read_table(
    file: OpenedFile, columns: Synonyms | None = None, *, header: Header | None = None
) -> pd.DataFrame | None:
    """Read a CSV or Excel file.

    Parameters
    ----------
    file
        Opened through the door; takes the problems.
    columns
        The columns wanted, which are then taken. None: all columns, under their own names, for
        the reader to take.
    header
        Tells the header among the rows, and the sheet that is meant; by the columns wanted if not
        given.

    Returns
    -------
    DataFrame or None
        All text, empty where nothing stands; the index `row` counts as a spreadsheet does. Rows
        that are empty throughout are left out. A wanted column that the file lacks is absent.
        None when the file cannot be read.
    """
    header = header or Header(columns or {}, frozenset(columns or ()))
    try:
        if file.kind is Format.XLSX:
            raw = _part_at_header(read_workbook(file, header), header, file)
        else:
            _warn_of_open_end(file)
            raw = _read_text(file, header)
    except UnreadableError as error:
        file.error(error.what, error.mend)
        return None
    _tell_titles(raw, file)
    _tell_hidden(raw, file)
    _note_empty_rows(raw, file)
    table = _empty_faults(_name_columns(raw.labels, raw.body, file), file)
    file.keep_examples(table)
    return table if columns is None else take_columns(table, columns, file)


def _part_at_header(sheet: SheetRows, header: Header, file: OpenedFile) -> _RawTable:
    """Part the rows of a sheet into titles, header and body."""
    rows = sheet.rows
    if not any(rows):
        raise UnreadableError("is an empty sheet")
    found = _find_header(rows, header)
    labels, *body = found.labels, *rows[found.last + 1 :]
    width = max(map(len, (labels, *body)))
    if width > _MAX_COLUMNS:
        raise UnreadableError(f"has more than {_MAX_COLUMNS} columns")
    labels, *body = [row + [""] * (width - len(row)) for row in (labels, *body)]
    first = found.last + 2
    body = _fill_merged(labels, body, first, sheet.merged, file)
    frame = _number_rows(pd.DataFrame(body, columns=range(width), dtype=str), first)
    return _RawTable(labels, frame, rows[: found.first], first, sheet.hidden)


def _fill_merged(
    labels: list[str],
    body: list[list[str]],
    first: int,
    merged: Collection[Span],
    file: OpenedFile,
) -> list[list[str]]:
    """Give each row its value of cells that are merged downwards, and say so by column.

    Cells that are merged across columns hold one value of which nothing tells whose it is.
    """
    filled = [[*row] for row in body]
    down: dict[int, list[int]] = {}
    across: set[int] = set()
    for left, top, right, bottom in sorted(merged):
        if top < first or left > len(labels):
            continue
        rows = range(top - first, min(bottom - first + 1, len(body)))
        value = body[rows[0]][left - 1] if rows else ""
        inside = range(left - 1, min(right, len(labels)))
        # Of a row that holds nothing else it is told elsewhere what it is.
        kept = [row for row in rows if any(_set_apart(body[row], inside))] if value else []
        if right > left:
            across |= {row + first for row in kept}
            continue
        for row in (row for row in kept if row > rows[0]):
            filled[row][left - 1] = value
            down.setdefault(left - 1, []).append(row + first)
    for column, numbers in down.items():
        file.warn_at(
            say_rows("row", sorted(numbers)),
            say(
                "'{label}' is merged with the cell above, and has its value",
                "'{label}' is samengevoegd met de cel erboven, en heeft de waarde daarvan",
                "« {label} » est fusionnée avec la cellule du dessus, et en a la valeur",
                label=clean_text(labels[column], 40),
            ),
        )
    if across:
        file.warn_at(
            say_rows("row", sorted(across)),
            say(
                "cells are merged across columns; only the first column has their value",
                "er zijn cellen samengevoegd over kolommen; enkel de eerste kolom heeft hun waarde",
                "des cellules sont fusionnées sur plusieurs colonnes ; seule la première en a la "
                "valeur",
            ),
            say("fill in each column", "vul elke kolom in", "remplissez chaque colonne"),
        )
    return filled


def _set_apart(row: list[str], inside: range) -> list[str]:
    """Give what a row holds beside some of its cells."""
    return [text for place, text in enumerate(row) if place not in inside]


def _find_header(rows: list[list[str]], header: Header) -> HeaderFound:
    """Find the header; one that the study says and that holds nothing is refused."""
    if header.row is not None and not any(map(any, rows[header.row - 1 : header.row])):
        raise UnreadableError(
            f"has no names of columns in row {header.row}, its `header_row`",
            "give the row that has them, or leave `header_row` out: it is looked for",
        )
    return header.find(rows)


def _tell_titles(raw: _RawTable, file: OpenedFile) -> None:
    """Say what stands above the header, and is not used."""
    titles = [" ".join(filter(None, row)) for row in raw.above if any(row)]
    header = [*range(len(raw.above) + 1, raw.first)]
    file.keep_place(header_row=header[0])
    if titles:
        file.note_unused(
            say(
                "the header is {rows}; not used above it: {titles}",
                "de kolomnamen staan in {rows}; niet gebruikt daarboven: {titles}",
                "les noms des colonnes sont à la {rows} ; non utilisé au-dessus : {titles}",
                rows=say_rows("row", header),
                titles=say_list(titles, 3),
            )
        )


def _tell_hidden(raw: _RawTable, file: OpenedFile) -> None:
    """Say which rows count that a spreadsheet does not show."""
    hidden = [row for row in raw.body.index if row in raw.hidden]
    if hidden:
        file.warn_at(
            say_rows("row", hidden),
            say(
                "hidden in the spreadsheet, and counted",
                "verborgen in het rekenblad, en meegeteld",
                "masqué dans le tableur, et compté",
            ),
        )


def _note_empty_rows(raw: _RawTable, file: OpenedFile) -> None:
    """Say how many rows between the header and the last row hold nothing."""
    first, rows = raw.first, raw.body.index
    empty = int(rows[-1]) - first + 1 - len(rows) if len(rows) else 0
    if empty:
        rows_left = say_count(empty, "empty row")
        file.note(
            say("{rows} left out", "{rows} weggelaten", "laissé de côté : {rows}", rows=rows_left)
        )


_NO_CELL = re.compile(
    r"#(N/A|N/B|NB|REF!|VERW!|VALUE!|WAARDE!|VALEUR!|DIV/0!|DEEL/0!|NAME\?|NAAM\?|NOM\?|NUM!|GETAL!|"
    r"NOMBRE!|NULL!|LEEG!|NUL!|SPILL!|OVERLOOP!|CALC!|BEREKEN!|#+)",
    re.IGNORECASE,
)
"""What a spreadsheet shows for a value that it has not, in English, Dutch and French."""


def _empty_faults(table: pd.DataFrame, file: OpenedFile) -> pd.DataFrame:
    """Empty the cells that a spreadsheet could not compute; whoever takes their column is told."""
    for name in table:
        text = table[name]
        begins = text.str.startswith(("#", NO_VALUE))
        if not begins.any():
            continue
        marked = text[begins]
        wrong = marked[(marked == NO_VALUE) | marked.str.fullmatch(_NO_CELL)]
        if len(wrong):
            rows = zip(wrong.index.tolist(), wrong, strict=True)
            file.keep_faults(str(name), dict(rows))
            table = table.assign(**{str(name): text.mask(text.index.isin(wrong.index), "")})
    return table


def _name_columns(header: list[str], frame: pd.DataFrame, file: OpenedFile) -> pd.DataFrame:
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
    file.keep_columns({name: label for name, label in labels.items() if name not in empty})
    return frame


def take_columns(table: pd.DataFrame, columns: Synonyms, file: OpenedFile) -> pd.DataFrame:
    """Take the wanted columns of a table under our names; rows without any of them are left out.

    Parameters
    ----------
    table
        As it stands in the file.
    columns
        Ours, with the names that they may have.
    file
        Is told which are used.
    """
    chosen = pick_columns(list(table.columns), columns)
    for place, wanted in chosen.items():
        file.use_column(table.columns[place], wanted)
    file.keep_known_names(columns)
    ours = table.iloc[:, list(chosen)].set_axis(list(chosen.values()), axis=1)
    return ours[(ours != "").any(axis=1)]


def pick_columns(names: list[str], columns: Synonyms) -> dict[int, str]:
    """Decide which place in the header is read under which name."""
    plain = [fold_label(name) for name in names]
    chosen: dict[int, str] = {}
    for wanted, synonyms in columns.items():
        places = (plain.index(one) for one in synonyms if one in plain)
        place = next((one for one in places if one not in chosen), None)
        if place is not None:
            chosen[place] = wanted
    return chosen


# --- Text --------------------------------------------------------------------------------------


def find_encoding(path: Path) -> str:
    """Tell how a text file writes its letters: UTF-8, UTF-16 or a Western European code page.

    Raises
    ------
    UnreadableError
        If it begins as UTF-16 does, and is not.
    """
    with path.open("rb") as stream:
        if stream.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            if not _is_decodable(stream, "utf-16"):
                raise UnreadableError(
                    "is text in UTF-16 that is cut off or damaged", "save it again as CSV UTF-8"
                )
            return "utf-16"
        fitting = (encoding for encoding in ("utf-8", "cp1252") if _is_decodable(stream, encoding))
        return next(fitting, "latin-1")


def _is_decodable(stream: BinaryIO, encoding: str) -> bool:
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


def _read_text(file: OpenedFile, header: Header) -> _RawTable:
    encoding = find_encoding(file.path)
    codec = "utf-8-sig" if encoding == "utf-8" else encoding
    with file.path.open(encoding=codec, newline="") as stream:
        head = list(_read_head(stream, 4 * header.depth))
    if encoding == "utf-16" and not re.search("[!-~]", "".join(head[:1])):
        # Two letters of another encoding taken for one are signs of the far east.
        raise UnreadableError("says that it is UTF-16, and is not", "save it again as CSV UTF-8")
    said = _SAYS_DELIMITER.fullmatch(head[0].strip()) if head else None
    before = 1 if said else 0  # a line for spreadsheets, which do not show it as a row
    delimiter = said.group(1) if said else _find_delimiter(head, header)
    rows, ends = _read_records(head[before:], delimiter, header.depth)
    found = _find_header(rows, header)
    labels = found.labels
    if not any(labels):
        what = f"has no names of columns in its first {HEAD_ROWS} rows"
        raise UnreadableError(what, "begin with a row of names")
    if len(labels) > _MAX_COLUMNS:
        raise UnreadableError(f"has more than {_MAX_COLUMNS} columns")
    first, skipped = found.last + 2, before + ends[found.last]
    body = _parse_rows(file, encoding, delimiter, len(labels), skipped, first)
    return _RawTable(labels, body, rows[: found.first], first)


def _read_head(stream: TextIO, most: int) -> Iterator[str]:
    """Give the first lines of a text, with their ends; one that never ends is cut."""
    for _ in range(most):
        line = stream.readline(_LONGEST_LINE)
        if not line:
            return
        yield line


def _read_records(lines: list[str], delimiter: str, most: int) -> tuple[list[list[str]], list[int]]:
    """Read the first rows of a text, minding quotes, and how many lines each row ends after."""
    reader = csv.reader(lines, delimiter=delimiter)
    rows, ends = [], []
    try:
        for row in islice(reader, most):
            rows.append([cell.strip() for cell in row])
            ends.append(reader.line_num)
    except csv.Error as error:
        # A long text below the header is for the reader of the rows to judge.
        if not rows:
            raise UnreadableError(f"cannot be read as columns: {error}") from None
    return rows, ends


def _find_delimiter(head: list[str], header: Header) -> str:
    """Find what parts the columns: what makes the best header, else what the first line has."""

    def rank(delimiter: str) -> tuple[int, int]:
        rows, _ = _read_records(head, delimiter, header.depth)
        return header.find(rows).fit, head[0].count(delimiter)

    return max(_DELIMITERS, key=rank) if head else _DELIMITERS[0]


def _warn_of_open_end(file: OpenedFile) -> None:
    """Warn of a last line without an end: a text cut off inside its last number looks so."""
    with file.path.open("rb") as stream:
        stream.seek(-1, 2)
        if stream.read(1) not in b"\r\n\x00":
            file.warn(
                say(
                    "its last line has no end; it may be cut off",
                    "de laatste regel heeft geen einde; misschien is er een stuk afgevallen",
                    "la dernière ligne n’est pas terminée ; le fichier est peut-être coupé",
                ),
                say(
                    "compare it with the source",
                    "vergelijk het bestand met de bron",
                    "comparez-le à la source",
                ),
            )


_FOOT_COLUMNS = 3
"""A note typed below a table has no more parts, whatever marks are in it."""


def _parse_rows(
    file: OpenedFile, encoding: str, delimiter: str, width: int, lines: int, first: int
) -> pd.DataFrame:
    """Read the rows below so many lines, numbered from `first`.

    One with too few or too many values is refused by number; a note is left out.
    """
    import pyarrow as pa
    from pyarrow import csv as arrow

    odd: dict[int, tuple[int, str]] = {}

    def note(row: Any) -> str:
        # Counted by rows, but for the lines left out above.
        odd[row.number - lines - 1 + first] = (row.actual_columns, row.text)
        return "skip"

    places = [f"f{place}" for place in range(width)]
    try:
        table = arrow.read_csv(
            file.path,
            arrow.ReadOptions(
                use_threads=False,
                column_names=places,
                skip_rows=lines,
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
        raise UnreadableError(f"cannot be read as columns: {clean_text(str(error), 160)}") from None
    frame = table.to_pandas()
    feet = {
        row: text.strip().strip('"')
        for row, (found, text) in odd.items()
        if found <= _FOOT_COLUMNS < width and FOOT.fullmatch(text.strip().strip('"').lower())
    }
    if feet:
        file.note_unused(say_left_out([*feet], TOTAL_OR_NOTE, [*feet.values()][:3]))
    _refuse_odd({row: one for row, one in odd.items() if one[1].strip() and row not in feet}, width)
    return _number_rows(frame, first, set(odd))


def _refuse_odd(odd: dict[int, tuple[int, str]], width: int) -> None:
    if not odd:
        return
    row, (found, _) = min(odd.items())
    more = f" (and {len(odd) - 1} rows more)" if len(odd) > 1 else ""
    raise UnreadableError(
        f"row {row} has {found} columns, the header has {width}{more}",
        "mend the row; if it is the last one, the file may be cut off",
    )


def _number_rows(frame: pd.DataFrame, first: int, skipped: Collection[int] = ()) -> pd.DataFrame:
    """Give each row its number in a spreadsheet, and leave out the rows that are empty."""
    rows = range(first, first + len(frame) + len(skipped))
    numbers = [row for row in rows if row not in skipped]
    frame.index = pd.Index(numbers[: len(frame)], name="row")
    frame = frame.apply(lambda column: column.str.strip())
    filled = (frame != "").any(axis=1)
    return frame if filled.all() else frame[filled]


# --- What text means ---------------------------------------------------------------------------

_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?|[+-]?[.,]\d+")


def as_numbers(column: pd.Series) -> pd.Series:
    """Read numbers with a decimal point or comma; NaN where the text is none or empty."""
    plain = column.where(column.str.fullmatch(_NUMBER.pattern), "nan")
    return plain.str.replace(",", ".", regex=False).astype(float)


_CLOCK = r"(?:[T ]\s*(\d\d):?(\d\d)(?::?(\d\d)(?:[.,]\d+)?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?)?"
_DAYS = (
    re.compile(r"(?P<y>\d{4})([-/])(?P<m>\d{1,2})\2(?P<d>\d{1,2})" + _CLOCK, re.IGNORECASE),
    re.compile(r"(?P<y>\d{4})()(?P<m>\d\d)(?P<d>\d\d)" + _CLOCK, re.IGNORECASE),
    re.compile(r"(?P<d>\d{1,2})([-/.])(?P<m>\d{1,2})\2(?P<y>\d{4})" + _CLOCK, re.IGNORECASE),
)
_YEARS = range(1900, 10_000)
_BELGIUM = ZoneInfo("Europe/Brussels")


def as_dates(column: pd.Series) -> pd.Series:
    """Read days as 2022-12-31, 20221231, 31/12/2022 or 31 december 2022; NaT for any other text.

    A time with a zone is of the day that it is then in Belgium: 2022-12-31T23:00:00Z is 1 January.
    A number that counts days, as spreadsheets keep them, is no day: nothing says from when.
    """
    days = {text: _read_day(text) for text in column.unique()}
    return column.map(days).astype("datetime64[s]")


_NAMED = re.compile(r"(\d{1,2})(?:er|e|ste|de)?\.?[ /-]([^\W\d_]+)\.?[ /-](\d{4})")


@cache
def _name_months() -> dict[str, int]:
    """Give the months by their names, whole and short, in every language."""
    every = [pair for language in LANGUAGES for pair in list_months(language)]
    return {fold_label(name): month for name, month in every}


def _read_day(text: str) -> dt.datetime | None:
    named = _NAMED.fullmatch(text.strip())
    if named:
        text = f"{named[1]}/{_name_months().get(fold_label(named[2]), 0)}/{named[3]}"
    found = next(filter(None, (form.fullmatch(text.strip()) for form in _DAYS)), None)
    if found is None or int(found["y"]) not in _YEARS:
        return None
    hour, minute, second, zone = found.groups()[-4:]
    clock = [int(part or 0) for part in (hour, minute, second)]
    try:
        date = dt.date(int(found["y"]), int(found["m"]), int(found["d"]))
        day = dt.datetime.combine(date, dt.time())
        moment = day.replace(hour=clock[0], minute=clock[1], second=min(clock[2], 59))
        if zone is None:
            return day
        return dt.datetime.combine(_day_in_belgium(moment, zone), dt.time())
    except (ValueError, OverflowError):
        return None


def _day_in_belgium(moment: dt.datetime, zone: str) -> dt.date:
    """Give the day that it is in Belgium at a moment in a zone, as "Z" or "+05:30"."""
    digits = zone[1:].replace(":", "").ljust(4, "0") if zone.upper() != "Z" else "0000"
    ahead = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    offset = dt.timezone(-ahead if zone[0] == "-" else ahead)
    return moment.replace(tzinfo=offset).astimezone(_BELGIUM).date()
