"""Facts about gaps: where the uncovered children are, and why, each reason on a map of its own."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import hand
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from network.maps import on

from stemgeo.errors import StudyError
from stemgeo.gaps import Gaps, find_gaps, join, outlines
from stemgeo.gaps.joining import describe_outlines
from stemgeo.gaps.late import find_value_of_most, lower_median
from stemgeo.inputs import Provenance
from stemgeo.maps.text import name_gap_places
from stemgeo.measure import Measured, Prepared, measure_day
from stemgeo.network.graph import Network
from stemgeo.network.osm import read_roads
from stemgeo.network.snap import snap_points
from stemgeo.reasons import REASONS, list_reasons
from stemgeo.report.files import hash_file
from stemgeo.report.imprint import build_map_text
from stemgeo.tables import check_table
from stemgeo.texts import load_texts
from stemgeo.writing.pages import put_in_page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stemgeo.inputs import Inputs
    from stemgeo.study import Study
    from stemgeo.study_run import Result

    Way = tuple[Sequence[int], Mapping[str, str]]

STREET = {"highway": "residential", "surface": "asphalt"}
TOWN = {"11001": ("Antwerpen", hand.square(-10, -10, 20, 20))}
FLAT = {"speed_kmh": 12.0}
"""Three kilometres in the fifteen minutes, four in twenty."""


class Home(NamedTuple):
    """Where the children of a municipality live: kilometres, and how many of which age."""

    column: float
    row: float
    children: Mapping[int, int]


def measured_on(
    folder: Path | None,
    homes: Mapping[str, Home],
    academies: gpd.GeoDataFrame,
    *,
    towns: Mapping[str, tuple[str, shapely.Geometry]] = TOWN,
    nodes: Mapping[int, tuple[float, float]] | None = None,
    ways: Sequence[Way] = (),
    study: Study | None = None,
    zones: gpd.GeoDataFrame | None = None,
) -> tuple[Prepared, Measured]:
    """Measure children at single points, over the roads of a map or in a straight line."""
    study = study or hand.study(
        "straight-line" if folder is None else "wegen.osm",
        weights="gewichten.csv",
        travel=FLAT | {"profiles": ["all"]},
        demand={"method": "grid"},
    )
    given_ = hand.inputs(
        hand.municipalities(towns),
        hand.children(
            [
                (code, age, "F", count)
                for code, home in homes.items()
                for age, count in home.children.items()
            ]
        ),
        of_zones=zones,
        academies=academies,
        weights=hand.weights([(hand.spot(home.column, home.row), 1) for home in homes.values()]),
    )
    network = None
    if folder is not None:
        path = folder / "wegen.osm"
        path.write_text(hand.osm_xml(nodes or {}, ways), encoding="utf-8")
        network = Network.whole_from_roads(read_roads([path]))
        origin = Provenance("network", path.name, 0, hash_file(path), "", "", None)
        given_ = replace(given_, network=(path,), provenance=(origin,))
    prepared = Prepared.from_inputs(study, given_, network)
    return prepared, measure_day(prepared, study.about.date, threads=1)


def found_on(*asked: Any, **more: Any) -> Gaps:
    """Find the gaps of `measured_on`."""
    prepared, measured = measured_on(*asked, **more)
    found = find_gaps(prepared, measured, threads=1)
    check_table("gaps", found.table)
    check_table("gap-municipalities", found.shares)
    assert_no_child_lost(found, prepared, measured)
    return found


def only(found: Gaps) -> pd.Series:
    """Give the only gap."""
    assert len(found.table) == 1
    return found.table.iloc[0]


def assert_no_child_lost(found: Gaps, prepared: Prepared, measured: Measured) -> None:
    """By band and municipality the rows are the uncovered children of the coverage table."""
    rows = measured.coverage
    rows = rows[(rows["level"] == "municipality") & (rows["scenario"] == "central")]
    due = rows.pivot_table(index=["code", "band"], columns="profile", values="uncovered")
    sums = found.children.groupby(["nis_code", "band", "profile"], observed=True)["children"].sum()
    for (code, band), uncovered in due.drop("all", level="band").iterrows():
        first = int(sums.get((code, band, "all"), 0))
        assert first == uncovered["all"]
        if "low_stress" in uncovered:
            second = int(sums.get((code, band, "low_stress"), 0))
            assert first + second == uncovered["low_stress"]
    inside = found.children[found.children["gap_id"] != ""]
    by_gap = inside.groupby("gap_id", observed=True)["children"].sum()
    assert by_gap.to_dict() == found.table.set_index("gap_id")["uncovered"].to_dict()
    assert (by_gap >= prepared.study.gaps.min_children).all()
    parts = found.shares.groupby("gap_id")["uncovered"].sum()
    assert parts.to_dict() == by_gap.to_dict()
    assert not found.children.duplicated(["point", "ages"]).any()


SIXTY = {"11001": Home(0, 0, {10: 60})}


def lane(length_km: float) -> dict[str, Any]:
    """Draw one street to the east, with a bend so that it is longer than the straight line."""
    return {"nodes": {1: (0, 0), 2: (length_km, 0)}, "ways": [([1, 2], STREET)]}


# -- the reasons, in their order ----------------------------------------------------------------


def test_the_page_has_the_reasons_as_they_are() -> None:
    """docs/method.md is brought up to date by `make docs`."""
    page = (Path(__file__).parents[2] / "docs/method.md").read_text(encoding="utf-8")
    assert put_in_page(page, "reasons", list_reasons()) == page
    assert all(f"| `{name}` |" in page for name in REASONS)


def test_no_academy_near(tmp_path: Path) -> None:
    """3.5 km in a straight line, where 3 km takes the quarter: though only 2.5 minutes too far."""
    gap = only(found_on(tmp_path, SIXTY, hand.academies({"A": hand.spot(3.5, 0)}), **lane(4)))
    assert gap["reason"] == "no_academy_near"
    assert gap["straight_km"] == pytest.approx(3.5, abs=1e-3)
    assert gap["nearest_academy_id"] == "A"
    assert gap["extra_min"] == pytest.approx(2.5, abs=0.02)
    assert gap["uncovered"] == gap["children_no_academy_near"] == gap["uncovered_9-11"] == 60
    assert gap["barriers"] == gap["stretch"] == gap["age_academy_id"] == ""


RIVER = {
    "nodes": {
        1: (0, 0),
        2: (2, 0),
        3: (2, 1),
        4: (0, 1),
        11: (-3, 0.3),
        12: (1.5, 0.3),
        13: (-3, 0.6),
        14: (1.5, 0.6),
        15: (-3, 0.8),
        16: (1.5, 0.8),
        17: (-3, 2),
        18: (1.5, 2),
        19: (-3, 0.5),
        20: (1, 0.5),
    },
    "ways": [
        ([1, 2, 3, 4], STREET),
        ([11, 12], {"waterway": "river", "name": "Leie"}),
        ([13, 14], {"highway": "motorway", "ref": "E17", "name": "Autosnelweg"}),
        ([15, 16], {"railway": "rail"}),
        ([17, 18], {"waterway": "canal", "name": "Elders"}),
        ([19, 20], {"railway": "rail", "tunnel": "yes", "name": "Onder de grond"}),
    ],
}


def test_a_barrier_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """1 km straight ahead, 5 km by road: factor 5, and what lies between in the order met."""
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path / "cache"))
    gap = only(found_on(tmp_path, SIXTY, hand.academies({"A": hand.spot(0, 1)}), **RIVER))
    assert gap["reason"] == "barrier"
    assert gap["children_barrier"] == 60
    assert gap["barrier_academy_id"] == "A"
    assert gap["detour_factor"] == pytest.approx(5, rel=0.01)
    assert gap["barriers"] == "waterway Leie; motorway E17; railway"


def test_a_barrier_is_one_though_another_academy_is_nearer_by_road(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Straight ahead at 1 km is A, by road B at 3.5 km is nearer: it is A that is cut off."""
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path / "cache"))
    places = {"A": hand.spot(0, 1), "B": hand.spot(2, 1)}
    drawn = RIVER | {"nodes": RIVER["nodes"] | {2: (2.25, 0), 3: (2.25, 1)}}
    places["B"] = hand.spot(2.25, 0.9)
    gap = only(found_on(tmp_path, SIXTY, hand.academies(places), **drawn))
    assert gap["reason"] == "barrier"
    assert gap["nearest_academy_id"] == "B"
    assert gap["barrier_academy_id"] == "A"
    assert gap["detour_factor"] == pytest.approx(5.5, rel=0.01)


