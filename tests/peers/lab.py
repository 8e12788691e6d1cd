"""An extract of nothing but tags: a way apart for each combination that mappers use."""

from __future__ import annotations

import csv
from itertools import product
from pathlib import Path

import osmium
from extract import Node, Way
from records import Difference, Survey

HIGHWAYS = (
    "primary tertiary unclassified residential living_street service track path cycleway footway "
    "pedestrian platform corridor steps bridleway busway trunk construction"
)

ACCESS = (
    "",
    "bicycle=yes",
    "bicycle=designated",
    "bicycle=permissive",
    "bicycle=destination",
    "bicycle=no",
    "bicycle=private",
    "bicycle=dismount",
    "bicycle=use_sidepath",
    "bicycle=optional_sidepath",
    "access=no",
    "access=private",
    "access=destination",
    "access=permissive",
    "access=customers",
    "access=permit",
    "access=agricultural",
    "access=agricultural;forestry",
    "access=forestry",
    "access=delivery",
    "access=military",
    "access=emergency",
    "access=employees",
    "access=staff",
    "access=bus",
    "access=psv",
    "access=banana",
    "access=no bicycle=yes",
    "access=no foot=yes",
    "access=no foot=yes bicycle=yes",
    "access=private bicycle=yes",
    "access=private foot=yes",
    "access=private foot=permissive",
    "access=delivery foot=yes",
    "vehicle=no",
    "vehicle=destination",
    "vehicle=agricultural",
    "vehicle=agricultural;forestry",
    "vehicle=forestry",
    "vehicle=delivery",
    "vehicle=private",
    "vehicle=no bicycle=yes",
    "vehicle=destination bicycle=yes",
    "motor_vehicle=no",
    "motor_vehicle=no bicycle=yes",
    "motor_vehicle=private",
    "motor_vehicle=agricultural bicycle=yes",
    "motorroad=yes",
    "motorroad=yes bicycle=yes",
    "foot=no",
    "bicycle=no foot=no",
    "foot=designated bicycle=designated segregated=yes",
    "foot=designated",
    "cyclestreet=yes",
    "bicycle_road=yes",
    "cycleway=track",
    "cycleway=separate",
    "cycleway=separate bicycle=use_sidepath",
    "cycleway:right=track bicycle=use_sidepath",
    "cycleway:right=track",
    "cycleway:left=lane cycleway:left:oneway=no",
    "area=yes",
    "area=yes bicycle=yes",
    "sidewalk:bicycle=yes",
    "mofa=yes moped=no bicycle=designated",
    "psv=yes access=no",
    "psv=yes access=no bicycle=yes",
    "horse=designated",
)

OTHER_WAYS = ("highway=elevator", "highway=elevator bicycle=no", "highway=elevator foot=no")

DIRECTIONS = (
    "oneway=yes",
    "oneway=-1",
    "oneway=reversible",
    "oneway=yes oneway:bicycle=no",
    "oneway=yes oneway:bicycle=yes",
    "oneway=yes oneway:bicycle=-1",
    "oneway:bicycle=yes",
    "oneway:bicycle=-1",
    "oneway=yes bicycle:oneway=no",
    "oneway=yes cycleway=opposite",
    "oneway=yes cycleway=opposite_lane",
    "oneway=yes cycleway=opposite_track",
    "oneway=yes cycleway:left=opposite_lane",
    "oneway=yes cycleway:right=opposite",
    "oneway=yes cycleway:left=lane cycleway:left:oneway=-1",
    "oneway=yes cycleway:left=track cycleway:left:oneway=no",
    "oneway=yes cycleway:both=lane",
    "oneway=yes cycleway=lane",
    "oneway=yes cycleway=track cycleway:oneway=no",
    "oneway=yes cycleway=track cycleway:left:oneway=no",
    "oneway=yes cycleway:both=track cycleway:left:oneway=-1",
    "oneway=-1 cycleway:both=track cycleway:right:oneway=no",
    "oneway=-1 cycleway:left=track",
    "oneway=yes bicycle:backward=yes",
    "oneway=yes vehicle:backward=no",
    "bicycle:backward=no",
    "bicycle:forward=no",
    "vehicle:backward=no",
    "vehicle:backward=no bicycle=yes",
    "access:backward=no",
    "oneway=yes motor_vehicle=destination oneway:bicycle=no",
    "oneway=yes oneway:moped=no",
    "oneway=yes cyclestreet=yes",
    "oneway=yes foot=no",
    "oneway=yes sidewalk=no",
    "junction=roundabout",
    "junction=circular",
    "junction=roundabout oneway=no",
    "junction=roundabout oneway=yes oneway:bicycle=no",
    "junction=roundabout cycleway=opposite_lane",
    "oneway=yes oneway:bicycle=no cycleway=lane",
)
DIRECTED = ("residential", "tertiary", "cycleway", "service")

