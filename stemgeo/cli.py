"""The command line: parse, one public call, print.

Data goes to standard output; progress, warnings and errors to standard error. An expected error
is a line each with what, where and how to mend it, and exit status 1; a wrong call is 2.
"""

from __future__ import annotations

import atexit
import datetime as dt
import gc
import json
import re
import signal
import sys
import traceback
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from typer.core import TyperCommand

from stemgeo.completion import (
    complete_areas,
    complete_kinds,
    complete_levels,
    complete_provinces,
    complete_results,
)
from stemgeo.errors import Problem, StemgeoError, find_lack_of_memory
from stemgeo.fetch_commands import fetch_app, sources_command
from stemgeo.notes import Said, say, say_amount, say_list
from stemgeo.stages import (
    COMPARING,
    DRAWING_MAPS,
    READING_FILES,
    READING_RESULT,
    STAGES,
    WAITING_FOR_WORKERS,
)
from stemgeo.study import PROVINCES
from stemgeo.terminal import (
    NEXT,
    NOTE,
    Form,
    FormOption,
    Lang,
    QuietOption,
    ReplaceOption,
    StudyPath,
    bear_any_letter,
    find_language,
    keep_given,
    let_go_of_output,
    print_line,
    print_note,
    print_notes,
    print_table,
    show_progress,
    speak_log,
    tell_begun,
)
from stemgeo.texts import load_texts
from stemgeo.writing.whole import expand_home

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from stemgeo.access.travellers import OverRoads
    from stemgeo.linking import LinksResult
    from stemgeo.planning import Plan
    from stemgeo.report.outcome import Outcome
    from stemgeo.scale.cluster import Cluster
    from stemgeo.scale.store import Store
    from stemgeo.speech import Language
    from stemgeo.stages import Progress
    from stemgeo.study import Study

_RESULT_IN = Said("Result in", "Resultaat in", "Résultat dans")
_PLAN_IN = Said("Plan in", "Plan in", "Plan dans")
_EXAMPLE_IN = Said("Example study in", "Voorbeeldstudie in", "Étude d’exemple dans")
_LACKS = Said(
    "It lacks what is asked below: fill it in there, or mend the file.",
    "Ze mist wat hieronder gevraagd wordt: vul het daar in, of verbeter het bestand.",
    "Il y manque ce qui est demandé ci-dessous : complétez-la, ou corrigez le fichier.",
)
_MEASURE_IT = Said("Measure it", "Meet het", "Pour le mesurer")

INTERRUPTED = 130
"""Exit status after Ctrl-C: 128 and the number of the signal."""

app = typer.Typer(
    help="Which children reach a STEM academy in 15 minutes by bicycle, and where the gaps are.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


register_app = typer.Typer(
    help="Look at a register by itself; nothing is changed.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(register_app, name="register")
app.add_typer(fetch_app, name="fetch")
app.command("sources")(sources_command)


class Sex(StrEnum):
    """Whose coverage is shown."""

    all = "all"
    girls = "F"
    boys = "M"


class ExportTo(StrEnum):
    """For whom a result is written anew."""

    SWING = "swing"


class Wanted(StrEnum):
    """What a plan is to be best at; see docs/method.md."""

    mclp = "mclp"
    lscp = "lscp"
    p_median = "p_median"
    backup = "backup"


class Roads(StrEnum):
    """The roads that are used."""

    all = "all"
    low_stress = "low_stress"


ResultPath = Annotated[
    Path,
    typer.Argument(
        metavar="DIR", help="A folder that a run wrote.", autocompletion=complete_results
    ),
]
WrittenPath = Annotated[
    Path,
    typer.Argument(
        metavar="DIR",
        help="Of a run, a plan, which road, a trend, a comparison or an answer.",
        autocompletion=complete_results,
    ),
]
ThreadsOption = Annotated[
    int | None,
    typer.Option("--threads", min=1, help="Searches side by side; all cores when not given."),
]
PlanOption = Annotated[
    Path | None,
    typer.Option(
        "--plan", metavar="FILE", help="What would open, move and close beside the register."
    ),
]
EditsOption = Annotated[
    Path | None,
    typer.Option("--edits", metavar="FILE", help="Roads that would change before measuring."),
]
SheetOption = Annotated[
    str | None, typer.Option("--sheet", metavar="NAME", help="That holds the academies.")
]
SchedulerOption = Annotated[
    str | None,
    typer.Option(
        "--scheduler", metavar="WHERE", help="local, or tcp://HOST:PORT of a Dask scheduler."
    ),
]
WorkersOption = Annotated[
    int | None,
    typer.Option("--workers", min=1, help="Of local; one for each core when not given."),
]
StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URL",
        help="By which files reach the workers: a folder, s3://BUCKET/NAME; in the cache if not "
        "given.",
    ),
]
DashboardOption = Annotated[
    bool, typer.Option("--dashboard", help="Of local: show the work at 127.0.0.1:8787.")
]
LayerOption = Annotated[
    str | None, typer.Option("--layer", metavar="NAME", help="That holds the academies.")
]


@app.command("sample")
def sample_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that is not there yet.")],
    *,
    replace: ReplaceOption = False,
) -> None:
    """Write a complete example study: a schematic Flanders."""
    from stemgeo.example import write_sample

    written = write_sample(folder, replace=replace)
    # The example is in Dutch.
    print_line(f"{_EXAMPLE_IN.nl} {written}. {NEXT.nl}: stemgeo run {written} --out resultaat")


@app.command("doctor")
def doctor_command(
    lang: Annotated[
        Lang | None, typer.Option("--lang", help="nl, en or fr; that of the terminal if not given.")
    ] = None,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="As JSON, to send along: without home folder and name.")
    ] = False,
    quiet: QuietOption = False,
) -> None:
    """Say what this machine has and lacks for stemgeo; status 1 when something needed fails."""
    language = find_language() if lang is None else lang.value
    with show_progress(language, quiet=quiet) as progress:
        from stemgeo.doctor import describe_examined, examine, format_examined, works

        found = examine(progress)
    if as_json:
        print(json.dumps(describe_examined(found, language), ensure_ascii=False, indent=2))
    else:
        for line in format_examined(found, language):
            print(line)
        print_line(_REPORT.to_text(language))
    if not works(found):
        raise typer.Exit(1)


