"""Facts about which road: on a map where each gain, price and rank is worked out on paper."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import avenue
import geopandas as gpd
import hand
import numpy as np
import pandas as pd
import pytest
import shapely
from avenue import NORTH, SOUTH, WEST, take
from matplotlib.text import Text
from terminal import stemgeo

import stemgeo as sg
from stemgeo.errors import InputError, ResultError, StudyError
from stemgeo.inputs import load_inputs
from stemgeo.linking import LinksResult, links
from stemgeo.links.table import find_same, order_links
from stemgeo.maps.text import name_link_kind
from stemgeo.report.content import Source, gather_figures
from stemgeo.report.outcome import WrittenLinks
from stemgeo.study import load_study
from stemgeo.texts import load_texts
from stemgeo.verification import verify

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.study import Study

pytestmark = pytest.mark.usefixtures("read_once")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study of the three avenues, with a price."""
    return avenue.write_study(tmp_path_factory.mktemp("links") / "study", avenue.COST)


@pytest.fixture(scope="module")
def study(place: Path) -> Study:
    """It as it is read."""
    return load_study(place)


@pytest.fixture(scope="module")
def found(study: Study) -> LinksResult:
    """What it comes to."""
    return links(study, threads=1)


@pytest.fixture(scope="module")
def folder(found: LinksResult, place: Path) -> Path:
    """It as it is written; not to be changed."""
    return found.write(place.parent / "out")


def test_each_brings_whom_the_map_says(found: LinksResult) -> None:
    """Three avenues, the halves of one as a route: children, lengths, minutes and stress."""
    assert take(found.links, "newly") == {"Kerkstraat": WEST, "Zuidlaan": SOUTH, "Noordlaan": NORTH}
    assert take(found.links, "kind") == {
        "Kerkstraat": "stretch",
        "Zuidlaan": "stretch",
        "Noordlaan": "chain",
    }
    assert found.links["rank"].tolist() == [1, 2, 3]
    assert found.links["length_m"].round().tolist() == [400, 450, 400]
    assert found.links["pieces"].tolist() == [1, 1, 2]
    assert found.links["stress"].tolist() == [4, 4, 4]
    # 4 km/h now and 15 km/h then; of the route with 200 m of quiet street in its middle.
    assert found.links["minutes_now"].tolist() == pytest.approx([6, 6.75, 6.8], abs=1e-3)
    assert found.links["minutes_then"].tolist() == pytest.approx([1.6, 1.8, 2.4], abs=1e-3)
    assert found.looked_at == found.gaining == 3


def test_children_add_up_by_age_and_municipality(found: LinksResult) -> None:
    """Four ages, three and six: what each band has; all that is chosen in both municipalities."""
    row = found.links.iloc[0]
    assert [row[f"newly_{band}"] for band in ("5-8", "9-11", "12-17")] == [160, 120, 240]
    rows = found.towns[found.towns["link_id"] == "together"]
    assert dict(zip(rows["nis_code"], rows["newly"], strict=True)) == {
        "11001": WEST,
        "11004": SOUTH + NORTH,
    }


def test_who_brings_the_same_children_is_told() -> None:
    """Of a better one, by child: more than half of them, at the same place and of the same age."""
    rows = [
        *((0, 1, 0, 10), (0, 2, 0, 10), (0, 5, 0, 9)),
        *((1, 2, 0, 10), (1, 3, 0, 5)),
        *((2, 3, 0, 5), (2, 4, 0, 5)),
        *((3, 5, 1, 9),),
        *((4, 1, 0, 10), (4, 4, 0, 5)),
    ]
    gained = pd.DataFrame(rows, columns=["option", "point", "cell", "children"])
    assert find_same(gained, 4).tolist() == [[-1, 0], [0, 10], [-1, 0], [-1, 0]]
    assert find_same(gained[:0], 0).tolist() == []


