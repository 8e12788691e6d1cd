"""Work kept between runs, named by the content it was made from."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import logging
import os
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import numpy as np
import platformdirs

from stemgeo.errors import CacheError, InputError, Problem, find_lack_of_memory
from stemgeo.notes import Said, clean_text, say
from stemgeo.writing import guarded, whole
from stemgeo.writing.seal import hash_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import ArrayLike, NDArray

T = TypeVar("T")
_LISTED = "names.sealed"
"""What a folder of work holds, beside it: a file that may be lacking is no file that was lost."""
_LOG = logging.getLogger("stemgeo")


def cache_folder() -> Path:
    """Where work is kept: $STEMGEO_CACHE, else the user's cache folder."""
    named = whole.expand_home(os.environ.get("STEMGEO_CACHE", ""))
    return Path(named or platformdirs.user_cache_dir("stemgeo"))


def find_own_folder(kind: str) -> Path:
    """Give the folder for work of a kind; what lies there is believed, and is nobody else's.

    Raises
    ------
    CacheError
        If someone else could change it.
    """
    place = cache_folder() / kind
    _refuse_open(guarded.find_opening(place))
    return place


def entry_path(kind: str, *made_from: object, code: Iterable[str] = ()) -> Path:
    """Give the place of a piece of work, named by a hash of all that it depends on.

    Parameters
    ----------
    kind
        The folder for work of this kind.
    *made_from
        What it depends on, fit for JSON.
    code
        Files of the modules that do the work, so that no other rule meets a stale entry.
    """
    depends_on = [*(hash_file(Path(one)) for one in code), *made_from]
    name = hashlib.sha256(json.dumps(depends_on).encode()).hexdigest()[:32]
    return cache_folder() / kind / name


def write_sealed(content: bytes, path: Path) -> None:
    """Write a piece of work as one file, behind its hash."""
    path.write_bytes(hashlib.sha256(content).digest() + content)


def read_sealed(path: Path) -> bytes:
    """Read what `write_sealed` wrote.

    Raises
    ------
    InputError
        If it is not what was written.
    """
    whole_file = path.read_bytes()
    if hashlib.sha256(whole_file[32:]).digest() != whole_file[:32]:
        raise InputError(Problem(str(path), "is not what was written"))
    return whole_file[32:]


def store_arrays(path: Path, **arrays: ArrayLike) -> None:
    """Write arrays, and texts, as one file behind its hash."""
    content = io.BytesIO()
    np.savez(content, **arrays)  # type: ignore[arg-type]
    write_sealed(content.getvalue(), path)


def restore_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read what `store_arrays` wrote, raise as `read_sealed` does; a text is an array of one."""
    with np.load(io.BytesIO(read_sealed(path)), allow_pickle=False) as arrays:
        return dict(arrays)


def save_arrays(folder: Path, name: str, told: dict[str, Any], **arrays: NDArray[Any]) -> None:
    """Write arrays as `.npy` files, and what is told of them, with their hashes, as NAME.json.

    Parameters
    ----------
    folder
        That is there.
    name
        Of what they are together.
    told
        Fit for JSON.
    **arrays
        By the names of their files.
    """
    hashes = {}
    for one, array in arrays.items():
        np.save(folder / f"{one}.npy", array, allow_pickle=False)
        hashes[one] = hash_file(folder / f"{one}.npy")
    content = told | {"sha256": hashes}
    text = json.dumps({name: content, "sha256": _hash_content(content)})
    (folder / f"{name}.json").write_text(text, encoding="utf-8")


def map_arrays(folder: Path, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Open what `save_arrays` wrote: what was told, and the arrays, mapped and not read.

    Parameters
    ----------
    folder, name
        As for `save_arrays`.

    Raises
    ------
    InputError
        If a file is missing or is not what was written.
    """
    try:
        whole_text = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        content = whole_text[name]
        if _hash_content(content) != whole_text["sha256"]:
            raise InputError(Problem(f"{name}.json", "is not what was written"))
        arrays: dict[str, Any] = {}
        for one, digest in content.pop("sha256").items():
            file = folder / f"{one}.npy"
            if hash_file(file) != digest:
                raise InputError(Problem(str(file), "is not what was written"))
            # As a plain array: numpy's own class for mapped ones is slow to index. It can be
            # written to, in memory alone: for what cannot all kernels are compiled again.
            arrays[one] = np.asarray(np.load(file, mmap_mode="c", allow_pickle=False))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(Problem(str(folder), f"is not a saved {name} ({error})")) from None
    return content, arrays


