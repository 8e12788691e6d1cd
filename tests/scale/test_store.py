"""Files that machines share: whole or not at all, and known again by their hashes."""

from __future__ import annotations

import errno
import json
import os
import pickle
import shutil
from pathlib import Path
from uuid import uuid4

import pytest

from stemgeo.errors import Problem, ScaleError, WriteError
from stemgeo.scale.store import Store, _clear_unused, name_key, open_store
from stemgeo.writing.whole import tell_refusal

KEY = name_key("proef", 1)


def fill(folder: Path) -> None:
    """Write two files, one in a folder of its own."""
    (folder / "maps").mkdir()
    (folder / "maps" / "a.svg").write_text("kaart", encoding="utf-8")
    (folder / "told.json").write_text("{}", encoding="utf-8")


def fill_never(_folder: Path) -> None:
    """Fail: what is there is not made again."""
    raise AssertionError


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Give a store of each kind, with its copies here."""
    url = str(tmp_path / "shared") if request.param == "folder" else f"memory://{uuid4().hex}"
    return Store(url, copies=tmp_path / "copies")


def damage(store: Store, name: str, content: bytes) -> None:
    """Write something else into a file of the entry, in the store itself."""
    files, place = store._find("tiles", KEY)
    files.pipe_file(f"{place}/{name}", content)


def test_what_is_put_is_given_back(store: Store) -> None:
    """An entry comes back with every file, is made once, and is gone when it is dropped."""
    assert store.get("tiles", KEY) is None
    assert not store.has("tiles", KEY)
    folder = store.make("tiles", KEY, fill)
    assert (folder / "maps" / "a.svg").read_text("utf-8") == "kaart"
    assert store.make("tiles", KEY, fill_never) == folder
    other = pickle.loads(pickle.dumps(store))  # noqa: S301
    assert other.get("tiles", KEY) == folder
    store.drop("tiles", KEY)
    store.drop("tiles", KEY)
    assert store.get("tiles", KEY) is None


def test_a_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the store, and of the cache in which it is by itself."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert open_store("~/deel").url == str(tmp_path / "deel")
    monkeypatch.setenv("STEMGEO_CACHE", "~/cache")
    assert open_store(None).url == str(tmp_path / "cache" / "scale")


def test_a_file_is_found_by_its_hash(store: Store, tmp_path: Path) -> None:
    """Whatever it is called, a file is kept once, by its SHA-256."""
    path = tmp_path / "bevolking; $(x).txt"
    path.write_bytes(b"1|2")
    sha256 = store.put_file(path)
    found = store.get_file(sha256)
    assert found is not None
    assert found.read_bytes() == b"1|2"
    assert store.put_file(path) == sha256
    assert store.get_file("0" * 64) is None


def test_a_file_of_another_hash_is_none(store: Store, tmp_path: Path) -> None:
    """What someone else put under the name of a file, whole and sealed, is not that file."""
    path = tmp_path / "a"
    path.write_bytes(b"a")
    sha256 = store.put_file(path)
    store.drop_file(sha256)
    store.put("files", sha256, lambda folder: (folder / "content").write_bytes(b"b"))
    assert store.get_file(sha256) is None
    assert store.put_file(path) == sha256
    found = store.get_file(sha256)
    assert found is not None
    assert found.read_bytes() == b"a"


def test_a_full_disk_names_the_store_and_no_file_on_the_way(tmp_path: Path) -> None:
    """What fills an entry tells of its own file, in a folder that is gone by then."""
    store = Store(str(tmp_path / "shared"))

    def fill_up(folder: Path) -> None:
        with tell_refusal(folder):
            raise OSError(errno.ENOSPC, "", str(folder / "a.svg"))

    with pytest.raises(WriteError) as caught:
        store.put("tiles", KEY, fill_up)
    assert str(caught.value) == (
        f"{store.url}: cannot be written: No space left on device; make room on this disk, or "
        "choose another"
    )


def test_what_else_cannot_be_written_is_told_as_it_is(tmp_path: Path) -> None:
    """A map, or a folder on another disk, is not the store: place, cause and mend stay."""
    told = Problem("maps", "the process that draws them ended (signal 9)", "free memory")

    def fill_badly(_: Path) -> None:
        raise WriteError(told)

    with pytest.raises(WriteError) as caught:
        Store(str(tmp_path / "shared")).put("tiles", KEY, fill_badly)
    assert str(caught.value) == str(told)


def test_a_copy_taken_while_it_is_cleared_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever took it between the look at its date and its going finds it still."""
    copy, work = tmp_path / "tiles" / "one", tmp_path / "work"
    copy.mkdir(parents=True)
    work.mkdir()
    os.utime(copy, (0, 0))
    move = Path.rename

    def take_first(path: Path, target: Path) -> Path:
        os.utime(path)
        return move(path, target)

    monkeypatch.setattr(Path, "rename", take_first)
    _clear_unused(tmp_path, work)
    assert copy.is_dir()
    assert not list(work.iterdir())


def test_a_copy_that_nobody_took_for_a_week_goes(tmp_path: Path) -> None:
    """When another comes; one that is taken stays, and what went comes from the store again."""
    store = Store(f"memory://{uuid4().hex}", copies=tmp_path)
    keys = [name_key(number) for number in range(3)]
    first, other, _ = (store.make("tiles", one, fill) for one in keys)
    for one in (first, other):
        os.utime(one, (0, 0))
    assert store.get("tiles", keys[0]) == first
    store.make("results", KEY, fill)
    there = {one.parent.name for one in tmp_path.rglob("told.json")}
    assert {one[:32] for one in there} == {one[:32] for one in (keys[0], keys[2], KEY)}
    assert not list(tmp_path.glob(".*/unused-*"))
    assert store.get("tiles", keys[1]) == other
    assert (other / "told.json").is_file()


