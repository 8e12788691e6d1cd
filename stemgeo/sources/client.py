"""Asking a server over http, so that a file comes whole or not at all.

A download that was broken off goes on where it stopped, today or tomorrow; who is busy is asked
again later, and not more often than it bears; what comes is looked at before it is kept. Only the
hosts of the source that is asked for are ever spoken to.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict, ValidationError

from stemgeo.errors import FetchError, Problem
from stemgeo.notes import clean_text
from stemgeo.sources.catalogue import is_safe
from stemgeo.writing.seal import hash_file
from stemgeo.writing.whole import full_path, lock_folder

if TYPE_CHECKING:
    import httpx
    import tenacity

    from stemgeo.sources.catalogue import DataSource, Known, Manners

AGENT = "stemgeo"
_CHUNK = 1 << 16
_WHOLE, _PART, _ABOUT, _ABOUT_PART = "whole", "part", "about.json", "part.json"
_PARTIAL, _NO_SUCH_RANGE = 206, 416
_BUSY = {408, 425, 429, 500, 502, 503, 504}
_MOST_REDIRECTS = 5
_PLAIN_HEADERS = ("Accept", "Accept-Encoding", "Range", "If-Range")
_TITLE = re.compile(rb"<title[^>]*>(.{0,300}?)</title", re.IGNORECASE | re.DOTALL)
_PAGE = re.compile(
    rb"\s*(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html|head|script|body)", re.IGNORECASE
)

Watch = Callable[[int, int | None], None]
"""Told how many bytes there are, and of how many where that is known."""


class _TryAgainError(Exception):
    """What may go better when it is tried again."""

    def __init__(self, what: str, wait_s: float | None = None, status: int = 0) -> None:
        super().__init__(what)
        self.wait_s, self.status = wait_s, status


class Download(BaseModel):
    """A file that was downloaded.

    Attributes
    ----------
    address
        That gave it, after redirects.
    fetched, modified
        When, and of when the server says that it is.
    size_bytes, sha256
        Of it.
    validator
        The mark that the server gave it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: str
    fetched: dt.datetime
    modified: dt.datetime | None = None
    size_bytes: int
    sha256: str
    validator: str = ""