def test_ranks_hold_or_not_at_other_speeds(found: LinksResult) -> None:
    """At 11 km/h 1.5 km is too far for the minutes: then only the south gains."""
    assert take(found.links, "newly_low") == {"Kerkstraat": 0, "Zuidlaan": SOUTH, "Noordlaan": 0}
    assert take(found.links, "first_in")["Kerkstraat"] < found.links["views"].iloc[0]
    assert take(found.links, "rank_worst") == {"Kerkstraat": 2, "Zuidlaan": 2, "Noordlaan": 3}
    low = found.ranks[found.ranks["view"] == "low"]
    assert dict(zip(low["newly"], low["rank"], strict=True)) == {SOUTH: 1, 0: 2}


def test_together_they_bring_all_and_a_run_says_so_too(found: LinksResult) -> None:
    """Three on apart sides of the academy: the sum; a whole measurement with them counts it."""
    assert found.sets["alone"].tolist() == [WEST, SOUTH, NORTH]
    assert found.sets["adds"].tolist() == [WEST, SOUTH, NORTH]
    assert found.sets["together"].tolist() == [520, 728, 832]
    assert found.promised == found.counted == 832
    assert found.proven


def test_a_price_makes_euros(found: LinksResult) -> None:
    """500 euro a metre; children for each 1,000 euro; who says so stands beside it."""
    assert found.links["cost_eur"].tolist() == pytest.approx([200_000, 225_000, 200_000], rel=1e-4)
    each = found.links["per_1000_eur"].tolist()
    assert each == pytest.approx([2.6, 0.9244, 0.52], rel=1e-3)
    assert found.sets["total_cost_eur"].iloc[-1] == pytest.approx(625_000, rel=1e-4)


def test_what_is_chosen_is_listed_also_beyond_the_first(study: Study, tmp_path: Path) -> None:
    """One is shown, and the two more that are chosen with it; it is written, and read back."""
    found = links(study.with_links(shown="1"), threads=1)
    assert found.links["name"].tolist() == found.sets["name"].tolist()
    assert len(found.links) == 3
    back = sg.read_result(found.write(tmp_path / "out"))
    assert isinstance(back, LinksResult)
    assert back.shown().equals(found.shown())


def test_what_brings_no_more_than_a_part_of_it_is_not_listed() -> None:
    """A route of which one half has all the children; of what brings more both are listed."""
    table = gpd.GeoDataFrame(
        {"link_id": list("abcde"), "length_m": [100.0, 90, 190, 200, 290]}, geometry=[None] * 5
    )
    members = [np.array(one) for one in ([0], [1], [0, 1], [2], [0, 1, 2])]
    newly = np.array([40, 0, 40, 60, 120])
    edit_m = np.array([100.0, 90, 100])
    assert order_links(table, members, edit_m, newly, 9).tolist() == [4, 3, 0]
    assert order_links(table, members, edit_m, newly, 1, [2]).tolist() == [4, 2]


def test_of_routes_that_are_mostly_the_same_the_best_is_listed() -> None:
    """They share 300 of 400 m: one of them. A short part that has most of the children is too."""
    table = gpd.GeoDataFrame(
        {"link_id": list("abc"), "length_m": [400.0, 390, 150]}, geometry=[None] * 3
    )
    members = [np.array(one) for one in ([0, 1, 2], [0, 1, 3], [0])]
    edit_m = np.array([150.0, 150, 100, 90])
    assert order_links(table, members, edit_m, np.array([50, 49, 45]), 9).tolist() == [0, 2]


@pytest.mark.parametrize("kind", ["gap", "project"])
def test_where_nothing_brings_anyone_that_is_said(study: Study, tmp_path: Path, kind: str) -> None:
    """Nothing listed, nothing chosen: tables with their columns, a summary, a map."""
    found = links(study.with_links(kinds=[kind], budget_eur="0"), threads=1)
    assert (len(found.links), len(found.sets), found.counted) == (0, 0, 0)
    out = found.write(tmp_path / "out")
    assert not (out / "network-edits.geojson").exists()
    assert any((out / "maps").iterdir())
    back = sg.read_result(out)
    assert isinstance(back, LinksResult)
    assert back.towns.columns.tolist() == found.towns.columns.tolist()


