"""How sure a share is: each bar is a run by itself, and no filling of the map leaves the bounds."""

from __future__ import annotations

import dataclasses
import datetime as dt
from functools import cache
from typing import TYPE_CHECKING, Any

import hand
import numpy as np
import pandas as pd
import pytest
from access.better_roads import Place
from hypothesis import given
from hypothesis import strategies as st
from network.maps import RoadMap, metres

from stemgeo.access.search import UNREACHED, unpack_labels
from stemgeo.access.travel_time import Rider
from stemgeo.measure import (
    Prepared,
    measure_day,
    measure_sensitivity,
    prepare_study,
)
from stemgeo.network import Network, snap_points
from stemgeo.network.bicycle import NOT_AT_ALL, PUSHED, Ride, classify_way, find_ratio_bounds
from stemgeo.network.stress import LEVELS, rate_bounds, rate_stress
from stemgeo.network.stress_rules import load_stress_rules
from stemgeo.report.summary import say_how_sure
from stemgeo.stages import report_nothing
from stemgeo.study import load_study
from stemgeo.study_run import run
from stemgeo.uncertainty import measure_uncertainty
from stemgeo.verification import verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stemgeo.study import Study

pytestmark = pytest.mark.usefixtures("read_once")

Tags = dict[str, str]
DAY = dt.date(2022, 12, 31)

# --- the bounds of a way --------------------------------------------------------------------------

LIMITS = {"service": ["30", "50"], "secondary": ["30", "50", "70", "90"]}
LANES = {"tertiary": ["2", "4"], "secondary": ["2", "4"]}
ABOVE_STREETS = ("unclassified", "tertiary", "secondary")


@st.composite
def tagged(draw: st.DrawFn) -> Tags:
    """Draw a way on which all is tagged that the law allows there."""
    highway = draw(st.sampled_from(["residential", "living_street", "service", *ABOVE_STREETS]))
    some = {
        "oneway": st.just("yes"),
        "motor_vehicle": st.sampled_from(["no", "destination"]),
        "cyclestreet": st.just("yes"),
        "zone:traffic": st.sampled_from(["BE-VLG:urban", "BE-VLG:rural"]),
        "surface": st.sampled_from(["asphalt", "sett", "paving_stones"]),
    }
    tags = {"highway": highway} | draw(st.fixed_dictionaries({}, optional=some))
    if highway in ABOVE_STREETS:
        word = st.sampled_from(["no", "lane", "track", "shared_lane"])
        sides = {"cycleway:left": word, "cycleway:right": word}
        tags |= draw(st.fixed_dictionaries({}, optional={"cycleway": word}))
        tags |= {} if "cycleway" in tags else draw(st.fixed_dictionaries({}, optional=sides))
    return (
        tags
        | {"maxspeed": draw(st.sampled_from(limits(tags)))}
        | {"lanes": draw(st.sampled_from(lanes(tags)))}
    )


def limits(tags: Tags) -> list[str]:
    """Give the limits that the law allows on a way."""
    if tags["highway"] == "living_street":
        return ["20"]
    return ["30", "50"] if is_urban(tags) else LIMITS.get(tags["highway"], ["30", "50", "70"])


def is_urban(tags: Tags) -> bool:
    """Whether a way is tagged as lying in a built-up area."""
    return tags.get("zone:traffic") == "BE-VLG:urban"


def lanes(tags: Tags) -> list[str]:
    """Give the numbers of lanes that a way may have."""
    if "oneway" in tags:
        return ["1", "2"] if tags["highway"] in LANES else ["1"]
    return LANES.get(tags["highway"], ["1", "2"])


SETS = st.sampled_from(["default", "bna", "vademecum-2022"])
DELETED = ["maxspeed", "lanes", "cycleway", "cycleway:left", "cycleway:right", "zone:traffic"]


