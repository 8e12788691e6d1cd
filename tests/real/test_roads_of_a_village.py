"""Which road, on real roads: each change written out as a file is counted by a run to the child."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from real.test_villages import VILLAGES, study_on

from stemgeo.inputs.network_edits import write_network_edits_text
from stemgeo.links.candidates import list_candidates
from stemgeo.links.gains import Options, RoadGains
from stemgeo.links.table import UNKNOWN_CENTS, list_edit_rows
from stemgeo.measure import measure_day, prepare_study
from stemgeo.network.edit_places import match_edits
from stemgeo.network.edits import lay_edits
from stemgeo.stages import report_nothing
from stemgeo.study import load_study

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from stemgeo.measure import Measured

pytestmark = pytest.mark.usefixtures("statbel_once", "read_once")
KINDS = ["stretch", "chain", "junction", "barrier", "gap"]


def count_covered(measured: Measured) -> pd.Series:
    """Count the children within reach by profile, speed and band."""
    rows = measured.coverage.query("level == 'region' and band != 'all'")
    return rows.set_index(["profile", "scenario", "band"])["covered"].sort_index()


def test_a_run_with_a_change_counts_what_it_was_said_to_bring(
    shared_data: Path, tmp_path: Path
) -> None:
    """In Berlare, one of each kind: over all roads and quiet ones, at each speed, by band."""
    extract = shared_data / "osm" / VILLAGES[0].extract
    study_on(tmp_path, shared_data, VILLAGES[0], extract, profiles=("all", "low_stress"))
    toml = tmp_path / "study.toml"
    toml.write_text(toml.read_text("utf-8").rstrip() + '\nbusy_crossings = "push"\n', "utf-8")
    study = load_study(toml)
    prepared = prepare_study(study, report_nothing)
    measured = measure_day(prepared, study.about.date)
    network = measured.riders[0].network
    found = list_candidates(prepared, measured)
    gains = RoadGains.from_measured(prepared, measured, lay_edits(network, found.edits))
    # Their file has centimetres: each is found again on the same roads, spurs beside it or not.
    names = [one.edit_id for one in found.edits]
    drawn = list_edit_rows(network, found.edits, names, np.full(len(names), UNKNOWN_CENTS))
    drawn = drawn.set_geometry(
        shapely.transform(drawn.to_crs(4326).geometry, lambda at: at.round(7))
    ).set_crs(4326, allow_override=True)
    for edit, again in zip(found.edits, match_edits(network, drawn.to_crs(31370)), strict=True):
        assert edit.segments.tolist() == again.segments.tolist(), edit.edit_id
        assert edit.node == again.node
    of, before = found.members, count_covered(measured)
    counted = gains.count(Options.of_edits(of.first, of.member))
    newly = counted.sum_up("low_stress")
    assert (newly >= 0).all()
    for kind in KINDS:
        # The best of its kind: the others bring some of the same children.
        rows = np.flatnonzero(found.table["kind"].to_numpy(object) == kind)
        best = rows[np.argmax(newly[rows])]
        edits = [found.edits[one] for one in of.member[of.first[best] : of.first[best + 1]]]
        told = list_edit_rows(network, edits, [""] * len(edits), np.full(len(edits), UNKNOWN_CENTS))
        file = tmp_path / f"{kind}.geojson"
        file.write_text(write_network_edits_text(told), encoding="utf-8")
        edited = prepare_study(study.with_network_edits(file), report_nothing)
        more = count_covered(measure_day(edited, study.about.date)) - before
        ours = [counted.sum_up(*one)[best] for one in more.index]
        assert ours == more.tolist(), kind
        assert newly[best] > 0, kind
