"""Levels of stress read a second time, from the published tables and by nobody's code.

Nothing of `stemgeo.network.stress` or `bicycle` is used: the tables of docs/network.md stand here
as a planner would write them down, and tags are taken apart in another way.
"""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

import numpy as np
import osmium
import pytest

from stemgeo.inputs import extracts
from stemgeo.network import stress as ours
from stemgeo.network.osm import RoadSegments, read_roads

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

Tags = dict[str, str]

ALONG, AGAINST = 0, 1
ANY = 1000

# Kind of road: what runs beside it: up to which limit which level, and with two lanes or more.
PUBLISHED = {
    "local": {
        "track": [(ANY, 1, 1)],
        "buffered": [(50, 1, 2), (ANY, 2, 3)],
        "lane": [(50, 1, 2), (ANY, 2, 3)],
        "nothing": [(30, 1, 2), (ANY, 2, 3)],
    },
    "narrow": {
        "track": [(ANY, 1, 1)],
        "buffered": [(70, 2, 2), (ANY, 3, 3)],
        "lane": [(70, 2, 2), (ANY, 3, 3)],
        "nothing": [(70, 2, 2), (ANY, 3, 3)],
    },
    "street": {
        "track": [(ANY, 1, 1)],
        "buffered": [(50, 1, 2), (ANY, 2, 3)],
        "lane": [(50, 1, 2), (ANY, 3, 4)],
        "nothing": [(30, 1, 2), (50, 2, 3), (ANY, 3, 4)],
    },
    "middle": {
        "track": [(ANY, 1, 1)],
        "buffered": [(50, 2, 3), (ANY, 3, 4)],
        "lane": [(50, 2, 3), (70, 3, 4), (ANY, 4, 4)],
        "nothing": [(40, 2, 3), (70, 3, 4), (ANY, 4, 4)],
    },
    "main": {
        "track": [(ANY, 2, 2)],
        "buffered": [(40, 2, 3), (70, 3, 4), (ANY, 4, 4)],
        "lane": [(30, 2, 3), (50, 3, 4), (ANY, 4, 4)],
        "nothing": [(30, 3, 4), (ANY, 4, 4)],
    },
}

QUIET_WAYS = "cycleway footway pedestrian path track steps platform corridor bridleway elevator"
STREETS = "residential service living_street"
KIND = dict.fromkeys(STREETS.split(), "street")
KIND |= dict.fromkeys(["unclassified", "road", "tertiary", "tertiary_link"], "middle")
SMALL = [*STREETS.split(), "unclassified", "road"]

NOBODY = "no agricultural forestry emergency prohibited closed"
NEIGHBOURS = "destination customers delivery residents visitors"
BY_LEAVE = "private permit employees staff workers military police government service members"
BY_LEAVE += " restricted authorized authorised"
EVERYBODY = "yes permissive designated official public allowed"
LETS_BICYCLES_IN = ("yes", "designated", "permissive", "official", "destination")

# Traffic and side: in which directions a cycleway is ridden by its `:oneway`. First without one;
# then of the side itself yes, -1, no; then of both sides together yes, -1, no.
WAYS = ["none", "own:yes", "own:-1", "own:no", "both:yes", "both:-1", "both:no"]
RIDDEN = {
    ("both", "right"): "along along against either along against either",
    ("both", "left"): "against against against either against against either",
    ("along", "right"): "along along against either along against either",
    ("along", "left"): "along along against either along against either",
    ("against", "right"): "against along against either against against either",
    ("against", "left"): "against along against either against against either",
}
DIRECTIONS = {"along": {ALONG}, "against": {AGAINST}, "either": {ALONG, AGAINST}}


def word_list(tags: Tags, key: str) -> list[str]:
    return [word.strip() for word in tags.get(key, "").split(";") if word.strip()]


def flow(tags: Tags) -> str:
    """Say which way cars go."""
    word = tags.get("oneway")
    if word in ("yes", "true", "1"):
        return "along"
    if word in ("-1", "reverse"):
        return "against"
    if word in ("no", "false", "0"):
        return "both"
    return "along" if tags.get("junction") in ("roundabout", "circular") else "both"


