"""Facts about two results beside each other: what changed, to the child, and who lost."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import hand
import pandas as pd
import pytest
from terminal import content_of, stemgeo

import stemgeo as sg
from stemgeo.errors import ResultError
from stemgeo.report.comparison import (
    Comparison,
    _read_side,
    _refuse_other_children,
    compare,
)
from stemgeo.report.describing import DESCRIPTIONS
from stemgeo.report.files import read_manifest
from stemgeo.study import DutchWords, Facility

if TYPE_CHECKING:
    from pathlib import Path

    from stemgeo.study_run import Result

pytestmark = pytest.mark.usefixtures("read_once")

LAPSED = hand.SMALL_ACADEMIES.replace("8;12;01/01/2021;", "8;12;01/01/2021;31/12/2021")
GONE = "".join(line for line in hand.SMALL_ACADEMIES.splitlines(True) if "S1" not in line)
PLAN = "x;y\n156000;205000\n"
"""In the middle of the third municipality, where all its children stand."""
COUNTS = ["children", "covered_a", "covered_b", "difference", "gained", "lost"]


def measured(folder: Path, register: str = hand.SMALL_ACADEMIES, plan: str = "") -> Result:
    """Run the small study in a straight line; all children of a municipality in its middle."""
    # A GeoPackage bears the time at which it was written: all studies share one.
    base = folder.parent / "base"
    shutil.copytree(base if base.exists() else hand.write_study(base, straight_line=True), folder)
    (folder / "academies.csv").write_text(register, encoding="utf-8")
    study = sg.load_study(folder)
    if plan:
        (folder / "plan.csv").write_text(plan, encoding="utf-8")
        study = study.with_plan(folder / "plan.csv")
    return sg.run(study)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the studies and their results stand."""
    return tmp_path_factory.mktemp("compare")


@pytest.fixture(scope="module")
def a(place: Path) -> Result:
    """S2 reaches ages 9 to 17 in 11001, S1 ages 9 to 12 in 11004."""
    result = measured(place / "study-a")
    result.write(place / "a")
    return result


@pytest.fixture(scope="module")
def b(place: Path) -> Result:
    """S1 has lapsed; a planned place reaches all children of 71002."""
    result = measured(place / "study-b", LAPSED, PLAN)
    result.write(place / "b")
    return result


@pytest.fixture(scope="module")
def found(a: Result, b: Result) -> Comparison:
    """What changed from A to B."""
    return sg.compare(a, b)


def figures(rows: pd.DataFrame) -> dict[str, list[int]]:
    return {row["code"]: [int(row[name]) for name in COUNTS] for row in rows.to_dict("records")}


def test_one_academy_added_and_one_removed(found: Comparison) -> None:
    """88 children (4 ages of 22) lose theirs, 78 (13 ages of 6) win one: 10 fewer in all."""
    assert figures(found.of("municipality")) == {
        "11001": [520, 360, 360, 0, 0, 0],
        "11004": [286, 88, 0, -88, 0, 88],
        "71002": [78, 0, 78, 78, 78, 0],
    }
    assert figures(found.of("province")) == {
        "Antwerpen": [806, 448, 360, -88, 0, 88],
        "Limburg": [78, 0, 78, 78, 78, 0],
        "VLG": [hand.CHILDREN, 448, 438, -10, 78, 88],
    }
    region = found.of("region").iloc[0]
    assert region["points"] == pytest.approx(-100 * 10 / hand.CHILDREN)


def test_bands_are_told_apart(found: Comparison) -> None:
    """Of the 88 who lost 66 are 9 to 11 and 22 are 12; nobody of 5 to 8 did."""
    lost = {
        band: int(found.of("region", band=band)["lost"][0]) for band in ("5-8", "9-11", "12-17")
    }
    assert lost == {"5-8": 0, "9-11": 66, "12-17": 22}


