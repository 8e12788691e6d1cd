"""What is known of each source of open data: whose it is, its terms, its address, its columns.

All of it stands in `data/sources.toml`; no address stands in code.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from stemgeo.errors import FetchError, Problem
from stemgeo.facts import fact_path
from stemgeo.notes import clean_text, strip_control

FILE = "sources.toml"
_MOST_BYTES = 1_000_000

Kind = Literal["file", "features", "overpass", "events", "address-match", "by-hand", "reference"]
"""How a source is had; "reference": its address is known, and nothing here asks it."""


_NEEDED: dict[Kind, tuple[str, ...]] = {
    "file": ("address", "file"),
    "features": ("address", "collection"),
    "overpass": ("address",),
    "events": ("address",),
    "address-match": ("address",),
    "by-hand": ("how",),
    "reference": (),
}


class _CataloguePart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def host_of(address: str) -> str:
    """Give the host of an address, with its port where it has one; empty when it has none.

    So is that of an address with a name or a password in it: no source has such.
    """
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    return "" if parts.username or parts.password else f"{parts.hostname or ''}{port}"


def is_safe(address: str) -> bool:
    """Whether nobody on the way can read or change what it gives: https, or this machine."""
    scheme, host = address.partition(":")[0].lower(), host_of(address)
    local = host.partition(":")[0] in ("127.0.0.1", "localhost")
    return bool(host) and (scheme == "https" or (scheme == "http" and local))


def _check_address(address: str) -> str:
    """Refuse what is no address of a web server."""
    if address and not is_safe(address):
        raise ValueError("must begin with https:// and a host, with no name and no password")
    return strip_control(address)


Address = Annotated[str, Field(max_length=2000), AfterValidator(_check_address)]
Text = Annotated[str, Field(max_length=500), AfterValidator(strip_control)]
Host = Annotated[str, Field(pattern=r"^[a-z0-9.-]+(:[0-9]{1,5})?$", max_length=260)]
FileName = Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9._{}-]*)?$", max_length=200)]


class Manners(_CataloguePart):
    """How servers are asked.

    Attributes
    ----------
    tries
        In a row that bring nothing, before it is given up.
    first_wait_s, longest_wait_s
        Before the second try, and before any: it doubles.
    stall_s
        Without a byte, after which a connection is dead.
    slowest_bytes_per_s
        That a connection brings in as much time, else it is dead too.
    requests_per_s
        The most, of one server.
    features_per_page
        That are asked of a service of features at once.
    """

    tries: int = Field(default=6, ge=1, le=100)
    first_wait_s: float = Field(default=1, ge=0, le=60)
    longest_wait_s: float = Field(default=120, ge=0, le=3600)
    stall_s: float = Field(default=60, gt=0, le=3600)
    slowest_bytes_per_s: float = Field(default=100, ge=0, le=1_000_000)
    requests_per_s: float = Field(default=10, gt=0, le=1000)
    features_per_page: int = Field(default=100, ge=1, le=10_000)


class Known(_CataloguePart):
    """What is known of the file of a year: it is refused when it is another.

    Attributes
    ----------
    size_bytes, sha256
        Of the file as published.
    rows
        Of its table.
    flemish_children_0_17
        In the municipalities of the Flemish Region, of 0 to 17 years.
    """

    size_bytes: int | None = Field(default=None, ge=1)
    sha256: str = Field(default="", pattern="^([0-9a-f]{64})?$")
    rows: int | None = Field(default=None, ge=1)
    flemish_children_0_17: int | None = Field(default=None, ge=0)


class EventSearch(_CataloguePart):
    """How a service of events is searched, and for what.

    Attributes
    ----------
    labels
        That events of a STEM academy bear.
    others
        That other STEM events bear.
    page, furthest
        How many it is asked for at once, and how many it passes by at most.
    since
        Before which next to nothing was entered: where halving of time begins.
    """

    labels: tuple[Text, ...] = Field(min_length=1, max_length=20)
    others: tuple[Text, ...] = Field(default=(), max_length=20)
    page: int = Field(ge=2, le=2000)
    furthest: int = Field(ge=0, le=10_000)
    since: dt.date


class DataSource(_CataloguePart):
    """A source of data.

    Attributes
    ----------
    publisher, title, licence, attribution
        Whose it is, what it is called, its terms, and the line that names it; of a {year}.
    kind
        How it is had.
    address
        Where; {year} in it is the year. Empty: by hand.
    also
        Addresses of the same in other forms, which nothing here asks.
    collection, wfs, type_name, crs
        Of a service of features: its collection; the same by WFS; how it calls EPSG:31370.
    years
        Of which there is a file; empty: it has no years.
    file
        Under which name it is kept.
    format
        What its content is: zip, xlsx, pbf, geojson, csv or json.
    columns
        That it must have.
    checksum
        Of the file `address` with this ending, which holds its sum.
    most_mb
        A larger answer is refused.
    most_km2
        It is asked for no larger ground; 0 for any.
    redirects
        Other hosts to which its server may point.
    known
        Of a year what is known of the file.
    input
        Which input of a study it is; empty when it is none.
    optional
        Whether a study is written without it, when it does not come.
    needs
        Names of variables of the environment that hold what it asks to be let in.
    how
        Where a person finds it.
    seen_in
        Where the address was read.
    search
        Of a service of events: how it is searched.
    """

    publisher: Text
    title: Text
    licence: Text = ""
    attribution: Text = ""
    kind: Kind
    address: Address = ""
    also: tuple[Address, ...] = ()
    collection: Text = ""
    wfs: Address = ""
    type_name: Text = ""
    crs: Text = ""
    years: tuple[int, ...] = ()
    file: FileName = ""
    format: Literal["", "zip", "xlsx", "pbf", "geojson", "csv", "json", "osm"] = ""
    columns: tuple[Text, ...] = ()
    checksum: Literal["", "md5", "sha256"] = ""
    most_mb: int = Field(default=200, ge=1, le=20_000)
    most_km2: int = Field(default=0, ge=0, le=1_000_000)
    redirects: tuple[Host, ...] = ()
    known: dict[int, Known] = {}
    input: Text = ""
    optional: bool = False
    needs: tuple[Text, ...] = ()
    how: Text = ""
    seen_in: Text = ""
    search: EventSearch | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> DataSource:
        """Refuse a source that cannot be had as its kind says."""
        for name in _NEEDED[self.kind]:
            if not getattr(self, name):
                raise ValueError(f"has no {name}, which one of the kind '{self.kind}' needs")
        return self

    def fill(self, text: str, year: int | None) -> str:
        """Put the year into a text of this source."""
        return text.replace("{year}", str(year or ""))

    def locate(self, year: int | None) -> str:
        """Give the address of a year, as it is sent: without spaces."""
        parts = urlsplit(self.fill(self.address, year))
        return urlunsplit(parts._replace(path=quote(parts.path, safe="/%:@,")))

    @property
    def hosts(self) -> frozenset[str]:
        """The hosts that may be asked for it: its own, and those it may point to."""
        named = {host for one in (self.address, self.wfs) if (host := host_of(one))}
        return frozenset(named | set(self.redirects))


class Catalogue(_CataloguePart):
    """All sources.

    Attributes
    ----------
    manners
        How their servers are asked.
    sources
        By key.
    """

    manners: Manners = Manners()
    sources: dict[str, DataSource]

    def find(self, key: str) -> DataSource:
        """Find a source.

        Raises
        ------
        FetchError
            If there is none of that key.
        """
        if key not in self.sources:
            known = ", ".join(self.sources)
            raise FetchError(Problem(clean_text(key), "is no source", f"there are: {known}"))
        return self.sources[key]


@cache
def shipped_catalogue() -> Catalogue:
    """Give the sources that stemgeo knows."""
    return read_catalogue(fact_path(FILE))


def read_catalogue(path: Path) -> Catalogue:
    """Read a file of sources: those shipped, or those of a mirror of one's own.

    Raises
    ------
    FetchError
        With every problem of the file.
    """
    name = clean_text(path.name)
    if not path.is_file():
        raise FetchError(Problem(clean_text(str(path), 300), "is no file", "see --sources"))
    try:
        with path.open("rb") as stream:
            written = stream.read(_MOST_BYTES + 1)
        if len(written) > _MOST_BYTES:
            raise FetchError(Problem(name, "is larger than 1 MB", "give a file of sources"))
        content: dict[str, Any] = tomllib.loads(written.decode("utf-8-sig"))
        return Catalogue.model_validate(content)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        problems = [Problem(f"{name}, {_path_of(one['loc'])}", str(one["msg"])) for one in found]
        raise FetchError(*problems) from None
    except (OSError, ValueError, RecursionError) as error:
        what = f"cannot be read as a file of sources: {clean_text(str(error), 120)}"
        raise FetchError(Problem(name, what, "copy data/sources.toml and change it")) from None


def _path_of(loc: tuple[int | str, ...]) -> str:
    return clean_text(".".join(str(one) for one in loc), 200)
