"""Every kind of map: what it draws, says and lays beside it is the same, and is the truth."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from PIL import Image
from pypdf import PdfReader
from sheets import collisions, left_over, written

from stemgeo.maps import kinds, series
from stemgeo.maps.kinds import KINDS, DrawnMap, save_map
from stemgeo.maps.series import Classes
from stemgeo.maps.sheet import Ground
from stemgeo.speech import LANGUAGES
from stemgeo.tables import WITHIN
from stemgeo.writing.pages import put_in_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from stemgeo.maps.text import MapText

SVG = "{http://www.w3.org/2000/svg}"
FIXED = series.DEFAULT_CLASSES
HOSTILE = {
    "formula": "$x^2$",
    "script": "<script>alert(1)</script>",
    "long": "W" * 10_000,
    "emoji": "Dorp \N{SPARKLES}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{MICROSCOPE}",
    "right to left": "\N{RIGHT-TO-LEFT OVERRIDE}\u05d0\u05d1 \u0627\u0644\u0639",
    "newline": "een\nnaam\tover\x07 twee\u2028regels\x00",
    "entities": "A&amp;B ]]> -->\"'",
}


@pytest.fixture
def ground(municipalities: gpd.GeoDataFrame, academies: gpd.GeoDataFrame, text: MapText) -> Ground:
    """The land on a grid."""
    return Ground(municipalities, academies, text)


@pytest.fixture
def earlier(ground: Ground) -> Ground:
    """The same land with less reach: one academy is not there yet, another still is."""
    towns, there = ground.municipalities, ground.academies
    step = np.array([0.0, 0.015, 0.02, 0.05, 0.1, 0.3, -0.02, -0.1])[np.arange(len(towns)) % 8]
    share = (towns["share"] - step).clip(0, 1)
    gone = there.iloc[:1].assign(academy_id="OLD", geometry=there.geometry.iloc[:1].translate(500))
    both = gpd.GeoDataFrame(pd.concat([there.iloc[1:], gone]), crs=there.crs)
    with_one = towns["academies"].where(towns.index != 1, 0)
    before = towns.assign(share=share, academies=with_one, has_academy=with_one > 0)
    return Ground(before, both, ground.text)


@pytest.fixture
def zones(municipalities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Each square in a left and a right half, with shares of their own."""
    parts = []
    for side in (0, 1):
        x0, y0, x1, y1 = municipalities.bounds.to_numpy().T
        middle = (x0 + x1) / 2
        box = shapely.box(x0, y0, middle, y1) if side == 0 else shapely.box(middle, y0, x1, y1)
        share = abs(side - municipalities["share"])
        parts.append(
            municipalities.assign(
                zone_id=municipalities["nis_code"] + "AB"[side], share=share, geometry=box
            )
        )
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=municipalities.crs)


