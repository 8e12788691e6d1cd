"""Facts about the explorer's server: who is let in, and what is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hand
import pytest
from asked import OWN, Asked

import stemgeo as sg
from stemgeo.explore.board import Board
from stemgeo.explore.messages import ChangeReply, ProblemReply, StudyReply
from stemgeo.explore.server import HEADERS, Explorer

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

pytestmark = pytest.mark.usefixtures("read_once")

SPOT = {"lon": 4.455, "lat": 51.115}
ROUTES = [
    *(("GET", path) for path in ("", "app.css", "no-such", "api/study", "api/schema")),
    *(("GET", path) for path in ("api/variants", "api/prove/1")),
    *(("POST", path) for path in ("api/change", "api/prove", "api/no-such", "")),
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
    """One that was closed already, and one for ages that the study does not count."""
    variant = {"placed": [{"id": "N", "min_age": 40, "max_age": 50, **SPOT}], "closed": ["S3"]}
    told = ask("POST", "api/change", {"request": 1, "variant": variant}).json()
    assert [one for one in told["notes"] if "Vroeger" in one]
    assert [one for one in told["notes"] if one.startswith("N:")]
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
