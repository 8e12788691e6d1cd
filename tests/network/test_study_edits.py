"""Facts about a study whose roads change: checked before measuring, done, said on every output."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import geopandas as gpd
import hand
import lattice
import numpy as np
import pandas as pd
import pytest
import shapely
from drawn_edits import draw_table
from terminal import stemgeo

import stemgeo as sg
from stemgeo.errors import Findings, InputError, StudyError
from stemgeo.inputs import load_inputs
from stemgeo.inputs.network_edits import (
    load_network_edits,
    read_network_edits,
    write_network_edits,
)
from stemgeo.inputs.vectors import make_transformer
from stemgeo.measure import Prepared, load_roads, measure_day
from stemgeo.network.edits import RoadEdit
from stemgeo.network.study_edits import (
    edit_network,
    find_idle_changes,
    find_shut,
    place_edits,
)
from stemgeo.study import Register

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.result import Result

pytestmark = pytest.mark.usefixtures("read_once")


def line(*places: tuple[float, float]) -> str:
    """Write a line in degrees, of kilometres from the corner."""
    move = make_transformer(hand.CRS, "EPSG:4326")
    at = [move.transform(hand.X0 + 1000 * x, hand.Y0 + 1000 * y) for x, y in places]
    return f"LINESTRING ({', '.join(f'{lon:.7f} {lat:.7f}' for lon, lat in at)})"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small study, and files of edits beside it."""
    place = hand.write_study(tmp_path_factory.mktemp("wegen") / "study")
    text = (place / "study.toml").read_text("utf-8")
    (place / "study.toml").write_text(text + "\n[travel]\ncutoff_min = 20\n", "utf-8")
    return place


def write_edits(folder: Path, *rows: str) -> Path:
    """Write edits, a row each."""
    path = folder / "wegen.csv"
    path.write_text("\n".join(["edit_id;naam;change;wkt;osm_way", *rows, ""]), "utf-8")
    return path


def run(folder: Path, *rows: str) -> Result:
    """Run the small study with edits."""
    study = sg.load_study(folder)
    return sg.run(study.with_network_edits(write_edits(folder, *rows)) if rows else study)


@pytest.fixture(scope="module")
def plain(folder: Path) -> Result:
    """The study as the map has its roads."""
    return run(folder)


@pytest.fixture(scope="module")
def closed(folder: Path) -> Result:
    """The street of an academy is closed, and one across."""
    return run(folder, "B;De Lange Weg;sluiten;;1", "C;Dwarsstraat;close;;14")


def count(result: Result) -> int:
    """Count who is within reach."""
    return int(result.summary("region")["covered"].iloc[0])


def test_a_closed_road_takes_children_out_of_reach_and_a_link_brings_them_in(
    folder: Path, plain: Result, closed: Result
) -> None:
    """Closing loses, opening gains; who was counted stays, where they stood."""
    linked = run(folder, f"L;Nieuwe brug;add;{line((1, 1), (4, 4))};")
    assert count(closed) < count(plain) < count(linked)
    for other in (closed, linked):
        assert other.demand.equals(plain.demand)
        assert other.summary("region")["children"].iloc[0] == hand.CHILDREN


def test_every_output_says_which_roads_change(
    tmp_path: Path, closed: Result, plain: Result
) -> None:
    """Name, change and length in the notes, in three languages; a line on every map and file."""
    (note,) = [one for one in closed.notes if "De Lange Weg" in one.to_text("en")]
    assert "De Lange Weg (closed, 6,000 m), Dwarsstraat" in note.to_text("en")
    assert re.search(r"De Lange Weg \(afgesloten, 6\.000\sm\)", note.to_text("nl"))
    assert re.search(r"De Lange Weg \(fermée, 6\s000\sm\)", note.to_text("fr"))
    assert closed.network_edits["length_m"].tolist() == [6000, 6000]
    closed.write(tmp_path / "uit")
    assert "De Lange Weg" in (tmp_path / "uit/summary.md").read_text("utf-8")
    manifest = json.loads((tmp_path / "uit/manifest.json").read_text("utf-8"))
    assert (
        "met 2 aanpassingen van wegen: De Lange Weg (afgesloten), Dwarsstraat"
        in manifest["method_note"]
    )
    assert [one["role"] for one in manifest["inputs"]].count("network_edits") == 1
    for name in ("maps/antwerpen.svg", "map.html", "tables/LEESMIJ.txt"):
        text = (tmp_path / "uit" / name).read_text("utf-8")
        assert "Lange" in text, name
        assert ("weg die is aangepast" in text) != name.endswith("txt"), name
    again = sg.read_result(tmp_path / "uit").network_edits
    assert again["name"].tolist() == ["De Lange Weg", "Dwarsstraat"]
    assert plain.network_edits is None


