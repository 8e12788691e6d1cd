"""What the web map draws: shapes with what is told of them, and the layers that one switches."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np

from stemgeo.maps.series import choose_line_colour

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geopandas import GeoSeries
    from numpy.typing import ArrayLike

    Look = dict[str, Any]

NO_FIGURE = "url(#no-figure)"
"""The fill of a place without a figure."""


@dataclass(frozen=True)
class Told:
    """What is told of each place of a ground.

    Attributes
    ----------
    name
        By which the page's script knows it: that of its ground, or its own.
    columns
        Heads.
    rows
        A cell for each column that is no figure.
    figures
        For each column the figure that stands below it, or "": of none when there are none.
        "start": a cell that is of the first choice alone.
    keys
        The codes by which its places are linked to.
    of
        The ground whose figures these are, when it is another than the name.
    """

    name: str
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    figures: Sequence[str] = ()
    keys: Sequence[str] = ()
    of: str = ""

    def write_rows(self, told: Sequence[Mapping[str, str]]) -> list[list[str]]:
        """Write the rows whole, from the figures of each."""
        return [
            [next(own) if name in ("", "start") else told_of[name] for name in self.figures]
            for own, told_of in zip(map(iter, self.rows), told, strict=True)
        ]

    def to_data(self) -> dict[str, Any]:
        """Give it as the page's script takes it."""
        told: dict[str, Any] = {"columns": list(self.columns), "rows": list(self.rows)}
        more = {"figures": list(self.figures), "keys": list(self.keys), "of": self.of}
        return told | {name: value for name, value in more.items() if value}


@dataclass(frozen=True)
class Shapes(Told):
    """A set of shapes, and what is told of each."""

    shapes: GeoSeries = field(default_factory=gpd.GeoSeries)


@dataclass(frozen=True)
class Swatch:
    """A line of the legend; `kind` is the form of its mark, `of` the class that it counts."""

    fill: str
    label: str
    count: str = ""
    kind: str = "area"
    of: str = ""


@dataclass(frozen=True)
class Theme:
    """What can be switched on and off, with its legend.

    `parts` are what it draws, one above the other, as the page's script takes them; `shares` is
    the table whose classes its legend counts.
    """

    key: str
    name: str
    parts: Sequence[dict[str, Any]]
    grounds: Sequence[Shapes] = ()
    overlay: bool = False
    show: bool = False
    heading: str = ""
    swatches: Sequence[Swatch] = ()
    notes: Sequence[str] = ()
    shares: str = ""
    tables: Sequence[Told] = ()


def build_part(
    ground: Told, pane: str, looks: Sequence[Look], look: ArrayLike | str, table: str = ""
) -> dict[str, Any]:
    """Say how a ground is drawn: each of its shapes, or all, with which of the looks.

    Parameters
    ----------
    ground
        What is drawn.
    pane
        At which height.
    looks
        As Leaflet calls them.
    look
        Of each shape its place among them, one for all, or "share": by the figures of the table.
    table
        What is told of each shape, when it is not the ground's own.
    """
    chosen = look if isinstance(look, str) else np.asarray(look).tolist()
    part = {"ground": ground.name, "pane": pane, "looks": list(looks), "look": chosen}
    return part | ({"table": table} if table else {})


def fill_look(fill: str, line: str, weight: float = 0.8) -> Look:
    """Fill an area.

    Parameters
    ----------
    fill, line
        Colours; the fill may be a hatch.
    weight
        Of the line, pixels.
    """
    return {"color": line, "weight": weight, "fillColor": fill, "fillOpacity": 1}


def place_look(fill: str) -> Look:
    """Fill a place, with a line that keeps it apart from a neighbour in the same class."""
    return fill_look(fill, choose_line_colour("#ffffff" if fill.startswith("url") else fill))
