"""The web map in a real browser, as its readers open it: from a file, without a network."""

from __future__ import annotations

import base64
import csv
import io
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pypdf
import pytest
import shapely
from chromium import find_barriers, run_chromium
from pages import ALL_PAYLOADS, HACK, PAYLOADS, shares_of, told
from pictures import GOLDEN, KEPT, assert_like_golden, share_that_differs
from PIL import Image
from playwright.sync_api import Browser
from playwright.sync_api import Page as Tab

from stemgeo.maps.text import MapText, say_share
from stemgeo.maps.web import build_web_map
from stemgeo.study import Background
from stemgeo.tables import COUNTS
from stemgeo.texts import load_texts

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
        return [one for one in self.requests if one.partition("#")[0] != self.file]

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

    def hits(self, typed: str) -> list[str]:
        """What the search lists for what is typed."""
        self.tab.locator("#wanted").fill(typed)
        return [hit.strip() for hit in self.tab.locator("#hits li").all_inner_texts()]

    def told(self) -> str:
        """What is told of the place that is looked at, once the page has heard of it."""
        self.drawn()
        return self.tab.locator("#found").inner_text().replace("\N{NO-BREAK SPACE}", " ")

    def at(self, address: str) -> None:
        """Wait until the page is at an address in it."""
        self.tab.wait_for_function("(at) => window.location.hash === at", arg=address)

    def legend(self) -> list[str]:
        """The layers whose legend is shown."""
        parts = self.tab.locator("[data-layer]:visible")
        return [str(part.get_attribute("data-layer")) for part in parts.all()]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium of this machine; with CI=true its absence is a failure, elsewhere a skip.

    It is spoken to through pipes: the tests keep their sockets blocked.
    """
    with run_chromium("the web map", "--disable-gpu", patience_ms=PATIENCE_MS) as running:
        yield running


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Open a page from a file, without a network, at an address in it; `size` is the window's."""
    contexts = []

    def open_it(page: str, size: tuple[int, int] = (1200, 800), at: str = "") -> Opened:
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
        tab.goto(file.as_uri() + at)
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


@pytest.fixture
def named_page(
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    gaps: gpd.GeoDataFrame,
    text: MapText,
) -> str:
    """The small land with three real municipalities, postcodes, and an academy with marks."""
    codes, names = municipalities["nis_code"].tolist(), municipalities["name"].tolist()
    codes[3:6], names[3:6] = ["44083", "46021", "11002"], ["Deinze", "Sint-Niklaas", "Antwerpen"]
    postcodes = pd.DataFrame({"postcode": ["9800", "9100"], "nis_code": ["44083", "46021"]})
    return build_web_map(
        municipalities.assign(nis_code=codes, name=names),
        academies.assign(name=["École d’Ünité", *academies["name"][1:]]),
        None,
        gaps,
        text,
        vintage=2024,
        postcodes=postcodes,
    )


def test_search_lists_what_begins_so(opened: Callable[..., Opened], named_page: str) -> None:
    """Any word of a municipality, former one, postcode or academy; spaces, hyphens, marks alike."""
    shown = opened(named_page)
    assert shown.tab.get_by_label("Zoek een gemeente, postcode of STEM-academie").is_visible()
    for typed in ("sint niklaas", "SINT-NIK", "niklaas", "sintni", "niklaas sint"):
        assert shown.hits(typed) == ["Sint-Niklaas Antwerpen"]
    for typed, hit in (
        ("neve", "Nevele vroegere gemeente, nu Deinze"),
        ("anvers", "Anvers Antwerpen"),
        ("98", "9800 postcode, Deinze"),
        ("ecole d unite", "École d’Ünité STEM-academie"),
        ("limb", "Limburg Provincie"),
    ):
        assert shown.hits(typed)[:1] == [hit]
    assert shown.tab.locator(".counted").inner_text() == "Gevonden: 1"
    for typed, answer in (("Xyz", "Niet gevonden"), ("", ""), ("-", "Niet gevonden")):
        assert shown.hits(typed) == []
        shown.press("Enter")
        assert shown.tab.locator(".counted").inner_text() == answer
        assert shown.tooltip() == {}


