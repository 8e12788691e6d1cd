"""`sources.lock`: where each file of a folder came from, when, and its hash.

It lies beside the files, and is a stranger's text as they are: read against a model, or refused.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
)

from stemgeo.errors import InputError, Problem
from stemgeo.notes import clean_text, strip_control
from stemgeo.writing.whole import whole_files

FILE = "sources.lock"
_MOST_BYTES = 10_000_000

Text = Annotated[str, Field(max_length=1000), AfterValidator(strip_control)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class _LockPart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Piece(_LockPart):
    """Something that a file was made from, as it was fetched.

    Attributes
    ----------
    address
        That gave it, after redirects; empty for a file that a person gave.
    name
        Of that file.
    fetched
        When.
    published
        Of when the server says that it is.
    size_bytes, sha256
        Of it.
    """

    address: Text = ""
    name: Text = ""
    fetched: AwareDatetime
    published: AwareDatetime | None = None
    size_bytes: int = Field(ge=0)
    sha256: Sha256


class LockedFile(_LockPart):
    """A file of the folder.

    Attributes
    ----------
    file
        Its name.
    source
        The key of its source.
    year
        That was asked for; None where it has none.
    publisher, title, licence, attribution
        As the source had them then.
    date
        Of the data, where that is known.
    size_bytes, sha256
        Of the file.
    pieces
        What it was made from: one, of the same hash, when it is as it was published.
    made_by
        What made it, where it is not as it was published.
    """

    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=200)]
    source: Text
    year: int | None = None
    publisher: Text = ""
    title: Text = ""
    licence: Text = ""
    attribution: Text = ""
    date: dt.date | None = None
    size_bytes: int = Field(ge=0)
    sha256: Sha256
    pieces: Annotated[tuple[Piece, ...], Field(min_length=1, max_length=10_000)]
    made_by: Text = ""

    def is_of(self, year: int | None) -> bool:
        """Whether it is of a year, or of none."""
        return self.year in (None, year)

    @property
    def as_published(self) -> bool:
        """Whether it is, byte for byte, what its publisher gave."""
        return len(self.pieces) == 1 and self.pieces[0].sha256 == self.sha256


class Lock(_LockPart):
    """The files of a folder that came from sources.

    Attributes
    ----------
    files
        Each once, in the order of their names.
    """

    version: int = Field(default=1, ge=1, le=1)
    files: tuple[LockedFile, ...] = ()

    @field_validator("files")
    @classmethod
    def _is_each_once(cls, files: tuple[LockedFile, ...]) -> tuple[LockedFile, ...]:
        """Refuse two entries of one file: nobody knows which of them holds."""
        names = [one.file.casefold() for one in files]
        twice = next((one for one in names if names.count(one) > 1), None)
        if twice is not None:
            raise ValueError(f"{twice} stands there twice")
        return files

    def find(self, *, file: str = "", sha256: str = "", source: str = "") -> LockedFile | None:
        """Find the first entry that is of all that is given.

        Parameters
        ----------
        file, sha256
            Its name, its hash.
        source
            The key of its source.
        """
        wanted = {"file": file, "sha256": sha256, "source": source}
        given = {name: value for name, value in wanted.items() if value}
        found = (
            one for one in self.files if all(getattr(one, name) == given[name] for name in given)
        )
        return next(found, None) if given else None

    def with_entry(self, entry: LockedFile) -> Lock:
        """Give it with an entry more, in the place of the one of its file."""
        files = [one for one in self.files if one.file.casefold() != entry.file.casefold()]
        return Lock(files=tuple(sorted([*files, entry], key=lambda one: one.file)))


def read_lock(folder: Path) -> Lock:
    """Read the lock of a folder; an empty one where there is none.

    Raises
    ------
    InputError
        If it is not what stemgeo writes.
    """
    path = folder / FILE
    if path.exists() and not path.is_file():
        raise InputError(Problem(str(path), "is no file", "move it away and fetch again"))
    try:
        with path.open("rb") as stream:
            written = stream.read(_MOST_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return Lock()
    except OSError as error:
        raise InputError(Problem(str(path), f"cannot be read: {error.strerror}")) from None
    mend = "put it back as it was, or move it away and fetch again"
    try:
        if len(written) > _MOST_BYTES:
            raise InputError(Problem(str(path), "is larger than 10 MB", mend))
        return Lock.model_validate_json(written)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        at = clean_text(".".join(str(one) for one in first["loc"]), 100)
        what = f"is not as stemgeo writes it ({at}: {clean_text(str(first['msg']), 100)})"
        if at == "version":
            mend = "another version of stemgeo wrote it: use that one"
        raise InputError(Problem(str(path), what, mend)) from None


def write_lock(folder: Path, lock: Lock) -> None:
    """Write the lock of a folder, whole or not at all."""
    with whole_files(folder, lambda _place, _new: None) as into:
        write_lock_into(into, lock)


def write_lock_into(folder: Path, lock: Lock) -> None:
    """Write a lock into a folder on its way, beside what is moved in at once with it."""
    (folder / FILE).write_text(f"{lock.model_dump_json(indent=2)}\n", encoding="utf-8")
