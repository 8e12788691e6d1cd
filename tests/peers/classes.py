"""The classes of difference between the two engines, and how a way is put into one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stemgeo.network import bicycle

if TYPE_CHECKING:
    from stemgeo.network.bicycle import Ride, Tags


class Kind(NamedTuple):
    """A class of difference: what either engine does, why we do what we do, and who says so."""

    name: str
    what: str
    verdict: str
    source: str


ON_FOOT = (
    "Belgian highway code (royal decree of 1 December 1975), art. 2.15.1: a bicycle that is not "
    "ridden is no vehicle"
)
"""Whoever pushes one is on foot, and signs for drivers do not bind them."""

MOTORS_ONLY = "Belgian highway code, art. 22.1: on an autoweg (sign F9) nothing but motor vehicles"
WORDS = "OSM wiki, Key:access"
AREAS = {"building", "landuse", "leisure", "natural"}
"""Closed ways with one of these Valhalla takes to be no road."""

TO_WEIGH = "To be weighed"
"""The verdict on what no rule explains: whoever meets it has to look, and to name a class."""

KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "pushing against a one-way main road",
            "A one-way primary, secondary, tertiary or trunk road, often half of a dual "
            "carriageway, without a tag that lets bicycles in. We push (OSRM, which makes each "
            "change to pushing dear); Valhalla does not go.",
            "Ours stands: a pavement beside a one-way main road is the rule in a town.",
            f"{ON_FOOT}; OSM wiki, Key:oneway: it is for vehicles",
        ),
        Kind(
            "pushing against a one-way street",
            "A smaller one-way road without a tag that lets bicycles in. We push, except on "
            "roundabouts (OSRM); Valhalla does not go.",
            "Ours stands: who pushes is on foot, and it costs walking time.",
            f"{ON_FOOT}; OSM wiki, Key:oneway: it is for vehicles",
        ),
        Kind(
            "pushing on a footway",
            "A footway, pedestrian street, platform or corridor without a bicycle tag. We push at "
            "4 km/h; Valhalla never leaves the saddle.",
            "Ours stands: one may walk there with a bicycle in the hand.",
            f"{ON_FOOT}; OSRM, GraphHopper and R5 push or walk there too",
        ),
        Kind(
            "pushing where bicycles are barred",
            "`bicycle=no`, `vehicle=no` (or agricultural, forestry), `access=no` with `foot=yes`, "
            "off the main roads. We push; Valhalla (and OSRM) do not go.",
            "Ours stands, as long as `foot` does not close it: most who write `bicycle=no` mean "
            "riding.",
            f"OSM wiki, Tag:bicycle=dismount; {ON_FOOT}, so signs C3 and C11 bind those who ride",
        ),
        Kind(
            "closed to riding by private or delivery, open on foot",
            "`vehicle=private` or `delivery`, `bicycle=private`, `access=private` with `foot=yes`, "
            "off the main roads. We push; Valhalla rides, at a cost that `shortest` sets to none.",
            "Ours stands: the tag lets in others than a child who rides, and leaves walking open.",
            f"{WORDS}: private is with the owner's leave, delivery for who delivers",
        ),
        Kind(
            "rim of a square",
            "A way with `area=yes`. We travel along its rim, at walking pace on a footway or "
            "pedestrian square, whoever may ride there; Valhalla leaves areas out of its tiles.",
            "Ours stands: along the rim one crosses a square about as one would on foot.",
            "Belgian highway code, art. 22sexies.2: in a pedestrian zone bicycles go at walking "
            "pace",
        ),
        Kind(
            "lift",
            "`highway=elevator`. We go from door to door with a wait; Valhalla does not.",
            "Ours stands: one takes the bicycle along.",
            "OSM wiki, Tag:highway=elevator: a lift for those on foot; the wait is "
            "OpenTripPlanner's",
        ),
        Kind(
            "two-way roundabout",
            "`junction=roundabout` with `oneway=no`. We take the explicit tag (OSRM); Valhalla "
            "takes the roundabout.",
            "Ours stands: what is said goes before what is implied; and it is a few metres.",
            "OSM wiki, Key:oneway: a roundabout implies it, and a tag goes before what is implied",
        ),
        Kind(
            "cycleway in its own direction",
            "`oneway=no` or `-1` of a cycleway on a side (`cycleway:left:oneway`, "
            "`cycleway:oneway`, ...). We ride it that way; Valhalla goes with the road.",
            "Ours stands: the tag says which way the cycleway is ridden.",
            "OSM wiki, Key:cycleway:right:oneway: no is both ways, -1 against the drawn direction",
        ),
        Kind(
            "opposite lane on a roundabout",
            "`cycleway=opposite_lane` on a roundabout. Valhalla rides against its traffic; we do "
            "not.",
            "Ours stands: traffic on a roundabout goes one way (sign D5), and we take no risk.",
            "Belgian highway code, art. 69.3, sign D5: the direction to follow",
        ),
        Kind(
            "access by direction",
            "`vehicle:backward`, `access:backward`, ... with or without `bicycle=yes`. We read "
            "each for its direction, and `bicycle` goes before them; Valhalla closes `vehicle:"
            "backward=no` even to `bicycle=yes`, and does not read `access:backward`.",
            "Ours stands: the tag of one mode goes before that of many, in any direction.",
            f"{WORDS}: the more specific mode overrides; `:backward` is for one direction",
        ),
        Kind(
            "lane on both sides of a one-way street",
            "`cycleway:both=lane` in a one-way street without `oneway:bicycle=no`. Valhalla rides "
            "both ways; we push against the traffic.",
            "Ours stands: nothing says that bicycles may ride against it.",
            "OSM wiki, Key:cycleway:right:oneway: on a one-way road both sides go with the traffic",
        ),
        Kind(
            "footway with a vague bicycle tag",
            "`cyclestreet`, `bicycle_road`, `cycleway=track` or `vehicle=destination` on a footway "
            "or pedestrian street. Valhalla rides; we push.",
            "Ours stands: only a sign, and so a bicycle tag, lets bicycles ride there.",
            "Belgian highway code, art. 22sexies.1",
        ),
        Kind(
            "pushed by us, ridden by Valhalla",
            "For another reason; both go, we on foot.",
            TO_WEIGH,
            "see the examples",
        ),
        Kind(
            "dismount",
            "`bicycle=dismount`. We push at 4 km/h (OSRM); Valhalla at 5.1.",
            "The same access.",
            "OSM wiki, Tag:bicycle=dismount",
        ),
        Kind(
            "private",
            "`private` without a tag that opens it to bicycles or feet, or on a main road. Closed "
            "to us (OSRM); Valhalla rides it at a cost, which `shortest` sets to none.",
            "Ours stands: no child may count on a private road.",
            f"{WORDS}: only with the owner's leave",
        ),
        Kind(
            "use_sidepath",
            "`bicycle=use_sidepath`. Closed to us (OSRM), but where the same way has a track; "
            "Valhalla rides it at a cost.",
            "Ours stands: the path beside the road is drawn, which the tag says, and must be used.",
            "OSM wiki, Compulsory use of parallel way; Belgian highway code, art. 9.1.2: "
            "who rides takes the cycle track",
        ),
        Kind(
            "delivery",
            "`access=delivery`, or another delivery on a main road. Closed to us (OSRM); Valhalla "
            "rides it.",
            "Ours stands: the tag names who may enter.",
            f"{WORDS}: only when delivering",
        ),
        Kind(
            "for others than a child",
            "`access=military`, `emergency`, `employees`, `staff`, `bus`, `psv` and the like. "
            "Closed to us; Valhalla does not know most of these words and rides.",
            "Ours stands: the tag names who may enter.",
            f"{WORDS}: the value names who may",
        ),
        Kind(
            "trunk roundabout",
            "A roundabout of a trunk road without a bicycle tag. Closed to us like the road "
            "itself; Valhalla rides it.",
            "Ours stands: closed like the road itself.",
            MOTORS_ONLY,
        ),
        Kind(
            "trunk",
            "A trunk road without a bicycle tag, or in the direction that no cycleway of it "
            "serves. Closed to us; Valhalla rides it unless it is a motorroad.",
            "Ours stands, for the reason in `network.md`; it makes the longest detours of all.",
            f"OSM wiki, WikiProject Belgium: a trunk road is one with sign F9; {MOTORS_ONLY}",
        ),
        Kind(
            "motorroad",
            "A lesser road with `motorroad=yes`. Closed to us; Valhalla rides it.",
            "Ours stands; not met on real data.",
            MOTORS_ONLY,
        ),
        Kind(
            "steps",
            "Steps with `bicycle=no` or `foot=no`. We carry the bicycle over the first and not "
            "over the second; Valhalla the other way round.",
            "Ours stands: on steps nobody rides, so `foot` decides.",
            ON_FOOT,
        ),
        Kind(
            "bridleway or busway",
            "With a vague tag (`cyclestreet`, `cycleway`, `vehicle=destination`) that opens it to "
            "Valhalla.",
            "Ours stands; not met on real data.",
            "OSM wiki, OSM tags for routing/Access restrictions: no bicycles without a bicycle tag",
        ),
        Kind(
            "ferry",
            "`route=ferry`. Valhalla sails; we do not unless a study says so.",
            "Ours stands: a ferry is no road.",
            "a declared choice, `travel.ferries`",
        ),
        Kind(
            "platform",
            "`highway=platform` with a bicycle tag. We ride; Valhalla leaves platforms out of its "
            "tiles.",
            "Ours stands: the tag says that one may.",
            f"{WORDS}; OSRM goes along platforms too, on foot",
        ),
        Kind(
            "closed way that is an area too",
            "A closed way with `building`, `landuse`, `leisure` or `natural` beside `highway`. We "
            "ride along it; Valhalla throws it away. Met: the outline of a house, joined to no "
            "road.",
            "Ours stands: of a roundabout with `landuse=grass` the road is there.",
            "OSM wiki, Key:area: a closed highway is a line, also where its tags make an area too",
        ),
        Kind(
            "not in Valhalla's tiles",
            "No edge of this way was found where the way lies.",
            TO_WEIGH,
            "see the examples",
        ),
        Kind("open to Valhalla alone", "For another reason.", TO_WEIGH, "see the examples"),
        Kind("open to us alone", "For another reason.", TO_WEIGH, "see the examples"),
        Kind(
            "barrier that no bicycle passes",
            "A line across the road (`yes`, wall, fence, hedge, guard rail, ...) or a stile, "
            "kissing gate or turnstile, without a bicycle tag. We do not pass; Valhalla does.",
            "Ours stands: a child does not get a bicycle through.",
            "OSM wiki, Key:barrier; OSRM (`yes`, wall, fence); GraphHopper (stile, kissing gate, "
            "turnstile)",
        ),
        Kind(
            "barrier that is closed or locked",
            "Closed to riding and to walking (`access=private`, `employees`, ...), or "
            "`locked=yes`, whatever the barrier is. We do not pass; Valhalla does.",
            "Ours stands: no child may count on a key.",
            f"{WORDS}; OSRM (private); GraphHopper (locked)",
        ),
        Kind(
            "barrier passed on foot",
            "A barrier closed to riding and not to walking (`bicycle=no`, `vehicle=no`, "
            "`access=no` with `foot=yes`). We pass with the bicycle in the hand, Valhalla (and "
            "OSRM) do not.",
            "Ours stands, as on ways.",
            ON_FOOT,
        ),
        Kind(
            "node that is no barrier",
            "A traffic signal, crossing or other node with `bicycle=no` or the like and without a "
            "`barrier`. We pass; Valhalla does not.",
            "Ours stands: nothing stands there, and one pushes past a signal.",
            f"OSM wiki, Key:barrier; {ON_FOOT}",
        ),
        Kind("node open to us alone", "For another reason.", TO_WEIGH, "see the examples"),
        Kind(
            "node open to Valhalla alone",
            "For another reason.",
            TO_WEIGH,
            "see the examples",
        ),
    )
}

BESIDE_MAIN = "pushing across or beside a main road"
PUSHING = "pushing of more than one kind"
RESTRICTION, SEVERAL = "turn restriction", "several of these"
MOVED, UNEXPLAINED = "place moved", "unexplained"
AGREE = "agree"
OTHER_REASONS = {
    BESIDE_MAIN: Kind(
        BESIDE_MAIN,
        "Where a street meets a main road we push to the streets and paths within 20 m, in a "
        "straight line; Valhalla knows only what is drawn.",
        "Ours stands: a street must not end in nothing where the path beside the road is not "
        "joined to it.",
        f"`network.md`, Main roads on foot; {ON_FOOT}",
    ),
    PUSHING: Kind(
        PUSHING,
        "No single class explains it; Valhalla's access on all that we push along does.",
        "As of those classes.",
        "as of those classes",
    ),
    RESTRICTION: Kind(
        RESTRICTION,
        "Valhalla obeys turn restrictions; we leave them out. Told to ignore them, it agrees.",
        "Ours stands and is said: a cyclist may push around the corner.",
        ON_FOOT,
    ),
    SEVERAL: Kind(
        SEVERAL,
        "No single class explains it; all of them taken over, and turn restrictions ignored "
        "where need be, do.",
        "As of the classes that it is made of.",
        "as of those classes",
    ),
    MOVED: Kind(
        MOVED,
        "Valhalla ties one of the places to another road.",
        "Not the same question.",
        "measured: more than 5 m away",
    ),
    UNEXPLAINED: Kind(
        UNEXPLAINED,
        "None of these.",
        TO_WEIGH,
        "see the examples",
    ),
}
REASONS = KINDS | OTHER_REASONS


def kind_of(
    tags: Tags, rides: tuple[Ride, Ride], theirs: tuple[bool | None, bool | None], side: int
) -> str | None:
    """Name the class of a way in one direction; None when the engines agree.

    Parameters
    ----------
    tags
        Of the way.
    rides
        Ours, along the way and against it.
    theirs
        Whether Valhalla rides it, along and against; None when its tiles have no such edge.
    side
        0 along the way, 1 against it.
    """
    mode = rides[side].mode
    if mode == bicycle.PUSH and theirs[side]:
        return _on_foot_alone(tags)
    if (mode != bicycle.CLOSED) == bool(theirs[side]):
        return None
    if theirs[side]:
        return _closed_to_us(tags, rides[1 - side])
    return _open_to_us(tags, rides, theirs, side)


def kind_of_node(tags: Tags, *, passes: bool) -> str | None:
    """Name the class of a node that may stop a cyclist; None when the engines agree.

    Parameters
    ----------
    tags
        Of the node.
    passes
        Whether Valhalla's bicycles pass.
    """
    if passes != bicycle.is_blocking(tags):
        return None
    barriers = set(bicycle.split_values(tags.get("barrier", "")))
    shut = _word(tags) in bicycle.CLOSED_VALUES
    if passes:
        rules = {
            "barrier that no bicycle passes": bool(barriers & bicycle.BLOCKING_BARRIERS),
            "barrier that is closed or locked": shut or tags.get("locked") == "yes",
        }
        return next((name for name, applies in rules.items() if applies), NODE_THEIRS)
    rules = {"node that is no barrier": not barriers, "barrier passed on foot": shut}
    return next((name for name, applies in rules.items() if applies), NODE_OURS)


NODE_OURS, NODE_THEIRS = "node open to us alone", "node open to Valhalla alone"


def _word(tags: Tags) -> str:
    """Give what the first tag of who rides says."""
    return next((tags[key] for key in bicycle.ACCESS_KEYS if key in tags), "")


def _by_direction(tags: Tags) -> bool:
    return any(f"{key}:{way}" in tags for key in bicycle.ACCESS_KEYS for way in bicycle.WAYS)


def _cycleway_has_direction(tags: Tags) -> bool:
    return any(key.startswith("cycleway") and key.endswith(":oneway") for key in tags)


def _on_foot_alone(tags: Tags) -> str:
    rules = {
        "dismount": tags.get("bicycle") == "dismount",
        "closed to riding by private or delivery, open on foot": _word(tags)
        in ("private", "delivery"),
        "footway with a vague bicycle tag": tags["highway"] in bicycle.WALKS,
        "cycleway in its own direction": _cycleway_has_direction(tags),
        "lane on both sides of a one-way street": "oneway" in tags and "cycleway:both" in tags,
        "access by direction": _by_direction(tags),
    }
    return next(
        (name for name, applies in rules.items() if applies), "pushed by us, ridden by Valhalla"
    )


def _closed_to_us(tags: Tags, other: Ride) -> str:
    access, highway = _word(tags), tags.get("highway", "")
    roundabout = tags.get("junction") in bicycle.ROUNDABOUTS
    rules = {
        "ferry": tags.get("route") == "ferry",
        "motorroad": tags.get("motorroad") == "yes",
        "use_sidepath": access == "use_sidepath",
        "trunk roundabout": highway.startswith("trunk") and roundabout,
        "trunk": highway.startswith("trunk"),
        "private": access == "private",
        "delivery": access == "delivery",
        "for others than a child": access in bicycle.CLOSED_VALUES - {"no"},
        "steps": highway == "steps",
        "bridleway or busway": highway in bicycle.NO_PUSHING,
        "opposite lane on a roundabout": roundabout and "cycleway" in tags,
        "access by direction": _by_direction(tags),
        "cycleway in its own direction": other.mode != bicycle.CLOSED
        and _cycleway_has_direction(tags),
    }
    return next((name for name, applies in rules.items() if applies), "open to Valhalla alone")


def _open_to_us(
    tags: Tags, rides: tuple[Ride, Ride], theirs: tuple[bool | None, bool | None], side: int
) -> str:
    pushed, highway = rides[side].mode == bicycle.PUSH, tags["highway"]
    against = pushed and bool(theirs[1 - side])
    rules = {
        "rim of a square": tags.get("area") == "yes",
        "lift": highway == "elevator",
        "pushing against a one-way main road": against and highway in bicycle.MAIN_ROADS,
        "pushing against a one-way street": against,
        "pushing on a footway": pushed and highway in bicycle.WALKS,
        "pushing where bicycles are barred": pushed,
        "steps": highway == "steps",
        "platform": highway == "platform",
        "closed way that is an area too": theirs == (None, None) and bool(AREAS & tags.keys()),
        "not in Valhalla's tiles": theirs == (None, None),
        "two-way roundabout": tags.get("junction") in bicycle.ROUNDABOUTS,
        "cycleway in its own direction": _cycleway_has_direction(tags),
        "access by direction": _by_direction(tags),
    }
    return next((name for name, applies in rules.items() if applies), "open to us alone")
