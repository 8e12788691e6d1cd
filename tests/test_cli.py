"""Facts about the command line: data out, notes aside, one line for each error, never half."""

from __future__ import annotations

import importlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import warnings
from pathlib import Path
from tempfile import TemporaryFile

import hand
import pandas as pd
import pytest
import typer
from terminal import Said, content_of, stemgeo

import stemgeo as sg
from stemgeo import facts
from stemgeo.cli import app, main
from stemgeo.errors import Problem, StemgeoError
from stemgeo.maps.kinds import KINDS
from stemgeo.maps.press import Press
from stemgeo.report.files import write_manifest

NOTICE = "Proef, niet voor publicatie"
KNOWN = typer.main.get_command(app).commands  # type: ignore[attr-defined]
COMMANDS = (
    "sample",
    "doctor",
    "new",
    "fetch",
    "register",
    "check",
    "run",
    "batch",
    "trend",
    "coverage",
    "gaps",
    "candidates",
    "site",
    "links",
    "sources",
    "compare",
    "explain",
    "answer",
    "templates",
    "verify",
    "publish",
    "export",
    "map",
    "explore",
)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small study."""
    return hand.write_study(tmp_path_factory.mktemp("cli") / "study")


@pytest.fixture(scope="module")
def in_a_straight_line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small study without roads, which a process of its own has done sooner."""
    return hand.write_study(tmp_path_factory.mktemp("cli") / "straight", straight_line=True)


@pytest.fixture(scope="module")
def ran(study: Path) -> tuple[Said, Path]:
    """The small study, run by the command line, and where its result is."""
    place = study.parent / "result"
    return stemgeo("run", study, "--out", place), place


@pytest.fixture
def result(ran: tuple[Said, Path]) -> Path:
    """The result of the small study; not to be changed."""
    return ran[1]


@pytest.fixture
def own_result(result: Path, tmp_path: Path) -> Path:
    """A copy of it, to do with as a test likes."""
    return shutil.copytree(result, tmp_path / "result")


# -- terminals and lines ---------------------------------------------------------------------


