"""The documentation as a site: built strictly, whole, and to be read by everyone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import html5lib
import pytest
import typer
from chromium import find_barriers, run_chromium

import stemgeo as sg
from stemgeo.cli import app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Once
    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[1]
IN_DUTCH = ["index.md", "start.md", "kookboek.md", "notebooks.md"]
NAMES = {
    "Berlare",
    "GeoParquet",
    "Geofabrik",
    "MaakBib",
    "Overmere",
    "PDF",
    "QGIS",
    "STEM-academie",
    "STEM-academies",
    "SVG",
    "Statbel",
    "VLAIO",
    "VRBG",
    "makerspaces",
    "open-dataportaal",
    "provincies.incijfers.be",
    "result.qgz",
    "stemgeo",
}
"""Words of the Dutch pages that no dictionary has."""


def build(site: Path) -> None:
    """Build the site as `make site` does, of a copy: notebooks as they are in git."""
    source = site.with_suffix(".source")
    shutil.copytree(ROOT / "docs", source / "docs", ignore=shutil.ignore_patterns("made"))
    shutil.copytree(ROOT / "notebooks", source / "notebooks")
    for name in ("CHANGELOG.md", "CONTRIBUTING.md", "data/sources.toml"):
        (source / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    told = subprocess.run(
        [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--keep-going",
         "--doctree-dir", source / "trees", source / "docs", site],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    shutil.rmtree(source)
    assert told.returncode == 0, told.stderr


@pytest.fixture(scope="module")
def site(once: Once) -> Path:
    """The documentation, built once."""
    return once("documentation", build)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with run_chromium("the documentation", patience_ms=120_000) as running:
        yield running


def test_no_link_of_the_site_leads_nowhere(site: Path) -> None:
    """Each page and place that a page leads to is there, and nothing is loaded from elsewhere."""
    ids: dict[Path, set[str]] = {}
    links: list[tuple[Path, str]] = []
    for path in site.rglob("*.html"):
        tree = html5lib.parse(path.read_bytes(), namespaceHTMLElements=False)
        ids[path] = {one.get("id") for one in tree.iter() if one.get("id")}
        for one in tree.iter():
            loaded = one.get("src") or (one.get("href") if one.tag == "link" else None)
            assert not (loaded or "").startswith(("http:", "https:", "//")), (path.name, loaded)
            if one.tag == "a" and (href := one.get("href")):
                links.append((path, href))
    inside = [(path, href) for path, href in links if not re.match(r"[a-z]+:", href)]
    assert len(inside) > 1000
    for path, href in inside:
        name, _, place = href.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), f"{path.name} leads to {href}"
        assert not place or place in ids[target], f"{path.name} leads to {href}"


def test_every_command_and_public_name_is_documented(site: Path) -> None:
    """Each command has its heading, and each name of the package its place."""
    told = (site / "commands.html").read_text(encoding="utf-8")
    group = typer.main.get_command(app)
    for name in group.commands:  # type: ignore[attr-defined]
        assert re.search(
            rf"<h2><code[^>]*><span[^>]*>stemgeo</span> <span[^>]*>{name}</span>", told
        )
    reference = (site / "python.html").read_text(encoding="utf-8")
    for name in sg.__all__:
        assert f'id="stemgeo.{name}"' in reference, name


def test_made_pages_are_as_the_code_has_it() -> None:
    """Whoever changes an option or a command runs `make docs`."""
    made = subprocess.run(
        [sys.executable, "docs/study_file.py"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert (ROOT / "docs" / "study-file.md").read_text(encoding="utf-8") == made
    told = subprocess.run(
        [sys.executable, "-m", "typer", "stemgeo.cli", "utils", "docs",
         "--name", "stemgeo", "--title", "Commando’s"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert (ROOT / "docs" / "commands.md").read_text(encoding="utf-8") == told


@pytest.mark.parametrize(
    ("page", "language"),
    [("index", "nl"), ("handleiding/studie", "nl"), ("python", "en"), ("made/01_dekking", "nl")],
)
def test_axe_finds_nothing(site: Path, browser: Browser, page: str, language: str) -> None:
    """A page of each kind, on a phone: it says its language and is not wider than the phone."""
    tab = browser.new_page(viewport={"width": 360, "height": 740})
    tab.goto((site / f"{page}.html").as_uri())
    assert find_barriers(tab) == []
    assert tab.evaluate("document.documentElement.lang") == language
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    tab.close()


def test_the_dutch_is_spelled_as_the_dictionary_has_it() -> None:
    """All words of the pages for analysts, but for names and what is code."""
    if shutil.which("hunspell") is None:
        reason = "hunspell and its Dutch words (hunspell-nl) are not installed"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    paths = [ROOT / "docs" / name for name in IN_DUTCH]
    paths += sorted((ROOT / "docs" / "handleiding").glob("*.md"))
    text = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    english = r"^\*Which[^*]*\*$|\[[^]]*\]\((?:python-examples|other-tools)\.md\)"
    text = re.sub(rf"(?ms)```.*?```|`[^`]*`|{english}|\]\([^)]*\)", " ", text)
    said = subprocess.run(
        ["hunspell", "-l", "-d", "nl", "-i", "utf-8"],
        input=text, capture_output=True, text=True, check=True,
    )  # fmt: skip
    unknown = {word.strip("-.") for word in said.stdout.split()}
    assert {word for word in unknown if re.search(r"\w", word)} - NAMES == set()