def test_what_is_left_out_is_told_in_one_line(a: Result, tmp_path: Path) -> None:
    """A band that only A has is left out at every level and profile: one note with the number."""
    found = compare(a, replace(a, coverage=a.coverage[a.coverage["band"] != "9-11"]))
    gone = a.coverage[(a.coverage["band"] == "9-11") & (a.coverage["scenario"] == "central")]
    parts = gone[["level", "profile"]].drop_duplicates()
    assert len(parts) > 3
    (note,) = found.notes
    assert note.to_text("en").startswith(
        f"comparison: not the same places and children in both for {len(parts)} combinations: "
        "level region band 9-11 profile all, "
    )
    dutch = note.to_text("nl")
    assert dutch.startswith(
        f"vergelijking: niet dezelfde plaatsen en kinderen in beide voor {len(parts)} combinaties: "
        "gewest 9-11 jaar over alle wegen, "
    )
    assert dutch.endswith("; weggelaten")
    folder = found.write(tmp_path / "c")
    assert dutch in (folder / "summary.md").read_text("utf-8")
    assert "not the same places" not in (folder / "summary.md").read_text("utf-8")
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["notes"] == [{"en": note.to_text("en"), "nl": dutch, "fr": note.to_text("fr")}]


def test_a_result_beside_itself_has_no_difference(a: Result) -> None:
    """Neither in the questions nor in a single count."""
    itself = compare(a, a)
    assert itself.differences.empty
    assert itself.same_children
    assert not itself.table[["difference", "gained", "lost"]].to_numpy().any()
    assert (itself.table["points"].fillna(0) == 0).all()


def test_there_and_back(a: Result, b: Result, found: Comparison) -> None:
    """What B gained on A, A lost on B."""
    back = compare(b, a).table
    assert (back["difference"] == -found.table["difference"]).all()
    assert (back["gained"] == found.table["lost"]).all()
    assert (back["lost"] == found.table["gained"]).all()


def test_results_and_their_folders_give_the_same(a: Result, b: Result, place: Path) -> None:
    """In tables and in what differs; mixed as well."""
    of_results = compare(a, b)
    for other in (compare(place / "a", place / "b"), compare(a, str(place / "b"))):
        pd.testing.assert_frame_equal(other.table, of_results.table, check_exact=True)
        pd.testing.assert_frame_equal(other.differences, of_results.differences)


@pytest.fixture(scope="module")
def over_roads(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Result]:
    """Two runs over roads with both profiles and a layer: with one academy more and one fewer."""
    results = []
    register = hand.SMALL_ACADEMIES.replace("01/01/2022", "01/01/2021")
    lapsed, more = register.replace("31/12/2023", "31/12/2021"), "x;y\n155000;204500\n"
    for name, text, plan in (("a", register, ""), ("b", lapsed, more)):
        folder = hand.write_study(tmp_path_factory.mktemp("roads") / name)
        layer = hand.zones({"W": ("11001", hand.square(0, 0, 4, 6))}).rename(
            columns={"zone_id": "code"}
        )
        layer[["code", "name", "geometry"]].to_file(folder / "laag.gpkg")
        (folder / "academies.csv").write_text(text, encoding="utf-8")
        toml = (folder / "study.toml").read_text("utf-8")
        toml = toml.replace("[output]", '[inputs.layers]\nwest = "laag.gpkg"\n[output]')
        (folder / "study.toml").write_text(toml, encoding="utf-8")
        study = sg.load_study(folder)
        if plan:
            (folder / "plan.csv").write_text(plan, encoding="utf-8")
            study = study.with_plan(folder / "plan.csv")
        results.append(sg.run(study))
    return results[0], results[1]


def test_differences_are_those_of_the_coverage_tables(over_roads: tuple[Result, Result]) -> None:
    """At every level, band and profile, to the child."""
    found, keys = compare(*over_roads), ["level", "code", "band", "profile"]
    ours, theirs = (
        one.coverage[one.coverage["scenario"] == "central"].set_index(keys)["covered"]
        for one in over_roads
    )
    table = found.table.set_index(keys)
    assert set(table.index) == set(ours.index)
    assert set(found.table["level"]) == {"region", "province", "west", "municipality", "zone"}
    assert (table["difference"] == (theirs - ours).reindex(table.index)).all()
    assert table["difference"].any()


