"""Boundaries from a service of features: OGC API Features, and WFS where that does not answer.

All pages or nothing. A page is believed only where it agrees with what was asked and with the
others: its collection, its coordinates, its columns and its count. What is written does not depend
on the order of pages or on which service gave them: the same features are the same bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin, urlsplit, urlunsplit

import numpy as np
import shapely

from stemgeo.errors import FetchError, Problem
from stemgeo.facts import LAMBERT_72
from stemgeo.fetch.folder import piece_of_answer
from stemgeo.inputs import vintages
from stemgeo.inputs.vectors import RANGES, likely_crs, make_transformer
from stemgeo.notes import Said, clean_text, say

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.sources.catalogue import DataSource
    from stemgeo.sources.client import Answered, Client
    from stemgeo.sources.lock import Piece

Tell = Callable[[Said], None]

JSON = "application/geo+json"
MOST_PAGES = 1000
"""A service that has more is taken for one that goes round."""

_MM = 3
"""Decimals of a metre: borders are not drawn finer."""

_URN = "urn:ogc:def:crs:EPSG::31370"
_DEGREES = "OGC:CRS84"
_CRS = re.compile(
    r"<?(?:https?://www\.opengis\.net/def/crs/|urn:(?:x-)?ogc:def:crs:)?"
    r"(EPSG|OGC)[:/](?:[\w.]*[:/])?(31370|CRS84)>?"
)
_EXCEPTION = re.compile(rb"<(?:\w+:)?ExceptionText[^>]*>\s*(?:<!\[CDATA\[)?([^<\]]{0,300})")


@dataclass(frozen=True)
class _Page:
    """What a service answered: its features, and what it says of them."""

    features: list[dict[str, Any]]
    crs: str
    matched: int | None
    links: list[Any]
    where: str
    piece: Piece


@dataclass
class _Gathered:
    """What came so far, each feature once."""

    source: DataSource
    features: dict[str, dict[str, Any]] = field(default_factory=dict)
    pieces: list[Piece] = field(default_factory=list)
    matched: int | None = None
    crs: str = ""
    again: int = 0

    def add(self, page: _Page) -> None:
        """Add a page, if it is of one kind with those before."""
        if self.matched is not None and page.matched not in (None, self.matched):
            what = f"says that there are {page.matched} features, and before {self.matched}"
            raise FetchError(Problem(page.where, what, "it changed just now: fetch it again"))
        self.matched = self.matched if page.matched is None else page.matched
        if page.features and self.crs not in ("", page.crs):
            what = f"is in {page.crs}, and the page before in {self.crs}"
            raise FetchError(Problem(page.where, what, _NOT_USABLE))
        self.crs = page.crs or self.crs
        for one in page.features:
            key = _refuse_other(one, self.source, page.where)
            if self.features.setdefault(key, one) is not one:
                if self.features[key] != one:
                    what = f"gives feature {clean_text(key)} again, and otherwise"
                    raise FetchError(Problem(page.where, what, "fetch it again"))
                self.again += 1


_NOT_USABLE = "nothing of it was kept: tell its publisher, or give the file by hand (--from)"


def fetch_features(
    client: Client,
    source: DataSource,
    year: int | None,
    into: Path,
    tell: Tell = lambda _: None,
) -> tuple[Piece, ...]:
    """Fetch the features of a collection, and write them as GeoJSON in EPSG:31370.

    Parameters
    ----------
    client
        Asks.
    source
        Of kind "features": its collection, and its columns, the first of which names a feature.
    year
        Of the source: it stands in its address, and the codes of municipalities must be its own.
    into
        The file, written whole or not at all: features by their code, columns in the order of
        `source.columns`, then the others by name; coordinates to the millimetre.
    tell
        Told what who reads the file must know, such as that only the second service answered.

    Returns
    -------
    tuple
        The pages that it was made from.

    Raises
    ------
    FetchError
        In a line for each service: what is not as it must be.
    """
    if source.years and year not in source.years:
        there = ", ".join(map(str, source.years))
        what = f"has no {source.title} of {year}"
        raise FetchError(Problem(source.publisher, what, f"there is: {there}"))
    refused: list[Problem | str] = []
    for ask in (_ask_items, *([_ask_wfs] if source.wfs else [])):
        try:
            found = _gather(source, ask(client, source, year))
            written = _write_features(found, year)
        except FetchError as error:
            refused.extend(error.problems)
            continue
        _tell_of(found, refused, into, tell)
        beside = into.with_name(f"{into.name}.new")
        beside.write_bytes(written)
        beside.replace(into)
        return tuple(found.pieces)
    raise FetchError(*refused)


def _tell_of(found: _Gathered, refused: list[Problem | str], into: Path, tell: Tell) -> None:
    if refused:
        tell(
            say(
                "{file} was fetched by WFS: OGC API Features did not give it ({why})",
                "{file} is opgehaald met WFS: OGC API Features gaf het niet ({why})",
                "{file} a été obtenu par WFS : OGC API Features ne l’a pas donné ({why})",
                file=clean_text(into.name),
                why=clean_text(str(refused[0]), 300),
            )
        )
    if found.again:
        tell(
            say(
                "{file}: its server gave features on two pages; each is taken once",
                "{file}: de server gaf objecten op twee pagina’s; elk is één keer genomen",
                "{file} : le serveur a donné des objets sur deux pages ; chacun est pris une fois",
                file=clean_text(into.name),
            )
        )


def _gather(source: DataSource, pages: Iterator[_Page]) -> _Gathered:
    """Take all pages of a service, each of one kind with the others."""
    found, where = _Gathered(source), source.publisher
    for page in pages:
        where = page.where
        if len(found.pieces) == MOST_PAGES:
            raise FetchError(Problem(where, f"is one of more than {MOST_PAGES}", _NOT_USABLE))
        found.add(page)
        found.pieces.append(page.piece)
        if sum(one.size_bytes for one in found.pieces) > source.most_mb * 1_000_000:
            what = f"is one of pages that are larger than the {source.most_mb} MB that they can be"
            raise FetchError(Problem(where, what, _NOT_USABLE))
    if found.matched not in (None, len(found.features)):
        what = f"is the last: {len(found.features)} features came, of {found.matched}"
        raise FetchError(Problem(where, what, "fetch it again: a page was left out"))
    return found


# --- The two services ---------------------------------------------------------------------------


def _ask_items(client: Client, source: DataSource, year: int | None) -> Iterator[_Page]:
    """Ask for the items of a collection (OGC 17-069, with 18-058 for the reference system)."""
    params: dict[str, str | int] = {"f": JSON, "limit": client.manners.features_per_page}
    params["crs"] = source.crs
    collection = source.fill(source.collection, year)
    path = urljoin(source.fill(source.address, year), f"collections/{collection}/items")
    address, asked = f"{path}?{urlencode(params)}", set[str]()
    while address:
        asked.add(address)
        answer = client.ask(source, address, headers={"Accept": JSON})
        page = _read_page(answer, address, len(asked))
        yield page
        address = _find_next(page, address)
        if address in asked:
            what = "says that the next page is one that it gave before"
            raise FetchError(Problem(page.where, what, _NOT_USABLE))


def _find_next(page: _Page, asked: str) -> str:
    """Find the address of the next page: of the same collection on the same host, or refused."""
    for link in page.links:
        if not isinstance(link, dict) or link.get("rel") != "next":
            continue
        href = link.get("href")
        if not isinstance(href, str) or len(href) > 2000:
            raise FetchError(Problem(page.where, "has a next page without an address"))
        try:
            there, here = urlsplit(urljoin(asked, href)), urlsplit(asked)
        except ValueError:
            what = f"has a next page whose address is none ({clean_text(href, 200)})"
            raise FetchError(Problem(page.where, what, _NOT_USABLE)) from None
        if (there.netloc, there.path) != (here.netloc, here.path):
            shown = clean_text(f"{there.netloc}{there.path}", 200)
            what = f"says that its next page is elsewhere ({shown})"
            raise FetchError(Problem(page.where, what, _NOT_USABLE))
        # Behind a proxy a service may write http:// for itself.
        return urlunsplit(there._replace(scheme=here.scheme, fragment=""))
    return ""


def _ask_wfs(client: Client, source: DataSource, year: int | None) -> Iterator[_Page]:
    """Ask a WFS 2.0 (OGC 09-025r2) for the features of a type, page by page."""
    count = client.manners.features_per_page
    params: dict[str, str | int] = {
        "service": "WFS",
        "version": "2.0.0",
        "request": "GetFeature",
        "typeNames": source.fill(source.type_name, year),
        "srsName": _URN,
        "outputFormat": "application/json",
        "count": count,
    }
    if source.columns:
        params["sortBy"] = source.columns[0]  # else pages need not part the features
    got, done = 0, False
    while not done:
        address = f"{source.fill(source.wfs, year)}?{urlencode(params | {'startIndex': got})}"
        page = _read_page(client.ask(source, address), address, got // count + 1)
        yield page
        size, got = len(page.features), got + len(page.features)
        done = size < count if page.matched is None else not size or got >= page.matched


# --- A page -------------------------------------------------------------------------------------


def _read_page(answer: Answered, asked: str, number: int) -> _Page:
    """Read a page, and refuse one that is none or does not say where its features lie."""
    where = f"{answer.address}, page {number}"
    if told := _EXCEPTION.search(answer.content[:20_000]):
        said = clean_text(told[1].decode("utf-8", "replace"), 200)
        raise FetchError(Problem(where, f"its server answers with an exception ('{said}')"))
    body = answer.json()
    features = body.get("features") if isinstance(body, dict) else None
    if not isinstance(features, list) or body.get("type") != "FeatureCollection":
        reason = body.get("description") if isinstance(body, dict) else None
        told_so = f" ('{clean_text(reason, 200)}')" if isinstance(reason, str) else ""
        raise FetchError(Problem(where, f"is no collection of features{told_so}", _NOT_USABLE))
    returned, matched = body.get("numberReturned"), body.get("numberMatched")
    if isinstance(returned, int) and returned != len(features):
        what = f"has {len(features)} features, and says that it has {returned}"
        raise FetchError(Problem(where, what, "fetch it again"))
    crs = _find_crs(answer.headers, body, where) if features else ""
    links = body.get("links")
    return _Page(
        features,
        crs,
        matched if isinstance(matched, int) else None,
        links if isinstance(links, list) else [],
        where,
        piece_of_answer(answer, asked),
    )


def _find_crs(headers: Mapping[str, str], body: dict[str, Any], where: str) -> str:
    """Tell in which reference system a page says that it is: in its header, or in its text."""
    named = body.get("crs")
    inside = named.get("properties") if isinstance(named, dict) else None
    said = [headers.get("content-crs"), inside.get("name") if isinstance(inside, dict) else None]
    found = set()
    for one in said:
        if one is None:
            continue
        known = _CRS.fullmatch(str(one).strip())
        if known is None:
            what = f"is in another reference system ({clean_text(str(one), 100)})"
            raise FetchError(Problem(where, what, f"only {LAMBERT_72} and CRS84 are taken"))
        found.add(LAMBERT_72 if known[2] == "31370" else _DEGREES)
    if len(found) != 1:
        what = "contradicts itself on" if found else "does not say"
        raise FetchError(Problem(where, f"{what} its reference system", _NOT_USABLE))
    return found.pop()


def _refuse_other(one: Any, source: DataSource, where: str) -> str:
    """Refuse what is no feature of the collection; give what it is known by."""
    properties = one.get("properties") if isinstance(one, dict) else None
    if not isinstance(properties, dict) or not isinstance(one.get("geometry"), dict):
        raise FetchError(Problem(where, "has a feature without columns or outline", _NOT_USABLE))
    missing = [name for name in source.columns if properties.get(name) in (None, "")]
    if missing:
        there = ", ".join(clean_text(name, 30) for name in sorted(properties)[:20])
        what = f"has a feature without {', '.join(missing)}; it has: {there or 'nothing'}"
        raise FetchError(Problem(where, what, "its columns changed: look at what stands there"))
    key = one.get("id")
    if key is None:
        return json.dumps(one, sort_keys=True)
    of = re.fullmatch(r"([A-Za-z]\w*)\.[\w-]+", str(key))
    if source.collection and of and of[1] != source.collection.rpartition(":")[2]:
        what = f"has features of another collection ({clean_text(of[1])})"
        raise FetchError(Problem(where, what, _NOT_USABLE))
    return str(key)


# --- What is written ----------------------------------------------------------------------------


def _write_features(found: _Gathered, year: int | None) -> bytes:
    """Write features as GeoJSON, always alike; what cannot be right is refused."""
    source, where = found.source, found.pieces[-1].address.partition("?")[0]
    if not found.features:
        raise FetchError(Problem(where, "has no features", _NOT_USABLE))
    rows = sorted(_write_feature(one, found.crs, source, where) for one in found.features.values())
    codes = [code for code, _ in rows]
    twice = sorted({one for one, after in pairwise(codes) if one == after})
    if twice:
        what = f"has {source.columns[0] if source.columns else 'a feature'} {twice[0]} twice"
        raise FetchError(Problem(where, what, _NOT_USABLE))
    known = source.known.get(year or 0)
    if known and known.rows and len(rows) != known.rows:
        what = f"has {len(rows)} features, and of {year} there are {known.rows}"
        raise FetchError(Problem(where, what, _NOT_USABLE))
    if source.input == "municipalities" and year:
        _refuse_other_vintage(codes, year, where)
    text = ",\n".join(text for _, text in rows)
    crs = json.dumps({"type": "name", "properties": {"name": _URN}})
    return f'{{"type":"FeatureCollection","crs":{crs},"features":[\n{text}\n]}}\n'.encode()


def _write_feature(
    one: dict[str, Any], crs: str, source: DataSource, where: str
) -> tuple[str, str]:
    """Give the code of a feature and its text."""
    properties = one["properties"]
    named = [*source.columns, *sorted(set(properties) - set(source.columns))]
    kept = {name: properties[name] for name in named}
    code = str(kept[named[0]]) if named else ""
    shown = f"{where}, {clean_text(code)}"
    outline = _read_outline(one["geometry"], crs, shown)
    feature = {
        "type": "Feature",
        "properties": kept,
        "geometry": json.loads(shapely.to_geojson(outline)),
    }
    try:
        text = json.dumps(
            feature,
            ensure_ascii=False,
            allow_nan=False,
            separators=(",", ":"),
        )
        text.encode()
    except (ValueError, RecursionError):
        raise FetchError(Problem(shown, "has a column that is no text or number")) from None
    return code, text


def _read_outline(given: dict[str, Any], crs: str, where: str) -> shapely.Geometry:
    """Read an outline, in EPSG:31370 where it must then lie."""
    kind = given.get("type")
    if kind not in ("Polygon", "MultiPolygon"):
        what = f"is no area but a {clean_text(str(kind))}"
        raise FetchError(Problem(where, what, _NOT_USABLE))
    try:
        outline = shapely.force_2d(shapely.from_geojson(json.dumps(given)))
    except (shapely.GEOSException, ValueError, RecursionError):
        raise FetchError(Problem(where, "has an outline that cannot be read")) from None
    if outline.is_empty or not np.isfinite(shapely.get_coordinates(outline)).all():
        raise FetchError(Problem(where, "has no outline", _NOT_USABLE))
    said = "EPSG:4326" if crs == _DEGREES else crs
    if likely_crs(outline.bounds) != said:
        told = RANGES[said][0]
        what = f"lies outside Belgium: its coordinates are no {told}, as its server says"
        raise FetchError(Problem(where, what, _NOT_USABLE))
    if said != LAMBERT_72:
        moved = make_transformer(said, LAMBERT_72).transform
        outline = shapely.transform(outline, lambda at: np.column_stack(moved(*at.T)))
    return shapely.transform(outline, lambda at: np.round(at, _MM))


def _refuse_other_vintage(codes: list[str], year: int, where: str) -> None:
    """Refuse boundaries whose codes are not those of the year."""
    vintage = vintages.vintage_in_force(year)
    given, wanted = set(codes) - vintages.brussels_codes(), vintages.flemish_codes(vintage)
    strangers, missing = sorted(given - wanted), sorted(wanted - given)
    if strangers:
        what = f"has codes that are none of {year}: {clean_text(', '.join(strangers[:5]), 100)}"
        raise FetchError(Problem(where, what, "its address is of another year, or its content"))
    if missing:
        what = f"lacks {len(missing)} municipalities of {year}: {', '.join(missing[:5])}"
        raise FetchError(Problem(where, what, _NOT_USABLE))
