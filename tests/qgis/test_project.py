"""Facts about what QGIS opens of a result: its GeoPackage, and its project with print layouts."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import re
import shutil
import sqlite3
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import geopandas as gpd
import hand
import numpy as np
import pandas as pd
import pyogrio
import pytest
from matplotlib.colors import to_rgba

import stemgeo as sg
from stemgeo.errors import ResultError
from stemgeo.maps import kinds
from stemgeo.maps.series import MINUTES, NO_CLASS, Classes
from stemgeo.qgis.columns import name_columns
from stemgeo.qgis.entries import GEOPACKAGE
from stemgeo.qgis.layers import ResultLayers, list_academy_filters
from stemgeo.qgis.project import PROJECT, build_files
from stemgeo.report.files import refuse_taken
from stemgeo.speech import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stemgeo.maps.classed import Classed
    from stemgeo.result import Result

HOSTILE = "<b>Ma'\"lle</b> [% eval('1') %] & ../x | Deel"
PLACED = ("academies", "candidates", "provinces", "gaps", "gaps_low_stress", "isochrones")
LAYERS = {*PLACED, "main_roads", "municipalities", "zones", "around"}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """A small result of which every name would be a mark-up or a computation."""
    folder = hand.write_study(tmp_path_factory.mktemp("q") / "study", straight_line=True, qgis=True)
    written = folder / "study.toml"
    title = HOSTILE.replace('"', '\\"')
    text = written.read_text("utf-8").replace("Kleine | proef", title)
    written.write_text(text.replace("Proefgrenzen", f"Grenzen {title}"), encoding="utf-8")
    towns = gpd.read_file(folder / "gemeenten.gpkg").assign(NAAM=HOSTILE)
    towns.to_file(folder / "gemeenten.gpkg", driver="GPKG", layer="gemeenten")
    academies = pd.read_csv(folder / "academies.csv", sep=";", dtype=str)
    academies.assign(naam=HOSTILE).to_csv(folder / "academies.csv", index=False, sep=";")
    return sg.run(sg.load_study(folder))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small result; not to be changed."""
    base = tmp_path_factory.mktemp("s")
    hand.write_study(base / "study", straight_line=True, qgis=True)
    return sg.run(sg.load_study(base / "study")).write(base / "result")


def opened(place: Path) -> sqlite3.Connection:
    """Open a GeoPackage as it lies there."""
    return sqlite3.connect(f"{place.as_uri()}?mode=ro&immutable=1", uri=True)


