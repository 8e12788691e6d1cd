"""What all maps of a series share: fixed classes, their colours, light outlines.

The same share has the same colour on the map of Flanders, of each province and on the web.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import geopandas as gpd
import numpy as np
import shapely
from matplotlib.colors import to_hex, to_rgb

from stemgeo.study import CLASSES, PARTLY_MEASURED_BELOW

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

DEFAULT_CLASSES = tuple(map(float, CLASSES))
"""Class bounds in percent, as in `study.output.classes`."""

MINUTES = (0.0, 10.0, 15.0, 20.0, 30.0)
"""Bounds of the classes of minutes below the horizon: 15 is the ride that is asked about."""

BEYOND = "#b5838d"
"""Beside the classes of minutes: no academy at all."""

_DARK_BELOW = 0.275

NO_CLASS = -1
"""The class of a place without a figure."""


Ramp = Literal["share", "count"]
"""How well children reach, or how many there are: hues that nobody takes for one another."""

_RAMPS: dict[Ramp, tuple[str, ...]] = {
    "share": ("#e2e896", "#7bca91", "#079eb0", "#026da9", "#303394"),
    "count": ("#f4dea2", "#e5b052", "#d67703", "#ad4a12", "#6f2a18"),
}


def choose_colours(count: int, ramp: Ramp = "share") -> list[str]:
    """Give a colour for each class, light (low) to dark (high).

    In the hues of ColorBrewer's YlGnBu and YlOrBr, at lightness (CIE L*) 89 or 90, 75, 59, 44 and
    27: from paper to the first class ten, from class to class fifteen, for grey print. Other
    numbers lie between. Under the worst colour deficiency two of the five are still 13 apart
    (CAM02-UCS).

    Parameters
    ----------
    count
        Number of classes, at least two.
    ramp
        Of what.

    Returns
    -------
    list of str
        "#rrggbb", one for each class.
    """
    anchors = np.array([to_rgb(colour) for colour in _RAMPS[ramp]])
    places = np.linspace(0, len(anchors) - 1, count)
    channels = [np.interp(places, range(len(anchors)), channel) for channel in anchors.T]
    return [to_hex(colour) for colour in zip(*channels, strict=True)]


@dataclass(frozen=True)
class Classes:
    """The classes of a series of maps, and how they came about.

    Attributes
    ----------
    bounds
        Rising; of a share in percent from 0 to 100.
    rule
        "fixed", "quantiles" or "own" (chosen by whoever asks).
    """

    bounds: tuple[float, ...]
    rule: Literal["fixed", "quantiles", "own"] = "fixed"


def choose_classes(chosen: Sequence[float] | Literal["quantiles"], share: ArrayLike) -> Classes:
    """Give the classes of a share within reach.

    Parameters
    ----------
    chosen
        Bounds in percent, or "quantiles".
    share
        Of all municipalities of the study, 0 to 1, NaN for no figure: whatever part of them a map
        shows, its classes are those of all.

    Returns
    -------
    Classes
        Quantiles are five classes of as many municipalities as whole percents allow; fewer where
        bounds would be equal.
    """
    if chosen != "quantiles":
        bounds = tuple(float(one) for one in chosen)
        return Classes(bounds, "fixed" if bounds == DEFAULT_CLASSES else "own")
    shares = np.asarray(share, dtype=np.float64)
    known = shares[~np.isnan(shares)]
    inner = np.quantile(known, (0.2, 0.4, 0.6, 0.8)) * 100 if len(known) else np.array([])
    whole = {float(n) for n in inner.round() if 0 < n.round() < 100}
    return Classes((0.0, *sorted(whole or {50.0}), 100.0), "quantiles")


def choose_line_colour(colour: str) -> str:
    """Give a line colour, dark or white, with a contrast of at least 3:1 on a class's colour."""
    return "white" if measure_luminance(colour) < _DARK_BELOW else "#404040"