_REPORT = Said(
    "To report a fault: send what `stemgeo doctor --json` prints, the command and what it said.",
    "Een fout melden: stuur mee wat `stemgeo doctor --json` toont, de opdracht en wat die zei.",
    "Pour signaler une erreur : envoyez ce qu’affiche `stemgeo doctor --json`, la commande et ce "
    "qu’elle a dit.",
)


@app.command("new")
def new_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where study.toml goes.")],
    *,
    municipalities: Annotated[
        Path, typer.Option("--municipalities", metavar="FILE", help="Their boundaries.")
    ],
    population: Annotated[
        Path, typer.Option("--population", metavar="FILE", help="Children by municipality and age.")
    ],
    academies: Annotated[Path, typer.Option("--academies", metavar="FILE", help="The register.")],
    roads: Annotated[
        list[Path] | None,
        typer.Option("--roads", metavar="FILE", help="An extract; again for another."),
    ] = None,
    area: Annotated[
        list[str] | None,
        typer.Option(
            "--area",
            metavar="NAME",
            help="A municipality, NIS code, province or file of polygons.",
            autocompletion=complete_areas,
        ),
    ] = None,
    sheet: SheetOption = None,
    layer: LayerOption = None,
    title: Annotated[str, typer.Option("--title", help="Printed on every output.")] = "",
    lang: Annotated[Lang, typer.Option("--lang", help="Of outputs: nl, en or fr.")] = Lang.nl,
) -> None:
    """Write the smallest study of your files, with what was recognised in them."""
    from stemgeo.beginning import begin_study
    from stemgeo.errors import InputError

    files = {"municipalities": municipalities, "population": population, "academies": academies}
    with show_progress(lang.value) as progress:
        progress(READING_FILES, 0.0)
        begun = begin_study(
            folder,
            files,
            roads=roads or (),
            area=area or (),
            title=title,
            language=lang.value,
            of_register=keep_given(sheet=sheet, layer=layer),
        )
    print(begun.text, end="")
    print_line(tell_begun(begun.path, folder, lang.value))
    if begun.asks:
        print_line(_LACKS.to_text(lang.value))
        raise InputError(*begun.asks)


@app.command("check")
def check_command(
    study: StudyPath,
    plan: PlanOption = None,
    edits: EditsOption = None,
    *,
    quiet: QuietOption = False,
) -> None:
    """Report every problem in the inputs of a study at once, and what a run will find."""
    from stemgeo.errors import InputError
    from stemgeo.inputs.checking import Checked
    from stemgeo.study import load_study

    asked = _add_plan(load_study(study), plan, edits)
    try:
        with show_progress(asked.language, STAGES["check"], quiet=quiet) as progress:
            from stemgeo.readiness import check as check_inputs

            found = check_inputs(asked, progress)
    except InputError as error:  # what could be read helps to mend what could not
        for line in Checked(error.files, (), asked.language).lines():
            print(line)
        raise
    print_notes(found.notes, asked.language)
    for line in found.lines():
        print(line)
    if found.blocked:
        raise typer.Exit(1)


@register_app.command("check")
def register_check_command(
    register: Annotated[Path, typer.Argument(metavar="FILE", help="A register of academies.")],
    before: Annotated[
        Path | None,
        typer.Option("--before", metavar="OLD", help="The register of before, to compare with."),
    ] = None,
    sheet: SheetOption = None,
    layer: LayerOption = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--columns", metavar="OURS=THEIRS", help="As valid_from=Startdatum; again for another."
        ),
    ] = None,
    before_sheet: Annotated[
        str | None, typer.Option("--before-sheet", metavar="NAME", help="The same of OLD.")
    ] = None,
    before_layer: Annotated[
        str | None, typer.Option("--before-layer", metavar="NAME", help="The same of OLD.")
    ] = None,
    before_columns: Annotated[
        list[str] | None,
        typer.Option("--before-columns", metavar="OURS=THEIRS", help="The same of OLD."),
    ] = None,
    date: Annotated[
        str | None,
        typer.Option("--date", metavar="DAY", help="On which it has lapsed; today if not given."),
    ] = None,
    form: FormOption = Form.text,
) -> None:
    """Say who is new, gone, renamed, moved or lapsed in a register, or twice in it."""
    from stemgeo.registers import as_register, check_register

    of_old = keep_given(
        sheet=before_sheet, layer=before_layer, columns=_parse_columns(before_columns)
    )
    if of_old and before is None:
        raise typer.BadParameter(f"--before-{next(iter(of_old))} is of --before: name OLD too")
    own = keep_given(sheet=sheet, layer=layer, columns=_parse_columns(columns))
    old = None if before is None else as_register(before, of_old)
    on_day = _parse_day(date)
    with show_progress("en") as progress:
        progress(READING_FILES, 0.0)
        found = check_register(as_register(register, own), old, day=on_day)
    print_notes(found.notes, "en")
    if form is not Form.text:
        print_table(found.table, form)
        return
    if len(found.table):
        print_table(found.format(), form)
    for line in found.lines():
        print(line)


def _parse_columns(pairs: list[str] | None) -> dict[str, str]:
    """Read valid_from=Startdatum."""
    found = {}
    for pair in pairs or []:
        ours, to, theirs = (one.strip() for one in pair.partition("="))
        if not (ours and to and theirs) or ours in found:
            raise typer.BadParameter(f"{pair!r} is no column, as valid_from=Startdatum, each once")
        found[ours] = theirs
    return found


def _parse_day(text: str | None) -> dt.date | None:
    try:
        return None if text is None else dt.date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no day, as 2022-12-31") from None