def project_in(content: bytes) -> ET.Element:
    """Take a project out of its zip."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert packed.namelist() == ["result.qgs"]
        return ET.fromstring(packed.read("result.qgs"))  # noqa: S314 -- our own


def symbols_of(root: ET.Element) -> list[tuple[str, str, str]]:
    """Give each rule of a style: its label, its filter and the colour of its ground."""
    renderer = root.find("renderer-v2")
    assert renderer is not None
    grounds = {}
    for symbol in renderer.findall("symbols/symbol"):
        values = {one.get("name"): one.get("value") for one in symbol.find("layer/Option") or ()}
        grounds[symbol.get("name")] = values.get("color") or values.get("line_color")
    return [
        (str(one.get("label")), one.get("filter", ""), str(grounds[one.get("symbol")]))
        for one in renderer.findall("rules/rule")
    ]


def styles_in(base: sqlite3.Connection, table: str) -> Iterator[list[tuple[str, str, str]]]:
    """Give the styles of a table, its own first."""
    rows = base.execute(
        "SELECT styleQML FROM layer_styles WHERE f_table_name = ? ORDER BY useAsDefault DESC, id",
        (table,),
    )
    for (qml,) in rows:
        yield symbols_of(ET.fromstring(qml))  # noqa: S314 -- our own


def colour_of(looks: dict[str, Any]) -> str:
    """Write the ground of our maps as QGIS does."""
    return ",".join(str(round(255 * one)) for one in to_rgba(looks["facecolor"]))


def assert_same_classes(
    base: sqlite3.Connection, table: str, key: str, found: list[tuple[str, str, str]], by: Classed
) -> None:
    """Each class: its words, its colour, and the very places that our map puts into it."""
    told = [(label, colour_of(looks)) for label, looks in zip(by.labels, by.looks, strict=True)]
    assert [(label, colour) for label, _, colour in found][: len(told)] == told
    codes = by.places[key].to_numpy()
    for number, (_, holds, _) in enumerate(found[: len(told)]):
        rows = base.execute(f"SELECT {key} FROM {table} WHERE {holds}")  # noqa: S608 -- our own
        assert {row[0] for row in rows} == set(codes[by.numbers == number]), holds
    if (by.numbers == NO_CLASS).any():
        rows = base.execute(f"SELECT {key} FROM {table} WHERE {found[-1][1]}")  # noqa: S608
        assert {row[0] for row in rows} == set(codes[by.numbers == NO_CLASS])


def test_every_class_of_a_map_is_the_class_in_qgis(
    sample_result: Result, written_sample: Path
) -> None:
    """Of five kinds by municipality, of zones and of gaps: bounds, words, colours and places."""
    layers, base = ResultLayers(sample_result.sheets), opened(written_sample / GEOPACKAGE)
    of, towns = layers.ask(), sample_result.municipalities
    classes, gaps = kinds.choose_share_classes(of), sample_result.gaps
    gaps, least = gaps[gaps["profile"] == "all"], sample_result.study.gaps.min_children
    by_town = [
        kinds.classify_by_share(of, towns, classes),
        kinds.classify_by_academies(of, towns),
        kinds.classify_by_minutes(of, towns, Classes(MINUTES)),
        kinds.classify_by_reach(of, towns)[0],
        kinds.classify_by_added(of, towns),
    ]
    for found, by in zip(styles_in(base, "municipalities"), by_town, strict=True):
        assert_same_classes(base, "municipalities", "nis_code", found, by)
    (found,) = styles_in(base, "zones")
    by_zone = kinds.classify_by_share(layers.ask("zone"), sample_result.zones, classes)
    assert_same_classes(base, "zones", "zone_id", found, by_zone)
    makers = (kinds.classify_by_children, kinds.classify_by_reason)
    for found, make in zip(styles_in(base, "gaps"), makers, strict=True):
        assert_same_classes(base, "gaps", "gap_id", found, make(of, gaps, least))


def test_bounds_of_ones_own_little_measured_and_planned(hostile: Result) -> None:
    """A share on a bound belongs to the higher class; what is hatched on our map is hatched."""
    towns = hostile.municipalities.copy()
    shares = np.resize([0.29, 0.58, np.nan], len(towns))
    towns["share"], towns["children"] = shares, 100
    towns["unmeasured"] = np.where(np.isnan(shares), 100, np.resize([60, 10, 0, 60], len(towns)))
    measured = 100 - towns["unmeasured"]
    towns["covered"] = (measured * towns["share"].fillna(0)).round().astype(int)
    towns["uncovered"] = measured - towns["covered"]
    towns["academies"] = np.resize([0, 1, 3, 5], len(towns))
    towns["planned"] = np.resize([0, 1, 1, 0], len(towns))
    output = hostile.study.output.model_copy(update={"classes": (0.0, 29.0, 58.0, 100.0)})
    study = hostile.study.model_copy(update={"output": output})
    result = dataclasses.replace(hostile, municipalities=towns, study=study)
    layers, base = ResultLayers(result.sheets), sqlite3.connect(":memory:")
    base.deserialize(build_files(result.sheets)[GEOPACKAGE])
    by = kinds.classify_by_share(layers.ask(), towns, kinds.choose_share_classes(layers.ask()))
    first, second, *_ = styles_in(base, "municipalities")
    hatched = [label for label, _, _ in first[-2:]]
    assert hatched == ["meer dan de helft niet gemeten", "geen cijfer"]
    assert_same_classes(base, "municipalities", "nis_code", first, by)
    partly = f"SELECT nis_code FROM municipalities WHERE {first[-2][1]}"  # noqa: S608 -- our own
    assert {one for (one,) in base.execute(partly)} == set(towns["nis_code"][by.is_partly])
    by = kinds.classify_by_academies(layers.ask(), towns)
    assert len(list_academy_filters(by)) == 5
    assert_same_classes(base, "municipalities", "nis_code", second, by)


def test_every_layer_is_there_in_our_coordinates_with_names_sources_and_a_style(
    sample_result: Result, written_sample: Path
) -> None:
    """GDAL reads each; each column has a name, each layer its sources and one style of its own."""
    place = written_sample / GEOPACKAGE
    base, text = opened(place), sample_result.text
    known = dict(pyogrio.list_layers(place))
    assert {name for name, kind in known.items() if kind is not None} == LAYERS
    for name in LAYERS:
        about = pyogrio.read_info(place, layer=name)
        assert about["crs"] == "EPSG:31370"
        assert about["layer_metadata"]["sources"] == text.source
        assert about["layer_metadata"]["notice"] == text.notice
        rows = base.execute("SELECT column_name, title FROM gpkg_data_columns WHERE table_name=?",
                            (name,)).fetchall()  # fmt: skip
        assert {column for column, _ in rows} == set(about["fields"])
        assert len({title for _, title in rows}) == len(rows)
        (described,) = base.execute("SELECT description FROM gpkg_contents WHERE table_name=?",
                                    (name,)).fetchone()  # fmt: skip
        assert text.source in described
        assert text.notice in described
    own = dict(base.execute("SELECT f_table_name, sum(useAsDefault) FROM layer_styles GROUP BY 1"))
    assert own == dict.fromkeys(LAYERS, 1)
    towns = gpd.read_file(place, layer="municipalities")
    assert towns.geometry.is_valid.all()
    pd.testing.assert_series_equal(
        towns.set_index("nis_code")["covered"].astype("int64").sort_index(),
        sample_result.municipalities.set_index("nis_code")["covered"].sort_index(),
    )


def test_every_column_has_a_name_in_every_language(sample_result: Result) -> None:
    """None is left with the name that programs use; nothing is left to fill in."""
    for layer in ResultLayers(sample_result.sheets).gather():
        columns = [name for name in layer.table if name != "geometry"]
        for language in LANGUAGES:
            named = name_columns(layer.schema, columns, sample_result.told_in(language))
            assert len({*named.values()}) == len(columns)
            bad = {one: said for one, said in named.items() if re.search(r"[{}_]", said)}
            assert bad == {}, (layer.key, language)
            assert [one for one, said in named.items() if said == one] == []


def test_the_project_finds_its_files_beside_it(written_sample: Path) -> None:
    """Every layer is known, in a group, and read from the folder in which the project lies."""
    root = project_in((written_sample / PROJECT).read_bytes())
    layers = {one.findtext("id"): one.findtext("datasource") for one in root.iter("maplayer")}
    known = {f"./{GEOPACKAGE}|layername={name}" for name in LAYERS}
    beside = "./isochrones.gpkg|layername=isochrones|subset=\"academy_id\" <> ''"
    assert set(layers.values()) == {*known, beside}
    assert all(len(str(one)) > 10 for one in layers)  # QGIS takes no shorter one
    tree = root.find("layer-tree-group")
    assert tree is not None
    listed = [one.get("id") for group in tree for one in group]
    assert sorted(map(str, listed)) == sorted(map(str, layers))
    assert len(listed) == len(set(listed))
    assert root.findtext("properties/Paths/Absolute") == "false"
    assert root.findtext("projectCrs/spatialrefsys/authid") == "EPSG:31370"


def test_a_sheet_of_each_province_as_our_printed_maps(
    sample_result: Result, written_sample: Path
) -> None:
    """Title, study, caution, heading, rule, sources and date; framed on the province; A4."""
    root = project_in((written_sample / PROJECT).read_bytes())
    layouts = {str(one.get("name")): one for one in root.iter("Layout")}
    assert len(layouts) == 1 + len(sample_result.whole_provinces) == 6
    sheet, text = layouts["Provincie Antwerpen"], sample_result.text
    items = {one.get("id"): one for one in sheet.iter("LayoutItem")}
    said = " ".join(str(one.get("labelText", "")).replace("\n", " ") for one in items.values())
    ground = sample_result.sheets.build_ground("Antwerpen")
    title = ground.text.showing("map.share.title", ground.title_place).headline
    for line in (title, text.title, text.notice, text.heading, *text.credits):
        assert line in said
    assert {"map", "legend-classes", "legend-others", "scale"} <= set(items)
    corners = items["map"].find("Extent")
    assert corners is not None
    x0, y0, x1, y1 = (float(corners.get(one, "nan")) for one in ("xmin", "ymin", "xmax", "ymax"))
    towns = sample_result.municipalities
    inner = towns[towns["province"] == "Antwerpen"].total_bounds
    assert x0 < inner[0] < inner[2] < x1
    assert y0 < inner[1] < inner[3] < y1
    assert "Antwerpen" in [one.get("value") for one in items["map"].iter("Option")]
    sizes = {str(one.get("size")) for name in layouts for one in layouts[name].iter("LayoutItem")
             if one.get("id") == "page"}  # fmt: skip
    assert sizes == {"210.06,296.93,mm", "296.93,210.06,mm"}


def test_names_that_would_be_mark_up_or_a_computation_are_names(hostile: Result) -> None:
    """XML keeps them as they are; no text holds what QGIS computes; no path is of a name."""
    files = build_files(hostile.sheets)
    root = project_in(files[PROJECT])
    told = [text for one in root.iter() for text in (one.text, *one.attrib.values()) if text]
    own = re.compile(r"""\[% replace\(replace\("\w+", '&', '&amp;'\), '<', '&lt;'\) %\]""")
    assert [one for one in told if "[%" in one and not own.fullmatch(one)] == []
    assert any("<b>Ma'\"lle</b> [ % eval('1') %] & ../x" in one for one in told)
    for one in root.iter("datasource"):
        assert re.fullmatch(r"\./\w+\.gpkg\|layername=\w+(\|subset=.*)?", str(one.text))
    filters = [str(one.get("filter", "")) for one in root.iter("rule")]
    assert not [one for one in filters if "Ma" in one or "eval" in one]
    base = sqlite3.connect(":memory:")
    base.deserialize(files[GEOPACKAGE])
    names = {one for (one,) in base.execute("SELECT name FROM academies")}
    assert names == {HOSTILE}  # data stay what they are
    for (qml,) in base.execute("SELECT styleQML FROM layer_styles"):
        assert "[% eval" not in qml
        ET.fromstring(qml)  # noqa: S314 -- our own
    for (told_of,) in base.execute("SELECT metadata FROM gpkg_metadata"):
        ET.fromstring(told_of)  # noqa: S314 -- our own


def test_the_same_result_gives_the_same_bytes(hostile: Result, tmp_path: Path) -> None:
    """And they stand in the manifest; a study that wants none has none."""
    folder = hostile.write(tmp_path / "r")
    files = build_files(hostile.sheets)
    outputs = sg.read_result(folder).manifest["outputs"]
    for name, content in files.items():
        assert (folder / name).read_bytes() == content
        assert outputs[name]["sha256"] == hashlib.sha256(content).hexdigest()
    assert build_files(sg.read_result(folder).sheets) == files
    without = hostile.study.output.model_copy(update={"qgis": False})
    study = hostile.study.model_copy(update={"output": without})
    plain = dataclasses.replace(hostile, study=study).write(tmp_path / "plain")
    assert not (plain / GEOPACKAGE).exists()
    assert not (plain / PROJECT).exists()


def test_a_look_in_qgis_is_no_work_and_an_edit_is(small: Path, tmp_path: Path) -> None:
    """The journal that QGIS chooses and what it leaves behind are nobody's; a changed cell is."""
    folder = shutil.copytree(small, tmp_path / "result")
    before = (folder / GEOPACKAGE).read_bytes()
    for name in (GEOPACKAGE, "gaps.gpkg"):
        base = sqlite3.connect(folder / name)
        base.execute("PRAGMA journal_mode = wal")
        base.close()
    assert (folder / GEOPACKAGE).read_bytes() != before
    for name in (f"{GEOPACKAGE}-shm", f"{GEOPACKAGE}-wal", "result.qgd"):
        (folder / name).write_bytes(b"")
    refuse_taken(folder)
    assert len(sg.read_result(folder).gaps) == len(sg.read_result(small).gaps)
    (folder / f"{GEOPACKAGE}-wal").write_bytes(b"x")  # an edit that is not in it yet
    with pytest.raises(ResultError, match=r"result.gpkg-wal \(added\)"):
        refuse_taken(folder)
    (folder / f"{GEOPACKAGE}-wal").unlink()
    base = sqlite3.connect(folder / GEOPACKAGE)
    base.execute("UPDATE layer_styles SET description = 'van mij'")
    base.commit()
    base.close()
    with pytest.raises(ResultError, match=r"result.gpkg \(changed\)"):
        refuse_taken(folder)
    shutil.copyfile(small / GEOPACKAGE, folder / GEOPACKAGE)
    (folder / PROJECT).write_bytes((small / PROJECT).read_bytes() + b"x")
    with pytest.raises(ResultError, match=r"result.qgz \(changed\)"):
        refuse_taken(folder)