def test_hits_are_chosen_by_keyboard_and_by_mouse(
    opened: Callable[..., Opened], named_page: str
) -> None:
    """Arrows go round the list and are said, Enter goes there, Escape closes and then empties."""
    shown, field = opened(named_page), "#wanted"

    def state() -> tuple[str | None, str | None]:
        marked = shown.tab.locator("#hits [aria-selected=true]")
        pointed = shown.tab.get_attribute(field, "aria-activedescendant")
        assert pointed == (marked.get_attribute("id") if marked.count() else None)
        opened = shown.tab.get_attribute(field, "aria-expanded")
        return opened, marked.inner_text().split()[0] if marked.count() else None

    assert [hit.split()[0] for hit in shown.hits("hal")] == ["Halen"]
    hits = len(shown.hits("h"))
    assert hits > 4
    assert state() == ("true", None)
    shown.press("Enter")
    assert state() == ("true", "Halen")
    shown.press("ArrowUp")
    shown.press(*["ArrowDown"] * 2)
    assert state() == ("true", "Hasselt")
    shown.press("Enter")
    assert state() == ("false", None)
    assert shown.told().startswith("Hasselt · Provincie: Limburg · ")
    assert shown.tab.input_value(field) == "Hasselt"
    shown.press("ArrowDown", "Escape")
    assert (state(), shown.tab.input_value(field)) == (("false", None), "Hasselt")
    shown.press("Escape")
    assert shown.tab.input_value(field) == ""
    shown.hits("neve")
    shown.tab.locator("#hits li").first.click()
    assert shown.told().startswith("Nevele (vroegere gemeente, nu Deinze) · Deinze · Provincie:")
    shown.at("#44049")
    shown.tab.locator("#layers input[type=checkbox]").nth(2).uncheck()
    shown.hits("ecole")
    shown.press("Enter")
    assert shown.told() == "École d’Ünité"
    assert shown.tooltip() == {"STEM-academie": "École d’Ünité"}
    assert shown.complaints == shown.outside == []


def test_an_address_leads_to_its_place(opened: Callable[..., Opened], named_page: str) -> None:
    """Code, former code, province, gap, academy; what is chosen has one; back leads back."""
    shown = opened(named_page, at="#44083")
    assert shown.tooltip()["Gemeente"] == "Deinze"
    near = shown.zoom()
    point_at(shown, "Sint-Niklaas")
    shown.tab.mouse.down()
    shown.tab.mouse.up()
    shown.at("#46021")
    assert shown.told().startswith("Sint-Niklaas · ")
    assert shown.zoom() == near
    for address, name in (
        ("#44049", "Nevele (vroegere gemeente, nu Deinze) · Deinze"),
        ("#Limburg", "Limburg · Aandeel binnen bereik: "),
        ("#gap-G001", ""),
        ("#academy-A10002", "École d’Ünité"),
    ):
        shown.tab.evaluate("(at) => { window.location.hash = at; }", address)
        shown.at(address)
        shown.drawn()
        assert shown.told().startswith(name)
        assert shown.told()
    assert shown.tab.locator(".leaflet-gaps-pane path").count() == 8
    shown.tab.evaluate("() => { window.location.hash = '#99999'; }")
    shown.drawn()
    assert shown.told().endswith("een plaats die hier niet bekend is: 99999")
    for address, name in (("#academy-A10002", "École"), ("#gap-G001", "")):
        shown.tab.go_back()
        shown.at(address)
        shown.drawn()
        assert shown.told().startswith(name)
    shown.tab.evaluate("() => { window.location.hash = ''; }")
    shown.drawn()
    assert shown.told() == ""
    assert shown.zoom() < near
    assert shown.complaints == shown.outside == []


def test_the_table_sorts_and_is_taken_along(
    opened: Callable[..., Opened], page: str, municipalities: gpd.GeoDataFrame
) -> None:
    """By each column, up and down, by keyboard; the file has the figures of the table."""
    formula = "=HYPERLINK(1;2)"
    shown = opened(page.replace("Aalter", formula))
    shown.tab.locator("#figures summary").click()
    heads = shown.tab.locator("#figures thead th")
    rows = shown.tab.locator("#figures tbody tr")

    def sorted_by(column: int, key: str) -> list[str]:
        heads.nth(column).locator("button").focus()
        shown.press(key)
        cells: list[str] = rows.evaluate_all(
            "(rows, at) => rows.map((row) => row.cells[at].textContent)", column
        )
        return cells

    numbers = {
        column: [int(cell.replace(".", "")) for cell in sorted_by(column, "Enter")]
        for column in (3, 4, 5, 6, 7)
    }
    for column, name in zip(numbers, ("children", *COUNTS[1:], "academies"), strict=True):
        assert numbers[column] == sorted(municipalities[name], reverse=True)
    assert heads.nth(7).get_attribute("aria-sort") == "descending"
    assert heads.nth(6).get_attribute("aria-sort") is None
    rising = sorted_by(7, " ")
    assert [int(cell) for cell in rising] == sorted(municipalities["academies"])
    assert heads.nth(7).get_attribute("aria-sort") == "ascending"
    for _ in range(2):  # what has no figure stands last, whichever way
        assert sorted_by(2, "Enter")[-1] == "geen cijfer"
    with shown.tab.expect_download() as waiting:
        shown.tab.locator("#download").click()
    taken = Path(waiting.value.path()).read_bytes().decode("utf-8-sig")
    assert waiting.value.suggested_filename == "wie-kan-een-stem-academie-bereiken.csv"
    head, *lines = csv.reader(io.StringIO(taken), delimiter=";")
    assert head[:4] == ["NIS-code", "Gemeente", "Provincie", "Aandeel binnen bereik (%)"]
    assert head[-1] == "Opmerking"
    known = municipalities.set_index("nis_code")
    assert len(lines) == len(known)
    for code, name, _, share, *counts in lines:
        assert name == known["name"][code].replace("Aalter", f"'{formula}")
        assert counts[:4] == [str(known[one][code]) for one in COUNTS]
        shares = say_share(known["share"][code], load_texts("nl")).removesuffix(
            "\N{NO-BREAK SPACE}%"
        )
        assert share == ("" if shares == "geen cijfer" else shares)
        assert counts[-1] == "Voorbeeld, niet voor publicatie"
    shown.tab.locator("#figures tbody a", has_text="Lede").click()
    shown.at("#10010")
    assert shown.told().startswith("Lede · ")
    assert shown.complaints == shown.outside == []


