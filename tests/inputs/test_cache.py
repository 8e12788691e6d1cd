"""Facts about work kept between runs: whole, nobody else's, made once, and told when it is not."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import hand
import pandas as pd
import pytest
from terminal import stemgeo

from stemgeo.errors import CacheError, InputError, Problem
from stemgeo.inputs import cache
from stemgeo.inputs.address_index import load_index
from stemgeo.inputs.buildings import load_buildings
from stemgeo.inputs.mapped_addresses import load_mapped_addresses
from stemgeo.inputs.mapped_places import load_mapped_places
from stemgeo.inputs.streets import draw_main_roads, load_streets
from stemgeo.inputs.uninhabited import load_uninhabited
from stemgeo.network.barriers import load_barriers, load_way_names
from stemgeo.network.cache import load_network
from stemgeo.report.files import drawings_folder
from stemgeo.writing import guarded

if TYPE_CHECKING:
    from collections.abc import Callable

PACKAGE = Path(cache.__file__).parents[1]
SHA256 = ["0" * 64]
STREET = {"highway": "primary", "name": "Dreef", "surface": "asphalt"}
ROW = {"street": "Dreef", "house_number": "1", "postcode": "9000", "municipality": "Gent"}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a piece of work would be kept, in a cache of this test's own."""
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path / "cache"))
    return cache.entry_path("kind", "of this")


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    """A street, a building, a wood and a school with an address."""
    nodes = {1: (0, 0), 2: (1, 0), 3: (1, 1)}
    school = {"amenity": "school", "addr:street": "Dreef", "addr:housenumber": "1"}
    shapes = [{"building": "house"}, {"landuse": "forest"}, {"waterway": "river"}, school]
    ways = [([1, 2, 3], STREET), *(([1, 2, 3, 1], tags) for tags in shapes)]
    path = tmp_path / "wegen.osm"
    path.write_text(hand.osm_xml(nodes, ways), encoding="utf-8")
    return path


GROUND = hand.municipalities({"11001": ("Antwerpen", hand.square(0, 0))})
LOADERS: dict[str, Callable[[Path], object]] = {
    "addresses": lambda path: load_mapped_addresses([path], ["dreef"]),
    "barriers": lambda path: load_barriers([path], SHA256),
    "buildings": lambda path: load_buildings([path], SHA256, ["house"]),
    "main-roads": lambda path: draw_main_roads([path], SHA256, GROUND),
    "mapped-places": lambda path: load_mapped_places([path], SHA256),
    "networks": lambda path: load_network([path], SHA256),
    "streets": lambda path: load_streets([path], SHA256),
    "streets-of-addresses": lambda _: load_index(
        "map_address", "x", (), lambda: pd.DataFrame([ROW | {"x": 1.0, "y": 2.0}])
    ),
    "uninhabited": lambda path: load_uninhabited([path], SHA256),
    "way-names": lambda path: load_way_names([path], SHA256, [1]),
}
"""Each kind of work that is kept, by what takes it from the cache."""


def test_each_kind_of_entry_is_spoilt_here() -> None:
    """But the board of the explorer (`test_board` spoils it) and drawings, which hold nothing."""
    texts = [path.read_text("utf-8") for path in PACKAGE.rglob("*.py")]
    kinds = {one for text in texts for one in re.findall(r'entry_path\(\s*"([a-z-]+)"', text)}
    assert kinds == {*LOADERS, "boards"}
    assert sum(text.count("entry_path(") for text in texts) == len(kinds) + 2  # `drawn`, its home


