"""A server of this machine that plays the servers of open data, with the faults that they have.

Real http on a loopback address. Each source is played below a path that is its host, so that an
address in `sources.toml` is played by the same one behind that of this server.
"""

from __future__ import annotations

import hashlib
import re
import socketserver
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from stemgeo.facts import fact_path
from stemgeo.sources.catalogue import Catalogue, read_catalogue

CHALLENGE = (
    b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Verifying</body>"
)


@dataclass(frozen=True)
class Asked:
    """What was asked of the server: names of headers in small letters."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    def one(self, name: str, default: str = "") -> str:
        """Give the one value of a part of the question."""
        (value,) = self.query.get(name, [default])
        return value


@dataclass(frozen=True)
class Reply:
    """What the server answers.

    Attributes
    ----------
    cut_after
        Bytes of the body after which the connection is closed.
    stall_after
        Bytes after which nothing more comes, until the server ends.
    says_length
        Whether it says how much there is; without, the end is where it closes.
    ranges
        Whether it goes on where it is asked to, when it is asked with the mark of its file, and
        says so when whoever asks has that file already.
    chunked
        Whether it comes in pieces that say how long they are, the last of them nothing.
    piece_bytes, sent
        It is sent in pieces of so many bytes, and told after each how many there were.
    """

    body: bytes = b""
    status: int = 200
    headers: dict[str, str | None] = field(default_factory=dict)
    kind: str = "application/octet-stream"
    cut_after: int | None = None
    stall_after: int | None = None
    says_length: bool = True
    ranges: bool = True
    chunked: bool = False
    piece_bytes: int = 0
    sent: Callable[[int], None] = lambda _: None


Play = Callable[[Asked], Reply]


def answer_as_asked(reply: Reply, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
    """Give status, headers and body for who asks for a part, or for what changed."""
    body, status = reply.body, reply.status
    mark = f'"{hashlib.sha256(body).hexdigest()}"'
    given = {"ETag": mark, "Content-Type": reply.kind} | reply.headers
    told = {name: value for name, value in given.items() if value is not None}
    marks = {told.get("ETag"), told.get("Last-Modified")} - {None}
    has = headers.get("if-none-match", headers.get("if-modified-since"))
    wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", headers.get("range", ""))
    if reply.ranges and status == 200 and has in marks:
        return 304, told, b""
    if (
        wanted
        and reply.ranges
        and status == 200
        and headers.get("if-range", told.get("ETag")) in {*marks, None}
    ):
        start, size = int(wanted[1]), len(body)
        status = 206 if start < size else 416
        body = body[start : int(wanted[2]) + 1 if wanted[2] else size]
        part = f"{start}-{start + len(body) - 1}" if body else "*"
        told = {"Content-Range": f"bytes {part}/{size}"} | told
    if reply.chunked:
        told["Transfer-Encoding"] = "chunked"
    elif reply.says_length:
        told = {"Content-Length": str(len(body))} | told
    return status, told, body


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of those who hang up: some tests kill them."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class Server:
    """Plays what it is told to, and remembers what it was asked.

    `play` takes a path ("/statbel.fgov.be/...") and what answers it; a path that ends in `*` is
    of all that begin so. `fail` puts replies before those, each once, in their order.
    """

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._plays: dict[str, Play] = {}
        self._failures: dict[str, list[Reply]] = {}
        self._ended = threading.Event()
        self._http = _Http(("127.0.0.1", 0), self._handler())
        self.address = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.005,), daemon=True)
        self._thread.start()

    def play(self, path: str, what: Play | Reply | bytes) -> None:
        """Answer a path from now on."""
        if isinstance(what, bytes):
            what = Reply(what)
        self._plays[path] = what if callable(what) else lambda _: what

    def fail(self, path: str, *replies: Reply) -> None:
        """Answer a path so for once, each in its turn, before what is played there."""
        self._failures.setdefault(path, []).extend(replies)

    def count(self, path: str) -> int:
        """Count how often a path was asked."""
        return sum(one.path == path for one in self.asked)

    def close(self) -> None:
        """End it, and what it let wait."""
        self._ended.set()
        self._http.shutdown()
        self._http.server_close()

    def write_sources(self, path: Path, **manners: float) -> Catalogue:
        """Write the shipped file of sources with this server in the place of each host.

        Without waits, unless told otherwise: no test takes the time of a polite program. However
        busy the machine is, nobody is taken for dead.
        """
        text = fact_path("sources.toml").read_text("utf-8")
        text = re.sub(r'https://([^/"]+)', rf"{self.address}/\1", text)
        told = {"tries": 3, "first_wait_s": 0, "requests_per_s": 1000} | manners
        for name, value in told.items():
            text, times = re.subn(rf"(?m)^{name} = [\d.]+", f"{name} = {value}", text)
            assert times == 1, name
        path.write_text(text, encoding="utf-8")
        return read_catalogue(path)

    def _answer(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        waiting = self._failures.get(asked.path)
        if waiting:
            return waiting.pop(0)
        if asked.path in self._plays:
            return self._plays[asked.path](asked)
        for path, play in self._plays.items():
            if path.endswith("*") and asked.path.startswith(path[:-1]):
                return play(asked)
        return Reply(b"<html><title>404</title></html>", 404, kind="text/html")

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # else a body waits until its head is acknowledged

            def log_message(self, *_: object) -> None:
                pass

            def _serve(self) -> None:
                parts = urlsplit(self.path)
                length = int(self.headers.get("content-length", 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                query = parse_qs(parts.query, keep_blank_values=True)
                asked = Asked(
                    self.command, unquote(parts.path), query, headers, self.rfile.read(length)
                )
                with suppress(ConnectionError, socketserver.socket.timeout):
                    self._send(server._answer(asked), headers)

            do_GET = do_POST = do_HEAD = _serve  # noqa: N815 -- as http.server calls them

            def _send(self, reply: Reply, headers: dict[str, str]) -> None:
                status, told, body = answer_as_asked(reply, headers)
                self.send_response(status)
                broken = reply.cut_after is not None or reply.stall_after is not None
                if broken or not (reply.says_length or reply.chunked):
                    self.close_connection = True
                    told["Connection"] = "close"
                for name, value in told.items():
                    self.send_header(name, value)
                self.end_headers()
                end = reply.cut_after if reply.cut_after is not None else reply.stall_after
                if self.command != "HEAD":
                    self._send_body(reply, body if end is None else body[:end], whole=end is None)
                if reply.stall_after is not None:
                    server._ended.wait(30)

            def _send_body(self, reply: Reply, body: bytes, *, whole: bool) -> None:
                size = reply.piece_bytes or max(1, len(body))
                for start in range(0, len(body), size):
                    piece = body[start : start + size]
                    if reply.chunked:
                        piece = b"%x\r\n%b\r\n" % (len(piece), piece)
                    self.wfile.write(piece)
                    self.wfile.flush()
                    reply.sent(min(start + size, len(body)))
                if reply.chunked and whole:
                    self.wfile.write(b"0\r\n\r\n")

        return Handler