class _AskedWorkers(NamedTuple):
    """Who does the work, as the command line says it."""

    scheduler: str | None
    workers: int | None
    store: str | None
    dashboard: bool
    tiles: int | None = None

    def choose(self) -> tuple[Store, Callable[[], AbstractContextManager[Cluster]]]:
        """Give the store and what opens the workers; what changes nothing for others is refused."""
        from stemgeo.scale.cluster import LOCAL, check_address, open_cluster
        from stemgeo.scale.store import open_store

        scheduler = check_address(self.scheduler or LOCAL)
        if scheduler != LOCAL:
            for name, given in {"--workers": self.workers, "--dashboard": self.dashboard}.items():
                if given:
                    raise typer.BadParameter(f"{name} is of local: {scheduler} has its own")
        store = open_store(self.store)
        return store, lambda: open_cluster(
            scheduler, store, workers=self.workers, dashboard=self.dashboard
        )

    @contextmanager
    def travel(self, study: Study, progress: Progress) -> Iterator[OverRoads | None]:
        """Give who travels over the roads of a study: in tiles on workers, where that is asked."""
        if self.scheduler is None:
            for name in ("tiles", "workers", "store", "dashboard"):
                if getattr(self, name):
                    raise typer.BadParameter(f"--{name} changes nothing without --scheduler")
            yield None
            return
        _need_extra("--scheduler")
        if study.straight_line:
            raise typer.BadParameter("--scheduler changes nothing in a straight line")
        from stemgeo.scale.on_workers import open_units
        from stemgeo.scale.over_tiles import Tiling

        _, opened = self.choose()
        progress(WAITING_FOR_WORKERS, 0.0)
        with opened() as cluster, open_units(cluster, study if self.store else None) as units:
            yield Tiling(units, self.tiles or cluster.workers)


@app.command("run")
def run_command(
    study: StudyPath,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the result goes.")],
    plan: PlanOption = None,
    edits: EditsOption = None,
    threads: ThreadsOption = None,
    scheduler: SchedulerOption = None,
    tiles: Annotated[
        int | None,
        typer.Option(
            "--tiles", min=1, max=10_000, help="Parts of the roads; one for each worker by itself."
        ),
    ] = None,
    workers: WorkersOption = None,
    store: StoreOption = None,
    *,
    dashboard: DashboardOption = False,
    uncertainty: Annotated[
        bool,
        typer.Option(
            "--uncertainty", help="Measure too what assumptions and untagged roads can change."
        ),
    ] = False,
    anyway: Annotated[
        bool,
        typer.Option("--anyway", help="Measure also where no academy has a road within the limit."),
    ] = False,
    replace: ReplaceOption = False,
    quiet: QuietOption = False,
) -> None:
    """Measure a study and write tables, isochrones, maps, gaps and a manifest."""
    from stemgeo.report.files import refuse_taken
    from stemgeo.study import load_study

    parsed = _add_plan(load_study(study), plan, edits)
    refuse_taken(out, replace=replace, reads=[study])
    language = parsed.language
    asked = _AskedWorkers(
        scheduler=scheduler, tiles=tiles, workers=workers, store=store, dashboard=dashboard
    )
    stages = STAGES["run"] if scheduler is None else (WAITING_FOR_WORKERS, *STAGES["run"])
    with (
        show_progress(language, stages, quiet=quiet) as progress,
        asked.travel(parsed, progress) as over,
    ):
        from stemgeo.study_run import run as run_study

        result = run_study(
            parsed,
            uncertainty=uncertainty,
            anyway=anyway,
            progress=progress,
            threads=threads,
            over=over,
        )
        result.write(out, replace=replace, progress=progress)
    from stemgeo.report.summary import format_coverage

    print_notes(result.notes, language)
    print_table(format_coverage(result.summary(), language), Form.text)
    _print_notices(result, Form.text)
    print_line(
        f"{_RESULT_IN.to_text(language)} {out}: summary.md, map.html, maps/, tables/, manifest.json"
    )


@app.command("batch")
def batch_command(
    studies: Annotated[
        Path, typer.Argument(metavar="STUDIES", help="A STUDIES.toml, see docs/scale.md.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the results go.")],
    scheduler: SchedulerOption = None,
    workers: WorkersOption = None,
    store: StoreOption = None,
    threads: Annotated[
        int | None,
        typer.Option("--threads", min=1, help="Searches side by side in each; 1 if not given."),
    ] = None,
    form: FormOption = Form.text,
    *,
    dashboard: DashboardOption = False,
    replace: ReplaceOption = False,
    quiet: QuietOption = False,
) -> None:
    """Measure many studies, years, speeds or draws, side by side; what is done is not redone."""
    _need_extra("stemgeo batch")
    from stemgeo.scale.batch import DONE, FAILED, run_batch
    from stemgeo.scale.studies import find_language_of, read_studies

    asked = read_studies(studies, out)
    language = find_language_of(asked) or find_language()
    chosen = _AskedWorkers(scheduler=scheduler, workers=workers, store=store, dashboard=dashboard)
    shared, opened = chosen.choose()
    try:
        with show_progress(
            language, STAGES["batch"], quiet=quiet, searches=scheduler in (None, "local")
        ) as progress:
            found = run_batch(
                asked, out, shared, opened, threads=threads or 1, replace=replace, progress=progress
            )
    except KeyboardInterrupt:
        print_line(_GOES_ON.to_text(language))
        raise _StoppedOnTheWay(INTERRUPTED) from None
    print_notes(found.notes, language)
    if form is not Form.text:
        print_table(found.table, form)
    elif found.count(DONE):
        print_table(found.shown(language), form)
    for row in found.table[found.table["status"] == FAILED].itertuples():
        print_line(f"error: {row.name}: {row.line}")
    print_line(found.tell(out).to_text(language))
    if found.count(FAILED):
        raise typer.Exit(1)


_GOES_ON = Said(
    "stopped; what is done is kept, and the same command goes on from there",
    "gestopt; wat klaar is, blijft, en dezelfde opdracht gaat daar verder",
    "arrêté ; ce qui est fait est gardé, et la même commande continue à partir de là",
)


class _StoppedOnTheWay(SystemExit):
    """Ctrl-C, where something was done already; that is told."""


def _need_extra(asked: str) -> None:
    """Say in one line what is not installed, before anything of it is imported."""
    from stemgeo.scale import need_extra

    need_extra(asked)


