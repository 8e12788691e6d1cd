"""Writing a folder whole or not at all, and reading it back with its hashes checked."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stemgeo.errors import Problem, ResultError

MANIFEST = "manifest.json"


@contextmanager
def whole_folder(place: Path) -> Iterator[Path]:
    """Give a folder to write into that takes its place only when the block ends well.

    An older result at the place is replaced; anything else there is left alone.

    Raises
    ------
    ResultError
        If the place holds something that no run wrote.
    """
    place = place.resolve()
    refuse_taken(place)
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
    try:
        beside.chmod(0o755)
        yield beside
        for path in beside.rglob("*"):
            _sync(path)
        _swap(beside, place)
        _sync(place.parent)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def refuse_taken(place: Path) -> None:
    """Refuse a place that holds anything but an older result: it would be lost.

    Raises
    ------
    ResultError
        If it does.
    """
    if not place.exists() or (place.is_dir() and not any(place.iterdir())):
        return
    try:
        written = {MANIFEST, *read_manifest(place)["outputs"]}
    except ResultError:
        raise ResultError(
            Problem(str(place), "is there already and is no result of stemgeo", "choose another")
        ) from None
    found = {str(path.relative_to(place).as_posix()) for path in place.rglob("*") if path.is_file()}
    others = sorted(found - written)
    if others:
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        what = f"holds what no run wrote: {others[0]}{more}"
        raise ResultError(Problem(str(place), what, "move it elsewhere, or choose another folder"))


def _swap(beside: Path, place: Path) -> None:
    """Move the new folder in; the old one goes only after it, and comes back if that fails."""
    if not place.exists():
        beside.rename(place)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{place.name}-old-", dir=place.parent))
    place.replace(old)
    try:
        beside.rename(place)
    except OSError:
        old.replace(place)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256(path: Path) -> str:
    """Hash a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_manifest(folder: Path, content: dict[str, Any]) -> None:
    """Write the manifest, with size and hash of every file that is there."""
    files = {
        str(path.relative_to(folder).as_posix()): {
            "size_bytes": path.stat().st_size,
            "sha256": sha256(path),
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    text = json.dumps(content | {"outputs": files}, indent=2, ensure_ascii=False, default=str)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest of a result.

    Raises
    ------
    ResultError
        If the folder holds no result.
    """
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        content = None
    # Programs of all kinds keep a manifest.json: ours has these.
    if not (isinstance(content, dict) and {"stemgeo", "outputs"} <= content.keys()):
        mend = "`stemgeo run STUDY --out DIR` writes one"
        raise ResultError(Problem(str(folder), "holds no result of a run", mend))
    return content


def checked_file(folder: Path, name: str) -> Path:
    """Give the path of a file of a result, after checking that it is what the run wrote.

    Raises
    ------
    ResultError
        If it is missing or was changed.
    """
    listed = read_manifest(folder).get("outputs", {}).get(name)
    path = folder / name
    if listed is None or not path.is_file():
        raise ResultError(Problem(str(path), "is missing from the result", "run the study again"))
    if sha256(path) != listed["sha256"]:
        raise ResultError(Problem(str(path), "was changed after the run", "run the study again"))
    return path
