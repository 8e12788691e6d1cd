"""The one door: what comes in, and what files can do that must not happen.

Each line of the project's table of hostile inputs that concerns reading is a test here.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import textwrap
import unicodedata
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import osmium
import pandas as pd
import pytest
import shapely
from inputs.conftest import SQUARES, squares

from stemgeo.errors import Findings, InputError, MissingFileError
from stemgeo.inputs import read_municipalities, read_population
from stemgeo.inputs.files import clean_text, open_input, strip_control
from stemgeo.inputs.formats import Format
from stemgeo.notes import keep_seen
from stemgeo.study import Input

if TYPE_CHECKING:
    from collections.abc import Callable

VRT = (
    "<OGRVRTDataSource><OGRVRTLayer name='gemeenten'>"
    "<SrcDataSource>{target}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
)


def problems(path: Path | str, role: str = "municipalities", **more: str) -> list[str]:
    """Open a file for a role, and give the errors that the door reports."""
    findings = Findings()
    with open_input(Input(path=Path(path), **more), role, findings) as file:
        assert (file is None) == bool(findings.errors)
    return [str(problem) for problem in findings.errors]


def kind_of(path: Path, role: str) -> Format:
    findings = Findings()
    with open_input(Input(path=path), role, findings) as file:
        findings.raise_errors()
        assert file is not None
        return file.kind


# --- Only existing regular files ---------------------------------------------------------------


def test_missing_file_is_named() -> None:
    """A file that is not there is a MissingFileError, which is a FileNotFoundError."""
    with pytest.raises(
        MissingFileError, match=r"geen\.gpkg: does not exist; looked for .*geen"
    ) as e:
        read_municipalities("map/geen.gpkg")
    assert isinstance(e.value, FileNotFoundError)


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/gemeenten.gpkg",
        "HTTP://example.org/x.geojson",
        "ftp://example.org/x.osm.pbf",
        "s3://bucket/x.gpkg",
        "file:///etc/passwd",
        "zip://x.zip!y.gpkg",
    ],
)
@pytest.mark.parametrize("role", ["municipalities", "network", "weights", "population"])
def test_address_is_refused(address: str, role: str) -> None:
    """An address never reaches a reader, some of which would download it."""
    (line,) = problems(address, role)
    assert "is an address; download it first" in line


@pytest.mark.parametrize("path", ["/vsicurl/x.gpkg", "/vsizip/x.zip/y.gpkg", "/vsimem/x"])
def test_gdal_path_is_refused(path: str) -> None:
    """GDAL's own file systems are no files."""
    (line,) = problems(path)
    assert "is a path for GDAL" in line


@pytest.mark.parametrize(
    "text", ['{"type":"FeatureCollection","features":[]}', VRT.format(target="x")]
)
def test_inline_data_is_refused(text: str) -> None:
    """Data in the place of a path is not read, as GDAL would."""
    (line,) = problems(text)
    assert "is not a path" in line


def test_address_in_a_study_is_refused(tmp_path: Path) -> None:
    """Also after the folder of study.toml was put in front of it."""
    given = Input.model_validate("https://example.org/x.gpkg", context={"folder": tmp_path})
    (line,) = problems(given.path)
    assert "is an address" in line


def test_folder_is_refused(tmp_path: Path) -> None:
    """A folder is not a file."""
    (line,) = problems(tmp_path)
    assert "is a folder" in line


def test_pipe_is_refused(tmp_path: Path) -> None:
    """A named pipe, which would hang a reader, is not a regular file."""
    os.mkfifo(tmp_path / "pipe.gpkg")
    (line,) = problems(tmp_path / "pipe.gpkg")
    assert "is not a regular file" in line


def test_path_that_readers_split_is_refused(boundaries: Path, tmp_path: Path) -> None:
    """A '!' in a path would make pyogrio look inside an archive."""
    shutil.copy(boundaries, tmp_path / "a!b.gpkg")
    (line,) = problems(tmp_path / "a!b.gpkg")
    assert "'!'" in line
    assert "rename it" in line


