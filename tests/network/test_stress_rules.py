"""Every row of every set of rules, each with its levels as the published tables have them."""

from __future__ import annotations

import re
from itertools import pairwise, product
from pathlib import Path

import pytest
from network.maps import RoadMap, tags
from pydantic import ValidationError

from stemgeo import facts
from stemgeo.network import cache
from stemgeo.network.osm import read_roads
from stemgeo.network.stress import is_busy_crossing, rate_stress
from stemgeo.network.stress_rules import (
    FACILITIES,
    RuleRow,
    StressRuleSet,
    list_tables,
    load_stress_rules,
)
from stemgeo.writing.pages import put_in_page

# Each line: the row, tags of a road that it speaks of, its level, and that with two lanes in each
# direction. All in a built-up area; limits of `bna` stand in miles an hour in its source.
SHORT = {
    "unclassified, tertiary": "middle",
    "main, busway": "large",
    "street, unclassified, tertiary, main, busway": "any road",
}
ROWS = {
    "default": """
no_cars: any | highway=cycleway | 1 1
cycle_street: any | highway=secondary cyclestreet=yes maxspeed=50 | 1 1
local: track | highway=unclassified motor_vehicle=destination cycleway=track maxspeed=90 | 1 1
local: buffered_lane, lane to 50 | highway=unclassified access=destination cycleway=lane | 1 2
local: none to 30 | highway=unclassified motor_vehicle=destination maxspeed=30 | 1 2
local: any | highway=unclassified motor_vehicle=destination maxspeed=70 | 2 3
narrow: track | highway=unclassified width=3 cycleway=track maxspeed=90 | 1 1
narrow: any to 70 | highway=unclassified width=3 maxspeed=70 | 2 2
narrow: any | highway=unclassified width=3 maxspeed=90 | 3 3
street: track | highway=residential cycleway=track maxspeed=90 | 1 1
street: buffered_lane to 50 | highway=residential cycleway=lane cycleway:buffer=yes | 1 2
street: buffered_lane | highway=residential cycleway=lane cycleway:buffer=yes maxspeed=51 | 2 3
street: lane to 50 | highway=residential cycleway=lane | 1 2
street: lane | highway=residential cycleway=lane maxspeed=51 | 3 4
street: none to 30 | highway=residential maxspeed=30 | 1 2
street: none to 50 | highway=residential maxspeed=50 | 2 3
street: none | highway=residential maxspeed=51 | 3 4
middle: track | highway=tertiary cycleway=track maxspeed=90 | 1 1
middle: buffered_lane to 50 | highway=tertiary cycleway=lane cycleway:buffer=yes | 2 3
middle: buffered_lane | highway=road cycleway=lane cycleway:buffer=1 maxspeed=51 | 3 4
middle: lane to 50 | highway=unclassified cycleway=lane | 2 3
middle: lane to 70 | highway=unclassified cycleway=lane maxspeed=70 | 3 4
middle: lane | highway=unclassified cycleway=lane maxspeed=71 | 4 4
middle: none to 40 | highway=tertiary_link maxspeed=40 | 2 3
middle: none to 70 | highway=tertiary maxspeed=41 | 3 4
middle: none | highway=tertiary maxspeed=71 | 4 4
large: track | highway=secondary cycleway=track maxspeed=90 | 2 2
large: buffered_lane to 40 | highway=primary cycleway=lane cycleway:buffer=yes maxspeed=40 | 2 3
large: buffered_lane to 70 | highway=primary cycleway=lane cycleway:buffer=yes maxspeed=70 | 3 4
large: buffered_lane | highway=primary cycleway=lane cycleway:buffer=yes maxspeed=71 | 4 4
large: lane to 30 | highway=secondary cycleway=lane maxspeed=30 | 2 3
large: lane to 50 | highway=secondary_link cycleway=lane maxspeed=50 | 3 4
large: lane | highway=secondary cycleway=lane maxspeed=51 | 4 4
large: none to 30 | highway=secondary maxspeed=30 | 3 4
large: none | highway=busway bicycle=yes maxspeed=31 | 4 4
""",
    "vademecum-2022": """
middle: none inside to 50 | highway=tertiary maxspeed=50 | 2 3
""",
    "bna": """
no_cars: any | highway=cycleway | 1 1
cycle_street: any | highway=residential cyclestreet=yes maxspeed=50 | 1 1
any road: track | highway=primary cycleway=track maxspeed=90 | 1 1
any road: buffered_lane to 40 | highway=tertiary cycleway=lane \
cycleway:buffer=yes maxspeed=40 | 1 1
any road: buffered_lane to 48 | highway=tertiary cycleway=lane \
cycleway:buffer=yes maxspeed=45 | 1 2
any road: buffered_lane to 56 | highway=tertiary cycleway=lane \
cycleway:buffer=yes maxspeed=50 | 2 3
any road: lane to 32 | highway=tertiary cycleway=lane maxspeed=30 | 1 1
any road: lane to 48 | highway=tertiary cycleway=lane maxspeed=40 | 1 3
street, unclassified: none to 32 | highway=residential maxspeed=30 | 1 3
street, unclassified: none to 40 | highway=unclassified maxspeed=40 | 2 3
tertiary, main, busway: none to 32 | highway=tertiary maxspeed=30 | 1 3
any road: buffered_lane, lane, none | highway=residential | 3 3
""",
}


