"""A population grid of polygons, such as Statbel's, whose cells are of many sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from stemgeo.inputs.cells import as_numbers
from stemgeo.inputs.files import OpenedFile
from stemgeo.inputs.vectors import as_text, keep_polygons, to_lambert
from stemgeo.notes import say, say_amount, say_count, say_list

if TYPE_CHECKING:
    from numpy.typing import NDArray

AREAS = ("Polygon", "MultiPolygon")
_LARGEST_M = 10_000.0
"""A cell that is wider says too little of where people live."""

_SMALLEST_M2 = 1.0
_MOST = 2_000_000
"""Cells of a file: of 100 m, Belgium has three million with nobody in most."""

_LAID_OVER = 0.01
"""Cells of which so much lies in another overlap; less is how their corners were rounded."""

_AT_ONCE = 256
_TOLD = 50
_STATBEL = {"ms_pop", "ms_len", "x_3035", "y_3035"}


def check_cells(layer: gpd.GeoDataFrame, file: OpenedFile) -> gpd.GeoSeries | None:
    """Give the outlines of cells, or say why the layer is no grid.

    Parameters
    ----------
    layer
        As `read_layer` gives it, with polygons in it.
    file
        Takes what is wrong, and what a reader must know.

    Returns
    -------
    GeoSeries or None
        In EPSG:31370, on the index of `layer`. None when they cannot be used.
    """
    if not _are_outlines(layer, file):
        return None
    kept = keep_polygons(layer, layer.index.to_series(), file)
    moved = to_lambert(kept, file)
    if moved is None or not _have_sizes(moved.geometry, file):
        return None
    if not _lie_apart(kept.geometry, file):
        return None
    _describe(layer, moved.geometry, file)
    return moved.geometry


def _are_outlines(layer: gpd.GeoDataFrame, file: OpenedFile) -> bool:
    """Report features without an outline, or that are points or lines among cells."""
    if len(layer) > _MOST:
        file.error(f"has {len(layer):,} cells", "give those of Flanders, of 100 m or more")
        return False
    none = layer.geometry.isna() | layer.geometry.is_empty
    if none.any():
        at = say_list(layer.index[none].tolist(), 5)
        file.error_at(f"feature {at}", "has no outline", "give each cell its polygon")
    other = ~none & ~layer.geom_type.isin(AREAS)
    if other.any():
        kinds = say_list(sorted(set(layer.geom_type[other])))
        at = say_list(layer.index[other].tolist(), 5)
        what = f"is no polygon but a {kinds}, and the others are cells"
        file.error_at(f"feature {at}", what, "give cells or points, each in a file of its own")
    return not (none.any() or other.any())


def _have_sizes(outlines: gpd.GeoSeries, file: OpenedFile) -> bool:
    """Report cells that are too large to say anything, or have no size."""
    sides = outlines.bounds
    widest = np.maximum(sides["maxx"] - sides["minx"], sides["maxy"] - sides["miny"])
    # Squares of another projection stand a little askew.
    large = widest > _LARGEST_M * 1.1
    if large.any():
        at = say_list(outlines.index[large].tolist(), 5)
        file.error_at(
            f"feature {at}",
            f"is up to {widest.max() / 1000:.1f} km wide, and a cell is at most 10 km",
            "give a grid; the number of people of areas belongs under zone_population",
        )
    small = outlines.area < _SMALLEST_M2
    if small.any():
        at = say_list(outlines.index[small].tolist(), 5)
        file.error_at(f"feature {at}", "is smaller than 1 m2", "correct its outline, or its CRS")
    return not (large.any() or small.any())


def _lie_apart(outlines: gpd.GeoSeries, file: OpenedFile) -> bool:
    """Report a cell that is there twice; cells that overlap are told."""
    shapes = outlines.to_numpy()
    pairs, share = _find_overlaps(shapes)
    same = pairs[share > 1 - _LAID_OVER]
    label = outlines.index.to_numpy()
    if len(same):
        called = say_list([f"{label[a]} and {label[b]}" for a, b in same], 3)
        what = f"has cells more than once: feature {called}"
        file.error(what, "give each cell once: of one year, with all its people")
    elif len(pairs):
        called = say_list([f"{label[a]} + {label[b]}" for a, b in pairs], 3)
        file.warn(
            say(
                "cells overlap: {pairs}",
                "cellen overlappen: {pairs}",
                "des mailles se chevauchent : {pairs}",
                pairs=called,
            ),
            say(
                "where they do their people are added up",
                "waar ze dat doen tellen hun inwoners samen",
                "là où elles se chevauchent, leurs habitants s’additionnent",
            ),
        )
    return not len(same)


def _find_overlaps(
    shapes: NDArray[np.object_],
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Find cells that overlap, and how much of the larger one it is.

    Part by part, and no more than can be told: of a file in which all do there are millions.
    """
    tree, area = shapely.STRtree(shapes), shapely.area(shapes)
    found: list[NDArray[np.intp]] = [np.empty((0, 2), dtype=np.intp)]
    shares: list[NDArray[np.float64]] = [np.empty(0)]
    for first in range(0, len(shapes), _AT_ONCE):
        one, other = tree.query(shapes[first : first + _AT_ONCE])
        one = one + first
        one, other = one[one < other], other[one < other]
        boxes = _share_boxes(shapes, one, other)
        near = boxes > _LAID_OVER * np.minimum(area[one], area[other])
        one, other = one[near], other[near]
        common = shapely.area(shapely.intersection(shapes[one], shapes[other]))
        over = common > _LAID_OVER * np.minimum(area[one], area[other])
        found.append(np.stack([one[over], other[over]], axis=1))
        shares.append(common[over] / np.maximum(area[one[over]], area[other[over]]))
        if sum(map(len, found)) > _TOLD:
            break
    return np.concatenate(found), np.concatenate(shares)


