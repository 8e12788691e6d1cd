"""What a machine has and lacks: each fault is found, said with its mend, and names no person."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import os
import shutil
import webbrowser
from pathlib import Path

import pytest
from terminal import stemgeo

from stemgeo import doctor, facts
from stemgeo.doctor import Examined, Health
from stemgeo.terminal import find_language


def look(part: str) -> dict[str, Examined]:
    """Look at one part, through the same door as all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(doctor, "_LOOKS", {part: doctor._LOOKS[part]})
        return {one.part: one for one in doctor.examine()}


def test_a_sound_machine_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Status 0, a line for each part in the language that is asked for, and what to send along."""
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path))
    said = stemgeo("doctor", "--lang", "nl")
    assert said.status == 0
    parts = {line[14:].split()[0]: line for line in said.out.splitlines()}
    assert {"stemgeo", "python", "libraries", "gdal", "proj", "threads", "cache", "data"} <= {
        *parts
    }
    assert all(line.startswith(("in orde", "niet aanwezig")) for line in parts.values())
    assert "0 bestanden" in parts["cache"]
    assert importlib.metadata.version("numba") in parts["libraries"]
    assert "doctor --json" in said.err


def test_what_is_sent_along_names_no_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The home is ~, the name of the user stands nowhere; all of it is JSON."""
    home = tmp_path / "ann.peeters"
    (home / "cache").mkdir(parents=True)
    for name, value in {
        "HOME": home,
        "STEMGEO_CACHE": home / "cache",
        "USER": "ann.peeters",
    }.items():
        monkeypatch.setenv(name, str(value))
    said = stemgeo("doctor", "--json", "--lang", "fr")
    found = json.loads(said.out)
    assert (said.status, found["works"], found["language"]) == (0, True, "fr")
    (cache,) = (one for one in found["found"] if one["part"] == "cache")
    assert cache["found"].startswith("~/cache, ")
    assert "ann.peeters" not in said.out
    assert (
        doctor._hide_person("/data/ann.peeters/x, /data/ann.peeters") == "/data/USER/x, /data/USER"
    )


def test_no_name_of_a_folder_reaches_the_terminal_raw(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each finding is one line, and nothing in it is obeyed; also where the home has two spaces."""
    home = tmp_path / "a  b"
    odd = home / "c\x1b[31mred\nx\u202ey"
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("STEMGEO_CACHE", str(odd))
    found = look("cache")["cache"].found
    assert found.startswith("~/c[31mred xy, ")
    monkeypatch.setenv("STEMGEO_CACHE", str(tmp_path / "file"))
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert look("cache")["cache"].health is Health.fault


def test_what_does_not_load_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own words, the command that mends it, status 1; the rest is told all the same."""
    load = importlib.import_module

    def refuse(name: str) -> object:
        if name == "osmium":
            raise ImportError("DLL load failed\nwhile importing _osmium")
        return load(name)

    monkeypatch.setattr(importlib, "import_module", refuse)
    found = look("libraries")
    osmium = found["osmium"]
    assert osmium.health is Health.fault
    assert osmium.found == "ImportError: DLL load failed while importing _osmium"
    assert osmium.mend.nl.startswith("voer uit: pip install --upgrade 'osmium>=")
    assert "numba" in found["libraries"].found
    monkeypatch.setattr(doctor, "_LOOKS", {"libraries": doctor._LOOKS["libraries"]})
    assert stemgeo("doctor").status == 1


def test_an_old_library_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is there, but older than what is asked for."""
    version = importlib.metadata.version
    monkeypatch.setattr(
        importlib.metadata, "version", lambda name: "2.0.3" if name == "pandas" else version(name)
    )
    found = look("libraries")
    assert (found["pandas"].health, found["pandas"].found) == (Health.fault, "2.0.3")


def test_a_python_that_is_not_allowed_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """Said with those that are."""
    monkeypatch.setattr(doctor, "_find_minor", lambda: 10)
    python = look("python")["python"]
    assert python.health is Health.fault
    assert ">=3.11" in python.mend.en


@pytest.mark.parametrize(("part", "name"), [("cache", "STEMGEO_CACHE"), ("temporary", "TMPDIR")])
def test_a_folder_that_cannot_be_written_is_a_fault(
    monkeypatch: pytest.MonkeyPatch, part: str, name: str
) -> None:
    """The variable that names another is said."""
    monkeypatch.setattr(doctor, "_is_writable", lambda _: False)
    found = look(part)[part]
    assert found.health is Health.fault
    assert name in found.mend.nl


def test_a_full_disk_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """Less than half a gigabyte."""
    whole = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: whole._replace(free=1_000_000))
    assert look("cache")["cache"].mend.nl == "maak plaats op de schijf"


def test_data_that_are_not_there_are_a_fault(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each is named."""
    monkeypatch.setattr(facts, "fact_path", lambda name: tmp_path / name)
    found = look("data")["data"]
    assert found.health is Health.fault
    assert "municipalities.csv, recognition-rules.toml" in found.found


def test_another_datum_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lambert 72 read with data of another PROJ lies 90 m off: told, and the variables named."""
    x, y, lon, lat = doctor._KNOWN_PLACE
    monkeypatch.setattr(doctor, "_KNOWN_PLACE", (x, y, lon - 0.0013, lat))
    monkeypatch.setenv("PROJ_LIB", "/elsewhere/proj")
    found = look("proj")["proj"]
    assert found.health is Health.fault
    assert "PROJ_LIB=/elsewhere/proj" in found.found


def test_programs_that_only_open_what_is_written_are_no_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """How to get them on this system, a line each; all works without."""

    def refuse() -> None:
        raise webbrowser.Error

    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(webbrowser, "get", refuse)
    for system, way in {"linux": "apt install qgis", "darwin": "brew", "win32": "choco"}.items():
        monkeypatch.setattr(doctor.sys, "platform", system)
        found = look("programs")
        assert {one.health for one in found.values()} == {Health.lacks}
        assert way in found["qgis"].mend.en
    assert doctor.works([*found.values()])


@pytest.mark.parametrize(
    ("told", "language"),
    [({"LANG": "nl_BE.UTF-8"}, "nl"), ({"LC_ALL": "fr_BE", "LANG": "nl_BE"}, "fr"),
     ({"LANG": "C"}, "en"), ({"LANG": "de_BE"}, "en"), ({}, "en")],
)  # fmt: skip
def test_the_language_is_that_of_the_terminal(
    monkeypatch: pytest.MonkeyPatch, told: dict[str, str], language: str
) -> None:
    """Where it is one of ours."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in told.items():
        monkeypatch.setitem(os.environ, name, value)
    assert find_language() == language
