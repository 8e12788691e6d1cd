"""The explorer's page in a real browser, before its real server on a small study."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import random
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hand
import pypdf
import pytest
import uvicorn
from chromium import find_barriers, run_chromium
from playwright.sync_api import Browser, BrowserContext, Locator, Route, expect
from playwright.sync_api import Page as Tab

import stemgeo as sg
from stemgeo.explore.board import Board
from stemgeo.explore.server import ASSETS, Door, Explorer, Queue, build_app, listen
from stemgeo.speech import format_percent
from stemgeo.texts import load_texts

pytestmark = [pytest.mark.enable_socket, pytest.mark.usefixtures("read_once")]

PATIENCE_MS = 60_000  # only a test that fails waits so long, however busy the machine
expect.set_options(timeout=PATIENCE_MS)
DRAWN = "new Promise((done) => setTimeout(() => setTimeout(done)))"
"""What is asked to be drawn is drawn in the next task."""
FIFTY_PLACED = f"""(async () => {{
  const map = document.getElementById("map");
  const press = (key) => map.dispatchEvent(new KeyboardEvent("keydown", {{ key }}));
  for (let i = 0; i < 50; i += 1) {{
    press(i % 2 ? "ArrowRight" : "ArrowDown");
    press("Enter");
    await {DRAWN};
  }}
}})()"""
NO_WEBGL = """
const get = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
  return kind.startsWith("webgl") ? null : get.call(this, kind, ...more);
};
"""
HACK = "window.HACKED=1"
PAYLOAD = f"<img src=x onerror={HACK}><script>{HACK}</script>"
SPOT = "51,115 4,455"
OTHER_SPOT = "51,118 4,400"
ON_A_ROAD = "51,12805 4,41518"
"""Half along a street from junction to junction."""
ACROSS = ("51,1303 4,4116", "51,1303 4,4187")
"""On two streets with none between them."""
WORDS = load_texts("nl").list_below("explore.page")


@dataclass
class Served:
    """The real server on a port of this machine; it can be stopped and started again."""

    explorer: Explorer
    folder: Path
    door: Door = field(init=False)
    _server: uvicorn.Server | None = None
    _thread: threading.Thread | None = None

    @property
    def variants(self) -> Path:
        """The folder of the saved ones."""
        return self.folder / "variants"

    def start(self, port: int = 0) -> None:
        """Serve; at the same address when it is given the port that it had."""
        taken = listen(port)
        if not port:
            self.door = Door.on_port(taken.getsockname()[1])
        # A turn is waited for in one loop: another has a queue of its own.
        self.explorer.queue = Queue()
        app = build_app(self.explorer, self.door)
        config = uvicorn.Config(
            app, loop="asyncio", http="h11", ws="none", lifespan="off", log_config=None
        )
        self._server = uvicorn.Server(config)
        given = {"sockets": [taken]}
        self._thread = threading.Thread(target=self._server.run, kwargs=given, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop serving, whatever is still asked."""
        assert self._server
        assert self._thread
        self._server.force_exit = self._server.should_exit = True
        self._thread.join(PATIENCE_MS / 1000)
        assert not self._thread.is_alive(), "the server does not stop"


@dataclass
class Opened:
    """A page in the browser, with all that it asked for and complained of."""

    tab: Tab
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def outside(self) -> list[str]:
        """What it asked for beyond this machine, or of another page of it."""
        own = self.tab.url.partition("#")[0]
        return [one for one in self.requests if not one.startswith((own, "data:", f"blob:{own}"))]

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.tab.keyboard.press(key)

    def type(self, text: str) -> None:
        """Type."""
        self.tab.keyboard.type(text)

    def at(self, place: str) -> Locator:
        """Give a part of the page."""
        return self.tab.locator(place)

    def focused(self) -> str:
        """What has the focus is called, to those who hear the page."""
        name: str = self.tab.evaluate(
            "(document.activeElement.getAttribute('aria-label')"
            " || document.activeElement.labels?.[0]?.textContent"
            " || document.activeElement.textContent || '').trim()"
        )
        return name

    def tab_to(self, wanted: Callable[[str], bool], key: str = "Tab") -> None:
        """Press Tab until the focus is where it is wanted."""
        seen = []
        for _ in range(150):
            self.press(key)
            seen.append(self.focused())
            if wanted(seen[-1]):
                return
        raise AssertionError(f"no Tab comes there, but to {seen}")

    def counted(self, changes: int | None = None) -> None:
        """Wait until the figures are those of what stands on the page."""
        if changes is not None:
            expect(self.at("#change-list li.change")).to_have_count(changes)
        expect(self.at("#now")).to_have_attribute("aria-busy", "false")
        expect(self.at("#gained")).to_be_visible()

    def row(self, caption: str, key: str) -> list[str]:
        """Give the cells of a row of a table of the figures."""
        table = self.at("#now table").filter(has=self.tab.locator("caption", has_text=caption))
        return table.locator(f'tr[data-row="{key}"] td').all_inner_texts()

    def rows(self) -> list[str]:
        """Give the keys of all rows of figures, with the caption of their table."""
        found: list[str] = self.tab.evaluate(
            """() => [...document.querySelectorAll("#now tr[data-row]")].map((row) => (
            `${row.closest("table").caption.textContent}|${row.dataset.row}`))"""
        )
        return found


