"""Figures saved by a process beside this one: the same files, the same failures, no half work."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from stemgeo.errors import WriteError
from stemgeo.maps import page, press
from stemgeo.maps.page import MapFigure, save_described
from stemgeo.maps.press import WORTH, Press, can_go_beside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from matplotlib.figure import Figure

FORMATS = ("png", "svg")
ALT = "Een lijn, geen academie"
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")


def save_all(figure: Figure, *paths: Path, first: Callable[[], object] = int) -> None:
    """Save a figure at several places, after something else."""
    with Press(WORTH) as one:
        first()
        for path in paths:
            one.save(figure, path, ALT, FORMATS)
        if not paths:
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def figure() -> Figure:
    """A small figure with a line and letters."""
    small = MapFigure(figsize=(1, 1), label="Vlaanderen")
    FigureCanvasAgg(small)
    axes = small.add_axes((0.1, 0.1, 0.8, 0.8))
    axes.plot([0, 1], [0, 1])
    axes.text(0.2, 0.5, "Gent")
    return small


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Let a process beside this one save, whatever the machine has, and say which it was."""
    began: list[subprocess.Popen[bytes]] = []

    class Watched(subprocess.Popen[bytes]):
        def __init__(self, *given: object, **more: object) -> None:
            super().__init__(*given, **more)  # type: ignore[call-overload]
            began.append(self)

    monkeypatch.setattr(press, "can_go_beside", lambda: True)
    monkeypatch.setattr(press.subprocess, "Popen", Watched)
    yield began
    assert all(one.poll() is not None for one in began), "a process was left behind"


def test_the_same_files_and_the_same_failure(
    figure: Figure, tmp_path: Path, begun: list[subprocess.Popen[bytes]]
) -> None:
    """Files are the same to the byte as those drawn here; an error there is that error here."""
    for folder in ("here", "beside"):
        (tmp_path / folder).mkdir()
    gone = tmp_path / "gone" / "map"
    with pytest.raises(FileNotFoundError, match="gone"):
        save_all(figure, tmp_path / "beside" / "map", gone)
    assert [process.poll() is not None for process in begun] == [True]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "_DPI", 300)  # as another process draws
        save_described(figure, tmp_path / "here" / "map", ALT, FORMATS)
    for kind in FORMATS:
        here, beside = (tmp_path / folder / f"map.{kind}" for folder in ("here", "beside"))
        assert beside.read_bytes() == here.read_bytes()


@posix
def test_a_process_that_is_killed_is_one_line(
    figure: Figure, tmp_path: Path, begun: list[subprocess.Popen[bytes]]
) -> None:
    """Killed by the system, as when memory is short: a line with what, and how to mend it."""
    with pytest.raises(WriteError) as told:
        save_all(
            figure,
            tmp_path / "map",
            tmp_path / "other",
            first=lambda: [one.kill() for one in begun],
        )
    assert str(told.value) == (
        f"maps: the process that draws them ended (signal {signal.SIGKILL:d}); "
        "run it again, with more memory free"
    )


def test_what_fails_here_ends_it(figure: Figure, begun: list[subprocess.Popen[bytes]]) -> None:
    """An error or Ctrl-C here ends the process at once, and stays the error."""
    with pytest.raises(KeyboardInterrupt):
        save_all(figure)
    assert begun[0].returncode != 0


@posix
def test_ctrl_c_of_a_terminal_reaches_whoever_asked_alone(
    figure: Figure, begun: list[subprocess.Popen[bytes]]
) -> None:
    """It is in a group of its own, so that it says nothing of its own, not even as it starts."""
    groups: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        save_all(figure, first=lambda: groups.extend(os.getpgid(one.pid) for one in begun))
    assert groups == [begun[0].pid] != [os.getpgid(0)]


def test_places_that_are_no_text_are_passed_over(
    figure: Figure,
    tmp_path: Path,
    begun: list[subprocess.Popen[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A notebook that puts a Path in sys.path, which Python passes over, has its maps."""
    monkeypatch.setattr(sys, "path", [tmp_path, *sys.path])
    save_all(figure, tmp_path / "map")
    assert (tmp_path / "map.svg").exists()
    # It saved them, and had not ended by itself.
    assert begun[0].returncode == -signal.SIGKILL


def test_without_a_process_to_be_had_they_are_drawn_here(
    figure: Figure,
    tmp_path: Path,
    begun: list[subprocess.Popen[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A system that gives no further process costs no maps."""

    def refuse(*_given: object, **_more: object) -> None:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(press.subprocess, "Popen", refuse)
    save_all(figure, tmp_path / "map")
    assert (tmp_path / "map.svg").exists()
    assert begun == []


def test_a_lack_of_memory_there_is_that_error_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no memory for what a figure is made of, it is answered, not printed."""
    monkeypatch.setattr(press.pickle, "loads", lambda _job: bytes(1 << 62))
    assert isinstance(press._try_to_save(b""), MemoryError)


@pytest.mark.parametrize("figures", [0, WORTH - 1, WORTH])
def test_few_figures_or_a_lone_core_are_drawn_here(
    figures: int,
    figure: Figure,
    tmp_path: Path,
    begun: list[subprocess.Popen[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No process is begun where its start would take longer than it spares."""
    if figures == WORTH:
        monkeypatch.setattr(press, "can_go_beside", can_go_beside)
        monkeypatch.setattr("stemgeo.measure.count_cores", lambda: 1)
    with Press(figures) as one:
        one.save(figure, tmp_path / "map", ALT, ["svg"])
        assert (tmp_path / "map.svg").exists()
    assert begun == []


@pytest.mark.parametrize("program", ["", None, "/usr/bin/qgis", "C:/QGIS/bin/qgis-bin.exe"])
def test_another_program_is_not_started_once_more(
    program: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where Python lives within another program there is no Python to run."""
    monkeypatch.setattr("stemgeo.measure.count_cores", lambda: 8)
    monkeypatch.setattr(sys, "executable", program)
    assert not can_go_beside()
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3.12")
    assert can_go_beside()
