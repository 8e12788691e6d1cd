"""Facts about work that is not lost: what people edited, kept folders, leftovers, full disks."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stemgeo.errors import ResultError
from stemgeo.report.files import ANSWER, refuse_taken, whole_drawings, whole_folder, write_manifest
from stemgeo.writing.seal import others_work

if TYPE_CHECKING:
    from collections.abc import Callable

TODAY = f"{dt.datetime.now().astimezone():%Y-%m-%d}"


def put(place: Path, text: str = "1", command: str = "run", *, replace: bool = False) -> Path:
    """Write a result of a summary and a table."""
    with whole_folder(place, command, replace=replace) as folder:
        (folder / "summary.md").write_text(text, encoding="utf-8")
        (folder / "tables").mkdir()
        (folder / "tables" / "a.csv").write_text(text, encoding="utf-8")
        write_manifest(folder, {"stemgeo": "0", "command": command})
    return place


def content_of(folder: Path) -> dict[str, bytes | str | None]:
    """Give all that a folder holds: of files the bytes, of links where they lead."""
    return {
        path.relative_to(folder).as_posix(): str(path.readlink())
        if path.is_symlink()
        else path.read_bytes()
        if path.is_file()
        else None
        for path in sorted(folder.rglob("*"))
    }


def _linked(path: Path) -> None:
    content = path.read_text("utf-8")
    elsewhere = path.parent.parent / f"my-{path.name}"
    elsewhere.write_text(content, encoding="utf-8")
    path.unlink()
    path.symlink_to(elsewhere)


WORK: dict[str, tuple[Callable[[Path], object], str]] = {
    "an edit": (lambda r: (r / "summary.md").write_text("mine"), r"summary\.md \(changed\)"),
    "an edit of one byte's case": (
        lambda r: (r / "tables/a.csv").write_text("2"),
        r"tables/a\.csv",
    ),
    "an added file": (lambda r: (r / "nota.docx").write_text("x"), r"nota\.docx \(added\)"),
    "an added file below": (lambda r: (r / "tables/b.csv").write_text("x"), r"tables/b\.csv"),
    "an empty folder": (lambda r: (r / "mijn werk").mkdir(), r"mijn werk/ \(added\)"),
    "a hidden folder": (lambda r: (r / ".git").mkdir(), r"\.git/ \(added\)"),
    "a link": (lambda r: (r / "kaart").symlink_to("/nowhere"), r"kaart \(a link\)"),
    "a file as a link": (lambda r: _linked(r / "summary.md"), r"summary\.md \(a link\)"),
    "a folder for a file": (
        lambda r: ((r / "summary.md").unlink(), (r / "summary.md").mkdir()),
        r"summary\.md/ \(added\)",
    ),
    "a pipe for a file": (
        lambda r: ((r / "summary.md").unlink(), os.mkfifo(r / "summary.md")),
        r"summary\.md \(changed\)",
    ),
    "a manifest with a hash put right": (
        lambda r: (r / "manifest.json").write_text(
            (r / "manifest.json").read_text("utf-8").replace('"stemgeo": "0"', '"stemgeo": "1"')
        ),
        r"manifest\.json \(changed\)",
    ),
    "a manifest written anew": (
        lambda r: (r / "manifest.json").write_text(
            json.dumps(json.loads((r / "manifest.json").read_text("utf-8")))
        ),
        r"manifest\.json \(changed\)",
    ),
    "a name that breaks the line": (
        lambda r: (r / "a\x1b[31m\nb").write_text("x"),
        r"a\[31m b \(added\)",
    ),
}


@pytest.mark.parametrize("kind", WORK)
def test_what_someone_did_in_a_result_is_refused_by_name(tmp_path: Path, kind: str) -> None:
    """In one line with the mend, before anything is done; nothing is changed."""
    place = put(tmp_path / "result")
    work, told = WORK[kind]
    work(place)
    before = content_of(place)
    for refusing in (refuse_taken, put):
        with pytest.raises(ResultError, match=told) as caught:
            refusing(place)
        line = str(caught.value)
        assert line.endswith(f"--replace, which keeps this one beside it as result.old-{TODAY}")
        assert "\n" not in line
    assert content_of(place) == before
    assert {path.name for path in tmp_path.iterdir()} <= {"result", "my-summary.md"}


@pytest.mark.parametrize("kind", WORK)
def test_what_someone_did_meanwhile_is_refused_too(tmp_path: Path, kind: str) -> None:
    """The folder is looked at again just before the new one moves in."""
    place = put(tmp_path / "result")
    before = {}
    with pytest.raises(ResultError, match=WORK[kind][1]), whole_folder(place) as folder:  # noqa: PT012
        write_manifest(folder, {"stemgeo": "0"})
        WORK[kind][0](place)
        before = content_of(place)
    assert content_of(place) == before
    assert {path.name for path in tmp_path.iterdir()} <= {"result", "my-summary.md"}


@pytest.mark.parametrize("kind", WORK)
def test_replace_keeps_the_folder_beside(tmp_path: Path, kind: str) -> None:
    """As NAME.old-DATE, never over an earlier one; the new result is whole."""
    kept = []
    for number in (1, 2, 3):
        place = put(tmp_path / "result", "new", replace=number > 1)
        assert not others_work(place)
        WORK[kind][0](place)
        kept.append(content_of(place))
    put(place, "new", replace=True)
    names = (f"result.old-{TODAY}", f"result.old-{TODAY}-2", f"result.old-{TODAY}-3")
    assert [content_of(tmp_path / name) for name in names] == kept
    assert {path.name for path in tmp_path.iterdir()} - {"my-summary.md"} == {"result", *names}


def test_many_names_are_counted(tmp_path: Path) -> None:
    """All names up to five, then how many more."""
    place = put(tmp_path / "result")
    for number in range(8):
        (place / f"n{number}").write_text("x", encoding="utf-8")
    with pytest.raises(ResultError, match=r"n4 \(added\) and 3 more; choose"):
        refuse_taken(place)


@pytest.mark.parametrize(
    "name",
    [".DS_Store", "Thumbs.db", "desktop.ini", "Desktop.ini", "~$twoord.docx", "._summary.md"]
    + [".~lock.antwoord.docx#", ".directory", "tables/.DS_Store"],
)
def test_what_systems_leave_is_nobodys_work(tmp_path: Path, name: str) -> None:
    """In a result, at any depth, and in an empty folder."""
    place = put(tmp_path / "result")
    (place / name).write_text("x", encoding="utf-8")
    put(place, "2")
    assert not (place / name).exists()
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / Path(name).name).write_text("x", encoding="utf-8")
    put(empty)
    assert not others_work(empty)


@pytest.mark.parametrize("name", [".DS_Store", "~$x.docx"])
def test_a_folder_or_link_with_the_name_of_litter_is_work(tmp_path: Path, name: str) -> None:
    """No system makes these."""
    place = put(tmp_path / "result")
    (place / name).symlink_to(tmp_path)
    with pytest.raises(ResultError, match="a link"):
        refuse_taken(place)
    (place / name).unlink()
    (place / name).mkdir()
    with pytest.raises(ResultError, match="added"):
        refuse_taken(place)


def test_a_file_that_is_missing_is_no_work(tmp_path: Path) -> None:
    """What was thrown away may come anew."""
    place = put(tmp_path / "result")
    (place / "summary.md").unlink()
    put(place, "2")
    assert not others_work(place)


@pytest.mark.parametrize("to", ["a result", "nothing", "a folder"])
def test_a_link_at_the_place_is_not_followed(tmp_path: Path, to: str) -> None:
    """It is refused; --replace keeps the link, and what it leads to is untouched."""
    target = tmp_path / "elsewhere"
    if to == "a result":
        put(target)
    elif to == "a folder":
        target.mkdir()
    before = content_of(target) if target.exists() else None
    place = tmp_path / "result"
    place.symlink_to(target)
    with pytest.raises(ResultError, match="is a link"):
        put(place)
    put(place, replace=True)
    assert not place.is_symlink()
    assert (tmp_path / f"result.old-{TODAY}").readlink() == target
    assert (content_of(target) if target.exists() else None) == before


def test_the_result_of_another_command_is_refused_or_kept(tmp_path: Path) -> None:
    """An answer is not put in the place of a run."""
    place = put(tmp_path / "result")
    with pytest.raises(ResultError, match="is the result of `stemgeo run`; choose another place"):
        put(place, command=ANSWER)
    put(place, command=ANSWER, replace=True)
    assert not others_work(tmp_path / f"result.old-{TODAY}")


# -- drawings ----------------------------------------------------------------------------------


@pytest.fixture
def drawings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a map and its table, and a cache of its own."""
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path / "cache"))
    draw(tmp_path / "maps", "1")
    return tmp_path / "maps"