def test_unreadable_file_is_told(boundaries: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that the system does not let us read is one line, not a traceback."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    (line,) = problems(boundaries)
    assert line == "gemeenten.gpkg: cannot be read: Permission denied"


# --- Content against name ----------------------------------------------------------------------


def test_content_must_be_what_the_name_says(boundaries: Path, tmp_path: Path) -> None:
    """A GeoPackage named .geojson is refused, with the name that it should have."""
    shutil.copy(boundaries, tmp_path / "gemeenten.geojson")
    (line,) = problems(tmp_path / "gemeenten.geojson")
    assert line == "gemeenten.geojson: its content is GeoPackage, not .geojson; name it .gpkg"


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"\xef\xbb\xbf \r\n", "is empty"),
        ("a.geojson", b"<!DOCTYPE html><html><body>404</body></html>", "is a web page"),
        ("a.gpkg", b"\x7fELF\x00\x00\x00", "is of no known kind"),
        ("a.xml", b"<?xml version='1.0'?><niets/>", "is XML of an unknown kind"),
        ("a.zip", b"PK\x03\x04rest", "is a zip that is cut off or damaged"),
    ],
)
def test_content_that_cannot_be_read(tmp_path: Path, name: str, content: bytes, what: str) -> None:
    """What is nothing that stemgeo reads is said in words."""
    (tmp_path / name).write_bytes(content)
    (line,) = problems(tmp_path / name)
    assert what in line


def test_each_role_takes_its_own_kinds(boundaries: Path) -> None:
    """A GeoPackage is no road extract, and the message says what would be."""
    (line,) = problems(boundaries, "network")
    assert "is GeoPackage, which cannot be used as network; give OSM PBF" in line


def test_sha256_is_that_of_the_file(boundaries: Path) -> None:
    """Provenance carries the name, the size and the SHA-256 of the file that was given."""
    findings = Findings()
    with open_input(Input(path=boundaries, source="wij"), "municipalities", findings) as file:
        assert file is not None
        made = file.provenance
    content = boundaries.read_bytes()
    assert made.sha256 == hashlib.sha256(content).hexdigest()
    assert (made.name, made.size_bytes, made.source) == ("gemeenten.gpkg", len(content), "wij")


def test_flipped_bit_is_seen_by_the_hash(boundaries: Path) -> None:
    """One flipped bit, which readers often pass over, is told when the study has the hash."""
    content = bytearray(boundaries.read_bytes())
    wanted = hashlib.sha256(content).hexdigest()
    assert problems(boundaries, sha256=wanted) == []
    content[-100] ^= 1
    boundaries.write_bytes(content)
    (line,) = problems(boundaries, sha256=wanted)
    assert "is not the file that the study means" in line
    assert wanted in line


def test_change_while_reading_is_told(boundaries: Path) -> None:
    """A file that changes between its hash and the end of reading is not trusted."""
    findings = Findings()
    with open_input(Input(path=boundaries), "municipalities", findings):
        boundaries.write_bytes(boundaries.read_bytes() + b" ")
    assert [problem.what for problem in findings.errors] == ["changed while it was read"]


# --- VRT and other files that point elsewhere --------------------------------------------------


@pytest.mark.parametrize(
    "disguise",
    [
        "{vrt}",
        "\n  {vrt}",
        '{{"type":"FeatureCollection","features":[],"x":"{vrt}"}}',
        "<VRTDataset rasterXSize='1' rasterYSize='1'></VRTDataset>",
        "<ogrvrtdatasource></ogrvrtdatasource>",
    ],
)
@pytest.mark.parametrize("name", ["gemeenten.geojson", "gemeenten.gml", "weights.tif"])
def test_vrt_in_disguise_is_refused(
    tmp_path: Path, boundaries: Path, disguise: str, name: str
) -> None:
    """A virtual file is refused under any name; GDAL takes even one inside valid GeoJSON."""
    (tmp_path / name).write_text(disguise.format(vrt=VRT.format(target=boundaries)))
    (line,) = problems(tmp_path / name, "weights")
    assert "virtual file (VRT)" in line


