"""The commands that bring data here: the only ones that speak to a server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stemgeo.errors import Problem, StudyError
from stemgeo.notes import Said, say
from stemgeo.terminal import (
    Form,
    FormOption,
    Lang,
    StudyPath,
    print_line,
    print_note,
    print_notes,
    print_table,
    show_progress,
)

if TYPE_CHECKING:
    from stemgeo.beginning import NewStudy
    from stemgeo.fetch.addresses import AddressPlan
    from stemgeo.fetch.events import EventPlan
    from stemgeo.fetch.flanders import Fetched, FlandersAsked
    from stemgeo.sources.catalogue import Catalogue, DataSource

fetch_app = typer.Typer(
    help="Bring open data into a folder, each file with its source, date and licence.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

SourcesOption = Annotated[
    Path | None,
    typer.Option("--sources", metavar="FILE", help="Of sources: a mirror of one's own."),
]
OfflineOption = Annotated[
    bool, typer.Option("--offline", help="Ask nobody: take what was fetched before.")
]
DryOption = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be asked, and ask nobody.")
]
GivenOption = Annotated[
    Path | None,
    typer.Option("--from", metavar="FOLDER", help="With files that you downloaded by hand."),
]
KeepOption = Annotated[
    bool,
    typer.Option(
        "--replace", help="Bring it anew; what stands there is kept beside it, as NAME.old-DATE."
    ),
]


def read_sources(path: Path | None) -> Catalogue:
    """Read the file of sources that was given, or that which is shipped."""
    from stemgeo.sources.catalogue import read_catalogue, shipped_catalogue

    return shipped_catalogue() if path is None else read_catalogue(path)


def find_store() -> Path:
    """Give the folder of downloads, shared by all studies."""
    from stemgeo.inputs.cache import cache_folder

    return cache_folder() / "downloads"


@fetch_app.callback(invoke_without_command=True)
def fetch_command(
    context: typer.Context,
    given: GivenOption = None,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="DIR", help="Where they go; here when not given."),
    ] = None,
    year: Annotated[
        int | None,
        typer.Option("--year", metavar="YEAR", help="Of files that say nowhere of when they are."),
    ] = None,
    sources: SourcesOption = None,
    *,
    replace: KeepOption = False,
) -> None:
    """Bring open data into a folder, each file with its source, date and licence.

    With --from alone: recognise files that you downloaded, check them, and enter them into the
    lock of a folder.
    """
    named = {"--from": given, "--to": to, "--year": year, "--sources": sources}
    options = [name for name, value in {**named, "--replace": replace}.items() if value]
    if context.invoked_subcommand is not None:
        if options:
            raise typer.BadParameter(f"give {options[0]} behind {context.invoked_subcommand}")
        return
    if given is None:
        raise typer.BadParameter("give --from FOLDER, or one of the commands: stemgeo fetch --help")
    from stemgeo.errors import FetchError
    from stemgeo.fetch.by_hand import list_unknown, recognise_folder, take_folder

    catalogue, into = read_sources(sources), to or Path()
    found = recognise_folder(given, catalogue, year)
    taken, problems = take_folder(found, into, find_store(), catalogue, year, replace=replace)
    for line in list_unknown(found):
        print_line(f"note: {line}")
    for one in taken:
        print(into / one.entry.file)
        if one.told is not None:
            print_note(one.told, "en")
    if problems:
        raise FetchError(*problems)
    if not taken:
        raise FetchError(f"{given}: holds no file that is known here; stemgeo sources --help")


@fetch_app.command("flanders")
def flanders_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the files go.")],
    year: Annotated[int, typer.Option("--year", metavar="YEAR", help="Of the data.")],
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="KEY", help="One of its sources; again for another."),
    ] = None,
    area: Annotated[
        list[str] | None,
        typer.Option(
            "--area", metavar="NAME", help="A municipality, NIS code or province: its study."
        ),
    ] = None,
    academies: Annotated[
        Path | None, typer.Option("--academies", metavar="FILE", help="The register.")
    ] = None,
    given: GivenOption = None,
    sources: SourcesOption = None,
    lang: Annotated[
        Lang | None, typer.Option("--lang", help="Of the study: nl, en or fr; nl if not given.")
    ] = None,
    *,
    offline: OfflineOption = False,
    dry_run: DryOption = False,
    replace: KeepOption = False,
) -> None:
    """Bring all that a study of Flanders needs, and write the study."""
    from stemgeo.fetch.flanders import FlandersAsked, fetch_flanders

    asked = FlandersAsked(
        folder,
        year,
        read_sources(sources),
        only=tuple(only or ()),
        area=tuple(area or ()),
        academies=academies,
        given=given,
        offline=offline,
        replace=replace,
        language=lang.value if lang else "nl",
    )
    idle = {"--academies": academies, "--area": area, "--lang": lang}
    _refuse_idle(folder, [name for name, value in idle.items() if value])
    if dry_run:
        _print_files(asked)
        return
    with show_progress(asked.language) as progress:
        found = fetch_flanders(asked, find_store(), progress)
    _print_fetched(asked, found)


def _refuse_both(*, offline: bool, dry_run: bool) -> None:
    """Refuse one of two options of which each asks nobody."""
    if offline and dry_run:
        what = "asks nobody either way"
        raise StudyError(Problem("--offline", what, "leave out one of --offline and --dry-run"))


def _print_files(asked: FlandersAsked) -> None:
    """Print what would come, how large it is, from where and under which licence."""
    from stemgeo.fetch.flanders import plan_flanders
    from stemgeo.fetch.overview import describe_plan
    from stemgeo.sources.client import Client

    manners = asked.catalogue.manners
    with Client(manners, find_store(), offline=asked.offline) as client:
        table, told = describe_plan(plan_flanders(asked), asked, client)
    print_table(table, Form.text)
    for line in told:
        print_line(f"note: {line}")


def _refuse_idle(folder: Path, options: list[str]) -> None:
    """Refuse what is of a study to be written, where there is one."""
    from stemgeo.beginning import FILE

    if options and (folder / FILE).exists():
        raise typer.BadParameter(
            f"{options[0]} changes nothing: {folder / FILE} is there and stays as it is; write it "
            "there, or name another folder"
        )


def _print_fetched(asked: FlandersAsked, found: Fetched) -> None:
    """Print what came, what must be known of it, and what is still to do."""
    from stemgeo.beginning import FILE
    from stemgeo.errors import FetchError, InputError
    from stemgeo.fetch.overview import describe_steps

    language = asked.language
    print_table(describe_steps(found.steps), Form.text)
    for told in found.told:
        if isinstance(told, str):
            print_line(f"note: {told}")
        else:
            print_note(told, language)
    if found.lines:
        print_line(f"{asked.folder / FILE} stays as it is; under [inputs] it lacks:")
        for line in found.lines:
            print(line)
    if found.begun is not None:
        _print_begun(asked, found.begun)
    asks = found.begun.asks if found.begun else ()
    if problems := (*found.problems, *found.spared):
        print_line(f"To go on, also with files by hand: {asked.command}")
        raise FetchError(*problems, *asks)
    if asks:
        raise InputError(*asks)


def _print_begun(asked: FlandersAsked, begun: NewStudy) -> None:
    """Print where the study is, and what it still lacks."""
    from stemgeo.beginning import REGISTER

    print_notes(begun.notes, asked.language)
    print_line(f"Study written to {begun.path}. Next: stemgeo check {asked.folder}")
    if asked.academies is None and not (asked.folder / REGISTER).exists():
        print_line(
            f"It lacks its register: put it there as {REGISTER}, or next time: --academies FILE"
        )


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
    from stemgeo.sources.client import Client
    from stemgeo.study import load_study

    _refuse_both(offline=offline, dry_run=dry_run)
    catalogue = read_sources(sources)
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
    store, language = find_store(), plan.language
    with Client(catalogue.manners, store) as client, show_progress(language) as progress:
        fetched = fetch_events(client, source, plan, client_id, progress)
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


def sources_command(
    place: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="A folder with a sources.lock, a study, or a result."),
    ],
    sources: SourcesOption = None,
    form: FormOption = Form.text,
    *,
    online: Annotated[
        bool, typer.Option("--online", help="Ask the servers whether they have a later file.")
    ] = False,
) -> None:
    """Say what data are here: of when, from where, under which licence, and what is newer."""
    from stemgeo.fetch.overview import add_newer
    from stemgeo.sources.client import Client

    catalogue = read_sources(sources)
    rows, attribution = _describe_place(place)
    if online and not any("entry" in row for row in rows):
        raise typer.BadParameter(f"--online changes nothing: {place} has no lock of sources")
    with Client(catalogue.manners, find_store()) as client:
        found = add_newer(rows, catalogue, client if online else None)
    print_table(found.format() if form is Form.text else found.table, form)
    for line in found.told:
        print_line(f"note: {line}")
    text = attribution or found.attribution
    if form is Form.text and text:
        print(f"\n{text}")
    elif text:
        print_line(text)


def _describe_place(place: Path) -> tuple[list[dict[str, Any]], str]:
    """Describe what a place has: a result by its manifest, a study by its files, or a folder."""
    from stemgeo.beginning import FILE
    from stemgeo.errors import FetchError
    from stemgeo.fetch.overview import describe_folder, describe_inputs, describe_study
    from stemgeo.study import load_study

    if (place / "manifest.json").is_file():
        from stemgeo.written import read_result

        manifest = read_result(place).manifest
        parts = [manifest, *(manifest.get(one) or {} for one in ("result", "a", "b"))]
        inputs = [one for part in parts for one in part.get("inputs", ())]
        lines = [part["attribution"] for part in parts if part.get("attribution")]
        return describe_inputs(inputs), "; ".join(dict.fromkeys(lines))
    if place.is_file() or (place / FILE).is_file():
        rows = describe_study(load_study(place))
        named = {row["file"] for row in rows}
        folder = place if place.is_dir() else place.parent
        return rows + [one for one in describe_folder(folder) if one["file"] not in named], ""
    if not place.is_dir():
        what = "is no folder and no study"
        raise FetchError(Problem(str(place), what, "give the folder that was fetched into"))
    return describe_folder(place), ""


@fetch_app.command("addresses")
def addresses_command(
    study: StudyPath,
    sources: SourcesOption = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List what would be sent; ask and write nothing.")
    ] = False,
    renew: Annotated[
        bool, typer.Option("--renew", help="Ask again what was asked before.")
    ] = False,
) -> None:
    """Ask the Flemish address register for academies that no file of the study places.

    Only their addresses are sent. The answers are kept beside the study, with their day.
    """
    from stemgeo.fetch.addresses import KEY, fetch_addresses, plan_addresses
    from stemgeo.sources.client import Client
    from stemgeo.study import load_study

    catalogue, read = read_sources(sources), load_study(study)
    source, folder = catalogue.find(KEY), study if study.is_dir() else study.parent
    plan = plan_addresses(read, folder, source, find_store(), renew=renew)
    for one in plan.untold:
        print_line(f"note: not asked, without a street, a number or a town: {one}")
    if dry_run:
        _print_questions(plan, source.address)
        return
    with Client(catalogue.manners, find_store()) as client, show_progress("en") as progress:
        told = Said("addresses", "adressen", "adresses")
        found = fetch_addresses(plan, source, client, lambda done, of: progress(told, done / of))
    if plan.questions:
        print_line(
            f"{len(found.answers)} of {len(plan.questions)} addresses asked: the register has a "
            f"place of {found.met}"
        )
    else:
        print_line(f"Nothing to ask; answered before: {plan.known}")
    if found.failed is not None:
        raise found.failed
    if not plan.known and not plan.questions:
        return
    if read.inputs.matched_addresses is None:
        print_line(f"{folder / 'study.toml'} stays as it is; under [inputs] it lacks:")
        print(f'matched_addresses = "{plan.place.name}"')


def _print_questions(plan: AddressPlan, address: str) -> None:
    """List what would be sent, and where."""
    import pandas as pd

    from stemgeo.inputs.address_match import ASKED

    print_line(f"Would be sent to {address}: {len(plan.questions)}; {plan.known} answered before")
    if plan.questions:
        print_table(pd.DataFrame(plan.questions, columns=list(ASKED)), Form.text)