def test_what_has_no_place_stops_before_anything_is_measured(folder: Path) -> None:
    """`check` and `run` name every edit that lies on no road, is joined to none, or is idle."""
    path = write_edits(
        folder,
        f"A;Ver;close;{line((20, 20), (21, 20))};",
        f"B;Los;add;{line((0, 0), (0.2, 3.2))};",
        f"C;Dubbel;open;{line((0, 0), (0.5, 0))};",
        "D;Weg;close;;99999",
    )
    study = sg.load_study(folder).with_network_edits(path)
    for do in (sg.check, sg.run, lambda one: sg.site(one.with_siting(places=1))):
        with pytest.raises(InputError) as caught:
            do(study)
        lines = str(caught.value).split("\n")
        assert [one.split("'")[1] for one in sorted(lines)] == [*"ABCD"], lines
    told = stemgeo("check", folder, "--edits", path)
    assert told.status == 1
    assert "road edit 'A'" in told.err


def test_what_another_edit_closes_is_told(folder: Path) -> None:
    """On a closed road nothing else counts, nor does a link to it; what goes on elsewhere does."""
    study = sg.load_study(folder)
    network = load_roads(load_inputs(study), study.travel)
    rows = [
        f"B;Zuidstraat;sluiten;{line((0, 0), (6, 0))};",
        f"C;Stuk;close;{line((2, 0), (3, 0))};",
        f"D;Doodlopend;add;{line((1.25, 0), (1.25, 0.5))};",
        f"E;Tot de hoek;add;{line((1.5, 0), (1.75, 0.5))};",
        f"F;Eerste helft;add;{line((2.25, 0), (2.25, 0.5))};",
        f"G;Tweede helft;add;{line((2.25, 0), (2.75, 0.5))};",
    ]
    table = read_network_edits(write_edits(folder, *rows))
    placed, (_, note) = place_edits(network, table, study.travel)
    assert placed["edit_id"].tolist() == [*"BCDEFG"]
    told = note.to_text("en")
    assert "Stuk (closed by Zuidstraat), Doodlopend (closed by Zuidstraat" in told
    assert not [one for one in ("Tot de hoek", "helft", "Zuidstraat (") if one in told]
    assert "afgesloten door Zuidstraat" in note.to_text("nl")
    (only,) = place_edits(network, table.iloc[[0, 3]], study.travel)[1]
    assert "no effect" not in only.to_text("en")


def test_quiet_open_and_crossings_of_closed_roads_count_for_nothing(town: Prepared) -> None:
    """A road that two edits change, one of which closes it whole; in part it counts."""
    assert town.ground.network is not None
    network = town.ground.network.restrict_to()
    at = np.arange(len(network.length_mm))
    busy = int(network.ends.T[network.busy_ends][0])
    quiet, open_ = RoadEdit("Q", "quiet", at[:2]), RoadEdit("O", "open", at[:2])
    crossing = RoadEdit("K", "crossing", node=busy)
    for closed, shut in ((at, {"Q", "O", "K"}), (at[:1], set()), (at[:2], {"Q", "O"})):
        close = RoadEdit("C", "close", closed)
        found = find_shut(network, [quiet, close, open_, crossing])
        assert found.keys() == shut, closed
        assert all(one == ["C"] for one in found.values())
    assert not find_shut(network, [quiet, open_, crossing])


