"""Facts about what is said of data that are there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from plays import mini, statbel
from served import CHALLENGE, Reply, Server
from terminal import stemgeo

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from stemgeo.sources.catalogue import Catalogue

KEYS = ("zone_population", "crosswalk")


def fetch(*words: object) -> None:
    """Fetch two small files into `data`."""
    only = [part for key in KEYS for part in ("--only", key)]
    options = ("--year", 2025, "data", "--sources", "sources.toml")
    assert stemgeo("fetch", "flanders", *options, *only, *words).status == 0


def ask(*words: object) -> list[dict[str, str]]:
    """Ask for the table of `data`."""
    said = stemgeo("sources", "data", "--sources", "sources.toml", "--format", "json", *words)
    assert said.status == 0, said.err
    rows: list[dict[str, str]] = json.loads(said.out)
    return rows


def test_a_folder_is_told(played: Catalogue, tmp_path: Path) -> None:
    """A row a file, also of those that were changed, are gone, or are of no source."""
    fetch()
    assert [row["state"] for row in ask()] == ["as published", "as published"]
    totals, codes = (
        tmp_path / "data" / played.find(key).fill(played.find(key).file, 2025) for key in KEYS
    )
    totals.write_bytes(b"changed")
    codes.unlink()
    (tmp_path / "data" / "own.csv").write_text("a\n1\n")
    rows = {row["file"]: row["state"] for row in ask()}
    assert rows == {totals.name: "changed", codes.name: "not there", "own.csv": "not from a source"}
    said = stemgeo("sources", "data", "--sources", "sources.toml")
    assert "Statbel, bevolking per statistische sector, 1 januari 2025 (CC BY 4.0)" in said.out
    rows = said.out.partition("\n\n")[0]
    assert "http" not in rows
    assert max(map(len, rows.splitlines())) <= 104


def test_what_is_newer_is_told(played: Catalogue, server: Server, tmp_path: Path) -> None:
    """Of a later year that is known; of a later day of its server, when that is asked."""
    fetch()
    asked = len(server.asked)
    assert {row["newer"] for row in ask()} == {""}
    assert len(server.asked) == asked
    later = {"Last-Modified": "Fri, 01 Jan 2100 00:00:00 GMT"}
    path = statbel.path_of(played.find(KEYS[0]), 2025)
    server.play(path, Reply(mini.files()[KEYS[0]], headers=later))
    assert {row["newer"] for row in ask("--online")} == {"", "2100-01-01"}
    assert all("range" in one.headers for one in server.asked[asked:])
    server.play(path, Reply(CHALLENGE, kind="text/html"))
    said = stemgeo("sources", "data", "--sources", "sources.toml", "--online")
    assert "not asked whether there is a newer one" in said.err
    assert "web page ('Just a moment...')" in said.err
    text = (tmp_path / "sources.toml").read_text("utf-8")
    before, mark, after = text.partition("[sources.zone_population]")
    after = after.replace("years = [2025]", "years = [2025, 2026]", 1)
    (tmp_path / "sources.toml").write_text(before + mark + after, "utf-8")
    assert {row["newer"] for row in ask()} == {"", "2026"}


def test_a_place_without_data_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a line; --online where there is no lock changes nothing and is refused."""
    monkeypatch.chdir(tmp_path)
    assert stemgeo("sources", "nowhere").status == 1
    (tmp_path / "empty").mkdir()
    assert stemgeo("sources", "empty").status == 0
    assert stemgeo("sources", "empty", "--online").status == 2
