"""Looks of our maps as symbols, rules and labels of QGIS, in its XML.

What a map of ours has as matplotlib's looks is a symbol here, of the same colour, line and hatch in
the same points. Whatever comes from data passes `say_plainly`: XML escapes it, and what QGIS would
compute in a text it finds no more.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from matplotlib.colors import to_rgba

from stemgeo.maps.layout import FONT, POINTS_PER_INCH
from stemgeo.maps.page import INK, STYLE
from stemgeo.speech import to_one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stemgeo.maps.page import Looks

POINT, LINE, POLYGON = "Point", "Line", "Polygon"
"""What a layer holds, as QGIS calls it."""
_NAMESPACE = uuid.UUID("8f9d4f0e-3a57-5f5c-9b0e-6f2d1f4b7a10")
_MARKERS = {"o": "circle", "D": "diamond", "^": "triangle", "s": "square", "X": "cross_fill"}
_HATCH_DENSITY = 6
"""Lines of a hatch in an inch, for each time that its sign is said: as matplotlib draws it."""
_ANGLES = {"/": ("45",), "\\": ("135",), "x": ("45", "135")}
_DIAGONAL = 2**0.5
_PLACED: dict[str, dict[str, Any]] = {
    POINT: {"placement": 6, "dist": 0.5, "distUnits": "MM", "offsetType": 1},
    LINE: {"placement": 2},
    POLYGON: {"placement": 4, "centroidInside": 1},
}
"""Where QGIS writes names: around a mark, along a line, level within an area."""


def say_plainly(text: object) -> str:
    """Give a text on one line in which QGIS finds nothing to compute: [% ... %] is its sign."""
    return to_one_line(str(text)).replace("[%", "[ %")


def make_id(*of: object) -> str:
    """Give the same identifier for the same thing, in the form that QGIS knows."""
    return f"{{{uuid.uuid5(_NAMESPACE, '/'.join(map(str, of)))}}}"


def element(tag: str, *inside: ET.Element, text: object = "", **attributes: object) -> ET.Element:
    """Make an element of XML; attributes are written as they are given.

    Parameters
    ----------
    tag
        Its name.
    *inside
        What stands in it.
    text
        What it says.
    **attributes
        A trailing _ is left out: `type_` is "type".
    """
    made = ET.Element(tag, {name.rstrip("_"): str(one) for name, one in attributes.items()})
    made.text = str(text) or None
    made.extend(inside)
    return made


def options(values: Mapping[str, Any]) -> ET.Element:
    """Write values as QGIS does: by name, each with its type; a mapping in a mapping too."""
    return element("Option", *(_option(*one) for one in values.items()), type_="Map")


def _option(name: str, value: Any) -> ET.Element:
    if isinstance(value, dict):
        inside = [_option(*one) for one in value.items()]
        return element("Option", *inside, type_="Map", name=name)
    if isinstance(value, list):
        texts = [element("Option", type_="QString", value=one) for one in value]
        return element("Option", *texts, type_="StringList", name=name)
    kind = {bool: "bool", int: "int"}.get(type(value), "QString")
    said = str(value).lower() if kind == "bool" else value
    return element("Option", type_=kind, name=name, value=said)


def write_colour(colour: Any, alpha: float = 1.0) -> str:
    """Write a colour as QGIS does: 255,255,255,255."""
    *rgb, own = to_rgba(colour)
    return ",".join(str(round(part * 255)) for part in (*rgb, own * alpha))


def draw_symbol(kind: str, looks: Looks, name: str = "0") -> ET.Element:
    """Give the symbol of looks.

    Parameters
    ----------
    kind
        POINT, LINE or POLYGON.
    looks
        As matplotlib calls them: of a marker, of a line or of an area, its hatch too.
    name
        By which a rule finds it.
    """
    make = {POINT: _draw_marker, LINE: _draw_line, POLYGON: _draw_area}
    type_ = {POINT: "marker", LINE: "line", POLYGON: "fill"}[kind]
    return _symbol(type_, name, *make[kind](looks, name))


def _symbol(type_: str, name: str, *layers: ET.Element) -> ET.Element:
    return element(
        "symbol", *layers, type_=type_, name=name, alpha=1, clip_to_extent=1, force_rhr=0
    )


def _layer(class_: str, values: dict[str, Any], *inside: ET.Element) -> ET.Element:
    facts = {"enabled": 1, "locked": 0, "pass": 0}
    return element("layer", options(values), *inside, **{"class": class_, **facts})


def _draw_marker(looks: Looks, _name: str) -> list[ET.Element]:
    values = {
        "name": _MARKERS[looks["marker"]],
        "color": write_colour(looks["markerfacecolor"]),
        "outline_color": write_colour(looks.get("markeredgecolor", INK)),
        "outline_width": looks.get("markeredgewidth", 0.5),
        "outline_width_unit": "Point",
        "outline_style": "solid" if looks.get("markeredgewidth", 0.5) else "no",
        "size": looks["markersize"],
        "size_unit": "Point",
    }
    return [_layer("SimpleMarker", values)]


def _draw_line(looks: Looks, _name: str) -> list[ET.Element]:
    values = {
        "line_color": write_colour(looks["edgecolor"]),
        "line_width": looks["linewidth"],
        "line_width_unit": "Point",
        "capstyle": "round",
        "joinstyle": "round",
    }
    return [_layer("SimpleLine", values)]


def _draw_area(looks: Looks, name: str) -> list[ET.Element]:
    line, fill = looks.get("edgecolor", "none"), looks["facecolor"]
    values = {
        "color": write_colour("white" if fill == "none" else fill),
        "style": "no" if fill == "none" else "solid",
        "outline_color": write_colour("white" if line == "none" else line),
        "outline_style": "no" if line == "none" else "solid",
        "outline_width": looks.get("linewidth", 0.4),
        "outline_width_unit": "Point",
        "joinstyle": "round",
    }
    return [_layer("SimpleFill", values), *_draw_hatch(looks, name)]


def _draw_hatch(looks: Looks, name: str) -> list[ET.Element]:
    """Draw a hatch over the ground, as dense as matplotlib's."""
    hatch = looks.get("hatch", "")
    if not hatch:
        return []
    apart, colour = POINTS_PER_INCH / (_HATCH_DENSITY * len(hatch)), looks["edgecolor"]
    if hatch[0] == ".":
        dot = {"marker": "o", "markersize": 1.0, "markerfacecolor": colour, "markeredgewidth": 0}
        sides = {f"distance_{one}": f"{apart:.4g}" for one in ("x", "y")}
        units = {f"distance_{one}_unit": "Point" for one in ("x", "y")}
        marker = _symbol("marker", f"@{name}@1", *_draw_marker(dot, ""))
        return [_layer("PointPatternFill", sides | units, marker)]
    width = STYLE["hatch.linewidth"]
    lines = [(looks["casing"], 3 * width)] if "casing" in looks else []
    lines.append((colour, width))
    drawn = [(*line, angle) for line in lines for angle in _ANGLES[hatch[0]]]
    return [
        _draw_lines(ink, wide, angle, f"{apart / _DIAGONAL:.4g}", f"@{name}@{number}")
        for number, (ink, wide, angle) in enumerate(drawn, start=1)
    ]


