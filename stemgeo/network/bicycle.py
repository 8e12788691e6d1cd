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

CLOSED, RIDE, PUSH, STEPS, FERRY, LIFT = range(6)
"""Modes of a way in one direction; who goes on foot "rides" at the own pace."""

ON_FOOT = False
CLOSED_WAYS = "ways_closed_to_bicycles"
CLOSED_SQUARES = "squares_closed_to_bicycles"
WHO_GOES = "that a bicycle can use"

STEPS_KMH = 2.0
"""On steps, with the bicycle carried or pushed (OSRM)."""

NO_CAP = 255.0


class Ride(NamedTuple):
    """How one direction of a way is travelled.

    Attributes
    ----------
    mode
        CLOSED, RIDE, PUSH, STEPS, FERRY or LIFT.
    ratio
        Speed over the rider's own speed on a good surface, 0 to 1; on foot, of steps too.
    cap_kmh
        The speed limit when there is one, else NO_CAP; of a ferry its own speed.
    walkable
        Whether who rides here may also walk with the bicycle in the hand.
    beside
        Ratio on the pavement, for who may ride there and takes whichever is quicker; 0: none.
    """

    mode: int
    ratio: float = 1.0
    cap_kmh: float = NO_CAP
    walkable: bool = True
    beside: float = 0.0

    def speed_kmh(self, rider_kmh: float, pushing_kmh: float, *, surface: bool = True) -> float:
        """Speed of a rider of `rider_kmh` here, km/h; 0 when closed.

        Nobody rides slower than they could push.

        Parameters
        ----------
        rider_kmh, pushing_kmh
            Of the rider, on a good road and pushing.
        surface
            Whether poor surfaces slow the rider.
        """
        if self.mode == RIDE:
            ratio, beside = (self.ratio, self.beside) if surface else (1.0, float(self.beside > 0))
            return max(min(rider_kmh * ratio, self.cap_kmh), rider_kmh * beside, pushing_kmh)
        # A bicycle is carried up at a speed of its own, whoever carries it.
        steps = STEPS_KMH if self.ratio == 1 else pushing_kmh * self.ratio
        on_foot = {PUSH: pushing_kmh, LIFT: pushing_kmh, STEPS: steps}
        return (on_foot | {CLOSED: 0.0, FERRY: self.cap_kmh})[self.mode]


NOT_AT_ALL = Ride(CLOSED)
PUSHED = Ride(PUSH)

ROADS = frozenset(
    ("primary", "secondary", "tertiary", "unclassified", "residential", "living_street")
    + ("primary_link", "secondary_link", "tertiary_link", "service", "road", "track", "path")
    + ("cycleway", "trunk", "trunk_link")
)
"""Highways on which a bicycle is ridden unless a tag says otherwise (a trunk: when one does)."""

WALKS = frozenset(
    ("footway", "pedestrian", "platform", "corridor", "steps", "bridleway", "busway", "elevator")
)
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
"""Streets for those who live there: where one runs the land is built up."""

CLOSED_VALUES = frozenset(
    ("no", "private", "agricultural", "forestry", "delivery", "use_sidepath")
    + ("military", "emergency", "police", "government", "employees", "staff", "workers", "service")
    + ("members", "restricted", "authorized", "authorised", "prohibited", "closed", "disabled")
    + ("bus", "psv", "taxi", "hov", "tourist_bus", "coach", "minibus", "school_bus", "tram")
    + ("motor_vehicle", "motorcar", "motorcycle", "moped", "mofa", "hgv", "goods", "horse")
)
"""Values of an access tag that close a way: those of OSRM, and those that name no child."""

OPENING_VALUES = frozenset(("yes", "designated", "permissive", "official", "destination"))
"""Values of a bicycle tag that open what is closed to other traffic."""

OPEN_VALUES = OPENING_VALUES | frozenset(
    ("customers", "permit", "public", "residents", "visitors", "allowed", "discouraged")
    + ("dismount", "optional_sidepath", "bicycle")
)
"""Values that leave open what is open. Any other word says nothing: it counts as no tag."""

SHUT_TO_FEET = CLOSED_VALUES - {"use_sidepath"}
"""Who walks beside the road walks there too."""