def test_what_counts_as_a_barrier_is_the_study_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same map with `barrier_detour = 6`: five times as long is no barrier, but too far."""
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path / "cache"))
    study = hand.study(
        "wegen.osm",
        weights="g",
        travel=FLAT | {"profiles": ["all"]},
        demand={"method": "grid"},
        gaps={"barrier_detour": 6},
    )
    places = hand.academies({"A": hand.spot(0, 1)})
    assert only(found_on(tmp_path, SIXTY, places, **RIVER, study=study))["reason"] == "too_far"


BUSY = {
    "nodes": {
        1: (0, 0),
        2: (0.1, 0),
        3: (0.7, 0),
        4: (1.1, 0),
        5: (1.2, 0),
        6: (0.1, 3),
        7: (1.1, 3),
    },
    "ways": [
        ([1, 2], STREET),
        ([2, 3], {"highway": "primary", "maxspeed": "90", "name": "Grote Steenweg"}),
        ([3, 4], {"highway": "primary", "maxspeed": "90", "name": "Grote Steenweg"}),
        ([4, 5], STREET | {"name": "Schoolstraat"}),
        ([2, 6, 7, 4], STREET),
    ],
}


def test_stress_names_the_road_that_most_ride(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kilometre of main road pushed, or 7.2 km of quiet streets: two ways of one name."""
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path / "cache"))
    study = hand.study("wegen.osm", weights="g", travel=FLAT, demand={"method": "grid"})
    places = hand.academies({"A": hand.spot(1.2, 0)})
    gap = only(found_on(tmp_path, SIXTY, places, **BUSY, study=study))
    assert (gap["profile"], gap["reason"]) == ("low_stress", "stress")
    assert gap["stretch"] == "Grote Steenweg"
    assert gap["stretch_way"] == 2
    assert gap["stretch_m"] == pytest.approx(1000, abs=2)
    assert gap["children_stress"] == 60
    assert "stretch_children" not in gap
    assert gap["extra_min"] == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(("tags", "ridden_m"), [({}, 600), ({"name": "Grote Steenweg"}, 1000)])
def test_a_busy_road_without_a_name_is_its_ways_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tags: dict[str, str], ridden_m: float
) -> None:
    """Nothing joins the two ways: the longer one, 600 m, stands alone, and its name is empty."""
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path / "cache"))
    study = hand.study("wegen.osm", weights="g", travel=FLAT, demand={"method": "grid"})
    busy = {"highway": "primary", "maxspeed": "90"} | tags
    ways = [(nodes, busy if way["highway"] == "primary" else way) for nodes, way in BUSY["ways"]]
    places = hand.academies({"A": hand.spot(1.2, 0)})
    gap = only(found_on(tmp_path, SIXTY, places, nodes=BUSY["nodes"], ways=ways, study=study))
    assert (gap["reason"], gap["stretch"]) == ("stress", tags.get("name", ""))
    assert gap["stretch_way"] == 2
    assert gap["stretch_m"] == pytest.approx(ridden_m, abs=2)


@pytest.mark.parametrize("eastward", [False, True])
def test_a_road_is_stressful_in_the_direction_in_which_it_is_ridden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, eastward: bool
) -> None:
    """600 m have a track for those who come the other way, 400 m one for these: 600 m."""
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path / "cache"))
    study = hand.study("wegen.osm", weights="g", travel=FLAT, demand={"method": "grid"})
    busy = {"highway": "primary", "maxspeed": "90", "name": "Grote Steenweg"}
    # Drawn eastward; who rides so has the track on the right.
    against, along = ("left", "right") if eastward else ("right", "left")
    ways = [
        BUSY["ways"][0],
        ([2, 3], busy | {f"cycleway:{against}": "track"}),
        ([3, 4], busy | {f"cycleway:{along}": "track"}),
        *BUSY["ways"][3:],
        ([3, 8], STREET),
    ]
    nodes = BUSY["nodes"] | {1: (-1.2, 0), 8: (0.7, -0.3)}
    home, academy = (-1.2, 1.2) if eastward else (1.2, -1.2)
    homes, places = {"11001": Home(home, 0, {10: 60})}, hand.academies({"A": hand.spot(academy, 0)})
    gap = only(found_on(tmp_path, homes, places, nodes=nodes, ways=ways, study=study))
    assert (gap["reason"], gap["stretch"], gap["stretch_way"]) == ("stress", "Grote Steenweg", 2)
    assert gap["stretch_m"] == pytest.approx(600, abs=2)


