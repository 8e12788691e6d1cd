"""The store of downloads: what came from an address, whole, and what is on its way.

It is the user's own, and may be deleted at any time. A file stands there under its hash, and
`about.json` says which of them is the one: it changes in one step. What does not fit is not used.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from stemgeo.notes import strip_control
from stemgeo.writing import whole
from stemgeo.writing.seal import hash_file

if TYPE_CHECKING:
    from pathlib import Path

_ABOUT, _PART, _ABOUT_PART = "about.json", "part", "part.json"
_MOST_BYTES = 100_000

Text = Annotated[str, Field(max_length=4000), AfterValidator(strip_control)]
Mark = Annotated[str, Field(pattern=r"^([\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?)?$", max_length=500)]
"""By which a server knows whether a file is the same: goes back to it as it came."""


class _StorePart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Download(_StorePart):
    """A file that was downloaded.

    Attributes
    ----------
    address
        That gave it, after redirects, without what was asked.
    fetched, modified
        When, and of when the server says that it is.
    size_bytes, sha256
        Of it.
    validator
        The mark that the server gave it.
    """

    address: Text
    fetched: AwareDatetime
    modified: AwareDatetime | None = None
    size_bytes: int = Field(ge=0)
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    validator: Mark = ""


class Begun(_StorePart):
    """A download on its way: a part of it can be used when the server marks it alike.

    Attributes
    ----------
    address, modified, validator
        As of a download.
    size_bytes
        Of the whole, where the server says it.
    """

    address: Text
    modified: AwareDatetime | None = None
    validator: Mark = ""
    size_bytes: int | None = Field(default=None, ge=0)


class Shelf:
    """What the store holds of one address."""

    def __init__(self, store: Path, address: str) -> None:
        name = hashlib.sha256(address.encode()).hexdigest()[:32]
        self.folder = whole.full_path(store) / name
        self.part = self.folder / _PART

    def find(self) -> tuple[Path, Download] | None:
        """Give the whole file, if it is as it was downloaded."""
        about = _read_model(Download, self.folder / _ABOUT)
        if about is None:
            return None
        path = self.folder / about.sha256
        if path.is_symlink() or not path.is_file() or path.stat().st_size != about.size_bytes:
            return None
        return (path, about) if hash_file(path) == about.sha256 else None

    def find_begun(self) -> tuple[Begun | None, int]:
        """Give what is on its way and how much of it is there, if one can go on from that."""
        begun = _read_model(Begun, self.folder / _ABOUT_PART)
        if begun is None or not begun.validator or self.part.is_symlink():
            return None, 0
        there = self.part.stat().st_size if self.part.is_file() else 0
        too_much = begun.size_bytes is not None and there > begun.size_bytes
        return (None, 0) if too_much or not there else (begun, there)

    def begin(self, begun: Begun) -> None:
        """Begin a file anew."""
        self.forget()
        _write_at_once(self.folder / _ABOUT_PART, begun)

    def open_part(self, there: int) -> BinaryIO:
        """Open what is on its way, to write on behind so many bytes."""
        if not there:
            self.part.unlink(missing_ok=True)
        file = self.part.open("r+b" if there else "xb")
        file.seek(there)
        file.truncate()
        return file

    def keep(self, told: Download) -> Path:
        """Take what came for whole; the one of before goes."""
        path = self.folder / told.sha256
        self.part.replace(path)
        _write_at_once(self.folder / _ABOUT, told)
        self.tidy(told)
        return path

    def tidy(self, told: Download | None) -> None:
        """Clear what runs left that were killed, but for a file and what can be gone on from."""
        keep = {_ABOUT, *([told.sha256] if told else [])}
        keep |= {_PART, _ABOUT_PART} if self.part.is_file() else set()
        for path in self.folder.iterdir():
            if path.name not in keep and not path.is_dir():
                path.unlink()

    def forget(self) -> None:
        """Drop what is on its way."""
        for name in (_PART, _ABOUT_PART):
            (self.folder / name).unlink(missing_ok=True)

    def drop(self) -> None:
        """Drop the whole file."""
        (self.folder / _ABOUT).unlink(missing_ok=True)


def _read_model(model: type[Any], path: Path) -> Any:
    """Read what was kept of a download; None where it is not there, or not as it was written."""
    try:
        if path.is_symlink() or not path.is_file():
            return None
        with path.open("rb") as file:
            return model.model_validate_json(file.read(_MOST_BYTES))
    except (OSError, ValidationError):
        return None


def _write_at_once(path: Path, what: BaseModel) -> None:
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    with beside.open("x", encoding="utf-8") as file:
        file.write(what.model_dump_json(indent=2))
    whole.sync_to_disk(beside)
    beside.replace(path)


def now() -> dt.datetime:
    """Give the moment, to the second."""
    return dt.datetime.now(dt.UTC).replace(microsecond=0)
