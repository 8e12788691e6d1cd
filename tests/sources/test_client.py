"""Facts about downloads and questions: whole or not at all, whatever a server does.

After each fault there is either the complete right file or what was there before, and one line.
"""

from __future__ import annotations

import datetime as dt
import errno
import gzip
import hashlib
import io
import itertools
import logging
import os
import random
import re
import signal
import threading
import zipfile
from contextlib import suppress
from email.utils import format_datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import killed
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from served import CHALLENGE, Asked, Reply, Server

from stemgeo.errors import FetchError, InputError, StemgeoError, WriteError
from stemgeo.sources import store
from stemgeo.sources.catalogue import DataSource, Known, Manners
from stemgeo.sources.client import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KILLS = 60
"""Moments at which a download is killed; a whole `fetch` is killed at the rest of a hundred."""
NO_MARK: dict[str, str | None] = {"ETag": None}


def make_zip(content: bytes) -> bytes:
    """Make a zip of one file."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        file.writestr(zipfile.ZipInfo("a.txt"), content)
    return made.getvalue()


OLD, ZIP = make_zip(b"old"), make_zip(bytes(range(256)) * 800)


def source_of(server: Server, path: str = "/f", **more: Any) -> DataSource:
    """Describe the source of an address of the server."""
    told = {"publisher": "P", "title": "T", "kind": "file", "file": "f.zip", "format": "zip"} | more
    return DataSource(address=f"{server.address}{path}", **told)


@pytest.fixture
def waits() -> list[float]:
    """For how long it was waited: nobody waits in a test."""
    return []


@pytest.fixture
def client(tmp_path: Path, waits: list[float]) -> Iterator[Client]:
    """Give a client that gives up soon."""
    manners = Manners(tries=3, first_wait_s=0, requests_per_s=1000)
    with Client(manners, tmp_path / "store", sleep=waits.append, clock=lambda: 0) as client:
        yield client


def nothing(_: Path) -> None:
    """Find nothing wrong with a file."""


def fetch(client: Client, source: DataSource, **more: Any) -> bytes:
    """Download the file of a source, and give what it holds."""
    path, told = client.download(source, source.address, more.pop("check", nothing), **more)
    content = path.read_bytes()
    assert told.size_bytes == len(content)
    assert told.sha256 == hashlib.sha256(content).hexdigest()
    assert client.find_stored(source.address) == (path, told)
    assert stands(client) == {"about.json", told.sha256}
    return content


def refused(client: Client, source: DataSource, said: str, **more: Any) -> str:
    """Download a file that is refused in one line; what was there before is there still."""
    before = client.find_stored(source.address)
    with pytest.raises(StemgeoError, match=said) as caught:
        client.download(source, source.address, more.pop("check", nothing), **more)
    assert client.find_stored(source.address) == before
    assert "\n" not in str(caught.value)
    assert str(caught.value).count(source.address) <= 1
    return str(caught.value)


def stands(client: Client) -> set[str]:
    """Name what stands in the store of the one address that was asked."""
    return {path.name for path in client.store.glob("*/*")}


def shelf_of(client: Client, source: DataSource) -> store.Shelf:
    """Give the place in the store of a source."""
    return store.Shelf(client.store, source.address)


def ranges(server: Server, path: str = "/f") -> list[str]:
    """List which parts were asked for; "" is the whole."""
    return [one.headers.get("range", "") for one in server.asked if one.path == path]


# -- broken off -------------------------------------------------------------------------------


@given(cuts=st.lists(st.integers(0, len(OLD)), max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_a_transfer_broken_at_any_byte_is_completed(
    server: Server, client: Client, cuts: list[int]
) -> None:
    """It goes on from where it broke, now or with the next call; no byte is asked for twice."""
    path = f"/{random.random()}"  # noqa: S311  (each example another file)
    server.play(path, OLD)
    server.fail(path, *(Reply(OLD, cut_after=cut) for cut in cuts))
    source = source_of(server, path)
    for _ in cuts:
        with suppress(FetchError):
            client.download(source, source.address, nothing)
            break
        assert client.find_stored(source.address) is None
    found, told = client.download(source, source.address, nothing)
    assert found.read_bytes() == OLD
    assert told.sha256 == hashlib.sha256(OLD).hexdigest()
    starts = [int(one[6:-1] or 0) for one in ranges(server, path) if one]
    assert starts == sorted(starts)


@pytest.mark.parametrize("cut", [0, 1, 70_000, len(ZIP) - 1])
def test_a_large_file_goes_on(server: Server, client: Client, cut: int) -> None:
    """What is there is kept, and what is missing asked for with the mark of the file."""
    server.play("/f", ZIP)
    server.fail("/f", Reply(ZIP, cut_after=cut))
    seen: list[tuple[int, int | None]] = []
    assert fetch(client, source_of(server), watch=lambda *told: seen.append(told)) == ZIP
    assert ranges(server) == ["", f"bytes={cut}-" if cut else ""]
    assert server.asked[1].headers.get("if-range") == (f'"{_sha(ZIP)}"' if cut else None)
    assert seen[-1] == (len(ZIP), len(ZIP))
    assert [so_far for so_far, _ in seen] == sorted(so_far for so_far, _ in seen)


def test_whoever_begins_anew_each_time_is_given_up(server: Server, client: Client) -> None:
    """A server that knows no parts and breaks at the same byte is not asked for ever."""
    server.play("/f", Reply(ZIP, cut_after=70_000, ranges=False))
    refused(client, source_of(server), "3 times in a row")
    assert server.count("/f") == 3
    server.play("/f", Reply(ZIP, ranges=False))
    assert fetch(client, source_of(server)) == ZIP


def test_a_silent_server_is_asked_again(server: Server, client: Client) -> None:
    """A connection without a byte is dead, and the rest is asked for anew."""
    server.play("/f", ZIP)
    server.fail("/f", Reply(ZIP, stall_after=1000))
    client.manners = client.manners.model_copy(update={"stall_s": 0.5})
    assert fetch(client, source_of(server)) == ZIP
    assert ranges(server) == ["", "bytes=1000-"]


@pytest.mark.parametrize("cut", [10, len(OLD)])
def test_a_file_that_changed_meanwhile_is_not_mixed(
    server: Server, client: Client, cut: int
) -> None:
    """The part of yesterday's file is dropped, whether it was all there or not."""
    source = source_of(server)
    server.play("/f", Reply(OLD, cut_after=0))
    server.fail("/f", Reply(OLD, cut_after=cut))
    if cut < len(OLD):
        refused(client, source, "times in a row")
    else:
        refused(client, source, "later", check=_fail_once)
    server.play("/f", ZIP)
    assert fetch(client, source) == ZIP


