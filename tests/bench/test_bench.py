"""What the benchmarks stand on: the made land has its shape, and all who compute it agree."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import shapely
from bench import (
    country,
    engines,
    explain,
    explorer,
    flanders,
    links,
    opponents,
    page,
    paper,
    ratios,
    reading,
    scale,
    scaling,
    synthetic,
)

from stemgeo.explore.board import Board
from stemgeo.measure import Prepared, measure_day
from stemgeo.network.graph import Network
from stemgeo.network.snap import snap_points
from stemgeo.scale.over_tiles import InPlace, Tiling

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NODES = 3000


@pytest.fixture(scope="module")
def made() -> Network:
    """A small made land, its islands found."""
    return synthetic.network(NODES).restrict_to()


def test_the_made_land_follows_from_its_seed() -> None:
    """The same seed gives the same arrays, another seed others."""
    one, same, other = (synthetic.network(NODES, seed)._list_arrays() for seed in (1, 1, 2))
    assert all(np.array_equal(one[name], same[name]) for name in one)
    assert not np.array_equal(one["length_mm"], other["length_mm"])


def test_the_made_land_has_the_promised_shape(made: Network) -> None:
    """As many nodes as asked, two and a half directed edges each, under 100 m long."""
    arcs = len(made.arcs[1])
    assert made.nodes == pytest.approx(NODES, rel=0.03)
    assert arcs / made.nodes == pytest.approx(2.5, abs=0.15)
    assert 60 < made.edge_length_m.mean() < 100
    assert made.door.mean() > 0.9


def test_the_made_land_can_be_measured(made: Network) -> None:
    """Every child of the made registers is placed and counted, in every profile."""
    inputs = synthetic.inputs(made, academies=3, points=500)
    prepared = Prepared.from_inputs(synthetic.study(), inputs, made)
    table = measure_day(prepared, synthetic.DAY).coverage
    region = table[(table["level"] == "region") & (table["band"] == "all")]
    assert (region["children"] == inputs.children["children"].sum()).all()
    assert len(region) == 9
    assert (region["covered"] > 0).all()


def test_networkx_and_scipy_find_the_same(made: Network) -> None:
    """Sets and times of every opponent are those of the kernel: the rows assert it themselves."""
    rows = ratios.reach_rows("here", made, 20, threads="")
    assert [row.against for row in rows] == [
        "`networkx.ego_graph`",
        "scipy `dijkstra(limit=)`",
        "scipy `min_only=True`",
        "networkx multi-source",
    ]


def test_the_union_of_buffers_is_the_same_ground(made: Network) -> None:
    """Isochrones share 98 % with buffers around the reached roads: the row asserts it itself."""
    assert float(ratios.isochrone_row("here", made).note.split()[1]) >= ratios.LEAST_IOU


def test_the_shared_part_of_two_squares() -> None:
    """Squares that overlap by a half share a third of their ground."""
    one, other = shapely.box(0, 0, 2, 1), shapely.box(1, 0, 3, 1)
    assert opponents.shared_part(one, other) == pytest.approx(1 / 3)


def test_the_exponent_is_the_slope_of_the_logarithms() -> None:
    """Times that grow as the square of the size have the exponent 2."""
    curve = scaling.Curve("", "", (1, 10, 100), (3.0, 300.0, 30_000.0))
    assert curve.exponent == pytest.approx(2)


@pytest.fixture(scope="module")
def small_land(
    made: Network, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Boards of a small land, and what was said when they were kept."""
    folder = tmp_path_factory.mktemp("land")
    (folder / "network").mkdir()
    made.save(folder / "network")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(synthetic, "FLANDERS_ACADEMIES", 12)
        patched.setattr(synthetic, "FLANDERS_POINTS", 400)
        yield folder, explorer.keep(folder)


