"""Whose data a file holds, where its content says so."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from stemgeo.notes import Said, clean_text, say
from stemgeo.sources.catalogue import shipped_catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stemgeo.sources.lock import LockedFile, Piece


ADDED_UP = "added up"
"""What a column is used as whose rows are added up."""


@dataclass(frozen=True)
class Seen:
    """A column of a file as it was read.

    Attributes
    ----------
    label
        What the file calls it.
    used_as
        What it was taken as; empty when it was not used.
    examples, misread
        Its first values, and those that were not understood.
    """

    label: str
    used_as: str
    examples: tuple[str, ...]
    misread: tuple[str, ...]


@dataclass(frozen=True)
class Provenance:
    """Where an input came from, carried to every output.

    Attributes
    ----------
    role
        Which input of the study, e.g. "population".
    name
        File name, without its folders.
    size_bytes, sha256
        Of the file as the user gave it (the zip, not what it holds).
    source, licence, date
        As declared in the study; else as the content tells, see `fill_origin`.
    attribution
        The line that names the source, as it asks; from the lock beside the file.
    address, fetched
        That gave the file, and when; of one made of several pieces the last of them.
    pieces
        What it was made from, as the lock has them.
    made_by
        What made it, where it is not as it was published.
    note
        What was found or left out while reading.
    columns
        Each column of the file, and what it was taken as: empty when it was not used.
    seen
        The same with values of the file, which no output holds.
    entry
        What study.toml must say of a register for it to be read so again; empty when it does.
    read
        The note in each language.
    """

    role: str
    name: str
    size_bytes: int
    sha256: str
    source: str
    licence: str
    date: dt.date | None
    note: str = ""
    columns: tuple[tuple[str, str], ...] = ()
    seen: tuple[Seen, ...] = ()
    entry: tuple[tuple[str, Any], ...] = field(default=(), compare=False)
    read: Said | None = field(default=None, compare=False)
    attribution: str = ""
    address: str = ""
    fetched: dt.datetime | None = None
    pieces: tuple[Piece, ...] = ()
    made_by: str = ""

    def to_entry(self) -> dict[str, Any]:
        """Give what a manifest holds of it: no values of the file, the note in English."""
        told = ("seen", "entry", "read", "pieces", "fetched")
        kept = {key: value for key, value in asdict(self).items() if key not in told}
        pieces = [one.model_dump(mode="json", exclude_defaults=True) for one in self.pieces]
        fetched = self.fetched.isoformat() if self.fetched else None
        return kept | {"fetched": fetched, "pieces": pieces}


_KNOWN = (
    ("population", {"cd_refnis", "cd_age", "ms_population"}),
    ("population", {"cd_munty_refnis", "cd_age", "ms_population"}),
    ("zone_population", {"cd_sector", "cd_refnis", "total"}),
    ("sectors", {"cd_sector", "tx_sector_descr_nl", "cd_munty_refnis"}),
    ("population", {"cd_munty_refnis", "tx_munty_descr_nl"}),
    ("weights", {"ms_pop", "ms_len", "ms_km2"}),
    ("municipalities", {"uidn", "oidn", "niscode", "naam"}),
)
"""Columns that no one else's files have together: population, sectors, municipalities, grid.

Of which source they are; it says the publisher and the licence.
"""
_STATBEL, _ROADS = "population", "roads"

_DAY = re.compile(
    r"(?:TF_SOC_POP_STRUCT|OPENDATA_SECTOREN|POP_GRID|statistical_sectors_\d{4,5})_((?:19|20)\d\d)",
    re.IGNORECASE,
)
"""In the names that Statbel gives its files; they are of 1 January."""


def fill_origin(given: Provenance, columns: Iterable[str], *, of_roads: bool) -> Provenance:
    """Fill in what the study leaves open of a file that is recognised: source, licence, day.

    Parameters
    ----------
    given
        As the study declares it, which stands above what is known.
    columns
        Of the file, as it calls them.
    of_roads
        Whether it is in a form of OpenStreetMap.
    """
    there = {one.lower() for one in columns}
    known = [_ROADS] if of_roads else [key for key, wanted in _KNOWN if wanted <= there]
    if not known:
        return given
    publisher, licence = _name_publisher(known[0])
    # Whoever names another source knows under which terms it is.
    theirs = given.source and publisher.lower() not in given.source.lower()
    of_statbel = publisher == _name_publisher(_STATBEL)[0]
    return replace(
        given,
        source=given.source or publisher,
        licence=given.licence or ("" if theirs else licence),
        date=given.date or (find_day_in_name(given.name) if of_statbel else None),
    )


def _name_publisher(key: str) -> tuple[str, str]:
    """Name whose a source is, and its licence; OpenStreetMap by those who made it, as it asks."""
    source = shipped_catalogue().find(key)
    made_by = "© OpenStreetMap contributors" if key == _ROADS else source.publisher
    return made_by, source.licence


_UNSTATED = re.compile(r"not stated: ask (.+)")
"""A licence that is not known, as the file of sources writes it."""


def say_licence(licence: str) -> Said:
    """Say a licence: its name is the same in each language, that it is not known is not."""
    unknown = _UNSTATED.fullmatch(licence)
    if unknown is None:
        return Said(licence, licence, licence)
    return say(
        "licence not stated: ask {publisher}",
        "licentie niet vermeld: na te vragen bij {publisher}",
        "licence non précisée\N{NO-BREAK SPACE}: à demander à {publisher}",
        publisher=unknown[1],
    )


def name_source(line: str, licence: str, language: str) -> str:
    """Name a source with its licence, if the line that names it does not say that.

    Parameters
    ----------
    line
        That names it, as it asks.
    licence
        As the study or the lock has it.
    language
        In which an unknown licence is said.
    """
    if not line or not licence or licence in line:
        return line
    return f"{line} ({say_licence(licence).to_text(language)})"


def fill_from_lock(given: Provenance, entry: LockedFile) -> Provenance:
    """Fill in what the lock beside a file says of it; what the study declares stands above that.

    Parameters
    ----------
    given
        As the study declares it.
    entry
        Of the file.
    """
    last = max(entry.pieces, key=lambda one: one.fetched)
    theirs = given.source or given.licence
    return replace(
        given,
        source=given.source or clean_text(entry.publisher, 300),
        licence=given.licence or ("" if given.source else clean_text(entry.licence, 300)),
        date=given.date or entry.date,
        attribution="" if theirs else clean_text(entry.attribution, 500),
        address=last.address,
        fetched=last.fetched,
        pieces=entry.pieces,
        made_by=entry.made_by,
    )


def find_day_in_name(name: str) -> dt.date | None:
    """Give the day that the name of a file of Statbel says."""
    found = _DAY.search(name)
    return dt.date(int(found[1]), 1, 1) if found else None
