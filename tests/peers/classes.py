"""The classes of difference between the two engines, and how a way is put into one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stemgeo.network import bicycle

if TYPE_CHECKING:
    from stemgeo.network.bicycle import Ride, Tags


class Kind(NamedTuple):
    """A class of difference: what either engine does, and why we do what we do."""

    name: str
    what: str
    verdict: str


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "pushing against a one-way main road",
            "A one-way primary, secondary, tertiary or trunk road, often half of a dual "
            "carriageway, without a tag that lets bicycles in. We push (OSRM, which makes each "
            "change to pushing dear); Valhalla does not go.",
            "Ours stands, as OSRM: a pavement beside a one-way main road is the rule in a town.",
        ),
        Kind(
            "pushing against a one-way street",
            "A smaller one-way road without a tag that lets bicycles in. We push, except on "
            "roundabouts (OSRM); Valhalla does not go.",
            "Ours stands: who pushes is on foot, and it costs walking time.",
        ),
        Kind(
            "pushing on a footway",
            "A footway or pedestrian street without a bicycle tag. We push at 4 km/h (OSRM); "
            "Valhalla never leaves the saddle.",
            "Ours stands: one may walk there with a bicycle in the hand.",
        ),
        Kind(
            "pushing where bicycles are barred",
            "`bicycle=no` or `vehicle=no` off the main roads. We push; Valhalla (and OSRM) do not "
            "go.",
            "Ours stands, as long as `foot` does not close it; the rule is our own.",
        ),
        Kind(
            "rim of a square",
            "A way with `area=yes`. We travel along its rim; Valhalla leaves areas out of its "
            "tiles.",
            "Ours stands: along the rim one crosses a square about as one would on foot.",
        ),
        Kind(
            "two-way roundabout",
            "`junction=roundabout` with `oneway=no`. We take the explicit tag (OSRM); Valhalla "
            "takes the roundabout.",
            "Ours stands: contradictory tags, and a few metres.",
        ),
        Kind(
            "contraflow cycleway",
            "A one-way street with `cycleway:left:oneway=no` or `-1`, or `cycleway:oneway=no`. We "
            "ride both ways; Valhalla does not. With `cycleway=opposite_lane` on a roundabout it "
            "is the other way round.",
            "Ours stands: the tags say that the cycleway runs both ways; on roundabouts we take no "
            "risk.",
        ),
        Kind(
            "vehicle:backward",
            "`vehicle:backward=no` (or `:forward`). Both close that direction to riding; Valhalla "
            "even to `bicycle=yes`, and where we push.",
            "Ours stands: an explicit bicycle tag wins.",
        ),
        Kind(
            "pushed by us, ridden by Valhalla",
            "Both go, we on foot.",
            "Ours stands: those met so far are vague (`cyclestreet` on a footway, "
            "`cycleway:both=lane` in a one-way street).",
        ),
        Kind(
            "dismount",
            "`bicycle=dismount`. We push at 4 km/h (OSRM); Valhalla at 5.1.",
            "The same access.",
        ),
        Kind(
            "private",
            "`private` without a bicycle tag. Closed to us (OSRM); Valhalla rides it at a cost, "
            "which `shortest` sets to none.",
            "Ours stands: no child may count on a private road.",
        ),
        Kind(
            "use_sidepath",
            "`bicycle=use_sidepath`. Closed to us (OSRM); Valhalla rides it at a cost.",
            "Ours stands where the path beside the road is drawn, which the tag says it is.",
        ),
        Kind(
            "delivery",
            "`access=delivery`. Closed to us (OSRM); Valhalla rides it.",
            "Ours stands: the tag names who may enter.",
        ),
        Kind(
            "trunk roundabout",
            "A roundabout of a trunk road without a bicycle tag. Closed to us like the road "
            "itself; Valhalla rides it.",
            "Ours stands: closed like the road itself; it explains two pairs of three hundred.",
        ),
        Kind(
            "trunk",
            "A trunk road without a bicycle or cycleway tag. Closed to us; Valhalla rides it "
            "unless it is a motorroad.",
            "Ours stands, for the reason in `network.md`; it makes the longest detours of all.",
        ),
        Kind(
            "motorroad",
            "A lesser road with `motorroad=yes`. Closed to us; Valhalla rides it.",
            "Ours stands: not met on real data.",
        ),
        Kind(
            "steps",
            "Steps with `bicycle=no` or `foot=no`. We carry the bicycle over the first and not "
            "over the second; Valhalla the other way round.",
            "Ours stands: on steps nobody rides, so `foot` decides.",
        ),
        Kind(
            "bridleway or busway",
            "With a vague tag (`cyclestreet`, `cycleway`, `vehicle=destination`) that opens it to "
            "Valhalla.",
            "Ours stands: not met on real data.",
        ),
        Kind(
            "ferry",
            "`route=ferry`. Valhalla sails; we do not unless a study says so.",
            "Ours stands: a ferry is no road.",
        ),
        Kind(
            "not in Valhalla's tiles",
            "No edge of this way was found where the way lies.",
            "See the examples.",
        ),
        Kind("open to Valhalla alone", "For another reason.", "See the examples."),
        Kind("open to us alone", "For another reason.", "See the examples."),
        Kind(
            "barrier that blocks us",
            "A node that we do not pass: private, locked, `barrier=yes` or a kissing gate. "
            "Valhalla passes.",
            "Ours stands (OSRM for the private ones and `yes`).",
        ),
        Kind(
            "barrier that blocks Valhalla",
            "A barrier with `bicycle=no` or `vehicle=no`, or a traffic signal with `bicycle=no`. "
            "We pass as if it were not there; Valhalla (and OSRM) do not pass.",
            "Ours stands: one pushes past a bollard or a signal.",
        ),
    )
}

BARS_US, BARS_VALHALLA = "barrier that blocks us", "barrier that blocks Valhalla"
PUSHING = "pushing of more than one kind"
RESTRICTION, SEVERAL = "turn restriction", "several of these"
MOVED, UNEXPLAINED = "place moved", "unexplained"
AGREE = "agree"
OTHER_REASONS = {
    PUSHING: Kind(
        PUSHING,
        "No single class explains it; Valhalla's access on all that we push along does.",
        "As of those classes.",
    ),
    RESTRICTION: Kind(
        RESTRICTION,
        "Valhalla obeys turn restrictions; we leave them out. Told to ignore them, it agrees.",
        "Ours stands and is said: a cyclist may push around the corner.",
    ),
    SEVERAL: Kind(
        SEVERAL,
        "No single class explains it; all of them taken over, and turn restrictions ignored "
        "where need be, do.",
        "As of the classes that it is made of.",
    ),
    MOVED: Kind(
        MOVED,
        "Valhalla ties one of the places to another road.",
        "Not the same question.",
    ),
    UNEXPLAINED: Kind(
        UNEXPLAINED, "None of these.", "Each stands in the examples and was looked at by hand."
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
        dismount = tags.get("bicycle") == "dismount"
        return "dismount" if dismount else "pushed by us, ridden by Valhalla"
    if (mode != bicycle.CLOSED) == bool(theirs[side]):
        return None
    if theirs[side]:
        return _closed_to_us(tags, rides[1 - side])
    return _open_to_us(tags, rides, theirs, side)


def _closed_to_us(tags: Tags, other: Ride) -> str:
    access = next((tags[key] for key in ("bicycle", "vehicle", "access") if key in tags), "")
    highway = tags.get("highway", "")
    rules = {
        "ferry": tags.get("route") == "ferry",
        "motorroad": tags.get("motorroad") == "yes",
        "private": access == "private",
        "use_sidepath": access == "use_sidepath",
        "delivery": access == "delivery",
        "trunk roundabout": highway.startswith("trunk")
        and tags.get("junction") in bicycle.ROUNDABOUTS,
        "trunk": highway.startswith("trunk"),
        "steps": highway == "steps",
        "bridleway or busway": highway in bicycle.NO_PUSHING,
        "contraflow cycleway": other.mode != bicycle.CLOSED,
    }
    return next((name for name, applies in rules.items() if applies), "open to Valhalla alone")


def _open_to_us(
    tags: Tags, rides: tuple[Ride, Ride], theirs: tuple[bool | None, bool | None], side: int
) -> str:
    pushed, highway = rides[side].mode == bicycle.PUSH, tags["highway"]
    against = pushed and bool(theirs[1 - side])
    one_way_of_cycleway = any(
        key.startswith("cycleway") and key.endswith(":oneway") for key in tags
    )
    rules = {
        "rim of a square": tags.get("area") == "yes",
        "pushing against a one-way main road": against and highway in bicycle.MAIN_ROADS,
        "pushing against a one-way street": against,
        "pushing on a footway": pushed and highway in bicycle.WALKS,
        "pushing where bicycles are barred": pushed,
        "steps": highway == "steps",
        "not in Valhalla's tiles": theirs == (None, None),
        "two-way roundabout": tags.get("junction") in bicycle.ROUNDABOUTS,
        "contraflow cycleway": one_way_of_cycleway,
        "vehicle:backward": bool({"vehicle:forward", "vehicle:backward"}.intersection(tags)),
    }
    return next((name for name, applies in rules.items() if applies), "open to us alone")
