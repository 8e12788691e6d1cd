"""Where inside a zone people live: a grid, points or addresses that spread its children."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from stemgeo.errors import Findings
from stemgeo.facts import LAMBERT_72
from stemgeo.inputs.boundaries import as_input
from stemgeo.inputs.cells import as_numbers
from stemgeo.inputs.counting import read_numbers, tell_versions
from stemgeo.inputs.files import OpenedFile, clean_text, open_input
from stemgeo.inputs.formats import VECTOR, Format, UnreadableError
from stemgeo.inputs.messages import check_values
from stemgeo.inputs.points import FLANDERS, locate_features, match_columns, read_points
from stemgeo.inputs.polygon_cells import AREAS, check_cells
from stemgeo.inputs.provenance import Provenance
from stemgeo.inputs.vectors import as_text, make_transformer, parse_crs, read_layer
from stemgeo.notes import Said, say, say_amount, say_count

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from stemgeo.study import Input

    Floats = NDArray[np.float64]
    Longs = NDArray[np.int64]
    Keeper = Callable[[pd.DataFrame, gpd.GeoSeries, OpenedFile], object]

_WEIGHT = {
    "weight": (
        "weight",
        "gewicht",
        "children",
        "kinderen",
        "population",
        "bevolking",
        "inwoners",
        "residents",
        "ms_population",
        "ms_pop",
        "pop",
        "total",
    )
}
_MOST_CELLS = 100_000_000
_MOST_PEOPLED = 2_000_000
"""Cells with people in them, each an outline by itself: of 100 m, Flanders has 1.4 million."""

_AT_ONCE = 1 << 22
"""Cells that are looked at together."""

_CELL_M2 = (1.0, 1e10)
"""The smallest and the largest cell that can be meant: of 1 m, and of 100 km."""

_MOST = 10**12
"""Of a weight: a hundred times the people on earth. Rasters without nodata have such cells."""


LARGEST = "largest"
"""Under `attrs`: the largest weight of the file in all of Flanders. Whole numbers are made by it,
so that no child moves where a study has a smaller area."""


def read_weights(path: str | Path | Input, municipalities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Read a population grid (GeoTIFF, or polygons) or population points (table or layer).

    Parameters
    ----------
    path
        The file, or an `Input` that says more of it.
    municipalities
        The study area; what lies outside its bounds is left out.

    Returns
    -------
    GeoDataFrame
        weight (above 0, in the file's own unit), geometry (points, or the cells of a grid;
        EPSG:31370).

    Raises
    ------
    InputError
        With every problem of the file.
    """
    findings = Findings()
    frame, _ = load_weights(as_input(path), municipalities, findings)
    return findings.raise_or_return(frame)


def load_weights(
    given: Input,
    municipalities: gpd.GeoDataFrame,
    findings: Findings,
    every: gpd.GeoDataFrame | None = None,
) -> tuple[gpd.GeoDataFrame | None, Provenance | None]:
    """As `read_weights`, with the problems in `findings`.

    Parameters
    ----------
    given, municipalities
        As for `read_weights`.
    findings
        Takes the problems and notes.
    every
        All municipalities known, where the study is of some: a file of theirs that has nothing in
        the study is told, not refused.
    """
    with open_input(given, "weights", findings) as file:
        if file is None:
            return None, None
        try:
            if file.kind is Format.GEOTIFF:
                frame = _read_raster(file, municipalities)
            elif file.kind in VECTOR:
                frame = _read_weighted_layer(file, municipalities)
            else:
                frame = _weigh_points(read_points(file, _WEIGHT, municipalities), file)
        except UnreadableError as error:
            file.error(error.what, error.mend)
            frame = None
        if frame is None:
            return None, file.provenance
        kept = _keep_within_bounds(frame, municipalities)
        kept.attrs[LARGEST] = frame.attrs.get(LARGEST, frame["weight"].max())
        if kept.empty:
            what = say(
                "no weight above 0 lies in the study area",
                "geen gewicht boven 0 ligt in het studiegebied",
                "aucun poids supérieur à 0 ne se trouve dans la zone d’étude",
            )
            _tell_of_none(what, frame, every, file)
        file.note(
            say(
                "{places}, weights add up to {sum}",
                "{places}, gewichten samen {sum}",
                "{places}, somme des poids {sum}",
                places=say_count(len(kept), "place"),
                sum=say_amount(kept["weight"].sum()),
            )
        )
        return kept, file.provenance