def whole(said: str) -> int:
    """Read a number as Dutch writes it."""
    return int(said.replace(".", "").replace("+", ""))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The small study, opened and served."""
    folder = hand.write_study(tmp_path_factory.mktemp("page") / "study")
    board = Board.from_study(sg.load_study(folder))
    explorer = Explorer.of_board(board, folder / "study.toml", folder / "variants")
    running = Served(explorer, folder)
    running.start()
    yield running
    running.stop()
    explorer.prover.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium of this machine that draws WebGL by itself; missing it fails with CI=true."""
    with run_chromium(
        "the explorer",
        "--enable-unsafe-swiftshader",
        "--use-gl=angle",
        "--use-angle=swiftshader",
        patience_ms=PATIENCE_MS,
    ) as running:
        yield running


@pytest.fixture
def opened(browser: Browser, served: Served) -> Iterator[Callable[..., Opened]]:
    """Open the page; without WebGL 2 unless it is asked for: that is quicker, and must do."""
    contexts: list[BrowserContext] = []
    shutil.rmtree(served.variants, ignore_errors=True)

    def open_it(
        size: tuple[int, int] = (1300, 900),
        *,
        webgl: bool = False,
        touch: bool = False,
        before: Callable[[Tab], None] = lambda _: None,
    ) -> Opened:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, has_touch=touch
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        if not webgl:
            context.add_init_script(NO_WEBGL)
        tab = context.new_page()
        shown = Opened(tab)
        tab.on("request", lambda request: shown.requests.append(request.url))
        tab.on("console", lambda line: shown.complaints.append(line.text))
        tab.on("pageerror", lambda error: shown.complaints.append(str(error)))
        before(tab)
        tab.goto(served.door.address)
        tab.locator("body[data-ready=yes]").wait_for()
        shown.counted()
        return shown

    yield open_it
    for context in contexts:
        context.close()


def choose_road(shown: Opened, where: str, change: str) -> None:
    """Find a road by degrees, and change it: by keys alone."""
    shown.press("f")
    assert shown.focused() == WORDS["find"]
    shown.at("#wanted").fill("")
    shown.type(where)
    shown.at("#hits li").first.wait_for()
    shown.press("ArrowDown", "Enter", "r")
    shown.at("#road [data-key='road_stop']").wait_for()
    assert shown.focused() in {WORDS[f"road_do.{one}"] for one in ("quiet", "open", "close")}
    if shown.focused() != WORDS[f"road_do.{change}"]:
        shown.tab_to(lambda name: name == WORDS[f"road_do.{change}"])
    shown.press("Enter")


def draw_road(shown: Opened) -> None:
    """Draw a new road between two streets."""
    for number, where in enumerate(ACROSS, 1):
        shown.at("#wanted").fill(where)
        shown.at("#hits li").first.wait_for()
        shown.press("Enter", "l")
        expect(shown.at("#road p")).to_contain_text(f"{number} punt")
    shown.at("[data-key=link_end]").click()


def put_at(shown: Opened, where: str) -> None:
    """Find a place by its degrees, and place there."""
    shown.at("#wanted").fill(where)
    shown.at("#hits li").first.wait_for()
    shown.press("Enter")
    assert shown.focused().startswith("Plaats hier")
    shown.press("Enter")


# -- it opens ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "sha256"),
    [
        ("maplibre-gl.mjs", "e02cb08c572fd0950a75343cd558099c2a1dbbaf67f26b0c96f115431962d1ae"),
        (
            "maplibre-gl-worker.mjs",
            "73d7a024a4efe1a46e49db193e18cfe33271e3ecc652ec7542c281a4ef5f0f04",
        ),
        ("maplibre-gl.css", "a90798a1953017790e590f7e1bd35ff103a8a4263972cb47290b78adf86f8c20"),
        ("LICENSE.txt", "ee5fc05a0677eaf69601d2c7db0d9ecd6cc27c3abc1d0733bc9ed34707cf8ef2"),
    ],
)
def test_the_library_is_as_published(name: str, sha256: str) -> None:
    """What we ship is maplibre-gl 6.17.0 as published, not a byte else."""
    assert hashlib.sha256((ASSETS / "maplibre" / name).read_bytes()).hexdigest() == sha256


