"""What roads bring by other speeds, other rules and another map: as whole measurements count it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import lattice
import numpy as np
import pytest
from drawn_edits import draw_edits
from made_town import MadeTown, draw_places, write_edits

from stemgeo.inputs.provenance import Provenance
from stemgeo.links.gains import Options, RoadGains
from stemgeo.links.ranks import carry_edits, rank_otherwise
from stemgeo.measure import Prepared
from stemgeo.network import Network
from stemgeo.network.edit_places import add_edits
from stemgeo.network.edits import RoadEdit, lay_edits
from stemgeo.network.osm import read_roads
from stemgeo.network.stress_rules import load_stress_rules, name_scaled
from stemgeo.study import DEFAULT_BANDS

if TYPE_CHECKING:
    from pathlib import Path

STRICT = name_scaled("default", 0.9)


@pytest.fixture(scope="module")
def extract(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The roads of the made town, as a file."""
    path = tmp_path_factory.mktemp("town") / "wegen.osm"
    lattice.write_roads(path)
    return path


@pytest.fixture(scope="module")
def town(extract: Path) -> MadeTown:
    """The made town, which knows of which file its roads are."""
    town = MadeTown(read(extract), busy_crossings="push", pavements_under_10=True)
    content = hashlib.sha256(extract.read_bytes()).hexdigest()
    from_ = Provenance.__new__(Provenance)
    object.__setattr__(from_, "role", "network")
    object.__setattr__(from_, "sha256", content)
    inputs = replace(town.prepared.inputs, network=(extract,), provenance=(from_,))
    town.prepared = replace(town.prepared, inputs=inputs)
    return town


def read(path: Path, rules: str = "default") -> Network:
    """Read the roads by a set of rules."""
    return Network.whole_from_roads(read_roads([path], rules))


def read_backwards(path: Path) -> Network:
    """Read the same roads by other rules, every second one drawn from its other end."""
    text = path.read_text(encoding="utf-8")
    turned = path.with_name("turned.osm")
    ways = re.split(r"(?=<way )", text)
    for at in range(1, len(ways), 2):
        if "oneway" not in ways[at]:
            refs = iter(re.findall(r"<nd [^>]*/>", ways[at])[::-1])
            ways[at] = re.sub(r"<nd [^>]*/>", lambda _, refs=refs: next(refs), ways[at])
    turned.write_text("".join(ways), encoding="utf-8")
    return read(turned, STRICT).restrict_to(ferries=True)


def draw_all(network: Network, seed: int) -> list[RoadEdit]:
    """Draw edits, and one that makes all of the south quiet but what others open."""
    clear = [edit for edit in draw_edits(network, seed) if edit.change != "add"]
    opened = np.concatenate([edit.segments for edit in clear if edit.change == "open"])
    south = np.flatnonzero(network.pieces[1] < np.median(network.vertex_y))
    return [RoadEdit("south", "quiet", segments=np.setdiff1d(south, opened)), *clear]


def test_limits_are_so_much_lower_and_higher() -> None:
    """Every limit of a rule, and that of a busy crossing; what is assumed of a road stays."""
    rules, strict = load_stress_rules(), load_stress_rules(STRICT)
    assert strict.crossings.from_kmh == pytest.approx(0.9 * rules.crossings.from_kmh)
    ratios = [
        row.up_to_kmh / old.up_to_kmh
        for row, old in zip(strict.rules, rules.rules, strict=True)
        if np.isfinite(old.up_to_kmh)
    ]
    assert ratios == pytest.approx([0.9] * len(ratios))
    assert strict.assumed_kmh == rules.assumed_kmh
    assert load_stress_rules(STRICT) is strict


def test_an_edit_lies_where_it_lay_by_other_rules(town: MadeTown, extract: Path) -> None:
    """Carried over it is found where a line that is drawn along it is found."""
    network = town.rider.network
    edits = draw_all(network, 3)
    other = read_backwards(extract)
    assert (other.vertex_x != network.vertex_x).any()
    carried = carry_edits(network, other, edits)
    for edit, moved in zip(edits, carried, strict=True):
        places = [
            np.sort(np.hypot(*(one[at] for one in of.pieces[:2])) + np.hypot(
                *(one[at] for one in of.pieces[2:])
            ))
            for of, at in ((network, edit.segments), (other, moved.segments))
        ]  # fmt: skip
        np.testing.assert_array_equal(*places)
        if edit.change == "crossing" and moved.node >= 0:
            assert other.osm_id[moved.node] == network.osm_id[edit.node]


