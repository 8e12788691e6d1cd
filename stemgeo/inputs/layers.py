"""Polygons of the user by which children are counted too, such as transport regions."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import shapely

from stemgeo.errors import Findings
from stemgeo.inputs.boundaries import (
    drop_without_outline,
    find_key_column,
    find_overlaps,
    label_places,
    report_repeats,
    say_area,
    say_pairs,
    shrink_outlines,
    take_names,
    take_usual_names,
    warn_of_formulas,
)
from stemgeo.inputs.files import OpenedFile, clean_text, open_input, strip_control
from stemgeo.inputs.provenance import Provenance
from stemgeo.inputs.vectors import as_text, read_layer, to_lambert
from stemgeo.notes import Said, say, say_count, say_list
from stemgeo.study import Layer

if TYPE_CHECKING:
    from collections.abc import Iterable


def read_own_layer(path: str | Path | Layer, municipalities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Read the polygons of a layer of one's own.

    Parameters
    ----------
    path
        A file in any format that can be read, or a `Layer` that says more of it.
    municipalities
        The study area; polygons wholly outside it are left out.

    Returns
    -------
    GeoDataFrame
        code, name (the code where the file has none), geometry (EPSG:31370), by code.

    Raises
    ------
    InputError
        With every problem of the file.
    """
    findings = Findings()
    given = path if isinstance(path, Layer) else Layer(path=Path(path))
    frame, _ = load_layer("own", given, municipalities, findings)
    return findings.raise_or_return(frame)


def load_layer(
    key: str, given: Layer, municipalities: gpd.GeoDataFrame, findings: Findings
) -> tuple[gpd.GeoDataFrame | None, Provenance | None]:
    """As `read_own_layer`, with the problems in `findings`; `key` is its name in the study.

    Parameters
    ----------
    key, given
        Its name in the study, and what that says of the file.
    municipalities
        Of the study.
    findings
        Takes the problems and notes.
    """
    with open_input(given, f"layers.{key}", findings) as file:
        if file is None:
            return None, None
        raw = read_layer(file, len)
        if raw is None:
            return None, file.provenance
        labels, moved = _label_polygons(raw, given, file), to_lambert(raw, file)
        if labels is None or moved is None:
            return None, file.provenance
        table = gpd.GeoDataFrame(labels, geometry=moved.geometry, crs=moved.crs)
        table = drop_without_outline(table, label_places(table, "code"), "polygon", file)
        table = _keep_in_study_area(table, municipalities, file)
        table = table.sort_values("code", ignore_index=True)
        _warn_of_overlaps(table, file)
        return (None if table.empty else table), file.provenance


def _label_polygons(raw: gpd.GeoDataFrame, given: Layer, file: OpenedFile) -> pd.DataFrame | None:
    """Give each polygon its code and its name."""
    code = _read_polygon_codes(raw, given.id, file)
    if not given.name:
        name = take_usual_names(raw, file)
    else:
        column = find_declared_column(given.name, raw.columns.drop(raw.geometry.name), file)
        if column is None:
            return None
        file.use_column(column, "name")
        name = take_names(raw[column])
    if code is None:
        return None
    name = name.where(name != "", code)
    warn_of_formulas(pd.concat([code, name]).drop_duplicates(), file)
    return pd.DataFrame({"code": code, "name": name})