SIDES = ("left", "right")
CYCLEWAY_KEYS = ("cycleway", "cycleway:left", "cycleway:right", "cycleway:both")
TRACKS = frozenset(("track", "opposite_track"))
STRIPS = TRACKS | {"lane", "opposite_lane"}
"""Cycleways with a surface of their own."""

CYCLEWAY_HERE = STRIPS | {"shared_lane", "share_busway", "opposite", "yes"}
CONTRAFLOW = frozenset(("opposite", "opposite_lane", "opposite_track"))

PAVEMENT_KEYS = tuple(f"sidewalk{side}" for side in ("", ":both", ":left", ":right"))

PARTED = frozenset(("cycleway", "path", "footway", "pedestrian", "bridleway"))
"""Highways of which `cycleway:surface` is the part for bicycles."""

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

ROUGHEST = {"track": "grass", "path": "grass"}
ROUGHEST_OF_ROADS = "sett"
"""The roughest ground that a way can have on which nobody tagged any: no rougher is common."""

TRACKTYPE_RATIO = {"grade1": 1.0, "grade2": 14 / 18, "grade3": 12 / 18, "grade4": 10 / 18}
TRACKTYPE_RATIO["grade5"] = 8 / 18
UNPAVED_RATIO = 12 / 18
"""A track without surface and tracktype, and a path without surface."""

SMOOTHNESS_RATIO = {"intermediate": 0.9, "bad": 0.7, "very_bad": 0.4}
SMOOTHNESS_RATIO |= dict.fromkeys(("horrible", "very_horrible", "impassable"), 0.3)

BLOCKING_BARRIERS = frozenset(
    ("yes", "wall", "city_wall", "retaining_wall", "fence", "hedge", "ditch", "debris")
    + ("guard_rail", "cable_barrier", "jersey_barrier")
    + ("stile", "kissing_gate", "turnstile", "full-height_turnstile")
)
"""Barriers that a child with a bicycle does not pass."""

SLOW_BARRIERS = frozenset(
    ("gate", "swing_gate", "sliding_gate", "lift_gate", "cycle_barrier", "hampshire_gate")
    + ("motorcycle_barrier", "cattle_grid", "chain", "wicket_gate", "sliding_beam")
    + ("log", "rope", "horse_stile")
)
"""Barriers that let a bicycle pass and cost the seconds that a study declares."""

OPEN_BARRIERS = frozenset(
    ("no", "bollard", "bollards", "block", "planter", "kerb", "entrance", "coupure", "handrail")
    + ("height_restrictor", "sump_buster", "bus_trap", "tank_trap", "spikes", "wedge", "bump_gate")
    + ("sally_port", "kent_carriage_gap", "toll_booth", "border_control", "security_control")
)
"""Barriers that a bicycle passes by. So it does any of another kind, which is counted."""

NO_WAIT, SIGNAL, CROSSING, BARRIER, BOARDING, LIFTING = range(6)
"""What one may have to wait for."""

FERRY_KMH = 5.0
"""A ferry without a duration (OSRM)."""

_BELGIUM = ("BE", "BE-VLG", "BE-WAL", "BE-BRU")
IMPLICIT_MAXSPEED = {
    "walk": 5.0,
    **{f"{place}:zone30": 30.0 for place in _BELGIUM},
    **{f"{place}:living_street": 20.0 for place in _BELGIUM},
    **{f"{place}:cyclestreet": 30.0 for place in _BELGIUM},
    "BE-BRU:urban": 30.0,
}
MPH = 1.609344
SPEEDS_WITHOUT_CAP = frozenset(
    ("none", "signals", "variable", *(f"{b}:{w}" for b in _BELGIUM for w in ("urban", "rural")))
)
"""Words that say something and bind no cyclist."""

ONEWAY_WORDS = frozenset(
    ("yes", "no", "true", "false", "1", "0", "-1", "reverse", "reversible", "alternating")
)

WAYS = ("forward", "backward")
"""Along the drawn direction of a way and against it, as OSM keys end."""

ACCESS_KEYS = ("bicycle", "vehicle", "access")
"""Of who rides, the first that says something counts."""