@pytest.fixture
def timed(municipalities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Minutes on and between the bounds; some beyond the horizon, one unmeasured."""
    values = [0.0, 10.0, 10.001, 15.0, 19.9, 20.0, 30.0, 59.9, 60.0, np.inf]
    minutes = np.resize(values, len(municipalities))
    return municipalities.assign(minutes=np.where(municipalities["share"].isna(), np.nan, minutes))


@pytest.fixture
def points(municipalities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Ten spots in each square that share its children who are out of reach."""
    rows = []
    for town in municipalities.itertuples():
        x0, y0, _, _ = town.geometry.bounds
        each, rest = divmod(int(town.uncovered), 10)
        rows += [
            (town.nis_code, each + (n < rest), shapely.Point(x0 + 500 + 900 * n, y0 + 3000))
            for n in range(10)
        ]
    table = gpd.GeoDataFrame(rows, columns=["nis_code", "uncovered", "geometry"], crs="EPSG:31370")
    return table[table["uncovered"] > 0].reset_index(drop=True)


@pytest.fixture
def candidates(municipalities: gpd.GeoDataFrame) -> pd.DataFrame:
    """Every municipality, ranked by its children out of reach."""
    ranked = municipalities.sort_values(["uncovered", "nis_code"], ascending=[False, True])
    middle = ranked.centroid
    return pd.DataFrame(ranked[["nis_code", "name", "province"]]).assign(
        rank=np.arange(1, len(ranked) + 1),
        adds=ranked["uncovered"].to_numpy() // 2,
        place_id=[f"P{code}" for code in ranked["nis_code"]],
        x_m=middle.x.to_numpy(),
        y_m=middle.y.to_numpy(),
    )


@dataclass
class Given:
    """What a result has for its maps, as a test gives it."""

    zones: Any = None
    gaps: Any = None
    candidates: Any = None
    times: Any = None
    demand: Any = None
    rides: Any = None
    coverage: Any = None
    uncertainty: Any = None
    study: Any = field(
        default_factory=lambda: SimpleNamespace(
            travel=SimpleNamespace(cutoff_min=15, horizon_min=60.0),
            gaps=SimpleNamespace(min_children=50, just_too_far_min=5, barrier_detour=1.6),
        )
    )


def timed_of(timed: gpd.GeoDataFrame, horizon_min: float = 60.0) -> Given:
    """A child in each place that rides the minutes of its place."""
    seconds = timed["minutes"].to_numpy() * 60
    known = {"children": 1, "time_s": seconds, "measured": ~np.isnan(seconds)}
    rides = pd.DataFrame({"point": np.arange(len(timed)), **known})
    given = Given(zones=timed, demand=timed.reset_index(drop=True), rides=rides)
    given.study.travel.horizon_min = horizon_min
    return given


def reached(places: gpd.GeoDataFrame, within: Any = ((1, 1, 1, 1), (4, 0, 0, 0))) -> pd.DataFrame:
    """Children of each place with 0, 1, 2, and 3 or more academies in reach, as they come round."""
    known = {"level": "municipality", "band": "all", "profile": "all", "convention": "study"}
    counts = pd.DataFrame(np.resize(within, (len(places), 4)), columns=list(WITHIN))
    return counts.assign(code=places["nis_code"].to_numpy(), **known)


def late_of(points: gpd.GeoDataFrame) -> Given:
    """The children of these points, who reach nothing, in the order of the points."""
    ids = [f"{number:06}" for number in range(len(points))]
    known = {"children": points["uncovered"], "time_s": np.inf, "measured": True}
    rides = pd.DataFrame({"point": np.arange(len(points)), **known})
    return Given(demand=points.assign(zone_id="", point_id=ids), rides=rides)


@pytest.fixture
def drawers(
    earlier: Ground,
    zones: gpd.GeoDataFrame,
    timed: gpd.GeoDataFrame,
    points: gpd.GeoDataFrame,
    municipalities: gpd.GeoDataFrame,
    gaps: gpd.GeoDataFrame,
    candidates: pd.DataFrame,
) -> dict[str, Callable[[Ground], DrawnMap]]:
    """Give what draws each kind on a ground; names of the ground are on zones and gaps too."""
    areas = gaps.assign(provinces="Antwerpen, Limburg")

    def named(table: Any, ground: Ground) -> Any:
        names = ground.municipalities.set_index("nis_code")["name"]
        return table.assign(name=names.reindex(table["nis_code"]).to_numpy())

    def with_plan(ground: Ground) -> Ground:
        planned = np.arange(len(ground.academies)) < 2
        return replace(ground, academies=ground.academies.assign(planned=planned))

    return {
        "share": lambda g: kinds.share.draw_map(g, chosen=FIXED),
        "zones": lambda g: kinds.share.draw_map(
            g, by="zone", chosen=FIXED, tables=Given(zones=named(zones, g))
        ),
        "academies": kinds.academies.draw_map,
        "statuses": lambda g: kinds.academies.draw_map(
            g, before=replace(earlier, province=g.province)
        ),
        "minutes": lambda g: kinds.minutes.draw_map(g, tables=timed_of(timed)),
        "reach": lambda g: kinds.reach.draw_map(g, tables=Given(times=reached(municipalities))),
        "uncovered": lambda g: kinds.uncovered.draw_map(g, tables=late_of(points)),
        "gaps": lambda g: kinds.gaps.draw_map(
            g,
            tables=Given(
                gaps=areas.assign(name=g.municipalities["name"].head(len(areas)).to_numpy())
            ),
        ),
        "reasons": lambda g: kinds.gaps.draw_map(g, by="reason", tables=Given(gaps=areas)),
        "candidates": lambda g: kinds.candidates.draw_map(g, tables=Given(candidates=candidates)),
        "change": lambda g: kinds.change.draw_map(g, before=replace(earlier, text=g.text)),
        "plan": lambda g: kinds.plan.draw_map(
            with_plan(g), before=replace(earlier, text=g.text), chosen=FIXED
        ),
    }


CHARTS = [key for key, kind in KINDS.items() if kind.is_chart]
SORTS = [*(key for key in KINDS if key not in CHARTS), "zones", "statuses", "reasons"]
"""The kinds, and what else some of them can be by or take."""
AREAS = [kind for kind in SORTS if kind not in ("uncovered", "plan")]


def legend_of(svg: Path) -> list[str]:
    """Every text of an SVG, in the order of the file."""
    found = [node.text or "" for node in ET.parse(svg).iter(f"{SVG}text")]  # noqa: S314
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in found]