def label(row: RuleRow) -> str:
    """Say of what a row speaks."""
    words = [", ".join(row.facility) if row.facility != FACILITIES else "any"]
    words += {True: ["inside"], False: ["outside"], None: []}[row.built_up]
    words += [f"to {row.up_to_kmh:g}"] if row.up_to_kmh != float("inf") else []
    roads = ", ".join(row.road)
    return f"{SHORT.get(roads, roads)}: {' '.join(words)}"


def lines(name: str) -> dict[str, tuple[str, list[int]]]:
    """Give tags and levels of each row of a set, as written by hand."""
    parts = (line.split(" | ") for line in ROWS[name].strip().splitlines())
    return {row: (text, [int(level) for level in levels.split()]) for row, text, levels in parts}


def own_rows(name: str) -> tuple[RuleRow, ...]:
    """Give the rows of a set without those of the set that it extends."""
    found = load_stress_rules(name).rules
    return (
        found[: len(found) - len(load_stress_rules().rules)] if name == "vademecum-2022" else found
    )


@pytest.mark.parametrize(
    ("name", "number"),
    [
        pytest.param(name, i, id=f"{name}: {label(row)}")
        for name in facts.STRESS_RULES
        for i, row in enumerate(own_rows(name))
    ],
)
def test_a_row_gives_the_level_of_its_source(name: str, number: int) -> None:
    """A road that the row speaks of has the level written here; with more lanes its other one."""
    row = own_rows(name)[number]
    text, levels = lines(name)[label(row)]
    found = [
        rate_stress(tags(text + more), built_up=True, by=load_stress_rules(name))
        for more in ("", " lanes=4")
    ]
    many = [row.level, row.level_many_lanes]
    assert many == levels
    narrow = "width" in text  # such a road has no four lanes
    assert found[: 1 if narrow else 2] == [(level, level) for level in levels][: 1 if narrow else 2]


@pytest.mark.parametrize("name", facts.STRESS_RULES)
def test_no_row_is_without_a_line_here(name: str) -> None:
    """The rows of a set are those of the table above, in its order."""
    assert [label(row) for row in own_rows(name)] == list(lines(name))


@pytest.mark.parametrize("name", facts.STRESS_RULES)
def test_more_speed_more_lanes_and_less_room_are_never_quieter(name: str) -> None:
    """Of every kind of road, in and outside a built-up area."""
    by = load_stress_rules(name)
    kinds = ["no_cars", "cycle_street", "street", "unclassified", "tertiary", "main", "busway"]
    extra: list[list[str]] = [[], *([["local"], ["narrow"]] if name != "bna" else [])]
    for road, more, inside in product(kinds, extra, (True, False)):
        levels = [
            [
                by.find_level([*more, road], facility, kmh, many_lanes=many, built_up=inside)
                for many in (False, True)
                for kmh in range(5, 130)
            ]
            for facility in FACILITIES
        ]
        for one in levels:
            assert one[:125] == sorted(one[:125])
            assert one[125:] == sorted(one[125:])
            assert all(a <= b for a, b in zip(one[:125], one[125:], strict=True))
        for better, worse in pairwise(levels):
            assert all(a <= b for a, b in zip(better, worse, strict=True))


@pytest.mark.parametrize("name", facts.STRESS_RULES)
def test_every_source_is_used_and_said(name: str) -> None:
    """A set names who says what it says, and nobody else; its titles are in both languages."""
    by = load_stress_rules(name)
    assert {row.source for row in by.rules} == set(by.sources)
    assert all(len(text) > 20 for text in (*by.sources.values(), by.nl, by.en))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rules": []}, "no rule for no_cars"),
        ({"sources": {}}, "sources that are not there"),
        ({"colour": "red"}, "Extra inputs"),
        ({"rules": [{"road": ["street"], "level": 5, "source": "law"}]}, "less than or equal to 4"),
        ({"rules": [{"road": ["canal"], "level": 1, "source": "law"}]}, "Input should be"),
    ],
)
def test_a_set_that_leaves_a_road_without_a_level_is_refused(
    change: dict[str, object], said: str
) -> None:
    """So are rows without a source, with a word that is not known, or a fifth level."""
    with pytest.raises(ValidationError, match=said):
        StressRuleSet.model_validate({"name": "x", **facts.read_stress_rules("default"), **change})


