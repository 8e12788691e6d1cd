"""All files of a study at once: the tables, their origin, and every problem together."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stemgeo.errors import InputError, MissingFileError
from stemgeo.inputs import READERS, Inputs, load_inputs
from stemgeo.speech import LANGUAGES
from stemgeo.study import INPUTS, Study, parse_study
from stemgeo.texts import load_texts


def study(folder: Path, **inputs: Any) -> Study:
    """A study on the six municipalities, with files that are there unless said otherwise."""
    codes = ["11001", "12025", "23016", "31005", "44021", "71016"]
    rows = [f"{code};{age};{sex};10" for code in codes for age in (4, 5, 17, 18) for sex in "FM"]
    (folder / "p.csv").write_text("\n".join(["nis_code;age;sex;children", *rows, ""]))
    (folder / "a.csv").write_text("academy_id;naam;x;y\nA1;een;105000;205000\n")
    files = {
        "municipalities": {"path": "gemeenten.gpkg", "source": "wij", "licence": "CC0"},
        "population": "p.csv",
        "academies": {"path": "a.csv", "crs": "EPSG:31370"},
        "network": "straight-line",
    }
    content = {"study": {"title": "t", "date": "2022-12-31"}, "inputs": files | inputs}
    return parse_study(content, folder=folder, name="study.toml")


def test_the_tables_of_a_study(tmp_path: Path, boundaries: Path) -> None:
    """Without optional files there are none of their tables, and zones are municipalities."""
    assert boundaries.is_file()
    read = load_inputs(study(tmp_path))
    assert isinstance(read, Inputs)
    assert read.zones["zone_id"].tolist() == read.municipalities["nis_code"].tolist()
    assert sorted(read.children["age"].unique()) == [5, 17]
    assert read.children["children"].sum() == 6 * 2 * 2 * 10
    assert len(read.provinces) == 5
    assert (read.zone_population, read.weights, read.network) == (None, None, ())
    assert [one.role for one in read.provenance] == ["municipalities", "population", "academies"]
    assert (read.provenance[0].source, read.provenance[0].licence) == ("wij", "CC0")
    few, nameless = map(str, read.warnings)
    assert "279 of the 285" in few
    assert "no source is given for p.csv, a.csv" in nameless


def test_every_problem_of_every_file_at_once(tmp_path: Path, boundaries: Path) -> None:
    """A missing, an empty and a wrong file are told together; a missing one sets the kind."""
    assert boundaries.is_file()
    wrong = study(tmp_path, weights="weg.tif", zones="leeg.geojson", network=["geen.osm.pbf"])
    (tmp_path / "leeg.geojson").write_text("")
    (tmp_path / "p.csv").write_text("nis_code;age;sex;children\n11001;7;F;-1\n")
    (tmp_path / "a.csv").write_text("academy_id;naam;x;y\n")
    (tmp_path / "geen.osm.pbf").write_bytes(b"\x00\x01geen")
    with pytest.raises(MissingFileError) as error:
        load_inputs(wrong)
    assert [str(problem).split(":")[0] for problem in error.value.problems] == [
        "leeg.geojson",
        "p.csv, row 2",
        "weg.tif",
        "a.csv",
        "geen.osm.pbf",
    ]


def test_bad_boundaries_do_not_hide_other_problems(tmp_path: Path) -> None:
    """Without boundaries the other files are still read and checked."""
    (tmp_path / "gemeenten.gpkg").write_text("<html></html>")
    bad = study(tmp_path)
    (tmp_path / "a.csv").write_text("academy_id;naam;x;y\nA1;een;105000;zuid\n")
    with pytest.raises(InputError) as error:
        load_inputs(bad)
    told = [str(problem) for problem in error.value.problems]
    assert told[0].startswith("gemeenten.gpkg: is a web page")
    assert told[1].startswith("a.csv, row 2: 'y' is 'zuid', not a number")


def test_the_command_line_does_not_load_readers() -> None:
    """Reading libraries load with the inputs, not with the package."""
    code = "import stemgeo, stemgeo.study, sys; print('geopandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_an_input_has_a_row_a_reader_and_a_name() -> None:
    """Each input of a study is read, has its words in every language, and stands in its page."""
    page = (Path(__file__).parents[2] / "docs" / "study-file.md").read_text(encoding="utf-8")
    assert set(READERS) == set(INPUTS)
    assert all(
        set(load_texts(language).list_below("role")) == set(INPUTS) for language in LANGUAGES
    )
    assert all(f"| {name} |" in page for name in INPUTS)