def test_vrt_in_a_zip_is_refused(tmp_path: Path, boundaries: Path) -> None:
    """The content of a zip is looked at as any file is."""
    with zipfile.ZipFile(tmp_path / "gemeenten.geojson.zip", "w") as archive:
        archive.writestr("gemeenten.geojson", VRT.format(target=boundaries))
    (line,) = problems(tmp_path / "gemeenten.geojson.zip")
    assert "virtual file (VRT)" in line


def run_apart(code: str) -> str:
    """Run Python in a process of its own, where GDAL is not loaded yet."""
    environment = {key: value for key, value in os.environ.items() if key != "GDAL_SKIP"}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    return done.stdout.strip()


def test_gdal_loads_without_the_drivers_that_point_elsewhere() -> None:
    """After importing the inputs, neither pyogrio nor rasterio knows VRT and its like."""
    found = run_apart("""
        import stemgeo.inputs
        import pyogrio, rasterio
        with rasterio.Env() as env:
            drivers = set(pyogrio.list_drivers()) | set(env.drivers())
        print(sorted(drivers & {"VRT", "OGR_VRT", "GTI", "GDALG", "HTTP", "WFS", "OAPIF", "WMS",
                                "WMTS", "WCS", "CSW", "STACTA", "ADBC", "OGCAPI", "EEDA"}))
        print(sorted({"GPKG", "GeoJSON", "TopoJSON", "GTiff"} - drivers))
    """)
    assert found.splitlines() == ["[]", "[]"]


def test_importing_the_inputs_loads_no_gdal() -> None:
    """The environment is set before GDAL, because importing the inputs does not load it."""
    found = run_apart("""
        import sys, stemgeo.inputs
        print([name for name in ("pyogrio._io", "rasterio._base") if name in sys.modules])
    """)
    assert found == "[]"


def test_a_users_own_skip_list_is_kept() -> None:
    """Drivers that the user already skips stay skipped."""
    found = run_apart("""
        import os
        os.environ["GDAL_SKIP"] = "DXF"
        import stemgeo.inputs, pyogrio
        print({"DXF", "OGR_VRT"} & set(pyogrio.list_drivers()))
    """)
    assert found == "set()"


def test_vrt_is_refused_when_gdal_was_loaded_first(tmp_path: Path, boundaries: Path) -> None:
    """A notebook that imports pyogrio first is past the skip list; the content still tells."""
    trap = tmp_path / "trap.geojson"
    inside = VRT.format(target=boundaries)
    trap.write_text(f'{{"type":"FeatureCollection","features":[],"x":"{inside}"}}')
    found = run_apart(f"""
        import pyogrio
        print(len(pyogrio.read_dataframe({str(trap)!r})))
        import stemgeo.inputs
        try:
            stemgeo.inputs.read_municipalities({str(trap)!r})
        except Exception as error:
            print(type(error).__name__, "VRT" in str(error))
    """)
    assert found.splitlines() == [str(len(SQUARES)), "InputError True"]


# --- Cut-off files -----------------------------------------------------------------------------

DRIVERS = {
    "m.gpkg": "GPKG",
    "m.geojson": "GeoJSON",
    "m.geojsonl": "GeoJSONSeq",
    "m.fgb": "FlatGeobuf",
    "m.shp": "ESRI Shapefile",
    "m.gml": "GML",
    "m.kml": "KML",
    "m.parquet": "",
}


def write_as(name: str, folder: Path) -> Path:
    """Write the six municipalities in a format."""
    frame = squares(SQUARES)
    frame["geometry"] = frame.geometry.segmentize(200)
    path = folder / name
    if name.endswith((".geojson", ".geojsonl", ".kml")):
        frame = frame.to_crs(4326)
    if name.endswith(".parquet"):
        frame.to_parquet(path)
    else:
        frame.to_file(path, driver=DRIVERS[name])
    return path