def load_addresses(
    given: Input,
    municipalities: gpd.GeoDataFrame,
    findings: Findings,
    keep: Keeper | None = None,
    every: gpd.GeoDataFrame | None = None,
) -> tuple[gpd.GeoDataFrame | None, Provenance | None]:
    """Read address points: any table or layer of points, with or without a number of people.

    Parameters
    ----------
    given
        The file, and what the study says of it.
    municipalities
        The study area; what lies outside its bounds is left out and told.
    findings
        Takes the problems.
    keep
        Given the table as it stands, its points and the file, when more of it is wanted.
    every
        As for `load_weights`.

    Returns
    -------
    (GeoDataFrame or None, Provenance or None)
        weight (above 0: the file's own number where it has a column by one of the names of
        `read_weights`, else 1 for each address), geometry (points, EPSG:31370): one row for each
        place, sorted by place; the flats of a building add up. None when it cannot be used.
    """
    with open_input(given, "addresses", findings) as file:
        if file is None:
            return None, None
        frame = _read_addresses(file, municipalities, keep)
        if frame is None:
            return None, file.provenance
        peopled = frame[frame["weight"] > 0]
        kept = _keep_within_bounds(peopled, municipalities)
        if kept.empty:
            what = say(
                "no address lies in the study area",
                "geen adres ligt in het studiegebied",
                "aucune adresse ne se trouve dans la zone d’étude",
            )
            _tell_of_none(what, peopled, every, file)
        added_up = _add_up_places(peopled)
        places = _keep_within_bounds(added_up, municipalities)
        places.attrs[LARGEST] = added_up["weight"].max()
        file.note(
            say(
                "{addresses} at {places}, weights add up to {sum}; left out: {outside} outside the "
                "study area, {none} of weight 0",
                "{addresses} op {places}, gewichten samen {sum}; weggelaten: {outside} buiten het "
                "studiegebied, {none} met gewicht 0",
                "{addresses} en {places}, somme des poids {sum} ; laissé de côté : {outside} hors "
                "de la zone d’étude, {none} de poids 0",
                addresses=say_count(len(kept), "address"),
                places=say_count(len(places), "place"),
                sum=say_amount(kept["weight"].sum()),
                outside=say_amount(len(peopled) - len(kept)),
                none=say_amount(len(frame) - len(peopled)),
            )
        )
        return places, file.provenance


def _tell_of_none(
    what: Said, frame: gpd.GeoDataFrame, every: gpd.GeoDataFrame | None, file: OpenedFile
) -> None:
    """Refuse a file that has nothing here, or tell of it where it is of the land around."""
    if every is None or _keep_within_bounds(frame, every).empty:
        file.error(str(what))
    else:
        file.warn(what)


def _read_addresses(
    file: OpenedFile, municipalities: gpd.GeoDataFrame, keep: Keeper | None
) -> gpd.GeoDataFrame | None:
    """Read every address that has a point; one without is an error by now."""
    read = read_points(file, _WEIGHT, municipalities)
    if read is None:
        return None
    table, points = read
    if keep is not None:
        keep(table, points, file)
    label = match_columns(table, _WEIGHT, file).get("weight")
    weight: pd.Series | None = pd.Series(1.0, index=table.index)
    if label is None:
        file.note(
            Said("each address weighs 1", "elk adres weegt 1", "chaque adresse a un poids de 1")
        )
    else:
        weight = _read_weight_column(table, label, file)
    if weight is None:
        return None
    return gpd.GeoDataFrame({"weight": weight}, geometry=points, crs=LAMBERT_72)[points.notna()]