def _read_polygon_codes(raw: gpd.GeoDataFrame, declared: str, file: OpenedFile) -> pd.Series | None:
    """Read the codes: from the column that the study names, else from the one that has them."""
    attributes = raw.columns.drop(raw.geometry.name)
    column = find_declared_column(declared, attributes, file) if declared else find_key_column(raw)
    if column is None and declared:
        return None
    if column is None:
        file.warn(
            say(
                "has no column that names each polygon once (it has: {has}); they are numbered "
                "1, 2, 3, ... as they stand in the file",
                "heeft geen kolom die elk vlak een eigen naam geeft (wel: {has}); de vlakken zijn "
                "genummerd 1, 2, 3, ... zoals ze in het bestand staan",
                "n’a pas de colonne qui donne à chaque polygone un nom unique (il a : {has}) ; "
                "ils sont numérotés 1, 2, 3, ... dans l’ordre du fichier",
                has=say_list(list(attributes)),
            ),
            say(
                "say which column has their codes with `id`",
                "zeg met `id` in welke kolom hun codes staan",
                "indiquez avec `id` la colonne de leurs codes",
            ),
        )
        return pd.Series(raw.index.astype(str), index=raw.index)
    file.use_column(column, "code")
    codes = as_text(raw[column]).map(strip_control)
    without = codes.index[codes == ""].tolist()
    if without:
        file.error_at(
            f"feature {say_list(without)}", f"no '{clean_text(column)}'", "give each polygon a code"
        )
    twice = report_repeats(codes[codes != ""], column, "polygon", file)
    return None if without or twice else codes


def find_declared_column(declared: str, columns: Iterable[object], file: OpenedFile) -> str | None:
    """Find the column that the study names, whatever its capitals; report it when it is not there.

    Parameters
    ----------
    declared
        As the study names it.
    columns
        Labels of the file.
    file
        Takes the problem.

    Returns
    -------
    str or None
        Its label in the file.
    """
    labels = [str(label) for label in columns]
    if declared in labels:
        return declared
    plain = {_fold_as_table(label): label for label in reversed(labels)}
    if _fold_as_table(declared) in plain:
        return plain[_fold_as_table(declared)]
    near = difflib.get_close_matches(_fold_as_table(declared), plain, n=1, cutoff=0.5)
    known = f"it has: {say_list(labels)}"
    mend = f"did you mean '{clean_text(plain[near[0]])}'?" if near else known
    file.error(f"has no column '{clean_text(declared)}'", mend)
    return None


def _fold_as_table(label: str) -> str:
    """Write a label as the reader of tables does: small letters, no spaces."""
    return strip_control(label).lower().replace(" ", "_")


def _keep_in_study_area(
    table: gpd.GeoDataFrame, municipalities: gpd.GeoDataFrame, file: OpenedFile
) -> gpd.GeoDataFrame:
    """Keep the polygons of which more than a sliver lies in a municipality of the study."""
    if municipalities.empty or table.empty:
        return table
    tree = shapely.STRtree(shrink_outlines(municipalities.geometry.to_numpy()))
    inside, _ = tree.query(shrink_outlines(table.geometry.to_numpy()), predicate="intersects")
    kept = table.iloc[sorted(set(inside))]
    if kept.empty:
        file.error("no polygon lies in the municipalities of the study", "give the right file")
    elif len(kept) < len(table):
        left_out = say_count(len(table) - len(kept), "polygon")
        file.note(
            say(
                "{left} outside the study's municipalities left out",
                "{left} buiten de gemeenten van de studie weggelaten",
                "laissé de côté, hors des communes de l’étude : {left}",
                left=left_out,
            )
        )
    return kept


def _warn_of_overlaps(table: gpd.GeoDataFrame, file: OpenedFile) -> None:
    pairs = find_overlaps(table.geometry)
    if len(pairs):
        overlap = (
            Said("overlaps", "overlapt", "se chevauche")
            if len(pairs) == 1
            else Said("overlap", "overlappen", "se chevauchent")
        )
        file.warn(
            say(
                "{pairs} of polygons {overlap}, {area} in all: {names}",
                "{pairs} vlakken {overlap}, samen {area}: {names}",
                "{pairs} de polygones {overlap}, {area} au total : {names}",
                pairs=say_count(len(pairs), "pair"),
                overlap=overlap,
                area=say_area(pairs.union_all().area),
                names=say_pairs(pairs, label_places(table, "code")),
            ),
            say(
                "a child there counts once, in the first by code",
                "een kind daar telt één keer, in het vlak met de eerste code",
                "un enfant y compte une fois, dans le premier par ordre de code",
            ),
        )
