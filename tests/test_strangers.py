"""Facts about written results as input: a foreign or changed folder is one clear line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import hand
import pandas as pd
import pytest
from terminal import stemgeo

import stemgeo as sg
from stemgeo.errors import ResultError
from stemgeo.report.comparison import compare
from stemgeo.report.content import Source, gather_figures
from stemgeo.report.files import read_manifest, write_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("read_once")

WRONG = (None, 5, "x", [], {}, [[]], {"a": 1})
COMMANDS = (
    ("coverage", "DIR"),
    ("gaps", "DIR"),
    ("candidates", "DIR"),
    ("map", "DIR", "--out", "OUT.svg"),
    ("answer", "DIR", "--out", "OUT"),
    ("compare", "DIR", "DIR"),
    ("verify", "DIR"),
)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small result in a straight line; not to be changed."""
    base = tmp_path_factory.mktemp("written")
    hand.write_study(base / "study", straight_line=True)
    return sg.run(sg.load_study(base / "study")).write(base / "result")


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    """A copy of it, to do with as a test likes."""
    return shutil.copytree(written, tmp_path / "result")


def content_of(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
    return content


def put(folder: Path, text: str) -> None:
    (folder / "manifest.json").write_text(text, encoding="utf-8")


def sealed_again(folder: Path) -> None:
    """Make the hashes fit what is there now."""
    content = content_of(folder)
    (folder / "manifest.json").unlink()
    write_manifest(folder, {name: value for name, value in content.items() if name != "seal"})


def one_line(*words: object) -> str:
    """Type a command that must end in one clean line; give it."""
    said = stemgeo(*words)
    assert (said.status, said.out) == (1, ""), words
    (line,) = said.err.splitlines()
    assert line.startswith("error: ")
    assert line.isprintable()
    assert len(line) < 1000
    return line


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
@pytest.mark.parametrize(
    ("name", "value"), [("outputs", 5), ("study", {"a": 1}), ("notice", ["\x1b[2J"]), ("inputs", 0)]
)
def test_every_command_reads_a_manifest_through_one_door(
    folder: Path, tmp_path: Path, command: tuple[str, ...], name: str, value: object
) -> None:
    """What is of another type is named, in one line without marks that drive a terminal."""
    put(folder, json.dumps(content_of(folder) | {name: value}))
    words = [
        str(folder) if word == "DIR" else word.replace("OUT", str(tmp_path / "out"))
        for word in command
    ]
    line = one_line(*words)
    assert "manifest.json: is not as stemgeo writes it" in line
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "[1, 2]",
        "\x00",
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"stemgeo": "1", "outputs": NaN}',
        '{"stemgeo": "1", "outputs": {}, "x": Infinity}',
        '{"stemgeo": "1", "outputs": {}, "x": ' + "9" * 5000 + "}",
    ],
)
def test_what_is_no_manifest_holds_no_result(folder: Path, text: str) -> None:
    """No JSON, no object, far too deep, no numbers of JSON: one line."""
    put(folder, text)
    assert "holds no result of a run" in one_line("coverage", folder)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """List where each value stands; of the many like it in a list or of files the first alone."""
    if path:
        yield path
    if isinstance(value, dict):
        for key in list(value)[:1] if path == ("outputs",) else value:
            yield from places(value[key], (*path, key))
    elif isinstance(value, list) and value:
        yield from places(value[0], (*path, 0))


def test_whatever_is_wrong_in_a_manifest_is_a_line_or_harms_nothing(folder: Path) -> None:
    """Each value set to each other type, or taken away: told in a line, or read as before."""
    content = content_of(folder)
    whole = json.dumps(content)
    reading = sg.read_result(folder)
    before = (reading.study, reading.text, reading.notes)
    refused = 0
    for path in places(content):
        for wrong in (*WRONG, "gone"):
            changed = json.loads(whole)
            holder = changed
            for key in path[:-1]:
                holder = holder[key]
            if wrong == "gone":
                del holder[path[-1]]
            else:
                holder[path[-1]] = wrong
            put(folder, json.dumps(changed))
            try:
                read = sg.read_result(folder)
                assert isinstance(read.text.name_place(None), str)
                assert all(isinstance(note.to_text("nl"), str) for note in read.notes)
                assert read.study.about.date
                assert read.manifest["notice"] is not None
            except ResultError as error:
                assert str(error).isprintable()  # noqa: PT017
                refused += 1
    assert refused > 500
    put(folder, whole)
    again = sg.read_result(folder)
    assert (again.study, again.text, again.notes) == before