def _fail_once(path: Path) -> None:
    raise InputError(f"{path.name}: later")


PART = {"Content-Range": f"bytes 10-{len(ZIP) - 1}/{len(ZIP)}"}


@pytest.mark.parametrize(
    "wrong",
    [
        Reply(ZIP[11:], 206, {"Content-Range": f"bytes 11-{len(ZIP) - 1}/{len(ZIP)}"}),
        Reply(ZIP[10:], 206, {"Content-Range": f"bytes 10-{len(ZIP) - 1}/{len(ZIP) + 1}"}),
        Reply(OLD[10:], 206, PART | {"ETag": '"other"'}),
        Reply(OLD[10:], 206, NO_MARK | {"Content-Range": f"bytes 10-{len(OLD) - 1}/{len(OLD)}"}),
        Reply(ZIP[10:], 206, {"Content-Range": "bites"}),
        Reply(ZIP[10:], 206),
        Reply(ZIP[10:], 206, {"Content-Type": "multipart/byteranges; boundary=x"}),
        Reply(b"", 416, {"Content-Range": f"bytes */{len(ZIP)}"}),
        Reply(b"", 304),
        Reply(ZIP, 200),
    ],
    ids=["start", "size", "mark", "no mark", "nonsense", "none", "several", "416", "304", "all"],
)
def test_a_wrong_part_is_never_joined(server: Server, client: Client, wrong: Reply) -> None:
    """What does not go on just there, in the same file, is not written behind what is there."""
    mark = f'"{hashlib.sha256(ZIP).hexdigest()}"'
    headers = {"ETag": mark} | wrong.headers
    server.play("/f", ZIP)
    odd = Reply(wrong.body, wrong.status, headers, ranges=False)
    server.fail("/f", Reply(ZIP, cut_after=10), odd)
    if wrong.status == 304:
        refused(client, source_of(server), "its server answers 304")
    assert fetch(client, source_of(server)) == ZIP


def test_a_part_of_a_part_goes_on(server: Server, client: Client) -> None:
    """A server that gives less than was asked for is asked for the rest."""
    mark = f'"{hashlib.sha256(ZIP).hexdigest()}"'
    told: dict[str, str | None] = {"Content-Range": f"bytes 10-99/{len(ZIP)}", "ETag": mark}
    server.play("/f", ZIP)
    server.fail("/f", Reply(ZIP, cut_after=10), Reply(ZIP[10:100], 206, told, ranges=False))
    assert fetch(client, source_of(server)) == ZIP
    assert ranges(server) == ["", "bytes=10-", "bytes=100-"]


LONG_AGO = "Mon, 06 Jan 2025 10:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "again"),
    [
        (NO_MARK, ""),
        ({"ETag": 'W/"weak"'}, ""),
        ({"ETag": 'W/"weak"', "Last-Modified": LONG_AGO}, ""),
        ({"ETag": "bare"}, ""),
        ({"ETag": '"\u00e9"'}, ""),
        (NO_MARK | {"Last-Modified": LONG_AGO}, "bytes=10-"),
        (NO_MARK | {"Last-Modified": "Thu, 01 Jan 2099 10:00:00 GMT"}, ""),
        (NO_MARK | {"Last-Modified": "soon"}, ""),
        ({"ETag": '"strong"'}, "bytes=10-"),
    ],
)
def test_only_a_strong_mark_is_gone_on_from(
    server: Server, client: Client, headers: dict[str, str | None], again: str
) -> None:
    """Without a mark that tells one file from the next, a file is asked for from its beginning."""
    server.play("/f", Reply(ZIP, headers=headers))
    server.fail("/f", Reply(ZIP, headers=headers, cut_after=10))
    assert fetch(client, source_of(server)) == ZIP
    assert ranges(server) == ["", again]


# -- how much there is ------------------------------------------------------------------------

UNSAID = {"says_length": False, "headers": NO_MARK}


