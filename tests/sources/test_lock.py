"""Facts about the lock: where each file came from, read as a stranger's text, written whole."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
from functools import partial
from typing import TYPE_CHECKING, Any

import killed
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stemgeo.errors import InputError, WriteError
from stemgeo.sources.lock import FILE, Lock, LockedFile, Piece, read_lock, write_lock

if TYPE_CHECKING:
    from pathlib import Path

PIECE = Piece(
    address="https://x.be/a",
    fetched=dt.datetime(2026, 11, 30, 3, tzinfo=dt.UTC),
    size_bytes=3,
    sha256="0" * 64,
)


def entry(file: str = "a.zip", sha256: str = "0" * 64, **more: Any) -> LockedFile:
    """Make an entry of a file."""
    return LockedFile(
        **{"source": "a", "size_bytes": 3, "pieces": (PIECE,)} | more, file=file, sha256=sha256
    )


HASHES = st.text("0123456789abcdef", min_size=64, max_size=64)
ENTRIES = st.builds(
    entry,
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True),
    HASHES,
    source=st.text(max_size=20),
    title=st.text(max_size=20),
    year=st.none() | st.integers(1900, 2100),
    date=st.none() | st.dates(),
)


@given(st.lists(ENTRIES, max_size=5), st.randoms(use_true_random=False))
def test_a_lock_comes_back_as_it_was(entries: list[LockedFile], draw: Any) -> None:
    """In whichever order files come: each once, by name, and the same when it is read again."""
    lock = Lock()
    last = {one.file.casefold(): one for one in entries}
    for one in entries:
        lock = lock.with_entry(one)
    draw.shuffle(entries)
    names = [one.file for one in lock.files]
    assert names == sorted(names)
    assert {one.file.casefold(): one for one in lock.files} == last
    assert Lock.model_validate_json(lock.model_dump_json()) == lock


def test_a_lock_is_written_and_found(tmp_path: Path) -> None:
    """An entry is found by name, hash and source, and by all of them at once."""
    first, second = entry(), entry("b.zip", "1" * 64, source="b", made_by="stemgeo 1")
    write_lock(tmp_path / "new", Lock(files=(first, second)))
    lock = read_lock(tmp_path / "new")
    assert [path.name for path in (tmp_path / "new").iterdir()] == [FILE]
    assert lock.find(file="b.zip") == lock.find(sha256="1" * 64) == lock.find(source="b") == second
    assert lock.find(file="a.zip", sha256="1" * 64) is None
    assert lock.find() is None
    assert first.as_published
    assert not second.as_published


def test_no_lock_is_an_empty_one(tmp_path: Path) -> None:
    """A folder that nothing was fetched into, or that is not there, has no file of a source."""
    assert read_lock(tmp_path) == read_lock(tmp_path / "none") == Lock()
    (tmp_path / "file").write_bytes(b"")
    assert read_lock(tmp_path / "file") == Lock()


GOOD = json.loads(Lock(files=(entry(),)).model_dump_json())


def changed(**values: Any) -> bytes:
    """Write a lock with something else in its entry."""
    return json.dumps(GOOD | {"files": [GOOD["files"][0] | values]}).encode()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not as stemgeo writes it"),
        (b"\xff\xfe", "is not as stemgeo writes it"),
        (b"[" * 100_000, "is not as stemgeo writes it"),
        (b"[]", "is not as stemgeo writes it"),
        (b" " * 10_000_001, "is larger than 10 MB"),
        (b'{"version": 2, "files": []}', "another version of stemgeo wrote it"),
        (json.dumps(GOOD | {"files": GOOD["files"] * 2}).encode(), "a.zip stands there twice"),
        (changed(file="../a.zip"), r"files\.0\.file"),
        (changed(file="/etc/passwd"), r"files\.0\.file"),
        (changed(file=".hidden"), r"files\.0\.file"),
        (changed(size_bytes=-1), r"files\.0\.size_bytes"),
        (changed(sha256="0"), r"files\.0\.sha256"),
        (changed(pieces=[]), r"files\.0\.pieces"),
        (changed(evil="\x1b[2J"), r"files\.0\.evil"),
        (changed(pieces=[{**GOOD["files"][0]["pieces"][0], "fetched": "2025-01-01"}]), "fetched"),
    ],
)
def test_a_strange_lock_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    """One line says what is wrong where, and what helps; the lock stays as it is."""
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(InputError, match=said) as caught:
        read_lock(tmp_path)
    assert str(caught.value).startswith(str(tmp_path / FILE))
    assert str(caught.value).isprintable()
    assert (tmp_path / FILE).read_bytes() == content


def test_texts_of_a_lock_are_data(tmp_path: Path) -> None:
    """Marks that drive a terminal or turn the direction of text do not come in."""
    (tmp_path / FILE).write_bytes(changed(title="a\x1b[2J\u202eb\n", attribution="\x00"))
    (read,) = read_lock(tmp_path).files
    assert (read.title, read.attribution) == ("a[2Jb", "")


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_not_opened(tmp_path: Path, make: Any) -> None:
    """A pipe would wait for ever."""
    make(tmp_path / FILE)
    with pytest.raises(InputError, match="is no file"):
        read_lock(tmp_path)


def test_a_lock_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """The place is named."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WriteError, match=r"cannot be written"):
        write_lock(tmp_path / "file", Lock())


def test_killed_while_it_is_written_the_old_or_the_new_stands(tmp_path: Path) -> None:
    """SIGKILL before every change to a file: never half a lock, and nothing left by the next."""
    folder, log = tmp_path / "folder", tmp_path / "log"
    old, new = Lock(files=(entry(),)), Lock(files=(entry("b.zip"),))
    work = partial(write_lock, folder, new)
    write_lock(folder, old)
    events = killed.ended(*killed.child(work, log), log).events
    seen = []
    for at in killed.moments(events, 20):
        write_lock(folder, old)
        assert killed.ended(*killed.child(work, log, at), log).status == -signal.SIGKILL
        seen.append(read_lock(folder))
    assert old in seen
    assert all(one in (old, new) for one in seen)
    write_lock(folder, new)
    assert [path.name for path in folder.iterdir()] == [FILE]