def test_shapes_without_place_and_of_several_kinds(hostile: Result) -> None:
    """Lines and points of edits stand apart; what has no place is kept without one."""
    table = gpd.GeoDataFrame(
        {
            "edit_id": ["E1", "E2", "E3"],
            "name": ["Laan", "Brug", "Weg"],
            "change": ["quiet", "crossing", "close"],
            "level": pd.array([1, None, None], dtype="Int64"),
            "oneway": [False, False, True],
            "osm_way": pd.array([5, None, 7], dtype="Int64"),
            "cost_eur": [np.nan, 5.5, np.inf],
            "length_m": pd.array([1000, None, None], dtype="Int64"),
        },
        geometry=[hand.square(0, 0).exterior, hand.spot(0, 0), None],
        crs=hand.CRS,
    )
    edited = dataclasses.replace(hostile, network_edits=table)
    base = sqlite3.connect(":memory:")
    base.deserialize(build_files(edited.sheets)[GEOPACKAGE])
    asked = "SELECT edit_id, geom IS NULL, cost_eur, oneway FROM network_edits"
    rows = base.execute(asked).fetchall()
    assert rows == [("E1", 0, None, 0), ("E3", 1, None, 1)]
    assert base.execute("SELECT edit_id FROM network_edits_crossings").fetchall() == [("E2",)]


def test_a_geopackage_says_nothing_of_who_wrote_it(hostile: Result) -> None:
    """Moments, versions and journals are the same whenever and wherever it is written."""
    content = build_files(hostile.sheets)[GEOPACKAGE]
    assert content[18:20] == b"\1\1"
    assert content[24:28] == content[92:96] == b"\0\0\0\1"
    base = sqlite3.connect(":memory:")
    base.deserialize(content)
    assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert base.execute("PRAGMA foreign_key_check").fetchall() == []
    for table, column in (("gpkg_contents", "last_change"), ("layer_styles", "update_time"),
                          ("gpkg_metadata_reference", "timestamp")):  # fmt: skip
        moments = base.execute(f"SELECT DISTINCT {column} FROM {table}").fetchall()  # noqa: S608
        assert moments == [("2000-01-01T00:00:00Z",)]