def test_a_stretch_ridden_both_ways_counts_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one gap those of 6 ride a kilometre westward to A, those of 10 eastward to B."""
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path / "cache"))
    study = hand.study(
        "wegen.osm",
        weights="g",
        travel=FLAT,
        demand={"method": "grid"},
        gaps={"method": "zones"},
    )
    towns = {
        "11001": ("Antwerpen", hand.square(-10, -10, 10.5, 20)),
        "71002": ("Limburg", hand.square(0.5, -10, 10, 20)),
    }
    homes = {"11001": Home(0, 0, {10: 60}), "71002": Home(1.2, 0, {6: 60})}
    spots = {"A": hand.spot(0, 0), "B": hand.spot(1.2, 0)}
    places = hand.academies(spots, {"A": (5, 8), "B": (9, 11)})
    gap = only(found_on(tmp_path, homes, places, **BUSY, towns=towns, study=study))
    assert (gap["stretch"], gap["uncovered"]) == ("Grote Steenweg", 120)
    assert gap["stretch_m"] == pytest.approx(1000, abs=2)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("counts", "barrier"),
    [((70, 10, 10), "Leie"), ((40, 10, 80), "Demer"), ((10, 10, 80), "Nete")],
)
def test_what_lies_between_is_looked_for_from_the_middle_of_the_children(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    counts: tuple[int, int, int],
    barrier: str,
    *,
    turned: bool,
) -> None:
    """Three homes in a row, a river before each: that of the home nearest to it is named."""
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path / "cache"))

    def at(x: float, y: float) -> tuple[float, float]:
        return (y, x) if turned else (x, y)

    study = hand.study(
        "wegen.osm",
        weights="g",
        travel=FLAT | {"profiles": ["all"]},
        demand={"method": "grid"},
        gaps={"distance_m": 400, "min_children": 20},
    )
    ends = {1: (0, 0), 2: (2.5, 0), 3: (2.5, 1), 4: (0, 1)}
    ends |= {11: (-0.1, 0.5), 12: (0.05, 0.5), 13: (0.06, 0.5), 14: (0.22, 0.5)}
    ends |= {15: (0.23, 0.5), 16: (0.4, 0.5)}
    ways: list[Way] = [([1, 2, 3, 4], STREET)]
    ways += [
        ([a, a + 1], {"waterway": "river", "name": name})
        for a, name in ((11, "Leie"), (13, "Demer"), (15, "Nete"))
    ]
    # One town for each home, in rows or in columns.
    towns = {
        f"1100{i + 1}": (
            "Antwerpen",
            hand.square(*at(left, -10), *at(wide, 20)),
        )
        for i, (left, wide) in enumerate(((-10, 10.1), (0.1, 0.3), (0.4, 10)))
    }
    homes = {
        f"1100{i + 1}": Home(*at(x, 0), {10: count})
        for i, (x, count) in enumerate(zip((0, 0.3, 0.6), counts, strict=True))
    }
    nodes = {name: at(*place) for name, place in ends.items()}
    places = hand.academies({"A": hand.spot(*at(0, 1))})
    found = found_on(tmp_path, homes, places, towns=towns, nodes=nodes, ways=ways, study=study)
    gap = only(found)
    assert (gap["reason"], gap["uncovered"]) == ("barrier", sum(counts))
    assert gap["barriers"] == f"waterway {barrier}"


def test_age(tmp_path: Path) -> None:
    """An academy 1 km away is for 12 to 14; those of 13 are within reach and in no gap."""
    homes = {"11001": Home(0, 0, {10: 60, 13: 60})}
    places = hand.academies({"A": hand.spot(1, 0)}, {"A": (12, 14)})
    gap = only(found_on(tmp_path, homes, places, **lane(2)))
    assert gap["reason"] == "age"
    assert (gap["age_academy_id"], gap["age_academy_ages"]) == ("A", "12-14")
    assert gap["nearest_academy_id"] == ""
    assert math.isinf(gap["median_time_s"])
    assert gap["uncovered"] == 60


@pytest.mark.parametrize(
    ("served", "told"),
    [
        ((None, 8), "6-8"),
        ((12, None), "12-14"),
        ((None, 4), "4-4"),
        ((16, None), "16-16"),
        ((11, 12), "11-12"),
    ],
)
def test_empty_ages_of_an_academy_are_told_as_the_study_reads_them(
    served: hand.Span, told: str
) -> None:
    """With 6 to 14 as a rule; who serves from 16 on serves those of 16, and not 16 to 14."""
    study = hand.study(
        weights="g",
        travel=FLAT,
        demand={"method": "grid"},
        academies={"ages": [6, 14]},
    )
    places = hand.academies({"A": hand.spot(1, 0)}, {"A": served})
    gap = only(found_on(None, SIXTY, places, study=study))
    assert (gap["reason"], gap["age_academy_ages"]) == ("age", told)


BENT = {"nodes": {1: (0, 0), 2: (2, 0), 3: (2, 1.5), 4: (2, 3)}, "ways": [([1, 2, 3, 4], STREET)]}
"""A corner: at (2, 1.5) 3.5 km by road for 2.5 km; at (2, 2) 4 km for 2.83."""


def test_just_too_far(tmp_path: Path) -> None:
    """3.5 km by road, 2.5 km in a straight line: 17.5 minutes, 2.5 too many."""
    gap = only(found_on(tmp_path, SIXTY, hand.academies({"A": hand.spot(2, 1.5)}), **BENT))
    assert gap["reason"] == "just_too_far"
    assert gap["extra_min"] == pytest.approx(2.5, abs=0.02)
    assert gap["straight_km"] == pytest.approx(2.5, abs=1e-3)


def test_how_far_is_just_too_far_is_the_study_s(tmp_path: Path) -> None:
    """With `just_too_far_min = 2` the same 2.5 minutes are too far."""
    study = hand.study(
        "wegen.osm",
        weights="g",
        travel=FLAT | {"profiles": ["all"]},
        demand={"method": "grid"},
        gaps={"just_too_far_min": 2},
    )
    places = hand.academies({"A": hand.spot(2, 1.5)})
    assert only(found_on(tmp_path, SIXTY, places, **BENT, study=study))["reason"] == "too_far"


def test_lapsed(tmp_path: Path) -> None:
    """The academy 1 km away was recognised until the end of 2021; the study is of 2022."""
    valid = {"A": ("2020-01-01", "2021-12-31")}
    places = hand.academies({"A": hand.spot(1, 0)}, valid=valid)
    gap = only(found_on(tmp_path, SIXTY, places, **lane(2)))
    assert gap["reason"] == "lapsed"
    assert gap["lapsed_academy_id"] == "A"
    assert gap["lapsed_academy"] == places["name"].iloc[0]
    assert gap["lapsed_on"] == pd.Timestamp(2021, 12, 31)
    assert gap["lapsed_by"] == "register"


def test_a_last_day_that_follows_from_a_rule_is_told_as_such(tmp_path: Path) -> None:
    """Only the first day is known: two years from 1 January 2020 by the criteria of 2021."""
    places = hand.academies({"A": hand.spot(1, 0)}, valid={"A": ("2020-01-01", None)})
    gap = only(found_on(tmp_path, SIXTY, places, **lane(2)))
    assert (gap["lapsed_on"], gap["lapsed_by"]) == (pd.Timestamp(2021, 12, 31), "rule")


def test_an_academy_that_is_yet_to_come_is_no_evidence(tmp_path: Path) -> None:
    """Recognised from 2023 on: on the day of the study there is none, near or lapsed."""
    places = hand.academies({"A": hand.spot(1, 0)}, valid={"A": ("2023-01-01", None)})
    gap = only(found_on(tmp_path, SIXTY, places, **lane(2)))
    assert gap["reason"] == "no_academy_near"
    assert math.isinf(gap["straight_km"])


def test_a_lapsed_academy_for_other_ages_explains_nothing(tmp_path: Path) -> None:
    """Were it still recognised, these children would not be within reach either."""
    valid = {"A": ("2020-01-01", "2021-12-31")}
    places = hand.academies({"A": hand.spot(1, 0)}, {"A": (12, 14)}, valid=valid)
    assert only(found_on(tmp_path, SIXTY, places, **lane(2)))["reason"] == "too_far"


def test_too_far(tmp_path: Path) -> None:
    """2.9 km in a straight line, 4.1 km by road: more than five minutes, but no such detour."""
    gap = only(found_on(tmp_path, SIXTY, hand.academies({"A": hand.spot(2, 2.1)}), **BENT))
    assert gap["reason"] == "too_far"
    assert gap["extra_min"] == pytest.approx(5.5, abs=0.05)


def test_who_is_not_measured_is_in_no_gap(tmp_path: Path) -> None:
    """A home 600 m from the road: not uncovered, so no gap."""
    homes = {"11001": Home(1, 0.6, {10: 60})}
    found = found_on(tmp_path, homes, hand.academies({"A": hand.spot(9, 0)}), **lane(9))
    assert len(found.table) == len(found.children) == 0


def test_who_is_in_time_is_in_no_gap(tmp_path: Path) -> None:
    """The academy 1 km away is for all: an empty table with all its columns."""
    found = found_on(tmp_path, SIXTY, hand.academies({"A": hand.spot(1, 0)}), **lane(2))
    assert len(found.table) == 0
    assert found.table.crs == hand.CRS


def test_in_a_straight_line_the_other_reasons_are_told() -> None:
    """Without roads there is no barrier and no stress; time is 1.3 times the line."""
    places = {"A": hand.spot(2.5, 0)}
    assert only(found_on(None, SIXTY, hand.academies(places)))["reason"] == "just_too_far"
    other = hand.academies({"A": hand.spot(1, 0)}, {"A": (12, 14)})
    assert only(found_on(None, SIXTY, other))["reason"] == "age"
    ended = hand.academies({"A": hand.spot(1, 0)}, valid={"A": (None, "2020-01-01")})
    assert only(found_on(None, SIXTY, ended))["reason"] == "lapsed"
    assert only(found_on(None, SIXTY, hand.academies({})))["reason"] == "no_academy_near"


def test_of_as_many_children_the_earlier_reason_is_that_of_the_gap(tmp_path: Path) -> None:
    """At 10 and 12 km/h one academy is out of reach for thirty and just too far for thirty."""
    homes = {"11001": Home(0, 0, {6: 30, 10: 30})}
    study = hand.study(
        "wegen.osm", weights="g", travel={"profiles": ["all"]}, demand={"method": "grid"}
    )
    places = hand.academies({"A": hand.spot(2, 1.7)})
    gap = only(found_on(tmp_path, homes, places, **BENT, study=study))
    assert gap["children_no_academy_near"] == gap["children_just_too_far"] == 30
    assert gap["reason"] == "no_academy_near"


def test_of_several_reasons_the_first_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In turn a barrier, other ages, just too far, lapsed and too far, the others still holding."""
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path / "cache"))
    spots = {"A": (0, 1), "B": (0, 0.2), "C": (2, 0.5), "D": (0, 0.3), "E": (2, 1)}
    nodes = RIVER["nodes"] | {5: (0, 0.3)}
    ways = [*RIVER["ways"], ([1, 5], STREET)]
    ages = {"B": (12, 14), "E": (12, 14)}
    valid = {"D": ("2020-01-01", "2021-12-31")}
    order = {"A": "barrier", "B": "age", "C": "just_too_far", "D": "lapsed", "E": "too_far"}
    study = hand.study(
        "wegen.osm",
        weights="g",
        travel={"speed_kmh": 9.2, "profiles": ["all"]},  # 2.3 km in a quarter, 3 km in twenty
        demand={"method": "grid"},
    )
    found = {}
    for number, name in enumerate(order):
        left = {one: hand.spot(*spots[one]) for one in list(order)[number:]}
        places = hand.academies(left, ages, valid=valid)
        drawn = {"nodes": nodes, "ways": ways, "study": study}
        found[name] = only(found_on(tmp_path, SIXTY, places, **drawn))["reason"]
    assert found == order


