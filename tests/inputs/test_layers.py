"""Layers of the user: polygons by which children are counted too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pytest
import shapely
from inputs.conftest import SQUARES, squares

from stemgeo.errors import Findings, InputError
from stemgeo.inputs import read_municipalities
from stemgeo.inputs.layers import load_layer, read_own_layer
from stemgeo.study import Layer

if TYPE_CHECKING:
    from pathlib import Path

KM = 1000.0


def box(left: float, bottom: float, right: float, top: float) -> shapely.Polygon:
    """A rectangle in kilometres from the corner of the first of the six squares (60 by 10 km)."""
    return shapely.box(
        100_000 + left * KM, 200_000 + bottom * KM, 100_000 + right * KM, 200_000 + top * KM
    )


WEST_EAST = [box(0, 0, 30, 10), box(30, 0, 60, 10)]


def layer(shapes: list[shapely.Geometry], **columns: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:31370")


class Read:
    """A layer written to a file and read again, with what was said of it."""

    def __init__(
        self, frame: gpd.GeoDataFrame, folder: Path, area: gpd.GeoDataFrame, **more: Any
    ) -> None:
        path = folder / "regio.gpkg"
        frame.to_file(path)
        findings = Findings()
        self.table, origin = load_layer("regio", Layer(path=path, **more), area, findings)
        assert origin is not None
        self.origin = origin
        self.errors = [str(problem) for problem in findings.errors]
        self.warnings = [str(problem) for problem in findings.warnings]

    @property
    def names(self) -> dict[str, str]:
        """Name of each polygon by its code, when the file could be read."""
        assert self.errors == []
        assert self.table is not None
        return dict(zip(self.table["code"], self.table["name"], strict=True))


# --- Codes and names ---------------------------------------------------------------------------


def test_columns_that_the_study_names(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """`id` and `name` say which columns count; the table is by code, with its file's role."""
    frame = layer(WEST_EAST, nr=["1", "2"], werking=["R9", "R1"], titel=["West", "Oost"])
    read = Read(frame, tmp_path, municipalities, id="werking", name="titel")
    assert read.names == {"R1": "Oost", "R9": "West"}
    assert read.table is not None
    assert list(read.table.columns) == ["code", "name", "geometry"]
    assert list(read.table["code"]) == ["R1", "R9"]
    assert list(read.table.index) == [0, 1]
    assert read.table.crs.to_epsg() == 31370
    assert read.table.geometry[0].equals(WEST_EAST[1])
    assert (read.origin.role, read.origin.name) == ("layers.regio", "regio.gpkg")
    assert read.warnings == []


