"""Reading layers of geometry, whatever the format, and finding where on earth they lie."""

from __future__ import annotations

import re
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from stemgeo import facts
from stemgeo.arrays import do_at_once
from stemgeo.facts import LAMBERT_72
from stemgeo.inputs import vintages
from stemgeo.inputs.files import OpenedFile, clean_text
from stemgeo.inputs.formats import Format, UnreadableError
from stemgeo.notes import Said, say, say_count, say_list

if TYPE_CHECKING:
    from collections.abc import Callable, Set

    from numpy.typing import NDArray

_PREFIX = {
    Format.GEOPACKAGE: "GPKG:",
    Format.GEOJSON: "GeoJSON:",
    Format.GEOJSON_LINES: "GeoJSONSeq:",
    Format.TOPOJSON: "TopoJSON:",
}
"""Formats whose driver can be named; the others begin with bytes that no other driver takes."""

_MANY = 200_000
"""Points that are worth a second thread, which makes a transformer of its own."""

_MOST_LAYERS = 20
_OF_KML = {"tessellate", "extrude", "visibility"}
_KML_SILENT = frozenset({-1, 0})
"""Columns that the reader of KML adds by itself hold these, or nothing."""

Box = tuple[float, float, float, float]
DEGREES: Box = (2.3, 49.3, 6.6, 51.7)


def _say_metres(system: str) -> Said:
    return say("{system} metres", "meter in {system}", "mètres en {system}", system=system)


RANGES: dict[str, tuple[Said, Box]] = {
    "EPSG:4326": (Said("degrees", "graden", "degrés"), DEGREES),
    LAMBERT_72: (_say_metres("Lambert 72"), (10_000, 10_000, 310_000, 260_000)),
    "EPSG:3812": (_say_metres("Lambert 2008"), (500_000, 500_000, 820_000, 770_000)),
    "EPSG:3857": (_say_metres("Web Mercator"), (250_000, 6_300_000, 740_000, 6_750_000)),
    "EPSG:3035": (_say_metres("ETRS89-LAEA"), (3_780_000, 2_920_000, 4_080_000, 3_190_000)),
    "EPSG:25831": (_say_metres("UTM 31 North"), (440_000, 5_460_000, 720_000, 5_730_000)),
}
"""Where Belgium lies in the reference systems that are met, with some room; none overlap."""

AROUND_BELGIUM: Box = (-80_000, -80_000, 400_000, 350_000)
"""In Lambert 72; whatever lies outside is not of a study about Flanders."""


# --- Reading -----------------------------------------------------------------------------------


def read_layer(
    file: OpenedFile, score: Callable[[gpd.GeoDataFrame], int], *, alone: bool = False
) -> gpd.GeoDataFrame | None:
    """Read the layer of a file that is meant.

    Parameters
    ----------
    file
        Opened through the door; takes the problems.
    score
        Says how well a layer suits, when the study does not name one of several; the best is
        taken. 0: not at all.
    alone
        Whether it is asked which is meant wherever more than one suits.

    Returns
    -------
    GeoDataFrame or None
        Its index is the number of the feature in the file, from 1. None when it cannot be read.
    """
    import pyogrio.errors

    try:
        with warnings.catch_warnings(record=True):
            warnings.simplefilter("always")
            frame = _read_best_layer(file, score, alone=alone)
    except UnreadableError as error:
        file.error(error.what, error.mend)
        return None
    except UnicodeDecodeError:
        file.error("holds text that is damaged, or not in UTF-8", "save it again in UTF-8")
        return None
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError) as error:
        reason = clean_text(str(error).replace(str(file.path), file.name), 200)
        file.error(f"cannot be read as {file.kind.label}: {reason}")
        return None
    if frame.empty:
        file.error("holds no features")
        return None
    frame.index = pd.RangeIndex(1, len(frame) + 1, name="feature")
    if file.kind is Format.KML:
        frame = _drop_made_columns(frame)
    labels = frame.columns.drop(frame.geometry.name)
    file.keep_columns({str(label): str(label) for label in labels})
    file.keep_examples(pd.DataFrame(frame[labels]))
    return frame