@pytest.mark.parametrize(("metres", "reason"), [(0, "too_far"), (1, "no_academy_near")])
def test_what_is_just_within_a_straight_ride_is_near(metres: float, reason: str) -> None:
    """Three kilometres in a straight line take just the fifteen minutes."""
    study = hand.study(weights="g", travel=FLAT | {"detour_factor": 3}, demand={"method": "grid"})
    places = hand.academies({"A": hand.spot(3 + metres / 1000, 0)})
    assert only(found_on(None, SIXTY, places, study=study))["reason"] == reason


@pytest.mark.parametrize(("minutes", "reason"), [(3, "just_too_far"), (2.999, "too_far")])
def test_just_too_far_includes_its_bound(minutes: float, reason: str) -> None:
    """Three kilometres times 1.2 take eighteen minutes."""
    study = hand.study(
        weights="g",
        travel=FLAT | {"detour_factor": 1.2},
        demand={"method": "grid"},
        gaps={"just_too_far_min": minutes},
    )
    gap = only(found_on(None, SIXTY, hand.academies({"A": hand.spot(3, 0)}), study=study))
    assert (gap["reason"], gap["extra_min"]) == (reason, 3)


@pytest.mark.parametrize("other", [{}, {"B": hand.spot(2, 1)}])
def test_a_barrier_includes_its_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: dict[str, shapely.Point]
) -> None:
    """As many times the straight ride as the study says is enough, whichever is nearest by road."""
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path / "cache"))
    travel = {"speed_kmh": 11, "profiles": ["all"]}

    def told(detour: float) -> pd.Series:
        rules = {"barrier_detour": detour}
        study = hand.study(
            "wegen.osm", weights="g", travel=travel, demand={"method": "grid"}, gaps=rules
        )
        places = hand.academies({"A": hand.spot(0, 1)} | other)
        return only(found_on(tmp_path, SIXTY, places, **RIVER, study=study))

    factor = told(2)["detour_factor"]
    assert 4.9 < factor < 5.1
    assert told(factor)["reason"] == "barrier"
    assert told(np.nextafter(factor, 9))["reason"] != "barrier"


def test_whom_no_road_brings_in_time_is_in_no_gap_of_quiet_roads(tmp_path: Path) -> None:
    """Of two homes by a main road the nearer is within reach by it, not quietly; the other not."""
    towns = {
        "11001": ("Antwerpen", hand.square(-10, -10, 10.05, 20)),
        "71002": ("Limburg", hand.square(0.05, -10, 10, 20)),
    }
    homes = {"11001": Home(0, 0, {10: 30}), "71002": Home(0.1, 0, {10: 30})}
    study = hand.study(
        "wegen.osm",
        weights="g",
        travel=FLAT | {"profiles": ["all", "low_stress"]},
        demand={"method": "grid"},
        gaps={"min_children": 10},
    )
    drawn = {
        "nodes": {1: (0, 0), 2: (4, 0)},
        "ways": [([1, 2], {"highway": "primary", "maxspeed": "90"})],
    }
    places = hand.academies({"A": hand.spot(3.05, 0)})
    found = found_on(tmp_path, homes, places, **drawn, towns=towns, study=study)
    rows = found.table.set_index("profile")[["gap_id", "name", "uncovered"]]
    # Each kind of roads numbers its own: what is shown has no jump.
    assert rows.T.to_dict("list") == {
        "all": ["G001", "M11001", 30],
        "low_stress": ["R001", "M71002", 30],
    }


# -- what a gap is ------------------------------------------------------------------------------

TWO = {
    "11001": ("Antwerpen", hand.square(-10, -10, 10.05, 20)),
    "71002": ("Limburg", hand.square(0.05, -10, 10, 20)),
}
NOBODY = hand.academies({})


def test_a_gap_crosses_borders() -> None:
    """Two homes 100 m apart in two provinces are one gap, with the share of each."""
    homes = {"11001": Home(0, 0, {10: 30}), "71002": Home(0.1, 0, {10: 50})}
    found = found_on(None, homes, NOBODY, towns=TWO)
    gap = only(found)
    assert (gap["name"], gap["municipalities"]) == ("M71002, M11001", 2)
    assert gap["provinces"] == "Limburg, Antwerpen"
    assert found.shares["nis_code"].tolist() == ["71002", "11001"]
    assert found.shares["uncovered"].tolist() == [50, 30]
    assert found.shares["share_of_gap"].tolist() == [0.625, 0.375]


