"""Facts about the explorer's server: who is let in, and what is answered."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import subprocess
import sys
import threading
import webbrowser
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import hand
import pytest
from asked import OWN, Asked
from terminal import stemgeo

import stemgeo as sg
from stemgeo.explore.board import Board
from stemgeo.explore.messages import (
    BestReply,
    ChangeReply,
    ConflictReply,
    FindReply,
    IsochroneReply,
    ProblemReply,
    ProofReply,
    ProveReply,
    StudyReply,
)
from stemgeo.explore.server import (
    HEADERS,
    Door,
    Explorer,
    Queue,
    Refusal,
    listen,
    open_browser,
    read_assets,
)

if TYPE_CHECKING:
    from pathlib import Path

    import httpx
    import pandas as pd

    from stemgeo.explore.messages import ChangeRequest
    from stemgeo.explore.proof import Asking

pytestmark = pytest.mark.usefixtures("read_once")

SPOT = {"lon": 4.455, "lat": 51.115}
ROUTES = [
    *(("GET", path) for path in ("", "app.css", "no-such", "api/study", "api/schema")),
    *(("GET", path) for path in ("api/variants", "api/prove/1", "api/roads")),
    *(("POST", f"api/{path}") for path in ("change", "isochrone", "best", "find", "prove", "no")),
    *(("POST", f"api/{path}") for path in ("stretch", "road")),
    *((method, "api/variants/a") for method in ("PUT", "DELETE")),
]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small study; it is not changed."""
    return hand.write_study(tmp_path_factory.mktemp("server") / "study")


@pytest.fixture(scope="module")
def board(study: Path) -> Board:
    """It, opened."""
    return Board.from_study(sg.load_study(study))


@pytest.fixture(scope="module")
def ask(study: Path, board: Board) -> Asked:
    """Its server, whose saved variants are nobody's yet."""
    return Asked(Explorer.of_board(board, study / "study.toml", study / "variants"))


def problem_of(said: httpx.Response, status: int) -> str:
    """Give the one line of a reply that refuses."""
    assert said.status_code == status
    problem = ProblemReply.model_validate_json(said.content).problem
    assert problem
    assert "\n" not in problem
    return problem


