"""The server of the explorer: pages and answers for one browser on this machine, and no other.

It listens on the loopback address alone. Its address holds a secret word; whoever lacks it, or
comes by another name, from another page or another site, is refused before anything is looked at.
Nothing is kept between requests but files.
"""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import os
import secrets
import socket
import sys
import threading
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import escape
from pydantic import TypeAdapter
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route

from stemgeo.errors import ListenError, Problem, StemgeoError, StudyError, WriteError
from stemgeo.explore.board import list_files
from stemgeo.explore.messages import (
    MOST_BYTES,
    BestRequest,
    ChangeRequest,
    DeleteRequest,
    FindRequest,
    IsochroneRequest,
    ProblemReply,
    ProveReply,
    ProveRequest,
    RoadRequest,
    RoadsRequest,
    SavedVariant,
    SaveReply,
    SaveRequest,
    StretchRequest,
    WrongMessage,
    build_schema,
    read_message,
    read_query,
)
from stemgeo.explore.proof import Asking, Prover, run_aside, stamp_files
from stemgeo.explore.replies import Desk
from stemgeo.explore.shelf import Clash, VariantShelf
from stemgeo.notes import Said, keep_seen, say, say_amount

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd
    from pydantic import BaseModel
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from stemgeo.explore.board import Board
    from stemgeo.explore.messages import M
    from stemgeo.explore.proof import Stamp
    from stemgeo.speech import Language
    from stemgeo.study import Study

LOOPBACK = "127.0.0.1"
_HTTP = 80
"""The port that an address without one means."""
ASSETS = Path(__file__).parent / "assets"
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""On every reply, also on those that refuse."""
_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".txt": "text/plain; charset=utf-8",
}
_MOST_WAITING = 64
"""Requests that wait for the study; a page asks for a few at a time."""
_PAGE = "index.html"
_GRACE_S = 2
"""For a reply that is under way when the server is told to stop."""
_LOG = logging.getLogger("stemgeo")


# -- who is let in ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Door:
    """Who is let in.

    Attributes
    ----------
    token
        The secret word with which each path begins.
    port
        On which the server listens.
    """

    token: str
    port: int

    @classmethod
    def on_port(cls, port: int) -> Door:
        """Make a door with a new secret word."""
        return cls(secrets.token_urlsafe(24), port)

    @property
    def host(self) -> str:
        """By which name the server is asked, and by no other: browsers leave out port 80."""
        return LOOPBACK if self.port == _HTTP else f"{LOOPBACK}:{self.port}"

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{self.host}/{self.token}/"

    def lets_in(self, scope: Scope) -> bool:
        """Tell whether a request comes from the page itself, or from who typed its address."""
        writes = scope["method"] not in ("GET", "HEAD")
        origin, site = _find_header(scope, b"origin"), _find_header(scope, b"sec-fetch-site")
        own = f"http://{self.host}"
        return (
            _find_header(scope, b"host") == [self.host]
            and secrets.compare_digest(
                scope["path"].encode()[: len(self.token) + 2], f"/{self.token}/".encode()
            )
            and (origin == [own] or (not origin and not writes))
            # "none" is an address that was typed or opened; another port is another site.
            and (not site or site == ["same-origin"] or (site == ["none"] and not writes))
        )


def _find_header(scope: Scope, name: bytes) -> list[str]:
    """List every value of a header: one that stands twice is not what anyone sends."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


class Guard:
    """Refuses who is not let in, and puts the headers that browsers obey on every reply."""

    def __init__(self, app: ASGIApp, door: Door, language: Language) -> None:
        self.app, self.door, self.language = app, door, language

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            raise RuntimeError(scope["type"])  # only http is served

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [(key.lower().encode(), value.encode()) for key, value in HEADERS.items()]
                message = {**message, "headers": [*message["headers"], *own]}
            await send(message)

        if self.door.lets_in(scope):
            inner = scope["path"][len(self.door.token) + 1 :]
            try:
                await self.app({**scope, "path": inner, "root_path": ""}, receive, send_guarded)
            except ClientDisconnect:
                return  # nobody is there to be answered
            except Exception:  # noqa: BLE001  (what failed is told, and the server goes on)
                lines = traceback.format_exc().splitlines()
                _LOG.error("%s", "\n".join(keep_seen(line) for line in lines))
        else:
            refused = tell_problem(403, _NOT_LET_IN.to_text(self.language))
            await refused(scope, receive, send_guarded)


