"""Facts about the bridge from one study to another: every part, at every level, to the child."""

from __future__ import annotations

import shutil
from fractions import Fraction
from typing import TYPE_CHECKING

import hand
import pandas as pd
import pytest
from terminal import stemgeo

import stemgeo as sg
from stemgeo.errors import InputError, ResultError, StudyError
from stemgeo.measure import measure_day, prepare_study
from stemgeo.report.bridge import Explanation
from stemgeo.report.outcome import Tables
from stemgeo.stages import report_nothing
from stemgeo.study import DutchWords, Facility

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stemgeo.study import Study

pytestmark = pytest.mark.usefixtures("read_once")

PARTS = ["academies", "roads", "children", "rules", "placing"]
KEYS = ["level", "code", "band", "profile"]
MEASURES = ["covered", "not_covered", "children"]

Change = tuple[str, str, str]
"""A file of the small study, what stands in it, and what comes in its place."""

ACADEMIES: Change = ("academies.csv", "160500,0;203500,0;8;12", "161500,0;203500,0;;")
CHILDREN: Change = ("bevolking.txt", "11001|F|12|20", "11001|F|12|27")
RULES: Change = ("study.toml", "[gaps]", "[travel]\ncutoff_min = 13\n[gaps]")
PLACING: Change = ("study.toml", "[gaps]", '[demand]\nmethod = "centroid"\n[gaps]')
ROADS: Change = ("wegen.osm", 'v="asphalt"', 'v="gravel"')


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Study]:
    """Give the small study with some changes, written once to a folder of its own."""
    place = tmp_path_factory.mktemp("explain")
    bases = {
        straight: hand.write_study(place / f"base-{straight}", straight_line=straight)
        for straight in (True, False)
    }

    def study(*changes: Change, straight_line: bool = True) -> Study:
        folder = place / f"study-{len(list(place.iterdir()))}"
        shutil.copytree(bases[straight_line], folder)
        for name, old, new in changes:
            path = folder / name
            text = path.read_text("utf-8")
            assert old in text
            path.write_text(text.replace(old, new), encoding="utf-8")
        return sg.load_study(folder)

    return study


def take(found: Explanation, part: str) -> pd.DataFrame:
    rows = found.table[found.table["part"] == part]
    return rows.set_index(KEYS).drop(columns=["name", "part"])


def moved(found: Explanation, part: str) -> int:
    """Give the children that a part brings within reach, in all."""
    return int(take(found, part).loc[("region", "VLG", "all", "all"), "covered"])


def check_sums(found: Explanation) -> None:
    """Hold that parts add up everywhere, as shown and exactly."""
    first, last = take(found, "a"), take(found, "b")
    taken = [take(found, part).reindex(first.index) for part in found.parts]
    for one in MEASURES:
        shown = sum(part[one] for part in taken)
        assert (first[one] + shown == last[one]).all()
    exact = [part["covered_exact"].map(Fraction).to_numpy() for part in taken]
    gained = (last["covered"] - first["covered"]).reindex(first.index)
    assert sum(exact).tolist() == gained.tolist()
    of_table = found.table
    assert (of_table["covered"] + of_table["not_covered"] == of_table["children"])[
        of_table["part"].isin(["a", "b"])
    ].all()
    for one in MEASURES:
        assert (of_table[f"{one}_least"] <= of_table[one]).all()
        assert (of_table[one] <= of_table[f"{one}_most"]).all()


def central(study: Study) -> pd.DataFrame:
    """Measure a study by itself, as a run does."""
    rows = measure_day(prepare_study(study, report_nothing), study.about.date).coverage
    return rows[rows["scenario"] == "central"].set_index(KEYS)


def check_ends(found: Explanation, a: Study, b: Study) -> None:
    """Hold that both ends are what a run of each finds, at every level."""
    for part, study in (("a", a), ("b", b)):
        mine, theirs = take(found, part), central(study)
        assert set(mine.index) == set(theirs.index)
        for one in ("covered", "children"):
            assert (mine[one] == theirs[one].reindex(mine.index)).all()