def typed(encoding: str, *words: object) -> tuple[int, str, str]:
    """Type a command at a terminal of some encoding; give status, output and errors as shown."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding=encoding) for _ in range(2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["stemgeo", *map(str, words)])
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        with pytest.raises(SystemExit) as ended:
            main()
        shown = []
        for stream in (out, err):
            stream.flush()
            shown.append(stream.buffer.getvalue().decode(stream.encoding))
    return int(ended.value.code or 0), shown[0], shown[1]


def test_terminal_of_ascii_shows_the_nearest_letters(own_result: Path) -> None:
    """A notice with accents, marks and a sign of the far east prints, and is never a traceback."""
    manifest = own_result / "manifest.json"
    content = json.loads(manifest.read_text(encoding="utf-8"))
    content["text"]["nl"]["notice"] = "Liège — “één” … 2 € 日"
    manifest.write_text(json.dumps(content), encoding="utf-8")
    status, out, err = typed("ascii", "coverage", own_result, "--by", "province")
    assert (status, err) == (0, "")
    assert 'Liege - "een" ... 2 EUR \\u65e5' in out
    assert typed("cp1252", "coverage", own_result)[1].count("Liège — “één” … 2 € \\u65e5") == 1


@pytest.mark.parametrize("form", ["csv", "json"])
def test_data_keep_every_letter_at_any_terminal(own_result: Path, form: str) -> None:
    """Tables for programs are UTF-8: a name is never changed in them."""
    words = ("coverage", own_result, "--by", "municipality", "--format", form)
    before = stemgeo(*words).out
    assert typed("ascii", *words)[1] == before


def test_error_is_one_line_whatever_a_name_holds(tmp_path: Path) -> None:
    """A file, a key and a value with line breaks and turned text end as one line for each."""
    folder = hand.write_study(tmp_path / "study", straight_line=True)
    text = (folder / "study.toml").read_text(encoding="utf-8")
    odd = '"a\\nerror: b\\u202Ec.csv"'
    (folder / "study.toml").write_text(text.replace('"academies.csv"', odd), encoding="utf-8")
    status, out, err = typed("ascii", "check", folder)
    assert status == 1
    assert [line.split()[0] for line in out.splitlines() if line[0] != " "] == [
        "municipalities",
        "population",
    ]
    (line,) = err.splitlines()
    assert line.startswith("error: a error: bc.csv: does not exist; looked for ")
    (folder / "study.toml").write_text('"a\\nb\\u001b[31m" = "c\\nd"\n', encoding="utf-8")
    lines = typed("utf-8", "check", folder)[2].splitlines()
    assert lines[-1].startswith("error: study.toml: unknown key 'a b[31m'; known keys: ")
    assert all(one.startswith("error: study.toml: ") for one in lines)


def test_problem_is_one_line_of_some_length() -> None:
    """Also where the Python interface gives it, and however long a name is."""
    error = StemgeoError(Problem("a\nb", "c\x00\r\nd", "e\u2028f"), "g\nh", "x" * 10_000)
    first, second, third = str(error).split("\n")
    assert (first, second) == ("a b: c d; e f", "g h")
    assert len(third) == 2000
    assert error.args == (str(error),)


# -- help ------------------------------------------------------------------------------------


def test_help_mentions_every_command() -> None:
    """Those of the design that exist, each with a line of its own."""
    assert set(KNOWN) == set(COMMANDS)
    said = stemgeo("--help")
    assert said.status == 0
    for command in COMMANDS:
        assert re.search(rf"^  {command}  +\S", said.out, re.MULTILINE), command


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    """What it does and each option with an explanation; status 0."""
    said = stemgeo(command, "--help")
    assert (said.status, said.err) == (0, "")
    assert f"Usage: stemgeo {command}" in said.out
    for parameter in KNOWN[command].params:
        assert parameter.opts[-1].lstrip("-") in said.out.lower() or parameter.metavar in said.out
        assert getattr(parameter, "help", "")


def test_help_loads_nothing_heavy() -> None:
    """No table, map or number library is imported to say how the command is used."""
    code = (
        "import sys; sys.argv = ['stemgeo', '--help']\n"
        "from stemgeo.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'geopandas', 'pandas', 'numpy', 'numba', 'matplotlib', 'osmium'}\n"
        "sys.exit(str(sorted(heavy & set(sys.modules))) if heavy & set(sys.modules) else 0)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("rn",),
        ("run",),
        ("run", "x"),
        ("run", "x", "--outt", "y"),
        ("coverage",),
        ("coverage", "x", "--sex", "X"),
        ("trend", "x", "--out", "y"),
        ("trend", "x", "--years", "2019", "--out", "y"),
        ("trend", "x", "--years", "2022-2019", "--out", "y"),
        ("trend", "x", "--years", "2019-20", "--out", "y"),
        ("trend", "x", "--years", "vorig jaar", "--out", "y"),
        ("coverage", "x", "--format", "yaml"),
        ("gaps", "x", "--top", "0"),
        ("gaps", "x", "--top", "many"),
        ("gaps", "x", "--profile", "quiet"),
        ("map", "x", "--province", "Utrecht"),
        ("map", "x", "--out", "kaart.gif"),
        ("map", "x", "--kind", "heatmap"),
        ("map", "x", "--out", "kaart"),
    ],
)
def test_a_wrong_call_is_status_2_and_nothing_on_standard_output(words: tuple[str, ...]) -> None:
    """Usage, and what is wrong, on standard error."""
    said = stemgeo(*words)
    assert said.status == 2
    assert said.out == ""
    assert said.err


# -- run -------------------------------------------------------------------------------------


def test_a_run_prints_the_province_table_and_notes_aside(ran: tuple[Said, Path]) -> None:
    """Data and notice on standard output, notes and where to look on standard error."""
    said, place = ran
    assert said.status == 0
    lines = said.out.splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["Antwerpen", "Limburg", "Studiegebied"]
    assert lines[4:] == [NOTICE]
    assert "Resultaat in" not in said.out
    assert "let op: " not in said.out
    notes = said.err.splitlines()
    off_the_roads = "let op: wegen: geen bruikbare weg binnen 500 m van 1 academie: S1;"
    assert sum(line.startswith(off_the_roads) for line in notes) == 1
    assert notes[-1].startswith(f"Resultaat in {place}")
    assert "\x1b" not in said.out + said.err


def test_the_command_line_and_python_give_the_same(result: Path, study: Path) -> None:
    """Every figure of every level, and the same bytes in every table."""
    in_python = sg.run(sg.load_study(study))
    for by in ("region", "province", "municipality", "zone"):
        said = stemgeo("coverage", result, "--by", by, "--format", "csv")
        table = pd.read_csv(io.StringIO(said.out), dtype={"code": str, "name": str})
        pd.testing.assert_frame_equal(table, in_python.summary(by), check_exact=False, atol=1e-6)
    other = content_of(in_python.write(result.parent / "in-python") / "tables")
    assert other == content_of(result / "tables")


def test_a_study_is_its_file_or_its_folder(study: Path) -> None:
    """`stemgeo check study` and `stemgeo check study/study.toml` say the same."""
    assert stemgeo("check", study) == stemgeo("check", study / "study.toml")


def test_check_lists_the_files_and_runs_nothing(study: Path) -> None:
    """Each input with its size and what was found in it; warnings aside."""
    before = content_of(study.parent)
    said = stemgeo("check", study)
    assert said.status == 0
    for name in ("gemeenten.gpkg", "bevolking.txt", "academies.csv", "wegen.osm"):
        size = (study / name).stat().st_size
        assert re.search(rf"{re.escape(name)} +{size} bytes", said.out)
    assert all(line.startswith("let op: ") for line in said.err.splitlines())
    assert content_of(study.parent) == before


def test_check_in_python_says_what_the_command_prints(study: Path) -> None:
    """The same lines and notes, and a row for each column with what it was taken as."""
    found, said = sg.check(sg.load_study(study)), stemgeo("check", study)
    assert [*found.lines(), ""] == said.out.split("\n")
    assert [f"let op: {note.to_text('nl')}" for note in found.notes] == said.err.splitlines()
    table = found.table().set_index(["file", "column"])
    assert table.loc[("gemeenten.gpkg", "NISCODE"), "used_as"] == "nis_code"
    assert set(table["role"]) == {"municipalities", "population", "academies"}


def test_a_straight_line_is_said_below_every_table(tmp_path: Path) -> None:
    """By run and by coverage and gaps: in the text that people read."""
    folder = hand.write_study(tmp_path / "s", straight_line=True)
    place = tmp_path / "r"
    for said in (
        stemgeo("run", folder, "--out", place),
        stemgeo("coverage", place),
        stemgeo("gaps", place),
    ):
        assert said.status == 0
        assert "benadering in vogelvlucht (afstand x 1,3)" in said.out
        assert NOTICE in said.out


# -- errors ----------------------------------------------------------------------------------


def errors(said: Said) -> list[str]:
    """Give the lines of an expected failure: all of them errors, status 1, no data."""
    assert said.status == 1
    assert said.out == ""
    lines = said.err.splitlines()
    assert lines
    assert all(line.startswith("error: ") for line in lines)
    return lines


def test_every_problem_of_the_inputs_is_a_line(study: Path, tmp_path: Path) -> None:
    """Check and run tell the same ones, and no result appears."""
    broken = shutil.copytree(study, tmp_path / "s")
    (broken / "wegen.osm").unlink()
    (broken / "academies.csv").write_text("naam;x;y\nZonder plaats;;\n", encoding="utf-8")
    place = tmp_path / "r"
    lines = errors(stemgeo("run", broken, "--out", place))
    assert any("wegen.osm" in line for line in lines)
    assert any("academies.csv" in line for line in lines)
    said = stemgeo("check", broken)
    assert said.status == 1
    assert said.err.splitlines() == lines
    assert "Zonder plaats" in said.out
    assert not place.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s"]


def test_a_misspelt_key_is_one_line(study: Path, tmp_path: Path) -> None:
    """With the nearest known name."""
    broken = shutil.copytree(study, tmp_path / "s")
    with (broken / "study.toml").open("a", encoding="utf-8") as file:
        file.write("\n[travel]\ncutof_min = 10\n")
    (line,) = errors(stemgeo("run", broken, "--out", tmp_path / "r"))
    assert line.endswith("unknown key 'travel.cutof_min'; did you mean 'cutoff_min'?")


def test_a_failed_run_leaves_the_old_result(study: Path, own_result: Path, tmp_path: Path) -> None:
    """The inputs broke after the first run: its result stays, byte for byte."""
    broken = shutil.copytree(study, tmp_path / "s")
    (broken / "bevolking.txt").write_text("CD_REFNIS|CD_SEX\n", encoding="utf-8")
    before = content_of(own_result)
    errors(stemgeo("run", broken, "--out", own_result))
    assert content_of(own_result) == before


def test_a_folder_that_is_no_result_is_refused_before_anything_is_read(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader need not wait for a run to hear that its place is taken."""
    place = tmp_path / "mine"
    place.mkdir()
    (place / "thesis.docx").write_text("x", encoding="utf-8")
    module = importlib.import_module("stemgeo.measure")
    monkeypatch.setattr(module, "load_inputs", lambda _: pytest.fail("inputs were read"))
    (line,) = errors(stemgeo("run", study, "--out", place))
    assert "is no result of stemgeo" in line
    assert content_of(place) == {"thesis.docx": b"x"}