def test_the_end_of_a_connection_proves_nothing(server: Server, client: Client) -> None:
    """Without a length a file is whole if it shows its end, or is the one that is known."""
    table, sure = source_of(server, format="csv", file="f.csv"), Known(sha256=_sha(b"a;b\n"))
    server.play("/f", Reply(ZIP, **UNSAID))
    assert fetch(client, source_of(server)) == ZIP
    server.play("/f", Reply(ZIP[:-30], **UNSAID))
    refused(client, source_of(server), "does not say how much it is")
    server.play("/f", Reply(b"a;b\n", **UNSAID))
    refused(client, table, "does not say how much it is")
    assert fetch(client, table, known=sure) == b"a;b\n"


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("form", "whole", "broken"),
    [
        ("json", b'[{"a": 1}, {"a": 2}]', b'[{"a": 1}'),
        ("geojson", b'{"a": [{}]}', b'{"a": [{}'),
        ("osm", b'<?xml version="1.0"?>\n<osm><node id="1"/></osm>\n', b'<osm><node id="1"/>'),
        ("pbf", None, b"\x00\x00\x00\x0d\x0a\x09OSMHeader\x18\x7c"),
    ],
)
def test_forms_that_show_their_end(
    server: Server, client: Client, form: str, whole: bytes | None, broken: bytes
) -> None:
    """JSON and OSM XML are closed; an extract as PBF may end behind any block."""
    source = source_of(server, format=form)
    server.play("/f", Reply(broken, **UNSAID))
    refused(client, source, "does not say how much it is")
    if whole is not None:
        server.play("/f", Reply(whole, **UNSAID))
        assert fetch(client, source) == whole


@pytest.mark.parametrize("cut", [None, 0, 5000])
def test_pieces_that_say_their_length_show_the_end(
    server: Server, client: Client, cut: int | None
) -> None:
    """A chunked answer that breaks is known to be broken, and goes on."""
    table = source_of(server, format="csv", file="f.csv")
    body = b"a;b\n1;2\n" * 1000
    server.play("/f", Reply(body, chunked=True, piece_bytes=1000))
    if cut is not None:
        server.fail("/f", Reply(body, chunked=True, piece_bytes=1000, cut_after=cut))
    assert fetch(client, table) == body


def test_compressed_on_the_way_is_refused(server: Server, client: Client) -> None:
    """What was asked for as it is, and comes otherwise, is no file of anyone."""
    table = source_of(server, format="csv", file="f.csv")
    server.play("/f", Reply(gzip.compress(b"a;b"), headers={"Content-Encoding": "gzip"}))
    refused(client, table, r"comes compressed \('gzip'\), which was not asked for; by hand")
    assert server.asked[0].headers["accept-encoding"] == "identity"


def test_too_much_is_refused(server: Server, client: Client) -> None:
    """A file that cannot be so large is refused when it says so, and else when it becomes so."""
    source = source_of(server, most_mb=1)
    large = ZIP + bytes(1_000_000)
    server.play("/f", large)
    refused(client, source, "is larger than the 1 MB that it can be")
    assert server.count("/f") == 1
    server.play("/f", Reply(large, chunked=True, piece_bytes=60_000))
    refused(client, source, "is larger than the 1 MB that it can be")


# -- what is no such file ---------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 401, 403, 503])
@pytest.mark.parametrize(
    "page", [CHALLENGE, b"\xef\xbb\xbf\n<?xml version='1.0'?><!-- a --><HTML>", b"<script>x"]
)
def test_a_web_page_is_named(server: Server, client: Client, status: int, page: bytes) -> None:
    """A challenge page in the place of a file is told as one, with what a person can do."""
    source = source_of(server)
    server.play("/f", OLD)
    fetch(client, source)
    server.play("/f", Reply(page, status, kind="text/html"))
    said = refused(client, source, r"web page.*browser.*--from FOLDER")
    assert said.startswith(source.address)
    assert ("'Just a moment...'" in said) == (page == CHALLENGE)


def test_a_page_of_a_busy_server_is_waited_for(server: Server, client: Client) -> None:
    """Servers that are busy say it in a page too: they are asked again."""
    server.play("/f", ZIP)
    server.fail("/f", Reply(b"<html><title>503</title>", 503, kind="text/html"))
    assert fetch(client, source_of(server)) == ZIP


def test_a_title_of_a_page_is_data(server: Server, client: Client) -> None:
    """What a stranger's page calls itself drives no terminal and fills no screen."""
    title = "\x1b[2J\n\u202e" + "x" * 200
    server.play("/f", f"<html><title>{title}</title>".encode())
    said = refused(client, source_of(server), "web page")
    assert said.isprintable()
    assert "x" * 60 not in said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"PK\x05\x06", "is not a file of type zip"),
        (b'{"error": 1}', "is not a file of type zip"),
        (bytes(100), "is not a file of type zip"),
    ],
)
def test_what_is_of_another_kind_is_refused(
    server: Server, client: Client, content: bytes, said: str
) -> None:
    """A file is looked at before it is kept, and nothing of a wrong one stays."""
    source = source_of(server)
    server.play("/f", OLD)
    fetch(client, source)
    before = stands(client)
    server.play("/f", content)
    refused(client, source, said)
    assert stands(client) == before


def test_a_file_that_is_known_is_refused_when_it_is_another(server: Server, client: Client) -> None:
    """Size and hash that are known hold; the very file that is here is not asked for again."""
    source = source_of(server)
    server.play("/f", ZIP)
    refused(client, source, "as published it has 7", known=Known(size_bytes=7))
    refused(client, source, "by its sha256", known=Known(sha256=_sha(OLD)))
    assert not stands(client)
    known = Known(sha256=_sha(ZIP), size_bytes=len(ZIP))
    assert fetch(client, source, known=known) == ZIP
    asked = server.count("/f")
    assert fetch(client, source, known=known) == ZIP
    assert server.count("/f") == asked


@pytest.mark.parametrize("error", [FetchError, InputError])
def test_nothing_stays_of_what_a_check_refuses(
    server: Server, client: Client, error: type[StemgeoError]
) -> None:
    """Whoever finds a column missing says so; the next call begins anew."""

    def check(path: Path) -> None:
        assert path.read_bytes() == ZIP
        raise error("no column CD_AGE")

    server.play("/f", ZIP)
    refused(client, source_of(server), "no column CD_AGE", check=check)
    assert not stands(client)
    assert fetch(client, source_of(server)) == ZIP


