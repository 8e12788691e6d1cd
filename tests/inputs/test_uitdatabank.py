"""Facts about events of the UiT-databank: read as described, counted as an oracle does."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plays.uitdatabank import CLIENT_ID, Databank, make_event, make_place
from served import Asked

from stemgeo.errors import FetchError
from stemgeo.inputs import uitdatabank
from stemgeo.inputs.uitdatabank import (
    EventQuestion,
    UitEvent,
    ask_events,
    count_events,
    find_year,
    list_events,
    read_event,
    write_ages,
)
from stemgeo.sources.catalogue import DataSource, EventSearch
from stemgeo.sources.client import Answered

if TYPE_CHECKING:
    from collections.abc import Mapping

NOW = dt.datetime(2026, 11, 30, tzinfo=dt.UTC)
YEARS = range(2019, 2023)
QUESTION = EventQuestion("STEM", children_only=False, first_year=2019, last_year=2022)
BRUSSELS = ZoneInfo("Europe/Brussels")


def source_of(page: int = 500, furthest: int = 10_000) -> DataSource:
    search = EventSearch(
        labels=("STEM-academie",), page=page, furthest=furthest, since=dt.date(2005, 1, 1)
    )
    address = "https://search.example/events"
    return DataSource(publisher="P", title="UiT", kind="events", address=address, search=search)


class Direct:
    """A client that asks a databank without a server between."""

    def __init__(self, databank: Databank) -> None:
        self.databank, self.asked = databank, []  # type: ignore[var-annotated]

    def ask(
        self, _: DataSource, address: str, params: Mapping[str, Any], headers: Mapping[str, str]
    ) -> Answered:
        """Ask, as a client does."""
        query = {name: [str(value)] for name, value in params.items()}
        asked = Asked("GET", "/", query, {k.lower(): v for k, v in headers.items()}, b"")
        self.asked.append(asked)
        reply = self.databank.answer(asked)
        if reply.status != 200:
            raise FetchError(json.loads(reply.body)["detail"])
        return Answered(reply.body, address, reply.kind)


def ask(databank: Databank, **how: int) -> tuple[UitEvent, ...]:
    client: Any = Direct(databank)
    return ask_events(client, source_of(**how), CLIENT_ID, QUESTION, NOW)


# -- asking --------------------------------------------------------------------------------------


@given(
    entered=st.lists(st.integers(0, 40), max_size=40),
    page=st.integers(2, 6),
    furthest=st.integers(0, 12),
)
def test_time_is_split_until_all_is_had(entered: list[int], page: int, furthest: int) -> None:
    """Each event comes once, or the second in which too many were entered is told."""
    base = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    events = [
        make_event(number, created=(base + dt.timedelta(seconds=at)).isoformat())
        for number, at in enumerate(entered)
    ]
    databank = Databank(events, furthest=furthest, most=page)
    # What can be had at once, counted by hand: pages share an event with the one before.
    reach = page
    while reach - 1 <= furthest:
        reach += page - 1
    reach = max(reach, page)
    most = max((entered.count(at) for at in entered), default=0)
    if most > reach:
        with pytest.raises(FetchError, match="events were entered at 2020-01-01T00:00"):
            ask(databank, page=page, furthest=furthest)
    else:
        found = ask(databank, page=page, furthest=furthest)
        assert sorted(one.id for one in found) == sorted(one["@id"] for one in events)


def test_a_service_whose_counts_never_end_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A time whose half holds as many as the whole is halved long; what it holds is asked once."""
    monkeypatch.setattr(uitdatabank, "_MOST_PAGES", 10)
    always = Databank([], change=lambda _, content: content | {"totalItems": 9})
    with pytest.raises(FetchError, match="gives more than 10 pages for one question; ask for few"):
        ask(always, page=2, furthest=2)


