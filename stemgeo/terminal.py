"""What commands share: how they speak, show a table and how far they are, and some options.

Data go to standard output; progress, warnings and errors to standard error.
"""

from __future__ import annotations

import codecs
import io
import logging
import os
import sys
import time
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from stemgeo.completion import complete_studies
from stemgeo.errors import Problem, StemgeoError
from stemgeo.notes import Note, Said, keep_seen, say, strip_control

if sys.platform != "win32":
    import resource

if TYPE_CHECKING:
    import pandas as pd

    from stemgeo.stages import Progress

NEXT = Said("Next", "Nu", "Ensuite")
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


StudyPath = Annotated[
    Path,
    typer.Argument(
        metavar="STUDY", help="A study.toml or its folder.", autocompletion=complete_studies
    ),
]
ReplaceOption = Annotated[
    bool,
    typer.Option(
        "--replace", help="Keep what stands at the place beside it, as NAME.old-DATE, and write."
    ),
]
FormOption = Annotated[Form, typer.Option("--format", help="How the table is printed.")]
QuietOption = Annotated[
    bool, typer.Option("--quiet", help="Show no progress; notes and errors are said all the same.")
]
PROGRESS_VARIABLE = "STEMGEO_PROGRESS"
"""Of the environment: `lines` tells each stage as a line of its own, also into a file."""


def find_language() -> str:
    """Give the language of the terminal, where it is one of ours: else English."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if told := os.environ.get(name):
            return told[:2] if told[:2] in list(Lang) else "en"
    return "en"


def keep_given(**options: Any) -> dict[str, Any]:
    """Keep the options that were given."""
    return {name: value for name, value in options.items() if value}


def tell_begun(path: Path, folder: Path, language: str) -> str:
    """Say where a study was written, and the command that looks at it.

    Parameters
    ----------
    path
        Of its study.toml.
    folder
        As it was typed.
    language
        Of the study.
    """
    written = Said("Study written to", "Studie geschreven in", "Étude écrite dans")
    return f"{written.to_text(language)} {path}. {NEXT.to_text(language)}: stemgeo check {folder}"


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
    elif table.empty:
        print("   ".join(table.columns))
    else:
        first = table.columns[0]
        width = max(len(first), *(len(str(value)) for value in table[first]), 1)
        left = {first: [f"{value:<{width}}" for value in table[first]]}
        shown = table.assign(**left).rename(columns={first: f"{first:<{width}}"})
        # Wider than the headings, so that headings of two words stay apart.
        widths = [width, *(len(name) + 2 for name in shown.columns[1:])]
        print(shown.to_string(index=False, col_space=widths))


@contextmanager
def show_progress(
    language: str,
    stages: Sequence[Said] = (),
    *,
    quiet: bool = False,
    searches: bool | None = None,
) -> Iterator[Progress]:
    """Show on standard error what is being done and which stage of how many that is.

    On a terminal as a bar that goes away; elsewhere nothing, or a line for each stage where
    $STEMGEO_PROGRESS asks for lines.

    Parameters
    ----------
    language
        In which it is told.
    stages
        Of the work, in their order, see `stages.STAGES`.
    quiet
        Show nothing.
    searches
        Whether roads are searched on this machine; by its stages where it is not given.

    Raises
    ------
    StemgeoError
        If this process may not take what the libraries take before any work.
    """
    _Speaking.language = language
    _refuse_small_limit()
    lines = os.environ.get(PROGRESS_VARIABLE, "") == "lines"
    if quiet or not (lines or sys.stderr.isatty()):
        yield lambda _what, _share: None
    elif lines:
        begun = time.monotonic()

        told = 0.0

        def print_stage(text: str, share: float, *, is_new: bool) -> None:
            nonlocal told
            if is_new or share >= told + _WORTH_A_LINE:
                told, seconds = share, int(time.monotonic() - begun)
                print_line(f"{seconds // 60}:{seconds % 60:02} {text}")

        yield _tell_stages(language, stages, print_stage, searches=searches)
    else:
        with _draw_bar() as draw:
            draw(_STARTING.to_text(language), 0.0, is_new=True)
            yield _tell_stages(language, stages, draw, searches=searches)


_LEAST_MIB, _OF_EACH_CORE_MIB = 2560, 64
"""Of addresses, with what each core adds: below that libraries end the process, or wait for ever.

