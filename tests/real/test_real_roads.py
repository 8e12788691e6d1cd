"""Which road, in two villages: each candidate brings what a measurement with it counts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import shapely
from test_villages import VILLAGES, Village, study_on

from stemgeo.facts import LAMBERT_72
from stemgeo.links.candidates import list_candidates
from stemgeo.links.gains import Options, RoadGains
from stemgeo.measure import Measured, Prepared, measure_day, prepare_study
from stemgeo.network.edit_places import draw_edit
from stemgeo.network.edits import RoadEdit, lay_edits
from stemgeo.stages import report_nothing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import geopandas as gpd

    from stemgeo.network import Network

pytestmark = pytest.mark.usefixtures("statbel_once", "read_once")

CUTOFF_MIN = 5
"""From the middle of a village all of it is within fifteen minutes."""

OF_EACH_KIND = 3
"""So many candidates of each kind are measured, from the one that brings most to the least."""


@pytest.fixture(scope="module", params=VILLAGES, ids=lambda village: village.name)
def prepared(
    request: pytest.FixtureRequest, shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Prepared:
    """The study of each village over all roads and quiet ones."""
    village: Village = request.param
    folder = tmp_path_factory.mktemp(village.name)
    extract = shared_data / "osm" / village.extract
    study = study_on(folder, shared_data, village, extract, profiles=("all", "low_stress"))
    choices = {"cutoff_min": CUTOFF_MIN, "busy_crossings": "push"}
    travel = study.travel.model_copy(update=choices)
    return prepare_study(study.model_copy(update={"travel": travel}), report_nothing)


def measure_with(prepared: Prepared, table: gpd.GeoDataFrame) -> Measured:
    """Measure the study as one with `[inputs.network_edits]`."""
    inputs = replace(prepared.inputs, network_edits=table)
    return measure_day(replace(prepared, inputs=inputs), prepared.study.about.date)


def list_covered(measured: Measured) -> pd.Series:
    """List the children within reach by municipality, profile, scenario and band."""
    rows = measured.coverage[measured.coverage["level"] == "municipality"]
    return rows.set_index(["code", "profile", "scenario", "band"])["covered"]


def write_in_degrees(network: Network, edits: Sequence[RoadEdit]) -> gpd.GeoDataFrame:
    """Write edits as a file has them: in degrees, with seven decimals."""
    import geopandas as gpd

    shapes = gpd.GeoSeries([draw_edit(network, edit) for edit in edits], crs=network.crs)
    degrees = shapely.set_precision(shapes.to_crs("EPSG:4326").to_numpy(), 1e-7)
    given = {
        "edit_id": [f"e{number}" for number in range(len(edits))],
        "name": "",
        "change": [edit.change for edit in edits],
        "level": pd.array([edit.level for edit in edits], dtype="Int64"),
        "oneway": [edit.oneway for edit in edits],
        "osm_way": pd.array([pd.NA] * len(edits), dtype="Int64"),
        "cost_eur": pd.array([pd.NA] * len(edits), dtype="Float64"),
    }
    return gpd.GeoDataFrame(given, geometry=degrees, crs="EPSG:4326").to_crs(LAMBERT_72)


def test_each_candidate_brings_what_a_measurement_counts(prepared: Prepared) -> None:
    """Opened through `network_edits` and measured whole: the same, to the child, at every speed."""
    measured = measure_day(prepared, prepared.study.about.date)
    found = list_candidates(prepared, measured)
    network = measured.riders[0].network
    gains = RoadGains.from_measured(prepared, measured, lay_edits(network, found.edits))
    counted = gains.count(Options.of_edits(found.members.first, found.members.member))
    newly, before = counted.sum_up("low_stress"), list_covered(measured)
    assert (counted.sum_up("all") <= newly.max()).all()
    chosen = []
    for kind in found.table["kind"].unique():
        rows = np.flatnonzero(found.table["kind"] == kind)
        rows = rows[np.argsort(-newly[rows], kind="stable")]
        chosen += rows[np.linspace(0, len(rows) - 1, OF_EACH_KIND).astype(int)].tolist()
    assert newly[chosen].any()
    for row in dict.fromkeys(chosen):
        members = found.members.member[found.members.first[row] : found.members.first[row + 1]]
        table = write_in_degrees(network, [found.edits[one] for one in members])
        more = list_covered(measure_with(prepared, table)) - before
        assert (more >= 0).all(), "a better road took someone out of reach"
        for profile in ("all", "low_stress"):
            for scenario in ("low", "central", "high"):
                for band in prepared.study.travel.bands:
                    whole = more.xs((profile, scenario, band.name), level=(1, 2, 3)).sum()
                    ours = counted.sum_up(profile, scenario, band.name)[row]
                    assert ours == whole, (found.table["link_id"].iloc[row], profile, scenario)


def test_all_that_is_loud_made_quiet_is_all_roads(prepared: Prepared) -> None:
    """Every stressful stretch opened and every crossing safe: quiet roads reach whom all reach."""
    measured = measure_day(prepared, prepared.study.about.date)
    network = measured.riders[0].network
    every = RoadEdit("all", "quiet", segments=np.arange(len(network.length_mm)))
    nodes = network.ends.T[network.busy_ends]
    edits = [every, *(RoadEdit(str(node), "crossing", node=int(node)) for node in np.unique(nodes))]
    gains = RoadGains.from_measured(prepared, measured, lay_edits(network, edits))
    counted = gains.count(Options.of_lists([range(len(edits))]))
    covered = list_covered(measured)
    for scenario in ("low", "central", "high"):
        calm, whole = (
            covered.xs((profile, scenario, "all"), level=(1, 2, 3)).sum()
            for profile in ("low_stress", "all")
        )
        assert counted.sum_up("low_stress", scenario)[0] == whole - calm
        assert counted.sum_up("all", scenario)[0] == 0
