"""What is in a folder, of when and under which terms; what would come, and what is newer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from stemgeo.errors import FetchError, Problem
from stemgeo.fetch.folder import OURS, find_kept
from stemgeo.inputs.provenance import name_source
from stemgeo.notes import Said, clean_text
from stemgeo.sources.catalogue import host_of
from stemgeo.sources.lock import LockedFile, read_lock
from stemgeo.stages import ASKING, Progress, count_off, report_nothing
from stemgeo.study import Input, InputPaths
from stemgeo.writing.seal import hash_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from stemgeo.fetch.flanders import FlandersAsked, PlannedFile, Step
    from stemgeo.sources.catalogue import Catalogue, DataSource
    from stemgeo.sources.client import Client
    from stemgeo.study import Study


def describe_plan(
    plan: Sequence[PlannedFile],
    asked: FlandersAsked,
    client: Client,
    progress: Progress = report_nothing,
) -> tuple[pd.DataFrame, list[str]]:
    """Say what a fetch would bring: what, how large, from where, under which terms.

    Parameters
    ----------
    plan, asked
        What would be brought.
    client
        Asks servers how large their files are, with no more of them than the beginning; not one
        that is offline.
    progress
        Told how far it is.

    Returns
    -------
    (DataFrame, list of str)
        A row a file, and why of some the size is not known.
    """
    from stemgeo.fetch.flanders import list_parts

    lock, told, rows = read_lock(asked.folder), dict[str, list[str]](), []
    for number, item in enumerate(plan):
        what = Said(item.key, item.key, item.key)
        progress(count_off(ASKING, number + 1, len(plan), what), number / len(plan))
        kept = find_kept(asked.folder, lock, item.file) if item.file and not asked.replace else None
        for part in list_parts(item, asked.catalogue):
            comes = part.source.kind != "by-hand"
            where = part.address if comes else f"by hand: {_say_where(part)}"
            size = part.size_bytes
            stored = client.find_stored(part.address) if part.address else None
            if kept:
                where, size = f"is in {asked.folder}", kept.size_bytes
            elif stored:
                where, size = "is in the store of downloads", stored[1].size_bytes
            elif not part.is_of_year:
                where = f"of {part.year} no address is known"
            elif part.source.kind == "file" and not (size or client.offline):
                size = _ask_size(part, client, told)
            rows.append(
                {
                    "item": part.key,
                    "file": item.file or "",
                    "size": _write_size(size)
                    or (_write_most(part.source.most_mb) if comes else ""),
                    "date": str(part.year) if part.source.years else "",
                    "licence": part.source.licence,
                    "from": where,
                }
            )
    unknown = (f"{', '.join(keys)}: how large is not known: {why}" for why, keys in told.items())
    return pd.DataFrame(rows), list(unknown)


def _ask_size(part: PlannedFile, client: Client, told: dict[str, list[str]]) -> int | None:
    """Ask a server how large a file is; why it does not say is told once of all."""
    try:
        return client.look(part.source, part.address).size_bytes
    except FetchError as error:
        first = error.problems[0]
        why = first.what if isinstance(first, Problem) else str(first)
        told.setdefault(why, []).append(part.key)
        return None


def format_plan(table: pd.DataFrame) -> Iterator[str]:
    """Write what a fetch would bring as people read it: of each the file and its place below.

    Parameters
    ----------
    table
        As from `describe_plan`.
    """
    head = table.drop(columns=["file", "from"])
    widths = {name: max(len(name), *(len(one) for one in head[name])) for name in head.columns[:-1]}

    def write(cells: Mapping[Any, Any]) -> str:
        told = [f"{cells[name]:<{width}}" for name, width in widths.items()]
        return "  ".join([*told, cells["licence"]]).rstrip()

    yield write({name: name for name in head.columns})
    for row in table.to_dict("records"):
        yield write(row)
        yield f"    {row['file']}{' <- ' if row['file'] else ''}{row['from']}"


def describe_steps(steps: Sequence[Step]) -> pd.DataFrame:
    """Say what became of each file."""
    rows = [
        {
            "item": one.item.key,
            "file": one.entry.file if one.entry else one.item.file,
            "size": _write_size(one.entry.size_bytes if one.entry else None),
            "how": one.how,
        }
        for one in steps
    ]
    return pd.DataFrame(rows)


def _write_size(size: int | None) -> str:
    """Write a size in MB or kB; nothing where it is not known."""
    if size is None:
        return ""
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"


def _say_where(part: PlannedFile) -> str:
    """Say where a person finds a file."""
    return "; ".join(filter(None, (part.source.how, part.address and f"open {part.address}")))


def _write_most(most_mb: float) -> str:
    """Write what no file of a source is larger than."""
    return f"<= {most_mb / 1000:g} GB" if most_mb >= 1000 else f"<= {most_mb:g} MB"


# -- what is there -------------------------------------------------------------------------------

PUBLISHED, MADE, BY_HAND = "as published", "made", "by hand"
CHANGED, GONE, UNKNOWN = "changed", "not there", "not from a source"


@dataclass(frozen=True)
class SourcesFound:
    """What is in a folder, a study or a result.

    Attributes
    ----------
    table
        A row a file: file, what, of, fetched, licence, from, state, newer.
    attribution
        The one text that names all sources.
    told
        What could not be asked.
    """

    table: pd.DataFrame
    attribution: str
    told: tuple[str, ...] = ()

    def format(self) -> pd.DataFrame:
        """Give the table as people read it: servers for addresses; the text below says the rest.

        Long names are shortened in their middle: what they begin and end with tells them apart.
        """
        servers = [
            ", ".join(dict.fromkeys(host_of(one) or _shorten(one, 24) for one in text.split(", ")))
            for text in self.table["from"]
        ]
        names = [_shorten(one, 32) for one in self.table["file"]]
        table = self.table.assign(**{"file": names, "from": servers})
        return table.drop(columns=["what", "licence"])


def _shorten(text: str, most: int) -> str:
    half = (most - 1) // 2
    return text if len(text) <= most else f"{text[:half]}…{text[half + 1 - most :]}"


def describe_folder(folder: Path) -> list[dict[str, Any]]:
    """Describe the files of a folder by its lock; those that it does not know too."""
    lock = read_lock(folder)
    rows = [_describe_locked(folder / one.file, one) for one in lock.files]
    known = {one.file for one in lock.files}
    there = [one for one in sorted(folder.iterdir()) if one.is_file()]
    return rows + [
        _describe_unknown(one)
        for one in there
        if one.name not in (*known, *OURS) and not one.name.startswith(".")
    ]


def describe_study(study: Study) -> list[dict[str, Any]]:
    """Describe the files that a study names, each by the lock beside it."""
    rows = []
    for path in dict.fromkeys(_list_paths(study.inputs)):
        entry = read_lock(path.resolve().parent).find(file=path.name)
        rows.append(_describe_locked(path, entry) if entry else _describe_unknown(path))
    return rows


def describe_inputs(inputs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Describe the files of which a result was made, as its manifest has them."""
    rows = []
    for one in {one["sha256"]: one for one in inputs}.values():
        pieces = one.get("pieces") or []
        made = bool(one.get("made_by"))
        where = one.get("address") or ""
        state = UNKNOWN if not pieces else MADE if made else PUBLISHED if where else BY_HAND
        rows.append(
            {
                "file": one["name"],
                "what": one.get("attribution") or one.get("source") or "",
                "of": one.get("date") or "",
                "fetched": (one.get("fetched") or "")[:10],
                "licence": one.get("licence") or "",
                "from": where,
                "state": state,
            }
        )
    return rows


