"""The steps on anyone's frames: as a study counts, as brute force finds, and no child is lost."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import hand
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import stemgeo as sg
from stemgeo.gaps import find_gaps
from stemgeo.measure import measure_day, prepare_study
from stemgeo.siting import plan as plans
from stemgeo.siting.choices import Limits
from stemgeo.siting.solve import mclp
from stemgeo.stages import report_nothing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stemgeo.measure import Measured, Prepared

STREET = {"highway": "residential", "surface": "asphalt"}
SIDE = 4
"""Streets each way, half a kilometre apart: 120 s at 15 km/h."""
COUNTS = ["children", "covered", "uncovered", "unmeasured"]


@pytest.fixture(scope="module")
def lattice(tmp_path_factory: pytest.TempPathFactory) -> sg.Network:
    """Streets in squares, of which a corner is some 120 s from the next."""
    nodes = {10 * i + j + 1: (i / 2, j / 2) for i in range(SIDE) for j in range(SIDE)}
    rows = [[10 * i + j + 1 for j in range(SIDE)] for i in range(SIDE)]
    ways = [*rows, *map(list, zip(*rows, strict=True))]
    folder = tmp_path_factory.mktemp("lattice")
    return hand.network(folder, nodes, [(way, STREET) for way in ways])


def spots(places: Sequence[tuple[float, float]], **columns: Any) -> gpd.GeoDataFrame:
    """Points in kilometres from the corner of the ground, with columns beside them."""
    return gpd.GeoDataFrame(columns, geometry=[hand.spot(*one) for one in places], crs=hand.CRS)


ACADEMY = spots([(0, 0)], academy_id=["A"])
CHILDREN = spots(
    [(0, 0), (0.5, 0), (1.5, 0), (1.5, 1.5), (1.5, 9)],
    children=[1, 20, 300, 4000, 50_000],
    town=["b", "a", "a", None, "b"],
)
"""At the academy, one street on, three on, six on, and far from every street."""


# -- coverage --------------------------------------------------------------------------------


def test_coverage_is_worked_out_by_hand(lattice: sg.Network) -> None:
    """Six minutes hold three streets; who has no road is unmeasured, and no child is lost."""
    table = sg.coverage(lattice, ACADEMY, CHILDREN, speed_kmh=15, cutoff_min=6.1)
    assert table.to_dict("records") == [
        {"code": "all", "name": "all", "children": 54_321, "covered": 321, "uncovered": 4000}
        | {"unmeasured": 50_000, "share": 321 / 4321}
    ]
    by = sg.coverage(lattice, ACADEMY, CHILDREN, by="town", speed_kmh=15, cutoff_min=6.1)
    assert by.set_index("code")[COUNTS].to_numpy().tolist() == [
        *([4000, 0, 4000, 0], [320, 320, 0, 0], [50_001, 1, 0, 50_000]),
    ]
    assert not isinstance(by, gpd.GeoDataFrame)


def test_coverage_by_areas_keeps_who_is_in_none(lattice: sg.Network) -> None:
    """Areas of any CRS, one without children too; the rest stands under the empty code."""
    squares = {"x": (-0.2, -0.2), "y": (0.8, -0.2), "z": (5, 5)}
    areas = gpd.GeoDataFrame(
        {"zone": list(squares), "name": ["X", "Y", "Z"]},
        geometry=[hand.square(*one) for one in squares.values()],
        crs=hand.CRS,
    ).to_crs("EPSG:4326")
    how: dict[str, Any] = {"speed_kmh": 15, "cutoff_min": 6.1}
    table = sg.coverage(lattice, ACADEMY, CHILDREN, areas=areas, by="zone", **how)
    assert table["code"].tolist() == ["", "x", "y", "z"]
    assert table["name"].tolist() == ["", "X", "Y", "Z"]
    assert table["children"].tolist() == [54_000, 21, 300, 0]
    assert table["share"].isna().tolist() == [False, False, False, True]
    assert table.crs == areas.crs
    assert table.geometry.iloc[1:].geom_equals(areas.geometry, align=False).all()
    whole = sg.coverage(lattice, ACADEMY, CHILDREN, **how)
    assert table[COUNTS].sum().tolist() == whole[COUNTS].iloc[0].tolist()


def test_who_is_beyond_the_extract_is_unmeasured(lattice: sg.Network) -> None:
    """As in a study, whose demand table says it; and so is who has no place."""
    beyond = CHILDREN.assign(outside_network=[True, False, False, False, False])
    beyond.geometry = [*CHILDREN.geometry[:4], None]
    table = sg.coverage(lattice, ACADEMY, beyond, speed_kmh=15, cutoff_min=6.1)
    assert table[COUNTS].iloc[0].tolist() == [54_321, 320, 4000, 50_001]


# -- gaps ------------------------------------------------------------------------------------


def test_gaps_hold_the_children_who_live_together(lattice: sg.Network) -> None:
    """Most first; too few together are told as a number, and all add up to the uncovered."""
    homes = spots(
        [(1.5, 1.5), (1.5, 1.4), (0, 1.5), (0, 1.45), (1.5, 0), (0, 0), (9, 9)],
        children=[30, 40, 100, 1, 7, 500, 900],
    )
    table = sg.gaps(lattice, ACADEMY, homes, speed_kmh=15, cutoff_min=5)
    assert table["gap_id"].tolist() == ["G001", "G002"]
    assert table["uncovered"].tolist() == [101, 70]
    assert table.attrs == {"in_no_gap": 7}
    assert table.crs == lattice.crs
    inside = table.geometry.apply(lambda one: homes.within(one).to_numpy().nonzero()[0].tolist())
    assert inside.tolist() == [[2, 3], [0, 1]]
    few = sg.gaps(lattice, ACADEMY, homes, speed_kmh=15, cutoff_min=5, min_children=1000)
    assert (len(few), few.attrs, few.crs) == (0, {"in_no_gap": 178}, lattice.crs)


# -- the best places -------------------------------------------------------------------------

CORNER = st.tuples(st.integers(0, SIDE - 1), st.integers(0, SIDE - 1)).filter(
    lambda one: not {0, SIDE - 1}.issuperset(one)
)
"""Where streets meet: at the ends of the outer ones a road only bends."""


def ms_between(network: sg.Network, corners: Sequence[tuple[int, int]]) -> dict[Any, Any]:
    """Give networkx's milliseconds between corners of the lattice."""
    graph = network.to_networkx(15)
    at = np.stack([network.node_x, network.node_y], axis=1)
    node = {
        one: int(np.hypot(*(at - (hand.X0 + 500 * one[0], hand.Y0 + 500 * one[1])).T).argmin())
        for one in corners
    }
    far = {
        one: nx.single_source_dijkstra_path_length(graph, node[one], weight="travel_time_ms")
        for one in corners
    }
    return {(one, other): far[one][node[other]] for one in corners for other in corners}


