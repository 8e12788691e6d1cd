"""Facts about roads that are edited on the board: as a run with the same edits has it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import geopandas as gpd
import hand
import lattice
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import stemgeo as sg
from stemgeo.errors import InputError, StudyError
from stemgeo.explore.board import Board, list_cells
from stemgeo.explore.messages import VariantRoad
from stemgeo.explore.road_desk import RoadDesk
from stemgeo.inputs.plan import add_plan
from stemgeo.measure import Prepared, measure_day
from stemgeo.network.edit_places import draw_edit, match_edits
from stemgeo.network.edits import RoadEdit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stemgeo.network.graph import Network

CHANGES = ("quiet", "open", "add", "close", "crossing")
TRAVEL = {"cutoff_min": 6, "pavements_under_10": True, "ferries": True, "ferry_wait_min": 1}
TRAVEL |= {"profiles": ["all", "low_stress"], "busy_crossings": "end"}


@dataclass(frozen=True)
class EditedTown:
    """The made town on the board, and as it is measured anew."""

    board: Board
    prepared: Prepared

    @classmethod
    def read(cls, roads: Network, own: gpd.GeoDataFrame | None = None) -> EditedTown:
        """Measure it, with edits of its own or none."""
        study = hand.study(
            "stad.osm", addresses="adressen.csv", demand={"method": "buildings"}, travel=TRAVEL
        )
        inputs = replace(lattice.inputs(600, 20), network_edits=own)
        every = [cell.ages[0] for cell in list_cells(study)]
        prepared = Prepared.from_inputs(study, inputs, roads, every)
        return cls(Board.from_prepared(prepared, threads=1), prepared)

    def measure(
        self, placed: gpd.GeoDataFrame, closed: list[str], edits: Sequence[gpd.GeoDataFrame]
    ) -> pd.DataFrame:
        """Measure it with other academies and edits, from the beginning."""
        inputs = self.prepared.inputs
        register = inputs.academies[~inputs.academies["academy_id"].isin(closed)]
        changed = replace(
            inputs,
            academies=add_plan(register, placed),
            network_edits=pd.concat(edits, ignore_index=True) if edits else None,
        )
        there = replace(self.prepared, inputs=changed)
        return measure_day(there, self.board.study.about.date, threads=1).coverage


@pytest.fixture(scope="module")
def roads(tmp_path_factory: pytest.TempPathFactory) -> Network:
    return lattice.network(tmp_path_factory.mktemp("roads"))


@pytest.fixture(scope="module")
def town(roads: Network) -> EditedTown:
    return EditedTown.read(roads)


def draw_edits(
    network: Network, random: np.random.Generator, count: int, changes: Sequence[str] = CHANGES
) -> gpd.GeoDataFrame:
    """Draw edits that each change something, as a file has them."""
    nodes = np.stack([network.edge_start, network.edge_end], axis=1)[network.busy_ends]
    rows: list[gpd.GeoDataFrame] = []
    while len(rows) < count:
        change = str(random.choice(changes))
        if change == "add":
            middle = hand.spot(*random.uniform(0.3, lattice.WIDE_KM - 0.3, 2))
            ends = [shapely.affinity.translate(middle, *random.uniform(-400, 400, 2)) for _ in "ab"]
            shape = shapely.LineString(ends)
        elif change == "crossing":
            shape = draw_edit(network, RoadEdit("", change, node=int(random.choice(nodes))))
        else:
            edges = random.integers(network.edges - 1) + np.arange(random.integers(1, 4))
            edges = edges[edges < network.edges]
            here = np.flatnonzero(np.isin(network.segment_edge, edges))
            shape = draw_edit(network, RoadEdit("", change, segments=here))
        row = write(f"E{len(rows)}", change, shape, oneway=bool(random.random() < 0.3))
        try:
            match_edits(network, row)
        except InputError:
            continue
        rows.append(row)
    return pd.concat(rows, ignore_index=True)


def write(name: str, change: str, shape: shapely.Geometry, *, oneway: bool) -> gpd.GeoDataFrame:
    """Write one edit as the table of edits has it, its places to a centimetre."""
    told = {"edit_id": [name], "name": [name], "change": [change], "oneway": [oneway]}
    told |= {name: pd.array([pd.NA], dtype="Int64") for name in ("level", "osm_way")}
    told["cost_eur"] = pd.array([pd.NA], dtype="Float64")
    row = gpd.GeoDataFrame(told, geometry=[shape], crs=hand.CRS).to_crs("EPSG:4326")
    row = row.set_geometry(shapely.set_precision(row.geometry, 1e-7))
    return row.to_crs(hand.CRS)


def test_mixed_changes_over_edited_roads(town: EditedTown) -> None:
    """Roads of every kind, with academies that come, move and go: every row is as a run has it."""
    assert check_at_random(town, 5, 44) == set(CHANGES)


def test_edits_of_the_study_stay(roads: Network) -> None:
    """What a variant edits is laid beside them, all at once, also where both are of one road."""
    own = draw_edits(roads.restrict_to(ferries=True), np.random.default_rng(3), 12)
    check_at_random(EditedTown.read(roads, own), 6, 8, own)


def check_at_random(
    town: EditedTown, seed: int, count: int, own: gpd.GeoDataFrame | None = None
) -> set[str]:
    """Compare changes at random with a run; give which kinds of edits there were."""
    random, board = np.random.default_rng(seed), town.board
    network = town.prepared.ground.network.restrict_to(ferries=True)
    ours, moved = board.academies["academy_id"].tolist(), {"gained": 0, "lost": 0}
    kinds = set()
    for number in range(count):
        goes = random.permutation(ours)[: random.integers(4)].tolist() if number % 2 else []
        ids = [one for one in goes if random.random() < 0.5]
        ids += [f"N{one}" for one in range(random.integers(4) if number % 2 else 0)]
        placed = lattice.academies(random, ids)
        edits = draw_edits(network, random, random.integers(1, 5), CHANGES[: 2 + number % 4])
        if own is not None:
            some = own.sample(2, random_state=number)  # of the same roads, otherwise
            some = some[some["change"] == "quiet"].assign(change="close", edit_id="again")
            edits = pd.concat([edits, some], ignore_index=True)
        kinds |= set(edits["change"])
        found = board.change(placed, goes, edits)
        expected = town.measure(placed, goes, [edits] if own is None else [own, edits])
        assert_frame_equal(found.coverage, expected, obj=f"of {number}")
        for name in moved:
            moved[name] += int(found.moved[name].sum())
    assert min(moved.values()) > 0, moved
    return kinds


@given(seed=st.integers(0, 10_000), closings=st.integers(0, 2), going=st.integers(0, 3))
@settings(max_examples=15)
def test_a_better_road_never_lowers(town: EditedTown, seed: int, closings: int, going: int) -> None:
    """Whatever else changes, and whichever roads close: with it none is lost besides."""
    random, board = np.random.default_rng(seed), town.board
    network = town.prepared.ground.network.restrict_to(ferries=True)
    better = draw_edits(network, random, 3, ("quiet", "open", "add", "crossing"))
    goes = board.academies["academy_id"].iloc[:going].tolist()
    others = [draw_edits(network, random, closings, ("close",))] if closings else []
    without = board.change(None, goes, *others)
    with_it = board.change(None, goes, pd.concat([*others, better], ignore_index=True))
    assert (with_it.coverage["covered"] >= without.coverage["covered"]).all()
    assert (with_it.coverage["uncovered"] >= 0).all()


def test_a_board_with_edits_of_its_own_is_opened_again(roads: Network, tmp_path: Path) -> None:
    """What is kept has the roads as they were read, and those of the study."""
    network = roads.restrict_to(ferries=True)
    random = np.random.default_rng(8)
    own, more = draw_edits(network, random, 4), draw_edits(network, random, 3)
    board = EditedTown.read(roads, own).board
    board.save(tmp_path / "kept")
    again = Board.load(tmp_path / "kept", board.study, threads=1)
    assert_frame_equal(again.change(edits=more).coverage, board.change(edits=more).coverage)
    assert_frame_equal(again.coverage, board.coverage)


def test_what_changes_nothing_is_refused(town: EditedTown) -> None:
    """A road that is quiet already, by its name."""
    network = town.prepared.ground.network.restrict_to(ferries=True)
    still = (network.stress_forward == 1) & (network.stress_backward == 1)
    quiet = np.flatnonzero(still & (network.length_mm > 100_000))[:1]
    shape = draw_edit(network, RoadEdit("", "quiet", segments=quiet))
    with pytest.raises(InputError, match="road edit 'Q': changes nothing"):
        town.board.change(edits=write("Q", "quiet", shape, oneway=False))


def test_a_busy_junction_is_found_and_made_safe(town: EditedTown) -> None:
    """Near where one points: it is the one that the edit then lies at."""
    desk, network = RoadDesk(town.board), town.prepared.ground.network.restrict_to(ferries=True)
    ends = np.stack([network.edge_start, network.edge_end], axis=1)[network.busy_ends]
    node = int(np.unique(ends)[5])
    x, y = network.node_x[node], network.node_y[node]
    at = gpd.GeoSeries([shapely.Point(x, y)], crs=network.crs).to_crs("EPSG:4326").iloc[0]
    told = desk.tell_stretch(1, at.x, at.y)
    assert told.crossing == pytest.approx((at.x, at.y), abs=1e-6)
    road = VariantRoad(id="W1", change="crossing", line=(told.crossing,))
    assert [one.node for one in desk.match([road])] == [node]
    assert desk.tell_road(2, road).length_m == 0


def test_no_road_is_edited_in_a_straight_line(tmp_path: Path) -> None:
    """Nothing would change: it is refused."""
    board = Board.open(sg.load_study(hand.write_study(tmp_path / "study", straight_line=True)))
    line = shapely.LineString([hand.spot(1, 1), hand.spot(2, 1)])
    with pytest.raises(StudyError, match="measures in a straight line"):
        board.change(edits=write("A", "add", line, oneway=False))
