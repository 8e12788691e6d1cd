"""Facts about where children live when nobody chose a method: the best that is known, by zone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import hand
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from stemgeo.demand import PlacingGround, cut_age_cells, place_children
from stemgeo.inputs.buildings import Buildings
from stemgeo.inputs.streets import STREETS, load_streets, read_streets
from stemgeo.inputs.uninhabited import load_uninhabited, read_uninhabited
from stemgeo.study import BEST, STREET_WEIGHTS, AcademyRules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from stemgeo.demand import PlacedChildren
    from stemgeo.inputs import Inputs

    Place = Callable[..., PlacedChildren]

STREET = {"highway": "residential"}
NOBODY = {"highway": "secondary_link"}
"""Tags of a road along which nobody lives."""

ZONES = {f"1100{i + 1}": ("Antwerpen", hand.square(i, 0)) for i in range(4)}
"""Four municipalities of a kilometre each, from west to east."""

NODES = {1: (0, 0), 2: (4, 0), 3: (4, 1), 4: (0, 1)}
FRAME = ([1, 2, 3, 4, 1], NOBODY)
"""A road around all four, so that they lie on the extract as a whole."""


class House(NamedTuple):
    """A building of a hand-made extract."""

    column: float
    row: float
    floor_m2: int = 100
    known: bool = True
    footprint_m2: float = 100
    address: bool = False
    other_use: bool = False
    flats: bool = False


def built(houses: Iterable[House]) -> Buildings:
    """Make the table of an extract's buildings."""
    table = pd.DataFrame(houses, columns=House._fields)
    points = gpd.GeoDataFrame(
        {
            "weight": table["floor_m2"].astype("int64"),
            "kind_known": table["known"].astype(bool),
            "footprint_m2": table["footprint_m2"].astype(float),
            **{name: table[name].astype(bool) for name in ("address", "other_use", "flats")},
        },
        geometry=[hand.spot(x, y) for x, y in zip(table["column"], table["row"], strict=True)],
        crs=hand.CRS,
    )
    return Buildings(points, {})


def houses_in(column: int, count: int, **what: Any) -> list[House]:
    """Put houses in a row, inside the square of a column."""
    return [House(column + 0.1 + 0.8 * i / count, 0.5, **what) for i in range(count)]


class Ways(NamedTuple):
    """Ways beside the frame."""

    nodes: Mapping[int, tuple[float, float]]
    ways: Sequence[tuple[Sequence[int], Mapping[str, str]]]


