"""Level of traffic stress: for whom a road is quiet enough.

LTS 1 suits children, 2 most adults, 3 the confident, 4 the fearless (Mekuria, Furth and Nixon,
"Low-Stress Bicycling and Network Connectivity", MTI report 11-19, 2012). Which level a road has is
data (`stress_rules`). Here tags become what those rules speak of: kinds of road, what runs beside
them for bicycles, a limit, lanes, a built-up area.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from stemgeo.network.bicycle import (
    CYCLEWAY_KEYS,
    MPH,
    OPENING_VALUES,
    PAVEMENT_KEYS,
    SIDES,
    WAYS,
    find_served_ways,
    find_traffic,
    keys_of_side,
    list_cycleways,
    read_pavement,
    split_values,
)
from stemgeo.network.stress_rules import FACILITIES, Facility, StressRuleSet, load_stress_rules

Tags = Mapping[str, str]

LEVELS = {"low_stress": 2, "quiet_1": 1}
"""The highest level of traffic stress on which each profile rides."""

NO_CARS = frozenset(
    ("cycleway", "footway", "pedestrian", "path", "track", "steps", "platform", "corridor")
    + ("bridleway", "elevator")
)
_CLASS_OF = {
    **dict.fromkeys(("residential", "service", "living_street"), "street"),
    **dict.fromkeys(("unclassified", "road"), "unclassified"),
    **dict.fromkeys(("tertiary", "tertiary_link"), "tertiary"),
    "busway": "busway",
}
"""All others are main roads."""
_SMALL = ("street", "unclassified")
"""Those that can be for local traffic alone, or narrow: larger ones connect, whatever they say."""
NARROW_M = 3.5
"""Two cars do not pass each other on so much."""
FOOT_M = 0.3048

SHUT, LOCAL, OPEN = range(3)
"""Which motor traffic there is: none but farm carts, that of those who live there, any."""

_BY_LEAVE = (
    *("private", "permit", "employees", "staff", "workers", "military", "police", "government"),
    *("service", "members", "restricted", "authorized", "authorised"),
)
TRAFFIC = {
    **dict.fromkeys(("no", "agricultural", "forestry", "emergency", "prohibited", "closed"), SHUT),
    **dict.fromkeys(("destination", "customers", "delivery", "residents", "visitors"), LOCAL),
    **dict.fromkeys(_BY_LEAVE, LOCAL),
    **dict.fromkeys(("yes", "permissive", "designated", "official", "public", "allowed"), OPEN),
}
"""Words of an access tag of motor traffic; any other says nothing."""
TRAFFIC_BESIDE_BICYCLES = TRAFFIC | dict.fromkeys(_BY_LEAVE, SHUT)
"""The same where a bicycle tag opens the way: who needs leave is a rare guest, as on a jaagpad."""

CARS = ("motorcar", "motor_vehicle", "vehicle", "access")
MOTORCYCLES = ("motorcycle", "motor_vehicle", "vehicle", "access")
"""The first that says something counts. The signs C5 and C7 shut out either."""

FACILITY: dict[str, Facility] = {
    **dict.fromkeys(("track", "opposite_track", "separate", "sidepath", "sidewalk"), "track"),
    **dict.fromkeys(("lane", "opposite_lane"), "lane"),
}
"""A lane shared with cars or buses is no facility."""

SUGGESTED = frozenset(("advisory", "pictogram", "soft_lane", "soft", "suggestive", "suggestion"))
"""Kinds of `cycleway:lane` that cars drive on: a fietssuggestiestrook."""

NOT_THERE = ("no", "none", "0")

URBAN_KMH, RURAL_KMH = 50.0, 70.0
"""Flanders; 70 km/h outside built-up areas by decree since 2017."""

QUIETEST_KMH = 30.0
"""The limit of a zone 30, which any road may have."""
LEGAL_KMH = (URBAN_KMH, RURAL_KMH, 90.0)
"""The highest limit in a built-up area, outside one, and outside one on a main road (by a sign)."""

SPEED_WORDS = {
    "walk": 5.0,
    "living_street": 20.0,
    "cyclestreet": 30.0,
    "urban": URBAN_KMH,
    "rural": RURAL_KMH,
}
SPEED_ELSEWHERE = {
    "BE-BRU:urban": 30.0,  # since 1 January 2021
    "BE-WAL:rural": 90.0,
    "NL:rural": 80.0,
    "FR:rural": 80.0,
    "DE:rural": 100.0,
    "LU:rural": 90.0,
    "PT:rural": 90.0,
}
SPEED_KEYS = ("maxspeed", "maxspeed:type", "source:maxspeed", "zone:maxspeed", "zone:traffic")
PLACES = {"urban": True, "rural": False, "trunk": False, "motorway": False}
"""Words that say whether a way lies in a built-up area, as in `zone:traffic=BE-VLG:urban`."""

_CITY_LIMIT = re.compile(r"(?:BE(?:-[A-Z]{3})?:)?F([13])[ab]?")
SIGN_TAGS_READ = frozenset(
    ("traffic_sign", "traffic_sign:forward", "traffic_sign:backward")
    + ("city_limit", "direction", "traffic_sign:direction")
)
"""What nodes say of signs."""

_RIDDEN_PAVEMENTS = tuple(f"{key}:bicycle" for key in PAVEMENT_KEYS)
TAGS_READ = frozenset(
    ("highway", "motor_vehicle", "vehicle", "access", "motorcar", "motorcycle", "bus", "psv")
    + ("bicycle", "cyclestreet", "bicycle_road", "oneway", "oneway:bicycle", "junction")
    + ("bicycle:forward", "bicycle:backward")
    + ("lanes", "lanes:forward", "lanes:backward", "width", "est_width")
    + ("traffic_sign", "city_limit")
    + ("maxspeed:forward", "maxspeed:backward")
    + SPEED_KEYS
    + PAVEMENT_KEYS
    + _RIDDEN_PAVEMENTS
    + CYCLEWAY_KEYS
    + tuple(f"{key}:{what}" for key in CYCLEWAY_KEYS for what in ("buffer", "oneway", "lane"))
)


class Assumed(NamedTuple):
    """What of a road open to cars nobody tagged, so that its level rests on what is usual."""

    limit: bool
    lanes: bool
    no_track: bool


_NO_FACILITY: tuple[Facility, Facility] = ("none", "none")
NOTHING_ASSUMED = Assumed(limit=False, lanes=False, no_track=False)

_Pair = tuple[float | None, float | None]
"""Along the drawn direction of a way, and against it; None: not tagged."""


class _Traffic(NamedTuple):
    """What the tags of a way say of the traffic on it: all that its level rests on.

    Attributes
    ----------
    highway
        Its class as OSM has it; empty: of a ferry.
    cars
        Which motor traffic there is: SHUT, LOCAL or OPEN.
    cycle_street, slim
        Whether it is one, and too slim by its width for two cars.
    place
        Whether words of zones or signs say that it lies in a built-up area; None: they do not tell.
    flow
        Whether traffic goes along the drawn direction, and against it.
    kmh, signed_kmh
        Limits, and those that do not rest on a zone (`zone:traffic`).
    lanes, lanes_of
        In all, and of each direction.
    facility, with_tracks
        What is ridden in each direction, and what would be with a track wherever no tag says what
        runs beside the road.
    """

    highway: str
    cars: int
    cycle_street: bool
    slim: bool
    place: bool | None
    flow: tuple[bool, bool]
    kmh: _Pair
    signed_kmh: _Pair
    lanes: float | None
    lanes_of: _Pair
    facility: tuple[Facility, Facility]
    with_tracks: tuple[Facility, Facility]

    @property
    def group(self) -> str:
        return _CLASS_OF.get(self.highway, "main")

    def rests_on_traffic(self) -> bool:
        """Whether limits and lanes matter at all."""
        return self.cars != SHUT and not self.cycle_street

    def list_kinds(self) -> list[str]:
        """Say of which kinds the road is, that of its class last."""
        if self.cars == SHUT:
            return ["no_cars"]
        small, few_lanes = self.group in _SMALL, self.lanes is not None and self.lanes < 2
        kinds = {
            "cycle_street": self.cycle_street,
            "local": small and self.cars == LOCAL,
            # Two cars do not pass each other, though they may meet.
            "narrow": small and all(self.flow) and (few_lanes or self.slim),
        }
        return [*(name for name, holds in kinds.items() if holds), self.group]

    def is_built_up(self) -> bool | None:
        """As `read_built_up` says."""
        if self.place is not None:
            return self.place
        return False if max(limit or 0.0 for limit in self.kmh) > URBAN_KMH else None

    def limit_kmh(self, direction: int, by: StressRuleSet, *, built_up: bool) -> float:
        """Give the limit in a direction, 0 along the way, 1 against it; or what is assumed."""
        limit, assumed_kmh = self.kmh[direction], by.assumed_kmh
        if limit:
            return limit
        if self.highway == "living_street":
            inside, outside = assumed_kmh.living_street
        else:
            inside, outside = assumed_kmh.street if self.group == "street" else assumed_kmh.road
        return inside if built_up else outside

    def count_lanes(self, direction: int, by: StressRuleSet) -> float:
        """Count the lanes for cars in a direction: 0 along the way, 1 against it."""
        own, other = self.lanes_of[direction], self.lanes_of[1 - direction]
        if own is not None:
            return own
        if self.lanes is None:
            return by.assumed_lanes.main if self.group == "main" else 1
        if not all(self.flow):
            return self.lanes  # whoever rides against the traffic meets them all
        return self.lanes - other if other is not None else self.lanes // 2

    def rate(self, by: StressRuleSet, *, built_up: bool) -> tuple[int, int]:
        """As `rate_stress` does."""
        roads, told = self.list_kinds(), self.is_built_up()
        if self.cars == SHUT:
            level = by.find_level(roads, "none", 0.0, many_lanes=False, built_up=False)
            return level, level
        place = built_up if told is None else told
        forward, backward = (
            by.find_level(
                roads,
                self.facility[i],
                self.limit_kmh(i, by, built_up=place),
                many_lanes=self.count_lanes(i, by) >= 2,
                built_up=place,
            )
            for i in (0, 1)
        )
        return forward, backward

    def find_assumed(self) -> Assumed:
        """As `find_assumed` does."""
        if not self.rests_on_traffic():
            return NOTHING_ASSUMED
        return Assumed(
            limit=not all(self.kmh) and self.highway != "living_street",
            lanes=(self.lanes, *self.lanes_of) == (None, None, None),
            no_track=self.with_tracks != self.facility,
        )

    def fill(self, *, built_up: bool, worst: bool) -> _Traffic:
        """Tag what nobody tagged with the best or the worst that the law allows."""
        missing, small, two_way = self.find_assumed(), self.group in _SMALL, all(self.flow)
        filled = self
        if self.highway != "living_street":
            town = built_up or self.highway == "service"
            most_kmh = LEGAL_KMH[0] if town else LEGAL_KMH[1 + (self.group == "main")]
            forward, backward = self.signed_kmh
            limit = most_kmh if worst else QUIETEST_KMH
            filled = filled._replace(kmh=(forward or limit, backward or limit))
        if missing.lanes and not worst:
            filled = filled._replace(lanes=1.0 if small or not two_way else 2.0)
        elif missing.lanes and not small:
            lanes = {"lanes_of": (2.0, 2.0)} if two_way else {"lanes": 2.0}
            filled = filled._replace(**lanes)
        if missing.no_track and not worst and self.group != "street":
            filled = filled._replace(facility=self.with_tracks)
        return filled


def keep_read(tags: Tags) -> tuple[tuple[str, str], ...]:
    """Give the tags on which stress may rest: ways that agree in these are rated alike."""
    return tuple((key, tags[key]) for key in tags if key in TAGS_READ)


def _read_traffic(tags: Tags) -> _Traffic:
    return _read_items(keep_read(tags))


@lru_cache(maxsize=10_000)
def _read_items(items: tuple[tuple[str, str], ...]) -> _Traffic:
    """Read tags once, however often what they say is asked for."""
    tags = dict(items)
    cars = _motor_traffic(tags)
    without_zone = {key: value for key, value in items if key != "zone:traffic"}
    width_m = _read_width_m(tags.get("width", "")) or _read_width_m(tags.get("est_width", ""))
    lanes, *lanes_of = (
        _read_number(tags.get(key, "")) for key in ("lanes", *(f"lanes:{way}" for way in WAYS))
    )
    facility = with_tracks = _NO_FACILITY
    if cars != SHUT:
        facility = _find_facilities(tags)
        tracks = _tags_of_tracks(tags)
        with_tracks = _find_facilities({**tags, **tracks}) if tracks else facility
    return _Traffic(
        tags.get("highway", ""),
        cars,
        "yes" in (tags.get("cyclestreet"), tags.get("bicycle_road")),
        width_m is not None and width_m <= NARROW_M,
        _read_place(tags),
        find_traffic(tags),
        (_tagged_kmh(tags, WAYS[0]), _tagged_kmh(tags, WAYS[1])),
        (_tagged_kmh(without_zone, WAYS[0]), _tagged_kmh(without_zone, WAYS[1])),
        lanes,
        (lanes_of[0], lanes_of[1]),
        facility,
        with_tracks,
    )


def rate_stress(tags: Tags, *, built_up: bool, by: StressRuleSet | None = None) -> tuple[int, int]:
    """Rate a way along its drawn direction and against it.

    Parameters
    ----------
    tags
        Of an OSM way with a `highway` tag, or of a ferry.
    built_up
        Whether the way lies in a built-up area; what `read_built_up` says goes first.
    by
        The rules, the default ones unless given.

    Returns
    -------
    tuple of int
        LTS 1 to 4, forward and backward.
    """
    return _read_traffic(tags).rate(by or load_stress_rules(), built_up=built_up)


def rate_in_and_out(tags: Tags, by: StressRuleSet) -> tuple[tuple[int, int], tuple[int, int]]:
    """Give `rate_stress` of a way if it lies in a built-up area, and if it does not."""
    road = _read_traffic(tags)
    return road.rate(by, built_up=True), road.rate(by, built_up=False)


Bounds = tuple[int, int, int, int]
"""Levels at the quietest that a way can be, forward and backward, and at the busiest."""


def rate_bounds(tags: Tags, by: StressRuleSet) -> tuple[Bounds, Bounds, Bounds]:
    """Rate a way with the best and the worst that the law allows where nobody tagged.

    A limit (30 km/h; 50 in a built-up area, else 70 and on main roads 90; drives at most 50), lanes
    (one for both directions on small roads; two a direction on tertiary and main ones), a
    cycle track (on every road above a street; none). What is tagged stays, so that both are the
    level of a way of which all is tagged; what the rules themselves assume lies between them.

    Parameters
    ----------
    tags, by
        As for `rate_stress`.

    Returns
    -------
    tuple
        The bounds of a way that a sign says to lie in a built-up area, or outside one, and of one
        of which nothing tells. Its own tags go first.
    """
    road, ends = _read_traffic(tags), (False, True) if list_untagged(tags) else ()
    inside, outside = (
        _span_levels(
            [
                level,
                *(
                    road.fill(built_up=place, worst=worst).rate(by, built_up=place)
                    for worst in ends
                ),
            ]
        )
        for level, place in zip(rate_in_and_out(tags, by), (True, False), strict=True)
    )
    told = road.is_built_up()
    if told is not None:
        return (inside if told else outside,) * 3
    return inside, outside, _span_levels([inside[:2], inside[2:], outside[:2], outside[2:]])


def list_untagged(tags: Tags) -> list[str]:
    """Name the tags that nobody gave a way on which its level may rest: maxspeed, lanes, cycleway.

    That a way lies in a zone with a limit of its own (`zone:traffic`) does not say that nothing
    else is signed on it.
    """
    road = _read_traffic(tags)
    missing, signed = road.find_assumed(), road.highway == "living_street" or all(road.signed_kmh)
    names = {
        "maxspeed": road.rests_on_traffic() and not signed,
        "lanes": missing.lanes,
        "cycleway": missing.no_track and road.group != "street",
    }
    return [name for name, holds in names.items() if holds]


def _span_levels(levels: list[tuple[int, int]]) -> Bounds:
    """Give the least of levels, forward and backward, and the highest."""
    forward, backward = zip(*levels, strict=True)
    return min(forward), min(backward), max(forward), max(backward)


def _tags_of_tracks(tags: Tags) -> Tags:
    """Give the tags of a track on each side of which no tag says what runs there."""
    return {
        f"cycleway:{side}": "track"
        for side in SIDES
        if not any(tags.get(key) for key in keys_of_side(side))
        and not read_pavement(tags, side, ":bicycle")
    }


def is_busy_crossing(tags: Tags, *, built_up: bool, by: StressRuleSet | None = None) -> bool:
    """Whether a way is a busy one to cross where no signals stop its traffic.

    It is by its limit or by its lanes in all, whatever runs beside it for bicycles; not where
    there is hardly any traffic (no cars, a cycle street, local traffic, too narrow for two cars).

    Parameters
    ----------
    tags
        Of the way.
    built_up
        Whether it lies in a built-up area, where the tags do not say.
    by
        Rules of stress; the default ones when not given.
    """
    by, road = by or load_stress_rules(), _read_traffic(tags)
    if not road.rests_on_traffic() or {"local", "narrow"} & set(road.list_kinds()):
        return False
    told = road.is_built_up()
    limit = max(road.limit_kmh(i, by, built_up=built_up if told is None else told) for i in (0, 1))
    ways = [i for i in (0, 1) if road.flow[i]]
    lanes = max(road.lanes or 0, sum(road.count_lanes(i, by) for i in ways))
    return limit >= by.crossings.from_kmh or lanes >= by.crossings.from_lanes


def is_open_to_cars(tags: Tags) -> bool:
    """Whether cars may come on a way, be it for local traffic alone."""
    return _read_traffic(tags).cars != SHUT


def find_assumed(tags: Tags) -> Assumed:
    """Say what of a way nobody tagged; nothing where the level does not rest on it."""
    return _read_traffic(tags).find_assumed()


def read_built_up(tags: Tags) -> bool | None:
    """Say whether a way lies in a built-up area, where its own tags tell; else None.

    Words of zones and limits go first, then the signs F1 and F3, then a limit above 50 km/h.
    """
    return _read_traffic(tags).is_built_up()


def _read_place(tags: Tags) -> bool | None:
    """Say whether words of zones or signs lay a way in a built-up area; None: they do not tell."""
    for key in ("zone:traffic", *SPEED_KEYS):
        place = PLACES.get(tags.get(key, "").rpartition(":")[2])
        if place is not None:
            return place
    signs = set(_read_city_limits(tags.get("traffic_sign", ""), tags.get("city_limit", "")))
    return signs == {"1"} if len(signs) == 1 else None


def find_inside(tags: Tags) -> int:
    """Say where the built-up area lies of a node with a sign F1 or F3 at its edge.

    Returns
    -------
    int
        1: ahead, in the drawn direction of the way on which the node is; -1: behind; 0: not told.
    """
    ahead = set()
    facing = tags.get("traffic_sign:direction", tags.get("direction", ""))
    for way in WAYS:
        text = tags.get(f"traffic_sign:{way}", tags.get("traffic_sign", "") * (facing == way))
        for sign in _read_city_limits(text, tags.get("city_limit", "")):
            ahead.add(1 if (sign == "1") == (way == "forward") else -1)
    return ahead.pop() if len(ahead) == 1 else 0


def _read_city_limits(signs: str, city_limit: str) -> list[str]:
    """Give "1" for each sign that begins a built-up area, and "3" for each that ends one."""
    found = []
    for sign in re.split(r"[;,]", signs):
        match = _CITY_LIMIT.fullmatch(sign.strip())
        if match:
            found.append(match[1])
        elif sign.strip() == "city_limit":
            found += {"begin": ["1"], "end": ["3"]}.get(city_limit, [])
    return found


def _motor_traffic(tags: Tags) -> int:
    """Which motor traffic there is by the tags of access: SHUT, LOCAL or OPEN.

    A road that buses ride, closed to all others, is as busy as its class.
    """
    highway = tags.get("highway", "")
    if highway in NO_CARS or not highway:
        return SHUT
    if _CLASS_OF.get(highway) == "busway":
        return OPEN
    if any(tags.get(key, "no") != "no" for key in ("bus", "psv")):
        return OPEN
    cars, motorcycles = (_read_first_key(tags, keys) for keys in (CARS, MOTORCYCLES))
    if cars == SHUT and motorcycles != SHUT:
        return LOCAL  # the odd motorcycle is no through traffic
    return cars


_BICYCLE = ("bicycle", *(f"bicycle:{way}" for way in WAYS))


def _read_first_key(tags: Tags, keys: tuple[str, ...]) -> int:
    """Take the first key that says something; of a list of values the most open one counts."""
    opened = any(
        OPENING_VALUES.intersection(split_values(tags[key])) for key in _BICYCLE if key in tags
    )
    meant = TRAFFIC_BESIDE_BICYCLES if opened else TRAFFIC
    for key in (key for key in keys if key in tags):
        known = [meant[word] for word in split_values(tags[key]) if word in meant]
        if known:
            return max(known)
    return OPEN


def _find_facilities(tags: Tags) -> tuple[Facility, Facility]:
    """Give the best facility that is ridden along the way, and against it."""
    found: tuple[set[Facility], set[Facility]] = _find_on_pavement(tags)
    for one in list_cycleways(tags):
        facility = FACILITY.get(one.word)
        if facility:
            for i in (0, 1):
                if one.serves[i]:
                    found[i].add(_read_lane(tags, one.side) if facility == "lane" else facility)
    along, against = (min(kinds, key=FACILITIES.index) for kinds in found)
    return along, against


def _read_lane(tags: Tags, side: str) -> Facility:
    """Say what a lane is by the tags of its side: marked, with a buffer, or but a suggestion."""
    kind, buffer = (
        next((tags[f"{key}:{what}"] for key in keys_of_side(side) if f"{key}:{what}" in tags), "")
        for what in ("lane", "buffer")
    )
    if SUGGESTED.intersection(split_values(kind)):
        return "none"
    return "buffered_lane" if buffer and buffer not in NOT_THERE else "lane"


def _find_on_pavement(tags: Tags) -> tuple[set[Facility], set[Facility]]:
    """Give the track that a pavement with a bicycle tag is (`sidewalk:right:bicycle=yes`), or none.

    Of each direction.
    """
    found: tuple[set[Facility], set[Facility]] = ({"none"}, {"none"})
    if tags.keys().isdisjoint(_RIDDEN_PAVEMENTS):
        return found
    road = {key: value for key, value in tags.items() if not key.startswith("cycleway")}
    for side in SIDES:
        word = read_pavement(tags, side, ":bicycle")
        ridden = OPENING_VALUES.intersection(split_values(word)) and not _has_no_pavement(
            tags, side
        )
        if ridden:
            for i in (0, 1):
                if find_served_ways(road, side, "track")[i]:
                    found[i].add("track")
    return found


def _has_no_pavement(tags: Tags, side: str) -> bool:
    """Whether the tags say that a side has no pavement, as `sidewalk=right` says of the left."""
    word = read_pavement(tags, side)
    return word in NOT_THERE or (word in SIDES and word != side)


def _tagged_kmh(tags: Tags, direction: str) -> float | None:
    keys = (f"maxspeed:{direction}", *SPEED_KEYS)
    found = (_read_kmh(tags[key]) for key in keys if key in tags)
    return next((limit for limit in found if limit), None)


def _read_kmh(text: str) -> float | None:
    """Read "30", "30 mph", "BE:30", "BE:zone30" and the like; None if it says nothing known."""
    if text in SPEED_ELSEWHERE:
        return SPEED_ELSEWHERE[text]
    word = text.rpartition(":")[2]
    match = re.fullmatch(r"(?:zone ?)?(\d{1,3})(?:\.\d+)?\s*(km/h|mph)?", word)
    if match:
        return int(match[1]) * (MPH if match[2] == "mph" else 1.0)
    return SPEED_WORDS.get(word)


def _read_number(text: str) -> float | None:
    """Read a number of lanes, as "2" or "1.5"; None if it says nothing known."""
    return (float(text) or None) if re.fullmatch(r"\d{1,2}(\.\d+)?", text) else None


def _read_width_m(text: str) -> float | None:
    """Read a width, as "3.5", "3,5 m" or "11'"; None if it says nothing known."""
    match = re.fullmatch(r"(\d{1,3}(?:[.,]\d+)?)\s*(m|ft|')?", text)
    if not match:
        return None
    metres = float(match[1].replace(",", ".")) * (1.0 if match[2] in (None, "m") else FOOT_M)
    return metres or None
