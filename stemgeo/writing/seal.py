"""How a folder is known to be as stemgeo wrote it: hashes of its files, and one of the manifest."""

from __future__ import annotations

import hashlib
import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
ADDED, CHANGED, LINKED = "added", "changed", "a link"
"""What may be of a file that is not as it was written."""
_SEALED = re.compile(rb'(.*),\n  "seal": "([0-9a-f]{64})"\n}\n', re.DOTALL)
_LITTER = re.compile(
    r"\.DS_Store|\.directory|\.localized|(eh)?thumbs\.db|desktop\.ini|\._.+|~\$.+|\.~lock\..+#"
    r"|.+\.gpkg-shm|.+\.qgd",
    re.IGNORECASE,
)
"""What systems, office programs and QGIS put into a folder that is only looked at."""
_UNSAVED = re.compile(r".+\.gpkg-(wal|journal)", re.IGNORECASE)
"""Beside a GeoPackage that is open: what was changed and is not in it yet. Empty: nothing was."""
_SQLITE, _HEAD_BYTES, _PART_BYTES = b"SQLite format 3\0", 100, 1 << 20
_SETTLED = {18: b"\1\1", 24: b"\0\0\0\1", 92: b"\0\0\0\1", 96: (3_040_000).to_bytes(4, "big")}
"""By their place in the head: kind of journal, number of changes, when that held, and version."""


def hash_file(path: Path) -> str:
    """Hash a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def settle_geopackage(content: bytes) -> bytes:
    """Give a GeoPackage with a head that says the same whoever opened it last.

    SQLite keeps there which version of it wrote last, how often, and with which journal: a program
    that only looks, such as QGIS, changes that.
    """
    if not content.startswith(_SQLITE) or len(content) < _HEAD_BYTES:
        return content
    head = bytearray(content[:_HEAD_BYTES])
    for start, settled in _SETTLED.items():
        head[start : start + len(settled)] = settled
    return bytes(head) + content[_HEAD_BYTES:]


def is_as_written(path: Path, sha256: str) -> bool:
    """Whether a file of a result has that hash; a GeoPackage: but for whoever looked into it."""
    found = hash_if_readable(path)
    if found is None or found == sha256 or path.suffix != ".gpkg":
        return found == sha256
    with path.open("rb") as file:
        digest = hashlib.sha256(settle_geopackage(file.read(_HEAD_BYTES)))
        while part := file.read(_PART_BYTES):
            digest.update(part)
    return digest.hexdigest() == sha256


def seal_manifest(content: dict[str, Any]) -> str:
    """Give a manifest as text that ends in a hash of itself, so that an edit is found."""
    content = {name: value for name, value in content.items() if name != "seal"}
    text = json.dumps(content, indent=2, ensure_ascii=False, default=str).removesuffix("\n}")
    seal = hashlib.sha256(text.encode()).hexdigest()
    return f'{text},\n  "seal": "{seal}"\n}}\n'


def is_litter(path: Path) -> bool:
    """Whether a system left this by itself: nobody's work."""
    about = path.lstat()
    unsaved = _UNSAVED.fullmatch(path.name) and not about.st_size
    return bool(_LITTER.fullmatch(path.name) or unsaved) and stat.S_ISREG(about.st_mode)


def is_empty(folder: Path) -> bool:
    """Whether a folder holds nothing that anyone put there."""
    return all(is_litter(path) for path in folder.iterdir())


def list_others_work(place: Path) -> list[tuple[str, str]]:
    """List what stands at a place and is not as stemgeo wrote it: names and what is with them.

    Nothing is followed and nothing opened but files that the manifest names. A file that is missing
    is no work of anyone. The place itself, when it is no folder of ours, has the name "".
    """
    if place.is_symlink() or not place.is_dir():
        return [("", LINKED if place.is_symlink() else ADDED)]
    try:
        written = (place / MANIFEST).read_bytes()
        listed = dict(json.loads(written)["outputs"])
        hashes = {str(name): str(one["sha256"]) for name, one in listed.items()}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return [] if is_empty(place) else [("", ADDED)]
    found = _SEALED.fullmatch(written)
    if found and hashlib.sha256(found[1]).hexdigest() == found[2].decode():
        hashes[MANIFEST] = hashlib.sha256(written).hexdigest()
    else:
        hashes[MANIFEST] = ""
    return sorted(_yield_unlike(place, place, hashes))


def _yield_unlike(folder: Path, place: Path, hashes: dict[str, str]) -> Iterator[tuple[str, str]]:
    for path in folder.iterdir():
        name = path.relative_to(place).as_posix()
        if path.is_symlink():
            yield name, LINKED
        elif path.is_dir():
            if any(one.startswith(f"{name}/") for one in hashes):
                yield from _yield_unlike(path, place, hashes)
            else:
                yield f"{name}/", ADDED
        elif name in hashes:
            if not is_as_written(path, hashes[name]):
                yield name, CHANGED
        elif not is_litter(path):
            yield name, ADDED


def hash_if_readable(path: Path) -> str | None:
    """Hash a file; None where there is none that can be read: nobody can say whose that is."""
    try:
        # Not opened unless it is a file: a pipe would wait for ever.
        return hash_file(path) if path.is_file() else None
    except OSError:
        return None