@pytest.mark.parametrize("command", ["coverage", "gaps", "map"])
@pytest.mark.parametrize("kind", ["missing", "empty", "other manifest"])
def test_a_folder_that_is_no_result_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, kind: str
) -> None:
    """Said with the command that makes one; nothing is written."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "r"
    if kind != "missing":
        folder.mkdir()
    if kind == "other manifest":
        (folder / "manifest.json").write_text('{"name": "an app"}', encoding="utf-8")
    before = content_of(tmp_path)
    (line,) = errors(stemgeo(command, folder))
    assert "holds no result of a run; `stemgeo run STUDY --out DIR` writes one" in line
    assert content_of(tmp_path) == before


@pytest.mark.parametrize(
    ("words", "file"),
    [
        (("coverage",), "tables/coverage.csv"),
        (("coverage",), "tables/annex-1-municipalities.csv"),
        (("gaps",), "tables/gaps.csv"),
        (("map",), "tables/municipalities.parquet"),
        (("map",), "tables/academies.parquet"),
    ],
)
def test_a_table_that_was_changed_after_the_run_is_refused(
    own_result: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    file: str,
) -> None:
    """One byte more in a table that is read, and no figure is printed from it."""
    monkeypatch.chdir(own_result.parent)
    with (own_result / file).open("ab") as changed:
        changed.write(b"\n")
    (line,) = errors(stemgeo(*words, own_result))
    assert file in line
    assert "was changed after the run" in line
    assert list(own_result.parent.iterdir()) == [own_result]


def test_a_place_that_cannot_be_written_is_one_line(study: Path, tmp_path: Path) -> None:
    """A file stands where a folder should be made."""
    (tmp_path / "file").write_text("x", encoding="utf-8")
    (line,) = errors(stemgeo("run", study, "--out", tmp_path / "file" / "r"))
    assert "file" in line


# -- tables ----------------------------------------------------------------------------------


def test_tables_parse_as_csv_and_json(result: Path) -> None:
    """The same rows in either form; the notice stands beside the data, on standard error."""
    for words, key in ((("coverage",), "code"), (("gaps", "--top", "2"), "gap_id")):
        csv = stemgeo(words[0], result, *words[1:], "--format", "csv")
        rows = stemgeo(words[0], result, *words[1:], "--format", "json")
        table, records = pd.read_csv(io.StringIO(csv.out)), json.loads(rows.out)
        assert [row[key] for row in records] == table[key].tolist()
        assert list(records[0]) == list(table.columns)
        assert csv.err == rows.err == "Proef, niet voor publicatie\n"


def test_a_table_for_people_bears_the_notice(result: Path) -> None:
    """Below the table, in the language of the study."""
    lines = stemgeo("coverage", result).out.splitlines()
    assert lines[0].split()[0] == "Provincie"
    assert lines[-1] == NOTICE
    assert stemgeo("gaps", result).out.splitlines()[-1] == NOTICE


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("region", ["Studiegebied"]),
        ("province", ["Antwerpen", "Limburg", "Studiegebied"]),
        ("municipality", ["Aartselaar", "Boechout", "As"]),
    ],
)
def test_coverage_by_level_names_its_places(result: Path, by: str, names: list[str]) -> None:
    """A row each, and the codes stay text."""
    rows = json.loads(stemgeo("coverage", result, "--by", by, "--format", "json").out)
    assert sorted(row["name"].casefold() for row in rows) == sorted(map(str.casefold, names))
    assert all(isinstance(row["code"], str) for row in rows)


def test_coverage_of_a_band_and_sex_is_that_of_the_groups(result: Path) -> None:
    """`--band 12-17 --sex F` gives the girls of 12 to 17, and the heading says so."""
    told = stemgeo("coverage", result, "--band", "12-17", "--sex", "F", "--format", "csv").out
    table = pd.read_csv(io.StringIO(told)).set_index("name")
    expected = sum(hand.SMALL_CHILDREN.values()) * 6
    assert table.loc["Studiegebied", "children"] == expected
    groups = sg.read_result(result).table("groups")
    row = groups[
        (groups["level"] == "region")
        & (groups["sex"] == "F")
        & (groups["band"] == "12-17")
        & (groups["scenario"] == "central")
        & (groups["profile"] == "all")
    ].iloc[0]
    assert table.loc["Studiegebied", "covered"] == row["covered"]
    shown = stemgeo("coverage", result, "--band", "12-17", "--sex", "F").out.splitlines()[0]
    assert "Meisjes 12-17" in shown
    assert "Kinderen" not in shown


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--by", "street", "has no level 'street'; it has: region, province, municipality, zone"),
        ("--band", "12", "has no band '12'; it has: 5-8, 9-11, 12-17, all"),
    ],
)
def test_what_the_result_does_not_have_is_named(
    result: Path, option: str, value: str, told: str
) -> None:
    """With all that there is instead."""
    (line,) = errors(stemgeo("coverage", result, option, value))
    assert told in line


def test_the_number_of_threads_changes_no_byte(study: Path, result: Path, tmp_path: Path) -> None:
    """One search at a time or five: every file of the result is the same."""
    for threads in (1, 5):
        place = tmp_path / f"r{threads}"
        assert stemgeo("run", study, "--out", place, "--threads", threads).status == 0
        assert content_of(place) == content_of(result)


def check_silent(out: str, err: str, *last: str) -> None:
    """Hold that nothing is said but notes, where the result is, and at the end these lines."""
    assert all(line.startswith(("let op: ", "Resultaat in ")) for line in err.splitlines())
    assert tuple(out.splitlines()[-len(last) :]) == last
    assert "Reistijden" not in err


def test_a_run_over_roads_is_silent_when_nobody_looks(ran: tuple[Said, Path]) -> None:
    """Where errors are no terminal there is no progress bar: only notes and the last line."""
    check_silent(ran[0].out, ran[0].err, NOTICE)


def test_a_run_is_silent_in_a_pipe_and_imports_what_it_uses(study: Path, tmp_path: Path) -> None:
    """As a process of its own.

    Without roads, raster or trend no library for them is loaded, nor any for notebooks.
    """
    text = (study / "study.toml").read_text(encoding="utf-8")
    folder = shutil.copytree(study, tmp_path / "s")
    straight = text.replace('"wegen.osm"', '"straight-line"').replace("isochrone_cell_m = 50", "")
    (folder / "study.toml").write_text(straight, encoding="utf-8")
    code = (
        "import atexit, sys; from stemgeo.cli import main\n"
        f"said = open({str(tmp_path / 'loaded')!r}, 'w')\n"
        "atexit.register(lambda: print(*sys.modules, file=said, flush=True))\n"
        "main()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, "run", folder, "--out", tmp_path / "r"],
        check=True,
        capture_output=True,
        text=True,
    )
    straight_line = "benadering in vogelvlucht (afstand x 1,3)"
    check_silent(ended.stdout, ended.stderr, NOTICE, straight_line)
    unused = {"osmium", "osmnx", "networkx", "rasterio", "sklearn", "IPython"}
    unused |= {"stemgeo.years", "stemgeo.inputs.buildings"}
    loaded = set((tmp_path / "loaded").read_text(encoding="utf-8").split())
    assert "stemgeo.study_run" in loaded
    assert not unused & loaded


def test_a_trend_prints_a_row_for_each_year(study: Path, tmp_path: Path) -> None:
    """The region's figures on standard output; the rest in the folder."""
    said = stemgeo("trend", study, "--years", "2019,2021,2022", "--out", tmp_path / "t")
    assert said.status == 0
    lines = said.out.splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["2019", "2021", "2022"]
    assert NOTICE in said.out
    assert (tmp_path / "t" / "maps" / "trend-chart.svg").is_file()


