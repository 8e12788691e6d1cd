"""What is in a folder, of when and under which terms; what would come, and what is newer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from stemgeo.fetch.folder import find_kept
from stemgeo.sources.lock import read_lock

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stemgeo.fetch.flanders import FlandersAsked, PlannedFile, Step


def describe_plan(plan: Sequence[PlannedFile], asked: FlandersAsked, store: Path) -> pd.DataFrame:
    """Say what a fetch would bring: what, how large, from where, under which terms.

    Parameters
    ----------
    plan, asked
        What would be brought.
    store
        The folder of downloads.
    """
    from stemgeo.fetch.flanders import list_parts
    from stemgeo.sources.client import Client

    lock = read_lock(asked.folder)
    client = Client(asked.catalogue.manners, store)
    rows = []
    for item in plan:
        for part in list_parts(item, asked.catalogue):
            where = part.address or f"by hand: {part.source.how}"
            if item.file and find_kept(asked.folder, lock, item.file) and not asked.replace:
                where = f"is in {asked.folder}"
            elif part.address and client.find_stored(part.address):
                where = "is in the store of downloads"
            elif not part.is_of_year:
                where = f"of {part.year} no address is known"
            rows.append(
                {
                    "item": part.key,
                    "file": item.file or "",
                    "size": _write_size(part.size_bytes),
                    "date": str(part.year) if part.source.years else "",
                    "licence": part.source.licence,
                    "from": where,
                }
            )
    return pd.DataFrame(rows)


def describe_steps(steps: Sequence[Step]) -> pd.DataFrame:
    """Say what became of each file."""
    rows = [
        {
            "item": one.item.key,
            "file": one.entry.file if one.entry else one.item.file,
            "size": _write_size(one.entry.size_bytes if one.entry else None),
            "how": one.how,
        }
        for one in steps
    ]
    return pd.DataFrame(rows)


def _write_size(size: int | None) -> str:
    """Write a size in MB or kB; nothing where it is not known."""
    if size is None:
        return ""
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"
