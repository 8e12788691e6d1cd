"""Facts about what a run writes: whole or not at all, hashed, and with its notice everywhere."""

from __future__ import annotations

import dataclasses
import hashlib
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import drawing
import geopandas as gpd
import hand
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from statbel import CHILDREN

import stemgeo as sg
from stemgeo import result as result_
from stemgeo import speech
from stemgeo.errors import ResultError
from stemgeo.maps.text import province_name
from stemgeo.reasons import REASONS
from stemgeo.report import files, imprint, manifests
from stemgeo.report.describing import DESCRIPTIONS
from stemgeo.report.files import check_file, read_manifest, result_folder, write_manifest
from stemgeo.report.summary import (
    format_coverage,
    format_gaps,
    say_gaps,
    say_placing,
    say_times,
    write_summary_markdown,
)
from stemgeo.texts import load_texts
from stemgeo.writing import whole

if TYPE_CHECKING:
    from stemgeo.maps.text import MapText
    from stemgeo.study_run import Result

pytestmark = pytest.mark.usefixtures("read_once")

NOTICE = "Proef, niet voor publicatie"
VOGELVLUCHT = "benadering in vogelvlucht"
PROVINCES = ("antwerpen", "limburg", "vlaanderen")


def content_of(folder: Path) -> dict[str, bytes]:
    """Give every file of a folder, by its path in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def put_result(folder: Path, **texts: str) -> Path:
    """Write a result of nothing but these files."""
    with result_folder(folder) as beside:
        for name, text in texts.items():
            (beside / name).write_text(text, encoding="utf-8")
        write_manifest(beside, {"stemgeo": "0"})
    return folder


# -- whole or not at all ---------------------------------------------------------------------


def test_a_folder_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    """While it is written its place is empty; afterwards nothing lies beside it."""
    place = tmp_path / "new" / "result"
    with result_folder(place) as beside:
        (beside / "a").write_text("1", encoding="utf-8")
        assert not place.exists()
        assert beside.is_relative_to(place.parent)
    assert content_of(place) == {"a": b"1"}
    assert list(place.parent.iterdir()) == [place]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, OSError])
def test_what_stops_half_way_leaves_the_old_result_as_it_was(
    tmp_path: Path, error: type[BaseException]
) -> None:
    """An error, an interrupt or a full disk: the old files, and no other."""
    place = put_result(tmp_path / "result", a="old")
    before = content_of(place)
    with pytest.raises(error), result_folder(place) as beside:  # noqa: PT012
        (beside / "a").write_text("new", encoding="utf-8")
        raise error
    assert content_of(place) == before
    assert list(tmp_path.iterdir()) == [place]


def test_an_older_result_is_replaced_as_a_whole(tmp_path: Path) -> None:
    """No file of the old one stays behind."""
    place = put_result(tmp_path / "result", old="1")
    put_result(place, new="2")
    assert set(content_of(place)) == {"new", "manifest.json"}
    assert list(tmp_path.iterdir()) == [place]


def test_when_the_new_folder_cannot_move_in_the_old_one_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no exchange in one step is to be had the last step fails: the old result is back."""
    place = put_result(tmp_path / "result", a="old")
    before = content_of(place)
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if target == place and self.parent.name == "new":
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    monkeypatch.setattr(whole, "_rename_at_once", lambda *_: False)
    with pytest.raises(OSError, match="No space"), result_folder(place) as beside:
        (beside / "a").write_text("new", encoding="utf-8")
    assert content_of(place) == before
    assert list(tmp_path.iterdir()) == [place]


def test_an_empty_folder_is_a_place(tmp_path: Path) -> None:
    """Whoever made the folder first may have the result in it."""
    (tmp_path / "result").mkdir()
    assert set(content_of(put_result(tmp_path / "result", a="1"))) == {"a", "manifest.json"}


@pytest.mark.parametrize(
    "others",
    [
        {"thesis.docx": "x"},
        {"manifest.json": '{"name": "an app of mine"}', "app.js": "x"},
        {"manifest.json": "no json"},
        {"manifest.json": "[1]"},
    ],
)
def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, others: dict[str, str]) -> None:
    """Even if it holds a file called manifest.json: refused before anything is written."""
    place = tmp_path / "mine"
    place.mkdir()
    for name, text in others.items():
        (place / name).write_text(text, encoding="utf-8")
    before = content_of(place)
    with pytest.raises(ResultError, match="is no result of stemgeo"), result_folder(place):
        pytest.fail("a folder was given to write in")
    assert content_of(place) == before


def test_what_a_reader_put_beside_a_result_is_not_lost(tmp_path: Path) -> None:
    """A note kept in the folder of a result: the run is refused, and names it."""
    place = put_result(tmp_path / "result", a="old")
    (place / "nota.docx").write_text("x", encoding="utf-8")
    before = content_of(place)
    with (
        pytest.raises(ResultError, match=r"stemgeo did not write: nota\.docx \(added\); choose"),
        result_folder(place),
    ):
        pytest.fail("a folder was given to write in")
    assert content_of(place) == before