# -- sums -------------------------------------------------------------------------------------


def md5(content: bytes) -> bytes:
    """Write a sum as publishers do."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest().upper().encode() + b"  f.zip\n"


def test_a_sum_is_compared(server: Server, client: Client) -> None:
    """A file whose sum is another than its publisher gives is not kept."""
    source = source_of(server, checksum="md5")
    server.play("/f", ZIP)
    server.play("/f.md5", md5(OLD))
    refused(client, source, "its md5 sum is another than its publisher gives.*fetch it again")
    assert not stands(client)
    server.play("/f.md5", md5(ZIP))
    assert fetch(client, source) == ZIP
    # A sum proves the end as well.
    server.play("/f", Reply(OLD, **UNSAID))
    server.play("/f.md5", md5(OLD))
    assert fetch(client, source) == OLD


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Reply(CHALLENGE, kind="text/html"), r"/f\.md5: .*web page"),
        (Reply(b""), r"/f\.md5: is empty"),
        (Reply(b"0" * 31), r"/f\.md5: is not a sum"),
        (Reply(b"0" * 33), r"/f\.md5: is not a sum"),
        (Reply(b"\xff" * 20_000), r"/f\.md5: answers with more than 10,000 bytes"),
        (Reply(b"", 404), r"/f\.md5: its server answers 404"),
        (Reply(b"", 500), r"/f\.md5: its server answers 500.*3 times"),
    ],
)
def test_a_file_waits_for_its_sum(server: Server, client: Client, answer: Reply, said: str) -> None:
    """A sum that is none says so, and the file that came is not asked for again."""
    source = source_of(server, checksum="md5")
    server.play("/f", ZIP)
    server.play("/f.md5", answer)
    refused(client, source, said)
    server.play("/f.md5", md5(ZIP))
    assert fetch(client, source) == ZIP
    assert "if-none-match" in server.asked[-2].headers


def test_the_sum_is_of_the_file_that_was_pointed_to(server: Server, client: Client) -> None:
    """`latest` may be another one by the time that its sum is asked for."""
    source = source_of(server, checksum="md5")
    server.play("/f", Reply(b"", 302, {"Location": "/f-251129"}))
    server.play("/f-251129", ZIP)
    server.play("/f-251129.md5", md5(ZIP))
    server.play("/f.md5", md5(OLD))
    assert fetch(client, source) == ZIP
    server.play("/f-251129.md5", Reply(b"", 404))
    server.play("/f", Reply(b"", 302, {"Location": "/f-251130"}))
    server.play("/f-251130", OLD)
    assert fetch(client, source) == OLD


# -- busy -------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_who_is_busy_is_asked_again_later(
    server: Server, client: Client, waits: list[float], status: int
) -> None:
    """It is waited twice as long each time, then it is given up; no file of before is lost."""
    client.manners = Manners(tries=4, first_wait_s=2, longest_wait_s=5, requests_per_s=1000)
    server.play("/f", ZIP)
    server.fail("/f", *[Reply(b"", status)] * 3)
    assert fetch(client, source_of(server)) == ZIP
    assert [one for one in waits if one >= 1] == [2, 4, 5]
    server.fail("/f", *[Reply(b"", status)] * 4)
    refused(client, source_of(server), f"its server answers {status}.*, 4 times in a row; run")


def test_whoever_waits_is_told(
    server: Server, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody sits before a screen that says nothing."""
    client.manners = Manners(tries=3, first_wait_s=2, requests_per_s=1000)
    server.play("/f", ZIP)
    server.fail("/f", Reply(b"", 503))
    fetch(client, source_of(server))
    told = (
        f"note: {server.address}/f: its server answers 503 Service Unavailable; asked again in 2 s"
    )
    assert [one for one in caplog.messages if "note" in one] == [told]


def test_a_server_says_how_long(server: Server, client: Client, waits: list[float]) -> None:
    """Retry-After is kept to, in seconds or as a day; nonsense is none."""
    soon = format_datetime(dt.datetime(2020, 1, 1, tzinfo=dt.UTC), usegmt=True)
    server.play("/f", ZIP)
    for told in ("7", soon, "nonsense", "-5"):
        server.fail("/f", Reply(b"", 429, {"Retry-After": told}))
        client.manners = Manners(tries=3, first_wait_s=3, requests_per_s=1000)
        fetch(client, source_of(server))
    assert [one for one in waits if one >= 1] == [7, 3, 3]


def test_a_long_rest_is_told(server: Server, client: Client, waits: list[float]) -> None:
    """Who asks to be left alone for longer than anyone waits is told with the hour."""
    later = format_datetime(dt.datetime(2099, 1, 1, tzinfo=dt.UTC))
    server.play("/f", Reply(b"", 429, {"Retry-After": "3600"}))
    refused(client, source_of(server), r"429.*asks for 3600 s of rest.*after \d\d/\d\d \d\d:\d\d$")
    server.play("/f", Reply(b"", 503, {"Retry-After": later.replace("+0000", "-0000")}))
    refused(client, source_of(server), r"503.*asks for \d+ s of rest")
    assert not [one for one in waits if one >= 1]