def test_columns_found_by_themselves(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Without them the first column that names each polygon once counts, and `naam`."""
    frame = layer(WEST_EAST, soort=["x", "x"], lengte=[1.5, 2.5], regio=["B", "A"], NAAM=["b", "a"])
    read = Read(frame, tmp_path, municipalities)
    assert read.names == {"A": "a", "B": "b"}
    assert read.warnings == []


def test_code_stands_in_for_a_name(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """A polygon without a name is called by its code; codes may be numbers."""
    frame = layer(WEST_EAST, regio=[7.0, 12.0], naam=["Oost", None])
    assert Read(frame, tmp_path, municipalities, id="regio").names == {"7": "Oost", "12": "12"}


def test_capitals_of_a_column_do_not_matter(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """A shapefile's CODE is the study's code; of two that differ in capitals the exact one is."""
    frame = layer(WEST_EAST, CODE=["a", "b"])
    assert set(Read(frame, tmp_path, municipalities, id="code").names) == {"a", "b"}
    frame = layer(WEST_EAST, **{"Code x": ["a", "b"], "code_x": ["c", "d"]})
    assert set(Read(frame, tmp_path, municipalities, id="code_x").names) == {"c", "d"}
    assert set(Read(frame, tmp_path, municipalities, id="Code x").names) == {"a", "b"}


def test_polygons_without_codes_are_numbered(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """When no column tells them apart they are 1, 2, 3, and a warning says so."""
    frame = layer(WEST_EAST, soort=["regio", "regio"])
    read = Read(frame, tmp_path, municipalities)
    assert read.names == {"1": "1", "2": "2"}
    assert read.table is not None
    assert read.table.geometry[0].equals(WEST_EAST[0])
    (line,) = read.warnings
    assert "has no column that names each polygon once (it has: soort)" in line
    assert "they are numbered 1, 2, 3" in line
    assert "with `id`" in line


def test_misspelt_columns_are_both_told(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """The nearest name is offered; far from all, those that there are."""
    frame = layer(WEST_EAST, vervoerreg=["1", "2"], naam=["a", "b"])
    read = Read(frame, tmp_path, municipalities, id="vervoerregio", name="qqqq")
    assert read.table is None
    assert read.errors == [
        "regio.gpkg: has no column 'vervoerregio'; did you mean 'vervoerreg'?",
        "regio.gpkg: has no column 'qqqq'; it has: vervoerreg, naam",
    ]


def test_codes_given_twice(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """A code on two polygons is an error with the code; the pieces are not joined silently."""
    frame = layer(WEST_EAST, regio=["A", "A"], nr=[1, 2])
    read = Read(frame, tmp_path, municipalities, id="regio")
    assert read.table is None
    assert read.errors == ["regio.gpkg: 'regio' is not unique: A; give each polygon once"]


def test_polygon_without_code(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """An empty code, which means a child in no polygon, cannot be one of the layer."""
    frame = layer(WEST_EAST, regio=["A", " "])
    read = Read(frame, tmp_path, municipalities, id="regio")
    assert read.table is None
    assert read.errors == ["regio.gpkg, feature 2: no 'regio'; give each polygon a code"]


def test_names_that_are_formulas(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """A name or code that a spreadsheet would compute is told, once; a number is none."""
    frame = layer(WEST_EAST, regio=["-x", "B"], naam=["-1", "=1+1"])
    (line,) = Read(frame, tmp_path, municipalities).warnings
    assert "names that a spreadsheet takes for a formula: -x, =1+1" in line


def test_control_characters_are_taken_out(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Names go to documents, which cannot hold them."""
    frame = layer(WEST_EAST, regio=["A\x07", "B"], naam=["We\u202est", "O\tost"])
    assert Read(frame, tmp_path, municipalities).names == {"A": "West", "B": "O ost"}


# --- Outlines ----------------------------------------------------------------------------------


@pytest.mark.parametrize("epsg", [3812, 4326])
def test_any_reference_system(tmp_path: Path, municipalities: gpd.GeoDataFrame, epsg: int) -> None:
    """Whatever the file is in, the layer is in EPSG:31370."""
    read = Read(layer(WEST_EAST, id=["a", "b"]).to_crs(epsg), tmp_path, municipalities)
    assert read.table is not None
    assert read.table.total_bounds == pytest.approx([1e5, 2e5, 1.6e5, 2.1e5], abs=1)


def test_crossing_outlines_are_mended(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """A bow tie becomes valid, with a warning that names the polygon."""
    tie = shapely.Polygon([(1e5, 2e5), (1.1e5, 2.1e5), (1.1e5, 2e5), (1e5, 2.1e5)])
    read = Read(layer([tie], id=["strik"], naam=["Strik"]), tmp_path, municipalities)
    assert read.table is not None
    assert read.table.is_valid.all()
    assert "1 outline crosses itself and was mended: strik Strik" in read.warnings[0]


def test_polygon_without_outline_is_left_out(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """It is told by its name."""
    frame = layer([WEST_EAST[0], None], id=["a", "b"], naam=["West", "Oost"])
    read = Read(frame, tmp_path, municipalities)
    assert list(read.names) == ["a"]
    assert "1 polygon without an outline is left out: b Oost" in read.warnings[0]


def test_points_are_no_layer(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Points are refused by name, and that is all that is said."""
    frame = layer([shape.centroid for shape in WEST_EAST], id=["a", "b"])
    read = Read(frame, tmp_path, municipalities)
    assert read.table is None
    assert read.errors == ["regio.gpkg: no polygon: a, b; give outlines as polygons"]


def test_a_table_is_no_layer(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """A file without geometry is refused at the door, by the name of the layer."""
    (tmp_path / "regio.csv").write_text("id;naam\n1;West\n")
    findings = Findings()
    given = Layer(path=tmp_path / "regio.csv")
    assert load_layer("regio", given, municipalities, findings) == (None, None)
    assert "which cannot be used as layers.regio" in str(findings.errors[0])


# --- The study area ----------------------------------------------------------------------------


def test_polygons_elsewhere_are_left_out(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """One that only borders on the study, or is 8 m off, is outside; one 12 m inside is not."""
    shapes = [*WEST_EAST, box(60, 0, 70, 10), box(0, 9.992, 60, 20), box(0, -10, 60, 0.012)]
    read = Read(layer(shapes, id=["a", "b", "c", "d", "e"]), tmp_path, municipalities)
    assert list(read.names) == ["a", "b", "e"]
    assert read.origin.note == "2 polygons outside the study's municipalities left out"


def test_layer_of_another_place(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """A layer of which no polygon lies in the study is an error."""
    read = Read(layer([box(60, 0, 70, 10)], id=["a"]), tmp_path, municipalities)
    assert read.table is None
    (line,) = read.errors
    assert "no polygon lies in the municipalities of the study" in line


def test_without_municipalities_the_layer_is_not_blamed(
    tmp_path: Path, municipalities: gpd.GeoDataFrame
) -> None:
    """When the municipalities could not be read the layer is checked for itself alone."""
    read = Read(layer(WEST_EAST, id=["a", "b"]), tmp_path, municipalities.iloc[:0])
    assert list(read.names) == ["a", "b"]


def test_overlap_is_told_with_its_area(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Two regions that share 20 km2, and which of them counts a child there."""
    shapes = [box(0, 0, 32, 10), box(30, 0, 60, 10)]
    read = Read(layer(shapes, id=["a", "b"], naam=["West", "Oost"]), tmp_path, municipalities)
    (line,) = read.warnings
    assert line == (
        "regio.gpkg: 1 pair of polygons overlaps, 20.00 km2 in all: a West and b Oost "
        "(20.00 km2); a child there counts once, in the first by code"
    )


def test_land_in_no_polygon_is_no_fault(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """A partnership's working area need not cover the study."""
    read = Read(layer([box(5, 2, 6, 3)], id=["a"]), tmp_path, municipalities)
    assert (read.errors, read.warnings, read.origin.note) == ([], [], "")


# --- Python ------------------------------------------------------------------------------------


def test_reader_takes_a_path_or_a_layer(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """As the other readers; problems are raised."""
    layer(WEST_EAST, regio=["B", "A"], nr=[1, 2]).to_file(tmp_path / "regio.geojson")
    read = read_own_layer(str(tmp_path / "regio.geojson"), municipalities)
    assert list(read["code"]) == ["A", "B"]
    given = Layer(path=tmp_path / "regio.geojson", id="nr")
    assert list(read_own_layer(given, municipalities)["code"]) == ["1", "2"]
    with pytest.raises(InputError, match="has no column 'x'"):
        read_own_layer(Layer(path=tmp_path / "regio.geojson", id="x"), municipalities)
    with pytest.raises(FileNotFoundError):
        read_own_layer(tmp_path / "weg.gpkg", municipalities)


def test_municipalities_can_be_a_layer(tmp_path: Path, municipalities: gpd.GeoDataFrame) -> None:
    """Polygons that touch are no overlap."""
    read = Read(squares(SQUARES), tmp_path, municipalities)
    assert read.names == SQUARES
    assert read.warnings == []


# --- Real layers -------------------------------------------------------------------------------

LAYERS = {
    "vervoerregio2025": (15, {"1": "1", "15": "15"}),
    "deelgemeente2024": (1141, {"11001A": "Aartselaar (Dg.)"}),
    "wijk2025": (2563, {"11001W01": "'t Heiken (Aartselaar)"}),
    "provincie2025": (5, {"70000": "Limburg", "20001": "Vlaams-Brabant"}),
}
"""Polygons in Flanders, and some of them; the files hold Brussels too, save the first."""


@pytest.mark.parametrize("name", LAYERS)
def test_published_layers(shared_data: Path, name: str) -> None:
    """Each covers Flanders to a hundredth, without a word; Brussels is left out.

    Save ten of its parts in the file of 2024, which is drawn more than a sliver into Flanders.
    """
    folder = shared_data / "boundaries"
    area = read_municipalities(folder / "gemeente2025.gpkg")
    findings = Findings()
    table, origin = load_layer(name, Layer(path=folder / f"{name}.gpkg"), area, findings)
    assert (findings.errors, findings.warnings) == ([], [])
    assert table is not None
    assert origin is not None
    count, some = LAYERS[name]
    assert len(table) == count
    assert some.items() <= dict(zip(table["code"], table["name"], strict=True)).items()
    assert list(table["code"]) == sorted(table["code"])
    assert table.is_valid.all()
    assert table.area.sum() == pytest.approx(area.area.sum(), rel=0.01)