def test_a_result_with_edits_is_verified(tmp_path: Path, folder: Path) -> None:
    """The edits given beside a study are found again, or asked for."""
    path = write_edits(folder, "B;De Lange Weg;sluiten;;27")
    assert stemgeo("run", folder, "--edits", path, "--out", tmp_path / "uit").status == 0
    assert sg.verify(tmp_path / "uit", folder, edits=path).same
    assert sg.verify(tmp_path / "uit", folder).same


def test_the_edits_of_a_result_are_given_again(tmp_path: Path, closed: Result) -> None:
    """What a result wrote is a file of edits, without a column that is not used."""
    closed.write(tmp_path / "uit")
    findings = Findings()
    given = Register(path=tmp_path / "uit/network-edits.gpkg")
    table, _ = load_network_edits(given, "network_edits", findings)
    assert table is not None
    assert not findings.notes
    assert table["change"].tolist() == ["close", "close"]


def test_a_comparison_says_which_roads_differ_and_who_is_lost(
    tmp_path: Path, closed: Result, plain: Result
) -> None:
    """The edits are a difference between the questions, by name; children lost are counted."""
    found = sg.compare(plain, closed)
    assert "inputs.network_edits" in set(found.differences["what"])
    (note,) = [one for one in found.notes if "De Lange Weg" in one.to_text("en")]
    assert "alone: De Lange Weg (closed, 6,000 m), Dwarsstraat (closed" in note.to_text("en")
    whole = found.of("region").iloc[0]
    assert (whole["gained"], whole["lost"]) == (0, count(plain) - count(closed))
    found.write(tmp_path / "uit")
    assert "De Lange Weg" in (tmp_path / "uit/summary.md").read_text("utf-8")
    same = sg.compare(closed, closed)
    assert not [one for one in same.notes if "De Lange Weg" in one.to_text("en")]


