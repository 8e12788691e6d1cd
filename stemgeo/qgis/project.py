"""A project of QGIS: the layers of a GeoPackage in groups, as they look, and its print layouts."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import TYPE_CHECKING

from stemgeo.facts import LAMBERT_72
from stemgeo.maps.sheet import NEIGHBOUR
from stemgeo.qgis.entries import (
    GEOPACKAGE,
    TYPES,
    VERSION,
    LayerInQgis,
    ShownLayer,
    list_entry,
    with_words,
)
from stemgeo.qgis.geopackage import SRID, write_geopackage
from stemgeo.qgis.layers import AREAS, PROVINCE_NAMED, MapTable, ResultLayers, draw_bands
from stemgeo.qgis.layouts import MASK, PrintLayout, lay_out
from stemgeo.qgis.symbols import POLYGON, MapStyle, StyleRule, element, say_plainly, write_xml
from stemgeo.report.imprint import list_file_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from xml.etree import ElementTree as ET

    from stemgeo.report.sheets import Sheets

PROJECT = "result.qgz"
"""What QGIS opens, beside its GeoPackage."""
_OPEN_MARGIN = 0.05
_SRSID = 2640
"""The number of our coordinates in the list of QGIS: where there is none it asks no further."""


def build_files(sheets: Sheets) -> dict[str, bytes]:
    """Give the GeoPackage and the project of a result, by the names of their files.

    Parameters
    ----------
    sheets
        Its maps.

    Returns
    -------
    dict
        The same result, the same bytes.
    """
    text = sheets.result.text
    about = " ".join(map(say_plainly, (*text.opening, *text.credits)))
    layers = [with_words(one, sheets, about) for one in ResultLayers(sheets).gather()]
    project = Project(sheets, tuple(layers), about)
    return {
        GEOPACKAGE: write_geopackage(layers, list_file_words(text)),
        PROJECT: project.write(),
    }


@dataclass(frozen=True)
class Project:
    """The project of a result.

    Attributes
    ----------
    sheets
        Its maps.
    layers
        Those of the GeoPackage, from above.
    about
        Where all is from, in one text.
    """

    sheets: Sheets
    layers: Sequence[LayerInQgis]
    about: str

    def write(self) -> bytes:
        """Give the file: a zip with the same date, whenever it is made."""
        content = BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
            entry = zipfile.ZipInfo(PROJECT.replace(".qgz", ".qgs"))
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, write_xml(self.build()).encode("utf-8"))
        return content.getvalue()

    @cached_property
    def entries(self) -> list[ShownLayer]:
        """The layers as the project lists them, from above."""
        return [
            ShownLayer(one, style, number, one.layer.shown and not number)
            for one in (*self.layers, *self._list_catchments())
            for number, style in enumerate(one.layer.styles)
        ]

    def _list_catchments(self) -> list[LayerInQgis]:
        """Show the isochrones of each academy from the file that has them all."""
        bands = next((one.layer for one in self.layers if one.layer.key == "isochrones"), None)
        if bands is None:
            return []
        words = self.sheets.result.words
        title = words("qgis.catchments")
        style = draw_bands(bands.table, title, words)
        one = MapTable("catchments", title, AREAS, POLYGON, bands.table, "isochrones", [style])
        source = "./isochrones.gpkg|layername=isochrones|subset=\"academy_id\" <> ''"
        return [with_words(one, self.sheets, self.about, source)]

    @cached_property
    def _mask(self) -> ShownLayer:
        """What lies beside the province of a print layout, over it and pale; elsewhere nothing."""
        towns = next(one for one in self.layers if one.layer.key == "municipalities")
        label = self.sheets.result.words("map.outside")
        rule = StyleRule(label, f'"province" <> {PROVINCE_NAMED}', NEIGHBOUR)
        return ShownLayer(towns, MapStyle(label, [rule]), len(towns.layer.styles), shown=True)

    def build(self) -> ET.Element:
        """Give the project as XML."""
        title = say_plainly(self.sheets.result.text.title)
        shown = {one.of.layer.key: one for one in reversed(self.entries)} | {MASK: self._mask}
        layouts = [one.build(shown) for one in self.list_layouts()]
        return element(
            "qgis",
            element("homePath", path=""),
            element("title", text=title),
            element("projectCrs", _write_system()),
            self._build_tree(),
            self._build_canvas(),
            element("projectlayers", *map(self._build_layer, (*self.entries, self._mask))),
            element("layerorder", *(element("layer", id=one.id) for one in self.drawn())),
            self._build_properties(),
            element("projectMetadata", *self._list_metadata(title)),
            element("Layouts", *layouts),
            version=VERSION,
            projectname=title,
        )

    def drawn(self) -> list[ShownLayer]:
        """Give all that is drawn, from above."""
        order = [*self.entries]
        order.insert(1 + self._find("provinces"), self._mask)
        return order

    def _find(self, key: str) -> int:
        return next(at for at, one in enumerate(self.entries) if one.of.layer.key == key)

    def list_layouts(self) -> list[PrintLayout]:
        """Give the print layouts: of all, then of each province."""
        rows = len(self.entries[self._find("municipalities")].style.rules)
        provinces = (None, *self.sheets.result.whole_provinces)
        return [lay_out(self.sheets, one, rows) for one in provinces]

    def _list_metadata(self, title: str) -> Iterator[ET.Element]:
        told = {"identifier": "", "language": str(self.sheets.result.language), "title": title}
        for name, one in {**told, "abstract": self.about}.items():
            yield element(name, text=one)

    def _build_tree(self) -> ET.Element:
        """List the layers in groups, from above."""
        words = self.sheets.result.words
        groups: dict[str, list[ShownLayer]] = {}
        for one in self.drawn():
            groups.setdefault(one.of.layer.group, []).append(one)
        made = [
            element(
                "layer-tree-group",
                *map(list_entry, group),
                name=say_plainly(words(f"qgis.group.{key}")),
                checked="Qt::Checked",
                expanded=1,
            )
            for key, group in groups.items()
        ]
        return element("layer-tree-group", *made)

    def _build_canvas(self) -> ET.Element:
        x0, y0, x1, y1 = self.sheets.result.municipalities.total_bounds
        beside = _OPEN_MARGIN * max(x1 - x0, y1 - y0)
        corners = (x0 - beside, y0 - beside, x1 + beside, y1 + beside)
        return element(
            "mapcanvas",
            element("units", text="meters"),
            element("extent", *write_corners(corners)),
            element("rotation", text="0"),
            element("destinationsrs", _write_system()),
            name="theMapCanvas",
            annotationsVisible=1,
        )

    def _build_layer(self, one: ShownLayer) -> ET.Element:
        of = one.of
        wkb, _ = TYPES[of.layer.kind]
        return element(
            "maplayer",
            element("id", text=one.id),
            element("datasource", text=of.found_at),
            element("keywordList", element("value")),
            element("layername", text=one.name),
            element("srs", _write_system()),
            element("resourceMetadata", *of.metadata),
            element("provider", text="ogr", encoding="UTF-8"),
            *of.draw(one.style),
            type_="vector",
            geometry=of.layer.kind,
            wkbType=wkb,
            labelsEnabled=int(bool(one.style.names)),
            readOnly=0,
            styleCategories="AllStyleCategories",
        )

    def _build_properties(self) -> ET.Element:
        return element(
            "properties",
            element("Paths", element("Absolute", text="false", type_="bool")),
            element("SpatialRefSys", element("ProjectionsEnabled", text="1", type_="int")),
            element("Measurement", element("DistanceUnits", text="meters", type_="QString")),
        )


def write_corners(corners: Sequence[float]) -> list[ET.Element]:
    """Write least and most x and y as elements."""
    names = ("xmin", "ymin", "xmax", "ymax")
    return [element(name, text=repr(float(one))) for name, one in zip(names, corners, strict=True)]


def _write_system() -> ET.Element:
    told = {
        "srsid": _SRSID,
        "srid": SRID,
        "authid": LAMBERT_72,
        "description": "BD72 / Belgian Lambert 72",
        "projectionacronym": "lcc",
        "ellipsoidacronym": "EPSG:7022",
        "geographicflag": "false",
    }
    return element("spatialrefsys", *(element(name, text=str(one)) for name, one in told.items()))
