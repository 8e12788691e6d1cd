"""The search of the UiT-databank, as publiq's documentation describes it: made events, in pages.

It hides by default what is over, what is for schools or members and what is for children alone;
it wants to know who asks; it refuses to pass by more than it allows with 404, as it does.
"""

from __future__ import annotations

import copy
import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from served import Asked, Reply

if TYPE_CHECKING:
    from served import Server

Event = dict[str, Any]
PATH = "/search.uitdatabank.be/events"
CLIENT_ID = "Kl4ntVanDeTest0123456789abcdefXY"
_FIRST = dt.datetime(2021, 1, 1, tzinfo=dt.UTC)
_KNOWN = {
    *("labels", "childrenOnly", "dateFrom", "dateTo", "availableFrom", "availableTo"),
    *("audienceType", "embed", "start", "limit", "createdFrom", "createdTo"),
    *("sort[created]", "sort[modified]"),
}


def make_event(number: int = 1, day: str = "2022-03-05", **more: Any) -> Event:
    """Make an event of an afternoon in Ghent, with the label; `more` replaces parts of it."""
    start, end = f"{day}T14:00:00+01:00", f"{day}T16:00:00+01:00"
    event: Event = {
        "@id": f"https://io.uitdatabank.be/event/{number:08}-0000-4000-8000-000000000000",
        "@type": "Event",
        "mainLanguage": "nl",
        "name": {"nl": f"Robots bouwen {number}"},
        "calendarType": "single",
        "startDate": start,
        "endDate": end,
        "subEvent": [{"@type": "Event", "startDate": start, "endDate": end}],
        "status": {"type": "Available"},
        "bookingAvailability": {"type": "Available"},
        "attendanceMode": "offline",
        "audience": {"audienceType": "everyone"},
        "typicalAgeRange": "6-12",
        "labels": ["STEM-academie", "STEM"],
        "workflowStatus": "APPROVED",
        "created": (_FIRST + dt.timedelta(hours=number)).isoformat(),
        "modified": "2022-01-01T00:00:00+00:00",
        "creator": "iemand",
        "contactPoint": {"email": ["persoon@example.org"]},
        "location": {
            "@type": "Place",
            "name": {"nl": "De Krook"},
            "address": {
                "nl": {
                    "addressCountry": "BE",
                    "addressLocality": "Gent",
                    "postalCode": "9000",
                    "streetAddress": "Miriam Makebaplein 1",
                }
            },
        },
        "organizer": {
            "@type": "Organizer",
            "name": {"nl": "Techniekclub"},
            "address": {"nl": {"addressLocality": "Brugge", "postalCode": "8000"}},
        },
    }
    return event | more


def make_place(locality: str, postcode: str = "", venue: str = "Zaal") -> Event:
    """Make where an event is, as its `location`."""
    address = {"addressCountry": "BE", "addressLocality": locality, "postalCode": postcode}
    return {"@type": "Place", "name": {"nl": venue}, "address": {"nl": address}}


def span_of(event: Event) -> tuple[dt.datetime, dt.datetime] | None:
    """Give from when until when an event is, over all; None when it is always."""
    if event["calendarType"] == "permanent":
        return None
    parts = event.get("subEvent") or [event]
    return (
        min(dt.datetime.fromisoformat(one["startDate"]) for one in parts),
        max(dt.datetime.fromisoformat(one["endDate"]) for one in parts),
    )


@dataclass
class Databank:
    """What the search knows, and how it behaves.

    Attributes
    ----------
    admitted
        Whether who asks may see what others hold for children alone.
    furthest, most
        How many events it passes by, and gives, at most.
    now
        By which what is over is hidden.
    change
        Is given how many answers there were and what it would answer, and says what it does.
    """

    events: list[Event]
    client_id: str = CLIENT_ID
    admitted: bool = True
    furthest: int = 10_000
    most: int = 2000
    now: dt.datetime = dt.datetime(2026, 11, 30, tzinfo=dt.UTC)
    change: Callable[[int, Event], Event] | None = None
    answered: int = field(default=0)

    def answer(self, asked: Asked) -> Reply:
        """Answer a question."""
        if asked.headers.get("x-client-id") != self.client_id:
            return _refuse(401, "Unauthorized", "No x-client-id header found")
        if unknown := asked.query.keys() - _KNOWN:
            return _refuse(404, "Not Found", f"Unknown query parameter(s): {unknown}")
        start, limit = int(asked.one("start", "0")), int(asked.one("limit", "30"))
        if start > self.furthest or limit > self.most:
            said = f'The "start" parameter should be between 0 and {self.furthest}'
            return _refuse(404, "Not Found", said)
        found = sorted(
            (one for one in self.events if self._matches(one, asked)),
            key=lambda one: one["created"],
        )
        members: list[Event] = copy.deepcopy(found[start : start + limit])
        if asked.one("embed", "false") != "true":
            members = [{name: one[name] for name in ("@id", "@type")} for one in members]
        content: Event = {
            "@context": "http://www.w3.org/ns/hydra/context.jsonld",
            "@type": "PagedCollection",
            "itemsPerPage": limit,
            "totalItems": len(found),
            "member": members,
        }
        content = self.change(self.answered, content) if self.change else content
        self.answered += 1
        return Reply(json.dumps(content).encode(), kind="application/ld+json")

    def _matches(self, event: Event, asked: Asked) -> bool:
        alone = event.get("childrenOnly") is True
        borne = {one.casefold() for one in event.get("labels", []) + event.get("hiddenLabels", [])}
        if alone != (asked.one("childrenOnly", "false") == "true"):
            return False
        if alone and not self.admitted and event["creator"] != self.client_id:
            return False
        audience = asked.one("audienceType", "everyone")
        if audience not in ("*", event["audience"]["audienceType"]):
            return False
        label = asked.one("labels")
        if label and label.casefold() not in borne:
            return False
        return self._is_then(event, asked)

    def _is_then(self, event: Event, asked: Asked) -> bool:
        def read(name: str) -> dt.datetime | None:
            told = asked.one(name)
            return dt.datetime.fromisoformat(told) if told else None

        span, created = span_of(event), dt.datetime.fromisoformat(event["created"])
        after, before = read("createdFrom"), read("createdTo")
        if (after and created < after) or (before and created > before):
            return False
        if span is None:
            return True
        if asked.one("availableTo") != "*" and span[1] < self.now:
            return False
        first, last = read("dateFrom"), read("dateTo")
        return not ((first and span[1] < first) or (last and span[0] > last))


def _refuse(status: int, title: str, detail: str) -> Reply:
    content = {"title": title, "type": "about:blank", "status": status, "detail": detail}
    return Reply(json.dumps(content).encode(), status, kind="application/ld+json")


def play_uitdatabank(server: Server, events: Sequence[Event], **how: Any) -> Databank:
    """Play the search on a server of this machine."""
    databank = Databank([*events], **how)
    server.play(PATH, databank.answer)
    return databank
