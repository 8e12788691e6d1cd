"""The web map in a real browser, as its readers open it: from a file, without a network."""

from __future__ import annotations

import base64
import io
import itertools
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pypdf
import pytest
from pages import ALL_PAYLOADS, HACK, PAYLOADS, shares_of, told
from pictures import GOLDEN, KEPT, assert_like_golden, share_that_differs
from PIL import Image
from playwright.sync_api import Browser, sync_playwright
from playwright.sync_api import Page as Tab

from stemgeo.maps.text import MapText
from stemgeo.maps.web import build_web_map
from stemgeo.study import Background

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
TILES = "https://tiles.example.be/{z}/{x}/{y}.png"
PATIENCE_MS = 120_000  # only a test that fails waits so long, however busy the machine
FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@dataclass
class Opened:
    """A page in the browser, with everything that it asked for and complained of."""

    tab: Tab
    file: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def outside(self) -> list[str]:
        """What it asked for beyond its own file."""
        return [address for address in self.requests if address != self.file]

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.tab.keyboard.press(key)

    def drawn(self) -> None:
        """Wait until what it was told is on the screen: what resizes is heard within a frame."""
        self.tab.evaluate(FRAMES)

    def zoomed_to(self, level: float) -> None:
        """Wait until the map stands still at a zoom, its names placed."""
        self.tab.wait_for_function(
            """(level) => { const map = document.body.stemgeo.map;
            return map.getZoom() === level && !map._animatingZoom; }""",
            arg=level,
        )

    def zoom(self) -> float:
        """How far the map is zoomed in."""
        level: float = self.tab.evaluate("document.body.stemgeo.map.getZoom()")
        return level

    def complains_of(self, cause: str) -> None:
        """Wait until it has complained of something."""
        for _ in range(5000):  # frames, not seconds
            if any(cause in line for line in self.complaints):
                return
            self.drawn()
        raise AssertionError(f"it complains of {self.complaints}, not of {cause}")

    def focused(self) -> str:
        """What the element that has the focus is called, to those who hear the page."""
        name: str = self.tab.evaluate(
            "(document.activeElement.getAttribute('aria-label')"
            " || document.activeElement.id || document.activeElement.textContent).trim()"
        )
        return name

    def tab_to(self, wanted: Callable[[str], bool]) -> None:
        """Press Tab until the focus is where it is wanted."""
        for _ in range(40):
            self.press("Tab")
            if wanted(self.focused()):
                return
        raise AssertionError("no Tab comes there")

    def tooltip(self) -> dict[str, str]:
        """What the one open tooltip tells."""
        rows = self.tab.locator(".leaflet-tooltip tr")
        return dict(row.split("\t", 1) for row in rows.all_inner_texts())

    def legend(self) -> list[str]:
        """The layers whose legend is shown."""
        parts = self.tab.locator("[data-layer]:visible")
        return [str(part.get_attribute("data-layer")) for part in parts.all()]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium of this machine; with CI=true its absence is a failure, elsewhere a skip.

    It is spoken to through pipes: the tests keep their sockets blocked.
    """
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    found = next((path for path in map(shutil.which, names) if path), None)
    if found is None:
        reason = "no Chromium on this machine: install it to open the web map in a browser"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    quiet += ["--disable-component-update", "--disable-sync", "--force-color-profile=srgb"]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=quiet, timeout=PATIENCE_MS)
        yield running
        running.close()


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Open a page from a file, without a network; `size` is the window's."""
    contexts = []

    def open_it(page: str, size: tuple[int, int] = (1200, 800)) -> Opened:
        file = tmp_path / f"map-{len(contexts)}.html"
        file.write_text(page, encoding="utf-8")
        context = browser.new_context(viewport={"width": size[0], "height": size[1]})
        contexts.append(context)
        context.set_offline(offline=True)
        context.set_default_timeout(PATIENCE_MS)
        tab = context.new_page()
        shown = Opened(tab, file.as_uri())
        tab.on("request", lambda request: shown.requests.append(request.url))
        tab.on("console", lambda line: shown.complaints.append(line.text))
        tab.on("pageerror", lambda error: shown.complaints.append(str(error)))
        tab.on("dialog", lambda box: (shown.complaints.append(box.message), box.dismiss()))
        tab.goto(file.as_uri())
        return shown

    yield open_it
    for context in contexts:
        context.close()


