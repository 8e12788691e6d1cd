"""Parts of the pages of the documentation that are made from what the code says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def put_in_page(page: str, name: str, lines: Iterable[str]) -> str:
    """Give a page with these lines between the mark of this name and the next end.

    Parameters
    ----------
    page
        In Markdown.
    name
        Of the mark, as in `<!-- name, by make docs -->`.
    lines
        What comes there.
    """
    begin, end = f"<!-- {name}, by make docs -->\n", "<!-- until here -->"
    block = re.compile(f"(?<={re.escape(begin)}).*?(?={end})", re.DOTALL)
    return block.sub(lambda _: "\n" + "\n".join(lines) + "\n\n", page)


def update_page(path: str, name: str, lines: Iterable[str]) -> None:
    """Bring a part of a page up to date.

    Parameters
    ----------
    path
        Of the page, in Markdown.
    name
        Of the mark, as in `<!-- name, by make docs -->`.
    lines
        What comes there.
    """
    page = Path(path).read_text(encoding="utf-8")
    Path(path).write_text(put_in_page(page, name, lines), encoding="utf-8")
