"""A made Flanders that is played for a test, in a folder of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from plays import mini

if TYPE_CHECKING:
    from pathlib import Path

    from served import Server

    from stemgeo.sources.catalogue import Catalogue


@pytest.fixture
def played(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    """Play all sources; `sources.toml` and a register lie in the folder where commands run."""
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "register.csv").write_text(mini.ACADEMIES, encoding="utf-8")
    return mini.play_mini(server, tmp_path / "sources.toml")