# -- who is let in ----------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize(
    "wrong",
    [
        {"Host": "example.org"},
        {"Host": "localhost:8765"},
        {"Host": "127.0.0.1"},
        {"Host": "127.0.0.1:8766"},
        {"Origin": "http://example.org"},
        {"Origin": "http://127.0.0.1:8766"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
    ids=lambda wrong: "=".join(next(iter(wrong.items()))),
)
def test_who_comes_from_elsewhere_is_refused(
    ask: Asked, method: str, path: str, wrong: dict[str, str]
) -> None:
    """On every route, of every name, page and site but its own; and in one line."""
    said = ask(method, path, {}, **wrong)
    assert "open" in problem_of(said, 403)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_who_lacks_the_word_is_refused(ask: Asked, method: str, path: str) -> None:
    """Another one, a part of it, none: on every route."""
    token = ask.door.token
    for before in ("", "x" * len(token), token[:-1], token.swapcase(), f"{token}x", "%2e", "..//"):
        problem_of(ask(method, "", {}, raw=f"/{before}/{path}"), 403)


def test_who_writes_says_from_where(ask: Asked) -> None:
    """A page that changes anything is named by its browser; one that reads may be typed."""
    problem_of(ask("POST", "api/change", {}, Origin=None), 403)
    problem_of(ask("POST", "api/change", {}, Sec_Fetch_Site="none"), 403)
    assert ask("GET", "api/schema", Sec_Fetch_Site="none").status_code == 200
    assert ask("GET", "api/schema", Sec_Fetch_Site=None).status_code == 200


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_browsers_are_told_what_they_may(ask: Asked, method: str, path: str) -> None:
    """Policy and other headers stand once on every reply, also where it refuses or fails."""
    for host in ("127.0.0.1:8765", "example.org"):
        said = ask(method, path, {}, Host=host)
        for name, value in HEADERS.items():
            assert said.headers.get_list(name) == [value]
    assert "unsafe" not in HEADERS["Content-Security-Policy"]


@pytest.mark.enable_socket
def test_a_small_answer_is_sent_at_once() -> None:
    """The body waits for no acknowledgement of the head: asyncio asks what the socket is of."""
    with listen(0) as taken:
        assert taken.proto == socket.IPPROTO_TCP


def test_on_port_80_no_port_is_named() -> None:
    """Browsers leave it out of what they send: the page is let in, and no other name."""
    door = Door("word", 80)
    assert door.address == "http://127.0.0.1/word/"
    for host, let_in in ((b"127.0.0.1", True), (b"127.0.0.1:80", False), (b"localhost", False)):
        own = [(b"host", host), (b"origin", b"http://" + host)]
        assert door.lets_in({"method": "PUT", "path": "/word/a", "headers": own}) is let_in


# -- what is answered -------------------------------------------------------------------------


def test_the_study_is_told(ask: Asked, board: Board) -> None:
    """Names, choices, figures of each place: those of the coverage table."""
    told = StudyReply.model_validate_json(ask("GET", "api/study").content)
    assert told.title == "Kleine | proef"
    assert [one.key for one in told.profiles] == ["all", "low_stress", "quiet_1"]
    assert [one.id for one in told.academies] == ["S1", "S2", "S3"]
    assert [one.open for one in told.academies] == [True, True, False]
    whole = told.places["region"][0].figures["all"]["central"]["all"]
    assert whole[0] == hand.CHILDREN
    coverage = board.coverage
    for level, places in told.places.items():
        for place in places:
            rows = coverage[(coverage["level"] == level) & (coverage["code"] == place.code)]
            for row in rows.itertuples():
                counts = place.figures[row.profile][row.scenario][row.band]
                assert counts == (row.children, row.covered, row.unmeasured, 0, 0)


def test_a_change_is_told_as_the_board_has_it(ask: Asked, board: Board) -> None:
    """One that comes, one that moves, one that closes: figures as the board counts them."""
    variant = {
        "placed": [{"id": "N", "name": "Nieuw", "min_age": 6, **SPOT}],
        "moved": [{"id": "S1", "lon": 4.4, "lat": 51.12}],
        "closed": ["S2"],
    }
    told = ChangeReply.model_validate_json(
        ask("POST", "api/change", {"request": 7, "variant": variant}).content
    )
    assert told.request == 7
    asked = StudyReply.model_validate_json(ask("GET", "api/study").content)
    assert len(told.places["province"]) == len(asked.places["province"])
    assert {one.id: (one.nis_code, one.found, one.counts) for one in told.academies} == {
        "N": ("11004", True, True),
        "S1": ("11001", True, True),
    }
    before = board.coverage.set_index(["level", "code", "profile", "scenario", "band"])
    for level, places in told.places.items():
        for place in places:
            for profile, by_speed in place.figures.items():
                for speed, by_band in by_speed.items():
                    for band, (children, covered, _, gained, lost) in by_band.items():
                        row = before.loc[level, place.code, profile, speed, band]
                        assert children == row["children"]
                        assert covered == row["covered"] + gained - lost
    whole = told.places["region"][0].figures["all"]["central"]["all"]
    assert whole[3] > 0
    assert whole[4] > 0


def test_what_changes_nothing_is_said(ask: Asked) -> None:
    """One that was closed already, for ages that the study does not count, of another day."""
    late = {"id": "L", "valid_from": "2023-01-01", **SPOT}
    aged = {"id": "N", "min_age": 40, "max_age": 50, **SPOT}
    variant = {"placed": [aged, late], "closed": ["S3"]}
    told = ask("POST", "api/change", {"request": 1, "variant": variant}).json()
    closed, not_open, ages = told["notes"]
    assert "Vroeger" in closed
    assert not_open == "niet open op 31 december 2022, en niet meegeteld: L"
    assert ages.startswith("N:")
    assert {one["id"]: one["counts"] for one in told["academies"]} == {"N": True, "L": False}
    assert told["places"]["municipality"] == []


@pytest.mark.parametrize(
    ("variant", "what"),
    [
        ({"closed": ["nobody"]}, "nobody: is niet bekend in het register"),
        ({"moved": [{"id": "nobody", **SPOT}]}, "nobody: is niet bekend"),
        ({"placed": [{"id": "S1", **SPOT}]}, "S1: is een nummer uit het register"),
        ({"closed": ["S1", "S1"]}, "S1: verandert twee keer"),
        ({"closed": ["S1"], "moved": [{"id": "S1", **SPOT}]}, "S1: verandert twee keer"),
        ({"placed": [{"id": "N", **SPOT}, {"id": "N", **SPOT}]}, "N: verandert twee keer"),
        ({"closed": ["S1"] * 101}, "variant.closed: heeft meer dan 100 wijzigingen"),
        ({"placed": [{"id": "N", "lon": 14.0, "lat": 51.0}]}, "placed.0.lon: is te klein of te"),
        ({"placed": [{"id": "N", "lon": "4", "lat": 51.0}]}, "placed.0.lon: is niet wat"),
        ({"placed": [{"id": "", **SPOT}]}, "placed.0.id: is leeg"),
        ({"placed": [{"id": "N" * 201, **SPOT}]}, "placed.0.id: is te lang"),
        ({"placed": [{"id": "N", "min_age": 9, "max_age": 6, **SPOT}]}, "eindigt voor het begint"),
        ({"opened": []}, "variant.opened: is niet gekend"),
    ],
)
def test_a_variant_that_cannot_be_is_refused(
    ask: Asked, variant: dict[str, object], what: str
) -> None:
    """In one line of the study's language, that names where it is wrong."""
    said = ask("POST", "api/change", {"request": 1, "variant": variant})
    assert what in problem_of(said, 400)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[" * 100_000, 400),
        (b"null", 400),
        (b'{"request": 1}', 400),
        (b'{"request": 1e999, "variant": {}}', 400),
        (b'{"request": -1, "variant": {}}', 400),
        (b'{"request": NaN, "variant": {}}', 400),
        (b'\xff\xfe{"request": 1, "variant": {}}', 400),
        (b'{"request": 1, "variant": {"name": "\\ud800"}}', 400),
        (b" " * 1_000_001, 413),
        (b'{"request": 1, "variant": {"name": "' + b"x" * 1_000_000 + b'"}}', 413),
    ],
)
def test_a_body_that_is_none_is_refused(ask: Asked, content: bytes, status: int) -> None:
    """Broken, deep, of other letters, too long: one line, and the next question is answered."""
    problem_of(ask("POST", "api/change", content=content), status)
    assert ask("POST", "api/change", {"request": 2, "variant": {}}).json()["request"] == 2


