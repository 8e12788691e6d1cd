"""From OSM tags to who may walk where: rules of their own, as those of `bicycle` for who rides.

One walks at one's own pace: a way is open, open at the slower pace of steps, or closed, in each
direction. `docs/network.md` gives the reason and the source of each rule.
"""

from __future__ import annotations

from stemgeo.network import bicycle
from stemgeo.network.bicycle import (
    LIFT,
    NOT_AT_ALL,
    ONEWAY_VALUES,
    OPEN_VALUES,
    OPENING_VALUES,
    RIDE,
    SHUT_TO_FEET,
    SIDES,
    STEPS,
    WAYS,
    Ride,
    Tags,
    read_pavement,
    split_values,
)

ON_FOOT = True
CLOSED_WAYS = "ways_closed_on_foot"
CLOSED_SQUARES = "squares_closed_on_foot"
WHO_GOES = "that one can walk along"

STEPS_RATIO = 3 / 5
"""The pace on steps over that on the level: 3 for 5 km/h (GraphHopper)."""

WALKED = Ride(RIDE)
ON_STEPS = Ride(STEPS, STEPS_RATIO)

HIGHWAYS = bicycle.HIGHWAYS
"""All that is read, as for a bicycle."""

ASKING = frozenset(("trunk", "trunk_link", "bridleway", "busway"))
"""Highways along which one walks where a foot tag or a pavement says so."""

PASSED_ON_FOOT = frozenset(("stile", "kissing_gate", "turnstile", "full-height_turnstile"))
BLOCKING_BARRIERS = bicycle.BLOCKING_BARRIERS - PASSED_ON_FOOT
SLOW_BARRIERS = PASSED_ON_FOOT | (
    bicycle.SLOW_BARRIERS - {"cycle_barrier", "motorcycle_barrier", "horse_stile"}
)
"""Barriers that cost the seconds that a study declares; those against vehicles cost nothing."""

ACCESS_KEYS = ("foot", *(f"{key}:{way}" for key in ("foot", "access") for way in WAYS), "access")
CONVEYING = {"forward": (True, False), "backward": (False, True)}

TAGS_READ = frozenset(
    ("highway", "area", "motorroad", "oneway", "oneway:foot", "conveying", "route", "duration")
    + ("bridge", "tunnel", "layer")
    + bicycle.PAVEMENT_KEYS
    + ACCESS_KEYS
)
"""Ways that agree in these are the same to who walks."""

NODE_TAGS_READ = frozenset(("barrier", "locked", "highway", "crossing", "foot", "access"))
"""Nodes that agree in these are the same to who walks."""


def classify_way(tags: Tags) -> tuple[Ride, Ride]:
    """Say how a way is walked along its drawn direction and against it.

    Parameters
    ----------
    tags
        The tags of an OSM way with a `highway` tag.
    """
    if tags.get("highway") not in HIGHWAYS:
        return NOT_AT_ALL, NOT_AT_ALL
    walk = {"steps": ON_STEPS, "elevator": Ride(LIFT)}.get(tags["highway"], WALKED)
    forward, backward = (
        walk if goes and _may_walk(tags, way) else NOT_AT_ALL
        for goes, way in zip(_find_flow(tags), WAYS, strict=True)
    )
    return forward, backward


def find_ratio_bounds(tags: Tags) -> tuple[tuple[float, float], tuple[float, float]]:
    """Give the ratio of each direction: no ground slows who walks, and nothing is assumed."""
    along, against = classify_way(tags)
    return (along.ratio, along.ratio), (against.ratio, against.ratio)


def classify_pavement(_tags: Tags) -> Ride:
    """Say that there is no pavement to ride on: one walks there already."""
    return NOT_AT_ALL


def has_unreadable_tag(tags: Tags) -> bool:
    """Whether a tag of direction says nothing that we know; it then counts for nothing."""
    return tags.get("oneway:foot", "no") not in bicycle.ONEWAY_WORDS


def has_unknown_access(tags: Tags) -> bool:
    """Whether a tag of access has a word that we do not know; it then counts for nothing."""
    words = {word for key in ACCESS_KEYS for word in split_values(tags.get(key, ""))}
    return not words <= OPEN_VALUES | bicycle.CLOSED_VALUES


def is_ferry(tags: Tags) -> bool:
    """Whether a way is a ferry that takes people on foot: all but those that a tag closes."""
    if tags.get("route") != "ferry" or "highway" in tags:
        return False
    word = bicycle.read_first(tags, "foot", "access")
    return word is None or word in OPENING_VALUES


def find_wait(tags: Tags) -> int:
    """What one may have to wait for at a node, see `bicycle.find_wait`."""
    return bicycle.find_wait(tags, SLOW_BARRIERS)


def is_blocking(tags: Tags) -> bool:
    """Whether a node stops who walks: a barrier that nobody passes, or closed as a way is.

    Of a list of barriers the closest counts. A foot tag opens any.
    """
    if "barrier" not in tags or bicycle.read_first(tags, "foot") in OPENING_VALUES:
        return False
    kinds = BLOCKING_BARRIERS.intersection(split_values(tags["barrier"]))
    shut = _is_open(tags, "foot", "access") is False
    return bool(kinds) or tags.get("locked") == "yes" or shut


def _may_walk(tags: Tags, way: str) -> bool:
    """Whether walking is allowed: by the foot tag, else by the kind of way and by access."""
    told = _is_open(tags, f"foot:{way}", "foot")
    if told is not None:
        return told
    beside = any(read_pavement(tags, side) in ("yes", "both", side) for side in SIDES)
    if tags.get("motorroad") == "yes" or (tags["highway"] in ASKING and not beside):
        return False
    return _is_open(tags, f"access:{way}", "access") is not False


def _is_open(tags: Tags, *keys: str) -> bool | None:
    """Whether the first of the keys that says something leaves open: one of its words does."""
    for key in keys:
        known = (OPEN_VALUES | bicycle.CLOSED_VALUES).intersection(split_values(tags.get(key, "")))
        if known:
            return not known <= SHUT_TO_FEET
    return None


def _find_flow(tags: Tags) -> tuple[bool, bool]:
    """Whether one walks along the drawn direction, and against it: both but on what moves."""
    told = ONEWAY_VALUES.get(tags.get("oneway:foot", ""))
    moving = tags.get("conveying", "no")
    if moving == "yes":  # an older way to say it
        moves = ONEWAY_VALUES.get(tags.get("oneway", ""), (True, True))
    else:
        moves = CONVEYING.get(moving, (True, True))
    return told or moves