def without_policy(page: str, script: str = "") -> str:
    """Take the second line of defence away, and add a script of the test's own."""
    bare = re.sub(r'<meta http-equiv="Content-Security-Policy".*?>', "", page)
    assert bare != page
    return bare.replace("</body>", f"<script>{script}</script></body>")


def point_at(shown: Opened, name: str) -> None:
    """Move the mouse to the middle of a municipality, past what lies over it."""
    shape = shown.tab.locator(f'path[aria-label^="Gemeente: {name},"]')
    box = shape.bounding_box()
    assert box
    shown.tab.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] * 0.75)


# It opens


@pytest.mark.parametrize("size", [(1400, 900), (390, 800)], ids=["screen", "phone"])
def test_page_loads(opened: Callable[..., Opened], page: str, size: tuple[int, int]) -> None:
    """From a file, offline, it asks for nothing but itself, complains of nothing and fits."""
    shown = opened(page, size)
    assert shown.complaints == []
    assert shown.requests
    assert shown.outside == []
    assert shown.tab.locator('path[role="option"]').count() == 40 + 20
    assert re.fullmatch(r"\d+ km", shown.tab.locator(".leaflet-control-scale-line").inner_text())
    assert shown.tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_each_layer_draws(opened: Callable[..., Opened], page: str) -> None:
    """Whatever is switched on, nothing is fetched or complained of, and it has its shapes."""
    shown = opened(page)
    for number, shapes in enumerate((40, 40, 160, 3 + 40)):
        shown.tab.locator("#layers input[type=radio]").nth(number).check()
        panes = ".leaflet-overlay-pane, .leaflet-isochrones-pane, .leaflet-municipalities-pane"
        assert shown.tab.locator(f":is({panes}) path").count() == shapes
    for box in shown.tab.locator("#layers input[type=checkbox]").all():
        box.check()
    assert shown.tab.locator(".leaflet-gaps-pane path").count() == 10
    assert shown.tab.locator(".leaflet-provinces-pane path").count() == 1
    assert shown.complaints == shown.outside == []


def test_names_do_not_cover_each_other(opened: Callable[..., Opened], page: str) -> None:
    """At every zoom some names are shown, the more the closer, and no two overlap."""
    shown, seen = opened(page, (390, 800)), []
    first = shown.zoom()
    for closer in range(3):
        shown.zoomed_to(first + closer)
        boxes = [label.bounding_box() for label in shown.tab.locator(".name:visible").all()]
        for one, other in itertools.combinations([box for box in boxes if box], 2):
            apart = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
            apart |= (
                one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"]
            )
            assert apart
        seen.append(len(boxes))
        shown.tab.locator(".leaflet-control-zoom-in").click()
    assert 0 < seen[0] < seen[1] <= seen[2]


# Figures, by mouse and by keyboard


def test_pointing_shows_the_figure_of_the_table(
    opened: Callable[..., Opened], page: str, municipalities: gpd.GeoDataFrame
) -> None:
    """The tooltip under the mouse has the number of children that the table has."""
    shown = opened(page)
    for name in ("Lede", "Hasselt"):
        point_at(shown, name)
        row = municipalities.set_index("name").loc[name]
        figures = shown.tooltip()
        assert figures["Gemeente"] == name
        for head, column in (("Kinderen", "children"), ("Binnen bereik", "covered")):
            assert int(figures[head].replace(".", "")) == row[column]
        assert figures == shares_of(page)[name]


def test_search_by_keyboard_alone(opened: Callable[..., Opened], page: str) -> None:
    """Type the beginning of a name and press Enter: it is gone to, pointed at and read out."""
    shown = opened(page)
    shown.tab_to(lambda name: name == "wanted")
    shown.tab.keyboard.type("lED")
    shown.press("Enter")
    said = shown.tab.locator("#found").inner_text().replace("\N{NO-BREAK SPACE}", " ")
    assert said.startswith(
        "Lede · Provincie: Limburg · Aandeel binnen bereik: 30,0 % · Kinderen: 1.090"
    )
    assert shown.tooltip()["Gemeente"] == "Lede"
    box = shown.tab.locator('path[aria-label^="Gemeente: Lede,"]').bounding_box()
    around = shown.tab.locator("#map").bounding_box()
    assert box
    assert around
    assert box["width"] > around["width"] / 6
    shown.tab_to(lambda name: name.startswith("Gemeente:"))
    assert shown.focused().startswith("Gemeente: Lede,")


