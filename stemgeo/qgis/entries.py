"""Layers with their words, as the GeoPackage has them and as a project lists them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from stemgeo.qgis.columns import describe_columns, list_column_kinds, name_columns
from stemgeo.qgis.symbols import LINE, POINT, POLYGON, draw_style, element, say_plainly, write_xml

if TYPE_CHECKING:
    from xml.etree import ElementTree as ET

    from stemgeo.qgis.layers import MapTable
    from stemgeo.qgis.symbols import MapStyle
    from stemgeo.report.sheets import Sheets

GEOPACKAGE = "result.gpkg"
"""What holds the layers."""
VERSION = "3.22.0"
"""Of QGIS: as it writes; every later one reads it."""
TYPES = {POINT: ("Point", 0), LINE: ("MultiLineString", 1), POLYGON: ("MultiPolygon", 2)}
"""What a layer holds, as QGIS names and numbers it."""
_TIP = "[% replace(replace(\"{column}\", '&', '&amp;'), '<', '&lt;') %]"
"""What is shown under the pointer: of data, so that no mark-up in it is taken for ours."""
_SAID_BY = ("name", "academy_id", "street", "gap_id", "zone_id", "edit_id", "minutes_to", "kind")


@dataclass(frozen=True)
class LayerInQgis:
    """A layer with its words.

    Attributes
    ----------
    layer
        What it shows.
    about, rights
        Where it is from and what it does not say, in one text; and whose it is.
    aliases, descriptions, kinds
        What its columns are called, what they are and of which kind, by their name.
    source
        In which file of the folder it stands, as QGIS calls that.
    """

    layer: MapTable
    about: str
    rights: str
    aliases: dict[str, str]
    descriptions: dict[str, str]
    kinds: dict[str, str]
    source: str = ""

    @property
    def title(self) -> str:
        """What it is called, for people."""
        return say_plainly(self.layer.title)

    @property
    def found_at(self) -> str:
        """Where it stands, from the folder of the project."""
        return f"./{GEOPACKAGE}|layername={self.layer.key}" if not self.source else self.source

    @cached_property
    def said_by(self) -> str:
        """The column that names its features."""
        return next((one for one in _SAID_BY if one in self.aliases), next(iter(self.aliases)))

    @property
    def metadata(self) -> list[ET.Element]:
        """Where it is from, as QGIS says that."""
        told = {"identifier": self.layer.key, "type": "dataset", "title": self.title}
        told |= {"abstract": self.about, "rights": self.rights}
        return [element(name, text=one) for name, one in told.items()]

    @cached_property
    def styles(self) -> dict[str, str]:
        """Its styles as files of QGIS, by their name: the layer's own first."""
        return {say_plainly(one.name): self._write_style(one) for one in self.layer.styles}

    def _write_style(self, style: MapStyle) -> str:
        facts = {"version": VERSION, "styleCategories": "AllStyleCategories"}
        root = element("qgis", *self.draw(style), labelsEnabled=int(bool(style.names)), **facts)
        return write_xml(root)

    def draw(self, style: MapStyle) -> list[ET.Element]:
        """Give a style with the names of columns."""
        aliases = [
            element("alias", field=name, index=number, name=say_plainly(one))
            for number, (name, one) in enumerate(self.aliases.items(), start=1)
        ]
        return [
            *draw_style(self.layer.kind, style, self.layer.key),
            element("aliases", *aliases),
            element("previewExpression", text=f'"{self.said_by}"'),
            element("mapTip", text=_TIP.format(column=self.said_by)),
            element("layerGeometryType", text=str(TYPES[self.layer.kind][1])),
        ]


@dataclass(frozen=True)
class ShownLayer:
    """A layer of the project: one style of a table.

    Attributes
    ----------
    of
        The table.
    style
        How it looks.
    number
        Of the style, of its table.
    shown
        Whether it is on at first.
    """

    of: LayerInQgis
    style: MapStyle
    number: int
    shown: bool

    @property
    def id(self) -> str:
        """By which the project knows it; QGIS takes no short one."""
        return f"stemgeo_{self.of.layer.key}_{self.number}"

    @property
    def name(self) -> str:
        """What it is called in the list of layers."""
        return say_plainly(self.style.name)


def with_words(layer: MapTable, sheets: Sheets, about: str, source: str = "") -> LayerInQgis:
    """Give a layer its words in the language of a result.

    Parameters
    ----------
    layer, sheets
        What it shows, of which result.
    about
        Where it is from and what it does not say.
    source
        In which other file it stands.
    """
    columns = [name for name in map(str, layer.table) if name != layer.table.geometry.name]
    aliases = name_columns(layer.schema, columns, sheets.result)
    # What a result does not know, as a recognition or a plan, is named by no word of ours.
    unknown = [name for name in _BY_STUDY & {*columns} if {*layer.table[name].dropna()} <= {0}]
    aliases |= {name: name for name in unknown}
    described = describe_columns(layer.schema, columns) | dict.fromkeys(unknown, "")
    known = list_column_kinds(layer.schema, columns)
    rights = say_plainly(sheets.result.text.source)
    return LayerInQgis(layer, about, rights, aliases, described, known, source)


_BY_STUDY = {"planned", "valid_from", "valid_until"}
"""Columns of what some studies alone have."""


def list_entry(one: ShownLayer, **custom: Any) -> ET.Element:
    """Write a layer as a list of layers has it."""
    shown = "Qt::Checked" if one.shown else "Qt::Unchecked"
    values = [
        element("Option", type_="QString", name=name, value=value) for name, value in custom.items()
    ]
    made = element("Option", *values, type_="Map") if values else element("Option")
    return element(
        "layer-tree-layer",
        element("customproperties", made),
        id=one.id,
        name=one.name,
        source=one.of.found_at,
        providerKey="ogr",
        checked=shown,
        expanded=int(one.shown),
        legend_exp="",
        patch_size="-1,-1",
    )