def test_no_part_of_the_page_reads_markup() -> None:
    """Text from data is only ever text; nothing stands in the page that its policy forbids."""
    for path in [*ASSETS.glob("*.js"), ASSETS / "index.html"]:
        content = path.read_text("utf-8")
        found = re.findall(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function"
            r"|<[a-z]+[^>]* (?:style|on[a-z]+)=|<style|<script(?! type=\"module\" src)|https?://",
            content,
        )
        assert set(found) <= {"http://"}, path
        assert content.count("http://") == content.count("http://www.w3.org/2000/svg")


def test_the_map_is_drawn_and_takes_clicks(opened: Callable[..., Opened]) -> None:
    """With WebGL 2 by maplibre-gl, under the policy; nothing is asked for beyond this machine."""
    shown = opened(webgl=True)
    assert shown.at("#map").get_attribute("data-kind") == "gl"
    assert shown.tab.title().startswith("Kleine | proef")
    assert shown.tab.evaluate("document.documentElement.lang") == "nl"
    box = shown.at("#map").bounding_box()
    assert box
    shown.tab.mouse.click(box["x"] + box["width"] / 3, box["y"] + box["height"] / 2)
    shown.counted(1)
    assert whole(shown.at("#gained").inner_text()) > 0
    assert find_barriers(shown.tab) == []
    assert any("maplibre-gl-worker" in one for one in shown.requests)
    assert shown.outside == []
    assert not [one for one in shown.complaints if "Security" in one or "rror" in one]


def test_a_map_that_the_browser_gives_up_is_drawn_plainly(opened: Callable[..., Opened]) -> None:
    """A lost WebGL context in mid-session: said, and the plain map goes on where it was."""
    shown = opened((500, 700), webgl=True)
    put_at(shown, SPOT)
    shown.counted(1)
    shown.tab.evaluate(
        "document.querySelector('#ground canvas').getContext('webgl2')"
        ".getExtension('WEBGL_lose_context').loseContext()"
    )
    expect(shown.at("#map")).to_have_attribute("data-kind", "flat")
    expect(shown.at("#said")).to_have_text(WORDS["map_plain"])
    assert shown.at("#ground canvas").count() == 0
    assert shown.at("#map .marks").count() == 1
    expect(shown.at(".mark.placed.chosen")).to_have_count(1)
    # It is the same place that one looks at, and each key does its work once.
    box, mark = shown.at("#map").bounding_box(), shown.at(".mark.placed").bounding_box()
    assert box
    assert mark
    assert abs(mark["x"] + mark["width"] / 2 - box["x"] - box["width"] / 2) < 2
    shown.at("#map").focus()
    shown.press("ArrowRight", "Enter")
    shown.counted(2)


def test_what_is_dragged_moves(opened: Callable[..., Opened]) -> None:
    """A mark is taken to another place by the mouse, on the plain map too; then undone."""
    shown = opened()
    assert shown.at("#map").get_attribute("data-kind") == "flat"
    at, around = shown.at(".mark.academy").first.bounding_box(), shown.at("#map").bounding_box()
    assert at
    assert around
    shown.tab.mouse.move(at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)
    shown.tab.mouse.down()
    to = around["x"] + around["width"] / 2, around["y"] + around["height"] / 2
    shown.tab.mouse.move(*to, steps=3)
    shown.tab.mouse.up()
    shown.counted(1)
    assert shown.at("#change-list .kind").all_inner_texts() == ["Verplaatst"]
    shown.press("Control+z")
    expect(shown.at("#change-list li.change")).to_have_count(0)
    shown.press("Control+Shift+Z")
    expect(shown.at("#change-list li.change")).to_have_count(1)


def test_far_from_the_study_nothing_is_placed(opened: Callable[..., Opened]) -> None:
    """It is said in plain words, and the figures stay."""
    shown = opened((500, 700))
    put_at(shown, "51,1 8,6")
    expect(shown.at("#alert")).to_have_text(WORDS["too_far"])
    shown.counted(0)


def test_a_finger_places(opened: Callable[..., Opened]) -> None:
    """On a phone a tap on the map places; a button in reach of a thumb takes it away."""
    shown = opened((360, 740), touch=True)
    shown.at("#map").scroll_into_view_if_needed()
    shown.at("#map").tap(position={"x": 150, "y": 150})
    shown.counted(1)
    # In one go: the list is drawn again when it is known what is near.
    box = shown.tab.evaluate(
        "document.querySelector(\"[data-key='N1 remove']\").getBoundingClientRect().toJSON()"
    )
    assert min(box["width"], box["height"]) >= 24
    shown.at("[data-key='N1 remove']").tap()
    shown.counted(0)