def test_no_server_is_asked_more_often_than_it_bears(tmp_path: Path, server: Server) -> None:
    """Questions to one host keep apart; the first one waits for nothing."""
    waits: list[float] = []
    moments: list[float] = []
    manners = Manners(requests_per_s=2)
    server.play("/f", b"{}")
    with Client(manners, tmp_path, sleep=waits.append, clock=lambda: moments[-1]) as client:
        for moment in (100, 100.1, 103):
            moments.append(moment)
            client.ask(source_of(server), f"{server.address}/f")
    assert waits == [pytest.approx(0.4)]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (404, "the publisher moved it.*--from FOLDER"),
        (401, "it wants to know who asks"),
        (400, "its server answers 400"),
        (300, "its server answers 300"),
    ],
)
def test_a_refusal_is_told_at_once(server: Server, client: Client, status: int, said: str) -> None:
    """What will not go better later is asked for once."""
    server.play("/f", Reply(b"no", status))
    refused(client, source_of(server), said)
    assert server.count("/f") == 1


def test_a_server_that_is_not_there_is_told(server: Server, client: Client) -> None:
    """Who cannot be reached is tried again, then told in a line."""
    source = source_of(server)
    server.close()
    refused(client, source, r"cannot be reached.*3 times in a row")


# -- pointed elsewhere ------------------------------------------------------------------------


@pytest.fixture
def other(server: Server) -> Iterator[Server]:
    """Play another server, of another host."""
    assert server
    played = Server()
    yield played
    played.close()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_pointers_of_its_server_are_followed(server: Server, client: Client, status: int) -> None:
    """Relative ones too; where it came from is told without what was asked."""
    server.play("/f", Reply(b"", status, {"Location": "g/h?secret=1#x"}))
    server.play("/g/h", ZIP)
    assert fetch(client, source_of(server)) == ZIP
    _, told = client.find_stored(f"{server.address}/f") or pytest.fail("not there")
    assert told.address == f"{server.address}/g/h"
    assert server.asked[-1].query == {"secret": ["1"]}


def test_pointers_in_a_ring_end(server: Server, client: Client) -> None:
    """Who points on and on is given up."""
    server.play("/f", Reply(b"", 302, {"Location": "/f"}))
    refused(client, source_of(server), "points on more than 5 times")
    assert server.count("/f") == 6


@pytest.mark.parametrize(
    "location",
    [
        "{other}/f",
        "https://x.be/f",
        "http://x.be/f",
        "//x.be/f",
        "http://127.0.0.1.x.be/f",
        "http://ann:secret@127.0.0.1:1/f",
        "ftp://127.0.0.1/f",
        "file:///etc/passwd",
    ],
)
def test_no_other_host_is_asked(
    server: Server, other: Server, client: Client, location: str
) -> None:
    """A pointer to another host is told, not followed, unless its source names the host."""
    other.play("/f", ZIP)
    server.play("/f", Reply(b"", 302, {"Location": location.format(other=other.address)}))
    said = refused(client, source_of(server), "is no address of P|the connection broke")
    assert "secret" not in said
    assert not other.asked


@pytest.mark.parametrize("location", ["http://[", "http://x.be:port/", "\x01", "http://\xff/"])
def test_a_pointer_to_nowhere_is_told(server: Server, client: Client, location: str) -> None:
    """Nonsense where a server points to breaks nothing."""
    server.play("/f", Reply(b"", 302, {"Location": location}))
    refused(client, source_of(server), ".")


def test_another_host_is_told_no_secret(server: Server, other: Server, client: Client) -> None:
    """A key goes to the host of its source alone, whichever host that one points to."""
    host = other.address.removeprefix("http://")
    source = source_of(server, redirects=(host,))
    server.play("/f", Reply(b"", 307, {"Location": f"{other.address}/f"}))
    other.play("/f", b"{}")
    headers = {"X-Client-Id": "key-123", "Accept": "application/json"}
    client.ask(source, source.address, headers=headers, form={"q": "1"})
    assert server.asked[0].headers["x-client-id"] == "key-123"
    assert "x-client-id" not in other.asked[0].headers
    assert other.asked[0].headers["accept"] == "application/json"
    assert other.asked[0].body == b"q=1"
    assert "key-123" not in str(other.asked)


@pytest.mark.parametrize(
    "answer",
    [
        Reply(b"<html><title>key-123 is unknown</title>", 403, kind="text/html"),
        Reply(b"", 302, {"Location": "https://x.be/key-123"}),
        Reply(b"<html><title>key-123</title>", 503, kind="text/html"),
        Reply(b"<html><title>key-123</title>", 200, kind="text/html"),
        Reply(b"<html><title>" + b"x" * 50 + b"key-12345678</title>", 403, kind="text/html"),
        Reply(b"<html><title>key%2F123 key&amp;123</title>", 403, kind="text/html"),
        Reply(b"key-123", 200),
        Reply(b"key-123", 500),
        Reply(b"key-123", cut_after=2),
    ],
)
def test_a_secret_is_in_no_message_and_no_log(
    server: Server, client: Client, caplog: pytest.LogCaptureFixture, answer: Reply
) -> None:
    """A server may say again what it was told: nobody else reads it."""
    source = source_of(server)
    server.play("/f", answer)
    headers = {"x-client-id": "key-123", "x-a": "key-12345678", "x-b": "key/123", "x-c": "key&123"}
    with caplog.at_level(logging.DEBUG), pytest.raises(FetchError) as caught:
        client.ask(source, source.address, headers=headers).json()
    assert not re.search("key.{0,5}12", str(caught.value))
    told = [one for one in caplog.messages if "receive_response_headers" not in one]
    assert told
    assert "key-123" not in "\n".join(told)


def test_no_cookie_is_kept(server: Server, client: Client) -> None:
    """Nobody knows us again by what it gave us."""
    server.play("/f", Reply(b"{}", headers={"Set-Cookie": "a=b; Path=/"}))
    for _ in range(2):
        client.ask(source_of(server), f"{server.address}/f")
    assert not [one for one in server.asked if "cookie" in one.headers]
    assert re.fullmatch(r"stemgeo/[\w.+]+", server.asked[0].headers["user-agent"])