class _Begun(BaseModel):
    """A download that is on its way: a part of it can be used when the server marks it alike."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: str
    validator: str


@dataclass(frozen=True)
class Answered:
    """What a server answered to a question, whole.

    Attributes
    ----------
    content
        Its bytes.
    address
        That gave it, after redirects.
    kind
        What the server calls it, such as "application/json".
    modified
        Of when the server says that it is.
    headers
        What else the server says of it, names in small letters.
    """

    content: bytes
    address: str
    kind: str
    modified: dt.datetime | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> Any:
        """Read it as JSON.

        Raises
        ------
        FetchError
            If it is none; a web page is told as such.
        """
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            raise FetchError(describe_unlike(self.address, self.content, "JSON")) from None


@dataclass
class Client:
    """Asks servers for the files and answers of sources.

    Attributes
    ----------
    manners
        How often, how long.
    store
        The folder in which downloads are kept, and go on.
    sleep, clock
        Of time.
    """

    manners: Manners
    store: Path
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    _http: httpx.Client | None = None
    _progressed: bool = False
    _asked: dict[str, float] = field(default_factory=dict)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        if self._http is not None:
            self._http.close()
            self._http = None

    # -- files --------------------------------------------------------------------------------

    def find_stored(self, address: str) -> tuple[Path, Download] | None:
        """Give a file that was downloaded before, and is as it was then."""
        folder = self._folder_of(address)
        about = _read_model(Download, folder / _ABOUT)
        path = folder / _WHOLE
        if about is None or not path.is_file() or path.stat().st_size != about.size_bytes:
            return None
        return (path, about) if hash_file(path) == about.sha256 else None

    def download(
        self,
        source: DataSource,
        address: str,
        check: Callable[[Path], None],
        watch: Watch = lambda _so_far, _of: None,
        known: Known | None = None,
    ) -> tuple[Path, Download]:
        """Download a file, or what is missing of it, and look at it before it is kept.

        Parameters
        ----------
        source
            Says which hosts may be asked, and how much may come.
        address
            Of the file.
        check
            Raises when the file is not what it should be: then nothing of it stays.
        watch
            Told how far it is.
        known
            What is known of the file.

        Returns
        -------
        (Path, Download)
            The file in the store, which others may read too, and where it came from.

        Raises
        ------
        FetchError
            In one line: what did not come, and how to have it.
        """
        folder = self._folder_of(address)
        folder.mkdir(parents=True, exist_ok=True)
        with lock_folder(folder):
            begun = self._retry(address, lambda: self._go_on(source, address, folder, watch))
            part = folder / _PART
            try:
                refuse_unlike(part, source, address, known)
                self._compare_checksum(source, address, part)
                check(part)
            except FetchError:
                _forget(folder)
                raise
            # The file before its description: without that it is not taken for whole.
            (folder / _ABOUT).unlink(missing_ok=True)
            part.replace(folder / _WHOLE)
            (folder / _ABOUT_PART).unlink(missing_ok=True)
            _write_whole(folder / _ABOUT, begun.model_dump_json(indent=2))
            return folder / _WHOLE, begun

    def _go_on(self, source: DataSource, address: str, folder: Path, watch: Watch) -> Download:
        """Ask for what is missing of a file until it is all there."""
        part = folder / _PART
        begun = _read_model(_Begun, folder / _ABOUT_PART)
        there = part.stat().st_size if part.is_file() and begun and begun.validator else 0
        headers = {}
        if begun and there:
            headers = {"Range": f"bytes={there}-", "If-Range": begun.validator}
        try:
            return self._receive(source, address, folder, (begun, there), headers, watch)
        except _TryAgainError as error:
            if error.status == _NO_SUCH_RANGE:
                _forget(folder)
            raise

    def _receive(
        self,
        source: DataSource,
        address: str,
        folder: Path,
        before: tuple[_Begun | None, int],
        headers: dict[str, str],
        watch: Watch,
    ) -> Download:
        part, (begun, there) = folder / _PART, before
        with self._stream("GET", source, address, headers=headers) as answer:
            whole = _read_length(answer, there)
            now = _Begun(address=str(answer.url), validator=_find_validator(answer))
            if answer.status_code != _PARTIAL:
                there = 0
                _write_whole(folder / _ABOUT_PART, now.model_dump_json())
            elif now != begun or not _continues(answer, there):
                _forget(folder)
                raise _TryAgainError("its server goes on elsewhere than it was asked to")
            _refuse_large(source, address, whole)
            self._keep_bytes(source, address, answer, part, there, whole, watch)
            modified = _read_day(answer.headers.get("last-modified"))
        size = part.stat().st_size
        if whole is not None and size != whole:
            if size > whole:
                _forget(folder)
            raise _TryAgainError(f"{size} of {whole} bytes came")
        return Download(
            address=now.address,
            fetched=dt.datetime.now(dt.UTC).replace(microsecond=0),
            modified=modified,
            size_bytes=size,
            sha256=hash_file(part),
            validator=now.validator,
        )

    def _keep_bytes(
        self,
        source: DataSource,
        address: str,
        answer: httpx.Response,
        part: Path,
        there: int,
        whole: int | None,
        watch: Watch,
    ) -> None:
        with part.open("r+b" if there else "wb") as file:
            file.seek(there)
            file.truncate()
            try:
                for chunk in answer.iter_raw(_CHUNK):
                    there += len(chunk)
                    _refuse_large(source, address, there)
                    file.write(chunk)
                    self._progressed = True
                    watch(there, whole)
            finally:
                file.flush()
                os.fsync(file.fileno())

    def _compare_checksum(self, source: DataSource, address: str, part: Path) -> None:
        """Compare a file with the sum that its publisher gives beside it."""
        if not source.checksum:
            return
        beside = f"{address}.{source.checksum}"
        told = self.ask(source, beside, most_bytes=10_000).content.split()
        digest = hashlib.new(source.checksum, usedforsecurity=False)
        with part.open("rb") as file:
            for chunk in iter(lambda: file.read(1 << 20), b""):
                digest.update(chunk)
        given = told[0].decode("ascii", "replace").lower() if told else ""
        if given != digest.hexdigest():
            if not re.fullmatch(f"[0-9a-f]{{{2 * digest.digest_size}}}", given):
                raise FetchError(describe_unlike(beside, b" ".join(told), source.checksum))
            raise FetchError(
                Problem(
                    address,
                    f"its {source.checksum} sum is another than its publisher gives: it was "
                    "damaged on its way, or changed just now",
                    "fetch it again",
                )
            )

    # -- answers ------------------------------------------------------------------------------

    def ask(
        self,
        source: DataSource,
        address: str,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        body: Any = None,
        most_bytes: int | None = None,
        method: str = "",
    ) -> Answered:
        """Ask a question and give the whole answer.

        Parameters
        ----------
        source
            Says which hosts may be asked, and how much may come.
        address, params
            Of the question. Secrets belong into `headers`: no message shows those.
        headers
            Beside the usual ones.
        form, body
            What is sent along: a form, or JSON. Then the question is a POST.
        most_bytes
            A longer answer is refused; that of the source if not given.
        method
            Other than GET, or POST where something is sent.

        Raises
        ------
        FetchError
            In one line: what did not come, and how to have it.
        """
        most = most_bytes or source.most_mb * 1_000_000
        given: dict[str, Any] = {"params": params, "headers": dict(headers or {})}
        if form is not None:
            given["data"] = form
        if body is not None:
            given["json"] = body
        how = method or ("POST" if form is not None or body is not None else "GET")

        def try_once() -> Answered:
            with self._stream(how, source, address, **given) as answer:
                content = bytearray()
                for chunk in answer.iter_bytes(_CHUNK):
                    content += chunk
                    if len(content) > most:
                        what = f"answers with more than {most // 1_000_000} MB"
                        raise FetchError(Problem(_show(address), what, "ask for less at once"))
                kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
                modified = _read_day(answer.headers.get("last-modified"))
                told = {name.lower(): value for name, value in answer.headers.items()}
                return Answered(bytes(content), _show(str(answer.url)), kind, modified, told)

        answer: Answered = self._retry(address, try_once)
        return answer

    # -- one request --------------------------------------------------------------------------

    def _retry(self, address: str, try_once: Callable[[], Any]) -> Any:
        """Try until it goes well, or brings nothing so many times in a row."""
        import tenacity

        in_vain = 0
        self._progressed = False

        def stop(_: tenacity.RetryCallState) -> bool:
            nonlocal in_vain
            in_vain = 1 if self._progressed else in_vain + 1
            self._progressed = False
            return in_vain >= self.manners.tries

        def wait(state: tenacity.RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            asked = error.wait_s if isinstance(error, _TryAgainError) else None
            usual = self.manners.first_wait_s * 2 ** max(in_vain - 1, 0)
            return min(asked if asked is not None else usual, self.manners.longest_wait_s)

        retrying = tenacity.Retrying(
            stop=stop,
            wait=wait,
            sleep=self.sleep,
            retry=tenacity.retry_if_exception_type(_TryAgainError),
            reraise=True,
        )
        try:
            return retrying(try_once)
        except _TryAgainError as error:
            what = f"{error}, {in_vain} times in a row" if in_vain > 1 else str(error)
            mend = "run the same command later: it goes on from what is there"
            raise FetchError(Problem(_show(address), what, mend)) from None

    @contextmanager
    def _stream(
        self, method: str, source: DataSource, address: str, **given: Any
    ) -> Iterator[httpx.Response]:
        """Send one question, following the pointers of its server; what is to be told is raised."""
        import httpx

        given["headers"] = {"Accept-Encoding": "identity"} | dict(given.get("headers") or {})
        try:
            for _ in range(_MOST_REDIRECTS + 1):
                self._refuse_host(source, address)
                self._wait_turn(address)
                with self._open().stream(method, address, **given) as answer:
                    if answer.is_redirect and answer.next_request is not None:
                        address, given = _follow(answer.next_request, address, given)
                        method = answer.next_request.method
                        continue
                    _tell_refusal(address, answer, self.manners.longest_wait_s)
                    yield answer
                    return
        except httpx.HTTPError as error:
            raise _TryAgainError(_describe(error, self.manners.stall_s)) from None
        except httpx.InvalidURL as error:
            raise FetchError(Problem(_show(address), f"is no address: {error}")) from None
        what = f"points on more than {_MOST_REDIRECTS} times"
        raise FetchError(Problem(_show(address), what))

    def _refuse_host(self, source: DataSource, address: str) -> None:
        """Refuse an address to which nothing of this source may be sent."""
        if urlsplit(address).netloc not in source.hosts or not is_safe(address):
            raise FetchError(
                Problem(
                    _show(address),
                    f"is where its server points to, and is no address of {source.publisher}",
                    "if it is right, add its host to `redirects` in a file of sources of your own",
                )
            )

    def _wait_turn(self, address: str) -> None:
        """Wait until a server may be asked again."""
        host, now = urlsplit(address).netloc, self.clock()
        due = self._asked.get(host, now - 60) + 1 / self.manners.requests_per_s
        if due > now:
            self.sleep(due - now)
        self._asked[host] = max(due, now)

    def _open(self) -> httpx.Client:
        if self._http is None:
            import httpx

            timeout = httpx.Timeout(self.manners.stall_s)
            self._http = httpx.Client(timeout=timeout, headers={"User-Agent": AGENT})
        return self._http

    def _folder_of(self, address: str) -> Path:
        return full_path(self.store) / hashlib.sha256(address.encode()).hexdigest()[:32]


def _follow(
    pointed_to: httpx.Request, before: str, given: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    """Say what is asked where a server points to: another host is told no secret."""
    address, headers = str(pointed_to.url), given["headers"]
    if urlsplit(address).netloc != urlsplit(before).netloc:
        headers = {name: headers[name] for name in _PLAIN_HEADERS if name in headers}
    sent = () if pointed_to.method == "GET" else ("data", "json")
    kept: dict[str, Any] = {name: given[name] for name in sent if name in given}
    return address, kept | {"headers": headers}


# -- what is said --------------------------------------------------------------------------------


def escape_address(address: str) -> str:
    """Write an address as it is sent: spaces and commas in it are no spaces on the way."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(path=quote(parts.path, safe="/%:@")))