@pytest.mark.parametrize(
    ("zone", "near"),
    [("M11001 - Voorde", "Voorde"), ("Voorde", "Voorde"), ("Lo - Voorde", "Lo - Voorde"),
     ("M11001", ""), ("11001A00-", "")],
)  # fmt: skip
def test_a_gap_is_named_after_the_zone_with_most_of_its_children(zone: str, near: str) -> None:
    """Without its municipality; a zone called by its code or as its municipality names nothing."""
    zones = hand.municipalities(TOWN).assign(zone_id="11001A00-", name=zone)
    gap = only(
        found_on(None, SIXTY, NOBODY, zones=zones[["zone_id", "nis_code", "name", "geometry"]])
    )
    assert gap["near"] == near
    words = load_texts("nl")
    assert name_gap_places(gap, words) == ("M11001, bij " + near if near else "M11001")
    assert name_gap_places(gap.drop("near"), words) == "M11001"


@pytest.mark.parametrize(("children", "gaps"), [(50, 1), (49, 0)])
def test_a_gap_has_at_least_the_children_that_the_study_asks(children: int, gaps: int) -> None:
    """50 is a gap; 49 are none, and stand among the children without one."""
    found = found_on(None, {"11001": Home(0, 0, {10: children})}, NOBODY)
    assert len(found.table) == gaps
    assert found.children["children"].sum() == children
    assert (found.children["gap_id"] != "").sum() == gaps


def test_the_largest_gap_comes_first_and_ties_go_to_the_smaller_code() -> None:
    """Ranked by children; of as many the one whose largest municipality has the smaller code."""
    homes = {"71002": Home(5, 0, {10: 60}), "11001": Home(-5, 0, {10: 60})}
    assert found_on(None, homes, NOBODY, towns=TWO).table["name"].tolist() == ["M11001", "M71002"]
    homes["71002"] = Home(5, 0, {10: 61})
    found = found_on(None, homes, NOBODY, towns=TWO)
    assert found.table["name"].tolist() == ["M71002", "M11001"]
    assert found.table["gap_id"].tolist() == ["G001", "G002"]


def test_roads_to_join_by_need_roads() -> None:
    """`method = "roads"` in a straight-line study is refused in one line."""
    with pytest.raises(StudyError, match='"roads" needs a network'):
        hand.study(gaps={"method": "roads"})


@pytest.mark.parametrize(("method", "gaps"), [("points", 1), ("roads", 2), ("zones", 1)])
def test_the_method_says_what_lies_together(tmp_path: Path, method: str, gaps: int) -> None:
    """Homes 100 m apart across a field, 4 km by road, in zones that share a border."""
    homes = {"11001": Home(0, 0, {10: 60}), "71002": Home(0.1, 0, {10: 60})}
    nodes = {1: (0, 0), 2: (0, 2), 3: (0.1, 2), 4: (0.1, 0)}
    study = hand.study(
        "wegen.osm",
        weights="g",
        travel=FLAT | {"profiles": ["all"]},
        demand={"method": "grid"},
        gaps={"method": method},
    )
    ways = [([1, 2, 3, 4], STREET)]
    found = found_on(tmp_path, homes, NOBODY, towns=TWO, nodes=nodes, ways=ways, study=study)
    assert len(found.table) == gaps
    drawn = found.table.geometry
    assert drawn.is_valid.all()
    for one, other in combinations(drawn, 2):
        assert one.intersection(other).area < 1
    for gap_id, rows in found.children.groupby("gap_id", observed=True):
        outline = drawn[found.table["gap_id"] == gap_id].iloc[0]
        town = rows["nis_code"].unique()
        places = [hand.spot(homes[code].column, homes[code].row) for code in town]
        assert all(outline.distance(place) < 1e-6 for place in places)


# -- joining ------------------------------------------------------------------------------------

SPOTS = st.lists(
    st.tuples(st.integers(0, 1200), st.integers(0, 1200)), min_size=1, max_size=40
).map(lambda spots: np.array(spots, dtype=np.float64).T)


def partition(group: np.ndarray) -> set[frozenset[int]]:
    """Give the groups as sets of points."""
    return {frozenset(np.flatnonzero(group == one).tolist()) for one in set(group.tolist())}


def single_linkage(x: np.ndarray, y: np.ndarray, distance_m: float) -> set[frozenset[int]]:
    """Join every pair that is near enough, one by one."""
    graph = nx.Graph()
    graph.add_nodes_from(range(len(x)))
    for one, other in combinations(range(len(x)), 2):
        if (x[one] - x[other]) ** 2 + (y[one] - y[other]) ** 2 <= distance_m**2:
            graph.add_edge(one, other)
    return {frozenset(part) for part in nx.connected_components(graph)}


@given(SPOTS, st.integers(10, 700))
def test_points_are_joined_as_by_every_pair(spots: np.ndarray, distance_m: int) -> None:
    """The grid's groups are those of all pairs at most so far apart, the distance included."""
    joined = join.by_distance(*spots, distance_m)
    assert partition(joined.group) == single_linkage(*spots, distance_m)
    assert len(joined.links) == len(spots[0]) - joined.groups


@pytest.mark.parametrize(("metres", "groups"), [(300.0, 1), (300.001, 2)])
def test_joining_includes_its_bound(tmp_path: Path, metres: float, groups: int) -> None:
    """Just as far apart as the distance is joined, a millimetre more is not: by every method."""
    x, y = np.array([0.0, metres]), np.zeros(2)
    assert join.by_distance(x, y, 300).groups == groups
    first, other = np.array([True, False]), join.PointGroups(np.array([0]), np.empty((0, 2), int))
    assert join.add_thin(other, first, x, y, 300).groups == groups
    assert (
        join.count_children_within(x, y, np.array([2, 3]), 300).tolist()
        == {1: [5, 5], 2: [2, 3]}[groups]
    )
    network = hand.network(tmp_path, {1: (0, 0), 2: (1, 0)}, [([1, 2], STREET)])
    places = on([0, 0], [100_000, 100_000 + round(metres * 1000)])
    assert join.by_roads(network, places, 300).groups == groups


@pytest.mark.parametrize(("middle", "gaps"), [(23, 1), (22, 0)])
def test_half_of_the_children_of_a_gap_join_what_lies_beside_them(middle: int, gaps: int) -> None:
    """Five homes 250 m apart: with 25 in reach the middle one joins both ends, with 24 neither."""
    counts = (24, 1, middle, 1, 24)
    codes = [f"1100{i}" for i in range(1, 6)]
    towns = {
        code: ("Antwerpen", hand.square(0.25 * i - 0.125, -1, 0.25, 2))
        for i, code in enumerate(codes)
    }
    homes = {code: Home(0.25 * i, 0, {10: counts[i]}) for i, code in enumerate(codes)}
    assert len(found_on(None, homes, NOBODY, towns=towns).table) == gaps


@given(SPOTS, st.integers(10, 700), st.randoms(use_true_random=False))
def test_joining_does_not_depend_on_the_order(
    spots: np.ndarray, distance_m: int, random: Any
) -> None:
    """Points in any order, and east and west changed: the same lie together."""
    order = list(range(len(spots[0])))
    random.shuffle(order)
    straight = partition(join.by_distance(*spots, distance_m).group)
    turned = join.by_distance(*spots[:, order], distance_m).group
    back = np.empty_like(turned)
    back[order] = turned
    assert partition(back) == straight
    mirrored = join.by_distance(-spots[0], spots[1], distance_m)
    assert partition(mirrored.group) == straight