def measure_luminance(colour: str) -> float:
    """Measure how light a colour is, from 0 to 1, as WCAG 2 defines it."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


def classify_shares(share: ArrayLike, classes: Sequence[float]) -> NDArray[np.int64]:
    """Put each share into its class.

    Parameters
    ----------
    share
        Between 0 and 1, NaN where there is no figure, shape (places,).
    classes
        Rising bounds in percent from 0 to 100. A lower bound belongs to its class, an upper
        bound to the next; 100 % belongs to the last.

    Returns
    -------
    int array, shape (places,)
        0 for the first class; `NO_CLASS` where there is no figure.
    """
    shares = np.asarray(share, dtype=np.float64)
    # A share of 29/100 is the same double as the bound 29 divided by 100; times 100 it is not.
    bounds = np.asarray(classes, dtype=np.float64)[1:-1] / 100
    return np.where(np.isnan(shares), NO_CLASS, np.digitize(shares, bounds)).astype(np.int64)


def list_minute_bounds(horizon_min: float, bounds: Sequence[float] = MINUTES) -> list[float]:
    """Give the bounds of classes of minutes, the last of which ends at the horizon."""
    return [*(bound for bound in bounds if bound < horizon_min), horizon_min]


def classify_minutes(minutes: ArrayLike, bounds: Sequence[float]) -> NDArray[np.int64]:
    """Put minutes into classes, their upper bound included, and what is beyond into the last.

    Parameters
    ----------
    minutes
        Inf beyond the horizon, NaN where there is no figure, shape (places,).
    bounds
        As from `list_minute_bounds`.

    Returns
    -------
    int array, shape (places,)
        0 for the first class; `NO_CLASS` where there is no figure.
    """
    values = np.asarray(minutes, dtype=np.float64).round(6)
    numbers = np.searchsorted(np.asarray(bounds[1:]), values, side="left")
    return np.where(np.isnan(values), NO_CLASS, numbers).astype(np.int64)


def count_classes(share: ArrayLike, classes: Sequence[float]) -> list[int]:
    """Count the places of each class, the empty classes too.

    Parameters
    ----------
    share, classes
        As for `classify_shares`.

    Returns
    -------
    list of int
        One number for each class; places without a figure are in none.
    """
    numbers = classify_shares(share, classes)
    counts = np.bincount(numbers[numbers != NO_CLASS], minlength=len(classes) - 1)
    return [int(count) for count in counts]


def find_partly_measured(places: pd.DataFrame, figure: str = "share") -> NDArray[np.bool_]:
    """Tell which places have a figure that speaks for less than half of their children.

    Parameters
    ----------
    places
        With `children` and `unmeasured` (numbers) and the figure.
    figure
        Its column.

    Returns
    -------
    bool array, shape (places,)
        False where there is no figure at all.
    """
    children = places["children"].to_numpy(dtype=np.float64)
    measured = children - places["unmeasured"].to_numpy(dtype=np.float64)
    mostly_not = measured < PARTLY_MEASURED_BELOW * children
    has_figure = ~np.isnan(places[figure].to_numpy(dtype=np.float64))
    partly: NDArray[np.bool_] = has_figure & mostly_not
    return partly


def lighten_outlines(geometries: gpd.GeoSeries, tolerance_m: float) -> gpd.GeoSeries:
    """Simplify outlines and keep shared borders shared.

    Parameters
    ----------
    geometries
        Polygons in metres.
    tolerance_m
        About the side of the triangles that may be cut off.

    Returns
    -------
    GeoSeries
        Simplified when the polygons fit together without overlap; else as they are, since
        simplifying would tear their borders apart.
    """
    outlines = geometries.to_numpy()
    if not fit_together(outlines):
        return geometries
    simple = shapely.coverage_simplify(outlines, tolerance_m)
    return gpd.GeoSeries(simple, index=geometries.index, crs=geometries.crs)


def fit_together(outlines: NDArray[np.object_]) -> bool:
    """Tell whether polygons fit together; part by part first: of isochrones in a third the time."""
    parts = shapely.get_parts(outlines)
    return bool(shapely.coverage_is_valid(parts) or shapely.coverage_is_valid(outlines))


def merge_provinces(municipalities: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Merge municipalities into provinces.

    Parameters
    ----------
    municipalities
        With `province` and geometry.

    Returns
    -------
    GeoSeries
        Polygons by name of the province.
    """
    fits = shapely.coverage_is_valid(municipalities.geometry.to_numpy())
    method = "coverage" if fits else "unary"
    groups = municipalities.groupby("province")["geometry"]
    merged = {name: part.union_all(method=method) for name, part in groups}
    return gpd.GeoSeries(merged, crs=municipalities.crs)


BRUSSELS = shapely.Point(148_900, 170_800)
"""Its Grand-Place, in EPSG:31370."""


def find_brussels(areas: gpd.GeoSeries) -> shapely.Polygon | None:
    """Find the hole that Brussels leaves in Flanders, where there is one.

    Parameters
    ----------
    areas
        Polygons in EPSG:31370, such as provinces or municipalities.
    """
    parts = shapely.get_parts(areas.union_all())
    holes = (shapely.Polygon(ring) for part in parts for ring in part.interiors)
    return next((hole for hole in holes if hole.contains(BRUSSELS)), None)


def list_border_rings(areas: gpd.GeoSeries, smallest_m2: float) -> gpd.GeoSeries:
    """Take areas apart into rings that can be drawn with a thick line.

    Parameters
    ----------
    areas
        Polygons, as from `merge_provinces`.
    smallest_m2
        A ring around less ground is left out: enclaves of a few fields (Baarle-Hertog) would be
        blots.

    Returns
    -------
    GeoSeries
        Each ring as a polygon without holes.
    """
    rings = [shapely.Polygon(ring) for ring in shapely.get_rings(areas.explode().to_numpy())]
    larger = [ring for ring in rings if ring.area > smallest_m2]
    return gpd.GeoSeries(larger, crs=areas.crs)


def find_outer_edge(bands: gpd.GeoSeries) -> gpd.GeoSeries:
    """Find the edge of all bands together, without the edges between them.

    Parameters
    ----------
    bands
        Polygons in metres that share the points of the edges between them, as isochrones do.

    Returns
    -------
    GeoSeries
        Lines. What only one polygon has is outer edge: a thousand times faster than a union.
    """
    rings = shapely.get_rings(shapely.get_parts(bands.to_numpy()))
    points, ring = shapely.get_coordinates(rings, return_index=True)
    # As one number each, a point is looked up ten times as fast as a pair.
    spots, numbers = np.unique(points.view(np.complex128).ravel(), return_inverse=True)
    inside = np.flatnonzero(ring[1:] == ring[:-1])
    low, high = np.sort([numbers[inside], numbers[inside + 1]], axis=0)
    _, first, times = np.unique(low * len(spots) + high, return_index=True, return_counts=True)
    start = inside[np.sort(first[times == 1])]
    # Edges that follow each other along a ring make one line.
    line = np.cumsum(np.diff(start, prepend=start[:1]) != 1) - 1
    ends = np.stack([points[start], points[start + 1]], axis=1).reshape(-1, 2)
    edge = gpd.GeoSeries([], crs=bands.crs)
    if len(start):
        edge = gpd.GeoSeries(shapely.linestrings(ends, indices=np.repeat(line, 2)), crs=bands.crs)
    return edge