TAGS_READ = frozenset(
    ("highway", "area", "foot", "motorroad", "oneway", "oneway:bicycle", "junction")
    + ("surface", "smoothness", "tracktype", "maxspeed", "route", "duration")
    + ("bridge", "tunnel", "layer", "footway")
    + PAVEMENT_KEYS
    + tuple(f"{key}:surface" for key in PAVEMENT_KEYS)
    + ACCESS_KEYS
    + tuple(f"{key}:{way}" for key in ACCESS_KEYS for way in WAYS)
    + CYCLEWAY_KEYS
    + tuple(f"{k}:{w}" for k in CYCLEWAY_KEYS for w in ("oneway", "surface", "smoothness"))
)
"""Ways that agree in these are the same to a rider."""

NODE_TAGS_READ = frozenset(("barrier", "locked", "highway", "crossing", "foot", *ACCESS_KEYS))
"""Nodes that agree in these are the same to a rider."""


class Cycleway(NamedTuple):
    """What runs along one side of a road, and in which directions it is ridden.

    Attributes
    ----------
    word
        The value that says what it is: "track", "lane", "separate", "no", ...
    key
        The tag that says so.
    side
        "left" or "right" of the drawn direction.
    serves
        Whether it is ridden along the drawn direction, and against it.
    """

    word: str
    key: str
    side: str
    serves: tuple[bool, bool]


def classify_way(tags: Tags) -> tuple[Ride, Ride]:
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
    flow = _find_flow(tags)
    # Where a tag says how bicycles go, and on a roundabout, no cycleway runs against it.
    fixed = _is_roundabout(tags) or tags.get("oneway:bicycle") in ONEWAY_VALUES
    here = [one for one in list_cycleways(tags) if one.word in CYCLEWAY_HERE]
    forward, backward = (
        _classify_direction(
            tags,
            WAYS[i],
            [one for one in here if one.serves[i] and (flow[i] or not fixed)],
            with_traffic=flow[i],
        )
        for i in range(2)
    )
    return forward, backward


def list_cycleways(tags: Tags) -> list[Cycleway]:
    """Say what runs along either side of a road.

    The tag of a side goes before `cycleway:both`, and that before `cycleway`; so it does with
    their `:oneway`. Without any, traffic keeps right: a cycleway goes with the traffic of a one-way
    street, and on another one the right one along the drawn direction, the left one against it.
    """
    found: list[Cycleway] = []
    if tags.keys().isdisjoint(CYCLEWAY_KEYS):
        return found
    for side in SIDES:
        key = next((k for k in keys_of_side(side) if k in tags), "cycleway")
        words = [word.strip() for word in tags.get(key, "").split(";")]
        found += [
            Cycleway(word, key, side, find_served_ways(tags, side, word)) for word in words if word
        ]
    for key in ("cycleway", "cycleway:both"):
        word = tags.get(key, "")
        if word in CONTRAFLOW:  # one rides against the traffic, whatever else the sides have
            found += [
                Cycleway(word, key, side, find_served_ways(tags, side, word)) for side in SIDES
            ]
    return found


def has_unreadable_tag(tags: Tags) -> bool:
    """Whether a tag of direction or speed says nothing that we know; it then counts for nothing."""
    odd = [tags.get(key, "no") not in ONEWAY_WORDS for key in ("oneway", "oneway:bicycle")]
    limit = tags.get("maxspeed", "none")
    return any(odd) or (limit not in SPEEDS_WITHOUT_CAP and _read_cap_kmh(tags) == NO_CAP)


def has_unknown_access(tags: Tags) -> bool:
    """Whether a tag of access has a word that we do not know; it then counts for nothing."""
    keys = ["foot", *ACCESS_KEYS, *(f"{key}:{way}" for key in ACCESS_KEYS for way in WAYS)]
    words = {word for key in keys for word in split_values(tags.get(key, ""))}
    return not words <= OPEN_VALUES | CLOSED_VALUES


def has_unknown_barrier(tags: Tags) -> bool:
    """Whether a node has a barrier of a kind that we do not know; one then passes."""
    known = BLOCKING_BARRIERS | SLOW_BARRIERS | OPEN_BARRIERS
    return not set(split_values(tags.get("barrier", ""))) <= known