def _add_up_places(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Add up the weights of rows at the same place; sorted by place."""
    at = pd.DataFrame({"weight": frame["weight"], "x": frame.geometry.x, "y": frame.geometry.y})
    # By weight too: the sum of floating-point numbers depends on their order.
    once = at.sort_values(["x", "y", "weight"]).groupby(["x", "y"])["weight"].sum().reset_index()
    return gpd.GeoDataFrame(
        {"weight": once["weight"]},
        geometry=gpd.points_from_xy(once["x"], once["y"]),
        crs=LAMBERT_72,
    )


def _keep_within_bounds(
    frame: gpd.GeoDataFrame, municipalities: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    if municipalities.empty:
        return frame
    left, bottom, right, top = municipalities.total_bounds
    x0, y0, x1, y1 = shapely.bounds(frame.geometry.to_numpy()).T
    inside = (x1 >= left) & (x0 <= right) & (y1 >= bottom) & (y0 <= top)
    return frame[inside].reset_index(drop=True)


def _read_raster(file: OpenedFile, municipalities: gpd.GeoDataFrame) -> gpd.GeoDataFrame | None:
    """Make a polygon of each cell with people."""
    import rasterio
    from rasterio.errors import NotGeoreferencedWarning, RasterioError

    try:
        with warnings.catch_warnings():
            # What it warns of lies nowhere, and is refused for that.
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(file.path, driver="GTiff") as raster:
                return _read_cells(raster, file, municipalities)
    except UnreadableError:
        raise
    except (RasterioError, ValueError) as error:
        raise UnreadableError(
            f"cannot be read as GeoTIFF: {clean_text(str(error), 120)}", "copy or download it again"
        ) from None


def _read_cells(
    raster: Any, file: OpenedFile, municipalities: gpd.GeoDataFrame
) -> gpd.GeoDataFrame | None:
    """Read the cells of an open raster that the study area needs, each with its outline."""
    crs = parse_crs(file.crs or (raster.crs and raster.crs.to_wkt()), file)
    if crs is None:
        if not file.crs:
            file.error("does not say its CRS", 'give it, as in crs = "ESRI:54009"')
        return None
    if raster.count > 1:
        bands = say_amount(raster.count)
        file.note(
            say(
                "the first of {bands} bands",
                "de eerste van {bands} banden",
                "la première de {bands} bandes",
                bands=bands,
            )
        )
    rows, columns, weight = _read_peopled(raster, _find_needed(raster, crs, municipalities), file)
    # The four corners of each cell, since a square is none in another projection.
    across, down = columns[:, None] + np.array([0, 1, 1, 0]), rows[:, None] + np.array([0, 0, 1, 1])
    grid = raster.transform
    x, y = grid.c + across * grid.a, grid.f + down * grid.e
    east, north = make_transformer(crs, LAMBERT_72).transform(x, y)
    corners = np.stack([east, north], axis=-1)
    # Part by part: on the way each outline takes twice its memory.
    parts = np.array_split(corners, 1 + len(corners) // 100_000)
    cells = np.concatenate([shapely.polygons(part) for part in parts])
    with np.errstate(over="ignore"):
        area_m2 = shapely.area(cells)
    if not ((area_m2 >= _CELL_M2[0]) & (area_m2 <= _CELL_M2[1])).all():
        raise UnreadableError(
            f"has cells of {grid.a:.4g} by {grid.e:.4g} in {clean_text(crs.name, 40)}, which "
            "cannot be",
            "save it with the right size of its cells, or correct its CRS with `crs`",
        )
    frame = gpd.GeoDataFrame({"weight": weight}, geometry=cells, crs=LAMBERT_72)
    frame.attrs[LARGEST] = max(_find_largest(raster, crs), weight.max(initial=0.0))
    return frame


def _find_largest(raster: Any, crs: CRS) -> float:
    """Find the largest weight of a cell in Flanders, wherever in it the study is."""
    flanders = gpd.GeoSeries([shapely.box(*FLANDERS)], crs=LAMBERT_72)
    try:
        left, top, right, bottom = _find_needed(raster, crs, flanders)
    except UnreadableError:
        return 0.0
    largest, height = 0.0, max(1, _AT_ONCE // (right - left))
    for first in range(top, bottom, height):
        window = ((first, min(first + height, bottom)), (left, right))
        cells = np.ma.compressed(raster.read(1, window=window, masked=True)).astype(np.float64)
        largest = max(largest, cells[cells <= _MOST].max(initial=0.0))
    return largest


def _read_peopled(
    raster: Any, needed: tuple[int, int, int, int], file: OpenedFile
) -> tuple[Longs, Longs, Floats]:
    """Read the cells with people in a window: row, column and weight of each.

    So many rows of it are looked at together as take little memory.
    """
    left, top, right, bottom = needed
    height = max(1, _AT_ONCE // (right - left))
    found: list[tuple[Longs, Longs, Floats]] = []
    peopled = negative = too_large = 0
    most = 0.0
    for first in range(top, bottom, height):
        window = ((first, min(first + height, bottom)), (left, right))
        values = raster.read(1, window=window, masked=True)
        weight = np.ma.filled(values.astype("float64"), np.nan)
        if np.isinf(weight).any():
            raise UnreadableError("holds infinite values", "make them nodata")
        rows, columns = np.nonzero(weight > 0)
        found.append((first + rows, left + columns, weight[rows, columns]))
        negative += int((weight < 0).sum())
        too_large += int((found[-1][2] > _MOST).sum())
        most = max(most, found[-1][2].max(initial=0))
        peopled += len(rows)
        if peopled > _MOST_PEOPLED:
            raise _too_fine_error(f"{_MOST_PEOPLED:,} cells with people")
    if too_large:
        raise UnreadableError(
            f"holds {say_count(too_large, 'cell')} above 1e12, up to {most:.4g}", "make them nodata"
        )
    if negative:
        file.note(
            say(
                "{cells} below 0 left out",
                "{cells} onder 0 weggelaten",
                "laissé de côté, sous 0 : {cells}",
                cells=say_count(negative, "cell"),
            )
        )
    rows, columns, weight = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return rows, columns, weight


def _too_fine_error(cells: str) -> UnreadableError:
    return UnreadableError(
        f"has more than {cells} in the study area", "give cells of 100 m or more"
    )


def _find_needed(
    raster: Any, crs: CRS, municipalities: gpd.GeoDataFrame | gpd.GeoSeries
) -> tuple[int, int, int, int]:
    """Find the cells that the study area needs, with one more on every side.

    Returns
    -------
    (int, int, int, int)
        First column and row, and the column and row after the last.
    """
    grid = raster.transform
    damaged = not np.isfinite(grid).all() or not grid.a * grid.e - grid.b * grid.d
    # What says nothing of its place comes out as the identity.
    if damaged or grid.is_identity:
        raise UnreadableError(
            "does not say where its cells lie: its transform is missing or damaged",
            "save it again as GeoTIFF with its place on the map",
        )
    if grid.b or grid.d:
        raise UnreadableError("is a turned raster", "save it with its rows from west to east")
    left, top, right, bottom = 0, 0, int(raster.width), int(raster.height)
    if len(municipalities):
        outline = shapely.segmentize(shapely.box(*municipalities.total_bounds), 5000)
        bounds = gpd.GeoSeries([outline], crs=LAMBERT_72).to_crs(crs).total_bounds
        if not np.isfinite(bounds).all():
            raise UnreadableError("does not lie on the study area", "correct its CRS with `crs`")
        # Cells far too small or far too large make numbers of any size, and no warning of them.
        with np.errstate(over="ignore"):
            columns = sorted((bounds[[0, 2]] - grid.c) / grid.a)
            rows = sorted((bounds[[1, 3]] - grid.f) / grid.e)
        left, right = _find_cell_range(columns, right)
        top, bottom = _find_cell_range(rows, bottom)
    if left >= right or top >= bottom:
        raise UnreadableError("does not lie on the study area", "correct its CRS with `crs`")
    if (right - left) * (bottom - top) > _MOST_CELLS:
        raise _too_fine_error(f"{_MOST_CELLS:,} cells")
    return left, top, right, bottom


def _find_cell_range(places: list[float], size: int) -> tuple[int, int]:
    """Give the first cell along an axis that is needed and the one after the last."""
    first, last = np.clip(places, -2, size + 1)
    return max(0, int(first) - 1), min(size, int(last) + 2)


def _read_weighted_layer(
    file: OpenedFile, municipalities: gpd.GeoDataFrame
) -> gpd.GeoDataFrame | None:
    """Read a layer of cells, or of points."""
    layer = read_layer(
        file, lambda one: int(one.geom_type.isin(AREAS).sum()) or len(one), alone=True
    )
    if layer is None:
        return None
    areas = layer.geom_type.isin(AREAS)
    if not areas.any():
        return _weigh_points(locate_features(layer, _WEIGHT, municipalities, file), file)
    file.keep_rows(pd.DataFrame(layer.drop(columns=layer.geometry.name)))
    label = _find_weight_column(layer.drop(columns=layer.geometry.name), file)
    weight = None if label is None else _read_cell_weights(layer, label, file)
    outlines = check_cells(layer, file)
    if weight is None or outlines is None:
        return None
    cells = gpd.GeoDataFrame({"weight": weight}, geometry=outlines, crs=LAMBERT_72)
    return cells[cells["weight"] > 0]


def _read_cell_weights(layer: gpd.GeoDataFrame, label: Any, file: OpenedFile) -> pd.Series | None:
    """Read the people of each cell; one of which that is not known has none, which is told."""
    unknown = layer[label].isna() | (as_text(layer[label]) == "")
    weight = _read_weight_column(layer[~unknown], label, file)
    if unknown.any():
        file.warn(
            say(
                "{cells} without a number in '{label}'",
                "{cells} zonder getal in '{label}'",
                "{cells} sans nombre dans « {label} »",
                cells=say_count(int(unknown.sum()), "cell"),
                label=clean_text(str(label), 40),
            ),
            say("0 is taken", "daar is 0 genomen", "0 est retenu"),
        )
    return None if weight is None else weight.reindex(layer.index).fillna(0.0)


def _find_weight_column(table: pd.DataFrame, file: OpenedFile) -> Any:
    """Find the column of people by its name; without one the file is refused."""
    label = match_columns(table, _WEIGHT, file).get("weight") or _find_people_column(table)
    if label is None:
        file.error("has no column of weights", "name the column with people `weight`")
    return label


def _weigh_points(
    read: tuple[pd.DataFrame, gpd.GeoSeries] | None, file: OpenedFile
) -> gpd.GeoDataFrame | None:
    if read is None:
        return None
    table, points = read
    label = _find_weight_column(table, file)
    if label is None:
        return None
    weight = _read_weight_column(table, label, file)
    if weight is None:
        return None
    places = pd.DataFrame({"x": points.x, "y": points.y})
    others = table.drop(columns=[label, "geometry"], errors="ignore")
    if not tell_versions(places, others.astype(str), weight, file):
        return None
    frame = gpd.GeoDataFrame({"weight": weight}, geometry=points, crs=LAMBERT_72)
    return frame[points.notna() & (weight > 0)]


def _read_weight_column(table: pd.DataFrame, label: Any, file: OpenedFile) -> pd.Series | None:
    """Read the column of weights; None when a value is no number of 0 or more."""
    file.use_column(label, "weight")
    file.note(
        say(
            "weights from column '{label}'",
            "gewichten uit kolom '{label}'",
            "poids de la colonne « {label} »",
            label=clean_text(str(label), 40),
        )
    )
    text = as_text(table[label])
    # Numbers of a layer are numbers; only texts can have marks between thousands.
    typed = pd.api.types.is_numeric_dtype(table[label])
    weight = as_numbers(text) if typed else read_numbers(text, file, whole=False)
    if weight is None:
        return None
    known = np.isfinite(weight) & (weight >= 0)
    fine = [
        check_values(text, known, "not a number of 0 or more", file),
        check_values(text, ~known | (weight <= _MOST), "above 1e12", file),
    ]
    return weight if all(fine) else None


def _find_people_column(table: pd.DataFrame) -> object:
    """Find the one column whose name begins with a word for people, such as `pop_2020`."""
    words = ("weight", "gewicht", "child", "kind", "pop", "bevolking", "inwoner")
    found = [label for label in table.columns if str(label).lower().startswith(words)]
    # Several: children before people, since it is children who are spread.
    first = [label for word in words for label in found if str(label).lower().startswith(word)]
    return first[0] if first else None
