"""Roads of extracts: lengths as PROJ has them, and extracts of several countries as one network."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Container
from dataclasses import replace
from pathlib import Path

import hand
import maps
import numpy as np
import pandas as pd
import pytest
import shapely
from maps import RoadMap

import stemgeo as sg
from stemgeo.measure import note_odd_roads
from stemgeo.network import Network, osm
from stemgeo.study import Travel


@pytest.mark.parametrize("farthest_m", [0.01, 10.0, 300.0, 990.0, 1010.0, 100_000.0])
def test_lengths_are_those_of_proj(farthest_m: float) -> None:
    """Anywhere, in any direction, to the millimetre: also those that near a half."""
    random = np.random.default_rng(5)
    count = 20_000
    lat, lon = random.uniform(-89, 89, count), random.uniform(-180, 180, count)
    away_m, turn = random.uniform(0, farthest_m, count), random.uniform(0, 360, count)
    # To the half of a millimetre, where the last bit says which way it is rounded.
    away_m[::2] = (np.floor(away_m[::2] * 1000) + 0.5) / 1000
    far_lon, far_lat, _ = osm.WGS84.fwd(lon, lat, turn, away_m)
    start = np.arange(count, dtype=np.int32)
    found = osm.measure_lengths(
        np.append(lon, far_lon), np.append(lat, far_lat), start, start + count
    )
    expected = osm.WGS84.inv(lon, lat, far_lon, far_lat)[2] * 1000
    np.testing.assert_array_equal(np.rint(found), np.rint(expected))
    assert np.abs(found - expected).max() < 1e-4


# --- Several countries ---------------------------------------------------------------------------

STREET = "highway=residential"
LANDS = RoadMap(
    {
        **{name: (400 * i, 0) for i, name in enumerate("abcdefghi")},
        **{name: (400 * i, 900) for i, name in enumerate("klmnopqrs")},
        "u": (1000, 500),
        "v": (1400, 500),
    },
    [
        ("a b c", STREET),  # of the west
        ("k l m", STREET),
        ("a k", STREET),
        ("c d e", STREET),  # over the first border, between c and e
        ("m n o", f"{STREET} bridge=yes layer=1"),
        ("n u v", "waterway=river name=Grens"),
        ("e f", STREET),  # of the middle
        ("o p", STREET),
        ("f g h", STREET),  # over the second
        ("h i", STREET),  # of the east
        ("i s r", STREET),
    ],
)
"""Three countries side by side, with two borders; over the first goes a bridge too."""

WEST, MIDDLE, EAST = range(1, 7), range(4, 10), range(9, 12)
"""The ways of each: those over a border are in both, whole, as who cuts up a planet leaves them."""


def take_ways(xml: str, numbers: Container[int]) -> str:
    """Take some ways out of a map, with the nodes that they have."""
    ways = re.findall(r"<way id=.(\d+).+?</way>", xml, re.DOTALL)
    own = re.findall(r"<way.+?</way>", xml, re.DOTALL)
    own = [one for number, one in zip(ways, own, strict=True) if int(number) in numbers]
    refs = set(re.findall(r"ref=.(\d+)", "".join(own)))
    nodes = re.findall(r"<node [^>]*?/>|<node .+?</node>", xml, re.DOTALL)
    kept = [one for one in nodes if re.findall(r"id=.(\d+)", one)[0] in refs]
    return "\n".join(["<?xml version='1.0'?><osm version='0.6'>", *kept, *own, "</osm>"])


def write_land(folder: Path, ways: Container[int], name: str, drawn: RoadMap = LANDS) -> Path:
    """Write the extract of a land: its ways under their numbers, with the nodes that they have."""
    path = folder / f"{name}.osm"
    path.write_text(take_ways(drawn.xml(), ways), encoding="utf-8")
    return path


@pytest.fixture
def lands(tmp_path: Path) -> list[Path]:
    """The extracts of three countries."""
    parts = {"west": WEST, "middle": MIDDLE, "east": EAST}
    return [write_land(tmp_path, ways, name) for name, ways in parts.items()]


def assert_one_network(found: Network, whole: Network) -> None:
    """Hold what several extracts make against the network of the whole map, array by array."""
    assert found.rides == whole.rides
    assert found.counts == whole.counts | {
        name: found.counts[name] for name in ("unlike_in_extracts", "nodes_given_twice")
    }
    for name, array in whole._list_arrays().items():
        if name != "extract":
            np.testing.assert_array_equal(getattr(found, name), array, err_msg=name)


def test_several_countries_are_one_network(lands: list[Path], tmp_path: Path) -> None:
    """In any order: a way in two counts once, roads join where they share a node, as on one map."""
    whole = Network.from_osm(LANDS.write(tmp_path))
    areas = []
    for order in itertools.permutations(lands):
        found = Network.from_osm(*order)
        assert_one_network(found, whole)
        assert found.counts["unlike_in_extracts"] == 0
        areas.append(found.area)
        place = {path.stem: 1 << order.index(path) for path in lands}
        bits = dict(zip(found.way.tolist(), found.extract[found.segment_edge], strict=True))
        assert bits[5] & (place["west"] | place["middle"]) == place["west"] | place["middle"]
        assert bits[10] & place["east"]
    assert all(one.equals(areas[0]) for one in areas)
    at = shapely.points([LANDS.between("c", "d", 0.5), LANDS.between("f", "g", 0.5)])
    assert shapely.covers(areas[0].buffer(1e-6), at).all()


def test_children_ride_over_the_border_both_ways(lands: list[Path]) -> None:
    """By the road and by the bridge over the river; three lands from end to end."""
    network = Network.from_osm(*lands)
    at, ms = LANDS.at, LANDS.ms
    assert maps.ms(network, at("b"), at("f")) == ms("b c d e f")
    assert maps.ms(network, at("f"), at("b")) == ms("f e d c b")
    assert maps.ms(network, at("l"), at("p")) == ms("l m n o p")
    assert maps.ms(network, at("a"), at("s")) == ms("a b c d e f g h i s")
    assert maps.ms(Network.from_osm(*lands[:1]), at("b"), at("d")) == ms("b c d")
    assert maps.ms(Network.from_osm(lands[0], lands[2]), at("a"), at("s")) is None


def test_a_harder_cut_is_joined_where_it_was_cut(lands: list[Path], tmp_path: Path) -> None:
    """A way cut off at the border counts as the longest copy; one in three parts is three ways."""
    whole = Network.from_osm(LANDS.write(tmp_path))
    west = lands[0].read_text(encoding="utf-8")
    d, e = (f"<nd ref='{LANDS.id_of(one)}'/>\n" for one in "de")
    lands[0].write_text(west.replace(f"{d}{e}", d), encoding="utf-8")
    assert lands[0].read_text(encoding="utf-8") != west
    for order in itertools.permutations(lands):
        found = Network.from_osm(*order)
        assert_one_network(found, whole)
        assert found.counts["unlike_in_extracts"] == 0


def test_ids_that_clash_are_told(lands: list[Path], tmp_path: Path) -> None:
    """Another place of a node, another road under a number: which counts is said, and how many."""
    moved = replace(LANDS, nodes=LANDS.nodes | {"o": (1600, 950)})
    odd = replace(moved, ways=[*LANDS.ways[:3], ("c d e", "highway=path"), *LANDS.ways[4:]])
    lands[1] = write_land(tmp_path, MIDDLE, "middle", odd)
    travel = Travel(cutoff_min=15)
    for order, kind in ((lands, 900), (lands[::-1], 950)):
        found = Network.from_osm(*order)
        assert found.counts["unlike_in_extracts"] == 2
        (note,) = note_odd_roads(found.counts, travel)
        assert "2 features in several extracts, of one version" in note.what.en
        at_o = found.node_y.max() if kind == 950 else LANDS.at("o")[1]
        assert np.isclose(found.node_y, at_o, atol=0.2).any()
    assert note_odd_roads(Network.from_osm(lands[0]).counts, travel) == []


def test_a_study_on_a_border_has_the_figures_of_the_whole(tmp_path: Path) -> None:
    """Academies and children on each side, three extracts in any order: the tables of one map."""
    study = hand.write_study(tmp_path / "study")
    asked, xml = (
        (study / name).read_text(encoding="utf-8") for name in ("study.toml", "wegen.osm")
    )
    whole = sg.run(sg.load_study(study))
    for number, ways in enumerate((range(1, 8), range(5, 21), range(14, 28))):
        (study / f"land-{number}.osm").write_text(take_ways(xml, ways), encoding="utf-8")
    for order in ((0, 1, 2), (2, 0, 1)):
        names = json.dumps([f"land-{number}.osm" for number in order])
        (study / "study.toml").write_text(
            asked.replace('network = "wegen.osm"', f"network = {names}"), encoding="utf-8"
        )
        found = sg.run(sg.load_study(study))
        pd.testing.assert_frame_equal(found.coverage, whole.coverage)
        pd.testing.assert_frame_equal(found.access, whole.access)
        region = found.coverage.query("level == 'region' and band == 'all'")
        assert set(region["children"]) == {hand.CHILDREN}
        assert (region["covered"] > 0).all()