@pytest.mark.parametrize("name", DRIVERS)
def test_every_vector_format_is_read(tmp_path: Path, name: str) -> None:
    """The six municipalities come out of every format the same."""
    read = read_municipalities(write_as(name, tmp_path))
    assert dict(zip(read["nis_code"], read["name"], strict=True)) == SQUARES
    assert read.crs.to_epsg() == 31370
    assert read.area.to_numpy() == pytest.approx(1e8, rel=1e-3)


def test_reading_leaves_no_file_behind(tmp_path: Path) -> None:
    """GDAL would write a .gfs beside a GML; a user's folder stays as it was."""
    path = write_as("m.gml", tmp_path)
    (tmp_path / "m.xsd").unlink()
    before = sorted(tmp_path.iterdir())
    read_municipalities(path)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("name", DRIVERS)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.99])
def test_a_cut_off_layer_is_never_silent(tmp_path: Path, name: str, share: float) -> None:
    """A file cut anywhere gives an error, also in the formats whose readers say nothing."""
    path = write_as(name, tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InputError, match=r"^m\."):
        read_municipalities(path)


@pytest.mark.parametrize("name", DRIVERS)
def test_a_damaged_layer_is_at_worst_an_input_error(tmp_path: Path, name: str) -> None:
    """Whatever bytes are changed, a reader's own exception does not reach the user."""
    path = write_as(name, tmp_path)
    content = path.read_bytes()
    random = np.random.default_rng(2022)
    refused = 0
    for _ in range(25):
        damaged = np.frombuffer(content, dtype="uint8").copy()
        damaged[random.integers(0, min(len(damaged), 4000), 5)] = random.integers(0, 256, 5)
        path.write_bytes(damaged.tobytes())
        try:
            read_municipalities(path)
        except InputError:
            refused += 1
    assert refused > 0


@pytest.mark.parametrize("seed", range(10))
def test_a_damaged_workbook_is_at_worst_an_input_error(tmp_path: Path, seed: int) -> None:
    """The same for Excel, whose zip may break at any member."""
    path = tmp_path / "p.xlsx"
    pd.DataFrame({"nis_code": [11001], "age": [7], "sex": ["F"], "children": [5]}).to_excel(path)
    content = np.frombuffer(path.read_bytes(), dtype="uint8").copy()
    random = np.random.default_rng(seed)
    content[random.integers(0, len(content), 40)] = random.integers(0, 256, 40)
    path.write_bytes(content.tobytes())
    with pytest.raises(InputError, match=r"^p\.xlsx"):
        read_population(path)


def test_cut_off_lines_of_geojson_are_counted(tmp_path: Path) -> None:
    """GeoJSON lines end silently at a broken line; the number of lines tells."""
    path = write_as("m.geojsonl", tmp_path)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:3], lines[3][:-40], *lines[4:]]))
    with pytest.raises(InputError, match=r"has 5 of the 6 features it announces"):
        read_municipalities(path)


@pytest.mark.parametrize("part", [".shp", ".shx", ".dbf"])
def test_shapefile_parts_have_the_size_they_announce(tmp_path: Path, part: str) -> None:
    """A shapefile of which any part is short is refused, by the name of that part."""
    path = write_as("m.shp", tmp_path)
    short = path.with_suffix(part)
    short.write_bytes(short.read_bytes()[:-10])
    (line,) = problems(path)
    assert f"is cut off or damaged: m{part} has" in line


def test_shapefile_without_a_part(tmp_path: Path) -> None:
    """A .shp alone is not a shapefile."""
    path = write_as("m.shp", tmp_path)
    path.with_suffix(".dbf").unlink()
    (line,) = problems(path)
    assert "its part m.dbf is missing" in line


# --- Zips --------------------------------------------------------------------------------------