def test_the_explorer_is_measured_again(
    made: Network, small_land: tuple[Path, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a small land too the board that is kept and opened equals a whole measurement."""
    monkeypatch.setattr(explorer, "WHOLE", 2)
    folder, kept = small_land
    same = explorer.equal(folder)
    assert (kept["nodes"], kept["academies"]) == (made.nodes, 12)
    assert same["changes"] == 2
    ms: dict[str, Any] = {f"{kind}_ms": [1.0, 3.0] for kind in ("placed", "moved", "closed")}
    ms |= {"open_s": 1.0, "cpu_ms": 9.0, "flat_ms": [200.0, 100.0], "flat_counted_ms": [90.0]}
    ms |= {"server": {"board_s": 1.0, "study_s": 1.0, "peak_mib": 10.0}, "two": dict(ms)}
    text = explorer.write_section(kept | {"peak_mib": 10.0}, ms, same)
    assert "| a drop to figures painted, the map without WebGL | 150 | 195 | 200 | 300 |" in text
    assert "are\nthe same to the child" in text
    assert "| 2 profiles, its last change a move | 2 | 3 | 3 |  |" in text


def test_the_board_of_two_profiles_is_as_if_it_were_measured(
    made: Network, small_land: tuple[Path, dict[str, Any]]
) -> None:
    """What is asked of it has the figures of a study that has no other profile."""
    two = explorer.open_board(small_land[0] / explorer.TWO, threads=1)
    inputs = explorer.make_inputs(made)
    every = [cell.ages[0] for cell in two.cells]
    prepared = Prepared.from_inputs(two.study, inputs, made, every)
    measured = Board.from_prepared(prepared, threads=1)
    assert two.ground.profiles == explorer.ASKED_FOR == measured.ground.profiles
    random = np.random.default_rng(3)
    for _ in range(3):
        placed, closed = explorer.draw_change(two, random)
        found, expected = two.change(placed, closed), measured.change(placed, closed)
        pd.testing.assert_frame_equal(found.coverage, expected.coverage)
        for name in explorer.ASKED_FOR:
            np.testing.assert_array_equal(
                two.beside.best.add_up(found.moves, name),
                measured.beside.best.add_up(expected.moves, name),
            )


def test_which_road_is_measured_on_a_small_land_too(
    made: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Candidates, counts and choices are told with their times and the memory."""
    monkeypatch.setattr(synthetic, "FLANDERS_ACADEMIES", 4)
    monkeypatch.setattr(synthetic, "FLANDERS_POINTS", 400)
    monkeypatch.setattr(links, "STRETCHES", 300)
    made.save(tmp_path)
    found, counted = (one(tmp_path) | {"peak_mib": 10.0} for one in links.PARTS.values())
    assert counted["stretches"] == 300
    text = links.write_section(found, counted)
    assert f"looking for {found['candidates']:,} candidates" in text
    assert text.startswith("## Which road, at the size of Flanders\n")


def test_what_else_a_run_finds_is_measured_on_a_small_land_too(
    made: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each stage is told with its time, and a bar beside one measurement."""
    monkeypatch.setattr(synthetic, "FLANDERS_ACADEMIES", 4)
    monkeypatch.setattr(synthetic, "FLANDERS_POINTS", 400)
    monkeypatch.setattr(flanders, "PLACES", 5)
    monkeypatch.setattr(flanders, "POINTS", 400)
    made.save(tmp_path)
    found = flanders.rest(tmp_path)
    assert {"walking", "waiting", "together"} <= set(found["bars"])
    text = flanders.write_rest(found | {"peak_mib": 10.0})
    assert f"| candidates ({found['ranked']} municipalities) |" in text
    assert all(one > 0 for one in found["floors"].values())
    assert "| its memory, GiB |" in text
    whole = flanders.stages(tmp_path) | {"peak_mib": 10.0}
    text = flanders.write_whole(whole, flanders.sets(tmp_path))
    assert f"{whole['profiles']} profiles, counted at every level ({whole['rows']:,} rows)" in text


def test_why_it_changed_is_measured_on_a_small_land_too(
    made: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Academies, roads and placing differ; two of them ask for a search, so four are made."""
    monkeypatch.setattr(synthetic, "FLANDERS_ACADEMIES", 10)
    monkeypatch.setattr(synthetic, "FLANDERS_POINTS", 400)
    made.save(tmp_path)
    found = explain.bridge(tmp_path)
    assert (found["studies"], found["measurements"]) == (8, 4)
    assert found["moved"]["roads"] > 0 == found["moved"]["placing"]
    text = explain.write_section(found | {"peak_mib": 10.0})
    assert "8 studies between A and B, of 4 measurements" in text


def test_tiles_of_a_small_land_find_what_one_does(tmp_path: Path) -> None:
    """The same labels, over more nodes; each arc once in one tile, and the page says the ratios."""
    synthetic.network(NODES).save(tmp_path)
    one, four = (scale.measure_work(tmp_path, tiles, points=200) for tiles in (1, 4))
    assert one["labels"] == four["labels"]
    assert one["nodes"] < four["nodes"]
    assert 0 < one["arcs"] < four["arcs"]
    alike = {"labels": one["labels"]}
    workers = [alike | {"workers": 1, "wall_s": 9.0}, alike | {"workers": 2, "wall_s": 6.0}]
    text = scale.write_section([one, four], workers)
    assert text.startswith("## A network in tiles")
    assert "| 2 | 6.0 | 75% |" in text


def test_a_country_is_made_and_read(tmp_path: Path) -> None:
    """Its roads meet at the crossings of a grid, its buildings have a footprint, sizes are told."""
    path = tmp_path / "country.osm.pbf"
    size = country.write_country(path, roads=450, buildings=120)
    assert size == {"nodes": 16**2 + 450 * 4 + 480, "ways": 570, "bytes": path.stat().st_size}
    network = Network.from_osm(path)
    counts = network.counts
    assert 440 <= counts["ways"] + counts["ways_closed_to_bicycles"] < 450  # a canal is no road
    assert len(network.barriers) >= 5  # canals and motorways
    assert network.area.area > 0.9 * 250_000 * 200_000
    found = {name: reading.run_part(name, path, []) for name in reading.READ}
    assert 0.8 * 120 < found["buildings"]["count"] < 120
    assert found["streets"]["count"] > 1000 < found["roads"]["count"] * 10
    parts = {name: {"ours": one | {"peak_mib": 10.0}, "theirs": one} for name, one in found.items()}
    floor = reading.run_part("unpack", path, [])
    floor |= {"own": reading.run_part("floor", path, [])["count"]}
    text = reading.write_section(size, parts, floor)
    assert "| buildings | " in text
    assert reading.run_part("pass", path, ["building"])["count"] == 120


def test_a_section_is_put_in_the_place_of_the_older_one() -> None:
    """Before how time grows when it is new, else where it was; nothing else is touched."""
    before, after = "# Page\n\n## One\n\na\n", "\n## How time grows\n\nb\n"
    new, newer = "## Explorer\n\nc\n", "## Explorer\n\nd\n"
    once = page.put_section(before + after, new)
    assert once == f"{before}\n{new}{after}"
    assert page.put_section(once, newer) == f"{before}\n{newer}{after}"
    assert page.put_section(f"{before}\n{new}", newer) == f"{before}\n{newer}"


def test_on_paper_each_figure_follows_from_the_unit_costs() -> None:
    """Worked out by hand for one land: of a tile as large as the measured one the work is known."""
    unit = paper.UnitCosts(0.36, 1e-6, 100, 2000, 0.5, 2_000_000)
    land = paper.Land("Somewhere", 10_000, 4_000_000)
    assert paper._row(land, unit) == (
        "| Somewhere | 10.00 | 4.0 | 2 | 1.00 | 0.030 | 1.7 | 0.6 | 8 | 0.15 |"
    )
    assert unit.find_work(8_000_000, 1) == 1
    assert unit.find_work(8_000_000, 4) < unit.find_work(8_000_000, 16)


def test_the_halo_is_what_tiles_have_beside_their_own(made: Network) -> None:
    """More than nothing; all tiles together hold each node once, and these."""
    inputs = synthetic.inputs(made, academies=3, points=500)
    prepared = Prepared.from_inputs(synthetic.study(), inputs, made)
    measured = measure_day(prepared, synthetic.DAY)
    tiled = Tiling(InPlace(), 2)(prepared.study, made, measured.academies, prepared.points)
    assert 0 < paper._count_halo(tiled, made.nodes) <= 1


def test_without_another_engine_the_page_says_why(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And what is published stands there, called so."""

    def none(*_: object) -> list[ratios.Row]:
        raise importlib.import_module("peer").PeerError("needs Python 3.12\nor newer")

    monkeypatch.setattr(engines, "rows", none)
    told = engines.section(tmp_path, tmp_path)
    assert "Not measured here: needs Python 3.12\n" in told
    assert "**not rerun**" in told
    assert told.count("\n| matrix of ") == len(engines.PUBLISHED)


def test_a_matrix_holds_each_pair(made: Network) -> None:
    """Against itself it is as long a ride; each point and academy is there."""
    places = engines._scatter(made)
    sites, points = (snap_points(made, *part) for part in engines._parted(places))
    nothing = {
        "minutes": np.full((engines.POINTS, engines.ACADEMIES), 10.0).tolist(),
        "matrix_s": 1.0,
        "by_itself_s": 2.0,
    }
    row = engines._matrix(made, sites, points, nothing)
    assert row.what == "minutes of 100 points to 25 academies"
    assert "2 s as it chooses by itself" in row.note