def test_a_budget_is_kept(study: Study) -> None:
    """With 410,000 euro the two of 200,000 bring less than 425,000 would, and more than one."""
    found = links(study.with_links(budget_eur="410000"), threads=1)
    assert found.sets["name"].tolist() == ["Kerkstraat", "Noordlaan"]
    assert found.promised == found.counted == WEST + NORTH


def test_without_a_price_no_euro_is_told(tmp_path: Path) -> None:
    """The summary says how to declare one; a budget is refused, saying so too."""
    bare = load_study(avenue.write_study(tmp_path / "study"))
    found = links(bare.with_links(together=1), threads=1)
    assert found.links["cost_eur"].isna().all()
    summary = found.write(tmp_path / "out") / "summary.md"
    said = summary.read_text(encoding="utf-8")
    assert "euro" not in said.replace("geeft geen prijs op", "")
    assert r"\[links.cost\]" in said or "[links.cost]" in said
    with pytest.raises(InputError, match=r"no price is known.*\[links\.cost\.stretch\]"):
        links(bare.with_links(budget_eur="1000"), threads=1)


def test_what_is_written_is_read_back(found: LinksResult, folder: Path) -> None:
    """Tables, figures and words: the same from the folder as from memory."""
    back = sg.read_result(folder)
    assert isinstance(back, LinksResult)
    assert back.links["newly"].tolist() == found.links["newly"].tolist()
    assert back.links.length.tolist() == pytest.approx(found.links.length.tolist())
    assert (back.counted, back.promised, back.proven) == (found.counted, found.promised, True)
    assert back.shown().equals(found.shown())
    for name in ("links", "links-municipalities", "link-ranks", "link-sets"):
        assert len(back.table(name)) == len(found.table(name))


def test_a_run_with_the_edits_counts_what_was_promised(
    found: LinksResult, folder: Path, study: Study
) -> None:
    """The file of what is chosen is taken by a run: over quiet roads all 832 are within reach."""
    edits = folder / "network-edits.geojson"
    names = [one["properties"]["name"] for one in json.loads(edits.read_text())["features"]]
    assert names == ["Kerkstraat", "Zuidlaan", "Noordlaan", "Noordlaan"]
    ran = sg.run(study.with_network_edits(edits))
    rows = ran.coverage[(ran.coverage["level"] == "region") & (ran.coverage["band"] == "all")]
    rows = rows[(rows["profile"] == "low_stress") & (rows["scenario"] == "central")]
    assert rows["covered"].tolist() == [found.in_time + found.promised]


def test_it_is_made_again_from_its_folder(folder: Path) -> None:
    """Nothing differs; what was asked beside the study is asked again."""
    assert verify(folder).same


def test_the_command_says_what_it_found(place: Path, tmp_path: Path) -> None:
    """A budget and a number on the command line; the result is verified; the run is named."""
    out = tmp_path / "out"
    said = stemgeo("links", place, "-n", 1, "--budget", "210000", "--out", out)
    assert said.status == 0, said.err
    assert "Kerkstraat" in said.out
    assert f"--edits {out / 'network-edits.geojson'}" in said.err + said.out
    (line,) = [one for one in said.err.splitlines() if "summary.md" in one]
    for name in line.partition(": ")[2].split(", "):
        assert (out / name).exists(), name
    assert verify(out, place).same


def test_a_project_of_ones_own_is_weighed(tmp_path: Path) -> None:
    """A road of one's own past Zuidlaan, with its cost: as many children, by its own id."""
    projects = tmp_path / "projecten.csv"
    projects.write_text(
        "edit_id;name;change;geometry;cost_eur\n"
        'P1;Fietspad;quiet;"LINESTRING (156200 200300, 156200 200750)";9000\n',
        encoding="utf-8",
    )
    text = f'road_projects = {{ path = "{projects}", crs = "EPSG:31370" }}'
    own = load_study(avenue.write_study(tmp_path / "study", inputs=text))
    found = links(own.with_links(kinds=["project"]), threads=1)
    row = found.links.iloc[0]
    assert (row["kind"], row["newly"], row["cost_eur"]) == ("project", SOUTH, 9000)
    assert load_inputs(own).road_projects is not None


