"""Files that machines share: whole or not at all, and known again by their hashes.

An entry is `KIND/KEY/`: its files, and `entry.json`, which comes last and says of each its size and
SHA-256. The key names what an entry holds or is made from, so that two who make it at once make the
same. A store is anything that fsspec can reach: a folder, `s3://`, `memory://` within one process.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import shutil
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from stemgeo.errors import Problem, ScaleError, StemgeoError, WriteError
from stemgeo.inputs.cache import find_own_folder
from stemgeo.notes import Said, clean_text, say
from stemgeo.report.files import list_files
from stemgeo.scale import need_extra
from stemgeo.writing import whole
from stemgeo.writing.seal import hash_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

FILES = "files"
"""The kind of entries that are one file as it is, named by its own SHA-256."""
_ENTRY, _CONTENT = "entry.json", "content"
_KIND, _KEY = re.compile("[a-z]{1,20}"), re.compile("[0-9a-f]{8,64}")
_MOST_BYTES = 10_000_000
"""Of entry.json; that of a result has less than one hundredth of it."""
_COPIES_KEPT_S = 7 * 24 * 3600
"""A copy that was not taken for a week goes when another comes: what runs each night stays."""
_LOG = logging.getLogger("stemgeo")


def name_key(*made_from: object) -> str:
    """Name an entry by all that it is made from, fit for JSON."""
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()


def open_store(url: str | None) -> Store:
    """Give the store at an address; in the cache when none is given.

    Raises
    ------
    ScaleError
        If it is of one process alone: no worker would see what is put there.
    CacheError
        If someone else could change what lies in the cache.
    """
    if url is None:
        return Store(str(find_own_folder("scale")))
    if url.startswith("memory:"):
        mend = "give a folder that all machines share, or s3://BUCKET/NAME"
        raise ScaleError(Problem("--store", f"{clean_text(url, 80)} is of one process alone", mend))
    return Store(url if "://" in url else str(Path(whole.expand_home(url)).resolve()))


@dataclass(frozen=True)
class Store:
    """A place for entries; it goes to workers as its address alone.

    Attributes
    ----------
    url
        A folder, or an address that fsspec knows, as `s3://bucket/stemgeo`. Keys and endpoints come
        from the environment, as other programs take them.
    copies
        The folder in which entries of a store elsewhere are kept on this machine; in the cache when
        not given.
    """

    url: str
    copies: Path | None = field(default=None)

    @cached_property
    def _place(self) -> tuple[Any, str]:
        """The file system and the path in it."""
        need_extra(self.url)
        from fsspec.core import url_to_fs

        with self._tell("reached"):
            files, root = url_to_fs(self.url)
            return files, str(root).rstrip("/")

    def __getstate__(self) -> dict[str, Any]:
        return {"url": self.url, "copies": self.copies}

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder of this machine: its entries are used where they stand."""
        from fsspec.implementations.local import LocalFileSystem

        return isinstance(self._place[0], LocalFileSystem)

    # -- entries ------------------------------------------------------------------------------

    def has(self, kind: str, key: str) -> bool:
        """Whether there is such an entry; what it holds is not looked at."""
        files, place = self._find(kind, key)
        with self._tell("read"):
            return bool(files.exists(f"{place}/{_ENTRY}"))

    def get(self, kind: str, key: str) -> Path | None:
        """Give the folder of an entry on this machine, each file as it was put.

        One that is damaged is told, and taken away: then there is none.

        Parameters
        ----------
        kind, key
            Its name.
        """
        files, place = self._find(kind, key)
        try:
            with self._tell("read"):
                listed = _read_entry(files, place)
                if listed is None:
                    return None
                return self._check(Path(place), listed) or self._copy(kind, key, listed)
        except _DamagedError as error:
            _LOG.warning(_say_damaged(f"{self.url}/{kind}/{key}", str(error)))
            self.drop(kind, key)
            return None

    def put(self, kind: str, key: str, fill: Callable[[Path], object]) -> None:
        """Put an entry, whole or not at all; one that is there stays.

        Parameters
        ----------
        kind, key
            Its name.
        fill
            Writes its files into a folder.

        Raises
        ------
        ScaleError
            If the store cannot be written.
        """
        files, place = self._find(kind, key)
        if self.has(kind, key):
            if self.is_folder:
                _note_use(Path(place))
            return
        with self._open_new(place) as new:
            fill(new)
            listed = list_files(new)
            content = _seal_entry(listed)
            with self._tell("written"):
                if self.is_folder:
                    (new / _ENTRY).write_bytes(content)
                    _move_in(new, Path(place))
                    return
                for name in listed:
                    files.put_file(str(new / name), f"{place}/{name}")
                # Last: without it there is no entry.
                files.pipe_file(f"{place}/{_ENTRY}", content)

    def make(self, kind: str, key: str, fill: Callable[[Path], object]) -> Path:
        """Give the folder of an entry, which is made where there is none or a damaged one.

        Parameters
        ----------
        kind, key, fill
            As for `put`.

        Raises
        ------
        ScaleError
            If the store cannot be written or read.
        """
        found = self.get(kind, key)
        if found is None:
            self.put(kind, key, fill)
            found = self.get(kind, key)
        if found is None:
            what = f"does not hold {kind}/{key}, which was just put there"
            raise ScaleError(Problem(self.url, what, "choose another --store"))
        return found

    def drop(self, kind: str, key: str) -> None:
        """Take an entry away; where there is none nothing happens."""
        files, place = self._find(kind, key)
        with self._tell("written"), suppress(FileNotFoundError):
            if self.is_folder:
                with whole.work_folder(Path(self._place[1])) as work:
                    # In one step: another may be reading it.
                    Path(place).rename(work / "gone")
                return
            with suppress(FileNotFoundError):
                files.rm_file(f"{place}/{_ENTRY}")
            files.rm(place, recursive=True)

    def holds(self, kind: str) -> bool:
        """Whether there is anything of a kind."""
        files, root = self._place
        with self._tell("read"):
            return bool(files.exists(f"{root}/{kind}"))

    def remove(self) -> None:
        """Take away all that it holds."""
        files, root = self._place
        with self._tell("written"), suppress(FileNotFoundError):
            if self.is_folder:
                place = Path(root)
                if place.exists():
                    with whole.work_folder(place.parent) as work:
                        # In one step: another may be writing there.
                        place.rename(work / "gone")
                return
            files.rm(root, recursive=True)

    # -- files --------------------------------------------------------------------------------

    def put_file(self, path: Path) -> str:
        """Put a file, and give its SHA-256, by which `get_file` finds it."""
        sha256 = hash_file(path)

        def copy(folder: Path) -> None:
            link_or_copy(path, folder / _CONTENT)
            if hash_file(folder / _CONTENT) != sha256:
                mend = "run again when it is complete"
                raise ScaleError(Problem(path.name, "changed while it was read", mend))

        self.put(FILES, sha256, copy)
        return sha256

    def get_file(self, sha256: str) -> Path | None:
        """Give a file on this machine, which may not be changed; None where there is none."""
        folder = self.get(FILES, sha256)
        if folder is None or hash_file(folder / _CONTENT) == sha256:
            return None if folder is None else folder / _CONTENT
        # As its entry has it, but not what its name says: someone put another there.
        self.drop_file(sha256)
        return None

    def drop_file(self, sha256: str) -> None:
        """Take a file away."""
        self.drop(FILES, sha256)

    # -- within -------------------------------------------------------------------------------

    def _find(self, kind: str, key: str) -> tuple[Any, str]:
        if not (_KIND.fullmatch(kind) and _KEY.fullmatch(key)):
            raise ValueError(f"{kind}/{key} names no entry")
        files, root = self._place
        return files, f"{root}/{kind}/{key}"

    @contextmanager
    def _open_new(self, place: str) -> Iterator[Path]:
        """Give a folder for the files of an entry; of a store that is a folder, within it."""
        if not self.is_folder:
            with whole.temporary_folder() as new:
                yield new
            return
        root = self._place[1]
        with whole.tell_refusal(Path(root)):
            Path(place).parent.mkdir(parents=True, exist_ok=True)
            with whole.work_folder(Path(root)) as work:
                (work / "entry").mkdir()
                try:
                    yield work / "entry"
                except WriteError as error:
                    told = error.problems[0]
                    if not (isinstance(told, Problem) and Path(told.where).is_relative_to(work)):
                        raise  # of another place
                    # It names a file on the way, of which nobody knows.
                    raise WriteError(replace(told, where=self.url)) from None

    def _check(self, folder: Path, listed: Mapping[str, Any]) -> Path | None:
        """Give the folder of an entry where it stands, once every file is as it was put."""
        if not self.is_folder:
            return None
        _check_files(folder, listed)
        return folder

    def _copy(self, kind: str, key: str, listed: Mapping[str, Any]) -> Path:
        """Bring an entry to this machine, unless it is here already."""
        files, place = self._find(kind, key)
        home = self.copies or find_own_folder("copies")
        # Beside its name by what it holds: a copy of before is another.
        copy = home / kind / f"{key[:32]}-{hashlib.sha256(_seal_entry(listed)).hexdigest()[:16]}"
        with suppress(_DamagedError, FileNotFoundError):
            _note_use(copy)  # before it is looked at: nobody clears it meanwhile
            _check_files(copy, listed)
            return copy
        copy.parent.mkdir(parents=True, exist_ok=True)
        with whole.work_folder(home) as work:
            for name in listed:
                (work / "entry" / name).parent.mkdir(parents=True, exist_ok=True)
                try:
                    files.get_file(f"{place}/{name}", str(work / "entry" / name))
                except FileNotFoundError:
                    raise _DamagedError(name) from None
            _check_files(work / "entry", listed)
            with suppress(FileNotFoundError):
                copy.rename(work / "damaged")
            _move_in(work / "entry", copy)
            _clear_unused(home, work)
        return copy

    @contextmanager
    def _tell(self, done: str) -> Iterator[None]:
        """Turn whatever a file system raises into one line: each has errors of its own."""
        try:
            yield
        except (StemgeoError, _DamagedError):
            raise
        except Exception as error:  # noqa: BLE001  (S3 has errors of its own, and so has each)
            why = getattr(error, "strerror", None) or str(error) or type(error).__name__
            mend = "look at the address, the rights and the room there, or choose another --store"
            raise ScaleError(Problem(self.url, f"cannot be {done}: {why}", mend)) from None