def _read_best_layer(
    file: OpenedFile, score: Callable[[gpd.GeoDataFrame], int], *, alone: bool
) -> gpd.GeoDataFrame:
    if file.kind is Format.PARQUET:
        return _read_parquet(file)
    import pyogrio

    source: str | bytes = _PREFIX.get(file.kind, "") + str(file.path)
    if file.kind in (Format.GML, Format.KML):
        # From memory, so that GDAL neither reads a schema beside the file nor writes one there.
        source = file.path.read_bytes()
    # By place: a KML folder without a name is called after the file, and that has one of its own
    # each time that it is opened from memory.
    listing = pyogrio.list_layers(source)
    every = [str(name) for name, _ in listing]
    shapes = [place for place, (_, kind) in enumerate(listing) if kind is not None]
    if file.layer is not None:
        named = [place for place in shapes if every[place] == file.layer]
        if not named:
            has = say_list([every[place] for place in shapes])
            raise UnreadableError(f"has no layer '{clean_text(file.layer)}'", f"it has: {has}")
        return _read_whole(source, named[0], file)
    if not shapes:
        raise UnreadableError("has no layer with geometry")
    if len(shapes) > _MOST_LAYERS:
        raise _several_layers_error([every[place] for place in shapes])
    frames = {place: _read_whole(source, place, file) for place in shapes}
    chosen = shapes[0]
    if len(shapes) > 1:
        scores = {place: score(frame) for place, frame in frames.items()}
        chosen = max(scores, key=lambda place: scores[place])
        fitting = [place for place, one in scores.items() if one] or shapes
        rivals = fitting if alone else [p for p in fitting if scores[p] == scores[chosen]]
        if len(rivals) > 1:
            raise _several_layers_error([every[place] for place in rivals])
    others = [name for place, name in enumerate(every) if place != chosen]
    if others:
        file.keep_place(layer=every[chosen])
        file.note_unused(
            say(
                "read from the layer '{name}'; not used: {others}",
                "gelezen uit de laag '{name}'; niet gebruikt: {others}",
                "lu dans la couche « {name} » ; non utilisé : {others}",
                name=clean_text(every[chosen]),
                others=say_list(others, 5),
            )
        )
    return frames[chosen]