def test_what_is_near_can_be_chosen(opened: Callable[..., Opened]) -> None:
    """The places near one that was placed are offered, and take it exactly there."""
    near = [
        {"name": "Bibliotheek <i>Zuid</i>", "kind": "library", "lon": 4.4561234, "lat": 51.1151234},
        {"name": "School", "kind": "school", "lon": 4.46, "lat": 51.116},
    ]

    def answer(route: Route) -> None:
        asked = json.loads(route.request.post_data or "")
        route.fulfill(json={"request": asked["request"], "places": near})

    shown = opened(before=lambda tab: tab.route("**/api/find", answer))
    put_at(shown, SPOT)
    shown.counted(1)
    shown.at("#change-list summary").first.click()
    shown.at("#change-list .near button").first.click()
    expect(shown.at("#change-list strong")).to_have_text("Bibliotheek <i>Zuid</i>")
    # Until the reply is there: one that is still being saved is opened by the next page.
    with shown.tab.expect_response("**/api/variants/*") as saved:
        shown.press("Control+s")
    (placed,) = json.loads(saved.value.request.post_data or "")["variant"]["placed"]
    assert (placed["lon"], placed["lat"]) == (4.4561234, 51.1151234)
    # In the empty field the down arrow lists them too.
    shown.at("#wanted").fill("")
    shown.press("ArrowDown")
    expect(shown.at("#hits li")).to_have_count(2)


def test_the_best_next_place_comes_by_one_key(opened: Callable[..., Opened]) -> None:
    """It brings as many children as was said, and has its ages; where none is, it says why."""
    shown = opened()
    replies: list[dict[str, object]] = []

    def give(route: Route) -> None:
        asked = json.loads(route.request.post_data or "")
        if replies:
            route.fulfill(json={"request": asked["request"], **replies.pop(0)})
        else:
            route.continue_()

    shown.tab.route("**/api/best", give)
    with shown.tab.expect_response("**/api/best") as answer:
        shown.press("b")
    told = answer.value.json()["place"]
    shown.counted(1)
    assert whole(shown.at("#gained").inner_text()) == told["children"] > 0
    expect(shown.at("#change-list strong")).to_have_text(told["name"])
    shown.press("Control+z")
    shown.counted(0)
    best = {**told, "name": "Bib", "min_age": 8, "max_age": None}
    replies += [{"place": None, "why": "Geen <b>plaats</b>"}, {"place": best, "why": ""}]
    shown.press("b")
    expect(shown.at("#said")).to_have_text("Geen <b>plaats</b>")
    # A letter in a field is a letter.
    shown.at(".name-field input").focus()
    shown.press("b")
    assert shown.at("#change-list li.change").count() == 0
    shown.at("#map").focus()
    shown.press("b")
    shown.counted(1)
    expect(shown.at("#change-list .line")).to_contain_text("Bib")
    expect(shown.at("#change-list .line")).to_contain_text("vanaf 8 jaar")
    # Switched off, the letter does nothing.
    shown.at("#keys > summary").click()
    shown.at("#key-list input").uncheck()
    shown.at("#map").focus()
    shown.press("b")
    shown.at("#key-list input").check()
    expect(shown.at("#change-list li.change")).to_have_count(1)


# -- late, lost and wrong replies -------------------------------------------------------------


def test_no_late_reply_is_shown(opened: Callable[..., Opened]) -> None:
    """Fifty replies in disorder: figures are those of what stands on the page, or none."""
    held: list[Route] = []
    shown = opened((500, 400))
    with shown.tab.expect_response("**/api/change") as answer:
        put_at(shown, SPOT)
    sample: dict[str, Any] = answer.value.json()
    shown.counted(1)
    for question in ("isochrone", "find"):
        shown.tab.route(f"**/api/{question}", lambda route: route.abort())
    shown.tab.route("**/api/change", lambda route: held.append(route))  # noqa: PLW0108
    shown.tab.evaluate(FIFTY_PLACED)
    for _ in range(5000):  # tasks, not seconds
        if len(held) == 50:
            break
        shown.tab.evaluate(DRAWN)
    asked = [json.loads(route.request.post_data or "")["request"] for route in held]
    newest = max(asked)
    order = list(range(50))
    random.Random(7).shuffle(order)  # noqa: S311
    came = False
    for number in order:
        reply = copy.deepcopy(sample) | {"request": asked[number]}
        reply["places"]["region"][0]["figures"]["all"]["central"]["all"][3] = asked[number]
        with shown.tab.expect_event("requestfinished"):
            held[number].fulfill(json=reply)
        came |= asked[number] == newest
        shown.tab.evaluate(DRAWN)
        if came:
            expect(shown.at("#gained")).to_have_text(f"+{newest}")
        else:
            assert shown.at("#gained").count() == 0
            assert shown.at("#now").inner_text() == WORDS["counting"]