@pytest.mark.parametrize("fault", ["gone", "swapped", "twice", "empty"])
def test_events_that_move_between_pages_are_asked_for_again(fault: str) -> None:
    """None twice, none lost: it asks again, and when they go on moving that is one clear line."""
    events = [make_event(number) for number in range(9)]

    def change(answered: int, content: dict[str, Any], until: int = 2) -> dict[str, Any]:
        if not 0 < answered < until:
            return content
        if fault == "empty":
            return content | {"member": []}
        if fault == "twice":
            return content | {"member": content["member"][:1] * len(content["member"])}
        if fault == "swapped":  # one went, another came: the total is as it was
            return content | {"member": content["member"][1:]}
        return content | {"totalItems": content["totalItems"] - 1}

    found = ask(Databank(events, change=change), page=4)
    assert sorted(one.id for one in found) == sorted(one["@id"] for one in events)
    always = Databank(events, change=lambda at, content: change(at % 3, content, 3))
    with pytest.raises(FetchError, match=r"3 times in a row; run the same command later"):
        ask(always, page=4)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"items": []}, "no totalItems"),
        ({"totalItems": "9", "member": []}, "no totalItems"),
        ({"totalItems": 1, "member": None}, "no list of members"),
        ({"totalItems": 1, "member": [3]}, "no list of members"),
        ({"totalItems": 1, "member": [{"name": "x"}]}, "an event without @id"),
        ([], "no totalItems"),
    ],
)
def test_an_answer_of_another_form_is_told(content: Any, told: str) -> None:
    """What publiq changed is named, and nothing is made of it."""
    with pytest.raises(FetchError, match=f"another form than publiq describes: {told}"):
        ask(Databank([], change=lambda *_: content))


def test_a_label_that_is_not_heeded_is_told() -> None:
    """A service that gives all events whatever the label is not believed."""
    other = make_event(labels=["muziek"])
    databank = Databank([], change=lambda *_: {"totalItems": 1, "member": [other]})
    with pytest.raises(FetchError, match="none of the 1 events bears the label 'STEM'"):
        ask(databank)


def test_nothing_that_is_over_or_for_schools_is_left_out() -> None:
    """What is over and all audiences are asked for; for children alone it is asked apart."""
    school = make_event(2, audience={"audienceType": "education"})
    alone = make_event(3, childrenOnly=True)
    databank = Databank([make_event(1), school, alone])
    client: Any = Direct(databank)
    first = ask_events(client, source_of(), CLIENT_ID, QUESTION, NOW)
    other = ask_events(client, source_of(), CLIENT_ID, QUESTION._replace(children_only=True), NOW)
    assert [len(first), len(other)] == [2, 1]
    assert other[0].children_only
    assert all(CLIENT_ID not in str(one.query) for one in client.asked)
    assert client.asked[0].one("dateFrom") == "2019-01-01T00:00:00+01:00"


# -- ages ----------------------------------------------------------------------------------------


@given(low=st.integers(0, 130), high=st.integers(0, 130), low_given=st.booleans(),
       high_given=st.booleans())  # fmt: skip
def test_ages_are_read_with_or_without_ends(
    low: int, high: int, *, low_given: bool, high_given: bool
) -> None:
    """Both ends, one or none, as the reader of lists reads them; what cannot be is not known."""
    from stemgeo.inputs.academies import read_span_of_ages

    written = write_ages(f"{low if low_given else ''}-{high if high_given else ''}")
    first, last = (low if low_given else 0), (high if high_given else 1000)
    if first > 120 or first > last:
        assert written == ""
    else:
        assert read_span_of_ages(written) == (first, last if last < 120 else None)


@pytest.mark.parametrize(
    ("entered", "converted", "written"),
    [
        (None, "6-7", "6-7"),
        ("-", "6-7", "6-7"),
        ("8-9", "6-7", "8-9"),
        ("-", None, "0+"),
        (None, None, ""),
        (7, None, ""),
        ("zes-twaalf", None, ""),
        ("6-", None, "6+"),
    ],
)
def test_converted_ages_take_the_place_of_none(entered: Any, converted: Any, written: str) -> None:
    """Ages that were entered as days of birth are those that publiq reckons."""
    assert write_ages(entered, converted) == written