def street_in(*columns: int, **tags: str) -> Ways:
    """Draw a street of 500 m in each column, tied to the frame by a drive."""
    drive = {"highway": "service", "service": "driveway"}
    nodes: dict[int, tuple[float, float]] = {}
    ways: list[tuple[list[int], Mapping[str, str]]] = []
    for column in columns:
        a, b = 100 + 2 * column, 101 + 2 * column
        nodes |= {a: (column + 0.2, 0.2), b: (column + 0.7, 0.2)}
        ways += [([a, b], STREET | tags), ([1, a], drive)]
    return Ways(nodes, ways)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Place the children of inputs over a hand-made map; each map is read once."""
    maps: dict[str, dict[str, Any]] = {}

    def drawn(roads: Ways, frame: Mapping[int, tuple[float, float]]) -> dict[str, Any]:
        key = repr((roads, frame))
        if key not in maps:
            folder = tmp_path_factory.mktemp("kaart")
            maps[key] = {
                "network": hand.network(folder, {**frame, **roads.nodes}, [FRAME, *roads.ways]),
                "streets": hand.streets(folder),
                "uninhabited": read_uninhabited([folder / "wegen.osm"]),
            }
        return maps[key]

    def placed(
        inputs: Inputs,
        roads: Ways,
        houses: Iterable[House] = (),
        frame: Mapping[int, tuple[float, float]] = NODES,
        **demand: Any,
    ) -> PlacedChildren:
        study = hand.study(
            "wegen.osm",
            weights=None if inputs.weights is None else "w",
            addresses=None if inputs.addresses is None else "a",
            demand=demand,
            travel={"bands": [{"ages": [5, 17], "speed_kmh": 10}]},
        )
        ground = PlacingGround(inputs, study, buildings=built(houses), **drawn(roads, frame))
        cells = cut_age_cells(study.travel.bands, inputs.academies, AcademyRules())
        return place_children(ground, cells, study.method)

    return placed


def people(
    counts: Mapping[str, int] | None = None,
    residents: Mapping[str, int] | None = None,
    **others: Any,
) -> Inputs:
    """Make inputs of the four municipalities: by default 14 children of 100 residents each."""
    counts = counts or dict.fromkeys(ZONES, 14)
    residents = residents or dict.fromkeys(ZONES, 100)
    return hand.inputs(
        hand.municipalities({code: ZONES[code] for code in counts}),
        hand.children([(code, 6, "F", count) for code, count in counts.items()]),
        residents=pd.Series(residents, name="residents").rename_axis("nis_code"),
        **others,
    )


def by_zone(result: PlacedChildren, key: str = "zone_id") -> dict[tuple[str, str], int]:
    """Sum the children by zone and method."""
    sums = result.points.groupby([key, "method"])["children_5-17"].sum()
    return {(str(zone), str(method)): int(count) for (zone, method), count in sums.items()}


def one_zone(count: int = 14, residents: int = 100, **others: Any) -> Inputs:
    """Make inputs of the westernmost municipality alone."""
    return people({"11001": count}, {"11001": residents}, **others)


# -- zone by zone --------------------------------------------------------------------------------


def test_each_zone_has_the_best_that_is_known_there(place: Place) -> None:
    """Addresses; else enough dwellings; else streets; else weights: all told and counted."""
    inputs = people(
        addresses=hand.weights([(hand.spot(0.5, 0.5), 1), (hand.spot(0.6, 0.5), 1)]),
        weights=hand.weights([(hand.spot(3.5, 0.5), 1)]),
    )
    houses = [h for column in range(2) for h in houses_in(column, 40)] + houses_in(2, 10)
    result = place(inputs, street_in(0, 1, 2), houses)
    assert by_zone(result) == {
        ("11001", "addresses"): 14,
        ("11002", "dwellings"): 14,
        ("11003", "streets"): 14,
        ("11004", "grid"): 14,
    }
    assert result.fell_back == 14
    table = result.count_by_zone(inputs.zones).set_index("zone_id")["method"]
    assert table.tolist() == ["addresses", "dwellings", "streets", "grid"]
    counted, short, by_grid = result.notes
    assert (
        "14 children in 1 zone at the addresses, 14 children in 1 zone at the dwellings of the "
        "extract, 14 children in 1 zone along the streets"
    ) in str(counted)
    assert "14 kinderen in 1 zone bij de woningen van het wegenbestand" in counted.to_text("nl")
    assert "1 zone with too few dwellings in the extract for the residents (M11003)" in str(short)
    assert "fewer than 30 for 100" in str(short)
    assert "14 children of M11004" in str(by_grid)


def test_children_who_fell_back_add_up_over_the_methods(place: Place) -> None:
    """3 in one zone by the weights and 5 and 7 in two by their middles are 15; 11 did not."""
    counts = dict(zip(ZONES, (11, 3, 5, 7), strict=True))
    inputs = people(counts, weights=hand.weights([(hand.spot(1.5, 0.5), 1)]))
    result = place(inputs, street_in(0), method="streets")
    assert by_zone(result) == {
        ("11001", "streets"): 11,
        ("11002", "grid"): 3,
        ("11003", "centroid"): 5,
        ("11004", "centroid"): 7,
    }
    assert result.fell_back == 15


@pytest.mark.parametrize(("count", "method"), [(29, "streets"), (30, "dwellings")])
def test_a_village_mapped_in_part_falls_back(place: Place, count: int, method: str) -> None:
    """Thirty dwellings for a hundred residents are enough, one less is not."""
    result = place(one_zone(), street_in(0), houses_in(0, count))
    assert by_zone(result) == {("11001", method): 14}
    less = place(one_zone(), street_in(0), houses_in(0, count), dwellings_per_100=count)
    assert by_zone(less) == {("11001", "dwellings"): 14}


@pytest.mark.parametrize(
    ("what", "method"),
    [
        ({"flats": True, "floor_m2": 3000}, "dwellings"),
        ({"flats": True, "floor_m2": 2999}, "streets"),
        ({"flats": False, "floor_m2": 3000}, "streets"),
    ],
)
def test_flats_count_by_their_floor_area(place: Place, what: dict[str, Any], method: str) -> None:
    """A hundred square metres of flats are a dwelling; a house is one, however large."""
    result = place(one_zone(), street_in(0), houses_in(0, 1, **what))
    assert by_zone(result) == {("11001", method): 14}


@pytest.mark.parametrize(
    ("house", "is_home"),
    [
        (House(0.5, 0.5, footprint_m2=900), True),
        (House(0.5, 0.5, known=False, footprint_m2=39), False),
        (House(0.5, 0.5, known=False, footprint_m2=40), True),
        (House(0.5, 0.5, known=False, footprint_m2=400), True),
        (House(0.5, 0.5, known=False, footprint_m2=401), False),
        (House(0.5, 0.5, known=False, footprint_m2=20, address=True), True),
        (House(0.5, 0.5, known=False, footprint_m2=900, address=True), True),
        (House(0.5, 0.5, known=False, other_use=True), False),
        (House(0.5, 0.5, known=False, address=True, other_use=True), False),
        (House(0.5, 0.5, known=True, other_use=True), True),
    ],
)
def test_what_a_dwelling_is(place: Place, house: House, is_home: bool) -> None:  # noqa: FBT001
    """By kind, by address or by size; of a use of its own only when its kind is a dwelling."""
    result = place(one_zone(), street_in(0), [house], dwellings_per_100=0)
    assert by_zone(result) == {("11001", "dwellings" if is_home else "streets"): 14}


@settings(max_examples=25)
@given(
    homes=st.lists(st.integers(0, 40), min_size=4, max_size=4),
    residents=st.lists(st.integers(0, 120), min_size=4, max_size=4),
    more=st.integers(0, 5),
)
def test_more_dwellings_never_fall_back_and_no_child_is_lost(
    place: Place, homes: list[int], residents: list[int], more: int
) -> None:
    """A zone is placed at dwellings exactly when it has 30 for 100 residents; each child stands."""
    codes = list(ZONES)
    inputs = people(
        dict(zip(codes, [5, 0, 7, 11], strict=True)), dict(zip(codes, residents, strict=True))
    )
    for extra in (0, more):
        now = [count + extra for count in homes]
        houses = [h for column, count in enumerate(now) for h in houses_in(column, count)]
        result = place(inputs, street_in(0, 1, 2, 3), houses)
        found = by_zone(result)
        assert sum(found.values()) == 23
        for code, count, living in zip(codes, now, residents, strict=True):
            enough = count > 0 and 100 * count >= 30 * living
            assert (code, "streets" if enough else "dwellings") not in found


# -- whose residents are not known ---------------------------------------------------------------

PARTS = {"A": ("11001", hand.square(0, 0)), "B": ("11001", hand.square(1, 0, 3, 1))}
"""Two zones of one municipality, without totals of their own."""


def undivided(children: int = 120, residents: int = 400, **others: Any) -> Inputs:
    """Make inputs of one municipality of two zones."""
    return hand.inputs(
        hand.municipalities({"11001": ("Antwerpen", hand.square(0, 0, 4, 1))}),
        hand.children([("11001", 6, "F", children)]),
        hand.zones(PARTS),
        residents=pd.Series({"11001": residents}).rename_axis("nis_code"),
        **others,
    )


def test_without_totals_the_streets_say_who_lives_in_which_zone(place: Place) -> None:
    """One street of three in a zone: 40 of 120 children, at its dwellings; the rest by streets."""
    result = place(undivided(), street_in(0, 1, 2), houses_in(0, 60))
    assert by_zone(result) == {("A", "dwellings"): 40, ("B", "streets"): 80}
    told = [str(note) for note in result.notes]
    assert any("those of the municipality are shared by the streets for 2 zones" in n for n in told)
    short = place(undivided(), street_in(0, 1, 2), houses_in(0, 39))
    assert by_zone(short) == {("A", "streets"): 40, ("B", "streets"): 80}


def test_where_all_zones_are_mapped_their_floors_say_it(place: Place) -> None:
    """Dwellings enough in each: children by floor area over zones, whatever the streets."""
    houses = houses_in(0, 100) + houses_in(1, 100, floor_m2=200)
    result = place(undivided(), street_in(0, 1, 2), houses)
    assert by_zone(result) == {("A", "dwellings"): 40, ("B", "dwellings"): 80}
    inputs = undivided(weights=hand.weights([(hand.spot(0.5, 0.5), 3), (hand.spot(3, 0.5), 1)]))
    known = place(inputs, street_in(0, 1, 2), houses)
    assert by_zone(known) == {("A", "dwellings"): 90, ("B", "dwellings"): 30}


def test_totals_of_zones_are_taken_as_they_are(place: Place) -> None:
    """100 residents in one zone, 300 in the other: thirty and ninety dwellings are enough."""
    population = pd.DataFrame({"zone_id": ["A", "B"], "population": [100, 300]})
    houses = houses_in(0, 30) + houses_in(1, 89)
    result = place(undivided(zone_population=population), street_in(0, 1), houses)
    assert by_zone(result) == {("A", "dwellings"): 30, ("B", "streets"): 90}


def test_without_other_ages_children_say_how_many_residents_there_are(place: Place) -> None:
    """Ten children of one age stand for 930 residents: 279 dwellings are enough, 278 not."""
    inputs = replace(one_zone(count=10), residents=None)
    enough = place(inputs, street_in(0), houses_in(0, 279))
    assert by_zone(enough) == {("11001", "dwellings"): 10}
    short = place(inputs, street_in(0), houses_in(0, 278))
    assert by_zone(short) == {("11001", "streets"): 10}


# -- partly beyond the extract -------------------------------------------------------------------

HALF = {1: (0, 0), 2: (0.5, 0), 3: (0.5, 1), 4: (0, 1)}
"""A frame around half of the westernmost municipality."""


@pytest.mark.parametrize(
    ("others", "outside", "said"),
    [
        ({}, 50, "by the ground 50 of 100 children"),
        ({"weights": [(0.3, 3), (0.8, 1)]}, 25, "by the weights 25 of 100 children"),
        ({"weights": [(0.3, 3), (1.8, 1)]}, 0, ""),
        ({"weights": [(0.8, 1)]}, 100, ""),
        ({"addresses": [(0.3, 1), (0.8, 3)]}, 75, "by the addresses 75 of 100 children"),
    ],
)
@pytest.mark.parametrize("method", ["", "streets"])
def test_a_zone_partly_beyond_is_divided_by_where_people_live(
    place: Place, method: str, others: dict[str, Any], outside: int, said: str
) -> None:
    """By addresses or weights beyond the roads when the study has them, else by the ground."""
    given_ = {
        name: hand.weights([(hand.spot(x, 0.6), weight) for x, weight in points])
        for name, points in others.items()
    }
    if method == "" and "addresses" in others:
        said = ""  # they are the places themselves
    roads = Ways({100: (0.1, 0.2), 101: (0.4, 0.2)}, [([100, 101], STREET), ([1, 100], NOBODY)])
    result = place(one_zone(100, **given_), roads, frame=HALF, method=method)
    points = result.points
    assert points["children_5-17"].sum() == 100
    beyond = points["outside_network"]
    assert points.loc[beyond, "children_5-17"].sum() == pytest.approx(outside, abs=1)
    told = [str(note) for note in result.notes if "beyond" in str(note)]
    assert [said in note for note in told] == ([True] if said else [])


def test_weights_as_cells_are_cut_where_the_roads_end(place: Place) -> None:
    """A cell of the whole kilometre lies for half beyond: half of the children do."""
    cell = gpd.GeoDataFrame({"weight": [8.0]}, geometry=[hand.square(0, 0)], crs=hand.CRS)
    roads = Ways({100: (0.1, 0.2), 101: (0.4, 0.2)}, [([100, 101], STREET), ([1, 100], NOBODY)])
    result = place(one_zone(100, weights=cell), roads, frame=HALF)
    assert by_zone(result) == {
        ("11001", "streets"): pytest.approx(50, abs=1),
        ("11001", "outside"): pytest.approx(50, abs=1),
    }


def test_only_those_on_the_extract_ask_for_dwellings(place: Place) -> None:
    """Half of the zone lies beyond: fifteen dwellings are enough for the fifty residents here."""
    houses = [House(0.1 + 0.02 * i, 0.5) for i in range(16)]
    roads = Ways({100: (0.1, 0.2), 101: (0.4, 0.2)}, [([100, 101], STREET), ([1, 100], NOBODY)])
    result = place(one_zone(100), roads, houses, frame=HALF)
    assert {method for _, method in by_zone(result)} == {"dwellings", "outside"}
    result = place(one_zone(100), roads, houses[:14], frame=HALF)
    assert {method for _, method in by_zone(result)} == {"streets", "outside"}


# -- streets -------------------------------------------------------------------------------------


def lengths(folder: Path, *ways: tuple[Sequence[int], Mapping[str, str]]) -> dict[str, int]:
    """Read the metres of each kind of street from ways along three nodes, 300 and 400 m apart."""
    nodes = {1: (0.0, 0.0), 2: (0.3, 0.0), 3: (0.3, 0.4)}
    path = folder / "straten.osm"
    path.write_text(hand.osm_xml(nodes, ways), encoding="utf-8")
    _, _, length_mm, kind = read_streets([path]).cut_pieces(50)
    metres = np.bincount(kind, weights=length_mm / 1000, minlength=len(STREETS))
    return {name: round(m) for name, m in zip(STREETS, metres, strict=True) if m}


def test_every_kind_of_street_has_a_weight() -> None:
    """A residential street is the measure; nobody lives along a trunk road or a track."""
    assert set(STREETS) == set(STREET_WEIGHTS)
    assert STREET_WEIGHTS["residential"] == 1
    assert STREET_WEIGHTS["trunk"] == STREET_WEIGHTS["track"] == 0


@pytest.mark.parametrize(
    "tags",
    [
        {"highway": "motorway"},
        {"highway": "secondary_link"},
        {"highway": "cycleway"},
        {"highway": "secondary", "junction": "roundabout"},
        {"highway": "residential", "bridge": "yes"},
        {"highway": "residential", "tunnel": "yes"},
        {"highway": "service", "service": "parking_aisle"},
        {"railway": "rail"},
    ],
)
def test_along_these_nobody_lives(tmp_path: Path, tags: dict[str, str]) -> None:
    """Motorways, links, roundabouts, bridges, tunnels, drives: no street of ours."""
    assert lengths(tmp_path, ([1, 2, 3], STREET), ([1, 3], tags)) == {"residential": 700}


def test_a_street_closed_to_bicycles_has_houses_all_the_same(tmp_path: Path) -> None:
    """A cycle track drawn beside a road and the sign to use it move no child."""
    road = {"highway": "secondary"}
    before = lengths(tmp_path, ([1, 2, 3], road))
    signed = road | {"bicycle": "use_sidepath"}
    after = lengths(tmp_path, ([1, 2, 3], signed), ([1, 3], {"highway": "cycleway"}))
    assert before == after == {"secondary": 700}


def test_children_stand_along_streets_by_their_weight(place: Place) -> None:
    """500 m of residential street and 500 m of a secondary road: 100 and 175; or as declared."""
    roads = street_in(0)
    more = street_in(1, highway="secondary")
    both = Ways({**roads.nodes, **more.nodes}, [*roads.ways, *more.ways])
    inputs = hand.inputs(
        hand.municipalities({"11001": ("Antwerpen", hand.square(0, 0, 4, 1))}),
        hand.children([("11001", 6, "F", 275)]),
    )
    for demand, west in (({}, 100), ({"street_weights": {"secondary": 10}}, 25)):
        result = place(inputs, both, **demand)
        children, x = result.points["children_5-17"], result.points.geometry.x - hand.X0
        assert children[x < 1000].sum() == pytest.approx(west, abs=1)
        assert set(result.points["method"]) == {"streets"}


def test_nobody_lives_in_woods_or_among_factories(place: Place) -> None:
    """Of two equal streets the one through a wood takes no child, but for its clearing."""
    wood = {n + 200: at for n, at in {1: (1, 0), 2: (1.95, 0), 3: (1.95, 0.9), 4: (1, 0.9)}.items()}
    roads = street_in(0, 1)
    area = ([201, 202, 203, 204, 201], {"landuse": "forest"})
    inputs = hand.inputs(
        hand.municipalities({"11001": ("Antwerpen", hand.square(0, 0, 4, 1))}),
        hand.children([("11001", 6, "F", 100)]),
    )
    open_ground = place(inputs, roads).points
    assert open_ground.geometry.x.max() > hand.X0 + 1000
    both = Ways({**roads.nodes, **wood}, [*roads.ways, area])
    points = place(inputs, both).points
    assert points.geometry.x.max() < hand.X0 + 1000
    assert points["children_5-17"].sum() == 100


def test_ground_where_nobody_lives(tmp_path: Path) -> None:
    """Closed ways, one that crosses itself, a multipolygon with a clearing; no open outline."""
    corners = {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1)}
    court = {5: (0.4, 0.4), 6: (0.6, 0.4), 7: (0.6, 0.6), 8: (0.4, 0.6)}
    text = hand.osm_xml(
        {**corners, **court, **{n + 10: (x + 2, y) for n, (x, y) in corners.items()}},
        [
            ([1, 2, 3, 4, 1], {}),
            ([5, 6, 7, 8, 5], {}),
            ([11, 13, 12, 14, 11], {"landuse": "industrial"}),
            ([1, 2, 3], {"natural": "wood"}),
            ([1, 2, 3, 1], {"landuse": "meadow"}),
        ],
    )
    members = "".join(
        f'<member type="way" ref="{ref}" role="{role}"/>'
        for ref, role in ((1, "outer"), (2, "inner"))
    )
    tags = '<tag k="type" v="multipolygon"/><tag k="landuse" v="forest"/>'
    path = tmp_path / "gronden.osm"
    path.write_text(
        text.replace("</osm>", f'<relation id="1" version="1">{members}{tags}</relation></osm>'),
        encoding="utf-8",
    )
    found = read_uninhabited([path])
    assert found.counts == {"uninhabited_areas": 2, "uninhabited_areas_not_whole": 1}
    spots = [(0.2, 0.2), (0.5, 0.5), (2.5, 0.1), (2.1, 0.5), (1.5, 0.5)]
    x, y = (np.array([getattr(hand.spot(*at), name) for at in spots]) for name in "xy")
    assert found.contains_points(x, y).tolist() == [True, False, False, True, False]


def test_streets_and_grounds_are_kept_between_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second time the extract is not read; a damaged entry is made anew."""
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "wegen.osm"
    ways = [([1, 2, 3], STREET), ([1, 2, 3, 1], {"landuse": "forest"})]
    text = hand.osm_xml({1: (0, 0), 2: (1, 0), 3: (1, 1)}, ways)
    path.write_text(text, encoding="utf-8")
    first = load_streets([path], ["0" * 64]), load_uninhabited([path], ["0" * 64])
    path.unlink()
    again = load_streets([path], ["0" * 64]), load_uninhabited([path], ["0" * 64])
    for entry in (*(tmp_path / "cache" / "streets").iterdir(),
                  *(tmp_path / "cache" / "uninhabited").iterdir()):  # fmt: skip
        entry.write_bytes(entry.read_bytes()[:-1])
    path.write_text(text, encoding="utf-8")
    anew = load_streets([path], ["0" * 64]), load_uninhabited([path], ["0" * 64])
    for streets, grounds in (again, anew):
        np.testing.assert_array_equal(streets.start, first[0].start)
        np.testing.assert_array_equal(streets.kind, first[0].kind)
        assert shapely.equals(grounds.areas, first[1].areas).all()
        assert grounds.counts == first[1].counts


def test_the_default_is_the_best() -> None:
    """With roads; in a straight line there is one to choose from, as before."""
    assert hand.study("wegen.osm").method == BEST
    assert hand.study("wegen.osm", demand={"method": "best"}).method == BEST
    assert hand.study("wegen.osm", demand={"method": "streets"}).method == "streets"
    assert hand.study(addresses="a", weights="w").method == "buildings"
    assert hand.study(weights="w").method == "grid"
    assert hand.study().method == "centroid"
