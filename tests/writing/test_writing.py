"""Facts about work that is not lost: what people edited, kept folders, leftovers, full disks."""

from __future__ import annotations

import datetime as dt
import errno
import fcntl
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Self

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from terminal import stemgeo

from stemgeo import facts
from stemgeo.errors import FetchError, MissingFileError, Problem, ResultError, WriteError
from stemgeo.example import write_sample
from stemgeo.maps.page import save_figure
from stemgeo.report.files import (
    ANSWER,
    drawings_folder,
    refuse_taken,
    result_folder,
    write_areas,
    write_csv,
    write_manifest,
    write_parquet,
)
from stemgeo.report.letter import Heading, Letter, write_templates
from stemgeo.report.paper import Look, write_pdf
from stemgeo.report.spreadsheet import (
    Column,
    Frame,
    TableSheet,
    write_spreadsheet_csv,
    write_workbook,
)
from stemgeo.report.word import write_docx
from stemgeo.writing import whole
from stemgeo.writing.seal import list_others_work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TODAY = "2026-01-31"


class Noon(dt.datetime):
    """The clock of these tests: nobody's run of them passes midnight."""

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> Self:
        """Give noon of that day, wherever one is."""
        return cls.fromisoformat(f"{TODAY}T12:00:00").replace(tzinfo=tz)


@pytest.fixture(autouse=True)
def _one_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stemgeo.writing.whole.dt", SimpleNamespace(datetime=Noon))


def put(place: Path, text: str = "1", command: str = "run", *, replace: bool = False) -> Path:
    """Write a result of a summary and a table."""
    with result_folder(place, command, replace=replace) as folder:
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
    with pytest.raises(ResultError, match=WORK[kind][1]), result_folder(place) as folder:  # noqa: PT012
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
        assert not list_others_work(place)
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
    assert not list_others_work(empty)


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
    assert not list_others_work(place)


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
    assert not list_others_work(tmp_path / f"result.old-{TODAY}")


# -- drawings ----------------------------------------------------------------------------------


@pytest.fixture
def drawings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a map and its table, and a cache of its own."""
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path / "cache"))
    draw(tmp_path / "maps", "1")
    return tmp_path / "maps"


def draw(folder: Path, text: str, *, replace: bool = False) -> None:
    """Write a map and its table."""
    with drawings_folder(folder, replace=replace) as new:
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


# -- the system refuses ------------------------------------------------------------------------


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file may be larger than 2,000 bytes: what a full disk does, without one."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


TABLE = pd.DataFrame({"a": range(5000)})
AREAS = gpd.GeoDataFrame(TABLE, geometry=gpd.points_from_xy(TABLE["a"], TABLE["a"]), crs=31370)
LOOK = Look("nl", dt.date(2022, 1, 1), "")
FRAME = Frame("Proef", (), dt.date(2022, 1, 1), "{page}".format, "...")
COLUMNS = [Column("A", "whole")]
FIGURE = Figure(label="Proef")
FIGURE.text(0.5, 0.5, "x" * 3000)
FIGURE.figimage(np.random.default_rng(1).random((100, 100)))  # dots that no PNG makes small
LETTER = Letter((Heading(1, "Proef"),), ())
WRITERS: dict[str, Callable[[Path], object]] = {
    "a.csv": lambda path: write_csv(TABLE, path),
    "a.parquet": lambda path: write_parquet(TABLE, path),
    "b.parquet": lambda path: write_parquet(AREAS, path),
    "a.gpkg": lambda path: write_areas(AREAS, path, {"x": "y"}),
    "b.csv": lambda path: write_spreadsheet_csv(path, COLUMNS, [[one] for one in range(5000)]),
    "a.xlsx": lambda path: write_workbook(path, [TableSheet("a", "A", COLUMNS, [[1]])], FRAME),
    "a.png": lambda path: save_figure(FIGURE, path.with_suffix(""), formats=["png"]),
    "a.svg": lambda path: save_figure(FIGURE, path.with_suffix(""), formats=["svg"]),
    "a.docx": lambda path: write_docx(LETTER, {}, LOOK, path),
    "a.txt": lambda path: path.write_text("x" * 5000, encoding="utf-8"),
    "c.csv": lambda path: shutil.copyfile(__file__, path),
}


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.usefixtures("small_files")
def test_a_full_disk_is_one_line_with_the_name_of_the_file(tmp_path: Path, name: str) -> None:
    """Whichever library writes; the old result stands, and no half file is left anywhere."""
    place = put(tmp_path / "result")
    before = content_of(place)
    with pytest.raises(WriteError) as caught, result_folder(place) as folder:  # noqa: PT012
        WRITERS[name](folder / name)
        write_manifest(folder, {"stemgeo": "0"})
    where = f"{place / name}: cannot be written: File too large; "
    assert str(caught.value).startswith(where)
    assert content_of(place) == before
    assert list(tmp_path.iterdir()) == [place]


@pytest.mark.usefixtures("small_files")
def test_a_full_temporary_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is another disk, often; the line says which, and how to name another."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    with pytest.raises(WriteError, match=r"tmp: cannot be written: File too large; .* TMPDIR"):
        write_pdf(LETTER, {}, LOOK, tmp_path / "a.pdf")
    assert [path.name for path in tmp_path.rglob("*")] == ["tmp"]


@pytest.mark.usefixtures("small_files")
def test_a_full_disk_leaves_no_half_map(tmp_path: Path) -> None:
    """The line names the file where it would stand."""
    with pytest.raises(WriteError) as caught, drawings_folder(tmp_path) as folder:
        (folder / "kaart.svg").write_text("x" * 5000, encoding="utf-8")
    assert str(caught.value).startswith(f"{tmp_path / 'kaart.svg'}: cannot be written: File too")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS])
def test_a_place_that_cannot_be_written_is_told_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """In one line: the place as the user named it, why, and what to do."""

    def refused(path: str, *_: object) -> None:
        raise OSError(number, os.strerror(number), path)

    monkeypatch.setattr(os, "mkdir", refused)
    for writing in (refuse_taken, put, write_sample, write_templates):
        with pytest.raises(WriteError, match="; ") as caught:
            writing(tmp_path / "result")
        line = f"{tmp_path / 'result'}: cannot be written: {os.strerror(number)}; "
        assert str(caught.value).startswith(line)


def test_a_name_may_begin_as_the_home_folder_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a file of Office, or of what was kept: ~ by itself alone is the home folder."""
    monkeypatch.chdir(tmp_path)
    assert whole.full_path(Path("~bak/result")) == tmp_path / "~bak" / "result"
    assert [whole.expand_home(one) for one in ("~root/x", "~$x", "./~/x")] == [
        "~root/x",
        "~$x",
        "./~/x",
    ]