def damaged(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Give a table with each column gone, or with text or a wild number in it, and one too many."""
    yield "extra", table.assign(vreemd="1")
    yield "twice", pd.concat([table, table.head(1)])
    for name in table:
        yield f"{name} gone", table.drop(columns=name)
        for value in ("x\x1b[2J", "1e999", "nan", "-1", ""):
            yield f"{name} {value}", table.assign(**{name: value})


OF_AN_ANSWER = (
    "coverage",
    "groups",
    "gaps",
    "candidate-municipalities",
    "annex-1-municipalities",
    "changes",
    "subsidy",
    "effects",
    "academies",
    "sensitivity",
)
"""The tables that the figures of an answer are from."""


@pytest.mark.parametrize("name", [*OF_AN_ANSWER, "gap-municipalities"])
def test_a_table_whose_hash_fits_is_read_strictly(folder: Path, name: str) -> None:
    """A column gone, too many or of another type is one line; else it is read as what it says."""
    path = folder / "tables" / f"{name}.csv"
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    before = Source.from_folder(folder)
    gather_figures(before)

    def read() -> None:
        """Read the table, and what an answer says of it beside the others as they were read."""
        told = sg.read_result(folder).table(name)
        if name in OF_AN_ANSWER:
            source = Source.from_folder(folder)
            source._files.update(before._files | {f"tables/{name}.csv": told})
            if name != "coverage":
                vars(source)["counts_by_key"] = before.counts_by_key
            gather_figures(source)

    for what, changed in damaged(table):
        changed.to_csv(path, index=False)
        sealed_again(folder)
        gone = what.endswith("gone") or what == "extra"
        try:
            read()
        except ResultError as error:
            assert str(error).isprintable(), what  # noqa: PT017
            assert "\n" not in str(error)  # noqa: PT017
        else:
            assert not gone, what
    path.write_bytes(b"\xff\xfe\x00a")
    sealed_again(folder)
    with pytest.raises(ResultError, match=f"{name}.csv"):
        gather_figures(Source.from_folder(folder)) if name in OF_AN_ANSWER else read()


@pytest.mark.parametrize(
    "name", ["municipalities.parquet", "zones.parquet", "demand.parquet", "access.parquet"]
)
def test_tables_of_points_and_areas_are_read_strictly(folder: Path, name: str) -> None:
    """For maps and comparisons: a column gone or of another type, no CRS of ours, or no parquet."""
    path = folder / "tables" / name
    table = pd.read_parquet(path) if name.startswith("access") else gpd.read_parquet(path)

    def read(folder: Path) -> None:
        drawn = "uncovered" if "demand" in name else "minutes"
        by = None if drawn == "uncovered" else "zone"
        sg.read_result(folder).map(kind=drawn, by=by)
        compare(folder, folder)

    def refused() -> str:
        sealed_again(folder)
        with pytest.raises(ResultError) as error:
            read(folder)
        assert str(error.value).isprintable()
        return str(error.value)

    for column in ("nis_code", "name", "zone_id", "point_id", "travel_time_s", "status", "method"):
        if column in table and not (column == "nis_code" and name == "demand.parquet"):
            table.drop(columns=column).to_parquet(path)
            assert column in refused()
            table.assign(**{column: [[1]] * len(table)}).to_parquet(path)
            refused()
    if isinstance(table, gpd.GeoDataFrame):
        table.to_crs("EPSG:4326").to_parquet(path)
        assert "is not in EPSG:31370" in refused()
    path.write_bytes(b"PAR1")
    assert "cannot be read" in refused()


def test_a_link_is_no_file_of_a_result(folder: Path, tmp_path: Path) -> None:
    """Neither a table that is one, nor the folder of the tables; the result itself may be one."""
    link = tmp_path / "link"
    link.symlink_to(folder)
    assert len(sg.read_result(link).coverage)
    shutil.move(folder / "tables", tmp_path / "elsewhere")
    (folder / "tables").symlink_to(tmp_path / "elsewhere")
    assert "is missing from the result" in one_line("coverage", folder)


def test_nothing_raw_reaches_the_terminal(folder: Path) -> None:
    """Names and words of a stranger's folder are printed without what drives a terminal."""
    content = content_of(folder)
    content["notice"] = "Proef\x1b[2J\u202e\x9b31m"
    put(folder, json.dumps(content))
    path = folder / "tables" / "annex-1-municipalities.csv"
    text = path.read_text("utf-8").replace("Aartselaar", "Aart\x1b]0;x\x07\u202eselaar")
    path.write_text(text, encoding="utf-8")
    sealed_again(folder)
    for form in ("text", "csv", "json"):
        said = stemgeo("coverage", folder, "--by", "municipality", "--format", form)
        assert said.status == 0
        shown = (said.out + said.err).replace("\n", "")
        assert shown.replace("\xa0", " ").isprintable()
        assert "Proef" in shown


def test_a_plan_is_read_through_the_same_door(written: Path, tmp_path: Path) -> None:
    """Its manifest and both its tables."""
    study = sg.load_study(written.parent / "study").with_siting(places=1)
    plan = sg.site(study).write(tmp_path / "plan")
    source = Source.from_folder(written)
    assert gather_figures(source, plan=plan)["plan"]["count"] == 1
    content = content_of(plan)
    for change in ({"cost": {}}, {"solution": {"candidates": "9", "proven_optimal": True}}):
        put(plan, json.dumps(content | change))
        with pytest.raises(ResultError, match="is not as stemgeo writes it"):
            gather_figures(source, plan=plan)
    put(plan, json.dumps(content))
    assert read_manifest(plan, "site")["cost"]
    for name in ("plan", "plan-provinces"):
        path = plan / "tables" / f"{name}.csv"
        text = path.read_text("utf-8")
        path.write_text(text.replace("share", "deel"), encoding="utf-8")
        sealed_again(plan)
        with pytest.raises(ResultError, match=rf"{name}.csv: "):
            gather_figures(source, plan=plan)
        path.write_text(text, encoding="utf-8")
        sealed_again(plan)
