"""The commands that bring data here: the only ones that speak to a server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stemgeo.completion import complete_areas
from stemgeo.errors import Problem, StudyError
from stemgeo.notes import Said, say
from stemgeo.stages import FETCHING, count_off
from stemgeo.terminal import (
    Form,
    FormOption,
    Lang,
    QuietOption,
    StudyPath,
    print_line,
    print_note,
    print_notes,
    print_table,
    show_progress,
    tell_begun,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stemgeo.beginning import NewStudy
    from stemgeo.fetch.addresses import AddressPlan
    from stemgeo.fetch.events import EventPlan
    from stemgeo.fetch.flanders import Fetched, FlandersAsked
    from stemgeo.sources.catalogue import Catalogue, DataSource

fetch_app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
)

SourcesOption = Annotated[
    Path | None,
    typer.Option(
        "--sources", metavar="FILE", help="Sources of your own, as data/sources.toml: a mirror."
    ),
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
    from stemgeo.inputs.cache import find_own_folder

    return find_own_folder("downloads")


@fetch_app.callback(invoke_without_command=True)
def fetch_command(
    context: typer.Context,
    given: GivenOption = None,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="DIR", help="Where files of --from go; else here."),
    ] = None,
    year: Annotated[
        int | None,
        typer.Option("--year", metavar="YEAR", help="Of files of --from that do not say it."),
    ] = None,
    sources: SourcesOption = None,
    *,
    replace: KeepOption = False,
) -> None:
    """Bring open data into a folder, with source, date and licence.

    Begin with: stemgeo fetch flanders --year 2025 STUDY --dry-run

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
    from stemgeo.fetch.by_hand import recognise_folder, say_unknown, take_folder

    catalogue, into = read_sources(sources), to or Path()
    with show_progress("en") as progress:
        progress(FETCHING, 0.0)
        found = recognise_folder(given, catalogue, year)
    taken, problems = take_folder(found, into, find_store(), catalogue, year, replace=replace)
    for unknown in say_unknown(found):
        print_note(unknown, "en")
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
    year: Annotated[
        int, typer.Option("--year", metavar="YEAR", help="Of which the data are, as 2025.")
    ],
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only", metavar="KEY", help="One source, as --dry-run names it; again for more."
        ),
    ] = None,
    area: Annotated[
        list[str] | None,
        typer.Option(
            "--area",
            metavar="NAME",
            help="Of a part: a municipality, NIS code or province.",
            autocompletion=complete_areas,
        ),
    ] = None,
    academies: Annotated[
        Path | None, typer.Option("--academies", metavar="FILE", help="The register of academies.")
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
    quiet: QuietOption = False,
) -> None:
    """Bring all that a study of Flanders needs, and write the study."""
    from stemgeo.fetch.flanders import FlandersAsked, fetch_flanders, follow_study

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
        mirror=sources,
    )
    idle = {"--academies": academies, "--area": area, "--lang": lang}
    _refuse_idle(folder, [name for name, value in idle.items() if value])
    asked = follow_study(asked)
    if dry_run:
        _print_files(asked, quiet=quiet)
        return
    with show_progress(asked.language, quiet=quiet) as progress:
        found = fetch_flanders(asked, find_store(), progress)
    _print_fetched(asked, found)


def print_lacking(study: Path, lines: Sequence[str]) -> None:
    """Print the lines that a study lacks, and where they go: it is not changed."""
    if lines:
        print_line(f"{study} stays as it is; right below its line [inputs] it lacks:")
        for line in lines:
            print(line)


def _refuse_both(*, offline: bool, dry_run: bool) -> None:
    """Refuse one of two options of which each asks nobody."""
    if offline and dry_run:
        what = "asks nobody either way"
        raise StudyError(Problem("--offline", what, "leave out one of --offline and --dry-run"))