A study of three municipalities runs on two cores from 2,280 MiB on, its searches compiled anew.
"""


def _refuse_small_limit() -> None:
    """Refuse a limit (`ulimit -v`) that leaves no room for the libraries themselves."""
    if sys.platform == "win32":  # pragma: no cover
        return
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    least = _LEAST_MIB + _OF_EACH_CORE_MIB * (os.cpu_count() or 1)
    if limit != resource.RLIM_INFINITY and limit < least * 2**20:
        what = f"this process may take {limit / 2**20:.0f} MiB of addresses"
        mend = (
            f"allow {least} or more (ulimit -v {least * 1024}): libraries take it before any work"
        )
        raise StemgeoError(Problem("memory", what, mend))


_WORTH_A_LINE = 0.05
"""The share of the work that is told of a stage that goes on."""


class _Show(Protocol):
    """Shows a line, and the share that is behind; a new stage at once."""

    def __call__(self, text: str, share: float, /, *, is_new: bool) -> object: ...


_STARTING = Said("Starting", "Begint", "Démarrage")
_COMPILING = Said(
    "The first time on this machine the search is compiled: some 20 seconds, once.",
    "De eerste keer op deze machine wordt het zoeken gecompileerd: zo’n 20 seconden, eenmalig.",
    "La première fois sur cette machine, la recherche est compilée, une seule fois, en une "
    "vingtaine de secondes.",
)


@contextmanager
def _draw_bar() -> Iterator[_Show]:
    """Give what draws a line on the terminal: what is done, a bar and the time so far."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    said = TextColumn("{task.description}", markup=False)
    columns = (said, BarColumn(24), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        # A new stage is drawn at once; what is counted off only as often as anyone can read.
        yield lambda text, share, *, is_new: bar.update(
            task, description=text, completed=share, refresh=is_new
        )


def _tell_stages(
    language: str, stages: Sequence[Said], show: _Show, *, searches: bool | None
) -> Progress:
    """Give what takes how far the work is, and shows it as "3 of 11: Reading roads"."""
    from stemgeo.stages import CountedOff, needs_search

    first, behind, last = True, 0.0, None

    def tell(what: Said, share: float) -> None:
        nonlocal first, behind, last
        if first and (needs_search(stages) if searches is None else searches):
            from stemgeo.access.search import is_compiled

            if not is_compiled():
                print_line(_COMPILING.to_text(language))
        # Each part tells how far it is itself: what is behind the whole stays behind.
        first, behind = False, max(behind, share)
        stage = what.stage if isinstance(what, CountedOff) else what
        is_new, last = stage != last, stage
        if stage in stages:
            what = say(
                "{number} of {all}: {what}",
                "{number} van {all}: {what}",
                "{number} sur {all} : {what}",
                number=str(stages.index(stage) + 1),
                all=str(len(stages)),
                what=what,
            )
        show(strip_control(what.to_text(language)), behind, is_new=is_new)

    return tell


class _Speaking(logging.Handler):
    """Says what happens to the work itself, such as a cache that is full, where notes are said."""

    language = "en"

    def emit(self, record: logging.LogRecord) -> None:
        """Say it on standard error, in the language of the command."""
        said = record.msg
        if isinstance(said, Said):
            print_note(said, self.language)
        else:
            for line in record.getMessage().split("\n"):
                print(keep_seen(line), file=sys.stderr)


@contextmanager
def speak_log() -> Iterator[None]:
    """Say what is logged as notes are said, in the language of the terminal or of the command."""
    handler, log = _Speaking(), logging.getLogger("stemgeo")
    _Speaking.language = find_language()
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)


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
