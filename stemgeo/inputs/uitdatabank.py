"""Events of the UiT-databank: asked for page by page, read, and counted by year.

An event is counted once in each year in which it has a day, however many days that are: a series
is one event. What is always open has no day, and is counted in no year. What was cancelled or put
off takes no place then, and is told apart; so is what is online. Times are those of Belgium.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from stemgeo.errors import FetchError, Problem
from stemgeo.notes import clean_text
from stemgeo.sources.content import without_secrets
from stemgeo.study import OLDEST

if TYPE_CHECKING:
    import pandas as pd

    from stemgeo.sources.catalogue import DataSource, EventSearch
    from stemgeo.sources.client import Client

BELGIUM = ZoneInfo("Europe/Brussels")
CANCELLED, POSTPONED = "cancelled", "postponed"
ONLINE, MIXED = "online", "mixed"
_STATUS = {"Unavailable": CANCELLED, "TemporarilyUnavailable": POSTPONED}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TRIES = 3
"""So often a question is asked whose events move while they are paged through."""
_MOST_PAGES = 10_000
"""A service that has more for one question is taken for one whose counts are not right."""
_ASK_LESS = "ask for fewer years, or for another label"
_LONGEST = 200
_ALL_AGES = "0+"
COLUMNS = (
    *("date", "place", "postcode", "label", "ages", "id", "title", "organiser", "venue"),
    *("status", "attendance", "children_only", "capacity", "remaining"),
)
"""Of `evenementen.csv`."""


class EventQuestion(NamedTuple):
    """What is asked: events of these years that bear a label, for children alone or for others."""

    label: str
    children_only: bool
    first_year: int
    last_year: int

    def to_params(self) -> dict[str, str]:
        """Write it as the service takes it; nothing of it is secret."""
        first = dt.datetime(self.first_year, 1, 1, tzinfo=BELGIUM)
        last = dt.datetime(self.last_year, 12, 31, 23, 59, 59, tzinfo=BELGIUM)
        return {
            "labels": self.label,
            "childrenOnly": "true" if self.children_only else "false",
            "dateFrom": first.isoformat(),
            "dateTo": last.isoformat(),
            # Without these, what is over and what is for schools or members is left out.
            "availableFrom": "*",
            "availableTo": "*",
            "audienceType": "*",
            "embed": "true",
            "sort[created]": "asc",
            "sort[modified]": "asc",
        }

    def __str__(self) -> str:
        return " ".join(f"{name}={value}" for name, value in self.to_params().items())


# -- asking --------------------------------------------------------------------------------------


class _MovedError(Exception):
    """Events came or went while they were paged through."""


class _EventPage(NamedTuple):
    total: int
    members: list[dict[str, Any]]


@dataclass(frozen=True)
class _PagedSearch:
    """The pages of one question."""

    ask: Callable[[Mapping[str, str | int]], Any]
    address: str
    search: EventSearch
    question: EventQuestion
    until: dt.datetime
    pages: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def _step(self) -> int:
        # Each page begins with the last event of the one before: so it shows when they moved.
        return self.search.page - 1

    @property
    def reach(self) -> int:
        """How many events can be paged through."""
        return self.search.furthest // self._step * self._step + self.search.page

    def find_all(
        self, after: dt.datetime | None = None, before: dt.datetime | None = None
    ) -> dict[str, dict[str, Any]]:
        """Give the events that were entered from an instant to another, by id.

        Raises
        ------
        _MovedError
            When they are not the same ones from page to page.
        FetchError
            When one second holds more than can be had.
        """
        first = self._ask_page(0, after, before)
        if first.total > self.reach:
            found = self._find_halves(first.total, after, before)
        else:
            found = self._find_pages(first, after, before)
        if len(found) != first.total:
            raise _MovedError(f"it counts {first.total} events and gives {len(found)}")
        return found

    def _find_halves(
        self, total: int, after: dt.datetime | None, before: dt.datetime | None
    ) -> dict[str, dict[str, Any]]:
        since = dt.datetime.combine(self.search.since, dt.time(), dt.UTC)
        low, high = after or since, before or self.until
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if not low <= middle < high:
            what = f"{total} of its events were entered at {low.isoformat()}, and {self.reach}"
            raise FetchError(Problem(self.address, f"{what} can be had at once", _ASK_LESS))
        later = middle + dt.timedelta(seconds=1)
        return self.find_all(after, middle) | self.find_all(later, before)

    def _find_pages(
        self, page: _EventPage, after: dt.datetime | None, before: dt.datetime | None
    ) -> dict[str, dict[str, Any]]:
        total, found = page.total, {find_id(one, self.address): one for one in page.members}
        last = next(reversed(found), "")
        start = self._step
        while start + 1 < total:
            page = self._ask_page(start, after, before)
            members = {find_id(one, self.address): one for one in page.members}
            if page.total != total or not last or next(iter(members), "") != last:
                raise _MovedError("its events moved from page to page")
            found |= members
            last, start = next(reversed(members)), start + self._step
        return found

    def _ask_page(
        self, start: int, after: dt.datetime | None, before: dt.datetime | None
    ) -> _EventPage:
        if next(self.pages) > _MOST_PAGES:
            what = f"gives more than {_MOST_PAGES} pages for one question"
            raise FetchError(Problem(self.address, what, _ASK_LESS))
        params: dict[str, str | int] = {**self.question.to_params()}
        if after is not None:
            params["createdFrom"] = after.isoformat()
        if before is not None:
            params["createdTo"] = before.isoformat()
        content = self.ask({**params, "start": start, "limit": self.search.page})
        total = content.get("totalItems") if isinstance(content, dict) else None
        members = content.get("member") if isinstance(content, dict) else None
        if type(total) is not int or total < 0:
            raise FetchError(_describe_shape(self.address, "no totalItems"))
        if not isinstance(members, list) or not all(isinstance(one, dict) for one in members):
            raise FetchError(_describe_shape(self.address, "no list of members"))
        return _EventPage(total, members)


def _describe_shape(address: str, what: str) -> Problem:
    return Problem(
        address,
        f"its answer has another form than publiq describes: {what}",
        "see whether publiq changed its service, and whether there is a newer stemgeo",
    )


def find_id(raw: Mapping[str, Any], address: str) -> str:
    """Give the id of an event as the service has it.

    Raises
    ------
    FetchError
        If it has none.
    """
    found = _text(raw.get("@id"))
    if not found:
        raise FetchError(_describe_shape(address, "an event without @id"))
    return found


def ask_events(
    client: Client, source: DataSource, client_id: str, question: EventQuestion, now: dt.datetime
) -> tuple[UitEvent, ...]:
    """Ask for all events of a question, and read them.

    Parameters
    ----------
    client, source
        Ask, and say where.
    client_id
        Sent as a header, and nowhere else.
    question
        What is asked.
    now
        Until when events can have been entered.

    Raises
    ------
    FetchError
        In one line: what did not come; the client id is in none.
    """
    if source.search is None:
        raise FetchError(Problem("events", "its source does not say how it is searched"))

    def ask(params: Mapping[str, str | int]) -> Any:
        headers = {"x-client-id": client_id, "Accept": "application/ld+json, application/json"}
        try:
            return client.ask(source, source.address, params=params, headers=headers).json()
        except FetchError as error:
            # What a server says of its refusal may repeat what it was sent.
            raise FetchError(*(_hide(one, client_id) for one in error.problems)) from None

    search = _PagedSearch(ask, source.address, source.search, question, now)
    told = ""
    for _ in range(_TRIES):
        try:
            found = search.find_all()
        except _MovedError as moved:
            told = str(moved)
            continue
        events = tuple(read_event(one, client_id) for one in found.values())
        _refuse_unlabelled(events, question, source.address)
        return events
    mend = "run the same command later"
    raise FetchError(Problem(source.address, f"{told}, {_TRIES} times in a row", mend))


def _hide(problem: Problem | str, secret: str) -> Problem | str:
    if isinstance(problem, str):
        return without_secrets(problem, [secret])
    # Files are given by hand, answers are not.
    by_hand, mend = "--from" in problem.mend, "run the same command later, or ask publiq"
    parts = (problem.where, problem.what, mend if by_hand else problem.mend)
    return Problem(*(without_secrets(one, [secret]) for one in parts))


def _refuse_unlabelled(events: Sequence[UitEvent], question: EventQuestion, address: str) -> None:
    """Refuse an answer of which no event bears the label: the service did not heed the question."""
    if events and not any(bears_label(one, [question.label]) for one in events):
        what = f"none of the {len(events)} events bears the label '{question.label}' asked for"
        raise FetchError(_describe_shape(address, what))


def bears_label(event: UitEvent, labels: Sequence[str]) -> bool:
    """Say whether an event bears one of these labels, in whatever letters."""
    wanted = {one.casefold() for one in labels}
    return any(one.casefold() in wanted for one in event.labels)


# -- reading -------------------------------------------------------------------------------------


class EventDays(BaseModel):
    """Days on end, the last included, and whether it takes place then: "", cancelled, postponed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first: dt.date
    last: dt.date
    status: str = ""