@settings(max_examples=30)
@given(
    homes=st.dictionaries(CORNER, st.integers(0, 50), min_size=1),
    places=st.lists(CORNER, min_size=1, max_size=5),
    there=st.lists(CORNER, max_size=2),
    count=st.integers(0, 3),
    streets=st.integers(0, 3),
)
def test_mclp_is_the_best_of_all_choices(
    lattice: sg.Network,
    homes: dict[tuple[int, int], int],
    places: list[tuple[int, int]],
    there: list[tuple[int, int]],
    count: int,
    streets: int,
) -> None:
    """Of every choice of so many, with the times of networkx, none has more within reach."""
    count, cutoff_min = min(count, len(places)), 2 * streets + 0.5
    ms = ms_between(lattice, list({*homes, *places, *there}))

    def in_time(academies: Sequence[tuple[int, int]]) -> int:
        """Count them one by one."""
        return sum(
            children
            for home, children in homes.items()
            if any(ms[home, one] <= cutoff_min * 60_000 for one in academies)
        )

    halved = lambda corners: [(i / 2, j / 2) for i, j in corners]  # noqa: E731
    found = sg.mclp(
        lattice,
        spots(halved(places)),
        spots(halved(homes), children=list(homes.values())),
        count=count,
        existing=spots(halved(there)),
        speed_kmh=15,
        cutoff_min=cutoff_min,
    )
    best = max(in_time([*there, *some]) for some in combinations(places, count))
    assert found.attrs == {"optimal": True, "covered": best, "covered_bound": best}
    assert found["newly"].sum() == best - in_time(there)
    chosen = [places[one] for one in found.index]
    for rank, row in enumerate(found.itertuples(), start=1):
        assert row.rank == rank
        assert row.covered == in_time([*there, *chosen[:rank]])
        assert row.newly > 0


