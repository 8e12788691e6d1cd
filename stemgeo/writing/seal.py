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
    r"\.DS_Store|\.directory|\.localized|(eh)?thumbs\.db|desktop\.ini|\._.+|~\$.+|\.~lock\..+#",
    re.IGNORECASE,
)
"""What systems and office programs put into a folder that is only looked at."""


def hash_file(path: Path) -> str:
    """Hash a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def seal_manifest(content: dict[str, Any]) -> str:
    """Give a manifest as text that ends in a hash of itself, so that an edit is found."""
    content = {name: value for name, value in content.items() if name != "seal"}
    text = json.dumps(content, indent=2, ensure_ascii=False, default=str).removesuffix("\n}")
    seal = hashlib.sha256(text.encode()).hexdigest()
    return f'{text},\n  "seal": "{seal}"\n}}\n'


def is_litter(path: Path) -> bool:
    """Whether a system left this by itself: nobody's work."""
    return bool(_LITTER.fullmatch(path.name)) and stat.S_ISREG(path.lstat().st_mode)


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
            if hash_if_readable(path) != hashes[name]:
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