def test_a_reply_to_another_question_is_refused(opened: Callable[..., Opened]) -> None:
    """A reply with another number is shown to nobody, and the page says so."""
    shown = opened()
    shown.tab.route(
        "**/api/change",
        lambda route: route.fulfill(
            json={"request": 1, "places": {}, "cost": None, "gaps": [], "academies": []}
        ),
    )
    put_at(shown, SPOT)
    expect(shown.at("#alert")).to_have_text(WORDS["wrong_reply"])
    assert shown.at("#gained").count() == 0


def test_a_lost_server_is_said_and_nothing_is_lost(
    opened: Callable[..., Opened], served: Served
) -> None:
    """What stands on the page stays; when the server is back, it goes on by itself."""
    shown = opened()
    port = served.door.port
    served.stop()
    try:
        put_at(shown, SPOT)
        expect(shown.at("#alert")).to_have_text(WORDS["lost"])
        put_at(shown, OTHER_SPOT)
        expect(shown.at("#change-list li.change")).to_have_count(2)
    finally:
        served.start(port)
    shown.counted(2)
    expect(shown.at("#alert")).to_have_text("")
    assert whole(shown.at("#gained").inner_text()) > 0


# -- text stays text --------------------------------------------------------------------------


def test_names_with_markup_stay_text(opened: Callable[..., Opened]) -> None:
    """Of an academy, a place, a variant: shown as they are, run by nobody."""
    shown = opened()
    put_at(shown, SPOT)
    shown.counted(1)
    shown.at("#change-list summary").first.click()
    shown.at("#change-list [name=name]").fill(PAYLOAD)
    shown.press("Tab")
    expect(shown.at("#change-list strong")).to_have_text(PAYLOAD)
    shown.at(".name-field input").fill(PAYLOAD)
    shown.press("Tab")
    expect(shown.at(".tab.at span").first).to_have_text(PAYLOAD)
    shown.at("#academies summary").click()
    expect(shown.at("#academy-list")).to_contain_text("Proefacademie <b>West</b> `${x}`")
    shown.tab.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert PAYLOAD in (shown.at("#sheet").text_content() or "")
    assert shown.tab.evaluate("window.HACKED") is None
    assert shown.at("#main img, #main b, #sheet img").count() == 0
    assert not [one for one in shown.complaints if "Security" in one]


@pytest.mark.parametrize("language", ["nl", "fr", "en"])
def test_every_text_is_there(opened: Callable[..., Opened], language: str) -> None:
    """In each language no key shows through, and no part of a text is left unfilled."""

    def in_language(tab: Tab) -> None:
        def answer(route: Route) -> None:
            told = route.fetch().json()
            words = load_texts(language).list_below("explore")
            route.fulfill(json={**told, "language": language, "words": words})

        tab.route("**/api/study", answer)

    shown = opened(before=in_language)
    shown.at("#wanted").fill(SPOT)
    shown.at("#hits li").first.wait_for()
    shown.press("Enter", "Enter")
    shown.counted(1)
    for part in ("academies", "places", "saved", "keys"):
        shown.at(f"#{part} > summary").click()
    shown.at("#place-list td").first.wait_for()
    shown.tab.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    text: str = shown.tab.evaluate("document.body.textContent")
    labels: str = shown.tab.evaluate(
        "[...document.querySelectorAll('[aria-label]')].map((one) => one.ariaLabel).join(' ')"
    )
    said = (text + labels).replace("`${x}`", "")  # the name of an academy
    assert not re.findall(r"\{\w+\}|\b(?:head|key|measure|switch|kind|field)\.\w+", said)
    assert not re.findall(r"\b[a-z]+_[a-z_]+\b", labels)
    share = shown.row(load_texts(language).list_below("explore.page")["by_age"], "all")[-1]
    assert re.fullmatch(
        {"nl": r"\d+,\d\xa0%", "fr": "\\d+,\\d\u202f%", "en": r"\d+\.\d%"}[language], share
    )