def test_mclp_on_real_roads_is_the_best_of_all_choices(shared_data: Path) -> None:
    """Of every two of nine places in Berlare, and by the table of travel times."""
    network = sg.Network.from_osm(shared_data / "osm" / "berlare.osm")
    random = np.random.default_rng(7)
    corners = random.choice(network.nodes, 69, replace=False)
    at = gpd.points_from_xy(network.node_x[corners] + 20, network.node_y[corners], crs=network.crs)
    frame = gpd.GeoDataFrame({"children": random.integers(0, 30, len(at))}, geometry=at)
    homes, places, there = frame.iloc[:58], frame.iloc[58:67], frame.iloc[67:]
    how: dict[str, Any] = {"speed_kmh": 12, "cutoff_min": 4}

    def in_time(academies: gpd.GeoDataFrame) -> int:
        """Count them by the table of travel times."""
        reached = sg.access(network, academies, homes, **how)["status"] == "reached"
        return int(homes.loc[reached, "children"].sum())

    found = sg.mclp(network, places, homes, count=2, existing=there, **how)
    pairs = (places.iloc[list(pair)] for pair in combinations(range(len(places)), 2))
    best = max(in_time(pd.concat([there, pair])) for pair in pairs)
    assert found.attrs == {"optimal": True, "covered": best, "covered_bound": best}
    assert best > in_time(there) > 0
    counted = sg.coverage(network, pd.concat([there, places.loc[found.index]]), homes, **how)
    assert counted["covered"].tolist() == [best]
    left = sg.gaps(network, pd.concat([there, places.loc[found.index]]), homes, **how)
    assert left["uncovered"].sum() + left.attrs["in_no_gap"] == counted["uncovered"].sum()


# -- as a study counts -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory) -> tuple[Prepared, Measured, Path]:
    """The small study at one speed for all, measured; and its roads."""
    folder = hand.write_study(tmp_path_factory.mktemp("steps") / "study")
    register = (folder / "academies.csv").read_text(encoding="utf-8").replace(";8;12;", ";;;")
    (folder / "academies.csv").write_text(register, encoding="utf-8")
    (folder / "plaatsen.csv").write_text(
        "academy_id,naam,x_lambert72,y_lambert72\nK1,A,152400,203600\nK2,B,155100,201200\n"
        "K3,C,155200,205500\n",
        encoding="utf-8",
    )
    path = folder / "study.toml"
    text = path.read_text(encoding="utf-8")
    text = text.replace("network =", 'candidates = "plaatsen.csv"\n        network =')
    bands = "bands = [{ ages = [5, 17], speed_kmh = 12 }]"
    path.write_text(f"{text}[travel]\ncutoff_min = 8\n{bands}\n", encoding="utf-8")
    prepared = prepare_study(sg.load_study(folder), report_nothing)
    return prepared, measure_day(prepared, prepared.study.about.date), folder / "wegen.osm"


AS_STUDIED: dict[str, Any] = {"column": "children_5-17", "speed_kmh": 12, "cutoff_min": 8}


@pytest.mark.parametrize("profile", ["all", "low_stress", "quiet_1"])
def test_coverage_is_that_of_a_study(
    studied: tuple[Prepared, Measured, Path], profile: str
) -> None:
    """By municipality, to the last child, over all roads and over quiet ones."""
    prepared, measured, roads = studied
    network = sg.Network.from_osm(roads).restrict_to(profile)
    rows = measured.coverage.query("level == 'municipality' and band == 'all'")
    rows = rows.query("scenario == 'central' and profile == @profile").reset_index(drop=True)
    assert rows["uncovered"].gt(0).any()
    towns = prepared.inputs.municipalities
    for how in ({"by": "nis_code"}, {"by": "nis_code", "areas": towns}):
        table = sg.coverage(network, measured.academies, prepared.points, **AS_STUDIED, **how)
        given = ["code", *COUNTS, "share"]
        pd.testing.assert_frame_equal(pd.DataFrame(table[given]), rows[given])


def test_gaps_are_those_of_a_study(studied: tuple[Prepared, Measured, Path]) -> None:
    """The same areas with the same children."""
    prepared, measured, roads = studied
    table = sg.gaps(
        sg.Network.from_osm(roads),
        measured.academies,
        prepared.points,
        min_children=prepared.study.gaps.min_children,
        **AS_STUDIED,
    )
    theirs = find_gaps(prepared, measured).table
    theirs = theirs[theirs["profile"] == "all"]
    assert len(table) > 1
    assert sorted(table["uncovered"]) == sorted(theirs["uncovered"])
    assert shapely.equals(table.union_all(), theirs.union_all())