def test_a_body_of_another_kind_is_refused(ask: Asked) -> None:
    """A form of another page can send text, but no JSON."""
    message = {"request": 1, "variant": {}}
    for kind in (None, "text/plain", "application/x-www-form-urlencoded", "application/jsonx"):
        problem_of(ask("POST", "api/change", message, Content_Type=kind), 415)
    kind = "application/json; charset=utf-8"
    assert ask("POST", "api/change", message, Content_Type=kind).status_code == 200


def test_what_is_not_there_is_said(ask: Asked) -> None:
    """Another path, another method, a path that climbs."""
    problem_of(ask("GET", "no-such"), 404)
    problem_of(ask("GET", "api"), 404)
    problem_of(ask("POST", "api/study", {}), 405)
    problem_of(ask("DELETE", "api/change", {}), 405)
    token = ask.door.token
    for climbs in ("../server.py", "%2e%2e/server.py", "..%2fserver.py", "assets/../server.py"):
        said = ask("GET", "", raw=f"/{token}/{climbs}")
        assert said.status_code in (403, 404)


def test_the_address_is_secret_and_of_this_machine(ask: Asked) -> None:
    """Each server has its own word, of more than a hundred bits."""
    assert ask.door.address.startswith(f"{OWN}/")
    assert len(ask.door.token) >= 32
    assert type(ask.door).on_port(8765).token != ask.door.token


# -- what it means ----------------------------------------------------------------------------


def test_what_a_change_means_is_told(ask: Asked) -> None:
    """Cost under the rules, gaps by the ids of a run; their children before and after."""
    variant = {"placed": [{"id": "N", **SPOT}]}
    told = ChangeReply.model_validate_json(
        ask("POST", "api/change", {"request": 1, "variant": variant}).content
    )
    assert told.cost is not None
    assert told.cost.after_eur > told.cost.before_eur > 0
    assert told.gaps
    assert all(one.after < one.before for one in told.gaps)
    nothing = ask("POST", "api/change", {"request": 1, "variant": {}}).json()
    assert (nothing["gaps"], nothing["notes"]) == ([], [])


