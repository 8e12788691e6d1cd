"""Typing a command in this process, and looking at what it wrote."""

from __future__ import annotations

import fcntl
import io
import os
import re
import struct
import sys
import termios
from contextlib import redirect_stderr, redirect_stdout, suppress
from functools import cache
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple, TextIO

import pytest
import typer

from stemgeo.cli import main

if TYPE_CHECKING:
    from pathlib import Path


class Said(NamedTuple):
    """What a command said and how it ended."""

    status: int
    out: str
    err: str


_COMMAND = cache(typer.main.get_command)
"""The commands with their options, which typer would put together anew each time."""


def stemgeo(*words: object, err: TextIO | None = None) -> Said:
    """Type a command, in this process; standard error goes to `err` where it is given."""
    out, err = io.StringIO(), err or io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["stemgeo", *map(str, words)])
        patch.setattr(typer.main, "get_command", _COMMAND)
        with pytest.raises(SystemExit) as ended:
            main()
    return Said(
        int(ended.value.code or 0),
        out.getvalue(),
        err.getvalue() if isinstance(err, io.StringIO) else "",
    )


def stemgeo_on_terminal(*words: object) -> Said:
    """Type a command where standard error is a pseudo-terminal; `err` is all that was drawn there.

    Without the signs that move the cursor; each time that a line is drawn again it stands anew.
    """
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    drawn: list[bytes] = []

    def read() -> None:
        with suppress(OSError):  # the other end is closed
            while piece := os.read(ours, 65536):
                drawn.append(piece)

    reader = Thread(target=read)
    reader.start()
    with os.fdopen(theirs, "w", encoding="utf-8") as err, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TERM", "xterm")
        said = stemgeo(*words, err=err)
    reader.join()
    os.close(ours)
    text = b"".join(drawn).decode("utf-8")
    return said._replace(err=re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "\n", text))


def content_of(folder: Path) -> dict[str, bytes]:
    """Give every file of a folder by its path in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