@pytest.mark.parametrize(("typed", "answer"), [("Xyz", "Niet gevonden"), ("", ""), ("H", "Niet")])
def test_search_that_finds_nothing_says_so(
    opened: Callable[..., Opened], page: str, typed: str, answer: str
) -> None:
    """A name that is none, or the beginning of several, goes nowhere."""
    shown = opened(page)
    shown.tab.locator("#wanted").fill(typed)
    shown.press("Enter")
    assert shown.tab.locator("#found").inner_text().startswith(answer)
    assert shown.tooltip() == {}


def test_walking_by_keyboard(opened: Callable[..., Opened], page: str) -> None:
    """Tab comes to the municipalities, the arrows go to the neighbour on that side, Esc closes."""
    shown = opened(page)
    shown.tab_to(lambda name: name.startswith("Gemeente:"))
    walked = [shown.tooltip()["Gemeente"]]
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp", "ArrowUp"):
        shown.press(key)
        assert shown.tooltip() == shares_of(page)[shown.tooltip()["Gemeente"]]
        assert shown.focused() == ", ".join(f"{a}: {b}" for a, b in shown.tooltip().items())
        walked.append(shown.tooltip()["Gemeente"])
    # Ten squares in a row, by name in the order of the fixture; above the first row is nothing.
    assert walked == ["Aalter", "Beernem", "Damme", "Oostende", "Ninove", "Beernem", "Beernem"]
    assert shown.tab.locator(".leaflet-focus-pane path").count() == 1
    shown.press("Escape")
    assert shown.tooltip() == {}
    assert shown.tab.locator(".leaflet-focus-pane path").count() == 0
    assert shown.complaints == []


def test_gaps_and_academies_are_walked_too(opened: Callable[..., Opened], page: str) -> None:
    """Each layer has one stop; what lies out of sight comes into it."""
    shown = opened(page, (700, 500))
    shown.tab.locator("#layers input[type=checkbox]").first.focus()
    shown.press("Space")
    shown.tab.evaluate("document.body.stemgeo.map.setView([50.6, 3], 12, { animate: false })")
    for column, ground in (("STEM-academie", "academies"), ("Waar", "gaps")):
        shown.tab_to(lambda name, column=column: name.startswith(f"{column}:"))  # type: ignore[misc]
        assert shown.tooltip() in told(page, ground)
        box = shown.tab.locator(".leaflet-tooltip").bounding_box()
        around = shown.tab.locator("#map").bounding_box()
        assert box
        assert around
        assert around["x"] <= box["x"] <= around["x"] + around["width"]
        shown.tab.evaluate("document.getElementById('wanted').focus()")


def test_layers_and_legend_by_keyboard(opened: Callable[..., Opened], page: str) -> None:
    """Arrows choose the ground, the space bar adds a layer; the legend tells of these alone."""
    shown = opened(page)
    assert shown.legend() == ["shares", "academies"]
    shown.tab.locator("#layers input[type=radio]").first.focus()
    for key in ("academy", "zones", "isochrones"):
        shown.press("ArrowDown")
        assert shown.legend() == [key, "academies"]
    shown.press("Tab", "Space", "Tab", "Space", "Tab", "Space")
    assert shown.legend() == ["isochrones", "gaps", "quiet-gaps"]


def test_zoom_by_keyboard(opened: Callable[..., Opened], page: str) -> None:
    """By the buttons, by plus and minus on the map, and while walking."""
    shown = opened(page)
    before = shown.zoom()
    shown.tab.locator(".leaflet-control-zoom-in").focus()
    shown.press("Enter")
    shown.zoomed_to(before + 1)
    shown.tab.locator("#map").focus()
    shown.press("-")
    shown.zoomed_to(before)
    shown.tab_to(lambda name: name.startswith("Gemeente:"))
    shown.press("+")
    shown.zoomed_to(before + 1)
    assert shown.tooltip()


def test_skip_links(opened: Callable[..., Opened], page: str) -> None:
    """The first stops of Tab are seen when they are reached, and lead to the map and the table."""
    shown = opened(page)
    shown.press("Tab")
    assert shown.focused() == "Naar de kaart"
    box = shown.tab.locator(".skip a").first.bounding_box()
    assert box
    assert box["y"] >= 0
    shown.press("Enter")
    assert shown.focused() == "Kaart"
    shown.press("Shift+Tab", "Shift+Tab", "Shift+Tab")
    assert shown.focused() == "Naar de tabel"
    shown.press("Enter")
    assert shown.focused() == "Cijfers per gemeente"
    assert shown.tab.locator("#figures tbody tr").first.is_visible()