def find_count(said: list[str], meaning: str) -> str:
    """Find the count of a class in a legend: it follows the first line of what the class means."""
    for number, line in enumerate(said):
        rest = said[number + 2 : number + 5]
        wrapped = [" ".join([line, *rest[:lines]]) for lines in range(len(rest) + 1)]
        if meaning in wrapped:
            return said[number + 1]
    raise AssertionError(meaning)


def number_in(text: str) -> int:
    """Read the number at the beginning of a line."""
    found = re.match(r"[\d.]+", text)
    assert found, text
    return int(found.group().replace(".", ""))


@pytest.mark.parametrize("kind", AREAS)
@pytest.mark.parametrize("province", [None, "Limburg"])
def test_the_legend_of_the_file_counts_the_table(
    ground: Ground, drawers: Any, tmp_path: Path, kind: str, province: str | None
) -> None:
    """Beside each class in the SVG stands how many rows of the table are in it."""
    drawn = drawers[kind](replace(ground, province=province))
    (svg,) = save_map(drawn, tmp_path / "map", ("svg",))
    said, table = legend_of(svg), drawn.table
    counts = Counter(str(name).replace("\N{NO-BREAK SPACE}", " ") for name in table["class"])
    nothing = counts.pop("geen cijfer", 0)
    told = {name: number_in(find_count(said, name)) for name in counts}
    assert told == dict(counts)
    if any(line.startswith("geen cijfer (") for line in said):
        assert f"geen cijfer ({nothing} gemeente" in "\n".join(said).replace("zone", "gemeente")
    else:
        assert nothing == 0


def test_classes_of_the_share_are_those_of_the_table(ground: Ground) -> None:
    """The class of a row holds its share: worked out anew from the figures beside it."""
    table = kinds.share.draw_map(ground, chosen=FIXED).table
    again = table["covered"] / (table["covered"] + table["uncovered"])
    low = (np.floor(again * 5).clip(upper=4) * 20).astype("Int64")
    expected = [
        "geen cijfer" if pd.isna(n) else f"{n} tot {n + 20}\N{NO-BREAK SPACE}%" for n in low
    ]
    # 3/10 of 1100 and the like are exact here: no share lies on a bound by chance of rounding.
    assert list(table["class"]) == expected


@pytest.mark.parametrize("kind", SORTS)
def test_a_kind_changes_nothing_and_its_table_is_of_its_ground(
    ground: Ground, drawers: Any, kind: str
) -> None:
    """What is drawn is left as it was; the table has every place of the province and no other."""
    before = ground.municipalities.copy()
    table = drawers[kind](replace(ground, province="Limburg")).table
    assert ground.municipalities.equals(before)
    if kind in ("gaps", "reasons"):
        assert set(table["gap_id"]) == {f"G{n:03}" for n in range(1, 9)}
        return
    limburg = before[before["province"] == "Limburg"]
    assert Counter(table["nis_code"]) == Counter(
        dict.fromkeys(limburg["nis_code"], 2 if kind == "zones" else 1)
    )


