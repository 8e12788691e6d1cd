"""Typing a command in this process, and looking at what it wrote."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

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


def stemgeo(*words: object) -> Said:
    """Type a command, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["stemgeo", *map(str, words)])
        patch.setattr(typer.main, "get_command", _COMMAND)
        with pytest.raises(SystemExit) as ended:
            main()
    return Said(int(ended.value.code or 0), out.getvalue(), err.getvalue())


def content_of(folder: Path) -> dict[str, bytes]:
    """Give every file of a folder by its path in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