def test_a_note_on_the_inputs_of_one_says_of_which(make: Callable[..., Study]) -> None:
    """What both have is told once, what one has with its name."""
    colour: Change = ("academies.csv", "naam;organisatie", "naam;kleur")
    found = sg.explain(make(colour, CHILDREN), make())
    told = [one.to_text("en") for one in found.notes]
    (of_colour,) = [one for one in told if "'kleur'" in one]
    assert "measurement 1" in of_colour
    assert len(told) == len(set(told))


@pytest.mark.parametrize(
    ("part", "change"),
    [("academies", ACADEMIES), ("children", CHILDREN), ("rules", RULES), ("roads", ROADS)],
)
def test_one_changed_input_takes_all(make: Callable[..., Study], part: str, change: Change) -> None:
    """The others take exactly nothing, at every level, and one more search at most is made."""
    # Children at the middle of their municipality: no road moves them.
    still, straight_line = ((), True) if part != "roads" else ((PLACING,), False)
    a, b = (make(*still, *more, straight_line=straight_line) for more in ((), (change,)))
    found = sg.explain(a, b)
    assert found.differing == [part]
    assert moved(found, part) != 0
    for other in PARTS:
        if other != part:
            assert (take(found, other).select_dtypes("number") == 0).all(axis=None)
    assert found.measurements == (1 if part == "children" else 2)
    check_sums(found)
    check_ends(found, a, b)


def test_where_children_are_placed_takes_all_without_a_search(make: Callable[..., Study]) -> None:
    """Along the streets or in the middle of the municipality: the same roads are searched once."""
    a, b = make(straight_line=False), make(PLACING, straight_line=False)
    found = sg.explain(a, b)
    assert (found.differing, found.measurements) == (["placing"], 1)
    assert moved(found, "placing") != 0
    check_sums(found)
    check_ends(found, a, b)


@pytest.fixture(scope="module")
def ends(make: Callable[..., Study]) -> tuple[Study, Study]:
    """Two studies that differ in all five parts, over roads."""
    a = make(straight_line=False)
    return a, make(ACADEMIES, CHILDREN, RULES, PLACING, ROADS, straight_line=False)


@pytest.fixture(scope="module")
def bridge(ends: tuple[Study, Study]) -> Explanation:
    """The bridge between them."""
    return sg.explain(*ends)


def test_all_parts_add_up_everywhere(bridge: Explanation, ends: tuple[Study, Study]) -> None:
    """At each level, place, band and profile, as shown and exactly; both ends are those of runs."""
    assert bridge.differing == PARTS
    assert set(bridge.table["profile"]) == {"all", "low_stress", "quiet_1"}
    check_sums(bridge)
    check_ends(bridge, *ends)


def test_so_many_measurements_as_parts_ask_for(bridge: Explanation) -> None:
    """Three of the five parts ask for a search: eight, of thirty-two studies in between."""
    assert bridge.measurements == 2**3


def test_the_way_back_is_the_negative(bridge: Explanation, ends: tuple[Study, Study]) -> None:
    """Exactly and as shown, at every level; the extremes change places."""
    back = sg.explain(*ends[::-1])
    for part in PARTS:
        there, again = take(bridge, part), take(back, part).reindex(take(bridge, part).index)
        for one in MEASURES:
            assert (there[one] == -again[one]).all()
            assert (there[f"{one}_least"] == -again[f"{one}_most"]).all()
        exact = [[Fraction(text) for text in one["covered_exact"]] for one in (there, again)]
        assert exact[0] == [-one for one in exact[1]]


def test_equal_studies_have_nothing_between_them(make: Callable[..., Study]) -> None:
    """Files of another name, and choices that count nobody, are no difference."""
    a, b = make(), make(("study.toml", "min_children = 1", "min_children = 7"))
    found = sg.explain(a, b)
    assert (found.differing, found.measurements) == ([], 1)
    for part in PARTS:
        assert (take(found, part).select_dtypes("number") == 0).all(axis=None)
    check_ends(found, a, b)
    assert found.questions["part"].tolist() == ["none"]


