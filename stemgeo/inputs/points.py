"""Points from tables and layers: which columns hold them, and where on earth they lie."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from pyproj import CRS, Transformer

from stemgeo.inputs.cells import as_numbers, read_table
from stemgeo.inputs.columns import Synonyms
from stemgeo.inputs.files import OpenedFile, clean
from stemgeo.inputs.formats import TABLE
from stemgeo.inputs.messages import listed
from stemgeo.inputs.vectors import (
    AROUND_BELGIUM,
    DEGREES,
    LAMBERT_72,
    RANGES,
    Box,
    known_crs,
    read_layer,
)
from stemgeo.notes import say

Numbers = npt.NDArray[np.float64]
_PAIRS = (
    ("lon", "lat"),
    ("lng", "lat"),
    ("long", "lat"),
    ("longitude", "latitude"),
    ("lengtegraad", "breedtegraad"),
    ("x", "y"),
    ("x_lambert72", "y_lambert72"),
    ("x_coord", "y_coord"),
    ("x_coordinaat", "y_coordinaat"),
)
_DEGREE_PAIRS = 5
_LARGEST = 1e9


def read_points(file: OpenedFile) -> tuple[pd.DataFrame, gpd.GeoSeries] | None:
    """Read a file of points: a table with two columns of coordinates, or a layer.

    Returns
    -------
    (DataFrame, GeoSeries) or None
        The attributes as they stand in the file, and the points in EPSG:31370 (missing where a
        row has none that can be used: then an error says so). The index is named `row` or
        `feature` and holds its number.
    """
    if file.kind in TABLE:
        return _from_table(file)
    frame = read_layer(file, len)
    if frame is None:
        return None
    geometry = frame.geometry
    area = geometry.geom_type.isin(["Polygon", "MultiPolygon"])
    if area.any():
        file.note(f"{int(area.sum())} areas taken as their centre")
    centre = gpd.GeoSeries(geometry.to_numpy(), index=geometry.index).centroid
    attributes = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    crs = known_crs(file.crs or frame.crs, file)
    if crs is None and file.crs:
        return None
    located = locate(centre.x.to_numpy(), centre.y.to_numpy(), frame.index, crs, file)
    return None if located is None else (attributes, located[0])


def _from_table(file: OpenedFile) -> tuple[pd.DataFrame, gpd.GeoSeries] | None:
    table = read_table(file)
    if table is None:
        return None
    crs = known_crs(file.crs, file)
    if file.crs and crs is None:
        return None
    pairs = [pair for pair in _PAIRS if set(pair) <= set(table.columns)]
    # Declared metres belong to x and y, when a table has degrees beside them.
    if crs is not None and crs.is_projected:
        pairs.sort(key=lambda pair: _PAIRS.index(pair) < _DEGREE_PAIRS)
    if not pairs:
        file.error(
            f"has no coordinates (columns: {listed(list(table.columns))})",
            "add columns lon and lat (degrees), or x and y (Lambert 72)",
        )
        return None
    pair = pairs[0]
    if table.empty:
        file.error("holds no rows below its header")
        return None
    if crs is None and _PAIRS.index(pair) < _DEGREE_PAIRS:
        crs = CRS("EPSG:4326")
    if crs is None and pair[0] == "x_lambert72":
        crs = CRS(LAMBERT_72)
    for name in pair:
        _report_no_numbers(table[name], file)
    x, y = (as_numbers(table[name]).to_numpy() for name in pair)
    located = locate(x, y, table.index, crs, file)
    if located is None:
        return None
    points, used = located
    for name, axis in zip(pair, ("east", "north"), strict=True):
        file.takes(name, axis)
    file.knows({"east": [pair[0] for pair in _PAIRS], "north": [pair[1] for pair in _PAIRS]})
    file.note(f"coordinates from '{pair[0]}' and '{pair[1]}', {used}")
    return table.drop(columns=list(pair)), points


def _report_no_numbers(column: pd.Series, file: OpenedFile) -> None:
    wrong = as_numbers(column).isna() & (column != "")
    for row in column.index[wrong][:20]:
        value = clean(str(column[row]), 30)
        file.error_at(
            f"{column.index.name} {row}",
            f"'{column.name}' is '{value}', not a number",
            "write it as 51.2194 or 51,2194",
        )


def locate(
    x: Numbers,
    y: Numbers,
    index: pd.Index,
    crs: CRS | None,
    file: OpenedFile,
) -> tuple[gpd.GeoSeries, str] | None:
    """Bring coordinates to EPSG:31370, recognising their reference system where none is said.

    Returns
    -------
    (GeoSeries, str) or None
        The points and a word on how they were read. None when most do not lie in Belgium, or
        nothing tells their reference system.
    """
    there = np.isfinite(x) & np.isfinite(y) & (np.abs(x) < _LARGEST) & (np.abs(y) < _LARGEST)
    _report_missing(index, ~there, file)
    if not there.any():
        return None
    likely, share = _most_likely(x[there], y[there])
    how = "as given"
    if crs is None:
        if likely is None or share <= 0.5:
            file.error(
                f"does not say its CRS, and its coordinates (such as {x[there][0]:.7g}, "
                f"{y[there][0]:.7g}) do not tell",
                'give it, as in crs = "EPSG:31370"',
            )
            return None
        crs, how = CRS(likely), "recognised by their range"
        file.warn(
            say(
                "does not say its CRS; its coordinates are read as {called} ({likely})",
                "zegt niet in welk stelsel de coördinaten staan; ze zijn gelezen als {called} "
                "({likely})",
                called=RANGES[likely][0],
                likely=likely,
            ),
            say(
                'give crs = "{likely}" to be sure',
                'geef crs = "{likely}" op om zeker te zijn',
                likely=likely,
            ),
        )
    moved = Transformer.from_crs(crs, LAMBERT_72, always_xy=True)
    east, north = (np.full(len(x), np.nan) for _ in "xy")
    east[there], north[there] = moved.transform(x[there], y[there])
    inside = _within(east, north, AROUND_BELGIUM)
    if crs.is_projected:
        # Degrees taken for metres lie near the origin of Lambert 72, not far from Belgium.
        inside &= ~(_within(x, y, DEGREES) | _within(y, x, DEGREES))
    if inside.sum() * 2 < there.sum() and _report_all(x[there], y[there], crs, file):
        return None
    _report_far(x, y, index, there & ~inside, file)
    points = gpd.points_from_xy(np.where(inside, east, np.nan), np.where(inside, north, np.nan))
    series = gpd.GeoSeries(points, index=index, crs=LAMBERT_72)
    series[~inside] = None
    return series, f"{crs.to_string() if len(crs.to_string()) < 20 else crs.name}, {how}"


def _within(x: Numbers, y: Numbers, box: Box) -> npt.NDArray[np.bool_]:
    # Comparisons with NaN and infinity are False, as wanted.
    return (x >= box[0]) & (y >= box[1]) & (x <= box[2]) & (y <= box[3])


def _most_likely(x: Numbers, y: Numbers) -> tuple[str | None, float]:
    """Find the CRS in which most of the points lie in Belgium, and the share that does."""
    shares = {crs: float(_within(x, y, box).mean()) for crs, (_, box) in RANGES.items()}
    best = max(shares, key=lambda crs: shares[crs])
    return (best, shares[best]) if shares[best] > 0 else (None, 0.0)


def _report_missing(index: pd.Index, missing: npt.NDArray[np.bool_], file: OpenedFile) -> None:
    if missing.any():
        rows = listed(index[missing].tolist())
        file.error_at(
            f"{index.name} {rows}",
            "no coordinates",
            "fill them in, or leave the row out",
        )


def _report_all(x: Numbers, y: Numbers, crs: CRS, file: OpenedFile) -> bool:
    """Say what is wrong with all of the coordinates at once, if that can be told."""
    likely, share = _most_likely(x, y)
    says = crs.to_string() if len(crs.to_string()) < 20 else crs.name
    sample = f"such as {x[0]:.7g}, {y[0]:.7g}"
    if likely and share > 0.5 and CRS(likely) != crs:
        what = f"its coordinates ({sample}) are {RANGES[likely][0]}, but are given as {says}"
        file.error(what, f'give crs = "{likely}"')
        return True
    if _within(y, x, DEGREES).mean() > 0.5:
        file.error(f"latitude and longitude are swapped ({sample})", "exchange the two")
        return True
    return False


def _report_far(
    x: Numbers,
    y: Numbers,
    index: pd.Index,
    far: npt.NDArray[np.bool_],
    file: OpenedFile,
) -> None:
    for place in np.flatnonzero(far)[:20]:
        where = f"{index.name} {index[place]}"
        at = f"{x[place]:.7g}, {y[place]:.7g}"
        if _within(y[place : place + 1], x[place : place + 1], DEGREES)[0]:
            file.error_at(where, f"latitude and longitude are swapped ({at})", "exchange the two")
        else:
            file.error_at(where, f"lies far outside Belgium ({at})", "correct the coordinates")


def named(table: pd.DataFrame, synonyms: Synonyms, file: OpenedFile) -> dict[str, Any]:
    """Take our columns among those of a table: our name, and the label it has there."""
    plain = {
        str(label).strip().lower().replace(" ", "_"): label for label in reversed(table.columns)
    }
    found: dict[str, Any] = {}
    for name, known in synonyms.items():
        label = next((plain[one] for one in known if one in plain), None)
        if label is not None and label not in found.values():
            found[name] = label
            file.takes(label, name)
    file.knows(synonyms)
    return found
