"""The commands that bring data here: the only ones that speak to a server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stemgeo.errors import Problem, StudyError
from stemgeo.notes import say
from stemgeo.terminal import Form, FormOption, print_line, print_note, print_table

if TYPE_CHECKING:
    from stemgeo.fetch.events import EventPlan
    from stemgeo.sources.catalogue import DataSource

SourcesOption = Annotated[
    Path | None,
    typer.Option("--sources", metavar="FILE", help="Sources of your own: those of a mirror."),
]
OfflineOption = Annotated[
    bool, typer.Option("--offline", help="Ask nobody: take what was fetched before.")
]
DryOption = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be asked, and ask nobody.")
]

fetch_app = typer.Typer(
    help="Bring open data into a folder, each file with its source, date and licence.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@fetch_app.callback()
def fetch_command() -> None:
    """Bring open data into a folder, each file with its source, date and licence."""


@fetch_app.command("events")
def events_command(
    folder: Annotated[
        Path, typer.Argument(metavar="STUDY", help="A study.toml or its folder; or any folder.")
    ],
    *,
    first_year: Annotated[
        int | None, typer.Option("--from", help="First year; that of the study if not given.")
    ] = None,
    last_year: Annotated[
        int | None, typer.Option("--to", help="Last year; that of the study if not given.")
    ] = None,
    labels: Annotated[
        list[str] | None,
        typer.Option("--label", help="Of what is sought; by default that of the study."),
    ] = None,
    others: Annotated[
        list[str] | None,
        typer.Option("--also", help="Label of events that are counted without the first."),
    ] = None,
    offline: OfflineOption = False,
    dry_run: DryOption = False,
    sources: SourcesOption = None,
    form: FormOption = Form.text,
) -> None:
    """Events of the UiT-databank by year, for [inputs.events]; proposals for the register.

    The client id that publiq gave you stands in $STEMGEO_UITDATABANK_CLIENT_ID, or alone in the
    file .uitdatabank beside the study.
    """
    from stemgeo.fetch.events import SOURCE, fetch_events, plan_events, read_client_id
    from stemgeo.inputs.cache import cache_folder
    from stemgeo.sources.catalogue import read_catalogue, shipped_catalogue
    from stemgeo.sources.client import Client
    from stemgeo.study import load_study

    if offline and dry_run:
        what = "asks nobody either way"
        raise StudyError(Problem("--offline", what, "leave out one of --offline and --dry-run"))
    catalogue = shipped_catalogue() if sources is None else read_catalogue(sources)
    source = catalogue.find(SOURCE)
    is_study = folder.is_file() or (folder / "study.toml").is_file()
    study = load_study(folder) if is_study else None
    place = folder.parent if folder.is_file() else folder
    years = (first_year, last_year)
    plan = plan_events(source, place, study, years=years, labels=labels or (), others=others or ())
    if dry_run:
        _print_plan(plan, source)
        return
    client_id, warnings = (None, ()) if offline else read_client_id(source, place)
    for one in warnings:
        print_note(one, plan.language)
    with Client(catalogue.manners, cache_folder() / "downloads") as client:
        fetched = fetch_events(client, source, plan, client_id)
    print_table(fetched.account, form)
    for question, count, day in fetched.asked:
        print_line(
            f"labels={question.label} childrenOnly={str(question.children_only).lower()}: {count} "
            f"({day:%Y-%m-%d})"
        )
    for one in fetched.notes:
        print_note(one, plan.language)
    written = say("Written: {files}", "Geschreven: {files}", "Écrit : {files}",
                  files=", ".join(map(str, fetched.files)))  # fmt: skip
    print_line(written.to_text(plan.language))


def _print_plan(plan: EventPlan, source: DataSource) -> None:
    """Print what would be asked, and where it goes; who asks is in none of it."""
    from stemgeo.fetch.events import PROPOSALS

    for question in plan.questions:
        print(f"{source.address} {question}")
    print_line(f"-> {plan.folder / source.file}, {plan.folder / PROPOSALS}")
