"""Asking a server over http, so that a file comes whole or not at all.

A download that was broken off goes on where it stopped, today or tomorrow; who is busy is asked
again later, and not more often than it bears; what comes is looked at before it is kept. Only the
hosts of the source that is asked for are ever spoken to, and none is told what is another's.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib.metadata
import json
import logging
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, TypeVar

from stemgeo.errors import FetchError, Problem, StemgeoError
from stemgeo.notes import clean_text
from stemgeo.sources.catalogue import host_of, is_safe
from stemgeo.sources.content import (
    GO_ON,
    HEAD,
    bare_address,
    describe_unlike,
    is_like,
    is_page,
    name_format,
    refuse_unlike,
    show_address,
    shows_its_end,
    without_secrets,
)
from stemgeo.sources.headers import (
    PARTIAL,
    find_validator,
    read_day,
    read_range,
    read_size,
    read_wait,
)
from stemgeo.sources.store import Begun, Download, Shelf, now
from stemgeo.writing import whole
from stemgeo.writing.guarded import make_own_folder
from stemgeo.writing.seal import hash_file

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

    import httpx
    import tenacity

    from stemgeo.sources.catalogue import DataSource, Known, Manners


T = TypeVar("T")

_UNCHANGED, _NO_SUCH_RANGE, _UNAVAILABLE = 304, 416, 503
_BUSY = {408, 425, 429, 500, 502, 503, 504}
_MOST_REDIRECTS = 5
_NO_SECRETS = {"accept", "accept-encoding", "range", "if-range", "if-none-match"} | {
    "if-modified-since",
    "content-type",
}
"""Headers that may be told to another host, and shown."""
_LOG = logging.getLogger("stemgeo")
_LATER = "run the same command later: it goes on from what is there"

Watch = Callable[[int, int | None], None]
"""Told how many bytes there are, and of how many where that is known."""


class _TryAgainError(Exception):
    """What may go better when it is tried again.

    Attributes
    ----------
    wait_s
        For how long its server wants to be left alone.
    page
        What it said, when that is a web page.
    """

    def __init__(self, what: str, wait_s: float | None = None, page: bytes = b"") -> None:
        super().__init__(what)
        self.wait_s, self.page = wait_s, page

    def without(self, secrets: Iterable[str]) -> _TryAgainError:
        """Give it without what was told to the server alone."""
        page = without_secrets(self.page.decode("latin-1"), secrets).encode("latin-1", "replace")
        return _TryAgainError(without_secrets(str(self), secrets), self.wait_s, page)


@dataclass(frozen=True)
class Answered:
    """What a server answered to a question, whole.

    Attributes
    ----------
    content
        Its bytes.
    address
        That gave it, after redirects, without what was asked.
    kind
        What the server calls it, such as "application/json".
    modified
        Of when the server says that it is.
    headers
        What else the server says of it, names in small letters.
    unsaid
        What was told to the server alone: in no message, even where it says it again.
    """

    content: bytes
    address: str
    kind: str
    modified: dt.datetime | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    unsaid: tuple[str, ...] = field(default=(), repr=False)

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
            error = FetchError(describe_unlike(self.address, self.content, "JSON"))
            raise _hide(error, self.unsaid) from None


@dataclass(frozen=True)
class Offered:
    """What a server says of a file that was not downloaded.

    Attributes
    ----------
    address
        Where it is, after redirects.
    size_bytes, modified
        Of it, where the server says it.
    """

    address: str
    size_bytes: int | None = None
    modified: dt.datetime | None = None


@dataclass
class _Patience:
    """Counts how often in a row a server brought nothing."""

    least: float = 1
    in_vain: int = 0
    furthest: int = 0

    def reached(self, size: int) -> None:
        """Note how far it is: only what never was there before is progress, and no few bytes."""
        if size >= self.furthest + self.least:
            self.furthest, self.in_vain = size, 0


@dataclass
class _Flow:
    """Holds that a connection brings something: one that gives a byte now and then is dead.

    Attributes
    ----------
    clock
        Of time.
    within_s, least
        In this time it brings so many bytes.
    """

    clock: Callable[[], float]
    within_s: float
    least: float
    _came: int = 0

    def __post_init__(self) -> None:
        self._since = self.clock()

    def came(self, size: int) -> None:
        """Note that so many bytes came."""
        self._came += size
        moment = self.clock()
        if moment - self._since < self.within_s:
            return
        if self._came < self.least:
            what = f"its server gives no more than {self._came} bytes in {self.within_s:g} s"
            raise _TryAgainError(what)
        self._since, self._came = moment, 0


@dataclass(frozen=True)
class _Errand:
    """A file that is to be downloaded, as `Client.download` was asked for it."""

    source: DataSource
    address: str
    shelf: Shelf
    check: Callable[[Path], None]
    watch: Watch
    known: Known | None


@dataclass(frozen=True)
class _Came:
    """A file that came, and whether its server showed that this is all of it."""

    told: Download
    is_all: bool


@dataclass
class Client:
    """Asks servers for the files and answers of sources.

    Attributes
    ----------
    manners
        How often, how long.
    store
        The folder in which downloads are kept, and go on.
    offline
        Whether no server is asked: the store is all there is.
    sleep, clock
        Of time.
    """

    manners: Manners
    store: Path
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    offline: bool = False
    _http: httpx.Client | None = None
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
        return Shelf(self.store, address).find()

    def download(
        self,
        source: DataSource,
        address: str,
        check: Callable[[Path], None],
        watch: Watch = lambda _so_far, _of: None,
        known: Known | None = None,
    ) -> tuple[Path, Download]:
        """Download a file, or what is missing of it, and look at it before it is kept.

        One that is in the store already is asked for only if its server has another by now.

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
        WriteError
            If the store cannot be written.
        """
        errand = _Errand(source, address, Shelf(self.store, address), check, watch, known)
        shelf = errand.shelf
        with whole.tell_refusal(shelf.folder):
            if not self.offline:
                make_own_folder(shelf.folder)
            with whole.lock_folder(shelf.folder):
                stored = shelf.find()
                if stored and (self.offline or _is_known(stored[1], known)):
                    return _check_stored(errand, stored)
                self._refuse_offline(address)
                shelf.tidy(stored[1] if stored else None)
                mark = stored[1].validator if stored else ""
                came = self._retry(address, lambda patience: self._go_on(errand, mark, patience))
                if came is None and stored:
                    return _check_stored(errand, stored)
                return self._accept(errand, came)

    def _go_on(self, errand: _Errand, mark: str, patience: _Patience) -> _Came | None:
        """Ask for what is missing of a file; None if that of this mark is still the same."""
        shelf = errand.shelf
        begun, there = shelf.find_begun()
        headers = _ask_for_rest(begun, there) if begun else _ask_if_changed(mark)
        expected = {_NO_SUCH_RANGE if "Range" in headers else _UNCHANGED} if headers else set()
        with self._stream(
            "GET", errand.source, errand.address, expected, headers=headers
        ) as answer:
            if answer.status_code == _UNCHANGED:
                return _Came(_describe_part(shelf, begun), is_all=True) if begun else None
            if not (_goes_on(answer, shelf, begun, there) and begun):
                begun, there = _note_begun(answer), 0
                _refuse_large(errand, begun.size_bytes)
                shelf.begin(begun)
            there = _keep_bytes(errand, answer, there, patience, self._pace())
            chunked = "chunked" in answer.headers.get("transfer-encoding", "").lower()
            size = (
                begun.size_bytes
                if begun.size_bytes is not None
                else read_size(answer.status_code, answer.headers)
            )
        if size is not None and there != size:
            raise _TryAgainError(f"{there} of {size} bytes came")
        return _Came(_describe_part(shelf, begun), is_all=size is not None or chunked)

    def _accept(self, errand: _Errand, came: _Came | None) -> tuple[Path, Download]:
        """Look at what came, and keep it or nothing of it."""
        address, source, part = errand.address, errand.source, errand.shelf.part
        if came is None:  # pragma: no cover  (only asked of what is in the store)
            raise AssertionError
        checksum = self._ask_checksum(source, address, came.told.address)
        try:
            refuse_unlike(part, source, address, errand.known)
            if checksum:
                _compare_checksum(part, source.checksum, checksum, address)
            elif not (
                came.is_all
                or _is_known(came.told, errand.known)
                or shows_its_end(part, source.format)
            ):
                what = "its server does not say how much it is, so that nobody can tell if it broke"
                raise FetchError(Problem(show_address(address), what, f"by hand: {GO_ON}"))
            errand.check(part)
        except StemgeoError:
            errand.shelf.forget()
            raise
        return errand.shelf.keep(came.told), came.told

    def _ask_checksum(self, source: DataSource, address: str, given_by: str) -> str:
        """Ask for the sum that a publisher gives beside a file; empty where none is given.

        Beside the file that an address pointed to, if there is one: `latest` may move meanwhile.
        """
        if not source.checksum:
            return ""
        if given_by != bare_address(address):
            with suppress(FetchError):
                return self._read_checksum(source, f"{given_by}.{source.checksum}")
        return self._read_checksum(source, f"{address}.{source.checksum}")

    def _read_checksum(self, source: DataSource, beside: str) -> str:
        content = self.ask(source, beside, most_bytes=10_000).content
        digits = 2 * hashlib.new(source.checksum, usedforsecurity=False).digest_size
        found = re.match(rf"\s*([0-9a-fA-F]{{{digits}}})\b", content.decode("ascii", "replace"))
        if not found:
            raise FetchError(describe_unlike(beside, content[:HEAD], f"a sum ({source.checksum})"))
        return found[1].lower()

    def look(self, source: DataSource, address: str) -> Offered:
        """Ask how large a file is and of when, with no more of it than its beginning.

        Parameters
        ----------
        source
            Says which hosts may be asked, and what it should begin with.
        address
            Of the file.

        Raises
        ------
        FetchError
            If it is not to be had, or begins otherwise: a web page is named.
        """

        def try_once(_: _Patience) -> Offered:
            beginning = {"Range": f"bytes=0-{HEAD - 1}"}
            with self._stream(
                "GET", source, address, {_NO_SUCH_RANGE}, headers=beginning
            ) as answer:
                empty = answer.status_code == _NO_SUCH_RANGE
                head = b"" if empty else _read_head(answer, self._pace())
                if not is_like(head, source.format):
                    problem = describe_unlike(address, head, name_format(source.format))
                    raise FetchError(problem)
                modified = read_day(answer.headers.get("last-modified"))
                return Offered(
                    bare_address(str(answer.url)),
                    read_size(answer.status_code, answer.headers),
                    modified,
                )

        return self._retry(address, try_once)

    # -- answers ------------------------------------------------------------------------------

    def ask(
        self,
        source: DataSource,
        address: str,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        most_bytes: int | None = None,
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
        form
            What is sent along. Then the question is a POST.
        most_bytes
            A longer answer is refused; that of the source if not given.

        Raises
        ------
        FetchError
            In one line: what did not come, and how to have it.
        """
        most = most_bytes or source.most_mb * 1_000_000
        given: dict[str, Any] = {"params": params, "headers": dict(headers or {})}
        if form is not None:
            given["data"] = form
        how = "GET" if form is None else "POST"

        def try_once(_: _Patience) -> Answered:
            with self._stream(how, source, address, **given) as answer:
                content, pace = bytearray(), self._pace()
                for chunk in answer.iter_bytes():  # as they come
                    content += chunk
                    pace.came(len(chunk))
                    if len(content) > most:
                        what = f"answers with more than {most:,} bytes"
                        raise FetchError(Problem(show_address(address), what, "ask for less"))
                told = {name.lower(): value for name, value in answer.headers.items()}
                kind = told.get("content-type", "").partition(";")[0].strip().lower()
                modified = read_day(told.get("last-modified"))
                secrets = _list_secrets(headers or {})
                shown = without_secrets(show_address(str(answer.url)), secrets)
                return Answered(bytes(content), shown, kind, modified, told, secrets)

        return self._retry(address, try_once)

    # -- one request --------------------------------------------------------------------------

    def _retry(self, address: str, try_once: Callable[[_Patience], T]) -> T:
        """Try until it goes well, or brings nothing so many times in a row."""
        import tenacity

        self._refuse_offline(address)
        patience, shown = _Patience(self._least_bytes), show_address(address)

        def count_tries() -> T:
            try:
                return try_once(patience)
            except _TryAgainError:
                patience.in_vain += 1
                raise

        def wait(state: tenacity.RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            asked = error.wait_s if isinstance(error, _TryAgainError) else None
            usual = self.manners.first_wait_s * 2 ** min(patience.in_vain - 1, 30)
            chosen = min(asked if asked is not None else usual, self.manners.longest_wait_s)
            if chosen:
                _LOG.warning("note: %s: %s; asked again in %g s", shown, error, chosen)
            return chosen

        retrying = tenacity.Retrying(
            stop=lambda _: patience.in_vain >= self.manners.tries,
            wait=wait,
            sleep=self.sleep,
            retry=tenacity.retry_if_exception_type(_TryAgainError),
            reraise=True,
        )
        try:
            return retrying(count_tries)
        except _TryAgainError as error:
            if error.page:
                raise FetchError(describe_unlike(address, error.page, "what was asked")) from None
            times = f", {patience.in_vain} times in a row" if patience.in_vain > 1 else ""
            raise FetchError(Problem(show_address(address), f"{error}{times}", _LATER)) from None

    @contextmanager
    def _stream(
        self,
        method: str,
        source: DataSource,
        address: str,
        expected: Iterable[int] = (),
        **given: Any,
    ) -> Iterator[httpx.Response]:
        """Send one question, following the pointers of its server; what is to be told is raised.

        An answer of a status that is expected is given, as one that went well.
        """
        import httpx

        given["headers"] = {"Accept-Encoding": "identity"} | dict(given.get("headers") or {})
        secrets = _list_secrets(given["headers"])
        try:
            for _ in range(_MOST_REDIRECTS + 1):
                _refuse_host(source, address)
                self._wait_turn(address)
                with self._open().stream(method, address, **given) as answer:
                    if answer.next_request is not None:
                        address, given = _follow(answer.next_request, address, given)
                        method = answer.next_request.method
                        continue
                    _refuse_packed(answer)
                    if answer.status_code not in expected:
                        longest = self.manners.longest_wait_s
                        _tell_refusal(address, answer, longest, self._pace())
                    yield answer
                    return
            _refuse_to_follow(address)
        except httpx.HTTPError as error:
            what = without_secrets(_describe(error, self.manners.stall_s), secrets)
            raise _TryAgainError(what) from None
        except httpx.InvalidURL:
            raise FetchError(Problem(show_address(address), "is no address")) from None
        except _TryAgainError as error:
            raise error.without(secrets) from None
        except FetchError as error:
            raise _hide(error, secrets) from None

    @property
    def _least_bytes(self) -> float:
        return max(1, self.manners.slowest_bytes_per_s * self.manners.stall_s)

    def _pace(self) -> _Flow:
        return _Flow(self.clock, self.manners.stall_s, self._least_bytes)

    def _wait_turn(self, address: str) -> None:
        """Wait until a server may be asked again."""
        host, moment = host_of(address), self.clock()
        before = self._asked.get(host)
        due = moment if before is None else before + 1 / self.manners.requests_per_s
        if due > moment:
            self.sleep(due - moment)
        self._asked[host] = max(due, moment)

    def _refuse_offline(self, address: str) -> None:
        if self.offline:
            what = "is not in the store, and no server may be asked"
            mend = f"let servers be asked, or {GO_ON}"
            raise FetchError(Problem(show_address(address), what, mend))

    def _open(self) -> httpx.Client:
        if self._http is None:
            import httpx

            agent = f"stemgeo/{importlib.metadata.version('stemgeo')}"
            # Nobody is to know us again: cookies are not kept.
            cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
            timeout = httpx.Timeout(self.manners.stall_s)
            try:
                trust = _load_trust(*map(os.environ.get, ("SSL_CERT_FILE", "SSL_CERT_DIR")))
                self._http = httpx.Client(
                    verify=trust, timeout=timeout, headers={"User-Agent": agent}, cookies=cookies
                )
            except (ValueError, ImportError, OSError, httpx.InvalidURL):
                # What they say may hold the password of a proxy.
                what = "the proxy or certificate that it names cannot be used"
                mend = "see HTTPS_PROXY, ALL_PROXY and SSL_CERT_FILE"
                raise FetchError(Problem("the environment", what, mend)) from None
        return self._http


@cache
def _load_trust(*_said: str | None) -> ssl.SSLContext:
    """Load whom we trust, which takes longer than asking a server; as the environment says it."""
    import httpx

    return httpx.create_ssl_context()


def _refuse_packed(answer: httpx.Response) -> None:
    """Refuse what grows without bounds where it is unpacked: packed twice, or by other means."""
    packed = answer.headers.get("content-encoding", "identity").strip().lower()
    if packed not in ("", "identity", "gzip", "x-gzip", "deflate"):
        what = f"comes compressed ('{clean_text(packed, 20)}'), which was not asked for"
        raise FetchError(Problem(show_address(str(answer.url)), what, f"by hand: {GO_ON}"))


def _refuse_to_follow(address: str) -> None:
    what = f"points on more than {_MOST_REDIRECTS} times"
    raise FetchError(Problem(show_address(address), what, f"by hand: {GO_ON}"))


def _refuse_host(source: DataSource, address: str) -> None:
    """Refuse an address to which nothing of this source may be sent."""
    if host_of(address) not in source.hosts or not is_safe(address):
        raise FetchError(
            Problem(
                show_address(address),
                f"is no address of {source.publisher}, but what its server points to",
                "if it is right, add its host to `redirects` in a file of sources of your own",
            )
        )


def _follow(
    pointed_to: httpx.Request, before: str, given: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    """Say what is asked where a server points to: another host is told no secret."""
    address, headers = str(pointed_to.url), given["headers"]
    if host_of(address) != host_of(before):
        headers = {name: one for name, one in headers.items() if name.lower() in _NO_SECRETS}
    sent = {} if pointed_to.method == "GET" or "data" not in given else {"data": given["data"]}
    return address, sent | {"headers": headers}


# -- what is said --------------------------------------------------------------------------------


def _list_secrets(headers: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(value for name, value in headers.items() if name.lower() not in _NO_SECRETS)


def _hide(error: FetchError, secrets: tuple[str, ...]) -> FetchError:
    """Give an error without what was told to the server alone."""

    def clean(text: str) -> str:
        return without_secrets(text, secrets)

    problems = [
        replace(one, where=clean(one.where), what=clean(one.what))
        for one in error.problems
        if isinstance(one, Problem)
    ]
    return FetchError(*problems) if secrets else error


def _describe(error: httpx.HTTPError, stall_s: float) -> str:
    import httpx

    if isinstance(error, httpx.TimeoutException):
        return f"its server is silent for {stall_s:g} s"
    if isinstance(error, httpx.ConnectError):
        return f"cannot be reached ({clean_text(str(error), 100)})"
    return f"the connection broke ({clean_text(str(error) or type(error).__name__, 100)})"


def _tell_refusal(address: str, answer: httpx.Response, longest_wait_s: float, pace: _Flow) -> None:
    """Raise what the status of an answer says; a web page in its body is named."""
    status = answer.status_code
    if answer.is_success:
        return
    head = _read_head(answer, pace)
    page = head if is_page(head) else b""
    said = f"its server answers {status} {clean_text(answer.reason_phrase, 40)}".rstrip()
    if status in _BUSY:
        wait = read_wait(answer.headers.get("retry-after"))
        if wait is not None and wait > longest_wait_s:
            until = dt.datetime.now(dt.UTC).astimezone() + dt.timedelta(seconds=wait)
            mend = (
                f"it asks for {wait:.0f} s of rest: run the same command after {until:%d/%m %H:%M}"
            )
            raise FetchError(Problem(show_address(address), said, mend))
        # A page of 503 may be one that asks for a person.
        raise _TryAgainError(said, wait, page if status == _UNAVAILABLE else b"")
    if page and status in (401, 403):
        raise FetchError(describe_unlike(address, page, "what was asked"))
    mend = {
        401: "it wants to know who asks: see `needs` of this source",
        403: "it wants to know who asks: see `needs` of this source",
        404: f"the publisher moved it: look for it there, and give it by hand: {GO_ON}",
    }.get(status, "")
    raise FetchError(Problem(show_address(address), said, mend))


def _read_head(answer: httpx.Response, pace: _Flow) -> bytes:
    """Read the beginning of an answer, and no more."""
    head = b""
    for chunk in answer.iter_bytes():
        head += chunk
        pace.came(len(chunk))
        if len(head) >= HEAD:
            break
    return head[:HEAD]


# -- the parts of a download ---------------------------------------------------------------------


def _is_known(told: Download, known: Known | None) -> bool:
    """Whether a file is the very one that is known."""
    return known is not None and bool(known.sha256) and told.sha256 == known.sha256


def _check_stored(errand: _Errand, stored: tuple[Path, Download]) -> tuple[Path, Download]:
    """Look at a file of the store as at one that came just now."""
    try:
        errand.check(stored[0])
    except StemgeoError:
        errand.shelf.drop()
        raise
    return stored


def _ask_for_rest(begun: Begun, there: int) -> dict[str, str]:
    """Ask for what is missing of a file; of one that is all there, whether it is still the same."""
    if there == begun.size_bytes:
        return _ask_if_changed(begun.validator)
    return {"Range": f"bytes={there}-", "If-Range": begun.validator}


def _ask_if_changed(validator: str) -> dict[str, str]:
    if not validator:
        return {}
    return {"If-None-Match" if validator.startswith('"') else "If-Modified-Since": validator}


def _goes_on(answer: httpx.Response, shelf: Shelf, begun: Begun | None, there: int) -> bool:
    """Tell whether an answer goes on behind what is there; else it is a file from its beginning."""
    encoding = answer.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        what = f"comes compressed ('{clean_text(encoding, 20)}'), which was not asked for"
        raise FetchError(Problem(show_address(str(answer.url)), what, f"by hand: {GO_ON}"))
    if answer.status_code not in (PARTIAL, _NO_SUCH_RANGE):
        return False
    start, size = read_range(answer.headers)
    if answer.status_code == PARTIAL and begun and start == there:
        same_mark = find_validator(answer.headers) in ("", begun.validator)
        if same_mark and (size is None or begun.size_bytes in (None, size)):
            return True
    shelf.forget()
    raise _TryAgainError("its server goes on elsewhere than it was asked to")


def _note_begun(answer: httpx.Response) -> Begun:
    return Begun(
        address=bare_address(str(answer.url)),
        modified=read_day(answer.headers.get("last-modified")),
        validator=find_validator(answer.headers),
        size_bytes=read_size(answer.status_code, answer.headers),
    )


def _keep_bytes(
    errand: _Errand, answer: httpx.Response, there: int, patience: _Patience, pace: _Flow
) -> int:
    """Write what comes behind what is there, and tell how much there is then."""
    size = read_size(answer.status_code, answer.headers)
    with errand.shelf.open_part(there) as file:
        try:
            # As they come: what waits for more of its kind would be lost when the rest does not.
            for chunk in answer.iter_raw():
                there += len(chunk)
                _refuse_large(errand, there)
                file.write(chunk)
                patience.reached(there)
                pace.came(len(chunk))
                errand.watch(there, size)
        finally:
            file.flush()
            whole.sync_to_disk(errand.shelf.part)
    return there


def _describe_part(shelf: Shelf, begun: Begun) -> Download:
    return Download(
        address=begun.address,
        fetched=now(),
        modified=begun.modified,
        size_bytes=shelf.part.stat().st_size,
        sha256=hash_file(shelf.part),
        validator=begun.validator,
    )


def _refuse_large(errand: _Errand, size: int | None) -> None:
    most = errand.source.most_mb
    if size is not None and size > most * 1_000_000:
        what = f"is larger than the {most} MB that it can be"
        raise FetchError(Problem(show_address(errand.address), what, "look at what stands there"))


def _compare_checksum(part: Path, kind: str, wanted: str, address: str) -> None:
    """Compare a file with the sum that its publisher gives beside it."""
    with part.open("rb") as file:
        found = hashlib.file_digest(file, lambda: hashlib.new(kind, usedforsecurity=False))
    if found.hexdigest() != wanted:
        what = (
            f"its {kind} sum is another than its publisher gives: it was damaged on its way, or "
            "changed just now"
        )
        raise FetchError(Problem(show_address(address), what, "fetch it again"))