def test_what_is_around_a_place_is_told(ask: Asked) -> None:
    """Its isochrone by minutes, places by name and by nearness, roads by how quiet they are."""
    areas = IsochroneReply.model_validate_json(
        ask("POST", "api/isochrone", {"request": 3, "place": SPOT}).content
    )
    assert areas.request == 3
    assert [one["properties"]["minutes_to"] for one in areas.areas["features"]] == [5, 10, 15]
    named = ask("POST", "api/find", {"request": 4, "text": "boech"})
    found = FindReply.model_validate_json(named.content)
    assert (found.request, {one.name for one in found.places}) == (4, {"Boechout"})
    near = ask("POST", "api/find", {"request": 5, "near": [SPOT["lon"], SPOT["lat"]]})
    assert FindReply.model_validate_json(near.content).places[0].name == "Boechout"
    window = "west=4.45&south=51.11&east=4.46&north=51.12"
    roads = ask("GET", f"api/roads?{window}").json()["features"]
    assert {one["properties"]["quiet"] for one in roads} <= {1, 2, 3, 4, "pushed"}
    assert roads
    assert ask("GET", "api/roads?west=0&south=0&east=9&north=60").json()["empty"] == "too large"


def test_the_best_next_place_is_that_of_the_variant(ask: Asked) -> None:
    """Placed there, as many children come within reach as were promised."""
    variant = {"closed": ["S1"]}
    told = BestReply.model_validate_json(
        ask("POST", "api/best", {"request": 6, "variant": variant, "profile": "all"}).content
    )
    assert (told.request, told.why) == (6, "")
    assert told.place is not None
    place = {"id": "best", "lon": told.place.lon, "lat": told.place.lat}
    whole = [
        ask("POST", "api/change", {"request": 1, "variant": one}).json()["places"]["region"][0]
        for one in (variant, variant | {"placed": [place]})
    ]
    before, after = (one["figures"]["all"]["central"]["all"][1] for one in whole)
    assert after - before == told.place.children


@pytest.mark.parametrize(
    ("method", "path", "message", "what"),
    [
        ("POST", "api/best", {"request": 1, "variant": {}, "profile": "motorways"}, "profile"),
        ("POST", "api/isochrone", {"request": 1, "place": {"lon": 0, "lat": 0}}, "place.lon"),
        ("POST", "api/find", {"request": 1, "near": [4.4]}, "near"),
        ("POST", "api/find", {"request": 1, "text": "x" * 201}, "text: is te lang"),
        ("GET", "api/roads", None, "west: ontbreekt"),
        ("GET", "api/roads?west=nan&south=1&east=2&north=3", None, "west"),
        ("GET", "api/roads?west=1&south=1&east=2&north=3&x=1", None, "x: is niet gekend"),
    ],
)
def test_a_question_that_cannot_be_is_refused(
    ask: Asked, method: str, path: str, message: object, what: str
) -> None:
    """In one line that names what is wrong with it."""
    assert what in problem_of(ask(method, path, message), 400)


def test_the_schema_has_every_reply(ask: Asked) -> None:
    """Requests and replies by name, and none of a field that is not described."""
    schema = ask("GET", "api/schema").json()["$defs"]
    assert {"ChangeRequest", "ChangeReply", "Variant", "ProofReply", "ProblemReply"} <= set(schema)
    assert all(
        one.get("additionalProperties") is False for one in schema.values() if "properties" in one
    )


# -- text stays text --------------------------------------------------------------------------


def test_names_with_markup_stay_text(ask: Asked) -> None:
    """As JSON that no browser takes for a page; what hides or turns text is gone."""
    told = ask("GET", "api/study")
    assert "<b>West</b> `${x}`" in told.text
    assert told.headers["content-type"] == "application/json"
    name = "<img src=x onerror=alert(1)>\u202e\x1b[2J\nx"
    variant = {"name": name, "placed": [{"id": "<b>", "name": name, **SPOT}]}
    assert ask("POST", "api/change", {"request": 1, "variant": variant}).status_code == 200
    saved = ask("PUT", "api/variants/text", {"variant": variant})
    assert saved.status_code == 200
    (kept,) = [one for one in ask("GET", "api/variants").json() if one["slug"] == "text"]
    assert kept["name"] == "<img src=x onerror=alert(1)>[2J x"
    assert kept["variant"]["placed"][0]["name"] == kept["name"]
    gone = ask("DELETE", "api/variants/text", {"based_on": saved.json()["sha256"]})
    assert gone.status_code == 200


