"""What the headers of an answer say: how much, of when, how long to wait, if it is the same."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

PARTIAL = 206
_RANGE = re.compile(r"bytes ([0-9]{1,15})-([0-9]{1,15})/([0-9]{1,15}|\*)")


def read_day(text: str | None) -> dt.datetime | None:
    """Read a day and hour; None where there is none, or none that can be."""
    try:
        day = parsedate_to_datetime(text) if text else None
        return None if day is None else day.replace(tzinfo=day.tzinfo or dt.UTC).astimezone(dt.UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def read_wait(text: str | None) -> float | None:
    """Read for how long a server wants to be left alone: seconds, or until a day and hour."""
    if re.fullmatch(r"[0-9]{1,8}", (text or "").strip()):
        return float(text or 0)
    until = read_day(text)
    return None if until is None else max((until - dt.datetime.now(dt.UTC)).total_seconds(), 0)


def read_range(headers: Mapping[str, str]) -> tuple[int | None, int | None]:
    """Read where a part begins, and of how much it is one."""
    found = _RANGE.fullmatch(headers.get("content-range", "").strip())
    if not found:
        return None, None
    return int(found[1]), None if found[3] == "*" else int(found[3])


def read_size(status: int, headers: Mapping[str, str]) -> int | None:
    """Tell how large a whole file is, if the server says it.

    Parameters
    ----------
    status
        Of the answer: of a part the length is not that of the whole.
    headers
        Of it, names in any letters.
    """
    if status == PARTIAL:
        return read_range(headers)[1]
    length = headers.get("content-length", "")
    return int(length) if re.fullmatch(r"[0-9]{1,15}", length) else None


def find_validator(headers: Mapping[str, str]) -> str:
    """Give the mark by which a server knows whether a file is the same; weak ones are none.

    A day is one only where it was over a second ago that the file was changed (RFC 9110, 8.8.2.2).
    """
    if mark := headers.get("etag", ""):
        return mark if re.fullmatch(r'"[\x21\x23-\x7e]{0,400}"', mark) else ""
    told = headers.get("last-modified", "")
    changed, sent = read_day(told), read_day(headers.get("date"))
    strong = changed and sent and sent - changed > dt.timedelta(seconds=1)
    return told if strong and re.fullmatch(r"[\x21-\x7e][\x20-\x7e]{1,60}[\x21-\x7e]", told) else ""