def has_cycleway_beside(tags: Tags) -> bool:
    """Whether a road has a cycleway beside it that is drawn by itself (`cycleway=separate`)."""
    return any("separate" in split_values(tags.get(key, "")) for key in CYCLEWAY_KEYS)


def is_ferry(tags: Tags) -> bool:
    """Whether a way is a ferry that takes bicycles: a bicycle tag, or foot where none is set."""
    if tags.get("route") != "ferry" or "highway" in tags:
        return False
    word = read_first(tags, "bicycle", "foot", "access")
    return word is None or word in OPENING_VALUES


def read_ferry_minutes(tags: Tags) -> float | None:
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


def find_ratio_bounds(tags: Tags) -> tuple[tuple[float, float], tuple[float, float]]:
    """Give the least and the highest ratio of each direction, whatever ground nobody tagged.

    Both are the ratio itself where the surface, or the type of a track, is known.
    """
    told = "surface" in tags or (tags["highway"] == "track" and "tracktype" in tags)
    roughest = ROUGHEST.get(tags["highway"], ROUGHEST_OF_ROADS)
    ends = [tags] if told else [{**tags, "surface": one} for one in (roughest, "asphalt")]
    along, against = zip(*(classify_way(one) for one in ends), strict=True)
    return (along[0].ratio, along[-1].ratio), (against[0].ratio, against[-1].ratio)


def classify_pavement(tags: Tags) -> Ride:
    """Say how the pavement of a way is ridden by who may: a drawn one, or that of a road.

    Either way, also against a one-way street; `NOT_AT_ALL` where there is none. Squares are none:
    there one goes at walking pace.
    """
    if tags.get("area") == "yes":
        return NOT_AT_ALL
    if (tags.get("highway"), tags.get("footway")) == ("footway", "sidewalk"):
        return Ride(RIDE, _find_ratio(tags, []))
    sides = [side for side in SIDES if read_pavement(tags, side) in ("yes", "both", side)]
    if tags.get("highway") not in ROADS or not sides:
        return NOT_AT_ALL
    grounds = (read_pavement(tags, side, ":surface") for side in sides)
    return Ride(RIDE, max(SURFACE_RATIO.get(ground, 1.0) for ground in grounds))


def read_pavement(tags: Tags, side: str, what: str = "") -> str:
    """Give what the tags say of the pavement on a side, or of its surface and the like.

    Parameters
    ----------
    tags
        Of the way.
    side
        left or right.
    what
        ":surface" and the like; empty: the pavement itself.
    """
    keys = (f"sidewalk:{side}{what}", f"sidewalk:both{what}", f"sidewalk{what}")
    return next((tags[key] for key in keys if key in tags), "")


def is_on_ground(tags: Tags) -> bool:
    """Whether a door can open onto a way: it runs at the level of the ground.

    A passage through a building does; so does a boardwalk or a crossing at low water.
    """
    above = tags.get("bridge", "no") not in ("no", "boardwalk", "low_water_crossing")
    below = tags.get("tunnel", "no") not in ("no", "building_passage")
    layer = re.fullmatch(r"[+-]?\d+(\.\d+)?", tags.get("layer", "0"))
    return not (above or below or (layer and float(layer[0])))


def find_wait(tags: Tags, slow_barriers: frozenset[str] = SLOW_BARRIERS) -> int:
    """What one may have to wait for at a node: SIGNAL, CROSSING, BARRIER, LIFTING or NO_WAIT.

    Parameters
    ----------
    tags
        Of the node.
    slow_barriers
        Which barriers cost time.
    """
    signals = "traffic_signals" in (tags.get("highway"), tags.get("crossing"))
    if signals:
        return SIGNAL
    if tags.get("highway") == "crossing":
        return CROSSING
    if tags.get("highway") == "elevator":
        return LIFTING
    slow = slow_barriers.intersection(split_values(tags.get("barrier", "")))
    return BARRIER if slow else NO_WAIT


