"""Facts about files that a person downloaded: known by what is in them, or named with a reason."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import rasterio
from plays import mini, statbel
from served import CHALLENGE, Server
from terminal import Said, content_of, stemgeo

from stemgeo.sources.lock import read_lock

if TYPE_CHECKING:
    from stemgeo.sources.catalogue import Catalogue


@pytest.fixture
def given(played: Catalogue, tmp_path: Path) -> Path:
    """Give an empty folder of downloads, and play the sources beside it."""
    assert played.sources
    folder = tmp_path / "downloads"
    folder.mkdir()
    return folder


def take(*words: object) -> Said:
    """Take what is in the folder of downloads into `data`."""
    options = ("--from", "downloads", "--to", "data", "--sources", "sources.toml")
    return stemgeo("fetch", *options, *words)


def test_files_are_known_by_their_content(given: Path, server: Server, tmp_path: Path) -> None:
    """Whatever they are called; each gets the name of its source, and nobody is asked."""
    files = mini.files()
    names = {
        "population": "download.zip",
        "sectors": "a",
        "zone_population": "b.bin",
        "weights": "c.zip",
        "crosswalk": "table.csv",
        "roads": "map.pbf",
    }
    for key, name in names.items():
        (given / name).write_bytes(files[key])
    said = take("--year", 2025)
    assert said.status == 0, said.err
    lock = read_lock(tmp_path / "data")
    assert {one.source: one.pieces[0].name for one in lock.files} == names
    assert all(not one.pieces[0].address and one.as_published for one in lock.files)
    for one in lock.files:
        assert (tmp_path / "data" / one.file).read_bytes() == files[one.source]
    assert not server.asked
    table = stemgeo("sources", "data", "--sources", "sources.toml")
    assert table.out.count("by hand") == len(names)


@pytest.mark.parametrize("key", ["municipalities", "provinces"])
def test_municipalities_and_provinces_are_told_apart(given: Path, tmp_path: Path, key: str) -> None:
    """They have the same columns: their codes say which they are."""
    features = {"municipalities": mini.municipalities, "provinces": mini.provinces}[key]()
    frame = mini.as_layer(features)
    (given / "x.zip").write_bytes(statbel.write_layer(frame, "x.geojson"))
    assert take("--year", 2025).status == 0
    (entry,) = read_lock(tmp_path / "data").files
    assert entry.source == key
    assert entry.file.endswith("-2025.zip")


def test_what_says_no_year_asks_for_it(given: Path, tmp_path: Path) -> None:
    """A file of sectors without a year in its name is of any year."""
    (given / "sectors.zip").write_bytes(mini.files()["sectors"])
    said = take()
    assert said.status == 1
    assert "sectors.zip: says nowhere of which year it is; say it: --year YEAR" in said.err
    assert not (tmp_path / "data").exists()


def test_a_file_that_may_not_be_read_holds_up_no_other(
    given: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is somebody else's among the downloads is left out, and named."""
    (given / "codes-2025.csv").write_bytes(mini.files()["crosswalk"])
    (given / "theirs.csv").write_text("a;b\n1;2\n", encoding="utf-8")
    opened = Path.open

    def refuse(path: Path, *how: Any, **more: Any) -> Any:
        if path.name == "theirs.csv":
            raise PermissionError(13, "Permission denied")
        return opened(path, *how, **more)

    monkeypatch.setattr(Path, "open", refuse)
    said = take()
    assert said.status == 0, said.err
    assert "theirs.csv" in said.err
    assert len(read_lock(tmp_path / "data").files) == 1


def test_a_day_in_a_column_of_years_is_of_its_year(given: Path, tmp_path: Path) -> None:
    """A file that says its first of January is of that year."""
    rows = "CS01012025;CS01012024;jaar\n11001A00-;11001A00-;20250101\n"
    (given / "codes-2025.csv").write_text(rows, encoding="utf-8")
    said = take()
    assert said.status == 0, said.err
    assert [one.year for one in read_lock(tmp_path / "data").files] == [2025]


def test_content_and_name_must_agree(given: Path, tmp_path: Path) -> None:
    """A file of 2024 under the name of 2025 is neither."""
    wrong = statbel.write_population(mini.people(), 2024)
    (given / "TF_SOC_POP_STRUCT_2025.zip").write_bytes(wrong)
    said = take()
    assert said.status == 1
    assert "its content is of 2024, and its name says 2025" in said.err
    assert not (tmp_path / "data").exists()