@pytest.mark.parametrize("name", ["~", "~/result"])
def test_no_folder_is_named_as_the_home_folder_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Where ~ means nothing it is refused, before the work: nobody looks for a folder ~."""
    monkeypatch.chdir(tmp_path)
    for writing in (refuse_taken, put, write_sample, write_templates):
        with pytest.raises(WriteError, match=r"^~.* home folder here; give the whole path$"):
            writing(Path(name))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("n" * 256, "File name too long; choose a shorter name"),
        ("file/result", "; a part of its path is a file"),
        ("file/below/result", "; a part of its path is a file"),
    ],
)
def test_a_place_that_cannot_be_is_told_before_the_work(
    tmp_path: Path, name: str, told: str
) -> None:
    """A name too long, a file on the way."""
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    for writing in (refuse_taken, put, write_sample, write_templates):
        with pytest.raises(WriteError, match=told):
            writing(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_long_name_that_the_system_takes_is_taken(tmp_path: Path) -> None:
    """What is written beside it has no longer one; kept beside it, it would be too long."""
    place = put(put(tmp_path / ("n" * 255)))
    assert not list_others_work(place)
    with pytest.raises(WriteError, match="choose a shorter name"):
        refuse_taken(place, replace=True)


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    """Someone removes the folder around it while it is written."""
    around = tmp_path / "around"
    with pytest.raises(WriteError) as caught, result_folder(around / "result") as folder:  # noqa: PT012
        shutil.rmtree(around)
        (folder / "summary.md").write_text("x", encoding="utf-8")
    gone = "cannot be written: No such file or directory; its folder was taken away: run again"
    assert str(caught.value) == f"{around / 'result' / 'summary.md'}: {gone}"


def test_an_input_that_cannot_be_read_is_not_called_unwritten(tmp_path: Path) -> None:
    """Only what is part of the place is told as such."""
    with pytest.raises(FileNotFoundError) as caught, result_folder(tmp_path / "result"):
        (tmp_path / "input.csv").read_bytes()
    assert not isinstance(caught.value, WriteError)


def test_what_is_read_is_not_put_aside(tmp_path: Path) -> None:
    """--replace of the folder with the study in it would take the study away."""
    with pytest.raises(ResultError, match="which is read; choose another place"):
        refuse_taken(tmp_path, replace=True, reads=[tmp_path / "study"])


# -- leftovers ---------------------------------------------------------------------------------


def test_leftovers_of_the_living_are_not_touched(tmp_path: Path) -> None:
    """Two that write at once, in one folder: each ends well, whoever starts and ends first."""
    with result_folder(tmp_path / "a") as first:
        put(tmp_path / "b")
        whole.clear_leftovers(tmp_path)
        (first / "summary.md").write_text("x", encoding="utf-8")
        write_manifest(first, {"stemgeo": "0"})
    assert {path.name for path in tmp_path.iterdir()} == {"a", "b"}


def test_leftovers_of_the_dead_are_cleared(tmp_path: Path) -> None:
    """A work folder whose lock nobody holds; one that was just begun; one half removed."""
    for name, files in {
        "begun": [],
        "dead": ["lock", "new/result/a"],
        "half": ["gone-new/a"],
    }.items():
        work = tmp_path / f".stemgeo-{name}"
        work.mkdir()
        for file in files:
            (work / file).parent.mkdir(parents=True, exist_ok=True)
            (work / file).touch()
    (tmp_path / ".stemgeo").mkdir()
    refuse_taken(tmp_path / "result")
    assert [path.name for path in tmp_path.iterdir()] == [".stemgeo"]


def test_a_folder_that_gets_its_lock_just_now_is_not_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look for its lock and the clearing: whoever makes the lock has the folder."""
    work, open_ = tmp_path / ".stemgeo-begun", os.open
    work.mkdir()
    held: list[int] = []

    def late(path: Path, flags: int, *mode: int) -> int:
        if path == work / "lock" and not held:
            held.append(open_(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            fcntl.flock(held[0], fcntl.LOCK_EX)
            raise FileNotFoundError(path)
        return open_(path, flags, *mode)

    monkeypatch.setattr(os, "open", late)
    whole.clear_leftovers(tmp_path)
    assert held
    assert (work / "lock").exists()
    os.close(held[0])


def test_a_run_whose_folder_is_being_cleared_makes_itself_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was just made when someone took it for a leftover, and made the lock first."""
    make, made = tempfile.mkdtemp, []

    def taken(**how: Any) -> str:
        made.append(make(**how))
        if len(made) == 1:
            (Path(made[0]) / "lock").touch()
        return made[-1]

    monkeypatch.setattr(tempfile, "mkdtemp", taken)
    with whole.work_folder(tmp_path) as work:
        assert [str(work)] == made[1:]


def test_the_folder_that_a_dead_run_took_away_comes_back(tmp_path: Path) -> None:
    """Where the two cannot change places in one step: killed between the two."""
    place = put(tmp_path / "result")
    before = content_of(place)
    (tmp_path / ".stemgeo-dead" / "old").mkdir(parents=True)
    place.rename(tmp_path / ".stemgeo-dead" / "old" / "result")
    refuse_taken(place)
    assert content_of(place) == before
    assert list(tmp_path.iterdir()) == [place]


# -- every command -----------------------------------------------------------------------------

COMMANDS: dict[str, list[object]] = {
    "run": ["run", facts.fact_path("sample")],
    "site": ["site", facts.fact_path("sample"), "-n", "1"],
    "trend": ["trend", facts.fact_path("sample"), "--years", "2021-2022"],
    "compare": ["compare", "not-there", "nor-this"],
    "answer": ["answer", "not-there"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_refuses_what_was_edited_before_it_reads(
    tmp_path: Path, command: str
) -> None:
    """One line, status 1, and the edited document is as it was."""
    place = put(tmp_path / "result", command=command)
    (place / "summary.md").write_text("edited", encoding="utf-8")
    before = content_of(place)
    said = stemgeo(*COMMANDS[command], "--out", place)
    assert (said.status, said.out) == (1, "")
    mend = "choose another place, or give --replace, which keeps this one beside it as "
    what = "holds what stemgeo did not write: summary.md (changed)"
    assert said.err == f"error: {place}: {what}; {mend}result.old-{TODAY}\n"
    assert content_of(place) == before


@pytest.mark.parametrize("kind", [FetchError, MissingFileError])
def test_what_is_explained_already_is_told_as_it_is(
    tmp_path: Path, kind: type[FetchError] | type[MissingFileError]
) -> None:
    """A server that fails while a folder is written is no full disk, though both are `OSError`."""
    error = kind(Problem("x.be", "is silent"))
    with pytest.raises(kind, match=r"^x\.be: is silent$"), whole.whole_files(tmp_path, print):
        raise error
    with pytest.raises(kind), whole.whole_folder(tmp_path / "new", print):
        raise error
    with pytest.raises(kind), whole.temporary_folder():
        raise error
    assert not list(tmp_path.iterdir())


def test_output_to_a_full_disk_is_told() -> None:
    """A table that goes to a file by way of the shell."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "stemgeo", "--help"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert ended.returncode == 1
    assert ended.stderr == "error: output: No space left on device\n"
