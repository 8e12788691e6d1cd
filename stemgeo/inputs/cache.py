"""Work kept between runs, named by the content it was made from."""

from __future__ import annotations

import hashlib
import io
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import platformdirs

from stemgeo.errors import InputError, Problem
from stemgeo.writing import whole
from stemgeo.writing.seal import hash_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import ArrayLike, NDArray

T = TypeVar("T")


def cache_folder() -> Path:
    """Where work is kept: $STEMGEO_CACHE, else the user's cache folder."""
    return Path(os.environ.get("STEMGEO_CACHE") or platformdirs.user_cache_dir("stemgeo"))


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
    """
    whole.clear_leftovers(_home_of_entries(place))
    whole.clear_leftovers(whole.temporary_home())
    if place.exists():
        try:
            return load(place)
        except (InputError, OSError):
            _remove_damaged(place)
    made = make()
    # A cache saves work; a full or read-only disk must not cost the result.
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        with whole.work_folder(_home_of_entries(place)) as work:
            save(made, work / "entry")
            # Another run may have been first; what it made is the same.
            (work / "entry").rename(place)
    return made


def _home_of_entries(place: Path) -> Path:
    """Give the folder of all entries: what is left in it is found, of whichever kind it was."""
    return place.parent.parent


def _remove_damaged(place: Path) -> None:
    """Take a damaged entry away in one step: another run may be reading it."""
    with suppress(OSError), whole.work_folder(_home_of_entries(place)) as work:
        place.rename(work / "damaged")
