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
RUN = "run"
TREND = "trend"
SITE = "site"
COMPARE = "compare"
ANSWER = "answer"
"""Commands that write a folder, as its manifest names them; one that names none is of a run."""


@contextmanager
def whole_folder(place: Path, command: str = RUN) -> Iterator[Path]:
    """Give a folder to write into that takes its place only when the block ends well.

    An older result of the same command at the place is replaced; anything else there is left
    alone.

    Raises
    ------
    ResultError
        If the place holds something that this command did not write.
    """
    place = place.resolve()
    refuse_taken(place, command)
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


def refuse_taken(place: Path, command: str = RUN) -> None:
    """Refuse a place that holds anything but an older result of a command: it would be lost.

    Raises
    ------
    ResultError
        If it does.
    """
    if not place.exists() or (place.is_dir() and not any(place.iterdir())):
        return
    content = _manifest(place)
    if content is None:
        raise ResultError(
            Problem(str(place), "is there already and is no result of stemgeo", "choose another")
        )
    if command_of(content) != command:
        what = f"is the result of `stemgeo {command_of(content)}`"
        raise ResultError(Problem(str(place), what, "choose another folder, or remove it first"))
    written = {MANIFEST, *content["outputs"]}
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


def read_manifest(folder: Path, *commands: str) -> dict[str, Any]:
    """Read the manifest of a result of one of these commands; of a run when none is named.

    Raises
    ------
    ResultError
        If the folder holds no result, or that of another command.
    """
    wanted = commands or (RUN,)
    content, mend = _manifest(folder), f"`stemgeo {wanted[0]} STUDY --out DIR` writes one"
    if content is None:
        raise ResultError(Problem(str(folder), f"holds no result of a {' or '.join(wanted)}", mend))
    if command_of(content) not in wanted:
        what = f"is the result of `stemgeo {command_of(content)}`, not of a {' or '.join(wanted)}"
        raise ResultError(Problem(str(folder), what, mend))
    return content


def _manifest(folder: Path) -> dict[str, Any] | None:
    """Read the manifest of whichever command; None when the folder holds no result."""
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    # Programs of all kinds keep a manifest.json: ours has these.
    is_ours = isinstance(content, dict) and {"stemgeo", "outputs"} <= content.keys()
    return content if is_ours else None


def command_of(content: dict[str, Any]) -> str:
    """Tell which command wrote a result."""
    return str(content.get("command", RUN))


def versions(content: dict[str, Any]) -> dict[str, str]:
    """Give the versions of stemgeo, Python and the libraries that a manifest names."""
    own = {name: str(content.get(name, "")) for name in ("stemgeo", "python")}
    return {**own, **content.get("libraries", {})}


def flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Give each value of a manifest or a part of it with its full name, as travel.cutoff_min."""
    if isinstance(value, list) and all(not isinstance(one, dict | list) for one in value):
        value = ", ".join(map(str, value))
    if isinstance(value, list):
        value = {str(place): one for place, one in enumerate(value, start=1)}
    if isinstance(value, dict):
        for key, one in value.items():
            yield from flat(one, f"{name}.{key}" if name else key)
    elif value is not None and value != "":
        yield name, value


def checked_file(folder: Path, name: str, command: str = RUN) -> Path:
    """Give the path of a file of a result, after checking that it is what the command wrote.

    Raises
    ------
    ResultError
        If it is missing or was changed.
    """
    listed = read_manifest(folder, command)["outputs"].get(name)
    path = folder / name
    if listed is None or not path.is_file():
        raise ResultError(Problem(str(path), "is missing from the result", "run the study again"))
    if sha256(path) != listed["sha256"]:
        raise ResultError(Problem(str(path), "was changed after the run", "run the study again"))
    return path
