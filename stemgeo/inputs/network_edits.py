"""Edits of roads: what would be made quiet, opened, closed, added or made safe to cross."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from stemgeo.errors import Findings, InputError, Problem
from stemgeo.facts import LAMBERT_72
from stemgeo.inputs.academies import read_amounts
from stemgeo.inputs.accounts import read_yes
from stemgeo.inputs.asides import drop_asides
from stemgeo.inputs.cells import as_numbers, read_table
from stemgeo.inputs.columns import Header, Synonyms, find_nearest, fold_label
from stemgeo.inputs.files import (
    OpenedFile,
    clean_text,
    open_input,
    quote_formula,
    strip_control,
    unquote_formula,
)
from stemgeo.inputs.formats import TABLE
from stemgeo.inputs.messages import report_rows, report_wrong
from stemgeo.inputs.names import OF_PLANS, SYNONYMS
from stemgeo.inputs.points import match_columns
from stemgeo.inputs.provenance import Provenance
from stemgeo.inputs.vectors import as_text, make_transformer, read_layer, to_lambert
from stemgeo.notes import say_count, say_list
from stemgeo.study import Register
from stemgeo.writing.whole import whole_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stemgeo.study import Input

QUIET, OPEN, ADD, CLOSE, CROSSING = "quiet", "open", "add", "close", "crossing"
CHANGES = (QUIET, OPEN, ADD, CLOSE, CROSSING)
"""What becomes of a road; `network.edits` has what each does."""

_WORDS = {
    QUIET: "rustig rustig_maken verkeersluw calme calm apaiser apaise make_quiet",
    OPEN: "opened openen geopend openstellen ouvrir ouvert ouverte",
    ADD: "added new link toevoegen toegevoegd nieuw nieuwe aanleggen ajouter nouveau nouvelle",
    CLOSE: "closed sluiten gesloten afsluiten fermer ferme fermee",
    CROSSING: "oversteek oversteken kruising traversee traverser",
}
_MEANING = {
    word: change for change, words in _WORDS.items() for word in (change, *words.split(" "))
}
_LEVELS = {QUIET: 2, ADD: 4}
"""The most stress that a change may leave, of those that say one; see `network.stress`."""

_ALONE: Synonyms = {
    "edit_id": ("edit_id", "id_edit id_wijziging wijziging_id id_modification project_id",
                "id nr nummer numero number code"),
    "name": ("name", "naam nom titel titre title"),
    "change": OF_PLANS["change"],
    "level": ("level", "stress lts stressniveau niveau_stress niveau_de_stress", "niveau"),
    "oneway": ("oneway", "one_way eenrichting eenrichtingsverkeer sens_unique"),
    "osm_way": ("osm_way", "way osm_id osm_way_id way_id osm_weg weg_osm voie_osm"),
    "cost_eur": SYNONYMS["cost_eur"],
    "length_m": ("length_m",),
}  # fmt: skip
_ENDS = ("from_lon", "from_lat", "to_lon", "to_lat")
_IN_TABLES: Synonyms = {
    "geometry": ("geometry", "wkt wkt_geom geom the_geom geometrie"),
    "from_lon": ("from_lon", "lon_from van_lon lon_van de_lon lon_de", "lon longitude lengtegraad"),
    "from_lat": ("from_lat", "lat_from van_lat lat_van de_lat lat_de", "lat latitude breedtegraad"),
    "to_lon": ("to_lon", "lon_to naar_lon lon_naar tot_lon vers_lon lon_vers a_lon"),
    "to_lat": ("to_lat", "lat_to naar_lat lat_naar tot_lat vers_lat lat_vers a_lat"),
}
COLUMNS = (*(one for one in _ALONE if one != "length_m"), "geometry")
"""Of the table of edits, in order; `docs/data-dictionary.md` says what each holds."""


class _Rows(NamedTuple):
    """The rows of a file: its own cells by our columns, and where each lies.

    Without shapes, where their CRS cannot be told, the cells are still looked at.
    """

    text: dict[str, pd.Series]
    shapes: gpd.GeoSeries | None


def load_network_edits(
    given: Input, role: str, findings: Findings
) -> tuple[gpd.GeoDataFrame | None, Provenance | None]:
    """Read edits of roads, or projects that could be; problems go to `findings`.

    Parameters
    ----------
    given
        A layer of lines (points for crossings), or a table: with `geometry` as WKT, in degrees
        unless the study says its `crs`; with from_lon, from_lat, to_lon, to_lat; or with osm_way.
    role
        network_edits or road_projects.
    findings
        Takes the problems.

    Returns
    -------
    (GeoDataFrame or None, Provenance or None)
        `COLUMNS`, in the order of the file; geometry in EPSG:31370: a LineString (of what is not
        added also several), for a crossing a Point, None where osm_way alone says which. None with
        a problem.
    """
    with open_input(given, role, findings) as file:
        if file is None:
            return None, None
        before = len(findings.errors)
        rows = _read_table(file) if file.kind in TABLE else _read_features(file)
        table = None if rows is None else _make_table(rows, file)
        if table is not None and len(findings.errors) == before:
            file.note(say_count(len(table), "road edit"))
            return table, file.provenance
        return None, file.provenance


def read_network_edits(path: str | Path) -> gpd.GeoDataFrame:
    """Read a file of edits of roads.

    Parameters
    ----------
    path
        As for `load_network_edits`.

    Raises
    ------
    InputError
        With every problem of the file.
    """
    findings = Findings()
    table, _ = load_network_edits(Register(path=Path(path)), "network_edits", findings)
    return findings.raise_or_return(table)


# --- Where each lies ---------------------------------------------------------------------------


def _read_features(file: OpenedFile) -> _Rows | None:
    """Read a layer; what has no place may still name a way."""
    frame = read_layer(file, lambda one: int(one.geom_type.isin([*_LINES, *_POINTS]).sum()))
    if frame is None:
        return None
    file.choose_columns([*_ALONE])
    raw = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    shapes = _place(frame.geometry, file)
    return _Rows(_take_text(raw, _ALONE, file), shapes)


def _read_table(file: OpenedFile) -> _Rows | None:
    """Read a table, of which each row says in one of three ways where it lies."""
    known = {**_ALONE, **_IN_TABLES}
    given = {ours: (*known.get(ours, ()), *more) for ours, more in file.given_names.items()}
    table = read_table(file, header=Header({**known, **given}, frozenset(["change"]),
                                           file.header_row))  # fmt: skip
    if table is None:
        return None
    file.choose_columns([*known])
    table = drop_asides(table, (), [], file)
    if table.empty:
        file.error("holds no rows below its header")
        return None
    file.keep_rows(table)
    text = _take_text(table, known, file)
    written = _read_wkt(text["geometry"], file)
    drawn = _draw_between(text, file)
    both = written.notna() & drawn.notna()
    report_rows(both.index[both], "has a geometry and from_lon, from_lat too", "give one", file)
    at, between = _place(written, file), _move(drawn, file)
    if at is None or between is None:
        return _Rows(text, None)
    return _Rows(text, at.where(at.notna(), between))


def _take_text(table: pd.DataFrame, known: Synonyms, file: OpenedFile) -> dict[str, pd.Series]:
    """Take the text of our columns, cleaned; empty where the file has none."""
    found = match_columns(table, known, file)
    return {
        name: as_text(table[found[name]]).map(strip_control).map(unquote_formula).astype(str)
        if name in found
        else pd.Series("", index=table.index, name=name, dtype=str)
        for name in known
    }


def _place(shapes: gpd.GeoSeries, file: OpenedFile) -> gpd.GeoSeries | None:
    """Bring the shapes to Lambert 72, from the CRS that the study says or the file has."""
    if file.crs and not _has_shape(shapes.to_numpy()).any():
        file.error("`crs` changes nothing: no row has coordinates", "leave it out")
        return None
    return _move(shapes, file)


def _move(shapes: gpd.GeoSeries, file: OpenedFile) -> gpd.GeoSeries | None:
    """Bring the shapes to Lambert 72; None where there is none, alone of one part where it can."""
    there = _has_shape(shapes.to_numpy())
    found = np.full(len(shapes), None, dtype=object)
    if there.any():
        moved = to_lambert(gpd.GeoDataFrame(geometry=shapes[there]), file)
        if moved is None:
            return None
        found[there] = [_take_only_part(one) for one in shapely.force_2d(moved.geometry.to_numpy())]
    return gpd.GeoSeries(found, shapes.index, crs=LAMBERT_72)


def _has_shape(shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)
    return found


def _take_only_part(shape: shapely.Geometry) -> shapely.Geometry:
    """Take the one part of what could have more."""
    while hasattr(shape, "geoms") and len(shape.geoms) == 1:
        shape = shape.geoms[0]
    return shape


def _read_wkt(text: pd.Series, file: OpenedFile) -> gpd.GeoSeries:
    """Read geometries from text; None where there is none."""
    with np.errstate(invalid="ignore"):  # coordinates that are no numbers are told below
        shapes = shapely.from_wkt([one or None for one in text], on_invalid="ignore")
    shapes[~_has_shape(shapes)] = None
    read = gpd.GeoSeries(shapes, text.index, crs=_DEGREES)
    must = "a line in WKT, such as LINESTRING (3.97 51.04, 3.98 51.05)"
    report_wrong(text, (text != "") & read.isna(), must, file)
    return read


def _draw_between(text: dict[str, pd.Series], file: OpenedFile) -> gpd.GeoSeries:
    """Draw a straight line from one place to another, or a point where there is one place."""
    ends = pd.DataFrame({name: _read_degrees(text[name], file) for name in _ENDS})
    said = pd.DataFrame({name: text[name] != "" for name in _ENDS})
    start, end = said[["from_lon", "from_lat"]], said[["to_lon", "to_lat"]]
    half = (start.any(axis=1) & ~start.all(axis=1)) | (end.any(axis=1) & ~end.all(axis=1))
    half |= end.all(axis=1) & ~start.any(axis=1)
    report_rows(half.index[half], f"has not all of {say_list(_ENDS)}", "fill them in", file)
    known, two = ends.notna(), end.all(axis=1)
    one = known[["from_lon", "from_lat"]].all(axis=1) & ~end.any(axis=1)
    two &= known.all(axis=1)
    drawn = np.full(len(ends), None, dtype=object)
    starts: NDArray[np.float64] = ends.loc[one, ["from_lon", "from_lat"]].to_numpy()
    drawn[one] = shapely.points(starts)
    drawn[two] = shapely.linestrings(ends[two].to_numpy().reshape(-1, 2, 2))
    return gpd.GeoSeries(drawn, ends.index, crs=_DEGREES)


def _read_degrees(text: pd.Series, file: OpenedFile) -> pd.Series:
    number = as_numbers(text)
    fine = number.between(-180, 180)
    report_wrong(text, (text != "") & ~fine, "a number of degrees", file)
    return number.where(fine)


# --- What each says ----------------------------------------------------------------------------

_DEGREES = "EPSG:4326"
_LINES = ("LineString", "MultiLineString")
_POINTS = ("Point", "MultiPoint")
_WAY = re.compile(r"(?:.*\bway/|way |w)?(\d{1,15})(?:[.,]0+|[/?#].*)?", re.IGNORECASE)


def _make_table(rows: _Rows, file: OpenedFile) -> gpd.GeoDataFrame | None:
    """Type our columns, and tell all that is wrong with each row."""
    text = rows.text
    if "change" not in file.taken:
        file.error(
            "has no column change, which says what becomes of each road",
            f"add it, with one of {say_list(CHANGES)}",
        )
        return None
    change = _read_changes(text["change"], file)
    way = _read_ways(text["osm_way"], file)
    cost = pd.to_numeric(read_amounts(text["cost_eur"], file), errors="coerce")
    level = _read_levels(text["level"], change, file)
    oneway = read_yes(text["oneway"], set(), file)
    if rows.shapes is not None:
        _refuse_wrong_shapes(change, rows.shapes, way, file)
    report_rows(change.index[oneway & change.isin([QUIET, OPEN, CLOSE, CROSSING])],
                "oneway changes nothing: only a road that is added can be one way",
                "leave it empty", file)  # fmt: skip
    ids = _read_ids(text["edit_id"], file)
    name = text["name"].where(text["name"] != "", ids)
    columns = {"edit_id": ids, "name": name, "change": change, "level": level, "oneway": oneway}
    columns |= {"osm_way": way, "cost_eur": cost.astype("float64")}
    if rows.shapes is None:
        return None
    table = gpd.GeoDataFrame(columns, geometry=rows.shapes)
    unread = {"level": level, "osm_way": way, "geometry": rows.shapes}
    wrong = [(text[name] != "") & read.isna() for name, read in unread.items() if name in text]
    _refuse_repeats(table[~np.any(wrong, axis=0)], file)
    return table[list(COLUMNS)].reset_index(drop=True)


def _read_changes(text: pd.Series, file: OpenedFile) -> pd.Series:
    """Read what becomes of each road; what is not known is told, and empty."""
    change = text.map(lambda one: _MEANING.get(fold_label(one), "")).astype(str)
    mends = {
        word: f"did you mean {_MEANING[near]}?"
        for word in text[change == ""].unique()
        if word and (near := find_nearest(word, _MEANING, 60))
    }
    for mend, which in text[change == ""].groupby(
        text.map(lambda one: mends.get(one, "write one of these"))
    ):
        report_wrong(which, which.notna(), f"one of {say_list(CHANGES)}", file, str(mend))
    return change


def _read_ways(text: pd.Series, file: OpenedFile) -> pd.Series:
    """Read OpenStreetMap ids of ways, also where they are written as way/123 or an address."""
    found = text.str.extract(f"^{_WAY.pattern}$", flags=re.IGNORECASE, expand=False)
    wrong = (text != "") & ~(pd.to_numeric(found) > 0)
    report_wrong(text, wrong, "the number of a way of OpenStreetMap, such as 23402115", file)
    return pd.to_numeric(found.mask(wrong)).astype("Int64")


def _read_levels(text: pd.Series, change: pd.Series, file: OpenedFile) -> pd.Series:
    """Read the stress that a road is to have; missing: 1."""
    number = as_numbers(text)
    most = change.map(_LEVELS)
    for one, top in _LEVELS.items():
        wrong = (text != "") & (change == one) & ~(number.isin(range(1, top + 1)))
        report_wrong(text, wrong, f"a level of stress from 1 to {top}", file)
    idle = (text != "") & most.isna() & (change != "")
    report_rows(text.index[idle], "level changes nothing: it is of quiet and add alone",
                "leave it empty", file)  # fmt: skip
    return number.where(number.isin(range(1, 5)) & most.notna()).astype("Int64")


def _read_ids(text: pd.Series, file: OpenedFile) -> pd.Series:
    """Read the ids, each once; without any they are made of the order of the rows."""
    if (text == "").all():
        return pd.Series([f"E{place}" for place in range(1, len(text) + 1)], text.index, dtype=str)
    report_rows(text.index[text == ""], "no 'edit_id'", "give it one", file)
    twice = text[text.duplicated(keep=False) & (text != "")]
    for one, group in twice.groupby(twice):
        file.error_at(
            f"{text.index.name} {say_list(group.index.tolist())}",
            f"the edit_id '{clean_text(str(one), 40)}' is given {len(group)} times",
            "give each its own",
        )
    return text


def _refuse_wrong_shapes(
    change: pd.Series, shapes: gpd.GeoSeries, way: pd.Series, file: OpenedFile
) -> None:
    """Refuse what is no one line, or for a crossing no point; each with how to mend it."""
    kind = shapes.geom_type.fillna("")
    bare, of_point = kind == "", change == CROSSING
    some = ~bare & (change != "")
    point = of_point & some & (kind != "Point")
    line = ~of_point & some & ~kind.isin(_LINES)
    several = (change == ADD) & (kind == "MultiLineString")
    of_none = kind.isin(_LINES) & (shapes.length == 0)
    nowhere = change.isin([QUIET, OPEN, CLOSE]) & bare & way.isna()
    wrong = {
        ("adds a line of several parts", "give each part a row of its own"): several,
        (f"is no line, and only a {CROSSING} is one point", "draw a line"): line,
        ("is a crossing, and no point", "give the point where the roads meet"): point,
        ("is a line of no length", "draw it from one place to another"): of_none,
        ("is a crossing without a place", "give its point"): of_point & bare,
        ("adds a road without a line", "draw it between two roads"): (change == ADD) & bare,
        ("says neither by a line nor by osm_way which road", "give one of the two"): nowhere,
        ("osm_way changes nothing: its place says which", "leave it empty"): (
            change.isin([ADD, CROSSING]) & way.notna()
        ),
    }
    for (what, mend), which in wrong.items():
        report_rows(change.index[which], what, mend, file)


def _refuse_repeats(table: gpd.GeoDataFrame, file: OpenedFile) -> None:
    """Refuse what is the same as a row before: the second changes nothing."""
    plain = table[["change", "level", "oneway", "osm_way"]].astype(str)
    plain = plain.assign(at=table.geometry.to_wkb(hex=True).fillna(""))
    again = plain.duplicated() & (table["change"] != "")
    report_rows(table.index[again], "is the same as a row before it", "leave it out", file)


# --- Writing -----------------------------------------------------------------------------------


def write_network_edits(
    edits: gpd.GeoDataFrame,
    path: Path,
    refuse: Callable[[Path, Path], None] | None = None,
) -> None:
    """Write edits as a file that is read back the same: whole, or not at all.

    Parameters
    ----------
    edits
        As `load_network_edits` gives them; places are kept to 7 decimals of a degree, a centimetre.
        What says nothing beside a change, such as the level of a closing, is left out.
    path
        A CSV, else GeoJSON, by its ending.
    refuse
        Raises where what stands at `path`, its first argument, may not give way to the new file;
        when not given, nothing gives way.

    Raises
    ------
    InputError
        If an id is there twice, a change is none, or something stands there.
    WriteError
        If it cannot be written.
    """
    form = "csv" if path.suffix.lower() == ".csv" else "geojson"
    text = write_network_edits_text(edits, form)
    with whole_files(path.parent, refuse or _refuse_any) as folder:
        (folder / path.name).write_text(text, encoding="utf-8", newline="")


def _refuse_any(place: Path, _: Path) -> None:
    raise InputError(Problem(str(place), "is there already", "choose another name"))


def write_network_edits_text(edits: gpd.GeoDataFrame, form: str = "geojson") -> str:
    """Give the text of the file that `write_network_edits` writes.

    Parameters
    ----------
    edits
        As for `write_network_edits`.
    form
        csv or geojson.
    """
    _refuse_unwritable(edits)
    shapes = _to_degrees(edits.geometry)
    plain = _drop_idle(edits)[[*COLUMNS[:-1]]].to_dict("records")
    rows = [{str(name): _write_value(value) for name, value in row.items()} for row in plain]
    if form == "csv":
        content = io.StringIO()
        writer = csv.writer(content, lineterminator="\n")
        writer.writerow(COLUMNS)
        wkt = ["" if one is None else shapely.to_wkt(one, _DECIMALS) for one in shapes]
        for row, at in zip(rows, wkt, strict=True):
            writer.writerow([*map(_write_cell, row.values()), at])
        return content.getvalue()
    features = [
        {
            "type": "Feature",
            "properties": row,
            "geometry": None if at is None else shapely.geometry.mapping(at),
        }
        for row, at in zip(rows, shapes, strict=True)
    ]
    lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in features)
    return f'{{"type": "FeatureCollection", "features": [\n{lines}\n]}}\n'


def _drop_idle(edits: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Leave out what says nothing beside a change: it would be refused when it is read."""
    change = edits["change"]
    return edits.assign(
        level=edits["level"].astype("Int64").where(change.isin([*_LEVELS])),
        oneway=edits["oneway"].astype(bool) & (change == ADD),
        osm_way=edits["osm_way"].astype("Int64").where(~change.isin([ADD, CROSSING])),
    )