def bicycles_go_both_ways(tags: Tags) -> bool:
    word = tags.get("oneway:bicycle")
    if word in ("no", "false", "0"):
        return True
    if word in ("yes", "true", "1", "-1", "reverse"):
        return False
    return flow(tags) == "both"


def comes_by(tags: Tags, vehicle: str) -> str:
    """Say whether vehicles of a kind come: nobody, neighbours or everybody."""
    let_in = any(
        word in LETS_BICYCLES_IN
        for key in ("bicycle", "bicycle:forward", "bicycle:backward")
        for word in word_list(tags, key)
    )
    for key in (vehicle, "motor_vehicle", "vehicle", "access"):
        said = set()
        for word in word_list(tags, key):
            if word in EVERYBODY.split():
                said.add("everybody")
            elif word in NEIGHBOURS.split() or (word in BY_LEAVE.split() and not let_in):
                said.add("neighbours")
            elif word in NOBODY.split() or word in BY_LEAVE.split():
                said.add("nobody")
        for who in ("everybody", "neighbours", "nobody"):
            if who in said:
                return who
    return "everybody"


def traffic(tags: Tags) -> str:
    if tags.get("bus", "no") != "no" or tags.get("psv", "no") != "no":
        return "everybody"
    cars, motorcycles = comes_by(tags, "motorcar"), comes_by(tags, "motorcycle")
    return "neighbours" if cars == "nobody" != motorcycles else cars


def ridden(tags: Tags, side: str, word: str, *, pavement: bool = False) -> set[int]:
    """Say in which directions what runs on a side is ridden."""
    cars = flow(tags)
    table = dict(zip(WAYS, RIDDEN[cars, side].split(), strict=True))
    usual = set(DIRECTIONS[table["none"]])
    contraflow = word.startswith("opposite")
    if contraflow:
        usual = {1 - way for way in usual}
    if bicycles_go_both_ways(tags):
        usual.add(ALONG if side == "right" else AGAINST)
    if pavement:
        return usual
    named = {"yes": "yes", "true": "yes", "1": "yes", "-1": "-1", "reverse": "-1"}
    named |= {"no": "no", "false": "no", "0": "no"}
    own = named.get(tags.get(f"cycleway:{side}:oneway", ""))
    both = named.get(tags.get("cycleway:both:oneway", tags.get("cycleway:oneway", "")))
    if own and not (own == "yes" and cars == "both"):
        found = DIRECTIONS[table[f"own:{own}"]]
    elif not own and both and both != "yes":
        found = DIRECTIONS[table[f"both:{both}"]]
    else:
        found = usual
    return found | usual if contraflow else set(found)


def beside(tags: Tags, way: int) -> str:
    """Say what runs beside the road for whoever rides one way: the best there is."""
    found = {"nothing"}
    everywhere = {tags.get("cycleway", ""), tags.get("cycleway:both", "")}
    for side in ("right", "left"):
        keys = [f"cycleway:{side}", "cycleway:both", "cycleway"]
        first = next((key for key in keys if key in tags), "")
        words = word_list(tags, first) if first else []
        words += [word for word in everywhere if word.startswith("opposite")]
        for word in words:
            if way not in ridden(tags, side, word):
                continue
            if word in ("track", "opposite_track", "separate", "sidepath", "sidewalk"):
                found.add("track")
            if word in ("lane", "opposite_lane"):
                found.add(lane(tags, keys))
        pavement = next(
            (
                k
                for k in (f"sidewalk:{side}", "sidewalk:both", "sidewalk")
                if f"{k}:bicycle" in tags
            ),
            "",
        )
        if pavement_is_missing(tags, side):
            continue
        open_to_it = set(LETS_BICYCLES_IN) & set(word_list(tags, f"{pavement}:bicycle"))
        if open_to_it and way in ridden(tags, side, "track", pavement=True):
            found.add("track")
    return next(what for what in ("track", "buffered", "lane", "nothing") if what in found)