def draw(folder: Path, text: str, *, replace: bool = False) -> None:
    """Write a map and its table."""
    with whole_drawings(folder, replace=replace) as new:
        for name in ("kaart.svg", "kaart.csv"):
            (new / name).write_text(text, encoding="utf-8")


def test_a_map_of_ones_own_is_drawn_again(drawings: Path) -> None:
    """Without a question, whatever the figures became; nothing else is left there."""
    draw(drawings, "2")
    assert content_of(drawings) == {"kaart.svg": b"2", "kaart.csv": b"2"}


@pytest.mark.parametrize("name", ["kaart.svg", "kaart.csv"])
def test_an_edited_map_is_not_drawn_over(drawings: Path, name: str) -> None:
    """The picture and its table stay, both; --replace keeps the edited one beside."""
    (drawings / name).write_text("edited", encoding="utf-8")
    before = content_of(drawings)
    with pytest.raises(ResultError, match=rf"{name}: was changed after stemgeo wrote it"):
        draw(drawings, "2")
    assert content_of(drawings) == before
    draw(drawings, "2", replace=True)
    stem, ending = name.split(".")
    assert (drawings / f"{stem}.old-{TODAY}.{ending}").read_text("utf-8") == "edited"
    assert (drawings / name).read_text("utf-8") == "2"


def test_the_same_map_is_drawn_again_without_a_cache(
    drawings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On another machine: the same bytes are no loss; others are refused."""
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path / "other"))
    draw(drawings, "1")
    (drawings / "kaart.svg").write_text("0", encoding="utf-8")
    with pytest.raises(ResultError, match=r"kaart\.svg"):
        draw(drawings, "1")


def test_a_link_or_folder_in_the_place_of_a_map_is_left_alone(drawings: Path) -> None:
    """A link is not written through."""
    (drawings / "kaart.svg").rename(drawings / "echt.svg")
    (drawings / "kaart.svg").symlink_to("echt.svg")
    with pytest.raises(ResultError, match=r"kaart\.svg: is a link"):
        draw(drawings, "2")
    (drawings / "kaart.svg").unlink()
    (drawings / "kaart.svg").mkdir()
    with pytest.raises(ResultError, match=r"kaart\.svg: is no file"):
        draw(drawings, "2")
    assert (drawings / "echt.svg").read_text("utf-8") == "1"