_DECIMALS = 7


def _to_degrees(shapes: gpd.GeoSeries) -> NDArray[np.object_]:
    """Give shapes in degrees, rounded; None where there is none."""
    move = make_transformer(LAMBERT_72, _DEGREES)
    there = shapes.notna().to_numpy()
    found = np.full(len(shapes), None, dtype=object)
    known: NDArray[np.object_] = shapes.to_numpy()[there]
    found[there] = shapely.transform(
        known,
        lambda at: np.round(np.column_stack(move.transform(at[:, 0], at[:, 1])), _DECIMALS),
    )
    return found


def _write_value(value: Any) -> Any:
    """Write a cell; None where nothing is known."""
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, str):
        return quote_formula(value)
    if isinstance(value, bool | np.bool_):
        return bool(value)
    return int(value) if value == int(value) else float(value)


def _write_cell(value: Any) -> Any:
    """Write a cell of a table, where nothing is empty."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else value


def _refuse_unwritable(edits: gpd.GeoDataFrame) -> None:
    """Refuse what would not be read back."""
    ids = edits["edit_id"].astype(str)
    wrong = {
        "has no edit_id": ids[ids == ""],
        "is there twice": ids[ids.duplicated() & (ids != "")],
        f"is none of {say_list(CHANGES)}": ids[~edits["change"].isin(CHANGES)],
    }
    problems = [
        Problem(f"edits, {clean_text(one, 40) or 'a road'}", what)
        for what, found in wrong.items()
        for one in found
    ]
    if problems:
        raise InputError(*problems)