# -- days ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        ("2021-12-31T23:30:00+00:00", "2022-01-01T00:30:00+00:00", "2022-01-01", "2022-01-01"),
        ("2021-12-31T22:30:00+00:00", "2021-12-31T23:00:00+00:00", "2021-12-31", "2021-12-31"),
        ("2022-06-30T22:00:00+00:00", "2022-07-01T10:00:00+00:00", "2022-07-01", "2022-07-01"),
        ("2022-03-05T14:00:00", "2022-03-05T16:00:00", "2022-03-05", "2022-03-05"),
        ("2022-03-05T00:00:00+01:00", "2022-03-05T00:00:00+01:00", "2022-03-05", "2022-03-05"),
        ("2022-03-05T14:00:00+01:00", "2021-03-05T14:00:00+01:00", "2022-03-05", "2022-03-05"),
    ],
)
def test_days_are_those_of_belgium(start: str, end: str, first: str, last: str) -> None:
    """A time with a zone is a day in Belgium, and until midnight is not the day after."""
    event = read_event(make_event(subEvent=[{"startDate": start, "endDate": end}]))
    (days,) = event.days
    assert (str(days.first), str(days.last)) == (first, last)


STATUSES = st.sampled_from(["Available", "Unavailable", "TemporarilyUnavailable"])
DAYS = st.dates(dt.date(2018, 11, 1), dt.date(2023, 2, 28))