def write_projects(folder: Path, *rows: str) -> Study:
    """Write a study with projects of one's own: id;change;level;WKT in Lambert 72."""
    (folder / "own.csv").write_text("\n".join(["id;change;level;geometry", *rows]), "utf-8")
    text = f'road_projects = {{ path = "{folder / "own.csv"}", crs = "EPSG:31370" }}'
    one_way = [(of, tags | {"oneway": "yes"} if 22 in of else tags) for of, tags in avenue.WAYS]
    avenue.write_study(folder / "study", inputs=text)
    (folder / "study" / "wegen.osm").write_text(hand.osm_xml(avenue.NODES, one_way), "utf-8")
    return load_study(folder / "study")


SOUTH_LINE = '"LINESTRING (156200 200300, 156200 200750)"'


def test_what_a_project_opens_is_no_quiet_stretch(tmp_path: Path) -> None:
    """Laid together each would have both, so either alone would be told too much.

    Zuidlaan is ridden one way, to the academy. Opened and still busy it brings nobody; made quiet
    it would bring those of the south, whom a run with the opened road alone does not count.
    """
    study = write_projects(tmp_path, f"P1;open;;{SOUTH_LINE}")
    found = links(study.with_links(kinds=["stretch", "chain", "project"]), threads=1)
    newly = found.links.set_index("link_id")["newly"]
    assert newly.get("P1", 0) == 0
    assert SOUTH not in newly.tolist()
    assert any("450 m" in str(one) for one in found.notes)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ((f"P1;open;;{SOUTH_LINE}", f"P2;quiet;;{SOUTH_LINE}"), "'P1' and 'P2' change the same"),
        ((f"P1;close;;{SOUTH_LINE}",), "'P1' closes a road"),
    ],
)
def test_projects_that_cannot_be_told_apart_are_refused(
    tmp_path: Path, rows: tuple[str, ...], told: str
) -> None:
    """By their names."""
    with pytest.raises(InputError, match=told):
        links(write_projects(tmp_path, *rows), threads=1)


def test_one_academy_or_this_road(tmp_path: Path) -> None:
    """For 350,000 euro: the road west, and an academy north for 50,000, not the road there."""
    candidates = tmp_path / "kandidaten.csv"
    candidates.write_text(
        "id;naam;x;y;cost_eur\nK1;Noord;156200;202500;50000\nK2;West;154700;201000;900000\n",
        encoding="utf-8",
    )
    text = f'candidates = {{ path = "{candidates}", crs = "EPSG:31370" }}'
    own = load_study(avenue.write_study(tmp_path / "study", avenue.COST, text))
    found = links(own.with_links(with_academies=True, budget_eur="350000"), threads=1)
    assert found.sets["what"].tolist() == ["link", "academy"]
    assert found.sets["id"].iloc[1] == "K1"
    assert found.promised == found.counted == WEST + NORTH
    out = found.write(tmp_path / "out")
    ran = sg.run(own.with_network_edits(out / "network-edits.geojson").with_plan(out / "plan.csv"))
    rows = ran.coverage.query("level == 'region' and band == 'all' and profile == 'low_stress'")
    assert rows.loc[rows["scenario"] == "central", "covered"].tolist() == [WEST + NORTH]


def test_a_junction_is_a_point_in_file_and_on_map(found: LinksResult, tmp_path: Path) -> None:
    """Beside lines: written, read back, drawn, and named by what is done."""
    rows = found.links.copy()
    rows.loc[1, ["kind", "stress", "length_m"]] = "junction", 0, 0.0
    rows.loc[1, "geometry"] = rows.geometry.iloc[1].centroid
    made = replace(found, links=rows)
    back = LinksResult.from_folder(made.write(tmp_path / "out"))
    assert back.links.geom_type.tolist()[1] in ("Point", "MultiPoint")
    assert "oversteek van een drukke weg makkelijk gemaakt" in back.shown().to_string()


