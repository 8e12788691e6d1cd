"""What commands share: how they speak, show a table and how far they are, and some options.

Data go to standard output; progress, warnings and errors to standard error.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stemgeo.notes import Note, Said, strip_control

if TYPE_CHECKING:
    import pandas as pd

    from stemgeo.measure import Progress

NOTE = Said("note:", "let op:", "attention\N{NO-BREAK SPACE}:")


class Lang(StrEnum):
    """The language of what is written."""

    nl = "nl"
    en = "en"
    fr = "fr"


class Form(StrEnum):
    """Forms in which a table is printed."""

    text = "text"
    csv = "csv"
    json = "json"


StudyPath = Annotated[Path, typer.Argument(metavar="STUDY", help="A study.toml or its folder.")]
ReplaceOption = Annotated[
    bool,
    typer.Option(
        "--replace", help="Keep what stands at the place beside it, as NAME.old-DATE, and write."
    ),
]
FormOption = Annotated[Form, typer.Option("--format", help="How the table is printed.")]


def keep_given(**options: Any) -> dict[str, Any]:
    """Keep the options that were given."""
    return {name: value for name, value in options.items() if value}


def print_line(line: str) -> None:
    """Say a line on standard error, without what a terminal would obey."""
    print(strip_control(line), file=sys.stderr)


def print_notes(notes: tuple[Note, ...], language: str) -> None:
    """Say what the reader of the figures must know, a line each."""
    for note in notes:
        print_line(f"{NOTE.to_text(language)} {note.to_text(language)}")


def print_note(what: Said, language: str) -> None:
    """Say one thing that the reader must know."""
    print_line(f"{NOTE.to_text(language)} {what.to_text(language)}")


def print_table(table: pd.DataFrame, form: Form) -> None:
    """Print a table on standard output: for people, as CSV or as JSON."""
    if form is not Form.text and isinstance(sys.stdout, io.TextIOWrapper):
        # Data are for programs: every letter as it is, whatever the terminal can show.
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    if form is Form.csv:
        from stemgeo.report.files import write_csv

        write_csv(table, sys.stdout)
    elif form is Form.json:
        print(table.to_json(orient="records", force_ascii=False, indent=2))
    else:
        first = table.columns[0]
        width = max(len(first), *(len(str(value)) for value in table[first]), 1)
        left = {first: [f"{value:<{width}}" for value in table[first]]}
        shown = table.assign(**left).rename(columns={first: f"{first:<{width}}"})
        # Wider than the headings, so that headings of two words stay apart.
        widths = [width, *(len(name) + 2 for name in shown.columns[1:])]
        print(shown.to_string(index=False, col_space=widths))


@contextmanager
def show_progress(language: str) -> Iterator[Progress]:
    """Give a progress bar on standard error, in a language; silent when that is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _what, _share: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<24}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda what, share: bar.update(
            task, description=what.to_text(language), completed=share
        )


def let_go_of_output() -> None:
    """Try no more to write what a full disk did not take."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def bear_any_letter() -> None:
    """Print a letter that the terminal does not know as the nearest that it does."""
    codecs.register_error("stemgeo.nearest", _spell_nearest)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="stemgeo.nearest")


_PLAIN = str.maketrans(
    {"…": "...", "\u2013": "-", "—": "-", "\u2018": "'", "\u2019": "'", "“": '"', "”": '"'}
    | {"€": "EUR", "→": "->", "≤": "<=", "≥": ">=", "\u00d7": "x", "·": "-"}
    | {"ø": "o", "Ø": "O", "ß": "ss"}
    | {"æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "━": "-"}
)


def _spell_nearest(error: UnicodeError) -> tuple[str, int]:
    """Write what an encoding lacks without its accents, or as its number."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(_PLAIN)
    letters = [
        char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char)
    ]
    fitting = "".join(letters).encode(error.encoding, "backslashreplace")
    return fitting.decode(error.encoding), error.end
