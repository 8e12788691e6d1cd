"""Whether a road still comes first when the model is a little other: speeds, rules, and the map.

Each candidate is counted again by speeds 10 % lower and higher; by rules of stress whose limits are
so much lower and higher, on roads that are read by them; and with the roads that nobody tagged at
their quietest and busiest. An edit is found again where it lies; where there is nothing left to
make better it brings nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from stemgeo.links.gains import RoadGains
from stemgeo.measure import network_hashes
from stemgeo.network.cache import load_network
from stemgeo.network.edit_places import add_edits
from stemgeo.network.edits import Joint, RoadEdit, lay_edits
from stemgeo.network.stress_rules import name_scaled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from stemgeo.links.gains import Options
    from stemgeo.network.graph import Network

    Indices = NDArray[np.intp]
    Longs = NDArray[np.int64]

LESS, MORE = 0.9, 1.1
"""The issue asks for 10 % either side."""


def rank_otherwise(
    gains: RoadGains, edits: Sequence[RoadEdit], options: Options, profile: str
) -> dict[str, Longs]:
    """Count what options bring by other speeds, other rules and another map.

    Parameters
    ----------
    gains
        Of the study.
    edits
        Those that are laid.
    options
        Sets of them, and of the places of `gains`.
    profile
        Over which roads.

    Returns
    -------
    dict
        The children whom each option brings within reach, shape (options,), by view: "low" and
        "high" (the speeds of the study), "speed-10" and "speed+10", and where the profile is of
        quiet roads "stress-10" and "stress+10", "untagged-best" and "untagged-worst".
    """
    spoken = gains.count(options, profiles=[profile], scenarios=["low", "high"])
    found = {name: spoken.sum_up(profile, name) for name in ("low", "high")}
    for name, other in _list_views(gains, edits, profile):
        counted = other.count(options, profiles=[profile], scenarios=["central"])
        found[name] = counted.sum_up(profile)
    return found


def _list_views(
    gains: RoadGains, edits: Sequence[RoadEdit], profile: str
) -> Iterator[tuple[str, RoadGains]]:
    """List the views, each as it is asked for: at the size of Flanders one takes a gibibyte."""
    yield "speed-10", replace(gains, speed_ratio=LESS)
    yield "speed+10", replace(gains, speed_ratio=MORE)
    if profile == "all":
        return
    if gains.prepared.inputs.network:
        yield "stress-10", _read_by_other_rules(gains, edits, LESS)
        yield "stress+10", _read_by_other_rules(gains, edits, MORE)
    for name, best in (("untagged-best", True), ("untagged-worst", False)):
        filled = gains.rider.network.fill_untagged(best=best)
        yield name, gains.travel_over(lay_edits(filled, edits))


def _read_by_other_rules(gains: RoadGains, edits: Sequence[RoadEdit], ratio: float) -> RoadGains:
    """Read the roads by rules of which the limits are other, and find the edits on them."""
    prepared, travel = gains.prepared, gains.prepared.study.travel
    extract = prepared.inputs.network, network_hashes(prepared.inputs)
    network = load_network(*extract, name_scaled(travel.stress_rules, ratio), travel.mode)
    network = network.restrict_to(ferries=travel.ferries)
    if prepared.inputs.network_edits is not None:
        network = add_edits(network, prepared.inputs.network_edits, strict=False)
    laid = lay_edits(network, carry_edits(gains.rider.network, network, edits))
    rider = replace(gains.rider, network=network, _riders={})
    return RoadGains.from_traveller(prepared, rider, laid, gains.places, gains.threads)


def carry_edits(network: Network, other: Network, edits: Sequence[RoadEdit]) -> list[RoadEdit]:
    """Give the same edits on another network of the same roads, cut into other edges.

    Parameters
    ----------
    network, other
        Of the same extracts, read by other rules.
    edits
        On the first.

    Returns
    -------
    list of RoadEdit
        Where the other has no such place, an edit that does nothing.
    """
    joints = [joint.segment for edit in edits for joint in edit.joints]
    wanted = np.unique(np.concatenate([*(edit.segments for edit in edits), joints]).astype(np.intp))
    found, turned = _find_segments(network, other, wanted)
    order = np.argsort(other.osm_id, kind="stable")

    def find_node(node: int) -> int:
        at = np.searchsorted(other.osm_id, network.osm_id[node], sorter=order)
        there = at < len(order) and other.osm_id[order[at]] == network.osm_id[node]
        return int(order[at]) if there else NOWHERE

    def find_joint(joint: Joint) -> Joint:
        at = int(np.searchsorted(wanted, joint.segment))
        rest_mm = int(network.length_mm[joint.segment]) - joint.offset_mm
        return Joint(int(found[at]), rest_mm if turned[at] else joint.offset_mm)

    carried = []
    for edit in edits:
        segments = found[np.searchsorted(wanted, edit.segments)]
        moved = replace(
            edit,
            segments=np.unique(segments[segments != NOWHERE]),
            joints=tuple(find_joint(joint) for joint in edit.joints),
            node=NOWHERE if edit.node < 0 else find_node(edit.node),
        )
        lost = any(joint.segment == NOWHERE for joint in moved.joints)
        carried.append(RoadEdit(edit.edit_id, "quiet") if lost else moved)
    return carried


NOWHERE = -1
_KEY = ["way", "x", "y", "to_x", "to_y"]


def _find_segments(
    network: Network, other: Network, wanted: Indices
) -> tuple[Indices, NDArray[np.bool_]]:
    """Find segments by their way and vertices: which of the other, and whether it runs back."""
    mine = _name_segments(network, wanted)
    near = np.flatnonzero(np.isin(other.way, np.unique(mine["way"])))
    theirs = _name_segments(other, near).drop_duplicates(_KEY)
    both = mine.merge(theirs, on=_KEY, how="left", suffixes=("", "_there"))
    found = both["segment_there"].fillna(NOWHERE).to_numpy(np.intp)
    return found, (both["back"] != both["back_there"]).to_numpy(np.bool_)


def _name_segments(network: Network, segments: Indices) -> pd.DataFrame:
    """Name segments by their way and both vertices, the lesser first."""
    at = segments + network.segment_edge[segments]
    ends = [[axis[at + end] for axis in (network.vertex_x, network.vertex_y)] for end in (0, 1)]
    back = (ends[0][0] > ends[1][0]) | ((ends[0][0] == ends[1][0]) & (ends[0][1] > ends[1][1]))
    first, second = (
        [np.where(back, b, a) for a, b in zip(*pair, strict=True)]
        for pair in ((ends[0], ends[1]), (ends[1], ends[0]))
    )
    columns = (network.way[segments], *first, *second)
    return pd.DataFrame(dict(zip(_KEY, columns, strict=True)) | {"segment": segments, "back": back})