@app.command("site")
def site_command(
    study: StudyPath,
    places: Annotated[
        int | None, typer.Option("-n", "--places", min=0, help="The most new places.")
    ] = None,
    budget: Annotated[
        str | None, typer.Option("--budget", metavar="EUR", help="The most that they may cost.")
    ] = None,
    share: Annotated[
        float | None,
        typer.Option(
            "--share", min=0, max=1, help="Fewest places for this share within reach, as 0.95."
        ),
    ] = None,
    problem: Annotated[
        Wanted | None,
        typer.Option(
            "--problem", help="Most children (mclp), fewest places (lscp), least time, a backup."
        ),
    ] = None,
    profile: Annotated[Roads | None, typer.Option("--profile", help="Which roads.")] = None,
    edits: EditsOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where the plan goes.")
    ] = None,
    threads: ThreadsOption = None,
    form: FormOption = Form.text,
    *,
    replace: ReplaceOption = False,
    quiet: QuietOption = False,
) -> None:
    """Choose where the next academies would help most, with the proof that none is better."""
    from stemgeo.report.files import SITE, refuse_taken
    from stemgeo.study import load_study

    wanted = Wanted.lscp if problem is None and share is not None else problem
    if wanted is Wanted.lscp and (places is not None or budget is not None):
        raise typer.BadParameter("the fewest places for a share: leave -n and --budget out")
    if share is not None and wanted is not Wanted.lscp:
        raise typer.BadParameter(f"--share is of --problem lscp, not of {wanted}")
    _refuse_lone_replace(out, replace=replace)
    own = _add_plan(load_study(study), None, edits)
    parsed = own.with_siting(
        places=places, budget_eur=budget, share=share, problem=wanted, profile=profile
    )
    language = parsed.language
    for name in sorted(own.siting.model_fields_set - parsed.siting.model_fields_set):
        print_note(
            say(
                "siting.{name} of the study is left out: it is of another problem",
                "siting.{name} van de studie telt niet mee: het hoort bij een ander probleem",
                "siting.{name} de l’étude ne compte pas : il relève d’un autre problème",
                name=name,
            ),
            language,
        )
    if out is not None:
        refuse_taken(out, SITE, replace=replace, reads=[study])
    with show_progress(language, STAGES["site"], quiet=quiet) as progress:
        from stemgeo.planning import site as choose

        plan = choose(parsed, progress=progress, threads=threads)
        if out is not None:
            plan.write(out, replace=replace, progress=progress)
    print_notes(plan.notes, language)
    _print_plan(plan, form)
    if out is not None:
        print_line(
            f"{_PLAN_IN.to_text(language)} {out}: summary.md, plan.csv, maps/, tables/, "
            "manifest.json"
        )
        over = "" if edits is None else f" --edits {edits}"
        command = f"stemgeo run {study} --plan {out / 'plan.csv'}{over} --out {out}-run"
        print_line(f"{_MEASURE_IT.to_text(language)}: {command}")


def _print_plan(plan: Plan, form: Form) -> None:
    """Print the chosen places; for people with what they bring, the proof and the cost."""
    from stemgeo.report.plan import format_plan, say_plan

    if form is not Form.text:
        print_table(plan.list_places(), form)
        return
    language = plan.study.language
    for line in say_plan(plan, language):
        print(line)
    if len(plan.places):
        print()
        print_table(format_plan(plan, language), form)


@app.command("links")
def links_command(
    study: StudyPath,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where the result goes.")
    ] = None,
    together: Annotated[
        int | None,
        typer.Option("-n", "--together", min=0, help="So many at most are chosen together."),
    ] = None,
    budget: Annotated[
        str | None, typer.Option("--budget", metavar="EUR", help="The most that they may cost.")
    ] = None,
    projects: Annotated[
        Path | None,
        typer.Option(
            "--projects", metavar="FILE", help="Your own, with their cost; see network-edits.md."
        ),
    ] = None,
    edits: EditsOption = None,
    threads: ThreadsOption = None,
    form: FormOption = Form.text,
    *,
    with_academies: Annotated[
        bool,
        typer.Option("--with-academies", help="Choose among new academies too, by what they cost."),
    ] = False,
    replace: ReplaceOption = False,
    quiet: QuietOption = False,
) -> None:
    """Find which changes of roads bring most children within reach, each and together."""
    from stemgeo.report.files import LINKS, refuse_taken
    from stemgeo.study import load_study

    _refuse_lone_replace(out, replace=replace)
    own = _add_plan(load_study(study), None, edits)
    own = own if projects is None else own.with_projects(projects)
    parsed = own.with_links(
        together=together, budget_eur=budget, with_academies=with_academies or None
    )
    if out is not None:
        refuse_taken(out, LINKS, replace=replace, reads=[study])
    with show_progress(parsed.language, STAGES["links"], quiet=quiet) as progress:
        from stemgeo.linking import links

        found = links(parsed, progress=progress, threads=threads)
        if out is not None:
            found.write(out, replace=replace, progress=progress)
    print_notes(found.notes, parsed.language)
    _print_links(found, form)
    if out is not None:
        _print_where_links_are(found, study, out)


def _print_links(found: LinksResult, form: Form) -> None:
    """Print the changes that bring most; for people with what some bring together."""
    from stemgeo.report.links import LISTED, format_links, format_sets, say_links, say_unsaid

    if form is not Form.text:
        print_table(found.table("links"), form)
        return
    language = found.study.language
    for line in say_links(found, language):
        print(line)
    for rows in (format_sets(found, language), format_links(found, language).head(LISTED)):
        if len(rows):
            print()
            print_table(rows, form)
    print()
    for line in say_unsaid(found, language):
        print(line)


def _print_where_links_are(found: LinksResult, study: Path, out: Path) -> None:
    """Say what was written, and how the run is asked that measures what is chosen."""
    language = found.study.language
    files = "summary.md, links.gpkg, maps/, tables/, manifest.json"
    print_line(f"{_RESULT_IN.to_text(language)} {out}: {files}")
    given = [f"--edits {out / 'network-edits.geojson'}"] if len(found.edits) else []
    given += [f"--plan {out / 'plan.csv'}"] if len(found.academies) else []
    if given:
        command = f"stemgeo run {study} {' '.join(given)} --out {out}-run"
        print_line(f"{_MEASURE_IT.to_text(language)}: {command}")


def _refuse_lone_replace(out: Path | None, *, replace: bool) -> None:
    """Refuse --replace where nothing is written: it would change nothing."""
    if replace and out is None:
        raise typer.BadParameter("--replace is of --out: say where the result goes")


def _add_plan(study: Study, plan: Path | None, edits: Path | None) -> Study:
    """Put a plan and edits of roads that are given here in the place of the study's own."""
    study = study if plan is None else study.with_plan(plan)
    return study if edits is None else study.with_network_edits(edits)


