"""Geofabrik: dated extracts beside their sums, to which `-latest` points."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from served import Reply

if TYPE_CHECKING:
    from served import Server

    from stemgeo.sources.catalogue import DataSource


def play_geofabrik(
    server: Server, source: DataSource, extract: bytes, day: str = "261129", md5: str | None = None
) -> tuple[str, str]:
    """Play an extract under its day, with its sum, or another one; give its path and `-latest`'s.

    The sum beside `-latest` names the dated file, as that of Geofabrik does.
    """
    latest = urlsplit(source.address).path
    dated = latest.replace("-latest", f"-{day}")
    told = md5 or hashlib.md5(extract, usedforsecurity=False).hexdigest()
    line = f"{told}  {dated.rpartition('/')[2]}\n".encode()
    server.play(dated, extract)
    server.play(latest, Reply(b"", 302, headers={"Location": f"{server.address}{dated}"}))
    for path in (dated, latest):
        server.play(f"{path}.md5", Reply(line, kind="text/plain"))
    return dated, latest