def test_gaps_are_the_first_of_the_list(result: Path) -> None:
    """`--top 1` gives the largest; without it all of the profile, up to ten."""
    table = sg.read_result(result).table("gaps")
    table = table[table["profile"] == "all"]
    one = json.loads(stemgeo("gaps", result, "--top", "1", "--format", "json").out)
    assert [row["gap_id"] for row in one] == table["gap_id"].head(1).tolist()
    assert [row["uncovered"] for row in one] == [table["uncovered"].max()]
    every = json.loads(stemgeo("gaps", result, "--format", "json").out)
    assert [row["gap_id"] for row in every] == table["gap_id"].head(10).tolist()


QUIET = "alleen over drukke wegen binnen bereik"


def test_gaps_of_quiet_roads_stand_apart(own_result: Path) -> None:
    """Of four gaps two are of each profile: neither is shown with the other, in any form."""
    path = own_result / "tables" / "gaps.csv"
    first = pd.read_csv(path, dtype=str, keep_default_na=False).head(1)
    rows = pd.concat([first] * 4, ignore_index=True).assign(
        gap_id=["G001", "G002", "G003", "G004"],
        profile=["low_stress", "all", "all", "low_stress"],
    )
    rows.to_csv(path, index=False, lineterminator="\n")
    resealed(own_result)
    for words, ids, head in (
        ((), ["G002", "G003"], "niet binnen bereik"),
        (("--profile", "all"), ["G002", "G003"], "niet binnen bereik"),
        (("--profile", "low_stress"), ["G001", "G004"], QUIET),
        (("--profile", "low_stress", "--top", "1"), ["G001"], QUIET),
    ):
        said = stemgeo("gaps", own_result, *words).out
        assert re.findall(r"\bG\d{3}\b", said) == ids
        assert head in said.splitlines()[0]
        assert (QUIET in said.splitlines()[0]) == ("low_stress" in words)
        csv = stemgeo("gaps", own_result, *words, "--format", "csv").out
        assert pd.read_csv(io.StringIO(csv))["gap_id"].tolist() == ids
        records = json.loads(stemgeo("gaps", own_result, *words, "--format", "json").out)
        assert [row["gap_id"] for row in records] == ids


