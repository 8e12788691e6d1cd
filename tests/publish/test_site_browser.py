"""A site in a real browser, as its readers open it: from a disk, without a network."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pypdf
import pytest
from chromium import find_barriers, run_chromium

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

KINDS = ("index", "11001", "10000", "about", "accessibility", "map")
PATIENCE_MS = 120_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium of this machine; with CI=true its absence is a failure, elsewhere a skip."""
    with run_chromium("the site", "--disable-gpu", patience_ms=PATIENCE_MS) as running:
        yield running


@pytest.fixture
def opened(browser: Browser, site: Path) -> Iterator[Callable[..., Page]]:
    """Open a page of the site offline: it asks for nothing beside the site, and never complains."""
    contexts: list[Any] = []
    wrong: list[str] = []

    def ask(url: str) -> None:
        if not url.startswith((site.as_uri(), "data:")):
            wrong.append(url)

    def open_it(name: str, width: int = 1200, **more: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 800}, **more)
        contexts.append(context)
        context.set_offline(offline=True)
        context.set_default_timeout(PATIENCE_MS)
        tab = context.new_page()
        tab.on("request", lambda request: ask(request.url))
        tab.on("requestfailed", lambda request: wrong.append(request.url))
        tab.on("console", lambda line: wrong.append(line.text))
        tab.on("pageerror", lambda error: wrong.append(str(error)))
        tab.goto((site / name).as_uri())
        return tab

    yield open_it
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.mark.parametrize("width", [1200, 360])
@pytest.mark.parametrize("name", [*(f"nl/{one}.html" for one in KINDS), "index.html"])
def test_axe_finds_nothing_and_a_phone_scrolls_one_way(
    opened: Callable[..., Page], name: str, width: int
) -> None:
    """On a page of each kind, as wide as a desk and as a small phone; nothing sticks out."""
    tab = opened(name, width)
    assert find_barriers(tab, preload=False) == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("language", ["en", "fr"])
def test_axe_finds_nothing_in_other_languages(opened: Callable[..., Page], language: str) -> None:
    """The page of a municipality."""
    assert find_barriers(opened(f"{language}/11001.html"), preload=False) == []


def test_the_search_leads_there_by_keyboard(opened: Callable[..., Page]) -> None:
    """Part of a name of a municipality or a province; what is not there is told."""
    tab = opened("nl/index.html")
    tab.locator("#wanted").fill("xyz")
    assert tab.locator("#hits li").count() == 0
    assert tab.locator(".counted").inner_text() == "Niet gevonden"
    for typed, page in (("aarts", "11001"), ("limb", "70000")):
        tab.locator("#wanted").fill(typed)
        assert tab.locator("#hits li").count() == 1
        assert find_barriers(tab, preload=False) == []
        tab.keyboard.press("ArrowDown")
        tab.keyboard.press("Enter")
        tab.wait_for_url(f"**/nl/{page}.html")


def test_the_first_stop_leads_to_the_content(opened: Callable[..., Page]) -> None:
    """Tab, Enter, and what is read next is the page itself."""
    tab = opened("nl/11001.html")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.textContent") == "Naar de inhoud"
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "main"


def test_without_a_script_all_is_there_but_the_search(opened: Callable[..., Page]) -> None:
    """A page is read as it is; what would do nothing is not shown."""
    tab = opened("nl/11001.html", java_script_enabled=False)
    assert not tab.locator("#search").is_visible()
    assert tab.locator("h1").inner_text() == "Aartselaar"
    assert tab.locator("main data").count() > 20


def test_the_map_is_that_of_the_place(opened: Callable[..., Page]) -> None:
    """The link of a municipality leads to it on the web map, whose files are those of the site."""
    tab = opened("fr/11001.html")
    tab.locator(".away a").click()
    tab.wait_for_url("**/fr/map.html#11001")
    found = tab.locator("#found")
    found.filter(has_text="Aartselaar").wait_for()
    assert tab.locator("path.leaflet-interactive").count() >= 3


def test_the_picture_is_drawn(opened: Callable[..., Page]) -> None:
    """It loads, and is as large as the page says."""
    tab = opened("nl/11001.html")
    sizes = tab.evaluate(
        "(() => { const one = document.images[0];"
        " return [one.naturalWidth, one.naturalHeight, one.width > 0, one.complete]; })()"
    )
    assert sizes[0] == int(tab.locator("img").get_attribute("width") or 0)
    assert sizes[1] == int(tab.locator("img").get_attribute("height") or 0)
    assert sizes[2:] == [True, True]


def test_print_has_the_figures_and_no_controls(opened: Callable[..., Page]) -> None:
    """On A4: notice, share, tables, sources; neither search nor languages."""
    tab = opened("nl/11001.html")
    paper = pypdf.PdfReader(io.BytesIO(tab.pdf(prefer_css_page_size=True)))
    assert [round(float(side)) for side in paper.pages[0].mediabox[2:]] == [595, 842]
    said = " ".join(" ".join(page.extract_text() for page in paper.pages).split())
    for told in ("Aartselaar", "voor niemand", "Proefgrenzen", "Laag tot hoog"):
        assert told in said
    for control in ("Français", "Zoek een gemeente", "Interactieve kaart", "(CSV)"):
        assert control not in said