def test_what_was_written_is_told_apart_from_what_is_computed_now(
    make: Callable[..., Study],
) -> None:
    """A result that said other figures then: the difference is the version's, and no other's."""
    a, b = make(), make(ACADEMIES)
    result = sg.run(a)
    written = Tables.from_folder(result.write(a.inputs.population.path.parent / "result"))
    told = written.coverage
    ours = (told["code"] == "11001") & (told["level"] == "municipality") & (told["covered"] > 3)
    vars(written)["coverage"] = told.assign(covered=told["covered"] - 3 * ours)
    found = sg.explain(written, b)
    plain = sg.explain(a, b)
    assert found.parts == [*PARTS, "version"]
    key = ("municipality", "11001", "all", "all")
    assert take(found, "version").loc[key, "covered"] == 3
    for part in PARTS:
        assert take(found, part).equals(take(plain, part))
    check_sums(found)


def test_a_result_of_now_differs_by_no_version(make: Callable[..., Study]) -> None:
    """As written and computed again are the same, from a folder too."""
    a, b = make(), make(CHILDREN)
    folders = [sg.run(one).write(one.inputs.population.path.parent / "result") for one in (a, b)]
    found = sg.explain(*folders)
    assert (take(found, "version").select_dtypes("number") == 0).all(axis=None)
    assert moved(found, "children") != 0
    check_sums(found)


def test_a_result_of_other_files_is_refused(make: Callable[..., Study]) -> None:
    """Else what a file changed would be told as the version's."""
    a = make()
    place = a.inputs.population.path
    folder = sg.run(a).write(place.parent / "result")
    place.write_text(place.read_text("utf-8").replace("|20|", "|21|"), encoding="utf-8")
    with pytest.raises(ResultError, match="other files than there are now: population bevolking"):
        sg.explain(folder, a)


MERGED = {"44011": ("", hand.square(0, 0, 3, 3)), "44049": ("", hand.square(3, 0, 3, 3))}
"""Deinze and Nevele, one municipality since 2019."""


def write_merged(folder: Path, vintage: int, codes: dict[str, int], outlines: dict) -> Study:
    """Write a study of Deinze in the codes of a year."""
    hand.write_study(folder, straight_line=True)
    table = hand.municipalities(outlines).rename(columns={"nis_code": "NISCODE", "name": "NAAM"})
    table.drop(columns="province").to_file(folder / "gemeenten.gpkg", driver="GPKG")
    rows = ["CD_REFNIS|CD_SEX|CD_AGE|MS_POPULATION|CD_YEAR"]
    rows += [
        f"{code}|{sex}|{age}|{count}|{vintage}"
        for code, count in codes.items()
        for sex in "FM"
        for age in range(5, 18)
    ]
    (folder / "bevolking.txt").write_text("\n".join(rows) + "\n", encoding="utf-8")
    path = folder / "study.toml"
    path.write_text(path.read_text("utf-8").replace("2025", str(vintage), 1), encoding="utf-8")
    return sg.load_study(folder)


def test_merged_municipalities_are_bridged_in_the_codes_of_the_later(tmp_path: Path) -> None:
    """Whichever comes first: one municipality, with the children of both parts at its ends."""
    whole = {"44083": ("", hand.square(0, 0, 6, 3))}
    a = write_merged(tmp_path / "a", 2018, {"44011": 20, "44049": 11}, MERGED)
    b = write_merged(tmp_path / "b", 2025, {"44083": 35}, whole)
    written = sg.run(a).write(tmp_path / "a" / "result")
    found, again = sg.explain(written, b), sg.explain(b, written)
    key = ("municipality", "44083", "all", "all")
    for one, first, last in ((found, "a", "b"), (again, "b", "a")):
        assert take(one, first).loc[key, "children"] == 26 * 31
        assert take(one, last).loc[key, "children"] == 26 * 35
        assert take(one, "children").loc[key, "children"] == 26 * 4 * (1 if first == "a" else -1)
        codes = one.table.loc[one.table["level"] == "municipality", "code"]
        assert set(codes) == {"44083"}
        check_sums(one)


