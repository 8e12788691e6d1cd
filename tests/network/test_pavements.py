"""Pavements: who is under 10 may ride there, when a study says so."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from access.test_better_roads import Town, roads, towns
from access.test_better_roads import times as all_times
from hand import academies, children, inputs, municipalities, osm_xml, spot, study
from hypothesis import given, settings
from hypothesis import strategies as st
from network.maps import RoadMap, ms, tags

from stemgeo.access.search import unpack_labels
from stemgeo.access.travellers import find_pace
from stemgeo.errors import StudyError
from stemgeo.measure import Prepared, measure_day
from stemgeo.network import Network
from stemgeo.network.bicycle import NOT_AT_ALL, RIDE, Ride, classify_pavement
from stemgeo.network.osm import read_roads

if TYPE_CHECKING:
    from pathlib import Path

ON_STREETS = ["sidewalk=both", "sidewalk=left", "sidewalk:right=yes", "sidewalk:both=yes"]


@pytest.mark.parametrize(
    ("line", "ratio"),
    [
        *((f"highway=primary {side}", 1.0) for side in ON_STREETS),
        ("highway=footway footway=sidewalk", 1.0),
        ("highway=footway footway=sidewalk surface=paving_stones", 16 / 18),
        ("highway=residential sidewalk=both sidewalk:both:surface=sett", 10 / 18),
        ("highway=residential sidewalk=both sidewalk:left:surface=sett", 1.0),
        ("highway=residential sidewalk=left sidewalk:left:surface=sett", 10 / 18),
        ("highway=residential sidewalk=both surface=sett", 1.0),
        ("highway=residential sidewalk=left sidewalk:left=no", None),
        ("highway=residential sidewalk=no", None),
        ("highway=residential sidewalk=separate", None),
        ("highway=residential", None),
        ("highway=footway", None),
        ("highway=footway footway=crossing", None),
        ("highway=footway footway=sidewalk area=yes", None),
        ("highway=steps sidewalk=both", None),
    ],
)
def test_what_a_pavement_is(line: str, ratio: float | None) -> None:
    """A drawn one or that of a road, with its own ground; no crossing, no square, no park path."""
    assert classify_pavement(tags(line)) == (NOT_AT_ALL if ratio is None else Ride(RIDE, ratio))


TWO = {"a": (0, 0), "b": (3000, 0)}
BUSY = "highway=primary maxspeed=90"


@pytest.mark.parametrize(
    ("line", "riding"),
    [
        (f"{BUSY} sidewalk=both", True),
        (f"{BUSY} sidewalk=left", True),
        (f"{BUSY} sidewalk=both foot=no", False),
        (f"{BUSY} sidewalk=separate", False),
        (BUSY, False),
    ],
)
def test_beside_a_busy_road_one_rides_on_its_pavement(
    tmp_path: Path,
    line: str,
    riding: bool,  # noqa: FBT001
) -> None:
    """Either way, as over all roads; without one, or where nobody walks, as before."""
    drawn = RoadMap(TWO, [("a b", line)])
    network = Network.from_osm(drawn.write(tmp_path))
    quiet, young = network.calm_to("quiet_1"), network.take_to_pavements().calm_to("quiet_1")
    for way in (("a", "b"), ("b", "a")):
        here = [drawn.at(name) for name in way]
        assert (ms(young, *here) == ms(network, *here)) == riding
        assert (ms(young, *here) == ms(quiet, *here)) != riding


@pytest.mark.parametrize(
    "line",
    [
        "highway=residential oneway=yes sidewalk=right",
        "highway=footway footway=sidewalk",
        "highway=residential bicycle=no sidewalk=both",
    ],
)
def test_what_is_pushed_along_is_ridden(tmp_path: Path, line: str) -> None:
    """Against a one-way street, along a drawn pavement, beside a street closed to bicycles."""
    drawn = RoadMap(TWO, [("a b", line)])
    network = Network.from_osm(drawn.write(tmp_path))
    ends = drawn.at("b"), drawn.at("a")
    assert ms(network, *ends) == drawn.ms("a b", 4.0)
    assert ms(network.take_to_pavements(), *ends) == drawn.ms("a b")


@pytest.mark.parametrize(
    ("shut", "opened"),
    [
        ("bicycle=no", ""),
        ("oneway=yes", "oneway=yes oneway:bicycle=no"),
        ("bicycle=no", "maxspeed=5"),
    ],
)
def test_what_is_opened_beside_a_pavement_is_no_slower(
    tmp_path: Path, shut: str, opened: str
) -> None:
    """On cobbles, or slowed by a limit: one stays on the pavement where that is quicker."""
    line = "highway=residential surface=sett sidewalk=both"
    taken = []
    for more in (shut, opened):
        drawn = RoadMap(TWO, [("a b", f"{line} {more}".strip())])
        network = Network.from_osm(drawn.write(tmp_path)).take_to_pavements()
        taken.append(ms(network, drawn.at("b"), drawn.at("a")))
        assert taken[-1] == drawn.ms("a b")
    assert taken[0] == taken[1]


def test_a_roundabout_stays_one_way(tmp_path: Path) -> None:
    """Whatever its pavement: what is closed is not opened."""
    ring = {"a": (0, 0), "b": (30, 0), "c": (30, 30)}
    line = "highway=residential junction=roundabout sidewalk=both"
    drawn = RoadMap(ring, [("a b c a", line)])
    network = Network.from_osm(drawn.write(tmp_path)).take_to_pavements()
    assert ms(network, drawn.at("b"), drawn.at("a")) == drawn.ms("b c a")


WALKED = ["", "sidewalk=both", "sidewalk:left=yes", "footway=sidewalk"]


@settings(max_examples=30)
@given(towns(), st.lists(st.sampled_from(WALKED), min_size=9, max_size=9))
def test_a_pavement_makes_nobody_slower(
    tmp_path_factory: pytest.TempPathFactory, town: Town, beside: list[str]
) -> None:
    """In no profile; and a quiet ride stays at best as quick as one over all roads."""
    drawn, stops, homes = town
    drawn = [
        (path, f"{line} {more}".strip()) for (path, line), more in zip(drawn, beside, strict=False)
    ]
    network = Network.from_roads(roads(tmp_path_factory.getbasetemp(), drawn, stops))
    before, after = all_times(network, homes)[0], all_times(network.take_to_pavements(), homes)[0]
    assert (after <= before).all()
    assert (after[0] <= after[1]).all()
    assert (after[1] <= after[2]).all()


TRAVEL = {"bands": [{"ages": [5, 11], "speed_kmh": 12}], "profiles": ["all", "quiet_1"]}


def measured(folder: Path, **travel: Any) -> tuple[Prepared, Any]:
    """Measure 13 children of each age, 2.5 km from an academy along a busy road with pavements."""
    nodes = {1: (1.0, 1.0), 2: (3.5, 1.0), 3: (0.5, 1.0)}
    nodes |= {4: (0.5, 0.5), 5: (4.0, 0.5), 6: (4.0, 1.5), 7: (0.5, 1.5)}
    path = folder / "wegen.osm"
    ways = [
        ((1, 2), {"highway": "primary", "maxspeed": "90", "sidewalk": "both"}),
        ((1, 3, 4, 5, 6, 7, 3), {"highway": "cycleway"}),
    ]
    path.write_text(osm_xml(nodes, ways), encoding="utf-8")
    asked = study(str(path), travel=TRAVEL | travel, demand={"method": "centroid"})
    town = municipalities({"11001": ("Antwerpen", spot(1, 1).buffer(200))})
    there = inputs(
        town,
        children([("11001", age, "F", 13) for age in range(5, 12)]),
        academies=academies({"A": spot(3.4, 1.0)}),
    )
    prepared = Prepared.from_inputs(asked, there, Network.whole_from_roads(read_roads([path])))
    return prepared, measure_day(prepared, dt.date(2022, 12, 31))


def test_children_under_10_are_in_time_over_pavements_and_older_ones_are_not(
    tmp_path: Path,
) -> None:
    """The band is cut at 10: five ages of 13 ride 12.5 minutes, two go 28 minutes round."""
    prepared, found = measured(tmp_path, pavements_under_10=True)
    assert [cell.name for cell in prepared.cells] == ["5-9", "10-11"]
    quiet = found.coverage.query("level == 'region' and band == 'all' and scenario == 'central'")
    assert quiet.set_index("profile")["covered"].to_dict() == {"all": 91, "quiet_1": 65}
    assert any("children under 10 ride on pavements: of 3 km" in str(n.what) for n in found.notes)


def test_without_the_option_nobody_rides_on_a_pavement(tmp_path: Path) -> None:
    """Off by default: one age cell, and nobody is within reach over very quiet roads."""
    prepared, found = measured(tmp_path)
    assert [cell.name for cell in prepared.cells] == ["5-11"]
    quiet = found.coverage.query("level == 'region' and band == 'all' and scenario == 'central'")
    assert quiet.set_index("profile")["covered"].to_dict() == {"all": 91, "quiet_1": 0}


def test_an_academy_that_could_come_promises_what_a_run_counts(tmp_path: Path) -> None:
    """Siting asks with the same paces: whom a place serves are those who are within reach of it."""
    prepared, found = measured(tmp_path, pavements_under_10=True)
    rider = found.riders[1]
    for cell, covered in zip(prepared.cells, (1, 0), strict=True):
        asked = find_pace(prepared.study.travel, cell)
        _, point, _ = rider.list_served(found.academies, asked, 15, threads=1)
        assert len(point) == covered
        label = rider.find_nearest(cell, "central")
        assert int((unpack_labels(label)[0] <= 900_000).sum()) == covered


def test_without_an_age_under_10_the_option_is_refused() -> None:
    """It would change nothing."""
    bands = [{"ages": [10, 17], "speed_kmh": 12}]
    with pytest.raises(StudyError, match="pavements_under_10: changes nothing: no band has an age"):
        study("w.osm", travel={"bands": bands, "pavements_under_10": True})


def test_the_network_keeps_its_doors_and_arcs(tmp_path: Path) -> None:
    """Nothing opens: the same ties serve those who ride on pavements."""
    drawn = RoadMap(TWO, [("a b", f"{BUSY} sidewalk=both")])
    network = Network.from_osm(drawn.write(tmp_path))
    young = network.take_to_pavements()
    for mine, theirs in zip(network.arcs, young.arcs, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    np.testing.assert_array_equal(network.door, young.door)