def test_candidates_are_the_first_of_the_table(result: Path) -> None:
    """`--top 1` gives the first in rank as the table has it; text has its name and numbers."""
    table = sg.read_result(result).table("candidate-municipalities")
    one = json.loads(stemgeo("candidates", result, "--top", "1", "--format", "json").out)
    assert [row["nis_code"] for row in one] == table["nis_code"].head(1).tolist()
    assert one[0]["adds"] == table["adds"].iloc[0] == table["adds"].max()
    said = stemgeo("candidates", result).out
    assert table["name"].iloc[0] in said
    assert str(table["adds"].iloc[0]) in said
    assert "Proef, niet voor publicatie" in said


def resealed(folder: Path) -> None:
    """Write the manifest anew, over tables that a test changed."""
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    (folder / "manifest.json").unlink()
    write_manifest(folder, manifest)


def test_a_result_without_gaps_prints_an_empty_table(own_result: Path) -> None:
    """All children within reach: a heading and no rows in csv, an empty list in json."""
    path = own_result / "tables" / "gaps.csv"
    header = path.read_text("utf-8").splitlines()[0]
    path.write_text(header + "\n", encoding="utf-8")
    resealed(own_result)
    assert stemgeo("gaps", own_result, "--format", "csv").out == header + "\n"
    assert json.loads(stemgeo("gaps", own_result, "--format", "json").out) == []
    assert stemgeo("gaps", own_result).status == 0