@given(tagged(), SETS)
def test_of_a_way_with_all_tags_the_bounds_are_its_level(tags: Tags, name: str) -> None:
    """A limit, lanes, a cycleway and the built-up area are known: nothing depends on the map."""
    tags = {"cycleway": "no", "zone:traffic": "BE-VLG:urban", "surface": "sett"} | tags
    forward, backward = rate_stress(tags, built_up=True, by=load_stress_rules(name))
    for bounds in rate_bounds(tags, load_stress_rules(name)):
        assert bounds == (forward, backward, forward, backward)
    assert all(low == high for low, high in find_ratio_bounds(tags))


@given(tagged(), SETS, st.sets(st.sampled_from(DELETED)))
def test_to_delete_tags_widens_the_bounds_alone(tags: Tags, name: str, gone: set[str]) -> None:
    """However few tags are left, what was known lies within, and so does what is assumed."""
    left = {key: value for key, value in tags.items() if key not in gone}
    both = [rate_bounds(one, load_stress_rules(name)) for one in (tags, left)]
    # By no sign a road of 70 km/h lies inside.
    kept = slice(1, 3) if float(tags["maxspeed"]) > 50 else slice(3)
    for more, fewer in zip(*(bounds[kept] for bounds in both), strict=True):
        assert all(np.less_equal(fewer[:2], more[:2]))
        assert all(np.less_equal(more[2:], fewer[2:]))
    for built_up, bounds in zip(
        (True, False), rate_bounds(left, load_stress_rules(name)), strict=False
    ):
        level = rate_stress(left, built_up=built_up, by=load_stress_rules(name))
        assert all(np.less_equal(bounds[:2], level))
        assert all(np.less_equal(level, bounds[2:]))


# --- a thousand fillings --------------------------------------------------------------------------

NODES = {f"{row}{column}": (210.0 * column, 190.0 * row) for row in range(5) for column in range(5)}
CLASSES = ["residential", "unclassified", "tertiary", "secondary", "service"]
KNOWN = [
    "",
    "maxspeed=50",
    "lanes=2",
    "cycleway:right=lane",
    "surface=sett",
    "zone:traffic=BE-VLG:urban",
]
KNOWN += ["cyclestreet=yes", "motor_vehicle=destination"]
MAP = RoadMap(
    NODES,
    [
        *(
            (" ".join(f"{r}{c}" for c in range(5)), f"highway={CLASSES[r]} {KNOWN[r]}".strip())
            for r in range(5)
        ),
        *(
            (" ".join(f"{r}{c}" for r in range(5)), f"highway={CLASSES[-c]} {KNOWN[-c]}".strip())
            for c in range(5)
        ),
    ],
)
HOMES = [(x + 31.7, y + 12.3) for x in range(0, 800, 170) for y in range(0, 700, 160)]


def filled(tags: Tags, random: np.random.Generator) -> Tags:
    """Tag what nobody tagged, by chance, with something that is allowed there."""
    some = dict(tags)
    some.setdefault("maxspeed", str(random.choice(limits(tags))))
    some.setdefault("lanes", str(random.choice(lanes(tags))))
    some.setdefault("surface", str(random.choice(["asphalt", "concrete", "paving_stones", "sett"])))
    if tags["highway"] in ABOVE_STREETS:
        some.setdefault("cycleway", str(random.choice(["no", "lane", "track", "shared_lane"])))
    return some


def times(network: Network) -> np.ndarray[Any, Any]:
    """Give the time from each home to the middle over quiet roads, in both profiles."""
    x, y = np.array([metres(*home) for home in HOMES]).T
    doors, (site_x, site_y) = snap_points(network, x, y), metres(*NODES["22"])
    site = snap_points(network, np.array([site_x]), np.array([site_y]))
    found = []
    for profile in LEVELS:
        calm = network.calm_to(profile)
        label = Rider(calm, calm.travel_times(11.0), 2**29).find_nearest(site, doors, np.arange(1))
        found.append(np.where(label == UNREACHED, 2**29, unpack_labels(label)[0]))
    return np.array(found)