def test_minutes_have_their_class(ground: Ground, timed: gpd.GeoDataFrame) -> None:
    """An upper bound belongs to its class; beyond the horizon and unmeasured are none of these."""
    table = kinds.minutes.draw_map(ground, tables=timed_of(timed)).table

    def by_hand(minutes: float) -> str:
        if np.isnan(minutes):
            return "geen cijfer"
        for low, high in ((0, 10), (10, 15), (15, 20), (20, 30), (30, 60)):
            if minutes <= high:
                return f"{low} tot {high} minuten"
        return "geen academie binnen 60 minuten"

    assert list(table["class"]) == [by_hand(value) for value in table["minutes"]]
    assert (table["class"] == "geen academie binnen 60 minuten").sum() == 4
    assert (table["class"] == "geen cijfer").sum() == 1


def test_classes_of_minutes_end_at_the_horizon(ground: Ground, timed: gpd.GeoDataFrame) -> None:
    """A horizon of 18 minutes leaves the classes above it out."""
    near = timed.assign(minutes=timed["minutes"].where(timed["minutes"] <= 18, np.inf))
    said = written(kinds.minutes.draw_map(ground, tables=timed_of(near, 18.0)).figure)
    assert "15 tot 18 minuten" in said
    assert "geen academie binnen 18 minuten" in said
    assert "20 tot 30 minuten" not in said


def test_reach_is_what_half_of_the_children_can_choose_among(ground: Ground) -> None:
    """As many academies as at least half of the measured children have within the cutoff."""
    within = [(3, 2, 0, 0), (2, 2, 0, 0), (2, 0, 1, 1), (0, 0, 1, 9), (0, 0, 0, 0), (1, 1, 1, 0)]
    towns = ground.municipalities
    other = reached(towns, [(0, 0, 0, 9)]).assign(convention="flat")
    times = pd.concat([other, reached(towns, within)], ignore_index=True)
    drawn = kinds.reach.draw_map(ground, tables=Given(times=times))
    table = drawn.table.set_index("nis_code").reindex(towns["nis_code"])
    assert table["reach"].head(6).fillna(-1).tolist() == [0, 1, 2, 3, -1, 1]
    assert table["class"].head(6).tolist() == [
        "geen STEM-academie",
        "1 STEM-academie",
        "2 STEM-academies",
        "3 of meer STEM-academies",
        "geen cijfer",
        "1 STEM-academie",
    ]
    children = sum(map(sum, within)) * 6 + sum(map(sum, within[:4]))
    choice = sum(two + three for _, _, two, three in within) * 6 + 12
    said = f"Kinderen met keuze uit twee of meer: {choice} van de {children} gemeten"
    assert said in " ".join(written(drawn.figure))
    assert f"{said}." in drawn.alt


def test_dots_follow_the_children(points: gpd.GeoDataFrame) -> None:
    """Each municipality has its children divided by those of a dot, rounded, at its own points."""
    dots = kinds.allocate_dots(points, 70)
    children = points.groupby("nis_code")["uncovered"].sum()
    expected = {code: int(n / 70 + 0.5) for code, n in children.items() if int(n / 70 + 0.5)}
    assert dots.groupby("nis_code")["dots"].sum().to_dict() == expected
    assert set(dots.geometry) <= set(points.geometry)


def test_dots_stand_where_the_children_are(points: gpd.GeoDataFrame) -> None:
    """A spot with a known part of the children has that part of the dots, give or take one."""
    town = points[points["nis_code"] == points["nis_code"].iloc[0]].reset_index(drop=True)
    town = town.assign(uncovered=[5000, *[100] * (len(town) - 1)])
    dots = kinds.allocate_dots(town, 10)
    by_spot = dots.set_index(dots.geometry.x)["dots"].reindex(town.geometry.x, fill_value=0)
    assert (np.abs(by_spot.to_numpy() - town["uncovered"].to_numpy() / 10) <= 1).all()