def test_gains_minus_losses_are_the_net(over_roads: tuple[Result, Result]) -> None:
    """At every level whose points are known; a layer of one's own has neither."""
    table = compare(*over_roads).table
    own = table["level"] == "west"
    assert table.loc[own, ["gained", "lost"]].isna().all(axis=None)
    told = table[~own]
    assert (told["gained"] - told["lost"] == told["difference"]).all()
    assert (told["gained"] > 0).any()
    assert (told["lost"] > 0).any()
    assert set(told["profile"]) == {"all", "low_stress", "quiet_1"}


def test_levels_add_up(over_roads: tuple[Result, Result]) -> None:
    """Gained and lost of the zones are those of their municipalities, provinces and region."""
    table = compare(*over_roads).table
    sums = table.groupby(["profile", "band", "level"])[["gained", "lost", "difference"]].sum()
    for level in ("province", "municipality", "zone"):
        pd.testing.assert_frame_equal(
            sums.xs(level, level="level"), sums.xs("region", level="level")
        )


def test_other_age_cells_do_not_hide_who_lost(a: Result, b: Result, place: Path) -> None:
    """Without S1 in the register no band is cut at 8 and 12: the same 88 lose, and 78 gain."""
    gone = measured(place / "gone", GONE, PLAN)
    assert "children_12-12" in a.demand
    assert "children_12-12" not in gone.demand
    pd.testing.assert_frame_equal(compare(a, gone).table, compare(a, b).table)
    back = compare(gone, a).of("region").iloc[0]
    assert (back["gained"], back["lost"]) == (88, 78)


def test_cuts_that_cross_are_cut_at_both(a: Result, place: Path) -> None:
    """S1 for 8 to 12 in A, for 10 to 14 in B: of 22 each, 9 loses it, 13 and 14 win it."""
    register = hand.SMALL_ACADEMIES.replace("8;12", "10;14")
    found = compare(a, measured(place / "crossed", register))
    assert figures(found.of("municipality"))["11004"] == [286, 88, 110, 22, 44, 22]


def test_other_children_of_the_same_band_are_not_followed(a: Result, place: Path) -> None:
    """One girl of 8 instead of 5: equal bands, but between other cuts nobody knows who is who."""
    folder = shutil.copytree(place / "study-a", place / "older")
    (folder / "academies.csv").write_text(GONE, encoding="utf-8")
    text = (folder / "bevolking.txt").read_text("utf-8")
    text = text.replace("11004|F|5|11", "11004|F|5|10").replace("11004|F|8|11", "11004|F|8|12")
    (folder / "bevolking.txt").write_text(text, encoding="utf-8")
    found = compare(a, sg.run(sg.load_study(folder)))
    assert not found.same_children
    assert "inputs.population" in set(found.differences["what"])


def test_other_points_give_net_figures_and_say_so(a: Result, place: Path) -> None:
    """With children at addresses instead of in the middle nobody can be followed."""
    folder = shutil.copytree(place / "study-a", place / "addresses")
    rows = ("152000;201000", "158000;202000", "156000;205000")
    (folder / "adressen.csv").write_text("\n".join(["x;y", *rows]), encoding="utf-8")
    text = (folder / "study.toml").read_text("utf-8")
    text = text.replace("[inputs]", '[inputs]\naddresses = "adressen.csv"')
    (folder / "study.toml").write_text(text, encoding="utf-8")
    found = compare(a, sg.run(sg.load_study(folder)))
    assert not found.same_children
    assert found.table[["gained", "lost"]].isna().all(axis=None)
    assert found.of("region")["difference"].item() != 0
    assert found.write(place / "net").joinpath("summary.md").read_text("utf-8").count("netto") == 1


