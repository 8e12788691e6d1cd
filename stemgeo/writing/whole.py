"""Writing beside a place and moving in, in one step where the system can; leftovers of dead runs.

A run works in a folder of its own, `.stemgeo-XXXXXXXX`, and holds a lock on a file in it as long as
it lives: the system lets go of the lock however the run ends. A work folder whose lock is free is
thus a leftover, and whoever starts next clears it. What was written goes; what stood at a place
goes too when it is as stemgeo wrote it, else it comes back or stays beside the place.
"""

from __future__ import annotations

import ctypes
import datetime as dt
import errno
import logging
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from stemgeo.errors import Problem, ResultError, StemgeoError, WriteError
from stemgeo.writing.seal import is_empty, list_others_work

if sys.platform != "win32":
    import fcntl

_WORK = ".stemgeo-"
_LOCK, _NEW, _OLD, _GONE = "lock", "new", "old", "gone"
_AT_FDCWD, _NOREPLACE, _EXCHANGE = -100, 1, 2
"""Of Linux's renameat2."""
_CANNOT = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP)
"""What a file system answers that knows no such step."""
_MEND = {
    errno.ENOSPC: "make room on this disk, or choose another",
    errno.EDQUOT: "make room on this disk, or choose another",
    errno.EFBIG: "it is larger than this system lets a file be",
    errno.EACCES: "choose a folder in which you may write",
    errno.EPERM: "choose a folder in which you may write",
    errno.EROFS: "choose a folder in which you may write",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ENOENT: "its folder was taken away: run again",
    errno.ENOTDIR: "a part of its path is a file: choose another",
    errno.EEXIST: "a part of its path is a file: choose another",
}
_LOG = logging.getLogger("stemgeo")


# -- a place ----------------------------------------------------------------------------------


def expand_home(path: str) -> str:
    """Give a path with the home folder for a ~ that is the first of its folders, as a shell does.

    For what someone types: never for what a written result says. A name that begins with ~ stays.
    """
    own = path == "~" or path.startswith(("~/", f"~{os.sep}"))
    return os.path.expanduser(path) if own else path  # noqa: PTH111 -- pathlib's may raise


def full_path(place: Path) -> Path:
    """Give a place by its full path; a link at the place itself is not followed.

    Raises
    ------
    WriteError
        If it would be in a folder named ~: nobody means that.
    """
    place = Path(place)
    if place.parts[:1] == ("~",):
        what = "begins with ~, which stands for no home folder here"
        raise WriteError(Problem(str(place), what, "give the whole path"))
    ends_in_name = place.name not in ("", "..")
    return place.parent.resolve() / place.name if ends_in_name else place.resolve()


def make_ready(place: Path, *, keep: bool = False) -> None:
    """Clear leftovers around a place and make sure that it can be written, before any long work.

    Raises
    ------
    WriteError
        If it cannot.
    """
    place = full_path(place)
    clear_leftovers(temporary_home())
    with tell_refusal(place):
        longest = place.with_name(old_name(place, 99)) if keep else place
        try:
            longest.lstat()
        except FileNotFoundError:
            pass
        except OSError as error:  # no name may be so long
            error.filename = str(place)
            raise
        there = next(one for one in place.parents if os.path.lexists(one))
        with work_folder(there):
            pass


def ask_place(place: Path, refuse: Callable[[Path], None]) -> None:
    """Ask whether a place may be written, while no other run changes it."""
    place = full_path(place)
    with tell_refusal(place), lock_folder(place.parent):
        refuse(place)


def refuse_filled(place: Path) -> None:
    """Refuse a place that holds anything.

    Raises
    ------
    ResultError
        If it does.
    """
    is_folder = place.is_dir() and not place.is_symlink()
    if os.path.lexists(place) and not (is_folder and is_empty(place)):
        what = "is not empty" if is_folder else "is a link" if place.is_symlink() else "is a file"
        raise ResultError(Problem(str(place), what, describe_keeping(place)))


def describe_keeping(place: Path) -> str:
    """Say what to do about a place that is taken."""
    kept = old_name(place, is_folder=place.is_dir())
    return f"choose another place, or give --replace, which keeps this one beside it as {kept}"