@given(SPOTS, st.integers(10, 400), st.integers(1, 400))
def test_a_larger_distance_never_makes_more_groups(
    spots: np.ndarray, distance_m: int, more_m: int
) -> None:
    """Every group is a part of one of the larger distance."""
    fine = partition(join.by_distance(*spots, distance_m).group)
    coarse = partition(join.by_distance(*spots, distance_m + more_m).group)
    assert all(any(small <= large for large in coarse) for small in fine)


@given(SPOTS, st.integers(60, 400))
@settings(max_examples=40)
def test_an_outline_holds_its_points_and_meets_no_other(spots: np.ndarray, distance_m: int) -> None:
    """One valid polygon for each group, all its points inside, no ground in two."""
    joined = join.by_distance(*spots, distance_m)
    shapes = outlines.draw_around_points(*spots, joined, distance_m)
    assert shapely.is_valid(shapes).all()
    assert set(shapely.get_type_id(shapes)) == {shapely.GeometryType.POLYGON}
    assert shapely.contains(shapes[joined.group], shapely.points(*spots)).all()
    for one, other in combinations(shapes, 2):
        assert one.intersection(other).area < 1e-6


@given(st.sets(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=60))
def test_the_outline_of_squares_is_their_union(cells: set[tuple[int, int]]) -> None:
    """Walked around on the grid or united one by one: the same, but for corners and small holes."""
    x, y = (np.array(one, dtype=np.float64) + 0.5 for one in zip(*sorted(cells), strict=True))
    grid = outlines._SquareGrid.over_points(x, y, 1.0)
    keys = np.sort(grid.number_squares(x, y, np.zeros(len(x), dtype=np.intp)))
    keys = grid.fill_saddles(keys)
    drawn = grid.draw_outlines(keys, 1)[0]
    column, row = keys % grid.wide + grid.left, keys // grid.wide + grid.low
    whole = shapely.union_all(shapely.box(column, row, column + 1, row + 1))
    corners = shapely.get_num_coordinates(whole) / 8
    assert shapely.is_valid(drawn)
    assert shapely.difference(whole, drawn).area <= corners
    filled = shapely.get_parts(shapely.difference(drawn, whole))
    assert all(shapely.area(filled) <= outlines.SQUARES**2)
    middles = shapely.points(column + 0.5, row + 0.5)
    assert shapely.intersects(drawn, middles).all()


def lattice(folder: Path) -> Network:
    """Draw streets of uneven length, with a one-way, a loop and a short cut."""
    nodes = {
        10 * i + j: (0.13 * i + 0.02 * j, 0.11 * j + 0.03 * (i % 3))
        for i in range(5)
        for j in range(5)
    }
    ways: list[Way] = [([10 * i + j for j in range(5)], STREET) for i in range(5)]
    ways += [([10 * i + j for i in range(5)], STREET | {"oneway": "yes"}) for j in (0, 3)]
    ways += [([0, 11, 22], STREET), ([2, 12], STREET), ([2, 13, 12], STREET)]
    return hand.network(
        folder,
        {n + 1: at for n, at in nodes.items()},
        [([n + 1 for n in refs], tags) for refs, tags in ways],
    )


def road_distances_mm(network: Network, places: Any) -> np.ndarray:
    """Measure along the roads between all places, node by node, with networkx."""
    graph = nx.Graph()
    for edge in range(network.edges):
        a, b = int(network.edge_start[edge]), int(network.edge_end[edge])
        first, last = network.first_segment[edge : edge + 2]
        mm = int(network.length_mm[first:last].sum())
        if not graph.has_edge(a, b) or graph[a][b]["mm"] > mm:
            graph.add_edge(a, b, mm=mm)
    far = dict(nx.all_pairs_dijkstra_path_length(graph, weight="mm"))
    ends = []
    nearest = places.keep_nearest()
    for segment, offset in zip(nearest.segment, nearest.offset_mm, strict=True):
        edge = network.segment_edge[segment]
        first, last = network.first_segment[edge : edge + 2]
        along = int(network.length_mm[first:segment].sum()) + int(offset)
        whole = int(network.length_mm[first:last].sum())
        a, b = int(network.edge_start[edge]), int(network.edge_end[edge])
        ends.append((edge, along, [(a, along), (b, whole - along)]))
    out = np.zeros((len(ends), len(ends)))
    for i, j in combinations(range(len(ends)), 2):
        ways = [m + far[a][b] + n for a, m in ends[i][2] for b, n in ends[j][2] if b in far[a]]
        if ends[i][0] == ends[j][0]:
            ways.append(abs(ends[i][1] - ends[j][1]))
        out[i, j] = out[j, i] = min(ways)
    return out


@pytest.mark.parametrize("distance_m", [5, 30, 60, 90, 120, 200])
def test_points_are_joined_along_the_roads_as_by_every_pair(
    tmp_path: Path, distance_m: float
) -> None:
    """Two on one edge, on one spot, on a loop, at a node: the groups of all road distances."""
    network = lattice(tmp_path)
    random = np.random.default_rng(int(distance_m))
    node = random.integers(0, network.nodes, 4)
    x = np.concatenate([random.uniform(hand.X0, hand.X0 + 600, 40), network.node_x[node]])
    y = np.concatenate([random.uniform(hand.Y0, hand.Y0 + 500, 40), network.node_y[node]])
    x, y = np.append(x, x[:3]), np.append(y, y[:3])
    places = snap_points(network, x, y)
    assert places.found.all()
    mm = road_distances_mm(network, places)
    graph = nx.from_numpy_array(mm <= distance_m * 1000)
    expected = {frozenset(part) for part in nx.connected_components(graph)}
    joined = join.by_roads(network, places, distance_m)
    assert partition(joined.group) == expected
    order = random.permutation(len(x))
    turned = join.by_roads(network, places.take_points(order), distance_m).group
    back = np.empty_like(turned)
    back[order] = turned
    assert partition(back) == expected


@given(
    st.lists(
        st.tuples(st.integers(-9, 9), st.integers(-9, 9), st.integers(0, 40)),
        min_size=1,
        max_size=40,
    ),
    st.sampled_from([60.0, 100.0, 300.0]),
)
def test_the_children_near_each_point_are_counted(
    points: list[tuple[int, int, int]], distance_m: float
) -> None:
    """Within the distance, the bound and the point's own included: as by every pair."""
    x, y, children = np.array(points, dtype=np.int64).T
    x, y = 60.0 * x + hand.X0, 60.0 * y + hand.Y0
    near = np.hypot(x[:, None] - x, y[:, None] - y) <= distance_m
    found = join.count_children_within(x, y, children, distance_m)
    assert found.tolist() == (near @ children).tolist()


@pytest.mark.parametrize(("along_ribbon", "sizes"), [(2, [64, 64]), (12, [228])])
def test_a_ribbon_joins_two_villages_only_where_many_live(
    along_ribbon: int, sizes: list[int]
) -> None:
    """Houses each 200 m between villages of 60 children; half of 50 within 300 m are enough."""
    x = np.append([0.0, 2000.0], np.arange(200.0, 1900.0, 200.0)) + hand.X0
    y = np.full(len(x), float(hand.Y0))
    children = np.append([60, 60], np.full(9, along_ribbon))
    for order in (np.arange(len(x)), np.arange(len(x))[::-1]):
        one, other, count = x[order], y[order], children[order]
        dense = 2 * join.count_children_within(one, other, count, 300.0) >= 50
        joined = join.by_distance(one[dense], other[dense], 300.0)
        group = join.add_thin(joined, dense, one, other, 300.0).group
        sums = np.bincount(group, count)
        assert sorted(sums[sums >= 50].tolist()) == sizes


