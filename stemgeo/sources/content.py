"""What came from a server: whether it is what was wanted, and what it is instead."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

from stemgeo.errors import FetchError, Problem
from stemgeo.notes import clean_text
from stemgeo.sources.catalogue import host_of
from stemgeo.writing.seal import hash_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from stemgeo.sources.catalogue import DataSource, Known

HEAD = 4096
"""Bytes by which content is known."""
GO_ON = "stemgeo fetch ... --from FOLDER"
"""How one goes on who has a file by hand; who knows the whole command puts it in this place."""
_TOLD = 6
"""Letters of a secret that say nothing of it."""

_BEFORE = rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*"
_PAGE = re.compile(
    _BEFORE + rb"<(?:!doctype\s+html|html|head|script|body|meta)\b", re.IGNORECASE | re.DOTALL
)
_TITLE = re.compile(rb"<title[^>]*>(.{0,300}?)</title", re.IGNORECASE | re.DOTALL)
_BEGINS = {
    "zip": re.compile(rb"PK\x03\x04"),
    "xlsx": re.compile(rb"PK\x03\x04"),
    "pbf": re.compile(rb"\x00\x00.{2}\x0a\x09OSMHeader", re.DOTALL),
    "json": re.compile(rb"(?:\xef\xbb\xbf)?\s*[{\[]"),
    "geojson": re.compile(rb"(?:\xef\xbb\xbf)?\s*\{"),
    "osm": re.compile(_BEFORE + rb"<osm\b", re.DOTALL),
    "csv": re.compile(rb"(?!\s*(?:\xef\xbb\xbf)?\s*<)[^\x00]"),
}
"""With what the content of a source of each format begins."""
_OTHER = "fetch it again; if its publisher made another one, that must be looked at first"


def bare_address(address: str) -> str:
    """Give an address without what was asked and by whom, which may be nobody else's."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    host = host_of(address) or parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=host, query="", fragment=""))[:2000]


def show_address(address: str) -> str:
    """Write an address for people, as `bare_address` gives it."""
    return clean_text(bare_address(address), 300) or "an address"


def without_secrets(text: str, secrets: Iterable[str]) -> str:
    """Take secrets out of a text: a server may say again what it was told.

    Also as an address or a page writes them, and the beginning of one where a text was cut short.
    """
    for one in filter(str.strip, secrets):
        for form in dict.fromkeys((one, quote(one), quote(one, safe=""), html.escape(one))):
            text = _take_out(text, form)
    return text


def _take_out(text: str, secret: str) -> str:
    """Take a secret out of a text, and its beginning where a message was cut short."""
    kept, start = "", 0
    while (found := text.find(secret[:_TOLD], start)) >= 0:
        end = next(end for end in range(len(secret), 0, -1) if text.startswith(secret[:end], found))
        kept, start = f"{kept}{text[start:found]}…", found + end
    return kept + text[start:]


def is_page(content: bytes) -> bool:
    """Tell whether content begins as a web page does."""
    return _PAGE.match(content) is not None


def is_like(head: bytes, form: str) -> bool:
    """Tell whether content begins as that of a format does; "" is any that is no web page."""
    wanted = _BEGINS.get(form)
    return bool(head) and not is_page(head) and (wanted is None or wanted.match(head) is not None)


def describe_unlike(address: str, content: bytes, wanted: str) -> Problem:
    """Say what came in the place of what was wanted; a web page is recognised and named.

    Parameters
    ----------
    address
        That gave it.
    content
        The beginning of what came.
    wanted
        What it should be, such as "a zip".
    """
    if not is_page(content):
        what = f"is not {wanted}" if content else "is empty"
        return Problem(show_address(address), what, f"fetch it again, or by hand: {GO_ON}")
    found = _TITLE.search(content)
    title = clean_text(found[1].decode("utf-8", "replace"), 60) if found else ""
    named = f" ('{title}')" if title else ""
    return Problem(
        show_address(address),
        f"its server answers with a web page{named} in the place of {wanted}: some servers let "
        "only a person's browser in",
        f"open this address in a browser, and give the folder in which the file comes: {GO_ON}",
    )


def refuse_unlike(path: Path, source: DataSource, address: str, known: Known | None = None) -> None:
    """Refuse a file that is not of the format of its source, or not the one that is known.

    Parameters
    ----------
    path, source
        The file, and what it should be of.
    address
        That gave it, or its name.
    known
        What is known of it.

    Raises
    ------
    FetchError
        Naming a web page, an empty file, or what is otherwise.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not is_like(head, source.format):
        raise FetchError(describe_unlike(address, head, name_format(source.format)))
    size, sha256 = (known.size_bytes, known.sha256) if known else (None, "")
    if size not in (None, path.stat().st_size):
        what = f"has {path.stat().st_size} bytes, and as published it has {size}"
        raise FetchError(Problem(show_address(address), what, _OTHER))
    if sha256 and hash_file(path) != sha256:
        what = "is another file than the one that is known by its sha256"
        raise FetchError(Problem(show_address(address), what, _OTHER))


def name_format(form: str) -> str:
    """Say what a file of a format is."""
    return f"a file of type {form}" if form else "a file"


def shows_its_end(path: Path, form: str) -> bool:
    """Tell whether a file shows by itself that nothing of it is missing at its end.

    A table as CSV and an extract as PBF do not: each line or block stands by itself.
    """
    import json
    import zipfile

    if form in ("zip", "xlsx"):
        return zipfile.is_zipfile(path)
    if form in ("json", "geojson"):
        try:
            json.loads(path.read_bytes())
        except (ValueError, RecursionError):
            return False
        return True
    if form == "osm":
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 100))
            return file.read().rstrip().endswith(b"</osm>")
    return False
