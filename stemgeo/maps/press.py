"""Maps saved by a process of their own, while this one goes on with what else is written.

One process beside this is enough: what else a run writes takes longer than its maps. It is started
as `multiprocessing` would, but for the script that asked, which would be run once more.
"""

from __future__ import annotations

import gc
import os
import pickle
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self, cast

from stemgeo.errors import Problem, WriteError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from matplotlib.figure import Figure

WORTH = 4
"""Figures from which on a process of their own is sooner done, whose start takes as long as two."""
_OUT_OF_REACH: dict[str, Any] = (
    {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
    if sys.platform == "win32"
    else {"process_group": 0}
)
"""Ctrl-C in a terminal reaches whoever asked alone, who ends this one, also while it starts."""
_BEGIN = (
    "import gc, sys; gc.set_threshold(*{often!r}); sys.path[:] = {path!r}; "
    "from stemgeo.maps.press import serve; serve()"
)


class Press:
    """Saves figures: in a process beside this one, or here where that would not be sooner.

    Within its context figures may be given to it; at the end of it all of them are files, or the
    first failure is raised.

    Parameters
    ----------
    figures
        How many will come.
    """

    def __init__(self, figures: int) -> None:
        self._figures = figures
        self._beside: subprocess.Popen[bytes] | None = None
        self._asking = ThreadPoolExecutor(1)
        self._asked: list[Future[None]] = []

    def __enter__(self) -> Self:
        if self._figures >= WORTH and can_go_beside():
            # What else a script put there, as a Path, Python does not look at either.
            path = list(filter(_is_text, sys.path))
            command = [sys.executable, "-c", _BEGIN.format(path=path, often=gc.get_threshold())]
            with suppress(OSError):  # no process to be had: they are drawn here
                self._beside = subprocess.Popen(  # noqa: S603 -- this very Python
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **_OUT_OF_REACH
                )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                for one in self._asked:
                    one.result()
        finally:
            self._end()

    def save(
        self, figure: Figure, path_without_suffix: Path, alt: str, formats: Sequence[str]
    ) -> None:
        """Save a figure with what it shows in words inside; see `page.save_described`.

        Parameters
        ----------
        figure
            It is saved as it is now.
        path_without_suffix, alt, formats
            As for `page.save_described`.
        """
        if self._beside is None:
            from stemgeo.maps.page import save_described

            save_described(figure, path_without_suffix, alt, formats)
            return
        job = pickle.dumps((figure, path_without_suffix, alt, formats))
        self._asked.append(self._asking.submit(self._ask, self._beside, job))

    def _ask(self, beside: subprocess.Popen[bytes], job: bytes) -> None:
        """Have a figure saved; what went wrong there is raised here."""
        ask, answers = cast("IO[bytes]", beside.stdin), cast("IO[bytes]", beside.stdout)
        try:
            pickle.dump(job, ask)
            ask.flush()
            failed = pickle.load(answers)  # noqa: S301 -- said by a process of our own
        except (OSError, EOFError, pickle.UnpicklingError):
            what = f"the process that draws them ended ({_say_end(beside.wait())})"
            raise WriteError(Problem("maps", what, "run it again, with more memory free")) from None
        if failed is not None:
            raise failed

    def _end(self) -> None:
        if self._beside is not None:  # what it saved is answered for: its own end takes a while
            self._beside.kill()
        self._asking.shutdown(cancel_futures=True)
        if self._beside is not None:
            with suppress(OSError):  # what it had not read yet goes nowhere
                self._beside.communicate()


def can_go_beside() -> bool:
    """Whether there is a core for another process, and a Python to run it."""
    from stemgeo.measure import count_cores

    # Within another program, as QGIS, that program would be started once more.
    return count_cores() > 1 and "python" in Path(sys.executable or "").name.lower()


def _is_text(place: object) -> bool:
    return isinstance(place, str)


def _say_end(status: int) -> str:
    """Say how a process ended."""
    return f"signal {-status}" if status < 0 else f"status {status}"


def serve() -> None:
    """Save the figures that come on standard input, until it ends, and answer what went wrong."""
    answers = os.fdopen(os.dup(1), "wb")
    sys.stdout = sys.stderr  # a word of a library is no answer
    with suppress(Exception):  # made ready meanwhile; what fails is told of the first figure
        import_module("stemgeo.maps.page")
    with suppress(EOFError, BrokenPipeError, pickle.UnpicklingError):  # who asked is gone
        while True:
            job = pickle.load(sys.stdin.buffer)  # noqa: S301 -- said by the process that began this
            pickle.dump(_try_to_save(job), answers)
            answers.flush()


def _try_to_save(job: bytes) -> Exception | None:
    """Save a figure; give what went wrong, also where memory is short for what draws it."""
    try:
        from stemgeo.maps.page import save_described

        save_described(*pickle.loads(job))  # noqa: S301 -- as above
    except Exception as error:  # noqa: BLE001 -- whatever it is, it is raised over there
        return error
    return None