def test_what_was_asked_otherwise_is_listed(found: Comparison) -> None:
    """The register by its content, and the plan that only B has."""
    listed = found.differences.set_index("what")
    assert list(listed.index) == ["inputs.academies", "inputs.plan"]
    assert listed.loc["inputs.plan", "a"] == ""
    assert listed.loc["inputs.plan", "b"].startswith("plan.csv (")


def test_a_file_under_another_name_is_the_same_file(a: Result, place: Path) -> None:
    """Content counts; a cutoff, a title and a moved folder are told by what they are."""
    folder = shutil.copytree(place / "study-a", place / "renamed")
    (folder / "academies.csv").rename(folder / "register.csv")
    text = (folder / "study.toml").read_text("utf-8").replace("academies.csv", "register.csv")
    (folder / "study.toml").write_text(f"{text}\n[travel]\ncutoff_min = 20\n", encoding="utf-8")
    found = compare(a, sg.run(sg.load_study(folder)))
    assert found.differences.to_numpy().tolist() == [["travel.cutoff_min", "15.0", "20.0"]]
    assert found.same_children
    assert (found.table["lost"] == 0).all()
    assert found.of("region")["gained"].item() == found.of("region")["difference"].item() > 0


def test_other_children_are_refused(a: Result, place: Path) -> None:
    """With both totals and a municipality that differs."""
    folder = hand.write_study(place / "other-children", straight_line=True)
    text = (folder / "bevolking.txt").read_text("utf-8").replace("11001|F|5|20", "11001|F|5|21")
    (folder / "bevolking.txt").write_text(text, encoding="utf-8")
    with pytest.raises(
        ResultError, match=r"A counts 884 children and B 885; 1 .* among them 11001"
    ):
        compare(a, sg.run(sg.load_study(folder)))


def test_other_municipalities_are_refused(a: Result, place: Path) -> None:
    """As of another vintage, or another part of Flanders; both vintages are named."""
    folder = hand.write_study(place / "other-towns", straight_line=True)
    towns = hand.municipalities({code: hand.SMALL[code] for code in ("11001", "11004")})
    towns.rename(columns={"nis_code": "NISCODE", "name": "NAAM"}).to_file(folder / "gemeenten.gpkg")
    lines = (folder / "bevolking.txt").read_text("utf-8").splitlines(True)
    kept = "".join(line for line in lines if not line.startswith("71002"))
    (folder / "bevolking.txt").write_text(kept, encoding="utf-8")
    with pytest.raises(ResultError, match=r"A counts 3 municipalities \(vintage 2025\), B 2"):
        compare(a, sg.run(sg.load_study(folder)))


def test_two_things_that_are_sought_are_told_apart(a: Result) -> None:
    """A comparison says so, as of two modes; as an earlier result of one it is refused."""
    words = {"singular": "park", "plural": "parken", "article": "het"}
    parks = Facility(nl=DutchWords(**words))
    about = a.study.about.model_copy(update={"facility": parks})
    other = replace(a, study=a.study.model_copy(update={"about": about}))
    notes = [note.to_text("nl") for note in compare(a, other).notes]
    assert any(
        "meting 1 gaat over 'STEM-academies', meting 2 over 'parken'" in one for one in notes
    )
    with pytest.raises(
        ResultError, match="the earlier result is of 'parken', this one of 'STEM-ac"
    ):
        a.refuse_other_question(other)
    assert not compare(other, other).notes


def test_areas_of_the_same_municipalities_that_are_other_ground_are_refused(a: Result) -> None:
    """Drawn otherwise, with as many children at other points: no row is the same place."""
    one, other = (_read_side(a) for _ in "AB")
    drawn = [*one.content["inputs"], {"role": "area", "sha256": "0"}]
    other = replace(other, content=one.content | {"inputs": drawn})
    _refuse_other_children(one, other)
    moved = other.demand.set_geometry(other.demand.translate(1))
    with pytest.raises(ResultError, match="of areas that are not the same ground"):
        _refuse_other_children(one, replace(other, demand=moved))