def _share_boxes(
    shapes: NDArray[np.object_], one: NDArray[np.intp], other: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Measure the ground that the boxes around two cells share; cells side by side have none."""
    a, b = shapely.bounds(shapes[one]), shapely.bounds(shapes[other])
    width = np.minimum(a[:, 2], b[:, 2]) - np.maximum(a[:, 0], b[:, 0])
    height = np.minimum(a[:, 3], b[:, 3]) - np.maximum(a[:, 1], b[:, 1])
    shared: NDArray[np.float64] = np.maximum(width, 0) * np.maximum(height, 0)
    return shared


def _describe(layer: gpd.GeoDataFrame, outlines: gpd.GeoSeries, file: OpenedFile) -> None:
    """Say how large the cells are; of Statbel's grid, that its numbers are no totals."""
    side = np.sqrt(outlines.area)
    file.note(
        say(
            "{cells} of {small} to {large} m",
            "{cells} van {small} tot {large} m",
            "{cells} de {small} à {large} m",
            cells=say_count(len(outlines), "cell"),
            small=say_amount(side.min()),
            large=say_amount(side.max()),
        )
    )
    columns = {str(name).lower(): name for name in layer.columns}
    if not columns.keys() >= _STATBEL:
        return
    file.use_column(columns["ms_len"], "side of the cell (m)")
    beyond = side > 1.05 * as_numbers(as_text(layer[columns["ms_len"]]))
    if beyond.any():
        file.warn(
            say(
                "{cells} larger on the map than 'ms_len' says: feature {names}",
                "{cells} op de kaart groter dan 'ms_len' zegt: object {names}",
                "plus grand sur la carte que ne le dit « ms_len » ({cells}) : objet {names}",
                cells=say_count(int(beyond.sum()), "cell"),
                names=say_list(outlines.index[beyond].tolist(), 5),
            ),
            say(
                "check the CRS of the file",
                "ga het coördinatenstelsel van het bestand na",
                "vérifiez le système de coordonnées du fichier",
            ),
        )
    file.warn(
        say(
            "Statbel moves some residents to another cell, for their privacy",
            "Statbel zet sommige inwoners in een andere cel, voor hun privacy",
            "Statbel place certains habitants dans une autre maille, pour leur vie privée",
        ),
        say(
            "the cells only spread children within their zone; how many there are says the "
            "population, and of zones zone_population",
            "de cellen spreiden kinderen enkel binnen hun zone; hoeveel er zijn zegt de "
            "bevolking, en van zones zone_population",
            "les mailles ne font que répartir les enfants dans leur zone ; combien il y en a, "
            "c’est la population qui le dit, et pour les zones zone_population",
        ),
    )