def test_the_same_dot_whatever_the_province(ground: Ground, points: gpd.GeoDataFrame) -> None:
    """A dot is as many children on the map of a province as on that of all."""
    whole, part = (
        kinds.uncovered.draw_map(replace(ground, province=province), tables=late_of(points)).table
        for province in (None, "Limburg")
    )
    assert whole["children_per_dot"].unique() == part["children_per_dot"].unique()
    assert part.equals(whole[whole["nis_code"].isin(part["nis_code"])].reset_index(drop=True))


@pytest.mark.parametrize(
    ("total", "worth"), [(0, 1), (6000, 1), (6001, 2), (553_759, 100), (10**7, 2000)]
)
def test_children_of_a_dot(total: int, worth: int) -> None:
    """A round number, the least for which there are at most 6.000 dots."""
    assert kinds.choose_dot_worth(total) == worth


def test_change_has_a_neutral_class(ground: Ground, earlier: Ground) -> None:
    """Below two points either way nothing changed; two and ten belong to the larger change."""
    table = kinds.change.draw_map(ground, before=earlier).table
    points = ((table["share_after"] - table["share_before"]) * 100).round(6)

    def by_hand(change: float) -> str:
        if np.isnan(change):
            return "geen cijfer"
        way = "hoger" if change > 0 else "lager"
        if abs(change) < 2:
            return "minder dan 2 punten verschil"
        return f"2 tot 10 punten {way}" if abs(change) < 10 else f"10 punten of meer {way}"

    assert list(table["class"]) == [by_hand(one) for one in points]
    assert table["class"].nunique() == 6


def test_new_and_lost_academies_are_told(ground: Ground, earlier: Ground) -> None:
    """One academy came, one went; the others stayed."""
    said = written(kinds.change.draw_map(ground, before=earlier).figure)
    assert "nieuwe STEM-academie (1)" in said
    assert "STEM-academie die er niet meer is (1)" in said
    assert f"STEM-academie, voor en na ({len(ground.academies) - 1})" in said


def test_only_what_a_plan_alone_brings_is_planned_only(ground: Ground) -> None:
    """One and two planned places are; with a recognised academy beside them the number counts."""
    towns = ground.municipalities
    number, planned = np.zeros((2, len(towns)), dtype=np.int64)
    number[:6], planned[:6] = (1, 2, 2, 5, 1, 0), (1, 2, 1, 4, 0, 0)
    told = towns.assign(academies=number, planned=planned, has_academy=number > 0)
    table = kinds.academies.draw_map(replace(ground, municipalities=told)).table.set_index(
        "nis_code"
    )
    assert table["class"].reindex(towns["nis_code"]).head(6).tolist() == [
        "alleen gepland",
        "alleen gepland",
        "2 tot 3 STEM-academies",
        "4 of meer STEM-academies",
        "1 STEM-academie",
        "zonder STEM-academie",
    ]


def test_candidates_are_named_by_their_rank(ground: Ground, drawers: Any) -> None:
    """The ten first of the province stand on the map by number and in the list by name."""
    drawn = drawers["candidates"](replace(ground, province="Limburg"))
    named = drawn.table[drawn.table["adds"] > 0].sort_values("rank").head(10)
    said = written(drawn.figure)
    assert len(named) == 10
    assert set(named["nis_code"]) <= set(
        ground.municipalities.query("province == 'Limburg'")["nis_code"]
    )
    for row in named.itertuples():
        assert f"{row.rank:.0f}. {row.name}: {row.adds:.0f}" in said
        assert said.count(f"{row.rank:.0f}") == 1


def test_gaps_of_the_whole_study_are_circles_by_their_children(
    ground: Ground, drawers: Any
) -> None:
    """The surface of a circle is as its children; a small one stands over a large one."""
    drawn = drawers["gaps"](ground)
    (circles,) = [one for one in drawn.figure.axes[1].collections if one.get_zorder() == 4.6]
    sizes, children = circles.get_sizes(), drawn.table["uncovered"].to_numpy()
    assert np.allclose(sizes / sizes[0], children / children[0])
    assert list(children) == sorted(children, reverse=True)
    at = drawn.table[["x_m", "y_m"]].to_numpy()
    assert np.allclose(circles.get_offsets(), at)


