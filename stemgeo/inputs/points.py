"""Points from tables and layers: which columns hold them, and where on earth they lie."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS, Transformer

from stemgeo.facts import LAMBERT_72
from stemgeo.inputs.asides import drop_asides
from stemgeo.inputs.cells import as_numbers, read_table
from stemgeo.inputs.columns import (
    Header,
    Synonyms,
    find_nearest,
    know_label,
    list_meanings,
)
from stemgeo.inputs.counting import UNSURE, drop_thousands
from stemgeo.inputs.files import OpenedFile, clean_text
from stemgeo.inputs.formats import TABLE
from stemgeo.inputs.messages import MOST_TOLD, report_wrong, tell_rest
from stemgeo.inputs.names import ADDRESS, AXES, AXIS_OF, find_system, read_axis
from stemgeo.inputs.vectors import (
    AROUND_BELGIUM,
    DEGREES,
    RANGES,
    Box,
    make_transformer,
    name_crs,
    parse_crs,
    read_layer,
)
from stemgeo.notes import Said, say, say_count, say_list

if TYPE_CHECKING:
    from collections.abc import Callable

Numbers = npt.NDArray[np.float64]
_SIDE = {"lon": "east", "x": "east", "lat": "north", "y": "north"}
_LARGEST = 1e9


def read_points(
    file: OpenedFile,
    known: Synonyms,
    study_area: gpd.GeoDataFrame,
    *,
    areas: bool = True,
    near: bool = False,
    bare: Callable[[pd.DataFrame], bool] = lambda _: False,
) -> tuple[pd.DataFrame, gpd.GeoSeries] | None:
    """Read a file of points: a table with two columns of coordinates, or a layer.

    Parameters
    ----------
    file
        Opened through the door; takes the problems.
    known
        The names that other columns may have: they tell the header of a table.
    study_area
        Polygons in EPSG:31370: tell whether x and y are swapped.
    near
        Whether every point should lie in or near Flanders: then one that does not and would, were
        its x and y exchanged, is refused.
    areas
        Whether an area may stand for its centre, as a school ground may.
    bare
        Says of the attributes whether a row may have no coordinates: then its point is empty.

    Returns
    -------
    (DataFrame, GeoSeries) or None
        The attributes as they stand in the file, and the points in EPSG:31370 (missing where a
        row has none that can be used: then an error says so). The index is named `row` or
        `feature` and holds its number.
    """
    near_by = _NearBox(_box_of(study_area), each=near)
    if file.kind in TABLE:
        return _read_from_table(file, known, near_by, bare)
    kinds = (*_POINTS, *_AREAS) if areas else _POINTS
    frame = read_layer(file, lambda one: int(one.geom_type.isin(kinds).sum()), alone=True)
    if frame is None:
        return None
    return _locate_features(frame, known, file, near_by, areas=areas, bare=bare)


def locate_features(
    frame: gpd.GeoDataFrame, known: Synonyms, study_area: gpd.GeoDataFrame, file: OpenedFile
) -> tuple[pd.DataFrame, gpd.GeoSeries] | None:
    """As `read_points`, of a layer that is read already.

    Parameters
    ----------
    frame
        As `read_layer` gives it.
    known, study_area, file
        As for `read_points`.
    """
    near_by = _NearBox(_box_of(study_area), each=False)
    return _locate_features(frame, known, file, near_by, areas=True, bare=lambda _: False)


def _locate_features(
    frame: gpd.GeoDataFrame,
    known: Synonyms,
    file: OpenedFile,
    near_by: _NearBox,
    *,
    areas: bool,
    bare: Callable[[pd.DataFrame], bool],
) -> tuple[pd.DataFrame, gpd.GeoSeries] | None:
    file.choose_columns(list(known))
    attributes = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    file.keep_rows(attributes)
    crs = parse_crs(file.crs or frame.crs, file)
    x, y = _take_single_points(frame.geometry, file, areas=areas)
    if crs is None and file.crs:
        return None
    located = locate_points(x, y, frame.index, crs, file, replace(near_by, bare=bare(attributes)))
    return None if located is None else (attributes, located[0])


_POINTS = ("Point", "MultiPoint")
_AREAS = ("Polygon", "MultiPolygon")


def _take_single_points(
    geometry: gpd.GeoSeries, file: OpenedFile, *, areas: bool
) -> tuple[Numbers, Numbers]:
    """Give the one point of each feature; one that is no single point is told."""
    alone = gpd.GeoSeries(
        [_take_only_part(one) for one in geometry], index=geometry.index, crs=geometry.crs
    )
    area = alone.geom_type.isin(_AREAS) & areas
    if area.any():
        many = int(area.sum()) > 1
        file.warn(
            say(
                "{areas} {count} at {its} centre",
                "{areas} {count} op {its} middelpunt",
                "{areas} {count} en {its} centre",
                areas=say_count(int(area.sum()), "area"),
                count=Said("count", "tellen", "comptent")
                if many
                else Said("counts", "telt", "compte"),
                its=Said("their", "hun", "leur") if many else Said("its", "zijn", "son"),
            )
        )
    other = alone.geom_type.notna() & ~alone.is_empty & (alone.geom_type != "Point") & ~area
    for feature, one in alone[other].head(MOST_TOLD).items():
        parts = len(shapely.get_parts(one))
        of = f" of {parts} parts" if parts > 1 else ""
        file.error_at(
            f"feature {feature}",
            f"is no single point, but a {one.geom_type}{of}",
            "give one point, such as its entrance",
        )
    tell_rest(alone.index[other], "is no single point either", file)
    # What was told is not told again as missing: any point will do, the file is refused.
    with np.errstate(invalid="ignore"):
        # Of coordinates that are no numbers comes a point that is none, and is told as missing.
        alone = alone.where(~other, alone.representative_point())
    centre = gpd.GeoSeries(alone.to_numpy(), index=alone.index).centroid
    return centre.x.to_numpy(), centre.y.to_numpy()


def _take_only_part(geometry: shapely.Geometry | None) -> shapely.Geometry | None:
    """Take the one part of what could have more, however deep it stands."""
    while geometry is not None and hasattr(geometry, "geoms") and len(geometry.geoms) == 1:
        geometry = geometry.geoms[0]
    return geometry


def _read_from_table(
    file: OpenedFile, known: Synonyms, near: _NearBox, bare: Callable[[pd.DataFrame], bool]
) -> tuple[pd.DataFrame, gpd.GeoSeries] | None:
    given = {_SIDE.get(ours, ours): names for ours, names in file.given_names.items()}
    names = {ours: (*known.get(ours, ()), *given.get(ours, ())) for ours in {**known, **given}}
    header = Header(names, frozenset(_SIDE.values()), file.header_row, _find_side)
    table = read_table(file, header=header)
    crs = parse_crs(file.crs, file)
    if table is None or (file.crs and crs is None):
        return None
    file.choose_columns([*known, *AXES])
    near = replace(near, bare=bare(table))
    pair = _find_pair(table, crs, file, bare=near.bare)
    if pair is None:
        return None
    table = drop_asides(table, pair.columns, _find_addresses(table, known, file), file)
    if table.empty:
        file.error("holds no rows below its header")
        return None
    file.keep_examples(table)
    file.keep_rows(table)
    if not pair.columns:
        return table, gpd.GeoSeries([shapely.Point()] * len(table), table.index, crs=LAMBERT_72)
    if crs is None and pair.crs:
        crs = CRS(pair.crs)
    for name, axis in zip(pair.columns, pair.axes, strict=True):
        file.use_column(name, axis)
    numbers = _read_coordinates(table, pair, file)
    located = numbers and locate_points(*numbers, table.index, crs, file, near)
    if located is None:
        return None
    points, used = located
    east, north = (file.label_of(name) for name in pair.columns)
    file.note(
        say(
            "coordinates from '{east}' and '{north}', {used}",
            "coördinaten uit '{east}' en '{north}', {used}",
            "coordonnées de « {east} » et « {north} », {used}",
            east=clean_text(east, 40),
            north=clean_text(north, 40),
            used=used,
        )
    )
    return table.drop(columns=list(pair.columns)), points


def _find_addresses(table: pd.DataFrame, known: Synonyms, file: OpenedFile) -> list[str]:
    """Find the columns that say where a row is in words."""
    meanings = {name: ours for name, ours in list_meanings(known).items() if ours in ADDRESS}
    chosen = [column for ours, column in file.chosen.items() if ours in ADDRESS]
    labels = {str(name): know_label(file.label_of(name), meanings) for name in table.columns}
    return [*chosen, *(name for name, label in labels.items() if label in meanings)]


def _find_side(label: str) -> str:
    """Tell whether a label is of coordinates east or north; empty where it is of none."""
    axis = read_axis(label)
    return _SIDE[axis[0]] if axis else ""


@dataclass(frozen=True)
class _Pair:
    """The two columns of coordinates, what they are, and the reference system that they say."""

    columns: tuple[str, ...]
    axes: tuple[str, ...]
    crs: str | None


def _find_pair(
    table: pd.DataFrame, crs: CRS | None, file: OpenedFile, *, bare: bool
) -> _Pair | None:
    """Find the two columns that hold the coordinates; none where there need be none."""
    given = {axis: file.chosen[axis] for axis in AXES if axis in file.chosen}
    read: dict[str, dict[str, frozenset[str]]] = {axis: {} for axis in AXES}
    for name in map(str, table.columns):
        own = next((axis for axis, column in given.items() if column == name), None)
        axis = read_axis(file.label_of(name))
        if own:
            read[own][name] = axis[1] if axis else frozenset()
        elif axis and name not in file.chosen.values() and not given:
            read[axis[0]][name] = axis[1]
    kinds = [("lon", "lat"), ("x", "y")]
    # Declared metres belong to x and y, when a table has degrees beside them.
    for axes in kinds[::-1] if crs is not None and crs.is_projected else kinds:
        east, north = (read[axis] for axis in axes)
        pairs = [(a, b) for a in east for b in north if east[a] == north[b]]
        pairs += list(product(east, north)) if len(east) == len(north) == 1 else []
        if pairs:
            columns = min(pairs, key=lambda pair: len(east[pair[0]]))
            return _Pair(columns, axes, find_system(axes[0], east[columns[0]]))
    if given:
        file.error("`columns` gives one half of the coordinates", "give lon and lat, or x and y")
        return None
    if bare:
        return _Pair((), (), None)
    labels = [file.label_of(name) for name in table.columns]
    near = [(label, find_nearest(label, _AXES_KNOWN)) for label in labels]
    hints = [f"'{clean_text(label, 40)}' ({word}?)" for label, word in near if word]
    file.error(
        f"has no coordinates (columns: {say_list(labels, 20)}"
        + (f"; near one: {say_list(hints)})" if hints else ")"),
        "add columns lon and lat (degrees), or x and y (Lambert 72), or say which they are, as in "
        'columns = { lon = "...", lat = "..." }',
    )
    return None


_AXES_KNOWN = [name for name in AXIS_OF if len(name) > 3]


_UNIT = {
    "lon": re.compile(r"(?i)\s*\u00b0?\s*(OL|E|O)?\.?$"),
    "lat": re.compile(r"(?i)\s*\u00b0?\s*(NB|N)?\.?$"),
    **dict.fromkeys("xy", re.compile(r"(?i)\s*(m|meters?|m[e\u00e8]tres?)$")),
}


def _read_coordinates(
    table: pd.DataFrame, pair: _Pair, file: OpenedFile
) -> tuple[Numbers, Numbers] | None:
    """Read the two columns; where a mark can be two things, that by which they lie in Belgium."""
    written = [table[name] for name in pair.columns]
    bare = [
        text.str.replace(_UNIT[axis], "", regex=True)
        for text, axis in zip(written, pair.axes, strict=True)
    ]
    plain, unsure = drop_thousands(pd.concat(bare))
    halves = np.split(unsure.to_numpy(), 2)
    ways = [plain, plain.where(~unsure, plain.str.replace(r"[.,]", "", regex=True))]
    read = [np.split(as_numbers(way).to_numpy(), 2) for way in ways]
    rows = halves[0] | halves[1]
    if rows.any():
        shares = [_find_likely_crs(x[rows], y[rows])[1] for x, y in read]
        if (shares[0] > 0.5) == (shares[1] > 0.5):
            for text, half in zip(written, halves, strict=True):
                report_wrong(text, pd.Series(half, text.index), UNSURE[0], file, UNSURE[1])
            return None
        if shares[1] > 0.5:
            file.note(
                Said(
                    "marks between thousands, by where the places lie",
                    "punten of komma’s tussen duizendtallen, te zien aan waar de plaatsen liggen",
                    "séparateurs de milliers, d’après l’emplacement des lieux",
                )
            )
            read.reverse()
    for text, numbers in zip(written, read[0], strict=True):
        none = pd.Series(np.isnan(numbers), text.index) & (text != "")
        report_wrong(text, none, "a number", file, "write it as 51.2194 or 51,2194")
    x, y = read[0]
    told = ((np.isnan(x) & (written[0] != "")) | (np.isnan(y) & (written[1] != ""))).to_numpy()
    fine = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    if not told.any():
        return x, y
    if not len(fine):
        return None
    # What was told is not told again as missing: any place will do, the file is refused.
    return np.where(told, x[fine[0]], x), np.where(told, y[fine[0]], y)


def locate_points(
    x: Numbers,
    y: Numbers,
    index: pd.Index,
    crs: CRS | None,
    file: OpenedFile,
    near: _NearBox,
) -> tuple[gpd.GeoSeries, Said] | None:
    """Bring coordinates to EPSG:31370, recognising their reference system where none is said.

    Parameters
    ----------
    x, y
        Coordinates; NaN where there are none; shape (rows,).
    index
        Of the rows, named `row` or `feature`.
    crs
        Their reference system, if it is said.
    file
        Takes the problems and notes.
    near
        Where the points should lie.

    Returns
    -------
    (GeoSeries, Said) or None
        The points and a word on how they were read. None when most do not lie in Belgium, or
        nothing tells their reference system.
    """
    there = np.isfinite(x) & np.isfinite(y) & (np.abs(x) < _LARGEST) & (np.abs(y) < _LARGEST)
    none = near.bare & np.isnan(x) & np.isnan(y)
    _report_missing(index, ~there & ~none, file)
    if not there.any():
        series = gpd.GeoSeries([shapely.Point()] * len(x), index=index, crs=LAMBERT_72)
        none_given = Said("none given", "geen opgegeven", "aucune indiquée")
        return (series, none_given) if none.all() else None
    how = Said("as given", "zoals opgegeven", "comme indiqué")
    if crs is None:
        crs = _recognise_crs(x[there], y[there], file)
        how = Said("told by their range", "volgens de waarden", "d’après les valeurs")
    if crs is None:
        return None
    moved = make_transformer(crs, LAMBERT_72)
    east, north = (np.full(len(x), np.nan) for _ in "xy")
    east[there], north[there] = moved.transform(x[there], y[there])
    inside = _is_within(east, north, AROUND_BELGIUM)
    if crs.is_projected:
        # Degrees taken for metres lie near the origin of Lambert 72, not far from Belgium.
        inside &= ~(_is_within(x, y, DEGREES) | _is_within(y, x, DEGREES))
        if _report_swapped(x, y, index, moved, near, file):
            return None
    if inside.sum() * 2 < there.sum() and _report_all_wrong(x[there], y[there], crs, file):
        return None
    _report_far(x, y, index, there & ~inside, file)
    points = gpd.points_from_xy(np.where(inside, east, np.nan), np.where(inside, north, np.nan))
    series = gpd.GeoSeries(points, index=index, crs=LAMBERT_72)
    series[~inside] = None
    series[none] = shapely.Point()
    used = say("{crs}, {how}", "{crs}, {how}", "{crs}, {how}", crs=name_crs(crs), how=how)
    return series, used


def _recognise_crs(x: Numbers, y: Numbers, file: OpenedFile) -> CRS | None:
    """Recognise the reference system of coordinates, and say which; None where nothing tells."""
    likely, share = _find_likely_crs(x, y)
    if likely is None or share <= 0.5:
        file.error(
            f"does not say its CRS, and its coordinates (such as {x[0]:.7g}, {y[0]:.7g}) do not "
            "tell",
            'give it, as in crs = "EPSG:31370"',
        )
        return None
    file.keep_place(crs=likely)
    file.warn(
        say(
            "does not say its CRS; its coordinates are read as {called} ({likely})",
            "zegt niet in welk stelsel de coördinaten staan; ze zijn gelezen als {called} "
            "({likely})",
            "ne dit pas dans quel système sont les coordonnées ; elles sont lues comme {called} "
            "({likely})",
            called=RANGES[likely][0],
            likely=likely,
        ),
        say(
            'give crs = "{likely}" to be sure',
            'geef crs = "{likely}" op om zeker te zijn',
            'indiquez crs = "{likely}" pour en être sûr',
            likely=likely,
        ),
    )
    return CRS(likely)


FLANDERS: Box = (21_000, 152_000, 260_000, 245_000)
_CROSSED_M = 15_000
"""In Lambert 72; and how far from it an academy can still play a part, with much room."""


@dataclass(frozen=True)
class _NearBox:
    """Where points should lie: most in the box of the study, or each near Flanders; or nowhere."""

    box: Box | None
    each: bool
    bare: bool = False


def _box_of(study_area: gpd.GeoDataFrame) -> Box | None:
    return tuple(study_area.total_bounds.tolist()) if len(study_area) else None


def _report_swapped(
    x: Numbers, y: Numbers, index: pd.Index, moved: Transformer, near: _NearBox, file: OpenedFile
) -> bool:
    """Report metres of which x and y are exchanged; both ways round they lie in Belgium.

    All of them: most lie in Flanders that way alone, or none in the study this way and each that
    way. One among others: it lies far from Flanders this way.
    """
    as_given, exchanged = moved.transform(x, y), moved.transform(y, x)

    def only_exchanged(box: Box) -> npt.NDArray[np.bool_]:
        return _is_within(*exchanged, box) & ~_is_within(*as_given, box)

    there = np.isfinite(x) & np.isfinite(y)
    all_ = bool(near.box and only_exchanged(near.box)[there].all())
    if all_ or only_exchanged(FLANDERS)[there].mean() > 0.5:
        at = f"such as {x[there][0]:.7g}, {y[there][0]:.7g}"
        file.error(f"x and y are swapped ({at})", "exchange the two")
        return True
    left, bottom, right, top = FLANDERS
    wide = left - _CROSSED_M, bottom - _CROSSED_M, right + _CROSSED_M, top + _CROSSED_M
    alone = only_exchanged(FLANDERS) & ~_is_within(*as_given, wide)
    for place in np.flatnonzero(alone & near.each)[:20]:
        file.error_at(
            f"{index.name} {index[place]}",
            f"x and y are swapped ({x[place]:.7g}, {y[place]:.7g})",
            "exchange the two; if it does lie there, it is too far to matter: leave it out",
        )
    return False


def _is_within(x: Numbers, y: Numbers, box: Box) -> npt.NDArray[np.bool_]:
    # Comparisons with NaN and infinity are False, as wanted.
    return (x >= box[0]) & (y >= box[1]) & (x <= box[2]) & (y <= box[3])


def _find_likely_crs(x: Numbers, y: Numbers) -> tuple[str | None, float]:
    """Find the CRS in which most of the points lie in Belgium, and the share that does."""
    shares = {crs: float(_is_within(x, y, box).mean()) for crs, (_, box) in RANGES.items()}
    best = max(shares, key=lambda crs: shares[crs])
    return (best, shares[best]) if shares[best] > 0 else (None, 0.0)


def _report_missing(index: pd.Index, missing: npt.NDArray[np.bool_], file: OpenedFile) -> None:
    if missing.any():
        rows = say_list(index[missing].tolist())
        file.error_at(
            f"{index.name} {rows}",
            f"no coordinates{file.quote_rows(index[missing].tolist())}",
            "fill them in, or leave the row out",
        )


def _report_all_wrong(x: Numbers, y: Numbers, crs: CRS, file: OpenedFile) -> bool:
    """Say what is wrong with all of the coordinates at once, if that can be told."""
    likely, share = _find_likely_crs(x, y)
    says = name_crs(crs)
    sample = f"such as {x[0]:.7g}, {y[0]:.7g}"
    if likely and share > 0.5 and CRS(likely) != crs:
        what = f"its coordinates ({sample}) are {RANGES[likely][0]}, but are given as {says}"
        file.error(what, f'give crs = "{likely}"')
        return True
    if _is_within(y, x, DEGREES).mean() > 0.5:
        file.error(f"latitude and longitude are swapped ({sample})", "exchange the two")
        return True
    likely, share = _find_likely_crs(y, x)
    if likely and share > 0.5 and CRS(likely) == crs:
        file.error(f"x and y are swapped ({sample})", "exchange the two")
        return True
    return False


def _report_far(
    x: Numbers,
    y: Numbers,
    index: pd.Index,
    far: npt.NDArray[np.bool_],
    file: OpenedFile,
) -> None:
    for place in np.flatnonzero(far)[:MOST_TOLD]:
        where = f"{index.name} {index[place]}"
        at = f"{x[place]:.7g}, {y[place]:.7g}"
        if _is_within(y[place : place + 1], x[place : place + 1], DEGREES)[0]:
            file.error_at(where, f"latitude and longitude are swapped ({at})", "exchange the two")
        else:
            file.error_at(where, f"lies far outside Belgium ({at})", "correct the coordinates")
    tell_rest(index[far], "does not lie in Belgium either", file)


def match_columns(table: pd.DataFrame, synonyms: Synonyms, file: OpenedFile) -> dict[str, Any]:
    """Take our columns among those of a table: our name, and the label it has there.

    Where two could be the same one of ours, it is asked which is meant.

    Parameters
    ----------
    table
        As it stands in the file.
    synonyms
        Our names, with those they may have.
    file
        Takes the question, and is told which are used.
    """
    plain: dict[str, list[Any]] = {}
    meanings = list_meanings(synonyms)
    for label in table.columns:
        if str(label) not in file.chosen.values():
            plain.setdefault(know_label(file.label_of(label), meanings), []).append(label)
    found: dict[str, Any] = {}
    for name, known in synonyms.items():
        ranks = ([label for one in rank.split() for label in plain.get(one, ())] for rank in known)
        free = ([label for label in rank if label not in found.values()] for rank in ranks)
        if name in file.chosen:
            free = ([label] for label in table.columns if str(label) == file.chosen[name])
        fitting = next(filter(None, free), [])
        if len({file.label_of(label).casefold() for label in fitting}) > 1:
            both = say_list([f"'{clean_text(file.label_of(label), 40)}'" for label in fitting])
            file.error(
                f"has {len(fitting)} columns that could be {name}: {both}",
                f"call the one that is meant {name}, and the others otherwise"
                + (f', or write columns = {{ {name} = "..." }}' if file.said else ""),
            )
        elif fitting:
            found[name] = fitting[0]
            file.use_column(fitting[0], name)
    file.keep_known_names(synonyms)
    return found