def test_mclp_is_the_plan_of_a_study(studied: tuple[Prepared, Measured, Path]) -> None:
    """The same places in the same order, with the same children."""
    prepared, measured, roads = studied
    asked = plans.build_question(prepared, measured)
    best = mclp(asked.choices, Limits(places=2))
    plan = plans.plan_table(asked, best.chosen, np.zeros(2, dtype=np.int64))
    table = sg.mclp(
        sg.Network.from_osm(roads),
        prepared.inputs.candidates,
        prepared.points,
        count=2,
        existing=measured.academies,
        **AS_STUDIED,
    )
    columns = ["rank", "academy_id", "newly", "covered", "share", "geometry"]
    assert list(table) == columns
    pd.testing.assert_frame_equal(
        pd.DataFrame(table.reset_index(drop=True)), pd.DataFrame(plan[columns])
    )


# -- what cannot be --------------------------------------------------------------------------

NOWHERE = ACADEMY.set_crs(None, allow_override=True)
FIELD = gpd.GeoDataFrame({"code": ["1"]}, geometry=[hand.square(0, 0)], crs=hand.CRS)
TWICE = pd.concat([FIELD, FIELD], ignore_index=True)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"network": ACADEMY}, "network: is a GeoDataFrame, not a Network; give one first"),
        ({"academies": NOWHERE}, "academies: has no CRS; say which with .set_crs(...)"),
        ({"academies": pd.DataFrame()}, "academies: is a DataFrame without geometry; give a Geo"),
        ({"academies": pd.concat([ACADEMY, ACADEMY])}, "academies: academy_id 'A' is there twice"),
        ({"academies": FIELD}, "academies: row 0 is a Polygon; give a Point"),
        ({"demand": CHILDREN[:0]}, "demand: has no points; give one with children at least"),
        ({"demand": CHILDREN.assign(children=np.nan)}, "'children' is nan in row 0 and wrong in 4"),
        ({"demand": CHILDREN.assign(children=[1, -2, 3, 4, 5])}, "'children' is -2 in row 1; give"),
        ({"demand": CHILDREN.assign(children=0.5)}, "'children' is 0.5 in row 0 and wrong in 4 mo"),
        ({"demand": CHILDREN.assign(children="1")}, "'children' holds str, not numbers; give who"),
        ({"column": "kids"}, "demand: has no column 'kids'; give column=, one of: children, town,"),
        ({"column": "childen"}, "demand: has no column 'childen'; did you mean 'children'?"),
        ({"by": "twon"}, "demand: has no column 'twon'; did you mean 'town'?"),
        (
            {"areas": FIELD, "by": "town"},
            "areas: has no column 'town'; give by=, one of: code, geo",
        ),
        ({"areas": TWICE}, "areas: the code '1' is there twice; give the column that tells them"),
        ({"areas": ACADEMY}, "areas: row 0 is a Point; give a Polygon"),
        ({"areas": FIELD.assign(code=None)}, "areas: row 0 has no code"),
        ({"speed_kmh": 0}, "speed_kmh: is 0; give a number above 0"),
        ({"speed_kmh": np.nan, "cutoff_min": -1}, "cutoff_min: is -1; give a number above 0"),
        ({"snap_limit_m": 20}, "snap: snap_limit_m (20 m) changes nothing below snap_within_m (50"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, dict) else "",
)
def test_what_cannot_be_counted_is_said_in_one_line(
    lattice: sg.Network, given: dict[str, Any], said: str
) -> None:
    """What, where and how to mend it: an error of ours, never a traceback from below."""
    frames = {"network": lattice, "academies": ACADEMY, "demand": CHILDREN, "speed_kmh": 15}
    with pytest.raises(sg.InputError) as caught:
        sg.coverage(**(frames | given))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"count": 2}, "siting: 2 places asked for, 1 to choose from; ask for fewer or give more"),
        ({"count": -1}, "siting: -1 places asked for"),
        ({"count": 1.5}, "count: is 1.5; give a whole number"),
        ({"count": 1, "time_limit_s": 0}, "time_limit_s: is 0; give a number above 0"),
        ({"count": 1, "existing": NOWHERE}, "existing: has no CRS"),
        ({"count": 1, "candidates": NOWHERE}, "candidates: has no CRS"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, dict) else "",
)
def test_what_cannot_be_chosen_is_said_in_one_line(
    lattice: sg.Network, given: dict[str, Any], said: str
) -> None:
    """More places than there are, numbers that are none, frames without a CRS."""
    frames = {"candidates": ACADEMY, "demand": CHILDREN, "speed_kmh": 15}
    with pytest.raises(sg.InputError) as caught:
        sg.mclp(lattice, **(frames | given))
    assert said in str(caught.value)
