"""Facts about folders in which nobody else can change what is kept."""

from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from stemgeo.writing import guarded
from stemgeo.writing.guarded import find_opening, find_opening_inside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OTHER = 54_321
"""A user whom no system knows."""
OPEN = "others of its group may write in it"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder two below one of ours, which nobody else may write."""
    place = tmp_path / "home" / "cache"
    place.mkdir(parents=True)
    for one in (place.parent, place):
        one.chmod(0o755)
    return place


@pytest.fixture
def give_away(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Give a file or folder to another user; who is not root plays the other user."""

    def give(path: Path) -> None:
        if os.getuid() == 0:
            os.chown(path, OTHER, -1, follow_symlinks=False)
        else:
            monkeypatch.setattr(guarded, "_list_trusted", lambda: {0})

    return give


@pytest.fixture
def by_umask_of_nothing() -> Iterator[None]:
    """Whatever is made may be written by all."""
    before = os.umask(0)
    yield
    os.umask(before)


def test_a_folder_of_ours_is_closed(place: Path) -> None:
    """Below what is ours or of root, whether it is there or not yet."""
    assert find_opening(place) is None
    assert find_opening(place / "kind" / "entry") is None


@pytest.mark.parametrize("mode", [0o777, 0o757, 0o1777])
@pytest.mark.parametrize("path", [".", "..", "kind"])
def test_what_all_may_write_is_open(place: Path, path: str, mode: int) -> None:
    """The folder itself, one above it, one below it; above it the sticky bit keeps what is ours."""
    (place / "kind").mkdir()
    open_one = (place / path).resolve()
    open_one.chmod(mode)
    found = find_opening(place / "kind")
    if mode & 0o1000 and path != "kind":
        assert found is None
    else:
        told = f"chmod go-w {open_one}"
        assert found == (open_one, "all users may write in it", told)


def test_in_a_sticky_folder_the_place_itself_must_be_ours(
    place: Path, give_away: Callable[[Path], None]
) -> None:
    """Another could have made it first, and still owns it."""
    place.parent.chmod(0o1777)
    assert find_opening(place) is None
    give_away(place)
    found = find_opening(place)
    assert found
    assert found.what.startswith("belongs to another user (")
    assert found.mend == ""


@pytest.mark.parametrize("path", [".", ".."])
def test_what_another_user_owns_is_open(
    place: Path, give_away: Callable[[Path], None], path: str
) -> None:
    """Its owner can give rights at any time."""
    give_away((place / path).resolve())
    found = find_opening(place)
    assert found
    assert "another user" in found.what


def test_a_link_is_followed_and_looked_at(
    place: Path, tmp_path: Path, give_away: Callable[[Path], None]
) -> None:
    """What it leads to, the folder in which it stands, and whose it is."""
    links = tmp_path / "links"
    links.mkdir(mode=0o755)
    link, back = links / "cache", links / "back"
    link.symlink_to(place)
    back.symlink_to("../links/cache")
    assert find_opening(back / ".." / "cache") is None
    place.chmod(0o777)
    assert find_opening(back) == find_opening(place)
    place.chmod(0o755)
    links.chmod(0o777)
    assert (found := find_opening(back))
    assert found.path == links
    links.chmod(0o1777)
    assert find_opening(back) is None
    give_away(back)
    assert (found := find_opening(back))
    assert "another user" in found.what


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    """Nothing can be kept there, so nobody can change it."""
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert find_opening(tmp_path / "a" / "cache") is None


@pytest.mark.parametrize(
    ("name", "members", "told"),
    [("ann", [], ""), ("ann", ["ann"], ""), ("ann", ["ann", "bob"], OPEN)]
    + [("staff", [], OPEN), (None, [], OPEN)],
)
def test_a_group_is_others_unless_it_is_the_owners_own(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str | None,
    members: list[str],
    told: str,
) -> None:
    """As many systems give each user a group of the same name; one that nobody knows is others."""

    def group(_: int) -> SimpleNamespace:
        if name is None:
            raise KeyError
        return SimpleNamespace(gr_name=name, gr_mem=members)

    monkeypatch.setattr(grp, "getgrgid", group)
    monkeypatch.setattr(pwd, "getpwuid", lambda _: SimpleNamespace(pw_name="ann"))
    place.chmod(0o775)
    found = find_opening(place)
    assert (found.what if found else "") == told


def test_a_list_of_rights_makes_a_group_others(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bits of the group then stand for whoever is in the list."""
    monkeypatch.setattr(guarded, "_has_list_of_rights", lambda _: True)
    place.chmod(0o775)
    assert find_opening(place)
    place.chmod(0o755)
    assert find_opening(place) is None


def test_what_lies_in_a_folder_is_looked_at(place: Path) -> None:
    """Files and folders below it."""
    file = place / "kind" / "a.npy"
    file.parent.mkdir()
    file.touch(mode=0o644)
    assert find_opening_inside(place) is None
    file.chmod(0o666)
    found = find_opening_inside(place)
    assert found
    assert found.path == file
    guarded.close_to_others(place)
    assert find_opening_inside(place) is None


@pytest.mark.usefixtures("by_umask_of_nothing")
def test_folders_that_are_made_are_ours_alone(place: Path) -> None:
    """Whatever this process gives others of what it makes."""
    guarded.make_own_folder(place / "a" / "b")
    assert find_opening(place / "a" / "b") is None
    assert (place / "a").stat().st_mode & 0o777 == 0o700
    guarded.make_own_folder(place / "a" / "b")