def with_tags(network: Network, tags: dict[int, Tags], built_up: dict[int, bool]) -> Network:
    """Give each way the rides and the stress of its tags, as if it had been read with them."""
    ways, row = np.unique(network.way, return_inverse=True)
    rides: dict[Ride, int] = {NOT_AT_ALL: 0, PUSHED: 1}
    kinds = [classify_way(tags[way]) if way in tags else (PUSHED, PUSHED) for way in ways.tolist()]
    numbers = np.array([[rides.setdefault(ride, len(rides)) for ride in both] for both in kinds])
    levels = np.array(
        [
            rate_stress(tags[way], built_up=built_up[way]) if way in tags else (1, 1)
            for way in ways.tolist()
        ]
    )
    return dataclasses.replace(
        network,
        forward=numbers[row, 0].astype(np.uint16),
        backward=numbers[row, 1].astype(np.uint16),
        stress_forward=levels[row, 0].astype(np.uint8),
        stress_backward=levels[row, 1].astype(np.uint8),
        rides=tuple(rides),
    )


def test_a_thousand_fillings_lie_within_the_bounds(tmp_path: Path) -> None:
    """Home by home: no filling is quicker than the best, or slower than the worst."""
    place = Place(MAP.write(tmp_path))
    network = Network.from_roads(place.roads({}))
    best, worst = (times(network.fill_untagged(best=one)) for one in (True, False))
    now = times(network)
    assert (best <= now).all()
    assert (now <= worst).all()
    random, ways = np.random.default_rng(15), {way: place.tags_of(way) for way in place.row_of}
    least, most = worst, best
    for number in range(1000):
        some = {way: filled(tags, random) for way, tags in ways.items()}
        if number < 20:  # through the reader, for the rest with what tags say
            found = times(Network.from_roads(place.roads(some)))
        else:
            built_up = {way: bool(random.integers(2)) for way in ways}
            found = times(with_tags(network, some, built_up))
        assert (best <= found).all()
        assert (found <= worst).all()
        least, most = np.minimum(least, found), np.maximum(most, found)
    # The bounds are no wider than fillings make them.
    assert (least < worst).any()
    assert (most > best).any()


# --- each bar is a run by itself ------------------------------------------------------------------

REGISTER = (
    hand.SMALL_ACADEMIES
    + "S4;Proefacademie zonder datum;Proef;153000;203000;;;;\n"
    + "S5;Proefacademie, begonnen;Proef;155000;201000;;;01/06/2021;\n"
    + "S6;Proefacademie, lang begonnen;Proef;152000;204500;;;01/06/2020;\n"
)
UNTAGGED: list[Tags] = [
    {"highway": "residential"},
    {"highway": "tertiary"},
    {"highway": "residential", "maxspeed": "30", "lanes": "2", "surface": "asphalt"},
    {"highway": "unclassified", "surface": "paving_stones"},
    {"highway": "secondary", "maxspeed": "50"},
    {"highway": "path"},
]
WORST_KMH = {"secondary": "90"}
WIDE, ABOVE = ("tertiary", "secondary"), ("tertiary", "secondary", "unclassified")


def as_is(tags: Tags) -> Tags:
    """Leave a way as it is mapped."""
    return tags


def busiest(tags: Tags) -> Tags:
    """Fill a way in with the worst, as a mapper would."""
    if tags["highway"] == "path":
        return tags
    wide = {"lanes": "4"} if tags["highway"] in WIDE else {}
    return {"maxspeed": WORST_KMH.get(tags["highway"], "70"), "cycleway": "no"} | wide | tags


def quietest(tags: Tags) -> Tags:
    """Fill a way in with the best."""
    if tags["highway"] == "path":
        return tags
    lanes = {"lanes": "2" if tags["highway"] in WIDE else "1"}
    track = {"cycleway:both": "track"} if tags["highway"] in ABOVE else {}
    return {"maxspeed": "30"} | lanes | track | tags


def roughest(tags: Tags) -> Tags:
    """Fill in the roughest ground."""
    return {"surface": "grass" if tags["highway"] == "path" else "sett"} | tags


def smoothest(tags: Tags) -> Tags:
    """Fill in asphalt."""
    return {"surface": "asphalt"} | tags