def test_a_file_at_the_place_is_left_alone(tmp_path: Path) -> None:
    """A file is no result."""
    (tmp_path / "result").write_text("x", encoding="utf-8")
    with (
        pytest.raises(ResultError, match="is no result of stemgeo"),
        result_folder(tmp_path / "result"),
    ):
        pytest.fail("a folder was given to write in")


# -- hashes ----------------------------------------------------------------------------------


def test_the_manifest_lists_every_file_with_size_and_hash(tmp_path: Path) -> None:
    """As another program would count and hash them."""
    place = put_result(tmp_path / "result", a="één", b="")
    outputs = read_manifest(place)["outputs"]
    assert set(outputs) == {"a", "b"}
    for name, listed in outputs.items():
        content = (place / name).read_bytes()
        assert listed == {
            "size_bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }


@pytest.mark.parametrize("what", ["changed", "gone", "unlisted"])
def test_a_file_that_is_not_what_the_run_wrote_is_refused(tmp_path: Path, what: str) -> None:
    """Changed by a byte, removed, or put there later."""
    place = put_result(tmp_path / "result", a="1")
    content = read_manifest(place)
    assert check_file(place, "a", content).read_text("utf-8") == "1"
    name = "a"
    if what == "changed":
        (place / "a").write_text("2", encoding="utf-8")
    elif what == "gone":
        (place / "a").unlink()
    else:
        name = "b"
        (place / "b").write_text("2", encoding="utf-8")
    with pytest.raises(ResultError, match="run the study again") as caught:
        check_file(place, name, content)
    assert name in str(caught.value)


@pytest.mark.parametrize("text", [None, "no json", "[1, 2]", '{"name": "an app of mine"}'])
def test_a_folder_without_a_manifest_of_ours_holds_no_result(
    tmp_path: Path, text: str | None
) -> None:
    """One line that says how to get one."""
    if text is not None:
        (tmp_path / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(ResultError, match="holds no result of a run; `stemgeo run"):
        read_manifest(tmp_path)


# -- the small study, by roads and in a straight line ----------------------------------------


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    """The small study, run and written."""
    base = tmp_path_factory.mktemp("written")
    result = sg.run(sg.load_study(hand.write_study(base / "study", qgis=True)))
    return result, result.write(base / "result")


@pytest.fixture(scope="module")
def in_a_straight_line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small study in a straight line, written in all forms of the maps."""
    base = tmp_path_factory.mktemp("straight")
    folder = hand.write_study(base / "study", straight_line=True, qgis=True)
    text = (folder / "study.toml").read_text("utf-8")
    (folder / "study.toml").write_text(
        text.replace('["svg"]', '["svg", "png", "pdf"]'), encoding="utf-8"
    )
    with drawing.fine():  # as a process of its own draws
        return sg.run(sg.load_study(folder)).write(base / "result")


def spoken(path: Path) -> str:
    """Give what a file says to its reader, without markup."""
    text = path.read_text("utf-8")
    if path.suffix == ".svg":
        text = " ".join(re.findall(r">([^<>]+)</(?:text|tspan|title|desc)>", text))
    return html.unescape(text).replace("\\", "")


SPEAKING = [
    "summary.md",
    "map.html",
    "manifest.json",
    "tables/LEESMIJ.txt",
    *(f"maps/{p}.svg" for p in PROVINCES),
]


def test_a_run_writes_what_the_design_says(written: tuple[Result, Path]) -> None:
    """Tables, isochrones, maps, the web map, a summary and a manifest; nothing else."""
    _, folder = written
    tables = ("coverage", "gaps", "annex-1-municipalities", "academies", "provinces")
    tables += ("gap-municipalities", "effects", "groups", "placement", "sensitivity", "subsidy")
    tables += ("candidate-municipalities", "changes", "uncertainty", "times")
    stores = ("demand", "access", "municipalities", "academies", "zones")
    assert set(content_of(folder)) == {
        *(f"tables/{name}.csv" for name in tables),
        *(f"tables/{name}.parquet" for name in stores),
        *(f"maps/{name}.svg" for name in PROVINCES),
        *(
            "gaps.gpkg",
            "isochrones.gpkg",
            "result.gpkg",
            "result.qgz",
            "map.html",
            "summary.md",
            "manifest.json",
            "tables/LEESMIJ.txt",
        ),
        *DESCRIPTIONS,
    }


def test_the_minutes_are_written_read_back_and_told(written: tuple[Result, Path]) -> None:
    """To six decimals, empty where nothing is known; the summary says those of the region."""
    result, folder = written
    read = sg.read_result(folder).table("times")
    assert read["three_median_min"].isna().all()  # two academies
    pd.testing.assert_frame_equal(read, result.times, check_dtype=False, rtol=0, atol=1e-6)
    told = say_times(result.times, result.study)
    assert len(told) == 2
    assert "\n".join(told) in (folder / "summary.md").read_text("utf-8")


@pytest.mark.parametrize("name", SPEAKING)
def test_the_notice_and_the_sources_stand_on_every_output(
    written: tuple[Result, Path], name: str
) -> None:
    """The notice of the study; who made the boundaries, the population and the roads."""
    said = spoken(written[1] / name)
    assert NOTICE in said
    for source in ("Proefgrenzen (CC0)", "Proefbevolking", "Proefregister", "OpenStreetMap"):
        assert source in said, source


@pytest.mark.parametrize("name", SPEAKING)
def test_a_straight_line_is_said_on_every_output(in_a_straight_line: Path, name: str) -> None:
    """The words of the issue, and the notice beside them; no roads are thanked."""
    said = spoken(in_a_straight_line / name)
    assert VOGELVLUCHT in said
    assert NOTICE in said
    assert "OpenStreetMap contributors" not in said.replace("Proef", "")


def test_the_roads_are_no_straight_line(written: tuple[Result, Path]) -> None:
    """Over the network nothing is called an approximation."""
    for name in SPEAKING:
        assert VOGELVLUCHT not in spoken(written[1] / name)


def test_no_output_names_a_place_of_this_machine(
    written: tuple[Result, Path], in_a_straight_line: Path
) -> None:
    """Neither the study's folder, nor the project's, nor a temporary one."""
    names = {str(Path.cwd()), str(Path.home()), tempfile.gettempdir(), str(hand.__file__)}
    names |= {str(Path(sg.__file__).parent), str(written[1].parent)}
    names = {name for name in names if len(name) > 1}
    for folder in (written[1], in_a_straight_line):
        for name, content in content_of(folder).items():
            for place in names:
                assert place.encode() not in content, (name, place)


def test_the_manifest_says_what_was_asked_and_that_the_sums_hold(
    written: tuple[Result, Path],
) -> None:
    """All sums of children are the same number; inputs with their hashes, outputs with theirs."""
    result, folder = written
    manifest = read_manifest(folder)
    assert set(manifest["sums"].values()) == {hand.CHILDREN}
    assert len(manifest["sums"]) == 6
    assert manifest["study"]["study"]["title"] == "Kleine | proef"
    assert manifest["study"]["travel"]["cutoff_min"] == 15
    hashes = {one["name"]: one["sha256"] for one in manifest["inputs"]}
    study = folder.parent / "study"
    assert hashes == {
        name: hashlib.sha256((study / name).read_bytes()).hexdigest()
        for name in ("gemeenten.gpkg", "bevolking.txt", "academies.csv", "wegen.osm")
    }
    assert set(manifest["outputs"]) == set(content_of(folder)) - {"manifest.json"}
    assert manifest["notes"] == [
        {language: note.to_text(language) for language in ("en", "nl", "fr")}
        for note in result.notes
    ]
    assert set(manifest["network"]) == {"all", "low_stress", "quiet_1"}
    ridden = {profile: counts["ridden_m"] for profile, counts in manifest["network"].items()}
    assert ridden["all"] > ridden["low_stress"] > ridden["quiet_1"] == 0  # streets of 50 km/h


def test_the_written_tables_are_those_of_the_result(written: tuple[Result, Path]) -> None:
    """Counts to the child, shares to the sixth decimal, times to the microsecond."""
    result, folder = written
    pd.testing.assert_frame_equal(
        sg.read_result(folder).table("coverage"), result.coverage, check_exact=False, atol=1e-6
    )
    gaps = sg.read_result(folder).table("gaps")
    median_s = result.gaps["median_time_s"].replace(np.inf, np.nan)
    assert gaps["median_time_s"].tolist() == pytest.approx(median_s.tolist(), nan_ok=True)
    for name in ("gap_id", "name", "uncovered", "reason"):
        assert gaps[name].tolist() == result.gaps[name].tolist()
    shares = sg.read_result(folder).table("gap-municipalities")
    pd.testing.assert_frame_equal(
        shares, result.gap_municipalities, check_exact=False, atol=1e-6, check_dtype=False
    )
    drawn = gpd.read_file(folder / "gaps.gpkg")
    assert drawn["gap_id"].tolist() == result.gaps["gap_id"].tolist()
    assert shapely.equals_exact(drawn.geometry, result.gaps.geometry, 1e-6).all()
    for by in ("region", "province", "municipality", "zone"):
        pd.testing.assert_frame_equal(
            sg.read_result(folder).summary(by), result.summary(by), check_exact=False, atol=1e-6
        )
    demand = gpd.read_parquet(folder / "tables" / "demand.parquet")
    assert demand.crs == "EPSG:31370"
    assert demand.filter(like="children_").to_numpy().sum() == hand.CHILDREN
    areas = gpd.read_file(folder / "isochrones.gpkg")
    assert areas.crs == "EPSG:31370"
    assert sorted(set(areas["minutes_to"])) == [5, 10, 15]


@pytest.mark.parametrize("which", ["written", "in_a_straight_line"])
def test_the_same_command_gives_the_same_bytes(
    request: pytest.FixtureRequest, tmp_path: Path, which: str
) -> None:
    """Tables, maps in every form, areas, web map, manifest: wherever, whenever, by whomever.

    Another process, working folder, place of study and result, hash seed, time zone, language of
    the machine, number of threads, and moment of the files.
    """
    fixture = request.getfixturevalue(which)
    folder = fixture if isinstance(fixture, Path) else fixture[1]
    study = shutil.copytree(folder.parent / "study", tmp_path / "elsewhere" / "other name")
    for path in study.iterdir():
        os.utime(path, (1, 1))
    other = {"PYTHONHASHSEED": "7", "TZ": "Pacific/Auckland", "LC_ALL": "C", "LANG": "C"}
    words = ["-m", "stemgeo", "run", study.name, "--out", str(tmp_path / "again"), "--threads", "1"]
    source = str(Path(sg.__file__).parent.parent)
    subprocess.run(
        [sys.executable, *words],
        check=True,
        capture_output=True,
        cwd=study.parent,
        env=os.environ | other | {"PYTHONPATH": source},
    )
    first, second = content_of(folder), content_of(tmp_path / "again")
    assert first.keys() == second.keys()
    kinds = {"written": {".gpkg"}, "in_a_straight_line": {".png", ".pdf"}}[which]
    kinds |= {".csv", ".parquet", ".svg", ".html", ".md", ".txt", ".json", ".jsonld", ".ttl"}
    assert kinds <= {Path(name).suffix for name in first}
    assert [name for name in first if first[name] != second[name]] == []


def test_a_name_from_a_file_is_no_markup(written: tuple[Result, Path]) -> None:
    """The academy is called <b>West</b> and `${x}`: text on the web map, not code."""
    page = (written[1] / "map.html").read_text("utf-8")
    assert "Proefacademie" in page
    assert "<b>West</b>" not in page
    assert "`${x}`" not in page
    assert "${x}" not in page.replace("\\u0024{x}", "").replace("$\\u007bx", "").replace(
        "\\${x}", ""
    )


def test_the_web_map_needs_nothing_but_itself(written: tuple[Result, Path]) -> None:
    """No script, style or picture is fetched from anywhere."""
    page = (written[1] / "map.html").read_text("utf-8")
    assert not re.findall(r"<(?:script|img|iframe)[^>]+src=[\"']?(?!data:)", page)
    assert not re.findall(r"<link[^>]+href=[\"']?(?!data:)", page)
    assert not re.findall(r"url\([\"']?https?:", page)


def test_the_web_map_of_a_folder_is_the_one_that_the_run_wrote(
    written: tuple[Result, Path],
) -> None:
    """Byte for byte, from the files alone; so is the one of the result in memory."""
    result, folder = written
    page = (folder / "map.html").read_text("utf-8")
    assert sg.read_result(folder).web_map() == page == result.web_map()


def test_the_web_map_of_a_folder_in_another_language(written: tuple[Result, Path]) -> None:
    """The page that the run would have written in English."""
    result, folder = written
    output = result.study.output.model_copy(update={"language": "en"})
    english = dataclasses.replace(result, study=result.study.model_copy(update={"output": output}))
    page = sg.read_result(folder, "en").web_map()
    assert page == english.web_map()
    assert '<html lang="en">' in page


@pytest.mark.parametrize(
    "name",
    ["tables/municipalities.parquet", "isochrones.gpkg", "gaps.gpkg"],
)
def test_the_web_map_of_a_folder_that_was_changed_is_refused(
    written: tuple[Result, Path], tmp_path: Path, name: str
) -> None:
    """Each file that it reads must be the one that the run wrote."""
    folder = Path(shutil.copytree(written[1], tmp_path / "copy"))
    with (folder / name).open("ab") as file:
        file.write(b"x")
    with pytest.raises(ResultError, match="was changed after the run"):
        sg.read_result(folder).web_map()


def test_the_zones_of_a_result_have_the_figures_of_the_coverage_table(
    written: tuple[Result, Path], sample_result: Result
) -> None:
    """Each zone once, with its outline, and they add up to each municipality."""
    alone = written[0].zones
    assert alone["zone_id"].tolist() == alone["nis_code"].tolist()
    zones = sample_result.zones
    assert sorted(zones["zone_id"]) == sorted(sample_result.inputs.zones["zone_id"])
    assert not zones.geometry.is_empty.any()
    counts = ["children", "covered", "uncovered", "unmeasured"]
    sums = zones.groupby("nis_code")[counts].sum()
    own = sample_result.municipalities.set_index("nis_code")[counts]
    pd.testing.assert_frame_equal(sums, own.sort_index(), check_names=False)


def test_a_manifest_from_before_there_was_french_is_read(written_sample: Path) -> None:
    """Its notes and its words on maps are in two languages: it is read as it stands."""
    path = written_sample / "manifest.json"
    content = manifests.load_json(path)
    assert {one.pop("fr") for one in content["notes"]}
    content["text"].pop("fr", None)
    assert manifests.fit_manifest(content, manifests.RunManifest, path) == content


def test_the_zones_of_a_folder_are_those_of_the_result(
    written_sample: Path, tmp_path: Path
) -> None:
    """The page from the files has the layer of zones that the page of the run has."""
    folder = Path(shutil.copytree(written_sample, tmp_path / "sample"))
    page = (folder / "map.html").read_text("utf-8")
    assert "Aandeel kinderen binnen bereik, per zone" in page
    assert sg.read_result(folder).web_map() == page
    assert '"lines":{"type":"Topology"' in page  # the main roads, read back too
    assert len(page.encode()) < 4_000_000
    zones = folder / "tables" / "zones.parquet"
    zones.write_bytes(zones.read_bytes() + b"x")
    with pytest.raises(ResultError, match=r"zones.parquet.*was changed after the run"):
        sg.read_result(folder).web_map()


def test_a_title_with_a_bar_does_not_break_the_summary(written: tuple[Result, Path]) -> None:
    """Markdown has its marks escaped; the table keeps its columns."""
    lines = (written[1] / "summary.md").read_text("utf-8").splitlines()
    assert lines[0] == "# Kleine \\| proef"
    rows = [line for line in lines if line.startswith("|")]
    assert (written[0].gaps["profile"] == "all").sum() > 10
    bars = [len(re.findall(r"(?<!\\)\|", row)) for row in rows]
    assert bars == [12] * (2 + 3) + [6] * (2 + 10)


def failing_save(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    "step",
    [
        "maps.press.Press.save",
        "report.sheets.Sheets.draw_web_map",
        "report.summary.write_summary_markdown",
        "report.outcome.write_manifest",
    ],
)
def test_a_disk_that_is_full_leaves_the_old_result(
    written: tuple[Result, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Whatever step of the writing fails."""
    place = put_result(tmp_path / "result", a="old")
    before = content_of(place)
    monkeypatch.setattr(f"stemgeo.{step}", failing_save)
    with pytest.raises(OSError, match="No space"):
        written[0].write(place)
    assert content_of(place) == before
    assert list(tmp_path.iterdir()) == [place]


def test_a_result_can_be_written_again_over_itself(
    written: tuple[Result, Path], tmp_path: Path
) -> None:
    """The same place twice: the second replaces the first, byte for byte."""
    result, folder = written
    fast = dataclasses.replace(result, isochrones=None)
    first = content_of(fast.write(tmp_path / "r"))
    assert content_of(fast.write(tmp_path / "r")) == first
    assert set(first) == set(content_of(folder)) - {"isochrones.gpkg"}


# -- words ---------------------------------------------------------------------------------


def test_a_summary_in_french_is_french(written: tuple[Result, Path]) -> None:
    """Provinces by their French names, and no word of another language."""
    result = written[0].told_in("fr")
    text = write_summary_markdown(result, result.text)
    assert "peuvent atteindre" in text
    assert re.search(r"\| (?:Limbourg|Anvers) \|", text)
    assert not re.search(r"\| (?:Limburg|Antwerpen) \|", text)
    told = text.partition("## Sources")[0].splitlines()
    lines = [one for one in told if not one.startswith(("# ", "**"))]
    foreign = re.compile(r"\b(?:een|het|van|gemeenten|kinderen|wegen|the|of|children|roads)\b")
    assert [one for one in lines if foreign.search(one)] == []


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("by", ["region", "province", "municipality", "zone"])
def test_every_level_can_be_shown_in_both_languages(
    written: tuple[Result, Path], by: str, language: str
) -> None:
    """A row for each place, its name first, no cell empty."""
    table = written[0].summary(by)
    shown = format_coverage(table, language, by)
    names = [province_name(one, load_texts(language)) for one in table["name"]]
    assert shown.iloc[:, 0].tolist() == names
    assert (shown != "").all(axis=None)
    assert not shown.isna().any(axis=None)
    gaps = format_gaps(written[0].gaps, language)
    assert len(gaps) == len(written[0].gaps)
    assert not gaps.isna().any(axis=None)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_uncovered_child_is_told_of_beside_the_gaps(
    written: tuple[Result, Path], language: str
) -> None:
    """Those in gaps and those in smaller groups are the uncovered of the region, by profile."""
    result = written[0]
    few = result.gaps[result.gaps["uncovered"] > result.gaps["uncovered"].median()]
    lines = say_gaps(few, result.coverage, 1, language)
    region = result.coverage[
        (result.coverage["level"] == "region")
        & (result.coverage["scenario"] == "central")
        & (result.coverage["band"] == "all")
    ].set_index("profile")
    every = int(region.loc["all", "uncovered"])
    inside = int(few.loc[few["profile"] == "all", "uncovered"].sum())
    assert 0 < inside < every
    for count in (inside, every - inside, int(region.loc["all", "unmeasured"])):
        assert re.search(rf"\b{re.escape(speech.format_whole(count, language))}\b", lines[0])
    quiet = int(region.loc["low_stress", "uncovered"]) - every
    inside = int(few.loc[few["profile"] == "low_stress", "uncovered"].sum())
    assert re.search(rf"\b{re.escape(speech.format_whole(quiet - inside, language))}\b", lines[-1])


GAP_SUMS = pd.DataFrame(
    {"gap_id": ["G001", "G002", "G003"], "profile": ["all", "low_stress", "all"]}
    | {f"children_{name}": 0 for name in REASONS}
    | {"uncovered": [1500, 700, 60], "children_stress": [0, 700, 0]}
    | {"children_age": [1000, 0, 0], "children_too_far": [500, 0, 60]}
)
COUNTED = pd.DataFrame(
    {
        "level": "region",
        "scenario": "central",
        "band": "all",
        "profile": ["all", "low_stress"],
        "uncovered": [1600, 2310],
        "unmeasured": 0,
    }
)
TOLD_OF_GAPS = {
    "nl": [
        (
            "Hiaten zijn aaneengesloten gebieden met ten minste 50 van de kinderen die niet "
            "binnen bereik zijn: 2 hiaten, met 1.560 kinderen. In kleinere groepen: nog 40{beside}."
        ),
        (
            "Waarom, van de 1.560 kinderen in deze hiaten: academie voor andere "
            "leeftijden 1.000, ruim te ver 560."
        ),
        (
            "Apart geteld zijn de kinderen die over alle wegen wel binnen bereik zijn, maar niet "
            "over rustige: 1 hiaat met 700 van hen; in kleinere groepen nog 10."
        ),
    ],
    "en": [
        (
            "Gaps are connected areas with at least 50 of the children who are out of reach: 2 "
            "gaps, with 1,560 children. In smaller groups: 40 more{beside}."
        ),
        "Why, of the 1,560 children in these gaps: academy for other ages 1,000, much too far 560.",
        (
            "Counted apart are the children who are within reach over all roads, but not over "
            "quiet ones: 1 gap with 700 of them; 10 more in smaller groups."
        ),
    ],
}


@pytest.mark.parametrize(
    ("unmeasured", "beside"),
    [
        (0, {"nl": "", "en": ""}),
        (
            1,
            {
                "nl": "; 1 niet-gemeten kind staat ernaast",
                "en": "; 1 unmeasured child stands beside them",
            },
        ),
        (
            1200,
            {
                "nl": "; 1.200 niet-gemeten kinderen staan ernaast",
                "en": "; 1,200 unmeasured children stand beside them",
            },
        ),
    ],
)
@pytest.mark.parametrize("language", ["nl", "en"])
def test_reasons_are_those_of_the_late_alone(
    unmeasured: int, beside: dict[str, str], language: str
) -> None:
    """They add up to the children in gaps; quiet roads stand apart; of no unmeasured no word."""
    lines = say_gaps(GAP_SUMS, COUNTED.assign(unmeasured=unmeasured), 50, language)
    first, *others = TOLD_OF_GAPS[language]
    assert lines == [first.format(beside=beside[language]), *others]
    of_one = COUNTED[COUNTED["profile"] == "all"].assign(unmeasured=unmeasured)
    assert len(say_gaps(GAP_SUMS, of_one, 50, language)) == 2


@pytest.mark.parametrize(
    ("language", "lead", "heads"),
    [
        (
            "nl",
            "De grootste hiaten, over alle wegen:",
            "| Waar | Hiaat | niet binnen bereik | Mediaan | Waarom |",
        ),
        (
            "en",
            "The largest gaps, over all roads:",
            "| Where | Gap | out of reach | Median | Why |",
        ),
    ],
)
def test_the_summary_lists_the_ten_largest_gaps_of_all_roads(
    sample_result: Result, language: str, lead: str, heads: str
) -> None:
    """Below the sentences: ten rows, largest first, none of the quiet roads among them."""
    output = sample_result.study.output.model_copy(update={"language": language})
    study = sample_result.study.model_copy(update={"output": output})
    result = dataclasses.replace(sample_result, study=study)
    lines = write_summary_markdown(result, text_of(result)).splitlines()
    start = lines.index(lead)
    assert lines[start + 2] == heads
    rows = lines[start + 4 : start + 14]
    gaps = result.gaps[result.gaps["profile"] == "all"].head(10)
    assert [row.split(" | ")[1] for row in rows] == [f"G{one:03}" for one in range(1, 11)]
    assert [row.split(" | ")[2] for row in rows] == [
        speech.format_whole(count, language) for count in gaps["uncovered"]
    ]
    assert lines[start + 14] == ""
    meant = "Wat de redenen inhouden: " if language == "nl" else "What the reasons mean: "
    assert lines[start + 15].startswith(meant)


@pytest.mark.parametrize(
    ("language", "heads"),
    [
        ("nl", ("niet binnen bereik", "alleen over drukke wegen binnen bereik")),
        ("en", ("out of reach", "within reach only over busy roads")),
    ],
)
def test_the_heading_of_gaps_says_whose_they_are(
    sample_result: Result, language: str, heads: tuple[str, str]
) -> None:
    """Children of quiet roads do not stand under "out of reach"."""
    for profile, head in zip(("all", "low_stress"), heads, strict=True):
        rows = sample_result.gaps[sample_result.gaps["profile"] == profile].head(2)
        assert format_gaps(rows, language, profile).columns[2] == head


def text_of(result: Result) -> MapText:
    return imprint.build_map_text(result.study, result.inputs)


def test_an_english_study_speaks_english(tmp_path: Path) -> None:
    """Its caution has an English decimal point."""
    folder = hand.write_study(tmp_path / "s", straight_line=True)
    text = (folder / "study.toml").read_text("utf-8")
    (folder / "study.toml").write_text(
        text.replace("[output]", '[output]\nlanguage = "en"'), encoding="utf-8"
    )
    note = text_of(sg.run(sg.load_study(folder))).method_note
    assert note == "straight-line approximation (distance x 1.3)"


def test_the_sample_bears_its_notice(sample_result: Result) -> None:
    """Schematic example data, not for publication: on the maps and in the manifest."""
    text = text_of(sample_result)
    assert text.notice == "Schematische voorbeelddata, niet voor publicatie"
    assert sample_result.manifest["notice"] == text.notice
    assert set(result_.count_each_step(sample_result).values()) == {CHILDREN[2015]}


def test_a_manifest_is_json_of_one_shape(written: tuple[Result, Path]) -> None:
    """No NaN or Infinity, which other readers refuse."""

    def refuse(word: str) -> None:
        pytest.fail(f"{word} is no JSON")

    json.loads((written[1] / files.MANIFEST).read_text("utf-8"), parse_constant=refuse)


def test_isochrones_lean_outward_and_say_so(
    sample_result: Result, written: tuple[Result, Path]
) -> None:
    """Who lives within 50 m of a road and can get there at their speed is inside; files say so."""
    ages = next(one for one in sample_result.study.travel.bands if one.ages == (9, 11))
    assert ages.speed_kmh["central"] == sample_result.study.output.isochrone_speed_kmh
    rows = sample_result.access
    alike = rows["ages"].str.fullmatch("(9|10|11)-(9|10|11)")
    rows = rows[(rows["profile"] == "all") & alike & (rows["snap_m"] <= 50)]
    points = sample_result.demand.set_index("point_id").geometry[
        rows.loc[rows["travel_time_s"] <= 900, "point_id"]
    ]
    areas = sample_result.isochrones
    assert areas is not None
    bands = areas.geometry[areas["academy_id"] == ""].to_numpy()
    assert len(points) > 500
    shapely.prepare(bands)
    inside = [shapely.contains(band, points.to_numpy()) for band in bands]
    assert np.any(inside, axis=0).all()
    place = written[1]
    said = pyogrio.read_info(place / "isochrones.gpkg")["layer_metadata"]["isochrones"]
    assert "eerder te ruim dan te krap" in said
    assert said in (place / "tables" / "LEESMIJ.txt").read_text("utf-8")
    assert "eerder te ruim dan te krap" in (place / "map.html").read_text("utf-8")
    _, label = written[0].sheets._edge
    assert label.endswith("km/u, eerder te ruim dan te krap")


def test_isochrones_bear_the_notice_and_the_sources(written: tuple[Result, Path]) -> None:
    """A GeoPackage has no page to print on: its layer says it in its metadata."""
    said = pyogrio.read_info(written[1] / "isochrones.gpkg")["layer_metadata"]
    assert said["notice"] == NOTICE
    assert "OpenStreetMap" in said["sources"]


@pytest.mark.parametrize(
    ("source", "licence", "thanked"),
    [
        ("", "", True),
        ("Geofabrik", "", True),
        ("Geofabrik", "ODbL 1.0", True),
        ("© OpenStreetMap contributors", "ODbL", False),
        ("eigen tekening", "MIT", False),
    ],
)
def test_openstreetmap_is_thanked_for_roads(
    written: tuple[Result, Path], source: str, licence: str, *, thanked: bool
) -> None:
    """Roads owe their source to OpenStreetMap unless they say another licence; once is enough."""
    result = written[0]
    given = [
        dataclasses.replace(item, source=source, licence=licence)
        if item.role == "network"
        else dataclasses.replace(item, source="x", licence="")
        for item in result.inputs.provenance
    ]
    inputs = dataclasses.replace(result.inputs, provenance=tuple(given))
    line = imprint.say_attribution(inputs, language="nl")
    assert (imprint.OSM_SOURCE in line) == (thanked or "Open" in source)
    assert line.count("OpenStreetMap") == (1 if thanked or "Open" in source else 0)


# -- what the summary says -------------------------------------------------------------------


def summary_of(folder: Path, replacements: dict[str, str]) -> str:
    """Run the small study with other words in its study.toml; give its summary in one line."""
    path = folder / "study.toml"
    text = path.read_text(encoding="utf-8")
    for old, new in replacements.items():
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    place = sg.run(sg.load_study(folder)).write(folder.parent / "result")
    return " ".join((place / "summary.md").read_text(encoding="utf-8").split())


def test_the_ages_that_are_counted_are_named(tmp_path: Path) -> None:
    """Bands that follow on each other are one span; a hole between bands is said."""
    bands = "[[travel.bands]]\nages = {}\nspeed_kmh = 12\n"
    holed = bands.format("[5, 8]") + bands.format("[14, 17]") + "[output]"
    said = summary_of(hand.write_study(tmp_path / "s", straight_line=True), {"[output]": holed})
    assert "gemeten kinderen van 5 tot en met 8 en 14 tot en met 17 jaar kan" in said
    whole = summary_of(hand.write_study(tmp_path / "t", straight_line=True), {})
    assert "gemeten kinderen van 5 tot en met 17 jaar kan" in whole


@pytest.mark.parametrize(("off", "beside"), [(0.0099, False), (0.0101, True), (-0.0101, True)])
def test_another_placing_stands_beside_the_headline_when_it_moves_a_point(
    written: tuple[Result, Path],
    off: float,
    beside: bool,  # noqa: FBT001
) -> None:
    """How the children are placed and the share otherwise: above the table, or below it."""
    result, _ = written
    table = result.sensitivity.copy()
    own = table["method"] == table["method"].iloc[0]
    of_region = table["level"] == "region"
    table.loc[~own & of_region, "share"] = table.loc[own & of_region, "share"].item() + off
    changed = dataclasses.replace(result, sensitivity=table)
    said = write_summary_markdown(changed, text_of(changed))
    above, below = said.split("| Provincie", 1)
    assert ("De kinderen zijn geplaatst langs de straten. Anders geplaatst is" in above) == beside
    assert ("Anders geplaatst is het aandeel" in below) != beside
    assert "is een raming (langs de straten)" in below


def test_a_placing_that_comes_to_the_same_is_told_once(written: tuple[Result, Path]) -> None:
    """Where "best" put all along the streets, "streets" gives the same and is no other one."""
    result, _ = written
    table = result.sensitivity.copy()
    own = table[table["method"] == table["method"].iloc[0]]
    same = own.assign(method="streets")
    changed = dataclasses.replace(
        result, sensitivity=pd.concat([own.assign(method="best"), same], ignore_index=True)
    )
    assert "Anders geplaatst" not in write_summary_markdown(changed, text_of(changed))


def test_the_best_placing_is_told_by_what_it_came_to() -> None:
    """The methods that placed children, best first; of a declared one its name."""
    rows = [("Z1", "streets", 5), ("Z2", "dwellings", 4), ("Z2", "outside", 3), ("Z3", "", 0)]
    table = pd.DataFrame(rows, columns=["zone_id", "method", "children"])
    assert (
        say_placing("best", table, "nl")
        == "bij de woningen of, waar dat niet kan, langs de straten"
    )
    assert say_placing("best", table[:1], "en") == "along the streets"
    assert say_placing("grid", table, "en") == "by the population grid"
    nobody = say_placing("best", table[:0], "en")
    assert nobody == "zone by zone by the best that is known"


def test_children_of_whom_nothing_is_known_are_in_the_first_sentence(tmp_path: Path) -> None:
    """Beside the share, not below the table alone; without them, or roads, no word of these."""
    roads = summary_of(hand.write_study(tmp_path / "s"), {})
    lead = roads.partition("| Provincie")[0]
    assert re.search(r"Van \d+ andere kinderen is niets gemeten\.", lead)
    line = summary_of(hand.write_study(tmp_path / "t", straight_line=True), {})
    assert "niets gemeten" not in line
    assert "De grootste hiaten:" in line
    assert "De grootste hiaten, over alle wegen:" in roads


def test_a_part_of_flanders_is_not_called_flanders(tmp_path: Path) -> None:
    """Three municipalities are a study area: in the table, on the map, in the summary."""
    result = sg.run(sg.load_study(hand.write_study(tmp_path / "s", straight_line=True)))
    assert result.summary()["name"].tolist()[-1] == "Studiegebied"
    place = result.write(tmp_path / "r")
    assert "Studiegebied" in (place / "maps" / "vlaanderen.svg").read_text(encoding="utf-8")
    assert "| Studiegebied |" in (place / "summary.md").read_text(encoding="utf-8")


def test_attributes_are_told_by_their_title(tmp_path: Path) -> None:
    """Lowest and highest fifth and the index, as in the tables."""
    folder = hand.write_study(tmp_path / "s", straight_line=True)
    (folder / "inkomen.csv").write_text(
        "nis_code;inkomen\n11001;21,5\n11004;30\n71002;25\n", encoding="utf-8"
    )
    told = '[inputs.attributes.inkomen]\npath = "inkomen.csv"\ntitle = "mediaan inkomen"\n[output]'
    said = summary_of(folder, {"[output]": told})
    fifths = sg.read_result(tmp_path / "result").table("quintiles").set_index("quintile")["share"]
    index = sg.read_result(tmp_path / "result").table("concentration").set_index("scenario")
    shown = [
        "\N{EN DASH}" if pd.isna(share) else f"{share * 100:.1f} %".replace(".", ",")
        for share in (fifths[1], fifths[5])
    ]
    value = f"{index.loc['central', 'concentration_index']:.2f}".replace(".", ",")
    assert (
        f"Naar mediaan inkomen: van het vijfde van de kinderen met de laagste waarde is {shown[0]} "
        f"binnen bereik, van het vijfde met de hoogste {shown[1]} (concentratie-index {value};"
    ) in said.replace("\N{NO-BREAK SPACE}", " ")


def test_a_table_of_an_older_version_is_refused(
    written: tuple[Result, Path], tmp_path: Path
) -> None:
    """A result without a column of today: one line that says to run again."""
    folder = tmp_path / "old"
    shutil.copytree(written[1], folder)
    path = folder / "tables" / "gaps.csv"
    pd.read_csv(path).drop(columns="profile").to_csv(path, index=False)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    (folder / "manifest.json").unlink()
    write_manifest(folder, manifest)
    with pytest.raises(ResultError, match="written by another version of stemgeo: it has no"):
        sg.read_result(folder).table("gaps")