@pytest.mark.parametrize(
    ("line", "built_up", "default", "bna", "vademecum"),
    [
        ("highway=residential", True, 2, 3, 2),
        ("highway=residential", False, 2, 3, 2),
        ("highway=tertiary", True, 3, 3, 2),
        ("highway=tertiary", False, 3, 3, 3),
        ("highway=tertiary maxspeed=50", False, 3, 3, 3),
        ("highway=tertiary maxspeed=50 zone:traffic=BE-VLG:urban", False, 3, 3, 2),
        ("highway=tertiary maxspeed=50 zone:traffic=BE-VLG:rural", True, 3, 3, 3),
        ("highway=tertiary maxspeed=70", True, 3, 3, 3),
        ("highway=secondary maxspeed=50", True, 4, 3, 4),
        ("highway=secondary cycleway=track", True, 2, 1, 2),
        ("highway=secondary cycleway=lane maxspeed=40", True, 3, 3, 3),
        ("highway=secondary cycleway=lane maxspeed=40 lanes=2", True, 3, 1, 3),
        ("highway=unclassified motor_vehicle=destination maxspeed=70", False, 2, 3, 2),
    ],
)
def test_the_sets_differ_where_their_sources_do(
    line: str,
    built_up: bool,  # noqa: FBT001
    default: int,
    bna: int,
    vademecum: int,
) -> None:
    """BNA rates mixed traffic at 50 km/h 3 and any track 1; the Vademecum mixes at 50."""
    found = [
        rate_stress(tags(line), built_up=built_up, by=load_stress_rules(name))[0]
        for name in facts.STRESS_RULES
    ]
    assert found == [default, bna, vademecum]


@pytest.mark.parametrize(
    ("line", "built_up", "busy"),
    [
        ("highway=tertiary maxspeed=70", True, True),
        ("highway=tertiary maxspeed=65", True, True),
        ("highway=tertiary maxspeed=64", True, False),
        ("highway=tertiary", False, True),
        ("highway=tertiary", True, False),
        ("highway=tertiary zone:traffic=BE-VLG:urban", False, False),
        ("highway=tertiary maxspeed=50 maxspeed:backward=70", True, True),
        ("highway=secondary maxspeed=70 cycleway=track", True, True),
        ("highway=secondary maxspeed=50 lanes=4", True, True),
        ("highway=secondary maxspeed=50 lanes=3", True, False),
        ("highway=secondary maxspeed=50 lanes:forward=2 lanes:backward=2", True, True),
        ("highway=secondary maxspeed=50 oneway=yes lanes=4", True, True),
        ("highway=secondary maxspeed=50 oneway=yes lanes=2", True, False),
        ("highway=residential", False, False),
        ("highway=track maxspeed=90", False, False),
        ("highway=cycleway", False, False),
        ("highway=unclassified motor_vehicle=agricultural maxspeed=70", False, False),
        ("highway=unclassified motor_vehicle=destination maxspeed=70", False, False),
        ("highway=unclassified lanes=1 maxspeed=70", False, False),
        ("route=ferry", False, False),
    ],
)
def test_a_busy_crossing_is_one_of_a_fast_or_a_wide_road(
    line: str,
    built_up: bool,  # noqa: FBT001
    busy: bool,  # noqa: FBT001
) -> None:
    """65 km/h or more, or four lanes or more, on a road with more than local traffic."""
    assert is_busy_crossing(tags(line), built_up=built_up) == busy


# --- the rules on the way to a network ----------------------------------------------------------

LINE = RoadMap({"a": (0, 0), "b": (100, 0)}, [("a b", "highway=residential")])


def test_the_reader_takes_the_rules_that_it_is_told(tmp_path: Path) -> None:
    """A street without a limit is 2 by the default rules and 3 by the strict ones."""
    extract = LINE.write(tmp_path)
    assert read_roads([extract]).stress_forward.tolist() == [2]
    assert read_roads([extract], "bna").stress_forward.tolist() == [3]


def test_a_network_of_other_rules_is_another_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each set has its entry in the cache, and a row that changes makes a new one."""
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path / "cache"))
    extract = LINE.write(tmp_path)

    def entries(name: str) -> tuple[list[int], int]:
        network = cache.load_network([extract], ["0" * 64], name)
        return network.stress_forward.tolist(), len(list((tmp_path / "cache/networks").iterdir()))

    assert [entries(name) for name in ("default", "bna", "default")] == [
        ([2], 1),
        ([3], 2),
        ([2], 2),
    ]
    content = facts.read_stress_rules("bna")
    mild = [{**row, "level": 1, "level_many_lanes": 1} for row in content["rules"]]
    changed = StressRuleSet.model_validate({"name": "bna", **content, "rules": mild})
    monkeypatch.setattr(cache, "load_stress_rules", lambda _: changed)
    assert entries("bna")[1] == 3


def test_an_unknown_set_is_no_set() -> None:
    """A name that is not among them is no path to a file."""
    with pytest.raises(KeyError, match="passwd"):
        load_stress_rules("../../../etc/passwd")
    assert all(re.fullmatch("[a-z0-9-]+", name) for name in facts.STRESS_RULES)


def test_the_page_on_the_network_has_the_tables_as_they_are() -> None:
    """`make docs` writes them from the rules; who changes a rule runs it."""
    page = (Path(__file__).parents[2] / "docs/network.md").read_text(encoding="utf-8")
    assert put_in_page(page, "stress", list_tables()) == page
    for name in facts.STRESS_RULES:
        assert f"**`{name}`**: {load_stress_rules(name).en}." in page
    assert "| street | 1 | 1 (2) to 50, else 2 (3) | 1 (2) to 50, else 3 (4) |" in page