def _drop_made_columns(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Drop the columns that the reader of KML adds to every layer, where the file has no such."""
    made = [
        name
        for name in frame.columns.drop(frame.geometry.name)
        if frame[name].isna().all() or (name in _OF_KML and frame[name].isin(_KML_SILENT).all())
    ]
    return frame.drop(columns=made)


def _several_layers_error(layers: list[str]) -> UnreadableError:
    return UnreadableError(
        f"has several layers: {say_list(layers)}",
        f'say which is meant with `layer`, as in layer = "{clean_text(layers[0])}"',
    )


def _read_parquet(file: OpenedFile) -> gpd.GeoDataFrame:
    try:
        frame = gpd.read_parquet(file.path)
        for name in frame.columns.drop(frame.geometry.name):
            # Broken text shows when it is asked for.
            frame[name].tolist()
    except CRSError:
        raise UnreadableError(
            "says a CRS that is damaged or unknown",
            "save it again with its CRS, such as EPSG:31370",
        ) from None
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  (geopandas raises whatever it stumbles on in the metadata)
        raise UnreadableError(
            "is a GeoParquet that is cut off, damaged or without geometry", "copy it again"
        ) from None
    return frame


def _read_whole(source: str | bytes, layer: int, file: OpenedFile) -> gpd.GeoDataFrame:
    """Read a layer; a row less than the file announces means that it is cut off."""
    import pyogrio

    announced = int(pyogrio.read_info(source, layer=layer)["features"])
    frame = pyogrio.read_dataframe(source, layer=layer, force_2d=True, on_invalid="ignore")
    if file.kind is Format.GEOJSON_LINES:
        with file.path.open("rb") as stream:
            announced = sum(1 for line in stream if line.strip(b"\x1e \t\r\n"))
    if len(frame) < announced:
        raise UnreadableError(
            f"is cut off or damaged: it has {len(frame)} of the {announced} features it announces",
            "copy or download it again",
        )
    return frame


# --- Where it lies -----------------------------------------------------------------------------


def likely_crs(box: Box) -> str | None:
    """Tell in which reference system coordinates would lie in Belgium; None if in none."""
    for crs, (_, (left, bottom, right, top)) in RANGES.items():
        if left <= box[0] <= box[2] <= right and bottom <= box[1] <= box[3] <= top:
            return crs
    return None


def _swap_axes(box: Box) -> Box:
    return box[1], box[0], box[3], box[2]


def _is_in_degrees(box: Box) -> bool:
    """Whether these are degrees in Belgium, in either order."""
    return "EPSG:4326" in (likely_crs(box), likely_crs(_swap_axes(box)))


def to_lambert(frame: gpd.GeoDataFrame, file: OpenedFile) -> gpd.GeoDataFrame | None:
    """Bring a layer to EPSG:31370, and see that it then lies in or around Belgium.

    Returns
    -------
    GeoDataFrame or None
        None when its reference system is missing or cannot be the right one.
    """
    if not _all_finite(frame, file):
        return None
    box: Box = tuple(frame.total_bounds.tolist())
    if not np.isfinite(box).all():
        file.error("has no feature with a geometry")
        return None
    crs = parse_crs(file.crs or frame.crs, file)
    if crs is None:
        if not file.crs:
            _report_no_crs(box, file)
        return None
    if file.crs and frame.crs and CRS(frame.crs) != crs and file.kind is not Format.GEOJSON:
        file.warn(
            say(
                "is read as {crs}, as the study says, not as its own CRS",
                "is gelezen als {crs}, zoals de studie zegt, niet in het eigen coördinatenstelsel",
                "est lu en {crs}, comme le dit l’étude, et non dans son propre système de "
                "coordonnées",
                crs=clean_text(file.crs),
            )
        )
    moved = frame.set_crs(crs, allow_override=True).to_crs(LAMBERT_72)
    # Degrees taken for metres lie near the origin of Lambert 72, which is not far from Belgium.
    degrees = crs.is_projected and _is_in_degrees(box)
    if _is_inside(tuple(moved.total_bounds), AROUND_BELGIUM) and not degrees:
        return moved
    _report_elsewhere(box, crs, file)
    return None


@cache
def make_transformer(from_crs: str | CRS, to_crs: str) -> Transformer:
    """Make each transformer of x and y once: that takes longer than to move a study's points."""
    return Transformer.from_crs(from_crs, to_crs, always_xy=True)


def move_points(
    from_crs: str, to_crs: str, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Move points to another reference system; millions of them in two threads.

    Parameters
    ----------
    from_crs, to_crs
        Reference systems.
    x, y
        Coordinates, or longitude and latitude.
    """
    transformer = make_transformer(from_crs, to_crs)
    if len(x) < _MANY:
        return cast("tuple[NDArray[np.float64], NDArray[np.float64]]", transformer.transform(x, y))
    half = len(x) // 2
    halves = do_at_once(  # PROJ lets others run meanwhile
        lambda one: transformer.transform(x[one], y[one]), (slice(half), slice(half, None))
    )
    moved_x, moved_y = (np.concatenate(parts) for parts in zip(*halves, strict=True))
    return moved_x, moved_y


def locate_municipalities() -> gpd.GeoSeries:
    """Give the point inside each of `facts.list_municipalities`, in EPSG:31370."""
    known = facts.list_municipalities()
    moved = make_transformer("EPSG:4326", LAMBERT_72)
    at = moved.transform(known["lon"].to_numpy(), known["lat"].to_numpy())
    return gpd.GeoSeries(gpd.points_from_xy(*at), crs=LAMBERT_72)


def name_crs(crs: CRS) -> str:
    """Call a CRS by its code, or by its name where that is no short one."""
    return crs.to_string() if len(crs.to_string()) < 20 else crs.name


def parse_crs(crs: Any, file: OpenedFile) -> CRS | None:
    """Make a CRS of what the file or the study says; None when there is none or it is nonsense."""
    if crs is None:
        return None
    try:
        known = CRS.from_user_input(crs)
        make_transformer(known, LAMBERT_72)
    except ProjError:
        file.error(f"its crs '{clean_text(str(crs))}' is unknown", 'write it as "EPSG:31370"')
        return None
    return known


def _is_inside(box: tuple[float, ...], around: Box) -> bool:
    return bool(
        np.isfinite(box).all()
        and around[0] <= box[0]
        and around[1] <= box[1]
        and box[2] <= around[2]
        and box[3] <= around[3]
    )


def _write_span(box: Box) -> str:
    return f"x {box[0]:.6g} to {box[2]:.6g}, y {box[1]:.6g} to {box[3]:.6g}"


def _all_finite(frame: gpd.GeoDataFrame, file: OpenedFile) -> bool:
    """Whether every coordinate is a number; readers pass NaN and infinity on."""
    coordinates, owner = shapely.get_coordinates(frame.geometry.to_numpy(), return_index=True)
    bad = sorted(set(owner[~np.isfinite(coordinates).all(axis=1)]))
    if bad:
        where = say_list([frame.index[place] for place in bad])
        at = f"{frame.index.name or 'feature'} {where}"
        file.error_at(at, "coordinates that are not numbers", "mend the geometry")
    return not bad


def _report_no_crs(box: Box, file: OpenedFile) -> None:
    likely = likely_crs(box)
    swapped = likely_crs(_swap_axes(box)) == "EPSG:4326"
    if likely:
        mend = f'they look like {RANGES[likely][0]}: if so, give crs = "{likely}"'
    elif swapped:
        mend = "they look like degrees with latitude first: write longitude first"
    else:
        mend = 'give it, as in crs = "EPSG:31370"'
    file.error(f"does not say its CRS (coordinates: {_write_span(box)})", mend)


def _report_elsewhere(box: Box, crs: CRS, file: OpenedFile) -> None:
    """Say what the coordinates look like when they are not what the file says."""
    says = name_crs(crs)
    likely = likely_crs(box)
    if likely and CRS(likely) != crs:
        what = f"its coordinates ({_write_span(box)}) are {RANGES[likely][0]}, but it says {says}"
        file.error(what, f'give crs = "{likely}"')
    elif likely_crs(_swap_axes(box)) == "EPSG:4326":
        what = f"latitude and longitude are swapped (coordinates: {_write_span(box)})"
        file.error(what, "write longitude first")
    else:
        what = (
            f"does not lie in or around Belgium (coordinates: {_write_span(box)}, read as {says})"
        )
        file.error(what, "correct its CRS with `crs`, or give the right file")


# --- Polygons ----------------------------------------------------------------------------------


def keep_polygons(frame: gpd.GeoDataFrame, labels: pd.Series, file: OpenedFile) -> gpd.GeoDataFrame:
    """Keep the valid polygons of each feature; what had to be mended is told.

    Parameters
    ----------
    frame
        Features with a geometry.
    labels
        How to call each feature in a message, on the index of `frame`.
    file
        Where it came from; takes the problems.
    """
    geometry = frame.geometry
    invalid = ~geometry.is_valid
    if invalid.any():
        file.warn(_say_mended(labels[invalid].tolist()))
        geometry = geometry.where(~invalid, geometry.make_valid())
    mixed = geometry.geom_type == "GeometryCollection"
    if mixed.any():
        if (frame.geom_type == "GeometryCollection").any():
            named = labels[frame.geom_type == "GeometryCollection"].tolist()
            file.warn(
                say(
                    "mixed geometry, of which the polygons count: {names}",
                    "mengt vlakken met lijnen of punten, alleen de vlakken tellen: {names}",
                    "mélange des polygones et des lignes ou points, seuls les polygones comptent "
                    ": {names}",
                    names=say_list(named),
                )
            )
        geometry = geometry.where(~mixed, geometry[mixed].map(_unite_polygons))
    other = ~geometry.geom_type.isin(["Polygon", "MultiPolygon"]) | geometry.is_empty
    if other.any():
        file.error(f"no polygon: {say_list(labels[other].tolist())}", "give outlines as polygons")
    return frame.set_geometry(geometry)[~other]


def find_polygons(points: NDArray[np.object_], outlines: NDArray[np.object_]) -> NDArray[np.intp]:
    """Find in which polygon each point lies: on a border the first, -1 in none, shape (points,)."""
    # The tree holds the points: it then prepares each polygon once, whatever its detail.
    polygon, point = shapely.STRtree(points).query(outlines, predicate="intersects")
    first = np.full(len(points), len(outlines), dtype=np.intp)
    np.minimum.at(first, point, polygon)
    return np.where(first < len(outlines), first, -1)


def find_codes(points: gpd.GeoSeries, places: gpd.GeoDataFrame, column: str) -> pd.Series:
    """Give the code of the polygon in which each point lies: the first by code, empty in none.

    Parameters
    ----------
    points, places
        In one CRS.
    column
        Of `places`, with their codes.
    """
    ranked = places.sort_values(column)
    place = find_polygons(points.to_numpy(), ranked.geometry.to_numpy())
    codes = np.append(ranked[column].to_numpy(object), "")
    return pd.Series(codes[place], index=points.index, dtype=str)


def _say_mended(names: list[object]) -> Said:
    parts = {"outlines": say_count(len(names), "outline"), "names": say_list(names)}
    if len(names) == 1:
        return say(
            "{outlines} crosses itself and was mended: {names}",
            "{outlines} kruist zichzelf en is hersteld: {names}",
            "{outlines} se croise lui-même et a été réparé : {names}",
            **parts,
        )
    return say(
        "{outlines} cross themselves and were mended: {names}",
        "{outlines} kruisen zichzelf en zijn hersteld: {names}",
        "{outlines} se croisent eux-mêmes et ont été réparés : {names}",
        **parts,
    )


def _unite_polygons(geometry: shapely.Geometry) -> shapely.Geometry:
    """Unite the polygons in a collection, however deep they stand."""
    pieces = shapely.get_parts(shapely.get_parts(geometry))
    return shapely.union_all(
        [piece for piece in pieces if piece.geom_type in ("Polygon", "MultiPolygon")]
    )


# --- Columns by what they hold -----------------------------------------------------------------

_CODE = re.compile(r"(?:BE[234])?(\d{5})(?:\.0)?")


def as_text(column: pd.Series) -> pd.Series:
    """Turn any column into text; missing values become empty."""
    if pd.api.types.is_float_dtype(column):
        whole = column.dropna()
        if (whole == whole.round()).all() and (whole.abs() < 2**53).all():
            column = column.astype("Int64")
    return column.astype(object).where(column.notna(), "").astype(str).str.strip()


def as_codes(column: pd.Series) -> pd.Series:
    """Read NIS codes out of a column of text or numbers; empty where there is none.

    "BE211001", as some files have it, is 11001.
    """
    return as_text(column).str.extract(f"^{_CODE.pattern}$", expand=False).fillna("")


def are_among(codes: pd.Series, known: Set[str]) -> pd.Series[bool]:
    """Say which codes are known ones; `isin` alone would hand all of these to Arrow, one by one."""
    return codes.isin(known & set(codes.unique()))


def _drop_geometry(frame: pd.DataFrame) -> pd.DataFrame:
    geometry = [name for name in frame.columns if frame[name].dtype == "geometry"]
    return frame.drop(columns=geometry)


def find_code_columns(frame: pd.DataFrame) -> dict[str, int]:
    """Columns that hold municipality codes, and how many different known ones; best first.

    The rows must have such codes for the greater part: of Flanders, Brussels or Wallonia.
    """
    found = {}
    for name, column in _drop_geometry(frame).items():
        codes = as_codes(column)
        known = are_among(codes, vintages.known_codes())
        fitting = known | codes.map(vintages.is_walloon)
        if known.any() and fitting.mean() >= 0.5:
            found[str(name)] = int(codes[known].nunique())
    return dict(sorted(found.items(), key=lambda item: -item[1]))
