"""The rules of walking written a second time, in another shape: nothing of the package is used."""

from __future__ import annotations

Tags = dict[str, str]

INVITED = ("yes", "designated", "permissive", "official", "destination")
LEFT_OPEN = ("customers", "permit", "dismount", "public", "residents", "visitors", "allowed")
SHUT = ("no", "private", "agricultural", "forestry", "delivery", "military", "emergency", "staff")
NO_WORDS = ["banana", "unknown", ""]

OPEN_ROADS = "primary secondary tertiary unclassified residential living_street service road track"
PATHS = "path cycleway footway pedestrian platform corridor steps elevator"
BY_LEAVE = "trunk trunk_link bridleway busway"
NEVER = "motorway motorway_link raceway construction proposed razed"
KNOWN = {*f"{OPEN_ROADS} {PATHS} {BY_LEAVE}".split()} | {
    f"{one}_link" for one in ("primary", "secondary", "tertiary")
}

LINES = "yes wall city_wall retaining_wall fence hedge ditch debris guard_rail cable_barrier"
SHUTTING = [*LINES.split(), "jersey_barrier"]


def said(tags: Tags, *keys: str) -> str:
    """Say "in", "open" or "shut" by the first tag with a word that means something, else ""."""
    for key in keys:
        words = tags.get(key, "").split(";")
        for meaning, group in (("in", INVITED), ("open", LEFT_OPEN), ("open", ["use_sidepath"])):
            if set(words) & set(group):
                return meaning
        if set(words) & set(SHUT):
            return "shut"
    return ""


def walks(tags: Tags, way: str) -> bool:
    """Whether one may walk along a way, forward or backward."""
    kind = tags.get("highway")
    if kind not in KNOWN:
        return False
    turned = {"yes": "forward", "-1": "backward"}.get(tags.get("oneway:foot", ""))
    if turned is None and tags.get("oneway:foot") != "no":
        belt = tags.get("conveying", "")
        if belt == "yes":
            belt = {"yes": "forward", "-1": "backward"}.get(tags.get("oneway", ""), "")
        turned = belt if belt in ("forward", "backward") else None
    if turned not in (None, way):
        return False
    leave = said(tags, f"foot:{way}", "foot")
    if leave:
        return leave != "shut"
    if tags.get("motorroad") == "yes":
        return False
    if kind in BY_LEAVE.split():
        for side in ("left", "right"):
            names = (f"sidewalk:{side}", "sidewalk:both", "sidewalk")
            if next((tags[n] for n in names if n in tags), "no") in ("yes", "both", side):
                break
        else:
            return False
    return said(tags, f"access:{way}", "access") != "shut"


def stops(tags: Tags) -> bool:
    """Whether who walks stands before a node."""
    if "barrier" not in tags or said(tags, "foot") == "in":
        return False
    line = set(tags["barrier"].split(";")) & set(SHUTTING)
    return bool(line) or tags.get("locked") == "yes" or said(tags, "foot", "access") == "shut"