def is_blocking(tags: Tags) -> bool:
    """Whether a node stops a cyclist: a barrier that no bicycle passes, or closed as a way is.

    Of a list of barriers the closest counts. A bicycle tag opens any. What is closed to riding and
    open on foot is passed with the bicycle in the hand.
    """
    if "barrier" not in tags:
        return False
    bicycle = read_first(tags, "bicycle")
    if bicycle in OPENING_VALUES:
        return False
    if bicycle == "dismount":
        return read_first(tags, "foot") in SHUT_TO_FEET
    kinds = BLOCKING_BARRIERS.intersection(split_values(tags["barrier"]))
    on_foot = read_first(tags, "foot", "access") not in SHUT_TO_FEET
    shut = read_first(tags, *ACCESS_KEYS) in CLOSED_VALUES and not on_foot
    return bool(kinds) or tags.get("locked") == "yes" or shut


def _classify_direction(tags: Tags, way: str, here: list[Cycleway], *, with_traffic: bool) -> Ride:
    """Say how one direction is travelled, with the cycleways that serve it."""
    mode = _find_mode(tags, way, here)
    # A tag that opens this very direction to bicycles opens it against the traffic too.
    against = not (with_traffic or here or read_first(tags, f"bicycle:{way}") in OPENING_VALUES)
    if mode == RIDE and tags["highway"] in WALKS and tags.get("area") == "yes":
        mode = PUSH  # a square: at walking pace among those who walk, whoever may ride there
    if mode == RIDE and against:
        walk = not _is_roundabout(tags) or tags["highway"] in WALKS
        mode = PUSH if walk and _may_push(tags, way) else CLOSED
    if mode != CLOSED:
        mode = {"steps": STEPS, "elevator": LIFT}.get(tags["highway"], mode)
    if mode != RIDE:
        return Ride(mode)
    walkable = tags.get("motorroad") != "yes" and _may_push(tags, way)
    return Ride(RIDE, _find_ratio(tags, here), _read_cap_kmh(tags), walkable)


def _find_mode(tags: Tags, way: str, here: list[Cycleway]) -> int:
    """Whether one rides, pushes or may not go, one-way traffic aside."""
    highway, bicycle = tags["highway"], read_first(tags, f"bicycle:{way}", "bicycle")
    if bicycle == "use_sidepath" and any(one.word in TRACKS for one in here):
        bicycle = "designated"  # the path beside the road is this track
    if bicycle == "dismount":
        return PUSH if read_first(tags, "foot") not in SHUT_TO_FEET else CLOSED
    if tags.get("motorroad") == "yes" and bicycle not in OPENING_VALUES:
        return CLOSED
    if highway.startswith("trunk") and bicycle not in OPENING_VALUES and not here:
        return CLOSED
    access = bicycle or read_first(tags, f"vehicle:{way}", "vehicle", f"access:{way}", "access")
    if access in CLOSED_VALUES:
        pushed = access != "use_sidepath" and _is_pushable(tags) and _may_push(tags, way)
        return PUSH if pushed else CLOSED
    if highway in WALKS and bicycle not in OPENING_VALUES:
        return PUSH if _may_push(tags, way) else CLOSED
    return RIDE


def _is_pushable(tags: Tags) -> bool:
    """Whether a way closed to bicycles may be walked along with one in the hand."""
    return tags["highway"] not in MAIN_ROADS and not _is_roundabout(tags)


def _may_push(tags: Tags, way: str) -> bool:
    """Whether walking is allowed: by the foot tag, else by the kind of way and by access."""
    if tags["highway"] in NO_PUSHING and "foot" not in tags:
        return False
    return read_first(tags, "foot", f"access:{way}", "access") not in SHUT_TO_FEET


def _is_roundabout(tags: Tags) -> bool:
    return tags.get("junction") in ROUNDABOUTS


def find_traffic(tags: Tags) -> tuple[bool, bool]:
    """Whether traffic goes along the drawn direction, and against it."""
    # A word that says nothing (oneway=maybe) is as good as none.
    return ONEWAY_VALUES.get(tags.get("oneway", ""), (True, not _is_roundabout(tags)))


def _find_flow(tags: Tags) -> tuple[bool, bool]:
    """Whether bicycles go along the drawn direction, and against it, cycleways aside."""
    return ONEWAY_VALUES.get(tags.get("oneway:bicycle", ""), find_traffic(tags))