def test_zipped_shapefile_is_read(tmp_path: Path) -> None:
    """A shapefile is read out of its zip, folders and clutter aside."""
    path = write_as("m.shp", tmp_path)
    with zipfile.ZipFile(tmp_path / "m.zip", "w") as archive:
        for part in tmp_path.glob("m.*"):
            if part.suffix != ".zip":
                archive.write(part, f"map/{part.name}")
        archive.writestr("__MACOSX/map/._m.shp", "x")
        archive.writestr("map/.DS_Store", "x")
    assert path.is_file()
    assert list(read_municipalities(tmp_path / "m.zip")["nis_code"]) == list(SQUARES)


def test_unpacked_files_are_removed(
    tmp_path: Path, boundaries: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was unpacked is gone when reading ends."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    with zipfile.ZipFile(tmp_path / "g.zip", "w") as archive:
        archive.write(boundaries, "gemeenten.gpkg")
    findings = Findings()
    with open_input(Input(path=tmp_path / "g.zip"), "municipalities", findings) as file:
        assert file is not None
        assert file.path.is_relative_to(tmp_path / "temporary")
        assert file.path.is_file()
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.parametrize(
    "name",
    [
        "../uit.geojson",
        "/etc/uit.geojson",
        "a/../../uit.geojson",
        "..\\uit.geojson",
        "C:/x.geojson",
    ],
)
def test_zip_names_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    """No member lands outside the folder for unpacking; such a zip is refused whole."""
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr(name, '{"type":"FeatureCollection","features":[]}')
    (line,) = problems(tmp_path / "z.zip")
    assert "a name that leads out of the zip" in line


def test_zip_with_a_link_is_refused(tmp_path: Path) -> None:
    """A symbolic link in a zip is not followed."""
    link = zipfile.ZipInfo("m.geojson")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    (line,) = problems(tmp_path / "z.zip")
    assert "leads out of the zip" in line


def test_zip_bomb_is_refused(tmp_path: Path) -> None:
    """A member packed a thousand to one is not unpacked."""
    with zipfile.ZipFile(tmp_path / "z.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("m.geojson", b" " * 20_000_000)
    (line,) = problems(tmp_path / "z.zip")
    assert "packed more than 150 to 1" in line


def test_zip_with_thousands_of_members_is_refused(tmp_path: Path) -> None:
    """A zip holds a few files, not thousands."""
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        for number in range(1000):
            archive.writestr(f"{number}.geojson", "{}")
    (line,) = problems(tmp_path / "z.zip")
    assert "holds 1000 files, more than 200" in line


def test_zip_larger_than_the_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sizes of all members together have a limit."""
    monkeypatch.setattr("stemgeo.inputs.files.MAX_TOTAL_BYTES", 1000)
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("m.geojson", b" " * 1001)
    (line,) = problems(tmp_path / "z.zip")
    assert "unpacks to more than" in line


def test_zip_with_two_candidates_is_refused(tmp_path: Path) -> None:
    """Of two files that could be meant none is guessed."""
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("a.geojson", "{}")
        archive.writestr("b.geojson", "{}")
    (line,) = problems(tmp_path / "z.zip")
    assert "several files that could be meant (a.geojson, b.geojson)" in line


def test_zip_without_a_candidate_is_refused(tmp_path: Path) -> None:
    """A zip of something else says what it holds."""
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("lees\x1bmij.pdf", "x")
    (line,) = problems(tmp_path / "z.zip")
    assert "no file that can be read (leesmij.pdf)" in line


def test_zip_within_a_zip_is_refused(tmp_path: Path) -> None:
    """One layer of packing is unpacked, not more, whatever the inner one is called."""
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.writestr("a.csv", "x")
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.write(tmp_path / "in.zip", "m.geojson")
    (line,) = problems(tmp_path / "z.zip")
    assert "its content is zip, not .geojson" in line


def test_locked_zip_is_refused(tmp_path: Path) -> None:
    """A zip with a password is told as such."""
    path = tmp_path / "z.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("m.geojson", "{}")
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    (line,) = problems(path)
    assert "is locked with a password" in line


# --- GeoPackage --------------------------------------------------------------------------------

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT * FROM n"


def test_geopackage_with_an_endless_view_is_refused(boundaries: Path) -> None:
    """A layer that is a view without end is refused before it is asked for a row."""
    with sqlite3.connect(boundaries) as connection:
        connection.execute("ALTER TABLE gemeenten RENAME TO echt")
        connection.execute(f"CREATE VIEW gemeenten AS {ENDLESS}")
    connection.close()
    (line,) = problems(boundaries)
    assert "holds a view (gemeenten), and a view can run for ever" in line


def test_geopackage_with_an_endless_table_of_contents_is_refused(boundaries: Path) -> None:
    """Nor are the tables that describe a GeoPackage read when they are views."""
    with sqlite3.connect(boundaries) as connection:
        connection.execute("ALTER TABLE gpkg_contents RENAME TO echt")
        connection.execute(f"CREATE VIEW gpkg_contents AS {ENDLESS}")
    connection.close()
    (line,) = problems(boundaries)
    assert "holds a view (gpkg_contents)" in line


def test_damage_of_which_sqlite_complains_in_no_text(boundaries: Path, tmp_path: Path) -> None:
    """It quotes the damaged letters of a trigger: still one line."""
    content = boundaries.read_bytes()
    (tmp_path / "m.gpkg").write_bytes(content.replace(b"BEGIN SELECT", b"BEGIN SELEC\xd4", 1))
    (line,) = problems(tmp_path / "m.gpkg")
    assert line == "m.gpkg: is a GeoPackage that is cut off or damaged; copy it again"


def test_geopackage_with_a_computed_column_is_refused(boundaries: Path) -> None:
    """A generated column runs when read, so its layer is not read."""
    with sqlite3.connect(boundaries) as connection:
        connection.execute(
            "ALTER TABLE gemeenten ADD COLUMN x GENERATED ALWAYS AS (zeroblob(1000000000))"
        )
    connection.close()
    (line,) = problems(boundaries)
    assert "its layer 'gemeenten' is computed when read" in line


def test_geopackage_with_unsaved_changes_is_refused(boundaries: Path) -> None:
    """Changes in a file beside it, as an open QGIS leaves them, are not under its hash."""
    boundaries.with_name("gemeenten.gpkg-wal").write_bytes(b"x" * 32)
    (line,) = problems(boundaries)
    assert "has changes that are not saved in it (gemeenten.gpkg-wal)" in line


def test_other_sqlite_is_refused(tmp_path: Path) -> None:
    """A database without the tables of a GeoPackage is none."""
    path = tmp_path / "x.gpkg"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (a)")
    connection.close()
    (line,) = problems(path)
    assert "is an SQLite database, but no GeoPackage" in line


# --- Road extracts -----------------------------------------------------------------------------


def write_osm(path: Path, ways: int = 3, nodes: int = 20_000) -> Path:
    """Write an extract; 20,000 nodes fill three blocks of a PBF."""
    with osmium.SimpleWriter(str(path)) as writer:
        for number in range(1, nodes + 1):
            node = osmium.osm.mutable.Node(id=number, location=(4 + number / 1e6, 51))
            writer.add_node(node)
        for number in range(1, ways + 1):
            tags = {"highway": "residential"}
            writer.add_way(osmium.osm.mutable.Way(id=number, nodes=[1, number + 1], tags=tags))
    return path


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("x.osm.pbf", Format.OSM_PBF),
        ("x.osm", Format.OSM_XML),
        ("x.osm.gz", Format.OSM_GZIP),
        ("x.osm.bz2", Format.OSM_BZIP2),
    ],
)
def test_whole_extracts_pass(tmp_path: Path, name: str, kind: Format) -> None:
    """Extracts in each of their four forms are let in."""
    assert kind_of(write_osm(tmp_path / name), "network") is kind


@pytest.mark.parametrize("share", [0.01, 0.2, 0.5, 0.8, 0.9999])
def test_pbf_cut_inside_a_block_is_refused(tmp_path: Path, share: float) -> None:
    """A PBF must end where a block ends."""
    path = write_osm(tmp_path / "x.osm.pbf")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    (line,) = problems(path, "network")
    assert "cut off" in line or "is of no known kind" in line


def test_pbf_cut_at_a_block_end_before_its_ways_is_refused(tmp_path: Path) -> None:
    """Cut at a block's end, a PBF is whole to every reader; nodes without ways still tell."""
    path = write_osm(tmp_path / "x.osm.pbf")
    content = path.read_bytes()
    ends = [
        place - 4
        for place in range(4, len(content))
        if content[place : place + 9] == b"\x0a\x07OSMData"
    ]
    assert len(ends) == 4
    path.write_bytes(content[: ends[-1]])
    assert sum(1 for _ in osmium.FileProcessor(str(path))) == 3 * 8000 - 4000
    (line,) = problems(path, "network")
    assert "holds no ways, so no roads; it may have been cut off after the nodes" in line


def test_pbf_without_data_is_refused(tmp_path: Path) -> None:
    """A header alone is no extract."""
    path = write_osm(tmp_path / "x.osm.pbf", ways=0, nodes=0)
    (line,) = problems(path, "network")
    assert "holds no OSM data" in line


def test_osm_xml_must_end(tmp_path: Path) -> None:
    """An .osm without its closing tag is cut off."""
    path = write_osm(tmp_path / "x.osm", nodes=10)
    path.write_bytes(path.read_bytes()[:-10])
    (line,) = problems(path, "network")
    assert "its closing </osm> is missing" in line


@pytest.mark.parametrize(("ending", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress)])
def test_compressed_files_must_hold_osm(
    tmp_path: Path, ending: str, pack: Callable[[bytes], bytes]
) -> None:
    """Something else in gzip or bzip2 is no extract."""
    path = tmp_path / f"x.osm{ending}"
    path.write_bytes(pack(b"naam;leeftijd\nx;5\n"))
    (line,) = problems(path, "network")
    assert "is compressed, but holds no OSM data" in line


def test_zipped_extract_is_refused(tmp_path: Path) -> None:
    """Road extracts are read where they lie, so not out of a zip."""
    write_osm(tmp_path / "x.osm.pbf", nodes=10)
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.write(tmp_path / "x.osm.pbf", "x.osm.pbf")
    (line,) = problems(tmp_path / "x.zip", "network")
    assert "is zip, which cannot be used as network" in line


# --- XML entities ------------------------------------------------------------------------------

LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE osm [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;">]>'
    '<{root}><node id="1" lat="51" lon="4"><tag k="k" v="&b;"/></node></{root}>'
)


@pytest.mark.parametrize(
    ("name", "root", "role"),
    [
        ("x.osm", "osm", "network"),
        ("x.kml", "kml", "academies"),
        ("x.gml", "FeatureCollection", "zones"),
    ],
)
def test_xml_entities_are_refused(tmp_path: Path, name: str, root: str, role: str) -> None:
    """XML that declares entities is not read at all."""
    (tmp_path / name).write_text(LAUGHS.format(root=root))
    (line,) = problems(tmp_path / name, role)
    assert "declares XML entities" in line


def test_compressed_xml_entities_are_refused(tmp_path: Path) -> None:
    """Nor when they are compressed."""
    (tmp_path / "x.osm.gz").write_bytes(gzip.compress(LAUGHS.format(root="osm").encode()))
    (line,) = problems(tmp_path / "x.osm.gz", "network")
    assert "declares XML entities" in line


@pytest.mark.parametrize("coding", ["utf-8", "utf-16"])
def test_xml_entities_in_a_workbook_are_refused(tmp_path: Path, coding: str) -> None:
    """In any part, behind a comment of any length, in any coding."""
    frame = pd.DataFrame({"nis_code": [11001], "age": [7], "sex": ["F"], "children": [5]})
    frame.to_excel(tmp_path / "whole.xlsx", index=False)
    laughs = LAUGHS.format(root="worksheet").replace("?><", f"?><!--{'x' * 70_000}--><", 1)
    with (
        zipfile.ZipFile(tmp_path / "whole.xlsx") as whole,
        zipfile.ZipFile(tmp_path / "p.xlsx", "w") as archive,
    ):
        for name in whole.namelist():
            sheet = name == "xl/worksheets/sheet1.xml"
            archive.writestr(name, laughs.encode(coding) if sheet else whole.read(name))
    (line,) = problems(tmp_path / "p.xlsx", "population")
    assert "declares an XML document type" in line


def test_osmium_refuses_entities_itself(tmp_path: Path) -> None:
    """Behind the door osmium does not expand entities either, wherever they are declared."""
    (tmp_path / "x.osm").write_text(LAUGHS.format(root="osm"))
    with pytest.raises(RuntimeError, match="entities"):
        list(osmium.FileProcessor(str(tmp_path / "x.osm")))


# --- Coordinates and names ---------------------------------------------------------------------


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_coordinates_that_are_no_numbers_are_told(tmp_path: Path, bad: float) -> None:
    """NaN and infinity in an outline are an error that gives the feature."""
    frame = squares(SQUARES)
    with np.errstate(invalid="ignore"):
        frame.loc[2, "geometry"] = shapely.polygons([[0, 0], [bad, 1], [1, 1], [0, 0]])
    frame.to_file(tmp_path / "m.gpkg", SPATIAL_INDEX="NO")
    with pytest.raises(InputError, match=r"m\.gpkg, feature 3: coordinates that are not numbers"):
        read_municipalities(tmp_path / "m.gpkg")


def test_control_characters_leave_names(tmp_path: Path) -> None:
    """NUL, escape and marks that reverse text do not survive in a name."""
    codes = SQUARES | {"44021": "Ge\x1bnt\u202e\tx"}
    squares(codes).to_file(tmp_path / "m.gpkg")
    read = read_municipalities(tmp_path / "m.gpkg")
    assert read.set_index("nis_code").loc["44021", "name"] == "Gent x"


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_names_that_are_formulas_are_told_and_kept(
    tmp_path: Path, start: str, findings: Findings
) -> None:
    """A name that a spreadsheet would run is a warning; it is data, so it stays."""
    from stemgeo.inputs.boundaries import load_municipalities

    squares(SQUARES | {"44021": f"{start}1+1"}).to_file(tmp_path / "m.gpkg")
    read, _ = load_municipalities(Input(path=tmp_path / "m.gpkg"), 2025, findings)
    assert f"{start}1+1" in set(read["name"])
    assert any("takes for a formula" in str(warning) for warning in findings.warnings)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Gent", "Gent"),
        ("  Ge\x00nt\r\n", "Gent"),
        ("\u200bGent\ufeff", "Gent"),
        ("Sint-Job-in-'t-Goor", "Sint-Job-in-'t-Goor"),
        ("Liège", "Liège"),
    ],
)
def test_strip_control(text: str, plain: str) -> None:
    """Letters stay, control characters go, white space folds."""
    assert strip_control(text) == plain


def test_of_every_character_it_is_known_whether_it_is_seen() -> None:
    """One by one or among others: control, format, half and private ones go, a tab is a space."""
    every = "".join(map(chr, [*range(0x2100), *range(0x2100, sys.maxunicode, 97)]))
    seen = [
        " " if one in "\t\r\n" else one
        for one in every
        if one in "\t\r\n" or unicodedata.category(one) not in ("Cc", "Cf", "Cs", "Co")
    ]
    assert keep_seen(every) == "".join(seen)
    assert "".join(map(keep_seen, every)) == "".join(seen)


def test_clean_is_short() -> None:
    """Values in messages are cut to a length."""
    assert clean_text("x" * 1000) == "x" * 59 + "…"
