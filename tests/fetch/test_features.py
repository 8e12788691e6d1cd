"""Facts about boundaries from a service of features: all of them, of the right year, or none."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from plays.features import EXCEPTION, make_feature, make_municipalities, play_features, play_wfs
from served import CHALLENGE, Asked, Reply, Server

from stemgeo.errors import FetchError, Findings
from stemgeo.fetch import features
from stemgeo.fetch.features import fetch_features
from stemgeo.inputs.boundaries import load_municipalities
from stemgeo.inputs.vectors import locate_municipalities, make_transformer
from stemgeo.sources.client import Client
from stemgeo.study import Input

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from stemgeo.sources.catalogue import DataSource

Page = dict[str, Any]
SQUARES = make_municipalities()


@pytest.fixture
def asked(server: Server, tmp_path: Path) -> Iterator[tuple[Client, DataSource]]:
    catalogue = server.write_sources(tmp_path / "sources.toml")
    with Client(catalogue.manners, tmp_path / "store") as client:
        yield client, catalogue.find("municipalities")


def without_wfs(asked: tuple[Client, DataSource]) -> tuple[Client, DataSource]:
    return asked[0], asked[1].model_copy(update={"wfs": ""})


@pytest.mark.parametrize("relative", [False, True])
def test_pages_are_followed_to_the_last(
    server: Server, asked: tuple[Client, DataSource], tmp_path: Path, *, relative: bool
) -> None:
    """Every page is asked for once, and the file is read as the municipalities of the year."""
    path = play_features(server, asked[1], 2025, SQUARES, relative=relative)
    into = tmp_path / "gemeenten.geojson"
    pieces = fetch_features(*asked, 2025, into)
    assert len(pieces) == server.count(path) == 3
    assert "startIndex=200" in pieces[2].address
    assert server.asked[0].one("crs").endswith("/EPSG/0/31370")
    findings = Findings()
    frame, _ = load_municipalities(Input(path=into), 2025, findings)
    findings.raise_errors()
    assert len(frame) == 285
    assert frame.crs == "EPSG:31370"
    assert frame.area.round().eq(10_000).all()


def test_same_features_are_the_same_bytes(
    server: Server, asked: tuple[Client, DataSource], tmp_path: Path
) -> None:
    """Neither the order of features, nor of columns, nor which service answered shows in a file."""
    shuffled = [
        one | {"properties": dict(reversed(one["properties"].items()))}
        for one in sorted(SQUARES, key=lambda one: str(one["properties"]["NISCODE"])[::-1])
    ]
    written = []
    for given in (SQUARES, shuffled):
        play_features(server, asked[1], 2025, given)
        fetch_features(*asked, 2025, tmp_path / "a")
        written.append((tmp_path / "a").read_bytes())
    path = play_features(server, asked[1], 2025, SQUARES)
    server.play(path, Reply(b"", 500))
    play_wfs(server, asked[1], 2025, SQUARES)
    told: list[str] = []
    fetch_features(*asked, 2025, tmp_path / "a", tell=lambda one: told.append(str(one)))
    written.append((tmp_path / "a").read_bytes())
    assert written[0] == written[1] == written[2]
    assert len(told) == 1
    assert "fetched by WFS" in told[0]
    assert "answers 500" in told[0]


def test_an_error_in_mid_paging_is_asked_again(
    server: Server, asked: tuple[Client, DataSource], tmp_path: Path
) -> None:
    """A page that fails once is asked for again; one that always fails leaves no file."""
    failing: list[int] = []

    def fail(start: int, page: Page) -> Page:
        if start == 100 and len(failing) < 1:
            failing.append(start)
            server.fail(path, Reply(b"busy", 503))
        return page

    path = play_features(server, asked[1], 2025, SQUARES, change=fail)
    fetch_features(*without_wfs(asked), 2025, tmp_path / "a")
    assert server.count(path) == 4

    def stay_away(start: int, page: Page) -> Page:
        if start == 100:
            server.fail(path, *[Reply(b"busy", 503)] * 3)
        return page

    play_features(server, asked[1], 2025, SQUARES, change=stay_away)
    before = (tmp_path / "a").read_bytes()
    with pytest.raises(FetchError, match=r"answers 503 .*3 times in a row"):
        fetch_features(*without_wfs(asked), 2025, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == before
    assert not (tmp_path / "a.new").exists()


def change_second(what: Callable[[Page], object]) -> Callable[[int, Page], Page]:
    def change(start: int, page: Page) -> Page:
        page = copy.deepcopy(page)
        if start == 100:
            what(page)
        return page

    return change


def rename(page: Page) -> None:
    for one in page["features"]:
        one["properties"]["NIS"] = one["properties"].pop("NISCODE")


def empty(page: Page) -> None:
    page |= {"features": [], "numberReturned": 0}


def take_other(page: Page) -> None:
    for one in page["features"]:
        one["id"] = one["id"].replace("Refgem", "Refprv")


def repeat_first(page: Page) -> None:
    page["features"] = SQUARES[:100]


def change_twice(page: Page) -> None:
    page["features"][0] = SQUARES[0] | {"properties": SQUARES[1]["properties"]}


def draw_lines(page: Page) -> None:
    page["features"][0]["geometry"] = {"type": "LineString", "coordinates": [[1, 2], [3, 4]]}


def make_infinite(page: Page) -> None:
    page["features"][0]["geometry"]["coordinates"][0][0][0] = [float("inf"), 1.0]


def point_to(href: object) -> Callable[[Page], None]:
    def point(page: Page) -> None:
        page["links"] = [{"rel": "next", "href": href}]

    return point


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (rename, "page 2: has a feature without NISCODE; it has: NAAM, NIS, UIDN"),
        (empty, "page 3: is the last: 185 features came, of 285"),
        (take_other, r"page 2: has features of another collection \(Refprv\)"),
        (repeat_first, "185 features came, of 285"),
        (change_twice, "page 2: gives feature Refgem.1 again, and otherwise"),
        (draw_lines, "is no area but a LineString"),
        (make_infinite, "has no outline|lies outside Belgium|cannot be read"),
        (point_to("?startIndex=100&limit=100"), "one that it gave before"),
        (point_to("http://elsewhere.example/x?y=1"), r"elsewhere \(elsewhere.example/x\)"),
        (point_to("../Refprv/items?startIndex=200"), "its next page is elsewhere"),
        (point_to(7), "next page without an address"),
        (lambda page: page.pop("links"), "page 2: is the last: 200 features came, of 285"),
        (lambda page: page.update(numberReturned=99), "has 100 features, and says that it has 99"),
        (lambda page: page.update(numberMatched=284), "there are 284 features, and before 285"),
        (lambda page: page.update(type="x", description="out of \x1b[1morder"), "'out of .*order'"),
        (lambda page: page.update(features="x"), "is no collection of features"),
        (lambda page: page["features"].append(5) or page.pop("numberReturned"), "without columns"),
        (
            lambda page: page.update(crs={"properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}),
            "page 2: contradicts itself on its reference system",
        ),
    ],
)
def test_a_page_that_cannot_be_right_is_refused(
    server: Server,
    asked: tuple[Client, DataSource],
    tmp_path: Path,
    change: Callable[[Page], object],
    told: str,
) -> None:
    """One clear line names the page and what is wrong with it, and no file is written."""
    play_features(server, asked[1], 2025, SQUARES, change=change_second(change))
    with pytest.raises(FetchError, match=told) as caught:
        fetch_features(*without_wfs(asked), 2025, tmp_path / "a")
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert not (tmp_path / "a").exists()


def in_degrees(one: Page) -> Page:
    x, y = one["geometry"]["coordinates"][0][0][0]
    to = make_transformer("EPSG:31370", "EPSG:4326").transform
    ring = [to(x + dx, y + dy) for dx, dy in ((0, 0), (99, 0), (99, 99), (0, 99), (0, 0))]
    return one | {"geometry": {"type": "Polygon", "coordinates": [ring]}}


CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


def test_degrees_are_taken_only_where_they_are_said(
    server: Server, asked: tuple[Client, DataSource], tmp_path: Path
) -> None:
    """Degrees that are said to be such are moved to Lambert 72; where it is not said, refused."""
    degrees = [in_degrees(one) for one in SQUARES]
    play_features(server, asked[1], 2025, degrees, crs=CRS84)
    fetch_features(*without_wfs(asked), 2025, tmp_path / "a")
    written = json.loads((tmp_path / "a").read_bytes())
    corner = SQUARES[0]["geometry"]["coordinates"][0][0][0]
    assert written["features"][0]["geometry"]["coordinates"][0][0] == pytest.approx(
        corner, abs=2e-3
    )
    for said, told in (
        (None, "page 1: does not say its reference system"),
        ("http://www.opengis.net/def/crs/EPSG/0/31370", "lies outside Belgium"),
        ("http://www.opengis.net/def/crs/EPSG/0/3812", "is in another reference system .*3812"),
        ("nonsense \x1b[2J", "is in another reference system"),
    ):
        play_features(server, asked[1], 2025, degrees, crs=said)
        with pytest.raises(FetchError, match=told):
            fetch_features(*without_wfs(asked), 2025, tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_codes_are_those_of_the_year(
    server: Server, asked: tuple[Client, DataSource], tmp_path: Path
) -> None:
    """Boundaries of another year, a municipality too few or twice are refused."""
    twice = [*SQUARES[:-1], SQUARES[0] | {"id": "Refgem.999"}]
    for given, told in (
        (make_municipalities(2024), "has 300 features, and of 2025 there are 285"),
        (SQUARES[:-1], "has 284 features, and of 2025 there are 285"),
        (twice, f"has NISCODE {SQUARES[0]['properties']['NISCODE']} twice"),
        ([], "has no features"),
    ):
        play_features(server, asked[1], 2025, given)
        with pytest.raises(FetchError, match=told):
            fetch_features(*without_wfs(asked), 2025, tmp_path / "a")
    with pytest.raises(FetchError, match="of 2024; there is: 2025"):
        fetch_features(*asked, 2024, tmp_path / "a")


def test_codes_of_another_year_are_named(
    server: Server, asked: tuple[Client, DataSource], tmp_path: Path
) -> None:
    """Of a year whose count is not known the codes tell, and which are missing is said."""
    client, source = without_wfs(asked)
    source = source.model_copy(update={"known": {}})
    for given, told in (
        (make_municipalities(2024), "has codes that are none of 2025: 1"),
        (SQUARES[1:], "lacks 1 municipalities of 2025: 11001"),
    ):
        play_features(server, source, 2025, given)
        with pytest.raises(FetchError, match=told):
            fetch_features(client, source, 2025, tmp_path / "a")


def test_an_empty_page_in_the_middle_is_passed_over(
    server: Server, asked: tuple[Client, DataSource], tmp_path: Path
) -> None:
    """A page without features ends nothing where it points on; a feature given twice is said."""
    path = play_features(server, asked[1], 2025, SQUARES)

    def answer(start: int, page: Page) -> Page:
        if start == 100:
            moved = page["links"][-1]["href"].replace("startIndex=200", "startIndex=99")
            return page | {"features": [], "numberReturned": 0, "links": [link(moved)]}
        if start == 99:
            return page | {"links": [link(f"{path}?limit=100&startIndex=199")]}
        return page

    def link(href: str) -> dict[str, str]:
        return {"rel": "next", "href": href}

    play_features(server, asked[1], 2025, SQUARES, change=answer)
    told: list[str] = []
    fetch_features(
        *without_wfs(asked), 2025, tmp_path / "a", tell=lambda one: told.append(str(one))
    )
    assert len(json.loads((tmp_path / "a").read_bytes())["features"]) == 285
    assert told == ["a: its server gave features on two pages; each is taken once"]


def test_what_neither_service_gives_is_told_of_both(
    server: Server, asked: tuple[Client, DataSource], tmp_path: Path
) -> None:
    """A web page, and an exception in XML, are named, each in its line."""
    path = play_features(server, asked[1], 2025, SQUARES)
    server.play(path, Reply(CHALLENGE, kind="text/html"))
    wfs = play_wfs(server, asked[1], 2025, SQUARES)
    server.play(wfs, Reply(EXCEPTION, kind="application/xml"))
    with pytest.raises(FetchError) as caught:
        fetch_features(*asked, 2025, tmp_path / "a")
    of_items, of_wfs = str(caught.value).splitlines()
    assert "web page ('Just a moment...')" in of_items
    assert "exception ('Feature type VRBG:Refgem unknown')" in of_wfs


def test_pages_have_an_end(
    server: Server,
    asked: tuple[Client, DataSource],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A service whose pages do not end is left alone after so many."""
    monkeypatch.setattr(features, "MOST_PAGES", 2)
    path = play_features(server, asked[1], 2025, SQUARES)
    with pytest.raises(FetchError, match="page 3: is one of more than 2"):
        fetch_features(*without_wfs(asked), 2025, tmp_path / "a")
    assert server.count(path) == 3
    monkeypatch.undo()
    small = asked[1].model_copy(update={"most_mb": 1, "wfs": ""})

    def answer(_: Asked) -> Reply:
        links = [{"rel": "next", "href": f"?page={server.count(path)}"}]
        page = {"type": "FeatureCollection", "features": SQUARES[:1], "links": links}
        headers: dict[str, str | None] = {"Content-Crs": f"<{small.crs}>"}
        return Reply(json.dumps(page).encode() + b" " * 300_000, 200, headers)

    server.play(path, answer)
    with pytest.raises(FetchError, match="pages that are larger than the 1 MB that they can be"):
        fetch_features(asked[0], small, 2025, tmp_path / "a")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"links": [{"rel": "next", "href": "http://[::1/x"}]}, "page whose address is none"),
        ({"features": [SQUARES[0] | {"properties": {"NISCODE": "11001", "NAAM": "\ud800"}}]},
         "has a column that is no text or number"),
    ],
)  # fmt: skip
def test_what_is_no_address_and_no_text_is_told(
    server: Server,
    asked: tuple[Client, DataSource],
    tmp_path: Path,
    change: dict[str, Any],
    said: str,
) -> None:
    """Half a mark and a broken address are no reason for a traceback."""
    source = asked[1].model_copy(update={"wfs": "", "known": {}})
    path = play_features(server, source, 2025, SQUARES)
    page = {"type": "FeatureCollection", "features": SQUARES[:1]} | change
    server.play(path, Reply(json.dumps(page).encode(), headers={"Content-Crs": f"<{source.crs}>"}))
    with pytest.raises(FetchError, match=said):
        fetch_features(asked[0], source, 2025, tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_provinces_are_five(
    server: Server, asked: tuple[Client, DataSource], tmp_path: Path
) -> None:
    """The collection of provinces is taken as that of municipalities is, and counted."""
    source = server.write_sources(tmp_path / "sources.toml").find("provinces")
    point = locate_municipalities().iloc[0]
    five = [make_feature(f"Refprv.{n}", f"{n}0000", f"P{n}", point) for n in range(1, 6)]
    play_features(server, source, 2025, five)
    fetch_features(asked[0], source, 2025, tmp_path / "a")
    play_features(server, source, 2025, five[:4])
    with pytest.raises(FetchError, match="has 4 features, and of 2025 there are 5"):
        fetch_features(asked[0], source.model_copy(update={"wfs": ""}), 2025, tmp_path / "a")
