"""Pages of the documentation, followed as their readers do: typed word for word.

A block of `sh` is typed line by line and one of `python` is run, in one folder for the whole page.
A block of `text` is what the last line printed, where a line `...` stands for any lines. A block
with a caption is a file of that name. One without a language is only read. `RENEW_PAGES=yes`
writes what is printed today into blocks of `text`.
"""

from __future__ import annotations

import io
import os
import re
import shlex
from contextlib import chdir, redirect_stdout
from typing import TYPE_CHECKING, NamedTuple

from markdown_it import MarkdownIt
from terminal import stemgeo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    Instead = Mapping[str, Callable[[Path], None]]

LEFT_OUT = "..."
RENEW = os.environ.get("RENEW_PAGES") == "yes"


class Block(NamedTuple):
    """A block of code of a page: its language, the file that it is, its text and first line."""

    language: str
    caption: str
    text: str
    line: int


def read_blocks(page: Path) -> Iterator[Block]:
    """Give the blocks of code of a page, in order."""
    for token in MarkdownIt().parse(page.read_text(encoding="utf-8")):
        if token.type == "fence":
            assert token.map
            language = token.info.removeprefix("{code-block}").strip()
            option = re.match(r":caption: (.+)\n\n", token.content)
            caption, begin = (option[1], option.end()) if option else ("", 0)
            yield Block(language, caption, token.content[begin:], token.map[0] + 1)


def type_line(line: str) -> str:
    """Type a command of a page; give what it printed to its reader."""
    words = shlex.split(line, comments=True)
    assert words[0] == "stemgeo", f"only stemgeo is typed here: {line}"
    said = stemgeo(*words[1:])
    assert said.status == 0, f"{line}\n{said.err}"
    return said.out


def follow(page: Path, folder: Path, instead: Instead | None = None) -> None:
    """Follow a page from top to bottom.

    Parameters
    ----------
    page
        In Markdown.
    folder
        In which its commands are typed, with the files that it takes as given.
    instead
        By line, what does the same as a command in less time: what others made is brought there.
    """
    printed, names = "", dict[str, object]()
    renewed = page.read_text(encoding="utf-8")
    with chdir(folder):
        for block in read_blocks(page):
            if block.caption:
                (folder / block.caption).parent.mkdir(parents=True, exist_ok=True)
                (folder / block.caption).write_text(block.text, encoding="utf-8")
            elif block.language == "sh":
                printed = type_lines(block.text, folder, instead or {})
            elif block.language == "python":
                printed = run_python(block, names)
            elif block.language == "text" and RENEW:
                renewed = renewed.replace(block.text, renew(block.text, printed), 1)
            elif block.language == "text":
                lacking = find_lacking(block.text, printed)
                where = f"{page.name}:{block.line}: RENEW_PAGES=yes writes it anew"
                assert lacking is None, f"{where}\n{lacking!r} is not in\n{printed}"
    if RENEW:
        page.write_text(renewed, encoding="utf-8")


def type_lines(lines: str, folder: Path, instead: Instead) -> str:
    """Type the lines of a block; give what the last one printed."""
    printed = ""
    for line in filter(str.strip, lines.splitlines()):
        if line in instead:
            instead[line](folder)
        else:
            printed = type_line(line)
    return printed


def run_python(block: Block, names: dict[str, object]) -> str:
    """Run a block, with the names of those before it; give what it printed."""
    said = io.StringIO()
    with redirect_stdout(said):
        exec(compile(block.text, f"line {block.line}", "exec"), names)  # noqa: S102 -- our own pages
    return said.getvalue()


def find_lacking(shown: str, printed: str) -> str | None:
    """Find the first piece, between lines left out, that was not printed after the piece before."""
    rest = [line.rstrip() for line in printed.strip("\n").splitlines()]
    skips = False
    for line in (one.rstrip() for one in shown.strip("\n").splitlines()):
        if line == LEFT_OUT:
            skips = True
            continue
        while skips and rest and rest[0] != line:
            rest.pop(0)
        if not rest or rest.pop(0) != line:
            return line
        skips = False
    return None if skips or not rest else rest[0]


def renew(shown: str, printed: str) -> str:
    """Write a block anew: the lines of today that begin as those shown, the others left out."""
    if LEFT_OUT not in shown.splitlines():
        return printed.strip("\n") + "\n"
    lines = [line.rstrip() for line in printed.splitlines()]
    kept = []
    for line in shown.splitlines():
        begins = line.split("  ")[0]
        found = (one for one in lines if line != LEFT_OUT and one.startswith(begins))
        kept.append(next(found, line))
    return "\n".join(kept) + "\n"