def link_or_copy(path: Path, place: Path) -> None:
    """Let a file stand at another place too, to be read alone: once on the disk where it can."""
    try:
        os.link(path.resolve(), place)
    except OSError:
        shutil.copyfile(path, place)


def _note_use(entry: Path) -> None:
    """Let an entry say when it was last asked for; where that cannot be it is older than it is."""
    with suppress(OSError):
        os.utime(entry)


def _clear_unused(home: Path, work: Path) -> None:
    """Clear copies that nobody took for long: what is asked for again comes from the store."""
    oldest = time.time() - _COPIES_KEPT_S
    for number, one in enumerate(home.glob("*/*")):
        with suppress(OSError):
            if _KIND.fullmatch(one.parent.name) and one.stat().st_mtime < oldest:
                # In one step, and gone with the work folder.
                gone = one.rename(work / f"unused-{number}")
                if gone.stat().st_mtime >= oldest:  # taken between the two
                    gone.rename(one)


def _say_damaged(entry: str, file: str) -> Said:
    return say(
        "{entry} in the store was damaged ({file}), and is made anew",
        "{entry} in de opslag was beschadigd ({file}), en wordt opnieuw gemaakt",
        "{entry} dans le stockage était endommagé ({file}), et est refait",
        entry=clean_text(entry, 300),
        file=clean_text(file, 100),
    )