def test_a_proxy_of_the_environment_is_kept_to(
    server: Server, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may go out by a proxy alone does; a proxy that is none is told, not its password."""
    source = source_of(server).model_copy(update={"address": "http://localhost:1/f"})
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("HTTP_PROXY", server.address)
    server.play("/f", ZIP)
    assert fetch(client, source) == ZIP
    monkeypatch.setenv("HTTP_PROXY", "nonsense://ann:secret@x")
    with Client(client.manners, client.store / "b") as another:
        said = refused(another, source, "the environment: the proxy")
    assert "secret" not in said


# -- the store --------------------------------------------------------------------------------


def test_what_is_here_is_asked_for_only_if_it_changed(server: Server, client: Client) -> None:
    """The same file is not sent twice; another one takes its place."""
    source = source_of(server)
    for headers in ({}, NO_MARK | {"Last-Modified": LONG_AGO}):
        server.play("/f", Reply(OLD, headers=headers))
        assert [fetch(client, source) for _ in range(3)] == [OLD] * 3
        server.play(
            "/f", Reply(ZIP, headers=headers | {"Last-Modified": "Tue, 07 Jan 2025 10:00:00 GMT"})
        )
        assert fetch(client, source) == ZIP
    _, told = client.find_stored(source.address) or pytest.fail("not there")
    assert told.modified == dt.datetime(2025, 1, 7, 10, tzinfo=dt.UTC)
    asked = [one.headers for one in server.asked]
    assert len([one for one in asked if {"if-none-match", "if-modified-since"} & {*one}]) == 7


def test_what_is_here_is_looked_at_again(server: Server, client: Client) -> None:
    """A check that a file of the store does not stand makes it be fetched anew."""
    source = source_of(server)
    server.play("/f", OLD)
    fetch(client, source)
    with pytest.raises(FetchError, match="no more"):
        client.download(source, source.address, _refuse)
    assert client.find_stored(source.address) is None
    assert fetch(client, source) == OLD


def _refuse(_: Path) -> None:
    raise FetchError("no more")


def test_offline_nobody_is_asked(server: Server, client: Client) -> None:
    """What is here serves; what is not is named, in a line."""
    source = source_of(server)
    server.play("/f", ZIP)
    fetch(client, source)
    server.asked.clear()
    client.offline = True
    assert fetch(client, source) == ZIP
    lacking = source_of(server, "/g")
    refused(client, lacking, r"/g: is not in the store, and no server may be asked; .*--from")
    for ask in (client.ask, client.look):
        with pytest.raises(FetchError, match="is not in the store"):
            ask(source, source.address)
    assert not server.asked
    assert len(list(client.store.iterdir())) == 1


GOOD_ABOUT = store.Download(
    address="https://x.be/f",
    fetched=dt.datetime(2025, 1, 1, tzinfo=dt.UTC),
    size_bytes=len(OLD),
    sha256=_sha(OLD),
)


@pytest.mark.parametrize(
    "about",
    [
        b"",
        b"\xff",
        b"[" * 100_000,
        b"{}",
        GOOD_ABOUT.model_dump_json().encode()[:-1],
        GOOD_ABOUT.model_copy(update={"size_bytes": -1}).model_dump_json().encode(),
        GOOD_ABOUT.model_copy(update={"size_bytes": 10**30}).model_dump_json().encode(),
        GOOD_ABOUT.model_copy(update={"sha256": "../../x"}).model_dump_json().encode(),
        GOOD_ABOUT.model_copy(update={"sha256": "0" * 64}).model_dump_json().encode(),
        GOOD_ABOUT.model_copy(update={"validator": '"a"\r\nX-Evil: b'}).model_dump_json().encode(),
        GOOD_ABOUT.model_dump_json().replace("Z", "").encode(),
        GOOD_ABOUT.model_dump_json().replace('"address"', '"adress"').encode(),
    ],
)
def test_a_strange_store_is_not_used(server: Server, client: Client, about: bytes) -> None:
    """What the store says of a file holds, or the file is fetched anew."""
    source = source_of(server)
    shelf = shelf_of(client, source)
    shelf.folder.mkdir(parents=True)
    (shelf.folder / "about.json").write_bytes(about)
    (shelf.folder / _sha(OLD)).write_bytes(OLD)
    assert client.find_stored(source.address) is None
    server.play("/f", ZIP)
    assert fetch(client, source) == ZIP
    assert "x-evil" not in server.asked[0].headers


def test_an_address_of_the_store_is_data(client: Client, server: Server) -> None:
    """An address with what a terminal obeys is cleaned when it is read."""
    source = source_of(server)
    shelf = shelf_of(client, source)
    shelf.folder.mkdir(parents=True)
    told = GOOD_ABOUT.model_copy(update={"address": "a\x1b[2J\nb"})
    (shelf.folder / "about.json").write_text(told.model_dump_json())
    (shelf.folder / _sha(OLD)).write_bytes(OLD)
    found = client.find_stored(source.address)
    assert found is not None
    assert found[1].address == "a[2J b"


@pytest.mark.parametrize(
    "name", ["part", "part.json", "part.new", "about.json", "about.new", "whole"]
)
@pytest.mark.parametrize("kind", ["link", "file"])
def test_what_lies_in_the_way_is_not_followed(
    server: Server, client: Client, tmp_path: Path, name: str, kind: str
) -> None:
    """A link in the store leads nowhere, and a file of a stranger is no part of a download."""
    source = source_of(server)
    shelf = shelf_of(client, source)
    shelf.folder.mkdir(parents=True)
    mine = tmp_path / "mine"
    mine.write_bytes(b"mine")
    name = _sha(ZIP) if name == "whole" else name
    if kind == "link":
        (shelf.folder / name).symlink_to(mine)
    else:
        (shelf.folder / name).write_bytes(b"of a stranger")
    begun = store.Begun(address="x", validator=f'"{_sha(ZIP)}"', size_bytes=len(ZIP))
    if (name, kind) == ("part", "link"):
        (shelf.folder / "part.json").write_text(begun.model_dump_json())
    server.play("/f", ZIP)
    assert fetch(client, source) == ZIP
    assert mine.read_bytes() == b"mine"
    found = client.find_stored(source.address)
    assert found
    assert not found[0].is_symlink()


def test_a_changed_file_of_the_store_is_not_given(server: Server, client: Client) -> None:
    """A flipped bit is found by its hash, and the file is fetched anew."""
    source = source_of(server)
    server.play("/f", ZIP)
    path, _ = client.download(source, source.address, nothing)
    path.write_bytes(ZIP[:-1] + b"\xff")
    assert client.find_stored(source.address) is None
    assert fetch(client, source) == ZIP


def test_a_full_disk_is_one_line(
    server: Server, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is full and what helps; what is there is gone on from when there is room."""
    source = source_of(server)
    opened = store.Shelf.open_part

    class Full(io.FileIO):
        def write(self, content: Any) -> int:
            if self.tell() > 100_000:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().write(content)

    def open_full(shelf: store.Shelf, there: int) -> Any:
        opened(shelf, there).close()
        file = Full(shelf.part, "r+")
        file.seek(there)
        return file

    server.play("/f", ZIP)
    with monkeypatch.context() as patch:
        patch.setattr(store.Shelf, "open_part", open_full)
        said = refused(client, source, "cannot be written: No space left on device; make room")
    assert said.startswith(str(client.store))
    assert server.count("/f") == 1
    assert fetch(client, source) == ZIP
    assert ranges(server)[1].startswith("bytes=1")


def test_a_store_that_cannot_be_is_one_line(server: Server, client: Client) -> None:
    """A file in the place of the store is told."""
    client.store.write_bytes(b"")
    server.play("/f", ZIP)
    with pytest.raises(WriteError, match=r"cannot be written: .*; a part of its path is a file"):
        client.download(source_of(server), f"{server.address}/f", nothing)
    assert not server.asked


def test_two_at_once_fetch_once(server: Server, client: Client) -> None:
    """Who comes second waits for the first, and asks only whether it is still the same."""
    source = source_of(server)
    many, found = threading.Barrier(4), []
    server.play("/f", Reply(ZIP, piece_bytes=50_000))

    def work() -> None:
        with Client(client.manners, client.store) as own:
            many.wait()
            found.append(own.download(source, source.address, nothing)[0].read_bytes())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert found == [ZIP] * 4
    assert ["if-none-match" in one.headers for one in server.asked] == [False, True, True, True]
    assert stands(client) == {"about.json", _sha(ZIP)}


# -- a look -----------------------------------------------------------------------------------


@pytest.mark.parametrize("known", [True, False])
def test_a_look_brings_nothing(server: Server, client: Client, *, known: bool) -> None:
    """Size and day are told from the beginning alone, whether its server knows parts or not."""
    server.play("/f", Reply(ZIP, headers={"Last-Modified": LONG_AGO}, ranges=known))
    seen = client.look(source_of(server), f"{server.address}/f")
    assert seen.size_bytes == len(ZIP)
    assert seen.modified == dt.datetime(2025, 1, 6, 10, tzinfo=dt.UTC)
    assert seen.address == f"{server.address}/f"
    assert not client.store.exists()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Reply(CHALLENGE, kind="text/html"), "web page"),
        (Reply(b""), "is empty"),
        (Reply(b"{}"), "is not a file of type zip"),
        (Reply(b"", 404), "404"),
    ],
)
def test_a_look_tells_what_would_come(
    server: Server, client: Client, answer: Reply, said: str
) -> None:
    """Before anything is downloaded it is told that it cannot be."""
    server.play("/f", answer)
    with pytest.raises(FetchError, match=said):
        client.look(source_of(server), f"{server.address}/f")