@contextmanager
def whole_folder(
    place: Path, refuse: Callable[[Path], None], *, keep: bool = False
) -> Iterator[Path]:
    """Give a folder to write into that takes its place only when the block ends well.

    Parameters
    ----------
    place
        Where it goes. Whoever looks there finds the old or the new one, at any moment.
    refuse
        Raises when what stands at the place may not go; asked now and again at the end, since
        someone may have worked there meanwhile.
    keep
        Whether what stands at the place is kept beside it as NAME.old-DATE; nothing is asked then.

    Raises
    ------
    WriteError
        If it cannot be written: a full disk, no right, a folder that is gone.
    """
    place = full_path(place)
    if not keep:
        ask_place(place, refuse)
    with tell_refusal(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        with work_folder(place.parent) as work, _name_errors(work):
            new = _make_new(work, place.name)
            new.mkdir()
            (work / _LOCK).write_text(str(new.stat().st_ino), encoding="utf-8")
            yield new
            for path in (*new.rglob("*"), new):
                sync_to_disk(path)
            with lock_folder(place.parent):
                if not keep:
                    refuse(place)
                _move_in(work, new, place, keep=keep)
            sync_to_disk(place.parent)


@contextmanager
def whole_files(
    folder: Path, refuse: Callable[[Path, Path], None], *, keep: bool = False, first: str = ""
) -> Iterator[Path]:
    """Give a folder to write files into that go to another one only when the block ends well.

    Parameters
    ----------
    folder
        Where they go.
    refuse
        Raises when what stands at a place, its first argument, may not give way to the new file.
    keep
        As for `whole_folder`.
    first
        The name of the file that goes before the others; else they go by name.

    Raises
    ------
    WriteError
        As for `whole_folder`.
    """
    folder = folder.resolve()
    with tell_refusal(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with work_folder(folder) as work, _name_errors(work):
            yield _make_new(work, "")
            made = sorted((work / _NEW).iterdir(), key=lambda one: (one.name != first, one.name))
            places = {path: folder / path.name for path in made}
            for path in places:
                sync_to_disk(path)
            with lock_folder(folder):
                there = {new: one for new, one in places.items() if os.path.lexists(one)}
                for new, place in there.items():
                    if not keep:
                        refuse(place, new)
                for place in there.values() if keep else ():
                    _keep_beside(place, place)
                for new, place in places.items():
                    new.replace(place)
            sync_to_disk(folder)


def _make_new(work: Path, name: str) -> Path:
    (work / _NEW).mkdir()
    return work / _NEW / name


def _move_in(work: Path, new: Path, place: Path, *, keep: bool) -> None:
    """Put a whole folder at its place, and what stood there into the work folder."""
    is_folder = place.is_dir() and not place.is_symlink()
    if not os.path.lexists(place):
        new.rename(place)
    elif is_folder and is_empty(place):
        _fill_empty(new, place)
    elif _rename_at_once(new, place, _EXCHANGE):
        if keep:
            _keep_beside(new, place)
    else:
        (work / _OLD).mkdir()
        old = work / _OLD / place.name
        # Killed from here, the next start brings it back.
        place.rename(old)
        new.rename(place)
        if keep:
            _keep_beside(old, place)


def _fill_empty(new: Path, place: Path) -> None:
    """Take the place of an empty folder; one in which the user stands stays the same one."""
    for path in place.iterdir():
        path.unlink()
    if place == Path.cwd():
        for path in sorted(new.iterdir()):
            path.rename(place / path.name)
    else:
        new.rename(place)


def _keep_beside(old: Path, place: Path) -> Path:
    """Move what stood at a place beside it, over nothing that is there."""
    for number in count(1):
        kept = place.with_name(old_name(place, number, is_folder=old.is_dir()))
        try:
            if not _rename_at_once(old, kept, _NOREPLACE):
                if os.path.lexists(kept):
                    continue
                old.rename(kept)
        except FileExistsError:
            continue
        _LOG.warning("note: what stood at %s is kept as %s", place, kept.name)
        return kept
    raise AssertionError  # pragma: no cover


def old_name(place: Path, number: int = 1, *, is_folder: bool = True) -> str:
    """Give the name under which what stood at a place is kept; a file's ends as before.

    Parameters
    ----------
    place
        What is kept.
    number
        Of its kind on one day, from 1 on.
    is_folder
        Whether it is a folder.
    """
    stem, ending = (place.name, "") if is_folder else (place.stem, place.suffix)
    more = "" if number == 1 else f"-{number}"
    return f"{stem}.old-{dt.datetime.now().astimezone():%Y-%m-%d}{more}{ending}"


# -- work folders and what is left of them ----------------------------------------------------


def temporary_home() -> Path:
    """Give the folder in which the system keeps files on the way."""
    return Path(tempfile.gettempdir())


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Give a folder for files on the way."""
    home = temporary_home()
    with ExitStack() as stack:
        with tell_refusal(home):
            work = stack.enter_context(work_folder(home))
        try:
            with _name_errors(work):
                yield _make_new(work, "")
        except OSError as error:
            named = error.filename2 or error.filename or ""
            if not os.fsdecode(named).startswith(str(work)):
                raise
            what = f"cannot be written: {os.strerror(error.errno or 0)}"
            mend = "make room there, or name another folder in TMPDIR"
            raise WriteError(Problem(str(home), what, mend)) from None


@contextmanager
def work_folder(folder: Path) -> Iterator[Path]:
    """Give a folder of this run alone, inside another; those of dead runs there are cleared."""
    clear_leftovers(folder)
    work, lock = _make_locked(folder)
    try:
        yield work
    finally:
        _clear_work(work)
        os.close(lock)


@contextmanager
def take_turn(folder: Path, name: str, tell: Callable[[str], object]) -> Iterator[Path]:
    """Give a work folder that one living run at a time has, inside another.

    Whoever comes next waits until the one that has it is done, or dead: the system lets go of its
    lock. Where the system has no such locks, each gets a folder of its own and nobody waits.

    Parameters
    ----------
    folder
        In which it comes; those of dead runs there are cleared.
    name
        Of what the turn is for.
    tell
        Called once before any waiting, with which process has the turn.
    """
    clear_leftovers(folder)
    work = folder / f"{_WORK}{name}"
    lock = None if sys.platform == "win32" else _lock_in_turn(work, tell)
    if lock is None:
        with work_folder(folder) as own:
            yield own
        return
    try:
        for left in work.iterdir():  # of one that died with the turn
            if left.name != _LOCK:
                shutil.rmtree(left) if left.is_dir() else left.unlink()
        with suppress(OSError):
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()} on {platform.node()}".encode(), 0)
        yield work
    finally:
        _clear_work(work)
        os.close(lock)


def _lock_in_turn(work: Path, tell: Callable[[str], object]) -> int | None:
    """Make a work folder and hold its lock, after whoever has it; None where there are no locks."""
    while True:
        with suppress(FileExistsError):
            work.mkdir(mode=0o700)
        try:
            lock = os.open(work / _LOCK, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
        except FileNotFoundError:
            continue  # taken for a leftover just now
        try:
            if not _wait_for_lock(lock, tell):
                os.close(lock)
                return None
            if _is_same_file(lock, work / _LOCK):
                return lock
        except BaseException:
            os.close(lock)
            raise
        os.close(lock)  # of a folder that is gone


def _wait_for_lock(lock: int, tell: Callable[[str], object]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        tell(os.pread(lock, 200, 0).decode("utf-8", "replace"))
        fcntl.flock(lock, fcntl.LOCK_EX)
    except OSError:
        return False
    return True


def _is_same_file(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.lstat())
    except FileNotFoundError:
        return False


def clear_leftovers(folder: Path) -> None:
    """Clear what dead runs left in a folder; what the living hold is not touched."""
    if sys.platform == "win32":  # pragma: no cover  (there is no telling who lives)
        return
    with suppress(OSError), os.scandir(folder) as found:
        for path in [folder / one.name for one in found if one.name.startswith(_WORK)]:
            # In a folder that all may write, such as /tmp, a stranger may have made it.
            with suppress(OSError):
                if not path.is_symlink() and path.stat().st_uid == os.getuid():
                    _clear_if_dead(path)


def _clear_if_dead(work: Path) -> None:
    try:
        lock = os.open(work / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        # Just made, or half removed. Whoever makes the lock has the folder: a living run that finds
        # one there makes itself another folder.
        lock = os.open(work / _LOCK, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    try:
        # A file system without locks raises: then nobody knows, and it stays.
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _clear_work(work)
    finally:
        os.close(lock)


def _make_locked(folder: Path) -> tuple[Path, int]:
    """Make a work folder and hold its lock."""
    while True:
        work = Path(tempfile.mkdtemp(prefix=_WORK, dir=folder))
        try:
            lock = os.open(work / _LOCK, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        except (FileNotFoundError, FileExistsError):
            continue  # taken for a leftover just now
        except OSError:
            work.rmdir()
            raise
        if _hold_lock(lock) and (work / _LOCK).exists():
            return work, lock
        os.close(lock)


def _hold_lock(lock: int) -> bool:
    if sys.platform == "win32":  # pragma: no cover
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False  # taken for a leftover just now
    except OSError:
        return True  # this file system has no locks: leftovers stay, no work is lost
    return True


def _clear_work(work: Path) -> None:
    """Remove a work folder; what stood at a place comes back or stays where it is someone's."""
    try:
        for old in _list_places_work(work):
            place = work.parent / old.name
            if not os.path.lexists(place):
                old.rename(place)
            elif list_others_work(old):
                _keep_beside(old, place)
        # In one step: what is half removed must not be taken for someone's.
        for name in (_NEW, _OLD):
            if (work / name).exists():
                (work / name).rename(work / f"{_GONE}-{name}")
    except OSError as error:
        _LOG.warning("note: what stood beside it is left in %s: %s", work, error.strerror)
        return
    shutil.rmtree(work, ignore_errors=True)


def _list_places_work(work: Path) -> list[Path]:
    """List what a work folder holds that was not written in it, but stood at a place."""
    try:
        written = (work / _LOCK).read_text(encoding="utf-8")
    except (OSError, ValueError):
        written = ""
    swapped = [path for path in (work / _NEW).glob("*") if str(path.lstat().st_ino) != written]
    return [*(swapped if written else ()), *(work / _OLD).glob("*")]


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Let one run at a time look at what stands in a folder and put something in its place."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        yield
        return
    try:
        if sys.platform != "win32":
            with suppress(OSError):
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


# -- the system -------------------------------------------------------------------------------


@cache
def _find_renameat2() -> Any:
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)


def _rename_at_once(old: Path, new: Path, how: int) -> bool:
    """Rename in one step, to a name that is free or in exchange; False where there is no such."""
    call = _find_renameat2()
    if call is None:
        return False
    if call(_AT_FDCWD, os.fsencode(old), _AT_FDCWD, os.fsencode(new), how) == 0:
        return True
    number = ctypes.get_errno()
    if number in _CANNOT:
        return False
    raise OSError(number, os.strerror(number), str(new))


def sync_to_disk(path: Path) -> None:
    """Wait until what a file holds would outlast a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def tell_refusal(place: Path) -> Iterator[None]:
    """Turn the system's refusal to write a place into a line with the name of the file.

    What is explained already is no such refusal, though some of it is of the kind `OSError`.
    """
    try:
        yield
    except StemgeoError:
        raise
    except OSError as error:
        path = _find_shown_path(error, place)
        if path is None:
            raise
        why = os.strerror(error.errno) if error.errno else str(error)
        what = f"cannot be written: {why}"
        raise WriteError(Problem(str(path), what, _MEND.get(error.errno or 0, ""))) from None


def _find_shown_path(error: OSError, place: Path) -> Path | None:
    """Say where a file would have come to stand; None for one that is no part of the place."""
    named = error.filename2 or error.filename
    path = place if named is None else Path(os.fsdecode(named))
    for home in (place.parent, place):
        if path.is_relative_to(home) and path != home:
            work, *within = path.relative_to(home).parts
            if work.startswith(_WORK):
                return home.joinpath(*within[1:]) if within[:1] == [_NEW] and within[1:] else place
    return path if path.is_relative_to(place) or path in place.parents else None


@contextmanager
def _name_errors(work: Path) -> Iterator[None]:
    """Give an error without a name that of the file last written: of a full disk none is told."""
    try:
        yield
    except OSError as error:
        if error.filename is None and not isinstance(error, StemgeoError):
            files = [path for path in (work / _NEW).rglob("*") if path.is_file()]
            last = max(files, key=lambda path: path.stat().st_mtime_ns, default=None)
            error.filename = None if last is None else str(last)
        raise