def spoil(path: Path, way: int) -> None:
    """Spoil a file: a changed bit, half of it, nothing left in it, gone."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    spoilt = (bytes(content), bytes(content[: len(content) // 2]), b"", None)[way % 4]
    path.unlink()
    if spoilt is not None:
        path.write_bytes(spoilt)


def content_of(entry: Path) -> dict[str, bytes]:
    """Give what each file of an entry holds."""
    return {
        one.relative_to(entry).as_posix(): one.read_bytes()
        for one in (entry, *entry.rglob("*"))
        if one.is_file()
    }


@pytest.mark.parametrize("kind", LOADERS)
@pytest.mark.usefixtures("place")
def test_a_damaged_entry_is_told_and_made_anew(
    extract: Path, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    """Whichever of its files is changed, cut, emptied or gone; whole again it is the same."""
    LOADERS[kind](extract)
    (entry,) = (cache.cache_folder() / kind).iterdir()
    whole = content_of(entry)
    assert not caplog.messages
    told = f"{entry} in the cache was damaged, and is made anew"
    harms = [(name, number) for number, name in enumerate(whole)]
    harms += [("", way) for way in range(3)] if len(whole) == 1 else []
    for number, (name, way) in enumerate(harms, start=1):
        spoil(entry / name, way)
        if entry.exists():
            LOADERS[kind](extract)
            assert caplog.messages == [told] * number
        assert content_of(entry) == whole, name
    LOADERS[kind](extract)
    assert len(caplog.messages) == len(harms)


def save(work: str, path: Path) -> None:
    """Keep a text, in a folder, beside a file that need not be there."""
    path.mkdir()
    cache.write_sealed(work.encode(), path / "text")
    cache.write_sealed(b"more", path / "more")


def load(path: Path) -> str:
    """Read it; a file that is not there is taken for nothing."""
    more = cache.read_sealed(path / "more").decode() if (path / "more").exists() else ""
    return cache.read_sealed(path / "text").decode() + more


def test_a_file_that_need_not_be_there_is_missed_all_the_same(place: Path) -> None:
    """What an entry held when it was kept it must hold."""
    assert cache.load_or_make(place, lambda: "work", save, load) == "work"
    assert cache.load_or_make(place, lambda: "other", save, load) == "workmore"
    (place / "more").unlink()
    assert cache.load_or_make(place, lambda: "other", save, load) == "other"
    (place / "added").touch()
    assert cache.load_or_make(place, lambda: "third", save, load) == "third"


def test_memory_that_runs_out_is_no_damage(place: Path) -> None:
    """What is kept stands; whoever wanted it fails."""
    cache.load_or_make(place, lambda: "work", save, load)

    def fail(_: Path) -> str:
        told = InputError(Problem("a.npy", "is not a saved network"))
        told.__context__ = OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
        raise told

    with pytest.raises(InputError):
        cache.load_or_make(place, lambda: "other", save, fail)
    assert cache.load_or_make(place, lambda: "other", save, load) == "workmore"


# -- others who may write -----------------------------------------------------------------------


@pytest.mark.parametrize("path", [".", "kind", "kind/NAME", "kind/NAME/text", ".."])
def test_a_cache_that_others_may_write_is_refused(place: Path, tmp_path: Path, path: str) -> None:
    """The folder, one above it, one in it, a file: one line with the mend; nothing is made."""
    cache.load_or_make(place, lambda: "work", save, load)
    spot = (tmp_path / "cache" / path.replace("NAME", place.name)).resolve()
    spot.chmod(0o777)
    with pytest.raises(CacheError) as caught:
        cache.load_or_make(place, pytest.fail, save, load)
    assert str(caught.value) == (
        f"{spot}: all users may write in it, who could change what is kept there, and so the "
        f"figures; chmod go-w {spot}, or name a folder of your own in STEMGEO_CACHE"
    )
    spot.chmod(0o755)
    assert cache.load_or_make(place, pytest.fail, save, load) == "workmore"


def test_the_default_place_is_looked_at_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cache of the user, where the environment names no other."""
    monkeypatch.delenv("STEMGEO_CACHE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "own"))
    (tmp_path / "own").mkdir()
    (tmp_path / "own").chmod(0o777)
    with pytest.raises(CacheError, match=r"own: all users may write in it"):
        cache.load_or_make(cache.entry_path("kind"), pytest.fail, save, load)


def test_what_is_remembered_of_drawings_and_downloads_is_looked_at_too(
    place: Path, tmp_path: Path
) -> None:
    """It is believed: a map that others call ours would be drawn over, a download read."""
    cache.load_or_make(place, lambda: "work", save, load)
    (tmp_path / "cache").chmod(0o777)
    with pytest.raises(CacheError), drawings_folder(tmp_path / "out"):
        pytest.fail("begun")
    with pytest.raises(CacheError):
        cache.find_own_folder("downloads")


def test_whatever_the_umask_entries_are_ours_alone(place: Path) -> None:
    """What was just kept is not refused the next time."""
    before = os.umask(0)
    try:
        cache.load_or_make(place, lambda: "work", save, load)
    finally:
        os.umask(before)
    assert cache.load_or_make(place, pytest.fail, save, load) == "workmore"


def test_a_command_refuses_in_one_line(place: Path, tmp_path: Path) -> None:
    """Status 1; doctor says so too, and how to mend it."""
    cache.load_or_make(place, lambda: "work", save, load)
    (tmp_path / "cache").chmod(0o777)
    study = hand.write_study(tmp_path / "study")
    said = stemgeo("run", study, "--out", tmp_path / "out")
    assert said.status == 1
    assert said.err.startswith(f"error: {tmp_path / 'cache'}: all users may write in it, ")
    assert said.err.count("\n") == 1
    assert not (tmp_path / "out").exists()
    said = stemgeo("doctor", "--lang", "nl")
    assert said.status == 1
    assert f"voer chmod go-w {tmp_path / 'cache'} uit, of noem een eigen map" in said.out


# -- no room, no rights -------------------------------------------------------------------------


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, None])
def test_what_cannot_be_kept_is_given_and_told(
    place: Path, caplog: pytest.LogCaptureFixture, number: int | None
) -> None:
    """Once, with the reason and the mend; nothing half is left. numpy gives no number."""

    def fail(_: str, path: Path) -> None:
        path.mkdir()
        (path / "half").touch()
        raise OSError(*([number, os.strerror(number)] if number else ["3 requested and 1 written"]))

    assert cache.load_or_make(place, lambda: "work", fail, load) == "work"
    (told,) = caplog.messages
    why = os.strerror(number or errno.ENOSPC)
    assert told.startswith(f"kind could not be kept in the cache {place.parents[1]} ({why}): ")
    assert not [one for one in cache.cache_folder().rglob("*") if one.is_file()]


def test_a_file_in_the_place_of_the_cache_costs_no_result(
    place: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """There nothing can be kept, and that is told."""
    (tmp_path / "cache").touch()
    assert cache.load_or_make(place, lambda: "work", save, load) == "work"
    (told,) = caplog.messages
    assert "could not be kept" in told


def test_it_is_said_in_the_language_of_the_study(place: Path, tmp_path: Path) -> None:
    """As notes are, on standard error, before any error."""
    (tmp_path / "cache").touch()
    study = hand.write_study(tmp_path / "study")
    said = stemgeo("check", study)
    assert said.status == 0
    assert f"let op: networks kon niet bewaard worden in de cache {place.parents[1]} (" in said.err


def test_folders_that_are_made_for_it_are_ours_alone(place: Path) -> None:
    """From the first that was not there."""
    cache.load_or_make(place, lambda: "work", save, load)
    assert guarded.find_opening(place) is None
    assert {one.stat().st_mode & 0o777 for one in (place.parent, place.parents[1])} == {0o700}
