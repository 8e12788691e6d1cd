"""Level of traffic stress: whether a child of nine may ride here.

LTS 1 suits children, 2 most adults, 3 the confident, 4 the fearless (Mekuria, Furth and Nixon,
"Low-Stress Bicycling and Network Connectivity", MTI report 11-19, 2012). The rules follow the
classes of R5 (Conveyal), with three corrections for Flanders: cycle tracks count
(`cycleway=track`, `:both`, `:left`, `:right`, `separate`), speed limits that nobody tagged are
the Flemish ones, and a cycle street is low stress.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from stemgeo.network.bicycle import CONTRAFLOW, MPH, WAYS, cycleways

Tags = Mapping[str, str]

LOW_STRESS = 2
"""The profile `low_stress` keeps what is at most this."""

NO_CARS = frozenset(
    ("cycleway", "footway", "pedestrian", "path", "track", "steps", "platform", "corridor")
    + ("bridleway", "elevator")
)
QUIET = frozenset(("residential", "service", "living_street"))
MIDDLE = frozenset(("tertiary", "tertiary_link", "unclassified", "road"))

SHUT_TO_CARS = frozenset(("no", "agricultural", "forestry", "agricultural;forestry"))

TRACK, BUFFERED, LANE, NONE = "track", "buffered", "lane", "none"

FACILITY = {
    "track": TRACK,
    "separate": TRACK,
    "opposite_track": TRACK,
    "lane": LANE,
    "opposite_lane": LANE,
}
"""A lane shared with cars or buses is no facility."""

DEFAULT_KMH = {"living_street": 20.0}
BUILT_UP_KMH, RURAL_KMH = 50.0, 70.0
"""Flanders, where no limit is tagged: Decreet of 2017, 70 km/h outside built-up areas."""

SPEED_WORDS = {
    "walk": 5.0,
    "living_street": 20.0,
    "cyclestreet": 30.0,
    "zone30": 30.0,
    "urban": BUILT_UP_KMH,
    "rural": RURAL_KMH,
}
SPEED_KEYS = ("maxspeed", "maxspeed:type", "source:maxspeed", "zone:maxspeed", "zone:traffic")

BY_SPEED: dict[str, dict[str, tuple[tuple[float, int], ...]]] = {
    # Road class -> facility -> (up to km/h, LTS), the first that holds.
    "quiet": {
        TRACK: ((999, 1),),
        BUFFERED: ((50, 1), (999, 2)),
        LANE: ((50, 1), (70, 2), (999, 3)),
        NONE: ((30, 1), (50, 2), (999, 3)),
    },
    "middle": {
        TRACK: ((999, 1),),
        BUFFERED: ((50, 2), (999, 3)),
        LANE: ((50, 2), (70, 3), (999, 4)),
        NONE: ((40, 2), (70, 3), (999, 4)),
    },
    "main": {
        TRACK: ((999, 2),),
        BUFFERED: ((40, 2), (70, 3), (999, 4)),
        LANE: ((30, 2), (50, 3), (999, 4)),
        NONE: ((30, 3), (999, 4)),
    },
}
"""R5: residential 1; tertiary and unclassified 2 with a lane or at most 40 km/h, else 3; higher
classes 4 without a lane. BNA: a separate track, or a buffered lane at 25 mph, is low on any road.
Mekuria e.a.: mixed traffic at 50 km/h is 2 on a residential street; faster is worse. A track along
a main road is 2, not 1, for its junctions."""

TAGS_READ = frozenset(
    ("highway", "motor_vehicle", "vehicle", "bicycle", "cyclestreet", "bicycle_road", "lanes")
    + (
        "oneway",
        "oneway:bicycle",
        "junction",
        "maxspeed:forward",
        "maxspeed:backward",
        "bus",
        "psv",
        "access",
    )
    + SPEED_KEYS
    + tuple(
        f"cycleway{side}{what}"
        for side in ("", ":both", ":left", ":right")
        for what in ("", ":buffer", ":oneway")
    )
)


def stress(tags: Tags, *, built_up: bool) -> tuple[int, int]:
    """Rate a way along its drawn direction and against it.

    Traffic keeps right: riding along the drawn direction one is on its right side.

    Parameters
    ----------
    tags
        Of an OSM way with a `highway` tag, or of a ferry.
    built_up
        Whether the way lies in a built-up area, for limits that nobody tagged.

    Returns
    -------
    tuple of int
        LTS 1 to 4, forward and backward.
    """
    return (
        _one_way(tags, "right", "forward", built_up=built_up),
        _one_way(tags, "left", "backward", built_up=built_up),
    )


def _one_way(tags: Tags, side: str, direction: str, *, built_up: bool) -> int:
    highway = tags.get("highway", "")
    if highway in NO_CARS or not highway or _without_cars(tags):
        return 1
    if "yes" in (tags.get("cyclestreet"), tags.get("bicycle_road")):
        return 1
    group = "quiet" if highway in QUIET else "middle" if highway in MIDDLE else "main"
    limit_kmh = _limit_kmh(tags, direction, built_up=built_up)
    facility = _facility(tags, side, direction)
    level = next(lts for up_to, lts in BY_SPEED[group][facility] if limit_kmh <= up_to)
    busy = facility != TRACK and _lanes(tags) >= 4
    return min(4, level + busy)


def _without_cars(tags: Tags) -> bool:
    """A towpath or fietssnelweg: closed to motor traffic, or to all but bicycles."""
    motor = tags.get("motor_vehicle", tags.get("vehicle", tags.get("access")))
    buses = {tags.get(key, "no") for key in ("bus", "psv")} != {"no"}
    return motor in SHUT_TO_CARS and not buses


def _facility(tags: Tags, side: str, direction: str) -> str:
    """Give the best facility of one direction: on its side of the road, or ridden that way."""
    best = NONE
    for one in cycleways(tags):
        beside = one.side == side and one.word not in CONTRAFLOW
        if not (beside or one.serves[WAYS.index(direction)]):
            continue
        found = FACILITY.get(one.word, NONE)
        if found == LANE and tags.get(f"{one.key}:buffer", "no") not in ("no", "none"):
            found = BUFFERED
        best = min(best, found, key=(TRACK, BUFFERED, LANE, NONE).index)
    return best


def _limit_kmh(tags: Tags, direction: str, *, built_up: bool) -> float:
    for key in (f"maxspeed:{direction}", *SPEED_KEYS):
        limit = _kmh(tags.get(key, ""))
        if limit:
            return limit
    if tags["highway"] in DEFAULT_KMH:
        return DEFAULT_KMH[tags["highway"]]
    return BUILT_UP_KMH if built_up or tags["highway"] in QUIET else RURAL_KMH


def _kmh(text: str) -> float | None:
    """Read "30", "30 mph", "BE:30", "BE:zone30" and the like; None if it says nothing known."""
    word = text.rpartition(":")[2]
    match = re.fullmatch(r"(\d{1,3})(?:\.\d+)?\s*(km/h|mph)?", word)
    if match:
        return int(match[1]) * (MPH if match[2] == "mph" else 1.0)
    return SPEED_WORDS.get(word)


def _lanes(tags: Tags) -> int:
    text = tags.get("lanes", "")
    return int(text) if text.isdigit() and len(text) < 3 else 0