def test_a_page_is_filled_in_as_text(ask: Asked, tmp_path: Path) -> None:
    """Title and language stand in it escaped; no other kind of file is given away."""
    page = "<html lang='{{ language }}'><title>{{ title }}</title>"
    (tmp_path / "index.html").write_text(page, "utf-8")
    (tmp_path / "app.mjs").write_text("export {}", "utf-8")
    (tmp_path / "notes.py").write_text("secret", "utf-8")
    there = read_assets(tmp_path, "nl", "</title><script>x</script>")
    assert set(there) == {"/", "/app.mjs"}
    assert b"<script>" not in there["/"][0]
    assert there["/app.mjs"][1].startswith("text/javascript")
    assert ask("GET", "").headers["content-type"].startswith("text/html")


# -- variants and proofs ----------------------------------------------------------------------


def test_variants_are_saved_and_clash(ask: Asked, study: Path) -> None:
    """Two windows over one file: the second is told what it holds, and nothing is lost."""
    one, other = ({"name": name, "placed": [{"id": "N", **SPOT}]} for name in ("Een", "Twee"))
    first = ask("PUT", "api/variants/plan", {"variant": one}).json()["sha256"]
    assert (study / "variants" / "plan.csv").is_file()
    second = ask("PUT", "api/variants/plan", {"variant": other, "based_on": first})
    assert second.status_code == 200
    late = ask("PUT", "api/variants/plan", {"variant": one, "based_on": first})
    told = ConflictReply.model_validate_json(late.content)
    assert (late.status_code, told.sha256) == (409, second.json()["sha256"])
    assert told.variant is not None
    assert told.variant.name == "Twee"
    assert ask("DELETE", "api/variants/plan", {"based_on": first}).status_code == 409
    assert ask("DELETE", "api/variants/plan", {"based_on": told.sha256}).status_code == 200
    assert ask("GET", "api/variants").json() == []
    problem_of(ask("PUT", "api/variants/plan", {"variant": {}}), 400)


@pytest.mark.parametrize(
    "slug", ["..", "..%2f..%2fx", "%2e%2e", "a%2fb", "a.csv", "A", "%00", "é", "con"]
)
def test_a_path_is_no_name(ask: Asked, study: Path, slug: str) -> None:
    """Whatever its letters: no file is written anywhere."""
    before = sorted(study.rglob("*"))
    variant = {"placed": [{"id": "N", **SPOT}]}
    raw = f"/{ask.door.token}/api/variants/{slug}"
    said = ask("PUT", "", {"variant": variant}, raw=raw)
    assert said.status_code in (400, 403, 404, 405)
    assert sorted(study.rglob("*")) == before


def test_a_disk_that_refuses_is_told(board: Board, study: Path, tmp_path: Path) -> None:
    """In one line, and the server goes on."""
    (tmp_path / "file").touch()
    broken = Asked(Explorer.of_board(board, study / "study.toml", tmp_path / "file" / "v"))
    variant = {"placed": [{"id": "N", **SPOT}]}
    assert "file" in problem_of(broken("PUT", "api/variants/a", {"variant": variant}), 503)
    assert broken("GET", "api/schema").status_code == 200


def test_a_proof_is_begun_and_told(board: Board, study: Path, tmp_path: Path) -> None:
    """Its plan is that of the variant; kept only of one that was saved as it is."""
    asked = []
    coverage = []

    def run(asking: Asking, *_: object) -> pd.DataFrame:
        asked.append(asking)
        return coverage[0]

    explorer = Explorer.of_board(board, study / "study.toml", tmp_path)
    explorer.prover.run = run
    ask = Asked(explorer)
    variant = {"closed": ["S2"]}
    coverage.append(board.change(closed=["S2"]).coverage)
    begun = ask("POST", "api/prove", {"variant": variant})
    assert begun.status_code == 202
    job = ProveReply.model_validate_json(begun.content).job
    for thread in threading.enumerate():
        if thread.name == f"proof {job}":
            thread.join()
    told = ProofReply.model_validate_json(ask("GET", f"api/prove/{job}").content)
    assert (told.state, told.folder) == ("equal", "")
    assert asked[0].saved is None
    assert "S2,closed" in asked[0].text
    read = {one.name for one in asked[0].opened}
    assert {"study.toml", "academies.csv", "bevolking.txt", "wegen.osm"} <= read
    problem_of(ask("GET", "api/prove/99"), 404)
    problem_of(ask("POST", "api/prove", {"variant": {}}), 400)
    keeps = {"variant": variant, "keep": "plan"}
    assert "bewaar" in ask("POST", "api/prove", keeps).json()["problem"]
    ask("PUT", "api/variants/plan", {"variant": variant})
    assert ask("POST", "api/prove", keeps).status_code == 202
    problem_of(ask("POST", "api/prove", {"variant": variant, "keep": "../x"}), 400)


