"""An extract of nothing but tags: a way apart for each combination that mappers use."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import osmium

if TYPE_CHECKING:
    from pathlib import Path

HIGHWAYS = (
    "primary tertiary unclassified residential living_street service track path cycleway footway "
    "pedestrian steps bridleway busway trunk construction"
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
    "access=no bicycle=yes",
    "access=no foot=yes",
    "access=no foot=yes bicycle=yes",
    "access=private bicycle=yes",
    "access=private foot=yes",
    "vehicle=no",
    "vehicle=destination",
    "vehicle=agricultural",
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
    "sidewalk:bicycle=yes",
    "mofa=yes moped=no bicycle=designated",
    "psv=yes access=no",
    "psv=yes access=no bicycle=yes",
    "horse=designated",
)

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
    "motorcycle_barrier bus_trap planter spikes toll_booth border_control"
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
)
OTHER_NODES = (
    "highway=crossing bicycle=no",
    "highway=traffic_signals bicycle=no",
    "access=no",
    "access=private",
    "bicycle=no",
)

STEP = 0.005
"""Degrees between one way and the next."""


def write_lab(target: Path) -> None:
    """Write a way of three nodes for each combination; a barrier stands on its middle node."""
    on_ways = [f"highway={h} {a}" for h, a in product(HIGHWAYS.split(), ACCESS)]
    on_ways += [f"highway={h} {d}" for h, d in product(DIRECTED, DIRECTIONS)]
    on_nodes = [f"barrier={b} {a}" for b, a in product(BARRIERS.split(), ON_BARRIERS)]
    on_nodes += OTHER_NODES
    combinations = [(tags, "") for tags in on_ways]
    combinations += [("highway=residential", tags) for tags in on_nodes]
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


def _tags(text: str) -> dict[str, str]:
    return dict(part.split("=") for part in text.split())