def test_a_group_without_ground_of_its_own_does_not_end_the_outlines() -> None:
    """Two outlines that overlap are parted though a third, numbered last, lies far off."""
    shapes = np.array(
        [shapely.box(0, 0, 4, 4), shapely.box(3, 0, 8, 4), shapely.box(50, 50, 51, 51)]
    )
    x, y = np.array([1.0, 7.0, 50.5]), np.array([2.0, 2.0, 50.5])
    parted = outlines.part_overlaps(shapes, x, y, np.arange(3))
    assert parted[0].intersection(parted[1]).area == 0
    assert parted[2].equals(shapes[2])


def test_zones_that_touch_in_a_point_are_not_joined() -> None:
    """Of four squares the two on a diagonal touch in a corner only; with a third they are one."""
    corners = {"A": (0, 0), "B": (1, 1), "C": (1, 0)}
    zones = hand.zones({name: ("11001", hand.square(*at)) for name, at in corners.items()})
    assert join.by_zones(np.array([0, 1, 0]), zones).group.tolist() == [0, 1, 0]
    assert join.by_zones(np.array([0, 1, 2]), zones).groups == 1


def test_outlines_that_overlap_are_parted_by_their_points() -> None:
    """Two groups on either side of a canal 40 m wide, joined by road and not across."""
    x = np.tile(np.arange(0, 400, 50.0), 2)
    y = np.repeat([0.0, 40.0], 8)
    group = np.repeat([0, 1], 8)
    pairs = [(i, i + 1) for i in (*range(7), *range(8, 15))]
    shapes = outlines.draw_around_points(x, y, join.PointGroups(group, np.array(pairs)), 300)
    assert shapes[0].intersection(shapes[1]).area < 1e-6
    assert shapely.distance(shapes[group], shapely.points(x, y)).max() == 0
    assert shapes[0].union(shapes[1]).contains(shapely.Point(175, 20))


