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
            "pushing on a footway",
            "A footway or pedestrian street without a bicycle tag. We push at 4 km/h (OSRM); "
            "Valhalla never leaves the saddle.",
            "Ours stands: a child may walk there with a bicycle, and it costs walking time.",
        ),
        Kind(
            "pushing against a one-way street",
            "A one-way street without a tag that lets bicycles in. We push, except on "
            "roundabouts (OSRM); Valhalla does not go.",
            "Ours stands: pushing on the pavement is allowed.",
        ),
        Kind(
            "pushing where bicycles are barred",
            "`bicycle=no` or `vehicle=no` off the main roads. We push; Valhalla does not go.",
            "Ours stands, as long as `foot` does not close it.",
        ),
        Kind(
            "rim of a square",
            "A way with `area=yes`. We travel along its rim; Valhalla leaves areas out of its "
            "tiles.",
            "Ours stands: on the rim one crosses a square as one would on foot.",
        ),
        Kind(
            "two-way roundabout",
            "`junction=roundabout` with `oneway=no`. We take the explicit tag (OSRM); Valhalla "
            "takes the roundabout.",
            "No tagging that a sound map has; a few metres.",
        ),
        Kind(
            "private",
            "`access=private` without a bicycle tag. Closed to us (OSRM); Valhalla rides it at "
            "a cost, which `shortest` sets to none.",
            "Ours stands: no child may count on a private road.",
        ),
        Kind(
            "use_sidepath",
            "`bicycle=use_sidepath`. Closed to us (OSRM); Valhalla rides it at a cost.",
            "Ours stands where the path beside the road is drawn, which the tag says it is.",
        ),
        Kind(
            "delivery, agricultural, forestry",
            "Access for these alone. Closed to us (OSRM); Valhalla rides it.",
            "Ours stands: the tag names who may enter.",
        ),
        Kind(
            "no access",
            "Closed by `no` to us; open to Valhalla.",
            "See the examples.",
        ),
        Kind(
            "trunk",
            "A trunk road without a bicycle or cycleway tag. Closed to us; Valhalla rides it "
            "unless it is a motorroad.",
            "Ours stands: these are roads of 90 to 120 km/h.",
        ),
        Kind(
            "motorroad",
            "`motorroad=yes` and a bicycle tag of some kind.",
            "See the examples.",
        ),
        Kind(
            "ferry",
            "`route=ferry`. Valhalla sails; we do not unless a study says so.",
            "Ours stands: a ferry is no road.",
        ),
        Kind(
            "against one-way traffic",
            "Valhalla rides it against the one-way traffic; we do not.",
            "See the examples.",
        ),
        Kind(
            "not in Valhalla's tiles",
            "No edge of this way was found where the way lies.",
            "Ways of a few metres, or drawn twice.",
        ),
        Kind("open to Valhalla alone", "For another reason.", "See the examples."),
        Kind("open to us alone", "For another reason.", "See the examples."),
        Kind(
            "barrier that blocks us",
            "A node that we do not pass: its kind, or private, or closed to all. Valhalla passes.",
            "See the examples.",
        ),
        Kind(
            "barrier that blocks Valhalla",
            "A node that Valhalla does not pass and we do.",
            "See the examples.",
        ),
    )
}

BARS_US, BARS_VALHALLA = "barrier that blocks us", "barrier that blocks Valhalla"
RESTRICTION, SEVERAL, MOVED, UNEXPLAINED = (
    "turn restriction",
    "several of these",
    "place moved",
    "unexplained",
)
AGREE = "agree"
OTHER_REASONS = {
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
    """Name the class of a way in one direction; None when both engines open or close it.

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
    if (rides[side].mode != bicycle.CLOSED) == bool(theirs[side]):
        return None
    if theirs[side]:
        return _closed_to_us(tags, rides[1 - side])
    return _open_to_us(tags, rides, theirs, side)


def _closed_to_us(tags: Tags, other: Ride) -> str:
    access = next((tags[key] for key in ("bicycle", "vehicle", "access") if key in tags), "")
    rules = {
        "ferry": tags.get("route") == "ferry",
        "motorroad": tags.get("motorroad") == "yes",
        "private": access == "private",
        "use_sidepath": access == "use_sidepath",
        "delivery, agricultural, forestry": access in {"delivery", "agricultural", "forestry"},
        "no access": access == "no",
        "trunk": tags.get("highway", "").startswith("trunk"),
        "against one-way traffic": other.mode != bicycle.CLOSED,
    }
    return next((name for name, applies in rules.items() if applies), "open to Valhalla alone")


def _open_to_us(
    tags: Tags, rides: tuple[Ride, Ride], theirs: tuple[bool | None, bool | None], side: int
) -> str:
    pushed = rides[side].mode == bicycle.PUSH
    rules = {
        "rim of a square": tags.get("area") == "yes",
        "not in Valhalla's tiles": theirs == (None, None),
        "pushing against a one-way street": pushed and bool(theirs[1 - side]),
        "pushing on a footway": pushed and tags["highway"] in bicycle.WALKS,
        "pushing where bicycles are barred": pushed,
        "two-way roundabout": tags.get("junction") in bicycle.ROUNDABOUTS,
    }
    return next((name for name, applies in rules.items() if applies), "open to us alone")