def _draw_lines(colour: str, width: float, angle: str, apart: str, name: str) -> ET.Element:
    """Draw lines beside each other.

    Parameters
    ----------
    colour, width
        Of each, points.
    angle, apart
        How they lie: degrees, points.
    name
        Of the symbol.
    """
    values = {
        "angle": angle,
        "color": write_colour(colour),
        "distance": apart,
        "distance_unit": "Point",
        "line_width": width,
        "line_width_unit": "Point",
    }
    line = {"edgecolor": colour, "linewidth": width}
    return _layer("LinePatternFill", values, _symbol("line", name, *_draw_line(line, "")))


@dataclass(frozen=True)
class StyleRule:
    """Which features look so, and what that means.

    Attributes
    ----------
    label
        As in the legend.
    holds
        For which features, in the words that QGIS and SQL share; of columns and numbers alone.
        Empty: all.
    looks
        As matplotlib calls them.
    """

    label: str
    holds: str
    looks: Looks


@dataclass(frozen=True)
class Lettering:
    """What is written at features.

    Attributes
    ----------
    column
        That has it; empty: nothing is written, and names keep clear of the features.
    size_pt, colour
        Of its letters.
    italic
        Whether they lean.
    plate
        Whether a light plate lies under them.
    holds
        At which features; empty: all.
    priority
        A computation that gives 0 to 10: who stands first where there is no room for all.
    """

    column: str = "name"
    size_pt: float = 7.0
    colour: str = INK
    italic: bool = False
    plate: bool = False
    holds: str = ""
    priority: str = ""