def test_focus_is_seen_and_everything_has_a_name(opened: Callable[..., Opened], page: str) -> None:
    """Each stop of Tab has a name for those who hear it and an outline or halo for the eye."""
    shown, seen = opened(page), []
    for _ in range(16):
        shown.press("Tab")
        seen.append(
            shown.tab.evaluate(
                """() => { const at = document.activeElement; const style = getComputedStyle(at);
                const named = at.ariaLabel || at.labels?.[0]?.textContent || at.textContent;
                const halo = document.querySelector(".leaflet-focus-pane path");
                return [at.tagName, named.trim() !== "",
                        style.outlineStyle !== "none" || Boolean(halo)]; }"""
            )
        )
    stops = [stop for stop in seen if stop[0] != "BODY"]
    assert {"A", "INPUT", "BUTTON", "DIV", "path", "SUMMARY"} <= {tag for tag, _, _ in stops}
    assert [stop for stop in stops if not stop[1] or not stop[2]] == []


# On paper, and as a picture


def test_print_shows_the_map_and_its_legend(opened: Callable[..., Opened], page: str) -> None:
    """One sheet with title, caution, the legend of what is shown, source and date; no controls."""
    shown = opened(page)
    paper = pypdf.PdfReader(io.BytesIO(shown.tab.pdf(prefer_css_page_size=True)))
    assert len(paper.pages) == 1
    assert [round(float(side)) for side in paper.pages[0].mediabox[2:]] == [595, 842]
    said = " ".join(paper.pages[0].extract_text().split())
    for line in (
        "Wie kan een STEM-academie bereiken?",
        "Voorbeeld, niet voor publicatie",
        "0 tot 20 %",
        "Bron: Bronhouders van de proef",
        "Datum van de gegevens: 31 december 2022",
        "Zutendaal",
    ):
        assert line in said
    for control in ("Zoek een gemeente", "Afdrukken", "Lagen", "toetsenbord", "Fietstijd"):
        assert control not in said
    shown.tab.emulate_media(media="print")
    for hidden in (".search", "#layers", "#figures", ".leaflet-control-zoom", "#keyboard"):
        assert not shown.tab.locator(hidden).is_visible()
    shown.drawn()
    around, land = (
        shown.tab.locator(one).bounding_box() for one in ("#map", ".leaflet-overlay-pane svg g")
    )
    assert around
    assert land
    assert around["x"] <= land["x"]
    assert land["x"] + land["width"] <= around["x"] + around["width"]


def test_paper_of_any_width_shows_the_whole_land(opened: Callable[..., Opened], page: str) -> None:
    """When the sheet is another size than the screen, in print, the same ground is fitted in."""
    shown = opened(page, (1400, 900))
    shown.tab.emulate_media(media="print")
    for width in (1000, 700):
        shown.tab.set_viewport_size({"width": width, "height": 900})
        shown.tab.wait_for_function("(wide) => window.innerWidth === wide", arg=width)
        shown.drawn()
        around, land = (
            shown.tab.locator(one).bounding_box()
            for one in ("#map", ".leaflet-provinces-pane path")
        )
        assert around
        assert land
        left, right = land["x"] - around["x"], around["width"] - land["width"]
        assert 0 <= left <= right
        assert abs(left - right / 2) < 10


def picture_of(shown: Opened) -> bytes:
    """The map alone: around it stand the letters of the machine."""
    shown.drawn()
    return shown.tab.locator("#map").screenshot(animations="disabled")


def test_picture_is_the_golden_one(opened: Callable[..., Opened], page: str) -> None:
    """The map on the screen is the one that was looked at."""
    assert_like_golden(picture_of(opened(page, (900, 700))), "web-map")


