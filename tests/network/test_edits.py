"""Edits of roads: what is not done changes no time, and what is better is no worse."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import lattice
import numpy as np
import pandas as pd
import pytest
import shapely
from drawn_edits import draw_edits, place_of

from stemgeo.access.search import unpack_labels
from stemgeo.access.travel_time import Rider
from stemgeo.errors import InputError
from stemgeo.network import Network, bicycle, snap_points
from stemgeo.network.edit_places import add_edits, draw_edit, match_edits
from stemgeo.network.edits import LaidEdits, RoadEdit, lay_edits
from stemgeo.network.window import NetworkSquares

if TYPE_CHECKING:
    from collections.abc import Sequence

WAITS = {bicycle.SIGNAL: 20.0, bicycle.BARRIER: 5.0, bicycle.BOARDING: 60.0}
HORIZON_MS = 20 * 60_000


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Network:
    """The made town, ferries and all."""
    return lattice.network(tmp_path_factory.mktemp("town")).restrict_to(ferries=True)


def label(network: Network, seed: int, busy_s: float = 15.0) -> np.ndarray:
    """Give the milliseconds to the nearest of some sites, of points at doors."""
    random = np.random.default_rng(seed)
    spots = lattice.spots(random, 400)
    x, y = (np.array([getattr(one, name) for one in spots]) for name in "xy")
    times = network.travel_times(12.0, waits_s=WAITS, busy_crossing_s=busy_s)
    rider = Rider(network, times, HORIZON_MS)
    tied = snap_points(network, x, y)
    sites, points = tied.take_points(np.arange(5)), tied.take_points(np.arange(5, 400))
    return unpack_labels(rider.find_nearest(sites, points, np.arange(5)))[0]


def do_one(laid: LaidEdits, chosen: Sequence[int]) -> Network:
    """Do some of the edits that were laid: the edges and ends of these alone."""
    before, after = laid.before, laid.after
    edges = {int(edge) for edit in chosen for edge in laid.edges_of(edit)}
    edges |= {int(edge) for edge, one, other in laid.both if {one, other} <= set(chosen)}
    here = np.isin(before.segment_edge, sorted(edges))
    names = ("forward", "backward", "stress_forward", "stress_backward", "stress_bounds")
    changed = {}
    for name in names:
        values = getattr(before, name).copy()
        values[here] = getattr(after, name)[here]
        changed[name] = values
    busy = before.busy_ends.ravel().copy()
    for edit in chosen:
        busy[laid.ends_of(edit)] = False
    return replace(before, rides=after.rides, busy_ends=busy.reshape(-1, 2), **changed)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_not_done_changes_no_time(town: Network, seed: int) -> None:
    """With a place for every edit, and none done, all are as far as before."""
    laid = lay_edits(town, draw_edits(town, seed))
    for profile in ("all", "low_stress"):
        ours = label(laid.before.calm_to(profile), seed)
        np.testing.assert_array_equal(ours, label(town.calm_to(profile), seed))
    assert laid.before.nodes > town.nodes


@pytest.mark.parametrize("seed", range(4))
def test_each_by_itself_and_some_together_are_as_laid_alone(town: Network, seed: int) -> None:
    """Those chosen out of all that are laid equal a network with these alone."""
    edits = draw_edits(town, seed)
    laid, random = lay_edits(town, edits), np.random.default_rng(seed)
    some = [sorted(random.choice(len(edits), 4, replace=False)) for _ in range(4)]
    moved = 0
    for chosen in [*([one] for one in range(len(edits))), *some]:
        alone = lay_edits(town, [edits[one] for one in chosen]).after
        for profile in ("all", "low_stress"):
            ours = label(do_one(laid, chosen).calm_to(profile), seed)
            np.testing.assert_array_equal(ours, label(alone.calm_to(profile), seed))
            before = label(town.calm_to(profile), seed)
            assert (ours <= before).all(), "a better road takes longer"
            moved += int((ours < before).sum())
    assert moved


@pytest.mark.parametrize("seed", range(4))
def test_what_is_drawn_is_found_again(town: Network, seed: int) -> None:
    """An edit that is written in degrees lies where it lay, and does the same."""
    at = np.stack([town.node_x, town.node_y], axis=1)
    _, place, count = np.unique(at, axis=0, return_inverse=True, return_counts=True)
    blocked = {tuple(one) for one in at[count[place] > 1].tolist()}  # nothing passes there

    def is_clear(edit: RoadEdit) -> bool:
        return not any(tuple(place_of(town, joint).tolist()) in blocked for joint in edit.joints)

    edits = [edit for edit in draw_edits(town, seed) if edit.change != "crossing"]
    edits = [edit for edit in edits if is_clear(edit)]
    degrees = write(town, edits).to_crs("EPSG:4326")
    degrees = degrees.set_geometry(shapely.set_precision(degrees.geometry, 1e-7))
    for edit, found in zip(edits, match_edits(town, degrees, strict=False), strict=True):
        assert set(found.segments) <= set(edit.segments)
        assert len(found.joints) == len(edit.joints)
    ours, theirs = (
        label(one, seed)
        for one in (add_edits(town, degrees, strict=False), lay_edits(town, edits).after)
    )
    # A joint that is no vertex lies where seven decimals say.
    np.testing.assert_allclose(ours, theirs, atol=10)


def write(network: Network, edits: Sequence[RoadEdit]) -> gpd.GeoDataFrame:
    """Write edits as a table."""
    return gpd.GeoDataFrame(
        {
            "edit_id": [edit.edit_id for edit in edits],
            "change": [edit.change for edit in edits],
            "level": pd.array([edit.level for edit in edits], dtype="Int64"),
            "oneway": [edit.oneway for edit in edits],
            "osm_way": pd.array([pd.NA] * len(edits), dtype="Int64"),
        },
        geometry=[draw_edit(network, edit) for edit in edits],
        crs=network.crs,
    )


def test_all_quiet_is_all_roads(town: Network) -> None:
    """Where every stretch is quiet and every crossing safe, calm riders ride as all do."""
    nodes = np.unique(np.stack([town.edge_start, town.edge_end], axis=1)[town.busy_ends])
    edits = [RoadEdit("q", "quiet", segments=np.arange(len(town.length_mm)))]
    edits += [RoadEdit(f"c{node}", "crossing", node=int(node)) for node in nodes]
    calm = lay_edits(town, edits).after.calm_to("low_stress")
    np.testing.assert_array_equal(label(calm, 5, np.inf), label(town, 5, 0))


def test_a_closed_bridge_is_passed_by_nobody(town: Network) -> None:
    """Nobody crosses the river where its only bridge and its ferry are closed; doors stay."""
    x, _, x2, _ = town.pieces
    middle = (town.vertex_x.min() + town.vertex_x.max()) / 2
    closed = np.flatnonzero((np.minimum(x, x2) < middle) & (np.maximum(x, x2) > middle))
    assert 0 < len(closed) < 200
    without = lay_edits(town, [RoadEdit("x", "close", segments=closed)]).after
    assert (without.door == town.door).all()
    labels = label(without, 3)
    assert (labels >= label(town, 3)).all()
    assert (labels > label(town, 3)).any()


def test_a_window_has_the_edits_too(town: Network) -> None:
    """A piece cut out of an edited network has what lies beside others, numbered as they are."""
    edited = lay_edits(town, draw_edits(town, 1)).after
    squares = NetworkSquares.from_network(edited)
    x, y = edited.vertex_x, edited.vertex_y
    box = (x.min() - 1, y.min() - 1, x.max() + 1, y.max() + 1)
    cut = squares.cut_out(edited, squares.list_edges(box), box)
    assert len(cut.twins) == len(edited.twins) > 0
    np.testing.assert_array_equal(label(cut, 1), label(edited, 1))


def test_what_has_no_place_is_told_all_at_once(town: Network) -> None:
    """Far from roads, joined to nothing, or idle: each is named."""
    x, y = float(town.vertex_x.min()) - 5000, float(town.vertex_y.min())
    far = shapely.LineString([(x, y), (x + 200, y)])
    quiet = np.flatnonzero(
        (town.stress_forward == 1) & (town.stress_backward == 1) & (town.length_mm > 20_000)
    )[:1]
    table = write(town, [RoadEdit("idle", "quiet", segments=quiet)] * 4)
    table["edit_id"] = ["idle", "far", "apart", "safe"]
    table["change"] = ["quiet", "close", "add", "crossing"]
    table.loc[[1, 2], "geometry"] = far
    table.loc[3, "geometry"] = shapely.Point(x, y)
    with pytest.raises(InputError) as told:
        match_edits(town, table)
    lines = str(told.value).splitlines()
    for name, what in {
        "idle": "changes nothing",
        "far": "only 0 of its 200 m lie along roads",
        "apart": "its start lies more than 20 m from any road",
        "safe": "changes nothing: no busy crossing",
    }.items():
        assert any(f"'{name}'" in line and what in line for line in lines), (name, lines)