def test_other_ages_are_a_part_of_the_rules(make: Callable[..., Study]) -> None:
    """Who is counted is a rule: the children of both ages are read of both files."""
    speed = "{ low = 10, central = 12, high = 14 }"
    bands = f"[travel]\nbands = [{{ ages = [9, 11], speed_kmh = {speed} }}]\n"
    a, b = make(), make(("study.toml", "[gaps]", f"{bands}[gaps]"), CHILDREN)
    found = sg.explain(a, b)
    assert found.differing == ["children", "rules"]
    assert set(found.table["band"]) == {"9-11", "all"}
    assert any("counts the ages 12-17, 5-8" in str(one) for one in found.notes)
    key = ("region", "VLG", "all", "all")
    assert take(found, "rules").loc[key, "children"] < 0
    check_sums(found)
    for part, study in (("a", a), ("b", b)):
        mine = take(found, part)
        assert (mine["covered"] == central(study)["covered"].reindex(mine.index)).all()


def test_other_ground_and_other_things_are_refused(make: Callable[..., Study]) -> None:
    """In one line that says what, and how to mend it."""
    a = make()
    about = a.about.model_copy(update={"area": ("11001",)})
    part = a.model_copy(update={"about": about})
    with pytest.raises(StudyError, match="A counts 3 municipalities and B 1; in one alone: 11004"):
        sg.explain(a, part)
    words = DutchWords(singular="bibliotheek", plural="bibliotheken", article="de")
    other = a.model_copy(
        update={"about": a.about.model_copy(update={"facility": Facility(nl=words)})}
    )
    with pytest.raises(StudyError, match="A is of 'STEM-academies', B of 'bibliotheken'"):
        sg.explain(a, other)


def test_edited_roads_are_told_of_their_end_and_refused_as_by_a_run(
    make: Callable[..., Study],
) -> None:
    """Each with what becomes of it; what changes nothing is no silent part of an explanation."""
    a, b = make(straight_line=False), make(straight_line=False)
    path = b.inputs.population.path.parent / "wegen.csv"
    path.write_text("edit_id;name;change;osm_way\nE;De Weg;close;1\n", encoding="utf-8")
    found = sg.explain(a, b.with_network_edits(path))
    assert (found.differing, moved(found, "roads") < 0) == (["roads"], True)
    told = [note.to_text("en") for note in found.notes if "De Weg" in note.to_text("en")]
    assert [text.partition(": measured with roads")[0] for text in told] == ["measurement 2"]
    assert "De Weg (closed, 6,000 m)" in told[0]
    path.write_text("edit_id;change;osm_way\nQ;open;1\n", encoding="utf-8")
    with pytest.raises(InputError, match="road edit 'Q': changes nothing"):
        sg.explain(a, b.with_network_edits(path))


def test_the_command_writes_what_is_read_back(ends: tuple[Study, Study], tmp_path: Path) -> None:
    """Table, chart, summary and read me; the tables are those that were computed."""
    folders = [one.inputs.population.path.parent for one in ends]
    said = stemgeo("explain", *folders, "--out", tmp_path / "out")
    assert said.status == 0
    assert "Regels van de meting" in said.out
    found = sg.read_result(tmp_path / "out")
    assert isinstance(found, Explanation)
    assert found.differing == PARTS
    names = {path.name for path in (tmp_path / "out").rglob("*")}
    assert {
        "summary.md",
        "LEESMIJ.txt",
        "bridge.csv",
        "bridge.svg",
        "bridge-low-stress.svg",
    } <= names
    again = sg.explain(*folders)
    pd.testing.assert_frame_equal(found.table, again.table, check_dtype=False)
    assert found.questions.fillna("").equals(again.questions)
    check_sums(found)


def test_a_bridge_is_verified(make: Callable[..., Study]) -> None:
    """Of a study and of a result: all is computed again, and what was changed is told."""
    a, b = make(), make(ACADEMIES)
    place = a.inputs.population.path.parent
    out = sg.explain(sg.run(a).write(place / "result"), b).write(place / "bridge")
    found = sg.verify(out, [a, b])
    assert found.same, found.lines()
    assert (found.files, found.inputs) == (9, 6)
    register = b.inputs.academies.path
    register.write_text(register.read_text("utf-8").replace("161500", "161400"), encoding="utf-8")
    told = sg.verify(out, [a, b])
    assert "B: academies academies.csv" in {one.where for one in told.of("inputs")}
