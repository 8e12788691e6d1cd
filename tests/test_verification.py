"""Facts about verifying: what is the same is said to be, and whatever differs is named."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import hand
import pandas as pd
import pytest
from terminal import content_of, stemgeo

import stemgeo as sg
from stemgeo.errors import ResultError
from stemgeo.report.figures import ChangedFigure, compare_tables
from stemgeo.verification import Difference

pytestmark = pytest.mark.usefixtures("computed_once", "read_once")


def same(folder: Path) -> str:
    """Give the last line of a verification in which nothing differs."""
    return f"Alles is gelijk: {len(content_of(folder)) - 1} bestanden, 3 invoerbestanden."


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small study and its result; not to be changed."""
    base = tmp_path_factory.mktemp("ran")
    hand.write_study(base / "study", straight_line=True, qgis=True)
    assert stemgeo("run", base / "study", "--out", base / "result").status == 0
    return base


@pytest.fixture
def base(ran: Path, tmp_path: Path) -> Path:
    """A copy of it, to do with as a test likes."""
    return shutil.copytree(ran, tmp_path / "base")


def changed(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def change_manifest(folder: Path, **values: Any) -> None:
    path = folder / "manifest.json"
    content = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(content | values), encoding="utf-8")


def manifest(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
    return content


def found(said: sg.Verification, part: str) -> list[tuple[str, str]]:
    return [(one.where, str(one.what)) for one in said.of(part)]


def only(differences: tuple[Difference, ...]) -> Difference:
    (one,) = differences
    return one


# -- the same --------------------------------------------------------------------------------


@pytest.mark.usefixtures("drawn_each_time")
def test_what_nobody_touched_is_the_same_and_stays_as_it_is(base: Path) -> None:
    """Status 0, a line for each step, and no byte or moment of any file is changed."""
    before = content_of(base)
    moments = {path: path.stat().st_mtime_ns for path in base.rglob("*")}
    said = stemgeo("verify", base / "result")
    count = len(content_of(base / "result")) - 1
    assert said.out.splitlines() == [
        f"Bestanden: alle {count} zoals ze geschreven zijn.",
        "Studie en invoer: zoals ze waren: study.toml, 3 invoerbestanden.",
        "Versies: dezelfde.",
        f"Resultaat, opnieuw berekend: dezelfde {count} bestanden.",
        same(base / "result"),
    ]
    assert (said.status, said.err) == (0, "")
    assert content_of(base) == before
    assert {path: path.stat().st_mtime_ns for path in base.rglob("*")} == moments


def test_other_versions_are_told_and_are_no_difference(base: Path) -> None:
    """The manifest names another numpy: said, with both versions; the result is the same."""
    libraries = manifest(base / "result")["libraries"]
    change_manifest(base / "result", libraries=libraries | {"numpy": "1.0"}, python="3.1")
    verification = sg.verify(base / "result")
    assert verification.same
    assert [(one.where, one.then, one.now) for one in verification.versions] == [
        ("python", "3.1", manifest_python()),
        ("numpy", "1.0", libraries["numpy"]),
    ]
    assert str(verification.versions[1]) == f"numpy: differs; then: 1.0; now: {libraries['numpy']}"
    lines = verification.lines()
    assert "Versies: 2 verschillen, op zich geen fout:" in lines
    assert f"  numpy: verschilt; toen: 1.0; nu: {libraries['numpy']}" in lines
    assert lines[-1] == same(base / "result")


def manifest_python() -> str:
    import platform

    return platform.python_version()


# -- the folder ------------------------------------------------------------------------------


def test_files_that_are_gone_or_added_are_named(base: Path) -> None:
    """A deleted map, a file more, and a picture that was drawn over; the result still comes out."""
    folder = base / "result"
    (folder / "map.html").unlink()
    (folder / "tables" / "extra.csv").write_text("a\n1\n", encoding="utf-8")
    (folder / ".DS_Store").write_bytes(b"\0")  # no one's work: a system leaves these
    changed(folder / "maps" / "limburg.svg", "</svg>", "<g/></svg>")
    verification = sg.verify(folder)
    assert found(verification, "files") == [
        ("map.html", "is missing"),
        ("maps/limburg.svg", "was changed after it was written"),
        ("tables/extra.csv", "was added"),
    ]
    assert len(verification.differences) == 3
    said = stemgeo("verify", folder)
    assert said.status == 1
    assert "  map.html: ontbreekt" in said.out.splitlines()
    assert said.out.splitlines()[-1] == "Niet gelijk; aantal verschillen: 3 (bestanden 3)."


def test_a_link_is_no_file_of_a_result(base: Path) -> None:
    """What it leads to can change without a trace: to the same bytes, to a folder, to nothing."""
    folder = base / "result"
    (folder / "map.html").rename(base / "elsewhere.html")
    (folder / "map.html").symlink_to(base / "elsewhere.html")
    (folder / "more").symlink_to(base)
    (folder / "nothing").symlink_to(base / "nowhere")
    assert found(sg.verify(folder), "files") == [
        ("map.html", "is a link and no file any more"),
        ("more", "was added"),
        ("nothing", "was added"),
    ]


def test_a_figure_that_was_changed_is_named(base: Path) -> None:
    """One number in a CSV, one in a Parquet table: file, row, column, what it says and is."""
    tables = base / "result" / "tables"
    provinces = pd.read_csv(tables / "provinces.csv", dtype=str, keep_default_na=False)
    assert provinces.loc[0, "children"] == "806"
    provinces.loc[0, "children"] = "860"
    provinces.to_csv(tables / "provinces.csv", index=False, lineterminator="\n")
    demand = pd.read_parquet(tables / "demand.parquet")
    point, before = demand.loc[1, "point_id"], demand.loc[1, "children_5-7"]
    demand.loc[1, "children_5-7"] = before + 1
    demand.to_parquet(tables / "demand.parquet", index=False)
    verification = sg.verify(base / "result")
    assert [(one.where, one.rows, one.figures) for one in verification.differences] == [
        (
            "tables/demand.parquet",
            1,
            (ChangedFigure(f"point_id {point}", "children_5-7", str(before + 1), str(before)),),
        ),
        ("tables/provinces.csv", 1, (ChangedFigure("code Antwerpen", "children", "860", "806"),)),
    ]
    table = verification.table()
    assert table["where"].tolist() == ["tables/demand.parquet", "tables/provinces.csv"]
    assert table["rows"].tolist() == [1, 1]
    assert set(table["part"]) == {"files"}
    lines = verification.lines()
    what = "is gewijzigd nadat het geschreven was; 1 van de 3 rijen verschillen"
    assert f"  tables/provinces.csv: {what}" in lines
    assert "    code Antwerpen: children is 860 in de map, 806 nu berekend" in lines


def test_a_figure_whose_hash_was_made_to_fit_is_found(base: Path) -> None:
    """A forged manifest does not help: the file is what it says, and does not come out."""
    folder = base / "result"
    path = folder / "tables" / "provinces.csv"
    changed(path, "Antwerpen,Antwerpen,2,2,806", "Antwerpen,Antwerpen,2,2,860")
    outputs = manifest(folder)["outputs"]
    hash_ = hashlib.sha256(path.read_bytes()).hexdigest()
    outputs["tables/provinces.csv"]["sha256"] = hash_
    change_manifest(folder, outputs=outputs)
    verification = sg.verify(folder)
    assert not verification.of("files")
    difference = only(verification.differences)
    assert (difference.part, difference.where) == ("result", "tables/provinces.csv")
    assert difference.figures == (ChangedFigure("code Antwerpen", "children", "860", "806"),)


def test_words_of_the_manifest_are_compared_too(base: Path) -> None:
    """A notice that was left out, a note that was changed, a licence that was given."""
    folder = base / "result"
    content = manifest(folder)
    content["inputs"][1]["licence"] = "CC0"
    content["notes"][0]["nl"] = "Alles is goed"
    change_manifest(folder, notice="", notes=content["notes"], inputs=content["inputs"])
    verification = sg.verify(folder)
    assert {one.where for one in verification.differences} == {
        "manifest.json, notice",
        "manifest.json, notes.1.nl",
        "manifest.json, inputs.2.licence",
    }


def test_a_file_that_the_manifest_forgot_is_named(base: Path) -> None:
    """It is an addition to the folder, and it comes out now and did not then."""
    outputs = manifest(base / "result")["outputs"]
    del outputs["tables/coverage.csv"]
    change_manifest(base / "result", outputs=outputs)
    verification = sg.verify(base / "result")
    assert found(verification, "files") == [("tables/coverage.csv", "was added")]
    what = "comes out now and did not then"
    assert found(verification, "result") == [("tables/coverage.csv", what)]


# -- study and inputs ------------------------------------------------------------------------


def test_an_input_that_changed_is_named_with_the_figures_that_move(base: Path) -> None:
    """One girl of five more in 11001: 806 children of Antwerpen become 807."""
    changed(base / "study" / "bevolking.txt", "11001|F|5|20|2022", "11001|F|5|21|2022")
    verification = sg.verify(base / "result")
    assert not verification.of("files", "study")
    difference = only(verification.of("inputs"))
    assert difference.where == "population bevolking.txt"
    now = hashlib.sha256((base / "study" / "bevolking.txt").read_bytes()).hexdigest()
    then = manifest(base / "result")["inputs"][1]["sha256"]
    assert difference.then == f"{then[:12]}..."
    assert difference.now == f"{now[:12]}..."
    tables = {one.where: one.figures for one in verification.of("result")}
    moved = ChangedFigure("code Antwerpen", "children", "806", "807")
    assert moved in tables["tables/provinces.csv"]
    assert "summary.md" in tables
    assert "tables/academies.csv" not in tables
    said = stemgeo("verify", base / "result")
    assert said.status == 1
    assert f"    {moved.sentence.to_text('nl')}" in said.out.splitlines()


def test_an_input_that_is_gone_is_named_and_nothing_is_computed(base: Path) -> None:
    """The folder is still compared; the step that cannot be done says so."""
    (base / "study" / "academies.csv").unlink()
    verification = sg.verify(base / "result")
    assert found(verification, "inputs") == [
        ("academies academies.csv", "is missing, or cannot be read")
    ]
    where, what = found(verification, "result")[0]
    assert where == "academies.csv"
    assert what.startswith("cannot be computed again: does not exist")
    assert not verification.of("files")
    assert stemgeo("verify", base / "result").status == 1


def test_a_study_of_another_day_is_told_and_computed(base: Path) -> None:
    """Found no more by its hash; given, its hash and the day are told, and who is left."""
    changed(base / "study" / "study.toml", "date = 2022-12-31", "date = 2024-06-30")
    with pytest.raises(ResultError, match="--study STUDY"):
        sg.verify(base / "result")
    verification = sg.verify(base / "result", base / "study")
    file, day = verification.of("study")
    assert (file.where, str(file.what)) == ("study.toml", "is not the file that it was")
    assert (day.where, day.then, day.now) == ("study.date", "2022-12-31", "2024-06-30")
    assert not verification.of("inputs")
    figures = {one.where: one.figures for one in verification.of("result")}
    # S1 is recognised for two years from 2021, S2 until the end of 2023.
    assert (
        ChangedFigure("code Antwerpen", "with_academy", "2", "0") in figures["tables/provinces.csv"]
    )


def test_a_comment_in_the_study_is_another_file_with_the_same_result(base: Path) -> None:
    """The bytes differ and are named; nothing else does."""
    with (base / "study" / "study.toml").open("a", encoding="utf-8") as file:
        file.write("# gezien\n")
    verification = sg.verify(base / "result", base / "study" / "study.toml")
    difference = only(verification.differences)
    assert (difference.part, difference.where) == ("study", "study.toml")


@pytest.mark.parametrize("place", ["here", "here/deeper", "result", "result/deeper", "."])
def test_the_study_is_found_by_its_hash(
    base: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """In the current folder, the result, the folder above it, and one level below each."""
    (base / "here").mkdir()
    monkeypatch.chdir(base / "here")
    target = base / place
    target.mkdir(exist_ok=True)
    for path in (base / "study").iterdir():
        path.rename(target / path.name)
    verification = sg.verify(base / "result")
    assert verification.study == "study.toml"
    assert {str(one.what) for one in verification.differences} <= {"was added"}


def test_a_study_two_levels_away_is_not_found(base: Path) -> None:
    """One line: what was looked for and where, and what to do."""
    (base / "far").mkdir()
    (base / "study").rename(base / "far" / "study")
    said = stemgeo("verify", base / "result")
    assert (said.status, said.out) == (1, "")
    (line,) = said.err.splitlines()
    hash_ = manifest(base / "result")["study_file"]["sha256"]
    assert line.startswith(f"error: study.toml: the study of then (SHA-256 {hash_[:12]}...) is not")
    assert line.endswith("say where it is: --study STUDY")
    said = stemgeo("verify", base / "result", "--study", base / "far" / "study")
    assert (said.status, said.out.splitlines()[-1]) == (0, same(base / "result"))


def test_of_two_copies_of_a_study_the_one_with_the_inputs_of_then_is_taken(base: Path) -> None:
    """The other stands first and has other academies."""
    shutil.copytree(base / "study", base / "a-study")
    changed(base / "a-study" / "academies.csv", "151000,0", "152000,0")
    assert sg.verify(base / "result").same


def test_a_study_of_another_name_is_found(tmp_path: Path) -> None:
    """The manifest keeps the name, the size and the hash of the file."""
    folder = hand.write_study(tmp_path / "study", straight_line=True)
    path = (folder / "study.toml").rename(folder / "fietsen [1].toml")
    sg.run(sg.load_study(path)).write(tmp_path / "result")
    assert manifest(tmp_path / "result")["study_file"] == {
        "name": "fietsen [1].toml",
        "size_bytes": path.stat().st_size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    assert sg.verify(tmp_path / "result").same


def test_a_study_made_in_code_is_given_in_code(ran: Path, tmp_path: Path) -> None:
    """It has no file: the error says so; the study itself does."""
    read = sg.load_study(ran / "study")
    study = sg.Study.model_validate(read.model_dump(by_alias=True))
    folder = sg.run(study).write(tmp_path / "result")
    assert manifest(folder)["study_file"] is None
    with pytest.raises(ResultError, match="made of a study in code") as caught:
        sg.verify(folder)
    assert "stemgeo.verify(folder, study)" in str(caught.value)
    assert sg.verify(folder, study).same


# -- plans -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ran_with_plan(ran: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with a plan that the study does not name; not to be changed."""
    base = shutil.copytree(ran, tmp_path_factory.mktemp("planned") / "base")
    text = "academy_id;naam;x;y\nP1;Gepland;158000;202000\n"
    (base / "plannen").mkdir()
    (base / "plannen" / "voorstel.csv").write_text(text, encoding="utf-8")
    plan = base / "plannen" / "voorstel.csv"
    said = stemgeo("run", base / "study", "--plan", plan, "--out", base / "planned")
    assert said.status == 0
    return base


@pytest.fixture
def planned(ran_with_plan: Path, tmp_path: Path) -> Path:
    """A copy of it, to do with as a test likes."""
    return shutil.copytree(ran_with_plan, tmp_path / "base")


def test_a_plan_is_found_by_its_hash(planned: Path) -> None:
    """In a folder beside the result; gone, a line says what to do; given, it is taken."""
    verification = sg.verify(planned / "planned")
    assert verification.same
    assert verification.inputs == 4
    (planned / "far" / "away").mkdir(parents=True)
    plan = planned / "far" / "away" / "voorstel.csv"
    (planned / "plannen" / "voorstel.csv").rename(plan)
    said = stemgeo("verify", planned / "planned")
    assert (said.status, said.out) == (1, "")
    (line,) = said.err.splitlines()
    assert line.startswith("error: voorstel.csv: the plan of then")
    assert line.endswith("--plan FILE")
    assert stemgeo("verify", planned / "planned", "--plan", plan).status == 0


def test_a_plan_that_changed_is_named(planned: Path) -> None:
    """Given another plan: the input differs, and so does what it brings."""
    plan = planned / "plannen" / "voorstel.csv"
    changed(plan, "158000;202000", "156000;205000")
    verification = sg.verify(planned / "planned", plan=plan)
    assert found(verification, "inputs") == [("plan voorstel.csv", "is not the file that it was")]
    assert "tables/coverage.csv" in {one.where for one in verification.of("result")}


def test_a_plan_of_the_study_is_the_one_that_it_names(planned: Path) -> None:
    """Changed after the run, it is told as an input; an old copy elsewhere does not hide that."""
    folder, plan = planned / "study", planned / "study" / "voorstel.csv"
    shutil.copy(planned / "plannen" / "voorstel.csv", plan)
    changed(folder / "study.toml", "[inputs]", '[inputs]\nplan = "voorstel.csv"')
    sg.run(sg.load_study(folder)).write(planned / "own")
    assert sg.verify(planned / "own").same
    changed(plan, "158000;202000", "156000;205000")
    verification = sg.verify(planned / "own")
    assert found(verification, "inputs") == [("plan voorstel.csv", "is not the file that it was")]


# -- what is no result -----------------------------------------------------------------------


def test_a_folder_that_is_no_result_of_a_run_is_an_error(base: Path) -> None:
    """Nothing, another command's, an older version's, or not as stemgeo writes it: a line each."""
    said = stemgeo("verify", base / "study")
    assert (said.status, said.out) == (1, "")
    assert "holds no result" in said.err
    content = manifest(base / "result")
    del content["study_file"]
    (base / "result" / "manifest.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ResultError, match="older version"):
        sg.verify(base / "result")
    change_manifest(base / "result", command="kaart")
    with pytest.raises(ResultError, match="stemgeo kaart"):
        sg.verify(base / "result")


@pytest.mark.parametrize(
    "broken",
    [
        {"outputs": {"map.html": 5}},
        {"outputs": []},
        {"inputs": [{"role": "plan"}]},
        {"study": {"inputs": {"plan": "x"}}},
        {"study_file": {"name": ["a"], "sha256": "0"}},
        {"libraries": 3},
        {"notes": 3},
    ],
)
def test_a_manifest_of_another_form_is_an_error(base: Path, broken: dict[str, Any]) -> None:
    """One line that names the file, whatever part is not as stemgeo writes it."""
    change_manifest(base / "result", **broken)
    said = stemgeo("verify", base / "result")
    assert (said.status, said.out) == (1, "")
    (line,) = said.err.splitlines()
    assert "manifest.json: is not as stemgeo writes it" in line


def test_names_in_a_manifest_lead_nowhere_and_drive_no_terminal(base: Path) -> None:
    """A path out of the folder is a missing file; control characters are not printed."""
    outputs = manifest(base / "result")["outputs"]
    outside = base / "study" / "academies.csv"
    hash_ = hashlib.sha256(outside.read_bytes()).hexdigest()
    outputs["../study/academies.csv"] = {"size_bytes": 1, "sha256": hash_}
    outputs["\x1b[2Jrood"] = {"size_bytes": 1, "sha256": hash_}
    change_manifest(base / "result", outputs=outputs)
    verification = sg.verify(base / "result")
    assert ("../study/academies.csv", "is missing") in found(verification, "files")
    assert "\x1b" not in "".join(verification.lines())
    change_manifest(
        base / "result", study_file={"name": "../../../x/\x1b[2J.toml", "sha256": "\x1b"}
    )
    said = stemgeo("verify", base / "result")
    assert said.status == 1
    assert "\x1b" not in said.err


# -- tables ----------------------------------------------------------------------------------


def compared(folder: Path, then: str, now: str, name: str = "t.csv") -> tuple[int, int, list[str]]:
    for side, text in (("then", then), ("now", now)):
        (folder / side).mkdir(exist_ok=True)
        (folder / side / name).write_text(text, encoding="utf-8")
    rows, of_rows, figures = compare_tables(folder / "then" / name, folder / "now" / name)
    return rows, of_rows, [str(figure) for figure in figures]


def test_rows_are_told_apart_by_the_fewest_columns_from_the_left(tmp_path: Path) -> None:
    """The order of rows says nothing; semicolons, decimal commas and text are as written."""
    then = "\ufeffplaats;jaar;aandeel\nA;2021;62,4\nA;2022;62,5\nB;2021;\n"
    now = "\ufeffplaats;jaar;aandeel\nB;2021;0\nA;2022;62,5\nA;2021;62,40\n"
    assert compared(tmp_path, then, now) == (
        2,
        3,
        [
            "plaats A, jaar 2021: aandeel is 62,4 in the folder, 62,40 computed now",
            "plaats B, jaar 2021: aandeel is empty in the folder, 0 computed now",
        ],
    )


def test_rows_and_columns_that_one_side_has_alone_are_named(tmp_path: Path) -> None:
    """A column that went, a row that came: each once."""
    assert compared(tmp_path, "a,b,c\nx,1,2\n", "a,b\nx,1\ny,2\n") == (
        1,
        2,
        ["column c: only in the folder", "row a y: only computed now"],
    )


def test_rows_that_nothing_tells_apart_are_told_by_number(tmp_path: Path) -> None:
    """Twice the same row: the second one changed."""
    assert compared(tmp_path, "a,b\nx,1\nx,1\n", "a,b\nx,1\nx,2\n") == (
        1,
        2,
        ["2: b is 1 in the folder, 2 computed now"],
    )


def test_five_figures_are_named_and_all_rows_counted(tmp_path: Path) -> None:
    """A hundred rows that moved are a number, not a hundred lines."""
    sides = ["a,b\n" + "".join(f"{row},{row + add}\n" for row in range(100)) for add in (0, 1)]
    rows, of_rows, figures = compared(tmp_path, *sides)
    assert (rows, of_rows, len(figures)) == (100, 100, 5)


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.svg", "t"])
@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b'a,b\n"1', b"PAR1"])
def test_a_file_that_is_no_table_has_no_figures(tmp_path: Path, name: str, content: bytes) -> None:
    """Empty, torn, binary, or no table at all: it differs, and no more can be said."""
    (tmp_path / name).write_bytes(content)
    assert compare_tables(tmp_path / name, tmp_path / "not-there.csv") == (0, 0, ())
    (tmp_path / "now.csv").write_bytes(b"a,b\n1,2\n")
    _, _, figures = compare_tables(tmp_path / name, tmp_path / "now.csv")
    assert not any(figure.row and figure.column for figure in figures)


def test_empty_cells_of_a_parquet_table_are_the_same(tmp_path: Path) -> None:
    """Not a number, no text, no date, no whole number: nothing beside nothing is no difference."""
    table = pd.DataFrame(
        {
            "point_id": ["a", "b"],
            "number": [1.5, None],
            "count": pd.array([1, None], dtype="Int64"),
            "text": ["x", None],
            "day": pd.to_datetime(["2022-12-31", None]),
        }
    )
    for name, moved in (("a", table), ("b", table.assign(number=[None, 2.5]))):
        (tmp_path / name).mkdir()
        moved.to_parquet(tmp_path / name / "demand.parquet")
    paths = [tmp_path / name / "demand.parquet" for name in "ab"]
    assert compare_tables(paths[0], paths[0]) == (0, 2, ())
    rows, _, figures = compare_tables(*paths)
    assert rows == 2
    assert [(one.row, one.column, one.then, one.now) for one in figures] == [
        ("point_id a", "number", "1.5", ""),
        ("point_id b", "number", "", "2.5"),
    ]


# -- an answer -------------------------------------------------------------------------------


def test_an_answer_is_made_again_with_the_run_behind_it(tmp_path: Path) -> None:
    """The same but for a table that was changed; a manifest of another form is one line."""
    sg.run(sg.load_study(hand.write_study(tmp_path / "study"))).write(tmp_path / "result")
    answer = tmp_path / "antwoord"
    assert stemgeo("answer", tmp_path / "result", "--out", answer).status == 0
    table = answer / "gegevens" / "provinces.csv"
    changed(table, "Antwerpen,Antwerpen,2,2,806", "Antwerpen,Antwerpen,2,2,860")
    # What the manifest says of the run behind the answer counts too.
    of_run = manifest(answer)["result"]
    of_run["outputs"]["summary.md"]["sha256"] = "0" * 64
    change_manifest(answer, result=of_run, attribution="Iemand")
    verification = sg.verify(answer)
    assert (verification.inputs, verification.files) == (4, len(content_of(answer)) - 1)
    figures = {(one.part, one.where): one.figures for one in verification.differences}
    assert figures == {
        ("files", "gegevens/provinces.csv"): (
            ChangedFigure("code Antwerpen", "children", "860", "806"),
        ),
        ("result", "summary.md (of the run)"): (),
        ("result", "manifest.json, attribution"): (),
    }
    for name in ("../kwaad.md", "/kwaad.md", "..", "map/kwaad.md", ""):
        change_manifest(answer, templates={name: "kwaad"})
        with pytest.raises(ResultError, match="is not as stemgeo writes it"):
            sg.verify(answer)
    change_manifest(answer, templates={}, options={"language": "de"})
    with pytest.raises(ResultError, match="is not as stemgeo writes it"):
        sg.verify(answer)


# -- plans, trends and comparisons -----------------------------------------------------------


def test_a_plan_is_computed_again(base: Path) -> None:
    """With what was asked beside the study; an academy that moved is named, and what it brings."""
    said = stemgeo("site", base / "study", "-n", "1", "--out", base / "plan")
    assert said.status == 0
    assert stemgeo("verify", base / "plan").status == 0
    changed(base / "study" / "academies.csv", "151000,0", "152000,0")
    verification = sg.verify(base / "plan")
    assert found(verification, "inputs") == [
        ("academies academies.csv", "is not the file that it was")
    ]
    assert "tables/curve.csv" in {one.where for one in verification.of("result")}


def test_a_trend_is_computed_again(base: Path) -> None:
    """With its years and their own populations; the plan of the study counts in none of them."""
    study = base / "study"
    text = (study / "bevolking.txt").read_text("utf-8").replace("|2022", "|2021")
    (study / "2021.txt").write_text(text, encoding="utf-8")
    (study / "plan.csv").write_text("academy_id;naam;x;y\nP1;P;158000;202000\n", "utf-8")
    more = '[inputs]\nplan = "plan.csv"\npopulations = { 2021 = "2021.txt" }'
    changed(study / "study.toml", "[inputs]", more)
    said = stemgeo("trend", study, "--years", "2021,2022", "--out", base / "trend")
    assert said.status == 0
    verification = sg.verify(base / "trend")
    assert verification.same, verification.lines()
    assert verification.inputs == 4
    changed(study / "2021.txt", "11001|F|5|20|2021", "11001|F|5|21|2021")
    path = base / "trend" / "tables" / "trend.csv"
    path.write_text(path.read_text("utf-8") + "\n", encoding="utf-8")
    verification = sg.verify(base / "trend")
    assert found(verification, "files") == [
        ("tables/trend.csv", "was changed after it was written")
    ]
    assert found(verification, "inputs") == [
        ("populations.2021 2021.txt", "is not the file that it was")
    ]
    (moved,) = [one for one in verification.of("result") if one.where == "tables/trend.csv"]
    assert str(moved.what) == "comes out otherwise"
    with pytest.raises(ResultError, match="counts no plan"):
        sg.verify(base / "trend", plan=study / "plan.csv")


def test_a_comparison_is_computed_again(planned: Path) -> None:
    """Of both its runs, the plan of the second found by its hash; what differs is of A or B."""
    said = stemgeo("compare", planned / "result", planned / "planned", "--out", planned / "both")
    assert said.status == 0
    shutil.rmtree(planned / "result")
    shutil.rmtree(planned / "planned")
    said = stemgeo("verify", planned / "both")
    assert said.status == 0, said
    assert said.out.splitlines()[-1].startswith("Alles is gelijk: ")
    both = (planned / "study", planned / "study")
    assert sg.verify(planned / "both", both).same
    with pytest.raises(ResultError, match="is made of 2 studies, 1 given"):
        sg.verify(planned / "both", planned / "study")
    changed(planned / "plannen" / "voorstel.csv", "158000;202000", "156000;205000")
    plan = planned / "plannen" / "voorstel.csv"
    verification = sg.verify(planned / "both", plan=plan)
    assert found(verification, "inputs") == [
        ("B: plan voorstel.csv", "is not the file that it was")
    ]
    assert {one.where for one in verification.of("result")} >= {"tables/compare-region.csv"}