def pavement_is_missing(tags: Tags, side: str) -> bool:
    for key in (f"sidewalk:{side}", "sidewalk:both", "sidewalk"):
        if key in tags:
            return tags[key] in ("no", "none", "0", {"left": "right", "right": "left"}[side])
    return False


def lane(tags: Tags, keys: list[str]) -> str:
    kind = next((tags[f"{key}:lane"] for key in keys if f"{key}:lane" in tags), "")
    buffer = next((tags[f"{key}:buffer"] for key in keys if f"{key}:buffer" in tags), "no")
    suggested = ("advisory", "pictogram", "soft_lane", "soft", "suggestive", "suggestion")
    if any(one.strip() in suggested for one in kind.split(";")):
        return "nothing"
    return "lane" if buffer in ("", "no", "none", "0") else "buffered"


def limit(tags: Tags, way: int, *, town: bool) -> float:
    keys = ["maxspeed:forward", "maxspeed:backward"][way : way + 1]
    keys += ["maxspeed", "maxspeed:type", "source:maxspeed", "zone:maxspeed", "zone:traffic"]
    for key in keys:
        text = tags.get(key, "")
        known = {"BE-BRU:urban": 30, "BE-WAL:rural": 90, "NL:rural": 80, "FR:rural": 80}
        known |= {"DE:rural": 100, "LU:rural": 90, "PT:rural": 90}
        last = text.split(":")[-1]
        words = {"urban": 50, "rural": 70, "walk": 5, "living_street": 20, "cyclestreet": 30}
        number = re.match(r"^(zone ?)?(\d{1,3})(\.\d+)? *(mph|km/h)?$", last)
        if text in known:
            return known[text]
        if number and int(number[2]):
            return int(number[2]) * (1.609344 if number[4] == "mph" else 1)
        if last in words:
            return words[last]
    if tags["highway"] == "living_street":
        return 20
    return 50 if town or tags["highway"] in STREETS.split() else 70


def count(text: str | None) -> float | None:
    number = re.match(r"^\d{1,2}(\.\d+)?$", text or "")
    return float(number[0]) if number and float(number[0]) else None


def many_lanes(tags: Tags, way: int) -> bool:
    names = ["lanes:forward", "lanes:backward"]
    mine, others, every = (count(tags.get(k)) for k in (names[way], names[1 - way], "lanes"))
    if mine is not None:
        return mine >= 2
    if every is None:
        return False
    if flow(tags) != "both":
        return every >= 2
    return every - others >= 2 if others is not None else every >= 4


def narrow(tags: Tags) -> bool:
    if flow(tags) != "both":
        return False
    lanes = count(tags.get("lanes"))
    for key in ("width", "est_width"):
        width = re.match(r"^(\d{1,3}([.,]\d+)?) *(m|ft|')?$", tags.get(key, ""))
        if width and float(width[1].replace(",", ".")):
            metres = float(width[1].replace(",", ".")) * (0.3048 if width[3] in ("ft", "'") else 1)
            return metres <= 3.5 or (lanes is not None and lanes < 2)
    return lanes is not None and lanes < 2


def town_of(tags: Tags) -> bool | None:
    """Say whether the way says that it is in town."""
    for key in ("zone:traffic", "maxspeed", "maxspeed:type", "source:maxspeed", "zone:maxspeed"):
        last = tags.get(key, "").split(":")[-1]
        if last in ("urban", "rural", "trunk", "motorway"):
            return last == "urban"
    signs = {sign.strip() for sign in re.split("[;,]", tags.get("traffic_sign", ""))}
    begins = any(re.match("^(BE(-[A-Z]{3})?:)?F1[ab]?$", sign) for sign in signs)
    ends = any(re.match("^(BE(-[A-Z]{3})?:)?F3[ab]?$", sign) for sign in signs)
    if "city_limit" in signs:
        begins |= tags.get("city_limit") == "begin"
        ends |= tags.get("city_limit") == "end"
    if begins != ends:
        return begins
    told = [limit({**tags, "highway": "living_street"}, way, town=True) for way in (0, 1)]
    return False if max(told) > 50 else None