@pytest.mark.parametrize("province", [None, "Limburg"])
def test_the_largest_gaps_bear_the_number_of_their_table(
    ground: Ground, drawers: Any, province: str | None
) -> None:
    """Each stands once on the map, and with its name and children in the list."""
    drawn = drawers["gaps"](replace(ground, province=province))
    said = written(drawn.figure)
    west = drawn.figure.axes[1].get_xlim()[0]
    for gap in drawn.table.head(10).itertuples():
        assert said.count(gap.gap_id) == (gap.x_m > west)
        assert any(one.startswith(f"{gap.gap_id} {gap.name}") for one in said)


@pytest.mark.parametrize(
    ("most", "told"), [(18_881, [10_000, 2_000, 200]), (700, [500, 100]), (50, [50]), (0, [])]
)
def test_round_numbers_explain_the_circles(most: int, told: list[int]) -> None:
    """The legend of sizes has round numbers that there are circles for."""
    assert kinds.choose_sizes(most, 50) == told
    widths = np.sqrt([one * kinds.scale_circles(np.array([most]), 50) for one in (most, *told)])
    assert (widths <= kinds.WIDEST_PT).all()
    assert (np.diff(widths[1:]) < 0).all()


def test_many_circles_do_not_cover_the_map() -> None:
    """A few are as wide as may be; of thousands each is smaller: together they leave room."""
    few, many = np.array([2000, 300, 50]), np.repeat([2000, 300, 50], 700)
    ink = kinds.scale_circles(many, 50) * many.sum() * np.pi / 4
    assert kinds.scale_circles(few, 50) == kinds.LEAST_PT**2 / 50
    assert ink == pytest.approx(kinds.MOST_INK_PT2)


def test_two_maps_of_a_plan_have_the_same_scale(ground: Ground, drawers: Any) -> None:
    """Before and after are drawn alike, each under its word."""
    figure = drawers["plan"](ground).figure
    page, before, after = figure.axes
    assert np.isclose(np.diff(before.get_xlim()), np.diff(after.get_xlim()))
    assert np.isclose(before.get_position().width, after.get_position().width)
    words = [artist.get_text() for artist in page.texts]
    assert "Voor" in words
    assert "Na" in words


def test_quantiles_are_of_all_municipalities(municipalities: gpd.GeoDataFrame) -> None:
    """Five classes of about as many municipalities; equal bounds fall together."""
    shares = np.arange(101) / 100
    assert series.choose_classes("quantiles", shares) == Classes(
        (0, 20, 40, 60, 80, 100), "quantiles"
    )
    few = series.choose_classes("quantiles", municipalities["share"])
    assert few.rule == "quantiles"
    assert list(few.bounds) == sorted(set(few.bounds))
    assert series.choose_classes("quantiles", [np.nan]).bounds == (0, 50, 100)
    assert series.choose_classes((0, 50, 100), shares) == Classes((0, 50, 100), "own")


@pytest.mark.parametrize(
    ("classes", "line"),
    [
        (FIXED, "Vaste klassen"),
        ((0, 50, 100), "Klassen gekozen voor deze studie"),
        ("quantiles", "kwintielen van de gemeenten"),
    ],
)
def test_the_rule_of_the_classes_is_said(ground: Ground, classes: Any, line: str) -> None:
    """How the classes came about stands in the legend."""
    assert line in " ".join(written(kinds.share.draw_map(ground, chosen=classes).figure))


def test_the_edge_of_isochrones_is_what_only_one_band_has(isochrones: gpd.GeoDataFrame) -> None:
    """The edge of all bands is as long as the outline of their union, and lies on it."""
    edge = series.find_outer_edge(isochrones.geometry)
    outline = isochrones.union_all().boundary
    assert edge.length.sum() == pytest.approx(outline.length, rel=1e-6)
    assert edge.distance(outline).max() < 0.01