BARRIERS = (
    "bollard gate lift_gate swing_gate cycle_barrier block chain kissing_gate stile turnstile "
    "fence wall hedge yes entrance sump_buster cattle_grid kerb height_restrictor bump_gate "
    "sally_port debris jersey_barrier log rope horse_stile full-height_turnstile hampshire_gate "
    "motorcycle_barrier bus_trap planter spikes toll_booth border_control "
    "city_wall retaining_wall ditch guard_rail cable_barrier wicket_gate sliding_gate "
    "sliding_beam stile;gate gate;bollard moat"
)
ON_BARRIERS = (
    "",
    "bicycle=yes",
    "bicycle=no",
    "bicycle=dismount",
    "access=no",
    "access=private",
    "access=no bicycle=yes",
    "access=no foot=yes",
    "motor_vehicle=no",
    "motor_vehicle=private",
    "locked=yes",
    "locked=yes bicycle=yes",
    "foot=yes bicycle=yes access=no",
    "vehicle=no",
    "vehicle=no bicycle=yes",
    "vehicle=private",
    "access=employees",
    "access=private foot=yes",
    "bicycle=no foot=no",
    "foot=no",
)
OTHER_NODES = (
    "highway=crossing bicycle=no",
    "highway=traffic_signals bicycle=no",
    "access=no",
    "access=private",
    "bicycle=no",
)

ANSWERS = Path(__file__).with_name("lab.csv")
"""What Valhalla said of each when `make peers` last ran."""

STEP = 0.005
"""Degrees between one way and the next."""


def write_lab(target: Path) -> None:
    """Write a way of three nodes for each combination; a barrier stands on its middle node."""
    combinations = _combinations()
    made = osmium.osm.mutable
    with osmium.SimpleWriter(str(target), overwrite=True) as writer:
        for i, (_, at_middle) in enumerate(combinations):
            lon, lat = 4.0 + (i % 100) * STEP, 51.0 + (i // 100) * STEP
            for k in range(3):
                tags = _tags(at_middle) if k == 1 else {}
                place = (lon + k * STEP / 4, lat)
                writer.add_node(made.Node(id=3 * i + k + 1, version=1, location=place, tags=tags))
        for i, (tags, _) in enumerate(combinations):
            nodes = [3 * i + k + 1 for k in range(3)]
            writer.add_way(made.Way(id=i + 1, version=1, tags=_tags(tags), nodes=nodes))


def keep_answers(found: Difference) -> None:
    """Write what Valhalla said, so that each change of our rules can be held against it."""
    rows = [
        [at_middle or tags, *found.theirs[i + 1], found.passes.get(3 * i + 2, "")]
        for i, (tags, at_middle) in enumerate(_combinations())
    ]
    with ANSWERS.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["tags", "along", "against", "passes"])
        out.writerows([[WRITTEN.get(one, one) for one in row] for row in rows])


def kept_answers() -> Survey:
    """Read what Valhalla said, and hold our rules of today against it.

    Raises
    ------
    ValueError
        If the combinations are others than they were.
    """
    with ANSWERS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    combinations = _combinations()
    if [row[0] for row in rows] != [at_middle or tags for tags, at_middle in combinations]:
        raise ValueError("the combinations of tags changed: run `make peers`")
    ways, nodes, theirs, passes = {}, {}, {}, {}
    for i, ((tags, at_middle), (_, *said)) in enumerate(zip(combinations, rows, strict=True)):
        along, against, passing = (READ[one] for one in said)
        ways[i + 1] = Way(i + 1, _tags(tags), 0.0, 0.0, 0.0)
        theirs[i + 1] = along, against
        if at_middle:
            nodes[3 * i + 2] = Node(3 * i + 2, _tags(at_middle), 0.0, 0.0, [i + 1])
        if passing is not None:
            passes[3 * i + 2] = passing
    return Survey("lab", ways, nodes, Difference.of(ways, nodes, theirs, passes))


WRITTEN: dict[object, object] = {True: "yes", False: "no", None: ""}
READ = {"yes": True, "no": False, "": None}


def _combinations() -> list[tuple[str, str]]:
    """List the tags of each way, and those of its middle node."""
    on_ways = [f"highway={h} {a}" for h, a in product(HIGHWAYS.split(), ACCESS)]
    on_ways += [*OTHER_WAYS, *(f"highway={h} {d}" for h, d in product(DIRECTED, DIRECTIONS))]
    on_nodes = [f"barrier={b} {a}" for b, a in product(BARRIERS.split(), ON_BARRIERS)]
    on_nodes += OTHER_NODES
    combinations = [(tags.strip(), "") for tags in on_ways]
    return combinations + [("highway=residential", tags.strip()) for tags in on_nodes]


def _tags(text: str) -> dict[str, str]:
    return dict(part.split("=") for part in text.split())