def level(tags: Tags, way: int, *, town: bool) -> int:
    """Rate one direction of a way."""
    highway = tags.get("highway", "")
    if not highway or highway in QUIET_WAYS.split():
        return 1
    who = "everybody" if highway == "busway" else traffic(tags)
    if who == "nobody" or tags.get("cyclestreet") == "yes" or tags.get("bicycle_road") == "yes":
        return 1
    kinds = [KIND.get(highway, "main")]
    kinds += ["local"] if who == "neighbours" and highway in SMALL else []
    kinds += ["narrow"] if highway in SMALL and narrow(tags) else []
    told = town_of(tags)
    kmh = limit(tags, way, town=town if told is None else told)
    rows = [PUBLISHED[kind][beside(tags, way)] for kind in kinds]
    of_each = [next(row for row in one if kmh <= row[0]) for one in rows]
    return min(row[2] if many_lanes(tags, way) else row[1] for row in of_each)


# --- every combination --------------------------------------------------------------------------

CYCLEWAY = "track lane opposite_lane opposite_track opposite shared_lane separate sidepath no "
CYCLEWAY += "track;lane shared_lane;lane sidewalk"
ACCESS = "no private permit destination agricultural;forestry agricultural;destination yes banana"
ONEWAY = "yes -1 no"
VALUES = {
    "oneway": ONEWAY,
    "oneway:bicycle": "no yes",
    "junction": "roundabout",
    **dict.fromkeys(("motor_vehicle", "vehicle", "access", "motorcar", "motorcycle"), ACCESS),
    "bicycle": "yes designated no dismount",
    "bus": "yes no",
    "cyclestreet": "yes no",
    **dict.fromkeys([f"cycleway{s}" for s in ("", ":both", ":left", ":right")], CYCLEWAY),
    **dict.fromkeys([f"cycleway{s}:oneway" for s in ("", ":both", ":left", ":right")], ONEWAY),
    **dict.fromkeys(
        [f"cycleway{s}:lane" for s in ("", ":both", ":left", ":right")], "advisory exclusive"
    ),
    **dict.fromkeys([f"cycleway{s}:buffer" for s in ("", ":both", ":left", ":right")], "yes no 1"),
    **dict.fromkeys(
        [f"sidewalk{s}:bicycle" for s in ("", ":both", ":left", ":right")], "yes designated no"
    ),
    **dict.fromkeys([f"sidewalk{s}" for s in ("", ":both", ":left", ":right")], "yes no left both"),
    "lanes": "1 1.5 2 3 4 6 many",
    "lanes:forward": "1 2 3",
    "lanes:backward": "1 2 3",
    "width": "3 3.5 4 3,2 11ft wide",
    "maxspeed": "20 30 40 50 70 90 BE-BRU:urban BE-WAL:rural BE:zone30 fast 30mph",
    "maxspeed:backward": "30 70",
    "maxspeed:type": "BE-VLG:urban BE-VLG:rural BE-BRU:urban sign",
    "zone:traffic": "BE-VLG:urban BE-VLG:rural BE-WAL:rural",
    "traffic_sign": "BE:F1 BE:F3 city_limit",
    "city_limit": "begin end",
}
OTHERS = [
    *("highway", "route", "psv", "bicycle_road", "est_width", "maxspeed:forward"),
    *("bicycle:forward", "bicycle:backward", "source:maxspeed", "zone:maxspeed"),
]
HIGHWAYS = f"{QUIET_WAYS} {STREETS} unclassified road tertiary secondary primary trunk busway"


def drawn(seed: int, number: int) -> list[Tags]:
    """Draw roads with a few tags each, the same for a seed."""
    of = random.Random(seed)  # noqa: S311
    roads = []
    for _ in range(number):
        keys = of.sample(list(VALUES), of.randint(1, 6))
        road = {"highway": of.choice([*HIGHWAYS.split(), *["unclassified", "tertiary"] * 4])}
        roads.append(road | {key: of.choice(VALUES[key].split()) for key in keys})
    return roads