# -- in whose turn ----------------------------------------------------------------------------


def test_a_newer_question_overtakes_those_that_wait() -> None:
    """Of its own window alone; what has begun is answered, and other windows all."""

    async def ask_all() -> list[object]:
        queue = Queue()
        begun, go = threading.Event(), threading.Event()

        def work(name: str) -> str:
            begun.set()
            go.wait()
            return name

        async def one(window: str, number: int) -> object:
            try:
                return await queue.work(work, f"{window}{number}", window=window, number=number)
            except Refusal as refusal:
                return refusal.status, refusal.more

        first = asyncio.create_task(one("a", 1))
        await asyncio.to_thread(begun.wait)
        rest = [asyncio.create_task(one(*of)) for of in (("a", 2), ("b", 1), ("a", 3), ("", 1))]
        # Each of them stands in line before the first goes on.
        while queue.waiting < 5:
            await asyncio.sleep(0)
        go.set()
        return await asyncio.gather(first, *rest)

    overtaken = 409, {"request": 2, "overtaken": True}
    assert asyncio.run(ask_all()) == ["a1", overtaken, "b1", "a3", "1"]


def test_too_many_questions_are_refused() -> None:
    """The line has an end, and who stands at it is told so; the others are answered."""

    async def ask_all() -> list[int]:
        queue, go = Queue(), threading.Event()

        async def one() -> int:
            try:
                await queue.work(go.wait)
            except Refusal as refusal:
                return refusal.status
            return 200

        tasks = [asyncio.create_task(one()) for _ in range(70)]
        while not all(task.done() for task in tasks[64:]):
            await asyncio.sleep(0)
        go.set()
        return await asyncio.gather(*tasks)

    assert asyncio.run(ask_all()) == [200] * 64 + [503] * 6