def add_newer(
    rows: list[dict[str, Any]],
    catalogue: Catalogue,
    client: Client | None = None,
    language: str = "en",
    progress: Progress = report_nothing,
) -> SourcesFound:
    """Say of each file what is newer, and name all sources in one text.

    Parameters
    ----------
    rows
        As from `describe_folder` and the like.
    catalogue
        Says of which years there are files.
    client
        Asks servers of when theirs are; None: they are not asked.
    language
        Of the text that names all sources.
    progress
        Told how far it is.
    """
    told: list[str] = []
    described = []
    for number, row in enumerate(rows):
        progress(count_off(ASKING, number + 1, len(rows)), number / len(rows))
        entry: LockedFile | None = row.pop("entry", None)
        newer = ""
        if entry is not None and entry.source in catalogue.sources:
            source = catalogue.sources[entry.source]
            later = [year for year in source.years if entry.year and year > entry.year]
            newer = str(max(later)) if later else ""
            if client is not None and source.kind == "file":
                newer = newer or _ask_newer(entry, source, client, told)
        described.append(row | {"newer": newer})
    columns = ["file", "what", "of", "fetched", "licence", "from", "state", "newer"]
    lines = [
        name_source(row["what"], row["licence"], language)
        for row in described
        if row["state"] != UNKNOWN
    ]
    table = pd.DataFrame(described, columns=columns)
    return SourcesFound(table, "; ".join(dict.fromkeys(filter(None, lines))), tuple(told))


def _ask_newer(entry: LockedFile, source: DataSource, client: Client, told: list[str]) -> str:
    """Ask a server whether its file is of a later day than that which is here."""
    try:
        offered = client.look(source, source.locate(entry.year))
    except FetchError as error:
        told.append(f"{entry.file}: not asked whether there is a newer one: {error}")
        return ""
    if offered.modified is None:
        told.append(f"{entry.file}: its server does not say of when its file is")
        return ""
    piece = entry.pieces[0]
    is_later = offered.modified > (piece.published or piece.fetched)
    return offered.modified.date().isoformat() if is_later else ""


def _describe_locked(path: Path, entry: LockedFile) -> dict[str, Any]:
    last = max(entry.pieces, key=lambda one: one.fetched)
    where = ", ".join(dict.fromkeys(one.address or one.name for one in entry.pieces[:5]))
    if len(entry.pieces) > 5:
        where += f" and {len(entry.pieces) - 5} more"
    state = PUBLISHED if entry.as_published else MADE
    if entry.as_published and not last.address:
        state = BY_HAND
    if not path.is_file():
        state = GONE
    elif path.stat().st_size != entry.size_bytes or hash_file(path) != entry.sha256:
        state = CHANGED
    return {
        "file": path.name,
        "what": clean_text(entry.attribution or entry.title, 300),
        "of": entry.date.isoformat() if entry.date else "",
        "fetched": last.fetched.date().isoformat(),
        "licence": clean_text(entry.licence, 300),
        "from": clean_text(where, 2000),
        "state": state,
        "entry": entry,
    }


def _describe_unknown(path: Path) -> dict[str, Any]:
    blank = dict.fromkeys(("what", "of", "fetched", "licence", "from"), "")
    state = UNKNOWN if path.is_file() else GONE
    return {"file": clean_text(path.name), **blank, "state": state}


def _list_paths(value: Any) -> Iterable[Path]:
    """List the files that a part of a study names."""
    if isinstance(value, Input):
        yield value.path
    elif isinstance(value, dict):
        for one in value.values():
            yield from _list_paths(one)
    elif isinstance(value, tuple):
        for one in value:
            yield from _list_paths(one)
    elif isinstance(value, InputPaths):
        for name in type(value).model_fields:
            yield from _list_paths(getattr(value, name))