def _hash_content(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def load_or_make(
    place: Path,
    make: Callable[[], T],
    save: Callable[[T, Path], None],
    load: Callable[[Path], T],
) -> T:
    """Take a piece of work from the cache, or make it and keep it.

    Of runs at once that want the same piece one makes it; the others wait for it, and one of them
    makes it when the first dies. A damaged piece is made anew, and what could not be kept is given
    all the same: both are told.

    Parameters
    ----------
    place
        As from `entry_path`.
    make
        Does the work.
    save
        Writes it under a path that does not exist yet, as a file or a folder.
    load
        Reads it; raises `InputError` when it is not what was written: then it is made anew.

    Raises
    ------
    CacheError
        If someone else could have changed what is kept there.
    """
    _refuse_open(guarded.find_opening(place) or guarded.find_opening_inside(place))
    whole.clear_leftovers(whole.temporary_home())
    if (found := _load_kept(place, load)) and found.error is None:
        return found.work[0]
    with _take_turn(place) as work:
        # Whoever had the turn before may have made it.
        if (found := _load_kept(place, load)) and found.error is None:
            return found.work[0]
        if found:
            _LOG.warning(_say_damaged(place))
            _remove_damaged(place)
        made = make()
        if work is not None:
            try:
                _keep(made, save, work, place)
            except OSError as error:  # a cache saves work; it must not cost the result
                _LOG.warning(_say_not_kept(place, error))
    return made


class _Tried(NamedTuple, Generic[T]):
    """What was found of a piece of work: itself, in a tuple of one, or why it cannot be used."""

    work: tuple[T, ...]
    error: Exception | None = None


def _load_kept(place: Path, load: Callable[[Path], T]) -> _Tried[T] | None:
    """Read a piece of work where there is one."""
    if not place.exists():
        return None
    try:
        if place.is_dir():
            _check_names(place)
        return _Tried((load(place),))
    except (InputError, OSError) as error:
        if find_lack_of_memory(error):  # says nothing of what is kept
            raise
        return _Tried((), error)


def _keep(made: T, save: Callable[[T, Path], None], work: Path, place: Path) -> None:
    """Write a piece of work whole, for nobody else to change, and move it to its place."""
    entry = work / "entry"
    save(made, entry)
    if entry.is_dir():  # a file that is gone is found, also where it need not be there
        write_sealed(json.dumps(_list_names(entry)).encode(), entry / _LISTED)
    guarded.close_to_others(entry)
    guarded.make_own_folder(place.parent)
    with suppress(FileExistsError):  # without locks another run may have been first
        entry.rename(place)


def _check_names(folder: Path) -> None:
    if json.loads(read_sealed(folder / _LISTED)) != _list_names(folder):
        raise InputError(Problem(str(folder), "is not what was written"))


def _list_names(folder: Path) -> list[str]:
    names = (one.relative_to(folder).as_posix() for one in folder.rglob("*"))
    return sorted(name for name in names if name != _LISTED)


@contextmanager
def _take_turn(place: Path) -> Iterator[Path | None]:
    """Give a folder to write in to one run at a time; None where none can be written."""
    home = _home_of_entries(place)

    def tell(who: str) -> None:
        what = (place.parent.name, place.name[:8], clean_text(who) or "?")
        _LOG.warning(_say_waiting(*what))

    with ExitStack() as stack:
        try:
            guarded.make_own_folder(home)
            _refuse_open(guarded.find_opening(place))  # what was not there before
            turn = f"{place.parent.name}-{place.name}"
            work = stack.enter_context(whole.take_turn(home, turn, tell))
        except OSError as error:
            _LOG.warning(_say_not_kept(place, error))
            work = None
        yield work


def _home_of_entries(place: Path) -> Path:
    """Give the folder of all entries: what is left in it is found, of whichever kind it was."""
    return place.parent.parent


def _remove_damaged(place: Path) -> None:
    """Take a damaged entry away in one step: another run may be reading it."""
    with suppress(OSError), whole.work_folder(_home_of_entries(place)) as work:
        place.rename(work / "damaged")


def _refuse_open(found: guarded.Opening | None) -> None:
    """Refuse what another user could change: figures would come of it."""
    if found:
        what = f"{found.what}, who could change what is kept there, and so the figures"
        other = "name a folder of your own in STEMGEO_CACHE"
        mend = f"{found.mend}, or {other}" if found.mend else other
        raise CacheError(Problem(str(found.path), what, mend))


def _say_damaged(place: Path) -> Said:
    return say(
        "{place} in the cache was damaged, and is made anew",
        "{place} in de cache was beschadigd, en wordt opnieuw gemaakt",
        "{place} dans le cache était endommagé, et est refait",
        place=str(place),
    )


def _say_not_kept(place: Path, error: OSError) -> Said:
    return say(
        "{kind} could not be kept in the cache {place} ({why}): the result is whole, but the next "
        "run does this work again; make room there, or name another folder in STEMGEO_CACHE",
        "{kind} kon niet bewaard worden in de cache {place} ({why}): het resultaat is volledig, "
        "maar de volgende keer gebeurt dit werk opnieuw; maak daar plaats, of noem een andere map "
        "in STEMGEO_CACHE",
        "{kind} n’a pas pu être gardé dans le cache {place} ({why}) : le résultat est complet, "
        "mais ce travail sera refait la prochaine fois ; libérez-y de la place, ou nommez un autre "
        "dossier dans STEMGEO_CACHE",
        kind=place.parent.name,
        place=str(_home_of_entries(place)),
        why=error.strerror or os.strerror(errno.ENOSPC),  # numpy counts what it wrote
    )


def _say_waiting(kind: str, name: str, who: str) -> Said:
    return say(
        "waiting for {kind} {name}, which another run makes (process {who}); it is not made twice",
        "wacht op {kind} {name}, dat een andere opdracht maakt (proces {who}); het wordt geen "
        "tweede keer gemaakt",
        "attend {kind} {name}, qu’une autre commande prépare (processus {who}) ; ce ne sera pas "
        "fait deux fois",
        kind=kind,
        name=name,
        who=who,
    )