def test_a_one_way_link_serves_who_rides_along_it(folder: Path, plain: Result) -> None:
    """Towards the academy a link gains as one both ways does; turned round it gains nothing."""
    line_ = [(4, 4), (1, 1)]
    path = folder / "een-richting.csv"
    counts = []
    for oneway, ends in (("nee", line_), ("ja", line_), ("ja", line_[::-1])):
        path.write_text(f"change;wkt;eenrichting\nadd;{line(*ends)};{oneway}\n", "utf-8")
        counts.append(count(sg.run(sg.load_study(folder).with_network_edits(path))))
    assert counts[0] == counts[1] > counts[2] == count(plain)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Children at doors of the made town, on all roads and on quiet ones."""
    study = hand.study(
        "wegen.osm",
        addresses="a",
        travel={"cutoff_min": 12, "profiles": ["all", "low_stress"], "busy_crossings": "push"},
    )
    network = lattice.network(tmp_path_factory.mktemp("stad"))
    return Prepared.from_inputs(study, lattice.inputs(1500, 6), network)


def who(town: Prepared, edits: gpd.GeoDataFrame | None) -> dict[tuple[str, str, str], np.ndarray]:
    """Say of each point whether it is within reach, by profile, scenario and ages."""
    there = replace(town, inputs=replace(town.inputs, network_edits=edits))
    found = measure_day(there, town.study.about.date, threads=1).reached
    return {(one.profile, one.scenario, one.cell.name): one.covered for one in found}


def list_edits(town: Prepared, seed: int) -> gpd.GeoDataFrame:
    """Draw edits of every kind but closings, as their file is read."""
    network = town.ground.network
    assert network is not None
    return draw_table(network.restrict_to(), seed)


@pytest.mark.parametrize("seed", range(4))
def test_a_better_road_takes_nobody_out_of_reach(tmp_path: Path, town: Prepared, seed: int) -> None:
    """Through a file too: no point within reach is lost, on any roads, at any speed."""
    write_network_edits(list_edits(town, seed).to_crs(hand.CRS), tmp_path / "w.geojson")
    findings = Findings()
    given = Register(path=tmp_path / "w.geojson")
    table, _ = load_network_edits(given, "network_edits", findings)
    findings.raise_errors()
    assert table is not None
    before, after = who(town, None), who(town, table)
    assert all((after[key] >= before[key]).all() for key in before)
    assert any((after[key] > before[key]).any() for key in before)


def test_every_busy_road_quiet_and_every_crossing_safe_is_all_roads(town: Prepared) -> None:
    """Then whoever rides on quiet roads alone is within reach as on all, point by point."""
    network = town.ground.network
    assert network is not None
    network = network.restrict_to()
    ways = np.unique(network.way[(network.stress_forward > 1) | (network.stress_backward > 1)])
    ends = np.stack([network.edge_start, network.edge_end], axis=1)
    nodes = np.unique(ends[network.busy_ends])
    at = [shapely.Point(network.node_x[one], network.node_y[one]) for one in nodes]
    shapes = gpd.GeoSeries([None] * len(ways) + at, crs=network.crs).to_crs(hand.CRS)
    table = gpd.GeoDataFrame(
        {
            "edit_id": [str(number) for number in range(len(shapes))],
            "change": ["quiet"] * len(ways) + ["crossing"] * len(at),
            "level": pd.array([1] * len(ways) + [pd.NA] * len(at), dtype="Int64"),
            "oneway": False,
            "osm_way": pd.array([*ways, *[pd.NA] * len(at)], dtype="Int64"),
        },
        geometry=shapes,
    )
    before, after = who(town, None), who(town, table)
    for profile, scenario, ages in before:
        if profile == "low_stress":
            assert (after[profile, scenario, ages] == before["all", scenario, ages]).all()
    low = [(one, before["all", *one[1:]]) for one in before if one[0] == "low_stress"]
    assert any((before[one] < every).any() for one, every in low)


def test_a_network_of_ones_own_is_edited_too(tmp_path: Path) -> None:
    """By the steps in Python as well, from a file: the straight link is the shorter one."""
    roads = [([1, 2, 3], {"highway": "residential"}), ([1, 4], {"highway": "residential"})]
    network = hand.network(tmp_path, {1: (0, 0), 2: (1, 1), 3: (2, 0), 4: (0, -1)}, roads)
    (tmp_path / "w.csv").write_text(f"change;wkt\nadd;{line((0, 0), (2, 0))}\n", "utf-8")
    academies, demand = (
        gpd.GeoDataFrame({one: ["A"]}, geometry=[hand.spot(x, 0)], crs=hand.CRS)
        for one, x in (("academy_id", 0), ("point_id", 2))
    )
    edited = edit_network(network, tmp_path / "w.csv")
    before, after = (
        sg.access(one, academies, demand, speed_kmh=15)["travel_time_s"].iloc[0]
        for one in (network, edited)
    )
    assert before == pytest.approx(np.sqrt(2) * after, rel=0.02)


@pytest.mark.parametrize(
    ("travel", "idle"),
    [
        ({"profiles": ["all", "low_stress"], "busy_crossings": "push"}, set()),
        ({"profiles": ["all", "low_stress"]}, {"crossing"}),
        ({"profiles": ["all"]}, {"quiet", "crossing"}),
        ({"mode": "foot"}, {"quiet", "crossing"}),
    ],
)
def test_what_nobody_who_travels_so_would_notice_is_refused(
    town: Prepared, travel: dict[str, object], idle: set[str]
) -> None:
    """Quiet and safe crossings are of riders who ask for it; each that is refused is named."""
    network = town.ground.network
    assert network is not None
    how = hand.study("wegen.osm", travel=travel).travel
    assert set(find_idle_changes(how)) == idle
    if idle:
        table = list_edits(town, 1)
        with pytest.raises(InputError, match="changes nothing") as caught:
            place_edits(network, table.to_crs(hand.CRS), how)
        told = {one.split("'")[1] for one in str(caught.value).split("\n") if "'" in one}
        assert set(table.loc[table["change"].isin(idle), "edit_id"]) <= told


def test_a_study_in_a_straight_line_takes_no_edits() -> None:
    """Not beside it either."""
    with pytest.raises(StudyError, match="change nothing in a straight line"):
        hand.study().with_network_edits("wegen.csv")