_BEGINS = {
    "zip": re.compile(rb"PK\x03\x04"),
    "xlsx": re.compile(rb"PK\x03\x04"),
    "pbf": re.compile(rb"\x00\x00.{2}\x0a\x09OSMHeader", re.DOTALL),
    "json": re.compile(rb"(?:\xef\xbb\xbf)?\s*[{\[]"),
    "geojson": re.compile(rb"(?:\xef\xbb\xbf)?\s*\{"),
    "osm": re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|osm)"),
    "csv": re.compile(rb"(?!\s*(?:\xef\xbb\xbf)?\s*<)[^\x00]"),
}
"""With what the content of a source of each format begins."""


def refuse_unlike(path: Path, source: DataSource, address: str, known: Known | None = None) -> None:
    """Refuse a file that is not of the format of its source, or not the one that is known.

    Parameters
    ----------
    path, source
        The file, and what it should be of.
    address
        That gave it, or its name.
    known
        What is known of it.

    Raises
    ------
    FetchError
        Naming a web page, an empty file, or what is otherwise.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    wanted = _BEGINS.get(source.format)
    if not head or (wanted is not None and not wanted.match(head)):
        raise FetchError(describe_unlike(address, head, f"a file of type {source.format}"))
    size, sha256 = (known.size_bytes, known.sha256) if known else (None, "")
    if size not in (None, path.stat().st_size):
        what = f"has {path.stat().st_size} bytes, and as published it has {size}"
        raise FetchError(Problem(_show(address), what, _OTHER))
    if sha256 and hash_file(path) != sha256:
        what = "is another file than the one that is known by its sha256"
        raise FetchError(Problem(_show(address), what, _OTHER))


_OTHER = "fetch it again; if its publisher made another one, that must be looked at first"


def describe_unlike(address: str, content: bytes, wanted: str) -> Problem:
    """Say what came in the place of what was wanted; a web page is recognised and named.

    Parameters
    ----------
    address
        That gave it.
    content
        The beginning of what came.
    wanted
        What it should be, such as "a zip".
    """
    if not _PAGE.match(content):
        what = "is empty" if not content else f"is not {wanted}"
        return Problem(_show(address), what, "fetch it again, or by hand")
    found = _TITLE.search(content)
    title = clean_text(found[1].decode("utf-8", "replace"), 60) if found else ""
    named = f" ('{title}')" if title else ""
    return Problem(
        _show(address),
        f"its server answers with a web page{named} in the place of {wanted}: programs are asked "
        "to prove that they are a person",
        "open this address in a browser, and give the folder in which the file comes: "
        "stemgeo fetch ... --from FOLDER",
    )


def _show(address: str) -> str:
    """Write an address for people: without what was asked, which may hold what is nobody else's."""
    return clean_text(urlunsplit(urlsplit(address)._replace(query="", fragment="")), 300)


