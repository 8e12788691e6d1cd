"""Folders in which nobody else can change what is kept: their rights, and those of all above them.

On POSIX systems; Windows keeps the folders of a user by lists of rights that are not looked into.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

if sys.platform != "win32":
    import grp
    import pwd

_MOST_LINKS = 40
"""As the system itself follows of links on one path."""


class Opening(NamedTuple):
    """What lets another user change what is kept: which file or folder, why, and a way to mend."""

    path: Path
    what: str
    mend: str


def make_own_folder(folder: Path) -> None:
    """Make a folder, and those above it that are not there, which only this user may write."""
    for one in reversed([folder, *folder.parents]):
        if not one.is_dir():
            one.mkdir(mode=0o700, exist_ok=True)


def close_to_others(place: Path) -> None:
    """Take from others the right to write a file, or a folder and all in it."""
    for path in (place, *place.rglob("*")):
        path.chmod(stat.S_IMODE(path.lstat().st_mode) & ~(stat.S_IWGRP | stat.S_IWOTH))


def find_opening(place: Path) -> Opening | None:
    """Find what lets another user change a file or folder, or put something at its place first.

    Looked at are the place, every folder above it and every link on the way. Root may do anything
    anyhow, as may whoever owns the root of the file system. In a folder that all may write, such
    as /tmp, what is ours is safe where only its owner may rename it (the sticky bit).

    Parameters
    ----------
    place
        What is not there yet opens nothing.
    """
    if sys.platform == "win32":  # pragma: no cover
        return None
    trusted = _list_trusted()
    found = (_look_at(*one, trusted) for one in _walk_to(place))
    return next(filter(None, found), None)


def find_opening_inside(folder: Path) -> Opening | None:
    """Find what lets another user change what lies in a folder, whatever stands above it."""
    if sys.platform == "win32":  # pragma: no cover
        return None
    trusted = _list_trusted()
    inside = ((path, path.lstat(), True) for path in folder.rglob("*"))
    found = (_look_at(*one, trusted) for one in inside)
    return next(filter(None, found), None)


def _list_trusted() -> set[int]:
    return {0, os.getuid(), Path("/").stat().st_uid}


def _walk_to(place: Path) -> Iterator[tuple[Path, os.stat_result, bool]]:
    """Give each folder and link on the way to a place, and whether it is the place itself."""
    place = place.absolute()
    here, ahead, links = Path(place.anchor), list(reversed(place.parts[1:])), 0
    yield here, here.lstat(), not ahead
    while ahead:
        name = ahead.pop()
        path = here.parent if name == ".." else here / name
        try:
            about = path.lstat()
        except OSError:  # not there yet, or not for us to see: then nothing is kept there either
            return
        is_link = stat.S_ISLNK(about.st_mode)
        yield path, about, not is_link and not ahead
        if not is_link:
            here = path
            continue
        links += 1
        if links > _MOST_LINKS:
            return
        target = path.readlink()
        here = Path(target.anchor) if target.is_absolute() else here
        ahead += reversed(target.parts[1:] if target.is_absolute() else target.parts)


def _look_at(
    path: Path,
    about: os.stat_result,
    is_last: bool,  # noqa: FBT001  (as `_walk_to` gives it)
    trusted: set[int],
) -> Opening | None:
    if about.st_uid not in trusted:
        return Opening(path, f"belongs to another user ({_name_user(about.st_uid)})", "")
    if stat.S_ISLNK(about.st_mode) or (not is_last and about.st_mode & stat.S_ISVTX):
        return None
    by_all = bool(about.st_mode & stat.S_IWOTH)
    if by_all or (about.st_mode & stat.S_IWGRP and _has_others(path, about)):
        who = "all users" if by_all else "others of its group"
        is_ours = about.st_uid == os.getuid()
        return Opening(path, f"{who} may write in it", f"chmod go-w {path}" if is_ours else "")
    return None


def _has_others(path: Path, about: os.stat_result) -> bool:
    """Whether the group is more than its owner's own, as many systems give each user one.

    The bits of the group stand for a list of rights too, where there is one.
    """
    try:
        group, owner = grp.getgrgid(about.st_gid), pwd.getpwuid(about.st_uid)
    except KeyError:
        return True
    is_own = group.gr_name == owner.pw_name and set(group.gr_mem) <= {owner.pw_name}
    return not is_own or _has_list_of_rights(path)


def _has_list_of_rights(path: Path) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    try:
        return "system.posix_acl_access" in os.listxattr(path)
    except OSError:
        return False


def _name_user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
