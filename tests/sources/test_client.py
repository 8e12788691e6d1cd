"""Facts about downloads: whole or not at all, whatever a server does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from served import CHALLENGE, Reply, Server

from stemgeo.errors import FetchError
from stemgeo.sources.catalogue import DataSource, Manners
from stemgeo.sources.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ZIP = b"PK\x03\x04" + bytes(range(256)) * 4000


def source_of(server: Server) -> DataSource:
    return DataSource(
        publisher="P",
        title="T",
        kind="file",
        address=f"{server.address}/f",
        file="f.zip",
        format="zip",
    )


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    manners = Manners(tries=3, first_wait_s=0, stall_s=0.5, requests_per_s=1000)
    with Client(manners, tmp_path / "store") as client:
        yield client


@pytest.mark.parametrize("cut", [0, 1, 3, 70_000, len(ZIP) - 1])
def test_a_broken_transfer_goes_on(server: Server, client: Client, cut: int) -> None:
    """What broke off at any byte is completed, and asked for only from there."""
    server.play("/f", ZIP)
    server.fail("/f", Reply(ZIP, cut_after=cut))
    path, told = client.download(source_of(server), f"{server.address}/f", lambda _: None)
    assert path.read_bytes() == ZIP
    assert told.size_bytes == len(ZIP)
    assert client.find_stored(f"{server.address}/f") == (path, told)


def test_a_challenge_page_is_named(server: Server, client: Client) -> None:
    """A web page in the place of a file is named, with what a person can do, and not kept."""
    server.play("/f", Reply(CHALLENGE, kind="text/html"))
    with pytest.raises(FetchError, match=r"web page \('Just a moment...'\).*--from FOLDER"):
        client.download(source_of(server), f"{server.address}/f", lambda _: None)
    assert client.find_stored(f"{server.address}/f") is None