def _describe(error: httpx.HTTPError, stall_s: float) -> str:
    import httpx

    if isinstance(error, httpx.TimeoutException):
        return f"its server is silent for {stall_s:g} s"
    if isinstance(error, httpx.ConnectError):
        return f"cannot be reached ({clean_text(str(error), 100)})"
    return f"the connection broke ({clean_text(str(error) or type(error).__name__, 100)})"


def _tell_refusal(address: str, answer: httpx.Response, longest_wait_s: float) -> None:
    """Raise what the status of an answer says; a web page in its body is named."""
    status = answer.status_code
    if answer.is_success:
        return
    if status == _NO_SUCH_RANGE:
        raise _TryAgainError("its server has no more of it than there is here", status=status)
    if status in (401, 403, 503):
        answer.read()
        if _PAGE.match(answer.content):
            raise FetchError(describe_unlike(address, answer.content, "the file"))
    said = f"its server answers {status} {clean_text(answer.reason_phrase, 40)}".rstrip()
    if status in _BUSY:
        wait = _read_wait(answer.headers.get("retry-after"))
        if wait is not None and wait > longest_wait_s:
            mend = f"it asks for {wait:.0f} s of rest: run the same command then"
            raise FetchError(Problem(_show(address), said, mend))
        raise _TryAgainError(said, wait)
    mend = {
        401: "it wants to know who asks: see `needs` of this source",
        403: "it wants to know who asks: see `needs` of this source",
        404: "the publisher moved it: look for it there, and give it by hand (--from)",
    }.get(status, "")
    raise FetchError(Problem(_show(address), said, mend))