@pytest.mark.parametrize("kind", SORTS)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("province", [None, "Limburg"])
def test_no_text_covers_another_nor_is_of_another_language(
    ground: Ground, drawers: Any, kind: str, language: Any, province: str | None
) -> None:
    """On every kind of sheet each text stands free, on the paper, and in the language asked for."""
    of_study = dict.fromkeys(("title", "notice", "method_note", "source", "date"), "X")
    said = replace(ground.text, language=language, **of_study)
    drawn = drawers[kind](replace(ground, text=said, province=province))
    found = collisions(drawn.figure)
    assert [pair for pair in found if not all(one.isdigit() for one in pair)] == []
    classes = [str(one) for name in drawn.table if "class" in name for one in drawn.table[name]]
    assert left_over(" ".join([*written(drawn.figure), drawn.alt, *classes]), language) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_loose_map_says_what_it_shows(ground: Ground, drawers: Any, language: Any) -> None:
    """The title of each kind is a sentence with what is sought, place and year, of two lines."""
    text = replace(ground.text, language=language, minutes="20")
    titles = {kind: drawers[kind](replace(ground, text=text)).figure for kind in SORTS}
    for kind, figure in titles.items():
        title, size = str(figure.get_label()), figure.axes[0].texts[0].get_size()
        lines = [one.get_text() for one in figure.axes[0].texts if one.get_size() == size]
        assert " ".join(lines) == title, kind
        assert len(lines) <= 2
        assert title.endswith(f", {text.name_place(None)}, 2022")
        assert {"nl": "academie", "en": "academ", "fr": "académie"}[language] in title
        assert "20" in title or kind in ("academies", "statuses", "minutes", "candidates")
    assert len({figure.get_label() for figure in titles.values()}) == len(SORTS) - 1  # zones


def test_a_province_that_is_called_as_a_town_is_says_so(ground: Ground, drawers: Any) -> None:
    """Else "Antwerpen, 2022" might be the town."""
    named = ground.municipalities.assign(name=["Antwerpen", *ground.municipalities["name"][1:]])
    both = replace(ground, municipalities=named)
    labels = [
        str(drawers["share"](replace(both, province=one)).figure.get_label())
        for one in ("Antwerpen", "Limburg")
    ]
    assert [one.split("bereiken, ")[1] for one in labels] == [
        "Provincie Antwerpen, 2022",
        "Limburg, 2022",
    ]


@pytest.mark.parametrize("kind", SORTS)
def test_hostile_names_are_letters(ground: Ground, drawers: Any, tmp_path: Path, kind: str) -> None:
    """Names that are formulas, scripts, endless or not to be written are text in a valid SVG."""
    names = [*HOSTILE.values(), *ground.municipalities["name"][len(HOSTILE) :]]
    hostile = replace(ground, municipalities=ground.municipalities.assign(name=names))
    drawn = drawers[kind](hostile)
    svg, png = save_map(drawn, tmp_path / "map", ("svg", "png"))
    root = ET.parse(svg).getroot()  # noqa: S314
    assert not list(root.iter(f"{SVG}script"))
    assert png.read_bytes().startswith(b"\x89PNG")
    if kind != "reasons":  # its gaps bear no name of a municipality
        assert set(HOSTILE.values()) <= set(drawn.table["name"])


def test_the_list_of_kinds_is_that_of_the_code() -> None:
    """docs/method.md names each kind, what it is by and the columns of its table, as they are."""
    page = (Path(__file__).parents[2] / "docs" / "method.md").read_text(encoding="utf-8")
    assert put_in_page(page, "kinds", kinds.list_kinds()) == page
    assert all(f"| `{key}` | {kind.what} |" in page for key, kind in KINDS.items())