@pytest.mark.parametrize("size", [(390, 844), (320, 568)])
def test_on_a_phone_the_map_is_in_the_first_view(
    opened: Callable[..., Opened], page: str, size: tuple[int, int]
) -> None:
    """All of the land stands in it below the headline, nothing overflows, all can be reached."""
    shown = opened(page, size)
    around, land, headline = (
        shown.tab.locator(one).bounding_box()
        for one in ("#map", ".leaflet-provinces-pane path", "#headline")
    )
    assert around
    assert land
    assert headline
    assert headline["y"] + headline["height"] <= around["y"]
    assert around["y"] + around["height"] <= size[1]
    assert around["x"] - 1 < land["x"]
    assert land["x"] + land["width"] - 1 < around["x"] + around["width"] <= size[0]
    assert land["width"] > 0.6 * around["width"] or land["height"] > 0.6 * around["height"]
    point_at(shown, "Lede")
    assert shown.tab.locator(".leaflet-tooltip").is_visible()
    for part in ("figures", "accessibility"):
        shown.tab.locator(f"#{part} summary").click()
    assert shown.tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    for control in shown.tab.locator("#layers input, #wanted, #print, #download, summary").all():
        box = control.bounding_box()
        assert box
        assert 0 <= box["x"] <= box["x"] + box["width"] <= size[0]


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
    shown.press(*["Tab", "Space"] * 4)
    assert shown.legend() == ["isochrones", "gaps", "quiet-gaps", "streets"]


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


@pytest.mark.parametrize("size", [(1200, 800), (390, 844), (320, 568)])
def test_axe_finds_nothing(
    opened: Callable[..., Opened], named_page: str, size: tuple[int, int]
) -> None:
    """As it opens, with a list of hits, with a place and all parts open, and while walking."""
    shown = opened(named_page, size)
    assert find_barriers(shown.tab) == []
    for part in ("figures", "accessibility"):
        shown.tab.locator(f"#{part} summary").click()
    for box in shown.tab.locator("#layers input[type=checkbox]").all():
        box.check()
    assert len(shown.hits("a")) > 5
    shown.press("ArrowDown")
    assert find_barriers(shown.tab) == []
    shown.press("Enter")
    shown.tab.locator("#found").filter(has_text=re.compile(r"\S")).wait_for()
    shown.tab.locator(".leaflet-tooltip").wait_for()
    assert shown.tab.locator(".leaflet-tooltip").count() == 1
    assert find_barriers(shown.tab) == []
    shown.tab_to(lambda name: name.startswith("Gemeente:"))
    assert find_barriers(shown.tab) == []
    assert shown.complaints == []


# On paper, and as a picture


def test_print_shows_the_map_and_its_legend(
    opened: Callable[..., Opened],
    municipalities: gpd.GeoDataFrame,
    academies: gpd.GeoDataFrame,
    gaps: gpd.GeoDataFrame,
    text: MapText,
) -> None:
    """One sheet: title, caution, legend of what is shown, Brussels, source, date; no controls."""
    around, others = (
        one.set_geometry(one.translate(xoff=-52_000, yoff=-25_000))
        for one in (municipalities, academies)
    )
    brussels = around.contains(shapely.Point(148_900, 170_800))
    shown = opened(build_web_map(around[~brussels], others, None, gaps, text))
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
        "Brussel",
        "Per provincie",
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