def test_an_added_road_is_joined_where_it_was(town: MadeTown, extract: Path) -> None:
    """A joint keeps its place, whichever way its segment runs by other rules."""
    network = town.rider.network
    edits = [edit for edit in draw_edits(network, 5, 30) if edit.change == "add"]
    other = read_backwards(extract)
    for edit, moved in zip(edits, carry_edits(network, other, edits), strict=True):
        for joints, of in ((edit.joints, network), (moved.joints, other)):
            x, y, x2, y2 = (one[[joint.segment for joint in joints]] for one in of.pieces)
            share = [joint.offset_mm / of.length_mm[joint.segment] for joint in joints]
            place = np.stack([x + share * (x2 - x), y + share * (y2 - y)])
            np.testing.assert_allclose(place, edit.line[[0, -1]].T, atol=0.002)


def test_each_view_is_a_whole_measurement(town: MadeTown, extract: Path) -> None:
    """By other speeds, rules and tags what is gained equals what is counted with and without."""
    network = town.rider.network
    edits, places = draw_all(network, 3), draw_places(np.random.default_rng(3), 1)
    laid = lay_edits(network, edits)
    gains = RoadGains.from_measured(town.prepared, town.measured, laid, places, threads=1)
    sets = [([0], []), ([0, 1, 2, 4], [0]), (list(range(1, len(edits))), [])]
    options = Options.of_lists(*zip(*sets, strict=True))
    found = rank_otherwise(gains, edits, options, "low_stress")
    for view, counts in found.items():
        other, scenario = look_otherwise(town, extract, view)
        roads = other.rider.network
        before = other.sum_up(roads, places.iloc[:0], scenario)
        for count, (chosen, opened) in zip(counts, sets, strict=True):
            table = write_edits(network, [edits[one] for one in chosen])
            after = add_edits(roads, table, strict=False)
            assert count == other.sum_up(after, places.iloc[opened], scenario) - before, view
    assert set(found) == {
        *("low", "high", "speed-10", "speed+10", "stress-10", "stress+10"),
        *("untagged-best", "untagged-worst"),
    }
    assert len({tuple(counts) for counts in found.values()}) > 4


def look_otherwise(town: MadeTown, extract: Path, view: str) -> tuple[MadeTown, str]:
    """Give the town of a view, measured anew, and the scenario."""
    kind, _, how = view.replace("+", "-").partition("-")
    ratio = 1.1 if "+" in view else 0.9
    crossings = {"busy_crossings": "push", "pavements_under_10": True}
    if kind in ("low", "high"):
        return town, kind
    if kind == "speed":
        bands = [
            {"ages": list(band.ages), "speed_kmh": scale(speed.central * ratio)}
            for band in DEFAULT_BANDS
            if (speed := band.speed_kmh) is not None
        ]
        return MadeTown(read(extract), bands=bands, **crossings), "central"
    if kind == "stress":
        return MadeTown(read(extract, name_scaled("default", ratio)), **crossings), "central"
    network = read(extract).fill_untagged(best=how == "best")
    return MadeTown(network, **crossings), "central"


def scale(kmh: float) -> dict[str, float]:
    """Give a speed of which the central one alone is asked."""
    return {"low": kmh / 2, "central": round(kmh, 6), "high": 2 * kmh}


def test_over_all_roads_no_rule_of_stress_matters(town: MadeTown) -> None:
    """Of all roads there are the speeds alone."""
    network = town.rider.network
    joints = [edit for edit in draw_edits(network, 5) if edit.change == "add"]
    gains = RoadGains.from_measured(town.prepared, town.measured, lay_edits(network, joints))
    found = rank_otherwise(gains, joints, Options.of_lists([[0], [1]]), "all")
    assert list(found) == ["low", "high", "speed-10", "speed+10"]
    assert isinstance(town.prepared, Prepared)