@pytest.mark.parametrize("seed", range(2))
def test_tags_drawn_by_chance_are_rated_alike(seed: int) -> None:
    """Of 1,500 roads with one to six tags each both readings agree, in town and out of it."""
    for tags in drawn(seed, 1500):
        for town in (True, False):
            again = tuple(level(tags, way, town=town) for way in (ALONG, AGAINST))
            assert ours.rate_stress(tags, built_up=town) == again, tags


def test_roads_drawn_by_chance_are_of_every_level_and_kind() -> None:
    """The draw reaches every cell of the table, so that agreeing on it means something."""
    seen = {
        (KIND.get(tags["highway"], "main"), beside(tags, ALONG), level(tags, ALONG, town=True))
        for tags in drawn(0, 1500) + drawn(1, 1500)
        if tags["highway"] not in QUIET_WAYS.split()
    }
    assert len({(kind, facility) for kind, facility, _ in seen}) == 12
    assert {(kind, rated) for kind, _, rated in seen} == {
        (kind, rated) for kind in ("street", "middle", "main") for rated in (1, 2, 3, 4)
    }


# --- real extracts ------------------------------------------------------------------------------

EXTRACTS = {"berlare.osm": 267, "wechelderzande.osm.pbf": 88, "porto.osm.pbf": 19_745}
"""Directed km that a bicycle can use."""


def roads_of(
    path: Path,
) -> tuple[RoadSegments, NDArray[np.intp], list[Tags], NDArray[np.bool_]]:
    """Give the roads of an extract, the kind of tags of each segment and whether it is in town."""
    roads = read_roads([path])
    read = extracts.read_ways(
        [path], osmium.filter.KeyFilter("highway", "route"), {*VALUES, *OTHERS}
    )
    # A square that is a relation has no tags of its own here; it has no cars either.
    kinds = [*read.tags, {}]
    way, place = np.unique(roads.way, return_inverse=True)
    kind_of = dict(zip(read.ids.tolist(), read.kind.tolist(), strict=True))
    kind = np.array([kind_of.get(one, -1) for one in way.tolist()])[place]
    street = np.array(
        [
            one.get("highway") in ("residential", "living_street") and town_of(one) is not False
            for one in kinds
        ]
    )[kind]
    from_id, to_id = roads.osm_id[roads.start], roads.osm_id[roads.end]
    joints = np.unique(np.append(from_id[street], to_id[street]))
    in_town = np.zeros(len(way), dtype=bool)
    in_town[place[np.isin(from_id, joints) | np.isin(to_id, joints)]] = True
    return roads, kind, kinds, in_town[place]


def shares_of_length(roads: RoadSegments, *which: NDArray[np.bool_]) -> list[float]:
    """Give the directed km that are open, and of these the share where both arrays hold."""
    mode = np.array([ride.mode for ride in roads.rides])
    is_open = np.stack([mode[roads.forward] != 0, mode[roads.backward] != 0], axis=1)
    km = is_open * (roads.length_mm / 1e6)[:, None]
    return [float(km.sum()), *(float(km[one].sum() / km.sum()) for one in which)]


# --- what others publish ------------------------------------------------------------------------


def by_r5(tags: Tags, way: int) -> int:
    """Rate one direction of a way as R5 does (LevelOfTrafficStressLabeler of Conveyal)."""
    highway = tags.get("highway", "")
    without_cars = highway != "busway" and traffic(tags) == "nobody"
    if not highway or highway in QUIET_WAYS.split() or without_cars:
        return 1
    if highway in STREETS.split():
        return 1  # it leaves service roads without a level, so that they hinder nobody
    here, left, right = (tags.get(f"cycleway{side}") for side in ("", ":left", ":right"))
    along = here == "lane" or left == "opposite" or right == "lane"
    against = here == "lane" or left == "lane" or "opposite" in (here, right)
    number = re.match(r"^(\d[.\d]*?) ?(km/h|kmh|kph|mph)?$", tags.get("maxspeed", ""))
    kmh = float(number[1]) * (1.609 if number[2] == "mph" else 1) if number else None
    lanes = int(tags["lanes"]) if tags.get("lanes", "").isdigit() else None
    usual = 2 if (lanes or 1) <= 3 and kmh is not None and kmh <= 25 * 1.61 else 3
    with_lane = (along, against)[way]
    if highway in ("unclassified", "tertiary", "tertiary_link"):
        usual = 2 if lanes is not None and lanes <= 3 and kmh is None else usual
        return 2 if with_lane else usual
    return usual if with_lane else 4