# -- maps ------------------------------------------------------------------------------------


def test_a_map_is_drawn_again_from_a_result(
    result: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where asked, with its figures beside it, or named after its ground in the reader's folder."""
    monkeypatch.chdir(tmp_path)
    place, table = tmp_path / "kaart.versie.2.svg", tmp_path / "kaart.versie.2.csv"
    said = stemgeo("map", result, "--province", "limburg", "--out", place)
    assert (said.status, said.out, said.err) == (0, f"{place}\n{table}\n", "")
    assert place.read_bytes() == (result / "maps" / "limburg.svg").read_bytes()
    annex = sg.read_result(result).table("annex-1-municipalities").query("province == 'Limburg'")
    drawn = pd.read_csv(table, dtype={"nis_code": str})
    assert list(drawn["nis_code"]) == sorted(annex["nis_code"])
    assert dict(zip(drawn["nis_code"], drawn["covered"], strict=True)) == dict(
        zip(annex["nis_code"], annex["covered"], strict=True)
    )
    assert stemgeo("map", result).out == "vlaanderen.png\n"
    files = {place.name, table.name, "vlaanderen.png"}
    assert {path.name for path in tmp_path.iterdir()} == files


def test_kinds_of_maps_are_named_by_codes(
    result: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kind, what it is by, and the province name the file; the words are those asked for."""
    monkeypatch.chdir(tmp_path)
    asked = ("--kind", "minutes", "--by", "zone", "--province", "Limburg", "--isochrones")
    assert stemgeo("map", result, *asked).out == "minutes-zone-limburg.png\n"
    place = tmp_path / "en.svg"
    assert stemgeo("map", result, "--kind", "academies", "--lang", "en", "--out", place).status == 0
    assert "Municipalities with a STEM academy" in place.read_text("utf-8")
    said = stemgeo(
        "map", result, "--kind", "change", "--before", result, "--out", tmp_path / "c.svg"
    )
    assert said.status == 0


def test_the_help_of_maps_lists_the_kinds() -> None:
    """Each kind, what it shows, what it is by and whether it needs an earlier result."""
    said = " ".join(stemgeo("map", "--help").out.split())
    for kind in KINDS.values():
        assert f" {kind.key} {kind.help}" in said
    assert KINDS["change"].help.endswith("(needs --before)")
    assert KINDS["reach"].help.endswith("(by municipality or zone)")


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        (("--kind", "change"), "name the earlier one with --before"),
        (("--kind", "gaps", "--by", "zone"), "use children or reason"),
        (("--kind", "academies", "--by", "zone"), "use municipality"),
    ],
)
def test_a_map_that_cannot_be_drawn_is_one_line(
    result: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: tuple[str, ...], line: str
) -> None:
    """What is wrong and how to mend it; nothing is written."""
    monkeypatch.chdir(tmp_path)
    (said,) = errors(stemgeo("map", result, *asked))
    assert line in said
    assert not list(tmp_path.iterdir())


def test_a_province_that_is_not_in_the_result_is_one_line(
    result: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """West-Vlaanderen is a province, but not of this study."""
    monkeypatch.chdir(tmp_path)
    (line,) = errors(stemgeo("map", result, "--province", "West-Vlaanderen"))
    assert "West-Vlaanderen" in line
    assert not list(tmp_path.iterdir())


# -- sample ----------------------------------------------------------------------------------


def test_the_sample_is_written_whole_and_can_be_checked(tmp_path: Path) -> None:
    """The files of the packaged study, which `check` accepts."""
    said = stemgeo("sample", tmp_path / "voorbeeld")
    assert (said.status, said.out) == (0, "")
    assert content_of(tmp_path / "voorbeeld") == content_of(facts.fact_path("sample"))
    said = stemgeo("check", tmp_path / "voorbeeld")
    assert said.status == 0
    assert "academies" in said.out


def test_a_tilde_is_the_home_folder_where_no_shell_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In quotes, and behind a =, where a shell leaves it: no folder is named ~."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path))
    hand.write_study(tmp_path / "studie", straight_line=True)
    files = {"municipalities": "gemeenten.gpkg", "population": "bevolking.txt"}
    given = [f"--{role}=~/studie/{name}" for role, name in files.items()]
    words = ("--academies", "~/studie/academies.csv", "--area", "11001")
    said = stemgeo("new", "~/nieuw", *given, *words)
    assert (tmp_path / "nieuw" / "study.toml").is_file(), said.err
    assert list(Path().iterdir()) == []


def test_the_sample_overwrites_nothing(tmp_path: Path) -> None:
    """A folder with something in it is refused."""
    (tmp_path / "mine.txt").write_text("x", encoding="utf-8")
    (line,) = errors(stemgeo("sample", tmp_path))
    assert "is not empty" in line
    assert content_of(tmp_path) == {"mine.txt": b"x"}


@pytest.mark.parametrize("command", ["sample", "templates"])
def test_what_stood_in_the_folder_is_kept_when_asked(
    tmp_path: Path, command: str, caplog: pytest.LogCaptureFixture
) -> None:
    """--replace of commands that write what is there to be changed."""
    place = tmp_path / "mine"
    place.mkdir()
    (place / "mine.txt").write_text("x", encoding="utf-8")
    (line,) = errors(stemgeo(command, place))
    assert "is not empty; choose another place, or give --replace" in line
    said = stemgeo(command, place, "--replace")
    assert said.status == 0
    (kept,) = (path for path in tmp_path.iterdir() if path != place)
    assert content_of(kept) == {"mine.txt": b"x"}
    assert kept.name.startswith("mine.old-20")
    assert caplog.messages == [f"note: what stood at {place} is kept as {kept.name}"]
    assert "mine.txt" not in content_of(place)


@pytest.mark.parametrize("command", [["site", "study", "-n", "1"], ["compare", "a", "b"]])
def test_replace_without_a_place_is_refused(command: list[str]) -> None:
    """It would change nothing."""
    said = stemgeo(*command, "--replace")
    assert said.status == 2
    assert "--replace is of --out" in said.err


# -- stopped half way ------------------------------------------------------------------------


def stopped(study: Path, place: Path, how: signal.Signals) -> Said:
    """Run a study in a fork of this process that is stopped where its first map is drawn."""
    with TemporaryFile() as told:
        with warnings.catch_warnings():
            # What other threads may hold here, the child does not need.
            warnings.filterwarnings("ignore", "This process .* is multi-thr", DeprecationWarning)
            child = os.fork()
        if not child:
            try:
                # A job in the background ignores it.
                signal.signal(signal.SIGINT, signal.default_int_handler)
                Press.save = lambda *_: os.kill(os.getpid(), how)  # type: ignore[assignment, method-assign]
                told.write(json.dumps(stemgeo("run", study, "--out", place)).encode())
                told.flush()
            finally:
                os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        told.seek(0)
        return Said(*json.loads(told.read())) if status == 0 else Said(status, "", "")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_changes_nothing_and_says_so(
    in_a_straight_line: Path, own_result: Path, how: signal.Signals
) -> None:
    """Ctrl-C or an order to end while the maps are drawn: the old result, nothing beside it."""
    before = content_of(own_result)
    ended = stopped(in_a_straight_line, own_result, how)
    assert ended.status == 130, ended.err
    assert ended.out == ""
    assert ended.err.splitlines()[-1] == "stopped; nothing was changed"
    assert "Traceback" not in ended.err
    assert content_of(own_result) == before
    assert list(own_result.parent.iterdir()) == [own_result]


def test_a_killed_run_leaves_the_old_result(in_a_straight_line: Path, own_result: Path) -> None:
    """Even without time to tidy up, what stood there stands there."""
    before = content_of(own_result)
    ended = stopped(in_a_straight_line, own_result, signal.SIGKILL)
    assert ended.status == -signal.SIGKILL
    assert content_of(own_result) == before


# -- the language of the study ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "note", "last"),
    [("nl", "let op: wegen: geen", "Resultaat in"), ("en", "note: network: no", "Result in")],
)
def test_a_run_speaks_the_language_of_its_study(
    tmp_path: Path, language: str, note: str, last: str
) -> None:
    """Notes, the table and the last line; an error is English whatever the study's language."""
    folder = hand.write_study(tmp_path / "s")
    asked = folder / "study.toml"
    text = asked.read_text("utf-8").replace("[output]", f'[output]\nlanguage = "{language}"')
    asked.write_text(text, encoding="utf-8")
    said = stemgeo("run", folder, "--out", tmp_path / "r")
    assert any(line.startswith(note) for line in said.err.splitlines())
    assert said.err.splitlines()[-1].startswith(last)
    assert said.out.split()[0] == {"nl": "Provincie", "en": "Province"}[language]
    again = stemgeo("run", folder / "none", "--out", tmp_path / "r")
    assert again.err.startswith("error: ")