def test_who_lives_among_their_own_plays_no_part_in_parting_outlines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A large group around a small one: outlines are the same to the bit, by few of the points."""
    random, asked = np.random.default_rng(4), []
    x, y = random.uniform(0, 20_000, (2, 20_000))
    away = np.hypot(x - 5000, y - 5000)
    kept = (away < 1200) | (away > 1500)
    x, y, group = x[kept], y[kept], (away[kept] < 1200).astype(np.intp)
    disc = shapely.Point(5000, 5000).buffer(1600)
    shapes = np.array([shapely.box(0, 0, 20_000, 20_000), disc])
    count = outlines._may_border

    def counted(*given: Any) -> Any:
        found = count(*given)
        asked.append(found.mean())
        return found

    monkeypatch.setattr(outlines, "_may_border", counted)
    parted = outlines.part_overlaps(shapes, x, y, group)
    assert asked[0] < 0.3
    monkeypatch.setattr(outlines, "_may_border", lambda x, *_: np.ones(len(x), dtype=np.bool_))
    every = outlines.part_overlaps(shapes, x, y, group)
    assert shapely.to_wkb(parted).tolist() == shapely.to_wkb(every).tolist()
    assert parted[0].intersection(parted[1]).area < 1e-6


# -- medians and majorities ---------------------------------------------------------------------

TIMES = st.lists(
    st.tuples(
        st.integers(0, 2), st.integers(1, 5), st.sampled_from([950.0, 1000.0, 3000.0, math.inf])
    ),
    min_size=1,
    max_size=12,
)


@given(TIMES)
def test_the_median_is_that_of_the_children_one_by_one(rows: list[tuple[int, int, float]]) -> None:
    """Written out child by child and sorted, the child in the middle; of two the first."""
    key, count, time = (pd.Series(one) for one in zip(*rows, strict=True))
    found = lower_median(key, time, count)
    for one in set(key):
        each = sorted(t for k, n, t in rows if k == one for _ in range(n))
        assert found[one] == each[(len(each) - 1) // 2]


@given(TIMES)
def test_the_value_of_most_is_counted_in_children(rows: list[tuple[int, int, float]]) -> None:
    """Not in rows; of as many children the smallest value."""
    key, count, value = (pd.Series(one) for one in zip(*rows, strict=True))
    found = find_value_of_most(key, value, count)
    for one in set(key):
        sums = {v: sum(n for k, n, w in rows if (k, w) == (one, v)) for k, _, v in rows if k == one}
        assert found[one] == min(sums, key=lambda v: (-sums[v], v))


@pytest.mark.parametrize(("near", "far", "nearest"), [(31, 29, "A"), (30, 30, "A"), (29, 31, "")])
def test_an_academy_is_named_when_it_is_the_nearest_of_most(
    near: int, far: int, nearest: str
) -> None:
    """Empty when more of them have none within the horizon: the oldest ride far enough for A."""
    homes = {"11001": Home(0, 0, {16: near, 6: far})}
    study = hand.study(weights="g", demand={"method": "grid"})
    places = hand.academies({"A": hand.spot(10, 0)})
    gap = only(found_on(None, homes, places, study=study))
    assert gap["nearest_academy_id"] == nearest
    assert math.isinf(gap["median_time_s"]) == (near < 30)


# -- a population grid --------------------------------------------------------------------------


def on_a_grid(
    cells: Sequence[tuple[int, int]], side_m: float, *, points: bool = False, **rules: Any
) -> tuple[Gaps, Study, Inputs]:
    """Spread 60 children a cell over cells of a grid that none can leave within reach."""
    study = hand.study(weights="g", travel=FLAT, demand={"method": "grid"}, gaps=rules)
    km = side_m / 1000
    squares = [hand.square(x * km, y * km, km, km) for x, y in cells]
    shapes = [one.centroid if points else one for one in squares]
    inputs = hand.inputs(
        hand.municipalities(TOWN),
        hand.children([("11001", 10, "F", 60 * len(cells))]),
        academies=hand.academies({"A": hand.spot(9.9, 9.9)}),
        weights=gpd.GeoDataFrame({"weight": [1.0] * len(cells)}, geometry=shapes, crs=hand.CRS),
    )
    prepared = Prepared.from_inputs(study, inputs)
    measured = measure_day(prepared, study.about.date, threads=1)
    return find_gaps(prepared, measured, threads=1), study, inputs


STAIRS = [(0, 0), (1, 1), (1, 2), (4, 4)]
"""Three cells that touch in a side or a corner, and one by itself."""


@pytest.mark.parametrize("side_m", [250, 400, 1000])
def test_cells_that_touch_are_one_gap_whatever_their_size(side_m: float) -> None:
    """180 children; the cell by itself is no gap, and its children are not lost."""
    found, _, _ = on_a_grid(STAIRS, side_m)
    gap = only(found)
    assert gap["uncovered"] == 180
    assert found.children["children"].sum() == 240
    outline = found.table.geometry.iloc[0]
    for x, y in STAIRS[:3]:
        cell = hand.square(*(side_m / 1000 * one for one in (x, y, 1, 1)))
        assert outline.intersection(cell).area > 0.8 * cell.area


def of_sizes(cells: Sequence[tuple[float, float, float]], **rules: Any) -> Gaps:
    """Spread 60 children a cell over cells of many sizes, out of reach; sides in kilometres."""
    study = hand.study(weights="g", travel=FLAT, demand={"method": "grid"}, gaps=rules)
    inputs = hand.inputs(
        hand.municipalities(TOWN),
        hand.children([("11001", 10, "F", 60 * len(cells))]),
        academies=hand.academies({"A": hand.spot(9.9, 9.9)}),
        weights=gpd.GeoDataFrame(
            {"weight": [1.0] * len(cells)},
            geometry=[hand.square(x, y, side, side) for x, y, side in cells],
            crs=hand.CRS,
        ),
    )
    prepared = Prepared.from_inputs(study, inputs)
    return find_gaps(prepared, measure_day(prepared, study.about.date, threads=1), threads=1)


def test_cells_of_many_sizes_are_joined_where_they_touch() -> None:
    """A cell of 1 km with a small one at its side; two small ones, 875 m from it, by themselves."""
    large = [(0, 0, 1), (1, 0, 0.125)]
    small = [(2, 0, 0.125), (2.125, 0.125, 0.125)]
    found = of_sizes([*large, *small, (4, 4, 1), (6, 0, 0.125)])
    assert sorted(found.table["uncovered"]) == [120, 120]
    ground = [
        shapely.union_all([hand.square(x, y, side, side) for x, y, side in cells])
        for cells in (large, small)
    ]
    for one in ground:
        assert any(drawn.equals(one) for drawn in found.table.geometry)
    assert found.children["children"].sum() == 360
    assert len(of_sizes([*large, *small], distance_m=300).table) == 3


def test_legends_say_the_sizes_of_cells() -> None:
    """The smallest and the largest."""
    squares = [hand.square(0, 0, 1, 1), hand.square(1, 0, 0.125, 0.125)]
    weights = gpd.GeoDataFrame({"weight": [1.0, 1.0]}, geometry=squares, crs=hand.CRS)
    study = hand.study(weights="g", demand={"method": "grid"})
    for language, text in (("nl", "van 125 tot 1.000 m waar"), ("en", "of 125 to 1,000 m where")):
        assert text in describe_outlines(study, weights, language)


def test_a_distance_that_the_study_gives_stands() -> None:
    """300 m joins no cells of a kilometre: each is the gap that was asked for."""
    assert len(on_a_grid(STAIRS, 1000, distance_m=300)[0].table) == 4


def test_points_of_a_grid_are_joined_as_its_cells_are() -> None:
    """Nine points 800 m apart are one gap."""
    nine = [(x, y) for x in range(3) for y in range(3)]
    assert only(on_a_grid(nine, 800, points=True)[0])["uncovered"] == 540


@pytest.mark.parametrize(
    ("side_m", "points", "rules", "dutch"),
    [
        (1000, False, {}, "rond de rastercellen van 1.000 m"),
        (1000, False, {"distance_m": 300}, "rond de rastercellen van 1.000 m"),
        (800, True, {}, "rond de rasterpunten, 800 m uiteen,"),
        (800, True, {"method": "zones"}, "zijn de zones"),
    ],
)
def test_legends_say_what_was_drawn(
    side_m: float,
    points: bool,  # noqa: FBT001
    rules: dict[str, Any],
    dutch: str,
) -> None:
    """Cells or points with their size, or zones; streets are not named where none were used."""
    nine = [(x, y) for x in range(3) for y in range(3)]
    _, study, inputs = on_a_grid(nine, side_m, points=points, **rules)
    alone = "" if rules else " Eén rastercel of rasterpunt alleen is geen hiaat."
    told = f"Getekend {dutch} waar deze kinderen wonen; deze omtrek dient niet om te tellen.{alone}"
    assert describe_outlines(study, inputs.weights, "nl") == told
    assert build_map_text(study, inputs).outline_note == told
    assert "street" not in describe_outlines(study, inputs.weights, "en")
    assert "de plekken waar" in describe_outlines(hand.study("wegen.osm"), None, "nl")


def test_a_distance_is_refused_where_zones_are_joined() -> None:
    """It would change nothing."""
    with pytest.raises(StudyError, match=r'distance_m: changes nothing with method = "zones"'):
        hand.study(gaps={"method": "zones", "distance_m": 300})


# -- the sample ---------------------------------------------------------------------------------


def test_the_children_of_the_sample_add_up(sample_result: Result) -> None:
    """By profile, band and municipality: those in gaps and those below the minimum."""
    result = sample_result
    found = Gaps(result.gaps, result.gap_municipalities, result.gap_children)
    rows = result.coverage[result.coverage["scenario"] == "central"]
    rows = rows[(rows["level"] == "municipality") & (rows["band"] != "all")]
    due = rows.set_index(["profile", "code", "band"])["uncovered"]
    sums = found.children.groupby(["profile", "nis_code", "band"], observed=False)["children"].sum()
    every = sums["all"].reindex(due["all"].index)
    assert every.tolist() == due["all"].tolist()
    quiet = every + sums["low_stress"].reindex(every.index)
    assert quiet.tolist() == due["low_stress"].reindex(every.index).tolist()
    by_stress = found.table["profile"] == "low_stress"
    due_to = found.table["uncovered"].where(by_stress, 0)
    assert found.table["children_stress"].tolist() == due_to.tolist()
    inside = found.children[found.children["gap_id"] != ""]
    assert inside.groupby("gap_id", observed=True)["children"].sum().to_dict() == (
        found.table.set_index("gap_id")["uncovered"].to_dict()
    )


def test_the_outlines_of_the_sample_hold_their_points(sample_result: Result) -> None:
    """Each point lies in the outline of its gap; outlines of a profile do not overlap."""
    table = sample_result.gaps.set_index("gap_id")
    rows = sample_result.gap_children
    rows = rows[rows["gap_id"] != ""].drop_duplicates(["point", "gap_id"])
    outline = table.geometry.reindex(rows["gap_id"].astype(str)).to_numpy()
    home = sample_result.demand.geometry.iloc[rows["point"]].to_numpy()
    assert shapely.contains(outline, home).all()
    for _, drawn in table.groupby("profile"):
        one, other = drawn.sindex.query(drawn.geometry, predicate="overlaps")
        assert len(one) == len(other) == 0


def test_the_gaps_of_the_sample(sample_result: Result) -> None:
    """How many there are and why, counted in gaps and in children."""
    table = sample_result.gaps
    assert table.groupby("profile").size().to_dict() == {"all": 1879, "low_stress": 735}
    children = {name: int(table[f"children_{name}"].sum()) for name in REASONS}
    assert children == {
        "no_academy_near": 219_408,
        "barrier": 7_439,
        "stress": 176_304,
        "age": 91_030,
        "just_too_far": 102_371,
        "lapsed": 51_774,
        "too_far": 75_925,
    }


def test_a_barrier_of_the_sample_is_its_canal(sample_result: Result) -> None:
    """Where a gap of the sample is cut off, the canals that were drawn there are named."""
    cut = sample_result.gaps[sample_result.gaps["reason"] == "barrier"]
    assert len(cut) > 5
    assert cut["barriers"].str.contains("waterway Voorbeeldkanaal ").mean() > 0.8
    assert (cut["detour_factor"] >= 2).all()


def test_the_day_is_that_of_the_measurement(tmp_path: Path) -> None:
    """Measured for a day before the recognition ended: within reach, and no gap."""
    valid = {"A": ("2020-01-01", "2021-12-31")}
    places = hand.academies({"A": hand.spot(1, 0)}, valid=valid)
    prepared, _ = measured_on(tmp_path, SIXTY, places, **lane(2))
    earlier = measure_day(prepared, dt.date(2021, 6, 1), threads=1)
    assert len(find_gaps(prepared, earlier, threads=1).table) == 0