def _print_files(asked: FlandersAsked, *, quiet: bool) -> None:
    """Print what would come, how large it is, from where and under which licence."""
    from stemgeo.fetch.flanders import plan_flanders
    from stemgeo.fetch.inventory import describe_plan, format_plan
    from stemgeo.sources.client import Client

    # Sizes are told where a server says them at once: nobody waits minutes for a plan.
    manners = asked.catalogue.manners.model_copy(update={"tries": 1})
    plan, client = plan_flanders(asked), Client(manners, find_store(), offline=asked.offline)
    with client, show_progress(asked.language, quiet=quiet) as progress:
        table, told = describe_plan(plan, asked, client, progress)
    for row in format_plan(table):
        print(row)
    for line in told:
        print_line(f"note: {line}")
    number = int(table["from"].str.startswith("http").sum())
    print_line(f"To be asked of servers: {number} files; <= is what none is larger than")


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
    from stemgeo.fetch.inventory import describe_steps

    language = asked.language
    print_table(describe_steps(found.steps), Form.text)
    for told in found.told:
        print_note(told, language)
    print_lacking(asked.folder / FILE, found.lines)
    if found.begun is not None:
        _print_begun(asked, found.begun)
    asks = found.begun.asks if found.begun else ()
    if problems := (*found.problems, *found.spared):
        print_line(f"What came is kept. To go on with files by hand: {asked.command}")
        raise FetchError(*problems, *asks)
    if asks:
        raise InputError(*asks)


def _print_begun(asked: FlandersAsked, begun: NewStudy) -> None:
    """Print where the study is, and what it still lacks."""
    from stemgeo.beginning import REGISTER

    print_notes(begun.notes, asked.language)
    print_line(tell_begun(begun.path, asked.folder, asked.language))
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
        int | None,
        typer.Option("--from", metavar="YEAR", help="First year; else that of the study."),
    ] = None,
    last_year: Annotated[
        int | None, typer.Option("--to", metavar="YEAR", help="Last year; else that of the study.")
    ] = None,
    labels: Annotated[
        list[str] | None,
        typer.Option("--label", metavar="LABEL", help="Of what is sought; else that of the study."),
    ] = None,
    others: Annotated[
        list[str] | None,
        typer.Option("--also", metavar="LABEL", help="Counted too, as without the label."),
    ] = None,
    offline: OfflineOption = False,
    dry_run: DryOption = False,
    sources: SourcesOption = None,
    form: FormOption = Form.text,
    quiet: QuietOption = False,
) -> None:
    """Events of the UiT-databank by year, and proposals for the register.

    The client id that publiq gave you stands in $STEMGEO_UITDATABANK_CLIENT_ID, or alone in the
    file .uitdatabank beside the study.
    """
    from stemgeo.beginning import FILE
    from stemgeo.fetch.events import SOURCE, fetch_events, plan_events, read_client_id
    from stemgeo.sources.client import Client
    from stemgeo.study import load_study

    _refuse_both(offline=offline, dry_run=dry_run)
    catalogue = read_sources(sources)
    source = catalogue.find(SOURCE)
    is_study = folder.is_file() or (folder / FILE).is_file()
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
    with (
        Client(catalogue.manners, store) as client,
        show_progress(language, quiet=quiet) as progress,
    ):
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

    print(source.address)
    differ = ("labels", "childrenOnly")
    for number, question in enumerate(plan.questions):
        sent = question.to_params()
        if number == 0:
            alike = (f"{name}={value}" for name, value in sent.items() if name not in differ)
            print(f"    {' '.join(alike)}")
        print(f"    {' '.join(f'{name}={sent[name]}' for name in differ)}")
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
    quiet: QuietOption = False,
) -> None:
    """Say of when data are, from where, and what is newer."""
    from stemgeo.fetch.inventory import add_newer
    from stemgeo.sources.client import Client

    catalogue = read_sources(sources)
    rows, attribution, language = _describe_place(place)
    if online and not any("entry" in row for row in rows):
        raise typer.BadParameter(f"--online changes nothing: {place} has no lock of sources")
    client = Client(catalogue.manners, find_store())
    with client, show_progress(language, quiet=quiet) as progress:
        found = add_newer(rows, catalogue, client if online else None, language, progress)
    print_table(found.format() if form is Form.text else found.table, form)
    for line in found.told:
        print_line(f"note: {line}")
    # Of a result as its outputs have it, with what its answer quotes.
    lines = [line for one in (attribution, found.attribution) for line in one.split("; ") if line]
    text = "; ".join(dict.fromkeys(lines))
    if form is Form.text and text:
        print(f"\n{text}")
    elif text:
        print_line(text)


