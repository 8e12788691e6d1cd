"""The command line: parse, one public call, print.

Data goes to standard output; progress, warnings and errors to standard error. An expected error
is a line each with what, where and how to mend it, and exit status 1; a wrong call is 2.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stemgeo.errors import Problem, StemgeoError
from stemgeo.study import PROVINCES

if TYPE_CHECKING:
    import pandas as pd

    from stemgeo.measure import Progress

INTERRUPTED = 130
"""Exit status after Ctrl-C: 128 and the number of the signal."""

app = typer.Typer(
    help="Which children reach a STEM academy in 15 minutes by bicycle, and where the gaps are.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


class Sex(StrEnum):
    """Whose coverage is shown."""

    all = "all"
    girls = "F"
    boys = "M"


class Form(StrEnum):
    """Forms in which a table is printed."""

    text = "text"
    csv = "csv"
    json = "json"


StudyPath = Annotated[Path, typer.Argument(metavar="STUDY", help="A study.toml or its folder.")]
ResultPath = Annotated[Path, typer.Argument(metavar="DIR", help="A folder that a run wrote.")]
ThreadsOption = Annotated[
    int | None,
    typer.Option("--threads", min=1, help="Searches side by side; all cores when not given."),
]
FormOption = Annotated[Form, typer.Option("--format", help="How the table is printed.")]


@app.command()
def sample(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that is not there yet.")],
) -> None:
    """Write a complete example study: a schematic Flanders."""
    from stemgeo.sample import write_sample

    written = write_sample(folder)
    _say(f"Example study written to {written}. Next: stemgeo run {written} --out result")


@app.command()
def check(study: StudyPath) -> None:
    """Report every problem in the inputs of a study at once."""
    from stemgeo.inputs import load_inputs
    from stemgeo.study import load_study

    inputs = load_inputs(load_study(study))
    every = (inputs, *inputs.years.values())
    _warn(tuple(dict.fromkeys(told for one in every for told in one.warnings)))
    for item in dict.fromkeys(item for one in every for item in one.provenance):
        print(f"{item.role:16} {item.name}  {item.size_bytes} bytes  {item.note}".rstrip())


@app.command()
def run(
    study: StudyPath,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the result goes.")],
    threads: ThreadsOption = None,
) -> None:
    """Measure a study and write tables, isochrones, maps, gaps and a manifest."""
    from stemgeo.report.files import read_manifest, refuse_taken
    from stemgeo.report.summary import readable
    from stemgeo.study import load_study

    parsed = load_study(study)
    refuse_taken(out)
    with _progress() as progress:
        from stemgeo.run import run as run_study

        result = run_study(parsed, progress=progress, threads=threads)
        progress("Schrijven", 0.9)
        result.write(out)
        progress("Klaar", 1.0)
    _warn(result.notes)
    _emit(readable(result.summary(), parsed.output.language), Form.text)
    _notices(read_manifest(out), Form.text)
    _say(f"Result in {out}: summary.md, map.html, maps/, tables/, manifest.json")


@app.command()
def trend(
    study: StudyPath,
    years: Annotated[
        str, typer.Option("--years", metavar="YEARS", help="2019-2022, or 2019,2022.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the result goes.")],
) -> None:
    """Measure a study for the academies of several years: tables, a line chart and maps."""
    from stemgeo.report.files import TREND, read_manifest, refuse_taken
    from stemgeo.study import load_study

    wanted = _years(years)
    parsed = load_study(study)
    refuse_taken(out, TREND)
    with _progress() as progress:
        from stemgeo.trend import definitions, readable_trend
        from stemgeo.trend import trend as measure_years

        result = measure_years(parsed, wanted, progress=progress)
        progress("Schrijven", 0.9)
        result.write(out)
        progress("Klaar", 1.0)
    _warn(result.notes)
    regions = result.table[result.table["level"] == "region"]
    _emit(readable_trend(regions, parsed.output.language), Form.text)
    for line in definitions(regions, parsed.output.language):
        print(line)
    _notices(read_manifest(out, TREND), Form.text)
    _say(f"Result in {out}: summary.md, maps/, tables/, manifest.json")


def _years(text: str) -> list[int]:
    """Read 2019-2022 or 2019,2022."""
    first, to, last = text.partition("-")
    try:
        if to:
            years = list(range(int(first), int(last) + 1))
        else:
            years = [int(year) for year in text.split(",")]
    except ValueError:
        years = []
    if to and not years and first.isdigit() and last.isdigit():
        raise typer.BadParameter(f"{text!r} begins after it ends; write {last}-{first}")
    if len(set(years)) < 2 or not all(1900 <= year <= 2200 for year in years):
        raise typer.BadParameter(f"{text!r} is not two years or more, as 2019-2022 or 2019,2022")
    return years


@app.command()
def coverage(
    result: ResultPath,
    by: Annotated[
        str,
        typer.Option(
            "--by", metavar="LEVEL", help="region, province, municipality, zone or a layer."
        ),
    ] = "province",
    band: Annotated[
        str, typer.Option("--band", metavar="AGES", help="An age band of the study, as 12-17.")
    ] = "all",
    sex: Annotated[Sex, typer.Option("--sex", help="Girls (F), boys (M) or all.")] = Sex.all,
    form: FormOption = Form.text,
) -> None:
    """Print the share of children in time of an academy."""
    from stemgeo.report.bundle import read_summary
    from stemgeo.report.files import read_manifest

    content = read_manifest(result)
    table = read_summary(result, by, band=band, sex=sex.value)
    if form is Form.text:
        from stemgeo.report.summary import readable

        language = content["study"]["output"]["language"]
        table = readable(table, language, by, band=band, sex=sex.value)
    _emit(table, form)
    _notices(content, form)


@app.command()
def gaps(
    result: ResultPath,
    top: Annotated[int, typer.Option("--top", min=1, help="So many, largest first.")] = 10,
    form: FormOption = Form.text,
) -> None:
    """Print the areas with most children out of reach, and why."""
    from stemgeo.report.bundle import read_table
    from stemgeo.report.files import read_manifest

    content = read_manifest(result)
    every = read_table(result, "gaps")
    table, lines = every.head(top), list[str]()
    if form is Form.text:
        from stemgeo.report.summary import gaps_in_words, readable_gaps

        language = content["study"]["output"]["language"]
        table, rules = readable_gaps(table, language), content["study"]["gaps"]
        counted = read_table(result, "coverage")
        lines = gaps_in_words(every, counted, rules["min_children"], language)
    _emit(table, form)
    for line in lines:
        print(line)
    _notices(content, form)


@app.command(name="map")
def draw_map(
    result: ResultPath,
    province: Annotated[
        str | None, typer.Option("--province", help="One province; without it all of Flanders.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="A .png, .svg or .pdf; without it a .png in this folder."
        ),
    ] = None,
) -> None:
    """Draw the map of a result again."""
    from stemgeo.maps.page import save_figure
    from stemgeo.report.bundle import map_of_folder

    names = {name.lower(): name for name in PROVINCES}
    chosen = names.get(province.lower()) if province else None
    if province and chosen is None:
        raise typer.BadParameter(f"{province!r} is not one of {', '.join(PROVINCES)}")
    target = out or Path(f"{(chosen or 'Vlaanderen').lower()}.png")
    form = target.suffix.removeprefix(".").lower()
    if form not in ("png", "svg", "pdf"):
        raise typer.BadParameter(f"{target.name!r} must end in .png, .svg or .pdf")
    figure = map_of_folder(result, chosen)
    target.parent.mkdir(parents=True, exist_ok=True)
    for path in save_figure(figure, target.with_suffix(""), formats=(form,)):
        print(path)


def main() -> None:
    """Run the command line; expected errors become plain lines and exit status 1."""
    # A run that is told to end tidies up, as for Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app(prog_name="stemgeo")
    except StemgeoError as error:
        for problem in error.problems:
            _say(f"error: {problem}")
        sys.exit(1)
    except SystemExit as ended:
        # Typer takes Ctrl-C itself and leaves nothing but this status.
        if ended.code == INTERRUPTED:
            _say("stopped; nothing was changed")
        raise
    except OSError as error:
        _say(f"error: {Problem(str(error.filename or 'file'), error.strerror or str(error))}")
        sys.exit(1)


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def _warn(problems: tuple[Problem, ...]) -> None:
    for problem in problems:
        _say(f"note: {problem}")


def _notices(content: dict[str, str], form: Form) -> None:
    """Print the notice of the study: below a table that people read, else beside the data."""
    for line in (content["notice"], content["method_note"]):
        if line:
            print(line, file=sys.stdout if form is Form.text else sys.stderr)


def _emit(table: pd.DataFrame, form: Form) -> None:
    if form is Form.csv:
        table.to_csv(sys.stdout, index=False, float_format="%.6f", lineterminator="\n")
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
def _progress() -> Iterator[Progress]:
    """Give a progress bar on standard error; silent when that is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _what, _share: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<24}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda what, share: bar.update(task, description=what, completed=share)


if __name__ == "__main__":
    main()