@app.command("trend")
def trend_command(
    study: StudyPath,
    years: Annotated[
        str, typer.Option("--years", metavar="YEARS", help="2019-2022, or 2019,2022.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the result goes.")],
    *,
    replace: ReplaceOption = False,
    quiet: QuietOption = False,
) -> None:
    """Measure a study for the academies of several years: tables, a line chart and maps."""
    from stemgeo.report.files import TREND, refuse_taken
    from stemgeo.study import load_study

    wanted = _parse_years(years)
    parsed = load_study(study)
    refuse_taken(out, TREND, replace=replace, reads=[study])
    language = parsed.language
    with show_progress(language, STAGES["trend"], quiet=quiet) as progress:
        from stemgeo.years import format_trend, say_definitions
        from stemgeo.years import trend as measure_years

        result = measure_years(parsed, wanted, progress=progress)
        result.write(out, replace=replace, progress=progress)
    print_notes(result.notes, language)
    regions = result.table[result.table["level"] == "region"]
    print_table(format_trend(regions, language), Form.text)
    for line in say_definitions(regions, language, parsed.travel.stress_rules):
        print(line)
    _print_notices(result, Form.text)
    print_line(f"{_RESULT_IN.to_text(language)} {out}: summary.md, maps/, tables/, manifest.json")


def _parse_years(text: str) -> list[int]:
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


@app.command("coverage")
def coverage_command(
    result: ResultPath,
    by: Annotated[
        str,
        typer.Option(
            "--by",
            metavar="LEVEL",
            help="region, province, municipality, zone or a layer.",
            autocompletion=complete_levels,
        ),
    ] = "province",
    band: Annotated[
        str, typer.Option("--band", metavar="AGES", help="An age band of the study, as 12-17.")
    ] = "all",
    sex: Annotated[Sex, typer.Option("--sex", help="Girls (F), boys (M) or all.")] = Sex.all,
    form: FormOption = Form.text,
) -> None:
    """Print the share of children who can reach an academy."""
    from stemgeo.result import Result

    found = Result.from_folder(result)
    table = found.summary(by, band=band, sex=sex.value)
    if form is Form.text:
        from stemgeo.report.summary import format_coverage

        table = format_coverage(table, found.language, by, band=band, sex=sex.value)
    print_table(table, form)
    _print_notices(found, form)


@app.command("gaps")
def gaps_command(
    result: ResultPath,
    profile: Annotated[
        Roads,
        typer.Option(
            "--profile",
            help="all: out of reach over any road; low_stress: within reach only over busy roads.",
        ),
    ] = Roads.all,
    top: Annotated[int, typer.Option("--top", min=1, help="So many, largest first.")] = 10,
    form: FormOption = Form.text,
) -> None:
    """Print the areas with most children out of reach over all roads, and why."""
    from stemgeo.result import Result

    found = Result.from_folder(result)
    found.refuse_unmeasured(profile.value)
    every = found.table("gaps")
    table, lines = every[every["profile"] == profile.value].head(top), list[str]()
    if form is Form.text:
        from stemgeo.report.summary import format_gaps, say_gaps, say_meanings

        table, least = format_gaps(table, found.language, profile.value), found.study.gaps
        lines = say_meanings(every[every["profile"] == profile.value], found.study)
        lines += say_gaps(every, found.coverage, least.min_children, found.language)
    print_table(table, form)
    for line in lines:
        print(line)
    _print_notices(found, form)


@app.command("compare")
def compare_command(
    before: Annotated[
        Path,
        typer.Argument(
            metavar="A", help="A folder that a run wrote.", autocompletion=complete_results
        ),
    ],
    after: Annotated[
        Path,
        typer.Argument(metavar="B", help="Another one.", autocompletion=complete_results),
    ],
    by: Annotated[
        str, typer.Option("--by", metavar="LEVEL", help="region, province, municipality or zone.")
    ] = "province",
    form: FormOption = Form.text,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where tables and summary go.")
    ] = None,
    *,
    replace: ReplaceOption = False,
    quiet: QuietOption = False,
) -> None:
    """Print what changed from one result to another, and who lost."""
    import pandas as pd

    from stemgeo.report.comparison import compare as compare_results
    from stemgeo.report.comparison import (
        format_comparison,
        list_notices,
        say_differences,
        say_heading,
        say_in_both,
        say_moved,
    )
    from stemgeo.report.files import COMPARE, refuse_taken
    from stemgeo.report.outcome import Tables

    _refuse_lone_replace(out, replace=replace)
    if out is not None:
        refuse_taken(out, COMPARE, replace=replace, reads=[before, after])
    language = Tables.from_folder(before).language
    with show_progress(language, STAGES["compare"], quiet=quiet) as progress:
        found = compare_results(before, after, progress=progress)
    tables = {profile: found.of(by, profile=profile) for profile in found.profiles}
    if out is not None:
        found.write(out, replace=replace)
    words = found.words
    # Before any figure: nobody compares apples and pears unaware.
    aside = sys.stdout if form is Form.text else sys.stderr
    for line in (
        words.join_pair(words("compare.differences"), "").rstrip(" "),
        *say_differences(found),
        *say_in_both(found),
    ):
        print(line, file=aside)
    if form is Form.text:
        for profile, rows in tables.items():
            print(f"\n{say_heading(found, profile)}")
            print_table(format_comparison(rows, found, by), form)
            print(say_moved(found, profile))
    else:
        print_table(pd.concat(tables.values(), ignore_index=True), form)
    for line in list_notices(found.a, found.b):
        print(line, file=aside)
    print_notes(found.notes, found.language)


@app.command("explain")
def explain_command(
    before: Annotated[
        Path, typer.Argument(metavar="A", help="A study.toml or its folder, or a result of a run.")
    ],
    after: Annotated[Path, typer.Argument(metavar="B", help="Another one.")],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Where table, chart and summary go.")
    ],
    form: FormOption = Form.text,
    *,
    replace: ReplaceOption = False,
    threads: ThreadsOption = None,
    quiet: QuietOption = False,
) -> None:
    """Say why the number of children within reach changed from one study to another."""
    from stemgeo.explain.bridging import bridge_ends
    from stemgeo.explain.ends import take_end
    from stemgeo.report.bridge import format_bridge, say_change, say_heading, say_new, say_questions
    from stemgeo.report.comparison import list_notices
    from stemgeo.report.files import EXPLAIN, refuse_taken

    refuse_taken(out, EXPLAIN, replace=replace, reads=[before, after])
    ends = take_end(before), take_end(after)
    language = ends[1].study.language
    with show_progress(language, STAGES["explain"], quiet=quiet) as progress:
        found = bridge_ends(*ends, progress=progress, threads=threads)
        found.write(out, replace=replace, progress=progress)
    aside = sys.stdout if form is Form.text else sys.stderr
    for line in (*say_questions(found), *say_new(found)):
        print(line, file=aside)
    if form is Form.text:
        for profile in found.profiles:
            print(f"\n{say_heading(found, profile)}")
            print_table(format_bridge(found.of("region", profile=profile), found), form)
            print(say_change(found, profile))
    else:
        print_table(found.table[found.table["level"] == "region"], form)
    for line in list_notices(found.a, found.b, language):
        print(line, file=aside)
    print_notes(found.notes, language)


