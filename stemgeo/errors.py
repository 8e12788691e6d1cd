"""What can go wrong, said so that the reader can mend it.

Every expected failure is a `StemgeoError`; each kind is also the builtin kind
that a caller would look for (`ValueError`, `FileNotFoundError`).
"""

from __future__ import annotations

import errno
import re
from dataclasses import dataclass, field
from typing import Any, TypeVar

from stemgeo.notes import Note, Said, clean_text

T = TypeVar("T")

_LONGEST = 2000
"""Characters of a problem, with room for a path and a row of names."""


@dataclass(frozen=True)
class Problem:
    """One finding in a user's file: where it is, what is wrong, how to mend it."""

    where: str
    what: str
    mend: str = ""

    def __str__(self) -> str:
        line = f"{self.where}: {self.what}"
        return _in_one_line(f"{line}; {self.mend}" if self.mend else line)


def _in_one_line(text: str) -> str:
    """Keep a problem to one line of some length, whatever the names and values in it hold."""
    return clean_text(text, _LONGEST)


class StemgeoError(Exception):
    """Base of every failure that stemgeo expects and explains.

    Parameters
    ----------
    problems
        What was found, all of it at once; a plain text is a problem of its own.
    """

    def __init__(self, *problems: Problem | str) -> None:
        super().__init__("\n".join(_in_one_line(str(problem)) for problem in problems))
        self.problems = problems

    # OSError would take the arguments for an errno: keep what we were given.
    def __str__(self) -> str:
        return "\n".join(_in_one_line(str(problem)) for problem in self.problems)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self.problems


class StudyError(StemgeoError, ValueError):
    """The study itself (study.toml, or the arguments that stand for it) is wrong."""


class InputError(StemgeoError, ValueError):
    """A file of the user holds something that cannot be used.

    Attributes
    ----------
    files
        What was read of the files of a study all the same, for `stemgeo check`.
    notes
        What was told of them.
    """

    files: tuple[Any, ...] = ()
    notes: tuple[Note, ...] = ()


class MissingFileError(InputError, FileNotFoundError):
    """A file that the study names does not exist."""


class ResultError(StemgeoError, ValueError):
    """A folder of results is not there, not whole, or not what it says."""


class WriteError(StemgeoError, OSError):
    """A file or folder cannot be written: a full disk, no right, a place that is gone."""


class CacheError(StemgeoError, RuntimeError):
    """The cache lies where others could change what is kept in it."""


class FetchError(StemgeoError, ConnectionError):
    """A source of data cannot be reached, or does not give what it should."""


class ListenError(StemgeoError, OSError):
    """A server cannot listen where it was asked to: the port is in use, or not for this user."""


class ScaleError(StemgeoError, ConnectionError):
    """Work on several machines cannot go on: a scheduler, its workers or their store."""


_OF_LIBRARIES = re.compile(
    r"bad_alloc|out of memory|cannot allocate memory|can't start new thread|launch worker thread"
    r"|failed to map segment",
    re.IGNORECASE,
)
"""How GEOS, GDAL, Python's threads and the loader of libraries say that there is no memory left."""


def find_lack_of_memory(error: BaseException) -> Problem | None:
    """Say in a line that memory ran out, where that is why something failed, in whichever library.

    Parameters
    ----------
    error
        What came out of the work; also looked at is what it came of.
    """
    from concurrent.futures import BrokenExecutor

    # What goes on elsewhere is told by whoever asked for it.
    behind: BaseException | None = None if isinstance(error, ScaleError) else error
    while behind is not None:
        is_full = isinstance(behind, OSError) and behind.errno == errno.ENOMEM
        if isinstance(behind, BrokenExecutor):
            what = "a process that worked along was killed, as systems do when none is left"
            return Problem("memory", what, _LESS)
        is_full |= isinstance(behind, MemoryError)
        if is_full or (not isinstance(behind, StemgeoError) and _OF_LIBRARIES.search(str(behind))):
            return Problem("memory", "ran out, or reached the limit set for this process", _LESS)
        behind = behind.__cause__ or behind.__context__
    return None


_LESS = (
    "nothing was written; close other programs, take a machine with more, or ask for less at once: "
    "--threads 1, a smaller extract, fewer profiles"
)


@dataclass
class Findings:
    """Collects the problems of a set of files, so that all are told at once."""

    errors: list[Problem] = field(default_factory=list)
    warnings: list[Note] = field(default_factory=list)
    unused: list[Note] = field(default_factory=list)
    missing: bool = False

    def error(self, where: str, what: str, mend: str = "") -> None:
        """Note a problem that makes the input unusable.

        Parameters
        ----------
        where, what, mend
            As of a `Problem`.
        """
        self.errors.append(Problem(where, what, mend))

    def warn(self, where: Said | str, what: Said, mend: Said | None = None) -> None:
        """Note something that the reader of the figures must know, in both languages.

        Parameters
        ----------
        where, what, mend
            As of a `Note`.
        """
        self.warnings.append(Note(where, what, mend))

    def note_unused(self, where: Said | str, what: Said) -> None:
        """Note what in the input is not used, in both languages; told after the warnings."""
        self.unused.append(Note(where, what))

    @property
    def notes(self) -> tuple[Note, ...]:
        """What the reader of the figures must know, with what was not used at the end."""
        return (*self.warnings, *self.unused)

    def raise_errors(self) -> None:
        """Raise all errors noted so far as one `InputError`, if there are any."""
        if self.errors:
            kind = MissingFileError if self.missing else InputError
            raise kind(*self.errors)

    def raise_or_return(self, read: T | None) -> T:
        """Give what was read; what could not be has noted why, and that is raised."""
        self.raise_errors()
        if read is None:  # pragma: no cover  (what cannot be used has been reported)
            raise AssertionError
        return read