def test_a_file_that_is_put_again_is_in_use(tmp_path: Path) -> None:
    """So that whoever clears old files of a folder leaves those of a batch of every night."""
    store = Store(str(tmp_path / "shared"))
    (tmp_path / "a").write_bytes(b"a")
    sha256 = store.put_file(tmp_path / "a")
    entry = tmp_path / "shared" / "files" / sha256
    os.utime(entry, (0, 0))
    store.put_file(tmp_path / "a")
    assert entry.stat().st_mtime > 0


@pytest.mark.enable_socket
def test_s3_is_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On loopback: what is put comes back, damage is found and made anew, and no bucket is told."""
    from moto.server import ThreadedMotoServer

    served = ThreadedMotoServer("127.0.0.1", 0)
    served.start()
    host, port = served.get_host_and_port()
    for name, value in {
        "AWS_ACCESS_KEY_ID": "proef",
        "AWS_SECRET_ACCESS_KEY": "proef",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
    }.items():
        monkeypatch.setenv(name, value)
    try:
        store = Store("s3://stemgeo-proef/onder", copies=tmp_path / "copies")
        with pytest.raises(
            ScaleError, match=r"^s3://stemgeo-proef/onder: cannot be (read|written)"
        ):
            store.put("tiles", KEY, fill)
        store._place[0].mkdir("stemgeo-proef")
        assert store.get("tiles", KEY) is None
        folder = store.make("tiles", KEY, fill)
        assert (folder / "maps" / "a.svg").read_text("utf-8") == "kaart"
        damage(store, "told.json", b"[]")
        shutil.rmtree(tmp_path / "copies")
        assert store.get("tiles", KEY) is None
        assert store.make("tiles", KEY, fill).is_dir()
        store.drop("tiles", KEY)
        assert not store.has("tiles", KEY)
    finally:
        served.stop()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("maps/a.svg", b"kaart!"),
        ("maps/a.svg", b"kaarT"),
        ("entry.json", b"{"),
        ("entry.json", b""),
        ("entry.json", b'{"files": {"../../x": {}}, "sha256": "0"}'),
    ],
)
def test_a_damaged_entry_is_told_and_made_anew(
    store: Store, name: str, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Longer, changed or cut off, of a file or of what is said of them: nothing of it is used."""
    store.put("tiles", KEY, fill)
    damage(store, name, content)
    folder = store.make("tiles", KEY, fill)
    assert (folder / "maps" / "a.svg").read_text("utf-8") == "kaart"
    (told,) = caplog.messages
    assert told.startswith(f"{store.url}/tiles/{KEY} in the store was damaged ({name}), and is")


def test_an_entry_that_leads_elsewhere_is_none(store: Store) -> None:
    """Even with its own seal, an entry names no file outside its folder."""
    store.put("tiles", KEY, fill)
    files = {"../x": {"sha256": "0" * 64, "size_bytes": 1}}
    content = {"files": files, "sha256": name_key(files)}
    damage(store, "entry.json", json.dumps(content).encode())
    assert store.get("tiles", KEY) is None


def test_a_missing_file_is_damage(store: Store) -> None:
    """An entry that lacks a file is none."""
    store.put("tiles", KEY, fill)
    files, place = store._find("tiles", KEY)
    files.rm_file(f"{place}/told.json")
    assert store.get("tiles", KEY) is None
    assert not store.has("tiles", KEY)


def test_what_is_not_filled_is_not_there(store: Store) -> None:
    """When making an entry fails nothing of it is left."""

    def fail(folder: Path) -> None:
        fill(folder)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.make("tiles", KEY, fail)
    assert store.get("tiles", KEY) is None
    files, root = store._place
    assert [one for one in files.find(root) if KEY in one] == []


def test_a_damaged_copy_is_brought_again(tmp_path: Path) -> None:
    """What is kept of a store elsewhere is checked each time too."""
    store = Store(f"memory://{uuid4().hex}", copies=tmp_path / "copies")
    folder = store.make("tiles", KEY, fill)
    (folder / "told.json").write_text("[]", encoding="utf-8")
    assert store.get("tiles", KEY) == folder
    assert (folder / "told.json").read_text("utf-8") == "{}"


@pytest.mark.parametrize("kind", ["../x", "Tiles", ""])
def test_names_of_entries_are_plain(store: Store, kind: str) -> None:
    """No kind and no key leads out of the store."""
    with pytest.raises(ValueError, match="names no entry"):
        store.get(kind, KEY)
    with pytest.raises(ValueError, match="names no entry"):
        store.has("tiles", "../../x")


def test_a_store_that_cannot_be_is_one_line(tmp_path: Path) -> None:
    """An unknown kind of address and a place that is a file are told with what to do."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    for url in ("gopher://x/y", str(tmp_path / "file" / "below")):
        with pytest.raises((ScaleError, OSError)) as told:
            Store(url).put("tiles", KEY, fill)
        assert "\n" not in str(told.value)
        assert url.split("/below")[0] in str(told.value)
