"""Facts about a whole run: the figures of the sample, checked by other code than their own."""

from __future__ import annotations

import datetime as dt
import itertools
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import hand
import networkx as nx
import numpy as np
import osmium
import pandas as pd
import pytest
import shapely
from pyproj import Geod, Transformer
from statbel import CHILDREN

import stemgeo as sg
from stemgeo import facts
from stemgeo.demand.places import OWN
from stemgeo.errors import InputError
from stemgeo.inputs import read_academies
from stemgeo.measure import measure_day, prepare_study
from stemgeo.recognition import choose_recognised
from stemgeo.stages import report_nothing
from stemgeo.study import AcademyRules

if TYPE_CHECKING:
    from stemgeo.notes import Said
    from stemgeo.study_run import Result

pytestmark = pytest.mark.usefixtures("read_once")

GOLDEN = Path(__file__).parent / "golden" / "sample-provinces.csv"
GOLDEN_QUIET = GOLDEN.with_name("sample-provinces-low-stress.csv")
COUNTS = ["children", "covered", "uncovered", "unmeasured"]
PROVINCES = ("Antwerpen", "Limburg", "Oost-Vlaanderen", "Vlaams-Brabant", "West-Vlaanderen")


# -- the administrative measure: what the minister reported ----------------------------------


@pytest.mark.parametrize(
    ("year", "total", "provinces"),
    [
        (2019, 162, None),
        (2020, 221, (41, 24, 56, 36, 64)),
        (2021, 220, None),
        (2022, 221, (39, 27, 53, 38, 64)),
    ],
)
def test_municipalities_with_an_academy_are_those_the_minister_reported(
    sample_result: Result, year: int, total: int, provinces: tuple[int, ...] | None
) -> None:
    """Of the sample's register, by the recognitions valid on 31 December of each year."""
    valid, _ = choose_recognised(
        sample_result.inputs.academies, dt.date(year, 12, 31), AcademyRules()
    )
    codes = set(valid["nis_code"]) - {""}
    assert len(codes) == total
    if provinces is not None:
        of = sample_result.inputs.municipalities.set_index("nis_code")["province"]
        found = pd.Series([of[code] for code in codes]).value_counts()
        assert tuple(int(found[name]) for name in PROVINCES) == provinces


def test_the_run_reports_the_same_municipalities_with_an_academy(sample_result: Result) -> None:
    """Both measures stand in the province table; the first one is the minister's of 2022."""
    table = sample_result.summary().set_index("name")
    assert table["with_academy"].to_dict() == {
        "Antwerpen": 39,
        "Limburg": 27,
        "Oost-Vlaanderen": 53,
        "Vlaams-Brabant": 38,
        "West-Vlaanderen": 64,
        "Vlaanderen": 221,
    }
    assert table.loc["Vlaanderen", "municipalities"] == 300


# -- the children ----------------------------------------------------------------------------


def children_of_the_facts() -> pd.Series:
    """Children of 5 to 17 by municipality of 2024, straight from the facts."""
    table = facts.list_municipalities()
    flemish = table[~table["nis2024"].str.startswith("21")]
    columns = [name for name in table.columns if re.match(r"(girls|boys)_\d", name)]
    assert len(columns) == 8
    return flemish.groupby("nis2024")[columns].sum().sum(axis=1)


def test_the_children_are_those_of_the_facts(sample_result: Result) -> None:
    """Those of Flanders in 300 municipalities, to the child, in the input and in the answer."""
    due = children_of_the_facts()
    assert due.sum() == CHILDREN[2015]
    given = sample_result.inputs.children.groupby("nis_code")["children"].sum()
    assert given.to_dict() == due.to_dict()
    answered = sample_result.municipalities.set_index("nis_code")["children"]
    assert answered.to_dict() == due.to_dict()


def test_no_child_is_lost_between_input_and_answer(sample_result: Result) -> None:
    """At points, in every level, scenario and band: the sums are the input's."""
    coverage = sample_result.coverage
    by_age = sample_result.inputs.children.groupby("age")["children"].sum()
    assert sample_result.demand.filter(regex=r"^children_").to_numpy().sum() == by_age.sum()
    parts = coverage["covered"] + coverage["uncovered"] + coverage["unmeasured"]
    assert (parts == coverage["children"]).all()
    sums = coverage.groupby(["profile", "level", "scenario", "band"])["children"].sum()
    for (_, _, _, band), children in sums.items():
        first, last = (5, 17) if band == "all" else map(int, band.split("-"))
        assert children == by_age.loc[first:last].sum()
    assert len(sums) == coverage["profile"].nunique() * 4 * 3 * 4


def test_low_is_at_most_central_is_at_most_high(sample_result: Result) -> None:
    """In every place and band of the sample."""
    keys = ["level", "code", "band", "profile"]
    wide = sample_result.coverage.pivot_table(
        index=keys, columns="scenario", values="covered", aggfunc="sum"
    )
    assert (wide["low"] <= wide["central"]).all()
    assert (wide["central"] <= wide["high"]).all()
    assert (wide["low"] < wide["high"]).any()