# -- questions --------------------------------------------------------------------------------


def test_a_question_is_answered_whole(server: Server, client: Client) -> None:
    """A broken answer is asked for again, and what is sent goes along each time."""

    def play(asked: Asked) -> Reply:
        return Reply(
            b'{"a": 1}', kind="Application/JSON; charset=utf-8", headers={"X-Of": asked.method}
        )

    server.play("/f", play)
    server.fail("/f", Reply(b'{"a": 1}', cut_after=3), Reply(b"", 500))
    address = f"{server.address}/f"
    answer = client.ask(source_of(server), address, params={"q": "é &"}, form={"b": "2"})
    assert (answer.json(), answer.kind, answer.address) == ({"a": 1}, "application/json", address)
    assert answer.headers["x-of"] == "POST"
    assert [one.body for one in server.asked] == [b"b=2"] * 3
    assert [one.query for one in server.asked] == [{"q": ["é &"]}] * 3


def test_an_answer_that_is_no_json_is_told(server: Server, client: Client) -> None:
    """A page is named, and depth or letters break no reader."""
    address = f"{server.address}/f"
    for content, said in [
        (CHALLENGE, "web page"),
        (b"", "is empty"),
        (b"[" * 100_000, "is not JSON"),
        (b"\xff\xfe\x00", "is not JSON"),
    ]:
        server.play("/f", content)
        with pytest.raises(FetchError, match=said):
            client.ask(source_of(server), address).json()