@st.composite
def made_events(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw events of all kinds of calendars."""
    events = []
    for number in range(draw(st.integers(0, 6))):
        kind = draw(st.sampled_from(["single", "multiple", "periodic", "permanent"]))
        parts = []
        for _ in range(1 if kind != "multiple" else draw(st.integers(1, 4))):
            day = draw(DAYS)
            end = day + dt.timedelta(days=draw(st.sampled_from([0, 0, 1, 9, 500])))
            at = dt.time(draw(st.integers(0, 23)))
            start = dt.datetime.combine(day, at, BRUSSELS).astimezone(dt.UTC)
            until = dt.datetime.combine(end, dt.time(23, 30), BRUSSELS).astimezone(dt.UTC)
            status = {"type": draw(STATUSES)}
            parts.append(
                {"startDate": start.isoformat(), "endDate": until.isoformat(), "status": status}
            )
        more: dict[str, Any] = {"calendarType": kind, "subEvent": parts}
        if kind in ("periodic", "permanent"):
            more = {"calendarType": kind, "subEvent": [], "status": parts[0]["status"]}
            more |= parts[0] if kind == "periodic" else {}
            week = ["monday", "saturday", "sunday"]
            hours = draw(st.lists(st.sampled_from(week), max_size=2, unique=True))
            more["openingHours"] = [{"dayOfWeek": hours}] if hours else []
        mode = draw(st.sampled_from(["offline", "online", "mixed"]))
        labels = draw(st.sampled_from([["STEM"], ["stem-academie", "STEM"]]))
        alone = draw(st.booleans())
        more |= {"attendanceMode": mode, "labels": labels, "childrenOnly": alone}
        events.append(make_event(number, **more))
    return events


def count_by_hand(events: list[dict[str, Any]], year: int) -> dict[str, int]:
    """Count by going through every day of a year, and every event on it."""
    names = ("events", "with_label", "without_label", "online", "mixed", "children_only")
    counts = dict.fromkeys((*names, "cancelled", "postponed"), 0)
    first = dt.date(year, 1, 1)
    calendar = [first + dt.timedelta(days=at) for at in range(366)]
    for event in events:
        seen = set()
        for day in (one for one in calendar if one.year == year):
            for part in event["subEvent"] or [event]:
                if event["calendarType"] == "permanent":
                    continue
                start, end = (
                    dt.datetime.fromisoformat(part[name]).astimezone(BRUSSELS).date()
                    for name in ("startDate", "endDate")
                )
                open_on = {one for hours in event.get("openingHours", [])
                           for one in hours["dayOfWeek"]}  # fmt: skip
                if start <= day <= end and (not open_on or f"{day:%A}".lower() in open_on):
                    seen.add(part["status"]["type"])
        if "Available" in seen:
            labelled = "stem-academie" in event["labels"]
            counts["events"] += 1
            counts["with_label" if labelled else "without_label"] += 1
            if event["attendanceMode"] != "offline":
                counts[event["attendanceMode"]] += 1
            counts["children_only"] += event["childrenOnly"]
        elif "TemporarilyUnavailable" in seen:
            counts["postponed"] += 1
        elif seen:
            counts["cancelled"] += 1
    return counts


@settings(max_examples=30)
@given(made_events())
def test_an_event_is_counted_once_in_each_year_in_which_it_is(events: list[dict[str, Any]]) -> None:
    """All counts of all years are those of going through every day."""
    table = list_events([read_event(one) for one in events], ["STEM-academie"], YEARS)
    counts = count_events(table, YEARS).set_index("year")
    for year in YEARS:
        by_hand = count_by_hand(events, year)
        assert counts.loc[str(year), [*by_hand]].to_dict() == by_hand
    assert not table.duplicated(["id", "date"]).any()


def test_days_off_are_no_days() -> None:
    """A period that is closed in all of a year has no day in it."""
    closed = [{"startDate": "2021-12-01", "endDate": "2022-12-31"}]
    event = read_event(
        make_event(
            calendarType="periodic",
            startDate="2021-06-01T00:00:00+02:00",
            endDate="2023-06-01T00:00:00+02:00",
            subEvent=[],
            openingHoursClosedDays=closed,
        )
    )
    found = [find_year(event, year) for year in (2021, 2022, 2023)]
    assert found == [(dt.date(2021, 6, 1), ""), None, (dt.date(2023, 1, 1), "")]


# -- reading -------------------------------------------------------------------------------------


def test_the_place_is_that_of_the_event() -> None:
    """Not the organiser's; a part stands before its municipality in brackets; online has none."""
    event = read_event(make_event(location=make_place("Kessel-Lo (Leuven)", "3010", "Hal 5")))
    assert (event.place, event.postcode, event.venue) == ("Leuven", "3010", "Hal 5")
    online = read_event(make_event(attendanceMode="online", location=make_place("Online", "0000")))
    assert (online.place, online.postcode, online.venue) == ("", "", "")
    flat = {"addressLocality": "As", "postalCode": "3665"}
    assert read_event(make_event(location={"name": "Zaal", "address": flat})).place == "As"


def test_places_are_those_of_the_whole_or_of_all_days() -> None:
    """Capacity is told where the event tells it, or each of its days."""
    day = {"startDate": "2022-03-05T14:00:00", "endDate": "2022-03-05T16:00:00"}
    told = {"type": "Available", "capacity": 12, "remainingCapacity": 3}
    whole = read_event(make_event(bookingAvailability=told))
    each = read_event(make_event(subEvent=[day | {"bookingAvailability": told}] * 2))
    some = read_event(make_event(subEvent=[day | {"bookingAvailability": told}, day]))
    odd = read_event(make_event(bookingAvailability={"capacity": True, "remainingCapacity": -1}))
    found = [(one.capacity, one.remaining) for one in (whole, each, some, odd)]
    assert found == [(12, 3), (24, 6), (None, None), (None, None)]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from([*make_event()]), JSON))
def test_whatever_an_event_holds_is_read(parts: dict[str, Any]) -> None:
    """No part of an event that is another than described stops the rest."""
    event = read_event(make_event(**parts))
    assert UitEvent.model_validate_json(event.model_dump_json()) == event
    list_events([event], ["STEM"], YEARS)