def test_the_province_table_is_the_golden_one(sample_result: Result) -> None:
    """Exact counts; a difference says what moved, by province and column."""
    golden = pd.read_csv(GOLDEN).set_index("name")
    found = sample_result.summary().set_index("name")[golden.columns]
    moved = [
        f"{place}: {column} was {golden.loc[place, column]}, is {found.loc[place, column]}"
        for place in golden.index
        for column in golden.columns
        if golden.loc[place, column] != found.loc[place, column]
    ]
    assert list(golden.index) == list(found.index)
    assert not moved, (
        "the sample's figures moved:\n  "
        + "\n  ".join(moved)
        + "\nIf that is right: say why under 'Results changed' in CHANGELOG.md and put this in "
        + f"tests/golden/{GOLDEN.name}:\n"
        + found.to_csv(lineterminator="\n")
    )


# -- the two profiles ------------------------------------------------------------------------


def beside(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Put the rows of both profiles side by side."""
    every, quiet = (table[table["profile"] == name] for name in ("all", "low_stress"))
    return every.merge(quiet, on=keys, suffixes=("", "_quiet"), validate="one_to_one")


def test_the_low_stress_table_is_the_golden_one(sample_result: Result) -> None:
    """Exact counts of the children within reach over quiet roads."""
    golden = pd.read_csv(GOLDEN_QUIET)
    rows = sample_result.coverage
    rows = rows[(rows["profile"] == "low_stress") & (rows["scenario"] == "central")]
    rows = rows[rows["level"].isin(["province", "region"]) & (rows["band"] == "all")]
    found = rows.sort_values("code", key=lambda code: code == "VLG", kind="stable")
    found = found[["name", *COUNTS]].reset_index(drop=True)
    assert found.equals(golden), (
        "the sample's low-stress figures moved. If that is right: say why under 'Results changed' "
        f"in CHANGELOG.md and put this in tests/golden/{GOLDEN_QUIET.name}:\n"
        + found.to_csv(index=False, lineterminator="\n")
    )


def test_low_stress_never_covers_more_than_all(sample_result: Result) -> None:
    """In any place, band and scenario; and some places have less."""
    keys = ["level", "code", "name", "band", "scenario"]
    both = beside(sample_result.coverage, keys)
    assert len(both) == len(sample_result.coverage) / 3
    assert (both["covered_quiet"] <= both["covered"]).all()
    assert (both["covered_quiet"] < both["covered"]).any()
    assert both["covered_quiet"].sum() > 0
    assert (both["children_quiet"] == both["children"]).all()


def test_what_is_measured_is_the_same_for_both_profiles(sample_result: Result) -> None:
    """A child without a quiet road is uncovered, not unknown."""
    both = beside(sample_result.coverage, ["level", "code", "name", "band", "scenario"])
    assert (both["unmeasured_quiet"] == both["unmeasured"]).all()
    access = beside(sample_result.access, ["point_id", "band", "ages"])
    unmeasured = access["status"] == "unmeasured"
    assert ((access["status_quiet"] == "unmeasured") == unmeasured).all()


def test_no_quiet_ride_is_quicker_than_the_ride_over_all_roads(sample_result: Result) -> None:
    """Point by point, also where another road or another academy is the nearest quiet one."""
    both = beside(sample_result.access, ["point_id", "band", "ages"])
    assert (both["travel_time_s_quiet"] >= both["travel_time_s"]).all()
    assert np.isfinite(both["travel_time_s_quiet"]).sum() > 10_000


def test_the_access_table_tells_who_is_covered_in_each_profile(sample_result: Result) -> None:
    """Children whose row says at most 900 s are the covered ones, to the child."""
    demand, access = sample_result.demand, sample_result.access
    children = demand.set_index("point_id").filter(like="children_").stack()
    children.index = pd.MultiIndex.from_tuples(
        [(point, ages.removeprefix("children_")) for point, ages in children.index],
        names=["point_id", "ages"],
    )
    near = access[access["travel_time_s"] <= 900].join(
        children.rename("children"), on=["point_id", "ages"]
    )
    coverage = sample_result.coverage
    region = coverage[(coverage["level"] == "region") & (coverage["scenario"] == "central")]
    region = region.set_index(["profile", "band"])["covered"]
    for (profile, band), count in near.groupby(["profile", "band"])["children"].sum().items():
        assert region[profile, band] == count


def with_travel(folder: Path, lines: str) -> sg.Study:
    """Load a written study with lines added to its table of travel."""
    place = folder / "study.toml"
    place.write_text(place.read_text("utf-8") + f"\n[travel]\n{lines}\n", encoding="utf-8")
    return sg.load_study(folder)


def test_without_the_profile_there_are_no_low_stress_rows(
    small: tuple[Result, Path], tmp_path: Path
) -> None:
    """`profiles = ["all"]`: the other rows are the same, to the last figure."""
    both, folder = small
    alone = sg.run(with_travel(shutil.copytree(folder, tmp_path / "s"), 'profiles = ["all"]'))
    assert set(alone.coverage["profile"]) == set(alone.access["profile"]) == {"all"}
    assert set(alone.network_counts) == {"all"}
    assert "share_low_stress" not in alone.summary()
    assert "share_low_stress" in both.summary()
    for name in ("coverage", "access"):
        every = getattr(both, name)
        every = every[every["profile"] == "all"].reset_index(drop=True)
        pd.testing.assert_frame_equal(getattr(alone, name).reset_index(drop=True), every)
    effects = both.effects[both.effects["profile"] == "all"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone.effects, effects)
    for name in ("municipalities", "demand", "isochrones"):
        assert getattr(alone, name).equals(getattr(both, name)), name
    found = both.gaps[both.gaps["profile"] == "all"].drop(columns="gap_id").reset_index(drop=True)
    assert found.equals(alone.gaps.drop(columns="gap_id"))


def test_the_order_of_the_profiles_does_not_matter(
    small: tuple[Result, Path], tmp_path: Path
) -> None:
    """Named the other way round: every table is the same."""
    result, folder = small
    turned = with_travel(
        shutil.copytree(folder, tmp_path / "s"), 'profiles = ["quiet_1", "low_stress", "all"]'
    )
    for name, table in tables(sg.run(turned)).items():
        assert table.equals(tables(result)[name]), name


def test_the_effect_of_surfaces_is_that_of_a_run_without_them(tmp_path: Path) -> None:
    """Cobbles on every street: the children that a run with `surface = false` has within reach."""
    folder = hand.write_study(tmp_path / "s")
    roads = folder / "wegen.osm"
    roads.write_text(roads.read_text("utf-8").replace("asphalt", "sett"), encoding="utf-8")
    rough = sg.run(sg.load_study(folder))
    smooth = sg.run(with_travel(shutil.copytree(folder, tmp_path / "smooth"), "surface = false"))
    for result, other, variant in (
        (rough, smooth, "surface = false"),
        (smooth, rough, "surface = true"),
    ):
        effects = result.effects[result.effects["profile"] == "all"].set_index("code")
        assert set(effects["variant"]) == {variant}
        mine, theirs = (one.municipalities.set_index("nis_code") for one in (result, other))
        assert effects["covered"].to_dict() == mine["covered"].to_dict()
        assert effects["covered_variant"].to_dict() == theirs["covered"].to_dict()
        assert effects["children"].to_dict() == mine["children"].to_dict()
    sums = rough.effects.groupby("profile")[["covered", "covered_variant"]].sum()
    assert sums.loc["all", "covered"] < sums.loc["all", "covered_variant"]


def test_a_straight_line_has_no_effects(tmp_path: Path) -> None:
    """No surface, no profile but all: an empty table with its columns."""
    study = hand.write_study(tmp_path / "s", straight_line=True)
    result = sg.run(sg.load_study(study))
    assert result.effects.empty
    assert {"level", "code", "variant", "covered_variant"} <= set(result.effects.columns)
    assert set(result.coverage["profile"]) == {"all"}
    assert result.network_counts == {}


def test_a_merger_moves_no_child_of_the_sample(sample_result: Result) -> None:
    """In the codes of 2025 each zone has the children, and those within reach, of 2024."""
    study = sg.sample()
    about = study.about.model_copy(update={"vintage": 2025})
    merged = measure_day(
        prepare_study(study.model_copy(update={"about": about}), report_nothing), about.date
    )

    def zones(table: pd.DataFrame) -> pd.DataFrame:
        rows = table[table["level"] == "zone"]
        keys = ["code", "band", "scenario", "profile"]
        return rows.set_index(keys)[["children", "covered", "unmeasured"]].sort_index()

    pd.testing.assert_frame_equal(zones(merged.coverage), zones(sample_result.coverage))
    sums = merged.coverage.groupby(["level", "band", "scenario", "profile"])["children"].sum()
    assert sums.groupby(["band", "scenario", "profile"]).nunique().eq(1).all()


def test_the_sensitivity_of_a_method_is_a_run_with_that_method(tmp_path: Path) -> None:
    """The best beside grid and centroid: each row equals a whole run that places children so."""
    folder = hand.write_study(tmp_path / "study")
    (folder / "inwoners.csv").write_text(
        "x,y,inwoners\n" + "".join(f"{150_250 + 500 * i},{200_250 + 450 * i},{i % 4 + 1}\n"
                                   for i in range(12)),
        encoding="utf-8",
    )  # fmt: skip
    text = (folder / "study.toml").read_text(encoding="utf-8")
    weights = 'weights = { path = "inwoners.csv", crs = "EPSG:31370" }\n        network'
    text = re.sub(r"network", weights, text, count=1)
    (folder / "study.toml").write_text(text, encoding="utf-8")
    result = sg.run(sg.load_study(folder))
    assert list(dict.fromkeys(result.sensitivity["method"])) == ["best", "grid", "centroid"]
    for method, rows in result.sensitivity.groupby("method"):
        own = f'[demand]\nmethod = "{method}"\n[output]'
        (folder / "study.toml").write_text(text.replace("[output]", own), encoding="utf-8")
        other = sg.run(sg.load_study(folder))
        expected = other.coverage[
            other.coverage["level"].isin(["region", "province"])
            & (other.coverage["band"] == "all")
            & (other.coverage["scenario"] == "central")
            & (other.coverage["profile"] == "all")
        ]
        columns = ["level", "code", "children", "covered", "uncovered", "unmeasured"]
        assert rows[columns].to_numpy().tolist() == expected[columns].to_numpy().tolist()
        own_ways = [*OWN.get(method, [method]), "outside"]
        elsewhere = ~other.placement["method"].isin(own_ways)
        fell_back = other.placement.loc[elsewhere, "children"].sum()
        assert set(rows["fell_back"]) == {fell_back}


def test_a_quiet_street_that_is_an_island_gains_nobody(tmp_path: Path) -> None:
    """What all roads do not offer, quiet roads do not either.

    A street of 2 km across a river, with an academy of its own: an island of all roads, too
    small to take points, so its children walk to the road on this side and are late, or have
    none and are unmeasured. On quiet roads the street is a neighbourhood and would be within reach.
    """
    nodes = {1: (0.0, 0.0), 2: (12.0, 0.0), 3: (0.0, 6.0), 4: (1.0, 0.3), 5: (3.0, 0.3)}
    nodes |= {6: (5.0, 3.0), 7: (7.0, 3.0)}
    street = {"highway": "residential"}
    ways = [([2, 1, 3], street), ([4, 5], street), ([6, 7], street)]
    folder = hand.write_study(tmp_path / "s")
    (folder / "wegen.osm").write_text(hand.osm_xml(nodes, ways), encoding="utf-8")
    header = hand.SMALL_ACADEMIES.splitlines()[0]
    lines = ["S1;A;;151500,0;200300,0;;;;", "S2;B;;156000,0;203000,0;;;;"]
    (folder / "academies.csv").write_text("\n".join([header, *lines]), encoding="utf-8")
    result = sg.run(sg.load_study(folder))
    access = beside(result.access, ["point_id", "band", "ages"])
    places = result.demand.set_index("point_id").geometry[access["point_id"]].reset_index(drop=True)
    far_off = places.y.between(hand.Y0 + 2990, hand.Y0 + 3010).to_numpy()
    assert set(access.loc[far_off, "status"]) == {"unmeasured"}
    assert set(access.loc[far_off, "status_quiet"]) == {"unmeasured"}
    assert np.isinf(access.loc[far_off, "travel_time_s_quiet"]).all()
    assert (access["travel_time_s_quiet"] >= access["travel_time_s"]).all()
    across = places.y.between(hand.Y0 + 290, hand.Y0 + 310).to_numpy()
    assert (access.loc[across, "travel_time_s"] > 2 * 300 / 1.3 - 1).all()
    assert across.sum() > 10
    assert far_off.sum() > 10


def test_ferries_are_said_when_used(tmp_path: Path, small: tuple[Result, Path]) -> None:
    """In the notes, with their number; off by default and then not said."""
    result, folder = small
    assert not any("ferries" in str(note) for note in result.notes)
    other = shutil.copytree(folder, tmp_path / "s")
    roads = (other / "wegen.osm").read_text("utf-8")
    ferry = (
        '<way id="900" version="1"><nd ref="1"/><nd ref="1201"/>'
        '<tag k="route" v="ferry"/><tag k="bicycle" v="yes"/></way></osm>'
    )
    (other / "wegen.osm").write_text(roads.replace("</osm>", ferry), encoding="utf-8")
    off = sg.run(sg.load_study(other))
    assert off.network_counts["all"]["ferries"] == 1
    assert not any("ferries" in str(note) for note in off.notes)
    pd.testing.assert_frame_equal(off.coverage, result.coverage)
    on = sg.run(with_travel(other, "ferries = true"))
    notes = [str(note) for note in on.notes if "ferries" in str(note)]
    assert notes == ["network: ferries are used: 1 ferry takes bicycles; as the study asks"]


# -- an oracle for the main figure, that shares nothing with the package ---------------------


WGS84 = Geod(ellps="WGS84")


class Street(NamedTuple):
    """A straight piece of road between two nodes, with the speed along and against it."""

    start: object
    end: object
    line: shapely.LineString
    mm: int
    forward: float
    backward: float


SLOW = {
    "paving_stones": 16,
    "concrete:plates": 16,
    "concrete:lanes": 16,
    "fine_gravel": 14,
    "compacted": 14,
    "gravel": 12,
    "unpaved": 12,
    "sett": 10,
    "ground": 10,
    "cobblestone": 8,
    "grass": 8,
    "asphalt": 18,
    "concrete": 18,
}
GRADE = {"grade1": 18, "grade2": 14, "grade3": 12, "grade4": 10, "grade5": 8}
RIDDEN = set(
    """
    primary secondary tertiary primary_link secondary_link tertiary_link unclassified residential
    living_street service track path cycleway pedestrian
    """.split()  # noqa: SIM905
)
PASSABLE = {"bollard", "gate", "cycle_barrier", "lift_gate"}
IMPASSABLE = {"wall", "fence", "stile", "kissing_gate"}
PUSHED = {"footway", "pedestrian"}


def kmh(tags: dict[str, str], speed: float) -> float:
    """Give the speed along a way of the sample in the direction of traffic; 0 is closed."""
    highway, bicycle = tags["highway"], tags.get("bicycle")
    shut = tags.get("access") == "private" or "agricultural" in tags.get("vehicle", "")
    if bicycle is None and shut:
        return 0.0
    if bicycle == "use_sidepath" or tags.get("motorroad") == "yes":
        return 0.0
    if highway == "steps":
        return 2.0
    if bicycle in {"no", "dismount"} or (highway in PUSHED and bicycle is None):
        return 4.0 if highway in PUSHED | {"path", "service", "residential", "cycleway"} else 0.0
    if highway not in RIDDEN:
        return 0.0
    if "surface" in tags:
        over_18 = SLOW[tags["surface"]]
    elif highway == "track":
        over_18 = GRADE[tags["tracktype"]] if "tracktype" in tags else 12
    else:
        over_18 = 12 if highway == "path" else 18
    assert "smoothness" not in tags
    limit = re.match(r"\d+", tags.get("maxspeed", ""))
    return max(4.0, min(speed * over_18 / 18, float(limit[0]) if limit else 99.0))


def both_ways(tags: dict[str, str], speed: float) -> tuple[float, float]:
    """Give the speeds along a way as drawn and against it."""
    along = kmh(tags, speed)
    roundabout = tags.get("junction") == "roundabout"
    oneway = tags.get("oneway") == "yes" or (roundabout and "oneway" not in tags)
    free = tags.get("oneway:bicycle") == "no" or tags.get("cycleway", "").startswith("opposite")
    if not oneway or free or along in (0.0, 2.0, 4.0):
        return along, along
    return along, 0.0 if roundabout else 4.0


class Ground(NamedTuple):
    """The sample's roads as read here: places of nodes in Lambert 72 and the ways."""

    place: dict[int, tuple[float, float]]
    degrees: dict[int, tuple[float, float]]
    ways: list[tuple[list[int], dict[str, str]]]
    barriers: set[int]


@pytest.fixture(scope="module")
def ground() -> Ground:
    """Read the extract with osmium and no code of the package."""
    ways, degrees, barriers = [], {}, set()
    for item in osmium.FileProcessor(str(facts.fact_path("sample") / "wegen.osm.pbf")):
        tags = {tag.k: tag.v for tag in item.tags}
        if item.is_node():
            degrees[item.id] = (item.lon, item.lat)
            if "barrier" in tags:
                assert tags["barrier"] in PASSABLE | IMPASSABLE, tags
                shut = tags["barrier"] in IMPASSABLE or tags.get("locked") == "yes"
                barriers |= {item.id} if shut else set()
        elif item.is_way() and "highway" in tags:
            ways.append(([node.ref for node in item.nodes], tags))
    to_lambert = Transformer.from_crs("EPSG:4326", "EPSG:31370", always_xy=True)
    x, y = to_lambert.transform(*np.array(list(degrees.values())).T)
    return Ground(dict(zip(degrees, zip(x, y, strict=True), strict=True)), degrees, ways, barriers)


class Oracle:
    """Covered children of an area by plain Dijkstra over every node of every road."""

    def __init__(self, ground: Ground, area: shapely.Geometry, speed: float) -> None:
        """Keep the roads near the area: who rides a quarter of an hour stays within."""
        near = area.buffer(6000)
        shapely.prepare(near)
        self.streets: list[Street] = []
        steps: set[int] = set()
        for refs, tags in ground.ways:
            forward, backward = both_ways(tags, speed)
            shape = shapely.LineString([ground.place[ref] for ref in refs])
            if not (forward or backward) or not near.intersects(shape):
                continue
            for pair in itertools.pairwise(refs):
                if tags["highway"] == "steps":
                    steps.add(len(self.streets))
                self.streets.append(self._street(ground, pair, forward, backward))
        self.graph = nx.DiGraph()
        for street in self.streets:
            # Turned round: the search starts at the academies.
            if street.forward:
                self._arc(street.end, street.start, street.mm * 3.6 / street.forward)
            if street.backward:
                self._arc(street.start, street.end, street.mm * 3.6 / street.backward)
        # No child is tied to steps, or to a piece of road where one cannot come and go.
        mainland = max(nx.strongly_connected_components(self.graph), key=len)
        self.usable = [
            i
            for i, street in enumerate(self.streets)
            if i not in steps and street.start in mainland and street.end in mainland
        ]
        self.tree = shapely.STRtree([self.streets[i].line for i in self.usable])

    def _street(
        self, ground: Ground, pair: tuple[int, int], forward: float, backward: float
    ) -> Street:
        _, _, metres = WGS84.inv(*(value for one in pair for value in ground.degrees[one]))
        # Nothing passes a barrier: each piece of road ends at its own side of it.
        start, end = ((one, len(self.streets)) if one in ground.barriers else one for one in pair)
        line = shapely.LineString([ground.place[one] for one in pair])
        return Street(start, end, line, round(metres * 1000), forward, backward)

    def _arc(self, node: object, other: object, ms: float) -> None:
        known = self.graph.get_edge_data(node, other, {"ms": np.inf})["ms"]
        self.graph.add_edge(node, other, ms=min(round(ms), known))

    def ties(self, point: shapely.Point) -> list[tuple[int, float, float]]:
        """Give street, mm along it and metres to it: of all within 50 m, else of the nearest."""
        numbers = self.tree.query(point, predicate="dwithin", distance=50)
        if not len(numbers):
            numbers = [self.tree.nearest(point)]
        ties = []
        for number in (self.usable[one] for one in numbers):
            street = self.streets[number]
            along = street.line.project(point, normalized=True) * street.mm
            ties.append((number, along, point.distance(street.line)))
        return [tie for tie in ties if tie[2] <= 500]

    def times(self, academies: gpd.GeoSeries) -> Times:
        """Search from these academies at once."""
        graph = self.graph.copy()
        on_street: dict[int, list[tuple[float, int]]] = {}
        for number, at, metres in itertools.chain(*map(self.ties, academies)):
            street, walk = self.streets[number], round(metres / 1.3 * 1000)
            on_street.setdefault(number, []).append((at, walk))
            for node, far, v in (
                (street.start, at, street.forward),
                (street.end, street.mm - at, street.backward),
            ):
                ms = walk + far * 3.6 / v if v else np.inf
                if v and ms < graph.get_edge_data("source", node, {"ms": np.inf})["ms"]:
                    graph.add_edge("source", node, ms=ms)
        found = nx.single_source_dijkstra_path_length(graph, "source", cutoff=900_001, weight="ms")
        return Times(self, dict(found), on_street)


class Times(NamedTuple):
    """How long it takes from each node to the nearest of some academies."""

    oracle: Oracle
    node: dict[int, float]
    on_street: dict[int, list[tuple[float, int]]]

    def to(self, point: shapely.Point) -> float | None:
        """Milliseconds from a child's door; inf beyond reach, None if not tied to a road."""
        ties = self.oracle.ties(point)
        return min((self.by(*tie) for tie in ties), default=None)

    def by(self, number: int, at: float, metres: float) -> float:
        """Milliseconds by one of the streets near a door."""
        street = self.oracle.streets[number]
        best = np.inf
        if street.forward:
            ahead = (street.mm - at) * 3.6 / street.forward
            best = min(best, self.node.get(street.end, np.inf) + ahead)
        if street.backward:
            back = at * 3.6 / street.backward
            best = min(best, self.node.get(street.start, np.inf) + back)
        for other, walk in self.on_street.get(number, []):
            v = street.forward if other >= at else street.backward
            if v:
                best = min(best, walk + abs(other - at) * 3.6 / v)
        return best + metres / 1.3 * 1000


SPEED = {"5-8": 10.0, "9-11": 12.0, "12-17": 15.0}


@pytest.fixture(scope="module", params=["Bilzen", "Torhout", "Tervuren"])
def plain(
    request: pytest.FixtureRequest, sample_result: Result, ground: Ground
) -> tuple[str, pd.DataFrame]:
    """Time every child of a municipality with the oracle: a row per point and ages."""
    place = sample_result.inputs.municipalities.set_index("name").loc[request.param]
    points = sample_result.demand[sample_result.demand["nis_code"] == place["nis_code"]]
    academies = sample_result.academies[sample_result.academies.distance(place.geometry) < 5000]
    low, high = academies["min_age"].fillna(5), academies["max_age"].fillna(17)
    parts = []
    for band, speed in SPEED.items():
        oracle = Oracle(ground, place.geometry, speed)
        first, last = map(int, band.split("-"))
        for column in points.filter(regex=r"^children_"):
            ages = column.removeprefix("children_")
            begin, end = map(int, ages.split("-"))
            if first <= begin <= end <= last:
                serving = academies[(low <= begin) & (end <= high)]
                times = oracle.times(serving.geometry) if len(serving) else None
                ms = [np.inf if times is None else times.to(one) for one in points.geometry]
                rows = {"point_id": points["point_id"], "children": points[column], "ms": ms}
                parts.append(pd.DataFrame(rows).assign(band=band, ages=ages))
    return str(place["nis_code"]), pd.concat(parts)


def test_the_covered_children_are_those_of_plain_dijkstra(
    sample_result: Result, plain: tuple[str, pd.DataFrame]
) -> None:
    """Roads read anew, rules written anew, networkx: the same children within reach, per band."""
    code, timed = plain
    # Within 20 ms of the line it is rounding that decides.
    sure = timed["children"].where(timed["ms"] <= 900_000 - 20, 0).groupby(timed["band"]).sum()
    at_most = timed["children"].where(timed["ms"] < 900_000 + 20, 0).groupby(timed["band"]).sum()
    coverage = sample_result.coverage
    rows = coverage[
        (coverage["level"] == "municipality")
        & (coverage["code"] == code)
        & (coverage["band"] != "all")
        & (coverage["scenario"] == "central")
        & (coverage["profile"] == "all")
    ].set_index("band")
    assert set(rows.index) == set(SPEED)
    for band, row in rows.iterrows():
        assert sure[band] <= row["covered"] <= at_most[band]
        assert at_most[band] - sure[band] <= 0.01 * row["children"]
        assert 0 < row["covered"] < row["children"]


def test_the_travel_times_are_those_of_plain_dijkstra(
    sample_result: Result, plain: tuple[str, pd.DataFrame]
) -> None:
    """Door to door, to the hundredth of a second, for every point within a quarter of an hour."""
    _, timed = plain
    access = sample_result.access
    access = access[access["profile"] == "all"]
    both = timed.merge(access, on=["point_id", "ages"], validate="one_to_one")
    assert len(both) == len(timed)
    near = (both["ms"] <= 900_000) | (both["travel_time_s"] <= 900)
    assert near.sum() > 500
    difference = (both["ms"] / 1000 - both["travel_time_s"])[near].abs()
    assert difference.max() < 0.01


# -- which academies count -------------------------------------------------------------------


def counted(valid: tuple[str | None, str | None], day: str) -> bool:
    register = hand.academies({"A": hand.spot(0, 0)}, valid={"A": valid})
    chosen, notes = choose_recognised(register, dt.date.fromisoformat(day), AcademyRules())
    assert len(notes) == (0 if len(chosen) else 1)
    return len(chosen) == 1


@pytest.mark.parametrize(
    ("valid", "first", "last"),
    [
        (("2021-03-01", "2022-06-30"), "2021-03-01", "2022-06-30"),
        (("2021-03-01", None), "2021-03-01", "2023-02-28"),
        (("2020-02-29", None), "2020-02-29", "2022-02-28"),
        (("2020-03-01", None), "2020-03-01", "2022-02-28"),
        (("2022-12-31", "2022-12-31"), "2022-12-31", "2022-12-31"),
    ],
)
def test_a_recognition_holds_from_its_first_to_its_last_day(
    valid: tuple[str | None, str | None], first: str, last: str
) -> None:
    """Both days included; two years less a day when only the start is known."""
    day = dt.timedelta(days=1)
    begin, end = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    assert counted(valid, first)
    assert counted(valid, last)
    assert not counted(valid, str(begin - day))
    assert not counted(valid, str(end + day))


def test_an_unknown_start_has_begun_and_unknown_dates_hold_for_ever() -> None:
    """Only the end is known: valid until it. Neither: always."""
    assert counted((None, "2022-06-30"), "1990-01-01")
    assert counted((None, "2022-06-30"), "2022-06-30")
    assert not counted((None, "2022-06-30"), "2022-07-01")
    assert counted((None, None), "1990-01-01")
    assert counted((None, None), "2100-01-01")


def test_a_register_without_any_academy_is_said() -> None:
    """An empty choice is a note that says how many there were, not an error."""
    register = hand.academies({"A": hand.spot(0, 0)}, valid={"A": ("2030-01-01", None)})
    chosen, (note,) = choose_recognised(register, dt.date(2022, 12, 31), AcademyRules())
    assert len(chosen) == 0
    assert "none of 1 academy is recognised on 31 December 2022" in str(note)


# -- whatever the order and the place --------------------------------------------------------


def test_the_order_of_the_academies_in_their_file_does_not_matter(
    sample_result: Result, tmp_path: Path
) -> None:
    """The sample's register turned upside down reads as the same table."""
    lines = (facts.fact_path("sample") / "academies.csv").read_text("utf-8-sig").splitlines()
    turned = tmp_path / "academies.csv"
    turned.write_text("\n".join([lines[0], *lines[:0:-1]]) + "\n", encoding="utf-8")
    read = read_academies(turned, sample_result.inputs.municipalities)
    pd.testing.assert_frame_equal(
        pd.DataFrame(read), pd.DataFrame(sample_result.inputs.academies), check_like=True
    )


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    """The small hand-made study, run once, and its folder."""
    folder = hand.write_study(tmp_path_factory.mktemp("small") / "study")
    return sg.run(sg.load_study(folder)), folder


def tables(result: Result) -> dict[str, pd.DataFrame]:
    names = ("coverage", "municipalities", "academies", "gaps", "demand", "access", "isochrones")
    names += ("effects", "gap_municipalities", "gap_children")
    return {name: getattr(result, name) for name in names}


def test_a_turned_register_gives_the_same_result(
    small: tuple[Result, Path], tmp_path: Path
) -> None:
    """Every table of the run, to the last row."""
    result, folder = small
    other = shutil.copytree(folder, tmp_path / "other")
    lines = (other / "academies.csv").read_text("utf-8").splitlines()
    (other / "academies.csv").write_text("\n".join([lines[0], *lines[:0:-1]]), encoding="utf-8")
    for name, table in tables(sg.run(sg.load_study(other))).items():
        assert table.equals(tables(result)[name]), name


def test_equally_near_academies_are_told_apart_by_their_id(tmp_path: Path) -> None:
    """Two on one spot: the smaller id is the nearest for everyone, whichever row came first."""
    for rows in (("B2", "A1"), ("A1", "B2")):
        folder = hand.write_study(tmp_path / "".join(rows))
        header = hand.SMALL_ACADEMIES.splitlines()[0]
        lines = [f"{one};Academie {one};;153000;201000;;;;" for one in rows]
        (folder / "academies.csv").write_text("\n".join([header, *lines]), encoding="utf-8")
        access = sg.run(sg.load_study(folder)).access
        assert set(access["academy_id"]) == {"A1", ""}


def test_a_child_off_the_extract_is_unmeasured_not_uncovered(small: tuple[Result, Path]) -> None:
    """The roads end 500 m short of the northern border: those children stand beside the share."""
    result, _ = small
    table = result.municipalities.set_index("nis_code")
    assert table["unmeasured"].sum() > 0
    outside = result.demand.groupby("nis_code")["outside_network"].any()
    assert outside.any()
    for code, rows in result.demand.groupby("nis_code"):
        off = rows.loc[rows["outside_network"]].filter(regex=r"^children_").to_numpy().sum()
        assert table.loc[code, "unmeasured"] >= off
    far = result.demand.loc[result.demand["outside_network"], "point_id"]
    access = result.access.set_index("point_id")
    assert set(access.loc[far, "status"]) == {"unmeasured"}


def test_progress_runs_from_nothing_to_all(tmp_path: Path) -> None:
    """Each step is told with a share that never falls."""
    told: list[tuple[Said, float]] = []
    study = sg.load_study(hand.write_study(tmp_path / "s", straight_line=True))
    sg.run(study, progress=lambda what, share: told.append((what, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert all(0 <= share <= 1 for share in shares)
    assert len({what for what, _ in told}) == len(told)


def test_a_register_in_which_nobody_counts_covers_nobody(tmp_path: Path) -> None:
    """No valid recognition on the date: all measured children are uncovered, and it is said."""
    folder = hand.write_study(tmp_path / "s")
    text = (folder / "study.toml").read_text("utf-8")
    (folder / "study.toml").write_text(text.replace("2022-12-31", "2040-12-31"), encoding="utf-8")
    result = sg.run(sg.load_study(folder))
    total = result.summary("region").iloc[0]
    assert total["covered"] == 0
    assert total["uncovered"] > 0
    assert total["children"] == hand.CHILDREN
    assert any("is recognised on 31 December 2040" in str(note) for note in result.notes)
    assert set(result.gaps["reason"]) == {"no_academy_near", "too_far"}
    assert result.gaps["children_lapsed"].sum() > 0
    assert set(result.gaps["nearest_academy_id"]) == {""}
    assert np.isinf(result.gaps["median_time_s"]).all()


def test_a_study_without_children_is_a_result(tmp_path: Path) -> None:
    """Zero in every age: tables of zeros and empty shares, no crash."""
    folder = hand.write_study(tmp_path / "s")
    text = (folder / "bevolking.txt").read_text("utf-8")
    zero = re.sub(r"\|\d+\|2022", "|0|2022", text)
    (folder / "bevolking.txt").write_text(zero, encoding="utf-8")
    result = sg.run(sg.load_study(folder))
    total = result.summary("region").iloc[0]
    assert total[COUNTS].tolist() == [0, 0, 0, 0]
    assert np.isnan(total["share"])
    assert len(result.demand) == len(result.gaps) == 0
    result.write(tmp_path / "out")


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    """Three broken files: one error that names each of them."""
    folder = hand.write_study(tmp_path / "s")
    (folder / "wegen.osm").unlink()
    (folder / "academies.csv").write_text("naam;x;y\nZonder plaats;;\n", encoding="utf-8")
    (folder / "bevolking.txt").write_text(
        "CD_REFNIS|CD_SEX|CD_AGE|MS_POPULATION|CD_YEAR\n11001|F|5|-3|2022\n", encoding="utf-8"
    )
    with pytest.raises(InputError) as caught:
        sg.run(sg.load_study(folder))
    assert isinstance(caught.value, FileNotFoundError)
    told = str(caught.value)
    for name in ("wegen.osm", "academies.csv", "bevolking.txt"):
        assert name in told


def test_public_names_do_not_become_modules() -> None:
    """`stemgeo.study_run` is the function, the second time too, whatever module was loaded."""
    for _ in range(2):
        assert callable(sg.run)
        assert callable(sg.sample)
        assert callable(sg.access)


def test_the_sample_against_the_year_before_is_what_was_reported(sample_result: Result) -> None:
    """220 municipalities in 2021, 221 in 2022: as the minister said, and as the trend counts."""
    reported = facts.read_reported().query("indicator == 'municipalities_with_academy'")
    reported = reported[reported["region"] == "Vlaanderen"].set_index("year")["value"]
    changes = sample_result.changes
    assert changes["had_academy"].sum() == reported[2021]
    assert changes["has_academy"].sum() == reported[2022]
    counted = sample_result.municipalities.set_index("nis_code")["has_academy"]
    assert changes.set_index("nis_code")["has_academy"].equals(counted)
    won, lost = ((changes["status"] == name).sum() for name in ("new", "lost"))
    assert won - lost == reported[2022] - reported[2021]