def test_an_endless_answer_is_cut(server: Server, client: Client) -> None:
    """What is longer than it may be is refused, unpacked ones too."""
    address = f"{server.address}/f"
    bomb = gzip.compress(bytes(3_000_000))
    server.play("/f", Reply(bomb, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(FetchError, match="answers with more than 1,000,000 bytes; ask for less"):
        client.ask(source_of(server, most_mb=1), address)
    assert client.ask(source_of(server, most_mb=4), address).content == bytes(3_000_000)


@pytest.mark.parametrize("packed", ["gzip, gzip", "br", "zstd"])
def test_what_grows_without_bounds_is_not_unpacked(
    server: Server, client: Client, packed: str
) -> None:
    """A little packed twice is all the memory of a machine, before anybody can count it."""
    bomb = gzip.compress(gzip.compress(bytes(3_000_000)))
    for status in (200, 500):
        server.play("/f", Reply(bomb, status, headers={"Content-Encoding": packed}))
        with pytest.raises(FetchError, match=f"comes compressed \\('{packed}'\\), which was not"):
            client.ask(source_of(server), f"{server.address}/f")


def test_who_gives_a_byte_now_and_then_is_given_up(tmp_path: Path, server: Server) -> None:
    """An answer that never ends is no answer; a file that grows by a byte is none either."""
    moments = itertools.count(0, 10)
    manners = Manners(tries=3, first_wait_s=0, stall_s=5)
    source = source_of(server)
    what = r"its server gives no more than \d+ bytes in 5 s, 3 times in a row"
    asks: list[Callable[[Client], object]] = [
        lambda client: client.ask(source, source.address),
        lambda client: client.look(source, source.address),
        lambda client: client.download(source, source.address, nothing),
    ]
    for status, ask in [*((200, one) for one in asks), (404, asks[0])]:
        body = b"<html><title>Not here</title>" if status == 404 else bytes(100)
        server.play("/f", Reply(body, status, piece_bytes=1))
        manner: dict[str, Any] = {"sleep": lambda _: None, "clock": lambda: next(moments)}
        with (
            Client(manners, tmp_path, **manner) as client,
            pytest.raises(FetchError, match=what),
        ):
            ask(client)
    assert server.count("/f") == 12


def test_who_breaks_off_after_each_byte_is_given_up(tmp_path: Path, server: Server) -> None:
    """A byte more each time would take a file for years."""
    manners = Manners(tries=3, first_wait_s=0, stall_s=1, slowest_bytes_per_s=50)
    source = source_of(server)
    body = bytes(1000)

    def answer(asked: Asked) -> Reply:
        start = int(re.findall(r"\d+", asked.headers.get("range", "bytes=0-"))[0])
        return Reply(body, cut_after=len(body) if start > 500 else 1)

    server.play("/f", answer)
    with (
        Client(manners, tmp_path, sleep=lambda _: None, clock=lambda: 0) as client,
        pytest.raises(FetchError, match="3 times in a row"),
    ):
        client.download(source, source.address, nothing)
    assert server.count("/f") <= 4


# -- killed -----------------------------------------------------------------------------------


def stored_bytes(client: Client, source: DataSource) -> bytes | None:
    """Give what the store holds after a kill."""
    found = client.find_stored(source.address)
    return found[0].read_bytes() if found else None


def do_download(manners: Manners, folder: Path, source: DataSource, die_at: int = 0) -> None:
    """Download in a process of its own, which dies when so many bytes are there."""

    def watch(so_far: int, _: int | None) -> None:
        if die_at and so_far >= die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    with Client(manners, folder) as client:
        client.download(source, source.address, nothing, watch)


def test_killed_before_each_change_to_a_file(
    server: Server, client: Client, tmp_path: Path
) -> None:
    """SIGKILL before every file that is opened, moved or removed: the old or the new, completed."""
    source = source_of(server)
    work = partial(do_download, client.manners, client.store, source)
    log = tmp_path / "log"
    server.play("/f", OLD)
    fetch(client, source)
    server.play("/f", ZIP)
    whole_run = killed.ended(*killed.child(work, log), log)
    assert whole_run.status == 0, whole_run.said
    outcomes = set()
    for at in killed.moments(whole_run.events, KILLS // 3):
        server.play("/f", OLD)
        fetch(client, source)
        server.play("/f", ZIP)
        end = killed.ended(*killed.child(work, log, at), log)
        assert end.status == -signal.SIGKILL, end.said
        there = stored_bytes(client, source)
        assert there in (OLD, ZIP)
        outcomes.add(there)
        assert fetch(client, source) == ZIP
    assert outcomes == {OLD, ZIP}


def test_killed_at_any_byte_it_goes_on(server: Server, client: Client, tmp_path: Path) -> None:
    """SIGKILL while bytes come: nothing is taken for whole, and the next call completes it."""
    draw = random.Random(19)  # noqa: S311
    source, log = source_of(server), tmp_path / "log"
    server.play("/f", OLD)
    there, went_on = fetch(client, source), 0
    for number in range(KILLS - KILLS // 3):
        body = make_zip(bytes([number]) * 200_000)
        server.play("/f", Reply(body, piece_bytes=draw.randrange(1000, 90_000)))
        at = draw.randrange(1, len(body))
        work = partial(do_download, client.manners, client.store, source, at)
        end = killed.ended(*killed.child(work, log), log)
        assert end.status == -signal.SIGKILL, end.said
        assert stored_bytes(client, source) == there
        asked = server.count("/f")
        there = fetch(client, source)
        assert there == body
        went_on += "range" in server.asked[asked].headers
    assert went_on > KILLS // 3