def _read_wait(text: str | None) -> float | None:
    """Read for how long a server wants to be left alone: seconds, or until a day and hour."""
    if not text:
        return None
    if re.fullmatch(r"\d{1,9}", text.strip()):
        return float(text)
    until = _read_day(text)
    return None if until is None else max((until - dt.datetime.now(dt.UTC)).total_seconds(), 0)


def _read_day(text: str | None) -> dt.datetime | None:
    try:
        return parsedate_to_datetime(text) if text else None
    except (ValueError, TypeError, IndexError):
        return None


# -- the parts of a download ---------------------------------------------------------------------


def _find_validator(answer: httpx.Response) -> str:
    """Give the mark by which a server knows whether a file is the same; weak ones are none."""
    mark = str(answer.headers.get("etag", ""))
    weak = not mark or mark.startswith("W/")
    return str(answer.headers.get("last-modified", "")) if weak else mark


def _read_length(answer: httpx.Response, there: int) -> int | None:
    """Tell how long the whole file is, if the server says it."""
    length = answer.headers.get("content-length", "")
    if not re.fullmatch(r"\d{1,15}", length):
        return None
    return int(length) + (there if answer.status_code == _PARTIAL else 0)


def _continues(answer: httpx.Response, there: int) -> bool:
    found = re.match(r"bytes (\d{1,15})-", answer.headers.get("content-range", ""))
    return bool(found) and int(found[1]) == there  # type: ignore[index]  # found


def _refuse_large(source: DataSource, address: str, size: int | None) -> None:
    if size is not None and size > source.most_mb * 1_000_000:
        what = f"is larger than the {source.most_mb} MB that it can be"
        raise FetchError(Problem(_show(address), what, "look at what stands there"))


def _read_model(model: type[Any], path: Path) -> Any:
    """Read what was kept of a download; None where it is not there, or not whole."""
    try:
        return model.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _write_whole(path: Path, text: str) -> None:
    beside = path.with_suffix(".new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def _forget(folder: Path) -> None:
    for name in (_PART, _ABOUT_PART):
        (folder / name).unlink(missing_ok=True)