def test_of_two_that_may_be_meant_neither_is_taken(given: Path, tmp_path: Path) -> None:
    """They are named; a copy of the same is no doubt."""
    (given / "a.zip").write_bytes(mini.files()["population"])
    (given / "b.zip").write_bytes(statbel.write_population(mini.people()[1:]))
    said = take()
    assert said.status == 1
    assert "may each be population, and differ: a.zip, b.zip" in said.err
    assert not (tmp_path / "data").exists()
    (given / "b.zip").write_bytes(mini.files()["population"])
    assert take().status == 0


def test_a_page_and_what_is_unknown_are_said(given: Path) -> None:
    """A web page that was saved as the zip is named with the address; the unknown is left out."""
    (given / "TF_SOC_POP_STRUCT_2025.zip").write_bytes(CHALLENGE)
    (given / "recipe.txt").write_text("flour\tsugar\n1\t2\n")
    (given / "holiday.jpg").write_bytes(b"\xff\xd8\xff\xe0 jpeg")
    said = take()
    assert said.status == 1
    assert "TF_SOC_POP_STRUCT_2025.zip: is a web page, not the data of Statbel; open" in said.err
    assert "/TF_SOC_POP_STRUCT_2025.zip in a browser" in said.err
    left = "note: of no source that is known here, and left out: holiday.jpg, recipe.txt"
    assert left in said.err.splitlines()


def test_a_folder_of_downloads_has_other_files(given: Path) -> None:
    """A page is no hindrance once the file is there too; damaged files are told, others named."""
    (given / "TF_SOC_POP_STRUCT_2025.zip.html").write_bytes(CHALLENGE)
    (given / "TF_SOC_POP_STRUCT_2025 (1).zip").write_bytes(mini.files()["population"])
    (given / "half.zip").write_bytes(b"PK\x03\x04half")
    for number in range(10):
        (given / f"{number}.txt").write_text("flour\tsugar\n1\t2\n")
    said = take()
    assert said.status == 0, said.err
    assert said.err.splitlines() == [
        "note: half.zip: is a zip that is cut off or damaged; it is left out",
        (
            "note: of no source that is known here, and left out: 0.txt, 1.txt, 2.txt, 3.txt, "
            "4.txt, 5.txt, 6.txt, 7.txt and 3 more"
        ),
    ]


def test_a_wrong_total_is_refused_by_hand_too(given: Path, tmp_path: Path) -> None:
    """The same checks as of a server."""
    more = [(*mini.people()[0][:3], 9), *mini.people()[1:]]
    (given / "a.zip").write_bytes(statbel.write_population(more))
    said = take()
    assert said.status == 1
    assert "a.zip: counts" in said.err
    assert not (tmp_path / "data").exists()


def test_options_go_behind_their_command(given: Path) -> None:
    """What is of a command is not taken before it; without --from there is nothing to do."""
    assert stemgeo("fetch", "--from", given, "flanders", "--year", 2025, "data").status == 2
    assert stemgeo("fetch", "--to", "data").status == 2


def test_names_hold_nothing_that_leads_elsewhere(given: Path, tmp_path: Path) -> None:
    """A name of a stranger becomes text of the lock, never a path or a mark of a terminal."""
    (given / "\x1b[31m..evil .zip").write_bytes(mini.files()["population"])
    said = take()
    assert said.status == 0
    assert "\x1b" not in said.err + said.out
    assert sorted(content_of(tmp_path / "data")) == ["TF_SOC_POP_STRUCT_2025.zip", "sources.lock"]


def test_what_comes_by_hand_alone_is_known(given: Path, tmp_path: Path) -> None:
    """Addresses and postcodes by the names that their reader knows, residents by hectare as raster.

    In other forms than the publisher's too.
    """
    row = "Kerkstraat;1;2630;152100;202100"
    (given / "adr.csv").write_text(f"straatnaam;huisnummer;postcode;x;y\n{row}\n", "utf-8")
    (given / "post.csv").write_text("postcode;x;y\n2630;152100;202100\n", "utf-8")
    place = given / "raster.tif"
    at = rasterio.Affine(100, 0, 150_000, 0, -100, 210_000)
    form = {"driver": "GTiff", "width": 4, "height": 4, "count": 1, "dtype": "float32"}
    with rasterio.open(place, "w", crs="EPSG:31370", transform=at, **form) as raster:
        raster.write(np.ones((1, 4, 4), "float32"))
    said = take()
    assert said.status == 0, said.err
    found = {one.source: one.file for one in read_lock(tmp_path / "data").files}
    assert found == {
        "addresses": "adr.csv",
        "postcodes": "post.csv",
        "residents_by_hectare": "ni_inw_ha_vlaa_2019.tif",
    }