def _describe_place(place: Path) -> tuple[list[dict[str, Any]], str, str]:
    """Describe what a place has, how its outputs name that, and its language.

    A result by its manifest, a study by its files, or a folder.
    """
    from stemgeo.beginning import FILE
    from stemgeo.errors import FetchError
    from stemgeo.fetch.inventory import describe_folder, describe_inputs, describe_study
    from stemgeo.study import load_study

    if (place / "manifest.json").is_file():
        from stemgeo.written import read_result

        result = read_result(place)
        manifest = result.manifest
        parts = [manifest, *(manifest.get(one) or {} for one in ("result", "a", "b"))]
        inputs = [one for part in parts for one in part.get("inputs", ())]
        lines = [part["attribution"] for part in parts if part.get("attribution")]
        return describe_inputs(inputs), "; ".join(dict.fromkeys(lines)), result.language
    if place.is_file() or (place / FILE).is_file():
        study = load_study(place)
        rows = describe_study(study)
        named = {row["file"] for row in rows}
        folder = place if place.is_dir() else place.parent
        others = [one for one in describe_folder(folder) if one["file"] not in named]
        return [*rows, *others], "", study.language
    if not place.is_dir():
        what = "is no folder and no study"
        raise FetchError(Problem(str(place), what, "give the folder that was fetched into"))
    return describe_folder(place), "", "en"


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
    quiet: QuietOption = False,
) -> None:
    """Ask the address register where unplaced academies are.

    Only addresses that no file of the study knows are sent. The answers are kept beside it, with
    their day.
    """
    from stemgeo.fetch.addresses import KEY, fetch_addresses, plan_addresses
    from stemgeo.sources.client import Client
    from stemgeo.study import load_study

    catalogue, read = read_sources(sources), load_study(study)
    source, folder = catalogue.find(KEY), study if study.is_dir() else study.parent
    plan = plan_addresses(read, folder, source, find_store(), renew=renew)
    for one in plan.untold:
        untold = say(
            "not asked, without a street, a number or a town: {address}",
            "niet gevraagd, zonder straat, nummer of gemeente: {address}",
            "pas demandé, sans rue, numéro ou commune : {address}",
            address=one,
        )
        print_note(untold, read.language)
    if dry_run:
        _print_questions(plan, source.address)
        return
    store, language = find_store(), read.language
    with (
        Client(catalogue.manners, store) as client,
        show_progress(language, quiet=quiet) as progress,
    ):

        def tell(done: int, of: int) -> None:
            progress(count_off(_ADDRESSES, done, of), done / of)

        found = fetch_addresses(plan, source, client, tell)
    if plan.questions:
        print_line(
            f"{len(found.answers)} of {len(plan.questions)} addresses asked: the register has a "
            f"place of {found.met}"
        )
        for address in found.unmet:
            unmet = say(
                "not in the register of addresses: {address}; mend it, or give its place in "
                "corrections",
                "niet in het adressenregister: {address}; verbeter het, of geef de plaats in "
                "corrections",
                "pas dans le registre d’adresses : {address} ; corrigez-le, ou donnez sa place "
                "dans corrections",
                address=address,
            )
            print_note(unmet, language)
    else:
        print_line(f"Nothing to ask; answered before: {plan.known}")
    if found.failed is not None:
        raise found.failed
    if not plan.known and not plan.questions:
        return
    if read.inputs.matched_addresses is None:
        file = study / "study.toml" if study.is_dir() else study
        print_lacking(file, [f'matched_addresses = "{plan.place.name}"'])


_ADDRESSES = Said("Addresses", "Adressen", "Adresses")


def _print_questions(plan: AddressPlan, address: str) -> None:
    """List what would be sent, and where."""
    import pandas as pd

    from stemgeo.inputs.address_match import ASKED

    print_line(f"Would be sent to {address}: {len(plan.questions)}; {plan.known} answered before")
    if plan.questions:
        print_table(pd.DataFrame(plan.questions, columns=list(ASKED)), Form.text)