@dataclass(frozen=True)
class MapStyle:
    """How a layer looks.

    Attributes
    ----------
    name
        Of the style, for people.
    rules
        In the order of the legend; a later one is drawn over an earlier one.
    names
        What is written; None: nothing.
    """

    name: str
    rules: Sequence[StyleRule]
    names: Lettering | None = None


def draw_style(kind: str, style: MapStyle, of: str) -> list[ET.Element]:
    """Give the renderer of a style, and its labels.

    Parameters
    ----------
    kind
        POINT, LINE or POLYGON.
    style
        What it shows.
    of
        Whose it is: gives its rules their identifiers.
    """
    rules, symbols = [], []
    for number, rule in enumerate(style.rules):
        facts = {"filter": rule.holds} if rule.holds else {}
        key, label = make_id(of, style.name, number), say_plainly(rule.label)
        rules.append(element("rule", key=key, symbol=number, label=label, **facts))
        symbols.append(draw_symbol(kind, rule.looks, str(number)))
    renderer = element(
        "renderer-v2",
        element("rules", *rules, key=make_id(of, style.name)),
        element("symbols", *symbols),
        type="RuleRenderer",
        symbollevels=0,
        enableorderby=0,
        forceraster=0,
        referencescale=-1,
    )
    return [renderer, *([_write_names(kind, style.names, of)] if style.names else [])]


def _write_names(kind: str, names: Lettering, of: str) -> ET.Element:
    """Write what stands at features, on a plate as on our maps where `plate` says so."""
    letters: dict[str, Any] = {
        "fontFamily": FONT,
        "fontSize": names.size_pt,
        "fontSizeUnit": "Point",
    }
    letters |= {"fontWeight": 50, "fontItalic": int(names.italic), "textOpacity": 1}
    plate: dict[str, Any] = {
        "shapeDraw": int(names.plate),
        "shapeType": 0,
        "shapeSizeType": 0,
        "shapeOpacity": 0.85,
    }
    plate |= {"shapeSizeX": 0.4, "shapeSizeY": 0.1, "shapeSizeUnit": "MM"}
    text = element(
        "text-style",
        element("text-buffer", bufferDraw=0),
        element("background", shapeFillColor=write_colour("white"), **plate),
        fieldName=names.column,
        isExpression=0,
        allowHtml=0,
        textColor=write_colour(names.colour),
        **letters,
    )
    first = {"active": True, "expression": names.priority, "type": 3}
    chosen = {"properties": {"Priority": first}} if names.priority else {}
    settings = element(
        "settings",
        text,
        element("text-format", wrapChar="", autoWrapLength=0),
        element("placement", **_PLACED[kind]),
        # The features do not keep names away; only marks do.
        element("rendering", drawLabels=int(bool(names.column)), obstacle=int(kind == POINT)),
        element("dd_properties", options({"name": "", **chosen, "type": "collection"})),
        calloutType="simple",
    )
    facts = {"filter": names.holds} if names.holds else {}
    rule = element("rule", settings, key=make_id(of, "name"), **facts)
    return element("labeling", element("rules", rule, key=make_id(of, "names")), type_="rule-based")


def write_xml(root: ET.Element) -> str:
    """Write a document of QGIS."""
    head = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
    return f"{head}{ET.tostring(root, encoding='unicode')}\n"