_NOT_LET_IN = Said(
    "this address is of one page on this machine: open the one that the command printed",
    "dit adres is van één pagina op deze machine: open het adres dat het commando gaf",
    "cette adresse est celle d’une page sur cette machine : ouvrez celle que la commande a donnée",
)


# -- replies ----------------------------------------------------------------------------------


def tell(reply: BaseModel, status: int = 200) -> Response:
    """Write a reply."""
    return Response(reply.model_dump_json(), status, media_type="application/json")


def tell_problem(status: int, problem: str, **more: Any) -> Response:
    """Write why a request is not answered.

    Parameters
    ----------
    status
        Of HTTP.
    problem
        In one line.
    more
        Other fields of a `ProblemReply`.
    """
    return tell(ProblemReply(problem=problem, **more), status)


class Refusal(Exception):  # noqa: N818  (an answer, no failure)
    """A request that is not answered: its status, and why."""

    def __init__(self, status: int, said: Said, **more: Any) -> None:
        super().__init__(str(said))
        self.status, self.said, self.more = status, said, more


async def read_body(request: Request, kind: type[M]) -> M:
    """Read what a page says; no more of it than may come.

    Parameters
    ----------
    request
        As it came.
    kind
        What it must be.

    Raises
    ------
    Refusal, WrongMessage
        If it is no JSON, longer than may be, or anything else.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise Refusal(415, _NO_JSON)
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise Refusal(413, _TOO_LONG)
    return read_message(kind, bytes(body))


_NO_JSON = Said(
    "the request is no JSON: its Content-Type must be application/json",
    "het verzoek is geen JSON: het Content-Type moet application/json zijn",
    "la requête n’est pas du JSON : son Content-Type doit être application/json",
)
_TOO_LONG = say(
    "the request is longer than {most} bytes",
    "het verzoek is langer dan {most} bytes",
    "la requête dépasse {most} octets",
    most=say_amount(MOST_BYTES),
)
_BUSY = Said(
    "too many questions wait for an answer: try again",
    "er wachten te veel vragen op een antwoord: probeer opnieuw",
    "trop de questions attendent une réponse : réessayez",
)
_OVERTAKEN = Said(
    "overtaken by a newer question",
    "ingehaald door een nieuwere vraag",
    "dépassé par une question plus récente",
)
_PROVING = Said(
    "another proof is under way: wait until it has ended",
    "er loopt al een bewijs: wacht tot het klaar is",
    "une autre preuve est en cours : attendez qu’elle se termine",
)
_NOTHING = Said(
    "nothing changes: there is nothing to prove",
    "er verandert niets: er is niets te bewijzen",
    "rien ne change : il n’y a rien à prouver",
)
_NOT_THERE = Said("there is nothing here", "hier is niets", "il n’y a rien ici")
_NOT_SO = Said("that cannot be done here", "dat kan hier niet", "cela ne peut pas se faire ici")
_BROKEN = Said(
    "the server failed at this; the others go on, and what was saved is there",
    "de server liep hierop vast; al het andere gaat door, en wat bewaard is, is er nog",
    "le serveur a échoué ; le reste continue, et ce qui est enregistré est là",
)


_SAVED = TypeAdapter(list[SavedVariant])


# -- work -------------------------------------------------------------------------------------


@dataclass
class Queue:
    """Lets one question at a time at the study, in a thread of its own; the server goes on.

    A newer question of a window overtakes its older ones that have not begun.

    Attributes
    ----------
    waiting
        How many questions were asked and not answered yet.
    """

    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _newest: dict[str, int] = field(default_factory=dict)
    waiting: int = 0

    async def work(
        self, work: Callable[..., Any], *given: Any, window: str = "", number: int = 0
    ) -> Any:
        """Do some work when it is its turn.

        Parameters
        ----------
        work
            A function, and what it is given.
        given
            As above.
        window, number
            Which window asks, "" for none, and its how-manieth question it is.

        Raises
        ------
        Refusal
            If it was overtaken, or too many wait.
        """
        if self.waiting >= _MOST_WAITING:
            raise Refusal(503, _BUSY)
        if window:
            self._newest[window] = max(number, self._newest.get(window, number))
        self.waiting += 1
        try:
            async with self._lock:
                if window and self._newest[window] > number:
                    raise Refusal(409, _OVERTAKEN, request=number, overtaken=True)
                return await run_in_threadpool(work, *given)
        finally:
            self.waiting -= 1
            if not self.waiting:
                self._newest.clear()


@dataclass
class Explorer:
    """What is asked of an opened study, by path.

    Attributes
    ----------
    desk, shelf, prover
        What answers.
    study_file
        The study.toml, which a proof reads anew.
    opened
        It and the files that it names, as they are now.
    """

    desk: Desk
    shelf: VariantShelf
    prover: Prover
    study_file: Path
    opened: Mapping[Path, Stamp]
    queue: Queue = field(default_factory=Queue)
    _study: bytes = b""

    @classmethod
    def of_board(cls, board: Board, study_file: Path, variants: Path) -> Explorer:
        """Put together what answers for a study.

        Parameters
        ----------
        board
            The opened study.
        study_file
            The study.toml.
        variants
            The folder of the saved variants.
        """
        prover = Prover(board.study.language, run_aside)
        desk = Desk(board)
        opened = stamp_files([study_file, *list_files(board.study)])
        return cls(desk, VariantShelf(variants, board, desk.placer), prover, study_file, opened)

    async def study(self, _: Request) -> Response:
        """All of the study that no change changes."""
        if not self._study:
            reply = await self.queue.work(lambda: self.desk.study_reply.model_dump_json().encode())
            self._study = reply
        return Response(self._study, media_type="application/json")

    async def change(self, request: Request) -> Response:
        """What a variant brings."""
        asked = await read_body(request, ChangeRequest)
        answer = self.queue.work(
            self.desk.tell_change, asked, window=asked.window, number=asked.request
        )
        return tell(await answer)

    async def isochrone(self, request: Request) -> Response:
        """From where a place is reached."""
        asked = await read_body(request, IsochroneRequest)
        return tell(await self.queue.work(self.desk.tell_isochrone, asked))

    async def stretch(self, request: Request) -> Response:
        """The road at a place."""
        asked = await read_body(request, StretchRequest)
        return tell(await self.queue.work(self.desk.tell_stretch, asked))

    async def road(self, request: Request) -> Response:
        """Where a road lies that would change."""
        asked = await read_body(request, RoadRequest)
        return tell(await self.queue.work(self.desk.tell_road, asked))

    async def best(self, request: Request) -> Response:
        """The best next place."""
        asked = await read_body(request, BestRequest)
        return tell(await self.queue.work(self.desk.tell_best, asked))

    async def find(self, request: Request) -> Response:
        """Places by name, or near; files of addresses may be read for it: nobody waits for that."""
        asked = await read_body(request, FindRequest)
        return tell(await run_in_threadpool(self.desk.tell_found, asked))

    async def roads(self, request: Request) -> Response:
        """The roads in a window."""
        asked = read_query(RoadsRequest, dict(request.query_params))
        drawn = await run_in_threadpool(self.desk.draw_roads, asked)
        return Response(json.dumps(drawn), media_type="application/geo+json")

    async def list_variants(self, _: Request) -> Response:
        """The saved variants."""
        found = await run_in_threadpool(self.shelf.list_saved)
        return Response(_SAVED.dump_json(found), media_type="application/json")

    async def save(self, request: Request) -> Response:
        """Save a variant."""
        asked = await read_body(request, SaveRequest)
        slug = request.path_params["slug"]
        return tell(await self._write(self.shelf.save, slug, asked.variant, asked.based_on))

    async def delete(self, request: Request) -> Response:
        """Take a saved variant away."""
        asked = await read_body(request, DeleteRequest)
        slug = request.path_params["slug"]
        await self._write(self.shelf.delete, slug, asked.based_on)
        return tell(SaveReply(slug=slug, sha256=""))

    async def _write(self, work: Callable[..., Any], *given: Any) -> Any:
        try:
            return await run_in_threadpool(work, *given)
        except WriteError as error:
            what = str(error)
            raise Refusal(503, Said(what, what, what)) from None

    async def prove(self, request: Request) -> Response:
        """Begin to lay a run beside what the explorer says."""
        asked = await read_body(request, ProveRequest)
        asking, ours = await self.queue.work(self._prepare_proof, asked)
        job = self.prover.begin(asking, ours)
        if job is None:
            raise Refusal(409, _PROVING)
        return tell(ProveReply(job=job), 202)

    def _prepare_proof(self, asked: ProveRequest) -> tuple[Asking, pd.DataFrame]:
        laid = self.desk.lay_out(asked.variant)
        if asked.variant.is_empty:
            raise WrongMessage(_NOTHING)
        self.desk.roads.match(asked.variant.roads)
        board, saved = self.desk.board, None
        text, roads = self.shelf.write_texts(asked.variant)
        if asked.keep:
            saved = self.shelf.find_saved(asked.keep, asked.variant)
        asking = Asking(self.study_file, text, saved, board.threads, self.opened, roads)
        return asking, self.desk.change(laid).coverage

    async def tell_proof(self, request: Request) -> Response:
        """How far a proof is."""
        told = self.prover.tell(request.path_params["job"])
        if told is None:
            raise HTTPException(404)
        return tell(told)

    async def schema(self, _: Request) -> Response:
        """Every request and reply."""
        return Response(json.dumps(build_schema()), media_type="application/schema+json")


# -- the page ---------------------------------------------------------------------------------


def read_assets(folder: Path, language: str, title: str) -> dict[str, tuple[bytes, str]]:
    """Read the files of the page, by the paths under which they are asked for.

    Parameters
    ----------
    folder
        That holds them.
    language, title
        Of the study, filled in in the page.

    Returns
    -------
    dict
        Content and kind; files of no known kind are not given away.
    """
    found = {}
    for path in sorted(folder.rglob("*")):
        kind = _KINDS.get(path.suffix)
        if kind and path.is_file():
            found[f"/{path.relative_to(folder).as_posix()}"] = path.read_bytes(), kind
    if f"/{_PAGE}" in found:
        page, kind = found.pop(f"/{_PAGE}")
        filled = page.decode().replace("{{ language }}", str(escape(language)))
        found["/"] = filled.replace("{{ title }}", str(escape(title))).encode(), kind
    return found


def build_app(explorer: Explorer, door: Door, assets: Path = ASSETS) -> ASGIApp:
    """Put the server together.

    Parameters
    ----------
    explorer
        Answers.
    door
        Who is let in.
    assets
        The folder of the page.
    """
    desk = explorer.desk
    language = desk.language
    files = read_assets(assets, str(language), desk.study.about.title)

    async def give_file(request: Request) -> Response:
        found = files.get(request.url.path)
        if found is None:
            raise HTTPException(404)
        return Response(found[0], media_type=None, headers={"Content-Type": found[1]})

    async def tell_wrong(_: Request, error: Exception) -> Response:
        return tell_problem(400, error.said.to_text(language))  # type: ignore[attr-defined]

    async def tell_refusal(_: Request, error: Exception) -> Response:
        assert isinstance(error, Refusal)  # noqa: S101
        return tell_problem(error.status, error.said.to_text(language), **error.more)

    async def tell_clash(_: Request, error: Exception) -> Response:
        assert isinstance(error, Clash)  # noqa: S101
        return tell(error.reply, 409)

    async def tell_status(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101
        said = _NOT_THERE if error.status_code == 404 else _NOT_SO
        return tell_problem(error.status_code, said.to_text(language))

    async def pass_on(_: Request, error: Exception) -> Response:
        raise error

    async def tell_failure(_: Request, error: Exception) -> Response:
        if isinstance(error, StemgeoError):
            return tell_problem(400, str(error).replace("\n", "; "))
        return tell_problem(500, _BROKEN.to_text(language))

    app = Starlette(
        routes=[
            Route("/api/study", explorer.study),
            Route("/api/schema", explorer.schema),
            Route("/api/change", explorer.change, methods=["POST"]),
            Route("/api/isochrone", explorer.isochrone, methods=["POST"]),
            Route("/api/stretch", explorer.stretch, methods=["POST"]),
            Route("/api/road", explorer.road, methods=["POST"]),
            Route("/api/best", explorer.best, methods=["POST"]),
            Route("/api/find", explorer.find, methods=["POST"]),
            Route("/api/roads", explorer.roads),
            Route("/api/variants", explorer.list_variants),
            Route("/api/variants/{slug}", explorer.save, methods=["PUT"]),
            Route("/api/variants/{slug}", explorer.delete, methods=["DELETE"]),
            Route("/api/prove", explorer.prove, methods=["POST"]),
            Route("/api/prove/{job}", explorer.tell_proof),
            Route("/{path:path}", give_file),
        ],
        exception_handlers={
            WrongMessage: tell_wrong,
            Refusal: tell_refusal,
            Clash: tell_clash,
            HTTPException: tell_status,
            StemgeoError: tell_failure,
            ClientDisconnect: pass_on,
            Exception: tell_failure,
        },
    )
    app.router.redirect_slashes = False
    return Guard(app, door, language)


# -- serving ----------------------------------------------------------------------------------


def refuse_own_plan(study: Study) -> None:
    """Refuse a study that has a plan: a variant begins at the register, and a run takes one plan.

    Raises
    ------
    StudyError
        If it has.
    """
    if study.inputs.plan is not None:
        what = "has a plan of its own under [inputs], in place of which a variant would be counted"
        mend = "leave it out, and copy its file to the folder `variants` to open it as a variant"
        raise StudyError(Problem("study.toml", what, mend))


def listen(port: int) -> socket.socket:
    """Take a port of the loopback address.

    Parameters
    ----------
    port
        Which one; 0 for one that is free.

    Raises
    ------
    ListenError
        If it is taken, or not for this user.
    """
    # asyncio sends small answers at once on sockets that say that they are of TCP: on others the
    # body waits, 40 ms, until the browser has acknowledged the head.
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # On Windows the option lets two servers have one port.
        if os.name == "posix":
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((LOOPBACK, port))
        taken.listen()
    except OSError as error:
        taken.close()
        what = "is in use" if error.errno == errno.EADDRINUSE else error.strerror or str(error)
        mend = "give another with --port, or leave it out for one that is free"
        raise ListenError(Problem(f"port {port}", what, mend)) from None
    return taken


def serve(app: ASGIApp, taken: socket.socket) -> None:
    """Serve until the user ends it with Ctrl-C, or the system does.

    Parameters
    ----------
    app
        As from `build_app`.
    taken
        As from `listen`.
    """
    import uvicorn

    config = uvicorn.Config(
        app,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[taken])


def let_go() -> None:
    """End this process where a thread of it still computes what nobody waits for any more.

    Nothing is lost by it: what such a thread writes appears whole or not at all.
    """
    others = [one for one in threading.enumerate() if one is not threading.current_thread()]
    if any(not one.daemon for one in others):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def refuse_no_folder(place: Path) -> None:
    """Refuse a place for saved variants that is no folder; it need not be there yet.

    Raises
    ------
    StudyError
        If it is anything else.
    """
    if os.path.lexists(place) and not place.is_dir():
        what, mend = "is no folder", "name another for saved variants: --variants DIR"
        raise StudyError(Problem(str(place), what, mend))


def open_browser(address: str) -> bool:
    """Open a page in the browser of this machine; False where there is none but in a terminal."""
    import webbrowser

    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    # One that is drawn in the terminal would take it from the command.
    in_terminal = type(browser) is webbrowser.GenericBrowser
    if not in_terminal:
        threading.Thread(target=browser.open, args=(address,), name="browser", daemon=True).start()
    return not in_terminal