# -- for everyone -----------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(1300, 900), (360, 740)], ids=["screen", "phone"])
def test_axe_finds_nothing(opened: Callable[..., Opened], size: tuple[int, int]) -> None:
    """As it opens; with changes, a form, hits, every part open; and it fits its window."""
    shown = opened(size)
    assert find_barriers(shown.tab) == []
    shown.at(".name-field input").fill("Een fietsbrug over het kanaal en een academie ernaast")
    put_at(shown, SPOT)
    shown.counted(1)
    shown.at("#change-list summary").first.click()
    shown.press("Escape")
    draw_road(shown)
    shown.counted(2)
    shown.at("#change-list .add summary").click()
    shown.at("#wanted").fill(ON_A_ROAD)
    shown.at("#hits li").first.wait_for()
    shown.press("Enter", "r")
    shown.at("#road [data-key='road close']").wait_for()
    shown.at("[data-key=copy]").click()
    for part in ("academies", "places", "saved", "keys"):
        shown.at(f"#{part} > summary").click()
    shown.at("#academy-list [data-key='S1 toggle']").click()
    shown.counted(3)
    shown.at("#academy-list [data-key='S1 toggle']").wait_for()
    shown.at("#compare select").select_option(index=1)
    shown.at("#wanted").fill(OTHER_SPOT)
    shown.at("#hits li").first.wait_for()
    assert find_barriers(shown.tab) == []
    # Also the widest figures that there can be.
    shown.tab.evaluate(
        """() => document.querySelectorAll("#now tr[data-row]").forEach((row) => (
        ["+9.999", "-9.999", "902.071", "67,2\u00a0%*", "76,8\u00a0%*"].forEach((said, at) => {
          if (row.cells[at + 1]) row.cells[at + 1].textContent = said;
        })))"""
    )
    assert shown.tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_print_is_a_sheet(opened: Callable[..., Opened]) -> None:
    """Title, notice, changes, map, variants, sources and day; no control of the page."""
    shown = opened()
    put_at(shown, SPOT)
    shown.counted(1)
    choose_road(shown, ON_A_ROAD, "close")
    shown.counted(2)
    shown.at("#change-list summary").first.click()
    shown.at("#change-list [name=min_age]").fill("8")
    shown.at("#change-list [name=valid_from]").fill("2022-09-01")
    shown.press("Tab")
    shown.at("[data-key=copy]").click()
    shown.counted(2)
    paper = pypdf.PdfReader(io.BytesIO(shown.tab.pdf(prefer_css_page_size=True)))
    assert len(paper.pages) == 1
    assert [round(float(side)) for side in paper.pages[0].mediabox[2:]] == [595, 842]
    said = " ".join(paper.pages[0].extract_text().split())
    for line in (
        "Kleine | proef",
        "Proef, niet voor publicatie",
        WORDS["changes"],
        WORDS["compare"],
        "Variant 1 (kopie)",
        "31 december 2022",
        "Proefgrenzen",
        "0 tot 20 %",
        "vanaf 8 jaar · vanaf 1 september 2022",
        "2. Weg 1 in",
        "500 m",
    ):
        assert line in said
    for control in (WORDS["best"], WORDS["save"], WORDS["keys"]):
        assert control not in said


def test_the_sheet_frames_what_changes(opened: Callable[..., Opened]) -> None:
    """With a margin, and the names of places; all of the land where nothing changes."""
    shown = opened()
    frame_of = """async (codes) => {
      const { frameAround } = await import("./land.js");
      const boxes = { 1: [4, 51, 4.1, 51.05], 2: [3.2, 51, 3.3, 51.05] };
      const byCode = new Map(Object.entries(boxes).map(([code, box]) => [code, { box }]));
      const spots = codes.length ? [[4.05, 51.06]] : [];
      return frameAround({ bounds: [2.5, 50.7, 5.9, 51.5], byCode }, codes, spots);
    }"""
    whole = shown.tab.evaluate(frame_of, [])
    village = shown.tab.evaluate(frame_of, ["1", "unknown"])
    both = shown.tab.evaluate(frame_of, ["1", "2"])
    assert whole == [2.5, 50.7, 5.9, 51.5]
    assert village == pytest.approx([3.99, 50.994, 4.11, 51.066], abs=1e-6)
    assert both[0] < 3.2
    assert both[2] > 4.1
    put_at(shown, SPOT)
    shown.counted(1)
    shown.tab.emulate_media(media="print")
    expect(shown.at("#sheet .paper-map text").filter(has_text="Aartselaar")).to_have_count(1)


# -- variants ---------------------------------------------------------------------------------