@app.command("candidates")
def candidates_command(
    result: ResultPath,
    top: Annotated[int, typer.Option("--top", min=1, help="So many, first in rank.")] = 10,
    form: FormOption = Form.text,
) -> None:
    """Print the municipalities where one academy more would add most."""
    from stemgeo.result import Result

    found = Result.from_folder(result)
    table = found.candidates.head(top)
    if form is Form.text:
        from stemgeo.report.summary import format_candidates

        table = format_candidates(table, found.language, found.partly_provinces)
    print_table(table, form)
    _print_notices(found, form)


@app.command("answer")
def answer_command(
    result: ResultPath,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the answer goes.")],
    lang: Annotated[
        Lang | None, typer.Option("--lang", help="nl, en or fr; that of the study when not given.")
    ] = None,
    plan: Annotated[
        Path | None,
        typer.Option(
            "--plan",
            metavar="DIR",
            help="A plan: of `site`, or as `run --plan` or `compare` measured it.",
        ),
    ] = None,
    before: Annotated[
        Path | None,
        typer.Option("--before", metavar="DIR", help="A result of the year before, to compare."),
    ] = None,
    trend: Annotated[
        Path | None,
        typer.Option(
            "--trend", metavar="DIR", help="A trend of the same study: the overview by year."
        ),
    ] = None,
    links: Annotated[
        Path | None,
        typer.Option("--links", metavar="DIR", help="What `links` found for the same study."),
    ] = None,
    why: Annotated[
        Path | None,
        typer.Option(
            "--explain", metavar="DIR", help="Of `explain` to this study: why the figure changed."
        ),
    ] = None,
    templates: Annotated[
        Path | None,
        typer.Option("--templates", metavar="DIR", help="Texts of your own: `stemgeo templates`."),
    ] = None,
    *,
    replace: ReplaceOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write the answer to parliament: text in Word and PDF, tables, maps, web map, manifest."""
    from stemgeo.report.files import ANSWER, refuse_taken
    from stemgeo.result import Result

    refuse_taken(out, ANSWER, replace=replace, reads=[result])
    found = Result.from_folder(result, None if lang is None else lang.value)
    language = found.language
    with show_progress(language, STAGES["answer"], quiet=quiet) as progress:
        from stemgeo.report.answers import Answer
        from stemgeo.report.answers import answer as write_answer
        from stemgeo.report.letter import list_unused_texts

        write_answer(
            found,
            out,
            plan=plan,
            before=before,
            trend=trend,
            links=links,
            why=why,
            templates=templates,
            replace=replace,
            progress=progress,
        )
    written = Answer.from_folder(out)
    if written.unanswered:
        lacking = say(
            "no section of the text answers question {numbers}",
            "geen deel van de tekst beantwoordt vraag {numbers}",
            "aucune partie du texte ne répond à la question {numbers}",
            numbers=", ".join(map(str, written.unanswered)),
        )
        print_note(lacking, language)
    if written.typed_numbers:
        typed = say(
            "these numbers stand in the template, and no table vouches for them: {numbers}",
            "deze getallen staan in het sjabloon, en geen tabel staat ervoor in: {numbers}",
            "ces nombres figurent dans le modèle, et aucun tableau ne les garantit : {numbers}",
            numbers=", ".join(written.typed_numbers),
        )
        print_note(typed, language)
    unused = list_unused_texts(templates, written.templates) if templates else []
    for path in (f"{templates}/{name}" for name in unused):
        not_used = say(
            "{path}: is not used by the answer",
            "{path}: wordt door het antwoord niet gebruikt",
            "{path} : n’est pas utilisé par la réponse",
            path=path,
        )
        print_note(not_used, language)
    if not written.pdf_standard:
        lacking = Said(
            "no font at hand has every letter of the text: the PDF is tagged, not PDF/UA",
            "geen lettertype hier heeft elke letter van de tekst: de PDF is getagd, geen PDF/UA",
            "aucune police disponible n’a toutes les lettres du texte : le PDF est balisé, mais "
            "pas PDF/UA",
        )
        print_note(lacking, language)
    for form in ("docx", "pdf"):
        print(out / f"{load_texts(language)('file.letter')}.{form}")
    where = say(
        "Answer in {out}, {files} files. Check it: stemgeo verify {out}",
        "Antwoord in {out}, {files} bestanden. Kijk het na: stemgeo verify {out}",
        "Réponse dans {out}, {files} fichiers. Vérifiez-la : stemgeo verify {out}",
        out=str(out),
        files=say_amount(len(written.manifest["outputs"])),
    )
    print_line(where.to_text(language))
    _print_notices(written, Form.csv)


@app.command("templates")
def templates_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that is new or empty.")],
    *,
    replace: ReplaceOption = False,
) -> None:
    """Write the texts of the answer, to change them and give them back with --templates."""
    from stemgeo.report.letter import write_templates

    for path in write_templates(folder, replace=replace):
        print(path)


@app.command("verify")
def verify_command(
    result: WrittenPath,
    study: Annotated[
        list[Path] | None,
        typer.Option(
            "--study",
            metavar="STUDY",
            help="Its study, of a comparison or bridge both in order; else looked for by hash.",
        ),
    ] = None,
    plan: Annotated[
        Path | None,
        typer.Option(
            "--plan", metavar="FILE", help="Its plan; looked for by its hash when not given."
        ),
    ] = None,
    edits: Annotated[
        Path | None,
        typer.Option("--edits", metavar="FILE", help="Its edits of roads; looked for alike."),
    ] = None,
    *,
    trust_templates: Annotated[
        bool,
        typer.Option(
            "--trust-templates",
            help="Fill in the templates that the manifest of an answer holds too.",
        ),
    ] = False,
    threads: ThreadsOption = None,
    quiet: QuietOption = False,
) -> None:
    """Compute a result again from its inputs and say what differs; status 1 when anything does."""
    from stemgeo.verification import verify as verify_result
    from stemgeo.written import read_result

    written = read_result(result)
    stages = (*STAGES.get(written.COMMAND, ()), COMPARING)
    with show_progress(written.language, stages, quiet=quiet) as progress:
        found = verify_result(
            written,
            study or None,
            plan=plan,
            edits=edits,
            trust_templates=trust_templates,
            progress=progress,
            threads=threads,
        )
    for line in found.lines():
        print(line)
    if not found.same:
        raise typer.Exit(1)


@app.command("publish")
def publish_command(
    result: ResultPath,
    out: Annotated[Path, typer.Option("--out", metavar="SITE", help="Where the site goes.")],
    *,
    replace: ReplaceOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write a site of a result: a page for each municipality, to read without a network too."""
    from stemgeo.result import Result

    found = Result.from_folder(result)
    with show_progress(found.language, STAGES["publish"], quiet=quiet) as progress:
        from stemgeo.publish.site import publish_site

        site = publish_site(found, out, replace=replace, progress=progress)
    print_notes(site.notes, found.language)
    where = say(
        "Site in {folder}: {pages} pages, {size} MB; open index.html",
        "Site in {folder}: {pages} pagina’s, {size} MB; open index.html",
        "Site dans {folder} : {pages} pages, {size} Mo ; ouvrez index.html",
        folder=str(out),
        pages=say_amount(site.pages),
        size=say_amount(site.size_bytes / 1_000_000, 1),
    )
    print_line(where.to_text(found.language))


@app.command(name="export")
def export_command(
    result: ResultPath,
    to: Annotated[ExportTo, typer.Option("--to", help="swing: for provincies.incijfers.be.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the files go.")],
    *,
    code: Annotated[
        str,
        typer.Option("--code", help="What the codes of subjects have behind v: four digits."),
    ] = "stem",
    replace: ReplaceOption = False,
) -> None:
    """Write a result in the form that another site takes: counts with their denominators."""
    from stemgeo.result import Result

    _refuse_odd_code(code)
    found = Result.from_folder(result)
    from stemgeo.report.swing import export_swing

    made = export_swing(found, out, code=code, replace=replace)
    print_notes(made.notes, found.language)
    where = say(
        "Upload for {to} in {folder}: {subjects} subjects of {levels}",
        "Upload voor {to} in {folder}: {subjects} onderwerpen van {levels}",
        "Fichiers pour {to} dans {folder} : {subjects} sujets de {levels}",
        to=to.value,
        folder=str(out),
        subjects=say_amount(len(made.subjects)),
        levels=say_list([*made.tables]),
    )
    print_line(where.to_text(found.language))


def _refuse_odd_code(code: str) -> None:
    if not re.fullmatch("[a-z0-9]{1,12}", code):
        what = "is no code: at most 12 small letters and digits"
        raise StemgeoError(Problem("--code", what, "give the four digits of the site"))


class _HelpWithKinds(TyperCommand):
    """Help that ends with the kinds of maps; what draws them loads when it is asked for."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 -- click's call
        from stemgeo.maps.kinds import KINDS

        with formatter.section("Kinds"):
            formatter.write_dl([(one.key, one.help) for one in KINDS.values()])


@app.command(name="map", cls=_HelpWithKinds)
def map_command(
    result: ResultPath,
    province: Annotated[
        str | None,
        typer.Option(
            "--province",
            help="One province; without it all of the study.",
            autocompletion=complete_provinces,
        ),
    ] = None,
    kind: Annotated[
        str,
        typer.Option(
            "--kind",
            metavar="KIND",
            help="What the map shows; see below.",
            autocompletion=complete_kinds,
        ),
    ] = "share",
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="WHAT", help="By what, where a kind has several; see below."),
    ] = None,
    before: Annotated[
        Path | None,
        typer.Option("--before", metavar="DIR", help="An earlier result, for kinds that take one."),
    ] = None,
    *,
    isochrones: Annotated[
        bool, typer.Option("--isochrones", help="Draw the edge of the last isochrone band.")
    ] = False,
    lang: Annotated[
        Lang | None, typer.Option("--lang", help="nl, en or fr; that of the study when not given.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            help="A .png, .svg or .pdf, with its figures beside it as .csv, or an .html, the web "
            "map; without it a .png in this folder.",
        ),
    ] = None,
    plan: Annotated[
        Path | None,
        typer.Option("--plan", metavar="DIR", help="A plan of the same study, on the web map."),
    ] = None,
    links: Annotated[
        Path | None,
        typer.Option("--links", metavar="DIR", help="What `links` found, on the web map."),
    ] = None,
    replace: ReplaceOption = False,
    quiet: QuietOption = False,
) -> None:
    """Draw a map of a result, with what it shows in words inside the file."""
    from stemgeo.maps.kinds import KINDS, save_map
    from stemgeo.report.files import drawings_folder, write_csv
    from stemgeo.report.outcome import Tables
    from stemgeo.report.sheets import draw_from_folder

    names = {name.lower(): name for name in PROVINCES}
    chosen = names.get(province.lower()) if province else None
    if province and chosen is None:
        raise typer.BadParameter(f"{province!r} is not one of {', '.join(PROVINCES)}")
    if kind not in KINDS:
        raise typer.BadParameter(f"{kind!r} is not one of {', '.join(KINDS)}")
    target = out or Path(f"{_name_map_file(kind, by, chosen)}.png")
    form = target.suffix.removeprefix(".").lower()
    language: Language | None = None if lang is None else lang.value
    if form == "html":
        if chosen or by or isochrones or kind != "share":
            raise typer.BadParameter(
                "the web map has all that --kind, --by, --province and --isochrones choose: leave "
                "them out"
            )
        beside = {"plan": plan, "before": before, "links": links}
        _write_web_map(result, target, language, beside, replace=replace, quiet=quiet)
        return
    if form not in ("png", "svg", "pdf"):
        raise typer.BadParameter(f"{target.name!r} must end in .png, .svg, .pdf or .html")
    for name in [name for name, given in {"plan": plan, "links": links}.items() if given]:
        raise typer.BadParameter(f"--{name} is drawn on the web map alone: give --out an .html")
    spoken = Tables.from_folder(result, language).language
    with show_progress(spoken, STAGES["map"], quiet=quiet) as progress:
        progress(READING_RESULT, 0.0)
        drawn = draw_from_folder(
            result,
            kind,
            chosen,
            by=by,
            language=language,
            before=before,
            isochrone_edge=isochrones,
        )
        progress(DRAWING_MAPS, 0.5)
        with drawings_folder(target.parent, replace=replace) as folder:
            paths = save_map(drawn, folder / target.stem, (form,))
            if out is not None:
                paths.append(folder / f"{target.stem}.csv")
                write_csv(drawn.table, paths[-1])
    for path in paths:
        print(target.parent / path.name)


def _write_web_map(
    result: Path,
    target: Path,
    language: Language | None,
    beside: dict[str, Path | None],
    *,
    replace: bool,
    quiet: bool,
) -> None:
    from stemgeo.report.files import drawings_folder
    from stemgeo.result import Result

    found = Result.from_folder(result, language)
    with show_progress(found.language, STAGES["map"], quiet=quiet) as progress:
        progress(DRAWING_MAPS, 0.0)
        page = found.web_map(**beside)
    with drawings_folder(target.parent, replace=replace) as folder:
        (folder / target.name).write_text(page, encoding="utf-8")
    print(target)


def _name_map_file(kind: str, by: str | None, province: str | None) -> str:
    """Name a file by fixed words: vlaanderen, or minutes-zone-limburg."""
    place = (province or "Vlaanderen").lower()
    return (
        place if kind == "share" and by is None else "-".join([kind, *([by] if by else []), place])
    )


@app.command("explore")
def explore_command(
    study: StudyPath,
    port: Annotated[
        int,
        typer.Option("--port", min=0, max=65535, help="Of this machine; 0 takes one that is free."),
    ] = 0,
    *,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the address, and open no browser.")
    ] = False,
    variants: Annotated[
        Path | None,
        typer.Option(
            "--variants", metavar="DIR", help="Of saved variants; `variants` beside study.toml."
        ),
    ] = None,
    threads: ThreadsOption = None,
    quiet: QuietOption = False,
) -> None:
    """Place, move and close academies on a page, and see at once which children that brings."""
    from stemgeo.explore.server import (
        Door,
        Explorer,
        build_app,
        let_go,
        listen,
        open_browser,
        refuse_no_folder,
        refuse_own_plan,
        serve,
    )
    from stemgeo.study import load_study

    asked = load_study(study)
    refuse_own_plan(asked)
    file = study / "study.toml" if study.is_dir() else study
    saved = variants or file.parent / "variants"
    refuse_no_folder(saved)
    with listen(port) as taken:
        with show_progress(asked.language, STAGES["explore"], quiet=quiet) as progress:
            from stemgeo.explore.board import Board

            board = Board.open(asked, progress=progress, threads=threads)
        explorer = Explorer.of_board(board, file, saved)
        door = Door.on_port(taken.getsockname()[1])
        for note in board.notes[str(asked.language)]:
            print_line(f"{NOTE.to_text(asked.language)} {note}")
        where = say(
            "The explorer, until Ctrl-C: {address}",
            "De verkenner, tot Ctrl-C: {address}",
            "L’explorateur, jusqu’à Ctrl-C : {address}",
            address=door.address,
        )
        print_line(where.to_text(asked.language))
        if not no_browser:
            open_browser(door.address)
        serve(build_app(explorer, door), taken)
        explorer.prover.stop()
        print_line(_EXPLORED.to_text(asked.language))
        let_go()


_EXPLORED = Said(
    "The explorer has stopped; what was saved is there.",
    "De verkenner is gestopt; wat bewaard is, is er nog.",
    "L’explorateur s’est arrêté ; ce qui est enregistré est là.",
)


_MADE_BETWEEN = 50_000
"""Things that are made before Python looks which of them nobody can reach any more."""


def main() -> None:
    """Run the command line; expected errors become plain lines and exit status 1."""
    # A run that is told to end tidies up, as for Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # Millions of small things are made, of which hardly any refer to one another in a ring: looking
    # for those as often as Python does takes a twentieth of a run.
    gc.set_threshold(_MADE_BETWEEN, 10, 10)
    # At its end Python would look once more: most of a second, for what goes with the process.
    atexit.register(gc.freeze)
    bear_any_letter()
    with speak_log():
        try:
            try:
                sys.argv[1:] = map(_expand_word, sys.argv[1:])
                app(prog_name="stemgeo")
            finally:
                sys.stdout.flush()
        except SystemExit as ended:
            # Typer takes Ctrl-C itself and leaves nothing but this status.
            if ended.code == INTERRUPTED and not isinstance(ended, _StoppedOnTheWay):
                print_line("stopped; nothing was changed")
            raise
        except Exception as error:
            if not _explain(error):
                raise
            sys.exit(1)


def _expand_word(word: str) -> str:
    """Give a word as a shell should have: ~ is the home folder also in quotes and behind a =."""
    option, given, value = word.partition("=")
    if word.startswith("--") and given:
        return f"{option}={expand_home(value)}"
    return expand_home(word)


def _explain(error: Exception) -> bool:
    """Say what went wrong, where that is known."""
    if lack := find_lack_of_memory(error):
        # What the work held is not needed any more, and a line needs some memory too.
        traceback.clear_frames(error.__traceback__)
        print_line(f"error: {lack}")
    elif isinstance(error, StemgeoError):
        for line in str(error).split("\n"):
            print_line(f"error: {line}")
    elif isinstance(error, OSError):
        what = error.strerror or str(error)
        print_line(f"error: {Problem(str(error.filename or 'output'), what)}")
        if error.filename is None:
            let_go_of_output()
    else:
        return False
    return True


def _print_notices(found: Outcome, form: Form) -> None:
    """Print the notice of the study: below a table that people read, else beside the data."""
    for line in (found.text.notice, found.text.method_note):
        if line:
            print(line, file=sys.stdout if form is Form.text else sys.stderr)


if __name__ == "__main__":
    main()
