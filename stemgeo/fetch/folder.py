"""A file from a source into a folder, with its entry in the lock: never over someone's work.

The file comes first, its entry after it: a run that ends between the two leaves a file that the
next one finds to be the one it would place, and enters.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stemgeo.beginning import FILE as STUDY
from stemgeo.errors import FetchError, Problem
from stemgeo.notes import Said, say
from stemgeo.sources.lock import FILE, Lock, LockedFile, Piece, read_lock, write_lock
from stemgeo.sources.store import now
from stemgeo.writing.guarded import make_own_folder
from stemgeo.writing.seal import hash_file
from stemgeo.writing.whole import full_path, lock_folder, whole_files

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stemgeo.sources.catalogue import DataSource
    from stemgeo.sources.client import Answered
    from stemgeo.sources.store import Download

OURS = (FILE, STUDY)
"""What stands in a folder beside the files that were fetched into it."""


@dataclass(frozen=True)
class Candidate:
    """A file that could be placed, and what it was made from.

    Attributes
    ----------
    path
        Where it is now.
    pieces
        What it was made from; itself, when it is as published.
    made_by
        What made it.
    """

    path: Path
    pieces: tuple[Piece, ...]
    made_by: str = ""


def piece_of(download: Download) -> Piece:
    """Describe what was downloaded."""
    return Piece(
        address=download.address,
        fetched=download.fetched,
        published=download.modified,
        size_bytes=download.size_bytes,
        sha256=download.sha256,
    )


def piece_of_answer(answer: Answered, address: str = "") -> Piece:
    """Describe what was answered just now.

    Parameters
    ----------
    answer
        Whole.
    address
        With what was asked, where one may know; else that without it.
    """
    return Piece(
        address=(address or answer.address)[:1000],
        fetched=now(),
        published=answer.modified,
        size_bytes=len(answer.content),
        sha256=hashlib.sha256(answer.content).hexdigest(),
    )


def enter_file(
    file: str, key: str, source: DataSource, year: int | None, of: Candidate
) -> LockedFile:
    """Write what the lock says of a file.

    Parameters
    ----------
    file
        Its name in the folder.
    key, source, year
        Of its source, and the year that was asked for.
    of
        The file.
    """
    dated = year if source.years else None
    return LockedFile(
        file=file,
        source=key,
        year=dated,
        publisher=source.publisher,
        title=source.fill(source.title, year),
        licence=source.licence,
        attribution=source.fill(source.attribution, year),
        date=dt.date(dated, 1, 1) if dated else None,
        size_bytes=of.path.stat().st_size,
        sha256=hash_file(of.path),
        pieces=of.pieces,
        made_by=of.made_by,
    )


def find_kept(folder: Path, lock: Lock, file: str) -> LockedFile | None:
    """Give the entry of a file that is in a folder as its lock says.

    Parameters
    ----------
    folder, lock
        The folder, and what its lock says.
    file
        Its name.
    """
    entry, path = lock.find(file=file), folder / file
    if entry is None or not path.is_file() or path.stat().st_size != entry.size_bytes:
        return None
    return entry if hash_file(path) == entry.sha256 else None


def place_file(
    folder: Path, store: Path, entry: LockedFile, of: Candidate, *, replace: bool = False
) -> Said | None:
    """Place a file and then its entry, or refuse; say what a reader must know of it.

    Parameters
    ----------
    folder
        Where it goes.
    store
        Of downloads: runs that place files wait for each other there.
    entry
        Of the lock.
    of
        The file.
    replace
        Whether what stands there is kept beside it, as NAME.old-DATE, in place of refused.

    Raises
    ------
    FetchError
        If something else stands there, or the lock holds another file; nothing is changed.
    """
    make_own_folder(store)
    with lock_folder(full_path(store)):
        lock = read_lock(folder)
        place = folder / entry.file
        before, told = lock.find(file=entry.file), None
        if before is not None and not replace:
            told = _compare_locked(place, before, entry)
        is_there = place.is_file() and hash_file(place) == entry.sha256
        if not is_there:
            mended = before is not None and place.is_file() and hash_file(place) == before.sha256
            if (place.exists() or place.is_symlink()) and not (replace or mended):
                _refuse_theirs(place)
            # What the lock holds is ours: it gives way without a copy, unless one is asked for.
            with whole_files(
                folder, lambda at, _: None if mended else _refuse_theirs(at), keep=replace
            ) as into:
                shutil.copyfile(of.path, into / entry.file)
        write_lock(folder, lock.with_entry(entry))
    return told


def _refuse_theirs(place: Path) -> None:
    raise FetchError(
        Problem(
            str(place),
            f"is there already, and is not the file that {FILE} knows: it stays as it is",
            "move it away, or give --replace, which keeps it beside the new one",
        )
    )


def _compare_locked(place: Path, before: LockedFile, entry: LockedFile) -> Said | None:
    """Refuse another file than the lock holds; one made of the same by another version is told."""
    if before.sha256 == entry.sha256:
        return None
    same = _hashes(before.pieces) == _hashes(entry.pieces)
    if same and not before.as_published and before.made_by != entry.made_by:
        return say(
            "{file}: made anew of the same pieces by {now}, before by {then}; the lock is renewed",
            "{file}: opnieuw gemaakt uit dezelfde stukken door {now}, eerder door {then}; het "
            "slotbestand is vernieuwd",
            "{file} : refait à partir des mêmes pièces par {now}, auparavant par {then} ; le "
            "fichier de verrou est renouvelé",
            file=entry.file,
            now=entry.made_by or "?",
            then=before.made_by or "?",
        )
    raise FetchError(
        Problem(
            str(place),
            f"{FILE} holds another file of {before.pieces[-1].fetched:%Y-%m-%d} (sha256 "
            f"{before.sha256[:12]}…), and its source now gives {entry.sha256[:12]}…",
            "give --replace to take the new one, or put the old one back",
        )
    )


def _hashes(pieces: Sequence[Piece]) -> list[str]:
    return [one.sha256 for one in pieces]
