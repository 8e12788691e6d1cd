"""The pages for readers hold: commands are typed, Python is run, figures are those printed."""

from __future__ import annotations

import re
import shutil
from functools import partial
from pathlib import Path

import hand
import pytest
from followed import find_lacking, follow, read_blocks, renew

import stemgeo as sg

pytestmark = pytest.mark.usefixtures("read_once")

DOCS = Path(__file__).parents[1] / "docs"


def bring(source: Path, name: str, folder: Path) -> None:
    """Lay what was made elsewhere in the folder in which a page is followed."""
    shutil.copytree(source, folder / name)


def test_the_first_five_minutes(tmp_path: Path, written_sample: Path) -> None:
    """The example is written, measured and shown as the page says; it is measured once for all."""
    run = "stemgeo run voorbeeld --out resultaat"
    follow(DOCS / "start.md", tmp_path, {run: partial(bring, written_sample, "resultaat")})
    assert (tmp_path / "voorbeeld" / "study.toml").is_file()
    for line in (DOCS / "start.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("| `resultaat/"):
            assert (tmp_path / line.split("`")[1]).exists(), line


def write_own(folder: Path) -> None:
    """Write a study where every other street is busy: some get there over busy roads alone."""
    roads = hand.write_study(folder) / "wegen.osm"
    before, *ways = roads.read_text(encoding="utf-8").split("<way")
    busy = [way.replace("residential", "primary") if i % 2 else way for i, way in enumerate(ways)]
    roads.write_text("<way".join([before, *busy]), encoding="utf-8")


def test_the_cookbook(tmp_path: Path) -> None:
    """Each recipe works on a study of one's own; what it says is written is there."""
    write_own(tmp_path / "studie")
    follow(DOCS / "kookboek.md", tmp_path)
    for path in ("plan/plan.csv", "plan/summary.md", "wegen/network-edits.geojson"):
        assert (tmp_path / path).is_file(), path


@pytest.mark.parametrize("page", [DOCS / "python-examples.md", DOCS.parent / "README.md"])
def test_the_python_of_a_page_runs(page: Path, tmp_path: Path) -> None:
    """Each block of Python is run, in order, on a study of one's own."""
    write_own(tmp_path / "study")
    follow(page, tmp_path)


def test_every_public_name_has_an_example() -> None:
    """A name that no block of the page uses is one that nobody finds."""
    blocks = [one.text for one in read_blocks(DOCS / "python-examples.md")]
    used = set(re.findall(r"\bsg\.(\w+)", "\n".join(blocks)))
    results = {"Result", "Plan", "LinksResult", "Study", "Verification", "Problem"}
    assert used | results >= set(sg.__all__)


def test_the_handbook_with_files_as_they_are_published(tmp_path: Path, shared_data: Path) -> None:
    """Word for word: boundaries of 2025, Statbel's children of 2015, makerspaces, Berlare."""
    for name in (
        "boundaries/gemeente2025.gpkg",
        "boundaries/wijk2025.gpkg",
        "population/TF_SOC_POP_STRUCT_2015.zip",
        "population/ghs_pop_1km_belgium.tif",
        "academies/makerspaces_libraries.geojson",
        "osm/berlare.osm",
    ):
        (tmp_path / Path(name).name).symlink_to(shared_data / name)
    for name in ("gegevens", "studie", "resultaten", "grenzen", "vragen"):
        follow(DOCS / "handleiding" / f"{name}.md", tmp_path)


@pytest.mark.parametrize(
    ("shown", "lacking"),
    [
        ("a\nb\nc\n", None),
        ("...\nb\nc\n", None),
        ("a\n...\n", None),
        ("a\n...\nc\n", None),
        ("a\nc\n", "c"),
        ("a\n...\nd\n", "d"),
        ("a\nb\n", "c"),
    ],
)
def test_a_block_lacks_what_was_not_printed(shown: str, lacking: str | None) -> None:
    """Lines are left out only where the page says so; what else differs is told."""
    assert find_lacking(shown, "a\nb\nc\n") == lacking


def test_a_page_is_read_as_its_readers_do(tmp_path: Path) -> None:
    """Blocks have a language, files a name; what is renewed keeps what the page leaves out."""
    page = tmp_path / "page.md"
    page.write_text(
        "```sh\nstemgeo --help\n```\n```{code-block} toml\n:caption: a/b.toml\n\nx = 1\n```\n",
        encoding="utf-8",
    )
    blocks = list(read_blocks(page))
    assert [(one.language, one.caption, one.text) for one in blocks] == [
        ("sh", "", "stemgeo --help\n"),
        ("toml", "a/b.toml", "x = 1\n"),
    ]
    follow(page, tmp_path)
    assert (tmp_path / "a" / "b.toml").read_text(encoding="utf-8") == "x = 1\n"
    assert renew("...\nVlaanderen 1\n", "Kop\nVlaanderen 2\n") == "...\nVlaanderen 1\n"
    assert renew("...\nVlaanderen  1\n", "Kop\nVlaanderen  2\n") == "...\nVlaanderen  2\n"