def test_the_map_tells_the_children_first_and_no_number_for_a_name(found: LinksResult) -> None:
    """A long list of streets is cut at its end, where the children are not."""
    rows = found.links.copy()
    rows.loc[0, "name"] = ""
    told = [one.get_text() for one in replace(found, links=rows).map().findobj(Text)]
    assert [one for one in told if one.startswith(("1. ", "2. "))] == [
        f"1. {WEST}: stuk weg rustig gemaakt (Aartselaar)",
        f"2. {SOUTH}: Zuidlaan (Boechout)",
    ]


def test_the_map_lies_around_what_it_lists(
    found: LinksResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Near each other they are seen; far apart the whole ground is, and which it is is told."""
    monkeypatch.setattr("stemgeo.maps.sheet._LEAST_HALF_M", 900.0)  # the study is small
    rows = found.links.head(1)
    near = replace(found, links=rows).map()
    west, east = near.axes[1].get_xlim()
    x0, _, x1, _ = rows.total_bounds
    assert west < x0 < x1 < east
    around = "De kaart ligt rond deze wegaanpassingen"
    assert around in " ".join(one.get_text() for one in near.findobj(Text))
    outlines = found.municipalities.geometry
    far = rows.set_geometry([shapely.box(*outlines.total_bounds).boundary], crs=rows.crs)
    whole = replace(found, links=far).map()
    assert np.diff(whole.axes[1].get_xlim()) > 1.3 * (east - west)
    west, east = whole.axes[1].get_xlim()
    assert west <= outlines.total_bounds[0] < outlines.total_bounds[2] <= east
    assert around not in " ".join(one.get_text() for one in whole.findobj(Text))


def test_the_answer_has_a_section_and_the_web_map_a_layer(
    folder: Path, study: Study, tmp_path: Path
) -> None:
    """What each brings, together and for how much; a folder of another study is refused."""
    ran = sg.run(study)
    page = ran.web_map(links=folder)
    assert "Kerkstraat" in page
    assert "Wegaanpassingen die helpen" in page
    told = gather_figures(
        Source.from_folder(ran.write(tmp_path / "run"), None),
        links=WrittenLinks.from_folder(folder),
    )["links"]
    assert [one["newly"] for one in told["first"]] == [WEST, SOUTH, NORTH]
    assert (told["adds"], told["proven"]) == (832, True)
    assert told["prices"] == ["Raming | van de gemeente"]
    other = avenue.write_study(tmp_path / "other")
    text = (
        (other / "study.toml")
        .read_text(encoding="utf-8")
        .replace("cutoff_min = 8", "cutoff_min = 9")
    )
    (other / "study.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ResultError, match=r"of another study.*travel\.cutoff_min"):
        sg.run(load_study(other)).web_map(links=folder)


def test_a_bridge_says_what_it_crosses() -> None:
    """One kind, several, or none where the kind alone is named."""
    words = load_texts("nl")
    told = [
        name_link_kind({"kind": "barrier", "across": one}, words)
        for one in ("water", "water; motorway", "")
    ]
    assert told == [
        "brug of tunnel, water",
        "brug of tunnel, water en autosnelweg",
        "brug of tunnel",
    ]


@pytest.mark.parametrize(
    ("cost", "said"),
    [
        ("cost.stretch = { source = 'x' }", "costs nothing"),
        ("cost.strech = { per_m_eur = 4, source = 'x' }", 'did you mean "stretch"'),
        ("cost.stretch = { per_m_eur = 4 }", "source"),
        ("cost.source = { x = 1, y = 2 }", 'must be "stretch"'),
    ],
)
def test_a_price_that_cannot_be_is_one_line(tmp_path: Path, cost: str, said: str) -> None:
    """What is wrong with it, and where."""
    place = avenue.write_study(tmp_path / "study", cost)
    with pytest.raises(StudyError, match=r"links\.cost") as told:
        load_study(place)
    assert said in str(told.value)


def test_a_straight_line_has_no_roads(tmp_path: Path) -> None:
    """It is refused before anything is measured."""
    import hand

    study = load_study(hand.write_study(tmp_path / "study", straight_line=True))
    with pytest.raises((InputError, StudyError), match="straight line"):
        links(study)