def test_variants_stand_side_by_side(opened: Callable[..., Opened]) -> None:
    """Each has its own figures; as a difference they are those of one less those of the other."""
    shown = opened()
    put_at(shown, SPOT)
    shown.counted(1)
    first = whole(shown.row(WORDS["by_age"], "all")[2])
    shown.at("[data-key=new]").click()
    shown.counted(0)
    put_at(shown, OTHER_SPOT)
    shown.counted(1)
    second = whole(shown.row(WORDS["by_age"], "all")[2])
    assert first != second
    cells = shown.at("#compare tr[data-row='measure.covered'] td")
    expect(cells.first).to_have_text(str(first))
    assert [whole(one) for one in cells.all_inner_texts()] == [first, second]
    # The example has two provinces: those in which something changes have a row.
    assert shown.at("#compare tr[data-row^='measure.covered_in ']").count() > 0
    shown.at("#compare select").select_option(label="Variant 1")
    expect(cells.nth(1)).to_have_text(f"{second} ({second - first:+})")
    for _ in range(4):
        shown.at("[data-key=copy]").click()
    expect(shown.at("#tabs input")).to_have_count(6)
    shown.at("[data-key=copy]").click()
    expect(shown.at("#alert")).to_contain_text("6")
    expect(shown.at("#tabs input")).to_have_count(6)


def save(shown: Opened) -> None:
    """Save the variant on the page by its key, and wait until it is."""
    shown.press("Control+s")
    expect(shown.at(".tab.at .dirty")).to_have_count(0)


def assert_as_run(shown: Opened, study: Path, plan: Path, edits: Path | None = None) -> None:
    """Every figure of the page is that of a run with a plan, and with edits of roads."""
    asked_of = sg.load_study(study).with_plan(plan).with_network_edits(edits)
    coverage = sg.run(asked_of).coverage
    ways = {key: WORDS[key] for key in ("by_roads", "by_age", "by_province", "by_place")}
    seen = 0
    for line in shown.rows():
        caption, _, key = line.partition("|")
        asked = {"profile": "all", "scenario": "central", "band": "all", "level": "region"}
        if caption == ways["by_roads"]:
            asked["profile"], asked["scenario"] = key.split()
        elif caption == ways["by_age"]:
            asked["band"] = key
        else:
            asked["level"] = "province" if caption == ways["by_province"] else "municipality"
            asked["code"] = key
        rows = coverage
        for name, value in asked.items():
            rows = rows[rows[name] == value]
        (row,) = rows.to_dict("records")
        gained, lost, covered, _, share = shown.row(caption, key)
        assert whole(covered) == row["covered"], (caption, key)
        assert share.rstrip("*") == format_percent(row["share"], "nl"), (caption, key)
        assert whole(gained) + whole(lost) <= row["covered"]
        seen += 1
    assert seen >= 9 + 4 + 2 + 1


def test_the_whole_task_by_keyboard(opened: Callable[..., Opened], served: Served) -> None:
    """Place, set ages, move, close, shut a road, compare, save: by keys; figures are of a run."""
    shown = opened()
    # A place at the crosshair, walked to.
    shown.press("Tab")
    assert shown.focused() == WORDS["to_map"]
    shown.press("Enter")
    assert shown.focused() == WORDS["map"]
    shown.press("Enter", "ArrowRight", "ArrowRight", "Shift+ArrowUp", "Enter")
    shown.counted(1)
    # Its ages.
    shown.tab_to(lambda name: name.startswith(WORDS["name_ages_dates"]))
    shown.press("Enter")
    shown.tab_to(lambda name: name == WORDS["field.min_age"])
    shown.type("8")
    shown.press("Tab")
    expect(shown.at("#change-list .line")).to_contain_text("vanaf 8 jaar")
    shown.counted(1)
    # One of the register closes, another moves to a place that is found.
    shown.tab_to(lambda name: name == WORDS["academies"])
    shown.press("Enter")
    shown.tab_to(lambda name: name.startswith("Sluiten: Proefacademie <b>West"))
    shown.press("Enter")
    shown.counted(2)
    assert shown.focused() == "Heropenen: Proefacademie <b>West</b> `${x}`"
    shown.tab_to(lambda name: name.startswith("Verplaatsen: Proefacademie Oost"), "Shift+Tab")
    shown.press("Enter", "f")
    assert shown.focused() == WORDS["find"]
    shown.type(OTHER_SPOT)
    shown.at("#hits li").first.wait_for()
    shown.press("ArrowDown", "Enter")
    assert shown.focused() == WORDS["move_here"]
    shown.press("Enter")
    shown.counted(3)
    assert sorted(shown.at("#change-list .kind").all_inner_texts()) == sorted(
        WORDS[f"kind.{one}"] for one in ("placed", "moved", "closed")
    )
    # A road closes.
    choose_road(shown, ON_A_ROAD, "close")
    shown.counted(4)
    expect(shown.at("#change-list .close .line")).to_contain_text("500 m")
    # Undone and done again; saved; every figure is that of a run with the files.
    shown.press("Control+z")
    shown.counted(3)
    shown.press("Control+Shift+Z")
    shown.counted(4)
    save(shown)
    plan, edits = sorted(served.variants.iterdir())
    assert edits.name == f"{plan.stem}.edits.geojson"
    assert_as_run(shown, served.folder, plan, edits)
    # A second variant, compared with the first.
    shown.press("n")
    shown.counted(0)
    shown.press("1")
    shown.counted(4)
    assert shown.at("#compare thead th").count() == 3
    assert shown.outside == []
    assert not [one for one in shown.complaints if "Security" in one]