def test_an_unknown_level_names_those_there_are(found: Comparison) -> None:
    """Also where only one of the two has it."""
    with pytest.raises(ResultError, match=r"no level 'regio'.*region, province, municipality"):
        found.of("regio")


def test_a_changed_file_is_refused(found: Comparison, place: Path, tmp_path: Path) -> None:
    """Whichever of the tables it is, of either side."""
    assert found.same_children
    for name in ("coverage.csv", "access.parquet", "demand.parquet", "annex-1-municipalities.csv"):
        copy = shutil.copytree(place / "b", tmp_path / name)
        (copy / "tables" / name).write_bytes((copy / "tables" / name).read_bytes() + b" ")
        with pytest.raises(ResultError, match="was changed after the run"):
            compare(place / "a", copy)


def test_a_written_comparison(found: Comparison, tmp_path: Path) -> None:
    """A table for each level, the questions, a summary, a manifest; the same bytes twice."""
    found.write(tmp_path / "c")
    assert set(content_of(tmp_path / "c")) == {
        *(
            f"tables/compare-{level}.csv"
            for level in ("region", "province", "municipality", "zone")
        ),
        *("tables/compare-questions.csv", "summary.md", "LEESMIJ.txt", "manifest.json"),
        *DESCRIPTIONS,
    }
    found.write(tmp_path / "d")
    assert content_of(tmp_path / "c") == content_of(tmp_path / "d")
    with pytest.raises(ResultError, match="result of `stemgeo compare`"):
        read_manifest(tmp_path / "c")


def test_the_summary_of_a_comparison(found: Comparison, tmp_path: Path) -> None:
    """What differs stands above the figures; notices, methods and sources of both are there."""
    text = (found.write(tmp_path / "c") / "summary.md").read_text("utf-8")
    assert text.index("inputs.plan") < text.index("| Antwerpen |")
    assert "**Proef, niet voor publicatie**" in text
    assert "**meting 2: benadering in vogelvlucht (afstand x 1,3); met geplande plaatsen**" in text
    assert "Nieuw binnen bereik: 78; niet langer binnen bereik: 88." in text
    assert "Waar de meeste kinderen niet langer binnen bereik zijn: Boechout (88)." in text
    for source in ("Proefgrenzen (CC0)", "Proefregister"):
        assert text.rindex(source) > text.index("## Bronnen")
    assert "plan.csv" not in text.partition("## Bronnen")[2]  # no name of a file is a source


def test_the_words_in_english(a: Result, b: Result, tmp_path: Path) -> None:
    """The language is that of A."""
    output = a.study.output.model_copy(update={"language": "en"})
    english = replace(a, study=a.study.model_copy(update={"output": output}))
    text = (compare(english, b).write(tmp_path / "c") / "summary.md").read_text("utf-8")
    assert "Newly within reach: 78; no longer within reach: 88." in text
    assert "| output.language | en | nl |" in text
    assert "| Antwerp | 806 | 448 | 360 | -88 |" in text


def test_two_results_are_called_by_their_days(found: Comparison) -> None:
    """A heading says when, not A or B; two of one day are told by their order."""
    told = json.loads(json.dumps(found.a, default=str))
    told["study"]["study"]["date"] = "2021-12-31"
    shown = replace(found, a=told).shown()
    heads = ["binnen bereik, 31 december 2021", "binnen bereik, 31 december 2022"]
    assert [head for head in shown if head.startswith("binnen bereik")] == heads
    heads = ["binnen bereik, meting 1", "binnen bereik, meting 2"]
    assert [head for head in found.shown() if head.startswith("binnen bereik")] == heads


# -- the command line -------------------------------------------------------------------------