class UitEvent(BaseModel):
    """What is kept of an event; nothing of persons.

    Attributes
    ----------
    id
        An address at publiq.
    title, organiser, venue, street, postcode, place
        Cleaned; the place is that of the event, empty online.
    days, weekdays, closed
        When it is; of a period its days of the week, 0 for Monday (none: all), and days off.
    always
        Whether it is open always, and has no days.
    labels
        Shown and hidden ones.
    ages
        As "6-12" or "6+"; empty where not known.
    attendance
        offline, online or mixed.
    children_only
        Whether it is for children alone.
    capacity, remaining
        Places, where given.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str = ""
    organiser: str = ""
    venue: str = ""
    street: str = ""
    postcode: str = ""
    place: str = ""
    days: tuple[EventDays, ...] = ()
    weekdays: tuple[int, ...] = ()
    closed: tuple[EventDays, ...] = ()
    always: bool = False
    labels: tuple[str, ...] = ()
    ages: str = ""
    attendance: str = "offline"
    children_only: bool = False
    capacity: int | None = None
    remaining: int | None = None

    @property
    def takes_place_online(self) -> bool:
        """Whether it is nowhere else."""
        return self.attendance == ONLINE


def read_event(raw: Mapping[str, Any], secret: str = "") -> UitEvent:
    """Read an event as the service gives it, whatever is missing in it.

    Parameters
    ----------
    raw
        Of the JSON, with an "@id".
    secret
        What may stand in no text of it.
    """
    location = _dict(raw.get("location"))
    address = _in_dutch(location.get("address"), raw)
    address = address if isinstance(address, dict) else {}
    organiser = _dict(raw.get("organizer"))
    attendance = _text(raw.get("attendanceMode")) or "offline"
    nowhere = attendance == ONLINE
    audience = _text(_dict(raw.get("audience")).get("audienceType"))
    status = _STATUS.get(_text(_dict(raw.get("status")).get("type")), "")
    capacity, remaining = _read_capacity(raw)
    texts = {
        "id": _text(raw.get("@id")),
        "title": _name(raw),
        "organiser": _name(organiser, raw),
        "venue": "" if nowhere else _name(location, raw),
        "street": "" if nowhere else _text(address.get("streetAddress")),
        "postcode": "" if nowhere else _text(address.get("postalCode")),
        "place": "" if nowhere else _name_town(_text(address.get("addressLocality"))),
        "ages": write_ages(raw.get("typicalAgeRange"), raw.get("typicalAgeRangeConverted")),
        "attendance": attendance if attendance in (ONLINE, MIXED) else "offline",
    }
    labels = [*_list(raw.get("labels")), *_list(raw.get("hiddenLabels"))]
    named = [*filter(None, map(_text, labels))]
    if secret:
        texts = {name: without_secrets(text, [secret]) for name, text in texts.items()}
        named = [without_secrets(one, [secret]) for one in named]
    periodic = raw.get("calendarType") == "periodic"
    return UitEvent(
        **texts,
        days=tuple(_yield_days(raw, status)),
        weekdays=_read_weekdays(raw) if periodic else (),
        closed=tuple(_read_spans(raw.get("openingHoursClosedDays"), "")) if periodic else (),
        always=raw.get("calendarType") == "permanent",
        labels=tuple(dict.fromkeys(named)),
        children_only=raw.get("childrenOnly") is True or audience == "childrenOnly",
        capacity=capacity,
        remaining=remaining,
    )


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return clean_text(value, _LONGEST) if isinstance(value, str) else ""


def _in_dutch(value: Any, raw: Mapping[str, Any]) -> Any:
    """Give what is said in Dutch of what is said in several languages, else in its main one."""
    if not isinstance(value, dict) or not value:
        return value
    wanted = [_text(raw.get("mainLanguage")), *("nl", "fr", "en", "de")]
    return next((value[one] for one in ("nl", *wanted) if one in value), value)


def _name(raw: Mapping[str, Any], of: Mapping[str, Any] | None = None) -> str:
    return _text(_in_dutch(raw.get("name"), of or raw))


def _name_town(locality: str) -> str:
    """Give the municipality of "Kessel-Lo (Leuven)", in which a part of it stands first."""
    found = re.fullmatch(r".*\(([^()]+)\)\s*", locality)
    return found[1].strip() if found else locality


def write_ages(entered: Any, converted: Any = None) -> str:
    """Write ages as the list of events has them: "6-12" or "6+"; empty where they are not known.

    Parameters
    ----------
    entered
        typicalAgeRange, as "6-12", "6-", "-12" or "-": all ages.
    converted
        typicalAgeRangeConverted, which an event has that was entered with days of birth.
    """
    if (not isinstance(entered, str) or entered.strip() == "-") and isinstance(converted, str):
        entered = converted
    found = (
        re.fullmatch(r"\s*(\d{0,3})\s*-\s*(\d{0,3})\s*", entered, re.ASCII)
        if isinstance(entered, str)
        else None
    )
    if found is None:
        return ""
    low, high = int(found[1] or 0), int(found[2]) if found[2] else None
    if low > OLDEST or (high is not None and high < low):
        return ""
    if high is None or high >= OLDEST:
        return f"{low}+" if low else _ALL_AGES
    return f"{low}-{high}"


def _read_capacity(raw: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Give its places and those left: as a whole, else of all its days, where each says it."""
    whole = _dict(raw.get("bookingAvailability"))
    parts = [_dict(_dict(one).get("bookingAvailability")) for one in _list(raw.get("subEvent"))]

    def read(name: str) -> int | None:
        told = _read_count(whole.get(name))
        counts = [_read_count(one.get(name)) for one in parts]
        known = [one for one in counts if one is not None]
        if told is None and known and len(known) == len(counts):
            return sum(known)
        return told

    return read("capacity"), read("remainingCapacity")