def test_what_was_saved_is_there_again(opened: Callable[..., Opened], served: Served) -> None:
    """A browser that stops loses no saved variant; what is not saved is warned of."""
    shown = opened()
    put_at(shown, SPOT)
    shown.counted(1)
    shown.at(".name-field input").fill("Bij de bibliotheek")
    shown.press("Tab")
    save(shown)
    gained = shown.at("#gained").inner_text()
    put_at(shown, OTHER_SPOT)
    shown.counted(2)
    asked: list[str] = []
    shown.tab.on("dialog", lambda box: (asked.append(box.type), box.dismiss()))
    shown.tab.close(run_before_unload=True)
    for _ in range(5000):  # tasks, not seconds
        if asked:
            break
        shown.tab.evaluate(DRAWN)
    assert asked == ["beforeunload"]
    shown.tab.context.close()
    again = opened()
    again.counted(1)
    assert again.at(".tab.at span").first.inner_text() == "Bij de bibliotheek"
    assert again.at("#gained").inner_text() == gained
    assert again.at(".dirty").count() == 0
    again.press("Control+z")
    again.counted(1)
    assert [one.name for one in served.variants.iterdir()] == ["bij-de-bibliotheek.csv"]


def test_what_another_window_wrote_is_not_replaced_unasked(opened: Callable[..., Opened]) -> None:
    """The later of two is asked what to do: theirs, beside it, mine, or nothing yet."""
    first = opened()
    put_at(first, SPOT)
    first.counted(1)
    save(first)
    second = opened()
    second.counted(1)
    put_at(first, OTHER_SPOT)
    first.counted(2)
    # What one window does is not seen in the other.
    assert second.at("#change-list li.change").count() == 1
    save(first)
    second.at("[data-key='N1 remove']").click()
    put_at(second, OTHER_SPOT)
    second.counted(1)
    second.press("Control+s")
    answers = second.at("#asked [data-answer]")
    expect(answers).to_have_count(4)
    assert find_barriers(second.tab) == []
    second.press("Escape")
    assert second.at(".tab.at .dirty").count() == 1
    second.press("Control+s")
    second.at("[data-answer=beside]").click()
    expect(second.at(".tab.at .dirty")).to_have_count(0)
    second.at("#saved > summary").click()
    expect(second.at("#saved-list li")).to_have_count(2)


def test_a_plan_that_the_page_writes_is_read_as_one(
    opened: Callable[..., Opened], served: Served, tmp_path: Path
) -> None:
    """Without the server, too, what stands on the page is kept: a plan that a run takes."""
    shown = opened()
    put_at(shown, SPOT)
    shown.counted(1)
    shown.at("#change-list summary").first.click()
    shown.at("#change-list [name=name]").fill('=Bij "de", bib')
    shown.press("Tab")
    shown.at("#academies > summary").click()
    shown.at("[data-key='S2 toggle']").click()
    shown.counted(2)
    with shown.tab.expect_download() as download:
        shown.at("[data-key=download]").click()
    plan = tmp_path / "plan.csv"
    download.value.save_as(plan)
    assert_as_run(shown, served.folder, plan)
    save(shown)
    (saved,) = served.variants.iterdir()
    ours, theirs = (
        sg.run(sg.load_study(served.folder).with_plan(one)).coverage for one in (plan, saved)
    )
    assert ours.equals(theirs)


def test_it_is_proved(opened: Callable[..., Opened]) -> None:
    """A whole run, beside what the page shows: equal, with progress, and closed by a key."""
    shown = opened()
    put_at(shown, SPOT)
    shown.counted(1)
    draw_road(shown)
    shown.counted(2)
    shown.at("[data-key=prove]").click()
    shown.at("[data-answer=alone]").click()
    expect(shown.at("#proof")).to_have_attribute("data-state", "equal")
    assert "rijen" in shown.at("#proof").inner_text()
    shown.press("Escape")
    expect(shown.at("#asked")).to_be_hidden()