def roads(fill: Callable[[Tags], Tags]) -> str:
    """Draw a lattice of roads, some untagged, with signals and crossings on it."""
    nodes = {100 * i + j: (i / 2, j / 2) for i in range(13) for j in range(13)}
    nodes[9000] = (12.0, 0.0)
    ways: list[tuple[list[int], Tags]] = []
    for i in range(13):
        tags = UNTAGGED[i % len(UNTAGGED)]
        ways.append(([100 * i + j for j in range(13)], fill(tags)))
        ways.append(([100 * j + i for j in range(13)], fill(UNTAGGED[-i % len(UNTAGGED)])))
    ways.append(([1200, 9000], fill({"highway": "tertiary"})))
    text = hand.osm_xml(nodes, ways)
    stops = {302: "traffic_signals", 403: "crossing", 202: "traffic_signals", 303: "crossing"}
    for node, what in stops.items():
        begin = text.index(f'<node id="{node}"')
        end = text.index("/>", begin)
        text = f'{text[:end]}><tag k="highway" v="{what}"/></node>{text[end + 2 :]}'
    return text


def written(
    folder: Path,
    fill: Callable[[Tags], Tags] = as_is,
    register: str = REGISTER,
    recognition_years: int = 2,
    **travel: object,
) -> Study:
    """Write the small study with other roads, another register or other choices."""
    hand.write_study(folder)
    (folder / "wegen.osm").write_text(roads(fill), encoding="utf-8")
    (folder / "academies.csv").write_text(register, encoding="utf-8")
    toml = folder / "study.toml"
    lines = [f"{name} = {value}" for name, value in travel.items()]
    toml.write_text(
        toml.read_text(encoding="utf-8") + "\n".join(["[travel]", *lines]) + "\n", encoding="utf-8"
    )
    study = load_study(folder)
    lasting = study.academies.model_copy(update={"recognition_years": recognition_years})
    return study.model_copy(update={"academies": lasting}) if recognition_years != 2 else study


def measured(study: Study) -> pd.DataFrame:
    """Give the coverage of a study."""
    return measure_day(prepare_study(study, report_nothing), DAY).coverage