def test_another_picture_is_told_from_the_golden_one(
    opened: Callable[..., Opened], page: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Another layer differs by more than the tolerance; both pictures are kept and named."""
    shown = opened(page, (900, 700))
    shown.tab.locator("#layers input[type=radio]").nth(1).check()
    made = picture_of(shown)
    golden = Image.open(GOLDEN / "web-map.png").convert("RGB")
    assert share_that_differs(Image.open(io.BytesIO(made)).convert("RGB"), golden) > 0.05
    kept = tmp_path / "kept"
    monkeypatch.setattr("pictures.KEPT", kept)
    monkeypatch.setattr("pictures.ROOT", tmp_path)
    with pytest.raises(AssertionError, match=r"differs from the golden picture.*see kept"):
        assert_like_golden(made, "web-map")
    assert {path.name for path in kept.iterdir()} == {"web-map.png", "web-map-difference.png"}
    assert kept != KEPT


# What cannot get out of its data

EVERY_TOOLTIP = """
document.querySelectorAll("#layers input[type=checkbox]:not(:checked)").forEach((b) => b.click());
const texts = [];
const every = () => Object.values(document.body.stemgeo.map._layers).forEach((layer) => {
  if (!layer.getTooltip || !layer.getTooltip()) return;
  const latlng = layer.getLatLng ? layer.getLatLng() : layer.getBounds().getCenter();
  layer.fire("mouseover", { latlng }, true);
  texts.push(...[...document.querySelectorAll(".leaflet-tooltip")].map((tip) => tip.textContent));
  layer.fire("mouseout", {}, true);
});
document.querySelectorAll("#layers input[type=radio]").forEach((b) => { b.click(); every(); });
window.texts = texts;
"""


@pytest.mark.parametrize("guarded", ["with policy", "without policy"])
def test_payloads_do_not_run(
    opened: Callable[..., Opened], hostile_page: str, guarded: str
) -> None:
    """With and without the policy behind it no payload runs: on load, in a tooltip, in search."""
    bare = guarded == "without policy"
    shown = opened(without_policy(hostile_page, EVERY_TOOLTIP) if bare else hostile_page)
    shown.tab.locator("#wanted").fill(PAYLOADS[0])
    shown.press("Enter")
    shown.tab_to(lambda name: name.startswith("Gemeente:"))
    shown.press("ArrowRight", "ArrowDown")
    assert shown.tab.evaluate("window.HACKED") is None
    assert shown.complaints == shown.outside == []
    assert shown.tab.title() == ALL_PAYLOADS
    if bare:
        seen = " ".join(shown.tab.evaluate("window.texts"))
        assert [payload for payload in PAYLOADS if payload not in seen] == []
        assert len(shown.tab.evaluate("window.texts")) >= 40 * 3 + 160 + 4 * 30


def test_a_payload_that_runs_is_noticed(opened: Callable[..., Opened], page: str) -> None:
    """A page that lets one through fails the same look."""
    leak = without_policy(page, "throw new Error('seen')").replace(
        "<h1>", f"<h1><img src=x onerror={HACK}>"
    )
    shown = opened(leak)
    shown.tab.wait_for_function("window.HACKED === 1")
    shown.complains_of("seen")
    assert [address.rsplit("/", 1)[-1] for address in shown.outside] == ["x"]


def test_the_policy_stops_what_would_run(opened: Callable[..., Opened], page: str) -> None:
    """The second line holds by itself: markup that got in does not run."""
    shown = opened(page.replace("<h1>", f"<h1><img src=x onerror={HACK}>"))
    shown.complains_of("Content Security Policy")
    shown.tab.wait_for_function("document.images[0].complete")
    shown.drawn()
    assert shown.tab.evaluate("window.HACKED") is None


def test_a_background_is_fetched_from_its_host_alone(
    browser: Browser,
    tmp_path: Path,
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    gaps: gpd.GeoDataFrame,
    text: MapText,
) -> None:
    """Its tiles come, its maker is named on the map as text, and the policy has no complaint."""
    tiles = Background(url=TILES, attribution=f"© <img src=x onerror={HACK}> `${{1}}`")
    file = tmp_path / "map.html"
    quiet = replace(text, notice="")
    file.write_text(
        build_web_map(municipalities, academies, None, gaps, quiet, background=tiles),
        encoding="utf-8",
    )
    context = browser.new_context()
    context.route(
        re.compile("^https:"), lambda route: route.fulfill(body=PIXEL, content_type="image/png")
    )
    tab = context.new_page()
    asked: list[str] = []
    complaints: list[Any] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda line: complaints.append(line.text))
    tab.set_default_timeout(PATIENCE_MS)
    tab.goto(file.as_uri())
    tab.wait_for_function(
        """() => { const tiles = [...document.querySelectorAll("img.leaflet-tile")];
        const loaded = (tile) => tile.classList.contains("leaflet-tile-loaded");
        return tiles.length > 0 && tiles.every(loaded); }"""
    )
    outside = [address for address in asked if address != file.as_uri()]
    assert outside
    assert all(re.fullmatch(r"https://tiles\.example\.be/\d+/\d+/\d+\.png", one) for one in outside)
    assert complaints == []
    assert tab.locator(".leaflet-control-attribution").inner_text() == tiles.attribution
    assert tab.evaluate("window.HACKED") is None
    context.close()