def test_alt_text(municipalities: gpd.GeoDataFrame, ground: Ground) -> None:
    """The alt text says kind, measure, classes, the extremes and the missing, from the table."""
    limburg = municipalities[municipalities["province"] == "Limburg"]
    said = kinds.share.draw_map(replace(ground, province="Limburg"), chosen=FIXED).alt
    counts = [
        int(((limburg["share"] >= low) & (limburg["share"] < low + 0.2 + (low == 0.8))).sum())
        for low in (0, 0.2, 0.4, 0.6, 0.8)
    ]
    assert sum(counts) == len(limburg) - 1
    assert said.replace("\N{NO-BREAK SPACE}", " ") == (
        "Kinderen die binnen 15 minuten fietsen een STEM-academie kunnen bereiken, Limburg, 2022. "
        "Wie kan een STEM-academie bereiken? Voorbeeld, niet voor publicatie. "
        "Methode: benadering in vogelvlucht. "
        "Provincie Limburg: kaart met 20 gemeenten, ingekleurd per klasse. "
        "Aandeel van de kinderen dat een STEM-academie kan bereiken: "
        f"0 tot 20 %: {counts[0]} gemeenten; 20 tot 40 %: {counts[1]} gemeenten; "
        f"40 tot 60 %: {counts[2]} gemeenten; 60 tot 80 %: 0 gemeenten; "
        f"80 tot 100 %: {counts[4]} gemeenten. "
        "Hoogst: Hamme (90,0 %), Lommel (90,0 %), Tongeren (90,0 %). "
        "Laagst: Ieper (0,0 %), Voeren (0,0 %), Wetteren (0,0 %). "
        "Zonder cijfer: 1."
    )


def test_alt_text_without_figures(ground: Ground) -> None:
    """A map on which nothing was measured says so, and names no highest."""
    nothing = ground.municipalities.assign(share=np.nan)
    english = replace(ground.text, language="en")
    said = kinds.share.draw_map(
        replace(ground, municipalities=nothing, text=english), chosen=FIXED
    ).alt
    assert said.endswith("Without a figure: 40.")
    assert "Highest" not in said


@pytest.mark.parametrize("kind", SORTS)
def test_every_alt_text_names_place_and_measure(ground: Ground, drawers: Any, kind: str) -> None:
    """What is shown, caution, place and what is counted are said of each, on one line."""
    drawn = drawers[kind](replace(ground, province="Limburg"))
    assert drawn.alt.startswith(drawn.figure.get_label())
    assert ground.text.title in drawn.alt
    assert ground.text.notice in drawn.alt
    assert "Provincie Limburg" in drawn.alt
    assert "20 gemeenten" in drawn.alt or kind == "zones"
    assert "\n" not in drawn.alt
    assert drawn.heading in " ".join(written(drawn.figure))


def test_files_carry_the_alt_text(ground: Ground, tmp_path: Path) -> None:
    """SVG, PNG and PDF say inside what is seen, and what the map is called."""
    drawn = kinds.share.draw_map(ground, chosen=FIXED)
    png, svg, pdf = save_map(drawn, tmp_path / "map")
    title = "Kinderen die binnen 15 minuten fietsen een STEM-academie kunnen bereiken"
    title = f"{title}, Vlaanderen, 2022"
    root = ET.parse(svg).getroot()  # noqa: S314
    assert root.get("role") == "img"
    named = {
        node.get("id"): node.text for node in root if node.get("id") in ("map-title", "map-desc")
    }
    assert root.get("aria-labelledby") == "map-title map-desc"
    assert named == {"map-title": title, "map-desc": drawn.alt}
    with Image.open(png) as picture:
        assert picture.text == {"Title": title, "Description": drawn.alt}
        assert picture.mode == "RGB"
    assert b"iTXtDescription" in png.read_bytes()
    said = PdfReader(pdf).metadata
    assert said is not None
    assert (said.title, said.subject) == (title, drawn.alt)


@pytest.mark.parametrize("kind", SORTS)
def test_same_bytes(ground: Ground, drawers: Any, tmp_path: Path, kind: str) -> None:
    """Drawn and written twice, every kind has the same bytes; PNG is tested with the share."""
    hashes = []
    for turn in ("1", "2"):
        paths = save_map(drawers[kind](ground), tmp_path / turn, ("svg", "pdf"))
        hashes.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in paths])
    assert hashes[0] == hashes[1]