@pytest.fixture(scope="module")
def bars(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Measure all ends of the study."""
    prepared = prepare_study(written(tmp_path_factory.mktemp("study")), report_nothing)
    found = measure_day(prepared, DAY)
    return measure_uncertainty(prepared, found, measure_sensitivity(prepared, found), searched=True)


SAME = ["level", "code", "profile"]


def covered(table: pd.DataFrame, scenario: str = "central") -> pd.Series:
    """Give the children within reach of each place and profile."""
    rows = table[table["level"].isin(["region", "province", "municipality"])]
    if "scenario" in rows:
        rows = rows[(rows["scenario"] == scenario) & (rows["band"] == "all")]
    return rows.set_index(SAME)["covered"].sort_index()


DATED = "".join(line for line in REGISTER.splitlines(keepends=True) if not line.startswith("S4"))
RUNS: list[tuple[str, str, dict[str, Any]]] = [
    ("door", "low", {"cutoff_min": 14}),
    ("door", "high", {}),
    ("walking", "low", {"walking_speed_ms": 0.9}),
    ("walking", "high", {"walking_speed_ms": 1.6}),
    ("waiting", "low", {"signal_s": 20, "crossing_s": 10}),
    ("waiting", "high", {}),
    ("dates", "low", {"register": DATED}),
    ("dates", "high", {}),
    ("surfaces", "low", {"fill": roughest}),
    ("surfaces", "high", {"fill": smoothest}),
    ("map", "low", {"fill": busiest}),
    ("map", "high", {"fill": quietest}),
    ("recognition", "low", {"recognition_years": 1}),
    ("recognition", "high", {"recognition_years": 3}),
]


@pytest.mark.parametrize(("part", "end", "how"), RUNS)
def test_each_bar_equals_a_run_by_itself(
    bars: Any, tmp_path: Path, part: str, end: str, how: dict[str, Any]
) -> None:
    """At every level and in every profile, to the last child."""
    rows = bars.bars[(bars.bars["part"] == part) & (bars.bars["end"] == end)]
    mine = covered(rows)
    alone = covered(measured(written(tmp_path, **how)))
    assert len(mine)
    pd.testing.assert_series_equal(mine, alone.loc[mine.index], check_dtype=False)


@pytest.mark.parametrize(
    ("end", "how"),
    [
        (
            "low",
            {
                "fill": lambda tags: roughest(busiest(tags)),
                "register": DATED,
                "recognition_years": 1,
                "cutoff_min": 14,
                "walking_speed_ms": 0.9,
                "signal_s": 20,
                "crossing_s": 10,
            },
        ),
        (
            "high",
            {
                "fill": lambda tags: smoothest(quietest(tags)),
                "walking_speed_ms": 1.6,
                "recognition_years": 3,
            },
        ),
    ],
)
def test_all_ends_together_equal_a_run_with_all_of_them(
    bars: Any, tmp_path: Path, end: str, how: dict[str, Any]
) -> None:
    """Each at its own speeds, placed by the method with fewest or most children within reach."""
    rows = bars.bars[(bars.bars["part"] == "together") & (bars.bars["end"] == end)]
    of_placing = bars.bars[(bars.bars["part"] == "placing") & (bars.bars["end"] == end)]
    method = of_placing["value"].iloc[0].rpartition(" ")[2]
    study = written(tmp_path, **how)
    demand = study.demand.model_copy(update={"method": "" if method == "best" else method})
    prepared = prepare_study(study.model_copy(update={"demand": demand}), report_nothing)
    alone = covered(measure_day(prepared, DAY).coverage, end)
    pd.testing.assert_series_equal(covered(rows), alone.loc[covered(rows).index], check_dtype=False)


def test_other_rules_are_measured_place_by_place(bars: Any, tmp_path: Path) -> None:
    """Of each place and profile the set with fewest children within reach, and that with most."""
    sets = ("default", "bna", "vademecum-2022")
    alone = [covered(measured(written(tmp_path / name, stress_rules=f'"{name}"'))) for name in sets]
    both = pd.concat(alone, axis=1)
    for end, of_all in (("low", both.min(axis=1)), ("high", both.max(axis=1))):
        rows = bars.bars[(bars.bars["part"] == "rules") & (bars.bars["end"] == end)]
        mine = covered(rows)
        pd.testing.assert_series_equal(
            mine, of_all.loc[mine.index], check_dtype=False, check_names=False
        )


def test_no_low_end_is_above_its_high_end(bars: Any) -> None:
    """At no place, in no part."""
    shares = bars.bars.pivot_table(
        index=["part", "level", "code", "profile"], columns="end", values="share"
    )
    shares = shares.drop(index="together", level="part")
    above = shares[shares["low"] > shares["high"]]
    assert above.empty, above


@pytest.mark.parametrize("searched", [False, True])
def test_a_method_that_measures_nobody_is_no_end(tmp_path: Path, *, searched: bool) -> None:
    """One point beyond the roads has no share, which is neither the lowest nor the highest."""
    prepared = prepare_study(written(tmp_path), report_nothing)
    found = measure_day(prepared, DAY)
    known = measure_sensitivity(prepared, found)
    known = known[known["share"].notna()]
    nobody = {"method": "zzz", "covered": 0, "uncovered": 0, "share": np.nan}
    none = known.drop_duplicates(["level", "code"]).assign(
        unmeasured=lambda rows: rows["children"], **nobody
    )
    asked = pd.concat([none, known], ignore_index=True)
    bars = measure_uncertainty(prepared, found, asked, searched=searched).bars
    of_placing = bars[bars["part"] == "placing"]
    assert len(of_placing)
    assert of_placing["share"].notna().all()
    plain = measure_uncertainty(prepared, found, known, searched=searched).bars
    pd.testing.assert_frame_equal(bars, plain)


def test_what_is_known_without_a_search_is_there_in_every_run(tmp_path: Path) -> None:
    """Speed, doors and placing; nothing to check, no verdicts."""
    prepared = prepare_study(written(tmp_path), report_nothing)
    found = measure_day(prepared, DAY)
    plain = measure_uncertainty(
        prepared, found, measure_sensitivity(prepared, found), searched=False
    )
    assert set(plain.bars["part"]) == {"speed", "door", "placing"}
    assert plain.to_check is None
    assert plain.verdicts is None


def test_the_ways_to_check_are_those_that_decide(bars: Any) -> None:
    """Each is untagged; where a municipality depends on none, its share stands."""
    table, verdicts = bars.to_check, bars.verdicts
    assert len(table)
    assert (table["untagged"] != "").all()
    assert (table["children"] > 0).all()
    stands = verdicts["covered_least"] == verdicts["covered_most"]
    np.testing.assert_array_equal(stands, verdicts["ways"] == 0)
    counted = table.groupby(["nis_code", "profile"]).size()
    for row in verdicts[~stands].itertuples():
        assert counted[row.nis_code, row.profile] == row.ways
    assert (~stands).any()


def test_when_all_ways_are_tagged_nothing_is_left_to_check(tmp_path: Path) -> None:
    """A list that mappers can settle: with all tags each share stands."""
    known = {"zone:traffic": "BE-VLG:rural"}
    prepared = prepare_study(
        written(tmp_path, lambda tags: known | quietest(busiest(tags))), report_nothing
    )
    found = measure_day(prepared, DAY)
    sure = measure_uncertainty(prepared, found, measure_sensitivity(prepared, found), searched=True)
    assert sure.to_check is not None
    assert sure.verdicts is not None
    assert sure.to_check.empty
    assert (sure.verdicts["covered_least"] == sure.verdicts["covered_most"]).all()


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Run the study with all its uncertainty, and write it."""
    study = written(tmp_path_factory.mktemp("study"))
    return cache(lambda: run(study, uncertainty=True))


def test_the_summary_says_what_the_range_holds_and_leaves_out(result: Any, tmp_path: Path) -> None:
    """With the bars one by one and all together; without a search what was not measured."""
    told = " ".join(say_how_sure(result()))
    assert "Elke aanname apart, van ongunstig tot gunstig: fietssnelheid " in told
    assert "Al deze samen ongunstig is het aandeel" in told
    assert "tables/to-check.csv" in told
    bars = result().uncertainty
    of_map = bars[(bars["part"] == "map") & (bars["level"] == "region")]
    shares = of_map.pivot_table(index="profile", columns="end", values="share")
    apart = (shares["high"] - shares["low"] > 0.25).sum()
    assert told.count("Zo ver uit elkaar zegt dat aandeel niets.") == apart > 0
    plain = " ".join(say_how_sure(run(written(tmp_path))))
    assert "Duurt elke rit 60 seconden langer, voor slot en stalling, dan is het aandeel" in plain
    assert "Niet in de marge" in plain


def test_where_crossings_cost_it_is_said_that_there_are_no_bounds(tmp_path: Path) -> None:
    """Which crossings are busy rests on the same tags: no bar, no list, and a note."""
    prepared = prepare_study(written(tmp_path, busy_crossings='"push"'), report_nothing)
    found = measure_day(prepared, DAY)
    sure = measure_uncertainty(prepared, found, measure_sensitivity(prepared, found), searched=True)
    assert "map" not in set(sure.bars["part"])
    assert sure.to_check is None
    (note,) = sure.notes
    assert "is not measured where busy crossings count" in note.to_text("en")


def test_verify_measures_it_again(result: Any, tmp_path: Path) -> None:
    """The manifest says that it was asked, and every table comes out the same."""
    place = result().write(tmp_path / "out")
    checked = verify(place, study=result().study)
    assert not checked.differences


def test_in_a_straight_line_there_are_no_roads_to_doubt(tmp_path: Path) -> None:
    """Speed, doors, placing, dates and all together."""
    hand.write_study(tmp_path, straight_line=True)
    (tmp_path / "academies.csv").write_text(REGISTER, encoding="utf-8")
    prepared: Prepared = prepare_study(load_study(tmp_path), report_nothing)
    found = measure_day(prepared, DAY)
    sure = measure_uncertainty(prepared, found, measure_sensitivity(prepared, found), searched=True)
    parts = {"speed", "door", "dates", "recognition", "detour", "together"}
    assert set(sure.bars["part"]) == parts
    assert sure.to_check is None
