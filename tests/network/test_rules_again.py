"""The rules of tags written a second time, mode by mode, and held against ours.

From the rules alone, in another shape: who rides and who walks are asked apart, and a way or a
barrier is then ridden, pushed along or closed. Nothing of the package's tables is used.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from stemgeo.network.bicycle import CLOSED, LIFT, PUSH, RIDE, STEPS, classify_way, is_blocking

Tags = dict[str, str]

INVITED = ("yes", "designated", "permissive", "official", "destination")
LEFT_OPEN = ("customers", "permit", "dismount")
OTHERS = "no private agricultural forestry delivery military emergency employees staff bus psv"
SHUT = (*OTHERS.split(), "use_sidepath")
NO_WORDS = ("banana", "unknown", "")

FOR_WALKERS = ("footway", "pedestrian", "platform", "corridor", "steps", "bridleway", "busway")
FOR_WALKERS += ("elevator",)
BIG = ("primary", "secondary", "tertiary", "trunk")
LINES = "yes wall city_wall retaining_wall fence hedge ditch debris guard_rail jersey_barrier"
TIGHT = "stile kissing_gate turnstile full-height_turnstile"
PASSED = "gate lift_gate bollard block chain log cycle_barrier moat"


def said(tags: Tags, *keys: str) -> str | None:
    """Give what the first tag with a word that means something says, at its most open."""
    for key in keys:
        words = tags.get(key, "").split(";")
        for group in (INVITED, LEFT_OPEN, SHUT):
            for word in words:
                if word in group:
                    return word
    return None


def may_walk(tags: Tags, way: str) -> bool:
    """Whether those on foot may go."""
    if tags["highway"] in ("bridleway", "busway") and "foot" not in tags:
        return False
    return said(tags, "foot", f"access:{way}", "access") not in OTHERS.split()


def lanes(tags: Tags) -> list[tuple[str, str]]:
    """Give each track or lane with the directions in which it is ridden, as `>` and `<`."""
    road = {"yes": ">", "-1": "<"}.get(tags.get("oneway", ""), "")
    if not road and tags.get("junction") == "roundabout" and tags.get("oneway") != "no":
        road = ">"
    found = []
    for side, own in (("right", ">"), ("left", "<")):
        names = (f"cycleway:{side}", "cycleway:both", "cycleway")
        kind = next((tags[name] for name in names if name in tags), "no")
        if kind not in ("track", "lane"):
            continue
        goes = road or own
        if tags.get("oneway:bicycle") == "no":
            goes += own
        of_both = tags.get("cycleway:both:oneway", tags.get("cycleway:oneway"))
        goes = {"no": "><", "-1": "<"}.get(of_both or "", goes)
        alone = tags.get(f"cycleway:{side}:oneway")
        if alone in ("no", "-1"):
            goes = {"no": "><", "-1": "<"}[alone]
        if alone == "yes":
            goes = ">" if road else goes if of_both is None else own
        found.append((kind, goes))
    return found


def mode(tags: Tags, way: str) -> int:  # noqa: PLR0911 (a rule a line, first that holds)
    """Ride, push or neither, in one direction."""
    arrow = {"forward": ">", "backward": "<"}[way]
    kind, turning = tags["highway"], tags.get("junction") == "roundabout"
    flow = {"yes": ">", "-1": "<", "no": "><"}.get(tags.get("oneway", ""), ">" if turning else "><")
    bicycles = {"yes": ">", "-1": "<", "no": "><"}.get(tags.get("oneway:bicycle", ""))
    stream = bicycles or flow
    here = [what for what, goes in lanes(tags) if arrow in goes]
    if arrow not in stream and (turning or bicycles):
        here = []
    invited = said(tags, f"bicycle:{way}", "bicycle")
    if invited == "use_sidepath" and "track" in here:
        invited = "yes"
    if invited == "dismount":
        return PUSH if said(tags, "foot") not in OTHERS.split() else CLOSED
    if tags.get("motorroad") == "yes" and invited not in INVITED:
        return CLOSED
    if kind == "trunk" and invited not in INVITED and not here:
        return CLOSED
    rider = invited or said(tags, f"vehicle:{way}", "vehicle", f"access:{way}", "access")
    if rider in SHUT:
        apart = rider == "use_sidepath" or kind in BIG or turning
        return PUSH if may_walk(tags, way) and not apart else CLOSED
    if kind in FOR_WALKERS and invited not in INVITED:
        return PUSH if may_walk(tags, way) else CLOSED
    if kind in FOR_WALKERS and tags.get("area") == "yes":
        return PUSH
    if arrow in stream or here or said(tags, f"bicycle:{way}") in INVITED:
        return RIDE
    return PUSH if may_walk(tags, way) and (not turning or kind in FOR_WALKERS) else CLOSED


def stops(tags: Tags) -> bool:
    """Whether a child with a bicycle stands before it."""
    rider = said(tags, "bicycle")
    if rider in INVITED:
        return False
    if rider == "dismount":
        return said(tags, "foot") in OTHERS.split()
    rides = said(tags, "bicycle", "vehicle", "access") not in SHUT
    walks = said(tags, "foot", "access") not in OTHERS.split()
    tight = set(tags["barrier"].split(";")) & {*LINES.split(), *TIGHT.split()}
    return bool(tight) or tags.get("locked") == "yes" or not (rides or walks)


WORDS = st.lists(st.sampled_from([*INVITED, *LEFT_OPEN, *SHUT, *NO_WORDS]), min_size=1, max_size=2)
ACCESS = {
    key: WORDS.map(";".join)
    for key in ("bicycle", "vehicle", "access", "foot", "bicycle:backward", "vehicle:forward")
} | {"access:backward": WORDS.map(";".join)}
TRACK = st.sampled_from(["track", "lane", "no", "separate"])
ONEWAY = st.sampled_from(["yes", "-1", "no"])
ROADS = ACCESS | {
    "oneway": ONEWAY,
    "oneway:bicycle": ONEWAY,
    "junction": st.just("roundabout"),
    "motorroad": st.just("yes"),
    "area": st.just("yes"),
    **{f"cycleway{side}": TRACK for side in ("", ":both", ":left", ":right")},
    **{f"cycleway{side}:oneway": ONEWAY for side in ("", ":both", ":left", ":right")},
}
HIGHWAYS = [*BIG, "residential", "service", "track", "path", "cycleway", *FOR_WALKERS]


@settings(max_examples=300)
@given(st.sampled_from(HIGHWAYS), st.fixed_dictionaries({}, optional=ROADS))
def test_ways_are_as_the_rules_say(highway: str, some: Tags) -> None:
    """Along and against, for any tags at once."""
    tags = {"highway": highway, **some}
    expected = [mode(tags, way) for way in ("forward", "backward")]
    carried = {"steps": STEPS, "elevator": LIFT}.get(highway)
    if carried:
        expected = [carried if one else CLOSED for one in expected]
    found = classify_way(tags)
    assert [ride.mode for ride in found] == expected
    for ride, way in zip(found, ("forward", "backward"), strict=True):
        if ride.mode == RIDE:  # who rides here may walk instead
            assert ride.walkable is (may_walk(tags, way) and tags.get("motorroad") != "yes")


@settings(max_examples=300)
@given(
    st.lists(st.sampled_from(f"{LINES} {TIGHT} {PASSED}".split()), min_size=1, max_size=2).map(
        ";".join
    ),
    st.fixed_dictionaries({}, optional=ACCESS | {"locked": st.sampled_from(["yes", "no"])}),
)
def test_barriers_are_as_the_rules_say(barrier: str, some: Tags) -> None:
    """Whatever it is and whoever may pass."""
    tags = {"barrier": barrier, **some}
    assert is_blocking(tags) is stops(tags)