def _read_count(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value < 10_000_000 else None


# -- days ----------------------------------------------------------------------------------------


def _yield_days(raw: Mapping[str, Any], status: str) -> Iterator[EventDays]:
    """Yield the days of an event: of each part of a series, else of the whole."""
    parts = [*_read_spans(raw.get("subEvent"), status)]
    if raw.get("calendarType") != "permanent":
        yield from parts or _read_spans([raw], status)


def _read_spans(value: Any, status: str) -> Iterator[EventDays]:
    for part in filter(None, map(_dict, _list(value))):
        first, last = _read_instant(part.get("startDate")), _read_instant(part.get("endDate"))
        if last is not None and len(part["endDate"]) == len("2022-12-31"):
            last += dt.timedelta(hours=12)  # a day alone is that whole day
        if first is None:
            continue
        last = first if last is None or last < first else last
        if last > first and last.time() == dt.time():
            last -= dt.timedelta(seconds=1)  # until midnight is not the day after
        told = _text(_dict(part.get("status")).get("type"))
        named = _STATUS.get(told, "") if told else status
        yield EventDays(first=first.date(), last=last.date(), status=named)


def _read_instant(value: Any) -> dt.datetime | None:
    """Read an instant as the hour of Belgium; without a zone it is that already."""
    try:
        read = dt.datetime.fromisoformat(value) if isinstance(value, str) else None
        if read is None:
            return None
        there = read if read.tzinfo is None else read.astimezone(BELGIUM)
        return there.replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None


def _read_weekdays(raw: Mapping[str, Any]) -> tuple[int, ...]:
    hours = (_dict(one) for one in _list(raw.get("openingHours")))
    named = {day for one in hours for day in _list(one.get("dayOfWeek")) if isinstance(day, str)}
    return tuple(at for at, name in enumerate(_WEEKDAYS) if name in named)


def find_day(event: UitEvent, days: EventDays, year: int) -> dt.date | None:
    """Find the first day in a year on which it is, of days on end; None where it has none.

    Parameters
    ----------
    event
        Of which the days of the week and the days off hold.
    days
        Of it.
    year
        In which.
    """
    day = max(days.first, dt.date(year, 1, 1))
    last = min(days.last, dt.date(year, 12, 31))
    while day <= last:
        open_then = not event.weekdays or day.weekday() in event.weekdays
        if open_then and not any(one.first <= day <= one.last for one in event.closed):
            return day
        day += dt.timedelta(days=1)
    return None


def find_year(event: UitEvent, year: int) -> tuple[dt.date, str] | None:
    """Find the first day of an event in a year and whether it takes place; None without a day.

    It takes place when it does on one of its days: what is cancelled has none that is left.
    """
    found = [
        (day, one.status) for one in event.days if (day := find_day(event, one, year)) is not None
    ]
    for status in ("", POSTPONED, CANCELLED):
        if held := [day for day, told in found if told == status]:
            return min(held), status
    return None


# -- tables --------------------------------------------------------------------------------------


def list_events(
    events: Sequence[UitEvent], labels: Sequence[str], years: Sequence[int]
) -> pd.DataFrame:
    """List events, a row for each and each year in which it has a day.

    Parameters
    ----------
    events
        Each once.
    labels
        Of which one makes it an event with the label.
    years
        Of which.

    Returns
    -------
    DataFrame
        `COLUMNS`, all of them text, by day and then id.
    """
    import pandas as pd

    rows = []
    for event in events:
        known = {
            "place": event.place,
            "postcode": event.postcode,
            "label": "yes" if bears_label(event, labels) else "no",
            "ages": event.ages,
            "id": event.id,
            "title": event.title,
            "organiser": event.organiser,
            "venue": event.venue,
            "attendance": event.attendance,
            "children_only": "yes" if event.children_only else "no",
            "capacity": "" if event.capacity is None else str(event.capacity),
            "remaining": "" if event.remaining is None else str(event.remaining),
        }
        found = filter(None, (find_year(event, year) for year in years))
        rows += [known | {"date": day.isoformat(), "status": status} for day, status in found]
    table = pd.DataFrame(rows, columns=[*COLUMNS], dtype=str)
    return table.sort_values(["date", "id"], kind="stable", ignore_index=True)


def count_events(table: pd.DataFrame, years: Sequence[int]) -> pd.DataFrame:
    """Count a list of events by year: those that take place, and what was told apart.

    Parameters
    ----------
    table
        Of `list_events`.
    years
        A row for each, also where nothing was.

    Returns
    -------
    DataFrame
        year; events, with_label and without_label of those that take place; of these online,
        mixed, children_only and no_place (not online, and no place given); cancelled, postponed.
    """
    import pandas as pd

    held = table["status"] == ""
    online = table["attendance"] == ONLINE
    bare = (table["place"] == "") & (table["postcode"] == "")
    marks = pd.DataFrame(
        {
            "events": held,
            "with_label": held & (table["label"] == "yes"),
            "without_label": held & (table["label"] == "no"),
            ONLINE: held & online,
            MIXED: held & (table["attendance"] == MIXED),
            "children_only": held & (table["children_only"] == "yes"),
            "no_place": held & ~online & bare,
            CANCELLED: table["status"] == CANCELLED,
            POSTPONED: table["status"] == POSTPONED,
        }
    )
    sums = marks.groupby(table["date"].str[:4]).sum()
    sums = sums.reindex([str(one) for one in years], fill_value=0).astype("int64")
    return sums.rename_axis("year").reset_index()