class _DamagedError(Exception):
    """An entry is not as it was put; told by the name of the file."""


def _move_in(new: Path, place: Path) -> None:
    """Give an entry its place, unless another was first: what it made is the same."""
    try:
        new.rename(place)
    except OSError:
        if not place.is_dir():
            raise


def _seal_entry(listed: Mapping[str, Any]) -> bytes:
    files = {name: dict(one) for name, one in sorted(listed.items())}
    return json.dumps({"files": files, "sha256": name_key(files)}).encode()


def _read_entry(files: Any, place: str) -> dict[str, Any] | None:
    """Read what an entry holds; None where there is none."""
    try:
        with files.open(f"{place}/{_ENTRY}", "rb") as stream:
            written = stream.read(_MOST_BYTES)
    except FileNotFoundError:
        return None
    try:
        listed = json.loads(written)["files"]
        if _seal_entry(listed) != written or not all(map(_stays_inside, listed)):
            raise _DamagedError(_ENTRY)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _DamagedError(_ENTRY) from None
    return dict(listed)


def _stays_inside(name: str) -> bool:
    """Whether a name leads to a file in its folder: what a store holds may be a stranger's."""
    parts = PurePosixPath(name).parts
    return bool(parts) and parts[0] != "/" and ".." not in parts and "\\" not in name


def _check_files(folder: Path, listed: Mapping[str, Any]) -> None:
    """Raise unless each file is as it was put."""
    for name, one in listed.items():
        path = folder / name
        try:
            same = path.stat().st_size == one["size_bytes"] and hash_file(path) == one["sha256"]
        except FileNotFoundError:
            raise _DamagedError(name) from None
        if not same:
            raise _DamagedError(name)