EXCEPTIONS = {
    ("street", "nothing", 1, 2): "R5 rates any street 1; mixed with cars at 50 km/h is 2 (Mekuria)",
    ("street", "nothing", 1, 3): "the same, above 50 km/h",
    ("main", "track", 4, 2): "R5 reads no tracks: the trap for Flanders",
    ("middle", "track", 3, 1): "the same",
    ("middle", "lane", 2, 4): "R5 rates a lane 2 at any limit; at 90 km/h it is 4 (Mekuria)",
    ("main", "lane", 3, 4): "the same, above 50 km/h",
    ("main", "nothing", 3, 4): "R5 gives a lane on the left, or `opposite`, to the other direction",
    ("middle", "nothing", 2, 3): "R5 takes a road of up to 3 lanes without a limit to be slow",
    ("middle", "nothing", 2, 4): "the same, where the zone says 90 km/h",
    ("middle", "nothing", 3, 4): "R5 knows no limit above which mixed traffic on these is 4",
    ("middle", "nothing", 4, 3): "`highway=road` is as unclassified here, as a main road in R5",
    ("middle", "nothing", 4, 2): "the same, at 30 km/h",
    ("middle", "nothing", 3, 2): "R5 reads neither narrow roads nor local traffic",
    ("main", "nothing", 4, 3): "a main road at 30 km/h is 4 in R5 without a lane",
}
"""Kind of road, what runs beside it, level of R5, ours: why."""


@pytest.mark.parametrize(
    ("extract", "as_r5", "but_for_streets"),
    [
        ("berlare.osm", 0.507, 0.92),
        ("wechelderzande.osm.pbf", 0.492, 0.985),
        ("porto.osm.pbf", 0.468, 0.983),
    ],
)
def test_real_roads_are_rated_alike_and_where_r5_differs_is_declared(
    shared_data: Path, extract: str, as_r5: float, but_for_streets: float
) -> None:
    """Of all directed km of an extract that a bicycle can use this reading agrees on 100 %.

    R5 agrees on half, and on 92 to 98 % but for streets at 50 km/h; each class says why.
    """
    roads, kind, kinds, town = roads_of(shared_data / "osm" / extract)
    found = np.stack([roads.stress_forward, roads.stress_backward], axis=1)
    ways = (ALONG, AGAINST)
    rated = np.array(
        [[[level(one, way, town=t) for way in ways] for t in (False, True)] for one in kinds]
    )
    r5 = np.array([[by_r5(one, way) for way in ways] for one in kinds])[kind]
    differs, at_50 = r5 != found, (r5 == 1) & (found == 2)
    directed_km, alike, *shares = shares_of_length(
        roads, rated[kind, town.astype(int)] == found, ~differs, ~differs | at_50
    )
    assert round(directed_km) == EXTRACTS[extract]
    assert alike == pytest.approx(1.0, abs=1e-12)
    assert [round(share, 3) for share in shares] == [as_r5, but_for_streets]

    mode = np.array([ride.mode for ride in roads.rides])
    differs &= np.stack([mode[roads.forward] != 0, mode[roads.backward] != 0], axis=1)
    way = np.broadcast_to(ways, differs.shape)
    of_way = np.broadcast_to(kind[:, None], differs.shape)
    classes = np.unique(np.stack([of_way, way, r5, found], axis=2)[differs], axis=0)
    assert set(EXCEPTIONS) >= {
        (KIND.get(kinds[one]["highway"], "main"), beside(kinds[one], direction), *levels)
        for one, direction, *levels in classes.tolist()
    }