def find_served_ways(tags: Tags, side: str, word: str) -> tuple[bool, bool]:
    """Whether a cycleway on a side is ridden along the drawn direction, and against it.

    Parameters
    ----------
    tags
        Of the way.
    side
        left or right.
    word
        What the tags call the cycleway there.
    """
    flow = find_traffic(tags)
    own = (side == "right", side == "left")
    usual = own if all(flow) else flow
    if word in CONTRAFLOW:
        usual = (not usual[0], not usual[1])
    if all(_find_flow(tags)):  # a one-way street that bicycles ride both ways
        usual = usual[0] or own[0], usual[1] or own[1]
    alone = ONEWAY_VALUES.get(tags.get(f"cycleway:{side}:oneway", ""))
    both = tags.get("cycleway:both:oneway", tags.get("cycleway:oneway", ""))
    served = alone or ONEWAY_VALUES.get(both, usual)
    # Of both sides, or on a two-way road, "yes" says only that a side is not ridden both ways.
    if served == (True, False) and (alone is None or all(flow)):
        served = usual
    if word in CONTRAFLOW:
        return served[0] or usual[0], served[1] or usual[1]
    return served


def keys_of_side(side: str) -> tuple[str, str, str]:
    """Give the keys of a cycleway on a side, the one that goes first before the others."""
    return f"cycleway:{side}", "cycleway:both", "cycleway"


def split_values(text: str) -> list[str]:
    """Take a list of values apart, as `agricultural;destination`."""
    return [value.strip() for value in text.split(";") if value.strip()]


def read_first(tags: Tags, *keys: str) -> str | None:
    """Take the first of the keys that says something; of a list of values, the most open one.

    Parameters
    ----------
    tags
        Of a way or node.
    *keys
        Tags of access.
    """
    for key in keys:
        if key in tags:
            known = [v for v in split_values(tags[key]) if v in OPEN_VALUES or v in CLOSED_VALUES]
            if known:
                return min(known, key=lambda v: (v not in OPENING_VALUES) + (v in CLOSED_VALUES))
    return None


def _find_ratio(tags: Tags, here: list[Cycleway]) -> float:
    """Speed over that on asphalt: of the best cycleway that has ground of its own, or the road."""
    grounds: list[tuple[str, ...]]
    grounds = [keys_of_side(one.side) for one in here if one.word in STRIPS]
    if tags["highway"] in PARTED:
        grounds.append(("cycleway",))
    return max(
        (_find_ground_ratio(tags, keys) for keys in grounds), default=_find_ground_ratio(tags, ())
    )


def _find_ground_ratio(tags: Tags, keys: tuple[str, ...]) -> float:
    """Ratio of the ground of a cycleway with these keys; what they do not say the road says."""
    own = {
        what: next((tags[f"{key}:{what}"] for key in keys if f"{key}:{what}" in tags), None)
        for what in ("surface", "smoothness")
    }
    ratio = _find_surface_ratio(tags, own["surface"] or tags.get("surface"))
    # The road's smoothness says nothing of another surface.
    smoothness = own["smoothness"] or (None if own["surface"] else tags.get("smoothness"))
    return ratio * SMOOTHNESS_RATIO.get(smoothness or "", 1.0)


def _find_surface_ratio(tags: Tags, surface: str | None) -> float:
    if surface is not None:
        return SURFACE_RATIO.get(surface, 1.0)
    if tags["highway"] == "track":
        return TRACKTYPE_RATIO.get(tags.get("tracktype", ""), UNPAVED_RATIO)
    return UNPAVED_RATIO if tags["highway"] == "path" else 1.0


def _read_cap_kmh(tags: Tags) -> float:
    """Read the speed limit, km/h; what cannot be read sets no limit."""
    text = tags.get("maxspeed", "")
    match = re.fullmatch(r"(\d{1,3}(?:\.\d+)?)\s*(km/h|mph)?", text)
    if not match:
        return float(IMPLICIT_MAXSPEED.get(text, NO_CAP))
    limit = float(match[1]) * (MPH if match[2] == "mph" else 1.0)
    return limit if limit > 0 else NO_CAP