def test_a_failure_is_one_line_and_the_server_goes_on(
    ask: Asked, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What broke stands in the log without what a terminal would obey; the page is told less."""

    def fail(_: object) -> None:
        raise ValueError("\x1b[2Jsecret")

    with monkeypatch.context() as patch:
        patch.setattr(ask.explorer.desk, "tell_change", fail)
        said = ask("POST", "api/change", {"request": 1, "variant": {}})
    assert "secret" not in problem_of(said, 500)
    assert said.headers["content-security-policy"] == HEADERS["Content-Security-Policy"]
    assert "secret" in caplog.text
    assert "\x1b" not in caplog.text
    assert ask("POST", "api/change", {"request": 2, "variant": {}}).json()["request"] == 2


# -- the command ------------------------------------------------------------------------------


_ADDRESS = r"http://127\.0\.0\.1:\d+/\S+/"


def begin(study: Path, *words: str) -> tuple[subprocess.Popen[str], str]:
    """Begin `stemgeo explore` on its own, and give the address that it prints."""
    process = subprocess.Popen(
        [sys.executable, "-m", "stemgeo", "explore", str(study), "--no-browser", *words],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    assert process.stderr
    for line in process.stderr:
        if found := re.fullmatch(
            r"De verkenner, tot Ctrl-C: (http://127\.0\.0\.1:\d+/\S+/)\n", line
        ):
            return process, found[1]
    raise AssertionError(process.wait())


def ask_over(address: str, method: str, path: str, message: object = None) -> httpx.Response:
    """Ask over the network, as the page does."""
    import httpx

    own = address.rsplit("/", 2)[0]
    return httpx.request(
        method, address + path, headers={"Origin": own}, json=message, trust_env=False
    )


@pytest.mark.enable_socket
def test_a_command_serves_until_it_is_ended(tmp_path: Path) -> None:
    """Its address is printed, a port in use is said; killed it loses nothing; Ctrl-C ends it."""
    study = hand.write_study(tmp_path / "study", straight_line=True)
    process, address = begin(study)
    variant = {"name": "Noord", "placed": [{"id": "N", "name": "N", **SPOT}]}
    saved = ask_over(address, "PUT", "api/variants/noord", {"variant": variant})
    assert saved.status_code == 200
    port = address.split(":")[2].split("/")[0]
    said = stemgeo("explore", study, "--port", port, "--no-browser")
    assert (said.status, said.out) == (1, "")
    assert said.err == (
        f"error: port {port}: is in use; give another with --port, or leave it out for one that is "
        "free\n"
    )
    process.kill()
    assert process.wait() == -signal.SIGKILL
    again, other = begin(study / "study.toml", "--port", port)
    assert other != address
    assert other.split("/")[2] == address.split("/")[2]
    (kept,) = ask_over(other, "GET", "api/variants").json()
    assert (kept["name"], kept["sha256"], kept["ours"]) == ("Noord", saved.json()["sha256"], True)
    assert ask_over(address, "GET", "api/variants").status_code == 403
    again.send_signal(signal.SIGINT)
    out, err = again.communicate()
    assert (again.returncode, out) == (0, "")
    assert err == "De verkenner is gestopt; wat bewaard is, is er nog.\n"
    assert process.communicate()[0] == ""


def test_a_study_with_a_plan_of_its_own_is_refused(tmp_path: Path) -> None:
    """A variant begins at the register: its plan would take the place of the study's own."""
    study = hand.write_study(tmp_path / "study", straight_line=True)
    (study / "plan.csv").write_text("academy_id;x;y\nP1;156000;205000\n", "utf-8")
    text = (study / "study.toml").read_text("utf-8")
    (study / "study.toml").write_text(
        text.replace("[inputs]", '[inputs]\nplan = "plan.csv"'), encoding="utf-8"
    )
    said = stemgeo("explore", study, "--no-browser")
    assert said.status == 1
    assert said.err.startswith("error: study.toml: ")
    assert "variants" in said.err


def test_what_still_computes_is_let_go_of() -> None:
    """A search that nobody waits for does not hold up the end."""
    code = (
        "import threading\n"
        "from stemgeo.explore.server import let_go\n"
        "threading.Thread(target=threading.Event().wait).start()\n"
        "print('ended')\n"
        "let_go()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "ended\n", "")


def test_a_place_for_variants_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    """Before anything is read."""
    study = hand.write_study(tmp_path / "study", straight_line=True)
    said = stemgeo("explore", study, "--no-browser", "--variants", study / "study.toml")
    assert said.status == 1
    assert "is no folder" in said.err


def test_a_browser_is_opened_but_none_in_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of its own window is given the address; a text browser is not."""
    opened: list[str] = []

    class Window(webbrowser.BaseBrowser):
        def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:  # noqa: ARG002, FBT001, FBT002
            opened.append(url)
            return True

    def lacking() -> webbrowser.BaseBrowser:
        raise webbrowser.Error

    for browser, opens in ((Window, True), (lambda: webbrowser.GenericBrowser("w3m"), False)):
        monkeypatch.setattr(webbrowser, "get", browser)
        assert open_browser("http://127.0.0.1:1/x/") is opens
    monkeypatch.setattr(webbrowser, "get", lacking)
    assert open_browser("http://127.0.0.1:1/x/") is False
    for thread in threading.enumerate():
        if thread.name == "browser":
            thread.join()
    assert opened == ["http://127.0.0.1:1/x/"]


def test_the_server_answers_while_it_computes(ask: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long search holds up no other window that asks for something else."""
    begun, go = threading.Event(), threading.Event()
    change = ask.explorer.desk.tell_change

    def wait(asked: ChangeRequest) -> ChangeReply:
        begun.set()
        go.wait()
        return change(asked)

    monkeypatch.setattr(ask.explorer.desk, "tell_change", wait)
    message = {"request": 9, "variant": {}}
    with ThreadPoolExecutor(1) as pool:
        long = pool.submit(ask, "POST", "api/change", message)
        begun.wait()
        assert ask("GET", "api/variants").status_code == 200
        assert ask("POST", "api/find", {"request": 1, "text": "as"}).status_code == 200
        go.set()
        assert long.result().json()["request"] == 9