def test_the_command_prints_what_differs_and_the_table(found: Comparison, place: Path) -> None:
    """The questions first, then the province table of the comparison."""
    said = stemgeo("compare", place / "a", place / "b")
    assert (said.status, said.err) == (0, "")
    lines = said.out.splitlines()
    assert lines[0] == "Wat verschilt tussen beide metingen:"
    row = next(line for line in lines if line.startswith("Antwerpen")).split()
    counts = figures(found.of("province"))["Antwerpen"]
    assert row[1:5] == [str(counts[0]), str(counts[1]), str(counts[2]), str(counts[3])]
    assert row[-2:] == ["0", "88"]
    assert "meting 2: benadering in vogelvlucht" in said.out


def test_csv_holds_both_profiles_and_nothing_else(found: Comparison, place: Path) -> None:
    """The words go to standard error."""
    said = stemgeo("compare", place / "a", place / "b", "--by", "municipality", "--format", "csv")
    rows = said.out.splitlines()
    assert rows[0] == ",".join(found.table.columns)
    assert len(rows) == 1 + 3 * len(found.profiles)
    assert "inputs.plan" in said.err
    assert "Proef, niet voor publicatie" in said.err


def test_the_command_writes_a_folder_that_it_may_replace(found: Comparison, place: Path) -> None:
    """The same as from Python; never in the place of a run."""
    out = place / "written"
    assert stemgeo("compare", place / "a", place / "b", "--out", out).status == 0
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert (manifest["command"], manifest["same_children"]) == ("compare", found.same_children)
    assert stemgeo("compare", place / "a", place / "b", "--out", out).status == 0
    said = stemgeo("compare", place / "a", place / "b", "--out", place / "a")
    assert said.status == 1
    assert "is the result of `stemgeo run`" in said.err


def test_a_wrong_level_writes_nothing(found: Comparison, place: Path, tmp_path: Path) -> None:
    """One clear line, and no folder."""
    assert len(found.table)
    said = stemgeo("compare", place / "a", place / "b", "--by", "x", "--out", tmp_path / "c")
    assert said.status == 1
    assert said.err.startswith("error: compare: there is no level 'x' in both results")
    assert not (tmp_path / "c").exists()


def test_a_straight_line_beside_roads(a: Result, tmp_path: Path) -> None:
    """What differs is said: the network, the measure, the quiet roads that only one has."""
    study = hand.write_study(tmp_path / "study")
    b = sg.run(sg.load_study(study))
    b.write(tmp_path / "b")
    for one, other, names in ((a, b, "12"), (b, a, "21")):
        found = compare(one, other)
        (row,) = found.differences[found.differences["what"] == "inputs.network"].to_numpy()
        assert sorted(value.split(" (")[0] for value in row[1:]) == ["straight-line", "wegen.osm"]
        measure, quiet, calm = (note.to_text("en") for note in found.notes)
        assert measure.startswith(
            f"comparison: measurement {names[0]} is measured in a straight line, "
            f"measurement {names[1]} over roads; "
        )
        assert quiet.startswith(
            f"comparison: only one is measured over quiet roads (measurement {names[1]}); "
        )
        assert calm.startswith(
            f"comparison: only one is measured over very quiet roads (measurement {names[1]}); "
        )
        assert found.profiles == ["all"]
        summary = (found.write(tmp_path / names) / "summary.md").read_text("utf-8")
        assert (
            f"## meting {names[0]}: in vogelvlucht; meting {names[1]}: over alle wegen" in summary
        )
    table = compare(a, a).write(tmp_path / "lines") / "summary.md"
    assert "## In vogelvlucht" in table.read_text("utf-8")


def test_gaps_of_roads_that_were_not_measured(a: Result, place: Path) -> None:
    """An empty table would say that no child lacks a quiet road."""
    assert set(a.coverage["profile"]) == {"all"}
    said = stemgeo("gaps", place / "a", "--profile", "low_stress")
    assert (said.status, said.out) == (1, "")
    assert said.err == (
        "error: a: has no figures over roads 'low_stress': it is measured in a straight line; "
        "run a study over roads\n"
    )
