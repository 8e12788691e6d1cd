"""From OSM tags to who may ride where, in which direction and how fast.

The rules are tables; `docs/network.md` gives the reason and the source of each. A way is
classified per direction into a `Ride`: its mode, the ratio of its speed to the rider's own
speed on asphalt, and a cap. Access and direction follow OSRM's bicycle profile where no other
source is named; surface ratios are GraphHopper's speeds over its 18 km/h.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

Tags = Mapping[str, str]

CLOSED, RIDE, PUSH, STEPS, FERRY = range(5)
"""Modes of a way in one direction."""

STEPS_KMH = 2.0
"""On steps, with the bicycle carried or pushed (OSRM)."""

FLOOR_KMH = 4.0
"""Nobody rides slower than they could push (walking pace, OSRM)."""

NO_CAP = 255.0


class Ride(NamedTuple):
    """How one direction of a way is travelled.

    Attributes
    ----------
    mode
        CLOSED, RIDE, PUSH, STEPS or FERRY.
    ratio
        Speed over the rider's own speed on a good surface, 0 to 1.
    cap_kmh
        The speed limit when there is one, else NO_CAP; of a ferry its own speed.
    """

    mode: int
    ratio: float = 1.0
    cap_kmh: float = NO_CAP

    def speed_kmh(self, rider_kmh: float, pushing_kmh: float, *, surface: bool = True) -> float:
        """Speed of a rider of `rider_kmh` here, km/h; 0 when closed."""
        if self.mode == RIDE:
            ratio = self.ratio if surface else 1.0
            return max(min(rider_kmh * ratio, self.cap_kmh), FLOOR_KMH)
        return {CLOSED: 0.0, PUSH: pushing_kmh, STEPS: STEPS_KMH, FERRY: self.cap_kmh}[self.mode]


NOT_AT_ALL = Ride(CLOSED)

ROADS = frozenset(
    ("primary", "secondary", "tertiary", "unclassified", "residential", "living_street")
    + ("primary_link", "secondary_link", "tertiary_link", "service", "road", "track", "path")
    + ("cycleway", "trunk", "trunk_link")
)
"""Highways on which a bicycle is ridden unless a tag says otherwise (trunk: see `_open_trunk`)."""

WALKS = frozenset(("footway", "pedestrian", "platform", "corridor", "steps", "bridleway", "busway"))
"""Highways where a bicycle tag is needed to ride."""

NO_PUSHING = frozenset(("bridleway", "busway"))
"""Of these, the ones where a foot tag is needed even to push."""

HIGHWAYS = ROADS | WALKS
"""All that is read. Motorways, raceways, construction, proposed and razed roads are not."""

MAIN_ROADS = frozenset(
    ("primary", "secondary", "tertiary", "trunk")
    + ("primary_link", "secondary_link", "tertiary_link", "trunk_link")
)
"""Where `bicycle=no` means closed, not pushing."""

RESIDENTIAL = frozenset(("residential", "living_street"))
"""Streets along which children live."""

CLOSED_VALUES = frozenset(("no", "private", "agricultural", "forestry", "delivery", "use_sidepath"))
"""Values of an access tag that close a way (OSRM); any other value leaves it open."""

OPENING_VALUES = frozenset(("yes", "designated", "permissive", "official", "destination"))
"""Values of a bicycle tag that open what is closed to other traffic."""

SHUT_TO_FEET = frozenset(("no", "private"))

CYCLEWAY_KEYS = ("cycleway", "cycleway:left", "cycleway:right", "cycleway:both")
CYCLEWAY_HERE = frozenset(
    ("track", "lane", "shared_lane", "share_busway", "opposite", "opposite_lane", "opposite_track")
)
CONTRAFLOW = frozenset(("opposite", "opposite_lane", "opposite_track"))

ROUNDABOUTS = frozenset(("roundabout", "circular"))

ONEWAY_VALUES = {
    **dict.fromkeys(("yes", "true", "1"), (True, False)),
    **dict.fromkeys(("no", "false", "0"), (True, True)),
    **dict.fromkeys(("-1", "reverse"), (False, True)),
}
"""Whether one may ride along the drawn direction, and against it."""

SURFACE_RATIO = {
    **dict.fromkeys(("paving_stones", "concrete:lanes", "concrete:plates"), 16 / 18),
    **dict.fromkeys(("compacted", "fine_gravel", "pebblestone"), 14 / 18),
    **dict.fromkeys(("gravel", "unpaved", "wood", "metal"), 12 / 18),
    **dict.fromkeys(("sett", "cobblestone:flattened", "ground", "dirt", "earth", "mud"), 10 / 18),
    **dict.fromkeys(("cobblestone", "unhewn_cobblestone", "grass", "grass_paver"), 8 / 18),
    "sand": 4 / 18,
}
"""Every other surface, asphalt and concrete among them, is 1."""

TRACKTYPE_RATIO = {"grade1": 1.0, "grade2": 14 / 18, "grade3": 12 / 18, "grade4": 10 / 18}
TRACKTYPE_RATIO["grade5"] = 8 / 18
UNPAVED_RATIO = 12 / 18
"""A track without surface and tracktype, and a path without surface."""

SMOOTHNESS_RATIO = {"intermediate": 0.9, "bad": 0.7, "very_bad": 0.4}
SMOOTHNESS_RATIO |= dict.fromkeys(("horrible", "very_horrible", "impassable"), 0.3)

BLOCKING_BARRIERS = frozenset(
    ("yes", "wall", "fence", "stile", "kissing_gate", "turnstile", "debris", "jersey_barrier")
)

SLOW_BARRIERS = frozenset(
    ("gate", "swing_gate", "sliding_gate", "lift_gate", "cycle_barrier", "hampshire_gate")
    + ("motorcycle_barrier", "cattle_grid", "chain")
)
"""Barriers that let a bicycle pass and cost the seconds that a study declares."""

NO_WAIT, SIGNAL, CROSSING, BARRIER, BOARDING = range(5)
"""What one may have to wait for."""

FERRY_KMH = 5.0
"""A ferry without a duration (OSRM)."""

IMPLICIT_MAXSPEED = {
    "walk": 5.0,
    "BE:zone30": 30.0,
    "BE:living_street": 20.0,
    "BE:cyclestreet": 30.0,
}
MPH = 1.609344
SPEEDS_WITHOUT_CAP = frozenset(("none", "signals", "variable", "BE:urban", "BE:rural"))
ONEWAY_WORDS = frozenset(
    ("yes", "no", "true", "false", "1", "0", "-1", "reverse", "reversible", "alternating")
)

WAYS = ("forward", "backward")
"""Along the drawn direction of a way and against it, as OSM keys end."""

TAGS_READ = frozenset(
    ("highway", "access", "vehicle", "bicycle", "foot")
    + tuple(f"{key}:{way}" for key in ("access", "vehicle", "bicycle") for way in WAYS)
    + ("motorroad", "oneway", "oneway:bicycle", "junction", "surface", "smoothness", "tracktype")
    + ("maxspeed", "route", "duration")
    + CYCLEWAY_KEYS
    + tuple(f"{key}:oneway" for key in CYCLEWAY_KEYS)
)
"""Ways that agree in these are the same to a rider."""

NODE_TAGS_READ = frozenset(
    ("barrier", "locked", "highway", "crossing", "access", "bicycle", "foot")
)
"""Nodes that agree in these are the same to a rider."""


def classify(tags: Tags) -> tuple[Ride, Ride]:
    """Say how a way is travelled along its drawn direction and against it.

    Parameters
    ----------
    tags
        The tags of an OSM way with a `highway` tag.

    Returns
    -------
    tuple of Ride
        Forward and backward; both `NOT_AT_ALL` when the way is of no use to a cyclist.
    """
    if tags.get("highway") not in HIGHWAYS:
        return NOT_AT_ALL, NOT_AT_ALL
    allowed_forward, allowed_backward = _oneway(tags)
    return (
        _direction(tags, "forward", with_traffic=allowed_forward),
        _direction(tags, "backward", with_traffic=allowed_backward),
    )


def unreadable(tags: Tags) -> bool:
    """Whether a tag of direction or speed says nothing that we know; it then counts for nothing."""
    odd = [tags.get(key, "no") not in ONEWAY_WORDS for key in ("oneway", "oneway:bicycle")]
    limit = tags.get("maxspeed", "none")
    return any(odd) or (limit not in SPEEDS_WITHOUT_CAP and _cap_kmh(tags) == NO_CAP)


def ferry(tags: Tags) -> bool:
    """Whether a way is a ferry that takes bicycles: a bicycle tag, or foot where none is set."""
    if tags.get("route") != "ferry" or "highway" in tags:
        return False
    word = _first(tags, "bicycle", "foot", "access")
    return word is None or word in OPENING_VALUES


def ferry_minutes(tags: Tags) -> float | None:
    """Read the `duration` of a crossing: "7", "00:07", "0:07:30" or "PT7M"; None if unreadable."""
    text = tags.get("duration", "")
    forms = (
        r"PT(?:(\d{1,2})H)?(?:(\d{1,3})M)?(?:(\d{1,3})S)?",
        r"(?:(\d{1,2}):)?(\d{1,3})(?::(\d\d))?",
    )
    match = next(filter(None, (re.fullmatch(form, text) for form in forms)), None)
    if match is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return hours * 60 + minutes + seconds / 60 or None


def waits(tags: Tags) -> int:
    """What a cyclist may have to wait for at a node: SIGNAL, CROSSING, BARRIER or NO_WAIT."""
    signals = "traffic_signals" in (tags.get("highway"), tags.get("crossing"))
    if signals:
        return SIGNAL
    if tags.get("highway") == "crossing":
        return CROSSING
    return BARRIER if tags.get("barrier") in SLOW_BARRIERS else NO_WAIT


def blocks(tags: Tags) -> bool:
    """Whether a node stops a cyclist: a barrier of a blocking kind, or one that is locked.

    A bicycle tag opens it. A barrier that is private or closed to all blocks as well, unless a
    foot tag opens it: then the bicycle is pushed through.
    """
    if "barrier" not in tags or _first(tags, "bicycle") in OPENING_VALUES | {"dismount"}:
        return False
    shut = "access" in tags and _first(tags, "foot", "access") in SHUT_TO_FEET
    shut = shut or tags.get("bicycle") == "private"
    return tags["barrier"] in BLOCKING_BARRIERS or tags.get("locked") == "yes" or shut


def _direction(tags: Tags, way: str, *, with_traffic: bool) -> Ride:
    mode = _mode(tags, way)
    # A tag that opens this very direction to bicycles opens it against the traffic too.
    with_traffic = with_traffic or _first(tags, f"bicycle:{way}") in OPENING_VALUES
    if mode == RIDE and not with_traffic:
        mode = PUSH if _may_push(tags) and not _roundabout(tags) else CLOSED
    if tags["highway"] == "steps" and mode != CLOSED:
        mode = STEPS
    return Ride(RIDE, _ratio(tags), _cap_kmh(tags)) if mode == RIDE else Ride(mode)


def _mode(tags: Tags, way: str) -> int:
    """Whether one rides, pushes or may not go, one-way traffic aside."""
    highway, bicycle = tags["highway"], _first(tags, f"bicycle:{way}", "bicycle")
    if bicycle == "dismount":
        return PUSH if _first(tags, "foot") not in SHUT_TO_FEET else CLOSED
    if tags.get("motorroad") == "yes" and bicycle not in OPENING_VALUES:
        return CLOSED
    if highway.startswith("trunk") and not _open_trunk(tags, bicycle):
        return CLOSED
    access = bicycle or _first(tags, f"vehicle:{way}", "vehicle", f"access:{way}", "access")
    if access in CLOSED_VALUES:
        return PUSH if access == "no" and _may_push(tags) and _quiet(tags) else CLOSED
    if highway in WALKS and bicycle not in OPENING_VALUES:
        return PUSH if _may_push(tags) else CLOSED
    return RIDE


def _open_trunk(tags: Tags, bicycle: str | None) -> bool:
    return bicycle in OPENING_VALUES or any(tags.get(k) in CYCLEWAY_HERE for k in CYCLEWAY_KEYS)


def _quiet(tags: Tags) -> bool:
    """Whether a way closed to bicycles may be walked along with one in the hand."""
    return tags["highway"] not in MAIN_ROADS and not _roundabout(tags)


def _may_push(tags: Tags) -> bool:
    """Whether walking is allowed: by the foot tag, else by the kind of way and by access."""
    if tags["highway"] in NO_PUSHING and "foot" not in tags:
        return False
    return _first(tags, "foot", "access") not in SHUT_TO_FEET


def _roundabout(tags: Tags) -> bool:
    return tags.get("junction") in ROUNDABOUTS


def _oneway(tags: Tags) -> tuple[bool, bool]:
    """Whether bicycles may ride along the drawn direction, and against it."""
    for_bicycles = ONEWAY_VALUES.get(tags.get("oneway:bicycle", ""))
    if for_bicycles is not None:
        return for_bicycles
    if not _roundabout(tags) and _contraflow(tags):
        return True, True
    # A word that says nothing (oneway=maybe) is as good as none.
    return ONEWAY_VALUES.get(tags.get("oneway", ""), (True, not _roundabout(tags)))


def _contraflow(tags: Tags) -> bool:
    """Whether a cycleway runs against the one-way traffic."""
    return any(tags.get(key) in CONTRAFLOW for key in CYCLEWAY_KEYS) or any(
        tags.get(f"{key}:oneway") in ("no", "-1")
        and tags.get(key) not in (None, "no", "none", "separate")
        for key in CYCLEWAY_KEYS
    )


def _first(tags: Tags, *keys: str) -> str | None:
    """Take the first of the keys that is set; of a list of values, the most open one."""
    for key in keys:
        if key in tags:
            values = [value.strip() for value in tags[key].split(";")]
            return min(values, key=lambda v: (v not in OPENING_VALUES) + (v in CLOSED_VALUES))
    return None


def _ratio(tags: Tags) -> float:
    highway, surface = tags["highway"], tags.get("surface")
    if surface is not None:
        ratio = SURFACE_RATIO.get(surface, 1.0)
    elif highway == "track":
        ratio = TRACKTYPE_RATIO.get(tags.get("tracktype", ""), UNPAVED_RATIO)
    else:
        ratio = UNPAVED_RATIO if highway == "path" else 1.0
    return ratio * SMOOTHNESS_RATIO.get(tags.get("smoothness", ""), 1.0)


def _cap_kmh(tags: Tags) -> float:
    """Read the speed limit, km/h; what cannot be read sets no limit."""
    text = tags.get("maxspeed", "")
    match = re.fullmatch(r"(\d{1,3}(?:\.\d+)?)\s*(km/h|mph)?", text)
    if not match:
        return float(IMPLICIT_MAXSPEED.get(text, NO_CAP))
    limit = float(match[1]) * (MPH if match[2] == "mph" else 1.0)
    return limit if limit > 0 else NO_CAP
