"""Whose data a file holds, where its content says so."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stemgeo.notes import Said


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

    def to_entry(self) -> dict[str, Any]:
        """Give what a manifest holds of it: no values of the file, the note in English."""
        told = ("seen", "entry", "read")
        return {key: value for key, value in asdict(self).items() if key not in told}


STATBEL = ("Statbel", "CC BY 4.0")
FLANDERS = ("Digitaal Vlaanderen", "Modellicentie Gratis Hergebruik")
OPENSTREETMAP = ("© OpenStreetMap contributors", "ODbL")

_KNOWN = (
    (STATBEL, {"cd_refnis", "cd_age", "ms_population"}),
    (STATBEL, {"cd_munty_refnis", "cd_age", "ms_population"}),
    (STATBEL, {"cd_sector", "cd_refnis", "total"}),
    (STATBEL, {"cd_sector", "tx_sector_descr_nl", "cd_munty_refnis"}),
    (STATBEL, {"cd_munty_refnis", "tx_munty_descr_nl"}),
    (STATBEL, {"ms_pop", "ms_len", "ms_km2"}),
    (FLANDERS, {"uidn", "oidn", "niscode", "naam"}),
)
"""Columns that no one else's files have together: population, sectors, municipalities, grid."""

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
    known = [one for one, wanted in _KNOWN if wanted <= there]
    if of_roads:
        known = [OPENSTREETMAP]
    if not known:
        return given
    source, licence = known[0]
    # Whoever names another source knows under which terms it is.
    theirs = given.source and source.lower() not in given.source.lower()
    return replace(
        given,
        source=given.source or source,
        licence=given.licence or ("" if theirs else licence),
        date=given.date or (find_day_in_name(given.name) if known[0] is STATBEL else None),
    )


def find_day_in_name(name: str) -> dt.date | None:
    """Give the day that the name of a file of Statbel says."""
    found = _DAY.search(name)
    return dt.date(int(found[1]), 1, 1) if found else None
