"""Print layouts of QGIS that are laid out as our printed maps: by `maps.layout`, in its inches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stemgeo.maps.kinds import MapRequest, choose_share_classes
from stemgeo.maps.layout import (
    CAUTION_PT,
    FONT,
    GAP_IN,
    MARGIN_IN,
    PAPERS,
    PLACE_PT,
    POINTS_PER_INCH,
    SMALL_PT,
    TEXT_PT,
    Box,
    choose_sheet,
    line_height_in,
    round_length_m,
    wrap_text,
)
from stemgeo.maps.page import (
    CAUTION_GROUND,
    INK,
    KEY_TEXT_IN,
    PALE_INK,
    ROW_IN,
    SCALE_BAR_IN,
    SECOND_COLUMN_IN,
    SWATCH_IN,
)
from stemgeo.qgis.entries import list_entry
from stemgeo.qgis.symbols import element, make_id, options, say_plainly, write_colour

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from xml.etree import ElementTree as ET

    from stemgeo.maps.layout import Sheet
    from stemgeo.maps.text import MapText
    from stemgeo.qgis.entries import ShownLayer
    from stemgeo.report.sheets import Sheets

_MM_PER_INCH = 25.4
_MAP, _LABEL, _LEGEND, _SCALE = 65639, 65641, 65642, 65646
_PAGE = 65638
MASK = "mask"
"""What is pale beside the province of a layout."""
_RULE_IN = 3.4
_NORMAL, _BOLD = 50, 75


@dataclass(frozen=True)
class PrintLayout:
    """A sheet of A4 with the share within reach.

    Attributes
    ----------
    province
        Of which it is; None for all.
    name
        By which QGIS lists it.
    sheet
        What stands where.
    heading, rule
        Over the legend and under its classes, in lines.
    has_around
        Whether what lies around is explained.
    """

    province: str | None
    name: str
    sheet: Sheet
    heading: Sequence[str]
    rule: Sequence[str]
    has_around: bool

    def build(self, drawn: Mapping[str, ShownLayer]) -> ET.Element:
        """Give it as XML.

        Parameters
        ----------
        drawn
            The layers that there are by the key of their table, and MASK.
        """
        items = [*self._yield_words(), *self._yield_legends(drawn), self._draw_scale()]
        items.append(self._draw_map(drawn))
        # The last lies lowest, as QGIS lists them.
        for number, one in enumerate(reversed(items), start=1):
            one.set("zValue", str(number))
        return element(
            "Layout",
            element("Grid", resolution=10, offsetX=0, offsetY=0, resUnits="mm", offsetUnits="mm"),
            element("PageCollection", self._build_page()),
            *items,
            element("Atlas", enabled=0, hideCoverage=0),
            name=self.name,
            units="mm",
            printResolution=300,
        )

    def _build_page(self) -> ET.Element:
        page = Box(0, 0, self.sheet.width, self.sheet.height)
        return self._item(_PAGE, "page", page, background="true")

    def _item(
        self, type_: int, name: str, place: Box, *inside: ET.Element, **facts: Any
    ) -> ET.Element:
        """Make an item at a place; QGIS counts from above, in millimetres."""
        left, top = place.left, self.sheet.height - place.top
        at = ",".join(f"{one * _MM_PER_INCH:.2f}" for one in (left, top)) + ",mm"
        size = ",".join(f"{one * _MM_PER_INCH:.2f}" for one in (place.width, place.height)) + ",mm"
        key = make_id("layout", self.province, name)
        own: dict[str, Any] = {"position": at, "positionOnPage": at, "size": size, "id": name}
        own |= {"uuid": key, "templateUuid": key, "type": type_, "visibility": 1, "opacity": 1}
        own |= {"referencePoint": 0, "itemRotation": 0, "blendMode": 0, "frame": "false"}
        own |= {"background": "false", "frameJoinStyle": "miter", "excludeFromExports": 0}
        return element("LayoutItem", *inside, **(own | facts))

    # -- words --------------------------------------------------------------------------------

    def _yield_words(self) -> Iterator[ET.Element]:
        """Write title, study, cautions, heading, rule and sources where our sheets have them."""
        sheet, inside = self.sheet, self.sheet.width - 2 * MARGIN_IN
        top = sheet.height - MARGIN_IN
        for name, lines, size, bold, ink in (
            ("title", sheet.title, sheet.title_pt, _BOLD, INK),
            ("study", sheet.study, PLACE_PT, _NORMAL, PALE_INK),
        ):
            high = len(lines) * line_height_in(size)
            if lines:
                box = Box(MARGIN_IN, top - high, inside, high)
                yield self._write(name, lines, box, size, bold, ink)
            top -= high
        if sheet.cautions:
            high = len(sheet.cautions) * line_height_in(CAUTION_PT) + GAP_IN
            band = Box(MARGIN_IN, top - GAP_IN - high, inside, high)
            yield self._write_cautions(band)
        legend = sheet.legend
        yield self._write_down("heading", self.heading, legend.left, legend.top, TEXT_PT, _BOLD)
        low = legend.bottom + len(self.rule) * line_height_in(SMALL_PT)
        yield self._write_down("rule", self.rule, legend.left, low, SMALL_PT, ink=PALE_INK)
        top = MARGIN_IN + len(sheet.credits) * line_height_in(SMALL_PT)
        yield self._write_down("credits", sheet.credits, MARGIN_IN, top, SMALL_PT, ink=PALE_INK)

    def _write_down(
        self,
        name: str,
        lines: Sequence[str],
        left: float,
        top: float,
        size_pt: float,
        weight: int = _NORMAL,
        ink: str = INK,
    ) -> ET.Element:
        high = len(lines) * line_height_in(size_pt)
        box = Box(left, top - high, self.sheet.width - MARGIN_IN - left, high)
        return self._write(name, lines, box, size_pt, weight, ink)

    def _write_cautions(self, band: Box) -> ET.Element:
        """Write the cautions in their band, framed as ours."""
        facts = {"background": "true", "frame": "true", "outlineWidthM": _in_mm(0.6)}
        margins = {
            "marginX": f"{GAP_IN * _MM_PER_INCH:.2f}",
            "marginY": f"{GAP_IN / 2 * _MM_PER_INCH:.2f}",
        }
        made = self._write(
            "cautions", self.sheet.cautions, band, CAUTION_PT, _BOLD, INK, **facts, **margins
        )
        made.append(_colour("FrameColor", INK))
        made.append(_colour("BackgroundColor", CAUTION_GROUND))
        return made

    def _write(
        self,
        name: str,
        lines: Sequence[str],
        place: Box,
        size_pt: float,
        weight: int,
        ink: str,
        **facts: Any,
    ) -> ET.Element:
        """Write lines as a text of QGIS, which never reads them as mark-up."""
        said = "\n".join(map(say_plainly, lines))
        own = {"labelText": said, "htmlState": 0, "halign": 1, "valign": 32}
        own |= {"marginX": 0, "marginY": 0} | facts
        font = element("LabelFont", description=_name_font(size_pt, weight), style="")
        return self._item(_LABEL, name, place, font, _colour("FontColor", ink), **own)

    # -- map, legend, scale ---------------------------------------------------------------------

    def _draw_map(self, drawn: Mapping[str, ShownLayer]) -> ET.Element:
        sheet = self.sheet
        corners = dict(zip(("xmin", "ymin", "xmax", "ymax"), sheet.ground.corners, strict=True))
        layers = [
            element("Layer", text=one.id, name=one.name, source=one.of.found_at, provider="ogr")
            for one in self._list_drawn(drawn)
        ]
        said = {"variableNames": ["stemgeo_province"], "variableValues": [self.province or ""]}
        own = options(said if self.province else {})
        return self._item(
            _MAP,
            "map",
            sheet.frame,
            _colour("FrameColor", "#9a9a9a"),
            _colour("BackgroundColor", "white"),
            element("LayoutObject", element("customproperties", own)),
            element("Extent", **{name: repr(float(one)) for name, one in corners.items()}),
            element("LayerSet", *layers),
            element("AtlasMap", atlasDriven=0, scalingMode=2, margin="0.1"),
            frame="true",
            outlineWidthM=_in_mm(0.5),
            background="true",
            keepLayerSet="true",
            keepLayerStyles="false",
            followPreset="false",
            drawCanvasItems="false",
            mapRotation=0,
            labelMargin="0,mm",
        )

    def _list_drawn(self, drawn: Mapping[str, ShownLayer]) -> list[ShownLayer]:
        """Give what the map shows, from above."""
        found = [drawn.get(key) for key in ("academies", "provinces")]
        found += [drawn.get(MASK) if self.province else None]
        found += [drawn.get(key) for key in ("municipalities", "around")]
        return [one for one in found if one is not None]

    def _yield_legends(self, drawn: Mapping[str, ShownLayer]) -> Iterator[ET.Element]:
        """Explain the classes left, all other marks right."""
        legend = self.sheet.legend
        top = legend.top - len(self.heading) * line_height_in(TEXT_PT) - GAP_IN / 2
        shares = drawn.get("municipalities")
        beside = None if self.has_around else drawn.get("around")  # Brussels bears its name
        others = [one for one in self._list_drawn(drawn) if one not in (shares, beside)]
        columns: dict[str, list[ShownLayer | None]] = {"classes": [shares], "others": [*others]}
        for number, (name, entries) in enumerate(columns.items()):
            left = legend.left + number * SECOND_COLUMN_IN
            place = Box(left, legend.bottom, SECOND_COLUMN_IN - GAP_IN, top - legend.bottom)
            yield self._draw_legend(name, [one for one in entries if one is not None], place)

    def _draw_legend(self, name: str, drawn: Sequence[ShownLayer], place: Box) -> ET.Element:
        wide, high = (f"{one * _MM_PER_INCH:.2f}" for one in SWATCH_IN)
        margins = dict.fromkeys(("title", "group", "subgroup", "symbol", "symbolLabel"), "")
        margins["symbol"] = "marginTop"
        margins["symbolLabel"] = "marginLeft"
        apart = {
            "marginTop": f"{(ROW_IN - SWATCH_IN[1]) * _MM_PER_INCH:.2f}",
            "marginLeft": f"{(KEY_TEXT_IN - SWATCH_IN[0]) * _MM_PER_INCH:.2f}",
        }
        none: dict[str, Any] = dict.fromkeys((*apart, "marginBottom", "marginRight"), 0)
        styles = [
            element(
                "style",
                element("styleFont", description=_name_font(TEXT_PT), style=""),
                name=one,
                alignment=1,
                indent=0,
                **{name: apart[name] if name == own else 0 for name in none},
            )
            for one, own in margins.items()
        ]
        entries = [list_entry(one, **{"legend/title-style": "hidden"}) for one in drawn]
        return self._item(
            _LEGEND,
            f"legend-{name}",
            place,
            element("styles", *styles),
            element("layer-tree-group", *entries),
            title="",
            titleAlignment=1,
            columnCount=1,
            splitLayer=0,
            equalColumnWidth=0,
            boxSpace=0,
            columnSpace=2,
            resizeToContents=1,
            lineSpacing=1,
            symbolAlignment=1,
            wrapChar="",
            rasterBorder=0,
            legendFilterByAtlas=0,
            fontColor=INK,
            map_uuid=make_id("layout", self.province, "map"),
            symbolWidth=wide,
            symbolHeight=high,
        )

    def _draw_scale(self) -> ET.Element:
        """Draw the bar of a round length that ours has, at the foot of the second column."""
        sheet = self.sheet
        length_m = round_length_m(SCALE_BAR_IN * sheet.metres_per_inch)
        wide, high = length_m / sheet.metres_per_inch, 0.4
        place = Box(sheet.legend.left + SECOND_COLUMN_IN, sheet.legend.bottom, wide + 0.4, high)
        return self._item(
            _SCALE,
            "scale",
            place,
            element("text-style", fontFamily=FONT, fontSize=SMALL_PT, fontSizeUnit="Point",
                    fontWeight=_NORMAL, textColor=write_colour(INK), textOpacity=1),
            _colour("fillColor", INK),
            _colour("fillColor2", "white"),
            _colour("strokeColor", INK),
            style="Single Box",
            unitType="km",
            unitLabel="km",
            numUnitsPerSegment=f"{length_m / 2000:g}",
            numMapUnitsPerScaleBarUnit=1,
            numSegments=2,
            numSegmentsLeft=0,
            segmentSizeMode=0,
            segmentMillimeters=f"{wide / 2 * _MM_PER_INCH:.3f}",
            height="1.5",
            boxContentSpace=0,
            labelBarSpace=1,
            outlineWidth="0.25",
            alignment=0,
            labelVerticalPlacement=0,
            labelHorizontalPlacement=0,
            mapUuid=make_id("layout", self.province, "map"),
        )  # fmt: skip


def lay_out(sheets: Sheets, province: str | None, rows: int) -> PrintLayout:
    """Lay out the sheet of a province, as the printed map of it is.

    Parameters
    ----------
    sheets
        The maps of a result.
    province
        None for all.
    rows
        Lines of the legend.
    """
    ground = sheets.build_ground(province)
    text: MapText = ground.text.showing("map.share.title", ground.title_place)
    words = text.words
    classes = choose_share_classes(MapRequest(ground, tables=sheets.result))
    rule = f"{words(f'map.classes.{classes.rule}')} {words('map.share.rule')}"
    under = wrap_text(rule, _RULE_IN, SMALL_PT)
    heading = wrap_text(text.heading, PAPERS[0][0] - 2 * MARGIN_IN, TEXT_PT, "bold")
    high = len(heading) * line_height_in(TEXT_PT) + len(under) * line_height_in(SMALL_PT)
    sheet = choose_sheet(ground.bounds, text, high + rows * ROW_IN + GAP_IN)
    return PrintLayout(
        province,
        say_plainly(ground.title_place),
        sheet,
        heading,
        under,
        ground.surroundings is not None,
    )


def _colour(tag: str, colour: str) -> ET.Element:
    red, green, blue, alpha = write_colour(colour).split(",")
    return element(tag, red=red, green=green, blue=blue, alpha=alpha)


def _name_font(size_pt: float, weight: int = _NORMAL) -> str:
    return f"{FONT},{size_pt:g},-1,5,{weight},0,0,0,0,0"


def _in_mm(points: float) -> str:
    return f"{points / POINTS_PER_INCH * _MM_PER_INCH:.3f},mm"
